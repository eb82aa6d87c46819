/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Name table: name -> tenant.
 */
#ifndef NETNS_NAMES_H
#define NETNS_NAMES_H

struct tenant;

int names_init(void);
void names_fini(void);

/* 1 .. 255 bytes, no '/', not "." or "..". Errors: -EINVAL */
int name_check(const char *name);
/* Takes @name for @t; lookups miss it until name_publish(). Errors: -EEXIST, -ENOMEM */
int name_reserve(struct tenant *t, const char *name);
void name_publish(struct tenant *t);
/* The name is free for others at once; @t keeps the text. Lock-free. Once per tenant. */
void name_forget(struct tenant *t);
/* Frees the text, a grace period after name_forget(). */
void name_free(struct tenant *t);
/* Takes back a reservation that was never published. */
void name_cancel(struct tenant *t);

#endif /* NETNS_NAMES_H */
