/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The interpreter: verified instructions are decoded once into 16-byte operations with everything
 * resolved (jump targets, functions, maps, context fields), then executed by one dispatch loop. It
 * is the reference for generated code, so it is written to be obviously right first.
 *
 * One operation stands for one instruction slot, at the same index; the second half of a 16-byte
 * load is never reached. What the verifier saw on no path becomes TRAP.
 */
#ifndef JIT_INTERP_H
#define JIT_INTERP_H

#include <stdint.h>

#include "isa/isa.h"
#include "runtime/run.h"

/* Operations: every row of insn.def (ISA_x), then these. */
enum interp_extra {
	IOP_TRAP = ISA_OP_COUNT, /* must not be reached: the program ends with 0 */
	IOP_NOP,
	IOP_HELPER,      /* p: the function */
	IOP_KFUNC,       /* p: struct interp_kfunc */
	IOP_KFUNC_PLAIN, /* p: a function that takes and returns 64-bit values only */
	IOP_TAIL_CALL,
	IOP_THROW,
	IOP_ARENA,   /* p: struct interp_arena (arena.h) */
	IOP_PROBE_B, /* loads where a fault gives 0 */
	IOP_PROBE_H,
	IOP_PROBE_W,
	IOP_PROBE_DW,
	IOP_PROBE_SB,
	IOP_PROBE_SH,
	IOP_PROBE_SW,
	IOP_CHECK, /* debug: the registers are held against the verifier's states first */
	IOP_COUNT
};

struct interp_op {
	uint16_t op;
	uint8_t dst, src;
	int32_t imm; /* immediate; loads and register stores: the offset */
	union {
		uint64_t value; /* 16-byte load: the constant. Immediate store: the offset */
		const struct interp_op *target; /* jumps */
		const struct interp_func *func; /* calls */
		const void *p;
	};
};

/* One function of a program. Its address is what programs hold as a pointer to it. */
struct interp_func {
	const struct rt_prog *prog;
	const struct interp_op *entry;
	uint32_t stack;     /* bytes, multiple of 16 */
	const void *native; /* its code, if the program was translated (jit.h) */
};

enum interp_conv {
	CONV_NONE, /* 64 bits as they are */
	CONV_U32,
	CONV_S32,
	CONV_U16,
	CONV_S16,
	CONV_U8,
	CONV_S8,
	CONV_BOOL,
};

/* A kfunc call with its conversions and the arguments that the loader supplies (kfunc spec R2.15).
 */
struct interp_kfunc {
	rt_helper_fn fn;
	uint8_t arg[5]; /* enum interp_conv */
	uint8_t ret;
	uint8_t n_fill;
	uint8_t fill_reg[3]; /* 1..5 */
	uint64_t fill[3];
};

struct interp_code {
	struct interp_op *ops;
	uint32_t n_ops;
	struct interp_func *funcs;
	uint32_t n_funcs;
	struct interp_kfunc *kfuncs;
	uint32_t n_kfuncs;
	struct map_arena_view *arena; /* of the program, NULL: none */
	struct interp_arena *arena_ops;
	uint32_t n_arena_ops;
	const struct interp_func *exception_cb;
	/* debug (vf_options.record_states): what IOP_CHECK stands in front of, and what it found */
	uint16_t *checked;
	_Atomic uint64_t checks, violations;
	char violation[160]; /* the first one */
};

/*
 * Room for a run: 8 frames of at most 512 bytes, and more because a tail call out of a subprogram
 * keeps the frames of its callers. A program that needs still more sees its tail call fail.
 */
#define INTERP_FRAMES 64
#define INTERP_STACK  (20 * 1024)
/* may_goto: jumps back at most this often in one activation of a function (spec R3.24, rule text in
 * interp.c) */
#define INTERP_MAY_GOTO   (1u << 23)
#define INTERP_TAIL_CALLS 33

struct interp_frame {
	const struct interp_op *ret;
	const struct rt_prog *prog;
	uint64_t r6, r7, r8, r9, r10;
	uint32_t budget; /* may_goto */
	uint32_t base;
};

struct interp_run {
	const struct rt_prog *prog; /* whose code runs: tail calls change it */
	struct rt_vcpu *cpu;
	uint8_t *sp; /* lowest byte of the running function's frame */
	uint32_t depth;
	struct interp_frame frame[INTERP_FRAMES];
	uint8_t stack[INTERP_STACK] __attribute__((aligned(16)));
};

/* Runs fn with its arguments on run's stack until it returns. */
uint64_t interp_exec(struct interp_run *run, const struct interp_func *fn, const uint64_t args[5]);
/* struct rt_prog's run */
uint64_t interp_run_prog(const struct rt_prog *prog, void *ctx);

/* One of IOP_CHECK's looks (call.c). */
void interp_check(struct interp_run *run, const struct interp_op *ip, const uint64_t *r);
/* Calls a kfunc with conversions (call.c). r: R0-R5, in and out */
void interp_call_kfunc(const struct interp_kfunc *k, uint64_t *r);
/* The program that a tail call goes to, or NULL (call.c). */
const struct rt_prog *interp_tail_target(struct interp_run *run, uint64_t map, uint64_t index);
/* Packet loads (call.c): false when the bytes are not in the packet */
bool interp_ld_abs(const void *skb, int64_t off, uint32_t size, uint64_t *val);

/* Where a field of a context is at run time (ctx.c): changes *off and *size of a load. */
void interp_ctx_load(const struct rt_prog *p, int32_t *off, uint32_t *size);

#endif
