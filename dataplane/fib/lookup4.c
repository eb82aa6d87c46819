/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 lookups: the search within a leaf for each instruction set, and the vectors built on it.
 *
 * Worker side, wait-free. A word w of a leaf is the bits of a route, a 1, zeros. w ^ (w - 1) has
 * ones from that 1 on, so (key ^ w) & ~(w ^ (w - 1)) is 0 where the route covers the key. Words of
 * full length, which have no such 1, are not decremented. The first match is the longest.
 */
#include "lookup.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

FIB_INLINE unsigned int byte4(const void *dst, unsigned int i, unsigned int depth)
{
	return ((const uint32_t *)dst)[i] >> (24 - depth) & 255;
}

/* The number of the first of @n words that covers the key, @full of which are whole; n: none. */
#define FIRST32(name) \
	unsigned int (*name)(const uint32_t *word, unsigned int n, unsigned int full, uint32_t key)
#define FIRST16(name) \
	unsigned int (*name)(const uint16_t *word, unsigned int n, unsigned int full, uint16_t key)

FIB_INLINE uint32_t leaf4(uint64_t ref, const void *dst, unsigned int i, unsigned int depth,
			  FIRST32(first32), FIRST16(first16))
{
	unsigned int counts = fib_ref_counts(ref), n = counts & 255, full = counts >> 8, r;
	uint32_t key = ((const uint32_t *)dst)[i] << depth;
	const void *piece = fib_ref_ptr(ref);
	bool narrow = depth >= 16;

	if (narrow)
		r = first16(piece, n, full, (uint16_t)(key >> 16));
	else
		r = first32(piece, n, full, key);
	return fib_leaf_nh((const uint8_t *)piece + fib_leaf4_which(n, narrow), r, n + 1);
}

FIB_INLINE unsigned int first32_scalar(const uint32_t *word, unsigned int n, unsigned int full,
				       uint32_t key)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (((key ^ word[i]) & ~(word[i] ^ (word[i] - (i >= full)))) == 0)
			break;
	}
	return i;
}

FIB_INLINE unsigned int first16_scalar(const uint16_t *word, unsigned int n, unsigned int full,
				       uint16_t key)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (((key ^ word[i]) & ~(word[i] ^ (word[i] - (i >= full)))) == 0)
			break;
	}
	return i;
}

FIB_INLINE uint32_t leaf4_scalar(uint64_t ref, const void *dst, unsigned int i, unsigned int depth)
{
	return leaf4(ref, dst, i, depth, first32_scalar, first16_scalar);
}

void fib4_vec_scalar(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf4_scalar, byte4);
}

#if defined(__x86_64__)
/* Whole vectors are read: a piece is whole lines, and words begin at its beginning. */
FIB_AVX2 static inline unsigned int first32_avx2(const uint32_t *word, unsigned int n,
						 unsigned int full, uint32_t key)
{
	__m256i keys = _mm256_set1_epi32((int)key);
	__m256i less = _mm256_sub_epi32(_mm256_set1_epi32((int)full - 1),
					_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
	unsigned int i, mask;

	for (i = 0; i < n; i += 8) {
		__m256i w = _mm256_load_si256((const __m256i *)(word + i));
		/* below zero, so -1, from word number `full` on */
		__m256i minus = _mm256_srai_epi32(less, 31);
		__m256i behind = _mm256_xor_si256(w, _mm256_add_epi32(w, minus));
		__m256i differ = _mm256_andnot_si256(behind, _mm256_xor_si256(w, keys));
		__m256i match = _mm256_cmpeq_epi32(differ, _mm256_setzero_si256());

		mask = (unsigned int)_mm256_movemask_ps(_mm256_castsi256_ps(match));
		mask = _bzhi_u32(mask, n - i);
		if (mask)
			return i + (unsigned int)__builtin_ctz(mask);
		less = _mm256_sub_epi32(less, _mm256_set1_epi32(8));
	}
	return n;
}

/* Two bits of the mask a word. */
FIB_AVX2 static inline unsigned int first16_avx2(const uint16_t *word, unsigned int n,
						 unsigned int full, uint16_t key)
{
	__m256i keys = _mm256_set1_epi16((short)key);
	__m256i less = _mm256_sub_epi16(
		_mm256_set1_epi16((short)(full - 1)),
		_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
	unsigned int i, mask;

	for (i = 0; i < n; i += 16) {
		__m256i w = _mm256_load_si256((const __m256i *)(word + i));
		__m256i minus = _mm256_srai_epi16(less, 15);
		__m256i behind = _mm256_xor_si256(w, _mm256_add_epi16(w, minus));
		__m256i differ = _mm256_andnot_si256(behind, _mm256_xor_si256(w, keys));
		__m256i match = _mm256_cmpeq_epi16(differ, _mm256_setzero_si256());

		mask = _bzhi_u32((unsigned int)_mm256_movemask_epi8(match), 2 * (n - i));
		if (mask)
			return i + (unsigned int)__builtin_ctz(mask) / 2;
		less = _mm256_sub_epi16(less, _mm256_set1_epi16(16));
	}
	return n;
}

FIB_AVX2 static inline uint32_t leaf4_avx2(uint64_t ref, const void *dst, unsigned int i,
					   unsigned int depth)
{
	return leaf4(ref, dst, i, depth, first32_avx2, first16_avx2);
}

FIB_AVX2 void fib4_vec_avx2(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh,
			    unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf4_avx2, byte4);
}

/* Truth table of (a ^ b) & ~(b ^ c). */
#define DIFFER 0x18

FIB_AVX512 static inline uint32_t match32_avx512(const uint32_t *word, uint32_t have, uint32_t part,
						 uint32_t key)
{
	__m512i w = _mm512_maskz_loadu_epi32((__mmask16)have, word);
	__m512i less = _mm512_mask_sub_epi32(w, (__mmask16)part, w, _mm512_set1_epi32(1));
	__m512i differ = _mm512_ternarylogic_epi32(_mm512_set1_epi32((int)key), w, less, DIFFER);

	return _mm512_mask_testn_epi32_mask((__mmask16)have, differ, differ);
}

FIB_AVX512 static inline unsigned int first32_avx512(const uint32_t *word, unsigned int n,
						     unsigned int full, uint32_t key)
{
	uint32_t have = _bzhi_u32(UINT32_MAX, n), part = have >> full << full, mask;

	mask = match32_avx512(word, have, part, key) | (have + 1);
	if (__builtin_expect(n > 16, 0))
		mask |= match32_avx512(word + 16, have >> 16, part >> 16, key) << 16;
	return (unsigned int)__builtin_ctz(mask);
}

FIB_AVX512 static inline unsigned int first16_avx512(const uint16_t *word, unsigned int n,
						     unsigned int full, uint16_t key)
{
	uint32_t have = _bzhi_u32(UINT32_MAX, n), part = have >> full << full;
	__m512i w = _mm512_maskz_loadu_epi16(have, word);
	__m512i less = _mm512_mask_sub_epi16(w, part, w, _mm512_set1_epi16(1));
	__m512i differ = _mm512_ternarylogic_epi32(_mm512_set1_epi16((short)key), w, less, DIFFER);

	return (unsigned int)__builtin_ctz(_mm512_mask_testn_epi16_mask(have, differ, differ) |
					   (have + 1));
}

FIB_AVX512 static inline uint32_t leaf4_avx512(uint64_t ref, const void *dst, unsigned int i,
					       unsigned int depth)
{
	return leaf4(ref, dst, i, depth, first32_avx512, first16_avx512);
}

FIB_AVX512 void fib4_vec_avx512(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh,
				unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf4_avx512, byte4);
}
#endif

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
			bytes = (unsigned int)fib_leaf4_bytes(fib_ref_counts(ref[i]) & 255,
							      LIKELY_ENTRIES, false);
		for (at = 0; at < bytes; at += FIB_LINE)
			__builtin_prefetch(piece + at);
	}
}
