/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * 64-bit immediates and what they refer to: maps, map values, kernel variables, functions (R2.3,
 * R2.4), the opcode table over all instructions (R2.2), and whether a map may be used by this kind
 * of program at all (8.1). Dead instructions are included, and the maps of an fd_array whose length was
 * given, which come first.
 */
#include "isa/isa.h"
#include "verifier/vf.h"

#define MAX_MAPS 64

static bool is_tracing_kind(uint32_t type)
{
	return type == BPF_PROG_TYPE_KPROBE || type == BPF_PROG_TYPE_TRACEPOINT ||
	       type == BPF_PROG_TYPE_PERF_EVENT || type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

/* verifier spec 8.1 */
static int check_map_prog(struct vf_env *env, const struct vf_map *map)
{
	const struct kernel_map_type *mt = kernel_map_type(env->kernel, map->type);
	uint32_t type = vf_prog_type(env);
	uint32_t fields = map->fields ? map->fields->mask : 0;

	if ((fields & BTF_FIELD_GRAPH_ROOT) && is_tracing_kind(type))
		return vf_reject(env, KF_MAP_PROG,
				 "map %.16s holds a list or tree, programs of type "
				 "%s cannot use it",
				 map->name, env->ptype->name);
	if ((fields & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK)) &&
	    (is_tracing_kind(type) || type == BPF_PROG_TYPE_SOCKET_FILTER))
		return vf_reject(env, KF_LOCK_PROG_TYPE,
				 "map %.16s holds a lock, programs of type "
				 "%s cannot use it",
				 map->name, env->ptype->name);
	if ((fields & (BTF_FIELD_TIMER | BTF_FIELD_WORKQUEUE)) && is_tracing_kind(type))
		return vf_reject(env, KF_MAP_PROG,
				 "map %.16s holds a timer or work queue, programs "
				 "of type %s cannot use it",
				 map->name, env->ptype->name);
	if (map->type == BPF_MAP_TYPE_STRUCT_OPS)
		return vf_reject(env, KF_MAP_PROG, "struct_ops map %.16s is not for programs",
				 map->name);
	if (env->place.sleepable && mt && !mt->sleepable)
		return vf_reject(env, KF_MAP_PROG, "maps of type %s are not for sleepable programs",
				 mt->name);
	if (map->type == BPF_MAP_TYPE_ARENA) {
		if (env->arena && env->arena != map)
			return vf_reject(env, KF_SECOND_ARENA, "map %.16s is the second arena",
					 map->name);
		if (!__atomic_load_n(&map->placed, __ATOMIC_RELAXED))
			return vf_reject(env, KF_ARENA_NOT_PLACED, "arena %.16s has no address yet",
					 map->name);
		env->arena = map;
		env->facts->uses_arena = true;
	}
	return 0;
}

static int add_map(struct vf_env *env, const struct vf_map *map)
{
	struct vf_facts *f = env->facts;

	for (uint32_t i = 0; i < f->n_maps; i++) {
		if (f->maps[i] == map)
			return 0;
		if (f->maps[i]->type == map->type &&
		    (map->type == BPF_MAP_TYPE_CGROUP_STORAGE ||
		     map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE))
			return vf_reject(env, KF_SECOND_STORAGE,
					 "map %.16s is the second storage of its kind", map->name);
	}
	if (f->n_maps == MAX_MAPS)
		return vf_reject(env, KF_TOO_MANY_MAPS, "more than %d maps", MAX_MAPS);
	f->maps[f->n_maps++] = map;
	return 0;
}

static int fd_of(struct vf_env *env, const struct bpf_insn *insn, int *fd)
{
	const struct vf_program *p = env->prog;
	bool idx = insn->src_reg == BPF_PSEUDO_MAP_IDX || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;

	*fd = insn->imm;
	if (!idx)
		return 0;
	if (!p->fd_array)
		return vf_reject(env, KF_NO_FD_ARRAY, "the instruction names element %d",
				 insn->imm);
	if ((uint32_t)insn->imm >= p->fd_array_cnt)
		return vf_reject(env, KF_FD_ARRAY_FAULT, "element %d of %u", insn->imm,
				 p->fd_array_cnt);
	*fd = p->fd_array[insn->imm];
	return 0;
}

int vf_resolve_fd_array(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	int err = 0;

	for (uint32_t i = 0; !err && p->uses_fd_array && i < p->fd_array_cnt; i++) {
		const struct vf_map *map;

		if (env->resolver->map_by_fd(env->resolver->ctx, p->fd_array[i], &map))
			continue; /* types */
		err = check_map_prog(env, map);
		if (!err)
			err = add_map(env, map);
	}
	return err;
}

static int check_direct_value(struct vf_env *env, const struct vf_map *map, uint32_t off)
{
	const struct kernel_map_type *mt = kernel_map_type(env->kernel, map->type);

	if (!mt || !mt->direct_value)
		return vf_reject(env, KF_NO_DIRECT_VALUE, "map %.16s is of type %s", map->name,
				 mt ? mt->name : "?");
	if (map->type == BPF_MAP_TYPE_ARRAY && map->max_entries != 1)
		return vf_reject(env, KF_DIRECT_VALUE_MULTI, "map %.16s has %u entries", map->name,
				 map->max_entries);
	if (map->type != BPF_MAP_TYPE_ARENA && off >= map->value_size)
		return vf_reject(env, KF_NO_DIRECT_VALUE, "offset %u of %u bytes", off,
				 map->value_size);
	return 0;
}

static int resolve_map(struct vf_env *env, const struct bpf_insn *insn)
{
	bool value =
		insn->src_reg == BPF_PSEUDO_MAP_VALUE || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
	const struct vf_map *map = NULL;
	int fd, err = fd_of(env, insn, &fd);

	if (err)
		return err;
	err = env->resolver->map_by_fd(env->resolver->ctx, fd, &map);
	if (err) /* E2BIG: the boundary holds no more of them than a program may have */
		return vf_reject(env,
				 err == -EBADF   ? KF_BAD_MAP_FD
				 : err == -E2BIG ? KF_TOO_MANY_MAPS
						 : KF_NOT_A_MAP,
				 "file descriptor %d", fd);
	env->info[env->insn_idx].map = map;
	env->facts->insn[env->insn_idx].map = map;
	err = check_map_prog(env, map);
	if (!err && value)
		err = check_direct_value(env, map, insn[1].imm);
	return err ? err : add_map(env, map);
}

/* The records may call the main function static; then its address leads to recursion, which ends elsewhere. */
static bool main_is_static(const struct vf_env *env)
{
	uint32_t id = env->subprog[0].func_id;
	const struct btf_type *func = id ? btf_type(env->prog->btf, id) : NULL;

	return func && btf_type_vlen(func) == BTF_FUNC_STATIC;
}

static int resolve_func(struct vf_env *env)
{
	int target = env->info[env->insn_idx].target;

	if (target < 0 || (target == 0 && !main_is_static(env)) || !env->prog->func_info_cnt ||
	    env->subprog[target].is_global)
		return vf_reject(env, KF_CALLBACK_NOT_STATIC, "the address of %s is taken",
				 target == 0 ? "the main function"
				 : target > 0 && env->subprog[target].is_global
					 ? "a global function"
					 : "something without a function record");
	return 0;
}

/* kind 3: a variable or function of the kernel, by BTF id */
static int resolve_btf(struct vf_env *env, const struct bpf_insn *insn)
{
	const struct btf_obj *btf = env->kernel->btf;
	const struct btf_type *t;
	bool is_module;

	if (insn[1].imm) {
		int err =
			env->resolver->btf_by_fd(env->resolver->ctx, insn[1].imm, &btf, &is_module);

		if (err)
			return vf_reject(env, KF_KSYM_BTF, "file descriptor %d is no BTF",
					 insn[1].imm);
	}
	t = btf_type(btf, insn->imm);
	if (!t || insn->imm == 0)
		return vf_reject(env, KF_KSYM_ID, "BTF id %d", insn->imm);
	if (btf_type_kind(t) != BTF_KIND_VAR && btf_type_kind(t) != BTF_KIND_FUNC)
		return vf_reject(env, KF_KSYM_KIND, "BTF id %d is %s", insn->imm,
				 btf_type_name(btf, insn->imm));
	env->info[env->insn_idx].ksym_btf = btf;
	return 0;
}

static bool is_percpu_var(const struct btf_obj *btf, uint32_t id)
{
	int32_t sec = btf_find_own(btf, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *t = sec < 0 ? NULL : btf_type(btf, sec);
	const struct btf_var_secinfo *v = t ? (const struct btf_var_secinfo *)(t + 1) : NULL;

	for (uint32_t i = 0; t && i < btf_type_vlen(t); i++)
		if (v[i].type == id)
			return true;
	return false;
}

int vf_imm64_btf_var(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst)
{
	const struct btf_obj *btf = env->info[env->insn_idx].ksym_btf;
	const struct btf_type *t = btf_type(btf, insn->imm), *of;
	uint32_t id;
	int64_t size;

	if (btf_type_kind(t) == BTF_KIND_FUNC) {
		vf_reg_pointer(dst, VF_MEM, VF_RDONLY);
		return 0;
	}
	of = btf_skip_mods(btf, t->type, &id);
	if (is_percpu_var(btf, insn->imm) || (of && btf_is_struct(of))) {
		vf_reg_pointer(dst, VF_BTF_ID, is_percpu_var(btf, insn->imm) ? VF_PERCPU : 0);
		dst->btf = btf;
		dst->type_id = id;
		return 0;
	}
	size = btf_type_size(btf, id);
	vf_reg_pointer(dst, VF_MEM, VF_RDONLY);
	dst->mem_size = size < 0 ? 0 : size;
	return 0;
}

static int resolve_ldimm64(struct vf_env *env, uint32_t i)
{
	const struct bpf_insn *insn = &env->prog->insns[i];

	if (i + 1 >= env->prog->n_insns || insn->off || isa_check_second_half(insn) != ISA_OK)
		return vf_reject(env, KF_BAD_LDIMM64,
				 "the second half is missing or holds more than "
				 "the upper 32 bits");
	env->info[i + 1].is_imm64_second = true;
	switch (insn->src_reg) {
	case 0:
		return 0;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		return resolve_map(env, insn);
	case BPF_PSEUDO_BTF_ID:
		return resolve_btf(env, insn);
	case BPF_PSEUDO_FUNC:
		return resolve_func(env);
	default:
		return vf_reject(env, KF_BAD_LDIMM64, "unknown kind %u", insn->src_reg);
	}
}

/* the fields that count even in dead code (R2.2) */
static int check_always(struct vf_env *env, const struct bpf_insn *insn)
{
	const struct isa_insn *row = isa_lookup(insn);
	uint8_t class = BPF_CLASS(insn->code);
	enum isa_field bad;

	if (!row || row->since > env->kernel->version)
		return vf_reject(env, KF_BAD_OPCODE, "operation code 0x%02x", insn->code);
	if (class != BPF_LDX && !vf_rule(env, RULE_UPFRONT_FIELD_CHECKS))
		return 0;
	bad = isa_check_fields(insn);
	if (bad == ISA_OK ||
	    ((bad == ISA_DST || bad == ISA_SRC) && !vf_rule(env, RULE_UPFRONT_FIELD_CHECKS)))
		return 0;
	return vf_reject(env, KF_RESERVED_FIELD, "a field that must be zero is not");
}

int vf_resolve_imm64(struct vf_env *env)
{
	for (uint32_t i = 0; i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];
		int err;

		env->insn_idx = i;
		if (isa_is_ldimm64(insn)) {
			err = resolve_ldimm64(env, i);
			i++;
		} else {
			err = check_always(env, insn);
		}
		if (err)
			return err;
	}
	return 0;
}
