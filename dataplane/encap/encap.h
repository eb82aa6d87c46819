/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every tunnel's data (dp_link.encap) begins with: how a frame leaves by it.
 */
#ifndef DP_ENCAP_H
#define DP_ENCAP_H

#include "../worker.h"

/** struct encap - head of a tunnel's data; const while its link lives */
struct encap {
	/*
	 * @out: link that the frame was sent by, counted as tx; @base: the tunnel, under VLAN links
	 * @m:   complete frame, taken
	 */
	void (*xmit)(struct worker *w, const struct dp_link *out, const struct dp_link *base,
		     struct rte_mbuf *m);
};

static inline void encap_xmit(struct worker *w, const struct dp_link *out,
			      const struct dp_link *base, struct rte_mbuf *m)
{
	const struct encap *e = (const struct encap *)base->encap;

	e->xmit(w, out, base, m);
}

#endif /* DP_ENCAP_H */
