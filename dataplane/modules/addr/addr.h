/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of a tenant's links, and the routes that come and go with them as in Linux: local and
 * (IPv4) broadcast routes in the local table, connected routes in the main one, IPv6 link-local
 * addresses made from the MAC when a link comes up. Control side; the datapath sees only routes.
 */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_link.h"

/* Numbers as in rtnetlink, so that the control server copies them: IFA_F_*, RT_SCOPE_*, IFAPROT_*.
 */
struct addr_config {
	struct dp_link *link;
	uint8_t family;    /* AF_INET, AF_INET6 */
	uint8_t plen;      /* bits */
	uint8_t scope;     /* RT_SCOPE_*; IPv6 and 0: by the address */
	uint8_t local[16]; /* network order; IPv4 in the first four bytes */
	uint8_t peer[16];  /* IFA_ADDRESS; all zero: local */
	bool has_peer;
	uint8_t broadcast[4];
	bool has_broadcast;
	uint32_t flags;               /* IFA_F_NOPREFIXROUTE, _NODAD, _HOMEADDRESS, ... */
	uint32_t metric;              /* IFA_RT_PRIORITY; 0: default */
	uint32_t valid_s, prefered_s; /* lifetimes, s; 0 or UINT32_MAX: for ever */
	uint8_t proto;
	char label[16];
	bool replace;      /* NLM_F_REPLACE */
	const char *error; /* out: static text; NULL on success */
};

/** struct addr - one address; control only, dp_ctl_lock held */
struct addr {
	struct addr *next; /* on the link, in the order that Linux lists them */
	struct dp_link *link;
	uint8_t family, plen, scope, proto;
	uint8_t local[16], peer[16], broadcast[4];
	bool has_broadcast;
	uint32_t flags; /* IFA_F_PERMANENT, IFA_F_SECONDARY, IFA_F_TENTATIVE, ... */
	uint32_t metric;
	uint32_t valid_s, prefered_s;
	uint64_t created_ns, updated_ns;
	char label[16];
};

/*
 * Context: control, dp_ctl_lock held. Errors as in Linux: -EEXIST, -EADDRNOTAVAIL, -EINVAL,
 * -ENODEV, -EDQUOT, -ENOMEM.
 */
int addr_add(struct addr_config *config, struct addr **ret_addr);
int addr_del(struct addr_config *config);
/* Walk: @link's addresses, by family (0: all); @after NULL begins. */
struct addr *addr_next(struct dp_link *link, uint8_t family, struct addr *after);
/*
 * Source address that the tenant uses towards @dst by way of @link. Control or worker (RCU);
 * wait-free. Errors: -EADDRNOTAVAIL.
 */
int addr_select(const struct dp_link *link, uint8_t family, const uint8_t *dst, uint8_t *ret_src);
/* Is @addr one of the link's own addresses? Worker, RCU. */
bool addr_has(const struct dp_link *link, uint8_t family, const uint8_t *addr);
/* Did the link subscribe to the solicited-node group of one of its addresses? Worker, RCU. */
bool addr_solicited(const struct dp_link *link, const uint8_t group[16]);
/* Is @dst an address of the tenant (any link)? NULL if not. */
struct addr *addr_is_local(struct netns *ns, uint8_t family, const uint8_t *dst);

/*
 * Makes every packet of the tenant look as if its source might be an own address (the links'
 * local_bloom is all ones), so that none takes the fast path: for settings that it does not know.
 * Context: control, dp_ctl_lock held.
 */
void addr_careful(struct netns *ns, bool on);
#define ADDR_CAREFUL (~(uint64_t)0) /* local_bloom then */

enum addr_event { ADDR_NEW, ADDR_DEL };
struct addr_listener {
	void (*fn)(struct addr_listener *l, enum addr_event event, const struct addr *addr);
	struct addr_listener *next;
};
void addr_listen(struct addr_listener *l);
void addr_unlisten(struct addr_listener *l);

extern const struct dp_module addr_module;
/* Around the module's registration: the link listener. Context: init. */
void addr_begin(void);
void addr_end(void);

#endif /* ADDR_H */
