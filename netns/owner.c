/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts of tenants per uid, for the limit per owner. Called by create.c, reclaim.c and cred.c,
 * once for each run of tenants of one owner. Without a limit nothing is counted.
 *
 * Rules: all under owner_lock; a count lives while tenants are counted in it.
 */
#include <errno.h>

#include "fault.h"
#include "owner.h"
#include "rcu.h"
#include "tenant.h"

#define BUCKETS 256u

struct owner_count {
	struct owner_count *next;
	uid_t uid;
	uint32_t tenants;
};

static struct netns_mutex owner_lock = NETNS_MUTEX_INIT;
static struct owner_count *buckets[BUCKETS]; /* owner_lock */

static struct owner_count **bucket_of(uid_t uid)
{
	return &buckets[(uid ^ uid >> 8) % BUCKETS];
}

/* The count of @uid, made if there is none. */
static struct owner_count *find_locked(uid_t uid) TS_REQUIRES(owner_lock)
{
	struct owner_count **head = bucket_of(uid), *o;

	for (o = *head; o != NULL; o = o->next)
		if (o->uid == uid)
			return o;
	o = heap_zalloc(sizeof(*o));
	if (o == NULL)
		return NULL;
	o->uid = uid;
	o->next = *head;
	*head = o;
	return o;
}

static void drop_locked(struct owner_count *owner) TS_REQUIRES(owner_lock)
{
	struct owner_count **o = bucket_of(owner->uid);

	if (owner->tenants != 0)
		return;
	while (*o != owner)
		o = &(*o)->next;
	*o = owner->next;
	heap_free(owner);
}

int owner_take(uid_t uid, unsigned int n, struct owner_count **ret_owner)
{
	uint32_t limit = netns_opts.max_tenants_per_owner;
	struct owner_count *o;
	int err = 0;

	if (limit == 0) {
		*ret_owner = NULL;
		return 0;
	}
	netns_mutex_lock(&owner_lock);
	o = find_locked(uid);
	if (o == NULL) {
		err = -ENOMEM;
	} else if (n > limit || o->tenants > limit - n) {
		drop_locked(o);
		err = -ENOSPC;
	} else {
		o->tenants += n;
		*ret_owner = o;
	}
	netns_mutex_unlock(&owner_lock);
	return err;
}

void owner_give(struct owner_count *owner, unsigned int n)
{
	if (owner == NULL)
		return;
	netns_mutex_lock(&owner_lock);
	owner->tenants -= n;
	drop_locked(owner);
	netns_mutex_unlock(&owner_lock);
}

int owner_move(struct tenant *t, uid_t uid)
{
	struct owner_count *to, *from = t->owner;
	int err;

	if (from == NULL) /* not counted: no limit, or the root namespace */
		return 0;
	err = owner_take(uid, 1, &to);
	if (err != 0)
		return err;
	t->owner = to;
	owner_give(from, 1);
	return 0;
}
