/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A build tool for the live kernel's BTF.
 *
 * btftool dedup RAW OUT.btf: pahole merges the types of several units in one pass, and leaves
 * copies where tagged pointers make cycles; more passes merge them.
 * btftool header BTF KFUNCS: writes the types as the vmlinux.h that BPF programs include, with the
 * prototypes of the kfuncs named in the file KFUNCS, one a line.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
			      /* the older documents' name */
			      "#ifndef __kptr_ref\n"
			      "#define __kptr_ref __attribute__((btf_type_tag(\"kptr_ref\")))\n"
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
			fprintf(stderr, "btftool: %s is not in the BTF\n", name);
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

static int header(const char *path, const char *kfuncs)
{
	struct btf_dump *dump;
	struct btf *btf;
	unsigned int id;
	char last = 0; /* character written */
	int err = 0;

	btf = btf__parse(path, NULL);
	dump = btf ? btf_dump__new(btf, emit, &last, NULL) : NULL;
	if (!dump) {
		fprintf(stderr, "btftool: cannot read %s: %s\n", path, strerror(errno));
		return 1;
	}
	fputs(prologue, stdout);
	for (id = 1; !err && id < btf__type_cnt(btf); id++)
		err = btf_dump__dump_type(dump, id);
	fputs(between, stdout);
	if (!err)
		err = dump_kfuncs(btf, dump, kfuncs);
	printf("#endif\n\n#endif\n");
	btf_dump__free(dump);
	btf__free(btf);
	return err;
}

/* A named struct or union must be there once: two of a name make every lookup ambiguous. */
static int check_unique(const struct btf *btf)
{
	unsigned int i, j, n = btf__type_cnt(btf);

	for (i = 1; i < n; i++) {
		const struct btf_type *a = btf__type_by_id(btf, i);
		const char *name = btf__name_by_offset(btf, a->name_off);

		if (!*name || (!btf_is_struct(a) && !btf_is_union(a)))
			continue;
		for (j = i + 1; j < n; j++) {
			const struct btf_type *b = btf__type_by_id(btf, j);

			if (btf_kind(b) == btf_kind(a) && b->name_off == a->name_off) {
				fprintf(stderr, "btftool: two types are called struct %s\n", name);
				return -EEXIST;
			}
		}
	}
	return 0;
}

static int dedup(const char *in, const char *out)
{
	struct btf *btf = btf__parse(in, NULL);
	unsigned int before, size;
	const void *data = NULL;
	int err = btf ? 0 : -errno;
	FILE *f;

	while (!err) {
		before = btf__type_cnt(btf);
		err = btf__dedup(btf, NULL);
		if (btf__type_cnt(btf) == before)
			break;
	}
	if (!err)
		err = check_unique(btf);
	if (!err)
		data = btf__raw_data(btf, &size);
	f = data ? fopen(out, "w") : NULL;
	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		return err ? err : -EIO;
	btf__free(btf);
	return 0;
}

int main(int argc, char **argv)
{
	int err;

	if (argc == 4 && !strcmp(argv[1], "header"))
		err = header(argv[2], argv[3]);
	else if (argc == 4 && !strcmp(argv[1], "dedup"))
		err = dedup(argv[2], argv[3]);
	else
		err = -EINVAL;
	if (err)
		fprintf(stderr, "btftool: error %d\n", err);
	return err ? 1 : 0;
}
