/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time for benchmarks: the TSC where the kernel trusts it, else CLOCK_MONOTONIC. Used by every
 * suite; any thread, after clock_setup().
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* Ticks per ns; 1.0 when ticks are ns. w:main before threads start r:any */
extern double clock_ticks_per_ns;
extern int clock_is_tsc;

/* Calibrates against CLOCK_MONOTONIC, about 20 ms. */
void clock_setup(void);

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	if (clock_is_tsc)
		return __rdtsc();
#endif
	return clock_ns();
}

static inline double clock_to_ns(uint64_t ticks)
{
	return (double)ticks / clock_ticks_per_ns;
}

#endif /* BENCH_CLOCK_H */
