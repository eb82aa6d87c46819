/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queues to workers: which worker polls which receive queue, and each worker's buffer for each
 * port. Control side, under dp_ctl_lock; lists are immutable and replaced whole.
 */
#include <errno.h>

#include <rte_lcore.h>

#include "netns/fault.h"
#include "port.h"
#include "worker.h"

static void list_deferred(struct netns_defer *defer)
{
	heap_free((char *)defer - offsetof(struct rxq_list, defer));
}

static void buf_deferred(struct netns_defer *defer)
{
	netns_arena_free((char *)defer - offsetof(struct tx_buf, defer), sizeof(struct tx_buf));
}

static unsigned int collect(unsigned int worker, struct rxq *out)
{
	unsigned int i, q, n = 0;

	for (i = 0; i < RTE_MAX_ETHPORTS; i++) {
		if (ports[i] == NULL || ports[i]->leaving)
			continue;
		for (q = 0; q < ports[i]->rx_queues; q++) {
			if (ports[i]->rx_worker[q] != worker)
				continue;
			if (out != NULL)
				out[n] = (struct rxq){ .port_id = ports[i]->port_id,
						       .queue = (uint16_t)q,
						       .tags = ports[i]->tags };
			n++;
		}
	}
	return n;
}

int port_publish_rx(void)
{
	struct rxq_list *list[RTE_MAX_LCORE] = { NULL }, *old;
	unsigned int i, n;

	for (i = 0; i < n_workers; i++) {
		n = collect(i, NULL);
		list[i] = heap_zalloc(sizeof(**list) + n * sizeof(struct rxq));
		if (list[i] == NULL)
			goto nomem;
		list[i]->n = collect(i, list[i]->q);
	}
	for (i = 0; i < n_workers; i++) {
		old = workers[i]->rxqs;
		/* pairs with the acquire in rx_round() */
		__atomic_store_n(&workers[i]->rxqs, list[i], __ATOMIC_RELEASE);
		netns_defer(&old->defer, list_deferred, sizeof(*old));
	}
	return 0;

nomem:
	while (i-- > 0)
		heap_free(list[i]);
	return -ENOMEM;
}

int port_publish_tx(struct dp_port *p)
{
	struct tx_buf *b;
	unsigned int i;

	for (i = 0; i < n_workers; i++) {
		b = netns_arena_alloc((int)workers[i]->pub.socket, sizeof(*b));
		if (b == NULL) {
			port_unpublish_tx(p);
			return -ENOMEM;
		}
		memset(b, 0, sizeof(*b));
		b->port_id = p->port_id;
		b->queue = (uint16_t)(i % p->tx_queues);
		b->lock = p->tx_lock != NULL ? &p->tx_lock[b->queue] : NULL;
		/* pairs with the acquire in tx.c */
		__atomic_store_n(&workers[i]->tx[p->port_id], b, __ATOMIC_RELEASE);
	}
	return 0;
}

void port_unpublish_tx(struct dp_port *p)
{
	struct tx_buf *b;
	unsigned int i;

	for (i = 0; i < n_workers; i++) {
		b = workers[i]->tx[p->port_id];
		if (b == NULL)
			continue;
		__atomic_store_n(&workers[i]->tx[p->port_id], NULL, __ATOMIC_RELAXED);
		netns_defer(&b->defer, buf_deferred, sizeof(*b));
	}
}

static int worker_of_lcore(unsigned int lcore)
{
	unsigned int i;

	for (i = 0; i < n_workers; i++)
		if (workers[i]->pub.lcore == lcore)
			return (int)i;
	return -1;
}

/* The worker with the fewest queues, those on the port's node first. */
static unsigned int idlest(const unsigned int *load, int socket)
{
	unsigned int i, best = 0;
	bool near, best_near;

	for (i = 1; i < n_workers; i++) {
		near = socket < 0 || (int)workers[i]->pub.socket == socket;
		best_near = socket < 0 || (int)workers[best]->pub.socket == socket;
		if (near != best_near ? near : load[i] < load[best])
			best = i;
	}
	return best;
}

int port_assign(struct dp_port *p, const unsigned int *lcores, unsigned int n,
		const char **ret_error)
{
	unsigned int load[RTE_MAX_LCORE] = { 0 }, i, q;
	int w;

	for (i = 0; i < n_workers; i++)
		load[i] = collect(i, NULL);
	for (q = 0; q < p->rx_queues; q++) {
		if (lcores != NULL && n != 0) {
			w = worker_of_lcore(lcores[q % n]);
			if (w < 0) {
				*ret_error = "no worker runs on an lcore that shall poll the port";
				return -EINVAL;
			}
			p->rx_worker[q] = (uint8_t)w;
		} else {
			p->rx_worker[q] = (uint8_t)idlest(load, rte_eth_dev_socket_id(p->port_id));
		}
		load[p->rx_worker[q]]++;
	}
	return 0;
}
