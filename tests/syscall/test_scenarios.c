/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The attributes of PROG_LOAD (verifier spec section 1; scenarios 1-10), and programs that are too long to be written
 * down or that no compiler makes (scenarios 24, 27, 39, 42), struct_ops (scenario 118): each is loaded through the boundary; with KFUNC_DIFF_KERNEL=1 in the environment a second time
 * into the running kernel (loaded only, nothing is attached), which must answer the same.
 */
#include "lib/bpf.h"
#include "lib/insn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/libc_hooks.h"
#include "syscall/uapi.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static bool linux_too; /* this round asks the running kernel */

static int sys(int cmd, union sys_attr *a)
{
	int ret;

	if (!linux_too)
		return kfunc_bpf(cmd, &a->b, sizeof(*a));
	ret = syscall(SYS_bpf, cmd, a, sizeof(*a));
	return ret < 0 ? -errno : ret;
}

static void close_fd(int fd)
{
	assert_int_equal(linux_too ? close(fd) : syscall_close(fd), 0);
}

static struct bpf_insn ret0[] = {I_MOV(0, 0), I_EXIT};

static void prepare(union sys_attr *a, uint32_t type, const struct bpf_insn *code, uint32_t n)
{
	memset(a, 0, sizeof(*a));
	a->b.prog_type = type;
	a->b.insns = (uintptr_t)code;
	a->b.insn_cnt = n;
	a->b.license = (uintptr_t)"GPL";
}

/* 0 or -errno */
static int verdict(union sys_attr *a)
{
	int fd = sys(BPF_PROG_LOAD, a);

	if (fd < 0)
		return fd;
	close_fd(fd);
	return 0;
}

static int load(uint32_t type, const struct bpf_insn *code, uint32_t n)
{
	union sys_attr a;

	prepare(&a, type, code, n);
	return verdict(&a);
}

/* scenario 1 */
static void lengths(void **state)
{
	uint32_t most = 1000000;
	struct bpf_insn *code = calloc(most + 1, sizeof(*code));
	union sys_attr a;

	(void)state;
	assert_non_null(code);
	for (uint32_t i = 0; i <= most; i++)
		code[i] = (struct bpf_insn)I_MOV(0, 0);
	code[most - 1] = (struct bpf_insn)I_EXIT;
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, 0);
	assert_int_equal(verdict(&a), -E2BIG);
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code, most), 0);
	code[most - 1] = (struct bpf_insn)I_MOV(0, 0);
	code[most] = (struct bpf_insn)I_EXIT;
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code, most + 1), -E2BIG);
	free(code);
}

/* scenario 2 */
static void names(void **state)
{
	static const struct {
		char name[BPF_OBJ_NAME_LEN + 1];
		int err;
	} rows[] = {
		{"", 0},
		{"._", 0},
		{"aZ09_.", 0},
		{"fifteen_letters", 0},
		{"!", -EINVAL},
		{"-", -EINVAL},
		{"a b", -EINVAL},
		{"a\x80", -EINVAL},
		{"sixteen__letters", -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
		memcpy(a.b.prog_name, rows[i].name, BPF_OBJ_NAME_LEN);
		assert_int_equal(verdict(&a), rows[i].err);
	}
}

/* scenario 3 */
static void flags(void **state)
{
	static const struct {
		uint32_t type, flags;
		int err;
	} rows[] = {
		{BPF_PROG_TYPE_SOCKET_FILTER, 1 << 9, -EINVAL},
		{BPF_PROG_TYPE_SOCKET_FILTER, 1 << 8, -EINVAL},
		{BPF_PROG_TYPE_SOCKET_FILTER, 1 << 15, -EINVAL},
		{BPF_PROG_TYPE_SOCKET_FILTER, 1 << 17, -EINVAL},
		{BPF_PROG_TYPE_SOCKET_FILTER, 1u << 31, -EINVAL},
		{BPF_PROG_TYPE_SOCKET_FILTER, 0x0f, 0},
		{BPF_PROG_TYPE_SOCKET_FILTER, 1 << 7, 0},
		{BPF_PROG_TYPE_SCHED_CLS, BPF_F_XDP_HAS_FRAGS, 0},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		prepare(&a, rows[i].type, ret0, LEN(ret0));
		a.b.prog_flags = rows[i].flags;
		assert_int_equal(verdict(&a), rows[i].err);
	}
}

/* scenario 4, and the table of 1.2 */
static void attach_types(void **state)
{
	static const struct {
		uint32_t type, attach;
		int err;
	} rows[] = {
		{BPF_PROG_TYPE_SOCKET_FILTER, 5, 0},
		{BPF_PROG_TYPE_SOCKET_FILTER, 999, 0},
		{BPF_PROG_TYPE_XDP, BPF_XDP, 0},
		{BPF_PROG_TYPE_XDP, 5, 0},
		{BPF_PROG_TYPE_SYSCALL, 1, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, 0},
		{BPF_PROG_TYPE_CGROUP_SOCKOPT, 0, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, 0},
		{BPF_PROG_TYPE_SK_LOOKUP, 0, -EINVAL},
		{BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0},
		{BPF_PROG_TYPE_NETFILTER, 0, -EINVAL},
		{BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER, 0},
		{BPF_PROG_TYPE_CGROUP_SOCK, 0, 0},
		{BPF_PROG_TYPE_CGROUP_SOCK, BPF_XDP, -EINVAL},
		{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 0},
		{BPF_PROG_TYPE_CGROUP_SKB, BPF_XDP, -EINVAL},
		{BPF_PROG_TYPE_SK_REUSEPORT, 0, 0},
		{BPF_PROG_TYPE_SK_REUSEPORT, BPF_XDP, -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		prepare(&a, rows[i].type, ret0, LEN(ret0));
		a.b.expected_attach_type = rows[i].attach;
		if (rows[i].type == BPF_PROG_TYPE_SYSCALL)
			a.b.prog_flags = BPF_F_SLEEPABLE;
		assert_int_equal(verdict(&a), rows[i].err);
	}
}

/* scenario 5, R1.6 */
static void targets(void **state)
{
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_KPROBE, ret0, LEN(ret0));
	a.b.attach_btf_id = 1;
	assert_int_equal(verdict(&a), -EINVAL);
	prepare(&a, BPF_PROG_TYPE_TRACING, ret0, LEN(ret0));
	a.b.expected_attach_type = BPF_TRACE_RAW_TP;
	a.b.attach_btf_id = 0x100000;
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.attach_btf_id = 0;
	assert_int_equal(verdict(&a), -EINVAL);
	assert_int_equal(load(BPF_PROG_TYPE_UNSPEC, ret0, LEN(ret0)), -EINVAL);
	assert_int_equal(load(99, ret0, LEN(ret0)), -EINVAL);
	prepare(&a, BPF_PROG_TYPE_XDP, ret0, LEN(ret0));
	a.b.prog_ifindex = 1;
	assert_int_equal(verdict(&a), -EOPNOTSUPP);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
	a.b.prog_ifindex = 1;
	assert_int_equal(verdict(&a), -EINVAL);
}

/* scenario 6, R1.13 */
static void sleepable(void **state)
{
	static const struct {
		uint32_t type, attach, flags;
		int err;
	} rows[] = {
		{BPF_PROG_TYPE_SYSCALL, 0, 0, -EINVAL},
		{BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE, 0},
		{BPF_PROG_TYPE_XDP, 0, BPF_F_SLEEPABLE, -EINVAL},
		{BPF_PROG_TYPE_TRACEPOINT, 0, BPF_F_SLEEPABLE, -EINVAL},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, BPF_F_SLEEPABLE, -EINVAL},
		{BPF_PROG_TYPE_PERF_EVENT, 0, BPF_F_SLEEPABLE, -EINVAL},
		{BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE, 0},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		prepare(&a, rows[i].type, ret0, LEN(ret0));
		a.b.expected_attach_type = rows[i].attach;
		a.b.prog_flags = rows[i].flags;
		assert_int_equal(verdict(&a), rows[i].err);
	}
}

/* static int f(void); static long c(int, int *); int six(int, int, int, int, int, int); int f(void) */
struct func_btf {
	struct btf_header h;
	struct btf_type i;
	uint32_t i_info;
	struct btf_type ptr, proto, proto_cb;
	struct btf_param cb_arg[2];
	struct btf_type proto_six;
	struct btf_param six_arg[6];
	struct btf_type f, cb, six, f_global;
	char strings[16];
};

enum {
	BTF_INT_ID = 1,
	BTF_PTR_ID,
	BTF_PROTO_ID,
	BTF_PROTO_CB_ID,
	BTF_PROTO_SIX_ID,
	BTF_F_ID,
	BTF_CB_ID,
	BTF_SIX_ID,
	BTF_F_GLOBAL_ID,
};

#define STRINGS "\0int\0f\0cb\0six\0x"

static struct btf_type btf_row(uint32_t kind, uint32_t vlen, uint32_t name, uint32_t type)
{
	return (struct btf_type){.name_off = name, .info = kind << 24 | vlen, .type = type};
}

static int load_func_btf(void)
{
	struct func_btf b;
	union sys_attr a;

	memset(&b, 0, sizeof(b));
	b.h.magic = BTF_MAGIC;
	b.h.version = 1;
	b.h.hdr_len = sizeof(b.h);
	b.h.type_len = b.h.str_off = offsetof(struct func_btf, strings) - sizeof(b.h);
	b.h.str_len = sizeof(STRINGS);
	b.i = btf_row(BTF_KIND_INT, 0, 1, 4);
	b.i_info = 32 | BTF_INT_SIGNED << 24;
	b.ptr = btf_row(BTF_KIND_PTR, 0, 0, BTF_INT_ID);
	b.proto = btf_row(BTF_KIND_FUNC_PROTO, 0, 0, BTF_INT_ID);
	b.proto_cb = btf_row(BTF_KIND_FUNC_PROTO, 2, 0, BTF_INT_ID);
	b.cb_arg[0] = (struct btf_param){14, BTF_INT_ID};
	b.cb_arg[1] = (struct btf_param){14, BTF_PTR_ID};
	b.proto_six = btf_row(BTF_KIND_FUNC_PROTO, 6, 0, BTF_INT_ID);
	for (int i = 0; i < 6; i++)
		b.six_arg[i] = (struct btf_param){14, BTF_INT_ID};
	b.f = btf_row(BTF_KIND_FUNC, BTF_FUNC_STATIC, 5, BTF_PROTO_ID);
	b.cb = btf_row(BTF_KIND_FUNC, BTF_FUNC_STATIC, 7, BTF_PROTO_CB_ID);
	b.six = btf_row(BTF_KIND_FUNC, BTF_FUNC_GLOBAL, 10, BTF_PROTO_SIX_ID);
	b.f_global = btf_row(BTF_KIND_FUNC, BTF_FUNC_GLOBAL, 5, BTF_PROTO_ID);
	memcpy(b.strings, STRINGS, sizeof(STRINGS));
	memset(&a, 0, sizeof(a));
	a.b.btf = (uintptr_t)&b;
	a.b.btf_size = offsetof(struct func_btf, strings) + sizeof(STRINGS);
	return sys(BPF_BTF_LOAD, &a);
}

static void with_records(union sys_attr *a, int btf, const struct bpf_func_info *rec, uint32_t n)
{
	a->b.prog_btf_fd = btf;
	a->b.func_info = (uintptr_t)rec;
	a->b.func_info_rec_size = sizeof(*rec);
	a->b.func_info_cnt = n;
}

/* scenario 7, R1.7-R1.9 */
static void function_records(void **state)
{
	struct bpf_func_info rec[2] = {{0, BTF_F_ID}, {2, BTF_F_ID}};
	struct bpf_line_info line = {.insn_off = 0, .file_name_off = 1, .line_off = 1};
	int btf = load_func_btf();
	union sys_attr a;

	(void)state;
	assert_true(btf >= 0);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
	a.b.prog_btf_fd = 4000;
	assert_int_equal(verdict(&a), 0); /* nobody looks at it */
	with_records(&a, 4000, rec, 1);
	assert_int_equal(verdict(&a), -EBADF);
	with_records(&a, btf, rec, 1);
	assert_int_equal(verdict(&a), 0);
	a.b.func_info_cnt = 2; /* of a program with one function */
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.func_info_cnt = 1;
	a.b.func_info_rec_size = 4;
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.func_info_rec_size = 10;
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.func_info_rec_size = 16; /* the second record is a tail that is not zero */
	assert_int_equal(verdict(&a), -E2BIG);
	a.b.func_info_rec_size = sizeof(rec[0]);
	rec[0].insn_off = 1;
	assert_int_equal(verdict(&a), -EINVAL);
	rec[0].insn_off = 0;
	rec[0].type_id = BTF_PROTO_ID;
	assert_int_equal(verdict(&a), -EINVAL);
	rec[0].type_id = BTF_F_ID;
	a.b.line_info = (uintptr_t)&line;
	a.b.line_info_rec_size = sizeof(line);
	a.b.line_info_cnt = 1;
	assert_int_equal(verdict(&a), 0);
	line.insn_off = 1; /* the function's start has no line */
	assert_int_equal(verdict(&a), -EINVAL);
	line.insn_off = 2;
	assert_int_equal(verdict(&a), -EINVAL);
	line.insn_off = 0;
	line.line_off = 100;
	assert_int_equal(verdict(&a), -EINVAL);
	close_fd(btf);
}

/* scenario 8, R1.2; reading a kernel object is in tests/verifier/progs/licence.bpf.c */
static void licences(void **state)
{
	static const struct bpf_insn print[] = {
		I_ST(BPF_DW, 10, -8, 0),
		I_MOVR(1, 10),
		I_ADD(1, -8),
		I_MOV(2, 8),
		I_CALL(6),
		I_MOV(0, 0),
		I_EXIT,
	};
	static const struct {
		const char *name;
		int err;
	} rows[] = {
		{"GPL", 0},
		{"GPL v2", 0},
		{"GPL and additional rights", 0},
		{"Dual BSD/GPL", 0},
		{"Dual MIT/GPL", 0},
		{"Dual MPL/GPL", 0},
		{"gpl", -EINVAL},
		{"GPL v3", -EINVAL},
		{"GPL ", -EINVAL},
		{"", -EINVAL},
		{"Proprietary", -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		prepare(&a, BPF_PROG_TYPE_KPROBE, print, LEN(print));
		a.b.license = (uintptr_t)rows[i].name;
		assert_int_equal(verdict(&a), rows[i].err);
		prepare(&a, BPF_PROG_TYPE_KPROBE, ret0, LEN(ret0));
		a.b.license = (uintptr_t)rows[i].name;
		assert_int_equal(verdict(&a), 0);
	}
}

/* scenario 9, R1.12 */
static void small_log(void **state)
{
	static const struct bpf_insn bad[] = {I_MOVR(0, 3), I_EXIT};
	char log[4096];
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
	a.b.log_level = 1;
	a.b.log_buf = (uintptr_t)log;
	a.b.log_size = 16;
	assert_int_equal(verdict(&a), -ENOSPC);
	a.b.log_size = sizeof(log);
	assert_int_equal(verdict(&a), 0);
	a.b.log_level = 0; /* a buffer for nothing */
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.log_level = 16;
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.log_level = 1;
	a.b.log_size = 0;
	assert_int_equal(verdict(&a), -EINVAL);
	a.b.log_buf = 0;
	a.b.log_size = 16;
	assert_int_equal(verdict(&a), -EINVAL);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, bad, LEN(bad));
	a.b.log_level = 1;
	a.b.log_buf = (uintptr_t)log;
	a.b.log_size = 16;
	assert_int_equal(verdict(&a), -ENOSPC);
}

/* scenario 10, R2.4: also maps that only the array of descriptors names (R1.11) */
static void many_maps(void **state)
{
	struct bpf_insn code[2 * 65 + 2];
	int fds[65];
	union sys_attr a;

	(void)state;
	for (int i = 0; i < 65; i++) {
		struct bpf_insn one[] = {I_MAP(1, 0)};

		memset(&a, 0, sizeof(a));
		a.b.map_type = BPF_MAP_TYPE_ARRAY;
		a.b.key_size = a.b.value_size = 4;
		a.b.max_entries = 1;
		fds[i] = sys(BPF_MAP_CREATE, &a);
		assert_true(fds[i] >= 0);
		one[0].imm = fds[i];
		memcpy(&code[2 * i], one, sizeof(one));
	}
	memcpy(&code[130], ret0, sizeof(ret0));
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code + 2, 130), 0);
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code, 132), -E2BIG);
	code[0].imm = fds[64]; /* 65 mentions of 64 maps */
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code, 132), 0);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, ret0, LEN(ret0));
	a.b.fd_array = (uintptr_t)fds;
	a.prog.fd_array_cnt = 64;
	assert_int_equal(verdict(&a), 0);
	a.prog.fd_array_cnt = 65;
	assert_int_equal(verdict(&a), -E2BIG);
	for (int i = 0; i < 65; i++)
		close_fd(fds[i]);
}

/* scenario 24, R9.1: states that wait for their turn */
static void many_branches(void **state)
{
	static struct bpf_insn code[2 * 9000 + 2];
	static const struct {
		uint32_t branches;
		int err;
	} rows[] = {{8000, 0}, {9000, -EFAULT}};

	(void)state;
	for (size_t r = 0; r < LEN(rows); r++) {
		uint32_t n = 2 * rows[r].branches;

		/* each leaves the side that ends the program behind */
		for (uint32_t i = 0; i < n; i += 2) {
			code[i] = (struct bpf_insn)I_CALL(BPF_FUNC_get_prandom_u32);
			code[i + 1] = (struct bpf_insn)I_JEQ(0, 0, n - i - 2);
		}
		memcpy(&code[n], ret0, sizeof(ret0));
		assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, code, n + 2), rows[r].err);
	}
}

#define I_CALL_SUB(n) {.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = (n)}
#define I_FUNC(d, n)                                                                               \
	{.code = BPF_LD | BPF_IMM | BPF_DW,                                                        \
	 .dst_reg = (d),                                                                           \
	 .src_reg = BPF_PSEUDO_FUNC,                                                               \
	 .imm = (n)},                                                                              \
		{0}

/* scenario 27: a function that nothing calls */
static void unused_function(void **state)
{
	static const struct bpf_insn used[] = {I_CALL_SUB(1), I_EXIT, I_MOV(0, 0), I_EXIT};
	static const struct bpf_insn unused[] = {I_MOV(0, 0), I_EXIT, I_MOV(0, 0), I_EXIT};
	static const struct bpf_func_info rec[] = {{0, BTF_F_ID}, {2, BTF_F_ID}};
	int btf = load_func_btf();
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, used, LEN(used));
	with_records(&a, btf, rec, 2);
	assert_int_equal(verdict(&a), 0);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, unused, LEN(unused));
	with_records(&a, btf, rec, 2);
	assert_int_equal(verdict(&a), -EINVAL);
	with_records(&a, btf, rec, 1);
	assert_int_equal(verdict(&a), -EINVAL);
	close_fd(btf);
}

/* scenario 39: more parameters than registers */
static void six_parameters(void **state)
{
	static const struct bpf_insn code[] = {
		I_MOV(1, 0),   I_MOV(2, 0), I_MOV(3, 0), I_MOV(4, 0), I_MOV(5, 0),
		I_CALL_SUB(1), I_EXIT,      I_MOV(0, 0), I_EXIT,
	};
	static struct bpf_func_info rec[] = {{0, BTF_F_ID}, {7, BTF_SIX_ID}};
	int btf = load_func_btf();
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, LEN(code));
	with_records(&a, btf, rec, 2);
	rec[1].type_id = BTF_SIX_ID;
	assert_int_equal(verdict(&a), -EINVAL);
	rec[1].type_id = BTF_CB_ID; /* static: nobody counts */
	assert_int_equal(verdict(&a), 0);
	close_fd(btf);
}

/* scenario 42: whose address a callback's is */
static void callbacks(void **state)
{
	static struct bpf_insn code[] = {
		I_MOV(1, 4), I_FUNC(2, 7), I_MOV(3, 0), I_MOV(4, 0), I_CALL(BPF_FUNC_loop),
		I_MOV(0, 0), I_EXIT,       I_MOV(0, 0), I_EXIT,
	};
	static struct bpf_func_info rec[] = {{0, BTF_F_ID}, {8, BTF_CB_ID}};
	int btf = load_func_btf();
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, LEN(code));
	with_records(&a, btf, rec, 2);
	code[1].imm = 6;
	rec[1].type_id = BTF_CB_ID;
	assert_int_equal(verdict(&a), 0);
	rec[1].type_id = BTF_SIX_ID; /* global */
	assert_int_equal(verdict(&a), -EINVAL);
	code[1].imm = -2; /* the main function, and behind it one that nothing leads to */
	assert_int_equal(verdict(&a), -EINVAL);
	prepare(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, 8);
	rec[0].type_id = BTF_F_GLOBAL_ID;
	with_records(&a, btf, rec, 1);
	assert_int_equal(verdict(&a), -EINVAL);
	rec[0].type_id = BTF_F_ID; /* a static main function: then it is recursion */
	assert_int_equal(verdict(&a), -E2BIG);
	close_fd(btf);
}

/* scenario 118, R1.15 */
static void struct_ops(void **state)
{
	union sys_attr a;

	(void)state;
	prepare(&a, BPF_PROG_TYPE_STRUCT_OPS, ret0, LEN(ret0));
	assert_int_equal(verdict(&a), -524); /* ENOTSUPP */
	a.b.license = (uintptr_t)"Proprietary";
	assert_int_equal(verdict(&a), -EINVAL);
	prepare(&a, BPF_PROG_TYPE_STRUCT_OPS, ret0, LEN(ret0));
	a.b.attach_btf_id = 1; /* a type, but no struct of operations */
	assert_int_equal(verdict(&a), -524);
	a.b.attach_btf_id = 0xfffff;
	assert_int_equal(verdict(&a), -524);
	a.b.license = (uintptr_t)"Proprietary";
	assert_int_equal(verdict(&a), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(names),
		cmocka_unit_test(flags),
		cmocka_unit_test(attach_types),
		cmocka_unit_test(targets),
		cmocka_unit_test(sleepable),
		cmocka_unit_test(function_records),
		cmocka_unit_test(licences),
		cmocka_unit_test(small_log),
		cmocka_unit_test(many_maps),
		cmocka_unit_test(many_branches),
		cmocka_unit_test(unused_function),
		cmocka_unit_test(six_parameters),
		cmocka_unit_test(callbacks),
		cmocka_unit_test(struct_ops),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (!getenv("KFUNC_DIFF_KERNEL"))
		return failed;
	linux_too = true;
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
