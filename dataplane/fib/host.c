/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where tables get their memory: the arena, with or without a tenant's quota.
 *
 * Called through struct fib_host. Memory is charged when it is allocated and uncharged when its
 * piece is unlinked, for the tenant may be gone when the grace period ends.
 */
#include <errno.h>

#include "fib.h"
#include "netns/netns.h"

static void *arena_get(void *owner, size_t size)
{
	void *ptr = netns_arena_alloc(-1, size);

	if (ptr == NULL)
		errno = ENOMEM;
	return ptr;
}

static void *tenant_get(void *owner, size_t size)
{
	struct netns *ns = owner;
	size_t bytes = (size + 63) & ~(size_t)63;
	void *ptr;
	int err;

	err = netns_charge(ns, NETNS_QUOTA_BYTES, bytes);
	if (err) {
		errno = -err;
		return NULL;
	}
	ptr = netns_arena_alloc((int)ns->numa_node, size);
	if (ptr == NULL) {
		netns_uncharge(ns, NETNS_QUOTA_BYTES, bytes);
		errno = ENOMEM;
	}
	return ptr;
}

static void tenant_uncharge(void *owner, size_t size)
{
	netns_uncharge(owner, NETNS_QUOTA_BYTES, (size + 63) & ~(size_t)63);
}

const struct fib_host fib_host_arena = {
	.alloc = arena_get,
	.release = netns_arena_free,
	.defer = netns_defer,
	.synchronize = netns_synchronize,
};

const struct fib_host fib_host_netns = {
	.alloc = tenant_get,
	.uncharge = tenant_uncharge,
	.release = netns_arena_free,
	.defer = netns_defer,
	.synchronize = netns_synchronize,
};
