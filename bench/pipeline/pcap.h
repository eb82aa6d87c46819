/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the pipeline suites' source.
 */
#ifndef BENCH_PIPELINE_PCAP_H
#define BENCH_PIPELINE_PCAP_H

#include <stdint.h>

#include "world.h"

/* UDP over IPv4 in VLAN @vid to @dst (host order), @size bytes without FCS. */
void frame_fill(uint8_t *f, unsigned int size, unsigned int vid, uint32_t dst,
		const uint8_t mac[6]);
/* Errors: -errno of the file */
int pcap_write(const char *path, const struct frame_mix *mix, const uint8_t mac[6]);

#endif /* BENCH_PIPELINE_PCAP_H */
