/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chooses and calibrates the clock, once, before any thread is started.
 *
 * The TSC is taken only where the kernel itself uses it as its clock source or says that it is
 * invariant; a machine that does not gets CLOCK_MONOTONIC, at about 20 ns a reading.
 */
#include "bench/clock.h"

#include <stdio.h>
#include <string.h>

double clock_ticks_per_ns = 1.0;
int clock_is_tsc;

#define CALIBRATE_NS 20000000u

#if defined(__x86_64__)
static int tsc_is_invariant(void)
{
	char line[4096];
	FILE *f = fopen("/proc/cpuinfo", "re");
	int found = 0;

	if (f == NULL)
		return 0;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, "flags", 5) == 0 && strstr(line, " constant_tsc") != NULL;
	fclose(f);
	return found;
}
#endif

void clock_setup(void)
{
#if defined(__x86_64__)
	uint64_t ns0, ns1, t0, t1;

	if (!tsc_is_invariant())
		return;
	ns0 = clock_ns();
	t0 = __rdtsc();
	do {
		ns1 = clock_ns();
		t1 = __rdtsc();
	} while (ns1 - ns0 < CALIBRATE_NS);
	clock_ticks_per_ns = (double)(t1 - t0) / (double)(ns1 - ns0);
	clock_is_tsc = 1;
#endif
}
