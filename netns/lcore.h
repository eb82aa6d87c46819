/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks per tenant and lcore for modules with lcore_size: areas of address space as long as there
 * may be tenants, of which memory is mapped as far as indices are used. Called by ops.c when a
 * module comes and goes, and by setup before a tenant's init runs.
 */
#ifndef NETNS_LCORE_H
#define NETNS_LCORE_H

#include <stdint.h>

struct netns_ops;

/* Context: control. Without lcore_size: 0, and no area. Errors: -ENOMEM, -EINVAL too large */
int lcore_area_create(struct netns_ops *ops);
/* After the grace period that follows unpublishing @ops; nobody reads the area any more. */
void lcore_area_destroy(struct netns_ops *ops);

/**
 * lcore_area_prepare() - map and zero the blocks of tenant @index for all lcores
 * Context: control, any number of threads for different indices; blocks(mutex) when it has to map
 * Errors:  -ENOMEM; nothing needs to be undone then, nor when the tenant goes
 */
int lcore_area_prepare(const struct netns_ops *ops, uint32_t index);

#endif /* NETNS_LCORE_H */
