/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random programs that look valid: arithmetic, forward jumps, short loops, a stack, a map value, atomics.
 * Many are accepted. Maps are called 100 (array) and 101 (hash): 4-byte keys, 16-byte values, 4 elements.
 */
#ifndef TESTS_LIB_GEN_H
#define TESTS_LIB_GEN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

#define GEN_MAX 128

enum what { UNKNOWN, SCALAR, SMALL, STACK, VALUE, CTX };

struct gen {
	uint64_t seed;
	struct bpf_insn insn[GEN_MAX + 8];
	int n;
	enum what reg[11];
	bool numbers; /* pointers are never mistaken for numbers: results do not depend on addresses */
	int jump_to[GEN_MAX]; /* pending forward jumps: instruction -> target index, 0 none */
};

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
	static const int list[] = {0,
				   1,
				   2,
				   3,
				   7,
				   8,
				   15,
				   16,
				   31,
				   63,
				   64,
				   -1,
				   -8,
				   255,
				   256,
				   0x7fffffff,
				   (int)0x80000000,
				   0xffff,
				   100,
				   -2};

	return list[rnd(g, sizeof(list) / sizeof(list[0]))];
}

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB,  BPF_AND, BPF_OR,  BPF_XOR, BPF_LSH,
				      BPF_RSH, BPF_ARSH, BPF_MUL, BPF_MOV, BPF_MOV, BPF_ADD,
				      BPF_AND, BPF_NEG,  BPF_DIV, BPF_MOD};
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
	static const uint8_t ops[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				      BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET};
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
		if (g->reg[r] == UNKNOWN || (g->numbers && g->reg[r] >= STACK))
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
		emit(g, BPF_LDX | (rnd(g, 6) || size == 8 ? BPF_MEM : BPF_MEMSX) | size_code(size),
		     r, 10, off, 0);
		g->reg[r] = SCALAR;
	}
}

static void gen_value(struct gen *g)
{
	int v = pick(g, VALUE), s = pick(g, SCALAR), size = 1 << rnd(g, 4);
	int to = rnd(g, 10);

	if (v < 0 || s < 0 || g->reg[to] >= STACK)
		return;
	if (to == s && g->numbers)
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
	static const int ops[] = {BPF_ADD,  BPF_ADD | BPF_FETCH, BPF_OR | BPF_FETCH,
				  BPF_XCHG, BPF_CMPXCHG,         BPF_AND,
				  BPF_XOR};
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

/* what the registers hold goes into the result */
static void gen_result(struct gen *g)
{
	int first = pick(g, SCALAR);

	if (first < 0)
		return;
	if (first)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, first, 0, 0);
	for (int r = 1; r < 10; r++) {
		if (g->reg[r] != SCALAR || r == first)
			continue;
		emit(g, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
		emit(g, BPF_ALU64 | BPF_XOR | BPF_X, 0, r, 0, 0);
	}
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0);
	emit(g, BPF_ALU64 | BPF_RSH | BPF_K, 1, 0, 0, 32);
	emit(g, BPF_ALU64 | BPF_XOR | BPF_X, 0, 1, 0, 0);
}

/* result: the program returns a mixture of its registers instead of 0 */
static inline void generate(struct gen *g, bool result)
{
	int len = 8 + rnd(g, 40), last;

	memset(g->insn, 0, sizeof(g->insn));
	memset(g->jump_to, 0, sizeof(g->jump_to));
	memset(g->reg, 0, sizeof(g->reg));
	g->n = 0;
	g->numbers = result;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	g->reg[6] = CTX;
	if (result) /* what lies in an unwritten stack differs from run to run */
		for (int off = -64; off < 0; off += 8)
			emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, off, off);
	lookup(g, rnd(g, 2), 9, rnd(g, 16));
	emit(g, BPF_LDX | BPF_MEM | BPF_W, 7, 6, 0, 0);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 9, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, imm(g));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 7, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, imm(g));
	g->reg[7] = g->reg[8] = g->reg[0] = g->reg[1] = g->reg[2] = SCALAR;
	while (g->n < len + 16 && g->n < GEN_MAX - 60) {
		static void (*const kinds[])(
			struct gen *) = {gen_alu,   gen_alu,   gen_alu,  gen_jump,   gen_jump,
					 gen_jump,  gen_mask,  gen_mask, gen_stack,  gen_stack,
					 gen_value, gen_value, gen_fp,   gen_atomic, gen_loop};

		kinds[rnd(g, sizeof(kinds) / sizeof(kinds[0]))](g);
	}
	last = g->n;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	if (result)
		gen_result(g);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (int i = 0; i < last; i++)
		if (g->jump_to[i]) {
			int to = g->jump_to[i] < last ? g->jump_to[i] : last;

			g->insn[i].off = to - i - 1;
		}
}

static inline void gen_seed(struct gen *g, uint64_t seed)
{
	g->seed = seed * 0x9e3779b97f4a7c15ull + 1;
	for (int k = 0; k < 4; k++)
		rnd(g, 2);
}

#endif
