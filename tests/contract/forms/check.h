/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Shared by the programs of this directory: say what is wrong, count it, and report at the end. */
#ifndef FORMS_CHECK_H
#define FORMS_CHECK_H

#include <kfunc/kfunc.h>
#include <stdio.h>

static int wrong;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			wrong++;                                                                   \
			printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #cond,                       \
			       kfunc_register_error());                                            \
		}                                                                                  \
	} while (0)

static void print_init_error(void *ctx, const struct kfunc_init_error *e)
{
	(void)ctx;
	printf("initcall %s of %s: %d, %s\n", e->initcall ? e->initcall : "-", e->module, e->err,
	       e->reason);
}

/* Every initcall of this process returned 0 and nothing was skipped. */
static inline int finish(void)
{
	CHECK(kfunc_init_errors(print_init_error, NULL) == 0);
	return wrong != 0;
}

#endif
