/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The door of the boundary: sizes and tails of attributes, unknown commands, bad pointers,
 * descriptors and their lives, BTF objects and what is told about objects, and the order in which
 * PROG_LOAD finds faults.
 */
#include "lib/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btf/btf.h"
#include "runtime/probe.h"
#include "syscall/libc_hooks.h"
#include "syscall/uapi.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)

static void commands(void **state)
{
	union sys_attr a;

	(void)state;
	memset(&a, 0, sizeof(a));
	for (int cmd = 38; cmd < 80; cmd++)
		assert_int_equal(kfunc_bpf(cmd, &a.b, sizeof(a)), -EINVAL);
	assert_int_equal(kfunc_bpf(-1, &a.b, sizeof(a)), -EINVAL);
	assert_int_equal(kfunc_bpf(SYS_CMD_TOKEN_CREATE, &a.b, sizeof(a)), -EINVAL);
	assert_int_equal(kfunc_bpf(BPF_OBJ_PIN, &a.b, sizeof(a)), -EINVAL);
	assert_int_equal(kfunc_bpf(BPF_PROG_ATTACH, &a.b, sizeof(a)), -EINVAL);
}

static int create_sized(void *attr, uint32_t size)
{
	return kfunc_bpf(BPF_MAP_CREATE, attr, size);
}

static void sizes_and_tails(void **state)
{
	uint8_t page[8192] = {0};
	union bpf_attr *a = (union bpf_attr *)page;
	int fd;

	(void)state;
	a->map_type = BPF_MAP_TYPE_ARRAY;
	a->key_size = a->value_size = 4;
	a->max_entries = 1;
	for (uint32_t size = 16; size <= 4096; size += size < 200 ? 4 : 512) {
		fd = create_sized(a, size);
		assert_true(fd >= 0);
		CLOSE(fd);
	}
	assert_int_equal(create_sized(a, 4097), -E2BIG);
	page[400] = 1;
	fd = create_sized(a, 400);
	assert_true(fd >= 0);
	CLOSE(fd);
	assert_int_equal(create_sized(a, 401), -E2BIG);
	page[400] = 0;
	page[100] = 1; /* behind the last field of MAP_CREATE, within the attribute */
	assert_int_equal(create_sized(a, 128), -EINVAL);
	fd = create_sized(a, 100);
	assert_true(fd >= 0);
	CLOSE(fd);
	assert_int_equal(create_sized(a, 8), -EINVAL); /* cut off: zero entries */
	memset(page, 0, sizeof(page));
	page[32] = 1; /* behind flags of the element commands */
	assert_int_equal(kfunc_bpf(BPF_MAP_LOOKUP_ELEM, a, 128), -EINVAL);
	page[32] = 0;
	assert_int_equal(kfunc_bpf(BPF_MAP_LOOKUP_ELEM, a, 128),
			 -EINVAL); /* descriptor 0 is no map */
	a->map_fd = 4000;
	assert_int_equal(kfunc_bpf(BPF_MAP_LOOKUP_ELEM, a, 128), -EBADF);
}

static int load_btf(const void *data, uint32_t size, char *log, uint32_t log_size)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)data;
	a.btf_size = size;
	a.btf_log_buf = (uintptr_t)log;
	a.btf_log_size = log_size;
	a.btf_log_level = log ? 1 : 0;
	return kfunc_bpf(BPF_BTF_LOAD, &a, sizeof(a));
}

static void bad_addresses(void **state)
{
	uint8_t *edge =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t size = sizeof(struct bpf_map_info);
	int map;

	(void)state;
	rt_probe_init(); /* cmocka puts its own handler in front for each test */
	assert_true(edge != MAP_FAILED);
	munmap(edge + 4096, 4096);
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, NULL, 64), -EFAULT);
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, (void *)0xdead000, 64), -EFAULT);
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, (void *)(edge + 4096 - 32), 64), -EFAULT);
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, (void *)(edge + 4096 - 400), 600), -EFAULT);
	munmap(edge, 4096);
	map = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	assert_int_equal(t_info(map, (void *)16, &size), -EFAULT);
	assert_int_equal(load_btf((void *)64, 100, NULL, 0), -EFAULT);
	CLOSE(map);
}

static void lives(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_HASH, 4, 4, 4, 0), dup1, sv[2], other;
	uint32_t id = t_map_id(fd), key = 1, v = 2;
	union bpf_attr a;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.map_id = id;
	dup1 = dup(fd);
	CLOSE(fd);
	assert_int_equal(t_lookup(fd, &key, &v), -EBADF);
	assert_int_equal(t_update(dup1, &key, &v, 0), 0); /* a plain dup keeps it alive */
	other = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
	assert_true(other >= 0);
	CLOSE(dup1);
	assert_int_equal(t_lookup(other, &key, &v), 0);
	assert_int_equal(close(other), 0); /* plain close: noticed by a sweep */
	syscall_sweep();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a)), -ENOENT);

	/* a number that is used for something else is not ours */
	fd = t_create(BPF_MAP_TYPE_HASH, 4, 4, 4, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(dup2(sv[0], fd), fd);
	assert_int_equal(t_lookup(fd, &key, &v), -EINVAL);
	syscall_sweep();
	close(fd);
	close(sv[0]);
	close(sv[1]);
	assert_int_equal(syscall_close(fd), -EBADF);
}

static void many(void **state)
{
	int fds[300];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 300; i++) {
			fds[i] = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
			assert_true(fds[i] >= 0);
		}
		for (int i = 0; i < 300; i++) {
			if (i & 1)
				CLOSE(fds[i]);
			else
				close(fds[i]);
		}
	}
	syscall_sweep();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

static void child_shares(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), err, status;
	uint32_t key = 0, v;
	int pipes[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		char c;

		close(pipes[1]);
		(void)!read(pipes[0], &c, 1); /* holds its copy of the descriptor until told */
		_exit(0);
	}
	assert_int_equal(syscall_close(fd), 0);
	syscall_sweep();
	/* still open in the child, so the object is still there; it goes with the child */
	err = kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12);
	assert_int_equal(err, 0);
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	syscall_sweep();
	err = kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12);
	assert_int_equal(err, -ENOENT);
	close(pipes[0]);
	(void)key;
	(void)v;
}

/* one int, and a struct that contains it */
struct raw_btf {
	struct btf_header h;
	struct btf_type i;
	uint32_t i_info;
	char strings[8];
};

static void make_btf(struct raw_btf *b)
{
	memset(b, 0, sizeof(*b));
	b->h.magic = BTF_MAGIC;
	b->h.version = 1;
	b->h.hdr_len = sizeof(b->h);
	b->h.type_len = sizeof(b->i) + 4;
	b->h.str_off = b->h.type_len;
	b->h.str_len = 5;
	b->i.name_off = 1;
	b->i.info = BTF_KIND_INT << 24;
	b->i.size = 4;
	b->i_info = 32 | BTF_INT_SIGNED << 24;
	memcpy(b->strings, "\0int", 5);
}

#define RAW_SIZE (sizeof(struct btf_header) + sizeof(struct btf_type) + 4 + 5)

static void btf_objects(void **state)
{
	struct bpf_btf_info info;
	struct raw_btf raw, back;
	uint32_t size = sizeof(info);
	char log[200], name[4];
	union bpf_attr a;
	int fd, again;

	(void)state;
	make_btf(&raw);
	fd = load_btf(&raw, RAW_SIZE, NULL, 0);
	assert_true(fd >= 0);
	memset(&info, 0, sizeof(info));
	info.btf = (uintptr_t)&back;
	info.btf_size = sizeof(back);
	assert_int_equal(t_info(fd, &info, &size), 0);
	assert_int_equal(info.btf_size, RAW_SIZE);
	assert_memory_equal(&raw, &back, RAW_SIZE);
	assert_int_equal(info.kernel_btf, 0);
	assert_int_equal(size, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.btf_id = info.id;
	again = kfunc_bpf(BPF_BTF_GET_FD_BY_ID, &a, sizeof(a));
	assert_true(again >= 0);
	CLOSE(again);

	/* the kernel's own comes first and says so */
	memset(&a, 0, sizeof(a));
	assert_int_equal(kfunc_bpf(BPF_BTF_GET_NEXT_ID, &a, sizeof(a)), 0);
	a.btf_id = a.next_id;
	a.next_id = 0;
	again = kfunc_bpf(BPF_BTF_GET_FD_BY_ID, &a, sizeof(a));
	memset(&info, 0, sizeof(info));
	info.name = (uintptr_t)name;
	info.name_len = sizeof(name);
	assert_int_equal(t_info(again, &info, &size), -ENOSPC);
	assert_string_equal(name, "vml");
	assert_int_equal(info.kernel_btf, 1);
	assert_int_equal(info.name_len, 7);
	CLOSE(again);

	/* faults */
	assert_int_equal(load_btf(&raw, 17 << 20, NULL, 0), -E2BIG);
	assert_int_equal(load_btf(&raw, 10, NULL, 0), -EINVAL);
	raw.i.info = 31u << 24;
	assert_int_equal(load_btf(&raw, RAW_SIZE, log, sizeof(log)), -EINVAL);
	assert_true(strlen(log) > 5);
	assert_int_equal(load_btf(&raw, RAW_SIZE, log, 4), -ENOSPC);
	assert_int_equal(strlen(log), 3);
	CLOSE(fd);
	memset(&a, 0, sizeof(a));
	a.btf_id = 1u << 30;
	assert_int_equal(kfunc_bpf(BPF_BTF_GET_FD_BY_ID, &a, sizeof(a)), -ENOENT);
}

static void info_sizes(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_HASH, 4, 12, 77, BPF_F_NO_PREALLOC);
	struct {
		struct bpf_map_info info;
		uint8_t more[64];
	} big;
	uint32_t size;

	(void)state;
	memset(&big, 0, sizeof(big));
	size = 24;
	assert_int_equal(t_info(fd, &big, &size), 0);
	assert_int_equal(size, 24);
	assert_int_equal(big.info.value_size, 12);
	assert_int_equal(big.info.map_flags, BPF_F_NO_PREALLOC);
	memset(&big, 0, sizeof(big));
	size = sizeof(big);
	assert_int_equal(t_info(fd, &big, &size), 0);
	assert_int_equal(size, sizeof(big.info));
	big.more[63] = 1;
	size = sizeof(big);
	assert_int_equal(t_info(fd, &big, &size), -E2BIG);
	size = sizeof(big.info);
	assert_int_equal(t_info(4000, &big, &size), -EBADF);
	assert_int_equal(t_info(0, &big, &size), -EINVAL);
	CLOSE(fd);
}

/* ---- PROG_LOAD: what is found first ---- */

static struct bpf_insn ret0[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	{.code = BPF_JMP | BPF_EXIT},
};

static void good_attr(union sys_attr *a)
{
	memset(a, 0, sizeof(*a));
	a->b.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a->b.insns = (uintptr_t)ret0;
	a->b.insn_cnt = 2;
	a->b.license = (uintptr_t)"GPL";
}

static int refused(union sys_attr *a)
{
	int fd = kfunc_bpf(BPF_PROG_LOAD, &a->b, sizeof(*a));

	assert_true(fd < 0);
	return fd;
}

static void load_order(void **state)
{
	union sys_attr a;
	int map = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);

	(void)state;
	rt_probe_init(); /* cmocka puts its own handler in front for each test */
	/* everything wrong at once, then repaired one by one in the order of the checks */
	good_attr(&a);
	a.b.prog_flags = 1u << 9;
	a.b.insn_cnt = 0;
	a.b.attach_prog_fd = map;
	a.b.attach_btf_id = 1u << 20;
	a.b.license = 16;
	a.b.prog_ifindex = 1;
	memcpy(a.b.prog_name, "no spaces", 10);
	a.b.log_level = 16;
	assert_int_equal(refused(&a), -EINVAL); /* flags */
	a.b.prog_flags = 0;
	assert_int_equal(refused(&a), -E2BIG); /* instructions */
	a.b.insn_cnt = 1000001;
	assert_int_equal(refused(&a), -E2BIG);
	a.b.insn_cnt = 2;
	assert_int_equal(refused(&a), -EINVAL); /* a map is no target */
	a.b.attach_prog_fd = 0;
	assert_int_equal(refused(&a), -EINVAL); /* id out of range */
	a.b.attach_btf_id = 0;
	assert_int_equal(refused(&a), -EFAULT); /* licence */
	a.b.license = (uintptr_t)"GPL";
	a.b.insns = 32;
	assert_int_equal(refused(&a), -EFAULT); /* code */
	a.b.insns = (uintptr_t)ret0;
	assert_int_equal(refused(&a), -EINVAL); /* a socket filter on a device */
	a.b.prog_type = BPF_PROG_TYPE_XDP;
	assert_int_equal(refused(&a), -EOPNOTSUPP);
	a.b.prog_ifindex = 0;
	a.b.prog_type = 0;
	assert_int_equal(refused(&a), -EINVAL); /* type */
	a.b.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	assert_int_equal(refused(&a), -EINVAL); /* name */
	strcpy((char *)a.b.prog_name, "name");
	assert_int_equal(refused(&a), -EINVAL); /* log level */
	a.b.log_level = 1;
	a.b.log_size = 100;
	assert_int_equal(refused(&a), -EINVAL); /* log size without a buffer */
	a.b.log_level = a.b.log_size = 0;
	a.prog.fd_array_cnt = 1;
	assert_int_equal(refused(&a), -EFAULT);
	a.b.fd_array = (uintptr_t)&(int){4000};
	assert_int_equal(refused(&a), -EBADF);
	a.b.fd_array = (uintptr_t)&(int){map};
	a.b.func_info_cnt = 1;
	a.b.prog_btf_fd = 4000;
	assert_int_equal(refused(&a), -EBADF);
	a.b.prog_btf_fd = map;
	assert_int_equal(refused(&a), -EINVAL);
	CLOSE(map);
}

static void load_attach_types(void **state)
{
	static const struct {
		uint32_t type, attach;
	} bad[] = {
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 0},   {BPF_PROG_TYPE_CGROUP_SOCKOPT, 0},
		{BPF_PROG_TYPE_SK_LOOKUP, 0},          {BPF_PROG_TYPE_SYSCALL, 1},
		{BPF_PROG_TYPE_CGROUP_SKB, BPF_XDP},   {BPF_PROG_TYPE_EXT, 1},
		{BPF_PROG_TYPE_SK_REUSEPORT, BPF_XDP},
	};
	union sys_attr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_attr(&a);
		a.b.prog_type = bad[i].type;
		a.b.expected_attach_type = bad[i].attach;
		assert_int_equal(refused(&a), -EINVAL);
	}
}

static void kernel_types_file(void **state)
{
	int fd = kf_sys_open64("/sys/kernel/btf/vmlinux", O_RDONLY);
	struct btf_header h;
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	assert_int_equal(h.magic, BTF_MAGIC);
	close(fd);
	assert_int_equal(kf_sys_access("/sys/kernel/btf/vmlinux", R_OK), 0);
	f = kf_sys_fopen64("/sys/kernel/btf/vmlinux", "rbe");
	assert_non_null(f);
	assert_int_equal(fread(&h, sizeof(h), 1, f), 1);
	assert_int_equal(h.magic, BTF_MAGIC);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(sizes_and_tails),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(lives),
		cmocka_unit_test(many),
		cmocka_unit_test(child_shares),
		cmocka_unit_test(btf_objects),
		cmocka_unit_test(info_sizes),
		cmocka_unit_test(load_order),
		cmocka_unit_test(load_attach_types),
		cmocka_unit_test(kernel_types_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
