/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of all neighbours: a wheel of 100 ms slots. A timer beyond one turn stays in its slot and
 * is passed over until its time; most are seconds away, and a turn is 102.4 s. Under neigh_lock.
 */
#include "internal.h"

#define SLOTS   1024u
#define SLOT_MS 100u

static struct neigh *wheel[SLOTS]; /* guarded by neigh_lock */
static uint32_t done_slot;         /* last slot number that was run */

static void take_out(struct neigh *n)
{
	*n->wheel_prev = n->wheel_next;
	if (n->wheel_next)
		n->wheel_next->wheel_prev = n->wheel_prev;
	n->wheel_next = NULL;
	n->wheel_prev = NULL;
	n->due_ms = 0;
}

void neigh_arm(struct neigh *n, uint32_t delay_ms)
{
	struct neigh **at;

	if (n->wheel_prev)
		take_out(n);
	if (delay_ms == 0)
		return;
	n->due_ms = neigh_now_ms() + delay_ms;
	n->slot = (n->due_ms / SLOT_MS + 1) % SLOTS;
	at = &wheel[n->slot];
	n->wheel_next = *at;
	if (*at)
		(*at)->wheel_prev = &n->wheel_next;
	n->wheel_prev = at;
	*at = n;
}

/* Due ones are first moved to a list of their own: a timer may arm itself or others again. */
static void run_slot(uint32_t slot, uint32_t now_ms)
{
	struct neigh *due = NULL, *n, *next;

	for (n = wheel[slot]; n; n = next) {
		next = n->wheel_next;
		if ((int32_t)(n->due_ms - now_ms) > 0)
			continue;
		take_out(n);
		n->wheel_next = due;
		due = n;
	}
	for (n = due; n; n = next) {
		next = n->wheel_next;
		n->wheel_next = NULL;
		neigh_timer(n);
	}
}

void neigh_wheel_run(uint32_t now_ms)
{
	uint32_t slot = now_ms / SLOT_MS;
	uint32_t turns = slot - done_slot;

	if (turns > SLOTS)
		done_slot = slot - SLOTS;
	while (done_slot != slot)
		run_slot(++done_slot % SLOTS, now_ms);
}
