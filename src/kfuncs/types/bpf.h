/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel-side types of the BPF subsystem that programs, libbpf and the verifier name: run-time
 * forms of opaque objects, iterators, and the structures that kfunc prototypes mention.
 */
#ifndef KFUNCS_TYPES_BPF_H
#define KFUNCS_TYPES_BPF_H

#include "kfuncs/types/base.h"
#include "kfuncs/types/uapi.h"

struct bpf_map;
struct bpf_prog;

#undef bpf_dynptr_kern /* <kfunc/kfunc.h>: hosts write the one for the other */

/* the same in <kfunc/kfunc.h>, for filters */
#ifndef KFUNC_KFUNC_H
struct bpf_prog_aux {
	u32 id;
	u32 stack_depth;
	u32 attach_btf_id;
	char name[16];
	struct bpf_prog *prog;
};

struct bpf_prog {
	u16 gpl_compatible : 1, sleepable : 1;
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	u32 len;
	u8 tag[8];
	struct bpf_prog_aux *aux;
};
#endif

struct bpf_map {
	enum bpf_map_type map_type;
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u64 map_extra;
	u32 map_flags;
	u32 id;
	char name[16];
};

struct bpf_dynptr_kern {
	void *data;
	/* bits 0-23 size, 28-30 kind, 31 read-only */
	u32 size;
	u32 offset;
} __attribute__((aligned(8)));

struct bpf_iter_num_kern {
	int cur; /* last value handed out */
	int end; /* one past the last */
} __attribute__((aligned(8)));

struct bpf_iter_bits {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

enum { BPF_TASK_ITER_ALL_PROCS, BPF_TASK_ITER_ALL_THREADS, BPF_TASK_ITER_PROC_THREADS };

struct bpf_iter_task {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_css {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_css_task {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_task_vma {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_res_spin_lock {
	u32 val;
};

typedef int (*bpf_func_ptr)(void);

#endif
