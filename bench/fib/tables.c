/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the tables of the suite "fib" from fixed seeds. One thread.
 */
#include "tables.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_LOCAL     1u /* next hops that all tenants share */
#define SHARED_BROADCAST 2u
#define OWN_FIRST        16u

uint64_t tables_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static struct fib_addr mask(struct fib_addr addr, unsigned int len)
{
	addr.hi &= len >= 64 ? UINT64_MAX : len ? UINT64_MAX << (64 - len) : 0;
	addr.lo &= len >= 128 ? UINT64_MAX : len > 64 ? UINT64_MAX << (128 - len) : 0;
	return addr;
}

static void route(struct fib_op **op, uint64_t hi, uint64_t lo, unsigned int len, uint32_t nh)
{
	**op = (struct fib_op){ .kind = FIB_REPLACE };
	(*op)->route.prefix = (struct fib_prefix){ mask((struct fib_addr){ hi, lo }, len), len };
	(*op)->route.nh = nh;
	(*op)++;
}

void tables_tenant(enum fib_family family, uint32_t i, struct fib_op op[TABLES_OF_TENANT])
{
	uint32_t own = OWN_FIRST + i * 3 % (FIB_NH_MAX - OWN_FIRST - 3);
	uint64_t state = i * 0x9e3779b97f4a7c15ull | 1, net;
	unsigned int k;

	tables_random(&state);
	route(&op, 0, 0, 0, own);
	for (k = 0; k < 2; k++) {
		if (family == FIB_IPV4) {
			net = 0x0a00000000000000ull | (tables_random(&state) & 0xffff) << 40;
			route(&op, net, 0, 24, own + 1);
			route(&op, net | 1ull << 32, 0, 32, SHARED_LOCAL);
			route(&op, net | 255ull << 32, 0, 32, SHARED_BROADCAST);
		} else {
			net = 0x20010db800000000ull | (tables_random(&state) & 0xffffffff);
			route(&op, net, 0, 64, own + 1);
			route(&op, net, 0, 128, SHARED_LOCAL);
			route(&op, net, 1, 128, SHARED_LOCAL);
		}
	}
	for (k = 0; k < 3; k++) {
		net = tables_random(&state);
		if (family == FIB_IPV4)
			route(&op, 0xac10000000000000ull | net >> 12, 0, 16 + net % 9, own + 2);
		else
			route(&op, 0xfd00000000000000ull | net >> 8, 0, 40 + net % 3 * 8, own + 2);
	}
}

/* Per mille of prefix lengths; 0 ends. */
static const struct {
	unsigned int len, share;
} lengths4[] = { { 24, 600 }, { 22, 115 }, { 23, 100 }, { 20, 45 }, { 21, 45 }, { 19, 26 },
		 { 16, 14 },  { 18, 16 },  { 17, 9 },   { 15, 3 },  { 14, 2 },  { 13, 1 },
		 { 32, 6 },   { 28, 3 },   { 26, 3 },   { 24, 0 } },
  lengths6[] = { { 48, 480 }, { 32, 140 }, { 44, 110 }, { 40, 90 }, { 36, 50 },
		 { 29, 30 },  { 46, 30 },  { 64, 20 },  { 128, 5 }, { 48, 0 } };

static unsigned int length(enum fib_family family, uint64_t random)
{
	unsigned int i, at = random % 1000;

	for (i = 0;; i++) {
		unsigned int share = family == FIB_IPV4 ? lengths4[i].share : lengths6[i].share;
		unsigned int len = family == FIB_IPV4 ? lengths4[i].len : lengths6[i].len;

		if (at < share || share == 0)
			return len;
		at -= share;
	}
}

static int compare(const void *a, const void *b)
{
	const struct fib_prefix *x = &((const struct fib_route *)a)->prefix;
	const struct fib_prefix *y = &((const struct fib_route *)b)->prefix;

	if (x->addr.hi != y->addr.hi)
		return x->addr.hi < y->addr.hi ? -1 : 1;
	if (x->addr.lo != y->addr.lo)
		return x->addr.lo < y->addr.lo ? -1 : 1;
	return (int)x->len - (int)y->len;
}

/* Somewhere in the space that is given out. */
static struct fib_addr region(enum fib_family family, uint64_t *state)
{
	static const uint32_t blocks[] = { 0x20010000, 0x24000000, 0x26000000, 0x28000000,
					   0x2a000000 };
	uint64_t x = tables_random(state), y = tables_random(state);

	if (family == FIB_IPV4)
		return (struct fib_addr){ (1 + x % 222) << 56 | (y & 0xffff) << 40, 0 };
	return (struct fib_addr){ ((uint64_t)blocks[x % 5] | (y & 0xfffff)) << 32, 0 };
}

/* Drops equal prefixes of @have sorted ones; returns how many are left. */
static uint32_t unique(struct fib_route *list, uint32_t have)
{
	uint32_t i, n = 0;

	for (i = 0; i < have; i++) {
		if (n == 0 || compare(&list[n - 1], &list[i]) != 0)
			list[n++] = list[i];
	}
	return n;
}

struct fib_route *tables_bgp(enum fib_family family, uint32_t n, uint32_t next_hops)
{
	struct fib_route *list = malloc((n + n / 4) * sizeof(*list)), swap;
	struct fib_addr at = { 0, 0 };
	uint64_t state = 0x1234567;
	uint32_t have = 0, i, k;
	unsigned int left = 0;

	while (list != NULL && have < n) {
		for (; have < n + n / 4; have++) { /* more than needed: some will be equal */
			unsigned int len = length(family, tables_random(&state));

			if (left == 0) {
				at = region(family, &state);
				left = tables_random(&state) % 24;
			} else {
				left--;
			}
			list[have].prefix.len = (uint8_t)len;
			list[have].prefix.addr = mask(at, len);
			list[have].nh = 1000000 + (uint32_t)(tables_random(&state) % next_hops);
			if (len > 64) /* a host, and none of those around it */
				list[have].prefix.addr.lo = 1;
			else if (len > 0)
				at.hi += 1ull << (64 - len);
		}
		qsort(list, have, sizeof(*list), compare);
		have = unique(list, have);
	}
	for (i = have; list != NULL && i > 1; i--) { /* in no order, as they would arrive */
		k = (uint32_t)(tables_random(&state) % i);
		swap = list[i - 1];
		list[i - 1] = list[k];
		list[k] = swap;
	}
	return list;
}

struct fib_addr tables_within(const struct fib_prefix *prefix, uint64_t *state)
{
	struct fib_addr any = { tables_random(state), tables_random(state) }, ones, net;

	ones = mask((struct fib_addr){ UINT64_MAX, UINT64_MAX }, prefix->len);
	net.hi = prefix->addr.hi | (any.hi & ~ones.hi);
	net.lo = prefix->addr.lo | (any.lo & ~ones.lo);
	return net;
}
