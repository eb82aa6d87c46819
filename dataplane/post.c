/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work handed from control threads to workers: a bounded queue a worker, producers under a lock,
 * one consumer that never takes it. Lock: post_queue.lock, innermost.
 */
#include <errno.h>
#include <semaphore.h>

#include "worker.h"

int post_init(struct post_queue *q)
{
	q->head = q->tail = 0;
	q->attached = false;
	return -pthread_mutex_init(&q->lock.lock, NULL);
}

void post_fini(struct post_queue *q)
{
	pthread_mutex_destroy(&q->lock.lock);
}

void post_drain_slow(struct worker *w)
{
	struct post_queue *q = &w->post;
	uint32_t head = q->head, tail = __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE);
	struct post_item item;

	while (head != tail) {
		item = q->item[head & (POSTS - 1)];
		head++;
		/* pairs with the acquire in dp_worker_post(): the item was read */
		__atomic_store_n(&q->head, head, __ATOMIC_RELEASE);
		item.fn(&w->pub, item.arg);
	}
}

void post_attach(struct worker *w)
{
	netns_mutex_lock(&w->post.lock);
	w->post.attached = true;
	netns_mutex_unlock(&w->post.lock);
}

void post_detach(struct worker *w)
{
	netns_mutex_lock(&w->post.lock);
	w->post.attached = false;
	netns_mutex_unlock(&w->post.lock);
	post_drain(w);
}

int dp_worker_post(unsigned int worker, void (*fn)(struct dp_worker *w, void *arg), void *arg)
{
	struct post_queue *q;
	uint32_t tail, head;
	int err = 0;

	if (worker >= n_workers)
		return -ENOENT;
	q = &workers[worker]->post;
	netns_mutex_lock(&q->lock);
	tail = q->tail;
	/* pairs with the release in post_drain_slow(): the item may be overwritten */
	head = __atomic_load_n(&q->head, __ATOMIC_ACQUIRE);
	if (!q->attached) {
		err = -ENOENT;
	} else if (tail - head == POSTS) {
		err = -EAGAIN;
	} else {
		q->item[tail & (POSTS - 1)].fn = fn;
		q->item[tail & (POSTS - 1)].arg = arg;
		/* pairs with the acquire in post_drain() */
		__atomic_store_n(&q->tail, tail + 1, __ATOMIC_RELEASE);
	}
	netns_mutex_unlock(&q->lock);
	if (err == 0)
		idle_wake(workers[worker]);
	return err;
}

/** struct run_request - one dp_workers_run(), on the caller's stack until every worker posted */
struct run_request {
	int (*fn)(struct dp_worker *w, void *arg);
	void *arg;
	int err; /* first one; atomic */
	sem_t done;
};

static void run_one(struct dp_worker *w, void *arg)
{
	struct run_request *r = arg;
	int err = r->fn(w, r->arg), none = 0;

	if (err != 0)
		__atomic_compare_exchange_n(&r->err, &none, err, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	sem_post(&r->done);
}

static int post_retry(unsigned int worker, struct run_request *r)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 };
	int err;

	while ((err = dp_worker_post(worker, run_one, r)) == -EAGAIN)
		nanosleep(&pause, NULL);
	return err;
}

int dp_workers_run(int (*fn)(struct dp_worker *w, void *arg), void *arg)
{
	struct run_request r = { .fn = fn, .arg = arg };
	struct worker *self = worker_self;
	bool online = netns_reader_is_online();
	unsigned int i, posted = 0;

	if (sem_init(&r.done, 0, 0) != 0)
		return -errno;
	if (self != NULL)
		run_one(&self->pub, &r);
	if (online)
		netns_reader_offline();
	for (i = 0; i < n_workers; i++) {
		if (workers[i] == self)
			posted++;
		else if (post_retry(i, &r) == 0)
			posted++;
	}
	while (posted > 0)
		if (sem_wait(&r.done) == 0)
			posted--;
	if (online)
		netns_reader_online();
	sem_destroy(&r.done);
	return r.err;
}
