/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the unit tests of the namespace core share: recording operations, readers that obey, a log
 * that is kept, bounded waiting, and a census of everything that must be as before. Criterion forks
 * a process per test, so all state here is fresh in each. Callbacks run in threads of the library,
 * where Criterion's assertions may not fail: they only record, and the test's own thread judges.
 */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns/netns.h"

#define WAIT_MS 5000u /* bound for what must happen, ms */
#define CALM_MS 40u   /* how long is watched that something does not happen, ms */

/* ---- library life ---- */

/* Small limits, log captured; a test changes what it needs before lib_up(). */
extern struct netns_options test_options;
void lib_up(void);   /* netns_lib_init() or the test fails */
void lib_down(void); /* netns_lib_fini() == 0, or the test fails with the log's text */

struct netns *tenant(const char *name); /* netns_create() or the test fails; @name may be NULL */
/* Puts it and waits until it is freed. */
void tenant_gone(struct netns *ns);
void settle(void); /* netns_barrier() == 0, or the test fails */

/* ---- log ---- */

unsigned int log_count(const char *needle); /* lines that contain it */
bool log_wait(const char *needle);          /* within WAIT_MS */
const char *log_text(void);                 /* all of it, lines separated by '\n' */

/* ---- waiting ---- */

bool wait_u32(const uint32_t *value, uint32_t at_least, unsigned int ms);
bool wait_for(bool (*cond)(void *arg), void *arg, unsigned int ms);
void set_u32(uint32_t *value, uint32_t to);
uint32_t get_u32(const uint32_t *value);
uint64_t now_ms(void);

/* ---- recording operations: A, B, C, ... ---- */

#define REC_OPS 8u

struct rec {
	struct netns_ops ops;
	unsigned int id;
	uint32_t inits, pre_exits, exits, batches; /* atomic: calls so far */
	uint32_t batched;                          /* atomic: tenants seen in exit_batch */
	uint32_t fail_nth;                         /* this init call fails (1 = next); 0: none */
	int fail_with;                             /* what it returns then */
	uint32_t faults;                           /* atomic: data missing, not zeroed or changed */
	int (*on_init)(struct netns *ns);          /* may be NULL; its result is returned */
	void (*on_pre_exit)(struct netns *ns);
	void (*on_exit)(struct netns *ns);
	void (*on_batch)(struct netns_batch *batch);
};

extern struct rec rec[REC_OPS];

/*
 * Operation @i with @size bytes of data (0: no slot). init checks that the data is zeroed and in
 * its slot, and fills it with the tenant's handle; pre_exit and exit check that it is still so.
 */
struct netns_ops *rec_ops(unsigned int i, size_t size);
unsigned int rec_faults(void); /* sum over all */

/*
 * What happened since rec_clear(), in words of three letters: i init, p pre_exit, x exit, b
 * exit_batch; the operation; the tenant (exit_batch: how many): "iA1 iB1 pB1 pA1 xB1 bB1 xA1 bA1".
 * Tenant 0 is the root, 1.. are those of @handles in their order, '?' is any other.
 */
const char *rec_log(const uint64_t *handles, unsigned int n);
void rec_clear(void);

/* Slot as it is, without debug checks of the id. */
void *slot_ptr(const struct netns *ns, unsigned int id);
uint64_t slot_value(const struct netns *ns, unsigned int id);
bool debug_build(void);

/* ---- readers that obey ---- */

struct reader {
	pthread_t thread;
	const char *name;
	uint32_t order, state;   /* atomic: enum in support.c */
	void (*each)(void *arg); /* called in every round while it runs; may be NULL */
	void *arg;
	int result; /* of netns_reader_register() */
};

void reader_start(struct reader *r, const char *name); /* runs: a quiescent state per loop */
void reader_hold(struct reader *r);                    /* stays online, reports nothing */
void reader_run(struct reader *r);
void reader_away(struct reader *r); /* goes offline */
void reader_end(struct reader *r);  /* unregisters, joins */

/* ---- a call in another thread ---- */

struct call {
	pthread_t thread;
	int (*fn)(void *arg);
	void *arg;
	int result;
	uint32_t done; /* atomic */
};

void call_start(struct call *c, int (*fn)(void *arg), void *arg);
int call_join(struct call *c); /* within WAIT_MS, or the test fails */

/* ---- census ---- */

struct census {
	uint64_t live, dying, backlog_objects, backlog_bytes, leaked, arena_bytes_used;
	uint32_t slot_ids, readers;
	unsigned int walked; /* tenants that netns_foreach_rcu() finds */
};

void census_take(struct census *ret_census);                       /* after netns_barrier() */
void census_expect(const struct census *before, const char *what); /* takes another, compares */

#endif /* TESTS_UNIT_SUPPORT_H */
