/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids: owns each tenant's table of ids and the links between tenants. A link holds no
 * reference; it disappears when either side dies, before any exit runs, at a cost that follows the
 * number of links and not of tenants: each tenant knows the ids it gave and, by back-links, those
 * it was given.
 *
 * Callers: control threads, and retire.c for batches of dying tenants. A link is only made while
 * both sides are referenced by its maker, so their cleanup, which takes the same lock after the
 * last reference went, cannot have run yet: there is no moment between check and insertion.
 */
#include "peer.h"

#include <errno.h>
#include <limits.h>

#include "fault.h"

struct netns_mutex peer_lock = NETNS_MUTEX_INIT; /* leaf; guards tables, links and events */

static uint64_t live_links TS_GUARDED_BY(peer_lock);

static struct peer_link *link_of(struct peer_node *node)
{
	return caa_container_of(node, struct peer_link, node);
}

static void free_link(struct netns_defer *defer)
{
	heap_free(caa_container_of(defer, struct peer_link, defer));
}

void peer_unpin_locked(struct peer_link *link)
{
	if (--link->pins == 0)
		netns_defer(&link->defer, free_link, sizeof(*link));
}

/* The table of @t, made on first use; it stays until the tenant dies. NULL: out of memory. */
static struct peer_table *table_locked(struct tenant *t) TS_REQUIRES(peer_lock)
{
	if (t->peers == NULL) {
		t->peers = heap_zalloc(sizeof(*t->peers));
		if (t->peers != NULL)
			CDS_INIT_LIST_HEAD(&t->peers->back);
	}
	return t->peers;
}

/* The id that @reqid asks for: 0 or more, or -errno. */
static int choose_id_locked(const struct peer_table *table, int reqid) TS_REQUIRES(peer_lock)
{
	struct peer_node *node;
	uint32_t lowest;

	if (reqid < 0) {
		lowest = peer_tree_lowest_free(table->ids);
		return lowest <= INT_MAX ? (int)lowest : -ENOSPC;
	}
	node = peer_tree_above(table->ids, reqid - 1);
	return node != NULL && node->id == reqid ? -EEXIST : reqid;
}

/* Is there a tenant to give an id to or in? Not before it is published, nor while it dies. */
static bool is_published(const struct tenant *t)
{
	/* pairs with the release that publishes the tenant */
	return __atomic_load_n(&t->state, __ATOMIC_ACQUIRE) == TENANT_LIVE;
}

static bool has_id(uint64_t ns_handle, uint64_t peer_handle)
{
	bool token = rcu_enter();
	bool found = peer_map_by_peer_rcu(ns_handle, peer_handle) != NULL;

	rcu_leave(token);
	return found;
}

/* Both tenants of @link are referenced by the caller. Return: the id, or -errno. */
static int publish_locked(struct peer_link *link, int reqid) TS_REQUIRES(peer_lock)
{
	struct peer_table *table, *peer_table;
	int id;

	if (!is_published(link->ns) || !is_published(link->peer))
		return -ENOENT;
	if (has_id(link->ns_handle, link->peer_handle))
		return -EEXIST;
	table = table_locked(link->ns);
	if (table == NULL)
		return -ENOMEM;
	peer_table = table_locked(link->peer);
	if (peer_table == NULL)
		return -ENOMEM; /* an empty table is kept: it goes with its tenant */
	id = choose_id_locked(table, reqid);
	if (id < 0)
		return id;
	link->node.id = id;
	link->pins = 1;
	table->ids = peer_tree_insert(table->ids, &link->node);
	cds_list_add(&link->back, &peer_table->back);
	peer_map_add_locked(link);
	live_links++;
	peer_event_push_locked(link, NETNS_PEER_NEW);
	return id;
}

static int make_link(struct tenant *ns, struct tenant *peer, int reqid)
{
	struct peer_link *link = heap_zalloc(sizeof(*link));
	int id;

	if (link == NULL)
		return -ENOMEM;
	link->ns = ns;
	link->peer = peer;
	link->ns_handle = ns->pub.handle;
	link->peer_handle = peer->pub.handle;
	netns_mutex_lock(&peer_lock);
	id = publish_locked(link, reqid);
	peer_unlock_and_deliver();
	if (id < 0)
		heap_free(link);
	return id;
}

int netns_peer_id_alloc(struct netns *ns, struct netns *peer, int reqid, int *ret_id)
{
	int id;

	/* @ns and @peer may be protected by no more than the caller's burst, which a lock ends. */
	if (!netns_tryget(ns))
		return -ENOENT;
	if (!netns_tryget(peer)) {
		id = -ENOENT;
		goto put_ns;
	}
	id = make_link(tenant_of(ns), tenant_of(peer), reqid);
	netns_put(peer);
put_ns:
	netns_put(ns);
	if (id < 0)
		return id;
	if (ret_id != NULL)
		*ret_id = id;
	return 0;
}

int netns_peer_id(struct netns *ns, struct netns *peer)
{
	bool token = rcu_enter();
	const struct peer_link *link = peer_map_by_peer_rcu(ns->handle, peer->handle);
	int id = link ? link->node.id : NETNS_PEER_ID_NONE;

	rcu_leave(token);
	return id;
}

struct netns *netns_peer_by_id(struct netns *ns, int id)
{
	struct netns *peer = NULL;
	struct peer_link *link;
	bool token;

	if (id < 0)
		return NULL;
	token = rcu_enter();
	link = peer_map_by_id_rcu(ns->handle, id);
	if (link != NULL && netns_tryget(&link->peer->pub))
		peer = &link->peer->pub;
	rcu_leave(token);
	return peer;
}

struct netns *netns_peer_next(struct netns *ns, int after, int *ret_id)
{
	struct tenant *t = tenant_of(ns);
	struct netns *peer = NULL;
	struct peer_node *node;
	int id = after < 0 ? -1 : after;

	netns_mutex_lock(&peer_lock);
	/* A dying peer keeps its id until its batch is cleaned up, but is not to be met any more.
	 */
	while (peer == NULL && t->peers != NULL) {
		node = peer_tree_above(t->peers->ids, id);
		if (node == NULL)
			break;
		id = node->id;
		if (netns_tryget(&link_of(node)->peer->pub))
			peer = &link_of(node)->peer->pub;
	}
	netns_mutex_unlock(&peer_lock);
	if (peer != NULL)
		*ret_id = id;
	return peer;
}

/* @link has left the tree of its ns already. */
static void withdraw_locked(struct peer_link *link) TS_REQUIRES(peer_lock)
{
	peer_map_del_locked(link);
	cds_list_del(&link->back);
	live_links--;
	peer_event_push_locked(link, NETNS_PEER_DEL);
	peer_unpin_locked(link);
}

/* For peer_tree_drop(), whose caller holds the lock. */
static void withdraw_node(struct peer_node *node) TS_NO_ANALYSIS
{
	withdraw_locked(link_of(node));
}

static void cleanup_locked(struct tenant *t) TS_REQUIRES(peer_lock)
{
	struct peer_table *table = t->peers, *other;
	struct peer_node *ids;
	struct peer_link *link;

	if (table == NULL)
		return;
	ids = table->ids;
	table->ids = NULL;
	peer_tree_drop(ids, withdraw_node);
	while (!cds_list_empty(&table->back)) {
		link = cds_list_first_entry(&table->back, struct peer_link, back);
		other = link->ns->peers;
		other->ids = peer_tree_remove(other->ids, link->node.id);
		withdraw_locked(link);
	}
	t->peers = NULL;
	heap_free(table);
}

void peer_cleanup_batch(struct tenant *head)
{
	struct tenant *t;

	netns_mutex_lock(&peer_lock);
	for (t = head; t != NULL; t = t->batch_next)
		cleanup_locked(t);
	peer_unlock_and_deliver();
}

int peer_init(void)
{
	return peer_map_init();
}

int peer_fini(void)
{
	uint64_t left;

	netns_mutex_lock(&peer_lock);
	left = live_links;
	peer_unlock_and_deliver();
	if (left != 0)
		return -EBUSY;
	peer_map_fini();
	return 0;
}
