/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retire threads: sleep until something lies in limbo, take all of a lane as one batch, have it
 * reclaimed, again. A batch is as large as what gathered while the one before was worked on.
 *
 * Rules: a batch belongs to the thread that took it. There is one thread; the watchdog adds more
 * (up to MAX_THREADS) while all of them are stuck in callbacks, so exit_batch of different batches
 * may run in parallel then, and they end when idle. Pushers and sleepers meet in `asleep`.
 */
#include "retire.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "limbo.h"
#include "rcu.h"
#include "reclaim.h"
#include "tenant.h"
#include "thread.h"

#define MAX_THREADS 4

enum slot_state { SLOT_FREE, SLOT_RUNNING, SLOT_ENDED };

static struct netns_mutex retire_lock = NETNS_MUTEX_INIT;
static struct {
	pthread_t thread;
	enum slot_state state;
} threads[MAX_THREADS];                              /* retire_lock */
static uint32_t running, wanted = 1;                 /* retire_lock */
static bool stopping;                                /* retire_lock */
static uint32_t asleep __attribute__((aligned(64))); /* futex; 1: a thread sleeps or is about to */

static __thread bool is_retire __attribute__((tls_model("initial-exec")));

bool retire_self(void)
{
	return is_retire;
}

static void futex_wake(int n)
{
	syscall(SYS_futex, &asleep, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static void wake_all(void)
{
	__atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
	futex_wake(INT32_MAX);
}

void retire_wake(void)
{
	/* full fence between our push and this load; pairs with the one in sleep_idle() */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&asleep, __ATOMIC_RELAXED) != 0 &&
	    __atomic_exchange_n(&asleep, 0, __ATOMIC_RELAXED) != 0)
		futex_wake(1);
}

/* Return: did the thread end? It is no longer needed, or the library stops. */
static bool end_idle(unsigned int slot)
{
	bool end;

	netns_mutex_lock(&retire_lock);
	end = stopping || running > wanted;
	if (end) {
		threads[slot].state = SLOT_ENDED;
		running--;
	}
	netns_mutex_unlock(&retire_lock);
	return end;
}

static void sleep_idle(void)
{
	__atomic_store_n(&asleep, 1, __ATOMIC_RELAXED);
	/* pairs with the fence in retire_wake(): we see the push, or the pusher that we sleep */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (limbo_empty())
		syscall(SYS_futex, &asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	else
		__atomic_store_n(&asleep, 0, __ATOMIC_RELAXED);
}

/* One batch of @lane, if anything waits there. */
static bool run_lane(uint32_t lane)
{
	struct limbo_work work;

	if (!limbo_take(lane, &work))
		return false;
	limbo_complete(&work, reclaim_batch(work.tenants, work.defers));
	return true;
}

static void *retire_main(void *arg)
{
	unsigned int slot = (unsigned int)(uintptr_t)arg;
	uint32_t lane = 0;

	is_retire = true;
	for (;;) {
		lane ^= 1; /* in turns, so that neither lane starves the other */
		if (run_lane(lane) || run_lane(lane ^ 1))
			continue;
		if (end_idle(slot))
			return NULL;
		sleep_idle();
	}
}

/* Starts a thread in a free slot. */
static int add_thread_locked(void) TS_REQUIRES(retire_lock)
{
	unsigned int i;
	int err;

	for (i = 0; i < MAX_THREADS && threads[i].state == SLOT_RUNNING; i++)
		;
	if (i == MAX_THREADS)
		return -EAGAIN;
	if (threads[i].state == SLOT_ENDED)
		pthread_join(threads[i].thread, NULL);
	threads[i].state = SLOT_FREE;
	err = thread_start(&threads[i].thread, "netns-retire", retire_main, (void *)(uintptr_t)i);
	if (err == 0) {
		threads[i].state = SLOT_RUNNING;
		running++;
	}
	return err;
}

int retire_start(void)
{
	int err;

	netns_mutex_lock(&retire_lock);
	stopping = false;
	wanted = 1;
	err = add_thread_locked();
	netns_mutex_unlock(&retire_lock);
	return err;
}

void retire_stop(void)
{
	unsigned int i;

	netns_mutex_lock(&retire_lock);
	stopping = true;
	netns_mutex_unlock(&retire_lock);
	for (i = 0; i < MAX_THREADS; i++) {
		if (threads[i].state == SLOT_FREE)
			continue;
		while (pthread_tryjoin_np(threads[i].thread, NULL) == EBUSY) {
			wake_all();
			usleep(100);
		}
		threads[i].state = SLOT_FREE;
	}
}

void retire_rescue(unsigned int stuck)
{
	bool waiting = !limbo_empty(), added = false;

	netns_mutex_lock(&retire_lock);
	wanted = stuck + 1;
	if (waiting && stuck >= running && !stopping)
		added = add_thread_locked() == 0;
	netns_mutex_unlock(&retire_lock);
	if (added)
		netns_log(2, "every retire thread is stuck in a callback: another one was started");
	/* all: what `asleep` said of a helper went with the wake-up of the thread that is stuck */
	if (waiting)
		wake_all();
}
