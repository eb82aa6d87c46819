/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recording operations and the captured log: see support.h. Events go into one array by an atomic
 * index, so callbacks of several threads may record at once; it is read when they are done.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "record.h"

#define EVENTS_MAX 16384u
#define LOG_MAX    (256u * 1024u)

struct event {
	char what;
	unsigned int op, count;
	uint64_t handle;
};

struct rec rec[REC_OPS];

static struct event events[EVENTS_MAX];
static uint32_t n_events;
static char events_text[EVENTS_MAX * 4u + 1u];

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_buf[LOG_MAX];
static size_t log_len;

void log_keep(int level, const char *text, void *arg)
{
	int n;

	pthread_mutex_lock(&log_lock);
	n = snprintf(log_buf + log_len, LOG_MAX - log_len, "%s\n", text);
	if (n > 0 && (size_t)n < LOG_MAX - log_len)
		log_len += (size_t)n;
	pthread_mutex_unlock(&log_lock);
}

const char *log_text(void)
{
	return log_buf;
}

unsigned int log_count(const char *needle)
{
	unsigned int n = 0;
	const char *line, *end;

	pthread_mutex_lock(&log_lock);
	for (line = log_buf; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		const char *hit = strstr(line, needle);

		n += hit != NULL && hit < end;
	}
	pthread_mutex_unlock(&log_lock);
	return n;
}

static bool log_has(void *arg)
{
	return log_count(arg) > 0;
}

bool log_wait(const char *needle)
{
	return wait_for(log_has, (void *)(uintptr_t)needle, WAIT_MS);
}

static void note(char what, unsigned int op, uint64_t handle, unsigned int count)
{
	uint32_t at = __atomic_fetch_add(&n_events, 1, __ATOMIC_SEQ_CST);

	if (at < EVENTS_MAX)
		events[at] = (struct event){ what, op, count, handle };
}

static void bump(uint32_t *value)
{
	__atomic_fetch_add(value, 1, __ATOMIC_SEQ_CST);
}

static bool all_zero(const unsigned char *p, size_t n)
{
	while (n-- > 0)
		if (p[n] != 0)
			return false;
	return true;
}

static void data_check(struct rec *r, const struct netns *ns)
{
	uint64_t *data;

	if (r->ops.size == 0)
		return;
	data = netns_generic(ns, r->id);
	if (data == NULL || *data != netns_handle(ns))
		bump(&r->faults);
}

static int on_init(unsigned int i, struct netns *ns)
{
	struct rec *r = &rec[i];
	uint64_t *data;

	note('i', i, netns_handle(ns), 0);
	bump(&r->inits);
	if (r->ops.size > 0) {
		data = netns_generic(ns, r->id);
		if (data == NULL || !all_zero((void *)data, r->ops.size))
			bump(&r->faults);
		else
			*data = netns_handle(ns);
	}
	if (r->fail_nth > 0 && --r->fail_nth == 0)
		return r->fail_with;
	return r->on_init ? r->on_init(ns) : 0;
}

static void on_pre_exit(unsigned int i, struct netns *ns)
{
	note('p', i, netns_handle(ns), 0);
	data_check(&rec[i], ns);
	bump(&rec[i].pre_exits);
	if (rec[i].on_pre_exit)
		rec[i].on_pre_exit(ns);
}

static void on_exit_(unsigned int i, struct netns *ns)
{
	note('x', i, netns_handle(ns), 0);
	data_check(&rec[i], ns);
	bump(&rec[i].exits);
	if (rec[i].on_exit)
		rec[i].on_exit(ns);
}

static void on_batch(unsigned int i, struct netns_batch *batch)
{
	struct netns *ns;
	unsigned int n = 0;

	netns_batch_foreach (batch, ns) {
		data_check(&rec[i], ns);
		n++;
	}
	if (n != netns_batch_count(batch))
		bump(&rec[i].faults);
	note('b', i, 0, n);
	bump(&rec[i].batches);
	__atomic_fetch_add(&rec[i].batched, n, __ATOMIC_SEQ_CST);
	if (rec[i].on_batch)
		rec[i].on_batch(batch);
}

/* Callbacks are not told whose they are, so each operation has its own four. */
#define RECORDER(i)                                       \
	static int init_##i(struct netns *ns)             \
	{                                                 \
		return on_init(i, ns);                    \
	}                                                 \
	static void pre_exit_##i(struct netns *ns)        \
	{                                                 \
		on_pre_exit(i, ns);                       \
	}                                                 \
	static void exit_##i(struct netns *ns)            \
	{                                                 \
		on_exit_(i, ns);                          \
	}                                                 \
	static void exit_batch_##i(struct netns_batch *b) \
	{                                                 \
		on_batch(i, b);                           \
	}

RECORDER(0)
RECORDER(1)
RECORDER(2)
RECORDER(3)
RECORDER(4)
RECORDER(5)
RECORDER(6)
RECORDER(7)

#define RECORDED(i)                                                                              \
	{                                                                                        \
		.name = "rec-" #i, .init = init_##i, .pre_exit = pre_exit_##i, .exit = exit_##i, \
		.exit_batch = exit_batch_##i                                                     \
	}

static const struct netns_ops recorded[REC_OPS] = {
	RECORDED(0), RECORDED(1), RECORDED(2), RECORDED(3),
	RECORDED(4), RECORDED(5), RECORDED(6), RECORDED(7),
};

struct netns_ops *rec_ops(unsigned int i, size_t size)
{
	rec[i].ops = recorded[i];
	rec[i].ops.size = size;
	rec[i].ops.id = size > 0 ? &rec[i].id : NULL;
	rec[i].id = 0xdeadu;
	return &rec[i].ops;
}

unsigned int rec_faults(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < REC_OPS; i++)
		n += get_u32(&rec[i].faults);
	return n;
}

static char label(uint64_t handle, const uint64_t *handles, unsigned int n)
{
	unsigned int i;

	if (handle == netns_handle(netns_init_ns()))
		return '0';
	for (i = 0; i < n; i++)
		if (handle == handles[i])
			return (char)('1' + i);
	return '?';
}

static char digit(unsigned int n)
{
	return n < 10 ? (char)('0' + n) : '+';
}

const char *rec_log(const uint64_t *handles, unsigned int n)
{
	char *out = events_text;
	uint32_t i, end = get_u32(&n_events);

	for (i = 0; i < end && i < EVENTS_MAX; i++) {
		const struct event *e = &events[i];

		if (out != events_text)
			*out++ = ' ';
		*out++ = e->what;
		*out++ = (char)('A' + e->op);
		*out++ = e->what == 'b' ? digit(e->count) : label(e->handle, handles, n);
	}
	*out = '\0';
	return events_text;
}

void rec_clear(void)
{
	set_u32(&n_events, 0);
}

void *slot_ptr(const struct netns *ns, unsigned int id)
{
	const union netns_slot *slot = netns_slot_at(ns, id);

	return slot ? __atomic_load_n(&slot->ptr, __ATOMIC_ACQUIRE) : NULL;
}

uint64_t slot_value(const struct netns *ns, unsigned int id)
{
	const union netns_slot *slot = netns_slot_at(ns, id);

	return slot ? __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE) : 0;
}

bool debug_build(void)
{
	return strstr(netns_version(), "+debug_checks") != NULL;
}
