/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The x86-64 backend: translates every function of a program, for the place where it will run, in passes
 * until the lengths of jumps settle. The registers that a function saves are those it changes.
 */
#if defined(__x86_64__)

#include <stdatomic.h>

#include "base/mem.h"
#include "jit/arena.h"
#include "jit/x86.h"

#define MAX_PASSES 12
/* bytes of an operation: usual, of a call with what stands in its place, ... with more, of a lookup in line */
#define FIRST_GUESS  4
#define CALL_GUESS   12
#define KFUNC_GUESS  22
#define LOOKUP_GUESS 40
#define USUAL_BYTES  16 /* room for one */
#define LOOP_ALIGN   32
#define FUNC_ALIGN   16

const uint8_t x86_reg_of[11] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP};

/* which callee-saved registers function f changes, and what else its frame depends on */
static void scan_func(struct x86 *x, uint32_t f)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[f];
	struct x86_func *fn = &x->funcs[f];
	uint32_t use = 0, def = 0;

	for (uint32_t i = sub->start; i < sub->end; i++) {
		use |= x->use_of[i];
		def |= x->def_of[i];
	}
	fn->calls = def & JIT_CALLS;
	fn->saves_r12 = def & JIT_SCRATCH;
	fn->has_budget = def & JIT_BUDGET;
	for (int k = 0; k < 4; k++)
		fn->saves[k] = def & 1u << (6 + k);
	if (fn->has_budget && !fn->saves_r12) {
		fn->has_budget = false;
		fn->budget_in_r12 = fn->saves_r12 = true;
	}
	fn->has_frame = fn->has_budget || use & 1u << 10;
	if (use & 1u << 10)
		x86_scan_stack(x, f);
}

/* computes a value that nobody reads, and does nothing else */
static bool is_useless(const struct x86 *x, const struct interp_op *op, uint16_t def)
{
	uint8_t class;

	if (def & x->out || !def)
		return false;
	if (op->op >= IOP_PROBE_B)
		return true;
	if (op->op >= ISA_OP_COUNT)
		return false;
	class = BPF_CLASS(isa_rows[op->op].code);
	return class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX || op->op == ISA_LDIMM64;
}

/* by the group that it belongs to */
static bool emit(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	if (op->op >= IOP_PROBE_B)
		return x86_mem(x, op, i);
	if (op->op >= ISA_OP_COUNT)
		return x86_jump(x, op, i) || x86_arena(x, op, i) || x86_call(x, op, i);
	switch (BPF_CLASS(isa_rows[op->op].code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return x86_alu(x, op, i);
	case BPF_JMP:
	case BPF_JMP32:
		return x86_jump(x, op, i) || x86_call(x, op, i);
	default:
		return x86_mem(x, op, i) || x86_call(x, op, i);
	}
}

int x86_translate(struct x86 *x, uint32_t i)
{
	const struct interp_op *op = &x->code->ops[i];
	uint32_t next = i + (op->op == ISA_LDIMM64 ? 2 : 1);
	int32_t target = jit_target(x->jump_of[i]);
	bool goes_on = !(x->jump_of[i] & JIT_ENDS);
	uint16_t def;

	x->out = (goes_on ? x->live[next] : 0) | (target >= 0 ? x->live[target] : 0);
	x->out &= JIT_REGS;
	x->use = x->use_of[i];
	def = x->def_of[i];
	if (x86_is_target(x, i))
		x86_forget(x);
	if (!is_useless(x, op, def) && !emit(x, op, i))
		return -ENOTSUPP;
	next += x->skip;
	if (!goes_on)
		x86_forget(x);
	else if (next < x->prog->n_insns && x86_is_target(x, next))
		x86_flush(x, x->live[next]);
	return 0;
}

static void set_addr(struct x86 *x, uint32_t i)
{
	x->at = i;
	x->addr_before = x->addr[i];
	x->addr[i] = x->len;
}

/* the head of a loop at the start of what the machine fetches at once, with nops of up to 9 bytes */
static void align(struct x86 *x, uint32_t to)
{
	static const uint8_t nops[10][9] = {
		{0},
		{0x90},
		{0x66, 0x90},
		{0x0f, 0x1f, 0x00},
		{0x0f, 0x1f, 0x40, 0x00},
		{0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
		{0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	};
	uint32_t before, n, k;

	for (n = -x->len % to; n; n -= k) { /* code begins at a multiple of JIT_ALIGN */
		before = x->len;
		k = n < 9 ? n : 9;
		for (uint32_t b = 0; b < k; b++)
			e1(x, nops[k][b]);
		keep_flags(x, before, -1);
	}
}

static int translate_func(struct x86 *x, uint32_t s)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[s];
	int err;

	x->f = x->funcs[s];
	x86_forget(x);
	if (s == 0) { /* run(program, context) falls into f(context) */
		x->entry = x->len;
		mov_rr(x, true, RDI, RSI);
	}
	if (s)
		align(x, FUNC_ALIGN);
	x->func_addr[s] = x->len;
	x86_prologue(x, s);
	for (uint32_t i = sub->start; i < sub->end; i++) {
		uint32_t more;

		if (x->len + X86_ROOM > x->cap)
			return -E2BIG;
		if (x->live[i] & JIT_LOOP)
			align(x, LOOP_ALIGN);
		set_addr(x, i);
		x->skip = 0;
		err = x86_translate(x, i);
		if (err)
			return err;
		/* the second half of a 16-byte load is no operation */
		more = x->skip + (x->code->ops[i].op == ISA_LDIMM64);
		while (more--)
			set_addr(x, ++i);
	}
	return 0;
}

static int pass(struct x86 *x)
{
	int err = 0;

	x->len = 0;
	x->n_fix = x->n_jumps = x->n_slow = 0;
	x->implied = 0;
	x->err = 0;
	for (uint32_t s = 0; s < x->prog->facts.n_subprogs && !err; s++)
		err = translate_func(x, s);
	if (err)
		return err;
	x86_fix_stubs(x);
	if (!x->err)
		x86_arena_stubs(x);
	return x->err;
}

/*
 * Passes until every jump that was taken for a short one is. A long jump that could be short is worth one
 * more pass. -E2BIG: more room is needed.
 */
static int settle(struct x86 *x)
{
	bool fits = false, longer = true;
	int err = 0;

	for (x->n_pass = 0; x->n_pass < MAX_PASSES && (!fits || longer || x->again) && !err;
	     x->n_pass++) {
		longer = x->again = false;
		err = pass(x);
		fits = !err && x86_place_jumps(x, &longer);
		longer &= x->n_pass == 0;
	}
	return err ? err : fits && !x->again ? 0 : -ENOTSUPP;
}

/* What a translation works with. It is kept for the next one, unless it is large. */
struct scratch {
	uint8_t *buf, *flow;
	size_t cap_buf, cap_flow;
	struct x86_jump *jumps;
	size_t cap_jumps;
};
#define KEPT_MAX (64u << 10)

static _Atomic(struct scratch *) spare;

static struct scratch *take_scratch(void)
{
	struct scratch *s = atomic_exchange(&spare, NULL);

	return s ? s : mem_zalloc(sizeof(*s));
}

static void put_scratch(struct scratch *s)
{
	if (s && s->cap_buf <= KEPT_MAX && s->cap_flow <= KEPT_MAX)
		s = atomic_exchange(&spare, s);
	if (!s)
		return;
	mem_free(s->buf);
	mem_free(s->flow);
	mem_free(s->jumps);
	mem_free(s);
}

static int settle_with_room(struct x86 *x, struct scratch *s)
{
	uint32_t room = x->prog->n_insns * USUAL_BYTES + X86_ROOM;
	int err;

	do {
		err = mem_grow((void **)&s->buf, &s->cap_buf, room, 1);
		if (err)
			return err;
		x->buf = s->buf;
		x->cap = room;
		err = settle(x);
		room *= 2;
	} while (err == -E2BIG && room < 1u << 28);
	return err;
}

static int translate(struct x86 *x, struct scratch *s, struct jit_code *jit)
{
	int err;

	x->image = jit_probable_place();
	for (;;) {
		err = settle_with_room(x, s);
		if (!err)
			err = jit_alloc_image(jit, x->len);
		if (err || x86_place_calls(x, jit->image))
			break;
		jit_drop_image(jit);
		x->far_calls = true; /* then there is nothing to place */
	}
	jit->len = x->len;
	jit->entry = x->entry;
	return err ? err : jit_put_image(jit, x->buf, x->len);
}

/* how long the operation's code will be, about: a good guess saves a pass */
static uint32_t guess(const struct x86 *x, uint32_t i)
{
	switch (x->code->ops[i].op) {
	case IOP_HELPER:
		return x->use_of[i] == 1u << 2 ? LOOKUP_GUESS : CALL_GUESS;
	case IOP_KFUNC:
		return KFUNC_GUESS;
	case IOP_KFUNC_PLAIN:
		return CALL_GUESS;
	default:
		return FIRST_GUESS;
	}
}

static int find_flow(struct x86 *x, struct scratch *s)
{
	uint32_t n = x->prog->n_insns, n_funcs = x->prog->facts.n_subprogs;
	struct jit_flow flow;
	int err = mem_grow((void **)&s->flow, &s->cap_flow,
			   n_funcs * sizeof(*x->funcs) +
				   n * (2 * sizeof(uint32_t) + 3 * sizeof(uint16_t)),
			   1);

	if (err)
		return err;
	x->funcs = (struct x86_func *)s->flow;
	memset(x->funcs, 0, n_funcs * sizeof(*x->funcs));
	flow.jump = (int32_t *)(x->funcs + n_funcs);
	flow.back = (uint32_t *)(flow.jump + n);
	flow.live = (uint16_t *)(flow.back + n);
	flow.use = flow.live + n;
	flow.def = flow.use + n;
	memset(flow.live, 0, n * sizeof(*flow.live));
	jit_liveness(x->prog, &flow);
	x->live = flow.live;
	x->use_of = flow.use;
	x->def_of = flow.def;
	x->jump_of = flow.jump;
	for (uint32_t i = 0; i < n; i++)
		if (flow.jump[i] & JIT_ENDS)
			x86_mark_copy(x, flow.live, i);
	for (uint32_t i = 0, at = 0; i < n; i++) {
		at += flow.live[i] & JIT_LOOP ? LOOP_ALIGN / 3 : 0;
		x->addr[i] = at;
		at += guess(x, i);
	}
	for (uint32_t f = 0; f < n_funcs; f++)
		scan_func(x, f);
	return 0;
}

static int keep_fixes(struct x86 *x, struct jit_code *jit)
{
	jit->fix = x->fix;
	jit->n_fix = x->n_fix;
	x->fix = NULL;
	return 0;
}

int jit_arch_compile(const struct rt_prog *p, struct jit_code *jit)
{
	struct x86 x = {.prog = p, .code = p->code, .addr = jit->addr, .func_addr = jit->func_addr};
	struct scratch *s = take_scratch();
	int err = s ? find_flow(&x, s) : -ENOMEM;

	if (err)
		goto out;
	x.bmi2 = __builtin_cpu_supports("bmi2");
	x.jumps = s->jumps;
	x.cap_jumps = s->cap_jumps;
	err = translate(&x, s, jit);
	s->jumps = x.jumps;
	s->cap_jumps = x.cap_jumps;
	if (!err)
		err = keep_fixes(&x, jit);
	mem_free(x.fix);
	mem_free(x.slow);
out:
	put_scratch(s);
	return err;
}

#endif
