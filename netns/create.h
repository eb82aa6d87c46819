/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creation, as the library itself uses it.
 */
#ifndef NETNS_CREATE_H
#define NETNS_CREATE_H

struct netns;

/* The root namespace: index 0, counted for no owner. */
int create_root(struct netns **ret_ns);

#endif /* NETNS_CREATE_H */
