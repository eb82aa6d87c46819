/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: DPDK devices, their queues and who polls them. Control side, under dp_ctl_lock; workers
 * see only the lists of receive queues, the tx buffers and the tag table that are published here.
 */
#ifndef DP_PORT_H
#define DP_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_spinlock.h>

#include "dp.h"
#include "link.h"

#define PORT_QUEUES_MAX 128u

/** struct dp_port - one device */
struct dp_port {
	uint16_t port_id;
	bool carrier, leaving;
	bool probed; /* made by dp_port_add(): removed with the port */
	uint8_t mac[6];
	int promisc; /* links (and the configuration) that want it */
	struct link *link;
	struct dp_tag_table *tags;
	uint16_t rx_queues, tx_queues;
	uint64_t rx_offloads, tx_offloads;  /* RTE_ETH_*_OFFLOAD_*, enabled */
	rte_spinlock_t *tx_lock;            /* [tx queue], where workers share it; NULL */
	uint8_t rx_worker[PORT_QUEUES_MAX]; /* [rx queue] worker index */
	char device[RTE_ETH_NAME_MAX_LEN];
};

extern struct dp_port *ports[RTE_MAX_ETHPORTS]; /* dp_ctl_lock */

int port_link_prepare(struct link *l, struct dp_link_config *c);
void port_promisc(struct dp_port *p, int change);
int port_set_mtu(struct dp_port *p, uint16_t mtu);
void port_poll_carrier(void); /* all ports; takes dp_ctl_lock */
void ports_fini(void);        /* deletes all */
void port_del_locked(struct dp_port *p);

/* port_queue.c: what workers see of a port. Publishing replaces lists; freeing is deferred. */
int port_publish_tx(struct dp_port *p);
void port_unpublish_tx(struct dp_port *p);
int port_publish_rx(void); /* rebuilds every worker's list from ports[] */
int port_assign(struct dp_port *p, const unsigned int *lcores, unsigned int n,
		const char **ret_error);

/* port_config.c: device configuration: queues, RSS, offloads, MTU. */
int port_configure(struct dp_port *p, const struct dp_port_config *c, const char **ret_error);

/* pool.c: packet buffers of a socket, made at first use; NULL: out of memory. */
struct rte_mempool *pool_of(int socket);
void pools_fini(void);

#endif /* DP_PORT_H */
