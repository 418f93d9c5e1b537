/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel image whose kfuncs have prototypes that cannot be called, or not always. Their names and flags
 * are those of the release, what they look like is not.
 */
typedef unsigned long long u64;
typedef unsigned int u32;

struct pair {
	long a, b;
};

typedef int code(void);

#define ODD(ret, name, ...)                                                                        \
	ret name(__VA_ARGS__);                                                                     \
	__attribute__((used, noinline)) ret name(__VA_ARGS__)                                      \
	{                                                                                          \
		for (;;)                                                                           \
			__asm__ volatile("");                                                      \
	}

/* six parameters */
ODD(int, bpf_strnlen, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
/* KF_ACQUIRE, and no struct to own */
ODD(int *, bpf_lookup_system_key, u64 id)
/* two recorded constants */
ODD(int, bpf_strlen, u64 a__k, u64 b__k)
/* a struct by value */
ODD(int, bpf_strcmp, struct pair p)
/* a pointer that means nothing */
ODD(int, bpf_strchr, int **p)
/* memory of no size */
ODD(code *, bpf_strstr, u64 a)
/* KF_DESTRUCTIVE */
ODD(void, crash_kexec, void *regs__ign)
ODD(void *, bpf_obj_new_impl, u64 local_type_id__k, void *meta__ign)
ODD(void, bpf_obj_drop_impl, void *p__alloc, void *meta__ign)
