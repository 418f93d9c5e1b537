/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc lint ELF: reads a host's sets, types, symbols and debug lines and says what is wrong with
 * its kfuncs before a program meets them. Nothing of the file is run.
 */
#include "lint.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli.h"

static void put_text(const struct lint *l, const struct diag_row *row, const char *func,
		     const struct host_line *at, const char *message, struct strbuf *b)
{
	struct strbuf source = {0};

	strbuf_printf(b, "%s[KF%04u]: %s\n", lint_is_error(row->num) ? "error" : "warning",
		      row->num, row->title);
	if (at)
		strbuf_printf(b, "  --> %s:%u", at->file, at->line);
	else
		strbuf_printf(b, "  --> %s", l->host.path);
	if (func)
		strbuf_printf(b, "  in %s", func);
	strbuf_puts(b, "\n");
	if (at && cli_source_line(at, &source))
		strbuf_printf(b, "%5u | %s\n", at->line, strbuf_str(&source));
	strbuf_printf(b, "   = note: %s\n   = help: %s\n", message, diag_help(row));
	strbuf_printf(b, "   = more: kfunc explain KF%04u\n\n", row->num);
	strbuf_free(&source);
}

static void put_json(const struct lint *l, const struct diag_row *row, const char *func,
		     const struct host_line *at, const char *message, struct strbuf *b)
{
	strbuf_puts(b, "{\"schema\":1,\"file\":");
	diag_json_string(b, l->host.path);
	strbuf_printf(b, ",\"code\":\"KF%04u\",\"severity\":\"%s\",\"function\":", row->num,
		      lint_is_error(row->num) ? "error" : "warning");
	diag_json_string(b, func);
	strbuf_puts(b, ",\"source\":");
	diag_json_string(b, at ? at->file : NULL);
	if (at)
		strbuf_printf(b, ",\"line\":%u", at->line);
	else
		strbuf_puts(b, ",\"line\":null");
	strbuf_puts(b, ",\"title\":");
	diag_json_string(b, row->title);
	strbuf_puts(b, ",\"message\":");
	diag_json_string(b, message);
	strbuf_puts(b, ",\"help\":");
	diag_json_string(b, diag_help(row));
	strbuf_puts(b, "}\n");
}

void lint_report(struct lint *l, enum diag_code code, const char *func, const char *fmt, ...)
{
	const struct host_line *at = func ? cli_host_line(&l->host, func) : NULL;
	const struct diag_row *row = diag_row(code);
	struct strbuf message = {0}, b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&message, fmt, ap);
	va_end(ap);
	if (lint_is_error(code))
		l->errors++;
	else
		l->warnings++;
	if (l->json)
		put_json(l, row, func, at, strbuf_str(&message), &b);
	else
		put_text(l, row, func, at, strbuf_str(&message), &b);
	if (message.err || b.err)
		l->err = message.err ? message.err : b.err;
	fputs(strbuf_str(&b), stdout);
	strbuf_free(&message);
	strbuf_free(&b);
}

static int examine(struct lint *l)
{
	int err = lint_run(l);

	if (!err)
		err = l->err;
	if (!err && !l->json) {
		printf("%s: %u kfuncs, %u errors, %u warnings\n", l->host.path, l->n_funcs,
		       l->errors, l->warnings);
		if (l->host.funcs.stripped)
			printf("%s is stripped: functions that are marked and in no set were not "
			       "looked for\n",
			       l->host.path);
	}
	if (err || fflush(stdout)) {
		cli_error("%s: %s", l->host.path, err ? strerror(-err) : "no output");
		return CLI_USAGE;
	}
	return l->errors ? CLI_REJECTED : CLI_OK;
}

int cmd_lint(const struct cli_command *cmd, int argc, char **argv)
{
	struct lint l = {0};
	const struct cli_option opts[] = {
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line for each finding", &l.json},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, NULL), status;

	if (n < 0)
		return -1 - n;
	if (n != 1)
		return cli_usage(cmd, "which ELF file?");
	status = cli_host_open(&l.host, argv[1]);
	if (!status)
		status = examine(&l);
	mem_free(l.funcs);
	cli_host_close(&l.host);
	return status;
}
