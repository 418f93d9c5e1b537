/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Running a program once, or many times, on test data: what BPF_PROG_TEST_RUN asks for. Addresses
 * may be bad; they are read and written fault-safely.
 */
#ifndef RUNTIME_TEST_RUN_H
#define RUNTIME_TEST_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct rt_prog;

/* As the test part of union bpf_attr; sizes out are room on entry and the whole result's size
 * after. */
struct rt_test_run {
	uint64_t data_in, data_out;
	uint32_t data_size_in, data_size_out;
	uint64_t ctx_in, ctx_out;
	uint32_t ctx_size_in, ctx_size_out;
	uint32_t repeat, flags, cpu, batch_size;
	uint32_t retval;   /* out */
	uint32_t duration; /* out: nanoseconds of one run, averaged */
	bool interrupted;  /* out: by the flag of rt_test_stop_by() */
};

/* Runs of this thread end with -EINTR between two rounds when *flag is not 0; NULL: they do not. */
void rt_test_stop_by(const volatile int *flag);

/*
 * 0; -EINVAL: sizes, flags or context fields that this program type does not take; -E2BIG: non-zero
 * bytes behind the context structure; -EFAULT: an address; -ENOSPC: data_out or ctx_out is too
 * small (what fits was written and all results are set); -ENODEV: no such network interface;
 * -ENXIO: no such CPU; -ENOTSUPP (524): programs of this type have no test run here; -EOPNOTSUPP:
 * the program belongs to a kernel image; -EINTR: rt_test_stop_by(); -ENOMEM.
 */
int rt_test_run(const struct rt_prog *p, struct rt_test_run *t);

#endif
