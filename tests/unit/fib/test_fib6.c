/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 tables: named cases, above all around the border between the upper and lower 64 bits.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>

#include "fib_util.h"

static struct fib fib;

static void start(void)
{
	cr_assert_eq(fib_init(&fib, FIB_IPV6, &fib_util_host, NULL), 0);
}

static void stop(void)
{
	fib_fini(&fib);
	fib_util_grace();
	cr_assert_eq(fib_util.live_bytes, 0, "%zu bytes left", fib_util.live_bytes);
	cr_assert_eq(fib_util.charged, 0, "%zu bytes still charged", fib_util.charged);
}

TestSuite(test_fib6, .init = start, .fini = stop);

static struct fib_prefix prefix_of(const char *text, unsigned int len)
{
	struct in6_addr addr;

	cr_assert_eq(inet_pton(AF_INET6, text, &addr), 1, "%s", text);
	return fib_prefix6(&addr, len);
}

static void insert(const char *text, unsigned int len, uint32_t nh)
{
	struct fib_prefix prefix = prefix_of(text, len);

	cr_assert_eq(fib_insert(&fib, &prefix, nh), 0, "%s/%u", text, len);
}

static void delete (const char *text, unsigned int len)
{
	struct fib_prefix prefix = prefix_of(text, len);

	cr_assert_eq(fib_delete(&fib, &prefix, NULL), 0, "%s/%u", text, len);
}

static void expect(const char *text, uint32_t nh)
{
	struct fib_addr dst = prefix_of(text, 128).addr;
	enum fib_simd was = fib_simd_now();
	unsigned int simd;

	for (simd = 0; simd < FIB_SIMD_KINDS; simd++) {
		if (fib_simd_use((enum fib_simd)simd) == 0)
			cr_assert_eq(fib6_lookup(fib_ref(&fib), dst), nh, "%s, simd %u: %u", text,
				     simd, fib6_lookup(fib_ref(&fib), dst));
	}
	fib_simd_use(was);
}

Test(test_fib6, an_empty_table_has_no_route_and_no_memory)
{
	cr_assert_eq(fib_ref(&fib), 0);
	expect("::", FIB_NH_NONE);
	cr_assert_eq(fib_util.live_bytes, 0);
}

Test(test_fib6, hosts_within_a_link_and_the_link_itself)
{
	insert("::", 0, 1);
	insert("2001:db8::", 64, 2);
	insert("2001:db8::1", 128, 3);
	insert("2001:db8::ffff:ffff:ffff:ffff", 128, 4);
	insert("2001:db8:0:1::", 64, 5);
	insert("fe80::", 64, 6);
	insert("ff00::", 8, 7);
	expect("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", 1);
	expect("2001:db8::", 2);
	expect("2001:db8::1", 3);
	expect("2001:db8::2", 2);
	expect("2001:db8::ffff:ffff:ffff:fffe", 2);
	expect("2001:db8::ffff:ffff:ffff:ffff", 4);
	expect("2001:db8:0:1::", 5);
	expect("2001:db8:0:1:ffff::", 5);
	expect("2001:db8:0:2::", 1);
	expect("fe80::1", 6);
	expect("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 7);
	delete ("2001:db8::", 64);
	expect("2001:db8::", 1);
	expect("2001:db8::1", 3);
	expect("2001:db8::2", 1);
}

Test(test_fib6, the_first_and_the_last_address_have_routes_of_their_own)
{
	insert("::", 128, 1);
	insert("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, 2);
	expect("::", 1);
	expect("::1", FIB_NH_NONE);
	expect("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", FIB_NH_NONE);
	expect("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2);
	insert("::1", 128, 3);
	insert("::", 0, 4);
	expect("::", 1);
	expect("::1", 3);
	expect("::2", 4);
	expect("0:0:0:1::", 4);
	expect("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2);
}

Test(test_fib6, nested_prefixes_uncover_each_other_when_deleted)
{
	struct fib_addr addr = prefix_of("2001:db8:1234:5678:9abc:def0:1357:9bdf", 128).addr;
	int len;

	for (len = 0; len <= 128; len++) {
		struct fib_prefix prefix = { fib_util_mask(addr, (unsigned int)len), (uint8_t)len };

		cr_assert_eq(fib_insert(&fib, &prefix, 1000 + (uint32_t)len), 0);
	}
	for (len = 128; len > 0; len--) {
		struct fib_prefix prefix = { fib_util_mask(addr, (unsigned int)len), (uint8_t)len };
		struct fib_addr beside = addr;

		*(len > 64 ? &beside.lo : &beside.hi) ^= 1ull << (127 - len + 1) % 64;
		cr_assert_eq(fib6_lookup(fib_ref(&fib), addr), 1000 + (uint32_t)len);
		cr_assert_eq(fib6_lookup(fib_ref(&fib), beside), 999 + (uint32_t)len, "/%d", len);
		cr_assert_eq(fib_delete(&fib, &prefix, NULL), 0);
		fib_util_grace();
	}
	cr_assert_eq(fib6_lookup(fib_ref(&fib), addr), 1000);
}

Test(test_fib6, ten_routes_of_a_tenant_fit_two_lines)
{
	struct fib_usage usage;

	insert("::", 0, 1000000);
	insert("fe80::", 64, 1000001);
	insert("fe80::a00:1ff:fe00:1", 128, 1000002);
	insert("ff00::", 8, 1000003);
	insert("2001:db8:1::", 64, 1000004);
	insert("2001:db8:1::1", 128, 1000002);
	insert("2001:db8:2::", 64, 1000005);
	insert("2001:db8:2::1", 128, 1000002);
	insert("2001:db8:100::", 48, 1000006);
	insert("fd00::", 8, 1000007);
	fib_usage(&fib, &usage);
	cr_assert_leq(usage.fib_bytes, 128, "%zu bytes", usage.fib_bytes);
	cr_assert_leq(usage.rib_bytes, 320, "%zu bytes", usage.rib_bytes);
}

Test(test_fib6, bad_input_changes_nothing)
{
	struct fib_prefix long_one = prefix_of("2001:db8::", 128),
			  bits = prefix_of("2001:db8::1", 64);

	long_one.len = 129;
	cr_assert_eq(fib_insert(&fib, &long_one, 1), -EINVAL);
	cr_assert_eq(fib_insert(&fib, &bits, 1), -EINVAL);
	cr_assert_eq(fib_ref(&fib), 0);
}
