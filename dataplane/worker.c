/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers' life and their loop: attaching a thread, one round, detaching, ticks. The loop's parts
 * are in vector/. Making and freeing is control side; the rest runs on the worker's thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include "ctl.h"
#include "module.h"
#include "netns/fault.h"
#include "port.h"
#include "worker.h"

struct worker **workers;
unsigned int n_workers;
__thread struct worker *worker_self;

/* Lock order: module_lock -> tick_lock. */
static struct netns_mutex tick_lock = NETNS_MUTEX_INIT;
static struct tick ticks[TICKS_MAX]; /* for workers to come; tick_lock */
static unsigned int n_ticks;

struct dp_worker *dp_worker_self(void)
{
	return worker_self != NULL ? &worker_self->pub : NULL;
}

unsigned int dp_worker_count(void)
{
	return n_workers;
}

static struct worker *worker_new(unsigned int index, unsigned int lcore)
{
	unsigned int socket = rte_lcore_to_socket_id(lcore);
	struct worker *w = netns_arena_alloc((int)socket, sizeof(*w));

	if (w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->pub.lcore = lcore;
	w->pub.index = index;
	w->pub.socket = socket;
	w->area = account_areas[index];
	w->vector = dp_opts.vector;
	w->next_tick = UINT64_MAX;
	w->sample = index * 2654435761u + 1;
	snprintf(w->name, sizeof(w->name), "worker %u (lcore %u)", index, lcore);
	w->pub.pool = pool_of((int)socket);
	w->rxqs = heap_zalloc(sizeof(*w->rxqs));
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->pub.pool != NULL && w->rxqs != NULL && w->wake_fd >= 0 && post_init(&w->post) == 0)
		return w;
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	heap_free(w->rxqs);
	netns_arena_free(w, sizeof(*w));
	return NULL;
}

void workers_fini(void)
{
	unsigned int i;

	pipeline_fini();
	for (i = 0; i < n_workers; i++) {
		post_fini(&workers[i]->post);
		close(workers[i]->wake_fd);
		heap_free(workers[i]->rxqs);
		netns_arena_free(workers[i], sizeof(*workers[i]));
	}
	heap_free(workers);
	workers = NULL;
	n_workers = 0;
	n_ticks = 0;
}

int workers_init(const unsigned int *lcores, unsigned int n)
{
	int err = -ENOMEM;

	workers = heap_zalloc(n * sizeof(void *));
	if (workers == NULL)
		return -ENOMEM;
	for (n_workers = 0; n_workers < n; n_workers++) {
		workers[n_workers] = worker_new(n_workers, lcores[n_workers]);
		if (workers[n_workers] == NULL)
			goto undo;
	}
	err = pipeline_publish();
	if (err != 0)
		goto undo;
	return 0;

undo:
	workers_fini();
	return err;
}

/* --- ticks --------------------------------------------------------------------------------------
 */

static void tick_min(struct worker *w)
{
	unsigned int i;

	w->next_tick = UINT64_MAX;
	for (i = 0; i < w->n_ticks; i++)
		w->next_tick = RTE_MIN(w->next_tick, w->tick[i].next);
}

static int tick_add(struct dp_worker *pub, void *arg)
{
	struct worker *w = worker_of(pub);
	struct tick *t = &w->tick[w->n_ticks++];

	*t = *(const struct tick *)arg;
	t->next = rte_rdtsc() + t->period;
	tick_min(w);
	return 0;
}

static int tick_del(struct dp_worker *pub, void *arg)
{
	struct worker *w = worker_of(pub);
	const struct tick *t = arg;
	unsigned int i;

	for (i = 0; i < w->n_ticks; i++) {
		if (w->tick[i].fn == t->fn) {
			w->tick[i] = w->tick[--w->n_ticks];
			break;
		}
	}
	tick_min(w);
	return 0;
}

int dp_worker_tick(void (*fn)(struct dp_worker *w), unsigned int period_ms)
{
	struct tick t = { .fn = fn, .period = rte_get_tsc_hz() / 1000 * period_ms };
	int err = -ENOSPC;

	netns_mutex_lock(&tick_lock);
	if (n_ticks < TICKS_MAX) {
		ticks[n_ticks++] = t;
		err = dp_workers_run(tick_add, &t);
	}
	netns_mutex_unlock(&tick_lock);
	return err;
}

int dp_worker_untick(void (*fn)(struct dp_worker *w))
{
	struct tick t = { .fn = fn };
	unsigned int i;
	int err = -ENOENT;

	netns_mutex_lock(&tick_lock);
	for (i = 0; i < n_ticks && ticks[i].fn != fn; i++)
		;
	if (i < n_ticks) {
		ticks[i] = ticks[--n_ticks];
		err = dp_workers_run(tick_del, &t);
	}
	netns_mutex_unlock(&tick_lock);
	return err;
}

static void ticks_run(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->n_ticks; i++) {
		if (w->tick[i].next > w->pub.now_tsc)
			continue;
		w->tick[i].next = w->pub.now_tsc + w->tick[i].period;
		w->tick[i].fn(&w->pub);
	}
	tick_min(w);
}

/* --- the loop -----------------------------------------------------------------------------------
 */

/* Coarse clock: TSC since the last look at the real one, which is at most a second ago. */
static void clock_update(struct worker *w, uint64_t now)
{
	uint64_t hz = rte_get_tsc_hz();

	if (now - w->clock_tsc >= hz) {
		w->clock_tsc = now;
		w->clock_ns = netns_now_ns();
		w->clock_mult = (1000000000ull << 32) / hz;
	}
	w->pub.now_tsc = now;
	w->pub.now_ns = w->clock_ns +
			(uint64_t)((unsigned __int128)(now - w->clock_tsc) * w->clock_mult >> 32);
}

unsigned int dp_worker_poll(void)
{
	struct worker *w = worker_self;
	uint64_t begin = rte_rdtsc(), end;
	unsigned int n;

	clock_update(w, begin);
	post_drain(w);
	/* pairs with the release in pipeline_publish() */
	w->pipe = __atomic_load_n(&w->pipeline, __ATOMIC_ACQUIRE);
	n = rx_round(w);
	if (unlikely(w->pub.now_tsc >= w->next_tick))
		ticks_run(w);
	if (unlikely(w->pending.head != w->pending.tail))
		pipeline_run_pending(w);
	if (w->n_dirty != 0)
		tx_flush(w);
	free_flush(w);
	w->loops++;
	end = rte_rdtsc();
	if (n != 0) {
		w->busy_cycles += end - begin;
		w->idle_loops = 0;
	} else {
		w->idle_cycles += end - begin;
	}
	/* no pointer to a tenant or link is held beyond this line */
	netns_reader_quiescent();
	return n;
}

int dp_worker_attach(unsigned int lcore)
{
	struct worker *w = NULL;
	unsigned int i;
	int err;

	for (i = 0; i < n_workers; i++)
		if (workers[i]->pub.lcore == lcore)
			w = workers[i];
	if (w == NULL)
		return -ENOENT;
	if (worker_self != NULL || w->post.attached)
		return -EBUSY;
	err = netns_reader_register(w->name);
	if (err != 0)
		return err;
	netns_mutex_lock(&module_lock);
	netns_mutex_lock(&tick_lock);
	clock_update(w, rte_rdtsc());
	worker_self = w;
	err = modules_attach(w);
	if (err == 0) {
		w->n_ticks = 0;
		for (i = 0; i < n_ticks; i++)
			tick_add(&w->pub, &ticks[i]);
		post_attach(w);
	} else {
		worker_self = NULL;
	}
	netns_mutex_unlock(&tick_lock);
	netns_mutex_unlock(&module_lock);
	if (err != 0)
		netns_reader_unregister();
	return err;
}

void dp_worker_detach(void)
{
	struct worker *w = worker_self;

	if (w == NULL)
		return;
	netns_mutex_lock(&module_lock);
	post_detach(w);
	modules_detach(w);
	if (w->pending.head != w->pending.tail)
		pipeline_run_pending(w);
	tx_flush(w);
	free_flush(w);
	netns_mutex_unlock(&module_lock);
	netns_reader_unregister();
	worker_self = NULL;
}

int worker_main(void *arg)
{
	struct worker *w = arg;
	int err = dp_worker_attach(w->pub.lcore);

	__atomic_store_n(&w->start_error, err, __ATOMIC_RELAXED);
	/* pairs with the acquire in launch(): start_error is set */
	__atomic_store_n(&w->started, 1, __ATOMIC_RELEASE);
	if (err != 0)
		return err;
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		if (dp_worker_poll() == 0)
			idle_round(w);
	}
	dp_worker_detach();
	return 0;
}
