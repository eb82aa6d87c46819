/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts the library's own threads, see thread.h. Called by retire.c and watch.c.
 */
#include "thread.h"

#include <signal.h>

int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	/* what a fault raises must still reach its handler */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigdelset(&all, SIGTRAP);
	err = -pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err != 0)
		return err;
	err = -pthread_create(ret_thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err == 0)
		pthread_setname_np(*ret_thread, name);
	return err;
}
