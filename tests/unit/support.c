/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Library life, bounded waiting, obeying readers, calls in threads and the census: see support.h.
 * The recording operations and the captured log are in record.c.
 */
#include <criterion/criterion.h>

#include <string.h>
#include <time.h>

#include "support.h"
#include "record.h"

struct netns_options test_options = {
	.max_tenants = 4096,
	.no_hugetlb = true,
	.log = log_keep,
};

void lib_up(void)
{
	int ret = netns_lib_init(&test_options);

	cr_assert_eq(ret, 0, "netns_lib_init: %d\n%s", ret, log_text());
}

void lib_down(void)
{
	int ret = netns_lib_fini();

	cr_assert_eq(ret, 0, "netns_lib_fini: %d\n%s", ret, log_text());
}

struct netns *tenant(const char *name)
{
	struct netns_config config = { .name = name };
	struct netns *ns = NULL;
	int ret = netns_create(&config, &ns);

	cr_assert_eq(ret, 0, "netns_create(%s): %d", name ? name : "-", ret);
	cr_assert_not_null(ns);
	return ns;
}

void tenant_gone(struct netns *ns)
{
	netns_put(ns);
	settle();
}

void settle(void)
{
	int ret = netns_barrier();

	cr_assert_eq(ret, 0, "netns_barrier: %d", ret);
}

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static void pause_shortly(void)
{
	struct timespec ts = { .tv_nsec = 200000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

bool wait_for(bool (*cond)(void *arg), void *arg, unsigned int ms)
{
	uint64_t end = now_ms() + ms;

	while (!cond(arg)) {
		if (now_ms() > end)
			return cond(arg);
		pause_shortly();
	}
	return true;
}

struct u32_wanted {
	const uint32_t *value;
	uint32_t at_least;
};

static bool u32_reached(void *arg)
{
	const struct u32_wanted *w = arg;

	return get_u32(w->value) >= w->at_least;
}

bool wait_u32(const uint32_t *value, uint32_t at_least, unsigned int ms)
{
	struct u32_wanted w = { value, at_least };

	return wait_for(u32_reached, &w, ms);
}

void set_u32(uint32_t *value, uint32_t to)
{
	__atomic_store_n(value, to, __ATOMIC_SEQ_CST);
}

uint32_t get_u32(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

enum reader_state { READER_NONE, READER_RUN, READER_HOLD, READER_AWAY, READER_END };

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	uint32_t now = READER_RUN;

	r->result = netns_reader_register(r->name);
	if (r->result != 0) {
		set_u32(&r->state, READER_END);
		return NULL;
	}
	while ((now = get_u32(&r->order)) != READER_END) {
		if (now == READER_AWAY && netns_reader_is_online())
			netns_reader_offline();
		if (now != READER_AWAY && !netns_reader_is_online())
			netns_reader_online();
		if (now == READER_RUN) {
			if (r->each)
				r->each(r->arg);
			netns_reader_quiescent();
		}
		set_u32(&r->state, now);
		if (now != READER_RUN || !r->each)
			pause_shortly();
	}
	if (!netns_reader_is_online())
		netns_reader_online();
	r->result = netns_reader_unregister();
	set_u32(&r->state, READER_END);
	return NULL;
}

static bool reader_obeyed(void *arg)
{
	struct reader *r = arg;

	return get_u32(&r->state) == get_u32(&r->order);
}

static void reader_order(struct reader *r, uint32_t order)
{
	set_u32(&r->order, order);
	cr_assert(wait_for(reader_obeyed, r, WAIT_MS), "reader %s does not obey", r->name);
}

void reader_start(struct reader *r, const char *name)
{
	r->name = name;
	r->order = READER_RUN;
	r->state = READER_NONE;
	cr_assert_eq(pthread_create(&r->thread, NULL, reader_main, r), 0);
	cr_assert(wait_for(reader_obeyed, r, WAIT_MS), "reader %s does not start", name);
	cr_assert_eq(r->result, 0);
}

void reader_hold(struct reader *r)
{
	reader_order(r, READER_HOLD);
}

void reader_run(struct reader *r)
{
	reader_order(r, READER_RUN);
}

void reader_away(struct reader *r)
{
	reader_order(r, READER_AWAY);
}

void reader_end(struct reader *r)
{
	reader_order(r, READER_END);
	pthread_join(r->thread, NULL);
	cr_assert_eq(r->result, 0, "netns_reader_unregister: %d", r->result);
}

static void *call_main(void *arg)
{
	struct call *c = arg;

	c->result = c->fn(c->arg);
	set_u32(&c->done, 1);
	return NULL;
}

void call_start(struct call *c, int (*fn)(void *arg), void *arg)
{
	c->fn = fn;
	c->arg = arg;
	c->done = 0;
	cr_assert_eq(pthread_create(&c->thread, NULL, call_main, c), 0);
}

int call_join(struct call *c)
{
	cr_assert(wait_u32(&c->done, 1, WAIT_MS), "the call does not return\n%s", log_text());
	pthread_join(c->thread, NULL);
	return c->result;
}

static int count_walk(void *arg)
{
	unsigned int *n = arg;
	struct netns *ns;
	int ret = netns_reader_register("census");

	if (ret != 0)
		return ret;
	*n = 0;
	netns_foreach_rcu (ns)
		(*n)++;
	return netns_reader_unregister();
}

void census_take(struct census *ret_census)
{
	struct netns_stats s;
	struct call walk;

	settle();
	memset(ret_census, 0, sizeof(*ret_census));
	call_start(&walk, count_walk, &ret_census->walked);
	cr_assert_eq(call_join(&walk), 0);
	settle();
	netns_stats(&s);
	ret_census->live = s.live;
	ret_census->dying = s.dying;
	ret_census->backlog_objects = s.backlog_objects;
	ret_census->backlog_bytes = s.backlog_bytes;
	ret_census->leaked = s.leaked;
	ret_census->arena_bytes_used = s.arena_bytes_used;
	ret_census->slot_ids = s.slot_ids;
	ret_census->readers = s.readers;
}

void census_expect(const struct census *before, const char *what)
{
	struct census now;

	census_take(&now);
	cr_assert_eq(now.live, before->live, "%s: live %lu, before %lu", what, now.live,
		     before->live);
	cr_assert_eq(now.dying, before->dying, "%s: dying %lu", what, now.dying);
	cr_assert_eq(now.walked, before->walked, "%s: walk finds %u, before %u", what, now.walked,
		     before->walked);
	cr_assert_eq(now.backlog_objects, before->backlog_objects, "%s: backlog %lu", what,
		     now.backlog_objects);
	cr_assert_eq(now.backlog_bytes, before->backlog_bytes, "%s: backlog bytes %lu", what,
		     now.backlog_bytes);
	cr_assert_eq(now.leaked, before->leaked, "%s: leaked %lu", what, now.leaked);
	cr_assert_eq(now.slot_ids, before->slot_ids, "%s: slot ids %u, before %u", what,
		     now.slot_ids, before->slot_ids);
	cr_assert_eq(now.readers, before->readers, "%s: readers %u", what, now.readers);
	cr_assert_eq(now.arena_bytes_used, before->arena_bytes_used,
		     "%s: arena bytes %lu, before %lu", what, now.arena_bytes_used,
		     before->arena_bytes_used);
}
