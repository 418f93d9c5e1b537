/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What other headers have must not clash, and a program without kfuncs may include the header. */
#include <errno.h>
#include <linux/types.h>
#include <net/if.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

typedef uint8_t u8;
typedef uint32_t u32;

#include "check.h"

int main(void)
{
	CHECK(sizeof(u64) == 8 && sizeof(s8) == 1);
	CHECK(THIS_MODULE->refs == THIS_MODULE->refs_end);
	CHECK(*kfunc_register_error() == '\0');
	return finish();
}
