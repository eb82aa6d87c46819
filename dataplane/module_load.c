/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules from shared objects: loaded, checked and registered; unregistered and, when nothing of
 * theirs can run any more, closed. Control side; module_lock is taken by what is called.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "module.h"

typedef const struct dp_module *module_fn(void);

static int fail(char *err, size_t len, const char *path, const char *what, int ret)
{
	if (err != NULL)
		snprintf(err, len, "%s: %s", path, what);
	return ret;
}

static void set_handle(const struct dp_module *desc, void *handle)
{
	netns_mutex_lock(&module_lock);
	module_by_desc(desc)->handle = handle;
	netns_mutex_unlock(&module_lock);
}

static int check(const struct dp_module *desc, const char *path, char *err, size_t len)
{
	char text[128];

	if (desc == NULL)
		return fail(err, len, path, "nsplane_module() gave no descriptor", -EINVAL);
	if (desc->abi == DP_MODULE_ABI)
		return 0;
	snprintf(text, sizeof(text),
		 "was built for version %u of the module interface, this library has %u: build it "
		 "again",
		 desc->abi, DP_MODULE_ABI);
	return fail(err, len, path, text, -EINVAL);
}

int dp_module_load(const char *path, const struct dp_module **ret_module, char *err, size_t len)
{
	const struct dp_module *desc;
	module_fn *fn = NULL;
	void *handle, *symbol;
	int ret;

	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return fail(err, len, path, dlerror(), -ENOENT);
	symbol = dlsym(handle, "nsplane_module");
	if (symbol == NULL) {
		ret = fail(err, len, path, "is no module: it has no function nsplane_module()",
			   -EINVAL);
		goto close;
	}
	memcpy(&fn, &symbol, sizeof(fn)); /* ISO C has no cast from data to function */
	desc = fn();
	ret = check(desc, path, err, len);
	if (ret != 0)
		goto close;
	ret = dp_module_register(desc, NULL, 0);
	if (ret != 0) {
		fail(err, len, path,
		     ret == -EEXIST  ? "a module of this name is registered already"
		     : ret == -ELOOP ? "its runs_after makes a cycle (see the log)"
				     : "did not register (see the log)",
		     ret);
		goto close;
	}
	set_handle(desc, handle);
	if (ret_module != NULL)
		*ret_module = desc;
	return 0;

close:
	/* a failed registration may have left deferred frees with functions of the object */
	dp_module_barrier();
	dlclose(handle);
	return ret;
}

static int nothing(struct dp_worker *w, void *arg)
{
	(void)w;
	(void)arg;
	return 0;
}

void dp_module_barrier(void)
{
	bool online = netns_reader_is_online();

	/* what was posted before runs before; what was deferred is freed */
	dp_workers_run(nothing, NULL);
	if (online)
		netns_reader_offline();
	netns_barrier();
	if (online)
		netns_reader_online();
}

int dp_module_unload(const char *name)
{
	const struct dp_module *desc = NULL;
	struct module *m;
	void *handle = NULL;
	int err;

	netns_mutex_lock(&module_lock);
	m = module_by_name(name);
	if (m != NULL && m->handle != NULL) {
		desc = m->desc;
		handle = m->handle;
	}
	netns_mutex_unlock(&module_lock);
	if (handle == NULL)
		return m != NULL ? -EINVAL : -ENOENT;
	err = dp_module_unregister(desc);
	if (err != 0)
		return err;
	dp_module_barrier();
	dlclose(handle);
	return 0;
}
