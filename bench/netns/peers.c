/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids: one table of 100,000 peers given out, looked up both ways and dumped; and tenants that
 * die while others know them, at two sizes of the table, to see that the cost is the references'
 * and not the tenants'.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS  5u
#define REFERRED 1000u /* tenants that die known to somebody */

/** struct peer_sets - a value a repeat for each row, ns an operation */
struct peer_sets {
	struct stat_set alloc, by_peer, by_id, next;
};

static double per_op(uint64_t t0, uint64_t t1, unsigned int n)
{
	return (double)(t1 - t0) / n;
}

/* Gives @n ids in @owner, uses them; they go when @owner dies. Return: was all found? */
static bool peer_round(struct netns *owner, struct netns **ns, unsigned int n,
		       struct peer_sets *sets)
{
	uint64_t t[5], seed = 1;
	unsigned int i, found = 0;
	struct netns *peer;
	int id, after = -1;

	t[0] = clock_ns();
	for (i = 0; i < n; i++)
		found += netns_peer_id_alloc(owner, ns[i], -1, &id) == 0 && id == (int)i;
	t[1] = clock_ns();
	for (i = 0; i < n; i++) {
		unsigned int k = (unsigned int)(fix_random(&seed) % n);

		found += netns_peer_id(owner, ns[k]) == (int)k;
	}
	t[2] = clock_ns();
	for (i = 0; i < n; i++) {
		unsigned int k = (unsigned int)(fix_random(&seed) % n);

		peer = netns_peer_by_id(owner, (int)k);
		found += peer == ns[k];
		netns_put(peer);
	}
	t[3] = clock_ns();
	while ((peer = netns_peer_next(owner, after, &after)) != NULL) {
		found += after >= 0 && (unsigned int)after < n && peer == ns[after];
		netns_put(peer);
	}
	t[4] = clock_ns();
	stat_add(&sets->alloc, per_op(t[0], t[1], n));
	stat_add(&sets->by_peer, per_op(t[1], t[2], n));
	stat_add(&sets->by_id, per_op(t[2], t[3], n));
	stat_add(&sets->next, per_op(t[3], t[4], n));
	return found == 4 * n;
}

static void table(const struct bench_options *opt, struct report *rep, struct netns **ns,
		  unsigned int n)
{
	struct peer_sets sets = { 0 };
	struct netns *owner;
	char group[72];
	bool ok = true;
	unsigned int r;

	snprintf(group, sizeof(group), "peer ids, %u in one table", n);
	for (r = 0; r < REPEATS && ok && !bench_stopped(); r++) {
		ok = netns_create(NULL, &owner) == 0;
		if (!ok)
			break;
		ok = peer_round(owner, ns, n, &sets);
		netns_put(owner);
		ok &= netns_barrier() == 0;
	}
	report_add(rep, group, "netns_peer_id_alloc(), lowest free", &sets.alloc, "ns", ok, NULL);
	report_add(rep, group, "netns_peer_id(), random", &sets.by_peer, "ns", ok, NULL);
	report_add(rep, group, "netns_peer_by_id() and put, random", &sets.by_id, "ns", ok, NULL);
	report_add(rep, group, "netns_peer_next() and put", &sets.next, "ns", ok, NULL);
}

/* Tenants that one other knows die. ns each, with everything. */
static double dying(struct netns *owner, bool *ok)
{
	struct netns *ns[REFERRED];
	uint64_t t0, t1;
	unsigned int i;

	if (fix_create(ns, REFERRED) != 0) {
		*ok = false;
		return 0;
	}
	for (i = 0; i < REFERRED; i++)
		*ok &= netns_peer_id_alloc(owner, ns[i], -1, NULL) == 0;
	t0 = clock_ns();
	fix_destroy(ns, REFERRED);
	t1 = clock_ns();
	return per_op(t0, t1, REFERRED);
}

static void death(const struct bench_options *opt, struct report *rep, unsigned int live)
{
	struct stat_set set = { 0 };
	struct netns *owner;
	char group[72], row[72];
	bool ok = true;
	int id = -1;
	unsigned int r;

	if (netns_create(NULL, &owner) != 0)
		return;
	for (r = 0; r < REPEATS && ok && !bench_stopped(); r++)
		stat_add(&set, dying(owner, &ok));
	ok &= netns_peer_next(owner, -1, &id) == NULL; /* all ids went with their tenants */
	netns_put(owner);
	snprintf(group, sizeof(group), "peer ids, death of a tenant that one other knows");
	snprintf(row, sizeof(row), "put to freed, a tenant, %u others live", live);
	report_add(rep, group, row, &set, "ns", ok, NULL);
}

void bench_netns_peers(const struct bench_options *opt, struct report *rep)
{
	unsigned int n = opt->quick ? 10000 : 100000;
	struct netns **ns = calloc(n, sizeof(struct netns *));

	if (ns == NULL || !bench_group(opt, "peer ids") || fix_start(opt) != 0)
		goto free_ns;
	death(opt, rep, 0);
	if (fix_create(ns, n) == 0) {
		death(opt, rep, n);
		table(opt, rep, ns, n / 100);
		table(opt, rep, ns, n);
		fix_destroy(ns, n);
	}
	fix_stop();
free_ns:
	free(ns);
}
