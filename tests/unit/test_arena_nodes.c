/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena on a machine with three NUMA nodes, the last of which has no memory. The topology is made
 * up here: these functions take the place of netns/node.c at link time. The kernel refuses to bind
 * to nodes that it does not have, which must cost one warning and nothing else.
 */
#include <pthread.h>
#include <stdlib.h>

#include "arena_util.h"
#include "netns/arena_impl.h"
#include "netns/lcore.h"

#define OBJECTS 3000

static struct kept_log kept;
static __thread int here; /* node that this thread runs on */

unsigned int nodes_init(uint8_t home[ARENA_NODES_MAX])
{
	home[0] = 0;
	home[1] = 1;
	home[2] = 1;
	return 3;
}

int node_of_cpu(int cpu)
{
	return cpu == 0 ? 0 : 1;
}

int node_current(void)
{
	return here;
}

Test(arena_nodes, objects_come_from_the_node_asked_for)
{
	struct arena_usage usage;

	start_arena(&kept, true, false);
	arena_usage(&usage);
	cr_assert_eq(usage.nodes, 3);
	for (int node = -1; node < 3; node++) {
		for (size_t size = 64; size <= 4u << 20; size *= 4) {
			void *ptr = arena_alloc(node, size);

			here = 1; /* is freed elsewhere */
			cr_assert_not_null(ptr);
			cr_assert_eq(arena_node_of(ptr), node == 2 ? 1 : node < 0 ? 0 : node);
			arena_free(ptr, size);
			here = 0;
		}
	}
	here = 1;
	for (unsigned int i = 0; i < 100; i++) {
		void *ptr = arena_alloc(-1, 256);

		cr_assert_eq(arena_node_of(ptr), 1);
		arena_free(ptr, 256);
	}
	cr_assert_null(arena_alloc(3, 64));
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
	cr_assert_leq(kept.warnings, 1, "%s", kept.text);
}

Test(arena_nodes, bulk_frees_of_mixed_nodes_go_home)
{
	static void *ptr[OBJECTS];
	uint64_t state = 4711;

	start_arena(&kept, true, false);
	for (unsigned int round = 0; round < 20; round++) {
		unsigned int n = 1 + (unsigned int)(next_random(&state) % OBJECTS);

		for (unsigned int i = 0; i < n; i++) {
			int node = (int)(next_random(&state) % 2);

			ptr[i] = arena_alloc(node, 192);
			cr_assert_not_null(ptr[i]);
			cr_assert_eq(arena_node_of(ptr[i]), node);
		}
		arena_free_bulk(ptr, n, 192);
		for (int node = 0; node < 2; node++) {
			cr_assert_eq(arena_alloc_bulk(node, 192, n, ptr), 0);
			for (unsigned int i = 0; i < n; i++)
				cr_assert_eq(arena_node_of(ptr[i]), node);
			arena_free_bulk(ptr, n, 192);
		}
	}
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

static void *swap(void *arg)
{
	void *ptr[50];
	uint64_t state = (uintptr_t)arg + 99;
	uintptr_t bad = 0;

	here = (int)((uintptr_t)arg % 2);
	for (unsigned int round = 0; round < 2000; round++) {
		size_t size = 64 + next_random(&state) % 40000;

		for (unsigned int i = 0; i < 50; i++) {
			ptr[i] = arena_alloc((int)(i % 2), size);
			bad += ptr[i] == NULL || arena_node_of(ptr[i]) != (int)(i % 2);
		}
		if (round % 2 == 0)
			arena_free_bulk(ptr, 50, size);
		for (unsigned int i = 0; round % 2 != 0 && i < 50; i++)
			arena_free(ptr[i], size);
	}
	return (void *)bad;
}

Test(arena_nodes, threads_of_both_nodes_use_both)
{
	pthread_t thread[4];

	start_arena(&kept, true, false);
	for (uintptr_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, swap, (void *)i), 0);
	for (unsigned int i = 0; i < 4; i++) {
		void *bad;

		cr_assert_eq(pthread_join(thread[i], &bad), 0);
		cr_assert_eq((uintptr_t)bad, 0);
	}
	cr_assert_eq(used_bytes(), 0);
	for (unsigned int tick = 0; tick < 100; tick++)
		arena_trim();
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_nodes, blocks_of_lcores_are_mapped_on_any_machine)
{
	struct netns_ops ops = { .lcore_size = 64 };

	start_arena(&kept, true, false);
	cr_assert_eq(lcore_area_create(&ops), 0);
	for (uint32_t i = 0; i < 100000; i += 1000)
		cr_assert_eq(lcore_area_prepare(&ops, i), 0);
	lcore_area_destroy(&ops);
	cr_assert_eq(arena_fini(), 0);
	cr_assert_leq(kept.warnings, 1, "%s", kept.text);
}
