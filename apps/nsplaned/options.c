/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's command line, log file and service notifications.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "netns/netns.h"

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: nsplaned [-c FILE] [--socket PATH] [--log-file FILE] [-- EAL-ARGUMENTS]\n"
		"       nsplaned --check FILE\n"
		"\n"
		"Runs tenants' packet pipelines. Stays in the foreground; stops on SIGINT and\n"
		"SIGTERM, opens its log file anew on SIGHUP.\n"
		"\n"
		"  -c, --config FILE   ports, workers and tenants to begin with (YAML)\n"
		"      --check FILE    say whether FILE is good, and do nothing else\n"
		"      --socket PATH   control socket (default: $NSPLANE_SOCKET, else\n"
		"                      /run/nsplane.sock or $XDG_RUNTIME_DIR/nsplane.sock)\n"
		"      --log-file FILE messages go there instead of stderr\n"
		"  -h, --help          this text\n"
		"      --version       version of the library\n"
		"\n"
		"EAL arguments override what is picked for this machine.\n");
}

int options_parse(int argc, char **argv, struct daemon_options *ret_options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", required_argument, NULL, 'k' },
		{ "socket", required_argument, NULL, 's' },
		{ "log-file", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct daemon_options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "+c:h", longs, NULL)) != -1) {
		switch (c) {
		case 'k':
			o.check = true;
			o.config = optarg;
			break;
		case 'c':
			o.config = optarg;
			break;
		case 's':
			o.socket = optarg;
			break;
		case 'l':
			o.log_file = optarg;
			break;
		case 'h':
			usage(stdout);
			return 1;
		case 'V':
			printf("nsplaned %s\n", netns_version());
			return 1;
		default:
			usage(stderr);
			return -EINVAL;
		}
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
		fprintf(stderr, "nsplaned: '%s': expected an option, or -- before EAL arguments\n",
			argv[optind]);
		return -EINVAL;
	}
	o.eal_argc = argc - optind;
	o.eal_argv = argv + optind;
	*ret_options = o;
	return 0;
}

int log_open(const char *path)
{
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	if (dup2(fd, STDERR_FILENO) < 0) {
		close(fd);
		return -1;
	}
	close(fd);
	setvbuf(stderr, NULL, _IOLBF, 0);
	return 0;
}

void notify_service(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		fprintf(stderr, "nsplaned: NOTIFY_SOCKET: %s\n", strerror(errno));
	close(fd);
}
