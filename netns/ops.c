/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations: the ordered list of what modules registered, setup of new tenants by it, and
 * registration, which replays init over tenants that exist. Undoing is in undo.c.
 *
 * Rules: the list changes only while the phase is held for writing, and is read while it is held
 * for reading; so every published tenant has all operations of the list, but for those with
 * seq >= its ops_limit. Module data is zeroed and in its slot before init runs. An id, and the
 * lcore area, go back only after every slot was cleared and a grace period has passed.
 */
#include "ops.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "lcore.h"
#include "phase.h"
#include "rcu.h"
#include "retire.h"
#include "slots.h"
#include "table.h"
#include "tenant.h"
#include "undo.h"
#include "watch.h"

#define CHUNK 256u /* data blocks allocated at a time */

/* w:phase writer r:phase reader */
static struct netns_ops *first, *last, *first_device;
static uint64_t last_seq;
static uint32_t count; /* atomic; r:any */

/* Takes back what assign_data() gave @t, which nobody has seen. */
static void unassign(const struct netns_ops *op, struct tenant *t)
{
	void *data = slot_clear(t, op->slot_id);

	if (data == NULL || op->size == 0)
		return;
	netns_uncharge(&t->pub, NETNS_QUOTA_BYTES, ops_data_size(op));
	arena_free(data, ops_data_size(op));
}

/* Sets up @op's slot for up to CHUNK tenants from *@pos on, and moves *@pos. */
static int assign_chunk(const struct netns_ops *op, struct tenant **pos)
{
	size_t bytes = ops_data_size(op);
	struct tenant *t = *pos, *end;
	void *data[CHUNK];
	unsigned int i, n = 0;

	for (end = t; end != NULL && n < CHUNK && end->pub.numa_node == t->pub.numa_node;
	     end = end->undo_next, n++)
		;
	if (arena_alloc_bulk((int)t->pub.numa_node, bytes, n, data) != 0)
		return -ENOMEM;
	for (i = 0; i < n; i++, t = t->undo_next) {
		int err = netns_charge(&t->pub, NETNS_QUOTA_BYTES, bytes);

		memset(data[i], 0, bytes);
		if (err == 0) {
			err = slot_assign(t, op->slot_id, data[i]);
			if (err != 0)
				netns_uncharge(&t->pub, NETNS_QUOTA_BYTES, bytes);
		}
		if (err != 0) {
			arena_free_bulk(data + i, n - i, bytes);
			return err;
		}
	}
	*pos = end;
	return 0;
}

/* Gives each tenant from @t on its slot, data and blocks of @op; @only: just @t itself. */
static int assign_data(const struct netns_ops *op, struct tenant *t)
{
	struct tenant *pos;
	int err = 0;

	for (pos = t; pos != NULL && err == 0 && op->lcore_base != NULL; pos = pos->undo_next)
		err = lcore_area_prepare(op, pos->pub.index);
	if (op->id == NULL || err != 0)
		return err;
	pos = t;
	if (op->flags & NETNS_OPS_VALUE) {
		for (; pos != NULL && err == 0; pos = pos->undo_next)
			err = slot_assign(pos, op->slot_id, NULL);
		return err;
	}
	while (pos != NULL && err == 0)
		err = assign_chunk(op, &pos);
	return err;
}

/*
 * The init of @op failed in @failed, or never ran there: no slot of @op stays from there on, so
 * that the exits of others cannot meet it.
 */
static void disarm(struct netns_batch *batch, const struct netns_ops *op, struct tenant *failed)
{
	struct tenant *t;

	ops_orphan(batch, op, failed);
	for (t = failed; t != NULL; t = t->undo_next) {
		__atomic_store_n(&t->state, TENANT_UNARMED, __ATOMIC_RELAXED);
		if (op->id != NULL)
			unassign(op, t);
	}
}

/* Runs one op over the batch. On failure, tenants that it did not initialise are TENANT_UNARMED. */
static int setup_op(struct netns_batch *batch, struct netns_ops *op)
{
	struct tenant *t = batch->head;
	struct watch_site *site;
	int err = assign_data(op, t);

	if (err == 0 && op->init != NULL) {
		site = watch_begin(op->name, "init");
		for (; t != NULL; t = t->undo_next) {
			if (t->undo_next != NULL)
				__builtin_prefetch(t->undo_next);
			watch_step(site, t->pub.handle);
			err = op->init(&t->pub);
			if (err != 0)
				break;
		}
		watch_end(site);
	}
	if (err != 0)
		disarm(batch, op, t);
	return err;
}

int ops_setup(struct netns_batch *batch)
{
	struct netns_ops *op;
	int err;

	for (op = first; op != NULL; op = op->next) {
		err = setup_op(batch, op);
		if (err != 0) {
			batch->failed = op;
			ops_undo(batch, op, first);
			return err;
		}
	}
	return 0;
}

void ops_cleanup(struct netns_batch *batch)
{
	ops_undo(batch, last, first);
}

static bool registered(const struct netns_ops *ops)
{
	const struct netns_ops *op;

	for (op = first; op != NULL; op = op->next)
		if (op == ops)
			return true;
	return false;
}

/* Before @next; NULL: at the end. */
static void list_insert(struct netns_ops *op, struct netns_ops *next)
{
	struct netns_ops *prev = next != NULL ? next->prev : last;

	op->prev = prev;
	op->next = next;
	if (prev != NULL)
		prev->next = op;
	else
		first = op;
	if (next != NULL)
		next->prev = op;
	else
		last = op;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELAXED);
}

/* @op's own links stay as they are until the undo is over. */
static void list_remove(struct netns_ops *op)
{
	if (first_device == op)
		first_device = op->next; /* behind a device there are only devices */
	if (op->prev != NULL)
		op->prev->next = op->next;
	else
		first = op->next;
	if (op->next != NULL)
		op->next->prev = op->prev;
	else
		last = op->prev;
	__atomic_store_n(&count, count - 1, __ATOMIC_RELAXED);
}

/*
 * Initialises one tenant that exists. A dying one is passed over for good; a live one that fails
 * keeps out of the batch's exits by its limit, which the caller lifts.
 */
static int init_one(struct netns_batch *batch, struct netns_ops *op, struct tenant *t, bool dying)
{
	struct watch_site *site;
	int err;

	if (dying || !netns_tryget(&t->pub)) {
		if (t->ops_limit == 0)
			t->ops_limit = op->seq;
		return 0;
	}
	t->undo_next = NULL;
	err = assign_data(op, t);
	if (err == 0 && op->init != NULL) {
		site = watch_begin(op->name, "init");
		watch_step(site, t->pub.handle);
		err = op->init(&t->pub);
		watch_end(site);
	}
	if (err != 0) {
		t->ops_limit = op->seq;
		ops_orphan(batch, op, t);
	}
	t->undo_next = batch->head;
	batch->head = t;
	batch->size++;
	netns_put(&t->pub);
	return err;
}

/* Takes @op, which is out of the list, off the tenants of @batch, and gives back what it used. */
static void retract(struct netns_batch *batch, struct netns_ops *op)
{
	batch->visible = true;
	ops_undo(batch, op, op);
	/* data waits for those who found it in a slot; so do an inline value's id and the blocks */
	if (op->size == 0 && (op->id != NULL || op->lcore_base != NULL))
		rcu_synchronize();
	if (op->lcore_base != NULL)
		lcore_area_destroy(op);
	op->lcore_base = NULL;
	op->next = op->prev = NULL;
	if (op->id == NULL)
		return;
	slot_id_release(op->slot_id);
	*op->id = ~0u;
}

static int init_all(struct netns_ops *op)
{
	struct netns_batch batch = { .head = NULL };
	uint32_t i, end = table_high();
	struct tenant *t;
	bool dying;
	int err = 0;

	for (i = 0; i < end && err == 0; i++) {
		t = table_at(i, &dying);
		if (t != NULL)
			err = init_one(&batch, op, t, dying);
	}
	if (err == 0)
		return 0;
	list_remove(op);
	t = batch.head; /* the one that failed */
	retract(&batch, op);
	t->ops_limit = 0;
	return err;
}

/* Slot id and per-lcore blocks of new operations. */
static int acquire(struct netns_ops *op)
{
	int id, err;

	op->seq = ++last_seq;
	op->lcore_base = NULL;
	if (op->id != NULL) {
		id = slot_id_take();
		if (id < 0)
			return id;
		op->slot_id = (unsigned int)id;
	}
	if (op->lcore_size != 0) {
		err = lcore_area_create(op);
		if (err != 0) {
			if (op->id != NULL)
				slot_id_release(op->slot_id);
			return err;
		}
	}
	if (op->id != NULL)
		*op->id = op->slot_id;
	return 0;
}

static bool valid(const struct netns_ops *op)
{
	bool value;

	if (op == NULL || (op->flags & ~NETNS_OPS_VALUE) != 0)
		return false;
	value = op->flags & NETNS_OPS_VALUE;
	if (value && op->size != 0)
		return false;
	return (op->id != NULL) == (op->size != 0 || value);
}

static int add(struct netns_ops *op, bool device)
{
	int err;

	if (!valid(op) || netns_init_ns() == NULL)
		return -EINVAL;
	if (watch_in_callback() || retire_self())
		return -EDEADLK;
	phase_write_lock();
	err = registered(op) ? -EEXIST : acquire(op);
	if (err != 0 && err != -EEXIST && op->id != NULL)
		*op->id = ~0u;
	if (err == 0) {
		list_insert(op, device ? NULL : first_device);
		if (device && first_device == NULL)
			first_device = op;
		err = init_all(op);
	}
	phase_write_unlock();
	return err;
}

int netns_subsys_register(struct netns_ops *ops)
{
	return add(ops, false);
}

int netns_device_register(struct netns_ops *ops)
{
	return add(ops, true);
}

static int delete (struct netns_ops *op)
{
	struct netns_batch batch = { .head = NULL };
	uint32_t i, end;
	struct tenant *t;
	bool dying;

	if (watch_in_callback() || retire_self())
		return -EDEADLK;
	phase_write_lock();
	if (!registered(op)) {
		phase_write_unlock();
		return -ENOENT;
	}
	list_remove(op);
	for (i = 0, end = table_high(); i < end; i++) {
		/* dying ones too: no cleanup runs now, and the next will not know @op */
		t = table_at(i, &dying);
		if (t == NULL)
			continue;
		t->undo_next = batch.head;
		batch.head = t;
		batch.size++;
	}
	retract(&batch, op);
	phase_write_unlock();
	return 0;
}

int netns_subsys_unregister(struct netns_ops *ops)
{
	return delete (ops);
}

int netns_device_unregister(struct netns_ops *ops)
{
	return delete (ops);
}

uint32_t ops_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

uint32_t ops_slot_ids(void)
{
	return slot_ids_used();
}

void ops_report(void)
{
	const struct netns_ops *op;

	phase_read_lock();
	for (op = first; op != NULL; op = op->next)
		netns_log(1, "operations \"%s\" are still registered",
			  op->name != NULL ? op->name : "(unnamed)");
	phase_read_unlock();
}
