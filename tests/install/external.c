/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program outside the project: built by tests/install/run with nothing but what pkg-config says
 * of an installed prefix. Registers a module, creates tenants, reads their slots as a reader.
 */
#include <inttypes.h>
#include <stdio.h>

#include <nsplane/netns.h>

#define TENANTS 100u

struct color {
	uint64_t handle;
	uint32_t packets;
};

static unsigned int color_id;
static unsigned int live;

static int color_init(struct netns *ns)
{
	struct color *color = netns_generic(ns, color_id);

	color->handle = netns_handle(ns);
	__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
	return 0;
}

static void color_exit(struct netns *ns)
{
	(void)ns;
	__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
}

static struct netns_ops color_ops = {
	.name = "color",
	.init = color_init,
	.exit = color_exit,
	.id = &color_id,
	.size = sizeof(struct color),
};

/* Return: tenants whose slot holds what color_init() wrote. */
static unsigned int count_tenants(void)
{
	unsigned int right = 0;
	struct netns *ns;

	if (netns_reader_register("external") != 0)
		return 0;
	netns_foreach_rcu (ns) {
		const struct color *color = netns_generic(ns, color_id);

		if (color != NULL && color->handle == netns_handle(ns) &&
		    netns_resolve(color->handle) == ns)
			right++;
	}
	netns_reader_quiescent();
	if (netns_reader_unregister() != 0)
		return 0;
	return right;
}

static int fail(const char *what, int rc)
{
	fprintf(stderr, "external: %s: %d\n", what, rc);
	return 1;
}

int main(void)
{
	struct netns *tenants[TENANTS];
	unsigned int right;
	int rc;

	rc = netns_lib_init(NULL);
	if (rc != 0)
		return fail("netns_lib_init", rc);
	rc = netns_subsys_register(&color_ops);
	if (rc != 0)
		return fail("netns_subsys_register", rc);
	rc = netns_create_many(NULL, TENANTS, tenants);
	if (rc != 0)
		return fail("netns_create_many", rc);
	right = count_tenants();
	netns_put_many(tenants, TENANTS);
	netns_barrier();
	if (right != TENANTS + 1)
		return fail("tenants with the right slot, root included", (int)right);
	rc = netns_subsys_unregister(&color_ops);
	if (rc != 0)
		return fail("netns_subsys_unregister", rc);
	if (__atomic_load_n(&live, __ATOMIC_RELAXED) != 0)
		return fail("tenants without exit", (int)live);
	rc = netns_lib_fini();
	if (rc != 0)
		return fail("netns_lib_fini", rc);
	printf("library %s: %u tenants read through slot %u\n", netns_version(), right,
	       color_ops.slot_id);
	return 0;
}
