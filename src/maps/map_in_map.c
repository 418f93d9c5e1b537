/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What maps of maps know of their inner maps: a template that the verifier sees, made from the map
 * that was given at creation, and the test whether another map may take its place (same type,
 * sizes, flags and special fields; the number of elements too, unless an array was created with
 * BPF_F_INNER_MAP).
 */
#include "maps/maps.h"

struct rt_map *map_template_new(const struct rt_map *inner, int *err)
{
	struct rt_map *t = mem_zalloc(sizeof(*t));

	if (!t) {
		*err = -ENOMEM;
		return NULL;
	}
	t->desc = inner->desc;
	t->fields = rt_fields_dup(inner->fields, err);
	if (inner->fields && !t->fields) {
		mem_free(t);
		return NULL;
	}
	t->ops = inner->ops;
	t->btf = inner->btf ? btf_get(inner->btf) : NULL;
	t->desc.btf = t->btf;
	t->desc.fields = t->fields;
	t->desc.is_inner_template = true;
	t->desc.frozen = false;
	t->desc.const_value = NULL;
	t->desc.obj = t;
	return t;
}

void map_template_free(struct rt_map *t)
{
	if (!t)
		return;
	btf_put(t->btf);
	mem_free(t->fields);
	mem_free(t);
}

static bool same_fields(const struct btf_fields *a, const struct btf_fields *b)
{
	if (!a || !b)
		return a == b;
	if (a->n != b->n || a->mask != b->mask)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct btf_field *x = &a->f[i], *y = &b->f[i];

		if (x->kind != y->kind || x->off != y->off || x->size != y->size ||
		    x->btf != y->btf || x->type_id != y->type_id ||
		    x->content_id != y->content_id || x->node_off != y->node_off)
			return false;
	}
	return true;
}

bool map_template_fits(const struct rt_map *t, const struct rt_map *inner)
{
	const struct vf_map *a = &t->desc, *b = &inner->desc;

	if (a->type != b->type || a->key_size != b->key_size || a->value_size != b->value_size ||
	    a->flags != b->flags || a->map_extra != b->map_extra ||
	    !same_fields(t->fields, inner->fields))
		return false;
	/* rings and arrays are accessed by their size */
	if (a->type == BPF_MAP_TYPE_ARRAY && !(a->flags & BPF_F_INNER_MAP))
		return a->max_entries == b->max_entries;
	return true;
}
