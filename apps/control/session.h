/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session from inside, for session.c (its life, what comes in) and session_out.c (what goes out).
 */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include "internal.h"

struct event;

struct packet {
	struct packet *next;
	int fd; /* to pass along; -1 */
	size_t len;
	char data[];
};

struct session {
	struct session *next, **prev;
	int fd;
	struct event *readable, *writable;
	struct netns_session *ns;
	struct netns_cred cred;
	pid_t pid;
	uint32_t port;
	uint64_t groups; /* bit g - 1: RTNLGRP g */
	bool ext_ack, strict, cap_ack, dumping, lost, closing;
	struct packet *head, **tail;
	size_t queued; /* bytes */
	struct nl_dump dump;
	uint32_t fds[NL_FDS_MAX];
	unsigned int n_fds;
};

/* Where answers are built; one thread, one at a time. */
extern uint8_t session_out_buf[NL_OUT_SIZE + NL_MSG_MAX];

int session_send_data(struct session *s, const void *data, size_t len, int fd);
bool session_flush(struct session *s); /* the queue is empty */
void session_drop_packet(struct session *s);
void session_tell_lost(struct session *s);
void session_dump_step(struct session *s);
void session_dump_end(struct session *s);

#endif /* CONTROL_SESSION_H */
