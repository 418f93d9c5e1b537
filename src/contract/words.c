/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Contracts as sentences. The rows say the same as the verifier's checks (kfunc spec 3.2-3.6, 4),
 * in the words of somebody who wants to call the function.
 */
#include "contract/words.h"

#include <string.h>

#include "base/kver.h"
#include "contract/registry.h"

/* Kinds whose words depend on nothing else. */
static const char *const plain_words[] = {
	[CARG_PROG_AUX] = "filled by the loader with the calling program",
	[CARG_IGNORED] = "not looked at",
	[CARG_SCALAR] = "a number",
	[CARG_SCALAR_CONST] = "a number, constant when the program is loaded",
	[CARG_LIST_HEAD] = "the head of a list whose lock the program holds",
	[CARG_LIST_NODE] = "the list node of an object of the program",
	[CARG_RB_ROOT] = "the root of a tree whose lock the program holds",
	[CARG_RB_NODE] = "the tree node of an object of the program",
	[CARG_CONST_STR] = "a constant string in read-only data",
	[CARG_MAP] = "a map",
	[CARG_WORKQUEUE] = "a struct bpf_wq in a map value",
	[CARG_TIMER] = "a struct bpf_timer in a map value",
	[CARG_TASK_WORK] = "a struct bpf_task_work in a map value",
	[CARG_IRQ_FLAG] = "8 bytes of the stack that keep the interrupt state",
	[CARG_RES_SPIN_LOCK] = "a struct bpf_res_spin_lock in a map value or an object",
	[CARG_CALLBACK] = "a static function of the program",
	[CARG_BAD] = "nothing that a program can pass",
};

static const char *const ret_kind_names[] = {
	[CRET_VOID] = "void",     [CRET_SCALAR] = "scalar", [CRET_VOID_PTR] = "address",
	[CRET_STRUCT] = "struct", [CRET_MEM] = "memory",    [CRET_BAD] = "impossible",
};

static const char *const state_names[] = {
	[CSTATE_CURRENT] = "current",
	[CSTATE_DEPRECATED] = "deprecated",
	[CSTATE_REMOVED] = "removed",
	[CSTATE_FUTURE] = "future",
};

const char *contract_ret_kind_name(enum contract_ret_kind kind)
{
	return ret_kind_names[kind];
}

const char *contract_state_name(enum contract_state s)
{
	return state_names[s];
}

static const char *pointee(const struct kfunc_contract *c, uint32_t id)
{
	const struct btf_type *t = btf_type(c->btf, id);

	return t && btf_type_kind(t) == BTF_KIND_UNION ? "union" : "struct";
}

static void put_bytes(const struct contract_arg *a, const struct contract_arg *next,
		      struct strbuf *out)
{
	if (a->flags & CARGF_SIZE_NEXT)
		strbuf_printf(out, "memory of %s bytes", next->name);
	else
		strbuf_printf(out, "%u bytes of memory", a->size);
	strbuf_puts(out, a->flags & CARGF_CONST ? ", readable" : ", readable and writable");
}

/* CARG_PTR: an object, memory, or either */
static void put_pointer(const struct kfunc_contract *c, uint32_t i, struct strbuf *out)
{
	const struct contract_arg *a = &c->arg[i];
	bool object = a->flags & CARGF_STRUCT_OK, memory = a->flags & CARGF_MEM_OK;

	if (!object && !memory)
		strbuf_puts(out, c->special ? "a pointer" : plain_words[CARG_BAD]);
	if (object)
		strbuf_printf(out, "a pointer to a %s %s", pointee(c, a->pointee_id),
			      a->pointee_name);
	if (object && (c->flags & KF_RELEASE) && !memory)
		strbuf_puts(out, ", owned: the call releases it");
	else if (object && (c->flags & KF_TRUSTED_ARGS))
		strbuf_puts(out, ", trusted");
	else if (object && (c->flags & KF_RCU))
		strbuf_puts(out, ", trusted or protected by RCU");
	if (object && memory)
		strbuf_puts(out, ", or to ");
	if (memory)
		put_bytes(a, c->arg + i + 1, out);
}

static void put_size(const struct kfunc_contract *c, uint32_t i, struct strbuf *out)
{
	const char *of = i ? c->arg[i - 1].name : "the memory before it";

	strbuf_printf(out, "the number of bytes of %s%s", of,
		      c->arg[i].kind == CARG_SIZE_CONST ? ", constant when the program is loaded"
							: "");
}

/* Kinds that name a type or a size; false: plain_words has the words */
static bool put_typed(const struct kfunc_contract *c, uint32_t i, struct strbuf *out)
{
	const struct contract_arg *a = &c->arg[i];

	switch (a->kind) {
	case CARG_PTR:
		put_pointer(c, i, out);
		return true;
	case CARG_SIZE:
	case CARG_SIZE_CONST:
		put_size(c, i, out);
		return true;
	case CARG_RET_SIZE:
		strbuf_printf(out, "how many bytes of %s memory are returned, constant",
			      a->flags & CARGF_RET_RDONLY ? "read-only" : "writable");
		return true;
	case CARG_ALLOC_OBJ:
		strbuf_puts(out, "an object that the program allocated and owns");
		return true;
	case CARG_REFCOUNTED:
		strbuf_puts(out, "an object of the program that has a struct bpf_refcount");
		return true;
	case CARG_DYNPTR:
		strbuf_puts(out, a->flags & CARGF_UNINIT
					 ? "16 bytes of the stack where the call makes a dynptr"
					 : "an initialised dynptr");
		return true;
	case CARG_ITER:
		strbuf_printf(out,
			      c->flags & KF_ITER_NEW
				      ? "%u bytes of the stack where the call makes the iterator"
				      : "the address of a live iterator of %u bytes",
			      a->size);
		return true;
	case CARG_KPTR_SLOT:
		strbuf_printf(out, "the address of a kptr to struct %s in a map value",
			      a->pointee_name);
		return true;
	default:
		return false;
	}
}

void contract_arg_words(const struct kfunc_contract *c, uint32_t i, struct strbuf *out)
{
	const struct contract_arg *a = &c->arg[i];
	bool checked = a->kind == CARG_PTR && (a->flags & CARGF_STRUCT_OK) &&
		       (c->flags & (KF_TRUSTED_ARGS | KF_RCU));

	if (a->flags & CARGF_IMPLICIT) {
		strbuf_puts(out, "filled by the loader: programs do not declare it");
		return;
	}
	if (!put_typed(c, i, out))
		strbuf_puts(out, plain_words[a->kind]);
	if (a->flags & CARGF_NONOWN_OK)
		strbuf_puts(out, ", which the program need not own");
	if (a->flags & CARGF_NULLABLE)
		strbuf_puts(out, ", or NULL");
	else if (checked)
		strbuf_puts(out, ", not NULL");
}

static void put_memory(const struct kfunc_contract *c, struct strbuf *out)
{
	uint32_t i = 0;

	while (i < c->n_args && c->arg[i].kind != CARG_RET_SIZE)
		i++;
	if (i < c->n_args)
		strbuf_printf(out, "the address of %s bytes of %s memory", c->arg[i].name,
			      c->arg[i].flags & CARGF_RET_RDONLY ? "read-only" : "writable");
	else
		strbuf_printf(out, "the address of %u bytes of read-only memory", c->ret_mem_size);
}

void contract_ret_words(const struct kfunc_contract *c, struct strbuf *out)
{
	switch ((enum contract_ret_kind)c->ret_kind) {
	case CRET_VOID:
		strbuf_puts(out, "nothing");
		return;
	case CRET_SCALAR:
		if (c->ret_bool)
			strbuf_puts(out, "true or false");
		else
			strbuf_printf(out, "a%s number of %u byte%s",
				      c->ret_signed ? " signed" : "n unsigned", c->ret_bytes,
				      c->ret_bytes == 1 ? "" : "s");
		return;
	case CRET_VOID_PTR:
		strbuf_puts(out, c->special ? "an address whose type follows from the arguments"
					    : "an address that programs see as a number");
		break;
	case CRET_STRUCT:
		strbuf_printf(out, "a pointer to a %s %s", pointee(c, c->ret_type_id),
			      btf_type_name(c->btf, c->ret_type_id));
		break;
	case CRET_MEM:
		put_memory(c, out);
		break;
	case CRET_BAD:
		strbuf_puts(out, "something that programs cannot have");
		return;
	}
	if (c->flags & KF_RET_NULL)
		strbuf_puts(out, ", or NULL: compare before use");
	if (c->flags & KF_ACQUIRE)
		strbuf_puts(out, "; a reference that must be released or stored");
}

bool contract_doc_paragraph(const char *doc, const char *word, struct strbuf *out)
{
	const char *p = doc;
	size_t n = strlen(word);

	while (p && strncmp(p, word, n)) {
		p = strchr(p, '\n');
		p += p ? 1 : 0;
	}
	if (!p)
		return false;
	for (p += n; *p == ' ' || *p == '\n';)
		p++;
	for (; *p && !(p[0] == '\n' && (p[1] == '\n' || !p[1])); p++)
		strbuf_add(out, *p == '\n' ? " " : p, 1);
	return true;
}

static void put_version(struct strbuf *out, const char *before, unsigned int v)
{
	strbuf_printf(out, "%s%u.%u", before, v >> 8, v & 0xff);
}

enum contract_state contract_lifecycle(const struct kfunc_contract *c, const char *name,
				       uint16_t version, struct strbuf *out)
{
	const struct contract_history *h = NULL;
	enum contract_state state = CSTATE_CURRENT;

	/* a host's function that is called like one of the kernel's has no history */
	if (!c || !btf_base(c->btf))
		h = contract_history(name);
	if (c && (c->flags & KF_DEPRECATED))
		state = CSTATE_DEPRECATED;
	else if (!c && h && h->removed && version >= h->removed)
		state = CSTATE_REMOVED;
	else if (!c && h && version < h->since)
		state = CSTATE_FUTURE;
	if (h)
		put_version(out, "since Linux ", h->since);
	if (h && h->removed)
		put_version(out, ", removed in ", h->removed);
	if (state == CSTATE_DEPRECATED) {
		strbuf_puts(out, h ? "; " : "");
		if (!contract_doc_paragraph(c->doc, "Deprecated:", out))
			strbuf_puts(out, "its documentation names no replacement");
	} else if (h && h->instead) {
		strbuf_printf(out, "; instead: %s", h->instead);
	}
	return state;
}
