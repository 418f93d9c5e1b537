// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* References (kfunc spec 4, 9), on a module's objects and on tasks. */
#include "mod.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

int variable;

/* Scenario 37 */
SEC("syscall")
__expect_reject(EINVAL, KF0412)
int leak(void *ctx)
{
	return mod_obj_new(1) != NULL;
}

/* Scenario 37 */
SEC("syscall")
__expect_reject(EINVAL, KF0412)
int leak_on_one_path(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	if (variable)
		return 1;
	mod_obj_put(o);
	return 0;
}

/* Scenario 18 */
SEC("syscall")
__expect_reject(EACCES, KF0503)
int release_unchecked(void *ctx)
{
	mod_obj_put(mod_obj_new(1));
	return 0;
}

/* Scenario 39 */
SEC("syscall")
__expect_reject(EACCES, KF0303)
int read_unchecked(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);
	int r = o->refs;

	if (o)
		mod_obj_put(o);
	return r;
}

/* Scenario 38 */
SEC("syscall")
__expect_reject(EINVAL, KF0404)
int release_twice(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (o) {
		mod_obj_put(o);
		mod_obj_put(o);
	}
	return 0;
}

/* Scenario 38 */
SEC("syscall")
__expect_reject(EACCES, KF0403)
int read_after_release(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	mod_obj_put(o);
	return o->refs;
}

SEC("syscall")
__expect_reject(EINVAL, KF0401)
int release_member(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (o)
		mod_obj_put((void *)o + 8);
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0501)
int release_peer(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1), *p;

	if (!o)
		return 0;
	p = mod_obj_peer(o);
	mod_obj_put(p);
	mod_obj_put(o);
	return 0;
}

/* Scenario 21 */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0400)
int BPF_PROG(release_argument, struct task_struct *task, u64 clone_flags)
{
	bpf_task_release(task);
	return 0;
}

/* Scenario 21 */
SEC("syscall")
__expect_reject(EINVAL, KF0500)
int release_stack(void *ctx)
{
	char buf[64] = {};

	mod_obj_put((void *)buf);
	return 0;
}

/* Scenario 41 */
SEC("syscall")
__expect_reject(EINVAL, KF0526)
int acquire_no_struct(void *ctx)
{
	return *mod_acquire_int();
}

/* Scenario 42 */
SEC("syscall")
__expect_reject(EACCES, KF0403)
int memory_of_released(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);
	int *refs, r = 0;

	if (!o)
		return 0;
	refs = mod_obj_refs(o, 4);
	mod_obj_put(o);
	if (refs)
		r = *refs;
	return r;
}

/* Scenario 42 */
SEC("syscall")
__expect_accept
__expect_retval(1)
int memory_of_owned(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);
	int *refs, r = 0;

	if (!o)
		return 0;
	refs = mod_obj_refs(o, 4);
	if (refs)
		r = *refs;
	mod_obj_put(o);
	return r;
}

/* ---- across functions ---- */

static __noinline struct mod_obj *make(int serial)
{
	return mod_obj_new(serial);
}

static __noinline void drop(struct mod_obj *o)
{
	mod_obj_put(o);
}

/* Scenario 44 */
SEC("syscall")
__expect_accept
__expect_retval(3)
int through_static_functions(void *ctx)
{
	struct mod_obj *o = make(3);
	int r;

	if (!o)
		return 0;
	r = o->head.serial;
	drop(o);
	return r;
}

/* Scenario 44 */
SEC("syscall")
__expect_reject(EINVAL, KF0412)
int leak_from_static_function(void *ctx)
{
	struct mod_obj *o = make(3);

	return o ? o->refs : 0;
}

/* Scenario 43 */
SEC("tc")
__expect_reject(EINVAL, KF0413)
int tail_call_with_reference(struct __sk_buff *skb)
{
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	bpf_tail_call(skb, &progs, 0);
	mod_obj_put(o);
	return 0;
}

/* Scenario 43 */
SEC("tc")
__expect_accept
int tail_call_after_release(struct __sk_buff *skb)
{
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	mod_obj_put(o);
	bpf_tail_call(skb, &progs, 0);
	return 0;
}

static long acquire_in_loop(__u32 i, void *ctx)
{
	struct mod_obj *o = mod_obj_new(i);

	return o == NULL;
}

/* Scenario 45 */
SEC("syscall")
__expect_reject(EINVAL, KF0414)
int leak_in_callback(void *ctx)
{
	bpf_loop(4, acquire_in_loop, NULL, 0);
	return 0;
}

static long balanced_in_loop(__u32 i, void *ctx)
{
	struct mod_obj *o = mod_obj_new(i);

	if (o)
		mod_obj_put(o);
	return 0;
}

/* Scenario 45 */
SEC("syscall")
__expect_accept
__expect_retval(4)
int balanced_in_callback(void *ctx)
{
	return bpf_loop(4, balanced_in_loop, NULL, 0);
}

char LICENSE[] SEC("license")
= "GPL";
