/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's types in libbpf's own representation. libbpf parses them anew for every object and
 * searches names one by one; a kernel has a hundred thousand types, so both would cost more than the
 * verification. Here each kernel's types are parsed once and shared (libbpf only reads them), and
 * names are looked up in the index of our own BTF, whose ids are the same.
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

struct types {
	struct types *next;
	const struct kfunc_kernel *kernel;
	struct btf *btf;
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

static const struct kfunc_kernel *kernel_of(const struct btf *btf)
{
	const struct kfunc_kernel *kernel = NULL;
	struct types *t;

	pthread_mutex_lock(&lock);
	for (t = all; t && !kernel; t = t->next)
		if (t->btf == btf)
			kernel = t->kernel;
	pthread_mutex_unlock(&lock);
	return kernel;
}

/* In place of btf__load_vmlinux_btf(): NULL and errno on failure. */
struct btf *loader_types_get(void)
{
	struct loader_session *s = loader_session();
	const struct kfunc_kernel *kernel = s ? s->kernel : syscall_kernel();
	struct btf *btf = NULL;
	struct types *t;
	const void *raw;
	size_t size;

	if (!kernel || !kernel->btf) {
		errno = ENOENT;
		return NULL;
	}
	pthread_mutex_lock(&lock);
	t = find_kernel(kernel);
	if (!t) {
		raw = btf_raw(kernel->btf, &size);
		t = mem_zalloc(sizeof(*t));
		btf = t ? btf__new(raw, size) : NULL;
		if (btf) {
			t->kernel = kernel;
			t->btf = btf;
			t->next = all;
			all = t;
		} else {
			mem_free(t);
			errno = t ? EINVAL : ENOMEM;
		}
	} else {
		btf = t->btf;
	}
	pthread_mutex_unlock(&lock);
	return btf;
}

/* In place of btf__free(), which libbpf also calls for the BTF of objects and modules. */
void loader_types_put(struct btf *btf)
{
	if (btf && !kernel_of(btf))
		btf__free(btf);
}

/* In place of btf__find_by_name_kind() */
int32_t loader_types_find(const struct btf *btf, const char *name, uint32_t kind)
{
	const struct kfunc_kernel *kernel = kernel_of(btf);

	return kernel ? btf_find(kernel->btf, name, kind) : btf__find_by_name_kind(btf, name, kind);
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
	if (t) {
		btf__free(t->btf);
		mem_free(t);
	}
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
