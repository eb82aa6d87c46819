/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers see of a link's addresses: an immutable copy, replaced as a whole under RCU, from
 * which sources are chosen and solicited-node groups are known; and the bloom of all the tenant's
 * IPv4 addresses, which lies in each of its links.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/** struct addr_seen - one address, as a worker needs it; 20 bytes */
struct addr_seen {
	uint8_t family, plen, scope, secondary;
	uint8_t local[16];
};

/**
 * struct addr_view - immutable once published
 * Lifetime: freed one grace period after its successor was published
 */
struct addr_view {
	struct netns_defer defer;
	uint32_t n;
	struct addr_seen seen[];
};

static size_t view_bytes(uint32_t n)
{
	return sizeof(struct addr_view) + n * sizeof(struct addr_seen);
}

static void free_view(struct netns_defer *defer)
{
	struct addr_view *view = (struct addr_view *)defer; /* defer is the first member */

	netns_arena_free(view, view_bytes(view->n));
}

void addr_view_drop(struct l3dev *dev)
{
	struct addr_view *old = dev->view;

	/* pairs with the acquire in view_of() */
	__atomic_store_n(&dev->view, NULL, __ATOMIC_RELEASE);
	if (!old)
		return;
	netns_uncharge(dev->ns, NETNS_QUOTA_BYTES, (view_bytes(old->n) + 63) & ~(size_t)63);
	netns_defer(&old->defer, free_view, view_bytes(old->n));
}

static uint64_t bloom_bit(const uint8_t *local)
{
	uint32_t a = (uint32_t)local[0] << 24 | (uint32_t)local[1] << 16 | (uint32_t)local[2] << 8 |
		     local[3];

	return 1ull << (a * 0x9e3779b1u >> 26);
}

static void bloom_update(struct netns *ns)
{
	uint64_t bloom = addr_ns_of(ns)->careful ? ADDR_CAREFUL : 0;
	struct l3dev *dev = NULL;
	struct addr *a;

	while ((dev = l3dev_next(ns, dev)))
		for (a = dev->addrs[0]; a; a = a->next)
			bloom |= bloom_bit(a->local);
	while ((dev = l3dev_next(ns, dev)))
		__atomic_store_n(&dev->link->local_bloom, bloom, __ATOMIC_RELAXED);
}

void addr_careful(struct netns *ns, bool on)
{
	addr_ns_of(ns)->careful = on;
	bloom_update(ns);
}

static void fill(struct addr_seen *seen, const struct addr *a)
{
	seen->family = a->family;
	seen->plen = a->plen;
	seen->scope = a->scope;
	seen->secondary = (a->flags & IFA_F_SECONDARY) != 0;
	memcpy(seen->local, a->local, sizeof(seen->local));
}

int addr_view_update(struct l3dev *dev)
{
	struct addr_view *view;
	struct addr *a;
	unsigned int f;

	bloom_update(dev->ns);
	if (dev->n_addrs == 0) {
		addr_view_drop(dev);
		return 0;
	}
	view = netns_mem_alloc(dev->ns, view_bytes(dev->n_addrs));
	if (!view)
		return -errno;
	for (f = 0; f < 2; f++)
		for (a = dev->addrs[f]; a; a = a->next)
			fill(&view->seen[view->n++], a);
	addr_view_drop(dev);
	__atomic_store_n(&dev->view, view, __ATOMIC_RELEASE);
	return 0;
}

/* ---- readers ---- */

static const struct addr_view *view_of(const struct dp_link *link)
{
	const struct l3dev *dev = __atomic_load_n(&link->l3dev, __ATOMIC_ACQUIRE);

	return dev ? __atomic_load_n(&dev->view, __ATOMIC_ACQUIRE) : NULL;
}

static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes * 8; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> (i % 8)))
			break;
	return i;
}

/* IPv4: the first primary of at most link scope, unless a later one shares the subnet */
static bool better4(const struct addr_seen *a, const struct addr_seen *best, const uint8_t *dst)
{
	if (a->secondary || a->scope > RT_SCOPE_LINK)
		return false;
	return !best || (common_bits(a->local, dst, 4) >= a->plen &&
			 common_bits(best->local, dst, 4) < best->plen);
}

/* IPv6: a scope that reaches the destination (RFC 6724, rule 2), then the longest match (rule 8) */
static bool better6(const struct addr_seen *a, const struct addr_seen *best, const uint8_t *dst)
{
	uint8_t want = addr_scope6(dst);
	bool fits = a->scope <= want, best_fits;

	if (!best)
		return true;
	best_fits = best->scope <= want;
	if (fits != best_fits)
		return fits;
	if (a->scope != best->scope)
		return fits ? a->scope > best->scope : a->scope < best->scope;
	return common_bits(a->local, dst, 16) > common_bits(best->local, dst, 16);
}

int addr_select(const struct dp_link *link, uint8_t family, const uint8_t *dst, uint8_t *ret_src)
{
	const struct addr_view *view = view_of(link);
	const struct addr_seen *best = NULL;
	uint32_t i;

	for (i = 0; view && i < view->n; i++) {
		const struct addr_seen *a = &view->seen[i];

		if (a->family == family &&
		    (family == AF_INET6 ? better6(a, best, dst) : better4(a, best, dst)))
			best = a;
	}
	if (!best)
		return -EADDRNOTAVAIL;
	memcpy(ret_src, best->local, addr_bytes(family));
	return 0;
}

bool addr_solicited(const struct dp_link *link, const uint8_t group[16])
{
	static const uint8_t prefix[13] = { 0xff, 0x02, [11] = 1, [12] = 0xff };
	const struct addr_view *view = view_of(link);
	uint32_t i;

	if (memcmp(group, prefix, sizeof(prefix)) != 0)
		return false;
	for (i = 0; view && i < view->n; i++)
		if (view->seen[i].family == AF_INET6 &&
		    memcmp(&view->seen[i].local[13], &group[13], 3) == 0)
			return true;
	return false;
}

bool addr_has(const struct dp_link *link, uint8_t family, const uint8_t *addr)
{
	const struct addr_view *view = view_of(link);
	uint32_t i;

	for (i = 0; view && i < view->n; i++)
		if (view->seen[i].family == family &&
		    memcmp(view->seen[i].local, addr, addr_bytes(family)) == 0)
			return true;
	return false;
}
