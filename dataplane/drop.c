/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and meanings of the drop reasons, from the one list in dp_drop.h. Any thread.
 */
#include <stddef.h>

#include "dp_drop.h"

static const char *const names[] = {
#define NAME(sym, name, text) name,
	DP_DROP_LIST(NAME)
#undef NAME
};

static const char *const texts[] = {
#define TEXT(sym, name, text) text,
	DP_DROP_LIST(TEXT)
#undef TEXT
};

const char *dp_drop_name(enum dp_drop reason)
{
	return reason < DP_DROP_REASONS ? names[reason] : NULL;
}

const char *dp_drop_text(enum dp_drop reason)
{
	return reason < DP_DROP_REASONS ? texts[reason] : NULL;
}
