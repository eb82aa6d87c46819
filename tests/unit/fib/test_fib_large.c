/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random tables that are large enough for every form, direct tables included, against the
 * reference.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "fib_churn.h"

static struct fib_shape shapes[] = {
	{ FIB_IPV4, 12, 3000, 40000, 5, 31 },     { FIB_IPV4, 24, 5000, 30000, 1 << 20, 32 },
	{ FIB_IPV4, 32, 70000, 150000, 300, 33 }, { FIB_IPV4, 20, 70000, 150000, 4, 34 },
	{ FIB_IPV6, 12, 3000, 20000, 5, 35 },     { FIB_IPV6, 70, 20000, 40000, 1 << 20, 36 },
	{ FIB_IPV6, 128, 5000, 10000, 9, 37 },
};

ParameterizedTestParameters(test_fib_large, churn_agrees_with_the_reference)
{
	return cr_make_param_array(struct fib_shape, shapes, sizeof(shapes) / sizeof(shapes[0]));
}

ParameterizedTest(struct fib_shape *shape, test_fib_large, churn_agrees_with_the_reference)
{
	fib_churn(shape);
}
