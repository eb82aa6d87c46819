/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values as people write them. See text.h.
 */
#include "text.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dataplane/dp_link.h"

bool text_prefix(const char *text, uint8_t *ret_family, uint8_t ret_addr[16], uint8_t *ret_plen)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint8_t addr[16] = { 0 }, family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned long plen = family == AF_INET6 ? 128 : 32;
	char host[64], *end;

	if (strcmp(text, "default") == 0) {
		*ret_family = AF_INET;
		memset(ret_addr, 0, 16);
		*ret_plen = 0;
		return true;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	if (inet_pton(family, host, addr) != 1)
		return false;
	if (slash) {
		unsigned long most = plen;

		plen = strtoul(slash + 1, &end, 10);
		if (end == slash + 1 || *end || plen > most)
			return false;
	}
	*ret_family = family;
	memcpy(ret_addr, addr, sizeof(addr));
	*ret_plen = (uint8_t)plen;
	return true;
}

bool text_mac(const char *text, uint8_t ret_mac[6])
{
	unsigned int b[6], i;
	char rest;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &rest) != 6)
		return false;
	for (i = 0; i < 6; i++)
		ret_mac[i] = (uint8_t)b[i];
	return true;
}

/** struct word - a word and what it means */
struct word {
	const char *text;
	uint32_t value;
};

static bool look_up(const struct word *words, const char *text, uint32_t *ret)
{
	for (; words->text; words++) {
		if (strcasecmp(words->text, text) == 0) {
			*ret = words->value;
			return true;
		}
	}
	return false;
}

bool text_link_kind(const char *text, uint8_t *ret_kind)
{
	static const struct word words[] = { { "vlan", DP_LINK_VLAN },
					     { "vxlan", DP_LINK_VXLAN },
					     { "veth", DP_LINK_PAIR },
					     { "dummy", DP_LINK_DUMMY },
					     { NULL, 0 } };
	uint32_t v;

	if (!look_up(words, text, &v))
		return false;
	*ret_kind = (uint8_t)v;
	return true;
}

bool text_tag_proto(const char *text, uint16_t *ret_proto)
{
	static const struct word words[] = { { "802.1Q", 0x8100 },
					     { "802.1ad", 0x88a8 },
					     { NULL, 0 } };
	uint32_t v = 0x8100;

	if (text && !look_up(words, text, &v))
		return false;
	*ret_proto = (uint16_t)v;
	return true;
}

bool text_route_type(const char *text, uint8_t *ret_type)
{
	static const struct word words[] = { { "unicast", RTN_UNICAST },
					     { "blackhole", RTN_BLACKHOLE },
					     { "unreachable", RTN_UNREACHABLE },
					     { "prohibit", RTN_PROHIBIT },
					     { NULL, 0 } };
	uint32_t v = RTN_UNICAST;

	if (text && !look_up(words, text, &v))
		return false;
	*ret_type = (uint8_t)v;
	return true;
}
