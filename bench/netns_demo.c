/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netns-demo: the namespace core at work, for people to watch.
 *
 * A creator makes and retires tenants in batches, a registrar lets modules come and go over all of
 * them, readers look tenants up by saved handles and read the modules' slots without a lock. The
 * main thread prints live figures. It stops by itself, and exits with 1 if anything was seen that
 * must not be: foreign data, a tenant that vanished in use, something left over at the end.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "netns/netns.h"

#define READERS_MAX 2u
#define BATCH       256u
#define STANDING    (64u * BATCH) /* live tenants that the creator keeps */
#define HANDLES     4096u
#define MODULES     3u
#define VECTOR      64u
#define LINES       11 /* of the table */
#define TICK_MS     500
#define MODULE_MS   150 /* between two changes of the registrar */
#define ROW         "  %-26s"

/** struct demo_data - what a module of the demo keeps in a tenant */
struct demo_data {
	uint64_t owner; /* handle; written by init */
};

/** struct demo_module - @open: slot id + 1 while readers may use it, 0 from pre_exit on */
struct demo_module {
	struct netns_ops ops;
	unsigned int id, open, leaving;
	uint64_t inits, exits;
};

static struct demo_module modules[MODULES];
static uint64_t handles[HANDLES]; /* atomic; may be stale: that is what handles are for */

/* atomic counters, w: the thread named, r: main */
static uint64_t lookups[READERS_MAX], hits[READERS_MAX], wrong; /* readers */
static uint64_t refused, renames;                               /* creator */
static uint64_t changes;                                        /* registrar */
static int stop;
static unsigned int readers = 1; /* const once threads run; a CPU is left to the others */

static void bump(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static bool stopping(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED) != 0;
}

static void on_signal(int sig)
{
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* --- modules --------------------------------------------------------------------------------- */

static int module_init(struct netns *ns, struct demo_module *m)
{
	struct demo_data *data = netns_generic(ns, m->id);

	data->owner = netns_handle(ns);
	bump(&m->inits, 1);
	return 0;
}

static void module_pre_exit(struct netns *ns, struct demo_module *m)
{
	/* unregistering, not just this tenant's end: readers must let go of the module */
	if (__atomic_load_n(&m->leaving, __ATOMIC_ACQUIRE))
		__atomic_store_n(&m->open, 0, __ATOMIC_RELEASE);
}

static void module_exit(struct netns *ns, struct demo_module *m)
{
	struct demo_data *data = netns_generic(ns, m->id);

	if (data->owner != netns_handle(ns))
		bump(&wrong, 1);
	data->owner = 0;
	bump(&m->exits, 1);
}

#define MODULE(k)                                    \
	static int init_##k(struct netns *ns)        \
	{                                            \
		return module_init(ns, &modules[k]); \
	}                                            \
	static void pre_exit_##k(struct netns *ns)   \
	{                                            \
		module_pre_exit(ns, &modules[k]);    \
	}                                            \
	static void exit_##k(struct netns *ns)       \
	{                                            \
		module_exit(ns, &modules[k]);        \
	}
MODULE(0)
MODULE(1)
MODULE(2)

#define OPS(k, text)                                       \
	{                                                  \
		.ops = {.name = text,                      \
			.init = init_##k,                  \
			.pre_exit = pre_exit_##k,          \
			.exit = exit_##k,                  \
			.id = &modules[k].id,              \
			.size = sizeof(struct demo_data) } \
	}
static struct demo_module modules[MODULES] = { OPS(0, "nat"), OPS(1, "meter"), OPS(2, "police") };

static int module_add(struct demo_module *m)
{
	int err;

	m->leaving = 0;
	err = netns_subsys_register(&m->ops);
	if (err == 0)
		__atomic_store_n(&m->open, m->id + 1, __ATOMIC_RELEASE);
	return err;
}

static int module_remove(struct demo_module *m)
{
	__atomic_store_n(&m->leaving, 1, __ATOMIC_RELEASE);
	return netns_subsys_unregister(&m->ops);
}

/* --- threads --------------------------------------------------------------------------------- */

/* A creator that is polite: more must not wait to be freed than live. */
static void wait_for_retirement(void)
{
	struct netns_stats st;

	netns_stats(&st);
	if (st.backlog_objects > STANDING)
		sleep_ms(1);
}

/* What a worker does for a vector of packets: resolve, then each module's slot. */
static void look(unsigned int number, uint64_t *seed)
{
	unsigned int i, k, found = 0, open[MODULES];

	for (k = 0; k < MODULES; k++)
		open[k] = __atomic_load_n(&modules[k].open, __ATOMIC_ACQUIRE);
	for (i = 0; i < VECTOR; i++) {
		uint64_t h =
			__atomic_load_n(&handles[next_random(seed) % HANDLES], __ATOMIC_ACQUIRE);
		struct netns *ns = netns_resolve(h);

		if (ns == NULL)
			continue;
		found++;
		for (k = 0; k < MODULES; k++) {
			struct demo_data *data = open[k] ? netns_generic(ns, open[k] - 1) : NULL;

			if (data != NULL ? data->owner != h : open[k] && netns_is_alive(ns))
				bump(&wrong, 1);
		}
	}
	__atomic_store_n(&lookups[number], lookups[number] + VECTOR, __ATOMIC_RELAXED);
	__atomic_store_n(&hits[number], hits[number] + found, __ATOMIC_RELAXED);
}

static void *reader_main(void *arg)
{
	unsigned int number = (unsigned int)(uintptr_t)arg;
	uint64_t seed = 88172645463325252ull + number;

	if (netns_reader_register("demo reader") != 0)
		return NULL;
	while (!stopping()) {
		look(number, &seed);
		netns_reader_quiescent();
	}
	netns_reader_unregister();
	return NULL;
}

static void *creator_main(void *arg)
{
	struct netns **live = arg;
	unsigned int at = 0, i;
	uint64_t seed = 42, serial = 0;
	char name[32];
	int err;

	while (!stopping()) {
		struct netns **batch = live + at;

		if (batch[0] != NULL) {
			netns_put_many(batch, BATCH);
			memset(batch, 0, BATCH * sizeof(batch[0]));
		}
		err = netns_create_many(NULL, BATCH, batch);
		if (err != 0) {
			bump(err == -EAGAIN ? &refused : &wrong, 1);
			continue;
		}
		for (i = 0; i < BATCH; i += 8)
			__atomic_store_n(&handles[next_random(&seed) % HANDLES],
					 netns_handle(batch[i]), __ATOMIC_RELEASE);
		snprintf(name, sizeof(name), "blue-%llu", (unsigned long long)serial++);
		bump(netns_name_set(batch[0], name) == 0 ? &renames : &wrong, 1);
		at = (at + BATCH) % STANDING;
		wait_for_retirement();
	}
	return NULL;
}

static void *registrar_main(void *arg)
{
	unsigned int k = 0;

	while (!stopping()) {
		int err = modules[k].open ? module_remove(&modules[k]) : module_add(&modules[k]);

		bump(err == 0 ? &changes : &wrong, 1);
		k = (k + 1) % MODULES;
		sleep_ms(MODULE_MS);
	}
	return NULL;
}

/* --- figures ---------------------------------------------------------------------------------- */

/** struct tick - what the last table said, for rates */
struct tick {
	double at;
	uint64_t created, destroyed, lookups, hits, gps;
};

static void take(struct tick *t, const struct netns_stats *st)
{
	unsigned int i;

	*t = (struct tick){ .at = now(),
			    .created = st->created,
			    .destroyed = st->destroyed,
			    .gps = st->grace_periods };
	for (i = 0; i < readers; i++) {
		t->lookups += get(&lookups[i]);
		t->hits += get(&hits[i]);
	}
}

static void print_table(const struct netns_stats *st, const struct tick *a, const struct tick *b)
{
	double dt = b->at - a->at > 0 ? b->at - a->at : 1;
	uint64_t looked = b->lookups - a->lookups;
	unsigned int k;

	printf(ROW "%12llu\n", "tenants live", (unsigned long long)st->live);
	printf(ROW "%12llu   oldest %.1f ms\n", "  waiting to be freed",
	       (unsigned long long)st->backlog_objects, (double)st->backlog_age_ns / 1e6);
	printf(ROW "%12.0f /s\n", "  created", (double)(b->created - a->created) / dt);
	printf(ROW "%12.0f /s\n", "  destroyed", (double)(b->destroyed - a->destroyed) / dt);
	printf(ROW "%12.0f /s  by %u readers, without a lock\n", "lookups", (double)looked / dt,
	       readers);
	printf(ROW "%11.1f %%   of the saved handles; the rest is stale, and known to be\n",
	       "  still alive", looked ? 100.0 * (double)(b->hits - a->hits) / (double)looked : 0);
	printf(ROW "%12.0f /s  last %.0f us, longest %.0f us\n", "grace periods",
	       (double)(b->gps - a->gps) / dt, (double)st->gp_last_ns / 1e3,
	       (double)st->gp_max_ns / 1e3);
	printf(ROW "%12.1f MiB of %.1f\n", "arena in use", (double)st->arena_bytes_used / 1048576,
	       (double)st->arena_bytes_reserved / 1048576);
	printf(ROW, "modules");
	for (k = 0; k < MODULES; k++)
		printf("  %s %s", modules[k].ops.name,
		       __atomic_load_n(&modules[k].open, __ATOMIC_RELAXED) ? "on " : "off");
	printf("  (%llu changes)\n", (unsigned long long)get(&changes));
	printf(ROW "%12llu\n", "creations refused", (unsigned long long)get(&refused));
	printf(ROW "%12llu\n", "mistakes seen", (unsigned long long)get(&wrong));
}

static void print_line(const struct netns_stats *st, const struct tick *a, const struct tick *b,
		       double since)
{
	double dt = b->at - a->at > 0 ? b->at - a->at : 1;

	printf("%5.1f s  live %llu  waiting %llu  created %.0f/s  destroyed %.0f/s  "
	       "lookups %.1f M/s  grace periods %.0f/s  module changes %llu  mistakes %llu\n",
	       since, (unsigned long long)st->live, (unsigned long long)st->backlog_objects,
	       (double)(b->created - a->created) / dt, (double)(b->destroyed - a->destroyed) / dt,
	       (double)(b->lookups - a->lookups) / dt / 1e6, (double)(b->gps - a->gps) / dt,
	       (unsigned long long)get(&changes), (unsigned long long)get(&wrong));
}

static void watch(double seconds)
{
	bool tty = isatty(STDOUT_FILENO), first = true;
	double begin = now();
	struct netns_stats st;
	struct tick last, tick;

	netns_stats(&st);
	take(&last, &st);
	while (!stopping() && now() - begin < seconds) {
		sleep_ms(TICK_MS);
		netns_stats(&st);
		take(&tick, &st);
		if (tty) {
			if (!first)
				printf("\033[%dA\033[J", LINES);
			print_table(&st, &last, &tick);
		} else {
			print_line(&st, &last, &tick, tick.at - begin);
		}
		fflush(stdout);
		last = tick;
		first = false;
	}
}

/* --- the run ---------------------------------------------------------------------------------- */

static void run(double seconds, struct netns **live)
{
	pthread_t id[READERS_MAX + 2];
	unsigned int i, n = 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus > (long)READERS_MAX)
		readers = READERS_MAX;

	for (i = 0; i < readers; i++)
		n += pthread_create(&id[n], NULL, reader_main, (void *)(uintptr_t)i) == 0;
	n += pthread_create(&id[n], NULL, creator_main, live) == 0;
	n += pthread_create(&id[n], NULL, registrar_main, NULL) == 0;
	if (n == readers + 2)
		watch(seconds);
	else
		bump(&wrong, 1);
	on_signal(0);
	while (n > 0)
		pthread_join(id[--n], NULL);
}

/* Everything goes, and nothing may be left. Return: was it so? */
static bool finish(struct netns **live)
{
	struct netns_stats st;
	uint64_t inits = 0, exits = 0;
	unsigned int i, k;
	bool ok = true;

	for (i = 0; i < STANDING; i += BATCH) {
		if (live[i] != NULL)
			netns_put_many(live + i, BATCH);
	}
	ok &= netns_barrier() == 0;
	for (k = 0; k < MODULES; k++) {
		if (modules[k].open)
			ok &= module_remove(&modules[k]) == 0;
		inits += get(&modules[k].inits);
		exits += get(&modules[k].exits);
	}
	netns_stats(&st);
	ok &= st.live == 1 && st.dying == 0 && inits == exits && get(&wrong) == 0;
	ok &= get(&lookups[0]) > 0 && st.created > 0 && get(&changes) > 0;
	printf("\n%llu tenants lived and died, %llu modules' inits met %llu exits, "
	       "%llu grace periods\n",
	       (unsigned long long)st.destroyed, (unsigned long long)inits,
	       (unsigned long long)exits, (unsigned long long)st.grace_periods);
	printf("left: %llu tenants besides the root; mistakes seen: %llu\n",
	       (unsigned long long)(st.live + st.dying - 1), (unsigned long long)get(&wrong));
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sigaction act = { .sa_handler = on_signal };
	struct netns **live;
	double seconds = 8;
	char *end = NULL;
	bool ok;
	int c, err;

	while ((c = getopt_long(argc, argv, "s:h", longs, NULL)) != -1) {
		if (c == 's')
			seconds = strtod(optarg, &end);
		if (c != 's' || *end != '\0' || !(seconds > 0)) {
			fprintf(c == 'h' ? stdout : stderr, "usage: netns-demo [--seconds N]\n");
			return c == 'h' ? 0 : 2;
		}
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	live = calloc(STANDING, sizeof(struct netns *));
	err = live == NULL ? -ENOMEM : netns_lib_init(NULL);
	if (err != 0) {
		fprintf(stderr, "netns-demo: the library does not start: %s\n", strerror(-err));
		free(live);
		return 1;
	}
	printf("nsplane namespace core %s: tenants, modules and readers, for %.0f s\n\n",
	       netns_version(), seconds);
	run(seconds, live);
	ok = finish(live);
	ok &= netns_lib_fini() == 0;
	free(live);
	puts(ok ? "all checks passed" : "A CHECK FAILED");
	return ok ? 0 : 1;
}
