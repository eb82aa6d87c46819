/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limbo: stacks that dying tenants and deferred frees wait on, barrier and back-pressure. Anybody
 * pushes; the retire threads (retire.c) take all of a stack as one batch.
 *
 * There are two lanes. What comes from outside goes to the current lane; what callbacks of a batch
 * push goes to the lane of that batch. A barrier makes the other lane the current one and waits
 * until the first is empty, then does the same with the other: so it waits for what callbacks push
 * in turn, to any depth, and ends even if tenants keep coming. A pusher that read the current lane
 * long ago may push to either: that is why both are emptied.
 */
#include "limbo.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "rcu.h"
#include "retire.h"
#include "stats.h"
#include "tenant.h"
#include "watch.h"

struct lane {
	struct tenant *tenants;     /* atomic; w:any (push) w:retire (take all) */
	struct netns_defer *defers; /* atomic; same */
	uint64_t objects, bytes;    /* atomic; of defers; of both; added before the push */
	uint32_t tenants_ms;        /* atomic; when tenants / defers began to fill */
	uint32_t defers_ms;
	uint32_t inflight; /* batches taken and not complete; limbo_lock */
} __attribute__((aligned(64)));

static struct lane lanes[LIMBO_LANES];
static uint32_t current_lane __attribute__((aligned(64))); /* atomic; w:barrier r:any */
static uint64_t inflight_objects, inflight_bytes;          /* atomic; w:retire r:any */
static uint64_t clock_base_ms;                             /* const while the library runs */

static struct netns_mutex limbo_lock = NETNS_MUTEX_INIT;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;          /* a batch is complete */
static uint32_t waiters;                                             /* on done_cond; limbo_lock */
static struct limbo_work works = { .next = &works, .prev = &works }; /* limbo_lock */
static struct netns_mutex barrier_lock = NETNS_MUTEX_INIT; /* one barrier; outside limbo_lock */

/* Lane of the batch that this thread works on; -1: no retire thread, or between batches. */
static __thread int own_lane __attribute__((tls_model("initial-exec"))) = -1;

static uint64_t coarse_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

uint32_t limbo_clock_ms(void)
{
	return (uint32_t)(coarse_ms() - clock_base_ms);
}

void limbo_init(void)
{
	memset(lanes, 0, sizeof(lanes));
	inflight_objects = inflight_bytes = 0;
	clock_base_ms = coarse_ms();
}

static struct lane *lane_to_push(void)
{
	uint32_t lane = own_lane >= 0 ? (uint32_t)own_lane
				      : __atomic_load_n(&current_lane, __ATOMIC_RELAXED);

	return &lanes[lane];
}

void limbo_push(struct tenant *head, struct tenant *tail, unsigned int n, uint64_t bytes)
{
	struct lane *lane = lane_to_push();
	struct tenant *old = __atomic_load_n(&lane->tenants, __ATOMIC_RELAXED);

	stats_add(&stats.retired, n);
	stats_add(&lane->bytes, bytes);
	if (old == NULL)
		__atomic_store_n(&lane->tenants_ms, head->retired_ms, __ATOMIC_RELAXED);
	do {
		tail->batch_next = old;
		/* release: the tenants' last words; pairs with the exchange in limbo_take() */
	} while (!__atomic_compare_exchange_n(&lane->tenants, &old, head, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	retire_wake();
}

void netns_defer(struct netns_defer *defer, void (*fn)(struct netns_defer *), size_t bytes)
{
	struct lane *lane = lane_to_push();
	struct netns_defer *old = __atomic_load_n(&lane->defers, __ATOMIC_RELAXED);

	defer->fn = fn;
	stats_add(&lane->objects, 1);
	stats_add(&lane->bytes, bytes);
	if (old == NULL)
		__atomic_store_n(&lane->defers_ms, limbo_clock_ms(), __ATOMIC_RELAXED);
	do {
		defer->next = old;
		/* release: the object's last words; pairs with the exchange in limbo_take() */
	} while (!__atomic_compare_exchange_n(&lane->defers, &old, defer, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	retire_wake();
}

void defer_run(struct netns_defer *list)
{
	struct watch_site *site;
	struct netns_defer *next;

	if (list == NULL)
		return;
	site = watch_begin("netns_defer", "function");
	for (; list != NULL; list = next) {
		next = list->next;
		if (next != NULL)
			__builtin_prefetch(next);
		watch_step(site, 0);
		list->fn(list);
	}
	watch_end(site);
}

static bool lane_empty(const struct lane *lane)
{
	return __atomic_load_n(&lane->tenants, __ATOMIC_RELAXED) == NULL &&
	       __atomic_load_n(&lane->defers, __ATOMIC_RELAXED) == NULL;
}

bool limbo_empty(void)
{
	return lane_empty(&lanes[0]) && lane_empty(&lanes[1]);
}

static void work_enters(struct limbo_work *work, struct lane *lane)
{
	netns_mutex_lock(&limbo_lock);
	lane->inflight++;
	work->next = &works;
	work->prev = works.prev;
	works.prev->next = work;
	works.prev = work;
	netns_mutex_unlock(&limbo_lock);
}

bool limbo_take(uint32_t i, struct limbo_work *work)
{
	struct lane *lane = &lanes[i];
	uint32_t now, age = 0, age_defers;

	if (lane_empty(lane))
		return false;
	now = limbo_clock_ms();
	work->lane = i;
	work->since_ms = now;
	work_enters(work, lane); /* before the exchange: a barrier misses nothing */
	/* tenants first: what was deferred before a put is then in this batch or an earlier one */
	work->tenants = __atomic_exchange_n(&lane->tenants, NULL, __ATOMIC_ACQ_REL);
	work->defers = __atomic_exchange_n(&lane->defers, NULL, __ATOMIC_ACQ_REL);
	work->objects = __atomic_exchange_n(&lane->objects, 0, __ATOMIC_RELAXED);
	work->bytes = __atomic_exchange_n(&lane->bytes, 0, __ATOMIC_RELAXED);
	stats_add(&inflight_objects, work->objects);
	stats_add(&inflight_bytes, work->bytes);
	if (work->tenants != NULL)
		age = now - __atomic_load_n(&lane->tenants_ms, __ATOMIC_RELAXED);
	age_defers = now - __atomic_load_n(&lane->defers_ms, __ATOMIC_RELAXED);
	if (work->defers != NULL && age_defers > age)
		age = age_defers;
	__atomic_store_n(&work->since_ms, now - age, __ATOMIC_RELAXED);
	own_lane = (int)i;
	return true;
}

void limbo_complete(struct limbo_work *work, unsigned int tenants)
{
	own_lane = -1;
	netns_mutex_lock(&limbo_lock);
	stats_add(&stats.reclaimed, tenants);
	stats_add(&inflight_objects, -work->objects);
	stats_add(&inflight_bytes, -work->bytes);
	lanes[work->lane].inflight--;
	work->prev->next = work->next;
	work->next->prev = work->prev;
	if (waiters != 0)
		pthread_cond_broadcast(&done_cond);
	netns_mutex_unlock(&limbo_lock);
}

/* Nothing waits and nothing is worked on: waiting for more to come back is in vain. */
static bool limbo_idle_locked(void) TS_REQUIRES(limbo_lock)
{
	return lanes[0].inflight == 0 && lanes[1].inflight == 0 && limbo_empty();
}

/* Waits, offline, until @lane is empty and no batch of it is being worked on. */
static void lane_drain(struct lane *lane)
{
	netns_mutex_lock(&limbo_lock);
	waiters++;
	while (lane->inflight != 0 || !lane_empty(lane)) {
		retire_wake();
		netns_cond_wait(&done_cond, &limbo_lock, 0);
	}
	waiters--;
	netns_mutex_unlock(&limbo_lock);
}

int netns_barrier(void)
{
	uint32_t i, lane;

	if (netns_reader_is_online()) {
#ifdef NETNS_DEBUG_CHECKS
		netns_bug("netns_barrier: the caller is a reader that is online");
#endif
		return -EDEADLK;
	}
	if (retire_self() || watch_in_callback())
		return -EDEADLK;
	watch_drain();
	netns_mutex_lock(&barrier_lock);
	for (i = 0; i < LIMBO_LANES; i++) {
		lane = __atomic_load_n(&current_lane, __ATOMIC_RELAXED);
		__atomic_store_n(&current_lane, lane ^ 1, __ATOMIC_SEQ_CST);
		lane_drain(&lanes[lane]);
	}
	netns_mutex_unlock(&barrier_lock);
	return 0;
}

static uint64_t waiting_tenants(void)
{
	uint64_t reclaimed = stats_get(&stats.reclaimed); /* first: never negative */

	return stats_get(&stats.retired) - reclaimed;
}

static uint64_t waiting_bytes(void)
{
	return stats_get(&lanes[0].bytes) + stats_get(&lanes[1].bytes) + stats_get(&inflight_bytes);
}

static bool within_bound(void *arg)
{
	(void)arg;
	return waiting_tenants() <= netns_opts.max_backlog &&
	       waiting_bytes() <= netns_opts.max_backlog_bytes;
}

bool limbo_wait(bool (*ready)(void *arg), void *arg)
{
	uint64_t end, now;
	bool done = false;

	if (retire_self() || watch_in_callback())
		return false;
	now = netns_now_ns();
	end = now + netns_opts.throttle_ms * UINT64_C(1000000);
	netns_mutex_lock(&limbo_lock);
	waiters++;
	while (!(done = ready(arg)) && !limbo_idle_locked() && now < end) {
		retire_wake();
		netns_cond_wait(&done_cond, &limbo_lock, end - now);
		now = netns_now_ns();
	}
	waiters--;
	netns_mutex_unlock(&limbo_lock);
	return done;
}

int netns_throttle(void)
{
	if (__builtin_expect(within_bound(NULL), 1))
		return 0;
	return limbo_wait(within_bound, NULL) ? 0 : -EAGAIN;
}

static uint32_t older(uint32_t age, uint32_t now, uint32_t since)
{
	uint32_t a = now - since;

	return (int32_t)a > 0 && a > age ? a : age; /* since may be a moment ahead of now */
}

void limbo_usage(uint64_t *ret_objects, uint64_t *ret_bytes, uint64_t *ret_age_ns)
{
	uint32_t i, age = 0, now = limbo_clock_ms();
	const struct limbo_work *w;

	*ret_objects = waiting_tenants() + stats_get(&lanes[0].objects) +
		       stats_get(&lanes[1].objects) + stats_get(&inflight_objects);
	*ret_bytes = waiting_bytes();
	for (i = 0; i < LIMBO_LANES; i++) {
		if (__atomic_load_n(&lanes[i].tenants, __ATOMIC_RELAXED) != NULL)
			age = older(age, now,
				    __atomic_load_n(&lanes[i].tenants_ms, __ATOMIC_RELAXED));
		if (__atomic_load_n(&lanes[i].defers, __ATOMIC_RELAXED) != NULL)
			age = older(age, now,
				    __atomic_load_n(&lanes[i].defers_ms, __ATOMIC_RELAXED));
	}
	netns_mutex_lock(&limbo_lock);
	for (w = works.next; w != &works; w = w->next)
		age = older(age, now, __atomic_load_n(&w->since_ms, __ATOMIC_RELAXED));
	netns_mutex_unlock(&limbo_lock);
	*ret_age_ns = age * UINT64_C(1000000);
}
