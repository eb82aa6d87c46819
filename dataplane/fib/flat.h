/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routes of one block of addresses as flat, sorted intervals, and leaves made of them.
 *
 * A block is what a piece at some depth decides: the addresses that share their first depth bits.
 */
#ifndef FIB_FLAT_H
#define FIB_FLAT_H

#include "fib_format.h"
#include "rib.h"
#include "txn.h"

struct fib_block {
	fib_u128 key;       /* its first address */
	unsigned int depth; /* bits */
};

static inline fib_u128 fib_block_last(const struct fib_block *block)
{
	return block->key | ~fib_mask(block->depth);
}

struct fib_flat {
	unsigned int n;                   /* starts; the first interval starts at 0 */
	fib_u128 start[FIB_MAX_LEAF];     /* shifted left by the block's depth */
	uint32_t value[FIB_MAX_LEAF + 1]; /* next hops */
};

/**
 * fib_flatten() - intervals of @block
 * @above: next hop where no route longer than the block's depth matches
 * @max:   starts at most, up to FIB_MAX_LEAF
 *
 * Return: false if there are more, or too many routes to tell
 */
bool fib_flatten(const struct fib *fib, const struct fib_block *block, uint32_t above,
		 unsigned int max, struct fib_flat *flat);

/* The leaf, or an immediate where one interval is all. Errors: -ENOMEM, -EDQUOT */
int fib_leaf_make(struct fib_txn *txn, const struct fib_flat *flat, unsigned int depth,
		  uint64_t *ret_ref);

#endif /* FIB_FLAT_H */
