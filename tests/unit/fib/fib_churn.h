/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Churn of random tables against the reference, shared by the quick and the slow tests.
 */
#ifndef FIB_CHURN_H
#define FIB_CHURN_H

#include "fib_util.h"

/* A random table: what it is chosen from, and how it changes. */
struct fib_shape {
	enum fib_family family;
	unsigned int spread; /* bits, see fib_util_prefix() */
	size_t prefixes;     /* to choose from */
	size_t changes;
	uint32_t next_hops;
	uint64_t seed;
};

/* What a table of this shape chooses from; free() it. */
struct fib_prefix *fib_shape_prefixes(const struct fib_shape *shape, uint64_t *state);
/* Asserts that the table's prefixes in order are exactly the model's. */
void fib_compare_routes(const struct fib *fib, const struct fib_model *model);
/* Frees the table and asserts that nothing is left. */
void fib_nothing_left(struct fib *fib);
/* Grows, stays, shrinks to nothing, so that each form is entered and left; compared all along. */
void fib_churn(const struct fib_shape *shape);

#endif /* FIB_CHURN_H */
