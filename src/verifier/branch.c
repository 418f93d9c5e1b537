/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Conditional jumps (verifier spec 4.6-4.10): is the outcome known, what is learnt about scalars,
 * about all registers linked to them (R4.5-R4.7), about pointers that may be NULL (R4.12-R4.14), and
 * about packet ranges (R4.16-R4.17). The taken side is queued, the walk goes on with the other.
 *
 * may_goto is not here (walk.c); comparisons of scalars are in scalar_cond.c.
 */
#include "verifier/reg.h"

struct cond {
	uint8_t op;
	bool is32, reg_form;
	uint8_t dst, src;
	struct vf_reg imm; /* the right-hand side when it is a constant */
};

static const uint8_t mirrored[16] = {
	[BPF_JEQ >> 4] = BPF_JEQ,   [BPF_JNE >> 4] = BPF_JNE,   [BPF_JSET >> 4] = BPF_JSET,
	[BPF_JGT >> 4] = BPF_JLT,   [BPF_JLT >> 4] = BPF_JGT,   [BPF_JGE >> 4] = BPF_JLE,
	[BPF_JLE >> 4] = BPF_JGE,   [BPF_JSGT >> 4] = BPF_JSLT, [BPF_JSLT >> 4] = BPF_JSGT,
	[BPF_JSGE >> 4] = BPF_JSLE, [BPF_JSLE >> 4] = BPF_JSGE,
};

/* ---------------------------------------------------------------- is the outcome known? */

/* R4.9: kinds of pointers that are never NULL */
static bool never_null(const struct vf_env *env, const struct vf_reg *r)
{
	if (r->flags & VF_MAYBE_NULL)
		return false;
	switch (r->base) {
	case VF_SOCKET:
	case VF_SOCK_COMMON:
	case VF_TCP_SOCK:
	case VF_MAP_VALUE:
	case VF_MAP_KEY:
	case VF_CONST_MAP:
		return true;
	case VF_MEM:
		return !(r->flags & VF_UNTRUSTED);
	case VF_BTF_ID:
		return vf_reg_trusted(env, r);
	case VF_XDP_SOCK:
	case VF_BUF:
		return vf_rule(env, RULE_NONNULL_KINDS);
	default:
		return false;
	}
}

static bool const_operand(const struct vf_reg *r, bool is32, uint64_t *v)
{
	if (r->base != VF_SCALAR || (is32 ? (uint32_t)r->s.t.m : r->s.t.m))
		return false;
	*v = is32 ? (uint32_t)r->s.t.v : r->s.t.v;
	return true;
}

static int decide_pointer(const struct vf_env *env, const struct vf_reg *ptr,
			  const struct vf_reg *other, uint8_t op, bool is32)
{
	uint64_t v;

	if (is32 && !vf_rule(env, RULE_NULL_COMPARE32))
		return -1;
	if (!const_operand(other, is32, &v) || v || !never_null(env, ptr))
		return -1;
	return op == BPF_JEQ ? 0 : op == BPF_JNE ? 1 : -1;
}

/* R4.10 */
static int decide_packet(const struct vf_reg *a, const struct vf_reg *b, uint8_t op)
{
	const struct vf_reg *pkt = a;

	if (a->base == VF_PACKET_END) {
		pkt = b;
		op = mirrored[op >> 4];
	} else if (b->base != VF_PACKET_END) {
		return -1;
	}
	if (pkt->base != VF_PACKET || pkt->range >= 0)
		return -1;
	switch (op) {
	case BPF_JGT:
	case BPF_JLE:
		return pkt->range == VF_RANGE_BEYOND ? op == BPF_JGT : -1;
	case BPF_JGE:
	case BPF_JLT:
		return op == BPF_JGE;
	default:
		return -1;
	}
}

static inline bool is_packet_any(const struct vf_reg *r)
{
	return r->base == VF_PACKET || r->base == VF_PACKET_META || r->base == VF_PACKET_END;
}

static int decide(const struct vf_env *env, const struct cond *c, const struct vf_reg *a,
		  const struct vf_reg *b)
{
	if (a->base == VF_SCALAR && b->base == VF_SCALAR) {
		if (c->reg_form && c->dst == c->src && vf_rule(env, RULE_SELF_COMPARE)) {
			if (c->op == BPF_JEQ || c->op == BPF_JGE || c->op == BPF_JLE ||
			    c->op == BPF_JSGE || c->op == BPF_JSLE)
				return 1;
			if (c->op != BPF_JSET)
				return 0;
		}
		return vf_scalar_decide(&a->s, &b->s, c->op, c->is32,
					vf_rule(env, RULE_TNUM_OVERLAP));
	}
	if (is_packet_any(a) && is_packet_any(b))
		return c->is32 ? -1 : decide_packet(a, b, c->op);
	if (a->base != VF_SCALAR)
		return decide_pointer(env, a, b, c->op, c->is32);
	return decide_pointer(env, b, a, mirrored[c->op >> 4], c->is32);
}

/* ---------------------------------------------------------------- linked scalars */

#define MAX_LINKED 6

struct links {
	uint16_t place[MAX_LINKED];
	uint32_t n;
	bool outer; /* some are in frames of callers */
};

/* one more place: 0, or -ENOMEM */
static int add_place(struct vf_env *env, struct links *l, uint32_t frame, uint16_t place)
{
	if (l->n < MAX_LINKED) {
		l->place[l->n++] = place;
		l->outer |= frame != env->cur->cur_frame;
		return 0;
	}
	/* would miss what is learnt now, and precision could not follow it */
	if (frame != env->cur->cur_frame && !vf_frame_own(env, frame))
		return vf_nomem(env);
	vf_reg_unlink(vf_place_reg(env->cur, place));
	return 0;
}

static inline bool has_link(const struct vf_reg *r, uint32_t id)
{
	return r->id == id && r->base == VF_SCALAR;
}

static int collect_id(struct vf_env *env, uint32_t id, struct links *l)
{
	struct vf_state *st = env->cur;
	uint16_t live = env->info[env->insn_idx].live_in;
	int err = 0;

	for (uint32_t i = 0; i <= st->cur_frame && !err; i++) {
		uint32_t fi = st->cur_frame - i;

		for (uint32_t reg = 0; reg < BPF_REG_10 && !err; reg++) {
			if (!has_link(&st->frame[fi]->r[reg], id))
				continue;
			if (!i && !(live & (1u << reg)))
				continue;
			err = add_place(env, l, fi, VF_LINKED_REG(fi, reg));
		}
		for (uint32_t slot = 0; slot < st->frame[fi]->n_slots && !err; slot++) {
			const struct vf_slot *s = &st->frame[fi]->slot[slot];

			if (s->kind[0] == VF_SLOT_SPILL && has_link(&s->reg, id))
				err = add_place(env, l, fi, VF_LINKED_SLOT(fi, slot));
		}
	}
	return err;
}

/*
 * R4.5: the scalars equal to either operand but for a constant, innermost frame first. Those for which
 * there is no room lose their link. Registers that nothing reads any more take no room; two operands
 * of one family take it twice.
 */
static int collect_links(struct vf_env *env, uint32_t id_a, uint32_t id_b, struct links *l)
{
	int err = 0;

	l->n = 0;
	l->outer = false;
	if (id_a)
		err = collect_id(env, id_a, l);
	if (!err && id_b)
		err = collect_id(env, id_b, l);
	return err;
}

/* *s plus a constant, in 32 bits when the difference was made there */
static void shift_by(struct vf_scalar *s, int64_t delta, bool is32, bool wrap)
{
	struct vf_scalar k;

	vf_scalar_const(&k, (uint64_t)delta);
	if (is32) {
		const struct vf_scalar_rules rules = {.wrap_both_ends = wrap};

		vf_scalar_alu(s, &k, BPF_ADD, true, false, &rules);
	} else {
		vf_scalar_add(s, &k, wrap);
	}
}

/* R4.6: what is known about `known` for a register of the same link id */
static void follow(const struct vf_env *env, const struct vf_reg *known, struct vf_reg *r)
{
	bool wrap = vf_rule(env, RULE_WRAP_BOTH_ENDS);
	uint16_t kf = known->flags & VF_LINK_FLAGS, rf = r->flags & VF_LINK_FLAGS;
	struct vf_scalar s = known->s;

	if (kf == rf && known->delta == r->delta) {
		r->s = s;
		return;
	}
	if (!kf || !rf || kf == rf) {
		/* in one step: two could lose a range at the wrap */
		shift_by(&s, (int64_t)r->delta - known->delta, (kf | rf) & VF_LINK_DELTA32, wrap);
	} else {
		shift_by(&s, -(int64_t)known->delta, kf & VF_LINK_DELTA32, wrap);
		shift_by(&s, r->delta, rf & VF_LINK_DELTA32, wrap);
	}
	r->s = s;
}

static int sync_links(struct vf_env *env, struct vf_state *st, const struct links *l,
		      uint32_t regno)
{
	const struct vf_reg known = vf_state_regs(st)[regno];
	uint16_t self = VF_LINKED_REG(st->cur_frame, regno);
	int err = 0;

	if (known.base != VF_SCALAR || !known.id)
		return 0;
	for (uint32_t i = 0; i < l->n && !err; i++) {
		struct vf_reg *r = vf_place_reg(st, l->place[i]);

		if (l->place[i] == self || r->id != known.id)
			continue;
		follow(env, &known, r);
		err = vf_reg_settle(env, r);
	}
	return err;
}

/* ---------------------------------------------------------------- learning */

static int refine_scalars(struct vf_env *env, struct vf_state *st, const struct cond *c, bool holds)
{
	struct vf_reg *regs = vf_state_regs(st);
	struct vf_reg *a = &regs[c->dst];
	struct vf_scalar imm = c->imm.s;
	int err;

	if (!c->reg_form) {
		vf_scalar_refine(&a->s, &imm, c->op, c->is32, holds);
		return vf_reg_settle(env, a);
	}
	/* may be one register: a number compared with itself, whose impossible side narrows it too */
	vf_scalar_refine(&a->s, &regs[c->src].s, c->op, c->is32, holds);
	err = vf_reg_settle(env, a);
	return err ? err : vf_reg_settle(env, &regs[c->src]);
}

static int learn_scalars(struct vf_env *env, struct vf_state *taken, const struct cond *c,
			 const struct links *l)
{
	struct vf_state *side[2] = {env->cur, taken};
	int err;

	for (int i = 0; i < 2; i++) {
		err = refine_scalars(env, side[i], c, i == 1);
		if (err || !l->n)
			goto next;
		if (l->outer && vf_own_all(env, side[i]))
			return vf_nomem(env);
		/* in this order: where both are of one link, the destination has the last word */
		if (c->reg_form)
			err = sync_links(env, side[i], l, c->src);
		if (!err)
			err = sync_links(env, side[i], l, c->dst);
	next:
		if (err)
			return err;
	}
	return 0;
}

/* R4.16: pkt is proven to be followed by no less than its own offset of readable bytes */
struct pkt_key {
	uint32_t id;
	uint8_t base;
};

static bool same_packet(const struct vf_reg *r, const void *arg)
{
	const struct pkt_key *k = arg;

	return r->base == k->base && r->id == k->id;
}

static int prove_range(struct vf_env *env, struct vf_state *st, const struct vf_reg *pkt,
		       bool strict)
{
	const struct pkt_key key = {.id = pkt->id, .base = pkt->base};
	uint16_t place[VF_MAX_SLOTS];
	int64_t range = (int64_t)pkt->off + strict;
	uint32_t n;
	bool outer;

	if (pkt->off < 0 || (!pkt->off && strict))
		return 0;
	if (pkt->s.umax > 0xffff || pkt->s.umax + (uint64_t)pkt->off > 0xffff)
		return 0;
	n = vf_find_places(st, same_packet, &key, place, VF_MAX_SLOTS, &outer);
	if (outer && vf_own_all(env, st))
		return vf_nomem(env);
	for (uint32_t i = 0; i < n && i < VF_MAX_SLOTS; i++) {
		struct vf_reg *r = vf_place_reg(st, place[i]);

		if (r->range < range)
			r->range = (int32_t)range;
	}
	return 0;
}

static void mark_end(struct vf_reg *pkt, bool beyond)
{
	if (pkt->base == VF_PACKET)
		pkt->range = beyond ? VF_RANGE_BEYOND : VF_RANGE_AT;
}

/* the packet start itself, as it came from the context */
static bool is_packet_start(const struct vf_reg *r)
{
	return r->base == VF_PACKET && !r->id && !r->off && vf_reg_fixed_off(r);
}

static bool is_limit(const struct vf_reg *pkt, const struct vf_reg *limit)
{
	return (pkt->base == VF_PACKET && limit->base == VF_PACKET_END) ||
	       (pkt->base == VF_PACKET_META && is_packet_start(limit));
}

/* false in *matched: not a comparison that teaches about a packet */
static int learn_packet(struct vf_env *env, struct vf_state *taken, const struct cond *c,
			bool *matched)
{
	struct vf_reg *regs = vf_regs(env);
	uint8_t op = c->op, pkt = c->dst;
	struct vf_state *good, *bad;
	struct vf_reg copy;
	int err;

	*matched = false;
	if (!c->reg_form || c->is32)
		return 0;
	if (!is_limit(&regs[c->dst], &regs[c->src])) {
		if (!is_limit(&regs[c->src], &regs[c->dst]))
			return 0;
		pkt = c->src;
		op = mirrored[op >> 4];
	}
	if (op != BPF_JGT && op != BPF_JGE && op != BPF_JLT && op != BPF_JLE)
		return 0;
	*matched = true;
	good = op == BPF_JGT || op == BPF_JGE ? env->cur : taken;
	bad = good == taken ? env->cur : taken;
	copy = regs[pkt];
	/* p > end and p <= end leave p <= end, the others p < end */
	err = prove_range(env, good, &copy, op == BPF_JGE || op == BPF_JLT);
	if (!err)
		mark_end(&vf_state_regs(bad)[pkt], op == BPF_JGT || op == BPF_JLE);
	return err;
}

/* R4.14: equal to a pointer of any kind that is not marked as perhaps NULL */
static void learn_equal_pointers(struct vf_env *env, struct vf_state *taken, const struct cond *c)
{
	struct vf_reg *regs = vf_state_regs(c->op == BPF_JEQ ? taken : env->cur);
	struct vf_reg *a = &regs[c->dst], *b = &regs[c->src];
	bool a_null = a->flags & VF_MAYBE_NULL, b_null = b->flags & VF_MAYBE_NULL;

	if (a_null == b_null || a->base == VF_BTF_ID || b->base == VF_BTF_ID)
		return;
	vf_reg_not_null(env, a_null ? a : b);
}

/* R4.12: true if this is a NULL check; *ptr: the register checked */
static bool is_null_check(const struct vf_env *env, const struct vf_reg *regs, const struct cond *c,
			  uint8_t *ptr)
{
	if (c->is32 || (c->op != BPF_JEQ && c->op != BPF_JNE))
		return false;
	*ptr = c->dst;
	if (!c->reg_form)
		return c->imm.s.t.v == 0 && (regs[c->dst].flags & VF_MAYBE_NULL);
	if (vf_rule(env, RULE_NULL_CHECK_REG) && vf_reg_is_null(&regs[c->src]))
		return regs[c->dst].base != VF_SCALAR && (regs[c->dst].flags & VF_MAYBE_NULL);
	return false;
}

static int learn_pointers(struct vf_env *env, struct vf_state *taken, const struct cond *c)
{
	struct vf_reg *regs = vf_regs(env);
	bool matched;
	uint8_t ptr;
	int err;

	if (is_null_check(env, regs, c, &ptr)) {
		uint32_t id = regs[ptr].id;

		err = vf_mark_null(env, env->cur, id, c->op == BPF_JNE);
		return err ? err : vf_mark_null(env, taken, id, c->op == BPF_JEQ);
	}
	if (c->reg_form && !c->is32 && (c->op == BPF_JEQ || c->op == BPF_JNE) &&
	    regs[c->dst].base != VF_SCALAR && regs[c->src].base != VF_SCALAR)
		learn_equal_pointers(env, taken, c);
	err = learn_packet(env, taken, c, &matched);
	if (err || matched || env->privileged)
		return err;
	return vf_reject(env, KF_PTR_LEAK, "a pointer is compared with something else than NULL");
}

/* ---------------------------------------------------------------- the instruction */

/* which sides were ever followed: the code generator drops the other */
static void note_sides(struct vf_env *env, uint8_t sides)
{
	static const uint8_t flag[4] = {0, VFI_ALWAYS, VFI_NEVER, 0};
	struct vf_insn_info *info = &env->info[env->insn_idx];
	struct vf_insn_fact *fact;

	if ((info->jump_sides | sides) == info->jump_sides)
		return;
	info->jump_sides |= sides;
	fact = &env->facts->insn[env->insn_idx];
	fact->flags &= (uint8_t)~(VFI_ALWAYS | VFI_NEVER);
	fact->flags |= flag[info->jump_sides];
}

static int go_decided(struct vf_env *env, const struct cond *c, bool taken)
{
	int err = 0;

	note_sides(env, taken ? 1 : 2);
	if (vf_regs(env)[c->dst].base == VF_SCALAR)
		err = vf_mark_precise(env, c->dst);
	if (!err && c->reg_form && vf_regs(env)[c->src].base == VF_SCALAR)
		err = vf_mark_precise(env, c->src);
	return err;
}

static int go_both(struct vf_env *env, const struct cond *c, uint32_t target)
{
	const struct vf_reg *regs = vf_regs(env);
	const struct vf_reg *a = &regs[c->dst], *b = c->reg_form ? &regs[c->src] : &c->imm;
	bool scalars = a->base == VF_SCALAR && b->base == VF_SCALAR;
	struct links links = {.n = 0};
	struct vf_state *taken;
	uint8_t ptr;
	int err;

	note_sides(env, 3);
	if (scalars && (a->id || b->id)) {
		err = collect_links(env, a->id, b->id, &links);
		if (!err && links.n > 1)
			err = vf_hist_linked(env, links.place, links.n);
		if (err)
			return err;
		if (links.n <= 1)
			links.n = 0;
	} else if (c->reg_form && is_null_check(env, regs, c, &ptr)) {
		err = vf_mark_precise(env, c->src); /* that it is 0 decides what is learnt */
		if (err)
			return err;
	}
	taken = vf_push_state(env, target);
	if (!taken)
		return env->report->err ? env->report->err : vf_nomem(env);
	if (scalars)
		return learn_scalars(env, taken, c, &links);
	return learn_pointers(env, taken, c);
}

int vf_check_cond_jump(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next)
{
	uint32_t target = env->insn_idx + 1 + insn->off;
	const struct vf_reg *regs = vf_regs(env), *b;
	struct cond c;
	int err, known;

	c.op = BPF_OP(insn->code);
	c.is32 = BPF_CLASS(insn->code) == BPF_JMP32;
	c.reg_form = BPF_SRC(insn->code) == BPF_X;
	c.dst = insn->dst_reg;
	c.src = insn->src_reg;
	if (c.reg_form) {
		err = c.src < VF_REGS && regs[c.src].base != VF_NOT_INIT
			      ? 0
			      : vf_check_reg_read(env, c.src);
		if (err)
			return err;
		b = &regs[c.src];
	} else {
		vf_reg_const(&c.imm, (uint64_t)(int64_t)insn->imm);
		b = &c.imm;
	}
	if (c.dst >= VF_REGS || regs[c.dst].base == VF_NOT_INIT)
		return vf_check_reg_read(env, c.dst);
	known = decide(env, &c, &regs[c.dst], b);
	*next = known == 1 ? target : env->insn_idx + 1;
	return known >= 0 ? go_decided(env, &c, known) : go_both(env, &c, target);
}
