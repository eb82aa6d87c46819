/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a suite of nsplane-bench needs of the frame: options, the wish to stop, progress, results.
 *
 * A suite is one const descriptor, listed in main.c. Its run() measures group by group, hands each
 * figure to the report, and looks at bench_stopped() between repeats, so that Ctrl-C keeps what
 * there is. A figure whose work could not be verified is reported as VOID, never as a number.
 */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/clock.h"
#include "bench/report.h"
#include "bench/stat.h"

/** struct bench_options - what the user asked for; const while suites run */
struct bench_options {
	bool quick;        /* smaller sizes, fewer repeats: to see that it works */
	double scale;      /* of the time a measurement takes; 1 unless quick */
	const char *group; /* only groups whose name contains this; NULL: all */
	int worker_cpu;    /* CPU of the first busy worker; < 0: none to spare */
	int control_cpu;   /* CPU of the measuring thread; < 0: not pinned */
};

/** struct bench_suite - one suite; run() returns 0, or -errno if it could not measure at all */
struct bench_suite {
	const char *name;
	const char *about; /* one line for --help */
	int (*run)(const struct bench_options *opt, struct report *rep);
};

extern const struct bench_suite bench_suite_netns;
/* where the dataplane is built */
extern const struct bench_suite bench_suite_fib;
extern const struct bench_suite bench_suite_dataplane;
extern const struct bench_suite bench_suite_router;

/* Has the user asked to stop? Any thread. */
bool bench_stopped(void);
/* One line on stderr that the next one replaces; silent unless stderr is a terminal. */
void bench_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Does the user want this group? Announces it as progress if so. */
bool bench_group(const struct bench_options *opt, const char *group);

/* Pins the calling thread; < 0: leaves it alone. */
void bench_pin(int cpu);

#endif /* BENCH_SUITE_H */
