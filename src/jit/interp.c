/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The dispatch loop. Labels carry the names of insn.def's rows; a table of their addresses is
 * indexed by operation. Registers are an array, the program's stack lies in struct interp_run.
 *
 * Semantics that C does not give by itself: division by zero is 0, modulo by zero leaves the
 * dividend, the most negative number divided by -1 is itself; shift amounts are masked; 32-bit
 * results are zero-extended; loads and stores may be unaligned (atomics never are, the verifier
 * sees to it).
 *
 * may_goto: the kernel bounds it by a counter of 2^23 per function activation or, newer, by about a
 * quarter of a second. We count, because then a program does the same every time.
 *
 * Programs may race with each other on map values, as in the kernel; such plain accesses are
 * theirs, so this function is not instrumented by ThreadSanitizer.
 */
#include "jit/arena.h"
#include "jit/interp.h"

#include <endian.h>
#include <stddef.h>

#include "jit/jit.h"
#include "runtime/probe.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) u16u;
typedef uint32_t __attribute__((aligned(1), may_alias)) u32u;
typedef uint64_t __attribute__((aligned(1), may_alias)) u64u;
typedef uint8_t __attribute__((may_alias)) u8u;
typedef int8_t __attribute__((may_alias)) s8u;
typedef int16_t __attribute__((aligned(1), may_alias)) s16u;
typedef int32_t __attribute__((aligned(1), may_alias)) s32u;
typedef uint32_t __attribute__((may_alias)) u32a;
typedef uint64_t __attribute__((may_alias)) u64a;
typedef uint16_t __attribute__((may_alias)) u16a;

static uint64_t sdiv64(uint64_t a, uint64_t b)
{
	if (!b)
		return 0;
	return b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static uint64_t smod64(uint64_t a, uint64_t b)
{
	if (!b)
		return a;
	return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static uint32_t sdiv32(uint32_t a, uint32_t b)
{
	if (!b)
		return 0;
	return b == UINT32_MAX ? -a : (uint32_t)((int32_t)a / (int32_t)b);
}

static uint32_t smod32(uint32_t a, uint32_t b)
{
	if (!b)
		return a;
	return b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
}

static uint64_t swap_bytes(uint64_t v, int32_t width)
{
	return width == 16   ? __builtin_bswap16((uint16_t)v)
	       : width == 32 ? __builtin_bswap32((uint32_t)v)
			     : __builtin_bswap64(v);
}

static uint64_t truncate_to(uint64_t v, int32_t width)
{
	return width == 64 ? v : v & ((1ull << width) - 1);
}

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define TO_LE truncate_to
#define TO_BE swap_bytes
#else
#define TO_LE swap_bytes
#define TO_BE truncate_to
#endif

#define DST        (r[ip->dst])
#define SRC        (r[ip->src])
#define IMM        ((uint64_t)(int64_t)ip->imm)
#define DISPATCH() goto *labels[ip->op]
#define NEXT()                                                                                     \
	do {                                                                                       \
		ip++;                                                                              \
		DISPATCH();                                                                        \
	} while (0)
#define JUMP()                                                                                     \
	do {                                                                                       \
		ip = ip->target;                                                                   \
		DISPATCH();                                                                        \
	} while (0)

/* e64 and e32 compute from a and b of that width */
#define ALU(NAME, e64, e32)                                                                        \
	L_##NAME##64_K:                                                                            \
	{                                                                                          \
		uint64_t a = DST, b = IMM;                                                         \
		DST = (e64);                                                                       \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##64_X:                                                                            \
	{                                                                                          \
		uint64_t a = DST, b = SRC;                                                         \
		DST = (e64);                                                                       \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##32_K:                                                                            \
	{                                                                                          \
		uint32_t a = (uint32_t)DST, b = (uint32_t)ip->imm;                                 \
		DST = (uint32_t)(e32);                                                             \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##32_X:                                                                            \
	{                                                                                          \
		uint32_t a = (uint32_t)DST, b = (uint32_t)SRC;                                     \
		DST = (uint32_t)(e32);                                                             \
		NEXT();                                                                            \
	}

#define COMPARE(NAME, T64, T32, cond)                                                              \
	L_##NAME##_K:                                                                              \
	{                                                                                          \
		T64 a = (T64)DST, b = (T64)IMM;                                                    \
		if (cond)                                                                          \
			JUMP();                                                                    \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##_X:                                                                              \
	{                                                                                          \
		T64 a = (T64)DST, b = (T64)SRC;                                                    \
		if (cond)                                                                          \
			JUMP();                                                                    \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##32_K:                                                                            \
	{                                                                                          \
		T32 a = (T32)DST, b = (T32)ip->imm;                                                \
		if (cond)                                                                          \
			JUMP();                                                                    \
		NEXT();                                                                            \
	}                                                                                          \
	L_##NAME##32_X:                                                                            \
	{                                                                                          \
		T32 a = (T32)DST, b = (T32)SRC;                                                    \
		if (cond)                                                                          \
			JUMP();                                                                    \
		NEXT();                                                                            \
	}

#define MEMORY(SZ, T)                                                                              \
	L_LDX##SZ : DST = *(T *)(uintptr_t)(SRC + IMM);                                            \
	NEXT();                                                                                    \
	L_ST##SZ : *(T *)(uintptr_t)(DST + ip->value) = (T)IMM;                                    \
	NEXT();                                                                                    \
	L_STX##SZ : *(T *)(uintptr_t)(DST + IMM) = (T)SRC;                                         \
	NEXT();

#define ADDR(T) ((T *)(uintptr_t)(DST + IMM))

#define ATOMICS(SZ, T)                                                                             \
	L_ATOMIC_ADD##SZ : __atomic_fetch_add(ADDR(T), (T)SRC, __ATOMIC_RELAXED);                  \
	NEXT();                                                                                    \
	L_ATOMIC_OR##SZ : __atomic_fetch_or(ADDR(T), (T)SRC, __ATOMIC_RELAXED);                    \
	NEXT();                                                                                    \
	L_ATOMIC_AND##SZ : __atomic_fetch_and(ADDR(T), (T)SRC, __ATOMIC_RELAXED);                  \
	NEXT();                                                                                    \
	L_ATOMIC_XOR##SZ : __atomic_fetch_xor(ADDR(T), (T)SRC, __ATOMIC_RELAXED);                  \
	NEXT();                                                                                    \
	L_FETCH_ADD##SZ : SRC = __atomic_fetch_add(ADDR(T), (T)SRC, __ATOMIC_SEQ_CST);             \
	NEXT();                                                                                    \
	L_FETCH_OR##SZ : SRC = __atomic_fetch_or(ADDR(T), (T)SRC, __ATOMIC_SEQ_CST);               \
	NEXT();                                                                                    \
	L_FETCH_AND##SZ : SRC = __atomic_fetch_and(ADDR(T), (T)SRC, __ATOMIC_SEQ_CST);             \
	NEXT();                                                                                    \
	L_FETCH_XOR##SZ : SRC = __atomic_fetch_xor(ADDR(T), (T)SRC, __ATOMIC_SEQ_CST);             \
	NEXT();                                                                                    \
	L_XCHG##SZ : SRC = __atomic_exchange_n(ADDR(T), (T)SRC, __ATOMIC_SEQ_CST);                 \
	NEXT();                                                                                    \
	L_CMPXCHG##SZ:                                                                             \
	{                                                                                          \
		T expected = (T)r[0];                                                              \
		__atomic_compare_exchange_n(ADDR(T), &expected, (T)SRC, false, __ATOMIC_SEQ_CST,   \
					    __ATOMIC_SEQ_CST);                                     \
		r[0] = expected;                                                                   \
		NEXT();                                                                            \
	}

#define ACQ_REL(SZ, T)                                                                             \
	L_LOAD_ACQ##SZ : DST = __atomic_load_n((T *)(uintptr_t)(SRC + IMM), __ATOMIC_ACQUIRE);     \
	NEXT();                                                                                    \
	L_STORE_REL##SZ : __atomic_store_n(ADDR(T), (T)SRC, __ATOMIC_RELEASE);                     \
	NEXT();

#define PROBE(NAME, bytes, T)                                                                      \
	L_PROBE_##NAME : DST = (uint64_t)(T)rt_probe_ld##bytes(SRC + IMM);                         \
	NEXT();

/* a load outside the packet ends the function with 0 */
#define PACKET_LOAD(off, bytes)                                                                    \
	do {                                                                                       \
		if (!interp_ld_abs((void *)(uintptr_t)r[6], off, bytes, &r[0])) {                  \
			r[0] = 0;                                                                  \
			goto L_EXIT;                                                               \
		}                                                                                  \
		NEXT();                                                                            \
	} while (0)

#define PACKET(SZ, bytes)                                                                          \
	L_LD_ABS##SZ : PACKET_LOAD(ip->imm, bytes);                                                \
	L_LD_IND##SZ : PACKET_LOAD((int32_t)((uint32_t)SRC + (uint32_t)ip->imm), bytes);

/* Puts a function's frame below the running one's. False: no room. */
static bool enter_frame(struct interp_run *run, uint64_t top, const struct interp_func *fn)
{
	if ((uintptr_t)top - (uintptr_t)run->stack < fn->stack)
		return false;
	run->sp = (uint8_t *)(uintptr_t)top - fn->stack;
	return true;
}

/* What a caller finds again: its program and the registers that a call keeps. */
static inline struct interp_frame *save_frame(struct interp_run *run, const uint64_t *r)
{
	struct interp_frame *f = &run->frame[run->depth++];

	f->prog = run->prog;
	f->r6 = r[6];
	f->r7 = r[7];
	f->r8 = r[8];
	f->r9 = r[9];
	f->r10 = r[10];
	return f;
}

static inline const struct interp_frame *restore_frame(struct interp_run *run, uint64_t *r)
{
	const struct interp_frame *f = &run->frame[--run->depth];

	run->sp = (uint8_t *)(uintptr_t)r[10];
	run->prog = f->prog;
	run->cpu->prog = f->prog;
	r[6] = f->r6;
	r[7] = f->r7;
	r[8] = f->r8;
	r[9] = f->r9;
	r[10] = f->r10;
	return f;
}

/* clang-format off */
/* operations on registers: what they compute of a and b */
#define ARITHMETIC                                                                                 \
	ALU(ADD, a + b, a + b)                                                                     \
	ALU(SUB, a - b, a - b)                                                                     \
	ALU(MUL, a * b, a * b)                                                                     \
	ALU(DIV, b ? a / b : 0, b ? a / b : 0)                                                     \
	ALU(SDIV, sdiv64(a, b), sdiv32(a, b))                                                      \
	ALU(MOD, b ? a % b : a, b ? a % b : a)                                                     \
	ALU(SMOD, smod64(a, b), smod32(a, b))                                                      \
	ALU(OR, a | b, a | b)                                                                      \
	ALU(AND, a & b, a & b)                                                                     \
	ALU(XOR, a ^ b, a ^ b)                                                                     \
	ALU(LSH, a << (b & 63), a << (b & 31))                                                     \
	ALU(RSH, a >> (b & 63), a >> (b & 31))                                                     \
	ALU(ARSH, (uint64_t)((int64_t)a >> (b & 63)), (uint32_t)((int32_t)a >> (b & 31)))          \
	L_NEG64: DST = -DST; NEXT();                                                               \
	L_NEG32: DST = -(uint32_t)DST; NEXT();                                                     \
	L_MOV64_K: DST = IMM; NEXT();                                                              \
	L_MOV64_X: DST = SRC; NEXT();                                                              \
	L_MOV64_S8: DST = (uint64_t)(int8_t)SRC; NEXT();                                           \
	L_MOV64_S16: DST = (uint64_t)(int16_t)SRC; NEXT();                                         \
	L_MOV64_S32: DST = (uint64_t)(int32_t)SRC; NEXT();                                         \
	L_MOV32_K: DST = (uint32_t)ip->imm; NEXT();                                                \
	L_MOV32_X: DST = (uint32_t)SRC; NEXT();                                                    \
	L_MOV32_S8: DST = (uint32_t)(int8_t)SRC; NEXT();                                           \
	L_MOV32_S16: DST = (uint32_t)(int16_t)SRC; NEXT();                                         \
	L_LE: DST = TO_LE(DST, ip->imm); NEXT();                                                   \
	L_BE: DST = TO_BE(DST, ip->imm); NEXT();                                                   \
	L_BSWAP: DST = swap_bytes(DST, ip->imm); NEXT();

/* conditional jumps */
#define COMPARISONS                                                                                \
	COMPARE(JEQ, uint64_t, uint32_t, a == b)                                                   \
	COMPARE(JNE, uint64_t, uint32_t, a != b)                                                   \
	COMPARE(JGT, uint64_t, uint32_t, a > b)                                                    \
	COMPARE(JGE, uint64_t, uint32_t, a >= b)                                                   \
	COMPARE(JLT, uint64_t, uint32_t, a < b)                                                    \
	COMPARE(JLE, uint64_t, uint32_t, a <= b)                                                   \
	COMPARE(JSET, uint64_t, uint32_t, a & b)                                                   \
	COMPARE(JSGT, int64_t, int32_t, a > b)                                                     \
	COMPARE(JSGE, int64_t, int32_t, a >= b)                                                    \
	COMPARE(JSLT, int64_t, int32_t, a < b)                                                     \
	COMPARE(JSLE, int64_t, int32_t, a <= b)
/* clang-format on */

__attribute__((no_sanitize("thread"), noinline)) uint64_t interp_exec(struct interp_run *run,
								      const struct interp_func *fn,
								      const uint64_t args[5])
{
	static const void *const labels[IOP_COUNT] = {
#define INSN(sym, code, dst, src, off, imm, val, use, def, since, text) [ISA_##sym] = &&L_##sym,
#define ALT                                                             INSN
#include "isa/insn.def"
#undef ALT
#undef INSN
		[IOP_TRAP] = &&L_TRAP,
		[IOP_NOP] = &&L_NOP,
		[IOP_HELPER] = &&L_HELPER,
		[IOP_KFUNC] = &&L_KFUNC,
		[IOP_KFUNC_PLAIN] = &&L_KFUNC_PLAIN,
		[IOP_TAIL_CALL] = &&L_TAIL_CALL,
		[IOP_THROW] = &&L_THROW,
		[IOP_ARENA] = &&L_ARENA,
		[IOP_PROBE_B] = &&L_PROBE_B,
		[IOP_PROBE_H] = &&L_PROBE_H,
		[IOP_PROBE_W] = &&L_PROBE_W,
		[IOP_PROBE_DW] = &&L_PROBE_DW,
		[IOP_PROBE_SB] = &&L_PROBE_SB,
		[IOP_PROBE_SH] = &&L_PROBE_SH,
		[IOP_PROBE_SW] = &&L_PROBE_SW,
		[IOP_CHECK] = &&L_CHECK,
	};
	const uint32_t entry_depth = run->depth;
	const struct rt_prog *const entry_prog = run->prog;
	uint8_t *const entry_sp = run->sp;
	uint32_t base = run->depth, budget = INTERP_MAY_GOTO;
	const struct interp_op *ip = fn->entry;
	uint64_t r[11];

	r[1] = args[0];
	r[2] = args[1];
	r[3] = args[2];
	r[4] = args[3];
	r[5] = args[4];
	r[10] = (uintptr_t)run->sp;
	if (!enter_frame(run, r[10], fn))
		return 0;
	DISPATCH();

	/* clang-format off */
	ARITHMETIC

	COMPARISONS
	L_JA: L_JA32: JUMP();
	L_NOP: NEXT();
	L_MAY_GOTO:
		if (!budget)
			JUMP();
		budget--;
		NEXT();

	MEMORY(B, u8u)
	MEMORY(H, u16u)
	MEMORY(W, u32u)
	MEMORY(DW, u64u)
	L_LDSXB: DST = (uint64_t)*(s8u *)(uintptr_t)(SRC + IMM); NEXT();
	L_LDSXH: DST = (uint64_t)*(s16u *)(uintptr_t)(SRC + IMM); NEXT();
	L_LDSXW: DST = (uint64_t)*(s32u *)(uintptr_t)(SRC + IMM); NEXT();
	ATOMICS(W, u32a)
	ATOMICS(DW, u64a)
	ACQ_REL(B, u8u)
	ACQ_REL(H, u16a)
	ACQ_REL(W, u32a)
	ACQ_REL(DW, u64a)
	PROBE(B, 1, uint8_t)
	PROBE(H, 2, uint16_t)
	PROBE(W, 4, uint32_t)
	PROBE(DW, 8, uint64_t)
	PROBE(SB, 1, int8_t)
	PROBE(SH, 2, int16_t)
	PROBE(SW, 4, int32_t)
	PACKET(B, 1)
	PACKET(H, 2)
	PACKET(W, 4)
	L_LDIMM64: DST = ip->value; ip++; NEXT();
	/* clang-format on */

L_CHECK:
	interp_check(run, ip, r);
	goto *labels[run->prog->code->checked[ip - run->prog->code->ops]];
L_HELPER:
	r[0] = ((rt_helper_fn)ip->p)(r[1], r[2], r[3], r[4], r[5]);
	NEXT();
L_KFUNC_PLAIN:
	r[0] = ((rt_helper_fn)ip->p)(r[1], r[2], r[3], r[4], r[5]);
	NEXT();
L_KFUNC:
	interp_call_kfunc(ip->p, r);
	NEXT();
L_ARENA:
	interp_arena(ip, r);
	NEXT();

L_CALL_SUB: {
	struct interp_frame *f;

	if (run->depth == INTERP_FRAMES ||
	    (uintptr_t)run->sp - (uintptr_t)run->stack < ip->func->stack)
		goto L_TRAP;
	f = save_frame(run, r);
	f->ret = ip + 1;
	f->budget = budget;
	f->base = base;
	budget = INTERP_MAY_GOTO;
	r[10] = (uintptr_t)run->sp;
	run->sp -= ip->func->stack;
	ip = ip->func->entry;
	DISPATCH();
}

L_EXIT: {
	const struct interp_frame *f;

	if (run->depth == entry_depth) {
		run->sp = entry_sp;
		return r[0];
	}
	f = restore_frame(run, r);
	budget = f->budget;
	base = f->base;
	ip = f->ret;
	DISPATCH();
}

	/* The program called takes the place of the running function and starts with an empty
	 * frame; when it returns, it returns to that function's caller. */
L_TAIL_CALL: {
	const struct rt_prog *to = interp_tail_target(run, r[2], r[3]);

	if (!to || !enter_frame(run, r[10], &to->code->funcs[0]))
		NEXT();
	run->prog = to;
	run->cpu->prog = to;
	base = run->depth;
	budget = INTERP_MAY_GOTO;
	ip = to->code->funcs[0].entry;
	DISPATCH();
}

	/* Back to the program's main frame, then the exception callback or the cookie as result
	 * (kfunc spec R9.13). */
L_THROW: {
	const struct interp_func *cb = run->prog->code->exception_cb;

	if (run->depth > base)
		r[10] = run->frame[base].r10;
	run->depth = base;
	if (cb && enter_frame(run, r[10], cb)) {
		budget = INTERP_MAY_GOTO;
		ip = cb->entry;
		DISPATCH();
	}
	r[0] = r[1];
	goto L_EXIT;
}

	/* decoded into other operations, or refused when the program was loaded */
L_CALL:
L_CALL_KFUNC:
L_JAX:
L_CAST_USER:
L_CAST_KERN:
L_LD_MAP_FD:
L_LD_MAP_VALUE:
L_LD_BTF_ID:
L_LD_FUNC:
L_LD_MAP_IDX:
L_LD_MAP_IDX_VALUE:
L_TRAP:
	run->depth = entry_depth;
	run->prog = entry_prog;
	run->sp = entry_sp;
	return 0;
}

static void start_run(struct interp_run *run, const struct rt_prog *prog, struct rt_vcpu *cpu)
{
	run->prog = prog;
	run->cpu = cpu;
	run->sp = run->stack + sizeof(run->stack);
	run->depth = 0;
	cpu->run->engine = run;
}

uint64_t interp_run_prog(const struct rt_prog *prog, void *ctx)
{
	const uint64_t args[5] = {(uintptr_t)ctx};
	struct interp_run run;

	start_run(&run, prog, rt_current());
	return interp_exec(&run, &prog->code->funcs[0], args);
}

/* A callback from outside any program: a timer's or a work item's, or one that a host kept. */
static uint64_t call_outside(const struct interp_func *fn, const uint64_t args[5])
{
	struct interp_run run;
	struct rt_run outer;
	uint64_t ret;

	rt_run_begin(&outer, fn->prog, NULL);
	if (fn->native) {
		ret = jit_call(fn, args);
	} else {
		start_run(&run, fn->prog, outer.cpu);
		ret = interp_exec(&run, fn, args);
	}
	rt_run_end(&outer);
	return ret;
}

uint64_t rt_callback(const void *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
		     uint64_t a5)
{
	const struct interp_func *func = fn;
	const uint64_t args[5] = {a1, a2, a3, a4, a5};
	struct rt_vcpu *cpu = rt_current();
	struct interp_run *run = cpu && cpu->run ? cpu->run->engine : NULL;

	if (func->native)
		return cpu && cpu->run ? jit_call(func, args) : call_outside(func, args);
	/* within the running program the callback's frame goes below the caller's */
	if (run && run->prog == func->prog && run->depth < INTERP_FRAMES / 2 &&
	    (size_t)(run->sp - run->stack) >= INTERP_STACK / 2)
		return interp_exec(run, func, args);
	return call_outside(func, args);
}

rt_direct_fn rt_callback_direct(const void *fn)
{
	const struct interp_func *func = fn;
	const struct rt_vcpu *cpu = rt_current();

	return cpu && cpu->run ? (rt_direct_fn)(uintptr_t)func->native : NULL;
}
