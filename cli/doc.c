/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc doc: what a kfunc's contract, its history and the comment beside its source say, as text,
 * Markdown or JSON. Of an image, whose comments are elsewhere, those of the live kernel's function
 * of the same name are shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli.h"
#include "contract/registry.h"
#include "contract/words.h"
#include "diag/diag.h"
#include "doctext.h"
#include "host.h"
#include "kernel/kernel.h"

struct doc {
	struct kfunc_kernel *kernel;
	const struct cli_host *host; /* NULL: the kernel's functions */
	char **names;
	int n_names;
	bool all, markdown, json;
	unsigned int shown;
	const struct kfunc_contract *c; /* being shown */
	struct doctext text;
	const char *whole; /* the comment as it is */
};

/* The same comment describes the same function in another kernel. */
static const char *live_doc(const char *name)
{
	struct kfunc_kernel *k = kernel_live();
	int32_t id = k ? btf_find_own(k->btf, name, BTF_KIND_FUNC) : -1;
	const struct kfunc_contract *c = id > 0 ? registry_contract(k->registry, k->btf, id) : NULL;

	return c ? c->doc : NULL;
}

static const char *title(const struct doc *d)
{
	return d->text.summary.len ? strbuf_str(&d->text.summary) : "no documentation is known";
}

static void put_prototype(const struct kfunc_contract *c, struct strbuf *b)
{
	btf_print_func(c->btf, c->func_id, b);
}

/* ---- text and Markdown ---- */

static void put_args(const struct doc *d, struct strbuf *b)
{
	const struct kfunc_contract *c = d->c;

	for (uint32_t i = 0; i < c->n_args; i++) {
		const char *said = doctext_arg(&d->text, c->arg[i].name);

		strbuf_printf(b, d->markdown ? "- `%s`: " : "    %s: ", c->arg[i].name);
		contract_arg_words(c, i, b);
		if (said && *said)
			strbuf_printf(b, d->markdown ? ". *%s*" : "\n        (%s)", said);
		strbuf_puts(b, "\n");
	}
	if (c->proto_bad)
		strbuf_puts(b, "    cannot be expressed\n");
	else if (!c->n_args)
		strbuf_puts(b, d->markdown ? "none\n" : "    none\n");
}

static void put_flag_rows(const struct doc *d, struct strbuf *b)
{
	for (unsigned int bit = 0; bit < 32; bit++)
		if ((d->c->flags & 1u << bit) && contract_flag_name(bit))
			strbuf_printf(b, d->markdown ? "- `%s`: %s\n" : "    %s: %s\n",
				      contract_flag_name(bit), contract_flag_text(bit));
	if (!d->c->flags)
		strbuf_puts(b, d->markdown ? "none\n" : "    none\n");
}

static void heading(const struct doc *d, struct strbuf *b, const char *words)
{
	strbuf_printf(b, d->markdown ? "\n**%s**\n\n" : "\n%s\n", words);
}

/* Text that may have several lines, indented unless it is Markdown */
static void put_block(const struct doc *d, struct strbuf *b, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		if (n && !d->markdown)
			strbuf_puts(b, "    ");
		strbuf_add(b, s, n);
		strbuf_puts(b, "\n");
		s += n + (s[n] == '\n');
	}
}

static void put_example(const struct doc *d, struct strbuf *b)
{
	if (!d->text.example.len)
		return;
	heading(d, b, "Example");
	if (d->markdown)
		strbuf_puts(b, "```c\n");
	put_block(d, b, strbuf_str(&d->text.example));
	if (d->markdown)
		strbuf_puts(b, "```\n");
}

static void put_readable(const struct doc *d, struct strbuf *b)
{
	const struct kfunc_contract *c = d->c;
	struct strbuf life = {0};
	enum contract_state state;

	if (d->shown)
		strbuf_puts(b, "\n");
	strbuf_printf(b, d->markdown ? "## %s()\n\n%s\n\n```c\n" : "%s() - %s\n\n", c->name,
		      title(d));
	put_prototype(c, b);
	strbuf_puts(b, d->markdown ? ";\n```\n" : "\n");
	heading(d, b, "Arguments");
	put_args(d, b);
	heading(d, b, "Returns");
	strbuf_puts(b, d->markdown ? "" : "    ");
	contract_ret_words(c, b);
	strbuf_puts(b, "\n");
	if (d->text.returns.len)
		strbuf_printf(b, d->markdown ? "\n*%s*\n" : "        (%s)\n",
			      strbuf_str(&d->text.returns));
	heading(d, b, "Flags");
	put_flag_rows(d, b);
	heading(d, b, "Program types");
	strbuf_puts(b, d->markdown ? "" : "    ");
	if (d->host)
		strbuf_puts(b, "those for which the host registers its set");
	else
		cli_put_hooks(b, c->hooks, "", ", ");
	strbuf_puts(b, "\n");
	heading(d, b, "Lifecycle");
	state = contract_lifecycle(c, c->name, d->kernel->version, &life);
	strbuf_printf(b, d->markdown ? "%s%s%s\n" : "    %s%s%s\n", contract_state_name(state),
		      life.len ? ": " : "", strbuf_str(&life));
	if (c->bad_why)
		strbuf_printf(b,
			      d->markdown ? "\n**Cannot be called**: %s\n"
					  : "\nCannot be called\n    %s\n",
			      c->bad_why);
	if (d->text.body.len) {
		heading(d, b, "Description");
		put_block(d, b, strbuf_str(&d->text.body));
	}
	put_example(d, b);
	b->err = b->err ? b->err : life.err;
	strbuf_free(&life);
}

/* ---- JSON ---- */

static void json_member(struct strbuf *b, const char *name, const struct strbuf *value)
{
	strbuf_printf(b, ",\"%s\":", name);
	diag_json_string(b, value->len ? value->s : NULL);
}

static void json_args(const struct doc *d, struct strbuf *b)
{
	strbuf_puts(b, ",\"arguments\":[");
	for (uint32_t i = 0; i < d->c->n_args; i++) {
		struct strbuf words = {0};

		contract_arg_words(d->c, i, &words);
		strbuf_printf(b, "%s{\"name\":", i ? "," : "");
		diag_json_string(b, d->c->arg[i].name);
		strbuf_printf(b, ",\"kind\":\"%s\",\"words\":",
			      contract_arg_kind_name(d->c->arg[i].kind));
		diag_json_string(b, strbuf_str(&words));
		strbuf_puts(b, ",\"doc\":");
		diag_json_string(b, doctext_arg(&d->text, d->c->arg[i].name));
		strbuf_puts(b, "}");
		strbuf_free(&words);
	}
	strbuf_puts(b, "]");
}

static void json_flags(const struct doc *d, struct strbuf *b)
{
	const char *sep = "";

	strbuf_puts(b, ",\"flags\":[");
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(d->c->flags & 1u << bit) || !contract_flag_name(bit))
			continue;
		strbuf_printf(b, "%s{\"name\":\"%s\",\"text\":", sep, contract_flag_name(bit));
		diag_json_string(b, contract_flag_text(bit));
		strbuf_puts(b, "}");
		sep = ",";
	}
	strbuf_puts(b, "]");
}

static void put_json(const struct doc *d, struct strbuf *b)
{
	struct strbuf proto = {0}, ret = {0};

	strbuf_puts(b, "{\"schema\":1,\"kernel\":");
	diag_json_string(b, d->kernel->release);
	strbuf_puts(b, ",\"name\":");
	diag_json_string(b, d->c->name);
	put_prototype(d->c, &proto);
	json_member(b, "prototype", &proto);
	json_member(b, "summary", &d->text.summary);
	json_args(d, b);
	contract_ret_words(d->c, &ret);
	strbuf_printf(b, ",\"returns\":{\"kind\":\"%s\",\"words\":",
		      contract_ret_kind_name(d->c->ret_kind));
	diag_json_string(b, strbuf_str(&ret));
	json_member(b, "doc", &d->text.returns);
	strbuf_puts(b, "}");
	json_flags(d, b);
	strbuf_puts(b, ",\"hooks\":[");
	cli_put_hooks(b, d->c->hooks, "\"", ",");
	strbuf_puts(b, "]");
	cli_json_state(d->c, d->c->name, d->kernel->version, b);
	strbuf_puts(b, ",\"bad\":");
	diag_json_string(b, d->c->bad_why);
	json_member(b, "description", &d->text.body);
	json_member(b, "example", &d->text.example);
	strbuf_puts(b, ",\"doc\":");
	diag_json_string(b, d->whole);
	strbuf_puts(b, "}\n");
	strbuf_free(&proto);
	strbuf_free(&ret);
}

/* ---- which functions ---- */

static int show(struct doc *d, const struct kfunc_contract *c, const char *whole)
{
	struct strbuf b = {0};
	int err;

	d->c = c;
	d->whole = whole;
	err = doctext_parse(&d->text, whole);
	if (!err && d->json)
		put_json(d, &b);
	else if (!err)
		put_readable(d, &b);
	err = err ? err : b.err;
	if (!err)
		fputs(strbuf_str(&b), stdout);
	d->shown++;
	strbuf_free(&b);
	doctext_free(&d->text);
	return err;
}

static int show_contract(void *ctx, const struct kfunc_contract *c)
{
	struct doc *d = ctx;

	if (!cli_name_wanted(d->names, d->n_names, c->name))
		return 0;
	return show(d, c, c->doc || btf_base(c->btf) ? c->doc : live_doc(c->name));
}

static int show_host_func(struct doc *d, const struct host_id *id)
{
	const struct host_line *line = cli_host_line(d->host, id->name);
	int32_t btf_id = btf_find_own(d->host->btf, id->name, BTF_KIND_FUNC);
	struct kfunc_contract c;
	struct strbuf text = {0};
	const char *said;
	int err;

	if (btf_id <= 0 ||
	    contract_compile(&c, d->host->btf, btf_id, id->flags, d->kernel->version))
		return 0; /* kfunc lint says why */
	said = cli_host_doc(d->host, id->name);
	if (line)
		cli_comment_above(line, &text);
	if (said && !strstr(strbuf_str(&text), "\nDeprecated:"))
		strbuf_printf(&text, "%s%s", text.len ? "\n\n" : "", said);
	c.doc = text.len ? text.s : NULL;
	err = text.err ? text.err : show(d, &c, c.doc);
	strbuf_free(&text);
	return err;
}

static int show_host(struct doc *d)
{
	for (uint32_t i = 0; i < d->host->n_ids; i++) {
		const struct host_id *id = &d->host->ids[i];
		bool seen = false;
		int err;

		for (uint32_t j = 0; j < i && !seen; j++)
			seen = d->host->ids[j].in_set && !strcmp(d->host->ids[j].name, id->name);
		if (!id->in_set || seen || !cli_name_wanted(d->names, d->n_names, id->name))
			continue;
		err = show_host_func(d, id);
		if (err)
			return err;
	}
	return 0;
}

/* A name that is not there: the history may know it. */
static int explain_absence(const struct doc *d)
{
	for (int i = 1; i <= d->n_names; i++) {
		struct strbuf life = {0};

		if (d->host &&
		    contract_doc_paragraph(cli_host_doc(d->host, d->names[i]), "Removed:", &life)) {
			cli_error("%s() was removed from %s: %s", d->names[i], d->host->path,
				  strbuf_str(&life));
			strbuf_free(&life);
			continue;
		}
		contract_lifecycle(NULL, d->names[i], d->kernel->version, &life);
		if (life.len && !d->host)
			cli_error("%s() is not in kernel %s: %s", d->names[i], d->kernel->release,
				  strbuf_str(&life));
		else
			cli_error("%s has no kernel function %s()",
				  d->host ? d->host->path : d->kernel->release, d->names[i]);
		strbuf_free(&life);
	}
	return CLI_REJECTED;
}

static int run(struct doc *d)
{
	int err;

	if (d->markdown && d->all && d->host)
		printf("# Kernel functions of %s\n\n", d->host->path);
	else if (d->markdown && d->all)
		printf("# Kernel functions of Linux %s\n\n", d->kernel->release);
	err = d->host ? show_host(d) : registry_for_each(d->kernel->registry, show_contract, d);
	if (err) {
		cli_error("%s", strerror(-err));
		return CLI_USAGE;
	}
	if (!d->shown && !d->all)
		return explain_absence(d);
	return CLI_OK;
}

static int with_host(struct doc *d, const char *path)
{
	struct cli_host host;
	int status = cli_host_open(&host, path);

	d->host = &host;
	d->kernel = host.kernel;
	if (!status)
		status = run(d);
	cli_host_close(&host);
	return status;
}

int cmd_doc(const struct cli_command *cmd, int argc, char **argv)
{
	const char *kernel = NULL, *host = NULL;
	struct doc d = {.names = argv};
	const struct cli_option opts[] = {
		{"kernel", 'k', CLI_STRING, "live|FILE", "the kernel (default: live)", &kernel},
		{"host", 'H', CLI_STRING, "ELF", "functions of this executable or library", &host},
		{"all", 'a', CLI_FLAG, NULL, "every function", &d.all},
		{"markdown", 'm', CLI_FLAG, NULL, "as Markdown", &d.markdown},
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line", &d.json},
		{0},
	};
	int status;

	d.n_names = cli_parse(cmd, opts, argc, argv, NULL);
	if (d.n_names < 0)
		return -1 - d.n_names;
	if (!d.n_names && !d.all)
		return cli_usage(cmd, "which kernel function?");
	if (host && kernel)
		return cli_usage(cmd, "--host and --kernel exclude each other");
	if (host)
		return with_host(&d, host);
	d.kernel = cli_kernel(kernel);
	if (!d.kernel)
		return CLI_USAGE;
	status = run(&d);
	kfunc_kernel__close(d.kernel);
	return status;
}
