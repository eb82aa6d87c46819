/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module in a shared object, for test_modules.c: drops every packet with its own reason. Built
 * once more with another interface version (SO_MODULE_ABI), which must be refused.
 */
#include "dataplane/dp_module.h"

#ifndef SO_MODULE_ABI
#define SO_MODULE_ABI DP_MODULE_ABI
#endif

const struct dp_module *nsplane_module(void);

static void process(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < v->n; i++)
		dp_vec_drop(v, i, DP_DROP_MODULE);
}

static const struct dp_module module = {
	.abi = SO_MODULE_ABI,
	.name = "so-test",
	.summary = "drops everything",
	.stage = DP_STAGE_INGRESS,
	.process = process,
};

const struct dp_module *nsplane_module(void)
{
	return &module;
}
