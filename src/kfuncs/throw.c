/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Exceptions (kfunc spec 9.1). Unwinding is the engine's: it never calls this function. */
#include "kfuncs/kfuncs.h"

__bpf_kfunc_start_defs();

/**
 * bpf_throw() - give up and leave the program from any depth
 * @cookie: the program's return value, or what its exception callback is called with
 *
 * All functions of the program end at once; nothing after the call runs. The program must not own
 * references or be inside a lock or another region. A program names its exception callback with a
 * declaration tag on its main function; without one @cookie must be a value that the program may
 * return.
 */
__bpf_kfunc void bpf_throw(u64 cookie)
{
	(void)cookie;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_throw_set)
BTF_ID_FLAGS(func, bpf_throw)
BTF_KFUNCS_END(kfuncs_throw_set)
BTF_ID_GLOBAL(kfuncs_throw_set)
