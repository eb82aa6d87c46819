/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's whole state, and what the files of the runtime need of each other on its way. One
 * thread owns a worker while it is attached and is the only one that writes it, but for the fields
 * marked w:control. Functions here run on that thread, unless marked control.
 */
#ifndef DP_WORKER_INTERNAL_H
#define DP_WORKER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "account.h"
#include "dp.h"
#include "netns/rcu.h"
#include "tag_table.h"

#define BURST         32u   /* packets a call of the driver */
#define TX_BUF        128u  /* packets kept for one port until the end of a loop */
#define PENDING_MAX   1024u /* packets waiting to re-enter, power of 2 */
#define DEPTH_MAX     8u    /* re-entries of one packet, nested sends */
#define POSTS         256u  /* power of 2 */
#define TICKS_MAX     32u
#define STAT_RX       64u /* rows of struct worker's stat[] behind the 64 modules */
#define STAT_CLASSIFY 65u
#define STAT_TX       66u
#define STAT_ROWS     67u

/** struct rxq - one receive queue that a worker polls; const */
struct rxq {
	uint16_t port_id, queue;
	struct dp_tag_table *tags; /* the port's; lives as long as any list that names it */
};

/** struct rxq_list - immutable; replaced as a whole and freed after a grace period */
struct rxq_list {
	struct netns_defer defer;
	unsigned int n;
	struct rxq q[];
};

/** struct tx_buf - one worker's packets for one port; emptied in each loop */
struct tx_buf {
	uint16_t port_id, queue;
	uint32_t n;
	bool listed;          /* in the worker's dirty[] */
	rte_spinlock_t *lock; /* the queue is shared with other workers; NULL: it is not */
	struct netns_defer defer;
	struct rte_mbuf *pkt[TX_BUF];
	const struct dp_link *out[TX_BUF]; /* who sent it, for counting what the device refused */
};

/** struct pipe_stage - one module in a worker's pipeline */
struct pipe_stage {
	void (*prefetch)(struct dp_worker *w, struct dp_vec *v);
	void (*process)(struct dp_worker *w, struct dp_vec *v);
	uint64_t feature; /* its bit in the tenants' masks */
	uint32_t bit;     /* number of that bit, and row of stat[] */
};

/** struct pipeline - immutable; in order of running */
struct pipeline {
	struct netns_defer defer;
	unsigned int n;
	struct pipe_stage stage[];
};

/** struct pending - packets that enter a link without a device; first in, first out */
struct pending {
	uint32_t head, tail; /* tail - head packets */
	struct rte_mbuf *pkt[PENDING_MAX];
	const struct dp_link *link[PENDING_MAX];
	uint8_t depth[PENDING_MAX];
};

struct post_item {
	void (*fn)(struct dp_worker *w, void *arg);
	void *arg;
};

/** struct post_queue - work from control threads; single consumer */
struct post_queue {
	uint32_t tail __attribute__((aligned(64))); /* w:control (release) r:worker (acquire) */
	uint32_t head __attribute__((aligned(64))); /* w:worker (release) r:control (acquire) */
	struct netns_mutex lock;                    /* among producers; guards attached */
	bool attached;
	struct post_item item[POSTS];
};

struct tick {
	void (*fn)(struct dp_worker *w);
	uint64_t period, next; /* TSC cycles */
};

struct stat_row {
	uint64_t calls, packets, cycles;
};

/** struct worker - see the head of this file */
struct worker {
	struct dp_worker pub;

	/* r:worker w:control, release; pairs with the acquire at the begin of each loop */
	struct rxq_list *rxqs __attribute__((aligned(64)));
	struct pipeline *pipeline;
	uint32_t stop;
	uint32_t waves; /* enough links that table lookups miss the cache: use prefetch waves */
	struct tx_buf *tx[RTE_MAX_ETHPORTS];

	struct account_area area __attribute__((aligned(64)));
	const struct pipeline *pipe; /* this loop's */
	uint32_t vector;             /* packets to fill one up to */
	uint32_t cur_depth;          /* re-entries of what runs now, for packets made meanwhile */
	uint32_t ip_id;              /* of outer IPv4 headers */
	uint32_t nested;             /* dp_output() within dp_output(): tunnels in tunnels */
	uint32_t n_dirty;
	struct tx_buf *dirty[RTE_MAX_ETHPORTS];
	uint32_t n_free;
	struct rte_mbuf *free[DP_VEC_MAX];
	struct pending pending;
	struct dp_vec vec, sub;
	uint32_t sub_at[DP_VEC_MAX]; /* where a gathered packet came from */

	uint64_t rx_packets, tx_packets, drops; /* device rx, device tx, drops; r:control */
	uint64_t loops, vectors, busy_cycles, idle_cycles;
	uint32_t idle_loops;                      /* in a row */
	uint64_t clock_tsc, clock_ns, clock_mult; /* see clock_update() */
	uint32_t started;                         /* w:worker r:control */
	int start_error;
	uint32_t sample; /* state of the generator that picks whose cycles are counted */
	unsigned int n_ticks;
	uint64_t next_tick;
	struct tick tick[TICKS_MAX];
	struct stat_row stat[STAT_ROWS];
	struct post_queue post __attribute__((aligned(64)));
	int wake_fd;       /* eventfd that ends the worker's sleep */
	uint32_t sleeping; /* w:worker r:control */
	char name[32];
};

extern struct worker **workers; /* const after workers_init() */
extern unsigned int n_workers;
extern __thread struct worker *worker_self;

static inline struct worker *worker_of(struct dp_worker *w)
{
	return (struct worker *)w; /* pub is the first member */
}

/* rx.c: fills vectors, runs them. Return: packets received. */
unsigned int rx_round(struct worker *w);

/* classify.c: finds the links of v->pkt[from .. to); what is bad gets a drop verdict. */
void classify(struct worker *w, struct dp_vec *v, const struct rxq *q, uint32_t from, uint32_t to);
/* The same for packets whose v->link[] is known already: they came by a pair or a tunnel. */
void classify_reentered(struct worker *w, struct dp_vec *v);

/* pipeline.c: runs all modules, then sends, drops and re-enters; v is empty afterwards. */
void pipeline_run(struct worker *w, struct dp_vec *v);
/* Runs what waits in w->pending until nothing does. */
void pipeline_run_pending(struct worker *w);

/* tx.c: carries out the verdicts and closes the gaps that they leave. */
void settle(struct worker *w, struct dp_vec *v);
/* tx_slow.c: a frame without the out link's tags, or (framed) complete. Takes the mbuf. */
void tx_link(struct worker *w, const struct dp_link *in, const struct dp_link *out,
	     struct rte_mbuf *m, bool framed);
/* By an adjacency of any kind; the L3 header is at @l3. */
void tx_adj(struct worker *w, const struct netns *ns, const struct dp_adj *adj, struct rte_mbuf *m,
	    uint32_t l3);
/* tx.c: counts on @out and buffers for the port, which is there. */
void tx_enqueue(struct worker *w, const struct dp_link *out, uint16_t port_id, struct rte_mbuf *m);
void tx_flush(struct worker *w);
void tx_flush_one(struct worker *w, struct tx_buf *b);
/* Count and free: of a tenant; what came in by a link; what could not leave by one. */
void drop_packet(struct worker *w, const struct netns *ns, struct rte_mbuf *m, enum dp_drop reason);
void drop_in(struct worker *w, const struct dp_link *in, struct rte_mbuf *m, enum dp_drop reason);
void drop_out(struct worker *w, const struct netns *ns, const struct dp_link *out,
	      struct rte_mbuf *m, enum dp_drop reason);
void pending_add(struct worker *w, const struct dp_link *link, struct rte_mbuf *m, uint32_t depth);

static inline void free_flush(struct worker *w)
{
	if (w->n_free != 0) {
		rte_pktmbuf_free_bulk(w->free, w->n_free);
		w->n_free = 0;
	}
}

static inline void free_later(struct worker *w, struct rte_mbuf *m)
{
	if (w->n_free == DP_VEC_MAX)
		free_flush(w);
	w->free[w->n_free++] = m;
}

static inline void count_drop(struct worker *w, const struct netns *ns, enum dp_drop reason)
{
	account_add(&w->area, ns, reason, 1);
	w->drops++;
}

/* post.c */
int post_init(struct post_queue *q);
void post_fini(struct post_queue *q);
void post_attach(struct worker *w);
void post_detach(struct worker *w);
void post_drain_slow(struct worker *w);

static inline void post_drain(struct worker *w)
{
	/* pairs with the release in dp_worker_post(): the item is complete */
	if (__atomic_load_n(&w->post.tail, __ATOMIC_ACQUIRE) != w->post.head)
		post_drain_slow(w);
}

/* idle.c: called after a round without packets. */
void idle_round(struct worker *w);
void idle_wake(struct worker *w); /* any thread */

/* worker.c, control: makes and frees workers; launching is in dp.c. */
int workers_init(const unsigned int *lcores, unsigned int n);
int worker_main(void *worker); /* attaches, polls until stop, detaches */
void workers_fini(void);

#endif /* DP_WORKER_INTERNAL_H */
