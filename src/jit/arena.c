/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Operations on an arena: accesses to its memory and casts of its addresses (verifier spec R6, arenas). An
 * address is what its lower half says. Where no page is in use a load gives 0 and a store does nothing; Linux
 * does this by faults, here the page is looked up, and what wraps around 32 bits counts as one place.
 *
 * An atomic operation of 32 bits that finds no page leaves its register as it is but for the upper half: the
 * verifier counts on that to be 0.
 *
 * This is the interpreter's way, and that of generated code where its short way does not go (x86_arena.c).
 */
#include "jit/arena.h"

#include "base/mem.h"
#include "maps/maps.h"

int jit_arena_open(const struct rt_prog *p, struct interp_code *code, const char **what)
{
	uint32_t i, n = 0;
	int err = -EINVAL;

	if (!p->facts.uses_arena)
		return 0;
	for (i = 0; i < p->n_insns; i++)
		n += p->facts.insn[i].flags & VFI_ARENA ||
		     p->insns[i].code == (BPF_ALU64 | BPF_MOV | BPF_X);
	code->arena = mem_zalloc(sizeof(*code->arena));
	code->arena_ops = mem_calloc(n, sizeof(*code->arena_ops));
	if (!code->arena || !code->arena_ops)
		return -ENOMEM;
	for (i = 0; i < p->n_maps; i++)
		if (p->maps[i]->desc.type == MAP_T_ARENA)
			err = map_arena_open(p->maps[i], code->arena);
	if (err)
		*what = "an arena that is not mapped";
	return err;
}

void jit_arena_close(struct interp_code *code)
{
	mem_free(code->arena);
	mem_free(code->arena_ops);
}

/* an operation of 64 bits on an address is one of its lower half */
static int narrow(const struct bpf_insn *insn, struct interp_op *op)
{
	struct bpf_insn low = *insn;
	const struct isa_insn *row;

	low.code = (low.code & ~7u) | BPF_ALU;
	row = isa_lookup(&low);
	if (!row)
		return -EINVAL;
	op->op = row->op;
	return 0;
}

int jit_arena_decode(struct interp_code *code, const struct bpf_insn *insn, struct interp_op *op)
{
	struct interp_arena *a;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU64:
		if (op->op != ISA_CAST_USER && op->op != ISA_CAST_KERN)
			return narrow(insn, op);
		if (op->op == ISA_CAST_KERN || code->arena->no_user_addresses) {
			op->op = ISA_MOV32_X;
			return 0;
		}
		break;
	case BPF_ALU:
		return 0;
	}
	a = &code->arena_ops[code->n_arena_ops++];
	a->view = code->arena;
	a->op = op->op;
	a->off = insn->off;
	op->op = IOP_ARENA;
	op->imm = insn->imm;
	op->p = a;
	return 0;
}

static uint64_t combined(int32_t kind, uint64_t old, uint64_t v, uint64_t expected)
{
	switch (kind) {
	case BPF_ADD:
	case BPF_ADD | BPF_FETCH:
		return old + v;
	case BPF_OR:
	case BPF_OR | BPF_FETCH:
		return old | v;
	case BPF_AND:
	case BPF_AND | BPF_FETCH:
		return old & v;
	case BPF_XOR:
	case BPF_XOR | BPF_FETCH:
		return old ^ v;
	case BPF_CMPXCHG:
		return old == expected ? v : old;
	default: /* exchange */
		return v;
	}
}

#define RMW(bits)                                                                                  \
	static uint64_t rmw##bits(int32_t kind, void *p, uint64_t v, uint64_t expected)            \
	{                                                                                          \
		uint##bits##_t *at = p, old = __atomic_load_n(at, __ATOMIC_RELAXED), new;          \
                                                                                                   \
		do {                                                                               \
			new = (uint##bits##_t)combined(kind, old, v, (uint##bits##_t)expected);    \
		} while (!__atomic_compare_exchange_n(at, &old, new, false, __ATOMIC_SEQ_CST,      \
						      __ATOMIC_SEQ_CST));                          \
		return old;                                                                        \
	}
RMW(32)
RMW(64)

static void atomic(const struct interp_op *ip, int32_t kind, int size, void *at, uint64_t *r)
{
	uint64_t old =
		size == 8 ? rmw64(kind, at, r[ip->src], r[0]) : rmw32(kind, at, r[ip->src], r[0]);

	if (kind == BPF_CMPXCHG)
		r[0] = old;
	else if (kind & BPF_FETCH)
		r[ip->src] = old;
}

static uint64_t extended(uint64_t v, int size, bool sign)
{
	int rest = 64 - 8 * size;

	return sign ? (uint64_t)((int64_t)(v << rest) >> rest) : v;
}

/* as one instruction each, and races between programs are theirs */
typedef uint8_t u8u __attribute__((may_alias));
typedef uint16_t u16u __attribute__((may_alias, aligned(1)));
typedef uint32_t u32u __attribute__((may_alias, aligned(1)));
typedef uint64_t u64u __attribute__((may_alias, aligned(1)));

#define OF_PROGRAMS static __attribute__((no_sanitize("thread"), noinline))

OF_PROGRAMS uint64_t load(const void *at, int size)
{
	switch (size) {
	case 1:
		return *(const volatile u8u *)at;
	case 2:
		return *(const volatile u16u *)at;
	case 4:
		return *(const volatile u32u *)at;
	default:
		return *(const volatile u64u *)at;
	}
}

OF_PROGRAMS void store(void *at, int size, uint64_t v)
{
	switch (size) {
	case 1:
		*(volatile u8u *)at = (uint8_t)v;
		break;
	case 2:
		*(volatile u16u *)at = (uint16_t)v;
		break;
	case 4:
		*(volatile u32u *)at = (uint32_t)v;
		break;
	default:
		*(volatile u64u *)at = v;
	}
}

static bool is_there(const struct map_arena_view *v, uint32_t offset)
{
	return __atomic_load_n(&v->pages[offset >> MAP_ARENA_PAGE_BITS], __ATOMIC_RELAXED) ||
	       map_arena_touched(v->map, offset);
}

void jit_arena_access(const struct interp_arena *a, struct jit_arena_access *as)
{
	static const uint8_t bytes[4] = {4, 2, 1, 8};
	const struct isa_insn *row = &isa_rows[a->op];
	uint8_t class = BPF_CLASS(row->code);

	as->size = bytes[BPF_SIZE(row->code) >> 3];
	as->is_atomic = class == BPF_STX && BPF_MODE(row->code) == BPF_ATOMIC;
	as->is_load = class == BPF_LDX || (as->is_atomic && row->val == BPF_LOAD_ACQ);
	as->is_rmw = as->is_atomic && row->val != BPF_LOAD_ACQ && row->val != BPF_STORE_REL;
	as->sign = BPF_MODE(row->code) == BPF_MEMSX && !as->is_atomic;
	as->is_constant = class == BPF_ST;
	as->kind = row->val;
}

/* the register that an operation sets keeps what fits */
static void no_atomic(const struct interp_op *ip, int32_t kind, int size, uint64_t *r)
{
	uint64_t *set = kind == BPF_CMPXCHG ? &r[0] : &r[ip->src];

	if (size == 4 && kind & BPF_FETCH)
		*set = (uint32_t)*set;
}

void interp_arena_at(const struct interp_op *ip, uint32_t rel, uint64_t *r)
{
	const struct interp_arena *a = ip->p;
	struct jit_arena_access as;
	int size;
	void *at;

	jit_arena_access(a, &as);
	size = as.size;
	at = is_there(a->view, rel) && is_there(a->view, rel + (uint32_t)size - 1)
		     ? a->view->base + rel
		     : NULL;
	if (as.is_load) {
		r[ip->dst] = at ? extended(load(at, size), size, as.sign) : 0;
	} else if (as.is_rmw) {
		if (at)
			atomic(ip, as.kind, size, at, r);
		else
			no_atomic(ip, as.kind, size, r);
	} else if (at) {
		store(at, size, as.is_constant ? (uint64_t)(int64_t)ip->imm : r[ip->src]);
	}
}

void interp_arena(const struct interp_op *ip, uint64_t *r)
{
	const struct interp_arena *a = ip->p;
	struct jit_arena_access as;
	uint64_t v;

	if (a->op == ISA_CAST_USER) {
		v = (uint32_t)r[ip->src];
		r[ip->dst] = v ? (a->view->user_start >> 32 << 32) | v : 0;
		return;
	}
	jit_arena_access(a, &as);
	interp_arena_at(ip,
			(uint32_t)(r[as.is_load ? ip->src : ip->dst] + (uint64_t)(int64_t)a->off -
				   a->view->user_start),
			r);
}
