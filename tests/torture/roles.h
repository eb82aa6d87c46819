/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Roles of torture_netns: what each of its threads does until the time is over, and what they
 * share, a table of handles that were given out at some time.
 */
#ifndef TORTURE_ROLES_H
#define TORTURE_ROLES_H

#include <stdint.h>

#include "common.h"
#include "netns/netns.h"

#define HANDLES 512u

extern uint64_t handles[HANDLES]; /* atomic; any of them may be stale */
extern uint64_t refused;          /* atomic; creations answered with -EAGAIN */

static inline void handle_save(struct torture_thread *self, const struct netns *ns)
{
	__atomic_store_n(&handles[torture_random(self, HANDLES)], netns_handle(ns),
			 __ATOMIC_RELEASE);
}

static inline uint64_t handle_any(struct torture_thread *self)
{
	return __atomic_load_n(&handles[torture_random(self, HANDLES)], __ATOMIC_ACQUIRE);
}

void role_reader(struct torture_thread *self);    /* walks, resolves, reads slots */
void role_creator(struct torture_thread *self);   /* creates, uses and puts tenants */
void role_registrar(struct torture_thread *self); /* modules come and go; number: whose share */
void role_peers(struct torture_thread *self);     /* peer ids between others' tenants */
void role_waiter(struct torture_thread *self);    /* barriers, deferred frees, statistics */

#endif /* TORTURE_ROLES_H */
