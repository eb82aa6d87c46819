/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsplane-bench: runs suites of measurements and prints them beside their targets.
 *
 * Owns the command line, Ctrl-C, progress and placement of threads; the suites stand in the table
 * below. The first Ctrl-C ends the run at the next repeat and keeps what there is, a second one
 * ends it at once.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "netns/netns.h"
#include "bench/suite.h"

static const struct bench_suite *const suites[] = {
	&bench_suite_netns,
#ifdef BENCH_DATAPLANE
	&bench_suite_fib,
	&bench_suite_dataplane,
	&bench_suite_router,
#endif
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))

static sig_atomic_t stop_wanted; /* atomic; w:signal handler r:any */

bool bench_stopped(void)
{
	return __atomic_load_n(&stop_wanted, __ATOMIC_RELAXED) != 0;
}

static void on_signal(int sig)
{
	struct sigaction act = { .sa_handler = SIG_DFL };

	__atomic_store_n(&stop_wanted, 1, __ATOMIC_RELAXED);
	sigaction(sig, &act, NULL);
}

void bench_progress(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
}

bool bench_group(const struct bench_options *opt, const char *group)
{
	if (bench_stopped() || (opt->group != NULL && strstr(group, opt->group) == NULL))
		return false;
	bench_progress("measuring: %s", group);
	return true;
}

void bench_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Control on the first CPU we may use, the worker on the last, if that is another one. */
static void place_threads(struct bench_options *opt)
{
	cpu_set_t set;
	int cpu;

	opt->control_cpu = -1;
	opt->worker_cpu = -1;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (opt->control_cpu < 0)
			opt->control_cpu = cpu;
		else
			opt->worker_cpu = cpu;
	}
}

static void list_suites(FILE *out)
{
	size_t i;

	for (i = 0; i < SUITES; i++)
		fprintf(out, "  %-10s %s\n", suites[i]->name, suites[i]->about);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: nsplane-bench [options] [SUITE ... | all]\n"
		     "\n"
		     "suites (the first one, if none is named):\n");
	list_suites(out);
	fprintf(out, "\n"
		     "options:\n"
		     "  -j, --json FILE   write the results as JSON too\n"
		     "  -g, --group TEXT  only groups of figures whose name contains TEXT\n"
		     "  -q, --quick       smaller and shorter: to see that it works\n"
		     "  -s, --strict      exit 1 if a target is missed\n"
		     "  -h, --help        this text\n"
		     "\n"
		     "exit code: 0 measured, 1 a figure could not be verified (VOID), 2 usage\n");
}

static const struct bench_suite *find_suite(const char *name)
{
	size_t i;

	for (i = 0; i < SUITES; i++) {
		if (strcmp(suites[i]->name, name) == 0)
			return suites[i];
	}
	return NULL;
}

static int run_suites(struct bench_options *opt, struct report *rep, char **names, int n)
{
	bool all = n == 1 && strcmp(names[0], "all") == 0;
	int i, count = all ? (int)SUITES : n == 0 ? 1 : n, err = 0;

	for (i = 0; i < count && !bench_stopped(); i++) {
		const struct bench_suite *suite = all || n == 0 ? suites[i] : find_suite(names[i]);

		rep->suite = suite->name;
		err = suite->run(opt, rep);
		if (err != 0) {
			bench_progress("%s", "");
			fprintf(stderr, "nsplane-bench: suite %s: %s\n", suite->name,
				strerror(-err));
			break;
		}
	}
	bench_progress("%s", "");
	return err;
}

static bool names_are_known(char **names, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (find_suite(names[i]) == NULL && (n != 1 || strcmp(names[i], "all") != 0)) {
			fprintf(stderr, "nsplane-bench: no suite '%s'; there are:\n", names[i]);
			list_suites(stderr);
			return false;
		}
	}
	return true;
}

static bool any_void(const struct report *rep)
{
	size_t i;

	for (i = 0; i < rep->rows_n; i++) {
		if (rep->rows[i].is_void)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", required_argument, NULL, 'j' }, { "group", required_argument, NULL, 'g' },
		{ "quick", no_argument, NULL, 'q' },      { "strict", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 },
	};
	struct bench_options opt = { .scale = 1 };
	struct report rep = { .out = stdout };
	struct sigaction act = { .sa_handler = on_signal };
	const char *json = NULL;
	bool strict = false;
	unsigned int missed;
	int c, err, code;

	while ((c = getopt_long(argc, argv, "j:g:qsh", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = optarg;
			break;
		case 'g':
			opt.group = optarg;
			break;
		case 'q':
			opt.quick = true;
			opt.scale = 0.1;
			break;
		case 's':
			strict = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!names_are_known(argv + optind, argc - optind))
		return 2;
	err = json != NULL ? report_json_check(json) : 0;
	if (err != 0) {
		fprintf(stderr, "nsplane-bench: %s: %s\n", json, strerror(-err));
		return 2;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	clock_setup();
	place_threads(&opt);
	report_begin(&rep, netns_version());
	err = run_suites(&opt, &rep, argv + optind, argc - optind);
	rep.interrupted = bench_stopped();
	missed = report_end(&rep);
	code = err != 0 || any_void(&rep) || (strict && missed > 0);
	if (err == 0 && rep.rows_n == 0 && !rep.interrupted) {
		fprintf(stderr, "nsplane-bench: no group's name contains '%s'\n",
			opt.group != NULL ? opt.group : "");
		code = 2;
	}
	if (json != NULL) {
		err = report_json(&rep, json, netns_version());
		if (err != 0) {
			fprintf(stderr, "nsplane-bench: %s: %s\n", json, strerror(-err));
			code = 1;
		}
	}
	report_free(&rep);
	return code;
}
