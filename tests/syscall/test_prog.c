/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs through the boundary: what a load returns, writes to the log and tells the observer;
 * identity and information; program arrays and whom they belong to; links; statistics.
 */
#include "lib/bpf.h"
#include "lib/insn.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/rt.h"
#include "runtime/tracepoint.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)
#define LEN(a)    (sizeof(a) / sizeof((a)[0]))

static struct bpf_insn ret7[] = {I_MOV(0, 7), I_EXIT};
static struct bpf_insn uninit[] = {I_MOVR(0, 3), I_EXIT};

static char log_buf[8192];

static int load_as(uint32_t type, const char *name, const struct bpf_insn *code, uint32_t n,
		   uint32_t level, uint32_t log_size)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = type;
	a.insns = (uintptr_t)code;
	a.insn_cnt = n;
	a.license = (uintptr_t)"GPL";
	strncpy(a.prog_name, name, sizeof(a.prog_name) - 1);
	if (level) {
		memset(log_buf, 0x55, sizeof(log_buf));
		a.log_level = level;
		a.log_buf = (uintptr_t)log_buf;
		a.log_size = log_size;
	}
	return kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int load(const struct bpf_insn *code, uint32_t n)
{
	return load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "test", code, n, 0, 0);
}

static uint32_t prog_id(int fd)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	assert_int_equal(t_info(fd, &info, &size), 0);
	return info.id;
}

static int run(int fd, uint32_t *ret)
{
	union bpf_attr a;
	int err;

	memset(&a, 0, sizeof(a));
	a.test.prog_fd = fd;
	err = kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
	*ret = a.test.retval;
	return err;
}

static void verdicts_and_logs(void **state)
{
	uint32_t ret;
	int fd;

	(void)state;
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "good", ret7, LEN(ret7), 1, sizeof(log_buf));
	assert_true(fd >= 0);
	assert_non_null(strstr(log_buf, "processed 2 insns (limit 1000000)"));
	assert_non_null(strstr(log_buf, "peak_states"));
	assert_int_equal(run(fd, &ret), 0);
	assert_int_equal(ret, 7);
	CLOSE(fd);
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "bad", uninit, LEN(uninit), 1,
				 sizeof(log_buf)),
			 -EACCES);
	assert_non_null(strstr(log_buf, "KF0300"));
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "bad", uninit, LEN(uninit), 0, 0),
			 -EACCES);
	/* a log that does not fit decides, for a good program too */
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "good", ret7, LEN(ret7), 1, 16),
			 -ENOSPC);
	assert_int_equal(strnlen(log_buf, 17), 15);
	assert_int_equal(log_buf[16], 0x55);
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "bad", uninit, LEN(uninit), 9, 20),
			 -ENOSPC);
	assert_int_equal(strncmp(log_buf, "error[KF0300]", 13), 0); /* bit 3: from the beginning */
	/* statistics only, no buffer: just the verdict */
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "good", ret7, LEN(ret7), 4, sizeof(log_buf));
	assert_true(fd >= 0);
	CLOSE(fd);
}

static void information(void **state)
{
	int map = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0),
	    extra = t_create(BPF_MAP_TYPE_HASH, 4, 4, 1, 0);
	struct bpf_insn code[] = {I_MAP(1, map), I_MOV(0, 0), I_EXIT}, back[8];
	struct bpf_prog_info info;
	uint32_t size = sizeof(info), ids[4], fd_id;
	union bpf_attr a;
	int fd, again;

	(void)state;
	fd = load_as(BPF_PROG_TYPE_XDP, "a_name.x", code, LEN(code), 0, 0);
	assert_true(fd >= 0);
	memset(&a, 0, sizeof(a));
	a.prog_bind_map.prog_fd = fd;
	a.prog_bind_map.map_fd = extra;
	assert_int_equal(kfunc_bpf(BPF_PROG_BIND_MAP, &a, sizeof(a)), 0);
	assert_int_equal(kfunc_bpf(BPF_PROG_BIND_MAP, &a, sizeof(a)), 0); /* twice is once */
	memset(&info, 0, sizeof(info));
	info.nr_map_ids = 4;
	info.map_ids = (uintptr_t)ids;
	info.xlated_prog_len = sizeof(back);
	info.xlated_prog_insns = (uintptr_t)back;
	assert_int_equal(t_info(fd, &info, &size), 0);
	assert_int_equal(info.type, BPF_PROG_TYPE_XDP);
	assert_string_equal(info.name, "a_name.x");
	assert_int_equal(info.gpl_compatible, 1);
	assert_int_equal(info.nr_map_ids, 2);
	assert_int_equal(ids[0], t_map_id(map));
	assert_int_equal(ids[1], t_map_id(extra));
	assert_int_equal(info.xlated_prog_len, sizeof(code));
	assert_int_equal(back[2].code, code[2].code);
	assert_true(info.load_time > 0);
	fd_id = info.id;

	memset(&a, 0, sizeof(a));
	a.prog_id = fd_id;
	again = kfunc_bpf(BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));
	assert_int_equal(prog_id(again), fd_id);
	CLOSE(map); /* the program keeps its maps */
	CLOSE(extra);
	size = sizeof(info);
	memset(&info, 0, sizeof(info));
	assert_int_equal(t_info(again, &info, &size), 0);
	assert_int_equal(info.nr_map_ids, 2);
	CLOSE(again);
	CLOSE(fd);
	assert_int_equal(kfunc_bpf(BPF_PROG_GET_FD_BY_ID, &a, sizeof(a)), -ENOENT);
	rt_rcu_barrier();
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

static void tags(void **state)
{
	uint8_t tag[2][8];
	struct bpf_prog_info info;
	uint32_t size;

	(void)state;
	/* the same code over different maps has the same tag */
	for (int i = 0; i < 2; i++) {
		int pad = i ? t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0) : -1;
		int map = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), fd;
		struct bpf_insn code[] = {I_MAP(1, map), I_MOV(0, 0), I_EXIT};

		fd = load(code, LEN(code));
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		assert_int_equal(t_info(fd, &info, &size), 0);
		memcpy(tag[i], info.tag, 8);
		CLOSE(fd);
		CLOSE(map);
		if (pad >= 0)
			CLOSE(pad);
	}
	assert_memory_equal(tag[0], tag[1], 8);
}

static void program_arrays(void **state)
{
	int progs = t_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0), a, b, caller;
	struct bpf_insn jump[] = {
		I_MAP(2, progs), I_MOV(3, 1), I_CALL(BPF_FUNC_tail_call), I_MOV(0, 1), I_EXIT,
	};
	uint32_t key = 1, id, ret;

	(void)state;
	a = load(ret7, LEN(ret7));
	b = load_as(BPF_PROG_TYPE_XDP, "xdp", ret7, LEN(ret7), 0, 0);
	assert_true(a >= 0 && b >= 0);
	caller = load(jump, LEN(jump));
	assert_true(caller >= 0);
	assert_int_equal(run(caller, &ret), 0);
	assert_int_equal(ret, 1); /* an empty slot: falls through */
	assert_int_equal(t_update(progs, &key, &a, BPF_NOEXIST), -EINVAL);
	assert_int_equal(t_update(progs, &key, &b, 0), -EINVAL);     /* another kind */
	assert_int_equal(t_update(progs, &key, &progs, 0), -EINVAL); /* no program */
	assert_int_equal(t_update(progs, &key, &a, 0), 0);
	assert_int_equal(run(caller, &ret), 0);
	assert_int_equal(ret, 7);
	assert_int_equal(t_lookup(progs, &key, &id), 0);
	assert_int_equal(id, prog_id(a));
	key = 4;
	assert_int_equal(t_update(progs, &key, &a, 0), -E2BIG);
	assert_int_equal(t_delete(progs, &key), -E2BIG);
	key = 0;
	assert_int_equal(t_delete(progs, &key), -ENOENT);
	assert_int_equal(t_lookup(progs, &key, &id), -ENOENT);
	assert_int_equal(load_as(BPF_PROG_TYPE_XDP, "xdp", jump, LEN(jump), 1, sizeof(log_buf)),
			 -EINVAL);
	assert_non_null(strstr(log_buf, "KF0121"));
	/* a program in an array that it uses: closing the array opens the circle */
	assert_int_equal(t_update(progs, &key, &caller, 0), 0);
	CLOSE(progs);
	CLOSE(caller);
	CLOSE(a);
	CLOSE(b);
	rt_rcu_barrier();
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_PROG_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

static int open_tp(int fd, const char *name)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.raw_tracepoint.name = (uintptr_t)name;
	a.raw_tracepoint.prog_fd = fd;
	return kfunc_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

static void links(void **state)
{
	struct rt_tracepoint *tp = rt_tracepoint_declare("test_prog_event", 2);
	int map = t_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0), fd, link, third;
	struct bpf_insn add[] = {
		I_LDX(BPF_DW, 2, 1, 8), I_VALUE(1, map, 0), I_XADD(1, 0, 2), I_MOV(0, 0), I_EXIT,
	};
	struct bpf_insn deep[] = {I_LDX(BPF_DW, 0, 1, 16), I_MOV(0, 0), I_EXIT};
	struct bpf_link_info info = {0};
	uint64_t args[2] = {1, 40}, v;
	uint32_t key = 0, size = sizeof(info);
	char name[32];
	union bpf_attr a;

	(void)state;
	assert_non_null(tp);
	assert_null(rt_tracepoint_declare("test_prog_event", 3));
	fd = load(add, LEN(add));
	assert_true(fd >= 0);
	assert_int_equal(open_tp(fd, "no_such_event"), -ENOENT);
	assert_false(rt_tracepoint_active(tp));
	link = open_tp(fd, "test_prog_event");
	assert_true(link >= 0);
	assert_true(rt_tracepoint_active(tp));
	assert_int_equal(open_tp(fd, "test_prog_event"), -EEXIST);
	third = load(deep, LEN(deep));
	assert_int_equal(open_tp(third, "test_prog_event"), -EINVAL); /* there are two arguments */
	CLOSE(third);
	info.raw_tracepoint.tp_name = (uintptr_t)name;
	info.raw_tracepoint.tp_name_len = sizeof(name);
	assert_int_equal(t_info(link, &info, &size), 0);
	assert_int_equal(info.type, BPF_LINK_TYPE_RAW_TRACEPOINT);
	assert_int_equal(info.prog_id, prog_id(fd));
	assert_string_equal(name, "test_prog_event");
	CLOSE(fd); /* the link keeps the program */
	rt_tracepoint_fire(tp, args);
	rt_tracepoint_fire(tp, args);
	assert_int_equal(t_lookup(map, &key, &v), 0);
	assert_int_equal(v, 80);
	memset(&a, 0, sizeof(a));
	a.link_detach.link_fd = link;
	assert_int_equal(kfunc_bpf(BPF_LINK_DETACH, &a, sizeof(a)), 0);
	assert_false(rt_tracepoint_active(tp));
	rt_tracepoint_fire(tp, args);
	assert_int_equal(t_lookup(map, &key, &v), 0);
	assert_int_equal(v, 80);
	CLOSE(link);
	CLOSE(map);
}

static struct {
	unsigned int calls, wish;
	enum diag_verdict verdict;
	enum diag_code code;
	bool had_prog, had_facts;
} seen;

static unsigned int observer(void *ctx, const struct syscall_load *l)
{
	assert_ptr_equal(ctx, &seen);
	seen.calls++;
	seen.verdict = l->report->verdict;
	seen.code = l->report->code;
	seen.had_prog = l->prog != NULL;
	seen.had_facts = l->facts != NULL;
	assert_string_equal(l->name, "watched");
	return seen.wish;
}

static void observers(void **state)
{
	uint32_t ret;
	int fd;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(syscall_set_prog_load_observer(observer, &seen), 0);
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "watched", ret7, LEN(ret7), 0, 0);
	assert_true(fd >= 0);
	assert_int_equal(seen.calls, 1);
	assert_true(seen.verdict == DIAG_ACCEPT && seen.had_prog && seen.had_facts);
	CLOSE(fd);
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "watched", uninit, LEN(uninit), 0, 0);
	assert_int_equal(fd, -EACCES);
	assert_true(seen.code == KF_UNINIT_REG && seen.had_prog && !seen.had_facts);
	fd = load_as(BPF_PROG_TYPE_SYSCALL, "watched", ret7, 0, 0, 0);
	assert_int_equal(fd, -E2BIG);
	assert_true(seen.code == KF_EMPTY_PROGRAM && !seen.had_prog);
	seen.wish = SYSCALL_LOAD_KEEP_FD | SYSCALL_LOAD_VERDICT_ONLY;
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "watched", uninit, LEN(uninit), 0, 0);
	assert_true(fd >= 0); /* a description of a rejected program */
	assert_true(seen.verdict == DIAG_REJECT);
	assert_true(run(fd, &ret) < 0);
	assert_true(open_tp(fd, "test_prog_event") < 0);
	CLOSE(fd);
	fd = load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "watched", ret7, LEN(ret7), 0, 0);
	assert_true(fd >= 0); /* accepted, but nobody wants to run it */
	assert_true(run(fd, &ret) < 0);
	CLOSE(fd);
	assert_int_equal(syscall_set_prog_load_observer(NULL, NULL), 0);
	seen.calls = 0;
	fd = load(ret7, LEN(ret7));
	assert_int_equal(seen.calls, 0);
	CLOSE(fd);
}

/* the program that cannot be run is still there when the reason is told, whatever is being freed */
static unsigned int late_reader(void *ctx, const struct syscall_load *l)
{
	if (++*(int *)ctx < 2)
		return 0;
	rt_rcu_barrier();
	assert_int_equal(l->report->verdict, DIAG_UNSUPPORTED);
	assert_int_equal(l->prog->insns[0].code, BPF_LD | BPF_IMM | BPF_DW);
	assert_int_equal(l->prog->insns[2].code, BPF_ALU64 | BPF_MOV | BPF_K);
	return 0;
}

static void unusable_maps(void **state)
{
	int traces = t_create(BPF_MAP_TYPE_STACK_TRACE, 4, 80, 16, 0), calls = 0;
	struct bpf_insn code[] = {I_MAP(1, traces), I_MOV(0, 0), I_EXIT};

	(void)state;
	assert_int_equal(syscall_set_prog_load_observer(late_reader, &calls), 0);
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "t", code, LEN(code), 0, 0), -524);
	assert_int_equal(calls, 2);
	assert_int_equal(syscall_set_prog_load_observer(NULL, NULL), 0);
	/* verified, but nothing that uses it can run */
	assert_int_equal(load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, "t", code, LEN(code), 1,
				 sizeof(log_buf)),
			 -524);
	assert_non_null(strstr(log_buf, "stack_trace"));
	CLOSE(traces);
}

static void statistics(void **state)
{
	struct bpf_prog_info info;
	uint32_t size, ret;
	union bpf_attr a;
	int fd = load(ret7, LEN(ret7)), stats;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.enable_stats.type = 1;
	assert_int_equal(kfunc_bpf(BPF_ENABLE_STATS, &a, sizeof(a)), -EINVAL);
	a.enable_stats.type = BPF_STATS_RUN_TIME;
	stats = kfunc_bpf(BPF_ENABLE_STATS, &a, sizeof(a));
	assert_true(stats >= 0);
	for (int i = 0; i < 5; i++)
		run(fd, &ret);
	CLOSE(stats);
	for (int i = 0; i < 5; i++)
		run(fd, &ret);
	memset(&info, 0, sizeof(info));
	size = sizeof(info);
	assert_int_equal(t_info(fd, &info, &size), 0);
	assert_int_equal(info.run_cnt, 5);
	CLOSE(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_and_logs),
		cmocka_unit_test(information),
		cmocka_unit_test(tags),
		cmocka_unit_test(program_arrays),
		cmocka_unit_test(links),
		cmocka_unit_test(observers),
		cmocka_unit_test(unusable_maps),
		cmocka_unit_test(statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
