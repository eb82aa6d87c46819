/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one RCU domain: registry of the threads that take part, grace periods with their times, and
 * locks and waits that go offline. Called by everybody; the only file that knows liburcu's QSBR.
 *
 * Rules: a thread's entry lies in its own TLS, enters the registry when the thread first takes part
 * and leaves it at the thread's end at the latest, under registry_lock, so the watchdog may read
 * the entries of others under that lock. Control threads are offline but for their read sections.
 */
#define _LGPL_SOURCE /* quiescent states inline; liburcu itself stays a shared library */
#include <urcu/urcu-qsbr.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rcu.h"
#include "tenant.h"

struct reader {
	struct reader *next, *prev; /* registry_lock */
	const unsigned long *ctr;   /* w:its thread r:watchdog; liburcu's, 0: offline */
	bool known;                 /* in the registry; own thread only */
	bool worker;                /* registered by hand; registry_lock */
	char name[32];              /* registry_lock */
};

static __thread struct reader self __attribute__((tls_model("initial-exec")));

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader registry = { &registry, &registry, NULL, true, false, "" };
static uint32_t workers; /* registry_lock */
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

/* Waiters for a grace period, oldest first; on their stacks. gp_lock is innermost. */
struct gp_wait {
	struct gp_wait *next, *prev;
	uint64_t start_ns;
};
static pthread_mutex_t gp_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gp_wait gp_waits = { &gp_waits, &gp_waits, 0 };
static uint64_t gp_count, gp_last_ns, gp_max_ns; /* gp_lock */

uint64_t netns_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void thread_forget(void)
{
	pthread_mutex_lock(&registry_lock);
	self.next->prev = self.prev;
	self.prev->next = self.next;
	if (self.worker)
		workers--;
	pthread_mutex_unlock(&registry_lock);
	self.known = false;
	self.worker = false;
	urcu_qsbr_unregister_thread();
}

static void thread_ends(void *arg)
{
	(void)arg;
	if (!self.known)
		return;
	if (self.worker)
		netns_log(1,
			  "reader \"%s\" ended without netns_reader_unregister(); it is taken out",
			  self.name);
	thread_forget();
}

static void make_key(void)
{
	if (pthread_key_create(&key, thread_ends) != 0)
		netns_bug("no thread-specific key is left for the RCU domain");
}

/* First contact of this thread with the domain; it is offline afterwards. */
static void thread_meet(void)
{
	pthread_once(&key_once, make_key);
	if (pthread_setspecific(key, &self) != 0)
		netns_bug("out of memory while a thread joined the RCU domain");
	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	pthread_mutex_lock(&registry_lock);
	self.ctr = &URCU_TLS(urcu_qsbr_reader).ctr;
	self.next = &registry;
	self.prev = registry.prev;
	registry.prev->next = &self;
	registry.prev = &self;
	pthread_mutex_unlock(&registry_lock);
	self.known = true;
}

bool rcu_online(void)
{
	return urcu_qsbr_read_ongoing();
}

int netns_reader_register(const char *name)
{
	if (self.known && self.worker)
		return -EEXIST;
	if (!self.known)
		thread_meet();
	pthread_mutex_lock(&registry_lock);
	snprintf(self.name, sizeof(self.name), "%s", name != NULL ? name : "reader");
	self.worker = true;
	workers++;
	pthread_mutex_unlock(&registry_lock);
	urcu_qsbr_thread_online();
	return 0;
}

int netns_reader_unregister(void)
{
	if (!self.known || !self.worker)
		return -ENOENT;
	urcu_qsbr_thread_offline();
	thread_forget();
	return 0;
}

void netns_reader_online(void)
{
	if (self.worker && !rcu_online())
		urcu_qsbr_thread_online();
}

void netns_reader_offline(void)
{
	if (self.worker && rcu_online())
		urcu_qsbr_thread_offline();
}

void netns_reader_quiescent(void)
{
	/* an offline thread must stay so: reporting would bring it online unnoticed */
	if (__builtin_expect(rcu_online(), 1))
		urcu_qsbr_quiescent_state();
}

bool netns_reader_is_online(void)
{
	return self.worker && rcu_online();
}

bool netns_reader_is_registered(void)
{
	return self.worker;
}

bool rcu_enter(void)
{
	if (rcu_online())
		return true;
	if (!self.known)
		thread_meet();
	urcu_qsbr_thread_online();
	return false;
}

void rcu_leave(bool token)
{
	if (!token && rcu_online())
		urcu_qsbr_thread_offline();
}

/* Return: was the thread online? rcu_resume() puts that back. */
static bool rcu_suspend(void)
{
	if (!rcu_online())
		return false;
	urcu_qsbr_thread_offline();
	return true;
}

static void rcu_resume(bool online)
{
	if (online)
		urcu_qsbr_thread_online();
}

TS_NO_ANALYSIS void netns_mutex_lock(struct netns_mutex *m)
{
	bool online;

	if (pthread_mutex_trylock(&m->lock) == 0)
		return;
	online = rcu_suspend();
	pthread_mutex_lock(&m->lock);
	rcu_resume(online);
}

TS_NO_ANALYSIS void netns_mutex_unlock(struct netns_mutex *m)
{
	pthread_mutex_unlock(&m->lock);
}

TS_NO_ANALYSIS int netns_cond_wait(pthread_cond_t *cond, struct netns_mutex *m, uint64_t timeout_ns)
{
	bool online = rcu_suspend();
	uint64_t end;
	struct timespec ts;
	int err;

	if (timeout_ns == 0) {
		err = pthread_cond_wait(cond, &m->lock);
	} else {
		end = netns_now_ns() + timeout_ns;
		ts.tv_sec = (time_t)(end / 1000000000u);
		ts.tv_nsec = (long)(end % 1000000000u);
		err = pthread_cond_clockwait(cond, &m->lock, CLOCK_MONOTONIC, &ts);
	}
	rcu_resume(online);
	return -err;
}

void rcu_synchronize(void)
{
	struct gp_wait wait = { .next = &gp_waits, .start_ns = netns_now_ns() };
	uint64_t took;

	pthread_mutex_lock(&gp_lock);
	wait.prev = gp_waits.prev;
	gp_waits.prev->next = &wait;
	gp_waits.prev = &wait;
	pthread_mutex_unlock(&gp_lock);

	urcu_qsbr_synchronize_rcu(); /* takes the caller offline meanwhile */

	took = netns_now_ns() - wait.start_ns;
	pthread_mutex_lock(&gp_lock);
	wait.prev->next = wait.next;
	wait.next->prev = wait.prev;
	gp_count++;
	gp_last_ns = took;
	if (took > gp_max_ns)
		gp_max_ns = took;
	pthread_mutex_unlock(&gp_lock);
}

void netns_synchronize(void)
{
	rcu_synchronize();
}

const struct rcu_flavor_struct *rcu_domain(void)
{
	return &urcu_qsbr_flavor;
}

/* Name of the reader that lags furthest behind the grace period being waited for. */
static void find_slowest(struct rcu_usage *usage)
{
	unsigned long gp = __atomic_load_n(&urcu_qsbr_gp.ctr, __ATOMIC_RELAXED);
	unsigned long worst = 0, ctr;
	const struct reader *r;

	for (r = registry.next; r != &registry; r = r->next) {
		ctr = __atomic_load_n(r->ctr, __ATOMIC_RELAXED);
		if (ctr == 0 || ctr == gp || gp - ctr <= worst)
			continue;
		worst = gp - ctr;
		snprintf(usage->slowest, sizeof(usage->slowest), "%s",
			 r->worker ? r->name : "control thread");
	}
}

void rcu_usage(struct rcu_usage *ret_usage)
{
	uint64_t now = netns_now_ns();

	memset(ret_usage, 0, sizeof(*ret_usage));
	pthread_mutex_lock(&gp_lock);
	ret_usage->grace_periods = gp_count;
	ret_usage->gp_last_ns = gp_last_ns;
	ret_usage->gp_max_ns = gp_max_ns;
	if (gp_waits.next != &gp_waits && now > gp_waits.next->start_ns)
		ret_usage->gp_current_ns = now - gp_waits.next->start_ns;
	pthread_mutex_unlock(&gp_lock);

	pthread_mutex_lock(&registry_lock);
	ret_usage->readers = workers;
	if (ret_usage->gp_current_ns != 0)
		find_slowest(ret_usage);
	pthread_mutex_unlock(&registry_lock);
}

/* Name of the @i-th registered reader but the caller. Return: is there one? */
static bool reader_name(uint32_t i, char *buf, size_t size)
{
	const struct reader *r;

	pthread_mutex_lock(&registry_lock);
	for (r = registry.next; r != &registry; r = r->next)
		if (r->worker && r != &self && i-- == 0)
			break;
	snprintf(buf, size, "%s", r->name);
	pthread_mutex_unlock(&registry_lock);
	return r != &registry;
}

void rcu_report_readers(void)
{
	char name[sizeof(self.name)];
	uint32_t i;

	for (i = 0; reader_name(i, name, sizeof(name)); i++)
		netns_log(1, "reader \"%s\" is still registered", name);
}

void rcu_usage_reset(void)
{
	pthread_mutex_lock(&gp_lock);
	gp_count = gp_last_ns = gp_max_ns = 0;
	pthread_mutex_unlock(&gp_lock);
}
