/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Stack memory that nobody reads. A key goes through the stack because a lookup takes its address; where the
 * lookup takes the value from a register instead, the store has no reader. Which bytes of a function's frame
 * are read is found before translation, generously: whoever gets an address of the stack in a way that
 * is not understood here reads all of it. Lookups that are translated in line tell when they do load their
 * key; that costs another pass.
 */
#if defined(__x86_64__)

#include "jit/x86.h"
#include "maps/maps.h"

#define FRAME 512

static void mark(struct x86_func *f, int64_t off, uint32_t size)
{
	for (int64_t at = off; at < off + size; at++)
		if (at < -FRAME || at >= 0)
			f->reads_all = true;
		else
			f->reads[(at + FRAME) / 64] |= 1ull << ((at + FRAME) % 64);
}

static bool is_marked(const struct x86_func *f, int64_t off, uint32_t size)
{
	for (int64_t at = off; at < off + size; at++)
		if (at < -FRAME || at >= 0 ||
		    f->reads[(at + FRAME) / 64] >> ((at + FRAME) % 64) & 1)
			return true;
	return f->reads_all;
}

bool x86_stack_is_read(const struct x86 *x, int32_t off, int size)
{
	return is_marked(&x->funcs[x->func], off, (uint32_t)size);
}

void x86_stack_read(struct x86 *x, int32_t off, int size)
{
	if (is_marked(&x->funcs[x->func], off, (uint32_t)size))
		return;
	mark(&x->funcs[x->func], off, (uint32_t)size);
	x->again = true; /* stores may have been left out in this pass */
}

/* what a call reads through an address of the stack in reg */
static bool argument(const struct x86 *x, uint32_t i, int reg, uint32_t *size)
{
	const struct vf_map *map = x->prog->facts.insn[i].map;

	if (x->code->ops[i].op != IOP_HELPER || !map || !map->obj || map->is_inner_template)
		return false;
	*size = reg == 2 ? map->key_size : map->value_size;
	switch (x->prog->insns[i].imm) {
	case BPF_FUNC_map_lookup_elem:
		if (reg == 2 &&
		    (jit_array_lookup(x->prog, i, NULL) || jit_hash_lookup(x->prog, i, NULL)))
			*size = 0; /* it will say so itself */
		return reg == 2;
	case BPF_FUNC_map_delete_elem:
		return reg == 2;
	case BPF_FUNC_map_update_elem:
		return reg == 2 || reg == 3;
	default:
		return false;
	}
}

/* An address of the stack is made at i: reg = r10. Is it an argument of one call and nothing else? */
static bool address(struct x86 *x, struct x86_func *f, uint32_t i, uint32_t end)
{
	const struct interp_op *op = x->code->ops;
	int reg = op[i].dst;
	int64_t off;
	uint32_t size;

	if (i + 2 >= end || op[i + 1].op != ISA_ADD64_K || op[i + 1].dst != reg ||
	    x->live[i + 1] & JIT_TARGET)
		return false;
	off = op[i + 1].imm;
	for (i += 2; i < end && !(x->live[i] & JIT_TARGET); i++) {
		if (x->use_of[i] & 1u << reg || op[i].op == IOP_HELPER) {
			if (!argument(x, i, reg, &size))
				return false;
			mark(f, off, size);
			return true;
		}
		if (x->def_of[i] & 1u << reg)
			return true;
		if (op[i].op >= ISA_OP_COUNT || BPF_CLASS(isa_rows[op[i].op].code) == BPF_JMP ||
		    BPF_CLASS(isa_rows[op[i].op].code) == BPF_JMP32)
			return false;
		i += op[i].op == ISA_LDIMM64;
	}
	return false;
}

static void look_at(struct x86 *x, struct x86_func *f, uint32_t i, uint32_t end)
{
	static const uint8_t bytes[4] = {4, 2, 1, 8};
	const struct interp_op *op = &x->code->ops[i];
	uint8_t code, size;

	if (op->op >= ISA_OP_COUNT) {
		f->reads_all = true;
		return;
	}
	code = isa_rows[op->op].code;
	size = bytes[BPF_SIZE(code) >> 3];
	if (BPF_CLASS(code) == BPF_LDX) {
		mark(f, op->imm, size);
	} else if (BPF_CLASS(code) == BPF_ST ||
		   (BPF_CLASS(code) == BPF_STX && BPF_MODE(code) == BPF_MEM && op->src != 10)) {
		return;
	} else if (op->op != ISA_MOV64_X || !address(x, f, i, end)) {
		f->reads_all = true;
	}
}

void x86_scan_stack(struct x86 *x, uint32_t func)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[func];

	for (uint32_t i = sub->start; i < sub->end && !x->funcs[func].reads_all; i++)
		if (x->use_of[i] & 1u << 10)
			look_at(x, &x->funcs[func], i, sub->end);
}

#endif
