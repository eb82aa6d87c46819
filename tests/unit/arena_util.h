/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the arena share: options whose log is kept, the process's memory, and a small
 * generator of numbers whose seed is printed. Each test starts and ends the arena itself.
 */
#ifndef ARENA_UTIL_H
#define ARENA_UTIL_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns/arena.h"
#include "netns/asan.h"
#include "netns/tenant.h"

struct kept_log {
	unsigned int warnings, errors; /* lines of that level */
	char text[4096];               /* all lines, as far as they fit */
};

static inline void keep_log(int level, const char *text, void *arg)
{
	struct kept_log *kept = arg;
	size_t len = strlen(kept->text);

	kept->errors += level == 0;
	kept->warnings += level == 1;
	snprintf(kept->text + len, sizeof(kept->text) - len, "%s\n", text);
}

/* Starts the arena; what it logs goes to @kept from now on. */
static inline void start_arena(struct kept_log *kept, bool no_hugetlb, bool no_thp)
{
	memset(kept, 0, sizeof(*kept));
	memset(&netns_opts, 0, sizeof(netns_opts));
	netns_opts.log = keep_log;
	netns_opts.log_arg = kept;
	netns_opts.no_hugetlb = no_hugetlb;
	netns_opts.no_thp = no_thp;
	netns_opts.max_lcores = 2;
	netns_opts.max_tenants = 1u << 20;
	cr_assert_eq(arena_init(&netns_opts), 0);
}

static inline uint64_t used_bytes(void)
{
	struct arena_usage usage;

	arena_usage(&usage);
	return usage.used;
}

static inline uint64_t reserved_bytes(void)
{
	struct arena_usage usage;

	arena_usage(&usage);
	return usage.reserved;
}

static inline uint64_t resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	cr_assert_not_null(file);
	cr_assert_eq(fscanf(file, "%lu %lu", &size, &resident), 2);
	fclose(file);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static inline uint64_t next_random(uint64_t *state)
{
	/* xorshift64*; @state is not 0 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

#endif /* ARENA_UTIL_H */
