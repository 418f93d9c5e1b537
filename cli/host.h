/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A host's executable or library as `kfunc lint` and `kfunc doc --host` see it: read, never run. */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "contract/contract.h"
#include "contract/host.h"

struct kfunc_kernel;

/* Where a function is defined, from the debug information. */
struct host_line {
	char *func;
	char *file; /* absolute if the compiler's directory is known */
	uint32_t line;
};

struct cli_host {
	const char *path;
	struct kfunc_kernel *kernel; /* the live one, borrowed */
	struct btf_obj *btf;
	struct host_id *ids;
	uint32_t n_ids;
	struct host_funcs funcs;
	struct host_doc *docs;
	uint32_t n_docs;
	struct host_line *lines;
	uint32_t n_lines;
};

/* 0, or an exit status after an error was told; cli_host_close() is due either way. */
int cli_host_open(struct cli_host *h, const char *path);
void cli_host_close(struct cli_host *h);

/* NULL: not known */
const struct host_line *cli_host_line(const struct cli_host *h, const char *func);
/* KFUNC_DOC's text, or NULL */
const char *cli_host_doc(const struct cli_host *h, const char *func);

/* lines.c: one entry for each function of the debug information; 0 entries when there is none */
int cli_lines_read(const char *path, struct host_line **lines, uint32_t *n);
void cli_lines_free(struct host_line *lines, uint32_t n);
/* The comment that ends right above a function, without its stars; false: none, or not readable. */
bool cli_comment_above(const struct host_line *at, struct strbuf *out);
/* One line of a source file without its newline; false: not readable. */
bool cli_source_line(const struct host_line *at, struct strbuf *out);

#endif
