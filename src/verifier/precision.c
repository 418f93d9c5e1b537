/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Precision (verifier spec R9.4): a scalar is compared for pruning only if its value influenced a
 * decision. Stored states begin with every scalar imprecise; when a value turns out to matter, the
 * path is walked backwards through the instructions recorded since each stored state, from the
 * register to what it was computed from, and the places found are marked in the stored states
 * passed. What cannot be followed makes every scalar precise, which costs pruning, never soundness.
 *
 * A step of the walk: given the places that matter after an instruction, those that matter before.
 */
#include "isa/isa.h"
#include "verifier/states.h"

struct places {
	uint32_t reg[VF_MAX_FRAMES];
	uint64_t slot[VF_MAX_FRAMES];
	uint32_t frames; /* highest frame in use + 1 */
};

static bool nothing_left(const struct places *p)
{
	for (uint32_t f = 0; f < p->frames; f++)
		if (p->reg[f] || p->slot[f])
			return false;
	return true;
}

static void add_reg(struct places *p, uint32_t f, uint32_t reg)
{
	p->reg[f] |= 1u << reg;
	if (p->frames <= f)
		p->frames = f + 1;
}

static void add_slot(struct places *p, uint32_t f, uint32_t slot)
{
	p->slot[f] |= 1ull << slot;
	if (p->frames <= f)
		p->frames = f + 1;
}

static bool has_reg(const struct places *p, uint32_t f, uint32_t reg)
{
	return p->reg[f] >> reg & 1;
}

static void drop_reg(struct places *p, uint32_t f, uint32_t reg)
{
	p->reg[f] &= ~(1u << reg);
}

static void step_alu(struct places *p, const struct bpf_insn *insn, uint32_t f)
{
	uint8_t op = BPF_OP(insn->code);

	if (!has_reg(p, f, insn->dst_reg))
		return;
	if (op == BPF_MOV)
		drop_reg(p, f, insn->dst_reg);
	if (op != BPF_END && op != BPF_NEG && BPF_SRC(insn->code) == BPF_X)
		add_reg(p, f, insn->src_reg);
}

static void step_load(struct places *p, const struct bpf_insn *insn, const struct vf_hist *h,
		      uint32_t dst)
{
	if (!has_reg(p, h->frame, dst))
		return;
	drop_reg(p, h->frame, dst);
	(void)insn;
	if (h->flags & VF_HIST_STACK)
		add_slot(p, h->s_frame, h->s_slot);
}

static void step_store(struct places *p, const struct bpf_insn *insn, const struct vf_hist *h)
{
	if (!(h->flags & VF_HIST_STACK) || !(p->slot[h->s_frame] >> h->s_slot & 1))
		return;
	p->slot[h->s_frame] &= ~(1ull << h->s_slot);
	if (BPF_CLASS(insn->code) == BPF_STX)
		add_reg(p, h->frame, insn->src_reg);
}

static void step_atomic(struct places *p, const struct bpf_insn *insn, const struct vf_hist *h)
{
	uint32_t fetched;

	if (insn->imm == BPF_LOAD_ACQ) {
		step_load(p, insn, h, insn->dst_reg);
	} else if (insn->imm == BPF_STORE_REL) {
		step_store(p, insn, h);
	} else {
		/* the slot is ordinary bytes afterwards; what was in it may have been fetched */
		if (h->flags & VF_HIST_STACK)
			p->slot[h->s_frame] &= ~(1ull << h->s_slot);
		fetched = insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg;
		/* the register stays: Linux takes what was in it before for needed, too */
		if (insn->imm & BPF_FETCH && h->flags & VF_HIST_STACK &&
		    has_reg(p, h->frame, fetched))
			add_slot(p, h->s_frame, h->s_slot);
	}
}

/*
 * A call at frame f. If the frame above still has places, the walk has just left the callee through
 * its entry: they are its arguments.
 */
static void step_call(struct places *p, const struct bpf_insn *insn, uint32_t f)
{
	uint32_t args = 0;

	if (f + 1 < VF_MAX_FRAMES && f + 1 < p->frames) {
		args = p->reg[f + 1] & 0x3e;
		p->reg[f + 1] = 0;
		p->slot[f + 1] = 0;
	}
	p->reg[f] &= ~1u;
	if (!args)
		return;
	if (insn->src_reg == BPF_PSEUDO_CALL)
		p->reg[f] |= args;
	else /* a callback: which of its arguments came from which of ours is the helper's matter */
		p->reg[f] |= 0x3e;
	if (p->frames <= f)
		p->frames = f + 1;
}

static void step_exit(struct places *p, const struct vf_hist *h)
{
	if (h->flags & VF_HIST_CALLBACK || h->frame == 0 || !has_reg(p, h->frame - 1, BPF_REG_0))
		return;
	drop_reg(p, h->frame - 1, BPF_REG_0);
	add_reg(p, h->frame, BPF_REG_0);
}

static void step_jump(struct places *p, const struct bpf_insn *insn, uint32_t f)
{
	uint8_t op = BPF_OP(insn->code);

	if (op == BPF_JA || op == BPF_JCOND || BPF_SRC(insn->code) != BPF_X)
		return;
	/* each side was refined by the other */
	if (has_reg(p, f, insn->dst_reg) || has_reg(p, f, insn->src_reg)) {
		add_reg(p, f, insn->dst_reg);
		add_reg(p, f, insn->src_reg);
	}
}

static void step(struct vf_env *env, struct places *p, const struct vf_hist *h)
{
	const struct bpf_insn *insn = &env->prog->insns[h->insn];

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(p, insn, h->frame);
		break;
	case BPF_LDX:
		step_load(p, insn, h, insn->dst_reg);
		break;
	case BPF_ST:
		step_store(p, insn, h);
		break;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			step_atomic(p, insn, h);
		else
			step_store(p, insn, h);
		break;
	case BPF_LD:
		drop_reg(p, h->frame, BPF_MODE(insn->code) == BPF_IMM ? insn->dst_reg : BPF_REG_0);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		if (insn->code == (BPF_JMP | BPF_CALL))
			step_call(p, insn, h->frame);
		else if (insn->code == (BPF_JMP | BPF_EXIT))
			step_exit(p, h);
		else
			step_jump(p, insn, h->frame);
		break;
	}
}

/*
 * Linked places (R4.5) stand before the entry of their instruction as data entries, two to an
 * entry: (s_frame, s_slot) holds one packed item, insn the other (0xffff: none).
 */
static uint16_t linked_item(const struct vf_hist *h, int i)
{
	return i ? (uint16_t)h->insn : (uint16_t)(h->s_frame << 8 | h->s_slot);
}

static bool has_item(const struct places *p, uint16_t item)
{
	uint32_t f = item >> 8;

	return item & 0x40 ? p->slot[f] >> (item & 0x3f) & 1 : p->reg[f] >> (item & 0xf) & 1;
}

static void add_item(struct places *p, uint16_t item)
{
	if (item & 0x40)
		add_slot(p, item >> 8, item & 0x3f);
	else
		add_reg(p, item >> 8, item & 0xf);
}

/* the data entries [from, to): if one linked place matters, all do */
static void step_linked(struct places *p, const struct vf_hist *from, const struct vf_hist *to)
{
	bool any = false;

	for (const struct vf_hist *h = from; h < to; h++)
		for (int i = 0; i < 2; i++)
			any |= linked_item(h, i) != 0xffff && has_item(p, linked_item(h, i));
	if (!any)
		return;
	for (const struct vf_hist *h = from; h < to; h++)
		for (int i = 0; i < 2; i++)
			if (linked_item(h, i) != 0xffff)
				add_item(p, linked_item(h, i));
}

int vf_hist_linked(struct vf_env *env, const uint16_t *item, uint32_t n)
{
	struct vf_path *st = &env->cur->path;
	struct vf_hist insn;
	uint32_t data = (n + 1) / 2;

	if (!n || !st->n_hist)
		return 0;
	if (vf_mem_grow(env, (void **)&st->hist, &st->cap_hist, st->n_hist + data,
			sizeof(*st->hist)))
		return -ENOMEM;
	insn = st->hist[--st->n_hist];
	for (uint32_t i = 0; i < n; i += 2)
		st->hist[st->n_hist++] = (struct vf_hist){
			.insn = i + 1 < n ? item[i + 1] : 0xffff,
			.frame = insn.frame,
			.flags = VF_HIST_LINKED,
			.s_frame = item[i] >> 8,
			.s_slot = item[i] & 0xff,
		};
	st->hist[st->n_hist++] = insn;
	return 0;
}

void vf_hist_stack(struct vf_env *env, uint32_t frame, uint32_t slot)
{
	struct vf_state *st = env->cur;
	struct vf_hist *h;

	if (!st->path.n_hist)
		return;
	h = &st->path.hist[st->path.n_hist - 1];
	st->n_events += !(h->flags & VF_HIST_STACK);
	h->flags |= VF_HIST_STACK;
	h->s_frame = frame;
	h->s_slot = slot;
}

/* Marks the places in st; those that are pointers or are marked already are dropped from p. */
static bool mark_in_state(const struct vf_env *env, struct vf_stored *st, struct places *p)
{
	bool changed = false;

	for (uint32_t f = 0; f < p->frames; f++) {
		struct vf_marks *m = f <= st->cur_frame ? &st->marks[f] : NULL;
		uint32_t regs = m ? p->reg[f] & ~(m->reg_precise | 1u << BPF_REG_10) : 0;
		uint64_t slots = m ? p->slot[f] & ~m->slot_precise : 0;

		p->reg[f] = 0;
		p->slot[f] = 0;
		for (; regs; regs &= regs - 1) {
			uint32_t i = __builtin_ctz(regs);

			if (vf_stored_reg(env, m->frame, i)->base == VF_SCALAR)
				p->reg[f] |= 1u << i;
		}
		for (; slots; slots &= slots - 1) {
			uint32_t i = __builtin_ctzll(slots);
			const struct vf_slot *s = vf_stored_slot(env, m->frame, i);

			if (s->kind[0] == VF_SLOT_SPILL && s->reg.base == VF_SCALAR)
				p->slot[f] |= 1ull << i;
		}
		if (!p->reg[f] && !p->slot[f])
			continue;
		m->reg_precise |= p->reg[f];
		m->slot_precise |= p->slot[f];
		changed = true;
	}
	return changed;
}

/* Only registers are left, and their values at this point were made precise by an earlier walk. */
static bool known_before(const struct places *p, const struct vf_hist *h)
{
	for (uint32_t f = 0; f < p->frames; f++)
		if (p->slot[f] || (p->reg[f] & ~(f == h->frame ? h->precise : 0)))
			return false;
	return true;
}

/* Walks back over the entry at path->hist[*n - 1] and what belongs to it. True: no need to go on. */
static bool walk_entry(struct vf_env *env, const struct vf_path *path, uint32_t *n,
		       struct places *p)
{
	const struct vf_hist *h = &path->hist[--*n], *data = h;
	struct vf_hist one = *h;

	if (h->flags & VF_HIST_RUN) {
		one.flags = 0;
		for (uint32_t i = h->s_slot + 1u; i > 0; i--) {
			one.insn = h->insn + i - 1;
			step(env, p, &one);
		}
		return nothing_left(p);
	}
	while (data > path->hist && data[-1].flags & VF_HIST_LINKED)
		data--;
	/* links hold for what came out of the instruction and what went in */
	step_linked(p, data, h);
	step(env, p, h);
	step_linked(p, data, h);
	*n = (uint32_t)(data - path->hist);
	return known_before(p, h);
}

/* Walks back from the end of a history (n entries). 1: a stored state got a new mark. */
static int walk_back(struct vf_env *env, const struct vf_path *path, uint32_t n, struct places *p)
{
	struct vf_stored *st;
	int changed = 0;

	for (;;) {
		while (n)
			if (walk_entry(env, path, &n, p))
				return changed;
		st = path->parent;
		if (!st || !mark_in_state(env, st, p))
			return changed;
		changed = 1;
		path = &st->path;
		n = path->n_hist;
	}
}

/* the entry of the instruction being simulated, and its data, are not part of what led here */
static uint32_t hist_before_current(const struct vf_path *path)
{
	uint32_t n = path->n_hist;

	if (n)
		n--;
	while (n && path->hist[n - 1].flags & VF_HIST_LINKED)
		n--;
	return n;
}

int vf_mark_precise(struct vf_env *env, uint32_t regno)
{
	struct vf_state *st = env->cur;
	struct places p = {0};

	if (st->frame[st->cur_frame]->r[regno].base != VF_SCALAR)
		return 0;
	add_reg(&p, st->cur_frame, regno);
	walk_back(env, &st->path, hist_before_current(&st->path), &p);
	if (st->path.n_hist)
		st->path.hist[st->path.n_hist - 1].precise |= 1u << regno;
	return 0;
}

int vf_mark_precise_slot(struct vf_env *env, uint32_t frame, uint32_t slot)
{
	struct vf_state *st = env->cur;
	struct places p = {0};

	add_slot(&p, frame, slot);
	walk_back(env, &st->path, hist_before_current(&st->path), &p);
	return 0;
}

int vf_precise_from(struct vf_env *env, const struct vf_arrival *from,
		    const struct vf_stored *target)
{
	struct places p = {0};

	for (uint32_t f = 0; f <= target->cur_frame; f++) {
		const struct vf_marks *m = &target->marks[f];

		p.reg[f] = m->reg_precise & vf_live_regs(env, target, f) & from->frame[f].scalars;
		p.slot[f] = m->slot_precise & from->frame[f].spilled;
	}
	p.frames = target->cur_frame + 1;
	return nothing_left(&p) ? 0 : walk_back(env, &from->path, from->path.n_hist, &p);
}

void vf_all_precise(const struct vf_path *path)
{
	for (struct vf_stored *st = path->parent; st; st = st->path.parent)
		for (uint32_t f = 0; f <= st->cur_frame; f++) {
			st->marks[f].reg_precise = ~0u;
			st->marks[f].slot_precise = ~0ull;
			st->marks[f].slot_read = ~0ull;
		}
}
