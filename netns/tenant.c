/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * References on tenants: active counts, whose last put unpublishes the tenant and hands it to
 * limbo, and passive counts, whose last drop frees the memory. Any thread, callbacks included;
 * nothing here blocks.
 *
 * Rules: the active references together hold one passive count, which the cleanup drops. A count
 * is never raised from zero. Whoever brings the active count to zero is the only one to unpublish.
 */
#include "tenant.h"

#include "limbo.h"
#include "names.h"
#include "reclaim.h"
#include "table.h"

#define REFS_MAX 0x80000000u /* beyond lie counts that went below zero */

#ifdef NETNS_DEBUG_CHECKS
#define misuse(...) netns_bug(__VA_ARGS__)
#else
#define misuse(...) netns_log(0, __VA_ARGS__)
#endif

struct netns *netns_get(struct netns *ns)
{
	/* not even for a moment from zero: somebody's tryget could succeed in it */
	if (__builtin_expect(!netns_tryget(ns), 0))
		misuse("netns_get of tenant %u, which has no reference: use netns_tryget",
		       ns->index);
	return ns;
}

bool netns_tryget(struct netns *ns)
{
	struct tenant *t = tenant_of(ns);
	uint32_t old = __atomic_load_n(&t->active, __ATOMIC_RELAXED);

	do {
		if (old == 0 || old >= REFS_MAX)
			return false;
		/* acquire: what was done under earlier references; pairs with put's release */
	} while (!__atomic_compare_exchange_n(&t->active, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

/* Return: was it the last reference? */
static bool put_active(struct tenant *t)
{
	uint32_t old = __atomic_fetch_sub(&t->active, 1, __ATOMIC_ACQ_REL);

	if (__builtin_expect(old == 0 || old > REFS_MAX, 0)) {
		__atomic_fetch_add(&t->active, 1, __ATOMIC_RELAXED);
		misuse("netns_put of tenant %u, which has no reference", t->pub.index);
		return false;
	}
	if (__builtin_expect(&t->pub == netns_init_ns(), 0) && old == 1) {
		__atomic_fetch_add(&t->active, 1, __ATOMIC_RELAXED);
		misuse("netns_put of the root namespace, which its caller has not got");
		return false;
	}
	return old == 1;
}

/* From here on nobody finds @t any more, and its name is free. */
static void unpublish(struct tenant *t, uint32_t now_ms)
{
	table_tag_dying(t);
	if (t->name != NULL)
		name_forget(t);
	__atomic_store_n(&t->retired_ms, now_ms, __ATOMIC_RELAXED);
	__atomic_store_n(&t->state, TENANT_DYING, __ATOMIC_RELEASE);
}

/* Memory that waits with @t: its own, and what is charged to it, which its modules free. */
static uint64_t bytes_of(const struct tenant *t)
{
	return sizeof(*t) + __atomic_load_n(&t->bytes_used, __ATOMIC_RELAXED);
}

void netns_put(struct netns *ns)
{
	struct tenant *t = tenant_of(ns);

	if (ns == NULL || !put_active(t))
		return;
	unpublish(t, limbo_clock_ms());
	limbo_push(t, t, 1, bytes_of(t));
}

void netns_put_many(struct netns *const *ns, unsigned int n)
{
	struct tenant *head = NULL, *tail = NULL, *t;
	unsigned int i, last = 0;
	uint32_t now_ms = limbo_clock_ms();
	uint64_t bytes = 0;

	for (i = 0; i < n; i++) {
		if (i + 4 < n && ns[i + 4] != NULL)
			__builtin_prefetch(&tenant_of(ns[i + 4])->active, 1);
		if (ns[i] == NULL || !put_active(tenant_of(ns[i])))
			continue;
		t = tenant_of(ns[i]);
		unpublish(t, now_ms);
		bytes += bytes_of(t);
		t->batch_next = head;
		head = t;
		if (tail == NULL)
			tail = t;
		last++;
	}
	if (last != 0)
		limbo_push(head, tail, last, bytes);
}

void netns_hold(struct netns *ns)
{
	__atomic_fetch_add(&tenant_of(ns)->passive, 1, __ATOMIC_RELAXED);
}

void netns_drop(struct netns *ns)
{
	struct tenant *t = tenant_of(ns);
	uint32_t old;

	if (ns == NULL)
		return;
	/* release: our use of the memory; acquire: that of the others, before it is freed */
	old = __atomic_fetch_sub(&t->passive, 1, __ATOMIC_ACQ_REL);
	if (__builtin_expect(old == 0 || old > REFS_MAX, 0)) {
		__atomic_fetch_add(&t->passive, 1, __ATOMIC_RELAXED);
		misuse("netns_drop of tenant %u, which is not held", ns->index);
	} else if (old == 1) {
		reclaim_memory(t);
	}
}

bool netns_is_alive(const struct netns *ns)
{
	uint32_t active = __atomic_load_n(&tenant_of(ns)->active, __ATOMIC_RELAXED);

	return active != 0 && active < REFS_MAX;
}
