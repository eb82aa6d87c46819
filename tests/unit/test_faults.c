/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection: every allocation and every init in turn fails during creation, batches,
 * registration, growth and the start of the library. Each time nothing is left, by the census, and
 * the next attempt succeeds. After success everything is taken back and must be as before, too.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "netns/fault.h"
#include "support.h"

#define OPS     3u
#define BATCH   5u
#define TOO_FAR 2000u /* allocations: no attempt needs that many */

/*
 * Runs @attempt with the first allocation failing, then the second, until one run saw no failure.
 * @attempt returns 0, or -ENOMEM having left nothing; @undo takes back what a success made.
 */
static void fail_each_allocation(const char *what, int (*attempt)(void), void (*undo)(void))
{
	struct census before;
	uint64_t nth, seen, failures = 0;
	int ret;

	/* once without faults: what is kept for reuse is there afterwards */
	ret = attempt();
	cr_assert_eq(ret, 0, "%s fails without a fault: %d", what, ret);
	undo();
	census_take(&before);
	for (nth = 1; nth < TOO_FAR; nth++) {
		char label[64];

		netns_fault_arm(nth);
		ret = attempt();
		seen = netns_fault_seen();
		netns_fault_arm(0);
		snprintf(label, sizeof(label), "%s, allocation %lu", what, nth);
		cr_assert(ret == 0 || ret == -ENOMEM, "%s: %d", label, ret);
		failures += ret != 0;
		if (ret == 0)
			undo();
		census_expect(&before, label);
		if (seen < nth)
			break;
		ret = attempt();
		cr_assert_eq(ret, 0, "%s: the next attempt fails: %d", label, ret);
		undo();
		census_expect(&before, label);
	}
	cr_assert_lt(nth, TOO_FAR, "%s allocates without end", what);
	cr_assert_gt(failures, 0, "%s: no allocation could be made to fail", what);
	cr_assert_eq(rec_faults(), 0, "%s: data missing or changed", what);
}

static unsigned int more_id[64];
static struct netns_ops more[64];

static void start(void)
{
	unsigned int i;

	lib_up();
	for (i = 0; i < OPS; i++)
		cr_assert_eq(netns_subsys_register(rec_ops(i, 64u << i)), 0);
}

static void leave(void)
{
	unsigned int i;

	for (i = OPS; i-- > 0;)
		cr_assert_eq(netns_subsys_unregister(&rec[i].ops), 0);
	for (i = 0; i < OPS; i++)
		cr_assert_eq(rec[i].inits, rec[i].exits, "operation %u: %u inits, %u exits", i,
			     rec[i].inits, rec[i].exits);
	lib_down();
}

static struct netns *made[BATCH];

static int create_named(void)
{
	struct netns_config config = { .name = "blue", .owner_uid = 1001 };

	return netns_create(&config, &made[0]);
}

static void put_one(void)
{
	tenant_gone(made[0]);
}

Test(faults, each_allocation_of_create, .timeout = 60)
{
	test_options.max_tenants_per_owner = 1; /* an eaten place or name would show */
	start();
	fail_each_allocation("create", create_named, put_one);
	cr_assert_null(netns_find_by_name("blue"));
	leave();
}

static void register_value(unsigned int i)
{
	memset(&more[i], 0, sizeof(more[i]));
	more[i].id = &more_id[i];
	more[i].flags = NETNS_OPS_VALUE;
	cr_assert_eq(netns_subsys_register(&more[i]), 0);
}

static void register_values(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		register_value(i);
}

static void unregister_values(unsigned int n)
{
	while (n-- > 0)
		cr_assert_eq(netns_subsys_unregister(&more[n]), 0);
}

Test(faults, each_allocation_of_create_with_a_grown_array, .timeout = 60)
{
	start();
	register_values(20);
	fail_each_allocation("create, 23 slots", create_named, put_one);
	unregister_values(20);
	leave();
}

static int create_batch(void)
{
	static char name[BATCH][8];
	struct netns_config config[BATCH] = { 0 };
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		snprintf(name[i], sizeof(name[i]), "b%u", i);
		config[i].name = name[i];
	}
	return netns_create_many(config, BATCH, made);
}

static void put_batch(void)
{
	netns_put_many(made, BATCH);
	settle();
}

Test(faults, each_allocation_of_create_many, .timeout = 60)
{
	start();
	fail_each_allocation("create_many", create_batch, put_batch);
	leave();
}

static int register_d(void)
{
	int ret;

	rec_ops(OPS, 320);
	ret = netns_subsys_register(&rec[OPS].ops);
	if (ret != 0 && rec[OPS].id != ~0u)
		return -EPROTO; /* a stale id */
	return ret;
}

static void unregister_d(void)
{
	cr_assert_eq(netns_subsys_unregister(&rec[OPS].ops), 0);
}

Test(faults, each_allocation_of_register, .timeout = 60)
{
	start();
	cr_assert_eq(create_batch(), 0);
	fail_each_allocation("register", register_d, unregister_d);
	cr_assert_eq(rec[OPS].inits, rec[OPS].exits);
	put_batch();
	leave();
}

static int register_d_with_lcores(void)
{
	int ret;

	rec_ops(OPS, 64);
	rec[OPS].ops.lcore_size = 100;
	ret = netns_device_register(&rec[OPS].ops);
	if (ret != 0 && rec[OPS].id != ~0u)
		return -EPROTO;
	return ret;
}

Test(faults, each_allocation_of_register_with_lcore_blocks, .timeout = 60)
{
	test_options.max_tenants = 16;
	test_options.max_lcores = 2;
	start();
	cr_assert_eq(create_batch(), 0);
	fail_each_allocation("register, lcores", register_d_with_lcores, unregister_d);
	put_batch();
	leave();
}

static struct netns_ops grow;
static unsigned int grow_id;

/* Registers what makes every array grow, with the @nth allocation failing. */
static int grow_with_fault(uint64_t nth, uint64_t *ret_seen)
{
	int ret;

	memset(&grow, 0, sizeof(grow));
	grow.id = &grow_id;
	grow.size = 100;
	netns_fault_arm(nth);
	ret = netns_subsys_register(&grow);
	*ret_seen = netns_fault_seen();
	netns_fault_arm(0);
	return ret;
}

static uint64_t bytes_charged(const struct netns *ns)
{
	uint64_t limit, used = 0;

	cr_assert_eq(netns_quota_get(ns, NETNS_QUOTA_BYTES, &limit, &used), 0);
	return used;
}

/* Out of memory leaves the old array intact: every value in it is as before. */
Test(faults, each_allocation_of_growth, .timeout = 60)
{
	unsigned int i, n = NETNS_SLOTS_INLINE - OPS + 1, nth, failures = 0;
	uint64_t seen = 0, charged;

	start();
	register_values(n);
	cr_assert_eq(create_batch(), 0);
	cr_assert_not_null(made[0]->slots);
	/* fill the arrays up to the last slot, so that the next one makes them grow */
	for (; n + OPS - NETNS_SLOTS_INLINE < made[0]->slots->len; n++)
		register_value(n);
	put_batch();
	for (nth = 1; seen >= nth - 1 && nth < TOO_FAR; nth++) {
		/* new ones each time: an array that has grown stays so */
		cr_assert_eq(create_batch(), 0);
		for (i = 0; i < n; i++)
			netns_value_set(made[BATCH - 1], more_id[i], 1000 + i);
		charged = bytes_charged(made[BATCH - 1]) + bytes_charged(netns_init_ns());
		failures += grow_with_fault(nth, &seen) == -ENOMEM;
		for (i = 0; i < n; i++)
			cr_assert_eq(netns_value(made[BATCH - 1], more_id[i]), 1000 + i,
				     "value %u, allocation %u", i, nth);
		cr_assert_eq(grow_id == ~0u, nth <= seen && failures == nth, "id %u", grow_id);
		if (grow_id != ~0u)
			cr_assert_eq(netns_subsys_unregister(&grow), 0);
		cr_assert_eq(bytes_charged(made[BATCH - 1]) + bytes_charged(netns_init_ns()),
			     charged, "bytes stay charged, allocation %u", nth);
		put_batch();
	}
	cr_assert_geq(failures, BATCH, "growth failed %u times only", failures);
	unregister_values(n);
	leave();
}

Test(faults, each_init_of_create_many_and_register, .timeout = 60)
{
	struct census before;
	unsigned int op, nth;

	start();
	cr_assert_eq(create_batch(), 0);
	put_batch();
	census_take(&before);
	for (op = 0; op < OPS; op++) {
		for (nth = 1; nth <= BATCH; nth++) {
			rec[op].fail_nth = nth;
			rec[op].fail_with = -EIO;
			cr_assert_eq(create_batch(), -EIO, "op %u, init %u", op, nth);
			rec[op].exits++; /* the failing init has none */
			census_expect(&before, "a failed init of create_many");
			cr_assert_eq(create_batch(), 0);
			put_batch();
		}
	}
	cr_assert_eq(create_batch(), 0);
	census_take(&before);
	for (nth = 1; nth <= BATCH + 1; nth++) {
		rec[OPS].fail_nth = nth;
		rec[OPS].fail_with = -EIO;
		cr_assert_eq(register_d(), -EIO, "init %u", nth);
		census_expect(&before, "a failed init of register");
		cr_assert_eq(register_d(), 0);
		unregister_d();
		census_expect(&before, "the next registration");
	}
	cr_assert_eq(rec_faults(), 0);
	put_batch();
	leave();
}

static int rename_it(void)
{
	return netns_name_set(netns_init_ns(), "a-name-for-the-root");
}

static void unname_it(void)
{
	cr_assert_eq(netns_name_set(netns_init_ns(), NULL), 0);
}

Test(faults, each_allocation_of_renaming, .timeout = 60)
{
	start();
	fail_each_allocation("name_set", rename_it, unname_it);
	leave();
}

/* The root's setup failing is fatal to the start, which then leaves nothing and can be tried again.
 */
Test(faults, each_allocation_of_starting_the_library, .timeout = 60)
{
	uint64_t nth, seen, failures = 0;
	int ret;

	for (nth = 1; nth < TOO_FAR; nth++) {
		netns_fault_arm(nth);
		ret = netns_lib_init(&test_options);
		seen = netns_fault_seen();
		netns_fault_arm(0);
		if (ret == 0)
			lib_down();
		else
			cr_assert_eq(netns_lib_fini(), -EINVAL, "half started");
		if (seen < nth)
			break;
		cr_assert_eq(ret, -ENOMEM, "allocation %lu: %d", nth, ret);
		failures++;
		lib_up();
		tenant_gone(tenant("blue"));
		lib_down();
	}
	cr_assert_lt(nth, TOO_FAR);
	cr_assert_gt(failures, 0);
}

/* Deleting cannot fail: no allocation at all lies on the way out. */
Test(faults, putting_and_unregistering_work_without_memory, .timeout = 60)
{
	struct census before;
	unsigned int nth;

	start();
	census_take(&before);
	for (nth = 1; nth <= 6; nth++) {
		cr_assert_eq(create_batch(), 0);
		cr_assert_eq(register_d(), 0);
		netns_fault_arm(nth);
		put_batch();
		unregister_d();
		netns_fault_arm(0);
		census_expect(&before, "after leaving without memory");
	}
	cr_assert_eq(rec_faults(), 0);
	leave();
}
