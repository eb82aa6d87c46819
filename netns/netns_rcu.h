/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers and deferred frees: the public face of the one RCU domain (liburcu, QSBR flavour).
 *
 * A reader is a thread that was registered; while online it may use tenant pointers that it found
 * without a reference until its next quiescent state. It must report one per loop, and be offline
 * where it sleeps. Included by netns.h.
 */
#ifndef NETNS_RCU_H
#define NETNS_RCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * netns_reader_register() - make the calling thread a reader; it is online afterwards
 * @name: copied (up to 31 bytes), named by the watchdog and netns_stats(); NULL: "reader"
 *
 * Context: any thread that is no reader yet
 * Errors:  -EEXIST already registered
 */
int netns_reader_register(const char *name);
/* Errors: -ENOENT the calling thread is no registered reader. Must be called before it ends. */
int netns_reader_unregister(void);
/* Control functions called by an offline reader work; it is offline again afterwards. */
void netns_reader_online(void);
void netns_reader_offline(void);
/* "No pointer that I found before this is in use." Wait-free. Once per loop. */
void netns_reader_quiescent(void);
/* Is the calling thread a registered reader and online? */
bool netns_reader_is_online(void);

/**
 * struct netns_defer - a deferred free, embedded in the object to be freed; 16 bytes
 */
struct netns_defer {
	struct netns_defer *next;
	void (*fn)(struct netns_defer *defer);
};

/**
 * netns_defer() - call @fn(@defer) after a grace period, from the retire thread
 * @defer: lies in the object; the object was unpublished before the call
 * @fn:    frees it; must not block for long
 * @bytes: what the object occupies, for the backlog's counters and bound
 *
 * Context:  any thread, also an online reader and callbacks; lock-free, cannot fail
 * Lifetime: @defer belongs to the library until @fn runs
 */
void netns_defer(struct netns_defer *defer, void (*fn)(struct netns_defer *), size_t bytes);

/**
 * netns_throttle() - back-pressure for control code that defers faster than memory comes back
 *
 * Returns at once while the backlog is within its bound; else waits (offline) for up to
 * netns_options.throttle_ms.
 * Context: control; blocks(grace period); not from callbacks
 * Errors:  -EAGAIN the backlog is still over its bound
 */
int netns_throttle(void);

/**
 * netns_synchronize() - wait for one grace period
 *
 * Context: control; blocks(grace period). An online reader is taken offline while it waits, so no
 *          pointer found before survives the call.
 */
void netns_synchronize(void);

/**
 * netns_barrier() - wait until everything retired or deferred before the call is freed
 *
 * What callbacks retire in turn is waited for too.
 * Context: control; blocks(grace period); never from a reader that is online (debug builds abort
 *          with a text; others return -EDEADLK), nor from the retire thread or a callback
 * Errors:  -EDEADLK
 * Source:  behaviour of Linux net_ns_barrier() and rcu_barrier()
 */
int netns_barrier(void);

#ifdef __cplusplus
}
#endif

#endif /* NETNS_RCU_H */
