/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rate limits of ICMP errors, per tenant as Linux has them per namespace or host: a budget of
 * messages a second with a burst, and for the types of the rate mask one message per destination
 * and interval, with a burst of six. Destinations are kept in a small table of each worker; a
 * collision forgets the older one. Datapath.
 */
#include <time.h>

#include "icmp.h"

#define BURST               6u    /* XRLIM_BURST_FACTOR */
#define TABLE               4096u /* destinations a worker remembers */

#define REDIRECT_STEP_NS    20000000u /* before the second one; doubled for each */
#define REDIRECT_MAX        9u
#define REDIRECT_SILENCE_NS ((uint64_t)REDIRECT_STEP_NS << (REDIRECT_MAX + 1))

/** struct peer - tokens of one destination of one tenant; w:worker */
struct peer {
	uint64_t key;
	uint64_t last_ns;
	uint64_t tokens_ns;
};

/** struct told - redirects to one source; w:worker */
struct told {
	uint64_t key;
	uint64_t last_ns;
	uint32_t n;
};

static __thread struct peer peers[TABLE]; /* one worker's own */
static __thread struct told told[TABLE / 4];

static uint64_t key_of(const struct netns *ns, uint8_t family, const uint8_t *dst)
{
	uint64_t a = 0, b = 0, h = ns->handle * 0x9e3779b97f4a7c15u;

	memcpy(&a, dst, family == AF_INET6 ? 8 : 4);
	if (family == AF_INET6)
		memcpy(&b, dst + 8, 8);
	h = (h ^ a) * 0xbf58476d1ce4e5b9u;
	h = (h ^ b ^ (h >> 31)) * 0x94d049bb133111ebu;
	return h | 1;
}

static bool peer_allowed(struct dp_worker *w, const struct ip_ns *in, uint64_t key)
{
	struct peer *p = &peers[(key >> 20) % TABLE];
	uint64_t interval = (uint64_t)in->conf.icmp_ratelimit_ms * 1000000u;
	uint64_t now = w->now_ns;

	if (interval == 0)
		return true;
	if (p->key != key) {
		p->key = key;
		p->tokens_ns = BURST * interval;
	} else {
		p->tokens_ns += now - p->last_ns;
		if (p->tokens_ns > BURST * interval)
			p->tokens_ns = BURST * interval;
	}
	p->last_ns = now;
	if (p->tokens_ns < interval)
		return false;
	p->tokens_ns -= interval;
	return true;
}

bool icmp_redirect_allowed(struct dp_worker *w, const struct netns *ns, uint8_t family,
			   const uint8_t *dst)
{
	uint64_t key = key_of(ns, family, dst), now = w->now_ns;
	struct told *t = &told[(key >> 20) % (TABLE / 4)];
	bool allowed;

	if (t->key != key || now - t->last_ns > REDIRECT_SILENCE_NS) {
		t->key = key;
		t->n = 0;
	}
	allowed = t->n < REDIRECT_MAX &&
		  (t->n == 0 || now - t->last_ns > (uint64_t)REDIRECT_STEP_NS << t->n);
	if (allowed || t->n == REDIRECT_MAX)
		t->last_ns = now;
	t->n += allowed;
	return allowed;
}

/* Tenant's budget as the time of its next free token (GCRA): one atomic word, no lock. */
static bool budget_allowed(struct dp_worker *w, struct ip_ns *in)
{
	uint64_t step = 1000000000u / in->conf.icmp_msgs_per_sec;
	uint64_t depth = step * in->conf.icmp_msgs_burst;
	uint64_t next = __atomic_load_n(&in->icmp_ns, __ATOMIC_RELAXED), begin;

	do {
		begin = next > w->now_ns ? next : w->now_ns;
		if (begin + step > w->now_ns + depth)
			return false;
	} while (!__atomic_compare_exchange_n(&in->icmp_ns, &next, begin + step, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

bool icmp_allowed(struct dp_worker *w, struct ip_ns *in, const struct netns *ns, uint8_t family,
		  uint8_t type, const uint8_t *dst)
{
	bool masked = family == AF_INET6 || (type < 32 && in->conf.icmp_ratemask >> type & 1);

	if (!masked)
		return true;
	return budget_allowed(w, in) && peer_allowed(w, in, key_of(ns, family, dst));
}

uint32_t icmp_ms_since_midnight(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint32_t)((uint64_t)(ts.tv_sec % 86400) * 1000u + (uint64_t)ts.tv_nsec / 1000000u);
}
