/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Types of the module: the same for ../mod.c and for programs. */
#ifndef PROGS_MOD_TYPES_H
#define PROGS_MOD_TYPES_H

struct mod_pair {
	int a, b;
};

struct mod_level1 {
	struct mod_pair x;
};

struct mod_level2 {
	struct mod_level1 x;
};

struct mod_level3 {
	struct mod_level2 x;
};

struct mod_level4 {
	struct mod_level3 x;
};

struct mod_with_ptr {
	int a;
	void *p;
};

struct mod_flex {
	int n;
	int v[];
};

struct mod_head {
	long serial;
};

struct mod_tail {
	long serial;
	int *unused; /* no plain memory */
};

struct mod_obj {
	struct mod_head head;
	struct mod_tail tail;
	struct mod_obj *peer;
	int refs;
};

struct mod_obj___init {
	struct mod_obj obj;
};

struct mod_obj___v2 {
	struct mod_obj obj;
};

#endif
