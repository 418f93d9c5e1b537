/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A small kernel for the verifier's tests: the types and kfuncs that programs about locks, lists,
 * trees, kernel pointers, dynptrs, iterators and exceptions need. image.c makes the BTF of a kernel
 * image of it; the programs in ../progs include it for their side. Flags and program types of the
 * kfuncs are the library's own data for the release that the runner names.
 */
#ifndef IMAGE_H
#define IMAGE_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef _Bool bool;

#define true  1
#define false 0
#define NULL  ((void *)0)

#ifdef IMAGE_KERNEL
#define __rcu __attribute__((btf_type_tag("rcu")))
#define KERNEL_TYPE
/* one kfunc of the image: its body is never run */
#define KFUNC(ret, name, ...)                                                                      \
	ret name(__VA_ARGS__);                                                                     \
	__attribute__((used, noinline)) ret name(__VA_ARGS__)                                      \
	{                                                                                          \
		for (;;)                                                                           \
			__asm__ volatile("");                                                      \
	}
#else
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define __rcu
#define KERNEL_TYPE __attribute__((preserve_access_index))
#define KFUNC(ret, name, ...)                                                                      \
	extern ret name(__VA_ARGS__)                                                               \
	__ksym __weak;

/* read by ../image_runner.c; without a release the one that it takes first */
#define __expect_accept             __attribute__((btf_decl_tag("expect=accept")))
#define __expect_reject(err, ...)   __attribute__((btf_decl_tag("expect=" #err " " #__VA_ARGS__)))
#define __expect_accept_on(release) __attribute__((btf_decl_tag("expect-" #release "=accept")))
#define __expect_reject_on(release, err, ...)                                                      \
	__attribute__((btf_decl_tag("expect-" #release "=" #err " " #__VA_ARGS__)))

/* the compiler must not know what v is */
#define hide(v) __asm__ volatile("" : "+r"(v))

#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#define private(name)                                                                              \
	SEC(".data." #name)                                                                        \
	__attribute__((visibility("hidden"), aligned(8)))
#endif

/* ---- what programs know from the user-space interface ---- */

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_USER_RINGBUF = 31,
};

struct bpf_spin_lock {
	__u32 val;
};

struct bpf_res_spin_lock {
	__u32 val;
};

struct bpf_timer {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_dynptr {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_list_head {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_list_node {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_rb_root {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_rb_node {
	__u64 __opaque[4];
} __attribute__((aligned(8)));

struct bpf_refcount {
	__u32 __opaque[1];
} __attribute__((aligned(4)));

struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_task {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_css_task {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct __sk_buff {
	__u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto;
	__u32 priority, ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end;
};

struct xdp_md {
	__u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

/* ---- the kernel's own types ---- */

struct cpumask {
	unsigned long bits[2];
} KERNEL_TYPE;

struct bpf_cpumask {
	struct cpumask cpumask;
	int usage;
} KERNEL_TYPE;

struct task_struct {
	int pid;
	int tgid;
	struct task_struct __rcu *real_parent;
	struct task_struct *group_leader;
	struct cpumask *cpus_ptr;
	struct cpumask *user_cpus_ptr;
	struct cpumask cpus_mask;
	char comm[16];
} KERNEL_TYPE;

struct sk_buff {
	struct sk_buff *next;
	struct sock *sk;
	unsigned int len;
	unsigned int data_len;
} KERNEL_TYPE;

struct xdp_buff {
	void *data;
	void *data_end;
} KERNEL_TYPE;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
} KERNEL_TYPE;

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
} KERNEL_TYPE;

struct inode {
	unsigned long i_ino;
} KERNEL_TYPE;

struct dentry {
	unsigned int d_flags;
	struct inode *d_inode;
} KERNEL_TYPE;

struct path {
	void *mnt;
	struct dentry *dentry;
} KERNEL_TYPE;

struct file {
	unsigned int f_flags;
	struct path f_path;
} KERNEL_TYPE;

struct sock_common {
	unsigned short skc_family;
} KERNEL_TYPE;

struct sock {
	struct sock_common __sk_common;
} KERNEL_TYPE;

struct bpf_map {
	u32 id;
} KERNEL_TYPE;

/* ---- kfuncs ---- */

KFUNC(void *, bpf_obj_new_impl, u64 local_type_id__k, void *meta__ign)
KFUNC(void, bpf_obj_drop_impl, void *p__alloc, void *meta__ign)
KFUNC(void *, bpf_percpu_obj_new_impl, u64 local_type_id__k, void *meta__ign)
KFUNC(void, bpf_percpu_obj_drop_impl, void *p__alloc, void *meta__ign)
KFUNC(void *, bpf_refcount_acquire_impl, void *p__refcounted_kptr, void *meta__ign)
KFUNC(int, bpf_list_push_front_impl, struct bpf_list_head *head, struct bpf_list_node *node,
      void *meta__ign, u64 off)
KFUNC(int, bpf_list_push_back_impl, struct bpf_list_head *head, struct bpf_list_node *node,
      void *meta__ign, u64 off)
KFUNC(struct bpf_list_node *, bpf_list_pop_front, struct bpf_list_head *head)
KFUNC(struct bpf_list_node *, bpf_list_pop_back, struct bpf_list_head *head)
KFUNC(struct bpf_list_node *, bpf_list_front, struct bpf_list_head *head)
KFUNC(int, bpf_list_add, struct bpf_list_head *head, struct bpf_list_node *new,
      struct bpf_list_node *prev__nonown_allowed)
KFUNC(int, bpf_list_add_impl, struct bpf_list_head *head, struct bpf_list_node *new,
      struct bpf_list_node *prev__nonown_allowed, void *meta, u64 off)
KFUNC(struct bpf_list_node *, bpf_list_del, struct bpf_list_head *head,
      struct bpf_list_node *node__nonown_allowed)
KFUNC(int, bpf_rbtree_add_impl, struct bpf_rb_root *root, struct bpf_rb_node *node,
      bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta__ign, u64 off)
KFUNC(struct bpf_rb_node *, bpf_rbtree_remove, struct bpf_rb_root *root, struct bpf_rb_node *node)
KFUNC(struct bpf_rb_node *, bpf_rbtree_first, struct bpf_rb_root *root)

KFUNC(void, bpf_rcu_read_lock, void)
KFUNC(void, bpf_rcu_read_unlock, void)
KFUNC(void, bpf_preempt_disable, void)
KFUNC(void, bpf_preempt_enable, void)
KFUNC(void, bpf_local_irq_save, unsigned long *flags__irq_flag)
KFUNC(void, bpf_local_irq_restore, unsigned long *flags__irq_flag)
KFUNC(int, bpf_res_spin_lock, struct bpf_res_spin_lock *lock)
KFUNC(void, bpf_res_spin_unlock, struct bpf_res_spin_lock *lock)
KFUNC(int, bpf_res_spin_lock_irqsave, struct bpf_res_spin_lock *lock,
      unsigned long *flags__irq_flag)
KFUNC(void, bpf_res_spin_unlock_irqrestore, struct bpf_res_spin_lock *lock,
      unsigned long *flags__irq_flag)

KFUNC(struct task_struct *, bpf_task_acquire, struct task_struct *p)
KFUNC(void, bpf_task_release, struct task_struct *p)
KFUNC(struct task_struct *, bpf_task_from_pid, s32 pid)
KFUNC(void, bpf_task_release_dtor, void *p)
/* not as the kernel has it: what a function does that releases and takes two objects */
KFUNC(void, bpf_key_put, struct task_struct *a, struct task_struct *b)
KFUNC(struct bpf_cpumask *, bpf_cpumask_create, void)
KFUNC(struct bpf_cpumask *, bpf_cpumask_acquire, struct bpf_cpumask *cpumask)
KFUNC(void, bpf_cpumask_release, struct bpf_cpumask *cpumask)
KFUNC(void, bpf_cpumask_release_dtor, void *cpumask)
KFUNC(u32, bpf_cpumask_first, const struct cpumask *cpumask)
KFUNC(bool, bpf_cpumask_test_cpu, u32 cpu, const struct cpumask *cpumask)
KFUNC(void, bpf_cpumask_set_cpu, u32 cpu, struct bpf_cpumask *cpumask)

KFUNC(int, bpf_dynptr_from_skb, struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)
KFUNC(int, bpf_dynptr_from_xdp, struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)
KFUNC(void *, bpf_dynptr_slice, const struct bpf_dynptr *p, u32 offset, void *buffer__opt,
      u32 buffer__szk)
KFUNC(void *, bpf_dynptr_slice_rdwr, const struct bpf_dynptr *p, u32 offset, void *buffer__opt,
      u32 buffer__szk)
KFUNC(int, bpf_xdp_pull_data, struct xdp_md *x, u32 len)
KFUNC(int, bpf_dynptr_adjust, const struct bpf_dynptr *p, u32 start, u32 end)
KFUNC(int, bpf_dynptr_clone, const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)

KFUNC(int, bpf_iter_num_new, struct bpf_iter_num *it, int start, int end)
KFUNC(int *, bpf_iter_num_next, struct bpf_iter_num *it)
KFUNC(void, bpf_iter_num_destroy, struct bpf_iter_num *it)
KFUNC(int, bpf_iter_task_new, struct bpf_iter_task *it, struct task_struct *task__nullable,
      unsigned int flags)
KFUNC(struct task_struct *, bpf_iter_task_next, struct bpf_iter_task *it)
KFUNC(void, bpf_iter_task_destroy, struct bpf_iter_task *it)
KFUNC(int, bpf_iter_css_task_new, struct bpf_iter_css_task *it, struct cgroup_subsys_state *css,
      unsigned int flags)
KFUNC(struct task_struct *, bpf_iter_css_task_next, struct bpf_iter_css_task *it)
KFUNC(void, bpf_iter_css_task_destroy, struct bpf_iter_css_task *it)
KFUNC(struct cgroup *, bpf_cgroup_from_id, u64 cgid)
KFUNC(void, bpf_cgroup_release, struct cgroup *cgrp)

KFUNC(struct file *, bpf_get_task_exe_file, struct task_struct *task)
KFUNC(void, bpf_put_file, struct file *file)
KFUNC(int, bpf_path_d_path, struct path *path, char *buf, u32 buf__sz)
KFUNC(int, bpf_sock_destroy, struct sock_common *sock)
/* not as the kernel has it: without a flag, it takes an object and returns one */
KFUNC(struct task_struct *, bpf_modify_return_test_tp, struct task_struct *task)
KFUNC(int, bpf_dynptr_from_file, struct file *file, u32 flags, struct bpf_dynptr *ptr__uninit)
KFUNC(int, bpf_dynptr_file_discard, struct bpf_dynptr *dynptr)
KFUNC(void, bpf_throw, u64 cookie)
KFUNC(void *, bpf_cast_to_kern_ctx, void *obj)
KFUNC(void *, bpf_rdonly_cast, const void *obj__ign, u32 btf_id__k)
KFUNC(int, bpf_wq_init, struct bpf_wq *wq, void *p__map, unsigned int flags)
KFUNC(int, bpf_wq_start, struct bpf_wq *wq, unsigned int flags)
KFUNC(int, bpf_wq_set_callback_impl, struct bpf_wq *wq,
      int(callback_fn)(void *map, int *key, void *value), unsigned int flags, void *aux__prog)
KFUNC(int, bpf_copy_from_user_str, void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags)
KFUNC(void, crash_kexec, void *regs__ign)
KFUNC(void, __bpf_trap, void)
KFUNC(int, bpf_xdp_metadata_rx_timestamp, const struct xdp_md *ctx, u64 *timestamp)

#endif
