/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Speaking with the daemon: a connection for each carried socket, requests of the shim's own on it,
 * and datagrams made to look like the kernel's. Descriptors that a request names by number travel
 * along, and the request says their index instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/control/control.h"
#include "shim.h"

#define SEND_MAX 65536u /* a request with descriptors in it */
#define PASS_MAX 64u

/* ---- requests of our own ---- */

static int wait_ack(int fd, uint32_t seq)
{
	union {
		struct nlmsghdr nlh;
		char bytes[4096];
	} in;
	const struct nlmsgerr *e;
	ssize_t n;

	for (;;) {
		n = shim_real()->recv(fd, &in, sizeof(in), MSG_PEEK);
		if (n < (ssize_t)sizeof(in.nlh))
			return n < 0 ? -1 : (errno = ECONNRESET, -1);
		if (in.nlh.nlmsg_type == NLMSG_ERROR && in.nlh.nlmsg_seq == seq)
			break;
		/* notifications that came first are not ours to lose, but nothing can wait for us
		 * and them at once: they are dropped like those of a slow reader
		 */
		shim_real()->recv(fd, &in, sizeof(in), 0);
	}
	shim_real()->recv(fd, &in, sizeof(in), 0);
	e = (const struct nlmsgerr *)(&in.nlh + 1);
	if (!e->error)
		return 0;
	errno = -e->error;
	return -1;
}

static int request(int fd, uint16_t type, uint32_t seq, const void *payload, size_t len)
{
	char buf[512] __attribute__((aligned(8))) = { 0 };
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;

	if (len > sizeof(buf) - sizeof(*nlh)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	nlh->nlmsg_len = (uint32_t)(sizeof(*nlh) + len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = seq;
	memcpy(nlh + 1, payload, len);
	if (shim_real()->send(fd, buf, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		return -1;
	return wait_ack(fd, seq);
}

#define SHIM_SEQ 0xfffff000u /* far from what programs count from */

int shim_group(struct shim_fd *s, int fd, uint32_t group, bool join)
{
	struct nsp_group g = { .group = group, .join = join };

	return request(fd, NSP_GROUPS, SHIM_SEQ + (s->seq++ & 0xfff), &g, sizeof(g));
}

int shim_option(struct shim_fd *s, int fd, uint32_t option, uint32_t value)
{
	struct nsp_option o = { .option = option, .value = value };

	return request(fd, NSP_OPTION, SHIM_SEQ + (s->seq++ & 0xfff), &o, sizeof(o));
}

static int address(struct sockaddr_un *ret)
{
	const char *path = getenv("NSPLANE_SOCKET"), *dir = getenv("XDG_RUNTIME_DIR");
	int n;

	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (path && *path)
		n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
	else if (geteuid() == 0 || !dir)
		n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/run/nsplane.sock");
	else
		n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/nsplane.sock", dir);
	if (n < (int)sizeof(ret->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int shim_connect(int type, uint32_t port)
{
	const char *name = getenv("NSPLANE_NETNS");
	struct sockaddr_un addr;
	union {
		struct nsp_hello h;
		char bytes[sizeof(struct nsp_hello) + 256];
	} hello;
	size_t n = name ? strlen(name) : 0;
	int fd, saved;

	if (n >= 256) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (address(&addr) != 0)
		return -1;
	fd = shim_real()->socket(AF_UNIX, SOCK_SEQPACKET | (type & SOCK_CLOEXEC), 0);
	if (fd < 0)
		return -1;
	memset(&hello, 0, sizeof(hello));
	hello.h.port = port;
	if (n)
		memcpy(hello.bytes + sizeof(hello.h), name, n);
	if (shim_real()->connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    request(fd, NSP_HELLO, SHIM_SEQ, &hello, sizeof(hello.h) + n + 1) != 0 ||
	    (type & SOCK_NONBLOCK && fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
		saved = errno;
		shim_real()->close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int shim_ask(const void *req, size_t len, void *answer, size_t size)
{
	int fd = shim_connect(SOCK_CLOEXEC, (uint32_t)getpid());
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (shim_real()->send(fd, req, len, MSG_NOSIGNAL) >= 0)
		n = shim_real()->recv(fd, answer, size, 0);
	shim_real()->close(fd);
	return (int)n;
}

static int take_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int shim_open_netns(const char *name)
{
	char buf[512] __attribute__((aligned(8))) = { 0 }, control[CMSG_SPACE(sizeof(int))];
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	size_t n = strlen(name) + 1;
	int fd, ret = -1;

	if (n > 256 || (fd = shim_connect(SOCK_CLOEXEC, 0)) < 0)
		return -1;
	nlh->nlmsg_len = (uint32_t)(sizeof(*nlh) + n);
	nlh->nlmsg_type = NSP_GETFD;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	memcpy(nlh + 1, name, n);
	if (shim_real()->send(fd, buf, nlh->nlmsg_len, MSG_NOSIGNAL) >= 0 &&
	    shim_real()->recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) > 0)
		ret = take_fd(&msg);
	shim_real()->close(fd);
	if (ret < 0)
		errno = ENOENT;
	return ret;
}

/* ---- out: descriptors in requests ---- */

/** struct pass - descriptors to send along */
struct pass {
	int fd[PASS_MAX];
	uint32_t n;
};

static void pass_attr(struct rtattr *a, struct pass *p)
{
	int fd;

	if (RTA_PAYLOAD(a) < sizeof(fd))
		return;
	memcpy(&fd, RTA_DATA(a), sizeof(fd));
	if (fcntl(fd, F_GETFD) < 0 || p->n == PASS_MAX) {
		fd = -1; /* the daemon says EBADF */
	} else {
		p->fd[p->n] = fd;
		fd = (int)p->n++;
	}
	memcpy(RTA_DATA(a), &fd, sizeof(fd));
}

static void walk_links(char *at, size_t len, struct pass *p);

/* LINKINFO -> DATA -> the other end of a pair, which is a link again */
static void walk_info(struct rtattr *info, struct pass *p)
{
	struct rtattr *a, *b;
	int left = (int)RTA_PAYLOAD(info), inner;

	for (a = RTA_DATA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if ((a->rta_type & NLA_TYPE_MASK) != IFLA_INFO_DATA)
			continue;
		inner = (int)RTA_PAYLOAD(a);
		for (b = RTA_DATA(a); RTA_OK(b, inner); b = RTA_NEXT(b, inner))
			if ((b->rta_type & NLA_TYPE_MASK) == VETH_INFO_PEER &&
			    RTA_PAYLOAD(b) > sizeof(struct ifinfomsg))
				walk_links((char *)RTA_DATA(b) + sizeof(struct ifinfomsg),
					   RTA_PAYLOAD(b) - sizeof(struct ifinfomsg), p);
	}
}

static void walk_links(char *at, size_t len, struct pass *p)
{
	struct rtattr *a;
	int left = (int)len;

	for (a = (struct rtattr *)at; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		unsigned int type = a->rta_type & NLA_TYPE_MASK;

		if (type == IFLA_NET_NS_FD)
			pass_attr(a, p);
		else if (type == IFLA_LINKINFO)
			walk_info(a, p);
	}
}

static void walk_nsid(char *at, size_t len, struct pass *p)
{
	struct rtattr *a;
	int left = (int)len;

	for (a = (struct rtattr *)at; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == NETNSA_FD)
			pass_attr(a, p);
}

static bool names_fds(uint16_t type)
{
	return type == RTM_NEWLINK || type == RTM_SETLINK || type == RTM_NEWNSID ||
	       type == RTM_GETNSID;
}

static void walk(char *buf, size_t len, struct pass *p)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	int left = (int)len;

	for (; NLMSG_OK(nlh, (unsigned int)left); nlh = NLMSG_NEXT(nlh, left)) {
		size_t hdr = nlh->nlmsg_type == RTM_NEWLINK || nlh->nlmsg_type == RTM_SETLINK
				     ? NLMSG_LENGTH(sizeof(struct ifinfomsg))
				     : NLMSG_SPACE(sizeof(struct rtgenmsg));

		if (!names_fds(nlh->nlmsg_type) || nlh->nlmsg_len < hdr)
			continue;
		if (hdr == NLMSG_LENGTH(sizeof(struct ifinfomsg)))
			walk_links((char *)nlh + hdr, nlh->nlmsg_len - hdr, p);
		else
			walk_nsid((char *)nlh + hdr, nlh->nlmsg_len - hdr, p);
	}
}

static bool may_name_fds(const struct msghdr *msg)
{
	const struct nlmsghdr *nlh;

	/* batches begin with what they are made of, near enough; the rest goes as it is */
	if (!msg->msg_iovlen || msg->msg_iov[0].iov_len < sizeof(*nlh))
		return true;
	nlh = msg->msg_iov[0].iov_base;
	return names_fds(nlh->nlmsg_type);
}

ssize_t shim_send(int fd, const struct msghdr *msg, int flags)
{
	static __thread char buf[SEND_MAX] __attribute__((aligned(8)));
	char control[CMSG_SPACE(sizeof(int) * PASS_MAX)] = { 0 };
	struct msghdr out = { .msg_iov = msg->msg_iov, .msg_iovlen = msg->msg_iovlen };
	struct iovec iov = { .iov_base = buf };
	struct pass p = { .n = 0 };
	struct cmsghdr *c;
	size_t i, len = 0;

	for (i = 0; i < msg->msg_iovlen; i++)
		len += msg->msg_iov[i].iov_len;
	if (len > SEND_MAX || !may_name_fds(msg))
		return shim_real()->sendmsg(fd, &out, flags | MSG_NOSIGNAL);
	for (i = 0, len = 0; i < msg->msg_iovlen; i++) {
		memcpy(buf + len, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
		len += msg->msg_iov[i].iov_len;
	}
	walk(buf, len, &p);
	iov.iov_len = len;
	out.msg_iov = &iov;
	out.msg_iovlen = 1;
	if (p.n) {
		out.msg_control = control;
		out.msg_controllen = CMSG_SPACE(sizeof(int) * p.n);
		c = CMSG_FIRSTHDR(&out);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * p.n);
		memcpy(CMSG_DATA(c), p.fd, sizeof(int) * p.n);
	}
	return shim_real()->sendmsg(fd, &out, flags | MSG_NOSIGNAL);
}

/* ---- in ---- */

/* Notifications were lost: what the kernel tells by ENOBUFS came as a message. */
static bool overrun(int fd, int flags, ssize_t *ret)
{
	struct nlmsghdr nlh;
	ssize_t n = shim_real()->recv(fd, &nlh, sizeof(nlh), (flags & MSG_DONTWAIT) | MSG_PEEK);

	if (n <= 0) {
		if (n == 0)
			errno = ECONNRESET; /* the daemon is gone; a netlink socket never ends */
		*ret = -1;
		return true;
	}
	if ((size_t)n < sizeof(nlh) || nlh.nlmsg_type != NLMSG_OVERRUN)
		return false;
	shim_real()->recv(fd, &nlh, sizeof(nlh), 0);
	errno = ENOBUFS;
	*ret = -1;
	return true;
}

ssize_t shim_recv(struct shim_fd *s, int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr in = { .msg_iov = msg->msg_iov, .msg_iovlen = msg->msg_iovlen };
	ssize_t n;

	while (overrun(fd, flags, &n))
		if (errno != ENOBUFS || !s->no_enobufs)
			return -1;
	n = shim_real()->recvmsg(fd, &in, flags);
	if (n < 0)
		return n;
	msg->msg_flags = in.msg_flags;
	msg->msg_controllen = 0;
	if (msg->msg_name) {
		memcpy(msg->msg_name, &kernel,
		       msg->msg_namelen < sizeof(kernel) ? msg->msg_namelen : sizeof(kernel));
		msg->msg_namelen = sizeof(kernel);
	}
	return n;
}
