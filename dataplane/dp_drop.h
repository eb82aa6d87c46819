/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a packet was dropped. One list, from which the enum, the names in output and the telemetry
 * keys come. Counted per tenant and lcore (drop.c); packets in = packets out + drops, always.
 */
#ifndef DP_DROP_H
#define DP_DROP_H

#include <assert.h>
#include <stdint.h>

/* X(symbol, "name in output", "what it means, for people") */
#define DP_DROP_LIST(X)                                                                           \
	X(RUNT, "runt", "shorter than an Ethernet header or its payload's fixed header")          \
	X(TRUNCATED, "truncated", "a length inside the frame points past its end")                \
	X(UNTAGGED, "untagged", "no tag, and the port has no link for untagged frames")           \
	X(UNKNOWN_TAG, "unknown-tag", "no link for this VLAN tag")                                \
	X(UNKNOWN_VNI, "unknown-vni", "no link for this VXLAN network identifier")                \
	X(WRONG_MAC, "wrong-mac", "destination MAC is not the link's, and it is not promiscuous") \
	X(LINK_DOWN, "link-down", "the input or output link is down")                             \
	X(NO_HANDLER, "no-handler", "no module of the tenant wanted the packet")                  \
	X(STALE_HANDLE, "stale-handle", "the tenant or link went away while the packet waited")   \
	X(LOOP, "loop", "re-entered too often between tenants or tunnels")                        \
	X(TX_FULL, "tx-full", "the device did not take it")                                       \
	X(TX_MTU, "tx-mtu", "larger than the output link's MTU")                                  \
	X(NO_MBUF, "no-mbuf", "no packet buffer left")                                            \
	X(RING_FULL, "ring-full", "a queue between lcores was full")                              \
	X(POLICER, "policer", "over the tenant's rate")                                           \
	X(VXLAN_HEADER, "vxlan-header", "bad VXLAN flags or lengths")                             \
	X(OUTER_CSUM, "outer-csum", "bad checksum of a tunnel's outer header")                    \
	X(IP_VERSION, "ip-version", "version field is not what the EtherType says")               \
	X(IP_HEADER, "ip-header", "bad header length")                                            \
	X(IP_LENGTH, "ip-length", "total length beyond the frame or below the header")            \
	X(IP_CSUM, "ip-csum", "bad IPv4 header checksum")                                         \
	X(IP_MARTIAN_SRC, "martian-source", "a source address that cannot be")                    \
	X(IP_MARTIAN_DST, "martian-destination", "a destination address that cannot be")          \
	X(IP_RPF, "rp-filter", "source validation: the route back leaves by another link")        \
	X(IP_TTL, "ttl", "TTL or hop limit used up")                                              \
	X(IP_NO_ROUTE, "no-route", "no route to the destination")                                 \
	X(IP_BLACKHOLE, "blackhole", "a blackhole route")                                         \
	X(IP_PROHIBIT, "prohibit", "a prohibit route")                                            \
	X(IP_UNREACHABLE, "unreachable", "an unreachable route")                                  \
	X(IP_NOT_FORWARDED, "not-forwarded", "forwarding is off, or the address must not be")     \
	X(IP_MULTICAST, "multicast", "multicast that the tenant did not subscribe to")            \
	X(IP_BROADCAST, "broadcast", "broadcast that is not forwarded")                           \
	X(IP_DF, "fragmentation-needed", "too big and must not be fragmented")                    \
	X(IP_FRAGMENT, "bad-fragment", "fragments that overlap, time out or do not fit")          \
	X(IP_OPTIONS, "ip-options", "bad or unwanted IP options or extension headers")            \
	X(L4_HEADER, "l4-header", "bad transport header or checksum, addressed to the tenant")    \
	X(L4_NO_PORT, "no-port", "nobody listens; answered with an unreachable where allowed")    \
	X(ICMP_RATE, "icmp-rate", "an ICMP answer held back by the rate limit")                   \
	X(ICMP_IGNORED, "icmp-ignored", "an ICMP message that the tenant does not act on")        \
	X(ARP_INVALID, "arp-invalid", "malformed or forged ARP or neighbour discovery")           \
	X(ARP_IGNORED, "arp-ignored", "ARP or neighbour discovery for somebody else")             \
	X(NEIGH_QUEUE, "neigh-queue", "queue of a neighbour under resolution was full")           \
	X(NEIGH_FAILED, "neigh-failed", "the neighbour did not answer")                           \
	X(NEIGH_LIMIT, "neigh-limit", "the tenant's neighbour quota is used up")                  \
	X(ETHERTYPE, "ethertype", "a protocol that the tenant does not speak")                    \
	X(LOCAL_CONSUMED, "consumed", "taken by the tenant itself (not a loss)")                  \
	X(MODULE, "module", "a loaded module's own reason")

enum dp_drop {
#define DP_DROP_ENUM(sym, name, text) DP_DROP_##sym,
	DP_DROP_LIST(DP_DROP_ENUM)
#undef DP_DROP_ENUM
		DP_DROP_REASONS
};

static_assert(DP_DROP_REASONS <= 56, "8 of the account block's 64 words are not reasons");

/* Name as in output ("unknown-tag"), and its meaning. NULL for an unknown reason. */
const char *dp_drop_name(enum dp_drop reason);
const char *dp_drop_text(enum dp_drop reason);

#endif /* DP_DROP_H */
