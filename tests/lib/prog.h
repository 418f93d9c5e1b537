/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs for tests of the run time: assembled text with facts made by hand (everything is seen,
 * every call target is a subprogram with 512 bytes of stack), without the verifier.
 */
#ifndef TESTS_LIB_PROG_H
#define TESTS_LIB_PROG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "isa/isa.h"
#include "runtime/run.h"

static inline int test_cmp_u32(const void *a, const void *b)
{
	return *(const uint32_t *)a < *(const uint32_t *)b
		       ? -1
		       : *(const uint32_t *)a > *(const uint32_t *)b;
}

/* subprogram starts: 0, targets of calls and of function loads */
static inline void test_make_facts(struct rt_prog *p)
{
	uint32_t starts[64] = {0}, n = 1, i, k = 0;
	struct vf_facts *f = &p->facts;

	f->insn = mem_calloc(p->n_insns, sizeof(*f->insn));
	f->n_insns = p->n_insns;
	f->exception_cb = -1;
	for (i = 0; i < p->n_insns; i++) {
		const struct bpf_insn *in = &p->insns[i];

		f->insn[i].flags = VFI_SEEN;
		if ((in->code == (BPF_JMP | BPF_CALL) && in->src_reg == BPF_PSEUDO_CALL) ||
		    (isa_is_ldimm64(in) && in->src_reg == BPF_PSEUDO_FUNC))
			starts[n++] = i + 1 + in->imm;
		if (isa_is_ldimm64(in))
			i++;
	}
	qsort(starts, n, sizeof(starts[0]), test_cmp_u32);
	f->subprog = mem_calloc(n, sizeof(*f->subprog));
	for (i = 0; i < n; i++) {
		if (i && starts[i] == starts[i - 1])
			continue;
		if (k)
			f->subprog[k - 1].end = starts[i];
		f->subprog[k].start = starts[i];
		f->subprog[k++].stack = 512;
	}
	f->subprog[k - 1].end = p->n_insns;
	f->n_subprogs = k;
}

/* not yet compiled: a test may change the facts first */
static inline struct rt_prog *test_prog_raw(const char *text, uint32_t type)
{
	struct rt_prog *p = mem_zalloc(sizeof(*p));
	char err[200];

	p->refs = 1;
	p->type = type;
	if (isa_asm(text, &p->insns, &p->n_insns, err, sizeof(err)))
		fail_msg("%s", err);
	test_make_facts(p);
	return p;
}

/* programs are translated to native code too; set by tests that run everything both ways */
static bool test_native __attribute__((unused));

static inline int test_compile(struct rt_prog *p, const char **what)
{
	int err = interp_compile(p, what);

	if (!err && test_native)
		err = jit_compile(p);
	return err;
}

static inline struct rt_prog *test_prog(const char *text, uint32_t type)
{
	struct rt_prog *p = test_prog_raw(text, type);
	const char *what = "";
	int err = test_compile(p, &what);

	if (err)
		fail_msg("compile: %d %s", err, what ? what : "");
	return p;
}

static inline void test_drop_code(struct rt_prog *p)
{
	jit_free(p->jit);
	interp_free(p->code);
	p->jit = NULL;
	p->code = NULL;
}

/* at once, nobody else may be in it */
static inline void test_prog_free(struct rt_prog *p)
{
	test_drop_code(p);
	mem_free(p->facts.insn);
	mem_free(p->facts.subprog);
	mem_free(p->insns);
	mem_free(p);
}

static inline uint64_t test_run(const char *text, void *ctx)
{
	struct rt_prog *p = test_prog(text, BPF_PROG_TYPE_SYSCALL);
	uint64_t ret = rt_prog_run(p, ctx);

	test_prog_free(p);
	return ret;
}

#endif
