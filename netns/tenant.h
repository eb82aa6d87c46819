/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole tenant: the public hot head and the cold lines behind it, and what the files of the
 * core need of each other. Lock order, outermost first: phase -> ops -> name/index/peer/fd mutexes;
 * no two of the last group are ever held together.
 */
#ifndef NETNS_TENANT_H
#define NETNS_TENANT_H

#include <stdbool.h>
#include <stdint.h>

#include "netns.h"

struct peer_table;  /* peer.c */
struct ref_tracker; /* ref_tracker.c */
struct name_entry;  /* names.c */
struct owner_count; /* owner.c */

/**
 * struct netns_batch - tenants that are set up or torn down together; intrusive, cannot fail
 *
 * Linked by tenant.undo_next. Owned by one thread, on its stack.
 */
struct netns_batch {
	struct tenant *head;
	unsigned int size;              /* tenants linked at head */
	unsigned int count;             /* tenants armed for the current op; exit_batch only */
	const struct netns_ops *op;     /* the op whose callbacks run now */
	const struct netns_ops *failed; /* op whose init TENANT_UNARMED ones have not; or NULL */
	struct netns_defer *deferred;   /* due after the same grace period; retire.c */
	void *orphan; /* data of the tenant whose init failed; out of its slot already */
	bool visible; /* readers may find the tenants: slots outlive one more */
};

/** struct tenant - see struct netns for the first two lines; four lines in all */
struct tenant {
	struct netns pub;

	/* line 2: written by whoever takes and puts references, charges and uncharges */
	uint32_t active __attribute__((aligned(64))); /* atomic; 1 from setup on; 0: dying */
	uint32_t passive;                        /* atomic; the active ones together hold one */
	uint64_t bytes_used;                     /* atomic; arena bytes charged */
	uint32_t count_used[NETNS_QUOTA_KINDS];  /* atomic; [0] unused */
	uint64_t bytes_limit;                    /* w:control r:control; UINT64_MAX: none */
	uint32_t count_limit[NETNS_QUOTA_KINDS]; /* w:control r:control; UINT32_MAX: none */
	uid_t owner_uid;                         /* atomic; w:control r:control */
	gid_t owner_gid;                         /* atomic; w:control r:control */

	/* line 3: life; written on creation and retirement */
	struct tenant *batch_next; /* limbo stack, then cleanup batch: the preallocated record */
	struct tenant *undo_next;  /* batch of setup, of (un)registration, of cleanup; phase */
	uint64_t ops_limit;        /* ops with seq >= this were not initialised; 0: no limit */
	struct name_entry *name;   /* w:control (name lock) r:control */
	struct peer_table *peers;  /* peer.c; NULL until the first id; guarded by the peer lock */
	struct ref_tracker *refs;  /* ref.c; NULL without ref_tracker */
	struct owner_count *owner; /* owner.c; NULL without a limit per owner */
	uint32_t state;            /* enum tenant_state, atomic; LIVE from publication on */
	uint32_t retired_ms;       /* when the last reference went, ms since netns_lib_init() */
};

_Static_assert(sizeof(struct tenant) == 4 * NETNS_CACHE_LINE, "a tenant is four cache lines");

#define TENANT_F_UNBORN                                                           \
	0x80000000u /* in pub.flags: setup failed, so it never counted as created \
		     */

enum tenant_state {
	TENANT_FREE = 0,
	TENANT_SETUP = 0x53455455,   /* words that a stray read is unlikely to meet */
	TENANT_UNARMED = 0x554e4152, /* in setup; batch->failed never succeeded here */
	TENANT_LIVE = 0x4c495645,
	TENANT_DYING = 0x4459494e,
	TENANT_DEAD = 0x44454144, /* exited; passive references only */
};

static inline struct tenant *tenant_of(const struct netns *ns)
{
	return (struct tenant *)(uintptr_t)ns; /* pub is the first member */
}

/* peer.c: called by retire.c for each batch, before any callback; once per batch, takes the lock.
 */
void peer_cleanup_batch(struct tenant *head);
/* peer.c, events.c: library life. fini: nothing is left, or -EBUSY. */
int peer_init(void);
int peer_fini(void);

/* fd.c (descriptors and kernel links), session.c: library life and the retirement of one tenant. */
int fd_init(void);
int fd_fini(void);
void fd_cleanup_batch(struct tenant *head); /* forgets kernel links of dying tenants */
/*
 * fd.c: handles what epoll reported of fd_epoll_fd(); @cookie is the event's data.ptr. Any thread,
 * also two at once with the same cookie.
 */
int fd_epoll_fd(void);
void fd_epoll_event(void *cookie);
int session_init(void);
int session_fini(void);

/* ref_tracker.c: nothing to do unless built with ref_tracker. */
/* Frees the tracker and reports what is left; before the memory goes. */
void ref_release(struct tenant *t);

/* log.c: @level as in netns_options.log; one line, no newline at its end. */
void netns_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An invariant is broken: says what, then aborts. */
_Noreturn void netns_bug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* lib.c: options with defaults filled in; const after netns_lib_init(). */
extern struct netns_options netns_opts;

#endif /* NETNS_TENANT_H */
