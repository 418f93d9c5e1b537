/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Spin locks (kfunc spec 7.4, 7.5): bpf_spin_lock of helpers and bpf_res_spin_lock of kfuncs. A
 * lock is identified by its owner (map, or the program's BTF for objects) and the identity of the
 * register that leads to it (R7.8); held ones are entries of the reference list.
 */
#include "verifier/call.h"

static const void *owner_of(const struct vf_reg *r)
{
	return r->base == VF_MAP_VALUE ? (const void *)r->map : (const void *)r->btf;
}

static bool names(const struct vf_ref *l, const struct vf_reg *r)
{
	return l->owner == owner_of(r) && l->lock_id == r->id;
}

static bool is_lock(const struct vf_ref *l)
{
	return l->kind == VF_REF_LOCK || l->kind == VF_REF_RES_LOCK ||
	       l->kind == VF_REF_RES_LOCK_IRQ;
}

static struct vf_ref *latest_lock(struct vf_state *st)
{
	for (uint32_t i = st->n_refs; i-- > 0;)
		if (is_lock(&st->refs[i]))
			return &st->refs[i];
	return NULL;
}

/* The register leads exactly to a lock of the wanted kind (R7.7) */
static int check_place(struct vf_env *env, uint32_t regno, enum vf_ref_kind kind)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	uint32_t field = kind == VF_REF_LOCK ? BTF_FIELD_SPIN_LOCK : BTF_FIELD_RES_SPIN_LOCK;

	if (r->base == VF_BTF_ID && r->flags != VF_ALLOC)
		return vf_reject(env, KF_LOCK_BAD, "R%u does not point to an object of the program",
				 regno);
	if (!vf_off_is_const(r))
		return vf_reject(env, KF_LOCK_BAD, "R%u has no constant offset", regno);
	if (r->base == VF_MAP_VALUE && !r->map->btf)
		return vf_reject(env, KF_LOCK_BAD, "map %.16s has no BTF that describes its values",
				 r->map->name);
	if (!vf_field_at(vf_reg_fields(env, r), field, vf_const_off(r)))
		return vf_reject(env, KF_LOCK_BAD, "R%u does not point to the struct %s of its %s",
				 regno, kind == VF_REF_LOCK ? "bpf_spin_lock" : "bpf_res_spin_lock",
				 r->base == VF_MAP_VALUE ? "map value" : "object");
	return 0;
}

static int take(struct vf_env *env, uint32_t regno, enum vf_ref_kind kind)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	struct vf_state *st = env->cur;
	struct vf_ref *l;

	for (uint32_t i = 0; i < st->n_refs; i++) {
		l = &st->refs[i];
		if (!is_lock(l))
			continue;
		if (kind == VF_REF_LOCK || names(l, r)) {
			vf_note(env, l->insn, "the first lock is taken here");
			return vf_reject(env, KF_LOCK_TWICE, "%s",
					 names(l, r)
						 ? "the lock is already held"
						 : "only one bpf_spin_lock may be held at a time");
		}
	}
	if (!vf_ref_acquire(env, kind))
		return -ENOMEM;
	l = &st->refs[st->n_refs - 1];
	l->owner = owner_of(r);
	l->lock_id = r->id;
	st->n_locks++;
	return 0;
}

static int give_back(struct vf_env *env, uint32_t regno, enum vf_ref_kind kind)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	struct vf_state *st = env->cur;
	struct vf_ref *l = latest_lock(st);
	int err = 0;

	if (!l)
		return vf_reject(env, KF_LOCK_NOT_HELD, "no lock is held on this path");
	if (l->kind != kind || !names(l, r)) {
		vf_note(env, l->insn, "the lock that must be released next is taken here");
		return vf_reject(env, KF_LOCK_MISMATCH, "R%u is not the lock that was taken last",
				 regno);
	}
	vf_ref_drop(st, l->id);
	st->n_locks--;
	if (!vf_in_rcu_cs(env))
		err = vf_rcu_region_ended(env);
	return err ? err : vf_end_non_owning(env);
}

int vf_lock_arg(struct vf_env *env, uint32_t regno, enum vf_ref_kind kind, enum vf_lock_op op)
{
	int err = check_place(env, regno, kind);

	if (err)
		return err;
	return op == VF_LOCK ? take(env, regno, kind) : give_back(env, regno, kind);
}

/* 7.2: few functions may be called; taking another bpf_spin_lock is the case people meet */
int vf_reject_under_lock(struct vf_env *env, const char *func, bool locks)
{
	const struct vf_ref *l = latest_lock(env->cur);

	if (l)
		vf_note(env, l->insn, "the lock is taken here");
	if (locks)
		return vf_reject(env, KF_LOCK_TWICE,
				 "only one bpf_spin_lock may be held at a time");
	return vf_reject(env, KF_CALL_UNDER_LOCK, "%s() is called while a lock is held", func);
}

int vf_check_lock_held(struct vf_env *env, const struct vf_reg *r)
{
	const struct vf_state *st = env->cur;

	if (!st->n_locks)
		return vf_reject(env, KF_LOCK_NOT_HELD,
				 "the list or tree is used without the lock that lies beside it");
	for (uint32_t i = 0; i < st->n_refs; i++)
		if (is_lock(&st->refs[i]) && names(&st->refs[i], r))
			return 0;
	for (uint32_t i = 0; i < st->n_refs; i++)
		if (is_lock(&st->refs[i])) {
			vf_note(env, st->refs[i].insn, "this lock is held");
			break;
		}
	return vf_reject(
		env, KF_LOCK_OTHER,
		"the lock that is held lies in another value or object than the list or tree");
}
