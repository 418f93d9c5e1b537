// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Typed contexts and what programs behind attach targets return (verifier spec 10, 11.4, R1.14; scenarios 105, 109,
 * 114-116), and the members of a map's object (scenario 77).
 */
#include "../image/image.h"

char _license[] SEC("license") = "GPL";

#define naked __attribute__((naked))

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} numbers SEC(".maps");

/* ---- scenario 77: the program's own view of the kernel's struct ---- */

SEC("tc") __expect_accept
int map_member(struct __sk_buff *ctx)
{
	return ((volatile struct bpf_map *)&numbers)->id;
}

SEC("tc") __expect_reject(EACCES, KF0314)
int map_member_written(struct __sk_buff *ctx)
{
	((volatile struct bpf_map *)&numbers)->id = 1;
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0315)
int before_the_map(struct __sk_buff *ctx)
{
	return ((volatile struct bpf_map *)&numbers)[-1].id;
}

/* ---- scenario 105: tracepoint arguments ---- */

SEC("tp_btf/task_newtask") __expect_accept
int tp_task_pid(u64 *ctx)
{
	return ((struct task_struct *)ctx[0])->pid;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES)
int tp_task_written(u64 *ctx)
{
	((volatile struct task_struct *)ctx[0])->pid = 1;
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES)
int tp_half_of_a_pointer(u64 *ctx)
{
	return *(volatile u32 *)ctx;
}

SEC("tp_btf/task_newtask") __expect_accept
int tp_half_of_a_number(u64 *ctx)
{
	return *(volatile u32 *)&ctx[1];
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES)
int tp_too_many_arguments(u64 *ctx)
{
	return ((volatile u64 *)ctx)[2];
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES)
int tp_before_arguments(u64 *ctx)
{
	return ((volatile u64 *)ctx)[-1];
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES)
int tp_between_arguments(u64 *ctx)
{
	return *(volatile u32 *)((char *)ctx + 12);
}

SEC("tp_btf/task_newtask") __expect_accept
naked int tp_moved_task(void)
{
	asm volatile("r1 = *(u64 *)(r1 + 0); r1 += 4; r0 = *(u32 *)(r1 + 0); exit");
}

/* ---- scenario 109: iterators ---- */

SEC("iter/task") __expect_reject(EINVAL, KF0320)
int iter_returns_two(u64 *ctx)
{
	return 2;
}

SEC("iter/task") __expect_accept
int iter_returns_one(u64 *ctx)
{
	return 1;
}

/* ---- scenario 114 ---- */

SEC("fentry/image_number") __expect_accept
int fentry_returns_zero(u64 *ctx)
{
	return 0;
}

SEC("fentry/image_number") __expect_reject(EINVAL, KF0320)
int fentry_returns_one(u64 *ctx)
{
	return 1;
}

SEC("fentry/image_number") __expect_reject(EACCES)
int fentry_reads_result(u64 *ctx)
{
	return ((volatile u64 *)ctx)[2] & 0;
}

SEC("fentry/image_number") __expect_accept
int fentry_reads_arguments(u64 *ctx)
{
	return (((volatile u64 *)ctx)[0] + ((struct task_struct *)ctx[1])->pid) & 0;
}

SEC("fexit/image_number") __expect_accept
int fexit_reads_result(u64 *ctx)
{
	return ((volatile u64 *)ctx)[2] & 0;
}

SEC("fexit/image_number") __expect_reject(EACCES)
int fexit_reads_behind_result(u64 *ctx)
{
	return ((volatile u64 *)ctx)[3] & 0;
}

SEC("fexit/image_number") __expect_reject(EINVAL, KF0320)
int fexit_returns_one(u64 *ctx)
{
	return 1;
}

SEC("fmod_ret/security_image_number") __expect_accept
int fmod_ret_reads_result(u64 *ctx)
{
	return ctx[1];
}

SEC("fmod_ret/security_image_pointer") __expect_reject(EACCES)
int fmod_ret_reads_pointer(u64 *ctx)
{
	return ((volatile u64 *)ctx)[1] != 0;
}

SEC("fmod_ret/security_image_pointer") __expect_accept
int fmod_ret_of_a_pointer(u64 *ctx)
{
	return 5;
}

/* ---- scenario 115 ---- */

SEC("lsm/file_open") __expect_accept
int lsm_returns_zero(u64 *ctx)
{
	return 0;
}

SEC("lsm/file_open") __expect_reject(EINVAL, KF0320)
int lsm_returns_one(u64 *ctx)
{
	return 1;
}

SEC("lsm/file_open") __expect_accept
int lsm_returns_eacces(u64 *ctx)
{
	return -13;
}

SEC("lsm/file_open") __expect_accept
int lsm_returns_the_last_errno(u64 *ctx)
{
	return -4095;
}

SEC("lsm/file_open") __expect_reject(EINVAL, KF0320)
int lsm_returns_no_errno(u64 *ctx)
{
	return -5000;
}

SEC("lsm/task_free") __expect_accept
naked int lsm_void_without_result(void)
{
	asm volatile("exit");
}

SEC("lsm/task_free") __expect_accept
int lsm_void_with_result(u64 *ctx)
{
	return 7;
}

/* ---- scenario 116 ---- */

SEC("lsm_cgroup/socket_bind") __expect_reject(EINVAL, KF0320)
int lsm_cgroup_returns_two(u64 *ctx)
{
	return 2;
}

SEC("lsm_cgroup/socket_bind") __expect_accept
int lsm_cgroup_returns_zero(u64 *ctx)
{
	return 0;
}

SEC("lsm_cgroup/task_free") __expect_reject(EINVAL, KF0320)
int lsm_cgroup_void_returns_zero(u64 *ctx)
{
	return 0;
}

SEC("lsm_cgroup/task_free") __expect_accept
int lsm_cgroup_void_returns_one(u64 *ctx)
{
	return 1;
}
