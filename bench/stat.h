/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics over repeats and samples: median and spread of a few repeats, percentiles of many
 * samples. Used by suites; each set belongs to one thread.
 */
#ifndef BENCH_STAT_H
#define BENCH_STAT_H

#include <stddef.h>
#include <stdint.h>

#define STAT_REPEATS_MAX 64u

/** struct stat_set - results of the repeats of one measurement */
struct stat_set {
	unsigned int n;
	double v[STAT_REPEATS_MAX];
};

void stat_add(struct stat_set *set, double value); /* beyond the maximum: dropped */
double stat_median(const struct stat_set *set);    /* NAN when empty */
double stat_min(const struct stat_set *set);       /* NAN when empty */
/* Half the distance of the quartiles in % of the median; NAN below three repeats. */
double stat_spread(const struct stat_set *set);
/* Median of a[i] / b[i], repeats taken in turns so that a slow moment hits both alike. */
double stat_ratio(const struct stat_set *a, const struct stat_set *b);

/* Sorts @v; then percentile @p (0 .. 100) of it. */
void stat_sort(uint64_t *v, size_t n);
uint64_t stat_percentile(const uint64_t *sorted, size_t n, double p);

#endif /* BENCH_STAT_H */
