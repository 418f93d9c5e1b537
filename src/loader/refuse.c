/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Verdicts that do not come from the verifier: libbpf gave up before a program could be loaded. Its
 * warning tells why, in words for those who know libbpf; here it becomes a code and a sentence for those
 * who wrote the program. One row a reason; what no row knows keeps libbpf's own words.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"

void loader_refuse(struct kfunc_program *p, enum diag_code code, int err, const char *message)
{
	struct diag_report *r = &p->report;

	diag_init(r);
	diag_fail(r, code, "%s", message);
	r->err = err;
	p->judged = true;
	mem_free(p->text);
	p->text = loader_render(r, p->obj->name, p->name, NULL, p->obj->colour);
}

/* A refusal being put into words; name is what libbpf's warning is about. */
struct refusal {
	struct kfunc_program *p;
	char name[128];
	char *out;
	size_t size;
};

static void say_section(const struct refusal *r)
{
	snprintf(r->out, r->size, "section \"%s\" does not say which type of program %s is",
		 r->p->section, r->p->name);
}

static void say_no_program(const struct refusal *r)
{
	snprintf(r->out, r->size,
		 "section \"%s\" names a function of another program, and which "
		 "program that is has not been said",
		 r->p->section);
}

static void say_unnamed(const struct refusal *r)
{
	snprintf(r->out, r->size, "section \"%s\" does not name what %s is attached to",
		 r->p->section, r->p->name);
}

static void say_unreferenced(const struct refusal *r)
{
	snprintf(r->out, r->size, "no struct_ops map of the object has %s as a member", r->p->name);
}

static const char *target_kind(const char *section)
{
	static const struct {
		const char *start, *kind;
	} kinds[] = {
		{"tp_btf", "tracepoint"},
		{"lsm", "LSM hook"},
		{"iter", "iterator"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(section, kinds[i].start, strlen(kinds[i].start)) == 0)
			return kinds[i].kind;
	return "function";
}

static void say_no_target(const struct refusal *r)
{
	snprintf(r->out, r->size, "kernel %s has no %s %s in its types", r->p->obj->kernel->release,
		 target_kind(r->p->section), r->name);
}

static void say_no_ops(const struct refusal *r)
{
	snprintf(r->out, r->size, "kernel %s has no operations struct %s",
		 r->p->obj->kernel->release, r->name);
}

static const char *map_reason(const struct kfunc_map *m)
{
	bool ring = m->type == BPF_MAP_TYPE_RINGBUF || m->type == BPF_MAP_TYPE_USER_RINGBUF;

	if (!m->max_entries)
		return "its max_entries is 0: who loads the object is to set the size";
	if (ring && (m->max_entries & (m->max_entries - 1)))
		return "the size of a ring buffer is a power of two";
	if (m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return "it does not say what the inner maps are like, or says it wrongly";
	return NULL;
}

static void say_map(const struct refusal *r)
{
	const struct kfunc_object *obj = r->p->obj;

	for (uint32_t i = 0; i < obj->n_maps; i++) {
		const struct kfunc_map *m = &obj->maps[i];
		const char *type = libbpf_bpf_map_type_str(m->type), *why = map_reason(m);

		if (strcmp(m->name, r->name))
			continue;
		if (why)
			snprintf(r->out, r->size, "map %s (%s) cannot be created: %s", m->name,
				 type ? type : "of an unknown type", why);
		else
			snprintf(r->out, r->size,
				 "map %s (%s) cannot be created with keys of %u bytes, values of "
				 "%u and "
				 "%u entries",
				 m->name, type ? type : "of an unknown type", m->key_size,
				 m->value_size, m->max_entries);
		return;
	}
	snprintf(r->out, r->size, "map %s cannot be created", r->name);
}

static void say_not_mappable(const struct refusal *r)
{
	snprintf(r->out, r->size,
		 "map %s holds global variables and cannot be mapped into memory "
		 "with the flags it has",
		 r->name);
}

static void say_relo(const struct refusal *r)
{
	snprintf(r->out, r->size, "%s: a relocation of %s cannot be applied", r->p->obj->name,
		 r->p->name);
}

static const struct row {
	const char *start,
		*mark; /* the warning begins with one and has the other, if they are set */
	enum diag_code code;
	void (*say)(const struct refusal *r);
} rows[] = {
	{NULL, "missing BPF prog type", KF_SECTION_UNKNOWN, say_section},
	{NULL, "attach program FD is not set", KF_TARGET_PROG_MISSING, say_no_program},
	{NULL, "no BTF-based attach target", KF_ATTACH_UNNAMED, say_unnamed},
	{NULL, "program isn't referenced anywhere", KF_OPS_UNREFERENCED, say_unreferenced},
	{NULL, "failed to find kernel BTF type ID of '", KF_ATTACH_TARGET_MISSING, say_no_target},
	{"struct_ops init_kern: struct ", NULL, KF_OPS_TYPE_MISSING, say_no_ops},
	/* the kernel's answer too: such a map cannot be mapped */
	{NULL, "re-mmap", KF_MAP_REFUSED, say_not_mappable},
	{"map '", "failed to create", KF_MAP_REFUSED, say_map},
	{NULL, "relo #", KF_RELO_FAILED, say_relo},
};

/* What the warning is about: the word behind the mark, behind the start, or in the first quotes. */
static void find_name(const struct row *row, const char *why, struct refusal *r)
{
	const char *p = why, *quote;
	size_t n;

	if (row->mark && row->mark[strlen(row->mark) - 1] == '\'')
		p = strstr(why, row->mark) + strlen(row->mark);
	else if (row->start && !row->mark)
		p = why + strlen(row->start);
	else if ((quote = strchr(why, '\'')))
		p = quote + 1;
	n = strcspn(p, "' \n");
	if (n >= sizeof(r->name))
		n = sizeof(r->name) - 1;
	memcpy(r->name, p, n);
	r->name[n] = '\0';
}

static const struct row *row_of(const char *why)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if ((!row->start || strncmp(why, row->start, strlen(row->start)) == 0) &&
		    (!row->mark || strstr(why, row->mark)))
			return row;
	}
	return NULL;
}

void loader_refuse_by_libbpf(struct kfunc_program *p, int err, const char *why)
{
	const struct row *row = err == -ENOMEM || err == -524 ? NULL : row_of(why);
	enum diag_code code = KF_LOADER_REFUSED;
	char text[DIAG_TEXT];

	if (row) {
		struct refusal r = {.p = p, .out = text, .size = sizeof(text)};

		find_name(row, why, &r);
		row->say(&r);
		loader_refuse(p, row->code, err, text);
		return;
	}
	if (err == -524)
		code = KF_UNSUPPORTED;
	else if (err == -ENOMEM)
		code = KF_OUT_OF_MEMORY;
	else if (err == -ESRCH || (err == -ENOENT && strstr(why, "attach")))
		code = KF_ATTACH_TARGET_MISSING;
	else if (strncmp(why, "map '", 5) == 0)
		code = KF_MAP_REFUSED;
	else if (strstr(why, "relo"))
		code = KF_RELO_FAILED;
	loader_refuse(p, code, err, why[0] ? why : strerror(-err));
}
