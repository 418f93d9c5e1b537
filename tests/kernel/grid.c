/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * grid: answers lines "MAJOR MINOR TYPE ATTACH" (or "... sock KIND") on standard input with one
 * line: for every offset at which something is allowed "OFFSET:SIZES:KIND[:BTF]", SIZES being 12
 * letters, read 1 2 4 8, sign-extending read, write; a dot where it is refused. For test_ctx.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/internal.h"
#include "kernel/kernel.h"
#include "kernel/tables.h"

#define OFFSETS 300

static const uint32_t sizes[] = {1, 2, 4, 8};

static void context(const struct kfunc_kernel *k, uint32_t type, uint32_t attach)
{
	struct kernel_prog_place at = {.type = type, .attach_type = attach};
	uint32_t off, i, mode;

	for (off = 0; off < OFFSETS; off++) {
		char text[13] = "............";
		struct kernel_ctx_result res, seen = {0};
		bool any = false;

		for (i = 0; i < 12; i++) {
			mode = i / 4;
			if (kernel_ctx_access(k, &at, off, sizes[i % 4], mode == 2, mode == 1,
					      &res))
				continue;
			text[i] = "rsw"[mode];
			any = true;
			if (mode == 0)
				seen = res;
		}
		if (any)
			printf("%u:%s:%d:%s ", off, text, seen.kind,
			       seen.btf_name ? seen.btf_name : "");
	}
	printf("\n");
}

static void sock(const struct kfunc_kernel *k, int kind)
{
	uint32_t off, i;

	for (off = 0; off < OFFSETS; off++) {
		char text[5] = "....";

		for (i = 0; i < 4; i++)
			if (!kernel_sock_access(k, kind, off, sizes[i]))
				text[i] = 'r';
		if (strcmp(text, "...."))
			printf("%u:%s ", off, text);
	}
	printf("\n");
}

int main(void)
{
	unsigned int major, minor;
	char what[32];
	int num;

	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	while (scanf("%u %u %31s %d", &major, &minor, what, &num) == 4) {
		struct kfunc_kernel k = {.version = KVER(major, minor)};
		struct kernel_tables *t = kt_make(k.version, NULL);

		k.tables = t;
		if (!t)
			return 1;
		if (!strcmp(what, "sock"))
			sock(&k, num);
		else
			context(&k, atoi(what), num);
		mem_free(t);
	}
	return 0;
}
