/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The types of ../struct_ops.c as programs see them. */
#ifndef STRUCT_OPS_H
#define STRUCT_OPS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct hooks_item {
	int refs;
	int weight;
	struct hooks_item *next;
} __attribute__((preserve_access_index));

struct hooks_other {
	int a;
} __attribute__((preserve_access_index));

struct hooks_policy {
	int (*score)(struct hooks_item *item, struct hooks_item *best, int bonus);
	void (*note)(unsigned char kind, long long amount);
	_Bool (*admit)(unsigned int weight);
	int (*consume)(struct hooks_item *item);
	struct hooks_item *(*pick)(struct hooks_item *first, int want);
	struct hooks_item *(*choose)(struct hooks_item *item, int want);
	long long (*many)(char a, short b, int c, long d, unsigned int e, unsigned long f, long g,
			  int h);
	int (*slow)(int ms);
	int (*unsupported)(int x);
	int limit;
	int reserved;
	char name[16];
};

extern struct hooks_item *hooks_item_get(struct hooks_item *item) __ksym;
extern struct hooks_item *hooks_item_try(struct hooks_item *item) __ksym;
extern void hooks_item_put(struct hooks_item *item) __ksym;
extern int hooks_item_look(struct hooks_item *item) __ksym;
extern struct hooks_other *hooks_other_get(void) __ksym;
extern void hooks_other_put(struct hooks_other *o) __ksym;

#endif
