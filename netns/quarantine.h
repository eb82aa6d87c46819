/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quarantine under AddressSanitizer: freed objects stay poisoned and unused for a while, so that a
 * use after free is caught and not served by the next owner's object. Called by arena.c; empty
 * functions in other builds.
 */
#ifndef NETNS_QUARANTINE_H
#define NETNS_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>

/* Poisons @ptr, and frees whatever has waited longest if there is too much. */
void quarantine_put(void *ptr, size_t size);
/* Frees all that waits. Return: was there anything? */
bool quarantine_drain(void);

/* arena.c: where objects go from here; they were counted as free when they came. */
void arena_release(void *ptr, size_t size);

#endif /* NETNS_QUARANTINE_H */
