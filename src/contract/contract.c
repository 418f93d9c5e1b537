/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Compiles a registered function into its contract: what the prototype, the parameter names and the
 * flags ask of a call (kfunc spec R2.6, R2.7, 3.1-3.3, 4, R5.4, R10.9). Done once at registration,
 * so that the verifier never looks at names again.
 *
 * Of the classification C1-C22 the rows that read only the declaration are decided here. Suffix
 * rows and pointee rows interleave in the spec's order, and enum contract_arg_kind is in that
 * order: of two candidates the smaller one wins. Rows that depend on the register stay with the
 * verifier.
 */
#include "contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/kver.h"

enum suffix_on { ON_SCALAR = 1, ON_POINTER = 2, ON_ANY = 3 };

static const struct suffix_row {
	const char *text;
	uint8_t len;
	uint8_t on;
	uint8_t kind;
	uint16_t since, until;
	uint16_t flags;
} suffixes[] = {
#define SUFFIX(text, since, until, on, kind, flags, meaning)                                       \
	{text, sizeof(text) - 1, ON_##on, kind, since, until, flags},
#include "contract/suffixes.def"
#undef SUFFIX
};

static const struct pointee_row {
	const char *name;
	uint16_t since, until;
	uint8_t kind;
} pointees[] = {
#define POINTEE(name, since, until, kind) {name, since, until, kind},
#include "contract/pointees.def"
#undef POINTEE
};

static const struct special_row {
	const char *name;
	uint8_t len;
	uint8_t special;
} specials[] = {
#define SPECIAL(sym, name) {name, sizeof(name) - 1, SPECIAL_##sym},
#include "contract/special.def"
#undef SPECIAL
};

static const struct {
	uint8_t bit;
	const char *name, *text;
} flag_rows[] = {
#define FLAG(bit, name, since, until, text) {bit, "KF_" #name, text},
#include "contract/flags.def"
#undef FLAG
};

static const char *const arg_kind_names[] = {
	[CARG_PROG_AUX] = "prog_aux",
	[CARG_IGNORED] = "ignored",
	[CARG_SCALAR] = "scalar",
	[CARG_SCALAR_CONST] = "constant",
	[CARG_RET_SIZE] = "return_size",
	[CARG_SIZE] = "size",
	[CARG_SIZE_CONST] = "constant_size",
	[CARG_ALLOC_OBJ] = "allocated_object",
	[CARG_REFCOUNTED] = "refcounted_object",
	[CARG_DYNPTR] = "dynptr",
	[CARG_ITER] = "iterator",
	[CARG_LIST_HEAD] = "list_head",
	[CARG_LIST_NODE] = "list_node",
	[CARG_RB_ROOT] = "rb_root",
	[CARG_RB_NODE] = "rb_node",
	[CARG_CONST_STR] = "constant_string",
	[CARG_MAP] = "map",
	[CARG_WORKQUEUE] = "workqueue",
	[CARG_TIMER] = "timer",
	[CARG_TASK_WORK] = "task_work",
	[CARG_IRQ_FLAG] = "irq_flag",
	[CARG_RES_SPIN_LOCK] = "res_spin_lock",
	[CARG_CALLBACK] = "callback",
	[CARG_KPTR_SLOT] = "kptr_slot",
	[CARG_PTR] = "pointer",
	[CARG_BAD] = "impossible",
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ITER_PREFIX   "bpf_iter_"

const char *contract_flag_name(unsigned int bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
		if (flag_rows[i].bit == bit)
			return flag_rows[i].name;
	return NULL;
}

const char *contract_flag_text(unsigned int bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
		if (flag_rows[i].bit == bit)
			return flag_rows[i].text;
	return NULL;
}

const char *contract_arg_kind_name(enum contract_arg_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(arg_kind_names) ? arg_kind_names[kind] : "unknown";
}

static size_t strip_impl(const char *name, size_t len)
{
	if (len > 5 && !memcmp(name + len - 5, "_impl", 5))
		return len - 5;
	return len;
}

enum contract_special contract_special_of(const char *name)
{
	size_t len = strip_impl(name, strlen(name));

	for (size_t i = 0; i < ARRAY_SIZE(specials); i++)
		if (specials[i].len == len && !memcmp(specials[i].name, name, len))
			return specials[i].special;
	return SPECIAL_NONE;
}

/* The row that matches the end of a parameter name; names end in at most one suffix. */
static const struct suffix_row *find_suffix(const char *name, enum suffix_on on, uint16_t version)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const struct suffix_row *s = &suffixes[i];

		if ((s->on & on) && len > s->len && kver_in(version, s->since, s->until) &&
		    !memcmp(name + len - s->len, s->text, s->len))
			return s;
	}
	return NULL;
}

const char *contract_suffix(const char *param, uint16_t version)
{
	const struct suffix_row *s = find_suffix(param, ON_ANY, version);

	return s ? s->text : NULL;
}

static void set_bad(struct kfunc_contract *c, const char *why)
{
	if (!c->bad_why)
		c->bad_why = why;
}

static int proto_bad(struct kfunc_contract *c, const char *why)
{
	c->proto_bad = true;
	c->n_args = 0;
	c->ret_kind = CRET_BAD;
	set_bad(c, why);
	return 0;
}

/* The FUNC's prototype, or NULL when id is not a FUNC over a FUNC_PROTO. */
static const struct btf_type *func_proto(const struct btf_obj *btf, uint32_t func_id, uint32_t *id)
{
	const struct btf_type *f = btf_type(btf, func_id), *p;

	if (!f || btf_type_kind(f) != BTF_KIND_FUNC)
		return NULL;
	p = btf_type(btf, f->type);
	if (!p || btf_type_kind(p) != BTF_KIND_FUNC_PROTO)
		return NULL;
	*id = f->type;
	return p;
}

static bool has_varargs(const struct btf_type *proto)
{
	uint32_t n = btf_type_vlen(proto);
	const struct btf_param *p = btf_type_params(proto);

	return n && !p[n - 1].type && !p[n - 1].name_off;
}

/* R2.6: the first reason why no trampoline could carry this prototype, or NULL */
static const char *why_not_expressible(const struct btf_obj *btf, const struct btf_type *proto)
{
	const struct btf_param *p = btf_type_params(proto);
	uint32_t n = btf_type_vlen(proto);
	const struct btf_type *t;
	int64_t size;

	if (has_varargs(proto))
		return "it takes variable arguments";
	if (n > CONTRACT_MAX_ARGS)
		return "it has more than 12 parameters";
	for (uint32_t i = 0; i < n; i++) {
		t = btf_skip_mods(btf, p[i].type, NULL);
		if (!t ||
		    !(btf_is_ptr(t) || btf_is_scalar(t) || btf_type_kind(t) == BTF_KIND_STRUCT))
			return "a parameter is no pointer, integer, enum or struct";
		size = btf_is_ptr(t) ? 8 : btf_type_size(btf, p[i].type);
		if (size < 1 || size > 16)
			return "a parameter has no size between 1 and 16 bytes";
	}
	if (!proto->type)
		return NULL;
	t = btf_skip_mods(btf, proto->type, NULL);
	if (!t || !(btf_is_ptr(t) || btf_is_scalar(t) || btf_type_kind(t) == BTF_KIND_UNKN))
		return "it returns something else than void, an integer, an enum or a pointer";
	return NULL;
}

/* ---- arguments ---- */

static void compile_pointee(struct contract_arg *a, const struct btf_obj *btf)
{
	const struct btf_type *ptr = btf_skip_mods(btf, a->type_id, NULL), *t;
	uint32_t raw, id = 0;
	int64_t size;

	for (raw = ptr->type; (t = btf_type(btf, raw)) && btf_is_modifier(t); raw = t->type)
		if (btf_type_kind(t) == BTF_KIND_CONST)
			a->flags |= CARGF_CONST;
	t = btf_pointee(btf, a->type_id, &id);
	a->pointee_id = t ? id : 0;
	a->pointee_name = btf_type_name(btf, a->pointee_id);
	if (!a->pointee_id)
		return;
	size = btf_type_size(btf, id);
	if (size > 0 && size <= UINT32_MAX)
		a->size = size;
}

/* C19 and C21: what an argument without a kind of its own may be */
static void compile_plain_pointer(struct kfunc_contract *c, struct contract_arg *a)
{
	const struct btf_type *e = btf_type(c->btf, a->pointee_id);
	bool pair = a->flags & (CARGF_SIZE_NEXT | CARGF_SIZE_NEXT_CONST);

	a->kind = CARG_PTR;
	if (a->pointee_id && btf_type_kind(e) == BTF_KIND_FUNC_PROTO) {
		a->kind = CARG_CALLBACK;
		return;
	}
	if (a->pointee_id && btf_is_struct(e))
		a->flags |= CARGF_STRUCT_OK;
	if (a->pointee_id ? btf_is_scalar(e) || btf_is_scalar_struct(c->btf, a->pointee_id) : pair)
		a->flags |= CARGF_MEM_OK;
	if (!(a->flags & (CARGF_STRUCT_OK | CARGF_MEM_OK)) && !c->special)
		set_bad(c, a->pointee_id
				   ? "a parameter points to something that programs cannot have"
				   : "a void pointer has no size parameter after it");
}

static bool is_kptr_slot(struct kfunc_contract *c, struct contract_arg *a)
{
	const struct btf_type *t = btf_type(c->btf, a->pointee_id);
	uint32_t id;

	if (!a->pointee_id || !btf_is_ptr(t))
		return false;
	t = btf_pointee(c->btf, a->pointee_id, &id);
	if (!t || !btf_is_struct(t))
		return false;
	a->pointee_id = id;
	a->pointee_name = btf_type_name(c->btf, id);
	return true;
}

/* struct bpf_iter_X of whole 8-byte slots: X, or NULL */
static const char *iter_type(const struct contract_arg *a)
{
	const size_t n = sizeof(ITER_PREFIX) - 1;

	if (!a->pointee_name || strncmp(a->pointee_name, ITER_PREFIX, n) || !a->pointee_name[n])
		return NULL;
	if (!a->size || a->size % 8 || a->size / 8 > UINT8_MAX)
		return NULL;
	return a->pointee_name + n;
}

static void compile_iter(struct kfunc_contract *c, struct contract_arg *a)
{
	const char *x = iter_type(a);

	if (!x) {
		a->kind = CARG_BAD;
		set_bad(c, "an iterator parameter is no pointer to a struct bpf_iter_* of whole "
			   "slots");
		return;
	}
	a->kind = CARG_ITER;
	if (!c->iter_name) {
		c->iter_name = x;
		c->iter_slots = a->size / 8;
	}
}

static uint8_t kind_by_pointee(const struct contract_arg *a, uint16_t version)
{
	for (size_t i = 0; i < ARRAY_SIZE(pointees); i++)
		if (kver_in(version, pointees[i].since, pointees[i].until) &&
		    !strcmp(pointees[i].name, a->pointee_name))
			return pointees[i].kind;
	return CARG_PTR;
}

static void compile_pointer(struct kfunc_contract *c, struct contract_arg *a, uint32_t i,
			    uint16_t version)
{
	const struct suffix_row *s = find_suffix(a->name, ON_POINTER, version);
	uint8_t kind = s ? s->kind : CARG_PTR, other;
	const struct btf_type *e;

	compile_pointee(a, c->btf);
	if (s)
		a->flags |= s->flags;
	if ((a->flags & CARGF_OPT) && !(a->flags & (CARGF_SIZE_NEXT | CARGF_SIZE_NEXT_CONST)))
		a->flags &= ~(CARGF_OPT | CARGF_NULLABLE);
	if (kind == CARG_IGNORED && kind_by_pointee(a, version) != CARG_PROG_AUX) {
		a->kind = CARG_IGNORED;
		return;
	}
	if ((c->flags & KF_KPTR_GET) && i == 0) {
		a->kind = is_kptr_slot(c, a) ? CARG_KPTR_SLOT : CARG_BAD;
		if (a->kind == CARG_BAD)
			set_bad(c, "KF_KPTR_GET wants a pointer to a pointer to a struct first");
		return;
	}
	e = btf_type(c->btf, a->pointee_id);
	other = a->pointee_id && btf_is_struct(e) ? kind_by_pointee(a, version) : CARG_PTR;
	if (other < kind)
		kind = other;
	if ((c->flags & (KF_ITER_NEW | KF_ITER_NEXT | KF_ITER_DESTROY)) && i == 0 &&
	    kind > CARG_ITER)
		kind = CARG_ITER;
	if (kind == CARG_ITER)
		compile_iter(c, a);
	else if (kind == CARG_PTR)
		compile_plain_pointer(c, a);
	else
		a->kind = kind;
}

static void compile_scalar(struct contract_arg *a, const struct contract_arg *prev,
			   uint16_t version)
{
	const struct suffix_row *s = find_suffix(a->name, ON_SCALAR, version);

	a->kind = CARG_SCALAR;
	if (version >= KVER(6, 1) &&
	    (!strcmp(a->name, "rdonly_buf_size") || !strcmp(a->name, "rdwr_buf_size"))) {
		a->kind = CARG_RET_SIZE;
		if (a->name[2] == 'o')
			a->flags |= CARGF_RET_RDONLY;
		return;
	}
	if (!s)
		return;
	if ((s->kind == CARG_SIZE || s->kind == CARG_SIZE_CONST) &&
	    (!prev || prev->kind != CARG_PTR))
		return;
	a->kind = s->kind;
}

/* Marks the pointer before a size parameter, so that both are compiled knowing of each other. */
static void note_size_pair(struct kfunc_contract *c, const struct btf_param *p, uint32_t n,
			   uint32_t i, uint16_t version)
{
	const struct suffix_row *s;

	if (i + 1 >= n || !btf_is_scalar(btf_skip_mods(c->btf, p[i + 1].type, NULL)))
		return;
	s = find_suffix(btf_str(c->btf, p[i + 1].name_off), ON_SCALAR, version);
	if (s && s->kind == CARG_SIZE)
		c->arg[i].flags |= CARGF_SIZE_NEXT;
	else if (s && s->kind == CARG_SIZE_CONST)
		c->arg[i].flags |= CARGF_SIZE_NEXT | CARGF_SIZE_NEXT_CONST;
}

static void compile_args(struct kfunc_contract *c, const struct btf_type *proto, uint32_t n_visible,
			 uint16_t version)
{
	const struct btf_param *p = btf_type_params(proto);
	const struct btf_type *t;

	c->n_args = btf_type_vlen(proto);
	for (uint32_t i = 0; i < c->n_args; i++) {
		struct contract_arg *a = &c->arg[i];

		a->name = btf_str(c->btf, p[i].name_off);
		a->type_id = p[i].type;
		t = btf_skip_mods(c->btf, p[i].type, NULL);
		if (btf_is_ptr(t)) {
			note_size_pair(c, p, c->n_args, i, version);
			compile_pointer(c, a, i, version);
		} else if (btf_is_scalar(t)) {
			compile_scalar(a, i ? &c->arg[i - 1] : NULL, version);
		} else if (find_suffix(a->name, ON_SCALAR, version) &&
			   find_suffix(a->name, ON_SCALAR, version)->kind == CARG_IGNORED) {
			a->kind = CARG_IGNORED;
		} else {
			a->kind = CARG_BAD;
			set_bad(c, "a parameter is a struct by value");
		}
		if (i >= n_visible) {
			a->flags |= CARGF_IMPLICIT;
			if (a->kind != CARG_PROG_AUX)
				a->kind = CARG_IGNORED;
		}
	}
}

/* ---- the return value ---- */

static bool is_bool(const struct btf_obj *btf, const struct btf_type *t, bool *is_signed)
{
	uint32_t data;

	*is_signed = btf_type_kind(t) != BTF_KIND_INT && BTF_INFO_KFLAG(t->info);
	if (btf_type_kind(t) != BTF_KIND_INT)
		return false;
	data = *(const uint32_t *)(t + 1);
	*is_signed = BTF_INT_ENCODING(data) & BTF_INT_SIGNED;
	return (BTF_INT_ENCODING(data) & BTF_INT_BOOL) ||
	       !strcmp(btf_str(btf, t->name_off), "_Bool");
}

static void compile_ret(struct kfunc_contract *c, uint32_t ret)
{
	const struct btf_type *t = btf_skip_mods(c->btf, ret, NULL), *e;
	uint32_t id;
	int64_t size;

	if (!ret || btf_type_kind(t) == BTF_KIND_UNKN) {
		c->ret_kind = CRET_VOID;
		return;
	}
	if (btf_is_scalar(t)) {
		c->ret_kind = CRET_SCALAR;
		c->ret_bytes = btf_type_size(c->btf, ret);
		c->ret_bool = is_bool(c->btf, t, &c->ret_signed);
		return;
	}
	e = btf_pointee(c->btf, ret, &id);
	if (!e || !id || btf_type_kind(e) == BTF_KIND_UNKN) {
		c->ret_kind = CRET_VOID_PTR;
		return;
	}
	c->ret_type_id = id;
	if (btf_is_struct(e)) {
		c->ret_kind = CRET_STRUCT;
		return;
	}
	c->ret_kind = CRET_MEM;
	size = btf_type_size(c->btf, id);
	if (size > 0 && size <= UINT32_MAX)
		c->ret_mem_size = size;
}

static void note_bad_return(struct kfunc_contract *c)
{
	bool sized = false;

	for (uint32_t i = 0; i < c->n_args; i++)
		sized |= c->arg[i].kind == CARG_RET_SIZE;
	if ((c->flags & KF_ACQUIRE) && c->ret_kind != CRET_STRUCT && !c->special)
		set_bad(c, "KF_ACQUIRE wants a pointer to a struct returned");
	else if (c->ret_kind == CRET_MEM && !c->ret_mem_size && !sized)
		set_bad(c, "the size of the memory it returns is unknown");
}

/* R2.7: the sibling with the whole prototype, NULL if there is none */
static const struct btf_type *impl_proto(const struct btf_obj *btf, const char *name, uint32_t *id)
{
	char impl[160];
	int32_t func;

	if (snprintf(impl, sizeof(impl), "%s_impl", name) >= (int)sizeof(impl))
		return NULL;
	func = btf_find_own(btf, impl, BTF_KIND_FUNC);
	return func > 0 ? func_proto(btf, func, id) : NULL;
}

int contract_compile(struct kfunc_contract *c, const struct btf_obj *btf, uint32_t func_id,
		     uint32_t flags, uint16_t version)
{
	const struct btf_type *proto;
	uint32_t n_visible;
	const char *why;

	memset(c, 0, sizeof(*c));
	proto = func_proto(btf, func_id, &c->proto_id);
	if (!proto)
		return -EINVAL;
	c->name = btf_type_name(btf, func_id);
	if (!*c->name)
		return -EINVAL;
	c->btf = btf;
	c->func_id = func_id;
	c->flags = flags;
	if (!btf_base(btf))
		c->special = contract_special_of(c->name);
	n_visible = btf_type_vlen(proto);
	if (flags & KF_IMPLICIT_ARGS) {
		proto = impl_proto(btf, c->name, &c->proto_id);
		if (!proto)
			return proto_bad(c,
					 "KF_IMPLICIT_ARGS, but there is no function of this name "
					 "with _impl");
	}
	why = why_not_expressible(btf, proto);
	if (why)
		return proto_bad(c, why);
	compile_args(c, proto, n_visible, version);
	if (c->n_args > 5 && version < KVER(7, 2))
		set_bad(c, "it has more than five parameters");
	compile_ret(c, proto->type);
	note_bad_return(c);
	return 0;
}

/* ---- iterators ---- */

static bool named(const char *name, const char *iter, const char *suffix)
{
	size_t p = sizeof(ITER_PREFIX) - 1, n = strlen(iter);

	return !strncmp(name, ITER_PREFIX, p) && !strncmp(name + p, iter, n) &&
	       !strcmp(name + p + n, suffix);
}

const char *contract_check_iter(const struct btf_obj *btf, uint32_t func_id, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *suffix;
	} roles[] = {{KF_ITER_NEW, "_new"}, {KF_ITER_NEXT, "_next"}, {KF_ITER_DESTROY, "_destroy"}};
	uint32_t all = KF_ITER_NEW | KF_ITER_NEXT | KF_ITER_DESTROY, role = flags & all, id;
	const struct btf_type *proto = func_proto(btf, func_id, &id), *t;
	struct contract_arg a = {0};
	const char *iter;

	if (!role || !proto)
		return NULL;
	if (role & (role - 1))
		return "more than one of KF_ITER_NEW, KF_ITER_NEXT and KF_ITER_DESTROY";
	if (!btf_type_vlen(proto) || !btf_type_params(proto)->type)
		return "an iterator kfunc takes its iterator first";
	a.type_id = btf_type_params(proto)->type;
	if (!btf_is_ptr(btf_skip_mods(btf, a.type_id, NULL)))
		return "the first parameter of an iterator kfunc is no pointer";
	compile_pointee(&a, btf);
	t = btf_type(btf, a.pointee_id);
	iter = a.pointee_id && btf_is_struct(t) ? iter_type(&a) : NULL;
	if (!iter)
		return "the first parameter does not point to a struct bpf_iter_* of whole 8-byte "
		       "slots";
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (roles[i].flag == role &&
		    !named(btf_type_name(btf, func_id), iter, roles[i].suffix))
			return "the name is not that of its iterator with _new, _next or _destroy";
	if (role == KF_ITER_NEW)
		return NULL;
	if (btf_type_vlen(proto) != 1)
		return "next and destroy take the iterator and nothing else";
	t = btf_skip_mods(btf, proto->type, NULL);
	if (role == KF_ITER_NEXT && !(proto->type && btf_is_ptr(t)))
		return "next does not return a pointer";
	if (role == KF_ITER_DESTROY && proto->type)
		return "destroy returns something";
	return NULL;
}
