/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers: registered threads that find tenants in all lock-free ways and prove of each that it
 * and its modules' data are alive and what they should be. The number is the reader's lcore.
 */
#include "roles.h"

#include <sched.h>
#include <string.h>

#include "object.h"

#define VECTOR 32u

/* Modules as this burst sees them; read before any tenant is looked for. */
static void modules_snapshot(uint64_t *open)
{
	unsigned int i;

	for (i = 0; i < OBJECT_MODULES; i++)
		open[i] = __atomic_load_n(&modules[i].open, __ATOMIC_ACQUIRE);
}

static void check_all(struct torture_thread *self, struct netns *ns, const uint64_t *open)
{
	unsigned int i;

	for (i = 0; i < OBJECT_MODULES; i++)
		object_check(ns, &modules[i], open[i], self->number);
}

/** struct late - an array of slots, to be looked at again before the burst ends */
struct late {
	const struct netns_slots *slots;
	uint32_t len;
};

static void late_begin(const struct netns *ns, struct late *late)
{
	late->slots = __atomic_load_n(&ns->slots, __ATOMIC_ACQUIRE);
	if (late->slots != NULL)
		late->len = late->slots->len;
}

/* An array that was replaced meanwhile is there until we are quiescent. */
static void late_end(const struct late *late)
{
	CHECK(late->slots == NULL || late->slots->len == late->len,
	      "an array of %u slots has %u now: it was freed", late->len, late->slots->len);
}

static void burst_resolve(struct torture_thread *self, const uint64_t *open)
{
	uint64_t h[VECTOR];
	struct netns *ns[VECTOR];
	struct late late[VECTOR];
	unsigned int i;

	for (i = 0; i < VECTOR; i++) {
		h[i] = handle_any(self);
		ns[i] = netns_resolve(h[i]);
		CHECK(ns[i] == NULL || netns_handle(ns[i]) == h[i], "handle %#llx led to %#llx",
		      (unsigned long long)h[i], (unsigned long long)netns_handle(ns[i]));
		if (ns[i] != NULL)
			late_begin(ns[i], &late[i]);
	}
	for (i = 0; i < VECTOR; i++) {
		if (ns[i] != NULL)
			check_all(self, ns[i], open);
	}
	/* still in the same burst: nothing of it may have changed its owner */
	for (i = 0; i < VECTOR; i++) {
		CHECK(ns[i] == NULL || netns_handle(ns[i]) == h[i], "a tenant was freed in use");
		if (ns[i] != NULL)
			late_end(&late[i]);
	}
}

static void burst_walk(struct torture_thread *self, const uint64_t *open)
{
	unsigned int n = 0, limit = 64 + (unsigned int)torture_random(self, 512);
	struct netns *ns;
	uint64_t last = 0;
	bool root = false;

	netns_foreach_rcu (ns) {
		CHECK(n == 0 || ns->index > last, "walk: index %u after %llu", ns->index,
		      (unsigned long long)last);
		last = ns->index;
		root |= ns == netns_init_ns();
		check_all(self, ns, open);
		if (++n >= limit)
			break;
	}
	CHECK(n > 0 && (root || n == limit), "walk: the root namespace is missing");
}

/* A reference outlives the burst; what it was taken on must live on until it is put. */
static void burst_keep(struct torture_thread *self, const uint64_t *open)
{
	uint64_t again[OBJECT_MODULES], h = handle_any(self);
	struct netns *ns = netns_resolve(h);
	unsigned int i, bursts = 1 + (unsigned int)torture_random(self, 8);

	if (ns == NULL || !netns_tryget(ns))
		return;
	check_all(self, ns, open);
	for (i = 0; i < bursts; i++) {
		netns_reader_quiescent();
		CHECK(netns_is_alive(ns) && netns_handle(ns) == h, "a referenced tenant died");
		CHECK(netns_resolve(h) == ns, "a referenced tenant does not resolve");
		modules_snapshot(again);
		check_all(self, ns, again);
	}
	netns_put(ns);
}

/* A passive count keeps the head and the name, whatever happens to the tenant. */
static void burst_hold(struct torture_thread *self)
{
	uint64_t h = handle_any(self);
	struct netns *ns = netns_resolve(h);
	unsigned int i;

	if (ns == NULL || !netns_tryget(ns))
		return;
	netns_hold(ns);
	netns_put(ns);
	for (i = 0; i < 4; i++) {
		netns_reader_quiescent();
		CHECK(netns_handle(ns) == h, "a held tenant was freed");
	}
	if (netns_tryget(ns)) {
		CHECK(netns_resolve(h) == ns, "a revived tenant does not resolve");
		netns_put(ns);
	}
	netns_drop(ns);
}

static void burst_find(struct torture_thread *self)
{
	uint64_t h = handle_any(self);
	struct netns *ns = netns_find_by_cookie(h), *same;
	uint32_t inum;

	if (ns == NULL)
		return;
	CHECK(netns_handle(ns) == h, "cookie %#llx led to %#llx", (unsigned long long)h,
	      (unsigned long long)netns_handle(ns));
	inum = netns_inum(ns);
	same = netns_find_by_inum(inum);
	CHECK(same == ns, "inum %u of a live tenant led elsewhere", inum);
	netns_put(same);
	netns_put(ns);
}

static void burst(struct torture_thread *self)
{
	uint64_t open[OBJECT_MODULES];

	modules_snapshot(open);
	switch (torture_random(self, 16)) {
	case 0:
		burst_walk(self, open);
		break;
	case 1:
	case 2:
		burst_keep(self, open);
		break;
	case 3:
		burst_hold(self);
		break;
	case 4:
		burst_find(self);
		break;
	default:
		burst_resolve(self, open);
		break;
	}
}

void role_reader(struct torture_thread *self)
{
	CHECK(netns_reader_register(self->name) == 0, "no reader");
	while (torture_running()) {
		unsigned int i;

		for (i = 0; i < 64; i++) {
			burst(self);
			netns_reader_quiescent();
		}
		self->rounds += i;
		sched_yield(); /* few CPUs: others shall have some, while we are online */
		if (torture_one_in(self, 64)) {
			netns_reader_offline();
			sched_yield();
			netns_reader_online();
		}
		if (torture_one_in(self, 512)) {
			CHECK(netns_reader_unregister() == 0, "not registered");
			CHECK(netns_reader_register(self->name) == 0, "no reader again");
		}
	}
	CHECK(netns_reader_unregister() == 0, "not registered");
}
