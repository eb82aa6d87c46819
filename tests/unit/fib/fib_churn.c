/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random changes to a table and to the reference, with lookups compared after each of them.
 * Called by test_fib_random.c and test_fib_large.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "fib_churn.h"

struct fib_prefix *fib_shape_prefixes(const struct fib_shape *shape, uint64_t *state)
{
	struct fib_prefix *prefix = malloc(shape->prefixes * sizeof(*prefix));
	size_t i;

	cr_assert_not_null(prefix);
	for (i = 0; i < shape->prefixes; i++)
		prefix[i] = fib_util_prefix(shape->family, state, shape->spread);
	return prefix;
}

void fib_nothing_left(struct fib *fib)
{
	fib_fini(fib);
	fib_util_grace();
	cr_assert_eq(fib_util.live_bytes, 0);
	cr_assert_eq(fib_util.charged, 0);
}

void fib_compare_routes(const struct fib *fib, const struct fib_model *model)
{
	struct fib_route route, last;
	size_t n = 0;
	bool more;

	for (more = fib_next(fib, NULL, &route); more; more = fib_next(fib, &last.prefix, &route)) {
		cr_assert_eq(fib_model_get(model, &route.prefix), route.nh);
		cr_assert(n == 0 || last.prefix.addr.hi < route.prefix.addr.hi ||
			  (last.prefix.addr.hi == route.prefix.addr.hi &&
			   (last.prefix.addr.lo < route.prefix.addr.lo ||
			    (last.prefix.addr.lo == route.prefix.addr.lo &&
			     last.prefix.len < route.prefix.len))));
		last = route;
		n++;
	}
	cr_assert_eq(n, fib_model_routes(model));
	cr_assert_eq(n, fib->routes);
}

/* One random change in both; what it answers must be right too. */
static void change(struct fib *fib, struct fib_model *model, const struct fib_shape *shape,
		   uint64_t *state, const struct fib_prefix *prefix, unsigned int deletes)
{
	uint32_t have = fib_model_get(model, prefix), old = 1u << 31;
	uint32_t nh = 1 + (uint32_t)(fib_util_random(state) % shape->next_hops);

	if (fib_util_random(state) % 8 < deletes) {
		cr_assert_eq(fib_delete(fib, prefix, &old), have ? 0 : -ENOENT);
		cr_assert(!have || old == have);
		fib_model_set(model, prefix, FIB_NH_NONE);
	} else if (fib_util_random(state) % 2) {
		cr_assert_eq(fib_insert(fib, prefix, nh), have ? -EEXIST : 0);
		if (!have)
			fib_model_set(model, prefix, nh);
	} else {
		cr_assert_eq(fib_replace(fib, prefix, nh, &old), 0);
		cr_assert_eq(old, have);
		fib_model_set(model, prefix, nh);
	}
}

void fib_churn(const struct fib_shape *shape)
{
	struct fib_model *model = fib_model_new(shape->family);
	uint64_t state = shape->seed * 0x9e3779b97f4a7c15ull;
	struct fib_prefix *prefix = fib_shape_prefixes(shape, &state);
	size_t i, check = shape->changes / 40;
	struct fib fib;

	cr_assert_eq(fib_init(&fib, shape->family, &fib_util_host, NULL), 0);
	for (i = 0; i < shape->changes; i++) {
		const struct fib_prefix *at = &prefix[fib_util_random(&state) % shape->prefixes];

		change(&fib, model, shape, &state, at, i < shape->changes / 2 ? 1 : 6);
		cr_assert_eq(fib_ref(&fib), fib_util.ref, "the host was told");
		if (fib_util_random(&state) % 64 == 0)
			fib_util_grace();
		fib_util_compare(&fib, model, &state, at, 1, 2);
		if (i % check == 0)
			fib_util_compare(&fib, model, &state, prefix, shape->prefixes, 3000);
	}
	fib_compare_routes(&fib, model);
	for (i = 0; i < shape->prefixes; i++) {
		if (fib_model_get(model, &prefix[i]) == FIB_NH_NONE)
			continue;
		cr_assert_eq(fib_delete(&fib, &prefix[i], NULL), 0);
		fib_model_set(model, &prefix[i], FIB_NH_NONE);
		if (i % (shape->prefixes / 10) == 0)
			fib_util_compare(&fib, model, &state, prefix, shape->prefixes, 3000);
	}
	cr_assert_eq(fib_ref(&fib), 0);
	cr_assert_null(fib.rib);
	fib_nothing_left(&fib);
	free(prefix);
	fib_model_free(model);
}
