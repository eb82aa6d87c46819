/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB: prefixes with their next hops, sorted by (address, length), so that what lies within a
 * prefix follows it. Control side only; no worker reads it, so memory comes back at once.
 *
 * Up to 2 KB of routes lie in one array that grows with them; more lie in many arrays of 2 KB below
 * a sorted top. A route takes 8 bytes (IPv4) or 20 (IPv6).
 */
#ifndef FIB_RIB_H
#define FIB_RIB_H

#include "fib.h"

__extension__ typedef unsigned __int128 fib_u128;

/* A place in the RIB; invalid after any change. */
struct fib_pos {
	uint32_t leaf, i;
};

static inline fib_u128 fib_key(const struct fib_addr *addr)
{
	return (fib_u128)addr->hi << 64 | addr->lo;
}

static inline struct fib_addr fib_key_addr(fib_u128 key)
{
	struct fib_addr addr = { (uint64_t)(key >> 64), (uint64_t)key };

	return addr;
}

/* Ones in the first @len bits. */
static inline fib_u128 fib_mask(unsigned int len)
{
	return len == 0 ? 0 : ~(fib_u128)0 << (128 - len);
}

/* First place whose (address, length) is not below the given. */
struct fib_pos fib_rib_seek(const struct fib *fib, fib_u128 key, unsigned int len);
/* Route at @pos, which moves on to the next leaf if it has to; false at the end. */
bool fib_rib_at(const struct fib *fib, struct fib_pos *pos, struct fib_route *ret_route);
bool fib_rib_find(const struct fib *fib, const struct fib_prefix *prefix, struct fib_pos *ret_pos);

/* The longest prefix of a length in min .. max that covers @key. */
bool fib_rib_cover(const struct fib *fib, fib_u128 key, unsigned int min, unsigned int max,
		   struct fib_route *ret_route);

/* The prefix must not be there. Errors: -ENOMEM, -EDQUOT */
int fib_rib_insert(struct fib *fib, const struct fib_route *route);
/* Never frees, so putting the same route back cannot fail; fib_rib_tidy() frees. */
void fib_rib_remove(struct fib *fib, struct fib_pos pos);
void fib_rib_set(struct fib *fib, struct fib_pos pos, uint32_t nh);
/* Merges leaves around @key that became small. */
void fib_rib_tidy(struct fib *fib, fib_u128 key, unsigned int len);
void fib_rib_free(struct fib *fib);
size_t fib_rib_bytes(const struct fib *fib);

#endif /* FIB_RIB_H */
