/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Workqueues in map values (kfunc spec 12.8), on runtime/async.c. Left out: task works.
 */
#include "kfuncs/kfuncs.h"

#include "runtime/async.h"

/* in programs, under the kernel's name */
struct bpf_wq;

__bpf_kfunc_start_defs();

/**
 * bpf_wq_init() - prepare a workqueue in a map value
 * @wq: member of type struct bpf_wq of a value
 * @p__map: the map that holds the value
 * @flags: 0
 *
 * Return: 0; -EINVAL for other flags; -EBUSY when this was done before; -EPERM when no descriptor
 * of the map is open any more; -ENOMEM.
 */
__bpf_kfunc int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags)
{
	return rt_wq_init(wq, p__map, flags);
}

/**
 * bpf_wq_start() - have the callback called soon, outside of the program
 * @wq: workqueue that has a callback
 * @flags: 0
 *
 * Work that waits already is called once. The callback runs in a thread of the library.
 *
 * Return: 0; -EINVAL for other flags, or without bpf_wq_init() and a callback.
 */
__bpf_kfunc int bpf_wq_start(struct bpf_wq *wq, unsigned int flags)
{
	return rt_wq_start(wq, flags);
}

/**
 * bpf_wq_set_callback_impl() - say what a workqueue calls
 * @wq: workqueue on which bpf_wq_init() was called
 * @callback_fn: function of the program; gets the map, the key and the value, may sleep, returns 0
 * @flags: 0
 * @aux__prog: filled in when the program is loaded
 *
 * The program stays loaded for as long as the workqueue has its callback: until the value is
 * deleted or the map's last descriptor is closed.
 *
 * Return: 0; -EINVAL for other flags or without bpf_wq_init(); -EPERM when no descriptor of the map
 * is open any more.
 */
__bpf_kfunc int bpf_wq_set_callback_impl(struct bpf_wq *wq,
					 int(callback_fn)(void *map, int *key, void *value),
					 unsigned int flags, void *aux__prog)
{
	return rt_wq_set_callback(wq, (const void *)callback_fn, flags, aux__prog);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_workqueue_set)
BTF_ID_FLAGS(func, bpf_wq_init)
BTF_ID_FLAGS(func, bpf_wq_set_callback_impl)
BTF_ID_FLAGS(func, bpf_wq_start)
BTF_KFUNCS_END(kfuncs_workqueue_set)
BTF_ID_GLOBAL(kfuncs_workqueue_set)
