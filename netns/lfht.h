/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table of liburcu-cds that grows with its nodes. liburcu's own resizing in the background
 * is not used: with 0.13, a worker that is faster than the thread that woke it leaves a mark behind
 * after which the table never grows again, and lookups take as long as there are nodes.
 */
#ifndef NETNS_LFHT_H
#define NETNS_LFHT_H

#include <stdint.h>

#include <urcu/rculfhash.h>

struct lfht {
	struct cds_lfht *table; /* const from lfht_init() to lfht_fini(); for adding and lookups */
	uint64_t nodes;         /* atomic */
	uint64_t buckets;       /* atomic; a power of two, never less than before */
	uint32_t growing;       /* atomic; 1: some thread makes it bigger */
};

/* @buckets: to begin with, a power of two. Errors: -ENOMEM. */
int lfht_init(struct lfht *h, uint64_t buckets);
/* Errors: -EBUSY nodes are left; the table stays. */
int lfht_fini(struct lfht *h);

/*
 * To be called inside a read section, after each node that was added to or deleted from the table.
 * lfht_added() makes the table bigger now and then: O(nodes), but O(1) over all calls. Readers and
 * other writers go on meanwhile.
 */
void lfht_added(struct lfht *h);
void lfht_deleted(struct lfht *h);

#endif /* NETNS_LFHT_H */
