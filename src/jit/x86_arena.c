/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arenas (verifier spec R6): an access whose page is in use and that lies within it is done in line; the page is
 * looked up beside it, so that an address that was loaded is not waited for longer than elsewhere. All
 * others go to a stub behind the program, which calls the interpreter's function for them.
 *
 * A page can be given back between the look and the access, as under the interpreter: what is stored then is seen
 * by nobody, or counts as the user's touch. It never leaves the arena.
 */
#if defined(__x86_64__)

#include "base/mem.h"
#include "jit/arena.h"
#include "jit/x86.h"

/* dst = src as the user's address, and NULL stays NULL */
static void cast_user(struct x86 *x, const struct interp_op *op, const struct map_arena_view *view)
{
	int src = x86_read_low(x, op->src), dst = x86_write(x, op->dst);

	mov_rr(x, false, dst, src);
	mov_imm(x, TMP2, view->user_start >> 32 << 32);
	op_rr(x, true, 0x01, dst, TMP2); /* add */
	op_rr(x, false, 0x85, dst, dst); /* test */
	rex(x, true, dst, TMP2, false);  /* cmovne dst, r11 */
	e1(x, 0x0f);
	e1(x, 0x45);
	e1(x, 0xc0 | (dst & 7) << 3 | (TMP2 & 7));
}

static void jump_slow(struct x86 *x, uint8_t cc, uint32_t op)
{
	if (mem_grow((void **)&x->slow, &x->cap_slow, x->n_slow + 1, sizeof(*x->slow))) {
		x->err = -ENOMEM;
		return;
	}
	x->slow[x->n_slow++] = (struct x86_slow){.jump = x86_jump32(x, cc), .op = op};
}

/* r9d is the place in the window: goes on, with base in r11, if what is there can be accessed in line */
static void look(struct x86 *x, const struct map_arena_view *view, int size, uint32_t op)
{
	const struct x86_value page = {.base = TMP2,
				       .index = TMP1,
				       .disp = -(int32_t)MAP_ARENA_PAGES};

	if (size > 1) { /* test r9b, size - 1: what is aligned is in one page */
		rex(x, false, 0, TMP0, true);
		e1(x, 0xf6);
		e1(x, 0xc0 | (TMP0 & 7));
		e1(x, (uint8_t)(size - 1));
		jump_slow(x, 0x5, op); /* jne */
	}
	mov_rr(x, false, TMP1, TMP0);
	rex(x, false, 0, TMP1, false); /* shr r10d, 12 */
	e1(x, 0xc1);
	e1(x, 0xe8 | (TMP1 & 7));
	e1(x, MAP_ARENA_PAGE_BITS);
	mov_imm(x, TMP2, (uintptr_t)view->base);
	rex_at(x, false, 0, &page, false); /* cmp byte [page], 0 */
	e1(x, 0x80);
	mem_at(x, 7, &page);
	e1(x, 0);
	jump_slow(x, 0x4, op); /* je */
}

/*
 * What the operation reads that the slow way wants in its register, and what it sets: before the address is
 * made, because that may carry out notes, and it must be done on both ways.
 */
static int prepare(struct x86 *x, const struct interp_op *op, const struct jit_arena_access *as)
{
	if (as->is_load || as->is_constant)
		return -1;
	if (as->is_rmw && as->kind == BPF_CMPXCHG)
		x86_change(x, 0);
	else if (as->is_rmw && as->kind & BPF_FETCH)
		x86_change(x, op->src);
	x86_flush(x, 1u << op->src);
	return x86_reg_of[op->src];
}

static void reach(struct x86 *x, const struct interp_op *op, const struct interp_arena *a,
		  uint32_t i)
{
	struct x86_value at = {.base = TMP2, .index = TMP0};
	uint32_t off = (uint32_t)a->off - (uint32_t)a->view->user_start;
	size_t first = x->n_slow;
	struct jit_arena_access as;
	struct x86_value place;
	int src, dst = -1;

	jit_arena_access(a, &as);
	src = prepare(x, op, &as);
	place = x86_address_low(x, as.is_load ? op->src : op->dst, off);
	lea_as(x, false, TMP0, &place);
	if (as.is_load)
		dst = x86_write(x, op->dst);
	look(x, a->view, as.size, i);
	if (as.is_load) {
		x86_load(x, as.size, as.sign, dst, &at);
		if (!as.sign)
			x86_set_bound(x, op->dst, UINT64_MAX >> (64 - 8 * as.size));
	} else if (as.is_rmw) {
		op_rr(x, true, 0x01, TMP0, TMP2); /* add r11, r9 */
		x86_atomic(x, as.kind, as.size, TMP2, 0, src);
	} else if (as.is_constant) {
		x86_store_imm(x, as.size, &at, op->imm);
	} else {
		x86_store_reg(x, as.size, &at, src);
	}
	while (first < x->n_slow)
		x->slow[first++].back = x->len;
	x->zf_len = 0; /* it is also come to from elsewhere */
}

bool x86_arena(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	const struct interp_arena *a = op->p;

	if (op->op != IOP_ARENA)
		return false;
	if (a->op == ISA_CAST_USER)
		cast_user(x, op, a->view);
	else
		reach(x, op, a, i);
	return true;
}

/* Calls interp_arena_at() for r10 and the place in r9; all registers of BPF are kept in memory meanwhile. */
static void emit_slow(struct x86 *x)
{
	for (int r = 10; r >= 0; r--)
		push(x, x86_reg_of[r]);
	mov_rr(x, true, RDI, TMP1);
	mov_rr(x, false, RSI, TMP0);
	mov_rr(x, true, RDX, RSP);
	mov_rr(x, true, RBP, RSP);
	grp1_imm(x, true, 4, RSP, -16);
	x86_call_addr(x, (const void *)interp_arena_at);
	mov_rr(x, true, RSP, RBP);
	for (int r = 0; r <= 10; r++)
		pop(x, x86_reg_of[r]);
	e1(x, 0xc3);
}

/* Behind the program: for every operation that has one, its slow way. */
void x86_arena_stubs(struct x86 *x)
{
	uint32_t common = x->len;

	if (!x->n_slow)
		return;
	if (x->len + X86_ROOM > x->cap) {
		x->err = -E2BIG;
		return;
	}
	emit_slow(x);
	for (size_t k = 0; k < x->n_slow; k++) {
		const struct x86_slow *s = &x->slow[k];

		if (x->len + X86_ROOM > x->cap) {
			x->err = -E2BIG;
			return;
		}
		x86_land32(x, s->jump);
		while (k + 1 < x->n_slow && x->slow[k + 1].back == s->back)
			x86_land32(x, x->slow[++k].jump);
		mov_imm(x, TMP1, (uintptr_t)&x->code->ops[s->op]);
		e1(x, 0xe8);
		e4(x, common - (x->len + 4));
		e1(x, 0xe9);
		e4(x, s->back - (x->len + 4));
	}
}

#endif
