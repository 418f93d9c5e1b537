/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Emitting x86-64: the assembler that the templates are written in, and what one translation knows.
 *
 * Registers: R0 rax, R1-R5 rdi rsi rdx rcx r8 (so that a call's arguments are in place), R6-R9 rbx r13
 * r14 r15 (callee-saved), R10 rbp: a function's stack lies directly below its saved rbp. r9, r10, r11
 * are free for templates. Code is emitted in passes until its length settles: jumps use the addresses
 * of the pass before.
 */
#ifndef JIT_X86_H
#define JIT_X86_H

#include <string.h>

#include "jit/interp.h"
#include "jit/jit.h"

enum x86_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

enum { TMP0 = R9, TMP1 = R10, TMP2 = R11 };

/* base + (index << shift) + disp, where -1 is no register; low: of base alone, the lower half */
struct x86_value {
	int8_t base, index;
	uint8_t shift;
	bool low;
	int32_t disp;
};

/* what a function's frame depends on */
struct x86_func {
	bool saves[4];   /* it changes R6, R7, R8, R9 */
	bool saves_r12;  /* a scratch register that survives nothing but is the callers' */
	bool has_budget; /* may_goto: its counter is on the stack, or */
	bool budget_in_r12;
	bool has_frame, calls;
	/* bytes of its stack that something reads, from the lowest on; or maybe all (x86_stack.c) */
	uint64_t reads[8];
	bool reads_all;
};

struct x86 {
	const struct rt_prog *prog;
	const struct interp_code *code;
	uint8_t *buf;         /* where it is written */
	const uint8_t *image; /* near where it will run */
	bool far_calls;       /* not near enough */
	uint32_t len, cap;
	uint32_t *addr;       /* of each operation, from the pass before */
	uint32_t *func_addr;  /* of each function's entry */
	uint32_t entry;       /* of the program, see struct jit_code */
	uint32_t func, at;    /* being translated: function, operation */
	uint32_t addr_before; /* the operation's address in the pass before */
	struct x86_func f;
	bool bmi2;
	const uint16_t *live, *use_of, *def_of; /* of each operation: struct jit_flow */
	const int32_t *jump_of;
	struct x86_func *funcs;
	int n_pass;
	bool again;              /* what was taken for granted in this pass was not so */
	uint16_t use, out;       /* of the operation: registers read, registers read later */
	uint16_t bounded, exact; /* registers that are at most bound[]; that are it */
	uint64_t bound[11];
	uint16_t notes; /* registers whose value is only noted, in value[] */
	struct x86_value value[11];
	struct x86_stored { /* the 32 bits that were put to rbp + off last, if they are still there */
		bool valid, exact, wide; /* wide: the 8 bytes are the register */
		int reg;                 /* it holds them, -1: none does (any more) */
		int32_t off;
		uint64_t bound; /* of what it holds */
	} stored;
	/* the flags after the instruction that ended at zf_len tell whether zf_reg is 0 */
	uint32_t zf_len;
	int zf_reg;
	bool zf_wide;
	uint32_t implied; /* a conditional jump that is not taken when it is reached; 0: none */
	bool copying;     /* operations are translated out of their place */
	uint32_t skip;    /* the operation after was translated with this one */
	struct x86_jump { /* a distance that is filled in when the pass is over */
		const void *fn; /* to it, once it is known where the code lies; NULL: to a target */
		uint32_t at;
		uint32_t target; /* operation, or function */
		bool is_short, is_func;
	} *jumps;
	size_t n_jumps, cap_jumps;
	struct jit_fix *fix; /* faulting loads: rows and room for them */
	uint32_t n_fix, cap_fix;
	struct x86_slow {      /* accesses to arenas: rows and room for them */
		uint32_t jump; /* the end of the jump to its slow way */
		uint32_t back, op;
	} *slow;
	size_t n_slow, cap_slow;
	int err;
};

extern const uint8_t x86_reg_of[11];

#define ROOMY_PASS 6    /* from this pass on jumps forward are long */
#define X86_ROOM   4096 /* more than the code of an operation, with copies of others in it */

/* something may come to operation i from elsewhere */
static inline bool x86_is_target(const struct x86 *x, uint32_t i)
{
	return x->live[i] & JIT_TARGET && !x->copying && (!i || i != x->implied);
}

/* template groups: each handles its operations or returns false */
bool x86_alu(struct x86 *x, const struct interp_op *op, uint32_t i);
void x86_divide(struct x86 *x, const struct interp_op *op, bool w, bool mod, bool k,
		bool is_signed);
bool x86_mem(struct x86 *x, const struct interp_op *op, uint32_t i);
bool x86_jump(struct x86 *x, const struct interp_op *op, uint32_t i);
bool x86_call(struct x86 *x, const struct interp_op *op, uint32_t i);
bool x86_arena(struct x86 *x, const struct interp_op *op, uint32_t i);
/* operation i in this place: its template with what comes before and after all of them; 0 or -ENOTSUPP */
int x86_translate(struct x86 *x, uint32_t i);
void x86_mark_copy(const struct x86 *x, uint16_t *live, uint32_t i);
void x86_jump_to(struct x86 *x, uint32_t target);
void x86_call_func(struct x86 *x, uint32_t func);
/* at the end of a pass: false if a short jump does not reach; *longer: a long one that need not be */
bool x86_place_jumps(struct x86 *x, bool *longer);
/* when it is known where the code lies; false: not in reach */
bool x86_place_calls(struct x86 *x, const uint8_t *image);
/* four bytes that will be the distance to a function (of the program: fn NULL) */
void x86_distance_to(struct x86 *x, uint32_t func, const void *fn);
void x86_prologue(struct x86 *x, uint32_t func);
void x86_epilogue(struct x86 *x); /* without ret */
bool x86_epilogue_is_short(const struct x86 *x);
void x86_call_addr(struct x86 *x, const void *fn);
void x86_fix_stubs(struct x86 *x);
void x86_arena_stubs(struct x86 *x);

/*
 * A template whose result is NULL under one condition: where the program compares it with NULL next, and
 * does not read it after that, it jumps at once. Call x86_null_test() before the template and x86_null_jump() when
 * the flags are set; x86_null_end() ends the template.
 */
struct x86_null {
	bool fused, on_null; /* jumps if it is NULL, or if it is not */
	uint32_t target, patch;
};
struct x86_null x86_null_test(struct x86 *x, uint32_t i);
void x86_null_jump(struct x86 *x, struct x86_null *t, uint8_t cc, uint32_t i);
void x86_null_end(struct x86 *x, struct x86_null *t);
/* a conditional jump over code whose length is not known yet: returns what to end it with */
uint32_t x86_jump32(struct x86 *x, uint8_t cc);
void x86_land32(struct x86 *x, uint32_t from);

/* x86_map.c: lookups in maps that are known, without a call, if that is possible; which function to call instead
 * of a helper that works on a map, NULL: the helper itself */
bool x86_array_lookup(struct x86 *x, uint32_t i);
bool x86_hash_lookup(struct x86 *x, uint32_t i);
const void *x86_map_function(const struct x86 *x, uint32_t i);

/* x86_stack.c: before translation; may somebody read these bytes of the stack; somebody does */
void x86_scan_stack(struct x86 *x, uint32_t func);
bool x86_stack_is_read(const struct x86 *x, int32_t off, int size);
void x86_stack_read(struct x86 *x, int32_t off, int size);

/* x86_inline.c: kfuncs and helpers that are a few instructions; false: call it */
bool x86_inline(struct x86 *x, const struct interp_op *op, uint32_t i);
/* as above, once everything is where a call wants it; may change what a call may */
bool x86_inline_call(struct x86 *x, const struct interp_op *op, uint32_t i);
/* mov reg, the virtual CPU of this thread */
void x86_load_cpu(struct x86 *x, int reg);
bool x86_loop(struct x86 *x, uint32_t i); /* x86_loop.c: bpf_loop() */
/* x86_packet.c: rows of it. They call fn where the short way does not go. */
bool x86_dynptr_from_packet(struct x86 *x, const void *fn);
bool x86_dynptr_slice(struct x86 *x, const void *fn);
bool x86_dynptr_slice_rdwr(struct x86 *x, const void *fn);

/*
 * x86_value.c. The machine register with a BPF register's value: to read it, to change it, to give it a new
 * value (what is read must have been asked for before).
 */
int x86_read(struct x86 *x, int r);
int x86_read_low(struct x86 *x, int r); /* with its lower half, the upper is anything */
int x86_change(struct x86 *x, int r);
/* ... of which only the lower half matters, by an operation of 32 bits */
int x86_change_low(struct x86 *x, int r);
int x86_write(struct x86 *x, int r);
/* r + off as an address, to be used before anything is written but dst (-1: nothing will be) */
struct x86_value x86_address(struct x86 *x, int r, int32_t off, int dst);
/* the same where only the lower half of the sum matters; nothing is written */
struct x86_value x86_address_low(struct x86 *x, int r, uint32_t off);
/* puts the values of mask where they belong; forgets all notes (their values are there, or not needed) */
void x86_flush(struct x86 *x, uint16_t mask);
void x86_forget(struct x86 *x);
/* a machine register is about to be used for something else */
void x86_spoil(struct x86 *x, int reg);
/* take note of an operation instead of emitting it; false: cannot */
void x86_note_copy(struct x86 *x, int dst, int src);
void x86_note_upper(struct x86 *x, int r); /* its upper half is to be cleared */
bool x86_note_low(struct x86 *x, int dst, int src);
/* R0 is a sum of rax and another register, both with their present values */
void x86_note_sum(struct x86 *x, int index, uint8_t shift);
bool x86_note_add_imm(struct x86 *x, int dst, int64_t imm);
bool x86_note_add(struct x86 *x, int dst, int src);
bool x86_note_shift(struct x86 *x, int dst, int32_t imm);

/* What a register holds at most. A value that is not computed yet has a bound, too. */
static inline uint64_t x86_bound(const struct x86 *x, int r)
{
	return x->bounded & 1u << r ? x->bound[r] : UINT64_MAX;
}

static inline void x86_set_bound(struct x86 *x, int r, uint64_t bound)
{
	if (bound == UINT64_MAX)
		return;
	x->bounded |= 1u << r;
	x->bound[r] = bound;
}

static inline void x86_set_exact(struct x86 *x, int r, uint64_t value)
{
	x->bounded |= 1u << r;
	x->exact |= 1u << r;
	x->bound[r] = value;
}

static inline void x86_unbound(struct x86 *x, int r)
{
	x->bounded &= ~(1u << r);
	x->exact &= ~(1u << r);
}

/* Without a look at the room: before each operation there is enough for any (X86_ROOM). */
static inline void e1(struct x86 *x, uint8_t b)
{
	x->buf[x->len++] = b;
}

static inline void e4(struct x86 *x, uint32_t v)
{
	memcpy(x->buf + x->len, &v, 4);
	x->len += 4;
}

static inline void e8(struct x86 *x, uint64_t v)
{
	e4(x, (uint32_t)v);
	e4(x, (uint32_t)(v >> 32));
}

/* ---- instructions (x86_emit.c) ---- */

/* REX with the operand size bit and the high bits of reg and rm; left out when it would say nothing */
void rex(struct x86 *x, bool w, int reg, int rm, bool force);
/* op reg, rm with both in registers */
void op_rr(struct x86 *x, bool w, uint8_t op, int reg, int rm);
/* ModRM and displacement for [base + disp]; base is never rsp or r12 */
void mem(struct x86 *x, int reg, int base, int32_t disp);
/* as mem(), with an index */
void mem_at(struct x86 *x, int reg, const struct x86_value *a);
void rex_at(struct x86 *x, bool w, int reg, const struct x86_value *a, bool force);
void lea_as(struct x86 *x, bool w, int dst, const struct x86_value *a);
/* mov reg, [base + disp], and the other way */
void load_at(struct x86 *x, bool w, int reg, int base, int32_t disp);
void store_at(struct x86 *x, bool w, int reg, int base, int32_t disp);
void mov_rr(struct x86 *x, bool w, int dst, int src);
void mov_imm(struct x86 *x, int dst, uint64_t v);
void mulx(struct x86 *x, int hi, int lo, int src); /* rdx times src */
void push(struct x86 *x, int reg);
void pop(struct x86 *x, int reg);
/* x86_mem.c: mov dst, [at], extended as asked; mov [at], src; an operation on [dst + disp] that is no load */
void x86_load(struct x86 *x, int size, bool sign, int dst, const struct x86_value *at);
void x86_store_reg(struct x86 *x, int size, const struct x86_value *at, int src);
void x86_store_imm(struct x86 *x, int size, const struct x86_value *at, int32_t imm);
void x86_atomic(struct x86 *x, int32_t kind, int size, int dst, int32_t disp, int src);
/* group 1 operation /ext with an immediate: add 0, or 1, and 4, sub 5, xor 6, cmp 7 */
void grp1_imm(struct x86 *x, bool w, int ext, int rm, int32_t imm);

/* after an instruction that writes reg and leaves the flags alone */
static inline void keep_flags(struct x86 *x, uint32_t before, int reg)
{
	if (x->zf_len == before && x->zf_reg != reg)
		x->zf_len = x->len;
}

static inline void lea(struct x86 *x, int dst, const struct x86_value *a)
{
	lea_as(x, true, dst, a);
}

static inline struct x86_value x86_at(int base, int32_t disp)
{
	return (struct x86_value){.base = base, .index = -1, .disp = disp};
}

/* A forward jump inside a template: emits an 8-bit jump, returns the place to patch. */
static inline uint32_t jump8(struct x86 *x, uint8_t op)
{
	e1(x, op);
	e1(x, 0);
	return x->len;
}

static inline void land8(struct x86 *x, uint32_t from)
{
	x->buf[from - 1] = (uint8_t)(x->len - from);
}

#endif
