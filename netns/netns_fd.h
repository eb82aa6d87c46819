/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants as descriptors and processes: file descriptors that keep one alive, kernel namespaces
 * linked to one, control sessions that are in one, and the permission to enter. Included by
 * netns.h.
 */
#ifndef NETNS_FD_H
#define NETNS_FD_H

#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netns;
struct netns_session;

/** struct netns_cred - who asks; uid 0 and netns_options.admin_uid are administrators */
struct netns_cred {
	uid_t uid;
	gid_t gid;
};

/**
 * netns_permitted() - may @cred change and enter @ns?
 *
 * Yes for administrators, for the owner's uid, and for the owner's gid unless that is 0, which is
 * nobody's choice. Context: any; lock-free.
 */
bool netns_permitted(const struct netns *ns, const struct netns_cred *cred);

/**
 * netns_set_owner() - change the owner; the caller has checked who may
 * Context: control; blocks(mutex)
 * Errors:  -EINVAL an id of -1; -ENOENT @ns is dying; -ENOSPC the new owner has too many; -ENOMEM
 */
int netns_set_owner(struct netns *ns, uid_t uid, gid_t gid);
void netns_owner(const struct netns *ns, uid_t *ret_uid, gid_t *ret_gid);

/**
 * netns_open_fd() - a descriptor that keeps @ns alive until its last copy, in any process, is
 * closed
 * @ns: referenced
 * Context: control; blocks(mutex)
 * Return:  the descriptor (close-on-exec), or -ENOENT @ns is dying, -EMFILE, -ENFILE, -ENOMEM
 */
int netns_open_fd(struct netns *ns);

/**
 * netns_find_by_fd() - the tenant that @fd stands for, referenced
 * @fd: from netns_open_fd(), a copy of one, or an nsfs descriptor of a linked kernel namespace
 * Errors: -EBADF no open descriptor; -EINVAL one that is no namespace
 */
int netns_find_by_fd(int fd, struct netns **ret_ns);

/**
 * netns_link_kernel() - let a kernel network namespace stand for @ns too; holds no reference on @ns
 * @nsfs_fd: descriptor of /proc/PID/ns/net or /run/netns/NAME; a copy of it keeps the kernel's
 *           namespace (its number would be reused) until the link goes, with @ns at the latest
 * Context:  control; blocks(mutex)
 * Errors:   -EBADF; -EINVAL no network namespace; -EEXIST linked already; -ENOENT @ns is dying, or
 *           still inside its creation; -EMFILE; -ENOMEM
 */
int netns_link_kernel(struct netns *ns, int nsfs_fd);
/* Errors: -EBADF, -EINVAL as above; -ENOENT it does not stand for @ns. */
int netns_unlink_kernel(struct netns *ns, int nsfs_fd);

/**
 * netns_session_open() - a connected process; at first in the root namespace
 * @pid, @cred: of the peer, as the kernel gave them
 * Errors: -ENOMEM, -EINVAL
 * Lifetime: until netns_session_close(); it holds a reference on the namespace it is in
 */
int netns_session_open(pid_t pid, const struct netns_cred *cred,
		       struct netns_session **ret_session);
void netns_session_close(struct netns_session *session);
/* The namespace the session is in, referenced. */
struct netns *netns_session_netns(struct netns_session *session);

/**
 * netns_session_enter() - setns: move @session to @target
 * @actor: who asks; needs permission on @target and on the session's own owner
 *
 * The new reference is taken before the old one is put.
 * Errors: -EPERM; -ENOENT @target is dying; nothing changed
 */
int netns_session_enter(struct netns_session *session, const struct netns_cred *actor,
			struct netns *target);

/**
 * netns_find_by_pid() - namespace of that process's session (the newest, if several), referenced;
 * without a session, of a linked kernel namespace that the process is in
 * Errors: -ESRCH
 */
int netns_find_by_pid(pid_t pid, struct netns **ret_ns);

/* Calls @fn with the pid of each session in @ns, oldest first, outside of locks. */
void netns_session_pids(struct netns *ns, void (*fn)(pid_t pid, void *arg), void *arg);

#ifdef __cplusplus
}
#endif

#endif /* NETNS_FD_H */
