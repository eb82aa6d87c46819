/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that stops while it is online: nothing can be freed until it goes on. Memory must stay
 * bounded, creation must be refused, the watchdog must name the worker, lookups must go on; and
 * when the worker goes on, everything must come back.
 *
 * A stop lasts 2 s, or 10 s where there is a minute or more. Rounds go on until the time is over.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common.h"
#include "netns/netns.h"

#define BACKLOG      2000u
#define WATCHDOG_MS  100u
#define WORKER       "stopped-worker"
#define DATA         256u /* bytes of a module's data */
#define DEFER_BYTES  (8ull << 20)
/* What one tenant and its data may take, with slack for chunks that allocators keep. */
#define TENANT_BYTES (4ull * (512 + DATA))
#define SLACK_BYTES  (24ull << 20)

static unsigned int data_id;
static struct netns_ops data_ops = { .name = "stall", .id = &data_id, .size = DATA };
static struct netns_ops late_ops = { .name = "late", .id = &(unsigned int){ 0 }, .size = 64 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool stopped, go_on; /* guarded by gate */

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* Online, and then it blocks without a word to the library: the mistake that is simulated. */
static void worker(struct torture_thread *self)
{
	CHECK(netns_reader_register(WORKER) == 0, "no reader");
	self->rounds++;
	pthread_mutex_lock(&gate);
	stopped = true;
	pthread_cond_broadcast(&gate_moved);
	while (!go_on)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
	netns_reader_quiescent();
	CHECK(netns_reader_unregister() == 0, "not registered");
}

/* Registers a module while the worker is stopped; must come to its end afterwards. */
static void registrar(struct torture_thread *self)
{
	self->rounds++;
	CHECK(netns_subsys_register(&late_ops) == 0, "register");
	CHECK(netns_subsys_unregister(&late_ops) == 0, "unregister");
}

static void wait_stopped(void)
{
	pthread_mutex_lock(&gate);
	while (!stopped)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
}

static void let_go_on(void)
{
	pthread_mutex_lock(&gate);
	go_on = true;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate);
}

struct deferred {
	struct netns_defer defer;
	char bytes[4096 - sizeof(struct netns_defer)];
};

static void free_deferred(struct netns_defer *defer)
{
	free(defer);
}

/** struct flood - what a stopped worker let us do */
struct flood {
	uint64_t created, refused, deferred, defer_refused;
	uint64_t peak_bytes, peak_backlog;
};

static void flood_tenant(struct flood *f)
{
	struct netns *ns;
	int err = netns_create(NULL, &ns);

	CHECK(err == 0 || err == -EAGAIN, "create: %d", err);
	if (err == 0) {
		f->created++;
		netns_put(ns);
	} else {
		f->refused++;
	}
}

/* As control code does that replaces objects: throttled, then deferred. */
static void flood_defer(struct flood *f)
{
	struct deferred *d;
	int err = netns_throttle();

	CHECK(err == 0 || err == -EAGAIN, "throttle: %d", err);
	if (err != 0) {
		f->defer_refused++;
		return;
	}
	d = malloc(sizeof(*d));
	CHECK(d != NULL, "out of memory");
	netns_defer(&d->defer, free_deferred, sizeof(*d));
	f->deferred++;
}

/* Creates, puts and defers for @seconds while the worker holds everything. */
static void flood(double seconds, const struct netns_stats *st0, struct flood *f)
{
	double end = torture_elapsed() + seconds;
	struct netns_stats st;
	bool named = false;

	*f = (struct flood){ 0 };
	while (torture_elapsed() < end) {
		flood_tenant(f);
		if (f->defer_refused < 3 && (f->created + f->refused) % 4 == 0)
			flood_defer(f);
		netns_stats(&st);
		if (st.arena_bytes_used > f->peak_bytes)
			f->peak_bytes = st.arena_bytes_used;
		if (st.backlog_objects > f->peak_backlog)
			f->peak_backlog = st.backlog_objects;
		named |= strcmp(st.longest_reader, WORKER) == 0 && st.longest_reader_ns > 0;
		CHECK(netns_resolve(netns_handle(netns_init_ns())) == netns_init_ns(),
		      "the root namespace does not resolve");
	}
	CHECK(f->created >= BACKLOG / 2, "refused after only %llu tenants",
	      (unsigned long long)f->created);
	CHECK(f->refused > 0, "%llu tenants, and never refused", (unsigned long long)f->created);
	CHECK(f->created <= BACKLOG + 64, "%llu tenants wait, the bound is %u",
	      (unsigned long long)f->created, BACKLOG);
	CHECK(f->peak_bytes <= st0->arena_bytes_used + BACKLOG * TENANT_BYTES + SLACK_BYTES,
	      "%llu bytes of arena", (unsigned long long)f->peak_bytes);
	CHECK(f->deferred * sizeof(struct deferred) <= DEFER_BYTES + sizeof(struct deferred),
	      "%llu objects of 4 KiB are deferred", (unsigned long long)f->deferred);
	CHECK(named, "statistics never named the stopped worker");
	CHECK(torture_logged(WORKER) > 0, "the watchdog never named the stopped worker");
}

static void recover(const struct netns_stats *st0)
{
	double give_up = torture_elapsed() + 30;
	struct netns_stats st;
	struct netns *ns;

	do {
		nap();
		netns_stats(&st);
		CHECK(torture_elapsed() < give_up, "%llu objects are still waiting",
		      (unsigned long long)st.backlog_objects);
	} while (st.backlog_objects > 0 || st.dying > 0);
	CHECK(netns_barrier() == 0, "barrier");
	CHECK(netns_throttle() == 0, "still throttled");
	CHECK(netns_create(NULL, &ns) == 0, "creation is still refused");
	netns_put(ns);
	CHECK(netns_barrier() == 0, "barrier");
	netns_stats(&st);
	CHECK(st.live == st0->live && st.dying == 0, "%llu live", (unsigned long long)st.live);
	CHECK(st.arena_bytes_used <= st0->arena_bytes_used + (1u << 20),
	      "%llu bytes of arena were not given back",
	      (unsigned long long)(st.arena_bytes_used - st0->arena_bytes_used));
}

static void stall_round(double seconds)
{
	struct netns_stats st0;
	struct flood f;

	stopped = go_on = false;
	netns_stats(&st0);
	torture_start(worker, WORKER, 0);
	wait_stopped();
	flood(seconds, &st0, &f);
	torture_start(registrar, "registrar", 0);
	let_go_on();
	torture_join();
	recover(&st0);
	printf("  stopped %.0f s: %llu created, %llu refused, %llu deferred, %llu throttled, "
	       "backlog %llu, arena +%llu KiB\n",
	       seconds, (unsigned long long)f.created, (unsigned long long)f.refused,
	       (unsigned long long)f.deferred, (unsigned long long)f.defer_refused,
	       (unsigned long long)f.peak_backlog,
	       (unsigned long long)(f.peak_bytes - st0.arena_bytes_used) / 1024);
}

int main(int argc, char **argv)
{
	struct netns_options options = {
		.max_backlog = BACKLOG,
		.max_backlog_bytes = DEFER_BYTES,
		.throttle_ms = 20,
		.watchdog_ms = WATCHDOG_MS,
		.log = torture_log,
	};

	torture_begin(argc, argv, "torture-stall", 5, 1);
	CHECK(netns_lib_init(&options) == 0, "the library does not start");
	CHECK(netns_subsys_register(&data_ops) == 0, "register");
	do
		stall_round(torture.seconds >= 60 ? 10 : 2);
	while (torture_running());
	CHECK(netns_subsys_unregister(&data_ops) == 0, "unregister");
	CHECK(netns_lib_fini() == 0, "the library does not stop");
	return torture_end();
}
