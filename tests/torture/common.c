/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments, time, threads, failures and the library's log, for all torture programs.
 */
#include "common.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64u
#define HANG_S      90u /* over the bounded time: sanitizers and busy machines need some */
#define LOG_LINES   256u

struct torture torture;

static struct torture_thread threads[THREADS_MAX];
static unsigned int threads_n;
static double began;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[LOG_LINES][160]; /* guarded by log_lock; the newest LOG_LINES */
static unsigned int log_n;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

double torture_elapsed(void)
{
	return now() - began;
}

bool torture_running(void)
{
	return torture_elapsed() < torture.seconds;
}

static void on_hang(int sig)
{
	static const char text[] = "torture: it hangs: the time is long over\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	abort();
}

static uint64_t number(const char *text, const char *what)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "%s: --%s wants a number, not '%s'\n", torture.name, what, text);
		exit(2);
	}
	return n;
}

static void from_environment(void)
{
	const char *seconds = getenv("NSPLANE_TORTURE_SECONDS");
	const char *seed = getenv("NSPLANE_TORTURE_SEED");
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	torture.seed = (uint64_t)ts.tv_nsec ^ ((uint64_t)ts.tv_sec << 20) ^ (uint64_t)getpid();
	if (seconds != NULL)
		torture.seconds = (double)number(seconds, "seconds");
	if (seed != NULL)
		torture.seed = number(seed, "seed");
}

void torture_begin(int argc, char **argv, const char *name, double seconds, unsigned int n)
{
	static const struct option longs[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'S' },
		{ "threads", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sigaction act = { .sa_handler = on_hang };
	int c;

	torture = (struct torture){ .name = name, .seconds = seconds, .threads = n };
	from_environment();
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's') {
			torture.seconds = (double)number(optarg, "seconds");
		} else if (c == 'S') {
			torture.seed = number(optarg, "seed");
		} else if (c == 't') {
			torture.threads = (unsigned int)number(optarg, "threads");
		} else {
			fprintf(c == 'h' ? stdout : stderr,
				"usage: %s [--seconds N] [--seed S] [--threads R]\n", name);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (torture.threads < 1 || torture.threads > 16) {
		fprintf(stderr, "%s: --threads is 1 to 16\n", name);
		exit(2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s: seed %llu, %.0f s, %u threads of the main kind\n", name,
	       (unsigned long long)torture.seed, torture.seconds, torture.threads);
	sigaction(SIGALRM, &act, NULL);
	alarm((unsigned int)torture.seconds + HANG_S);
	began = now();
}

static void *thread_main(void *arg)
{
	struct torture_thread *self = arg;

	self->main(self);
	return NULL;
}

void torture_start(void (*main)(struct torture_thread *self), const char *role, unsigned int n)
{
	struct torture_thread *t = &threads[threads_n];
	pthread_t id;

	CHECK(threads_n < THREADS_MAX, "too many threads");
	*t = (struct torture_thread){ .number = n, .main = main };
	snprintf(t->name, sizeof(t->name), "%s-%u", role, n);
	t->random = torture.seed + 0x9e3779b97f4a7c15ull * ++threads_n;
	CHECK(pthread_create(&id, NULL, thread_main, t) == 0, "no thread for %s", t->name);
	t->id = (unsigned long)id;
}

void torture_join(void)
{
	unsigned int i;

	for (i = 0; i < threads_n; i++) {
		pthread_join((pthread_t)threads[i].id, NULL);
		printf("  %-14s %12llu rounds\n", threads[i].name,
		       (unsigned long long)threads[i].rounds);
	}
	threads_n = 0;
}

int torture_end(void)
{
	printf("%s: passed after %.1f s (seed %llu)\n", torture.name, torture_elapsed(),
	       (unsigned long long)torture.seed);
	return 0;
}

/* splitmix64: any seed will do, 0 included. */
uint64_t torture_random(struct torture_thread *self, uint64_t below)
{
	uint64_t z = (self->random += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % below;
}

void torture_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr,
		"%s:%d: %s\n%s: FAILED after %.3f s; again: %s --seed %llu --seconds %.0f\n", file,
		line, text, torture.name, torture_elapsed(), torture.name,
		(unsigned long long)torture.seed, torture.seconds);
	abort();
}

void torture_log(int level, const char *text, void *arg)
{
	pthread_mutex_lock(&log_lock);
	snprintf(log_text[log_n % LOG_LINES], sizeof(log_text[0]), "%s", text);
	log_n++;
	pthread_mutex_unlock(&log_lock);
	if (level <= 1)
		fprintf(stderr, "library, level %d: %s\n", level, text);
	CHECK(level > 0, "the library reports an error: %s", text);
}

unsigned int torture_logged(const char *text)
{
	unsigned int i, n = 0;

	pthread_mutex_lock(&log_lock);
	for (i = 0; i < LOG_LINES && i < log_n; i++)
		n += strstr(log_text[i], text) != NULL;
	pthread_mutex_unlock(&log_lock);
	return n;
}
