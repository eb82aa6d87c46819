/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants counted per owner, where netns_options.max_tenants_per_owner sets a limit.
 */
#ifndef NETNS_OWNER_H
#define NETNS_OWNER_H

#include <sys/types.h>

struct owner_count;
struct tenant;

/*
 * Counts @n tenants of @uid, dying ones included. *@ret_owner: for owner_give(), NULL without a
 * limit. Errors: -ENOSPC over the limit, -ENOMEM; nothing counted then
 */
int owner_take(uid_t uid, unsigned int n, struct owner_count **ret_owner);
void owner_give(struct owner_count *owner, unsigned int n); /* NULL is fine */
/* @t now belongs to @uid. Caller serialises changes of one tenant's owner. Errors: as take. */
int owner_move(struct tenant *t, uid_t uid);

#endif /* NETNS_OWNER_H */
