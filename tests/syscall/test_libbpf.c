/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The private libbpf on the boundary: its own functions for maps, rings and programs work as on a
 * kernel. (Declared by hand: its headers are not among the tests' include directories.)
 */
#include "lib/bpf.h"
#include "lib/insn.h"

#include <errno.h>
#include <unistd.h>

#include "maps/ringbuf.h"

struct bpf_map_create_opts;
struct bpf_map_batch_opts;
struct bpf_prog_load_opts;
struct ring_buffer;
struct ring_buffer_opts;

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 n,
		   const struct bpf_map_create_opts *opts);
int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
int bpf_map_lookup_elem(int fd, const void *key, void *value);
int bpf_map_get_next_key(int fd, const void *key, void *next);
int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts);
int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts);
int bpf_map_freeze(int fd);
int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
		  const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);
int libbpf_num_possible_cpus(void);
struct ring_buffer *ring_buffer__new(int fd, int (*fn)(void *ctx, void *data, size_t size),
				     void *ctx, const struct ring_buffer_opts *opts);
int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms);
int ring_buffer__consume(struct ring_buffer *rb);
void ring_buffer__free(struct ring_buffer *rb);

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)

static void maps(void **state)
{
	uint32_t keys[50], values[50], n = 50, token, sum = 0, key = 3, v;
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "by_libbpf", 4, 4, 64, NULL);

	(void)state;
	assert_true(fd >= 0);
	for (uint32_t i = 0; i < n; i++)
		keys[i] = values[i] = i;
	assert_int_equal(bpf_map_update_batch(fd, keys, values, &n, NULL), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &v), 0);
	assert_int_equal(v, 3);
	errno = 0;
	key = 99;
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &v), -ENOENT);
	assert_int_equal(errno, ENOENT);
	n = 50;
	assert_int_equal(bpf_map_lookup_batch(fd, NULL, &token, keys, values, &n, NULL), -ENOENT);
	assert_int_equal(n, 50);
	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	assert_int_equal(sum, 49 * 50 / 2);
	assert_int_equal(bpf_map_freeze(fd), 0);
	assert_int_equal(bpf_map_update_elem(fd, &key, &v, 0), -EPERM);
	CLOSE(fd);
	assert_int_equal(libbpf_num_possible_cpus(), rt_nr_cpus());
}

struct got {
	unsigned int n;
	uint64_t sum;
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct got *g = ctx;
	uint64_t v = 0;

	memcpy(&v, data, size < 8 ? size : 8);
	g->sum += v;
	g->n++;
	return 0;
}

static void rings(void **state)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4096, NULL), prog, err;
	struct bpf_insn code[] = {
		I_LDX(BPF_DW, 6, 1, 0),
		I_MAP(1, fd),
		I_MOV(2, 24),
		I_MOV(3, 0),
		I_CALL(BPF_FUNC_ringbuf_reserve),
		I_JNE(0, 0, 2),
		I_MOV(0, 1),
		I_EXIT,
		I_STX(BPF_DW, 0, 0, 6),
		I_MOVR(1, 0),
		I_MOV(2, 0),
		I_CALL(BPF_FUNC_ringbuf_submit),
		I_MOV(0, 0),
		I_EXIT,
	};
	struct got got = {0};
	struct ring_buffer *rb;
	uint64_t expect = 0, arg;
	union bpf_attr a;

	(void)state;
	assert_true(fd >= 0);
	prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "fill", "GPL", code,
			     sizeof(code) / sizeof(code[0]), NULL);
	assert_true(prog >= 0);
	rb = ring_buffer__new(fd, on_record, &got, NULL);
	assert_non_null(rb);
	assert_int_equal(ring_buffer__poll(rb, 0), 0);
	for (arg = 1; arg <= 1000; arg++) { /* round the ring many times */
		memset(&a, 0, sizeof(a));
		a.test.prog_fd = prog;
		a.test.ctx_in = (uintptr_t)&arg;
		a.test.ctx_size_in = sizeof(arg);
		err = kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
		assert_int_equal(err, 0);
		assert_int_equal(a.test.retval, 0);
		expect += arg;
		if (arg % 50 == 0)
			assert_true(ring_buffer__poll(rb, 1000) > 0);
	}
	assert_int_equal(got.n, 1000);
	assert_int_equal(got.sum, expect);
	assert_int_equal(ring_buffer__consume(rb), 0);
	ring_buffer__free(rb);
	CLOSE(prog);
	CLOSE(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps),
		cmocka_unit_test(rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
