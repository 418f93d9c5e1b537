/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's types in libbpf's own representation. libbpf parses them anew for every object and
 * searches names one by one; a kernel has a hundred thousand types, so both would cost more than the
 * verification. Here each kernel's types are parsed once and shared (libbpf only reads them), and
 * names are looked up in the index of our own BTF, whose ids are the same; so are the types that
 * relocations may mean, for which libbpf walks through all types, too.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"

/* of <bpf/btf.h>, whose inline functions have the names of some of btf/btf.h's */
struct btf *btf__new(const void *data, uint32_t size);
void btf__free(struct btf *btf);
int32_t btf__find_by_name_kind(const struct btf *btf, const char *name, uint32_t kind);
/* of its relo_core.h: how much of a type's name counts for relocations, all before its last "___" */
size_t bpf_core_essential_name_len(const char *name);

struct types {
	struct types *next;
	const struct kfunc_kernel *kernel;
	struct btf *btf;
	uint32_t *flavours; /* types with names like task_struct___old, ascending */
	uint32_t n_flavours;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct types *all;

static struct types *find_kernel(const struct kfunc_kernel *kernel)
{
	struct types *t;

	for (t = all; t; t = t->next)
		if (t->kernel == kernel)
			return t;
	return NULL;
}

/* What is made of btf lasts as long as its kernel, which whoever asks is using. */
static const struct types *types_of(const struct btf *btf)
{
	const struct types *t;

	pthread_mutex_lock(&lock);
	for (t = all; t && t->btf != btf; t = t->next)
		;
	pthread_mutex_unlock(&lock);
	return t;
}

static int find_flavours(struct types *t)
{
	const struct btf_obj *btf = t->kernel->btf;
	size_t size = 0;
	uint32_t id;

	for (id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		const char *name = btf_type_name(btf, id);

		if (!strstr(name, "___") || !name[bpf_core_essential_name_len(name)])
			continue;
		if (mem_grow((void **)&t->flavours, &size, t->n_flavours + 1, sizeof(id)))
			return -ENOMEM;
		t->flavours[t->n_flavours++] = id;
	}
	return 0;
}

static void free_types(struct types *t)
{
	if (!t)
		return;
	btf__free(t->btf);
	mem_free(t->flavours);
	mem_free(t);
}

/* NULL and errno */
static struct types *make_types(const struct kfunc_kernel *kernel)
{
	struct types *t = mem_zalloc(sizeof(*t));
	const void *raw;
	size_t size;

	if (!t) {
		errno = ENOMEM;
		return NULL;
	}
	raw = btf_raw(kernel->btf, &size);
	t->kernel = kernel;
	t->btf = btf__new(raw, size);
	if (t->btf && find_flavours(t) == 0)
		return t;
	errno = t->btf ? ENOMEM : EINVAL;
	free_types(t);
	return NULL;
}

/* In place of btf__load_vmlinux_btf(): NULL and errno on failure. */
struct btf *loader_types_get(void)
{
	struct loader_session *s = loader_session();
	const struct kfunc_kernel *kernel = s ? s->kernel : syscall_kernel();
	struct btf *btf = NULL;
	struct types *t;

	if (!kernel || !kernel->btf) {
		errno = ENOENT;
		return NULL;
	}
	pthread_mutex_lock(&lock);
	t = find_kernel(kernel);
	if (!t) {
		t = make_types(kernel);
		if (t) {
			t->next = all;
			all = t;
		}
	}
	btf = t ? t->btf : NULL;
	pthread_mutex_unlock(&lock);
	return btf;
}

/* In place of btf__free(), which libbpf also calls for the BTF of objects and modules. */
void loader_types_put(struct btf *btf)
{
	if (btf && !types_of(btf))
		btf__free(btf);
}

/* In place of btf__find_by_name_kind() */
int32_t loader_types_find(const struct btf *btf, const char *name, uint32_t kind)
{
	const struct types *t = types_of(btf);

	return t ? btf_find(t->kernel->btf, name, kind) : btf__find_by_name_kind(btf, name, kind);
}

struct ids {
	uint32_t *v;
	size_t size;
	uint32_t n;
};

static int add_id(struct ids *ids, uint32_t id)
{
	uint32_t i;

	if (mem_grow((void **)&ids->v, &ids->size, ids->n + 1, sizeof(id)))
		return -ENOMEM;
	for (i = ids->n++; i && ids->v[i - 1] > id; i--)
		ids->v[i] = ids->v[i - 1];
	ids->v[i] = id;
	return 0;
}

static int add_kind(struct ids *ids, const struct types *t, const char *name, uint32_t kind)
{
	const struct btf_obj *btf = t->kernel->btf;
	bool plain = !name[bpf_core_essential_name_len(name)];
	int32_t id = 0;
	uint32_t i;
	int err = 0;

	while (!err && plain && (id = btf_find_next(btf, name, kind, id)) > 0)
		err = add_id(ids, id);
	for (i = 0; !err && i < t->n_flavours; i++) {
		const char *other = btf_type_name(btf, t->flavours[i]);
		size_t len = bpf_core_essential_name_len(other);

		if (btf_type_kind(btf_type(btf, t->flavours[i])) == kind &&
		    strncmp(name, other, len) == 0 && !name[len])
			err = add_id(ids, t->flavours[i]);
	}
	return err;
}

/*
 * The kernel's types that a relocation of a type of this plain name and kind may mean, ascending, to be
 * freed by the caller. Their number, -ENOENT: btf is not a kernel's, -ENOMEM.
 */
int loader_types_candidates(const struct btf *btf, const char *name, uint32_t kind, uint32_t **ids)
{
	const struct types *t = types_of(btf);
	struct ids found = {0};
	int err;

	if (!t)
		return -ENOENT;
	err = add_kind(&found, t, name, kind);
	if (!err && (kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64))
		err = add_kind(&found, t, name,
			       kind == BTF_KIND_ENUM ? BTF_KIND_ENUM64 : BTF_KIND_ENUM);
	if (err) {
		mem_free(found.v);
		return err;
	}
	*ids = found.v;
	return found.n;
}

void loader_types_forget(const struct kfunc_kernel *kernel)
{
	struct types **at, *t = NULL;

	pthread_mutex_lock(&lock);
	for (at = &all; *at; at = &(*at)->next) {
		if ((*at)->kernel == kernel) {
			t = *at;
			*at = t->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	free_types(t);
	loader_symbols_forget();
}

uint32_t loader_kernel_version(void)
{
	struct loader_session *s = loader_session();
	const struct kfunc_kernel *kernel = s ? s->kernel : syscall_kernel();
	unsigned int sub = 0;
	const char *dot;

	if (!kernel)
		return 0;
	/* the third number of "6.12.48-1" */
	dot = strchr(kernel->release, '.');
	dot = dot ? strchr(dot + 1, '.') : NULL;
	for (; dot && dot[1] >= '0' && dot[1] <= '9' && sub < 255; dot++)
		sub = sub * 10 + (dot[1] - '0');
	return (uint32_t)(kernel->version >> 8) << 16 | (kernel->version & 0xff) << 8 |
	       (sub > 255 ? 255 : sub);
}

bool loader_has_modules(void)
{
	struct loader_session *s = loader_session();

	return !s || !s->kernel || s->kernel->live;
}
