/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules of the torture: a pool of operations of three kinds, whose data can prove whom it
 * belongs to and that it is alive. Registered and unregistered by the registrars, read by readers.
 */
#ifndef TORTURE_OBJECT_H
#define TORTURE_OBJECT_H

#include "common.h"
#include "netns/netns.h"

#define OBJECT_MODULES 20u /* more than there are inline slots */
#define OBJECT_LCORES  8u
#define OBJECT_FILLERS 8u /* value slots that are always taken, so that others need arrays */

/** enum object_kind - what a module keeps; module number modulo OBJECT_KINDS */
enum object_kind { OBJECT_POINTER, OBJECT_VALUE, OBJECT_LCORE, OBJECT_BOTH, OBJECT_KINDS };

#define OBJECT_ALIVE 0x616c697665616c69ull /* words that stray memory is unlikely to hold */
#define OBJECT_DEAD  0x6465616464656164ull

/** struct object - data of a tenant, or of a tenant on one lcore */
struct object {
	uint64_t state; /* atomic; OBJECT_ALIVE from init to exit */
	uint64_t owner; /* handle of the tenant */
	uint64_t age;   /* registration that it belongs to: module and epoch */
	uint64_t seen;  /* lcore data: visits of that lcore's reader, who alone writes it */
};

/**
 * struct module - one set of operations of the pool
 *
 * @open: epoch << 32 | slot id + 1 while readers may use the module, else 0. Set after registering,
 *        taken back in the first pre_exit of unregistering: a grace period follows.
 */
struct module {
	struct netns_ops ops;
	unsigned int number, id;
	enum object_kind kind;
	uint64_t epoch;                       /* w:registrar; const while registered */
	uint64_t open;                        /* atomic */
	const struct netns_lcore_area *area;  /* atomic; valid while open */
	uint64_t leaving;                     /* atomic; unregistering has begun */
	uint64_t inits, exits, failed, batch; /* atomic; calls; failed: of the inits */
};

extern struct module modules[OBJECT_MODULES];
/* One init in so many fails; 0: none. atomic */
extern uint64_t object_fail_one_in;

/* Prepares the modules and registers the fillers; after netns_lib_init(). */
void object_setup(void);
/* Each init that succeeded was followed by an exit. Unregisters the fillers, the last operations.
 */
void object_check_end(void);

/* Registers or unregisters @m; the caller owns it for the time. Return: of the library. */
int object_register(struct module *m, bool device);
void object_unregister(struct module *m);

/**
 * object_check() - a reader looks at what @m keeps in @ns
 * @open:  of @m, read in this burst before @ns was found
 * @lcore: of the reader; only this reader uses it
 *
 * Fails the run if the data is freed, foreign or of another registration.
 * Return: was there anything to look at?
 */
bool object_check(struct netns *ns, struct module *m, uint64_t open, unsigned int lcore);

#endif /* TORTURE_OBJECT_H */
