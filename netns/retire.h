/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retire threads: they empty limbo. One at first; the watchdog adds some while all are stuck.
 */
#ifndef NETNS_RETIRE_H
#define NETNS_RETIRE_H

#include <stdbool.h>

int retire_start(void);
/* Limbo is empty and stays so. Joins the threads. */
void retire_stop(void);

/* Something was pushed: wakes a thread if all sleep. Lock-free; a system call only then. */
void retire_wake(void);

/* Is the calling thread one of the retire threads? */
bool retire_self(void);

/* From the watchdog, each tick: @stuck threads are held in callbacks. */
void retire_rescue(unsigned int stuck);

#endif /* NETNS_RETIRE_H */
