/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarding form of tables that are too large for one leaf: chunks of 8 bits, below a direct
 * table of 16 bits for very large tables, ending in leaves where little is left.
 *
 * Built from the RIB, which already has the change. Called by fib.c.
 */
#ifndef FIB_TRIE_H
#define FIB_TRIE_H

#include "leaf.h"

#define FIB_SLOTS 256u        /* of a chunk */
#define FIB_DEEP  0x80000000u /* painted: routes longer than the slot lie in it */

/* A chunk unpacked: what each slot says. */
struct fib_slots {
	uint32_t value[FIB_SLOTS];
	uint64_t child[FIB_SLOTS]; /* a leaf or a chunk; 0: the value counts */
};

/* Routes of a leaf below a chunk or direct table, at most: two lines, or three of IPv6. */
static inline unsigned int fib_trie_in_leaf(const struct fib *fib)
{
	return fib->family == FIB_IPV6 ? 16 : FIB_MAX_LEAF;
}

/* trie_build.c: making pieces */

/**
 * fib_trie_paint() - what routes of length depth + 1 .. depth + stride say of slots first .. last
 * @above: value where none matches
 * @ret:   value per slot, FIB_DEEP added where longer routes begin within the slot
 */
void fib_trie_paint(const struct fib *fib, const struct fib_block *block, unsigned int stride,
		    uint32_t first, uint32_t last, uint32_t above, uint32_t *ret);
struct fib_block fib_trie_slot(const struct fib_block *block, unsigned int stride, uint32_t s);

/* A leaf, or a chunk with all that is below it; @above as in fib_list_take(). 0 or -errno. */
int fib_trie_make(struct fib_txn *txn, const struct fib_block *block, uint32_t above,
		  uint64_t *ret_ref);
/* The whole table; -errno. */
int fib_trie_make_root(struct fib_txn *txn, bool direct, uint64_t *ret_ref);
int fib_chunk_make(struct fib_txn *txn, const struct fib_slots *slots, uint32_t dflt,
		   uint64_t *ret_ref);
void fib_chunk_read(uint64_t ref, struct fib_slots *slots);
/* Address of the ref of slot @s's child; NULL: it has none. */
uint64_t *fib_chunk_link(uint64_t ref, unsigned int s);
/* Everything reachable from @ref is unlinked. */
int fib_trie_retire(struct fib_txn *txn, uint64_t ref);

/* trie_update.c: the change of one prefix, which the RIB already has */
int fib_trie_update(struct fib_txn *txn, const struct fib_prefix *prefix);

#endif /* FIB_TRIE_H */
