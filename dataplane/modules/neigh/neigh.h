/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours of a tenant (ARP and ND): states and timers as in Linux, learned by workers, changed
 * by control threads. Each neighbour owns one adjacency; becoming reachable fills in its header
 * with one release store of its kind, so routes never change when a neighbour resolves.
 */
#ifndef NEIGH_H
#define NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_adj.h"
#include "dataplane/dp_link.h"
#include "dataplane/dp_worker.h"

struct neigh;

/* Numbers as in rtnetlink: NUD_*, NTF_*. */
struct neigh_config {
	struct dp_link *link;
	uint8_t family;
	uint8_t addr[16];
	bool has_mac;
	uint8_t mac[6];
	uint16_t state;     /* NUD_*; 0: NUD_PERMANENT */
	uint8_t flags;      /* NTF_ROUTER, NTF_EXT_LEARNED */
	uint32_t nlm_flags; /* NLM_F_CREATE, _EXCL, _REPLACE */
	const char *error;  /* out */
};

struct neigh_info {
	struct dp_link *link;
	uint8_t family, flags;
	uint16_t state;
	uint8_t addr[16];
	uint8_t mac[6];
	bool has_mac;
	uint32_t used_ms, confirmed_ms, updated_ms; /* ago */
	uint32_t probes, refs, adj;
};

/* Context: control, dp_ctl_lock held. Errors as Linux: -EEXIST, -ENOENT, -EINVAL, -EDQUOT, ... */
int neigh_add(struct neigh_config *config);
int neigh_del(struct neigh_config *config);
int neigh_get(struct dp_link *link, uint8_t family, const uint8_t *addr,
	      struct neigh_info *ret_info);
/* Dump by (ifindex, family, address) after the given ones; false at the end. */
bool neigh_next(struct netns *ns, struct neigh_info *cursor);

/*
 * The adjacency for a gateway (routes) or an on-link destination, made if need be; referenced until
 * neigh_release(). Context: control, dp_ctl_lock held.
 */
int neigh_adj(struct dp_link *link, uint8_t family, const uint8_t *addr, uint32_t *ret_adj);
void neigh_release(struct dp_link *link, uint8_t family, const uint8_t *addr);

/*
 * Datapath, on a worker: a packet (at its L3 header) for @dst on @link that has no complete
 * adjacency: queued (bounded) while ARP or ND asks, or sent if it turns out to be known. Takes the
 * mbuf. Never blocks.
 */
void neigh_resolve(struct dp_worker *w, const struct dp_link *link, uint8_t family,
		   const uint8_t *dst, struct rte_mbuf *m);

/* The adjacency of an on-link destination, of whatever kind it is now; NULL: no entry. Worker, RCU.
 */
const struct dp_adj *neigh_lookup(const struct dp_link *link, uint8_t family, const uint8_t *dst);

/*
 * Who tells the sender of @m (at its L3 header, not taken) that its neighbour did not answer;
 * called on a worker. Set before the module is registered.
 */
typedef void neigh_unreachable_fn(struct dp_worker *w, const struct dp_link *link,
				  const struct rte_mbuf *m);
void neigh_unreachable_set(neigh_unreachable_fn *fn);

/* Address of the neighbour that owns @adj; 4 or 16 bytes. Worker, RCU. */
void neigh_address(const struct dp_adj *adj, uint8_t *ret_addr);

/** struct neigh_heard - what an ARP or ND message says about an address */
struct neigh_heard {
	uint8_t family;
	uint8_t addr[16];
	uint8_t mac[6];
	bool confirms;  /* an answer to us: reachable, not just stale */
	bool overrides; /* may replace a known link-layer address */
	bool creates;   /* makes an entry where there is none */
	uint8_t router; /* 0 unknown, 1 no, 2 yes */
};
/* Worker: tells the neighbour thread; may be lost under a flood, as a frame may. */
void neigh_heard(struct dp_worker *w, const struct dp_link *link, const struct neigh_heard *heard);

enum neigh_event { NEIGH_NEW, NEIGH_DEL };
struct neigh_listener {
	void (*fn)(struct neigh_listener *l, enum neigh_event event, struct netns *ns,
		   const struct neigh_info *info);
	struct neigh_listener *next;
};
void neigh_listen(struct neigh_listener *l);
void neigh_unlisten(struct neigh_listener *l);

extern const struct dp_module neigh_module;
/* Around the module's registration: neighbour thread, link listener. Context: init. */
int neigh_begin(void);
void neigh_end(void);

#endif /* NEIGH_H */
