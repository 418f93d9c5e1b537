/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Descriptors inside a program: maps and modules' BTF that instructions name, directly or by index
 * in the request's fd_array (verifier spec R1.11, R2.3, R2.4). What the verifier was told about is
 * held until the load ends; what an accepted program uses goes over to it.
 *
 * Without fd_array_cnt the array's length is not known. Then the entries that the instructions name
 * are copied, up to the first that cannot be read; the verifier refuses an index behind that.
 */
#include <errno.h>

#include "base/mem.h"
#include "syscall/prog.h"

#define FD_ARRAY_MAX (1u << 30)

static int map_by_fd(void *ctx, int fd, const struct vf_map **res)
{
	struct sys_load *l = ctx;
	struct rt_map *map;
	uint32_t i;
	int err;

	map = sys_fd_get(fd, SYS_MAP, NULL, &err);
	if (!map)
		return err;
	if (map->kernel != l->kernel)
		err = -EINVAL;
	for (i = 0; !err && i < l->n_maps; i++)
		if (l->maps[i] == map)
			break;
	if (!err && i == PROG_MAX_MAPS)
		err = -E2BIG;
	if (err || i < l->n_maps)
		rt_map_put(map);
	else
		l->maps[l->n_maps++] = map;
	*res = err ? NULL : &map->desc;
	return err;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	struct sys_load *l = ctx;
	struct sys_btf *b;
	uint32_t i;
	int err;

	b = sys_fd_get(fd, SYS_BTF, NULL, &err);
	if (!b)
		return err;
	if (b->is_kernel && b->kernel != l->kernel)
		err = -EINVAL;
	for (i = 0; !err && i < l->n_btfs; i++)
		if (l->btfs[i] == b)
			break;
	if (!err && i == PROG_MAX_BTFS)
		err = -E2BIG;
	if (!err) {
		*btf = b->btf;
		*is_module = b->is_kernel && !b->is_vmlinux;
	}
	if (err || i < l->n_btfs)
		sys_btf_put(b);
	else
		l->btfs[l->n_btfs++] = b;
	return err;
}

const struct vf_resolver sys_load_resolver = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};

/* entries that instructions refer to */
static uint32_t entries_named(const struct bpf_insn *insns, uint32_t n)
{
	uint32_t max = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct bpf_insn *in = &insns[i];
		int64_t idx = -1;

		if (in->code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    (in->src_reg == BPF_PSEUDO_MAP_IDX || in->src_reg == BPF_PSEUDO_MAP_IDX_VALUE))
			idx = in->imm;
		else if (in->code == (BPF_JMP | BPF_CALL) && in->src_reg == BPF_PSEUDO_KFUNC_CALL)
			idx = in->off;
		if (idx >= max && idx < 1 << 16)
			max = idx + 1;
	}
	return max;
}

static int not_a_member(struct sys_load *l, int err, uint32_t i)
{
	if (err == -EBADF)
		return diag_fail(&l->report, KF_BAD_FD, "entry %u of fd_array is not open", i);
	if (err == -E2BIG)
		return diag_fail(&l->report, KF_TOO_MANY_MAPS,
				 "fd_array names more than %u objects", PROG_MAX_MAPS);
	return diag_fail(&l->report, KF_ATTR_BAD, "entry %u of fd_array is neither a map nor BTF",
			 i);
}

/* fd_array_cnt given: all entries count, whether or not an instruction names them */
static int take_members(struct sys_load *l)
{
	for (uint32_t i = 0; i < l->prog.fd_array_cnt; i++) {
		const struct vf_map *map;
		const struct btf_obj *btf;
		bool is_module;
		int err = map_by_fd(l, l->fd_array[i], &map);

		if (err == -EINVAL)
			err = btf_by_fd(l, l->fd_array[i], &btf, &is_module);
		if (err)
			return not_a_member(l, err, i);
	}
	return 0;
}

int sys_load_fd_array(struct sys_load *l)
{
	uint32_t cnt = l->a->prog.fd_array_cnt, n;

	if (cnt >= FD_ARRAY_MAX)
		return diag_fail(&l->report, KF_ATTR_BAD, "fd_array_cnt is out of range");
	n = cnt ? cnt : entries_named(l->insns, l->a->b.insn_cnt);
	if (!l->a->b.fd_array || !n) {
		if (cnt)
			return diag_fail(&l->report, KF_BAD_POINTER, "fd_array cannot be read");
		return 0;
	}
	l->fd_array = mem_calloc(n, sizeof(*l->fd_array));
	if (!l->fd_array)
		return diag_fail(&l->report, KF_OUT_OF_MEMORY, "out of memory");
	l->prog.fd_array = l->fd_array;
	for (uint32_t i = 0; i < n; i++) {
		if (sys_copy_in(&l->fd_array[i], l->a->b.fd_array + i * 4ul, 4)) {
			if (cnt)
				return diag_fail(&l->report, KF_BAD_POINTER,
						 "fd_array cannot be read");
			break;
		}
		l->prog.fd_array_cnt = i + 1;
	}
	l->prog.uses_fd_array = cnt;
	return cnt ? take_members(l) : 0;
}
