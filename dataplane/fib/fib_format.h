/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What refs and the pieces of the forwarding form look like. Written by flat.c and trie_*.c, read
 * by lookup4.c and lookup6.c; nobody else knows it.
 *
 * A piece decides the bits of an address behind the first `depth` ones, which the pieces above it
 * have used up: its key is the address shifted left by depth.
 *
 * - immediate: the answer itself, no memory.
 * - leaf: sorted starts of intervals, then the next hop of each interval. One contiguous piece.
 * - chunk: the next 8 bits. Bit i of the bitmap says that slot i differs from slot i - 1, so the
 *   rank of a slot finds its value: a next hop, or the number of a child.
 * - direct: the first 16 bits of an IPv4 address, one ref each; only for large tables.
 *
 * In leaves below a chunk, in chunks and in direct tables, next hop 0 means "what was decided
 * above". A chunk's and a direct table's own answer for that is dflt, which is written in place: a
 * short prefix (or the default route) above a large subtree costs one store there.
 */
#ifndef FIB_FORMAT_H
#define FIB_FORMAT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A ref: bits 0-3 kind, 4 narrow, 6-47 address of the piece, 48-63 counts: leaf of IPv4: starts;
 * leaf of IPv6: upper starts, lower starts << 8; chunk: entries of its dictionary. Immediate: bits
 * 8-31 the next hop. So a prefetch knows the lines of a leaf without touching it.
 */
enum fib_kind {
	FIB_IMM,
	FIB_LEAF,
	FIB_CHUNK,
	FIB_DIRECT,
};

#define FIB_NARROW    0x10u                 /* leaf of IPv4: starts of 16 bits */
#define FIB_LINE      64u                   /* bytes; pieces are aligned to it */
#define FIB_ADDR_MASK 0x0000ffffffffffc0ull /* the address within a ref */
#define FIB_MAX_LEAF  64u                   /* starts in a leaf at the root, at most */

static inline enum fib_kind fib_ref_kind(uint64_t ref)
{
	return (enum fib_kind)(ref & 15);
}

static inline unsigned int fib_ref_counts(uint64_t ref)
{
	return ref >> 48;
}

static inline void *fib_ref_ptr(uint64_t ref)
{
	return (void *)(uintptr_t)(ref & FIB_ADDR_MASK);
}

static inline uint64_t fib_ref_imm(uint32_t nh)
{
	return (uint64_t)nh << 8;
}

static inline uint32_t fib_ref_nh(uint64_t ref)
{
	return (uint32_t)(ref >> 8);
}

static inline uint64_t fib_ref_make(const void *ptr, unsigned int kind, unsigned int counts)
{
	return (uint64_t)(uintptr_t)ptr | kind | (uint64_t)counts << 48;
}

/*
 * Next hop numbers are large and few are different, so each interval has one byte, the number of
 * its next hop in the piece's dictionary.
 *
 * Leaf of IPv4: start[n] of 4 or 2 bytes, uint8_t which[n + 1], dictionary of 3 bytes an entry. A
 * start is stored minus one and with the top bit flipped, so that "key > start", signed, is the
 * comparison for AVX-512, AVX2 and C alike.
 */
#define FIB_SLACK 1u /* bytes: entries of a leaf's dictionary are read as 4 unaligned bytes */

static inline size_t fib_leaf4_which(unsigned int n, bool narrow)
{
	return (size_t)n << (narrow ? 1 : 2);
}

static inline size_t fib_leaf4_bytes(unsigned int n, unsigned int entries, bool narrow)
{
	return fib_leaf4_which(n, narrow) + n + 1 + 3 * entries + FIB_SLACK;
}

/*
 * Leaf of IPv6: int64_t upper[h], int64_t lower[l], uint8_t before[h + 2], uint8_t which[h + 1 +
 * l], dictionary. Interval r of the upper 64 bits has the lower starts before[r] .. before[r + 1] -
 * 1; where there are any, it is one single upper half. which[] follows the order of all intervals.
 */
static inline size_t fib_leaf6_before(unsigned int h, unsigned int l)
{
	return 8 * ((size_t)h + l);
}

static inline size_t fib_leaf6_which(unsigned int h, unsigned int l)
{
	return fib_leaf6_before(h, l) + h + 2;
}

static inline size_t fib_leaf6_bytes(unsigned int h, unsigned int l, unsigned int entries)
{
	return fib_leaf6_which(h, l) + h + 1 + l + 3 * entries + FIB_SLACK;
}

/*
 * Chunk: this, uint32_t entry[entries], uint8_t which[values], and at the next multiple of 8
 * uint64_t child[children]. Entries that are children come last, in order.
 */
struct fib_chunk {
	uint64_t bits[4]; /* bit 0 of the first word is set */
	uint32_t dflt;    /* w:control r:worker; relaxed: one number, nothing behind it */
	uint8_t base[4];  /* bits set in the words before */
	uint32_t entry[];
};

static_assert(sizeof(struct fib_chunk) == 40, "24 bytes of a chunk's first line are its content");

#define FIB_CHILD 0x80000000u /* in an entry: the rest is the number of a child */

static inline const uint8_t *fib_chunk_which(const struct fib_chunk *chunk, unsigned int entries)
{
	return (const uint8_t *)(chunk->entry + entries);
}

/* Number of values: runs of equal slots. */
static inline __attribute__((always_inline)) unsigned int
fib_chunk_values(const struct fib_chunk *chunk)
{
	return chunk->base[3] + (unsigned int)__builtin_popcountll(chunk->bits[3]);
}

/* Number of the value of slot @s. */
static inline __attribute__((always_inline)) unsigned int
fib_chunk_rank(const struct fib_chunk *chunk, unsigned int s)
{
	unsigned int word = s >> 6;

	return chunk->base[word] +
	       (unsigned int)__builtin_popcountll(chunk->bits[word] << (63 - (s & 63))) - 1;
}

static inline size_t fib_chunk_children_at(unsigned int entries, unsigned int values)
{
	return (sizeof(struct fib_chunk) + 4 * (size_t)entries + values + 7) & ~(size_t)7;
}

static inline __attribute__((always_inline)) uint64_t *fib_chunk_child(uint64_t ref)
{
	struct fib_chunk *chunk = (struct fib_chunk *)fib_ref_ptr(ref);

	return (uint64_t *)((char *)chunk +
			    fib_chunk_children_at(fib_ref_counts(ref), fib_chunk_values(chunk)));
}

static inline unsigned int fib_chunk_children(uint64_t ref)
{
	const struct fib_chunk *chunk = (const struct fib_chunk *)fib_ref_ptr(ref);
	uint32_t last = chunk->entry[fib_ref_counts(ref) - 1];

	return last & FIB_CHILD ? (last & ~FIB_CHILD) + 1 : 0;
}

struct fib_direct {
	uint64_t slot[65536]; /* w:control (release) r:worker (acquire) */
	uint32_t dflt;        /* as in a chunk */
	uint32_t pad[15];
};

static_assert(sizeof(struct fib_direct) % FIB_LINE == 0, "whole lines");

#endif /* FIB_FORMAT_H */
