/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids: what may be asked for and what comes back, that mappings go with either side before
 * any exit runs, dumps, and the races of giving an id against dying. Events: test_peer_events.c.
 */
#include <criterion/criterion.h>

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>

#include "netns/fault.h"
#include "support.h"

enum { A };

static int id_of(struct netns *ns, struct netns *peer, int reqid)
{
	int id = -77;
	int ret = netns_peer_id_alloc(ns, peer, reqid, &id);

	if (ret != 0)
		cr_assert_eq(id, -77, "the output was touched: %d", id);
	return ret != 0 ? ret : id;
}

/* Takes the reference that a lookup gave away again. */
static struct netns *seen(struct netns *ns)
{
	netns_put(ns);
	return ns;
}

static bool dump_is(struct netns *ns, const int *want, unsigned int n)
{
	int id = -1;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (seen(netns_peer_next(ns, id, &id)) == NULL || id != want[i])
			return false;
	}
	return seen(netns_peer_next(ns, id, &id)) == NULL;
}

Test(peer, the_lowest_free_id_is_given)
{
	struct netns *ns, *p[4];
	unsigned int i;

	lib_up();
	ns = tenant("ns");
	for (i = 0; i < 4; i++) {
		p[i] = tenant(NULL);
		cr_assert_eq(netns_peer_id(ns, p[i]), NETNS_PEER_ID_NONE);
	}
	cr_assert_eq(id_of(ns, p[0], -1), 0);
	cr_assert_eq(id_of(ns, p[1], 2), 2);
	cr_assert_eq(id_of(ns, p[2], -1), 1);
	cr_assert_eq(id_of(ns, p[3], INT_MIN), 3);
	for (i = 0; i < 4; i++)
		cr_assert(seen(netns_peer_by_id(ns, netns_peer_id(ns, p[i]))) == p[i]);
	tenant_gone(p[2]);
	p[2] = tenant(NULL);
	cr_assert_eq(id_of(ns, p[2], -1), 1, "the gap is used again");
	for (i = 0; i < 4; i++)
		tenant_gone(p[i]);
	tenant_gone(ns);
	lib_down();
}

Test(peer, an_id_or_a_peer_that_is_taken_is_refused)
{
	struct netns *ns, *p, *q;

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	q = tenant("q");
	cr_assert_eq(id_of(ns, p, 5), 5);
	cr_assert_eq(id_of(ns, q, 5), -EEXIST);
	cr_assert_eq(id_of(ns, p, 6), -EEXIST);
	cr_assert_eq(id_of(ns, p, 5), -EEXIST);
	cr_assert_eq(id_of(ns, p, -1), -EEXIST);
	cr_assert_eq(netns_peer_id(ns, q), NETNS_PEER_ID_NONE);
	cr_assert_eq(netns_peer_id(ns, p), 5);
	cr_assert_eq(netns_peer_id(p, ns), NETNS_PEER_ID_NONE, "ids are one-sided");
	cr_assert_eq(netns_peer_id_alloc(ns, q, 0, NULL), 0, "the output may be NULL");
	cr_assert_eq(netns_peer_id(ns, q), 0);
	tenant_gone(p);
	tenant_gone(q);
	tenant_gone(ns);
	lib_down();
}

Test(peer, unknown_and_negative_ids_lead_to_nobody)
{
	struct netns *ns;
	int id = 9;

	lib_up();
	ns = tenant("ns");
	cr_assert_null(netns_peer_by_id(ns, 0));
	cr_assert_null(netns_peer_by_id(ns, -1));
	cr_assert_null(netns_peer_by_id(ns, INT_MIN));
	cr_assert_null(netns_peer_by_id(ns, INT_MAX));
	cr_assert_null(netns_peer_next(ns, -1, &id));
	cr_assert_eq(id, 9);
	tenant_gone(ns);
	lib_down();
}

Test(peer, a_tenant_may_have_an_id_for_itself)
{
	struct netns *ns;

	lib_up();
	ns = tenant("ns");
	cr_assert_eq(id_of(ns, ns, -1), 0);
	cr_assert_eq(netns_peer_id(ns, ns), 0);
	cr_assert(seen(netns_peer_by_id(ns, 0)) == ns);
	cr_assert_eq(id_of(ns, ns, 1), -EEXIST);
	tenant_gone(ns);
	lib_down();
}

Test(peer, the_highest_int_is_an_id_and_nothing_overflows)
{
	struct netns *ns, *p[3];
	int id = 0, i;

	lib_up();
	ns = tenant("ns");
	for (i = 0; i < 3; i++)
		p[i] = tenant(NULL);
	cr_assert_eq(id_of(ns, p[0], INT_MAX), INT_MAX);
	cr_assert_eq(id_of(ns, p[1], INT_MAX), -EEXIST);
	cr_assert_eq(id_of(ns, p[1], INT_MAX - 1), INT_MAX - 1);
	cr_assert_eq(id_of(ns, p[2], -1), 0);
	cr_assert(seen(netns_peer_by_id(ns, INT_MAX)) == p[0]);
	cr_assert(dump_is(ns, (int[]){ 0, INT_MAX - 1, INT_MAX }, 3));
	cr_assert_null(netns_peer_next(ns, INT_MAX, &id));
	cr_assert(seen(netns_peer_next(ns, INT_MIN, &id)) == p[2] && id == 0);
	for (i = 0; i < 3; i++)
		tenant_gone(p[i]);
	tenant_gone(ns);
	lib_down();
}

Test(peer, scattered_ids_cost_no_more_than_dense_ones)
{
	enum { N = 1000 };
	struct netns *ns, *p[N];
	size_t before, after;
	int i;

	lib_up();
	ns = tenant("ns");
	cr_assert_eq(netns_create_many(NULL, N, p), 0);
	before = mallinfo2().uordblks;
	for (i = 0; i < N; i++)
		cr_assert_eq(id_of(ns, p[i], INT_MAX - i * 2000003), INT_MAX - i * 2000003);
	after = mallinfo2().uordblks;
	cr_assert_lt(after - before, N * 1024u, "%zu bytes", after - before);
	netns_put_many(p, N);
	settle();
	cr_assert(dump_is(ns, NULL, 0));
	tenant_gone(ns);
	lib_down();
}

Test(peer, a_dying_owner_or_peer_gets_none)
{
	struct netns *ns, *dying;

	lib_up();
	ns = tenant("ns");
	dying = tenant("dying");
	netns_hold(dying);
	netns_put(dying);
	cr_assert_eq(id_of(ns, dying, -1), -ENOENT);
	cr_assert_eq(id_of(ns, dying, 3), -ENOENT);
	cr_assert_eq(id_of(dying, ns, -1), -ENOENT);
	cr_assert_eq(id_of(dying, dying, -1), -ENOENT);
	settle();
	cr_assert_eq(id_of(ns, dying, -1), -ENOENT);
	cr_assert_eq(id_of(dying, ns, -1), -ENOENT);
	netns_drop(dying);
	cr_assert(dump_is(ns, NULL, 0));
	tenant_gone(ns);
	lib_down();
}

Test(peer, every_allocation_may_fail_and_leaves_nothing)
{
	struct netns *ns, *p;
	unsigned int nth;
	int ret;

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	for (nth = 1;; nth++) {
		netns_fault_arm(nth);
		ret = netns_peer_id_alloc(ns, p, INT_MAX, NULL);
		netns_fault_arm(0);
		if (ret == 0)
			break;
		cr_assert_eq(ret, -ENOMEM, "%d", ret);
		cr_assert_eq(netns_peer_id(ns, p), NETNS_PEER_ID_NONE);
		cr_assert(dump_is(ns, NULL, 0));
	}
	cr_assert_geq(nth, 4, "a link and two tables can fail");
	cr_assert(dump_is(ns, (int[]){ INT_MAX }, 1));
	tenant_gone(p);
	tenant_gone(ns);
	lib_down();
}

static struct netns *outsider;
static int own_result, given_result;

static int ask_in_init(struct netns *ns)
{
	if (outsider == NULL)
		return 0;
	own_result = netns_peer_id_alloc(ns, outsider, -1, NULL);
	given_result = netns_peer_id_alloc(outsider, ns, -1, NULL);
	return 0;
}

Test(peer, none_before_publication)
{
	struct netns *ns;

	lib_up();
	rec_ops(A, 0)->name = "asks";
	rec[A].on_init = ask_in_init;
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	outsider = netns_init_ns();
	ns = tenant("ns");
	cr_assert_eq(own_result, -ENOENT, "%d", own_result);
	cr_assert_eq(given_result, -ENOENT, "%d", given_result);
	cr_assert(dump_is(outsider, NULL, 0));
	cr_assert_eq(id_of(ns, outsider, -1), 0);
	outsider = NULL;
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static uint32_t checks, still_there;

/* In the thread that retires: @ns is dying, and nobody may have an id for it, nor it for anybody.
 */
static void look_for_ids(struct netns *ns)
{
	int id;

	if (outsider == NULL || ns == outsider)
		return;
	if (netns_peer_id(outsider, ns) != NETNS_PEER_ID_NONE ||
	    netns_peer_id(ns, outsider) != NETNS_PEER_ID_NONE ||
	    seen(netns_peer_by_id(ns, 0)) != NULL || seen(netns_peer_next(ns, -1, &id)) != NULL)
		__atomic_fetch_add(&still_there, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&checks, 1, __ATOMIC_SEQ_CST);
}

Test(peer, mappings_are_gone_before_any_exit)
{
	struct netns *ns;

	lib_up();
	rec_ops(A, 0)->name = "looks";
	rec[A].on_pre_exit = look_for_ids;
	rec[A].on_exit = look_for_ids;
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	ns = tenant("ns");
	outsider = tenant("outsider");
	cr_assert_eq(id_of(ns, outsider, -1), 0);
	cr_assert_eq(id_of(outsider, ns, -1), 0);
	tenant_gone(ns);
	cr_assert_eq(get_u32(&checks), 2);
	cr_assert_eq(get_u32(&still_there), 0);
	cr_assert(dump_is(outsider, NULL, 0));
	ns = outsider;
	outsider = NULL;
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(peer, a_mapping_holds_no_reference)
{
	struct netns *ns, *p, *other;
	uint64_t cookie;

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	cr_assert_eq(id_of(ns, p, -1), 0);
	cookie = netns_cookie(p);
	netns_put(p);
	cr_assert_null(netns_peer_by_id(ns, 0), "a dying peer is nobody, cleaned up or not");
	settle();
	cr_assert_null(netns_find_by_cookie(cookie));
	other = tenant("other");
	cr_assert_eq(netns_peer_id(ns, other), NETNS_PEER_ID_NONE, "its index may be the same");
	cr_assert_null(netns_peer_by_id(ns, 0));
	tenant_gone(ns);
	cr_assert_eq(id_of(other, netns_init_ns(), 4), 4);
	tenant_gone(other);
	lib_down();
}

Test(peer, tenants_that_know_each_other_die_in_one_batch)
{
	enum { N = 40 };
	struct netns *ns[N];
	struct census before;
	unsigned int i, j;

	lib_up();
	census_take(&before);
	cr_assert_eq(netns_create_many(NULL, N, ns), 0);
	for (i = 0; i < N; i++) {
		for (j = 0; j < N; j++)
			cr_assert_eq(id_of(ns[i], ns[j], -1), (int)j);
		cr_assert_eq(id_of(netns_init_ns(), ns[i], -1), (int)i);
		cr_assert_eq(id_of(ns[i], netns_init_ns(), -1), N);
	}
	netns_put_many(ns, N / 2);
	settle();
	for (i = N / 2; i < N; i++) {
		for (j = N / 2; j < N; j++)
			cr_assert_eq(netns_peer_id(ns[i], ns[j]), (int)j);
		cr_assert_null(netns_peer_by_id(ns[i], 0));
	}
	netns_put_many(ns + N / 2, N / 2);
	settle();
	cr_assert(dump_is(netns_init_ns(), NULL, 0));
	census_expect(&before, "a web of tenants");
	lib_down();
}

Test(peer, a_dump_is_ascending_and_survives_changes)
{
	struct netns *ns, *p[6];
	int id = -1, i;

	lib_up();
	ns = tenant("ns");
	for (i = 0; i < 6; i++)
		p[i] = tenant(NULL);
	for (i = 0; i < 5; i++)
		cr_assert_eq(id_of(ns, p[4 - i], (4 - i) * 10), (4 - i) * 10);
	cr_assert(dump_is(ns, (int[]){ 0, 10, 20, 30, 40 }, 5));
	cr_assert(seen(netns_peer_next(ns, id, &id)) == p[0] && id == 0);
	cr_assert(seen(netns_peer_next(ns, id, &id)) == p[1] && id == 10);
	tenant_gone(p[1]); /* the one that the cursor is at */
	tenant_gone(p[0]); /* one behind it */
	cr_assert_eq(id_of(ns, p[5], 5), 5);
	cr_assert(seen(netns_peer_next(ns, id, &id)) == p[2] && id == 20);
	netns_put(p[3]); /* one ahead */
	cr_assert(seen(netns_peer_next(ns, id, &id)) == p[4] && id == 40);
	cr_assert_null(netns_peer_next(ns, id, &id));
	cr_assert_eq(id, 40);
	settle();
	cr_assert(dump_is(ns, (int[]){ 5, 20, 40 }, 3));
	tenant_gone(ns);
	tenant_gone(p[2]);
	tenant_gone(p[4]);
	tenant_gone(p[5]);
	lib_down();
}

enum { MODEL_IDS = 400, MODEL_STEPS = 4000 };

static int model_lowest(struct netns *const *at)
{
	int id = 0;

	while (at[id] != NULL)
		id++;
	return id;
}

/* Every tenant lives; ids come by choice and by the lowest free, and go with their peers. */
Test(peer, random_changes_agree_with_a_plain_array)
{
	struct netns *ns, *p, *at[MODEL_IDS + 1] = { NULL };
	int step, id, want, cursor;

	lib_up();
	srandom(4711);
	ns = tenant("ns");
	for (step = 0; step < MODEL_STEPS; step++) {
		id = (int)(random() % MODEL_IDS);
		if (at[id] != NULL && random() % 4 != 0) {
			netns_put(at[id]);
			at[id] = NULL;
			settle();
			continue;
		}
		p = tenant(NULL);
		want = random() % 2 ? id : model_lowest(at);
		if (at[want] != NULL) {
			cr_assert_eq(id_of(ns, p, want), -EEXIST);
			tenant_gone(p);
			continue;
		}
		cr_assert_eq(id_of(ns, p, want == id ? want : -1), want);
		at[want] = p;
	}
	cursor = -1;
	for (id = 0; id < MODEL_IDS; id++) {
		cr_assert(seen(netns_peer_by_id(ns, id)) == at[id], "id %d", id);
		if (at[id] == NULL)
			continue;
		cr_assert(seen(netns_peer_next(ns, cursor, &cursor)) == at[id] && cursor == id);
		netns_put(at[id]);
	}
	cr_assert_null(netns_peer_next(ns, cursor, &cursor));
	tenant_gone(ns);
	lib_down();
}

struct race {
	struct netns *ns, *peer;
	uint32_t go, stop;
};

static int give_ids(void *arg)
{
	struct race *race = arg;
	struct netns *peer;

	while (!get_u32(&race->stop)) {
		peer = netns_find_by_name("racer");
		if (peer == NULL)
			continue;
		(void)netns_peer_id_alloc(race->ns, peer, -1, NULL);
		(void)netns_peer_id_alloc(peer, race->ns, -1, NULL);
		netns_put(peer);
	}
	return 0;
}

static void find_peers(void *arg)
{
	struct race *race = arg;
	struct netns *peer = netns_peer_by_id(race->ns, 0);

	if (peer != NULL && netns_peer_id(race->ns, peer) > 0)
		set_u32(&race->go, 1); /* only one racer lives at a time, so its id is 0 */
	netns_put(peer);
}

/* The giver may hold the last reference, so the end comes some time after our own put. */
static bool is_forgotten(void *arg)
{
	const struct race *race = arg;

	return !netns_is_alive(race->peer) &&
	       netns_peer_id(race->ns, race->peer) == NETNS_PEER_ID_NONE &&
	       netns_peer_id(race->peer, race->ns) == NETNS_PEER_ID_NONE;
}

/* The check of both counts and the insertion must be one: no id may outlive the batch. */
Test(peer, an_id_given_while_the_peer_dies_dies_with_it)
{
	struct race race = { 0 };
	struct reader reader = { .each = find_peers, .arg = &race };
	struct call giver;
	uint64_t end;
	unsigned int rounds = 0;

	lib_up();
	race.ns = tenant("ns");
	reader_start(&reader, "finder");
	call_start(&giver, give_ids, &race);
	for (end = now_ms() + 1500; now_ms() < end; rounds++) {
		struct netns *ns = tenant("racer");

		while (rounds % 2 && netns_peer_id(race.ns, ns) == NETNS_PEER_ID_NONE)
			continue;
		netns_hold(ns);
		netns_put(ns);
		race.peer = ns;
		cr_assert(wait_for(is_forgotten, &race, WAIT_MS), "round %u", rounds);
		netns_drop(ns);
	}
	set_u32(&race.stop, 1);
	cr_assert_eq(call_join(&giver), 0);
	reader_end(&reader);
	cr_assert_eq(get_u32(&race.go), 0);
	cr_assert_gt(rounds, 4);
	tenant_gone(race.ns);
	lib_down();
}
