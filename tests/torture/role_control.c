/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registrars, the giver of peer ids, and the waiter: control threads beside the creators.
 */
#include "roles.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "object.h"

#define REGISTRARS 2u
#define KEPT       24u

/* --- modules come and go ------------------------------------------------------------------ */

void role_registrar(struct torture_thread *self)
{
	bool registered[OBJECT_MODULES] = { false };
	unsigned int k;
	int err;

	while (torture_running()) {
		k = (unsigned int)torture_random(self, OBJECT_MODULES / REGISTRARS) * REGISTRARS +
		    self->number;
		self->rounds++;
		if (registered[k]) {
			object_unregister(&modules[k]);
			CHECK(netns_subsys_unregister(&modules[k].ops) == -ENOENT,
			      "unregistered twice");
			registered[k] = false;
			continue;
		}
		err = object_register(&modules[k], torture_one_in(self, 2));
		CHECK(err == 0 || err == -EIO || err == -EDQUOT, "register: %d", err);
		registered[k] = err == 0;
		if (err == 0 && torture_one_in(self, 16))
			CHECK(netns_subsys_register(&modules[k].ops) == -EEXIST,
			      "registered twice");
	}
	for (k = 0; k < OBJECT_MODULES; k++) {
		if (registered[k])
			object_unregister(&modules[k]);
	}
}

/* --- peer ids ----------------------------------------------------------------------------- */

/* A referenced tenant that somebody else made, or NULL. */
static struct netns *borrow(struct torture_thread *self)
{
	return netns_find_by_cookie(handle_any(self));
}

static void peers_of(struct torture_thread *self, struct netns *ns, struct netns *peer)
{
	int reqid = torture_one_in(self, 3) ? (int)torture_random(self, 64) : -1, id = -2;
	struct netns *found;
	int err = netns_peer_id_alloc(ns, peer, reqid, &id);

	if (err == 0) {
		CHECK(id >= 0 && (reqid < 0 || id == reqid), "asked for id %d, got %d", reqid, id);
		CHECK(netns_peer_id(ns, peer) == id, "id %d is not found", id);
		found = netns_peer_by_id(ns, id);
		CHECK(found == peer, "id %d leads elsewhere", id);
		netns_put(found);
		CHECK(netns_peer_id_alloc(ns, peer, -1, NULL) == -EEXIST, "two ids for one peer");
	} else {
		CHECK(err == -EEXIST && id == -2, "peer id: %d", err);
	}
}

static void peers_dump(struct netns *ns)
{
	struct netns *peer;
	int last = -1, id = -1;

	while ((peer = netns_peer_next(ns, last, &id)) != NULL) {
		CHECK(id > last, "dump: %d after %d", id, last);
		netns_put(peer);
		last = id;
	}
}

void role_peers(struct torture_thread *self)
{
	struct netns *kept[KEPT] = { NULL };
	unsigned int i;

	while (torture_running()) {
		struct netns *peer = borrow(self);

		self->rounds++;
		i = (unsigned int)torture_random(self, KEPT);
		if (kept[i] == NULL) {
			kept[i] = peer;
			sched_yield();
			continue;
		}
		if (peer != NULL)
			peers_of(self, kept[i], peer);
		netns_put(peer);
		if (torture_one_in(self, 32))
			peers_dump(kept[i]);
		if (torture_one_in(self, 16)) {
			netns_put(kept[i]);
			kept[i] = NULL;
		}
	}
	for (i = 0; i < KEPT; i++)
		netns_put(kept[i]);
}

/* --- barriers, deferred frees, statistics ------------------------------------------------- */

/** struct deferred - freed by its callback, once in a while after another round */
struct deferred {
	struct netns_defer defer;
	uint64_t state;
	unsigned int again; /* how often the callback still defers it */
};

static uint64_t deferred_freed; /* atomic */

static void on_defer(struct netns_defer *defer)
{
	struct deferred *d = (struct deferred *)defer;

	CHECK(d->state == OBJECT_ALIVE, "a deferred object is freed twice");
	if (d->again-- > 0) {
		netns_defer(&d->defer, on_defer, sizeof(*d));
		return;
	}
	d->state = OBJECT_DEAD;
	free(d);
	__atomic_add_fetch(&deferred_freed, 1, __ATOMIC_RELAXED);
}

static unsigned int defer_some(struct torture_thread *self)
{
	unsigned int i, n = (unsigned int)torture_random(self, 100);

	for (i = 0; i < n; i++) {
		struct deferred *d = calloc(1, sizeof(*d));

		CHECK(d != NULL, "out of memory");
		d->state = OBJECT_ALIVE;
		d->again = (unsigned int)torture_random(self, 3);
		netns_defer(&d->defer, on_defer, sizeof(*d));
	}
	return n;
}

void role_waiter(struct torture_thread *self)
{
	struct netns_stats st;
	uint64_t deferred = 0, before;

	while (torture_running()) {
		self->rounds++;
		deferred += defer_some(self);
		netns_stats(&st);
		CHECK(st.live >= 1 && st.created >= st.destroyed, "statistics: %llu live",
		      (unsigned long long)st.live);
		before = st.grace_periods;
		netns_synchronize();
		netns_stats(&st);
		CHECK(st.grace_periods > before, "a grace period was not counted");
		CHECK(netns_barrier() == 0, "barrier");
		CHECK(__atomic_load_n(&deferred_freed, __ATOMIC_RELAXED) == deferred,
		      "a barrier returned, but %llu of %llu are freed",
		      (unsigned long long)deferred_freed, (unsigned long long)deferred);
	}
}
