/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 options (RFC 791, RFC 1812): which of them are malformed and where, and what a router enters
 * into record route and timestamp options, as Linux's ip_options_compile() and ip_forward_options()
 * behave. Datapath.
 */
#include "ip4_opt.h"

#include "icmp.h"

enum { END = 0, NOP = 1, RECORD = 7, STAMP = 68, LOOSE = 131, STRICT = 137, ALERT = 148 };
enum { STAMP_TIME = 0, STAMP_ADDR = 1, STAMP_ASKED = 3 };

/** struct reader - one packet's options while they are read */
struct reader {
	const struct netns *ns;
	uint8_t *h;
	uint32_t here;
	struct ip4_opts *o;
	bool record, stamp; /* seen already: only one of each */
};

/* Each returns 0, or the offset of the fault. @p: the option at offset @at, p[1] checked */
static uint32_t read_source_route(struct reader *r, const uint8_t *p, uint32_t at)
{
	if (p[1] < 3)
		return at + 1;
	if (p[2] < 4)
		return at + 2;
	if (r->o->srr)
		return at;
	r->o->srr = true;
	return 0;
}

static uint32_t read_record(struct reader *r, uint8_t *p, uint32_t at)
{
	if (r->record)
		return at;
	if (p[1] < 3)
		return at + 1;
	if (p[2] < 4)
		return at + 2;
	r->record = true;
	if (p[2] > p[1])
		return 0; /* full */
	if (p[2] + 3 > p[1])
		return at + 2;
	memcpy(p + p[2] - 1, &r->here, 4);
	p[2] = (uint8_t)(p[2] + 4);
	r->o->record = (uint8_t)at;
	r->o->changed = true;
	return 0;
}

static void enter_time(struct reader *r, uint8_t *at)
{
	uint32_t now = rte_cpu_to_be_32(icmp_ms_since_midnight());

	memcpy(at, &now, 4);
	r->o->changed = true;
}

static uint32_t enter_stamp(struct reader *r, uint8_t *p, uint32_t at)
{
	uint8_t *slot = p + p[2] - 1, kind;
	uint32_t addr;

	if (p[2] + 3 > p[1])
		return at + 2;
	if ((p[3] & 15) == STAMP_TIME) {
		enter_time(r, slot);
		p[2] = (uint8_t)(p[2] + 4);
		return 0;
	}
	if ((p[3] & 15) != STAMP_ADDR && (p[3] & 15) != STAMP_ASKED)
		return 0;
	if (p[2] + 7 > p[1])
		return at + 2;
	if ((p[3] & 15) == STAMP_ADDR) {
		memcpy(slot, &r->here, 4);
	} else {
		memcpy(&addr, slot, 4);
		kind = ip4_route(r->ns, addr)->kind;
		if (kind != DP_ADJ_LOCAL && kind != DP_ADJ_BROADCAST &&
		    rte_be_to_cpu_32(addr) >> 28 < 14 && addr != 0)
			return 0; /* somebody else is asked */
	}
	enter_time(r, slot + 4);
	p[2] = (uint8_t)(p[2] + 8);
	return 0;
}

static uint32_t read_stamp(struct reader *r, uint8_t *p, uint32_t at)
{
	if (r->stamp)
		return at;
	if (p[1] < 4)
		return at + 1;
	if (p[2] < 5)
		return at + 2;
	r->stamp = true;
	if (p[2] <= p[1])
		return enter_stamp(r, p, at);
	if ((p[3] & 15) == STAMP_ASKED)
		return 0;
	if (p[3] >> 4 == 15)
		return at + 3;
	p[3] = (uint8_t)(p[3] + 0x10); /* one more who found no room */
	r->o->changed = true;
	return 0;
}

static uint32_t read_one(struct reader *r, uint8_t *p, uint32_t at)
{
	switch (p[0]) {
	case LOOSE:
	case STRICT:
		return read_source_route(r, p, at);
	case RECORD:
		return read_record(r, p, at);
	case STAMP:
		return read_stamp(r, p, at);
	case ALERT:
		return p[1] < 4 ? at + 1 : 0;
	default:
		return 0;
	}
}

/* What stands behind the end is made zero. */
static void clear_rest(struct reader *r, uint32_t at, uint32_t ihl)
{
	for (; at < ihl; at++) {
		if (r->h[at] != END)
			r->o->changed = true;
		r->h[at] = END;
	}
}

uint32_t ip4_opt_read(struct dp_vec *v, uint32_t i, uint32_t here, struct ip4_opts *ret)
{
	struct reader r = { v->link[i]->ns, ip_header(v, i), here, ret, false, false };
	uint32_t at = sizeof(struct rte_ipv4_hdr), ihl = (r.h[0] & 15u) * 4, bad;

	memset(ret, 0, sizeof(*ret));
	while (at < ihl) {
		if (r.h[at] == END) {
			clear_rest(&r, at, ihl);
			break;
		}
		if (r.h[at] == NOP) {
			at++;
			continue;
		}
		if (at + 1 >= ihl || r.h[at + 1] < 2 || at + r.h[at + 1] > ihl)
			return at;
		bad = read_one(&r, r.h + at, at);
		if (bad)
			return bad;
		at += r.h[at + 1];
	}
	return 0;
}

void ip4_opt_forward(uint8_t *h, const struct ip4_opts *o, uint32_t out)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)h;

	if (o->record)
		memcpy(h + o->record + h[o->record + 2] - 5, &out, 4);
	if (!o->changed)
		return;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(h, (h[0] & 15u) * 4);
}
