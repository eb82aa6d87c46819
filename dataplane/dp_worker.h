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
 * are counted drops. Each also counts the packet as made by the tenant, so that conservation holds
 * (account.h). @out and @adj's link lie in the tenant that makes the packet.
 */
/* The frame begins at its Ethernet header and has none of @out's tags. */
void dp_send(struct dp_worker *w, const struct dp_link *out, struct rte_mbuf *m);
/* The frame begins at its L3 header; the header of @adj (which was filled) goes in front. */
void dp_send_adj(struct dp_worker *w, const struct dp_adj *adj, struct rte_mbuf *m);
/* Runs the frame (at its L3 header) through the tenant's route stage as locally made output. */
void dp_output(struct dp_worker *w, struct netns *ns, uint16_t ether_type, struct rte_mbuf *m);
/* A packet that was made but cannot be sent: counts it as made and dropped, and frees it. */
void dp_drop_made(struct dp_worker *w, const struct netns *ns, struct rte_mbuf *m,
		  enum dp_drop reason);

/*
 * Who does dp_output(): the router. The function takes the mbuf and ends in dp_send_adj(),
 * dp_send() or dp_drop_made(). NULL: nobody, packets are dropped with no-route.
 * Context: control; blocks(grace period): no worker is inside the old one afterwards
 */
typedef void dp_output_fn(struct dp_worker *w, struct netns *ns, uint16_t ether_type,
			  struct rte_mbuf *m);
void dp_output_set(dp_output_fn *fn);

/*
 * What a module does in the end with a packet that it stole. Any worker may do it.
 */
/* Counts it as dropped; the module has freed it, or made others of it (DP_DROP_LOCAL_CONSUMED). */
void dp_count_drop(struct dp_worker *w, const struct netns *ns, enum dp_drop reason);
/* The same by handle, and frees it. A stale handle is a drop "stale-handle" of the root tenant. */
void dp_drop_stolen(struct dp_worker *w, uint64_t ns_handle, struct rte_mbuf *m,
		    enum dp_drop reason);
/* A packet that the module made is kept for later: from here on it is like a stolen one. */
void dp_keep_made(struct dp_worker *w, const struct netns *ns);
/* It comes back: dp_send_*() may take it now, which counts it as made. */
void dp_count_unsteal(struct dp_worker *w, const struct netns *ns);

/*
 * From control threads: run @fn on a worker between two bursts; asynchronous.
 * Errors: -ENOENT no such worker, or no thread is attached to it; -EAGAIN the queue is full
 */
int dp_worker_post(unsigned int worker, void (*fn)(struct dp_worker *w, void *arg), void *arg);
/*
 * On every attached worker, waits for all. Return: 0, or the first error of @fn.
 * Context: control, or a worker's own thread (dp_options.host_polls) between polls; blocks
 */
int dp_workers_run(int (*fn)(struct dp_worker *w, void *arg), void *arg);

/* Timers of modules: called on the worker about every @period_ms, between two bursts. */
int dp_worker_tick(void (*fn)(struct dp_worker *w), unsigned int period_ms);
/* No worker calls @fn any more when this returns. Context: control; blocks. */
int dp_worker_untick(void (*fn)(struct dp_worker *w));

#endif /* DP_WORKER_H */
