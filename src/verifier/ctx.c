/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads and stores through the context pointer (verifier spec section 11). Most program types have a
 * table of fields (kernel_ctx_access()); the typed ones take an array of 64-bit arguments described
 * by a BTF prototype (11.4), where trust comes from the kind of attach point (kfunc spec 6.1).
 *
 * Of a traced BPF program only the context's pointer is more than a number, and only where the
 * kernel's struct behind it is known.
 */
#include <stdio.h>

#include "contract/registry.h"
#include "verifier/mem.h"

/* ---------------------------------------------------------------- arguments of iterators */

/*
 * What the kernel declares for the arguments of its iterators, by position; the first is always the
 * trusted meta data. Arguments of iterators not listed may be NULL and are not trusted.
 */
enum iter_arg { ITER_LEGACY_NULL, ITER_TRUSTED, ITER_TRUSTED_NULL, ITER_BUF_NULL, ITER_RDBUF_NULL };

struct iter_args {
	const char *target;
	uint8_t arg[4];
};

static const struct iter_args iter_args[] = {
	{"task", {ITER_TRUSTED, ITER_TRUSTED_NULL}},
	{"bpf_map", {ITER_TRUSTED, ITER_TRUSTED_NULL}},
	{"cgroup", {ITER_TRUSTED, ITER_TRUSTED_NULL}},
	{"tcp", {ITER_TRUSTED, ITER_TRUSTED_NULL, ITER_TRUSTED}},
	{"udp", {ITER_TRUSTED, ITER_TRUSTED_NULL, ITER_TRUSTED}},
	{"kmem_cache", {ITER_TRUSTED, ITER_TRUSTED_NULL}},
	{"dmabuf", {ITER_TRUSTED, ITER_TRUSTED_NULL}},
	{"bpf_map_elem", {ITER_TRUSTED, ITER_TRUSTED, ITER_RDBUF_NULL, ITER_BUF_NULL}},
	{"bpf_sk_storage_map", {ITER_TRUSTED, ITER_TRUSTED, ITER_LEGACY_NULL, ITER_BUF_NULL}},
	{"sockmap", {ITER_TRUSTED, ITER_TRUSTED, ITER_RDBUF_NULL, ITER_LEGACY_NULL}},
};

static enum iter_arg iter_arg(const char *target, uint32_t idx)
{
	if (!idx)
		return ITER_TRUSTED;
	for (size_t i = 0; target && i < sizeof(iter_args) / sizeof(iter_args[0]); i++)
		if (!strcmp(iter_args[i].target, target) && idx < 4)
			return (enum iter_arg)iter_args[i].arg[idx];
	return ITER_LEGACY_NULL;
}

/* ---------------------------------------------------------------- typed arguments: 11.4 */

#define MAX_ARGS 12

struct slot_type {
	uint32_t arg;     /* index in the prototype */
	uint32_t type_id; /* declared type */
	bool is_ret;
	bool whole; /* the slot is the first of its parameter */
};

static int no_slot(struct vf_env *env, int64_t off)
{
	return vf_reject(env, KF_CTX_ACCESS, "%s has no argument at offset %lld of its context",
			 env->attach.name ? env->attach.name : "the attach point", (long long)off);
}

/* R11.2: which parameter is in slot i; structs by value take as many slots as they need */
static bool find_slot(const struct vf_attach *at, const struct btf_type *proto, uint32_t slot,
		      struct slot_type *res)
{
	const struct btf_param *p = btf_type_params(proto);
	uint32_t n = btf_type_vlen(proto), first = 0;

	for (uint32_t i = at->first_arg; i < n; i++) {
		int64_t size = btf_type_size(at->btf, p[i].type);
		uint32_t slots = size > 8 ? (uint32_t)((size + 7) / 8) : 1;

		if (slot < first + slots) {
			*res = (struct slot_type){.arg = i,
						  .type_id = p[i].type,
						  .whole = slot == first};
			return true;
		}
		first += slots;
	}
	if (slot != first)
		return false;
	*res = (struct slot_type){.type_id = proto->type, .is_ret = true, .whole = true};
	return true;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && !strcmp(s + a - b, suffix);
}

/* The name of a parameter of a function that is there for the names alone, "" without one. */
static const char *named_param(const struct vf_attach *at, const char *name, uint32_t arg)
{
	const struct btf_type *t;
	int32_t id;

	id = btf_find(at->btf, name, BTF_KIND_FUNC);
	if (id < 0)
		return "";
	t = btf_type(at->btf, btf_type(at->btf, (uint32_t)id)->type);
	if (!t || btf_type_kind(t) != BTF_KIND_FUNC_PROTO || arg >= btf_type_vlen(t))
		return "";
	return btf_str(at->btf, btf_type_params(t)[arg].name_off);
}

/* struct_ops: the parameter's name in the stub function says more than its type */
static const char *stub_param(const struct vf_attach *at, uint32_t arg)
{
	char name[256];

	if (!at->ops_name || !at->name)
		return "";
	snprintf(name, sizeof(name), "%s__%s", at->ops_name, at->name);
	return named_param(at, name, arg);
}

bool vf_ops_arg_marked(const struct vf_attach *at, uint32_t arg, const char *mark)
{
	return ends_with(stub_param(at, arg), mark);
}

/* R11.4: one reference for each argument that brings one, before the first instruction */
int vf_acquire_arg_refs(struct vf_env *env)
{
	struct vf_attach *at = &env->attach;
	const struct btf_type *proto = at->proto_id ? btf_type(at->btf, at->proto_id) : NULL;

	if (at->source != VF_ATTACH_STRUCT_OPS || !proto || !vf_rule(env, RULE_OPS_REF_ARGS))
		return 0;
	for (uint32_t i = 0; i < btf_type_vlen(proto) && i < MAX_ARGS; i++) {
		if (!vf_ops_arg_marked(at, i, "__ref"))
			continue;
		at->arg_ref[i] = vf_ref_acquire(env, VF_REF_PTR);
		if (!at->arg_ref[i])
			return env->report->err;
	}
	return 0;
}

/*
 * What the declaration of a tracepoint says of an argument beyond the kernel's table: a typedef's
 * parameters have no names, those of the function that runs the programs have. Of what modules
 * pass nothing is known, unless they declare it (contract_tracepoint).
 */
static bool tp_arg_nullable(const struct vf_env *env, uint32_t arg)
{
	const struct vf_attach *at = &env->attach;
	const struct btf_obj *owner = btf_owner(at->btf, at->type_id);
	char name[256];

	if (btf_base(owner) && !registry_tracepoint(env->kernel->registry, owner, at->type_id))
		return true;
	snprintf(name, sizeof(name), "__bpf_trace_%s", at->name);
	return ends_with(named_param(at, name, arg), "__nullable");
}

/* the return value's slot: who has it, and what is known of it */
static int load_result(struct vf_env *env, const struct btf_type *t, int64_t off,
		       const struct vf_mem_access *m, bool *done)
{
	const struct vf_attach *at = &env->attach;
	struct vf_reg *dst;

	*done = false;
	switch (at->source) {
	case VF_ATTACH_FEXIT:
	case VF_ATTACH_LSM_CGROUP:
	case VF_ATTACH_LSM:
		break;
	case VF_ATTACH_FMODRET:
		if (t && btf_is_scalar(t))
			break;
		return no_slot(env, off);
	default:
		return no_slot(env, off);
	}
	if (!t || btf_type_kind(t) == BTF_KIND_UNKN) { /* void: nothing is known of the slot */
		*done = true;
		vf_load_unknown(env, m);
		return 0;
	}
	if (at->source != VF_ATTACH_LSM || !vf_rule(env, RULE_LSM_RETVAL) || m->value_regno < 0)
		return 0;
	*done = true;
	dst = &vf_regs(env)[m->value_regno];
	vf_reg_unknown(dst);
	if (kernel_lsm_bool(env->kernel, at->name)) {
		dst->s.s32min = 0;
		dst->s.s32max = 1;
	} else {
		dst->s.s32min = -4095;
		dst->s.s32max = 0;
	}
	vf_scalar_sync(&dst->s);
	if (m->size < 8 && m->sign_extend)
		vf_scalar_cast_signed(&dst->s, m->size);
	else if (m->size < 8)
		vf_scalar_cast(&dst->s, m->size);
	dst->made_at = env->insn_idx;
	return 0;
}

/* kfunc spec 6.1; -1: the argument is a plain number */
static int arg_flags(struct vf_env *env, const struct slot_type *st)
{
	const struct vf_attach *at = &env->attach;
	int flags = 0;

	switch (at->source) {
	case VF_ATTACH_RAW_TP:
		flags = VF_TRUSTED;
		if (!vf_rule(env, RULE_TP_NULLABLE))
			return flags;
		switch (kernel_tp_arg(env->kernel, at->name, st->arg - at->first_arg)) {
		case TP_ARG_NULLABLE:
			return flags | VF_MAYBE_NULL;
		case TP_ARG_ERROR:
			return -1;
		default:
			break;
		}
		if (tp_arg_nullable(env, st->arg))
			flags |= VF_MAYBE_NULL;
		return flags;
	case VF_ATTACH_LSM:
	case VF_ATTACH_LSM_CGROUP:
		return kernel_lsm_untrusted(env->kernel, at->name) ? 0 : VF_TRUSTED;
	case VF_ATTACH_STRUCT_OPS:
		flags = VF_TRUSTED;
		if (vf_ops_arg_marked(at, st->arg, "__nullable"))
			flags |= VF_MAYBE_NULL;
		return flags;
	default:
		return 0;
	}
}

static int load_iter_arg(struct vf_env *env, const struct slot_type *st, uint32_t pointee,
			 bool is_struct, const struct vf_mem_access *m)
{
	static const uint16_t flags[] = {
		[ITER_LEGACY_NULL] = VF_MAYBE_NULL,
		[ITER_TRUSTED] = VF_TRUSTED,
		[ITER_TRUSTED_NULL] = VF_TRUSTED | VF_MAYBE_NULL,
		[ITER_BUF_NULL] = VF_MAYBE_NULL,
		[ITER_RDBUF_NULL] = VF_MAYBE_NULL | VF_RDONLY,
	};
	enum iter_arg kind = iter_arg(env->attach.name, st->arg);
	struct vf_reg *r;

	if (kind == ITER_BUF_NULL || kind == ITER_RDBUF_NULL) {
		vf_load_pointer(env, m, VF_BUF, flags[kind]);
		return 0;
	}
	if (!is_struct) {
		vf_load_unknown(env, m);
		return 0;
	}
	r = vf_load_pointer(env, m, VF_BTF_ID, flags[kind]);
	r->btf = env->attach.btf;
	r->type_id = pointee;
	return 0;
}

/* the operations of congestion control always work on TCP sockets */
static uint32_t refined_type(const struct vf_attach *at, uint32_t pointee)
{
	int32_t tcp;

	if (at->source != VF_ATTACH_STRUCT_OPS || !at->ops_name ||
	    strcmp(at->ops_name, "tcp_congestion_ops") ||
	    strcmp(btf_type_name(at->btf, pointee), "sock"))
		return pointee;
	tcp = btf_find(at->btf, "tcp_sock", BTF_KIND_STRUCT);
	return tcp < 0 ? pointee : (uint32_t)tcp;
}

/* R11.3: what the traced program got as its context is the kernel's own struct behind it */
static int load_target_ptr(struct vf_env *env, const struct slot_type *st, int64_t off,
			   const struct vf_mem_access *m)
{
	const struct vf_attach *at = &env->attach;
	const struct kernel_prog_type *of = kernel_prog_type(env->kernel, at->target->place_type);
	const struct btf_type *ptr = btf_skip_mods(at->btf, st->type_id, NULL);
	const struct btf_type *to = btf_pointee(at->btf, st->type_id, NULL);
	struct vf_reg *r;
	int32_t id;

	if (!to || btf_type_kind(to) == BTF_KIND_UNKN || btf_type_kind(to) == BTF_KIND_INT) {
		vf_load_unknown(env, m);
		return 0;
	}
	if (!of || !vf_is_ctx_of(of, at->btf, ptr->type))
		return no_slot(env, off);
	id = of->kernel_ctx[0] ? btf_find(env->kernel->btf, of->kernel_ctx, BTF_KIND_STRUCT)
			       : -ENOENT;
	if (id < 0)
		return vf_unsupported(env, "contexts of traced BPF programs of this type");
	r = vf_load_pointer(env, m, VF_BTF_ID, 0);
	r->btf = btf_owner(env->kernel->btf, (uint32_t)id);
	r->type_id = (uint32_t)id;
	return 0;
}

/*
 * A traced function whose callers pass other things than it declares: five numbers and its result. Where
 * nobody knows whether they do, what holds either way: the numbers that it declares.
 */
static int untyped_access(struct vf_env *env, int64_t off, const struct vf_mem_access *m)
{
	const struct vf_attach *at = &env->attach;
	const struct btf_type *proto, *t, *to;
	struct slot_type st;

	if (off / 8 > (at->source == VF_ATTACH_FEXIT ? 5 : 4))
		return no_slot(env, off);
	if (at->fit == VF_BTF_UNKNOWN) {
		proto = btf_type(at->btf, at->proto_id);
		if (!find_slot(at, proto, (uint32_t)off / 8, &st) ||
		    (st.is_ret && at->source != VF_ATTACH_FEXIT))
			return vf_unsupported(env, "undeclared arguments of a traced BPF program");
		t = btf_skip_mods(at->btf, st.type_id, NULL);
		to = btf_pointee(at->btf, st.type_id, NULL);
		if (!(t && btf_is_scalar(t)) &&
		    !(to && (m->size == 8) &&
		      (btf_type_kind(to) == BTF_KIND_UNKN || btf_type_kind(to) == BTF_KIND_INT)))
			return vf_unsupported(env, "pointer arguments of a traced BPF program");
	}
	vf_load_unknown(env, m);
	return 0;
}

/* R11.3 */
static int load_arg(struct vf_env *env, const struct slot_type *st, int64_t off,
		    const struct vf_mem_access *m)
{
	const struct vf_attach *at = &env->attach;
	const struct btf_type *t = btf_skip_mods(at->btf, st->type_id, NULL), *to;
	uint32_t pointee = 0, ref = 0;
	struct vf_reg *r;
	int flags;

	if (!st->whole || !t)
		return no_slot(env, off);
	if (btf_is_scalar(t) || btf_is_struct(t)) {
		int64_t size = btf_type_size(at->btf, st->type_id);

		if (btf_is_scalar(t) && (size < 0 || size > 8))
			return no_slot(env, off);
		vf_load_unknown(env, m);
		return 0;
	}
	if (!btf_is_ptr(t))
		return no_slot(env, off);
	if (m->size != 8)
		return vf_reject(env, KF_CTX_ACCESS, "%u bytes of a pointer argument", m->size);
	if (m->value_regno < 0)
		return 0;
	to = btf_pointee(at->btf, st->type_id, &pointee);
	if (at->source == VF_ATTACH_ITER)
		return load_iter_arg(env, st, pointee, to && btf_is_struct(to), m);
	if (at->target)
		return load_target_ptr(env, st, off, m);
	/* to void, a number, a function or a pointer: no more than a number here */
	if (!to || !btf_is_struct(to)) {
		vf_load_unknown(env, m);
		return 0;
	}
	flags = arg_flags(env, st);
	if (env->report->err)
		return env->report->err;
	if (flags < 0) {
		vf_load_unknown(env, m);
		return 0;
	}
	if (st->arg < MAX_ARGS && at->arg_ref[st->arg]) { /* R11.5: copies of one reference */
		ref = at->arg_ref[st->arg];
		if (!vf_ref_held(env->cur, ref))
			return vf_reject(env, KF_CTX_ACCESS,
					 "the reference of parameter %u was given up", st->arg + 1);
	}
	if (btf_ptr_has_tag(at->btf, st->type_id, "user"))
		flags |= VF_USER;
	if (btf_ptr_has_tag(at->btf, st->type_id, "percpu"))
		flags |= VF_PERCPU;
	if (at->source == VF_ATTACH_RAW_TP && !(flags & VF_MAYBE_NULL))
		env->facts->nonnull_args |= (uint16_t)(1u << off / 8);
	r = vf_load_pointer(env, m, VF_BTF_ID, (uint16_t)flags);
	r->btf = at->btf;
	r->type_id = refined_type(at, pointee);
	r->ref_id = ref;
	return 0;
}

static int typed_access(struct vf_env *env, int64_t off, const struct vf_mem_access *m)
{
	const struct vf_attach *at = &env->attach;
	const struct btf_type *proto = at->proto_id ? btf_type(at->btf, at->proto_id) : NULL;
	struct slot_type st;
	bool done;
	int err;

	if (m->access & VF_WRITE)
		return vf_reject(env, KF_CTX_ACCESS, "the arguments of a %s program are read-only",
				 env->ptype->name);
	if (off < 0 || off >= 12 * 8 || off % 8)
		return no_slot(env, off);
	if (at->target && at->fit != VF_BTF_RELIABLE)
		return untyped_access(env, off, m);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO ||
	    !find_slot(at, proto, (uint32_t)off / 8, &st))
		return no_slot(env, off);
	if (env->facts->max_ctx_offset < off + m->size)
		env->facts->max_ctx_offset = (uint32_t)(off + m->size);
	if (st.is_ret) {
		const struct btf_type *t =
			st.type_id ? btf_skip_mods(at->btf, st.type_id, NULL) : NULL;

		err = load_result(env, t, off, m, &done);
		if (err || done)
			return err;
	}
	return load_arg(env, &st, off, m);
}

/* ---------------------------------------------------------------- contexts with a table */

struct ctx_result {
	uint8_t base;
	uint16_t flags;
};

static const struct ctx_result result_of[] = {
	[CTX_SCALAR] = {VF_SCALAR, 0},
	[CTX_PACKET] = {VF_PACKET, 0},
	[CTX_PACKET_END] = {VF_PACKET_END, 0},
	[CTX_PACKET_META] = {VF_PACKET_META, 0},
	[CTX_SOCKET] = {VF_SOCKET, 0},
	[CTX_SOCKET_OR_NULL] = {VF_SOCKET, VF_MAYBE_NULL},
	[CTX_SOCK_COMMON_OR_NULL] = {VF_SOCK_COMMON, VF_MAYBE_NULL},
	[CTX_FLOW_KEYS] = {VF_FLOW_KEYS, 0},
	[CTX_TP_BUFFER] = {VF_TP_BUFFER, 0},
	[CTX_BTF_TRUSTED] = {VF_BTF_ID, VF_TRUSTED},
	[CTX_BTF_TRUSTED_OR_NULL] = {VF_BTF_ID, VF_TRUSTED | VF_MAYBE_NULL},
	[CTX_BUF_RDONLY_OR_NULL] = {VF_BUF, VF_MAYBE_NULL | VF_RDONLY},
	[CTX_BUF_OR_NULL] = {VF_BUF, VF_MAYBE_NULL},
};

/* The member of the context's struct at off, "" if the kernel's types do not tell. */
static const char *field_name(const struct vf_env *env, int64_t off)
{
	const struct btf_obj *btf = env->kernel->btf;
	const char *name = env->ptype->user_ctx, *found = "";
	int32_t id = name[0] ? btf_find(btf, name, BTF_KIND_STRUCT) : -ENOENT;
	const struct btf_type *t = id < 0 ? NULL : btf_type(btf, (uint32_t)id);

	for (uint32_t i = 0; t && off >= 0 && i < btf_type_vlen(t); i++) {
		const struct btf_member *m = &btf_type_members(t)[i];
		uint32_t bits, at = btf_member_bits(t, i, &bits) / 8;
		const struct btf_type *inner = btf_type(btf, m->type);

		if (at > off)
			break;
		if (off >= at + btf_type_size(btf, m->type))
			continue;
		found = btf_str(btf, m->name_off);
		/* pointers are wrapped into unions to have 64 bits everywhere */
		if (!found[0] && inner && btf_type_kind(inner) == BTF_KIND_UNION)
			found = btf_str(btf, btf_type_members(inner)[0].name_off);
	}
	return found;
}

static int refuse_field(struct vf_env *env, int64_t off, uint32_t size, bool write)
{
	const char *name = field_name(env, off);

	if (!name[0])
		return vf_reject(env, KF_CTX_ACCESS,
				 "%s programs cannot %s %u bytes at offset %lld of their context",
				 env->ptype->name, write ? "write" : "read", size, (long long)off);
	return vf_reject(env, KF_CTX_ACCESS,
			 "%s programs cannot %s %s (%u bytes at offset %lld of struct %s)",
			 env->ptype->name, write ? "write" : "read", name, size, (long long)off,
			 env->ptype->user_ctx);
}

static int table_access(struct vf_env *env, int64_t off, const struct vf_mem_access *m)
{
	struct kernel_ctx_result res = {.kind = CTX_SCALAR};
	bool write = m->access & VF_WRITE;
	struct vf_reg *r;
	int32_t id;

	if (off < 0 || off > UINT16_MAX ||
	    kernel_ctx_access(env->kernel, &env->place, (uint32_t)off, m->size, write,
			      m->sign_extend, &res))
		return refuse_field(env, off, m->size, write);
	if (env->facts->max_ctx_offset < off + m->size)
		env->facts->max_ctx_offset = (uint32_t)(off + m->size);
	vf_fact(env)->base = VFA_CTX;
	if (write || m->value_regno < 0)
		return 0;
	if (res.kind == CTX_SCALAR) {
		vf_load_unknown(env, m);
		return 0;
	}
	r = vf_load_pointer(env, m, (enum vf_base)result_of[res.kind].base,
			    result_of[res.kind].flags);
	if (r->base != VF_BTF_ID)
		return 0;
	id = res.btf_name ? btf_find(env->kernel->btf, res.btf_name, BTF_KIND_STRUCT) : -ENOENT;
	if (id < 0)
		return vf_reject(env, KF_CTX_ACCESS,
				 "this kernel has no struct %s, the type of a field",
				 res.btf_name ? res.btf_name : "?");
	r->btf = btf_owner(env->kernel->btf, (uint32_t)id);
	r->type_id = (uint32_t)id;
	return 0;
}

/* 7.2: contexts that need no rewriting may be addressed through a moved pointer */
static bool may_move(const struct vf_env *env)
{
	if (!vf_rule(env, RULE_CTX_CONST_OFFSET))
		return false;
	switch (vf_prog_type(env)) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_TRACING:
		return true;
	default:
		return false;
	}
}

int vf_ctx_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int64_t off = m->off;
	bool typed = env->attach.source != VF_ATTACH_NONE && env->attach.source != VF_ATTACH_EXT;

	if (r->off || !vf_reg_fixed_off(r)) {
		vf_note(env, r->made_at, "the context pointer is moved here");
		if (r->s.t.m)
			return vf_reject(env, KF_CTX_MODIFIED,
					 "the context is accessed at a variable offset");
		if (!may_move(env))
			return vf_reject(
				env, KF_CTX_MODIFIED,
				"the context is accessed through a pointer that was moved by %lld",
				(long long)(r->off + (int64_t)r->s.t.v));
		off += r->off + (int64_t)r->s.t.v;
	}
	return typed ? typed_access(env, off, m) : table_access(env, off, m);
}
