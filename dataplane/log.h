/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logging of the runtime through DPDK's log types ("nsplane", level by --log-level). One line a
 * call, no newline at its end. Control side only: workers count, they do not log.
 */
#ifndef DP_LOG_H
#define DP_LOG_H

#include <rte_log.h>

extern int dp_logtype; /* const after log_init() */

int log_init(void);
void dp_log(uint32_t level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define LOG_ERR(...)    dp_log(RTE_LOG_ERR, __VA_ARGS__)
#define LOG_WARN(...)   dp_log(RTE_LOG_WARNING, __VA_ARGS__)
#define LOG_NOTICE(...) dp_log(RTE_LOG_NOTICE, __VA_ARGS__)
#define LOG_DBG(...)    dp_log(RTE_LOG_DEBUG, __VA_ARGS__)

/* netns_options.log: what the namespace core says goes the same way. */
void log_netns(int level, const char *text, void *arg);

#endif /* DP_LOG_H */
