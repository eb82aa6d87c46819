/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The moment in which a tenant is published. The linker puts the function below in the place of
 * name_publish(), so that the test can look at the library in the middle of netns_create().
 */
#include <criterion/criterion.h>

#include "netns/names.h"
#include "support.h"

static unsigned int looks;
static bool found_early;

void __real_name_publish(struct tenant *t);
void __wrap_name_publish(struct tenant *t);

/* Whoever finds the tenant may rename it, and t->name, which is about to be used, goes with that.
 */
void __wrap_name_publish(struct tenant *t)
{
	struct netns *ns = netns_by_index(((struct netns *)t)->index);

	looks++;
	found_early = found_early || ns != NULL;
	if (ns == NULL)
		__real_name_publish(t);
}

Test(publish, nobody_finds_a_tenant_before_its_name_is_out_of_its_makers_hands)
{
	struct netns_config configs[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
	struct netns *ns[3], *found;
	unsigned int i;

	lib_up();
	cr_assert_eq(netns_create_many(configs, 3, ns), 0);
	cr_assert_eq(looks, 3);
	cr_assert_not(found_early, "a rename would have freed the name under its maker");
	for (i = 0; i < 3; i++) {
		found = netns_find_by_name(configs[i].name);
		cr_assert_eq(found, ns[i]);
		netns_put(found);
		cr_assert_eq(netns_by_index(ns[i]->index), ns[i]);
	}
	netns_put_many(ns, 3);
	settle();
	lib_down();
}
