/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random functions that no verifier has seen, by both engines: calls up to eight deep with values in all
 * registers that survive them, deep stacks, atomic operations of every kind with any register, swaps of bytes,
 * constants of 64 bits, loads that fault, counted jumps, and now and then a function so long that nothing in it
 * is within a short jump. Everything that was computed ends up in the context, which both engines find at the
 * same address. KFUNC_SEED and KFUNC_COUNT choose others than the usual programs.
 */
#include <stdio.h>

#include "base/strbuf.h"
#include "jit/jit.h"
#include "lib/prog.h"
#include "runtime/probe.h"

#define MAX   12000
#define FUNCS 8
#define WORDS 32 /* of the context */
#define CTX   9  /* R9 is it, in every function */

static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

static uint64_t number(void)
{
	static const uint64_t edges[] = {0,           1,
					 127,         128,
					 255,         0x7fffffff,
					 0x80000000,  0xffffffff,
					 0x100000000, 0xffffffff80000000,
					 1ull << 63};
	uint64_t v = (uint64_t)rnd(1u << 31) << 33 ^ (uint64_t)rnd(1u << 31) << 11 ^ rnd(1u << 31);

	return rnd(2) ? edges[rnd(sizeof(edges) / sizeof(edges[0]))] - rnd(2) : v >> rnd(64);
}

struct text {
	struct bpf_insn insn[MAX];
	bool probes[MAX];
	uint32_t n;
	uint32_t start[FUNCS], n_funcs;
	struct {
		uint32_t at, func;
	} calls[4 * FUNCS];
	uint32_t n_calls;
	int depth; /* bytes of stack that the function uses */
};

static void put(struct text *t, uint8_t code, int dst, int src, int off, int32_t imm)
{
	assert_true(t->n < MAX);
	t->insn[t->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static void constant(struct text *t, int reg, uint64_t v)
{
	put(t, BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, (int32_t)v);
	put(t, 0, 0, 0, 0, (int32_t)(v >> 32));
}

/* any but R9 */
static int reg(void)
{
	return (int)rnd(9);
}

static int slot(const struct text *t, int size)
{
	return -8 - (int)rnd(t->depth / size) * size + 8 - size;
}

static void compute(struct text *t)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB,  BPF_MUL, BPF_DIV, BPF_OR,
				      BPF_AND, BPF_LSH,  BPF_RSH, BPF_MOD, BPF_XOR,
				      BPF_MOV, BPF_ARSH, BPF_MOV, BPF_ADD};
	uint8_t op = ops[rnd(sizeof(ops))], class = rnd(2) ? BPF_ALU : BPF_ALU64;
	bool shifts = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	int off = (op == BPF_DIV || op == BPF_MOD) && !rnd(3);
	int32_t imm = shifts ? (int32_t)rnd(class == BPF_ALU ? 32 : 64) : (int32_t)number();

	if (!imm && (op == BPF_DIV || op == BPF_MOD))
		imm = -1;
	if (rnd(2))
		put(t, class | op | BPF_K, reg(), 0, off, imm);
	else
		put(t, class | op | BPF_X, reg(), reg(),
		    op == BPF_MOV && !rnd(3) ? 8 << rnd(2) : off, 0);
}

static void swap(struct text *t)
{
	static const uint8_t codes[] = {BPF_ALU | BPF_END | BPF_TO_LE,
					BPF_ALU | BPF_END | BPF_TO_BE,
					BPF_ALU64 | BPF_END | BPF_TO_LE};

	put(t, codes[rnd(3)], reg(), 0, 0, 16 << rnd(3));
}

static void memory(struct text *t)
{
	static const uint8_t sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	int size = 1 << rnd(4), at = rnd(3) ? 10 : CTX;
	int off = at == 10 ? slot(t, size) : (int)rnd(WORDS * 8 - size + 1);
	uint8_t bits = sizes[__builtin_ctz((unsigned int)size)];

	switch (rnd(4)) {
	case 0:
		put(t, BPF_ST | BPF_MEM | bits, at, 0, off, (int32_t)number());
		break;
	case 1:
		put(t, BPF_STX | BPF_MEM | bits, at, reg(), off, 0);
		break;
	default:
		put(t, BPF_LDX | (size < 8 && !rnd(3) ? BPF_MEMSX : BPF_MEM) | bits, reg(), at, off,
		    0);
	}
}

/* through R10, R9 or a register that is one of them and something */
static void atomic(struct text *t)
{
	static const int32_t kinds[] = {BPF_ADD,
					BPF_OR,
					BPF_AND,
					BPF_XOR,
					BPF_ADD | BPF_FETCH,
					BPF_OR | BPF_FETCH,
					BPF_AND | BPF_FETCH,
					BPF_XOR | BPF_FETCH,
					BPF_XCHG,
					BPF_CMPXCHG,
					BPF_LOAD_ACQ,
					BPF_STORE_REL};
	int32_t kind = kinds[rnd(12)];
	int size = rnd(2) ? 8 : 4, base = rnd(2) ? 10 : CTX, at = base, src = reg(), part = 0;
	int off = base == 10 ? slot(t, size) : (int)rnd(WORDS * 8 / size) * size;
	uint8_t bits = size == 8 ? BPF_DW : BPF_W;

	if (rnd(2)) {
		at = reg();
		part = rnd(2) ? off / 3 : 0;
		if (at == 0 && kind == BPF_CMPXCHG)
			at = 7;
		if (at == src && base == 10) /* where the stack is differs */
			src = (src + 1) % 9;
		put(t, BPF_ALU64 | BPF_MOV | BPF_X, at, base, 0, 0);
		if (part)
			put(t, BPF_ALU64 | BPF_ADD | BPF_K, at, 0, 0, part);
	}
	if (kind == BPF_LOAD_ACQ)
		put(t, BPF_STX | BPF_ATOMIC | bits, src, at, off - part, kind);
	else
		put(t, BPF_STX | BPF_ATOMIC | bits, at, src, off - part, kind);
	if (at != base && base == 10 && (at != src || kind == BPF_STORE_REL))
		put(t, BPF_ALU64 | BPF_MOV | BPF_K, at, 0, 0, (int32_t)number());
}

/* nothing is mapped there */
static void faulting(struct text *t)
{
	static const uint64_t bad[] = {
		0, 8, 4095, 0xffffffffffffff00, 0x8000000000000000, 0xdeadbeef00000000};
	static const uint8_t sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	uint8_t size = sizes[rnd(4)];
	int from = reg(), to = rnd(4) ? reg() : from;
	bool good = !rnd(3);

	if (good)
		put(t, BPF_ALU64 | BPF_MOV | BPF_X, from, CTX, 0, 0);
	else
		constant(t, from, bad[rnd(sizeof(bad) / sizeof(bad[0]))]);
	t->probes[t->n] = true;
	put(t, BPF_LDX | (size != BPF_DW && !rnd(2) ? BPF_MEMSX : BPF_MEM) | size, to, from,
	    (int)rnd(64), 0);
}

static void straight(struct text *t, uint32_t n)
{
	while (n--)
		switch (rnd(16)) {
		case 0:
			swap(t);
			break;
		case 1:
		case 2:
		case 3:
			atomic(t);
			break;
		case 4:
			constant(t, reg(), number());
			break;
		case 5:
		case 6:
		case 7:
			memory(t);
			break;
		default:
			compute(t);
		}
}

static uint32_t condition(struct text *t)
{
	static const uint8_t ops[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				      BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};
	uint8_t op = ops[rnd(sizeof(ops))], class = rnd(2) ? BPF_JMP : BPF_JMP32;

	if (rnd(2))
		put(t, class | op | BPF_K, reg(), 0, 0, rnd(2) ? 0 : (int32_t)number());
	else
		put(t, class | op | BPF_X, reg(), reg(), 0, 0);
	return t->n - 1;
}

static void land(struct text *t, uint32_t from)
{
	struct bpf_insn *in = &t->insn[from];

	if (in->code == (BPF_JMP32 | BPF_JA))
		in->imm = (int32_t)(t->n - from - 1);
	else
		in->off = (int16_t)(t->n - from - 1);
}

/* if and else, either of them maybe long */
static void branch(struct text *t, uint32_t len)
{
	uint32_t from = condition(t), over;

	straight(t, 1 + rnd(len));
	over = t->n;
	put(t, rnd(2) ? BPF_JMP | BPF_JA : BPF_JMP32 | BPF_JA, 0, 0, 0, 0);
	land(t, from);
	straight(t, rnd(len));
	land(t, over);
}

/* as many rounds as a slot of the stack says; jumps back as far as its body is long */
static void loop(struct text *t, uint32_t len)
{
	int at = -t->depth - 8;
	uint32_t start, out = 0;
	bool counted = rnd(2);

	put(t, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, 1 + (int32_t)rnd(4));
	start = t->n;
	if (counted) {
		out = t->n;
		put(t, BPF_JMP | BPF_JCOND, 0, 0, 0, 0);
	}
	straight(t, 1 + rnd(len));
	put(t, BPF_LDX | BPF_MEM | BPF_DW, 4, 10, at, 0);
	put(t, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -1);
	put(t, BPF_STX | BPF_MEM | BPF_DW, 10, 4, at, 0);
	put(t, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, 0);
	t->insn[t->n - 1].off = (int16_t)((int)start - (int)t->n);
	if (counted)
		land(t, out);
}

/* every register that a call spoils has a value again */
static void refill(struct text *t, int first)
{
	for (int r = first; r <= 5; r++)
		if (rnd(2))
			put(t, BPF_LDX | BPF_MEM | BPF_DW, r, 10, slot(t, 8), 0);
		else if (rnd(2))
			put(t, BPF_ALU64 | BPF_MOV | BPF_X, r, 6 + (int)rnd(3), 0, 0);
		else
			put(t, BPF_ALU | BPF_MOV | BPF_K, r, 0, 0, (int32_t)number());
}

static void call(struct text *t, uint32_t f)
{
	if (f + 1 >= t->n_funcs)
		return;
	put(t, BPF_ALU64 | BPF_MOV | BPF_X, 1, CTX, 0, 0);
	t->calls[t->n_calls].at = t->n;
	t->calls[t->n_calls++].func = f + 1 + (rnd(3) ? 0 : rnd(t->n_funcs - f - 1));
	put(t, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	refill(t, 1);
}

static void function(struct text *t, uint32_t f)
{
	static const int depths[] = {8, 64, 128, 240, 480};
	uint32_t len = rnd(20) ? 8 : 300, calls = 0;

	t->start[f] = t->n;
	t->depth = depths[rnd(5)];
	put(t, BPF_ALU64 | BPF_MOV | BPF_X, CTX, 1, 0, 0);
	put(t, BPF_LDX | BPF_MEM | BPF_DW, 0, CTX, 8 * (int)rnd(WORDS), 0);
	for (int r = f ? 6 : 1; r < 9; r++)
		put(t, BPF_LDX | BPF_MEM | BPF_DW, r, CTX, 8 * (int)rnd(WORDS), 0);
	if (f)
		put(t, BPF_ALU | BPF_MOV | BPF_K, 1, 0, 0, (int32_t)number());
	for (int at = 8; at <= t->depth; at += 8)
		put(t, BPF_STX | BPF_MEM | BPF_DW, 10, 6 + (int)rnd(3), -at, 0);
	do {
		switch (rnd(6)) {
		case 0:
			branch(t, len);
			break;
		case 1:
			loop(t, len);
			break;
		case 2:
			if (calls++ < 2)
				call(t, f);
			break;
		case 3:
			faulting(t);
			break;
		default:
			straight(t, 1 + rnd(len));
		}
	} while (rnd(9) && t->n < MAX / FUNCS * (f + 1) - 1300);
	if (!calls)
		call(t, f);
	for (int r = 0; r < 9; r++)
		put(t, BPF_STX | BPF_ATOMIC | BPF_DW, CTX, r, 8 * (int)rnd(WORDS),
		    rnd(2) ? BPF_XOR : BPF_ADD);
	for (int at = 8; at <= t->depth; at += 8) {
		put(t, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, -at, 0);
		put(t, BPF_STX | BPF_ATOMIC | BPF_DW, CTX, 5, 8 * (int)rnd(WORDS), BPF_ADD);
	}
	put(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void make(struct text *t)
{
	memset(t, 0, sizeof(*t));
	t->n_funcs = 1 + rnd(FUNCS);
	for (uint32_t f = 0; f < t->n_funcs; f++)
		function(t, f);
	for (uint32_t k = 0; k < t->n_calls; k++)
		t->insn[t->calls[k].at].imm =
			(int32_t)(t->start[t->calls[k].func] - t->calls[k].at - 1);
}

static struct rt_prog *program(const struct text *t, bool native)
{
	struct rt_prog *p = mem_zalloc(sizeof(*p));
	const char *what;

	p->refs = 1;
	p->type = BPF_PROG_TYPE_SYSCALL;
	p->insns = mem_dup(t->insn, t->n * sizeof(*p->insns));
	p->n_insns = t->n;
	test_make_facts(p);
	for (uint32_t i = 0; i < t->n; i++)
		if (t->probes[i])
			p->facts.insn[i].flags |= VFI_PROBE_LOAD;
	assert_int_equal(interp_compile(p, &what), 0);
	if (native)
		assert_int_equal(jit_compile(p), 0);
	return p;
}

static void show(const struct text *t)
{
	struct strbuf out = {0};

	for (uint32_t i = 0; i < t->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&t->insn[i], &out);
		print_message("%4u: %s%s\n", i, strbuf_str(&out),
			      t->probes[i] ? " (may fault)" : "");
		i += isa_is_ldimm64(&t->insn[i]);
	}
	strbuf_free(&out);
}

static void everything_agrees(void **unused)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1, ctx[WORDS], in[WORDS], a[WORDS], ra, rb;
	int count = c ? atoi(c) : 1500;
	static struct text t;

	(void)unused;
	for (int i = 0; i < count; i++) {
		struct rt_prog *native, *plain;

		state = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
		make(&t);
		native = program(&t, true);
		plain = program(&t, false);
		for (int round = 0; round < 3; round++) {
			for (int k = 0; k < WORDS; k++)
				in[k] = number();
			memcpy(ctx, in, sizeof(ctx));
			ra = rt_prog_run(native, ctx);
			memcpy(a, ctx, sizeof(ctx));
			memcpy(ctx, in, sizeof(ctx));
			rb = rt_prog_run(plain, ctx);
			if (ra == rb && !memcmp(a, ctx, sizeof(ctx)))
				continue;
			if (t.n < 400)
				show(&t);
			for (int k = 0; k < WORDS; k++)
				if (a[k] != ctx[k])
					print_message("word %d: %016llx (native) %016llx\n", k,
						      (unsigned long long)a[k],
						      (unsigned long long)ctx[k]);
			fail_msg("program %d of %u instructions: %llx (native) and %llx", i, t.n,
				 (unsigned long long)ra, (unsigned long long)rb);
		}
		test_prog_free(native);
		test_prog_free(plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everything_agrees)};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
