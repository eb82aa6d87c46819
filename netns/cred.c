/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may change and enter a tenant: owns the rule and the owner of each tenant. Administrators are
 * uid 0 and netns_options.admin_uid. Everybody else needs to be the owner's uid, or to be in the
 * owner's group; group 0 opens nothing, because it is what programs get that never chose one, and
 * neither does the "no id" of chown(2).
 *
 * The two ids are read one by one without a lock: each is compared by itself, so a request that
 * meets a change of owner is judged by what held just before it or just after it.
 */
#include <errno.h>

#include "fd.h"
#include "owner.h"

#define NO_ID ((uint32_t)-1)

static struct netns_mutex cred_lock =
	NETNS_MUTEX_INIT; /* changes are whole; around owner.c's lock */

bool cred_is_admin(const struct netns_cred *cred)
{
	return cred->uid == 0 || (cred->uid == netns_opts.admin_uid && cred->uid != NO_ID);
}

bool netns_permitted(const struct netns *ns, const struct netns_cred *cred)
{
	const struct tenant *t = tenant_of(ns);
	uid_t uid = __atomic_load_n(&t->owner_uid, __ATOMIC_RELAXED);
	gid_t gid = __atomic_load_n(&t->owner_gid, __ATOMIC_RELAXED);

	if (cred_is_admin(cred))
		return true;
	if (cred->uid == uid && uid != NO_ID)
		return true;
	return cred->gid == gid && gid != 0 && gid != NO_ID;
}

static int set_owner_locked(struct tenant *t, uid_t uid, gid_t gid) TS_REQUIRES(cred_lock)
{
	/* a tenant at its owner's limit may be given to that owner again */
	int err = t->owner_uid == uid ? 0 : owner_move(t, uid);

	if (err != 0)
		return err;
	__atomic_store_n(&t->owner_uid, uid, __ATOMIC_RELAXED);
	__atomic_store_n(&t->owner_gid, gid, __ATOMIC_RELAXED);
	return 0;
}

int netns_set_owner(struct netns *ns, uid_t uid, gid_t gid)
{
	int err;

	if (uid == NO_ID || gid == NO_ID)
		return -EINVAL;
	if (!netns_tryget(ns))
		return -ENOENT;
	netns_mutex_lock(&cred_lock);
	err = set_owner_locked(tenant_of(ns), uid, gid);
	netns_mutex_unlock(&cred_lock);
	netns_put(ns);
	return err;
}

void netns_owner(const struct netns *ns, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct tenant *t = tenant_of(ns);

	netns_mutex_lock(&cred_lock);
	*ret_uid = t->owner_uid;
	*ret_gid = t->owner_gid;
	netns_mutex_unlock(&cred_lock);
}
