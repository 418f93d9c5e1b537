/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ids: walking the programs, maps and links of the current kernel, and descriptors by id. (BTF
 * objects, among which the kernel's own appear on demand, are in btf_cmd.c.)
 */
#include <errno.h>

#include "syscall/internal.h"

static long next_id(struct sys_cmd *c, enum sys_kind kind)
{
	uint32_t next;
	int err;

	if (c->attr->b.start_id >= INT32_MAX)
		return -EINVAL;
	err = sys_id_next(kind, c->attr->b.start_id, c->kernel, &next);
	return err ? err : sys_put_field(c, offsetof(union bpf_attr, next_id), &next, sizeof(next));
}

long sys_prog_next_id(struct sys_cmd *c)
{
	return next_id(c, SYS_PROG);
}

long sys_map_next_id(struct sys_cmd *c)
{
	return next_id(c, SYS_MAP);
}

long sys_link_next_id(struct sys_cmd *c)
{
	return next_id(c, SYS_LINK);
}

long sys_prog_fd_by_id(struct sys_cmd *c)
{
	void *p = sys_id_get(SYS_PROG, c->attr->b.prog_id, c->kernel);

	return p ? sys_fd_install(SYS_PROG, p, SYS_FD_RDWR) : -ENOENT;
}

long sys_link_fd_by_id(struct sys_cmd *c)
{
	void *l = sys_id_get(SYS_LINK, c->attr->b.link_id, c->kernel);

	return l ? sys_fd_install(SYS_LINK, l, SYS_FD_RDWR) : -ENOENT;
}

long sys_map_fd_by_id(struct sys_cmd *c)
{
	uint32_t flags = c->attr->b.open_flags;
	void *m;

	if (flags & ~(BPF_F_RDONLY | BPF_F_WRONLY) || flags == (BPF_F_RDONLY | BPF_F_WRONLY))
		return -EINVAL;
	m = sys_id_get(SYS_MAP, c->attr->b.map_id, c->kernel);
	if (!m)
		return -ENOENT;
	return sys_fd_install(SYS_MAP, m,
			      flags & BPF_F_RDONLY   ? SYS_FD_READ
			      : flags & BPF_F_WRONLY ? SYS_FD_WRITE
						     : SYS_FD_RDWR);
}
