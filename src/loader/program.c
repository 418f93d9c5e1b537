/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Programs and links of the public API: what they are, what became of them, running them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"
#include "runtime/test_run.h"

const char *kfunc_program__name(const struct kfunc_program *prog)
{
	return prog ? prog->name : "";
}

const char *kfunc_program__section(const struct kfunc_program *prog)
{
	return prog ? prog->section : "";
}

uint32_t kfunc_program__type(const struct kfunc_program *prog)
{
	return prog ? prog->type : 0;
}

const char *kfunc_program__type_name(const struct kfunc_program *prog)
{
	const char *name = prog ? libbpf_bpf_prog_type_str(prog->type) : NULL;

	return name ? name : "unspec";
}

int kfunc_program__set_autoload(struct kfunc_program *prog, bool autoload)
{
	if (!prog)
		return -EINVAL;
	if (prog->obj->loaded || prog->obj->checked)
		return -EALREADY;
	prog->autoload = autoload;
	return 0;
}

bool loader_program_in_slot(const struct kfunc_program *prog)
{
	return prog->bpf && loader_in_slot(prog->obj->bpf, prog->bpf);
}

int kfunc_program__add_flags(struct kfunc_program *prog, uint32_t flags)
{
	if (!prog)
		return -EINVAL;
	if (prog->obj->loaded || prog->obj->checked)
		return -EALREADY;
	prog->extra_flags |= flags;
	return 0;
}

int kfunc_program__fd(const struct kfunc_program *prog)
{
	int fd = prog && prog->bpf ? bpf_program__fd(prog->bpf) : -1;

	return fd >= 0 ? fd : -ENOENT;
}

int kfunc_program__report(const struct kfunc_program *prog, struct kfunc_report *report)
{
	const struct diag_report *r;
	struct kfunc_report out = {0};
	int err;

	if (!prog || !prog->judged)
		return -ENOENT;
	r = &prog->report;
	err = loader_opts_in(&out, sizeof(out), report);
	if (err)
		return err;
	out.verdict = (enum kfunc_verdict)r->verdict;
	out.err = r->err;
	out.code = r->code;
	out.message = r->message;
	out.text = prog->text ? prog->text : "";
	out.insns = prog->insns;
	out.processed = r->processed;
	out.states = r->total_states;
	out.peak_states = r->peak_states;
	out.state_bytes = r->state_bytes;
	out.stack = r->stack;
	out.verify_ns = r->verify_ns;
	loader_opts_out(report, &out, sizeof(out));
	return 0;
}

int kfunc_program__run(const struct kfunc_program *prog, struct kfunc_run_opts *opts)
{
	struct kfunc_run_opts o;
	union bpf_attr attr;
	long ret;
	int err, fd = kfunc_program__fd(prog);

	err = loader_opts_in(&o, sizeof(o), opts);
	if (err)
		return err;
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = fd;
	attr.test.repeat = o.repeat;
	attr.test.ctx_in = (uintptr_t)o.ctx_in;
	attr.test.ctx_size_in = o.ctx_size_in;
	attr.test.ctx_out = (uintptr_t)o.ctx_out;
	attr.test.ctx_size_out = o.ctx_size_out;
	attr.test.data_in = (uintptr_t)o.data_in;
	attr.test.data_size_in = o.data_size_in;
	attr.test.data_out = (uintptr_t)o.data_out;
	attr.test.data_size_out = o.data_size_out;
	rt_test_stop_by(o.stop);
	ret = kfunc_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	rt_test_stop_by(NULL);
	if (ret < 0 && ret != -ENOSPC)
		return ret;
	o.ctx_size_out = attr.test.ctx_size_out;
	o.data_size_out = attr.test.data_size_out;
	o.retval = attr.test.retval;
	o.duration_ns = attr.test.duration;
	loader_opts_out(opts, &o, sizeof(o));
	return ret;
}

static struct kfunc_link *new_link(struct kfunc_object *obj,
				   struct bpf_link *(*attach)(const void *), const void *what)
{
	struct kfunc_link *link = mem_zalloc(sizeof(*link));
	struct loader_session s;
	int err = ENOMEM;

	if (!link)
		goto out;
	err = -loader_enter(&s, obj->kernel, obj);
	if (!err) {
		link->bpf = attach(what);
		err = link->bpf ? 0 : -loader_errno(-errno);
	}
	loader_leave(&s);
	if (!err) {
		link->kernel = kernel_get(obj->kernel);
		return link;
	}
	mem_free(link);
out:
	errno = err;
	return NULL;
}

static struct bpf_link *attach_program(const void *prog)
{
	return bpf_program__attach(prog);
}

static struct bpf_link *attach_struct_ops(const void *map)
{
	return bpf_map__attach_struct_ops(map);
}

struct kfunc_link *kfunc_program__attach(const struct kfunc_program *prog)
{
	if (kfunc_program__fd(prog) < 0) {
		errno = ENOENT;
		return NULL;
	}
	return new_link(prog->obj, attach_program, prog->bpf);
}

struct kfunc_link *kfunc_map__attach_struct_ops(const struct kfunc_map *map)
{
	if (kfunc_map__fd(map) < 0) {
		errno = ENOENT;
		return NULL;
	}
	return new_link(map->obj, attach_struct_ops, map->bpf);
}

int kfunc_link__fd(const struct kfunc_link *link)
{
	return link ? bpf_link__fd(link->bpf) : -EINVAL;
}

int kfunc_link__update_map(struct kfunc_link *link, const struct kfunc_map *map)
{
	struct loader_session s;
	int err;

	if (!link)
		return -EINVAL;
	if (kfunc_map__fd(map) < 0)
		return -ENOENT;
	err = loader_enter(&s, link->kernel, NULL);
	if (!err)
		err = bpf_link__update_map(link->bpf, map->bpf);
	loader_leave(&s);
	return err;
}

int kfunc_link__destroy(struct kfunc_link *link)
{
	struct loader_session s;
	int err;

	if (!link)
		return 0;
	loader_enter(&s, link->kernel, NULL); /* what is given back needs no kernel */
	err = bpf_link__destroy(link->bpf);
	loader_leave(&s);
	kernel_put(link->kernel);
	mem_free(link);
	return err;
}
