/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making the pieces of a trie from the RIB: painting slots, packing and unpacking chunks.
 *
 * Called by trie_update.c and fib.c under the table's one writer. Nothing here is visible to
 * workers until the caller stores the ref.
 */
#include <errno.h>
#include <string.h>

#include "dict.h"
#include "trie.h"

struct fib_block fib_trie_slot(const struct fib_block *block, unsigned int stride, uint32_t s)
{
	struct fib_block slot = { block->key, block->depth + stride };

	slot.key |= (fib_u128)s << (128 - slot.depth);
	return slot;
}

void fib_trie_paint(const struct fib *fib, const struct fib_block *block, unsigned int stride,
		    uint32_t first, uint32_t last, uint32_t above, uint32_t *ret)
{
	struct fib_block slot = fib_trie_slot(block, stride, first);
	struct fib_pos pos = fib_rib_seek(fib, slot.key, block->depth + 1);
	struct fib_route route;
	uint32_t s, end;

	for (s = first; s <= last; s++)
		ret[s - first] = above;
	slot = fib_trie_slot(block, stride, last);
	while (fib_rib_at(fib, &pos, &route)) {
		fib_u128 key = fib_key(&route.prefix.addr);

		if (key > fib_block_last(&slot))
			break;
		s = (uint32_t)(key << block->depth >> (128 - stride));
		if (route.prefix.len > slot.depth) {
			struct fib_block next;

			ret[s - first] |= FIB_DEEP;
			if (s == last)
				break;
			next = fib_trie_slot(block, stride, s + 1);
			pos = fib_rib_seek(fib, next.key, 0);
			continue;
		}
		end = s + (1u << (slot.depth - route.prefix.len)) - 1;
		for (; s <= end && s <= last; s++)
			ret[s - first] = route.nh;
		pos.i++;
	}
}

/* Does slot @s begin a run? */
static bool run_begins(const struct fib_slots *slots, unsigned int s)
{
	return s == 0 || slots->child[s] || slots->child[s - 1] ||
	       slots->value[s] != slots->value[s - 1];
}

int fib_chunk_make(struct fib_txn *txn, const struct fib_slots *slots, uint32_t dflt,
		   uint64_t *ret_ref)
{
	unsigned int children = 0, values = 0, plain, s;
	uint8_t which[FIB_SLOTS];
	uint64_t bits[4] = { 0 };
	struct fib_chunk *chunk;
	struct fib_dict dict;
	uint64_t *child;

	fib_dict_init(&dict);
	for (s = 0; s < FIB_SLOTS; s++) {
		if (!slots->child[s] && run_begins(slots, s))
			fib_dict_number(&dict, slots->value[s]);
	}
	plain = dict.n;
	for (s = 0; s < FIB_SLOTS; s++) {
		if (!run_begins(slots, s))
			continue;
		bits[s >> 6] |= 1ull << (s & 63);
		which[values++] = slots->child[s] ? (uint8_t)(plain + children++)
						  : fib_dict_number(&dict, slots->value[s]);
	}
	chunk = fib_txn_alloc(txn, fib_chunk_children_at(plain + children, values) + 8 * children);
	if (chunk == NULL)
		return -errno;
	memcpy(chunk->bits, bits, sizeof(bits));
	chunk->dflt = dflt;
	chunk->base[0] = 0;
	for (s = 1; s < 4; s++)
		chunk->base[s] = (uint8_t)(chunk->base[s - 1] + __builtin_popcountll(bits[s - 1]));
	memcpy(chunk->entry, dict.value, plain * sizeof(chunk->entry[0]));
	for (s = 0; s < children; s++)
		chunk->entry[plain + s] = FIB_CHILD | s;
	memcpy(chunk->entry + plain + children, which, values);
	*ret_ref = fib_ref_make(chunk, FIB_CHUNK, plain + children);
	child = fib_chunk_child(*ret_ref);
	for (s = 0; s < FIB_SLOTS; s++) {
		if (slots->child[s])
			*child++ = slots->child[s];
	}
	return 0;
}

static uint32_t chunk_entry(uint64_t ref, unsigned int rank)
{
	const struct fib_chunk *chunk = fib_ref_ptr(ref);

	return chunk->entry[fib_chunk_which(chunk, fib_ref_counts(ref))[rank]];
}

void fib_chunk_read(uint64_t ref, struct fib_slots *slots)
{
	const struct fib_chunk *chunk = fib_ref_ptr(ref);
	const uint64_t *child = fib_chunk_child(ref);
	unsigned int s, rank = 0;
	uint32_t entry = 0;

	for (s = 0; s < FIB_SLOTS; s++) {
		if (chunk->bits[s >> 6] >> (s & 63) & 1)
			entry = chunk_entry(ref, rank++);
		slots->child[s] = entry & FIB_CHILD ? child[entry & ~FIB_CHILD] : 0;
		slots->value[s] = entry & FIB_CHILD ? 0 : entry;
	}
}

uint64_t *fib_chunk_link(uint64_t ref, unsigned int s)
{
	uint32_t entry = chunk_entry(ref, fib_chunk_rank(fib_ref_ptr(ref), s));

	return entry & FIB_CHILD ? fib_chunk_child(ref) + (entry & ~FIB_CHILD) : NULL;
}

static int chunk_from_rib(struct fib_txn *txn, const struct fib_block *block, uint32_t above,
			  uint64_t *ret_ref)
{
	struct fib_slots slots;
	unsigned int s;
	int err;

	fib_trie_paint(txn->fib, block, 8, 0, FIB_SLOTS - 1, FIB_NH_NONE, slots.value);
	for (s = 0; s < FIB_SLOTS; s++) {
		struct fib_block below = fib_trie_slot(block, 8, s);
		uint64_t ref;

		slots.child[s] = 0;
		if (!(slots.value[s] & FIB_DEEP))
			continue;
		slots.value[s] &= ~FIB_DEEP;
		err = fib_trie_make(txn, &below, slots.value[s], &ref);
		if (err)
			return err;
		if (fib_ref_kind(ref) == FIB_IMM)
			slots.value[s] = fib_ref_nh(ref);
		else
			slots.child[s] = ref;
	}
	return fib_chunk_make(txn, &slots, above, ret_ref);
}

int fib_trie_make(struct fib_txn *txn, const struct fib_block *block, uint32_t above,
		  uint64_t *ret_ref)
{
	struct fib_list list;

	if (fib_list_take(txn->fib, block, above, fib_trie_in_leaf(txn->fib), &list))
		return fib_leaf_make(txn, block, &list, ret_ref);
	return chunk_from_rib(txn, block, above, ret_ref);
}

static int direct_from_rib(struct fib_txn *txn, uint32_t dflt, uint64_t *ret_ref)
{
	const struct fib_block root = { 0, 0 };
	struct fib_direct *direct;
	uint32_t part[FIB_SLOTS], s;
	int err;

	direct = fib_txn_alloc(txn, sizeof(*direct));
	if (direct == NULL)
		return -errno;
	for (s = 0; s < 65536; s++) {
		struct fib_block below = fib_trie_slot(&root, 16, s);
		struct fib_route cover;

		if (s % FIB_SLOTS == 0) { /* a /8 at a time */
			bool any = fib_rib_cover(txn->fib, below.key, 1, 7, &cover);

			fib_trie_paint(txn->fib, &root, 16, s, s + FIB_SLOTS - 1,
				       any ? cover.nh : FIB_NH_NONE, part);
		}
		direct->slot[s] = fib_ref_imm(part[s % FIB_SLOTS]);
		if (!(part[s % FIB_SLOTS] & FIB_DEEP))
			continue;
		err = fib_trie_make(txn, &below, part[s % FIB_SLOTS] & ~FIB_DEEP, &direct->slot[s]);
		if (err)
			return err;
	}
	direct->dflt = dflt;
	*ret_ref = fib_ref_make(direct, FIB_DIRECT, 0);
	return 0;
}

int fib_trie_make_root(struct fib_txn *txn, bool direct, uint64_t *ret_ref)
{
	const struct fib_block root = { 0, 0 };
	struct fib_route dflt = { .nh = FIB_NH_NONE };

	fib_rib_cover(txn->fib, 0, 0, 0, &dflt);
	if (direct)
		return direct_from_rib(txn, dflt.nh, ret_ref);
	return chunk_from_rib(txn, &root, dflt.nh, ret_ref);
}

int fib_trie_retire(struct fib_txn *txn, uint64_t ref)
{
	unsigned int i;
	int err;

	if (fib_ref_kind(ref) == FIB_CHUNK) {
		for (i = 0; i < fib_chunk_children(ref); i++) {
			err = fib_trie_retire(txn, fib_chunk_child(ref)[i]);
			if (err)
				return err;
		}
	} else if (fib_ref_kind(ref) == FIB_DIRECT) {
		const struct fib_direct *direct = fib_ref_ptr(ref);

		for (i = 0; i < 65536; i++) {
			err = fib_trie_retire(txn, direct->slot[i]);
			if (err)
				return err;
		}
	}
	return fib_txn_retire(txn, ref);
}
