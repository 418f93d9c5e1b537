/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Copies of everything that a load request points to: instructions, licence, and the three side
 * tables (verifier spec R1.7-R1.10). After this nothing of the caller's memory is looked at, so a
 * caller that changes it meanwhile changes nothing.
 *
 * Records may be longer than those we know; what is behind our part must be zero (E2BIG, and our
 * size is written back). Copies have records of our size. What the records say is the verifier's
 * business.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "syscall/prog.h"

#define REC_MAX 252

static int no_memory(struct sys_load *l)
{
	return diag_fail(&l->report, KF_OUT_OF_MEMORY, "out of memory");
}

static int bad_pointer(struct sys_load *l, const char *what)
{
	return diag_fail(&l->report, KF_BAD_POINTER, "%s cannot be read", what);
}

/* row 10; R1.2: 127 bytes of the licence count */
int sys_load_copy_code(struct sys_load *l)
{
	uint64_t size = (uint64_t)l->a->b.insn_cnt * sizeof(struct bpf_insn);
	long n;

	l->insns = mem_alloc(size);
	if (!l->insns)
		return no_memory(l);
	if (sys_copy_in(l->insns, l->a->b.insns, size))
		return bad_pointer(l, "the instructions");
	n = rt_probe_read_str(l->licence, l->a->b.license, sizeof(l->licence) - 1);
	if (n < 0)
		return bad_pointer(l, "the licence");
	l->licence[sizeof(l->licence) - 1] = '\0';
	return 0;
}

struct table {
	enum diag_code code; /* for a bad shape */
	const char *name;
	uint64_t user;
	uint32_t cnt, cnt_max;
	uint32_t rec, our_rec;
	uint32_t rec_field; /* offset of the record size in the attribute */
	void **copy;
};

static int copy_table(struct sys_load *l, const struct table *t)
{
	uint8_t rec[REC_MAX];
	uint8_t *to;

	if (!t->cnt)
		return 0;
	if (t->rec < t->our_rec || t->rec > REC_MAX || t->rec % 4)
		return diag_fail(&l->report, t->code, "records of %s cannot have %u bytes", t->name,
				 t->rec);
	if (t->cnt > t->cnt_max)
		return diag_fail(&l->report, t->code,
				 "%u records of %s are more than the program can have", t->cnt,
				 t->name);
	to = mem_alloc((size_t)t->cnt * t->our_rec);
	if (!to)
		return no_memory(l);
	*t->copy = to;
	if (t->rec == t->our_rec)
		return sys_copy_in(to, t->user, (uint64_t)t->cnt * t->rec) ? bad_pointer(l, t->name)
									   : 0;
	for (uint32_t i = 0; i < t->cnt; i++) {
		if (sys_copy_in(rec, t->user + (uint64_t)i * t->rec, t->rec))
			return bad_pointer(l, t->name);
		for (uint32_t b = t->our_rec; b < t->rec; b++)
			if (rec[b]) {
				sys_put_field(l->c, t->rec_field, &t->our_rec, sizeof(t->our_rec));
				return diag_fail(&l->report, KF_ATTR_TAIL,
						 "records of %s have parts that are not known",
						 t->name);
			}
		memcpy(to + (size_t)i * t->our_rec, rec, t->our_rec);
	}
	return 0;
}

/* R1.7: without records nobody looks at the types */
static int find_btf(struct sys_load *l)
{
	int err;

	if (!l->a->b.func_info_cnt && !l->a->b.line_info_cnt)
		return 0;
	l->btf = sys_fd_get(l->a->b.prog_btf_fd, SYS_BTF, NULL, &err);
	if (!l->btf)
		return sys_load_fd_error(l, err, "the program's BTF descriptor is not one of BTF");
	if (l->btf->is_kernel)
		return diag_fail(&l->report, KF_KERNEL_BTF, "the program's BTF is the kernel's");
	return 0;
}

int sys_load_copy_types(struct sys_load *l)
{
	const union bpf_attr *a = &l->a->b;
	const struct table tables[] = {
		{KF_FUNC_INFO_BAD, "func_info", a->func_info, a->func_info_cnt, a->insn_cnt,
		 a->func_info_rec_size, sizeof(struct bpf_func_info),
		 offsetof(union bpf_attr, func_info_rec_size), &l->func_info},
		{KF_LINE_INFO_BAD, "line_info", a->line_info, a->line_info_cnt, a->insn_cnt,
		 a->line_info_rec_size, sizeof(struct bpf_line_info),
		 offsetof(union bpf_attr, line_info_rec_size), &l->line_info},
		{KF_ATTR_BAD, "core_relos", a->core_relos, a->core_relo_cnt, a->insn_cnt,
		 a->core_relo_rec_size, sizeof(struct bpf_core_relo),
		 offsetof(union bpf_attr, core_relo_rec_size), &l->core_relo},
	};
	int err = find_btf(l);

	for (size_t i = 0; !err && l->btf && i < sizeof(tables) / sizeof(tables[0]); i++)
		err = copy_table(l, &tables[i]);
	return err;
}
