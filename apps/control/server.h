/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions need of the server: its event base and whom it lets in. See server.c.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct event_base;

struct event_base *server_base(void);
uid_t server_admin(void);
/* May one more session of @uid come in? */
bool server_admits(uid_t uid);
const char *server_path(void);

#endif /* CONTROL_SERVER_H */
