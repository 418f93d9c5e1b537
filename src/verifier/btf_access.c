/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads and stores through typed pointers: kernel objects (kfunc spec 6.2, R6.4-R6.6), objects of the
 * program's own types (R8.18), and the members of map objects (verifier spec 6.4 CONST_MAP). What
 * lies at an offset is btf_walk_struct()'s, how far the result may be trusted vf_walk_flags()'s.
 */
#include "verifier/mem.h"

/* ---------------------------------------------------------------- writable kernel fields */

/*
 * Members that programs may set. A store starts at the member and stays inside of it, or lies
 * anywhere in it for those that are areas.
 */
struct writable_field {
	uint32_t prog_type;
	const char *ops; /* struct_ops: of this table only */
	const char *type;
	bool area;
	const char *path[5]; /* none: the whole object */
};

#define TCP_CA BPF_PROG_TYPE_STRUCT_OPS, "tcp_congestion_ops", "tcp_sock"
#define SCX    BPF_PROG_TYPE_STRUCT_OPS, "sched_ext_ops", "task_struct"

static const struct writable_field writable_fields[] = {
	{BPF_PROG_TYPE_SCHED_CLS, NULL, "nf_conn", false, {"mark"}},
	{BPF_PROG_TYPE_SCHED_ACT, NULL, "nf_conn", false, {"mark"}},
	{BPF_PROG_TYPE_XDP, NULL, "nf_conn", false, {"mark"}},
	{BPF_PROG_TYPE_SCHED_CLS, NULL, "nf_conn___init", false, {"ct", "mark"}},
	{BPF_PROG_TYPE_SCHED_ACT, NULL, "nf_conn___init", false, {"ct", "mark"}},
	{BPF_PROG_TYPE_XDP, NULL, "nf_conn___init", false, {"ct", "mark"}},
	{TCP_CA, false, {"inet_conn", "icsk_inet", "sk", "sk_pacing_rate"}},
	{TCP_CA, false, {"inet_conn", "icsk_inet", "sk", "sk_pacing_status"}},
	{TCP_CA, true, {"inet_conn", "icsk_ca_priv"}},
	{TCP_CA, false, {"inet_conn", "icsk_ack", "pending"}},
	{TCP_CA, false, {"snd_cwnd"}},
	{TCP_CA, false, {"snd_cwnd_cnt"}},
	{TCP_CA, false, {"snd_cwnd_stamp"}},
	{TCP_CA, false, {"snd_ssthresh"}},
	{TCP_CA, false, {"ecn_flags"}},
	{TCP_CA, false, {"app_limited"}},
	{BPF_PROG_TYPE_STRUCT_OPS, "bpf_dummy_ops", "bpf_dummy_ops_state", true, {NULL}},
	{SCX, true, {"scx", "slice"}},
	{SCX, true, {"scx", "dsq_vtime"}},
	{SCX, true, {"scx", "disallow"}},
};

static bool find_member(const struct btf_obj *btf, const struct btf_type *t, const char *name,
			uint32_t *off, uint32_t *type_id)
{
	const struct btf_member *m = btf_type_members(t);

	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		uint32_t bitfield;

		if (strcmp(btf_str(btf, m[i].name_off), name))
			continue;
		*off += btf_member_bits(t, i, &bitfield) / 8;
		*type_id = m[i].type;
		return !bitfield;
	}
	return false;
}

/* byte range of a member given by names, each in the struct of the one before */
static bool find_path(const struct btf_obj *btf, uint32_t id, const char *const *path,
		      uint32_t *off, int64_t *size)
{
	*off = 0;
	for (int i = 0; i < 5 && path[i]; i++) {
		const struct btf_type *t = btf_skip_mods(btf, id, NULL);

		if (!t || !btf_is_struct(t) || !find_member(btf, t, path[i], off, &id))
			return false;
	}
	*size = btf_type_size(btf, id);
	return *size > 0;
}

static int check_kernel_write(struct vf_env *env, const struct vf_reg *r, int64_t at, uint32_t size)
{
	const char *name = btf_type_name(r->btf, r->type_id);

	for (size_t i = 0; i < sizeof(writable_fields) / sizeof(writable_fields[0]); i++) {
		const struct writable_field *w = &writable_fields[i];
		uint32_t off;
		int64_t len;

		if (w->prog_type != vf_prog_type(env) || strcmp(w->type, name) ||
		    (w->ops && (!env->attach.ops_name || strcmp(w->ops, env->attach.ops_name))))
			continue;
		if (find_path(r->btf, r->type_id, w->path, &off, &len) &&
		    (w->area ? at >= off : at == off) && at + size <= (int64_t)off + len)
			return 0;
	}
	return vf_reject(env, KF_BTF_WRITE, "a store to offset %lld of struct %s", (long long)at,
			 name);
}

/* ---------------------------------------------------------------- walking */

static int bad_walk(struct vf_env *env, const char *name, int64_t at, uint32_t size,
		    enum btf_walk_kind kind)
{
	switch (kind) {
	case BTF_WALK_HOLE:
		return vf_reject(env, KF_BTF_HOLE,
				 "%u bytes at offset %lld of struct %s are no member", size,
				 (long long)at, name);
	case BTF_WALK_PARTIAL_PTR:
		return vf_reject(env, KF_BTF_OOB,
				 "%u bytes at offset %lld of struct %s are part of a pointer", size,
				 (long long)at, name);
	default:
		return vf_reject(env, KF_BTF_OOB, "%u bytes at offset %lld do not fit in struct %s",
				 size, (long long)at, name);
	}
}

/* the pointer member that was found becomes the destination of the load */
static void load_member(struct vf_env *env, const struct vf_reg *from, const struct btf_obj *btf,
			const struct btf_walk *w, const struct vf_mem_access *m)
{
	const struct btf_type *t;
	struct vf_reg *dst;
	bool maybe_null = false;
	uint16_t flags;
	uint32_t id = 0;

	t = btf_pointee(btf, w->type_id, &id);
	if (t && btf_is_struct(t)) {
		if (from->flags & VF_ALLOC) { /* a stored pointer cannot become typed again */
			vf_load_unknown(env, m);
			return;
		}
		flags = vf_walk_flags(env, from, btf, w, &maybe_null);
		if (maybe_null)
			flags |= VF_MAYBE_NULL;
		dst = vf_load_pointer(env, m, VF_BTF_ID, flags);
		dst->btf = btf;
		dst->type_id = id;
		return;
	}
	if (!vf_rule(env, RULE_UNTRUSTED_MEM_WALK)) {
		vf_load_unknown(env, m);
		return;
	}
	vf_load_pointer(env, m, VF_MEM, VF_RDONLY | VF_UNTRUSTED);
}

static int walk(struct vf_env *env, const struct vf_reg *from, int64_t at,
		const struct vf_mem_access *m)
{
	const struct btf_obj *btf = from->btf;
	struct btf_walk w;

	btf_walk_struct(btf, from->type_id, (uint32_t)at, m->size, &w);
	if (w.kind != BTF_WALK_SCALAR && w.kind != BTF_WALK_PTR)
		return bad_walk(env, btf_type_name(btf, from->type_id), at, m->size, w.kind);
	if (!(m->access & VF_READ) || m->value_regno < 0)
		return 0;
	if (w.kind == BTF_WALK_PTR && m->size == 8 && !m->sign_extend)
		load_member(env, from, btf, &w, m);
	else
		vf_load_unknown(env, m);
	return 0;
}

/* ---------------------------------------------------------------- map objects */

/* the kernel's struct behind each type of map */
static const char *const map_struct[] = {
	[BPF_MAP_TYPE_HASH] = "bpf_htab",
	[BPF_MAP_TYPE_ARRAY] = "bpf_array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "bpf_array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "bpf_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "bpf_htab",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "bpf_array",
	[BPF_MAP_TYPE_STACK_TRACE] = "bpf_stack_map",
	[BPF_MAP_TYPE_CGROUP_ARRAY] = "bpf_array",
	[BPF_MAP_TYPE_LRU_HASH] = "bpf_htab",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "bpf_htab",
	[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "bpf_array",
	[BPF_MAP_TYPE_HASH_OF_MAPS] = "bpf_htab",
	[BPF_MAP_TYPE_DEVMAP] = "bpf_dtab",
	[BPF_MAP_TYPE_SOCKMAP] = "bpf_stab",
	[BPF_MAP_TYPE_CPUMAP] = "bpf_cpu_map",
	[BPF_MAP_TYPE_XSKMAP] = "xsk_map",
	[BPF_MAP_TYPE_SOCKHASH] = "bpf_shtab",
	[BPF_MAP_TYPE_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = "reuseport_array",
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
	[BPF_MAP_TYPE_QUEUE] = "bpf_queue_stack",
	[BPF_MAP_TYPE_STACK] = "bpf_queue_stack",
	[BPF_MAP_TYPE_SK_STORAGE] = "bpf_local_storage_map",
	[BPF_MAP_TYPE_DEVMAP_HASH] = "bpf_dtab",
	[BPF_MAP_TYPE_STRUCT_OPS] = "bpf_struct_ops_map",
	[BPF_MAP_TYPE_RINGBUF] = "bpf_ringbuf_map",
	[BPF_MAP_TYPE_INODE_STORAGE] = "bpf_local_storage_map",
	[BPF_MAP_TYPE_TASK_STORAGE] = "bpf_local_storage_map",
	[BPF_MAP_TYPE_BLOOM_FILTER] = "bpf_bloom_filter",
	[BPF_MAP_TYPE_USER_RINGBUF] = "bpf_ringbuf_map",
	[32 /* CGRP_STORAGE, newer than some headers */] = "bpf_local_storage_map",
	[33 /* ARENA */] = "bpf_arena",
};

static int map_object_access(struct vf_env *env, const struct vf_reg *r,
			     const struct vf_mem_access *m)
{
	uint32_t type = r->map->type;
	const char *name =
		type < sizeof(map_struct) / sizeof(map_struct[0]) ? map_struct[type] : NULL;
	int64_t at = (int64_t)r->off + m->off;
	struct vf_reg object;
	int32_t id;
	int err;

	if (m->access & VF_WRITE)
		return vf_reject(env, KF_BTF_WRITE, "a store to the map object %s", r->map->name);
	if (env->kernel->live) /* its maps have the common part only */
		name = "bpf_map";
	id = name ? btf_find(env->kernel->btf, name, BTF_KIND_STRUCT) : -ENOENT;
	if (id < 0)
		return vf_reject(env, KF_MAP_OBJECT_TYPE,
				 "nothing is known of the members of map %s", r->map->name);
	if (at < 0)
		return vf_reject(env, KF_BTF_OOB, "%u bytes before map %s", m->size, r->map->name);
	err = vf_check_fixed(env, r, "a map object");
	if (err)
		return err;
	vf_reg_pointer(&object, VF_BTF_ID, 0);
	object.btf = env->kernel->btf;
	object.type_id = (uint32_t)id;
	vf_fact(env)->base = VFA_MAP_PTR;
	return walk(env, &object, at, m);
}

/* ---------------------------------------------------------------- objects */

static int check_alloc(struct vf_env *env, const struct vf_reg *r, int64_t at, uint32_t size)
{
	const struct btf_fields *f = vf_reg_fields(env, r);
	const struct btf_field *hit = vf_field_touched(f, at, at + size);

	if (!hit)
		return 0;
	return vf_reject(env, KF_SPECIAL_FIELD_ACCESS,
			 "the access touches the special field at offset %u of struct %s", hit->off,
			 btf_type_name(r->btf, r->type_id));
}

int vf_btf_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg r = vf_regs(env)[regno]; /* a copy: a load may overwrite it */
	int64_t at = (int64_t)r.off + m->off;
	bool alloc = r.flags & VF_ALLOC, write = m->access & VF_WRITE;
	int err;

	if (r.base == VF_CONST_MAP)
		return map_object_access(env, &r, m);
	if (!env->privileged)
		return vf_reject(env, KF_NEED_CAP, "kernel objects are read without CAP_PERFMON");
	if (!env->gpl && !alloc)
		return vf_reject(env, KF_NEED_GPL, "kernel objects are for programs under the GPL");
	err = vf_check_fixed(env, &r, "a kernel object");
	if (err)
		return err;
	if (at < 0)
		return vf_reject(env, KF_BTF_OOB, "%u bytes before struct %s", m->size,
				 btf_type_name(r.btf, r.type_id));
	if (r.flags & (VF_USER | VF_PERCPU))
		return vf_reject(env, KF_BTF_ADDRESS_SPACE, "r%u points to %s memory", regno,
				 r.flags & VF_USER ? "user" : "per-CPU");
	if (write && !alloc)
		return check_kernel_write(env, &r, at, m->size);
	if (write && (r.flags & VF_UNTRUSTED))
		return vf_reject(env, KF_BTF_WRITE,
				 "a store through an untrusted pointer to struct %s",
				 btf_type_name(r.btf, r.type_id));
	if (alloc) {
		err = check_alloc(env, &r, at, m->size);
		if (err)
			return err;
	}
	if (m->access & VF_READ) {
		struct vf_insn_fact *fact = vf_fact(env);

		fact->base = VFA_BTF;
		if (!(r.flags & (VF_TRUSTED | VF_RCU | VF_ALLOC)) || (r.flags & VF_UNTRUSTED))
			fact->flags |= VFI_PROBE_LOAD;
	}
	return walk(env, &r, at, m);
}
