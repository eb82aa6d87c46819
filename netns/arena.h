/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena: all memory of tenants and their modules. Per-NUMA-node regions of 2 MB pages (hugetlbfs,
 * else transparent huge pages, else 4 KB pages with one warning), bound with libnuma, cut into
 * 64-byte multiples by slabs. Any thread may allocate and free; what one thread allocates another
 * may free. Fault injection (fault.h) can fail every allocation.
 */
#ifndef NETNS_ARENA_H
#define NETNS_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct netns_options;

int arena_init(const struct netns_options *options);
/* Return: bytes that were never freed (0: all is given back to the kernel). */
uint64_t arena_fini(void);

/* Not zeroed; aligned to 64 bytes; @size bytes > 0; @node < 0: the caller's. NULL: out of memory.
 */
void *arena_alloc(int node, size_t size);
void *arena_zalloc(int node, size_t size);
void arena_free(void *ptr, size_t size);
/* All or nothing: 0 or -ENOMEM. */
int arena_alloc_bulk(int node, size_t size, unsigned int n, void **ret_ptr);
void arena_free_bulk(void *const *ptr, unsigned int n, size_t size);
/* Node that @ptr's region is bound to, as the arena believes; -EFAULT: none of the arena's. */
int arena_node_of(const void *ptr);

/* Gives a part of what nobody needed since the last call back to the kernel; for a regular tick.
 * Context: control; blocks(mutex). */
void arena_trim(void);

enum arena_pages { ARENA_PAGES_HUGETLB, ARENA_PAGES_THP, ARENA_PAGES_4K };

struct arena_usage {
	uint64_t used, reserved; /* bytes handed out (rounded), bytes mapped */
	enum arena_pages pages;  /* of the newest region */
	unsigned int nodes;
};
void arena_usage(struct arena_usage *ret_usage);

/**
 * struct arena_where - what the kernel says of one address (move_pages(2), /proc/self/smaps)
 */
struct arena_where {
	int believed_node, kernel_node; /* kernel_node < 0: -errno */
	uint64_t kernel_page;           /* bytes: 2 MiB where huge pages lie below, else 4096 */
};
int arena_where(const void *ptr, struct arena_where *ret_where);

#endif /* NETNS_ARENA_H */
