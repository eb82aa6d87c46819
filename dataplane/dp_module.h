/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules: a const descriptor, registered explicitly, compiled in or loaded from a shared object.
 * Registering and unregistering work while traffic flows.
 */
#ifndef DP_MODULE_H
#define DP_MODULE_H

#include <stdio.h>

#include "dp_vec.h"

struct dp_worker;
struct rte_mbuf;

#define DP_MODULE_ABI 1u

enum dp_stage { DP_STAGE_INGRESS, DP_STAGE_ROUTE, DP_STAGE_EGRESS, DP_STAGE_REWRITE, DP_STAGES };

#define DP_MODULE_EVERY_TENANT 1u /* new tenants have it without being asked */

/**
 * struct dp_module - descriptor; const, valid until dp_module_unregister() returned
 *
 * @abi:        DP_MODULE_ABI
 * @name:       unique, 1 .. 31 bytes of [a-z0-9-]
 * @stage:      where it runs; control-only modules have no @process
 * @runs_after: names of modules of the same stage, NULL-terminated; may be absent ones; NULL: none
 * @pernet:     per-tenant operations, registered for the module; NULL: none. The module's own
 *              mutable struct.
 * @lcore_init: on the lcore itself, between two bursts, before its first packet; non-zero fails the
 *              registration, and lcore_exit runs where lcore_init had succeeded
 * @prefetch:   touch what process will need; never dereferences what it prefetches
 * @process:    one call per vector; gives verdicts; must leave v->n alone
 * @enable:     a tenant gets the module with parameters "key=value" (argv-like, NULL-terminated);
 *              control, dp_ctl_lock held; @ret_error: static text of what was wrong
 * @disable:    control; the tenant's feature bit is off and a grace period over
 * @show:       one tenant's state as JSON members ("a":1,"b":2), no braces; NULL: none
 */
struct dp_module {
	unsigned int abi;
	const char *name;
	const char *summary; /* one line for people */
	enum dp_stage stage;
	unsigned int flags; /* DP_MODULE_* */
	const char *const *runs_after;
	struct netns_ops *pernet;
	int (*lcore_init)(struct dp_worker *w);
	void (*lcore_exit)(struct dp_worker *w);
	void (*prefetch)(struct dp_worker *w, struct dp_vec *v);
	void (*process)(struct dp_worker *w, struct dp_vec *v);
	int (*enable)(struct netns *ns, const char *const *params, const char **ret_error);
	void (*disable)(struct netns *ns);
	void (*show)(struct netns *ns, FILE *out);
};

/**
 * dp_module_register() - put a module into the pipeline of @n_lcores lcores (NULL, 0: all)
 * Context: control; blocks(grace period, workers' next burst)
 * Errors:  -EINVAL descriptor; -EEXIST name; -ELOOP runs_after makes a cycle, named in the log;
 *          -ENOSPC 64 modules; lcore_init's or init's own; nothing is left then
 */
int dp_module_register(const struct dp_module *module, const unsigned int *lcores,
		       unsigned int n_lcores);
int dp_module_unregister(const struct dp_module *module);

/* Shared objects export "const struct dp_module *nsplane_module(void)". Barrier before dlclose().
 */
int dp_module_load(const char *path, const struct dp_module **ret_module, char *err,
		   size_t err_len);
int dp_module_unload(const char *name);

const struct dp_module *dp_module_find(const char *name);
const struct dp_module *dp_module_next(const struct dp_module *after); /* in order of running */
uint64_t dp_module_feature(const struct dp_module *module); /* its bit; 0: not registered */

/* Give @ns the module, or take it away. Context: control, dp_ctl_lock held. -EALREADY, -ENOENT. */
int dp_module_enable(struct netns *ns, const char *name, const char *const *params,
		     const char **ret_error);
int dp_module_disable(struct netns *ns, const char *name);

#endif /* DP_MODULE_H */
