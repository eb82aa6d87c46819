/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a configuration file: libcyaml does the schema; what it logs becomes one line that names
 * file, line and what was wrong.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schema.h"

/** struct gathered - libcyaml's messages of one load */
struct gathered {
	char what[256]; /* the first error */
	unsigned int line;
};

static void gather(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct gathered *g = ctx;
	char text[256];
	const char *at;
	size_t len;

	(void)level;
	vsnprintf(text, sizeof(text), fmt, args);
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = 0;
	at = strstr(text, "line: ");
	if (at && !g->line)
		sscanf(at, "line: %u", &g->line);
	if (!g->what[0] && !strstr(text, "Backtrace"))
		snprintf(g->what, sizeof(g->what), "%s",
			 strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

static const cyaml_config_t base = {
	.log_level = CYAML_LOG_ERROR,
	.log_fn = gather,
	.mem_fn = cyaml_mem,
};

int config_load(const char *path, struct config **ret_config, struct config_error *error)
{
	struct gathered g = { { 0 }, 0 };
	cyaml_config_t config = base;
	struct config *loaded = NULL;
	cyaml_err_t err;

	if (access(path, R_OK)) {
		int why = errno;

		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(why));
		return -why;
	}
	config.log_ctx = &g;
	err = cyaml_load_file(path, &config, &config_schema, (cyaml_data_t **)&loaded, NULL);
	if (err != CYAML_OK) {
		snprintf(error->text, sizeof(error->text), "%s:%u: %s", path, g.line,
			 g.what[0] ? g.what : cyaml_strerror(err));
		return err == CYAML_ERR_OOM ? -ENOMEM : -EINVAL;
	}
	if (!loaded) {
		snprintf(error->text, sizeof(error->text),
			 "%s:1: the file is empty; expected ports and tenants", path);
		return -EINVAL;
	}
	*ret_config = loaded;
	return 0;
}

void config_free(struct config *config)
{
	cyaml_free(&base, &config_schema, config, 0);
}
