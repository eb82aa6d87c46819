/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and freeing tag tables; see tag_table.h. 32 KB each, from the arena of the port's node.
 */
#include <stddef.h>
#include <string.h>

#include "netns/netns_mem.h"
#include "tag_table.h"

#define AD_BYTES (TAG_ENTRIES * sizeof(uint64_t))

struct dp_tag_table *tag_table_new(int node, const struct dp_link *self)
{
	struct dp_tag_table *t = netns_arena_alloc(node, sizeof(*t));

	if (t == NULL)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->node = node;
	t->self = tag_entry(self);
	return t;
}

void tag_table_free(struct dp_tag_table *t)
{
	if (t == NULL)
		return;
	if (t->ad != NULL)
		netns_arena_free(t->ad, AD_BYTES);
	netns_arena_free(t, sizeof(*t));
}

static void tag_table_deferred(struct netns_defer *defer)
{
	tag_table_free(
		(struct dp_tag_table *)((char *)defer - offsetof(struct dp_tag_table, defer)));
}

void tag_table_defer(struct dp_tag_table *t)
{
	if (t != NULL)
		netns_defer(&t->defer, tag_table_deferred, sizeof(*t));
}

uint64_t *tag_table_slot(struct dp_tag_table *t, uint16_t proto, uint16_t vid)
{
	uint64_t *ad = t->ad;

	if (proto == 0x8100)
		return &t->q[vid];
	if (ad == NULL) {
		ad = netns_arena_alloc(t->node, AD_BYTES);
		if (ad == NULL)
			return NULL;
		memset(ad, 0, AD_BYTES);
		/* pairs with the load in classify: entries are zeroed before they are seen */
		__atomic_store_n(&t->ad, ad, __ATOMIC_RELEASE);
	}
	return &ad[vid];
}
