/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control side of module policer: parameters and the tenant's meters, under dp_ctl_lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dp.h"
#include "policer.h"

#define BURST_MS      10u
#define BYTES_LEAST   3200u /* of burst: two full frames */
#define PACKETS_LEAST 32u

unsigned int policer_id = ~0u, policer_bit;

static struct netns_ops ops;

/* "10M" -> 10000000; 0: no number. */
static uint64_t number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || text[0] == '-')
		return 0;
	switch (*end) {
	case 'k':
		n *= 1000;
		end++;
		break;
	case 'M':
		n *= 1000000;
		end++;
		break;
	case 'G':
		n *= 1000000000;
		end++;
		break;
	default:
		break;
	}
	return *end == 0 && n < 1ull << 48 ? n : 0;
}

static int setup(struct policer_rate *r, uint64_t rate, uint64_t ms, uint64_t least)
{
	struct rte_meter_srtcm_params params = { 0 };
	int err;

	if (rate == 0)
		return 0;
	r->rate = rate;
	r->burst = rate / 1000 * ms + rate % 1000 * ms / 1000;
	if (r->burst < least)
		r->burst = least;
	if (r->burst > UINT32_MAX)
		r->burst = UINT32_MAX;
	/* what all workers may hold in their caches stays below a quarter of the burst */
	r->chunk = r->burst / 4 / dp_worker_count();
	if (r->chunk == 0)
		r->chunk = 1;
	params.cir = rate;
	params.cbs = r->burst;
	err = rte_meter_srtcm_profile_config(&r->profile, &params);
	return err != 0 ? err : rte_meter_srtcm_config(&r->meter, &r->profile);
}

static int parse(const char *const *params, uint64_t *packets, uint64_t *bits, uint64_t *ms)
{
	uint64_t *where;
	const char *eq;

	for (; *params != NULL; params++) {
		eq = strchr(*params, '=');
		if (eq == NULL)
			return -EINVAL;
		where = strncmp(*params, "packets=", 8) == 0 ? packets
			: strncmp(*params, "bits=", 5) == 0  ? bits
			: strncmp(*params, "burst=", 6) == 0 ? ms
							     : NULL;
		if (where == NULL || (*where = number(eq + 1)) == 0)
			return -EINVAL;
	}
	if ((*packets == 0 && *bits == 0) || (*bits != 0 && *bits < 8) || *ms > 10000)
		return -EINVAL;
	return 0;
}

static int enable(struct netns *ns, const char *const *params, const char **ret_error)
{
	uint64_t packets = 0, bits = 0, ms = BURST_MS;
	struct policer *p;
	int err;

	*ret_error =
		"policer takes packets=N and bits=N (a second; k, M, G) and burst=MS (1 .. 10000)";
	err = parse(params, &packets, &bits, &ms);
	if (err != 0)
		return err;
	p = netns_mem_alloc(ns, sizeof(*p));
	if (p == NULL) {
		*ret_error = "the tenant's memory quota is used up, or there is none left";
		return -errno;
	}
	rte_spinlock_init(&p->lock);
	err = setup(&p->packets, packets, ms, PACKETS_LEAST);
	if (err == 0)
		err = setup(&p->bytes, bits / 8, ms, BYTES_LEAST);
	if (err != 0) {
		netns_mem_free(ns, p, sizeof(*p));
		*ret_error = "this rate cannot be metered";
		return err;
	}
	*ret_error = NULL;
	netns_value_set(ns, policer_id, (uint64_t)(uintptr_t)p);
	return 0;
}

/* No worker is in it: the feature bit has been off for a grace period, or the tenant is gone. */
static void disable(struct netns *ns)
{
	struct policer *p = policer_of(ns);

	if (p == NULL)
		return;
	netns_value_set(ns, policer_id, 0);
	netns_mem_free(ns, p, sizeof(*p));
}

static void show(struct netns *ns, FILE *out)
{
	const struct policer *p = policer_of(ns);

	if (p != NULL)
		fprintf(out, "\"packets\":%lu,\"bits\":%lu", (unsigned long)p->packets.rate,
			(unsigned long)p->bytes.rate * 8);
}

static int lcore_init(struct dp_worker *w)
{
	const struct netns_lcore_area *area = netns_lcore_area(&ops);

	if (area == NULL || area->stride != sizeof(struct policer_cache) ||
	    w->index >= area->lcores)
		return -EINVAL;
	policer_bit = (unsigned int)__builtin_ctzll(dp_module_feature(&policer_module));
	w->module_data[policer_bit] = area->base[w->index];
	return 0;
}

static struct netns_ops ops = {
	.name = "policer",
	.exit = disable,
	.id = &policer_id,
	.lcore_size = sizeof(struct policer_cache),
	.flags = NETNS_OPS_VALUE,
};

const struct dp_module policer_module = {
	.abi = DP_MODULE_ABI,
	.name = "policer",
	.summary = "limits what a tenant brings in, in packets and bits a second",
	.stage = DP_STAGE_INGRESS,
	.pernet = &ops,
	.lcore_init = lcore_init,
	.prefetch = policer_prefetch,
	.process = policer_process,
	.enable = enable,
	.disable = disable,
	.show = show,
};
