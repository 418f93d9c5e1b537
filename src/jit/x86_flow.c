/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Jumps and functions. A jump goes where it will end up: past jumps that it finds there, past conditions that
 * it has just decided. Loops are turned so that a round has one jump: the decision whether to go on, where
 * it stands at the head, is copied to the end, and to where the loop is entered.
 */
#if defined(__x86_64__)

#include "base/mem.h"
#include "jit/x86.h"

/* condition codes by BPF operation; none is 0 */
static const uint8_t cc_of[16] = {
	[BPF_JEQ >> 4] = 0x4,  [BPF_JNE >> 4] = 0x5,  [BPF_JGT >> 4] = 0x7,  [BPF_JGE >> 4] = 0x3,
	[BPF_JLT >> 4] = 0x2,  [BPF_JLE >> 4] = 0x6,  [BPF_JSGT >> 4] = 0xf, [BPF_JSGE >> 4] = 0xd,
	[BPF_JSLT >> 4] = 0xc, [BPF_JSLE >> 4] = 0xe, [BPF_JSET >> 4] = 0x5,
};

/*
 * Backwards it is known. Forwards everything may have moved since the pass before, as the instruction at
 * hand has: by the same amount, it is assumed.
 */
static int64_t distance(const struct x86 *x, uint32_t target, uint32_t insn_len)
{
	int64_t moved = target > x->at ? (int64_t)x->addr[x->at] - (int64_t)x->addr_before : 0;

	return (int64_t)x->addr[target] + moved - (int64_t)(x->len + insn_len);
}

/* forward distances can go on changing each other: after some passes they are not trusted */
static bool fits8(const struct x86 *x, uint32_t target, int64_t d)
{
	return d >= -128 && d <= 127 && (target <= x->at || x->n_pass < ROOMY_PASS);
}

static void add_jump(struct x86 *x, struct x86_jump jump)
{
	if (x->n_jumps == x->cap_jumps &&
	    mem_grow((void **)&x->jumps, &x->cap_jumps, x->n_jumps + 1, sizeof(*x->jumps))) {
		x->err = -ENOMEM;
		return;
	}
	jump.at = x->len;
	x->jumps[x->n_jumps++] = jump;
	x->len += jump.is_short ? 1 : 4;
}

void x86_distance_to(struct x86 *x, uint32_t func, const void *fn)
{
	add_jump(x, (struct x86_jump){.target = func, .fn = fn, .is_func = true});
}

void x86_jump_to(struct x86 *x, uint32_t target)
{
	bool is_short = fits8(x, target, distance(x, target, 2));

	e1(x, is_short ? 0xeb : 0xe9);
	add_jump(x, (struct x86_jump){.target = target, .is_short = is_short});
}

static void cond_jump_to(struct x86 *x, uint8_t cc, uint32_t target)
{
	bool is_short = fits8(x, target, distance(x, target, 2));

	if (!is_short)
		e1(x, 0x0f);
	e1(x, (is_short ? 0x70 : 0x80) | cc);
	add_jump(x, (struct x86_jump){.target = target, .is_short = is_short});
}

void x86_call_func(struct x86 *x, uint32_t func)
{
	e1(x, 0xe8);
	x86_distance_to(x, func, NULL);
}

bool x86_place_jumps(struct x86 *x, bool *longer)
{
	for (size_t i = 0; i < x->n_jumps; i++) {
		const struct x86_jump *j = &x->jumps[i];
		uint32_t to = j->is_func ? x->func_addr[j->target] : x->addr[j->target];
		int32_t d = (int32_t)(to - (j->at + (j->is_short ? 1 : 4)));

		if (j->fn)
			continue;
		if (!j->is_short) {
			memcpy(x->buf + j->at, &d, 4);
			*longer |= !j->is_func && d >= -128 && d <= 127;
			continue;
		}
		if (d < -128 || d > 127)
			return false;
		x->buf[j->at] = (uint8_t)d;
	}
	return true;
}

bool x86_place_calls(struct x86 *x, const uint8_t *image)
{
	for (size_t i = 0; i < x->n_jumps; i++) {
		const struct x86_jump *j = &x->jumps[i];
		int64_t d = (const uint8_t *)j->fn - (image + j->at + 4);

		if (!j->fn)
			continue;
		if (d != (int32_t)d)
			return false;
		memcpy(x->buf + j->at, &(int32_t){d}, 4);
	}
	return true;
}

static void test_imm(struct x86 *x, bool w, int dst, int32_t imm)
{
	if (imm >= 0 && imm <= 0x7f) { /* test dst8, imm8 */
		rex(x, false, 0, dst, true);
		e1(x, 0xf6);
		e1(x, 0xc0 | (dst & 7));
		e1(x, (uint8_t)imm);
		return;
	}
	rex(x, w && imm < 0, 0, dst, false);
	e1(x, 0xf7);
	e1(x, 0xc0 | (dst & 7));
	e4(x, (uint32_t)imm);
}

/* the flags are those of an operation on dst: they tell whether it is 0 */
static bool zero_known(const struct x86 *x, bool w, int dst)
{
	return x->zf_len && x->zf_len == x->len && x->zf_reg == dst && (w || !x->zf_wide);
}

static void compare(struct x86 *x, uint8_t op, bool w, bool k, int dst, int src, int32_t imm)
{
	if (op == BPF_JSET) {
		if (k)
			test_imm(x, w, dst, imm);
		else
			op_rr(x, w, 0x85, src, dst);
	} else if (!k) {
		op_rr(x, w, 0x39, src, dst);
	} else if (imm == 0 && (op == BPF_JEQ || op == BPF_JNE)) {
		if (!zero_known(x, w, dst))
			op_rr(x, w, 0x85, dst, dst);
	} else {
		grp1_imm(x, w, 7, dst, imm);
	}
}

/* the counter of may_goto, if it has no register, lies below the stack of the function */
static int32_t budget_off(const struct x86 *x)
{
	return -(int32_t)x->code->funcs[x->func].stack - 8;
}

static void may_goto(struct x86 *x, uint32_t target)
{
	if (x->f.budget_in_r12) {
		grp1_imm(x, false, 5, R12, 1);
	} else {
		rex(x, true, 0, RBP, false); /* sub qword [budget], 1 */
		e1(x, 0x83);
		mem(x, 5, RBP, budget_off(x));
		e1(x, 1);
	}
	cond_jump_to(x, 0x2, target); /* jb: it was 0 */
}

static bool is_condition(const struct interp_op *op)
{
	uint8_t code;

	if (op->op >= ISA_OP_COUNT)
		return false;
	code = isa_rows[op->op].code;
	return (BPF_CLASS(code) == BPF_JMP || BPF_CLASS(code) == BPF_JMP32) &&
	       cc_of[BPF_OP(code) >> 4];
}

static bool same_condition(const struct interp_op *a, const struct interp_op *b)
{
	return a->op == b->op && a->dst == b->dst &&
	       (BPF_SRC(isa_rows[a->op].code) == BPF_K ? a->imm == b->imm : a->src == b->src);
}

/* Where a jump ends up that finds another jump: an unconditional one, or one on what was true just now. */
static uint32_t follow(const struct x86 *x, const struct interp_op *op, uint32_t target)
{
	const struct interp_op *t;

	for (int n = 0; n < 4; n++) {
		t = &x->code->ops[target];
		if (t->op != ISA_JA && t->op != ISA_JA32 &&
		    !(is_condition(op) && same_condition(op, t)))
			break;
		target = t->target - x->code->ops;
	}
	return target;
}

/* nothing but a new value of a register other than those of mask */
static bool is_plain(const struct x86 *x, uint32_t i, uint16_t mask)
{
	const struct interp_op *op = &x->code->ops[i];
	uint8_t class;

	if (op->op >= ISA_OP_COUNT || x->def_of[i] & mask)
		return false;
	class = BPF_CLASS(isa_rows[op->op].code);
	return class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX;
}

/*
 * A choice between two values is a jump over a move; two choices by the same condition are two jumps. Having
 * passed the first, the second is known not to jump, and nothing else comes to it: who jumped at the first
 * went on to the second's target (follow).
 */
static void note_implied(struct x86 *x, const struct interp_op *op, uint32_t i, uint32_t target)
{
	uint16_t mask = x->use_of[i];

	if (target <= i || target > i + 4 || x->live[target] & JIT_TARGETS ||
	    !is_condition(&x->code->ops[target]) || !same_condition(op, &x->code->ops[target]))
		return;
	for (uint32_t k = i + 1; k < target; k++)
		if (x->live[k] & JIT_TARGET || !is_plain(x, k, mask))
			return;
	x->implied = target;
}

#define COPY_MAX 6

/* from operation i it is a few steps to the end of the function */
static bool leads_out(const struct x86 *x, uint32_t i)
{
	for (uint32_t k = i; k < i + 4 && k < x->prog->n_insns; k++) {
		if (x->code->ops[k].op == ISA_EXIT)
			return true;
		if (!is_plain(x, k, 0))
			return false;
	}
	return false;
}

/*
 * A loop that ends with a jump to its head, where it is decided whether it goes on: with a copy of the head
 * in the jump's place the loop has one jump a round, not two. Returns the copy's last operation, which is
 * the decision, or 0.
 */
static uint32_t loop_head(const struct x86 *x, uint32_t i)
{
	uint32_t head = x->code->ops[i].target - x->code->ops, n;

	if (head >= i)
		return 0;
	for (n = head; n < head + COPY_MAX && n < i; n++) {
		if (is_condition(&x->code->ops[n])) {
			if (leads_out(x, n + 1))
				return n;
		} else if (!is_plain(x, n, 0)) {
			return 0;
		}
	}
	return 0;
}

/*
 * A loop that is entered in its middle, at the decision whether to go round: a copy of the decision in the
 * jump's place knows what the loop's variables are then. As above: its last operation or 0.
 */
static uint32_t loop_entry(const struct x86 *x, uint32_t i)
{
	uint32_t start = x->code->ops[i].target - x->code->ops;

	if (start <= i + 1)
		return 0;
	for (uint32_t n = start; n < start + COPY_MAX && n + 1 < x->prog->n_insns; n++) {
		if (is_condition(&x->code->ops[n]))
			return n;
		if (!is_plain(x, n, 0))
			return 0;
	}
	return 0;
}

/* Before translation: where copies will be, where they jump and where loops begin then. */
void x86_mark_copy(const struct x86 *x, uint16_t *live, uint32_t i)
{
	const struct interp_op *op = &x->code->ops[i];
	uint32_t last;

	if (op->op != ISA_JA && op->op != ISA_JA32)
		return;
	last = loop_head(x, i);
	if (last) {
		live[op->target - x->code->ops] &= ~JIT_LOOP;
		live[x->code->ops[last].target - x->code->ops] |= JIT_LOOP;
	} else if (i + 1 < x->prog->n_insns && live[i + 1] & JIT_LOOP) {
		last = loop_entry(x, i);
	}
	if (!last)
		return;
	live[i] |= JIT_COPY;
	live[last + 1] |= JIT_TARGET | JIT_TARGETS;
}

static void jump(struct x86 *x, const struct interp_op *op, uint32_t i, uint32_t target)
{
	target = follow(x, op, target);
	x86_flush(x, x->live[target]);
	if (x->code->ops[target].op == ISA_EXIT && x86_epilogue_is_short(x)) {
		x86_epilogue(x);
		e1(x, 0xc3);
	} else if (target != i + 1) {
		x86_jump_to(x, target);
	}
}

/* Only the copy comes to the copy: what is known before goes on to be. */
static void copy(struct x86 *x, uint32_t first, uint32_t last)
{
	uint32_t i = x->at;

	x->copying = true;
	for (uint32_t n = first; n <= last && !x->err; n++)
		x->err = x86_translate(x, n);
	x->copying = false;
	x->implied = 0;
	jump(x, &x->code->ops[i], i, last + 1);
}

static void always(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	uint32_t target = op->target - x->code->ops, last = 0;

	if (x->live[i] & JIT_COPY && !x->copying) {
		last = loop_head(x, i);
		if (!last)
			last = loop_entry(x, i);
	}
	if (last)
		copy(x, target, last);
	else
		jump(x, op, i, target);
}

/* op is not taken: what is known of its register then */
static void learn(struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w)
{
	uint64_t imm = w ? (uint64_t)(int64_t)op->imm : (uint32_t)op->imm,
		 old = x86_bound(x, op->dst);

	if (!w && old > UINT32_MAX)
		return;
	switch (bpf_op) {
	case BPF_JNE:
		x86_set_exact(x, op->dst, imm);
		break;
	case BPF_JGT:
		if (imm < old)
			x86_set_bound(x, op->dst, imm);
		break;
	case BPF_JGE:
		if (imm && imm - 1 < old)
			x86_set_bound(x, op->dst, imm - 1);
		break;
	default:
		break;
	}
}

static void cond_jump(struct x86 *x, const struct interp_op *op, uint8_t code, uint32_t i,
		      uint32_t target)
{
	bool w = BPF_CLASS(code) == BPF_JMP, k = BPF_SRC(code) == BPF_K;
	int dst = w ? x86_read(x, op->dst) : x86_read_low(x, op->dst), src = 0;

	if (!k)
		src = w ? x86_read(x, op->src) : x86_read_low(x, op->src);
	compare(x, BPF_OP(code), w, k, dst, src, op->imm);
	cond_jump_to(x, cc_of[BPF_OP(code) >> 4], target);
	if (k && !x86_is_target(x, i + 1))
		learn(x, op, BPF_OP(code), w);
}

bool x86_jump(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	uint32_t target;
	uint8_t code, bpf_op;

	if (op->op == IOP_NOP || (i && i == x->implied))
		return true;
	if (op->op == IOP_TRAP) {
		if (!(x->live[i] & JIT_TARGET) && i && x->code->ops[i - 1].op == IOP_TRAP)
			return true; /* nothing comes here, not even by mistake */
		op_rr(x, false, 0x31, RAX, RAX);
		x86_epilogue(x);
		e1(x, 0xc3);
		return true;
	}
	if (op->op >= ISA_OP_COUNT)
		return false;
	code = isa_rows[op->op].code;
	bpf_op = BPF_OP(code);
	if ((BPF_CLASS(code) != BPF_JMP && BPF_CLASS(code) != BPF_JMP32) || bpf_op == BPF_CALL)
		return false;
	if (bpf_op == BPF_EXIT) {
		x86_flush(x, 1u << 0);
		x86_epilogue(x);
		e1(x, 0xc3);
		return true;
	}
	if (bpf_op == BPF_JA) {
		always(x, op, i);
		return true;
	}
	target = op->target - x->code->ops;
	if (bpf_op != BPF_JCOND) {
		note_implied(x, op, i, target);
		target = follow(x, op, target);
	}
	x86_flush(x, x->live[target]);
	if (x86_is_target(x, i + 1))
		x86_flush(x, x->live[i + 1]);
	if (bpf_op == BPF_JCOND)
		may_goto(x, target);
	else
		cond_jump(x, op, code, i, target);
	return true;
}

/* ---------------------------------------------------------------- functions */

static const uint8_t saved[4] = {RBX, R13, R14, R15};

static uint32_t n_saved(const struct x86 *x)
{
	return x->f.saves_r12 + x->f.saves[0] + x->f.saves[1] + x->f.saves[2] + x->f.saves[3];
}

/* bytes between rbp and the saved registers; keeps rsp aligned for calls */
static uint32_t frame_bytes(const struct x86 *x)
{
	uint32_t bytes = x->code->funcs[x->func].stack + (x->f.has_budget ? 8 : 0);

	if (!x->f.has_frame) /* a return address and the saved registers */
		return x->f.calls && n_saved(x) % 2 == 0 ? 8 : 0;
	return bytes + ((bytes + 8 * n_saved(x)) % 16 ? 8 : 0);
}

void x86_prologue(struct x86 *x, uint32_t func)
{
	uint32_t bytes;

	x->func = func;
	bytes = frame_bytes(x);
	if (x->f.has_frame) {
		push(x, RBP);
		mov_rr(x, true, RBP, RSP);
	}
	if (bytes)
		grp1_imm(x, true, 5, RSP, (int32_t)bytes);
	if (x->f.saves_r12)
		push(x, R12);
	for (int k = 0; k < 4; k++)
		if (x->f.saves[k])
			push(x, saved[k]);
	if (x->f.budget_in_r12)
		mov_imm(x, R12, INTERP_MAY_GOTO);
	if (x->f.has_budget) { /* mov qword [budget], imm */
		rex(x, true, 0, RBP, false);
		e1(x, 0xc7);
		mem(x, 0, RBP, budget_off(x));
		e4(x, INTERP_MAY_GOTO);
	}
}

void x86_epilogue(struct x86 *x)
{
	for (int k = 3; k >= 0; k--)
		if (x->f.saves[k])
			pop(x, saved[k]);
	if (x->f.saves_r12)
		pop(x, R12);
	if (x->f.has_frame)
		e1(x, 0xc9); /* leave */
	else if (frame_bytes(x))
		grp1_imm(x, true, 0, RSP, (int32_t)frame_bytes(x));
}

/* as short as a jump to one elsewhere, about */
bool x86_epilogue_is_short(const struct x86 *x)
{
	return n_saved(x) <= 2 && !x->f.has_frame;
}

/* ---------------------------------------------------------------- results that may be NULL */

/* a conditional jump over code whose length is not known yet: returns where to patch */
uint32_t x86_jump32(struct x86 *x, uint8_t cc)
{
	e1(x, 0x0f);
	e1(x, 0x80 | cc);
	e4(x, 0);
	return x->len;
}

void x86_land32(struct x86 *x, uint32_t from)
{
	uint32_t d = x->len - from;

	memcpy(x->buf + from - 4, &d, 4);
}

struct x86_null x86_null_test(struct x86 *x, uint32_t i)
{
	const struct interp_op *next = &x->code->ops[i + 1];
	struct x86_null t = {0};

	if (i + 2 >= x->prog->n_insns || x86_is_target(x, i + 1) || next->dst != 0 ||
	    next->imm != 0 || (next->op != ISA_JEQ_K && next->op != ISA_JNE_K))
		return t;
	t.on_null = next->op == ISA_JEQ_K;
	t.target = next->target - x->code->ops;
	/* NULL must not be read where it goes */
	if (x->live[t.on_null ? t.target : i + 2] & 1u << 0)
		return t;
	t.fused = true;
	x86_flush(x, x->live[t.target] & ~(1u << 0));
	if (x86_is_target(x, i + 2))
		x86_flush(x, x->live[i + 2] & ~(1u << 0));
	return t;
}

void x86_null_jump(struct x86 *x, struct x86_null *t, uint8_t cc, uint32_t i)
{
	if (t->fused)
		cond_jump_to(x, cc, t->on_null ? t->target : i + 2);
	else
		t->patch = x86_jump32(x, cc);
}

void x86_null_end(struct x86 *x, struct x86_null *t)
{
	uint32_t done;

	if (t->fused) {
		if (!t->on_null)
			x86_jump_to(x, t->target);
		x->skip = 1;
		return;
	}
	done = jump8(x, 0xeb);
	x86_land32(x, t->patch);
	op_rr(x, false, 0x31, RAX, RAX);
	land8(x, done);
}

#endif
