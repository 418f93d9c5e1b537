/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads of things that are not what they seem: fields of a context that is a view (ctx.def).
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

void interp_ctx_load(const struct rt_prog *p, int32_t *off, uint32_t *size)
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
}
