/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbour thread: takes workers' notes from their rings, moves neighbours' states, runs
 * timers. One ring a worker, single producer, single consumer. A tenant (by a hash of its index)
 * may put only a share of notes into a ring each millisecond, so that a flood in one tenant leaves
 * room for the others; what does not fit is the caller's counted drop.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring_elem.h>

#include "dataplane/dp.h"
#include "dataplane/port.h"
#include "internal.h"

#define RING_NOTES 4096u
#define SHARES     256u
#define SHARE_MAX  64u /* notes of one share in one ring and millisecond */
#define BURST      64u

/** struct mailbox - one worker's ring and its shares; shares: w:worker */
struct mailbox {
	struct rte_ring *ring;
	uint64_t ms;
	uint16_t share[SHARES];
};

static struct mailbox *mailboxes; /* [worker index]; const while the thread runs */
static unsigned int n_mailboxes;
static pthread_t thread;
static bool running; /* atomic */
static uint64_t begin_ns;
static struct rte_mempool *pool; /* w:init r:neigh thread */

struct rte_mempool *neigh_pool(void)
{
	return pool;
}

uint32_t neigh_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint32_t)(((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec - begin_ns) /
			  1000000u) |
	       1u;
}

bool neigh_tell(struct dp_worker *w, const struct neigh_note *note)
{
	struct mailbox *box = &mailboxes[w->index];
	uint16_t *share = &box->share[(uint32_t)note->ns_handle % SHARES];
	uint64_t ms = w->now_ns >> 20;

	if (box->ms != ms) {
		memset(box->share, 0, sizeof(box->share));
		box->ms = ms;
	}
	if (*share >= SHARE_MAX)
		return false;
	if (rte_ring_sp_enqueue_elem(box->ring, (void *)(uintptr_t)note, sizeof(*note)) != 0)
		return false;
	(*share)++;
	return true;
}

void neigh_heard(struct dp_worker *w, const struct dp_link *link, const struct neigh_heard *heard)
{
	struct neigh_note note = { .ns_handle = link->ns->handle,
				   .link_index = link->index,
				   .link_generation = link->generation,
				   .kind = NEIGH_NOTE_HEARD,
				   .family = heard->family,
				   .confirms = heard->confirms,
				   .overrides = heard->overrides,
				   .creates = heard->creates,
				   .router = heard->router };

	memcpy(note.addr, heard->addr, sizeof(note.addr));
	memcpy(note.mac, heard->mac, sizeof(note.mac));
	neigh_tell(w, &note);
}

static void free_note(const struct neigh_note *note)
{
	if (note->kind == NEIGH_NOTE_PACKET)
		neigh_drop_packet(note->ns_handle, note->m, DP_DROP_STALE_HANDLE);
}

/* A packet needs the neighbour: make the entry if there is none, queue, ask. */
static void want(struct netns *ns, struct dp_link *link, const struct neigh_note *note)
{
	struct neigh *n = neigh_find(neigh_ns_of(ns), note->link_index, note->family, note->addr);
	int err;

	if (!n) {
		err = neigh_new(link, note->family, note->addr, &n);
		if (err) {
			neigh_drop_packet(note->ns_handle, note->m, DP_DROP_NEIGH_LIMIT);
			return;
		}
	}
	neigh_touch(n);
	neigh_enqueue(n, note->m);
}

static void take_heard(struct netns *ns, struct dp_link *link, const struct neigh_note *note)
{
	struct neigh *n = neigh_find(neigh_ns_of(ns), note->link_index, note->family, note->addr);

	if (!n && (!note->creates || neigh_new(link, note->family, note->addr, &n)))
		return;
	if (note->router)
		n->flags =
			note->router == 2 ? n->flags | NTF_ROUTER : n->flags & (uint8_t)~NTF_ROUTER;
	neigh_set(n, note->confirms ? NUD_REACHABLE : NUD_STALE, note->mac,
		  note->overrides || note->creates ? NEIGH_SET_OVERRIDE : 0);
}

static void take(const struct neigh_note *note)
{
	struct netns *ns = netns_resolve(note->ns_handle);
	struct dp_link *link =
		ns ? dp_link_by_index(note->link_index, note->link_generation) : NULL;

	if (!link || link->ns != ns || !neigh_ns_of(ns)) {
		free_note(note);
		return;
	}
	if (note->kind == NEIGH_NOTE_PACKET)
		want(ns, link, note);
	else
		take_heard(ns, link, note);
}

static unsigned int drain(struct mailbox *box)
{
	struct neigh_note note[BURST];
	unsigned int n =
		rte_ring_sc_dequeue_burst_elem(box->ring, note, sizeof(note[0]), BURST, NULL);
	unsigned int i;

	if (n == 0)
		return 0;
	neigh_lock();
	for (i = 0; i < n; i++)
		take(&note[i]);
	neigh_unlock();
	return n;
}

static void rest(unsigned int idle_rounds)
{
	struct timespec ts = { 0, idle_rounds < 1000 ? 1000000 : 5000000 };

	netns_reader_offline();
	nanosleep(&ts, NULL);
	netns_reader_online();
}

static void *run(void *arg)
{
	unsigned int idle = 0, i, n;

	netns_reader_register("neigh");
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		for (i = 0, n = 0; i < n_mailboxes; i++)
			n += drain(&mailboxes[i]);
		neigh_lock();
		neigh_wheel_run(neigh_now_ms());
		neigh_reap_posted();
		neigh_unlock();
		netns_reader_quiescent();
		idle = n ? 0 : idle + 1;
		if (n == 0)
			rest(idle);
	}
	netns_reader_unregister();
	return NULL;
}

static void free_mailboxes(void)
{
	struct neigh_note note;
	unsigned int i;

	for (i = 0; i < n_mailboxes; i++) {
		while (mailboxes[i].ring &&
		       rte_ring_sc_dequeue_elem(mailboxes[i].ring, &note, sizeof(note)) == 0)
			if (note.kind == NEIGH_NOTE_PACKET)
				rte_pktmbuf_free(note.m);
		rte_ring_free(mailboxes[i].ring);
	}
	free(mailboxes);
	mailboxes = NULL;
	n_mailboxes = 0;
}

int neigh_thread_start(void)
{
	struct timespec ts;
	char name[RTE_RING_NAMESIZE];
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	begin_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	dp_ctl_lock();
	pool = pool_of(SOCKET_ID_ANY);
	dp_ctl_unlock();
	if (!pool)
		return -ENOMEM;
	n_mailboxes = dp_worker_count();
	mailboxes = calloc(n_mailboxes, sizeof(*mailboxes));
	if (!mailboxes)
		return -ENOMEM;
	for (i = 0; i < n_mailboxes; i++) {
		snprintf(name, sizeof(name), "neigh-%u", i);
		mailboxes[i].ring =
			rte_ring_create_elem(name, sizeof(struct neigh_note), RING_NOTES,
					     SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!mailboxes[i].ring)
			goto no_ring;
	}
	__atomic_store_n(&running, true, __ATOMIC_RELEASE);
	if (pthread_create(&thread, NULL, run, NULL)) {
		__atomic_store_n(&running, false, __ATOMIC_RELEASE);
		free_mailboxes();
		return -EAGAIN;
	}
	return 0;

no_ring:
	free_mailboxes();
	return -ENOMEM;
}

void neigh_thread_stop(void)
{
	if (!__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&running, false, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	free_mailboxes();
}
