/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Attach targets: where the typed context of TRACING, LSM, STRUCT_OPS programs comes from, and which
 * functions may carry them (R1.6, R1.14, R1.15, kfunc spec R11.1-R11.2).
 *
 * Linux has a list of error-injectable functions that no BTF tells of: for fmod_ret and sleepable
 * programs only functions that are certain are accepted, others answer unsupported. Programs as
 * targets are in attach_prog.c.
 */
#include <kfunc/hooks.h>

#include "contract/ops.h"
#include "contract/registry.h"
#include "verifier/call.h"

#define TP_PREFIX       "btf_trace_"
#define ITER_PREFIX     "bpf_iter_"
#define LSM_PREFIX      "bpf_lsm_"
#define MAX_FENTRY_ARGS 12

static const char *const no_trace[] = {
	"migrate_disable",   "migrate_enable",           "rcu_read_unlock_strict",
	"preempt_count_add", "preempt_count_sub",        "__rcu_read_lock",
	"__rcu_read_unlock", "bpf_get_smp_processor_id",
};

static const char *const no_return[] = {
	"do_exit",      "do_group_exit",  "kthread_complete_and_exit",
	"kthread_exit", "make_task_dead", "__module_put_and_kthread_exit",
	"panic",
};

static bool in_list(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_syscall_entry(const char *name)
{
	return starts_with(name, "__x64_sys_") || starts_with(name, "__ia32_sys_") ||
	       starts_with(name, "__arm64_sys_") || starts_with(name, "__s390x_sys_");
}

int vf_bad_target(struct vf_env *env, const char *why)
{
	return vf_reject(env, KF_ATTACH_TARGET_BAD, "%s: %s", env->attach.name, why);
}

static int attach_raw_tp(struct vf_env *env, const struct btf_type *t)
{
	struct vf_attach *a = &env->attach;
	const struct btf_type *proto;
	uint32_t id;

	a->source = VF_ATTACH_RAW_TP;
	if (btf_type_kind(t) != BTF_KIND_TYPEDEF || !starts_with(a->name, TP_PREFIX))
		return vf_bad_target(env, "not the type of a tracepoint");
	a->name += strlen(TP_PREFIX);
	proto = btf_pointee(a->btf, a->type_id, &id);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return vf_bad_target(env, "the tracepoint has no prototype");
	a->proto_id = id;
	a->first_arg = 1;
	return 0;
}

static int attach_iter(struct vf_env *env)
{
	struct vf_attach *a = &env->attach;

	a->source = VF_ATTACH_ITER;
	if (!starts_with(a->name, ITER_PREFIX))
		return vf_bad_target(env, "not an iterator");
	a->name += strlen(ITER_PREFIX);
	return 0;
}

static int check_fentry_proto(struct vf_env *env, const struct btf_type *proto)
{
	const struct btf_param *p = btf_type_params(proto);
	uint32_t n = btf_type_vlen(proto);
	const struct btf_type *ret = btf_skip_mods(env->attach.btf, proto->type, NULL);

	if (n > MAX_FENTRY_ARGS)
		return vf_bad_target(env, "too many parameters");
	for (uint32_t i = 0; i < n; i++) {
		int64_t size = p[i].type ? btf_type_size(env->attach.btf, p[i].type) : -1;

		if (size < 0 || size > 16)
			return vf_bad_target(env, "a parameter that cannot be passed on");
	}
	if (proto->type && ret &&
	    (btf_is_struct(ret) || btf_type_size(env->attach.btf, proto->type) > 8))
		return vf_bad_target(env, "returns a struct");
	return 0;
}

static int check_error_injectable(struct vf_env *env)
{
	const struct vf_attach *a = &env->attach;
	uint32_t flags;

	if (is_syscall_entry(a->name))
		return 0;
	/* kfunc spec R1.15: listed as a target of fmod_ret, of sleepable programs with KF_SLEEPABLE */
	if (registry_fmodret(env->kernel->registry, a->btf, env->prog->attach_btf_id, &flags) &&
	    (!env->place.sleepable || flags & KF_SLEEPABLE))
		return 0;
	return vf_unsupported(env, "list of error-injectable functions");
}

static int attach_func(struct vf_env *env)
{
	struct vf_attach *a = &env->attach;
	uint32_t type = env->place.attach_type;

	if (in_list(no_trace, sizeof(no_trace) / sizeof(no_trace[0]), a->name))
		return vf_bad_target(env, "the tracing machinery itself uses it");
	switch (type) {
	case BPF_TRACE_FENTRY:
		a->source = VF_ATTACH_FENTRY;
		break;
	case BPF_TRACE_FEXIT:
		a->source = VF_ATTACH_FEXIT;
		break;
	case BPF_MODIFY_RETURN:
		a->source = VF_ATTACH_FMODRET;
		break;
	default:
		return vf_reject(env, KF_BAD_ATTACH_TYPE, "attach type %u is none of type tracing",
				 type);
	}
	if (type != BPF_TRACE_FENTRY &&
	    in_list(no_return, sizeof(no_return) / sizeof(no_return[0]), a->name))
		return vf_bad_target(env, "it never returns");
	if (type == BPF_MODIFY_RETURN && !starts_with(a->name, "security_"))
		return check_error_injectable(env);
	if (env->place.sleepable && type != BPF_MODIFY_RETURN)
		return check_error_injectable(env);
	return 0;
}

static int attach_lsm(struct vf_env *env)
{
	struct vf_attach *a = &env->attach;

	a->source = env->place.attach_type == BPF_LSM_CGROUP ? VF_ATTACH_LSM_CGROUP : VF_ATTACH_LSM;
	if (!starts_with(a->name, LSM_PREFIX))
		return vf_bad_target(env, "not a security hook");
	a->name += strlen(LSM_PREFIX);
	if (kernel_lsm_disabled(env->kernel, a->name))
		return vf_bad_target(env, "programs cannot attach to this hook");
	if (env->place.sleepable && !kernel_lsm_sleepable(env->kernel, a->name))
		return vf_bad_target(env, "the hook cannot sleep");
	return 0;
}

static bool member_marked(const struct vf_env *env, const struct btf_type *proto, const char *mark)
{
	const struct vf_attach *a = &env->attach;

	for (uint32_t i = 0; i < btf_type_vlen(proto); i++)
		if (vf_ops_arg_marked(a, i, mark))
			return true;
	return false;
}

/* R11.4: a callee would not get the reference that its argument promises */
static int check_ref_args(struct vf_env *env, const struct btf_type *proto)
{
	if (!vf_rule(env, RULE_OPS_REF_ARGS) || !member_marked(env, proto, "__ref"))
		return 0;
	for (uint32_t i = 0; i < env->n_subprogs; i++)
		if (env->subprog[i].has_tail_call)
			return vf_reject(env, KF_REF_TAIL_CALL,
					 "%s passes a reference on, and its program calls another",
					 env->attach.name);
	return 0;
}

/* R11.2: what the host of the struct says; ops NULL: a struct of the kernel itself */
static int check_ops_member(struct vf_env *env, const struct contract_ops *ops,
			    const struct btf_type *t, const struct btf_member *m)
{
	struct vf_attach *a = &env->attach;
	int err = 0;

	if (!ops) {
		err = kernel_ops_member(env->kernel, a->ops_name, a->name, env->place.sleepable);
		if (err == -EINVAL)
			return vf_bad_target(env, "the member's program cannot sleep");
	} else if (!ops->m[a->member].takes_program) {
		err = -524; /* ENOTSUPP */
	}
	if (err)
		return vf_reject(env, KF_NO_STRUCT_OPS, "member %s of %s takes no program", a->name,
				 a->ops_name);
	if (!ops || !ops->host->check_member)
		return 0;
	err = vf_filter_view(env);
	if (err)
		return err;
	err = ops->host->check_member(t, m, env->filter_view);
	if (!err)
		return 0;
	vf_reject(env, KF_OPS_MEMBER_REFUSED, "member %s of %s: error %d", a->name, a->ops_name,
		  err);
	if (err < 0 && err >= -4095)
		env->report->err = err;
	return env->report->err;
}

static int attach_struct_ops(struct vf_env *env, const struct btf_type *t)
{
	const struct contract_ops *ops;
	struct vf_attach *a = &env->attach;
	const struct btf_member *m;
	const struct btf_type *proto;
	char value[128] = "bpf_struct_ops_";
	uint32_t id;
	int err;

	a->source = VF_ATTACH_STRUCT_OPS;
	a->ops_name = a->name;
	strncat(value, a->name, sizeof(value) - strlen(value) - 1);
	ops = registry_ops(env->kernel->registry, btf_owner(a->btf, a->type_id), a->type_id);
	if (!btf_is_struct(t) || btf_find(a->btf, value, BTF_KIND_STRUCT) < 0 ||
	    (env->kernel->live && !ops))
		return vf_reject(env, KF_NO_STRUCT_OPS, "%s is not an operations struct", a->name);
	a->member = env->prog->attach_type;
	if (a->member >= btf_type_vlen(t))
		return vf_bad_target(env, "the struct has no such member");
	m = &btf_type_members(t)[a->member];
	a->name = btf_str(a->btf, m->name_off);
	proto = btf_pointee(a->btf, m->type, &id);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return vf_bad_target(env, "the member is no function");
	a->proto_id = id;
	err = check_ops_member(env, ops, t, m);
	return err ? err : check_ref_args(env, proto);
}

/* FUNC targets: remember the prototype and check what every use of it needs */
int vf_attach_func_proto(struct vf_env *env, const struct btf_type *t)
{
	struct vf_attach *a = &env->attach;
	const struct btf_type *proto;

	if (btf_type_kind(t) != BTF_KIND_FUNC)
		return vf_bad_target(env, "not a function");
	proto = btf_type(a->btf, t->type);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return vf_bad_target(env, "the function has no prototype");
	a->proto_id = t->type;
	return check_fentry_proto(env, proto);
}

static int attach_tracing(struct vf_env *env, const struct btf_type *t)
{
	int err;

	if (env->place.attach_type == BPF_TRACE_RAW_TP)
		return attach_raw_tp(env, t);
	err = vf_attach_func_proto(env, t);
	if (err)
		return err;
	if (vf_prog_type(env) == BPF_PROG_TYPE_LSM)
		return attach_lsm(env);
	return env->place.attach_type == BPF_TRACE_ITER ? attach_iter(env) : attach_func(env);
}

int vf_resolve_attach(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	const struct btf_type *t;
	int err;

	env->insn_idx = 0;
	if (p->type != BPF_PROG_TYPE_TRACING && p->type != BPF_PROG_TYPE_LSM &&
	    p->type != BPF_PROG_TYPE_EXT && p->type != BPF_PROG_TYPE_STRUCT_OPS) {
		if (p->attach_btf_id)
			return vf_reject(env, KF_ATTR_BAD, "type %s has no attach target",
					 env->ptype->name);
		return 0;
	}
	if (p->attach_prog)
		return vf_attach_to_program(env);
	env->attach.btf = p->attach_btf ? p->attach_btf : env->kernel->btf;
	env->attach.type_id = p->attach_btf_id;
	t = btf_type(env->attach.btf, p->attach_btf_id);
	if (p->type == BPF_PROG_TYPE_STRUCT_OPS && (!t || !p->attach_btf_id))
		return vf_reject(env, KF_NO_STRUCT_OPS, "BTF id %u", p->attach_btf_id);
	if (!p->attach_btf_id || !t)
		return vf_reject(env, KF_ATTACH_NO_TYPE, "BTF id %u", p->attach_btf_id);
	env->attach.name = btf_str(env->attach.btf, t->name_off);
	if (!*env->attach.name && p->type != BPF_PROG_TYPE_STRUCT_OPS)
		return vf_reject(env, KF_ATTACH_NO_TYPE, "BTF id %u has no name", p->attach_btf_id);
	if (p->type == BPF_PROG_TYPE_EXT)
		return vf_bad_target(env, "a function of the kernel cannot be replaced");
	if (p->type == BPF_PROG_TYPE_STRUCT_OPS)
		err = attach_struct_ops(env, t);
	else
		err = attach_tracing(env, t);
	env->place.attach_name = env->attach.ops_name ? env->attach.ops_name : env->attach.name;
	return err;
}
