/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 tables: named cases of nesting and edges, and random tables against the reference, in all
 * three forms (leaf, chunks, direct table) and all instruction sets.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "fib_util.h"

static struct fib fib;

static void start(void)
{
	cr_assert_eq(fib_init(&fib, FIB_IPV4, &fib_util_host, NULL), 0);
}

static void stop(void)
{
	fib_fini(&fib);
	fib_util_grace();
	cr_assert_eq(fib_util.live_bytes, 0, "%zu bytes left", fib_util.live_bytes);
	cr_assert_eq(fib_util.charged, 0, "%zu bytes still charged", fib_util.charged);
}

TestSuite(test_fib4, .init = start, .fini = stop);

static void insert(uint32_t addr, unsigned int len, uint32_t nh)
{
	struct fib_prefix prefix = fib_prefix4(addr, len);

	cr_assert_eq(fib_insert(&fib, &prefix, nh), 0, "%08x/%u", addr, len);
}

static void delete (uint32_t addr, unsigned int len)
{
	struct fib_prefix prefix = fib_prefix4(addr, len);

	cr_assert_eq(fib_delete(&fib, &prefix, NULL), 0, "%08x/%u", addr, len);
}

static uint32_t lookup(uint32_t addr)
{
	return fib4_lookup(fib_ref(&fib), addr);
}

Test(test_fib4, an_empty_table_has_no_route_and_no_memory)
{
	cr_assert_eq(fib_ref(&fib), 0);
	cr_assert_eq(lookup(0), FIB_NH_NONE);
	cr_assert_eq(lookup(0xffffffff), FIB_NH_NONE);
	cr_assert_eq(fib_util.live_bytes, 0);
}

Test(test_fib4, a_default_route_alone_is_the_ref_itself)
{
	insert(0, 0, FIB_NH_MAX);
	cr_assert_eq(lookup(0), FIB_NH_MAX);
	cr_assert_eq(lookup(0xffffffff), FIB_NH_MAX);
	cr_assert_eq(fib_ref(&fib) & 0xff, 0);
	delete (0, 0);
	cr_assert_eq(fib_ref(&fib), 0);
}

Test(test_fib4, the_first_and_the_last_address_have_routes_of_their_own)
{
	insert(0, 32, 1);
	insert(0xffffffff, 32, 2);
	cr_assert_eq(lookup(0), 1);
	cr_assert_eq(lookup(1), FIB_NH_NONE);
	cr_assert_eq(lookup(0xfffffffe), FIB_NH_NONE);
	cr_assert_eq(lookup(0xffffffff), 2);
	insert(0, 0, 3);
	cr_assert_eq(lookup(0), 1);
	cr_assert_eq(lookup(1), 3);
	cr_assert_eq(lookup(0xffffffff), 2);
}

Test(test_fib4, nested_prefixes_uncover_each_other_when_deleted)
{
	unsigned int len;

	for (len = 0; len <= 32; len++)
		insert(len ? 0x0a0b0c0d & ~0u << (32 - len) : 0, len, 100 + len);
	for (len = 32; len > 0; len--) {
		cr_assert_eq(lookup(0x0a0b0c0d), 100 + len);
		cr_assert_eq(lookup(0x0a0b0c0d ^ 1u << (32 - len)), 99 + len);
		delete (0x0a0b0c0d & ~0u << (32 - len), len);
	}
	cr_assert_eq(lookup(0x0a0b0c0d), 100);
}

Test(test_fib4, adjacent_prefixes_do_not_reach_into_each_other)
{
	struct fib_usage usage;

	insert(0x0a000000, 25, 7);
	insert(0x0a000080, 25, 7);
	insert(0x0a000100, 24, 8);
	cr_assert_eq(lookup(0x0a00007f), 7);
	cr_assert_eq(lookup(0x0a000080), 7);
	cr_assert_eq(lookup(0x0a000100), 8);
	cr_assert_eq(lookup(0x0a000200), FIB_NH_NONE);
	fib_usage(&fib, &usage);
	cr_assert_eq(usage.pieces, 1);
	cr_assert_eq(usage.fib_bytes, 64);
}

Test(test_fib4, ten_routes_of_a_tenant_fit_one_line)
{
	struct fib_usage usage;
	unsigned int i;

	insert(0, 0, 1000000);
	for (i = 0; i < 2; i++) { /* what two addresses bring along */
		insert(0x0a000000 + (i << 16), 24, 1000001 + i);
		insert(0x0a000001 + (i << 16), 32, 1000003);
		insert(0x0a0000ff + (i << 16), 32, 1000004);
	}
	insert(0xac100000, 16, 1000005);
	insert(0xc0a80000, 16, 1000002);
	insert(0xc0a80a00, 24, 1000004);
	fib_usage(&fib, &usage);
	cr_assert_leq(usage.fib_bytes, 64, "%zu bytes", usage.fib_bytes);
	cr_assert_leq(usage.rib_bytes, 128, "%zu bytes", usage.rib_bytes);
	cr_assert_leq(sizeof(struct fib), 40);
}

Test(test_fib4, bad_input_changes_nothing)
{
	struct fib_prefix long_one = fib_prefix4(0x0a000000, 33),
			  bits = fib_prefix4(0x0a000001, 24);
	struct fib_prefix good = fib_prefix4(0x0a000000, 24);
	uint32_t nh = 77;
	struct fib other;

	cr_assert_eq(fib_init(&other, (enum fib_family)5, &fib_util_host, NULL), -EINVAL);
	cr_assert_eq(fib_insert(&fib, &long_one, 1), -EINVAL);
	cr_assert_eq(fib_insert(&fib, &bits, 1), -EINVAL);
	cr_assert_eq(fib_insert(&fib, &good, FIB_NH_NONE), -EINVAL);
	cr_assert_eq(fib_insert(&fib, &good, FIB_NH_MAX + 1), -EINVAL);
	cr_assert_eq(fib_delete(&fib, &good, &nh), -ENOENT);
	cr_assert_eq(nh, 77);
	cr_assert_eq(fib_insert(&fib, &good, 5), 0);
	cr_assert_eq(fib_insert(&fib, &good, 6), -EEXIST);
	cr_assert_eq(fib_get(&fib, &good), 5);
	cr_assert_eq(fib_replace(&fib, &good, 6, &nh), 0);
	cr_assert_eq(nh, 5);
	cr_assert_eq(fib_delete(&fib, &good, &nh), 0);
	cr_assert_eq(nh, 6);
	cr_assert_eq(fib.routes, 0);
}

Test(test_fib4, a_prefix_above_subtrees_changes_all_of_them)
{
	uint32_t i;

	/* chunks below 10.0.0.0/8: 256 times 40 routes */
	for (i = 0; i < 256 * 40; i++)
		insert(0x0a000000 + (i / 40 << 16) + (i % 40 << 9), 24, 1 + i % 5);
	insert(0, 0, 50);
	cr_assert_eq(lookup(0x0a010100), 50);
	insert(0x0a000000, 8, 60);
	cr_assert_eq(lookup(0x0a010100), 60);
	cr_assert_eq(lookup(0x0aff0100), 60);
	insert(0x0a010000, 16, 70);
	cr_assert_eq(lookup(0x0a010100), 70);
	cr_assert_eq(lookup(0x0aff0100), 60);
	insert(0x08000000, 5, 80);
	delete (0x0a000000, 8);
	cr_assert_eq(lookup(0x0a010100), 70);
	cr_assert_eq(lookup(0x0aff0100), 80);
	delete (0x08000000, 5);
	cr_assert_eq(lookup(0x0aff0100), 50);
	delete (0, 0);
	cr_assert_eq(lookup(0x0aff0100), FIB_NH_NONE);
	cr_assert_eq(lookup(0x0aff0000), 1 + 255 * 40 % 5);
}

Test(test_fib4, lookups_take_tables_of_all_forms_in_one_vector)
{
	struct fib big, empty;
	uint64_t ref[130];
	uint32_t dst[130], nh[130], i;

	cr_assert_eq(fib_init(&big, FIB_IPV4, &fib_util_host, NULL), 0);
	cr_assert_eq(fib_init(&empty, FIB_IPV4, &fib_util_host, NULL), 0);
	for (i = 0; i < 1000; i++) {
		struct fib_prefix prefix = fib_prefix4(0x14000000 + (i << 9), 24);

		cr_assert_eq(fib_insert(&big, &prefix, 1 + i), 0);
	}
	insert(0x14000000, 8, 5000);
	for (i = 0; i < 130; i++) {
		ref[i] = i % 3 == 0 ? fib_ref(&big) : i % 3 == 1 ? fib_ref(&fib) : fib_ref(&empty);
		dst[i] = 0x14000000 + (i << 8);
	}
	fib4_prefetch_vec(ref, dst, 130);
	fib4_lookup_vec(ref, dst, nh, 130);
	for (i = 0; i < 130; i++) {
		uint32_t expected = i % 3 == 0 ? (i % 2 ? 0 : 1 + i / 2) : i % 3 == 1 ? 5000 : 0;

		cr_assert_eq(nh[i], expected, "%u: %u", i, nh[i]);
	}
	fib_fini(&big);
}
