/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Map values: bounds, the map's read-only and write-only flags (verifier spec R8.2), constants of a
 * frozen map (R8.3), and special fields: most are out of reach of plain loads and stores, kernel
 * pointer fields have rules of their own (kfunc spec R8.7-R8.10).
 */
#include "verifier/mem.h"

#ifndef BPF_F_RDONLY_PROG
#define BPF_F_RDONLY_PROG (1u << 7)
#define BPF_F_WRONLY_PROG (1u << 8)
#endif

const struct btf_field *vf_field_touched(const struct btf_fields *f, int64_t min, int64_t max)
{
	for (uint32_t i = 0; f && i < f->n; i++)
		if (min < (int64_t)f->f[i].off + f->f[i].size && max > (int64_t)f->f[i].off)
			return &f->f[i];
	return NULL;
}

/* R8.7: a field that one of the bytes may belong to */
static int check_field(struct vf_env *env, const struct vf_reg *r, const struct btf_field *f,
		       int32_t off, uint32_t size, bool indirect)
{
	if (!(f->kind & BTF_FIELD_KPTR))
		return vf_reject(env, KF_SPECIAL_FIELD_ACCESS,
				 "the access touches the special field at offset %u of the value",
				 f->off);
	if (indirect)
		return vf_reject(env, KF_KPTR_ACCESS,
				 "the kernel pointer at offset %u of the value is part of a memory "
				 "argument",
				 f->off);
	if (r->s.t.m)
		return vf_reject(
			env, KF_KPTR_ACCESS,
			"the kernel pointer at offset %u may be touched at a variable offset",
			f->off);
	if ((int64_t)r->off + off + (int64_t)r->s.t.v != f->off || size != 8)
		return vf_reject(env, KF_KPTR_ACCESS,
				 "the kernel pointer at offset %u is not accessed as a whole",
				 f->off);
	return 0;
}

int vf_map_value_range(struct vf_env *env, const struct vf_reg *r, int32_t off, uint32_t size,
		       uint8_t access, bool indirect)
{
	const struct vf_map *map = r->map;
	int64_t at = (int64_t)r->off + off;
	int err;

	if ((access & VF_WRITE) && (map->flags & BPF_F_RDONLY_PROG))
		return vf_reject(env, KF_RDONLY_WRITE, "map %s is read-only for programs",
				 map->name);
	if ((access & VF_READ) && (map->flags & BPF_F_WRONLY_PROG))
		return vf_reject(env, KF_WRONLY_READ, "map %s is write-only for programs",
				 map->name);
	err = vf_check_region(env, r, off, size, map->value_size, KF_MAP_VALUE_OOB, "a map value");
	if (err || !map->fields)
		return err;
	for (uint32_t i = 0; i < map->fields->n && !err; i++) {
		const struct btf_field *f = &map->fields->f[i];

		if (at + r->s.smin < (int64_t)f->off + f->size &&
		    at + (int64_t)r->s.umax + size > (int64_t)f->off)
			err = check_field(env, r, f, off, size, indirect);
	}
	return err;
}

/* ---------------------------------------------------------------- kernel pointer fields */

static bool has_graph_node(struct vf_env *env, const struct btf_field *f)
{
	const struct btf_fields *of = vf_type_fields(env, f->btf, f->type_id);

	return of && (of->mask & BTF_FIELD_GRAPH_NODE);
}

static bool is_rcu_kptr(const struct vf_env *env, const struct btf_field *f)
{
	if (f->kind == BTF_FIELD_KPTR_PERCPU)
		return true;
	if (f->kind != BTF_FIELD_KPTR_REF)
		return false;
	return !f->kernel_type ||
	       kernel_kptr_is_rcu(env->kernel, btf_type_name(f->btf, f->type_id));
}

void vf_kptr_loaded(struct vf_env *env, const struct btf_field *f, struct vf_reg *r)
{
	uint16_t flags = VF_MAYBE_NULL;

	if (f->kind == BTF_FIELD_UPTR) {
		int64_t size = btf_type_size(f->btf, f->type_id);

		vf_reg_pointer(r, VF_MEM, flags);
		r->mem_size = size > 0 ? (uint32_t)size : 0;
		r->id = vf_new_id(env);
		return;
	}
	if (vf_rule(env, RULE_RCU_KPTR) && is_rcu_kptr(env, f) && vf_in_rcu_cs(env)) {
		flags |= VF_RCU;
		if (f->kind == BTF_FIELD_KPTR_PERCPU)
			flags |= VF_PERCPU;
		else if (!f->kernel_type)
			flags |= VF_ALLOC | (has_graph_node(env, f) ? VF_NON_OWN : 0);
	} else {
		flags |= VF_UNTRUSTED;
	}
	vf_reg_pointer(r, VF_BTF_ID, flags);
	r->btf = f->btf;
	r->type_id = f->type_id;
	r->id = vf_new_id(env);
}

int vf_kptr_match(struct vf_env *env, const struct btf_field *f, uint32_t regno)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	uint16_t ok = VF_MAYBE_NULL;
	char what[DIAG_TEXT];

	vf_reg_describe(env, r, what, sizeof(what));
	if (f->kernel_type) {
		ok |= VF_TRUSTED | VF_RCU;
		if (f->kind == BTF_FIELD_KPTR_UNREF)
			ok |= VF_UNTRUSTED;
	} else {
		ok |= VF_ALLOC;
		if (f->kind == BTF_FIELD_KPTR_PERCPU)
			ok |= VF_PERCPU;
	}
	if (r->base != VF_BTF_ID || (r->flags & ~ok) ||
	    (f->kind == BTF_FIELD_KPTR_PERCPU) != !!(r->flags & VF_PERCPU))
		return vf_reject(env, KF_KPTR_TYPE, "r%u is %s, the field wants a pointer to %s",
				 regno, what, btf_type_name(f->btf, f->type_id));
	if (r->off < 0 || !vf_reg_fixed_off(r))
		return vf_reject(env, KF_KPTR_TYPE,
				 "r%u does not point to a fixed place in its object", regno);
	if (!btf_types_match(r->btf, r->type_id, (uint32_t)r->off, f->btf, f->type_id,
			     f->kind != BTF_FIELD_KPTR_UNREF))
		return vf_reject(env, KF_KPTR_TYPE, "r%u is %s at offset %d, the field wants %s",
				 regno, what, r->off, btf_type_name(f->btf, f->type_id));
	return 0;
}

static int kptr_access(struct vf_env *env, const struct btf_field *f, const struct vf_mem_access *m)
{
	if (m->is_atomic || m->sign_extend)
		return vf_reject(env, KF_KPTR_ACCESS,
				 "a kernel pointer field takes plain loads and stores only");
	if (m->access & VF_READ) {
		struct vf_reg *dst;

		if (m->value_regno < 0)
			return 0;
		dst = &vf_regs(env)[m->value_regno];
		vf_kptr_loaded(env, f, dst);
		dst->made_at = env->insn_idx;
		return 0;
	}
	if (f->kind != BTF_FIELD_KPTR_UNREF)
		return vf_reject(env, KF_KPTR_ACCESS,
				 "a store to the owning pointer at offset %u; use bpf_kptr_xchg()",
				 f->off);
	if (m->has_imm) {
		if (!m->imm)
			return 0;
		return vf_reject(env, KF_KPTR_TYPE, "a number is stored as a kernel pointer");
	}
	if (m->value_regno < 0)
		return vf_reject(env, KF_KPTR_ACCESS, "a kernel pointer is overwritten");
	if (vf_reg_is_null(&vf_regs(env)[m->value_regno]))
		return vf_mark_precise(env, (uint32_t)m->value_regno);
	return vf_kptr_match(env, f, (uint32_t)m->value_regno);
}

/* ---------------------------------------------------------------- access */

/* R8.3; the value is in the byte order of the machine, which is little-endian */
static bool frozen_constant(struct vf_env *env, const struct vf_reg *r,
			    const struct vf_mem_access *m)
{
	const struct vf_map *map = r->map;
	uint64_t v = 0;
	struct vf_reg *dst;

	if (!map->const_value || r->s.t.m || !(map->flags & BPF_F_RDONLY_PROG))
		return false;
	memcpy(&v, (const char *)map->const_value + r->off + m->off + (int64_t)r->s.t.v, m->size);
	dst = &vf_regs(env)[m->value_regno];
	if (m->sign_extend && m->size < 8) {
		uint32_t n = 64 - m->size * 8;

		v = (uint64_t)((int64_t)(v << n) >> n);
	}
	vf_reg_const(dst, v);
	dst->made_at = env->insn_idx;
	return true;
}

int vf_map_value_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int err = vf_map_value_range(env, r, m->off, m->size, m->access, false);

	if (err)
		return err;
	if (r->map->fields && (r->map->fields->mask & BTF_FIELD_KPTR) && !r->s.t.m) {
		int64_t at = (int64_t)r->off + m->off + (int64_t)r->s.t.v;
		const struct btf_field *f = vf_field_touched(r->map->fields, at, at + m->size);

		if (f)
			return kptr_access(env, f, m);
	}
	if ((m->access & VF_READ) && m->value_regno >= 0 && !frozen_constant(env, r, m))
		vf_load_unknown(env, m);
	return 0;
}
