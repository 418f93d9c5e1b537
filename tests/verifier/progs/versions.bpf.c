// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What differs between releases, and what a kernel's own filters refuse (kfunc spec 1.4, 1.5, 13; rules
 * that say since when they hold).
 */
#include "graph.h"

char _license[] SEC("license") = "GPL";

struct page {
	char bytes[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct page);
} pages SEC(".maps");

private(L) struct bpf_spin_lock lock;
private(L) struct bpf_list_head items __contains(item, link);

struct all_types *keep;
long sink;

/* ---- implicit arguments ---- */

/* Scenario 14, R2.7: the name with the parameters that programs do not see is no function for them; before
 * 7.2 it is none at all */
SEC("tc") __expect_reject(EACCES, KF0701) __expect_reject_on(7.2, EINVAL, KF0702)
int implementation_called(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_list_add_impl(&items, &i->link, &i->link, NULL, 0);
	return 0;
}

/* Scenario 14, R2.7: also where it is not reached */
SEC("tc") __expect_accept __expect_reject_on(7.2, EINVAL, KF0702)
int implementation_in_dead_code(struct __sk_buff *ctx)
{
	long never = 0;

	hide(never);
	if (never)
		bpf_list_add_impl(NULL, NULL, NULL, NULL, 0);
	return 0;
}

/* Scenario 14, R2.7: an older function that has both names keeps both */
SEC("tc") __expect_accept __expect_accept_on(7.2) __expect_accept_on(6.12)
int implementation_with_a_name(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (i)
		obj_drop(i);
	return 0;
}

/* ---- tasks, by program type ---- */

static __attribute__((always_inline)) int takes_a_task(void)
{
	struct task_struct *t = bpf_task_from_pid(1), *a;

	if (!t)
		return 0;
	a = bpf_task_acquire(t);
	if (a)
		bpf_task_release(a);
	bpf_task_release(t);
	return 0;
}

/* Scenario 15 */
SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701) __expect_accept_on(7.2)
__expect_reject_on(6.12, EACCES, KF0701) __expect_reject_on(6.7, EACCES, KF0701)
int task_in_raw_tracepoint(void *ctx)
{
	return takes_a_task();
}

/* Scenario 15 */
SEC("tracepoint/sched/sched_process_fork") __expect_accept __expect_accept_on(7.2)
__expect_accept_on(6.12) __expect_reject_on(6.7, EACCES, KF0701)
int task_in_tracepoint(void *ctx)
{
	return takes_a_task();
}

/* Scenario 15 */
SEC("perf_event") __expect_accept __expect_accept_on(7.2)
__expect_accept_on(6.12) __expect_reject_on(6.7, EACCES, KF0701)
int task_in_perf_event(void *ctx)
{
	return takes_a_task();
}

/* Scenario 15 */
SEC("syscall") __expect_accept __expect_accept_on(7.2)
__expect_accept_on(6.12) __expect_reject_on(6.7, EACCES, KF0701)
int task_in_syscall(void *ctx)
{
	return takes_a_task();
}

/* Scenario 15: tracing programs that see typed arguments always could */
SEC("tp_btf/task_newtask") __expect_accept __expect_accept_on(7.2)
__expect_accept_on(6.12) __expect_accept_on(6.7)
int task_in_typed_tracepoint(u64 *ctx)
{
	return takes_a_task();
}

/* Scenario 7 */
SEC("kprobe/any") __expect_reject(EACCES, KF0701) __expect_reject_on(7.2, EACCES, KF0701)
int task_in_kprobe(void *ctx)
{
	return takes_a_task();
}

/* Scenario 7: a call that is never reached */
SEC("kprobe/any") __expect_accept __expect_accept_on(7.2)
int task_in_kprobe_after_its_end(void *ctx)
{
	long never = 0;

	hide(never);
	return never ? takes_a_task() : 0;
}

/* ---- filters of the kernel's own sets ---- */

static __attribute__((always_inline)) char *page(void)
{
	int key = 0;

	return bpf_map_lookup_elem(&pages, &key);
}

/* Scenario 16, R1.10: for LSM programs only */
SEC("lsm/file_open") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int path_in_lsm(u64 *ctx)
{
	struct file *f = (void *)ctx[0];
	char *buf = page();

	if (buf)
		bpf_path_d_path(&f->f_path, buf, 4096);
	return 0;
}

/* Scenario 16, R1.10 */
SEC("fentry/filp_flush") __expect_reject(EACCES, KF0701)
__expect_reject_on(6.12, EACCES, KF0701) __expect_reject_on(7.2, EACCES, KF0701)
int path_in_fentry(u64 *ctx)
{
	struct file *f = (void *)ctx[0];
	char *buf = page();

	if (buf)
		bpf_path_d_path(&f->f_path, buf, 4096);
	return 0;
}

/* Scenario 36 */
SEC("lsm/file_open") __expect_reject(EINVAL, KF0504) __expect_reject_on(7.2, EINVAL, KF0504)
int path_of_a_file(u64 *ctx)
{
	char *buf = page();

	if (buf)
		bpf_path_d_path((void *)ctx[0], buf, 4096);
	return 0;
}

/* Scenario 36 */
SEC("lsm/file_open") __expect_reject(EACCES, KF0306) __expect_reject_on(7.2, EACCES, KF0306)
int path_longer_than_its_buffer(u64 *ctx)
{
	struct file *f = (void *)ctx[0];
	char *buf = page();

	if (buf)
		bpf_path_d_path(&f->f_path, buf, 8192);
	return 0;
}

/* Scenario 16, R1.10: for iterators over sockets only */
SEC("iter/tcp") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int socket_in_iterator(u64 *ctx)
{
	struct sock_common *sk = (void *)ctx[1];

	if (sk)
		bpf_sock_destroy(sk);
	return 0;
}

/* Scenario 16, R1.10 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0701)
__expect_reject_on(6.12, EACCES, KF0701) __expect_reject_on(7.2, EACCES, KF0701)
int socket_in_tracepoint(u64 *ctx)
{
	bpf_sock_destroy((void *)ctx[0]);
	return 0;
}

/* ---- members, results ---- */

/* Scenario 59: a file that was just removed has no inode */
SEC("lsm/inode_unlink") __expect_reject(EACCES, KF0303) __expect_accept_on(6.12)
__expect_reject_on(7.2, EACCES, KF0303)
int inode_unchecked(u64 *ctx)
{
	struct dentry *d = (void *)ctx[1];

	sink = d->d_inode->i_ino;
	return 0;
}

/* Scenario 59 */
SEC("lsm/inode_unlink") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int inode_checked(u64 *ctx)
{
	struct dentry *d = (void *)ctx[1];
	struct inode *i = d->d_inode;

	sink = i ? i->i_ino : 0;
	return 0;
}

/* Scenario 60, R4.2, R5.8: what a function without a flag returns: 7.0 trusts it */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501) __expect_accept_on(7.2)
__expect_reject_on(6.12, EINVAL, KF0501)
int returned_object_as_trusted(u64 *ctx)
{
	struct task_struct *t = bpf_modify_return_test_tp((void *)ctx[0]);
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, t, 2);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

/* R5.8: and before, functions without a flag did not ask */
SEC("tp_btf/task_newtask") __expect_accept __expect_accept_on(7.2) __expect_accept_on(6.12)
int returned_object_without_a_flag(u64 *ctx)
{
	struct task_struct *t = bpf_modify_return_test_tp((void *)ctx[0]);

	sink = bpf_modify_return_test_tp(t)->pid;
	return 0;
}

/* R5.8, R6.6: nor where the pointer came from */
SEC("fentry/filp_flush") __expect_accept __expect_reject_on(7.2, EINVAL, KF0501) __expect_accept_on(6.12)
int legacy_without_a_flag(u64 *ctx)
{
	sink = bpf_modify_return_test_tp((void *)ctx[1])->pid;
	return 0;
}

/* R5.8 */
SEC("tp_btf/task_newtask") __expect_accept __expect_reject_on(7.2, EINVAL, KF0501) __expect_accept_on(6.12)
int rcu_without_a_flag(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	sink = bpf_modify_return_test_tp(t->group_leader)->pid;
	return 0;
}

/* R5.8: an untrusted pointer never was good enough */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501) __expect_reject_on(7.2, EINVAL, KF0501)
__expect_reject_on(6.12, EINVAL, KF0501)
int untrusted_without_a_flag(u64 *ctx)
{
	struct task_struct *t;

	t = bpf_rdonly_cast((void *)ctx[0], bpf_core_type_id_kernel(struct task_struct));
	sink = bpf_modify_return_test_tp(t)->pid;
	return 0;
}

/* R5.8: nor may it be NULL since 7.0 */
SEC("tp_btf/task_newtask") __expect_reject_on(7.2, EACCES, KF0503) __expect_reject(EINVAL, KF0500)
int null_without_a_flag(u64 *ctx)
{
	sink = bpf_modify_return_test_tp(NULL)->pid;
	return 0;
}

/* ---- exceptions ---- */

__attribute__((noinline)) int may_throw(int n)
{
	if (n > 10)
		bpf_throw(n);
	return n;
}

/* R9.12: since 7.2 a global function is seen to throw where it is called */
SEC("tc") __expect_accept __expect_accept_on(6.12) __expect_reject_on(7.2, EINVAL, KF0412)
int held_while_another_throws(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	may_throw(ctx->len);
	bpf_task_release(t);
	return 0;
}

/* R9.12 */
SEC("tc") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int nothing_held_while_another_throws(struct __sk_buff *ctx)
{
	return may_throw(ctx->len);
}
