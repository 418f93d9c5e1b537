/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The interpreter: every ALU and jump row against a second evaluation in plain C on random
 * operands, memory and atomics, calls, tail calls, callbacks, exceptions, loops, probing loads,
 * threads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit/jit.h"
#include "lib/prog.h"

static uint64_t rnd_state = 0x9e3779b97f4a7c15ull;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

/* operands where things happen, and arbitrary ones */
static uint64_t operand(void)
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 7,
					 31,
					 32,
					 63,
					 64,
					 0x7f,
					 0x80,
					 0xff,
					 0x7fff,
					 0x8000,
					 0xffff,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x100000000,
					 0x7fffffffffffffff,
					 0x8000000000000000,
					 0xffffffffffffffff,
					 0xffffffff80000000,
					 0x8000000080000000};

	return rnd() % 3 ? edges[rnd() % (sizeof(edges) / sizeof(edges[0]))] : rnd();
}

/* ---- the second opinion ---- */

static uint64_t eval64(uint8_t op, bool is_signed, uint64_t a, uint64_t b)
{
	switch (op) {
	case 0x00:
		return a + b;
	case 0x10:
		return a - b;
	case 0x20:
		return a * b;
	case 0x30:
		if (is_signed)
			return b == 0       ? 0
			       : b == -1ull ? 0 - a
					    : (uint64_t)((int64_t)a / (int64_t)b);
		return b ? a / b : 0;
	case 0x40:
		return a | b;
	case 0x50:
		return a & b;
	case 0x60:
		return a << (b % 64);
	case 0x70:
		return a >> (b % 64);
	case 0x80:
		return 0 - a;
	case 0x90:
		if (is_signed)
			return b == 0 ? a : b == -1ull ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
		return b ? a % b : a;
	case 0xa0:
		return a ^ b;
	case 0xb0:
		return b;
	default:
		return (uint64_t)((int64_t)a >> (b % 64));
	}
}

static uint64_t eval32(uint8_t op, bool is_signed, uint32_t a, uint32_t b)
{
	int64_t sa = (int32_t)a, sb = (int32_t)b;

	switch (op) {
	case 0x30:
		return (uint32_t)(is_signed ? (sb ? sa / sb : 0) : (b ? a / b : 0));
	case 0x90:
		return (uint32_t)(is_signed ? (sb ? sa % sb : sa) : (b ? a % b : a));
	case 0x60:
		return (uint32_t)(a << (b % 32));
	case 0x70:
		return a >> (b % 32);
	case 0xc0:
		return (uint32_t)(sa >> (b % 32));
	default:
		return (uint32_t)eval64(op, false, a, b);
	}
}

static bool eval_jump(uint8_t op, uint64_t a, uint64_t b, bool wide)
{
	int64_t sa = wide ? (int64_t)a : (int32_t)a, sb = wide ? (int64_t)b : (int32_t)b;

	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case 0x10:
		return a == b;
	case 0x20:
		return a > b;
	case 0x30:
		return a >= b;
	case 0x40:
		return a & b;
	case 0x50:
		return a != b;
	case 0x60:
		return sa > sb;
	case 0x70:
		return sa >= sb;
	case 0xa0:
		return a < b;
	case 0xb0:
		return a <= b;
	case 0xc0:
		return sa < sb;
	default:
		return sa <= sb;
	}
}

static uint64_t sext(uint64_t v, int bits)
{
	return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

static uint64_t swapped(uint64_t v, int bits)
{
	uint64_t out = 0;
	int i;

	for (i = 0; i < bits; i += 8)
		out |= ((v >> i) & 0xff) << (bits - 8 - i);
	return out;
}

/* value of r2 after one instruction `in` with r2 = a, r3 = b */
static uint64_t expected(const struct isa_insn *row, const struct bpf_insn *in, uint64_t a,
			 uint64_t b)
{
	bool wide = (in->code & 7) == BPF_ALU64 || (in->code & 7) == BPF_JMP;
	bool is_signed = in->off == 1;
	uint64_t rhs = in->code & BPF_X ? b : (uint64_t)(int64_t)in->imm;

	switch (row->op) {
	case ISA_MOV64_S8:
	case ISA_MOV32_S8:
		return wide ? sext(b, 8) : (uint32_t)sext(b, 8);
	case ISA_MOV64_S16:
	case ISA_MOV32_S16:
		return wide ? sext(b, 16) : (uint32_t)sext(b, 16);
	case ISA_MOV64_S32:
		return sext(b, 32);
	case ISA_LE:
		return in->imm == 64 ? a : a & ((1ull << in->imm) - 1);
	case ISA_BE:
	case ISA_BSWAP:
		return swapped(a, in->imm);
	default:
		return wide ? eval64(in->code & 0xf0, is_signed, a, rhs)
			    : eval32(in->code & 0xf0, is_signed, (uint32_t)a, (uint32_t)rhs);
	}
}

static int32_t imm_for(const struct isa_insn *row)
{
	int32_t v = (int32_t)operand();

	switch (row->imm) {
	case ISA_F_ZERO:
		return 0;
	case ISA_F_NONZERO:
		return v ? v : 3;
	case ISA_F_SHIFT32:
		return rnd() % 32;
	case ISA_F_SHIFT64:
		return rnd() % 64;
	case ISA_F_WIDTH:
		return 16 << (rnd() % 3);
	default:
		return v;
	}
}

/*
 * d = ctx[0]; s = ctx[1]; INSN; r0 = d; exit, the middle replaced by the row under test, with any
 * registers in the place of R2 and R3. Another register must survive.
 */
static uint64_t run_one(const struct bpf_insn *in, uint64_t a, uint64_t b)
{
	static const uint8_t regs[] = {0, 2, 3, 4, 5, 6, 7, 8, 9};
	uint8_t d = regs[rnd() % 9], s = regs[rnd() % 9], other = regs[rnd() % 9];
	uint64_t ctx[2] = {a, b}, ret;
	char text[256];
	struct rt_prog *p;
	const char *what;

	if (!(in->code & BPF_X) || in->src_reg == 0)
		s = d == 9 ? 8 : 9;
	while (s == d)
		s = regs[rnd() % 9];
	while (other == d || other == s)
		other = regs[rnd() % 9];
	snprintf(text, sizeof(text),
		 "r%u = *(u64 *)(r1 + 0); r%u = *(u64 *)(r1 + 8); r%u = 1234567; r1 = 0\n"
		 "if r%u != 1234567 goto bad; r0 = r%u; exit; r0 = 77; exit; bad: r0 = 66; exit",
		 d, s, other, other, d);
	p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	p->insns[3] = *in;
	p->insns[3].dst_reg = d;
	p->insns[3].src_reg = in->src_reg ? s : 0;
	if ((in->code & 7) == BPF_JMP || (in->code & 7) == BPF_JMP32)
		p->insns[3].off = 3;
	assert_int_equal(test_compile(p, &what), 0);
	ret = rt_prog_run(p, ctx);
	test_prog_free(p);
	return ret;
}

static void test_alu_rows(void **state)
{
	unsigned int i, k, rows = 0;

	(void)state;
	for (i = 0; i < ISA_OP_COUNT; i++) {
		const struct isa_insn *row = &isa_rows[i];
		uint8_t cls = row->code & 7;

		if ((cls != BPF_ALU && cls != BPF_ALU64) || i == ISA_CAST_USER ||
		    i == ISA_CAST_KERN)
			continue;
		rows++;
		for (k = 0; k < 300; k++) {
			struct bpf_insn in = {.code = row->code, .dst_reg = 2};
			uint64_t a = operand(), b = operand(), got, want;

			in.src_reg = row->src == ISA_F_REG ? 3 : 0;
			in.off = row->off == ISA_F_IS ? row->val : 0;
			in.imm = imm_for(row);
			got = run_one(&in, a, b);
			want = expected(row, &in, a, b);
			if (got != want)
				fail_msg("%s: %lx, %lx, imm %d: got %lx, want %lx", row->text, a, b,
					 in.imm, got, want);
		}
	}
	assert_true(rows > 60);
}

static void test_jump_rows(void **state)
{
	unsigned int i, k, rows = 0;

	(void)state;
	for (i = 0; i < ISA_OP_COUNT; i++) {
		const struct isa_insn *row = &isa_rows[i];
		uint8_t cls = row->code & 7, op = row->code & 0xf0;

		if ((cls != BPF_JMP && cls != BPF_JMP32) || op == 0 || op == 0x80 || op == 0x90 ||
		    op == 0xe0)
			continue;
		rows++;
		for (k = 0; k < 200; k++) {
			struct bpf_insn in = {.code = row->code, .dst_reg = 2, .off = 2};
			uint64_t a = operand(), b = rnd() % 4 ? operand() : a, got, want;

			in.src_reg = row->src == ISA_F_REG ? 3 : 0;
			in.imm = imm_for(row);
			if (row->code & BPF_X)
				want = eval_jump(op, a, b, cls == BPF_JMP);
			else
				want = eval_jump(op, a, (uint64_t)(int64_t)in.imm, cls == BPF_JMP);
			got = run_one(&in, a, b);
			if (got != (want ? 77 : a))
				fail_msg("%s: %lx, %lx, imm %d: %lx", row->text, a, b, in.imm, got);
		}
	}
	assert_int_equal(rows, 44);
}

static void test_memory(void **state)
{
	uint8_t buf[64];
	int i;

	(void)state;
	for (i = 0; i < 64; i++)
		buf[i] = 0x80 + i;
	assert_int_equal(test_run("r0 = *(u8 *)(r1 + 3); exit", buf), 0x83);
	assert_int_equal(test_run("r0 = *(u16 *)(r1 + 3); exit", buf), 0x8483);
	assert_int_equal(test_run("r0 = *(u32 *)(r1 + 3); exit", buf), 0x86858483);
	assert_int_equal(test_run("r0 = *(u64 *)(r1 + 3); exit", buf), 0x8a89888786858483);
	assert_int_equal(test_run("r0 = *(s8 *)(r1 + 3); exit", buf), 0xffffffffffffff83);
	assert_int_equal(test_run("r0 = *(s16 *)(r1 + 3); exit", buf), 0xffffffffffff8483);
	assert_int_equal(test_run("r0 = *(s32 *)(r1 + 3); exit", buf), 0xffffffff86858483);
	assert_int_equal(
		test_run("r0 = 0x1122334455667788 ll; r2 = r10; *(u64 *)(r2 - 8) = r0\n"
			 "*(u16 *)(r10 - 6) = r2; *(u8 *)(r10 - 6) = 1; *(u8 *)(r10 - 5) = -2\n"
			 "r0 = *(u64 *)(r10 - 8); exit",
			 NULL),
		0x11223344fe017788);
	assert_int_equal(test_run("*(u64 *)(r10 - 16) = -1; *(u32 *)(r10 - 16) = 5\n"
				  "r0 = *(u64 *)(r10 - 16); exit",
				  NULL),
			 0xffffffff00000005);
	test_run("r2 = 0x1234 ll; *(u32 *)(r1 + 8) = r2; *(u16 *)(r1 + 12) = 7; r0 = 0; exit", buf);
	assert_memory_equal(buf + 7, "\x87\x34\x12\0\0\x07\0\x8e", 8);
}

static void check_atomic(const char *text, uint64_t start, uint64_t want_mem, uint64_t want_ret)
{
	uint64_t cell = start;
	uint64_t ret = test_run(text, &cell);

	if (cell != want_mem || ret != want_ret)
		fail_msg("%s: memory %lx, result %lx", text, cell, ret);
}

static void test_atomics(void **state)
{
	const uint64_t m = 0xf0f0f0f0f0f0f0f0;

	(void)state;
	check_atomic("r2 = 5; lock *(u64 *)(r1 + 0) += r2; r0 = r2; exit", m, m + 5, 5);
	check_atomic("r2 = 5; lock *(u32 *)(r1 + 0) += w2; r0 = 1; exit", 0xffffffff, 4, 1);
	check_atomic("r2 = 15; lock *(u64 *)(r1 + 0) |= r2; r0 = 1; exit", m, m | 15, 1);
	check_atomic("r2 = 0xff; lock *(u64 *)(r1 + 0) &= r2; r0 = 1; exit", m, 0xf0, 1);
	check_atomic("r2 = -1; lock *(u64 *)(r1 + 0) ^= r2; r0 = 1; exit", m, ~m, 1);
	check_atomic("r2 = 1; r2 = atomic_fetch_add((u64 *)(r1 + 0), r2); r0 = r2; exit", m, m + 1,
		     m);
	check_atomic("r2 = -1; w2 = atomic_fetch_add((u32 *)(r1 + 0), w2); r0 = r2; exit",
		     1ull << 32, 0x1ffffffff, 0);
	check_atomic("r2 = 1; w2 = atomic_fetch_or((u32 *)(r1 + 0), w2); r0 = r2; exit", m, m | 1,
		     0xf0f0f0f0);
	check_atomic("r2 = 0; r2 = atomic_fetch_and((u64 *)(r1 + 0), r2); r0 = r2; exit", m, 0, m);
	check_atomic("r2 = 1; r2 = atomic_fetch_xor((u64 *)(r1 + 0), r2); r0 = r2; exit", m, m ^ 1,
		     m);
	check_atomic("r2 = 9; r2 = xchg_64(r1 + 0, r2); r0 = r2; exit", m, 9, m);
	check_atomic("r2 = -1; w2 = xchg32_32(r1 + 0, w2); r0 = r2; exit", 7, 0xffffffff, 7);
	check_atomic("r0 = 7; r2 = 9; r0 = cmpxchg_64(r1 + 0, r0, r2); exit", 7, 9, 7);
	check_atomic("r0 = 8; r2 = 9; r0 = cmpxchg_64(r1 + 0, r0, r2); exit", m, m, m);
	check_atomic("r0 = -1; r0 <<= 32; r0 += 7; r2 = 9; w0 = cmpxchg32_32(r1 + 0, w0, w2); exit",
		     7, 9, 7);
	check_atomic("r0 = load_acquire((u16 *)(r1 + 2)); exit", m, m, 0xf0f0);
	check_atomic("r2 = -1; store_release((u8 *)(r1 + 1), r2); r0 = 0; exit", 0, 0xff00, 0);
}

static void test_control_flow(void **state)
{
	(void)state;
	assert_int_equal(test_run("r0 = 0; r1 = 10; l: r0 += r1; r1 -= 1; if r1 != 0 goto l; exit",
				  NULL),
			 55);
	assert_int_equal(test_run("r0 = 1; gotol e; r0 = 2; e: exit", NULL), 1);
	/* an endless loop that may_goto leaves after 2^23 rounds */
	assert_int_equal(test_run("r0 = 0; l: r0 += 1; may_goto e; goto l; e: exit", NULL),
			 (1 << 23) + 1);
	/* each activation has its own budget */
	assert_int_equal(test_run("r6 = 0; call f; r6 += r0; call f; r0 += r6; exit\n"
				  "f: r0 = 0; l: r0 += 1; may_goto e; goto l; e: exit",
				  NULL),
			 2 * ((1 << 23) + 1));
}

static void test_calls(void **state)
{
	(void)state;
	/* callee-saved registers and frames of their own */
	assert_int_equal(
		test_run("r6 = 1; r7 = 2; r8 = 3; r9 = 4; *(u64 *)(r10 - 8) = 5; r1 = 10\n"
			 "call f; r0 += r6; r0 += r7; r0 += r8; r0 += r9\n"
			 "r1 = *(u64 *)(r10 - 8); r0 += r1; exit\n"
			 "f: r6 = 100; r7 = 100; r8 = 100; r9 = 100; *(u64 *)(r10 - 8) = 9\n"
			 "r0 = r1; r0 *= 100; exit",
			 NULL),
		1015);
	/* pointer into the caller's frame; eight functions deep */
	assert_int_equal(test_run("*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; r2 = 7; call f\n"
				  "r0 = *(u64 *)(r10 - 8); exit\n"
				  "f: r3 = *(u64 *)(r1 + 0); r3 += r2; *(u64 *)(r1 + 0) = r3\n"
				  "r2 -= 1; if r2 == 0 goto e; call f; e: r0 = 0; exit",
				  NULL),
			 28);
}

/* A program array of two slots, without the map room. */
static struct rt_prog *slots[2];

static void *slots_lookup(struct rt_map *map, const void *key)
{
	(void)map;
	return slots[*(const uint32_t *)key];
}

static const struct rt_map_ops slots_ops = {.type = BPF_MAP_TYPE_PROG_ARRAY,
					    .lookup = slots_lookup};
static struct rt_map slots_map = {.desc = {.max_entries = 2, .obj = &slots_map}, .ops = &slots_ops};

/* replaces each `rN = map[fd 0]` by the map above */
static struct rt_prog *prog_with_map(const char *text)
{
	struct rt_prog *p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	const char *what;
	uint32_t i;

	for (i = 0; i < p->n_insns; i++)
		if (isa_is_ldimm64(&p->insns[i]) && p->insns[i].src_reg == BPF_PSEUDO_MAP_FD)
			p->facts.insn[i].map = &slots_map.desc;
	if (test_compile(p, &what))
		fail_msg("%s", what);
	return p;
}

static void test_tail_calls(void **state)
{
	uint64_t count = 0;
	struct rt_prog *p;

	(void)state;
	/* calls itself until the limit: 34 entries in all */
	p = prog_with_map("r6 = r1; r3 = *(u64 *)(r1 + 0); r3 += 1; *(u64 *)(r1 + 0) = r3\n"
			  "r2 = map[fd 0]; r3 = 0; call 12; r0 = 42; exit");
	slots[0] = p;
	assert_int_equal(rt_prog_run(p, &count), 42);
	assert_int_equal(count, 34);
	/* an empty slot and an index beyond the array fall through */
	slots[0] = NULL;
	count = 0;
	assert_int_equal(rt_prog_run(p, &count), 42);
	assert_int_equal(count, 1);
	test_prog_free(p);
	p = prog_with_map("r2 = map[fd 0]; r3 = 2; call 12; r0 = 43; exit");
	assert_int_equal(rt_prog_run(p, NULL), 43);
	test_prog_free(p);

	/* out of a subprogram: the target returns to the subprogram's caller */
	slots[1] = test_prog("r0 = 1000; exit", BPF_PROG_TYPE_SYSCALL);
	p = prog_with_map("r6 = 5; call f; r0 += r6; exit\n"
			  "f: r6 = 9; r2 = map[fd 0]; r3 = 1; call 12; r0 = 1; exit");
	assert_int_equal(rt_prog_run(p, NULL), 1005);
	test_prog_free(p);
	test_prog_free(slots[1]);
	slots[1] = NULL;
}

static void test_callbacks(void **state)
{
	(void)state;
	/* bpf_loop adds 0..9 into the caller's stack, stops early when told to */
	assert_int_equal(
		test_run("*(u64 *)(r10 - 8) = 0; r1 = 10; r2 = func cb; r3 = r10; r3 += -8\n"
			 "r4 = 0; call 181; r1 = *(u64 *)(r10 - 8); r0 *= 1000; r0 += r1; exit\n"
			 "cb: r3 = *(u64 *)(r2 + 0); r3 += r1; *(u64 *)(r2 + 0) = r3\n"
			 "r0 = 0; exit",
			 NULL),
		10045);
	assert_int_equal(test_run("r1 = 10; r2 = func cb; r3 = 0; r4 = 0; call 181; exit\n"
				  "cb: r0 = 0; if r1 != 3 goto e; r0 = 1; e: exit",
				  NULL),
			 4);
	assert_int_equal(test_run("r1 = 10; r2 = func cb; r3 = 0; r4 = 1; call 181; exit\n"
				  "cb: r0 = 0; exit",
				  NULL),
			 (uint64_t)-EINVAL);
	assert_int_equal(test_run("r1 = 0x800001 ll; r2 = func cb; r3 = 0; r4 = 0; call 181; exit\n"
				  "cb: r0 = 0; exit",
				  NULL),
			 (uint64_t)-E2BIG);
	/* nested: 4 x 5 */
	assert_int_equal(
		test_run("*(u64 *)(r10 - 8) = 0; r1 = 4; r2 = func outer; r3 = r10; r3 += -8\n"
			 "r4 = 0; call 181; r0 = *(u64 *)(r10 - 8); exit\n"
			 "outer: r1 = 5; r3 = r2; r2 = func inner; r4 = 0; call 181; r0 = 0; exit\n"
			 "inner: r3 = *(u64 *)(r2 + 0); r3 += 1; *(u64 *)(r2 + 0) = r3\n"
			 "r0 = 0; exit",
			 NULL),
		20);
}

static uint64_t kept_callback;

static uint64_t keep_callback(uint64_t fn, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	(void)b, (void)c, (void)d, (void)e;
	kept_callback = fn;
	return 0;
}

static struct kfunc_contract plain_contract(const char *name, void *addr)
{
	struct kfunc_contract c = {.name = name,
				   .ret_kind = CRET_SCALAR,
				   .ret_bytes = 8,
				   .addr = addr};

	return c;
}

/* binds the kfunc calls of a program, in order, to contracts */
static struct rt_prog *prog_with_kfuncs(const char *text, const struct kfunc_contract *c)
{
	struct rt_prog *p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	const char *what;
	uint32_t i, n = 0;

	for (i = 0; i < p->n_insns; i++)
		if (p->insns[i].code == (BPF_JMP | BPF_CALL) && p->insns[i].src_reg == 2)
			p->facts.insn[i].kfunc = &c[n++];
	for (i = 0; i < n; i++)
		p->facts.throws |= c[i].special == SPECIAL_THROW;
	if (test_compile(p, &what))
		fail_msg("%s", what);
	return p;
}

static void test_callback_from_outside(void **state)
{
	struct kfunc_contract c = plain_contract("keep", (void *)keep_callback);
	struct rt_prog *p = prog_with_kfuncs("r1 = func cb; call kfunc 1, 0; r0 = 0; exit\n"
					     "cb: r0 = r1; r0 += r5; exit",
					     &c);

	(void)state;
	assert_int_equal(rt_prog_run(p, NULL), 0);
	assert_null(rt_current());
	assert_int_equal(rt_callback((void *)kept_callback, 30, 0, 0, 0, 12), 42);
	assert_null(rt_current());
	test_prog_free(p);
}

static uint64_t minus_one(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	(void)a, (void)b, (void)c, (void)d, (void)e;
	return 0xffffffffffffff02;
}

static uint64_t sum5(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	return a + b * 10 + c * 100 + d * 1000 + e * 10000;
}

static void check_result(uint8_t bytes, bool is_signed, bool is_bool, uint64_t want)
{
	struct kfunc_contract c = plain_contract("narrow", (void *)minus_one);
	struct rt_prog *p;

	c.n_args = 0;
	c.ret_bytes = bytes;
	c.ret_signed = is_signed;
	c.ret_bool = is_bool;
	p = prog_with_kfuncs("call kfunc 1, 0; exit", &c);
	assert_int_equal(rt_prog_run(p, NULL), want);
	test_prog_free(p);
}

static void test_kfuncs(void **state)
{
	struct kfunc_contract c[2] = {plain_contract("sum", (void *)sum5),
				      plain_contract("bpf_throw", NULL)};
	struct btf_fields *meta = (struct btf_fields *)7;
	struct rt_prog *p;
	const char *what;

	(void)state;
	p = prog_with_kfuncs("r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5; call kfunc 1, 0; exit", c);
	assert_int_equal(rt_prog_run(p, NULL), 54321);
	test_prog_free(p);
	check_result(8, false, false, 0xffffffffffffff02);
	check_result(4, true, false, 0xffffffffffffff02);
	check_result(4, false, false, 0xffffff02);
	check_result(2, true, false, 0xffffffffffffff02);
	check_result(2, false, false, 0xff02);
	check_result(1, true, false, 2);
	check_result(1, false, true, 1);

	/* supplied arguments: size and fields of the new object, list metadata and node offset */
	c[0].special = SPECIAL_OBJ_NEW;
	p = test_prog_raw("r1 = 0; r2 = 0; r3 = 0; r4 = 0; r5 = 0; call kfunc 1, 0; exit",
			  BPF_PROG_TYPE_SYSCALL);
	p->facts.insn[5].kfunc = c;
	p->facts.insn[5].size = 24;
	p->facts.insn[5].fields = meta;
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, NULL), 24 + 70);
	test_drop_code(p);
	c[0].special = SPECIAL_LIST_PUSH_BACK;
	p->facts.insn[5].imm64 = 8;
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, NULL), 700 + 8000);
	test_drop_code(p);
	c[0].special = SPECIAL_RBTREE_ADD;
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, NULL), 7000 + 80000);
	/* without a function there is no running */
	test_drop_code(p);
	c[0].addr = NULL;
	assert_int_equal(test_compile(p, &what), -ENOTSUPP);
	assert_string_equal(what, "sum");
	/* ... unless nothing reaches the call */
	p->facts.insn[5].flags = 0;
	assert_int_equal(test_compile(p, &what), 0);
	test_prog_free(p);
}

static void test_exceptions(void **state)
{
	struct kfunc_contract c = plain_contract("bpf_throw", NULL);
	struct rt_prog *p;
	const char *what;

	(void)state;
	c.special = SPECIAL_THROW;
	p = prog_with_kfuncs("call f; r0 = 1; exit\n"
			     "f: r1 = 5; call g; r0 = 2; exit\n"
			     "g: r1 += 30; call kfunc 1, 0; r0 = 3; exit",
			     &c);
	assert_int_equal(rt_prog_run(p, NULL), 35);
	test_prog_free(p);

	/* with a callback: it sees the cookie and its result is the program's */
	p = test_prog_raw("call f; r0 = 1; exit\n"
			  "f: r1 = 5; call kfunc 1, 0; r0 = 2; exit\n"
			  "cb: *(u64 *)(r10 - 512) = 1; r0 = r1; r0 += 100; exit; call cb; exit",
			  BPF_PROG_TYPE_SYSCALL);
	p->facts.insn[4].kfunc = &c;
	p->facts.throws = true;
	p->facts.exception_cb = 2;
	assert_int_equal(p->facts.subprog[2].start, 7);
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, NULL), 105);
	test_prog_free(p);
}

/* ---- probing loads ---- */

static uint64_t run_probe(const char *load, uint64_t addr)
{
	char text[200];
	struct rt_prog *p;
	const char *what;
	uint64_t ret;

	snprintf(text, sizeof(text), "r2 = *(u64 *)(r1 + 0); r0 = 5; %s; exit", load);
	p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	p->facts.insn[2].flags |= VFI_PROBE_LOAD;
	assert_int_equal(test_compile(p, &what), 0);
	ret = rt_prog_run(p, &addr);
	test_prog_free(p);
	return ret;
}

static void test_probing_loads(void **state)
{
	static const char *const loads[] = {"r0 = *(u8 *)(r2 + 0)",  "r0 = *(u16 *)(r2 + 0)",
					    "r0 = *(u32 *)(r2 + 0)", "r0 = *(u64 *)(r2 + 0)",
					    "r0 = *(s8 *)(r2 + 0)",  "r0 = *(s16 *)(r2 + 0)",
					    "r0 = *(s32 *)(r2 + 0)"};
	static const uint64_t bad[] = {0,
				       8,
				       4095,
				       0xffffffff81000000,
				       0xffff888000000000,
				       0x8000000000000000,
				       0x0000800000000000,
				       0xfffffffffffffff9};
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i, k;

	(void)state;
	/* not unmapped: somebody else could get the page */
	assert_int_equal(mprotect(two + page, page, PROT_NONE), 0);
	memset(two, 0x9c, page);
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
			assert_int_equal(run_probe(loads[i], bad[k]), 0);
		assert_int_equal(run_probe(loads[i], (uintptr_t)two + page), 0);
	}
	assert_int_equal(run_probe(loads[0], (uintptr_t)two + page - 1), 0x9c);
	assert_int_equal(run_probe(loads[4], (uintptr_t)two), 0xffffffffffffff9c);
	assert_int_equal(run_probe(loads[1], (uintptr_t)two + page - 1), 0);
	assert_int_equal(run_probe(loads[3], (uintptr_t)two + page - 8), 0x9c9c9c9c9c9c9c9c);
	assert_int_equal(run_probe(loads[3], (uintptr_t)two + page - 7), 0);
	assert_int_equal(run_probe(loads[6], (uintptr_t)two + page - 4), 0xffffffff9c9c9c9c);
	munmap(two, 2 * page);
}

static void test_facts(void **state)
{
	struct rt_prog *p = test_prog_raw("if r1 == 0 goto e; r0 = 1; exit; e: r0 = 2; exit",
					  BPF_PROG_TYPE_SYSCALL);
	const char *what;

	(void)state;
	/* decided branches follow the facts, and what no path sees is never decoded */
	p->facts.insn[0].flags |= VFI_NEVER;
	p->facts.insn[3].flags = 0;
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, NULL), 1);
	test_drop_code(p);
	p->facts.insn[0].flags = VFI_SEEN | VFI_ALWAYS;
	p->facts.insn[3].flags = VFI_SEEN;
	assert_int_equal(test_compile(p, &what), 0);
	assert_int_equal(rt_prog_run(p, (void *)8), 2);
	test_prog_free(p);

	p = test_prog_raw("r1 = 0; call 25; exit", BPF_PROG_TYPE_SYSCALL);
	assert_int_equal(test_compile(p, &what), -ENOTSUPP);
	assert_non_null(what);
	test_prog_free(p);
}

static void test_no_memory(void **state)
{
	struct kfunc_contract c = plain_contract("narrow", (void *)minus_one);
	struct rt_prog *p = test_prog_raw("call kfunc 1, 0; call f; exit; f: r0 = 1; exit",
					  BPF_PROG_TYPE_SYSCALL);
	int n, err = -ENOMEM, failures = 0;
	const char *what;

	(void)state;
	c.ret_bytes = 4;
	p->facts.insn[0].kfunc = &c;
	for (n = 1; n < 100 && err; n++) {
		mem_fail_at(n);
		err = interp_compile(p, &what);
		mem_fail_at(0);
		assert_true(err == 0 || err == -ENOMEM);
		failures += err != 0;
	}
	assert_int_equal(err, 0);
	assert_true(failures >= 4);
	assert_int_equal(rt_prog_run(p, NULL), 1);
	test_prog_free(p);
}

/* ---- threads ---- */

static void *hammer(void *arg)
{
	void **a = arg;
	int i;

	for (i = 0; i < 2000; i++)
		if (rt_prog_run(a[0], a[1]) != 7)
			return (void *)1;
	return NULL;
}

static void test_threads(void **state)
{
	struct rt_prog *p = test_prog("r6 = r1; r2 = 1; lock *(u64 *)(r1 + 0) += r2; r1 = 3\n"
				      "r2 = func cb; r3 = r6; r4 = 0; call 181; r0 = 7; exit\n"
				      "cb: r3 = 1; lock *(u64 *)(r2 + 0) += r3; r0 = 0; exit",
				      BPF_PROG_TYPE_SYSCALL);
	uint64_t counter = 0;
	void *args[2] = {p, &counter}, *res;
	pthread_t t[8];
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, args), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], &res);
		assert_null(res);
	}
	assert_int_equal(counter, 8 * 2000 * 4);
	test_prog_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alu_rows),
		cmocka_unit_test(test_jump_rows),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_control_flow),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_tail_calls),
		cmocka_unit_test(test_callbacks),
		cmocka_unit_test(test_callback_from_outside),
		cmocka_unit_test(test_kfuncs),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_probing_loads),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_threads),
	};

	int failed = cmocka_run_group_tests_name("interpreter", tests, NULL, NULL);

	test_native = jit_available();
	if (test_native)
		failed += cmocka_run_group_tests_name("native", tests, NULL, NULL);
	return failed;
}
