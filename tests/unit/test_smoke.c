/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole way of a tenant in a few lines each: if this fails, look here before anywhere else.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "netns/netns.h"

struct data {
	uint64_t word;
	char fill[100];
};

static unsigned int id_a = ~0u, id_b = ~0u;
static unsigned int inits, pre_exits, exits, batches, fail_at;

static int count_init(struct netns *ns)
{
	struct data *d = netns_generic(ns, id_a);

	cr_assert_not_null(d);
	cr_assert_eq(d->word, 0);
	d->word = ns->handle;
	inits++;
	return fail_at != 0 && inits == fail_at ? -EIO : 0;
}

static void count_pre_exit(struct netns *ns)
{
	cr_assert_eq(((struct data *)netns_generic(ns, id_a))->word, ns->handle);
	pre_exits++;
}

static void count_exit(struct netns *ns)
{
	cr_assert_eq(((struct data *)netns_generic(ns, id_a))->word, ns->handle);
	exits++;
}

static void count_batch(struct netns_batch *batch)
{
	struct netns *ns;
	unsigned int n = 0;

	netns_batch_foreach (batch, ns)
		n++;
	cr_assert_eq(n, netns_batch_count(batch));
	batches++;
}

static struct netns_ops ops_a = {
	.name = "a",
	.init = count_init,
	.pre_exit = count_pre_exit,
	.exit = count_exit,
	.exit_batch = count_batch,
	.id = &id_a,
	.size = sizeof(struct data),
};

static struct netns_ops ops_b = { .name = "b", .id = &id_b, .flags = NETNS_OPS_VALUE };

static void start(void)
{
	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(netns_subsys_register(&ops_a), 0);
	cr_assert_eq(netns_device_register(&ops_b), 0);
	cr_assert_eq(inits, 1, "the root namespace");
}

static void stop(void)
{
	cr_assert_eq(netns_device_unregister(&ops_b), 0);
	cr_assert_eq(netns_subsys_unregister(&ops_a), 0);
	cr_assert_eq(netns_lib_fini(), 0);
}

Test(smoke, library_starts_stops_and_starts_again)
{
	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(netns_lib_init(NULL), -EALREADY);
	cr_assert_eq(netns_lib_fini(), 0);
	cr_assert_eq(netns_lib_fini(), -EINVAL);
	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(netns_lib_fini(), 0);
}

Test(smoke, a_tenant_lives_is_found_and_dies)
{
	struct netns_config config = { .name = "blue" };
	struct netns_stats s;
	struct netns *ns, *found;
	uint64_t handle;

	start();
	cr_assert_eq(netns_create(&config, &ns), 0);
	handle = netns_handle(ns);
	cr_assert_eq(inits, 2);
	netns_value_set(ns, id_b, 42);
	cr_assert_eq(netns_value(ns, id_b), 42);
	found = netns_find_by_name("blue");
	cr_assert_eq(found, ns);
	netns_put(found);
	found = netns_find_by_cookie(handle);
	cr_assert_eq(found, ns);
	netns_put(found);
	cr_assert_eq(netns_create(&config, &found), -EEXIST);
	netns_put(ns);
	cr_assert_null(netns_find_by_name("blue"));
	cr_assert_null(netns_find_by_cookie(handle));
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(pre_exits, 1);
	cr_assert_eq(exits, 1);
	cr_assert_eq(batches, 1);
	netns_stats(&s);
	cr_assert_eq(s.live, 1);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.leaked, 0);
	stop();
}

Test(smoke, a_batch_is_made_and_put_at_once)
{
	struct netns *ns[1000], *walk;
	unsigned int i, n = 0;

	start();
	cr_assert_eq(netns_create_many(NULL, 1000, ns), 0);
	cr_assert_eq(inits, 1001);
	cr_assert_eq(netns_reader_register("test"), 0);
	netns_foreach_rcu (walk)
		n++;
	for (i = 0; i < 1000; i++)
		cr_assert_eq(netns_resolve(netns_handle(ns[i])), ns[i]);
	cr_assert_eq(netns_reader_unregister(), 0);
	cr_assert_eq(n, 1001);
	netns_put_many(ns, 1000);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(exits, 1000);
	stop();
}

Test(smoke, a_failing_init_leaves_nothing)
{
	struct netns *ns[10] = { NULL };
	struct netns_stats s;

	start();
	fail_at = inits + 4;
	cr_assert_eq(netns_create_many(NULL, 10, ns), -EIO);
	cr_assert_null(ns[0]);
	cr_assert_eq(exits, 3, "those whose init succeeded");
	netns_stats(&s);
	cr_assert_eq(s.live, 1);
	cr_assert_eq(s.created, 1);
	stop();
}

Test(smoke, a_failing_registration_is_undone)
{
	struct netns *ns[10];

	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(netns_create_many(NULL, 10, ns), 0);
	fail_at = 5;
	cr_assert_eq(netns_subsys_register(&ops_a), -EIO);
	cr_assert_eq(exits, 4);
	cr_assert_eq(id_a, ~0u);
	fail_at = 0;
	cr_assert_eq(netns_subsys_register(&ops_a), 0);
	cr_assert_eq(inits, 5 + 11);
	netns_put_many(ns, 10);
	cr_assert_eq(netns_subsys_unregister(&ops_a), 0);
	cr_assert_eq(exits, 4 + 11);
	cr_assert_eq(netns_lib_fini(), 0);
}
