/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Verifier spec R1.13-R1.15 and R7.12 through the door of PROG_LOAD: what programs are attached to, against
 * the running kernel's types. Where it says so in lib/door.h the running kernel answers instead.
 */
#include "lib/door.h"
#include "lib/image.h"
#include "lib/insn.h"

#include "btf/btf.h"

static struct bpf_insn ret0[] = {I_MOV(0, 0), I_EXIT};
static struct bpf_insn ret1[] = {I_MOV(0, 1), I_EXIT};

static void good_attr(union sys_attr *a)
{
	door_attr(a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
}

static uint32_t kernel_id(const char *name, uint32_t kind)
{
	int id = btf_find(image->btf, name, kind);

	return id > 0 ? id : 0;
}

struct target {
	const char *name;
	uint32_t kind, type, attach, flags;
	const char *licence;
	int err, ret;
};

static void try_targets(const struct target *t, size_t n)
{
	union sys_attr a;

	assert_int_equal(syscall_set_kernel(image), 0);
	for (size_t i = 0; i < n; i++) {
		int got;

		good_attr(&a);
		a.b.prog_type = t[i].type;
		a.b.expected_attach_type = t[i].attach;
		a.b.prog_flags = t[i].flags;
		a.b.insns = (uintptr_t)(t[i].ret ? ret1 : ret0);
		if (t[i].licence)
			a.b.license = (uintptr_t)t[i].licence;
		if (t[i].name) {
			a.b.attach_btf_id = kernel_id(t[i].name, t[i].kind);
			if (!a.b.attach_btf_id)
				continue; /* not in this kernel */
		}
		got = door_load(&a);
		if (door_is_kernel && got == -EPERM)
			continue; /* a lockdown of this machine, not a rule of the verifier */
		if (got != t[i].err)
			fail_msg("row %zu, %s: %d, not %d", i, t[i].name ? t[i].name : "(none)",
				 got, t[i].err);
	}
	assert_int_equal(syscall_set_kernel(NULL), 0);
}

#define TR BPF_PROG_TYPE_TRACING
#define FN BTF_KIND_FUNC

/* R1.14; R1.13 where the target decides who may sleep */
static void attach_targets(void **state)
{
	static const struct target targets[] = {
		/* no id, ids of things without a name */
		{NULL, 0, TR, BPF_TRACE_RAW_TP, 0, NULL, -EINVAL, 0},
		{NULL, 0, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL, 0},
		{NULL, 0, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, -EINVAL, 0},
		{NULL, 0, BPF_PROG_TYPE_EXT, 0, 0, NULL, -EINVAL, 0},
		/* raw tracepoints */
		{"btf_trace_sched_switch", BTF_KIND_TYPEDEF, TR, BPF_TRACE_RAW_TP, 0, NULL, 0, 0},
		{"btf_trace_sched_switch", BTF_KIND_TYPEDEF, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL,
		 0},
		{"btf_trace_sched_switch", BTF_KIND_TYPEDEF, TR, BPF_TRACE_RAW_TP, BPF_F_SLEEPABLE,
		 NULL, -EINVAL, 0},
		{"u32", BTF_KIND_TYPEDEF, TR, BPF_TRACE_RAW_TP, 0, NULL, -EINVAL, 0},
		{"task_struct", BTF_KIND_STRUCT, TR, BPF_TRACE_RAW_TP, 0, NULL, -EINVAL, 0},
		{"do_exit", FN, TR, BPF_TRACE_RAW_TP, 0, NULL, -EINVAL, 0},
		/* iterators */
		{"bpf_iter_task", FN, TR, BPF_TRACE_ITER, 0, NULL, 0, 0},
		{"bpf_iter_task", FN, TR, BPF_TRACE_ITER, BPF_F_SLEEPABLE, NULL, 0, 0},
		{"do_exit", FN, TR, BPF_TRACE_ITER, 0, NULL, -EINVAL, 0},
		{"task_struct", BTF_KIND_STRUCT, TR, BPF_TRACE_ITER, 0, NULL, -EINVAL, 0},
		/* functions */
		{"do_exit", FN, TR, BPF_TRACE_FENTRY, 0, NULL, 0, 0},
		{"do_exit", FN, TR, BPF_TRACE_FEXIT, 0, NULL, -EINVAL, 0},
		{"vfs_read", FN, TR, BPF_TRACE_FEXIT, 0, NULL, 0, 0},
		{"vfs_read", FN, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL, 1},
		{"task_struct", BTF_KIND_STRUCT, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL, 0},
		{"_printk", FN, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL, 0},
		{"preempt_count_add", FN, TR, BPF_TRACE_FENTRY, 0, NULL, -EINVAL, 0},
		{"vfs_read", FN, TR, 99, 0, NULL, -EINVAL, 0},
		{"security_file_open", FN, TR, BPF_MODIFY_RETURN, 0, NULL, 0, 0},
		{"__x64_sys_getpid", FN, TR, BPF_MODIFY_RETURN, 0, NULL, 0, 0},
		{"__x64_sys_getpid", FN, TR, BPF_TRACE_FENTRY, BPF_F_SLEEPABLE, NULL, 0, 0},
		/* hooks */
		{"bpf_lsm_file_open", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, 0, 0},
		{"bpf_lsm_file_open", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, BPF_F_SLEEPABLE, NULL, 0,
		 0},
		{"bpf_lsm_task_free", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, BPF_F_SLEEPABLE, NULL,
		 -EINVAL, 0},
		{"bpf_lsm_file_open", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, "BSD", -EINVAL, 0},
		{"bpf_lsm_file_open", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, -EINVAL, 1},
		{"vfs_read", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, -EINVAL, 0},
		{"bpf_lsm_getprocattr", FN, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, -EINVAL, 0},
		{"task_struct", BTF_KIND_STRUCT, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, NULL, -EINVAL,
		 0},
	};
	union sys_attr a;

	(void)state;
	try_targets(targets, LEN(targets));
	/* an id behind the last one, and a type without a name (a pointer) */
	assert_int_equal(syscall_set_kernel(image), 0);
	good_attr(&a);
	a.b.prog_type = TR;
	a.b.expected_attach_type = BPF_TRACE_FENTRY;
	a.b.attach_btf_id = btf_end_id(image->btf) + 100000;
	assert_answer(door_load(&a), -EINVAL);
	for (uint32_t id = 1; id < btf_end_id(image->btf); id++) {
		if (btf_type_kind(btf_type(image->btf, id)) != BTF_KIND_PTR)
			continue;
		a.b.attach_btf_id = id;
		assert_answer(door_load(&a), -EINVAL);
		break;
	}
	assert_int_equal(syscall_set_kernel(NULL), 0);
}

#define OPS BPF_PROG_TYPE_STRUCT_OPS

/* the number of a member of tcp_congestion_ops */
static uint32_t ops_member(const char *name)
{
	uint32_t id = kernel_id("tcp_congestion_ops", BTF_KIND_STRUCT);
	const struct btf_type *t = btf_type(image->btf, id);
	const struct btf_member *m;

	assert_non_null(t);
	m = btf_type_members(t);
	for (uint32_t i = 0; i < btf_type_vlen(t); i++)
		if (!strcmp(btf_str(image->btf, m[i].name_off), name))
			return i;
	fail();
	return 0;
}

/* R1.15 */
static void struct_ops(void **state)
{
	const char *tcp = "tcp_congestion_ops";
	const struct target targets[] = {
		{NULL, 0, OPS, 0, 0, NULL, -SYS_ENOTSUPP, 0},
		{NULL, 0, OPS, 0, 0, "BSD", -EINVAL, 0},
		{"task_struct", BTF_KIND_STRUCT, OPS, 0, 0, NULL, -SYS_ENOTSUPP, 0},
		{"vfs_read", FN, OPS, 0, 0, NULL, -SYS_ENOTSUPP, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("ssthresh"), 0, NULL, 0, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("ssthresh"), 0, "BSD", -EINVAL, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("get_info"), 0, NULL, -SYS_ENOTSUPP, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("flags"), 0, NULL, -EINVAL, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("name"), 0, NULL, -EINVAL, 0},
		{tcp, BTF_KIND_STRUCT, OPS, 1000, 0, NULL, -EINVAL, 0},
		{tcp, BTF_KIND_STRUCT, OPS, ops_member("ssthresh"), BPF_F_SLEEPABLE, NULL, 0, 0},
		{"bpf_dummy_ops", BTF_KIND_STRUCT, OPS, 0, 0, NULL, 0, 0},
		{"bpf_dummy_ops", BTF_KIND_STRUCT, OPS, 0, BPF_F_SLEEPABLE, NULL, -EINVAL, 0},
	};

	(void)state;
	try_targets(targets, LEN(targets));
}

/* ---- programs for targets ---- */

static int load_for(const char *target, uint32_t type, uint32_t attach, const struct bpf_insn *code,
		    uint32_t n)
{
	union sys_attr a;
	int ret;

	assert_int_equal(syscall_set_kernel(image), 0);
	door_attr(&a, type, code, n);
	a.b.expected_attach_type = attach;
	a.b.attach_btf_id = kernel_id(target, BTF_KIND_FUNC);
	assert_true(a.b.attach_btf_id > 0);
	ret = door_load(&a);
	assert_int_equal(syscall_set_kernel(NULL), 0);
	return ret;
}

/* R7.12: the slot behind the arguments is the return value, for those that see it */
static void return_values(void **state)
{
	static const struct {
		const char *target;
		uint32_t type, attach;
		int slot, add; /* returned with something added; -1: not returned */
		int err;
	} cases[] = {
		{"vfs_read", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, 3, -1, 0},
		{"vfs_read", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, 4, -1, 0},
		{"vfs_read", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, 5, -1, -EACCES},
		{"vfs_read", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 4, -1, -EACCES},
		{"security_file_open", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, 1, 0, 0},
		{"security_file_open", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, 2, 0, -EACCES},
		/* of a hook it is within what the hook may return */
		{"bpf_lsm_file_open", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 1, 0, 0},
		{"bpf_lsm_file_open", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 1, 1, -EINVAL},
		{"bpf_lsm_file_open", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 2, -1, -EACCES},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct bpf_insn code[] = {I_LDX(BPF_DW, 0, 1, cases[i].slot * 8),
					  I_ADD(0, cases[i].add), I_EXIT};

		if (cases[i].add < 0)
			code[1] = (struct bpf_insn)I_MOV(0, 0);
		assert_answer(load_for(cases[i].target, cases[i].type, cases[i].attach, code,
				       LEN(code)),
			      cases[i].err);
	}
}

/*
 * R1.14: a program replaces or traces a function of one that has types, of this kernel, and never one
 * of the kernel; R1.13: what replaces does not sleep (with types: test_attach_prog.c)
 */
static void replacement(void **state)
{
	union sys_attr a;
	int target;

	(void)state;
	good_attr(&a);
	target = door(BPF_PROG_LOAD, &a.b, sizeof(a));
	assert_true(target >= 0);
	a.b.prog_type = BPF_PROG_TYPE_EXT;
	assert_answer(door_load(&a), -EINVAL);
	a.b.attach_btf_id = 1;
	assert_answer(door_load(&a), -EINVAL);
	a.b.attach_prog_fd = target;
	assert_answer(door_load(&a), -EINVAL);
	a.b.attach_btf_id = 0;
	assert_answer(door_load(&a), -EINVAL);
	a.b.attach_btf_id = 1;
	a.b.prog_flags = BPF_F_SLEEPABLE;
	assert_answer(door_load(&a), -EINVAL);
	a.b.prog_flags = 0;
	a.b.prog_type = BPF_PROG_TYPE_TRACING;
	a.b.expected_attach_type = BPF_TRACE_FENTRY;
	assert_answer(door_load(&a), -EINVAL);
	if (!door_is_kernel) {
		assert_int_equal(syscall_set_kernel(image), 0);
		assert_int_equal(door_load(&a), -EINVAL);
		syscall_set_kernel(NULL);
	}
	door_close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_targets),
		cmocka_unit_test(struct_ops),
		cmocka_unit_test(return_values),
		cmocka_unit_test(replacement),
	};

	door_init();
	return cmocka_run_group_tests(tests, image_open, image_close);
}
