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
#include "verifier/verifier.h"

#define MAX 96

enum what { UNKNOWN, SCALAR, SMALL, STACK, VALUE, CTX };

struct gen {
	uint64_t seed;
	struct bpf_insn insn[MAX + 8];
	int n;
	enum what reg[11];
	int jump_to[MAX]; /* pending forward jumps: instruction -> target index, 0 none */
};

static struct vf_map maps[2];
static int map_fd[2];

static uint32_t rnd(struct gen *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (uint32_t)(g->seed >> 11) % n;
}

static void emit(struct gen *g, uint8_t code, int dst, int src, int off, int imm)
{
	g->insn[g->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static int pick(struct gen *g, enum what w)
{
	int start = rnd(g, 10);

	for (int i = 0; i < 10; i++) {
		int r = (start + i) % 10;

		if (g->reg[r] == w || (w == SCALAR && g->reg[r] == SMALL))
			return r;
	}
	return -1;
}

static int imm(struct gen *g)
{
	static const int list[] = {0, 1, 2, 3, 7, 8, 15, 16, 31, 63, 64, -1, -8, 255, 256, 0x7fffffff,
				   (int)0x80000000, 0xffff, 100, -2};

	return list[rnd(g, sizeof(list) / sizeof(list[0]))];
}

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH,
				      BPF_ARSH, BPF_MUL, BPF_MOV, BPF_MOV, BPF_ADD, BPF_AND, BPF_NEG,
				      BPF_DIV, BPF_MOD};
	uint8_t class = rnd(g, 3) ? BPF_ALU64 : BPF_ALU, op = ops[rnd(g, sizeof(ops))];
	int dst = pick(g, SCALAR), src = pick(g, SCALAR), k = imm(g);

	if (dst < 0 || src < 0)
		return;
	if (op == BPF_MOV) {
		int to = rnd(g, 10);

		if (g->reg[to] == CTX || g->reg[to] == VALUE)
			return;
		emit(g, class | BPF_MOV | BPF_X, to, src, rnd(g, 6) ? 0 : rnd(g, 2) ? 8 : 16, 0);
		g->reg[to] = SCALAR;
		return;
	}
	if (op == BPF_NEG) {
		emit(g, class | BPF_NEG, dst, 0, 0, 0);
		return;
	}
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		k = rnd(g, class == BPF_ALU ? 32 : 64);
	if ((op == BPF_DIV || op == BPF_MOD) && k == 0)
		k = 3;
	if (rnd(g, 2))
		emit(g, class | op | BPF_K, dst, 0, 0, k);
	else
		emit(g, class | op | BPF_X, dst, src, 0, 0);
}

static void gen_mask(struct gen *g)
{
	static const int masks[] = {7, 15, 8, 12, 3, 1, 31, 16};
	int r = pick(g, SCALAR);

	if (r >= 0)
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, r, 0, 0, masks[rnd(g, 8)]);
}

static void gen_jump(struct gen *g)
{
	static const uint8_t ops[] = {BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT,
				      BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET};
	uint8_t class = rnd(g, 3) ? BPF_JMP : BPF_JMP32, op = ops[rnd(g, sizeof(ops))];
	int dst = pick(g, SCALAR), src = pick(g, SCALAR);

	if (dst < 0 || src < 0)
		return;
	g->jump_to[g->n] = g->n + 2 + rnd(g, 6);
	if (rnd(g, 2))
		emit(g, class | op | BPF_K, dst, 0, 0, imm(g));
	else
		emit(g, class | op | BPF_X, dst, src, 0, 0);
}

static uint8_t size_code(int size)
{
	return size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;
}

static void gen_stack(struct gen *g)
{
	int size = 1 << rnd(g, 4), off = -(int)(8 * (1 + rnd(g, 4))) + (rnd(g, 3) ? 0 : size);
	int r = rnd(g, 10);

	if (off + size > 0)
		off = -8;
	if (rnd(g, 2)) {
		if (g->reg[r] == UNKNOWN)
			return;
		if (g->reg[r] >= STACK) {
			size = 8;
			off &= ~7;
		}
		if (rnd(g, 4))
			emit(g, BPF_STX | BPF_MEM | size_code(size), 10, r, off, 0);
		else
			emit(g, BPF_ST | BPF_MEM | size_code(size), 10, 0, off, imm(g));
	} else {
		if (g->reg[r] == CTX || g->reg[r] == VALUE)
			return;
		emit(g, BPF_LDX | (rnd(g, 6) || size == 8 ? BPF_MEM : BPF_MEMSX) | size_code(size), r,
		     10, off, 0);
		g->reg[r] = SCALAR;
	}
}

static void gen_value(struct gen *g)
{
	int v = pick(g, VALUE), s = pick(g, SCALAR), size = 1 << rnd(g, 4);
	int to = rnd(g, 10);

	if (v < 0 || s < 0 || g->reg[to] >= STACK)
		return;
	if (rnd(g, 2)) { /* v + variable in a fresh register */
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, v, 0, 0);
		if (to == s)
			return;
		emit(g, BPF_ALU64 | (rnd(g, 4) ? BPF_ADD : BPF_SUB) | BPF_X, to, s, 0, 0);
		if (rnd(g, 2))
			emit(g, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, (int)rnd(g, 9) - 2);
		emit(g, BPF_LDX | BPF_MEM | size_code(size), to, to, rnd(g, 4), 0);
		g->reg[to] = SCALAR;
	} else if (rnd(g, 3)) {
		emit(g, BPF_LDX | BPF_MEM | size_code(size), to, v, rnd(g, 18), 0);
		g->reg[to] = SCALAR;
	} else {
		emit(g, BPF_STX | BPF_MEM | size_code(size), v, s, rnd(g, 16), 0);
	}
}

static void gen_fp(struct gen *g)
{
	int s = pick(g, SCALAR), to = rnd(g, 10), size = 1 << rnd(g, 4);

	if (s < 0 || to == s || g->reg[to] >= STACK)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_X, to, s, 0, 0);
	if (rnd(g, 2)) {
		emit(g, BPF_LDX | BPF_MEM | size_code(size), to, to, -32, 0);
		g->reg[to] = SCALAR;
	} else {
		emit(g, BPF_ST | BPF_MEM | size_code(size), to, 0, -32, imm(g));
		g->reg[to] = UNKNOWN;
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, imm(g));
		g->reg[to] = SCALAR;
	}
}

static void gen_atomic(struct gen *g)
{
	static const int ops[] = {BPF_ADD, BPF_ADD | BPF_FETCH, BPF_OR | BPF_FETCH, BPF_XCHG,
				  BPF_CMPXCHG, BPF_AND, BPF_XOR};
	int s = pick(g, SCALAR), v = rnd(g, 2) ? pick(g, VALUE) : 10;

	if (s < 0 || v < 0)
		return;
	emit(g, BPF_STX | BPF_ATOMIC | (rnd(g, 2) ? BPF_DW : BPF_W), v, s,
	     v == 10 ? -8 * (1 + (int)rnd(g, 4)) : 8 * (int)rnd(g, 2), ops[rnd(g, 7)]);
}

static void lookup(struct gen *g, int map, int to, bool check)
{
	emit(g, BPF_ST | BPF_MEM | BPF_W, 10, 0, -48, (int)rnd(g, 6));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -48);
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 100 + map);
	emit(g, 0, 0, 0, 0, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	if (check) {
		emit(g, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
		emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	for (int i = 0; i < 6; i++)
		g->reg[i] = UNKNOWN;
	g->reg[0] = VALUE;
	if (to) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, 0, 0, 0);
		g->reg[to] = VALUE;
	}
}

static void gen_loop(struct gen *g)
{
	int r = pick(g, SCALAR), top;

	if (r < 0)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, 0);
	top = g->n;
	gen_alu(g);
	gen_stack(g);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, 1 + rnd(g, 3));
	emit(g, BPF_JMP | BPF_JLT | BPF_K, r, 0, top - g->n - 1, 1 + rnd(g, 12));
}

static void generate(struct gen *g)
{
	int len = 8 + rnd(g, 40);

	memset(g->insn, 0, sizeof(g->insn));
	memset(g->jump_to, 0, sizeof(g->jump_to));
	memset(g->reg, 0, sizeof(g->reg));
	g->n = 0;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	g->reg[6] = CTX;
	lookup(g, rnd(g, 2), 9, rnd(g, 16));
	emit(g, BPF_LDX | BPF_MEM | BPF_W, 7, 6, 0, 0);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 9, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, imm(g));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 7, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, imm(g));
	g->reg[7] = g->reg[8] = g->reg[0] = g->reg[1] = g->reg[2] = SCALAR;
	while (g->n < len + 16 && g->n < MAX - 24) {
		static void (*const kinds[])(struct gen *) = {
			gen_alu, gen_alu, gen_alu, gen_jump, gen_jump, gen_jump, gen_mask, gen_mask,
			gen_stack, gen_stack, gen_value, gen_value, gen_fp, gen_atomic, gen_loop};

		kinds[rnd(g, sizeof(kinds) / sizeof(kinds[0]))](g);
	}
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (int i = 0; i < g->n; i++)
		if (g->jump_to[i]) {
			int to = g->jump_to[i] < g->n - 2 ? g->jump_to[i] : g->n - 2;

			g->insn[i].off = to - i - 1;
		}
}

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
	struct vf_program p = {.insns = g->insn, .n_insns = g->n,
			       .type = BPF_PROG_TYPE_SOCKET_FILTER, .licence = "GPL"};
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
	struct bpf_insn copy[MAX + 8];
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

		maps[i] = (struct vf_map){.type = type[i], .key_size = 4, .value_size = 16,
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
	int count = argc > 2 ? atoi(argv[2]) : 20000, accepted = 0, unsound = 0, strict = 0, errs = 0;
	static struct gen g;

	if (make_maps()) {
		printf("cannot run: this process may not load BPF programs\n");
		return 77;
	}
	for (int i = 0; i < count; i++) {
		struct diag_report rep;
		int a, b;

		g.seed = (seed + i) * 0x9e3779b97f4a7c15ull + 1;
		for (int k = 0; k < 4; k++)
			rnd(&g, 2);
		generate(&g);
		a = ours(&g, &rep);
		b = kernels(&g, false);
		accepted += b == 0;
		if (a == 0 && b != 0) {
			if (unsound++ < 5)
				dump(&g, "UNSOUND", a, b, &rep);
		} else if (a != 0 && b == 0) {
			if (strict++ < 5)
				dump(&g, "STRICT", a, b, &rep);
		} else if (a != b && errs++ < 3) {
			dump(&g, "ERRNO", a, b, &rep);
		}
	}
	printf("%d programs, %d accepted by Linux, %d unsound, %d strict, %d other errno\n", count,
	       accepted, unsound, strict, errs);
	return unsound != 0;
}
