/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of our own as words, answered in JSON: what `ip` has no message for. words.c finds the
 * handler; words_*.c hold them. Handlers take dp_ctl_lock themselves where they need it.
 */
#ifndef CONTROL_WORDS_H
#define CONTROL_WORDS_H

#include <stdio.h>

#include "internal.h"

#define WORDS_MAX 64u

struct words {
	struct nl_req *req;
	unsigned int n;
	const char *w[WORDS_MAX + 1]; /* NULL behind the last */
	FILE *out;
	bool answered; /* the handler made it a dump */
};

/* The tenant of a name, referenced; else -ENOENT with a text. "" and "root" are the root. */
int words_netns(struct words *w, const char *name, struct netns **ret_ns);
/* The same, and the session may change it: -EPERM. */
int words_netns_own(struct words *w, const char *name, struct netns **ret_ns);
int words_admin(struct words *w); /* 0, or -EPERM with a text */
int words_u64(struct words *w, const char *word, uint64_t *ret_value);
void words_json_string(FILE *out, const char *s); /* quotes and escapes */

/* words_netns.c: the reference that keeps a tenant until it is deleted. Control thread. */
int held_start(void);
void held_take(struct netns *ns);
bool held_drop(struct netns *ns);
void held_stop(void);

int words_netns_add(struct words *w);
int words_netns_del(struct words *w);
int words_netns_list(struct words *w);
int words_netns_set(struct words *w);
int words_netns_list_id(struct words *w);
int words_netns_identify(struct words *w);
int words_netns_pids(struct words *w);
int words_netns_attach(struct words *w);
int words_show(struct words *w);
int words_stats(struct words *w);
int words_runtime(struct words *w);
int words_lcore_list(struct words *w);
int words_rcu(struct words *w);
int words_quota(struct words *w);
int words_owner(struct words *w);
int words_port_add(struct words *w);
int words_port_del(struct words *w);
int words_port_list(struct words *w);
int words_module_list(struct words *w);

#endif /* CONTROL_WORDS_H */
