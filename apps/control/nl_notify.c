/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications: whoever changes something (a request, the neighbour thread, a dying tenant) has
 * the message built here, under the lock that guards what it describes, and queued; the event loop
 * delivers. Nothing is built while nobody listens. The queue is bounded: beyond it messages are
 * counted as lost, and who listened is told.
 */
#include <errno.h>
#include <event2/event.h>
#include <linux/netconf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/net_namespace.h>

#include "internal.h"

#define QUEUED_MAX (16u << 20) /* bytes */

struct note {
	struct note *next;
	uint64_t ns_handle;
	uint32_t group;
	const struct session *echo; /* who asked for an echo; NULL; control thread only */
	size_t len;
	char data[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* leaf */
static struct note *head, **tail = &head;                /* lock */
static size_t queued;                                    /* lock; bytes */
static uint64_t lost;                                    /* lock */
static uint32_t wanted[NL_GROUPS_MAX + 1];               /* atomic; sessions in each group */
static int wake_fd = -1;
static struct event *wake;

/* What the control thread is answering, so that a notification names its cause. */
static __thread const struct nl_req *cause;
static __thread bool is_control;

void nl_notify_cause(const struct nl_req *req)
{
	is_control = true;
	cause = req;
}

void nl_notify_group(uint32_t group, int change)
{
	if (group <= NL_GROUPS_MAX)
		__atomic_fetch_add(&wanted[group], (uint32_t)change, __ATOMIC_RELAXED);
}

static bool echoes(void)
{
	return cause && cause->nlh->nlmsg_flags & NLM_F_ECHO;
}

static bool is_wanted(uint32_t group)
{
	return __atomic_load_n(&wanted[group], __ATOMIC_RELAXED) || echoes();
}

static void who_of(struct nl_who *who)
{
	who->seq = cause ? cause->nlh->nlmsg_seq : 0;
	who->port = cause ? cause->port : 0;
	who->flags = 0;
}

static void queue(uint64_t ns_handle, uint32_t group, const void *data, size_t len)
{
	struct note *n = malloc(sizeof(*n) + len);
	uint64_t one = 1;

	pthread_mutex_lock(&lock);
	if (!n || queued + len > QUEUED_MAX) {
		lost++;
		pthread_mutex_unlock(&lock);
		free(n);
		return;
	}
	n->next = NULL;
	n->ns_handle = ns_handle;
	n->group = group;
	n->echo = echoes() ? cause->s : NULL;
	n->len = len;
	memcpy(n->data, data, len);
	*tail = n;
	tail = &n->next;
	queued += len;
	pthread_mutex_unlock(&lock);
	/* the control thread delivers by itself after each request */
	if (!is_control && write(wake_fd, &one, sizeof(one)) < 0)
		return; /* full: it is awake already */
}

void nl_notify_flush(void)
{
	struct note *n, *next;

	pthread_mutex_lock(&lock);
	n = head;
	head = NULL;
	tail = &head;
	queued = 0;
	pthread_mutex_unlock(&lock);
	for (; n; n = next) {
		next = n->next;
		sessions_notify(n->ns_handle, n->group, n->data, n->len, n->echo);
		free(n);
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	(void)arg;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	netns_reader_online();
	nl_notify_flush();
	netns_reader_offline();
}

/* ---- who tells us ---- */

static void tell_link(uint16_t type, struct dp_link *link, uint32_t change)
{
	static __thread uint8_t buf[NL_MSG_MAX] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nl_who who;

	if (!is_wanted(RTNLGRP_LINK))
		return;
	who_of(&who);
	link_fill(&out, type, link, &who, 0, change, -1);
	queue(netns_handle(link->ns), RTNLGRP_LINK, out.buf, out.len);
}

static void on_link(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		    struct dp_link *old)
{
	struct link_extra *e;

	(void)l;
	if (event == DP_LINK_REPLACED) {
		if (old->ns != link->ns)
			tell_link(RTM_DELLINK, old, ~0u);
		link_extra_move(old, link);
	}
	if (event != DP_LINK_DELETED &&
	    __atomic_load_n(&link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP) {
		e = link_extra_make(link);
		if (e)
			e->was_up = true;
	}
	if (event == DP_LINK_DELETED) {
		tell_link(RTM_DELLINK, link, ~0u);
		link_extra_drop(link);
	} else {
		tell_link(RTM_NEWLINK, link, event == DP_LINK_CHANGED ? 0 : ~0u);
	}
}

static void on_addr(struct addr_listener *l, enum addr_event event, const struct addr *a)
{
	uint32_t group = a->family == AF_INET ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR;
	static __thread uint8_t buf[1024] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nl_who who;

	(void)l;
	if (!is_wanted(group))
		return;
	who_of(&who);
	nl_addr_fill(&out, event == ADDR_NEW ? RTM_NEWADDR : RTM_DELADDR, a, &who, -1);
	queue(netns_handle(a->link->ns), group, out.buf, out.len);
}

static void on_route(struct route_listener *l, enum route_event event, struct netns *ns,
		     const struct route *r)
{
	uint32_t group = r->family == AF_INET ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE;
	static __thread uint8_t buf[8192] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nl_who who;

	(void)l;
	if (!is_wanted(group))
		return;
	who_of(&who);
	if (event == ROUTE_REPLACED)
		who.flags = NLM_F_REPLACE;
	else if (event == ROUTE_NEW && cause)
		who.flags = cause->nlh->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND);
	nl_route_fill(&out, event == ROUTE_DEL ? RTM_DELROUTE : RTM_NEWROUTE, r, &who);
	queue(netns_handle(ns), group, out.buf, out.len);
}

static void on_neigh(struct neigh_listener *l, enum neigh_event event, struct netns *ns,
		     const struct neigh_info *n)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nl_who who;

	(void)l;
	if (!is_wanted(RTNLGRP_NEIGH))
		return;
	who_of(&who);
	nl_neigh_fill(&out, event == NEIGH_NEW ? RTM_NEWNEIGH : RTM_DELNEIGH, n, &who);
	queue(netns_handle(ns), RTNLGRP_NEIGH, out.buf, out.len);
}

static void on_peer(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	uint8_t buf[128] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nlmsghdr *nlh;
	struct nl_who who;

	(void)sub;
	if (!is_wanted(RTNLGRP_NSID))
		return;
	who_of(&who);
	nlh = nl_begin(&out, event->type == NETNS_PEER_NEW ? RTM_NEWNSID : RTM_DELNSID, 0, who.seq,
		       who.port, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)event->id);
	nl_end(&out, nlh);
	queue(event->ns_handle, RTNLGRP_NSID, out.buf, out.len);
}

void nl_notify_netns(const char *what, const char *name)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nl_out out = { .buf = buf };
	struct nlmsghdr *nlh;
	int n;

	if (!is_wanted(NSP_GROUP_NETNS))
		return;
	nlh = nl_begin(&out, NSP_TEXT, 0, 0, 0, 320);
	n = snprintf(nl_payload(nlh), 320, "%s %s", what, name);
	nlh->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + n);
	nl_end(&out, nlh);
	queue(0, NSP_GROUP_NETNS, out.buf, out.len);
}

static struct dp_link_listener links = { .fn = on_link };
static struct addr_listener addrs = { .fn = on_addr };
static struct route_listener routes = { .fn = on_route };
static struct neigh_listener neighs = { .fn = on_neigh };
static struct netns_peer_subscriber peers = { .fn = on_peer };

int nl_notify_start(struct event_base *base)
{
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	wake = event_new(base, wake_fd, EV_READ | EV_PERSIST, on_wake, NULL);
	if (!wake || event_add(wake, NULL) != 0) {
		if (wake)
			event_free(wake);
		close(wake_fd);
		return -ENOMEM;
	}
	is_control = true;
	dp_link_listen(&links);
	addr_listen(&addrs);
	route_listen(&routes);
	neigh_listen(&neighs);
	netns_peer_subscribe(&peers);
	return 0;
}

void nl_notify_stop(void)
{
	netns_peer_unsubscribe(&peers);
	neigh_unlisten(&neighs);
	route_unlisten(&routes);
	addr_unlisten(&addrs);
	dp_link_unlisten(&links);
	nl_notify_flush();
	event_free(wake);
	wake = NULL;
	close(wake_fd);
	wake_fd = -1;
}
