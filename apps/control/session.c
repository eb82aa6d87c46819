/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connected process: its place (netns_session), its options and groups, datagrams in and out,
 * its running dump. Answers wait their turn in a queue; while something waits, no more is read from
 * the session, so a slow reader delays nobody but itself; notifications beyond the queue's bound
 * are lost, which the reader is told (NLMSG_OVERRUN). Owned by the event loop's thread.
 */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

static struct session *all;
static unsigned int n_sessions;
static uint8_t in_buf[NL_IN_SIZE] __attribute__((aligned(8)));

uint32_t session_port(const struct session *s)
{
	return s->port;
}

const struct netns_cred *session_cred(const struct session *s)
{
	return &s->cred;
}

pid_t session_pid(const struct session *s)
{
	return s->pid;
}

struct netns_session *session_ns(const struct session *s)
{
	return s->ns;
}

struct netns *session_netns(const struct session *s)
{
	return netns_session_netns(s->ns);
}

bool session_admin(const struct session *s)
{
	return s->cred.uid == 0 || s->cred.uid == server_admin();
}

int session_fd(const struct session *s, uint32_t index)
{
	return index < s->n_fds ? (int)s->fds[index] : -1;
}

bool session_dumping(const struct session *s)
{
	return s->dumping;
}

unsigned int sessions_count(void)
{
	return n_sessions;
}

unsigned int sessions_of_uid(uid_t uid)
{
	const struct session *s;
	unsigned int n = 0;

	for (s = all; s; s = s->next)
		n += s->cred.uid == uid;
	return n;
}

void sessions_notify(uint64_t ns_handle, uint32_t group, const void *data, size_t len,
		     const struct session *echo)
{
	struct session *s;
	struct netns *ns;
	bool here;

	for (s = all; s; s = s->next) {
		if (s != echo && !(s->groups & 1ull << (group - 1)))
			continue;
		ns = netns_session_netns(s->ns);
		here = ns_handle == 0 || netns_handle(ns) == ns_handle;
		netns_put(ns);
		if (!here || s->closing || s->lost)
			continue;
		if (s->queued + len > NL_QUEUE_MAX)
			s->lost = true;
		else
			session_send_data(s, data, len, -1);
	}
}

static void settle(struct session *s)
{
	if (s->closing) {
		session_free(s);
		return;
	}
	if (!s->head && s->lost)
		session_tell_lost(s);
	if (s->head || s->dumping)
		event_add(s->writable, NULL);
	else
		event_del(s->writable);
	if (s->head)
		event_del(s->readable);
	else
		event_add(s->readable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	netns_reader_online();
	if (session_flush(s) && s->dumping)
		session_dump_step(s);
	nl_notify_flush();
	settle(s);
	netns_reader_offline();
}

/* ---- in ---- */

static void close_fds(struct session *s)
{
	while (s->n_fds)
		close((int)s->fds[--s->n_fds]);
}

static void take_fds(struct session *s, struct msghdr *msg)
{
	struct cmsghdr *c;
	size_t n, i;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (s->n_fds < NL_FDS_MAX)
				s->fds[s->n_fds++] = (uint32_t)fd;
			else
				close(fd);
		}
	}
}

static void answer(struct session *s, const struct nlmsghdr *nlh)
{
	struct nl_out out = { .buf = session_out_buf };
	struct nl_req req = { .s = s, .nlh = nlh, .port = s->port, .out = &out };
	int err;

	req.strict = s->strict;
	req.ns = netns_session_netns(s->ns);
	nl_notify_cause(&req);
	err = nl_handle(&req);
	nl_notify_cause(NULL);
	netns_put(req.ns);
	nl_notify_flush();
	session_send(s, &out, -1);
	if (err == 1) /* a dump, or answered in full already */
		return;
	if (err || nlh->nlmsg_flags & NLM_F_ACK) {
		out.len = 0;
		nl_ack(&req, err, s->cap_ack, s->ext_ack);
		session_send(s, &out, -1);
	}
}

static void take_datagram(struct session *s, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)in_buf;
	int left = (int)len;

	while (left > 0 && mnl_nlmsg_ok(nlh, left) && !s->closing) {
		int step = (int)MNL_ALIGN(nlh->nlmsg_len);

		if (nlh->nlmsg_flags & NLM_F_REQUEST && nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			answer(s, nlh);
		left -= step;
		nlh = (const struct nlmsghdr *)((const char *)nlh + step);
	}
}

/* A datagram longer than any that we take: the sender learns of it like a kernel's EMSGSIZE. */
static void refuse_long(struct session *s)
{
	struct nl_out out = { .buf = session_out_buf };
	struct nlmsghdr nlh = *(const struct nlmsghdr *)in_buf;
	struct nl_req req = { .s = s, .nlh = &nlh, .port = s->port, .out = &out };

	nlh.nlmsg_len = sizeof(nlh);
	nl_refuse(&req, -EMSGSIZE, "Datagram is longer than 256 KiB", NULL);
	nl_ack(&req, -EMSGSIZE, true, s->ext_ack);
	session_send(s, &out, -1);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	char control[CMSG_SPACE(sizeof(int) * 253)];
	struct iovec iov = { .iov_base = in_buf, .iov_len = sizeof(in_buf) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct session *s = arg;
	ssize_t n;

	(void)what;
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !s->closing)
		return;
	netns_reader_online();
	if (n <= 0) {
		s->closing = true;
	} else {
		take_fds(s, &msg);
		if (msg.msg_flags & MSG_TRUNC)
			refuse_long(s);
		else
			take_datagram(s, (size_t)n);
		close_fds(s);
	}
	settle(s);
	netns_reader_offline();
}

/* ---- life ---- */

struct session *session_new(int fd)
{
	struct session *s = calloc(1, sizeof(*s));
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (!s)
		return NULL;
	s->fd = fd;
	s->tail = &s->head;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		goto failed;
	s->pid = cred.pid;
	s->port = (uint32_t)cred.pid;
	s->cred.uid = cred.uid;
	s->cred.gid = cred.gid;
	if (!server_admits(cred.uid))
		goto failed;
	/* a peer of another PID namespace has pid 0 here: it can have a session, but not be found
	 */
	if (netns_session_open(cred.pid > 0 ? cred.pid : 1, &s->cred, &s->ns) != 0)
		goto failed;
	s->readable = event_new(server_base(), fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(server_base(), fd, EV_WRITE | EV_PERSIST, on_writable, s);
	if (!s->readable || !s->writable || event_add(s->readable, NULL) != 0)
		goto close_ns;
	s->next = all;
	s->prev = &all;
	if (all)
		all->prev = &s->next;
	all = s;
	n_sessions++;
	return s;

close_ns:
	if (s->readable)
		event_free(s->readable);
	if (s->writable)
		event_free(s->writable);
	netns_session_close(s->ns);
failed:
	free(s);
	return NULL;
}

void session_free(struct session *s)
{
	uint32_t g;

	for (g = 1; g <= NL_GROUPS_MAX; g++)
		session_group(s, g, false);
	if (s->dumping)
		session_dump_end(s);
	while (s->head)
		session_drop_packet(s);
	close_fds(s);
	event_free(s->readable);
	event_free(s->writable);
	close(s->fd);
	netns_session_close(s->ns);
	*s->prev = s->next;
	if (s->next)
		s->next->prev = s->prev;
	n_sessions--;
	free(s);
}

void sessions_free(void)
{
	while (all)
		session_free(all);
}

void session_group(struct session *s, uint32_t group, bool join)
{
	uint64_t bit = 1ull << (group - 1);

	if (!(s->groups & bit) == !join)
		return;
	s->groups ^= bit;
	nl_notify_group(group, join ? 1 : -1);
}

void session_option(struct session *s, uint32_t option, uint32_t value)
{
	switch (option) {
	case NETLINK_EXT_ACK:
		s->ext_ack = value;
		break;
	case NETLINK_CAP_ACK:
		s->cap_ack = value;
		break;
	case NETLINK_GET_STRICT_CHK:
		s->strict = value;
		break;
	}
}

void session_set_port(struct session *s, uint32_t port)
{
	s->port = port;
}
