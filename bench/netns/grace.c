/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grace periods, waited for one after the other by a control thread, without readers and with one
 * that is busy all the time. With a reader the figure holds the reader's loop, the wake-up, and
 * whatever the machine does to the reader's CPU: preemptions are counted in the note.
 */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES_MAX 200000u
#define STANDING    1024u
#define RUN_NS      4e9

/* Return: samples taken; ns each. */
static unsigned int sample(uint64_t *v, double run_ns)
{
	uint64_t t0 = clock_ns(), now = t0, end = t0 + (uint64_t)run_ns;
	unsigned int n = 0;

	while (n < SAMPLES_MAX && now < end && !bench_stopped()) {
		netns_synchronize();
		now = clock_ns();
		v[n++] = now - t0;
		t0 = now;
	}
	return n;
}

static double report_percentiles(struct report *rep, const char *group, const char *name,
				 uint64_t *v, unsigned int n, bool ok, const char *note)
{
	static const double at[] = { 50, 99, 99.9, 100 };
	static const char *const what[] = { "p50", "p99", "p99.9", "longest" };
	char row[72], samples[40];
	unsigned int i;

	if (n == 0 && bench_stopped())
		return NAN;
	stat_sort(v, n);
	snprintf(samples, sizeof(samples), "%u samples", n);
	for (i = 0; i < 4; i++) {
		snprintf(row, sizeof(row), "%s, %s", name, what[i]);
		report_value(rep, group, row, (double)stat_percentile(v, n, at[i]) / 1e3, "us", ok,
			     i == 0   ? samples
			     : i == 3 ? note
				      : NULL);
	}
	return n ? (double)stat_percentile(v, n, 99.9) / 1e3 : NAN;
}

static void with_reader(const struct bench_options *opt, struct report *rep, const char *group,
			uint64_t *v, struct netns **standing)
{
	struct fix_reader reader = { .opt = opt, .ns = standing, .n = STANDING };
	struct netns_stats st0, st1;
	char note[96];
	uint64_t t0, loops;
	unsigned int n;
	double p999, loop_us;
	bool ok;

	if (fix_reader_start(&reader) != 0)
		return;
	netns_stats(&st0);
	t0 = clock_ns();
	loops = __atomic_load_n(&reader.loops, __ATOMIC_ACQUIRE);
	n = sample(v, RUN_NS * opt->scale);
	loops = __atomic_load_n(&reader.loops, __ATOMIC_ACQUIRE) - loops;
	loop_us = (double)(clock_ns() - t0) / 1e3 / (double)(loops + 1);
	netns_stats(&st1);
	ok = fix_reader_stop(&reader);
	/* each sample was a grace period, and the reader went through many loops meanwhile */
	ok &= st1.grace_periods - st0.grace_periods >= n && loops >= n;
	snprintf(note, sizeof(note), "reader: %.2f us a loop, preempted %ld times%s", loop_us,
		 reader.preempted, opt->worker_cpu < 0 ? ", no CPU of its own" : "");
	p999 = report_percentiles(rep, group, "busy reader", v, n, ok, note);
	report_target(rep, "P9", "grace period with a busy reader, p99.9, us", true, 100, p999, ok);
}

void bench_netns_grace(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "grace period";
	uint64_t *v = malloc(SAMPLES_MAX * sizeof(*v));
	struct netns *standing[STANDING];
	unsigned int n;

	if (v == NULL || !bench_group(opt, group) || fix_start(opt) != 0)
		goto free_v;
	n = sample(v, RUN_NS / 4 * opt->scale);
	report_percentiles(rep, group, "no reader", v, n, n > 0, NULL);
	if (!bench_stopped() && fix_create(standing, STANDING) == 0) {
		with_reader(opt, rep, group, v, standing);
		fix_destroy(standing, STANDING);
	}
	fix_stop();
free_v:
	free(v);
}
