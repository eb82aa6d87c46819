/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the addr module share. Control side, dp_ctl_lock held.
 */
#ifndef ADDR_INTERNAL_H
#define ADDR_INTERNAL_H

#include "addr.h"
#include "l3dev.h"

/** struct addr_ns - one tenant's links with addresses; the addr module's slot */
struct addr_ns {
	struct netns *ns;
	struct l3dev *devs; /* by ifindex */
	bool careful;       /* see addr_careful() */
};

struct addr_ns *addr_ns_of(struct netns *ns);

/* routes4.c, routes6.c: make the routes that @a wants, or take away those that only @a wanted. */
int addr4_routes_add(struct addr *a);
void addr4_routes_del(struct addr *a);
int addr6_routes_add(struct addr *a);
void addr6_routes_del(struct addr *a);
/* routes6.c: the link came up: link-local address and multicast route */
void addr6_link_up(struct l3dev *dev);
void addr6_link_down(struct l3dev *dev);
/* routes4.c: is there a primary address of the same subnet on the link? */
struct addr *addr4_primary(const struct l3dev *dev, const struct addr *like);

/* addr.c */
void addr_remove(struct addr *a);
int addr_insert(struct addr_config *config, struct addr **ret_addr);
uint8_t addr_scope6(const uint8_t *a); /* RT_SCOPE_* of an IPv6 address */
/* view.c: what workers see of the link's addresses, and the tenant's bloom in all its links */
int addr_view_update(struct l3dev *dev);
void addr_view_drop(struct l3dev *dev);
void addr_notify(enum addr_event event, const struct addr *a);

static inline bool l3dev_is_up(const struct l3dev *dev)
{
	return __atomic_load_n(&dev->link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP;
}

static inline unsigned int addr_bytes(uint8_t family)
{
	return family == 10 /* AF_INET6 */ ? 16 : 4;
}

static inline void addr_mask(uint8_t *ret, const uint8_t *a, unsigned int plen)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (i < plen / 8)
			ret[i] = a[i];
		else
			ret[i] = i == plen / 8 ? (uint8_t)(a[i] & (0xff00u >> (plen % 8))) : 0;
	}
}

#endif /* ADDR_INTERNAL_H */
