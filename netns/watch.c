/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watchdog: a thread that, ten times a second, names the reader that holds a grace period, the
 * callback that is stuck and the tenant that will not die, each once when it begins and once when
 * it is over; and that serves the descriptors of fd.c. When every retire thread is stuck it has
 * another one started.
 *
 * Rules: sites are in the TLS of the threads that run callbacks; they are read under sites_lock,
 * which a thread takes only when it enters and leaves the list. What a site says is copied and
 * trusted only if its step is the same afterwards.
 */
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arena.h"
#include "limbo.h"
#include "rcu.h"
#include "reclaim.h"
#include "retire.h"
#include "table.h"
#include "tenant.h"
#include "thread.h"

#define TICK_MS 100

static __thread struct watch_site site_self __attribute__((tls_model("initial-exec")));

static struct netns_mutex sites_lock = NETNS_MUTEX_INIT;
static struct watch_site sites = { .next = &sites, .prev = &sites };
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static struct netns_mutex drain_lock = NETNS_MUTEX_INIT; /* one thread handles descriptors */
static pthread_t watch_thread;
static int poll_fd = -1, stop_fd = -1; /* const while the thread runs */
static bool reader_reported;           /* watch thread only */
static uint32_t dying_reported;        /* watch thread only */

static void site_leaves(void *arg)
{
	struct watch_site *site = arg;

	netns_mutex_lock(&sites_lock);
	site->next->prev = site->prev;
	site->prev->next = site->next;
	netns_mutex_unlock(&sites_lock);
	site->known = false;
}

static void make_key(void)
{
	if (pthread_key_create(&key, site_leaves) != 0)
		netns_bug("no thread-specific key is left for the watchdog");
}

static void site_enters(struct watch_site *site)
{
	pthread_once(&key_once, make_key);
	if (pthread_setspecific(key, site) != 0)
		netns_bug("out of memory while a thread met the watchdog");
	site->retire = retire_self();
	netns_mutex_lock(&sites_lock);
	site->next = &sites;
	site->prev = sites.prev;
	sites.prev->next = site;
	sites.prev = site;
	netns_mutex_unlock(&sites_lock);
	site->known = true;
}

struct watch_site *watch_begin(const char *op, const char *which)
{
	struct watch_site *site = &site_self;
	uint64_t words[WATCH_NAME_WORDS] = { 0 };
	unsigned int i;

	if (!site->known)
		site_enters(site);
	strncpy((char *)words, op != NULL ? op : "(unnamed)", sizeof(words) - 1);
	site->depth++;
	__atomic_store_n(&site->busy, 0, __ATOMIC_RELAXED);
	/* release: the new texts come after busy 0; pairs with the acquire in site_copy() */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (i = 0; i < WATCH_NAME_WORDS; i++)
		__atomic_store_n(&site->op[i], words[i], __ATOMIC_RELAXED);
	__atomic_store_n(&site->which, which, __ATOMIC_RELAXED);
	watch_step(site, 0);
	__atomic_store_n(&site->busy, 1, __ATOMIC_RELEASE);
	return site;
}

void watch_end(struct watch_site *site)
{
	site->depth--;
	__atomic_store_n(&site->busy, 0, __ATOMIC_RELEASE);
}

bool watch_in_callback(void)
{
	return site_self.depth > 0;
}

/* What a site said while its step stood still. */
struct site_report {
	uint64_t step, handle, age_ns;
	const char *which;
	union {
		uint64_t words[WATCH_NAME_WORDS];
		char text[WATCH_NAME_WORDS * 8];
	} op;
};

static bool site_copy(const struct watch_site *site, struct site_report *ret)
{
	unsigned int i;

	if (!__atomic_load_n(&site->busy, __ATOMIC_ACQUIRE))
		return false;
	ret->step = __atomic_load_n(&site->step, __ATOMIC_ACQUIRE);
	for (i = 0; i < WATCH_NAME_WORDS; i++)
		ret->op.words[i] = __atomic_load_n(&site->op[i], __ATOMIC_RELAXED);
	ret->which = __atomic_load_n(&site->which, __ATOMIC_RELAXED);
	ret->handle = __atomic_load_n(&site->handle, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&site->step, __ATOMIC_RELAXED) == ret->step &&
	       __atomic_load_n(&site->busy, __ATOMIC_RELAXED);
}

static void tenant_text(struct tenant *t, char *buf, size_t size)
{
	bool token = rcu_enter(); /* it may be renamed now */
	const char *name = netns_name(&t->pub);

	if (name != NULL)
		snprintf(buf, size, "tenant %u \"%.24s\"", t->pub.index, name);
	else
		snprintf(buf, size, "tenant %u", t->pub.index);
	rcu_leave(token);
}

static void name_tenant(struct tenant *t, void *arg)
{
	tenant_text(t, arg, 48);
}

static void report_stuck(const struct site_report *r)
{
	char who[48];

	/* one that is not published yet has no more than its index */
	snprintf(who, sizeof(who), "tenant %u", (unsigned int)r->handle);
	if (r->handle != 0)
		table_visit_dying(r->handle, name_tenant, who);
	netns_log(1,
		  "%s of \"%s\" has not returned for %" PRIu64
		  " ms (%s); others are helped past it",
		  r->which, r->op.text, r->age_ns / 1000000u, r->handle != 0 ? who : "batch");
}

enum site_news { SITE_QUIET, SITE_STUCK, SITE_RETURNED };

/* Compares a site with what it said a tick ago. */
static enum site_news check_site(struct watch_site *site, uint64_t now, struct site_report *r)
{
	bool busy = site_copy(site, r), reported = site->reported;

	if (!busy || r->step != site->seen_step) {
		r->age_ns = now - site->since_ns;
		site->reported = false;
		site->seen_step = busy ? r->step : 0;
		site->since_ns = now;
		return reported ? SITE_RETURNED : SITE_QUIET;
	}
	r->age_ns = now - site->since_ns;
	if (reported || r->age_ns < netns_opts.watchdog_ms * UINT64_C(1000000))
		return SITE_QUIET;
	site->reported = true;
	return SITE_STUCK;
}

/* The first site with news; *@ret_stuck: retire threads in stuck ones, if there are no news. */
static enum site_news check_sites(uint64_t now, struct site_report *r, unsigned int *ret_stuck)
{
	enum site_news news = SITE_QUIET;
	struct watch_site *site;

	*ret_stuck = 0;
	netns_mutex_lock(&sites_lock);
	for (site = sites.next; site != &sites && news == SITE_QUIET; site = site->next) {
		news = check_site(site, now, r);
		*ret_stuck += site->reported && site->retire;
	}
	netns_mutex_unlock(&sites_lock);
	return news;
}

/* The log is written outside of all locks: it may be the user's, and call anything. */
static void check_callbacks(uint64_t now)
{
	enum site_news news;
	struct site_report r;
	unsigned int stuck;

	while ((news = check_sites(now, &r, &stuck)) != SITE_QUIET) {
		if (news == SITE_STUCK)
			report_stuck(&r);
		else
			netns_log(2,
				  "the callback that was stuck has returned after %" PRIu64 " ms",
				  r.age_ns / 1000000u);
	}
	retire_rescue(stuck);
}

static void check_readers(void)
{
	struct rcu_usage rcu;

	rcu_usage(&rcu);
	if (rcu.gp_current_ns < netns_opts.watchdog_ms * UINT64_C(1000000)) {
		if (reader_reported)
			netns_log(2, "the grace period that was held has ended");
		reader_reported = false;
		return;
	}
	if (reader_reported || rcu.slowest[0] == 0)
		return;
	netns_log(1,
		  "reader \"%s\" has held a grace period for %" PRIu64
		  " ms: it must report quiescent states or go offline; memory is not freed "
		  "meanwhile",
		  rcu.slowest, rcu.gp_current_ns / 1000000u);
	reader_reported = true;
}

/* Tenants that have been dying for too long: how many, and the first of them. */
struct dying {
	uint32_t count, age_ms, now_ms;
	char name[48];
	const char *what;
};

static void count_dying(struct tenant *t, struct dying *d, const char *what)
{
	uint32_t age = d->now_ms - __atomic_load_n(&t->retired_ms, __ATOMIC_RELAXED);
	uint32_t state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);

	if ((state != TENANT_DYING && state != TENANT_DEAD) || (int32_t)age < 0 ||
	    age < netns_opts.dying_ms)
		return;
	if (d->count++ == 0) {
		tenant_text(t, d->name, sizeof(d->name));
		d->age_ms = age;
		d->what = what;
#ifdef NETNS_REF_TRACKER
		netns_report_refs(&t->pub, stderr);
#endif
	}
}

static void count_unclean(struct tenant *t, void *arg)
{
	count_dying(t, arg, "its cleanup has not come to it, or is stuck");
}

static void count_held(struct tenant *t, void *arg)
{
	count_dying(t, arg, "its memory is still held: a netns_drop() is missing");
}

/* Names the first tenant that has been dying for too long; again when there are more. */
static void check_dying(void)
{
	struct dying d = { .now_ms = limbo_clock_ms() };
	uint64_t objects, bytes, age_ns;

	limbo_usage(&objects, &bytes, &age_ns);
	if (age_ns >= netns_opts.dying_ms * UINT64_C(1000000))
		table_visit_dying(0, count_unclean, &d);
	reclaim_visit_held(count_held, &d);
	if (d.count > dying_reported)
		netns_log(1, "%s has been dying for %u ms (%s); %u more have been for as long",
			  d.name, d.age_ms, d.what, d.count - 1);
	dying_reported = d.count;
}

void watch_drain(void)
{
	struct epoll_event events[16];
	int i, n;

	netns_mutex_lock(&drain_lock);
	do {
		n = epoll_wait(fd_epoll_fd(), events, 16, 0);
		for (i = 0; i < n; i++)
			fd_epoll_event(events[i].data.ptr);
	} while (n > 0);
	netns_mutex_unlock(&drain_lock);
}

static void *watch_main(void *arg)
{
	struct epoll_event event;
	uint64_t next = netns_now_ns(), now;

	(void)arg;
	for (;;) {
		int n = epoll_wait(poll_fd, &event, 1, TICK_MS);

		if (n > 0 && event.data.fd == stop_fd)
			return NULL;
		if (n > 0)
			watch_drain();
		now = netns_now_ns();
		if (now < next)
			continue;
		next = now + TICK_MS * UINT64_C(1000000);
		check_callbacks(now);
		check_readers();
		check_dying();
		arena_trim();
	}
}

static int watch_fd(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void close_fds(void)
{
	if (stop_fd >= 0)
		close(stop_fd);
	if (poll_fd >= 0)
		close(poll_fd);
	poll_fd = stop_fd = -1;
}

int watch_start(void)
{
	int err = 0;

	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	stop_fd = poll_fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0)
		err = -errno;
	if (err == 0)
		err = watch_fd(stop_fd);
	if (err == 0)
		err = watch_fd(fd_epoll_fd());
	if (err == 0)
		err = thread_start(&watch_thread, "netns-watch", watch_main, NULL);
	if (err != 0)
		close_fds();
	return err;
}

void watch_stop(void)
{
	if (eventfd_write(stop_fd, 1) != 0)
		netns_bug("the watch thread cannot be told to stop");
	pthread_join(watch_thread, NULL);
	close_fds();
}
