/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What PROG_LOAD asks of its attributes before anything is verified (verifier spec 1.1-1.4). The
 * order decides the errno when several things are wrong, so the checks are a table and run in its
 * order.
 *
 * Privileges (row 7): the process that embeds the library owns itself, so a load needs none. The
 * one exception is KF_DESTRUCTIVE, whose functions may do harm outside of the process: the verifier
 * is told whether the process has CAP_SYS_BOOT.
 */
#include <errno.h>
#include <string.h>

#include "syscall/prog.h"

#define MAX_INSNS   1000000u
#define MAX_BTF_ID  0x0fffffu
#define KNOWN_FLAGS (0xffu | SYS_F_TOKEN_FD)

static int bad(struct sys_load *l, const char *what)
{
	return diag_fail(&l->report, KF_ATTR_BAD, "%s", what);
}

int sys_load_fd_error(struct sys_load *l, int err, const char *what)
{
	if (err == -EBADF)
		return diag_fail(&l->report, KF_BAD_FD, "%s", what);
	return bad(l, what);
}

/* row 3 */
static int check_flags(struct sys_load *l)
{
	uint32_t flags = l->a->b.prog_flags;

	if (flags & ~KNOWN_FLAGS)
		return diag_fail(&l->report, KF_BAD_PROG_FLAGS,
				 "unknown bits 0x%x in the program's flags", flags & ~KNOWN_FLAGS);
	return 0;
}

/* row 4 */
static int default_attach_type(struct sys_load *l)
{
	uint32_t *attach = &l->a->b.expected_attach_type;

	if (*attach)
		return 0;
	if (l->a->b.prog_type == BPF_PROG_TYPE_CGROUP_SOCK)
		*attach = BPF_CGROUP_INET_SOCK_CREATE;
	else if (l->a->b.prog_type == BPF_PROG_TYPE_SK_REUSEPORT)
		*attach = BPF_SK_REUSEPORT_SELECT;
	return 0;
}

/* row 5 */
static int check_token(struct sys_load *l)
{
	void *obj;
	int err;

	if (!(l->a->b.prog_flags & SYS_F_TOKEN_FD))
		return 0;
	if (sys_fd_any(l->a->prog.prog_token_fd, &obj, &err) != SYS_NONE)
		err = -EINVAL;
	return sys_load_fd_error(l, err, "the token descriptor is not one of a token");
}

/* row 6 */
static int check_size(struct sys_load *l)
{
	uint32_t n = l->a->b.insn_cnt;

	if (!n)
		return diag_fail(&l->report, KF_EMPTY_PROGRAM, "the program has no instructions");
	if (n > MAX_INSNS)
		return diag_fail(&l->report, KF_TOO_MANY_INSNS,
				 "%u instructions, at most %u are allowed", n, MAX_INSNS);
	return 0;
}

/* row 8 */
static int find_target(struct sys_load *l)
{
	int fd = l->a->b.attach_prog_fd, err;

	if (fd) {
		l->attach_prog = sys_fd_get(fd, SYS_PROG, NULL, &err);
		if (l->attach_prog)
			return l->attach_prog->kernel == l->kernel
				       ? 0
				       : bad(l, "the target program belongs to another kernel");
		l->attach_btf = sys_fd_get(fd, SYS_BTF, NULL, &err);
		if (!l->attach_btf)
			return bad(l, "the attach target is neither a program nor BTF");
		if (!l->attach_btf->is_kernel || l->attach_btf->kernel != l->kernel)
			return diag_fail(&l->report, KF_ATTACH_BTF_FOREIGN,
					 "the BTF of the attach target is not of this kernel");
		return 0;
	}
	if (!l->a->b.attach_btf_id)
		return 0;
	l->attach_btf = sys_btf_vmlinux(l->kernel, &err);
	return l->attach_btf ? 0 : diag_fail(&l->report, KF_OUT_OF_MEMORY, "out of memory");
}

/* row 9, R1.6 */
static int check_target(struct sys_load *l)
{
	uint32_t type = l->a->b.prog_type, id = l->a->b.attach_btf_id;
	bool by_id = type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM ||
		     type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_EXT;

	if (id > MAX_BTF_ID)
		return bad(l, "the BTF id of the attach target is out of range");
	if (id && !by_id)
		return bad(l, "programs of this type have no attach target");
	if (l->attach_btf && !id)
		return bad(l, "BTF of an attach target is given, but no id in it");
	if (l->attach_prog && type != BPF_PROG_TYPE_TRACING && type != BPF_PROG_TYPE_EXT)
		return bad(l, "programs of this type do not attach to programs");
	return 0;
}

static bool attach_type_ok(const struct kernel_prog_type *t, uint32_t attach)
{
	if (!t->attach_type_checked)
		return true;
	for (uint32_t i = 0; i < t->n_attach_types; i++)
		if (t->attach_types[i] == attach)
			return true;
	return false;
}

/* row 9, 1.2 */
static int check_attach_type(struct sys_load *l)
{
	uint32_t attach = l->a->b.expected_attach_type;
	const char *name;

	l->type = kernel_prog_type(l->kernel, l->a->b.prog_type);
	if (!l->type || attach_type_ok(l->type, attach))
		return 0;
	name = kernel_attach_type_name(attach);
	return diag_fail(&l->report, KF_BAD_ATTACH_TYPE,
			 "%s programs do not take attach type %u (%s)", l->type->name, attach,
			 name ? name : "unknown");
}

/* row 11 */
static int check_signature(struct sys_load *l)
{
	if (l->a->prog.signature || l->a->prog.signature_size)
		return bad(l, "there is no keyring here that could verify a signature");
	return 0;
}

/* row 12 */
static int check_device(struct sys_load *l)
{
	uint32_t type = l->a->b.prog_type;

	if (!l->a->b.prog_ifindex)
		return 0;
	if (type != BPF_PROG_TYPE_XDP && type != BPF_PROG_TYPE_SCHED_CLS)
		return bad(l, "programs of this type cannot be bound to a device");
	if (l->a->b.prog_flags & ~(SYS_PROG_DEV_BOUND | SYS_PROG_XDP_FRAGS))
		return bad(l, "these flags do not go with a device");
	return diag_fail(&l->report, KF_NO_OFFLOAD, "device %u does not run programs",
			 l->a->b.prog_ifindex);
}

/* row 13 */
static int check_type(struct sys_load *l)
{
	if (!l->type || !l->a->b.prog_type)
		return diag_fail(&l->report, KF_BAD_PROG_TYPE, "this kernel has no program type %u",
				 l->a->b.prog_type);
	return 0;
}

/* row 14, R1.3 */
static int check_name(struct sys_load *l)
{
	if (sys_name_ok(l->a->b.prog_name, BPF_OBJ_NAME_LEN))
		return bad(l,
			   "the program's name has characters other than letters, digits, _ and .");
	return 0;
}

/* R1.12 */
static int check_log(struct sys_load *l)
{
	const union bpf_attr *a = &l->a->b;

	if (sys_log_init(&l->log, a->log_level, a->log_buf, a->log_size))
		return bad(l, "log level, buffer and size do not go together");
	return 0;
}

typedef int (*load_check)(struct sys_load *l);

static const load_check checks[] = {
	check_flags,         /* row 3 */
	default_attach_type, /* 4 */
	check_token,         /* 5 */
	check_size,          /* 6 */
	find_target,         /* 8 */
	check_target,        /* 9 */
	check_attach_type,   /* 9 */
	sys_load_copy_code,  /* 10 */
	check_signature,     /* 11 */
	check_device,        /* 12 */
	check_type,          /* 13 */
	check_name,          /* 14 */
	check_log,           /* 1.6: the verifier's own order from here on */
	sys_load_fd_array,   sys_load_copy_types,
};

int sys_load_check(struct sys_load *l)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int err = checks[i](l);

		if (err)
			return err;
	}
	return 0;
}
