/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant's neighbours by (link, family, address): a hash table with chains that workers walk
 * without a lock. Growing builds no second set of nodes: it moves them to a larger array one by
 * one, so a worker that walks meanwhile may end in another chain and miss; it then takes the slow
 * way, where the search is made again under neigh_lock. It never loops and never sees freed memory.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define BUCKETS_MIN 8u

/** struct table - buckets and their number in one piece, so that both change with one store */
struct table {
	uint32_t mask, pad;
	struct netns_defer defer;
	struct neigh *bucket[];
};

static size_t table_bytes(uint32_t buckets)
{
	return sizeof(struct table) + buckets * sizeof(struct neigh *);
}

static struct table *table_of(struct neigh **bucket)
{
	return (struct table *)((char *)bucket - offsetof(struct table, bucket));
}

static uint32_t hash_of(uint32_t link_index, uint8_t family, const uint8_t *addr)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, addr, family == AF_INET6 ? 8 : 4);
	if (family == AF_INET6)
		memcpy(&b, addr + 8, 8);
	a = (a ^ link_index) * 0x9e3779b97f4a7c15u;
	b = (b ^ (a >> 29)) * 0xbf58476d1ce4e5b9u;
	return (uint32_t)((a ^ b) >> 32);
}

struct neigh *neigh_find(const struct neigh_ns *nn, uint32_t link_index, uint8_t family,
			 const uint8_t *addr)
{
	/* pairs with the release in grow() */
	struct neigh **bucket = __atomic_load_n(&nn->bucket, __ATOMIC_ACQUIRE);
	struct neigh *n;

	if (!bucket)
		return NULL;
	n = __atomic_load_n(&bucket[hash_of(link_index, family, addr) & table_of(bucket)->mask],
			    __ATOMIC_ACQUIRE);
	for (; n; n = __atomic_load_n(&n->next, __ATOMIC_ACQUIRE))
		if (n->link_index == link_index && n->family == family &&
		    memcmp(n->addr, addr, neigh_addr_bytes(family)) == 0)
			return n;
	return NULL;
}

static void free_table(struct netns_defer *defer)
{
	struct table *t = (struct table *)((char *)defer - offsetof(struct table, defer));

	netns_arena_free(t, table_bytes(t->mask + 1));
}

static void retire_table(struct neigh_ns *nn, struct neigh **bucket)
{
	struct table *t = table_of(bucket);
	size_t bytes = table_bytes(t->mask + 1);

	netns_uncharge(nn->ns, NETNS_QUOTA_BYTES, (bytes + 63) & ~(size_t)63);
	netns_defer(&t->defer, free_table, bytes);
}

static int grow(struct neigh_ns *nn)
{
	struct neigh **old = nn->bucket;
	uint32_t buckets = old ? (table_of(old)->mask + 1) * 2 : BUCKETS_MIN, i;
	struct table *t = netns_mem_alloc(nn->ns, table_bytes(buckets));

	if (!t)
		return -errno;
	t->mask = buckets - 1;
	for (i = 0; old && i <= table_of(old)->mask; i++) {
		struct neigh *n, *next;

		for (n = old[i]; n; n = next) {
			struct neigh **to =
				&t->bucket[hash_of(n->link_index, n->family, n->addr) & t->mask];

			next = n->next;
			__atomic_store_n(&n->next, *to, __ATOMIC_RELEASE);
			*to = n;
		}
	}
	__atomic_store_n(&nn->bucket, t->bucket, __ATOMIC_RELEASE);
	nn->mask = t->mask;
	if (old)
		retire_table(nn, old);
	return 0;
}

int neigh_hash_insert(struct neigh_ns *nn, struct neigh *n)
{
	struct neigh **at;
	int err;

	if (!nn->bucket || nn->count > nn->mask + nn->mask / 2) {
		err = grow(nn);
		if (err && !nn->bucket)
			return err; /* longer chains do no harm */
	}
	at = &nn->bucket[hash_of(n->link_index, n->family, n->addr) & nn->mask];
	n->next = *at;
	__atomic_store_n(at, n, __ATOMIC_RELEASE); /* pairs with the acquire in neigh_find() */
	nn->count++;
	return 0;
}

void neigh_hash_remove(struct neigh_ns *nn, struct neigh *n)
{
	struct neigh **at = &nn->bucket[hash_of(n->link_index, n->family, n->addr) & nn->mask];

	while (*at != n)
		at = &(*at)->next;
	/* n->next stays for workers that stand on n; n is freed after a grace period */
	__atomic_store_n(at, n->next, __ATOMIC_RELEASE);
	nn->count--;
}

static int order(const struct neigh *n, uint32_t ifindex, uint8_t family, const uint8_t *addr)
{
	if (n->link->ifindex != ifindex)
		return n->link->ifindex < ifindex ? -1 : 1;
	if (n->family != family)
		return n->family < family ? -1 : 1;
	return memcmp(n->addr, addr, neigh_addr_bytes(family));
}

/* Dumps are rare and tables small: one pass per step finds the next in order. */
struct neigh *neigh_hash_next(const struct neigh_ns *nn, const struct neigh_info *after)
{
	struct neigh *best = NULL, *n;
	uint32_t i;

	for (i = 0; nn->bucket && i <= nn->mask; i++)
		for (n = nn->bucket[i]; n; n = n->next) {
			if (after->link &&
			    order(n, after->link->ifindex, after->family, after->addr) <= 0)
				continue;
			if (!best || order(n, best->link->ifindex, best->family, best->addr) < 0)
				best = n;
		}
	return best;
}

void neigh_hash_fini(struct neigh_ns *nn)
{
	if (nn->bucket)
		retire_table(nn, nn->bucket);
	nn->bucket = NULL;
	nn->mask = nn->count = 0;
}
