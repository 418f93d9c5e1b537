/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * <kfunc/hooks.h>: places where a C program lets BPF programs in.
 *
 * Tracepoints tell programs what happens. A host declares one and calls trace_NAME() where it
 * happens:
 *
 *	KFUNC_TRACEPOINT(app_request,
 *		TP_PROTO(struct conn *c, struct user *user__nullable, int state),
 *		TP_ARGS(c, user__nullable, state));
 *
 *	trace_app_request(c, c->user, ACCEPTED);
 *
 * and a program sees it by SEC("tp_btf/app_request"), with the arguments typed and pointers to
 * structs trusted. Parameters whose name ends in __nullable may be NULL, and programs must compare
 * them; the others never are: an event that breaks this promise is not passed on, but counted.
 * Objects must live until trace_NAME() returns. Without an attached program it costs a load and a
 * branch.
 *
 * struct_ops tables let programs decide: the host declares a struct of function pointers, its policy
 * interface, and registers it (register_bpf_struct_ops()). A BPF object implements the members it
 * likes; when it is attached, the host is given a table of ordinary function pointers and calls
 * them. Tables can be replaced while other threads call.
 *
 * As for kfuncs, types come from the BTF of the executable or library: compile with -g, then
 * `kfunc btf FILE`. docs/hooks.md has the whole story.
 */
#ifndef KFUNC_HOOKS_H
#define KFUNC_HOOKS_H

#include <kfunc/kfunc.h>
#include <linux/btf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tracepoints ---- */

#ifndef TP_PROTO
#define TP_PROTO(...) __VA_ARGS__
#endif
#ifndef TP_ARGS
#define TP_ARGS(...) __VA_ARGS__
#endif

struct kfunc_tracepoint {
	__u32 size;
	__u32 n_args;
	const char *name;
	struct module *owner;
	__u32 active;  /* a program is attached */
	__u32 nonnull; /* bit for each argument that must not be NULL; set by registration */
	__u64 missed;  /* events that were not passed on because one of those was NULL */
	void *handle;
};

/*
 * Makes a tracepoint known; KFUNC_TRACEPOINT_DEFINE() does it in an initcall. 0, also without BTF
 * (see kfunc_init_errors()). -ENOENT: the type or the function that the macros make are not in the
 * BTF; -EEXIST: the name is taken, by the kernel or by another module; -EINVAL: an argument that is
 * neither a number nor a pointer, another version of this header; -ENOMEM.
 */
KFUNC_API int kfunc_tracepoint_register(struct kfunc_tracepoint *tp);
/* What trace_NAME() calls when a program is attached. */
KFUNC_API void kfunc_tracepoint_fire(struct kfunc_tracepoint *tp, const __u64 *args);

/* The 64-bit slot of an argument, which is a variable. */
static inline __u64 kfunc_slot(const void *arg, unsigned long size)
{
	__u64 slot = 0;

	__builtin_memcpy(&slot, arg, size);
	return slot;
}

/* clang-format off */
#define KFUNC_SLOT(a) kfunc_slot(&(a), sizeof(a) * sizeof(char[sizeof(a) <= 8 ? 1 : -1]))
#define KFUNC_SLOTS_1(a) KFUNC_SLOT(a)
#define KFUNC_SLOTS_2(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_1(__VA_ARGS__)
#define KFUNC_SLOTS_3(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_2(__VA_ARGS__)
#define KFUNC_SLOTS_4(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_3(__VA_ARGS__)
#define KFUNC_SLOTS_5(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_4(__VA_ARGS__)
#define KFUNC_SLOTS_6(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_5(__VA_ARGS__)
#define KFUNC_SLOTS_7(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_6(__VA_ARGS__)
#define KFUNC_SLOTS_8(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_7(__VA_ARGS__)
#define KFUNC_SLOTS_9(a, ...)  KFUNC_SLOT(a), KFUNC_SLOTS_8(__VA_ARGS__)
#define KFUNC_SLOTS_10(a, ...) KFUNC_SLOT(a), KFUNC_SLOTS_9(__VA_ARGS__)
#define KFUNC_SLOTS_11(a, ...) KFUNC_SLOT(a), KFUNC_SLOTS_10(__VA_ARGS__)
#define KFUNC_SLOTS_12(a, ...) KFUNC_SLOT(a), KFUNC_SLOTS_11(__VA_ARGS__)
#define KFUNC_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define KFUNC_COUNT(...)    KFUNC_COUNT_(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define KFUNC_SLOTS__(n)    KFUNC_SLOTS_##n
#define KFUNC_SLOTS_N(n)    KFUNC_SLOTS__(n)
#define KFUNC_SLOTS(...)    KFUNC_SLOTS_N(KFUNC_COUNT(__VA_ARGS__))(__VA_ARGS__)

/*
 * Declares trace_NAME(), for a header; args are the names of the parameters, one to twelve, each a
 * number or a pointer.
 */
#define KFUNC_TRACEPOINT_DECLARE(tp_name, proto, args)                                             \
	typedef void (*btf_trace_##tp_name)(void *kfunc_data, proto);                              \
	extern struct kfunc_tracepoint kfunc_tp_##tp_name;                                         \
	void __bpf_trace_##tp_name(void *kfunc_data, proto);                                       \
	static inline __attribute__((unused)) void trace_##tp_name(proto)                          \
	{                                                                                          \
		if (__builtin_expect(__atomic_load_n(&kfunc_tp_##tp_name.active, __ATOMIC_RELAXED),\
				     0))                                                           \
			__bpf_trace_##tp_name(&kfunc_tp_##tp_name, args);                          \
	}                                                                                          \
	KFUNC_SEMICOLON

/* Defines what KFUNC_TRACEPOINT_DECLARE() declares, in one file of the executable or library. */
#define KFUNC_TRACEPOINT_DEFINE(tp_name, proto, args)                                              \
	struct kfunc_tracepoint kfunc_tp_##tp_name = {                                             \
		sizeof(struct kfunc_tracepoint), KFUNC_COUNT(args), #tp_name, THIS_MODULE, 0, 0,   \
		0, 0};                                                                             \
	__attribute__((used, noinline, cold)) KFUNC_NOCLONE void __bpf_trace_##tp_name(            \
		void *kfunc_data, proto)                                                           \
	{                                                                                          \
		__u64 kfunc_slots[] = {KFUNC_SLOTS(args)};                                         \
												   \
		kfunc_tracepoint_fire((struct kfunc_tracepoint *)kfunc_data, kfunc_slots);         \
	}                                                                                          \
	static int kfunc_tp_init_##tp_name(void)                                                   \
	{                                                                                          \
		BTF_TYPE_EMIT(btf_trace_##tp_name);                                                \
		return kfunc_tracepoint_register(&kfunc_tp_##tp_name);                             \
	}                                                                                          \
	late_initcall(kfunc_tp_init_##tp_name)

/* Both, for a tracepoint that one file uses. */
#define KFUNC_TRACEPOINT(tp_name, proto, args)                                                     \
	KFUNC_TRACEPOINT_DECLARE(tp_name, TP_PROTO(proto), TP_ARGS(args));                         \
	KFUNC_TRACEPOINT_DEFINE(tp_name, TP_PROTO(proto), TP_ARGS(args))
/* clang-format on */

/*
 * ---- struct_ops ----
 *
 * A table type T is a struct whose members have names and are no bit fields, 64 at most. Members that
 * are pointers to functions may be implemented by programs: up to twelve parameters, each a number
 * or a pointer of at most 8 bytes, and a result that is nothing, such a number, or a pointer to a
 * struct. For each there is a stub function in a table of type T (cfi_stubs), which is never called:
 * members without one take no program. If it is called T__MEMBER, the names of its parameters say
 * more about pointers to structs, which otherwise are trusted and not NULL:
 *
 *	__nullable  may be NULL
 *	__ref       a reference is passed on: the program must release it, store it or return it
 *
 * A result that is a pointer to a struct is NULL or a reference that the caller then owns.
 */
struct btf;
struct bpf_link;
struct bpf_verifier_ops;

enum bpf_struct_ops_state {
	BPF_STRUCT_OPS_STATE_INIT,
	BPF_STRUCT_OPS_STATE_INUSE,
	BPF_STRUCT_OPS_STATE_TOBEFREE,
	BPF_STRUCT_OPS_STATE_READY,
};

struct bpf_struct_ops_common_value {
	int refcnt;
	enum bpf_struct_ops_state state;
};

/* Everything but cfi_stubs, reg, unreg, name and owner may be NULL. Callbacks return 0 or -errno. */
struct bpf_struct_ops {
	const struct bpf_verifier_ops *verifier_ops; /* must be NULL */
	/* at registration */
	int (*init)(struct btf *btf);
	/* a program is loaded for a member of struct t: may it? (prog->sleepable, ...) */
	int (*check_member)(const struct btf_type *t, const struct btf_member *member,
			    const struct bpf_prog *prog);
	/* a table is filled: 1 means that kdata's member was set from udata's, 0 that it is a function
	 * of a program or must be zero */
	int (*init_member)(const struct btf_type *t, const struct btf_member *member, void *kdata,
			   const void *udata);
	/* kdata, a T, may be called from now on; link is NULL for tables without one */
	int (*reg)(void *kdata, struct bpf_link *link);
	/* ... and no more. Threads inside of it may go on until kfunc_rcu_read_unlock(). */
	void (*unreg)(void *kdata, struct bpf_link *link);
	/* kdata instead of old_kdata; NULL: tables cannot be replaced */
	int (*update)(void *kdata, void *old_kdata, struct bpf_link *link);
	/* a table was filled: is it complete? */
	int (*validate)(void *kdata);
	void *cfi_stubs; /* a T */
	struct module *owner;
	const char *name; /* "T" */
};

/* For check_member and init_member: the offset of a member, in bits. */
static inline __u32 __btf_member_bit_offset(const struct btf_type *t,
					    const struct btf_member *member)
{
	return t->info >> 31 ? member->offset & 0xffffff : member->offset;
}

/*
 * Registers T under st_ops, which must stay; for ever, as all that modules register. 0, also without
 * BTF (see kfunc_init_errors()). -EINVAL: T or its stubs are not in the BTF or do not agree, no
 * cfi_stubs, init failed; -EOPNOTSUPP: a member, a parameter or a result that is not as described
 * above, or verifier_ops; -EEXIST: it is registered; -ENOENT, -ENOMEM. kfunc_register_error() has words.
 */
KFUNC_API int __register_bpf_struct_ops(struct bpf_struct_ops *st_ops);

#define register_bpf_struct_ops(st_ops, type)                                                      \
	__extension__({                                                                            \
		struct bpf_struct_ops_##type {                                                     \
			struct bpf_struct_ops_common_value common;                                 \
			struct type data __attribute__((aligned(64)));                             \
		};                                                                                 \
		BTF_TYPE_EMIT(struct bpf_struct_ops_##type);                                       \
		__register_bpf_struct_ops(st_ops);                                                 \
	})

/*
 * A table that was given to reg or update stays until it was taken back by unreg or update, and then
 * as long as threads are in a read section that they entered before, or hold it. So: publish the
 * pointer in reg with a release store, and call it like
 *
 *	kfunc_rcu_read_lock();
 *	ops = __atomic_load_n(&current_ops, __ATOMIC_ACQUIRE);
 *	verdict = ops && ops->judge ? ops->judge(c) : DEFAULT;
 *	kfunc_rcu_read_unlock();
 *
 * Read sections nest, cost a few nanoseconds, and may last, which only delays that memory is freed.
 * kfunc_rcu_synchronize() waits for all that are open; not to be called inside of one.
 *
 * A call with NULL for a pointer that programs may rely on runs no program and gives 0.
 */
KFUNC_API void kfunc_rcu_read_lock(void);
KFUNC_API void kfunc_rcu_read_unlock(void);
KFUNC_API void kfunc_rcu_synchronize(void);

/* Holds a table beyond a read section; false: it is going away. */
KFUNC_API bool bpf_struct_ops_get(const void *kdata);
KFUNC_API void bpf_struct_ops_put(const void *kdata);

#ifdef __cplusplus
}
#endif

#endif
