/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when there is nothing to do: polls on, then pauses, then sleeps a little with
 * its reader offline, so that an idle program does not burn its cores and no grace period waits for
 * a sleeper. A post, or the next tick, ends the sleep. Datapath's edge: called after empty rounds.
 */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "ctl.h"
#include "worker.h"

#define POLL_LOOPS  256u         /* empty rounds before pausing */
#define PAUSE_LOOPS 2048u        /* and before sleeping, when adaptive */
#define SLEEP_MIN   (20 * 1000u) /* ns */
#define SLEEP_MAX   (1000 * 1000u)

void idle_wake(struct worker *w)
{
	uint64_t one = 1;
	ssize_t n;

	/* pairs with the fence in sleep_a_while(): either it sees the post, or we see it asleep */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->sleeping, __ATOMIC_RELAXED)) {
		n = write(w->wake_fd, &one, sizeof(one));
		(void)n; /* a full eventfd wakes as well */
	}
}

static void sleep_a_while(struct worker *w, uint64_t ns)
{
	struct pollfd pfd = { .fd = w->wake_fd, .events = POLLIN };
	struct timespec ts = { .tv_nsec = (long)ns };
	uint64_t count;
	ssize_t n;

	__atomic_store_n(&w->sleeping, 1, __ATOMIC_RELAXED);
	/* pairs with the fence in idle_wake() */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->post.tail, __ATOMIC_RELAXED) == w->post.head &&
	    !__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		netns_reader_offline();
		if (ppoll(&pfd, 1, &ts, NULL) > 0) {
			n = read(w->wake_fd, &count, sizeof(count));
			(void)n; /* only that it is empty again matters */
		}
		netns_reader_online();
	}
	__atomic_store_n(&w->sleeping, 0, __ATOMIC_RELAXED);
}

/* ns until the next tick, at most SLEEP_MAX. */
static uint64_t tick_ns(const struct worker *w)
{
	uint64_t now = rte_rdtsc(), hz = rte_get_tsc_hz();

	if (w->next_tick <= now)
		return 0;
	if (w->next_tick - now >= hz / 1000)
		return SLEEP_MAX;
	return (w->next_tick - now) * 1000000000u / hz;
}

void idle_round(struct worker *w)
{
	uint64_t ns;

	w->idle_loops++;
	if (dp_opts.idle == DP_IDLE_POLL || w->idle_loops < POLL_LOOPS)
		return;
	if (dp_opts.idle == DP_IDLE_ADAPTIVE && w->idle_loops < PAUSE_LOOPS) {
		rte_pause();
		return;
	}
	ns = SLEEP_MIN + (uint64_t)(w->idle_loops - POLL_LOOPS) * 1000u;
	ns = RTE_MIN(ns, tick_ns(w));
	if (ns > 0)
		sleep_a_while(w, RTE_MIN(ns, (uint64_t)SLEEP_MAX));
}
