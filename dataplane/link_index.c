/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link indexes: dense, lowest first, reused with another generation; and the table by which a
 * handle is resolved. Allocation under dp_ctl_lock; freeing by the retire thread, so the free list
 * has a lock of its own (innermost). The table is read by workers.
 */
#include <errno.h>
#include <sys/mman.h>

#include "link.h"
#include "netns/fault.h"

struct index_entry {
	struct link *link;   /* w:control (release) r:worker (acquire); NULL: free or dying */
	uint32_t generation; /* of the present or next use */
	uint32_t next_free;
};

static struct index_entry *table;
static uint32_t max_index, used, free_head, live; /* used: indexes ever given out */
static struct netns_mutex free_lock = NETNS_MUTEX_INIT;

int link_index_init(uint32_t max)
{
	void *p;

	if (fault_alloc())
		return -ENOMEM;
	p = mmap(NULL, (size_t)max * sizeof(*table), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	table = p;
	max_index = max;
	used = 1; /* index 0 is nobody's: a zeroed handle is stale */
	free_head = 0;
	live = 0;
	return 0;
}

void link_index_fini(void)
{
	if (table != NULL)
		munmap(table, (size_t)max_index * sizeof(*table));
	table = NULL;
}

int link_index_alloc(uint32_t *ret_index, uint32_t *ret_generation)
{
	uint32_t index = 0;

	netns_mutex_lock(&free_lock);
	if (free_head != 0) {
		index = free_head;
		free_head = table[index].next_free;
	} else if (used < max_index) {
		index = used++;
	}
	if (index != 0)
		live++;
	netns_mutex_unlock(&free_lock);
	if (index == 0)
		return -ENOSPC;
	*ret_index = index;
	*ret_generation = table[index].generation + 1;
	return 0;
}

void link_index_publish(struct link *l)
{
	struct index_entry *e = &table[l->pub.index];

	__atomic_store_n(&e->generation, l->pub.generation, __ATOMIC_RELAXED);
	/* pairs with the acquire in dp_link_resolve(): the link is complete */
	__atomic_store_n(&e->link, l, __ATOMIC_RELEASE);
}

void link_index_unpublish(struct link *l)
{
	__atomic_store_n(&table[l->pub.index].link, NULL, __ATOMIC_RELAXED);
}

void link_index_free(uint32_t index)
{
	netns_mutex_lock(&free_lock);
	table[index].next_free = free_head;
	free_head = index;
	live--;
	netns_mutex_unlock(&free_lock);
}

uint32_t link_index_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

struct dp_link *dp_link_resolve(uint64_t handle)
{
	uint32_t index = (uint32_t)handle;
	struct link *l;

	if (index >= max_index)
		return NULL;
	/* pairs with the release in link_index_publish() */
	l = __atomic_load_n(&table[index].link, __ATOMIC_ACQUIRE);
	if (l == NULL || l->pub.generation != handle >> 32)
		return NULL;
	return &l->pub;
}
