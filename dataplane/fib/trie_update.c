/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The change of one prefix in a trie: only the piece that decides the prefix's last bits is made
 * anew, and the one word that points to it is stored.
 *
 * Called by fib.c under the table's one writer, after the RIB was changed. A prefix above subtrees
 * changes their default in place; only leaves below it are made anew.
 */
#include <errno.h>

#include "trie.h"

/* Next hop of the longest route of length min .. max over @key. */
static uint32_t cover(const struct fib *fib, fib_u128 key, unsigned int min, unsigned int max)
{
	struct fib_route route;

	if (min > max || !fib_rib_cover(fib, key, min, max, &route))
		return FIB_NH_NONE;
	return route.nh;
}

/*
 * What a slot painted @value shall hold, given what it held: a chunk stays and learns its default,
 * a leaf is made anew, for it has the default in it.
 */
static int below_slot(struct fib_txn *txn, const struct fib_block *slot, uint32_t value,
		      uint64_t old, uint64_t *ret_ref)
{
	int err;

	if ((value & FIB_DEEP) && fib_ref_kind(old) == FIB_CHUNK) {
		struct fib_chunk *chunk = fib_ref_ptr(old);

		*ret_ref = old;
		return fib_txn_store32(txn, &chunk->dflt, value & ~FIB_DEEP);
	}
	if (value & FIB_DEEP)
		err = fib_trie_make(txn, slot, value & ~FIB_DEEP, ret_ref);
	else
		err = 0, *ret_ref = fib_ref_imm(value);
	return err ? err : fib_trie_retire(txn, old);
}

/* The chunk at *link says @slots from now on. */
static int chunk_replace(struct fib_txn *txn, uint64_t *link, const struct fib_slots *slots)
{
	const struct fib_chunk *old = fib_ref_ptr(*link);
	uint64_t ref;
	int err;

	err = fib_chunk_make(txn, slots, old->dflt, &ref);
	if (!err)
		err = fib_txn_retire(txn, *link);
	return err ? err : fib_txn_store(txn, link, ref);
}

static void slot_set(struct fib_slots *slots, unsigned int s, uint64_t ref)
{
	bool imm = fib_ref_kind(ref) == FIB_IMM;

	slots->value[s] = imm ? fib_ref_nh(ref) : 0;
	slots->child[s] = imm ? 0 : ref;
}

/* @prefix ends within the 8 bits of the chunk at *link. */
static int chunk_paint(struct fib_txn *txn, uint64_t *link, const struct fib_block *block,
		       const struct fib_prefix *prefix)
{
	fib_u128 key = fib_key(&prefix->addr);
	unsigned int s = (unsigned int)(key << block->depth >> 120), first = s;
	unsigned int last = s + (1u << (block->depth + 8 - prefix->len)) - 1;
	uint32_t above = cover(txn->fib, key, block->depth + 1, prefix->len - 1u);
	uint32_t value[FIB_SLOTS];
	struct fib_slots slots;
	int err;

	fib_chunk_read(*link, &slots);
	fib_trie_paint(txn->fib, block, 8, first, last, above, value);
	for (; s <= last; s++) {
		struct fib_block slot = fib_trie_slot(block, 8, s);
		uint64_t ref;

		err = below_slot(txn, &slot, value[s - first], slots.child[s], &ref);
		if (err)
			return err;
		slot_set(&slots, s, ref);
	}
	return chunk_replace(txn, link, &slots);
}

/* @prefix is longer than the slot it lies in, which has no chunk. */
static int chunk_slot(struct fib_txn *txn, uint64_t *link, const struct fib_block *block,
		      const struct fib_prefix *prefix)
{
	fib_u128 key = fib_key(&prefix->addr);
	unsigned int s = (unsigned int)(key << block->depth >> 120);
	struct fib_block slot = fib_trie_slot(block, 8, s);
	uint64_t *child = fib_chunk_link(*link, s), ref;
	struct fib_slots slots;
	int err;

	err = fib_trie_make(txn, &slot, cover(txn->fib, key, block->depth + 1, slot.depth), &ref);
	if (!err && child)
		err = fib_txn_retire(txn, *child);
	if (err)
		return err;
	if (child && fib_ref_kind(ref) != FIB_IMM)
		return fib_txn_store(txn, child, ref);
	fib_chunk_read(*link, &slots);
	if (!child && slots.value[s] == fib_ref_nh(ref) && fib_ref_kind(ref) == FIB_IMM)
		return 0;
	slot_set(&slots, s, ref);
	return chunk_replace(txn, link, &slots);
}

/* Would the chunk at *link do as a leaf by now? Then it becomes one. */
static int chunk_shrink(struct fib_txn *txn, uint64_t *link, const struct fib_block *block,
			bool *ret_done)
{
	const struct fib_chunk *chunk = fib_ref_ptr(*link);
	struct fib_list list;
	uint64_t ref;
	int err;

	*ret_done =
		fib_list_take(txn->fib, block, chunk->dflt, fib_trie_in_leaf(txn->fib) / 2, &list);
	if (!*ret_done)
		return 0;
	err = fib_leaf_make(txn, block, &list, &ref);
	if (!err)
		err = fib_trie_retire(txn, *link);
	return err ? err : fib_txn_store(txn, link, ref);
}

/* @prefix ends within the 16 bits of the direct table. */
static int direct_paint(struct fib_txn *txn, struct fib_direct *direct,
			const struct fib_prefix *prefix)
{
	const struct fib_block root = { 0, 0 };
	uint32_t s = (uint32_t)(prefix->addr.hi >> 48), part[FIB_SLOTS], i, n;
	uint32_t end = s + (1u << (16 - prefix->len));
	int err;

	for (; s < end; s += n) {
		fib_u128 key = fib_trie_slot(&root, 16, s).key;
		/* in parts of a /8 at most, above which a short prefix itself may be */
		unsigned int max = prefix->len > 8 ? prefix->len - 1u : 7;

		n = end - s < FIB_SLOTS ? end - s : FIB_SLOTS;
		fib_trie_paint(txn->fib, &root, 16, s, s + n - 1, cover(txn->fib, key, 1, max),
			       part);
		for (i = 0; i < n; i++) {
			struct fib_block slot = fib_trie_slot(&root, 16, s + i);
			uint64_t old = direct->slot[s + i], ref;

			err = below_slot(txn, &slot, part[i], old, &ref);
			if (!err && ref != old)
				err = fib_txn_store(txn, &direct->slot[s + i], ref);
			if (err)
				return err;
		}
	}
	return 0;
}

/* The slot at *link of the direct table has no chunk. */
static int direct_slot(struct fib_txn *txn, uint64_t *link, const struct fib_block *slot)
{
	uint64_t ref;
	int err;

	err = fib_trie_make(txn, slot, cover(txn->fib, slot->key, 1, 16), &ref);
	if (!err)
		err = fib_txn_retire(txn, *link);
	return err ? err : fib_txn_store(txn, link, ref);
}

int fib_trie_update(struct fib_txn *txn, const struct fib_prefix *prefix)
{
	struct fib_block block = { 0, 0 };
	uint64_t *link = &txn->fib->ref;
	uint32_t dflt = cover(txn->fib, 0, 0, 0);
	int err;

	if (fib_ref_kind(*link) == FIB_DIRECT) {
		struct fib_direct *direct = fib_ref_ptr(*link);

		if (prefix->len == 0)
			return fib_txn_store32(txn, &direct->dflt, dflt);
		if (prefix->len <= 16)
			return direct_paint(txn, direct, prefix);
		block = fib_trie_slot(&block, 16, (uint32_t)(prefix->addr.hi >> 48));
		link = &direct->slot[prefix->addr.hi >> 48];
		if (fib_ref_kind(*link) != FIB_CHUNK)
			return direct_slot(txn, link, &block);
	} else if (prefix->len == 0) {
		return fib_txn_store32(txn, &((struct fib_chunk *)fib_ref_ptr(*link))->dflt, dflt);
	}
	for (;;) {
		unsigned int s = (unsigned int)(fib_key(&prefix->addr) << block.depth >> 120);
		bool done = false;
		uint64_t *child;

		err = block.depth > 0 ? chunk_shrink(txn, link, &block, &done) : 0;
		if (err || done)
			return err;
		if (prefix->len <= block.depth + 8)
			return chunk_paint(txn, link, &block, prefix);
		child = fib_chunk_link(*link, s);
		if (child == NULL || fib_ref_kind(*child) != FIB_CHUNK)
			return chunk_slot(txn, link, &block, prefix);
		link = child;
		block = fib_trie_slot(&block, 8, s);
	}
}
