/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a program claims to be, before its instructions are looked at (verifier spec 1.1-1.4): type,
 * attach type, sleepable flag, licence, privileges. The boundary has checked the raw attributes.
 */
#include "verifier/vf.h"

/* R1.2: the exact strings */
static bool licence_is_gpl(const char *licence)
{
	static const char *const gpl[] = {
		"GPL",          "GPL v2",       "GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
	};

	for (size_t i = 0; licence && i < sizeof(gpl) / sizeof(gpl[0]); i++)
		if (strcmp(licence, gpl[i]) == 0)
			return true;
	return false;
}

/* R1.13; TRACING also depends on its attach target, see attach.c */
static bool sleepable_type(const struct vf_program *p)
{
	switch (p->type) {
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_LSM:
		return true;
	case BPF_PROG_TYPE_TRACING:
		return p->attach_type == BPF_TRACE_FENTRY || p->attach_type == BPF_TRACE_FEXIT ||
		       p->attach_type == BPF_MODIFY_RETURN || p->attach_type == BPF_TRACE_ITER;
	default:
		return false;
	}
}

static int check_attach_type(struct vf_env *env)
{
	const struct kernel_prog_type *t = env->ptype;
	uint32_t at = env->place.attach_type;

	if (!t->attach_type_checked)
		return 0;
	for (uint32_t i = 0; i < t->n_attach_types; i++)
		if (t->attach_types[i] == at)
			return 0;
	return vf_reject(env, KF_BAD_ATTACH_TYPE, "attach type %u does not belong to type %s", at,
			 t->name);
}

#define PROG_NETFILTER 32 /* newer than the oldest <linux/bpf.h> */

/* R1.5: what a type needs besides CAP_BPF */
static uint32_t caps_needed(uint32_t type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_CGROUP_SKB:
		return 0;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
	case BPF_PROG_TYPE_SK_SKB:
	case BPF_PROG_TYPE_SK_MSG:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_SOCK_OPS:
	case PROG_NETFILTER:
		return VF_CAP_BPF | VF_CAP_NET_ADMIN;
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_STRUCT_OPS:
		return VF_CAP_BPF | VF_CAP_PERFMON;
	case BPF_PROG_TYPE_EXT:
		return VF_CAP_BPF | VF_CAP_NET_ADMIN | VF_CAP_PERFMON;
	default:
		return VF_CAP_BPF;
	}
}

static int check_caps(struct vf_env *env)
{
	static const struct {
		enum vf_caps cap;
		const char *name;
	} names[] = {
		{VF_CAP_BPF, "CAP_BPF"},
		{VF_CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{VF_CAP_PERFMON, "CAP_PERFMON"},
	};
	uint32_t caps = env->opts->caps, missing = caps_needed(env->prog->type) & ~caps;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (missing & names[i].cap)
			return vf_reject(env, KF_NEED_CAP, "programs of type %s need %s",
					 env->ptype->name, names[i].name);
	if (!(caps & VF_CAP_PERFMON) || !(caps & VF_CAP_BPF))
		return vf_unsupported(env, "verification for unprivileged loaders");
	return 0;
}

int vf_check_load(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	bool sleepable = p->prog_flags & BPF_F_SLEEPABLE;
	int err;

	if (p->n_insns == 0)
		return vf_reject(env, KF_NO_INSNS, "the program is empty");
	if (p->n_insns > 1000000)
		return vf_reject(env, KF_TOO_MANY_INSNS, "%u instructions", p->n_insns);
	env->ptype = kernel_prog_type(env->kernel, p->type);
	if (!env->ptype)
		return vf_reject(env, KF_BAD_PROG_TYPE, "program type %u", p->type);
	env->place = (struct kernel_prog_place){.type = p->type,
						.attach_type = p->attach_type,
						.sleepable = sleepable};
	/* attach type 0 stands for the usual one (spec 1.1, step 4) */
	if (p->type == BPF_PROG_TYPE_CGROUP_SOCK && p->attach_type == 0)
		env->place.attach_type = BPF_CGROUP_INET_SOCK_CREATE;
	if (p->type == BPF_PROG_TYPE_SK_REUSEPORT && p->attach_type == 0)
		env->place.attach_type = BPF_SK_REUSEPORT_SELECT;
	env->privileged = true;
	env->gpl = licence_is_gpl(p->licence);
	env->strict_align =
		(p->prog_flags & BPF_F_STRICT_ALIGNMENT) && !(p->prog_flags & BPF_F_ANY_ALIGNMENT);
	err = check_caps(env);
	if (!err)
		err = check_attach_type(env);
	if (err)
		return err;
	if (p->type == BPF_PROG_TYPE_SYSCALL && !sleepable)
		return vf_reject(env, KF_SYSCALL_NOT_SLEEPABLE, "the sleepable flag is missing");
	if (sleepable && !sleepable_type(p))
		return vf_reject(env, KF_NOT_SLEEPABLE_TYPE, "type %s, attach type %u",
				 env->ptype->name, p->attach_type);
	if (p->type == BPF_PROG_TYPE_EXT && p->attach_prog && vf_rule(env, RULE_EXT_TYPE_EARLY))
		vf_take_target_type(env);
	if (!env->gpl && (p->type == BPF_PROG_TYPE_LSM || p->type == BPF_PROG_TYPE_STRUCT_OPS))
		return vf_reject(env, KF_NEED_GPL, "programs of type %s must be under the GPL",
				 env->ptype->name);
	return 0;
}
