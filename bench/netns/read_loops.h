/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The measured loops of slot reads. Each adds up the words that it reads, so that the sum proves
 * which data was visited. In a file of their own so that the compiler sees no caller: what is
 * constant there must not become constant here.
 */
#ifndef BENCH_NETNS_READ_LOOPS_H
#define BENCH_NETNS_READ_LOOPS_H

#include <stdint.h>

#include "fixture.h"

/** struct read_seq - tenants in the order of the visits, and the same for the bare array */
struct read_seq {
	struct netns **ns;
	uint64_t *handle;
	uint32_t *index;
	unsigned int n;   /* visits */
	unsigned int id;  /* slot that holds a pointer to fix_data */
	unsigned int vid; /* slot that holds the word itself */
	struct fix_data *bare;
	struct fix_data **pointers; /* by index, to bare */
	unsigned int vec;           /* tenants a vector */
};

/* One tenant, @n times. */
uint64_t loop_bare(struct fix_data *const *ptr, uint64_t n);
uint64_t loop_generic(const struct netns *ns, unsigned int id, uint64_t n);
uint64_t loop_generic_id(const struct netns *ns, const unsigned int *id, uint64_t n);
uint64_t loop_value(const struct netns *ns, unsigned int id, uint64_t n);

/* The whole sequence, one after the other. */
uint64_t scalar_bare(const struct read_seq *seq);
uint64_t scalar_generic(const struct read_seq *seq);

/* The whole sequence, in vectors with prefetch. */
uint64_t vector_bare(const struct read_seq *seq);
uint64_t vector_pointers(const struct read_seq *seq);
uint64_t vector_generic(const struct read_seq *seq);
uint64_t vector_value(const struct read_seq *seq);
/* From handles instead of pointers. */
uint64_t vector_resolve(const struct read_seq *seq);

#endif /* BENCH_NETNS_READ_LOOPS_H */
