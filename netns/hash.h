/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hash of two 64-bit numbers under a secret salt. Keys come from users, who must not be able to
 * choose ones that fall into one bucket; so the salt is random bits, never an address.
 */
#ifndef NETNS_HASH_H
#define NETNS_HASH_H

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

struct hash_salt {
	uint64_t v[2]; /* const after hash_salt_init() */
};

/* 0 or -EIO. */
static inline int hash_salt_init(struct hash_salt *salt)
{
	return getrandom(salt->v, sizeof(salt->v), 0) == (ssize_t)sizeof(salt->v) ? 0 : -EIO;
}

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* All bits of the result are equally good. */
static inline uint64_t hash_pair(const struct hash_salt *salt, uint64_t a, uint64_t b)
{
	uint64_t h = hash_fold(a ^ salt->v[0], b ^ salt->v[1]);

	return hash_fold(h ^ salt->v[1], 0x9e3779b97f4a7c15u);
}

#endif /* NETNS_HASH_H */
