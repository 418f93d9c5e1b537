/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Links: programs attached to tracepoints of the live kernel, by RAW_TRACEPOINT_OPEN (raw and typed
 * tracepoint programs) and LINK_CREATE (typed ones). A link holds its program; when its last
 * descriptor is closed the program is detached, and no thread runs it through this link any more.
 *
 * Links of struct_ops maps are made in struct_ops.c.
 *
 * Left out: every other kind of attachment, which only a running Linux has (EOPNOTSUPP).
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/tracepoint.h"
#include "syscall/internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* detaching by command and by close */

static void detach(struct sys_link *l)
{
	struct rt_tp_link *tp;

	pthread_mutex_lock(&lock);
	tp = l->tp;
	l->tp = NULL;
	pthread_mutex_unlock(&lock);
	if (tp)
		rt_tracepoint_detach(tp);
	if (l->type == BPF_LINK_TYPE_STRUCT_OPS)
		sys_struct_ops_detach(l);
}

void sys_link_put(struct sys_link *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	sys_id_del(SYS_LINK, l->id);
	detach(l);
	rt_prog_put(l->prog);
	mem_free(l);
}

long sys_attach_tp(struct rt_prog *prog, const char *name, uint64_t cookie, uint32_t link_type,
		   uint32_t attach_type)
{
	struct sys_link *l;
	int err;

	if (!prog->kernel->live || !prog->run)
		return -EOPNOTSUPP;
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	atomic_store(&l->refs, 1);
	l->type = link_type;
	l->attach_type = attach_type;
	strncpy(l->tp_name, name, sizeof(l->tp_name) - 1);
	rt_prog_get(prog);
	l->prog = prog;
	l->kernel = prog->kernel;
	err = rt_tracepoint_attach(name, prog, cookie, &l->tp);
	if (!err)
		err = sys_id_add(SYS_LINK, l, &l->id);
	if (err) {
		sys_link_put(l);
		return err;
	}
	return sys_fd_install(SYS_LINK, l, SYS_FD_RDWR);
}

static bool is_raw_tp(const struct rt_prog *p)
{
	return p->type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       p->type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

static bool is_typed_tp(const struct rt_prog *p)
{
	return p->type == BPF_PROG_TYPE_TRACING && p->attach_type == BPF_TRACE_RAW_TP;
}

/* what a program of this kind attaches to in a running Linux, but not here */
static bool attaches_by_id(const struct rt_prog *p)
{
	return p->type == BPF_PROG_TYPE_TRACING || p->type == BPF_PROG_TYPE_LSM ||
	       p->type == BPF_PROG_TYPE_EXT;
}

long sys_raw_tp_open(struct sys_cmd *c)
{
	uint64_t user = c->attr->raw_tp.name;
	struct rt_prog *p;
	char name[128];
	int err;
	long n, ret;

	p = syscall_prog_by_fd(c->attr->raw_tp.prog_fd, &err);
	if (!p)
		return err;
	if (is_typed_tp(p)) {
		/* the target was chosen when the program was loaded */
		ret = user ? -EINVAL
			   : sys_attach_tp(p, p->attach_name ? p->attach_name : "",
					   c->attr->raw_tp.cookie, BPF_LINK_TYPE_RAW_TRACEPOINT,
					   BPF_TRACE_RAW_TP);
	} else if (is_raw_tp(p)) {
		n = rt_probe_read_str(name, user, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		ret = n < 0 ? n
			    : sys_attach_tp(p, name, c->attr->raw_tp.cookie,
					    BPF_LINK_TYPE_RAW_TRACEPOINT, 0);
	} else {
		ret = attaches_by_id(p) ? -EOPNOTSUPP : -EINVAL;
	}
	rt_prog_put(p);
	return ret;
}

long sys_link_create(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct rt_prog *p;
	long ret;
	int err;

	if (a->link_create.attach_type == BPF_STRUCT_OPS)
		return sys_struct_ops_link(c);
	p = syscall_prog_by_fd(a->link_create.prog_fd, &err);
	if (!p)
		return err;
	if (attaches_by_id(p) && p->attach_type != a->link_create.attach_type)
		ret = -EINVAL;
	else if (!is_typed_tp(p))
		ret = -EOPNOTSUPP;
	else if (a->link_create.target_fd || a->link_create.flags || a->link_create.target_btf_id)
		ret = -EINVAL;
	else
		ret = sys_attach_tp(p, p->attach_name ? p->attach_name : "",
				    a->link_create.tracing.cookie, BPF_LINK_TYPE_TRACING,
				    BPF_TRACE_RAW_TP);
	rt_prog_put(p);
	return ret;
}

long sys_link_detach(struct sys_cmd *c)
{
	struct sys_link *l;
	int err;

	l = sys_fd_get(c->attr->b.link_detach.link_fd, SYS_LINK, NULL, &err);
	if (!l)
		return err;
	detach(l);
	sys_link_put(l);
	return 0;
}
