/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The image's BTF: compiled for the BPF target, whose compiler writes it, and taken out of the
 * object. */
#define IMAGE_KERNEL
#include "image.h"

typedef void (*btf_trace_task_newtask)(void *, struct task_struct *, u64);

typedef void (*btf_trace_tcp_probe)(void *, struct sock *, struct sk_buff *);

/* Keeps what nothing else refers to. No variables: their section would have no size in the BTF yet.
 */
__attribute__((used)) void image_types(struct sk_buff *a, struct xdp_buff *b, struct bpf_cpumask *c,
				       struct bpf_map *d, btf_trace_task_newtask e)
{
}

__attribute__((used)) void image_tracepoints(btf_trace_tcp_probe a)
{
}

/* the hook that programs attach to */
__attribute__((used, noinline)) int bpf_lsm_file_open(struct file *file)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) int bpf_lsm_inode_unlink(struct inode *dir, struct dentry *dentry)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) int filp_flush(struct file *file, struct task_struct *owner)
{
	for (;;)
		__asm__ volatile("");
}

struct bpf_iter_meta {
	void *seq;
	u64 session_id;
	u64 seq_num;
};

__attribute__((used, noinline)) int bpf_iter_tcp(struct bpf_iter_meta *meta,
						 struct sock_common *sk_common, u32 uid)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) int bpf_iter_task(struct bpf_iter_meta *meta,
						  struct task_struct *task)
{
	for (;;)
		__asm__ volatile("");
}

/* functions to trace, and one whose result fmod_ret may replace */
__attribute__((used, noinline)) int image_number(int n, struct task_struct *task)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) struct task_struct *security_image_pointer(int n)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) int security_image_number(int n)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) void bpf_lsm_task_free(struct task_struct *task)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((used, noinline)) int bpf_lsm_socket_bind(void *sock, void *address, int len)
{
	for (;;)
		__asm__ volatile("");
}

/* what a hash map is to programs that read its object */
struct bpf_htab {
	struct bpf_map map;
	u32 n_buckets;
};

__attribute__((used)) void image_maps(struct bpf_htab *h)
{
}

__attribute__((used)) void image_fields(struct bpf_timer *a, struct bpf_wq *b,
					struct bpf_spin_lock *c, struct bpf_refcount *d)
{
}
