/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids between tenants that die: several threads give ids from both sides of the same pairs
 * while tenants are replaced under them, and a subscriber keeps a table of its own from the
 * events. Ids must be unique and lead back while both live; the events must balance.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "netns/netns.h"

#define PLACES     48u /* tenants at a time */
#define ID_LIMIT   96u /* ids asked for; shadow table below */
#define MIRROR     (1u << 18)
#define EMPTY_SLOT 0ull
#define GONE_SLOT  1ull

/* A tenant in each place; who replaces one takes the lock, others get a reference under it. */
static struct netns *place[PLACES];
static pthread_mutex_t place_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t given, events_new, events_del; /* atomic */

/* --- the subscriber's own table: (tenant, id) -> peer ---------------------------------------- */

struct mirror_entry {
	uint64_t ns, peer; /* ns: EMPTY_SLOT, GONE_SLOT or a handle */
	int id;
};

static struct mirror_entry *mirror; /* guarded by mirror_lock */
static unsigned int mirror_used;    /* entries that are not EMPTY */
static pthread_mutex_t mirror_lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned int mirror_hash(uint64_t ns, int id)
{
	return (unsigned int)(((ns ^ (uint64_t)(unsigned int)id << 40) * 0x9e3779b97f4a7c15ull) >>
			      46);
}

static struct mirror_entry *mirror_find(uint64_t ns, int id)
{
	unsigned int i = mirror_hash(ns, id) % MIRROR;

	while (mirror[i].ns != EMPTY_SLOT) {
		if (mirror[i].ns == ns && mirror[i].id == id)
			return &mirror[i];
		i = (i + 1) % MIRROR;
	}
	return NULL;
}

static void mirror_insert(uint64_t ns, int id, uint64_t peer)
{
	unsigned int i = mirror_hash(ns, id) % MIRROR;

	while (mirror[i].ns != EMPTY_SLOT && mirror[i].ns != GONE_SLOT)
		i = (i + 1) % MIRROR;
	mirror_used += mirror[i].ns == EMPTY_SLOT;
	mirror[i] = (struct mirror_entry){ .ns = ns, .id = id, .peer = peer };
}

/* Throws out what is gone before probing becomes endless. */
static void mirror_tidy(void)
{
	struct mirror_entry *old = mirror;
	unsigned int i;

	if (mirror_used < MIRROR / 2)
		return;
	mirror = calloc(MIRROR, sizeof(*mirror));
	CHECK(mirror != NULL, "out of memory");
	mirror_used = 0;
	for (i = 0; i < MIRROR; i++) {
		if (old[i].ns != EMPTY_SLOT && old[i].ns != GONE_SLOT)
			mirror_insert(old[i].ns, old[i].id, old[i].peer);
	}
	free(old);
}

static void on_event(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	struct mirror_entry *e;

	pthread_mutex_lock(&mirror_lock);
	e = mirror_find(event->ns_handle, event->id);
	if (event->type == NETNS_PEER_NEW) {
		CHECK(e == NULL, "event: id %d of %#llx is given twice", event->id,
		      (unsigned long long)event->ns_handle);
		mirror_tidy();
		mirror_insert(event->ns_handle, event->id, event->peer_handle);
		__atomic_add_fetch(&events_new, 1, __ATOMIC_RELAXED);
	} else {
		CHECK(event->type == NETNS_PEER_DEL && e != NULL,
		      "event: id %d of %#llx is taken, but was not given", event->id,
		      (unsigned long long)event->ns_handle);
		CHECK(e->peer == event->peer_handle, "event: id %d is taken from another peer",
		      event->id);
		e->ns = GONE_SLOT;
		__atomic_add_fetch(&events_del, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&mirror_lock);
}

static struct netns_peer_subscriber subscriber = { .fn = on_event };

/* --- threads ------------------------------------------------------------------------------- */

static struct netns *place_get(struct torture_thread *self)
{
	unsigned int i = (unsigned int)torture_random(self, PLACES);
	struct netns *ns;

	pthread_mutex_lock(&place_lock);
	ns = netns_get(place[i]);
	pthread_mutex_unlock(&place_lock);
	return ns;
}

static void replacer(struct torture_thread *self)
{
	struct netns *fresh, *old;
	unsigned int i;
	int err;

	while (torture_running()) {
		err = netns_create(NULL, &fresh);
		CHECK(err == 0 || err == -EAGAIN, "create: %d", err);
		if (err != 0)
			continue;
		i = (unsigned int)torture_random(self, PLACES);
		pthread_mutex_lock(&place_lock);
		old = place[i];
		place[i] = fresh;
		pthread_mutex_unlock(&place_lock);
		netns_put(old);
		self->rounds++;
	}
}

/* @id was given just now, and both are referenced: nobody may change or take it. */
static void check_given(struct netns *ns, struct netns *peer, int id)
{
	struct netns *found = netns_peer_by_id(ns, id);

	CHECK(found == peer, "id %d leads elsewhere", id);
	netns_put(found);
	CHECK(netns_peer_id(ns, peer) == id, "peer has id %d, not %d", netns_peer_id(ns, peer), id);
	CHECK(netns_peer_id_alloc(ns, peer, id, NULL) == -EEXIST, "id %d is given twice", id);
}

static void give(struct torture_thread *self, struct netns *ns, struct netns *peer)
{
	static const int far[] = { INT_MAX, INT_MAX - 1, 1 << 20, 65536 };
	int reqid = -1, id = -2, err;

	if (torture_one_in(self, 2))
		reqid = (int)torture_random(self, ID_LIMIT);
	else if (torture_one_in(self, 8))
		reqid = far[torture_random(self, 4)];
	err = netns_peer_id_alloc(ns, peer, reqid, &id);
	if (err == 0) {
		__atomic_add_fetch(&given, 1, __ATOMIC_RELAXED);
		CHECK(reqid < 0 ? id >= 0 : id == reqid, "wanted %d, got %d", reqid, id);
		check_given(ns, peer, id);
		return;
	}
	CHECK(err == -EEXIST && id == -2, "id %d: %d", reqid, err);
	CHECK(reqid >= 0 || netns_peer_id(ns, peer) >= 0, "-EEXIST, but the peer has no id");
}

static void dump(struct netns *ns)
{
	int last = -1, id = -1;
	struct netns *peer;

	while ((peer = netns_peer_next(ns, last, &id)) != NULL) {
		CHECK(id > last, "dump: id %d after %d", id, last);
		CHECK(netns_peer_id(ns, peer) == id, "dump: the peer of %d has another id", id);
		netns_put(peer);
		last = id;
	}
}

static void giver(struct torture_thread *self)
{
	struct netns *a, *b, *unknown;

	while (torture_running()) {
		a = place_get(self);
		b = place_get(self);
		give(self, a, b);
		give(self, b, a);
		if (torture_one_in(self, 64))
			dump(a);
		unknown = netns_peer_by_id(a, (int)torture_random(self, 2 * ID_LIMIT));
		netns_put(unknown);
		netns_put(b);
		netns_put(a);
		self->rounds++;
	}
}

/* Looks at tables as a worker does, without references of its own on what it finds. */
static void looker(struct torture_thread *self)
{
	struct netns *ns, *peer;

	CHECK(netns_reader_register(self->name) == 0, "no reader");
	while (torture_running()) {
		netns_foreach_rcu (ns) {
			int id = (int)torture_random(self, ID_LIMIT);

			peer = netns_peer_by_id(ns, id);
			if (peer == NULL)
				continue;
			CHECK(netns_is_alive(peer), "a dead peer was given out");
			netns_put(peer);
		}
		netns_reader_quiescent();
		self->rounds++;
	}
	CHECK(netns_reader_unregister() == 0, "not registered");
}

int main(int argc, char **argv)
{
	struct netns_options options = { .log = torture_log, .max_backlog = 4000 };
	unsigned int i;

	torture_begin(argc, argv, "torture-pairs", 5, 3);
	mirror = calloc(MIRROR, sizeof(*mirror));
	CHECK(mirror != NULL, "out of memory");
	CHECK(netns_lib_init(&options) == 0, "the library does not start");
	netns_peer_subscribe(&subscriber);
	for (i = 0; i < PLACES; i++)
		CHECK(netns_create(NULL, &place[i]) == 0, "create");
	for (i = 0; i < torture.threads; i++)
		torture_start(giver, "giver", i);
	torture_start(replacer, "replacer", 0);
	torture_start(looker, "looker", 0);
	torture_join();
	for (i = 0; i < PLACES; i++)
		netns_put(place[i]);
	CHECK(netns_barrier() == 0, "barrier");
	netns_peer_unsubscribe(&subscriber);
	printf("  %llu ids given\n", (unsigned long long)given);
	CHECK(events_new == given, "%llu ids given, %llu events", (unsigned long long)given,
	      (unsigned long long)events_new);
	CHECK(events_del == given, "%llu ids given, %llu taken", (unsigned long long)given,
	      (unsigned long long)events_del);
	CHECK(netns_lib_fini() == 0, "the library does not stop");
	free(mirror);
	return torture_end();
}
