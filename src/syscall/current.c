/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The calling thread's kernel, load observer and verifier options. */
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "syscall/current.h"

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_thread(void *p)
{
	struct sys_thread *t = p;

	if (t->kernel)
		kernel_put(t->kernel);
	mem_free(t);
}

static void make_key(void)
{
	pthread_key_create(&key, free_thread);
}

struct sys_thread *sys_thread(bool make)
{
	struct sys_thread *t;

	pthread_once(&once, make_key);
	t = pthread_getspecific(key);
	if (t || !make)
		return t;
	t = mem_zalloc(sizeof(*t));
	if (t && pthread_setspecific(key, t)) {
		mem_free(t);
		t = NULL;
	}
	return t;
}

/* gives the memory back when nothing is set any more */
static void tidy(struct sys_thread *t)
{
	if (t->kernel || t->observer || t->has_opts || t->profile)
		return;
	pthread_setspecific(key, NULL);
	mem_free(t);
}

int syscall_set_kernel(struct kfunc_kernel *k)
{
	struct sys_thread *t = sys_thread(k != NULL);

	if (!t)
		return k ? -ENOMEM : 0;
	if (k)
		kernel_get(k);
	if (t->kernel)
		kernel_put(t->kernel);
	t->kernel = k;
	tidy(t);
	return 0;
}

struct kfunc_kernel *syscall_kernel(void)
{
	struct sys_thread *t = sys_thread(false);

	return t && t->kernel ? t->kernel : kfunc_kernel__live();
}

int syscall_set_prog_load_observer(syscall_load_observer fn, void *ctx)
{
	struct sys_thread *t = sys_thread(fn != NULL);

	if (!t)
		return fn ? -ENOMEM : 0;
	t->observer = fn;
	t->observer_ctx = ctx;
	tidy(t);
	return 0;
}

int syscall_set_verifier_options(const struct vf_options *opts)
{
	struct sys_thread *t = sys_thread(opts != NULL);

	if (!t)
		return opts ? -ENOMEM : 0;
	t->has_opts = opts != NULL;
	if (opts)
		t->opts = *opts;
	tidy(t);
	return 0;
}

int syscall_set_profile(struct vf_profile *profile)
{
	struct sys_thread *t = sys_thread(profile != NULL);

	if (!t)
		return profile ? -ENOMEM : 0;
	t->profile = profile;
	tidy(t);
	return 0;
}
