/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB as arrays of packed routes, below a top of separators when one array is not enough.
 *
 * Called by fib.c (changes) and by the builders (walks), under the table's one writer. Inserting
 * costs a search, a move within 2 KB, and once in about a hundred times a split with a move in the
 * top (32 bytes an array).
 */
#include <errno.h>
#include <string.h>

#include "rib.h"

#define LEAF_BYTES 2048u
#define TOP_STEP   128u /* separators by which the top grows at least */

struct route6 {
	uint32_t hi[2], lo[2]; /* as two halves, for an alignment of 4 */
	uint32_t len_nh;
};

struct leaf {
	uint16_t n, lines; /* routes; 64-byte lines allocated */
	uint32_t unused;
	union {
		uint64_t v4[0]; /* address << 32 | length << 24 | next hop */
		struct route6 v6[0];
	};
};

/* Routes from (key, len) on lie in this leaf; true of the first one for any key. */
struct separator {
	uint64_t hi, lo;
	uint32_t len, unused;
	struct leaf *leaf;
};

struct top {
	uint32_t n, size;
	struct separator sep[];
};

static size_t route_bytes(const struct fib *fib)
{
	return fib->family == FIB_IPV4 ? sizeof(uint64_t) : sizeof(struct route6);
}

static uint32_t leaf_size(const struct fib *fib, const struct leaf *leaf)
{
	return (uint32_t)((leaf->lines * 64u - sizeof(*leaf)) / route_bytes(fib));
}

static uint32_t leaves(const struct fib *fib)
{
	return fib->tall ? ((struct top *)fib->rib)->n : fib->rib != NULL;
}

static struct leaf *leaf_at(const struct fib *fib, uint32_t i)
{
	return fib->tall ? ((struct top *)fib->rib)->sep[i].leaf : fib->rib;
}

static char *route_at(const struct fib *fib, struct leaf *leaf, uint32_t i)
{
	return (char *)(leaf + 1) + i * route_bytes(fib);
}

static void route_pack(const struct fib *fib, struct leaf *leaf, uint32_t i,
		       const struct fib_route *route)
{
	const struct fib_prefix *prefix = &route->prefix;

	if (fib->family == FIB_IPV4) {
		leaf->v4[i] = prefix->addr.hi | (uint64_t)prefix->len << 24 | route->nh;
		return;
	}
	memcpy(leaf->v6[i].hi, &prefix->addr.hi, 8);
	memcpy(leaf->v6[i].lo, &prefix->addr.lo, 8);
	leaf->v6[i].len_nh = (uint32_t)prefix->len << 24 | route->nh;
}

static void route_unpack(const struct fib *fib, const struct leaf *leaf, uint32_t i,
			 struct fib_route *ret_route)
{
	uint64_t word;

	if (fib->family == FIB_IPV4) {
		word = leaf->v4[i];
		ret_route->prefix.addr.hi = word & 0xffffffff00000000ull;
		ret_route->prefix.addr.lo = 0;
	} else {
		word = leaf->v6[i].len_nh;
		memcpy(&ret_route->prefix.addr.hi, leaf->v6[i].hi, 8);
		memcpy(&ret_route->prefix.addr.lo, leaf->v6[i].lo, 8);
	}
	ret_route->prefix.len = (uint8_t)(word >> 24);
	ret_route->nh = word & 0xffffff;
}

/* Is the route at @i below (key, len)? */
static bool below(const struct fib *fib, const struct leaf *leaf, uint32_t i, fib_u128 key,
		  unsigned int len)
{
	struct fib_route route;
	fib_u128 have;

	if (fib->family == FIB_IPV4)
		return leaf->v4[i] >> 24 < ((uint64_t)(key >> 88) | len);
	route_unpack(fib, leaf, i, &route);
	have = fib_key(&route.prefix.addr);
	return have < key || (have == key && route.prefix.len < len);
}

static uint32_t find_leaf(const struct fib *fib, fib_u128 key, unsigned int len)
{
	const struct top *top = fib->rib;
	uint32_t lo = 0, hi, mid;

	if (!fib->tall)
		return 0;
	for (hi = top->n; hi - lo > 1;) { /* sep[lo] is not above, sep[hi] is */
		const struct separator *sep;
		fib_u128 have;

		mid = lo + (hi - lo) / 2;
		sep = &top->sep[mid];
		have = (fib_u128)sep->hi << 64 | sep->lo;
		if (have < key || (have == key && sep->len <= len))
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

struct fib_pos fib_rib_seek(const struct fib *fib, fib_u128 key, unsigned int len)
{
	struct fib_pos pos = { find_leaf(fib, key, len), 0 };
	const struct leaf *leaf;
	uint32_t n;

	if (fib->rib == NULL)
		return pos;
	leaf = leaf_at(fib, pos.leaf);
	for (n = leaf->n; n > 0;) {
		uint32_t half = n / 2;

		if (below(fib, leaf, pos.i + half, key, len)) {
			pos.i += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return pos;
}

bool fib_rib_at(const struct fib *fib, struct fib_pos *pos, struct fib_route *ret_route)
{
	uint32_t n = leaves(fib);

	while (pos->leaf < n && pos->i >= leaf_at(fib, pos->leaf)->n) {
		pos->leaf++;
		pos->i = 0;
	}
	if (pos->leaf >= n)
		return false;
	route_unpack(fib, leaf_at(fib, pos->leaf), pos->i, ret_route);
	return true;
}

bool fib_rib_find(const struct fib *fib, const struct fib_prefix *prefix, struct fib_pos *ret_pos)
{
	struct fib_pos pos = fib_rib_seek(fib, fib_key(&prefix->addr), prefix->len);
	struct fib_route route;

	if (!fib_rib_at(fib, &pos, &route) || route.prefix.len != prefix->len ||
	    fib_key(&route.prefix.addr) != fib_key(&prefix->addr))
		return false;
	*ret_pos = pos;
	return true;
}

/* The last route that is not above (key, len). */
static bool last_not_above(const struct fib *fib, fib_u128 key, unsigned int len,
			   struct fib_route *ret_route)
{
	struct fib_pos pos = fib_rib_seek(fib, key, len + 1);

	if (fib->rib == NULL)
		return false;
	while (pos.i == 0) {
		if (pos.leaf == 0)
			return false;
		pos.i = leaf_at(fib, --pos.leaf)->n;
	}
	route_unpack(fib, leaf_at(fib, pos.leaf), pos.i - 1, ret_route);
	return true;
}

static unsigned int common_bits(fib_u128 a, fib_u128 b)
{
	uint64_t hi = (uint64_t)((a ^ b) >> 64), lo = (uint64_t)(a ^ b);

	if (hi != 0)
		return (unsigned int)__builtin_clzll(hi);
	return lo != 0 ? 64 + (unsigned int)__builtin_clzll(lo) : 128;
}

/*
 * The nearest route before (key, max) either covers key or parts from it at some bit; a cover that
 * lies before that route has to cover it too, so it ends no later than that bit.
 */
bool fib_rib_cover(const struct fib *fib, fib_u128 key, unsigned int min, unsigned int max,
		   struct fib_route *ret_route)
{
	struct fib_route route;

	for (;;) {
		unsigned int common;

		if (!last_not_above(fib, key & fib_mask(max), max, &route))
			return false;
		common = common_bits(fib_key(&route.prefix.addr), key);
		if (route.prefix.len <= common && route.prefix.len <= max) {
			if (route.prefix.len < min)
				return false;
			*ret_route = route;
			return true;
		}
		if (common < min)
			return false;
		max = common;
	}
}

static void *mem_alloc(struct fib *fib, size_t size)
{
	return fib->host->alloc(fib->owner, size);
}

static void mem_free(struct fib *fib, void *ptr, size_t size)
{
	if (ptr == NULL)
		return;
	if (fib->host->uncharge)
		fib->host->uncharge(fib->owner, size);
	fib->host->release(ptr, size);
}

static size_t top_bytes(uint32_t size)
{
	return sizeof(struct top) + size * sizeof(struct separator);
}

static struct leaf *leaf_new(struct fib *fib, size_t bytes)
{
	struct leaf *leaf;

	bytes = (bytes + 63) & ~(size_t)63;
	if (bytes > LEAF_BYTES)
		bytes = LEAF_BYTES;
	leaf = mem_alloc(fib, bytes);
	if (leaf) {
		leaf->n = 0;
		leaf->lines = (uint16_t)(bytes / 64);
		leaf->unused = 0;
	}
	return leaf;
}

static void leaf_free(struct fib *fib, struct leaf *leaf)
{
	mem_free(fib, leaf, leaf->lines * 64u);
}

/* A larger array for the only leaf. */
static int leaf_grow(struct fib *fib)
{
	struct leaf *old = fib->rib, *leaf;

	leaf = leaf_new(fib, old ? old->lines * 96u : 64u);
	if (leaf == NULL)
		return -errno;
	if (old) {
		leaf->n = old->n;
		memcpy(leaf + 1, old + 1, old->n * route_bytes(fib));
		leaf_free(fib, old);
	}
	fib->rib = leaf;
	return 0;
}

/* Room for one more separator. */
static int top_grow(struct fib *fib)
{
	struct top *old = fib->rib, *top;
	uint32_t size;

	if (fib->tall && old->n < old->size)
		return 0;
	size = fib->tall ? old->size + old->size / 2 : TOP_STEP;
	top = mem_alloc(fib, top_bytes(size));
	if (top == NULL)
		return -errno;
	top->size = size;
	if (fib->tall) {
		top->n = old->n;
		memcpy(top->sep, old->sep, old->n * sizeof(old->sep[0]));
		mem_free(fib, old, top_bytes(old->size));
	} else {
		top->n = 1;
		memset(&top->sep[0], 0, sizeof(top->sep[0]));
		top->sep[0].leaf = fib->rib;
	}
	fib->rib = top;
	fib->tall = 1;
	return 0;
}

/* Splits full leaf @at: in the middle, or behind its end when @i says that routes come in order. */
static int leaf_split(struct fib *fib, uint32_t at, uint32_t i, const struct fib_route *route)
{
	struct leaf *old, *leaf;
	struct separator *sep;
	struct fib_route first = *route;
	struct top *top;
	uint32_t keep;
	int err;

	err = top_grow(fib);
	if (err)
		return err;
	leaf = leaf_new(fib, LEAF_BYTES);
	if (leaf == NULL)
		return -errno;
	top = fib->rib;
	old = top->sep[at].leaf;
	keep = i == old->n ? old->n : old->n / 2;
	if (keep < old->n) {
		route_unpack(fib, old, keep, &first);
		leaf->n = (uint16_t)(old->n - keep);
		memcpy(leaf + 1, route_at(fib, old, keep), leaf->n * route_bytes(fib));
		old->n = (uint16_t)keep;
	}
	sep = &top->sep[at + 1];
	memmove(sep + 1, sep, (top->n - at - 1) * sizeof(*sep));
	sep->hi = first.prefix.addr.hi;
	sep->lo = first.prefix.addr.lo;
	sep->len = first.prefix.len;
	sep->leaf = leaf;
	top->n++;
	return 0;
}

int fib_rib_insert(struct fib *fib, const struct fib_route *route)
{
	fib_u128 key = fib_key(&route->prefix.addr);
	struct fib_pos pos = fib_rib_seek(fib, key, route->prefix.len);
	struct leaf *leaf = fib->rib ? leaf_at(fib, pos.leaf) : NULL;
	int err = 0;

	if (leaf == NULL || leaf->n == leaf_size(fib, leaf)) {
		if (leaf == NULL || leaf->lines * 64u < LEAF_BYTES)
			err = leaf_grow(fib);
		else
			err = leaf_split(fib, pos.leaf, pos.i, route);
		if (err)
			return err;
		pos = fib_rib_seek(fib, key, route->prefix.len);
		leaf = leaf_at(fib, pos.leaf);
	}
	memmove(route_at(fib, leaf, pos.i + 1), route_at(fib, leaf, pos.i),
		(leaf->n - pos.i) * route_bytes(fib));
	route_pack(fib, leaf, pos.i, route);
	leaf->n++;
	fib->routes++;
	return 0;
}

void fib_rib_remove(struct fib *fib, struct fib_pos pos)
{
	struct leaf *leaf = leaf_at(fib, pos.leaf);

	memmove(route_at(fib, leaf, pos.i), route_at(fib, leaf, pos.i + 1),
		(leaf->n - pos.i - 1u) * route_bytes(fib));
	leaf->n--;
	fib->routes--;
}

void fib_rib_set(struct fib *fib, struct fib_pos pos, uint32_t nh)
{
	struct leaf *leaf = leaf_at(fib, pos.leaf);
	struct fib_route route;

	route_unpack(fib, leaf, pos.i, &route);
	route.nh = nh;
	route_pack(fib, leaf, pos.i, &route);
}

/* Moves leaf @at + 1 into leaf @at. */
static void leaf_merge(struct fib *fib, uint32_t at)
{
	struct top *top = fib->rib;
	struct leaf *left = top->sep[at].leaf, *right = top->sep[at + 1].leaf;

	memcpy(route_at(fib, left, left->n), right + 1, right->n * route_bytes(fib));
	left->n = (uint16_t)(left->n + right->n);
	leaf_free(fib, right);
	top->n--;
	memmove(&top->sep[at + 1], &top->sep[at + 2], (top->n - at - 1) * sizeof(top->sep[0]));
}

/* The only leaf has become much too large; without memory it stays. */
static void leaf_shrink(struct fib *fib)
{
	struct leaf *old = fib->rib, *leaf;

	if (old->lines <= 4 || old->n > leaf_size(fib, old) / 4)
		return;
	leaf = leaf_new(fib, old->lines * 32u);
	if (leaf == NULL)
		return;
	leaf->n = old->n;
	memcpy(leaf + 1, old + 1, old->n * route_bytes(fib));
	leaf_free(fib, old);
	fib->rib = leaf;
}

void fib_rib_tidy(struct fib *fib, fib_u128 key, unsigned int len)
{
	uint32_t at = find_leaf(fib, key, len), size;
	struct leaf *leaf;
	struct top *top;

	if (fib->routes == 0) {
		fib_rib_free(fib);
		return;
	}
	if (!fib->tall) {
		leaf_shrink(fib);
		return;
	}
	top = fib->rib;
	size = leaf_size(fib, top->sep[at].leaf);
	if (top->sep[at].leaf->n > size / 4)
		return;
	if (at > 0 && top->sep[at - 1].leaf->n + top->sep[at].leaf->n <= size * 3 / 4)
		leaf_merge(fib, at - 1);
	else if (at + 1 < top->n && top->sep[at].leaf->n + top->sep[at + 1].leaf->n <= size * 3 / 4)
		leaf_merge(fib, at);
	if (top->n > 1)
		return;
	leaf = top->sep[0].leaf;
	mem_free(fib, top, top_bytes(top->size));
	fib->rib = leaf;
	fib->tall = 0;
}

void fib_rib_free(struct fib *fib)
{
	uint32_t i, n = leaves(fib);
	struct top *top = fib->rib;

	for (i = 0; i < n; i++)
		leaf_free(fib, leaf_at(fib, i));
	if (fib->tall)
		mem_free(fib, top, top_bytes(top->size));
	fib->rib = NULL;
	fib->routes = 0;
	fib->tall = 0;
}

size_t fib_rib_bytes(const struct fib *fib)
{
	uint32_t i, n = leaves(fib);
	size_t bytes = 0;

	for (i = 0; i < n; i++)
		bytes += leaf_at(fib, i)->lines * 64u;
	if (fib->tall)
		bytes += (top_bytes(((struct top *)fib->rib)->size) + 63) & ~(size_t)63;
	return bytes;
}
