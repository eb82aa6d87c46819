/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports come and go while others forward. Adding: find or make the device, configure, make its
 * link, let workers send, let workers receive. Deleting: the reverse, with a grace period wherever
 * workers might still be inside. Control side.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "ctl.h"
#include "log.h"
#include "netns/fault.h"
#include "port.h"
#include "worker.h"

struct dp_port *ports[RTE_MAX_ETHPORTS];
static struct dp_port *adding; /* whose link is being made; dp_ctl_lock */

static void device_name(const char *devargs, char *name, size_t len)
{
	snprintf(name, len, "%.*s", (int)strcspn(devargs, ","), devargs);
}

/* The device's port, made if need be. */
static int find_or_probe(struct dp_port *p, const char *devargs, const char **ret_error)
{
	device_name(devargs, p->device, sizeof(p->device));
	if (rte_eth_dev_get_port_by_name(p->device, &p->port_id) == 0) {
		*ret_error = "this device is a port already";
		return ports[p->port_id] != NULL ? -EEXIST : 0;
	}
	*ret_error = "no such device, or its driver refused it (see the log)";
	if (rte_dev_probe(devargs) != 0)
		return -ENODEV;
	p->probed = true;
	if (rte_eth_dev_get_port_by_name(p->device, &p->port_id) != 0)
		return -ENODEV;
	return 0;
}

static void remove_device(struct dp_port *p)
{
	struct rte_eth_dev_info info;
	bool known = rte_eth_dev_info_get(p->port_id, &info) == 0;

	rte_eth_dev_close(p->port_id);
	if (known && info.device != NULL)
		rte_dev_remove(info.device);
}

static int make_locks(struct dp_port *p)
{
	unsigned int i;

	if (p->tx_queues >= n_workers)
		return 0;
	p->tx_lock = heap_zalloc(p->tx_queues * sizeof(*p->tx_lock));
	if (p->tx_lock == NULL)
		return -ENOMEM;
	for (i = 0; i < p->tx_queues; i++)
		rte_spinlock_init(&p->tx_lock[i]);
	return 0;
}

int port_link_prepare(struct link *l, struct dp_link_config *c)
{
	if (adding == NULL) {
		c->error = "a port's link comes with the port";
		return -EOPNOTSUPP;
	}
	l->port = adding;
	l->slot = &adding->tags->self;
	l->tags = adding->tags;
	l->pub.port_id = adding->port_id;
	return 0;
}

static int make_link(struct dp_port *p, struct dp_port_config *c, struct dp_link **ret_link)
{
	struct dp_link_config lc = { .kind = DP_LINK_PORT,
				     .name = c->name,
				     .ns = netns_init_ns(),
				     .mtu = (uint16_t)c->mtu,
				     .up = true };
	char name[DP_LINK_NAME_MAX + 1];
	struct dp_link *link;
	int err;

	if (c->name == NULL) {
		snprintf(name, sizeof(name), "%.15s", p->device);
		lc.name = name;
	}
	memcpy(lc.mac, p->mac, sizeof(lc.mac));
	adding = p;
	err = dp_link_create(&lc, &link);
	adding = NULL;
	if (err != 0) {
		c->error = lc.error;
		return err;
	}
	p->link = link_of(link);
	link_carrier(p->link);
	if (ret_link != NULL)
		*ret_link = link;
	return 0;
}

/* The link's view of the device: MAC, carrier, MTU. */
static void look(struct dp_port *p, struct dp_port_config *c)
{
	struct rte_ether_addr mac;
	struct rte_eth_link state;
	uint16_t mtu;

	if (rte_eth_macaddr_get(p->port_id, &mac) == 0)
		memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	if (p->mac[0] & 1)
		memset(p->mac, 0, sizeof(p->mac));
	if (c->mtu == 0 && rte_eth_dev_get_mtu(p->port_id, &mtu) == 0 && mtu >= 68)
		c->mtu = mtu;
	p->carrier = rte_eth_link_get_nowait(p->port_id, &state) != 0 ||
		     state.link_status == RTE_ETH_LINK_UP;
}

static int add(struct dp_port *p, struct dp_port_config *c, struct dp_link **ret_link)
{
	int err;

	err = find_or_probe(p, c->devargs, &c->error);
	if (err != 0)
		return err;
	err = port_configure(p, c, &c->error);
	if (err != 0)
		goto remove;
	look(p, c);
	c->error = "out of memory";
	err = -ENOMEM;
	p->tags = tag_table_new(rte_eth_dev_socket_id(p->port_id), NULL);
	if (p->tags == NULL || make_locks(p) != 0)
		goto stop;
	err = make_link(p, c, ret_link);
	if (err != 0)
		goto stop;
	if (c->promisc)
		port_promisc(p, 1);
	err = port_publish_tx(p);
	if (err != 0)
		goto unlink;
	ports[p->port_id] = p;
	err = port_publish_rx();
	if (err != 0)
		goto unport;
	c->error = NULL;
	return 0;

unport:
	ports[p->port_id] = NULL;
	port_unpublish_tx(p);
unlink:
	p->leaving = true;
	dp_link_delete(&p->link->pub);
	netns_synchronize();
stop:
	rte_eth_dev_stop(p->port_id);
	tag_table_free(p->tags);
	heap_free(p->tx_lock);
remove:
	if (p->probed)
		remove_device(p);
	return err;
}

int dp_port_add(struct dp_port_config *config, struct dp_link **ret_link)
{
	struct dp_port_config c = *config;
	struct dp_port *p;
	int err;

	config->error = NULL;
	if (config->devargs == NULL || config->devargs[0] == 0) {
		config->error = "a port needs a device: a PCI address, or NAME,ARGUMENTS of a vdev";
		return -EINVAL;
	}
	p = heap_zalloc(sizeof(*p));
	if (p == NULL) {
		config->error = "out of memory";
		return -ENOMEM;
	}
	dp_ctl_lock();
	err = add(p, &c, ret_link);
	dp_ctl_unlock();
	config->error = c.error;
	if (err != 0)
		heap_free(p);
	return err;
}

void port_del_locked(struct dp_port *p)
{
	p->leaving = true;
	/* deleting cannot fail: workers must not poll a device that is closed */
	while (port_publish_rx() != 0)
		netns_synchronize();
	netns_synchronize();
	dp_link_delete(&p->link->pub);
	port_unpublish_tx(p);
	netns_synchronize();
	ports[p->port_id] = NULL;
	rte_eth_dev_stop(p->port_id);
	if (p->probed)
		remove_device(p);
	tag_table_defer(p->tags);
	heap_free(p->tx_lock);
	heap_free(p);
}

int dp_port_del(const char *name)
{
	unsigned int i;
	int err = -ENODEV;

	dp_ctl_lock();
	for (i = 0; i < RTE_MAX_ETHPORTS; i++) {
		if (ports[i] == NULL || (strcmp(ports[i]->link->name, name) != 0 &&
					 strcmp(ports[i]->device, name) != 0))
			continue;
		port_del_locked(ports[i]);
		err = 0;
		break;
	}
	dp_ctl_unlock();
	return err;
}

void ports_fini(void)
{
	unsigned int i;

	dp_ctl_lock();
	for (i = 0; i < RTE_MAX_ETHPORTS; i++)
		if (ports[i] != NULL)
			port_del_locked(ports[i]);
	dp_ctl_unlock();
}

void port_promisc(struct dp_port *p, int change)
{
	int before = p->promisc;

	p->promisc += change;
	/* devices that know no such mode take all frames anyway */
	if (before == 0 && p->promisc > 0)
		rte_eth_promiscuous_enable(p->port_id);
	else if (before > 0 && p->promisc == 0)
		rte_eth_promiscuous_disable(p->port_id);
}

int port_set_mtu(struct dp_port *p, uint16_t mtu)
{
	int err = rte_eth_dev_set_mtu(p->port_id, mtu);

	return err == -ENOTSUP ? 0 : err;
}

void port_poll_carrier(void)
{
	struct rte_eth_link state;
	struct dp_port *p;
	unsigned int i;
	bool up;

	dp_ctl_lock();
	for (i = 0; i < RTE_MAX_ETHPORTS; i++) {
		p = ports[i];
		if (p == NULL || rte_eth_link_get_nowait(p->port_id, &state) != 0)
			continue;
		up = state.link_status == RTE_ETH_LINK_UP;
		if (up == p->carrier)
			continue;
		p->carrier = up;
		LOG_NOTICE("port %s: carrier %s", p->link->name, up ? "up" : "down");
		link_carrier(p->link);
	}
	dp_ctl_unlock();
}
