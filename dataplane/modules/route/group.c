/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next-hop groups: finding an equal one, making and freeing. See group.h.
 */
#include "group.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "internal.h"

static size_t group_bytes(uint32_t n)
{
	return sizeof(struct route_group) + n * sizeof(struct route_member);
}

/* Hash thresholds as Linux computes them: shares of 2^31, rounded to the nearest. */
static void set_bounds(struct route_group *g)
{
	uint64_t total = 0, sum = 0;
	uint32_t i;

	for (i = 0; i < g->n; i++)
		total += g->member[i].weight;
	for (i = 0; i < g->n; i++) {
		sum += g->member[i].weight;
		g->member[i].upper_bound = (uint32_t)(((sum << 31) + total / 2) / total - 1);
	}
}

static bool same(const struct route_group *g, const struct route_member *members, uint32_t n,
		 uint32_t mtu)
{
	uint32_t i;

	if (g->n != n || g->mtu != mtu)
		return false;
	for (i = 0; i < n; i++)
		if (g->member[i].adj != members[i].adj || g->member[i].weight != members[i].weight)
			return false;
	return true;
}

int route_group_get(struct route_ns *rn, const struct route_member *members, uint32_t n,
		    uint32_t mtu, struct route_group **ret_group)
{
	struct route_group *g;
	struct dp_adj *adj;
	int err;

	for (g = rn->groups; g; g = g->next) {
		if (same(g, members, n, mtu)) {
			g->refs++;
			*ret_group = g;
			return -EALREADY;
		}
	}
	g = netns_mem_alloc(rn->ns, group_bytes(n));
	if (!g)
		return -errno;
	err = dp_adj_alloc(&g->adj);
	if (err) {
		netns_mem_free(rn->ns, g, group_bytes(n));
		return err;
	}
	g->n = n;
	g->mtu = mtu;
	g->refs = 1;
	g->ns = rn->ns;
	memcpy(g->member, members, n * sizeof(*members));
	set_bounds(g);
	adj = dp_adj_at(g->adj);
	adj->owner = g;
	adj->mtu = (uint16_t)(mtu > UINT16_MAX ? UINT16_MAX : mtu);
	/* pairs with the acquire with which workers read kind */
	__atomic_store_n(&adj->kind, DP_ADJ_MULTIPATH, __ATOMIC_RELEASE);
	g->next = rn->groups;
	rn->groups = g;
	*ret_group = g;
	return 0;
}

static void free_group(struct netns_defer *defer)
{
	struct route_group *g =
		(struct route_group *)((char *)defer - offsetof(struct route_group, defer));

	netns_arena_free(g, group_bytes(g->n));
}

bool route_group_put(struct route_ns *rn, struct route_group *group)
{
	struct route_group **at = &rn->groups;

	if (--group->refs)
		return false;
	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
	dp_adj_free(group->adj);
	/* the tenant may be gone when the grace period ends, so it is not charged any more */
	netns_uncharge(rn->ns, NETNS_QUOTA_BYTES, (group_bytes(group->n) + 63) & ~(size_t)63);
	netns_defer(&group->defer, free_group, group_bytes(group->n));
	return true;
}
