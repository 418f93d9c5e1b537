/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* kfunc list and kfunc doc: what a kernel's contracts say about its functions. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "contract/contract.h"
#include "contract/registry.h"
#include "diag/diag.h"
#include "kernel/kernel.h"

struct list {
	const struct kfunc_kernel *kernel;
	uint32_t hooks; /* mask of the hooks to show */
	bool json, doc;
	char **names;
	int n_names;
	unsigned int shown;
};

static const struct {
	uint32_t bit;
	const char *name;
} flag_names[] = {
#define FLAG(bit, name, since, until, text) {1u << (bit), "KF_" #name},
#include "contract/flags.def"
#undef FLAG
};

static void put_flags(struct strbuf *b, uint32_t flags, const char *quote, const char *sep)
{
	const char *s = "";
	size_t i;

	for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (flags & flag_names[i].bit) {
			strbuf_printf(b, "%s%s%s%s", s, quote, flag_names[i].name, quote);
			s = sep;
		}
	}
}

static void put_hooks(struct strbuf *b, uint32_t hooks, const char *quote, const char *sep)
{
	const char *s = "";
	int h;

	for (h = 0; h < HOOK_COUNT; h++) {
		if (hooks & (1u << h)) {
			strbuf_printf(b, "%s%s%s%s", s, quote, contract_hook_name(h), quote);
			s = sep;
		}
	}
}

static bool wanted(const struct list *l, const struct kfunc_contract *c)
{
	int i;

	if (!(c->hooks & l->hooks))
		return false;
	if (!l->n_names)
		return true;
	for (i = 1; i <= l->n_names; i++)
		if (fnmatch(l->names[i], c->name, 0) == 0)
			return true;
	return false;
}

static void put_json(const struct list *l, const struct kfunc_contract *c, struct strbuf *b)
{
	struct strbuf proto = {0};

	strbuf_puts(b, "{\"schema\":1,\"kernel\":");
	diag_json_string(b, l->kernel->release);
	strbuf_puts(b, ",\"name\":");
	diag_json_string(b, c->name);
	strbuf_puts(b, ",\"module\":");
	diag_json_string(b, btf_name(c->btf));
	strbuf_puts(b, ",\"flags\":[");
	put_flags(b, c->flags, "\"", ",");
	strbuf_puts(b, "],\"hooks\":[");
	put_hooks(b, c->hooks, "\"", ",");
	strbuf_puts(b, "],\"prototype\":");
	btf_print_func(c->btf, c->func_id, &proto);
	diag_json_string(b, strbuf_str(&proto));
	strbuf_free(&proto);
	strbuf_puts(b, ",\"doc\":");
	diag_json_string(b, c->doc);
	strbuf_puts(b, "}\n");
}

static void put_text(const struct list *l, const struct kfunc_contract *c, struct strbuf *b)
{
	btf_print_func(c->btf, c->func_id, b);
	strbuf_puts(b, "\n    ");
	if (c->flags) {
		put_flags(b, c->flags, "", " | ");
		strbuf_puts(b, "\n    ");
	}
	strbuf_puts(b, "for ");
	put_hooks(b, c->hooks, "", ", ");
	if (c->bad_why)
		strbuf_printf(b, "\n    cannot be called: %s", c->bad_why);
	strbuf_puts(b, "\n");
	if (l->doc)
		strbuf_printf(b, "\n%s\n", c->doc ? c->doc : "No documentation is known.");
}

static int show(void *ctx, const struct kfunc_contract *c)
{
	struct list *l = ctx;
	struct strbuf b = {0};
	int err;

	if (!wanted(l, c))
		return 0;
	if (l->doc && l->shown)
		strbuf_puts(&b, "\n");
	l->shown++;
	if (l->json)
		put_json(l, c, &b);
	else
		put_text(l, c, &b);
	err = b.err;
	fputs(strbuf_str(&b), stdout);
	strbuf_free(&b);
	return err;
}

/* The hooks whose functions a program of this type sees; 0: no such type. */
static uint32_t hooks_of_type(const struct kfunc_kernel *k, const char *name)
{
	int type = kernel_prog_type_by_name(name), hook;

	if (type < 0)
		return 0;
	hook = contract_hook_of(type, k->version);
	return 1u << HOOK_COMMON | (hook >= 0 ? 1u << hook : 0);
}

static int show_all(const struct cli_command *cmd, struct list *l, const char *kernel,
		    const char *prog_type)
{
	struct kfunc_kernel *k = cli_kernel(kernel);
	int err = CLI_OK;

	if (!k)
		return CLI_USAGE;
	l->kernel = k;
	l->hooks = prog_type ? hooks_of_type(k, prog_type) : UINT32_MAX;
	if (!l->hooks)
		err = cli_usage(cmd, "there is no program type '%s'", prog_type);
	else if (registry_for_each(k->registry, show, l))
		err = CLI_USAGE;
	else if (l->n_names && !l->shown) {
		cli_error("kernel %s has no such kernel function", k->release);
		err = CLI_REJECTED;
	}
	if (!err && fflush(stdout)) {
		cli_error("the output could not be written");
		err = CLI_USAGE;
	}
	kfunc_kernel__close(k);
	return err;
}

int cmd_list(const struct cli_command *cmd, int argc, char **argv)
{
	const char *kernel = NULL, *type = NULL;
	struct list l = {.names = argv};
	const struct cli_option opts[] = {
		{"kernel", 'k', CLI_STRING, "live|FILE", "the kernel (default: live)", &kernel},
		{"prog-type", 't', CLI_STRING, "TYPE", "only what programs of this type may call", &type},
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line", &l.json},
		{0},
	};

	l.n_names = cli_parse(cmd, opts, argc, argv, NULL);
	if (l.n_names < 0)
		return -1 - l.n_names;
	return show_all(cmd, &l, kernel, type);
}

int cmd_doc(const struct cli_command *cmd, int argc, char **argv)
{
	const char *kernel = NULL;
	struct list l = {.names = argv, .doc = true};
	const struct cli_option opts[] = {
		{"kernel", 'k', CLI_STRING, "live|FILE", "the kernel (default: live)", &kernel},
		{0},
	};

	l.n_names = cli_parse(cmd, opts, argc, argv, NULL);
	if (l.n_names < 0)
		return -1 - l.n_names;
	if (!l.n_names)
		return cli_usage(cmd, "which kernel function?");
	return show_all(cmd, &l, kernel, NULL);
}
