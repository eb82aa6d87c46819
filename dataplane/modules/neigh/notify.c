/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who hears of neighbours that come, change and go: the control server. Called with neigh_lock
 * held, from control threads and from the neighbour thread: listeners only take notes.
 */
#include <string.h>

#include "internal.h"

static struct neigh_listener *listeners; /* guarded by neigh_lock */

void neigh_listen(struct neigh_listener *l)
{
	neigh_lock();
	l->next = listeners;
	listeners = l;
	neigh_unlock();
}

void neigh_unlisten(struct neigh_listener *l)
{
	struct neigh_listener **at = &listeners;

	neigh_lock();
	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
	neigh_unlock();
}

void neigh_notify(enum neigh_event event, const struct neigh *n)
{
	struct neigh_info info;
	struct neigh_listener *l;

	if (!listeners)
		return;
	neigh_info_of(n, &info);
	for (l = listeners; l; l = l->next)
		l->fn(l, event, n->ns, &info);
}
