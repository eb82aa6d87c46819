/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report as JSON: machine, results and targets, in one object. Written beside the final file
 * and renamed, so that a reader of it never sees half of one.
 */
#include "bench/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench/clock.h"

static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void put_number(FILE *f, double v, bool is_void)
{
	if (is_void || !isfinite(v))
		fputs("null", f);
	else
		fprintf(f, "%.6g", v);
}

static void cpu_model(char *buf, size_t size)
{
	char line[512];
	FILE *f = fopen("/proc/cpuinfo", "re");

	snprintf(buf, size, "unknown");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(buf, size, "%s", colon + 2);
		break;
	}
	fclose(f);
}

static void put_machine(FILE *f)
{
	struct utsname u;
	char model[512];

	uname(&u);
	cpu_model(model, sizeof(model));
	fprintf(f, "  \"machine\": {\"cpu\": ");
	put_string(f, model);
	fprintf(f, ", \"cpus\": %ld, \"kernel\": ", sysconf(_SC_NPROCESSORS_ONLN));
	put_string(f, u.release);
	fprintf(f, ", \"clock\": \"%s\"},\n", clock_is_tsc ? "tsc" : "monotonic");
}

static void put_rows(FILE *f, const struct report *rep)
{
	size_t i;

	fprintf(f, "  \"results\": [");
	for (i = 0; i < rep->rows_n; i++) {
		const struct report_row *r = &rep->rows[i];

		fprintf(f, "%s\n    {\"suite\": ", i == 0 ? "" : ",");
		put_string(f, r->suite);
		fprintf(f, ", \"group\": ");
		put_string(f, r->group);
		fprintf(f, ", \"name\": ");
		put_string(f, r->name);
		fprintf(f, ", \"value\": ");
		put_number(f, r->value, r->is_void);
		fprintf(f, ", \"unit\": ");
		put_string(f, r->unit);
		fprintf(f, ", \"spread_percent\": ");
		put_number(f, r->spread, r->is_void);
		fprintf(f, ", \"repeats\": %u, \"void\": %s, \"note\": ", r->repeats,
			r->is_void ? "true" : "false");
		put_string(f, r->note);
		fputc('}', f);
	}
	fprintf(f, "\n  ],\n");
}

static void put_targets(FILE *f, const struct report *rep)
{
	size_t i;

	fprintf(f, "  \"targets\": [");
	for (i = 0; i < rep->targets_n; i++) {
		const struct report_target *t = &rep->targets[i];
		bool reached = t->at_most ? t->value <= t->limit : t->value >= t->limit;

		fprintf(f, "%s\n    {\"id\": ", i == 0 ? "" : ",");
		put_string(f, t->id);
		fprintf(f, ", \"suite\": ");
		put_string(f, t->suite);
		fprintf(f, ", \"what\": ");
		put_string(f, t->what);
		fprintf(f, ", \"relation\": \"%s\", \"target\": ", t->at_most ? "<=" : ">=");
		put_number(f, t->limit, false);
		fprintf(f, ", \"value\": ");
		put_number(f, t->value, t->is_void);
		fprintf(f, ", \"reached\": %s}", t->is_void ? "null" : reached ? "true" : "false");
	}
	fprintf(f, "\n  ]\n");
}

int report_json_check(const char *path)
{
	char *temp;
	FILE *f;
	int err = 0;

	if (asprintf(&temp, "%s.part", path) < 0)
		return -ENOMEM;
	f = fopen(temp, "we");
	if (f == NULL) {
		err = -errno;
	} else {
		fclose(f);
		unlink(temp);
	}
	free(temp);
	return err;
}

int report_json(const struct report *rep, const char *path, const char *version)
{
	char *temp, date[32];
	time_t now = time(NULL);
	struct tm tm;
	FILE *f;
	int err = 0;

	if (asprintf(&temp, "%s.part", path) < 0)
		return -ENOMEM;
	f = fopen(temp, "we");
	if (f == NULL) {
		err = -errno;
		goto free_temp;
	}
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(f, "{\n  \"program\": \"nsplane-bench\",\n  \"schema\": 1,\n  \"version\": ");
	put_string(f, version);
	fprintf(f, ",\n  \"date\": \"%s\",\n  \"interrupted\": %s,\n  \"incomplete\": %s,\n", date,
		rep->interrupted ? "true" : "false", rep->incomplete ? "true" : "false");
	put_machine(f);
	put_rows(f, rep);
	put_targets(f, rep);
	fprintf(f, "}\n");
	if (ferror(f))
		err = -EIO;
	if (fclose(f) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(temp, path) != 0)
		err = -errno;
	if (err != 0)
		unlink(temp);
free_temp:
	free(temp);
	return err;
}
