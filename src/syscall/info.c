/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * OBJ_GET_INFO_BY_FD. The caller's structure may be shorter or longer than ours: what we do not
 * know of it must be zero (E2BIG), what it does not hold is left out, and the length that was used
 * is written back. Fields that are pointers in the structure are in and out: the caller gives a
 * buffer and its size, we fill as much as fits and say how much there is.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/ops.h"
#include "maps/struct_ops.h"
#include "syscall/internal.h"
#include "syscall/prog.h"

/* The caller's structure into info (size bytes, zeroed); *len: how much of it counts. */
static int get_info(struct sys_cmd *c, void *info, uint32_t size, uint32_t *len)
{
	uint64_t user = c->attr->b.info.info;
	uint32_t n = c->attr->b.info.info_len;
	uint8_t buf[64];

	if (n > 4096)
		return -E2BIG;
	for (uint32_t off = size; off < n; off += sizeof(buf)) {
		uint32_t part = n - off < sizeof(buf) ? n - off : sizeof(buf);

		if (sys_copy_in(buf, user + off, part))
			return -EFAULT;
		for (uint32_t i = 0; i < part; i++)
			if (buf[i])
				return -E2BIG;
	}
	*len = n < size ? n : size;
	memset(info, 0, size);
	return sys_copy_in(info, user, *len);
}

static int put_info(struct sys_cmd *c, const void *info, uint32_t len)
{
	if (sys_copy_out(c->attr->b.info.info, info, len))
		return -EFAULT;
	return sys_put_field(c, offsetof(union bpf_attr, info.info_len), &len, sizeof(len));
}

/* A name into a caller's buffer: cut with -ENOSPC. */
static int put_name(uint64_t user, uint32_t size, const char *name)
{
	uint32_t len = strlen(name) + 1;
	char nul = '\0';

	if (!user)
		return 0;
	if (size >= len)
		return sys_copy_out(user, name, len);
	if (sys_copy_out(user, name, size - 1) || sys_copy_out(user + size - 1, &nul, 1))
		return -EFAULT;
	return -ENOSPC;
}

static int info_btf(struct sys_cmd *c, const struct sys_btf *b)
{
	struct bpf_btf_info info;
	const void *raw;
	const char *name;
	size_t size;
	uint32_t len;
	int err, cut;

	err = get_info(c, &info, sizeof(info), &len);
	if (err)
		return err;
	raw = btf_raw(b->btf, &size);
	if (sys_copy_out(info.btf, raw, info.btf_size < size ? info.btf_size : size))
		return -EFAULT;
	info.btf_size = size;
	info.id = b->id;
	info.kernel_btf = b->is_kernel;
	if (!!info.name != !!info.name_len)
		return -EINVAL;
	name = b->is_vmlinux ? "vmlinux" : btf_name(b->btf);
	cut = put_name(info.name, info.name_len, name);
	if (cut && cut != -ENOSPC)
		return cut;
	info.name_len = strlen(name);
	err = put_info(c, &info, len);
	return err ? err : cut;
}

static int info_map(struct sys_cmd *c, const struct rt_map *map)
{
	const struct sys_btf *b = map->boundary;
	struct bpf_map_info info;
	uint32_t len;
	int err;

	err = get_info(c, &info, sizeof(info), &len);
	if (err)
		return err;
	memset(&info, 0, sizeof(info));
	info.type = map->desc.type;
	info.id = map->id;
	info.key_size = map->desc.key_size;
	info.value_size = map->desc.value_size;
	info.max_entries = map->desc.max_entries;
	info.map_flags = map->desc.flags;
	info.map_extra = map->desc.map_extra;
	memcpy(info.name, map->desc.name, sizeof(info.name));
	if (map->desc.type == BPF_MAP_TYPE_STRUCT_OPS) {
		const struct contract_ops *ops = map_struct_ops_type(map);

		info.btf_vmlinux_id = b ? b->id : 0;
		info.btf_vmlinux_value_type_id = ops ? ops->value_id : 0;
	} else if (b) {
		info.btf_id = b->id;
		info.btf_key_type_id = map->desc.key_type_id;
		info.btf_value_type_id = map->desc.value_type_id;
	}
	return put_info(c, &info, len);
}

/* n records of size bytes into a caller's array with room for *room; *room becomes n. */
static int put_array(uint64_t user, uint32_t *room, const void *data, uint32_t n, uint32_t size)
{
	uint32_t fits = *room < n ? *room : n;

	*room = n;
	return data && fits ? sys_copy_out(user, data, (uint64_t)fits * size) : 0;
}

/* The instructions as loaded; a buffer that is too short gets its part. */
static int put_insns(const struct rt_prog *p, uint64_t user, uint32_t *room)
{
	uint32_t size = p->n_insns * sizeof(struct bpf_insn), n = *room < size ? *room : size;

	*room = size;
	return n ? sys_copy_out(user, p->insns, n) : 0;
}

static uint32_t prog_btf_id(const struct rt_prog *p)
{
	const struct sys_prog_extra *x = p->boundary;

	return x && x->btf ? x->btf->id : 0;
}

static int info_prog(struct sys_cmd *c, const struct rt_prog *p)
{
	const struct sys_prog_extra *x = p->boundary;
	struct bpf_prog_info info;
	uint32_t len, rec;
	int err;

	err = get_info(c, &info, sizeof(info), &len);
	if (err)
		return err;
	info.type = p->type;
	info.id = p->id;
	memcpy(info.tag, p->tag, sizeof(info.tag));
	memcpy(info.name, p->name, sizeof(info.name));
	info.load_time = x ? x->loaded_at : 0;
	info.gpl_compatible = p->gpl;
	info.run_time_ns = atomic_load(&((struct rt_prog *)p)->run_ns);
	info.run_cnt = atomic_load(&((struct rt_prog *)p)->run_cnt);
	info.verified_insns = p->verified_insns;
	info.btf_id = prog_btf_id(p);
	info.attach_btf_id = p->attach_btf_id;
	if (p->target) /* the types are the target's own */
		info.attach_btf_obj_id = prog_btf_id(p->target);
	else
		info.attach_btf_obj_id = x && x->attach_btf ? x->attach_btf->id : 0;
	info.jited_prog_len = 0;
	info.nr_jited_ksyms = 0;
	info.nr_jited_func_lens = 0;
	info.nr_jited_line_info = 0;
	info.jited_line_info_rec_size = 8;
	err = sys_prog_map_ids(p, info.map_ids, &info.nr_map_ids);
	if (!err)
		err = put_insns(p, info.xlated_prog_insns, &info.xlated_prog_len);
	/* the records that the kernel knows are as long as the first fields of the caller's */
	rec = info.func_info_rec_size;
	if (!err && info.nr_func_info && rec != p->func_info_rec)
		err = -EINVAL;
	if (!err)
		err = put_array(info.func_info, &info.nr_func_info, p->func_info, p->func_info_cnt,
				p->func_info_rec);
	info.func_info_rec_size = sizeof(struct bpf_func_info);
	rec = info.line_info_rec_size;
	if (!err && info.nr_line_info && rec != p->line_info_rec)
		err = -EINVAL;
	if (!err)
		err = put_array(info.line_info, &info.nr_line_info, p->line_info, p->line_info_cnt,
				p->line_info_rec);
	info.line_info_rec_size = sizeof(struct bpf_line_info);
	if (!err)
		err = put_array(info.prog_tags, &info.nr_prog_tags, p->tag, 1, sizeof(p->tag));
	return err ? err : put_info(c, &info, len);
}

static int info_link(struct sys_cmd *c, struct sys_link *l)
{
	struct bpf_link_info info;
	uint32_t len;
	int err, cut = 0;

	err = get_info(c, &info, sizeof(info), &len);
	if (err)
		return err;
	info.type = l->type;
	info.id = l->id;
	if (l->prog)
		info.prog_id = l->prog->id;
	if (l->type == BPF_LINK_TYPE_STRUCT_OPS) {
		info.struct_ops.map_id = sys_struct_ops_link_map(l);
	} else if (l->type == BPF_LINK_TYPE_RAW_TRACEPOINT) {
		if (!!info.raw_tracepoint.tp_name != !!info.raw_tracepoint.tp_name_len)
			return -EINVAL;
		cut = put_name(info.raw_tracepoint.tp_name, info.raw_tracepoint.tp_name_len,
			       l->tp_name);
		if (cut && cut != -ENOSPC)
			return cut;
		info.raw_tracepoint.tp_name_len = strlen(l->tp_name) + 1;
	} else {
		info.tracing.attach_type = l->attach_type;
		info.tracing.target_obj_id = 0;
		info.tracing.target_btf_id = l->prog->attach_btf_id;
	}
	err = put_info(c, &info, len);
	return err ? err : cut;
}

long sys_obj_info(struct sys_cmd *c)
{
	enum sys_kind kind;
	void *obj;
	int err;

	kind = sys_fd_any(c->attr->b.info.bpf_fd, &obj, &err);
	switch (kind) {
	case SYS_BTF:
		err = info_btf(c, obj);
		break;
	case SYS_MAP:
		err = info_map(c, obj);
		break;
	case SYS_PROG:
		err = info_prog(c, obj);
		break;
	case SYS_LINK:
		err = info_link(c, obj);
		break;
	default:
		return err;
	}
	sys_obj_put(kind, obj);
	return err;
}
