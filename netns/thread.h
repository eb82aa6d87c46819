/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's own threads.
 */
#ifndef NETNS_THREAD_H
#define NETNS_THREAD_H

#include <pthread.h>

/*
 * Starts a thread that takes no signals: those are for the program's threads. @name: up to 15
 * bytes, what ps and gdb show. Errors: -EAGAIN and others of pthread_create(3)
 */
int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *), void *arg);

#endif /* NETNS_THREAD_H */
