/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which registers are read later: backwards over the decoded operations until nothing changes. Code
 * generators leave out what computes a value that nobody reads, and put values into registers only where
 * somebody does. A call reads what its callee reads, so functions of the program are solved together.
 */
#include "base/mem.h"
#include "base/sanitize.h"
#include "contract/contract.h"
#include "jit/arena.h"
#include "jit/jit.h"
#include "maps/maps.h"

#define ARGS      0x3eu /* R1-R5 */
#define CLOBBERED 0x3fu /* R0-R5 */

static uint16_t args(uint32_t n)
{
	return ((1u << (n < 5 ? n : 5)) - 1) << 1;
}

bool jit_array_lookup(const struct rt_prog *p, uint32_t i, struct map_array_geometry *g)
{
	const struct vf_map *map = p->facts.insn[i].map;
	struct map_array_geometry here;

	/* an inner map is known only by its template, which holds no values */
	if (p->insns[i].imm != BPF_FUNC_map_lookup_elem || !map || !map->obj ||
	    map->is_inner_template || !map_array_geometry(map->obj, g ? g : &here))
		return false;
	return true;
}

bool jit_hash_lookup(const struct rt_prog *p, uint32_t i, struct map_hash_geometry *g)
{
	const struct vf_map *map = p->facts.insn[i].map;
	struct map_hash_geometry here;

	/* who finds an element sees it as the one that put it there: TSan has to see the search */
	return !BASE_TSAN && p->insns[i].imm == BPF_FUNC_map_lookup_elem && map && map->obj &&
	       !map->is_inner_template && map_hash_geometry(map->obj, g ? g : &here);
}

static uint16_t registers(uint8_t operands, const struct interp_op *op)
{
	/* by ISA_U_R0, ISA_U_R6 and ISA_U_CLOBBER */
	static const uint16_t fixed[8] = {0x00, 0x01, 0x40, 0x41, 0x3f, 0x3f, 0x7f, 0x7f};

	return fixed[operands >> 2] | (operands & ISA_U_DST) << op->dst |
	       (operands >> 1 & 1) << op->src;
}

/* what an operation that is no instruction of its own reads and writes */
static void extra_use_def(const struct rt_prog *p, uint32_t i, uint16_t *use, uint16_t *def)
{
	const struct interp_op *op = &p->code->ops[i];
	const struct kfunc_contract *c;

	switch (op->op) {
	case IOP_TRAP:
	case IOP_NOP:
		*use = *def = 0;
		return;
	case IOP_KFUNC:
	case IOP_KFUNC_PLAIN:
		c = p->facts.insn[i].kfunc;
		*use = c && c->btf ? args(c->n_args)
				   : ARGS; /* without types all may be arguments */
		*def = CLOBBERED | JIT_CALLS;
		return;
	case IOP_HELPER:
		*use = jit_array_lookup(p, i, NULL) || jit_hash_lookup(p, i, NULL) ? 1u << 2 : ARGS;
		*def = CLOBBERED | JIT_CALLS;
		return;
	case IOP_TAIL_CALL:
		*use = ARGS;
		*def = CLOBBERED | JIT_CALLS;
		return;
	case IOP_THROW:
		*use = 1u << 1;
		*def = JIT_CALLS;
		return;
	default: /* loads that may fault */
		*use = 1u << op->src;
		*def = 1u << op->dst;
	}
}

static bool is_fetch_loop(uint16_t op)
{
	return op == ISA_FETCH_ORW || op == ISA_FETCH_ORDW || op == ISA_FETCH_ANDW ||
	       op == ISA_FETCH_ANDDW || op == ISA_FETCH_XORW || op == ISA_FETCH_XORDW;
}

static uint32_t callee(const struct rt_prog *p, uint32_t i)
{
	return p->code->ops[i].func->entry - p->code->ops;
}

/* what is read after operation i, which is not just followed by the next */
static uint16_t read_after(const struct rt_prog *p, const struct jit_flow *f, uint32_t i)
{
	int32_t jump = f->jump[i], target = jit_target(jump);
	uint16_t out = jump & JIT_ENDS ? 0 : f->live[i + 1];

	if (target >= 0)
		out |= f->live[target];
	if (jump & JIT_INTO)
		f->use[i] = f->live[callee(p, i)] & ARGS;
	return out;
}

/* backwards from before end */
static void round_of(const struct rt_prog *p, const struct jit_flow *f, uint32_t end)
{
	uint16_t out = end < p->n_insns ? f->live[end] : 0, *live = f->live;

	for (uint32_t i = end; i-- > 0;) {
		if (f->jump[i] != JIT_NEXT)
			out = read_after(p, f, i);
		out = ((out & ~f->def[i]) | f->use[i]) & JIT_REGS;
		live[i] = (live[i] & ~JIT_REGS) | out;
	}
}

/*
 * One way backwards through the program carries everything that flows forwards. Another one is needed from
 * where an operation jumps back, or calls a function before it, and turns out to read more than it was thought
 * to. Returns the end of that, 0: none is needed.
 */
static uint32_t again_from(const struct rt_prog *p, const struct jit_flow *f)
{
	for (uint32_t n = f->n_back; n-- > 0;) {
		uint32_t i = f->back[n];
		bool calls = f->jump[i] & JIT_INTO;
		uint16_t read = f->live[calls ? callee(p, i) : (uint32_t)jit_target(f->jump[i])];

		/* a jump writes no register: what its target reads is read here */
		if (read & (calls ? ARGS & ~f->use[i] : JIT_REGS & ~f->live[i]))
			return i + 1;
	}
	return 0;
}

static void mark_jump(const struct rt_prog *p, uint32_t i, struct jit_flow *f)
{
	const struct interp_op *op = &p->code->ops[i];
	uint16_t *live = f->live;
	uint32_t target;

	switch (op->op) {
	case ISA_EXIT:
		f->jump[i] |= JIT_ENDS;
		return;
	case ISA_CALL_SUB:
		f->def[i] |= JIT_CALLS;
		f->jump[i] |= JIT_INTO;
		if (callee(p, i) <= i)
			f->back[f->n_back++] = i;
		return;
	default:
		break;
	}
	target = op->target - p->code->ops;
	f->jump[i] = (int32_t)target * JIT_STEP |
		     (op->op == ISA_JA || op->op == ISA_JA32 ? JIT_ENDS : 0);
	live[target] |= live[target] & JIT_TARGET ? JIT_TARGETS : JIT_TARGET;
	if (op->op == ISA_MAY_GOTO)
		f->def[i] |= JIT_BUDGET;
	if (target > i)
		return;
	f->back[f->n_back++] = i;
	if (op->op != ISA_MAY_GOTO)
		live[target] |= JIT_LOOP;
}

/* operation i by itself */
static void look_at(const struct rt_prog *p, uint32_t i, struct jit_flow *f)
{
	const struct interp_op *op = &p->code->ops[i];
	uint16_t plain = jit_plain_op(op);
	const struct isa_insn *row;

	f->jump[i] = JIT_NEXT;
	if (plain >= ISA_OP_COUNT) {
		extra_use_def(p, i, &f->use[i], &f->def[i]);
		f->jump[i] |= plain == IOP_TRAP ? JIT_ENDS : 0;
		return;
	}
	row = &isa_rows[plain];
	f->use[i] = registers(row->use, op);
	f->def[i] = registers(row->def, op);
	switch (BPF_CLASS(row->code)) {
	case BPF_JMP:
	case BPF_JMP32:
		mark_jump(p, i, f);
		break;
	case BPF_STX:
		f->def[i] |= is_fetch_loop(plain) ? JIT_SCRATCH : 0;
		break;
	case BPF_LD: /* packet loads */
		f->def[i] |= plain != ISA_LDIMM64 ? JIT_CALLS : 0;
		break;
	default:
		break;
	}
}

void jit_liveness(const struct rt_prog *p, struct jit_flow *f)
{
	uint32_t end = p->n_insns;

	f->n_back = 0;
	for (uint32_t i = 0; i < end; i++) {
		look_at(p, i, f);
		if (p->code->ops[i].op != ISA_LDIMM64)
			continue;
		if (i + 2 >= end)
			f->jump[i] |= JIT_ENDS;
		if (++i < end) { /* its second half: nothing, on the way to the next */
			f->use[i] = f->def[i] = 0;
			f->jump[i] = JIT_NEXT;
		}
	}
	f->jump[end - 1] |= JIT_ENDS;
	while (end) {
		round_of(p, f, end);
		end = again_from(p, f);
	}
}
