/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says this process occupies: resident pages, those of hugetlbfs included, which
 * VmRSS leaves out.
 */
#ifndef BENCH_NETNS_PROCMEM_H
#define BENCH_NETNS_PROCMEM_H

#include <stdio.h>
#include <string.h>

/* Bytes; 0 if /proc does not tell. */
static inline unsigned long long procmem_resident(void)
{
	unsigned long long kib, sum = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %llu", &kib) == 1 ||
		    sscanf(line, "HugetlbPages: %llu", &kib) == 1)
			sum += kib * 1024;
	}
	fclose(f);
	return sum;
}

#endif /* BENCH_NETNS_PROCMEM_H */
