/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * PROG_TEST_RUN: a program run with test data in the calling thread. A row per program type says how its
 * context is made of the caller's buffers and what goes back.
 *
 *  - syscall programs: the context is plain memory, in and out; no packet, no repetition;
 *  - raw tracepoints: the context is the array of arguments; no packet, no repetition.
 *
 * Types without a row answer ENOTSUPP. Programs of kernel images cannot run (EOPNOTSUPP).
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "runtime/tracepoint.h"
#include "syscall/test_run.h"

#define CTX_MAX 65535u

uint64_t sys_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int sys_put_result(struct sys_cmd *c, uint32_t retval, uint32_t duration)
{
	if (sys_put_field(c, offsetof(union bpf_attr, test.retval), &retval, sizeof(retval)) ||
	    sys_put_field(c, offsetof(union bpf_attr, test.duration), &duration, sizeof(duration)))
		return -EFAULT;
	return 0;
}

static int run_syscall(struct sys_cmd *c, struct rt_prog *p)
{
	const union bpf_attr *a = &c->attr->b;
	uint32_t size = a->test.ctx_size_in;
	void *ctx = NULL;
	uint32_t ret;
	int err;

	if (a->test.data_in || a->test.data_out || a->test.ctx_out || a->test.duration ||
	    a->test.repeat || a->test.flags || a->test.batch_size)
		return -EINVAL;
	if (size < p->facts.max_ctx_offset || size > CTX_MAX)
		return -EINVAL;
	if (size) {
		ctx = mem_zalloc(size);
		if (!ctx)
			return -ENOMEM;
		if (sys_copy_in(ctx, a->test.ctx_in, size)) {
			mem_free(ctx);
			return -EFAULT;
		}
	}
	ret = rt_prog_run(p, ctx);
	err = size ? sys_copy_out(a->test.ctx_in, ctx, size) : 0;
	mem_free(ctx);
	return err ? err : sys_put_field(c, offsetof(union bpf_attr, test.retval), &ret, sizeof(ret));
}

static int run_raw_tp(struct sys_cmd *c, struct rt_prog *p)
{
	const union bpf_attr *a = &c->attr->b;
	uint64_t ctx[RT_TP_MAX_ARGS] = { 0 };
	uint32_t ret;

	if (a->test.data_in || a->test.data_out || a->test.ctx_out || a->test.duration ||
	    a->test.repeat || a->test.batch_size)
		return -EINVAL;
	if (a->test.ctx_size_in < p->facts.max_ctx_offset || a->test.ctx_size_in > sizeof(ctx))
		return -EINVAL;
	if (a->test.flags & ~1u || (!a->test.flags && a->test.cpu)) /* BPF_F_TEST_RUN_ON_CPU */
		return -EINVAL;
	if (sys_copy_in(ctx, a->test.ctx_in, a->test.ctx_size_in))
		return -EFAULT;
	ret = rt_prog_run(p, ctx);
	return sys_put_field(c, offsetof(union bpf_attr, test.retval), &ret, sizeof(ret));
}

static const struct {
	uint32_t type;
	int (*run)(struct sys_cmd *c, struct rt_prog *p);
} rows[] = {
	{ BPF_PROG_TYPE_SYSCALL, run_syscall },
	{ BPF_PROG_TYPE_RAW_TRACEPOINT, run_raw_tp },
	{ BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, run_raw_tp },
};

long sys_prog_test_run(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct rt_prog *p;
	int err;

	if (!!a->test.ctx_size_in != !!a->test.ctx_in || !!a->test.ctx_size_out != !!a->test.ctx_out)
		return -EINVAL;
	p = syscall_prog_by_fd(a->test.prog_fd, &err);
	if (!p)
		return err;
	err = -SYS_ENOTSUPP;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == p->type)
			err = p->run ? rows[i].run(c, p) : -EOPNOTSUPP;
	rt_prog_put(p);
	return err;
}
