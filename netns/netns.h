/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libnsplane-netns: Linux's network namespaces in user space.
 *
 * The one header for users of the library: library life, tenants' life, lookups and statistics;
 * slots, operations, RCU, memory, peer ids and descriptors are in the headers it includes.
 * Conventions: 0 or -errno; outputs ret_x untouched on failure; units stand at every number.
 */
#ifndef NETNS_H
#define NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "netns_fd.h"
#include "netns_mem.h"
#include "netns_ops.h"
#include "netns_peer.h"
#include "netns_rcu.h"
#include "netns_slots.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NETNS_NAME_MAX 255u /* bytes, without the terminating 0 */

/**
 * struct netns_options - for netns_lib_init(); zero means default everywhere
 */
struct netns_options {
	uint32_t max_tenants;           /* tenants, dying ones included; default 2^20 + 1024 */
	uint32_t max_tenants_per_owner; /* tenants of one uid; default none */
	uint32_t max_lcores;            /* for per-lcore blocks; default: configured CPUs */
	uint32_t max_backlog;           /* tenants waiting to be freed; default 65536 */
	uint64_t max_backlog_bytes;     /* and their bytes, with deferred ones; default 256 MiB */
	uint32_t throttle_ms; /* creation waits this long for the backlog; default 100 ms */
	uint32_t watchdog_ms; /* reader or exit slower than this is named; default 1000 ms */
	uint32_t dying_ms;    /* a tenant dying longer is reported; default 10000 ms */
	uint64_t quota_bytes; /* default arena quota of a tenant; default none */
	uid_t admin_uid;      /* besides uid 0; default the caller's effective uid */
	bool no_hugetlb;      /* do not take pages of hugetlbfs */
	bool no_thp;          /* nor ask for transparent huge pages */
	/* NULL: one line to stderr. @level: 0 error, 1 warning, 2 notice, 3 debug. */
	void (*log)(int level, const char *text, void *arg);
	void *log_arg;
	/* lcore -> CPU, for memory placement of per-lcore blocks; NULL: the same number */
	int (*lcore_cpu)(unsigned int lcore);
};

/**
 * netns_lib_init() - start the library: arenas, the root namespace, retire and watch threads
 * @options: NULL or zeroed for defaults
 *
 * After fork() the child has none of the library's threads: it may exec or end, but not call the
 * library. Descriptors of netns_open_fd() that it inherits keep their tenants until closed.
 *
 * Context: init. Errors: -EALREADY; -ENOMEM; -EINVAL; -EAGAIN no thread
 */
int netns_lib_init(const struct netns_options *options);

/**
 * netns_lib_fini() - stop it; reports what is left
 * Errors: -EBUSY tenants, operations or readers are held: they are listed in the log, and the
 *         library keeps running. -EINVAL not initialised
 */
int netns_lib_fini(void);

/* Version of the library, "0.1.0"; debug features are appended ("+debug_checks+ref_tracker"). */
const char *netns_version(void);

#define NETNS_CONFIG_OWNER 1u /* owner_uid and owner_gid are meant even when 0 */
#define NETNS_CONFIG_NODE  2u /* numa_node is meant even when 0 */
#define NETNS_CONFIG_QUOTA 4u /* quota[] are meant even when 0 (which is -EINVAL) */

/**
 * struct netns_config - a tenant to be; NULL or zeroed: no name, the caller's owner, any node
 */
struct netns_config {
	const char *name; /* NULL: none; 1 .. 255 bytes, no '/', not "." or ".."; copied */
	uid_t owner_uid;
	gid_t owner_gid;
	int numa_node;                     /* 0 without NETNS_CONFIG_NODE, or < 0: any */
	unsigned int flags;                /* NETNS_CONFIG_* */
	uint64_t quota[NETNS_QUOTA_KINDS]; /* 0 without NETNS_CONFIG_QUOTA: default */
};

/**
 * netns_create() - make a tenant; the caller gets its one reference
 *
 * Runs every registered init; visible in lists and lookups only after all succeeded.
 * Context: control; blocks(mutex); not from inside init
 * Errors:  -ENOMEM; -EEXIST name; -EINVAL name, node, quota; -ENOSPC tenant limit (dying ones
 *          count); -EAGAIN reclaim backlog full; -EDQUOT; -EDEADLK from init; the module's own
 * Source:  behaviour of Linux copy_net_ns() and setup_net()
 */
int netns_create(const struct netns_config *config, struct netns **ret_ns);

/**
 * netns_create_many() - the same for @n tenants, all or none
 * @configs: @n configs, or NULL for defaults
 * @ret_ns:  array of @n, filled only on success
 */
int netns_create_many(const struct netns_config *configs, unsigned int n, struct netns **ret_ns);
/* Puts @n references; same as netns_put() for each, in one hand-over to the retire thread. */
void netns_put_many(struct netns *const *ns, unsigned int n);

/** netns_init_ns() - the root namespace; always there while the library runs; no reference taken */
struct netns *netns_init_ns(void);

/* Active count. get: of one that is referenced already (debug builds abort on zero). */
struct netns *netns_get(struct netns *ns);
/* Increment unless zero; false: the tenant is dying. @ns must be protected memory. */
bool netns_tryget(struct netns *ns);
/* Last one retires the tenant. Any thread, callbacks included; never blocks. NULL is fine. */
void netns_put(struct netns *ns);
/* Passive count: keeps the memory (head, name, counts), not the tenant nor module data. */
void netns_hold(struct netns *ns);
void netns_drop(struct netns *ns);
/* Has somebody an active reference? A snapshot. */
bool netns_is_alive(const struct netns *ns);

/* Tracked references: with -Dref_tracker=true a leak is reported with @holder and its place. */
struct netns_ref {
	struct netns *ns;
	void *track;
};
bool netns_tryget_ref(struct netns *ns, struct netns_ref *ref, const char *holder, const char *file,
		      int line);
void netns_put_ref(struct netns_ref *ref);
#define netns_get_as(ns, ref, holder) netns_tryget_ref((ns), (ref), (holder), __FILE__, __LINE__)
/* Writes who holds @ns (with ref_tracker: each holder; else the counts). */
void netns_report_refs(struct netns *ns, FILE *out);

/* Lookups, lock-free, any thread; the result is referenced: netns_put() it. Dying ones: NULL. */
struct netns *netns_find_by_name(const char *name);
struct netns *netns_find_by_cookie(uint64_t cookie);
struct netns *netns_find_by_inum(uint32_t inum);

/**
 * netns_resolve() - the tenant of a handle that outlived a burst
 * Context:  worker or control; RCU reader online; wait-free, no shared line is written
 * Lifetime: not referenced; until the next quiescent state; netns_tryget() to keep it longer
 * Return:   NULL if @handle is stale, dying or was never given out
 */
struct netns *netns_resolve(uint64_t handle);

/* Index -> tenant, as netns_resolve() but without the generation check. */
struct netns *netns_by_index(uint32_t index);

/* Walk of all live tenants in index order, each at most once. RCU reader online; lock-free. */
struct netns *netns_next_rcu(struct netns *ns);
#define netns_foreach_rcu(ns) \
	for ((ns) = netns_next_rcu(NULL); (ns) != NULL; (ns) = netns_next_rcu(ns))

static inline uint64_t netns_handle(const struct netns *ns)
{
	return ns->handle;
}
static inline uint64_t netns_cookie(const struct netns *ns)
{
	return ns->handle; /* an index is retired for good before its generation wraps */
}
static inline uint32_t netns_inum(const struct netns *ns)
{
	return ns->inum;
}
/*
 * NULL without a name. Valid while a reference or a passive count is held, but for a rename, which
 * ends it a grace period later: who does not control renames uses netns_name_copy().
 */
const char *netns_name(const struct netns *ns);
/* Errors: -ENOENT no name, -ENOSPC longer than @size - 1 bytes (NETNS_NAME_MAX + 1 is enough) */
int netns_name_copy(const struct netns *ns, char *buf, size_t size);

/**
 * netns_name_set() - name a tenant that has none, rename, or (NULL) take the name away
 * Errors: -EINVAL, -EEXIST, -ENOMEM, -ENOENT dying, -EAGAIN reclaim backlog full
 */
int netns_name_set(struct netns *ns, const char *name);

/* The 64-bit value of a NETNS_OPS_VALUE slot; release. Context: control, one writer per slot. */
void netns_value_set(struct netns *ns, unsigned int id, uint64_t value);
/* Feature mask: atomic or / and-not, release. Context: control. */
void netns_feature_set(struct netns *ns, uint64_t mask);
void netns_feature_clear(struct netns *ns, uint64_t mask);

/** struct netns_stats - a snapshot; counters since netns_lib_init() */
struct netns_stats {
	uint64_t live, dying;           /* tenants, root included; dying: until memory is free */
	uint64_t created, destroyed;    /* tenants */
	uint64_t backlog_objects;       /* tenants and deferred objects waiting */
	uint64_t backlog_bytes;         /* theirs, with what is charged to the tenants */
	uint64_t backlog_age_ns;        /* age of the oldest one waiting, ns */
	uint64_t grace_periods;         /* completed */
	uint64_t gp_last_ns, gp_max_ns; /* duration, ns */
	uint64_t gp_current_ns;         /* the one being waited for; 0: none */
	uint64_t longest_reader_ns;     /* how long the slowest reader has held it */
	char longest_reader[32];        /* its name; "" if none holds one */
	uint64_t stale_handles;         /* netns_find_by_cookie() and _inum() misses */
	uint64_t leaked;                /* tenants left allocated on purpose after a failed check */
	uint64_t arena_bytes_used, arena_bytes_reserved;
	uint32_t readers;  /* registered with netns_reader_register() */
	uint32_t slot_ids; /* in use */
};
void netns_stats(struct netns_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#endif /* NETNS_H */
