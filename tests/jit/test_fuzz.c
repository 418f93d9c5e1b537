/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random instructions that no verifier has seen, by both engines: every register is the same afterwards.
 * What the code generator leaves for later (copies, sums, lower halves), what it concludes (bounds, known
 * values, conditions that were asked before) and what it copies (loop heads) meets in every combination.
 * KFUNC_SEED and KFUNC_COUNT choose others than the usual programs.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "jit/jit.h"
#include "lib/prog.h"

#define MAX    220
#define SLOTS  8
#define REGS   9 /* R0-R8; R9 is the context */
#define VALUES (REGS + SLOTS)

static uint64_t state;
static uint32_t writable = REGS; /* registers that may be changed: all but a loop's counter */

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

struct fuzz {
	struct bpf_insn insn[MAX];
	uint32_t n;
};

static void put(struct fuzz *f, uint8_t code, int dst, int src, int off, int32_t imm)
{
	f->insn[f->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static int32_t constant(void)
{
	static const int32_t edges[] = {1,     2,     3,       5,          6,         7,
					8,     10,    60,      64,         100,       127,
					128,   255,   256,     641,        1000,      4096,
					65535, 65536, 1000003, 0x7fffffff, -1,        -2,
					-7,    -128,  -129,    INT32_MIN,  0x55555556};

	return rnd(3) ? edges[rnd(sizeof(edges) / sizeof(edges[0]))]
		      : (int32_t)(rnd(1u << 31) * 2 + rnd(2));
}

static void alu(struct fuzz *f)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB,  BPF_MUL, BPF_DIV, BPF_OR,
				      BPF_AND, BPF_LSH,  BPF_RSH, BPF_MOD, BPF_XOR,
				      BPF_MOV, BPF_MOV,  BPF_MOV, BPF_ADD, BPF_ADD,
				      BPF_AND, BPF_ARSH, BPF_NEG, BPF_LSH};
	uint8_t op = ops[rnd(sizeof(ops))], class = rnd(2) ? BPF_ALU : BPF_ALU64;
	int dst = rnd(writable), src = rnd(REGS), off = 0;
	int32_t imm = constant();
	bool division = op == BPF_DIV || op == BPF_MOD;

	if (division && !rnd(4))
		off = 1; /* signed */
	if (op == BPF_NEG) {
		put(f, class | op, dst, 0, 0, 0);
	} else if (rnd(2)) {
		if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
			imm = rnd(3) ? (int32_t)rnd(4) : (int32_t)rnd(class == BPF_ALU ? 32 : 64);
		put(f, class | op | BPF_K, dst, 0, off, imm);
	} else {
		if (op == BPF_MOV && !rnd(4))
			off = class == BPF_ALU ? 8 << rnd(2) : 8 << rnd(3);
		put(f, class | op | BPF_X, dst, src, off, 0);
	}
}

static const uint8_t conditions[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				     BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};

/* the jump's distance is for the caller */
static uint32_t condition(struct fuzz *f)
{
	uint8_t op = conditions[rnd(sizeof(conditions))], class = rnd(2) ? BPF_JMP : BPF_JMP32;

	if (rnd(2))
		put(f, class | op | BPF_K, rnd(REGS), 0, 0, rnd(2) ? 0 : constant());
	else
		put(f, class | op | BPF_X, rnd(REGS), rnd(REGS), 0, 0);
	return f->n - 1;
}

static void land(struct fuzz *f, uint32_t from)
{
	f->insn[from].off = (int16_t)(f->n - from - 1);
}

/* a load, a store, or one through an address that is made on the way */
static void memory(struct fuzz *f)
{
	static const uint8_t sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	uint8_t size = sizes[rnd(4)];
	int off = -8 * SLOTS + (int)rnd(8 * SLOTS - 7), reg = rnd(writable), at = 10;

	if (!rnd(3)) {
		at = rnd(writable);
		put(f, BPF_ALU64 | BPF_MOV | BPF_X, at, 10, 0, 0);
		put(f, BPF_ALU64 | BPF_ADD | BPF_K, at, 0, 0, off / 2);
		off -= off / 2;
		reg = (at + 1 + (int)rnd(writable - 1)) % (int)writable;
	}
	switch (rnd(3)) {
	case 0:
		put(f, BPF_ST | BPF_MEM | size, at, 0, off, constant());
		break;
	case 1:
		put(f, BPF_STX | BPF_MEM | size, at, reg, off, 0);
		break;
	default:
		put(f, BPF_LDX | (size != BPF_DW && !rnd(4) ? BPF_MEMSX : BPF_MEM) | size, reg, at,
		    off, 0);
	}
	if (at != 10) /* the two engines' stacks are not in the same place */
		put(f, BPF_ALU64 | BPF_MOV | BPF_K, at, 0, 0, constant());
}

static void straight(struct fuzz *f, int n)
{
	while (n--) {
		if (rnd(4))
			alu(f);
		else
			memory(f);
	}
}

/* values chosen by one condition, asked again */
static void choices(struct fuzz *f)
{
	uint32_t a = condition(f), b;

	straight(f, rnd(3));
	land(f, a);
	f->insn[f->n] = f->insn[a];
	b = f->n++;
	straight(f, rnd(3));
	land(f, b);
	if (rnd(2))
		f->insn[a].off = (int16_t)(f->n - a - 1); /* not a choice */
}

/* counts in R8; entered at its end or at its start */
static void loop(struct fuzz *f)
{
	uint32_t start, entry = 0;
	bool middle = rnd(2);

	put(f, (rnd(2) ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_K, 8, 0, 0, 1 + (int32_t)rnd(5));
	if (middle) {
		entry = f->n;
		put(f, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	}
	start = f->n;
	writable = 8;
	straight(f, 1 + rnd(4));
	if (middle)
		land(f, entry);
	if (rnd(2))
		straight(f, rnd(3));
	writable = REGS;
	put(f, BPF_ALU64 | BPF_ADD | BPF_K, 8, 0, 0, -1);
	put(f, BPF_JMP | BPF_JSGT | BPF_K, 8, 0, 0, 0);
	f->insn[f->n - 1].off = (int16_t)((int)start - (int)f->n);
}

static void make(struct fuzz *f)
{
	uint32_t from;

	f->n = 0;
	put(f, BPF_ALU64 | BPF_MOV | BPF_X, 9, 1, 0, 0);
	for (int k = 0; k < SLOTS; k++) {
		put(f, BPF_LDX | BPF_MEM | BPF_DW, 0, 9, 8 * (REGS + k), 0);
		put(f, BPF_STX | BPF_MEM | BPF_DW, 10, 0, -8 * (k + 1), 0);
	}
	for (int k = 0; k < REGS; k++)
		put(f, BPF_LDX | BPF_MEM | BPF_DW, k, 9, 8 * k, 0);
	while (f->n < MAX - 75) {
		switch (rnd(4)) {
		case 0:
			choices(f);
			break;
		case 1:
			loop(f);
			break;
		case 2:
			from = condition(f);
			straight(f, 1 + rnd(5));
			land(f, from);
			break;
		default:
			straight(f, 1 + rnd(6));
		}
		if (!rnd(6))
			break;
	}
	for (int k = 0; k < REGS; k++)
		put(f, BPF_STX | BPF_MEM | BPF_DW, 9, k, 8 * k, 0);
	for (int k = 0; k < SLOTS; k++) {
		put(f, BPF_LDX | BPF_MEM | BPF_DW, 0, 10, -8 * (k + 1), 0);
		put(f, BPF_STX | BPF_MEM | BPF_DW, 9, 0, 8 * (REGS + k), 0);
	}
	put(f, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	put(f, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	assert_true(f->n <= MAX);
}

static struct rt_prog *program(const struct fuzz *f, bool native)
{
	struct rt_prog *p = mem_zalloc(sizeof(*p));
	const char *what;

	p->refs = 1;
	p->type = BPF_PROG_TYPE_SYSCALL;
	p->insns = mem_calloc(f->n, sizeof(*p->insns));
	memcpy(p->insns, f->insn, f->n * sizeof(*p->insns));
	p->n_insns = f->n;
	test_make_facts(p);
	assert_int_equal(interp_compile(p, &what), 0);
	if (native)
		assert_int_equal(jit_compile(p), 0);
	return p;
}

static uint64_t operand(void)
{
	static const uint64_t edges[] = {0,          1,          7,           255,       0x7fffffff,
					 0x80000000, 0xffffffff, 0x100000000, 1ull << 63};
	uint64_t v = (uint64_t)rnd(1u << 31) << 33 ^ (uint64_t)rnd(1u << 31) << 11 ^ rnd(1u << 31);

	return rnd(2) ? edges[rnd(9)] - rnd(2) : v >> rnd(64);
}

static void show(const struct fuzz *f, const uint64_t in[VALUES], const uint64_t a[VALUES],
		 const uint64_t b[VALUES])
{
	struct strbuf out = {0};

	for (uint32_t i = 0; i < f->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&f->insn[i], &out);
		print_message("%4u: %s\n", i, strbuf_str(&out));
	}
	for (int k = 0; k < VALUES; k++)
		print_message("%2d: %016llx: %016llx (native) %016llx%s\n", k,
			      (unsigned long long)in[k], (unsigned long long)a[k],
			      (unsigned long long)b[k], a[k] != b[k] ? " !" : "");
	strbuf_free(&out);
}

static void all_registers_agree(void **unused)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;
	int count = c ? atoi(c) : 6000;
	static struct fuzz f;

	(void)unused;
	for (int i = 0; i < count; i++) {
		uint64_t in[VALUES], a[VALUES], b[VALUES];
		struct rt_prog *native, *plain;

		state = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
		make(&f);
		native = program(&f, true);
		plain = program(&f, false);
		for (int round = 0; round < 4; round++) {
			for (int k = 0; k < VALUES; k++)
				in[k] = a[k] = b[k] = operand();
			rt_prog_run(native, a);
			rt_prog_run(plain, b);
			if (memcmp(a, b, sizeof(a))) {
				show(&f, in, a, b);
				fail_msg("program %d", i);
			}
		}
		test_prog_free(native);
		test_prog_free(plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_registers_agree)};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
