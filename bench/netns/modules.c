/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules that come and go over 100,000 live tenants, and what it costs when their slot arrays
 * have to grow for it.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS  5u
#define GROW_OPS 48u /* enough to see the array grow several times */

static double per_tenant(uint64_t t0, uint64_t t1, unsigned int n)
{
	return (double)(t1 - t0) / (n + 1);
}

static void come_and_go(const struct bench_options *opt, struct report *rep, const char *group,
			unsigned int n)
{
	struct stat_set reg = { 0 }, unreg = { 0 };
	struct fix_count n0, n1, n2;
	uint64_t t0, t1, t2;
	bool ok = true;
	unsigned int r;

	for (r = 0; r < REPEATS && !bench_stopped(); r++) {
		fix_count(&n0);
		t0 = clock_ns();
		ok &= fix_modules_register(1) == 0;
		t1 = clock_ns();
		fix_count(&n1);
		ok &= fix_modules_unregister() == 0;
		t2 = clock_ns();
		fix_count(&n2);
		ok &= n1.inits - n0.inits == n + 1 && n2.exits - n0.exits == n + 1 && n2.wrong == 0;
		stat_add(&reg, per_tenant(t0, t1, n));
		stat_add(&unreg, per_tenant(t1, t2, n));
	}
	report_add(rep, group, "register, a tenant", &reg, "ns", ok, "64 B of data each");
	report_add(rep, group, "unregister, a tenant", &unreg, "ns", ok, NULL);
}

static unsigned int grow_id[GROW_OPS];
static struct netns_ops grow_ops[GROW_OPS];

/* What the array of the root namespace reaches; 0 without one. */
static unsigned int slots_len(void)
{
	const struct netns_slots *slots =
		__atomic_load_n(&netns_init_ns()->slots, __ATOMIC_ACQUIRE);

	return slots ? slots->len : 0;
}

static void growth(const struct bench_options *opt, struct report *rep, const char *group,
		   unsigned int n)
{
	struct stat_set still = { 0 }, grown = { 0 };
	unsigned int i, len = slots_len(), done;
	char note[96];
	bool ok = true;

	for (done = 0; done < GROW_OPS && ok && !bench_stopped(); done++) {
		uint64_t t0, t1;

		grow_ops[done] = (struct netns_ops){
			.name = "bench-grow",
			.id = &grow_id[done],
			.flags = NETNS_OPS_VALUE,
		};
		t0 = clock_ns();
		ok = netns_subsys_register(&grow_ops[done]) == 0;
		t1 = clock_ns();
		/* all tenants' arrays grow together, the root's stands for them */
		stat_add(slots_len() != len ? &grown : &still, per_tenant(t0, t1, n));
		len = slots_len();
	}
	ok &= bench_stopped() || (grown.n > 0 && len >= GROW_OPS - NETNS_SLOTS_INLINE);
	snprintf(note, sizeof(note), "%u times, to %u slots beyond the inline ones", grown.n, len);
	report_add(rep, group, "register a value slot, no growth, a tenant", &still, "ns", ok,
		   NULL);
	report_add(rep, group, "register a value slot, arrays grow, a tenant", &grown, "ns", ok,
		   note);
	for (i = done; i-- > 0;)
		netns_subsys_unregister(&grow_ops[i]);
}

void bench_netns_modules(const struct bench_options *opt, struct report *rep)
{
	unsigned int n = opt->quick ? 10000 : 100000;
	struct netns **ns = calloc(n, sizeof(struct netns *));
	char group[72];

	snprintf(group, sizeof(group), "modules come and go, %u live tenants", n);
	if (ns == NULL || !bench_group(opt, group) || fix_start(opt) != 0)
		goto free_ns;
	if (fix_create(ns, n) == 0) {
		come_and_go(opt, rep, group, n);
		if (bench_group(opt, "modules: growth of slots"))
			growth(opt, rep, group, n);
		fix_destroy(ns, n);
	}
	fix_stop();
free_ns:
	free(ns);
}
