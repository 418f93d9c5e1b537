/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `kfunc` command: one file a sub-command, options as tables that parse and print themselves. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "kfunc/libkfunc.h"

/* exit status (DESIGN 8) */
enum cli_exit {
	CLI_OK = 0,
	CLI_REJECTED = 1,
	CLI_USAGE = 2, /* and input or output that fails */
	CLI_UNSUPPORTED = 3,
	CLI_LIMIT = 4,
};

enum cli_kind {
	CLI_FLAG,   /* bool */
	CLI_STRING, /* const char * */
	CLI_NUMBER, /* uint32_t: decimal, 0x or 0 */
	CLI_LIST,   /* struct cli_list: may be given more than once */
};

struct cli_list {
	const char **v;
	unsigned int n;
};

struct cli_option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* 0: none */
	enum cli_kind kind;
	const char *arg; /* what the help calls the value */
	const char *help;
	void *dest;
};

struct cli_command {
	const char *name, *args, *summary;
	const char *text; /* more lines for --help, or NULL */
	int (*run)(const struct cli_command *cmd, int argc, char **argv);
};

extern const struct cli_command cli_commands[]; /* ends with a NULL name */

/*
 * Parses argv[1..] by the table. Operands are moved to the front of argv[1..], their number is the
 * result; "--" ends options, and *rest (if not NULL) gets what follows it. Negative: the exit status
 * to end with, as -1 - status (help was printed, or a mistake told).
 */
int cli_parse(const struct cli_command *cmd, const struct cli_option *opts, int argc, char **argv,
	      char ***rest);
int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "kfunc: warning: ..." for each warning of an object */
void cli_put_warnings(const struct kfunc_object *obj, struct strbuf *out);
bool cli_colour(int fd);

/* kernel.c: --kernel's value; NULL after an error was told */
struct kfunc_kernel *cli_kernel(const char *name);

/*
 * compile.c: the object file to use for an operand: itself, or what clang makes of a .bpf.c file, in
 * which case *temporary is set: to be given back when it is no longer read. NULL after an error was told.
 * cli_object_name(): what such an object is called, to be freed; NULL: as its file.
 */
char *cli_object(const char *operand, bool *temporary);
void cli_object_done(char *path, bool temporary);
char *cli_object_name(const char *operand, bool temporary);

struct kfunc_contract;

/* list.c: pieces that list and doc share */
void cli_put_flags(struct strbuf *b, uint32_t flags, const char *quote, const char *sep);
void cli_put_hooks(struct strbuf *b, uint32_t hooks, const char *quote, const char *sep);
void cli_json_state(const struct kfunc_contract *c, const char *name, uint16_t version,
		    struct strbuf *b);
/* whether a name matches one of the patterns names[1..n]; everything does when n is 0 */
bool cli_name_wanted(char *const *names, int n, const char *name);

int cmd_run(const struct cli_command *cmd, int argc, char **argv);
int cmd_check(const struct cli_command *cmd, int argc, char **argv);
int cmd_list(const struct cli_command *cmd, int argc, char **argv);
int cmd_disasm(const struct cli_command *cmd, int argc, char **argv);
int cmd_explain(const struct cli_command *cmd, int argc, char **argv);
int cmd_doc(const struct cli_command *cmd, int argc, char **argv);
int cmd_btf(const struct cli_command *cmd, int argc, char **argv);
int cmd_lint(const struct cli_command *cmd, int argc, char **argv);

#endif
