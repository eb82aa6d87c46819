/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control side of module xconnect: parameters, and following links that are replaced or deleted.
 * A tenant's state exists only where the module is enabled. All under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>

#include "xconnect.h"

/** struct xconnect - a tenant's wire */
struct xconnect {
	struct dp_link *end[2];
	bool promisc[2]; /* it made the link promiscuous */
};

static unsigned int xconnect_id = ~0u;
static bool listening;

static struct xconnect *state(const struct netns *ns)
{
	if (xconnect_id == ~0u) /* not registered now */
		return NULL;
	return (struct xconnect *)(uintptr_t)netns_value(ns, xconnect_id);
}

/* Who receives on @link sees the wire, and all that it leads to, with this store. */
static void plug(struct dp_link *link, const struct dp_link *to)
{
	__atomic_store_n(&link->wire, to, __ATOMIC_RELEASE);
}

static void unwire(struct xconnect *x)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (x->end[i] == NULL)
			continue;
		plug(x->end[i], NULL);
		if (x->promisc[i])
			dp_link_set_flags(x->end[i], DP_LINK_F_PROMISC, 0);
		x->end[i] = NULL;
	}
}

static void wire(struct xconnect *x, struct dp_link *a, struct dp_link *b)
{
	unsigned int i;

	x->end[0] = a;
	x->end[1] = b;
	for (i = 0; i < 2; i++) {
		x->promisc[i] = (x->end[i]->flags & DP_LINK_F_PROMISC) == 0;
		dp_link_set_flags(x->end[i], DP_LINK_F_PROMISC, DP_LINK_F_PROMISC);
	}
	plug(a, b);
	plug(b, a);
}

static void on_link(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		    struct dp_link *old)
{
	struct dp_link *was = event == DP_LINK_REPLACED ? old : link;
	struct xconnect *x;
	unsigned int i;

	(void)l;
	if (event != DP_LINK_REPLACED && event != DP_LINK_DELETED)
		return;
	x = state(was->ns);
	if (x == NULL || (x->end[0] != was && x->end[1] != was))
		return;
	if (event == DP_LINK_DELETED || link->ns != was->ns) {
		/* a wire with one end is none */
		for (i = 0; i < 2; i++)
			if (x->end[i] == was && event == DP_LINK_REPLACED)
				plug(was, NULL), x->end[i] = NULL;
		unwire(x);
		return;
	}
	for (i = 0; i < 2; i++)
		if (x->end[i] == was)
			x->end[i] = link;
	plug(x->end[0], x->end[1]);
	plug(x->end[1], x->end[0]);
}

static struct dp_link_listener listener = { .fn = on_link };

static int parse(struct netns *ns, const char *const *params, struct dp_link **end,
		 const char **ret_error)
{
	*ret_error = "xconnect takes a=LINK and b=LINK, both of them links of the tenant";
	for (; *params != NULL; params++) {
		if (strncmp(*params, "a=", 2) == 0)
			end[0] = dp_link_find(ns, *params + 2);
		else if (strncmp(*params, "b=", 2) == 0)
			end[1] = dp_link_find(ns, *params + 2);
		else
			return -EINVAL;
	}
	if (end[0] == NULL || end[1] == NULL)
		return -ENODEV;
	*ret_error = NULL;
	return 0;
}

static int enable(struct netns *ns, const char *const *params, const char **ret_error)
{
	struct dp_link *end[2] = { NULL, NULL };
	struct xconnect *x;
	int err = parse(ns, params, end, ret_error);

	if (err != 0)
		return err;
	x = netns_mem_alloc(ns, sizeof(*x));
	if (x == NULL) {
		*ret_error = "the tenant's memory quota is used up, or there is none left";
		return -errno;
	}
	netns_value_set(ns, xconnect_id, (uint64_t)(uintptr_t)x);
	wire(x, end[0], end[1]);
	if (!listening) {
		dp_link_listen(&listener);
		listening = true;
	}
	return 0;
}

/* No worker reads the state, only wires; so it may go at once. */
static void disable(struct netns *ns)
{
	struct xconnect *x = state(ns);

	if (x == NULL)
		return;
	unwire(x);
	netns_value_set(ns, xconnect_id, 0);
	netns_mem_free(ns, x, sizeof(*x));
}

static void exit_tenant(struct netns *ns)
{
	struct xconnect *x = state(ns);

	dp_ctl_lock();
	if (x != NULL)
		netns_mem_free(ns, x, sizeof(*x));
	netns_value_set(ns, xconnect_id, 0);
	dp_ctl_unlock();
}

static void show(struct netns *ns, FILE *out)
{
	struct xconnect *x = state(ns);

	if (x != NULL && x->end[0] != NULL)
		fprintf(out, "\"a\":\"%s\",\"b\":\"%s\"", dp_link_name(x->end[0]),
			dp_link_name(x->end[1]));
}

static struct netns_ops ops = {
	.name = "xconnect",
	.exit = exit_tenant,
	.id = &xconnect_id,
	.flags = NETNS_OPS_VALUE,
};

const struct dp_module xconnect_module = {
	.abi = DP_MODULE_ABI,
	.name = "xconnect",
	.summary = "a wire between two links of a tenant",
	.stage = DP_STAGE_ROUTE,
	.pernet = &ops,
	.prefetch = xconnect_prefetch,
	.process = xconnect_process,
	.enable = enable,
	.disable = disable,
	.show = show,
};
