/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the groups of the netns suite share: a library started afresh for each group, modules that
 * prove their callbacks ran, tenants in bulk, and readers that keep one CPU as busy as a worker
 * does.
 */
#ifndef BENCH_NETNS_FIXTURE_H
#define BENCH_NETNS_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "netns/netns.h"
#include "bench/suite.h"

#define FIX_MODULES_MAX 4u
#define FIX_BATCH       256u /* tenants a call of netns_create_many() */

/** struct fix_data - what a module of the fixture keeps in a tenant; one cache line */
struct fix_data {
	uint64_t handle; /* of the tenant, written by init, checked by exit */
	uint64_t word;   /* what read benchmarks add up */
	uint64_t pad[6];
};

/** struct fix_count - callbacks that ran, summed over threads */
struct fix_count {
	uint64_t inits, exits;
	uint64_t wrong; /* data that was not what init left there */
};

/* Library. -errno of netns_lib_init(); stop returns what netns_lib_fini() says. */
int fix_start(const struct bench_options *opt);
int fix_stop(void);

/* Modules with data, ids in fix_id[]. All or none; unregistered in reverse. */
int fix_modules_register(unsigned int n);
int fix_modules_unregister(void);
extern unsigned int fix_id[FIX_MODULES_MAX];
unsigned int fix_modules(void); /* registered ones */
void fix_count(struct fix_count *ret_count);

/* @n tenants in batches, without names; all or none. 0 or -errno (-EINTR: the user stops it). */
int fix_create(struct netns **ns, unsigned int n);
/* Puts them and waits until they are freed. */
int fix_destroy(struct netns **ns, unsigned int n);

/** struct fix_reader - a busy worker: resolves handles in vectors, reads slots, is quiescent */
struct fix_reader {
	const struct bench_options *opt;
	struct netns *const *ns; /* tenants to look at; referenced by the caller all the time */
	unsigned int n;
	uint64_t stop;    /* atomic; w:control r:reader */
	uint64_t loops;   /* atomic; w:reader r:control; quiescent states */
	uint64_t lookups; /* w:reader; valid after the stop */
	uint64_t failed;  /* lookups that did not find the tenant or its data */
	long preempted;   /* times that the kernel took the CPU away */
	unsigned long thread;
};

/* Returns when the reader runs. -errno: no thread. */
int fix_reader_start(struct fix_reader *r);
/* Return: did it run, and never fail to find what was there all the time? */
bool fix_reader_stop(struct fix_reader *r);

/* Keeps the compiler from knowing where a value comes from. */
#define FIX_OPAQUE(x) __asm__ volatile("" : "+r"(x))

/* A fixed sequence, the same in every run (xorshift64*). */
uint64_t fix_random(uint64_t *state);

/* The groups, in the order of the report. */
void bench_netns_memory(const struct bench_options *opt, struct report *rep);
void bench_netns_read(const struct bench_options *opt, struct report *rep);
void bench_netns_churn(const struct bench_options *opt, struct report *rep);
void bench_netns_modules(const struct bench_options *opt, struct report *rep);
void bench_netns_peers(const struct bench_options *opt, struct report *rep);
void bench_netns_grace(const struct bench_options *opt, struct report *rep);

#endif /* BENCH_NETNS_FIXTURE_H */
