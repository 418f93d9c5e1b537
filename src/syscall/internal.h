/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the boundary share: objects, descriptors, ids, copies from and to callers. */
#ifndef SYSCALL_INTERNAL_H
#define SYSCALL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "syscall/syscall.h"
#include "syscall/uapi.h"

enum sys_kind { SYS_NONE, SYS_MAP, SYS_PROG, SYS_BTF, SYS_LINK, SYS_STATS, SYS_KIND_COUNT };

/* A BTF object with its id: a caller's, or a kernel's own (vmlinux, module). */
struct sys_btf {
	_Atomic uint32_t refs;
	uint32_t id;
	struct btf_obj *btf;
	struct kfunc_kernel *kernel; /* kernel BTF: not referenced, see btf_cmd.c */
	bool is_kernel;
	bool is_vmlinux;
};

enum { SYS_LINK_RAW_TP = 1, SYS_LINK_TRACING = 2 };

/* Run-time statistics are kept while one of these is open. */
struct sys_stats {
	_Atomic uint32_t refs;
};

struct rt_tp_link;
struct sys_link {
	_Atomic uint32_t refs;
	uint32_t id;
	uint32_t type; /* BPF_LINK_TYPE_* */
	uint32_t attach_type;
	struct kfunc_kernel *kernel;
	struct rt_prog *prog; /* NULL: a struct_ops link */
	struct rt_tp_link *tp;
	struct rt_map *map; /* struct_ops: NULL once detached */
	char tp_name[64];
};

/* ---- kinds (object.c): how an object of a kind is held ---- */

bool sys_obj_try_get(enum sys_kind kind, void *obj);
void sys_obj_put(enum sys_kind kind, void *obj);
struct kfunc_kernel *sys_obj_kernel(enum sys_kind kind, void *obj);

/* ids: assigned once, never reused, gone with the object */
int sys_id_add(enum sys_kind kind, void *obj, uint32_t *id);
void sys_id_del(enum sys_kind kind, uint32_t id);
/* referenced; NULL: no such object of this kernel (k NULL: of any) */
void *sys_id_get(enum sys_kind kind, uint32_t id, const struct kfunc_kernel *k);
/* the next id after id among the objects of k; -ENOENT */
int sys_id_next(enum sys_kind kind, uint32_t id, const struct kfunc_kernel *k, uint32_t *next);

/* ---- descriptors (fd.c) ---- */

enum { SYS_FD_READ = 1, SYS_FD_WRITE = 2, SYS_FD_RDWR = 3 };

/* A new descriptor; takes over the caller's reference of obj, also when it fails. fd or -errno. */
int sys_fd_install(enum sys_kind kind, void *obj, unsigned int mode);
/* referenced; *mode may be NULL. NULL and -EBADF, or -EINVAL when it is something else */
void *sys_fd_get(int fd, enum sys_kind kind, unsigned int *mode, int *err);
/* kind of any descriptor of ours with its object, referenced; SYS_NONE and *err otherwise */
enum sys_kind sys_fd_any(int fd, void **obj, int *err);

/* ---- a command being carried out ---- */

struct sys_cmd {
	union sys_attr *attr;
	union bpf_attr *user; /* the caller's structure, for results */
	uint32_t size;        /* of the caller's structure, at most sizeof(*attr) */
	struct kfunc_kernel *kernel;
};

typedef long (*sys_handler)(struct sys_cmd *c);

/* 0 or -EFAULT. size may be 0. */
int sys_copy_in(void *dst, uint64_t src, uint64_t size);
int sys_copy_out(uint64_t dst, const void *src, uint64_t size);
/* stores a result field at its offset in the caller's attribute, if that is long enough */
int sys_put_field(struct sys_cmd *c, uint32_t off, const void *v, uint32_t size);
/* [A-Za-z0-9_.]*, NUL inside the field */
int sys_name_ok(const char *name, uint32_t size);

/* ---- handlers ---- */

long sys_map_create(struct sys_cmd *c);
long sys_map_lookup(struct sys_cmd *c);
long sys_map_update(struct sys_cmd *c);
long sys_map_delete(struct sys_cmd *c);
long sys_map_next_key(struct sys_cmd *c);
long sys_map_lookup_delete(struct sys_cmd *c);
long sys_map_freeze(struct sys_cmd *c);
long sys_map_lookup_batch(struct sys_cmd *c);
long sys_map_lookup_delete_batch(struct sys_cmd *c);
long sys_map_update_batch(struct sys_cmd *c);
long sys_map_delete_batch(struct sys_cmd *c);
long sys_prog_load(struct sys_cmd *c);
long sys_prog_test_run(struct sys_cmd *c);
long sys_prog_bind_map(struct sys_cmd *c);
long sys_btf_load(struct sys_cmd *c);
long sys_raw_tp_open(struct sys_cmd *c);
long sys_link_create(struct sys_cmd *c);
long sys_link_detach(struct sys_cmd *c);
long sys_link_update(struct sys_cmd *c);
long sys_struct_ops_link(struct sys_cmd *c);
long sys_enable_stats(struct sys_cmd *c);
long sys_obj_info(struct sys_cmd *c);
long sys_prog_next_id(struct sys_cmd *c);
long sys_map_next_id(struct sys_cmd *c);
long sys_btf_next_id(struct sys_cmd *c);
long sys_link_next_id(struct sys_cmd *c);
long sys_prog_fd_by_id(struct sys_cmd *c);
long sys_map_fd_by_id(struct sys_cmd *c);
long sys_btf_fd_by_id(struct sys_cmd *c);
long sys_link_fd_by_id(struct sys_cmd *c);
long sys_token_create(struct sys_cmd *c);

/* ---- shared between handlers ---- */

struct sys_btf *sys_btf_new(struct kfunc_kernel *k, struct btf_obj *btf, bool is_kernel);
/* makes sure the kernel's own BTFs have ids; the one of vmlinux, referenced */
struct sys_btf *sys_btf_vmlinux(struct kfunc_kernel *k, int *err);
void sys_btf_get(struct sys_btf *b);
void sys_btf_put(struct sys_btf *b);
void sys_link_put(struct sys_link *l);
/* a file that holds the BTF of the kernel, opened anew; fd or -errno */
int sys_btf_file(struct kfunc_kernel *k);

int sys_struct_ops_update(struct rt_map *map, const void *key, const void *value, uint64_t flags);
void sys_struct_ops_detach(struct sys_link *l);
/* the id of the map that a link has registered, 0: detached */
uint32_t sys_struct_ops_link_map(struct sys_link *l);

/* attaches prog to the tracepoint it was loaded for, or to name; descriptor or -errno */
long sys_attach_tp(struct rt_prog *prog, const char *name, uint64_t cookie, uint32_t link_type,
		   uint32_t attach_type);

#endif
