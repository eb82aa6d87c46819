/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random tables of both families against the reference: churn and batches.
 * Large tables are in test_fib_large.c. The seeds are in the shapes.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>

#include "fib_churn.h"

static struct fib_shape shapes[] = {
	{ FIB_IPV4, 32, 12, 2000, 3, 1 },         { FIB_IPV4, 4, 40, 2000, 2, 2 },
	{ FIB_IPV4, 8, 300, 3000, 200, 3 },       { FIB_IPV4, 12, 2000, 5000, 5, 4 },
	{ FIB_IPV4, 24, 2000, 5000, 1 << 20, 5 }, { FIB_IPV6, 128, 12, 2000, 3, 7 },
	{ FIB_IPV6, 4, 60, 2000, 2, 8 },          { FIB_IPV6, 8, 600, 2000, 200, 9 },
	{ FIB_IPV6, 12, 1000, 3000, 5, 10 },      { FIB_IPV6, 70, 1000, 2500, 1 << 20, 11 },
};

ParameterizedTestParameters(test_fib_random, churn_agrees_with_the_reference)
{
	return cr_make_param_array(struct fib_shape, shapes, sizeof(shapes) / sizeof(shapes[0]));
}

ParameterizedTest(struct fib_shape *shape, test_fib_random, churn_agrees_with_the_reference)
{
	fib_churn(shape);
}

ParameterizedTestParameters(test_fib_random, batches_are_all_or_nothing)
{
	return cr_make_param_array(struct fib_shape, shapes, sizeof(shapes) / sizeof(shapes[0]));
}

ParameterizedTest(struct fib_shape *shape, test_fib_random, batches_are_all_or_nothing)
{
	struct fib_model *model = fib_model_new(shape->family);
	uint64_t state = shape->seed * 0xd1342543de82ef95ull;
	struct fib_prefix *prefix = fib_shape_prefixes(shape, &state);
	struct fib_op op[300];
	struct fib fib;
	size_t round, i, n, failed, good = 0;

	cr_assert_eq(fib_init(&fib, shape->family, &fib_util_host, NULL), 0);
	for (round = 0; round < 200; round++) {
		int err;

		n = 1 + fib_util_random(&state) % (round % 4 ? 10 : 300);
		for (i = 0; i < n; i++) {
			op[i].route.prefix = prefix[fib_util_random(&state) % shape->prefixes];
			op[i].route.nh = 1 + (uint32_t)(fib_util_random(&state) % shape->next_hops);
			op[i].kind = fib_util_random(&state) % 32 == 0 ? FIB_DELETE : FIB_REPLACE;
		}
		failed = n;
		err = fib_batch(&fib, op, n, &failed);
		cr_assert(err == 0 || err == -ENOENT);
		cr_assert((err == 0) == (failed == n));
		for (i = 0; i < n && !err; i++)
			fib_model_set(model, &op[i].route.prefix,
				      op[i].kind == FIB_DELETE ? FIB_NH_NONE : op[i].route.nh);
		if (err)
			cr_assert_eq(op[failed].kind, FIB_DELETE);
		good += !err;
		fib_util_grace();
		fib_util_compare(&fib, model, &state, prefix, shape->prefixes, 500);
	}
	cr_assert_gt(good, 0);
	fib_compare_routes(&fib, model);
	fib_nothing_left(&fib);
	free(prefix);
	fib_model_free(model);
}
