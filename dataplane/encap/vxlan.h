/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VXLAN links (RFC 7348): a tenant's frames inside UDP of another tenant, the underlay.
 *
 * An end point is a local address and UDP port of an underlay tenant; it has a 12+12-bit table of
 * VNIs, whose entries are links. A tenant that is somebody's underlay has the module "vxlan", which
 * takes frames for its end points out of their outer headers and lets them re-enter at their link.
 * Sending builds the outer header and hands it to the underlay's own routing, dp_output().
 */
#ifndef DP_VXLAN_H
#define DP_VXLAN_H

#include <stdint.h>

#include "../link.h"
#include "dp_adj.h"
#include "dp_module.h"
#include "encap.h"

#define VXLAN_OUTER_MAX 56u /* bytes: IPv6, UDP, VXLAN */

/** struct vxlan_end - one end point; freed a grace period after its last link */
struct vxlan_end {
	struct netns_defer defer;
	struct netns *underlay; /* const */
	uint16_t port;          /* UDP destination, as on the wire; const */
	uint8_t family;         /* const */
	uint8_t local[16];      /* const; network order */
	uint32_t links;         /* dp_ctl_lock */
	struct vxlan *first;    /* its links' data; dp_ctl_lock */
	uint64_t *vni[4096];    /* entries of 12 more bits each; w:control (release) r:worker */
};

/** struct vxlan_ends - a tenant's end points; immutable, replaced whole */
struct vxlan_ends {
	struct netns_defer defer;
	uint32_t n;
	struct vxlan_end *end[];
};

/** struct vxlan - a link's own data; const but for the list and via */
struct vxlan {
	struct encap encap; /* first */
	struct vxlan_end *end;
	uint32_t vni;
	uint8_t outer_len; /* bytes */
	uint8_t family;
	uint8_t outer[VXLAN_OUTER_MAX]; /* headers to be, lengths and source port zero */
	struct vxlan *next;             /* on the end point */
	struct link *link;              /* dp_ctl_lock */
	/* without asking the underlay's routes: everything to one MAC by one link */
	bool has_via;
	uint8_t via_mac[6];
	struct dp_link *via; /* dp_ctl_lock; NULL: gone */
	uint32_t via_adj;    /* its adjacency; 0: none; w:control (release) r:worker */
	struct vxlan *via_next;
};

/* vxlan.c, control, dp_ctl_lock held. */
int vxlan_prepare(struct link *l, struct dp_link_config *c);
void vxlan_unprepare(struct link *l); /* the link was not made after all; any kind */
void vxlan_replaced(struct link *l);  /* its object is another now */
void vxlan_gone(struct link *l);      /* unpublished; encap is freed with the link */
void vxlan_free(struct link *l);      /* retire thread: no worker knows the link */
int vxlan_init(void);
void vxlan_fini(void);

extern const struct dp_module vxlan_module;

/* The underlay's end points; NULL: none. Worker or control; wait-free. */
const struct vxlan_ends *vxlan_ends(const struct netns *ns);

/* vxlan_end.c, control, dp_ctl_lock held. */
int vxlan_end_get(struct netns *ns, const struct dp_link_config *c, struct vxlan_end **ret_end);
void vxlan_end_put(struct vxlan_end *e);
uint64_t *vxlan_slot(struct vxlan_end *e, uint32_t vni); /* NULL: out of memory */

/* vxlan_decap.c, vxlan_encap.c: workers. */
void vxlan_decap(struct dp_worker *w, struct dp_vec *v);
void vxlan_xmit(struct worker *w, const struct dp_link *out, const struct dp_link *base,
		struct rte_mbuf *m);

#endif /* DP_VXLAN_H */
