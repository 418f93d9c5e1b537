/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Maps and programs (verifier spec section 8) through the door of PROG_LOAD: maps that only the request's
 * fd_array names, arenas that have no address yet, device maps. Where it says so in lib/door.h the running
 * kernel answers instead.
 */
#include "lib/door.h"
#include "lib/image.h"
#include "lib/insn.h"

/* R8.2: programs do not write what a device map holds, although the map has no such flag */
static void device_maps(void **state)
{
	static const uint32_t types[] = {BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH};

	(void)state;
	assert_int_equal(syscall_set_kernel(image), 0); /* the live kernel has no devices */
	for (size_t i = 0; i < LEN(types); i++) {
		int map = door_map(types[i], 4, 4, 4);
		struct bpf_insn code[] = {
			I_ST(BPF_W, 10, -4, 0), I_MOVR(2, 10), I_ADD(2, -4),
			I_MAP(1, map),          I_CALL(1),     I_JEQ(0, 0, 1),
			I_LDX(BPF_W, 1, 0, 0),  I_MOV(0, 0),   I_EXIT,
		};
		union sys_attr a;

		assert_true(map >= 0);
		door_attr(&a, BPF_PROG_TYPE_XDP, code, LEN(code));
		assert_answer(door_load(&a), 0);
		code[7] = (struct bpf_insn)I_ST(BPF_W, 0, 0, 1);
		assert_answer(door_load(&a), -EACCES);
		door_close(map);
	}
	assert_int_equal(syscall_set_kernel(NULL), 0);
}

/* at: for its user, 0: nobody has mapped it */
static int make_arena(uint64_t at)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = SYS_MAP_ARENA;
	a.map_flags = BPF_F_MMAPABLE;
	a.max_entries = 4;
	a.map_extra = at;
	return door(BPF_MAP_CREATE, &a, sizeof(a));
}

static int load_with(const struct bpf_insn *code, uint32_t n, const int *fds, uint32_t n_fds)
{
	union sys_attr a;

	door_attr(&a, BPF_PROG_TYPE_SYSCALL, code, n);
	a.b.prog_flags = BPF_F_SLEEPABLE;
	a.b.fd_array = (uintptr_t)fds;
	a.prog.fd_array_cnt = n_fds;
	return door_load(&a);
}

/* 8.1: an arena's user addresses are known when a program that uses it is loaded */
static void arenas(void **state)
{
	int without = make_arena(0), with = make_arena(1ull << 44), other = make_arena(2ull << 44);
	struct bpf_insn code[] = {I_MAP(1, without), I_MOV(0, 0), I_EXIT};
	struct bpf_insn two[] = {I_MAP(1, with), I_MAP(1, without), I_MOV(0, 0), I_EXIT};

	(void)state;
	assert_true(without >= 0 && with >= 0 && other >= 0);
	assert_answer(load_with(code, LEN(code), NULL, 0), -EINVAL);
	code[0].src_reg = BPF_PSEUDO_MAP_VALUE;
	assert_answer(load_with(code, LEN(code), NULL, 0), -EINVAL);
	code[0].imm = with;
	assert_answer(load_with(code, LEN(code), NULL, 0), 0);
	assert_answer(load_with(two, LEN(two), NULL, 0), -EBUSY);
	two[2].imm = other;
	assert_answer(load_with(two, LEN(two), NULL, 0), -EBUSY);
	two[2].imm = with;
	assert_answer(load_with(two, LEN(two), NULL, 0), 0);
	door_close(without);
	door_close(with);
	door_close(other);
}

/* 8.1 holds for all maps of an fd_array whose length is given, before the instructions are looked at */
static void fd_arrays(void **state)
{
	int without = make_arena(0), with = make_arena(1ull << 44), other = make_arena(2ull << 44);
	struct bpf_insn code[] = {I_MOV(0, 0), I_EXIT}, bad[] = {I_MOVR(0, 3), I_EXIT};
	struct bpf_insn cast[] = {
		I_MOV(1, 8),
		{.code = BPF_ALU64 | BPF_MOV | BPF_X,
		 .dst_reg = 1,
		 .src_reg = 1,
		 .off = 1,
		 .imm = 1},
		I_MOV(0, 0),
		I_EXIT,
	};
	union bpf_attr a;
	int lpm;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_LPM_TRIE;
	a.map_flags = BPF_F_NO_PREALLOC;
	a.key_size = a.value_size = 8;
	a.max_entries = 4;
	lpm = door(BPF_MAP_CREATE, &a, sizeof(a));
	assert_true(without >= 0 && with >= 0 && other >= 0 && lpm >= 0);
	assert_answer(load_with(code, LEN(code), &lpm, 1), -EINVAL); /* not for who may sleep */
	assert_answer(load_with(bad, LEN(bad), &lpm, 1), -EINVAL);
	assert_answer(load_with(bad, LEN(bad), &with, 1), -EACCES);
	assert_answer(load_with(code, LEN(code), &without, 1), -EINVAL);
	assert_answer(load_with(code, LEN(code), (int[]){with, without}, 2), -EBUSY);
	assert_answer(load_with(code, LEN(code), (int[]){with, other}, 2), -EBUSY);
	assert_answer(load_with(code, LEN(code), (int[]){with, with}, 2), 0);
	/* it is the program's arena */
	assert_answer(load_with(cast, LEN(cast), &with, 1), 0);
	assert_answer(load_with(cast, LEN(cast), NULL, 0), -EINVAL);
	door_close(lpm);
	door_close(without);
	door_close(with);
	door_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_maps),
		cmocka_unit_test(arenas),
		cmocka_unit_test(fd_arrays),
	};

	door_init();
	return cmocka_run_group_tests(tests, image_open, image_close);
}
