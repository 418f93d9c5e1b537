/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs that allocate the pages of arenas, on maps/arena.c. Programs hold addresses as the user of the
 * arena sees them.
 */
#include "kfuncs/kfuncs.h"

#include "maps/arena.h"

__bpf_kfunc_start_defs();

/**
 * bpf_arena_alloc_pages() - allocate pages of an arena
 * @p__map: the arena
 * @addr__ign: address of the first page, or NULL for any place
 * @page_cnt: number of pages, which will lie one after the other
 * @node_id: node that the memory should be of, or -1
 * @flags: 0
 *
 * The pages are full of zeroes, and the arena's user sees them at the same address.
 *
 * Return: address of the first page; NULL when so many are not free, or not free at @addr__ign; when there
 * is no such node, or @addr__ign is not a page's.
 */
__bpf_kfunc void *bpf_arena_alloc_pages(void *p__map, void *addr__ign, u32 page_cnt, int node_id,
					u64 flags)
{
	return map_arena_alloc(p__map, (u64)(unsigned long)addr__ign, page_cnt, node_id, flags);
}

/**
 * bpf_arena_free_pages() - give pages of an arena back
 * @p__map: the arena
 * @ptr__ign: address of the first page
 * @page_cnt: number of pages
 *
 * What was in them is gone for the user as well.
 */
__bpf_kfunc void bpf_arena_free_pages(void *p__map, void *ptr__ign, u32 page_cnt)
{
	map_arena_free_pages(p__map, (u64)(unsigned long)ptr__ign, page_cnt);
}

/**
 * bpf_arena_reserve_pages() - keep pages of an arena from being allocated and touched
 * @p__map: the arena
 * @ptr__ign: address of the first page
 * @page_cnt: number of pages
 *
 * Until they are freed nobody is given them, and programs read zero there and write nothing.
 *
 * Return: 0, also when @ptr__ign is not a page's and nothing is done; -EINVAL when they are not in the arena;
 * -EBUSY when one is in use or reserved already; -ENOMEM.
 */
__bpf_kfunc int bpf_arena_reserve_pages(void *p__map, void *ptr__ign, u32 page_cnt)
{
	return map_arena_reserve(p__map, (u64)(unsigned long)ptr__ign, page_cnt);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_arena_set)
BTF_ID_FLAGS(func, bpf_arena_alloc_pages,
	     KF_TRUSTED_ARGS | KF_SLEEPABLE | KF_ARENA_RET | KF_ARENA_ARG2)
BTF_ID_FLAGS(func, bpf_arena_free_pages, KF_TRUSTED_ARGS | KF_SLEEPABLE | KF_ARENA_ARG2)
BTF_ID_FLAGS(func, bpf_arena_reserve_pages, KF_TRUSTED_ARGS | KF_SLEEPABLE | KF_ARENA_ARG2)
BTF_KFUNCS_END(kfuncs_arena_set)
BTF_ID_GLOBAL(kfuncs_arena_set)
