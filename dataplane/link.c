/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link objects: memory and quota, the tenant's list, and how an object that was unpublished is
 * freed after a grace period. Control side, under dp_ctl_lock, but for the deferred functions.
 */
#include <errno.h>
#include <string.h>

#include "encap/vxlan.h"
#include "link.h"
#include "worker.h"

#define WAVES_FROM 16384u /* links from which on table lookups miss the near caches */

const char *dp_link_name(const struct dp_link *link)
{
	return link_of(link)->name;
}

int link_name_check(const struct netns *ns, const char *name, const char **ret_error)
{
	size_t len = strlen(name);

	*ret_error =
		"a link's name has 1 .. 15 bytes without '/' or space, and is not \".\" or \"..\"";
	if (len == 0 || len > DP_LINK_NAME_MAX || strpbrk(name, "/ \t\n") != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	*ret_error = "the tenant has a link of this name already";
	if (link_hash_name(ns, name) != NULL)
		return -EEXIST;
	*ret_error = NULL;
	return 0;
}

void link_free(struct link *l)
{
	netns_uncharge(l->pub.ns, NETNS_QUOTA_BYTES, sizeof(*l));
	netns_uncharge(l->pub.ns, NETNS_QUOTA_LINKS, 1);
	if (l->pub.index != 0)
		link_index_free(l->pub.index);
	netns_arena_free(l, sizeof(*l));
}

struct link *link_new(struct netns *ns, int *ret_err)
{
	struct link *l;

	*ret_err = link_hash_reserve();
	if (*ret_err != 0)
		return NULL;
	*ret_err = netns_charge(ns, NETNS_QUOTA_LINKS, 1);
	if (*ret_err != 0)
		return NULL;
	*ret_err = netns_charge(ns, NETNS_QUOTA_BYTES, sizeof(*l));
	if (*ret_err != 0)
		goto uncharge_link;
	l = netns_arena_alloc((int)ns->numa_node, sizeof(*l));
	if (l == NULL) {
		*ret_err = -ENOMEM;
		goto uncharge_bytes;
	}
	memset(l, 0, sizeof(*l));
	l->pub.ns = ns;
	l->tenant = tenant_links(ns);
	return l;

uncharge_bytes:
	netns_uncharge(ns, NETNS_QUOTA_BYTES, sizeof(*l));
uncharge_link:
	netns_uncharge(ns, NETNS_QUOTA_LINKS, 1);
	return NULL;
}

int link_number(struct link *l)
{
	int err = link_index_alloc(&l->pub.index, &l->pub.generation);

	if (err != 0)
		return err;
	l->pub.tx_index = l->pub.index;
	account_link_begin(l->pub.index);
	return 0;
}

/* Into the tenant's list, by ifindex; mostly at its end. */
static void list_add(struct tenant_links *t, struct link *l)
{
	struct link *after = t->last;

	while (after != NULL && after->pub.ifindex > l->pub.ifindex)
		after = after->prev;
	l->prev = after;
	l->next = after != NULL ? after->next : t->first;
	*(after != NULL ? &after->next : &t->first) = l;
	*(l->next != NULL ? &l->next->prev : &t->last) = l;
	t->n++;
}

static void list_del(struct tenant_links *t, struct link *l)
{
	*(l->prev != NULL ? &l->prev->next : &t->first) = l->next;
	*(l->next != NULL ? &l->next->prev : &t->last) = l->prev;
	t->n--;
}

static void set_waves(void)
{
	uint32_t i, waves = link_index_live() >= WAVES_FROM;

	for (i = 0; i < n_workers; i++)
		__atomic_store_n(&workers[i]->waves, waves, __ATOMIC_RELAXED);
}

void link_insert(struct link *l)
{
	/* under the lock, so that a copy of the mask or handle is never missed */
	l->pub.features = l->pub.ns->features;
	l->pub.l3[0] = l->tenant->l3[0];
	l->pub.l3[1] = l->tenant->l3[1];
	list_add(l->tenant, l);
	link_hash_add(l);
	link_index_publish(l);
	set_waves();
}

/* Retire thread: no worker knows the link any more. */
static void link_deferred(struct netns_defer *defer)
{
	struct link *l = (struct link *)((char *)defer - offsetof(struct link, defer));
	struct link **p;

	netns_mutex_lock(&account_lock);
	if (l->tenant != NULL) {
		account_link_gone(l->pub.index, l->pub.ns->index);
		for (p = &l->tenant->dying; *p != l; p = &(*p)->next)
			;
		*p = l->next;
	}
	netns_mutex_unlock(&account_lock);
	link_index_free(l->pub.index);
	if (l->owns_tags)
		tag_table_free(l->tags);
	if (l->owns_encap)
		vxlan_free(l);
	netns_arena_free(l, sizeof(*l));
}

/* Retire thread: the link lives on in another object with the same index. */
static void replaced_deferred(struct netns_defer *defer)
{
	netns_arena_free((char *)defer - offsetof(struct link, defer), sizeof(struct link));
}

void link_take_out(struct link *l)
{
	list_del(l->tenant, l);
	link_hash_del(l);
	link_index_unpublish(l);
	netns_uncharge(l->pub.ns, NETNS_QUOTA_BYTES, sizeof(*l));
	netns_uncharge(l->pub.ns, NETNS_QUOTA_LINKS, 1);
}

void link_retire(struct link *l)
{
	netns_mutex_lock(&account_lock);
	l->next = l->tenant->dying;
	l->tenant->dying = l;
	netns_mutex_unlock(&account_lock);
	set_waves();
	netns_defer(&l->defer, link_deferred, sizeof(*l));
}

void link_retire_replaced(struct link *l)
{
	netns_defer(&l->defer, replaced_deferred, sizeof(*l));
}
