/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of the telemetry commands; see telemetry.c.
 */
#ifndef DP_TELEMETRY_H
#define DP_TELEMETRY_H

void telemetry_init(void);
void telemetry_fini(void); /* no callback runs, nor will */

#endif /* DP_TELEMETRY_H */
