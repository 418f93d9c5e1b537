/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads, stores, atomics. A probing load (kfunc spec R6.9) is an ordinary load with a row in the
 * fault table: when it faults, execution goes on at a stub that puts 0 into its register.
 */
#if defined(__x86_64__)

#include "base/mem.h"
#include "jit/x86.h"

static const uint8_t bytes_of[4] = {4, 2, 1, 8}; /* by the size bits of the opcode */

/* mov dst, [at], extended as asked */
void x86_load(struct x86 *x, int size, bool sign, int dst, const struct x86_value *at)
{
	bool w = size == 8 || sign;
	uint32_t before = x->len;

	rex_at(x, w, dst, at, false);
	if (size == 8) {
		e1(x, 0x8b);
	} else if (size == 4) {
		e1(x, sign ? 0x63 : 0x8b);
	} else {
		e1(x, 0x0f);
		e1(x, (sign ? 0xbe : 0xb6) | (size == 2));
	}
	mem_at(x, dst, at);
	keep_flags(x, before, dst);
}

void x86_store_reg(struct x86 *x, int size, const struct x86_value *at, int src)
{
	uint32_t before = x->len;

	if (size == 2)
		e1(x, 0x66);
	rex_at(x, size == 8, src, at, size == 1);
	e1(x, size == 1 ? 0x88 : 0x89);
	mem_at(x, src, at);
	keep_flags(x, before, -1);
}

void x86_store_imm(struct x86 *x, int size, const struct x86_value *at, int32_t imm)
{
	if (size == 2)
		e1(x, 0x66);
	rex_at(x, size == 8, 0, at, false);
	e1(x, size == 1 ? 0xc6 : 0xc7);
	mem_at(x, 0, at);
	if (size == 1) {
		e1(x, (uint8_t)imm);
	} else if (size == 2) {
		e1(x, (uint8_t)imm);
		e1(x, (uint8_t)(imm >> 8));
	} else {
		e4(x, (uint32_t)imm);
	}
}

static void add_fix(struct x86 *x, uint32_t at, int dst)
{
	size_t cap = x->cap_fix;

	if (mem_grow((void **)&x->fix, &cap, x->n_fix + 1, sizeof(*x->fix))) {
		x->err = -ENOMEM;
		return;
	}
	x->cap_fix = cap;
	/* where to go on is known when the stubs are made; until then: after the load, and dst */
	x->fix[x->n_fix++] = (struct jit_fix){.at = at, .to = x->len | (uint32_t)dst << 28};
}

/* dst = *(src + imm) */
static void load_op(struct x86 *x, const struct interp_op *op, int size, bool sign, bool probe)
{
	struct x86_value at = x86_address(x, op->src, op->imm, op->dst);
	int dst = x86_write(x, op->dst);
	uint32_t start = x->len;

	x86_load(x, size, sign, dst, &at);
	if (probe)
		add_fix(x, start, dst);
	if (!sign)
		x86_set_bound(x, op->dst, UINT64_MAX >> (64 - 8 * size));
}

/* xor dst, dst; jmp back: out of the way of the ordinary path */
void x86_fix_stubs(struct x86 *x)
{
	for (uint32_t i = 0; i < x->n_fix; i++) {
		uint32_t back = x->fix[i].to & 0x0fffffff;
		int dst = x->fix[i].to >> 28;

		if (x->len + X86_ROOM > x->cap) {
			x->err = -E2BIG;
			return;
		}
		x->fix[i].to = x->len;
		rex(x, false, dst, dst, true);
		e1(x, 0x31);
		e1(x, 0xc0 | (dst & 7) << 3 | (dst & 7));
		e1(x, 0xe9);
		e4(x, back - (x->len + 4));
	}
}

static const struct {
	uint8_t size;
	bool sign;
} probes[IOP_COUNT] = {
	[IOP_PROBE_B] = {1, false},  [IOP_PROBE_H] = {2, false}, [IOP_PROBE_W] = {4, false},
	[IOP_PROBE_DW] = {8, false}, [IOP_PROBE_SB] = {1, true}, [IOP_PROBE_SH] = {2, true},
	[IOP_PROBE_SW] = {4, true},
};

/* lock op [base + disp], src */
static void locked(struct x86 *x, bool w, uint8_t opcode, int base, int32_t disp, int src)
{
	e1(x, 0xf0);
	rex(x, w, src, base, false);
	e1(x, opcode);
	mem(x, src, base, disp);
}

static void cmpxchg(struct x86 *x, bool w, int base, int32_t disp, int src)
{
	e1(x, 0xf0);
	rex(x, w, src, base, false);
	e1(x, 0x0f);
	e1(x, 0xb1);
	mem(x, src, base, disp);
}

/* fetch_and, fetch_or, fetch_xor: compare and exchange until nobody was in between */
static void fetch_loop(struct x86 *x, bool w, uint8_t opcode, int base, int32_t disp, int src)
{
	struct x86_value at;
	uint32_t top, back;

	mov_rr(x, true, TMP1, RAX);
	if (base == RAX) { /* rax holds the expected value */
		mov_rr(x, true, TMP2, RAX);
		base = TMP2;
	}
	mov_rr(x, true, TMP0, src); /* src may be rax too */
	at = x86_at(base, disp);
	x86_load(x, w ? 8 : 4, false, RAX, &at);
	top = x->len;
	mov_rr(x, w, R12, RAX);
	op_rr(x, w, opcode, TMP0, R12);
	cmpxchg(x, w, base, disp, R12);
	back = jump8(x, 0x75);
	x->buf[back - 1] = (uint8_t)(top - back);
	mov_rr(x, w, TMP0, RAX);
	mov_rr(x, true, RAX, TMP1);
	mov_rr(x, w, src, TMP0);
}

void x86_atomic(struct x86 *x, int32_t kind, int size, int dst, int32_t disp, int src)
{
	bool w = size == 8;

	switch (kind) {
	case BPF_ADD:
		locked(x, w, 0x01, dst, disp, src);
		break;
	case BPF_OR:
		locked(x, w, 0x09, dst, disp, src);
		break;
	case BPF_AND:
		locked(x, w, 0x21, dst, disp, src);
		break;
	case BPF_XOR:
		locked(x, w, 0x31, dst, disp, src);
		break;
	case BPF_ADD | BPF_FETCH: /* lock xadd */
		e1(x, 0xf0);
		rex(x, w, src, dst, false);
		e1(x, 0x0f);
		e1(x, 0xc1);
		mem(x, src, dst, disp);
		break;
	case BPF_OR | BPF_FETCH:
		fetch_loop(x, w, 0x09, dst, disp, src);
		break;
	case BPF_AND | BPF_FETCH:
		fetch_loop(x, w, 0x21, dst, disp, src);
		break;
	case BPF_XOR | BPF_FETCH:
		fetch_loop(x, w, 0x31, dst, disp, src);
		break;
	case BPF_XCHG:
		rex(x, w, src, dst, false);
		e1(x, 0x87);
		mem(x, src, dst, disp);
		break;
	case BPF_CMPXCHG:
		cmpxchg(x, w, dst, disp, src);
		if (!w) /* equal or not, R0 is the old value, zero-extended */
			mov_rr(x, false, RAX, RAX);
		break;
	case BPF_STORE_REL: {
		struct x86_value at = x86_at(dst, disp);

		x86_store_reg(x, size, &at, src);
		break;
	}
	default:
		x->err = -ENOTSUPP;
	}
}

static void atomic(struct x86 *x, const struct interp_op *op, uint8_t code)
{
	int32_t kind = isa_rows[op->op].val;
	int size = bytes_of[BPF_SIZE(code) >> 3], src;

	if (kind == BPF_LOAD_ACQ) { /* loads acquire and stores release on this machine */
		load_op(x, op, size, false, false);
		return;
	}
	if (kind == BPF_CMPXCHG)
		x86_change(x, 0);
	src = kind & BPF_FETCH && kind != BPF_CMPXCHG ? x86_change(x, op->src)
						      : x86_read(x, op->src);
	x86_atomic(x, kind, size, x86_read(x, op->dst), op->imm, src);
}

/*
 * Two bytes of a number that need not be aligned (packed structures: every Ethernet header's type): loads of
 * both into two registers, one shifted by 8, joined by "or". The machine loads such a number at once.
 */
struct halves {
	uint8_t base, low, high; /* registers; the sum is in high */
	int32_t off;
};

static bool is_byte_load(const struct interp_op *op)
{
	return op->op == ISA_LDXB;
}

static bool is_shift_by_8(const struct interp_op *op)
{
	return (op->op == ISA_LSH64_K || op->op == ISA_LSH32_K) && op->imm == 8;
}

/* op[0..3] are: two loads and the shift, which comes after the load that it is about, then the or */
static bool two_bytes(const struct interp_op *op, struct halves *h)
{
	const struct interp_op *low, *high, *last = &op[3];
	int shift = is_shift_by_8(&op[1]) ? 1 : 2;
	const struct interp_op *second = &op[3 - shift];

	if (!is_shift_by_8(&op[shift]) || !is_byte_load(&op[0]) || !is_byte_load(second) ||
	    (last->op != ISA_OR64_X && last->op != ISA_OR32_X))
		return false;
	high = op[0].dst == op[shift].dst ? &op[0] : second;
	low = high == &op[0] ? second : &op[0];
	if (high->dst != op[shift].dst || low->dst == high->dst || low->src != high->src ||
	    op[0].dst == op[0].src || high->imm != low->imm + 1)
		return false;
	if (shift == 1 && high != &op[0])
		return false;
	h->base = op[0].src;
	h->off = low->imm;
	h->low = low->dst;
	h->high = high->dst;
	return last->dst == h->high && last->src == h->low;
}

static bool load_two_bytes(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	struct x86_value at;
	struct halves h;

	if (x->copying || i + 4 >= x->prog->n_insns || x86_is_target(x, i + 1) ||
	    x86_is_target(x, i + 2) || x86_is_target(x, i + 3) || !two_bytes(op, &h) ||
	    x->live[i + 4] & 1u << h.low)
		return false;
	x->out = x->live[i + 4] & JIT_REGS;
	at = x86_address(x, h.base, h.off, h.high);
	x86_load(x, 2, false, x86_write(x, h.high), &at);
	x86_set_bound(x, h.high, UINT16_MAX);
	x->skip = 3;
	return true;
}

/* Bytes from at on change: is what was stored last still known? */
static void forget_stored(struct x86 *x, const struct x86_value *at, int size)
{
	if (at->index >= 0 || at->base != RBP ||
	    (at->disp < x->stored.off + 4 && x->stored.off < at->disp + size))
		x->stored.valid = false;
}

/* a key, maybe: what lookups find without reading it back */
static void note_stored(struct x86 *x, const struct x86_value *at, int size, int reg,
			uint64_t bound, bool exact)
{
	forget_stored(x, at, size);
	if (at->index >= 0 || at->base != RBP || size < 4)
		return;
	x->stored = (struct x86_stored){.valid = true,
					.exact = exact,
					.reg = reg,
					.off = at->disp,
					.bound = bound,
					.wide = size == 8};
}

static void store(struct x86 *x, const struct interp_op *op, int size)
{
	uint64_t bound = x86_bound(x, op->src);
	bool low = x->notes & 1u << op->src && x->value[op->src].low;
	int src = size < 8 ? x86_read_low(x, op->src) : x86_read(x, op->src);
	struct x86_value at = x86_address(x, op->dst, op->imm, -1);

	if (op->dst != 10 || x86_stack_is_read(x, op->imm, size))
		x86_store_reg(x, size, &at, src);
	if (low && size < 8) /* the register has more than the value */
		bound = UINT64_MAX;
	note_stored(x, &at, size, src, bound, x->exact & 1u << op->src && bound <= UINT32_MAX);
}

bool x86_mem(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	struct x86_value at;
	uint8_t code;
	int size;

	if (op->op >= IOP_PROBE_B && op->op <= IOP_PROBE_SW) {
		load_op(x, op, probes[op->op].size, probes[op->op].sign, true);
		return true;
	}
	if (op->op >= ISA_OP_COUNT)
		return false;
	code = isa_rows[op->op].code;
	size = bytes_of[BPF_SIZE(code) >> 3];
	switch (BPF_CLASS(code)) {
	case BPF_LDX:
		if (!is_byte_load(op) || !load_two_bytes(x, op, i))
			load_op(x, op, size, BPF_MODE(code) == BPF_MEMSX, false);
		return true;
	case BPF_ST:
		at = x86_address(x, op->dst, (int32_t)op->value, -1);
		if (op->dst != 10 || x86_stack_is_read(x, (int32_t)op->value, size))
			x86_store_imm(x, size, &at, op->imm);
		note_stored(x, &at, size, -1, (uint32_t)op->imm, true);
		return true;
	case BPF_STX:
		if (BPF_MODE(code) == BPF_ATOMIC) {
			x->stored.valid = false;
			atomic(x, op, code);
			return true;
		}
		store(x, op, size);
		return true;
	case BPF_LD:
		if (op->op != ISA_LDIMM64)
			return false;
		mov_imm(x, x86_write(x, op->dst), op->value);
		x86_set_exact(x, op->dst, op->value);
		return true;
	default:
		return false;
	}
}

#endif
