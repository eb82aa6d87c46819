/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers for people: an object is a line, its first member the name and the rest pairs; what is
 * nested follows below, indented. With -json the answer goes out as it came.
 */
#include <stdio.h>
#include <string.h>

#include "nsplane.h"

static void put_color(const char *code, const char *text)
{
	if (settings.color)
		printf("\033[%sm%s\033[0m", code, text);
	else
		fputs(text, stdout);
}

static bool dull(const struct json *v)
{
	return v->kind == JSON_OTHER && v->end - v->start == 1 && *v->start == '0';
}

static void put_value(const struct json *v, bool name)
{
	char buf[512];

	json_text(v, buf, sizeof(buf));
	if (name)
		put_color("36", buf);
	else
		fputs(buf, stdout);
}

static void print_object(const struct json *o, unsigned int depth);

static void print_array(const struct json *a, unsigned int depth)
{
	const char *at = json_first(a);
	struct json v;
	bool line = false;

	while ((v = json_next(a, &at, NULL)).kind != JSON_END) {
		if (v.kind == JSON_OBJECT) {
			printf("%*s", (int)depth * 4, "");
			print_object(&v, depth);
			continue;
		}
		printf(line ? " " : "%*s", line ? 0 : (int)depth * 4, "");
		put_value(&v, false);
		line = true;
	}
	if (line)
		putchar('\n');
}

/* Members that are containers, each below its key */
static void print_nested(const struct json *o, unsigned int depth)
{
	const char *at = json_first(o);
	struct json key, v;
	char buf[128];

	while ((v = json_next(o, &at, &key)).kind != JSON_END) {
		if ((v.kind != JSON_OBJECT && v.kind != JSON_ARRAY) || v.end - v.start < 2)
			continue;
		printf("%*s", (int)(depth + 1) * 4, "");
		put_color("33", json_text(&key, buf, sizeof(buf)));
		if (v.kind == JSON_OBJECT) {
			putchar(' ');
			print_object(&v, depth + 1);
		} else {
			putchar('\n');
			print_array(&v, depth + 2);
		}
	}
}

static void print_object(const struct json *o, unsigned int depth)
{
	const char *at = json_first(o);
	struct json key, v;
	char buf[128];
	bool first = true;

	while ((v = json_next(o, &at, &key)).kind != JSON_END) {
		if (v.kind == JSON_OBJECT || v.kind == JSON_ARRAY || (!first && dull(&v)))
			continue;
		if (!first)
			putchar(' ');
		json_text(&key, buf, sizeof(buf));
		if (!first || v.kind != JSON_STRING)
			printf("%s ", buf);
		put_value(&v, first && v.kind == JSON_STRING);
		first = false;
	}
	putchar('\n');
	print_nested(o, depth);
}

/* As `ip netns list`: the name, and the id that the tenant has here. */
static void print_names(const struct json *list)
{
	const char *at = json_first(list);
	struct json v, name, id;
	char buf[512];

	while ((v = json_next(list, &at, NULL)).kind != JSON_END) {
		name = json_member(&v, "name");
		id = json_member(&v, "id");
		json_text(&name, buf, sizeof(buf));
		if (strcmp(buf, "root") == 0)
			continue;
		if (!*buf) {
			id = json_member(&v, "cookie");
			json_text(&id, buf, sizeof(buf));
			printf("(deleted, still held: %s)\n", buf);
			continue;
		}
		put_color("36", buf);
		if (id.kind == JSON_OTHER)
			printf(" (id: %d)", (int)json_u64(&id));
		putchar('\n');
	}
}

static void print_ids(const struct json *list)
{
	const char *at = json_first(list);
	struct json v, name, id;
	char buf[512];

	while ((v = json_next(list, &at, NULL)).kind != JSON_END) {
		id = json_member(&v, "nsid");
		name = json_member(&v, "name");
		printf("nsid %d ", (int)json_u64(&id));
		if (name.kind == JSON_STRING)
			printf("(iproute2 netns name: %s)", json_text(&name, buf, sizeof(buf)));
		putchar('\n');
	}
}

static void print_each(const struct json *list, const char *member)
{
	const char *at = json_first(list);
	struct json v, m;
	char buf[512];

	while ((v = json_next(list, &at, NULL)).kind != JSON_END) {
		m = member ? json_member(&v, member) : v;
		if (*json_text(&m, buf, sizeof(buf)))
			puts(buf);
	}
}

void print_answer(const struct command *c, const char *text)
{
	struct json v = json_parse(text);
	const char *what = c->second ? c->second : c->first;

	if (settings.json) {
		printf("%s\n", *text ? text : "[]");
		return;
	}
	if (v.kind == JSON_END)
		return;
	if (strcmp(c->first, "netns") == 0 && strcmp(what, "list") == 0)
		print_names(&v);
	else if (strcmp(what, "list-id") == 0)
		print_ids(&v);
	else if (strcmp(what, "pids") == 0)
		print_each(&v, NULL);
	else if (strcmp(what, "identify") == 0)
		print_each(&v, "name");
	else if (v.kind == JSON_ARRAY)
		print_array(&v, 0);
	else
		print_object(&v, 0);
}
