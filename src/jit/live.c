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

#define ARGS	  0x3eu /* R1-R5 */
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

static void use_def(const struct rt_prog *p, uint32_t i, uint16_t *use, uint16_t *def)
{
	const struct interp_op *op = &p->code->ops[i];
	const struct kfunc_contract *c;
	const struct isa_insn *row;
	uint16_t plain;

	*use = *def = 0;
	switch (op->op) {
	case IOP_TRAP:
	case IOP_NOP:
		return;
	case IOP_KFUNC:
	case IOP_KFUNC_PLAIN:
		c = p->facts.insn[i].kfunc;
		*use = c && c->btf ? args(c->n_args) : ARGS; /* without types all may be arguments */
		*def = CLOBBERED;
		return;
	case ISA_CALL_SUB:
		*def = CLOBBERED; /* what it reads: round_of() */
		return;
	case IOP_HELPER:
		*use = jit_array_lookup(p, i, NULL) || jit_hash_lookup(p, i, NULL) ? 1u << 2 : ARGS;
		*def = CLOBBERED;
		return;
	case IOP_TAIL_CALL:
		*use = ARGS;
		*def = CLOBBERED;
		return;
	case IOP_THROW:
		*use = 1 << 1;
		return;
	case ISA_EXIT:
		*use = 1 << 0;
		return;
	default:
		break;
	}
	if (op->op >= IOP_PROBE_B) {
		*use = 1u << op->src;
		*def = 1u << op->dst;
		return;
	}
	plain = jit_plain_op(op);
	row = &isa_rows[plain];
	if (row->use & ISA_U_DST)
		*use |= 1u << op->dst;
	if (row->use & ISA_U_SRC)
		*use |= 1u << op->src;
	if (row->def & ISA_U_DST)
		*def |= 1u << op->dst;
	if (row->def & ISA_U_SRC)
		*def |= 1u << op->src;
	if (BPF_CLASS(row->code) == BPF_LD && op->op != ISA_LDIMM64) { /* packet loads */
		*use |= 1u << 6;
		*def |= CLOBBERED;
	}
	if (plain == ISA_CMPXCHGW || plain == ISA_CMPXCHGDW) {
		*use |= 1u << 0 | 1u << op->dst | 1u << op->src;
		*def = 1u << 0;
	}
}

/* *target: where the operation may jump, or -1; whether the next operation may follow */
bool jit_successors(const struct interp_code *code, uint32_t i, int64_t *target)
{
	const struct interp_op *op = &code->ops[i];
	uint8_t class;

	*target = -1;
	if (op->op == IOP_TRAP || op->op == ISA_EXIT)
		return false;
	if (op->op >= ISA_OP_COUNT)
		return true;
	class = BPF_CLASS(isa_rows[op->op].code);
	if ((class != BPF_JMP && class != BPF_JMP32) || op->op == ISA_CALL_SUB)
		return true;
	*target = op->target - code->ops;
	return op->op != ISA_JA && op->op != ISA_JA32;
}

/*
 * One way backwards through the program carries everything that flows forwards. Another one is needed where
 * an operation that is reached from behind, or called, turns out to read more than it was thought to.
 */
static bool round_of(const struct rt_prog *p, const struct jit_flow *f)
{
	const struct interp_code *code = p->code;
	uint16_t *live = f->live;
	bool again = false;

	for (uint32_t i = p->n_insns; i-- > 0;) {
		int32_t target = f->jump[i] >> 1;
		uint16_t op = code->ops[i].op, out = 0, was = live[i] & JIT_REGS;

		if (!(f->jump[i] & JIT_ENDS))
			out = live[i + (op == ISA_LDIMM64 ? 2 : 1)];
		if (target >= 0)
			out |= live[target];
		if (op == ISA_CALL_SUB)
			f->use[i] = live[code->ops[i].func->entry - code->ops] & ARGS;
		out = ((out & ~f->def[i]) | f->use[i]) & JIT_REGS;
		again |= out != was && live[i] & JIT_BACK;
		live[i] = (live[i] & ~JIT_REGS) | out;
	}
	return again;
}

static void mark_target(const struct rt_prog *p, uint32_t i, const struct jit_flow *f)
{
	const struct interp_op *op = &p->code->ops[i];
	uint16_t *live = f->live;
	int64_t target;
	bool goes_on = jit_successors(p->code, i, &target) && i + (op->op == ISA_LDIMM64 ? 2 : 1) < p->n_insns;

	f->jump[i] = (int32_t)(target * 2) | (goes_on ? 0 : JIT_ENDS);
	if (op->op == ISA_CALL_SUB)
		live[op->func->entry - p->code->ops] |= JIT_BACK;
	if (target < 0)
		return;
	live[target] |= live[target] & JIT_TARGET ? JIT_TARGETS : JIT_TARGET;
	if (target > i)
		return;
	live[target] |= JIT_BACK;
	if (op->op != ISA_MAY_GOTO)
		live[target] |= JIT_LOOP;
}

void jit_liveness(const struct rt_prog *p, const struct jit_flow *f)
{
	for (uint32_t i = 0; i < p->n_insns; i++) {
		use_def(p, i, &f->use[i], &f->def[i]);
		mark_target(p, i, f);
	}
	while (round_of(p, f))
		;
}
