/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Values that are not computed yet. BPF builds addresses step by step (copy, add, shift), x86 adds while it
 * loads: so a copy, an addition or a small shift is only noted, as base + index * scale + displacement over
 * machine registers, and becomes an instruction when somebody needs the value in its register. A load or
 * store takes the note as its address.
 *
 * Invariants: a note speaks of the present contents of machine registers. A register is written only
 * after the notes of others that speak of it have been carried out (clobber). While a BPF register has a
 * note, nobody else's note speaks of its machine register; so carrying one out never forces another. At
 * a jump target no register that is read there has a note: jumps carry out what their target reads.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

static bool noted(const struct x86 *x, int r)
{
	return x->notes & 1u << r;
}

static bool speaks_of(const struct x86_value *v, int reg)
{
	return v->base == reg || v->index == reg;
}

static void carry_out(struct x86 *x, int r)
{
	struct x86_value *v = &x->value[r];
	int dst = x86_reg_of[r];

	if (x->stored.reg == dst)
		x->stored.reg = -1;
	x->notes &= ~(1u << r);
	if (v->index < 0) {
		if (v->low)
			mov_rr(x, false, dst, v->base);
		else if (v->base == dst)
			grp1_imm(x, true, 0, dst, v->disp);
		else if (!v->disp)
			mov_rr(x, true, dst, v->base);
		else
			lea(x, dst, v);
		return;
	}
	if (v->base < 0 && !v->disp) { /* a shift */
		if (v->index != dst)
			mov_rr(x, true, dst, v->index);
		rex(x, true, 0, dst, false);
		e1(x, 0xc1);
		e1(x, 0xe0 | (dst & 7));
		e1(x, v->shift);
		return;
	}
	if (!v->disp && !v->shift && (v->base == dst || v->index == dst))
		op_rr(x, true, 0x01, v->base == dst ? v->index : v->base, dst);
	else
		lea(x, dst, v);
}

/* before reg changes: what others of mask keep in terms of it */
static void clobber(struct x86 *x, int reg, int except, uint16_t mask)
{
	if (x->stored.reg == reg)
		x->stored.reg = -1;
	for (uint32_t m = x->notes; m; m &= m - 1) {
		int r = __builtin_ctz(m);

		if (r == except || !speaks_of(&x->value[r], reg))
			continue;
		if (mask & 1u << r)
			carry_out(x, r);
		else
			x->notes &= ~(1u << r);
	}
}

int x86_read(struct x86 *x, int r)
{
	struct x86_value *v = &x->value[r];

	if (!noted(x, r))
		return x86_reg_of[r];
	if (v->index < 0 && !v->disp && !v->low)
		return v->base;
	carry_out(x, r);
	return x86_reg_of[r];
}

int x86_read_low(struct x86 *x, int r)
{
	return noted(x, r) && x->value[r].low ? x->value[r].base : x86_read(x, r);
}

int x86_change(struct x86 *x, int r)
{
	clobber(x, x86_reg_of[r], r, x->out | x->use);
	if (noted(x, r))
		carry_out(x, r);
	x86_unbound(x, r);
	return x86_reg_of[r];
}

int x86_change_low(struct x86 *x, int r)
{
	if (noted(x, r) && x->value[r].low && x->value[r].base == x86_reg_of[r])
		x->notes &= ~(1u << r); /* the operation will clear the upper half */
	return x86_change(x, r);
}

int x86_write(struct x86 *x, int r)
{
	clobber(x, x86_reg_of[r], r, x->out);
	x->notes &= ~(1u << r);
	x86_unbound(x, r);
	return x86_reg_of[r];
}

void x86_flush(struct x86 *x, uint16_t mask)
{
	for (uint32_t m = x->notes & mask; m; m &= m - 1)
		carry_out(x, __builtin_ctz(m));
}

void x86_forget(struct x86 *x)
{
	x->notes = 0;
	x->bounded = x->exact = 0;
	x->stored.valid = false;
	x->zf_len = 0;
}

void x86_spoil(struct x86 *x, int reg)
{
	clobber(x, reg, -1, x->out | x->use);
}

static struct x86_value plain(int reg)
{
	return (struct x86_value){.base = reg, .index = -1};
}

/* a note whose register nobody reads after this operation: others may take it over, see drop() */
static bool ends(const struct x86 *x, int r)
{
	return noted(x, r) && !x->value[r].low && !(x->out & 1u << r);
}

static void drop(struct x86 *x, int r, bool ended)
{
	if (ended)
		x->notes &= ~(1u << r);
}

/*
 * r's value in terms of registers whose owners have no notes, carrying out what stands against that. A note
 * that ends may speak of its own register: who takes it over drops it.
 */
static struct x86_value known(struct x86 *x, int r)
{
	struct x86_value *v = &x->value[r];

	if (!noted(x, r))
		return plain(x86_reg_of[r]);
	if (ends(x, r))
		return *v;
	if (v->low || speaks_of(v, x86_reg_of[r])) {
		carry_out(x, r);
		return plain(x86_reg_of[r]);
	}
	return *v;
}

/* dst's own value, to be added to; a note that cannot is carried out */
static struct x86_value own(struct x86 *x, int r)
{
	if (noted(x, r) && x->value[r].low)
		carry_out(x, r);
	return noted(x, r) ? x->value[r] : plain(x86_reg_of[r]);
}

struct x86_value x86_address(struct x86 *x, int r, int32_t off, int dst)
{
	struct x86_value v;
	int32_t disp;

	/* writing dst would carry r out, and change the registers that the address is made of */
	if (dst >= 0 && dst != r && x->out & 1u << r && noted(x, r) &&
	    speaks_of(&x->value[r], x86_reg_of[dst]))
		carry_out(x, r);
	v = own(x, r);
	if (__builtin_add_overflow(v.disp, off, &disp) || (v.index >= 0 && v.base < 0)) {
		v = plain(x86_read(x, r));
		disp = off;
	}
	v.disp = disp;
	return v;
}

struct x86_value x86_address_low(struct x86 *x, int r, uint32_t off)
{
	struct x86_value v = noted(x, r) ? x->value[r] : plain(x86_reg_of[r]);

	v.disp = (int32_t)((uint32_t)v.disp + off);
	return v;
}

static void note(struct x86 *x, int r, const struct x86_value *v)
{
	clobber(x, x86_reg_of[r], r, x->out | x->use);
	x->value[r] = *v;
	x86_unbound(x, r);
	if (v->index < 0 && !v->disp && !v->low && v->base == x86_reg_of[r])
		x->notes &= ~(1u << r); /* itself */
	else
		x->notes |= 1u << r;
}

void x86_note_copy(struct x86 *x, int dst, int src)
{
	bool exact = x->exact & 1u << src, ended = ends(x, src);
	uint64_t bound = x86_bound(x, src);
	struct x86_value v;

	if (dst == src)
		return;
	v = known(x, src);
	drop(x, src, ended);
	note(x, dst, &v);
	if (exact)
		x86_set_exact(x, dst, bound);
	else
		x86_set_bound(x, dst, bound);
}

void x86_note_upper(struct x86 *x, int r)
{
	struct x86_value v = plain(x86_reg_of[r]);

	v.low = true;
	note(x, r, &v);
	x86_set_bound(x, r, UINT32_MAX);
}

bool x86_note_low(struct x86 *x, int dst, int src)
{
	bool ended = ends(x, src);
	struct x86_value v;

	if (dst == src) {
		if (noted(x, dst))
			return false;
		x86_note_upper(x, dst);
		return true;
	}
	v = known(x, src);
	if (v.index >= 0 || v.disp || v.base == x86_reg_of[dst])
		return false;
	v.low = true;
	drop(x, src, ended);
	note(x, dst, &v);
	x86_set_bound(x, dst, UINT32_MAX);
	return true;
}

void x86_note_sum(struct x86 *x, int index, uint8_t shift)
{
	x->value[0] = (struct x86_value){.base = RAX, .index = index, .shift = shift};
	x->notes |= 1u << 0;
}

bool x86_note_add_imm(struct x86 *x, int dst, int64_t imm)
{
	struct x86_value v = own(x, dst);
	int32_t disp;

	if (imm != (int32_t)imm || __builtin_add_overflow(v.disp, (int32_t)imm, &disp) ||
	    (v.index >= 0 && v.base < 0))
		return false;
	v.disp = disp;
	note(x, dst, &v);
	return true;
}

bool x86_note_add(struct x86 *x, int dst, int src)
{
	bool ended = ends(x, src);
	struct x86_value d, s;
	int32_t disp;

	if (dst == src)
		return false;
	s = known(x, src);
	d = own(x, dst);
	if (__builtin_add_overflow(d.disp, s.disp, &disp))
		return false;
	if (d.index < 0 && s.index < 0) {
		d.index = s.base;
		d.shift = 0;
	} else if (d.index < 0 && s.base < 0) {
		d.index = s.index;
		d.shift = s.shift;
	} else if (d.base < 0 && s.index < 0) {
		d.base = s.base;
	} else {
		return false;
	}
	d.disp = disp;
	drop(x, src, ended);
	note(x, dst, &d);
	return true;
}

bool x86_note_shift(struct x86 *x, int dst, int32_t imm)
{
	struct x86_value v = own(x, dst);

	if (imm < 1 || imm > 3 || v.index >= 0 || v.disp)
		return false;
	v.index = v.base;
	v.base = -1;
	v.shift = imm;
	note(x, dst, &v);
	return true;
}

#endif
