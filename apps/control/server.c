/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listening socket: owns the path, takes connections, bounds how many there are. Called by the
 * daemon; everything runs in the thread of its event loop, which is a reader that is offline
 * whenever it may sleep.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"
#include "server.h"
#include "words.h"

#define BACKLOG      128
#define SESSIONS_MAX 4096u

static struct control_options options;
static struct event_base *base;
static struct event *accepting;
static int listener = -1;
static struct sockaddr_un address;
static bool reader; /* this file made the thread a reader */

struct event_base *server_base(void)
{
	return base;
}

const char *server_path(void)
{
	return address.sun_path;
}

uid_t server_admin(void)
{
	return geteuid();
}

bool server_admits(uid_t uid)
{
	if (sessions_count() >= options.max_sessions)
		return false;
	if (uid == 0 || uid == server_admin())
		return true;
	return sessions_of_uid(uid) < options.max_sessions_per_uid;
}

int control_socket_path(const char *given, char *buf, size_t size)
{
	const char *env = getenv("NSPLANE_SOCKET"), *dir = getenv("XDG_RUNTIME_DIR");
	int n;

	if (given && *given)
		n = snprintf(buf, size, "%s", given);
	else if (env && *env)
		n = snprintf(buf, size, "%s", env);
	else if (geteuid() == 0)
		n = snprintf(buf, size, "/run/nsplane.sock");
	else if (dir && *dir)
		n = snprintf(buf, size, "%s/nsplane.sock", dir);
	else
		n = snprintf(buf, size, "/tmp/nsplane-%u.sock", (unsigned int)geteuid());
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	int conn;

	(void)what;
	(void)arg;
	conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (conn >= 0 && !session_new(conn))
		close(conn);
}

/* A socket that nobody serves any more is in the way of nobody. */
static int clear_path(void)
{
	struct stat st;
	int fd, err;

	if (lstat(address.sun_path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? -EADDRINUSE : 0;
	close(fd);
	if (!err && unlink(address.sun_path) != 0)
		err = -errno;
	return err;
}

static int listen_on_path(void)
{
	int err = clear_path();
	mode_t old;

	if (err)
		return err;
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return -errno;
	old = umask(0177);
	err = bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
	umask(old);
	if (err)
		goto close_it;
	if ((options.has_gid && chown(address.sun_path, (uid_t)-1, options.gid) != 0) ||
	    chmod(address.sun_path, options.mode) != 0 || listen(listener, BACKLOG) != 0) {
		err = -errno;
		goto unlink_it;
	}
	return 0;

unlink_it:
	unlink(address.sun_path);
close_it:
	close(listener);
	listener = -1;
	return err;
}

static int set_options(const struct control_options *o)
{
	memset(&options, 0, sizeof(options));
	if (o)
		options = *o;
	if (!options.mode)
		options.mode = 0666;
	if (!options.max_sessions)
		options.max_sessions = SESSIONS_MAX;
	if (!options.max_sessions_per_uid)
		options.max_sessions_per_uid = (options.max_sessions + 3) / 4;
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	return control_socket_path(options.socket, address.sun_path, sizeof(address.sun_path));
}

int control_netns_create(const struct netns_config *config, struct netns **ret_ns)
{
	struct netns *ns;
	int err = netns_create(config, &ns);

	if (err)
		return err;
	held_take(ns);
	*ret_ns = ns;
	return 0;
}

bool control_netns_delete(struct netns *ns)
{
	return held_drop(ns);
}

int control_start(struct event_base *event_base, const struct control_options *o)
{
	int err = set_options(o);

	if (err)
		return err;
	base = event_base;
	err = netns_reader_register("control");
	if (err && err != -EEXIST)
		return err;
	reader = err == 0;
	netns_reader_offline();
	err = held_start();
	if (err)
		goto unregister;
	err = nl_notify_start(base);
	if (err)
		goto held;
	err = listen_on_path();
	if (err)
		goto notify;
	accepting = event_new(base, listener, EV_READ | EV_PERSIST, on_connect, NULL);
	if (!accepting || event_add(accepting, NULL) != 0) {
		err = -ENOMEM;
		goto unlisten;
	}
	return 0;

unlisten:
	if (accepting)
		event_free(accepting);
	accepting = NULL;
	close(listener);
	unlink(address.sun_path);
notify:
	nl_notify_stop();
held:
	held_stop();
unregister:
	if (reader)
		netns_reader_unregister();
	return err;
}

void control_stop(void)
{
	event_free(accepting);
	accepting = NULL;
	close(listener);
	listener = -1;
	unlink(address.sun_path);
	sessions_free();
	held_stop();
	nl_notify_stop();
	link_extra_fini();
	if (reader)
		netns_reader_unregister();
}
