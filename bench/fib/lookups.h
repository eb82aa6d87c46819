/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timed passes over a sequence of lookups, in vectors: the next vector's lines are asked for before
 * this vector is looked up, as the stages of a worker do it.
 */
#ifndef BENCH_FIB_LOOKUPS_H
#define BENCH_FIB_LOOKUPS_H

#include "tables.h"

/* Room for @n lookups, or false; free also after failure. */
bool lookups_alloc(struct bench_lookups *look, enum fib_family family, uint32_t n);
void lookups_free(struct bench_lookups *look);

/* One pass with the chosen instruction set. Return: ns a lookup; look->nh is filled */
double lookups_pass(const struct bench_lookups *look, uint32_t vector);
/* One line of memory a lookup, the first of its table, fetched in the same way, and nothing else.
 */
double lookups_bare(const struct bench_lookups *look, uint32_t vector);
uint64_t lookups_sum(const struct bench_lookups *look);

/*
 * Repeats for vectors of 64 and 128 and each instruction set, in turns; adds the rows.
 * @bare: also measure lookups_bare()
 * Return: median of the best set at vectors of 128, ns; *ret_ok: all sets found the same
 */
double lookups_report(const struct bench_options *opt, struct report *rep, const char *group,
		      struct bench_lookups *look, bool bare, bool *ret_ok);

#endif /* BENCH_FIB_LOOKUPS_H */
