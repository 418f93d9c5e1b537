// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Types that no kernel takes: nothing here needs the members of struct cgroup, so the compiler only
 * declares it, and what a pointer in a map leads to must be known. The program runs into it elsewhere.
 */
#include "../../programs/progs/local.h"

char _license[] SEC("license") = "GPL";

struct item {
	long key;
	struct bpf_list_node link;
	struct cgroup __kptr *held;
};

SEC("tc")
int makes_one(void *ctx)
{
	struct item *i = new(struct item);

	if (i)
		drop(i);
	return 0;
}
