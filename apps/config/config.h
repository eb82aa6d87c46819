/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file: what it says as structures, checking it without changing anything, and
 * applying it as one transaction: all of it or nothing.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct config_port - a DPDK device and its link in the root tenant */
struct config_port {
	char *name, *device;
	uint32_t rx_queues, tx_queues, mtu; /* 0: default; mtu in bytes */
	bool promiscuous;
	uint32_t *workers; /* that poll it, by worker number; none: balanced */
	uint32_t workers_count;
};

struct config_link {
	char *name, *kind, *parent, *proto, *mac, *peer, *peer_tenant, *local, *remote;
	int32_t *vlan; /* NULL: not said */
	int64_t *vni;  /* NULL: not said */
	uint32_t mtu;  /* bytes */
	bool down;
	char **addresses;
	uint32_t addresses_count;
};

struct config_route {
	char *to, *via, *link, *type;
	uint32_t metric;
};

struct config_neighbour {
	char *link, *address, *mac;
};

struct config_module {
	char *name;
	char **params;
	uint32_t params_count;
};

struct config_owner {
	uint32_t uid, gid;
};

struct config_quota {
	uint64_t bytes, links, routes, neighbours; /* 0: default */
};

struct config_tenant {
	char *name;
	struct config_owner *owner;
	struct config_quota *quota;
	struct config_link *links;
	uint32_t links_count;
	struct config_route *routes;
	uint32_t routes_count;
	struct config_neighbour *neighbours;
	uint32_t neighbours_count;
	struct config_module *modules;
	uint32_t modules_count;
};

/** struct config - a whole file */
struct config {
	uint32_t workers; /* lcores that forward; 0: all but one */
	char *idle;       /* "adaptive", "poll", "sleep" */
	uint32_t max_tenants;
	struct config_port *ports;
	uint32_t ports_count;
	struct config_tenant *tenants;
	uint32_t tenants_count;
};

/** struct config_error - the first thing that was wrong */
struct config_error {
	char text[512]; /* "FILE:LINE: what, and what was expected" */
};

/**
 * config_load() - read and check a file against the schema
 * @ret_config: config_free() it
 * Errors: -ENOENT and the like; -EINVAL with a text in @error
 */
int config_load(const char *path, struct config **ret_config, struct config_error *error);
void config_free(struct config *config);

/* Does it make sense as a whole? Names unique, parents there, tags free. Changes nothing. -EINVAL
 */
int config_check(const char *path, const struct config *config, struct config_error *error);

/**
 * config_apply() - make what the file says, in a runtime that has none of it
 * @progress: called now and then with how far it is (0 .. 1); may be NULL
 *
 * Context: control; blocks(grace period). On failure everything that was made is taken away again.
 */
int config_apply(const char *path, const struct config *config, void (*progress)(double),
		 struct config_error *error);
/* Takes away what config_apply() made. */
void config_unapply(void);

/* lines.c: line of a place like "tenants[2].links[0].vlan" in the file; 0: not found */
unsigned int config_line(const char *path, const char *place);

#endif /* CONFIG_H */
