/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of modules in order of running: by stage, within a stage topologically by runs_after,
 * and where that leaves a choice in order of registration. A cycle is an error that names it.
 * Control side.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "module.h"

static struct module *list[MODULES_MAX];       /* in order of running */
static struct module *registered[MODULES_MAX]; /* in order of registration */
static unsigned int n_modules;

unsigned int module_count(void)
{
	return n_modules;
}

struct module *module_at(unsigned int i)
{
	return i < n_modules ? list[i] : NULL;
}

struct module *module_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_modules; i++)
		if (strcmp(list[i]->desc->name, name) == 0)
			return list[i];
	return NULL;
}

struct module *module_by_desc(const struct dp_module *desc)
{
	unsigned int i;

	for (i = 0; i < n_modules; i++)
		if (list[i]->desc == desc)
			return list[i];
	return NULL;
}

static bool names(const char *const *after, const char *name)
{
	for (; after != NULL && *after != NULL; after++)
		if (strcmp(*after, name) == 0)
			return true;
	return false;
}

/* Must @a wait for @b? */
static bool waits(const struct module *a, const struct module *b)
{
	return a->desc->stage == b->desc->stage && names(a->desc->runs_after, b->desc->name);
}

/* Of those not @done, one that waits for nobody else; -1: each waits for another. */
static int next_free(struct module *const *in, unsigned int n, const bool *done,
		     enum dp_stage stage)
{
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		if (done[i] || in[i]->desc->stage != stage)
			continue;
		for (k = 0; k < n; k++)
			if (!done[k] && k != i && waits(in[i], in[k]))
				break;
		if (k == n && !waits(in[i], in[i]))
			return (int)i;
	}
	return -1;
}

/* Follows "waits for" from any module that is stuck, until one comes again: that is the cycle. */
static void name_cycle(struct module *const *in, unsigned int n, const bool *done,
		       enum dp_stage stage, char *text, size_t len)
{
	unsigned int i, k, step, at = 0;
	size_t used;

	for (i = 0; i < n; i++)
		if (!done[i] && in[i]->desc->stage == stage)
			break;
	for (step = 0; step < n; step++) { /* after n steps it is on the cycle for sure */
		for (k = 0; k < n; k++)
			if (!done[k] && waits(in[i], in[k]))
				break;
		i = k;
	}
	used = (size_t)snprintf(text, len, "%s", in[i]->desc->name);
	at = i;
	do {
		for (k = 0; k < n; k++)
			if (!done[k] && waits(in[at], in[k]))
				break;
		at = k;
		if (used < len)
			used += (size_t)snprintf(text + used, len - used, " after %s",
						 in[at]->desc->name);
	} while (at != i && used < len);
}

static int sort(struct module *const *in, unsigned int n, struct module **out, char *text,
		size_t len)
{
	bool done[MODULES_MAX] = { false };
	unsigned int stage, i, left, n_out = 0;
	int next;

	for (stage = 0; stage < DP_STAGES; stage++) {
		for (i = left = 0; i < n; i++)
			left += in[i]->desc->stage == stage;
		for (; left > 0; left--) {
			next = next_free(in, n, done, (enum dp_stage)stage);
			if (next < 0) {
				name_cycle(in, n, done, (enum dp_stage)stage, text, len);
				return -ELOOP;
			}
			done[next] = true;
			out[n_out++] = in[next];
		}
	}
	return 0;
}

int module_list_add(struct module *m, char *text, size_t len)
{
	struct module *sorted[MODULES_MAX];
	int err;

	if (n_modules == MODULES_MAX)
		return -ENOSPC;
	registered[n_modules] = m;
	err = sort(registered, n_modules + 1, sorted, text, len);
	if (err != 0)
		return err;
	n_modules++;
	memcpy(list, sorted, sizeof(list));
	return 0;
}

static void take_out(struct module **a, const struct module *m)
{
	unsigned int i;

	for (i = 0; a[i] != m; i++)
		;
	memmove(&a[i], &a[i + 1], (n_modules - i - 1) * sizeof(void *));
}

void module_list_del(struct module *m)
{
	/* leaving only loosens the order: what is left is sorted still */
	take_out(list, m);
	take_out(registered, m);
	n_modules--;
}
