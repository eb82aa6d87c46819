/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory on a tenant's behalf and its quotas; see netns_mem.h. Owns bytes_used, count_used and
 * their limits in struct tenant. A charge is taken only if it fits, in one compare-and-swap, so
 * threads that race for the last bytes never pass the limit and never fail in vain.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "tenant.h"

#define ROUND 64u /* bytes; what is charged is a multiple */

static size_t round_up(size_t size)
{
	return (size + ROUND - 1) & ~(size_t)(ROUND - 1);
}

static int charge_bytes(struct tenant *t, uint64_t n)
{
	uint64_t limit = __atomic_load_n(&t->bytes_limit, __ATOMIC_RELAXED);
	uint64_t used = __atomic_load_n(&t->bytes_used, __ATOMIC_RELAXED);

	do {
		if (n > UINT64_MAX - used || used + n > limit)
			return -EDQUOT;
		/* relaxed: a count guards no data */
	} while (!__atomic_compare_exchange_n(&t->bytes_used, &used, used + n, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

static int charge_count(struct tenant *t, enum netns_quota_kind kind, uint64_t n)
{
	uint32_t limit = __atomic_load_n(&t->count_limit[kind], __ATOMIC_RELAXED);
	uint32_t used = __atomic_load_n(&t->count_used[kind], __ATOMIC_RELAXED);

	do {
		if (n > UINT32_MAX - used || used + n > limit)
			return -EDQUOT;
	} while (!__atomic_compare_exchange_n(&t->count_used[kind], &used, used + (uint32_t)n, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

int netns_charge(struct netns *ns, enum netns_quota_kind kind, uint64_t n)
{
	if ((unsigned int)kind >= NETNS_QUOTA_KINDS)
		return -EINVAL;
	return kind == NETNS_QUOTA_BYTES ? charge_bytes(tenant_of(ns), n)
					 : charge_count(tenant_of(ns), kind, n);
}

void netns_uncharge(struct netns *ns, enum netns_quota_kind kind, uint64_t n)
{
	struct tenant *t = tenant_of(ns);
	uint64_t before;

	if ((unsigned int)kind >= NETNS_QUOTA_KINDS)
		netns_bug("quota: kind %u does not exist", (unsigned int)kind);
	if (kind == NETNS_QUOTA_BYTES)
		before = __atomic_fetch_sub(&t->bytes_used, n, __ATOMIC_RELAXED);
	else
		before = __atomic_fetch_sub(&t->count_used[kind], (uint32_t)n, __ATOMIC_RELAXED);
	if (before < n)
		netns_bug("quota: tenant %u gives back %llu of kind %u but has %llu", ns->index,
			  (unsigned long long)n, (unsigned int)kind, (unsigned long long)before);
}

int netns_quota_set(struct netns *ns, enum netns_quota_kind kind, uint64_t limit)
{
	struct tenant *t = tenant_of(ns);
	uint32_t count = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;

	if ((unsigned int)kind >= NETNS_QUOTA_KINDS || limit == 0)
		return -EINVAL;
	if (kind == NETNS_QUOTA_BYTES)
		__atomic_store_n(&t->bytes_limit, limit, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&t->count_limit[kind], count, __ATOMIC_RELAXED);
	return 0;
}

int netns_quota_get(const struct netns *ns, enum netns_quota_kind kind, uint64_t *ret_limit,
		    uint64_t *ret_used)
{
	const struct tenant *t = tenant_of(ns);
	uint32_t limit;

	if ((unsigned int)kind >= NETNS_QUOTA_KINDS)
		return -EINVAL;
	if (kind == NETNS_QUOTA_BYTES) {
		*ret_limit = __atomic_load_n(&t->bytes_limit, __ATOMIC_RELAXED);
		*ret_used = __atomic_load_n(&t->bytes_used, __ATOMIC_RELAXED);
		return 0;
	}
	limit = __atomic_load_n(&t->count_limit[kind], __ATOMIC_RELAXED);
	*ret_limit = limit == UINT32_MAX ? UINT64_MAX : limit;
	*ret_used = __atomic_load_n(&t->count_used[kind], __ATOMIC_RELAXED);
	return 0;
}

void *netns_mem_alloc(struct netns *ns, size_t size)
{
	size_t bytes = round_up(size);
	void *ptr;

	if (bytes == 0) { /* nothing asked for, or more than there are addresses */
		errno = size == 0 ? EINVAL : ENOMEM;
		return NULL;
	}
	if (charge_bytes(tenant_of(ns), bytes) != 0) {
		errno = EDQUOT;
		return NULL;
	}
	ptr = arena_zalloc((int)ns->numa_node, size);
	if (ptr == NULL) {
		netns_uncharge(ns, NETNS_QUOTA_BYTES, bytes);
		errno = ENOMEM;
	}
	return ptr;
}

void netns_mem_free(struct netns *ns, void *ptr, size_t size)
{
	if (ptr == NULL)
		return;
	arena_free(ptr, size);
	netns_uncharge(ns, NETNS_QUOTA_BYTES, round_up(size));
}

void *netns_arena_alloc(int numa_node, size_t size)
{
	void *ptr = arena_alloc(numa_node, size);

	if (ptr == NULL)
		errno = ENOMEM;
	return ptr;
}

void netns_arena_free(void *ptr, size_t size)
{
	arena_free(ptr, size);
}
