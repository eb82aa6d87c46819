/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Library, modules and tenants for the groups of the netns suite. Called from the measuring thread
 * unless said otherwise; module callbacks run wherever the library calls them.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TALLIES 64u /* threads that may run callbacks in one group */

/*
 * One for each thread that runs callbacks, so that counting costs no shared line.
 * w:its thread (relaxed) r:fix_count() (relaxed)
 */
struct tally {
	struct fix_count count;
	uint64_t pad[5];
} __attribute__((aligned(64)));

static struct tally tallies[TALLIES];
static unsigned int tallies_n; /* atomic */
static _Thread_local struct tally *my_tally;

unsigned int fix_id[FIX_MODULES_MAX];
static unsigned int modules_n;

static struct tally *tally(void)
{
	if (my_tally == NULL) {
		unsigned int i = __atomic_fetch_add(&tallies_n, 1, __ATOMIC_RELAXED);

		my_tally = &tallies[i % TALLIES];
	}
	return my_tally;
}

static inline void bump(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

void fix_count(struct fix_count *ret_count)
{
	struct fix_count sum = { 0 };
	unsigned int i;

	for (i = 0; i < TALLIES; i++) {
		sum.inits += __atomic_load_n(&tallies[i].count.inits, __ATOMIC_RELAXED);
		sum.exits += __atomic_load_n(&tallies[i].count.exits, __ATOMIC_RELAXED);
		sum.wrong += __atomic_load_n(&tallies[i].count.wrong, __ATOMIC_RELAXED);
	}
	*ret_count = sum;
}

static int module_init(struct netns *ns, unsigned int module)
{
	struct fix_data *data = netns_generic(ns, fix_id[module]);
	struct tally *t = tally();

	if (data == NULL || data->handle != 0)
		bump(&t->count.wrong);
	else
		data->handle = netns_handle(ns);
	bump(&t->count.inits);
	return 0;
}

static void module_exit(struct netns *ns, unsigned int module)
{
	struct fix_data *data = netns_generic(ns, fix_id[module]);
	struct tally *t = tally();

	if (data == NULL || data->handle != netns_handle(ns))
		bump(&t->count.wrong);
	bump(&t->count.exits);
}

#define MODULE(k)                              \
	static int init_##k(struct netns *ns)  \
	{                                      \
		return module_init(ns, k);     \
	}                                      \
	static void exit_##k(struct netns *ns) \
	{                                      \
		module_exit(ns, k);            \
	}
MODULE(0)
MODULE(1)
MODULE(2)
MODULE(3)

#define OPS(k)                                                                             \
	{                                                                                  \
		.name = "bench-" #k, .init = init_##k, .exit = exit_##k, .id = &fix_id[k], \
		.size = sizeof(struct fix_data)                                            \
	}
static struct netns_ops ops[FIX_MODULES_MAX] = { OPS(0), OPS(1), OPS(2), OPS(3) };

int fix_modules_register(unsigned int n)
{
	int err;

	for (modules_n = 0; modules_n < n; modules_n++) {
		err = netns_subsys_register(&ops[modules_n]);
		if (err != 0) {
			fix_modules_unregister();
			return err;
		}
	}
	return 0;
}

unsigned int fix_modules(void)
{
	return modules_n;
}

int fix_modules_unregister(void)
{
	int err = 0;

	while (modules_n > 0 && err == 0)
		err = netns_subsys_unregister(&ops[--modules_n]);
	return err;
}

static void on_log(int level, const char *text, void *arg)
{
	if (level <= 1)
		fprintf(stderr, "\r\033[Klibrary: %s\n", text);
}

int fix_start(const struct bench_options *opt)
{
	struct netns_options options = {
		.max_tenants = (1u << 20) + 65536,
		.log = on_log,
	};

	memset(tallies, 0, sizeof(tallies));
	bench_pin(opt->control_cpu); /* the library's threads inherit it, off the worker's CPU */
	return netns_lib_init(&options);
}

int fix_stop(void)
{
	int err = netns_lib_fini();

	if (err != 0)
		fprintf(stderr, "nsplane-bench: the library does not stop: %s\n", strerror(-err));
	return err;
}

int fix_create(struct netns **ns, unsigned int n)
{
	unsigned int i, k;
	int err;

	for (i = 0; i < n; i += k) {
		k = n - i < FIX_BATCH ? n - i : FIX_BATCH;
		err = bench_stopped() ? -EINTR : netns_create_many(NULL, k, ns + i);
		if (err == -EAGAIN) {
			k = 0; /* the library has waited already */
			continue;
		}
		if (err != 0) {
			fix_destroy(ns, i);
			return err;
		}
	}
	return 0;
}

int fix_destroy(struct netns **ns, unsigned int n)
{
	unsigned int i, k;

	for (i = 0; i < n; i += k) {
		k = n - i < FIX_BATCH ? n - i : FIX_BATCH;
		netns_put_many(ns + i, k);
	}
	return netns_barrier();
}

uint64_t fix_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}
