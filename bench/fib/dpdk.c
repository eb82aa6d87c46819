/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same routes and lookups in DPDK's rte_lpm, rte_fib and rte_fib6, in the same run. Their next
 * hops are numbers below 1024 here, so what they found is compared by that.
 *
 * EAL starts once, without huge pages and devices; the memory that it mapped is then advised to be
 * huge, so that pages are no reason for a difference.
 */
#include "tables.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REPEATS 5u
#define BURST   64u      /* addresses a call; rte_fib prefers many */
#define BASE    1000000u /* tables_bgp() begins there */

static int advise(const struct rte_memseg_list *list, const struct rte_memseg *seg, void *arg)
{
	madvise(seg->addr, seg->len, MADV_HUGEPAGE);
	return 0;
}

static bool eal_start(int cpu)
{
	static char arg[][32] = { "nsplane-bench",  "--no-huge",  "--no-shconf",
				  "--no-pci",       "-m",         "2000",
				  "--no-telemetry", "--lcores=0", "--log-level=lib.eal:error" };
	static char *argv[16];
	static int state; /* 1: runs, -1: does not */
	unsigned int i;

	for (i = 0; i < sizeof(arg) / sizeof(arg[0]); i++)
		argv[i] = arg[i];
	if (state == 0) {
		state = rte_eal_init((int)i, argv) < 0 ? -1 : 1;
		if (state > 0)
			rte_memseg_walk(advise, NULL);
		bench_pin(cpu); /* EAL has moved the thread */
	}
	return state > 0;
}

/* How many of the lookups found what ours found. */
static uint32_t agree(const struct bench_lookups *look, const uint64_t *nh)
{
	uint32_t i, n = 0;

	for (i = 0; i < look->n; i++)
		n += (look->nh[i] == FIB_NH_NONE ? 0 : look->nh[i] - BASE + 1) == nh[i];
	return n;
}

static void report(struct report *rep, const char *group, const char *name,
		   const struct stat_set *set, const struct bench_lookups *look, const uint64_t *nh)
{
	report_add(rep, group, name, set, "ns", agree(look, nh) == look->n, "same routes");
}

static void with_lpm(struct report *rep, const char *group, const struct bench_lookups *look,
		     const struct fib_route *route, uint32_t n, uint64_t *nh)
{
	struct rte_lpm_config config = { .max_rules = n + 1024, .number_tbl8s = 32768 };
	struct rte_lpm *lpm = rte_lpm_create("bench", -1, &config);
	struct stat_set set = { 0 };
	uint32_t i, k, r, hop[BURST];
	uint64_t t0;

	for (i = 0; lpm && i < n; i++) {
		if (rte_lpm_add(lpm, (uint32_t)(route[i].prefix.addr.hi >> 32), route[i].prefix.len,
				route[i].nh - BASE + 1))
			break;
	}
	for (r = 0; lpm && i == n && r < REPEATS; r++) {
		t0 = fib_cpu_ns();
		for (k = 0; k < look->n; k += BURST) {
			rte_lpm_lookup_bulk(lpm, look->dst4 + k, hop, BURST);
			for (i = 0; i < BURST; i++)
				nh[k + i] = hop[i] & RTE_LPM_LOOKUP_SUCCESS ? hop[i] & 0xffffff : 0;
		}
		stat_add(&set, (double)(fib_cpu_ns() - t0) / look->n);
		i = n;
	}
	report(rep, group, "rte_lpm, 67 MB and more", &set, look, nh);
	rte_lpm_free(lpm);
}

static void with_fib(struct report *rep, const char *group, const struct bench_lookups *look,
		     const struct fib_route *route, uint32_t n, uint64_t *nh)
{
	struct rte_fib_conf config = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = (int)n * 2,
		.dir24_8 = { .nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = 32768 },
	};
	struct rte_fib *fib = rte_fib_create("bench", -1, &config);
	struct stat_set set = { 0 };
	uint32_t i, k, r;
	uint64_t t0;

	for (i = 0; fib && i < n; i++) {
		if (rte_fib_add(fib, (uint32_t)(route[i].prefix.addr.hi >> 32), route[i].prefix.len,
				route[i].nh - BASE + 1))
			break;
	}
	for (r = 0; fib && i == n && r < REPEATS; r++) {
		t0 = fib_cpu_ns();
		for (k = 0; k < look->n; k += BURST)
			rte_fib_lookup_bulk(fib, look->dst4 + k, nh + k, BURST);
		stat_add(&set, (double)(fib_cpu_ns() - t0) / look->n);
	}
	report(rep, group, "rte_fib, dir24_8, 67 MB and more", &set, look, nh);
	rte_fib_free(fib);
}

static void put_addr(uint8_t at[16], struct fib_addr addr)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		at[i] = (uint8_t)(addr.hi >> (56 - 8 * i));
		at[8 + i] = (uint8_t)(addr.lo >> (56 - 8 * i));
	}
}

static void with_fib6(struct report *rep, const char *group, const struct bench_lookups *look,
		      const struct fib_route *route, uint32_t n, uint64_t *nh)
{
	struct rte_fib6_conf config = {
		.type = RTE_FIB6_TRIE,
		.max_routes = (int)n * 2,
		.trie = { .nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = 450000 },
	};
	struct rte_fib6 *fib = rte_fib6_create("bench", -1, &config);
	uint8_t(*addr)[16] = malloc(look->n * sizeof(*addr));
	struct stat_set set = { 0 };
	uint32_t i, k, r;
	uint64_t t0;

	for (i = 0; fib && addr && i < n; i++) {
		uint8_t prefix[16];

		put_addr(prefix, route[i].prefix.addr);
		if (rte_fib6_add(fib, prefix, route[i].prefix.len, route[i].nh - BASE + 1))
			break;
	}
	for (k = 0; addr && k < look->n; k++)
		put_addr(addr[k], look->dst6[k]);
	for (r = 0; fib && addr && i == n && r < REPEATS; r++) {
		t0 = fib_cpu_ns();
		for (k = 0; k < look->n; k += BURST)
			rte_fib6_lookup_bulk(fib, addr + k, nh + k, BURST);
		stat_add(&set, (double)(fib_cpu_ns() - t0) / look->n);
	}
	report(rep, group, "rte_fib6, trie, 67 MB and more", &set, look, nh);
	rte_fib6_free(fib);
	free(addr);
}

void bench_fib_dpdk(const struct bench_options *opt, struct report *rep, const char *group,
		    const struct bench_lookups *look, const struct fib_route *route, uint32_t n)
{
	uint64_t *nh = calloc(look->n, sizeof(*nh));

	if (nh && !opt->quick && eal_start(opt->control_cpu)) {
		if (look->family == FIB_IPV4) {
			with_lpm(rep, group, look, route, n, nh);
			with_fib(rep, group, look, route, n, nh);
		} else {
			with_fib6(rep, group, look, route, n, nh);
		}
	}
	free(nh);
}
