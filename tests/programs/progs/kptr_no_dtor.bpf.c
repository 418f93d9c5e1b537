// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A referenced kptr of a type without destructor (kfunc spec R8.2, scenario 75): the map cannot be
 * made with its types. The loader then makes it without, and there is no slot for kptrs in it.
 */
#include "mod.h"

struct slot {
	struct mod_listed __kptr *listed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct slot);
} slots SEC(".maps");

/* Scenario 75 */
SEC("syscall")
__expect_reject(EINVAL, KF1000)
int no_dtor(void *ctx)
{
	struct mod_listed *l;
	struct slot *s;
	int key = 0;

	s = bpf_map_lookup_elem(&slots, &key);
	if (!s)
		return 0;
	l = bpf_kptr_xchg(&s->listed, NULL);
	if (l)
		mod_listed_put(l);
	return 0;
}

char LICENSE[] SEC("license")
= "GPL";
