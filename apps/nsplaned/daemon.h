/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon's files share: its command line, its log, and telling systemd how it is.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

/** struct daemon_options - the command line */
struct daemon_options {
	const char *config;   /* file; NULL: the root tenant alone */
	const char *socket;   /* control socket; NULL: the usual place */
	const char *log_file; /* NULL: stderr */
	bool check;           /* only say whether the file is good */
	int eal_argc;         /* arguments for EAL, behind "--" */
	char **eal_argv;
};

/* Return: 0 go on, 1 said what was asked for, < 0 said what was wrong */
int options_parse(int argc, char **argv, struct daemon_options *ret_options);

/* stderr goes to @path from now on; again, after the file was moved away. -1 with errno. */
int log_open(const char *path);

/* One line of the sd_notify protocol, if there is somebody to tell. */
void notify_service(const char *state);

#endif /* DAEMON_H */
