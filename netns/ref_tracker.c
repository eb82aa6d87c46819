/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who holds each tracked reference, in builds with ref_tracker: owns one record for each, with the
 * holder's name and place, known by a number that is never used twice. A struct netns_ref carries
 * that number, so a second put, a made-up one or one for another tenant is told from a good one
 * without touching memory that may be gone. Plain netns_get() and netns_put() leave no record; they
 * are what the active count has more than there are records.
 *
 * Callers: ref.c in any thread, also workers amid a burst, and tenant.c at a tenant's end. Hence
 * the one lock here is not a netns_mutex: waiting for it must not end the caller's read section. It
 * is held for a few instructions, and nothing is waited for under it.
 */
#include "ref.h"

#ifdef NETNS_REF_TRACKER

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include <urcu/list.h>

#include "fault.h"
#include "keymap.h"
#include "rcu.h"

#define BYGONE 64u /* how many references put last are remembered by name */

/** struct ref_place - who took a reference where */
struct ref_place {
	uintptr_t number;
	uint64_t since_ns;
	const char *file; /* __FILE__ of the caller: for ever */
	int line;
	char holder[44];
};

struct ref_record {
	struct keymap_node by_number; /* key number, 0 */
	struct cds_list_head list;    /* in tracker->records, oldest first */
	struct ref_place place;
	struct netns *ns;
};

/** struct ref_tracker - the records of one tenant; from its first tracked reference to its end */
struct ref_tracker {
	struct cds_list_head records;
	uint32_t count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* leaf; guards all below, t->refs too */
static struct keymap records;
static uintptr_t last_number;
static struct ref_place bygone[BYGONE];
static uint64_t untold; /* references that got no record for want of memory */

static struct ref_record *find_locked(uintptr_t number)
{
	struct keymap_node *node = records.bucket ? keymap_find(&records, number, 0) : NULL;

	return node ? (struct ref_record *)((char *)node - offsetof(struct ref_record, by_number))
		    : NULL;
}

/* false: no memory for the tables. They stay as long as the process, as records may. */
static bool ready_locked(struct tenant *t)
{
	if (records.bucket == NULL && keymap_init(&records) != 0)
		return false;
	if (t->refs != NULL)
		return true;
	t->refs = heap_zalloc(sizeof(*t->refs));
	if (t->refs == NULL)
		return false;
	CDS_INIT_LIST_HEAD(&t->refs->records);
	return true;
}

void ref_track(struct tenant *t, struct netns_ref *ref, const char *holder, const char *file,
	       int line)
{
	struct ref_record *record = heap_zalloc(sizeof(*record));

	pthread_mutex_lock(&lock);
	if (record == NULL || !ready_locked(t)) {
		untold++;
		pthread_mutex_unlock(&lock);
		heap_free(record);
		return;
	}
	record->ns = &t->pub;
	record->place.number = ++last_number;
	record->place.since_ns = netns_now_ns();
	record->place.file = file ? file : "?";
	record->place.line = line;
	strncpy(record->place.holder, holder ? holder : "?", sizeof(record->place.holder) - 1);
	keymap_add(&records, &record->by_number, last_number, 0);
	cds_list_add_tail(&record->list, &t->refs->records);
	t->refs->count++;
	ref->track = (void *)last_number; /* NOLINT: a number, never followed */
	pthread_mutex_unlock(&lock);
}

/* Why @ref must not be put; NULL: it may. Its record, if any, is taken out. */
static const char *judge_locked(const struct netns_ref *ref, struct ref_record **ret_record,
				struct ref_place *ret_place)
{
	uintptr_t number = (uintptr_t)ref->track;
	struct ref_record *record = find_locked(number);
	struct ref_tracker *tracker;

	if (record == NULL) {
		*ret_place = bygone[number % BYGONE];
		if (number != 0 && ret_place->number == number)
			return "was put already";
		ret_place->number = 0;
		if (number != 0 || ref->ns == NULL || untold == 0)
			return "is not held";
		untold--;
		return NULL;
	}
	*ret_place = record->place;
	if (record->ns != ref->ns)
		return "is another tenant's";
	tracker = tenant_of(record->ns)->refs;
	keymap_del(&records, &record->by_number);
	cds_list_del(&record->list);
	tracker->count--;
	bygone[number % BYGONE] = record->place;
	*ret_record = record;
	return NULL;
}

bool ref_untrack(struct netns_ref *ref)
{
	struct ref_record *record = NULL;
	struct ref_place place;
	const char *wrong;

	pthread_mutex_lock(&lock);
	wrong = judge_locked(ref, &record, &place);
	pthread_mutex_unlock(&lock);
	heap_free(record);
	if (wrong == NULL)
		return true;
	if (place.number != 0)
		netns_log(0, "netns_put_ref: the reference of \"%s\" (%s:%d) %s; nothing was put",
			  place.holder, place.file, place.line, wrong);
	else
		netns_log(0, "netns_put_ref: a reference %s; nothing was put", wrong);
	return false;
}

#define PLACES_AT_ONCE 32u

/* Up to PLACES_AT_ONCE records of @t with a number above @after. Return: how many. */
static unsigned int copy_places(const struct tenant *t, uintptr_t after,
				struct ref_place *ret_place)
{
	const struct ref_record *record;
	unsigned int n = 0;

	pthread_mutex_lock(&lock);
	if (t->refs != NULL) {
		cds_list_for_each_entry (record, &t->refs->records, list) {
			if (n == PLACES_AT_ONCE)
				break;
			if (record->place.number > after)
				ret_place[n++] = record->place;
		}
	}
	pthread_mutex_unlock(&lock);
	return n;
}

uint32_t ref_write_holders(struct tenant *t, FILE *out)
{
	struct ref_place place[PLACES_AT_ONCE];
	uint64_t now = netns_now_ns();
	uintptr_t after = 0;
	unsigned int i, n;
	uint32_t all = 0;

	do {
		n = copy_places(t, after, place);
		for (i = 0; i < n; i++)
			fprintf(out, "  held by \"%s\" (%s:%d) for %" PRIu64 " ms\n",
				place[i].holder, place[i].file, place[i].line,
				now > place[i].since_ns ? (now - place[i].since_ns) / 1000000 : 0);
		all += n;
		if (n != 0)
			after = place[n - 1].number;
	} while (n == PLACES_AT_ONCE);
	return all;
}

/* Takes all records of @t out, so that they can be looked at without the lock. */
static void detach(struct tenant *t, struct cds_list_head *ret_left)
{
	struct ref_record *record, *next;

	CDS_INIT_LIST_HEAD(ret_left);
	pthread_mutex_lock(&lock);
	if (t->refs != NULL) {
		cds_list_for_each_entry_safe(record, next, &t->refs->records, list)
		{
			keymap_del(&records, &record->by_number);
			cds_list_del(&record->list);
			cds_list_add_tail(&record->list, ret_left);
		}
		heap_free(t->refs);
		t->refs = NULL;
	}
	pthread_mutex_unlock(&lock);
}

void ref_release(struct tenant *t)
{
	struct ref_record *record, *next;
	struct cds_list_head left;

	detach(t, &left);
	cds_list_for_each_entry_safe(record, next, &left, list)
	{
		netns_log(0,
			  "tenant %#" PRIx64 " ends, but \"%s\" (%s:%d) never put its reference: "
			  "somebody else put one too many",
			  t->pub.handle, record->place.holder, record->place.file,
			  record->place.line);
		heap_free(record);
	}
}

#else

void ref_release(struct tenant *t)
{
	(void)t;
}

#endif /* NETNS_REF_TRACKER */
