/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole runtime inside a test process: EAL without hugepages, one worker that the test polls by
 * hand, ports over rings whose other ends the test holds. Nothing happens unless the test polls,
 * so no test waits for anything.
 */
#ifndef WORLD_H
#define WORLD_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/dp.h"
#include "frames.h"

/** struct wire - the test's end of a port */
struct wire {
	struct rte_ring *to_dp, *from_dp;
	struct dp_link *link;
	char name[16];
};

/* @o may be NULL; lcores, host_polls and small tables are set. Aborts the test on failure. */
void world_begin(struct dp_options *o);
/* Ends all; asserts that every tenant's packets are accounted for and that nothing is left. */
void world_end(void);
/* A tenant, referenced; put by the test before world_end(). */
struct netns *world_tenant(const char *name);

void wire_make(struct wire *w, const char *name);
void wire_make_queued(struct wire *w, const char *name, unsigned int ring_size);
/* Any link; aborts the test on failure. */
struct dp_link *world_link(struct dp_link_config *c);
/* A link of @ns with tag @vid on the port, up, MAC_LINK. */
struct dp_link *wire_vlan(struct wire *w, struct netns *ns, uint16_t vid, const char *name);

/* A wire between two links of @ns. */
void world_xconnect(struct netns *ns, const char *a, const char *b);

struct rte_mbuf *mbuf_of(const struct frame *f);
/* In pieces of @piece bytes. */
struct rte_mbuf *mbuf_pieces(const struct frame *f, uint32_t piece);
void wire_put(struct wire *w, const struct frame *f);
void wire_put_mbuf(struct wire *w, struct rte_mbuf *m);
/* Polls until nothing moves any more. */
void world_settle(void);
/* netns_barrier() for the thread of the test, which is a worker and so has to go offline for it. */
void world_barrier(void);
/* The next frame that came out: false if there is none. */
bool wire_get(struct wire *w, struct frame *f);
/* Put, settle, and one frame must come out of @out, equal to @want. */
void expect_through(struct wire *in, const struct frame *f, struct wire *out,
		    const struct frame *want);
/* Put, settle, nothing comes out, @ns counts one more drop for @reason. */
void expect_drop(struct wire *in, const struct frame *f, struct netns *ns, enum dp_drop reason);
void expect_conserved(struct netns *ns);
uint64_t drops_of(struct netns *ns, enum dp_drop reason);

#endif /* WORLD_H */
