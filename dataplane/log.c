/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log type "nsplane" and its one function. Registered explicitly by dp_init(), since constructors
 * are not used here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

int dp_logtype = RTE_LOGTYPE_USER1;

int log_init(void)
{
	int type = rte_log_register_type_and_pick_level("nsplane", RTE_LOG_NOTICE);

	if (type < 0)
		return type;
	dp_logtype = type;
	return 0;
}

void dp_log(uint32_t level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	rte_log(level, (uint32_t)dp_logtype, "nsplane: %s\n", line);
}

void log_netns(int level, const char *text, void *arg)
{
	static const uint32_t levels[] = { RTE_LOG_ERR, RTE_LOG_WARNING, RTE_LOG_NOTICE,
					   RTE_LOG_DEBUG };

	(void)arg;
	dp_log(levels[level < 0 || level > 3 ? 3 : level], "netns: %s", text);
}
