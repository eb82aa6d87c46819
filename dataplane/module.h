/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registered modules as control sees them, and the order of running. Two locks: module_lock is
 * taken around everything that registers or attaches, outermost; the list itself changes under
 * dp_ctl_lock too, so that either lock is enough to read it.
 */
#ifndef DP_MODULE_INTERNAL_H
#define DP_MODULE_INTERNAL_H

#include <stdbool.h>

#include "dp_module.h"
#include "netns/rcu.h"
#include "worker.h"

#define MODULES_MAX 64u

/** struct module - one registered module */
struct module {
	const struct dp_module *desc;
	uint32_t bit;
	bool leaving;                        /* nobody may be given it any more */
	uint64_t lcores[RTE_MAX_LCORE / 64]; /* worker indexes where it runs */
	uint64_t inited[RTE_MAX_LCORE / 64]; /* and where lcore_init succeeded; w:that worker */
	void *handle;                        /* of dlopen(); NULL: compiled in */
};

extern struct netns_mutex module_lock;

/* module_list.c: in order of running. Control, module_lock and dp_ctl_lock held for changes. */
unsigned int module_count(void);
struct module *module_at(unsigned int i);
struct module *module_by_name(const char *name);
struct module *module_by_desc(const struct dp_module *desc);
/* Puts @m in its place. Errors: -ELOOP, with the cycle's names in @text. */
int module_list_add(struct module *m, char *text, size_t len);
void module_list_del(struct module *m);

/* pipeline.c: builds each worker's pipeline from the list and publishes it. */
int pipeline_publish(void);
int pipeline_init(void); /* empty ones */
void pipeline_fini(void);

/* module.c, on the worker's thread, module_lock held: all modules' lcore_init and lcore_exit. */
int modules_attach(struct worker *w);
void modules_detach(struct worker *w);
void modules_fini(void); /* unregisters all */

/* module_load.c: everything that was posted, deferred or retired before has run. Control. */
void dp_module_barrier(void);

static inline bool mask_has(const uint64_t *mask, unsigned int i)
{
	return (mask[i / 64] >> i % 64 & 1) != 0;
}

static inline void mask_set(uint64_t *mask, unsigned int i)
{
	mask[i / 64] |= 1ull << i % 64;
}

static inline void mask_clear(uint64_t *mask, unsigned int i)
{
	mask[i / 64] &= ~(1ull << i % 64);
}

#endif /* DP_MODULE_INTERNAL_H */
