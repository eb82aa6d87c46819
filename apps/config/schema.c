/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file's schema, for libcyaml. Unknown keys are errors.
 */
#include "schema.h"

#define OPT  (CYAML_FLAG_OPTIONAL)
#define PTR  (CYAML_FLAG_POINTER)
#define OPTP (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define STR(name, type, member, flags) \
	CYAML_FIELD_STRING_PTR(name, flags, type, member, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t string_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_value_t number_value = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t),
};

static const cyaml_schema_field_t port_fields[] = {
	STR("name", struct config_port, name, PTR),
	STR("device", struct config_port, device, PTR),
	CYAML_FIELD_UINT("rx-queues", OPT, struct config_port, rx_queues),
	CYAML_FIELD_UINT("tx-queues", OPT, struct config_port, tx_queues),
	CYAML_FIELD_UINT("mtu", OPT, struct config_port, mtu),
	CYAML_FIELD_BOOL("promiscuous", OPT, struct config_port, promiscuous),
	CYAML_FIELD_SEQUENCE("workers", OPTP, struct config_port, workers, &number_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t link_fields[] = {
	STR("name", struct config_link, name, PTR),
	STR("kind", struct config_link, kind, PTR),
	STR("parent", struct config_link, parent, OPTP),
	STR("proto", struct config_link, proto, OPTP),
	STR("mac", struct config_link, mac, OPTP),
	STR("peer", struct config_link, peer, OPTP),
	STR("peer-tenant", struct config_link, peer_tenant, OPTP),
	STR("local", struct config_link, local, OPTP),
	STR("remote", struct config_link, remote, OPTP),
	CYAML_FIELD_INT_PTR("vlan", OPTP, struct config_link, vlan),
	CYAML_FIELD_INT_PTR("vni", OPTP, struct config_link, vni),
	CYAML_FIELD_UINT("mtu", OPT, struct config_link, mtu),
	CYAML_FIELD_BOOL("down", OPT, struct config_link, down),
	CYAML_FIELD_SEQUENCE("addresses", OPTP, struct config_link, addresses, &string_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t route_fields[] = {
	STR("to", struct config_route, to, PTR),
	STR("via", struct config_route, via, OPTP),
	STR("link", struct config_route, link, OPTP),
	STR("type", struct config_route, type, OPTP),
	CYAML_FIELD_UINT("metric", OPT, struct config_route, metric),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t neighbour_fields[] = {
	STR("link", struct config_neighbour, link, PTR),
	STR("address", struct config_neighbour, address, PTR),
	STR("mac", struct config_neighbour, mac, PTR),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t module_fields[] = {
	STR("name", struct config_module, name, PTR),
	CYAML_FIELD_SEQUENCE("params", OPTP, struct config_module, params, &string_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t owner_fields[] = {
	CYAML_FIELD_UINT("uid", CYAML_FLAG_DEFAULT, struct config_owner, uid),
	CYAML_FIELD_UINT("gid", CYAML_FLAG_DEFAULT, struct config_owner, gid),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t quota_fields[] = {
	CYAML_FIELD_UINT("bytes", OPT, struct config_quota, bytes),
	CYAML_FIELD_UINT("links", OPT, struct config_quota, links),
	CYAML_FIELD_UINT("routes", OPT, struct config_quota, routes),
	CYAML_FIELD_UINT("neighbours", OPT, struct config_quota, neighbours),
	CYAML_FIELD_END,
};

#define ELEMENT(kind)                                                                         \
	static const cyaml_schema_value_t kind##_value = {                                    \
		CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_##kind, kind##_fields), \
	}

ELEMENT(port);
ELEMENT(link);
ELEMENT(route);
ELEMENT(neighbour);
ELEMENT(module);

static const cyaml_schema_field_t tenant_fields[] = {
	STR("name", struct config_tenant, name, PTR),
	CYAML_FIELD_MAPPING_PTR("owner", OPTP, struct config_tenant, owner, owner_fields),
	CYAML_FIELD_MAPPING_PTR("quota", OPTP, struct config_tenant, quota, quota_fields),
	CYAML_FIELD_SEQUENCE("links", OPTP, struct config_tenant, links, &link_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("routes", OPTP, struct config_tenant, routes, &route_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("neighbours", OPTP, struct config_tenant, neighbours, &neighbour_value,
			     0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("modules", OPTP, struct config_tenant, modules, &module_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

ELEMENT(tenant);

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_UINT("workers", OPT, struct config, workers),
	STR("idle", struct config, idle, OPTP),
	CYAML_FIELD_UINT("max-tenants", OPT, struct config, max_tenants),
	CYAML_FIELD_SEQUENCE("ports", OPTP, struct config, ports, &port_value, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("tenants", OPTP, struct config, tenants, &tenant_value, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields),
};
