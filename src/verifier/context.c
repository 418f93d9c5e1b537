/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Regions of execution (kfunc spec 0.4, 7.1-7.3): RCU read sections and code with preemption off,
 * and the questions that depend on them: may this place sleep, is it protected by RCU. Interrupt
 * flags are in irq.c, locks in locks.c.
 */
#include "verifier/call.h"
#include "verifier/states.h"

bool vf_in_rcu_cs(const struct vf_env *env)
{
	const struct vf_state *st = env->cur;

	return st->rcu_depth || st->n_locks || !st->in_sleepable;
}

bool vf_sleepable_context(const struct vf_env *env)
{
	const struct vf_state *st = env->cur;

	return st->in_sleepable && !st->rcu_depth && !st->preempt_depth && !st->irq_top &&
	       !st->n_locks;
}

const char *vf_atomic_region_name(const struct vf_env *env)
{
	const struct vf_state *st = env->cur;

	if (st->n_locks)
		return "a region that holds a lock";
	if (st->irq_top)
		return "a region with interrupts off";
	if (st->preempt_depth)
		return "a region with preemption off";
	if (st->rcu_depth)
		return "an RCU read section";
	return NULL;
}

/*
 * Where the innermost section that open starts was opened on the current path, found on the way back.
 * The history of states that are finished is gone, but those are no part of the path. UINT32_MAX: not
 * found.
 */
static uint32_t opened_at(const struct vf_env *env, uint32_t open, uint32_t close)
{
	const struct vf_path *p = &env->cur->path;
	uint32_t closed = 0;

	for (; p; p = p->parent ? &p->parent->path : NULL)
		for (uint32_t n = p->n_hist; n-- > 0;) {
			const struct vf_hist *h = &p->hist[n];
			uint32_t count = h->flags & VF_HIST_RUN ? h->s_slot + 1u : 1;

			if (h->flags & VF_HIST_LINKED)
				continue;
			while (count--) {
				const struct kfunc_contract *c = env->info[h->insn + count].kfunc;

				closed += c && c->special == close;
				if (c && c->special == open && !closed--)
					return h->insn + count;
			}
		}
	return UINT32_MAX;
}

void vf_note_region(struct vf_env *env)
{
	const struct vf_state *st = env->cur;
	uint32_t at = UINT32_MAX;
	const char *what = "preemption is switched off here";

	for (uint32_t i = st->n_refs; i-- > 0;) {
		const struct vf_ref *r = &st->refs[i];

		if (st->n_locks ? r->kind == VF_REF_PTR || r->kind == VF_REF_IRQ
				: r->id != st->irq_top || !st->irq_top)
			continue;
		vf_note(env, r->insn,
			st->n_locks ? "the lock is taken here"
				    : "interrupts are switched off here");
		return;
	}
	if (st->preempt_depth) {
		at = opened_at(env, SPECIAL_PREEMPT_DISABLE, SPECIAL_PREEMPT_ENABLE);
	} else if (st->rcu_depth) {
		at = opened_at(env, SPECIAL_RCU_READ_LOCK, SPECIAL_RCU_READ_UNLOCK);
		what = "the RCU read section begins here";
	}
	if (at != UINT32_MAX)
		vf_note(env, at, "%s", what);
}

bool vf_in_rbtree_less(const struct vf_env *env)
{
	const struct vf_state *st = env->cur;
	const struct vf_frame *f = st->frame[st->cur_frame];
	const struct kfunc_contract *c;

	if (!f->head.in_callback || f->head.in_async_callback || !st->cur_frame)
		return false;
	c = env->info[f->head.callsite].kfunc;
	return c && c->special == SPECIAL_RBTREE_ADD;
}

static bool is_rcu_reg(const struct vf_reg *r, uint64_t arg)
{
	(void)arg;
	return vf_reg_is_pointer(r) && (r->flags & VF_RCU);
}

/*
 * An object may still be read where faults are tolerated, and so may memory that could only be read, whose
 * size counts no longer: pointers to it are not followed any more when they are moved. Memory that could
 * be written is nothing now.
 */
static void lose_rcu(const struct vf_env *env, struct vf_reg *r, uint64_t arg)
{
	(void)arg;
	if (r->base == VF_MEM && !(r->flags & VF_RDONLY)) {
		vf_reg_invalidate(env, r);
		return;
	}
	if (r->base == VF_MEM)
		r->mem_size = 0;
	r->flags &= ~(VF_RCU | VF_MAYBE_NULL);
	r->flags |= VF_UNTRUSTED;
}

/* Iterators that were made under this protection can no longer be used (R5.7, R10.11). */
static int lose_iterators(struct vf_env *env)
{
	struct vf_state *st = env->cur;

	for (uint32_t n = 0; n <= st->cur_frame; n++) {
		struct vf_frame *f = st->frame[n];

		for (uint32_t i = 0; i < f->n_slots; i++) {
			if (f->slot[i].kind[0] != VF_SLOT_ITER || f->slot[i].reg.iter_rcu != 1)
				continue;
			f = vf_frame_own(env, n);
			if (!f)
				return vf_nomem(env);
			f->slot[i].reg.iter_rcu = 2;
		}
	}
	return 0;
}

int vf_rcu_region_ended(struct vf_env *env)
{
	int err = vf_update_regs(env, is_rcu_reg, lose_rcu, 0);

	return err ? err : lose_iterators(env);
}

int vf_rcu_lock(struct vf_env *env)
{
	struct vf_state *st = env->cur;

	if (st->rcu_depth && !vf_rule(env, RULE_NESTED_RCU)) {
		vf_note_region(env);
		return vf_reject(env, KF_REGION_NESTED,
				 "the program is already inside an RCU read section");
	}
	st->rcu_depth++;
	return 0;
}

int vf_rcu_unlock(struct vf_env *env)
{
	struct vf_state *st = env->cur;

	if (!st->rcu_depth)
		return vf_reject(env, KF_REGION_NOT_OPEN,
				 "no RCU read section is open on this path");
	/* also in programs that cannot sleep: R7.2 */
	return --st->rcu_depth ? 0 : vf_rcu_region_ended(env);
}

int vf_preempt_disable(struct vf_env *env)
{
	env->cur->preempt_depth++;
	return 0;
}

int vf_preempt_enable(struct vf_env *env)
{
	struct vf_state *st = env->cur;

	if (!st->preempt_depth)
		return vf_reject(env, KF_REGION_NOT_OPEN,
				 "preemption was not switched off on this path");
	st->preempt_depth--;
	return 0;
}
