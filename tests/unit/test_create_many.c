/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches: netns_create_many() makes all or none, netns_put_many() hands all over at once, and both
 * pay for locks and grace periods once.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "support.h"

#define N 20u

enum { A, B };

static char names[N][16];
static struct netns_config configs[N];
static struct netns *const untouched = (struct netns *)(uintptr_t)64;
static struct netns *ns[N];

static void prepare(void)
{
	unsigned int i;

	for (i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "many-%u", i);
		configs[i].name = names[i];
		ns[i] = untouched;
	}
}

static void two_ops(void)
{
	prepare();
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	cr_assert_eq(netns_device_register(rec_ops(B, 64)), 0);
	rec_clear();
}

static void leave(void)
{
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}

static void expect_none(int want)
{
	struct census before;
	unsigned int i;
	int ret;

	census_take(&before);
	ret = netns_create_many(configs, N, ns);
	cr_assert_eq(ret, want, "%d instead of %d", ret, want);
	settle();
	for (i = 0; i < N; i++) {
		cr_assert_eq(ns[i], untouched, "output %u touched on failure", i);
		cr_assert_null(netns_find_by_name(names[i]), "%s is left", names[i]);
	}
	census_expect(&before, "after a batch that failed");
}

Test(create_many, makes_them_all)
{
	struct netns_stats s;
	unsigned int i, k;

	two_ops();
	cr_assert_eq(netns_create_many(configs, N, ns), 0);
	netns_stats(&s);
	cr_assert_eq(s.live, N + 1);
	cr_assert_eq(rec[A].inits, N + 1);
	cr_assert_eq(rec[B].inits, N + 1);
	for (i = 0; i < N; i++) {
		struct netns *found = netns_find_by_name(names[i]);

		cr_assert_eq(found, ns[i], "%s is another", names[i]);
		netns_put(found);
		for (k = 0; k < i; k++)
			cr_assert(ns[i]->index != ns[k]->index && ns[i]->inum != ns[k]->inum);
		cr_assert_not_null(netns_generic(ns[i], rec[B].id));
	}
	netns_put_many(ns, N);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.live, 1);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(rec[A].exits, N);
	leave();
}

Test(create_many, without_configs_makes_nameless_ones)
{
	unsigned int i;

	two_ops();
	cr_assert_eq(netns_create_many(NULL, N, ns), 0);
	for (i = 0; i < N; i++)
		cr_assert_null(netns_name(ns[i]));
	netns_put_many(ns, N);
	settle();
	leave();
}

Test(create_many, an_init_that_fails_in_any_tenant_undoes_all)
{
	static const unsigned int at[] = { 1, 2, N / 2, N };
	unsigned int i, op;

	two_ops();
	for (op = A; op <= B; op++) {
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			uint32_t a = rec[A].inits - rec[A].exits, b = rec[B].inits - rec[B].exits;

			rec[op].fail_nth = at[i];
			rec[op].fail_with = op == A ? -EIO : 3;
			expect_none(op == A ? -EIO : 3);
			/* the failing init has no exit; every other one has exactly one */
			a = rec[A].inits - rec[A].exits - a;
			b = rec[B].inits - rec[B].exits - b;
			cr_assert_eq(a, op == A, "%u inits of A without exit", a);
			cr_assert_eq(b, op == B, "%u inits of B without exit", b);
			cr_assert_eq(rec[A].batched, rec[A].exits);
			cr_assert_eq(rec[B].batched, rec[B].exits);
		}
	}
	cr_assert_eq(netns_create_many(configs, N, ns), 0, "the next attempt fails too");
	netns_put_many(ns, N);
	settle();
	leave();
}

Test(create_many, one_bad_or_taken_name_refuses_all)
{
	struct netns *taken;

	two_ops();
	configs[N / 2].name = "a/b";
	expect_none(-EINVAL);
	configs[N / 2].name = names[3];
	expect_none(-EEXIST);
	configs[N / 2].name = "taken";
	taken = tenant("taken");
	expect_none(-EEXIST);
	tenant_gone(taken);
	configs[N / 2].name = names[N / 2];
	configs[N - 1].numa_node = 100000;
	expect_none(-EINVAL);
	cr_assert_eq(rec[B].exits, rec[B].inits - 1);
	leave();
}

Test(create_many, a_batch_over_the_limit_makes_none)
{
	test_options.max_tenants = N; /* the root counts, so N - 1 fit */
	two_ops();
	expect_none(-ENOSPC);
	cr_assert_eq(netns_create_many(configs, N - 1, ns), 0);
	netns_put_many(ns, N - 1);
	settle();
	leave();
}

Test(create_many, a_batch_over_its_owners_limit_makes_none)
{
	struct netns *one;

	test_options.max_tenants_per_owner = N;
	two_ops();
	one = tenant(NULL);
	expect_none(-ENOSPC);
	tenant_gone(one);
	cr_assert_eq(netns_create_many(configs, N, ns), 0);
	netns_put_many(ns, N);
	settle();
	leave();
}

Test(create_many, put_many_pays_for_grace_periods_and_exit_batch_once)
{
	enum { MANY = 500 };
	static struct netns *many[MANY];
	struct netns_stats before, after;

	two_ops();
	cr_assert_eq(netns_create_many(NULL, MANY, many), 0);
	settle();
	netns_stats(&before);
	netns_put_many(many, MANY);
	settle();
	netns_stats(&after);
	cr_assert_eq(rec[A].exits, MANY);
	cr_assert_eq(rec[A].batches, 1, "%u batches", rec[A].batches);
	cr_assert_leq(after.grace_periods - before.grace_periods, 8, "%lu grace periods",
		      after.grace_periods - before.grace_periods);
	cr_assert_eq(after.destroyed - before.destroyed, MANY);
	leave();
}

Test(create_many, put_many_leaves_those_that_others_hold)
{
	two_ops();
	cr_assert_eq(netns_create_many(configs, N, ns), 0);
	netns_get(ns[7]);
	netns_put_many(ns, N);
	settle();
	cr_assert_eq(rec[A].exits, N - 1);
	cr_assert(netns_is_alive(ns[7]));
	cr_assert_str_eq(netns_name(ns[7]), "many-7");
	tenant_gone(ns[7]);
	leave();
}
