/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `nsplane top`: tenants by what they do in each interval, sorted by packets, drops or cycles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsplane.h"

/** struct row - one tenant's counters at one moment */
struct row {
	char name[256];
	uint64_t rx, tx, drops, cycles;
	uint64_t key;
};

struct table {
	struct row *row;
	size_t n;
};

static uint64_t sum_of(const struct json *object)
{
	const char *at = json_first(object);
	uint64_t sum = 0;
	struct json v;

	while ((v = json_next(object, &at, NULL)).kind != JSON_END)
		sum += json_u64(&v);
	return sum;
}

static uint64_t number(const struct json *o, const char *name)
{
	struct json v = json_member(o, name);

	return json_u64(&v);
}

static void read_table(const char *text, struct table *t)
{
	struct json list = json_parse(text), v, m;
	const char *at = json_first(&list);
	struct row *more;

	t->n = 0;
	while ((v = json_next(&list, &at, NULL)).kind != JSON_END) {
		more = realloc(t->row, (t->n + 1) * sizeof(*more));
		if (!more)
			return;
		t->row = more;
		m = json_member(&v, "name");
		json_text(&m, t->row[t->n].name, sizeof(t->row[0].name));
		t->row[t->n].rx = number(&v, "rx_packets");
		t->row[t->n].tx = number(&v, "tx_packets");
		t->row[t->n].cycles = number(&v, "cycles");
		m = json_member(&v, "drops");
		t->row[t->n++].drops = m.kind == JSON_OBJECT ? sum_of(&m) : 0;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static int by_key(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->key < y->key ? 1 : x->key > y->key ? -1 : strcmp(x->name, y->name);
}

/* @now becomes what was done since @before; both are sorted by name. */
static void subtract(struct table *now, const struct table *before, const char *sort)
{
	size_t i;

	for (i = 0; i < now->n; i++) {
		struct row *r = &now->row[i], *b = NULL;

		if (before->n)
			b = bsearch(r, before->row, before->n, sizeof(*r), by_name);
		if (b) {
			r->rx -= b->rx;
			r->tx -= b->tx;
			r->drops -= b->drops;
			r->cycles -= b->cycles;
		}
		r->key = strcmp(sort, "drops") == 0    ? r->drops
			 : strcmp(sort, "cycles") == 0 ? r->cycles
						       : r->rx + r->tx;
	}
	qsort(now->row, now->n, sizeof(*now->row), by_key);
}

static void show(const struct table *t, const char *sort)
{
	size_t i;

	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	printf("%-32s %12s %12s %12s %14s   sorted by %s\n", "tenant", "rx/s", "tx/s", "drops/s",
	       "cycles/s", sort);
	for (i = 0; i < t->n && i < 40; i++)
		printf("%-32.32s %12llu %12llu %12llu %14llu\n", t->row[i].name,
		       (unsigned long long)t->row[i].rx, (unsigned long long)t->row[i].tx,
		       (unsigned long long)t->row[i].drops, (unsigned long long)t->row[i].cycles);
	fflush(stdout);
}

static int sample(int fd, struct table *t)
{
	char *words[] = { "stats", NULL }, *text;
	int ret = conn_words(fd, 1, words, &text);

	if (ret)
		return ret;
	read_table(text, t);
	free(text);
	if (t->n)
		qsort(t->row, t->n, sizeof(*t->row), by_name);
	return 0;
}

int top(const struct line *line, const struct command *c, int argc, char **argv)
{
	struct table before = { NULL, 0 }, now = { NULL, 0 }, copy = { NULL, 0 };
	const char *sort = argc ? argv[0] : "rate";
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : ~0ul;
	int fd, ret;

	(void)c;
	if (strcmp(sort, "rate") != 0 && strcmp(sort, "drops") != 0 && strcmp(sort, "cycles") != 0)
		return wrong(line, line->argc - argc, "expected rate, drops or cycles");
	fd = conn_open();
	if (fd < 0)
		return EXIT_DAEMON;
	ret = sample(fd, &before);
	while (!ret && rounds--) {
		sleep(1);
		ret = sample(fd, &now);
		if (ret)
			break;
		copy.row = malloc((now.n + 1) * sizeof(*copy.row));
		if (!copy.row)
			break;
		memcpy(copy.row, now.row, now.n * sizeof(*copy.row));
		copy.n = now.n;
		subtract(&now, &before, sort);
		show(&now, sort);
		free(before.row);
		before = copy;
	}
	free(before.row);
	free(now.row);
	close(fd);
	return ret;
}
