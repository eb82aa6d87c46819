/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What refs and the pieces of the forwarding form look like. Written by leaf.c and trie_*.c, read
 * by lookup4.c and lookup6.c; nobody else knows it.
 *
 * A piece decides the bits of an address behind the first `depth` ones, which the pieces above it
 * have used up: its key is the address shifted left by depth.
 *
 * - immediate: the answer itself, no memory.
 * - leaf: a list of up to 31 routes, longest first. A route is one word: its bits, then a 1, then
 *   zeros; all words are compared with a key at once. One contiguous piece.
 * - chunk: the next 8 bits. Bit i of the bitmap says that slot i differs from slot i - 1, so the
 *   rank of a slot finds its value: a next hop, or the number of a child.
 * - direct: the first 16 bits of an address, one ref each; only for large tables.
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
 * A ref: bits 0-3 kind, 4 narrow, 6-47 address of the piece, 48-63 counts: leaf of IPv4: words,
 * words of full length << 8; leaf of IPv6: upper words, lower words << 8; chunk: entries of its
 * dictionary. Immediate: bits 8-31 the next hop. So a prefetch knows the lines of a leaf without
 * touching it.
 */
enum fib_kind {
	FIB_IMM,
	FIB_LEAF,
	FIB_CHUNK,
	FIB_DIRECT,
};

#define FIB_NARROW    0x10u                 /* leaf of IPv4: words of 16 bits */
#define FIB_LINE      64u                   /* bytes; pieces are aligned to it */
#define FIB_ADDR_MASK 0x0000ffffffffffc0ull /* the address within a ref */
#define FIB_MAX_LEAF  31u                   /* routes; a bit each, and one for "none", in 32 bits */

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
 * Next hop numbers are large and few are different, so each route or run has one byte, the number
 * of its next hop in the piece's dictionary.
 *
 * Leaf of IPv4: word[n] of 4 bytes, or of 2 below depth 16, uint8_t which[n + 1], dictionary of 3
 * bytes an entry. A word as long as the key has no room for the 1; those come first and are counted
 * in the ref. The last of which[] is for keys that match nothing. Ten routes fit one line.
 */
static inline size_t fib_leaf4_which(unsigned int n, bool narrow)
{
	return (size_t)n << (narrow ? 1 : 2);
}

static inline size_t fib_leaf4_bytes(unsigned int n, unsigned int entries, bool narrow)
{
	return fib_leaf4_which(n, narrow) + n + 1 + 3 * (size_t)entries;
}

/*
 * Leaf of IPv6: uint64_t upper[n], uint64_t lower[m], this, uint8_t in[m], which[m + n + 1],
 * dictionary. The routes longer than 64 bits are the lower words, longest first, which count where
 * upper word number in[] matches as well. An upper word is a route of up to 64 bits, or one of the
 * first `bare`, only the upper half of longer routes.
 */
struct fib_leaf6 {
	uint8_t bare;       /* upper words that are no routes; they come first */
	uint8_t full_upper; /* upper words that have all 64 bits, the bare ones included */
	uint8_t full_lower; /* lower words that have all 64 bits */
	uint8_t in[];
};

static inline size_t fib_leaf6_head(unsigned int n, unsigned int m)
{
	return 8 * ((size_t)n + m);
}

static inline size_t fib_leaf6_which(unsigned int n, unsigned int m)
{
	return fib_leaf6_head(n, m) + sizeof(struct fib_leaf6) + m;
}

static inline size_t fib_leaf6_bytes(unsigned int n, unsigned int m, unsigned int entries)
{
	return fib_leaf6_which(n, m) + m + n + 1 + 3 * (size_t)entries;
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
