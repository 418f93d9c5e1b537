/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_kernel [SEED [COUNT]]: makes random programs that look valid, gives each to our verifier and
 * to the running kernel (loaded only, nothing is attached or pinned) and compares the answers. A
 * program that we accept and Linux rejects is printed as UNSOUND, the other way round as STRICT.
 * Needs the permission to load programs; says so and ends with status 77 where it is missing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "isa/isa.h"
#include "kernel/kernel.h"
#include "lib/gen.h"
#include "verifier/verifier.h"

static struct vf_map maps[2];
static int map_fd[2];

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	(void)ctx;
	if (fd < 100 || fd > 101)
		return -EBADF;
	*map = &maps[fd - 100];
	return 0;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	(void)fd;
	(void)btf;
	(void)is_module;
	return -EBADF;
}

static int ours(const struct gen *g, struct diag_report *rep)
{
	struct vf_program p = {.insns = g->insn,
			       .n_insns = g->n,
			       .type = BPF_PROG_TYPE_SOCKET_FILTER,
			       .licence = "GPL"};
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options opts = {.caps = VF_CAP_ALL};
	struct vf_facts facts;
	int err = vf_verify(kernel_live(), &p, &res, &opts, rep, &facts);

	vf_facts_free(&facts);
	return err;
}

static char kernel_log[1 << 22];

static int kernels(const struct gen *g, bool log)
{
	struct bpf_insn copy[GEN_MAX + 8];
	union bpf_attr attr;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (int i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == 1)
			copy[i].imm = map_fd[copy[i].imm - 100];
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)copy;
	attr.insn_cnt = g->n;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	if (log) {
		attr.log_buf = (uint64_t)(uintptr_t)kernel_log;
		attr.log_size = sizeof(kernel_log);
		attr.log_level = 1;
	}
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void dump(const struct gen *g, const char *kind, int a, int b, const struct diag_report *rep)
{
	struct strbuf out = {0};

	printf("%s ours %d kernel %d: KF%04u %s (insn %u)\n", kind, a, b, rep->code, rep->message,
	       rep->insn);
	for (int i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		printf("%4d: %s\n", i, strbuf_str(&out));
		if (isa_is_ldimm64(&g->insn[i]))
			i++;
	}
	if (getenv("KFUNC_KERNEL_LOG")) {
		size_t len;

		kernels(g, true);
		len = strlen(kernel_log);
		printf("...%s\n", kernel_log + (len > 1500 ? len - 1500 : 0));
	}
	strbuf_free(&out);
	fflush(stdout);
}

static int make_maps(void)
{
	static const uint32_t type[2] = {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH};

	for (int i = 0; i < 2; i++) {
		union bpf_attr attr;

		maps[i] = (struct vf_map){.type = type[i],
					  .key_size = 4,
					  .value_size = 16,
					  .max_entries = 4};
		memset(&attr, 0, sizeof(attr));
		attr.map_type = type[i];
		attr.key_size = 4;
		attr.value_size = 16;
		attr.max_entries = 4;
		map_fd[i] = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (map_fd[i] < 0)
			return -errno;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int count = argc > 2 ? atoi(argv[2]) : 20000, accepted = 0, unsound = 0, strict = 0,
	    errs = 0;
	static struct gen g;

	if (make_maps()) {
		printf("cannot run: this process may not load BPF programs\n");
		return 77;
	}
	for (int i = 0; i < count; i++) {
		struct diag_report rep;
		int a, b;

		gen_seed(&g, seed + i);
		generate(&g, false);
		a = ours(&g, &rep);
		b = kernels(&g, false);
		accepted += b == 0;
		if (a == 0 && b != 0) {
			if (unsound++ < 5)
				dump(&g, "UNSOUND", a, b, &rep);
		} else if (a != 0 && b == 0) {
			if (strict++ < 5)
				dump(&g, "STRICT", a, b, &rep);
		} else if (a != b && errs++ < 20) {
			dump(&g, "ERRNO", a, b, &rep);
		}
	}
	printf("%d programs, %d accepted by Linux, %d unsound, %d strict, %d other errno\n", count,
	       accepted, unsound, strict, errs);
	return unsound != 0;
}
