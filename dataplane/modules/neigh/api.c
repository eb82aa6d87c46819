/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours for control threads: requests of users, routes that go through one, dumps; links that
 * change or go; and the module's descriptor. dp_ctl_lock is held by the callers.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/dp.h"
#include "internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int neigh_id = ~0u;

/* Waits offline; whoever holds it never waits for a grace period. */
void neigh_lock(void)
{
	bool online;

	if (pthread_mutex_trylock(&lock) == 0)
		return;
	online = netns_reader_is_online();
	if (online)
		netns_reader_offline();
	pthread_mutex_lock(&lock);
	if (online)
		netns_reader_online();
}

void neigh_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct neigh_ns *neigh_ns_of(const struct netns *ns)
{
	return neigh_id == ~0u ? NULL : netns_generic(ns, neigh_id); /* ~0u: not registered now */
}

static struct neigh *find(const struct dp_link *link, uint8_t family, const uint8_t *addr)
{
	const struct neigh_ns *nn = neigh_ns_of(link->ns);

	return nn ? neigh_find(nn, link->index, family, addr) : NULL;
}

static int refuse(struct neigh_config *config, int err, const char *text)
{
	config->error = text;
	return err;
}

static int check(struct neigh_config *c)
{
	c->error = NULL;
	if (c->family != AF_INET && c->family != AF_INET6)
		return refuse(c, -EAFNOSUPPORT, "Neighbours are IPv4 or IPv6");
	if (!neigh_ns_of(c->link->ns))
		return refuse(c, -EAFNOSUPPORT, "The namespace of the device has no router");
	if (c->has_mac && c->mac[0] & 1)
		return refuse(c, -EINVAL, "Invalid link address: multicast");
	return 0;
}

static int add_locked(struct neigh_config *c)
{
	uint16_t state = c->state ? c->state : NUD_PERMANENT;
	struct neigh *n = find(c->link, c->family, c->addr);
	bool fresh = !n || n->state == NUD_NONE;
	int err;

	if (fresh && !(c->nlm_flags & NLM_F_CREATE))
		return -ENOENT;
	if (!fresh && c->nlm_flags & NLM_F_EXCL)
		return -EEXIST;
	if (fresh && !c->has_mac && state & (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE))
		return refuse(c, -EINVAL, "A neighbour in this state needs a link address");
	if (!n) {
		err = neigh_new(c->link, c->family, c->addr, &n);
		if (err)
			return err;
	}
	n->flags = c->flags;
	neigh_set(n, state, c->has_mac ? c->mac : NULL,
		  NEIGH_SET_ADMIN |
			  (fresh || c->nlm_flags & NLM_F_REPLACE ? NEIGH_SET_OVERRIDE : 0));
	return 0;
}

int neigh_add(struct neigh_config *config)
{
	int err = check(config);

	if (err)
		return err;
	neigh_lock();
	err = add_locked(config);
	neigh_unlock();
	return err;
}

int neigh_del(struct neigh_config *config)
{
	struct neigh *n;
	int err = check(config);

	if (err)
		return err;
	neigh_lock();
	n = find(config->link, config->family, config->addr);
	if (!n || n->state == NUD_NONE) {
		err = -ENOENT;
	} else {
		neigh_set(n, NUD_FAILED, NULL, NEIGH_SET_OVERRIDE | NEIGH_SET_ADMIN);
		neigh_notify(NEIGH_DEL, n);
		neigh_forget(n);
	}
	neigh_unlock();
	return err;
}

int neigh_get(struct dp_link *link, uint8_t family, const uint8_t *addr,
	      struct neigh_info *ret_info)
{
	struct neigh *n;

	neigh_lock();
	n = find(link, family, addr);
	if (n && n->state != NUD_NONE)
		neigh_info_of(n, ret_info);
	else
		n = NULL;
	neigh_unlock();
	return n ? 0 : -ENOENT;
}

bool neigh_next(struct netns *ns, struct neigh_info *cursor)
{
	const struct neigh_ns *nn = neigh_ns_of(ns);
	struct neigh_info at = *cursor;
	struct neigh *n = NULL;

	if (!nn)
		return false;
	neigh_lock();
	while ((n = neigh_hash_next(nn, &at))) {
		neigh_info_of(n, &at);
		if (n->state != NUD_NONE)
			break; /* else known to a route only */
	}
	neigh_unlock();
	*cursor = at;
	return n != NULL;
}

int neigh_adj(struct dp_link *link, uint8_t family, const uint8_t *addr, uint32_t *ret_adj)
{
	struct neigh *n;
	int err = 0;

	neigh_lock();
	n = find(link, family, addr);
	if (!n)
		err = neigh_new(link, family, addr, &n);
	if (!err) {
		n->refs++;
		*ret_adj = n->adj;
	}
	neigh_unlock();
	return err;
}

void neigh_release(struct dp_link *link, uint8_t family, const uint8_t *addr)
{
	struct neigh *n;

	neigh_lock();
	n = find(link, family, addr);
	if (n && n->refs && --n->refs == 0 && n->state == NUD_NONE)
		neigh_forget(n);
	neigh_unlock();
}

const struct dp_adj *neigh_lookup(const struct dp_link *link, uint8_t family, const uint8_t *dst)
{
	const struct neigh *n = find(link, family, dst);

	return n ? dp_adj_at(n->adj) : NULL;
}

void neigh_address(const struct dp_adj *adj, uint8_t *ret_addr)
{
	const struct neigh *n = adj->owner;

	memcpy(ret_addr, n->addr, neigh_addr_bytes(n->family));
}

void neigh_resolve(struct dp_worker *w, const struct dp_link *link, uint8_t family,
		   const uint8_t *dst, struct rte_mbuf *m)
{
	struct neigh_note note = { .ns_handle = link->ns->handle,
				   .m = m,
				   .link_index = link->index,
				   .link_generation = link->generation,
				   .kind = NEIGH_NOTE_PACKET,
				   .family = family };

	memcpy(note.addr, dst, neigh_addr_bytes(family));
	if (!neigh_tell(w, &note))
		dp_drop_stolen(w, note.ns_handle, m, DP_DROP_NEIGH_QUEUE);
}

/* ---- links ---- */

enum walk { WALK_FLUSH, WALK_REPOINT, WALK_DEAD };

/* Flush: what was learned goes (link down). Dead: all goes, the link does not exist any more. */
static void visit(struct neigh *n, enum walk walk, struct dp_link *link)
{
	if (walk == WALK_REPOINT) {
		n->link = link;
		neigh_adj_fill(n);
		return;
	}
	if (walk == WALK_FLUSH && n->state & (NUD_PERMANENT | NUD_NOARP))
		return;
	if (n->state != NUD_NONE)
		neigh_notify(NEIGH_DEL, n);
	if (walk == WALK_DEAD)
		n->refs = 0; /* routes over the link are going, or gone */
	neigh_forget(n);
}

static void walk_link(struct neigh_ns *nn, struct dp_link *link, enum walk walk)
{
	uint32_t i;

	for (i = 0; nn && nn->bucket && i <= nn->mask; i++) {
		struct neigh *n, *next;

		for (n = nn->bucket[i]; n; n = next) {
			next = n->next;
			if (n->link_index == link->index)
				visit(n, walk, link);
		}
	}
}

static void link_event(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		       struct dp_link *old)
{
	neigh_lock();
	if (event == DP_LINK_DELETED)
		walk_link(neigh_ns_of(link->ns), link, WALK_DEAD);
	else if (event == DP_LINK_REPLACED && old->ns != link->ns)
		walk_link(neigh_ns_of(old->ns), old, WALK_DEAD);
	else if (event == DP_LINK_REPLACED)
		walk_link(neigh_ns_of(link->ns), link, WALK_REPOINT);
	else if (event == DP_LINK_CHANGED &&
		 !(__atomic_load_n(&link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP))
		walk_link(neigh_ns_of(link->ns), link, WALK_FLUSH);
	else if (event == DP_LINK_CHANGED)
		walk_link(neigh_ns_of(link->ns), link, WALK_REPOINT); /* MTU */
	neigh_unlock();
}

static struct dp_link_listener listener = { .fn = link_event };

/* ---- module ---- */

static int neigh_init(struct netns *ns)
{
	neigh_ns_of(ns)->ns = ns;
	return 0;
}

static void neigh_exit(struct netns *ns)
{
	struct neigh_ns *nn = neigh_ns_of(ns);
	uint32_t i;

	neigh_lock();
	for (i = 0; nn->bucket && i <= nn->mask; i++)
		while (nn->bucket[i]) {
			nn->bucket[i]->refs = 0;
			neigh_forget(nn->bucket[i]);
		}
	neigh_hash_fini(nn);
	neigh_unlock();
}

static void neigh_show(struct netns *ns, FILE *out)
{
	fprintf(out, "\"neighbours\":%u", neigh_ns_of(ns)->count);
}

static struct netns_ops neigh_pernet = {
	.name = "neigh",
	.init = neigh_init,
	.exit = neigh_exit,
	.id = &neigh_id,
	.size = sizeof(struct neigh_ns),
};

const struct dp_module neigh_module = {
	.abi = DP_MODULE_ABI,
	.name = "neigh",
	.summary = "neighbours: ARP and ND, their states and timers",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.pernet = &neigh_pernet,
	.show = neigh_show,
};

int neigh_begin(void)
{
	int err = neigh_thread_start();

	if (!err)
		dp_link_listen(&listener);
	return err;
}

void neigh_end(void)
{
	dp_link_unlisten(&listener);
	neigh_thread_stop();
}
