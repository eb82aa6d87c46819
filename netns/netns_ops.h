/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations: what a module does when tenants come and go. Registration keeps an ordered list
 * (subsystems before devices), runs init for tenants that exist and undoes what failed.
 * Included by netns.h.
 */
#ifndef NETNS_OPS_H
#define NETNS_OPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netns;
struct netns_batch;

#define NETNS_OPS_VALUE 1u /* the slot holds an inline 64-bit value instead of a pointer */

/**
 * struct netns_ops - one module's per-tenant operations
 *
 * The caller owns the struct; it must stay valid and unchanged from register to the return of
 * unregister. Fields below the line belong to the library and must be zero before registering.
 *
 * @name:       for reports; may be NULL
 * @init:       a tenant begins; data is zeroed and in its slot already; non-zero is failure
 *              (positive values are returned to the caller as they are)
 * @pre_exit:   the tenant is unpublished, readers may still see it; stop giving it out
 * @exit:       no reader can see the tenant any more
 * @exit_batch: once per batch, after @exit ran for every tenant in it
 * @id:         out: slot id; valid inside @init; ~0u again after failure or unregistering
 * @size:       bytes of zeroed data per tenant; 0 with @id NULL, or with NETNS_OPS_VALUE
 * @lcore_size: bytes of zeroed data per tenant and lcore, see netns_lcore(); 0: none
 * @flags:      NETNS_OPS_*
 *
 * Context: init runs in the thread that creates or registers; pre_exit, exit and exit_batch run in
 *          the retire thread, or in the thread that unregisters or whose creation failed. All may
 *          block, may get and put tenants, may not register, unregister, or wait for
 * netns_barrier(). Callbacks of different tenants may run in parallel.
 */
struct netns_ops {
	const char *name;
	int (*init)(struct netns *ns);
	void (*pre_exit)(struct netns *ns);
	void (*exit)(struct netns *ns);
	void (*exit_batch)(struct netns_batch *batch);
	unsigned int *id;
	size_t size;
	size_t lcore_size;
	unsigned int flags;
	/* ---- the library's own ---- */
	unsigned int slot_id;
	uint64_t seq;
	void *lcore_base; /* struct netns_lcore_area, see netns_mem.h */
	struct netns_ops *next, *prev;
};

/**
 * netns_subsys_register() - add operations before the first device operation
 * @ops: see struct netns_ops
 *
 * Runs init for every live tenant in list order. If one fails: exactly those that were initialised
 * are undone, the id is released, *@ops->id is reset to ~0u, and the error returned.
 *
 * Context: control; blocks(mutex, grace period on failure); not from inside a callback
 * Errors:  -EINVAL id without size or the reverse, bad flags; -EEXIST already registered;
 *          -ENOSPC no slot id left; -ENOMEM; -EDEADLK from inside a callback; init's own
 * Source:  behaviour of Linux register_pernet_subsys()
 */
int netns_subsys_register(struct netns_ops *ops);

/** netns_device_register() - append operations; the first one becomes "first device" */
int netns_device_register(struct netns_ops *ops);

/**
 * netns_subsys_unregister() - unlink; pre_exit, a grace period, exit, exit_batch, free, everywhere
 * @ops: registered before with netns_subsys_register() (or _device_: both unregister either kind)
 *
 * Context: control; blocks(mutex, grace period); not from inside a callback
 * Errors:  -ENOENT not registered; -EDEADLK from inside a callback; nothing is changed then
 */
int netns_subsys_unregister(struct netns_ops *ops);
int netns_device_unregister(struct netns_ops *ops);

/* Tenants of a batch that the current operation was initialised for. exit_batch only. */
struct netns *netns_batch_first(struct netns_batch *batch);
struct netns *netns_batch_next(struct netns_batch *batch, struct netns *ns);
unsigned int netns_batch_count(const struct netns_batch *batch);

#define netns_batch_foreach(batch, ns) \
	for ((ns) = netns_batch_first(batch); (ns) != NULL; (ns) = netns_batch_next((batch), (ns)))

#ifdef __cplusplus
}
#endif

#endif /* NETNS_OPS_H */
