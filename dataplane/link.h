/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links as control sees them: the whole object behind struct dp_link, a tenant's list of links, and
 * what the link_*.c files need of each other. All under dp_ctl_lock unless marked.
 */
#ifndef DP_LINK_INTERNAL_H
#define DP_LINK_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "dp_link.h"
#include "netns/rcu.h"
#include "tag_table.h"

struct dp_port;

/** struct link - a link; its memory is the arena's, charged to the tenant by hand */
struct link {
	struct dp_link pub;
	struct dp_tag_table *tags; /* VLAN links stacked on it; atomic; r:worker w:control; NULL */
	struct netns_defer defer;
	struct link *next, *prev; /* in the tenant, by ifindex; next also: list of dying ones */
	struct link *hash_name, *hash_ifindex;
	struct link *children, *sibling; /* stacked on this one */
	struct link *parent;             /* VLAN: stacked on; PAIR: other end; NULL */
	struct dp_port *port;            /* PORT only */
	struct tenant_links *tenant;     /* NULL: dying, and its tenant is gone (accounting lock) */
	uint64_t *slot;                  /* table entry that makes workers find it; NULL: none */
	struct link_counters carried;    /* what it counted under earlier indexes, before moves */
	struct link_drops carried_drops;
	bool owns_tags;    /* tags is freed with it (a port's is the port's) */
	bool owns_encap;   /* so is pub.encap */
	bool promisc_port; /* it made its port promiscuous */
	char name[DP_LINK_NAME_MAX + 1];
};

/** struct tenant_links - a tenant's share of the runtime: one line */
struct tenant_links {
	struct link *first, *last; /* by ifindex */
	struct link *dying;        /* deleted or moved, still in a grace period; accounting lock */
	uint32_t n, next_ifindex;
	uint64_t l3[2]; /* FIB handles that its links carry */
	struct netns *ns;
};

/* tenant.c: pernet operations of the runtime itself; registered before any module's. */
int tenant_links_init(uint32_t max_tenants);
void tenant_links_fini(void);
struct tenant_links *tenant_links(const struct netns *ns);
void root_links_delete(void); /* all but those of ports; takes dp_ctl_lock */
/* All tenants that are not dying, those being made too; takes dp_ctl_lock. New ones get @set. */
void tenants_each(void (*fn)(struct netns *ns, void *arg), void *arg, uint64_t set, uint64_t clear);

/* link_index.c: index <-> link. */
int link_index_init(uint32_t max);
void link_index_fini(void);
int link_index_alloc(uint32_t *ret_index, uint32_t *ret_generation); /* -ENOSPC */
void link_index_publish(struct link *l);
void link_index_unpublish(struct link *l);
void link_index_free(uint32_t index); /* any thread; no worker knows it any more */
uint32_t link_index_live(void);

/* link_hash.c: (tenant, name) and (tenant, ifindex) -> link. */
int link_hash_init(void);
void link_hash_fini(void);
int link_hash_reserve(void); /* room for one more pair of entries: -ENOMEM */
void link_hash_add(struct link *l);
void link_hash_del(struct link *l);
struct link *link_hash_name(const struct netns *ns, const char *name);
struct link *link_hash_ifindex(const struct netns *ns, uint32_t ifindex);

/* link.c: objects. new: memory and quota, all zero; number: gives it an index, once. */
struct link *link_new(struct netns *ns, int *ret_err);
int link_number(struct link *l);
void link_free(struct link *l);            /* one that was never inserted */
void link_insert(struct link *l);          /* into lists and lookups */
void link_take_out(struct link *l);        /* and out of them */
void link_retire(struct link *l);          /* freed, with its index, after a grace period */
void link_retire_replaced(struct link *l); /* the index lives on in another object */
int link_name_check(const struct netns *ns, const char *name, const char **ret_error);
uint32_t link_next_ifindex(const struct netns *ns);

/* link_stack.c */
int vlan_prepare(struct link *l, struct dp_link_config *c);
void children_add(struct link *parent, struct link *child);
void children_del(struct link *child);

/* link_event.c */
void link_event(enum dp_link_event event, struct link *l, struct link *old);
void link_flags_store(struct link *l, uint16_t flags);
/* The carrier below @l came or went. */
void link_carrier(struct link *l);
/* @l was moved and is down: so is what is stacked on it. */
void link_down_children(struct link *l);
/* Its port must be promiscuous for it, or no more. */
void link_follow_promisc(struct link *l, bool gone);

/* account lock: dying lists, and counters that move from links to tenants; see ctl.c for order. */
extern struct netns_mutex account_lock;

static inline struct link *link_of(const struct dp_link *link)
{
	return (struct link *)(uintptr_t)link; /* pub is the first member */
}

#endif /* DP_LINK_INTERNAL_H */
