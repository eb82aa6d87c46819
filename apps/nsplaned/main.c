/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsplaned: the daemon. Starts EAL and the runtime, applies the configuration file, serves control
 * sessions, and waits for signals. Whatever fails before it is ready is said in one line that names
 * the cause, and leaves nothing behind.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>

#include "apps/config/config.h"
#include "daemon.h"
#include "dataplane/dp.h"
#include "dataplane/modules/ip/ip.h"
#include "dataplane/modules/xconnect/xconnect.h"
#ifdef HAVE_CONTROL
#include "apps/control/control.h"
#endif

static struct event_base *base;

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	(void)what;
	(void)arg;
	notify_service("STOPPING=1");
	fprintf(stderr, "nsplaned: %s, stopping\n", strsignal((int)sig));
	event_base_loopbreak(base);
}

static void on_hup(evutil_socket_t sig, short what, void *arg)
{
	const struct daemon_options *o = arg;

	(void)sig;
	(void)what;
	if (log_open(o->log_file))
		fprintf(stderr, "nsplaned: %s: %s\n", o->log_file, strerror(errno));
}

/** struct step - one thing to start, and how to undo it */
struct step {
	const char *what;
	int (*begin)(const struct daemon_options *o);
	void (*end)(void);
};

static struct config *config;

static int begin_eal(const struct daemon_options *o)
{
	char text[256] = "";
	int err = dp_eal_init("nsplaned", o->eal_argc, o->eal_argv, text, sizeof(text));

	if (text[0])
		fprintf(stderr, "%s\n", text);
	return err;
}

static void end_eal(void)
{
	rte_eal_cleanup();
}

static unsigned int idle_of(const char *text)
{
	if (text && strcmp(text, "poll") == 0)
		return DP_IDLE_POLL;
	return text && strcmp(text, "sleep") == 0 ? DP_IDLE_SLEEP : DP_IDLE_ADAPTIVE;
}

static int begin_runtime(const struct daemon_options *o)
{
	struct dp_options options = { .idle = idle_of(config ? config->idle : NULL) };

	(void)o;
	if (config)
		options.netns.max_tenants = config->max_tenants;
	return dp_init(&options);
}

static void end_runtime(void)
{
	dp_fini();
}

static int begin_modules(const struct daemon_options *o)
{
	int err = dp_module_register(&xconnect_module, NULL, 0);

	(void)o;
	return err ? err : router_register();
}

static void end_modules(void)
{
	router_unregister();
	dp_module_unregister(&xconnect_module);
}

static void progress(double done)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rtenants: %3.0f %%", done * 100);
}

static int begin_config(const struct daemon_options *o)
{
	struct config_error error = { "" };
	int err;

	if (!config)
		return 0;
	err = config_apply(o->config, config, progress, &error);
	if (err)
		fprintf(stderr, "%s\n", error.text);
	else
		fprintf(stderr, "%s: %u ports, %u tenants\n", o->config, config->ports_count,
			config->tenants_count);
	return err;
}

static void end_config(void)
{
	if (config)
		config_unapply();
}

static int begin_control(const struct daemon_options *o)
{
#ifdef HAVE_CONTROL
	struct control_options options = { .socket = o->socket };

	return control_start(base, &options);
#else
	(void)o;
	return 0;
#endif
}

static void end_control(void)
{
#ifdef HAVE_CONTROL
	control_stop();
#endif
}

static const struct step steps[] = {
	{ "EAL", begin_eal, end_eal },
	{ "the runtime", begin_runtime, end_runtime },
	{ "modules", begin_modules, end_modules },
	{ "the configuration", begin_config, end_config },
	{ "the control socket", begin_control, end_control },
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static int serve(const struct daemon_options *o)
{
	struct event *term = evsignal_new(base, SIGTERM, on_stop, NULL);
	struct event *intr = evsignal_new(base, SIGINT, on_stop, NULL);
	struct event *hup = evsignal_new(base, SIGHUP, on_hup, (void *)(uintptr_t)o);
	size_t i;
	int err = 0;

	if (!term || !intr || !hup)
		err = -ENOMEM;
	for (i = 0; i < N_STEPS && !err; i++) {
		err = steps[i].begin(o);
		if (err) {
			fprintf(stderr, "nsplaned: could not start %s: %s\n", steps[i].what,
				strerror(-err));
			break;
		}
	}
	if (!err) {
		evsignal_add(term, NULL);
		evsignal_add(intr, NULL);
		evsignal_add(hup, NULL);
		notify_service("READY=1");
		fprintf(stderr, "nsplaned: ready\n");
		event_base_dispatch(base);
	}
	while (i-- > 0)
		steps[i].end();
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	if (hup)
		event_free(hup);
	return err;
}

static int load(const struct daemon_options *o)
{
	struct config_error error = { "" };
	int err = 0;

	if (o->config) {
		err = config_load(o->config, &config, &error);
		if (!err)
			err = config_check(o->config, config, &error);
	}
	if (err)
		fprintf(stderr, "%s\n", error.text);
	else if (o->check)
		printf("%s: good: %u ports, %u tenants\n", o->config, config->ports_count,
		       config->tenants_count);
	return err;
}

int main(int argc, char **argv)
{
	struct daemon_options o;
	int err = options_parse(argc, argv, &o);

	if (err)
		return err > 0 ? 0 : 2;
	if (o.log_file && log_open(o.log_file)) {
		fprintf(stderr, "nsplaned: %s: %s\n", o.log_file, strerror(errno));
		return 1;
	}
	err = load(&o);
	if (!err && !o.check) {
		base = event_base_new();
		err = base ? serve(&o) : -ENOMEM;
		if (base)
			event_base_free(base);
	}
	config_free(config);
	libevent_global_shutdown();
	return err ? 1 : 0;
}
