/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table for people, and the rows and targets it was made of. json.c writes the same for
 * machines.
 */
#include "bench/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench/stat.h"
#include "bench/suite.h"

/* Grows by doubling; NULL when out of memory, with the old array intact. */
static void *grown(void *array, size_t n, size_t size)
{
	if (n != 0 && (n < 16 || (n & (n - 1)) != 0))
		return array;
	return realloc(array, (n == 0 ? 16 : 2 * n) * size);
}

static void print_value(FILE *out, double value)
{
	double size = fabs(value);

	if (size >= 100000)
		fprintf(out, "%14.0f", value);
	else if (size >= 100)
		fprintf(out, "%14.1f", value);
	else
		fprintf(out, "%14.3f", value);
}

static void print_row(struct report *rep, const struct report_row *row)
{
	if (isatty(STDERR_FILENO))
		bench_progress("%s", "");
	if (strcmp(rep->group, row->group) != 0)
		fprintf(rep->out, "\n%s\n", row->group);
	memcpy(rep->group, row->group, sizeof(rep->group));
	fprintf(rep->out, "  %-56s", row->name);
	if (row->is_void)
		fprintf(rep->out, "%14s", "VOID");
	else
		print_value(rep->out, row->value);
	fprintf(rep->out, " %-9s", row->unit);
	if (!row->is_void && !isnan(row->spread))
		fprintf(rep->out, "+-%4.1f%%", row->spread);
	else
		fprintf(rep->out, "%7s", "");
	fprintf(rep->out, "%s%s\n", row->note[0] ? "  " : "", row->note);
	fflush(rep->out);
}

static void add(struct report *rep, const struct report_row *row)
{
	struct report_row *rows = grown(rep->rows, rep->rows_n, sizeof(*rows));

	print_row(rep, row);
	if (rows == NULL) {
		rep->incomplete = true;
		return;
	}
	rep->rows = rows;
	rows[rep->rows_n++] = *row;
}

void report_add(struct report *rep, const char *group, const char *name, const struct stat_set *set,
		const char *unit, bool verified, const char *note)
{
	struct report_row row = {
		.suite = rep->suite,
		.value = stat_median(set),
		.spread = stat_spread(set),
		.repeats = set->n,
		.is_void = !verified || set->n == 0,
	};

	if (set->n == 0 && bench_stopped())
		return;
	snprintf(row.group, sizeof(row.group), "%s", group);
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.unit, sizeof(row.unit), "%s", unit);
	snprintf(row.note, sizeof(row.note), "%s", note ? note : "");
	add(rep, &row);
}

void report_value(struct report *rep, const char *group, const char *name, double value,
		  const char *unit, bool verified, const char *note)
{
	struct stat_set set = { 0 };

	stat_add(&set, value);
	report_add(rep, group, name, &set, unit, verified && !isnan(value), note);
}

void report_target(struct report *rep, const char *id, const char *what, bool at_most, double limit,
		   double value, bool verified)
{
	struct report_target *targets, *t;

	if (isnan(value) && bench_stopped())
		return;
	targets = grown(rep->targets, rep->targets_n, sizeof(*targets));
	if (targets == NULL) {
		rep->incomplete = true;
		return;
	}
	rep->targets = targets;
	t = &targets[rep->targets_n++];
	*t = (struct report_target){
		.suite = rep->suite,
		.limit = limit,
		.value = value,
		.at_most = at_most,
		.is_void = !verified || isnan(value),
	};
	snprintf(t->id, sizeof(t->id), "%s", id);
	snprintf(t->what, sizeof(t->what), "%s", what);
}

void report_begin(struct report *rep, const char *version)
{
	struct utsname u;
	double load[1] = { 0 };

	uname(&u);
	if (getloadavg(load, 1) != 1)
		load[0] = NAN;
	fprintf(rep->out, "nsplane-bench, library %s\n", version);
	fprintf(rep->out, "%s %s, %ld CPUs, clock %s, load before %.2f\n", u.sysname, u.release,
		sysconf(_SC_NPROCESSORS_ONLN), clock_is_tsc ? "TSC" : "CLOCK_MONOTONIC", load[0]);
	if (load[0] > 0.5)
		fprintf(rep->out,
			"note: the machine is busy already; figures of latency and of several\n"
			"      threads will be worse than they are\n");
	fflush(rep->out);
}

unsigned int report_end(struct report *rep)
{
	unsigned int missed = 0;
	size_t i;

	if (rep->interrupted)
		fprintf(rep->out, "\ninterrupted: what follows is what there is\n");
	if (rep->targets_n > 0)
		fprintf(rep->out, "\ntargets\n");
	for (i = 0; i < rep->targets_n; i++) {
		const struct report_target *t = &rep->targets[i];
		bool reached = t->at_most ? t->value <= t->limit : t->value >= t->limit;

		fprintf(rep->out, "  %-6s %-61s %s", t->id, t->what, t->at_most ? "<=" : ">=");
		print_value(rep->out, t->limit);
		if (t->is_void)
			fprintf(rep->out, "%14s", "-");
		else
			print_value(rep->out, t->value);
		fprintf(rep->out, "  %s\n", t->is_void ? "VOID" : reached ? "reached" : "MISSED");
		missed += t->is_void || !reached;
	}
	fflush(rep->out);
	return missed;
}

void report_free(struct report *rep)
{
	free(rep->rows);
	free(rep->targets);
	rep->rows = NULL;
	rep->targets = NULL;
	rep->rows_n = rep->targets_n = 0;
}
