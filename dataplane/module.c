/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registering and unregistering modules while traffic flows, and giving them to tenants. The order
 * of steps is what makes it safe: see dp_module_register() and dp_module_unregister(). Control
 * side.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "link.h"
#include "log.h"
#include "module.h"
#include "netns/fault.h"

struct netns_mutex module_lock = NETNS_MUTEX_INIT;
static uint64_t bits_used; /* module_lock */

static bool name_ok(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && name[i] != 0; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '-')
			return false;
	return name != NULL && i >= 1 && i <= 31;
}

static int check(const struct dp_module *desc)
{
	const char *what = NULL;

	if (desc == NULL || desc->abi != DP_MODULE_ABI)
		what = "is for another version of the library";
	else if (!name_ok(desc->name))
		what = "has no name of 1 .. 31 characters a-z 0-9 -";
	else if ((unsigned int)desc->stage >= DP_STAGES)
		what = "has no such stage";
	else if (desc->lcore_exit != NULL && desc->lcore_init == NULL)
		what = "has lcore_exit without lcore_init";
	else if (desc->prefetch != NULL && desc->process == NULL)
		what = "has prefetch without process";
	if (what == NULL)
		return 0;
	LOG_ERR("module %s %s", desc != NULL && name_ok(desc->name) ? desc->name : "?", what);
	return -EINVAL;
}

static int lcore_mask(struct module *m, const unsigned int *lcores, unsigned int n)
{
	unsigned int i, k;

	for (i = 0; i < n_workers; i++)
		if (lcores == NULL || n == 0)
			mask_set(m->lcores, i);
	for (k = 0; lcores != NULL && k < n; k++) {
		for (i = 0; i < n_workers; i++)
			if (workers[i]->pub.lcore == lcores[k])
				break;
		if (i == n_workers) {
			LOG_ERR("module %s: no worker runs on lcore %u", m->desc->name, lcores[k]);
			return -EINVAL;
		}
		mask_set(m->lcores, i);
	}
	return 0;
}

static int init_here(struct dp_worker *w, void *arg)
{
	struct module *m = arg;
	int err;

	if (!mask_has(m->lcores, w->index) || mask_has(m->inited, w->index))
		return 0;
	w->module_data[m->bit] = NULL;
	memset(&worker_of(w)->stat[m->bit], 0, sizeof(struct stat_row));
	err = m->desc->lcore_init != NULL ? m->desc->lcore_init(w) : 0;
	if (err == 0)
		/* workers of one 64-bit word share it */
		__atomic_fetch_or(&m->inited[w->index / 64], 1ull << w->index % 64,
				  __ATOMIC_RELAXED);
	return err;
}

static int exit_here(struct dp_worker *w, void *arg)
{
	struct module *m = arg;

	if (!mask_has(m->inited, w->index))
		return 0;
	if (m->desc->lcore_exit != NULL)
		m->desc->lcore_exit(w);
	__atomic_fetch_and(&m->inited[w->index / 64], ~(1ull << w->index % 64), __ATOMIC_RELAXED);
	return 0;
}

int modules_attach(struct worker *w)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < module_count() && err == 0; i++)
		err = init_here(&w->pub, module_at(i));
	if (err != 0)
		modules_detach(w);
	return err;
}

void modules_detach(struct worker *w)
{
	unsigned int i;

	for (i = module_count(); i-- > 0;)
		exit_here(&w->pub, module_at(i));
}

static void give(struct netns *ns, void *arg)
{
	dp_tenant_features(ns, 1ull << ((struct module *)arg)->bit, 0);
}

static void take_away(struct netns *ns, void *arg)
{
	struct module *m = arg;
	bool asked = (m->desc->flags & DP_MODULE_EVERY_TENANT) == 0;

	if ((ns->features >> m->bit & 1) == 0)
		return;
	dp_tenant_features(ns, 0, 1ull << m->bit);
	/* workers left the module a grace period ago */
	if (asked && m->desc->disable != NULL)
		m->desc->disable(ns);
}

/* Order: operations for every tenant, lcore_init everywhere, pipeline, feature bits. */
static int reg(struct module *m)
{
	char cycle[256] = "";
	int err;

	dp_ctl_lock();
	err = module_list_add(m, cycle, sizeof(cycle));
	dp_ctl_unlock();
	if (err == -ELOOP)
		LOG_ERR("module %s: runs_after makes a cycle: %s", m->desc->name, cycle);
	if (err != 0)
		return err;
	err = m->desc->pernet != NULL ? netns_subsys_register(m->desc->pernet) : 0;
	if (err != 0)
		goto unlist;
	err = dp_workers_run(init_here, m);
	if (err != 0)
		goto exit_lcores;
	err = pipeline_publish();
	if (err != 0)
		goto exit_lcores;
	return 0;

exit_lcores:
	dp_workers_run(exit_here, m);
	if (m->desc->pernet != NULL)
		netns_subsys_unregister(m->desc->pernet);
unlist:
	dp_ctl_lock();
	module_list_del(m);
	dp_ctl_unlock();
	return err;
}

int dp_module_register(const struct dp_module *desc, const unsigned int *lcores, unsigned int n)
{
	struct module *m;
	int err = check(desc);

	if (err != 0)
		return err;
	netns_mutex_lock(&module_lock);
	err = -EEXIST;
	if (module_by_name(desc->name) != NULL)
		goto unlock;
	err = -ENOSPC;
	if (~bits_used == 0)
		goto unlock;
	err = -ENOMEM;
	m = heap_zalloc(sizeof(*m));
	if (m == NULL)
		goto unlock;
	m->desc = desc;
	m->bit = (uint32_t)__builtin_ctzll(~bits_used);
	err = lcore_mask(m, lcores, n);
	if (err == 0)
		err = reg(m);
	if (err != 0) {
		heap_free(m);
		goto unlock;
	}
	bits_used |= 1ull << m->bit;
	if (desc->flags & DP_MODULE_EVERY_TENANT)
		tenants_each(give, m, 1ull << m->bit, 0);
unlock:
	netns_mutex_unlock(&module_lock);
	return err;
}

/*
 * Order: nobody gets it any more, bits off, pipelines without it, a grace period: no worker is in
 * it. Then lcore_exit, then the tenants' data. The bit is free only after all that.
 */
int dp_module_unregister(const struct dp_module *desc)
{
	struct module *m;

	netns_mutex_lock(&module_lock);
	m = module_by_desc(desc);
	if (m == NULL) {
		netns_mutex_unlock(&module_lock);
		return -ENOENT;
	}
	dp_ctl_lock();
	m->leaving = true;
	dp_ctl_unlock();
	/* unregistering cannot fail: memory comes back with the next grace period, or never */
	while (pipeline_publish() != 0)
		netns_synchronize();
	netns_synchronize();
	tenants_each(take_away, m, 0, 1ull << m->bit);
	netns_synchronize();
	dp_workers_run(exit_here, m);
	if (desc->pernet != NULL)
		netns_subsys_unregister(desc->pernet);
	dp_ctl_lock();
	module_list_del(m);
	dp_ctl_unlock();
	bits_used &= ~(1ull << m->bit);
	heap_free(m);
	netns_mutex_unlock(&module_lock);
	return 0;
}

void modules_fini(void)
{
	struct module *m;

	while (module_count() > 0) {
		m = module_at(module_count() - 1);
		dp_module_unregister(m->desc);
	}
}

const struct dp_module *dp_module_find(const char *name)
{
	struct module *m = module_by_name(name);

	return m != NULL ? m->desc : NULL;
}

const struct dp_module *dp_module_next(const struct dp_module *after)
{
	unsigned int i = 0;

	if (after != NULL)
		while (i < module_count() && module_at(i++)->desc != after)
			;
	return module_at(i) != NULL ? module_at(i)->desc : NULL;
}

uint64_t dp_module_feature(const struct dp_module *desc)
{
	struct module *m = module_by_desc(desc);

	return m != NULL ? 1ull << m->bit : 0;
}

int dp_module_enable(struct netns *ns, const char *name, const char *const *params,
		     const char **ret_error)
{
	static const char *const none[] = { NULL };
	const char *error = NULL;
	struct module *m = module_by_name(name);
	int err = 0;

	if (m == NULL || m->leaving) {
		error = "no such module";
		err = -ENOENT;
	} else if ((ns->features >> m->bit & 1) != 0) {
		error = "the tenant has this module already";
		err = -EALREADY;
	} else if (m->desc->enable != NULL) {
		err = m->desc->enable(ns, params != NULL ? params : none, &error);
	} else if (params != NULL && params[0] != NULL) {
		error = "this module takes no parameters";
		err = -EINVAL;
	}
	if (err == 0)
		dp_tenant_features(ns, 1ull << m->bit, 0);
	else if (ret_error != NULL)
		*ret_error = error;
	return err;
}

int dp_module_disable(struct netns *ns, const char *name)
{
	struct module *m = module_by_name(name);

	if (m == NULL || (ns->features >> m->bit & 1) == 0)
		return -ENOENT;
	dp_tenant_features(ns, 0, 1ull << m->bit);
	netns_synchronize();
	if (m->desc->disable != NULL)
		m->desc->disable(ns);
	return 0;
}
