/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs that no number of simulated instructions is enough for, with a small budget: the verifier
 * spec's limit is a million, which takes Linux minutes for some of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "lib/insn.h"
#include "verifier/verifier.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct kfunc_kernel *image; /* the running kernel's types */

static struct bpf_insn kfunc_call(const char *name)
{
	int32_t id = btf_find(image->btf, name, BTF_KIND_FUNC);

	assert_true(id > 0);
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
				 .src_reg = BPF_PSEUDO_KFUNC_CALL,
				 .imm = id};
}

static int verify(const struct bpf_insn *code, uint32_t n, uint64_t budget, uint32_t *diagnostic)
{
	struct vf_options opts = {.caps = VF_CAP_ALL, .max_insns = budget};
	struct vf_program prog = {.insns = code,
				  .n_insns = n,
				  .type = BPF_PROG_TYPE_SCHED_CLS,
				  .licence = "GPL"};
	struct vf_resolver resolver = {0};
	struct diag_report report;
	struct vf_facts facts;
	int err = vf_verify(image, &prog, &resolver, &opts, &report, &facts);

	*diagnostic = report.code;
	vf_facts_free(&facts);
	return err;
}

/* R3.23: an iterator at its end makes no progress: going on with it converges to nothing */
static void drained_iterator(void **state)
{
	struct bpf_insn code[] = {
		I_MOVR(1, 10),
		I_ADD(1, -8),
		I_MOV(2, 0),
		I_MOV(3, 4),
		kfunc_call("bpf_iter_num_new"),
		I_MOVR(1, 10), /* 5 */
		I_ADD(1, -8),
		kfunc_call("bpf_iter_num_next"),
		{.code = BPF_JMP | BPF_JA, .off = -4},
	};
	struct bpf_insn good[] = {
		code[0],         code[1], code[2], code[3],
		code[4],         code[5], code[6], code[7],
		I_JNE(0, 0, -4), code[5], code[6], kfunc_call("bpf_iter_num_destroy"),
		I_MOV(0, 0),     I_EXIT,
	};
	uint32_t diagnostic;

	(void)state;
	assert_int_equal(verify(good, LEN(good), 1000, &diagnostic), 0);
	assert_int_equal(verify(code, LEN(code), 1000, &diagnostic), -E2BIG);
	assert_int_equal(diagnostic, KF_COMPLEXITY);
}

/* R9.1: the last instruction counts */
static void budget(void **state)
{
	struct bpf_insn code[] = {I_MOV(0, 1), I_MOV(0, 2), I_MOV(0, 3), I_EXIT};
	uint32_t diagnostic;

	(void)state;
	assert_int_equal(verify(code, LEN(code), 4, &diagnostic), 0);
	assert_int_equal(verify(code, LEN(code), 3, &diagnostic), -E2BIG);
	assert_int_equal(diagnostic, KF_COMPLEXITY);
}

static int setup(void **state)
{
	int err;

	(void)state;
	image = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, NULL, 0, &err);
	return image ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kernel_put(image);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drained_iterator),
		cmocka_unit_test(budget),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
