/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Test runs: what each program type sees of the caller's data and what comes back. */
#include <errno.h>

#include "lib/prog.h"
#include "runtime/test_run.h"

#define ADDR(x) ((uint64_t)(uintptr_t)(x))

/* 4 bytes of payload behind link, and an IP-like header that nobody parses */
static const uint8_t frame[40] = {1,  2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0,  0x45, 0,  0,
				  26, 0, 0, 0, 0, 0, 0, 0, 0, 1,  2,  3,  4, 10, 11,   12, 13};

/* loads off r1 are context accesses, as the verifier would say */
static struct rt_prog *ctx_prog(const char *text, uint32_t type)
{
	struct rt_prog *p = test_prog_raw(text, type);
	const char *what;
	uint32_t i;

	for (i = 0; i < p->n_insns; i++)
		if ((p->insns[i].code & 7) == BPF_LDX && p->insns[i].src_reg == 1)
			p->facts.insn[i].base = VFA_CTX;
	if (interp_compile(p, &what))
		fail_msg("%s", what);
	return p;
}

static uint32_t run_frame(const char *text, uint32_t type)
{
	struct rt_test_run t = {.data_in = ADDR(frame), .data_size_in = sizeof(frame)};
	struct rt_prog *p = ctx_prog(text, type);

	assert_int_equal(rt_test_run(p, &t), 0);
	test_prog_free(p);
	return t.retval;
}

static void test_skb_fields(void **state)
{
	(void)state;
	/* TC sees the frame, a socket filter what follows the link header */
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 0); exit", BPF_PROG_TYPE_SCHED_CLS), 40);
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 0); exit", BPF_PROG_TYPE_SOCKET_FILTER), 26);
	assert_int_equal(
		run_frame("r2 = *(u32 *)(r1 + 76); r3 = *(u32 *)(r1 + 80); r3 -= r2; r0 = r3\n"
			  "r2 = *(u8 *)(r2 + 0); r0 *= 1000; r0 += r2; exit",
			  BPF_PROG_TYPE_SCHED_CLS),
		40001);
	assert_int_equal(run_frame("r2 = *(u32 *)(r1 + 140); r3 = *(u32 *)(r1 + 76); r0 = 1\n"
				   "if r2 == r3 goto e; r0 = 0; e: exit",
				   BPF_PROG_TYPE_SCHED_CLS),
			 1);
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 16); exit", BPF_PROG_TYPE_SCHED_CLS), 8);
	assert_int_equal(run_frame("r0 = *(u8 *)(r1 + 16); exit", BPF_PROG_TYPE_SCHED_CLS), 8);
	/* a multicast address */
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 4); exit", BPF_PROG_TYPE_SCHED_CLS), 2);
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 40); exit", BPF_PROG_TYPE_SCHED_CLS), 1);
	/* classic loads, absolute, indirect, relative to headers, outside */
	assert_int_equal(run_frame("r6 = r1; r0 = *(u16 *)skb[12]; exit", BPF_PROG_TYPE_SCHED_CLS),
			 0x800);
	assert_int_equal(run_frame("r6 = r1; r2 = 10; r0 = *(u32 *)skb[r2 + 4]; exit",
				   BPF_PROG_TYPE_SCHED_CLS),
			 0x4500001a);
	assert_int_equal(run_frame("r6 = r1; r0 = *(u8 *)skb[-1048576]; exit",
				   BPF_PROG_TYPE_SOCKET_FILTER),
			 0x45);
	assert_int_equal(run_frame("r6 = r1; r0 = *(u8 *)skb[-2097151]; exit",
				   BPF_PROG_TYPE_SOCKET_FILTER),
			 2);
	assert_int_equal(run_frame("r6 = r1; r0 = *(u8 *)skb[40]; r0 = 5; exit",
				   BPF_PROG_TYPE_SCHED_CLS),
			 0);
	assert_int_equal(run_frame("r6 = r1; r0 = *(u32 *)skb[23]; r0 = 5; exit",
				   BPF_PROG_TYPE_SOCKET_FILTER),
			 0);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 88); exit", BPF_PROG_TYPE_CGROUP_SKB), 2);
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 92); exit", BPF_PROG_TYPE_CGROUP_SKB),
			 0x0d0c0b0a);
	assert_int_equal(run_frame("r0 = *(u32 *)(r1 + 96); exit", BPF_PROG_TYPE_CGROUP_SKB),
			 0x04030201);
	/* through the packet's socket: family and destination address */
	assert_int_equal(
		run_frame("r6 = *(u64 *)(r1 + 168); r1 = r6; call 95; r2 = *(u32 *)(r0 + 4)\n"
			  "r3 = *(u8 *)(r6 + 55); r0 = r2; r0 *= 100; r0 += r3; exit",
			  BPF_PROG_TYPE_CGROUP_SKB),
		213);
	assert_int_equal(run_frame("r1 = *(u64 *)(r1 + 168); call 96; exit",
				   BPF_PROG_TYPE_CGROUP_SKB),
			 0);
}

static void test_skb_context(void **state)
{
	struct __sk_buff in = {.mark = 5, .priority = 6, .cb = {1, 2, 3, 4, 5}}, out;
	uint8_t data[64];
	struct rt_test_run t = {.data_in = ADDR(frame),
				.data_size_in = sizeof(frame),
				.data_out = ADDR(data),
				.data_size_out = sizeof(data),
				.ctx_in = ADDR(&in),
				.ctx_size_in = sizeof(in),
				.ctx_out = ADDR(&out),
				.ctx_size_out = sizeof(out),
				.repeat = 3},
			   again = t;
	struct rt_prog *p =
		ctx_prog("r2 = *(u32 *)(r1 + 8); r2 += 1; *(u32 *)(r1 + 8) = r2\n"
			 "r3 = *(u32 *)(r1 + 52); *(u32 *)(r1 + 48) = r3; r4 = *(u32 *)(r1 + 76)\n"
			 "*(u8 *)(r4 + 0) = 99; r0 = r2; exit",
			 BPF_PROG_TYPE_SCHED_CLS);

	(void)state;
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.retval, 8);
	assert_int_equal(out.mark, 8);
	assert_int_equal(out.priority, 6);
	assert_int_equal(out.cb[0], 2);
	assert_int_equal(t.data_size_out, 40);
	assert_int_equal(t.ctx_size_out, sizeof(out));
	assert_true(data[0] == 99 && data[1] == 2 && data[39] == 0);

	/* fields that cannot be given, bytes behind the structure, results that do not fit */
	in.hash = 1;
	t = again;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	in.hash = 0;
	in.ifindex = 0x7ffffff0;
	assert_int_equal(rt_test_run(p, &t), -ENODEV);
	in.ifindex = 0;
	t.data_size_out = 10;
	memset(data, 0, sizeof(data));
	assert_int_equal(rt_test_run(p, &t), -ENOSPC);
	assert_int_equal(t.data_size_out, 40);
	assert_true(data[9] == 10 && data[10] == 0);
	t = again;
	t.data_size_in = 13;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t.data_size_in = 4096;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t = again;
	t.data_in = 8;
	assert_int_equal(rt_test_run(p, &t), -EFAULT);
	t = again;
	t.ctx_in = 0;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t = again;
	t.cpu = 1;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	test_prog_free(p);
}

static void test_ctx_tail(void **state)
{
	uint8_t big[256] = {0};
	struct rt_test_run t = {.data_in = ADDR(frame),
				.data_size_in = sizeof(frame),
				.ctx_in = ADDR(big),
				.ctx_size_in = sizeof(big)};
	struct rt_prog *p = ctx_prog("r0 = 1; exit", BPF_PROG_TYPE_SCHED_CLS);

	(void)state;
	assert_int_equal(rt_test_run(p, &t), 0);
	big[255] = 1;
	assert_int_equal(rt_test_run(p, &t), -E2BIG);
	test_prog_free(p);
}

static void test_xdp(void **state)
{
	struct xdp_md in = {.data = 4, .data_end = 40, .ingress_ifindex = 1}, out;
	uint8_t data[64];
	struct rt_test_run t = {.data_in = ADDR(frame),
				.data_size_in = sizeof(frame),
				.data_out = ADDR(data),
				.data_size_out = sizeof(data),
				.ctx_in = ADDR(&in),
				.ctx_size_in = sizeof(in),
				.ctx_out = ADDR(&out),
				.ctx_size_out = sizeof(out)},
			   again = t;
	struct rt_prog *p =
		ctx_prog("r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r4 = *(u32 *)(r1 + 4)\n"
			 "r4 -= r3; r3 -= r2; r0 = r3; r0 *= 1000; r0 += r4; exit",
			 BPF_PROG_TYPE_XDP);

	(void)state;
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.retval, 4036);
	assert_int_equal(out.data, 4);
	assert_int_equal(out.data_end, 40);
	assert_memory_equal(data, frame, 40);
	in.data_end = 39;
	t = again;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	in.data_end = 40;
	in.data = 3;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	in.data = 0;
	in.egress_ifindex = 1;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	test_prog_free(p);

	/* the head moves down by eight, the tail up by two */
	p = ctx_prog("r6 = r1; r2 = -8; call 44; r1 = r6; r2 = 2; call 65; r1 = r6\n"
		     "r3 = *(u32 *)(r1 + 0); *(u64 *)(r3 + 0) = -1; r0 = 0; exit",
		     BPF_PROG_TYPE_XDP);
	memset(&in, 0, sizeof(in));
	in.data_end = 40;
	t = again;
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.data_size_out, 50);
	assert_int_equal(out.data_end, 50);
	assert_true(data[0] == 0xff && data[7] == 0xff && data[8] == 1 && data[49] == 0);
	test_prog_free(p);
}

static void test_syscall(void **state)
{
	uint64_t ctx[2] = {20, 22};
	struct rt_test_run t = {.ctx_in = ADDR(ctx), .ctx_size_in = sizeof(ctx)};
	struct rt_prog *p = ctx_prog("r2 = *(u64 *)(r1 + 0); r3 = *(u64 *)(r1 + 8); r2 += r3\n"
				     "*(u64 *)(r1 + 8) = r2; r0 = r2; exit",
				     BPF_PROG_TYPE_SYSCALL);

	(void)state;
	p->facts.max_ctx_offset = 16;
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.retval, 42);
	assert_int_equal(ctx[1], 42);
	t.ctx_size_in = 8;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t.ctx_size_in = 16;
	t.repeat = 2;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t.repeat = 0;
	t.ctx_in = 16;
	assert_int_equal(rt_test_run(p, &t), -EFAULT);
	test_prog_free(p);
}

static void test_raw_tp(void **state)
{
	uint64_t args[2] = {40, 2};
	struct rt_test_run t = {.ctx_in = ADDR(args), .ctx_size_in = sizeof(args)};
	struct rt_prog *p = ctx_prog("r2 = *(u64 *)(r1 + 0); r0 = *(u64 *)(r1 + 8); r0 += r2; exit",
				     BPF_PROG_TYPE_RAW_TRACEPOINT);

	(void)state;
	p->facts.max_ctx_offset = 16;
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.retval, 42);
	t.cpu = 1;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	t.flags = 1;
	t.cpu = rt_nr_cpus();
	assert_int_equal(rt_test_run(p, &t), -ENXIO);
	t.ctx_size_in = 8;
	assert_int_equal(rt_test_run(p, &t), -EINVAL);
	test_prog_free(p);

	p = ctx_prog("call 8; exit", BPF_PROG_TYPE_RAW_TRACEPOINT);
	t = (struct rt_test_run){.flags = 1, .cpu = rt_nr_cpus() - 1};
	assert_int_equal(rt_test_run(p, &t), 0);
	assert_int_equal(t.retval, rt_nr_cpus() - 1);
	p->type = BPF_PROG_TYPE_KPROBE;
	assert_int_equal(rt_test_run(p, &t), -ENOTSUPP);
	p->type = BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
	assert_int_equal(rt_test_run(p, &t), -ENOTSUPP);
	test_prog_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skb_fields),  cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_skb_context), cmocka_unit_test(test_ctx_tail),
		cmocka_unit_test(test_xdp),         cmocka_unit_test(test_syscall),
		cmocka_unit_test(test_raw_tp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
