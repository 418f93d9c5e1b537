/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc disasm OBJ [--jit]: the instructions of every program that the live kernel accepts, after
 * relocation, under the source lines they come from; with --jit each with its machine code, as text where
 * the command was built with Zydis and as bytes elsewhere.
 */
#include <stdio.h>
#include <string.h>

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>
#endif

#include "cli.h"
#include "isa/isa.h"
#include "jit/jit.h"
#include "syscall/syscall.h"

static void put_bytes(const uint8_t *at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		printf("%s%02x", i && i % 16 == 0 ? "\n\t\t\t" : i ? " " : "\t\t\t", at[i]);
	if (len)
		printf("\n");
}

static void put_code(const uint8_t *at, uint32_t len)
{
#ifdef HAVE_ZYDIS
	while (len) {
		ZydisDisassembledInstruction insn;

		if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, (uintptr_t)at,
							at, len, &insn)))
			break;
		printf("\t\t\t%s\n", insn.text);
		at += insn.info.length;
		len -= insn.info.length;
	}
#endif
	put_bytes(at, len);
}

/* the source line that begins at instruction i, if one does */
static void put_line(const struct rt_prog *p, uint32_t i)
{
	for (uint32_t k = 0; k < p->line_info_cnt; k++) {
		const struct bpf_line_info *l =
			(const void *)((const char *)p->line_info + (size_t)k * p->line_info_rec);
		const char *text = p->btf ? btf_str(p->btf, l->line_off) : NULL;

		if (l->insn_off == i && text)
			printf("; %s\n", text + strspn(text, " \t"));
	}
}

static void put_function(const struct rt_prog *p, uint32_t f, bool jit)
{
	const struct vf_subprog *sub = &p->facts.subprog[f];
	struct strbuf text = {0};

	printf("%s%s, function %u:\n", f ? "\n" : "", p->name, f);
	if (jit)
		put_code(p->jit->image + p->jit->func_addr[f],
			 p->jit->addr[sub->start] - p->jit->func_addr[f]);
	for (uint32_t i = sub->start; i < sub->end; i++) {
		uint32_t next = i + (isa_is_ldimm64(&p->insns[i]) ? 2 : 1), end;

		strbuf_reset(&text);
		isa_disasm(&p->insns[i], &text);
		put_line(p, i);
		printf("%5u: %s\n", i, strbuf_str(&text));
		if (jit) {
			end = next < sub->end               ? p->jit->addr[next]
			      : f + 1 < p->facts.n_subprogs ? p->jit->func_addr[f + 1]
							    : p->jit->len;
			put_code(p->jit->image + p->jit->addr[i], end - p->jit->addr[i]);
		}
		i = next - 1;
	}
	strbuf_free(&text);
}

/* true: the program was accepted */
static bool put_program(const char *path, const char *name, bool jit)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	KFUNC_OPTS(kfunc_report, report);
	struct kfunc_program *p = NULL, *it = NULL;
	struct rt_prog *prog = NULL;
	int err = 0;

	while (obj && (p = kfunc_object__next_program(obj, p))) {
		bool wanted = !strcmp(kfunc_program__name(p), name);

		kfunc_program__set_autoload(p, wanted);
		it = wanted ? p : it;
	}
	if (it && !kfunc_object__load(obj))
		prog = syscall_prog_by_fd(kfunc_program__fd(it), &err);
	if (!prog) {
		if (it && !kfunc_program__report(it, &report))
			cli_error("%s: %s", name, report.message);
		else
			cli_error("%s cannot be loaded", name);
	} else if (jit && !prog->jit) {
		cli_error("%s is interpreted on this machine", name);
	} else {
		for (uint32_t f = 0; f < prog->facts.n_subprogs; f++)
			put_function(prog, f, jit);
		printf("\n");
	}
	rt_prog_put(prog);
	kfunc_object__close(obj);
	return prog != NULL;
}

int cmd_disasm(const struct cli_command *cmd, int argc, char **argv)
{
	const char *prog = NULL;
	bool jit = false, temporary, good = true;
	const struct cli_option opts[] = {
		{"jit", 0, CLI_FLAG, NULL, "with the machine code of each instruction", &jit},
		{"prog", 'p', CLI_STRING, "NAME", "only this program", &prog},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, NULL), found = 0;
	struct kfunc_object *obj;
	struct kfunc_program *p = NULL;
	char *path;

	if (n < 0)
		return -1 - n;
	if (n != 1)
		return cli_usage(cmd, "one object, please");
	path = cli_object(argv[1], &temporary);
	if (!path)
		return CLI_USAGE;
	obj = kfunc_object__open_file(path, NULL);
	while (obj && (p = kfunc_object__next_program(obj, p))) {
		if (prog && strcmp(prog, kfunc_program__name(p)))
			continue;
		good &= put_program(path, kfunc_program__name(p), jit);
		found++;
	}
	if (!obj || !found)
		cli_error("%s: there is no such program in it", argv[1]);
	kfunc_object__close(obj);
	cli_object_done(path, temporary);
	return !found ? CLI_USAGE : good ? CLI_OK : CLI_REJECTED;
}
