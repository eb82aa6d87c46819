/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 lookups: the search within a leaf for each instruction set, and the vectors built on it.
 *
 * Worker side, wait-free. The rank of a key is the number of starts that are not above it; with
 * AVX-512 two masked compares settle up to 32 starts without a branch.
 */
#include "lookup.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

FIB_INLINE unsigned int byte4(const void *dst, unsigned int i, unsigned int depth)
{
	return ((const uint32_t *)dst)[i] >> (24 - depth) & 255;
}

/*
 * A rank is the number of starts that are below the key: rank32() of starts of 4 bytes, rank16() of
 * those of 2, which are below chunks and direct tables only, 32 at most.
 */
#define RANK32(name) unsigned int (*name)(const int32_t *start, unsigned int n, int32_t key)
#define RANK16(name) unsigned int (*name)(const int16_t *start, unsigned int n, int16_t key)

FIB_INLINE uint32_t leaf4(uint64_t ref, const void *dst, unsigned int i, unsigned int depth,
			  RANK32(rank32), RANK16(rank16))
{
	uint32_t key = ((const uint32_t *)dst)[i] << depth ^ 0x80000000u;
	bool narrow = depth >= 16;
	const char *piece = fib_ref_ptr(ref);
	unsigned int n = fib_ref_counts(ref), r;

	if (narrow)
		r = rank16((const int16_t *)piece, n, (int16_t)(key >> 16));
	else
		r = rank32((const int32_t *)piece, n, (int32_t)key);
	return fib_leaf_nh(piece + fib_leaf4_which(n, narrow), r, n + 1);
}

/* Branch-free halving: the answer lies in start .. start + n. */
#define RANK_SCALAR(name, type)                                                   \
	FIB_INLINE unsigned int name(const type *start, unsigned int n, type key) \
	{                                                                         \
		const type *at = start;                                           \
                                                                                  \
		while (n > 1) {                                                   \
			unsigned int half = n / 2;                                \
                                                                                  \
			at += key > at[half - 1] ? half : 0;                      \
			n -= half;                                                \
		}                                                                 \
		return (unsigned int)(at - start) + (n > 0 && key > *at);         \
	}

RANK_SCALAR(rank32_scalar, int32_t)
RANK_SCALAR(rank16_scalar, int16_t)

FIB_INLINE uint32_t leaf4_scalar(uint64_t ref, const void *dst, unsigned int i, unsigned int depth)
{
	return leaf4(ref, dst, i, depth, rank32_scalar, rank16_scalar);
}

void fib4_vec_scalar(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, true, leaf4_scalar, byte4);
}

#if defined(__x86_64__)
/* Whole vectors are read: a piece is whole lines, and starts begin at its beginning. */
FIB_AVX2 static inline unsigned int rank32_avx2(const int32_t *start, unsigned int n, int32_t key)
{
	__m256i keys = _mm256_set1_epi32(key);
	unsigned int i, rank = 0;

	for (i = 0; i < n; i += 8) {
		__m256i part = _mm256_load_si256((const __m256i *)(start + i));
		__m256i below = _mm256_cmpgt_epi32(keys, part);
		unsigned int mask = (unsigned int)_mm256_movemask_ps(_mm256_castsi256_ps(below));

		rank += (unsigned int)__builtin_popcount(_bzhi_u32(mask, n - i));
	}
	return rank;
}

/* Two bits of the mask a start. */
FIB_AVX2 static inline unsigned int rank16_avx2(const int16_t *start, unsigned int n, int16_t key)
{
	__m256i keys = _mm256_set1_epi16(key);
	unsigned int i, rank = 0;

	for (i = 0; i < n; i += 16) {
		__m256i part = _mm256_load_si256((const __m256i *)(start + i));
		unsigned int mask =
			(unsigned int)_mm256_movemask_epi8(_mm256_cmpgt_epi16(keys, part));

		rank += (unsigned int)__builtin_popcount(_bzhi_u32(mask, 2 * (n - i))) / 2;
	}
	return rank;
}

FIB_AVX2 static inline uint32_t leaf4_avx2(uint64_t ref, const void *dst, unsigned int i,
					   unsigned int depth)
{
	return leaf4(ref, dst, i, depth, rank32_avx2, rank16_avx2);
}

FIB_AVX2 void fib4_vec_avx2(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh,
			    unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, true, leaf4_avx2, byte4);
}

FIB_AVX512 static inline unsigned int rank32_avx512_half(const int32_t *start, unsigned int n,
							 int32_t key)
{
	uint32_t mask = _bzhi_u32(UINT32_MAX, n);
	__mmask16 low = (__mmask16)mask, high = (__mmask16)(mask >> 16);
	__m512i keys = _mm512_set1_epi32(key);

	low = _mm512_mask_cmpgt_epi32_mask(low, keys, _mm512_maskz_loadu_epi32(low, start));
	high = _mm512_mask_cmpgt_epi32_mask(high, keys, _mm512_maskz_loadu_epi32(high, start + 16));
	return (unsigned int)__builtin_popcount(low | (uint32_t)high << 16);
}

FIB_AVX512 static inline unsigned int rank32_avx512(const int32_t *start, unsigned int n,
						    int32_t key)
{
	unsigned int rank = rank32_avx512_half(start, n, key);

	if (__builtin_expect(n > 32, 0))
		rank += rank32_avx512_half(start + 32, n - 32, key);
	return rank;
}

FIB_AVX512 static inline unsigned int rank16_avx512(const int16_t *start, unsigned int n,
						    int16_t key)
{
	__mmask32 mask = _bzhi_u32(UINT32_MAX, n);
	__m512i keys = _mm512_set1_epi16(key);

	mask = _mm512_mask_cmpgt_epi16_mask(mask, keys, _mm512_maskz_loadu_epi16(mask, start));
	return (unsigned int)__builtin_popcount(mask);
}

FIB_AVX512 static inline uint32_t leaf4_avx512(uint64_t ref, const void *dst, unsigned int i,
					       unsigned int depth)
{
	return leaf4(ref, dst, i, depth, rank32_avx512, rank16_avx512);
}

FIB_AVX512 void fib4_vec_avx512(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh,
				unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, true, leaf4_avx512, byte4);
}
#endif

static_assert(FIB_MAX_LEAF <= 64, "two times 32 starts");

#define LIKELY_ENTRIES 4u /* of a dictionary; how many there are only the leaf knows */

void fib4_prefetch_vec(const uint64_t *ref, const uint32_t *dst, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const char *piece = fib_ref_ptr(ref[i]);
		enum fib_kind kind = fib_ref_kind(ref[i]);
		unsigned int bytes = 1, at;

		if (kind == FIB_IMM)
			continue;
		if (kind == FIB_DIRECT)
			piece += (dst[i] >> 16) * sizeof(uint64_t);
		else if (kind == FIB_LEAF)
			bytes = (unsigned int)fib_leaf4_bytes(fib_ref_counts(ref[i]),
							      LIKELY_ENTRIES, false);
		for (at = 0; at < bytes; at += FIB_LINE)
			__builtin_prefetch(piece + at);
	}
}
