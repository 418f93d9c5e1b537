/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Recorded states (verifier/record.h): runs lie within them, other values do not, long loops stay cheap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "jit/interp.h"
#include "kfunc/libkfunc.h"
#include "syscall/syscall.h"
#include "verifier/record.h"

static struct kfunc_object *obj;

/* One program of work.bpf.o, loaded with its states recorded; put it back. */
static struct rt_prog *load(const char *name)
{
	const struct vf_options record = {.record_states = true};
	struct kfunc_program *p = NULL;
	struct rt_prog *prog;
	char path[600];
	int err;

	snprintf(path, sizeof(path), "%s/cli/progs/work.bpf.o", getenv("KFUNC_PROGS"));
	assert_int_equal(syscall_set_verifier_options(&record), 0);
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p)))
		kfunc_program__set_autoload(p, strcmp(kfunc_program__name(p), name) == 0);
	assert_int_equal(kfunc_object__load(obj), 0);
	prog = syscall_prog_by_fd(kfunc_program__fd(kfunc_object__find_program(obj, name)), &err);
	assert_non_null(prog);
	assert_non_null(prog->facts.record);
	return prog;
}

static void done(struct rt_prog *prog)
{
	rt_prog_put(prog);
	kfunc_object__close(obj);
	syscall_set_verifier_options(NULL);
}

static void run(const char *name)
{
	uint8_t packet[64] = {0};
	KFUNC_OPTS(kfunc_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));

	assert_int_equal(kfunc_program__run(kfunc_object__find_program(obj, name), &opts), 0);
}

static uint32_t checkpoints(const struct rt_prog *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_insns; i++)
		n += vf_record_at(p->facts.record, i);
	return n;
}

static void a_run_lies_within(void **state)
{
	struct rt_prog *p = load("rounds");

	(void)state;
	assert_true(checkpoints(p) > 0);
	run("rounds");
	assert_true(p->code->checks >= 300);
	assert_int_equal(p->code->violations, 0);
	done(p);
}

static void other_values_do_not(void **state)
{
	struct rt_prog *p = load("rounds");
	uint64_t stack[64] = {0}, regs[11];
	uint32_t uncovered = 0;
	char why[120] = "";

	(void)state;
	for (int i = 0; i < 10; i++)
		regs[i] = 0xdead0000beef;
	regs[10] = (uintptr_t)(stack + 64);
	for (uint32_t i = 0; i < p->n_insns; i++)
		if (vf_record_at(p->facts.record, i))
			uncovered += !vf_record_covers(p->facts.record, i, regs, why, sizeof(why));
	assert_true(uncovered > 0);
	assert_non_null(strstr(why, "0xdead0000beef"));
	done(p);
}

static void a_long_loop_is_left_out(void **state)
{
	struct rt_prog *p = load("many_rounds");
	uint32_t most = 0;

	(void)state;
	run("many_rounds");
	assert_int_equal(p->code->violations, 0);
	/* its body has thousands of states, none of which was kept */
	most = checkpoints(p);
	assert_true(most <= 2);
	assert_true(p->code->checks < 20000);
	done(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_lies_within),
		cmocka_unit_test(other_values_do_not),
		cmocka_unit_test(a_long_loop_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
