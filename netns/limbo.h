/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limbo: the lock-free stacks where dying tenants and deferred frees wait, and what is known of
 * them: barrier, back-pressure, figures.
 */
#ifndef NETNS_LIMBO_H
#define NETNS_LIMBO_H

#include <stdbool.h>
#include <stdint.h>

struct tenant;
struct netns_defer;

#define LIMBO_LANES 2u

/** struct limbo_work - one batch, on the stack of the retire thread that took it */
struct limbo_work {
	struct tenant *tenants;     /* linked by batch_next */
	struct netns_defer *defers; /* linked by next */
	uint64_t objects, bytes;    /* of defers; of both */
	/* limbo.c's own */
	uint32_t lane;
	uint32_t since_ms;
	struct limbo_work *next, *prev;
};

void limbo_init(void);

/*
 * Hands @n tenants, linked by batch_next from @head to @tail, to the retire threads: no reference
 * is left, lookups miss them. @bytes: what they occupy. Lock-free; wakes a thread only if all
 * sleep.
 */
void limbo_push(struct tenant *head, struct tenant *tail, unsigned int n, uint64_t bytes);

/* Retire threads: takes all that waits on @lane. Return: was there anything? */
bool limbo_take(uint32_t lane, struct limbo_work *work);
/* Everything in @work, with @tenants tenants, is done with. */
void limbo_complete(struct limbo_work *work, unsigned int tenants);
bool limbo_empty(void);

/*
 * Waits, offline and for up to netns_options.throttle_ms, until @ready, which is asked again after
 * each batch. Not in callbacks, and not while nothing is due to come back. Return: is it ready?
 */
bool limbo_wait(bool (*ready)(void *arg), void *arg);

/* Runs what netns_defer() left; its grace period is over. */
void defer_run(struct netns_defer *list);

/* Tenants and objects waiting, their bytes, age of the oldest in ns. */
void limbo_usage(uint64_t *ret_objects, uint64_t *ret_bytes, uint64_t *ret_age_ns);

/* Milliseconds since netns_lib_init(), wrapping; coarse clock. */
uint32_t limbo_clock_ms(void);

#endif /* NETNS_LIMBO_H */
