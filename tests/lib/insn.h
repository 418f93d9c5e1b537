/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Instructions for tests that build programs in C. */
#ifndef TESTS_LIB_INSN_H
#define TESTS_LIB_INSN_H

#include <linux/bpf.h>

#define I_MOV(d, v)       {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (d), .imm = (v)}
#define I_MOVR(d, s)      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (d), .src_reg = (s)}
#define I_ADD(d, v)       {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (d), .imm = (v)}
#define I_AND(d, v)       {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = (d), .imm = (v)}
#define I_ST(sz, d, o, v) {.code = BPF_ST | BPF_MEM | (sz), .dst_reg = (d), .off = (o), .imm = (v)}
#define I_STX(sz, d, o, s)                                                                         \
	{.code = BPF_STX | BPF_MEM | (sz), .dst_reg = (d), .src_reg = (s), .off = (o)}
#define I_LDX(sz, d, s, o)                                                                         \
	{.code = BPF_LDX | BPF_MEM | (sz), .dst_reg = (d), .src_reg = (s), .off = (o)}
#define I_XADD(d, o, s)                                                                            \
	{.code = BPF_STX | BPF_ATOMIC | BPF_DW,                                                    \
	 .dst_reg = (d),                                                                           \
	 .src_reg = (s),                                                                           \
	 .off = (o),                                                                               \
	 .imm = BPF_ADD}
#define I_MAP(d, fd)                                                                               \
	{.code = BPF_LD | BPF_IMM | BPF_DW,                                                        \
	 .dst_reg = (d),                                                                           \
	 .src_reg = BPF_PSEUDO_MAP_FD,                                                             \
	 .imm = (fd)},                                                                             \
		{0}
#define I_VALUE(d, fd, o)                                                                          \
	{.code = BPF_LD | BPF_IMM | BPF_DW,                                                        \
	 .dst_reg = (d),                                                                           \
	 .src_reg = BPF_PSEUDO_MAP_VALUE,                                                          \
	 .imm = (fd)},                                                                             \
	{                                                                                          \
		.imm = (o)                                                                         \
	}
#define I_CALL(id)     {.code = BPF_JMP | BPF_CALL, .imm = (id)}
#define I_JEQ(d, v, o) {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (d), .imm = (v), .off = (o)}
#define I_JNE(d, v, o) {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (d), .imm = (v), .off = (o)}
#define I_EXIT         {.code = BPF_JMP | BPF_EXIT}

#endif
