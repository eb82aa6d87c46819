/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuring a device with what it can do: queues, RSS, checksum offloads, segments for frames
 * larger than a buffer, link-state interrupts are not needed since a thread polls. Control side.
 */
#include <errno.h>

#include <rte_ethdev.h>

#include "ctl.h"
#include "log.h"
#include "port.h"
#include "worker.h"

#define RSS_WANTED (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)
#define RX_WANTED                                                       \
	(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | \
	 RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define TX_WANTED                                                       \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | \
	 RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS)

static int choose_queues(struct dp_port *p, const struct dp_port_config *c,
			 const struct rte_eth_dev_info *info, const char **ret_error)
{
	unsigned int rx = c->rx_queues != 0 ? c->rx_queues : 1;
	unsigned int tx = c->tx_queues != 0 ? c->tx_queues : n_workers;

	if (rx > RTE_MIN((unsigned int)info->max_rx_queues, PORT_QUEUES_MAX)) {
		*ret_error = info->max_rx_queues == 0
				     ? "the device cannot receive"
				     : "the device has fewer receive queues than asked for";
		return -EINVAL;
	}
	if (c->tx_queues > info->max_tx_queues) {
		*ret_error = "the device has fewer transmit queues than asked for";
		return -EINVAL;
	}
	p->rx_queues = (uint16_t)rx;
	p->tx_queues = (uint16_t)RTE_MIN(tx, (unsigned int)info->max_tx_queues);
	if (p->tx_queues == 0) {
		*ret_error = "the device cannot send";
		return -EINVAL;
	}
	return 0;
}

static void choose_conf(struct dp_port *p, const struct dp_port_config *c,
			const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	uint32_t room = dp_opts.mbuf_size - RTE_PKTMBUF_HEADROOM;

	p->rx_offloads = info->rx_offload_capa & RX_WANTED;
	p->tx_offloads = info->tx_offload_capa & TX_WANTED;
	if (c->mtu + RTE_ETHER_HDR_LEN + 8u > room)
		p->rx_offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	conf->rxmode.offloads = p->rx_offloads;
	conf->txmode.offloads = p->tx_offloads;
	if (c->mtu != 0)
		conf->rxmode.mtu = c->mtu;
	if (p->rx_queues > 1 && (info->flow_type_rss_offloads & RSS_WANTED) != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & RSS_WANTED;
	}
}

static int setup_queues(struct dp_port *p, const struct dp_port_config *c, const char **ret_error)
{
	uint16_t rxd = c->rxd != 0 ? (uint16_t)c->rxd : 1024;
	uint16_t txd = c->txd != 0 ? (uint16_t)c->txd : 1024;
	int err, node = rte_eth_dev_socket_id(p->port_id);
	unsigned int q;

	err = rte_eth_dev_adjust_nb_rx_tx_desc(p->port_id, &rxd, &txd);
	for (q = 0; q < p->rx_queues && err == 0; q++) {
		struct rte_mempool *pool = pool_of((int)workers[p->rx_worker[q]]->pub.socket);

		if (pool == NULL) {
			*ret_error = "no memory for packet buffers (see the log)";
			return -ENOMEM;
		}
		err = rte_eth_rx_queue_setup(p->port_id, (uint16_t)q, rxd,
					     (unsigned int)(node < 0 ? 0 : node), NULL, pool);
	}
	for (q = 0; q < p->tx_queues && err == 0; q++)
		err = rte_eth_tx_queue_setup(p->port_id, (uint16_t)q, txd,
					     (unsigned int)(node < 0 ? 0 : node), NULL);
	if (err != 0)
		*ret_error = "the device refused its queues (see the log)";
	return err;
}

int port_configure(struct dp_port *p, const struct dp_port_config *c, const char **ret_error)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	int err;

	*ret_error = "the device does not tell what it can do";
	err = rte_eth_dev_info_get(p->port_id, &info);
	if (err != 0)
		return err;
	err = choose_queues(p, c, &info, ret_error);
	if (err != 0)
		return err;
	err = port_assign(p, c->lcores, c->n_lcores, ret_error);
	if (err != 0)
		return err;
	choose_conf(p, c, &info, &conf);
	*ret_error = "the device refused its configuration (see the log)";
	err = rte_eth_dev_configure(p->port_id, p->rx_queues, p->tx_queues, &conf);
	if (err != 0)
		return err;
	err = setup_queues(p, c, ret_error);
	if (err != 0)
		return err;
	*ret_error = "the device did not start (see the log)";
	err = rte_eth_dev_start(p->port_id);
	if (err != 0)
		return err;
	*ret_error = NULL;
	return 0;
}
