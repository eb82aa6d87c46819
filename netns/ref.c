/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * References that say who holds them, for any thread. Owns nothing: the counts are tenant.c's, the
 * records (in builds with ref_tracker) ref_tracker.c's.
 */
#include "ref.h"

#include <inttypes.h>

bool netns_tryget_ref(struct netns *ns, struct netns_ref *ref, const char *holder, const char *file,
		      int line)
{
	ref->ns = NULL;
	ref->track = NULL;
	if (!netns_tryget(ns))
		return false;
	ref->ns = ns;
	ref_track(tenant_of(ns), ref, holder, file, line);
	return true;
}

void netns_put_ref(struct netns_ref *ref)
{
	struct netns *ns = ref->ns;

	if (!ref_untrack(ref))
		return;
	ref->ns = NULL;
	netns_put(ns);
}

void netns_report_refs(struct netns *ns, FILE *out)
{
	struct tenant *t = tenant_of(ns);
	uint32_t active = __atomic_load_n(&t->active, __ATOMIC_RELAXED);
	uint32_t passive = __atomic_load_n(&t->passive, __ATOMIC_RELAXED);
	char name[NETNS_NAME_MAX + 1] = "without a name";
	uint32_t tracked;

	netns_name_copy(ns, name, sizeof(name)); /* somebody may rename it meanwhile */
	fprintf(out, "tenant %s (handle %#" PRIx64 "): %" PRIu32 " active, %" PRIu32 " passive\n",
		name, ns->handle, active, passive);
	tracked = ref_write_holders(t, out);
	if (tracked != 0)
		fprintf(out, "  %" PRIu32 " tracked, %" PRIu32 " untracked\n", tracked,
			active > tracked ? active - tracked : 0);
}
