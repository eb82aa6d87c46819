/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the preload library share. It carries a program's NETLINK_ROUTE sockets to the
 * daemon and leaves all else alone; it must not disturb its host: no output, errno kept, no
 * allocation on the way of data.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define SHIM_EXPORT __attribute__((visibility("default")))

/** struct shim_fd - one carried socket; by descriptor number */
struct shim_fd {
	bool carried;
	bool no_enobufs;
	uint32_t port;   /* nl_pid that getsockname() tells */
	uint32_t groups; /* first 32, as in sockaddr_nl */
	uint32_t seq;    /* of the shim's own requests */
};

/* fds.c: the table. NULL: not carried. */
struct shim_fd *shim_find(int fd);
int shim_carry(int fd, uint32_t port); /* 0, or -1 where the number is too large */
void shim_forget(int fd);
void shim_copy(int fd, int to);

/* netlink.c: speaking with the daemon. -1 with errno on failure. */
int shim_connect(int type, uint32_t port);
int shim_group(struct shim_fd *s, int fd, uint32_t group, bool join);
int shim_option(struct shim_fd *s, int fd, uint32_t option, uint32_t value);
/* A descriptor of the tenant @name. */
int shim_open_netns(const char *name);
/* Calls @fn with the answer to a request on a connection of its own. */
int shim_ask(const void *request, size_t len, void *answer, size_t size);
ssize_t shim_send(int fd, const struct msghdr *msg, int flags);
ssize_t shim_recv(struct shim_fd *s, int fd, struct msghdr *msg, int flags);

/* The functions of libc behind the wrappers */
struct shim_real {
	int (*socket)(int domain, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*sendto)(int fd, const void *buf, size_t len, int flags,
			  const struct sockaddr *addr, socklen_t alen);
	ssize_t (*recvfrom)(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
			    socklen_t *alen);
	ssize_t (*read)(int fd, void *buf, size_t len);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	int (*close)(int fd);
	int (*dup)(int fd);
	int (*dup2)(int fd, int to);
	int (*dup3)(int fd, int to, int flags);
	int (*open)(const char *path, int flags, ...);
	int (*openat)(int dir, const char *path, int flags, ...);
	int (*ioctl)(int fd, unsigned long request, ...);
	void *(*opendir)(const char *path);
	void *(*readdir)(void *dir);
	int (*closedir)(void *dir);
};
const struct shim_real *shim_real(void);

#endif /* SHIM_H */
