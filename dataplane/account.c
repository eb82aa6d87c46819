/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accounting areas: reserving them, preparing and clearing entries as indexes come and go, and
 * summing. Control side; the counting itself is inline in account.h. See there for what must hold.
 */
#include <errno.h>
#include <numa.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_lcore.h>

#include "account.h"
#include "dp.h"
#include "netns/fault.h"

struct account_area *account_areas;
unsigned int account_workers;
static size_t bytes_link, bytes_drops, bytes_block, bytes_cycles, bytes_touched;

static void *reserve(size_t bytes)
{
	void *p;

	if (fault_alloc())
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t bytes)
{
	if (p != NULL)
		munmap(p, bytes);
}

static int area_init(struct account_area *a)
{
	a->link = reserve(bytes_link);
	a->link_drops = reserve(bytes_drops);
	a->block = reserve(bytes_block);
	a->cycles = reserve(bytes_cycles);
	a->touched = reserve(bytes_touched);
	if (a->link == NULL || a->link_drops == NULL || a->block == NULL || a->cycles == NULL ||
	    a->touched == NULL)
		return -ENOMEM;
	/* dense and on every packet's way: large pages are worth it; blocks are sparse */
	madvise(a->link, bytes_link, MADV_HUGEPAGE);
	madvise(a->cycles, bytes_cycles, MADV_HUGEPAGE);
	madvise(a->block, bytes_block, MADV_NOHUGEPAGE);
	return 0;
}

int account_init(unsigned int workers, uint32_t max_tenants, uint32_t max_links)
{
	unsigned int i;
	int err;

	bytes_link = (size_t)max_links * sizeof(struct link_counters);
	bytes_drops = (size_t)max_links * sizeof(struct link_drops);
	bytes_block = (size_t)max_tenants * sizeof(struct account_block);
	bytes_cycles = (size_t)max_tenants * sizeof(uint64_t);
	bytes_touched = max_tenants;
	account_areas = heap_zalloc(workers * sizeof(*account_areas));
	if (account_areas == NULL)
		return -ENOMEM;
	account_workers = workers;
	for (i = 0; i < workers; i++) {
		err = area_init(&account_areas[i]);
		if (err != 0) {
			account_fini();
			return err;
		}
	}
	return 0;
}

void account_fini(void)
{
	struct account_area *a;
	unsigned int i;

	for (i = 0; i < account_workers; i++) {
		a = &account_areas[i];
		release(a->link, bytes_link);
		release(a->link_drops, bytes_drops);
		release(a->block, bytes_block);
		release(a->cycles, bytes_cycles);
		release(a->touched, bytes_touched);
	}
	heap_free(account_areas);
	account_areas = NULL;
	account_workers = 0;
}

void account_link_begin(uint32_t index)
{
	struct link_drops *d;
	unsigned int i;

	for (i = 0; i < account_workers; i++) {
		memset(&account_areas[i].link[index], 0, sizeof(struct link_counters));
		d = &account_areas[i].link_drops[index];
		/* reading maps the shared zero page, writing would fill it */
		if ((d->rx | d->tx) != 0)
			d->rx = d->tx = 0;
	}
}

void account_link_drops(uint32_t index, struct link_drops *ret_sum)
{
	const struct link_drops *d;
	unsigned int i;

	ret_sum->rx = ret_sum->tx = 0;
	for (i = 0; i < account_workers; i++) {
		d = &account_areas[i].link_drops[index];
		ret_sum->rx += account_read(&d->rx);
		ret_sum->tx += account_read(&d->tx);
	}
}

void account_link_sum(uint32_t index, struct link_counters *ret_sum)
{
	const struct link_counters *c;
	unsigned int i;

	memset(ret_sum, 0, sizeof(*ret_sum));
	for (i = 0; i < account_workers; i++) {
		c = &account_areas[i].link[index];
		ret_sum->rx_packets += account_read(&c->rx_packets);
		ret_sum->rx_bytes += account_read(&c->rx_bytes);
		ret_sum->tx_packets += account_read(&c->tx_packets);
		ret_sum->tx_bytes += account_read(&c->tx_bytes);
	}
}

void account_link_gone(uint32_t index, uint32_t ns_index)
{
	const struct link_counters *c;
	struct account_area *a;
	uint64_t *word;
	unsigned int i;

	for (i = 0; i < account_workers; i++) {
		a = &account_areas[i];
		c = &a->link[index];
		if ((c->rx_packets | c->tx_packets) == 0)
			continue;
		word = a->block[ns_index].word;
		word[ACCOUNT_GONE_RX_PACKETS] += c->rx_packets;
		word[ACCOUNT_GONE_RX_BYTES] += c->rx_bytes;
		word[ACCOUNT_GONE_TX_PACKETS] += c->tx_packets;
		word[ACCOUNT_GONE_TX_BYTES] += c->tx_bytes;
		a->touched[ns_index] = 1;
	}
}

void account_tenant_end(uint32_t ns_index)
{
	struct account_area *a;
	unsigned int i;

	for (i = 0; i < account_workers; i++) {
		a = &account_areas[i];
		if (a->touched[ns_index] != 0) {
			memset(&a->block[ns_index], 0, sizeof(a->block[ns_index]));
			a->touched[ns_index] = 0;
		}
		/* reading an untouched page maps the shared zero page, writing would fill it */
		if (a->cycles[ns_index] != 0)
			a->cycles[ns_index] = 0;
	}
}
