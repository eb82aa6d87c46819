/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suites "dataplane" and "router": whole pipelines on virtual devices, as ratios to forwarding
 * the same frames between the same devices with nothing in between ("io"), which is the source's
 * and the sink's own cost and is measured in turns with them. Targets P2 and P3, and those of the
 * dataplane (0.68 and 0.65 of io).
 */
#include <errno.h>
#include <stdio.h>

#include "bench/suite.h"
#include "world.h"

#define REPEATS 9u
#define RUN_MS  200u

/** struct pipeline - one thing to measure */
struct pipeline {
	const char *name;
	int (*build)(struct world *w);
	unsigned int tenants;
	const char *target; /* id; NULL: none */
	double ratio;       /* of io that the target asks for */
};

static int measure(const struct bench_options *opt, struct report *rep, const struct pipeline *p)
{
	struct frame_mix mix = { .tenants = p->tenants, .size = 60, .seed = 0x5eed };
	struct stat_set ours = { 0 }, io = { 0 }, ratio = { 0 };
	unsigned int i, ms = (unsigned int)(RUN_MS * opt->scale) + 10;
	struct run_result a, b;
	bool good = true;
	static char groups[16][80]; /* the report keeps the pointer to tell groups apart */
	static unsigned int n_groups;
	char *group = groups[n_groups++ % 16], what[96];
	struct world w;
	int err;

	snprintf(group, sizeof(groups[0]), "%s, %u tenant%s", p->name, p->tenants,
		 p->tenants == 1 ? "" : "s");
	if (!bench_group(opt, group))
		return 0;
	err = world_open(&w, &mix);
	if (!err)
		err = world_tenants(&w, p->tenants);
	if (!err)
		err = p->build(&w);
	if (err)
		goto close;
	world_run(&w, ms / 2, &a); /* warm-up */
	for (i = 0; i < (opt->quick ? 3 : REPEATS) && !bench_stopped(); i++) {
		world_run_io(&w, ms, 32, &b);
		world_run(&w, ms, &a);
		stat_add(&ours, a.ns);
		stat_add(&io, b.ns);
		stat_add(&ratio, b.ns / a.ns);
		good = good && a.conserved && b.conserved && a.packets && b.packets;
	}
	report_add(rep, group, "io: the same devices, nothing in between", &io, "ns", good, NULL);
	report_add(rep, group, "a packet", &ours, "ns", good, "every packet sent, none dropped");
	report_add(rep, group, "of io's rate", &ratio, "x", good, NULL);
	snprintf(what, sizeof(what), "%s against io", group);
	if (p->target)
		report_target(rep, p->target, what, false, p->ratio, stat_median(&ratio), good);
close:
	if (world_close(&w) && !err)
		err = -EBUSY;
	return err;
}

static int run(const struct bench_options *opt, struct report *rep, const struct pipeline *p,
	       unsigned int n)
{
	unsigned int i;
	int err;

	bench_pin(opt->worker_cpu >= 0 ? opt->worker_cpu : opt->control_cpu);
	err = world_start(VLANS_MAX);
	for (i = 0; i < n && !err && !bench_stopped(); i++)
		err = measure(opt, rep, &p[i]);
	world_stop();
	bench_pin(opt->control_cpu);
	return err;
}

static int run_dataplane(const struct bench_options *opt, struct report *rep)
{
	static const struct pipeline p[] = {
		{ "xconnect", world_xconnect, 1, "D1", 0.68 },
		{ "xconnect", world_xconnect, 100, NULL, 0 },
		{ "xconnect", world_xconnect, 1000, NULL, 0 },
		{ "xconnect", world_xconnect, 4000, "D2", 0.65 },
	};

	return run(opt, rep, p, sizeof(p) / sizeof(p[0]));
}

static int run_router(const struct bench_options *opt, struct report *rep)
{
	static const struct pipeline p[] = {
		{ "router", world_routers, 1, "P2", 0.5 },
		{ "router", world_routers, 100, NULL, 0 },
		{ "router", world_routers, 1000, NULL, 0 },
		{ "router", world_routers, 4000, "P3", 0.42 },
	};

	return run(opt, rep, p, sizeof(p) / sizeof(p[0]));
}

const struct bench_suite bench_suite_dataplane = {
	.name = "dataplane",
	.about = "classification and xconnect on virtual devices, against plain io",
	.run = run_dataplane,
};

const struct bench_suite bench_suite_router = {
	.name = "router",
	.about = "the whole IPv4 router pipeline on virtual devices, against plain io",
	.run = run_router,
};
