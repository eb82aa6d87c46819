/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking routes up on the control side: longest match with a scope and link (checks of gateways,
 * "ip route get"), and dumps whose cursor survives change. Workers use the FIB instead.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/l3dev.h"
#include "internal.h"

static void mask_addr(uint8_t *dst, const uint8_t *src, unsigned int plen)
{
	memset(dst, 0, 16);
	memcpy(dst, src, (plen + 7) / 8);
	if (plen % 8)
		dst[plen / 8] &= (uint8_t)(0xff << (8 - plen % 8));
}

static bool usable(const struct route *r, const struct dp_link *oif, uint8_t min_scope)
{
	uint32_t i;

	if (r->scope < min_scope || r->tos || r->hidden)
		return false;
	if (!oif || r->n_nexthops == 0)
		return true;
	for (i = 0; i < r->n_nexthops; i++)
		if (r->nexthop[i].link && r->nexthop[i].link->index == oif->index)
			return true;
	return false;
}

const struct route *route_match(struct route_ns *rn, uint8_t family, const uint8_t *dst,
				const struct dp_link *oif, uint8_t min_scope)
{
	const struct rib *rib = &rn->rib[route_family(family)];
	int plen = (int)route_addr_bits(family);
	uint8_t prefix[16];
	struct rib_pos pos;
	struct route *r;

	for (; plen >= 0; plen--) {
		mask_addr(prefix, dst, (unsigned int)plen);
		for (r = rib_first(rib, prefix, (uint8_t)plen, &pos); r;) {
			if (usable(r, oif, min_scope))
				return r;
			if (!rib_step(rib, &pos))
				break;
			r = rib_at(rib, &pos);
			if (r->plen != plen || memcmp(r->dst, prefix, 16) != 0)
				break;
		}
	}
	return NULL;
}

/* The next hop that goes out by @oif, else the first */
static unsigned int choose(const struct route *r, const struct dp_link *oif)
{
	uint32_t i;

	for (i = 0; oif && i < r->n_nexthops; i++)
		if (r->nexthop[i].link && r->nexthop[i].link->index == oif->index)
			return i;
	return 0;
}

int route_lookup(struct netns *ns, uint8_t family, const uint8_t *dst, struct dp_link *oif,
		 const struct route **ret_route, unsigned int *ret_nexthop)
{
	struct route_ns *rn = route_ns_of(ns);
	const struct route *r = rn ? route_match(rn, family, dst, oif, 0) : NULL;

	if (!r)
		return -ENETUNREACH;
	switch (r->type) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	}
	*ret_route = r;
	if (ret_nexthop)
		*ret_nexthop = choose(r, oif);
	return 0;
}

static const struct route *next_in(const struct rib *rib, struct route_cursor *cursor)
{
	struct rib_key key = { .plen = cursor->plen,
			       .tos = cursor->tos,
			       .table = cursor->table,
			       .metric = cursor->metric };
	uint32_t skip = cursor->seen;
	struct route *r = NULL;
	struct rib_pos pos;
	bool more;

	memcpy(key.dst, cursor->dst, sizeof(key.dst));
	if (!cursor->started) {
		pos.leaf = pos.i = 0;
		more = rib->n_leaves > 0;
		skip = 0;
	} else {
		more = rib_seek(rib, &key, &pos);
	}
	for (; more; more = rib_step(rib, &pos)) {
		bool equal;

		r = rib_at(rib, &pos);
		equal = cursor->started && r->plen == key.plen && r->tos == key.tos &&
			r->table == key.table && r->metric == key.metric &&
			memcmp(r->dst, key.dst, 16) == 0;
		if (!equal) {
			cursor->seen = 1;
			break;
		}
		if (skip == 0) {
			cursor->seen++;
			break;
		}
		skip--;
	}
	if (!more)
		return NULL;
	cursor->started = 1;
	cursor->plen = r->plen;
	cursor->tos = r->tos;
	cursor->table = r->table;
	cursor->metric = r->metric;
	memcpy(cursor->dst, r->dst, sizeof(cursor->dst));
	return r;
}

const struct route *route_next(struct netns *ns, struct route_cursor *cursor)
{
	struct route_ns *rn = route_ns_of(ns);

	return rn ? next_in(&rn->rib[route_family(cursor->family)], cursor) : NULL;
}

uint64_t route_fib_ref(const struct netns *ns, uint8_t family)
{
	const struct route_ns *rn = route_ns_of((struct netns *)(uintptr_t)ns);

	return rn ? fib_ref(&rn->fib[route_family(family)]) : 0;
}

uint64_t route_count(struct netns *ns, uint8_t family)
{
	struct route_ns *rn = route_ns_of(ns);

	return rn ? rn->rib[route_family(family)].routes : 0;
}
