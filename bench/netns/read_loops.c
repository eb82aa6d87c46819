/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The measured loops; see the header. A vector is walked once to prefetch each dependent line, and
 * a last time to use it: that is how the pipeline's prefetch() and process() split the work.
 */
#include "read_loops.h"

#define VECTOR_MAX 128u

uint64_t loop_bare(struct fix_data *const *ptr, uint64_t n)
{
	uint64_t sum = 0, i;

	for (i = 0; i < n; i++)
		sum += __atomic_load_n(ptr, __ATOMIC_ACQUIRE)->word;
	return sum;
}

uint64_t loop_generic(const struct netns *ns, unsigned int id, uint64_t n)
{
	uint64_t sum = 0, i;

	for (i = 0; i < n; i++)
		sum += ((struct fix_data *)netns_generic(ns, id))->word;
	return sum;
}

uint64_t loop_generic_id(const struct netns *ns, const unsigned int *id, uint64_t n)
{
	uint64_t sum = 0, i;

	for (i = 0; i < n; i++)
		sum += ((struct fix_data *)netns_generic(ns, __atomic_load_n(id, __ATOMIC_RELAXED)))
			       ->word;
	return sum;
}

uint64_t loop_value(const struct netns *ns, unsigned int id, uint64_t n)
{
	uint64_t sum = 0, i;

	for (i = 0; i < n; i++)
		sum += netns_value(ns, id);
	return sum;
}

uint64_t scalar_bare(const struct read_seq *seq)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < seq->n; i++)
		sum += seq->bare[seq->index[i]].word;
	return sum;
}

uint64_t scalar_generic(const struct read_seq *seq)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < seq->n; i++)
		sum += ((struct fix_data *)netns_generic(seq->ns[i], seq->id))->word;
	return sum;
}

uint64_t vector_bare(const struct read_seq *seq)
{
	uint64_t sum = 0;
	unsigned int at, i;

	for (at = 0; at + seq->vec <= seq->n; at += seq->vec) {
		const uint32_t *index = seq->index + at;

		for (i = 0; i < seq->vec; i++)
			__builtin_prefetch(&seq->bare[index[i]]);
		for (i = 0; i < seq->vec; i++)
			sum += seq->bare[index[i]].word;
	}
	return sum;
}

uint64_t vector_pointers(const struct read_seq *seq)
{
	struct fix_data *data[VECTOR_MAX];
	uint64_t sum = 0;
	unsigned int at, i;

	for (at = 0; at + seq->vec <= seq->n; at += seq->vec) {
		const uint32_t *index = seq->index + at;

		for (i = 0; i < seq->vec; i++)
			__builtin_prefetch(&seq->pointers[index[i]]);
		for (i = 0; i < seq->vec; i++) {
			data[i] = seq->pointers[index[i]];
			__builtin_prefetch(data[i]);
		}
		for (i = 0; i < seq->vec; i++)
			sum += data[i]->word;
	}
	return sum;
}

uint64_t vector_generic(const struct read_seq *seq)
{
	struct fix_data *data[VECTOR_MAX];
	uint64_t sum = 0;
	unsigned int at, i;

	for (at = 0; at + seq->vec <= seq->n; at += seq->vec) {
		struct netns **ns = seq->ns + at;

		for (i = 0; i < seq->vec; i++)
			__builtin_prefetch(netns_slot_at(ns[i], seq->id));
		for (i = 0; i < seq->vec; i++) {
			data[i] = netns_generic(ns[i], seq->id);
			__builtin_prefetch(data[i]);
		}
		for (i = 0; i < seq->vec; i++)
			sum += data[i]->word;
	}
	return sum;
}

uint64_t vector_value(const struct read_seq *seq)
{
	uint64_t sum = 0;
	unsigned int at, i;

	for (at = 0; at + seq->vec <= seq->n; at += seq->vec) {
		struct netns **ns = seq->ns + at;

		for (i = 0; i < seq->vec; i++)
			__builtin_prefetch(netns_slot_at(ns[i], seq->vid));
		for (i = 0; i < seq->vec; i++)
			sum += netns_value(ns[i], seq->vid);
	}
	return sum;
}

uint64_t vector_resolve(const struct read_seq *seq)
{
	struct fix_data *data[VECTOR_MAX];
	struct netns *ns[VECTOR_MAX];
	uint64_t sum = 0;
	unsigned int at, i;

	for (at = 0; at + seq->vec <= seq->n; at += seq->vec) {
		for (i = 0; i < seq->vec; i++) {
			ns[i] = netns_resolve(seq->handle[at + i]);
			if (ns[i] == NULL)
				return 0;
			__builtin_prefetch(netns_slot_at(ns[i], seq->id));
		}
		for (i = 0; i < seq->vec; i++) {
			data[i] = netns_generic(ns[i], seq->id);
			__builtin_prefetch(data[i]);
		}
		for (i = 0; i < seq->vec; i++)
			sum += data[i]->word;
	}
	return sum;
}
