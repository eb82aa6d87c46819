/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flattening nested prefixes into intervals, and packing intervals into a leaf.
 *
 * Called by trie_build.c and fib.c with the table's one writer. This is all the work of a change in
 * a small table: one pass over its sorted routes with a stack of those still open.
 */
#include <errno.h>
#include <string.h>

#include "dict.h"
#include "flat.h"

#define MAX_ROUTES 192u /* looked at before the block is called too large */
#define MAX_NESTED 132u /* open prefixes: one per length, and what is above */

struct open_route {
	fib_u128 last;
	uint32_t nh;
};

/* From @start on it is @nh. Starts come in ascending order, the last of equals counts. */
static bool flat_add(struct fib_flat *flat, fib_u128 start, uint32_t nh, unsigned int max)
{
	unsigned int n = flat->n;

	if (start == (n > 0 ? flat->start[n - 1] : 0)) {
		flat->value[n] = nh;
		if (n > 0 && flat->value[n - 1] == nh)
			flat->n--;
		return true;
	}
	if (flat->value[n] == nh)
		return true;
	if (n == max)
		return false;
	flat->start[n] = start;
	flat->value[n + 1] = nh;
	flat->n++;
	return true;
}

/* Ends what was open and ends before @key; all of it when @key is beyond the block. */
static bool close_before(struct fib_flat *flat, const struct open_route *open, unsigned int *depth,
			 const struct fib_block *block, fib_u128 key, bool all, unsigned int max)
{
	fib_u128 last = fib_block_last(block);

	while (*depth > 0 && (all || open[*depth].last < key)) {
		fib_u128 end = open[*depth].last;

		(*depth)--;
		if (end != last && !flat_add(flat, (end + 1) << block->depth, open[*depth].nh, max))
			return false;
	}
	return true;
}

bool fib_flatten(const struct fib *fib, const struct fib_block *block, uint32_t above,
		 unsigned int max, struct fib_flat *flat)
{
	struct fib_pos pos = fib_rib_seek(fib, block->key, block->depth ? block->depth + 1 : 0);
	fib_u128 last = fib_block_last(block);
	struct open_route open[MAX_NESTED];
	unsigned int depth = 0, seen = 0;
	struct fib_route route;

	open[0].last = last;
	open[0].nh = above;
	flat->n = 0;
	flat->value[0] = above;
	for (; fib_rib_at(fib, &pos, &route); pos.i++) {
		fib_u128 key = fib_key(&route.prefix.addr);

		if (key > last)
			break;
		if (++seen > MAX_ROUTES)
			return false;
		if (!close_before(flat, open, &depth, block, key, false, max) ||
		    !flat_add(flat, key << block->depth, route.nh, max))
			return false;
		depth++;
		open[depth].last = key | ~fib_mask(route.prefix.len);
		open[depth].nh = route.nh;
	}
	return close_before(flat, open, &depth, block, 0, true, max);
}

/* which[] and the dictionary of @n intervals; returns how many entries that has. */
static unsigned int number_values(const uint32_t *value, unsigned int n, struct fib_dict *dict,
				  uint8_t *which)
{
	unsigned int i;

	fib_dict_init(dict);
	for (i = 0; i < n; i++)
		which[i] = fib_dict_number(dict, value[i]);
	return dict->n;
}

static void put_values(char *at, const uint8_t *which, unsigned int n, const struct fib_dict *dict)
{
	unsigned int i;

	memcpy(at, which, n);
	at += n;
	for (i = 0; i < dict->n; i++, at += 3)
		memcpy(at, &dict->value[i], 3); /* little endian, as lookups read it */
}

static int leaf4_make(struct fib_txn *txn, const struct fib_flat *flat, bool narrow,
		      uint64_t *ret_ref)
{
	unsigned int n = flat->n, entries, i;
	uint8_t which[FIB_MAX_LEAF + 1];
	struct fib_dict dict;
	uint32_t start;
	char *piece;

	entries = number_values(flat->value, n + 1, &dict, which);
	piece = fib_txn_alloc(txn, fib_leaf4_bytes(n, entries, narrow));
	if (piece == NULL)
		return -errno;
	for (i = 0; i < n; i++) {
		start = (uint32_t)(flat->start[i] >> 96);
		if (narrow)
			((uint16_t *)piece)[i] = (uint16_t)(((start >> 16) - 1) ^ 0x8000u);
		else
			((uint32_t *)piece)[i] = (start - 1) ^ 0x80000000u;
	}
	put_values(piece + fib_leaf4_which(n, narrow), which, n + 1, &dict);
	*ret_ref = fib_ref_make(piece, FIB_LEAF | (narrow ? FIB_NARROW : 0), n);
	return 0;
}

/* The intervals as two levels: upper halves, and lower halves within single upper ones. */
struct halves {
	unsigned int h, l, n;
	uint64_t upper[2 * FIB_MAX_LEAF], lower[FIB_MAX_LEAF];
	uint8_t before[2 * FIB_MAX_LEAF + 2];
	uint32_t value[3 * FIB_MAX_LEAF + 1];
};

static void upper_open(struct halves *halves, uint64_t upper, uint32_t value)
{
	halves->upper[halves->h++] = upper;
	halves->before[halves->h] = (uint8_t)halves->l;
	halves->value[halves->n++] = value;
}

/*
 * An upper half with lower starts has to be an interval of its own: it is opened where its first
 * lower start comes, and closed before the next upper half.
 */
static void split_halves(const struct fib_flat *flat, struct halves *halves)
{
	uint32_t now = flat->value[0];
	uint64_t in = 0; /* upper half that was opened last */
	unsigned int i;

	halves->h = 0;
	halves->l = 0;
	halves->n = 1;
	halves->before[0] = 0;
	halves->value[0] = now;
	for (i = 0; i <= flat->n; i++) {
		bool end = i == flat->n;
		uint64_t upper = end ? 0 : (uint64_t)(flat->start[i] >> 64);
		uint64_t lower = end ? 0 : (uint64_t)flat->start[i];

		if ((end || upper != in) && halves->l > halves->before[halves->h] &&
		    in != UINT64_MAX && (end || upper != in + 1 || lower != 0))
			upper_open(halves, ++in, now);
		if (end)
			break;
		if (upper != in) {
			upper_open(halves, upper, lower ? now : flat->value[i + 1]);
			in = upper;
		}
		now = flat->value[i + 1];
		if (lower != 0) {
			halves->lower[halves->l++] = lower;
			halves->value[halves->n++] = now;
		}
	}
	halves->before[halves->h + 1] = (uint8_t)halves->l;
}

static int leaf6_make(struct fib_txn *txn, const struct fib_flat *flat, uint64_t *ret_ref)
{
	uint8_t which[3 * FIB_MAX_LEAF + 1];
	unsigned int entries, i;
	struct halves halves;
	struct fib_dict dict;
	uint64_t *start;
	char *piece;

	split_halves(flat, &halves);
	entries = number_values(halves.value, halves.n, &dict, which);
	piece = fib_txn_alloc(txn, fib_leaf6_bytes(halves.h, halves.l, entries));
	if (piece == NULL)
		return -errno;
	start = (uint64_t *)piece;
	for (i = 0; i < halves.h; i++)
		*start++ = (halves.upper[i] - 1) ^ 1ull << 63;
	for (i = 0; i < halves.l; i++)
		*start++ = (halves.lower[i] - 1) ^ 1ull << 63;
	memcpy(start, halves.before, halves.h + 2);
	put_values(piece + fib_leaf6_which(halves.h, halves.l), which, halves.n, &dict);
	*ret_ref = fib_ref_make(piece, FIB_LEAF, halves.h | halves.l << 8);
	return 0;
}

int fib_leaf_make(struct fib_txn *txn, const struct fib_flat *flat, unsigned int depth,
		  uint64_t *ret_ref)
{
	if (flat->n == 0) {
		*ret_ref = fib_ref_imm(flat->value[0]);
		return 0;
	}
	if (txn->fib->family == FIB_IPV4)
		return leaf4_make(txn, flat, depth >= 16, ret_ref);
	return leaf6_make(txn, flat, ret_ref);
}
