/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena in one thread: objects of every size are aligned, apart and counted;
 * bulk calls; large pieces; memory that comes back serves others; what is left
 * at the end is reported; misuse aborts.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "arena_util.h"

#define MANY 2000

static struct kept_log kept;

static void fill(void *ptr, size_t size, unsigned int tag)
{
	memset(ptr, (int)(tag & 0xff), size);
}

static bool is_filled(const void *ptr, size_t size, unsigned int tag)
{
	const unsigned char *byte = ptr;

	for (size_t i = 0; i < size; i++)
		if (byte[i] != (tag & 0xff))
			return false;
	return true;
}

Test(arena, objects_of_every_size_are_aligned_apart_and_counted)
{
	static void *ptr[3000];
	static const size_t most = 70000;
	unsigned int n = 0;
	uint64_t asked = 0;

	start_arena(&kept, true, false);
	for (size_t size = 1; size <= most; size += size < 4096 ? 7 : 611, n++) {
		ptr[n] = arena_alloc(-1, size);
		cr_assert_not_null(ptr[n]);
		cr_assert_eq((uintptr_t)ptr[n] % 64, 0, "size %zu", size);
		fill(ptr[n], size, n);
		asked += size;
	}
	cr_assert_geq(used_bytes(), asked);
	n = 0;
	for (size_t size = 1; size <= most; size += size < 4096 ? 7 : 611, n++) {
		cr_assert(is_filled(ptr[n], size, n), "size %zu was overwritten", size);
		arena_free(ptr[n], size);
	}
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, small_objects_take_their_multiple_of_64)
{
	start_arena(&kept, true, false);
	for (size_t size = 1; size <= 2048; size++) {
		void *ptr = arena_alloc(-1, size);

		cr_assert_not_null(ptr);
		cr_assert_eq(used_bytes(), (size + 63) / 64 * 64, "size %zu", size);
		arena_free(ptr, size);
	}
	for (size_t size = 2049; size <= 32768; size += 13) {
		void *ptr = arena_alloc(-1, size);

		cr_assert_not_null(ptr);
		cr_assert_leq(used_bytes() * 8, size * 9 + 8 * 64, "size %zu", size);
		arena_free(ptr, size);
	}
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, zalloc_clears_what_was_used_before)
{
	static void *ptr[MANY];

	start_arena(&kept, true, false);
	for (unsigned int round = 0; round < 8; round++) {
		for (unsigned int i = 0; i < MANY; i++) {
			ptr[i] = arena_zalloc(-1, 192);
			cr_assert_not_null(ptr[i]);
			cr_assert(is_filled(ptr[i], 192, 0));
			fill(ptr[i], 192, 0xa5);
		}
		for (unsigned int i = 0; i < MANY; i++)
			arena_free(ptr[i], 192);
	}
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, bulk_gives_distinct_objects_of_any_count)
{
	static void *ptr[MANY];

	start_arena(&kept, true, false);
	for (unsigned int n = 1; n <= MANY; n = n * 3 / 2 + 1) {
		cr_assert_eq(arena_alloc_bulk(-1, 256, n, ptr), 0);
		for (unsigned int i = 0; i < n; i++)
			fill(ptr[i], 256, i * 7);
		for (unsigned int i = 0; i < n; i++)
			cr_assert(is_filled(ptr[i], 256, i * 7));
		cr_assert_eq(used_bytes(), n * 256);
		arena_free_bulk(ptr, n, 256);
	}
	cr_assert_eq(arena_alloc_bulk(-1, 100000, 5, ptr), 0);
	arena_free_bulk(ptr, 5, 100000);
	cr_assert_eq(arena_alloc_bulk(-1, 64, 0, ptr), 0);
	arena_free_bulk(ptr, 0, 64);
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, bulk_and_single_calls_mix)
{
	static void *ptr[MANY];

	start_arena(&kept, true, false);
	cr_assert_eq(arena_alloc_bulk(-1, 128, MANY, ptr), 0);
	for (unsigned int i = 0; i < MANY; i++)
		arena_free(ptr[i], 128);
	for (unsigned int i = 0; i < MANY; i++) {
		ptr[i] = arena_alloc(-1, 128);
		cr_assert_not_null(ptr[i]);
	}
	arena_free_bulk(ptr, MANY, 128);
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, pieces_of_many_megabytes_come_and_go)
{
	static const size_t sizes[] = { 2u << 20,         (2u << 20) + 1, 3u << 20,
					(64u << 20) + 99, 12345678,       32769 };
	uint64_t before;

	start_arena(&kept, true, false);
	before = reserved_bytes();
	for (unsigned int round = 0; round < 3; round++) {
		char *ptr[6];

		for (unsigned int i = 0; i < 6; i++) {
			ptr[i] = arena_alloc(-1, sizes[i]);
			cr_assert_not_null(ptr[i]);
			ptr[i][0] = (char)i;
			ptr[i][sizes[i] - 1] = (char)(i + 100);
		}
		for (unsigned int i = 0; i < 6; i++) {
			cr_assert_eq(ptr[i][0], (char)i);
			cr_assert_eq(ptr[i][sizes[i] - 1], (char)(i + 100));
			arena_free(ptr[i], sizes[i]);
		}
	}
	cr_assert_eq(used_bytes(), 0);
	/* nearly all goes back to the kernel; under ASan up to 8 MiB wait in
	 * quarantine */
	for (unsigned int tick = 0; tick < 200; tick++)
		arena_trim();
	cr_assert_leq(reserved_bytes() - before, (NETNS_ASAN ? 48u : 12u) << 20);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, memory_of_one_size_serves_another)
{
	static void *ptr[65536];
	const unsigned int n = 65536; /* times 1 KiB: 64 MiB */
	uint64_t peak;

	start_arena(&kept, true, false);
	cr_assert_eq(arena_alloc_bulk(-1, 1024, n, ptr), 0);
	peak = reserved_bytes();
	cr_assert_geq(peak, 64u << 20);
	arena_free_bulk(ptr, n, 1024);
	cr_assert_eq(arena_alloc_bulk(-1, 512, n, ptr), 0);
	cr_assert_leq(reserved_bytes(), peak + (4u << 20), "other sizes cannot use what is free");
	arena_free_bulk(ptr, n, 512);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, idle_memory_waits_for_its_next_use_and_then_goes_bit_by_bit)
{
	static void *ptr[65536];
	const unsigned int n = 65536; /* times 1 KiB: 64 MiB */
	uint64_t peak, after;

	if (NETNS_ASAN)
		cr_skip_test("quarantine keeps objects of each chunk");
	start_arena(&kept, true, false);
	cr_assert_eq(arena_alloc_bulk(-1, 1024, n, ptr), 0);
	peak = reserved_bytes();
	for (unsigned int round = 0; round < 5; round++) {
		/* a load that breathes: nothing is given away between two breaths */
		arena_free_bulk(ptr, n, 1024);
		cr_assert_geq(reserved_bytes(), peak);
		cr_assert_eq(arena_alloc_bulk(-1, 1024, n, ptr), 0);
		arena_trim();
		cr_assert_eq(reserved_bytes(), peak);
	}
	arena_free_bulk(ptr, n, 1024);
	arena_trim(); /* was all needed since the last call */
	cr_assert_eq(reserved_bytes(), peak);
	arena_trim();
	after = reserved_bytes();
	cr_assert_lt(after, peak);
	cr_assert_gt(after, peak / 2, "much goes at once");
	for (unsigned int tick = 0; tick < 200; tick++)
		arena_trim();
	cr_assert_leq(reserved_bytes(), 12u << 20);
	cr_assert_eq(arena_alloc_bulk(-1, 1024, n, ptr), 0);
	arena_free_bulk(ptr, n, 1024);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, random_sizes_keep_their_contents)
{
	static unsigned char *ptr[4096];
	static size_t size[4096];
	uint64_t state = 0x9e3779b97f4a7c15ull, live = 0;

	start_arena(&kept, true, false);
	for (unsigned int step = 0; step < 300000; step++) {
		unsigned int k = (unsigned int)(next_random(&state) % 4096);
		uint64_t kind = next_random(&state) % 1000;

		if (ptr[k] != NULL) {
			cr_assert(ptr[k][0] == (k & 0xff) && ptr[k][size[k] - 1] == (k & 0xff));
			arena_free(ptr[k], size[k]);
			live -= size[k];
			ptr[k] = NULL;
			continue;
		}
		size[k] = 1 + next_random(&state) % (kind < 900   ? 1024
						     : kind < 990 ? 40000
						     : kind < 999 ? 200000
								  : 6000000);
		ptr[k] = arena_alloc(-1, size[k]);
		cr_assert_not_null(ptr[k]);
		ptr[k][0] = ptr[k][size[k] - 1] = (unsigned char)k;
		live += size[k];
		cr_assert_geq(used_bytes(), live);
	}
	for (unsigned int k = 0; k < 4096; k++)
		arena_free(ptr[k], size[k]);
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, fini_counts_and_names_what_was_never_freed)
{
	start_arena(&kept, true, false);
	for (unsigned int i = 0; i < 3; i++)
		cr_assert_not_null(arena_alloc(-1, 200));
	arena_free(arena_alloc(-1, 500), 500);
	cr_assert_not_null(arena_alloc(-1, 100000));
	cr_assert_eq(arena_fini(), 3 * 256 + 7 * 16384);
	cr_assert_not_null(strstr(kept.text, "3 objects of 256 bytes"), "%s", kept.text);
	cr_assert_not_null(strstr(kept.text, "114688 bytes in large pieces"), "%s", kept.text);
}

Test(arena, starts_anew_after_its_end)
{
	for (unsigned int round = 0; round < 5; round++) {
		void *ptr;

		start_arena(&kept, true, false);
		cr_assert_eq(arena_init(&netns_opts), -EALREADY);
		cr_assert_eq(used_bytes(), 0);
		cr_assert_eq(reserved_bytes(), 0);
		ptr = arena_alloc(0, 77);
		cr_assert_not_null(ptr);
		arena_free(ptr, 77);
		cr_assert_eq(arena_fini(), 0);
	}
}

Test(arena, refuses_nodes_and_sizes_that_do_not_exist)
{
	struct arena_usage usage;
	void *ptr[2];

	start_arena(&kept, true, false);
	arena_usage(&usage);
	cr_assert_geq(usage.nodes, 1);
	cr_assert_null(arena_alloc((int)usage.nodes, 64));
	cr_assert_eq(arena_alloc_bulk((int)usage.nodes, 64, 2, ptr), -ENOMEM);
	cr_assert_null(arena_alloc(-1, 0));
	cr_assert_null(arena_alloc(-1, SIZE_MAX));
	cr_assert_null(arena_alloc(-1, SIZE_MAX / 2));
	arena_free(NULL, 64);
	cr_assert_eq(arena_node_of(&usage), -EFAULT);
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena, freeing_twice_aborts, .signal = SIGABRT)
{
	void *ptr;

	start_arena(&kept, true, false);
	ptr = arena_alloc(-1, 256);
	cr_assert_not_null(ptr);
	/* the magazine holds some before the slab sees the second one */
	for (unsigned int i = 0; i < 1000; i++)
		arena_free(ptr, 256);
}

Test(arena, freeing_a_large_piece_with_another_size_aborts, .signal = SIGABRT)
{
	void *ptr;

	start_arena(&kept, true, false);
	ptr = arena_alloc(-1, 100000);
	cr_assert_not_null(ptr);
	arena_free(ptr, 200000);
	arena_fini(); /* empties the quarantine, where there is one */
}

Test(arena, freeing_an_object_with_another_size_aborts, .signal = SIGABRT)
{
	start_arena(&kept, true, false);
	arena_free(arena_alloc(-1, 256), 512);
	arena_fini(); /* empties the magazine, which sees it */
}
