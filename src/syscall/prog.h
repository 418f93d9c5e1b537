/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A program while it is being loaded, shared by the files of PROG_LOAD. */
#ifndef SYSCALL_PROG_H
#define SYSCALL_PROG_H

#include "syscall/internal.h"
#include "syscall/log.h"

#define PROG_MAX_MAPS 64
#define PROG_MAX_BTFS 64

/* what the boundary keeps with an rt_prog */
struct sys_prog_extra {
	struct sys_btf *btf, *attach_btf;
	uint64_t loaded_at; /* CLOCK_BOOTTIME, ns */
};

struct sys_load {
	struct sys_cmd *c;
	union sys_attr *a;
	struct kfunc_kernel *kernel;
	const struct kernel_prog_type *type;
	struct diag_report report;
	struct sys_log log;
	struct vf_program prog;
	struct vf_facts facts;

	/* owned copies of what the caller points to */
	struct bpf_insn *insns;
	char licence[128];
	void *func_info, *line_info, *core_relo;
	int32_t *fd_array;

	/* referenced objects */
	struct sys_btf *btf, *attach_btf;
	struct rt_prog *attach_prog;
	struct vf_target target; /* attach_prog as the verifier sees it */
	struct rt_map *maps[PROG_MAX_MAPS];
	uint32_t n_maps;
	struct sys_btf *btfs[PROG_MAX_BTFS];
	uint32_t n_btfs;
	struct rt_prog *failed; /* could not be made, and has what the report speaks of */
};

/* prog_attr.c: verifier spec 1.1-1.4 in order; the report says what failed */
int sys_load_check(struct sys_load *l);
/* BAD_FD for EBADF, otherwise ATTR_BAD */
int sys_load_fd_error(struct sys_load *l, int err, const char *what);
/* prog_copy.c */
int sys_load_copy_code(struct sys_load *l);
int sys_load_copy_types(struct sys_load *l);
/* prog_resolve.c */
extern const struct vf_resolver sys_load_resolver;
int sys_load_fd_array(struct sys_load *l);
/* prog_make.c: the running program, or a description. Takes over what it needs from l; NULL: l->failed. */
struct rt_prog *sys_load_make(struct sys_load *l, bool runnable, int *err);
/* prog_make.c: the program holds map from now on; and the ids of what it holds, *n in and out */
int sys_prog_bind(struct rt_prog *p, struct rt_map *map);
int sys_prog_map_ids(const struct rt_prog *p, uint64_t user, uint32_t *n);

#endif
