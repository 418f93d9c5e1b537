/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a test program must get from the verifier, as a declaration tag on the program; read by
 * ../runner.c. A program without one is an error of the test.
 *
 *	SEC("tp_btf/task_newtask")
 *	__expect_reject(EINVAL, KF0412)
 *	int BPF_PROG(leak, struct task_struct *task, u64 clone_flags)
 */
#ifndef PROGS_EXPECT_H
#define PROGS_EXPECT_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define __expect_accept            __attribute__((btf_decl_tag("expect=accept")))
#define __expect_reject(err, code) __attribute__((btf_decl_tag("expect=" #err " " #code)))
/* also run it once, in the order of the file, and want this result */
#define __expect_retval(n) __attribute__((btf_decl_tag("retval=" #n)))
/* a text that must be in the report */
#define __expect_says(text) __attribute__((btf_decl_tag("says=" text)))
/* a text that must be in the object's warnings, in exactly one line */
#define __expect_warning(text) __attribute__((btf_decl_tag("warns=" text)))

#define NULL ((void *)0)

/* so many ways to here that the verifier remembers how the first one came */
#define one_way(way, n)                                                                            \
	asm volatile("if %[w] == %[k] goto +1;"                                                    \
		     "r0 = 1;" ::[w] "r"(way), [k] "i"(n) : "r0")
#define many_ways()                                                                                \
	({                                                                                         \
		u64 way = bpf_get_prandom_u32();                                                   \
		one_way(way, 1); one_way(way, 2); one_way(way, 3); one_way(way, 4);                \
		one_way(way, 5); one_way(way, 6); one_way(way, 7); one_way(way, 8);                \
	})

/* the compiler must not know what v is */
#define hide(v) __asm__ volatile("" : "+r"(v))

#endif
