/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Names of CO-RE relocations: "member comm of struct task_struct". A relocation is a type of the program
 * and a path of numbers into it ("0:3:1"), of which the first is an array index.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "loader/relo.h"

static const struct btf_type *plain(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static const char *kind_of(const struct btf_type *t)
{
	return btf_is_struct(t)     ? "struct "
	       : btf_is_union(t)    ? "union "
	       : btf_is_any_enum(t) ? "enum "
				    : "";
}

/* The rest of the path behind the first number, as members: "a.b[3]". */
static void put_members(const struct btf *btf, const struct btf_type *t, const char *path,
			struct strbuf *out)
{
	size_t start = out->len;

	while (t && (path = strchr(path, ':'))) {
		unsigned long i = strtoul(++path, NULL, 10);

		if (btf_is_composite(t) && i < btf_vlen(t)) {
			const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);

			if (name && name[0])
				strbuf_printf(out, "%s%s", out->len > start ? "." : "", name);
			t = plain(btf, btf_members(t)[i].type);
		} else if (btf_is_array(t)) {
			strbuf_printf(out, "[%lu]", i);
			t = plain(btf, btf_array(t)->type);
		} else {
			break;
		}
	}
}

bool loader_relo_name(const struct bpf_object *obj, const struct bpf_core_relo *relo,
		      struct strbuf *out)
{
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_type *t = btf ? plain(btf, relo->type_id) : NULL;
	const char *path = t ? btf__name_by_offset(btf, relo->access_str_off) : NULL;
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;
	struct strbuf members = {0};

	if (!path || !name)
		return false;
	if (relo->kind <= BPF_CORE_FIELD_RSHIFT_U64) {
		put_members(btf, t, path, &members);
		if (members.len)
			strbuf_printf(out, "member %s of ", strbuf_str(&members));
		strbuf_free(&members);
	} else if (relo->kind == BPF_CORE_ENUMVAL_EXISTS || relo->kind == BPF_CORE_ENUMVAL_VALUE) {
		unsigned long i = strtoul(path, NULL, 10);

		if (btf_is_enum(t) && i < btf_vlen(t))
			strbuf_printf(out, "value %s of ",
				      btf__name_by_offset(btf, btf_enum(t)[i].name_off));
	}
	strbuf_printf(out, "%s%s", kind_of(t), name[0] ? name : "without a name");
	return !out->err;
}
