/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Opens a host's file: types, sets, symbols, documentation and debug lines. */
#include "host.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "cli.h"
#include "kernel/kernel.h"

static int read_types(struct cli_host *h, char *why, size_t why_size)
{
	char name[64];
	void *data;
	size_t size;
	int err;

	err = host_elf_btf(h->path, &data, &size, why, why_size);
	if (err)
		return err;
	host_module_name(h->path, name, sizeof(name));
	h->btf = host_split_btf(data, size, h->kernel->btf, name, why, why_size, &err);
	mem_free(data);
	return err;
}

int cli_host_open(struct cli_host *h, const char *path)
{
	char why[256] = "";
	int err;

	*h = (struct cli_host){.path = path, .kernel = kernel_live()};
	if (!h->kernel) {
		cli_error("the live kernel could not be made: %s", strerror(errno));
		return CLI_USAGE;
	}
	err = host_elf_ids(path, &h->ids, &h->n_ids, why, sizeof(why));
	if (!err)
		err = host_elf_funcs(path, &h->funcs, why, sizeof(why));
	if (!err)
		err = host_elf_docs(path, &h->docs, &h->n_docs, why, sizeof(why));
	if (!err)
		err = read_types(h, why, sizeof(why));
	if (!err)
		err = cli_lines_read(path, &h->lines, &h->n_lines);
	if (!err)
		return 0;
	cli_error("%s: %s%s", path, why[0] ? why : strerror(-err),
		  err == -ENOENT && why[0] ? "; `kfunc btf` gives it types" : "");
	return CLI_USAGE;
}

void cli_host_close(struct cli_host *h)
{
	btf_put(h->btf);
	mem_free(h->ids);
	host_funcs_free(&h->funcs);
	host_docs_free(h->docs, h->n_docs);
	cli_lines_free(h->lines, h->n_lines);
}

const struct host_line *cli_host_line(const struct cli_host *h, const char *func)
{
	for (uint32_t i = 0; i < h->n_lines; i++)
		if (!strcmp(h->lines[i].func, func))
			return &h->lines[i];
	return NULL;
}

const char *cli_host_doc(const struct cli_host *h, const char *func)
{
	for (uint32_t i = 0; i < h->n_docs; i++)
		if (!strcmp(h->docs[i].name, func))
			return h->docs[i].text;
	return NULL;
}
