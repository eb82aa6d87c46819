/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the JSON that the daemon answers with, in place. It trusts the text to be well-formed as
 * far as never to run past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "nsplane.h"

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r' || *p == ',' || *p == ':')
		p++;
	return p;
}

static const char *string_end(const char *p)
{
	while (*p && *p != '"')
		p += *p == '\\' && p[1] ? 2 : 1;
	return p;
}

/* Behind the bracket that closes the one before @p */
static const char *container_end(const char *p)
{
	unsigned int depth = 1;

	for (; *p; p++) {
		if (*p == '"') {
			p = string_end(p + 1);
			if (!*p)
				return p;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && --depth == 0) {
			return p + 1;
		}
	}
	return p;
}

struct json json_parse(const char *text)
{
	const char *p = skip_space(text);
	struct json v = { .start = p, .end = p };

	switch (*p) {
	case 0:
	case '}':
	case ']':
		v.kind = JSON_END;
		break;
	case '{':
	case '[':
		v.kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
		v.start = p + 1;
		v.end = container_end(p + 1);
		break;
	case '"':
		v.kind = JSON_STRING;
		v.start = p + 1;
		v.end = string_end(p + 1);
		break;
	default:
		v.kind = JSON_OTHER;
		v.end = p + strcspn(p, ",]} \n");
	}
	return v;
}

const char *json_first(const struct json *container)
{
	return container->start;
}

static const char *behind(const struct json *v)
{
	return v->kind == JSON_STRING && *v->end ? v->end + 1 : v->end;
}

struct json json_next(const struct json *container, const char **at, struct json *ret_key)
{
	struct json v = json_parse(*at);

	if (v.kind == JSON_END)
		return v;
	if (container->kind == JSON_OBJECT) {
		if (ret_key)
			*ret_key = v;
		v = json_parse(behind(&v));
		if (v.kind == JSON_END)
			return v;
	}
	*at = behind(&v);
	return v;
}

struct json json_member(const struct json *object, const char *name)
{
	const char *at = json_first(object);
	struct json key, v;
	size_t n = strlen(name);

	while ((v = json_next(object, &at, &key)).kind != JSON_END)
		if ((size_t)(key.end - key.start) == n && memcmp(key.start, name, n) == 0)
			return v;
	return v;
}

uint64_t json_u64(const struct json *v)
{
	return v->kind == JSON_OTHER ? strtoull(v->start, NULL, 10) : 0;
}

const char *json_text(const struct json *v, char *buf, size_t size)
{
	const char *p = v->start;
	size_t n = 0;

	while (p < v->end && n + 1 < size) {
		if (v->kind == JSON_STRING && *p == '\\' && p + 1 < v->end) {
			p++;
			if (*p == 'u') { /* control characters: shown as "?" on a terminal */
				p += p + 5 <= v->end ? 5 : 1;
				buf[n++] = '?';
				continue;
			}
		}
		buf[n++] = *p++;
	}
	buf[n] = 0;
	return buf;
}
