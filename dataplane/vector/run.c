/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running a vector through the modules. A module that all tenants of the vector have gets the whole
 * vector; otherwise the packets that want it are gathered into a second one and their verdicts
 * brought back. Datapath; called by rx.c.
 */
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

#include "worker.h"

static void gather(struct worker *w, const struct dp_vec *v, uint64_t feature)
{
	struct dp_vec *s = &w->sub;
	uint32_t i, n = 0;

	for (i = 0; i < v->n; i++) {
		if ((v->link[i]->features & feature) == 0)
			continue;
		w->sub_at[n] = i;
		s->pkt[n] = v->pkt[i];
		s->link[n] = v->link[i];
		s->adj[n] = v->adj[i];
		s->ether_type[n] = v->ether_type[i];
		s->l3_off[n] = v->l3_off[i];
		s->depth[n] = v->depth[i];
		n++;
	}
	s->n = n;
	s->features_and = v->features_and | feature;
	s->features_or = v->features_or;
}

/* The gathered packets in v->.. get what the module wrote. */
static void scatter(struct worker *w, struct dp_vec *v)
{
	struct dp_vec *s = &w->sub;
	uint32_t i, at;

	for (i = 0; i < s->n; i++) {
		at = w->sub_at[i];
		v->pkt[at] = s->pkt[i];
		v->adj[at] = s->adj[i];
		v->out[at] = s->out[i];
		v->verdict[at] = s->verdict[i];
		v->arg[at] = s->arg[i];
		v->ether_type[at] = s->ether_type[i];
		v->l3_off[at] = s->l3_off[i];
	}
	v->decided += s->decided;
	memset(s->verdict, DP_CONTINUE, s->n);
	s->decided = 0;
}

static uint64_t run_stage(struct worker *w, const struct pipe_stage *p, struct dp_vec *v,
			  uint64_t begin)
{
	struct stat_row *row = &w->stat[p->bit];
	uint64_t end;

	if (v->n == 0)
		return begin;
	if (p->prefetch != NULL)
		p->prefetch(&w->pub, v);
	p->process(&w->pub, v);
	end = rte_rdtsc();
	row->calls++;
	row->packets += v->n;
	row->cycles += end - begin;
	return end;
}

static uint64_t run_settle(struct worker *w, struct dp_vec *v, uint64_t begin)
{
	struct stat_row *row = &w->stat[STAT_TX];
	uint64_t end;

	row->calls++;
	row->packets += v->decided;
	settle(w, v);
	end = rte_rdtsc();
	row->cycles += end - begin;
	return end;
}

/* No module wanted them. Untagged frames on a port that nothing listens on have their own reason.
 */
static void nobody(struct dp_vec *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		dp_vec_drop(v, i,
			    v->link[i]->kind == DP_LINK_PORT && v->link[i]->features == 0
				    ? DP_DROP_UNTAGGED
				    : DP_DROP_NO_HANDLER);
}

void pipeline_run(struct worker *w, struct dp_vec *v)
{
	const struct pipeline *p = w->pipe;
	const struct netns *sampled;
	uint64_t begin = rte_rdtsc(), now = begin;
	uint32_t i, total = v->n;

	/* one packet's tenant pays for all of them: in the long run each pays for its own */
	w->sample = w->sample * 1664525u + 1013904223u;
	sampled = v->link[(uint64_t)w->sample * total >> 32]->ns;
	if (v->decided != 0)
		now = run_settle(w, v, now);
	for (i = 0; i < p->n && v->n != 0; i++) {
		if ((v->features_or & p->stage[i].feature) == 0)
			continue;
		if (likely((v->features_and & p->stage[i].feature) != 0)) {
			now = run_stage(w, &p->stage[i], v, now);
		} else {
			gather(w, v, p->stage[i].feature);
			now = run_stage(w, &p->stage[i], &w->sub, now);
			scatter(w, v);
		}
		if (v->decided != 0)
			now = run_settle(w, v, now);
	}
	if (v->n != 0) {
		nobody(v);
		now = run_settle(w, v, now);
	}
	free_flush(w);
	w->vectors++;
	w->area.cycles[sampled->index] += now - begin;
}

void pipeline_run_pending(struct worker *w)
{
	struct pending *p = &w->pending;
	struct dp_vec *v = &w->vec;
	uint32_t i, n, at;

	while (p->head != p->tail) {
		n = RTE_MIN(p->tail - p->head, w->vector);
		w->cur_depth = 0;
		for (i = 0; i < n; i++) {
			at = (p->head + i) & (PENDING_MAX - 1);
			v->pkt[i] = p->pkt[at];
			v->link[i] = p->link[at];
			v->depth[i] = p->depth[at];
			w->cur_depth = RTE_MAX(w->cur_depth, p->depth[at]);
		}
		p->head += n;
		v->n = n;
		v->features_and = ~0ull;
		v->features_or = 0;
		classify_reentered(w, v);
		pipeline_run(w, v);
		memset(v->depth, 0, n);
	}
	w->cur_depth = 0;
}
