/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The router's part of a link, from the link's begin to its end: made and freed as links come, move
 * and go; addresses follow the link's state. Also the addr module's descriptor.
 */
#include "l3dev.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/dp_adj.h"
#include "dataplane/dp_module.h"
#include "internal.h"

static unsigned int addr_id = ~0u;

struct addr_ns *addr_ns_of(struct netns *ns)
{
	return addr_id == ~0u ? NULL : netns_generic(ns, addr_id); /* ~0u: not registered now */
}

struct l3dev *l3dev_next(struct netns *ns, struct l3dev *after)
{
	struct addr_ns *an = addr_ns_of(ns);

	return after ? after->next : an ? an->devs : NULL;
}

/* What on-link destinations of the link go by before their neighbour is known */
static int glean_make(struct l3dev *dev, unsigned int f)
{
	struct dp_adj *adj;
	int err = dp_adj_alloc(&dev->glean[f]);

	if (err)
		return err;
	adj = dp_adj_at(dev->glean[f]);
	adj->family = f ? AF_INET6 : AF_INET;
	adj->link = dev->link;
	adj->link_index = dev->link->index;
	adj->port_id = dev->link->port_id;
	adj->mtu = dev->link->mtu;
	/* pairs with the acquire with which workers read kind */
	__atomic_store_n(&adj->kind, DP_ADJ_GLEAN, __ATOMIC_RELEASE);
	return 0;
}

static void glean_drop(struct l3dev *dev)
{
	unsigned int f;

	for (f = 0; f < 2; f++)
		if (dev->glean[f])
			dp_adj_free(dev->glean[f]);
}

static int dev_make(struct addr_ns *an, struct dp_link *link)
{
	struct l3dev *dev = netns_mem_alloc(an->ns, sizeof(*dev)), **at = &an->devs;
	int err;

	if (!dev)
		return -ENOMEM;
	dev->link = link;
	dev->ns = an->ns;
	err = glean_make(dev, 0);
	if (!err)
		err = glean_make(dev, 1);
	if (err) {
		glean_drop(dev);
		netns_mem_free(an->ns, dev, sizeof(*dev));
		return err;
	}
	while (*at && (*at)->link->ifindex < link->ifindex)
		at = &(*at)->next;
	dev->next = *at;
	*at = dev;
	__atomic_store_n(&link->l3dev, dev, __ATOMIC_RELEASE);
	return addr_view_update(dev);
}

static void dev_free(struct netns_defer *defer)
{
	struct l3dev *dev = (struct l3dev *)((char *)defer - offsetof(struct l3dev, defer));

	netns_arena_free(dev, sizeof(*dev));
}

static void dev_drop(struct addr_ns *an, struct l3dev *dev)
{
	struct l3dev **at = &an->devs;
	unsigned int f;

	for (f = 0; f < 2; f++)
		while (dev->addrs[f])
			addr_remove(dev->addrs[f]);
	addr_view_drop(dev);
	while (*at != dev)
		at = &(*at)->next;
	*at = dev->next;
	glean_drop(dev);
	netns_uncharge(an->ns, NETNS_QUOTA_BYTES, (sizeof(*dev) + 63) & ~(size_t)63);
	netns_defer(&dev->defer, dev_free, sizeof(*dev));
}

static void dev_up(struct l3dev *dev)
{
	struct addr_config lo = { .link = dev->link,
				  .family = AF_INET,
				  .plen = 8,
				  .scope = RT_SCOPE_HOST,
				  .local = { 127, 0, 0, 1 } };
	struct addr *a;

	if (dev->link->kind == DP_LINK_LOOPBACK && !dev->addrs[0]) {
		memcpy(lo.label, "lo", 3);
		addr_insert(&lo, NULL);
	} else {
		for (a = dev->addrs[0]; a; a = a->next)
			addr4_routes_add(a);
	}
}

/* IPv6 begins when the carrier is there, as in Linux; losing it later takes nothing away. */
static bool ready6(const struct l3dev *dev)
{
	uint8_t kind = dev->link->kind;

	if (!l3dev_is_up(dev))
		return false;
	return kind == DP_LINK_LOOPBACK || kind == DP_LINK_DUMMY || kind == DP_LINK_VXLAN ||
	       __atomic_load_n(&dev->link->flags, __ATOMIC_RELAXED) & DP_LINK_F_RUNNING;
}

/* Present flags against what was: only a change of state does something. */
static void dev_follow(struct l3dev *dev)
{
	bool up = l3dev_is_up(dev);
	unsigned int f;

	for (f = 0; f < 2; f++)
		__atomic_store_n(&dp_adj_at(dev->glean[f])->mtu, dev->link->mtu, __ATOMIC_RELAXED);
	if (up && !dev->was_up)
		dev_up(dev);
	if (!up && dev->was_up)
		addr6_link_down(dev);
	dev->was_up = up;
	if (!up)
		dev->was_running = false;
	if (dev->was_running || !ready6(dev))
		return;
	dev->was_running = true;
	addr6_link_up(dev);
}

/* The link object was replaced in place (a new MAC): all that points to it follows. */
static void dev_repoint(struct l3dev *dev, struct dp_link *link)
{
	struct addr *a;
	unsigned int f;

	dev->link = link;
	__atomic_store_n(&link->l3dev, dev, __ATOMIC_RELEASE);
	for (f = 0; f < 2; f++) {
		for (a = dev->addrs[f]; a; a = a->next)
			a->link = link;
		/* pairs with the acquire in the datapath; the old object lives a grace period more
		 */
		__atomic_store_n(&dp_adj_at(dev->glean[f])->link, link, __ATOMIC_RELEASE);
	}
}

static void link_event(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		       struct dp_link *old)
{
	struct addr_ns *an = addr_ns_of(link->ns);

	if (event == DP_LINK_REPLACED && old->ns == link->ns) {
		if (old->l3dev)
			dev_repoint(old->l3dev, link);
	} else if (event == DP_LINK_REPLACED) {
		if (old->l3dev)
			dev_drop(addr_ns_of(old->ns), old->l3dev);
		link->l3dev = NULL;
		if (an)
			dev_make(an, link);
	} else if (event == DP_LINK_NEW) {
		if (an)
			dev_make(an, link);
	} else if (event == DP_LINK_DELETED) {
		if (link->l3dev)
			dev_drop(an, link->l3dev);
		return;
	}
	if (link->l3dev)
		dev_follow(link->l3dev);
}

static struct dp_link_listener listener = { .fn = link_event };

static int addr_init(struct netns *ns)
{
	struct addr_ns *an = addr_ns_of(ns);
	struct dp_link *link = NULL;
	int err = 0;

	an->ns = ns;
	dp_ctl_lock();
	while (!err && (link = dp_link_next(ns, link))) {
		err = dev_make(an, link);
		if (!err)
			dev_follow(link->l3dev);
	}
	while (err && an->devs)
		dev_drop(an, an->devs);
	dp_ctl_unlock();
	return err;
}

static void addr_exit(struct netns *ns)
{
	struct addr_ns *an = addr_ns_of(ns);

	dp_ctl_lock();
	while (an->devs)
		dev_drop(an, an->devs);
	dp_ctl_unlock();
}

static void addr_show(struct netns *ns, FILE *out)
{
	struct l3dev *dev = NULL;
	unsigned int n = 0;

	while ((dev = l3dev_next(ns, dev)))
		n += dev->n_addrs;
	fprintf(out, "\"addresses\":%u", n);
}

static struct netns_ops addr_ops = {
	.name = "addr",
	.init = addr_init,
	.exit = addr_exit,
	.id = &addr_id,
	.size = sizeof(struct addr_ns),
};

const struct dp_module addr_module = {
	.abi = DP_MODULE_ABI,
	.name = "addr",
	.summary = "addresses of links, and the routes that come and go with them",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.pernet = &addr_ops,
	.show = addr_show,
};

void addr_begin(void)
{
	dp_link_listen(&listener);
}

void addr_end(void)
{
	dp_link_unlisten(&listener);
}
