/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Objects: open, load, close, and finding what is inside. The file is kept in memory, because a check
 * may have to give it to libbpf more than once (check.c).
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"

void loader_set_error(struct kfunc_object *obj, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	mem_free(obj->error);
	obj->error = b.err ? NULL : b.s;
	if (b.err)
		strbuf_free(&b);
}

static void tell(const struct kfunc_object_opts *o, const char *text)
{
	if (o->error && o->error_size)
		snprintf(o->error, o->error_size, "%s", text);
}

/* ---- libbpf's object ---- */

void loader_close_bpf(struct kfunc_object *obj)
{
	uint32_t i;

	for (i = 0; i < obj->n_progs; i++)
		obj->progs[i].bpf = NULL;
	for (i = 0; i < obj->n_maps; i++)
		obj->maps[i].bpf = NULL;
	bpf_object__close(obj->bpf);
	obj->bpf = NULL;
}

/* First opening: make the tables of programs and maps. */
static int list_contents(struct kfunc_object *obj)
{
	struct bpf_program *bp;
	struct bpf_map *bm;
	uint32_t n = 0;

	bpf_object__for_each_program(bp, obj->bpf) n++;
	obj->progs = mem_calloc(n, sizeof(*obj->progs));
	if (!obj->progs)
		return -ENOMEM;
	bpf_object__for_each_program(bp, obj->bpf)
	{
		struct kfunc_program *p = &obj->progs[obj->n_progs++];

		p->obj = obj;
		p->bpf = bp;
		p->type = bpf_program__type(bp);
		p->autoload = bpf_program__autoload(bp);
		p->name = mem_strdup(bpf_program__name(bp));
		p->section = mem_strdup(bpf_program__section_name(bp));
		if (!p->name || !p->section)
			return -ENOMEM;
	}
	n = 0;
	bpf_object__for_each_map(bm, obj->bpf) n++;
	obj->maps = mem_calloc(n, sizeof(*obj->maps));
	if (!obj->maps)
		return -ENOMEM;
	bpf_object__for_each_map(bm, obj->bpf)
	{
		struct kfunc_map *m = &obj->maps[obj->n_maps++];

		m->obj = obj;
		m->bpf = bm;
		m->type = bpf_map__type(bm);
		m->key_size = bpf_map__key_size(bm);
		m->value_size = bpf_map__value_size(bm);
		m->max_entries = bpf_map__max_entries(bm);
		m->name = mem_strdup(bpf_map__name(bm));
		if (!m->name)
			return -ENOMEM;
	}
	return 0;
}

/* Opening again finds the same programs and maps in the same order. */
static void find_contents(struct kfunc_object *obj)
{
	struct bpf_program *bp;
	struct bpf_map *bm;
	uint32_t i = 0;

	bpf_object__for_each_program(bp, obj->bpf) obj->progs[i++].bpf = bp;
	i = 0;
	bpf_object__for_each_map(bm, obj->bpf) obj->maps[i++].bpf = bm;
}

int loader_open_bpf(struct kfunc_object *obj)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = obj->name);

	obj->bpf = bpf_object__open_mem(obj->elf, obj->elf_size, &opts);
	if (!obj->bpf)
		return loader_errno(-errno);
	if (!obj->progs)
		return list_contents(obj);
	find_contents(obj);
	return 0;
}

/* ---- open and close ---- */

static char *name_from_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = mem_strdup(slash ? slash + 1 : path), *dot;

	dot = name ? strchr(name, '.') : NULL;
	if (dot && dot != name)
		*dot = '\0';
	return name;
}

/* Takes elf over, whatever happens. */
static struct kfunc_object *open_elf(void *elf, size_t size, const char *path,
				     const struct kfunc_object_opts *o)
{
	struct loader_session s;
	struct kfunc_object *obj = mem_zalloc(sizeof(*obj));
	char why[DIAG_TEXT] = "";
	int err = -ENOMEM;

	if (!obj) {
		mem_free(elf);
		goto out;
	}
	obj->elf = elf;
	obj->elf_size = size;
	err = loader_check_btf(elf, size, why, sizeof(why));
	if (err)
		goto out;
	err = -ENOMEM;
	loader_weaken(elf, size);
	obj->prog_flags = o->prog_flags;
	obj->colour = o->colour;
	obj->profile = o->profile;
	obj->kernel = kernel_get(o->kernel ? o->kernel : kfunc_kernel__live());
	obj->name = o->name ? mem_strdup(o->name) : name_from_path(path);
	if (!obj->kernel || !obj->name)
		goto out;
	err = loader_enter(&s, obj->kernel, obj);
	if (!err)
		err = loader_open_bpf(obj);
	loader_log_summary(&s, why, sizeof(why));
	loader_leave(&s);
out:
	if (!err)
		return obj;
	tell(o, err == -ENOMEM ? "out of memory" : why[0] ? why : strerror(-err));
	kfunc_object__close(obj);
	errno = -err;
	return NULL;
}

struct kfunc_object *kfunc_object__open_file(const char *path, const struct kfunc_object_opts *opts)
{
	struct kfunc_object_opts o;
	void *elf;
	size_t size;
	int err;

	err = path ? loader_opts_in(&o, sizeof(o), opts) : -EINVAL;
	if (!err)
		err = loader_read_file(path, &elf, &size, o.error, o.error_size);
	if (err) {
		errno = -err;
		return NULL;
	}
	return open_elf(elf, size, path, &o);
}

struct kfunc_object *kfunc_object__open_mem(const void *data, size_t size,
					    const struct kfunc_object_opts *opts)
{
	struct kfunc_object_opts o;
	void *elf;
	int err;

	err = loader_opts_in(&o, sizeof(o), opts);
	if (!err && !o.name)
		err = -EINVAL;
	if (!err && size > LOADER_MAX_OBJECT)
		err = -EFBIG;
	if (!err)
		err = loader_check_elf(data, size, o.error, o.error ? o.error_size : 0);
	elf = err ? NULL : mem_dup(data, size);
	if (!elf) {
		errno = err ? -err : ENOMEM;
		return NULL;
	}
	return open_elf(elf, size, o.name, &o);
}

void kfunc_object__close(struct kfunc_object *obj)
{
	struct loader_session s;
	uint32_t i;

	if (!obj)
		return;
	if (obj->bpf) {
		loader_enter(&s, obj->kernel, obj); /* what is given back needs no kernel */
		loader_close_bpf(obj);
		loader_leave(&s);
	}
	for (i = 0; i < obj->n_progs; i++) {
		mem_free(obj->progs[i].name);
		mem_free(obj->progs[i].section);
		mem_free(obj->progs[i].text);
		loader_profile_free(&obj->progs[i]);
	}
	for (i = 0; i < obj->n_maps; i++)
		mem_free(obj->maps[i].name);
	mem_free(obj->progs);
	mem_free(obj->maps);
	mem_free(obj->elf);
	mem_free(obj->name);
	strbuf_free(&obj->warnings);
	mem_free(obj->error);
	if (obj->kernel)
		kernel_put(obj->kernel);
	mem_free(obj);
}

const char *kfunc_object__name(const struct kfunc_object *obj)
{
	return obj ? obj->name : "";
}

const char *kfunc_object__error(const struct kfunc_object *obj)
{
	return obj && obj->error ? obj->error : "";
}

/* ---- load ---- */

int kfunc_object__load(struct kfunc_object *obj)
{
	struct loader_session s;
	char why[DIAG_TEXT];
	uint32_t i;
	int err;

	if (!obj)
		return -EINVAL;
	if (obj->loaded || obj->checked)
		return -EALREADY;
	if (!obj->kernel->live) {
		loader_set_error(obj, "programs run on the live kernel only, not on an image");
		return -EOPNOTSUPP;
	}
	err = loader_enter(&s, obj->kernel, obj);
	if (err) {
		loader_leave(&s);
		loader_set_error(obj, "%s", strerror(-err));
		return err;
	}
	for (i = 0; i < obj->n_progs; i++)
		bpf_program__set_autoload(obj->progs[i].bpf, obj->progs[i].autoload);
	obj->loaded = true;
	err = bpf_object__load(obj->bpf) ? loader_errno(-errno) : 0;
	if (err && s.failed) {
		err = s.failed_err;
		loader_set_error(obj, "program %s: %s", s.failed->name,
				 s.failed->report.message[0] ? s.failed->report.message
							     : strerror(-err));
	} else if (err) {
		loader_log_summary(&s, why, sizeof(why));
		loader_set_error(obj, "%s", why[0] ? why : strerror(-err));
	}
	loader_leave(&s);
	return err;
}

/* ---- contents ---- */

struct kfunc_program *kfunc_object__find_program(const struct kfunc_object *obj, const char *name)
{
	uint32_t i;

	for (i = 0; obj && name && i < obj->n_progs; i++)
		if (strcmp(obj->progs[i].name, name) == 0)
			return &obj->progs[i];
	errno = ENOENT;
	return NULL;
}

struct kfunc_program *kfunc_object__next_program(const struct kfunc_object *obj,
						 struct kfunc_program *prev)
{
	uint32_t i = obj && prev ? prev - obj->progs + 1 : 0;

	return obj && i < obj->n_progs ? &obj->progs[i] : NULL;
}

struct kfunc_map *kfunc_object__find_map(const struct kfunc_object *obj, const char *name)
{
	uint32_t i;

	for (i = 0; obj && name && i < obj->n_maps; i++)
		if (strcmp(kfunc_map__name(&obj->maps[i]), name) == 0)
			return &obj->maps[i];
	errno = ENOENT;
	return NULL;
}

struct kfunc_map *kfunc_object__next_map(const struct kfunc_object *obj, struct kfunc_map *prev)
{
	uint32_t i = obj && prev ? prev - obj->maps + 1 : 0;

	return obj && i < obj->n_maps ? &obj->maps[i] : NULL;
}
