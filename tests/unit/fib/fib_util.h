/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the FIB share: a host that counts and fails allocations and frees late, random
 * tables, and a reference that finds the longest prefix in the plainest way.
 */
#ifndef FIB_UTIL_H
#define FIB_UTIL_H

#include "dataplane/fib/fib.h"

/* Memory from aligned_alloc(); what is deferred waits for fib_util_grace(). */
extern const struct fib_host fib_util_host;

struct fib_util_counts {
	size_t allocs;     /* calls since the start */
	size_t fail_at;    /* the call of this number fails; 0: none */
	size_t live_bytes; /* allocated, not yet released */
	size_t charged;    /* allocated, not yet uncharged */
	size_t waiting;    /* deferred frees not yet run */
	size_t published;
	size_t synced; /* grace periods that an undo waited for */
	uint64_t ref;  /* last one published */
};
extern struct fib_util_counts fib_util;

/* A grace period: runs what was deferred. */
void fib_util_grace(void);

/* xorshift64*; never 0 */
uint64_t fib_util_random(uint64_t *state);

/* The reference: one hash of all prefixes, asked for each length, longest first. */
struct fib_model;
struct fib_model *fib_model_new(enum fib_family family);
void fib_model_free(struct fib_model *model);
void fib_model_set(struct fib_model *model, const struct fib_prefix *prefix, uint32_t nh);
uint32_t fib_model_get(const struct fib_model *model, const struct fib_prefix *prefix);
uint32_t fib_model_lookup(const struct fib_model *model, struct fib_addr addr);
size_t fib_model_routes(const struct fib_model *model);

struct fib_addr fib_util_mask(struct fib_addr addr, unsigned int len);

/**
 * fib_util_prefix() - a random prefix
 * @spread: bits that differ between prefixes, at most; few of them make tables dense and nested
 */
struct fib_prefix fib_util_prefix(enum fib_family family, uint64_t *state, unsigned int spread);
/* An address in, or at an edge of, or just outside @prefix; sometimes anywhere. */
struct fib_addr fib_util_near(enum fib_family family, uint64_t *state,
			      const struct fib_prefix *prefix);

/* Asserts that all instruction sets and the model agree on @n addresses near @prefix[]. */
void fib_util_compare(const struct fib *fib, const struct fib_model *model, uint64_t *state,
		      const struct fib_prefix *prefix, size_t prefixes, size_t n);

#endif /* FIB_UTIL_H */
