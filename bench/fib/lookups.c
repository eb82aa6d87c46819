/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timed passes of the suite "fib". One thread; tables do not change meanwhile.
 */
#include "lookups.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS 9u
#define VECTORS 2u

static const uint32_t vectors[VECTORS] = { 64, 128 };
static const char *const names[FIB_SIMD_KINDS] = { "C", "AVX2", "AVX-512" };

bool lookups_alloc(struct bench_lookups *look, enum fib_family family, uint32_t n)
{
	look->family = family;
	look->n = n;
	look->ref = calloc(n, sizeof(*look->ref));
	look->nh = calloc(n, sizeof(*look->nh));
	look->dst4 = family == FIB_IPV4 ? calloc(n, sizeof(*look->dst4)) : NULL;
	look->dst6 = family == FIB_IPV6 ? calloc(n, sizeof(*look->dst6)) : NULL;
	return look->ref && look->nh && (look->dst4 || look->dst6);
}

void lookups_free(struct bench_lookups *look)
{
	free(look->ref);
	free(look->nh);
	free(look->dst4);
	free(look->dst6);
}

double lookups_pass(const struct bench_lookups *look, uint32_t vector)
{
	uint64_t t0 = fib_cpu_ns(), t1;
	uint32_t i, next;

	for (i = 0; i < look->n; i += vector) {
		next = i + vector < look->n ? i + vector : 0;
		if (look->family == FIB_IPV4) {
			fib4_prefetch_vec(look->ref + next, look->dst4 + next, vector);
			fib4_lookup_vec(look->ref + i, look->dst4 + i, look->nh + i, vector);
		} else {
			fib6_prefetch_vec(look->ref + next, look->dst6 + next, vector);
			fib6_lookup_vec(look->ref + i, look->dst6 + i, look->nh + i, vector);
		}
	}
	t1 = fib_cpu_ns();
	return (double)(t1 - t0) / look->n;
}

/* Where a ref's address lies in it, see fib_format.h; only to have the same lines. */
static const char *line(uint64_t ref)
{
	return (const char *)(uintptr_t)(ref & 0x0000ffffffffffc0ull);
}

double lookups_bare(const struct bench_lookups *look, uint32_t vector)
{
	uint64_t t0 = fib_cpu_ns(), t1;
	uint32_t i, k, next;

	for (i = 0; i < look->n; i += vector) {
		next = i + vector < look->n ? i + vector : 0;
		for (k = 0; k < vector; k++)
			__builtin_prefetch(line(look->ref[next + k]));
		for (k = 0; k < vector; k++)
			look->nh[i + k] = (uint32_t)*line(look->ref[i + k]);
	}
	t1 = fib_cpu_ns();
	return (double)(t1 - t0) / look->n;
}

uint64_t lookups_sum(const struct bench_lookups *look)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < look->n; i++)
		sum += look->nh[i];
	return sum;
}

double lookups_report(const struct bench_options *opt, struct report *rep, const char *group,
		      struct bench_lookups *look, bool bare, bool *ret_ok)
{
	struct stat_set set[FIB_SIMD_KINDS][VECTORS] = { 0 }, line_set[VECTORS] = { 0 };
	enum fib_simd best = fib_simd_best(), simd;
	unsigned int r, v;
	char name[64];

	fib_simd_use(FIB_SIMD_SCALAR);
	lookups_pass(look, 128);
	look->expected = lookups_sum(look);
	*ret_ok = look->expected != 0;
	for (r = 0; r < REPEATS && !bench_stopped(); r++) {
		for (v = 0; v < VECTORS; v++) {
			for (simd = FIB_SIMD_SCALAR; simd <= best; simd++) {
				fib_simd_use(simd);
				stat_add(&set[simd][v], lookups_pass(look, vectors[v]));
				*ret_ok &= lookups_sum(look) == look->expected;
			}
			if (bare)
				stat_add(&line_set[v], lookups_bare(look, vectors[v]));
		}
	}
	fib_simd_use(best);
	for (v = 0; v < VECTORS; v++) {
		for (simd = FIB_SIMD_SCALAR; simd <= best; simd++) {
			snprintf(name, sizeof(name), "%s, vectors of %u", names[simd], vectors[v]);
			report_add(rep, group, name, &set[simd][v], "ns", *ret_ok, NULL);
		}
		if (!bare)
			continue;
		snprintf(name, sizeof(name), "one bare line each, vectors of %u", vectors[v]);
		report_add(rep, group, name, &line_set[v], "ns", *ret_ok,
			   "what the machine allows");
	}
	return stat_median(&set[best][VECTORS - 1]);
}
