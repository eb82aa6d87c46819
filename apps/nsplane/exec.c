/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `nsplane exec`: a program inside a tenant. A session is left open in it for as long as it runs,
 * so that it is found by its process id, and the preload library carries its netlink sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/control/control.h"
#include "nsplane.h"

#define SESSION_FD 100 /* out of the program's way */

/* The library beside us, in the build tree or installed. */
static const char *shim_path(void)
{
	static const char *const places[] = { "/../shim/libnsplane-shim.so",
					      "/../lib/nsplane/libnsplane-shim.so" };
	static char path[4096];
	const char *env = getenv("NSPLANE_SHIM");
	ssize_t n;
	size_t i;

	if (env && *env)
		return env;
	n = readlink("/proc/self/exe", path, sizeof(path) - 64);
	while (n > 0 && path[n - 1] != '/')
		n--;
	for (i = 0; n > 0 && i < 2; i++) {
		strcpy(path + n - 1, places[i]);
		if (access(path, R_OK) == 0)
			return path;
	}
	return NSPLANE_SHIM_PATH;
}

static int preload(const char *shim)
{
	const char *old = getenv("LD_PRELOAD");
	char *both;
	int err;

	if (!old || !*old)
		return setenv("LD_PRELOAD", shim, 1);
	if (strstr(old, shim))
		return 0;
	if (asprintf(&both, "%s:%s", shim, old) < 0)
		return -1;
	err = setenv("LD_PRELOAD", both, 1);
	free(both);
	return err;
}

int exec_in(const struct line *line, const struct command *c, int argc, char **argv)
{
	const char *shim = shim_path();
	char path[128];
	int fd, kept;

	(void)line;
	(void)c;
	(void)argc;
	if (access(shim, R_OK) != 0) {
		fprintf(stderr, "nsplane: %s: %s\n", shim, strerror(errno));
		return EXIT_DAEMON;
	}
	fd = conn_open();
	if (fd < 0 || conn_enter(fd, argv[0]) != 0)
		return EXIT_DAEMON;
	kept = fcntl(fd, F_DUPFD, SESSION_FD);
	close(fd);
	conn_path(path, sizeof(path));
	if (kept < 0 || preload(shim) != 0 || setenv("NSPLANE_NETNS", argv[0], 1) != 0 ||
	    setenv("NSPLANE_SOCKET", path, 1) != 0) {
		fprintf(stderr, "nsplane: %s\n", strerror(errno));
		return EXIT_DAEMON;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "exec of \"%s\" failed: %s\n", argv[1], strerror(errno));
	return 255;
}

int monitor(const struct line *line, const struct command *c, int argc, char **argv)
{
	const char *text;
	int fd = conn_open();

	(void)line;
	(void)c;
	(void)argc;
	(void)argv;
	if (fd < 0 || conn_join(fd, NSP_GROUP_NETNS) != 0)
		return EXIT_DAEMON;
	setlinebuf(stdout);
	while ((text = conn_next(fd)))
		puts(text);
	return EXIT_DAEMON;
}
