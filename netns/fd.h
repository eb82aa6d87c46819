/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What fd.c (descriptors of our own), kernel_link.c (kernel namespaces that stand for a tenant) and
 * session.c need of each other. Both kinds are known by the inode behind the descriptor.
 */
#ifndef NETNS_FD_INTERNAL_H
#define NETNS_FD_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "rcu.h"
#include "tenant.h"

int kernel_link_init(void);
void kernel_link_fini(void);

/* The live tenant that the nsfs inode in @st stands for, referenced, or NULL. */
struct netns *kernel_link_find(const struct stat *st);
/* The same for the network namespace that process @pid is in. */
struct netns *kernel_link_find_pid(pid_t pid);

/* cred.c: uid 0 or netns_options.admin_uid. */
bool cred_is_admin(const struct netns_cred *cred);

#endif /* NETNS_FD_INTERNAL_H */
