/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding tenants: by name, cookie, inode number and handle, and walking them. What is in setup,
 * dying or gone is never found, whatever way is asked.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "support.h"

enum { A, B };

static bool walk_meets(const struct netns *wanted)
{
	struct netns *ns;
	bool met = false;

	netns_foreach_rcu (ns)
		met |= ns == wanted;
	return met;
}

/* The caller is an online reader. Counts by how many ways a tenant is found. */
static unsigned int ways_to_find(const char *name, uint64_t handle, uint32_t inum,
				 const struct netns *wanted)
{
	struct netns *found[3];
	unsigned int i, ways = 0;

	netns_reader_online();
	ways += netns_resolve(handle) == wanted;
	ways += walk_meets(wanted);
	found[0] = netns_find_by_name(name);
	found[1] = netns_find_by_cookie(handle);
	found[2] = netns_find_by_inum(inum);
	for (i = 0; i < 3; i++) {
		ways += found[i] == wanted;
		netns_put(found[i]);
	}
	netns_reader_quiescent();
	return ways;
}

static uint32_t init_reached, init_may_end;
static struct netns *in_setup;

static int slow_init(struct netns *ns)
{
	in_setup = ns;
	set_u32(&init_reached, 1);
	wait_u32(&init_may_end, 1, WAIT_MS);
	return 0;
}

static int create_blue(void *arg)
{
	struct netns_config config = { .name = "blue" };

	return netns_create(&config, arg);
}

Test(lookup, a_tenant_is_found_only_after_every_init_succeeded, .timeout = 20)
{
	struct netns_config config = { .name = "blue" };
	struct netns *ns = NULL, *other;
	struct netns_stats s;
	struct call c;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	cr_assert_eq(netns_device_register(rec_ops(B, 8)), 0);
	rec[B].on_init = slow_init;
	call_start(&c, create_blue, &ns);
	cr_assert(wait_u32(&init_reached, 1, WAIT_MS));
	cr_assert_eq(netns_reader_register("looker"), 0);
	cr_assert_eq(ways_to_find("blue", netns_handle(in_setup), netns_inum(in_setup), in_setup),
		     0, "visible while init runs");
	netns_stats(&s);
	cr_assert_eq(s.live, 1, "counted as live while init runs");
	rec[B].on_init = NULL;
	cr_assert_eq(netns_create(&config, &other), -EEXIST, "the name is not reserved in setup");
	set_u32(&init_may_end, 1);
	cr_assert_eq(call_join(&c), 0);
	cr_assert_eq(ns, in_setup);
	cr_assert_eq(ways_to_find("blue", netns_handle(ns), netns_inum(ns), ns), 5);
	cr_assert_eq(netns_reader_unregister(), 0);
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static uint32_t exit_may_end;

static void slow_pre_exit(struct netns *ns)
{
	wait_u32(&exit_may_end, 1, WAIT_MS);
}

Test(lookup, a_dying_tenant_is_found_by_no_way, .timeout = 20)
{
	struct netns *ns;
	uint64_t handle;
	uint32_t inum;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	rec[A].on_pre_exit = slow_pre_exit;
	ns = tenant("blue");
	handle = netns_handle(ns);
	inum = netns_inum(ns);
	cr_assert_eq(netns_reader_register("looker"), 0);
	cr_assert_eq(ways_to_find("blue", handle, inum, ns), 5);
	netns_hold(ns);
	netns_put(ns);
	/* from the very moment of the put, however far the retire thread is */
	cr_assert_eq(ways_to_find("blue", handle, inum, ns), 0, "found after its last put");
	netns_reader_offline();
	cr_assert(wait_u32(&rec[A].pre_exits, 1, WAIT_MS));
	cr_assert_eq(ways_to_find("blue", handle, inum, ns), 0, "found while it is dying");
	netns_reader_offline();
	set_u32(&exit_may_end, 1);
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	netns_drop(ns);
	settle();
	cr_assert_eq(ways_to_find("blue", handle, inum, ns), 0, "found after it is gone");
	cr_assert_eq(netns_reader_unregister(), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(lookup, every_live_tenant_is_found_by_all_its_ways)
{
	enum { N = 300 };
	struct netns *ns[N], *found;
	char name[16];
	unsigned int i;

	lib_up();
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "tenant-%u", i);
		ns[i] = tenant(name);
	}
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "tenant-%u", i);
		found = netns_find_by_name(name);
		cr_assert_eq(found, ns[i], "%s", name);
		netns_put(found);
		found = netns_find_by_cookie(netns_cookie(ns[i]));
		cr_assert_eq(found, ns[i], "cookie of %s", name);
		netns_put(found);
		found = netns_find_by_inum(netns_inum(ns[i]));
		cr_assert_eq(found, ns[i], "inum of %s", name);
		netns_put(found);
	}
	netns_put_many(ns, N);
	settle();
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "tenant-%u", i);
		cr_assert_null(netns_find_by_name(name), "%s", name);
	}
	lib_down();
}

Test(lookup, what_was_never_given_out_is_not_found)
{
	struct netns *ns;
	uint64_t h;

	lib_up();
	ns = tenant(NULL);
	h = netns_handle(ns);
	cr_assert_eq(netns_reader_register("looker"), 0);
	cr_assert_null(netns_resolve(0));
	cr_assert_null(netns_resolve(UINT64_MAX));
	cr_assert_null(netns_resolve(h + ((uint64_t)1 << 32)), "a later generation");
	cr_assert_null(netns_resolve(h | 0xffffffffu), "an index out of range");
	cr_assert_null(netns_resolve((h & ~(uint64_t)0xffffffffu) + 4000), "an unused index");
	cr_assert_eq(netns_resolve(h), ns);
	cr_assert_null(netns_by_index(~0u));
	cr_assert_null(netns_by_index(4000));
	cr_assert_eq(netns_by_index(ns->index), ns);
	cr_assert_null(netns_find_by_cookie(0));
	cr_assert_null(netns_find_by_cookie(UINT64_MAX));
	cr_assert_null(netns_find_by_inum(0));
	cr_assert_null(netns_find_by_name("nobody"));
	cr_assert_eq(netns_reader_unregister(), 0);
	tenant_gone(ns);
	lib_down();
}

Test(lookup, a_stale_handle_never_means_the_next_owner_of_its_index, .timeout = 20)
{
	uint64_t old;
	uint32_t index;
	struct netns *ns = NULL;
	unsigned int i;

	test_options.max_tenants = 8; /* so that the index comes back soon */
	lib_up();
	cr_assert_eq(netns_reader_register("looker"), 0);
	ns = tenant(NULL);
	old = netns_handle(ns);
	index = ns->index;
	for (i = 0; i < 64; i++) {
		netns_reader_offline();
		tenant_gone(ns);
		ns = tenant(NULL);
		netns_reader_online();
		cr_assert_neq(netns_handle(ns), old, "handle reused");
		cr_assert_null(netns_resolve(old), "stale handle resolves in round %u", i);
		cr_assert_null(netns_find_by_cookie(old));
		cr_assert_eq(netns_resolve(netns_handle(ns)), ns);
		if (ns->index == index)
			break;
	}
	cr_assert_lt(i, 64, "the index is never reused");
	netns_reader_offline();
	tenant_gone(ns);
	netns_reader_online();
	cr_assert_null(netns_by_index(index));
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

#define STAY 40u

static uint32_t walk_faults, walks;

struct walk {
	struct netns *stay[STAY];
};

/* Index order, so a walk that goes up strictly meets nobody twice. */
static void walk_once(void *arg)
{
	const struct walk *w = arg;
	struct netns *ns;
	int64_t last = -1;
	unsigned int i = 0, met = 0;

	netns_foreach_rcu (ns) {
		if ((int64_t)ns->index <= last)
			__atomic_fetch_add(&walk_faults, 1, __ATOMIC_SEQ_CST);
		last = ns->index;
		for (i = 0; i < STAY; i++)
			met += ns == w->stay[i];
	}
	if (met != STAY)
		__atomic_fetch_add(&walk_faults, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&walks, 1, __ATOMIC_SEQ_CST);
}

Test(lookup, a_walk_meets_each_live_tenant_once_while_others_come_and_go, .timeout = 30)
{
	static struct walk w;
	struct reader r = { .each = walk_once, .arg = &w };
	struct netns *mix[STAY * 2];
	unsigned int i;
	uint64_t end;

	test_options.max_backlog = 1000;
	lib_up();
	cr_assert_eq(netns_create_many(NULL, STAY * 2, mix), 0);
	for (i = 0; i < STAY; i++) {
		w.stay[i] = mix[2 * i];
		netns_put(mix[2 * i + 1]);
	}
	settle();
	reader_start(&r, "walker");
	end = now_ms() + WAIT_MS;
	for (i = 0; i < 400 || (get_u32(&walks) < 50 && now_ms() < end); i++) {
		struct netns *ns;
		int ret = netns_create(NULL, &ns);

		cr_assert(ret == 0 || ret == -EAGAIN, "%d", ret);
		if (ret == 0)
			netns_put(ns);
	}
	reader_end(&r);
	cr_assert_geq(walks, 50);
	cr_assert_eq(walk_faults, 0, "%u of %u walks wrong", walk_faults, walks);
	netns_put_many(w.stay, STAY);
	lib_down();
}
