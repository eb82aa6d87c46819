/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RIB: order, search, insertion and removal. See rib.h for what it is and who may call.
 *
 * Order for IPv4: address, then longer prefixes, then table (local first), TOS, metric: as a walk
 * of Linux's trie prints it. For IPv6: as a walk of the kernel's tree that visits a node after all
 * below it: of two prefixes that nest the longer comes first, else the lower address.
 */
#include "rib.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "route.h"

static int cmp_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* The first @bits of two addresses */
static int cmp_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;
	int c = memcmp(a, b, bytes);
	uint8_t mask;

	if (c || rest == 0)
		return c;
	mask = (uint8_t)(0xff << (8 - rest));
	return (a[bytes] & mask) - (b[bytes] & mask);
}

static int cmp_prefix(const struct rib *rib, const uint8_t *a, uint8_t alen, const uint8_t *b,
		      uint8_t blen)
{
	int c;

	if (rib->family == AF_INET)
		c = memcmp(a, b, 4);
	else
		c = cmp_bits(a, b, alen < blen ? alen : blen);
	return c ? c : (int)blen - (int)alen;
}

static int cmp_key(const struct rib *rib, const struct rib_key *key, const struct route *r)
{
	int c = cmp_prefix(rib, key->dst, key->plen, r->dst, r->plen);

	if (c == 0)
		c = cmp_u32(r->table, key->table); /* local (255) before main (254) */
	if (c == 0)
		c = (int)r->tos - (int)key->tos;
	if (c == 0)
		c = cmp_u32(key->metric, r->metric);
	return c;
}

static void key_of(const struct route *r, struct rib_key *ret_key)
{
	memcpy(ret_key->dst, r->dst, sizeof(ret_key->dst));
	ret_key->plen = r->plen;
	ret_key->tos = r->tos;
	ret_key->table = r->table;
	ret_key->metric = r->metric;
}

bool rib_seek(const struct rib *rib, const struct rib_key *key, struct rib_pos *ret_pos)
{
	uint32_t lo = 0, hi = rib->n_leaves;
	const struct rib_leaf *leaf;

	while (lo < hi) { /* first leaf whose last route is not before key */
		uint32_t mid = lo + (hi - lo) / 2;

		leaf = rib->leaf[mid];
		if (cmp_key(rib, key, leaf->route[leaf->n - 1]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == rib->n_leaves)
		return false;
	ret_pos->leaf = lo;
	leaf = rib->leaf[lo];
	lo = 0;
	hi = leaf->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_key(rib, key, leaf->route[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	ret_pos->i = lo;
	return true;
}

struct route *rib_at(const struct rib *rib, const struct rib_pos *pos)
{
	return rib->leaf[pos->leaf]->route[pos->i];
}

bool rib_step(const struct rib *rib, struct rib_pos *pos)
{
	if (++pos->i < rib->leaf[pos->leaf]->n)
		return true;
	pos->i = 0;
	return ++pos->leaf < rib->n_leaves;
}

struct route *rib_first(const struct rib *rib, const uint8_t *dst, uint8_t plen,
			struct rib_pos *ret_pos)
{
	struct rib_key key = { .plen = plen, .tos = 255, .table = UINT32_MAX, .metric = 0 };
	struct route *r;

	memcpy(key.dst, dst, sizeof(key.dst));
	if (!rib_seek(rib, &key, ret_pos))
		return NULL;
	r = rib_at(rib, ret_pos);
	return cmp_prefix(rib, dst, plen, r->dst, r->plen) == 0 ? r : NULL;
}

/* ---- changes ---- */

static size_t leaf_bytes(unsigned int cap)
{
	return sizeof(struct rib_leaf) + cap * sizeof(struct route *);
}

static struct rib_leaf *leaf_new(struct rib *rib, unsigned int cap)
{
	struct rib_leaf *leaf = netns_mem_alloc(rib->ns, leaf_bytes(cap));

	if (leaf)
		leaf->cap = (uint16_t)cap;
	return leaf;
}

/* Room for one more leaf pointer */
static int top_reserve(struct rib *rib)
{
	uint32_t cap = rib->cap_leaves ? rib->cap_leaves * 2 : 8;
	struct rib_leaf **top;

	if (rib->n_leaves < rib->cap_leaves)
		return 0;
	top = netns_mem_alloc(rib->ns, cap * sizeof(*top));
	if (!top)
		return -errno;
	if (rib->n_leaves)
		memcpy(top, rib->leaf, rib->n_leaves * sizeof(*top));
	netns_mem_free(rib->ns, rib->leaf, rib->cap_leaves * sizeof(*top));
	rib->leaf = top;
	rib->cap_leaves = cap;
	return 0;
}

static void top_insert(struct rib *rib, uint32_t at, struct rib_leaf *leaf)
{
	memmove(&rib->leaf[at + 1], &rib->leaf[at], (rib->n_leaves - at) * sizeof(*rib->leaf));
	rib->leaf[at] = leaf;
	rib->n_leaves++;
}

/* Room for one more route in leaf @pos->leaf: grows it, or splits it and moves @pos along. */
static int leaf_reserve(struct rib *rib, struct rib_pos *pos)
{
	struct rib_leaf *leaf = rib->leaf[pos->leaf], *fresh;
	unsigned int half;
	int err;

	if (leaf->n < leaf->cap)
		return 0;
	if (leaf->cap < RIB_LEAF_MAX) {
		fresh = leaf_new(rib, leaf->cap == 6 ? 14 : leaf->cap == 14 ? 30 : RIB_LEAF_MAX);
		if (!fresh)
			return -errno;
		fresh->n = leaf->n;
		memcpy(fresh->route, leaf->route, leaf->n * sizeof(leaf->route[0]));
		rib->leaf[pos->leaf] = fresh;
		netns_mem_free(rib->ns, leaf, leaf_bytes(leaf->cap));
		return 0;
	}
	err = top_reserve(rib);
	if (err)
		return err;
	fresh = leaf_new(rib, RIB_LEAF_MAX);
	if (!fresh)
		return -errno;
	/* appending in order is what loaders do: leave the full leaf nearly full then */
	half = pos->i == leaf->n && pos->leaf == rib->n_leaves - 1 ? leaf->n - 8u : leaf->n / 2u;
	fresh->n = (uint16_t)(leaf->n - half);
	memcpy(fresh->route, &leaf->route[half], fresh->n * sizeof(leaf->route[0]));
	leaf->n = (uint16_t)half;
	top_insert(rib, pos->leaf + 1, fresh);
	if (pos->i > half) {
		pos->leaf++;
		pos->i -= half;
	}
	return 0;
}

static int insert_at(struct rib *rib, struct rib_pos *pos, struct route *route)
{
	struct rib_leaf *leaf;
	int err;

	if (rib->n_leaves == 0) {
		err = top_reserve(rib);
		if (err)
			return err;
		leaf = leaf_new(rib, 6); /* one cache line */
		if (!leaf)
			return -errno;
		top_insert(rib, 0, leaf);
		pos->leaf = pos->i = 0;
	}
	err = leaf_reserve(rib, pos);
	if (err)
		return err;
	leaf = rib->leaf[pos->leaf];
	memmove(&leaf->route[pos->i + 1], &leaf->route[pos->i],
		(leaf->n - pos->i) * sizeof(leaf->route[0]));
	leaf->route[pos->i] = route;
	leaf->n++;
	rib->routes++;
	return 0;
}

/* The place just behind all routes with @key */
static void seek_behind(const struct rib *rib, const struct rib_key *key, struct rib_pos *pos)
{
	bool more = rib_seek(rib, key, pos);

	while (more && cmp_key(rib, key, rib_at(rib, pos)) == 0)
		more = rib_step(rib, pos);
	if (!more && rib->n_leaves) {
		pos->leaf = rib->n_leaves - 1;
		pos->i = rib->leaf[pos->leaf]->n;
	}
}

/* Where @route lies; it must be there. */
static struct rib_pos pos_of(const struct rib *rib, const struct route *route)
{
	struct rib_pos pos = { 0, 0 };
	struct rib_key key;

	key_of(route, &key);
	rib_seek(rib, &key, &pos);
	while (rib_at(rib, &pos) != route)
		rib_step(rib, &pos);
	return pos;
}

int rib_insert(struct rib *rib, struct route *route)
{
	struct rib_pos pos = { 0, 0 };
	struct rib_key key;

	key_of(route, &key);
	seek_behind(rib, &key, &pos);
	return insert_at(rib, &pos, route);
}

int rib_insert_before(struct rib *rib, struct route *route, const struct route *before)
{
	struct rib_pos pos = pos_of(rib, before);

	return insert_at(rib, &pos, route);
}

void rib_swap(struct rib *rib, const struct route *old, struct route *route)
{
	struct rib_pos pos = pos_of(rib, old);

	rib->leaf[pos.leaf]->route[pos.i] = route;
}

void rib_remove(struct rib *rib, const struct route *route)
{
	struct rib_pos pos = pos_of(rib, route);
	struct rib_leaf *leaf = rib->leaf[pos.leaf];

	leaf->n--;
	rib->routes--;
	memmove(&leaf->route[pos.i], &leaf->route[pos.i + 1],
		(leaf->n - pos.i) * sizeof(leaf->route[0]));
	if (leaf->n)
		return;
	netns_mem_free(rib->ns, leaf, leaf_bytes(leaf->cap));
	rib->n_leaves--;
	memmove(&rib->leaf[pos.leaf], &rib->leaf[pos.leaf + 1],
		(rib->n_leaves - pos.leaf) * sizeof(*rib->leaf));
}

void rib_fini(struct rib *rib)
{
	uint32_t i;

	for (i = 0; i < rib->n_leaves; i++)
		netns_mem_free(rib->ns, rib->leaf[i], leaf_bytes(rib->leaf[i]->cap));
	netns_mem_free(rib->ns, rib->leaf, rib->cap_leaves * sizeof(*rib->leaf));
	rib->leaf = NULL;
	rib->n_leaves = rib->cap_leaves = rib->routes = 0;
}
