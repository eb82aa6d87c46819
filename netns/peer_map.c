/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The readers' side of the peer ids: two hashes of all links, by (tenant, id) and by (tenant,
 * peer). Lookups are lock-free and write nothing; peer.c adds and removes under the peer lock, so
 * no key is ever added twice. The keys come from users: see hash.h.
 */
#include "peer.h"

#include <errno.h>

#include "hash.h"
#include "lfht.h"

#define FIRST_BUCKETS 1024u /* a power of two */

struct peer_key {
	uint64_t ns_handle;
	uint64_t second; /* id, or the peer's handle */
};

static struct lfht ids, peers;
static struct hash_salt salt; /* const after peer_init() */

static int match_id(struct cds_lfht_node *node, const void *key)
{
	const struct peer_link *link = caa_container_of(node, struct peer_link, by_id);
	const struct peer_key *want = key;

	return link->ns_handle == want->ns_handle && (uint64_t)link->node.id == want->second;
}

static int match_peer(struct cds_lfht_node *node, const void *key)
{
	const struct peer_link *link = caa_container_of(node, struct peer_link, by_peer);
	const struct peer_key *want = key;

	return link->ns_handle == want->ns_handle && link->peer_handle == want->second;
}

struct peer_link *peer_map_by_id_rcu(uint64_t ns_handle, int id)
{
	struct peer_key key = { ns_handle, (uint64_t)id };
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(ids.table, hash_pair(&salt, key.ns_handle, key.second), match_id, &key,
			&iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? caa_container_of(node, struct peer_link, by_id) : NULL;
}

struct peer_link *peer_map_by_peer_rcu(uint64_t ns_handle, uint64_t peer_handle)
{
	struct peer_key key = { ns_handle, peer_handle };
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(peers.table, hash_pair(&salt, key.ns_handle, key.second), match_peer, &key,
			&iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? caa_container_of(node, struct peer_link, by_peer) : NULL;
}

/* A link is found by id only when it can be found by peer too, and loses the id first. */
void peer_map_add_locked(struct peer_link *link)
{
	bool token = rcu_enter();

	cds_lfht_add(peers.table, hash_pair(&salt, link->ns_handle, link->peer_handle),
		     &link->by_peer);
	lfht_added(&peers);
	cds_lfht_add(ids.table, hash_pair(&salt, link->ns_handle, (uint64_t)link->node.id),
		     &link->by_id);
	lfht_added(&ids);
	rcu_leave(token);
}

void peer_map_del_locked(struct peer_link *link)
{
	bool token = rcu_enter();

	cds_lfht_del(ids.table, &link->by_id);
	lfht_deleted(&ids);
	cds_lfht_del(peers.table, &link->by_peer);
	lfht_deleted(&peers);
	rcu_leave(token);
}

int peer_map_init(void)
{
	int err = hash_salt_init(&salt);

	if (err != 0)
		return err;
	err = lfht_init(&ids, FIRST_BUCKETS);
	if (err != 0)
		return err;
	err = lfht_init(&peers, FIRST_BUCKETS);
	if (err != 0)
		(void)lfht_fini(&ids);
	return err;
}

/* Both are empty. */
void peer_map_fini(void)
{
	(void)lfht_fini(&peers);
	(void)lfht_fini(&ids);
}
