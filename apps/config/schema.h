/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file's schema: between schema.c, which states it, and load.c, which uses it.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

#include "config.h"

extern const cyaml_schema_value_t config_schema;

#endif /* CONFIG_SCHEMA_H */
