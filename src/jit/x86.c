/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The x86-64 backend: translates every function of a program in passes until the lengths of jumps
 * settle, then once more into the pages where the code will run. The registers that a function saves
 * are those it changes.
 */
#if defined(__x86_64__)

#include <sys/mman.h>

#include "base/mem.h"
#include "jit/x86.h"

#define MAX_PASSES 12
#define FIRST_GUESS 64 /* bytes for an operation: longer than any, so jumps only get shorter */

const uint8_t x86_reg_of[11] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP};

static bool is_fetch_loop(uint16_t op)
{
	return op == ISA_FETCH_ORW || op == ISA_FETCH_ORDW || op == ISA_FETCH_ANDW ||
	       op == ISA_FETCH_ANDDW || op == ISA_FETCH_XORW || op == ISA_FETCH_XORDW;
}

/* which callee-saved registers function f changes, and whether it counts rounds */
static void scan_func(struct x86 *x, uint32_t f)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[f];

	memset(x->saves, 0, sizeof(x->saves));
	x->has_budget = x->saves_r12 = false;
	for (uint32_t i = sub->start; i < sub->end; i++) {
		const struct interp_op *op = &x->code->ops[i];

		for (int k = 0; k < 4; k++)
			if (op->dst == 6 + k || op->src == 6 + k)
				x->saves[k] = true;
		x->has_budget |= op->op == ISA_MAY_GOTO;
		x->saves_r12 |= is_fetch_loop(op->op);
	}
}

static bool translate_op(struct x86 *x, uint32_t i)
{
	const struct interp_op *op = &x->code->ops[i];

	return x86_alu(x, op, i) || x86_mem(x, op, i) || x86_jump(x, op, i) || x86_call(x, op, i);
}

static int pass(struct x86 *x)
{
	const struct vf_facts *f = &x->prog->facts;

	x->len = 0;
	x->n_fix = 0;
	for (uint32_t s = 0; s < f->n_subprogs; s++) {
		scan_func(x, s);
		if (s == 0) { /* run(program, context) falls into f(context) */
			x->entry = x->len;
			mov_rr(x, true, RDI, RSI);
		}
		x->func_addr[s] = x->len;
		x86_prologue(x, s);
		for (uint32_t i = f->subprog[s].start; i < f->subprog[s].end; i++) {
			x->addr[i] = x->len;
			if (!translate_op(x, i))
				return -ENOTSUPP;
			/* the second half of a 16-byte load is no operation */
			if (x->code->ops[i].op == ISA_LDIMM64)
				x->addr[++i] = x->len;
		}
	}
	x86_fix_stubs(x);
	return x->err;
}

/* Passes until nothing gets shorter. */
static int settle(struct x86 *x)
{
	uint32_t before = UINT32_MAX;

	for (int n = 0; n < MAX_PASSES && x->len != before; n++) {
		int err;

		before = x->len;
		err = pass(x);
		if (err)
			return err;
	}
	return x->len == before ? 0 : -ENOTSUPP;
}

static int emit(struct x86 *x, struct jit_code *jit)
{
	uint32_t len = x->len;
	int err;

	x->buf = jit->image;
	x->cap = jit->size;
	err = pass(x);
	if (!err && x->len != len)
		err = -ENOTSUPP;
	jit->len = x->len;
	jit->entry = x->entry;
	return err;
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
	int err;

	x.bmi2 = __builtin_cpu_supports("bmi2");
	for (uint32_t i = 0; i < p->n_insns; i++)
		x.addr[i] = i * FIRST_GUESS;
	err = pass(&x); /* the longest it can be: calls are absolute */
	if (!err)
		err = jit_alloc_image(jit, x.len);
	if (err)
		return err;
	x.image = jit->image;
	err = settle(&x);
	if (!err)
		err = emit(&x, jit);
	if (!err)
		err = keep_fixes(&x, jit);
	mem_free(x.fix);
	return err;
}

#endif
