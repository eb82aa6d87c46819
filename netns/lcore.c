/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks per tenant and lcore; see lcore.h. Owns the areas of modules: for each lcore a stretch of
 * reserved address space for max_tenants blocks, mapped piece by piece on the lcore's node as
 * higher indices come into use. Indices are dense, so memory follows the number of tenants. Pieces
 * stay mapped until the module leaves.
 *
 * Writers map under area->lock; workers read base[] and stride only, which are const.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena_impl.h"
#include "fault.h"
#include "lcore.h"
#include "tenant.h"

#define PIECE_SMALL    ((size_t)64 << 10)
#define HUGE_START_MAX ((size_t)32 << 20) /* bytes in huge pages that an idle area may take */

struct lcore_area {
	struct netns_mutex lock; /* maps pieces */
	size_t bytes;            /* of address space of one lcore; multiple of CHUNK_SIZE */
	size_t mapped;    /* bytes from the start on, of every lcore; atomic; w:lock r:control */
	uint32_t tenants; /* blocks of one lcore */
	bool small;       /* begin with small pages */
	struct netns_lcore_area pub; /* last: base[] follows */
};

static struct lcore_area *area_of(const struct netns_ops *ops)
{
	return ops->lcore_base == NULL ? NULL
				       : (struct lcore_area *)((char *)ops->lcore_base -
							       offsetof(struct lcore_area, pub));
}

const struct netns_lcore_area *netns_lcore_area(const struct netns_ops *ops)
{
	return ops->lcore_base;
}

static int lcore_node(unsigned int lcore)
{
	int cpu = netns_opts.lcore_cpu != NULL ? netns_opts.lcore_cpu(lcore) : (int)lcore;

	return arena.home[node_of_cpu(cpu)];
}

static void area_free(struct lcore_area *area)
{
	for (unsigned int i = 0; i < area->pub.lcores; i++)
		if (area->pub.base[i] != NULL)
			pages_unreserve(area->pub.base[i], area->bytes);
	heap_free(area);
}

int lcore_area_create(struct netns_ops *ops)
{
	unsigned int lcores = netns_opts.max_lcores;
	size_t multiple = ops->lcore_size < 64 ? 8 : 64, stride;
	struct lcore_area *area;

	ops->lcore_base = NULL;
	if (ops->lcore_size == 0)
		return 0;
	if (ops->lcore_size > CHUNK_SIZE)
		return -EINVAL;
	stride = (ops->lcore_size + multiple - 1) & ~(multiple - 1);
	area = heap_zalloc(sizeof(*area) + lcores * sizeof(area->pub.base[0]));
	if (area == NULL)
		return -ENOMEM;
	pthread_mutex_init(&area->lock.lock, NULL);
	area->pub.stride = stride;
	area->pub.lcores = lcores;
	area->tenants = netns_opts.max_tenants;
	area->bytes = (stride * area->tenants + CHUNK_SIZE - 1) & ~(CHUNK_SIZE - 1);
	/* The first tenant touches a page of each lcore: where that adds up, let it be small. */
	area->small = area->bytes <= CHUNK_SIZE || lcores * CHUNK_SIZE > HUGE_START_MAX;
	for (unsigned int i = 0; i < lcores; i++) {
		area->pub.base[i] = fault_alloc() ? NULL : pages_reserve(area->bytes);
		if (area->pub.base[i] == NULL) {
			area_free(area);
			return -ENOMEM;
		}
	}
	ops->lcore_base = &area->pub;
	return 0;
}

void lcore_area_destroy(struct netns_ops *ops)
{
	struct lcore_area *area = area_of(ops);

	ops->lcore_base = NULL;
	if (area != NULL)
		area_free(area);
}

/* Maps one more piece for every lcore. What failed half way is mapped anew next time. */
static int map_piece(struct lcore_area *area) TS_REQUIRES(area->lock)
{
	bool small = area->small && area->mapped < CHUNK_SIZE;
	size_t piece = small ? PIECE_SMALL : CHUNK_SIZE;

	for (unsigned int i = 0; i < area->pub.lcores; i++) {
		int err = fault_alloc() ? -ENOMEM
					: pages_commit(area->pub.base[i] + area->mapped, piece,
						       lcore_node(i), small);

		if (err != 0)
			return err;
	}
	/* release pairs with the acquire in lcore_area_prepare() */
	__atomic_store_n(&area->mapped, area->mapped + piece, __ATOMIC_RELEASE);
	return 0;
}

int lcore_area_prepare(const struct netns_ops *ops, uint32_t index)
{
	struct lcore_area *area = area_of(ops);
	size_t stride, end;
	int err = 0;

	if (area == NULL)
		return 0;
	if (index >= area->tenants)
		netns_bug("lcore: index %u of %u", index, area->tenants);
	stride = area->pub.stride;
	end = (index + (size_t)1) * stride;
	/* acquire pairs with the release in map_piece(): the pieces are there */
	if (__atomic_load_n(&area->mapped, __ATOMIC_ACQUIRE) < end) {
		netns_mutex_lock(&area->lock);
		while (err == 0 && area->mapped < end)
			err = map_piece(area);
		netns_mutex_unlock(&area->lock);
	}
	if (err != 0)
		return err;
	for (unsigned int i = 0; i < area->pub.lcores; i++)
		memset(netns_lcore(&area->pub, i, index), 0, stride);
	return 0;
}
