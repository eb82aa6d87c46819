/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots: ids and the per-tenant arrays behind the inline ones.
 */
#ifndef NETNS_SLOTS_INTERNAL_H
#define NETNS_SLOTS_INTERNAL_H

#include <stdint.h>

#include "netns_slots.h"

struct tenant;

/* Lowest free slot id, or -ENOSPC. The phase is held for writing. */
int slot_id_take(void);
/* The id may be given out again: no slot holds anything of it, and no reader saw that it did. */
void slot_id_release(unsigned int id);
uint32_t slot_ids_used(void);
void slots_reset(void);

/* Makes room in @t's array for the ids in use. @t: nobody else knows it. Errors: -ENOMEM */
int slots_prepare(struct tenant *t);
/*
 * Publishes @ptr (NULL: only make room) in slot @id, growing the array first if need be; one
 * control thread at a time. Errors: -ENOMEM, the old array is intact.
 */
int slot_assign(struct tenant *t, unsigned int id, void *ptr);
/* Return: what was in the slot; NULL if it was empty or never there. */
void *slot_clear(struct tenant *t, unsigned int id);
/* Frees the array; no reader is left. */
void slots_free(struct tenant *t);

#endif /* NETNS_SLOTS_INTERNAL_H */
