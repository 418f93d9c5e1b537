/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a kfunc call names (kfunc spec section 2): the pass over every instruction before the walk
 * (2.1), and at a visited call whether the program may see the function (R1.11, R2.10-R2.12). The
 * contract with the flags that hold for this program is kept in the instruction's info.
 *
 * Left out: programs that are bound to a device (row 14).
 */
#include "verifier/call.h"

enum { KFUNC_UNKNOWN, KFUNC_ALLOWED, KFUNC_DENIED };

/* libbpf writes these numbers where a target is missing */
#define POISON_CORE  0xbad2310
#define POISON_MAP   2001000000
#define POISON_KFUNC 2002000000
#define POISON_RANGE 1000000

/* kfuncs that a network driver provides */
#define DEVICE_KFUNC "bpf_xdp_metadata_rx_"

/* ---------------------------------------------------------------- before the walk */

static int check_loader(struct vf_env *env)
{
	if (!(env->opts->caps & VF_CAP_BPF))
		return vf_reject(env, KF_NEED_CAP, "calling kernel functions needs CAP_BPF");
	if (!env->gpl)
		return vf_reject(
			env, KF_NEED_GPL,
			"kernel functions are for programs under a GPL-compatible licence");
	return 0;
}

static int note_pair(struct vf_env *env, const struct bpf_insn *insn)
{
	uint64_t pair = (uint64_t)(uint32_t)insn->imm << 16 | (uint16_t)insn->off;

	for (uint32_t i = 0; i < env->n_kfunc_pairs; i++)
		if (env->kfunc_pair[i] == pair)
			return 0;
	if (env->n_kfunc_pairs == VF_MAX_KFUNCS)
		return vf_reject(env, KF_TOO_MANY_KFUNCS,
				 "this is the 257th kernel function that the program calls");
	env->kfunc_pair[env->n_kfunc_pairs++] = pair;
	return 0;
}

static int reject_fd(struct vf_env *env, int err, int fd)
{
	switch (-err) {
	case EBADF:
		return vf_reject(env, KF_KFUNC_FD, "descriptor %d of the call is not open", fd);
	case ENXIO:
		return vf_reject(env, KF_MODULE_GONE, "the module of descriptor %d is not live",
				 fd);
	case ENOMEM:
		return vf_nomem(env);
	default:
		return vf_reject(env, KF_KFUNC_FD_KIND, "descriptor %d is not a module's BTF", fd);
	}
}

static int note_module(struct vf_env *env, const struct btf_obj *btf)
{
	struct vf_facts *f = env->facts;

	for (uint32_t i = 0; i < f->n_btfs; i++)
		if (f->btfs[i] == btf)
			return 0;
	if (f->n_btfs == sizeof(f->btfs) / sizeof(f->btfs[0]))
		return vf_reject(env, KF_TOO_MANY_BTFS,
				 "this is the 65th module that the program calls");
	f->btfs[f->n_btfs++] = btf;
	return 0;
}

/* the BTF that the call's id belongs to */
static int find_btf(struct vf_env *env, const struct bpf_insn *insn, const struct btf_obj **btf)
{
	bool is_module = false;
	int err, fd;

	if (insn->off == 0) {
		*btf = env->kernel->btf;
		return 0;
	}
	if (insn->off < 0)
		return vf_reject(env, KF_KFUNC_BAD_ID, "the call has a negative module index %d",
				 insn->off);
	if (!env->prog->fd_array)
		return vf_reject(env, KF_KFUNC_NO_MODULE,
				 "the call names module %d of an array that was "
				 "not given",
				 insn->off);
	if ((uint32_t)insn->off >= env->prog->fd_array_cnt)
		return vf_reject(env, KF_FD_ARRAY,
				 "element %d of the descriptor array cannot be read", insn->off);
	fd = env->prog->fd_array[insn->off];
	err = env->resolver && env->resolver->btf_by_fd
		      ? env->resolver->btf_by_fd(env->resolver->ctx, fd, btf, &is_module)
		      : -EBADF;
	if (!err && !is_module)
		err = -EINVAL;
	return err ? reject_fd(env, err, fd) : note_module(env, *btf);
}

static int check_func(struct vf_env *env, const struct btf_obj *btf, uint32_t id)
{
	const struct btf_type *t = btf_type(btf, id), *proto;

	if (!t || btf_type_kind(t) != BTF_KIND_FUNC)
		return vf_reject(env, KF_KFUNC_BAD_ID, "type %u is not a function", id);
	proto = btf_type(btf, t->type);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return vf_reject(env, KF_KFUNC_BAD_ID, "function %s has no prototype",
				 btf_type_name(btf, id));
	return 0;
}

/* row 14: what the driver of one device does */
static int reject_device(struct vf_env *env, const char *name)
{
	if (env->prog->prog_flags & BPF_F_XDP_DEV_BOUND_ONLY)
		return vf_unsupported(env, "programs that are bound to a device");
	return vf_reject(env, KF_KFUNC_DEVICE,
			 "%s() is called by a program that is not bound to a device", name);
}

/*
 * Row 13, as far as BTF tells: what implements a function with implicit arguments (R2.7) has no
 * symbol of its own name.
 */
static int check_symbol(struct vf_env *env, const struct btf_obj *btf, uint32_t id)
{
	const char *name = btf_type_name(btf, id);
	size_t len = strlen(name), suffix = strlen("_impl");
	const struct kfunc_contract *c = NULL;
	int32_t sibling;
	char base[128];

	if (len <= suffix || len - suffix >= sizeof(base) || strcmp(name + len - suffix, "_impl"))
		return 0;
	memcpy(base, name, len - suffix);
	base[len - suffix] = 0;
	sibling = btf_find(btf, base, BTF_KIND_FUNC);
	if (sibling > 0)
		c = registry_contract(env->kernel->registry, btf, (uint32_t)sibling);
	if (!c || !(c->flags & KF_IMPLICIT_ARGS))
		return 0;
	return vf_reject(env, KF_KFUNC_BAD_ID, "%s() has no symbol of its own; programs call %s()",
			 name, base);
}

int vf_check_kfunc_prepass(struct vf_env *env, uint32_t at)
{
	const struct bpf_insn *insn = &env->prog->insns[at];
	struct vf_insn_info *info = &env->info[at];
	const struct kfunc_contract *c;
	const struct btf_obj *btf = NULL;
	int err;

	env->insn_idx = at;
	err = check_loader(env);
	if (err || (!insn->imm && !insn->off))
		return err;
	err = note_pair(env, insn);
	if (err)
		return err;
	if (insn->imm <= 0)
		return vf_reject(env, KF_KFUNC_BAD_ID, "%d is not the id of a function", insn->imm);
	err = find_btf(env, insn, &btf);
	if (!err)
		err = check_func(env, btf, (uint32_t)insn->imm);
	if (err)
		return err;
	if (!strncmp(btf_type_name(btf, (uint32_t)insn->imm), DEVICE_KFUNC, strlen(DEVICE_KFUNC)))
		return reject_device(env, btf_type_name(btf, (uint32_t)insn->imm));
	info->kfunc_btf = btf;
	info->kfunc = c = registry_contract(env->kernel->registry, btf, (uint32_t)insn->imm);
	if (!c) /* not a kfunc: refused where it is visited */
		return check_symbol(env, btf, (uint32_t)insn->imm);
	if (c->proto_bad)
		return vf_reject(env, KF_KFUNC_PROTO, "the prototype of %s() cannot be called: %s",
				 c->name, c->bad_why ? c->bad_why : "unknown");
	info->is_iter_next = c->flags & KF_ITER_NEXT;
	info->calls_callback = c->special == SPECIAL_RBTREE_ADD;
	return 0;
}

/* ---------------------------------------------------------------- at a visited call */

/* C2: parameters that are the context of this program type, by the name of the struct */
static uint8_t ctx_args(const struct vf_env *env, const struct kfunc_contract *c)
{
	const char *user = env->ptype->user_ctx, *kernel = "";
	uint8_t mask = 0;

	/* names of the kernel's side that count as well */
	if (!strcmp(user, "__sk_buff") || !strcmp(user, "xdp_md") ||
	    vf_prog_type(env) == BPF_PROG_TYPE_KPROBE)
		kernel = env->ptype->kernel_ctx;

	for (uint32_t i = 0; i < c->n_args && i < 5; i++) {
		const struct contract_arg *a = &c->arg[i];

		if (a->kind != CARG_PTR)
			continue;
		if (c->special == SPECIAL_CAST_TO_KERN_CTX ||
		    c->special == SPECIAL_SESSION_IS_RETURN ||
		    c->special == SPECIAL_SESSION_COOKIE ||
		    ((a->flags & CARGF_STRUCT_OK) && a->pointee_name && *a->pointee_name &&
		     (!strcmp(a->pointee_name, user) || !strcmp(a->pointee_name, kernel))))
			mask |= 1u << i;
	}
	return mask;
}

static int reject_hidden(struct vf_env *env, const struct vf_insn_info *info)
{
	char hooks[100] = "";
	size_t len = 0;

	if (!info->kfunc)
		return vf_reject(
			env, KF_KFUNC_HIDDEN,
			"%s() is a function of the kernel, but not one that programs may call",
			btf_type_name(info->kfunc_btf, (uint32_t)vf_insn(env)->imm));
	for (uint32_t h = 0; h < HOOK_COUNT; h++) {
		const char *name = contract_hook_name(h);

		if (!(info->kfunc->hooks & 1u << h) || h == HOOK_FMODRET ||
		    len + strlen(name) + 3 > sizeof(hooks))
			continue;
		if (len) {
			memcpy(hooks + len, ", ", 3);
			len += 2;
		}
		memcpy(hooks + len, name, strlen(name) + 1);
		len += strlen(name);
	}
	return vf_reject(env, KF_KFUNC_HIDDEN,
			 "%s() is not offered to this %s program; it is registered for: %s",
			 info->kfunc->name, env->ptype->name, len ? hooks : "no hook");
}

/* R1.11, with the filters of the sets */
static bool allowed(struct vf_env *env, const struct vf_insn_info *info, uint32_t id,
		    uint32_t *flags)
{
	return info->kfunc &&
	       registry_allowed(env->kernel->registry, info->kfunc_btf, id, vf_prog_type(env),
				env->filter_view, flags) &&
	       kernel_kfunc_filter(env->kernel, info->kfunc->name, &env->place);
}

int vf_kfunc_offered(struct vf_env *env, uint32_t insn, bool *offered)
{
	struct vf_insn_info *info = &env->info[insn];
	uint32_t id = (uint32_t)env->prog->insns[insn].imm, flags = 0;

	if (info->kfunc_seen == KFUNC_UNKNOWN) {
		int err = vf_filter_view(env);

		if (err)
			return err;
		info->kfunc_seen = KFUNC_DENIED;
		if (allowed(env, info, id, &flags)) {
			info->kfunc = registry_contract_flags(env->kernel->registry,
							      info->kfunc_btf, id, flags);
			info->kfunc_ctx_args = info->kfunc ? ctx_args(env, info->kfunc) : 0;
			info->kfunc_seen = info->kfunc ? KFUNC_ALLOWED : KFUNC_DENIED;
		}
	}
	*offered = info->kfunc_seen == KFUNC_ALLOWED;
	return 0;
}

int vf_kfunc_visible(struct vf_env *env, struct vf_call *call)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	bool offered;
	int err;

	if (!call->insn->imm && !call->insn->off)
		return vf_reject(env, KF_KFUNC_ABSENT,
				 "a call of a kernel function that does not exist here is reached");
	err = vf_kfunc_offered(env, env->insn_idx, &offered);
	if (err)
		return err;
	if (!offered)
		return reject_hidden(env, info);
	call->kfunc = info->kfunc;
	call->flags = info->kfunc->flags;
	return 0;
}

/* ---------------------------------------------------------------- poisoned calls */

static bool is_subprog(const struct vf_env *env, uint32_t func_id)
{
	for (uint32_t i = 0; i < env->n_subprogs; i++)
		if (env->subprog[i].func_id == func_id)
			return true;
	return false;
}

static bool kernel_has_func(const struct vf_env *env, const char *name)
{
	char base[128];
	const char *flavour = strstr(name, "___");
	size_t len = flavour ? (size_t)(flavour - name) : strlen(name);

	if (!len || len >= sizeof(base))
		return true;
	memcpy(base, name, len);
	base[len] = 0;
	return btf_find(env->kernel->btf, base, BTF_KIND_FUNC) > 0;
}

/*
 * The number tells only the position among the object's externs, so the name is that of a function
 * of the program's BTF that neither the program nor the kernel has. *more: there are several.
 */
static const char *missing_func(const struct vf_env *env, bool *more)
{
	const struct btf_obj *btf = env->prog->btf;
	const char *found = NULL;

	*more = false;
	for (uint32_t id = 1; btf && id < btf_end_id(btf); id++) {
		const struct btf_type *t = btf_type(btf, id);
		const char *name = btf_type_name(btf, id);

		if (!t || btf_type_kind(t) != BTF_KIND_FUNC || is_subprog(env, id) ||
		    kernel_has_func(env, name))
			continue;
		*more = found;
		if (!found)
			found = name;
	}
	return found;
}

int vf_reject_poisoned_call(struct vf_env *env, int32_t number)
{
	const struct contract_history *h;
	const char *name;
	bool more;

	if (number == POISON_CORE)
		return vf_reject(
			env, KF_RELO_FAILED,
			"an instruction that depends on a type the kernel lacks is reached");
	if (number >= POISON_MAP && number < POISON_MAP + POISON_RANGE)
		return vf_reject(env, KF_MAP_ABSENT, "a map that was not created is used");
	if (number < POISON_KFUNC || number >= POISON_KFUNC + POISON_RANGE)
		return vf_reject(env, KF_HELPER_UNKNOWN, "there is no helper number %d", number);
	name = missing_func(env, &more);
	if (!name)
		return vf_reject(env, KF_KFUNC_MISSING,
				 "a kernel function that does not exist in this kernel is called");
	h = contract_history(name);
	if (h && h->removed && env->kernel->version >= h->removed)
		return vf_reject(env, KF_KFUNC_REMOVED, "%s() was removed in Linux %u.%u%s%s", name,
				 h->removed >> 8, h->removed & 0xff,
				 h->instead ? "; instead: " : "", h->instead ? h->instead : "");
	if (h && h->since > env->kernel->version)
		return vf_reject(env, KF_KFUNC_LATER, "%s() exists since Linux %u.%u", name,
				 h->since >> 8, h->since & 0xff);
	return vf_reject(env, KF_KFUNC_MISSING, "%s()%s does not exist in this kernel", name,
			 more ? " or another of the program's kernel functions" : "");
}
