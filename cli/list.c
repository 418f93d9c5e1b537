/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc list: the functions of a kernel, one below the other: prototype, flags, who may call them,
 * and where they stand in their life (kfunc spec 13).
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "contract/contract.h"
#include "contract/registry.h"
#include "contract/words.h"
#include "diag/diag.h"
#include "kernel/kernel.h"

struct list {
	const struct kfunc_kernel *kernel;
	uint32_t hooks; /* mask of the hooks to show */
	bool json, removed;
	char **names;
	int n_names;
	unsigned int shown;
};

void cli_put_flags(struct strbuf *b, uint32_t flags, const char *quote, const char *sep)
{
	const char *s = "";

	for (unsigned int bit = 0; bit < 32; bit++) {
		if ((flags & 1u << bit) && contract_flag_name(bit)) {
			strbuf_printf(b, "%s%s%s%s", s, quote, contract_flag_name(bit), quote);
			s = sep;
		}
	}
}

void cli_put_hooks(struct strbuf *b, uint32_t hooks, const char *quote, const char *sep)
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

/* "prog_types":["SCHED_CLS",...]: the types it was registered for, UNSPEC for all */
static void put_prog_types(struct strbuf *b, uint64_t types)
{
	const char *sep = "";

	strbuf_puts(b, "\"prog_types\":[");
	for (uint32_t t = 0; t < 64; t++) {
		const char *name = t ? kernel_prog_type_name(t) : "unspec";

		if (!(types & 1ull << t) || !name)
			continue;
		strbuf_printf(b, "%s\"", sep);
		for (; *name; name++)
			strbuf_printf(b, "%c", toupper((unsigned char)*name));
		strbuf_puts(b, "\"");
		sep = ",";
	}
	strbuf_puts(b, "]");
}

bool cli_name_wanted(char *const *names, int n, const char *name)
{
	for (int i = 1; i <= n; i++)
		if (fnmatch(names[i], name, 0) == 0)
			return true;
	return !n;
}

/* "state":"deprecated","since":"6.2",... with a comma in front */
void cli_json_state(const struct kfunc_contract *c, const char *name, uint16_t version,
		    struct strbuf *b)
{
	const struct contract_history *h = c && btf_base(c->btf) ? NULL : contract_history(name);
	struct strbuf words = {0};
	enum contract_state state = contract_lifecycle(c, name, version, &words);

	strbuf_printf(b, ",\"state\":\"%s\",\"since\":", contract_state_name(state));
	if (h)
		strbuf_printf(b, "\"%u.%u\"", h->since >> 8, h->since & 0xff);
	else
		strbuf_puts(b, "null");
	strbuf_puts(b, ",\"removed\":");
	if (h && h->removed)
		strbuf_printf(b, "\"%u.%u\"", h->removed >> 8, h->removed & 0xff);
	else
		strbuf_puts(b, "null");
	strbuf_puts(b, ",\"instead\":");
	diag_json_string(b, h ? h->instead : NULL);
	strbuf_puts(b, ",\"lifecycle\":");
	diag_json_string(b, strbuf_str(&words));
	if (words.err)
		b->err = words.err;
	strbuf_free(&words);
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
	cli_put_flags(b, c->flags, "\"", ",");
	strbuf_puts(b, "],\"hooks\":[");
	cli_put_hooks(b, c->hooks, "\"", ",");
	strbuf_puts(b, "],");
	put_prog_types(b, c->prog_types);
	strbuf_puts(b, ",\"prototype\":");
	btf_print_func(c->btf, c->func_id, &proto);
	diag_json_string(b, strbuf_str(&proto));
	strbuf_free(&proto);
	strbuf_puts(b, ",\"doc\":");
	diag_json_string(b, c->doc);
	cli_json_state(c, c->name, l->kernel->version, b);
	strbuf_puts(b, "}\n");
}

static void put_text(const struct list *l, const struct kfunc_contract *c, struct strbuf *b)
{
	struct strbuf life = {0};
	enum contract_state state = contract_lifecycle(c, c->name, l->kernel->version, &life);

	btf_print_func(c->btf, c->func_id, b);
	strbuf_puts(b, "\n    ");
	if (c->flags) {
		cli_put_flags(b, c->flags, "", " | ");
		strbuf_puts(b, "\n    ");
	}
	strbuf_puts(b, "for ");
	cli_put_hooks(b, c->hooks, "", ", ");
	if (c->bad_why)
		strbuf_printf(b, "\n    cannot be called: %s", c->bad_why);
	strbuf_printf(b, "\n    state: %s%s%s\n", contract_state_name(state), life.len ? ", " : "",
		      strbuf_str(&life));
	if (life.err)
		b->err = life.err;
	strbuf_free(&life);
}

static int show(void *ctx, const struct kfunc_contract *c)
{
	struct list *l = ctx;
	struct strbuf b = {0};
	int err;

	if (!(c->hooks & l->hooks) || !cli_name_wanted(l->names, l->n_names, c->name))
		return 0;
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

/* What the history knows and this kernel does not have: gone, or still to come */
static int show_absent(struct list *l)
{
	const struct contract_history *h;
	struct strbuf b = {0};
	int err;

	for (unsigned int i = 0; (h = contract_history_at(i)); i++) {
		struct strbuf life = {0};
		enum contract_state state;

		if (!cli_name_wanted(l->names, l->n_names, h->name) ||
		    btf_find(l->kernel->btf, h->name, BTF_KIND_FUNC) > 0)
			continue;
		state = contract_lifecycle(NULL, h->name, l->kernel->version, &life);
		if (state == CSTATE_CURRENT) {
			strbuf_free(&life);
			continue; /* left out of this build */
		}
		l->shown++;
		if (l->json) {
			strbuf_puts(&b, "{\"schema\":1,\"kernel\":");
			diag_json_string(&b, l->kernel->release);
			strbuf_printf(&b, ",\"name\":\"%s\"", h->name);
			cli_json_state(NULL, h->name, l->kernel->version, &b);
			strbuf_puts(&b, "}\n");
		} else {
			strbuf_printf(&b, "%s()\n    state: %s, %s\n", h->name,
				      contract_state_name(state), strbuf_str(&life));
		}
		strbuf_free(&life);
	}
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
		err = cli_usage(cmd, "--prog-type: there is no program type '%s'", prog_type);
	else if (!l->removed && registry_for_each(k->registry, show, l))
		err = CLI_USAGE;
	else if ((l->removed || (l->n_names && !l->shown)) && show_absent(l))
		err = CLI_USAGE;
	else if (l->n_names && !l->shown) {
		cli_error("kernel %s has no such kernel function", k->release);
		err = CLI_REJECTED;
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
		{"prog-type", 't', CLI_STRING, "TYPE", "only what programs of this type may call",
		 &type},
		{"removed", 'r', CLI_FLAG, NULL,
		 "what the kernel no longer has, or not yet, as far as is known", &l.removed},
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line", &l.json},
		{0},
	};

	l.n_names = cli_parse(cmd, opts, argc, argv, NULL);
	if (l.n_names < 0)
		return -1 - l.n_names;
	return show_all(cmd, &l, kernel, type);
}
