/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors that keep a tenant alive. Each is the read end of a pipe of its own; the library
 * keeps the write end in an epoll set, where EPOLLERR says that the last copy of the read end, in
 * whatever process, was closed. Nothing is ever written or read, so it does not matter what holders
 * do to the pipe: another reader that they open is one more copy, a writer changes nothing.
 *
 * Owns the entries and their references. Callers: control threads, and watch.c, which waits for
 * fd_epoll_fd() and hands over what it reports by number, not by pointer, so that an entry which is
 * reported to two threads ends once.
 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "fault.h"
#include "keymap.h"

struct fd_entry {
	struct keymap_node by_inode;  /* key st_dev, st_ino of the pipe */
	struct keymap_node by_number; /* key number, 0 */
	struct netns *ns;             /* referenced */
	int write_end;                /* never given out */
};

static struct netns_mutex fd_lock = NETNS_MUTEX_INIT; /* leaf */
static struct keymap by_inode TS_GUARDED_BY(fd_lock);
static struct keymap by_number TS_GUARDED_BY(fd_lock);
static uintptr_t last_number TS_GUARDED_BY(fd_lock);
static int epoll_fd = -1; /* const from fd_init() to fd_fini() */

static struct fd_entry *entry_of_inode(struct keymap_node *node)
{
	return node ? (struct fd_entry *)((char *)node - offsetof(struct fd_entry, by_inode))
		    : NULL;
}

static struct fd_entry *entry_of_number(struct keymap_node *node)
{
	return node ? (struct fd_entry *)((char *)node - offsetof(struct fd_entry, by_number))
		    : NULL;
}

/* Makes @entry known and watched. Errors: -ENOMEM, also when the user's epoll watches are used up
 */
static int publish(struct fd_entry *entry, const struct stat *st)
{
	struct epoll_event watch = { .events = 0 }; /* EPOLLERR is always reported */
	int err = 0;

	netns_mutex_lock(&fd_lock);
	watch.data.ptr = (void *)++last_number; /* NOLINT: a number in a pointer's clothes */
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, entry->write_end, &watch) != 0) {
		err = -ENOMEM;
	} else {
		keymap_add(&by_inode, &entry->by_inode, st->st_dev, st->st_ino);
		keymap_add(&by_number, &entry->by_number, last_number, 0);
	}
	netns_mutex_unlock(&fd_lock);
	return err;
}

/* The pipe of @entry, whose reference the caller has taken. Return: the read end, or -errno. */
static int open_entry(struct fd_entry *entry)
{
	struct stat st;
	int end[2], err;

	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	/* one page is enough for nothing; without it the pipe is merely bigger */
	(void)fcntl(end[1], F_SETPIPE_SZ, 1);
	entry->write_end = end[1];
	if (fstat(end[1], &st) != 0) {
		err = -errno;
		goto close_ends;
	}
	err = publish(entry, &st);
	if (err != 0)
		goto close_ends;
	return end[0];

close_ends:
	close(end[0]);
	close(end[1]);
	return err;
}

int netns_open_fd(struct netns *ns)
{
	struct fd_entry *entry;
	int fd;

	if (!netns_tryget(ns))
		return -ENOENT;
	entry = heap_zalloc(sizeof(*entry));
	if (entry == NULL) {
		fd = -ENOMEM;
		goto put_ns;
	}
	entry->ns = ns;
	fd = open_entry(entry);
	if (fd >= 0)
		return fd;
	heap_free(entry);
put_ns:
	netns_put(ns);
	return fd;
}

/*
 * Does @fd lead to the pipe of @entry? The kernel's pipe inode numbers have 32 bits and come round,
 * so an equal number proves little against somebody with patience. What is proof: a random time set
 * at our end shows at the other one. Where the kernel does not let us set it (the process changed
 * its uid since), the number has to do. A holder that reads or writes may spoil one attempt.
 */
static bool is_same_pipe(const struct fd_entry *entry, int fd)
{
	struct timespec times[2];
	struct stat st;
	uint32_t bits[4];
	int attempt;

	for (attempt = 0; attempt < 4; attempt++) {
		if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
			return false;
		times[0].tv_sec = bits[0] >> 2;
		times[0].tv_nsec = bits[1] % 1000000000u;
		times[1].tv_sec = bits[2] >> 2;
		times[1].tv_nsec = bits[3] % 1000000000u;
		if (futimens(entry->write_end, times) != 0)
			return true;
		if (fstat(fd, &st) != 0)
			return false;
		if (st.st_atim.tv_sec == times[0].tv_sec && st.st_atim.tv_nsec == times[0].tv_nsec)
			return true;
		if (st.st_mtim.tv_sec == times[1].tv_sec && st.st_mtim.tv_nsec == times[1].tv_nsec)
			return true;
	}
	return false;
}

/* A copy that keeps nothing open for reading does not keep the tenant either. */
static bool is_reader(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY;
}

static struct netns *find_pipe(int fd, const struct stat *st)
{
	struct netns *ns = NULL;
	struct fd_entry *entry;

	if (!is_reader(fd))
		return NULL;
	netns_mutex_lock(&fd_lock);
	entry = entry_of_inode(keymap_find(&by_inode, st->st_dev, st->st_ino));
	if (entry != NULL && is_same_pipe(entry, fd))
		ns = netns_get(entry->ns);
	netns_mutex_unlock(&fd_lock);
	return ns;
}

int netns_find_by_fd(int fd, struct netns **ret_ns)
{
	struct netns *ns;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return errno == EBADF ? -EBADF : -EINVAL;
	ns = S_ISFIFO(st.st_mode) ? find_pipe(fd, &st) : kernel_link_find(&st);
	if (ns == NULL)
		return -EINVAL;
	*ret_ns = ns;
	return 0;
}

int fd_epoll_fd(void)
{
	return epoll_fd;
}

void fd_epoll_event(void *cookie)
{
	struct fd_entry *entry;

	netns_mutex_lock(&fd_lock);
	entry = entry_of_number(keymap_find(&by_number, (uintptr_t)cookie, 0));
	if (entry != NULL) {
		keymap_del(&by_number, &entry->by_number);
		keymap_del(&by_inode, &entry->by_inode);
		/* by hand: after a fork() our end is open elsewhere too, and would stay watched */
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, entry->write_end, NULL);
		close(entry->write_end);
	}
	netns_mutex_unlock(&fd_lock);
	if (entry == NULL)
		return;
	netns_put(entry->ns);
	heap_free(entry);
}

int fd_init(void)
{
	int err;

	err = keymap_init(&by_inode);
	if (err != 0)
		return err;
	err = keymap_init(&by_number);
	if (err != 0)
		goto fini_inode;
	err = kernel_link_init();
	if (err != 0)
		goto fini_number;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd >= 0)
		return 0;
	err = -errno;
	kernel_link_fini();
fini_number:
	keymap_fini(&by_number);
fini_inode:
	keymap_fini(&by_inode);
	return err;
}

int fd_fini(void)
{
	uint32_t left;

	netns_mutex_lock(&fd_lock);
	left = by_inode.count;
	netns_mutex_unlock(&fd_lock);
	if (left != 0)
		return -EBUSY;
	close(epoll_fd);
	epoll_fd = -1;
	kernel_link_fini();
	keymap_fini(&by_number);
	keymap_fini(&by_inode);
	return 0;
}
