/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control server: rtnetlink over a UNIX seqpacket socket. What the daemon needs of it. Messages
 * of our own, beside those of rtnetlink, are named here too, for the shim and the command.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct netns;
struct netns_config;

/*
 * Message types of our own. They live above RTM_MAX, so no rtnetlink program ever sends one.
 * HELLO:  struct nsp_hello, then the tenant's name (may be empty: stay where the session is)
 * GROUPS: struct nsp_group: join or leave a notification group
 * OPTION: struct nsp_option: socket options that the kernel keeps for a netlink socket
 * WORDS:  words of a command, each ended by a 0; the answer is NSP_TEXT messages, then NLMSG_DONE
 * GETFD:  name of a tenant; the answer is an NSP_TEXT with a descriptor (SCM_RIGHTS)
 * BEGIN, END: requests in between are applied all or none
 */
#define NSP_HELLO       0x400u
#define NSP_GROUPS      0x401u
#define NSP_OPTION      0x402u
#define NSP_WORDS       0x403u
#define NSP_TEXT        0x404u
#define NSP_GETFD       0x405u
#define NSP_BEGIN       0x406u
#define NSP_END         0x407u

#define NSP_GROUP_NETNS 60u /* tenants that come and go: NSP_TEXT, whatever tenant one is in */

struct nsp_hello {
	uint32_t port; /* port id that replies carry; 0: the peer's process id */
	char name[];
};

struct nsp_group {
	uint32_t group; /* RTNLGRP_* */
	uint32_t join;  /* 1 join, 0 leave */
};

struct nsp_option {
	uint32_t option; /* NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_CAP_ACK, ... */
	uint32_t value;
};

/** struct control_options - zeroed: defaults */
struct control_options {
	const char *socket; /* NULL: control_socket_path() */
	mode_t mode;        /* of the socket; 0: 0666, credentials decide */
	gid_t gid;          /* group of the socket where has_gid */
	bool has_gid;
	unsigned int max_sessions; /* 0: 4096 */
	/* 0: 1/4 of max_sessions for one uid that is no administrator */
	unsigned int max_sessions_per_uid;
};

/**
 * control_start() - listen, and serve from @base's loop, in the calling thread
 *
 * The thread that runs @base becomes a reader. Context: init, after router_register().
 * Errors: -EADDRINUSE another daemon serves the path; -ENAMETOOLONG; those of bind()
 */
int control_start(struct event_base *base, const struct control_options *options);
void control_stop(void);

/* The path that is used when none is given: NSPLANE_SOCKET, or the run-time directory's. */
int control_socket_path(const char *given, char *buf, size_t size);

/*
 * A tenant with its loopback link, as every way of making one gives it. The server keeps the
 * reference until control_netns_delete(). Context: the control thread. Errors: netns_create()'s
 */
int control_netns_create(const struct netns_config *config, struct netns **ret_ns);
/* Takes the name and the server's reference away; false: the server held none. */
bool control_netns_delete(struct netns *ns);

#endif /* CONTROL_H */
