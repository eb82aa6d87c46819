/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly of what is addressed to a tenant. Each worker has a table of packets under way; the
 * key begins with the tenant's handle, so tenants never mix, and one tenant may hold only a share
 * of the table. Rules are Linux's (ip_frag_queue(), inet_frag_queue_insert()): what repeats bytes
 * that are there already is dropped alone, what overlaps in any other way spoils the whole packet.
 *
 * Not rte_ip_frag's table: its keys have no room for a tenant, and it takes overlaps. Fragments
 * kept are stolen packets of their tenant; the one that completes goes on in the vector.
 */
#include "reass.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "dataplane/parse.h"
#include "icmp.h"
#include "ip6_ext.h"

#define TABLE    128u /* packets under way in a worker */
#define SHARE    32u  /* of one tenant */
#define PARTS    64u  /* fragments of a packet */
#define MAX      65535u
#define TIME4_NS 30000000000u
#define TIME6_NS 60000000000u

/** struct key - of one packet; compared as bytes */
struct key {
	uint64_t ns_handle;
	uint8_t src[16], dst[16];
	uint32_t id, link; /* link: for IPv6 addresses that mean something on a link only */
	uint32_t proto;    /* IPv4's, or 256 */
};

/** struct part - one fragment */
struct part {
	struct rte_mbuf *m;
	uint32_t begin, end; /* bytes of the payload */
	uint16_t data;       /* where they begin in m */
	uint16_t l3_off;
};

/** struct whole - a packet under way; n 0: free */
struct whole {
	struct key key;
	uint64_t until_ns, link_handle;
	uint32_t n, len, have;
	bool last;               /* len is final */
	struct part part[PARTS]; /* by begin */
};

static __thread struct whole *table; /* one worker's own */

static void discard(struct dp_worker *w, struct whole *x)
{
	uint32_t k;

	for (k = 0; k < x->n; k++)
		dp_drop_stolen(w, x->key.ns_handle, x->part[k].m, DP_DROP_IP_FRAGMENT);
	x->n = 0;
}

static struct whole *find(struct dp_worker *w, const struct key *key)
{
	struct whole *free_one = NULL, *oldest = NULL;
	uint32_t k, share = 0;

	for (k = 0; k < TABLE; k++) {
		struct whole *x = &table[k];

		if (x->n == 0) {
			free_one = x;
			continue;
		}
		if (memcmp(&x->key, key, sizeof(*key)) == 0)
			return x;
		if (x->key.ns_handle != key->ns_handle)
			continue;
		share++;
		if (!oldest || x->until_ns < oldest->until_ns)
			oldest = x;
	}
	if (oldest && (!free_one || share >= SHARE)) { /* a tenant makes room at its own cost */
		discard(w, oldest);
		free_one = oldest;
	}
	if (!free_one)
		return NULL;
	memset(free_one, 0, offsetof(struct whole, part));
	free_one->key = *key;
	free_one->until_ns = w->now_ns + (key->proto == 256 ? TIME6_NS : TIME4_NS);
	return free_one;
}

/* Where @p belongs. Return: its place, -EEXIST all of it is there, -EINVAL it overlaps */
static int place(const struct whole *x, const struct part *p)
{
	uint32_t k = 0, run, end;

	while (k < x->n) {
		end = x->part[k].end;
		for (run = k + 1; run < x->n && x->part[run].begin == end; run++)
			end = x->part[run].end;
		if (p->end <= x->part[k].begin)
			return (int)k;
		if (p->begin < end)
			return p->begin >= x->part[k].begin && p->end <= end ? -EEXIST : -EINVAL;
		k = run;
	}
	return (int)k;
}

/* Is the packet's length still consistent? */
static bool length_ok(struct whole *x, const struct part *p, bool more)
{
	if (p->begin == p->end)
		return false;
	if (!more) {
		if (p->end < x->len || (x->last && p->end != x->len))
			return false;
		x->last = true;
		x->len = p->end;
	} else if (p->end > x->len) {
		if (x->last)
			return false;
		x->len = p->end;
	}
	return true;
}

/* Chains all parts behind the first one, whose headers stay. NULL: no room; all is freed. */
static struct rte_mbuf *join(struct whole *x)
{
	struct rte_mbuf *head = x->part[0].m;
	bool ok = true;
	uint32_t k;

	for (k = 0; k < x->n; k++) {
		struct part *p = &x->part[k];

		if (k && ok)
			rte_pktmbuf_adj(p->m, p->data);
		if (ok && p->m->pkt_len > p->end - p->begin + (k ? 0 : p->data))
			rte_pktmbuf_trim(p->m, (uint16_t)(p->m->pkt_len - (p->end - p->begin) -
							  (k ? 0 : p->data)));
		if (k && (!ok || rte_pktmbuf_chain(head, p->m))) {
			rte_pktmbuf_free(p->m);
			ok = false;
		}
	}
	if (ok && parse_pull(head, PULL_BYTES))
		return head;
	rte_pktmbuf_free(head);
	return NULL;
}

/* The fragment in the vector joins. True: the packet is whole, and in the vector. */
static bool add(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct key *key,
		const struct part *p, bool more)
{
	struct whole *x = find(w, key);
	int at = -EINVAL;
	uint32_t k;

	if (x && length_ok(x, p, more))
		at = x->n < PARTS ? place(x, p) : -EINVAL;
	if (at < 0) {
		if (x && at != -EEXIST)
			discard(w, x);
		dp_vec_drop(v, i, DP_DROP_IP_FRAGMENT);
		return false;
	}
	memmove(&x->part[at + 1], &x->part[at], (x->n - (uint32_t)at) * sizeof(*p));
	x->part[at] = *p;
	x->n++;
	x->have += p->end - p->begin;
	x->link_handle = dp_link_handle(v->link[i]);
	if (!x->last || x->have != x->len || x->part[0].begin != 0 ||
	    x->len + x->part[0].data - x->part[0].l3_off > MAX) {
		dp_vec_steal(v, i);
		return false;
	}
	for (k = 1; k < x->n; k++) /* all but the one that goes on */
		dp_count_drop(w, v->link[i]->ns, DP_DROP_LOCAL_CONSUMED);
	v->l3_off[i] = (uint8_t)x->part[0].l3_off;
	v->pkt[i] = join(x);
	x->n = 0;
	if (v->pkt[i])
		return true;
	dp_vec_steal(v, i);
	dp_count_drop(w, v->link[i]->ns, DP_DROP_NO_MBUF);
	return false;
}

bool reass4(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t ihl = (ip->version_ihl & 15u) * 4, len = rte_be_to_cpu_16(ip->total_length) - ihl;
	uint16_t off = rte_be_to_cpu_16(ip->fragment_offset);
	bool more = off & RTE_IPV4_HDR_MF_FLAG;
	struct part p = { .m = v->pkt[i], .l3_off = v->l3_off[i] };
	struct key key;

	memset(&key, 0, sizeof(key));
	key.ns_handle = v->link[i]->ns->handle;
	memcpy(key.src, &ip->src_addr, 4);
	memcpy(key.dst, &ip->dst_addr, 4);
	key.id = ip->packet_id;
	key.proto = ip->next_proto_id;
	p.begin = (off & RTE_IPV4_HDR_OFFSET_MASK) * 8u;
	p.end = p.begin + (more ? len & ~7u : len);
	p.data = (uint16_t)(v->l3_off[i] + ihl);
	if (!add(w, v, i, &key, &p, more))
		return false;
	ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	ip->total_length = rte_cpu_to_be_16((uint16_t)(v->pkt[i]->pkt_len - v->l3_off[i]));
	ip->fragment_offset = 0;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, (ip->version_ihl & 15u) * 4);
	return true;
}

/* Takes the fragment header out: what is in front of it moves up. */
static void close_gap(struct dp_vec *v, uint32_t i, uint32_t at, uint32_t named_at, uint8_t proto)
{
	struct rte_mbuf *m = v->pkt[i];
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv6_hdr *ip;

	memmove(frame + 8, frame, v->l3_off[i] + at);
	rte_pktmbuf_adj(m, 8);
	ip = (struct rte_ipv6_hdr *)ip_header(v, i);
	((uint8_t *)ip)[named_at] = proto;
	ip->payload_len =
		rte_cpu_to_be_16((uint16_t)(m->pkt_len - v->l3_off[i] - (uint32_t)sizeof(*ip)));
}

/* Does a first fragment lack the upper header (RFC 8200, 4.5)? */
static bool lacks_upper(const struct dp_vec *v, uint32_t i, uint32_t len)
{
	const uint8_t *h = ip_header(v, i);
	uint32_t at;

	switch (ip6_skip(h, v->pkt[i]->data_len - v->l3_off[i], &at)) {
	case IPPROTO_FRAGMENT: /* not a first one, or cut within the chain of headers */
	case IPPROTO_HOPOPTS:
	case IPPROTO_DSTOPTS:
	case IPPROTO_ROUTING:
		return false;
	case IPPROTO_TCP:
		return at + 20 > len;
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
		return at + 8 > len;
	default:
		return at + 1 > len;
	}
}

bool reass6(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, uint32_t named_at)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)ip_header(v, i);
	uint32_t len = rte_be_to_cpu_16(ip->payload_len) + (uint32_t)sizeof(*ip);
	const uint8_t *f = (const uint8_t *)ip + at;
	struct part p = { .m = v->pkt[i], .l3_off = v->l3_off[i] };
	uint32_t problem = 0;
	struct key key;
	bool more;

	if (v->pkt[i]->data_len < v->l3_off[i] + at + 8u || len < at + 8) {
		icmp6_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], 4, 0, at);
		dp_vec_drop(v, i, DP_DROP_IP_FRAGMENT);
		return false;
	}
	memset(&key, 0, sizeof(key));
	key.ns_handle = v->link[i]->ns->handle;
	memcpy(key.src, &ip->src_addr, 16);
	memcpy(key.dst, &ip->dst_addr, 16);
	memcpy(&key.id, f + 4, 4);
	key.proto = 256;
	if (ip6_is_link_local(key.dst) || key.dst[0] == 0xff)
		key.link = v->link[i]->index + 1;
	more = f[3] & 1;
	p.begin = (uint32_t)(f[2] << 8 | f[3]) & ~7u;
	p.end = p.begin + len - at - 8;
	p.data = (uint16_t)(v->l3_off[i] + at + 8);
	if (p.begin == 0 && lacks_upper(v, i, len)) {
		icmp6_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], 4, 3, 0);
		dp_vec_drop(v, i, DP_DROP_IP_FRAGMENT);
		return false;
	}
	if (p.end > MAX)
		problem = at + 2;
	else if (more && p.end & 7)
		problem = 4; /* the payload's length */
	if (problem) {
		icmp6_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], 4, 0, problem);
		dp_vec_drop(v, i, DP_DROP_IP_FRAGMENT);
		return false;
	}
	if (!add(w, v, i, &key, &p, more))
		return false;
	close_gap(v, i, at, named_at, ip_header(v, i)[at]);
	return true;
}

/* Time is up: the sender of a first fragment hears of it. */
static void expire(struct dp_worker *w, struct whole *x)
{
	const struct dp_link *link = dp_link_resolve(x->link_handle);
	const struct part *p = &x->part[0];

	if (link && link->ns->handle == x->key.ns_handle && p->begin == 0) {
		if (x->key.proto == 256)
			icmp6_error_at(w, link, p->m, p->l3_off, 3, 1, 0);
		else
			icmp4_error_at(w, link, p->m, p->l3_off, 11, 1, 0);
	}
	discard(w, x);
}

void reass_tick(struct dp_worker *w)
{
	uint32_t k;

	for (k = 0; table && k < TABLE; k++)
		if (table[k].n && w->now_ns >= table[k].until_ns)
			expire(w, &table[k]);
}

int reass_lcore_init(struct dp_worker *w)
{
	table = calloc(TABLE, sizeof(*table));
	return table ? 0 : -ENOMEM;
}

void reass_lcore_exit(struct dp_worker *w)
{
	uint32_t k;

	for (k = 0; k < TABLE; k++)
		discard(w, &table[k]);
	free(table);
	table = NULL;
}
