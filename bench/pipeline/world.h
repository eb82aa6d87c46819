/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime as the pipeline suites measure it: one worker that the measuring thread polls itself,
 * a source that never ends (net_pcap, infinite_rx) and a sink (net_null), tenants by VLAN.
 */
#ifndef BENCH_PIPELINE_WORLD_H
#define BENCH_PIPELINE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/suite.h"
#include "dataplane/dp.h"

#define FRAMES    8192u /* in the source's file */
#define VLANS_MAX 4000u

/** struct frame_mix - what the source's frames look like */
struct frame_mix {
	unsigned int tenants; /* 1 .. VLANS_MAX, chosen at random for each frame */
	unsigned int size;    /* bytes without FCS, >= 60 */
	uint64_t seed;
};

/** struct world - ports and tenants of one measurement */
struct world {
	struct dp_link *src, *sink;
	unsigned int tenants;
	struct netns **ns;
	char pcap[64];
};

/* EAL and the library; once a process. @tenants: the most that any measurement makes. */
int world_start(unsigned int tenants);
void world_stop(void);

/* Source and sink for @mix. Errors: said on stderr. */
int world_open(struct world *w, const struct frame_mix *mix);
/* Tenants and their ports go; afterwards nothing is left. Return: 0, or -EBUSY with a text. */
int world_close(struct world *w);

/* Tenants 1 .. n with a VLAN link on the source and one on the sink, both up. */
int world_tenants(struct world *w, unsigned int n);
/* Wires each tenant's two links. */
int world_xconnect(struct world *w);
/* Addresses, four /18 routes through four permanent neighbours each. */
int world_routers(struct world *w);

/** struct run_result - one stretch of forwarding */
struct run_result {
	double ns;        /* a packet */
	uint64_t packets; /* in */
	uint64_t sent;
	bool conserved; /* rx = tx + drops in every tenant and all packets were sent */
};

/* Polls the worker for @ms. */
void world_run(struct world *w, unsigned int ms, struct run_result *ret);
/* The same devices with nothing in between: rx burst, tx burst. */
void world_run_io(struct world *w, unsigned int ms, unsigned int burst, struct run_result *ret);

#endif /* BENCH_PIPELINE_WORLD_H */
