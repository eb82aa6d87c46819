/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where in the file a value stands. libcyaml forgets lines once a file is loaded, so the file is
 * walked again, event by event, when an error has to be reported; never otherwise.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config.h"

#define DEPTH 16

/** struct walk - where the walk is */
struct walk {
	const char *want;
	unsigned int line; /* found; 0: not yet */
	unsigned int depth;
	struct level {
		bool sequence, have_key;
		unsigned int index;
		size_t len; /* of the path up to here */
	} level[DEPTH];
	char path[256];
};

/* The path of the value that begins now: the level's path and its key or index */
static void enter_value(struct walk *w, const yaml_event_t *event)
{
	struct level *l = &w->level[w->depth];

	if (w->depth && l->sequence) {
		snprintf(w->path + l->len, sizeof(w->path) - l->len, "[%u]", l->index++);
	}
	l->have_key = false;
	if (!w->line && strcmp(w->path, w->want) == 0)
		w->line = (unsigned int)event->start_mark.line + 1;
}

static void open_level(struct walk *w, bool sequence)
{
	struct level *l;

	if (w->depth + 1 >= DEPTH)
		return;
	l = &w->level[++w->depth];
	memset(l, 0, sizeof(*l));
	l->sequence = sequence;
	l->len = strlen(w->path);
}

static void scalar(struct walk *w, const yaml_event_t *event)
{
	struct level *l = &w->level[w->depth];
	const char *text = (const char *)event->data.scalar.value;

	if (w->depth == 0 || l->sequence || l->have_key) {
		enter_value(w, event);
		return;
	}
	snprintf(w->path + l->len, sizeof(w->path) - l->len, "%s%s", l->len ? "." : "", text);
	l->have_key = true;
}

static void event_seen(struct walk *w, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		scalar(w, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		enter_value(w, event);
		open_level(w, event->type == YAML_SEQUENCE_START_EVENT);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		if (w->depth)
			w->depth--;
		break;
	default:
		break;
	}
}

unsigned int config_line(const char *path, const char *place)
{
	FILE *file = fopen(path, "r");
	struct walk w = { .want = place };
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false;

	if (!file)
		return 0;
	if (!yaml_parser_initialize(&parser)) {
		fclose(file);
		return 0;
	}
	yaml_parser_set_input_file(&parser, file);
	while (!end && !w.line && yaml_parser_parse(&parser, &event)) {
		end = event.type == YAML_STREAM_END_EVENT;
		event_seen(&w, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	fclose(file);
	return w.line;
}
