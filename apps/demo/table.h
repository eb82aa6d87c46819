/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's live table, and splitting a recording by tenant.
 */
#ifndef DEMO_TABLE_H
#define DEMO_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp.h"

#define TABLE_TENANTS 8u

/** struct demo_table - what was counted at the last print */
struct demo_table {
	const char *const *names;
	struct netns *const *tenants;
	unsigned int n;
	uint64_t last_ns, lines;
	uint64_t rx[TABLE_TENANTS + 1], tx[TABLE_TENANTS + 1];
	uint64_t busy, packets;
	bool terminal;
};

void table_begin(struct demo_table *t);
void table_print(struct demo_table *t);
/* Totals and drops by reason. False: some tenant's packets are not all accounted for, or none came.
 */
bool table_end(struct demo_table *t);

/* DIR/output.pcap by its VLAN (200 + i) into DIR/NAME.pcap each. Errors: -errno of a file */
int table_split(const char *dir, const char *const *names, unsigned int n);

#endif /* DEMO_TABLE_H */
