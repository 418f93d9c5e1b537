/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What single helpers add to their prototype (verifier spec 7.6, 7.8): rows of functions by helper
 * number. Callbacks are pushed here; how they start is in callbacks.c.
 */
#include "verifier/call.h"
#include "verifier/format.h"

static struct vf_reg *arg(struct vf_env *env, uint32_t n)
{
	return &vf_regs(env)[n];
}

/* ---------------------------------------------------------------- ends and callbacks */

static int tail_call(struct vf_env *env, struct vf_call *c)
{
	const struct vf_state *st = env->cur;

	(void)c;
	/* a function that a callback calls returns to it, like to any caller */
	if (st->frame[st->cur_frame]->head.in_callback || st->frame[0]->head.in_async_callback)
		return vf_reject(env, KF_TAIL_CALL_CALLBACK,
				 "a callback cannot end in a tail call");
	return vf_check_no_leaks_leaving(env, "the program makes a tail call", false);
}

static int loop(struct vf_env *env, struct vf_call *c)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	uint64_t max = arg(env, 1)->s.umax;
	int err;

	if (arg(env, 1)->base != VF_SCALAR)
		return vf_reject(env, KF_HELPER_ARG_TYPE,
				 "the number of rounds in R1 is a pointer");
	err = vf_mark_precise(env, 1);
	if (err)
		return err;
	if (info->loop_max < max)
		info->loop_max = max > UINT32_MAX ? UINT32_MAX : (uint32_t)max;
	/* R3.25: entered as often as the count may allow */
	if (vf_cur_frame(env)->head.callback_depth < max)
		return vf_push_callback(env, c->func_regno, vf_cb_loop);
	vf_cur_frame(env)->head.callback_depth = 0;
	return 0;
}

static int for_each(struct vf_env *env, struct vf_call *c)
{
	const struct kernel_map_type *t = kernel_map_type(env->kernel, c->map->type);

	if (!t || !t->for_each)
		return vf_reject(env, KF_MAP_NO_FOR_EACH, "map %.16s of type %s has no iteration",
				 c->map->name, t ? t->name : "?");
	return vf_push_callback(env, c->func_regno, vf_cb_for_each);
}

static int find_vma(struct vf_env *env, struct vf_call *c)
{
	return vf_push_callback(env, c->func_regno, vf_cb_find_vma);
}

static int user_ringbuf_drain(struct vf_env *env, struct vf_call *c)
{
	return vf_push_callback(env, c->func_regno, vf_cb_user_ringbuf);
}

static int timer_set_callback(struct vf_env *env, struct vf_call *c)
{
	return vf_push_async_callback(env, c->func_regno, vf_cb_map_async, false);
}

/* ---------------------------------------------------------------- arguments with a meaning */

static int get_local_storage(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	if (vf_reg_is_null(arg(env, 2)))
		return vf_mark_precise(env, 2);
	return vf_reject(env, KF_HELPER_FLAGS, "R2 of helper get_local_storage must be 0");
}

static int dynptr_from_mem(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	if (arg(env, 1)->base == VF_MAP_VALUE)
		return 0;
	return vf_reject(env, KF_HELPER_ARG_TYPE, "a dynptr can be made over a map value only");
}

static int dynptr_write_ret(struct vf_env *env, struct vf_call *c)
{
	if (c->dynptr_kind != VF_DYNPTR_SKB && c->dynptr_kind != VF_DYNPTR_SKB_META)
		return 0;
	env->facts->changes_pkt = true;
	return vf_invalidate_packets(env);
}

static int reject_target(struct vf_env *env, const struct vf_call *c)
{
	return vf_reject(env, KF_HELPER_TARGET,
			 "helper %s needs a kprobe or a program attached to a "
			 "function",
			 c->helper->name);
}

static int get_func_ip(struct vf_env *env, struct vf_call *c)
{
	enum vf_ctx_source s = env->attach.source;

	if (vf_prog_type(env) == BPF_PROG_TYPE_KPROBE)
		return 0;
	if (vf_prog_type(env) == BPF_PROG_TYPE_TRACING &&
	    (s == VF_ATTACH_FENTRY || s == VF_ATTACH_FEXIT || s == VF_ATTACH_FMODRET))
		return 0;
	return reject_target(env, c);
}

static bool hook_returns_void(const struct vf_env *env)
{
	const struct btf_type *proto;

	if (!env->attach.btf || !env->attach.proto_id)
		return false;
	proto = btf_type(env->attach.btf, env->attach.proto_id);
	return proto && btf_type_kind(proto) == BTF_KIND_FUNC_PROTO && !proto->type;
}

static int set_retval(struct vf_env *env, struct vf_call *c)
{
	const struct vf_reg *r = arg(env, 1);

	(void)c;
	if (env->attach.source == VF_ATTACH_LSM_CGROUP && hook_returns_void(env))
		return vf_reject(env, KF_HELPER_TARGET_VOID,
				 "the hook returns nothing, so no value can be set");
	if (!vf_rule(env, RULE_SETRETVAL_RANGE) ||
	    (vf_prog_type(env) == BPF_PROG_TYPE_CGROUP_SOCKOPT &&
	     env->place.attach_type == BPF_CGROUP_GETSOCKOPT))
		return 0;
	if (r->base != VF_SCALAR || r->s.s32min < -4095 || r->s.s32max > 0)
		return vf_reject(env, KF_BAD_RETURN,
				 "the value set in R1 may lie outside of [-4095, 0]");
	return vf_mark_precise(env, 1);
}

/* The format is known when loading: one conversion for each word of data. */
static int snprintf_fmt(struct vf_env *env, struct vf_call *c)
{
	const struct vf_reg *len = arg(env, 5);
	const char *fmt, *why;
	uint32_t at;
	int n, err;

	(void)c;
	if (!vf_reg_is_const(len) || len->s.t.v % 8 || len->s.t.v > 96)
		return vf_reject(env, KF_HELPER_FLAGS,
				 "the size of snprintf's data in R5 must be a constant multiple of "
				 "8 up to 96");
	err = vf_check_const_str(env, 3, &fmt, NULL);
	if (err)
		return err;
	n = vf_check_format(fmt, vf_rule(env, RULE_FORMAT_TEXT), &why, &at);
	if (n < 0)
		return vf_reject(env, KF_BAD_FORMAT, "the format has %s at character %u", why, at);
	if ((uint64_t)n > len->s.t.v / 8)
		return vf_reject(env, KF_BAD_FORMAT, "the format wants %d values, R5 gives %llu", n,
				 (unsigned long long)len->s.t.v / 8);
	return vf_mark_precise(env, 5);
}

/* ---------------------------------------------------------------- results (7.8) */

/* an error, or at most as many bytes as the size argument allowed */
static int ret_bounded(struct vf_env *env, struct vf_call *c)
{
	if (c->size_max >= 0)
		vf_scalar_set_srange(&arg(env, 0)->s, -4095, c->size_max);
	return 0;
}

static int ret_cpu(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	if (env->kernel->nr_cpus)
		vf_scalar_set_urange(&arg(env, 0)->s, 0, env->kernel->nr_cpus - 1);
	return 0;
}

static const struct vf_helper_effect effects[] = {
	[BPF_FUNC_tail_call] = {.before = tail_call},
	[BPF_FUNC_loop] = {.before = loop},
	[BPF_FUNC_for_each_map_elem] = {.before = for_each},
	[BPF_FUNC_find_vma] = {.before = find_vma},
	[BPF_FUNC_user_ringbuf_drain] = {.before = user_ringbuf_drain},
	[BPF_FUNC_timer_set_callback] = {.before = timer_set_callback},
	[BPF_FUNC_get_local_storage] = {.before = get_local_storage},
	[BPF_FUNC_dynptr_from_mem] = {.before = dynptr_from_mem},
	[BPF_FUNC_dynptr_write] = {.ret = dynptr_write_ret},
	[BPF_FUNC_get_func_ip] = {.before = get_func_ip},
	[BPF_FUNC_set_retval] = {.before = set_retval},
	[BPF_FUNC_snprintf] = {.before = snprintf_fmt},
	[BPF_FUNC_get_stack] = {.ret = ret_bounded},
	[BPF_FUNC_get_task_stack] = {.ret = ret_bounded},
	[BPF_FUNC_probe_read_str] = {.ret = ret_bounded},
	[BPF_FUNC_probe_read_kernel_str] = {.ret = ret_bounded},
	[BPF_FUNC_probe_read_user_str] = {.ret = ret_bounded},
	[BPF_FUNC_get_smp_processor_id] = {.ret = ret_cpu},
};

const struct vf_helper_effect *vf_helper_effect(uint32_t id)
{
	return id < sizeof(effects) / sizeof(effects[0]) ? &effects[id] : NULL;
}
