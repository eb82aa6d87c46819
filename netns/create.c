/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creation of tenants, singly and in batches, all or none: check everything, take what is counted
 * (tenants, owners, index, name), run the inits operation by operation, publish. Control threads.
 *
 * Rules: a batch is linked by undo_next in the callers' order and belongs to the caller until it
 * is published. Nothing fails after the last init. What fails before is taken back in reverse
 * order; nobody but the modules has seen it.
 */
#include "create.h"

#include <errno.h>
#include <numa.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "limbo.h"
#include "names.h"
#include "ops.h"
#include "owner.h"
#include "phase.h"
#include "rcu.h"
#include "reclaim.h"
#include "retire.h"
#include "slots.h"
#include "stats.h"
#include "table.h"
#include "tenant.h"
#include "watch.h"

#define CHUNK 256u /* tenants allocated at a time */

static const struct netns_config default_config;

/* Configs of one call; owners that are not given are the caller's. */
struct request {
	const struct netns_config *configs; /* NULL: defaults */
	unsigned int n;
	unsigned int flags; /* NETNS_F_*, of all */
	uid_t uid;
	gid_t gid;
	bool named; /* some have a name */
};

static const struct netns_config *config_of(const struct request *req, unsigned int i)
{
	return req->configs != NULL ? &req->configs[i] : &default_config;
}

static int node_of(const struct netns_config *c)
{
	return c->numa_node != 0 || (c->flags & NETNS_CONFIG_NODE) ? c->numa_node : -1;
}

static uid_t uid_of(const struct request *req, const struct netns_config *c)
{
	return c->owner_uid != 0 || (c->flags & NETNS_CONFIG_OWNER) ? c->owner_uid : req->uid;
}

static gid_t gid_of(const struct request *req, const struct netns_config *c)
{
	return c->owner_gid != 0 || (c->flags & NETNS_CONFIG_OWNER) ? c->owner_gid : req->gid;
}

static int max_node(void)
{
	return numa_available() < 0 ? 0 : numa_max_node();
}

static int check_config(const struct netns_config *c)
{
	unsigned int kind;

	if (c->flags & ~(NETNS_CONFIG_OWNER | NETNS_CONFIG_NODE | NETNS_CONFIG_QUOTA))
		return -EINVAL;
	if (c->name != NULL && name_check(c->name) != 0)
		return -EINVAL;
	if (c->numa_node > 0 && c->numa_node > max_node())
		return -EINVAL;
	for (kind = 0; kind < NETNS_QUOTA_KINDS; kind++)
		if (c->quota[kind] == 0 && (c->flags & NETNS_CONFIG_QUOTA))
			return -EINVAL;
	return 0;
}

static int check_request(struct request *req)
{
	unsigned int i;
	int err;

	req->uid = geteuid();
	req->gid = getegid();
	for (i = 0; req->configs != NULL && i < req->n; i++) {
		err = check_config(&req->configs[i]);
		if (err != 0)
			return err;
		req->named = req->named || req->configs[i].name != NULL;
	}
	return 0;
}

static void set_quotas(struct tenant *t, const struct netns_config *c)
{
	unsigned int kind;
	uint64_t q;

	t->bytes_limit = c->quota[NETNS_QUOTA_BYTES];
	if (t->bytes_limit == 0)
		t->bytes_limit = netns_opts.quota_bytes != 0 ? netns_opts.quota_bytes : UINT64_MAX;
	for (kind = NETNS_QUOTA_BYTES + 1; kind < NETNS_QUOTA_KINDS; kind++) {
		q = c->quota[kind];
		t->count_limit[kind] = q == 0 || q > UINT32_MAX ? UINT32_MAX : (uint32_t)q;
	}
}

static void tenant_begin(struct tenant *t, const struct request *req, unsigned int i, uint32_t node)
{
	const struct netns_config *c = config_of(req, i);

	memset(t, 0, sizeof(*t));
	t->pub.numa_node = node;
	t->pub.flags = req->flags;
	t->owner_uid = uid_of(req, c);
	t->owner_gid = gid_of(req, c);
	t->active = 1;
	t->passive = 1;
	t->state = TENANT_SETUP;
	set_quotas(t, c);
}

/* Tenants of one owner and one node from the @i-th on, at most CHUNK. */
static unsigned int run_length(const struct request *req, unsigned int i)
{
	const struct netns_config *c = config_of(req, i), *d;
	unsigned int n, max = req->n - i < CHUNK ? req->n - i : CHUNK;

	for (n = 1; n < max && req->configs != NULL; n++) {
		d = config_of(req, i + n);
		if (node_of(d) != node_of(c) || uid_of(req, d) != uid_of(req, c))
			break;
	}
	return n;
}

/* Memory for @n tenants from the @i-th on, counted for their owner, linked at *@link. */
static int make_run(const struct request *req, unsigned int i, unsigned int n,
		    struct tenant ***link)
{
	const struct netns_config *c = config_of(req, i);
	struct owner_count *owner = NULL;
	void *ptr[CHUNK];
	unsigned int k;
	uint32_t node;
	int err = 0;

	if (!(req->flags & NETNS_F_ROOT))
		err = owner_take(uid_of(req, c), n, &owner);
	if (err != 0)
		return err;
	err = arena_alloc_bulk(node_of(c), sizeof(struct tenant), n, ptr);
	if (err != 0) {
		owner_give(owner, n);
		return err;
	}
	node = (uint32_t)arena_node_of(ptr[0]);
	for (k = 0; k < n; k++) {
		struct tenant *t = ptr[k];

		tenant_begin(t, req, i + k, node);
		t->owner = owner;
		**link = t;
		*link = &t->undo_next;
	}
	return 0;
}

/* Links up what could be made, also on failure. */
static int make_tenants(const struct request *req, struct netns_batch *batch)
{
	struct tenant **link = &batch->head;
	unsigned int n;
	int err = 0;

	while (err == 0 && batch->size < req->n) {
		n = run_length(req, batch->size);
		err = make_run(req, batch->size, n, &link);
		if (err == 0)
			batch->size += n;
	}
	return err;
}

static int reserve_names(const struct request *req, struct netns_batch *batch)
{
	struct tenant *t = batch->head;
	unsigned int i = 0;
	bool token;
	int err = 0;

	if (!req->named)
		return 0;
	token = rcu_enter();
	for (; t != NULL && err == 0; t = t->undo_next, i++)
		if (req->configs[i].name != NULL)
			err = name_reserve(t, req->configs[i].name);
	rcu_leave(token);
	return err;
}

static int prepare_slots(struct netns_batch *batch)
{
	struct tenant *t;
	int err = 0;

	for (t = batch->head; t != NULL && err == 0; t = t->undo_next)
		err = slots_prepare(t);
	return err;
}

/* Takes back tenants that have no operations. */
static void unmake(struct netns_batch *batch)
{
	struct tenant *t;

	for (t = batch->head; t != NULL; t = t->undo_next) {
		if (t->name != NULL)
			name_cancel(t);
		t->pub.flags |= TENANT_F_UNBORN;
		t->retired_ms = limbo_clock_ms();
	}
	reclaim_finish(batch->head, 1);
}

/* Index, names and inits of a batch; taken back but for the memory on failure. */
static int setup(const struct request *req, struct netns_batch *batch)
{
	int err = table_take(batch->head, batch->size);

	if (err != 0)
		return err;
	err = reserve_names(req, batch);
	if (err == 0)
		err = prepare_slots(batch);
	if (err == 0)
		err = ops_setup(batch);
	if (err != 0)
		table_give(batch->head);
	return err;
}

static void publish(const struct netns_batch *batch, struct netns **ret_ns)
{
	struct tenant *t, *next;

	stats_add(&stats.created, batch->size);
	for (t = batch->head; t != NULL; t = next) {
		next = t->undo_next;
		if (next != NULL)
			__builtin_prefetch(&next->undo_next);
		*ret_ns++ = &t->pub;
		__atomic_store_n(&t->state, TENANT_LIVE, __ATOMIC_RELEASE);
		/* who finds it may rename it: t->name is ours until then, so it goes first */
		if (t->name != NULL)
			name_publish(t);
		table_publish(t);
	}
}

static bool reserved(void *arg)
{
	return stats_reserve(((const struct request *)arg)->n) == 0;
}

/* Counts the tenants to be; at the limit, waits for dying ones, which count too. */
static int reserve(struct request *req)
{
	if (reserved(req) || (req->n <= netns_opts.max_tenants && limbo_wait(reserved, req)))
		return 0;
	return -ENOSPC;
}

static int create(struct request *req, struct netns **ret_ns)
{
	struct netns_batch batch = { .head = NULL };
	int err;

	err = check_request(req);
	if (err != 0)
		return err;
	err = netns_throttle();
	if (err != 0)
		return err;
	err = reserve(req);
	if (err != 0)
		return err;
	phase_read_lock();
	err = make_tenants(req, &batch);
	if (err == 0)
		err = setup(req, &batch);
	if (err == 0)
		publish(&batch, ret_ns);
	phase_read_unlock();
	if (err != 0) {
		stats_unreserve(req->n - batch.size); /* the others with their memory */
		unmake(&batch);
	}
	return err;
}

int netns_create_many(const struct netns_config *configs, unsigned int n, struct netns **ret_ns)
{
	struct request req = { .configs = configs, .n = n };

	if (netns_init_ns() == NULL || ret_ns == NULL)
		return -EINVAL;
	if (watch_in_callback() || retire_self())
		return -EDEADLK;
	if (n == 0)
		return 0;
	return create(&req, ret_ns);
}

int netns_create(const struct netns_config *config, struct netns **ret_ns)
{
	return netns_create_many(config, 1, ret_ns);
}

int create_root(struct netns **ret_ns)
{
	struct request req = { .n = 1, .flags = NETNS_F_ROOT };

	return create(&req, ret_ns);
}
