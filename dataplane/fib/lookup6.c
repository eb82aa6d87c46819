/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 lookups: the search within a leaf for each instruction set, and the vectors built on it.
 *
 * Worker side, wait-free. Words are compared as in lookup4.c: the upper ones with the upper half of
 * the key, the lower ones with its lower half. A lower one counts if its upper one matched too.
 */
#include "lookup.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/* A bit for each of @n words that covers the key; the first @full of them are whole. */
#define MATCH(name) \
	uint32_t (*name)(const uint64_t *word, unsigned int n, unsigned int full, uint64_t key)

/* A bit for each of @m lower words whose upper word is in the mask; what follows is anything. */
#define PICK(name) uint32_t (*name)(const uint8_t *in, unsigned int m, uint32_t upper)

/* All matches of the leaf in one mask, lower words first; the bit behind them is "none". */
FIB_INLINE uint32_t leaf6(uint64_t ref, const void *dst, unsigned int i, unsigned int depth,
			  MATCH(match), PICK(pick))
{
	struct fib_addr key = shift_left(((const struct fib_addr *)dst)[i], depth);
	unsigned int counts = fib_ref_counts(ref), n = counts & 255, m = counts >> 8;
	const uint8_t *piece = fib_ref_ptr(ref);
	const struct fib_leaf6 *head = (const struct fib_leaf6 *)(piece + fib_leaf6_head(n, m));
	const uint64_t *word = (const uint64_t *)piece;
	uint32_t upper = match(word, n, head->full_upper, key.hi);
	uint32_t lower = match(word + n, m, head->full_lower, key.lo);
	uint64_t all = (uint64_t)(upper >> head->bare << head->bare | 1u << n) << m;

	all |= lower & pick(head->in, m, upper);
	return fib_leaf_nh(piece + fib_leaf6_which(n, m), (unsigned int)__builtin_ctzll(all),
			   m + n + 1);
}

FIB_INLINE uint32_t pick_scalar(const uint8_t *in, unsigned int m, uint32_t upper)
{
	uint32_t mask = 0;
	unsigned int i;

	for (i = 0; i < m; i++)
		mask |= (upper >> in[i] & 1) << i;
	return mask;
}

FIB_INLINE uint32_t match_scalar(const uint64_t *word, unsigned int n, unsigned int full,
				 uint64_t key)
{
	uint32_t mask = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t differ = (key ^ word[i]) & ~(word[i] ^ (word[i] - (i >= full)));

		mask |= (uint32_t)(differ == 0) << i;
	}
	return mask;
}

FIB_INLINE uint32_t leaf6_scalar(uint64_t ref, const void *dst, unsigned int i, unsigned int depth)
{
	return leaf6(ref, dst, i, depth, match_scalar, pick_scalar);
}

void fib6_vec_scalar(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf6_scalar, byte6);
}

#if defined(__x86_64__)
FIB_AVX2 static inline uint32_t match_avx2(const uint64_t *word, unsigned int n, unsigned int full,
					   uint64_t key)
{
	__m256i keys = _mm256_set1_epi64x((long long)key), numbers = _mm256_setr_epi64x(0, 1, 2, 3);
	__m256i ends = _mm256_set1_epi64x(n), wholes = _mm256_set1_epi64x((long long)full - 1);
	uint32_t mask = 0;
	unsigned int i;

	for (i = 0; i < n; i += 4) {
		__m256i have = _mm256_cmpgt_epi64(ends, numbers);
		__m256i w = _mm256_maskload_epi64((const long long *)(word + i), have);
		__m256i less = _mm256_add_epi64(w, _mm256_cmpgt_epi64(numbers, wholes));
		__m256i differ =
			_mm256_andnot_si256(_mm256_xor_si256(w, less), _mm256_xor_si256(w, keys));
		__m256i match = _mm256_cmpeq_epi64(differ, _mm256_setzero_si256());

		match = _mm256_and_si256(match, have);
		mask |= (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(match)) << i;
		numbers = _mm256_add_epi64(numbers, _mm256_set1_epi64x(4));
	}
	return mask;
}

FIB_AVX2 static inline uint32_t leaf6_avx2(uint64_t ref, const void *dst, unsigned int i,
					   unsigned int depth)
{
	return leaf6(ref, dst, i, depth, match_avx2, pick_scalar);
}

FIB_AVX2 void fib6_vec_avx2(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
			    unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf6_avx2, byte6);
}

/* Truth table of (a ^ b) & ~(b ^ c). */
#define DIFFER 0x18

FIB_AVX512 static inline uint32_t match8_avx512(const uint64_t *word, uint32_t have, uint32_t part,
						uint64_t key)
{
	__m512i w = _mm512_maskz_loadu_epi64((__mmask8)have, word);
	__m512i less = _mm512_mask_sub_epi64(w, (__mmask8)part, w, _mm512_set1_epi64(1));
	__m512i differ =
		_mm512_ternarylogic_epi64(_mm512_set1_epi64((long long)key), w, less, DIFFER);

	return _mm512_mask_testn_epi64_mask((__mmask8)have, differ, differ);
}

FIB_AVX512 static inline uint32_t match_avx512(const uint64_t *word, unsigned int n,
					       unsigned int full, uint64_t key)
{
	uint32_t have = _bzhi_u32(UINT32_MAX, n), part = have >> full << full;
	uint32_t mask = match8_avx512(word, have, part, key);
	unsigned int i;

	for (i = 8; __builtin_expect(i < n, 0); i += 8)
		mask |= match8_avx512(word + i, have >> i, part >> i, key) << i;
	return mask;
}

FIB_AVX512 static inline uint32_t pick16_avx512(const uint8_t *in, uint32_t have, uint32_t upper)
{
	__m128i bytes = _mm_maskz_loadu_epi8((__mmask16)have, in);
	__m512i bits =
		_mm512_srlv_epi32(_mm512_set1_epi32((int)upper), _mm512_cvtepu8_epi32(bytes));

	return _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1));
}

FIB_AVX512 static inline uint32_t pick_avx512(const uint8_t *in, unsigned int m, uint32_t upper)
{
	uint32_t have = _bzhi_u32(UINT32_MAX, m), mask = pick16_avx512(in, have, upper);

	if (__builtin_expect(m > 16, 0))
		mask |= pick16_avx512(in + 16, have >> 16, upper) << 16;
	return mask; /* bits from m on are anything */
}

FIB_AVX512 static inline uint32_t leaf6_avx512(uint64_t ref, const void *dst, unsigned int i,
					       unsigned int depth)
{
	return leaf6(ref, dst, i, depth, match_avx512, pick_avx512);
}

FIB_AVX512 void fib6_vec_avx512(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
				unsigned int n)
{
	fib_walk(ref, dst, ret_nh, n, leaf6_avx512, byte6);
}
#endif

#define LIKELY_ENTRIES 4u /* of a dictionary; how many there are only the leaf knows */

void fib6_prefetch_vec(const uint64_t *ref, const struct fib_addr *dst, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const char *piece = fib_ref_ptr(ref[i]);
		unsigned int counts = fib_ref_counts(ref[i]), bytes = 1, at;

		if (fib_ref_kind(ref[i]) == FIB_IMM)
			continue;
		if (fib_ref_kind(ref[i]) == FIB_DIRECT)
			piece += (dst[i].hi >> 48) * sizeof(uint64_t);
		else if (fib_ref_kind(ref[i]) == FIB_LEAF)
			bytes = (unsigned int)fib_leaf6_bytes(counts & 255, counts >> 8,
							      LIKELY_ENTRIES);
		for (at = 0; at < bytes; at += FIB_LINE)
			__builtin_prefetch(piece + at);
	}
}
