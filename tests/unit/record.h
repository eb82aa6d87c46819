/* SPDX-License-Identifier: BSD-3-Clause */
/* Between support.c and record.c only: the log callback that keeps lines. */
#ifndef TESTS_UNIT_RECORD_H
#define TESTS_UNIT_RECORD_H

void log_keep(int level, const char *text, void *arg);

#endif /* TESTS_UNIT_RECORD_H */
