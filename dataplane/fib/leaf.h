/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routes of one block of addresses as a short list, and leaves made of it.
 *
 * A block is what a piece at some depth decides: the addresses that share their first depth bits.
 */
#ifndef FIB_LEAF_H
#define FIB_LEAF_H

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

/* Routes longer than the block's depth, in the RIB's order. */
struct fib_list {
	unsigned int n;
	uint32_t above; /* next hop where none of them matches */
	struct fib_route route[FIB_MAX_LEAF];
};

/**
 * fib_list_take() - the routes of @block
 * @above: next hop where no route longer than the block's depth matches
 * @max:   routes at most, up to FIB_MAX_LEAF
 *
 * At the root, the default route takes the place of @above.
 * Return: false if there are more
 */
bool fib_list_take(const struct fib *fib, const struct fib_block *block, uint32_t above,
		   unsigned int max, struct fib_list *list);

/* The leaf, or an immediate where there are no routes. Errors: -ENOMEM, -EDQUOT */
int fib_leaf_make(struct fib_txn *txn, const struct fib_block *block, const struct fib_list *list,
		  uint64_t *ret_ref);

#endif /* FIB_LEAF_H */
