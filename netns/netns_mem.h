/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory on a tenant's behalf: arena allocations charged to its quota, countable quotas, and
 * blocks per tenant and lcore. Included by netns.h.
 */
#ifndef NETNS_MEM_H
#define NETNS_MEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netns;
struct netns_ops;

enum netns_quota_kind {
	NETNS_QUOTA_BYTES,  /* arena bytes, module data included */
	NETNS_QUOTA_LINKS,  /* count */
	NETNS_QUOTA_ROUTES, /* count */
	NETNS_QUOTA_NEIGHS, /* count */
	NETNS_QUOTA_KINDS,
};

/**
 * netns_mem_alloc() - zeroed memory from the arena of @ns's node, charged to @ns
 * @ns:   tenant, referenced (or inside its init/exit)
 * @size: bytes; rounded up to a multiple of 64
 *
 * Shape:   aligned to 64 bytes
 * Context: control; lock-free in the common case
 * Errors:  NULL with errno EDQUOT (quota), ENOMEM
 */
void *netns_mem_alloc(struct netns *ns, size_t size);
/* @size as given to netns_mem_alloc(); NULL is fine. At once: readers must be gone already. */
void netns_mem_free(struct netns *ns, void *ptr, size_t size);

/* The same without a tenant, @numa_node < 0: any. Bulk and shared tables, chargeable by hand. */
void *netns_arena_alloc(int numa_node, size_t size);
void netns_arena_free(void *ptr, size_t size);

/**
 * netns_charge() - count @n against a quota of @ns
 * Context: control; lock-free
 * Errors:  -EDQUOT, nothing charged; -EINVAL bad kind
 */
int netns_charge(struct netns *ns, enum netns_quota_kind kind, uint64_t n);
void netns_uncharge(struct netns *ns, enum netns_quota_kind kind, uint64_t n);

/**
 * netns_quota_set() - change a quota
 * @limit: new limit, > 0; UINT64_MAX: none. One below the present use stops growth only.
 * Errors: -EINVAL bad kind, or @limit 0
 */
int netns_quota_set(struct netns *ns, enum netns_quota_kind kind, uint64_t limit);
int netns_quota_get(const struct netns *ns, enum netns_quota_kind kind, uint64_t *ret_limit,
		    uint64_t *ret_used);

/**
 * struct netns_lcore_area - one module's blocks: base[lcore] + index * stride
 *
 * Memory of each lcore lies on that lcore's node. A worker keeps base[its lcore] and stride in
 * registers, so a block is reached without a dependent load. Valid while the ops are registered.
 */
struct netns_lcore_area {
	size_t stride;       /* bytes, multiple of 64 (8 where lcore_size < 64) */
	unsigned int lcores; /* entries of base[] */
	char *base[];
};

/** netns_lcore_area() - the area of registered @ops with lcore_size; NULL without one */
const struct netns_lcore_area *netns_lcore_area(const struct netns_ops *ops);

/** netns_lcore() - a tenant's block for one lcore; zeroed before init runs; wait-free */
static inline void *netns_lcore(const struct netns_lcore_area *area, unsigned int lcore,
				uint32_t index)
{
	return area->base[lcore] + (size_t)index * area->stride;
}

#ifdef __cplusplus
}
#endif

#endif /* NETNS_MEM_H */
