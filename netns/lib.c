/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of the library: options with defaults, start and stop of all parts in order, the root
 * namespace. Called by the program that uses the library, from one thread at a time.
 */
#include <errno.h>
#include <unistd.h>

#include "arena.h"
#include "create.h"
#include "limbo.h"
#include "names.h"
#include "ops.h"
#include "rcu.h"
#include "reclaim.h"
#include "retire.h"
#include "slots.h"
#include "stats.h"
#include "table.h"
#include "tenant.h"
#include "watch.h"

#define TENANTS_LIMIT (1u << 28) /* indexes that have an inum above TABLE_INUM_BASE */

#ifdef NETNS_DEBUG_CHECKS
#define VERSION_CHECKS "+debug_checks"
#else
#define VERSION_CHECKS ""
#endif
#ifdef NETNS_REF_TRACKER
#define VERSION_TRACKER "+ref_tracker"
#else
#define VERSION_TRACKER ""
#endif

struct netns_options netns_opts; /* w:netns_lib_init() r:any */

static struct netns *root; /* atomic; w:netns_lib_init(), _fini() r:any */

const char *netns_version(void)
{
	return NETNS_VERSION VERSION_CHECKS VERSION_TRACKER;
}

struct netns *netns_init_ns(void)
{
	return __atomic_load_n(&root, __ATOMIC_ACQUIRE);
}

#define DEFAULT(field, value)                       \
	do {                                        \
		if (netns_opts.field == 0)          \
			netns_opts.field = (value); \
	} while (0)

static int fill_options(const struct netns_options *options)
{
	netns_opts = options != NULL ? *options : (struct netns_options){ 0 };
	DEFAULT(max_tenants, (1u << 20) + 1024u);
	DEFAULT(max_lcores, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	DEFAULT(max_backlog, 65536u);
	DEFAULT(max_backlog_bytes, UINT64_C(256) << 20);
	DEFAULT(throttle_ms, 100u);
	DEFAULT(watchdog_ms, 1000u);
	DEFAULT(dying_ms, 10000u);
	DEFAULT(admin_uid, geteuid());
	return netns_opts.max_tenants > TENANTS_LIMIT ? -EINVAL : 0;
}

/* The parts, in the order they start; each is stopped by the one of the same row. */
static void no_fini(void)
{
}

static int table_begin(void)
{
	return table_init(netns_opts.max_tenants);
}

static int arena_begin(void)
{
	return arena_init(&netns_opts);
}

static void arena_end(void)
{
	uint64_t left = arena_fini();

	if (left != 0)
		netns_log(1, "%llu bytes of the arena were never freed", (unsigned long long)left);
}

static int state_begin(void)
{
	stats_reset();
	limbo_init();
	slots_reset();
	return 0;
}

static void fd_end(void)
{
	fd_fini();
}

static void session_end(void)
{
	session_fini();
}

static void peer_end(void)
{
	peer_fini();
}

static const struct part {
	int (*begin)(void);
	void (*end)(void);
} parts[] = {
	{ state_begin, no_fini },      { arena_begin, arena_end },  { table_begin, table_fini },
	{ names_init, names_fini },    { peer_init, peer_end },     { fd_init, fd_end },
	{ session_init, session_end }, { watch_start, watch_stop }, { retire_start, retire_stop },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void stop_parts(size_t n)
{
	while (n-- > 0)
		parts[n].end();
}

int netns_lib_init(const struct netns_options *options)
{
	struct netns *ns;
	size_t n;
	int err;

	if (netns_init_ns() != NULL)
		return -EALREADY;
	err = fill_options(options);
	for (n = 0; n < PARTS && err == 0; n++)
		err = parts[n].begin();
	if (err != 0) {
		stop_parts(n > 0 ? n - 1 : 0);
		return err;
	}
	err = create_root(&ns);
	if (err != 0) {
		stop_parts(PARTS);
		return err;
	}
	__atomic_store_n(&root, ns, __ATOMIC_RELEASE);
	return 0;
}

static void report_held(struct tenant *t, void *arg)
{
	const char *name = netns_name(&t->pub);

	(void)arg;
	netns_log(1, "tenant %u (\"%s\") is gone but for its memory, which is held", t->pub.index,
		  name != NULL ? name : "");
}

/* Logs what keeps the library from stopping. Return: is there anything? */
static bool report_left(void)
{
	struct netns_stats s;
	unsigned int readers;
	struct netns *ns;
	bool token;

	netns_stats(&s);
	readers = s.readers - (netns_reader_is_registered() ? 1 : 0);
	rcu_report_readers();
	ops_report();
	if (s.live > 1 || s.dying != 0)
		netns_log(1, "%llu tenants are still referenced, %llu are dying",
			  (unsigned long long)s.live - 1, (unsigned long long)s.dying);
	token = rcu_enter();
	netns_foreach_rcu (ns) {
		if (ns->flags & NETNS_F_ROOT)
			continue;
		netns_log(1, "tenant %u (\"%s\") is still referenced", ns->index,
			  netns_name(ns) != NULL ? netns_name(ns) : "");
	}
	rcu_leave(token);
	reclaim_visit_held(report_held, NULL);
	return readers != 0 || ops_count() != 0 || stats_get(&stats.reserved) > 1;
}

int netns_lib_fini(void)
{
	struct netns *ns = netns_init_ns();
	bool busy, online = netns_reader_is_online();

	if (ns == NULL)
		return -EINVAL;
	if (watch_in_callback() || retire_self())
		return -EDEADLK;
	netns_reader_offline();
	netns_barrier();
	busy = report_left();
	if (__atomic_load_n(&tenant_of(ns)->active, __ATOMIC_ACQUIRE) != 1) {
		netns_log(1, "the root namespace is still referenced");
		busy = true;
	}
	if (busy) {
		if (online)
			netns_reader_online();
		return -EBUSY;
	}
	netns_reader_unregister(); /* the caller's own, if it is one */
	__atomic_store_n(&root, NULL, __ATOMIC_RELEASE);
	netns_put(ns);
	netns_barrier();
	stop_parts(PARTS);
	return 0;
}
