/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slot reads: one tenant in a loop against a bare pointer, and 1k to 1M tenants at random, scalar
 * and in vectors, against a bare array of the same data on the same kind of pages. Variants take
 * turns within each repeat, so that a slow moment of the machine hits all of them.
 */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "read_loops.h"

#define HUGE_PAGE (2ull << 20)
#define REPEATS   9u
#define VISITS    (1u << 20) /* at least, in a random pass */
#define FAR_OPS   12u        /* registering so many reaches beyond the inline slots */

static unsigned int value_id;
static struct netns_ops value_ops = {
	.name = "bench-value",
	.id = &value_id,
	.flags = NETNS_OPS_VALUE,
};

/* --- one tenant in a loop ----------------------------------------------------------------- */

enum { BARE, GENERIC, GENERIC_ID, FAR, VALUE, VARIANTS };

static double loop_once(unsigned int variant, struct netns *ns, unsigned int far_id, uint64_t n,
			bool *ok)
{
	static struct fix_data *bare; /* in memory, as a module's static pointer would be */
	uint64_t t0, t1, sum = 0, word;
	unsigned int id = fix_id[0];

	FIX_OPAQUE(id);
	__atomic_store_n(&bare, netns_generic(ns, id), __ATOMIC_RELEASE);
	word = bare->word;
	t0 = clock_ticks();
	switch (variant) {
	case BARE:
		sum = loop_bare(&bare, n);
		break;
	case GENERIC:
		sum = loop_generic(ns, id, n);
		break;
	case GENERIC_ID:
		sum = loop_generic_id(ns, &fix_id[0], n);
		break;
	case FAR:
		sum = loop_generic(ns, far_id, n);
		word = ((struct fix_data *)netns_generic(ns, far_id))->word;
		break;
	case VALUE:
		sum = loop_value(ns, value_id, n);
		break;
	}
	t1 = clock_ticks();
	*ok &= sum == n * word && word != 0;
	return clock_to_ns(t1 - t0) / (double)n;
}

static unsigned int far_ids[FAR_OPS];
static struct netns_ops far_ops[FAR_OPS];

/* Takes ids until one lies beyond the inline slots. Return: it, or ~0u. */
static unsigned int far_register(unsigned int *ret_n)
{
	unsigned int i;

	*ret_n = 0;
	for (i = 0; i < FAR_OPS; i++) {
		far_ops[i] = (struct netns_ops){
			.name = "bench-far",
			.id = &far_ids[i],
			.size = sizeof(struct fix_data),
		};
		if (netns_subsys_register(&far_ops[i]) != 0)
			return ~0u;
		*ret_n = i + 1;
		if (far_ids[i] >= NETNS_SLOTS_INLINE)
			return far_ids[i];
	}
	return ~0u;
}

static void read_loop(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "slot read, one tenant in a loop";
	static const char *const names[VARIANTS] = {
		"bare pointer load",
		"netns_generic()",
		"netns_generic(), id loaded each time",
		"netns_generic(), id beyond the inline slots",
		"netns_value()",
	};
	uint64_t n = (uint64_t)(4000000 * opt->scale);
	struct stat_set set[VARIANTS] = { 0 };
	struct netns *ns = netns_init_ns();
	unsigned int i, r, far_n, far_id = far_register(&far_n);
	struct fix_data *data = netns_generic(ns, fix_id[0]);
	bool ok = far_id != ~0u && data != NULL;

	if (!ok || !bench_group(opt, group))
		goto unregister;
	data->word = 7;
	netns_value_set(ns, value_id, 7);
	((struct fix_data *)netns_generic(ns, far_id))->word = 7;
	netns_reader_online();
	for (r = 0; r < REPEATS && !bench_stopped(); r++) {
		for (i = 0; i < VARIANTS; i++)
			stat_add(&set[i], loop_once(i, ns, far_id, n, &ok));
	}
	netns_reader_offline();
	for (i = 0; i < VARIANTS; i++)
		report_add(rep, group, names[i], &set[i], "ns", ok, NULL);
	report_target(rep, "P1a", "netns_generic() in a loop, in bare pointer loads", true, 1.5,
		      stat_ratio(&set[GENERIC], &set[BARE]), ok);
unregister:
	while (far_n > 0)
		netns_subsys_unregister(&far_ops[--far_n]);
}

/* --- tenants at random -------------------------------------------------------------------- */

struct random_case {
	const char *name;
	uint64_t (*run)(const struct read_seq *seq);
	unsigned int vec;   /* 0: scalar */
	unsigned int share; /* of the sequence that is visited: 1 / share */
};

static const struct random_case cases[] = {
	{ "bare array, vectors of 64", vector_bare, 64, 1 },
	{ "netns_generic(), vectors of 64", vector_generic, 64, 1 },
	{ "bare array of pointers to data, vectors of 64", vector_pointers, 64, 1 },
	{ "netns_value(), vectors of 64", vector_value, 64, 1 },
	{ "netns_resolve(), netns_generic(), vectors of 64", vector_resolve, 64, 2 },
	{ "bare array, vectors of 128", vector_bare, 128, 1 },
	{ "netns_generic(), vectors of 128", vector_generic, 128, 1 },
	{ "netns_value(), vectors of 128", vector_value, 128, 1 },
	{ "bare array, one after the other", scalar_bare, 0, 4 },
	{ "netns_generic(), one after the other", scalar_generic, 0, 4 },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void *huge_alloc(size_t size)
{
	size_t len = (size + 2 * HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	char *p = mmap(NULL, len + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *aligned;

	if (p == MAP_FAILED)
		return NULL;
	aligned = (char *)(((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (aligned > p)
		munmap(p, (size_t)(aligned - p));
	munmap(aligned + len, (size_t)(p + HUGE_PAGE - aligned));
	madvise(aligned, len, MADV_HUGEPAGE);
	return aligned;
}

static void huge_free(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, (size + 2 * HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
}

/* Writes word i + 1 everywhere and a random order of visits, each tenant equally often. */
static void fill(struct read_seq *seq, struct netns **tenants, unsigned int n)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	unsigned int i, k, at;

	for (i = 0; i < n; i++) {
		struct fix_data *data = netns_generic(tenants[i], seq->id);

		data->word = i + 1;
		netns_value_set(tenants[i], seq->vid, i + 1);
		seq->bare[i].word = i + 1;
		seq->pointers[i] = &seq->bare[i];
	}
	for (at = 0; at < seq->n; at += n) {
		for (i = 0; i < n; i++)
			seq->index[at + i] = i;
		for (i = n - 1; i > 0; i--) {
			uint32_t swap = seq->index[at + i];

			k = (unsigned int)(fix_random(&seed) % (i + 1));
			seq->index[at + i] = seq->index[at + k];
			seq->index[at + k] = swap;
		}
	}
	for (i = 0; i < seq->n; i++) {
		seq->ns[i] = tenants[seq->index[i]];
		seq->handle[i] = netns_handle(seq->ns[i]);
	}
}

static uint64_t expected(const struct read_seq *seq)
{
	uint64_t sum = 0;
	unsigned int i, n = seq->vec ? seq->n - seq->n % seq->vec : seq->n;

	for (i = 0; i < n; i++)
		sum += seq->index[i] + 1;
	return sum;
}

static void measure_random(const struct bench_options *opt, struct report *rep,
			   const struct read_seq *seq, unsigned int n)
{
	struct stat_set set[CASES] = { 0 };
	char group[72];
	double ratio;
	bool ok = true;
	unsigned int r, c;

	snprintf(group, sizeof(group), "slot read, %u tenants at random", n);
	netns_reader_online();
	for (r = 0; r < REPEATS; r++) {
		for (c = 0; c < CASES && !bench_stopped(); c++) {
			struct read_seq part = *seq;
			uint64_t t0, t1, sum;

			part.vec = cases[c].vec;
			part.n = seq->n / cases[c].share;
			t0 = clock_ticks();
			sum = cases[c].run(&part);
			t1 = clock_ticks();
			ok &= sum == expected(&part);
			stat_add(&set[c], clock_to_ns(t1 - t0) / part.n);
		}
	}
	netns_reader_offline();
	for (c = 0; c < CASES; c++)
		report_add(rep, group, cases[c].name, &set[c], "ns", ok, NULL);
	ratio = fmin(stat_ratio(&set[1], &set[0]), stat_ratio(&set[6], &set[5]));
	if (n == 1000000)
		report_target(rep, "P1b",
			      "netns_generic(), 1M at random in vectors, in bare arrays", true, 2,
			      ratio, ok);
}

static void read_random(const struct bench_options *opt, struct report *rep, unsigned int n)
{
	struct read_seq seq = { .id = fix_id[0], .vid = value_id };
	struct netns **tenants = malloc(n * sizeof(struct netns *));
	size_t bare_size = n * sizeof(struct fix_data);

	seq.n = VISITS < n ? n : VISITS / n * n;
	seq.bare = huge_alloc(bare_size);
	seq.ns = huge_alloc(seq.n * sizeof(seq.ns[0]));
	seq.index = huge_alloc(seq.n * sizeof(seq.index[0]));
	seq.handle = huge_alloc(seq.n * sizeof(seq.handle[0]));
	seq.pointers = huge_alloc(n * sizeof(seq.pointers[0]));
	if (tenants != NULL && seq.bare != NULL && seq.ns != NULL && seq.index != NULL &&
	    seq.handle != NULL && seq.pointers != NULL && fix_create(tenants, n) == 0) {
		fill(&seq, tenants, n);
		measure_random(opt, rep, &seq, n);
		fix_destroy(tenants, n);
	}
	huge_free(seq.pointers, n * sizeof(seq.pointers[0]));
	huge_free(seq.handle, seq.n * sizeof(seq.handle[0]));
	huge_free(seq.index, seq.n * sizeof(seq.index[0]));
	huge_free(seq.ns, seq.n * sizeof(seq.ns[0]));
	huge_free(seq.bare, bare_size);
	free(tenants);
}

void bench_netns_read(const struct bench_options *opt, struct report *rep)
{
	static const unsigned int sizes[] = { 1000, 100000, 1000000 };
	unsigned int i, n = opt->quick ? 2 : 3;

	if (fix_start(opt) != 0)
		return;
	if (fix_modules_register(1) != 0)
		goto stop;
	if (netns_subsys_register(&value_ops) != 0)
		goto modules;
	if (netns_reader_register("bench reader") != 0)
		goto value;
	netns_reader_offline(); /* online only while it measures */
	read_loop(opt, rep);
	for (i = 0; i < n; i++) {
		if (bench_group(opt, "slot read, tenants at random"))
			read_random(opt, rep, sizes[i]);
	}
	netns_reader_unregister();
value:
	netns_subsys_unregister(&value_ops);
modules:
	fix_modules_unregister();
stop:
	fix_stop();
}
