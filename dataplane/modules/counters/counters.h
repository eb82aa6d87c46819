/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Module "counters": what a tenant's packets are: by protocol and by size, 64 bytes a tenant and
 * worker, summed when somebody asks. No parameters.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

#include "dataplane/dp_module.h"

/** struct counters - one tenant on one worker, or the sum; w:worker r:control */
struct counters {
	uint64_t ip4, ip6, arp, other;      /* packets by EtherType */
	uint64_t tiny, small, large, jumbo; /* packets: <= 64, <= 511, <= 1518, more bytes */
};

static_assert(sizeof(struct counters) == 64, "one line");

extern const struct dp_module counters_module;
extern unsigned int counters_bit;

/* Sum over workers. The module is registered; else zeroes. Any thread. */
void counters_get(const struct netns *ns, struct counters *ret_sum);

/* counters_path.c */
void counters_prefetch(struct dp_worker *w, struct dp_vec *v);
void counters_process(struct dp_worker *w, struct dp_vec *v);

#endif /* COUNTERS_H */
