/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control sessions: owns which connected process is in which tenant. A session holds one reference
 * on the tenant it is in. Callers: control threads. Everything is guarded by one leaf mutex; no
 * callback and no put happens under it.
 */
#include <errno.h>
#include <stddef.h>

#include <urcu/list.h>

#include "fault.h"
#include "fd.h"
#include "keymap.h"

struct netns_session {
	struct keymap_node by_pid;  /* key pid, 0 */
	struct cds_list_head order; /* in sessions, oldest first */
	uint64_t seq;               /* const; never reused */
	pid_t pid;                  /* const */
	struct netns_cred cred;     /* const */
	struct netns *ns;           /* referenced */
};

static struct netns_mutex session_lock = NETNS_MUTEX_INIT; /* leaf */
static struct keymap by_pid TS_GUARDED_BY(session_lock);
static struct cds_list_head sessions TS_GUARDED_BY(session_lock);
static uint64_t last_seq TS_GUARDED_BY(session_lock);

static struct netns_session *session_of(struct keymap_node *node)
{
	return (struct netns_session *)((char *)node - offsetof(struct netns_session, by_pid));
}

int netns_session_open(pid_t pid, const struct netns_cred *cred, struct netns_session **ret_session)
{
	struct netns_session *session;

	if (pid <= 0 || cred == NULL || netns_init_ns() == NULL)
		return -EINVAL;
	session = heap_zalloc(sizeof(*session));
	if (session == NULL)
		return -ENOMEM;
	session->pid = pid;
	session->cred = *cred;
	session->ns = netns_get(netns_init_ns());
	netns_mutex_lock(&session_lock);
	session->seq = ++last_seq;
	cds_list_add_tail(&session->order, &sessions);
	keymap_add(&by_pid, &session->by_pid, (uint64_t)pid, 0);
	netns_mutex_unlock(&session_lock);
	*ret_session = session;
	return 0;
}

void netns_session_close(struct netns_session *session)
{
	if (session == NULL)
		return;
	netns_mutex_lock(&session_lock);
	cds_list_del(&session->order);
	keymap_del(&by_pid, &session->by_pid);
	netns_mutex_unlock(&session_lock);
	netns_put(session->ns);
	heap_free(session);
}

struct netns *netns_session_netns(struct netns_session *session)
{
	struct netns *ns;

	netns_mutex_lock(&session_lock);
	ns = netns_get(session->ns);
	netns_mutex_unlock(&session_lock);
	return ns;
}

static bool may_move(const struct netns_session *session, const struct netns_cred *actor)
{
	return actor->uid == session->cred.uid || cred_is_admin(actor);
}

int netns_session_enter(struct netns_session *session, const struct netns_cred *actor,
			struct netns *target)
{
	struct netns *old;

	if (!may_move(session, actor) || !netns_permitted(target, actor))
		return -EPERM;
	if (!netns_tryget(target))
		return -ENOENT;
	netns_mutex_lock(&session_lock);
	old = session->ns;
	session->ns = target;
	netns_mutex_unlock(&session_lock);
	netns_put(old);
	return 0;
}

static struct netns *find_session(pid_t pid)
{
	struct netns_session *newest = NULL, *session;
	struct netns *ns = NULL;
	struct keymap_node *node;

	netns_mutex_lock(&session_lock);
	for (node = keymap_find(&by_pid, (uint64_t)pid, 0); node; node = keymap_find_next(node)) {
		session = session_of(node);
		if (newest == NULL || session->seq > newest->seq)
			newest = session;
	}
	if (newest != NULL)
		ns = netns_get(newest->ns);
	netns_mutex_unlock(&session_lock);
	return ns;
}

int netns_find_by_pid(pid_t pid, struct netns **ret_ns)
{
	struct netns *ns;

	if (pid <= 0)
		return -ESRCH;
	ns = find_session(pid);
	if (ns == NULL)
		ns = kernel_link_find_pid(pid);
	if (ns == NULL)
		return -ESRCH;
	*ret_ns = ns;
	return 0;
}

#define PIDS_AT_ONCE 128u

/* Up to PIDS_AT_ONCE sessions in @ns after @ret_seq, which moves on. Return: how many. */
static unsigned int collect_pids(const struct netns *ns, uint64_t *ret_seq, pid_t *ret_pids)
{
	struct netns_session *session;
	unsigned int n = 0;

	netns_mutex_lock(&session_lock);
	cds_list_for_each_entry (session, &sessions, order) {
		if (n == PIDS_AT_ONCE)
			break;
		if (session->seq <= *ret_seq || session->ns != ns)
			continue;
		*ret_seq = session->seq;
		ret_pids[n++] = session->pid;
	}
	netns_mutex_unlock(&session_lock);
	return n;
}

void netns_session_pids(struct netns *ns, void (*fn)(pid_t pid, void *arg), void *arg)
{
	pid_t pids[PIDS_AT_ONCE];
	uint64_t seq = 0;
	unsigned int i, n;

	do {
		n = collect_pids(ns, &seq, pids);
		for (i = 0; i < n; i++)
			fn(pids[i], arg);
	} while (n == PIDS_AT_ONCE);
}

int session_init(void)
{
	CDS_INIT_LIST_HEAD(&sessions);
	return keymap_init(&by_pid);
}

int session_fini(void)
{
	bool busy;

	netns_mutex_lock(&session_lock);
	busy = !cds_list_empty(&sessions);
	netns_mutex_unlock(&session_lock);
	if (busy)
		return -EBUSY;
	keymap_fini(&by_pid);
	return 0;
}
