/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Medians, spreads and percentiles. Plain arithmetic without shared state.
 */
#include "bench/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void stat_add(struct stat_set *set, double value)
{
	if (set->n < STAT_REPEATS_MAX)
		set->v[set->n++] = value;
}

/* Value at @p (0 .. 1) of the sorted repeats, interpolated. */
static double quantile(const struct stat_set *set, double p)
{
	double v[STAT_REPEATS_MAX], at;
	unsigned int low;

	if (set->n == 0)
		return NAN;
	memcpy(v, set->v, set->n * sizeof(v[0]));
	qsort(v, set->n, sizeof(v[0]), compare_double);
	at = p * (set->n - 1);
	low = (unsigned int)at;
	if (low + 1 >= set->n)
		return v[set->n - 1];
	return v[low] + (at - low) * (v[low + 1] - v[low]);
}

double stat_median(const struct stat_set *set)
{
	return quantile(set, 0.5);
}

double stat_min(const struct stat_set *set)
{
	return quantile(set, 0);
}

double stat_spread(const struct stat_set *set)
{
	double median = stat_median(set);

	if (set->n < 3 || median <= 0)
		return NAN;
	return 50.0 * (quantile(set, 0.75) - quantile(set, 0.25)) / median;
}

double stat_ratio(const struct stat_set *a, const struct stat_set *b)
{
	struct stat_set ratios = { 0 };
	unsigned int i;

	for (i = 0; i < a->n && i < b->n; i++)
		stat_add(&ratios, a->v[i] / b->v[i]);
	return stat_median(&ratios);
}

void stat_sort(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), compare_u64);
}

uint64_t stat_percentile(const uint64_t *sorted, size_t n, double p)
{
	size_t rank;

	if (n == 0)
		return 0;
	rank = (size_t)ceil(p / 100.0 * (double)n);
	return sorted[rank == 0 ? 0 : rank - 1];
}
