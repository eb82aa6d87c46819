/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Phases: setup and cleanup of tenants share (read), registering and unregistering operations
 * excludes (write). Outermost lock of the core. Waits are offline.
 */
#ifndef NETNS_PHASE_H
#define NETNS_PHASE_H

/*
 * Shared: any number of threads, one atomic addition on a line of its own while nobody registers.
 * Not recursive; callbacks, which run inside, may not come here: their callers refuse with
 * -EDEADLK.
 */
void phase_read_lock(void);
void phase_read_unlock(void);

/*
 * Exclusive. New readers are held back in windows of 50 ms only, then let through for 50 ms, in
 * turns: a cleanup that is stuck makes a registration wait, but never stops creation.
 */
void phase_write_lock(void);
void phase_write_unlock(void);

#endif /* NETNS_PHASE_H */
