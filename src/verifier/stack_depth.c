/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Stack bytes, nesting and exceptions over the static call graph, dead calls included (R3.6-R3.10, R9.10).
 * Each function is looked at once: the deepest chain below it, and the most bytes above it.
 */
#include "verifier/vf.h"

#define MAX_CHAIN         8
#define MAX_CHAIN_7_2     16
#define TAIL_CALL_BYTES   256
#define PRIVATE_STACK_MIN 64

struct depth {
	struct vf_env *env;
	uint8_t state[VF_MAX_SUBPROGS];  /* 0 unseen, 1 on the current chain, 2 done */
	uint32_t bytes[VF_MAX_SUBPROGS]; /* deepest chain, this function included */
	uint32_t frames[VF_MAX_SUBPROGS];
	uint32_t above[VF_MAX_SUBPROGS]; /* most bytes of callers */
	uint32_t order[VF_MAX_SUBPROGS]; /* callees before callers */
	uint32_t n_order;
	bool private_stack;
};

static uint32_t own_bytes(const struct depth *d, uint32_t sub)
{
	uint32_t bytes = (d->env->subprog[sub].stack + 15) & ~15u;

	/* with a private stack a large function does not add to its chain (R3.9) */
	return d->private_stack && bytes >= PRIVATE_STACK_MIN ? 0 : bytes;
}

/* Is the instruction a call, or does it take the address of a callback that runs inside this chain? */
static int callee_of(const struct vf_env *env, uint32_t i)
{
	int target = env->info[i].target;

	if (target < 0 || env->prog->insns[i].code == 0)
		return -1;
	/* an asynchronous callback adds to a chain only where it is called like any function */
	if (env->subprog[target].is_async_callback && !env->subprog[target].is_callback &&
	    env->prog->insns[i].code != (BPF_JMP | BPF_CALL))
		return -1;
	return target;
}

static int descend(struct depth *d, uint32_t sub)
{
	struct vf_env *env = d->env;

	d->state[sub] = 1;
	for (uint32_t i = env->subprog[sub].start; i < env->subprog[sub].end; i++) {
		int callee = callee_of(env, i);

		if (callee < 0)
			continue;
		env->insn_idx = i;
		if (d->state[callee] == 1)
			return vf_reject(env, KF_CALL_DEPTH, "the call leads back to itself");
		if (d->state[callee] == 0) {
			int err = descend(d, callee);

			if (err)
				return err;
		}
		if (d->bytes[callee] > d->bytes[sub])
			d->bytes[sub] = d->bytes[callee];
		/* newer kernels count anew in a global function (R3.6) */
		if (d->frames[callee] > d->frames[sub] &&
		    !(env->subprog[callee].is_global && vf_rule(env, RULE_FRAMES_16)))
			d->frames[sub] = d->frames[callee];
	}
	d->bytes[sub] += own_bytes(d, sub);
	d->frames[sub]++;
	if (d->frames[sub] > MAX_CHAIN_7_2)
		return vf_reject(env, KF_CALL_DEPTH, "a chain of %u functions", d->frames[sub]);
	d->state[sub] = 2;
	d->order[d->n_order++] = sub;
	return 0;
}

static int check_root(struct depth *d, uint32_t sub)
{
	struct vf_env *env = d->env;
	int err = 0;

	if (d->state[sub] == 0)
		err = descend(d, sub);
	if (err)
		return err;
	env->insn_idx = env->subprog[sub].start;
	if (d->frames[sub] > MAX_CHAIN && !vf_rule(env, RULE_FRAMES_16))
		return vf_reject(env, KF_CALL_DEPTH, "a chain of %u functions", d->frames[sub]);
	if (d->bytes[sub] > VF_STACK_BYTES)
		return vf_reject(env, KF_STACK_DEPTH, "a chain of calls uses %u of %d bytes",
				 d->bytes[sub], VF_STACK_BYTES);
	if (env->report->stack < d->bytes[sub])
		env->report->stack = d->bytes[sub];
	return 0;
}

/* R3.10 */
static int check_tail_calls(struct depth *d)
{
	struct vf_env *env = d->env;

	for (uint32_t k = d->n_order; k-- > 0;) {
		uint32_t sub = d->order[k];

		if (env->subprog[sub].has_tail_call && sub && d->above[sub] >= TAIL_CALL_BYTES) {
			env->insn_idx = env->subprog[sub].start;
			return vf_reject(env, KF_TAILCALL_STACK, "%u bytes", d->above[sub]);
		}
		for (uint32_t i = env->subprog[sub].start; i < env->subprog[sub].end; i++) {
			int callee = callee_of(env, i);
			uint32_t bytes = d->above[sub] + ((env->subprog[sub].stack + 15) & ~15u);

			if (callee >= 0 && d->above[callee] < bytes)
				d->above[callee] = bytes;
		}
	}
	return 0;
}

/* R9.10 for code that no path reaches: Linux looks at the call graph, and so does this */
static int check_throws(struct depth *d)
{
	struct vf_env *env = d->env;
	bool inside[VF_MAX_SUBPROGS] = {false};

	for (uint32_t k = d->n_order; k-- > 0;) {
		uint32_t sub = d->order[k];

		inside[sub] |= env->subprog[sub].is_callback || env->subprog[sub].is_async_callback;
		if (!inside[sub] || !env->sub[sub].calls_throw)
			continue;
		for (uint32_t i = env->subprog[sub].start; i < env->subprog[sub].end; i++) {
			const struct kfunc_contract *c = env->info[i].kfunc;
			int callee = callee_of(env, i);

			if (callee >= 0)
				inside[callee] = true;
			if (!c || c->special != SPECIAL_THROW)
				continue;
			env->insn_idx = i;
			return vf_reject(
				env, KF_THROW_CALLBACK,
				"bpf_throw() is called in a callback, though no path leads there");
		}
	}
	return 0;
}

static bool wants_private_stack(const struct vf_env *env)
{
	if (!vf_rule(env, RULE_PRIVATE_STACK))
		return false;
	for (uint32_t i = 0; i < env->n_subprogs; i++)
		if (env->subprog[i].has_tail_call)
			return false;
	switch (env->prog->type) { /* an extension has none, whatever it extends */
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
		return true;
	case BPF_PROG_TYPE_TRACING:
		return env->place.attach_type != BPF_TRACE_ITER && !env->place.sleepable;
	default:
		return false;
	}
}

int vf_check_stack_depth(struct vf_env *env)
{
	struct depth *d = mem_zalloc(sizeof(*d));
	int err;

	if (!d)
		return vf_nomem(env);
	d->env = env;
	d->private_stack = wants_private_stack(env);
	err = check_root(d, 0);
	for (uint32_t i = 1; !err && i < env->n_subprogs; i++)
		if (env->subprog[i].is_async_callback || env->sub[i].is_exception_cb ||
		    d->state[i] == 0)
			err = check_root(d, i);
	if (!err)
		err = check_tail_calls(d);
	if (!err)
		err = check_throws(d);
	mem_free(d);
	return err;
}
