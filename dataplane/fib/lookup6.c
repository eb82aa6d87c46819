/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 lookups: the search within a leaf for each instruction set, and the vectors built on it.
 *
 * Worker side, wait-free. First the rank among the upper halves; only where the interval found has
 * lower starts, which is where a host has addresses of its own, the rank among those.
 */
#include "lookup.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define TOP_BIT (1ull << 63)

FIB_INLINE unsigned int byte6(const void *dst, unsigned int i, unsigned int depth)
{
	const struct fib_addr *addr = (const struct fib_addr *)dst + i;

	return (depth < 64 ? addr->hi : addr->lo) >> (56 - (depth & 63)) & 255;
}

FIB_INLINE struct fib_addr shift_left(struct fib_addr addr, unsigned int depth)
{
	if (depth == 0)
		return addr;
	if (depth >= 64)
		return (struct fib_addr){ addr.lo << (depth - 64), 0 };
	return (struct fib_addr){ addr.hi << depth | addr.lo >> (64 - depth), addr.lo << depth };
}

FIB_INLINE uint32_t leaf6(uint64_t ref, const void *dst, unsigned int i, unsigned int depth,
			  unsigned int (*rank)(const int64_t *, unsigned int, int64_t))
{
	struct fib_addr key = shift_left(((const struct fib_addr *)dst)[i], depth);
	unsigned int counts = fib_ref_counts(ref), h = counts & 255, l = counts >> 8, r, in;
	const char *piece = fib_ref_ptr(ref);
	const int64_t *upper = (const int64_t *)piece;
	const uint8_t *before = (const uint8_t *)piece + fib_leaf6_before(h, l);

	r = rank(upper, h, (int64_t)(key.hi ^ TOP_BIT));
	in = before[r];
	if (before[r + 1] > in)
		r += rank(upper + h + in, before[r + 1] - in, (int64_t)(key.lo ^ TOP_BIT));
	return fib_leaf_nh(piece + fib_leaf6_which(h, l), r + in, h + l + 1);
}

/* Branch-free halving: the answer lies in start .. start + n. */
FIB_INLINE unsigned int rank_scalar(const int64_t *start, unsigned int n, int64_t key)
{
	const int64_t *at = start;

	while (n > 1) {
		unsigned int half = n / 2;

		at += key > at[half - 1] ? half : 0;
		n -= half;
	}
	return (unsigned int)(at - start) + (n > 0 && key > *at);
}

FIB_INLINE uint32_t leaf6_scalar(uint64_t ref, const void *dst, unsigned int i, unsigned int depth)
{
	return leaf6(ref, dst, i, depth, rank_scalar);
}

void fib6_vec_scalar(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, false, leaf6_scalar, byte6);
}

#if defined(__x86_64__)
FIB_AVX2 static inline unsigned int rank_avx2(const int64_t *start, unsigned int n, int64_t key)
{
	static const int64_t lanes[8] = { -1, -1, -1, -1, 0, 0, 0, 0 };
	__m256i keys = _mm256_set1_epi64x(key);
	unsigned int i, rank = 0;

	for (i = 0; i < n; i += 4) {
		unsigned int left = n - i < 4 ? n - i : 4;
		__m256i mask = _mm256_loadu_si256((const __m256i *)(lanes + 4 - left));
		__m256i part = _mm256_maskload_epi64((const long long *)(start + i), mask);
		__m256i above = _mm256_and_si256(_mm256_cmpgt_epi64(keys, part), mask);

		rank += (unsigned int)__builtin_popcount(
			(unsigned int)_mm256_movemask_pd(_mm256_castsi256_pd(above)));
	}
	return rank;
}

FIB_AVX2 static inline uint32_t leaf6_avx2(uint64_t ref, const void *dst, unsigned int i,
					   unsigned int depth)
{
	return leaf6(ref, dst, i, depth, rank_avx2);
}

FIB_AVX2 void fib6_vec_avx2(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
			    unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, false, leaf6_avx2, byte6);
}

FIB_AVX512 static inline unsigned int rank16_avx512(const int64_t *start, unsigned int n,
						    int64_t key)
{
	uint32_t mask = _bzhi_u32(UINT32_MAX, n);
	__mmask8 low = (__mmask8)mask, high = (__mmask8)(mask >> 8);
	__m512i keys = _mm512_set1_epi64(key);

	low = _mm512_mask_cmpgt_epi64_mask(low, keys, _mm512_maskz_loadu_epi64(low, start));
	high = _mm512_mask_cmpgt_epi64_mask(high, keys, _mm512_maskz_loadu_epi64(high, start + 8));
	return (unsigned int)__builtin_popcount(low | (uint32_t)high << 8);
}

FIB_AVX512 static inline unsigned int rank_avx512(const int64_t *start, unsigned int n, int64_t key)
{
	unsigned int rank = rank16_avx512(start, n, key), i;

	for (i = 16; i < n; i += 16)
		rank += rank16_avx512(start + i, n - i, key);
	return rank;
}

FIB_AVX512 static inline uint32_t leaf6_avx512(uint64_t ref, const void *dst, unsigned int i,
					       unsigned int depth)
{
	return leaf6(ref, dst, i, depth, rank_avx512);
}

FIB_AVX512 void fib6_vec_avx512(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
				unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, false, leaf6_avx512, byte6);
}
#endif

#define LIKELY_ENTRIES 4u /* of a dictionary; how many there are only the leaf knows */

void fib6_prefetch_vec(const uint64_t *ref, const struct fib_addr *dst, unsigned int n)
{
	unsigned int i;

	(void)dst;
	for (i = 0; i < n; i++) {
		const char *piece = fib_ref_ptr(ref[i]);
		unsigned int counts = fib_ref_counts(ref[i]), bytes = 1, at;

		if (fib_ref_kind(ref[i]) == FIB_IMM)
			continue;
		if (fib_ref_kind(ref[i]) == FIB_LEAF)
			bytes = (unsigned int)fib_leaf6_bytes(counts & 255, counts >> 8,
							      LIKELY_ENTRIES);
		for (at = 0; at < bytes; at += FIB_LINE)
			__builtin_prefetch(piece + at);
	}
}
