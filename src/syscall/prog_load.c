/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * PROG_LOAD: attribute checks, the verifier, the log, the observer, the program.
 *
 * The log gets the diagnostic as text and the line of statistics that veristat looks for. A log
 * that does not fit makes the load fail with ENOSPC whatever the verdict was (R1.12).
 *
 * The observer (kfunc check) sees every verdict. It may ask for a descriptor although the program
 * was not accepted, so that the loader goes on with the next one; such a program is a description
 * that cannot run. Programs of kernel images are descriptions too.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "syscall/current.h"
#include "syscall/prog.h"

#define CAP_SYS_BOOT_BIT 22

/* struct __user_cap_header_struct and _data_struct of <linux/capability.h> */
struct cap_header {
	uint32_t version;
	int pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

static bool has_sys_boot(void)
{
	struct cap_header h = {0x20080522, 0};
	struct cap_data d[2] = {{0}};

	return syscall(SYS_capget, &h, d) == 0 && (d[0].effective & (1u << CAP_SYS_BOOT_BIT));
}

/* time that verification took of the thread, whatever else the machine was doing */
static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* attach_prog as the verifier sees it; a description is of a program that would be machine code */
static const struct vf_target *describe_target(struct sys_load *l)
{
	const struct rt_prog *p = l->attach_prog, *on = p ? p->target : NULL;
	struct vf_target *t = &l->target;

	if (!p)
		return NULL;
	t->type = t->place_type = p->type;
	t->attach_type = t->place_attach_type = p->attach_type;
	if (p->type == BPF_PROG_TYPE_EXT && on) {
		t->place_type = on->type;
		t->place_attach_type = on->attach_type;
	}
	t->btf = p->btf;
	t->facts = p->facts.n_subprogs ? &p->facts : NULL;
	t->machine_code = p->jit || !p->run;
	t->traces_tracing =
		p->type == BPF_PROG_TYPE_TRACING && on && on->type == BPF_PROG_TYPE_TRACING;
	return t;
}

static void describe(struct sys_load *l)
{
	const union bpf_attr *a = &l->a->b;
	struct vf_program *p = &l->prog;

	p->insns = l->insns;
	p->n_insns = a->insn_cnt;
	p->type = a->prog_type;
	p->attach_type = a->expected_attach_type;
	p->prog_flags = a->prog_flags;
	memcpy(p->name, a->prog_name, sizeof(p->name));
	p->licence = l->licence;
	p->btf = l->btf ? l->btf->btf : NULL;
	p->func_info = l->func_info;
	p->func_info_rec = sizeof(struct bpf_func_info);
	p->func_info_cnt = l->func_info ? a->func_info_cnt : 0;
	p->line_info = l->line_info;
	p->line_info_rec = sizeof(struct bpf_line_info);
	p->line_info_cnt = l->line_info ? a->line_info_cnt : 0;
	p->core_relo = l->core_relo;
	p->core_relo_rec = sizeof(struct bpf_core_relo);
	p->core_relo_cnt = l->core_relo ? a->core_relo_cnt : 0;
	p->attach_btf_id = a->attach_btf_id;
	p->attach_btf = l->attach_btf && !l->attach_btf->is_vmlinux ? l->attach_btf->btf : NULL;
	p->attach_prog = describe_target(l);
}

static void verify(struct sys_load *l)
{
	struct vf_resolver resolver = sys_load_resolver;
	struct sys_thread *t = sys_thread(false);
	struct vf_options opts;
	uint64_t start;

	resolver.ctx = l;
	memset(&opts, 0, sizeof(opts));
	if (t && t->has_opts)
		opts = t->opts;
	if (t && t->profile)
		opts.profile = t->profile;
	opts.caps = VF_CAP_ALL & ~VF_CAP_SYS_BOOT;
	if (has_sys_boot())
		opts.caps |= VF_CAP_SYS_BOOT;
	describe(l);
	start = now_ns();
	vf_verify(l->kernel, &l->prog, &resolver, &opts, &l->report, &l->facts);
	l->report.verify_ns = now_ns() - start;
}

static void write_log(struct sys_load *l, bool verified)
{
	struct diag_source src = {0};
	struct diag_style style = {0};
	struct strbuf *out = &l->log.text;
	char name[BPF_OBJ_NAME_LEN + 1] = "";

	if (!l->log.level)
		return;
	if (l->report.verdict != DIAG_ACCEPT) {
		memcpy(name, l->a->b.prog_name, BPF_OBJ_NAME_LEN);
		src.program = name;
		if (verified)
			syscall_source(&src, &l->prog);
		diag_render_text(&l->report, &src, &style, out);
	}
	if (!verified)
		return;
	strbuf_printf(out, "verification time %llu usec\n",
		      (unsigned long long)l->report.verify_ns / 1000);
	strbuf_printf(out, "stack depth %u\n", l->report.stack);
	strbuf_printf(out,
		      "processed %llu insns (limit 1000000) max_states_per_insn %u total_states %u "
		      "peak_states %u mark_read %u\n",
		      (unsigned long long)l->report.processed, l->report.max_states_per_insn,
		      l->report.total_states, l->report.peak_states, 0);
}

static unsigned int observe(struct sys_load *l, bool verified)
{
	struct sys_thread *t = sys_thread(false);
	struct syscall_load seen;

	if (!t || !t->observer)
		return 0;
	memset(&seen, 0, sizeof(seen));
	seen.attr = &l->a->b;
	seen.kernel = l->kernel;
	seen.prog = verified ? &l->prog : NULL;
	seen.facts = l->report.verdict == DIAG_ACCEPT ? &l->facts : NULL;
	seen.report = &l->report;
	memcpy(seen.name, l->a->b.prog_name, sizeof(seen.name));
	seen.name[sizeof(seen.name) - 1] = '\0';
	return t->observer(t->observer_ctx, &seen);
}

static void release(struct sys_load *l)
{
	if (l->failed)
		rt_prog_put(l->failed);
	vf_facts_free(&l->facts);
	mem_free(l->insns);
	mem_free(l->func_info);
	mem_free(l->line_info);
	mem_free(l->core_relo);
	mem_free(l->fd_array);
	sys_btf_put(l->btf);
	sys_btf_put(l->attach_btf);
	if (l->attach_prog)
		rt_prog_put(l->attach_prog);
	for (uint32_t i = 0; i < l->n_maps; i++)
		rt_map_put(l->maps[i]);
	for (uint32_t i = 0; i < l->n_btfs; i++)
		sys_btf_put(l->btfs[i]);
	strbuf_free(&l->log.text);
	mem_free(l);
}

static long load(struct sys_load *l)
{
	uint32_t log_field = offsetof(union sys_attr, prog.log_true_size);
	bool accepted, verified;
	unsigned int wish;
	struct rt_prog *p;
	int err;

	err = sys_load_check(l);
	verified = !err;
	if (verified)
		verify(l);
	accepted = l->report.verdict == DIAG_ACCEPT;
	err = l->report.err;
	wish = observe(l, verified);
	if (!accepted && !(wish & SYSCALL_LOAD_KEEP_FD)) {
		write_log(l, verified);
		return sys_log_end(&l->log, l->c, log_field, err);
	}
	if (!l->insns)
		return err; /* refused before there was anything to describe */
	p = sys_load_make(l, accepted && l->kernel->live && !(wish & SYSCALL_LOAD_VERDICT_ONLY),
			  &err);
	if (!p && accepted)
		observe(l, verified); /* the verdict was good, but the program cannot be had */
	write_log(l, verified);
	err = sys_log_end(&l->log, l->c, log_field, p ? 0 : err);
	if (err && p)
		rt_prog_put(p);
	return err ? err : sys_fd_install(SYS_PROG, p, SYS_FD_RDWR);
}

long sys_prog_load(struct sys_cmd *c)
{
	struct sys_load *l = mem_zalloc(sizeof(*l));
	long ret;

	if (!l)
		return -ENOMEM;
	l->c = c;
	l->a = c->attr;
	l->kernel = c->kernel;
	diag_init(&l->report);
	ret = load(l);
	release(l);
	return ret;
}

long sys_prog_bind_map(struct sys_cmd *c)
{
	struct rt_prog *p;
	struct rt_map *map;
	int err;

	if (c->attr->b.prog_bind_map.flags)
		return -EINVAL;
	p = syscall_prog_by_fd(c->attr->b.prog_bind_map.prog_fd, &err);
	if (!p)
		return err;
	map = syscall_map_by_fd(c->attr->b.prog_bind_map.map_fd, &err);
	if (map) {
		err = map->kernel == p->kernel ? sys_prog_bind(p, map) : -EINVAL;
		rt_map_put(map);
	}
	rt_prog_put(p);
	return err;
}
