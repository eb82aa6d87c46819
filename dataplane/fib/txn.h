/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One change of the forwarding form: the pieces it allocated, the pieces it unlinked, the words it
 * stored into live pieces. Committed, the unlinked ones are freed after a grace period; aborted,
 * the words are put back and the new ones are freed. Neither can fail: what they need is taken
 * before.
 *
 * Control side, on the stack of one call.
 */
#ifndef FIB_TXN_H
#define FIB_TXN_H

#include "fib.h"

#define FIB_TXN_INLINE 8u

struct fib_txn_word {
	void *at;
	uint64_t old;
	bool wide; /* 8 bytes, else 4 */
};

struct fib_txn_words; /* further blocks of them */
struct fib_txn_pieces;
struct fib_grave;

struct fib_txn {
	struct fib *fib;
	uint64_t was;             /* the ref before */
	struct fib_grave *graves; /* pieces unlinked */
	struct fib_txn_pieces *more_pieces;
	struct fib_txn_words *more_words;
	unsigned int n_pieces, n_words; /* of those inline */
	uint64_t piece[FIB_TXN_INLINE]; /* address | lines << 48 */
	struct fib_txn_word word[FIB_TXN_INLINE];
};

void fib_txn_begin(struct fib_txn *txn, struct fib *fib);
void fib_txn_commit(struct fib_txn *txn);
void fib_txn_abort(struct fib_txn *txn);

/* A new piece, not zeroed; NULL with errno. */
void *fib_txn_alloc(struct fib_txn *txn, size_t size);
/* The piece of @ref (no children of it) is unlinked. Errors: -ENOMEM, -EDQUOT */
int fib_txn_retire(struct fib_txn *txn, uint64_t ref);
/* Store into a live piece, or fib->ref; release, pairs with the acquire in lookups. */
int fib_txn_store(struct fib_txn *txn, uint64_t *at, uint64_t value);
int fib_txn_store32(struct fib_txn *txn, uint32_t *at, uint32_t value);

/* Bytes of the piece of @ref, a multiple of 64; 0 for an immediate. */
size_t fib_piece_bytes(enum fib_family family, uint64_t ref);

#endif /* FIB_TXN_H */
