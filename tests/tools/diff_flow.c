/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_flow [SEED [COUNT]]: random programs about control flow - ladders of branches, loops of every
 * kind, static and global functions, callbacks, tail calls, early returns, exceptions, held records -
 * over spilled and linked numbers whose values differ from path to path and decide whether an access
 * is in bounds. What a verifier forgets when it stops a path shows here. Judged by our verifier and
 * by the running kernel (loaded only, nothing is attached or pinned): what we accept and Linux rejects
 * is printed as UNSOUND, the other way round as STRICT. Ends with status 77 where loading is not
 * permitted. What Linux gives up for its size (E2BIG, ENOMEM, EFAULT) or takes too long for is counted,
 * not judged.
 *
 * KFUNC_REDUCE: shows what is left of a program without what does not matter. KFUNC_KERNEL_LOG=1 or 2:
 * Linux's log of it.
 *
 * Tail calls and packet loads are in main functions only: on 6.18.44 one in a called function makes Linux
 * go back through a frame that is not there, which ends in EFAULT or in a fault of the kernel.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "btf/btf.h"
#include "isa/isa.h"
#include "kernel/kernel.h"
#include "lib/flow.h"
#include "verifier/verifier.h"

#define BUDGET   50000 /* programs that take more only cost time */
#define PATIENCE 3     /* seconds that Linux may take */

static struct kfunc_kernel *kernel;
static struct btf_obj *prog_btf;
static int prog_btf_fd;
static struct vf_map maps[4];
static int map_fd[4];

static int make_btf(void)
{
	static uint32_t raw[256];
	union bpf_attr attr;
	char why[128];
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.btf = (uint64_t)(uintptr_t)raw;
	attr.btf_size = flow_btf(raw);
	prog_btf_fd = (int)syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
	if (prog_btf_fd < 0)
		return -errno;
	prog_btf = btf_parse(raw, attr.btf_size, NULL, "prog", why, sizeof(why), &err);
	if (!prog_btf)
		printf("types: %s\n", why);
	return prog_btf ? 0 : err;
}

/* ---------------------------------------------------------------- judging */

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	(void)ctx;
	if (fd < 100 || fd > 103)
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
	uint32_t info[FUNCS][2];
	struct vf_program p = {.insns = g->insn,
			       .n_insns = (uint32_t)g->n,
			       .type = BPF_PROG_TYPE_SOCKET_FILTER,
			       .prog_flags = g->flags,
			       .licence = "GPL",
			       .btf = prog_btf,
			       .func_info = info,
			       .func_info_rec = 8,
			       .func_info_cnt = func_info(g, info)};
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options opts = {.caps = VF_CAP_ALL, .max_insns = BUDGET};
	struct vf_facts facts;
	int err = vf_verify(kernel, &p, &res, &opts, rep, &facts);

	vf_facts_free(&facts);
	return err;
}

static char klog[1 << 24];

/* Linux may take minutes for a loop in loops; a signal makes it stop, with EAGAIN */
static void too_slow(int sig)
{
	(void)sig;
}

static int kernels(const struct gen *g, int log)
{
	static struct bpf_insn copy[MAX];
	uint32_t info[FUNCS][2];
	union bpf_attr attr;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (int i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == BPF_PSEUDO_MAP_FD)
			copy[i].imm = map_fd[copy[i].imm - 100];
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.prog_flags = g->flags;
	attr.insns = (uint64_t)(uintptr_t)copy;
	attr.insn_cnt = (uint32_t)g->n;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	attr.prog_btf_fd = (uint32_t)prog_btf_fd;
	attr.func_info_rec_size = 8;
	attr.func_info = (uint64_t)(uintptr_t)info;
	attr.func_info_cnt = func_info(g, info);
	if (log) {
		attr.log_buf = (uint64_t)(uintptr_t)klog;
		attr.log_size = sizeof(klog);
		attr.log_level = (uint32_t)log;
	}
	alarm(PATIENCE);
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	alarm(0);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void dump(const struct gen *g, const char *kind, int a, int b, const struct diag_report *rep,
		 int number)
{
	struct strbuf out = {0};
	const char *level = getenv("KFUNC_KERNEL_LOG");

	printf("%s program %d flags %#x ours %d kernel %d: KF%04u %s (insn %u)\n", kind, number,
	       g->flags, a, b, rep->code, rep->message, rep->insn);
	for (int i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		if (g->insn[i].code != (BPF_JMP | BPF_JA) || g->insn[i].off)
			printf("%4d: %s\n", i, strbuf_str(&out));
		if (isa_is_ldimm64(&g->insn[i]))
			i++;
	}
	if (level) {
		size_t len, most = atoi(level) > 1 ? sizeof(klog) : 1200;

		klog[0] = '\0';
		kernels(g, atoi(level));
		len = strlen(klog);
		printf("...%s\n", klog + (len > most ? len - most : 0));
	}
	strbuf_free(&out);
	fflush(stdout);
}

/* replaces by nothing whatever the disagreement does not need */
static void reduce(struct gen *g, int a, int b)
{
	struct diag_report rep;
	bool less = true;

	while (less) {
		less = false;
		for (int i = 0; i < g->n; i++) {
			struct bpf_insn was = g->insn[i], none = {.code = BPF_JMP | BPF_JA};

			if (isa_is_ldimm64(&was)) {
				i++;
				continue;
			}
			if (memcmp(&was, &none, sizeof(was)) == 0)
				continue;
			g->insn[i] = none;
			if (!ours(g, &rep) == !a && kernels(g, 0) == b)
				less = true;
			else
				g->insn[i] = was;
		}
	}
}

static int make_maps(void)
{
	static const struct {
		uint32_t type, key, value, entries;
	} kind[4] = {{BPF_MAP_TYPE_ARRAY, 4, VALUE, 4},
		     {BPF_MAP_TYPE_HASH, 4, VALUE, 4},
		     {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4},
		     {BPF_MAP_TYPE_RINGBUF, 0, 0, 4096}};

	for (int i = 0; i < 4; i++) {
		union bpf_attr attr;

		maps[i] = (struct vf_map){.type = kind[i].type,
					  .key_size = kind[i].key,
					  .value_size = kind[i].value,
					  .max_entries = kind[i].entries};
		memset(&attr, 0, sizeof(attr));
		attr.map_type = kind[i].type;
		attr.key_size = kind[i].key;
		attr.value_size = kind[i].value;
		attr.max_entries = kind[i].entries;
		map_fd[i] = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (map_fd[i] < 0)
			return -errno;
	}
	return 0;
}

static bool gave_up(int err)
{
	return err == -E2BIG || err == -ENOMEM || err == -EFAULT || err == -ENOSPC ||
	       err == -EAGAIN;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int count = argc > 2 ? atoi(argv[2]) : 20000, accepted = 0, unsound = 0, strict = 0,
	    errs = 0, limits = 0, big = 0;
	struct sigaction slow = {.sa_handler = too_slow};
	static struct gen g;
	char why[200];
	int err;

	sigaction(SIGALRM, &slow, NULL);
	if (make_maps() || make_btf()) {
		printf("cannot run: this process may not load BPF programs\n");
		return 77;
	}
	kernel = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, why, sizeof(why), &err);
	if (!kernel) {
		printf("cannot run: %s\n", why);
		return 77;
	}
	find_kfuncs(kernel->btf);
	for (int i = 0; i < count; i++) {
		struct diag_report rep = {0};
		int a, b;

		g.seed = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15ull + 1;
		for (int k = 0; k < 4; k++)
			rnd(&g, 2);
		g.more = true;
		generate(&g);
		a = ours(&g, &rep);
		if (a == -E2BIG) {
			big++;
			continue;
		}
		b = kernels(&g, 0);
		accepted += b == 0;
		if (getenv("KFUNC_REDUCE") && !a != !b && !gave_up(a) && !gave_up(b))
			reduce(&g, a, b);
		if (a != b && (gave_up(a) || gave_up(b))) {
			if (limits++ < 3)
				dump(&g, "LIMIT", a, b, &rep, i);
		} else if (a == 0 && b != 0) {
			if (unsound++ < 5)
				dump(&g, "UNSOUND", a, b, &rep, i);
		} else if (a != 0 && b == 0) {
			if (strict++ < 5)
				dump(&g, "STRICT", a, b, &rep, i);
		} else if (a != b && errs++ < 3) {
			dump(&g, "ERRNO", a, b, &rep, i);
		}
	}
	printf("%d programs, %d not asked, %d accepted by Linux, %d unsound, %d strict, %d limits, "
	       "%d other errno\n",
	       count, big, accepted, unsound, strict, limits, errs);
	btf_put(prog_btf);
	kernel_put(kernel);
	return unsound != 0;
}
