/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two chained hash tables over all links of all tenants, by name and by ifindex, doubling as they
 * fill. Control side, under dp_ctl_lock. Salted by the clock, since names are chosen by users.
 */
#include <errno.h>
#include <string.h>

#include "link.h"
#include "netns/fault.h"

#define BUCKETS_MIN 64u

struct buckets {
	struct link *name, *ifindex;
};

static struct buckets *table;
static uint32_t n_buckets, n_links;
static uint64_t salt;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

static uint64_t hash_name(const struct netns *ns, const char *name)
{
	uint64_t part[2] = { 0, 0 };

	memcpy(part, name, strnlen(name, DP_LINK_NAME_MAX));
	return mix(mix(part[0] + salt) ^ part[1] ^ (uint64_t)ns->index << 32);
}

static uint64_t hash_ifindex(const struct netns *ns, uint32_t ifindex)
{
	return mix(((uint64_t)ns->index << 32 | ifindex) + salt);
}

static void put(struct buckets *b, uint32_t n, struct link *l)
{
	struct buckets *by_name = &b[hash_name(l->pub.ns, l->name) & (n - 1)];
	struct buckets *by_ifindex = &b[hash_ifindex(l->pub.ns, l->pub.ifindex) & (n - 1)];

	l->hash_name = by_name->name;
	by_name->name = l;
	l->hash_ifindex = by_ifindex->ifindex;
	by_ifindex->ifindex = l;
}

int link_hash_init(void)
{
	table = heap_zalloc(BUCKETS_MIN * sizeof(*table));
	if (table == NULL)
		return -ENOMEM;
	n_buckets = BUCKETS_MIN;
	n_links = 0;
	salt = mix(netns_now_ns());
	return 0;
}

void link_hash_fini(void)
{
	heap_free(table);
	table = NULL;
	n_buckets = 0;
}

int link_hash_reserve(void)
{
	struct link *l, *next;
	struct buckets *b;
	uint32_t i;

	if (n_links < n_buckets)
		return 0;
	b = heap_zalloc((size_t)n_buckets * 2 * sizeof(*b));
	if (b == NULL)
		return -ENOMEM;
	for (i = 0; i < n_buckets; i++) {
		for (l = table[i].name; l != NULL; l = next) {
			next = l->hash_name;
			put(b, n_buckets * 2, l);
		}
	}
	heap_free(table);
	table = b;
	n_buckets *= 2;
	return 0;
}

void link_hash_add(struct link *l)
{
	put(table, n_buckets, l);
	n_links++;
}

void link_hash_del(struct link *l)
{
	struct link **p;

	p = &table[hash_name(l->pub.ns, l->name) & (n_buckets - 1)].name;
	while (*p != l)
		p = &(*p)->hash_name;
	*p = l->hash_name;
	p = &table[hash_ifindex(l->pub.ns, l->pub.ifindex) & (n_buckets - 1)].ifindex;
	while (*p != l)
		p = &(*p)->hash_ifindex;
	*p = l->hash_ifindex;
	n_links--;
}

struct link *link_hash_name(const struct netns *ns, const char *name)
{
	struct link *l = table[hash_name(ns, name) & (n_buckets - 1)].name;

	while (l != NULL && (l->pub.ns != ns || strcmp(l->name, name) != 0))
		l = l->hash_name;
	return l;
}

struct link *link_hash_ifindex(const struct netns *ns, uint32_t ifindex)
{
	struct link *l = table[hash_ifindex(ns, ifindex) & (n_buckets - 1)].ifindex;

	while (l != NULL && (l->pub.ns != ns || l->pub.ifindex != ifindex))
		l = l->hash_ifindex;
	return l;
}
