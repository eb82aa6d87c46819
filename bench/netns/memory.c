/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of a tenant: growth of the whole process over a million of them, so that every structure
 * counts, whoever allocated it. Measured in a child process, whose heap nobody has used before.
 */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procmem.h"

/** struct memory_result - what the child tells; bytes */
struct memory_result {
	double empty, empty_arena; /* a tenant */
	double with_modules;
	double left_percent; /* of the highest growth, after all are destroyed */
	bool verified;
};

static bool all_live(uint64_t n)
{
	struct netns_stats st;

	netns_stats(&st);
	return st.live == n + 1;
}

static void measure(struct netns **ns, unsigned int n, struct memory_result *res)
{
	unsigned long long before, full, peak;
	struct netns_stats st0, st1;

	before = procmem_resident();
	netns_stats(&st0);
	if (fix_create(ns, n) != 0)
		return;
	full = peak = procmem_resident();
	netns_stats(&st1);
	res->verified = before > 0 && all_live(n);
	res->empty = (double)(full - before) / n;
	res->empty_arena = (double)(st1.arena_bytes_used - st0.arena_bytes_used) / n;
	if (fix_modules_register(FIX_MODULES_MAX) == 0) {
		struct fix_count count;

		fix_count(&count);
		peak = procmem_resident();
		res->with_modules = (double)(peak - before) / n;
		res->verified &= count.inits == (uint64_t)FIX_MODULES_MAX * (n + 1);
		fix_modules_unregister();
	}
	fix_destroy(ns, n);
	res->verified &= all_live(0);
	res->left_percent =
		100.0 * ((double)procmem_resident() - (double)before) / (double)(peak - before);
}

static void child(const struct bench_options *opt, unsigned int n, int fd)
{
	struct memory_result res = { 0 };
	struct netns **ns = malloc(n * sizeof(struct netns *));

	if (ns != NULL && fix_start(opt) == 0) {
		memset(ns, 0xff, n * sizeof(struct netns *)); /* resident before the measurement */
		measure(ns, n, &res);
		res.verified &= fix_stop() == 0;
	}
	if (write(fd, &res, sizeof(res)) != sizeof(res))
		_exit(1);
	_exit(0);
}

static bool run_child(const struct bench_options *opt, unsigned int n, struct memory_result *res)
{
	int fd[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe(fd) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		child(opt, n, fd[1]);
	close(fd[1]);
	got = pid > 0 ? read(fd[0], res, sizeof(*res)) : -1;
	close(fd[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return got == sizeof(*res) && res->verified;
}

void bench_netns_memory(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "memory";
	unsigned int n = opt->quick ? 100000 : 1000000;
	struct memory_result res = { 0 };
	char note[96];
	bool ok;

	if (!bench_group(opt, group))
		return;
	ok = run_child(opt, n, &res);
	if (bench_stopped() && !ok)
		return;
	snprintf(note, sizeof(note), "growth of the process over %u tenants", n);
	report_value(rep, group, "empty tenant", res.empty, "B", ok, note);
	report_value(rep, group, "empty tenant, arena", res.empty_arena, "B", ok,
		     "library's count");
	report_value(rep, group, "tenant with 4 modules of 64 B", res.with_modules, "B", ok, NULL);
	report_value(rep, group, "kept by the process after all are gone", res.left_percent, "%",
		     ok, "of the highest growth; for reuse");
	report_target(rep, "P7", "memory of an empty tenant, bytes", true, 512, res.empty, ok);
}
