/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes follow their links, as in Linux: a link that goes down takes its unicast routes with it (a
 * multipath route loses only that next hop, and gets it back), a deleted one takes all, a lost
 * carrier only marks. A listener of dp_link, so dp_ctl_lock is held throughout.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "internal.h"

static bool flags_set(struct route_nexthop *hop, uint8_t flag, bool on)
{
	uint8_t old = hop->flags;

	hop->flags = on ? hop->flags | flag : hop->flags & (uint8_t)~flag;
	return hop->flags != old;
}

/* Marks the next hops over @link. Return: routes's live next hops, and whether something changed.
 */
static uint32_t mark(struct route *r, const struct dp_link *link, bool dead, bool linkdown,
		     bool *ret_changed)
{
	uint32_t i, live = 0;

	for (i = 0; i < r->n_nexthops; i++) {
		struct route_nexthop *hop = &r->nexthop[i];

		if (hop->link && hop->link->index == link->index) {
			flags_set(hop, RTNH_F_LINKDOWN, linkdown);
			if (r->n_nexthops > 1)
				*ret_changed |= flags_set(hop, RTNH_F_DEAD, dead);
			if (dead)
				continue;
		}
		live += !(hop->flags & RTNH_F_DEAD);
	}
	return live;
}

static bool uses(const struct route *r, const struct dp_link *link)
{
	uint32_t i;

	for (i = 0; i < r->n_nexthops; i++)
		if (r->nexthop[i].link && r->nexthop[i].link->index == link->index)
			return true;
	return false;
}

static void follow_route(struct route_ns *rn, struct route *r, const struct dp_link *link,
			 bool gone, bool up, bool running)
{
	bool changed = false;
	uint32_t live;

	if (r->type == RTN_LOCAL && !gone)
		return;
	if (r->n_nexthops == 1 && (gone || !up)) {
		route_remove(rn, r);
		return;
	}
	live = mark(r, link, gone || !up, up && !running, &changed);
	if (live == 0 || gone)
		route_remove(rn, r);
	else if (changed)
		route_rebuild(rn, r);
}

/*
 * Removing moves what lies behind, so the walk starts again from the removed route's place, which
 * its key names. O(routes of the tenant) per event.
 */
static void follow(struct route_ns *rn, struct rib *rib, const struct dp_link *link, bool gone,
		   bool up, bool running)
{
	struct rib_pos pos = { 0, 0 };
	bool more = rib->n_leaves > 0;

	while (more) {
		struct route *r = rib_at(rib, &pos);
		uint32_t before = rib->routes, leaves = rib->n_leaves;

		if (uses(r, link))
			follow_route(rn, r, link, gone, up, running);
		if (rib->routes == before) {
			more = rib_step(rib, &pos);
			continue;
		}
		/* what was behind it is now here, or at the begin of the leaf that took its place
		 */
		if (rib->n_leaves == leaves && pos.i >= rib->leaf[pos.leaf]->n) {
			pos.leaf++;
			pos.i = 0;
		} else if (rib->n_leaves < leaves) {
			pos.i = 0;
		}
		more = pos.leaf < rib->n_leaves;
	}
}

static void repoint(struct rib *rib, const struct dp_link *old, struct dp_link *link)
{
	struct rib_pos pos = { 0, 0 };
	bool more;

	for (more = rib->n_leaves > 0; more; more = rib_step(rib, &pos)) {
		struct route *r = rib_at(rib, &pos);
		uint32_t i;

		for (i = 0; i < r->n_nexthops; i++)
			if (r->nexthop[i].link == old)
				r->nexthop[i].link = link;
	}
}

static void link_event(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		       struct dp_link *old)
{
	const struct dp_link *leaving = event == DP_LINK_DELETED ? link : old;
	uint16_t flags = __atomic_load_n(&link->flags, __ATOMIC_RELAXED);
	bool moved = event == DP_LINK_REPLACED && old->ns != link->ns;
	bool gone = event == DP_LINK_DELETED || moved;
	struct route_ns *rn = route_ns_of(moved ? old->ns : link->ns);
	unsigned int f;

	if (!rn || event == DP_LINK_NEW)
		return;
	for (f = 0; f < 2; f++) {
		if (event == DP_LINK_REPLACED && !moved)
			repoint(&rn->rib[f], old, link);
		else
			follow(rn, &rn->rib[f], gone ? leaving : link, gone, flags & DP_LINK_F_UP,
			       flags & DP_LINK_F_RUNNING);
	}
}

static struct dp_link_listener listener = { .fn = link_event };

void route_links_init(void)
{
	dp_link_listen(&listener);
}

void route_links_fini(void)
{
	dp_link_unlisten(&listener);
}
