/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events of the peer ids: one for each id given and taken, in order, outside of locks; subscribing
 * and unsubscribing at every moment.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

#define KEPT 65536u

/* Keeps what it hears. */
struct listener {
	struct netns_peer_subscriber sub;
	uint32_t heard; /* atomic */
	struct netns_peer_event event[KEPT];
};

static void keep(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	struct listener *l = (struct listener *)sub;
	uint32_t n = get_u32(&l->heard);

	if (n < KEPT)
		l->event[n] = *event;
	set_u32(&l->heard, n + 1);
}

static struct listener first = { .sub.fn = keep }, second = { .sub.fn = keep };

static bool is_event(const struct netns_peer_event *e, enum netns_peer_event_type type, int id,
		     uint64_t ns, uint64_t peer)
{
	return e->type == type && e->id == id && e->ns_handle == ns && e->peer_handle == peer;
}

Test(peer_events, new_and_del_are_heard_in_order_before_the_call_returns)
{
	struct netns *ns, *p;
	uint64_t n, q;

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	n = netns_handle(ns);
	q = netns_handle(p);
	netns_peer_subscribe(&first.sub);
	cr_assert_eq(netns_peer_id_alloc(ns, p, 7, NULL), 0);
	cr_assert_eq(get_u32(&first.heard), 1);
	cr_assert(is_event(&first.event[0], NETNS_PEER_NEW, 7, n, q));
	cr_assert_eq(netns_peer_id_alloc(p, ns, -1, NULL), 0);
	cr_assert_eq(get_u32(&first.heard), 2);
	cr_assert(is_event(&first.event[1], NETNS_PEER_NEW, 0, q, n));
	cr_assert_eq(netns_peer_id_alloc(p, ns, -1, NULL), -EEXIST);
	cr_assert_eq(get_u32(&first.heard), 2, "a failure is no event");
	tenant_gone(p);
	cr_assert_eq(get_u32(&first.heard), 4, "both its own id and the one that it was given");
	cr_assert(is_event(&first.event[2], NETNS_PEER_DEL, 0, q, n));
	cr_assert(is_event(&first.event[3], NETNS_PEER_DEL, 7, n, q));
	netns_peer_unsubscribe(&first.sub);
	tenant_gone(ns);
	lib_down();
}

Test(peer_events, changes_before_subscribing_and_after_unsubscribing_are_not_heard)
{
	struct netns *ns, *p, *q;

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	q = tenant("q");
	cr_assert_eq(netns_peer_id_alloc(ns, p, -1, NULL), 0);
	netns_peer_subscribe(&first.sub);
	cr_assert_eq(get_u32(&first.heard), 0);
	tenant_gone(p);
	cr_assert_eq(get_u32(&first.heard), 1);
	cr_assert_eq(first.event[0].type, NETNS_PEER_DEL);
	netns_peer_unsubscribe(&first.sub);
	cr_assert_eq(netns_peer_id_alloc(ns, q, -1, NULL), 0);
	tenant_gone(q);
	cr_assert_eq(get_u32(&first.heard), 1);
	tenant_gone(ns);
	lib_down();
}

static struct netns *chain_ns, *chain_peer;
static int chain_result = 1, chain_id;

static void answer(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	struct netns *peer;

	keep(sub, event);
	if (event->type != NETNS_PEER_NEW || chain_result != 1)
		return;
	chain_id = netns_peer_id(chain_ns, chain_peer);
	chain_result = netns_peer_id_alloc(chain_peer, chain_ns, 9, NULL);
	peer = netns_peer_next(chain_peer, -1, &chain_id);
	netns_put(peer);
	netns_peer_subscribe(&second.sub);
}

Test(peer_events, callbacks_may_use_the_whole_api)
{
	lib_up();
	chain_ns = tenant("ns");
	chain_peer = tenant("p");
	first.sub.fn = answer;
	netns_peer_subscribe(&first.sub);
	cr_assert_eq(netns_peer_id_alloc(chain_ns, chain_peer, 3, NULL), 0);
	cr_assert_eq(chain_result, 0);
	cr_assert_eq(chain_id, 9);
	cr_assert_eq(get_u32(&first.heard), 2, "the answer's event follows, from the same call");
	cr_assert_eq(first.event[1].id, 9);
	cr_assert_eq(get_u32(&second.heard), 0, "it came after both changes");
	tenant_gone(chain_peer);
	cr_assert_eq(get_u32(&first.heard), 4);
	cr_assert_eq(get_u32(&second.heard), 2);
	netns_peer_unsubscribe(&second.sub);
	netns_peer_unsubscribe(&first.sub);
	tenant_gone(chain_ns);
	lib_down();
}

static uint32_t gone_heard;

/* Unsubscribes and frees itself: the library may not touch it afterwards. */
static void leave(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	(void)event;
	netns_peer_unsubscribe(sub);
	memset(sub, 0x5a, sizeof(*sub));
	free(sub);
	set_u32(&gone_heard, get_u32(&gone_heard) + 1);
}

/* The one that is called before another one takes that one away too. */
static void leave_both(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	keep(sub, event);
	netns_peer_unsubscribe(&first.sub);
	netns_peer_unsubscribe(&second.sub);
}

Test(peer_events, a_callback_may_unsubscribe_itself_and_others)
{
	struct netns *ns, *p;
	struct netns_peer_subscriber *sub = calloc(1, sizeof(*sub));

	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	netns_peer_subscribe(&first.sub);
	sub->fn = leave;
	netns_peer_subscribe(sub);
	netns_peer_subscribe(&second.sub);
	cr_assert_eq(netns_peer_id_alloc(ns, p, -1, NULL), 0);
	cr_assert_eq(get_u32(&gone_heard), 1);
	cr_assert_eq(get_u32(&first.heard), 1);
	cr_assert_eq(get_u32(&second.heard), 1);
	first.sub.fn = leave_both;
	second.sub.fn = leave_both;
	cr_assert_eq(netns_peer_id_alloc(p, ns, -1, NULL), 0);
	cr_assert_eq(get_u32(&gone_heard), 1);
	cr_assert_eq(get_u32(&first.heard) + get_u32(&second.heard), 3, "one of them was first");
	tenant_gone(p);
	cr_assert_eq(get_u32(&first.heard) + get_u32(&second.heard), 3);
	tenant_gone(ns);
	lib_down();
}

static uint32_t inside, may_go;

static void linger(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	(void)sub;
	(void)event;
	set_u32(&inside, 1);
	(void)wait_u32(&may_go, 1, WAIT_MS);
	set_u32(&inside, 0);
}

struct pair {
	struct netns *ns, *peer;
};

static int give_one(void *arg)
{
	struct pair *pair = arg;

	return netns_peer_id_alloc(pair->ns, pair->peer, -1, NULL);
}

static int unsubscribe_first(void *arg)
{
	(void)arg;
	netns_peer_unsubscribe(&first.sub);
	return (int)get_u32(&inside);
}

Test(peer_events, unsubscribing_waits_for_a_callback_that_runs)
{
	struct call giver, leaver;
	struct pair pair;

	lib_up();
	pair.ns = tenant("ns");
	pair.peer = tenant("p");
	first.sub.fn = linger;
	netns_peer_subscribe(&first.sub);
	call_start(&giver, give_one, &pair);
	cr_assert(wait_u32(&inside, 1, WAIT_MS));
	call_start(&leaver, unsubscribe_first, NULL);
	cr_assert_not(wait_u32(&leaver.done, 1, CALM_MS), "it did not wait");
	/* meanwhile tables can be read and changed: no lock is held while a callback runs */
	cr_assert_eq(netns_peer_id_alloc(pair.peer, pair.ns, -1, NULL), 0);
	cr_assert_eq(netns_peer_id(pair.ns, pair.peer), 0);
	set_u32(&may_go, 1);
	cr_assert_eq(call_join(&leaver), 0, "the callback was still running");
	cr_assert_eq(call_join(&giver), 0);
	tenant_gone(pair.peer);
	tenant_gone(pair.ns);
	lib_down();
}

enum { CHURN_THREADS = 3, CHURN_ROUNDS = 400 };

static int churn(void *arg)
{
	struct netns *root = netns_init_ns(), *ns;
	int i, ret;

	for (i = 0; i < CHURN_ROUNDS; i++) {
		ret = netns_create(NULL, &ns);
		if (ret != 0)
			return ret;
		ret = netns_peer_id_alloc(root, ns, -1, NULL);
		if (ret == 0)
			ret = netns_peer_id_alloc(ns, root, i, NULL);
		netns_put(ns);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* An id of the root is given and taken in turns, whoever does it. */
static void check_turns(const struct listener *l)
{
	static uint64_t owner[CHURN_THREADS * CHURN_ROUNDS + 1];
	const struct netns_peer_event *e;
	uint32_t i;

	for (i = 0; i < l->heard; i++) {
		e = &l->event[i];
		if (e->ns_handle != netns_handle(netns_init_ns()))
			continue;
		cr_assert_leq(e->id, CHURN_THREADS * CHURN_ROUNDS);
		if (e->type == NETNS_PEER_NEW) {
			cr_assert_eq(owner[e->id], 0, "event %u: id %d given twice", i, e->id);
			owner[e->id] = e->peer_handle;
		} else {
			cr_assert_eq(owner[e->id], e->peer_handle, "event %u: id %d", i, e->id);
			owner[e->id] = 0;
		}
	}
}

Test(peer_events, all_subscribers_hear_the_same_order_under_churn)
{
	struct call thread[CHURN_THREADS];
	int i;

	lib_up();
	netns_peer_subscribe(&first.sub);
	netns_peer_subscribe(&second.sub);
	for (i = 0; i < CHURN_THREADS; i++)
		call_start(&thread[i], churn, NULL);
	for (i = 0; i < CHURN_THREADS; i++) {
		cr_assert(wait_u32(&thread[i].done, 1, 4 * WAIT_MS));
		cr_assert_eq(call_join(&thread[i]), 0);
	}
	settle();
	netns_peer_unsubscribe(&first.sub);
	netns_peer_unsubscribe(&second.sub);
	cr_assert_eq(first.heard, CHURN_THREADS * CHURN_ROUNDS * 4, "%u", first.heard);
	cr_assert_eq(second.heard, first.heard);
	cr_assert_arr_eq(first.event, second.event, first.heard * sizeof(first.event[0]));
	check_turns(&first);
	lib_down();
}

static uint32_t guest_turns, guest_stop;

static int subscribe_in_and_out(void *arg)
{
	static struct listener guest = { .sub.fn = keep };

	(void)arg;
	while (!get_u32(&guest_stop)) {
		set_u32(&guest.heard, 0);
		netns_peer_subscribe(&guest.sub);
		netns_peer_unsubscribe(&guest.sub);
		memset(&guest.event[0], 0, sizeof(guest.event[0]));
		guest.sub.next = (void *)(uintptr_t)16; /* nobody may follow it now */
		set_u32(&guest_turns, get_u32(&guest_turns) + 1);
	}
	return 0;
}

Test(peer_events, subscribers_come_and_go_under_churn)
{
	struct call thread, guest;
	uint32_t churns = 0;

	lib_up();
	netns_peer_subscribe(&first.sub);
	call_start(&guest, subscribe_in_and_out, NULL);
	do {
		call_start(&thread, churn, NULL);
		cr_assert(wait_u32(&thread.done, 1, 4 * WAIT_MS));
		cr_assert_eq(call_join(&thread), 0);
	} while (++churns < 40 && get_u32(&guest_turns) < 100);
	cr_assert_geq(get_u32(&guest_turns), 1);
	set_u32(&guest_stop, 1);
	cr_assert_eq(call_join(&guest), 0);
	settle();
	netns_peer_unsubscribe(&first.sub);
	cr_assert_eq(first.heard, churns * CHURN_ROUNDS * 4);
	lib_down();
}

static uint32_t held_up, go_on;

static void hold_up(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	(void)sub;
	if (event->type != NETNS_PEER_DEL || get_u32(&held_up))
		return;
	set_u32(&held_up, 1);
	wait_u32(&go_on, 1, 2 * WAIT_MS);
}

static bool one_is_dying(void *arg)
{
	struct netns_stats s;

	(void)arg;
	netns_stats(&s);
	return s.dying == 1;
}

Test(peer_events, a_callback_that_holds_up_a_retire_thread_is_named, .timeout = 20)
{
	struct netns_peer_subscriber slow = { .fn = hold_up };
	struct netns *ns, *p;

	test_options.watchdog_ms = 50;
	lib_up();
	ns = tenant("ns");
	p = tenant("p");
	netns_peer_subscribe(&slow);
	cr_assert_eq(netns_peer_id_alloc(ns, p, -1, NULL), 0);
	netns_put(p);
	cr_assert(wait_u32(&held_up, 1, WAIT_MS));
	netns_put(ns);
	cr_assert(log_wait("netns_peer_subscribe"), "%s", log_text());
	cr_assert(wait_for(one_is_dying, NULL, WAIT_MS), "the other one waits for it");
	set_u32(&go_on, 1);
	settle();
	netns_peer_unsubscribe(&slow);
	lib_down();
}
