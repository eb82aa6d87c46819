/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel network namespaces that stand for a tenant. Making such namespaces needs root; without it
 * the tests are skipped.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static int inner; /* what netns_link_kernel() says inside init */

/* A process in a network namespace of its own. */
struct inmate {
	pid_t pid;
	int fd; /* of its namespace */
};

static int open_ns(pid_t pid, const char *kind)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void inmate_start(struct inmate *in)
{
	int ready[2];
	char word = 0;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	in->pid = fork();
	if (in->pid == 0) {
		word = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
		(void)!write(ready[1], &word, 1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &word, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (word != 'y') {
		kill(in->pid, SIGKILL);
		waitpid(in->pid, NULL, 0);
		cr_skip_test("unshare(CLONE_NEWNET) is not permitted here: needs root");
	}
	in->fd = open_ns(in->pid, "net");
	cr_assert_geq(in->fd, 0);
}

static void inmate_end(struct inmate *in)
{
	kill(in->pid, SIGKILL);
	cr_assert_eq(waitpid(in->pid, NULL, 0), in->pid);
	close(in->fd);
}

static int find(int fd)
{
	struct netns *ns = NULL;
	int ret = netns_find_by_fd(fd, &ns);

	netns_put(ns);
	return ret;
}

static bool both_name(const struct inmate *in, const struct netns *want)
{
	struct netns *by_fd = NULL, *by_pid = NULL;
	int ret = netns_find_by_fd(in->fd, &by_fd);
	int ret2 = netns_find_by_pid(in->pid, &by_pid);

	netns_put(by_fd);
	netns_put(by_pid);
	return ret == 0 && ret2 == 0 && by_fd == want && by_pid == want;
}

static bool neither_names(const struct inmate *in)
{
	struct netns *ns = NULL;

	return find(in->fd) == -EINVAL && netns_find_by_pid(in->pid, &ns) == -ESRCH && ns == NULL;
}

Test(kernel_link, a_linked_namespace_names_the_tenant_by_descriptor_and_pid)
{
	struct inmate in;
	struct netns *ns;

	inmate_start(&in);
	lib_up();
	ns = tenant("ns");
	cr_assert(neither_names(&in));
	cr_assert_eq(netns_link_kernel(ns, in.fd), 0);
	cr_assert(both_name(&in, ns));
	cr_assert_eq(netns_unlink_kernel(ns, in.fd), 0);
	cr_assert(neither_names(&in));
	cr_assert_eq(netns_unlink_kernel(ns, in.fd), -ENOENT);
	tenant_gone(ns);
	lib_down();
	inmate_end(&in);
}

Test(kernel_link, one_stands_for_one_tenant_and_a_tenant_may_have_several)
{
	struct inmate in, more;
	struct netns *ns, *other;

	inmate_start(&in);
	inmate_start(&more);
	lib_up();
	ns = tenant("ns");
	other = tenant("other");
	cr_assert_eq(netns_link_kernel(ns, in.fd), 0);
	cr_assert_eq(netns_link_kernel(ns, in.fd), -EEXIST);
	cr_assert_eq(netns_link_kernel(other, in.fd), -EEXIST);
	cr_assert_eq(netns_unlink_kernel(other, in.fd), -ENOENT);
	cr_assert_eq(netns_link_kernel(ns, more.fd), 0);
	cr_assert(both_name(&in, ns) && both_name(&more, ns));
	tenant_gone(ns);
	cr_assert(neither_names(&in) && neither_names(&more));
	cr_assert_eq(netns_link_kernel(other, in.fd), 0);
	cr_assert(both_name(&in, other));
	tenant_gone(other);
	lib_down();
	inmate_end(&in);
	inmate_end(&more);
}

Test(kernel_link, holds_no_reference_and_goes_with_the_tenant)
{
	struct inmate in;
	struct netns *ns, *next;

	inmate_start(&in);
	lib_up();
	ns = tenant("ns");
	next = tenant("next");
	cr_assert_eq(netns_link_kernel(ns, in.fd), 0);
	netns_hold(ns);
	netns_put(ns);
	cr_assert_not(netns_is_alive(ns));
	cr_assert(neither_names(&in), "a dying tenant is not found");
	cr_assert_eq(netns_link_kernel(next, in.fd), 0, "cleaned up or not, it is free");
	cr_assert_eq(netns_link_kernel(ns, in.fd), -ENOENT);
	netns_drop(ns);
	settle();
	cr_assert(both_name(&in, next));
	tenant_gone(next);
	lib_down();
	inmate_end(&in);
}

Test(kernel_link, a_session_comes_before_the_kernels_namespace)
{
	struct netns_cred root = { 0, 0 };
	struct netns_session *s;
	struct netns *ns, *found;
	struct inmate in;

	inmate_start(&in);
	lib_up();
	ns = tenant("ns");
	cr_assert_eq(netns_link_kernel(ns, in.fd), 0);
	cr_assert_eq(netns_session_open(in.pid, &root, &s), 0);
	cr_assert_eq(netns_find_by_pid(in.pid, &found), 0);
	netns_put(found);
	cr_assert(found == netns_init_ns());
	netns_session_close(s);
	cr_assert(both_name(&in, ns));
	tenant_gone(ns);
	lib_down();
	inmate_end(&in);
}

Test(kernel_link, what_is_no_network_namespace_is_refused)
{
	struct netns *ns;
	int file, mnt, end[2];

	lib_up();
	ns = tenant("ns");
	file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	mnt = open_ns(getpid(), "mnt");
	cr_assert(file >= 0 && mnt >= 0);
	cr_assert_eq(pipe2(end, O_CLOEXEC), 0);
	cr_assert_eq(netns_link_kernel(ns, -1), -EBADF);
	cr_assert_eq(netns_link_kernel(ns, file), -EINVAL);
	cr_assert_eq(netns_link_kernel(ns, mnt), -EINVAL);
	cr_assert_eq(netns_link_kernel(ns, end[0]), -EINVAL);
	cr_assert_eq(netns_unlink_kernel(ns, -1), -EBADF);
	cr_assert_eq(netns_unlink_kernel(ns, mnt), -EINVAL);
	cr_assert_eq(find(mnt), -EINVAL);
	close(file);
	close(mnt);
	close(end[0]);
	close(end[1]);
	tenant_gone(ns);
	lib_down();
}

/* The kernel gives an inode number to the next namespace as soon as the old one is gone. */
Test(kernel_link, a_later_namespace_never_stands_for_the_tenant)
{
	struct inmate in, later[8];
	struct netns *ns;
	int i;

	inmate_start(&in);
	lib_up();
	ns = tenant("ns");
	cr_assert_eq(netns_link_kernel(ns, in.fd), 0);
	inmate_end(&in);
	for (i = 0; i < 8; i++) {
		inmate_start(&later[i]);
		cr_assert(neither_names(&later[i]), "process %d", i);
	}
	for (i = 0; i < 8; i++)
		inmate_end(&later[i]);
	tenant_gone(ns);
	lib_down();
}

Test(kernel_link, links_of_the_root_namespace_end_with_the_library)
{
	struct inmate in;

	inmate_start(&in);
	lib_up();
	cr_assert_eq(netns_link_kernel(netns_init_ns(), in.fd), 0);
	cr_assert(both_name(&in, netns_init_ns()));
	lib_down();
	lib_up();
	cr_assert(neither_names(&in));
	lib_down();
	inmate_end(&in);
}

static int link_in_init(struct netns *ns)
{
	int fd = open_ns(getpid(), "net");

	inner = netns_link_kernel(ns, fd);
	close(fd);
	return -EIO;
}

/* Nobody would take the link away from a tenant that was never finished. */
Test(kernel_link, not_while_the_tenant_is_being_made)
{
	struct netns *ns = NULL;
	int fd = open_ns(getpid(), "net");

	cr_assert_geq(fd, 0);
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(0, 8)), 0);
	rec[0].on_init = link_in_init;
	cr_assert_eq(netns_create(NULL, &ns), -EIO);
	cr_assert_eq(inner, -ENOENT, "%d", inner);
	cr_assert_eq(find(fd), -EINVAL, "it stands for a tenant that never was");
	cr_assert_eq(netns_subsys_unregister(&rec[0].ops), 0);
	lib_down();
	close(fd);
}
