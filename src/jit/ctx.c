/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads of things that are not what they seem: fields of a context that is a view (ctx.def), and of
 * a map object, whose BTF shows the kernel's struct bpf_map while the pointer is to ours.
 */
#include <stddef.h>
#include <string.h>

#include "jit/interp.h"
#include "runtime/ctx.h"

/* the program's view behind each kind of packet context */
enum view { VIEW_NONE, VIEW___sk_buff, VIEW_xdp_md };

static enum view view_of(uint32_t prog_type)
{
	if (prog_type == BPF_PROG_TYPE_XDP)
		return VIEW_xdp_md;
	return rt_ctx_is_skb(prog_type) ? VIEW___sk_buff : VIEW_NONE;
}

static const struct {
	enum view view;
	int32_t off, to;
} ctx_fields[] = {
#define FIELD(ctx, field, run, where)                                                              \
	{VIEW_##ctx, offsetof(struct ctx, field), offsetof(struct run, where)},
#include "jit/ctx.def"
#undef FIELD
};

int interp_ctx_load(const struct rt_prog *p, int32_t *off, uint32_t *size)
{
	enum view view = view_of(p->type);
	size_t i;

	for (i = 0; view && i < sizeof(ctx_fields) / sizeof(ctx_fields[0]); i++) {
		if (ctx_fields[i].view == view && ctx_fields[i].off == *off) {
			*off = ctx_fields[i].to;
			*size = sizeof(void *);
			break;
		}
	}
	return 0;
}

static const struct {
	const char *name;
	int32_t at;
	uint32_t size;
} map_fields[] = {
	{"map_type", offsetof(struct rt_map, desc.type), 4},
	{"key_size", offsetof(struct rt_map, desc.key_size), 4},
	{"value_size", offsetof(struct rt_map, desc.value_size), 4},
	{"max_entries", offsetof(struct rt_map, desc.max_entries), 4},
	{"map_flags", offsetof(struct rt_map, desc.flags), 4},
	{"map_extra", offsetof(struct rt_map, desc.map_extra), 8},
	{"name", offsetof(struct rt_map, desc.name), 16},
	{"id", offsetof(struct rt_map, id), 4},
};

int interp_map_load(const struct rt_prog *p, int32_t *off, uint32_t size, const char **what)
{
	int32_t id = p->kernel ? btf_find(p->kernel->btf, "bpf_map", BTF_KIND_STRUCT) : -1;
	const struct btf_member *m;
	const struct btf_type *t;
	uint32_t i, bits, at;
	const char *name;
	size_t k;

	*what = "this field of struct bpf_map";
	if (id < 0)
		return -ENOTSUPP;
	t = btf_type(p->kernel->btf, id);
	m = btf_type_members(t);
	for (i = 0; i < btf_type_vlen(t); i++) {
		at = btf_member_bits(t, i, &bits) / 8;
		name = btf_str(p->kernel->btf, m[i].name_off);
		for (k = 0; k < sizeof(map_fields) / sizeof(map_fields[0]); k++) {
			if (strcmp(name, map_fields[k].name) || *off < (int32_t)at ||
			    *off + size > at + map_fields[k].size)
				continue;
			*off = map_fields[k].at + (*off - (int32_t)at);
			return 0;
		}
	}
	return -ENOTSUPP;
}
