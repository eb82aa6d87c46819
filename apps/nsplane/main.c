/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsplane: the command. Options, batches; each command is a row of the grammar in args.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsplane.h"

#define WORDS_MAX 128

struct settings settings;

/* Splits @text in place; quotes keep words together. Return: how many, or -1. */
static int split(char *text, char **words)
{
	int n = 0;

	for (;;) {
		text += strspn(text, " \t\r\n");
		if (!*text || *text == '#')
			return n;
		if (n == WORDS_MAX)
			return -1;
		if (*text == '"' || *text == '\'') {
			char quote = *text++;

			words[n++] = text;
			text = strchr(text, quote);
			if (!text)
				return -1;
		} else {
			words[n++] = text;
			text += strcspn(text, " \t\r\n");
		}
		if (*text)
			*text++ = 0;
	}
}

static int run_batch(const char *file)
{
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	struct line line = { .file = file };
	char *text = NULL, *words[WORDS_MAX + 1];
	size_t size = 0;
	int ret = 0, one;

	if (!in) {
		fprintf(stderr, "Cannot open file \"%s\" for reading: %s\n", file, strerror(errno));
		return EXIT_USAGE;
	}
	while (getline(&text, &size, in) >= 0) {
		line.number++;
		line.argc = split(text, words);
		line.argv = words;
		if (line.argc == 0)
			continue;
		one = line.argc < 0 ? EXIT_USAGE : run_line(&line);
		if (!one)
			continue;
		fprintf(stderr, "Command failed %s:%u\n", file, line.number);
		ret = one;
		if (!settings.force)
			break;
	}
	free(text);
	if (in != stdin)
		fclose(in);
	return ret;
}

static bool is(const char *arg, const char *full, size_t least)
{
	return strlen(arg) >= least && strncmp(arg, full, strlen(arg)) == 0;
}

/* One option at argv[*at]; *at moves on over its value. Return: 0, or an exit code + 1. */
static int option(int argc, char **argv, int *at)
{
	const char *arg = argv[*at] + 1;
	const char *value = *at + 1 < argc ? argv[*at + 1] : NULL;

	if (*arg == '-' && arg[1])
		arg++;
	if (is(arg, "json", 1)) {
		settings.json = true;
	} else if (is(arg, "pretty", 1)) {
		settings.pretty = true;
	} else if (is(arg, "color", 1)) {
		settings.color = true;
	} else if (is(arg, "force", 1)) {
		settings.force = true;
	} else if (is(arg, "oneline", 1)) {
		settings.oneline = true;
	} else if (strcmp(arg, "V") == 0 || is(arg, "Version", 2) || is(arg, "version", 2)) {
		puts("nsplane 0.1.0");
		return 1;
	} else if (is(arg, "help", 1)) {
		usage();
		return 1;
	} else if (value && is(arg, "netns", 1)) {
		settings.netns = value;
		++*at;
	} else if (value && is(arg, "batch", 1)) {
		settings.batch = value;
		++*at;
	} else if (value && is(arg, "socket", 1)) {
		settings.socket = value;
		++*at;
	} else {
		fprintf(stderr,
			"Option \"%s\" is unknown or lacks its value, try \"nsplane -help\".\n",
			argv[*at]);
		return EXIT_USAGE + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct line line;
	int at, ret;

	for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		ret = option(argc, argv, &at);
		if (ret)
			return ret - 1;
	}
	if (settings.batch)
		return run_batch(settings.batch);
	line.argc = argc - at;
	line.argv = argv + at;
	line.file = NULL;
	line.number = 0;
	return run_line(&line);
}
