// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Paths that come together with different values (kfunc spec 0.2), where the types of the running kernel
 * are wanted. As in verifier/progs/joins.bpf.c each program is there for both orders of its paths.
 */
#include "expect.h"

char _license[] SEC("license") = "GPL";

struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym;

long sink;

/* one is what follows the jump and is walked first, the other its target */
#define PROGRAM(name, one, other, finish)                                                          \
	SEC("tc") EXPECTED                                                                         \
	int name(struct __sk_buff *ctx)                                                            \
	{                                                                                          \
		__label__ there, done;                                                             \
		HELD                                                                               \
		asm goto("if %[c] == 0 goto %l[there]" ::[c] "r"(bpf_get_prandom_u32())::there);   \
		one;                                                                               \
		goto done;                                                                         \
	there:                                                                                     \
		other;                                                                             \
	done:                                                                                      \
		asm volatile("");                                                                  \
		many_ways();                                                                       \
		finish;                                                                            \
		return 0;                                                                          \
	}
#define EITHER_ORDER(name, this, that, finish)                                                     \
	PROGRAM(name##_first, this, that, finish)                                                  \
	PROGRAM(name##_second, that, this, finish)

/* the group is owned on one path: what reads it must come before the release, and only the owner releases */
#define HELD                                                                                       \
	struct cgroup *p, *q = bpf_cgroup_from_id(1);                                              \
                                                                                                   \
	if (!q)                                                                                    \
		return 0;

#define EXPECTED __expect_reject(EACCES, KF0403)
EITHER_ORDER(owned_on_one_path, p = q->self.cgroup, p = q, bpf_cgroup_release(q); sink = p->level)
#undef EXPECTED
#define EXPECTED __expect_reject(EINVAL, KF0501)
EITHER_ORDER(not_owned_on_one_path, p = q->self.cgroup, p = q, bpf_cgroup_release(p))
#undef EXPECTED
