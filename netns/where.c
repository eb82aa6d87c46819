/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says of an address: which node it lies on (move_pages(2) without nodes only
 * asks) and how large the page below is (/proc/self/smaps; where a mapping mixes page sizes, the
 * page map tells them apart on kernels that can scan it). For tests and statistics; slow.
 */
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena_impl.h"

#define SMALL_PAGE 4096u

/* What the kernel calls struct pm_scan_arg (Linux 6.7), for headers older than that. */
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof_mask, return_mask;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_HUGE  (1ull << 6)

static bool mapped_huge(const void *ptr)
{
	uint64_t page = (uintptr_t)ptr & ~(uint64_t)(SMALL_PAGE - 1);
	struct scan_region found = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = page,
		.end = page + SMALL_PAGE,
		.vec = (uintptr_t)&found,
		.vec_len = 1,
		.mask = SCAN_HUGE,
		.return_mask = SCAN_HUGE,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		return false;
	n = ioctl(fd, SCAN_IOCTL, &arg);
	close(fd);
	return n > 0; /* an older kernel: not proven, so not claimed */
}

struct mapping {
	unsigned long kernel_page, rss, anon_huge; /* KiB */
};

/* Reads the entry of /proc/self/smaps that covers @ptr. */
static int read_smaps(const void *ptr, struct mapping *ret_mapping)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char *line = NULL;
	size_t room = 0;
	bool inside = false, found = false;

	if (file == NULL)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			if (found)
				break;
			inside = (uintptr_t)ptr >= from && (uintptr_t)ptr < to;
			found = inside;
		} else if (inside) {
			sscanf(line, "KernelPageSize: %lu kB", &ret_mapping->kernel_page);
			sscanf(line, "Rss: %lu kB", &ret_mapping->rss);
			sscanf(line, "AnonHugePages: %lu kB", &ret_mapping->anon_huge);
		}
	}
	free(line);
	fclose(file);
	return found ? 0 : -ENOENT;
}

/* Errors: -ENOENT not mapped; -errno of reading /proc */
int arena_where(const void *ptr, struct arena_where *ret_where)
{
	void *page = (void *)((uintptr_t)ptr & ~(uintptr_t)(SMALL_PAGE - 1));
	struct mapping mapping = { 0 };
	int status = -ENOENT, err = read_smaps(ptr, &mapping);
	uint64_t size = SMALL_PAGE;

	if (err != 0)
		return err;
	if (move_pages(0, 1, &page, NULL, &status, 0) < 0)
		status = -errno;
	if (mapping.kernel_page * 1024 > SMALL_PAGE)
		size = mapping.kernel_page * 1024;
	else if (mapping.anon_huge != 0 && (mapping.anon_huge == mapping.rss || mapped_huge(ptr)))
		size = CHUNK_SIZE;
	ret_where->believed_node = arena_node_of(ptr);
	ret_where->kernel_node = status;
	ret_where->kernel_page = size;
	return 0;
}
