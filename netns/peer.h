/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the peer ids share: peer.c owns tables and links, peer_map.c the lock-free
 * lookups, events.c the queue of events and its subscribers. One mutex guards all that is written;
 * it is a leaf of the lock order, and no callback runs under it.
 */
#ifndef NETNS_PEER_INTERNAL_H
#define NETNS_PEER_INTERNAL_H

#include <stdint.h>

#include <urcu/list.h>
#include <urcu/rculfhash.h>

#include "peer_tree.h"
#include "rcu.h"
#include "tenant.h"

extern struct netns_mutex peer_lock;

/** struct peer_record - one event in the queue; lies in its link, so queueing cannot fail */
struct peer_record {
	struct peer_record *next;
	struct peer_link *link;
	uint64_t seq; /* order of all events since the library began */
	enum netns_peer_event_type type;
};

/**
 * struct peer_link - "@peer is @node.id in @ns"
 *
 * Written under peer_lock; readers that met it in a hash see const fields only. Freed by the retire
 * thread, a grace period after it left both hashes and the queue holds neither record of it.
 * @ns and @peer are no references: they are valid while the link is published, and for a reader
 * that met it until the end of its read section, because both tenants leave their links before the
 * grace period that precedes their own end.
 */
struct peer_link {
	struct cds_lfht_node by_id;   /* key ns_handle, node.id */
	struct cds_lfht_node by_peer; /* key ns_handle, peer_handle */
	uint64_t ns_handle, peer_handle;
	struct tenant *ns, *peer;
	struct peer_node node;     /* in ns->peers->ids */
	struct cds_list_head back; /* in peer->peers->back */
	struct peer_record born, gone;
	unsigned int pins; /* 1 while published, 1 for each record in the queue */
	struct netns_defer defer;
};

/** struct peer_table - what one tenant has to do with peer ids; all under peer_lock */
struct peer_table {
	struct peer_node *ids;     /* links that have this tenant as ns */
	struct cds_list_head back; /* links that have it as peer */
};

/* The last pin frees the link. */
void peer_unpin_locked(struct peer_link *link) TS_REQUIRES(peer_lock);

/* peer_map.c: the two hashes. add and del under peer_lock; lookups inside a read section. */
int peer_map_init(void);
void peer_map_fini(void);
void peer_map_add_locked(struct peer_link *link) TS_REQUIRES(peer_lock);
void peer_map_del_locked(struct peer_link *link) TS_REQUIRES(peer_lock);
struct peer_link *peer_map_by_id_rcu(uint64_t ns_handle, int id);
struct peer_link *peer_map_by_peer_rcu(uint64_t ns_handle, uint64_t peer_handle);

/* events.c */
void peer_event_push_locked(struct peer_link *link, enum netns_peer_event_type type)
	TS_REQUIRES(peer_lock);
/* Releases peer_lock after delivering what is queued, unless another thread is at it. */
void peer_unlock_and_deliver(void) TS_RELEASE(peer_lock);

#endif /* NETNS_PEER_INTERNAL_H */
