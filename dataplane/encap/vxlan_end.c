/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * End points of underlay tenants: found or made for a link, gone with the last one. Workers read a
 * tenant's list as one immutable array. Control side, under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_byteorder.h>

#include "netns/fault.h"
#include "vxlan.h"

#define INNER_BYTES (4096 * sizeof(uint64_t))

static unsigned int ends_id = ~0u;

const struct vxlan_ends *vxlan_ends(const struct netns *ns)
{
	/* pairs with the release in netns_value_set() */
	if (ends_id == ~0u) /* not registered now */
		return NULL;
	return (const struct vxlan_ends *)(uintptr_t)netns_value(ns, ends_id);
}

static void list_deferred(struct netns_defer *defer)
{
	heap_free((char *)defer - offsetof(struct vxlan_ends, defer));
}

static void end_free(struct vxlan_end *e)
{
	unsigned int i;

	for (i = 0; i < 4096; i++)
		if (e->vni[i] != NULL)
			netns_arena_free(e->vni[i], INNER_BYTES);
	netns_arena_free(e, sizeof(*e));
}

static void end_deferred(struct netns_defer *defer)
{
	end_free((struct vxlan_end *)((char *)defer - offsetof(struct vxlan_end, defer)));
}

/* Publishes the list with @add, without @del. */
static int list_change(struct netns *ns, struct vxlan_end *add, const struct vxlan_end *del)
{
	struct vxlan_ends *old = (struct vxlan_ends *)(uintptr_t)netns_value(ns, ends_id), *l;
	uint32_t i, n = old != NULL ? old->n : 0;

	l = heap_zalloc(sizeof(*l) + (n + 1) * sizeof(void *));
	if (l == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (old->end[i] != del)
			l->end[l->n++] = old->end[i];
	if (add != NULL)
		l->end[l->n++] = add;
	netns_value_set(ns, ends_id, (uint64_t)(uintptr_t)l);
	if (old != NULL)
		netns_defer(&old->defer, list_deferred, sizeof(*old));
	return 0;
}

int vxlan_end_get(struct netns *ns, const struct dp_link_config *c, struct vxlan_end **ret_end)
{
	const struct vxlan_ends *ends = vxlan_ends(ns);
	uint16_t port = rte_cpu_to_be_16(c->dst_port);
	size_t len = c->family == AF_INET ? 4 : 16;
	struct vxlan_end *e;
	uint32_t i;

	for (i = 0; ends != NULL && i < ends->n; i++) {
		e = ends->end[i];
		if (e->family == c->family && e->port == port &&
		    memcmp(e->local, c->local, len) == 0)
			goto found;
	}
	e = netns_arena_alloc((int)ns->numa_node, sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	e->underlay = ns;
	e->family = c->family;
	e->port = port;
	memcpy(e->local, c->local, len);
	if (list_change(ns, e, NULL) != 0) {
		end_free(e);
		return -ENOMEM;
	}
	if (e->links == 0 && (ns->features & dp_module_feature(&vxlan_module)) == 0)
		dp_tenant_features(ns, dp_module_feature(&vxlan_module), 0);
found:
	e->links++;
	*ret_end = e;
	return 0;
}

void vxlan_end_put(struct vxlan_end *e)
{
	const struct vxlan_ends *ends;

	if (--e->links != 0)
		return;
	/* without memory for a new list the end point stays, empty: unknown VNIs */
	if (list_change(e->underlay, NULL, e) != 0)
		return;
	ends = vxlan_ends(e->underlay);
	if (ends->n == 0)
		dp_tenant_features(e->underlay, 0, dp_module_feature(&vxlan_module));
	netns_defer(&e->defer, end_deferred, sizeof(*e));
}

uint64_t *vxlan_slot(struct vxlan_end *e, uint32_t vni)
{
	uint64_t *inner = e->vni[vni >> 12];

	if (inner == NULL) {
		inner = netns_arena_alloc((int)e->underlay->numa_node, INNER_BYTES);
		if (inner == NULL)
			return NULL;
		memset(inner, 0, INNER_BYTES);
		/* pairs with the acquire in locate(): zeroed before it is seen */
		__atomic_store_n(&e->vni[vni >> 12], inner, __ATOMIC_RELEASE);
	}
	return &inner[vni & 0xfff];
}

/* Links that use a dying underlay go with it, as in Linux. */
static void pre_exit(struct netns *ns)
{
	const struct vxlan_ends *ends;
	uint32_t i;

	dp_ctl_lock();
	while ((ends = vxlan_ends(ns)) != NULL && ends->n > 0) {
		for (i = 0; i < ends->n && ends->end[i]->first == NULL; i++)
			;
		if (i == ends->n)
			break;
		dp_link_delete(&ends->end[i]->first->link->pub);
	}
	dp_ctl_unlock();
}

static void exit_tenant(struct netns *ns)
{
	struct vxlan_ends *ends = (struct vxlan_ends *)(uintptr_t)netns_value(ns, ends_id);
	uint32_t i;

	if (ends == NULL)
		return;
	for (i = 0; i < ends->n; i++)
		end_free(ends->end[i]);
	heap_free(ends);
	netns_value_set(ns, ends_id, 0);
}

static void show(struct netns *ns, FILE *out)
{
	const struct vxlan_ends *ends = vxlan_ends(ns);

	fprintf(out, "\"endpoints\":%u", ends != NULL ? ends->n : 0);
}

static struct netns_ops ops = {
	.name = "vxlan",
	.pre_exit = pre_exit,
	.exit = exit_tenant,
	.id = &ends_id,
	.flags = NETNS_OPS_VALUE,
};

const struct dp_module vxlan_module = {
	.abi = DP_MODULE_ABI,
	.name = "vxlan",
	.summary = "takes frames out of VXLAN for the links of a tenant's end points",
	.stage = DP_STAGE_INGRESS,
	.pernet = &ops,
	.process = vxlan_decap,
	.show = show,
};
