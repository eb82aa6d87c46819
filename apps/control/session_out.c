/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes out to a session: datagrams in their order, the next slice of its dump when nothing
 * waits, the word that notifications were lost. Event loop's thread.
 */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

uint8_t session_out_buf[NL_OUT_SIZE + NL_MSG_MAX] __attribute__((aligned(8)));

static int send_now(struct session *s, const void *data, size_t len, int fd)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int enqueue(struct session *s, const void *data, size_t len, int fd)
{
	struct packet *p = malloc(sizeof(*p) + len);

	if (!p)
		return -ENOMEM;
	p->next = NULL;
	p->fd = fd >= 0 ? dup(fd) : -1;
	p->len = len;
	memcpy(p->data, data, len);
	*s->tail = p;
	s->tail = &p->next;
	s->queued += len;
	event_add(s->writable, NULL);
	event_del(s->readable);
	return 0;
}

int session_send_data(struct session *s, const void *data, size_t len, int fd)
{
	int err = -EAGAIN;

	if (!s->head)
		err = send_now(s, data, len, fd);
	if (err == -EAGAIN)
		err = enqueue(s, data, len, fd);
	if (err) { /* the peer is gone, or there is no memory for it */
		s->closing = true;
		event_active(s->readable, EV_READ, 0);
	}
	return err;
}

int session_send(struct session *s, const struct nl_out *out, int fd)
{
	return out->len ? session_send_data(s, out->buf, out->len, fd) : 0;
}

void session_drop_packet(struct session *s)
{
	struct packet *p = s->head;

	s->head = p->next;
	if (!s->head)
		s->tail = &s->head;
	s->queued -= p->len;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

/* Empties the queue as far as the socket takes it. Return: it is empty. */
bool session_flush(struct session *s)
{
	while (s->head) {
		int err = send_now(s, s->head->data, s->head->len, s->head->fd);

		if (err == -EAGAIN)
			return false;
		if (err) {
			s->closing = true;
			return false;
		}
		session_drop_packet(s);
	}
	return true;
}

void session_tell_lost(struct session *s)
{
	struct nl_out out = { .buf = session_out_buf };

	s->lost = false;
	nl_end(&out, nl_begin(&out, NLMSG_OVERRUN, 0, 0, 0, 0));
	session_send(s, &out, -1);
}

/* ---- dumps ---- */

void session_dump(struct nl_req *req, const struct nl_dump *d)
{
	struct session *s = req->s;

	s->dump = *d;
	s->dump.nlh = *req->nlh;
	s->dump.strict = s->strict;
	if (!s->dump.ns)
		s->dump.ns = req->ns;
	netns_get(s->dump.ns);
	s->dumping = true;
	event_add(s->writable, NULL);
}

void session_dump_end(struct session *s)
{
	s->dumping = false;
	netns_put(s->dump.ns);
	s->dump.ns = NULL;
}

/* One datagram of the dump; others have their turn before the next. */
void session_dump_step(struct session *s)
{
	struct nl_out out = { .buf = session_out_buf };
	struct nl_req req = { .s = s, .ns = s->dump.ns, .nlh = &s->dump.nlh, .out = &out };
	int more;

	req.port = s->port;
	req.strict = s->dump.strict;
	dp_ctl_lock();
	more = s->dump.slice(&req, &s->dump);
	dp_ctl_unlock();
	if (more > 0) {
		session_send(s, &out, -1);
		return;
	}
	nl_done(&out, &req, &s->dump, more);
	session_send(s, &out, -1);
	session_dump_end(s);
}

void session_send_text(struct nl_req *req, const char *text, size_t len)
{
	struct nl_out out = { .buf = session_out_buf };
	struct nlmsghdr *nlh;

	do {
		size_t n = len < 16384 ? len : 16384;

		out.len = 0;
		nlh = nl_begin(&out, NSP_TEXT, NLM_F_MULTI, req->nlh->nlmsg_seq, req->port, n);
		memcpy(nl_payload(nlh), text, n);
		nlh->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + n);
		nl_end(&out, nlh);
		session_send(req->s, &out, -1);
		text += n;
		len -= n;
	} while (len);
	out.len = 0;
}
