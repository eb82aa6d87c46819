/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who hears of routes that come and go: the control server. Under dp_ctl_lock throughout.
 */
#include "internal.h"

static struct route_listener *listeners; /* guarded by dp_ctl_lock */

void route_listen(struct route_listener *l)
{
	dp_ctl_lock();
	l->next = listeners;
	listeners = l;
	dp_ctl_unlock();
}

void route_unlisten(struct route_listener *l)
{
	struct route_listener **at = &listeners;

	dp_ctl_lock();
	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
	dp_ctl_unlock();
}

void route_notify(enum route_event event, struct netns *ns, const struct route *route)
{
	struct route_listener *l, *next;

	for (l = listeners; l; l = next) {
		next = l->next;
		l->fn(l, event, ns, route);
	}
}
