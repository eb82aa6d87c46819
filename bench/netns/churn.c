/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creating and destroying tenants: pairs a second, single and batched, with and without modules
 * and a busy reader; and one creating thread against two. The clock stops only after a barrier,
 * so that what was not freed yet is not left out.
 */
#include "fixture.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define REPEATS  5u
#define STANDING 1024u /* tenants that live all the time, for the reader to look at */

/** struct churn_case - one row */
struct churn_case {
	const char *name;
	unsigned int batch, modules;
	bool reader;
};

static const struct churn_case cases[] = {
	{ "single, no module", 1, 0, false },
	{ "single, no module, busy reader", 1, 0, true },
	{ "single, 4 modules with data", 1, 4, false },
	{ "single, 4 modules with data, busy reader", 1, 4, true },
	{ "batches of 256, no module", FIX_BATCH, 0, false },
	{ "batches of 256, no module, busy reader", FIX_BATCH, 0, true },
	{ "batches of 256, 4 modules with data", FIX_BATCH, 4, false },
	{ "batches of 256, 4 modules with data, busy reader", FIX_BATCH, 4, true },
};

#define CASES    (sizeof(cases) / sizeof(cases[0]))
#define P5_CASE  (CASES - 1)
#define SLICE_NS 250e6 /* of one repeat */

/* Pairs until @end; all created ones are put. 0 or -errno. */
static int churn(unsigned int batch, uint64_t end, uint64_t *ret_pairs)
{
	struct netns *ns[FIX_BATCH];
	uint64_t pairs = 0;
	int err = 0;

	do {
		if (batch == 1)
			err = netns_create(NULL, &ns[0]);
		else
			err = netns_create_many(NULL, batch, ns);
		if (err == -EAGAIN) {
			err = 0;
			continue;
		}
		if (err != 0)
			break;
		if (batch == 1)
			netns_put(ns[0]);
		else
			netns_put_many(ns, batch);
		pairs += batch;
	} while (clock_ns() < end);
	*ret_pairs = pairs;
	return err;
}

/* One repeat. Return: pairs a second. */
static double churn_repeat(const struct bench_options *opt, const struct churn_case *c, bool *ok)
{
	struct netns_stats st0, st1;
	struct fix_count n0, n1;
	uint64_t t0, t1, pairs;

	netns_stats(&st0);
	fix_count(&n0);
	t0 = clock_ns();
	*ok &= churn(c->batch, t0 + (uint64_t)(SLICE_NS * opt->scale), &pairs) == 0;
	*ok &= netns_barrier() == 0;
	t1 = clock_ns();
	netns_stats(&st1);
	fix_count(&n1);
	*ok &= st1.created - st0.created == pairs && st1.destroyed - st0.destroyed == pairs;
	*ok &= n1.inits - n0.inits == pairs * c->modules;
	*ok &= n1.exits - n0.exits == pairs * c->modules && n1.wrong == 0;
	return (double)pairs * 1e9 / (double)(t1 - t0);
}

static void churn_case(const struct bench_options *opt, struct report *rep, const char *group,
		       const struct churn_case *c, struct netns **standing)
{
	struct fix_reader reader = { .opt = opt, .ns = standing, .n = STANDING };
	struct stat_set set = { 0 };
	char note[96] = "";
	unsigned int r;
	bool ok, with_reader;

	if (bench_stopped())
		return;
	ok = fix_modules_register(c->modules) == 0;
	with_reader = ok && c->reader && fix_reader_start(&reader) == 0;
	ok &= with_reader == c->reader;
	for (r = 0; r < REPEATS && ok && !bench_stopped(); r++)
		stat_add(&set, churn_repeat(opt, c, &ok));
	if (with_reader) {
		ok &= fix_reader_stop(&reader);
		snprintf(note, sizeof(note), "reader: %.1f M lookups, %llu failed",
			 (double)reader.lookups / 1e6, (unsigned long long)reader.failed);
	}
	ok &= fix_modules_unregister() == 0;
	report_add(rep, group, c->name, &set, "pairs/s", ok, note);
	if (c == &cases[P5_CASE])
		report_target(rep, "P5", "pairs/s, batches, 4 modules with data, a busy reader",
			      false, 1e6, stat_median(&set), ok);
}

/* --- creation by two threads -------------------------------------------------------------- */

struct creator {
	struct netns **ns;
	unsigned int n;
	int cpu, err;
	pthread_barrier_t *start;
	uint64_t began, ended; /* ns */
};

static void *creator_main(void *arg)
{
	struct creator *c = arg;

	bench_pin(c->cpu);
	pthread_barrier_wait(c->start);
	c->began = clock_ns();
	c->err = fix_create(c->ns, c->n);
	c->ended = clock_ns();
	return NULL;
}

/* @n tenants by @threads of 1 or 2. Return: tenants a second; destroying is not timed. */
static double create_by(const struct bench_options *opt, unsigned int threads, struct netns **ns,
			unsigned int n, bool *ok)
{
	pthread_barrier_t start;
	struct creator c[2];
	pthread_t id[2];
	unsigned int i, running = 0;
	uint64_t began = UINT64_MAX, ended = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (i = 0; i < threads; i++) {
		c[i] = (struct creator){ .ns = ns + (size_t)i * (n / threads),
					 .n = n / threads,
					 .cpu = i == 0 ? opt->control_cpu : opt->worker_cpu,
					 .start = &start };
		if (pthread_create(&id[i], NULL, creator_main, &c[i]) != 0)
			break;
		running++;
	}
	/* those that run wait at the barrier for ever: take the places of the others */
	for (i = running; i < threads; i++)
		pthread_barrier_wait(&start);
	*ok &= running == threads;
	for (i = 0; i < running; i++) {
		pthread_join(id[i], NULL);
		*ok &= c[i].err == 0;
		began = c[i].began < began ? c[i].began : began;
		ended = c[i].ended > ended ? c[i].ended : ended;
	}
	pthread_barrier_destroy(&start);
	for (i = 0; i < running; i++) {
		if (c[i].err == 0)
			fix_destroy(c[i].ns, c[i].n);
	}
	return (double)n * 1e9 / (double)(ended - began);
}

static void two_threads(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "creation by several threads, 4 modules with data";
	unsigned int r, n = opt->quick ? 20000 : 200000;
	struct netns **ns = calloc(n, sizeof(struct netns *));
	struct stat_set one = { 0 }, two = { 0 };
	bool ok = true;

	if (ns == NULL || !bench_group(opt, group) || fix_modules_register(4) != 0)
		goto free_ns;
	create_by(opt, 1, ns, n, &ok); /* the arena grows once, outside the measurement */
	for (r = 0; r < REPEATS && ok && !bench_stopped(); r++) {
		stat_add(&one, create_by(opt, 1, ns, n, &ok));
		stat_add(&two, create_by(opt, 2, ns, n, &ok));
	}
	ok = ok || bench_stopped();
	fix_modules_unregister();
	report_add(rep, group, "one thread", &one, "1/s", ok, NULL);
	report_add(rep, group, "two threads together", &two, "1/s", ok,
		   opt->worker_cpu < 0 ? "on one CPU" : NULL);
	report_target(rep, "-", "creation by two threads, in one thread's rate", false, 1.0,
		      stat_ratio(&two, &one), ok);
free_ns:
	free(ns);
}

void bench_netns_churn(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "create and destroy";
	struct netns *standing[STANDING];
	unsigned int i;

	if (fix_start(opt) != 0)
		return;
	if (bench_group(opt, group) && fix_create(standing, STANDING) == 0) {
		for (i = 0; i < CASES; i++)
			churn_case(opt, rep, group, &cases[i], standing);
		fix_destroy(standing, STANDING);
	}
	two_threads(opt, rep);
	fix_stop();
}
