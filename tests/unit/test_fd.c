/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors: that the tenant lives as long as any copy in any process, that what is no such
 * descriptor is told apart, and that holders can do no harm.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns/fault.h"
#include "support.h"

static bool is_gone(void *arg)
{
	return !netns_is_alive(arg);
}

/* The tenant, of which only descriptors and a passive count are left, ends soon. */
static void expect_end(struct netns *held)
{
	cr_assert(wait_for(is_gone, held, WAIT_MS), "the tenant outlives its last descriptor");
	netns_drop(held);
	settle();
}

static int find(int fd)
{
	struct netns *untouched = (struct netns *)&find, *ns = untouched;
	int ret = netns_find_by_fd(fd, &ns);

	if (ret == 0)
		netns_put(ns);
	else
		cr_assert(ns == untouched, "the output was touched");
	return ret;
}

static bool names(int fd, const struct netns *want)
{
	struct netns *ns = NULL;
	int ret = netns_find_by_fd(fd, &ns);

	netns_put(ns);
	return ret == 0 && ns == want;
}

/* A tenant whose only reference is a descriptor; the passive count lets the test watch it. */
static struct netns *tenant_in_fd(int *ret_fd)
{
	struct netns *ns = tenant("held");

	*ret_fd = netns_open_fd(ns);
	cr_assert_geq(*ret_fd, 0, "%d", *ret_fd);
	netns_hold(ns);
	netns_put(ns);
	return ns;
}

Test(fd, keeps_the_tenant_until_the_last_copy_is_closed)
{
	struct netns *ns;
	int fd, copy;

	lib_up();
	ns = tenant_in_fd(&fd);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	cr_assert(names(fd, ns) && names(copy, ns));
	close(fd);
	cr_assert(names(copy, ns));
	cr_assert(netns_is_alive(ns));
	close(copy);
	expect_end(ns);
	lib_down();
}

Test(fd, each_descriptor_counts_by_itself)
{
	struct netns *ns, *other;
	int fd, more, its;

	lib_up();
	ns = tenant_in_fd(&fd);
	other = tenant("other");
	its = netns_open_fd(other);
	more = netns_open_fd(ns);
	cr_assert(names(fd, ns) && names(more, ns) && names(its, other));
	close(fd);
	cr_assert(names(more, ns));
	close(its);
	netns_put(other);
	close(more);
	expect_end(ns);
	lib_down();
}

Test(fd, what_is_no_namespace_is_told_apart)
{
	int end[2], file, event, path;

	lib_up();
	cr_assert_eq(find(-1), -EBADF);
	cr_assert_eq(find(1 << 29), -EBADF);
	cr_assert_eq(pipe(end), 0);
	file = open("/proc/self/status", O_RDONLY);
	event = eventfd(0, 0);
	path = open("/tmp", O_PATH);
	cr_assert_eq(find(end[0]), -EINVAL);
	cr_assert_eq(find(end[1]), -EINVAL);
	cr_assert_eq(find(file), -EINVAL);
	cr_assert_eq(find(event), -EINVAL);
	cr_assert_eq(find(path), -EINVAL);
	close(end[0]);
	cr_assert_eq(find(end[0]), -EBADF);
	close(end[1]);
	close(file);
	close(event);
	close(path);
	lib_down();
}

Test(fd, a_dying_tenant_opens_none)
{
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	netns_hold(ns);
	netns_put(ns);
	cr_assert_eq(netns_open_fd(ns), -ENOENT);
	netns_drop(ns);
	lib_down();
}

/* A child that says when it is ready, and does what @act says when told to. */
struct child {
	pid_t pid;
	int tell, hear; /* our ends */
};

static void child_start(struct child *c, void (*act)(int fd), int fd)
{
	int down[2], up[2];
	char word;

	cr_assert_eq(pipe2(down, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(up, O_CLOEXEC), 0);
	c->pid = fork();
	if (c->pid == 0) {
		(void)!write(up[1], "r", 1);
		(void)!read(down[0], &word, 1);
		act(fd);
		(void)!write(up[1], "d", 1);
		for (;;)
			pause();
	}
	cr_assert_gt(c->pid, 0);
	close(down[0]);
	close(up[1]);
	c->tell = down[1];
	c->hear = up[0];
	cr_assert_eq(read(c->hear, &word, 1), 1);
}

static void child_act(struct child *c)
{
	char word = 0;

	cr_assert_eq(write(c->tell, "a", 1), 1);
	cr_assert_eq(read(c->hear, &word, 1), 1);
	cr_assert_eq(word, 'd');
}

static void child_kill(struct child *c)
{
	kill(c->pid, SIGKILL);
	cr_assert_eq(waitpid(c->pid, NULL, 0), c->pid);
	close(c->tell);
	close(c->hear);
}

static void close_it(int fd)
{
	close(fd);
}

Test(fd, a_child_keeps_what_it_inherited_until_it_closes)
{
	struct child c;
	struct netns *ns;
	int fd;

	lib_up();
	ns = tenant_in_fd(&fd);
	child_start(&c, close_it, fd);
	close(fd);
	cr_assert_not(wait_for(is_gone, ns, CALM_MS));
	child_act(&c);
	expect_end(ns);
	child_kill(&c);
	lib_down();
}

Test(fd, killing_the_last_holder_ends_the_tenant)
{
	struct child c;
	struct netns *ns;
	int fd;

	lib_up();
	ns = tenant_in_fd(&fd);
	child_start(&c, close_it, fd);
	close(fd);
	cr_assert(netns_is_alive(ns));
	child_kill(&c);
	expect_end(ns);
	lib_down();
}

static void send_fd(int sock, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 }, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = space,
			      .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	cr_assert_eq(sendmsg(sock, &msg, 0), 1);
}

static int receive_fd(int sock)
{
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 }, byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = space,
			      .msg_controllen = sizeof(space) };
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static int sock[2];

/* Receives a descriptor, and sends it on to us: it was another process's for a while. */
static void pass_on(int unused)
{
	int fd = receive_fd(sock[1]);

	(void)unused;
	send_fd(sock[1], fd);
	close(fd);
}

Test(fd, can_be_passed_to_another_process_and_back)
{
	struct child c;
	struct netns *ns;
	int fd;

	lib_up();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock), 0);
	child_start(&c, pass_on, -1);
	ns = tenant_in_fd(&fd);
	send_fd(sock[0], fd);
	close(fd);
	cr_assert_not(wait_for(is_gone, ns, CALM_MS), "it lives in a socket's queue");
	child_act(&c);
	fd = receive_fd(sock[0]);
	cr_assert(names(fd, ns));
	close(fd);
	expect_end(ns);
	child_kill(&c);
	lib_down();
}

static int reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

Test(fd, a_holder_that_opens_it_again_and_writes_changes_nothing)
{
	char page[4096] = { 0 };
	struct netns *ns;
	int fd, writer, reader, both, path, late;

	lib_up();
	ns = tenant_in_fd(&fd);
	writer = reopen(fd, O_WRONLY | O_NONBLOCK);
	reader = reopen(fd, O_RDONLY | O_NONBLOCK);
	both = reopen(fd, O_RDWR | O_NONBLOCK);
	path = reopen(fd, O_PATH);
	cr_assert(writer >= 0 && reader >= 0 && both >= 0 && path >= 0);
	cr_assert_eq(find(writer), -EINVAL, "a writer keeps nothing alive, so it names nothing");
	cr_assert_eq(find(path), -EINVAL);
	cr_assert(names(reader, ns) && names(both, ns));
	while (write(writer, page, sizeof(page)) > 0)
		cr_assert(names(fd, ns));
	cr_assert_gt(read(reader, page, sizeof(page)), 0);
	cr_assert(names(fd, ns));
	fchmod(fd, 0);
	cr_assert(names(fd, ns));
	fchmod(fd, 0600);
	close(fd);
	close(both);
	cr_assert(names(reader, ns));
	close(reader);
	expect_end(ns);
	late = reopen(writer, O_RDONLY | O_NONBLOCK);
	cr_assert_geq(late, 0);
	cr_assert_eq(find(late), -EINVAL, "the pipe is the same, but it is nobody's any more");
	close(late);
	close(writer);
	close(path);
	lib_down();
}

Test(fd, thousands_at_once)
{
	enum { N = 4000 };
	static int fd[N];
	struct rlimit limit;
	struct netns *ns;
	int i;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 2 * N + 200)
		cr_skip_test("needs %d descriptors, the limit is %lu", 2 * N + 200,
			     (unsigned long)limit.rlim_max);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	lib_up();
	ns = tenant("held");
	for (i = 0; i < N; i++) {
		fd[i] = netns_open_fd(ns);
		cr_assert_geq(fd[i], 0, "descriptor %d: %d", i, fd[i]);
	}
	netns_hold(ns);
	netns_put(ns);
	for (i = 0; i < N; i++) {
		cr_assert(names(fd[i], ns));
		close(fd[i]);
	}
	expect_end(ns);
	lib_down();
}

/* Numbers below @limit that no descriptor has. */
static int free_below(int limit)
{
	int fd, n = 0;

	for (fd = 0; fd < limit; fd++)
		n += fcntl(fd, F_GETFD) < 0;
	return n;
}

struct room {
	int limit, spare;
};

static bool room_is_back(void *arg)
{
	const struct room *room = arg;

	return free_below(room->limit) == room->spare;
}

Test(fd, at_the_limit_of_descriptors_nothing_changes)
{
	struct rlimit limit, tight;
	struct room room;
	struct netns *ns;
	int fd[8], n, last;

	lib_up();
	ns = tenant("ns");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (room.spare = 1; room.spare < 7; room.spare++) {
		for (room.limit = 1; free_below(room.limit) < room.spare; room.limit++)
			continue;
		tight = limit;
		tight.rlim_cur = (rlim_t)room.limit;
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
		for (n = 0; (last = netns_open_fd(ns)) >= 0; n++) {
			cr_assert_lt(n, 8);
			fd[n] = last;
		}
		cr_assert_eq(last, -EMFILE, "%d", last);
		cr_assert_eq(n, room.spare / 2, "%d with %d to spare", n, room.spare);
		cr_assert_eq(free_below(room.limit), room.spare % 2);
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		while (n > 0)
			close(fd[--n]);
		cr_assert(wait_for(room_is_back, &room, WAIT_MS), "pipes are left open");
	}
	fd[0] = netns_open_fd(ns);
	cr_assert(names(fd[0], ns));
	close(fd[0]);
	tenant_gone(ns);
	lib_down();
}

Test(fd, without_memory_nothing_is_opened)
{
	struct netns *ns;
	int room, fd;

	lib_up();
	ns = tenant("ns");
	room = free_below(200);
	netns_fault_arm(1);
	fd = netns_open_fd(ns);
	netns_fault_arm(0);
	cr_assert_eq(fd, -ENOMEM, "%d", fd);
	cr_assert_eq(free_below(200), room);
	tenant_gone(ns);
	lib_down();
}

static uint32_t stop;
static int raced_fd;

static int keep_finding(void *arg)
{
	struct netns *ns;
	int hits = 0;

	(void)arg;
	while (!get_u32(&stop)) {
		if (netns_find_by_fd(__atomic_load_n(&raced_fd, __ATOMIC_SEQ_CST), &ns) != 0)
			continue;
		hits += netns_is_alive(ns);
		netns_put(ns);
	}
	return hits;
}

Test(fd, lookups_that_race_with_the_last_close_are_safe)
{
	struct call finder;
	struct netns *ns;
	uint64_t end;
	int fd;

	lib_up();
	__atomic_store_n(&raced_fd, -1, __ATOMIC_SEQ_CST);
	call_start(&finder, keep_finding, NULL);
	for (end = now_ms() + 1000; now_ms() < end;) {
		ns = tenant_in_fd(&fd);
		__atomic_store_n(&raced_fd, fd, __ATOMIC_SEQ_CST);
		close(fd);
		expect_end(ns);
	}
	set_u32(&stop, 1);
	cr_assert_geq(call_join(&finder), 0);
	lib_down();
}

Test(fd, an_open_descriptor_keeps_the_library)
{
	struct netns *ns;
	int fd;

	lib_up();
	ns = tenant_in_fd(&fd);
	cr_assert_eq(netns_lib_fini(), -EBUSY);
	cr_assert(names(fd, ns));
	close(fd);
	netns_drop(ns);
	lib_down();
}
