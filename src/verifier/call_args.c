/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Argument checks that helpers and kfuncs share: memory with a size register (verifier spec 7.1
 * "size", kfunc spec 3.6 MEM_SIZE), constant strings, special fields of values and objects; and
 * what a call leaves behind for diagnostics and for the code generator.
 */
#include "verifier/call.h"

int vf_check_mem_size(struct vf_env *env, uint32_t regno, uint32_t size_regno, struct vf_mem_arg *m,
		      bool zero_ok)
{
	const struct vf_reg *s = &vf_regs(env)[size_regno];
	int err;

	if (s->s.smin < 0)
		return vf_reject(env, KF_ARG_SIZE,
				 "the number of bytes in R%u may be negative (it can be %lld)",
				 size_regno, (long long)s->s.smin);
	if (s->s.umin == 0 && !zero_ok)
		return vf_reject(env, KF_ARG_SIZE, "the number of bytes in R%u may be zero",
				 size_regno);
	if (s->s.umax >= VF_MAX_VAR_OFF)
		return vf_reject(env, KF_ARG_SIZE, "the number of bytes in R%u has no upper bound",
				 size_regno);
	m->size = (uint32_t)s->s.umax;
	m->zero_size_ok = zero_ok;
	err = vf_check_mem_arg(env, regno, m);
	return err ? err : vf_mark_precise(env, size_regno);
}

int vf_check_const_str(struct vf_env *env, uint32_t regno, const char **str, uint32_t *len)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	const struct vf_map *map = r->map;
	const struct kernel_map_type *mt;
	const char *s;
	int64_t off;

	mt = kernel_map_type(env->kernel, map->type);
	if (!(map->flags & BPF_F_RDONLY_PROG) || !map->frozen)
		return vf_reject(env, KF_STR_NOT_RDONLY,
				 "R%u points into map %.16s, which is not read-only and frozen",
				 regno, map->name);
	if (!vf_off_is_const(r))
		return vf_reject(env, KF_STR_NOT_RDONLY,
				 "the string in R%u starts at a variable offset", regno);
	if (!mt || !mt->direct_value || !map->const_value)
		return vf_reject(env, KF_STR_NOT_RDONLY,
				 "the contents of map %.16s are not known when loading", map->name);
	off = vf_const_off(r);
	if (off < 0 || off >= map->value_size)
		return vf_reject(env, KF_STR_NOT_RDONLY,
				 "the string in R%u starts outside of the value", regno);
	s = (const char *)map->const_value + off;
	if (!memchr(s, 0, map->value_size - (uint32_t)off))
		return vf_reject(
			env, KF_ARG_CONST_STR,
			"no NUL byte ends the string in R%u before the end of its map value",
			regno);
	if (str)
		*str = s;
	if (len)
		*len = (uint32_t)strlen(s);
	return 0;
}

const struct btf_field *vf_field_at(const struct btf_fields *f, uint32_t kinds, int64_t off)
{
	if (!f || !(f->mask & kinds))
		return NULL;
	for (uint32_t i = 0; i < f->n; i++)
		if ((f->f[i].kind & kinds) && f->f[i].off == off)
			return &f->f[i];
	return NULL;
}

void vf_note_call_map(struct vf_env *env, const struct vf_map *map)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	struct vf_insn_fact *fact = &env->facts->insn[env->insn_idx];

	if (info->map_poisoned)
		return;
	if (info->map && info->map != map) {
		info->map_poisoned = true;
		fact->map = NULL;
		return;
	}
	info->map = map;
	fact->map = map;
}

void vf_note_sleepable(struct vf_env *env)
{
	struct vf_insn_fact *f = &env->facts->insn[env->insn_idx];

	if (!vf_sleepable_context(env))
		f->flags = (f->flags & ~VFI_SLEEPABLE) | VFI_NONSLEEPABLE;
	else if (!(f->flags & VFI_NONSLEEPABLE))
		f->flags |= VFI_SLEEPABLE;
}

void vf_note_made(struct vf_env *env, const struct vf_reg *r, const char *what)
{
	if (r->made_at && r->made_at < env->prog->n_insns && r->made_at != env->insn_idx)
		vf_note(env, r->made_at, "%s", what);
}

struct vf_reg *vf_ret(struct vf_env *env)
{
	struct vf_reg *r = &vf_regs(env)[0];

	r->made_at = env->insn_idx;
	return r;
}

const char *vf_reg_type_name(const struct vf_reg *r)
{
	const char *s = r->base == VF_BTF_ID ? btf_type_name(r->btf, r->type_id) : "";

	return *s ? s : "?";
}

int32_t vf_kernel_type_id(const struct vf_env *env, const char *name)
{
	return btf_find(env->kernel->btf, name, BTF_KIND_STRUCT);
}

/* ---------------------------------------------------------------- objects in stack slots */

struct vf_frame *vf_object_slots(struct vf_env *env, uint32_t frame, uint32_t slot, uint32_t n)
{
	struct vf_frame *f = vf_frame_own(env, frame);

	(void)n;
	if (!f || (f->n_slots <= slot && vf_frame_grow(env, frame, slot + 1))) {
		vf_nomem(env);
		return NULL;
	}
	return env->cur->frame[frame];
}

bool vf_slots_are(const struct vf_frame *f, uint32_t slot, uint32_t n, enum vf_slot_kind kind)
{
	if (slot >= f->n_slots || slot + 1 < n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t b = 0; b < 8; b++)
			if (f->slot[slot - i].kind[b] != kind)
				return false;
	return true;
}
