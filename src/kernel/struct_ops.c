/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What subsystems decide about programs for their operations structs (kfunc spec section 11):
 * members that take no program, and members whose program may sleep. Like filters this is code of
 * the kernel that no BTF shows; an operations struct that is not listed takes no sleepable program.
 */
#include "kernel/kernel.h"

#include <errno.h>
#include <string.h>

#define ENOTSUPP 524

struct member {
	const char *ops, *name; /* name NULL: every one */
};

static const struct member not_supported[] = {
	{"tcp_congestion_ops", "get_info"},
};

/* operations structs of which only some members take programs */
static const struct member only[] = {
	{"Qdisc_ops", "enqueue"}, {"Qdisc_ops", "dequeue"}, {"Qdisc_ops", "init"},
	{"Qdisc_ops", "reset"},   {"Qdisc_ops", "destroy"},
};

static const struct member may_sleep[] = {
	{"tcp_congestion_ops", NULL},
	{"bpf_dummy_ops", "test_sleepable"},
	{"hid_bpf_ops", "hid_rdesc_fixup"},
	{"hid_bpf_ops", "hid_hw_request"},
	{"hid_bpf_ops", "hid_hw_output_report"},
	{"sched_ext_ops", "init_task"},
	{"sched_ext_ops", "cgroup_init"},
	{"sched_ext_ops", "cgroup_exit"},
	{"sched_ext_ops", "cgroup_prep_move"},
	{"sched_ext_ops", "cpu_online"},
	{"sched_ext_ops", "cpu_offline"},
	{"sched_ext_ops", "init"},
	{"sched_ext_ops", "exit"},
	/* the test module's own */
	{"bpf_testmod_ops", NULL},
	{"bpf_testmod_ops2", NULL},
	{"bpf_testmod_ops3", NULL},
};

/* Is ops in the list, and is the member? */
static bool find(const struct member *list, unsigned int n, const char *ops, const char *member,
		 bool *has_ops)
{
	bool seen = false, found = false;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (strcmp(list[i].ops, ops) != 0)
			continue;
		seen = true;
		found = found || !list[i].name || !strcmp(list[i].name, member);
	}
	if (has_ops)
		*has_ops = seen;
	return found;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

int kernel_ops_member(const struct kfunc_kernel *k, const char *ops, const char *member,
		      bool sleepable)
{
	bool limited;

	(void)k;
	if (find(not_supported, COUNT(not_supported), ops, member, NULL))
		return -ENOTSUPP;
	if (!find(only, COUNT(only), ops, member, &limited) && limited)
		return -ENOTSUPP;
	if (sleepable && !find(may_sleep, COUNT(may_sleep), ops, member, NULL))
		return -EINVAL;
	return 0;
}
