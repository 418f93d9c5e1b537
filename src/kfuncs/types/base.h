/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The live kernel's basic types, under the kernel's names. These headers describe what BPF programs
 * see (CO-RE field names, BTF type names); sizes and offsets are ours. They are compiled twice:
 * with the library, whose objects have these layouts, and by clang into the live kernel's BTF,
 * which must agree. Type tags (__rcu and friends) exist only where the compiler has btf_type_tag;
 * the layout does not depend on them.
 *
 * May be included beside libc, liburcu and linux headers: it defines nothing that they define
 * differently (so: struct callback_head, not the kernel's second name for it).
 */
#ifndef KFUNCS_TYPES_BASE_H
#define KFUNCS_TYPES_BASE_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;

/*
 * libc has these under other names in between (__pid_t), which would make a second task_struct in
 * the BTF. There this header comes first, and libc is told that it has defined them.
 */
#ifdef KFUNCS_BTF_BUILD
#define __pid_t_defined
#define __ssize_t_defined
typedef _Bool bool;
enum { false = 0, true = 1 };
typedef unsigned long size_t;
typedef long ssize_t;
typedef int pid_t;
#else
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#endif

typedef unsigned short umode_t;
typedef unsigned int fmode_t;

#if defined(__has_attribute)
#if __has_attribute(btf_type_tag)
#define KFUNCS_TYPE_TAG(name) __attribute__((btf_type_tag(name)))
#endif
#endif
#ifndef KFUNCS_TYPE_TAG
#define KFUNCS_TYPE_TAG(name)
#endif

#undef __rcu
#undef __user
#undef __percpu
#define __rcu    KFUNCS_TYPE_TAG("rcu")
#define __user   KFUNCS_TYPE_TAG("user")
#define __percpu KFUNCS_TYPE_TAG("percpu")

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef atomic64_t atomic_long_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

typedef struct {
	u32 val;
} spinlock_t;

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

typedef struct {
	u64 val;
} kernel_cap_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __attribute__((aligned(sizeof(long))));

struct rb_root {
	struct rb_node *rb_node;
};

struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
} __attribute__((aligned(sizeof(void *))));

struct ns_common {
	unsigned int inum;
};

#endif
