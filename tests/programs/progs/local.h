/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Objects of a program's own types, lists and trees of them. */
#ifndef PROGS_LOCAL_H
#define PROGS_LOCAL_H

#include "expect.h"
#include <bpf/bpf_core_read.h>

#define private(name)	       SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))

#define new(type)	((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define drop(p)		bpf_obj_drop_impl(p, NULL)
#define one_more(p)	bpf_refcount_acquire_impl(p, NULL)
#define push_front(h, n) bpf_list_push_front_impl(h, n, NULL, 0)
#define push_back(h, n) bpf_list_push_back_impl(h, n, NULL, 0)
#define tree_add(r, n, less) bpf_rbtree_add_impl(r, n, less, NULL, 0)

#undef container_of
#define container_of(p, type, member) ((type *)((char *)(p) - __builtin_offsetof(type, member)))

#endif
