/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The running kernel's types as a kernel of their own, for tests through lib/door.h. */
#ifndef TESTS_LIB_IMAGE_H
#define TESTS_LIB_IMAGE_H

#include "kernel/kernel.h"

static struct kfunc_kernel *image;

static inline int image_open(void **state)
{
	int err;

	(void)state;
	image = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, NULL, 0, &err);
	return image ? 0 : -1;
}

static inline int image_close(void **state)
{
	(void)state;
	kernel_put(image);
	return 0;
}

#endif
