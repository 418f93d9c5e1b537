// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A module's iterator (kfunc spec 10.5). */
#include "mod.h"

/* Scenario 85 */
SEC("syscall")
__expect_accept
__expect_retval(15)
int sum(void *ctx)
{
	struct bpf_iter_mod it;
	int *p, r = 0;

	bpf_iter_mod_new(&it, 5);
	while ((p = bpf_iter_mod_next(&it)))
		r += *p;
	bpf_iter_mod_destroy(&it);
	return r;
}

/* Scenario 85 */
SEC("syscall")
__expect_reject(EINVAL, KF0417)
int no_destroy(void *ctx)
{
	struct bpf_iter_mod it;

	bpf_iter_mod_new(&it, 5);
	return 0;
}

/* Scenario 85 */
SEC("syscall")
__expect_reject(EINVAL, KF1020)
int no_new(void *ctx)
{
	struct bpf_iter_mod it = {};
	int *p = bpf_iter_mod_next(&it);

	return p ? *p : 0;
}

/* Scenario 85 */
SEC("syscall")
__expect_reject(EINVAL, KF1021)
int new_twice(void *ctx)
{
	struct bpf_iter_mod it;

	bpf_iter_mod_new(&it, 5);
	bpf_iter_mod_new(&it, 5);
	bpf_iter_mod_destroy(&it);
	return 0;
}

/* Scenario 85 */
SEC("syscall")
__expect_reject(EINVAL, KF1020)
int next_after_destroy(void *ctx)
{
	struct bpf_iter_mod it;
	int *p;

	bpf_iter_mod_new(&it, 5);
	bpf_iter_mod_destroy(&it);
	p = bpf_iter_mod_next(&it);
	return p ? *p : 0;
}

/* Scenario 85 */
SEC("syscall")
__expect_reject(EACCES, KF0337)
int read_of_its_place(void *ctx)
{
	struct bpf_iter_mod it;
	int r;

	bpf_iter_mod_new(&it, 5);
	r = ((volatile struct bpf_iter_mod *)&it)->__opaque[0];
	bpf_iter_mod_destroy(&it);
	return r;
}

SEC("syscall")
__expect_reject(EACCES, KF0302)
int element_unchecked(void *ctx)
{
	struct bpf_iter_mod it;
	int r;

	bpf_iter_mod_new(&it, 5);
	r = *bpf_iter_mod_next(&it);
	bpf_iter_mod_destroy(&it);
	return r;
}

char LICENSE[] SEC("license")
= "GPL";
