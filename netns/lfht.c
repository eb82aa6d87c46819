/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Growth of the tables behind lfht.h: owns the counts of nodes and buckets. The thread whose node
 * is one too many doubles the table; one does so at a time, while the others live with longer
 * chains. A table is never made smaller: that would need a grace period.
 */
#include "lfht.h"

#include <errno.h>
#include <stddef.h>

#include "rcu.h"

int lfht_init(struct lfht *h, uint64_t buckets)
{
	h->table = cds_lfht_new_flavor(buckets, buckets, 0, 0, rcu_domain(), NULL);
	h->nodes = 0;
	h->buckets = buckets;
	h->growing = 0;
	return h->table != NULL ? 0 : -ENOMEM;
}

int lfht_fini(struct lfht *h)
{
	bool token = rcu_enter();
	int err = cds_lfht_destroy(h->table, NULL);

	rcu_leave(token);
	if (err != 0)
		return -EBUSY;
	h->table = NULL;
	return 0;
}

void lfht_added(struct lfht *h)
{
	uint64_t nodes = __atomic_add_fetch(&h->nodes, 1, __ATOMIC_RELAXED);
	uint64_t buckets = __atomic_load_n(&h->buckets, __ATOMIC_RELAXED);

	if (nodes <= buckets)
		return;
	/* pairs with the release below: who doubles next sees how big it is */
	if (__atomic_exchange_n(&h->growing, 1, __ATOMIC_ACQUIRE) != 0)
		return;
	buckets = __atomic_load_n(&h->buckets, __ATOMIC_RELAXED);
	if (nodes > buckets) {
		cds_lfht_resize(h->table, buckets * 2);
		__atomic_store_n(&h->buckets, buckets * 2, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&h->growing, 0, __ATOMIC_RELEASE);
}

void lfht_deleted(struct lfht *h)
{
	__atomic_sub_fetch(&h->nodes, 1, __ATOMIC_RELAXED);
}
