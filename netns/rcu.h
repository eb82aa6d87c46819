/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's own view of its one RCU domain. rcu.c is the only file that includes liburcu's
 * QSBR header; everybody else uses what stands here. Locks and waits go offline by themselves, so
 * that no registered thread ever blocks a grace period while it waits for somebody who waits for
 * one.
 */
#ifndef NETNS_RCU_INTERNAL_H
#define NETNS_RCU_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns_rcu.h"

#if defined(__clang__)
#define TS_CAPABILITY(x) __attribute__((capability(x)))
#define TS_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define TS_ACQUIRE(...)  __attribute__((acquire_capability(__VA_ARGS__)))
#define TS_RELEASE(...)  __attribute__((release_capability(__VA_ARGS__)))
#define TS_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define TS_NO_ANALYSIS   __attribute__((no_thread_safety_analysis))
#else
#define TS_CAPABILITY(x)
#define TS_GUARDED_BY(x)
#define TS_ACQUIRE(...)
#define TS_RELEASE(...)
#define TS_REQUIRES(...)
#define TS_NO_ANALYSIS
#endif

/** struct netns_mutex - a mutex whose waiters are offline; tries first, so uncontended costs one
 * CAS */
struct TS_CAPABILITY("mutex") netns_mutex {
	pthread_mutex_t lock;
};
#define NETNS_MUTEX_INIT                  \
	{                                 \
		PTHREAD_MUTEX_INITIALIZER \
	}

void netns_mutex_lock(struct netns_mutex *m) TS_ACQUIRE(*m);
void netns_mutex_unlock(struct netns_mutex *m) TS_RELEASE(*m);
/* Waits offline for @cond up to @timeout_ns (0: for ever). Return: 0 or -ETIMEDOUT. */
int netns_cond_wait(pthread_cond_t *cond, struct netns_mutex *m, uint64_t timeout_ns)
	TS_REQUIRES(*m);

/*
 * Read section of a control thread, which need not be a registered reader: registers the thread on
 * first use (it ends with the thread), brings it online and puts back what was. Nests. Pointers
 * found inside end with it, and with any lock or wait inside it that had to go offline.
 */
bool rcu_enter(void); /* Return: token for rcu_leave() */
void rcu_leave(bool token);

/* One grace period; the caller is offline meanwhile. Counts, times, names the slowest reader. */
void rcu_synchronize(void);

/* Is the calling thread online, as a registered reader or in a read section? */
bool rcu_online(void);

/* Has the calling thread called netns_reader_register()? */
bool netns_reader_is_registered(void);

/* For tables of liburcu-cds that live in this domain. */
struct rcu_flavor_struct;
const struct rcu_flavor_struct *rcu_domain(void);

/** struct rcu_usage - what statistics and the watchdog ask of the domain */
struct rcu_usage {
	uint64_t grace_periods;         /* completed */
	uint64_t gp_last_ns, gp_max_ns; /* duration, ns */
	uint64_t gp_current_ns;         /* age of the oldest one being waited for; 0: none */
	uint32_t readers;               /* registered with netns_reader_register() */
	char slowest[32];               /* reader that holds the current one; "": none */
};
void rcu_usage(struct rcu_usage *ret_usage);
void rcu_report_readers(void); /* logs each registered reader but the caller */
void rcu_usage_reset(void);    /* counters start anew with the library */

uint64_t netns_now_ns(void); /* CLOCK_MONOTONIC, ns */

#endif /* NETNS_RCU_INTERNAL_H */
