/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena against the kernel: objects lie on the node and on the pages that the
 * arena believes, the choice of pages can be switched, small pages are warned
 * of once, and memory taken is what was asked for and little more.
 */
#include <errno.h>
#include <stdlib.h>

#include "arena_util.h"

#define HUGE_PAGE (2ull << 20)
#define OBJECTS   20000

static struct kept_log kept;

/* Allocates and touches objects; asks of every 500th where it lies. */
static void check_all(uint64_t page, bool exactly)
{
	static void *ptr[OBJECTS];
	unsigned int asked = 0, matched = 0;

	for (unsigned int i = 0; i < OBJECTS; i++) {
		ptr[i] = arena_zalloc(-1, 1024);
		cr_assert_not_null(ptr[i]);
	}
	for (unsigned int i = 0; i < OBJECTS; i += 500, asked++) {
		struct arena_where where;

		cr_assert_eq(arena_where(ptr[i], &where), 0);
		cr_assert_eq(where.believed_node, arena_node_of(ptr[i]));
		if (where.kernel_node != -EPERM && where.kernel_node != -ENOSYS)
			cr_assert_eq(where.kernel_node, where.believed_node);
		matched += where.kernel_page == page;
	}
	/* the kernel may be short of huge pages at times; of small ones it is not */
	cr_assert_geq(matched, exactly ? asked : asked * 3 / 4, "%u of %u", matched, asked);
	for (unsigned int i = 0; i < OBJECTS; i++)
		arena_free(ptr[i], 1024);
}

Test(arena_kernel, objects_lie_on_the_pages_that_the_arena_believes)
{
	struct arena_usage usage;

	start_arena(&kept, false, false);
	arena_free(arena_alloc(-1, 64), 64);
	arena_usage(&usage);
	check_all(usage.pages == ARENA_PAGES_4K ? 4096 : HUGE_PAGE, usage.pages != ARENA_PAGES_THP);
	cr_assert_eq(kept.warnings, usage.pages == ARENA_PAGES_4K, "%s", kept.text);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_kernel, small_pages_are_used_when_told_and_warned_of_once)
{
	struct arena_usage usage;
	const char *line;

	start_arena(&kept, true, true);
	check_all(4096, true);
	check_all(4096, true);
	arena_usage(&usage);
	cr_assert_eq(usage.pages, ARENA_PAGES_4K);
	cr_assert_eq(kept.warnings, 1, "%s", kept.text);
	line = strstr(kept.text, "Cure:");
	cr_assert_not_null(line, "%s", kept.text);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_kernel, where_says_what_is_not_mapped_or_not_touched)
{
	struct arena_where where;
	char *ptr;

	start_arena(&kept, true, true);
	cr_assert_lt(arena_where((void *)64, &where), 0);
	ptr = arena_alloc(-1, 4u << 20);
	cr_assert_not_null(ptr);
	cr_assert_eq(arena_where(ptr + (3u << 20), &where), 0);
	if (where.kernel_node != -EPERM && where.kernel_node != -ENOSYS)
		cr_assert_eq(where.kernel_node, -ENOENT, "no page is there yet");
	ptr[3u << 20] = 1;
	cr_assert_eq(arena_where(ptr + (3u << 20), &where), 0);
	if (where.kernel_node != -EPERM && where.kernel_node != -ENOSYS)
		cr_assert_eq(where.kernel_node, where.believed_node);
	arena_free(ptr, 4u << 20);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_kernel, a_million_objects_take_their_size_and_two_percent)
{
	const unsigned int n = 1000000;
	void **ptr;
	uint64_t before, grown;

	if (NETNS_ASAN)
		cr_skip_test("AddressSanitizer's shadow counts too");
	start_arena(&kept, true, false);
	ptr = malloc(n * sizeof(*ptr));
	cr_assert_not_null(ptr);
	memset(ptr, 1, n * sizeof(*ptr));
	before = resident_bytes();
	for (unsigned int i = 0; i < n; i++) {
		ptr[i] = arena_zalloc(-1, 256);
		cr_assert(ptr[i] != NULL);
	}
	grown = resident_bytes() - before;
	cr_assert_geq(grown, 256ull * n * 9 / 10, "the figure is wrong");
	cr_assert_leq(grown, 256ull * n * 102 / 100, "%llu bytes", (unsigned long long)grown);
	cr_assert_leq(reserved_bytes(), 256ull * n * 102 / 100);
	arena_free_bulk(ptr, n, 256);
	for (unsigned int tick = 0; tick < 300; tick++)
		arena_trim();
	cr_assert_leq(resident_bytes(), before + grown / 8);
	free(ptr);
	cr_assert_eq(arena_fini(), 0);
}
