/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watchdog: what threads tell it about the callbacks they run. One site a thread, in its TLS; the
 * watch thread compares the sites' steps from tick to tick.
 */
#ifndef NETNS_WATCH_H
#define NETNS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define WATCH_NAME_WORDS 4 /* operations' names are kept up to 31 bytes */

/** struct watch_site - the callback that one thread runs now */
struct watch_site {
	struct watch_site *next, *prev; /* sites_lock */
	bool known;                     /* own thread only: in the list */
	bool retire;                    /* const: the thread is a retire thread */
	uint32_t depth;                 /* own thread only; > 0: inside callbacks */
	/* atomic; w:its thread r:watch thread, which trusts them while step stands still */
	uint32_t busy;
	uint64_t step;   /* changes with each callback */
	uint64_t handle; /* tenant of the callback; 0: none */
	uint64_t op[WATCH_NAME_WORDS];
	const char *which; /* a literal */
	/* watch thread only */
	uint64_t seen_step, since_ns;
	bool reported;
};

/* The calling thread runs callbacks @which, a literal, of operations @op until watch_end(). */
struct watch_site *watch_begin(const char *op, const char *which);
void watch_end(struct watch_site *site);

static inline void watch_step(struct watch_site *site, uint64_t handle)
{
	__atomic_store_n(&site->handle, handle, __ATOMIC_RELAXED);
	__atomic_store_n(&site->step, site->step + 1, __ATOMIC_RELAXED);
}

/* Does the calling thread run a callback now? */
bool watch_in_callback(void);

int watch_start(void);
void watch_stop(void);
/* Handles what descriptors reported up to now, in the calling thread. */
void watch_drain(void);

#endif /* NETNS_WATCH_H */
