/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Verifier spec section 1.3 through the door of PROG_LOAD: records of functions and lines and the
 * BTF they belong to, the log, and how many maps a program may have. Where it says so in lib/door.h
 * the running kernel answers instead.
 */
#include "lib/door.h"
#include "lib/insn.h"

#include "btf/build.h"

#define I_PCALL(o) {.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = (o)}

/* main at 0, a function at 2; ids below are those of load_types() */
static struct bpf_insn two[] = {I_PCALL(1), I_EXIT, I_MOV(0, 0), I_EXIT};

enum {
	ID_INT = 1,
	ID_PROTO,
	ID_VOID_PROTO,
	ID_MAIN,
	ID_STATIC,
	ID_GLOBAL,
	ID_VOID,
	ID_SIX_PROTO,
	ID_SIX
};

static int load_btf(const void *data, uint32_t size)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)data;
	a.btf_size = size;
	return door(BPF_BTF_LOAD, &a, sizeof(a));
}

static int load_types(void)
{
	struct build *b = build_new();
	int fd;

	assert_int_equal(build_int(b, "int", 4, BTF_INT_SIGNED), ID_INT);
	assert_int_equal(build_type(b, "", BTF_KIND_FUNC_PROTO, 0, ID_INT), ID_PROTO);
	assert_int_equal(build_type(b, "", BTF_KIND_FUNC_PROTO, 0, 0), ID_VOID_PROTO);
	assert_int_equal(build_type(b, "main", BTF_KIND_FUNC, BTF_FUNC_GLOBAL, ID_PROTO), ID_MAIN);
	assert_int_equal(build_type(b, "part", BTF_KIND_FUNC, BTF_FUNC_STATIC, ID_PROTO),
			 ID_STATIC);
	assert_int_equal(build_type(b, "glob", BTF_KIND_FUNC, BTF_FUNC_GLOBAL, ID_PROTO),
			 ID_GLOBAL);
	assert_int_equal(build_type(b, "void", BTF_KIND_FUNC, BTF_FUNC_STATIC, ID_VOID_PROTO),
			 ID_VOID);
	assert_int_equal(build_type(b, "", BTF_KIND_FUNC_PROTO, 6, ID_INT), ID_SIX_PROTO);
	for (int i = 0; i < 6; i++)
		build_param(b, "abcdef" + i, ID_INT);
	assert_int_equal(build_type(b, "six", BTF_KIND_FUNC, BTF_FUNC_GLOBAL, ID_SIX_PROTO),
			 ID_SIX);
	build_str(b, "int x = 1;");
	build_done(b);
	fd = load_btf(b->out, b->size);
	free(b);
	assert_true(fd >= 0);
	return fd;
}

/* BTF of the kernel itself, or -1 */
static int kernel_btf(void)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	if (door(BPF_BTF_GET_NEXT_ID, &a, sizeof(a)))
		return -1;
	a.btf_id = a.next_id;
	a.next_id = 0;
	return door(BPF_BTF_GET_FD_BY_ID, &a, sizeof(a));
}

static int btf_fd;
static struct bpf_func_info funcs[] = {{0, ID_MAIN}, {2, ID_STATIC}};

static void with_funcs(union sys_attr *a, const struct bpf_insn *code, uint32_t n, const void *recs,
		       uint32_t n_recs)
{
	door_attr(a, BPF_PROG_TYPE_SOCKET_FILTER, code, n);
	a->b.prog_btf_fd = btf_fd;
	a->b.func_info = (uintptr_t)recs;
	a->b.func_info_cnt = n_recs;
	a->b.func_info_rec_size = sizeof(struct bpf_func_info);
}

/* ---- types ---- */

/* calls the next one, which tail-calls */
static void tail_caller(struct bpf_insn *code, int map)
{
	const struct bpf_insn insns[] = {I_PCALL(2),  I_MOV(0, 0), I_EXIT,      I_MAP(2, map),
					 I_MOV(3, 0), I_CALL(12),  I_MOV(0, 0), I_EXIT};

	memcpy(code, insns, sizeof(insns));
}

#define TAIL_INSNS 9

/* R1.7 */
static void no_records(void **state)
{
	int map = door_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1), kernel = kernel_btf();
	const struct bpf_func_info tail[] = {{0, ID_MAIN}, {3, ID_STATIC}};
	const struct bpf_func_info tail_void[] = {{0, ID_MAIN}, {3, ID_VOID}};
	struct bpf_insn legacy[] = {
		I_MOVR(6, 1), I_MOVR(7, 1), I_PCALL(1),
		I_EXIT,       I_MOVR(6, 1), {.code = BPF_LD | BPF_ABS | BPF_B},
		I_MOV(0, 0),  I_EXIT,
	};
	struct bpf_insn code[TAIL_INSNS];
	union sys_attr a;

	(void)state;
	/* without records the descriptor and the addresses mean nothing */
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, two, LEN(two));
	a.b.prog_btf_fd = 4000;
	a.b.func_info = a.b.line_info = 8;
	a.b.func_info_rec_size = a.b.line_info_rec_size = 3;
	assert_answer(door_load(&a), 0);
	/* with them it must be BTF of a program */
	with_funcs(&a, two, LEN(two), funcs, 2);
	a.b.prog_btf_fd = 4000;
	assert_answer(door_load(&a), -EBADF);
	a.b.func_info_cnt = 0;
	a.b.line_info_cnt = 1;
	assert_answer(door_load(&a), -EBADF);
	with_funcs(&a, two, LEN(two), funcs, 2);
	a.b.prog_btf_fd = map;
	assert_answer(door_load(&a), -EINVAL);
	assert_true(kernel >= 0);
	a.b.prog_btf_fd = kernel;
	assert_answer(door_load(&a), -EACCES);
	door_close(kernel);
	/* some functions need a type: a program may end in them */
	tail_caller(code, map);
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, LEN(code));
	assert_answer(door_load(&a), -EINVAL);
	with_funcs(&a, code, LEN(code), tail, 2);
	assert_answer(door_load(&a), 0);
	with_funcs(&a, code, LEN(code), tail_void, 2); /* R1.8 */
	assert_answer(door_load(&a), -EINVAL);
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, legacy, LEN(legacy));
	assert_answer(door_load(&a), -EINVAL);
	door_close(map);
}

/* R1.8: shape and places */
static void function_records(void **state)
{
	static const struct {
		struct bpf_func_info f[3];
		uint32_t n;
		int err;
	} cases[] = {
		{{{0, ID_MAIN}, {2, ID_STATIC}}, 2, 0},
		{{{0, ID_MAIN}, {2, ID_VOID}}, 2, 0},
		{{{0, ID_STATIC}, {2, ID_STATIC}}, 2, 0},
		{{{0, ID_MAIN}}, 1, -EINVAL},                               /* one missing */
		{{{0, ID_MAIN}, {2, ID_STATIC}, {3, ID_VOID}}, 3, -EINVAL}, /* one too many */
		{{{1, ID_MAIN}, {2, ID_STATIC}}, 2, -EINVAL},               /* not from 0 */
		{{{0, ID_MAIN}, {1, ID_STATIC}}, 2, -EINVAL},               /* elsewhere */
		{{{0, ID_MAIN}, {3, ID_STATIC}}, 2, -EINVAL},
		{{{0, ID_MAIN}, {0, ID_STATIC}}, 2, -EINVAL},
		{{{2, ID_MAIN}, {0, ID_STATIC}}, 2, -EINVAL},
		{{{0, ID_MAIN}, {400, ID_STATIC}}, 2, -EINVAL},
		{{{0, ID_INT}, {2, ID_STATIC}}, 2, -EINVAL}, /* not functions */
		{{{0, ID_MAIN}, {2, ID_PROTO}}, 2, -EINVAL},
		{{{0, ID_MAIN}, {2, 0}}, 2, -EINVAL},
		{{{0, ID_MAIN}, {2, 1000}}, 2, -EINVAL},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		int got;

		with_funcs(&a, two, LEN(two), cases[i].f, cases[i].n);
		got = door_load(&a);
		if (got != cases[i].err)
			fail_msg("case %zu: %d, not %d", i, got, cases[i].err);
	}
	with_funcs(&a, two, LEN(two), (void *)8, 2);
	assert_answer(door_load(&a), -EFAULT);
}

/* R1.8: sizes of records; what is behind the known part */
static void record_sizes(void **state)
{
	static const uint32_t bad[] = {0, 4, 7, 9, 10, 253, 254, 256, 1 << 20};
	uint32_t recs[2][63];
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		with_funcs(&a, two, LEN(two), funcs, 2);
		a.b.func_info_rec_size = bad[i];
		assert_answer(door_load(&a), -EINVAL);
	}
	memset(recs, 0, sizeof(recs));
	recs[0][1] = ID_MAIN;
	recs[1][0] = 2;
	recs[1][1] = ID_STATIC;
	with_funcs(&a, two, LEN(two), recs, 2);
	a.b.func_info_rec_size = sizeof(recs[0]);
	assert_answer(door_load(&a), 0);
	recs[1][62] = 1;
	assert_answer(door_load(&a), -E2BIG);
	assert_int_equal(a.b.func_info_rec_size, 8); /* what is known is written back */
}

/* R1.8: the linkage of a record's type: the same body is inlined or verified alone */
static void linkage(void **state)
{
	/* the function reads through the pointer in R1: only an inlined one has it */
	struct bpf_insn code[] = {I_PCALL(1), I_EXIT, I_LDX(BPF_W, 0, 1, 0), I_EXIT};
	struct bpf_func_info recs[] = {{0, ID_MAIN}, {2, ID_STATIC}};
	union sys_attr a;

	(void)state;
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, LEN(code));
	assert_answer(door_load(&a), 0); /* no records: everything is static */
	with_funcs(&a, code, LEN(code), recs, 2);
	assert_answer(door_load(&a), 0);
	recs[1].type_id = ID_GLOBAL; /* has no parameters */
	assert_answer(door_load(&a), -EACCES);
}

/* R3.19, R3.18: the prototype of a global function: six parameters are too many, void is no result */
static void prototypes(void **state)
{
	struct bpf_insn code[] = {I_MOV(1, 0), I_MOV(2, 0), I_MOV(3, 0), I_MOV(4, 0), I_MOV(5, 0),
				  I_PCALL(1),  I_EXIT,      I_MOV(0, 0), I_EXIT};
	struct bpf_func_info recs[] = {{0, ID_MAIN}, {7, ID_GLOBAL}};
	union sys_attr a;

	(void)state;
	with_funcs(&a, code, LEN(code), recs, 2);
	assert_answer(door_load(&a), 0);
	recs[1].type_id = ID_SIX;
	assert_answer(door_load(&a), -EINVAL);
}

/* ---- lines, relocations ---- */

static int load_lines(const struct bpf_insn *code, uint32_t n, const void *lines, uint32_t n_lines,
		      uint32_t size)
{
	union sys_attr a;

	with_funcs(&a, code, n, funcs, 2);
	a.b.line_info = (uintptr_t)lines;
	a.b.line_info_cnt = n_lines;
	a.b.line_info_rec_size = size;
	return door_load(&a);
}

/* R1.9 */
static void line_records(void **state)
{
	static const struct {
		struct bpf_line_info l[3];
		uint32_t n;
		int err;
	} cases[] = {
		{{{0, 0, 1, 0}, {2, 0, 1, 0}}, 2, 0},
		{{{0, 1, 1, 0}, {1, 0, 1, 5}, {2, 1, 1, ~0u}}, 3, 0},
		{{{0, 0, 0, 0}}, 0, 0},
		{{{0, 0, 0, 0}}, 1, -EINVAL}, /* the function at 2 has none */
		{{{2, 0, 0, 0}}, 1, -EINVAL},
		{{{0, 0, 0, 0}, {1, 0, 0, 0}}, 2, -EINVAL},
		{{{0, 0, 0, 0}, {1, 0, 0, 0}, {3, 0, 0, 0}}, 3, -EINVAL},
		{{{0, 0, 0, 0}, {0, 0, 0, 0}, {2, 0, 0, 0}}, 3, -EINVAL}, /* not rising */
		{{{0, 0, 0, 0}, {2, 0, 0, 0}, {1, 0, 0, 0}}, 3, -EINVAL},
		{{{0, 0, 0, 0}, {2, 0, 0, 0}, {4, 0, 0, 0}}, 3, -EINVAL}, /* outside */
		{{{0, 0, 0, 0}, {2, 10000, 1, 0}}, 2, -EINVAL},           /* no such text */
		{{{0, 0, 0, 0}, {2, 0, 10000, 0}}, 2, -EINVAL},
	};
	static const uint32_t bad[] = {0, 8, 12, 15, 17, 18, 253, 256};
	struct bpf_insn wide[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1},
		{0},
		I_MOV(0, 0),
		I_EXIT,
	};
	struct bpf_line_info middle[] = {{0, 0, 0, 0}, {1, 0, 0, 0}};
	uint32_t longer[2][8];
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		int got = load_lines(two, LEN(two), cases[i].l, cases[i].n, 16);

		if (got != cases[i].err)
			fail_msg("case %zu: %d, not %d", i, got, cases[i].err);
	}
	for (size_t i = 0; i < LEN(bad); i++)
		assert_answer(load_lines(two, LEN(two), cases[0].l, 2, bad[i]), -EINVAL);
	memset(longer, 0, sizeof(longer));
	longer[1][0] = 2;
	assert_answer(load_lines(two, LEN(two), longer, 2, 32), 0);
	longer[0][7] = 1;
	assert_answer(load_lines(two, LEN(two), longer, 2, 32), -E2BIG);
	/* the second half of a wide load is no place; lines alone will do */
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, wide, LEN(wide));
	a.b.prog_btf_fd = btf_fd;
	a.b.line_info = (uintptr_t)middle;
	a.b.line_info_rec_size = 16;
	a.b.line_info_cnt = 1;
	assert_answer(door_load(&a), 0);
	a.b.line_info_cnt = 2;
	assert_answer(door_load(&a), -EINVAL);
	a.b.line_info_cnt = 0x7fffffff / 16 + 1;
	assert_answer(door_load(&a), -EINVAL);
}

/* R1.10: the shape; applying them is the loader's work here, and said to be */
static void relocation_records(void **state)
{
	static const uint32_t bad[] = {0, 8, 12, 17, 253, 256};
	struct bpf_core_relo r = {.insn_off = 0, .type_id = ID_INT, .kind = BPF_CORE_TYPE_SIZE};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		with_funcs(&a, two, LEN(two), funcs, 2);
		a.b.core_relos = (uintptr_t)&r;
		a.b.core_relo_cnt = 1;
		a.b.core_relo_rec_size = bad[i];
		assert_answer(door_load(&a), -EINVAL);
	}
	a.b.core_relo_rec_size = sizeof(r);
	if (!door_is_kernel)
		assert_int_equal(door_load(&a), -SYS_ENOTSUPP);
	/* nobody looks at them without BTF */
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, two, LEN(two));
	a.b.core_relos = 8;
	a.b.core_relo_cnt = 1;
	a.b.core_relo_rec_size = 16;
	assert_answer(door_load(&a), 0);
}

/* ---- the log ---- */

/* R1.12 */
static void logs(void **state)
{
	static char buf[4096];
	static const struct {
		uint32_t level, size;
		bool buf;
		int good, bad; /* for a good program, for a bad one */
	} cases[] = {
		{0, 0, false, 0, -EACCES},
		{1, sizeof(buf), true, 0, -EACCES},
		{2, sizeof(buf), true, 0, -EACCES},
		{4, sizeof(buf), true, 0, -EACCES},
		{8 | 1, sizeof(buf), true, 0, -EACCES},
		{15, sizeof(buf), true, 0, -EACCES},
		{1, 0, false, 0, -EACCES},                /* only the size of a log is wanted */
		{0, sizeof(buf), true, -EINVAL, -EINVAL}, /* a buffer and no level */
		{1, 0, true, -EINVAL, -EINVAL},
		{1, sizeof(buf), false, -EINVAL, -EINVAL},
		{16, sizeof(buf), true, -EINVAL, -EINVAL},
		{1u << 31, sizeof(buf), true, -EINVAL, -EINVAL},
		{1, 1u << 30, true, -EINVAL, -EINVAL},
		{1, 4, true, -ENOSPC, -ENOSPC}, /* whatever the verdict */
		{8 | 1, 4, true, -ENOSPC, -ENOSPC},
	};
	static struct bpf_insn good[] = {I_MOV(0, 0), I_EXIT}, bad[] = {I_EXIT};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		for (int wrong = 0; wrong < 2; wrong++) {
			int want = wrong ? cases[i].bad : cases[i].good, got;

			door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, wrong ? bad : good,
				  wrong ? LEN(bad) : LEN(good));
			a.b.log_level = cases[i].level;
			a.b.log_size = cases[i].size;
			a.b.log_buf = cases[i].buf ? (uintptr_t)buf : 0;
			got = door_load(&a);
			if (got != want)
				fail_msg("case %zu.%d: %d, not %d", i, wrong, got, want);
		}
	}
	/* the size that would have been enough */
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, good, LEN(good));
	a.b.log_level = 1;
	a.b.log_size = 4;
	a.b.log_buf = (uintptr_t)buf;
	assert_answer(door_load(&a), -ENOSPC);
	assert_true(a.prog.log_true_size > 4);
	a.b.log_size = a.prog.log_true_size + 64; /* the time in it may be longer */
	assert_answer(door_load(&a), 0);
}

/* ---- maps ---- */

#define MAPS 65

/* R2.4: distinct maps count, in code that is never simulated too */
static void number_of_maps(void **state)
{
	struct bpf_insn code[MAPS * 4 + 3];
	int maps[MAPS];
	union sys_attr a;
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < MAPS; i++) {
		maps[i] = door_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
		assert_true(maps[i] >= 0);
	}
	code[n++] = (struct bpf_insn)I_MOV(0, 0);
	code[n++] = (struct bpf_insn)I_JEQ(0, 0, MAPS * 4); /* over all that follows */
	for (int twice = 0; twice < 2; twice++) {
		for (int i = 0; i < MAPS; i++) {
			struct bpf_insn load[] = {I_MAP(1, maps[i])};

			code[n++] = load[0];
			code[n++] = load[1];
		}
	}
	code[n++] = (struct bpf_insn)I_EXIT;
	door_attr(&a, BPF_PROG_TYPE_SOCKET_FILTER, code, n);
	assert_answer(door_load(&a), -E2BIG);
	for (uint32_t i = 2; i + 1 < n; i += 2) /* 64 different ones, one of them more often */
		if (code[i].imm == maps[MAPS - 1])
			code[i].imm = maps[0];
	assert_answer(door_load(&a), 0);
	for (int i = 0; i < MAPS; i++)
		door_close(maps[i]);
}

static int load_fd(uint32_t type, uint32_t attach, uint32_t flags, int map)
{
	struct bpf_insn code[] = {I_MAP(2, map), I_MOV(3, 0), I_CALL(12), I_MOV(0, 0), I_EXIT};
	union sys_attr a;

	door_attr(&a, type, code, LEN(code));
	a.b.expected_attach_type = attach;
	a.b.prog_flags = flags;
	return door(BPF_PROG_LOAD, &a.b, sizeof(a));
}

static int put(int map, uint32_t key, int value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = map;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)&value;
	return door(BPF_MAP_UPDATE_ELEM, &a, sizeof(a));
}

/* R8.6: the first program makes the array its kind's */
static void owners(void **state)
{
	static const struct {
		uint32_t type, attach, flags;
		bool same; /* as an XDP program without attach type and flags */
	} others[] = {
		{BPF_PROG_TYPE_XDP, 0, 0, true},
		{BPF_PROG_TYPE_XDP, 0, 1, true}, /* alignment does not matter */
		{BPF_PROG_TYPE_XDP, 0, SYS_PROG_XDP_FRAGS, false},
		{BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, 0, false},
		{BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, false},
		{BPF_PROG_TYPE_SCHED_CLS, 0, 0, false},
		{BPF_PROG_TYPE_KPROBE, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(others); i++) {
		int map = door_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
		int own = door_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
		int first = load_fd(BPF_PROG_TYPE_XDP, 0, 0, map), user, entry;

		assert_true(first >= 0);
		user = load_fd(others[i].type, others[i].attach, others[i].flags, map);
		if (others[i].same ? user < 0 : user != -EINVAL)
			fail_msg("case %zu: user: %d", i, user);
		entry = load_fd(others[i].type, others[i].attach, others[i].flags, own);
		assert_true(entry >= 0);
		if (put(map, 1, entry) != (others[i].same ? 0 : -EINVAL))
			fail_msg("case %zu: entry", i);
		/* an entry makes an array somebody's too */
		door_close(own);
		own = door_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
		assert_int_equal(put(own, 0, entry), 0);
		assert_int_equal(put(own, 1, first), others[i].same ? 0 : -EINVAL);
		if (user >= 0)
			door_close(user);
		door_close(entry);
		door_close(first);
		door_close(own);
		door_close(map);
	}
}

static int setup(void **state)
{
	(void)state;
	btf_fd = load_types();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	door_close(btf_fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_records),         cmocka_unit_test(function_records),
		cmocka_unit_test(record_sizes),       cmocka_unit_test(linkage),
		cmocka_unit_test(prototypes),         cmocka_unit_test(line_records),
		cmocka_unit_test(relocation_records), cmocka_unit_test(logs),
		cmocka_unit_test(number_of_maps),     cmocka_unit_test(owners),
	};

	door_init();
	return cmocka_run_group_tests(tests, setup, teardown);
}
