/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which helper, with which prototype, a program gets (verifier spec 7.9, tables of
 * data/helpers.json): the first row of the helper that holds for the version, the program's type
 * and attach type, the loader's capabilities and what else the row asks for. A helper has a handful
 * of rows.
 *
 * Kernel configuration that rows name is taken as set unless the kernel's BTF shows that it is not
 * (tables.c); a lockdown in force is not modelled.
 */
#include "kernel/tables.h"

#include <string.h>

/* attach types newer than the headers this is built with */
#define TRACE_UPROBE_SESSION 57
#define TRACE_FSESSION       58

static bool starts_with(const char *s, const char *prefix)
{
	return s && !strncmp(s, prefix, strlen(prefix));
}

static const char *hook_name(const struct kernel_prog_place *at)
{
	const char *s = at->attach_name ? at->attach_name : "";

	return starts_with(s, "bpf_lsm_") ? s + 8 : s;
}

static bool is_trampoline(const struct kernel_prog_place *at)
{
	if (at->type == BPF_PROG_TYPE_LSM)
		return at->attach_type == BPF_LSM_MAC;
	return at->type == BPF_PROG_TYPE_TRACING &&
	       (at->attach_type == BPF_TRACE_FENTRY || at->attach_type == BPF_TRACE_FEXIT ||
		at->attach_type == BPF_MODIFY_RETURN || at->attach_type == TRACE_FSESSION);
}

/* d_path may wait for locks that only some attach points do not hold */
static bool d_path_ok(const struct kfunc_kernel *k, const struct kernel_prog_place *at)
{
	const char *const *f;

	if (at->type == BPF_PROG_TYPE_TRACING && at->attach_type == BPF_TRACE_ITER)
		return true;
	if (at->type == BPF_PROG_TYPE_LSM)
		return kt_lsm_is(k, hook_name(at), KT_LSM_SLEEPABLE);
	for (f = kt_d_path_functions; *f; f++)
		if (at->attach_name && !strcmp(at->attach_name, *f))
			return true;
	return false;
}

/* programs that are run by hand are offered it for nothing: they have no attach type */
static bool sk_storage_tracing_ok(const struct kernel_prog_place *at)
{
	switch (at->attach_type) {
	case BPF_TRACE_ITER:
	case BPF_TRACE_RAW_TP:
		return true;
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case TRACE_FSESSION:
		return at->attach_name && !starts_with(at->attach_name, "bpf_sk_storage");
	default:
		return false;
	}
}

static bool holds(const struct kfunc_kernel *k, const struct kernel_prog_place *at,
		  enum kt_when what)
{
	switch (what) {
	case KT_SLEEPABLE:
		return at->sleepable;
	case KT_TRAMPOLINE:
		return is_trampoline(at);
	case KT_RECURSION_PROTECTED:
		if (at->type == BPF_PROG_TYPE_TRACING)
			return at->attach_type != BPF_TRACE_ITER;
		return at->type != BPF_PROG_TYPE_LSM && at->type != BPF_PROG_TYPE_STRUCT_OPS;
	case KT_KPROBE_MULTI:
		return at->attach_type == BPF_TRACE_KPROBE_MULTI ||
		       at->attach_type == BPF_TRACE_KPROBE_SESSION;
	case KT_UPROBE_MULTI:
		return at->attach_type == BPF_TRACE_UPROBE_MULTI ||
		       at->attach_type == TRACE_UPROBE_SESSION;
	case KT_HOOK_LOCKED:
		return kt_lsm_is(k, hook_name(at), KT_LSM_LOCKED);
	case KT_HOOK_UNLOCKED:
		return kt_lsm_is(k, hook_name(at), KT_LSM_UNLOCKED);
	case KT_NOT_RELEASE: /* struct_ops: the attach type is the member's number */
		return k->tables->release_member >= 0 &&
		       at->attach_type != (uint32_t)k->tables->release_member;
	case KT_D_PATH:
		return d_path_ok(k, at);
	case KT_LSM_SLEEPABLE_HOOK:
		return at->type == BPF_PROG_TYPE_LSM &&
		       kt_lsm_is(k, hook_name(at), KT_LSM_SLEEPABLE);
	case KT_SK_STORAGE_TRACING:
		return sk_storage_tracing_ok(at);
	}
	return false;
}

static bool all_hold(const struct kfunc_kernel *k, const struct kernel_prog_place *at,
		     const struct kt_helper_rule *r)
{
	unsigned int bits;

	for (bits = r->when; bits; bits &= bits - 1)
		if (!holds(k, at, bits & -bits))
			return false;
	for (bits = r->unless; bits; bits &= bits - 1)
		if (holds(k, at, bits & -bits))
			return false;
	return true;
}

/* struct_ops types with a list of their own do not see the common one */
static bool has_own_list(const struct kfunc_kernel *k, const struct kernel_prog_place *at)
{
	const struct kt_name_mask *s;

	if (at->type != BPF_PROG_TYPE_STRUCT_OPS || !at->attach_name)
		return false;
	for (s = kt_special_ops; s->name; s++)
		if ((s->versions & k->tables->bit) && !strcmp(s->name, at->attach_name))
			return true;
	return false;
}

const struct kernel_helper *kernel_helper(const struct kfunc_kernel *k, uint32_t id,
					  const struct kernel_prog_place *at, bool *known)
{
	const struct kt_helper *h = id < kt_n_helpers ? &kt_helpers[id] : NULL;
	uint32_t attach = at->attach_type, i;
	bool own_list;

	if (known)
		*known = h && h->name;
	if (!h || at->type >= 64)
		return NULL;
	own_list = has_own_list(k, at);
	for (i = h->first; i < h->first + h->n; i++) {
		const struct kt_helper_rule *r = &kt_helper_rules[i];
		uint64_t progs = kt_masks[r->progs], places = kt_masks[r->attach];
		const char *sub = kt_names[r->sub];

		if (!(r->versions & k->tables->bit) || !(progs >> at->type & 1) ||
		    (r->caps & at->lacks) || (r->config & k->tables->config_off))
			continue;
		if (places != UINT64_MAX && (attach >= 64 || !(places >> attach & 1)))
			continue;
		if (sub ? !at->attach_name || strcmp(sub, at->attach_name) != 0 : own_list)
			continue;
		if (all_hold(k, at, r))
			return &kt_helper_rows[r->row];
	}
	return NULL;
}

const char *kernel_helper_name(uint32_t id)
{
	return id < kt_n_helpers ? kt_helpers[id].name : NULL;
}

const char *kernel_helper_type(uint8_t type)
{
	return kt_names[type];
}
