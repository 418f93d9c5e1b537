/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kernel functions that a kernel no longer has, or not yet, by its release (kfunc spec 13): refused with a
 * code of its own, which the image's release decides.
 */
#include "../image/image.h"

char LICENSE[] SEC("license") = "GPL";

extern struct bpf_cpumask *bpf_cpumask_kptr_get(struct bpf_cpumask **p) __ksym __weak;
extern bool bpf_list_is_first(struct bpf_list_head *head, struct bpf_list_node *node) __ksym __weak;
struct bpf_key;
extern struct bpf_key *bpf_lookup_system_key(u64 id) __ksym __weak;
extern int bpf_wq_set_callback(struct bpf_wq *wq) __ksym __weak;

/* Scenarios 12, 72 */
SEC("syscall")
__expect_reject(EINVAL, KF0720)
__expect_reject_on(6.12, EINVAL, KF0720)
__expect_reject_on(7.2, EINVAL, KF0720)
int gone_since_6_4(void *ctx)
{
	return bpf_cpumask_kptr_get(NULL) != NULL;
}

/* Scenario 12: guarded, the same program loads everywhere */
SEC("syscall")
__expect_accept
__expect_accept_on(6.12)
__expect_accept_on(7.2)
int gone_and_guarded(void *ctx)
{
	if (bpf_ksym_exists(bpf_cpumask_kptr_get))
		return bpf_cpumask_kptr_get(NULL) != NULL;
	return 0;
}

/* the image does not have it, but of a 7.2 kernel that is no wonder of its age */
SEC("syscall")
__expect_reject(EINVAL, KF0721)
__expect_reject_on(6.12, EINVAL, KF0721)
__expect_reject_on(7.2, EINVAL, KF0700)
int not_before_7_2(void *ctx)
{
	return bpf_list_is_first(NULL, NULL);
}

SEC("syscall")
__expect_reject(EINVAL, KF0700)
int in_every_release(void *ctx)
{
	return bpf_lookup_system_key(0) != NULL;
}
