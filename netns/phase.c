/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Phases, see phase.h. Readers are create.c and reclaim.c, the writer is ops.c.
 *
 * One word: the count of readers, and a bit that turns readers away, set while a writer holds the
 * phase or has a window. Readers that were turned away and the writer sleep on one condition.
 */
#include <stdbool.h>
#include <stdint.h>

#include "phase.h"
#include "rcu.h"

#define CLOSED    0x80000000u /* readers are turned away */
#define WINDOW_NS 50000000u   /* 50 ms */

static struct {
	uint32_t word __attribute__((aligned(64))); /* atomic; w:all */
	uint32_t waiting; /* atomic; a writer wants to hear of the last reader's leaving */
} gate __attribute__((aligned(64)));

static struct netns_mutex writer_lock = NETNS_MUTEX_INIT; /* one writer; outside wait_lock */
static struct netns_mutex wait_lock = NETNS_MUTEX_INIT;
static pthread_cond_t wait_cond = PTHREAD_COND_INITIALIZER;
static uint32_t turned_away; /* readers that wait to be let in; wait_lock */

static void wake_all(void)
{
	netns_mutex_lock(&wait_lock);
	pthread_cond_broadcast(&wait_cond);
	netns_mutex_unlock(&wait_lock);
}

/* Takes back a reader's count and tells a waiting writer when it was the last. */
static void leave(void)
{
	/* release: what the reader did is seen by the writer; pairs with its acquire load */
	uint32_t old = __atomic_fetch_sub(&gate.word, 1, __ATOMIC_SEQ_CST);

	/* seq_cst on both sides: either we see waiting, or the writer sees the count at 0 */
	if ((old & ~CLOSED) == 1 && __atomic_load_n(&gate.waiting, __ATOMIC_SEQ_CST))
		wake_all();
}

/* Waits until the phase is open to readers, and enters under the lock: see let_in(). */
static void wait_turn(void)
{
	uint32_t word;

	netns_mutex_lock(&wait_lock);
	turned_away++;
	word = __atomic_load_n(&gate.word, __ATOMIC_RELAXED);
	for (;;) {
		if (word & CLOSED) {
			netns_cond_wait(&wait_cond, &wait_lock, 0);
			word = __atomic_load_n(&gate.word, __ATOMIC_RELAXED);
			/* acquire: pairs with the release of phase_write_unlock() */
		} else if (__atomic_compare_exchange_n(&gate.word, &word, word + 1, true,
						       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
			break;
		}
	}
	if (--turned_away == 0)
		pthread_cond_broadcast(&wait_cond);
	netns_mutex_unlock(&wait_lock);
}

void phase_read_lock(void)
{
	/* acquire: pairs with the release of phase_write_unlock() */
	if (!(__atomic_fetch_add(&gate.word, 1, __ATOMIC_SEQ_CST) & CLOSED))
		return;
	leave();
	wait_turn();
}

void phase_read_unlock(void)
{
	leave();
}

/* Waits up to one window for the readers to be gone. @closed: new ones are turned away. */
static bool drained(void)
{
	uint64_t end = netns_now_ns() + WINDOW_NS, now;
	bool none;

	netns_mutex_lock(&wait_lock);
	for (;;) {
		none = (__atomic_load_n(&gate.word, __ATOMIC_SEQ_CST) & ~CLOSED) == 0;
		now = netns_now_ns();
		if (none || now >= end)
			break;
		netns_cond_wait(&wait_cond, &wait_lock, end - now);
	}
	netns_mutex_unlock(&wait_lock);
	return none;
}

/* Readers that the last writer turned away go first: writers in a row must not shut them out. */
static void let_in(void)
{
	uint64_t end = netns_now_ns() + WINDOW_NS, now;

	netns_mutex_lock(&wait_lock);
	for (now = 0; turned_away != 0 && now < end; now = netns_now_ns())
		netns_cond_wait(&wait_cond, &wait_lock, now == 0 ? WINDOW_NS : end - now);
	netns_mutex_unlock(&wait_lock);
}

TS_NO_ANALYSIS void phase_write_lock(void)
{
	netns_mutex_lock(&writer_lock);
	let_in();
	__atomic_store_n(&gate.waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		__atomic_fetch_or(&gate.word, CLOSED, __ATOMIC_SEQ_CST);
		if (drained())
			break;
		__atomic_fetch_and(&gate.word, ~CLOSED, __ATOMIC_SEQ_CST);
		wake_all();
		drained(); /* the readers' window; ends early when all are gone */
	}
	__atomic_store_n(&gate.waiting, 0, __ATOMIC_RELAXED);
}

TS_NO_ANALYSIS void phase_write_unlock(void)
{
	__atomic_fetch_and(&gate.word, ~CLOSED, __ATOMIC_SEQ_CST);
	wake_all();
	netns_mutex_unlock(&writer_lock);
}
