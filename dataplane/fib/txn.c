/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Allocation, logging and retirement for one change of the forwarding form.
 *
 * Called by trie_*.c and fib.c under the table's one writer. Unlinked pieces are listed in a grave,
 * which is handed to the deferred frees as a whole: the pieces themselves cannot carry the record,
 * because readers still look at them. Lifetime: a piece is freed by the grave's callback, one grace
 * period after the commit that unlinked it; nobody else frees a piece that was ever published.
 */
#include <errno.h>
#include <string.h>

#include "fib_format.h"
#include "netns/netns_rcu.h"
#include "txn.h"

#define FIRST_GRAVE 64u   /* bytes: 3 pieces, which is all that most changes unlink */
#define BLOCK       1024u /* bytes of a further block */

struct fib_grave {
	struct netns_defer defer;
	struct fib_grave *next; /* until the commit */
	const struct fib_host *host;
	uint16_t n, size;
	uint32_t bytes; /* of this block */
	uint64_t piece[];
};

struct fib_txn_pieces {
	struct fib_txn_pieces *next;
	uint32_t n;
	uint64_t piece[];
};

struct fib_txn_words {
	struct fib_txn_words *next;
	uint32_t n;
	struct fib_txn_word word[];
};

#define PIECES_SIZE ((BLOCK - sizeof(struct fib_txn_pieces)) / sizeof(uint64_t))
#define WORDS_SIZE  ((BLOCK - sizeof(struct fib_txn_words)) / sizeof(struct fib_txn_word))

static_assert(sizeof(struct fib_direct) / FIB_LINE <= 0xffff, "lines of a piece fit 16 bits");

static uint64_t piece_pack(const void *ptr, size_t bytes)
{
	return (uint64_t)(uintptr_t)ptr | (uint64_t)(bytes / FIB_LINE) << 48;
}

static size_t piece_bytes(uint64_t piece)
{
	return (size_t)(piece >> 48) * FIB_LINE;
}

static size_t lines(size_t bytes)
{
	return (bytes + FIB_LINE - 1) & ~(size_t)(FIB_LINE - 1);
}

/* Entries of a leaf's dictionary: the greatest number in which[], plus one. */
static unsigned int entries_of(const uint8_t *which, unsigned int n)
{
	unsigned int max = 0, i;

	for (i = 0; i < n; i++)
		max = which[i] > max ? which[i] : max;
	return max + 1;
}

size_t fib_piece_bytes(enum fib_family family, uint64_t ref)
{
	unsigned int counts = fib_ref_counts(ref), n = counts & 255, m = counts >> 8, entries;
	const uint8_t *piece = fib_ref_ptr(ref);
	bool narrow = ref & FIB_NARROW;

	switch (fib_ref_kind(ref)) {
	case FIB_LEAF:
		if (family == FIB_IPV4) {
			entries = entries_of(piece + fib_leaf4_which(n, narrow), n + 1);
			return lines(fib_leaf4_bytes(n, entries, narrow));
		}
		entries = entries_of(piece + fib_leaf6_which(n, m), m + n + 1);
		return lines(fib_leaf6_bytes(n, m, entries));
	case FIB_CHUNK:
		return lines(fib_chunk_children_at(counts, fib_chunk_values(fib_ref_ptr(ref))) +
			     8 * (size_t)fib_chunk_children(ref));
	case FIB_DIRECT:
		return sizeof(struct fib_direct);
	default:
		return 0;
	}
}

void fib_txn_begin(struct fib_txn *txn, struct fib *fib)
{
	txn->fib = fib;
	txn->was = fib->ref;
	txn->graves = NULL;
	txn->more_pieces = NULL;
	txn->more_words = NULL;
	txn->n_pieces = 0;
	txn->n_words = 0;
}

static void *block_alloc(struct fib_txn *txn, size_t size)
{
	return txn->fib->host->alloc(txn->fib->owner, size);
}

static void uncharge(struct fib_txn *txn, size_t size)
{
	if (txn->fib->host->uncharge)
		txn->fib->host->uncharge(txn->fib->owner, size);
}

static void block_free(struct fib_txn *txn, void *ptr, size_t size)
{
	uncharge(txn, size);
	txn->fib->host->release(ptr, size);
}

/* Room to remember one more new piece. */
static uint64_t *piece_entry(struct fib_txn *txn)
{
	struct fib_txn_pieces *block = txn->more_pieces;

	if (txn->n_pieces < FIB_TXN_INLINE)
		return &txn->piece[txn->n_pieces++];
	if (block == NULL || block->n == PIECES_SIZE) {
		block = block_alloc(txn, BLOCK);
		if (block == NULL)
			return NULL;
		block->next = txn->more_pieces;
		block->n = 0;
		txn->more_pieces = block;
	}
	return &block->piece[block->n++];
}

void *fib_txn_alloc(struct fib_txn *txn, size_t size)
{
	uint64_t *entry = piece_entry(txn);
	void *ptr;

	if (entry == NULL)
		return NULL;
	*entry = 0;
	size = lines(size);
	ptr = block_alloc(txn, size);
	if (ptr == NULL)
		return NULL;
	if ((uintptr_t)ptr & ~FIB_ADDR_MASK) { /* no address that fits a ref */
		block_free(txn, ptr, size);
		errno = ENOMEM;
		return NULL;
	}
	*entry = piece_pack(ptr, size);
	return ptr;
}

int fib_txn_retire(struct fib_txn *txn, uint64_t ref)
{
	size_t bytes = fib_piece_bytes((enum fib_family)txn->fib->family, ref);
	struct fib_grave *grave = txn->graves;

	if (bytes == 0)
		return 0;
	if (grave == NULL || grave->n == grave->size) {
		uint32_t size = grave ? BLOCK : FIRST_GRAVE;

		grave = block_alloc(txn, size);
		if (grave == NULL)
			return -errno;
		grave->next = txn->graves;
		grave->host = txn->fib->host;
		grave->n = 0;
		grave->size = (uint16_t)((size - sizeof(*grave)) / sizeof(grave->piece[0]));
		grave->bytes = size;
		txn->graves = grave;
	}
	grave->piece[grave->n++] = piece_pack(fib_ref_ptr(ref), bytes);
	return 0;
}

static struct fib_txn_word *word_entry(struct fib_txn *txn)
{
	struct fib_txn_words *block = txn->more_words;

	if (txn->n_words < FIB_TXN_INLINE)
		return &txn->word[txn->n_words++];
	if (block == NULL || block->n == WORDS_SIZE) {
		block = block_alloc(txn, BLOCK);
		if (block == NULL)
			return NULL;
		block->next = txn->more_words;
		block->n = 0;
		txn->more_words = block;
	}
	return &block->word[block->n++];
}

int fib_txn_store(struct fib_txn *txn, uint64_t *at, uint64_t value)
{
	struct fib_txn_word *word = word_entry(txn);

	if (word == NULL)
		return -errno;
	*word = (struct fib_txn_word){ at, *at, true };
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	return 0;
}

int fib_txn_store32(struct fib_txn *txn, uint32_t *at, uint32_t value)
{
	struct fib_txn_word *word;

	if (*at == value)
		return 0;
	word = word_entry(txn);
	if (word == NULL)
		return -errno;
	*word = (struct fib_txn_word){ at, *at, false };
	__atomic_store_n(at, value, __ATOMIC_RELAXED);
	return 0;
}

/* The logs themselves; pieces and words are dealt with. */
static void free_logs(struct fib_txn *txn)
{
	struct fib_txn_pieces *pieces;
	struct fib_txn_words *words;

	while ((pieces = txn->more_pieces) != NULL) {
		txn->more_pieces = pieces->next;
		block_free(txn, pieces, BLOCK);
	}
	while ((words = txn->more_words) != NULL) {
		txn->more_words = words->next;
		block_free(txn, words, BLOCK);
	}
}

/* Runs after the grace period, maybe after the table is gone. */
static void grave_free(struct netns_defer *defer)
{
	struct fib_grave *grave = (struct fib_grave *)defer; /* its first member */
	const struct fib_host *host = grave->host;
	unsigned int i;

	for (i = 0; i < grave->n; i++)
		host->release(fib_ref_ptr(grave->piece[i]), piece_bytes(grave->piece[i]));
	host->release(grave, grave->bytes);
}

void fib_txn_commit(struct fib_txn *txn)
{
	struct fib *fib = txn->fib;
	struct fib_grave *grave;
	unsigned int i;

	if (fib->ref != txn->was && fib->host->publish)
		fib->host->publish(fib->owner, (enum fib_family)fib->family, fib->ref);
	while ((grave = txn->graves) != NULL) {
		size_t bytes = grave->bytes;

		txn->graves = grave->next;
		for (i = 0; i < grave->n; i++)
			bytes += piece_bytes(grave->piece[i]);
		uncharge(txn, bytes);
		fib->host->defer(&grave->defer, grave_free, bytes);
	}
	free_logs(txn);
}

static void word_restore(const struct fib_txn_word *word)
{
	if (word->wide)
		__atomic_store_n((uint64_t *)word->at, word->old, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint32_t *)word->at, (uint32_t)word->old, __ATOMIC_RELAXED);
}

static void piece_free(struct fib_txn *txn, uint64_t piece)
{
	if (piece != 0)
		block_free(txn, fib_ref_ptr(piece), piece_bytes(piece));
}

void fib_txn_abort(struct fib_txn *txn)
{
	struct fib_txn_pieces *pieces;
	struct fib_txn_words *words;
	struct fib_grave *grave;
	bool seen = txn->n_words > 0;
	unsigned int i;

	for (words = txn->more_words; words; words = words->next) {
		for (i = words->n; i > 0; i--)
			word_restore(&words->word[i - 1]);
	}
	for (i = txn->n_words; i > 0; i--)
		word_restore(&txn->word[i - 1]);
	if (seen) /* readers may have met new pieces */
		txn->fib->host->synchronize();
	for (pieces = txn->more_pieces; pieces; pieces = pieces->next) {
		for (i = 0; i < pieces->n; i++)
			piece_free(txn, pieces->piece[i]);
	}
	for (i = 0; i < txn->n_pieces; i++)
		piece_free(txn, txn->piece[i]);
	while ((grave = txn->graves) != NULL) {
		txn->graves = grave->next;
		block_free(txn, grave, grave->bytes);
	}
	free_logs(txn);
}
