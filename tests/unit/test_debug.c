/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What debug builds abort on. In other builds the same mistakes must at least be harmless, which
 * is what the second half asserts where it can be asked.
 */
#include <criterion/criterion.h>

#include <signal.h>

#include "support.h"

#ifdef NETNS_DEBUG_CHECKS

Test(debug, a_put_without_a_get_aborts, .signal = SIGABRT)
{
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	netns_hold(ns); /* so that the memory is ours to misuse */
	netns_put(ns);
	netns_put(ns);
}

Test(debug, a_get_on_zero_aborts, .signal = SIGABRT)
{
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	netns_hold(ns);
	netns_put(ns);
	netns_get(ns);
}

Test(debug, a_barrier_from_an_online_reader_aborts, .signal = SIGABRT)
{
	lib_up();
	if (netns_reader_register("me") == 0)
		netns_barrier();
}

Test(debug, an_id_never_given_out_aborts, .signal = SIGABRT)
{
	lib_up();
	netns_generic(netns_init_ns(), 5);
}

Test(debug, an_id_out_of_range_aborts, .signal = SIGABRT)
{
	lib_up();
	netns_value(netns_init_ns(), ~0u);
}

Test(debug, an_id_after_its_module_left_aborts, .signal = SIGABRT)
{
	unsigned int id;

	lib_up();
	if (netns_subsys_register(rec_ops(0, 8)) != 0)
		return;
	id = rec[0].id;
	if (netns_subsys_unregister(&rec[0].ops) != 0)
		return;
	netns_generic(netns_init_ns(), id);
}

Test(debug, a_root_put_too_often_aborts, .signal = SIGABRT)
{
	lib_up();
	netns_put(netns_init_ns());
	netns_put(netns_init_ns());
}

Test(debug, right_use_does_not_abort)
{
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(0, 8)), 0);
	ns = tenant(NULL);
	cr_assert_not_null(netns_generic(ns, rec[0].id));
	cr_assert_eq(netns_reader_register("me"), 0);
	cr_assert_not_null(netns_generic(netns_resolve(netns_handle(ns)), rec[0].id));
	netns_reader_offline();
	tenant_gone(ns);
	cr_assert_eq(netns_reader_unregister(), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[0].ops), 0);
	lib_down();
}

#else

Test(debug, checks_are_not_compiled_in_and_wrong_ids_are_null)
{
	lib_up();
	cr_assert_not(debug_build());
	cr_assert_null(netns_generic(netns_init_ns(), 5));
	cr_assert_eq(netns_value(netns_init_ns(), ~0u), 0);
	lib_down();
}

#endif
