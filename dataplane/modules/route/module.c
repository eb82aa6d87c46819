/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The route module: a tenant's routing state from its begin to its end, and the descriptor.
 * Control only: workers meet its work as FIB refs and adjacencies.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "dataplane/dp_module.h"
#include "internal.h"

static unsigned int route_id = ~0u;

static void publish(void *owner, enum fib_family family, uint64_t ref)
{
	dp_tenant_l3(owner, family == FIB_IPV6, ref);
}

/* fib_host_netns with a publisher; filled in when the module begins */
static struct fib_host host;

struct route_ns *route_ns_of(struct netns *ns)
{
	return route_id == ~0u ? NULL : netns_generic(ns, route_id); /* ~0u: not registered now */
}

static int route_init(struct netns *ns)
{
	struct route_ns *rn = route_ns_of(ns);
	unsigned int f;
	int err = 0;

	rn->ns = ns;
	for (f = 0; f < 2 && !err; f++) {
		rn->rib[f].ns = ns;
		rn->rib[f].family = f ? AF_INET6 : AF_INET;
		err = fib_init(&rn->fib[f], f ? FIB_IPV6 : FIB_IPV4, &host, ns);
	}
	return err;
}

static void route_exit(struct netns *ns)
{
	dp_ctl_lock();
	route_free_all(route_ns_of(ns));
	dp_ctl_unlock();
}

static void route_show(struct netns *ns, FILE *out)
{
	fprintf(out, "\"routes4\":%llu,\"routes6\":%llu",
		(unsigned long long)route_count(ns, AF_INET),
		(unsigned long long)route_count(ns, AF_INET6));
}

static struct netns_ops route_ops = {
	.name = "route",
	.init = route_init,
	.exit = route_exit,
	.id = &route_id,
	.size = sizeof(struct route_ns),
};

const struct dp_module route_module = {
	.abi = DP_MODULE_ABI,
	.name = "route",
	.summary = "routes of tables main and local, next hops and groups",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.pernet = &route_ops,
	.show = route_show,
};

int route_begin(void)
{
	int err = route_fixed_init();

	if (err)
		return err;
	host = fib_host_netns;
	host.publish = publish;
	route_links_init();
	return 0;
}

void route_end(void)
{
	route_links_fini();
	route_fixed_fini();
}
