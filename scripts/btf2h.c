/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf2h BTF KFUNCS: writes the live kernel's types as the vmlinux.h that BPF programs include, with
 * the prototypes of the kfuncs named in the file KFUNCS (one a line). A build tool.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* libbpf writes f() for a function without parameters, which is no prototype in C17. */
static void emit(void *ctx, const char *fmt, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, args);
	if (!strcmp(text, ")") && *(char *)ctx == '(')
		fputs("void", stdout);
	fputs(text, stdout);
	if (*text)
		*(char *)ctx = text[strlen(text) - 1];
}

static const char prologue[] =
	"#ifndef __VMLINUX_H__\n"
	"#define __VMLINUX_H__\n\n"
	"#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
	"#endif\n\n";

static const char between[] = "\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
			      "#pragma clang attribute pop\n"
			      "#endif\n\n"
			      "#ifndef BPF_NO_KFUNC_PROTOTYPES\n"
			      "#ifndef __ksym\n"
			      "#define __ksym __attribute__((section(\".ksyms\")))\n"
			      "#endif\n"
			      "#ifndef __weak\n"
			      "#define __weak __attribute__((weak))\n"
			      "#endif\n\n";

static int dump_kfuncs(struct btf *btf, struct btf_dump *dump, const char *list)
{
	FILE *f = fopen(list, "r");
	char name[128];

	if (!f)
		return -errno;
	while (fscanf(f, "%127s", name) == 1) {
		int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
		struct btf_dump_emit_type_decl_opts opts = {.sz = sizeof(opts), .field_name = name};
		const struct btf_type *t;
		int err;

		if (id < 0) {
			fprintf(stderr, "btf2h: %s is not in the BTF\n", name);
			fclose(f);
			return -ENOENT;
		}
		t = btf__type_by_id(btf, id);
		printf("extern ");
		err = btf_dump__emit_type_decl(dump, t->type, &opts);
		printf(" __weak __ksym;\n");
		if (err) {
			fclose(f);
			return err;
		}
	}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct btf_dump *dump;
	struct btf *btf;
	unsigned int id;
	char last = 0; /* character written */
	int err = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: btf2h BTF KFUNCS\n");
		return 2;
	}
	btf = btf__parse(argv[1], NULL);
	dump = btf ? btf_dump__new(btf, emit, &last, NULL) : NULL;
	if (!dump) {
		fprintf(stderr, "btf2h: cannot read %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	fputs(prologue, stdout);
	for (id = 1; !err && id < btf__type_cnt(btf); id++)
		err = btf_dump__dump_type(dump, id);
	fputs(between, stdout);
	if (!err)
		err = dump_kfuncs(btf, dump, argv[2]);
	printf("#endif\n\n#endif\n");
	btf_dump__free(dump);
	btf__free(btf);
	if (err)
		fprintf(stderr, "btf2h: error %d\n", err);
	return err ? 1 : 0;
}
