/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* --kernel live|FILE */
#include <errno.h>
#include <string.h>

#include "cli.h"

struct kfunc_kernel *cli_kernel(const char *name)
{
	char why[256] = "";
	KFUNC_OPTS(kfunc_image_opts, opts, .error = why, .error_size = sizeof(why));
	struct kfunc_kernel *k;

	if (!name || strcmp(name, "live") == 0) {
		k = kfunc_kernel__live();
		if (!k)
			cli_error("the live kernel could not be made: %s", strerror(errno));
		return k;
	}
	k = kfunc_kernel__open_image(name, &opts);
	if (!k)
		cli_error("--kernel %s: %s", name, why[0] ? why : strerror(errno));
	return k;
}
