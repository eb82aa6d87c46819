/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire itself. Datapath: the other end stands in the input link's own line.
 */
#include <rte_prefetch.h>

#include "xconnect.h"

static inline const struct dp_link *other_end(const struct dp_vec *v, uint32_t i)
{
	/* pairs with the release in xconnect.c */
	return __atomic_load_n(&v->link[i]->wire, __ATOMIC_ACQUIRE);
}

void xconnect_prefetch(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < v->n; i++)
		rte_prefetch0((const char *)other_end(v, i) + 64);
}

void xconnect_process(struct dp_worker *w, struct dp_vec *v)
{
	const struct dp_link *out;
	uint32_t i;

	(void)w;
	for (i = 0; i < v->n; i++) {
		out = other_end(v, i);
		if (out != NULL)
			dp_vec_tx(v, i, out);
	}
}
