/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of tracked references: ref_tracker.c keeps them in builds with ref_tracker; without it
 * these are empty, and ref.c is all there is.
 */
#ifndef NETNS_REF_INTERNAL_H
#define NETNS_REF_INTERNAL_H

#include "tenant.h"

#ifdef NETNS_REF_TRACKER
/* @ref got an active reference on @t. */
void ref_track(struct tenant *t, struct netns_ref *ref, const char *holder, const char *file,
	       int line);
/* @ref is about to be put. false: it holds nothing; that was reported, and must not be put. */
bool ref_untrack(struct netns_ref *ref);
/* Writes each holder of @t, one a line. Return: how many references are tracked. */
uint32_t ref_write_holders(struct tenant *t, FILE *out);
#else
static inline void ref_track(struct tenant *t, struct netns_ref *ref, const char *holder,
			     const char *file, int line)
{
	(void)t;
	(void)ref;
	(void)holder;
	(void)file;
	(void)line;
}

static inline bool ref_untrack(struct netns_ref *ref)
{
	return ref->ns != NULL;
}

static inline uint32_t ref_write_holders(struct tenant *t, FILE *out)
{
	(void)t;
	(void)out;
	return 0;
}
#endif

#endif /* NETNS_REF_INTERNAL_H */
