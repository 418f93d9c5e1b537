/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* PROG_TEST_RUN: the attribute's fields to runtime/test_run.c and back. */
#include "runtime/test_run.h"

#include <errno.h>
#include <stddef.h>

#include "syscall/internal.h"

#define PUT(c, field, v) sys_put_field(c, offsetof(union bpf_attr, test.field), &(v), sizeof(v))

/* results are set on success, and when only the room for them was too small */
static int put_results(struct sys_cmd *c, const struct rt_test_run *t)
{
	const union bpf_attr *a = &c->attr->b;

	if (PUT(c, retval, t->retval) || PUT(c, duration, t->duration))
		return -EFAULT;
	if (t->data_size_out != a->test.data_size_out && PUT(c, data_size_out, t->data_size_out))
		return -EFAULT;
	if (a->test.ctx_out && PUT(c, ctx_size_out, t->ctx_size_out))
		return -EFAULT;
	return 0;
}

long sys_prog_test_run(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct rt_test_run t = {
		.data_in = a->test.data_in,
		.data_out = a->test.data_out,
		.data_size_in = a->test.data_size_in,
		.data_size_out = a->test.data_size_out,
		.ctx_in = a->test.ctx_in,
		.ctx_out = a->test.ctx_out,
		.ctx_size_in = a->test.ctx_size_in,
		.ctx_size_out = a->test.ctx_size_out,
		.repeat = a->test.repeat,
		.flags = a->test.flags,
		.cpu = a->test.cpu,
		.batch_size = a->test.batch_size,
		.duration = a->test.duration,
	};
	struct rt_prog *p;
	int err;

	p = syscall_prog_by_fd(a->test.prog_fd, &err);
	if (!p)
		return err;
	err = rt_test_run(p, &t);
	rt_prog_put(p);
	if ((!err || err == -ENOSPC) && put_results(c, &t))
		err = -EFAULT;
	return err;
}
