/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime's own share of each tenant: its list of links, and the copies of its feature mask and
 * FIB handles in them. Registered before any module's operations, so that it ends after them. When
 * a tenant dies its links go in pre_exit: workers stop finding it before the grace period.
 */
#include <errno.h>
#include <sys/mman.h>

#include "link.h"
#include "log.h"
#include "port.h"

static unsigned int links_id = ~0u;
static struct tenant_links **by_index; /* [tenant index]; NULL: none, or dying; dp_ctl_lock */
static uint32_t max_index, used_index; /* entries; those ever used */
static uint64_t every_tenant;          /* features that new tenants begin with; dp_ctl_lock */

struct netns_mutex account_lock = NETNS_MUTEX_INIT;

struct tenant_links *tenant_links(const struct netns *ns)
{
	return links_id == ~0u ? NULL : netns_generic(ns, links_id); /* ~0u: not registered now */
}

static int init(struct netns *ns)
{
	struct tenant_links *t = tenant_links(ns);

	t->ns = ns;
	t->next_ifindex = 2; /* 1 is for lo */
	dp_ctl_lock();
	by_index[ns->index] = t;
	if (ns->index >= used_index)
		used_index = ns->index + 1;
	netns_feature_set(ns, every_tenant);
	dp_ctl_unlock();
	return 0;
}

void tenants_each(void (*fn)(struct netns *ns, void *arg), void *arg, uint64_t set, uint64_t clear)
{
	uint32_t i;

	dp_ctl_lock();
	every_tenant = (every_tenant | set) & ~clear;
	for (i = 0; i < used_index; i++)
		if (by_index[i] != NULL)
			fn(by_index[i]->ns, arg);
	dp_ctl_unlock();
}

/* A port's link outlives the tenant it was moved to: back to the root, as in Linux. */
static int send_home(struct link *l)
{
	struct netns *root = netns_init_ns();
	struct dp_link *moved;
	char name[DP_LINK_NAME_MAX + 1];
	unsigned int i;
	int err;

	err = dp_link_move(&l->pub, root, NULL, &moved);
	for (i = 0; err == -EEXIST && i < 1u << 20; i++) {
		snprintf(name, sizeof(name), "dev%u", i);
		err = dp_link_move(&l->pub, root, name, &moved);
	}
	return err;
}

void root_links_delete(void)
{
	struct link *l, *next;
	bool again;

	dp_ctl_lock();
	do {
		again = false;
		for (l = tenant_links(netns_init_ns())->first; l != NULL && !again; l = next) {
			next = l->next;
			/* takes other links with it: begins anew */
			again = l->pub.kind != DP_LINK_PORT && dp_link_delete(&l->pub) == 0;
		}
	} while (again);
	dp_ctl_unlock();
}

static void pre_exit(struct netns *ns)
{
	struct tenant_links *t = tenant_links(ns);
	int err;

	dp_ctl_lock();
	by_index[ns->index] = NULL;
	while (t->first != NULL) {
		if (t->first->pub.kind == DP_LINK_PORT && !(ns->flags & NETNS_F_ROOT)) {
			err = send_home(t->first);
			if (err == 0)
				continue;
			LOG_ERR("link %s cannot go back to the root tenant (error %d): port "
				"deleted",
				t->first->name, err);
			port_del_locked(t->first->port);
			continue;
		}
		dp_link_delete(&t->first->pub);
	}
	dp_ctl_unlock();
}

/* Workers are through with the tenant; links that still wait must not touch it any more. */
static void exit_tenant(struct netns *ns)
{
	struct tenant_links *t = tenant_links(ns);
	struct link *l;

	netns_mutex_lock(&account_lock);
	for (l = t->dying; l != NULL; l = l->next)
		l->tenant = NULL;
	t->dying = NULL;
	account_tenant_end(ns->index);
	netns_mutex_unlock(&account_lock);
}

static struct netns_ops links_ops = {
	.name = "links",
	.init = init,
	.pre_exit = pre_exit,
	.exit = exit_tenant,
	.id = &links_id,
	.size = sizeof(struct tenant_links),
};

int tenant_links_init(uint32_t max_tenants)
{
	void *p = mmap(NULL, max_tenants * sizeof(void *), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	if (p == MAP_FAILED)
		return -ENOMEM;
	by_index = p;
	max_index = max_tenants;
	used_index = 0;
	every_tenant = 0;
	err = netns_subsys_register(&links_ops);
	if (err != 0)
		munmap(by_index, max_index * sizeof(void *));
	return err;
}

void tenant_links_fini(void)
{
	netns_subsys_unregister(&links_ops);
	munmap(by_index, max_index * sizeof(void *));
}

void dp_tenant_features(struct netns *ns, uint64_t set, uint64_t clear)
{
	struct tenant_links *t = tenant_links(ns);
	struct link *l;

	if (set != 0)
		netns_feature_set(ns, set);
	if (clear != 0)
		netns_feature_clear(ns, clear);
	for (l = t->first; l != NULL; l = l->next)
		/* pairs with the relaxed load in classify.c: any old value is as good */
		__atomic_store_n(&l->pub.features, ns->features, __ATOMIC_RELEASE);
}

void dp_tenant_l3(struct netns *ns, unsigned int family_index, uint64_t handle)
{
	struct tenant_links *t = tenant_links(ns);
	struct link *l;

	t->l3[family_index] = handle;
	for (l = t->first; l != NULL; l = l->next)
		/* pairs with the dependent load of who looks up: the table is complete */
		__atomic_store_n(&l->pub.l3[family_index], handle, __ATOMIC_RELEASE);
}
