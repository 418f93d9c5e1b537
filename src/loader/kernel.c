/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Kernels of the public API. */
#include "kernel/kernel.h"

#include <errno.h>

#include "loader/loader.h"

struct kfunc_kernel *kfunc_kernel__live(void)
{
	return kernel_live();
}

struct kfunc_kernel *kfunc_kernel__open_image(const char *path, const struct kfunc_image_opts *opts)
{
	struct kfunc_image_opts o;
	struct kfunc_kernel *k = NULL;
	int err;

	err = path ? loader_opts_in(&o, sizeof(o), opts) : -EINVAL;
	if (!err)
		k = kernel_open_image(path, o.release, o.error, o.error ? o.error_size : 0, &err);
	if (!k)
		errno = -err;
	return k;
}

void kfunc_kernel__close(struct kfunc_kernel *kernel)
{
	if (!kernel || kernel->live)
		return;
	loader_types_forget(kernel);
	syscall_forget_kernel(kernel);
	kernel_put(kernel);
}

const char *kfunc_kernel__release(const struct kfunc_kernel *kernel)
{
	return kernel ? kernel->release : "";
}

bool kfunc_kernel__is_live(const struct kfunc_kernel *kernel)
{
	return kernel && kernel->live;
}
