/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the control server share: a request, the buffer its answer is built in, a
 * session and its dump. All of it belongs to the one thread that runs the event loop, but for
 * notifications, which any thread may queue (nl_notify.c).
 */
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "dataplane/dp_link.h"
#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "netns/netns.h"

#define NL_OUT_SIZE   65536u /* bytes: room for one datagram */
#define NL_SLICE      28672u /* a dump's datagram ends when it is this long */
#define NL_MSG_MAX    24576u /* no single message is longer */
#define NL_IN_SIZE    262144u
#define NL_FDS_MAX    64u
#define NL_QUEUE_MAX  (1u << 20) /* bytes waiting for a slow reader, then notifications are lost */
#define NL_GROUPS_MAX 64u

/** struct nl_out - one datagram under construction */
struct nl_out {
	size_t len; /* complete messages */
	uint8_t *buf;
};

struct session;

/** struct nl_ext - what the extended ack will say; const text or text of its own */
struct nl_ext {
	const char *msg;
	const void *bad; /* attribute inside the request; NULL */
	char text[160];
};

/** struct nl_req - one request in hand */
struct nl_req {
	struct session *s;
	struct netns *ns; /* the session's, or TARGET_NSID's; referenced */
	const struct nlmsghdr *nlh;
	uint32_t port;
	struct nl_ext ext;
	struct nl_out *out;
	bool strict;
};

/** struct nl_dump - a dump's place; the fields that a kind of dump does not use stay zero */
struct nl_dump {
	int (*slice)(struct nl_req *req, struct nl_dump *d); /* 1 more, 0 done, < 0 error */
	struct netns *ns;                                    /* referenced */
	struct nlmsghdr nlh;                                 /* of the request */
	uint16_t extra_flags;                                /* NLM_F_DUMP_FILTERED */
	uint8_t family, filter_proto, filter_type, filter_flags;
	bool done_first, strict;
	uint32_t ifindex, ext_mask; /* filters */
	uint32_t table;
	uint32_t at_ifindex;
	uint64_t at;
	uint32_t filter_master;
	char kind[16];
	int has_target, target;
	struct route_cursor route;
	struct neigh_info neigh;
};

/* session.c */
struct session *session_new(int fd);
void session_free(struct session *s);
void sessions_free(void);
uint32_t session_port(const struct session *s);
void session_set_port(struct session *s, uint32_t port);
const struct netns_cred *session_cred(const struct session *s);
pid_t session_pid(const struct session *s);
struct netns_session *session_ns(const struct session *s);
struct netns *session_netns(const struct session *s); /* referenced */
bool session_admin(const struct session *s);
/* A descriptor passed with the present datagram; -1: no such index. Not the caller's to close. */
int session_fd(const struct session *s, uint32_t index);
void session_dump(struct nl_req *req, const struct nl_dump *d);
bool session_dumping(const struct session *s);
/* Sends @out as one datagram, with a descriptor if @fd >= 0; waits its turn behind others. */
int session_send(struct session *s, const struct nl_out *out, int fd);
void session_send_text(struct nl_req *req, const char *text, size_t len);
void session_group(struct session *s, uint32_t group, bool join);
void session_option(struct session *s, uint32_t option, uint32_t value);
/* A notification for everybody in @ns_handle's tenant who joined @group. */
void sessions_notify(uint64_t ns_handle, uint32_t group, const void *data, size_t len,
		     const struct session *echo);
unsigned int sessions_of_uid(uid_t uid);
unsigned int sessions_count(void);

/* dispatch.c */
int nl_handle(struct nl_req *req);
void nl_ack(struct nl_req *req, int err, bool capped, bool extended);
void nl_done(struct nl_out *out, const struct nl_req *req, const struct nl_dump *d, int err);

/* nl_parse.c: policies */
enum nl_kind {
	NL_ANY,
	NL_U8,
	NL_U16,
	NL_U32,
	NL_S32,
	NL_U64,
	NL_STRING,
	NL_NESTED,
	NL_FLAG,
	NL_BINARY,
	NL_EXACT
};
struct nl_policy {
	uint8_t kind; /* enum nl_kind; 0 (NL_ANY): not looked at */
	uint16_t len; /* NL_STRING, NL_BINARY: most bytes; NL_EXACT: how many; 0: any */
};
#define NL_STRICT 1u /* unknown attributes and garbage behind the last are errors */
/*
 * Fills @tb[0..max] from @len bytes at @attrs, the last of a kind wins. Errors: -EINVAL, -ERANGE
 * with an extended ack.
 */
int nl_parse(struct nl_req *req, const void *attrs, size_t len, const struct nl_policy *policy,
	     unsigned int max, const struct nlattr **tb, unsigned int flags);
int nl_parse_msg(struct nl_req *req, size_t hdr, const struct nl_policy *policy, unsigned int max,
		 const struct nlattr **tb, unsigned int flags);
int nl_parse_nested(struct nl_req *req, const struct nlattr *nest, const struct nl_policy *policy,
		    unsigned int max, const struct nlattr **tb);
/* Sets the text (and attribute) and returns @err. */
int nl_refuse(struct nl_req *req, int err, const char *text, const struct nlattr *bad);
int nl_refusef(struct nl_req *req, int err, const struct nlattr *bad, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The fixed header of a request, or NULL when it is too short. */
const void *nl_header(const struct nl_req *req, size_t size);

/* Building: header with @hdr_len zeroed bytes behind it; nl_end() makes it count. */
struct nlmsghdr *nl_begin(struct nl_out *out, uint16_t type, uint16_t flags, uint32_t seq,
			  uint32_t port, size_t hdr_len);
static inline void *nl_payload(struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload(nlh);
}
/* A nest without NLA_F_NESTED, as most of the kernel's are. */
struct nlattr *nl_nest(struct nlmsghdr *nlh, uint16_t type);
void nl_end(struct nl_out *out, struct nlmsghdr *nlh);
bool nl_room(const struct nl_out *out); /* for one more message of a dump's slice */

/** struct nl_who - sequence number, port and flags of a message to be built */
struct nl_who {
	uint32_t seq, port;
	uint16_t flags;
};

/* link_extra.c: what only rtnetlink knows of a link: alias, queue length, group, alternative names.
 */
struct link_extra {
	uint32_t txqlen, group;
	bool was_up;
	char *alias;
	char **altnames;
	unsigned int n_altnames;
	/* VXLAN: as it was asked for */
	uint32_t vni;
	uint8_t local[16], remote[16], family, ttl;
	bool has_local, has_remote;
	uint16_t port;
};
void link_fill_vxlan(struct nlmsghdr *nlh, const struct dp_link *link);
struct link_extra *link_extra(const struct dp_link *link); /* NULL: defaults */
struct link_extra *link_extra_make(const struct dp_link *link);
void link_extra_move(const struct dp_link *old, const struct dp_link *link);
void link_extra_drop(const struct dp_link *link);
void link_extra_fini(void);
struct dp_link *link_by_altname(struct netns *ns, const char *name);

/* nl_link*.c */
int nl_link_get(struct nl_req *req);
int nl_link_dump(struct nl_req *req);
int nl_link_new(struct nl_req *req);
int nl_link_set(struct nl_req *req);
int nl_link_del(struct nl_req *req);
void link_fill(struct nl_out *out, uint16_t type, struct dp_link *link, const struct nl_who *who,
	       uint32_t ext_mask, uint32_t change, int target);
/* The link that a request means, by index or name; NULL with an error. */
struct dp_link *link_find(struct nl_req *req, uint32_t ifindex, const struct nlattr *name,
			  const struct nlattr *altname, int *ret_err);
uint32_t link_flags(const struct dp_link *link); /* IFF_* as the kernel would show them */
int link_create(struct nl_req *req, const struct nlattr **tb, const char *kind,
		const struct nlattr *data, struct netns *ns, struct dp_link **ret_link);
/* The namespace that IFLA_NET_NS_PID, _FD or TARGET_NETNSID names; *@ret_ns NULL if none does. */
int link_netns(struct nl_req *req, const struct nlattr **tb, struct netns **ret_ns);
int link_change(struct nl_req *req, struct dp_link *link, const struct nlattr **tb, uint32_t flags,
		uint32_t change);
int linkprop_change(struct nl_req *req);
/* link_kind.c: what each kind's own attributes say. @ret_main: the one of a pair that was named. */
struct link_wish {
	struct dp_link_config config;
	struct link_extra vxlan;
	char name[DP_LINK_NAME_MAX + 1], peer_name[DP_LINK_NAME_MAX + 1];
	struct netns *peer_ns; /* referenced */
	uint32_t peer_flags, peer_change;
};
int link_kind_parse(struct nl_req *req, const struct nlattr **tb, const char *kind,
		    const struct nlattr *data, struct link_wish *wish);
int link_name_take(struct nl_req *req, const struct nlattr *attr, char *name);
extern const struct nl_policy link_policy[];

/* nl_addr.c, nl_route*.c, nl_neigh.c, nl_nsid.c, nl_misc.c, nl_nsplane.c */
int nl_addr_new(struct nl_req *req);
int nl_addr_del(struct nl_req *req);
int nl_addr_dump(struct nl_req *req);
int nl_addr_get(struct nl_req *req);
void nl_addr_fill(struct nl_out *out, uint16_t type, const struct addr *a, const struct nl_who *who,
		  int target);
int nl_route_new(struct nl_req *req);
int nl_route_del(struct nl_req *req);
int nl_route_dump(struct nl_req *req);
int nl_route_get(struct nl_req *req);
void nl_route_fill(struct nl_out *out, uint16_t type, const struct route *r,
		   const struct nl_who *who);
int nl_neigh_new(struct nl_req *req);
int nl_neigh_del(struct nl_req *req);
int nl_neigh_dump(struct nl_req *req);
int nl_neigh_get(struct nl_req *req);
void nl_neigh_fill(struct nl_out *out, uint16_t type, const struct neigh_info *n,
		   const struct nl_who *who);
int nl_nsid_new(struct nl_req *req);
int nl_nsid_get(struct nl_req *req);
int nl_nsid_dump(struct nl_req *req);
/* TARGET_NSID of any kind of message: -EINVAL unknown, -EACCES not permitted. */
int nl_target(struct nl_req *req, const struct nlattr *attr, struct netns **ret_ns);
int nl_rule_dump(struct nl_req *req);
int nl_netconf_get(struct nl_req *req);
int nl_netconf_dump(struct nl_req *req);
int nl_stats_dump(struct nl_req *req);
int nl_empty_dump(struct nl_req *req);
int nsp_handle(struct nl_req *req, bool *ret_answered);

/* nl_notify.c */
int nl_notify_start(struct event_base *base);
void nl_notify_stop(void);
void nl_notify_flush(void); /* delivers what is queued */
/* "add NAME" and "delete NAME", to everybody in NSP_GROUP_NETNS */
void nl_notify_netns(const char *what, const char *name);
void nl_notify_group(uint32_t group, int change); /* how many sessions want it */
void nl_notify_cause(const struct nl_req *req);   /* NULL: nobody asked */

#endif /* CONTROL_INTERNAL_H */
