/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Special fields of map values, of sections of global variables and of the program's own structs
 * (kfunc spec R8.1-R8.5, R8.20): found by the name of their struct or by a tag on a pointer, in
 * nested structs and arrays as well. Whether a map type may hold them is the map's affair.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/kver.h"
#include "verifier/call.h"

#define MAX_FIELDS  11
#define MAX_NESTING 15
#define MAX_OWNERS  8 /* R8.5 */

struct field_row {
	uint32_t kind;
	const char *name; /* struct */
	uint8_t size, align;
	bool unique; /* one in a value */
	bool repeat; /* may stand in an array of several */
	uint16_t since;
};

static const struct field_row rows[] = {
	{BTF_FIELD_SPIN_LOCK, "bpf_spin_lock", 4, 4, true, false, KVER(5, 1)},
	{BTF_FIELD_RES_SPIN_LOCK, "bpf_res_spin_lock", 4, 4, true, false, KVER(6, 15)},
	{BTF_FIELD_TIMER, "bpf_timer", 16, 8, true, false, KVER(5, 15)},
	{BTF_FIELD_WORKQUEUE, "bpf_wq", 16, 8, true, false, KVER(6, 10)},
	{BTF_FIELD_TASK_WORK, "bpf_task_work", 8, 8, true, false, KVER(6, 18)},
	{BTF_FIELD_LIST_HEAD, "bpf_list_head", 16, 8, false, true, KVER(6, 2)},
	{BTF_FIELD_LIST_NODE, "bpf_list_node", 24, 8, false, false, KVER(6, 2)},
	{BTF_FIELD_RB_ROOT, "bpf_rb_root", 16, 8, false, true, KVER(6, 3)},
	{BTF_FIELD_RB_NODE, "bpf_rb_node", 32, 8, false, false, KVER(6, 3)},
	{BTF_FIELD_REFCOUNT, "bpf_refcount", 4, 4, false, false, KVER(6, 4)},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* One member or variable that is looked at */
struct place {
	uint32_t type_id;
	uint32_t off;
	uint32_t owner_id; /* struct with the declaration tag, or variable */
	int32_t component; /* its member, -1: the variable itself */
};

struct search {
	const struct kfunc_kernel *kernel;
	const struct btf_obj *btf;
	uint32_t allowed, seen, n, max;
	/* of an error, with the member: how it goes on after "member m of struct s" */
	const char *why;
	struct place at;
	struct btf_field f[MAX_FIELDS];
};

static int wrong(struct search *s, int err, const char *why)
{
	s->why = why;
	return err;
}

static int find_in_struct(struct search *s, uint32_t id, uint32_t off, uint32_t level);

static int add(struct search *s, const struct btf_field *f)
{
	if (s->n == s->max)
		return wrong(s, -E2BIG, "is one special field too many");
	s->f[s->n++] = *f;
	return 0;
}

/* the kernel's own size of the struct, since it differs between versions */
static uint32_t row_size(const struct search *s, const struct field_row *row)
{
	int32_t id = btf_find(s->kernel->btf, row->name, BTF_KIND_STRUCT);
	int64_t size = id > 0 ? btf_type_size(s->kernel->btf, (uint32_t)id) : 0;

	return size > 0 ? (uint32_t)size : row->size;
}

static uint32_t local_kinds(const struct kfunc_kernel *k)
{
	return VF_LOCAL_FIELDS | (k->version >= KVER(6, 12) ? VF_LOCAL_KPTRS : 0);
}

static const struct field_row *row_of(const struct search *s, const char *name)
{
	if (strncmp(name, "bpf_", 4))
		return NULL;
	for (uint32_t i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name) && (s->allowed & rows[i].kind) &&
		    s->kernel->version >= rows[i].since)
			return &rows[i];
	return NULL;
}

/* ---------------------------------------------------------------- roots */

static int node_offset(const struct search *s, uint32_t struct_id, const char *member,
		       const struct field_row *node)
{
	const struct btf_type *t = btf_type(s->btf, struct_id), *mt;

	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		const struct btf_member *m = &btf_type_members(t)[i];
		uint32_t bits = btf_member_bits(t, i, NULL);

		if (strcmp(btf_str(s->btf, m->name_off), member))
			continue;
		mt = btf_skip_mods(s->btf, m->type, NULL);
		if (!mt || btf_type_kind(mt) != BTF_KIND_STRUCT ||
		    strcmp(btf_str(s->btf, mt->name_off), node->name) || bits % (8 * node->align))
			return -EINVAL;
		return (int)(bits / 8);
	}
	return -ENOENT;
}

/* "contains:Type:member" (R8.20) */
static int parse_root(struct search *s, const struct place *p, struct btf_field *f)
{
	const char *tag = btf_decl_tag_value(s->btf, p->owner_id, p->component, "contains:");
	const char *colon = tag ? strchr(tag, ':') : NULL;
	uint32_t node = f->kind == BTF_FIELD_LIST_HEAD ? BTF_FIELD_LIST_NODE : BTF_FIELD_RB_NODE;
	char name[128];
	int32_t id;
	int off;

	if (!colon || colon == tag || !colon[1] || (size_t)(colon - tag) >= sizeof(name))
		return wrong(s, -EINVAL, "lacks the declaration tag that says what it contains");
	memcpy(name, tag, (size_t)(colon - tag));
	name[colon - tag] = 0;
	id = btf_find(s->btf, name, BTF_KIND_STRUCT);
	if (id <= 0)
		return wrong(s, id < 0 ? id : -ENOENT, "contains a struct that is not there");
	for (uint32_t i = 0; i < N_ROWS; i++) {
		if (rows[i].kind != node)
			continue;
		off = node_offset(s, (uint32_t)id, colon + 1, &rows[i]);
		if (off < 0)
			return wrong(s, off,
				     "contains a struct by a member that is no node of its kind");
		f->btf = s->btf;
		f->content_id = (uint32_t)id;
		f->node_off = (uint32_t)off;
	}
	return 0;
}

/* ---------------------------------------------------------------- stored pointers */

static uint32_t kptr_kind(const struct kfunc_kernel *k, const char *tag)
{
	bool new_names = kernel_has(k, RULE_KPTR_TAG_NEW);

	if (!strcmp(tag, "kptr"))
		return new_names ? BTF_FIELD_KPTR_REF : BTF_FIELD_KPTR_UNREF;
	if (!strcmp(tag, "kptr_ref"))
		return !new_names || kernel_has(k, RULE_KPTR_GET) ? BTF_FIELD_KPTR_REF : 0;
	if (!strcmp(tag, "kptr_untrusted"))
		return new_names ? BTF_FIELD_KPTR_UNREF : 0;
	if (!strcmp(tag, "percpu_kptr"))
		return k->version >= KVER(6, 7) ? BTF_FIELD_KPTR_PERCPU : 0;
	if (!strcmp(tag, "uptr"))
		return k->version >= KVER(6, 13) ? BTF_FIELD_UPTR : 0;
	return 0;
}

/* A type of the kernel, or else of one of its modules (R8.2) */
static int32_t find_kernel_type(const struct kfunc_kernel *k, const char *name, uint32_t kind,
				const struct btf_obj **btf)
{
	int32_t id = *name ? btf_find(k->btf, name, kind) : -ENOENT;

	*btf = k->btf;
	for (uint32_t i = 0; *name && id <= 0; i++) {
		*btf = registry_module(k->registry, i);
		if (!*btf)
			break;
		id = btf_find_own(*btf, name, kind);
	}
	return id;
}

static int resolve_kptr(struct search *s, struct btf_field *f, uint32_t local_id)
{
	const struct btf_type *t = btf_type(s->btf, local_id);
	const struct contract_dtor *d;
	const struct btf_obj *btf;
	int32_t id;

	id = find_kernel_type(s->kernel, btf_str(s->btf, t->name_off), btf_type_kind(t), &btf);
	if (id <= 0) {
		f->btf = s->btf;
		f->type_id = local_id;
		return 0;
	}
	f->btf = btf;
	f->type_id = (uint32_t)id;
	f->kernel_type = true;
	if (f->kind != BTF_FIELD_KPTR_REF)
		return 0;
	d = registry_dtor(s->kernel->registry, f->btf, f->type_id);
	if (!d)
		return wrong(s, -ENOENT, "points to a kernel type that has no destructor");
	f->dtor_id = d->func_id;
	return 0;
}

/* A pointer with exactly one type tag; 0 and kind 0: an ordinary pointer (R8.1) */
static int parse_kptr(struct search *s, const struct btf_type *ptr, uint32_t off,
		      struct btf_field *f)
{
	const struct btf_type *tag = btf_type(s->btf, ptr->type), *t;
	uint32_t id;
	int err;

	if (!tag || btf_type_kind(tag) != BTF_KIND_TYPE_TAG)
		return 0;
	t = btf_type(s->btf, tag->type);
	if (t && btf_type_kind(t) == BTF_KIND_TYPE_TAG)
		return wrong(s, -EINVAL, "has more than one type tag");
	f->kind = kptr_kind(s->kernel, btf_str(s->btf, tag->name_off));
	if (!f->kind)
		return wrong(s, -EINVAL, "has a type tag that means nothing there");
	if (!(f->kind & s->allowed) || off % 8) {
		f->kind = 0;
		return 0;
	}
	t = btf_skip_mods(s->btf, tag->type, &id);
	if (t && btf_type_kind(t) == BTF_KIND_FWD)
		return wrong(s, -EINVAL,
			     "points to a struct that the object only declares, as nothing in it "
			     "needs to know "
			     "the members");
	if (!t || !btf_is_struct(t))
		return wrong(s, -EINVAL, "points to no struct");
	f->off = off;
	f->size = 8;
	err = resolve_kptr(s, f, id);
	return err;
}

/* ---------------------------------------------------------------- the walk over types */

static int repeat(struct search *s, uint32_t from, uint32_t n, uint32_t stride)
{
	uint32_t cnt = s->n - from;
	int err;

	if (!cnt || n <= 1)
		return 0;
	for (uint32_t i = from; i < from + cnt; i++)
		if (!(s->f[i].kind & (BTF_FIELD_KPTR | BTF_FIELD_GRAPH_ROOT)))
			return wrong(s, -EINVAL, "is an array of what there can be one of");
	for (uint32_t k = 1; k < n; k++)
		for (uint32_t i = 0; i < cnt; i++) {
			struct btf_field f = s->f[from + i];

			f.off += k * stride;
			err = add(s, &f);
			if (err)
				return err;
		}
	return 0;
}

static int special_struct(struct search *s, const struct field_row *row, const struct btf_type *t,
			  const struct place *p)
{
	struct btf_field f = {.kind = row->kind, .off = p->off, .size = t->size};
	int err = 0;

	if (t->size != row_size(s, row) || p->off % row->align)
		return 0;
	if (row->unique && (s->seen & row->kind))
		return wrong(s, -E2BIG, "is the second of what there can be one of");
	s->seen |= row->kind;
	if (row->kind & BTF_FIELD_GRAPH_ROOT)
		err = parse_root(s, p, &f);
	return err ? err : add(s, &f);
}

static int look_at(struct search *s, const struct place *p, uint32_t level)
{
	const struct btf_type *t;
	uint32_t id = p->type_id, n = 1, from = s->n;
	const struct field_row *row;
	struct btf_field f = {0};
	int64_t size;
	int err = 0;

	for (t = btf_skip_mods(s->btf, id, &id); t && btf_type_kind(t) == BTF_KIND_ARRAY;
	     t = btf_skip_mods(s->btf, btf_type_array(t)->type, &id)) {
		uint32_t cnt = btf_type_array(t)->nelems;

		if (!cnt || !kernel_has(s->kernel, RULE_NESTED_FIELDS))
			return 0;
		n = cnt > UINT32_MAX / n ? UINT32_MAX : n * cnt;
	}
	if (!t)
		return 0;
	if (btf_is_ptr(t)) {
		err = parse_kptr(s, t, p->off, &f);
		if (!err && f.kind)
			err = add(s, &f);
	} else if (btf_is_struct(t)) {
		row = btf_type_kind(t) == BTF_KIND_STRUCT ? row_of(s, btf_str(s->btf, t->name_off))
							  : NULL;
		if (row && n > 1 && !row->repeat)
			err = wrong(s, -EINVAL, "is an array of what there can be one of");
		if (row && !err)
			err = special_struct(s, row, t, p);
		else if (!row && kernel_has(s->kernel, RULE_NESTED_FIELDS))
			err = find_in_struct(s, id, p->off, level + 1);
	}
	size = btf_type_size(s->btf, id);
	if (!err && s->n != from && size >= 0)
		err = repeat(s, from, n, (uint32_t)size);
	if (err && !s->at.owner_id)
		s->at = *p;
	return err;
}

static int find_in_struct(struct search *s, uint32_t id, uint32_t off, uint32_t level)
{
	const struct btf_type *t = btf_type(s->btf, id);
	int err;

	if (level > MAX_NESTING)
		return -E2BIG;
	/* only structs can own anything: members of a union overlap */
	if (btf_type_kind(t) != BTF_KIND_STRUCT)
		return 0;
	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		uint32_t bitfield = 0, bits = btf_member_bits(t, i, &bitfield);
		struct place p = {btf_type_members(t)[i].type, off + bits / 8, id, (int32_t)i};

		if (bitfield || bits % 8)
			continue;
		err = look_at(s, &p, level);
		if (err)
			return err;
	}
	return 0;
}

static int find_in_section(struct search *s, uint32_t id)
{
	const struct btf_type *t = btf_type(s->btf, id);
	const struct btf_var_secinfo *v = (const struct btf_var_secinfo *)(t + 1);
	int err;

	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		const struct btf_type *var = btf_type(s->btf, v[i].type);
		struct place p = {0, v[i].offset, v[i].type, -1};

		if (!var || btf_type_kind(var) != BTF_KIND_VAR)
			continue;
		p.type_id = var->type;
		err = look_at(s, &p, 0);
		if (err)
			return err;
	}
	return 0;
}

/* ---------------------------------------------------------------- the result */

static int by_offset(const void *a, const void *b)
{
	const struct btf_field *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static int check_together(struct search *s, uint32_t mask)
{
	const uint32_t locks = BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK;

	for (uint32_t i = 1; i < s->n; i++)
		if (s->f[i].off < s->f[i - 1].off + s->f[i - 1].size)
			return wrong(s, -EEXIST, "its special fields overlap");
	if ((mask & locks) == locks)
		return wrong(s, -EINVAL, "it has locks of both kinds");
	if ((mask & BTF_FIELD_GRAPH_ROOT) && !(mask & locks))
		return wrong(s, -EINVAL, "a list or tree has no lock beside it");
	if ((mask & BTF_FIELD_GRAPH_NODE) == BTF_FIELD_GRAPH_NODE && !(mask & BTF_FIELD_REFCOUNT))
		return wrong(s, -EINVAL, "a node of a list and of a tree needs a reference count");
	return 0;
}

static int find_fields(struct search *s, uint32_t type_id, struct btf_fields **out);

/* R8.5 below 7.2: what is linked into a structure and holds roots must not hold owners */
static int check_owned(struct search *s, uint32_t mask)
{
	struct search in = {.kernel = s->kernel, .btf = s->btf, .allowed = s->allowed};
	struct btf_fields *c;
	int err = 0;

	if (!(mask & BTF_FIELD_GRAPH_ROOT))
		return 0;
	for (uint32_t i = 0; !err && i < s->n; i++) {
		if (!(s->f[i].kind & BTF_FIELD_GRAPH_ROOT))
			continue;
		err = find_fields(&in, s->f[i].content_id, &c);
		if (err) {
			s->why = in.why;
			s->at = in.at;
			if (!in.at.owner_id)
				s->at = (struct place){.owner_id = s->f[i].content_id,
						       .component = -1};
			return err;
		}
		if (!c)
			return wrong(s, -EINVAL, "a list or tree is of a struct without a node");
		if ((mask & BTF_FIELD_GRAPH_NODE) && (c->mask & BTF_FIELD_GRAPH_ROOT))
			err = wrong(s, -ELOOP, "it is a node and owns structs that own others");
		mem_free(c);
	}
	return err;
}

static int pack(struct search *s, struct btf_fields **out)
{
	struct btf_fields *f;

	if (!s->n)
		return 0;
	qsort(s->f, s->n, sizeof(s->f[0]), by_offset);
	f = mem_zalloc(sizeof(*f) + s->n * sizeof(f->f[0]));
	if (!f)
		return -ENOMEM;
	f->n = s->n;
	f->lock_off = -1;
	f->refcount_off = -1;
	memcpy(f->f, s->f, s->n * sizeof(f->f[0]));
	for (uint32_t i = 0; i < s->n; i++) {
		f->mask |= s->f[i].kind;
		if (s->f[i].kind & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK))
			f->lock_off = (int32_t)s->f[i].off;
		if (s->f[i].kind == BTF_FIELD_REFCOUNT)
			f->refcount_off = (int32_t)s->f[i].off;
	}
	*out = f;
	return 0;
}

/* without the look at owned types */
/* s: kernel, btf and allowed are set */
static int find_fields(struct search *s, uint32_t type_id, struct btf_fields **out)
{
	const struct btf_type *t = btf_skip_mods(s->btf, type_id, &type_id);
	int err = 0;

	*out = NULL;
	s->n = s->seen = 0;
	s->max = s->kernel->version >= KVER(6, 12) ? MAX_FIELDS : MAX_FIELDS - 1;
	if (!t)
		return 0;
	if (btf_type_kind(t) == BTF_KIND_STRUCT)
		err = find_in_struct(s, type_id, 0, 0);
	else if (btf_type_kind(t) == BTF_KIND_DATASEC)
		err = find_in_section(s, type_id);
	if (!err)
		err = pack(s, out);
	if (err || !*out)
		return err;
	memcpy(s->f, (*out)->f, s->n * sizeof(s->f[0]));
	err = check_together(s, (*out)->mask);
	if (err) {
		mem_free(*out);
		*out = NULL;
	}
	return err;
}

static int find_checked(struct search *s, uint32_t type_id, struct btf_fields **out)
{
	int err = find_fields(s, type_id, out);

	if (err || !*out)
		return err;
	memcpy(s->f, (*out)->f, s->n * sizeof(s->f[0]));
	s->allowed |= local_kinds(s->kernel);
	err = check_owned(s, (*out)->mask);
	if (err) {
		mem_free(*out);
		*out = NULL;
	}
	return err;
}

int vf_find_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, uint32_t type_id,
		   uint32_t allowed, struct btf_fields **out)
{
	struct search s = {.kernel = kernel, .btf = btf, .allowed = allowed};

	return find_checked(&s, type_id, out);
}

/* ---------------------------------------------------------------- a program's BTF as a whole */

static bool is_kptr_to_struct(const struct search *s, uint32_t id)
{
	const struct btf_type *tag = btf_type(s->btf, id), *to;

	if (!tag || btf_type_kind(tag) != BTF_KIND_TYPE_TAG ||
	    !(kptr_kind(s->kernel, btf_str(s->btf, tag->name_off)) & s->allowed))
		return false;
	/* behind a second tag nobody looks (seen on 6.18.44) */
	to = btf_type(s->btf, tag->type);
	if (!to || btf_type_kind(to) == BTF_KIND_TYPE_TAG)
		return false;
	to = btf_skip_mods(s->btf, tag->type, NULL);
	return to && btf_is_struct(to);
}

/* What owns nothing by a member of its own is plain memory, whatever it nests (seen on 6.18.44). */
static bool has_special_member(const struct search *s, const struct btf_type *t)
{
	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		const struct btf_type *m = btf_type(s->btf, btf_type_members(t)[i].type);

		if (!m)
			continue;
		if (btf_type_kind(m) == BTF_KIND_STRUCT && row_of(s, btf_str(s->btf, m->name_off)))
			return true;
		if (btf_is_ptr(m) && is_kptr_to_struct(s, m->type))
			return true;
	}
	return false;
}

/* what is wrong with a struct, in words */
static void say_why(const struct search *s, uint32_t id, char *why, size_t size)
{
	const struct btf_type *t = btf_type(s->btf, s->at.owner_id ? s->at.owner_id : id);
	const char *name = btf_str(s->btf, t->name_off),
		   *what = s->why ? s->why : "cannot be there";

	if (s->at.owner_id && s->at.component >= 0)
		snprintf(why, size, "struct %s: member %s %s", name,
			 btf_str(s->btf, btf_type_members(t)[s->at.component].name_off), what);
	else
		snprintf(why, size, "struct %s: %s", name, what);
}

int vf_check_btf_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, char *why,
			size_t size)
{
	struct btf_fields *f;
	int err;

	for (uint32_t id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		struct search s = {.kernel = kernel, .btf = btf, .allowed = local_kinds(kernel)};
		const struct btf_type *t = btf_type(btf, id);

		if (!t || btf_type_kind(t) != BTF_KIND_STRUCT || !has_special_member(&s, t))
			continue;
		err = find_checked(&s, id, &f);
		if (!err &&
		    !f) /* all of them are misaligned or of another size (seen on 6.18.44) */
			err = wrong(&s, -EFAULT,
				    "its special fields are misaligned or of another size");
		if (err) {
			say_why(&s, id, why, size);
			return err;
		}
		mem_free(f);
	}
	return 0;
}

int vf_local_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, uint32_t id,
		    struct btf_fields **out)
{
	struct search s = {.kernel = kernel, .btf = btf, .allowed = local_kinds(kernel)};
	const struct btf_type *t = btf_type(btf, id);

	*out = NULL;
	if (!t || btf_type_kind(t) != BTF_KIND_STRUCT || !has_special_member(&s, t))
		return 0;
	return vf_find_fields(kernel, btf, id, s.allowed, out);
}
