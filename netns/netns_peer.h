/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids (nsid): each tenant's own small integers for other tenants, and their events. A mapping
 * holds no reference and disappears when either side dies. Included by netns.h.
 */
#ifndef NETNS_PEER_H
#define NETNS_PEER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netns;

#define NETNS_PEER_ID_NONE (-1)

/**
 * netns_peer_id_alloc() - give @peer an id in @ns
 * @ns, @peer: referenced, or found in this burst; may be the same tenant
 * @reqid:     >= 0: exactly that, INT_MAX included; < 0: the lowest free one
 * @ret_id:    out, may be NULL; untouched on failure
 *
 * Context: control; blocks(mutex)
 * Errors:  -EEXIST @peer has an id already, or @reqid is taken; -ENOENT @ns or @peer is dying;
 *          -ENOMEM; -ENOSPC no number is left
 * Source:  behaviour of Linux peernet2id_alloc() and rtnl_net_newid()
 */
int netns_peer_id_alloc(struct netns *ns, struct netns *peer, int reqid, int *ret_id);

/** netns_peer_id() - @peer's id in @ns, or NETNS_PEER_ID_NONE; O(1), lock-free */
int netns_peer_id(struct netns *ns, struct netns *peer);

/** netns_peer_by_id() - the referenced peer (netns_put() it), or NULL; O(1), lock-free */
struct netns *netns_peer_by_id(struct netns *ns, int id);

/**
 * netns_peer_next() - ids in ascending order, for dumps; stable under change
 * @ns:     referenced
 * @after:  the last id seen; -1 to begin
 * @ret_id: out: the next id
 * Context: control; blocks(mutex)
 * Return:  the referenced peer, or NULL at the end. O(log n) per step.
 */
struct netns *netns_peer_next(struct netns *ns, int after, int *ret_id);

enum netns_peer_event_type { NETNS_PEER_NEW = 1, NETNS_PEER_DEL = 2 };

struct netns_peer_event {
	enum netns_peer_event_type type;
	int id;
	uint64_t ns_handle;   /* whose table */
	uint64_t peer_handle; /* who has the id */
};

/* Embedded by the subscriber; valid until netns_peer_unsubscribe() returned. */
struct netns_peer_subscriber {
	void (*fn)(struct netns_peer_subscriber *sub, const struct netns_peer_event *event);
	struct netns_peer_subscriber *next; /* the library's own, as the one below */
	uint64_t since;
};

/**
 * netns_peer_subscribe() - hear of every id given and taken, in order, outside all locks
 * Context: control; blocks(mutex). Events come from the thread that changed the table, or from
 *          another one that was delivering at that moment; callbacks may use the whole peer API.
 *          The thread that retires tenants is one of them, so a callback must not wait for it.
 *          Changes made before the call are not heard.
 */
void netns_peer_subscribe(struct netns_peer_subscriber *sub);
/*
 * No callback of @sub runs any more when this returns (but for the one that calls it). To be called
 * with no lock held that a callback of @sub takes.
 */
void netns_peer_unsubscribe(struct netns_peer_subscriber *sub);

#ifdef __cplusplus
}
#endif

#endif /* NETNS_PEER_H */
