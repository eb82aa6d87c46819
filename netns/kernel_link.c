/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel network namespaces that stand for a tenant: owns the links between nsfs inodes and
 * tenants. A link holds no reference on its tenant, which forgets it when it dies. It does keep the
 * kernel's namespace: the kernel gives the inode number of a dead one to the next one at once,
 * which would then stand for a tenant that it has nothing to do with.
 *
 * Callers: control threads, fd.c and session.c for lookups, retire.c for the dying.
 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fault.h"
#include "keymap.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

struct kernel_link {
	struct keymap_node by_inode; /* key st_dev, st_ino */
	struct keymap_node by_ns;    /* key handle, 0 */
	struct tenant *ns;           /* no reference; valid while linked, it unlinks when it dies */
	int nsfs_fd;                 /* keeps the inode number taken */
};

static struct netns_mutex link_lock = NETNS_MUTEX_INIT; /* leaf */
static struct keymap by_inode TS_GUARDED_BY(link_lock);
static struct keymap by_ns TS_GUARDED_BY(link_lock);
static uint32_t links; /* atomic; w: link_lock; r: fd_cleanup_batch(), to do nothing for nothing */

static struct kernel_link *link_of_inode(struct keymap_node *node)
{
	return node ? (struct kernel_link *)((char *)node - offsetof(struct kernel_link, by_inode))
		    : NULL;
}

static struct kernel_link *link_of_ns(struct keymap_node *node)
{
	return node ? (struct kernel_link *)((char *)node - offsetof(struct kernel_link, by_ns))
		    : NULL;
}

static struct kernel_link *find_locked(const struct stat *st) TS_REQUIRES(link_lock)
{
	return link_of_inode(keymap_find(&by_inode, st->st_dev, st->st_ino));
}

static void add_locked(struct kernel_link *link, const struct stat *st) TS_REQUIRES(link_lock)
{
	keymap_add(&by_inode, &link->by_inode, st->st_dev, st->st_ino);
	keymap_add(&by_ns, &link->by_ns, link->ns->pub.handle, 0);
	__atomic_fetch_add(&links, 1, __ATOMIC_RELAXED);
}

static void forget_locked(struct kernel_link *link) TS_REQUIRES(link_lock)
{
	keymap_del(&by_inode, &link->by_inode);
	keymap_del(&by_ns, &link->by_ns);
	__atomic_fetch_sub(&links, 1, __ATOMIC_RELAXED);
	close(link->nsfs_fd);
	heap_free(link);
}

/* Is @fd a network namespace? The file system is asked first: other files' ioctls are not for us.
 */
static int check_nsfs(int fd, struct stat *ret_st)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return errno == EBADF ? -EBADF : -EINVAL;
	if (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return -EINVAL;
	return fstat(fd, ret_st) == 0 ? 0 : -EINVAL;
}

static int publish(struct kernel_link *link, const struct stat *st)
{
	struct kernel_link *old;
	int err = 0;

	netns_mutex_lock(&link_lock);
	old = find_locked(st);
	if (old != NULL && netns_is_alive(&old->ns->pub)) {
		err = -EEXIST;
	} else {
		if (old != NULL)
			forget_locked(old); /* its tenant is about to do so */
		add_locked(link, st);
	}
	netns_mutex_unlock(&link_lock);
	return err;
}

/* Not before it is published: nobody would forget the link if the rest of its setup failed. */
static bool is_published(const struct tenant *t)
{
	/* pairs with the release that publishes the tenant */
	return __atomic_load_n(&t->state, __ATOMIC_ACQUIRE) == TENANT_LIVE;
}

/* @ns is referenced. */
static int link_kernel(struct netns *ns, int nsfs_fd, const struct stat *st)
{
	struct kernel_link *link = heap_zalloc(sizeof(*link));
	int err;

	if (link == NULL)
		return -ENOMEM;
	link->ns = tenant_of(ns);
	link->nsfs_fd = fcntl(nsfs_fd, F_DUPFD_CLOEXEC, 0);
	if (link->nsfs_fd < 0) {
		err = -errno;
		goto free_link;
	}
	err = publish(link, st);
	if (err == 0)
		return 0;
	close(link->nsfs_fd);
free_link:
	heap_free(link);
	return err;
}

int netns_link_kernel(struct netns *ns, int nsfs_fd)
{
	struct stat st;
	int err = check_nsfs(nsfs_fd, &st);

	if (err != 0)
		return err;
	/* held until the link is there: its cleanup can then only come later */
	if (!netns_tryget(ns))
		return -ENOENT;
	err = is_published(tenant_of(ns)) ? link_kernel(ns, nsfs_fd, &st) : -ENOENT;
	netns_put(ns);
	return err;
}

int netns_unlink_kernel(struct netns *ns, int nsfs_fd)
{
	struct kernel_link *link;
	struct stat st;
	int err = check_nsfs(nsfs_fd, &st);

	if (err != 0)
		return err;
	netns_mutex_lock(&link_lock);
	link = find_locked(&st);
	if (link != NULL && link->ns == tenant_of(ns))
		forget_locked(link);
	else
		err = -ENOENT;
	netns_mutex_unlock(&link_lock);
	return err;
}

struct netns *kernel_link_find(const struct stat *st)
{
	struct kernel_link *link;
	struct netns *ns = NULL;

	netns_mutex_lock(&link_lock);
	link = find_locked(st);
	if (link != NULL && netns_tryget(&link->ns->pub))
		ns = &link->ns->pub;
	netns_mutex_unlock(&link_lock);
	return ns;
}

struct netns *kernel_link_find_pid(pid_t pid)
{
	struct stat st;
	char path[32];

	if (pid <= 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return stat(path, &st) == 0 ? kernel_link_find(&st) : NULL;
}

void fd_cleanup_batch(struct tenant *head)
{
	struct kernel_link *link;
	struct tenant *t;

	/* ordered by the counts of the dying: a link was made before the last reference went */
	if (__atomic_load_n(&links, __ATOMIC_RELAXED) == 0)
		return;
	netns_mutex_lock(&link_lock);
	for (t = head; t != NULL; t = t->batch_next) {
		while ((link = link_of_ns(keymap_find(&by_ns, t->pub.handle, 0))) != NULL)
			forget_locked(link);
	}
	netns_mutex_unlock(&link_lock);
}

int kernel_link_init(void)
{
	int err = keymap_init(&by_inode);

	if (err != 0)
		return err;
	err = keymap_init(&by_ns);
	if (err != 0)
		keymap_fini(&by_inode);
	return err;
}

void kernel_link_fini(void)
{
	uint32_t i;

	/* what is left are links of the root namespace */
	netns_mutex_lock(&link_lock);
	for (i = 0; i <= by_inode.mask; i++) {
		while (by_inode.bucket[i] != NULL)
			forget_locked(link_of_inode(by_inode.bucket[i]));
	}
	keymap_fini(&by_ns);
	keymap_fini(&by_inode);
	netns_mutex_unlock(&link_lock);
}
