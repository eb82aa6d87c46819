/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipelines: for each worker an immutable array of the modules that run there, replaced as a whole
 * under RCU. Control side, module_lock held.
 */
#include <errno.h>

#include "module.h"
#include "netns/fault.h"

static void deferred(struct netns_defer *defer)
{
	heap_free((char *)defer - offsetof(struct pipeline, defer));
}

static struct pipeline *build(unsigned int worker)
{
	unsigned int i, n = module_count();
	struct pipeline *p = heap_zalloc(sizeof(*p) + n * sizeof(p->stage[0]));
	struct pipe_stage *s;
	struct module *m;

	if (p == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		m = module_at(i);
		if (m->desc->process == NULL || m->leaving || !mask_has(m->lcores, worker))
			continue;
		s = &p->stage[p->n++];
		s->prefetch = m->desc->prefetch;
		s->process = m->desc->process;
		s->bit = m->bit;
		s->feature = 1ull << m->bit;
	}
	return p;
}

int pipeline_publish(void)
{
	struct pipeline *p[RTE_MAX_LCORE] = { NULL }, *old;
	unsigned int i;

	for (i = 0; i < n_workers; i++) {
		p[i] = build(i);
		if (p[i] == NULL)
			goto nomem;
	}
	for (i = 0; i < n_workers; i++) {
		old = workers[i]->pipeline;
		/* pairs with the acquire in dp_worker_poll(): lcore_init ran before this */
		__atomic_store_n(&workers[i]->pipeline, p[i], __ATOMIC_RELEASE);
		if (old != NULL)
			netns_defer(&old->defer, deferred, sizeof(*old));
	}
	return 0;

nomem:
	while (i-- > 0)
		heap_free(p[i]);
	return -ENOMEM;
}

int pipeline_init(void)
{
	return pipeline_publish();
}

void pipeline_fini(void)
{
	unsigned int i;

	for (i = 0; i < n_workers; i++) {
		heap_free(workers[i]->pipeline);
		workers[i]->pipeline = NULL;
	}
}
