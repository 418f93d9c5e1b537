/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tracepoints that a host declares with <kfunc/hooks.h>: from the macros' structure to the registry,
 * where the verifier finds what programs may rely on, and to the table that programs attach to.
 *
 * What the verifier relies on is kept here: an event with NULL where the declaration has a pointer
 * to a struct without __nullable reaches no program.
 */
#include <kfunc/hooks.h>

#include <errno.h>
#include <string.h>

#include "contract/registry.h"
#include "kernel/kernel.h"
#include "kernel/module.h"
#include "runtime/tracepoint.h"

static const char *reason_of(int err)
{
	switch (err) {
	case -ENOENT:
		return "its type and function are not in the module's BTF";
	case -EEXIST:
		return "the name is taken";
	case -EINVAL:
		return "an argument is neither a number nor a pointer";
	default:
		return strerror(-err);
	}
}

int kfunc_tracepoint_register(struct kfunc_tracepoint *tp)
{
	const struct contract_tracepoint *c;
	struct kfunc_kernel *k;
	struct btf_obj *btf;
	void *handle;
	int err;

	if (!tp || !tp->name || !tp->owner)
		return module_fail(-EINVAL, "a tracepoint without name or owner");
	if (tp->size != sizeof(*tp))
		return module_fail(-EINVAL, "built with another version of <kfunc/hooks.h>");
	err = module_types(tp->owner, &k, &btf);
	if (err || !btf)
		return err;
	if (rt_tracepoint_find(tp->name))
		err = -EEXIST;
	if (!err)
		err = registry_add_tracepoint(k->registry, k->btf, btf, tp->name, tp->n_args, &c);
	if (err)
		return module_fail(err, "tracepoint %s: %s", tp->name, reason_of(err));
	tp->nonnull = c->nonnull;
	/* last: from here on it may be attached to, in any thread */
	handle = rt_tracepoint_declare_host(tp->name, tp->n_args, btf, &tp->active);
	__atomic_store_n(&tp->handle, handle, __ATOMIC_RELEASE);
	return handle ? 0 : module_fail(-ENOMEM, "out of memory");
}

void kfunc_tracepoint_fire(struct kfunc_tracepoint *tp, const __u64 *args)
{
	struct rt_tracepoint *handle = __atomic_load_n(&tp->handle, __ATOMIC_ACQUIRE);

	if (!handle)
		return; /* somebody attached while it is still being registered */
	for (__u32 i = 0; i < tp->n_args; i++)
		if (tp->nonnull >> i & 1 && !args[i]) {
			__atomic_fetch_add(&tp->missed, 1, __ATOMIC_RELAXED);
			return;
		}
	rt_tracepoint_fire(handle, (const uint64_t *)args);
}
