/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * References of a path (kfunc spec section 9): acquiring, releasing and what dies with a release,
 * and the check that nothing is left where a program ends (R9.4, verifier spec R10.1). Locks and
 * saved interrupt flags are entries of the same ordered list.
 *
 * Frames are shared with stored states, so a search never owns a frame before it has found
 * something to change there.
 */
#include "verifier/call.h"

uint32_t vf_ref_acquire(struct vf_env *env, enum vf_ref_kind kind)
{
	struct vf_state *st = env->cur;
	struct vf_ref *r;

	if (vf_mem_grow(env, (void **)&st->refs, &st->cap_refs, st->n_refs + 1, sizeof(*r)))
		return 0;
	r = &st->refs[st->n_refs++];
	*r = (struct vf_ref){.kind = kind, .id = vf_new_id(env), .insn = env->insn_idx};
	for (uint32_t f = st->cur_frame; f > 0; f--) {
		if (st->frame[f]->head.in_callback) {
			r->callback_frame = f;
			break;
		}
	}
	return r->id;
}

struct vf_ref *vf_ref_find(const struct vf_state *st, uint32_t id)
{
	for (uint32_t i = 0; i < st->n_refs; i++)
		if (st->refs[i].id == id)
			return &st->refs[i];
	return NULL;
}

bool vf_ref_held(const struct vf_state *st, uint32_t ref_id)
{
	return ref_id && vf_ref_find(st, ref_id);
}

void vf_ref_drop(struct vf_state *st, uint32_t ref_id)
{
	struct vf_ref *r = vf_ref_find(st, ref_id);
	uint32_t after;

	if (!r)
		return;
	after = st->refs + st->n_refs - (r + 1);
	memmove(r, r + 1, after * sizeof(*r));
	st->n_refs--;
}

/* Registers and spills only: slots with a known first byte. */
static struct vf_reg *spilled(struct vf_slot *s)
{
	return s->kind[0] == VF_SLOT_SPILL ? &s->reg : NULL;
}

int vf_update_regs(struct vf_env *env, vf_reg_match_fn match, vf_reg_apply_fn apply, uint64_t arg)
{
	struct vf_state *st = env->cur;

	for (uint32_t n = 0; n <= st->cur_frame; n++) {
		struct vf_frame *f = st->frame[n];
		bool owned = false;

		for (uint32_t i = 0; i < VF_REGS + f->n_slots; i++) {
			struct vf_reg *r = i < VF_REGS ? &f->r[i] : spilled(&f->slot[i - VF_REGS]);

			if (!r || !match(r, arg))
				continue;
			if (!owned) {
				f = vf_frame_own(env, n);
				if (!f)
					return vf_nomem(env);
				owned = true;
				r = i < VF_REGS ? &f->r[i] : &f->slot[i - VF_REGS].reg;
			}
			apply(env, r, arg);
		}
	}
	return 0;
}

static void invalidate(const struct vf_env *env, struct vf_reg *r, uint64_t arg)
{
	(void)arg;
	vf_reg_invalidate(env, r);
	r->gone_at = env->insn_idx | VF_LAPSED;
}

int vf_invalidate_regs(struct vf_env *env, vf_reg_match_fn match, uint64_t arg)
{
	return vf_update_regs(env, match, invalidate, arg);
}

static bool has_ref(const struct vf_reg *r, uint64_t id)
{
	return r->ref_id == id && vf_reg_is_pointer(r);
}

static void release(const struct vf_env *env, struct vf_reg *r, uint64_t arg)
{
	invalidate(env, r, arg);
	r->gone_at = env->insn_idx;
}

int vf_ref_release(struct vf_env *env, uint32_t ref_id)
{
	const struct vf_ref *r = vf_ref_find(env->cur, ref_id);

	if (!r || r->kind != VF_REF_PTR)
		return vf_reject(env, KF_REL_UNOWNED, "the reference was already given up");
	if (vf_rule(env, RULE_CHILD_REFS)) {
		int err = vf_check_no_children(env, ref_id);

		if (err)
			return err;
	}
	vf_ref_drop(env->cur, ref_id);
	return vf_update_regs(env, has_ref, release, ref_id);
}

static bool is_packet(const struct vf_reg *r, uint64_t arg)
{
	(void)arg;
	if (1u << r->base & (VF_B(PACKET) | VF_B(PACKET_META) | VF_B(PACKET_END)))
		return true;
	return r->base == VF_MEM && (r->flags & VF_DYN_PACKET);
}

int vf_invalidate_packets(struct vf_env *env)
{
	return vf_invalidate_regs(env, is_packet, 0);
}

/* ---------------------------------------------------------------- nothing may be left */

static const char *ref_phrase(const struct vf_ref *r, const struct vf_env *env)
{
	const struct kfunc_contract *c = env->info[r->insn].kfunc;

	if (c && c->iter_name)
		return "the iterator is constructed here";
	if (c)
		return "the reference is acquired here (KF_ACQUIRE)";
	return "the reference is acquired here";
}

static int leak_ref(struct vf_env *env, const struct vf_ref *r, const char *what, bool ends_program)
{
	enum diag_code code = ends_program ? KF_REF_LEAK : KF_REF_TAIL_CALL;
	const struct kfunc_contract *c = env->info[r->insn].kfunc;

	if (ends_program && c && c->iter_name)
		code = KF_ITER_LEAK;
	vf_note(env, r->insn, "%s", ref_phrase(r, env));
	if (c)
		return vf_reject(env, code,
				 "%s while it still owns what %s() gave it (reference #%u)", what,
				 c->name, r->id);
	return vf_reject(env, code, "%s while it still owns reference #%u", what, r->id);
}

static int check_leaks(struct vf_env *env, const char *what, bool ends_program, bool references)
{
	const struct vf_state *st = env->cur;
	enum diag_code open = ends_program ? KF_REGION_OPEN : KF_REGION_OPEN_CALL;

	if (st->n_locks) {
		vf_note_region(env);
		return vf_reject(env, KF_LOCK_HELD, "%s while a lock is held", what);
	}
	for (uint32_t i = 0; references && i < st->n_refs; i++)
		if (st->refs[i].kind == VF_REF_PTR)
			return leak_ref(env, &st->refs[i], what, ends_program);
	if (!st->irq_top && !st->rcu_depth && !st->preempt_depth)
		return 0;
	vf_note_region(env);
	return vf_reject(env, open, "%s inside %s", what, vf_atomic_region_name(env));
}

int vf_check_no_leaks(struct vf_env *env, const char *what, bool ends_program)
{
	return check_leaks(env, what, ends_program, true);
}

int vf_check_no_leaks_leaving(struct vf_env *env, const char *what, bool ends_program)
{
	return check_leaks(env, what, ends_program, env->cur->cur_frame == 0);
}

/* R9.6: what a synchronous callback acquires it must release, since it may run any number of times
 */
int vf_check_callback_refs(struct vf_env *env)
{
	const struct vf_state *st = env->cur;

	for (uint32_t i = 0; i < st->n_refs; i++) {
		const struct vf_ref *r = &st->refs[i];

		if (r->kind != VF_REF_PTR || !r->callback_frame ||
		    r->callback_frame != st->cur_frame)
			continue;
		vf_note(env, r->insn, "%s", ref_phrase(r, env));
		return vf_reject(env, KF_REF_CALLBACK,
				 "the callback returns while it still owns reference #%u", r->id);
	}
	return 0;
}
