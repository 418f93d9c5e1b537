/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Verifier spec section 1 through the door of PROG_LOAD: attributes, names, flags, privileges, attach
 * types (the side tables are in test_load_records.c, targets in test_load_targets.c, maps in
 * test_load_maps.c). Where it says so in lib/door.h the running kernel answers instead.
 */
#include "lib/door.h"
#include "lib/image.h"
#include "lib/insn.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct bpf_insn ret0[] = {I_MOV(0, 0), I_EXIT};

static void good_attr(union sys_attr *a)
{
	door_attr(a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
}

/* ---- the attribute ---- */

/* R1.1 */
static void kernel_version(void **state)
{
	static const uint32_t versions[] = {0, 1, 0x061200, UINT32_MAX};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(versions); i++) {
		good_attr(&a);
		a.b.prog_type = BPF_PROG_TYPE_KPROBE;
		a.b.kern_version = versions[i];
		assert_answer(door_load(&a), 0);
	}
}

/* R1.2: which texts are the GPL: trace_printk is only for such programs */
static void licences(void **state)
{
	static const struct {
		const char *text;
		bool gpl;
	} texts[] = {
		{"GPL", true},
		{"GPL v2", true},
		{"GPL and additional rights", true},
		{"Dual BSD/GPL", true},
		{"Dual MIT/GPL", true},
		{"Dual MPL/GPL", true},
		{"", false},
		{"gpl", false},
		{"GPL ", false},
		{"GPLv2", false},
		{"GPL v3", false},
		{"Dual BSD/GP", false},
		{"LGPL-2.1", false},
		{"BSD", false},
		{"Proprietary", false},
	};
	struct bpf_insn code[] = {
		I_ST(BPF_DW, 10, -8, 0),
		I_MOVR(1, 10),
		I_ADD(1, -8),
		I_MOV(2, 8),
		I_CALL(6),
		I_MOV(0, 0),
		I_EXIT,
	};
	char longer[200];
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(texts); i++) {
		good_attr(&a);
		a.b.license = (uintptr_t)texts[i].text;
		assert_answer(door_load(&a), 0); /* plain programs load under any */
		a.b.insns = (uintptr_t)code;
		a.b.insn_cnt = LEN(code);
		assert_answer(door_load(&a), texts[i].gpl ? 0 : -EINVAL);
	}
	/* a long one is cut, not refused */
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	good_attr(&a);
	a.b.license = (uintptr_t)longer;
	assert_answer(door_load(&a), 0);
	a.b.license = 8;
	assert_answer(door_load(&a), -EFAULT);
}

/* R1.2: types that are for GPL programs only */
static void licences_of_types(void **state)
{
	static const uint32_t types[] = {BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_STRUCT_OPS};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(types); i++) {
		good_attr(&a);
		a.b.prog_type = types[i];
		a.b.expected_attach_type = types[i] == BPF_PROG_TYPE_LSM ? BPF_LSM_MAC : 0;
		a.b.license = (uintptr_t)"BSD";
		a.b.attach_btf_id = 1;
		assert_answer(door_load(&a), -EINVAL);
	}
}

/* R1.3 */
static void names(void **state)
{
	static const struct {
		const char *name;
		int err;
	} cases[] = {
		{"", 0},
		{"a", 0},
		{"Az_09.x", 0},
		{".", 0},
		{"fifteen_letters", 0},
		{"sixteen__letters", -EINVAL}, /* no NUL */
		{"a b", -EINVAL},
		{"a-b", -EINVAL},
		{"a/b", -EINVAL},
		{"\xc3\xa9", -EINVAL},
		{"a\n", -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		good_attr(&a);
		memcpy(a.b.prog_name, cases[i].name, strnlen(cases[i].name, 16));
		assert_answer(door_load(&a), cases[i].err);
	}
	/* letters behind the NUL do not belong to the name, but must be zero */
	good_attr(&a);
	memcpy(a.b.prog_name, "a\0b", 3);
	assert_answer(door_load(&a), 0);
}

/* R1.4 */
static void flags(void **state)
{
	union sys_attr a;

	(void)state;
	for (uint32_t bit = 0; bit < 32; bit++) {
		/* sleepable, a device, a token: below and elsewhere */
		int want = bit < 8 ? 0 : -EINVAL;

		if (bit == 4 || bit == 6 || bit == 16)
			continue;
		good_attr(&a);
		a.b.prog_type = BPF_PROG_TYPE_SCHED_CLS;
		a.b.prog_flags = 1u << bit;
		assert_answer(door_load(&a), want);
	}
	good_attr(&a);
	a.b.prog_flags = SYS_F_TOKEN_FD;
	a.prog.prog_token_fd = 4000;
	assert_answer(door_load(&a), -EBADF);
	/* alignment: a packet's byte 1 as two bytes */
	for (uint32_t strict = 0; strict < 4; strict++) {
		struct bpf_insn code[] = {
			I_LDX(BPF_W, 2, 1, 0),
			I_LDX(BPF_W, 3, 1, 4),
			I_MOVR(4, 2),
			I_ADD(4, 8),
			{.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3, .off = 1},
			I_LDX(BPF_H, 0, 2, 1),
			I_MOV(0, 0),
			I_EXIT,
		};

		good_attr(&a);
		a.b.prog_type = BPF_PROG_TYPE_XDP;
		a.b.insns = (uintptr_t)code;
		a.b.insn_cnt = LEN(code);
		a.b.prog_flags = strict;
		assert_answer(door_load(&a), strict == 1 ? -EACCES : 0);
	}
}

/* ---- privileges ---- */

static const struct need {
	const char *type;
	int prog_type, attach;
	uint32_t caps; /* VF_CAP_* beyond CAP_BPF */
} needs[] = {
	{"xdp", BPF_PROG_TYPE_XDP, 0, VF_CAP_NET_ADMIN},
	{"sched_cls", BPF_PROG_TYPE_SCHED_CLS, 0, VF_CAP_NET_ADMIN},
	{"sched_act", BPF_PROG_TYPE_SCHED_ACT, 0, VF_CAP_NET_ADMIN},
	{"lwt_in", BPF_PROG_TYPE_LWT_IN, 0, VF_CAP_NET_ADMIN},
	{"sk_skb", BPF_PROG_TYPE_SK_SKB, 0, VF_CAP_NET_ADMIN},
	{"sk_msg", BPF_PROG_TYPE_SK_MSG, 0, VF_CAP_NET_ADMIN},
	{"flow_dissector", BPF_PROG_TYPE_FLOW_DISSECTOR, 0, VF_CAP_NET_ADMIN},
	{"cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE, 0, VF_CAP_NET_ADMIN},
	{"cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, 0, VF_CAP_NET_ADMIN},
	{"cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, 0, VF_CAP_NET_ADMIN},
	{"sock_ops", BPF_PROG_TYPE_SOCK_OPS, 0, VF_CAP_NET_ADMIN},
	{"netfilter", SYS_PROG_NETFILTER, SYS_ATTACH_NETFILTER, VF_CAP_NET_ADMIN},
	{"kprobe", BPF_PROG_TYPE_KPROBE, 0, VF_CAP_PERFMON},
	{"tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0, VF_CAP_PERFMON},
	{"perf_event", BPF_PROG_TYPE_PERF_EVENT, 0, VF_CAP_PERFMON},
	{"raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, VF_CAP_PERFMON},
	{"sk_reuseport", BPF_PROG_TYPE_SK_REUSEPORT, 0, 0},
	{"sk_lookup", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0},
};

/* the verdict of the running kernel for a child that has only these capabilities */
static int load_in_child(const struct need *n, uint32_t caps)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
		struct __user_cap_data_struct d[2] = {{0}};
		union sys_attr a;

		d[0].effective = d[0].permitted = caps & VF_CAP_NET_ADMIN ? 1u << CAP_NET_ADMIN : 0;
		d[1].effective = d[1].permitted = (caps & VF_CAP_BPF ? 1u << (39 - 32) : 0) |
						  (caps & VF_CAP_PERFMON ? 1u << (38 - 32) : 0);
		if (syscall(SYS_capset, &h, d))
			_exit(255);
		good_attr(&a);
		a.b.prog_type = n->prog_type;
		a.b.expected_attach_type = n->attach;
		_exit(-door_load(&a));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static int verify_with(const struct need *n, uint32_t caps)
{
	struct vf_options opts = {.caps = caps};
	struct vf_program prog = {.insns = ret0,
				  .n_insns = LEN(ret0),
				  .type = n->prog_type,
				  .attach_type = n->attach,
				  .licence = "GPL"};
	struct vf_resolver resolver = {0};
	struct diag_report report;
	struct vf_facts facts;
	int err = vf_verify(image, &prog, &resolver, &opts, &report, &facts);

	vf_facts_free(&facts);
	return err;
}

/* R1.5: every capability missing in turn */
static void capabilities(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(needs); i++) {
		const struct need *n = &needs[i];

		for (uint32_t caps = 0; caps < 8; caps++) {
			bool enough = (caps & VF_CAP_BPF) && (n->caps & ~caps) == 0;
			int got = door_is_kernel ? load_in_child(n, caps) : verify_with(n, caps);

			if (!door_is_kernel && enough && !(caps & VF_CAP_PERFMON)) {
				/* without CAP_PERFMON other rules hold, which are not here */
				assert_int_equal(got, -SYS_ENOTSUPP);
				continue;
			}
			if (got != (enough ? 0 : -EPERM))
				fail_msg("%s with 0x%x: %d", n->type, caps, got);
		}
	}
}

/* ---- attach types and ids ---- */

/* R1.6 */
static void attach_ids(void **state)
{
	union sys_attr a;

	(void)state;
	/* ids are only for types with attach targets */
	for (uint32_t type = 1; type < 33; type++) {
		if (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM ||
		    type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_EXT)
			continue;
		good_attr(&a);
		a.b.prog_type = type;
		a.b.attach_btf_id = 1;
		assert_answer(door_load(&a), -EINVAL);
	}
	/* out of the range of ids */
	good_attr(&a);
	a.b.prog_type = BPF_PROG_TYPE_TRACING;
	a.b.expected_attach_type = BPF_TRACE_RAW_TP;
	a.b.attach_btf_id = 0x100000;
	assert_answer(door_load(&a), -EINVAL);
	/* a target without an id in it */
	for (uint32_t type = 1; type < 33; type++) {
		int prog;

		good_attr(&a);
		prog = door(BPF_PROG_LOAD, &a.b, sizeof(a));
		assert_true(prog >= 0);
		a.b.prog_type = type;
		a.b.attach_prog_fd = prog;
		a.b.attach_btf_id = 1;
		if (type != BPF_PROG_TYPE_TRACING && type != BPF_PROG_TYPE_EXT)
			assert_answer(door_load(&a), -EINVAL);
		door_close(prog);
	}
	good_attr(&a);
	a.b.prog_type = BPF_PROG_TYPE_TRACING;
	a.b.attach_prog_fd = door_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
	a.b.attach_btf_id = 1;
	assert_answer(door_load(&a), -EINVAL); /* a map is no target */
	door_close(a.b.attach_prog_fd);
	a.b.attach_prog_fd = 4000;
	assert_answer(door_load(&a), -EINVAL);
}

/* R1.13: types that may sleep, those with attach targets follow */
static void who_may_sleep(void **state)
{
	static const struct {
		uint32_t type, attach;
		int plain, sleepable;
	} cases[] = {
		{BPF_PROG_TYPE_SYSCALL, 0, -EINVAL, 0},
		{BPF_PROG_TYPE_KPROBE, 0, 0, 0},
		{BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SCHED_CLS, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SCHED_ACT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_TRACEPOINT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_XDP, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_PERF_EVENT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SKB, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SOCK, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_LWT_IN, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_LWT_OUT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_LWT_XMIT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SOCK_OPS, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SK_SKB, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SK_MSG, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_DEVICE, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_FLOW_DISSECTOR, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SYSCTL, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0, -EINVAL},
		{SYS_PROG_NETFILTER, SYS_ATTACH_NETFILTER, 0, -EINVAL},
		{BPF_PROG_TYPE_SK_REUSEPORT, 0, 0, -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		good_attr(&a);
		a.b.prog_type = cases[i].type;
		a.b.expected_attach_type = cases[i].attach;
		assert_answer(door_load(&a), cases[i].plain);
		a.b.prog_flags = BPF_F_SLEEPABLE;
		assert_answer(door_load(&a), cases[i].sleepable);
	}
}

/* R3.29: what no path reaches is not part of the program that is made, nor is the question */
static void dead_code(void **state)
{
	struct bpf_insn code[] = {
		I_MOV(6, 1),    /* 0 */
		I_JEQ(6, 1, 1), /* 1: always */
		I_CALL(1),      /* 2: never, and its arguments would be wrong */
		I_JEQ(6, 2, 1), /* 3: never taken */
		I_JEQ(6, 1, 1), /* 4: always */
		I_MOVR(0, 9),   /* 5: never */
		I_CALL(7),      /* 6 */
		I_JEQ(0, 0, 0), /* 7: both */
		I_MOV(0, 0),    I_EXIT,
	};
	static const uint8_t sides[] = {0, VFI_ALWAYS, 0, VFI_NEVER, VFI_ALWAYS, 0, 0, 0, 0, 0};
	struct vf_options opts = {.caps = VF_CAP_ALL};
	struct vf_program prog = {.insns = code,
				  .n_insns = LEN(code),
				  .type = BPF_PROG_TYPE_SOCKET_FILTER,
				  .licence = "GPL"};
	struct vf_resolver resolver = {0};
	struct diag_report report;
	struct vf_facts facts;

	(void)state;
	assert_int_equal(vf_verify(image, &prog, &resolver, &opts, &report, &facts), 0);
	for (size_t i = 0; i < LEN(code); i++) {
		assert_int_equal(!!(facts.insn[i].flags & VFI_SEEN), i != 2 && i != 5);
		assert_int_equal(facts.insn[i].flags & (VFI_ALWAYS | VFI_NEVER), sides[i]);
	}
	vf_facts_free(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_version),
		cmocka_unit_test(licences),
		cmocka_unit_test(licences_of_types),
		cmocka_unit_test(names),
		cmocka_unit_test(flags),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(attach_ids),
		cmocka_unit_test(who_may_sleep),
		cmocka_unit_test(dead_code),
	};

	door_init();
	return cmocka_run_group_tests(tests, image_open, image_close);
}
