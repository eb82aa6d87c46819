/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of dp_worker.h by which modules send packets that they made or kept, and account
 * for those that they stole. Datapath.
 */
#include "output.h"
#include "worker.h"

dp_output_fn *output_fn;

void dp_send(struct dp_worker *pub, const struct dp_link *out, struct rte_mbuf *m)
{
	struct worker *w = worker_of(pub);

	account_add(&w->area, out->ns, ACCOUNT_MADE, 1);
	tx_link(w, NULL, out, m, false);
}

void dp_send_adj(struct dp_worker *pub, const struct dp_adj *adj, struct rte_mbuf *m)
{
	struct worker *w = worker_of(pub);
	const struct netns *ns = adj->link->ns;

	account_add(&w->area, ns, ACCOUNT_MADE, 1);
	tx_adj(w, ns, adj, m, 0);
}

void dp_drop_made(struct dp_worker *pub, const struct netns *ns, struct rte_mbuf *m,
		  enum dp_drop reason)
{
	struct worker *w = worker_of(pub);

	account_add(&w->area, ns, ACCOUNT_MADE, 1);
	drop_packet(w, ns, m, reason);
}

void dp_output(struct dp_worker *pub, struct netns *ns, uint16_t ether_type, struct rte_mbuf *m)
{
	struct worker *w = worker_of(pub);
	dp_output_fn *fn = output_hook();

	if (fn == NULL || w->nested >= DEPTH_MAX) {
		dp_drop_made(pub, ns, m, fn == NULL ? DP_DROP_IP_NO_ROUTE : DP_DROP_LOOP);
		return;
	}
	w->nested++;
	fn(pub, ns, ether_type, m);
	w->nested--;
}

void dp_count_drop(struct dp_worker *pub, const struct netns *ns, enum dp_drop reason)
{
	struct worker *w = worker_of(pub);

	account_add(&w->area, ns, ACCOUNT_KEPT, UINT64_MAX);
	count_drop(w, ns, reason);
}

void dp_keep_made(struct dp_worker *pub, const struct netns *ns)
{
	struct worker *w = worker_of(pub);

	account_add(&w->area, ns, ACCOUNT_MADE, 1);
	account_add(&w->area, ns, ACCOUNT_KEPT, 1);
}

void dp_count_unsteal(struct dp_worker *pub, const struct netns *ns)
{
	struct worker *w = worker_of(pub);

	/* dp_send_*() will count it as made, which it is not */
	account_add(&w->area, ns, ACCOUNT_KEPT, UINT64_MAX);
	account_add(&w->area, ns, ACCOUNT_MADE, UINT64_MAX);
}

void dp_drop_stolen(struct dp_worker *pub, uint64_t ns_handle, struct rte_mbuf *m,
		    enum dp_drop reason)
{
	struct worker *w = worker_of(pub);
	struct netns *ns = netns_resolve(ns_handle);

	if (ns == NULL) {
		/* its tenant's block went with the tenant: the root tenant accounts for the rest */
		ns = netns_init_ns();
		account_add(&w->area, ns, ACCOUNT_MADE, 1);
		reason = DP_DROP_STALE_HANDLE;
	} else {
		account_add(&w->area, ns, ACCOUNT_KEPT, UINT64_MAX);
	}
	drop_packet(w, ns, m, reason);
}
