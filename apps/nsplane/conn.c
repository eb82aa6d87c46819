/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection with the daemon: one request at a time, answers to their end.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/control/control.h"
#include "nsplane.h"

#define SEQ 1u

static char in[65536 + 32768] __attribute__((aligned(8)));

void conn_path(char *buf, size_t size)
{
	const char *env = getenv("NSPLANE_SOCKET"), *dir = getenv("XDG_RUNTIME_DIR");

	if (settings.socket)
		snprintf(buf, size, "%s", settings.socket);
	else if (env && *env)
		snprintf(buf, size, "%s", env);
	else if (geteuid() == 0 || !dir || !*dir)
		snprintf(buf, size, "/run/nsplane.sock");
	else
		snprintf(buf, size, "%s/nsplane.sock", dir);
}

/* What the daemon says of a refused request: its own words, or the errno's. */
static void say_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(nlh + 1);
	const struct nlattr *a;
	size_t at = sizeof(*e), len = nlh->nlmsg_len - sizeof(*nlh);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	while (nlh->nlmsg_flags & NLM_F_ACK_TLVS && at + sizeof(*a) <= len) {
		a = (const struct nlattr *)((const char *)e + at);
		if (a->nla_type == NLMSGERR_ATTR_MSG) {
			fprintf(stderr, "Error: %s.\n", (const char *)(a + 1));
			return;
		}
		at += NLA_ALIGN(a->nla_len) ? NLA_ALIGN(a->nla_len) : len;
	}
	fprintf(stderr, "nsplaned answers: %s\n", strerror(-e->error));
}

/* Next message, several of which may lie in one datagram; NULL after a text */
static const struct nlmsghdr *receive(int fd)
{
	static const struct nlmsghdr *next;
	static uint32_t left; /* bytes, as NLMSG_OK() compares them */
	uint32_t step;
	const struct nlmsghdr *nlh;
	ssize_t n;

	if (left < sizeof(*nlh) || !NLMSG_OK(next, left)) {
		do {
			n = recv(fd, in, sizeof(in) - 1, 0);
		} while (n < 0 && errno == EINTR);
		left = n > 0 ? (uint32_t)n : 0;
		next = (const struct nlmsghdr *)in;
		if (n <= 0 || !NLMSG_OK(next, left)) {
			fprintf(stderr, "nsplane: the daemon closed the connection\n");
			left = 0;
			return NULL;
		}
		in[n] = 0;
	}
	nlh = next;
	step = NLMSG_ALIGN(nlh->nlmsg_len);
	next = (const struct nlmsghdr *)((const char *)nlh + step);
	left = step < left ? left - step : 0; /* the last one may end unaligned */
	return nlh;
}

static int ask(int fd, uint16_t type, const void *payload, size_t len)
{
	struct nlmsghdr *nlh = calloc(1, sizeof(*nlh) + len);
	ssize_t n;

	if (!nlh)
		return -1;
	nlh->nlmsg_len = (uint32_t)(sizeof(*nlh) + len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | (type == NSP_WORDS ? 0 : NLM_F_ACK);
	nlh->nlmsg_seq = SEQ;
	memcpy(nlh + 1, payload, len);
	n = send(fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL);
	free(nlh);
	if (n < 0)
		fprintf(stderr, "nsplane: %s\n", strerror(errno));
	return n < 0 ? -1 : 0;
}

static int acknowledged(int fd)
{
	const struct nlmsghdr *nlh = receive(fd);
	const struct nlmsgerr *e;

	if (!nlh)
		return -1;
	e = (const struct nlmsgerr *)(nlh + 1);
	if (nlh->nlmsg_type == NLMSG_ERROR && e->error == 0)
		return 0;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		say_error(nlh);
	return -1;
}

int conn_enter(int fd, const char *name)
{
	union {
		struct nsp_hello h;
		char bytes[sizeof(struct nsp_hello) + 256];
	} hello;

	memset(&hello, 0, sizeof(hello));
	if (strlen(name) > 255) {
		fprintf(stderr, "Error: a name has at most 255 bytes.\n");
		return -1;
	}
	memcpy(hello.bytes + sizeof(hello.h), name, strlen(name));
	if (ask(fd, NSP_HELLO, &hello, sizeof(hello.h) + strlen(name) + 1) != 0)
		return -1;
	return acknowledged(fd);
}

int conn_join(int fd, uint32_t group)
{
	struct nsp_group g = { .group = group, .join = 1 };

	return ask(fd, NSP_GROUPS, &g, sizeof(g)) != 0 ? -1 : acknowledged(fd);
}

int conn_open(void)
{
	struct nsp_option option = { .option = NETLINK_EXT_ACK, .value = 1 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	conn_path(addr.sun_path, sizeof(addr.sun_path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		fprintf(stderr, "nsplane: cannot reach the daemon at %s: %s%s\n", addr.sun_path,
			strerror(errno),
			errno == ENOENT || errno == ECONNREFUSED ? " (is nsplaned running?)" : "");
		goto failed;
	}
	if (ask(fd, NSP_OPTION, &option, sizeof(option)) != 0 || acknowledged(fd) != 0)
		goto failed;
	if (settings.netns && conn_enter(fd, settings.netns) != 0)
		goto failed;
	return fd;
failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

static int append(char **text, size_t *len, const struct nlmsghdr *nlh)
{
	size_t n = nlh->nlmsg_len - sizeof(*nlh);
	char *more = realloc(*text, *len + n + 1);

	if (!more)
		return -1;
	memcpy(more + *len, nlh + 1, n);
	*len += n;
	more[*len] = 0;
	*text = more;
	return 0;
}

int conn_words(int fd, int argc, char *const *argv, char **ret_text)
{
	char *text = calloc(1, 1), *words = NULL, *more;
	const struct nlmsghdr *nlh;
	size_t len = 0, n;
	int i, ret = EXIT_DAEMON;

	for (i = 0; i < argc; i++) {
		n = strlen(argv[i]) + 1;
		more = realloc(words, len + n);
		if (!more)
			goto out;
		words = more;
		memcpy(words + len, argv[i], n);
		len += n;
	}
	if (!text || ask(fd, NSP_WORDS, words, len) != 0)
		goto out;
	len = 0;
	while ((nlh = receive(fd))) {
		if (nlh->nlmsg_type == NSP_TEXT && append(&text, &len, nlh) == 0)
			continue;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			say_error(nlh);
		else if (nlh->nlmsg_type == NLMSG_DONE)
			ret = 0;
		else
			continue;
		break;
	}
out:
	free(words);
	if (ret)
		free(text);
	else
		*ret_text = text;
	return ret;
}

const char *conn_next(int fd)
{
	const struct nlmsghdr *nlh = receive(fd);

	return nlh ? (const char *)(nlh + 1) : NULL;
}
