/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The instruction table: every row survives printing and assembling; every opcode with every field
 * varied is compared with a second, independent statement of verifier spec 2.1; use and def masks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "isa/isa.h"

static uint64_t rnd_state = 88172645463325252ull;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

static int32_t value_for(uint8_t rule, int32_t val, int bits)
{
	switch (rule) {
	case ISA_F_ZERO:
		return 0;
	case ISA_F_REG:
		return rnd() % 11;
	case ISA_F_IS:
		return val;
	case ISA_F_ONE:
		return 1;
	case ISA_F_NONZERO:
		return (int32_t)(rnd() % 1000) + 1;
	case ISA_F_SHIFT32:
		return rnd() % 32;
	case ISA_F_SHIFT64:
		return rnd() % 64;
	case ISA_F_WIDTH:
		return 16 << (rnd() % 3);
	default:
		return bits == 16 ? (int16_t)rnd() : (int32_t)rnd();
	}
}

static void test_round_trip(void **state)
{
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ISA_OP_COUNT; i++) {
		const struct isa_insn *row = &isa_rows[i];

		for (k = 0; k < 50; k++) {
			struct bpf_insn in[2] = {{0}}, *out;
			struct strbuf b = {0};
			char err[200];
			uint32_t n;

			in[0].code = row->code;
			in[0].dst_reg = value_for(row->dst, row->val, 32);
			in[0].src_reg = value_for(row->src, row->val, 32);
			in[0].off = value_for(row->off, row->val, 16);
			in[0].imm = value_for(row->imm, row->val, 32);
			if (isa_is_ldimm64(in) && in[0].src_reg != BPF_PSEUDO_MAP_FD &&
			    in[0].src_reg != BPF_PSEUDO_FUNC && in[0].src_reg != BPF_PSEUDO_MAP_IDX)
				in[1].imm = (int32_t)rnd();
			assert_ptr_equal(isa_lookup(in), row);
			assert_int_equal(isa_check_fields(in), ISA_OK);
			isa_disasm(in, &b);
			if (isa_asm(strbuf_str(&b), &out, &n, err, sizeof(err)))
				fail_msg("%s: %s", strbuf_str(&b), err);
			assert_int_equal(n, isa_is_ldimm64(in) ? 2 : 1);
			assert_memory_equal(in, out, n * sizeof(*in));
			mem_free(out);
			strbuf_free(&b);
		}
	}
}

/* ---- the spec said a second time, by classes instead of rows ---- */

static bool alu_ok(const struct bpf_insn *i, bool is64)
{
	bool x = i->code & BPF_X;
	uint8_t op = i->code & 0xf0;

	switch (op) {
	case 0x80:
		return !x && !i->src_reg && !i->off && !i->imm;
	case 0xd0:
		return !(is64 && x) && !i->src_reg && !i->off &&
		       (i->imm == 16 || i->imm == 32 || i->imm == 64);
	case 0xb0:
		if (!x)
			return !i->src_reg && !i->off;
		if (is64 && i->off == 1)
			return i->imm == 1 || i->imm == 0x10000;
		return !i->imm &&
		       (i->off == 0 || i->off == 8 || i->off == 16 || (is64 && i->off == 32));
	case 0x30:
	case 0x90:
		if (i->off != 0 && i->off != 1)
			return false;
		return x ? !i->imm : !i->src_reg && i->imm != 0;
	case 0x60:
	case 0x70:
	case 0xc0:
		if (i->off)
			return false;
		return x ? !i->imm : !i->src_reg && i->imm >= 0 && i->imm < (is64 ? 64 : 32);
	case 0xe0:
	case 0xf0:
		return false;
	default:
		return !i->off && (x ? !i->imm : !i->src_reg);
	}
}

static bool jmp_ok(const struct bpf_insn *i, bool is64)
{
	bool x = i->code & BPF_X;

	switch (i->code & 0xf0) {
	case 0x00:
		if (x)
			return is64 && !i->src_reg && !i->off && !i->imm;
		return !i->src_reg && !i->dst_reg && (is64 ? !i->imm : !i->off);
	case 0x80:
		return is64 && !x && !i->dst_reg &&
		       (i->src_reg == 2 || (i->src_reg < 2 && !i->off));
	case 0x90:
		return is64 && !x && !i->dst_reg && !i->src_reg && !i->off && !i->imm;
	case 0xe0:
		return is64 && !x && !i->dst_reg && !i->src_reg && !i->imm;
	case 0xf0:
		return false;
	default:
		return x ? !i->imm : !i->src_reg;
	}
}

static bool atomic_ok(const struct bpf_insn *i)
{
	static const int32_t rmw[] = {0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1};
	bool wide = (i->code & 0x18) == BPF_DW || (i->code & 0x18) == BPF_W;
	size_t k;

	if (i->imm == 0x100 || i->imm == 0x110)
		return true;
	for (k = 0; wide && k < sizeof(rmw) / sizeof(rmw[0]); k++)
		if (i->imm == rmw[k])
			return true;
	return false;
}

static bool insn_ok(const struct bpf_insn *i)
{
	uint8_t size = i->code & 0x18, mode = i->code & 0xe0;

	if (i->dst_reg > 10 || i->src_reg > 10)
		return false;
	switch (i->code & 7) {
	case BPF_ALU:
		return alu_ok(i, false);
	case BPF_ALU64:
		return alu_ok(i, true);
	case BPF_JMP:
		return jmp_ok(i, true);
	case BPF_JMP32:
		return jmp_ok(i, false);
	case BPF_LDX:
		return !i->imm && (mode == BPF_MEM || (mode == 0x80 && size != BPF_DW));
	case BPF_ST:
		return mode == BPF_MEM && !i->src_reg;
	case BPF_STX:
		return (mode == BPF_MEM && !i->imm) || (mode == 0xc0 && atomic_ok(i));
	default:
		if (mode == BPF_IMM)
			return size == BPF_DW && i->src_reg <= 6 && !i->off;
		if (mode == BPF_ABS)
			return size != BPF_DW && !i->dst_reg && !i->off && !i->src_reg;
		return mode == BPF_IND && size != BPF_DW && !i->dst_reg && !i->off;
	}
}

static void test_reserved_fields(void **state)
{
	static const uint8_t regs[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 15};
	static const int16_t offs[] = {0, 1, 2, 8, 16, 24, 32, -1};
	static const int32_t imms[] = {0,    1,     2,     16,      31,   32,   33,   63,
				       64,   0x40,  0x41,  0x50,    0x51, 0xa0, 0xa1, 0xe1,
				       0xf1, 0xe0,  -1,    0x20,    0x99, 0xf0, 0x70, 0x71,
				       0x81, 0x100, 0x110, 0x10000, 0x101};
	unsigned int code, d, s, o, m, valid = 0;

	(void)state;
	for (code = 0; code < 256; code++) {
		bool any = false;

		for (d = 0; d < sizeof(regs); d++)
			for (s = 0; s < sizeof(regs); s++)
				for (o = 0; o < sizeof(offs) / sizeof(offs[0]); o++)
					for (m = 0; m < sizeof(imms) / sizeof(imms[0]); m++) {
						struct bpf_insn i = {.code = code,
								     .off = offs[o],
								     .imm = imms[m]};
						bool want;

						i.dst_reg = regs[d];
						i.src_reg = regs[s];
						want = insn_ok(&i);
						any |= want;
						if ((isa_check_fields(&i) == ISA_OK) != want)
							fail_msg("%02x %u %u %d %d: want %d", code,
								 regs[d], regs[s], offs[o], imms[m],
								 want);
					}
		if (any != (isa_lookup(&(struct bpf_insn){.code = code}) != NULL))
			fail_msg("opcode %02x", code);
		valid += any;
	}
	/* ALU, NEG, LE and BE, BSWAP, compares, other jumps, LDX, ST, STX, LD */
	assert_int_equal(valid, 12 * 2 * 2 + 2 + 2 + 1 + 11 * 2 * 2 + 6 + 7 + 4 + 8 + 7);
}

static void test_second_half(void **state)
{
	struct bpf_insn i[2] = {{.code = 0x18}, {0}};

	(void)state;
	i[1].imm = 7;
	assert_int_equal(isa_check_second_half(i), ISA_OK);
	i[0].src_reg = 2;
	assert_int_equal(isa_check_second_half(i), ISA_OK);
	i[0].src_reg = 1;
	assert_int_equal(isa_check_second_half(i), ISA_IMM);
	i[1].imm = 0;
	i[1].off = 4;
	assert_int_equal(isa_check_second_half(i), ISA_OFF);
	i[1].off = 0;
	i[1].code = 0x18;
	assert_int_equal(isa_check_second_half(i), ISA_OPCODE);
}

static void check_use_def(const char *text, uint16_t want_use, uint16_t want_def)
{
	struct bpf_insn *insn;
	uint16_t use, def;
	char err[200];
	uint32_t n;

	if (isa_asm(text, &insn, &n, err, sizeof(err)))
		fail_msg("%s: %s", text, err);
	isa_use_def(insn, &use, &def);
	if (use != want_use || def != want_def)
		fail_msg("%s: use %x def %x", text, use, def);
	mem_free(insn);
}

static void test_use_def(void **state)
{
	(void)state;
	check_use_def("r1 = 5", 0, 1 << 1);
	check_use_def("r1 = r2", 1 << 2, 1 << 1);
	check_use_def("w3 += w4", 1 << 3 | 1 << 4, 1 << 3);
	check_use_def("r1 = *(u8 *)(r10 - 8)", 1 << 10, 1 << 1);
	check_use_def("*(u64 *)(r10 - 8) = r3", 1 << 10 | 1 << 3, 0);
	check_use_def("*(u64 *)(r7 + 8) = 1", 1 << 7, 0);
	check_use_def("if r1 s> r2 goto +1", 1 << 1 | 1 << 2, 0);
	check_use_def("if w1 & 3 goto +1", 1 << 1, 0);
	check_use_def("call 5", 0, 0x3f);
	check_use_def("exit", 1, 0);
	check_use_def("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", 6, 4);
	check_use_def("lock *(u32 *)(r1 + 0) |= w2", 6, 0);
	check_use_def("r0 = cmpxchg_64(r1 + 0, r0, r2)", 7, 1);
	check_use_def("r1 = load_acquire((u8 *)(r2 + 0))", 4, 2);
	check_use_def("store_release((u16 *)(r2 + 0), r3)", 0xc, 0);
	check_use_def("r0 = *(u16 *)skb[14]", 1 << 6, 0x3f);
	check_use_def("r0 = *(u16 *)skb[r7 + 14]", 1 << 6 | 1 << 7, 0x3f);
	check_use_def("r8 = 0x1122334455667788 ll", 0, 1 << 8);
}

static void test_assembler(void **state)
{
	struct bpf_insn *insn;
	char err[200];
	uint32_t n;

	(void)state;
	assert_int_equal(isa_asm("r0 = 1; loop: r0 += 1\n"
				 "if r0 < 5 goto loop # again\n"
				 "r1 = 1 ll; call f; goto end; exit\n"
				 "f: r0 = 0; exit; end: gotol f",
				 &insn, &n, err, sizeof(err)),
			 0);
	assert_int_equal(n, 11);
	assert_int_equal(insn[2].off, -2);
	assert_int_equal(insn[5].imm, 2);
	assert_int_equal(insn[5].src_reg, 1);
	assert_int_equal(insn[6].off, 3);
	assert_int_equal(insn[10].imm, -3);
	mem_free(insn);
	assert_int_equal(isa_asm("r0 = r11", &insn, &n, err, sizeof(err)), -EINVAL);
	assert_int_equal(isa_asm("r0 = 1\ngoto away", &insn, &n, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "away"));
	assert_int_equal(isa_asm("x: x: exit", &insn, &n, err, sizeof(err)), -EINVAL);
	assert_int_equal(isa_asm("r0 = 99999999999", &insn, &n, err, sizeof(err)), -EINVAL);
	assert_int_equal(isa_asm("r1 = -r2", &insn, &n, err, sizeof(err)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_reserved_fields),
		cmocka_unit_test(test_second_half), cmocka_unit_test(test_use_def),
		cmocka_unit_test(test_assembler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
