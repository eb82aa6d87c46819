/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Allocations that fail, one after the other, in changes of random tables of every form.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>

#include "fib_churn.h"

/* Every allocation of a batch fails in turn; each time all is as before, then it succeeds. */
static void fail_each(struct fib *fib, struct fib_model *model, const struct fib_shape *shape,
		      uint64_t *state, const struct fib_prefix *prefix, struct fib_op *op, size_t n)
{
	size_t nth, i, live;
	int err = -ENOMEM;

	for (nth = 1; err; nth++) {
		fib_util_grace();
		live = fib_util.live_bytes;
		fib_util.fail_at = fib_util.allocs + nth;
		err = fib_batch(fib, op, n, NULL);
		fib_util.fail_at = 0;
		if (!err)
			break;
		cr_assert_eq(err, -ENOMEM);
		cr_assert_eq(fib_util.waiting, 0, "a failed change retires nothing");
		cr_assert_leq(fib_util.live_bytes, live + 4096, "%zu then %zu", live,
			      fib_util.live_bytes);
		fib_util_compare(fib, model, state, prefix, shape->prefixes, 30);
	}
	for (i = 0; i < n; i++)
		fib_model_set(model, &op[i].route.prefix,
			      op[i].kind == FIB_DELETE ? FIB_NH_NONE : op[i].route.nh);
	fib_util_compare(fib, model, state, prefix, shape->prefixes, 300);
}

ParameterizedTestParameters(test_fib_faults, each_failed_allocation_leaves_the_table_as_it_was)
{
	static struct fib_shape some[] = {
		{ FIB_IPV4, 32, 40, 100, 3, 21 },    { FIB_IPV4, 10, 2000, 100, 50, 22 },
		{ FIB_IPV4, 24, 60000, 10, 50, 23 }, { FIB_IPV6, 128, 40, 100, 3, 24 },
		{ FIB_IPV6, 10, 2000, 100, 50, 25 }, { FIB_IPV6, 80, 2000, 60, 50, 26 },
	};

	return cr_make_param_array(struct fib_shape, some, sizeof(some) / sizeof(some[0]));
}

ParameterizedTest(struct fib_shape *shape, test_fib_faults,
		  each_failed_allocation_leaves_the_table_as_it_was)
{
	struct fib_model *model = fib_model_new(shape->family);
	uint64_t state = shape->seed * 0x9e3779b97f4a7c15ull;
	struct fib_prefix *prefix = fib_shape_prefixes(shape, &state);
	struct fib_op op[3];
	struct fib fib;
	size_t i, j;

	cr_assert_eq(fib_init(&fib, shape->family, &fib_util_host, NULL), 0);
	for (i = 0; i < shape->prefixes * 9 / 10; i++) {
		uint32_t nh = 1 + (uint32_t)(fib_util_random(&state) % shape->next_hops);

		cr_assert_eq(fib_replace(&fib, &prefix[i], nh, NULL), 0);
		fib_model_set(model, &prefix[i], nh);
	}
	for (i = 0; i < shape->changes; i++) {
		size_t n = 1 + i % 3;

		for (j = 0; j < n; j++) {
			op[j].route.prefix = prefix[fib_util_random(&state) % shape->prefixes];
			op[j].route.nh = 1 + (uint32_t)(fib_util_random(&state) % shape->next_hops);
			op[j].kind = FIB_REPLACE;
		}
		if (fib_model_get(model, &op[0].route.prefix) && i % 2)
			op[0].kind = FIB_DELETE;
		fail_each(&fib, model, shape, &state, prefix, op, n);
	}
	/* pieces of a large table were visible before the change failed */
	cr_assert(shape->prefixes < 1000 || fib_util.synced > 0);
	fib_compare_routes(&fib, model);
	fib_nothing_left(&fib);
	free(prefix);
	fib_model_free(model);
}
