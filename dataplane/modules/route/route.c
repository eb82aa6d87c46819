/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adding and deleting routes: check, make the next hop, insert into the RIB, put the best route of
 * the prefix into the FIB, tell listeners. A failure at any step undoes the ones before; workers
 * see a change as one store.
 */
#include "route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static size_t route_bytes(uint32_t n_nexthops)
{
	return sizeof(struct route) + n_nexthops * sizeof(struct route_nexthop);
}

static struct fib_prefix fib_prefix_of(uint8_t family, const uint8_t *dst, uint8_t plen)
{
	if (family == AF_INET6)
		return fib_prefix6(dst, plen);
	return fib_prefix4((uint32_t)dst[0] << 24 | (uint32_t)dst[1] << 16 | (uint32_t)dst[2] << 8 |
				   dst[3],
			   plen);
}

/* First route of the prefix that is not on its way out */
static struct route *best_of(const struct rib *rib, const uint8_t *dst, uint8_t plen)
{
	struct rib_pos pos;
	struct route *r = rib_first(rib, dst, plen, &pos);

	while (r && r->hidden) {
		r = rib_step(rib, &pos) ? rib_at(rib, &pos) : NULL;
		if (r && (r->plen != plen || memcmp(r->dst, dst, 16) != 0))
			r = NULL;
	}
	return r;
}

/* The FIB says what the first route of the prefix says. */
static int fib_sync(struct route_ns *rn, uint8_t family, const uint8_t *dst, uint8_t plen)
{
	unsigned int f = route_family(family);
	struct fib_prefix prefix = fib_prefix_of(family, dst, plen);
	struct route *best = best_of(&rn->rib[f], dst, plen);
	int err;

	if (best)
		return fib_replace(&rn->fib[f], &prefix, best->adj, NULL);
	err = fib_delete(&rn->fib[f], &prefix, NULL);
	return err == -ENOENT ? 0 : err;
}

static int route_new(struct route_ns *rn, const struct route_config *config,
		     const struct route_nexthop *nexthops, struct route **ret_route)
{
	struct route *r;
	int err;

	err = netns_charge(rn->ns, NETNS_QUOTA_ROUTES, 1);
	if (err)
		return err;
	r = netns_mem_alloc(rn->ns, route_bytes(config->n_nexthops));
	if (!r) {
		err = -errno;
		goto uncharge;
	}
	r->family = config->family;
	r->plen = config->plen;
	r->type = config->type;
	r->scope = config->scope;
	r->proto = config->proto;
	r->tos = config->tos;
	r->table = config->table;
	r->metric = config->metric;
	r->mtu = config->mtu;
	r->has_prefsrc = config->has_prefsrc;
	memcpy(r->dst, config->dst, sizeof(r->dst));
	memcpy(r->prefsrc, config->prefsrc, sizeof(r->prefsrc));
	r->n_nexthops = config->n_nexthops;
	memcpy(r->nexthop, nexthops, config->n_nexthops * sizeof(*nexthops));
	err = route_adj_get(rn, config, nexthops, &r->adj);
	if (err)
		goto free_route;
	*ret_route = r;
	return 0;

free_route:
	netns_mem_free(rn->ns, r, route_bytes(config->n_nexthops));
uncharge:
	netns_uncharge(rn->ns, NETNS_QUOTA_ROUTES, 1);
	return err;
}

/* Workers never see a struct route, so it goes at once; its adjacency waits for a grace period. */
static void route_free(struct route_ns *rn, struct route *r)
{
	route_adj_put(rn, r);
	netns_uncharge(rn->ns, NETNS_QUOTA_ROUTES, 1);
	netns_mem_free(rn->ns, r, route_bytes(r->n_nexthops));
}

static bool same_hops(const struct route *r, const struct route_config *config,
		      const struct route_nexthop *hops)
{
	uint32_t i;

	if (r->n_nexthops != config->n_nexthops)
		return false;
	for (i = 0; i < r->n_nexthops; i++) {
		const struct route_nexthop *a = &r->nexthop[i], *b = &hops[i];

		if (a->link != b->link || a->has_gateway != b->has_gateway ||
		    a->weight != b->weight || a->gateway_family != b->gateway_family ||
		    (a->has_gateway && memcmp(a->gateway, b->gateway, 16) != 0))
			return false;
	}
	return true;
}

static bool same_key(const struct route *r, const struct route_config *config)
{
	return r->plen == config->plen && r->table == config->table && r->tos == config->tos &&
	       r->metric == config->metric && memcmp(r->dst, config->dst, 16) == 0;
}

/* First route with the request's prefix, table, TOS and metric; *@ret_twin: one that is all equal
 */
static struct route *find_same(struct route_ns *rn, const struct route_config *config,
			       const struct route_nexthop *hops, struct route **ret_twin)
{
	const struct rib *rib = &rn->rib[route_family(config->family)];
	struct rib_key key = { .plen = config->plen,
			       .tos = config->tos,
			       .table = config->table,
			       .metric = config->metric };
	struct route *first = NULL, *r;
	struct rib_pos pos;
	bool more;

	*ret_twin = NULL;
	memcpy(key.dst, config->dst, sizeof(key.dst));
	for (more = rib_seek(rib, &key, &pos); more; more = rib_step(rib, &pos)) {
		r = rib_at(rib, &pos);
		if (!same_key(r, config))
			break;
		if (!first)
			first = r;
		if (r->type == config->type && r->scope == config->scope &&
		    same_hops(r, config, hops)) {
			*ret_twin = r;
			break;
		}
	}
	return first;
}

static int replace_route(struct route_ns *rn, struct route *old, struct route *fresh)
{
	struct rib *rib = &rn->rib[route_family(fresh->family)];
	int err;

	rib_swap(rib, old, fresh);
	err = fib_sync(rn, fresh->family, fresh->dst, fresh->plen);
	if (err) {
		rib_swap(rib, fresh, old);
		return err;
	}
	route_notify(ROUTE_REPLACED, rn->ns, fresh);
	route_free(rn, old);
	return 0;
}

static int insert_route(struct route_ns *rn, struct route *fresh, const struct route *before)
{
	struct rib *rib = &rn->rib[route_family(fresh->family)];
	int err;

	err = before ? rib_insert_before(rib, fresh, before) : rib_insert(rib, fresh);
	if (err)
		return err;
	err = fib_sync(rn, fresh->family, fresh->dst, fresh->plen);
	if (err) {
		rib_remove(rib, fresh);
		return err;
	}
	route_notify(ROUTE_NEW, rn->ns, fresh);
	return 0;
}

int route_add(struct route_config *config)
{
	struct route_ns *rn = route_ns_of(config->ns);
	struct route_nexthop hops[ROUTE_NEXTHOPS_MAX];
	struct route *first, *twin, *fresh = NULL;
	int err;

	config->error = NULL;
	if (!rn)
		return -EAFNOSUPPORT;
	if (config->family == AF_INET6 && config->metric == 0 && !config->by_kernel)
		config->metric = 1024; /* IP6_RT_PRIO_USER */
	err = route_check(rn, config, hops);
	if (err)
		return err;
	first = find_same(rn, config, hops, &twin);
	if (first && config->nlm_flags & NLM_F_EXCL)
		return -EEXIST;
	if (!first && !(config->nlm_flags & NLM_F_CREATE))
		return -ENOENT;
	if (twin && twin == first && config->nlm_flags & NLM_F_REPLACE &&
	    twin->proto == config->proto && twin->mtu == config->mtu)
		return 0;
	if (twin && !(config->nlm_flags & NLM_F_REPLACE))
		return -EEXIST;
	err = route_new(rn, config, hops, &fresh);
	if (err)
		return err;
	if (first && config->nlm_flags & NLM_F_REPLACE)
		err = replace_route(rn, first, fresh);
	else
		err = insert_route(rn, fresh, config->nlm_flags & NLM_F_APPEND ? NULL : first);
	if (err)
		route_free(rn, fresh);
	return err;
}

static bool wanted(const struct route *r, const struct route_config *c)
{
	uint32_t i, k;

	if (r->plen != c->plen || memcmp(r->dst, c->dst, 16) != 0 || r->table != c->table ||
	    (c->type && r->type != c->type) || (c->proto && r->proto != c->proto) ||
	    (c->metric && r->metric != c->metric) || r->tos != c->tos ||
	    (c->scope != RT_SCOPE_NOWHERE && r->family == AF_INET && r->scope != c->scope) ||
	    (c->has_prefsrc && memcmp(r->prefsrc, c->prefsrc, 16) != 0))
		return false;
	for (i = 0; i < c->n_nexthops; i++) {
		const struct route_nexthop *want = &c->nexthops[i];
		bool found = false;

		for (k = 0; k < r->n_nexthops && !found; k++) {
			const struct route_nexthop *have = &r->nexthop[k];

			found = (!want->link || want->link == have->link) &&
				(!want->has_gateway ||
				 (have->has_gateway &&
				  memcmp(want->gateway, have->gateway, 16) == 0));
		}
		if (!found)
			return false;
	}
	return true;
}

int route_remove(struct route_ns *rn, struct route *r)
{
	struct rib *rib = &rn->rib[route_family(r->family)];
	int err;

	r->hidden = true;
	err = fib_sync(rn, r->family, r->dst, r->plen);
	if (err) {
		r->hidden = false;
		return err;
	}
	rib_remove(rib, r);
	route_notify(ROUTE_DEL, rn->ns, r);
	route_free(rn, r);
	return 0;
}

int route_del(struct route_config *config)
{
	struct route_ns *rn = route_ns_of(config->ns);
	struct rib_pos pos;
	struct route *r;
	const struct rib *rib;

	config->error = NULL;
	if (!rn)
		return -EAFNOSUPPORT;
	if (config->plen > route_addr_bits(config->family)) {
		config->error = "Invalid prefix length";
		return -EINVAL;
	}
	rib = &rn->rib[route_family(config->family)];
	for (r = rib_first(rib, config->dst, config->plen, &pos); r;) {
		if (wanted(r, config))
			return route_remove(rn, r);
		if (!rib_step(rib, &pos))
			break;
		r = rib_at(rib, &pos);
		if (r->plen != config->plen || memcmp(r->dst, config->dst, 16) != 0)
			break;
	}
	return -ESRCH;
}

int route_add_many(struct route_config *config, unsigned int n, unsigned int *ret_failed)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = route_add(&config[i]);
	if (!err)
		return 0;
	if (ret_failed)
		*ret_failed = i - 1;
	for (i--; i-- > 0;)
		route_del(&config[i]);
	return err;
}

/* A route's next hops changed state: makes its adjacency anew with the live ones. */
int route_rebuild(struct route_ns *rn, struct route *r)
{
	struct route_config config = { .ns = rn->ns,
				       .family = r->family,
				       .type = r->type,
				       .mtu = r->mtu,
				       .n_nexthops = r->n_nexthops };
	uint32_t old = r->adj, fresh;
	int err;

	err = route_adj_get(rn, &config, r->nexthop, &fresh);
	if (err)
		return err;
	r->adj = fresh;
	err = fib_sync(rn, r->family, r->dst, r->plen);
	if (err) {
		route_adj_put(rn, r);
		r->adj = old;
		return err;
	}
	r->adj = old;
	route_adj_put(rn, r);
	r->adj = fresh;
	return 0;
}

/* The tenant is gone: no worker, no listener, no link. */
void route_free_all(struct route_ns *rn)
{
	unsigned int f;

	for (f = 0; f < 2; f++) {
		struct rib *rib = &rn->rib[f];
		struct rib_pos pos = { 0, 0 };
		bool more = rib->n_leaves > 0;

		while (more) {
			struct route *r = rib_at(rib, &pos);

			more = rib_step(rib, &pos);
			route_free(rn, r);
		}
		rib_fini(rib);
		fib_fini(&rn->fib[f]);
	}
}
