/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packing a short list of routes into a leaf.
 *
 * Called by trie_*.c and fib.c with the table's one writer. This is all the work of a change in a
 * small table: one pass over its routes, sorted by length.
 */
#include <errno.h>
#include <string.h>

#include "dict.h"
#include "leaf.h"

bool fib_list_take(const struct fib *fib, const struct fib_block *block, uint32_t above,
		   unsigned int max, struct fib_list *list)
{
	struct fib_pos pos = fib_rib_seek(fib, block->key, block->depth ? block->depth + 1 : 0);
	fib_u128 last = fib_block_last(block);
	struct fib_route route;

	list->n = 0;
	list->above = above;
	for (; fib_rib_at(fib, &pos, &route); pos.i++) {
		if (fib_key(&route.prefix.addr) > last)
			break;
		if (route.prefix.len == block->depth) {
			list->above = route.nh;
			continue;
		}
		if (list->n == max)
			return false;
		list->route[list->n++] = route;
	}
	return true;
}

/* Numbers of the routes, longest first. */
static void sort_by_length(const struct fib_list *list, uint8_t *order)
{
	unsigned int i, j;

	for (i = 0; i < list->n; i++) {
		for (j = i; j > 0; j--) {
			if (list->route[order[j - 1]].prefix.len >= list->route[i].prefix.len)
				break;
			order[j] = order[j - 1];
		}
		order[j] = (uint8_t)i;
	}
}

static void put_values(uint8_t *at, const uint8_t *which, unsigned int n,
		       const struct fib_dict *dict)
{
	unsigned int i;

	memcpy(at, which, n);
	at += n;
	for (i = 0; i < dict->n; i++, at += 3)
		memcpy(at, &dict->value[i], 3); /* little endian, as lookups read it */
}

/* The bits of a route of @len within @bits, a 1 behind them if there is room. */
static uint64_t word_of(uint64_t key, unsigned int len, unsigned int bits)
{
	return len < bits ? key | 1ull << (bits - 1 - len) : key;
}

static int leaf4_make(struct fib_txn *txn, const struct fib_block *block,
		      const struct fib_list *list, uint64_t *ret_ref)
{
	unsigned int n = list->n, full = 0, i, bits = block->depth < 16 ? 32 : 16;
	uint8_t order[FIB_MAX_LEAF], which[FIB_MAX_LEAF + 1], *piece;
	bool narrow = bits == 16;
	struct fib_dict dict;

	sort_by_length(list, order);
	fib_dict_init(&dict);
	for (i = 0; i < n; i++)
		which[i] = fib_dict_number(&dict, list->route[order[i]].nh);
	which[n] = fib_dict_number(&dict, list->above);
	piece = fib_txn_alloc(txn, fib_leaf4_bytes(n, dict.n, narrow));
	if (piece == NULL)
		return -errno;
	for (i = 0; i < n; i++) {
		const struct fib_prefix *prefix = &list->route[order[i]].prefix;
		unsigned int len = prefix->len - block->depth;
		uint64_t word = word_of(prefix->addr.hi << block->depth >> (64 - bits), len, bits);

		full += len == bits;
		if (narrow)
			((uint16_t *)piece)[i] = (uint16_t)word;
		else
			((uint32_t *)piece)[i] = (uint32_t)word;
	}
	put_values(piece + fib_leaf4_which(n, narrow), which, n + 1, &dict);
	*ret_ref = fib_ref_make(piece, FIB_LEAF | (narrow ? FIB_NARROW : 0), n | full << 8);
	return 0;
}

/* An IPv6 leaf being made. */
struct words6 {
	unsigned int n, m;
	uint8_t bare, full_upper, full_lower; /* as in struct fib_leaf6 */
	uint64_t upper[FIB_MAX_LEAF], lower[FIB_MAX_LEAF];
	uint8_t in[FIB_MAX_LEAF], which[2 * FIB_MAX_LEAF + 1];
	struct fib_dict dict;
};

/* Upper words of full length: routes of 64 bits, and before them what longer routes lie in. */
static void full_uppers(const struct fib_list *list, const uint8_t *order,
			const struct fib_block *block, struct words6 *words)
{
	unsigned int i, j, of_64 = 0;
	uint64_t exact[FIB_MAX_LEAF];

	for (i = 0; i < list->n; i++) {
		const struct fib_prefix *prefix = &list->route[order[i]].prefix;

		if (prefix->len - block->depth == 64)
			exact[of_64++] = (uint64_t)(fib_key(&prefix->addr) << block->depth >> 64);
	}
	for (i = 0; i < words->m; i++) {
		const struct fib_prefix *prefix = &list->route[order[i]].prefix;
		uint64_t upper = (uint64_t)(fib_key(&prefix->addr) << block->depth >> 64);

		for (j = 0; j < of_64 && exact[j] != upper; j++)
			;
		if (j < of_64)
			continue;
		for (j = 0; j < words->n && words->upper[j] != upper; j++)
			;
		if (j == words->n)
			words->upper[words->n++] = upper;
	}
	words->bare = (uint8_t)words->n;
	memcpy(&words->upper[words->n], exact, of_64 * sizeof(exact[0]));
	words->n += of_64;
	words->full_upper = (uint8_t)words->n;
}

static void words6_fill(const struct fib_list *list, const uint8_t *order,
			const struct fib_block *block, struct words6 *words)
{
	unsigned int i, j, wide;

	words->n = 0;
	words->full_lower = 0;
	for (words->m = 0; words->m < list->n; words->m++) {
		if (list->route[order[words->m]].prefix.len - block->depth <= 64)
			break;
	}
	full_uppers(list, order, block, words);
	fib_dict_init(&words->dict);
	memset(words->which, 0, sizeof(words->which));
	for (i = 0, wide = words->bare; i < list->n; i++) {
		const struct fib_route *route = &list->route[order[i]];
		fib_u128 key = fib_key(&route->prefix.addr) << block->depth;
		unsigned int len = route->prefix.len - block->depth;
		uint8_t which = fib_dict_number(&words->dict, route->nh);

		if (len <= 64) { /* in the order of full_uppers(), then of the list */
			words->upper[wide] = word_of((uint64_t)(key >> 64), len, 64);
			words->which[words->m + wide++] = which;
			continue;
		}
		for (j = 0; words->upper[j] != (uint64_t)(key >> 64); j++)
			;
		words->in[i] = (uint8_t)j;
		words->lower[i] = word_of((uint64_t)key, len - 64, 64);
		words->full_lower = (uint8_t)(words->full_lower + (len == 128));
		words->which[i] = which;
	}
	words->n = wide;
	words->which[words->m + words->n] = fib_dict_number(&words->dict, list->above);
}

static int leaf6_make(struct fib_txn *txn, const struct fib_block *block,
		      const struct fib_list *list, uint64_t *ret_ref)
{
	uint8_t order[FIB_MAX_LEAF], *piece;
	struct fib_leaf6 *head;
	struct words6 words;

	sort_by_length(list, order);
	words6_fill(list, order, block, &words);
	piece = fib_txn_alloc(txn, fib_leaf6_bytes(words.n, words.m, words.dict.n));
	if (piece == NULL)
		return -errno;
	memcpy(piece, words.upper, words.n * sizeof(words.upper[0]));
	memcpy(piece + 8 * words.n, words.lower, words.m * sizeof(words.lower[0]));
	head = (struct fib_leaf6 *)(piece + fib_leaf6_head(words.n, words.m));
	head->bare = words.bare;
	head->full_upper = words.full_upper;
	head->full_lower = words.full_lower;
	memcpy(head->in, words.in, words.m);
	put_values(piece + fib_leaf6_which(words.n, words.m), words.which, words.m + words.n + 1,
		   &words.dict);
	*ret_ref = fib_ref_make(piece, FIB_LEAF, words.n | words.m << 8);
	return 0;
}

int fib_leaf_make(struct fib_txn *txn, const struct fib_block *block, const struct fib_list *list,
		  uint64_t *ret_ref)
{
	if (list->n == 0) {
		*ret_ref = fib_ref_imm(list->above);
		return 0;
	}
	if (txn->fib->family == FIB_IPV4)
		return leaf4_make(txn, block, list, ret_ref);
	return leaf6_make(txn, block, list, ret_ref);
}
