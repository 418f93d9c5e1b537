/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * BTF objects of the boundary: a caller's (BTF_LOAD), and a kernel's own, which get their ids when
 * somebody first asks about that kernel. A kernel's own BTFs are kept in a list here that
 * references the BTF but not the kernel, so that it does not keep the kernel alive; an entry counts
 * only while kernel and BTF are both the same, and a BTF that is referenced cannot give its address
 * to another one.
 *
 * The BTF of a kernel is also served as a file, for callers that open /sys/kernel/btf/vmlinux.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "base/strbuf.h"
#include "syscall/internal.h"
#include "syscall/log.h"

#define BTF_MAX (16u << 20)

struct own_btf {
	struct own_btf *next;
	struct sys_btf *b; /* holds a reference */
};

/* protects the list and the file */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct own_btf *own_list;
static struct {
	const struct btf_obj *btf; /* whose types the file holds; referenced */
	int fd;
} file = {NULL, -1};

void sys_btf_get(struct sys_btf *b)
{
	atomic_fetch_add(&b->refs, 1);
}

void sys_btf_put(struct sys_btf *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	sys_id_del(SYS_BTF, b->id);
	btf_put(b->btf);
	mem_free(b);
}

struct sys_btf *sys_btf_new(struct kfunc_kernel *k, struct btf_obj *btf, bool is_kernel)
{
	struct sys_btf *b = mem_zalloc(sizeof(*b));

	if (!b)
		return NULL;
	atomic_store(&b->refs, 1);
	b->btf = btf_get(btf);
	b->kernel = k;
	b->is_kernel = is_kernel;
	b->is_vmlinux = is_kernel && btf == k->btf;
	if (sys_id_add(SYS_BTF, b, &b->id)) {
		btf_put(b->btf);
		mem_free(b);
		return NULL;
	}
	return b;
}

/* lock held */
static int add_own(struct kfunc_kernel *k, struct btf_obj *btf)
{
	struct own_btf *o;

	for (o = own_list; o; o = o->next)
		if (o->b->kernel == k && o->b->btf == btf)
			return 0;
	o = mem_zalloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->b = sys_btf_new(k, btf, true);
	if (!o->b) {
		mem_free(o);
		return -ENOMEM;
	}
	o->next = own_list;
	own_list = o;
	return 0;
}

/* The kernel's own types, then modules' in order of arrival: ids rise in this order. Lock held. */
static int add_all(struct kfunc_kernel *k)
{
	struct btf_obj *module;
	int err = add_own(k, k->btf);

	for (uint32_t i = 0; !err && (module = registry_module(k->registry, i)); i++)
		err = add_own(k, module);
	return err;
}

struct sys_btf *sys_btf_vmlinux(struct kfunc_kernel *k, int *err)
{
	struct sys_btf *b = NULL;
	struct own_btf *o;

	pthread_mutex_lock(&lock);
	*err = add_all(k);
	for (o = own_list; !*err && o; o = o->next)
		if (o->b->kernel == k && o->b->btf == k->btf) {
			b = o->b;
			sys_btf_get(b);
			break;
		}
	pthread_mutex_unlock(&lock);
	return b;
}

void syscall_forget_kernel(struct kfunc_kernel *k)
{
	struct own_btf **at, *o, *gone = NULL;

	pthread_mutex_lock(&lock);
	for (at = &own_list; (o = *at);) {
		if (o->b->kernel != k) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		o->next = gone;
		gone = o;
	}
	if (file.btf && file.btf == k->btf) {
		close(file.fd);
		btf_put((struct btf_obj *)file.btf);
		file.btf = NULL;
		file.fd = -1;
	}
	pthread_mutex_unlock(&lock);
	while ((o = gone)) {
		gone = o->next;
		sys_btf_put(o->b);
		mem_free(o);
	}
}

/* ---- the file ---- */

static int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -errno;
		p += n;
		size -= n;
	}
	return 0;
}

/* lock held */
static int fill_file(const struct kfunc_kernel *k)
{
	const void *data;
	size_t size;
	int fd, err;

	if (file.btf == k->btf && file.btf)
		return 0;
	data = btf_raw(k->btf, &size);
	fd = memfd_create("vmlinux", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (!err &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	if (file.btf) {
		close(file.fd);
		btf_put((struct btf_obj *)file.btf);
	}
	file.btf = btf_get(k->btf);
	file.fd = fd;
	return 0;
}

int sys_btf_file(struct kfunc_kernel *k)
{
	char path[40];
	int err, fd;

	pthread_mutex_lock(&lock);
	err = fill_file(k);
	if (!err) {
		/* opened anew: a position of its own */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file.fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		err = fd < 0 ? -errno : fd;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

/* ---- commands ---- */

long sys_btf_load(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct sys_log log;
	struct btf_obj *btf;
	struct sys_btf *b;
	char why[300] = "";
	void *data;
	int err;

	if (c->attr->btf.btf_flags || c->attr->btf.btf_token_fd)
		return -EINVAL;
	if (a->btf_size > BTF_MAX)
		return -E2BIG;
	err = sys_log_init(&log, a->btf_log_level, a->btf_log_buf, a->btf_log_size);
	if (err)
		return err;
	data = mem_alloc(a->btf_size);
	if (!data)
		return -ENOMEM;
	if (sys_copy_in(data, a->btf, a->btf_size)) {
		mem_free(data);
		return -EFAULT;
	}
	btf = btf_parse(data, a->btf_size, NULL, "", why, sizeof(why), &err);
	mem_free(data);
	if (btf) {
		err = vf_check_btf_fields(c->kernel, btf, why, sizeof(why));
		if (err) {
			btf_put(btf);
			btf = NULL;
		}
	}
	if (why[0])
		strbuf_printf(&log.text, "%s\n", why);
	err = sys_log_end(&log, c, offsetof(union sys_attr, btf.btf_log_true_size), btf ? 0 : err);
	if (err) {
		btf_put(btf);
		return err;
	}
	sys_btf_put(sys_btf_vmlinux(c->kernel, &err)); /* the kernel's own has the lower id */
	b = err ? NULL : sys_btf_new(c->kernel, btf, false);
	btf_put(btf);
	return b ? sys_fd_install(SYS_BTF, b, SYS_FD_RDWR) : -ENOMEM;
}

long sys_btf_next_id(struct sys_cmd *c)
{
	uint32_t next;
	int err;

	sys_btf_put(sys_btf_vmlinux(c->kernel, &err));
	if (err)
		return err;
	if (c->attr->b.start_id >= INT32_MAX)
		return -EINVAL;
	err = sys_id_next(SYS_BTF, c->attr->b.start_id, c->kernel, &next);
	if (err)
		return err;
	return sys_put_field(c, offsetof(union bpf_attr, next_id), &next, sizeof(next));
}

long sys_btf_fd_by_id(struct sys_cmd *c)
{
	struct sys_btf *b;
	int err;

	sys_btf_put(sys_btf_vmlinux(c->kernel, &err));
	b = sys_id_get(SYS_BTF, c->attr->b.btf_id, c->kernel);
	return b ? sys_fd_install(SYS_BTF, b, SYS_FD_RDWR) : -ENOENT;
}
