/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links: what a tenant's packets come from and go to. A port's own link, VLAN and stacked VLAN
 * links, VXLAN links, the two ends of a pair, loopback and dummy; each in exactly one tenant.
 *
 * A worker finds a link through one 8-byte table entry and reads one line of it; that line holds
 * copies of what the next stage needs (the tenant's feature mask and FIB handles), so that the
 * tenant itself is not touched on the fast path. A link object never changes tenant: moving makes a
 * new object, publishes it with one store, and retires the old one after a grace period.
 */
#ifndef DP_LINK_H
#define DP_LINK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/netns.h"

struct dp_port;

enum dp_link_kind {
	DP_LINK_PORT, /* a DPDK port's untagged frames */
	DP_LINK_VLAN, /* 802.1Q or 802.1ad tag on a parent link; stack two for QinQ */
	DP_LINK_VXLAN,
	DP_LINK_PAIR, /* one end of a tenant-to-tenant pair (Linux: veth) */
	DP_LINK_LOOPBACK,
	DP_LINK_DUMMY,
	DP_LINK_KINDS,
};

#define DP_LINK_F_UP       1u /* administratively up */
#define DP_LINK_F_RUNNING  2u /* and its carrier is there */
#define DP_LINK_F_PROMISC  4u /* takes frames for any MAC */
#define DP_LINK_F_ALLMULTI 8u
#define DP_LINK_F_NOARP    16u

/* How a frame leaves by a link. */
enum dp_tx_kind {
	DP_TX_PORT,  /* tags in front, then the port's queue */
	DP_TX_PAIR,  /* re-enters at the other end */
	DP_TX_ENCAP, /* the tunnel's own way */
	DP_TX_LOOP,  /* loopback: re-enters at the link itself */
	DP_TX_SINK,  /* dummy: counted as sent, and freed */
};

#define DP_LINK_NAME_MAX 15u /* bytes, as IFNAMSIZ - 1 */

/**
 * struct dp_link - the workers' view of a link: two lines
 *
 * Lifetime: freed by the retire thread one grace period after dp_link_delete() or a move
 */
struct dp_link {
	/* line 0: ingress, r:worker w:control */
	struct netns *ns;     /* const */
	uint64_t features;    /* copy of ns->features; atomic */
	uint64_t l3[2];       /* copies of the tenant's IPv4 and IPv6 FIB handles; atomic */
	uint8_t mac[6];       /* changed by replacing the object; read with flags as one word */
	uint16_t flags;       /* DP_LINK_F_*; atomic */
	uint32_t index;       /* dense, process-wide; selects counters; a move gives a new one */
	uint16_t mtu;         /* bytes of L3; atomic */
	uint8_t kind;         /* enum dp_link_kind */
	uint8_t encap_len;    /* bytes of tags that this link adds in front of the EtherType */
	uint64_t local_bloom; /* w:addr module; bit (addr * 0x9e3779b1 >> 26) of each own IPv4
				 address */
	const struct dp_link *wire; /* where xconnect sends to; NULL; atomic w:xconnect */

	/* line 1: egress, r:worker w:control; copies, so that sending touches this line only */
	const struct dp_link *lower; /* parent of a VLAN; other end of a pair; atomic; NULL */
	uint64_t tag_bytes;          /* own tags as on the wire, outermost first, encap_len bytes */
	uint32_t tx_index;           /* copy of index */
	uint16_t tx_flags;           /* copy of flags; atomic */
	uint16_t tx_mtu;             /* copy of mtu; atomic */
	uint16_t port_id;            /* DPDK port that frames leave by, for PORT and VLAN */
	uint8_t tx_kind;             /* enum dp_tx_kind */
	uint8_t tx_encap;            /* copy of encap_len */
	uint16_t tag_vid;            /* own tag of a VLAN link */
	uint16_t tag_proto;          /* host order: 0x8100 or 0x88a8; 0: none */
	uint32_t l3_index;           /* the router's own number for the link inside the tenant */
	uint16_t tag2_proto;         /* the parent's tag, where two are stacked; 0: none */
	uint16_t tag2_vid;
	uint32_t ifindex;    /* the tenant's own number, as in Linux; 1 is lo */
	uint32_t generation; /* of index */
	void *l3dev;         /* the router's own data; NULL; kept over a replacement */
	void *encap;         /* the tunnel's own data; NULL */
} __attribute__((aligned(64)));

static_assert(sizeof(struct dp_link) == 128, "a link is two cache lines for workers");

/** struct dp_link_config - a link to be; zeroed fields mean defaults */
struct dp_link_config {
	enum dp_link_kind kind;
	const char *name;       /* 1 .. 15 bytes, unique in the tenant; NULL: kind plus number */
	struct netns *ns;       /* where it lies */
	struct dp_link *parent; /* VLAN: link it is stacked on, may be another tenant's */
	uint16_t vlan_proto;    /* 0: 0x8100 */
	uint16_t vlan_id;       /* 0 .. 4094 */
	uint8_t mac[6];         /* zero: the parent's, or a random local one */
	uint16_t mtu;           /* bytes; 0: the parent's, or 1500 */
	uint32_t ifindex;       /* 0: next free */
	bool up;
	/* PAIR: the other end */
	const char *peer_name;
	struct netns *peer_ns;
	uint8_t peer_mac[6];
	/* VXLAN */
	uint32_t vni;           /* 0 .. 2^24 - 1 */
	struct netns *underlay; /* tenant whose routes carry the outer packets; NULL: ns's creator,
				   root */
	uint8_t local[16], remote[16]; /* addresses, network order; family says how many bytes */
	uint8_t family;                /* AF_INET, AF_INET6 */
	uint16_t dst_port;             /* host order; 0: 4789 */
	uint8_t ttl;                   /* 0: 64 */
	struct dp_link *via; /* outer packets leave by this link of the underlay, to @via_mac,
				whatever its routes say; NULL: the underlay's routes */
	uint8_t via_mac[6];
	const char *error; /* out: what was wrong, static text; NULL on success */
};

/**
 * dp_link_create() - make a link and publish it
 * Context: control (dp_ctl_lock held); blocks(mutex)
 * Errors:  -EINVAL, -EEXIST name or tag taken, -ENODEV parent, -EDQUOT, -ENOMEM, -ERANGE id
 */
int dp_link_create(struct dp_link_config *config, struct dp_link **ret_link);
/* Also deletes what is stacked on it and the other end of a pair. */
int dp_link_delete(struct dp_link *link);
/* Moves to another tenant, down and without addresses, as Linux does. Errors: -EEXIST name. */
int dp_link_move(struct dp_link *link, struct netns *to, const char *new_name,
		 struct dp_link **ret_link);

/*
 * What outlives a burst carries the handle (generation << 32 | index), not the pointer. Wait-free;
 * RCU reader online; NULL: the link is gone, or was moved.
 */
static inline uint64_t dp_link_handle(const struct dp_link *link)
{
	return (uint64_t)link->generation << 32 | link->index;
}
struct dp_link *dp_link_resolve(uint64_t handle);

static inline struct dp_link *dp_link_by_index(uint32_t index, uint32_t generation)
{
	return dp_link_resolve((uint64_t)generation << 32 | index);
}

/* Lookup and walk, control (dp_ctl_lock held). after == NULL begins; by ifindex. */
struct dp_link *dp_link_find(struct netns *ns, const char *name);
struct dp_link *dp_link_by_ifindex(struct netns *ns, uint32_t ifindex);
struct dp_link *dp_link_next(struct netns *ns, struct dp_link *after);
const char *dp_link_name(const struct dp_link *link);

int dp_link_set_name(struct dp_link *link, const char *name);
int dp_link_set_mac(struct dp_link *link, const uint8_t mac[6], struct dp_link **ret_link);
int dp_link_set_mtu(struct dp_link *link, uint32_t mtu);
/* Changes DP_LINK_F_UP, _PROMISC, _ALLMULTI, _NOARP within @mask. */
int dp_link_set_flags(struct dp_link *link, uint16_t mask, uint16_t flags);

/* A tenant's feature mask and FIB handles, with the copies in all its links. */
void dp_tenant_features(struct netns *ns, uint64_t set, uint64_t clear);
void dp_tenant_l3(struct netns *ns, unsigned int family_index, uint64_t handle);

/** struct dp_link_stats - sums over lcores */
struct dp_link_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, rx_drops, tx_drops;
};
void dp_link_stats(const struct dp_link *link, struct dp_link_stats *ret_stats);

/* Told of every change, with dp_ctl_lock held: the router, the control server. */
enum dp_link_event { DP_LINK_NEW, DP_LINK_CHANGED, DP_LINK_REPLACED, DP_LINK_DELETED };
struct dp_link_listener {
	/* @old: the retiring object for REPLACED (moves, MAC changes), else NULL */
	void (*fn)(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		   struct dp_link *old);
	struct dp_link_listener *next;
};
void dp_link_listen(struct dp_link_listener *l);
void dp_link_unlisten(struct dp_link_listener *l);

/*
 * The one control lock (Linux: rtnl); waits offline. Workers never take it. Tenants' init and exit
 * callbacks may take it, so whoever holds it must not create tenants nor register operations or
 * modules, and must not wait for netns_barrier().
 */
void dp_ctl_lock(void);
void dp_ctl_unlock(void);

#endif /* DP_LINK_H */
