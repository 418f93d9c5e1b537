/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The rules of kfunc lint, one function each (kfunc spec 1.2, 1.3, 2.6, 3.2, 3.3, 5, 10.5, 13.1).
 * An error is what makes a registration or every call fail; what only surprises is a warning. That
 * an acquiring function can fail cannot be seen in a file, so three signs of it are taken, none of
 * which depends on how it was compiled: see failure_sign().
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "kernel/kernel.h"
#include "lint.h"

#define ITER_FLAGS (KF_ITER_NEW | KF_ITER_NEXT | KF_ITER_DESTROY)

static const enum diag_code warnings[] = {
	KF_LINT_UNMARKED,     KF_LINT_UNREGISTERED, KF_LINT_SUFFIX,    KF_LINT_ACQUIRE_NULL,
	KF_LINT_RELEASE_MANY, KF_LINT_NO_DTOR,      KF_LINT_DUPLICATE, KF_LINT_DEPRECATED_DOC,
};

bool lint_is_error(enum diag_code code)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (warnings[i] == code)
			return false;
	return true;
}

static const struct lint_func *find_func(const struct lint *l, const char *name)
{
	for (uint32_t i = 0; i < l->n_funcs; i++)
		if (!strcmp(l->funcs[i].name, name))
			return &l->funcs[i];
	return NULL;
}

/* ---- is the function there, and what it was ---- */

static void rule_symbol(struct lint *l, const struct lint_func *f)
{
	const struct host_funcs *s = &l->host.funcs;
	unsigned int same = 0, marked = 0;
	const char *clone = NULL;
	size_t n = strlen(f->name);

	for (uint32_t i = 0; i < s->n; i++) {
		if (strncmp(s->v[i].name, f->name, n))
			continue;
		same += !s->v[i].name[n];
		marked += !s->v[i].name[n] && s->v[i].marked;
		if (s->v[i].name[n] == '.' && strcmp(s->v[i].name + n, ".cold"))
			clone = s->v[i].name;
	}
	if (clone)
		lint_report(l, KF_LINT_CLONED, f->name, "there is a %s", clone);
	else if (same && !marked)
		lint_report(l, KF_LINT_UNMARKED, f->name,
			    "%s() is in a set, and its definition is not marked", f->name);
	if (same > 1)
		lint_report(l, KF_LINT_DUPLICATE, f->name, "%u functions are called %s", same,
			    f->name);
}

static void rule_missing(struct lint *l, const struct lint_func *f)
{
	if (!f->compiled)
		lint_report(l, KF_LINT_MISSING, f->name, "the types of %s have no function %s",
			    l->host.path, f->name);
}

/* Marked functions that are in no set and no list (destructors) */
static void check_unregistered(struct lint *l)
{
	const struct host_funcs *s = &l->host.funcs;

	for (uint32_t i = 0; i < s->n; i++) {
		bool known = !s->v[i].marked || strchr(s->v[i].name, '.');

		for (uint32_t j = 0; j < l->host.n_ids && !known; j++)
			known = !strcmp(l->host.ids[j].name, s->v[i].name);
		if (!known)
			lint_report(l, KF_LINT_UNREGISTERED, s->v[i].name, "%s() is in no set",
				    s->v[i].name);
	}
}

/* ---- parameters ---- */

/* "__foo" of "len__foo", NULL if the name has no such end */
static const char *name_end(const char *name)
{
	const char *p = NULL;

	for (const char *s = name + 1; *name && *s; s++)
		if (s[0] == '_' && s[1] == '_' && s[2] && s[2] != '_')
			p = s;
	return p;
}

static const char *type_class(const struct kfunc_contract *c, const struct contract_arg *a)
{
	const struct btf_type *t = btf_skip_mods(c->btf, a->type_id, NULL);

	return btf_is_ptr(t) ? "pointer" : btf_is_scalar(t) ? "number" : "struct";
}

/* Whether a known annotation did nothing to this parameter */
static bool idle_suffix(const struct contract_arg *a)
{
	if (a->kind == CARG_SCALAR)
		return true;
	if (a->kind == CARG_CALLBACK)
		return !(a->flags & CARGF_NULLABLE);
	return a->kind == CARG_PTR &&
	       !(a->flags & (CARGF_NULLABLE | CARGF_UNINIT | CARGF_NONOWN_OK));
}

static void rule_suffix(struct lint *l, const struct lint_func *f)
{
	uint16_t version = l->host.kernel->version;

	for (uint32_t i = 0; i < f->c.n_args; i++) {
		const struct contract_arg *a = &f->c.arg[i];
		const char *end = name_end(a->name);

		if (!end)
			continue;
		if (!contract_suffix(a->name, version))
			lint_report(l, KF_LINT_SUFFIX, f->name, "%s: there is no annotation %s",
				    a->name, end);
		else if (idle_suffix(a))
			lint_report(l, KF_LINT_SUFFIX, f->name,
				    "%s: %s says nothing about a %s at this place", a->name, end,
				    type_class(&f->c, a));
	}
}

static void rule_void(struct lint *l, const struct lint_func *f)
{
	for (uint32_t i = 0; i < f->c.n_args; i++) {
		const struct contract_arg *a = &f->c.arg[i];

		if (a->kind == CARG_PTR && !a->pointee_id && !(a->flags & CARGF_MEM_OK))
			lint_report(l, KF_LINT_VOID, f->name,
				    "%s is a void *, and no parameter after it gives its size",
				    a->name);
	}
}

static void rule_params(struct lint *l, const struct lint_func *f)
{
	if (f->c.n_args > 5)
		lint_report(l, KF_LINT_PARAMS, f->name, "it has %u parameters", f->c.n_args);
}

/* ---- references ---- */

static void rule_acquire_result(struct lint *l, const struct lint_func *f)
{
	struct strbuf words = {0};

	if (!(f->flags & KF_ACQUIRE) || f->c.ret_kind == CRET_STRUCT || f->c.proto_bad)
		return;
	if (f->c.ret_kind == CRET_VOID_PTR)
		strbuf_puts(&words, "void *");
	else if (f->c.ret_kind == CRET_MEM)
		strbuf_puts(&words, "a pointer to something that is no struct");
	else
		strbuf_puts(&words, f->c.ret_kind == CRET_VOID ? "nothing" : "a number");
	lint_report(l, KF_LINT_ACQUIRE_RESULT, f->name, "it returns %s", strbuf_str(&words));
	strbuf_free(&words);
}

/* Whether the name, in its parts between underscores, has a word of something that can fail */
static const char *failing_word(const char *name)
{
	static const char *const words[] = {"alloc", "create", "new",  "find", "lookup",
					    "from",  "try",    "open", "dup",  "clone"};

	while (*name) {
		size_t n = strcspn(name, "_");

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i]) == n && !memcmp(words[i], name, n))
				return words[i];
		name += n + (name[n] == '_');
	}
	return NULL;
}

static bool is_object(const struct contract_arg *a)
{
	return (a->kind == CARG_PTR && (a->flags & CARGF_STRUCT_OK)) || a->kind == CARG_ALLOC_OBJ ||
	       a->kind == CARG_REFCOUNTED || a->kind == CARG_KPTR_SLOT;
}

/* Why this function can be expected to fail, NULL if nothing says so */
static const char *failure_sign(const struct lint_func *f)
{
	bool has_object = false;

	if (f->flags & KF_RCU)
		return "with KF_RCU the count of its argument may be zero already";
	if (f->flags & KF_KPTR_GET)
		return "the slot that it reads may be empty";
	if (failing_word(f->name))
		return "by its name it allocates or looks up what it returns";
	for (uint32_t i = 0; i < f->c.n_args; i++)
		has_object |= is_object(&f->c.arg[i]);
	return has_object ? NULL : "it takes no object from which its result could come";
}

static void rule_acquire_null(struct lint *l, const struct lint_func *f)
{
	const char *why;

	if (!(f->flags & KF_ACQUIRE) || (f->flags & KF_RET_NULL) || f->c.ret_kind != CRET_STRUCT)
		return;
	why = failure_sign(f);
	if (why)
		lint_report(l, KF_LINT_ACQUIRE_NULL, f->name, "%s", why);
}

/* A struct that programs get as their context is nobody's reference. */
static bool is_context(const struct lint *l, const char *name)
{
	for (uint32_t type = 1; type < 64; type++) {
		const struct kernel_prog_type *t = kernel_prog_type(l->host.kernel, type);

		if (t && *name && (!strcmp(name, t->user_ctx) || !strcmp(name, t->kernel_ctx)))
			return true;
	}
	return false;
}

static void rule_release(struct lint *l, const struct lint_func *f)
{
	const char *first = NULL, *second = NULL;
	bool other = false;

	if (!(f->flags & KF_RELEASE) || f->c.proto_bad)
		return;
	for (uint32_t i = 0; i < f->c.n_args; i++) {
		const struct contract_arg *a = &f->c.arg[i];

		other |= a->kind == CARG_DYNPTR || a->kind == CARG_LIST_NODE ||
			 a->kind == CARG_RB_NODE;
		if (!is_object(a) || is_context(l, a->pointee_name))
			continue;
		if (first && !second)
			second = a->name;
		first = first ? first : a->name;
	}
	if (second)
		lint_report(l, KF_LINT_RELEASE_MANY, f->name,
			    "both %s and %s may be the reference that is released", first, second);
	else if (!first && !other)
		lint_report(l, KF_LINT_RELEASE_NONE, f->name,
			    "none of its %u parameters is a pointer to an object", f->c.n_args);
}

/* ---- types that are acquired and released ---- */

static bool listed_dtor(const struct lint *l, const char *type)
{
	const struct host_id *id = l->host.ids;

	for (uint32_t i = 0; i + 1 < l->host.n_ids; i++)
		if (!id[i].in_set && !id[i + 1].in_set && !strcmp(id[i].kind, "struct") &&
		    !strcmp(id[i + 1].kind, "func") && !strcmp(id[i].name, type))
			return true;
	return false;
}

static bool is_released(const struct lint *l, uint32_t type_id)
{
	for (uint32_t i = 0; i < l->n_funcs; i++) {
		const struct lint_func *f = &l->funcs[i];

		for (uint32_t j = 0; (f->flags & KF_RELEASE) && j < f->c.n_args; j++)
			if (is_object(&f->c.arg[j]) && f->c.arg[j].pointee_id == type_id)
				return true;
	}
	return false;
}

/* Reported at the first function that returns the type */
static void rule_dtor(struct lint *l, const struct lint_func *f)
{
	const struct cli_host *h = &l->host;
	uint32_t type = f->c.ret_type_id;
	const char *name;

	if (!(f->flags & KF_ACQUIRE) || f->c.ret_kind != CRET_STRUCT || !is_released(l, type))
		return;
	for (const struct lint_func *before = l->funcs; before < f; before++)
		if ((before->flags & KF_ACQUIRE) && before->c.ret_kind == CRET_STRUCT &&
		    before->c.ret_type_id == type)
			return;
	name = btf_type_name(h->btf, type);
	if (listed_dtor(l, name) ||
	    registry_dtor(h->kernel->registry, btf_owner(h->btf, type), type))
		return;
	lint_report(l, KF_LINT_NO_DTOR, f->name,
		    "programs acquire and release struct %s, and no BTF_ID_LIST names a destructor",
		    name);
}

/* ---- iterators and the rest ---- */

static void rule_iter(struct lint *l, const struct lint_func *f)
{
	const char *why = contract_check_iter(l->host.btf, f->c.func_id, f->flags);

	if (why)
		lint_report(l, KF_LINT_ITER, f->name, "%s", why);
}

/* Reported at the first function of an iterator that is there */
static void rule_siblings(struct lint *l, const struct lint_func *f)
{
	static const char *const roles[] = {"new", "next", "destroy"};
	bool first = true;

	if (!(f->flags & ITER_FLAGS) || !f->c.iter_name ||
	    contract_check_iter(l->host.btf, f->c.func_id, f->flags))
		return;
	for (const struct lint_func *before = l->funcs; before < f; before++)
		if ((before->flags & ITER_FLAGS) && before->c.iter_name &&
		    !strcmp(before->c.iter_name, f->c.iter_name))
			first = false;
	for (int i = 0; first && i < 3; i++) {
		struct strbuf name = {0};

		strbuf_printf(&name, "bpf_iter_%s_%s", f->c.iter_name, roles[i]);
		if (!find_func(l, strbuf_str(&name)))
			lint_report(l, KF_LINT_ITER_SIBLING, f->name, "%s() is in no set",
				    strbuf_str(&name));
		strbuf_free(&name);
	}
}

static void rule_deprecated(struct lint *l, const struct lint_func *f)
{
	const struct host_line *at = cli_host_line(&l->host, f->name);
	const char *doc = cli_host_doc(&l->host, f->name);
	struct strbuf comment = {0};

	if (!(f->flags & KF_DEPRECATED) || (doc && strstr(doc, "Deprecated:")))
		return;
	if (doc)
		lint_report(l, KF_LINT_DEPRECATED_DOC, f->name,
			    "its KFUNC_DOC has no paragraph that begins with Deprecated:");
	else if (at && cli_comment_above(at, &comment) &&
		 strstr(strbuf_str(&comment), "Deprecated:"))
		lint_report(l, KF_LINT_DEPRECATED_DOC, f->name,
			    "its comment says Deprecated:, which a load cannot quote: repeat it in "
			    "KFUNC_DOC");
	else
		lint_report(l, KF_LINT_DEPRECATED_DOC, f->name,
			    "nothing says until when it stays and what replaces it");
	strbuf_free(&comment);
}

/* What no other rule has words for */
static void rule_callable(struct lint *l, const struct lint_func *f)
{
	bool told = f->c.n_args > 5 || ((f->flags & KF_ACQUIRE) && f->c.ret_kind != CRET_STRUCT);

	for (uint32_t i = 0; i < f->c.n_args; i++)
		told |= f->c.arg[i].kind == CARG_PTR && !f->c.arg[i].pointee_id &&
			!(f->c.arg[i].flags & CARGF_MEM_OK);
	if (contract_check_iter(l->host.btf, f->c.func_id, f->flags))
		told = true;
	if (f->c.bad_why && (f->c.proto_bad || !told))
		lint_report(l, KF_KFUNC_PROTO, f->name, "%s", f->c.bad_why);
}

static const struct {
	void (*fn)(struct lint *l, const struct lint_func *f);
	bool needs_contract;
} rules[] = {
	{rule_missing, false},       {rule_symbol, false},      {rule_callable, true},
	{rule_params, true},         {rule_void, true},         {rule_suffix, true},
	{rule_acquire_result, true}, {rule_acquire_null, true}, {rule_release, true},
	{rule_dtor, true},           {rule_iter, true},         {rule_siblings, true},
	{rule_deprecated, false},
};

static int collect(struct lint *l)
{
	const struct cli_host *h = &l->host;

	l->funcs = mem_calloc(h->n_ids + 1, sizeof(*l->funcs));
	if (!l->funcs)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->n_ids; i++) {
		const struct host_id *id = &h->ids[i];
		struct lint_func *f = &l->funcs[l->n_funcs];
		int32_t btf_id;

		if (!id->in_set || strcmp(id->kind, "func") || find_func(l, id->name))
			continue;
		f->name = id->name;
		f->flags = id->flags;
		btf_id = btf_find_own(h->btf, id->name, BTF_KIND_FUNC);
		f->compiled = btf_id > 0 && !contract_compile(&f->c, h->btf, btf_id, id->flags,
							      h->kernel->version);
		l->n_funcs++;
	}
	return 0;
}

int lint_run(struct lint *l)
{
	int err = collect(l);

	if (err)
		return err;
	for (uint32_t i = 0; i < l->n_funcs; i++)
		for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++)
			if (!rules[r].needs_contract || l->funcs[i].compiled)
				rules[r].fn(l, &l->funcs[i]);
	check_unregistered(l);
	return 0;
}
