/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk of a vector through refs, for both families and all instruction sets: always_inline
 * bodies, which lookup4.c and lookup6.c compile once per instruction set.
 *
 * Worker side. Leaves at the root are answered in the first pass. What goes deeper is moved through
 * lists, one piece further per pass, each piece prefetched a pass before it is read; the lists are
 * filled without branches on the kind, which is as good as random in large tables.
 */
#ifndef FIB_LOOKUP_H
#define FIB_LOOKUP_H

#include "fib.h"
#include "fib_format.h"

#define FIB_INLINE static inline __attribute__((always_inline))
#define FIB_AVX2   __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define FIB_AVX512 \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt,lzcnt")))
#define FIB_AT_ONCE 128u /* packets in one pass */

/* One set of functions per instruction set; simd.c chooses. */
struct fib_lookup_ops {
	void (*vec4)(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n);
	void (*vec6)(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n);
};

void fib4_vec_scalar(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n);
void fib4_vec_avx2(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n);
void fib4_vec_avx512(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n);
void fib6_vec_scalar(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n);
void fib6_vec_avx2(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		   unsigned int n);
void fib6_vec_avx512(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n);

/* Uses the best set unless a caller has decided already. */
void fib_simd_init(void);

/* Next hop of a leaf for dst[i], whose first depth bits are used up. */
#define FIB_LEAF_FN(name) \
	uint32_t (*name)(uint64_t ref, const void *dst, unsigned int i, unsigned int depth)
/* The 8 bits of dst[i] behind the first depth ones. */
#define FIB_BYTE_FN(name) unsigned int (*name)(const void *dst, unsigned int i, unsigned int depth)

/* A packet on its way down. */
struct fib_way {
	uint64_t ref;
	uint32_t best; /* what was decided above */
	uint16_t i;
	uint16_t depth;
};

struct fib_ways {
	struct fib_way way[FIB_AT_ONCE];
	unsigned int n;
};

/* Next hop number @r of a leaf, where which[] has @n; reads the byte before an entry too. */
FIB_INLINE uint32_t fib_leaf_nh(const uint8_t *which, unsigned int r, unsigned int n)
{
	uint32_t nh;

	__builtin_memcpy(&nh, which + n + 3 * which[r] - 1, sizeof(nh));
	return nh >> 8;
}

FIB_INLINE uint32_t fib_or(uint32_t nh, uint32_t best)
{
	return nh ? nh : best;
}

/* @ref was just read: answers an immediate, or lists it for the next pass. */
FIB_INLINE void fib_step(struct fib_ways *leaves, struct fib_ways *chunks, uint64_t ref,
			 uint32_t best, unsigned int i, unsigned int depth, uint32_t *ret_nh)
{
	struct fib_way way = { ref, best, (uint16_t)i, (uint16_t)depth };
	enum fib_kind kind = fib_ref_kind(ref);
	const char *line = kind == FIB_IMM ? (const char *)leaves : fib_ref_ptr(ref);

	__builtin_prefetch(line);
	__builtin_prefetch(line + FIB_LINE);
	ret_nh[i] = fib_or(fib_ref_nh(ref), best);
	leaves->way[leaves->n] = way;
	leaves->n += kind == FIB_LEAF;
	chunks->way[chunks->n] = way;
	chunks->n += kind == FIB_CHUNK;
}

/* Chunks whose first line is here; their children go into the lists. */
FIB_INLINE void fib_step_chunks(struct fib_ways *chunks, struct fib_ways *leaves,
				struct fib_ways *next, const void *dst, uint32_t *ret_nh,
				FIB_BYTE_FN(byte))
{
	const uint8_t *which[FIB_AT_ONCE];
	unsigned int j;

	for (j = 0; j < chunks->n; j++) {
		struct fib_way *way = &chunks->way[j];
		const struct fib_chunk *chunk = fib_ref_ptr(way->ref);

		which[j] = fib_chunk_which(chunk, fib_ref_counts(way->ref)) +
			   fib_chunk_rank(chunk, byte(dst, way->i, way->depth));
		__builtin_prefetch(which[j]);
	}
	next->n = 0;
	for (j = 0; j < chunks->n; j++) {
		const struct fib_way *way = &chunks->way[j];
		const struct fib_chunk *chunk = fib_ref_ptr(way->ref);
		uint32_t entry = chunk->entry[*which[j]], best;

		/* pairs with the relaxed store in fib_txn_store32() */
		best = fib_or(__atomic_load_n(&chunk->dflt, __ATOMIC_RELAXED), way->best);
		if (__builtin_expect(!(entry & FIB_CHILD), 1)) {
			ret_nh[way->i] = fib_or(entry, best);
			continue;
		}
		/* pairs with the release in fib_txn_store() */
		fib_step(leaves, next,
			 __atomic_load_n(&fib_chunk_child(way->ref)[entry & ~FIB_CHILD],
					 __ATOMIC_ACQUIRE),
			 best, way->i, way->depth + 8u, ret_nh);
	}
}

/* All that did not end at the root. */
FIB_INLINE void fib_walk_down(struct fib_ways *roots, const void *dst, uint32_t *ret_nh,
			      FIB_LEAF_FN(leaf), FIB_BYTE_FN(byte))
{
	struct fib_ways leaves, lists[2], *chunks = &lists[0], *next = &lists[1], *swap;
	unsigned int j;

	leaves.n = 0;
	chunks->n = 0;
	for (j = 0; j < roots->n; j++) {
		const struct fib_way *way = &roots->way[j];

		if (fib_ref_kind(way->ref) == FIB_DIRECT) {
			const struct fib_direct *table = fib_ref_ptr(way->ref);
			unsigned int s = byte(dst, way->i, 0) << 8 | byte(dst, way->i, 8);

			/* pair with the stores in fib_txn_store() and fib_txn_store32() */
			fib_step(&leaves, chunks,
				 __atomic_load_n(&table->slot[s], __ATOMIC_ACQUIRE),
				 __atomic_load_n(&table->dflt, __ATOMIC_RELAXED), way->i, 16,
				 ret_nh);
		} else {
			chunks->way[chunks->n++] = *way;
		}
	}
	while (leaves.n > 0 || chunks->n > 0) {
		for (j = 0; j < leaves.n; j++) {
			const struct fib_way *way = &leaves.way[j];

			ret_nh[way->i] = fib_or(leaf(way->ref, dst, way->i, way->depth), way->best);
		}
		leaves.n = 0;
		fib_step_chunks(chunks, &leaves, next, dst, ret_nh, byte);
		swap = chunks;
		chunks = next;
		next = swap;
	}
}

/* A vector of at most FIB_AT_ONCE. */
FIB_INLINE void fib_walk(const uint64_t *ref, const void *dst, uint32_t *ret_nh, unsigned int n,
			 FIB_LEAF_FN(leaf), FIB_BYTE_FN(byte))
{
	struct fib_ways roots;
	unsigned int i;

	roots.n = 0;
	for (i = 0; i < n; i++) {
		enum fib_kind kind = fib_ref_kind(ref[i]);

		if (__builtin_expect(kind == FIB_LEAF, 1)) {
			ret_nh[i] = leaf(ref[i], dst, i, 0);
		} else if (kind == FIB_IMM) {
			ret_nh[i] = fib_ref_nh(ref[i]);
		} else {
			roots.way[roots.n++] = (struct fib_way){ ref[i], 0, (uint16_t)i, 0 };
		}
	}
	if (roots.n > 0)
		fib_walk_down(&roots, dst, ret_nh, leaf, byte);
}

#endif /* FIB_LOOKUP_H */
