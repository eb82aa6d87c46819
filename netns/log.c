/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log: one line at a time to the callback of netns_options, else to stderr. Called at boundaries by
 * every file of the core, by any thread, before netns_lib_init() and after netns_lib_fini() too.
 * A broken invariant ends here as well.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tenant.h"

#define LINE_MAX_BYTES 512

static const char *const level_name[] = { "error", "warning", "notice", "debug" };

static void emit(int level, const char *text)
{
	if (netns_opts.log != NULL) {
		netns_opts.log(level, text, netns_opts.log_arg);
		return;
	}
	if (level <= 2)
		fprintf(stderr, "netns: %s: %s\n", level_name[level], text);
}

void netns_log(int level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	if (level < 0 || level > 3)
		level = 3;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	emit(level, text);
}

void netns_bug(const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	emit(0, text);
	if (netns_opts.log != NULL)
		fprintf(stderr, "netns: bug: %s\n", text);
	abort();
}
