// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The pricing of budget.c: 15 for each item, one tenth off from two on. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct order {
	__u32 user, items;
};

extern long long app_charge(__u32 user, __u32 amount) __ksym;
extern int app_user_name(__u32 user, char *name, __u32 name__sz) __ksym;

SEC("syscall")
int price(struct order *order)
{
	__u32 amount = order->items * 15;
	char name[16];
	long long left;

	if (order->items >= 2)
		amount -= amount / 10;
	if (app_user_name(order->user, name, sizeof(name)))
		return -1;
	left = app_charge(order->user, amount);
	if (left < 0)
		bpf_printk("%s cannot pay %u", name, amount);
	else
		bpf_printk("%s paid %u and has %lld left", name, amount, left);
	return (int)left;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
