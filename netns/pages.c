/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory from the kernel: address space is reserved once, then whole chunks of it are mapped with
 * the largest pages to be had (hugetlbfs, else transparent huge pages, else 4 KiB with one warning)
 * and tied to a node. Called by region.c and lcore.c, never under a bin or pool lock.
 *
 * Pages of hugetlbfs are bound strictly and touched at once, because a node without pages answers
 * with a signal later, but with an error now. Other pages are only preferred on their node: a full
 * node then costs distance instead of a visit of the OOM killer.
 */
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena_impl.h"
#include "asan.h"
#include "tenant.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif
#define MAP_BASE  (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define THP_STATE "/sys/kernel/mm/transparent_hugepage/enabled"

static bool want_hugetlb, want_thp;
static bool thp_off_by_user, hugetlb_off_by_user;
static uint32_t hugetlb_dry; /* atomic; the pool was empty: not asked again until pages go back */
static uint32_t kind;        /* atomic; enum arena_pages of the newest piece */
static uint32_t warned_4k, warned_bind; /* atomic; each is said once in a library life */

static bool thp_possible(void)
{
	char text[64];
	ssize_t n;
	int fd = open(THP_STATE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "[never]") == NULL;
}

void pages_init(const struct netns_options *options)
{
	hugetlb_off_by_user = options != NULL && options->no_hugetlb;
	thp_off_by_user = options != NULL && options->no_thp;
	want_hugetlb = !hugetlb_off_by_user;
	want_thp = !thp_off_by_user && thp_possible();
	kind = want_thp ? ARENA_PAGES_THP : ARENA_PAGES_4K;
	hugetlb_dry = 0;
	warned_4k = 0;
	warned_bind = 0;
}

enum arena_pages pages_kind(void)
{
	return (enum arena_pages)__atomic_load_n(&kind, __ATOMIC_RELAXED);
}

bool pages_hugetlb(void)
{
	return want_hugetlb && __atomic_load_n(&hugetlb_dry, __ATOMIC_RELAXED) == 0;
}

void *pages_reserve(size_t bytes)
{
	size_t slack = bytes + CHUNK_SIZE;
	char *raw = mmap(NULL, slack, PROT_NONE, MAP_BASE, -1, 0), *addr;

	if (raw == MAP_FAILED)
		return NULL;
	addr = (char *)(((uintptr_t)raw + CHUNK_SIZE - 1) & ~(uintptr_t)(CHUNK_SIZE - 1));
	if (addr > raw)
		munmap(raw, (size_t)(addr - raw));
	if (addr + bytes < raw + slack)
		munmap(addr + bytes, (size_t)(raw + slack - (addr + bytes)));
	asan_root(addr, bytes);
	return addr;
}

void pages_unreserve(void *addr, size_t bytes)
{
	asan_unroot(addr, bytes);
	munmap(addr, bytes);
}

static int bind_pages(void *addr, size_t bytes, int node, int mode)
{
	unsigned long mask[2] = { 0, 0 };

	if (arena.nodes <= 1)
		return 0;
	mask[0] = 1ul << node;
	/* the kernel takes one bit less than it is told */
	if (mbind(addr, bytes, mode, mask, ARENA_NODES_MAX + 1, 0) == 0)
		return 0;
	if (__atomic_exchange_n(&warned_bind, 1, __ATOMIC_RELAXED) == 0)
		netns_log(
			1,
			"arena: memory cannot be bound to NUMA node %d (%s): it may lie on another "
			"node. In a container, allow mbind(2) (capability SYS_NICE).",
			node, strerror(errno));
	return -EPERM;
}

static bool commit_hugetlb(void *addr, size_t bytes, int node)
{
	void *p = mmap(addr, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);

	if (p == MAP_FAILED) {
		if (bytes == CHUNK_SIZE)
			__atomic_store_n(&hugetlb_dry, 1, __ATOMIC_RELAXED);
		return false;
	}
	bind_pages(addr, bytes, node, MPOL_BIND);
	/* EINVAL: a kernel that cannot; its reservation has to do */
	if (madvise(addr, bytes, MADV_POPULATE_WRITE) == 0 || errno == EINVAL)
		return true;
	pages_decommit(addr, bytes); /* which says that pages went back */
	if (bytes == CHUNK_SIZE)
		__atomic_store_n(&hugetlb_dry, 1, __ATOMIC_RELAXED);
	return false;
}

static void warn_4k(void)
{
	if (__atomic_exchange_n(&warned_4k, 1, __ATOMIC_RELAXED) != 0)
		return;
	netns_log(1,
		  "arena: using 4 KiB pages, which makes many tenants 1.3 to 2 times slower. Cure: "
		  "%s",
		  thp_off_by_user ? "huge pages are switched off by an option of this program; "
				    "switch them on."
				  : "'echo madvise > " THP_STATE
				    "', or 'sysctl vm.nr_hugepages=N' (2 MiB each).");
}

/* hugetlbfs has less than @bytes left: chunk by chunk, with the rest from elsewhere. */
static int commit_each(char *addr, size_t bytes, int node)
{
	for (size_t done = 0; done < bytes; done += CHUNK_SIZE) {
		int err = pages_commit(addr + done, CHUNK_SIZE, node, false);

		if (err == 0)
			continue;
		if (done > 0)
			pages_decommit(addr, done);
		return err;
	}
	return 0;
}

/* Maps @bytes of @node's memory at @addr, which is reserved. @small: 4 KiB pages are right. */
int pages_commit(void *addr, size_t bytes, int node, bool small)
{
	enum arena_pages got = ARENA_PAGES_4K;

	if (!small && pages_hugetlb()) {
		if (commit_hugetlb(addr, bytes, node)) {
			got = ARENA_PAGES_HUGETLB;
			goto mapped;
		}
		if (bytes > CHUNK_SIZE)
			return commit_each(addr, bytes, node);
	}
	if (mmap(addr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		return -ENOMEM;
	bind_pages(addr, bytes, node, MPOL_PREFERRED);
	if (!small && want_thp && madvise(addr, bytes, MADV_HUGEPAGE) == 0)
		got = ARENA_PAGES_THP;
	else
		madvise(addr, bytes, MADV_NOHUGEPAGE);
mapped:
	if (!small) {
		__atomic_store_n(&kind, got, __ATOMIC_RELAXED);
		if (got == ARENA_PAGES_4K)
			warn_4k();
	}
	return 0;
}

void pages_decommit(void *addr, size_t bytes)
{
	asan_unpoison(addr, bytes);
	/* may fail when the process has too many mappings: then at least the pages go */
	if (mmap(addr, bytes, PROT_NONE, MAP_BASE | MAP_FIXED, -1, 0) == MAP_FAILED)
		madvise(addr, bytes, MADV_DONTNEED);
	__atomic_store_n(&hugetlb_dry, 0, __ATOMIC_RELAXED);
}
