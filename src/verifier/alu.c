/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Classes ALU and ALU64: moves, sign extension, negation, byte order, and two-operand arithmetic on
 * scalars (verifier spec 4.5, R4.3-R4.7). Arithmetic with a pointer operand is in alu_ptr.c, the
 * value domains in scalar*.c. Reserved fields, shift widths and constant zero divisors were checked
 * before the walk (insn_check.c), so nothing here looks at them again.
 */
#include "verifier/alu.h"
#include "verifier/reg.h"

/* ---------------------------------------------------------------- moves */

static int check_cast(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst)
{
	if (!env->arena)
		return vf_reject(env, KF_NO_ARENA,
				 "an address space cast in a program without an arena map");
	if (insn->imm == 1) { /* from the arena to the kernel's view */
		vf_reg_pointer(dst, VF_ARENA, 0);
		env->facts->insn[env->insn_idx].flags |= VFI_ARENA;
	} else {
		vf_reg_unknown(dst);
	}
	env->facts->insn[env->insn_idx].extra = (uint16_t)insn->imm;
	return 0;
}

/* a value that fits stays equal to its source, although its known bits are made anew */
static void move_sext64(struct vf_env *env, struct vf_reg *dst, struct vf_reg *src, uint32_t bits)
{
	bool same = src->s.umax < 1ull << (bits - 1);

	if (same)
		vf_reg_link_source(env, src);
	*dst = *src;
	if (!same)
		vf_reg_unlink(dst);
	vf_scalar_cast_signed(&dst->s, bits / 8);
}

static void move32(struct vf_env *env, struct vf_reg *dst, struct vf_reg *src, uint32_t sext_bits)
{
	bool same = sext_bits ? src->s.umax < 1ull << (sext_bits - 1) : src->s.umax <= UINT32_MAX;

	if (same)
		vf_reg_link_source(env, src);
	*dst = *src;
	if (!same)
		vf_reg_unlink(dst);
	if (sext_bits)
		vf_scalar_cast_signed32(&dst->s, sext_bits / 8);
	else if (same)
		return;
	vf_scalar_zext32(&dst->s);
}

static int check_mov(struct vf_env *env, const struct bpf_insn *insn, bool is32)
{
	struct vf_reg *regs = vf_regs(env);
	struct vf_reg *dst = &regs[insn->dst_reg], *src;

	if (BPF_SRC(insn->code) == BPF_K) {
		vf_reg_const(dst, is32 ? (uint32_t)insn->imm : (uint64_t)(int64_t)insn->imm);
		dst->made_at = env->insn_idx;
		return 0;
	}
	src = &regs[insn->src_reg];
	if (!is32 && insn->off == 0) {
		vf_reg_link_source(env, src);
		*dst = *src;
		return 0;
	}
	if (!is32 && insn->off == 1) {
		dst->made_at = env->insn_idx;
		return check_cast(env, insn, dst);
	}
	if (src->base != VF_SCALAR) {
		if (!env->privileged)
			return vf_reject(env, KF_PTR_LEAK, "part of a pointer is copied to r%u",
					 insn->dst_reg);
		vf_reg_unknown(dst);
		if (is32)
			dst->s = vf_scalar_loaded[4];
		dst->made_at = env->insn_idx;
		return 0;
	}
	if (is32)
		move32(env, dst, src, (uint32_t)insn->off);
	else
		move_sext64(env, dst, src, (uint32_t)insn->off);
	return vf_reg_settle(env, dst);
}

/* ---------------------------------------------------------------- one operand */

static void make_unknown(struct vf_env *env, struct vf_reg *dst)
{
	vf_reg_unknown(dst);
	dst->made_at = env->insn_idx;
}

static int check_neg(struct vf_env *env, const struct bpf_insn *insn, bool is32)
{
	struct vf_reg *dst = &vf_regs(env)[insn->dst_reg];
	const struct vf_scalar_rules rules = {.wrap_both_ends = vf_rule(env, RULE_WRAP_BOTH_ENDS)};
	struct vf_scalar s;

	if (dst->base != VF_SCALAR || !vf_rule(env, RULE_NEG_RANGES)) {
		bool pointer = dst->base != VF_SCALAR;

		if (pointer && !env->privileged)
			return vf_reject(env, KF_PTR_ARITH, "a pointer is negated");
		make_unknown(env, dst);
		if (is32 && !pointer)
			dst->s = vf_scalar_loaded[4];
		return 0;
	}
	vf_reg_unlink(dst);
	s = dst->s;
	vf_scalar_const(&dst->s, 0);
	vf_scalar_alu(&dst->s, &s, BPF_SUB, is32, false, &rules);
	dst->made_at = env->insn_idx;
	return vf_reg_settle(env, dst);
}

/* le, be, bswap on a little-endian machine: le only truncates */
static int check_end(struct vf_env *env, const struct bpf_insn *insn)
{
	struct vf_reg *dst = &vf_regs(env)[insn->dst_reg];
	bool swap = BPF_CLASS(insn->code) == BPF_ALU64 || BPF_SRC(insn->code) == BPF_TO_BE;

	if (dst->base != VF_SCALAR || !vf_rule(env, RULE_END_TNUM)) {
		if (dst->base != VF_SCALAR && !env->privileged)
			return vf_reject(env, KF_PTR_ARITH, "the bytes of a pointer are swapped");
		make_unknown(env, dst);
		return 0;
	}
	vf_reg_unlink(dst);
	if (swap)
		vf_scalar_bswap(&dst->s, (uint32_t)insn->imm);
	else
		vf_scalar_cast(&dst->s, (uint32_t)insn->imm / 8);
	dst->made_at = env->insn_idx;
	return vf_reg_settle(env, dst);
}

/* ---------------------------------------------------------------- two operands */

/*
 * R4.6: `r += K` on a linked scalar keeps the link with a constant difference, once. What the
 * difference may be depends on the version. Decided on the value before the operation.
 */
static bool keep_link(struct vf_env *env, struct vf_reg *dst, const struct vf_scalar *src,
		      uint8_t op, bool is32, int32_t *delta)
{
	bool any = vf_rule(env, RULE_LINK_DELTA_ANY);
	int64_t k;

	if (!dst->id || (dst->flags & VF_LINK_FLAGS))
		return false;
	if (op != BPF_ADD && !(op == BPF_SUB && any))
		return false;
	if (is32 ? (uint32_t)src->t.m : src->t.m)
		return false;
	if (is32 && (!any || dst->s.umax > UINT32_MAX))
		return false;
	k = is32 ? (int32_t)src->t.v : (int64_t)src->t.v;
	if (op == BPF_SUB) {
		if (k == INT64_MIN)
			return false;
		k = -k;
	}
	if (k > INT32_MAX || k < (any ? INT32_MIN : 0))
		return false;
	*delta = (int32_t)k;
	return true;
}

/* the low half becomes a constant, the rest stays */
static void set_low32(struct vf_scalar *s, uint32_t v)
{
	s->t = vf_tnum_with_low32(s->t, vf_tnum_const(v));
	s->u32min = s->u32max = v;
	s->s32min = s->s32max = (int32_t)v;
}

/*
 * After an arithmetic shift by all bits a value, or its low half, is 0 or -1; AND and OR with a
 * constant then have two results, which are followed apart.
 */
static int fork_mask(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg **dst)
{
	const struct vf_scalar *s = &(*dst)->s;
	bool whole = s->smin == -1 && s->smax == 0;
	struct vf_state *other;
	struct vf_reg *r;

	if (!whole && (s->s32min != -1 || s->s32max != 0))
		return 0;
	other = vf_push_state(env, env->insn_idx);
	if (!other)
		return env->report->err ? env->report->err : vf_nomem(env);
	r = &vf_state_regs(other)[insn->dst_reg];
	*dst = &vf_regs(env)[insn->dst_reg];
	if (whole) {
		vf_scalar_const(&r->s, 0);
		vf_scalar_const(&(*dst)->s, UINT64_MAX);
	} else {
		set_low32(&r->s, 0);
		set_low32(&(*dst)->s, UINT32_MAX);
	}
	return 0;
}

static int check_scalars(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst,
			 const struct vf_scalar *src, bool is32)
{
	const struct vf_scalar_rules rules = {
		.mul_signed = vf_rule(env, RULE_MUL_SIGNED),
		.mul_joined = vf_rule(env, RULE_MUL_TNUM_JOINED),
		.wrap_both_ends = vf_rule(env, RULE_WRAP_BOTH_ENDS),
		.div_ranges = vf_rule(env, RULE_DIV_RANGES),
	};
	uint8_t op = BPF_OP(insn->code);
	bool linked;
	int32_t delta = 0;
	int err;

	if ((op == BPF_AND || op == BPF_OR) && !src->t.m && vf_rule(env, RULE_ALU_FORK)) {
		err = fork_mask(env, insn, &dst);
		if (err)
			return err;
	}
	linked = keep_link(env, dst, src, op, is32, &delta);
	vf_scalar_alu(&dst->s, src, op, is32, insn->off == 1, &rules);
	if (linked) {
		dst->delta = delta;
		dst->flags |= is32 ? VF_LINK_DELTA | VF_LINK_DELTA32 : VF_LINK_DELTA;
	} else if (dst->id) {
		vf_reg_unlink(dst);
	}
	dst->made_at = env->insn_idx;
	return vf_reg_settle(env, dst);
}

static int two_pointers(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst)
{
	/* an arbitrary number: only the difference is of any use */
	if (BPF_OP(insn->code) != BPF_SUB || !env->privileged)
		return vf_reject(env, KF_PTR_ARITH,
				 "two pointers can only be subtracted from each other");
	make_unknown(env, dst);
	return 0;
}

static int check_binary(struct vf_env *env, const struct bpf_insn *insn, bool is32)
{
	struct vf_reg *regs = vf_regs(env);
	struct vf_reg *dst = &regs[insn->dst_reg], *src;
	uint32_t number, pointer;
	struct vf_scalar imm;
	struct vf_reg num;
	int err;

	if (dst->base == VF_ARENA) {
		env->facts->insn[env->insn_idx].flags |= VFI_ARENA;
		return 0;
	}
	if (BPF_SRC(insn->code) == BPF_K) {
		vf_scalar_const(&imm, (uint64_t)(int64_t)insn->imm);
		if (dst->base == VF_SCALAR)
			return check_scalars(env, insn, dst, &imm, is32);
		num.s = imm;
		num.delta = 0;
		return vf_check_ptr_alu(env, insn, dst, dst, &num, is32);
	}
	src = &regs[insn->src_reg];
	if (src->base == VF_SCALAR && dst->base == VF_SCALAR) {
		imm = src->s; /* dst and src may be one register */
		return check_scalars(env, insn, dst, &imm, is32);
	}
	if (src->base != VF_SCALAR && dst->base != VF_SCALAR)
		return two_pointers(env, insn, dst);
	/* num is a copy: dst may be the number */
	number = src->base == VF_SCALAR ? insn->src_reg : insn->dst_reg;
	pointer = src->base == VF_SCALAR ? insn->dst_reg : insn->src_reg;
	err = vf_mark_precise(env, number);
	if (err)
		return err;
	regs = vf_regs(env);
	num = regs[number];
	return vf_check_ptr_alu(env, insn, &regs[insn->dst_reg], &regs[pointer], &num, is32);
}

int vf_check_alu(struct vf_env *env, const struct bpf_insn *insn)
{
	bool is32 = BPF_CLASS(insn->code) == BPF_ALU;
	uint8_t op = BPF_OP(insn->code);
	const struct vf_reg *regs = vf_regs(env);
	int err;

	if (BPF_SRC(insn->code) == BPF_X && op != BPF_END &&
	    (insn->src_reg >= VF_REGS || regs[insn->src_reg].base == VF_NOT_INIT)) {
		err = vf_check_reg_read(env, insn->src_reg);
		if (err)
			return err;
	}
	if (op != BPF_MOV &&
	    (insn->dst_reg >= VF_REGS || regs[insn->dst_reg].base == VF_NOT_INIT)) {
		err = vf_check_reg_read(env, insn->dst_reg);
		if (err)
			return err;
	}
	if (insn->dst_reg >= BPF_REG_10)
		return vf_check_reg_write(env, insn->dst_reg);
	switch (op) {
	case BPF_MOV:
		return check_mov(env, insn, is32);
	case BPF_NEG:
		return check_neg(env, insn, is32);
	case BPF_END:
		return check_end(env, insn);
	default:
		return check_binary(env, insn, is32);
	}
}
