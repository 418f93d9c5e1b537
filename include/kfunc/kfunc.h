/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * <kfunc/kfunc.h>: exposing C functions to BPF programs.
 *
 * A function becomes a kfunc in three steps, the same as in the kernel:
 *
 *	#include <kfunc/kfunc.h>
 *
 *	__bpf_kfunc_start_defs();
 *
 *	__bpf_kfunc int app_budget(u32 user)
 *	{
 *		return lookup_budget(user);
 *	}
 *
 *	__bpf_kfunc_end_defs();
 *
 *	BTF_KFUNCS_START(app_kfuncs)
 *	BTF_ID_FLAGS(func, app_budget)
 *	BTF_KFUNCS_END(app_kfuncs)
 *
 *	static const struct btf_kfunc_id_set app_set = {
 *		.owner = THIS_MODULE,
 *		.set = &app_kfuncs,
 *	};
 *
 *	static int app_init(void)
 *	{
 *		return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &app_set);
 *	}
 *	late_initcall(app_init);
 *
 * An executable or shared library that does so is a *module*: its functions' types are read from
 * its BTF, so it must be compiled with -g and, once linked, given a .BTF section (`kfunc btf FILE`,
 * or `pahole -J FILE`). Parameter names and their suffixes (__sz, __k, __nullable, ...) and the
 * KF_* flags are the contract that the verifier enforces on every call.
 *
 * Sets are assembled by the assembler, so a set needs no prototypes and may stand before the
 * functions it lists. The price: a file with sets must not be compiled with -flto. 64-bit targets
 * only.
 */
#ifndef KFUNC_KFUNC_H
#define KFUNC_KFUNC_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifndef KFUNC_API
#define KFUNC_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ---- Types under the kernel's names ----
 *
 * Define KFUNC_NO_SHORT_TYPES before including this header in a program that has its own, different
 * u8 to s64. Pointers to the structs below are what the live kernel's own kfuncs hand out.
 */
#ifndef KFUNC_NO_SHORT_TYPES
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
#endif

struct bpf_cpumask;
struct cgroup;
struct cpumask;
struct css_set;
struct sock;
struct socket;
struct task_struct;
typedef struct cpumask cpumask_t;

/*
 * The kernel's run-time form of a dynptr has the size of the program's; a parameter of either type
 * is a dynptr.
 */
#ifndef KFUNCS_TYPES_BPF_H
#define bpf_dynptr_kern bpf_dynptr
#endif

/*
 * Type tags, for compilers that record them (clang): __rcu, __user and __percpu say how a pointer
 * member may be used by programs, __kptr and its kin mark members that programs exchange.
 */
#if defined(__has_attribute)
#if __has_attribute(btf_type_tag)
#define KFUNC_TYPE_TAG(tag) __attribute__((btf_type_tag(tag)))
#endif
#endif
#ifndef KFUNC_TYPE_TAG
#define KFUNC_TYPE_TAG(tag)
#endif
#ifndef __rcu
#define __rcu KFUNC_TYPE_TAG("rcu")
#endif
#ifndef __user
#define __user KFUNC_TYPE_TAG("user")
#endif
#ifndef __percpu
#define __percpu KFUNC_TYPE_TAG("percpu")
#endif
#ifndef __kptr
#define __kptr KFUNC_TYPE_TAG("kptr")
#endif
#ifndef __kptr_ref /* the older name of __kptr */
#define __kptr_ref KFUNC_TYPE_TAG("kptr")
#endif
#ifndef __kptr_untrusted
#define __kptr_untrusted KFUNC_TYPE_TAG("kptr_untrusted")
#endif
#ifndef __percpu_kptr
#define __percpu_kptr KFUNC_TYPE_TAG("percpu_kptr")
#endif

/*
 * ---- Flags ----
 *
 * Plain numbers, because sets are assembled: the assembler must be able to read them.
 */
#define KF_ACQUIRE       (1 << 0) /* returns a reference that the program must release or store */
#define KF_RELEASE       (1 << 1) /* releases the reference passed to it */
#define KF_RET_NULL      (1 << 2) /* may return NULL: programs must compare before use */
#define KF_KPTR_GET      (1 << 3) /* first argument: address of a stored kptr (before Linux 6.4) */
#define KF_TRUSTED_ARGS  (1 << 4) /* pointer arguments must be trusted and not NULL */
#define KF_SLEEPABLE     (1 << 5) /* may sleep: sleepable programs only, outside atomic regions */
#define KF_DESTRUCTIVE   (1 << 6) /* loading a caller needs CAP_SYS_BOOT */
#define KF_RCU           (1 << 7) /* pointer arguments must be trusted or RCU protected, not NULL */
#define KF_ITER_NEW      (1 << 8) /* bpf_iter_X_new(struct bpf_iter_X *it, ...) */
#define KF_ITER_NEXT     (1 << 9) /* T *bpf_iter_X_next(struct bpf_iter_X *it) */
#define KF_ITER_DESTROY  (1 << 10) /* void bpf_iter_X_destroy(struct bpf_iter_X *it) */
#define KF_RCU_PROTECTED (1 << 11) /* must be called in an RCU read section */
#define KF_FASTCALL      (1 << 12) /* clobbers only R0 and its own arguments */
#define KF_ARENA_RET     (1 << 13) /* returns an arena address */
#define KF_ARENA_ARG1    (1 << 14) /* first argument is an arena address */
#define KF_ARENA_ARG2    (1 << 15) /* second argument is an arena address */
#define KF_IMPLICIT_ARGS (1 << 16) /* NAME_impl has further parameters that the loader fills */
/*
 * Ours (the documents describe the flag, the kernel has no bit for it): programs that call the
 * kfunc load, with one warning for each deprecated kfunc. It never rejects.
 */
#define KF_DEPRECATED 0x80000000

/*
 * ---- Defining ----
 *
 * __bpf_kfunc keeps a function as it is: never inlined, cloned or dropped. The brackets silence
 * warnings about missing prototypes, since nobody calls these functions from C.
 */
#if defined(__has_attribute)
#if __has_attribute(noclone)
#define KFUNC_NOCLONE __attribute__((noclone))
#endif
#if __has_attribute(retain) && !defined(__clang__)
#define KFUNC_RETAIN __attribute__((retain))
#endif
#endif
#ifndef KFUNC_NOCLONE
#define KFUNC_NOCLONE
#endif
#ifndef KFUNC_RETAIN
#define KFUNC_RETAIN
#endif
/* a section of their own, by which `kfunc lint` finds functions that are marked and in no set */
#define __bpf_kfunc                                                                                \
	__attribute__((used, noinline, section("kfunc_text"))) KFUNC_NOCLONE KFUNC_RETAIN

#define KFUNC_PRAGMA(text) _Pragma(#text)
#ifdef __cplusplus
#define KFUNC_SEMICOLON static_assert(true, "")
#else
#define KFUNC_SEMICOLON _Static_assert(1, "")
#endif

#define __diag_push() KFUNC_PRAGMA(GCC diagnostic push) KFUNC_SEMICOLON
#define __diag_pop()  KFUNC_PRAGMA(GCC diagnostic pop) KFUNC_SEMICOLON
#define __diag_ignore_all(option, comment)                                                         \
	KFUNC_PRAGMA(GCC diagnostic ignored option) KFUNC_SEMICOLON

#define __bpf_kfunc_start_defs()                                                                   \
	KFUNC_PRAGMA(GCC diagnostic push)                                                          \
	KFUNC_PRAGMA(GCC diagnostic ignored "-Wmissing-declarations")                              \
	KFUNC_PRAGMA(GCC diagnostic ignored "-Wmissing-prototypes")                                \
	KFUNC_SEMICOLON
#define __bpf_kfunc_end_defs() __diag_pop()

/*
 * ---- Sets ----
 *
 * A set is an array of {id, flags} between START and END. Ids are 0 until the module's BTF is read,
 * before its first initcall or at its first registration. BTF_ID_FLAGS(func, name) without flags is
 * 0.
 */
struct btf_id_pair {
	__u32 id;
	__u32 flags;
};

struct btf_id_set8 {
	__u32 cnt;
	__u32 flags; /* BTF_SET8_KFUNCS */
	struct btf_id_pair pairs[];
};

#define BTF_SET8_KFUNCS (1 << 0)

/* One row for every id that this module wants resolved; assembled, never written in C. */
struct kfunc_id_ref {
	__u32 *slot;      /* where the id goes */
	const char *kind; /* "func", "struct", "union", "typedef" */
	const char *name;
	void *addr; /* func: the function */
};

#define KFUNC_STR_(x) #x
#define KFUNC_STR(x)  KFUNC_STR_(x)

/* 66: the kind's name, 67: the name, 68: the slot */
#define KFUNC_ADDR_func(name)    #name
#define KFUNC_ADDR_struct(name)  "0"
#define KFUNC_ADDR_union(name)   "0"
#define KFUNC_ADDR_typedef(name) "0"
#define KFUNC_ID_ROW(kind, name, section, values)                                                  \
	__asm__(".pushsection .rodata.kfunc_names,\"a\",@progbits\n"                               \
		"66: .asciz \"" #kind "\"\n"                                                       \
		"67: .asciz \"" #name "\"\n"                                                       \
		".popsection\n"                                                                    \
		".pushsection " section ",\"aw\",@progbits\n"                                      \
		"68: " values "\n"                                                                 \
		".popsection\n"                                                                    \
		".pushsection kfunc_id_refs,\"aw\",@progbits\n"                                    \
		".balign 8\n"                                                                      \
		".quad 68b, 66b, 67b, " KFUNC_ADDR_##kind(name) "\n"                               \
								".popsection\n");

#define KFUNC_SET_START(name, set_flags)                                                           \
	extern struct btf_id_set8 name;                                                            \
	__asm__(".pushsection kfunc_sets,\"aw\",@progbits\n"                                       \
		".balign 8\n"                                                                      \
		".type " #name ", @object\n" #name ":\n"                                           \
		".long (.Lkfunc_end_" #name " - .Lkfunc_start_" #name ") / 8\n"                    \
		".long " KFUNC_STR(set_flags) "\n"                                                 \
					      ".Lkfunc_start_" #name ":\n"                         \
					      ".popsection\n");
#define KFUNC_SET_END(name)                                                                        \
	__asm__(".pushsection kfunc_sets,\"aw\",@progbits\n"                                       \
		".Lkfunc_end_" #name ":\n"                                                         \
		".size " #name ", . - " #name "\n"                                                 \
		".popsection\n");

#define BTF_SET8_START(name)   KFUNC_SET_START(name, 0)
#define BTF_SET8_END(name)     KFUNC_SET_END(name)
#define BTF_KFUNCS_START(name) KFUNC_SET_START(name, BTF_SET8_KFUNCS)
#define BTF_KFUNCS_END(name)   KFUNC_SET_END(name)

#define KFUNC_ID_FLAGS(kind, name, flags, ...)                                                     \
	KFUNC_ID_ROW(kind, name, "kfunc_sets", ".long 0, " KFUNC_STR(flags))
#define BTF_ID_FLAGS(kind, ...)          KFUNC_ID_FLAGS_(kind, __VA_ARGS__, 0, 0)
#define KFUNC_ID_FLAGS_(kind, name, ...) KFUNC_ID_FLAGS(kind, name, __VA_ARGS__)

/* A list of ids in the order written: u32 name[]. */
#define BTF_ID_LIST(name)                                                                          \
	extern __u32 name[];                                                                       \
	__asm__(".pushsection kfunc_id_lists,\"aw\",@progbits\n"                                   \
		".balign 4\n"                                                                      \
		".type " #name ", @object\n" #name ":\n"                                           \
		".popsection\n");
#define BTF_ID(kind, name) KFUNC_ID_ROW(kind, name, "kfunc_id_lists", ".long 0")
#define BTF_ID_LIST_SINGLE(list, kind, name)                                                       \
	BTF_ID_LIST(list)                                                                          \
	BTF_ID(kind, name)
#define BTF_ID_UNUSED                                                                              \
	__asm__(".pushsection kfunc_id_lists,\"aw\",@progbits\n"                                   \
		".long 0\n"                                                                        \
		".popsection\n");

/*
 * Makes a set or a list visible to the other files of its executable or library, which declare it
 * extern; its name must then be unique there.
 */
#define BTF_ID_GLOBAL(name) __asm__(".globl " #name "\n.hidden " #name "\n");

/*
 * Whether id is in the set, for filters. Returns true or false; ids of a set whose module was not
 * resolved yet are 0 and never found.
 */
KFUNC_API bool btf_id_set8_contains(const struct btf_id_set8 *set, __u32 id);

/*
 * KFUNC_DOC(name, "text"): documentation that travels with the function, in the form of a kernel-doc
 * comment; at file scope, anywhere in the module. Loading a program that calls a deprecated kfunc
 * quotes the paragraph that begins with "Deprecated:", which should say how long the function will
 * stay, what replaces it and why; `kfunc doc` prints all of it where there is no comment in the
 * source. A function that is gone can leave a text behind whose paragraph "Removed:" says since when
 * and what to use instead: programs that call it are refused with these words.
 *
 *	KFUNC_DOC(app_old, "Deprecated: until release 3; use app_new(), which cannot overflow.");
 *	KFUNC_DOC(app_older, "Removed: in release 2; use app_new().");
 */
struct kfunc_doc {
	const char *name;
	const char *text;
};

#define KFUNC_DOC(name, text)                                                                      \
	static const struct kfunc_doc kfunc_doc_##name                                             \
		__attribute__((used, section("kfunc_docs"), aligned(8))) = {#name, text}

/*
 * ---- Registering ----
 */

/* An executable or shared library, one object in each. */
struct module {
	__u32 size;
	__u32 reserved;
	const struct kfunc_id_ref *refs, *refs_end;
	const char *sets, *sets_end;
	const struct kfunc_doc *docs, *docs_end;
};

extern const struct kfunc_id_ref kfunc_refs_start[] __asm__("__start_kfunc_id_refs")
	__attribute__((weak, visibility("hidden")));
extern const struct kfunc_id_ref kfunc_refs_stop[] __asm__("__stop_kfunc_id_refs")
	__attribute__((weak, visibility("hidden")));
extern const char kfunc_sets_start[] __asm__("__start_kfunc_sets")
	__attribute__((weak, visibility("hidden")));
extern const char kfunc_sets_stop[] __asm__("__stop_kfunc_sets")
	__attribute__((weak, visibility("hidden")));

extern const struct kfunc_doc kfunc_docs_start[] __asm__("__start_kfunc_docs")
	__attribute__((weak, visibility("hidden")));
extern const struct kfunc_doc kfunc_docs_stop[] __asm__("__stop_kfunc_docs")
	__attribute__((weak, visibility("hidden")));

extern struct module kfunc_this_module __attribute__((weak, visibility("hidden")));
struct module kfunc_this_module __attribute__((weak, visibility("hidden"))) = {
	sizeof(struct module), 0,
	kfunc_refs_start,      kfunc_refs_stop,
	kfunc_sets_start,      kfunc_sets_stop,
	kfunc_docs_start,      kfunc_docs_stop,
};

#define THIS_MODULE (&kfunc_this_module)

/*
 * What a filter sees of a program that calls a kfunc. Filters run in any thread that loads
 * programs; they must not load programs or register kfuncs themselves.
 */
#ifndef KFUNCS_TYPES_BPF_H
struct bpf_prog_aux {
	__u32 id; /* 0: not loaded yet */
	__u32 stack_depth;
	__u32 attach_btf_id;
	char name[16];
	struct bpf_prog *prog;
};

struct bpf_prog {
	__u16 gpl_compatible : 1, sleepable : 1;
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	__u32 len; /* instructions */
	__u8 tag[8];
	struct bpf_prog_aux *aux;
};
#endif

/* 0 allows, anything else denies; must allow ids that are not in its own set. */
typedef int (*btf_kfunc_filter_t)(const struct bpf_prog *prog, __u32 kfunc_id);

struct btf_kfunc_id_set {
	struct module *owner; /* THIS_MODULE; NULL is the library's own */
	struct btf_id_set8 *set;
	btf_kfunc_filter_t filter; /* may be NULL */
};

/*
 * Makes the kfuncs of a set visible to programs of a type (and of the types that share its hook:
 * all cgroup types, LSM with TRACING, ...). BPF_PROG_TYPE_UNSPEC makes them visible to every
 * program. There is no way back: the module stays loaded until the process ends.
 *
 * Returns 0; a module without BTF is reported through kfunc_init_errors() and is 0 too, as in the
 * kernel. -EINVAL: an id that is no function of the module's BTF (or of an undecorated set where
 * the kernel's version asks for BTF_KFUNCS_START), iterator functions that are not what their flags
 * say, a program type without a hook, a second set for the same hook, broken BTF. -ENOENT: the
 * library's BTF is missing. -E2BIG: more than 256 kfuncs or 16 filters on one hook. -EOVERFLOW,
 * -ENOMEM. The errors from "program type without a hook" on, but for -ENOMEM of a first set, drop
 * all sets of this module. kfunc_register_error() has the reason in words.
 */
KFUNC_API int register_btf_kfunc_id_set(enum bpf_prog_type prog_type,
					const struct btf_kfunc_id_set *set);

/* Functions to which fmod_ret programs may attach; errors as above. */
KFUNC_API int register_btf_fmodret_id_set(const struct btf_kfunc_id_set *set);

/*
 * Destructors: what to call for a referenced kptr of this type that is left in a map. Ids come from
 * a BTF_ID_LIST, in any function that runs as an initcall or later.
 */
struct btf_id_dtor_kfunc {
	__u32 btf_id;
	__u32 kfunc_btf_id;
};

/*
 * Returns 0. -EINVAL: a function that is not void f(T *), a second call of a module. -E2BIG: 256 or
 * more. -EOVERFLOW, -ENOENT, -ENOMEM. Every failure drops all destructors of this module.
 */
KFUNC_API int register_btf_id_dtor_kfuncs(const struct btf_id_dtor_kfunc *dtors, __u32 add_cnt,
					  struct module *owner);

/* The reason of the last failed registration of the calling thread; "" if there was none. */
KFUNC_API const char *kfunc_register_error(void);

/*
 * ---- Initcalls ----
 *
 * late_initcall(fn) calls int fn(void) when the executable starts or the library is loaded, after
 * libkfunc is ready. A result other than 0 is kept for kfunc_init_errors().
 */
KFUNC_API void kfunc_run_initcall(struct module *module, int (*fn)(void), const char *name);

#define late_initcall(fn)                                                                          \
	static void __attribute__((constructor, used)) kfunc_initcall_##fn(void)                   \
	{                                                                                          \
		kfunc_run_initcall(THIS_MODULE, fn, #fn);                                          \
	}                                                                                          \
	KFUNC_SEMICOLON
#define module_init(fn) late_initcall(fn)

struct kfunc_init_error {
	const char *module;   /* path of the executable or library */
	const char *initcall; /* function, or NULL: outside of one */
	int err;              /* -errno, 0: a registration that was skipped */
	const char *reason;   /* one line; never NULL */
};

/*
 * Calls report, which may be NULL, for every initcall that failed and every registration that was
 * skipped so far; returns how many there are. Strings stay valid until the process ends.
 */
KFUNC_API unsigned int
kfunc_init_errors(void (*report)(void *ctx, const struct kfunc_init_error *e), void *ctx);

/*
 * ---- Trust ----
 *
 * BTF_TYPE_SAFE_X(struct s) { members }; declares members of struct s whose value is as good as the
 * list says when it is loaded from a trusted struct s. Names and types must be those of struct s.
 * The declaration must reach the BTF: BTF_TYPE_EMIT(BTF_TYPE_SAFE_X(struct s)); in any function
 * does it.
 */
#define KFUNC_PASTE(a, b)                   a##b
#define BTF_TYPE_SAFE_NESTED(type)          KFUNC_PASTE(type, __safe_fields) /* as trusted as its parent */
#define BTF_TYPE_SAFE_RCU(type)             KFUNC_PASTE(type, __safe_rcu)
#define BTF_TYPE_SAFE_RCU_OR_NULL(type)     KFUNC_PASTE(type, __safe_rcu_or_null)
#define BTF_TYPE_SAFE_TRUSTED(type)         KFUNC_PASTE(type, __safe_trusted)
#define BTF_TYPE_SAFE_TRUSTED_OR_NULL(type) KFUNC_PASTE(type, __safe_trusted_or_null)

#define BTF_TYPE_EMIT(type)       ((void)(type *)0)
#define BTF_TYPE_EMIT_ENUM(value) ((void)value)

#ifdef __cplusplus
}
#endif

#endif
