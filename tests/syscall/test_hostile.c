/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Requests that nobody would send: every command with random and with mutated attributes, whose
 * pointers lead to valid memory, to its very edge, or nowhere. Nothing may crash, leak or hang;
 * what a command answers is an errno or a descriptor. KFUNC_STRESS_SECONDS makes it longer,
 * KFUNC_SEED another one.
 */
#include "lib/bpf.h"
#include "lib/insn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "syscall/uapi.h"

#define ROOM 4096

static uint32_t seed = 1;
static uint8_t *room; /* a page with nothing behind it */
static int fds[16];

static uint32_t rnd(uint32_t n)
{
	return rand_r(&seed) % n;
}

static uint64_t pointer(void)
{
	static const uint64_t nowhere[] = {0,    1, 0x1000, 0xffffffffff600000, 0x8000000000000000,
					   ~0ull};

	switch (rnd(8)) {
	case 0:
		return nowhere[rnd(6)];
	case 1: /* the end of the page */
		return (uintptr_t)room + ROOM - rnd(64);
	default:
		return (uintptr_t)room + 8 * rnd(64);
	}
}

static uint32_t number(void)
{
	static const uint32_t odd[] = {0,  1,  2,    3,          4,          8,  16,
				       24, 64, 4096, 0x7fffffff, 0x80000000, ~0u};

	switch (rnd(4)) {
	case 0:
		return fds[rnd(16)];
	case 1:
		return rnd(64);
	default:
		return odd[rnd(13)];
	}
}

static void fill_room(void)
{
	static const struct bpf_insn code[] = {I_MOV(0, 0), I_EXIT, I_MOVR(1, 10), I_ADD(1, -8)};

	for (uint32_t i = 0; i < ROOM; i += 4)
		memcpy(room + i, &(uint32_t){rnd(3) ? rnd(256) : number()}, 4);
	if (rnd(2))
		memcpy(room, code, sizeof(code));
	if (rnd(2))
		strcpy((char *)room + 512, "GPL");
}

static void mutate(int cmd, union sys_attr *a)
{
	uint32_t words = cmd == BPF_MAP_CREATE ? 24 : cmd == BPF_PROG_LOAD ? 42 : 16;

	memset(a, 0, sizeof(*a));
	for (uint32_t i = 0; i < words; i++) {
		if (rnd(3))
			continue;
		if (rnd(2) && i % 2 == 0) {
			uint64_t p = pointer();

			memcpy(a->raw + 4 * i, &p, 8);
		} else {
			uint32_t v = number();

			memcpy(a->raw + 4 * i, &v, 4);
		}
	}
	/* enough that is right to come further than the first check */
	if (cmd == BPF_MAP_CREATE && rnd(4)) {
		a->b.map_type = rnd(36);
		a->b.key_size = rnd(3) ? 4 : number();
		a->b.value_size = rnd(3) ? 8 : number();
		a->b.max_entries = rnd(3) ? 1 + rnd(4) : number() & 0xfffff;
		a->b.map_flags = rnd(3) ? 0 : 1u << rnd(20);
		memset(a->b.map_name, 0, sizeof(a->b.map_name));
		a->b.numa_node = 0;
		if (rnd(4))
			a->b.btf_key_type_id = a->b.btf_value_type_id =
				a->b.btf_vmlinux_value_type_id = 0;
		a->b.map_extra = 0;
	}
	if (cmd == BPF_PROG_LOAD && rnd(4)) {
		a->b.prog_type = rnd(34);
		a->b.insns = (uintptr_t)room;
		a->b.insn_cnt = 1 + rnd(4);
		a->b.license = (uintptr_t)room + 512;
		a->b.prog_flags = rnd(3) ? 0 : 1u << rnd(9);
		memset(a->b.prog_name, 0, sizeof(a->b.prog_name));
		a->b.prog_ifindex = 0;
		if (rnd(2))
			a->b.log_level = a->b.log_size = a->b.log_buf = 0;
	}
	if (cmd == BPF_PROG_TEST_RUN)
		a->b.test.repeat = rnd(3);
	/* counts that would only be slow */
	if (cmd >= BPF_MAP_LOOKUP_BATCH && cmd <= BPF_MAP_DELETE_BATCH)
		a->b.batch.count &= 0xffff;
}

static void keep(int fd)
{
	uint32_t i = rnd(16);

	if (fds[i] > 2)
		syscall_close(fds[i]);
	fds[i] = fd;
}

static bool makes_descriptor(int cmd)
{
	return cmd == BPF_MAP_CREATE || cmd == BPF_PROG_LOAD || cmd == BPF_BTF_LOAD ||
	       cmd == BPF_PROG_GET_FD_BY_ID || cmd == BPF_MAP_GET_FD_BY_ID ||
	       cmd == BPF_BTF_GET_FD_BY_ID || cmd == BPF_LINK_GET_FD_BY_ID ||
	       cmd == BPF_RAW_TRACEPOINT_OPEN || cmd == BPF_LINK_CREATE || cmd == BPF_ENABLE_STATS;
}

static void hostile(void **state)
{
	const char *s = getenv("KFUNC_STRESS_SECONDS"), *first = getenv("KFUNC_SEED");
	double end = (s ? atof(s) : 1.5) * CLOCKS_PER_SEC + clock();
	uint64_t n = 0, good = 0;

	(void)state;
	seed = first ? atoi(first) : 1;
	room = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(room != MAP_FAILED);
	munmap(room + ROOM, ROOM);
	for (int i = 0; i < 16; i++)
		fds[i] = rnd(3);
	while (clock() < end) {
		int cmd = rnd(3) ? rnd(38) : rnd(2) ? BPF_MAP_CREATE : BPF_PROG_LOAD;
		uint32_t size = rnd(4) ? sizeof(union sys_attr) : rnd(5000);
		union sys_attr a;
		long ret;

		if (!rnd(8))
			fill_room();
		mutate(cmd, &a);
		/* the structure itself at the end of the page now and then */
		if (!rnd(6)) {
			memcpy(room + ROOM - sizeof(a), &a, sizeof(a));
			ret = kfunc_bpf(cmd, (union bpf_attr *)(room + ROOM - sizeof(a)), size);
		} else {
			ret = kfunc_bpf(cmd, &a.b, size > sizeof(a) ? sizeof(a) : size);
		}
		n++;
		assert_true(ret >= -1000);
		if (ret < 0)
			continue;
		good++;
		if (makes_descriptor(cmd)) {
			assert_true(ret > 2);
			keep(ret);
		}
	}
	for (int i = 0; i < 16; i++)
		if (fds[i] > 2)
			syscall_close(fds[i]);
	munmap(room, ROOM);
	print_message("%llu requests, %llu of them carried out\n", (unsigned long long)n,
		      (unsigned long long)good);
	assert_true(good > 100);
	rt_rcu_barrier();
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_PROG_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
