/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Longest-prefix match of one tenant: prefix -> next hop number, IPv4 or IPv6.
 *
 * A table is two things. The RIB (struct fib and what it points to) belongs to the control side:
 * the prefixes as they were given, sorted. The forwarding form is what workers see: one 64-bit
 * value, the ref, that names immutable pieces of memory (or, without any, the answer itself). The
 * ref fits an inline slot of a tenant. Changes build new pieces, store one pointer, and free the
 * old pieces after a grace period, so lookups are wait-free and see the state before or after a
 * change.
 *
 * Rules: one writer per table; readers are online RCU readers and drop refs at their quiescent
 * state. Metrics, several routes of one prefix and host bits are the caller's business.
 */
#ifndef FIB_H
#define FIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netns_defer;

#define FIB_NH_NONE 0u        /* no route */
#define FIB_NH_MAX  0xffffffu /* next hop numbers are 1 .. FIB_NH_MAX; small ones take less room */

enum fib_family {
	FIB_IPV4 = 4,
	FIB_IPV6 = 6,
};

/* 128 bits in host order; IPv4 as the upper 32 bits of hi, the rest 0 */
struct fib_addr {
	uint64_t hi, lo;
};

struct fib_prefix {
	struct fib_addr addr; /* bits behind len are 0 */
	uint8_t len;          /* bits; 0 .. 32 or 0 .. 128 */
};

struct fib_route {
	struct fib_prefix prefix;
	uint32_t nh; /* 1 .. FIB_NH_MAX */
};

/* @addr in host order */
static inline struct fib_prefix fib_prefix4(uint32_t addr, unsigned int len)
{
	struct fib_prefix prefix = { { (uint64_t)addr << 32, 0 }, (uint8_t)len };

	return prefix;
}

/* @addr: 16 bytes as on the wire */
static inline struct fib_addr fib_addr6(const void *addr)
{
	struct fib_addr ret;

	__builtin_memcpy(&ret, addr, sizeof(ret));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ret.hi = __builtin_bswap64(ret.hi);
	ret.lo = __builtin_bswap64(ret.lo);
#endif
	return ret;
}

static inline struct fib_prefix fib_prefix6(const void *addr, unsigned int len)
{
	struct fib_prefix prefix = { fib_addr6(addr), (uint8_t)len };

	return prefix;
}

/**
 * struct fib_host - where tables get their memory, and who is told of a new ref
 *
 * Must outlive all tables and a grace period after them: a static const object.
 */
struct fib_host {
	/* aligned to 64 bytes, any content; NULL with errno set, ENOMEM or EDQUOT */
	void *(*alloc)(void *owner, size_t size);
	/* the owner is no longer charged for @size bytes; NULL: nobody counts */
	void (*uncharge)(void *owner, size_t size);
	/* gives memory back; the owner may be gone by then, so it is not named */
	void (*release)(void *ptr, size_t size);
	/* netns_defer() and netns_synchronize(), or what stands for them in a test */
	void (*defer)(struct netns_defer *defer, void (*fn)(struct netns_defer *), size_t bytes);
	void (*synchronize)(void);
	/* stores a table's new ref where workers read it; NULL: they use fib_ref() */
	void (*publish)(void *owner, enum fib_family family, uint64_t ref);
};

/* Arena of any node, no quota; owner unused. */
extern const struct fib_host fib_host_arena;
/* Arena of the tenant's node, NETNS_QUOTA_BYTES charged; owner is a struct netns. */
extern const struct fib_host fib_host_netns;

/**
 * struct fib - the control side of one table; 40 bytes
 *
 * ref may be read by workers, so it may lie in a tenant's module data; the rest is the writer's.
 */
struct fib {
	uint64_t ref;                /* w:control (release) r:worker (acquire) */
	void *rib;                   /* one leaf, or the top of many; NULL when empty */
	const struct fib_host *host; /* const */
	void *owner;                 /* const */
	uint32_t routes;             /* prefixes in the RIB */
	uint8_t family;              /* enum fib_family; const */
	uint8_t tall;                /* the RIB has a top */
};

/**
 * fib_init() - an empty table
 * @owner: handed to @host's functions
 *
 * Context: control; wait-free; allocates nothing
 * Errors:  -EINVAL bad family
 */
int fib_init(struct fib *fib, enum fib_family family, const struct fib_host *host, void *owner);

/* Frees everything at once; no reader may hold a ref: after a grace period, or in a tenant's exit.
 */
void fib_fini(struct fib *fib);

/**
 * fib_insert() - add a prefix that is not there
 * fib_replace() - set a prefix's next hop, adding the prefix where it is missing
 * fib_delete() - remove a prefix
 * @nh:     1 .. FIB_NH_MAX
 * @ret_nh: what the prefix had before (FIB_NH_NONE: it was missing); may be NULL
 *
 * Context:  control, one writer per table; blocks(grace period) only while undoing a failure
 * Ordering: the new ref or pointer is stored with release
 * Errors:   -EINVAL length, host bits or next hop out of range; -EEXIST; -ENOENT; -ENOMEM or
 *           -EDQUOT: the table is as before
 */
int fib_insert(struct fib *fib, const struct fib_prefix *prefix, uint32_t nh);
int fib_replace(struct fib *fib, const struct fib_prefix *prefix, uint32_t nh, uint32_t *ret_nh);
int fib_delete(struct fib *fib, const struct fib_prefix *prefix, uint32_t *ret_nh);

enum fib_op_kind {
	FIB_INSERT,
	FIB_REPLACE,
	FIB_DELETE,
};

struct fib_op {
	struct fib_route route; /* nh unused by FIB_DELETE */
	enum fib_op_kind kind;
	uint32_t old_nh; /* out: what the prefix had before */
};

/**
 * fib_batch() - apply @n changes in their order, all or none; the forwarding form is built once
 * @ret_failed: out: index of the change that failed; may be NULL; untouched on success
 *
 * A small table changes for workers at one moment. A large one changes piece by piece, and when
 * memory runs out in the middle the pieces are put back, which workers may see.
 * Context, errors: as for one change
 */
int fib_batch(struct fib *fib, struct fib_op *ops, size_t n, size_t *ret_failed);

/* Next hop of exactly this prefix; FIB_NH_NONE: not there. Context: control. */
uint32_t fib_get(const struct fib *fib, const struct fib_prefix *prefix);

/**
 * fib_next() - walk the prefixes in order of (address, length)
 * @after: the last one seen, which may be gone by now; NULL: begin
 *
 * So a dump may be interrupted by changes without seeing a prefix twice.
 * Context: control
 * Return:  false at the end
 */
bool fib_next(const struct fib *fib, const struct fib_prefix *after, struct fib_route *ret_route);

/* Bytes that workers' pieces take, and the RIB; walks the table. Context: control. */
struct fib_usage {
	size_t fib_bytes, rib_bytes;
	size_t pieces; /* count */
};
void fib_usage(const struct fib *fib, struct fib_usage *ret_usage);

/* The ref for lookups. Context: worker; wait-free; pairs with the release of the writer. */
static inline uint64_t fib_ref(const struct fib *fib)
{
	return __atomic_load_n(&fib->ref, __ATOMIC_ACQUIRE);
}

/**
 * fib4_lookup_vec(), fib6_lookup_vec() - next hops of a vector, each packet with a table of its own
 * @ref:    n refs, read from tenants in this burst; 0 is an empty table
 * @dst:    n destinations, host order
 * @ret_nh: n next hops; FIB_NH_NONE: no route
 *
 * Fast when fibX_prefetch_vec() was called about 100 ns before; always right.
 * Context:  worker; RCU reader online; wait-free
 * Ordering: acquire for pointers inside; pairs with the release stores of a change
 */
void fib4_lookup_vec(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n);
void fib6_lookup_vec(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n);

/* The lines that the lookups will touch first; touches nothing but the arguments. */
void fib4_prefetch_vec(const uint64_t *ref, const uint32_t *dst, unsigned int n);
void fib6_prefetch_vec(const uint64_t *ref, const struct fib_addr *dst, unsigned int n);

static inline uint32_t fib4_lookup(uint64_t ref, uint32_t dst)
{
	uint32_t nh;

	fib4_lookup_vec(&ref, &dst, &nh, 1);
	return nh;
}

static inline uint32_t fib6_lookup(uint64_t ref, struct fib_addr dst)
{
	uint32_t nh;

	fib6_lookup_vec(&ref, &dst, &nh, 1);
	return nh;
}

enum fib_simd {
	FIB_SIMD_SCALAR,
	FIB_SIMD_AVX2,
	FIB_SIMD_AVX512,
	FIB_SIMD_KINDS,
};

/* The best that the machine has; fib_init() has chosen it already. */
enum fib_simd fib_simd_best(void);
enum fib_simd fib_simd_now(void);
/* For tests and comparisons; any thread's next vector uses it. Errors: -ENOTSUP, -EINVAL */
int fib_simd_use(enum fib_simd simd);

#ifdef __cplusplus
}
#endif

#endif /* FIB_H */
