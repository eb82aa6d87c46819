/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frame of the torture programs: bounded time, a printed seed, threads with generators of their
 * own, a failure that says what was wrong and how to try again, and an end to hangs.
 *
 * Options of each program: --seconds N, --seed S, --threads R (readers or workers of the program's
 * main kind). Without them: NSPLANE_TORTURE_SECONDS and _SEED of the environment, then defaults.
 */
#ifndef TORTURE_COMMON_H
#define TORTURE_COMMON_H

#include <stdbool.h>
#include <stdint.h>

/** struct torture - the run; const once threads run */
struct torture {
	const char *name; /* of the program */
	double seconds;
	uint64_t seed;
	unsigned int threads; /* main kind */
};
extern struct torture torture;

/** struct torture_thread - one thread of the run; its own, but for the name */
struct torture_thread {
	char name[24];
	unsigned int number; /* within its role */
	uint64_t random;     /* state of torture_random() */
	uint64_t rounds;     /* work done, for the closing line; w:thread r:main after the end */
	void (*main)(struct torture_thread *self);
	unsigned long id;
};

/* Reads the arguments, prints the seed, arms the end to hangs. Exits 2 on bad usage. */
void torture_begin(int argc, char **argv, const char *name, double seconds, unsigned int threads);
/* Is there time left? Any thread. */
bool torture_running(void);
/* Seconds since torture_begin(). */
double torture_elapsed(void);
/* Starts @main in a thread named "@role-@number". */
void torture_start(void (*main)(struct torture_thread *self), const char *role,
		   unsigned int number);
/* Waits for all threads; prints what each did. */
void torture_join(void);
/* Prints the closing line. Return: exit code of the program. */
int torture_end(void);

/* Uniform in 0 .. @below - 1. */
uint64_t torture_random(struct torture_thread *self, uint64_t below);
/* True once in @n, at random. */
static inline bool torture_one_in(struct torture_thread *self, uint64_t n)
{
	return torture_random(self, n) == 0;
}

/* Says what is wrong, with the seed, and aborts. */
_Noreturn void torture_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define CHECK(cond, ...)                                               \
	do {                                                           \
		if (!(cond))                                           \
			torture_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* For netns_options.log: keeps what the library says; errors (level 0) end the run. */
void torture_log(int level, const char *text, void *arg);
/* How often the library said something that contains @text. */
unsigned int torture_logged(const char *text);

#endif /* TORTURE_COMMON_H */
