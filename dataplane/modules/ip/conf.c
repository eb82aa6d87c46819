/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant's IP knobs and the module that holds them. Defaults are Linux's, but for forwarding,
 * which is on: a tenant is a router.
 */
#include <errno.h>
#include <stdio.h>

#include "internal.h"
#include "reass.h"

static unsigned int ip_id = ~0u;

static const struct ip_conf defaults = {
	.forwarding4 = 1,
	.forwarding6 = 1,
	.icmp_echo_ignore_broadcasts = 1,
	.send_redirects = 1,
	.ttl = 64,
	.icmp_ratelimit_ms = 1000,
	.icmp_ratemask = 6168,
	.icmp_msgs_per_sec = 1000,
	.icmp_msgs_burst = 50,
};

struct ip_ns *ip_ns_of(const struct netns *ns)
{
	return ip_id == ~0u ? NULL : netns_generic(ns, ip_id); /* ~0u: not registered now */
}

int ip_conf_get(struct netns *ns, struct ip_conf *ret_conf)
{
	const struct ip_ns *in = ip_ns_of(ns);

	if (!in)
		return -EAFNOSUPPORT;
	*ret_conf = in->conf;
	return 0;
}

int ip_conf_set(struct netns *ns, const struct ip_conf *conf)
{
	struct ip_ns *in = ip_ns_of(ns);

	if (!in)
		return -EAFNOSUPPORT;
	if (conf->ttl == 0 || conf->rp_filter > 2 || conf->icmp_msgs_per_sec == 0 ||
	    conf->icmp_msgs_burst == 0)
		return -EINVAL;
	in->conf = *conf;
	addr_careful(ns, conf->rp_filter || !conf->forwarding4 || !conf->forwarding6);
	return 0;
}

static int init(struct netns *ns)
{
	ip_ns_of(ns)->conf = defaults;
	return 0;
}

static void show(struct netns *ns, FILE *out)
{
	const struct ip_conf *c = &ip_ns_of(ns)->conf;

	fprintf(out, "\"forwarding4\":%u,\"forwarding6\":%u,\"rp_filter\":%u,\"ttl\":%u",
		c->forwarding4, c->forwarding6, c->rp_filter, c->ttl);
}

static struct netns_ops ip_ops = {
	.name = "ip",
	.init = init,
	.id = &ip_id,
	.size = sizeof(struct ip_ns),
};

const struct dp_module ip_module = {
	.abi = DP_MODULE_ABI,
	.name = "ip",
	.summary = "a tenant's IP settings and ICMP budget",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.pernet = &ip_ops,
	.lcore_init = reass_lcore_init,
	.lcore_exit = reass_lcore_exit,
	.show = show,
};
