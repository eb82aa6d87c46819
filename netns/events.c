/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events of the peer ids: one queue for all tenants, filled under the peer lock with records that
 * lie in the links, and emptied outside of it by one thread at a time, so that subscribers hear
 * everything in the order in which it happened. Whoever changes a table delivers, unless somebody
 * is at it already, who then delivers this event too.
 *
 * A subscriber is touched only while it is in the list: the deliverer keeps its place in the list
 * in two variables that unsubscribing corrects.
 */
#include "peer.h"

#include "retire.h"
#include "watch.h"

static struct peer_record *oldest TS_GUARDED_BY(peer_lock);
static struct peer_record *newest TS_GUARDED_BY(peer_lock);
static uint64_t last_seq TS_GUARDED_BY(peer_lock);
static bool delivering TS_GUARDED_BY(peer_lock); /* some thread is */
static _Thread_local bool deliverer;             /* it is this one */

static struct netns_peer_subscriber *subscribers TS_GUARDED_BY(peer_lock); /* newest first */
static struct netns_peer_subscriber *in_call TS_GUARDED_BY(peer_lock);     /* its callback runs */
static struct netns_peer_subscriber *upcoming TS_GUARDED_BY(peer_lock);    /* hears it after that */
static pthread_cond_t call_ended = PTHREAD_COND_INITIALIZER;               /* with peer_lock */

void peer_event_push_locked(struct peer_link *link, enum netns_peer_event_type type)
{
	struct peer_record *record = type == NETNS_PEER_NEW ? &link->born : &link->gone;

	if (subscribers == NULL)
		return;
	link->pins++;
	record->next = NULL;
	record->link = link;
	record->seq = ++last_seq;
	record->type = type;
	if (oldest == NULL)
		oldest = record;
	else
		newest->next = record;
	newest = record;
}

/* Takes the oldest event off the queue; @ret_event is a copy, for the link may go now. */
static uint64_t pop_locked(struct netns_peer_event *ret_event) TS_REQUIRES(peer_lock)
{
	struct peer_record *record = oldest;
	struct peer_link *link = record->link;
	uint64_t seq = record->seq;

	oldest = record->next;
	ret_event->type = record->type;
	ret_event->id = link->node.id;
	ret_event->ns_handle = link->ns_handle;
	ret_event->peer_handle = link->peer_handle;
	peer_unpin_locked(link);
	return seq;
}

/*
 * Outside of the lock. A retire thread that a callback holds up is named by the watchdog, and
 * others are helped past it; inside of a module's callback it is that one which is named.
 */
static void call(struct netns_peer_subscriber *sub, const struct netns_peer_event *event)
{
	struct watch_site *site = NULL;

	if (retire_self() && !watch_in_callback())
		site = watch_begin("netns_peer_subscribe", "callback");
	sub->fn(sub, event);
	if (site != NULL)
		watch_end(site);
}

static void tell_all_locked(const struct netns_peer_event *event, uint64_t seq)
	TS_REQUIRES(peer_lock)
{
	struct netns_peer_subscriber *sub;

	for (sub = subscribers; sub != NULL; sub = upcoming) {
		upcoming = sub->next;
		if (sub->since >= seq)
			continue; /* it came after this */
		in_call = sub;
		netns_mutex_unlock(&peer_lock);
		call(sub, event);
		netns_mutex_lock(&peer_lock);
		in_call = NULL;
		pthread_cond_broadcast(&call_ended);
	}
	upcoming = NULL;
}

void peer_unlock_and_deliver(void)
{
	struct netns_peer_event event;
	uint64_t seq;

	if (!delivering && oldest != NULL) {
		delivering = true;
		deliverer = true;
		while (oldest != NULL) {
			seq = pop_locked(&event);
			tell_all_locked(&event, seq);
		}
		deliverer = false;
		delivering = false;
	}
	netns_mutex_unlock(&peer_lock);
}

void netns_peer_subscribe(struct netns_peer_subscriber *sub)
{
	netns_mutex_lock(&peer_lock);
	sub->since = last_seq;
	sub->next = subscribers;
	subscribers = sub;
	netns_mutex_unlock(&peer_lock);
}

static void unlink_locked(const struct netns_peer_subscriber *sub) TS_REQUIRES(peer_lock)
{
	struct netns_peer_subscriber **at = &subscribers;

	while (*at != NULL && *at != sub)
		at = &(*at)->next;
	if (*at != NULL)
		*at = sub->next;
	if (upcoming == sub)
		upcoming = sub->next;
}

void netns_peer_unsubscribe(struct netns_peer_subscriber *sub)
{
	netns_mutex_lock(&peer_lock);
	unlink_locked(sub);
	/* The deliverer that unsubscribes what it calls, or any other one, has nobody to wait for.
	 */
	while (in_call == sub && !deliverer)
		netns_cond_wait(&call_ended, &peer_lock, 0);
	netns_mutex_unlock(&peer_lock);
}
