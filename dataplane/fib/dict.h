/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dictionary of a piece while it is being made: next hop -> number of one byte.
 *
 * Used by flat.c and trie_build.c, on the stack. Few next hops are the rule and 256 different ones
 * the worst case, so it is a small open hash.
 */
#ifndef FIB_DICT_H
#define FIB_DICT_H

#include <stdint.h>
#include <string.h>

#define FIB_DICT_MAX    256u
#define FIB_DICT_BITS   9u
#define FIB_DICT_HASHES (1u << FIB_DICT_BITS)

struct fib_dict {
	unsigned int n;
	uint32_t value[FIB_DICT_MAX];
	uint16_t number[FIB_DICT_HASHES]; /* plus one; 0: free */
};

static inline void fib_dict_init(struct fib_dict *dict)
{
	dict->n = 0;
	memset(dict->number, 0, sizeof(dict->number));
}

/* At most FIB_DICT_MAX different values. */
static inline uint8_t fib_dict_number(struct fib_dict *dict, uint32_t value)
{
	uint32_t hash = value * 0x9e3779b1u >> (32 - FIB_DICT_BITS);

	for (; dict->number[hash]; hash = (hash + 1) % FIB_DICT_HASHES) {
		if (dict->value[dict->number[hash] - 1] == value)
			return (uint8_t)(dict->number[hash] - 1);
	}
	dict->value[dict->n] = value;
	dict->number[hash] = (uint16_t)++dict->n;
	return (uint8_t)(dict->n - 1);
}

#endif /* FIB_DICT_H */
