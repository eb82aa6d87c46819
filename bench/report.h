/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results of a run: a table for people while it runs, JSON for machines at its end.
 *
 * Suites add rows and targets from one thread. Nothing here aborts when memory runs out: a row
 * that cannot be kept is printed all the same and the report says that JSON is incomplete.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct stat_set;

struct report_row {
	char group[80], name[72], unit[16], note[96];
	const char *suite;
	double value, spread; /* spread: % of the value, NAN: not known */
	unsigned int repeats;
	bool is_void; /* the work was not verified: value means nothing */
};

struct report_target {
	char id[16], what[96];
	const char *suite;
	double limit, value;
	bool at_most, is_void;
};

struct report {
	FILE *out;
	const char *suite; /* the one that runs; set by main.c */
	char group[80];    /* last one printed */
	bool interrupted, incomplete;
	size_t rows_n, targets_n;
	struct report_row *rows;
	struct report_target *targets;
};

/**
 * report_add() - one figure
 * @verified: the benchmark saw that the work was done; else the row says VOID
 * @set:      one value a repeat
 * @note:     may be NULL
 */
void report_add(struct report *rep, const char *group, const char *name, const struct stat_set *set,
		const char *unit, bool verified, const char *note);
/* The same for a figure that is measured once. */
void report_value(struct report *rep, const char *group, const char *name, double value,
		  const char *unit, bool verified, const char *note);
/* A target of FIGURES: @value must be <= @limit (@at_most) or >= it. */
void report_target(struct report *rep, const char *id, const char *what, bool at_most, double limit,
		   double value, bool verified);

void report_begin(struct report *rep, const char *version);
/* Prints the targets. Return: targets that were missed or void. */
unsigned int report_end(struct report *rep);
/* Can the file be written? To find out before measuring. Return: 0 or -errno */
int report_json_check(const char *path);
/* Return: 0 or -errno; the file appears whole or not at all. */
int report_json(const struct report *rep, const char *path, const char *version);
void report_free(struct report *rep);

#endif /* BENCH_REPORT_H */
