/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of a table: the RIB first, then the forwarding form in the kind that its size asks for.
 *
 * Owns the choice between leaf, chunks and direct table. Called by control code, one writer per
 * table. A change that fails leaves RIB and forwarding form as they were.
 */
#include <errno.h>
#include <string.h>

#include "lookup.h"
#include "trie.h"

/* Changes of kind leave a gap, so that no table flips at each change. */
#define LEAF_ROUTES      16u    /* at most so many: try one leaf again */
#define DIRECT_ROUTES    32768u /* from here on a direct table, 512 KB */
#define NO_DIRECT_ROUTES 16384u
#define REBUILD_SHARE    8u /* a batch of more than 1/8 of the table: build all anew */

int fib_init(struct fib *fib, enum fib_family family, const struct fib_host *host, void *owner)
{
	if (family != FIB_IPV4 && family != FIB_IPV6)
		return -EINVAL;
	memset(fib, 0, sizeof(*fib));
	fib->family = (uint8_t)family;
	fib->host = host;
	fib->owner = owner;
	fib_simd_init();
	return 0;
}

static void piece_free(struct fib *fib, uint64_t ref)
{
	size_t bytes = fib_piece_bytes((enum fib_family)fib->family, ref);
	unsigned int i;

	if (fib_ref_kind(ref) == FIB_CHUNK) {
		for (i = 0; i < fib_chunk_children(ref); i++)
			piece_free(fib, fib_chunk_child(ref)[i]);
	} else if (fib_ref_kind(ref) == FIB_DIRECT) {
		for (i = 0; i < 65536; i++)
			piece_free(fib, ((struct fib_direct *)fib_ref_ptr(ref))->slot[i]);
	}
	if (bytes == 0)
		return;
	if (fib->host->uncharge)
		fib->host->uncharge(fib->owner, bytes);
	fib->host->release(fib_ref_ptr(ref), bytes);
}

void fib_fini(struct fib *fib)
{
	piece_free(fib, fib->ref);
	fib->ref = 0;
	fib_rib_free(fib);
}

static int check_prefix(const struct fib *fib, const struct fib_prefix *prefix)
{
	if (prefix->len > (fib->family == FIB_IPV4 ? 32 : 128))
		return -EINVAL;
	return fib_key(&prefix->addr) & ~fib_mask(prefix->len) ? -EINVAL : 0;
}

/* One leaf for all, if the table fits. */
static int refresh_leaf(struct fib_txn *txn, bool *ret_done)
{
	const struct fib_block root = { 0, 0 };
	struct fib *fib = txn->fib;
	struct fib_list list;
	uint64_t ref;
	int err;

	*ret_done = fib_list_take(fib, &root, FIB_NH_NONE, FIB_MAX_LEAF, &list);
	if (!*ret_done)
		return 0;
	err = fib_leaf_make(txn, &root, &list, &ref);
	if (!err)
		err = fib_trie_retire(txn, fib->ref);
	return err ? err : fib_txn_store(txn, &fib->ref, ref);
}

/* Makes the forwarding form follow the RIB, which changed in the prefixes of @ops. */
static int refresh(struct fib_txn *txn, const struct fib_op *ops, size_t n)
{
	struct fib *fib = txn->fib;
	enum fib_kind kind = fib_ref_kind(fib->ref);
	bool small = kind == FIB_IMM || kind == FIB_LEAF, done = false;
	uint32_t limit = kind == FIB_DIRECT ? NO_DIRECT_ROUTES : DIRECT_ROUTES;
	bool direct = fib->routes >= limit;
	uint64_t ref;
	size_t i;
	int err;

	if (small || fib->routes <= LEAF_ROUTES) {
		err = refresh_leaf(txn, &done);
		if (err || done)
			return err;
	}
	if (small || direct != (kind == FIB_DIRECT) || n > fib->routes / REBUILD_SHARE) {
		err = fib_trie_make_root(txn, direct, &ref);
		if (!err)
			err = fib_trie_retire(txn, fib->ref);
		return err ? err : fib_txn_store(txn, &fib->ref, ref);
	}
	for (i = 0; i < n; i++) {
		err = fib_trie_update(txn, &ops[i].route.prefix);
		if (err)
			return err;
	}
	return 0;
}

/* One change in the RIB; @op->old_nh says how to undo it. */
static int rib_apply(struct fib *fib, struct fib_op *op)
{
	const struct fib_prefix *prefix = &op->route.prefix;
	struct fib_route route;
	struct fib_pos pos;
	bool found;
	int err;

	err = check_prefix(fib, prefix);
	if (err)
		return err;
	if (op->kind > FIB_DELETE ||
	    (op->kind != FIB_DELETE && (op->route.nh == FIB_NH_NONE || op->route.nh > FIB_NH_MAX)))
		return -EINVAL;
	found = fib_rib_find(fib, prefix, &pos);
	if (op->kind == FIB_INSERT && found)
		return -EEXIST;
	if (op->kind == FIB_DELETE && !found)
		return -ENOENT;
	if (!found) {
		err = fib_rib_insert(fib, &op->route);
		if (!err)
			op->old_nh = FIB_NH_NONE;
		return err;
	}
	fib_rib_at(fib, &pos, &route);
	op->old_nh = route.nh;
	if (op->kind == FIB_DELETE)
		fib_rib_remove(fib, pos);
	else
		fib_rib_set(fib, pos, op->route.nh);
	return 0;
}

/* Needs no memory: what a removed route took is still free in its place. */
static void rib_undo(struct fib *fib, const struct fib_op *op)
{
	struct fib_route route = { op->route.prefix, op->old_nh };
	struct fib_pos pos;

	if (op->kind == FIB_DELETE) {
		fib_rib_insert(fib, &route);
		return;
	}
	if (!fib_rib_find(fib, &route.prefix, &pos))
		return;
	if (op->old_nh == FIB_NH_NONE)
		fib_rib_remove(fib, pos);
	else
		fib_rib_set(fib, pos, op->old_nh);
}

static void rib_tidy(struct fib *fib, const struct fib_op *op)
{
	fib_rib_tidy(fib, fib_key(&op->route.prefix.addr), op->route.prefix.len);
}

int fib_batch(struct fib *fib, struct fib_op *ops, size_t n, size_t *ret_failed)
{
	struct fib_txn txn;
	size_t i, done;
	int err = 0;

	if (n == 0)
		return 0;
	for (done = 0; done < n && !err; done += !err)
		err = rib_apply(fib, &ops[done]);
	if (err)
		goto undo_rib;
	fib_txn_begin(&txn, fib);
	err = refresh(&txn, ops, n);
	if (err)
		goto abort_txn;
	fib_txn_commit(&txn);
	for (i = 0; i < n; i++) {
		if (ops[i].kind == FIB_DELETE)
			rib_tidy(fib, &ops[i]);
	}
	return 0;

abort_txn:
	fib_txn_abort(&txn);
undo_rib:
	if (ret_failed)
		*ret_failed = done < n ? done : n - 1;
	for (i = done; i > 0; i--)
		rib_undo(fib, &ops[i - 1]);
	for (i = done; i > 0; i--)
		rib_tidy(fib, &ops[i - 1]);
	return err;
}

int fib_insert(struct fib *fib, const struct fib_prefix *prefix, uint32_t nh)
{
	struct fib_op op = { .route = { *prefix, nh }, .kind = FIB_INSERT };

	return fib_batch(fib, &op, 1, NULL);
}

int fib_replace(struct fib *fib, const struct fib_prefix *prefix, uint32_t nh, uint32_t *ret_nh)
{
	struct fib_op op = { .route = { *prefix, nh }, .kind = FIB_REPLACE };
	int err = fib_batch(fib, &op, 1, NULL);

	if (!err && ret_nh)
		*ret_nh = op.old_nh;
	return err;
}

int fib_delete(struct fib *fib, const struct fib_prefix *prefix, uint32_t *ret_nh)
{
	struct fib_op op = { .route = { *prefix, FIB_NH_NONE }, .kind = FIB_DELETE };
	int err = fib_batch(fib, &op, 1, NULL);

	if (!err && ret_nh)
		*ret_nh = op.old_nh;
	return err;
}

uint32_t fib_get(const struct fib *fib, const struct fib_prefix *prefix)
{
	struct fib_route route;
	struct fib_pos pos;

	if (!fib_rib_find(fib, prefix, &pos) || !fib_rib_at(fib, &pos, &route))
		return FIB_NH_NONE;
	return route.nh;
}

bool fib_next(const struct fib *fib, const struct fib_prefix *after, struct fib_route *ret_route)
{
	struct fib_pos pos = { 0, 0 };

	if (after)
		pos = fib_rib_seek(fib, fib_key(&after->addr), after->len + 1u);
	return fib_rib_at(fib, &pos, ret_route);
}

static void count_pieces(const struct fib *fib, uint64_t ref, struct fib_usage *usage)
{
	unsigned int i;

	usage->fib_bytes += fib_piece_bytes((enum fib_family)fib->family, ref);
	usage->pieces += fib_ref_kind(ref) != FIB_IMM;
	if (fib_ref_kind(ref) == FIB_CHUNK) {
		for (i = 0; i < fib_chunk_children(ref); i++)
			count_pieces(fib, fib_chunk_child(ref)[i], usage);
	} else if (fib_ref_kind(ref) == FIB_DIRECT) {
		for (i = 0; i < 65536; i++)
			count_pieces(fib, ((struct fib_direct *)fib_ref_ptr(ref))->slot[i], usage);
	}
}

void fib_usage(const struct fib *fib, struct fib_usage *ret_usage)
{
	memset(ret_usage, 0, sizeof(*ret_usage));
	ret_usage->rib_bytes = fib_rib_bytes(fib);
	count_pieces(fib, fib->ref, ret_usage);
}
