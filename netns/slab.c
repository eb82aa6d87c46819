/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slabs: objects of one size class, cut from runs of units, with a bit for each free object. Owns
 * the bins: for each node and class a list of slabs that have room. Called by cache.c, which moves
 * objects in and out by the handful, so the lock and the bits are paid for once in many calls.
 *
 * A slab whose last object came back is kept once for each bin (EMPTIES_KEEP), then its units go
 * back to the pool for other classes. What a bit or a unit says wrong is a broken invariant of the
 * caller (freed twice, freed with another size) and aborts with a text.
 */
#include <string.h>

#include "arena_impl.h"
#include "tenant.h"

#define EMPTIES_KEEP 1u
#define UNITS_MIN    4u /* of a slab */
#define UNITS_MAX    8u
#define CACHE_BYTES  32768u /* worth of objects in one magazine, within the two bounds */
#define CACHE_MIN    4u
#define REPORT_LINES 16u
#define COLORS_MAX   4u
#define COLORED_MAX  512u /* bytes; larger objects lose more room than they gain speed */

_Static_assert(UNITS_MAX *UNIT_SIZE / 64 < UINT16_MAX, "object counts fit into struct unit");

static uint32_t class_size(unsigned int cls)
{
	unsigned int e;

	if (cls < 32)
		return (cls + 1) * 64;
	e = 11 + (cls - 32) / 8;
	return (9 + (cls - 32) % 8) << (e - 3);
}

/* Shortest slab that wastes less than 1/64 at its end, else the one that wastes least. */
static uint32_t class_units(uint32_t size)
{
	uint32_t best = UNITS_MIN, best_waste = UINT32_MAX;

	for (uint32_t n = UNITS_MIN; n <= UNITS_MAX; n++) {
		uint32_t bytes = n << UNIT_SHIFT, waste = bytes % size * UNITS_MAX / n;

		if (bytes % size * 64 <= bytes)
			return n;
		if (waste < best_waste) {
			best = n;
			best_waste = waste;
		}
	}
	return best;
}

/*
 * Objects of 256 bytes begin in each 4th line: their first lines, which readers look at in many
 * tenants at a time, would fill a quarter of each cache's sets. So the objects of neighbouring
 * slabs begin some lines apart.
 */
static uint32_t class_colors(uint32_t size)
{
	uint32_t lines = size / 64, even = lines & -lines;

	if (size > COLORED_MAX)
		return 1;
	return even < COLORS_MAX ? even : COLORS_MAX;
}

static char *first_object(const struct arena_class *cls, uint32_t head)
{
	return (char *)unit_addr(head) + (size_t)((head / UNITS_MIN) & (cls->colors - 1)) * 64;
}

void slab_init(void)
{
	for (unsigned int i = 0; i < ARENA_CLASSES; i++) {
		struct arena_class *cls = &arena.classes[i];

		cls->size = class_size(i);
		cls->units = class_units(cls->size);
		cls->colors = class_colors(cls->size);
		cls->objects = ((cls->units << UNIT_SHIFT) - (cls->colors - 1) * 64) / cls->size;
		cls->inverse = ((1ull << 32) + cls->size / 64 - 1) / (cls->size / 64);
		cls->cache = CACHE_BYTES / cls->size;
		if (cls->cache < CACHE_MIN)
			cls->cache = CACHE_MIN;
		if (cls->cache > ARENA_CACHE_MAX)
			cls->cache = ARENA_CACHE_MAX;
	}
	for (unsigned int i = 0; i < arena.nodes * ARENA_CLASSES; i++)
		arena.bins[i] = (struct arena_bin){ .head = NIL };
}

static void bin_unlink(struct arena_bin *bin, uint32_t head) TS_REQUIRES(bin->lock)
{
	struct unit *u = &arena.units[head];

	if (u->prev != NIL)
		arena.units[u->prev].next = u->next;
	else
		bin->head = u->next;
	if (u->next != NIL)
		arena.units[u->next].prev = u->prev;
}

static void bin_push(struct arena_bin *bin, uint32_t head) TS_REQUIRES(bin->lock)
{
	struct unit *u = &arena.units[head];

	u->prev = NIL;
	u->next = bin->head;
	if (u->next != NIL)
		arena.units[u->next].prev = head;
	bin->head = head;
}

static void slab_make(unsigned int ci, uint32_t head)
{
	const struct arena_class *cls = &arena.classes[ci];
	uint64_t *bits = arena.bitmaps[head];
	uint32_t full = cls->objects / 64, rest = cls->objects % 64;

	for (uint32_t i = 0; i < cls->units; i++)
		arena.units[head + i].head = head;
	arena.units[head].units = cls->units;
	arena.units[head].free = (uint16_t)cls->objects;
	arena.units[head].hint = 0;
	arena.units[head].kind = UNIT_SLAB;
	arena.units[head].cls = (uint8_t)ci;
	memset(bits, 0, cls->units * sizeof(arena.bitmaps[0]));
	memset(bits, 0xff, full * sizeof(*bits));
	if (rest != 0)
		bits[full] = (1ull << rest) - 1;
}

/* Up to @n objects of one slab that has room. */
static unsigned int take_from(struct arena_bin *bin, const struct arena_class *cls, unsigned int n,
			      void **ret_ptr) TS_REQUIRES(bin->lock)
{
	uint32_t head = bin->head;
	struct unit *u = &arena.units[head];
	uint64_t *bits = arena.bitmaps[head];
	char *start = first_object(cls, head);
	unsigned int got = 0;

	if (n > u->free)
		n = u->free;
	if (u->free == cls->objects)
		bin->empties--;
	for (uint32_t w = u->hint; got < n; w++) {
		uint64_t word = bits[w];

		for (; word != 0 && got < n; word &= word - 1)
			ret_ptr[got++] = start + (size_t)(w * 64 + (uint32_t)__builtin_ctzl(word)) *
							 cls->size;
		bits[w] = word;
		u->hint = (uint16_t)w;
	}
	u->free = (uint16_t)(u->free - n);
	if (u->free == 0)
		bin_unlink(bin, head);
	return n;
}

unsigned int slab_take(unsigned int node, unsigned int ci, unsigned int n, void **ret_ptr)
{
	struct arena_bin *bin = &arena.bins[node * ARENA_CLASSES + ci];
	const struct arena_class *cls = &arena.classes[ci];
	unsigned int got = 0;

	arena_lock(&bin->lock);
	while (got < n) {
		uint32_t head;

		if (bin->head != NIL) {
			got += take_from(bin, cls, n - got, ret_ptr + got);
			continue;
		}
		head = pool_take(node, cls->units);
		if (head == NIL) {
			/* memory has to be mapped, which is not done under a lock of this kind */
			arena_unlock(&bin->lock);
			head = region_take(node, cls->units);
			arena_lock(&bin->lock);
		}
		if (head == NIL)
			break;
		slab_make(ci, head);
		bin_push(bin, head);
		bin->empties++;
	}
	arena_unlock(&bin->lock);
	return got;
}

/* Marks @ptr free. Return: head of its slab. */
static uint32_t put_bit(unsigned int ci, const void *ptr)
{
	const struct arena_class *cls = &arena.classes[ci];
	uint32_t head = arena.units[unit_of(ptr)].head, at, index;
	struct unit *u = &arena.units[head];
	uint64_t *word;

	/* of what lies before the first object it makes an index that is too large */
	at = (uint32_t)((size_t)((const char *)ptr - first_object(cls, head)) / 64);
	index = (uint32_t)((at * cls->inverse) >> 32);
	if (u->kind != UNIT_SLAB || u->cls != ci || index >= cls->objects ||
	    index * (cls->size / 64) != at)
		netns_bug("arena: %p is freed as %u bytes, which it is not", ptr, cls->size);
	word = (uint64_t *)&arena.bitmaps[head] + index / 64;
	if ((*word >> (index % 64)) & 1)
		netns_bug("arena: %p (%u bytes) is freed twice", ptr, cls->size);
	*word |= 1ull << (index % 64);
	if (index / 64 < u->hint)
		u->hint = (uint16_t)(index / 64);
	return head;
}

/* Gives one object back. Return: chunks are idle that region_shrink() should give away. */
static bool give_one(struct arena_bin *bin, unsigned int ci, const void *ptr) TS_REQUIRES(bin->lock)
{
	const struct arena_class *cls = &arena.classes[ci];
	uint32_t head = put_bit(ci, ptr);
	struct unit *u = &arena.units[head];

	if (u->free++ == 0)
		bin_push(bin, head);
	if (u->free < cls->objects)
		return false;
	if (bin->empties < EMPTIES_KEEP) {
		bin->empties++;
		return false;
	}
	bin_unlink(bin, head);
	u->kind = UNIT_FREE;
	return pool_give(head, cls->units);
}

void slab_give(unsigned int ci, void *const *ptr, unsigned int n)
{
	unsigned int i = 0;

	while (i < n) {
		unsigned int node = owner_node(ptr[i]);
		struct arena_bin *bin = &arena.bins[node * ARENA_CLASSES + ci];
		bool shrink = false;

		arena_lock(&bin->lock);
		for (; i < n && owner_node(ptr[i]) == node; i++)
			shrink |= give_one(bin, ci, ptr[i]);
		arena_unlock(&bin->lock);
		if (shrink)
			region_shrink(node);
	}
}

/* Adds what the chunk from unit @c on has in use. Return: units to go on by. */
static uint32_t report_unit(uint32_t unit, uint64_t *objects, uint64_t *runs)
{
	const struct unit *u = &arena.units[unit];

	if (u->head != unit || u->kind == UNIT_FREE)
		return 1;
	if (u->kind == UNIT_SLAB)
		objects[u->cls] += arena.classes[u->cls].objects - u->free;
	else
		*runs += (uint64_t)u->units << UNIT_SHIFT;
	return u->units;
}

uint64_t slab_report(void)
{
	uint64_t objects[ARENA_CLASSES] = { 0 }, runs = 0, bytes;
	unsigned int lines = 0;

	for (uint32_t unit = 0; unit < arena.chunks * UNITS_PER_CHUNK;) {
		if (arena.chunk_node[unit / UNITS_PER_CHUNK] == NODE_NONE)
			unit += UNITS_PER_CHUNK;
		else
			unit += report_unit(unit, objects, &runs);
	}
	bytes = runs;
	if (runs != 0)
		netns_log(1, "arena: %llu bytes in large pieces were never freed",
			  (unsigned long long)runs);
	for (unsigned int i = 0; i < ARENA_CLASSES; i++) {
		bytes += objects[i] * arena.classes[i].size;
		if (objects[i] != 0 && lines++ < REPORT_LINES)
			netns_log(1, "arena: %llu objects of %u bytes were never freed",
				  (unsigned long long)objects[i], arena.classes[i].size);
	}
	return bytes;
}
