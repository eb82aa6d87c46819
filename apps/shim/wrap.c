/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wrapped socket calls: each looks whether the descriptor is a carried socket and otherwise is
 * libc's own. Called by the program under `nsplane exec`.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim.h"

SHIM_EXPORT int socket(int domain, int type, int protocol)
{
	int fd;

	if (domain != AF_NETLINK || protocol != NETLINK_ROUTE) {
		fd = shim_real()->socket(domain, type, protocol);
		shim_forget(fd);
		return fd;
	}
	fd = shim_connect(type, (uint32_t)getpid());
	if (fd >= 0 && shim_carry(fd, (uint32_t)getpid()) != 0) {
		shim_real()->close(fd);
		errno = EMFILE;
		return -1;
	}
	return fd;
}

static int join_mask(struct shim_fd *s, int fd, uint32_t mask)
{
	unsigned int g;

	for (g = 0; g < 32; g++) {
		bool want = mask >> g & 1;

		if (want == (s->groups >> g & 1))
			continue;
		if (shim_group(s, fd, g + 1, want) != 0)
			return -1;
	}
	s->groups = mask;
	return 0;
}

SHIM_EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_nl *nl = (const void *)addr;
	struct shim_fd *s = shim_find(fd);

	if (!s)
		return shim_real()->bind(fd, addr, len);
	if (len < sizeof(*nl) || nl->nl_family != AF_NETLINK) {
		errno = EINVAL;
		return -1;
	}
	return join_mask(s, fd, nl->nl_groups);
}

SHIM_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return shim_find(fd) ? 0 : shim_real()->connect(fd, addr, len);
}

SHIM_EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct shim_fd *s = shim_find(fd);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };

	if (!s)
		return shim_real()->getsockname(fd, addr, len);
	nl.nl_pid = s->port;
	nl.nl_groups = s->groups;
	memcpy(addr, &nl, *len < sizeof(nl) ? *len : sizeof(nl));
	*len = sizeof(nl);
	return 0;
}

SHIM_EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct shim_fd *s = shim_find(fd);
	uint32_t v = 0;

	if (!s)
		return shim_real()->setsockopt(fd, level, name, value, len);
	if (level != SOL_NETLINK) /* sizes and filters: a filter for netlink has no sense here */
		return level == SOL_SOCKET && name != 26 /* SO_ATTACH_FILTER */
			       ? shim_real()->setsockopt(fd, level, name, value, len)
			       : 0;
	if (len >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	if (name == NETLINK_NO_ENOBUFS)
		s->no_enobufs = v;
	if ((name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP) && v && v <= 32) {
		uint32_t bit = 1u << (v - 1);

		s->groups = name == NETLINK_ADD_MEMBERSHIP ? s->groups | bit : s->groups & ~bit;
	}
	if (name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP)
		return shim_group(s, fd, v, name == NETLINK_ADD_MEMBERSHIP);
	return shim_option(s, fd, (uint32_t)name, v);
}

SHIM_EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int v = name == SO_DOMAIN ? AF_NETLINK : name == SO_PROTOCOL ? NETLINK_ROUTE : SOCK_RAW;

	if (!shim_find(fd))
		return shim_real()->getsockopt(fd, level, name, value, len);
	if (level == SOL_SOCKET && name != SO_DOMAIN && name != SO_PROTOCOL && name != SO_TYPE)
		return shim_real()->getsockopt(fd, level, name, value, len);
	if (level != SOL_SOCKET)
		v = 0;
	if (*len < sizeof(v)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(value, &v, sizeof(v));
	*len = sizeof(v);
	return 0;
}

SHIM_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return shim_find(fd) ? shim_send(fd, msg, flags) : shim_real()->sendmsg(fd, msg, flags);
}

SHIM_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			   const struct sockaddr *addr, socklen_t alen)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!shim_find(fd))
		return shim_real()->sendto(fd, buf, len, flags, addr, alen);
	return shim_send(fd, &msg, flags);
}

SHIM_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	if (!shim_find(fd))
		return shim_real()->send(fd, buf, len, flags);
	return sendto(fd, buf, len, flags, NULL, 0);
}

SHIM_EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	if (!shim_find(fd))
		return shim_real()->write(fd, buf, len);
	return sendto(fd, buf, len, 0, NULL, 0);
}

SHIM_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct shim_fd *s = shim_find(fd);

	return s ? shim_recv(s, fd, msg, flags) : shim_real()->recvmsg(fd, msg, flags);
}

SHIM_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
			     socklen_t *alen)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_name = addr, .msg_namelen = alen ? *alen : 0, .msg_iov = &iov, .msg_iovlen = 1
	};
	struct shim_fd *s = shim_find(fd);
	ssize_t n;

	if (!s)
		return shim_real()->recvfrom(fd, buf, len, flags, addr, alen);
	n = shim_recv(s, fd, &msg, flags);
	if (alen && n >= 0)
		*alen = msg.msg_namelen;
	return n;
}

SHIM_EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	if (!shim_find(fd))
		return shim_real()->recv(fd, buf, len, flags);
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

SHIM_EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	if (!shim_find(fd))
		return shim_real()->read(fd, buf, len);
	return recvfrom(fd, buf, len, 0, NULL, NULL);
}

SHIM_EXPORT int close(int fd)
{
	shim_forget(fd);
	return shim_real()->close(fd);
}

SHIM_EXPORT int dup(int fd)
{
	int to = shim_real()->dup(fd);

	shim_copy(fd, to);
	return to;
}

SHIM_EXPORT int dup2(int fd, int to)
{
	int ret = shim_real()->dup2(fd, to);

	if (ret >= 0)
		shim_copy(fd, ret);
	return ret;
}

SHIM_EXPORT int dup3(int fd, int to, int flags)
{
	int ret = shim_real()->dup3(fd, to, flags);

	if (ret >= 0)
		shim_copy(fd, ret);
	return ret;
}
