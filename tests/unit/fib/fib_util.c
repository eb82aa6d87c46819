/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host, reference and random tables for test_fib4.c, test_fib6.c and test_fib_*.c. One thread.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fib_util.h"
#include "netns/netns_rcu.h"

#define VECTOR 192u /* more than lookups take at once */

struct fib_util_counts fib_util;
static struct netns_defer *deferred;

static void *host_alloc(void *owner, size_t size)
{
	void *ptr;

	fib_util.allocs++;
	if (fib_util.allocs == fib_util.fail_at) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + 63) & ~(size_t)63;
	ptr = aligned_alloc(64, size);
	cr_assert_not_null(ptr);
	memset(ptr, 0xa5, size);
	fib_util.live_bytes += size;
	fib_util.charged += size;
	return ptr;
}

static void host_uncharge(void *owner, size_t size)
{
	fib_util.charged -= (size + 63) & ~(size_t)63;
}

static void host_release(void *ptr, size_t size)
{
	size = (size + 63) & ~(size_t)63;
	fib_util.live_bytes -= size;
	memset(ptr, 0x5a, size); /* who still reads it shall notice */
	free(ptr);
}

static void host_defer(struct netns_defer *defer, void (*fn)(struct netns_defer *), size_t bytes)
{
	cr_assert_gt(bytes, 0);
	defer->fn = fn;
	defer->next = deferred;
	deferred = defer;
	fib_util.waiting++;
}

static void host_publish(void *owner, enum fib_family family, uint64_t ref)
{
	fib_util.published++;
	fib_util.ref = ref;
}

void fib_util_grace(void)
{
	while (deferred) {
		struct netns_defer *defer = deferred;

		deferred = defer->next;
		fib_util.waiting--;
		defer->fn(defer);
	}
}

static void host_synchronize(void)
{
	fib_util.synced++;
	fib_util_grace();
}

const struct fib_host fib_util_host = {
	.alloc = host_alloc,
	.uncharge = host_uncharge,
	.release = host_release,
	.defer = host_defer,
	.synchronize = host_synchronize,
	.publish = host_publish,
};

uint64_t fib_util_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

struct fib_model {
	enum fib_family family;
	size_t size, used, routes; /* size: a power of two; used: ever, deleted ones included */
	size_t of_len[129];
	struct fib_route *slot; /* nh 0 with len 255: free */
};

static size_t model_hash(const struct fib_model *model, const struct fib_prefix *prefix)
{
	uint64_t x = prefix->addr.hi * 0x9e3779b97f4a7c15ull ^ prefix->addr.lo ^ prefix->len;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
	return (x ^ x >> 32) & (model->size - 1);
}

static struct fib_route *model_slot(const struct fib_model *model, const struct fib_prefix *prefix)
{
	size_t i = model_hash(model, prefix);

	for (;; i = (i + 1) & (model->size - 1)) {
		const struct fib_prefix *have = &model->slot[i].prefix;

		if (have->len == 255 ||
		    (have->len == prefix->len && have->addr.hi == prefix->addr.hi &&
		     have->addr.lo == prefix->addr.lo))
			return &model->slot[i];
	}
}

static void model_resize(struct fib_model *model, size_t size)
{
	struct fib_route *old = model->slot;
	size_t i, n = model->size;

	model->slot = malloc(size * sizeof(*model->slot));
	cr_assert_not_null(model->slot);
	memset(model->slot, 0xff, size * sizeof(*model->slot));
	model->size = size;
	model->used = 0;
	for (i = 0; i < n; i++) {
		if (old[i].prefix.len == 255 || old[i].nh == FIB_NH_NONE)
			continue;
		*model_slot(model, &old[i].prefix) = old[i];
		model->used++;
	}
	free(old);
}

struct fib_model *fib_model_new(enum fib_family family)
{
	struct fib_model *model = calloc(1, sizeof(*model));

	cr_assert_not_null(model);
	model->family = family;
	model_resize(model, 1024);
	return model;
}

void fib_model_free(struct fib_model *model)
{
	free(model->slot);
	free(model);
}

void fib_model_set(struct fib_model *model, const struct fib_prefix *prefix, uint32_t nh)
{
	struct fib_route *slot = model_slot(model, prefix);
	uint32_t old = slot->prefix.len == 255 ? FIB_NH_NONE : slot->nh;

	if (slot->prefix.len == 255 && nh == FIB_NH_NONE)
		return;
	if (slot->prefix.len == 255)
		model->used++;
	slot->prefix = *prefix;
	slot->nh = nh;
	model->of_len[prefix->len] += (nh != FIB_NH_NONE) - (size_t)(old != FIB_NH_NONE);
	model->routes += (nh != FIB_NH_NONE) - (size_t)(old != FIB_NH_NONE);
	if (model->used * 2 > model->size)
		model_resize(model, model->routes * 8 > 1024 ? model->size * 2 : model->size);
}

uint32_t fib_model_get(const struct fib_model *model, const struct fib_prefix *prefix)
{
	const struct fib_route *slot = model_slot(model, prefix);

	return slot->prefix.len == 255 ? FIB_NH_NONE : slot->nh;
}

struct fib_addr fib_util_mask(struct fib_addr addr, unsigned int len)
{
	addr.hi &= len >= 64 ? UINT64_MAX : len ? UINT64_MAX << (64 - len) : 0;
	addr.lo &= len >= 128 ? UINT64_MAX : len > 64 ? UINT64_MAX << (128 - len) : 0;
	return addr;
}

uint32_t fib_model_lookup(const struct fib_model *model, struct fib_addr addr)
{
	unsigned int len = model->family == FIB_IPV4 ? 32 : 128;

	for (;; len--) {
		struct fib_prefix prefix = { fib_util_mask(addr, len), (uint8_t)len };
		uint32_t nh = model->of_len[len] ? fib_model_get(model, &prefix) : FIB_NH_NONE;

		if (nh != FIB_NH_NONE || len == 0)
			return nh;
	}
}

size_t fib_model_routes(const struct fib_model *model)
{
	return model->routes;
}

static struct fib_addr random_addr(enum fib_family family, uint64_t *state)
{
	struct fib_addr addr = { fib_util_random(state), fib_util_random(state) };

	return family == FIB_IPV4 ? fib_util_mask(addr, 32) : addr;
}

struct fib_prefix fib_util_prefix(enum fib_family family, uint64_t *state, unsigned int spread)
{
	unsigned int max = family == FIB_IPV4 ? 32 : 128;
	uint64_t kind = fib_util_random(state);
	struct fib_addr addr = random_addr(family, state), from;
	struct fib_prefix prefix;

	/* all lengths, the extreme ones more often */
	prefix.len = (uint8_t)(fib_util_random(state) % (max + 1));
	if (kind % 16 == 0)
		prefix.len = (uint8_t)max;
	else if (kind % 64 == 1)
		prefix.len = 0;
	else if (kind % 8 == 2)
		prefix.len = (uint8_t)(max / 4 * 3);
	/* bits from `from` on are few */
	if (spread < prefix.len) {
		from = fib_util_mask((struct fib_addr){ UINT64_MAX, UINT64_MAX },
				     prefix.len - spread);
		addr.hi = (addr.hi & ~from.hi) | (0x0a64a8c0a5f01234ull & from.hi);
		addr.lo = (addr.lo & ~from.lo) | (0xfe80123400ff00ffull & from.lo);
	}
	prefix.addr = fib_util_mask(addr, prefix.len);
	return prefix;
}

struct fib_addr fib_util_near(enum fib_family family, uint64_t *state,
			      const struct fib_prefix *prefix)
{
	struct fib_addr ones = { UINT64_MAX, family == FIB_IPV4 ? 0 : UINT64_MAX };
	struct fib_addr mask = fib_util_mask(ones, prefix->len), addr = prefix->addr;
	struct fib_addr any = random_addr(family, state);
	unsigned int kind = fib_util_random(state) % 8;

	if (family == FIB_IPV4)
		ones = fib_util_mask(ones, 32);
	if (kind < 4) { /* inside */
		addr.hi |= any.hi & ~mask.hi;
		addr.lo |= any.lo & ~mask.lo;
	} else if (kind == 4 || kind == 5) { /* last, and the one behind */
		addr.hi |= ones.hi & ~mask.hi;
		addr.lo |= ones.lo & ~mask.lo;
		if (kind == 5 && family == FIB_IPV4) {
			addr.hi += 1ull << 32;
		} else if (kind == 5) {
			addr.lo++;
			addr.hi += addr.lo == 0;
		}
	} else if (kind == 6 && family == FIB_IPV4) { /* the one before */
		addr.hi -= 1ull << 32;
	} else if (kind == 6) {
		addr.hi -= addr.lo == 0;
		addr.lo--;
	} else if (any.hi & 1ull << 40) {
		addr = any;
	}
	return addr;
}

static void lookup(const struct fib *fib, const uint64_t *ref, const struct fib_addr *addr,
		   uint32_t *nh, unsigned int n)
{
	uint32_t dst[VECTOR];
	unsigned int i;

	if (fib->family == FIB_IPV6) {
		fib6_prefetch_vec(ref, addr, n);
		fib6_lookup_vec(ref, addr, nh, n);
		return;
	}
	for (i = 0; i < n; i++)
		dst[i] = (uint32_t)(addr[i].hi >> 32);
	fib4_prefetch_vec(ref, dst, n);
	fib4_lookup_vec(ref, dst, nh, n);
}

void fib_util_compare(const struct fib *fib, const struct fib_model *model, uint64_t *state,
		      const struct fib_prefix *prefix, size_t prefixes, size_t n)
{
	enum fib_family family = (enum fib_family)fib->family;
	enum fib_simd was = fib_simd_now();
	struct fib_addr addr[VECTOR];
	uint64_t ref[VECTOR];
	uint32_t nh[VECTOR];
	unsigned int i, simd, part;

	for (; n > 0; n -= part) {
		part = 1 + fib_util_random(state) % VECTOR;
		part = part < n ? part : (unsigned int)n;
		for (i = 0; i < part; i++) {
			addr[i] = fib_util_near(family, state,
						&prefix[fib_util_random(state) % prefixes]);
			ref[i] = fib_ref(fib);
		}
		for (simd = 0; simd < FIB_SIMD_KINDS; simd++) {
			if (fib_simd_use((enum fib_simd)simd))
				continue;
			memset(nh, 0xee, sizeof(nh));
			lookup(fib, ref, addr, nh, part);
			for (i = 0; i < part; i++)
				cr_assert_eq(nh[i], fib_model_lookup(model, addr[i]),
					     "%016lx:%016lx simd %u: %u, expected %u", addr[i].hi,
					     addr[i].lo, simd, nh[i],
					     fib_model_lookup(model, addr[i]));
		}
	}
	fib_simd_use(was);
}
