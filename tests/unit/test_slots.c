/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots: growth past the inline ids, what readers see meanwhile, inline values, and that no slot
 * keeps a value for the next owner of its id.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

#define MANY 200u

static struct netns_ops ops[MANY];
static unsigned int id[MANY];

static unsigned int now_registering;

static int check_data(struct netns *ns)
{
	uint64_t *data = netns_generic(ns, id[now_registering]);

	if (data == NULL || ((uintptr_t)data & 63u) != 0 || data[0] != 0 || data[7] != 0)
		return -EFAULT;
	return 0;
}

static void register_many(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		memset(&ops[i], 0, sizeof(ops[i]));
		ops[i].id = &id[i];
		ops[i].size = 64;
		ops[i].init = check_data;
		now_registering = i;
		cr_assert_eq(netns_subsys_register(&ops[i]), 0, "operation %u", i);
		ops[i].init = NULL;
	}
}

static void unregister_many(unsigned int n)
{
	while (n-- > 0)
		cr_assert_eq(netns_subsys_unregister(&ops[n]), 0, "operation %u", n);
}

Test(slots, growth_far_past_the_inline_ids_keeps_every_pointer, .timeout = 30)
{
	static void *seen[2][MANY];
	struct netns *ns[2];
	unsigned int i, k;

	lib_up();
	ns[0] = netns_init_ns();
	register_many(0, 5);
	ns[1] = tenant(NULL);
	for (i = 5; i <= MANY; i++) {
		for (k = 0; k < 2; k++) {
			unsigned int j;

			for (j = 0; j < i - 1; j++)
				if (seen[k][j])
					cr_assert_eq(netns_generic(ns[k], id[j]), seen[k][j],
						     "slot %u moved at %u", j, i);
			for (j = 0; j < i; j++)
				seen[k][j] = netns_generic(ns[k], id[j]);
			cr_assert_not_null(seen[k][i - 1], "slot %u", i - 1);
		}
		if (i < MANY)
			register_many(i, i + 1);
	}
	for (i = 0; i < MANY; i++)
		for (k = i + 1; k < MANY; k++)
			cr_assert(seen[1][i] != seen[1][k] && id[i] != id[k], "%u and %u", i, k);
	tenant_gone(ns[1]);
	unregister_many(MANY);
	lib_down();
}

Test(slots, the_array_grows_geometrically, .timeout = 30)
{
	unsigned int i, arrays = 0;
	struct netns_slots *last = NULL;
	uint32_t len = 0;
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	for (i = 0; i < MANY; i++) {
		register_many(i, i + 1);
		if (ns->slots != last) {
			cr_assert_gt(ns->slots->len, len);
			last = ns->slots;
			len = last->len;
			arrays++;
		}
	}
	cr_assert_geq(len + NETNS_SLOTS_INLINE, MANY);
	cr_assert_leq(arrays, 10, "%u arrays for %u slots", arrays, MANY);
	cr_assert_geq(arrays, 2, "never grew");
	tenant_gone(ns);
	unregister_many(MANY);
	lib_down();
}

Test(slots, a_new_tenant_has_every_slot_beyond_the_inline_ones)
{
	unsigned int i;
	struct netns *ns;

	lib_up();
	register_many(0, 60);
	ns = tenant(NULL);
	for (i = 0; i < 60; i++) {
		uint64_t *data = netns_generic(ns, id[i]);

		cr_assert_not_null(data, "slot %u", i);
		cr_assert_eq((uintptr_t)data % NETNS_CACHE_LINE, 0);
		cr_assert_neq(data, netns_generic(netns_init_ns(), id[i]));
	}
	tenant_gone(ns);
	unregister_many(60);
	lib_down();
}

Test(slots, ids_out_of_range_are_null)
{
	static const unsigned int far[] = {
		0,    NETNS_SLOTS_INLINE - 1, NETNS_SLOTS_INLINE, 63,          64,
		1023, NETNS_SLOTS_MAX,        1u << 20,           0x7fffffffu, ~0u
	};
	unsigned int i;
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		cr_assert_null(slot_ptr(ns, far[i]), "id %u", far[i]);
		if (!debug_build()) {
			cr_assert_null(netns_generic(ns, far[i]), "id %u", far[i]);
			cr_assert_eq(netns_value(ns, far[i]), 0, "id %u", far[i]);
		}
	}
	register_many(0, 14);
	for (i = 3; i < sizeof(far) / sizeof(far[0]); i++)
		cr_assert_null(slot_ptr(ns, far[i]), "id %u of 14", far[i]);
	unregister_many(14);
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		cr_assert_null(slot_ptr(ns, far[i]), "id %u after all left", far[i]);
	tenant_gone(ns);
	lib_down();
}

static void value_ops(unsigned int i)
{
	memset(&ops[i], 0, sizeof(ops[i]));
	ops[i].id = &id[i];
	ops[i].flags = NETNS_OPS_VALUE;
}

Test(slots, inline_values_are_zero_then_what_was_set_and_survive_growth)
{
	struct netns *a, *b;
	unsigned int i;

	lib_up();
	a = tenant(NULL);
	for (i = 0; i < 20; i++) {
		value_ops(i);
		cr_assert_eq(netns_subsys_register(&ops[i]), 0);
		cr_assert_eq(netns_value(a, id[i]), 0);
		netns_value_set(a, id[i], UINT64_MAX - i);
	}
	b = tenant(NULL);
	for (i = 0; i < 20; i++) {
		cr_assert_eq(netns_value(a, id[i]), UINT64_MAX - i, "value %u", i);
		cr_assert_eq(netns_value(b, id[i]), 0, "value %u of a new tenant", i);
		netns_value_set(a, id[i], i);
		cr_assert_eq(netns_value(a, id[i]), i);
	}
	tenant_gone(a);
	tenant_gone(b);
	for (i = 0; i < 20; i++)
		cr_assert_eq(netns_subsys_unregister(&ops[i]), 0);
	lib_down();
}

/* As CVE-2022-50780: whoever gets the id next must not meet the old owner's slot. */
static void expect_no_stale_slot(unsigned int fillers)
{
	struct netns *ns[3];
	unsigned int i, old;

	cr_assert_eq(netns_create_many(NULL, 3, ns), 0);
	register_many(0, fillers);
	value_ops(fillers);
	cr_assert_eq(netns_subsys_register(&ops[fillers]), 0);
	old = id[fillers];
	for (i = 0; i < 3; i++)
		netns_value_set(ns[i], old, 0x5eed5eed5eed5eedu + i);
	cr_assert_eq(netns_subsys_unregister(&ops[fillers]), 0);
	for (i = 0; i < 3; i++)
		cr_assert_eq(slot_value(ns[i], old), 0, "tenant %u keeps %lx", i,
			     slot_value(ns[i], old));
	cr_assert_eq(netns_subsys_register(&ops[fillers]), 0);
	cr_assert_eq(id[fillers], old, "the id was not released");
	for (i = 0; i < 3; i++)
		cr_assert_eq(netns_value(ns[i], old), 0);
	cr_assert_eq(netns_subsys_unregister(&ops[fillers]), 0);
	/* and a pointer's owner, which fails in the first tenant it asks */
	rec_ops(0, 64);
	cr_assert_eq(netns_subsys_register(&rec[0].ops), 0);
	cr_assert_eq(rec[0].id, old);
	cr_assert_eq(netns_subsys_unregister(&rec[0].ops), 0);
	for (i = 0; i < 3; i++)
		cr_assert_null(slot_ptr(ns[i], old), "tenant %u keeps a pointer", i);
	netns_put_many(ns, 3);
	unregister_many(fillers);
	settle();
	cr_assert_eq(rec_faults(), 0);
}

Test(slots, no_slot_is_stale_after_its_id_is_reused)
{
	lib_up();
	expect_no_stale_slot(2);
	expect_no_stale_slot(NETNS_SLOTS_INLINE + 3);
	lib_down();
}

static uint32_t registered, torn;

static void read_all(void *arg)
{
	struct netns *ns = arg;
	uint32_t i, n = get_u32(&registered);

	for (i = 0; i < n; i++) {
		uint64_t *data = netns_generic(ns, id[i]);

		if (data == NULL || *data != i + 1)
			__atomic_fetch_add(&torn, 1, __ATOMIC_SEQ_CST);
	}
}

/* CVE-2024-36883 and publishing an array before it is filled: a reader sees either of both whole.
 */
Test(slots, readers_see_every_slot_while_the_array_grows, .timeout = 30)
{
	struct reader r = { 0 };
	struct netns *ns;
	unsigned int i;

	lib_up();
	ns = tenant(NULL);
	r.each = read_all;
	r.arg = ns;
	reader_start(&r, "looker");
	for (i = 0; i < MANY; i++) {
		register_many(i, i + 1);
		*(uint64_t *)netns_generic(ns, id[i]) = i + 1;
		set_u32(&registered, i + 1);
	}
	cr_assert_eq(get_u32(&torn), 0, "%u slots seen empty or wrong", torn);
	set_u32(&registered, 0);
	reader_run(&r);
	reader_end(&r);
	tenant_gone(ns);
	unregister_many(MANY);
	lib_down();
}

static struct netns_slots *old_array;
static uint32_t array_phase, array_broken;

static void keep_old_array(void *arg)
{
	struct netns *ns = arg;
	uint32_t i;
	void *first;

	if (get_u32(&array_phase) != 1)
		return;
	old_array = __atomic_load_n(&ns->slots, __ATOMIC_ACQUIRE);
	first = old_array->v[0].ptr;
	set_u32(&array_phase, 2);
	wait_u32(&array_phase, 3, WAIT_MS);
	for (i = 0; i < 1000; i++)
		if (old_array->v[0].ptr != first || old_array->len == 0)
			set_u32(&array_broken, 1);
}

Test(slots, the_old_array_lives_until_its_readers_have_left, .timeout = 30)
{
	struct reader r = { 0 };
	struct netns_stats s;
	struct netns *ns;
	unsigned int i;

	lib_up();
	ns = tenant(NULL);
	register_many(0, NETNS_SLOTS_INLINE + 1);
	settle();
	r.each = keep_old_array;
	r.arg = ns;
	reader_start(&r, "holder");
	set_u32(&array_phase, 1);
	cr_assert(wait_u32(&array_phase, 2, WAIT_MS));
	for (i = NETNS_SLOTS_INLINE + 1; ns->slots == old_array && i < MANY; i++)
		register_many(i, i + 1);
	cr_assert_neq(ns->slots, old_array);
	netns_stats(&s);
	cr_assert_gt(s.backlog_objects, 0, "the old array is not waiting for the reader");
	set_u32(&array_phase, 3);
	settle();
	cr_assert_eq(get_u32(&array_broken), 0, "the old array changed under its reader");
	netns_stats(&s);
	cr_assert_eq(s.backlog_objects, 0, "the old array is never freed");
	reader_end(&r);
	tenant_gone(ns);
	unregister_many(i);
	lib_down();
}

Test(slots, a_value_for_an_id_without_owner_is_refused)
{
	struct netns *ns;

	lib_up();
	ns = netns_init_ns();
	netns_value_set(ns, 3, 0xdead);
	netns_value_set(ns, NETNS_SLOTS_MAX, 0xdead);
	netns_value_set(ns, ~0u, 0xdead);
	cr_assert_eq(slot_value(ns, 3), 0, "the next owner of the id would find it");
	cr_assert_eq(log_count("has no slot"), 3, "%s", log_text());
	lib_down();
}
