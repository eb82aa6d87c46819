/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libnsplane: the DPDK runtime. The one header for embedding programs: start, ports, running
 * workers or polling them from a loop of one's own, tenants' counters.
 */
#ifndef DP_H
#define DP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dp_adj.h"
#include "dp_drop.h"
#include "dp_link.h"
#include "dp_module.h"
#include "dp_vec.h"
#include "dp_worker.h"

/** struct dp_options - for dp_init(); zero means default everywhere */
struct dp_options {
	struct netns_options netns;
	unsigned int mbufs;     /* packet buffers per socket; default by memory, ports and queues */
	unsigned int mbuf_size; /* bytes of data room; default RTE_MBUF_DEFAULT_BUF_SIZE */
	unsigned int vector;    /* packets, 32 .. 128; default 128 */
	unsigned int max_links; /* default max_tenants * 2 */
	unsigned int max_adj;   /* adjacencies; default 16 Mi */
	unsigned int idle;      /* enum dp_idle */
	bool check_conservation;    /* debug: verify rx = tx + drops each second */
	const unsigned int *lcores; /* worker lcores; NULL: all but the main one, or it if alone */
	unsigned int n_lcores;
	bool host_polls; /* the program calls dp_worker_poll() itself; no threads are launched */
};

enum dp_idle { DP_IDLE_ADAPTIVE, DP_IDLE_POLL, DP_IDLE_SLEEP };

/**
 * dp_eal_init() - rte_eal_init() with what this machine allows
 * @argc, @argv: EAL arguments that override (after "--"); may be 0, NULL
 * @ret_text:    one line that says what was picked and why; may be NULL
 */
int dp_eal_init(const char *program, int argc, char **argv, char *ret_text, size_t text_len);

/* Starts the library (netns included) and launches workers. dp_fini() undoes all of it. */
int dp_init(const struct dp_options *options);
int dp_fini(void);

/* One round of the calling thread's worker: packets handled. See dp_options.host_polls. */
int dp_worker_attach(unsigned int lcore); /* the calling thread becomes that lcore's worker */
unsigned int dp_worker_poll(void);
void dp_worker_detach(void);

struct dp_port_config {
	const char *name; /* link name in the root tenant; NULL: the device's */
	const char
		*devargs; /* "net_null0,copy=0", a PCI address, or a name that EAL made already */
	unsigned int rx_queues, tx_queues; /* 0: one rx queue, a tx queue per worker */
	unsigned int rxd, txd;             /* descriptors; 0: the driver's choice */
	unsigned int mtu;
	bool promisc;
	const unsigned int *lcores; /* rx queue i is polled by lcores[i % n]; NULL: balanced */
	unsigned int n_lcores;
	const char *error; /* out: what was wrong */
};
/* Ports come and go while others forward. The port's link lies in the root tenant. */
int dp_port_add(struct dp_port_config *config, struct dp_link **ret_link);
int dp_port_del(const char *name);

/** struct dp_tenant_stats - sums over lcores; rx + made = tx + drops + queued + moved */
struct dp_tenant_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t made;   /* packets that the tenant made itself */
	uint64_t queued; /* stolen, not yet sent or dropped */
	uint64_t moved;  /* left by decapsulation or re-entry; the link that got them counts rx */
	uint64_t drops[DP_DROP_REASONS];
	uint64_t cycles; /* TSC cycles, sampled and scaled */
};
int dp_tenant_stats(struct netns *ns, struct dp_tenant_stats *ret_stats);

/** struct dp_worker_stats - one worker; module_* are indexed like dp_module_next()'s order */
struct dp_worker_stats {
	uint64_t loops, vectors, rx_packets, tx_packets, drops;
	uint64_t busy_cycles, idle_cycles;
	struct {
		const char *name;
		uint64_t calls, packets, cycles;
	} module[72]; /* rx, classify, modules, tx; name NULL ends */
};
int dp_worker_stats(unsigned int worker, struct dp_worker_stats *ret_stats);
unsigned int dp_worker_count(void);

#endif /* DP_H */
