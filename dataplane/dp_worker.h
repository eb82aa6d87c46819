/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers: what a module may use of the lcore that it runs on. Sending packets that it made or
 * kept, counting, time, and work handed over from control threads.
 */
#ifndef DP_WORKER_H
#define DP_WORKER_H

#include <stdint.h>

#include "dp_adj.h"
#include "dp_vec.h"

struct rte_mbuf;
struct rte_mempool;

/** struct dp_worker - the part of a worker that modules see */
struct dp_worker {
	unsigned int lcore; /* lcore id */
	unsigned int index; /* dense worker number: selects per-lcore blocks */
	unsigned int socket;
	struct rte_mempool *pool; /* for packets that modules make */
	uint64_t now_tsc;         /* at the begin of this loop, TSC cycles */
	uint64_t now_ns;          /* CLOCK_MONOTONIC at about now_tsc, ns; coarse */
	void *module_data[64];    /* each module's own, by its bit number; set in lcore_init */
};

/* The worker that the calling thread is; NULL elsewhere. */
struct dp_worker *dp_worker_self(void);

/*
 * Packets that did not come in this vector: answers, released queues. The mbuf is taken; failures
 * are counted drops. Each also counts the packet as made by @ns, so that conservation holds.
 */
void dp_send(struct dp_worker *w, const struct dp_link *out, struct rte_mbuf *m);
/* The frame begins at its L3 header; @adj's rewrite goes in front. */
void dp_send_adj(struct dp_worker *w, const struct dp_adj *adj, struct rte_mbuf *m);
/* Runs the frame (at its L3 header) through the tenant's route stage as locally made output. */
void dp_output(struct dp_worker *w, struct netns *ns, uint16_t ether_type, struct rte_mbuf *m);

/* What a module that stole a packet does with it in the end: free it and say why. */
void dp_count_drop(struct dp_worker *w, struct netns *ns, enum dp_drop reason);
void dp_drop_stolen(struct dp_worker *w, uint64_t ns_handle, struct rte_mbuf *m,
		    enum dp_drop reason);
/* A packet stolen earlier comes back: it is counted in again, so that dp_send_*() may take it. */
void dp_count_unsteal(struct dp_worker *w, struct netns *ns);

/* From control threads: run @fn on a worker between two bursts; asynchronous, bounded queue. */
int dp_worker_post(unsigned int worker, void (*fn)(struct dp_worker *w, void *arg), void *arg);
/* On every worker, waits for all. Context: control; blocks. */
int dp_workers_run(int (*fn)(struct dp_worker *w, void *arg), void *arg);

/* Timers of modules: called on the worker about every @period_ms, between two bursts. */
int dp_worker_tick(void (*fn)(struct dp_worker *w), unsigned int period_ms);

#endif /* DP_WORKER_H */
