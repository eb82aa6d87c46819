/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the command share. It turns words into one request, and the JSON of the answer
 * into lines; what a command means is the daemon's business.
 */
#ifndef NSPLANE_H
#define NSPLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXIT_USAGE  1 /* the command line is wrong */
#define EXIT_DAEMON 2 /* the daemon said no, or is not there */

struct settings {
	bool json, pretty, color, oneline, force;
	const char *batch;  /* file of commands; NULL */
	const char *netns;  /* -n: tenant to begin in; NULL: root */
	const char *socket; /* NULL: the usual place */
};
extern struct settings settings;

/** struct line - one command: words as given, whence errors can point at one */
struct line {
	int argc;
	char **argv;
	const char *file; /* of a batch; NULL */
	unsigned int number;
};

/** struct command - a row of the grammar */
struct command {
	const char *first, *second; /* second: NULL: none */
	const char *args;           /* for people: "NAME [ ID ]" */
	const char *help;
	int min, max; /* words behind; max < 0: any */
	int (*run)(const struct line *line, const struct command *c, int argc, char **argv);
	bool names; /* the first word behind is a tenant's name */
};
extern const struct command commands[];

/* args.c */
int run_line(const struct line *line);
/* Says what is wrong with word @at of @line, with a caret under it. Return: EXIT_USAGE. */
int wrong(const struct line *line, int at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void usage(void);

/* conn.c */
int conn_open(void); /* a session in settings.netns, or -1 after a text */
int conn_enter(int fd, const char *name);
int conn_words(int fd, int argc, char *const *argv, char **ret_text); /* 0 or EXIT_DAEMON */
int conn_join(int fd, uint32_t group);
/* Next message of the daemon's own accord: its text, or NULL at the end. */
const char *conn_next(int fd);
void conn_path(char *buf, size_t size);

/* exec.c, top.c */
int exec_in(const struct line *line, const struct command *c, int argc, char **argv);
int top(const struct line *line, const struct command *c, int argc, char **argv);
int monitor(const struct line *line, const struct command *c, int argc, char **argv);

/* print.c: JSON for people; json.c: reading it. */
void print_answer(const struct command *c, const char *json);

enum json_kind { JSON_END, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_OTHER };
/** struct json - a value inside a text */
struct json {
	enum json_kind kind;
	const char *start; /* of the value; strings: behind the quote */
	const char *end;   /* behind it; strings: the quote */
};
struct json json_parse(const char *text);
/* Members and elements in order: @at from json_first(); kind JSON_END when there are no more. */
const char *json_first(const struct json *container);
struct json json_next(const struct json *container, const char **at, struct json *ret_key);
struct json json_member(const struct json *object, const char *name);
uint64_t json_u64(const struct json *v);
/* Text of a string without its escapes, or of a number; into @buf */
const char *json_text(const struct json *v, char *buf, size_t size);

#endif /* NSPLANE_H */
