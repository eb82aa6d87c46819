/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules: their order, their way in and out under traffic, what happens when a step fails, and
 * shared objects.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/modules/xconnect/xconnect.h"
#include "world.h"

static struct wire left, right;
static struct netns *blue, *red;
static char trace[64]; /* one letter for each module that ran */
static char logged[512];

static void begin(void)
{
	world_begin(NULL);
	wire_make(&left, "left");
	wire_make(&right, "right");
	blue = world_tenant("blue");
	red = world_tenant("red");
	wire_vlan(&left, blue, 5, "a");
	wire_vlan(&left, red, 6, "a");
}

static void end(void)
{
	expect_conserved(blue);
	netns_put(blue);
	netns_put(red);
	world_barrier();
	world_end();
}

static void put(uint16_t vid)
{
	struct frame f;

	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, vid);
	frame_udp4(&f, 0x0a000001, 0x0a000002, 1, 2, 18);
	wire_put(&left, &f);
}

static void note(char c)
{
	size_t n = strlen(trace);

	if (n + 1 < sizeof(trace))
		trace[n] = c;
}

static void run_a(struct dp_worker *w, struct dp_vec *v)
{
	(void)w;
	cr_expect_gt(v->n, 0);
	note('a');
}

static void run_b(struct dp_worker *w, struct dp_vec *v)
{
	(void)w;
	cr_expect_gt(v->n, 0);
	note('b');
}

static void run_c(struct dp_worker *w, struct dp_vec *v)
{
	(void)w;
	cr_expect_gt(v->n, 0);
	note('c');
}

static const char *const after_b[] = { "b", NULL }, *const after_c[] = { "c", "absent", NULL },
			 *const after_a[] = { "a", NULL };
#define MODULE(id, ...)                                                                \
	{                                                                              \
		.abi = DP_MODULE_ABI, .name = id, .stage = DP_STAGE_ROUTE, __VA_ARGS__ \
	}
static const struct dp_module mod_a = MODULE("a", .process = run_a, .runs_after = after_b);
static const struct dp_module mod_b = MODULE("b", .process = run_b, .runs_after = after_c);
static const struct dp_module mod_c = MODULE("c", .process = run_c);
static const struct dp_module mod_c_cycle = MODULE("c", .process = run_c, .runs_after = after_a);
static const struct dp_module early = {
	.abi = DP_MODULE_ABI, .name = "early", .stage = DP_STAGE_INGRESS, .process = run_c
};

static void enable(struct netns *ns, const char *name)
{
	dp_ctl_lock();
	cr_assert_eq(dp_module_enable(ns, name, NULL, NULL), 0);
	dp_ctl_unlock();
}

Test(modules, run_in_the_order_that_they_ask_for)
{
	begin();
	cr_assert_eq(dp_module_register(&mod_a, NULL, 0), 0);
	cr_assert_eq(dp_module_register(&mod_b, NULL, 0), 0);
	cr_assert_eq(dp_module_register(&mod_c, NULL, 0), 0);
	enable(blue, "a");
	enable(blue, "b");
	enable(blue, "c");
	put(5);
	world_settle();
	cr_expect_str_eq(trace, "cba");
	cr_expect_eq(drops_of(blue, DP_DROP_NO_HANDLER), 1);
	end();
}

Test(modules, stages_come_before_names)
{
	begin();
	cr_assert_eq(dp_module_register(&mod_a, NULL, 0), 0);
	cr_assert_eq(dp_module_register(&early, NULL, 0), 0);
	enable(blue, "a");
	enable(blue, "early");
	put(5);
	world_settle();
	cr_expect_str_eq(trace, "ca");
	end();
}

Test(modules, only_tenants_that_have_one_meet_it)
{
	begin();
	cr_assert_eq(dp_module_register(&mod_a, NULL, 0), 0);
	cr_assert_eq(dp_module_register(&mod_b, NULL, 0), 0);
	enable(blue, "a");
	enable(red, "b");
	put(5);
	put(6);
	put(5);
	world_settle();
	cr_expect_str_eq(trace, "ba");
	cr_expect_eq(drops_of(blue, DP_DROP_NO_HANDLER), 2);
	cr_expect_eq(drops_of(red, DP_DROP_NO_HANDLER), 1);
	expect_conserved(red);
	end();
}

static ssize_t log_write(void *cookie, const char *text, size_t len)
{
	(void)cookie;
	strncat(logged, text, RTE_MIN(len, sizeof(logged) - strlen(logged) - 1));
	return (ssize_t)len;
}

Test(modules, a_cycle_is_refused_by_name)
{
	cookie_io_functions_t io = { .write = log_write };
	FILE *stream = fopencookie(NULL, "w", io);

	begin();
	rte_openlog_stream(stream);
	cr_assert_eq(dp_module_register(&mod_a, NULL, 0), 0);
	cr_assert_eq(dp_module_register(&mod_b, NULL, 0), 0);
	cr_expect_eq(dp_module_register(&mod_c_cycle, NULL, 0), -ELOOP);
	fflush(stream);
	cr_expect_not_null(strstr(logged, "b after c after a after b"), "%s", logged);
	rte_openlog_stream(NULL);
	cr_expect_null(dp_module_find("c"));
	cr_expect_eq(dp_module_register(&mod_c, NULL, 0), 0);
	cr_expect_eq(dp_module_register(&mod_c, NULL, 0), -EEXIST);
	end();
	fclose(stream);
}

Test(modules, bad_descriptors_are_refused)
{
	struct dp_module m = mod_c;

	begin();
	m.abi = 99;
	cr_expect_eq(dp_module_register(&m, NULL, 0), -EINVAL);
	m.abi = DP_MODULE_ABI;
	m.name = "Bad Name";
	cr_expect_eq(dp_module_register(&m, NULL, 0), -EINVAL);
	m.name = NULL;
	cr_expect_eq(dp_module_register(&m, NULL, 0), -EINVAL);
	m.name = "c";
	m.stage = DP_STAGES;
	cr_expect_eq(dp_module_register(&m, NULL, 0), -EINVAL);
	m = mod_c;
	cr_expect_eq(dp_module_register(&m, (const unsigned int[]){ 77 }, 1), -EINVAL);
	cr_expect_eq(dp_module_register(NULL, NULL, 0), -EINVAL);
	end();
}

/* --- steps that fail -----------------------------------------------------------------------------
 */

static unsigned int state_id = ~0u, lcore_inits, lcore_exits, tenant_inits, tenant_exits;
static int lcore_result, tenant_result;

static int lcore_init(struct dp_worker *w)
{
	cr_expect_eq(w, dp_worker_self());
	lcore_inits++;
	return lcore_result;
}

static void lcore_exit(struct dp_worker *w)
{
	cr_expect_eq(w, dp_worker_self());
	lcore_exits++;
}

static int tenant_init(struct netns *ns)
{
	(void)ns;
	tenant_inits++;
	return tenant_result;
}

static void tenant_exit(struct netns *ns)
{
	(void)ns;
	tenant_exits++;
}

static struct netns_ops ops = {
	.name = "full", .init = tenant_init, .exit = tenant_exit, .id = &state_id, .size = 64
};
static const struct dp_module full = MODULE("full", .process = run_a, .pernet = &ops,
					    .lcore_init = lcore_init, .lcore_exit = lcore_exit);

Test(modules, a_failing_lcore_init_leaves_nothing)
{
	begin();
	lcore_result = -EIO;
	cr_expect_eq(dp_module_register(&full, NULL, 0), -EIO);
	cr_expect_eq(lcore_inits, 1);
	cr_expect_eq(lcore_exits, 0);
	cr_expect_eq(tenant_inits, 3);
	cr_expect_eq(tenant_exits, 3);
	cr_expect_eq(state_id, ~0u);
	cr_expect_null(dp_module_find("full"));
	lcore_result = 0;
	cr_expect_eq(dp_module_register(&full, NULL, 0), 0);
	end();
	cr_expect_eq(lcore_exits, 1);
	cr_expect_eq(tenant_inits, tenant_exits);
}

Test(modules, a_failing_tenant_init_leaves_nothing)
{
	begin();
	tenant_result = -ENOMEM;
	cr_expect_eq(dp_module_register(&full, NULL, 0), -ENOMEM);
	cr_expect_eq(lcore_inits, 0);
	cr_expect_null(dp_module_find("full"));
	tenant_result = 0;
	end();
}

Test(modules, a_worker_that_comes_later_is_initialised_too)
{
	unsigned int lcore = 0;

	begin();
	cr_assert_eq(dp_module_register(&full, NULL, 0), 0);
	cr_expect_eq(lcore_inits, 1);
	lcore = dp_worker_self()->lcore;
	dp_worker_detach();
	cr_expect_eq(lcore_exits, 1);
	lcore_result = -EIO;
	cr_expect_eq(dp_worker_attach(lcore), -EIO);
	lcore_result = 0;
	cr_expect_eq(dp_worker_attach(lcore), 0);
	cr_expect_eq(lcore_inits, 3);
	end();
}

Test(modules, every_tenant_means_new_ones_too)
{
	static const struct dp_module every =
		MODULE("every", .process = run_b, .flags = DP_MODULE_EVERY_TENANT);
	struct netns *late;

	begin();
	cr_assert_eq(dp_module_register(&every, NULL, 0), 0);
	late = world_tenant("late");
	wire_vlan(&left, late, 7, "a");
	put(5);
	world_settle();
	put(7);
	world_settle();
	cr_expect_str_eq(trace, "bb");
	cr_expect_eq(dp_module_unregister(&every), 0);
	put(7);
	world_settle();
	cr_expect_str_eq(trace, "bb");
	netns_put(late);
	end();
}

Test(modules, enabling_says_what_is_wrong)
{
	static const char *const params[] = { "x=1", NULL };
	const char *error = NULL;

	begin();
	cr_assert_eq(dp_module_register(&mod_c, NULL, 0), 0);
	dp_ctl_lock();
	cr_expect_eq(dp_module_enable(blue, "nothing", NULL, &error), -ENOENT);
	cr_expect_not_null(error);
	cr_expect_eq(dp_module_enable(blue, "c", params, &error), -EINVAL);
	cr_expect_eq(dp_module_enable(blue, "c", NULL, &error), 0);
	cr_expect_eq(dp_module_enable(blue, "c", NULL, &error), -EALREADY);
	cr_expect_eq(dp_module_disable(blue, "c"), 0);
	cr_expect_eq(dp_module_disable(blue, "c"), -ENOENT);
	dp_ctl_unlock();
	end();
}

/* --- shared objects ------------------------------------------------------------------------------
 */

Test(modules, a_shared_object_comes_and_goes_under_traffic)
{
	const struct dp_module *m;
	char err[256];
	unsigned int i;

	begin();
	for (i = 0; i < 5; i++) {
		cr_assert_eq(dp_module_load(getenv("SO_MODULE"), &m, err, sizeof(err)), 0, "%s",
			     err);
		enable(blue, "so-test");
		put(5);
		world_settle();
		cr_expect_eq(drops_of(blue, DP_DROP_MODULE), i + 1);
		put(5);
		cr_expect_eq(dp_module_unload("so-test"), 0);
		world_settle();
		cr_expect_eq(drops_of(blue, DP_DROP_NO_HANDLER), i + 1);
	}
	cr_expect_eq(dp_module_unload("so-test"), -ENOENT);
	end();
}

Test(modules, what_is_no_module_is_refused_with_a_text)
{
	char err[256];

	begin();
	cr_expect_eq(dp_module_load("/nonexistent.so", NULL, err, sizeof(err)), -ENOENT);
	cr_expect_not_null(strstr(err, "/nonexistent.so"));
	cr_expect_eq(dp_module_load("libm.so.6", NULL, err, sizeof(err)), -EINVAL);
	cr_expect_not_null(strstr(err, "is no module"), "%s", err);
	cr_expect_eq(dp_module_load(getenv("SO_MODULE_OLD"), NULL, err, sizeof(err)), -EINVAL);
	cr_expect_not_null(strstr(err, "version"), "%s", err);
	end();
}
