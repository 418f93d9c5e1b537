/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* x86-64 instructions, encoded: what the templates are made of. */
#if defined(__x86_64__)

#include "jit/x86.h"

void rex(struct x86 *x, bool w, int reg, int rm, bool force)
{
	uint8_t b = 0x40 | (w ? 8 : 0) | (reg & 8 ? 4 : 0) | (rm & 8 ? 1 : 0);

	if (b != 0x40 || force)
		e1(x, b);
}

/* n bytes, the lowest first, at once: at most 4 */
static void put(struct x86 *x, uint32_t bytes, uint32_t n)
{
	memcpy(x->buf + x->len, &bytes, 4);
	x->len += n;
}

/* the same after the prefix for reg and rm, if there is one: at most 3 */
static void put_rex(struct x86 *x, bool w, int reg, int rm, uint32_t bytes, uint32_t n)
{
	uint8_t b = 0x40 | (w ? 8 : 0) | (reg & 8 ? 4 : 0) | (rm & 8 ? 1 : 0);

	if (b == 0x40)
		put(x, bytes, n);
	else
		put(x, bytes << 8 | b, n + 1);
}

void op_rr(struct x86 *x, bool w, uint8_t op, int reg, int rm)
{
	put_rex(x, w, reg, rm, op | (0xc0u | (reg & 7) << 3 | (rm & 7)) << 8, 2);
}

void mem(struct x86 *x, int reg, int base, int32_t disp)
{
	uint8_t modrm = (reg & 7) << 3 | (base & 7);

	if (disp == 0 && (base & 7) != RBP) {
		e1(x, modrm);
	} else if (disp >= -128 && disp <= 127) {
		put(x, (uint8_t)disp << 8 | 0x40 | modrm, 2);
	} else {
		e1(x, 0x80 | modrm);
		e4(x, (uint32_t)disp);
	}
}

void mem_at(struct x86 *x, int reg, const struct x86_value *a)
{
	uint8_t r = (reg & 7) << 3;
	bool small = a->disp >= -128 && a->disp <= 127;

	if (a->index < 0) {
		mem(x, reg, a->base, a->disp);
		return;
	}
	if (a->base < 0) { /* index and displacement alone */
		e1(x, r | 4);
		e1(x, a->shift << 6 | (a->index & 7) << 3 | 5);
		e4(x, (uint32_t)a->disp);
		return;
	}
	if (a->disp == 0 && (a->base & 7) != RBP)
		e1(x, r | 4);
	else
		e1(x, (small ? 0x40 : 0x80) | r | 4);
	e1(x, a->shift << 6 | (a->index & 7) << 3 | (a->base & 7));
	if (a->disp == 0 && (a->base & 7) != RBP)
		return;
	if (small)
		e1(x, (uint8_t)a->disp);
	else
		e4(x, (uint32_t)a->disp);
}

void rex_at(struct x86 *x, bool w, int reg, const struct x86_value *a, bool force)
{
	uint8_t b = 0x40 | (w ? 8 : 0) | (reg & 8 ? 4 : 0) |
		    (a->index >= 0 && a->index & 8 ? 2 : 0) | (a->base >= 0 && a->base & 8 ? 1 : 0);

	if (b != 0x40 || force)
		e1(x, b);
}

void lea_as(struct x86 *x, bool w, int dst, const struct x86_value *a)
{
	uint32_t before = x->len;

	rex_at(x, w, dst, a, false);
	e1(x, 0x8d);
	mem_at(x, dst, a);
	keep_flags(x, before, dst);
}

void load_at(struct x86 *x, bool w, int reg, int base, int32_t disp)
{
	rex(x, w, reg, base, false);
	e1(x, 0x8b);
	mem(x, reg, base, disp);
}

void store_at(struct x86 *x, bool w, int reg, int base, int32_t disp)
{
	rex(x, w, reg, base, false);
	e1(x, 0x89);
	mem(x, reg, base, disp);
}

void mov_rr(struct x86 *x, bool w, int dst, int src)
{
	uint32_t before = x->len;

	op_rr(x, w, 0x89, src, dst);
	keep_flags(x, before, dst);
}

/* mulx hi, lo, src: rdx times src */
void mulx(struct x86 *x, int hi, int lo, int src)
{
	e1(x, 0xc4);
	e1(x, (hi & 8 ? 0 : 0x80) | 0x40 | (src & 8 ? 0 : 0x20) | 2);
	e1(x, 0x80 | (~lo & 15) << 3 | 3);
	e1(x, 0xf6);
	e1(x, 0xc0 | (hi & 7) << 3 | (src & 7));
}

void mov_imm(struct x86 *x, int dst, uint64_t v)
{
	if (v == 0) {
		op_rr(x, false, 0x31, dst, dst);
	} else if (v <= UINT32_MAX) {
		rex(x, false, 0, dst, false);
		e1(x, 0xb8 | (dst & 7));
		e4(x, (uint32_t)v);
	} else if ((int64_t)v == (int32_t)v) {
		rex(x, true, 0, dst, false);
		e1(x, 0xc7);
		e1(x, 0xc0 | (dst & 7));
		e4(x, (uint32_t)v);
	} else {
		rex(x, true, 0, dst, false);
		e1(x, 0xb8 | (dst & 7));
		e8(x, v);
	}
}

void push(struct x86 *x, int reg)
{
	put_rex(x, false, 0, reg, 0x50 | (reg & 7), 1);
}

void pop(struct x86 *x, int reg)
{
	put_rex(x, false, 0, reg, 0x58 | (reg & 7), 1);
}

void grp1_imm(struct x86 *x, bool w, int ext, int rm, int32_t imm)
{
	bool is_short = imm >= -128 && imm <= 127;
	uint32_t modrm = 0xc0 | ext << 3 | (rm & 7);

	put_rex(x, w, 0, rm, (is_short ? (uint8_t)imm << 16 | 0x83 : 0x81) | modrm << 8,
		is_short ? 3 : 2);
	if (!is_short)
		e4(x, (uint32_t)imm);
}

#endif
