/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions: where a process is, finding it, and moving it with permission on both sides.
 */
#include <criterion/criterion.h>

#include <unistd.h>

#include "support.h"

enum { ALICE = 1001, BOB = 1002, ADMIN = 999, GROUP = 5000 };

static struct netns_cred cred_of(uid_t uid)
{
	return (struct netns_cred){ uid, GROUP + uid };
}

static struct netns *tenant_of_uid(uid_t uid)
{
	struct netns_config config = { .owner_uid = uid, .owner_gid = GROUP + uid };
	struct netns *ns = NULL;

	cr_assert_eq(netns_create(&config, &ns), 0);
	return ns;
}

static struct netns_session *session(pid_t pid, uid_t uid)
{
	struct netns_cred cred = cred_of(uid);
	struct netns_session *s = NULL;

	cr_assert_eq(netns_session_open(pid, &cred, &s), 0);
	return s;
}

static int enter(struct netns_session *s, uid_t actor, struct netns *target)
{
	struct netns_cred cred = cred_of(actor);

	return netns_session_enter(s, &cred, target);
}

static bool is_in(struct netns_session *s, const struct netns *want)
{
	struct netns *ns = netns_session_netns(s);

	netns_put(ns);
	return ns == want;
}

static bool pid_is_in(pid_t pid, const struct netns *want)
{
	struct netns *ns = NULL;
	int ret = netns_find_by_pid(pid, &ns);

	netns_put(ns);
	return ret == 0 && ns == want;
}

static int find(pid_t pid)
{
	struct netns *untouched = (struct netns *)&find, *ns = untouched;
	int ret = netns_find_by_pid(pid, &ns);

	if (ret == 0)
		netns_put(ns);
	else
		cr_assert(ns == untouched, "the output was touched");
	return ret;
}

static void start(void)
{
	test_options.admin_uid = ADMIN;
	lib_up();
}

Test(session, begins_in_the_root_namespace_and_is_found_by_pid)
{
	struct netns_session *s;

	start();
	cr_assert_eq(find(getpid()), -ESRCH);
	s = session(getpid(), ALICE);
	cr_assert(is_in(s, netns_init_ns()));
	cr_assert(pid_is_in(getpid(), netns_init_ns()));
	netns_session_close(s);
	cr_assert_eq(find(getpid()), -ESRCH);
	lib_down();
}

Test(session, wrong_processes_and_credentials_are_refused)
{
	struct netns_cred cred = cred_of(ALICE);
	struct netns_session *s = NULL;

	start();
	cr_assert_eq(netns_session_open(0, &cred, &s), -EINVAL);
	cr_assert_eq(netns_session_open(-1, &cred, &s), -EINVAL);
	cr_assert_eq(netns_session_open(getpid(), NULL, &s), -EINVAL);
	cr_assert_null(s);
	cr_assert_eq(find(0), -ESRCH);
	cr_assert_eq(find(-5), -ESRCH);
	cr_assert_eq(find(1 << 30), -ESRCH);
	netns_session_close(NULL);
	lib_down();
}

Test(session, entering_moves_it_and_its_reference)
{
	struct netns_session *s;
	struct netns *a, *b;

	start();
	a = tenant_of_uid(ALICE);
	b = tenant_of_uid(ALICE);
	s = session(getpid(), ALICE);
	cr_assert_eq(enter(s, ALICE, a), 0);
	cr_assert(is_in(s, a) && pid_is_in(getpid(), a));
	netns_put(a);
	cr_assert(is_in(s, a), "the session's reference keeps it");
	cr_assert(netns_is_alive(a));
	cr_assert_eq(enter(s, ALICE, a), 0, "entering where it is already");
	netns_hold(a);
	cr_assert_eq(enter(s, ALICE, b), 0);
	cr_assert_not(netns_is_alive(a));
	cr_assert_eq(enter(s, ALICE, a), -ENOENT);
	cr_assert(is_in(s, b));
	netns_drop(a);
	netns_session_close(s);
	tenant_gone(b);
	lib_down();
}

Test(session, entering_needs_permission_on_the_target_and_on_the_session)
{
	struct netns_session *alices, *bobs;
	struct netns *a, *b;

	start();
	a = tenant_of_uid(ALICE);
	b = tenant_of_uid(BOB);
	alices = session(11, ALICE);
	bobs = session(12, BOB);
	cr_assert_eq(enter(alices, ALICE, b), -EPERM, "not her tenant");
	cr_assert_eq(enter(bobs, ALICE, a), -EPERM, "not her session");
	cr_assert_eq(enter(alices, BOB, b), -EPERM, "not his session");
	cr_assert_eq(enter(alices, ALICE, netns_init_ns()), -EPERM);
	cr_assert(is_in(alices, netns_init_ns()) && is_in(bobs, netns_init_ns()));
	cr_assert_eq(enter(alices, ALICE, a), 0);
	cr_assert_eq(enter(bobs, ADMIN, a), 0);
	cr_assert_eq(enter(alices, 0, b), 0);
	cr_assert_eq(enter(bobs, BOB, b), 0, "he may leave what he was put into");
	cr_assert(is_in(alices, b) && is_in(bobs, b));
	netns_session_close(alices);
	netns_session_close(bobs);
	tenant_gone(a);
	tenant_gone(b);
	lib_down();
}

Test(session, the_newest_one_of_a_process_counts)
{
	struct netns_session *s[3];
	struct netns *a;

	start();
	a = tenant_of_uid(ALICE);
	s[0] = session(21, ALICE);
	s[1] = session(21, ALICE);
	s[2] = session(22, ALICE);
	cr_assert_eq(enter(s[1], ALICE, a), 0);
	cr_assert(pid_is_in(21, a));
	cr_assert_eq(enter(s[0], ALICE, a), 0);
	cr_assert_eq(enter(s[1], 0, netns_init_ns()), 0);
	cr_assert(pid_is_in(21, netns_init_ns()));
	netns_session_close(s[1]);
	cr_assert(pid_is_in(21, a));
	netns_session_close(s[0]);
	cr_assert_eq(find(21), -ESRCH);
	cr_assert(pid_is_in(22, netns_init_ns()));
	netns_session_close(s[2]);
	tenant_gone(a);
	lib_down();
}

struct heard {
	pid_t pid[1024];
	unsigned int n;
	struct netns_session *close_me;
};

static void hear(pid_t pid, void *arg)
{
	struct heard *h = arg;

	h->pid[h->n++] = pid;
	netns_session_close(h->close_me); /* no lock is held, so it may */
	h->close_me = NULL;
}

Test(session, the_processes_in_a_tenant_are_listed_once_each)
{
	enum { N = 600 };
	static struct netns_session *s[N];
	struct heard h = { .n = 0 };
	struct netns *a;
	int i;

	start();
	a = tenant_of_uid(ALICE);
	for (i = 0; i < N; i++) {
		s[i] = session(1000 + i, ALICE);
		if (i % 2)
			cr_assert_eq(enter(s[i], ALICE, a), 0);
	}
	netns_session_pids(a, hear, &h);
	cr_assert_eq(h.n, N / 2);
	for (i = 0; i < N / 2; i++)
		cr_assert_eq(h.pid[i], 1000 + 2 * i + 1);
	h.n = 0;
	h.close_me = s[0];
	netns_session_pids(netns_init_ns(), hear, &h);
	cr_assert_eq(h.n, N / 2);
	for (i = 1; i < N; i++)
		netns_session_close(s[i]);
	h.n = 0;
	netns_session_pids(a, hear, &h);
	cr_assert_eq(h.n, 0);
	tenant_gone(a);
	lib_down();
}

struct mover {
	struct netns_session *session;
	struct netns *to[2];
	uint32_t turns, stop;
};

static int keep_moving(void *arg)
{
	struct mover *m = arg;
	struct netns_cred root = { 0, 0 };
	uint32_t i;

	for (i = 0; !get_u32(&m->stop); i++) {
		if (netns_session_enter(m->session, &root, m->to[i % 2]) != 0)
			return -1;
		set_u32(&m->turns, i + 1);
	}
	return 0;
}

Test(session, lookups_during_moves_find_one_or_the_other)
{
	struct mover m = { .stop = 0 };
	struct netns *ns;
	struct call call;
	int i;

	start();
	m.to[0] = tenant_of_uid(ALICE);
	m.to[1] = tenant_of_uid(ALICE);
	m.session = session(31, ALICE);
	cr_assert_eq(enter(m.session, ALICE, m.to[0]), 0);
	call_start(&call, keep_moving, &m);
	for (i = 0; i < 20000 || get_u32(&m.turns) < 1000; i++) {
		cr_assert_eq(netns_find_by_pid(31, &ns), 0);
		cr_assert(ns == m.to[0] || ns == m.to[1]);
		netns_put(ns);
	}
	set_u32(&m.stop, 1);
	cr_assert_eq(call_join(&call), 0);
	netns_session_close(m.session);
	tenant_gone(m.to[0]);
	tenant_gone(m.to[1]);
	lib_down();
}

Test(session, an_open_session_keeps_the_library)
{
	struct netns_session *s;

	start();
	s = session(41, ALICE);
	cr_assert_eq(netns_lib_fini(), -EBUSY);
	cr_assert(pid_is_in(41, netns_init_ns()));
	netns_session_close(s);
	lib_down();
}
