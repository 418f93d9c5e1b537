/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arithmetic with one pointer operand (verifier spec section 5): which operations and bases allow it,
 * how the fixed and the variable part of the offset change, and how far a pointer may stray (R5.3).
 * Upper bounds are checked where memory is accessed, not here.
 */
#include "verifier/alu.h"
#include "verifier/reg.h"

enum ptr_alu {
	NO_ALU,
	ANY_OFFSET,
	KNOWN_OFFSET,
	ZERO_OFFSET, /* += 0 only */
};

/* R5.2 */
static const uint8_t allowed[VF_BASE_COUNT] = {
	[VF_CTX] = ANY_OFFSET,        [VF_STACK] = ANY_OFFSET,
	[VF_MAP_KEY] = ANY_OFFSET,    [VF_MAP_VALUE] = ANY_OFFSET,
	[VF_CONST_MAP] = ZERO_OFFSET, [VF_MEM] = ANY_OFFSET,
	[VF_BUF] = ANY_OFFSET,        [VF_BTF_ID] = ANY_OFFSET,
	[VF_PACKET] = ANY_OFFSET,     [VF_PACKET_META] = ANY_OFFSET,
	[VF_FUNC] = ANY_OFFSET,       [VF_CONST_DYNPTR] = ANY_OFFSET,
	[VF_TP_BUFFER] = ANY_OFFSET,  [VF_FLOW_KEYS] = KNOWN_OFFSET,
};

static int refuse(struct vf_env *env, const struct vf_reg *ptr, const char *why)
{
	char what[DIAG_TEXT];

	return vf_reject(env, KF_PTR_ARITH, "%s on %s", why,
			 vf_reg_describe(env, ptr, what, sizeof(what)));
}

static inline bool strays(int64_t v)
{
	return v >= VF_MAX_VAR_OFF || v <= -VF_MAX_VAR_OFF;
}

/* R5.3, also for a scalar operand (off 0) */
static bool sane_offset(int32_t off, const struct vf_scalar *s)
{
	if (!s->t.m && strays((int64_t)s->t.v))
		return false;
	return !strays(off) && s->smin != INT64_MIN && !strays(s->smin);
}

static int bad_offset(struct vf_env *env, int32_t off, const struct vf_scalar *s, const char *what)
{
	if (strays(off))
		return vf_reject(env, KF_OFFSET_INSANE, "%s: it is moved by %d bytes", what, off);
	if (!s->t.m)
		return vf_reject(env, KF_OFFSET_INSANE, "%s: %lld does not fit in 29 bits", what,
				 (long long)s->t.v);
	if (s->smin == INT64_MIN)
		return vf_reject(env, KF_OFFSET_INSANE, "%s: it has no lower bound", what);
	return vf_reject(env, KF_OFFSET_INSANE, "%s: it may be as low as %lld", what,
			 (long long)s->smin);
}

static int check_base(struct vf_env *env, const struct vf_reg *ptr, const struct vf_scalar *off,
		      uint8_t op)
{
	switch (allowed[ptr->base]) {
	case ANY_OFFSET:
		return 0;
	case KNOWN_OFFSET:
		if (!off->t.m)
			return 0;
		break;
	case ZERO_OFFSET:
		if (!off->t.m && !off->t.v && op == BPF_ADD)
			return 0;
		break;
	}
	return refuse(env, ptr, "arithmetic");
}

static inline bool is_packet(const struct vf_reg *r)
{
	return r->base == VF_PACKET || r->base == VF_PACKET_META;
}

/* res = ptr + off, or - off; the part that is known goes to the fixed offset when it fits there */
static void move_pointer(struct vf_env *env, struct vf_reg *res, const struct vf_scalar *off,
			 bool subtract)
{
	bool wrap = vf_rule(env, RULE_WRAP_BOTH_ENDS);

	if (!off->t.m) {
		int64_t sum =
			subtract ? res->off - (int64_t)off->t.v : res->off + (int64_t)off->t.v;

		if (sum == (int32_t)sum) {
			res->off = (int32_t)sum;
			return;
		}
	}
	if (subtract)
		vf_scalar_sub(&res->s, off, wrap);
	else
		vf_scalar_add(&res->s, off, wrap);
	if (is_packet(res)) {
		/* what was proven about the old place says nothing about a farther one (R4.17) */
		res->id = vf_new_id(env);
		if (!subtract || off->smin < 0)
			res->range = 0;
	}
}

int vf_check_ptr_alu(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst,
		     const struct vf_reg *ptr, const struct vf_reg *num, bool is32)
{
	const struct vf_scalar *off = &num->s;
	uint8_t op = BPF_OP(insn->code);
	bool swapped = dst != ptr, additive;
	struct vf_reg res;
	int err;

	if (off->umin > off->umax || off->smin > off->smax ||
	    (!off->t.m && (off->smin != off->smax || off->umin != off->umax))) { /* R5.4 */
		vf_reg_unknown(dst);
		dst->made_at = env->insn_idx;
		return 0;
	}
	if (is32) {
		if (op != BPF_SUB || !env->privileged)
			return refuse(env, ptr, "32-bit arithmetic");
		vf_reg_unknown(dst);
		dst->made_at = env->insn_idx;
		return 0;
	}
	if (ptr->flags & VF_MAYBE_NULL) {
		char what[DIAG_TEXT];

		vf_note(env, ptr->made_at, "the pointer comes from here");
		return vf_reject(env, KF_PTR_SUB, "%s is moved before it is compared with NULL",
				 vf_reg_describe(env, ptr, what, sizeof(what)));
	}
	additive = op == BPF_ADD || op == BPF_SUB;
	if (ptr->base == VF_MEM && (ptr->flags & VF_UNTRUSTED)) { /* R5.5: any operation */
		if (swapped)
			vf_reg_unknown(dst);
		return 0;
	}
	err = check_base(env, ptr, off, op);
	if (err)
		return err;
	if (strays(num->delta))
		return vf_reject(env, KF_OFFSET_INSANE,
				 "the number added to a pointer is linked to one that is %d away",
				 num->delta);
	if (!sane_offset(0, off))
		return bad_offset(env, 0, off, "the number added to a pointer is out of range");
	if (!sane_offset(ptr->off, &ptr->s))
		return bad_offset(env, ptr->off, &ptr->s, "the pointer has strayed too far");
	if (!additive)
		return refuse(env, ptr, "an operation other than + and -");
	if (op == BPF_SUB && swapped)
		return vf_reject(env, KF_PTR_ARITH, "a pointer is subtracted from a number");
	if (op == BPF_SUB && ptr->base == VF_STACK)
		return vf_reject(env, KF_PTR_ARITH,
				 "subtraction from a stack pointer; add a negative number instead");
	res = *ptr;
	move_pointer(env, &res, off, op == BPF_SUB);
	if (!sane_offset(res.off, &res.s))
		return bad_offset(env, res.off, &res.s, "the pointer strays too far");
	res.made_at = env->insn_idx;
	*dst = res;
	return vf_reg_settle(env, dst);
}
