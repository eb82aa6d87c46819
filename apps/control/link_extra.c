/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only rtnetlink knows of a link: alias, queue length, group, alternative names, and whether
 * it ever was up (which queueing discipline is shown). Kept beside the links, by their handle, for
 * the few that have any of it. Under dp_ctl_lock; follows moves (nl_notify.c).
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define BUCKETS_MIN 1024u

struct node {
	struct node *next;
	uint64_t key;
	struct netns *ns; /* not referenced; for lookups by alternative name */
	uint32_t ifindex;
	struct link_extra extra;
};

static struct node **bucket;
static uint32_t n_buckets, n_nodes;

static uint64_t key_of(const struct dp_link *link)
{
	return (uint64_t)link->generation << 32 | link->index;
}

static struct node **place(uint64_t key)
{
	struct node **at = &bucket[(key * 0x9e3779b97f4a7c15ull >> 32) & (n_buckets - 1)];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

static bool grow(void)
{
	uint32_t old_n = n_buckets, i;
	struct node **old = bucket, *n, *next, **at;

	n_buckets = old_n ? old_n * 2 : BUCKETS_MIN;
	bucket = calloc(n_buckets, sizeof(struct node *));
	if (!bucket) {
		bucket = old;
		n_buckets = old_n;
		return old != NULL;
	}
	for (i = 0; i < old_n; i++)
		for (n = old[i]; n; n = next) {
			next = n->next;
			at = place(n->key);
			n->next = NULL;
			*at = n;
		}
	free(old);
	return true;
}

struct link_extra *link_extra(const struct dp_link *link)
{
	struct node *n = bucket ? *place(key_of(link)) : NULL;

	return n ? &n->extra : NULL;
}

struct link_extra *link_extra_make(const struct dp_link *link)
{
	struct node **at, *n;

	if (n_nodes >= n_buckets && !grow())
		return NULL;
	at = place(key_of(link));
	if (*at)
		return &(*at)->extra;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->key = key_of(link);
	n->ns = link->ns;
	n->ifindex = link->ifindex;
	n->extra.txqlen = 1000;
	*at = n;
	n_nodes++;
	return &n->extra;
}

static void node_free(struct node *n)
{
	while (n->extra.n_altnames)
		free(n->extra.altnames[--n->extra.n_altnames]);
	free(n->extra.altnames);
	free(n->extra.alias);
	free(n);
}

void link_extra_move(const struct dp_link *old, const struct dp_link *link)
{
	struct node **at = bucket ? place(key_of(old)) : NULL, *n = at ? *at : NULL;

	if (!n)
		return;
	*at = n->next;
	n->key = key_of(link);
	if (n->ns != link->ns)
		n->extra.was_up = false;
	n->ns = link->ns;
	n->ifindex = link->ifindex;
	n->next = NULL;
	*place(n->key) = n;
}

void link_extra_drop(const struct dp_link *link)
{
	struct node **at = bucket ? place(key_of(link)) : NULL, *n = at ? *at : NULL;

	if (!n)
		return;
	*at = n->next;
	n_nodes--;
	node_free(n);
}

void link_extra_fini(void)
{
	uint32_t i;
	struct node *n;

	for (i = 0; i < n_buckets; i++)
		while ((n = bucket[i])) {
			bucket[i] = n->next;
			node_free(n);
		}
	free(bucket);
	bucket = NULL;
	n_buckets = n_nodes = 0;
}

struct dp_link *link_by_altname(struct netns *ns, const char *name)
{
	struct dp_link *link = NULL;
	struct link_extra *e;
	unsigned int i;

	while ((link = dp_link_next(ns, link))) {
		e = link_extra(link);
		for (i = 0; e && i < e->n_altnames; i++)
			if (strcmp(e->altnames[i], name) == 0)
				return link;
	}
	return NULL;
}
