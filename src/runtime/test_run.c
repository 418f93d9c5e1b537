/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Test runs. A row per program type makes its run-time context from the caller's data and context
 * structure, and gives back what the program left there; limits and errnos are the kernel's.
 *
 *  - socket filters, TC, control groups, LWT: a linear packet (test_packet.c)
 *  - XDP: a linear frame with 256 bytes of headroom (test_packet.c); no live frames, no fragments
 *  - syscall: the context is plain memory, in and out
 *  - raw tracepoints: the context is the array of arguments
 *  - tracing programs on tracepoints, which have no test run in Linux: the same, but the program follows
 *    pointers among them unchecked. The caller vouches for them, as it does for its own memory; NULL is
 *    refused where the program need not expect it.
 *  - struct_ops: the context is the array of the member's arguments, likewise vouched for
 *
 * Other types have no test run here, as in Linux; writable raw tracepoints among them, where a program writes
 * wherever an argument points. Linux ends a run with -EINTR when the thread has a signal to see to; here
 * signals are the host's own, and a flag of the caller ends it, which a handler may set. Left out: time limits
 * (the caller chose the number of rounds).
 */
#include "runtime/test_run.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "contract/ops.h"
#include "contract/registry.h"
#include "runtime/probe.h"
#include "runtime/run.h"
#include "runtime/test_packet.h"

#define SYSCALL_CTX_MAX 65535u
#define RAW_TP_ARGS     12
#define RUN_ON_CPU      (1u << 0)

static _Thread_local const volatile int *stop_flag;

void rt_test_stop_by(const volatile int *flag)
{
	stop_flag = flag;
}

uint32_t rt_test_repeat(const struct rt_prog *p, struct rt_test_run *t, void *ctx)
{
	uint32_t rounds = t->repeat ? t->repeat : 1;
	struct timespec a, b;
	uint64_t ns, ret;

	clock_gettime(CLOCK_MONOTONIC, &a);
	t->interrupted = rt_prog_run_many(p, ctx, rounds, stop_flag, &ret) < 0;
	clock_gettime(CLOCK_MONOTONIC, &b);
	ns = (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000ull + b.tv_nsec - a.tv_nsec;
	ns /= rounds;
	t->duration = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
	return (uint32_t)ret;
}

int rt_test_out(uint64_t dst, uint32_t *room, const void *src, uint32_t size)
{
	uint32_t n = *room < size ? *room : size;

	*room = size;
	if (!dst)
		return 0;
	if (rt_probe_write(dst, src, n))
		return -EFAULT;
	return n < size ? -ENOSPC : 0;
}

static bool has_data(const struct rt_test_run *t)
{
	return t->data_in || t->data_out || t->data_size_in || t->data_size_out;
}

static int run_syscall(const struct rt_prog *p, struct rt_test_run *t)
{
	void *ctx;
	int err;

	if (has_data(t) || t->ctx_out || t->duration || t->repeat || t->flags || t->batch_size)
		return -EINVAL;
	if (t->ctx_size_in < p->facts.max_ctx_offset || t->ctx_size_in > SYSCALL_CTX_MAX)
		return -EINVAL;
	ctx = mem_zalloc(t->ctx_size_in);
	if (!ctx)
		return -ENOMEM;
	err = rt_probe_read(ctx, t->ctx_in, t->ctx_size_in);
	if (!err) {
		t->retval = rt_test_repeat(p, t, t->ctx_size_in ? ctx : NULL);
		t->duration = 0;
		err = rt_probe_write(t->ctx_in, ctx, t->ctx_size_in);
	}
	mem_free(ctx);
	return err;
}

static int run_on_cpu(const struct rt_prog *p, struct rt_test_run *t, void *ctx)
{
	struct rt_vcpu *cpu;

	if (t->cpu >= rt_nr_cpus())
		return -ENXIO;
	cpu = rt_enter_on(t->cpu);
	if (!cpu)
		return -EBUSY;
	t->retval = rt_test_repeat(p, t, ctx);
	rt_leave(cpu);
	return 0;
}

static int run_raw_tp(const struct rt_prog *p, struct rt_test_run *t)
{
	uint64_t ctx[RAW_TP_ARGS] = {0};
	int err = 0;

	if (has_data(t) || t->ctx_out || t->duration || t->repeat || t->batch_size)
		return -EINVAL;
	if (t->ctx_size_in < p->facts.max_ctx_offset || t->ctx_size_in > sizeof(ctx))
		return -EINVAL;
	if ((t->flags & ~RUN_ON_CPU) || (!(t->flags & RUN_ON_CPU) && t->cpu))
		return -EINVAL;
	if (rt_probe_read(ctx, t->ctx_in, t->ctx_size_in))
		return -EFAULT;
	for (uint32_t i = 0; i < RAW_TP_ARGS; i++)
		if (p->facts.nonnull_args >> i & 1 && !ctx[i])
			return -EINVAL;
	if (t->flags & RUN_ON_CPU)
		err = run_on_cpu(p, t, ctx);
	else
		t->retval = rt_test_repeat(p, t, ctx);
	t->duration = 0;
	return err;
}

static int run_tracing(const struct rt_prog *p, struct rt_test_run *t)
{
	return p->attach_type == BPF_TRACE_RAW_TP ? run_raw_tp(p, t) : -ENOTSUPP;
}

/* A member of a host's table: as a call of it, the caller vouches for its objects. */
static int run_struct_ops(const struct rt_prog *p, struct rt_test_run *t)
{
	const struct btf_obj *btf =
		p->attach_btf ? btf_owner(p->attach_btf, p->attach_btf_id) : NULL;
	const struct contract_ops *ops =
		btf ? registry_ops(p->kernel->registry, btf, p->attach_btf_id) : NULL;
	const struct contract_ops_member *m;
	uint64_t ctx[CONTRACT_OPS_ARGS] = {0};

	if (!ops || p->attach_type >= ops->n_members)
		return -ENOTSUPP;
	m = &ops->m[p->attach_type];
	if (has_data(t) || t->ctx_out || t->duration || t->batch_size || t->flags || t->cpu)
		return -EINVAL;
	/* a reference is passed on once */
	if (t->ctx_size_in != m->n_args * sizeof(ctx[0]) || (m->ref && t->repeat > 1))
		return -EINVAL;
	if (rt_probe_read(ctx, t->ctx_in, t->ctx_size_in))
		return -EFAULT;
	for (uint32_t i = 0; i < m->n_args; i++) {
		if (m->arg_size[i] < 8)
			ctx[i] &= (1ull << m->arg_size[i] * 8) - 1;
		if (m->nonnull >> i & 1 && !ctx[i])
			return -EINVAL;
	}
	t->retval = rt_test_repeat(p, t, ctx);
	return 0;
}

static const struct {
	uint32_t type;
	int (*run)(const struct rt_prog *p, struct rt_test_run *t);
} rows[] = {
	{BPF_PROG_TYPE_SOCKET_FILTER, rt_test_skb}, {BPF_PROG_TYPE_SCHED_CLS, rt_test_skb},
	{BPF_PROG_TYPE_SCHED_ACT, rt_test_skb},     {BPF_PROG_TYPE_CGROUP_SKB, rt_test_skb},
	{BPF_PROG_TYPE_LWT_IN, rt_test_skb},        {BPF_PROG_TYPE_LWT_OUT, rt_test_skb},
	{BPF_PROG_TYPE_LWT_XMIT, rt_test_skb},      {BPF_PROG_TYPE_LWT_SEG6LOCAL, rt_test_skb},
	{BPF_PROG_TYPE_XDP, rt_test_xdp},           {BPF_PROG_TYPE_SYSCALL, run_syscall},
	{BPF_PROG_TYPE_RAW_TRACEPOINT, run_raw_tp}, {BPF_PROG_TYPE_TRACING, run_tracing},
	{BPF_PROG_TYPE_STRUCT_OPS, run_struct_ops},
};

int rt_test_run(const struct rt_prog *p, struct rt_test_run *t)
{
	size_t i;
	int err;

	rt_probe_init();
	if (!!t->ctx_size_in != !!t->ctx_in || !!t->ctx_size_out != !!t->ctx_out)
		return -EINVAL;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == p->type)
			break;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return -ENOTSUPP;
	if (!p->run)
		return -EOPNOTSUPP;
	t->interrupted = false;
	err = rows[i].run(p, t);
	return t->interrupted ? -EINTR : err;
}
