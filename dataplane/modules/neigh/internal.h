/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the neigh module share.
 *
 * One owner: every neighbour is changed under neigh_lock, by control threads or by the neighbour
 * thread. Workers only read (hash chains and adjacencies, under RCU) and put notes into their own
 * ring: packets without a complete adjacency, and ARP or ND that they received. So nothing in the
 * datapath allocates, locks or waits, and a flood fills one ring, of which each tenant may use only
 * a share.
 * Lock order: dp_ctl_lock -> neigh_lock.
 */
#ifndef NEIGH_INTERNAL_H
#define NEIGH_INTERNAL_H

#include "neigh.h"

#define NEIGH_QUEUE_MAX     64u   /* packets waiting for one neighbour */
#define NEIGH_QUOTA_DEFAULT 1024u /* neighbours that one tenant learns, as Linux's gc_thresh3 */

/** struct neigh - one neighbour; the first line is what workers read */
struct neigh {
	struct neigh *next;    /* hash chain; w:neigh_lock (release) r:worker (acquire) */
	uint32_t adj;          /* const while hashed */
	uint32_t link_index;   /* const; part of the key */
	uint8_t addr[16];      /* const; part of the key */
	uint8_t family, flags; /* const; NTF_* guarded by neigh_lock */
	uint16_t state;        /* NUD_*; guarded by neigh_lock, as all below */
	uint8_t mac[6];
	uint8_t probes;
	uint32_t refs;                              /* routes through it */
	uint32_t used_ms, confirmed_ms, updated_ms; /* on neigh_now_ms()'s clock */

	struct dp_link *link;
	struct netns *ns;
	uint32_t due_ms; /* timer; 0: none */
	uint32_t slot;   /* of the wheel */
	struct neigh *wheel_next, **wheel_prev;
	struct parcel *queue; /* packets that wait; send.c */
	struct netns_defer defer;
};

/** struct neigh_ns - one tenant's neighbours; the neigh module's slot */
struct neigh_ns {
	struct neigh **bucket; /* w:neigh_lock (release) r:worker (acquire); NULL: none yet */
	uint32_t mask; /* buckets - 1; read after bucket, may be the older one: see hash.c */
	uint32_t count;
	struct netns *ns;
};

struct parcel;

struct neigh_ns *neigh_ns_of(const struct netns *ns);

void neigh_lock(void);
void neigh_unlock(void);
uint32_t neigh_now_ms(void); /* CLOCK_MONOTONIC, ms since the module began, never 0 */

/* hash.c */
struct neigh *neigh_find(const struct neigh_ns *nn, uint32_t link_index, uint8_t family,
			 const uint8_t *addr); /* worker (RCU) or control */
int neigh_hash_insert(struct neigh_ns *nn, struct neigh *n);
void neigh_hash_remove(struct neigh_ns *nn, struct neigh *n);
struct neigh *neigh_hash_next(const struct neigh_ns *nn, const struct neigh_info *after);
void neigh_hash_fini(struct neigh_ns *nn);

/* state.c: neigh_lock held. */
int neigh_new(struct dp_link *link, uint8_t family, const uint8_t *addr, struct neigh **ret_neigh);
void neigh_forget(struct neigh *n); /* unhash and free, unless a route refers to it */
void neigh_set(struct neigh *n, uint16_t state, const uint8_t *mac, uint32_t updates);
#define NEIGH_SET_OVERRIDE 1u      /* a known address may be replaced */
#define NEIGH_SET_ADMIN    2u      /* by a user */
void neigh_touch(struct neigh *n); /* a packet wants it: ask or confirm */
void neigh_enqueue(struct neigh *n, struct rte_mbuf *m);
void neigh_timer(struct neigh *n);    /* its time has come */
void neigh_adj_fill(struct neigh *n); /* header and kind from state, MAC and link */
void neigh_info_of(const struct neigh *n, struct neigh_info *ret_info);

/* wheel.c: neigh_lock held. */
void neigh_arm(struct neigh *n, uint32_t delay_ms); /* 0: disarm */
void neigh_wheel_run(uint32_t now_ms);

/* solicit.c: asks who has the address; @mac NULL: broadcast or solicited-node multicast. */
void neigh_solicit(const struct neigh *n, const uint8_t *mac);

/* notify.c */
void neigh_notify(enum neigh_event event, const struct neigh *n);

/* thread.c: what workers tell the neighbour thread. */
enum neigh_note_kind { NEIGH_NOTE_PACKET, NEIGH_NOTE_HEARD };

/** struct neigh_note - one entry of a worker's ring */
struct neigh_note {
	uint64_t ns_handle;
	struct rte_mbuf *m; /* PACKET: waiting, at its L3 header */
	uint32_t link_index, link_generation;
	uint8_t kind, family;
	uint8_t addr[16];
	/* HEARD: an ARP or ND message about addr */
	uint8_t mac[6];
	uint8_t confirms;  /* an answer to us: reachable, not just stale */
	uint8_t overrides; /* may replace a known address */
	uint8_t creates;   /* a request to us makes an entry */
	uint8_t router;    /* 0 unknown, 1 no, 2 yes */
};
/* Worker. False: no room; the caller counts the drop. */
bool neigh_tell(struct dp_worker *w, const struct neigh_note *note);
int neigh_thread_start(void);
void neigh_thread_stop(void);

/* send.c: hand frames to a worker from the neighbour thread or a control thread. */
void neigh_send_frame(const struct dp_link *link, struct rte_mbuf *m);
void neigh_send_queue(struct neigh *n);
void neigh_drop_queue(struct neigh *n, bool answer); /* @answer: tell the senders */
void neigh_drop_packet(uint64_t ns_handle, struct rte_mbuf *m, enum dp_drop reason);
void neigh_reap_posted(void);
struct rte_mempool *neigh_pool(void); /* buffers for what the neighbour thread makes */

static inline unsigned int neigh_addr_bytes(uint8_t family)
{
	return family == 10 /* AF_INET6 */ ? 16 : 4;
}

#endif /* NEIGH_INTERNAL_H */
