/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grammar: commands may be abbreviated, the first that fits is meant, as with `ip`; whatever is
 * wrong is shown under the word, with what was expected.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsplane.h"

static int simple(const struct line *line, const struct command *c, int argc, char **argv);

/* The order matters: the first row that an abbreviation fits is taken. */
const struct command commands[] = {
	{ "netns", "list", "", "tenants, and the ids they have here", 0, 0, simple, false },
	{ "netns", "add", "NAME [ quota KIND LIMIT | owner UID GID ]...", "make a tenant", 1, -1,
	  simple, false },
	{ "netns", "delete", "NAME", "delete it; it lives on while something holds it", 1, 1,
	  simple, true },
	{ "netns", "set", "NAME { NSID | auto }", "give it an id here", 2, 2, simple, true },
	{ "netns", "identify", "[ PID ]", "the tenant a process is in", 0, 1, simple, false },
	{ "netns", "pids", "NAME", "processes in it", 1, 1, simple, true },
	{ "netns", "exec", "NAME COMMAND...", "run a program in it", 2, -1, exec_in, true },
	{ "netns", "attach", "NAME PID", "name the tenant that a process is in", 2, 2, simple,
	  false },
	{ "netns", "monitor", "", "tell of tenants that come and go", 0, 0, monitor, false },
	{ "netns", "list-id", "", "ids given here", 0, 0, simple, false },
	{ "exec", NULL, "NAME COMMAND...", "run a program in a tenant", 2, -1, exec_in, true },
	{ "show", NULL, "[ NAME ]", "a tenant: limits, links, modules", 0, 1, simple, true },
	{ "stats", NULL, "[ NAME ]", "counters of tenants, or of one with its links", 0, 1, simple,
	  true },
	{ "top", NULL, "[ rate | drops | cycles ] [ ROUNDS ]", "the busiest, live", 0, 2, top,
	  false },
	{ "runtime", NULL, "", "workers and what each module takes of them", 0, 0, simple, false },
	{ "quota", NULL, "NAME { KIND { LIMIT | none } }...",
	  "limits: bytes, links, routes, neighs", 3, -1, simple, true },
	{ "owner", NULL, "NAME UID GID", "give a tenant to somebody", 3, 3, simple, true },
	{ "port", "list", "", "DPDK ports", 0, 0, simple, false },
	{ "port", "add", "NAME DEVARGS [ rxq N ] [ txq N ] [ rxd N ] [ txd N ] [ mtu N ]",
	  "add a port", 2, -1, simple, false },
	{ "port", "delete", "NAME", "remove a port", 1, 1, simple, false },
	{ "module", "list", "", "modules in the pipeline", 0, 0, simple, false },
	{ "lcore", "list", "", "workers", 0, 0, simple, false },
	{ "rcu", NULL, "", "grace periods, backlog, the slowest reader", 0, 0, simple, false },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL, false },
};

void usage(void)
{
	const struct command *c;

	fputs("Usage: nsplane [ OPTIONS ] OBJECT { COMMAND | help }\n"
	      "       nsplane [ -force ] -batch FILE\n"
	      "where OPTIONS := { -j[son] | -c[olor] | -n NAME | -s[ocket] PATH | -V[ersion] }\n\n",
	      stderr);
	for (c = commands; c->first; c++)
		fprintf(stderr, "  nsplane %s%s%s%s%s\n        %s\n", c->first,
			c->second ? " " : "", c->second ? c->second : "", *c->args ? " " : "",
			c->args, c->help);
}

int wrong(const struct line *line, int at, const char *fmt, ...)
{
	int i, column = 0, width = 1;
	va_list ap;

	if (line->file)
		column = fprintf(stderr, "%s:%u: ", line->file, line->number);
	else
		column = fprintf(stderr, "nsplane ");
	for (i = 0; i < line->argc; i++) {
		if (i == at)
			width = (int)strlen(line->argv[i]);
		if (i < at)
			column += (int)strlen(line->argv[i]) + 1;
		fprintf(stderr, "%s ", line->argv[i]);
	}
	fprintf(stderr, "\n%*s", column, "");
	for (i = 0; i < (width ? width : 1); i++)
		putc('^', stderr);
	fputs("\nError: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
	return EXIT_USAGE;
}

static bool fits(const char *word, const char *full)
{
	return *word && strncmp(word, full, strlen(word)) == 0;
}

static int simple(const struct line *line, const struct command *c, int argc, char **argv)
{
	char *words[64], *text;
	int n = 0, i, fd, ret;

	if (argc > 60)
		return wrong(line, line->argc - 1, "too many words");
	words[n++] = (char *)(uintptr_t)c->first;
	if (c->second) /* the daemon knows "del" */
		words[n++] =
			(char *)(uintptr_t)(strcmp(c->second, "delete") == 0 ? "del" : c->second);
	for (i = 0; i < argc; i++)
		words[n++] = argv[i];
	fd = conn_open();
	if (fd < 0)
		return EXIT_DAEMON;
	ret = conn_words(fd, n, words, &text);
	close(fd);
	if (ret)
		return ret;
	if (*text || settings.json)
		print_answer(c, text);
	free(text);
	return 0;
}

static void expected(char *buf, size_t size, const char *first)
{
	const struct command *c;
	const char *last = "";
	size_t n = 0;

	*buf = 0;
	for (c = commands; c->first; c++) {
		const char *word = first ? c->second : c->first;

		if ((first && (strcmp(c->first, first) != 0 || !word)) || strcmp(word, last) == 0)
			continue;
		n += (size_t)snprintf(buf + n, n < size ? size - n : 0, "%s%s", n ? ", " : "",
				      word);
		last = word;
	}
}

static const struct command *first_of(const char *word)
{
	const struct command *c;

	for (c = commands; c->first; c++)
		if (fits(word, c->first))
			return c;
	return NULL;
}

static int help(const char *first)
{
	const struct command *c;

	for (c = commands; c->first; c++)
		if (strcmp(c->first, first) == 0)
			fprintf(stderr, "Usage: nsplane %s%s%s %s\n", c->first,
				c->second ? " " : "", c->second ? c->second : "", c->args);
	return 0;
}

/* The row among those of @c's first word that @word means; without one the first, "list" */
static const struct command *second_of(const struct command *c, const char *word)
{
	const char *first = c->first;
	const struct command *row;

	if (!word)
		return c;
	for (row = c; row->first && strcmp(row->first, first) == 0; row++)
		if (strcmp(word, row->second) == 0) /* "list-id" is no longer "list" */
			return row;
	for (row = c; row->first && strcmp(row->first, first) == 0; row++)
		if (fits(word, row->second))
			return row;
	return NULL;
}

int run_line(const struct line *line)
{
	const struct command *c;
	char text[512];
	int at = 1;

	if (line->argc == 0 || strcmp(line->argv[0], "help") == 0) {
		usage();
		return line->argc ? 0 : EXIT_USAGE;
	}
	c = first_of(line->argv[0]);
	if (!c) {
		expected(text, sizeof(text), NULL);
		return wrong(line, 0, "expected one of: %s", text);
	}
	if (line->argc > 1 && strcmp(line->argv[1], "help") == 0)
		return help(c->first);
	if (c->second) {
		const struct command *row = second_of(c, line->argc > 1 ? line->argv[1] : NULL);

		if (!row) {
			expected(text, sizeof(text), c->first);
			return wrong(line, 1, "expected one of: %s", text);
		}
		c = row;
		at = line->argc > 1 ? 2 : 1;
	}
	if (line->argc - at < c->min)
		return wrong(line, line->argc, "expected: %s%s%s %s", c->first,
			     c->second ? " " : "", c->second ? c->second : "", c->args);
	if (c->max >= 0 && line->argc - at > c->max)
		return wrong(line, at + c->max, "expected nothing more: %s%s%s %s", c->first,
			     c->second ? " " : "", c->second ? c->second : "", c->args);
	return c->run(line, c, line->argc - at, line->argv + at);
}
