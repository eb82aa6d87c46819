/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * States of a neighbour and what moves between them: packets, answers, timers, users. The values
 * are Linux's defaults (net.ipv4.neigh.default). Under neigh_lock throughout.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/l3dev.h"
#include "internal.h"

#define RETRANS_MS    1000u
#define REACHABLE_MS  30000u /* base; each time between half and one and a half of it */
#define DELAY_MS      5000u
#define GC_STALE_MS   60000u
#define MCAST_SOLICIT 3u
#define UCAST_SOLICIT 3u

#define NUD_LIVE      (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)
#define NUD_SENDABLE  (NUD_LIVE | NUD_PERMANENT | NUD_NOARP)

void neigh_info_of(const struct neigh *n, struct neigh_info *ret_info)
{
	uint32_t now = neigh_now_ms();

	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->link = n->link;
	ret_info->family = n->family;
	ret_info->flags = n->flags;
	ret_info->state = n->state;
	memcpy(ret_info->addr, n->addr, sizeof(ret_info->addr));
	memcpy(ret_info->mac, n->mac, sizeof(ret_info->mac));
	ret_info->has_mac = n->state & NUD_SENDABLE;
	ret_info->used_ms = now - n->used_ms;
	ret_info->confirmed_ms = now - n->confirmed_ms;
	ret_info->updated_ms = now - n->updated_ms;
	ret_info->probes = n->probes;
	ret_info->refs = n->refs;
	ret_info->adj = n->adj;
}

static int fill_new(struct neigh *n, struct dp_link *link, uint8_t family, const uint8_t *addr)
{
	uint32_t now = neigh_now_ms();
	int err = dp_adj_alloc(&n->adj);

	if (err)
		return err;
	n->link = link;
	n->ns = link->ns;
	n->link_index = link->index;
	n->family = family;
	memcpy(n->addr, addr, neigh_addr_bytes(family));
	n->used_ms = n->confirmed_ms = n->updated_ms = now;
	n->state = NUD_NONE;
	neigh_adj_fill(n);
	return 0;
}

int neigh_new(struct dp_link *link, uint8_t family, const uint8_t *addr, struct neigh **ret_neigh)
{
	struct neigh_ns *nn = neigh_ns_of(link->ns);
	struct neigh *n;
	int err;

	if (!nn)
		return -EAFNOSUPPORT;
	err = netns_charge(link->ns, NETNS_QUOTA_NEIGHS, 1);
	if (err)
		return err;
	n = netns_mem_alloc(link->ns, sizeof(*n));
	if (!n) {
		err = -errno;
		goto uncharge;
	}
	err = fill_new(n, link, family, addr);
	if (err)
		goto free_neigh;
	err = neigh_hash_insert(nn, n);
	if (err)
		goto free_adj;
	*ret_neigh = n;
	return 0;

free_adj:
	dp_adj_free(n->adj);
free_neigh:
	netns_mem_free(link->ns, n, sizeof(*n));
uncharge:
	netns_uncharge(link->ns, NETNS_QUOTA_NEIGHS, 1);
	return err;
}

static void free_neigh(struct netns_defer *defer)
{
	struct neigh *n = (struct neigh *)((char *)defer - offsetof(struct neigh, defer));

	netns_arena_free(n, sizeof(*n));
}

void neigh_forget(struct neigh *n)
{
	neigh_arm(n, 0);
	neigh_drop_queue(n, false);
	if (n->refs) {
		/* a route still names the adjacency: the entry stays, but knows nothing */
		n->state = NUD_NONE;
		neigh_adj_fill(n);
		return;
	}
	neigh_hash_remove(neigh_ns_of(n->ns), n);
	dp_adj_free(n->adj);
	netns_uncharge(n->ns, NETNS_QUOTA_NEIGHS, 1);
	netns_uncharge(n->ns, NETNS_QUOTA_BYTES, (sizeof(*n) + 63) & ~(size_t)63);
	netns_defer(&n->defer, free_neigh, sizeof(*n));
}

static uint32_t random_reachable(void)
{
	return REACHABLE_MS / 2 + (uint32_t)rand() % REACHABLE_MS;
}

/* Next look at the entry, by its state */
static void arm_for(struct neigh *n)
{
	switch (n->state) {
	case NUD_INCOMPLETE:
	case NUD_PROBE:
		neigh_arm(n, RETRANS_MS);
		break;
	case NUD_REACHABLE:
		neigh_arm(n, random_reachable());
		break;
	case NUD_DELAY:
		neigh_arm(n, DELAY_MS);
		break;
	case NUD_STALE:
	case NUD_FAILED:
		neigh_arm(n, n->refs ? RETRANS_MS : GC_STALE_MS);
		break;
	default:
		neigh_arm(n, 0);
	}
}

static void enter(struct neigh *n, uint16_t state)
{
	n->state = state;
	n->updated_ms = neigh_now_ms();
	if (state != NUD_INCOMPLETE && state != NUD_PROBE)
		n->probes = 0;
	neigh_adj_fill(n);
	arm_for(n);
	neigh_notify(NEIGH_NEW, n);
}

void neigh_set(struct neigh *n, uint16_t state, const uint8_t *mac, uint32_t updates)
{
	bool known = n->state & NUD_SENDABLE;
	bool differs = mac && (!known || memcmp(n->mac, mac, 6) != 0);

	if (n->state & (NUD_PERMANENT | NUD_NOARP) && !(updates & NEIGH_SET_ADMIN))
		return;
	if (known && differs && !(updates & NEIGH_SET_OVERRIDE)) {
		/* somebody else claims it: keep the address, but make sure */
		if (n->state == NUD_REACHABLE)
			enter(n, NUD_STALE);
		return;
	}
	if (mac)
		memcpy(n->mac, mac, 6);
	if (state == NUD_REACHABLE)
		n->confirmed_ms = neigh_now_ms();
	if (state == NUD_STALE && n->state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE) &&
	    !differs)
		return;
	if (n->state == state && !differs && state != NUD_REACHABLE && !(updates & NEIGH_SET_ADMIN))
		return;
	enter(n, state);
	if (state & NUD_SENDABLE)
		neigh_send_queue(n);
	else if (state == NUD_FAILED)
		neigh_drop_queue(n, true);
}

void neigh_touch(struct neigh *n)
{
	n->used_ms = neigh_now_ms();
	if (n->state == NUD_STALE) {
		enter(n, NUD_DELAY);
	} else if (n->state == NUD_NONE || n->state == NUD_FAILED) {
		n->probes = 1;
		n->state = NUD_INCOMPLETE;
		n->updated_ms = n->used_ms;
		neigh_adj_fill(n);
		arm_for(n);
		neigh_solicit(n, NULL);
	}
}

/* The worker says by adj->used that packets flow. Return: they did since the last look. */
static bool was_used(struct neigh *n)
{
	return __atomic_exchange_n(&dp_adj_at(n->adj)->used, 0, __ATOMIC_RELAXED);
}

static void probe(struct neigh *n, uint32_t limit)
{
	if (n->probes >= limit) {
		neigh_set(n, NUD_FAILED, NULL, NEIGH_SET_OVERRIDE);
		return;
	}
	n->probes++;
	neigh_solicit(n, n->state == NUD_PROBE ? n->mac : NULL);
	arm_for(n);
}

void neigh_timer(struct neigh *n)
{
	switch (n->state) {
	case NUD_INCOMPLETE:
		probe(n, MCAST_SOLICIT);
		break;
	case NUD_PROBE:
		probe(n, UCAST_SOLICIT);
		break;
	case NUD_REACHABLE:
		enter(n, was_used(n) ? NUD_DELAY : NUD_STALE);
		break;
	case NUD_DELAY:
		if (neigh_now_ms() - n->confirmed_ms < DELAY_MS) {
			enter(n, NUD_REACHABLE);
			break;
		}
		enter(n, NUD_PROBE);
		probe(n, UCAST_SOLICIT);
		break;
	case NUD_STALE:
		if (was_used(n))
			neigh_touch(n);
		else if (!n->refs && neigh_now_ms() - n->updated_ms >= GC_STALE_MS)
			goto gone;
		else
			arm_for(n);
		break;
	case NUD_FAILED:
		if (n->refs)
			break;
		goto gone;
	}
	return;
gone:
	neigh_notify(NEIGH_DEL, n);
	neigh_forget(n);
}
