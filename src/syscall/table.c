/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf(2)'s door: one row per command. A row says which handler carries the command out and where
 * the last field that the command knows ends, so that anything set behind it is refused (verifier
 * spec 1.1, rows 1 and 2): E2BIG for what lies beyond the attribute we know or beyond a page,
 * EINVAL for a field that belongs to another command.
 *
 * A command without a row, or with a number nobody knows, is EINVAL: attaching to and pinning in
 * the running kernel have no meaning here.
 */
#include <errno.h>
#include <string.h>

#include "syscall/internal.h"

#define END(field)  (offsetof(union bpf_attr, field) + sizeof(((union bpf_attr *)0)->field))
#define SEND(field) (offsetof(union sys_attr, field) + sizeof(((union sys_attr *)0)->field))

struct sys_row {
	sys_handler fn;
	uint32_t end; /* offset behind the last field */
};

static const struct sys_row rows[] = {
	[BPF_MAP_CREATE] = {sys_map_create, SEND(map.excl_prog_hash_size)},
	[BPF_MAP_LOOKUP_ELEM] = {sys_map_lookup, END(flags)},
	[BPF_MAP_UPDATE_ELEM] = {sys_map_update, END(flags)},
	[BPF_MAP_DELETE_ELEM] = {sys_map_delete, END(key)},
	[BPF_MAP_GET_NEXT_KEY] = {sys_map_next_key, END(next_key)},
	[BPF_PROG_LOAD] = {sys_prog_load, SEND(prog.keyring_id)},
	[BPF_PROG_TEST_RUN] = {sys_prog_test_run, END(test.batch_size)},
	[BPF_PROG_GET_NEXT_ID] = {sys_prog_next_id, END(next_id)},
	[BPF_MAP_GET_NEXT_ID] = {sys_map_next_id, END(next_id)},
	[BPF_PROG_GET_FD_BY_ID] = {sys_prog_fd_by_id, END(prog_id)},
	[BPF_MAP_GET_FD_BY_ID] = {sys_map_fd_by_id, END(open_flags)},
	[BPF_OBJ_GET_INFO_BY_FD] = {sys_obj_info, END(info.info)},
	[BPF_RAW_TRACEPOINT_OPEN] = {sys_raw_tp_open, SEND(raw_tp.cookie)},
	[BPF_BTF_LOAD] = {sys_btf_load, SEND(btf.btf_token_fd)},
	[BPF_BTF_GET_FD_BY_ID] = {sys_btf_fd_by_id, END(btf_id)},
	[BPF_MAP_LOOKUP_AND_DELETE_ELEM] = {sys_map_lookup_delete, END(flags)},
	[BPF_MAP_FREEZE] = {sys_map_freeze, END(map_fd)},
	[BPF_BTF_GET_NEXT_ID] = {sys_btf_next_id, END(next_id)},
	[BPF_MAP_LOOKUP_BATCH] = {sys_map_lookup_batch, END(batch.flags)},
	[BPF_MAP_LOOKUP_AND_DELETE_BATCH] = {sys_map_lookup_delete_batch, END(batch.flags)},
	[BPF_MAP_UPDATE_BATCH] = {sys_map_update_batch, END(batch.flags)},
	[BPF_MAP_DELETE_BATCH] = {sys_map_delete_batch, END(batch.flags)},
	[BPF_LINK_CREATE] = {sys_link_create, END(link_create)},
	[BPF_LINK_UPDATE] = {sys_link_update, END(link_update.old_prog_fd)},
	[BPF_LINK_GET_FD_BY_ID] = {sys_link_fd_by_id, END(link_id)},
	[BPF_LINK_GET_NEXT_ID] = {sys_link_next_id, END(next_id)},
	[BPF_ENABLE_STATS] = {sys_enable_stats, END(enable_stats.type)},
	[BPF_LINK_DETACH] = {sys_link_detach, END(link_detach)},
	[BPF_PROG_BIND_MAP] = {sys_prog_bind_map, END(prog_bind_map.flags)},
	[SYS_CMD_TOKEN_CREATE] = {sys_token_create, 8},
};

int sys_copy_in(void *dst, uint64_t src, uint64_t size)
{
	uint8_t *to = dst;

	while (size) {
		uint32_t n = size > (1u << 20) ? 1u << 20 : size;

		if (rt_probe_read(to, src, n))
			return -EFAULT;
		to += n;
		src += n;
		size -= n;
	}
	return 0;
}

int sys_copy_out(uint64_t dst, const void *src, uint64_t size)
{
	const uint8_t *from = src;

	while (size) {
		uint32_t n = size > (1u << 20) ? 1u << 20 : size;

		if (rt_probe_write(dst, from, n))
			return -EFAULT;
		from += n;
		dst += n;
		size -= n;
	}
	return 0;
}

int sys_put_field(struct sys_cmd *c, uint32_t off, const void *v, uint32_t size)
{
	if (off + size > c->size)
		return 0;
	return sys_copy_out((uint64_t)(uintptr_t)c->user + off, v, size);
}

int sys_name_ok(const char *name, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size && name[i]; i++) {
		char ch = name[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		      (ch >= '0' && ch <= '9') || ch == '_' || ch == '.'))
			return -EINVAL;
	}
	return i == size ? -EINVAL : 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* Row 1: the part of the caller's structure that we do not know must be zero. */
static int check_beyond(const union bpf_attr *attr, unsigned int size)
{
	uint8_t buf[256];
	uint32_t off = sizeof(union sys_attr);

	while (off < size) {
		uint32_t n = size - off < sizeof(buf) ? size - off : sizeof(buf);

		if (rt_probe_read(buf, (uint64_t)(uintptr_t)attr + off, n))
			return -EFAULT;
		if (!all_zero(buf, n))
			return -E2BIG;
		off += n;
	}
	return 0;
}

long kfunc_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	const struct sys_row *row;
	union sys_attr copy;
	struct sys_cmd c;
	int err;

	if (size > 4096)
		return -E2BIG;
	err = check_beyond(attr, size);
	if (err)
		return err;
	memset(&copy, 0, sizeof(copy));
	if (size > sizeof(copy))
		size = sizeof(copy);
	if (sys_copy_in(&copy, (uint64_t)(uintptr_t)attr, size))
		return -EFAULT;
	if (cmd < 0 || (size_t)cmd >= sizeof(rows) / sizeof(rows[0]) || !rows[cmd].fn)
		return -EINVAL;
	row = &rows[cmd];
	if (!all_zero(copy.raw + row->end, sizeof(copy) - row->end))
		return -EINVAL;
	c.attr = &copy;
	c.user = attr;
	c.size = size;
	c.kernel = syscall_kernel();
	if (!c.kernel)
		return -ENODEV;
	return row->fn(&c);
}

long sys_token_create(struct sys_cmd *c)
{
	(void)c; /* there is nobody to delegate to: the process owns itself */
	return -EINVAL;
}
