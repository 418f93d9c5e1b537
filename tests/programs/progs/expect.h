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

/* the compiler must not know what v is */
#define hide(v) __asm__ volatile("" : "+r"(v))

#endif
