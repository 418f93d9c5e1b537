/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_objects SEED COUNT OBJECT...: gives every program of the objects, and COUNT mutants of it, to our
 * verifier and to the running kernel (loaded only, nothing is attached or pinned) and compares. A
 * program that we accept and Linux rejects is printed as UNSOUND, the other way round as STRICT; with
 * VERBOSE=1 also those rejected with different errors.
 *
 * libbpf prepares each program for the kernel: maps, BTF, relocations. The link replaces its
 * bpf_prog_load() (--wrap), so that what arrives there can be changed and sent to both. The types are
 * those of the running kernel.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "isa/isa.h"
#include "kernel/kernel.h"
#include "verifier/verifier.h"

#define MAX_MAPS  64
#define MAX_NAMES 512

static struct kfunc_kernel *kernel;
static struct btf_obj *prog_btf;
static uint64_t seed;
static uint32_t mutants;
static bool busy, verbose;
static unsigned long total, accepted, unsound, strict, other;

static struct {
	int fd;
	struct vf_map map, inner;
	struct btf_fields *fields;
	void *value;
} maps[MAX_MAPS];
static uint32_t n_maps;

/* what libbpf makes maps of maps from, by name: their descriptors move */
static struct {
	char name[BPF_OBJ_NAME_LEN];
	struct bpf_map_info of;
} templates[MAX_MAPS];
static uint32_t n_templates;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* ---------------------------------------------------------------- maps and BTF as ours sees them */

static void describe_map(uint32_t i, const struct bpf_map_info *info)
{
	struct vf_map *m = &maps[i].map;
	int key = 0;

	m->type = info->type;
	for (uint32_t k = 0; k < n_templates; k++)
		if (!strncmp(templates[k].name, info->name, sizeof(info->name) - 1)) {
			const struct bpf_map_info *t = &templates[k].of;

			maps[i].inner = (struct vf_map){.type = t->type,
							.key_size = t->key_size,
							.value_size = t->value_size,
							.max_entries = t->max_entries,
							.flags = t->map_flags,
							.is_inner_template = true};
			m->inner = &maps[i].inner;
		}
	m->key_size = info->key_size;
	m->value_size = info->value_size;
	m->max_entries = info->max_entries;
	m->flags = info->map_flags;
	memcpy(m->name, info->name, sizeof(m->name));
	if (info->btf_value_type_id && prog_btf) {
		m->btf = prog_btf;
		m->key_type_id = info->btf_key_type_id;
		m->value_type_id = info->btf_value_type_id;
		if (!vf_find_fields(kernel, prog_btf, m->value_type_id, UINT32_MAX,
				    &maps[i].fields))
			m->fields = maps[i].fields;
	}
	if (!(m->flags & BPF_F_RDONLY_PROG) || m->type != BPF_MAP_TYPE_ARRAY)
		return;
	maps[i].value = calloc(1, m->value_size + 8);
	if (maps[i].value && !bpf_map_lookup_elem(maps[i].fd, &key, maps[i].value)) {
		m->frozen = true;
		m->const_value = maps[i].value;
	}
}

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	(void)ctx;
	for (uint32_t i = 0; i < n_maps; i++)
		if (maps[i].fd == fd) {
			*map = &maps[i].map;
			return 0;
		}
	if (n_maps == MAX_MAPS || bpf_map_get_info_by_fd(fd, &info, &len))
		return -EBADF;
	memset(&maps[n_maps], 0, sizeof(maps[0]));
	maps[n_maps].fd = fd;
	describe_map(n_maps, &info);
	*map = &maps[n_maps++].map;
	return 0;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	(void)fd;
	*btf = NULL;
	*is_module = false;
	return -EBADF;
}

static void forget(void)
{
	for (uint32_t i = 0; i < n_maps; i++) {
		mem_free(maps[i].fields);
		free(maps[i].value);
	}
	n_maps = 0;
	btf_put(prog_btf);
	prog_btf = NULL;
}

static void read_btf(int fd)
{
	struct bpf_btf_info info = {0};
	__u32 len = sizeof(info);
	char why[200];
	void *raw;
	int err;

	if (fd <= 0 || bpf_btf_get_info_by_fd(fd, &info, &len))
		return;
	raw = malloc(info.btf_size);
	info.btf = (uint64_t)(uintptr_t)raw;
	len = sizeof(info);
	if (raw && !bpf_btf_get_info_by_fd(fd, &info, &len))
		prog_btf = btf_parse(raw, info.btf_size, NULL, "", why, sizeof(why), &err);
	free(raw);
}

/* ---------------------------------------------------------------- mutants */

static void swap_kfunc(struct bpf_insn *p, uint32_t n, struct bpf_insn *x)
{
	for (int tries = 0; tries < 20; tries++) {
		const struct bpf_insn *y = &p[rnd(n)];

		if (y->code == (BPF_JMP | BPF_CALL) && y->src_reg == BPF_PSEUDO_KFUNC_CALL) {
			x->imm = y->imm;
			return;
		}
	}
}

static void mutate(struct bpf_insn *p, uint32_t n)
{
	static const int imms[] = {0, 1, -1, 8, 16, -8, 4, 64, 3};
	uint32_t i = rnd(n);
	struct bpf_insn *x = &p[i];
	uint8_t class = BPF_CLASS(x->code);
	bool jump = class == BPF_JMP || class == BPF_JMP32, wide = isa_is_ldimm64(x);
	bool call = x->code == (BPF_JMP | BPF_CALL), leaves = x->code == (BPF_JMP | BPF_EXIT);

	if (i && isa_is_ldimm64(&p[i - 1]))
		return;
	switch (rnd(8)) {
	case 0:
		x->dst_reg = rnd(11);
		break;
	case 1:
		if (!jump && !wide)
			x->src_reg = rnd(11);
		break;
	case 2:
		if (!jump && !wide)
			x->off += (int)rnd(5) * 4 - 8;
		break;
	case 3:
		if (!wide && !call)
			x->imm = imms[rnd(sizeof(imms) / sizeof(imms[0]))];
		break;
	case 4:
		if (!wide && !jump)
			*x = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
					       .dst_reg = 6 + rnd(4),
					       .src_reg = rnd(10)};
		break;
	case 5:
		if (!wide && !leaves && !call)
			*x = (struct bpf_insn){.code = BPF_JMP | BPF_JA};
		break;
	case 6:
		if (call && x->src_reg == BPF_PSEUDO_KFUNC_CALL)
			swap_kfunc(p, n, x);
		else if (call && !x->src_reg)
			*x = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K};
		break;
	default:
		if (jump && !call && !leaves)
			x->off += (int)rnd(3) - 1;
		break;
	}
}

/* ---------------------------------------------------------------- both answers */

int __real_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value,
			  __u32 entries, const struct bpf_map_create_opts *opts);
int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value,
			  __u32 entries, const struct bpf_map_create_opts *opts);

int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value,
			  __u32 entries, const struct bpf_map_create_opts *opts)
{
	__u32 len = sizeof(templates[0].of);

	if (opts && opts->inner_map_fd && n_templates < MAX_MAPS) {
		snprintf(templates[n_templates].name, sizeof(templates[0].name), "%s",
			 name ? name : "");
		memset(&templates[n_templates].of, 0, sizeof(templates[0].of));
		if (!bpf_map_get_info_by_fd(opts->inner_map_fd, &templates[n_templates].of, &len))
			n_templates++;
	}
	return __real_bpf_map_create(type, name, key, value, entries, opts);
}

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);

static const char *licence_now = "GPL";

static int ask_linux(enum bpf_prog_type type, const char *name, const struct bpf_insn *p,
		     uint32_t n, const struct bpf_prog_load_opts *opts)
{
	struct bpf_prog_load_opts o = *opts;
	int fd;

	o.log_level = 0;
	o.log_buf = NULL;
	o.log_size = 0;
	fd = __real_bpf_prog_load(type, name, licence_now, p, n, &o);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void ask_ours(enum bpf_prog_type type, const struct bpf_insn *p, uint32_t n,
		     const struct bpf_prog_load_opts *o, struct diag_report *report)
{
	struct vf_resolver resolver = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options options = {.caps = VF_CAP_ALL};
	struct vf_program prog = {
		.insns = p,
		.n_insns = n,
		.type = type,
		.attach_type = o->expected_attach_type,
		.prog_flags = o->prog_flags,
		.licence = licence_now,
		.btf = prog_btf,
		.func_info = o->func_info,
		.func_info_rec = o->func_info_rec_size,
		.func_info_cnt = o->func_info_cnt,
		.line_info = o->line_info,
		.line_info_rec = o->line_info_rec_size,
		.line_info_cnt = o->line_info_cnt,
		.attach_btf_id = o->attach_btf_id,
	};
	struct vf_facts facts;

	vf_verify(kernel, &prog, &resolver, &options, report, &facts);
	vf_facts_free(&facts);
}

static void show(const char *what, const char *name, int linux_err, const struct diag_report *r,
		 const struct bpf_insn *p, uint32_t n)
{
	struct strbuf text = {0};

	printf("%s %s: Linux %d, ours %d KF%04u at %u: %s\n", what, name, linux_err, r->err,
	       r->code, r->insn, r->message);
	for (uint32_t i = 0; verbose && i < n; i++) {
		strbuf_reset(&text);
		isa_disasm(&p[i], &text);
		printf("\t%u: %s\n", i, strbuf_str(&text));
		i += isa_is_ldimm64(&p[i]);
	}
	strbuf_free(&text);
}

/* false: this kernel does not let us load the type at all */
static bool compare(enum bpf_prog_type type, const char *name, const struct bpf_insn *p, uint32_t n,
		    const struct bpf_prog_load_opts *opts)
{
	int linux_err = ask_linux(type, name, p, n, opts);
	struct diag_report report;

	if (linux_err == -EPERM)
		return false;
	ask_ours(type, p, n, opts, &report);
	total++;
	accepted += !linux_err;
	/* its own bugs, our gaps, budgets */
	if (linux_err == -EFAULT || report.verdict == DIAG_UNSUPPORTED ||
	    report.verdict == DIAG_LIMIT_HIT)
		return true;
	if (!report.err && linux_err) {
		unsound++;
		show("UNSOUND", name, linux_err, &report, p, n);
	} else if (report.err && !linux_err) {
		strict++;
		show("STRICT", name, linux_err, &report, p, n);
	} else if (report.err != linux_err) {
		other++;
		if (verbose)
			show("ERRNO", name, linux_err, &report, p, n);
	}
	return true;
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts)
{
	struct bpf_insn *p;

	/* what libbpf loads to find out what the kernel can do */
	if (busy || !opts || !opts->prog_btf_fd)
		return __real_bpf_prog_load(type, name, licence, insns, n, opts);
	busy = true;
	licence_now = licence;
	read_btf(opts->prog_btf_fd);
	p = malloc(n * sizeof(*p));
	for (uint32_t k = 0; p && k <= mutants; k++) {
		memcpy(p, insns, n * sizeof(*p));
		for (uint32_t i = k ? 1 + rnd(3) : 0; i > 0; i--)
			mutate(p, (uint32_t)n);
		if (!compare(type, name, p, (uint32_t)n, opts))
			break;
	}
	free(p);
	forget();
	busy = false;
	errno = ECANCELED;
	return -ECANCELED;
}

/* ---------------------------------------------------------------- objects */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static void try_program(const char *path, const char *name)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *p;

	if (!obj)
		return;
	bpf_object__for_each_program(p, obj)
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name));
	n_templates = 0;
	bpf_object__load(obj);
	bpf_object__close(obj);
}

static void try_object(const char *path)
{
	static char names[MAX_NAMES][128];
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *p;
	int n = 0;

	if (!obj)
		return;
	bpf_object__for_each_program(p, obj) if (n < MAX_NAMES)
		snprintf(names[n++], sizeof(names[0]), "%s", bpf_program__name(p));
	bpf_object__close(obj);
	for (int i = 0; i < n; i++)
		try_program(path, names[i]);
}

int main(int argc, char **argv)
{
	char why[200] = "";
	int err;

	if (argc < 4) {
		fprintf(stderr, "usage: diff_objects SEED COUNT OBJECT...\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0) * 7919 + 1;
	mutants = (uint32_t)strtoul(argv[2], NULL, 0);
	verbose = getenv("VERBOSE");
	kernel = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, why, sizeof(why), &err);
	if (!kernel) {
		printf("no types of the running kernel: %s\n", why);
		return 77;
	}
	libbpf_set_print(quiet);
	for (int i = 3; i < argc; i++)
		try_object(argv[i]);
	kernel_put(kernel);
	printf("%lu programs, %lu accepted by Linux: %lu unsound, %lu strict, %lu with another "
	       "errno\n",
	       total, accepted, unsound, strict, other);
	return total ? unsound != 0 : 77;
}
