/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From an accepted program to one that can run: identity (name, tag, id), what it holds (maps, BTF,
 * kernel), and its code, which the runtime makes from the instructions and the verifier's facts. A
 * program of a kernel image, or one that only a verdict is wanted of, is a description: everything
 * but the code.
 *
 * The tag is the first 8 bytes of the SHA-1 of the instructions with the addresses of maps left
 * out, so that it is the same for each load of the same code.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "maps/prog_array.h"
#include "syscall/prog.h"
#include "syscall/sha1.h"

static void prog_gone(struct rt_prog *p)
{
	struct sys_prog_extra *x = p->boundary;

	sys_id_del(SYS_PROG, p->id);
	rt_prog_put(p->target);
	p->target = NULL;
	if (x) {
		sys_btf_put(x->btf);
		sys_btf_put(x->attach_btf);
		mem_free(x);
	}
	p->boundary = NULL;
}

static int make_tag(struct rt_prog *p)
{
	size_t size = p->n_insns * sizeof(*p->insns);
	struct bpf_insn *copy = mem_dup(p->insns, size);
	uint8_t digest[20];

	if (!copy)
		return -ENOMEM;
	for (uint32_t i = 0; i + 1 < p->n_insns; i++)
		if (copy[i].code == (BPF_LD | BPF_IMM | BPF_DW)) {
			if (copy[i].src_reg == BPF_PSEUDO_MAP_FD ||
			    copy[i].src_reg == BPF_PSEUDO_MAP_VALUE)
				copy[i].imm = copy[i + 1].imm = 0;
			i++;
		}
	sys_sha1(copy, size, digest);
	memcpy(p->tag, digest, sizeof(p->tag));
	mem_free(copy);
	return 0;
}

static bool gpl_compatible(const char *licence)
{
	static const char *const names[] = {
		"GPL",          "GPL v2",       "GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(licence, names[i]))
			return true;
	return false;
}

/* The name of what the program attaches to, for its hook and for people. */
static int attach_name(const struct sys_load *l, struct rt_prog *p)
{
	static const char prefix[] = "btf_trace_";
	const char *name;

	if (!l->attach_btf || !p->attach_btf_id)
		return 0;
	name = btf_type_name(l->attach_btf->btf, p->attach_btf_id);
	if (p->type == BPF_PROG_TYPE_TRACING && p->attach_type == BPF_TRACE_RAW_TP &&
	    !strncmp(name, prefix, sizeof(prefix) - 1))
		name += sizeof(prefix) - 1;
	p->attach_name = mem_strdup(name);
	return p->attach_name ? 0 : -ENOMEM;
}

static int take_extra(struct sys_load *l, struct rt_prog *p)
{
	struct sys_prog_extra *x = mem_zalloc(sizeof(*x));
	struct timespec now;

	if (!x)
		return -ENOMEM;
	x->btf = l->btf;
	x->attach_btf = l->attach_btf;
	l->btf = l->attach_btf = NULL;
	clock_gettime(CLOCK_BOOTTIME, &now);
	x->loaded_at = now.tv_sec * 1000000000ull + now.tv_nsec;
	p->boundary = x;
	return 0;
}

static int take_maps(struct sys_load *l, struct rt_prog *p)
{
	if (!l->n_maps)
		return 0;
	p->maps = mem_dup(l->maps, l->n_maps * sizeof(l->maps[0]));
	if (!p->maps)
		return -ENOMEM;
	p->n_maps = l->n_maps;
	l->n_maps = 0;
	return 0;
}

/* R8.6: one kind of program for a program array; not for programs that will not run */
static int claim_arrays(struct sys_load *l, const struct rt_prog *p)
{
	for (uint32_t i = 0; i < p->n_maps; i++)
		if (p->maps[i]->desc.type == BPF_MAP_TYPE_PROG_ARRAY &&
		    map_prog_array_claim(p->maps[i], p))
			return diag_fail(&l->report, KF_PROG_ARRAY_OWNER,
					 "map %.16s is used by programs of another kind",
					 p->maps[i]->desc.name);
	return 0;
}

/* A map without an implementation can be verified against, but no program can use it. */
static int check_maps(struct sys_load *l, const struct rt_prog *p)
{
	for (uint32_t i = 0; i < p->n_maps; i++) {
		const struct rt_map *map = p->maps[i];
		const char *name = kernel_map_type_name(map->desc.type);

		if (!rt_map_ops(map->desc.type)) {
			char what[64];

			snprintf(what, sizeof(what), "maps of type %s", name ? name : "?");
			return diag_unsupported(&l->report, what);
		}
	}
	return 0;
}

static int make_code(struct sys_load *l, struct rt_prog *p)
{
	const char *what = NULL;
	int err = check_maps(l, p);

	if (!err)
		err = claim_arrays(l, p);
	if (err)
		return err;
	if (p->target)
		return 0; /* there is no attaching it here, so nothing that would run it */
	err = interp_compile(p, &what);
	if (err == -SYS_ENOTSUPP)
		return diag_unsupported(&l->report, what ? what : "an instruction");
	if (!err)
		(void)jit_compile(p); /* where it cannot be, the interpreter runs it */
	return err;
}

static void fill(struct sys_load *l, struct rt_prog *p)
{
	const union bpf_attr *a = &l->a->b;

	atomic_store(&p->refs, 1);
	p->on_free = prog_gone;
	p->kernel = kernel_get(l->kernel);
	p->type = a->prog_type;
	p->attach_type = a->expected_attach_type;
	p->flags = a->prog_flags;
	p->sleepable = a->prog_flags & SYS_PROG_SLEEPABLE;
	memcpy(p->name, a->prog_name, sizeof(p->name));
	p->gpl = gpl_compatible(l->licence);
	p->insns = l->insns;
	p->n_insns = a->insn_cnt;
	p->facts = l->facts;
	memset(&l->facts, 0, sizeof(l->facts));
	p->btf = l->btf ? btf_get(l->btf->btf) : NULL;
	p->attach_btf_id = a->attach_btf_id;
	p->attach_btf = l->attach_btf ? btf_get(l->attach_btf->btf) : NULL;
	p->target = l->attach_prog;
	l->attach_prog = NULL;
	p->func_info = l->func_info;
	p->func_info_rec = sizeof(struct bpf_func_info);
	p->func_info_cnt = l->func_info ? a->func_info_cnt : 0;
	p->line_info = l->line_info;
	p->line_info_rec = sizeof(struct bpf_line_info);
	p->line_info_cnt = l->line_info ? a->line_info_cnt : 0;
	l->insns = NULL;
	l->func_info = l->line_info = NULL;
	p->load_ns = l->report.verify_ns;
	p->verified_insns = l->report.processed;
}

struct rt_prog *sys_load_make(struct sys_load *l, bool runnable, int *err)
{
	struct rt_prog *p = mem_zalloc(sizeof(*p));

	if (!p) {
		*err = -ENOMEM;
		return NULL;
	}
	fill(l, p);
	*err = attach_name(l, p);
	if (!*err)
		*err = take_extra(l, p);
	if (!*err)
		*err = make_tag(p);
	if (!*err)
		*err = take_maps(l, p);
	if (!*err && runnable)
		*err = make_code(l, p);
	if (!*err)
		*err = sys_id_add(SYS_PROG, p, &p->id);
	if (*err)
		l->failed = p;
	return *err ? NULL : p;
}

/* PROG_BIND_MAP may add to the maps of a program that others look at */
static pthread_mutex_t bind_lock = PTHREAD_MUTEX_INITIALIZER;

int sys_prog_bind(struct rt_prog *p, struct rt_map *map)
{
	struct rt_map **maps;
	int err = 0;

	pthread_mutex_lock(&bind_lock);
	for (uint32_t i = 0; i < p->n_maps; i++)
		if (p->maps[i] == map)
			goto out;
	maps = mem_realloc(p->maps, (p->n_maps + 1) * sizeof(*maps));
	if (!maps) {
		err = -ENOMEM;
		goto out;
	}
	rt_map_get(map);
	maps[p->n_maps] = map;
	p->maps = maps;
	p->n_maps++;
out:
	pthread_mutex_unlock(&bind_lock);
	return err;
}

int sys_prog_map_ids(const struct rt_prog *p, uint64_t user, uint32_t *n)
{
	uint32_t room = *n;
	int err = 0;

	pthread_mutex_lock(&bind_lock);
	*n = p->n_maps;
	for (uint32_t i = 0; !err && i < room && i < p->n_maps; i++)
		err = sys_copy_out(user + i * 4ul, &p->maps[i]->id, 4);
	pthread_mutex_unlock(&bind_lock);
	return err;
}
