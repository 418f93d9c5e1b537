/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arguments of kernel functions: a walk over the contract's rows (kfunc spec section 3). What the
 * declaration alone decides is in the row's kind; what depends on the register (C2, C19-C22: kernel
 * object or plain memory) is decided here, then trust (3.4), offset (3.5) and the kind's own check
 * (3.6), type match (R3.12-R3.14).
 */
#include <stdio.h>

#include "verifier/kfunc_args.h"

struct karg {
	struct vf_call *c;
	const struct contract_arg *a;
	uint32_t i; /* from 0 */
	uint32_t regno;
	bool skip_next; /* the size parameter was dealt with here */
};

static const struct vf_reg *karg_reg(struct vf_env *env, const struct karg *x)
{
	return &vf_regs(env)[x->regno];
}

static int reject_kind(struct vf_env *env, const struct karg *x, enum diag_code code,
		       const char *wants)
{
	const struct vf_reg *r = karg_reg(env, x);
	char have[96];

	if (r->base == VF_SCALAR && r->gone_at && !(r->gone_at & VF_LAPSED) &&
	    diag_row(code)->err == EINVAL) {
		vf_note(env, r->gone_at, "the object is given away here");
		return vf_reject(env, KF_ARG_RELEASED,
				 "parameter %s of %s() wants %s, R%u no longer points to one",
				 x->a->name, x->c->kfunc->name, wants, x->regno);
	}
	vf_note_made(env, r, "the value is made here");
	return vf_reject(env, code, "parameter %s of %s() wants %s, R%u is %s", x->a->name,
			 x->c->kfunc->name, wants, x->regno,
			 vf_reg_describe(env, r, have, sizeof(have)));
}

/* R5.8, R5.2: does this call want trusted (or, with KF_RCU, RCU) arguments? */
static bool wants_trust(const struct vf_env *env, const struct vf_call *c)
{
	if (vf_rule(env, RULE_KFUNC_TRUSTED_BY_DEFAULT))
		return true;
	if (c->flags & (KF_TRUSTED_ARGS | KF_RCU))
		return true;
	return (c->flags & KF_RELEASE) && vf_rule(env, RULE_RELEASE_TRUSTED);
}

/* ---------------------------------------------------------------- scalars (3.2) */

static int check_scalar(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base == VF_SCALAR)
		return 0;
	return reject_kind(env, x, KF_ARG_NOT_SCALAR, "a number");
}

static int need_const(struct vf_env *env, const struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);

	if (vf_reg_is_const(r))
		return 0;
	vf_note_made(env, r, "the number is made here");
	return vf_reject(env, KF_ARG_NOT_CONST,
			 "parameter %s of %s() in R%u is not a constant here", x->a->name,
			 x->c->kfunc->name, x->regno);
}

static int record_const(struct vf_env *env, struct karg *x)
{
	struct vf_call *c = x->c;
	int err = check_scalar(env, x);

	if (!err)
		err = need_const(env, x);
	if (err)
		return err;
	if (c->has_const)
		return vf_reject(env, KF_KFUNC_INTERNAL, "%s() takes two recorded constants",
				 c->kfunc->name);
	c->has_const = true;
	c->const_value = karg_reg(env, x)->s.t.v;
	return vf_mark_precise(env, x->regno);
}

static int check_ret_size(struct vf_env *env, struct karg *x)
{
	struct vf_call *c = x->c;
	int err = check_scalar(env, x);

	if (err)
		return err;
	if (c->has_ret_size)
		return vf_reject(env, KF_KFUNC_PROTO,
				 "%s() has two parameters for its result's size", c->kfunc->name);
	err = need_const(env, x);
	if (err)
		return err;
	if (karg_reg(env, x)->s.t.v > UINT32_MAX)
		return vf_reject(env, KF_ARG_NOT_CONST, "the size in R%u does not fit 32 bits",
				 x->regno);
	c->has_ret_size = true;
	c->ret_size = (uint32_t)karg_reg(env, x)->s.t.v;
	c->ret_rdonly = x->a->flags & CARGF_RET_RDONLY;
	return vf_mark_precise(env, x->regno);
}

/* ---------------------------------------------------------------- trust, offset, type */

static int check_trust(struct vf_env *env, const struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);
	const struct vf_call *c = x->c;

	if (!wants_trust(env, c)) {
		if (!(r->flags & (VF_UNTRUSTED | VF_MAYBE_NULL | VF_USER | VF_PERCPU)))
			return 0;
		return reject_kind(env, x, KF_ARG_NOT_TRUSTED, "a valid pointer");
	}
	if (vf_reg_trusted(env, r))
		return 0;
	if (!(c->flags & KF_RCU))
		return reject_kind(env, x, KF_ARG_NOT_TRUSTED, "a trusted pointer");
	if (r->flags & VF_RCU)
		return 0;
	/* loaded in a section, and still not protected: the usual advice was followed */
	if ((r->flags & VF_UNTRUSTED) && vf_in_rcu_cs(env))
		snprintf(env->report->help, sizeof(env->report->help),
			 "RCU keeps only some types valid, and what was loaded in this read "
			 "section: acquire the object, "
			 "or take it out of its map with bpf_kptr_xchg()");
	return reject_kind(env, x, KF_ARG_NOT_RCU, "a trusted or RCU protected pointer");
}

static int check_offset(struct vf_env *env, const struct karg *x, bool is_ctx)
{
	const struct vf_reg *r = karg_reg(env, x);
	bool any = x->a->kind == CARG_DYNPTR ||
		   (r->base == VF_CTX && !is_ctx && vf_prog_type(env) == BPF_PROG_TYPE_SYSCALL);

	if (r->base == VF_SCALAR)
		return 0;
	if (r->base == VF_NOT_INIT)
		return vf_check_reg_read(env, x->regno);
	return vf_check_arg_offset(env, x->regno, x->c->release_regno == x->regno, false, any);
}

/* types that stand for the verifier's own kinds of pointers */
static const char *mapped_type(enum vf_base b)
{
	switch (b) {
	case VF_SOCKET:
		return "sock";
	case VF_SOCK_COMMON:
		return "sock_common";
	case VF_TCP_SOCK:
		return "tcp_sock";
	case VF_CONST_MAP:
		return "bpf_map";
	default:
		return NULL;
	}
}

static bool projects(const char *want, const char *have)
{
	return (!strcmp(want, "__sk_buff") && !strcmp(have, "sk_buff")) ||
	       (!strcmp(want, "xdp_md") && !strcmp(have, "xdp_buff"));
}

static int check_type(struct vf_env *env, const struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);
	const struct kfunc_contract *k = x->c->kfunc;
	const struct btf_obj *btf = r->btf;
	const char *mapped = mapped_type(r->base);
	uint32_t id = r->type_id;
	int64_t off = vf_const_off(r);
	bool strict;

	if (mapped) {
		int32_t t = vf_kernel_type_id(env, mapped);

		btf = env->kernel->btf;
		id = t > 0 ? (uint32_t)t : 0;
		off = 0;
	}
	if (id == x->a->pointee_id && btf == k->btf && !off)
		return 0;
	strict = ((x->c->flags & KF_RELEASE) && r->ref_id && vf_reg_is_pointer(r)) ||
		 ((x->c->flags & KF_ACQUIRE) && vf_rule(env, RULE_STRICT_ACQUIRE)) ||
		 btf_is_nocast_alias(btf, id, k->btf, x->a->pointee_id);
	if (off >= 0 && off <= UINT32_MAX &&
	    btf_types_match(btf, id, (uint32_t)off, k->btf, x->a->pointee_id, strict))
		return 0;
	if (projects(x->a->pointee_name, btf_type_name(btf, id)))
		return 0;
	vf_note_made(env, r, "the pointer is made here");
	return vf_reject(env, KF_ARG_TYPE_MISMATCH,
			 "parameter %s of %s() wants a pointer to struct %s, R%u points to %s%s",
			 x->a->name, k->name, x->a->pointee_name, x->regno, btf_type_name(btf, id),
			 off ? " at an offset" : "");
}

/* BTF_ID: a kernel object (C19) */
static int check_object(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);
	const uint16_t safe = VF_ALLOC | VF_TRUSTED | VF_NON_OWN;
	int err;

	if (!(x->a->flags & CARGF_STRUCT_OK))
		return reject_kind(env, x, KF_ARG_TYPE, "plain memory");
	err = check_trust(env, x);
	if (!err)
		err = check_offset(env, x, false);
	if (err)
		return err;
	if (!mapped_type(r->base) && (r->flags & ~safe) && !(r->flags & VF_RCU))
		return reject_kind(env, x, KF_ARG_TYPE, "a pointer to a kernel object");
	if (r->flags & VF_MAYBE_NULL)
		return reject_kind(env, x, KF_ARG_MAYBE_NULL, "a pointer that is not NULL");
	return check_type(env, x);
}

/* ---------------------------------------------------------------- memory (C21) */

/* A register that may be NULL is checked as if it were not (3.6). */
static int check_memory(struct vf_env *env, const struct karg *x, struct vf_mem_arg *m,
			uint32_t size_regno)
{
	struct vf_reg *r = &vf_regs(env)[x->regno];
	bool maybe = r->flags & VF_MAYBE_NULL;
	int err;

	m->access = VF_READ | VF_WRITE;
	m->uninit = true;
	m->pkt_ok = env->ptype->pkt_write;
	if (maybe)
		r->flags &= ~VF_MAYBE_NULL;
	if (size_regno)
		err = vf_check_mem_size(env, x->regno, size_regno, m, true);
	else
		err = vf_check_mem_arg(env, x->regno, m);
	if (maybe)
		vf_regs(env)[x->regno].flags |= VF_MAYBE_NULL;
	return err;
}

static int check_mem_fixed(struct vf_env *env, struct karg *x)
{
	struct vf_mem_arg m = {.size = x->a->size};

	if (vf_reg_is_null(karg_reg(env, x)))
		return 0;
	if (!x->a->size)
		return vf_reject(env, KF_KFUNC_PROTO,
				 "the size of parameter %s of %s() is not known", x->a->name,
				 x->c->kfunc->name);
	if (x->a->size > INT32_MAX)
		return vf_reject(env, KF_ARG_SIZE, "parameter %s of %s() is too large", x->a->name,
				 x->c->kfunc->name);
	return check_memory(env, x, &m, 0);
}

static int check_mem_sized(struct vf_env *env, struct karg *x)
{
	struct karg size = {x->c, x->a + 1, x->i + 1, x->regno + 1, false};
	struct vf_mem_arg m = {0};
	int err = 0;

	if (!vf_reg_is_null(karg_reg(env, x)) || !(x->a->flags & CARGF_NULLABLE))
		err = check_memory(env, x, &m, size.regno);
	x->skip_next = true;
	if (err || !(x->a->flags & CARGF_SIZE_NEXT_CONST))
		return err;
	return record_const(env, &size);
}

static bool size_follows(struct vf_env *env, const struct karg *x)
{
	return (x->a->flags & CARGF_SIZE_NEXT) && vf_regs(env)[x->regno + 1].base == VF_SCALAR;
}

/* ---------------------------------------------------------------- CARG_PTR: by the register */

static int check_ctx(struct vf_env *env, struct karg *x)
{
	int err = check_offset(env, x, true);

	if (!err && karg_reg(env, x)->base != VF_CTX)
		err = reject_kind(env, x, KF_ARG_CTX, "the program's context");
	return err;
}

static int check_ptr(struct vf_env *env, struct karg *x)
{
	const uint32_t objects =
		VF_B(BTF_ID) | VF_B(SOCKET) | VF_B(SOCK_COMMON) | VF_B(TCP_SOCK) | VF_B(CONST_MAP);
	const struct vf_reg *r = karg_reg(env, x);
	bool pair, is_void = !x->a->pointee_id;
	int err;

	if (env->info[env->insn_idx].kfunc_ctx_args & 1u << x->i)
		return check_ctx(env, x);
	pair = size_follows(env, x);
	/* C3; __opt only lifts the check of the memory, see check_mem_sized() */
	if ((x->a->flags & CARGF_NULLABLE) && !(x->a->flags & CARGF_OPT) && vf_reg_is_null(r) &&
	    (!pair || !vf_rule(env, RULE_NULLABLE_PAIR)))
		return 0;
	if (1u << r->base & objects)
		return check_object(env, x);
	if (!(x->a->flags & CARGF_MEM_OK) || (is_void && !pair))
		return reject_kind(env, x, KF_ARG_TYPE, "a pointer to a kernel object");
	err = check_offset(env, x, false);
	if (err)
		return err;
	return pair ? check_mem_sized(env, x) : check_mem_fixed(env, x);
}

/* ---------------------------------------------------------------- kinds by declaration */

/* A map as a kernel object, as iterators over maps hand it out */
static bool is_map_object(const struct vf_env *env, const struct vf_reg *r)
{
	return r->base == VF_BTF_ID && !vf_const_off(r) && vf_reg_fixed_off(r) &&
	       btf_same_type(r->btf, r->type_id, env->kernel->btf,
			     (uint32_t)vf_kernel_type_id(env, "bpf_map"));
}

static int check_map(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);
	const struct btf_fields *f;
	struct vf_call *c = x->c;

	if (!c->map && is_map_object(env, r))
		return check_trust(env, x);
	if (r->base != VF_CONST_MAP)
		return reject_kind(env, x, KF_ARG_MAP, "a map");
	f = r->map->fields;
	if (c->map && f && (f->mask & (BTF_FIELD_WORKQUEUE | BTF_FIELD_TASK_WORK)) &&
	    (c->map != r->map || c->map_uid != r->map_uid))
		return vf_reject(env, KF_MAP_OTHER,
				 "R%u is map %.16s, but the field given before lies in another one",
				 x->regno, r->map->name);
	c->map = r->map;
	c->map_uid = r->map_uid;
	return check_offset(env, x, false);
}

static int check_async_field(struct vf_env *env, struct karg *x)
{
	static const struct {
		uint8_t kind;
		uint32_t field;
		const char *name;
	} rows[] = {
		{CARG_WORKQUEUE, BTF_FIELD_WORKQUEUE, "bpf_wq"},
		{CARG_TIMER, BTF_FIELD_TIMER, "bpf_timer"},
		{CARG_TASK_WORK, BTF_FIELD_TASK_WORK, "bpf_task_work"},
	};
	const struct vf_reg *r = karg_reg(env, x);
	uint32_t i = 0;

	while (rows[i].kind != x->a->kind)
		i++;
	if (r->base != VF_MAP_VALUE || r->flags)
		return reject_kind(env, x, KF_ARG_TYPE, "a field of a map value");
	if (!vf_off_is_const(r))
		return vf_reject(env, KF_FIELD_OFFSET,
				 "R%u has no constant offset in its map value", x->regno);
	x->c->map_field = vf_field_at(r->map->fields, rows[i].field, vf_const_off(r));
	if (!x->c->map_field)
		return vf_reject(env, KF_FIELD_OFFSET,
				 "R%u does not point to the %s of a value of map %.16s", x->regno,
				 rows[i].name, r->map->name);
	x->c->map = r->map;
	x->c->map_uid = r->map_uid;
	return 0;
}

static int check_const_str(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);

	if (r->base != VF_MAP_VALUE || r->flags)
		return reject_kind(env, x, KF_ARG_TYPE, "a constant string");
	return vf_check_const_str(env, x->regno, NULL, NULL);
}

static int check_callback(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base != VF_FUNC)
		return reject_kind(env, x, KF_ARG_CALLBACK, "a static function of the program");
	x->c->func_regno = x->regno;
	return 0;
}

/*
 * What only the kernel's own functions do (make a dynptr, keep interrupt flags, take a resilient lock)
 * asked for by a declaration of a host. In the image of a kernel it may be one that is newer than us.
 */
static int reject_foreign(struct vf_env *env, const struct karg *x, enum diag_code code,
			  const char *what)
{
	if (!env->kernel->live)
		return vf_unsupported(env, what);
	return vf_reject(env, code, "parameter %s of %s(): %s", x->a->name, x->c->kfunc->name,
			 what);
}

static int check_dynptr(struct vf_env *env, struct karg *x)
{
	const struct vf_kfunc_effect *e = vf_kfunc_effect(x->c->kfunc->special);
	enum vf_dynptr_kind kind = e ? e->dynptr : VF_DYNPTR_NONE;
	const struct vf_reg *r = karg_reg(env, x);

	if (r->base != VF_STACK && r->base != VF_CONST_DYNPTR)
		return reject_kind(env, x, KF_ARG_TYPE, "a dynptr");
	if (x->a->flags & CARGF_UNINIT) {
		if (x->c->kfunc->special == SPECIAL_DYNPTR_CLONE)
			return vf_dynptr_construct(env, x->regno, x->c->dynptr_kind,
						   x->c->dynptr_ref);
		if (!kind)
			return reject_foreign(env, x, KF_KFUNC_PROTO,
					      "a dynptr of unknown kind is constructed");
		return vf_dynptr_construct(env, x->regno, kind, 0);
	}
	if ((x->c->flags & KF_RELEASE) && kind)
		x->c->release_regno = x->regno;
	else
		kind = VF_DYNPTR_NONE;
	return vf_dynptr_use(env, x->regno, kind, x->c);
}

static int check_iter(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base != VF_STACK)
		return reject_kind(env, x, KF_ARG_TYPE, "an iterator on the stack");
	return vf_iter_arg(env, x->regno, x->i, x->c);
}

static int check_root(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);

	if (!(r->base == VF_MAP_VALUE && !r->flags) &&
	    !(r->base == VF_BTF_ID && r->flags == VF_ALLOC))
		return reject_kind(env, x, KF_ARG_TYPE,
				   "a list head or tree root in a map value or an owned object");
	if (r->base == VF_BTF_ID && !r->ref_id)
		return reject_kind(env, x, KF_OBJ_NOT_OWNED, "an object that the program owns");
	return vf_graph_root_arg(env, x->regno, x->a->kind, x->c);
}

static int check_node(struct vf_env *env, struct karg *x)
{
	return vf_graph_node_arg(env, x->regno, x->a->kind, x->a->flags & CARGF_NONOWN_OK, x->c);
}

static int check_alloc_obj(struct vf_env *env, struct karg *x)
{
	int err;

	if (karg_reg(env, x)->base != VF_BTF_ID)
		return reject_kind(env, x, KF_ARG_TYPE, "an object made by bpf_obj_new()");
	err = check_trust(env, x);
	if (!err)
		err = check_offset(env, x, false);
	return err ? err : vf_alloc_obj_arg(env, x->regno, x->c);
}

static int check_refcounted(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base != VF_BTF_ID)
		return reject_kind(env, x, KF_ARG_TYPE, "an object with a reference count");
	return vf_refcounted_arg(env, x->regno, x->c);
}

static int check_irq_flag(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base != VF_STACK)
		return reject_kind(env, x, KF_ARG_TYPE, "a variable on the stack for the flags");
	switch (x->c->kfunc->special) {
	case SPECIAL_LOCAL_IRQ_SAVE:
		return vf_irq_save(env, x->regno, 0);
	case SPECIAL_LOCAL_IRQ_RESTORE:
		return vf_irq_restore(env, x->regno, 0);
	case SPECIAL_RES_SPIN_LOCK_IRQSAVE:
		return vf_irq_save(env, x->regno, 1);
	case SPECIAL_RES_SPIN_UNLOCK_IRQRESTORE:
		return vf_irq_restore(env, x->regno, 1);
	default:
		return reject_foreign(env, x, KF_KFUNC_INTERNAL,
				      "interrupt flags in another kfunc");
	}
}

static int check_res_lock(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);

	if (!(r->base == VF_MAP_VALUE && !r->flags) &&
	    !(r->base == VF_BTF_ID && r->flags == VF_ALLOC))
		return reject_kind(env, x, KF_LOCK_BAD, "a lock in a map value or an object");
	switch (x->c->kfunc->special) {
	case SPECIAL_RES_SPIN_LOCK:
		return vf_lock_arg(env, x->regno, VF_REF_RES_LOCK, VF_LOCK);
	case SPECIAL_RES_SPIN_LOCK_IRQSAVE:
		return vf_lock_arg(env, x->regno, VF_REF_RES_LOCK_IRQ, VF_LOCK);
	case SPECIAL_RES_SPIN_UNLOCK:
		return vf_lock_arg(env, x->regno, VF_REF_RES_LOCK, VF_UNLOCK);
	case SPECIAL_RES_SPIN_UNLOCK_IRQRESTORE:
		return vf_lock_arg(env, x->regno, VF_REF_RES_LOCK_IRQ, VF_UNLOCK);
	default:
		return reject_foreign(env, x, KF_KFUNC_INTERNAL,
				      "resilient locks in another kfunc");
	}
}

static int check_kptr_slot(struct vf_env *env, struct karg *x)
{
	if (karg_reg(env, x)->base != VF_MAP_VALUE || karg_reg(env, x)->flags)
		return reject_kind(env, x, KF_ARG_TYPE,
				   "the address of a kernel pointer in a map value");
	return vf_kptr_get_slot(env, x->regno, x->a);
}

static int check_nothing(struct vf_env *env, struct karg *x)
{
	(void)env;
	(void)x;
	return 0;
}

static int check_bad(struct vf_env *env, struct karg *x)
{
	return vf_reject(env, KF_KFUNC_PROTO, "parameter %s of %s() cannot be passed: %s",
			 x->a->name, x->c->kfunc->name,
			 x->c->kfunc->bad_why ? x->c->kfunc->bad_why
					      : "its type has no meaning here");
}

static int (*const kinds[])(struct vf_env *env, struct karg *x) = {
	[CARG_PROG_AUX] = check_nothing,
	[CARG_IGNORED] = check_nothing,
	[CARG_SCALAR] = check_scalar,
	[CARG_SCALAR_CONST] = record_const,
	[CARG_RET_SIZE] = check_ret_size,
	[CARG_SIZE] = check_scalar, /* not consumed by the pointer before it */
	[CARG_SIZE_CONST] = check_scalar,
	[CARG_ALLOC_OBJ] = check_alloc_obj,
	[CARG_REFCOUNTED] = check_refcounted,
	[CARG_DYNPTR] = check_dynptr,
	[CARG_ITER] = check_iter,
	[CARG_LIST_HEAD] = check_root,
	[CARG_LIST_NODE] = check_node,
	[CARG_RB_ROOT] = check_root,
	[CARG_RB_NODE] = check_node,
	[CARG_CONST_STR] = check_const_str,
	[CARG_MAP] = check_map,
	[CARG_WORKQUEUE] = check_async_field,
	[CARG_TIMER] = check_async_field,
	[CARG_TASK_WORK] = check_async_field,
	[CARG_IRQ_FLAG] = check_irq_flag,
	[CARG_RES_SPIN_LOCK] = check_res_lock,
	[CARG_CALLBACK] = check_callback,
	[CARG_KPTR_SLOT] = check_kptr_slot,
	[CARG_PTR] = check_ptr,
	[CARG_BAD] = check_bad,
};

static bool is_pointer_kind(uint8_t kind)
{
	return kind >= CARG_ALLOC_OBJ && kind != CARG_BAD;
}

/* Others look at the offset after the trust, or decide by the register (CARG_PTR). */
static bool offset_first(uint8_t kind)
{
	return is_pointer_kind(kind) && kind != CARG_PTR && kind != CARG_ALLOC_OBJ &&
	       kind != CARG_MAP;
}

/* A5-A7: NULL, and what the program owns */
static int check_pointer_common(struct vf_env *env, struct karg *x)
{
	const struct vf_reg *r = karg_reg(env, x);
	struct vf_call *c = x->c;
	bool null = vf_reg_is_null(r) || (vf_reg_is_pointer(r) && (r->flags & VF_MAYBE_NULL));

	if (null && wants_trust(env, c) &&
	    (!(x->a->flags & CARGF_NULLABLE) || (x->a->flags & CARGF_OPT))) {
		vf_note_made(env, r, "the pointer is made here and may be NULL");
		return vf_reject(env, KF_ARG_MAYBE_NULL,
				 "R%u may be NULL, parameter %s of %s() may not", x->regno,
				 x->a->name, c->kfunc->name);
	}
	if (vf_rule(env, RULE_RELEASE_ARG_FIRST) && (c->flags & KF_RELEASE) && !x->i &&
	    x->a->kind != CARG_DYNPTR) {
		if (!(r->ref_id && vf_reg_is_pointer(r)) && !vf_reg_is_null(r))
			return reject_kind(env, x, KF_REL_UNOWNED,
					   "a pointer that the program owns");
		c->release_regno = x->regno;
	}
	if (!r->ref_id || !vf_reg_is_pointer(r))
		return 0;
	if (!vf_rule(env, RULE_RELEASE_ARG_FIRST) && (c->flags & KF_RELEASE)) {
		if (c->ref_id)
			return vf_reject(env, KF_REL_MANY,
					 "two arguments of %s() are owned pointers",
					 c->kfunc->name);
		c->release_regno = x->regno;
	}
	if (!c->ref_id || !vf_rule(env, RULE_RELEASE_ARG_FIRST))
		c->ref_id = r->ref_id;
	return 0;
}

int vf_check_kfunc_args(struct vf_env *env, struct vf_call *c)
{
	const struct kfunc_contract *k = c->kfunc;

	if (k->n_args > 5) {
		if (vf_rule(env, RULE_STACK_ARGS))
			return vf_unsupported(env,
					      "kernel functions with more than five arguments");
		return vf_reject(env, KF_TOO_MANY_ARGS, "%s() has %u parameters", k->name,
				 k->n_args);
	}
	for (uint32_t i = 0; i < k->n_args; i++) {
		struct karg x = {c, &k->arg[i], i, i + 1, false};
		int err = 0;

		if (is_pointer_kind(x.a->kind)) {
			err = check_pointer_common(env, &x);
			/* C3 for kinds other than CARG_PTR */
			if (!err && x.a->kind != CARG_PTR && (x.a->flags & CARGF_NULLABLE) &&
			    !(x.a->flags & CARGF_OPT) && vf_reg_is_null(karg_reg(env, &x)))
				continue;
		}
		if (!err && offset_first(x.a->kind))
			err = check_offset(env, &x, false);
		if (!err)
			err = kinds[x.a->kind](env, &x);
		if (err)
			return err;
		i += x.skip_next;
	}
	if ((c->flags & KF_RELEASE) && !c->release_regno)
		return vf_reject(env, KF_REL_UNOWNED,
				 "%s() releases a pointer, but is given none that "
				 "the program owns",
				 k->name);
	return 0;
}
