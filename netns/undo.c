/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Undoing operations: the one routine behind failed setup, failed registration, unregistering and
 * cleanup, see undo.h. Called by ops.c and reclaim.c, in the phase.
 *
 * Rules: exits run op-major in reverse list order; data is freed only after all ops of the range
 * have exited; a slot is empty before its data is free, and where readers can still find the
 * tenant, a grace period lies between the two. The data is ours from then on.
 */
#include "arena.h"
#include "fault.h"
#include "limbo.h"
#include "rcu.h"
#include "slots.h"
#include "tenant.h"
#include "undo.h"
#include "watch.h"

#define CHUNK 256u /* pointers freed at a time when there is no room for all */

/* Has @op been initialised for @t, and not been exited yet? */
static inline bool armed(const struct netns_batch *batch, const struct tenant *t,
			 const struct netns_ops *op)
{
	if (t->ops_limit != 0 && op->seq >= t->ops_limit)
		return false;
	return op != batch->failed || t->state != TENANT_UNARMED;
}

/* Next armed tenant from @t on; fetches the one behind it. */
static struct tenant *next_armed(const struct netns_batch *batch, struct tenant *t)
{
	while (t != NULL && !armed(batch, t, batch->op))
		t = t->undo_next;
	if (t != NULL && t->undo_next != NULL)
		__builtin_prefetch(t->undo_next);
	return t;
}

struct netns *netns_batch_first(struct netns_batch *batch)
{
	struct tenant *t = next_armed(batch, batch->head);

	return t != NULL ? &t->pub : NULL;
}

struct netns *netns_batch_next(struct netns_batch *batch, struct netns *ns)
{
	struct tenant *t = next_armed(batch, tenant_of(ns)->undo_next);

	return t != NULL ? &t->pub : NULL;
}

unsigned int netns_batch_count(const struct netns_batch *batch)
{
	return batch->count;
}

/* What comes after @op on the way back to @to; NULL: @op was the last. */
static struct netns_ops *previous(struct netns_ops *op, const struct netns_ops *to)
{
	return op == to ? NULL : op->prev;
}

/* Return: tenants that @fn ran for. */
static unsigned int run_each(struct netns_batch *batch, const struct netns_ops *op,
			     void (*fn)(struct netns *), const char *which)
{
	struct watch_site *site = watch_begin(op->name, which);
	unsigned int n = 0;
	struct tenant *t;

	batch->op = op;
	for (t = next_armed(batch, batch->head); t != NULL; t = next_armed(batch, t->undo_next)) {
		n++;
		if (fn == NULL)
			continue;
		watch_step(site, t->pub.handle);
		fn(&t->pub);
	}
	watch_end(site);
	return n;
}

static void run_exits(struct netns_batch *batch, const struct netns_ops *op)
{
	struct watch_site *site;

	if (op->exit == NULL && op->exit_batch == NULL)
		return;
	batch->count = run_each(batch, op, op->exit, "exit");
	if (op->exit_batch == NULL || batch->count == 0)
		return;
	site = watch_begin(op->name, "exit_batch");
	op->exit_batch(batch);
	watch_end(site);
}

/* Empties up to @max slots from *@pos on; moves *@pos. Return: data pointers taken out. */
static unsigned int clear_slots(const struct netns_ops *op, struct tenant **pos, void **ptr,
				unsigned int max)
{
	struct tenant *t = *pos;
	unsigned int n = 0;
	void *data;

	for (; t != NULL && n < max; t = t->undo_next) {
		if (t->undo_next != NULL)
			__builtin_prefetch(t->undo_next);
		data = slot_clear(t, op->slot_id);
		if (data == NULL || op->size == 0)
			continue;
		netns_uncharge(&t->pub, NETNS_QUOTA_BYTES, ops_data_size(op));
		ptr[n++] = data;
	}
	*pos = t;
	return n;
}

/* Clears the op's slots and frees its data; @ptr: room for @max pointers, reused in turns. */
static void release_data(struct netns_batch *batch, const struct netns_ops *op, void **ptr,
			 unsigned int max)
{
	struct tenant *pos = batch->head;
	unsigned int n;

	while (pos != NULL) {
		n = clear_slots(op, &pos, ptr, max);
		if (n == 0)
			continue;
		if (batch->visible)
			rcu_synchronize(); /* a reader may have found the data just before */
		arena_free_bulk(ptr, n, ops_data_size(op));
	}
}

void ops_orphan(struct netns_batch *batch, const struct netns_ops *op, struct tenant *t)
{
	void *data = op->id != NULL ? slot_clear(t, op->slot_id) : NULL;

	if (data == NULL || op->size == 0)
		return;
	netns_uncharge(&t->pub, NETNS_QUOTA_BYTES, ops_data_size(op));
	batch->orphan = data;
}

static void release_all(struct netns_batch *batch, struct netns_ops *from, struct netns_ops *to)
{
	void *room[CHUNK], **ptr = room;
	struct netns_ops *op;
	unsigned int max = CHUNK;

	/* one grace period instead of one a chunk, if there is memory for it */
	if (batch->visible && batch->size > CHUNK) {
		ptr = heap_zalloc(batch->size * sizeof(*ptr));
		if (ptr == NULL)
			ptr = room;
		else
			max = batch->size;
	}
	for (op = from; op != NULL; op = previous(op, to))
		if (op->id != NULL)
			release_data(batch, op, ptr, max);
	if (ptr != room)
		heap_free(ptr);
}

void ops_undo(struct netns_batch *batch, struct netns_ops *from, struct netns_ops *to)
{
	struct netns_ops *op;

	for (op = from; op != NULL; op = previous(op, to))
		if (op->pre_exit != NULL)
			run_each(batch, op, op->pre_exit, "pre_exit");
	rcu_synchronize();
	defer_run(batch->deferred);
	batch->deferred = NULL;
	for (op = from; op != NULL; op = previous(op, to))
		run_exits(batch, op);
	/* only @from's init can have failed */
	if (from != NULL && batch->orphan != NULL)
		arena_free(batch->orphan, ops_data_size(from));
	release_all(batch, from, to);
}
