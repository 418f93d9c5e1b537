/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kfunc is a contract. When a set is registered, each entry's BTF prototype, parameter suffixes
 * and KF_ flags are compiled once into a struct kfunc_contract. The verifier's kfunc call check is
 * a walk over its argument rows; `kfunc list`, `kfunc lint`, `kfunc doc` and the deprecation
 * warning read the same structure. Rules: kfunc spec sections 1 (registration), 2.6 (prototypes),
 * 3.1-3.3 (arguments), 4 (returns), 5 (flags).
 *
 * What depends on the *register* at a call (memory or kernel object, C19-C21) is left to the
 * verifier: the row says what the declaration allows.
 */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "btf/btf.h"

/* KF_* flags: bits from flags.def; <kfunc/kfunc.h> has the same as macros */
#ifndef KFUNC_KFUNC_H
enum {
#define FLAG(bit, name, since, until, text) KF_##name = 1u << (bit),
#include "contract/flags.def"
#undef FLAG
};
#endif

enum contract_hook {
	HOOK_COMMON,
	HOOK_XDP,
	HOOK_TC,
	HOOK_STRUCT_OPS,
	HOOK_TRACING,
	HOOK_SYSCALL,
	HOOK_FMODRET,
	HOOK_CGROUP,
	HOOK_SCHED_ACT,
	HOOK_SK_SKB,
	HOOK_SOCKET_FILTER,
	HOOK_LWT,
	HOOK_NETFILTER,
	HOOK_KPROBE,
	HOOK_COUNT
};

enum contract_arg_kind {
	CARG_PROG_AUX,     /* A1: filled by the loader */
	CARG_IGNORED,      /* A2 */
	CARG_SCALAR,       /* A3 */
	CARG_SCALAR_CONST, /* __k */
	CARG_RET_SIZE,     /* rdonly_buf_size, rdwr_buf_size: ret_rdonly says which */
	CARG_SIZE,         /* __sz: consumed by the pointer before it when that is memory */
	CARG_SIZE_CONST,   /* __szk */
	CARG_ALLOC_OBJ,    /* C4 */
	CARG_REFCOUNTED,   /* C5 */
	CARG_DYNPTR,       /* C6 */
	CARG_ITER,         /* C7 */
	CARG_LIST_HEAD,    /* C8.. */
	CARG_LIST_NODE,
	CARG_RB_ROOT,
	CARG_RB_NODE,
	CARG_CONST_STR, /* C12 */
	CARG_MAP,       /* C13 */
	CARG_WORKQUEUE,
	CARG_TIMER,
	CARG_TASK_WORK,
	CARG_IRQ_FLAG,
	CARG_RES_SPIN_LOCK,
	CARG_CALLBACK,  /* C20 */
	CARG_KPTR_SLOT, /* R5.4: KF_KPTR_GET, parameter 0 */
	/*
	 * C2, C19, C21: a pointer whose treatment depends on the register. `ctx_ok` is decided by
	 * the program type and the pointee's name at the call; `mem_ok` says that plain memory of
	 * size `size` (or of the size argument) may be passed; `struct_ok` that a kernel object
	 * may.
	 */
	CARG_PTR,
	CARG_BAD, /* not expressible: every call is -EINVAL (C22, A4) */
};

enum contract_arg_flags {
	CARGF_NULLABLE = 1 << 0, /* __nullable, or __opt for the buffer of a size pair */
	CARGF_UNINIT = 1 << 1,
	CARGF_NONOWN_OK = 1 << 2,  /* __nonown_allowed */
	CARGF_RET_RDONLY = 1 << 3, /* CARG_RET_SIZE named rdonly_buf_size */
	CARGF_MEM_OK = 1 << 4,     /* CARG_PTR: scalar, scalar struct, or void with a size pair */
	CARGF_STRUCT_OK = 1 << 5,  /* CARG_PTR: pointee is a struct or union */
	CARGF_SIZE_NEXT = 1 << 6,  /* the next parameter is __sz or __szk */
	CARGF_SIZE_NEXT_CONST = 1 << 7,
	CARGF_IMPLICIT = 1 << 8,
	CARGF_CONST = 1 << 9, /* const pointee (documentation only) */
	/* NULLABLE comes from __opt: NULL skips the size pair's memory check (3.6), nothing else;
	 * A5 still refuses it where that rule holds */
	CARGF_OPT = 1 << 10,
};

struct contract_arg {
	uint8_t kind; /* enum contract_arg_kind */
	uint16_t flags;
	const char *name;    /* parameter name, suffix included; lives in the BTF */
	uint32_t type_id;    /* declared type */
	uint32_t pointee_id; /* modifiers stripped; 0: void or no pointer; KPTR_SLOT: the kptr's
				struct */
	const char *pointee_name;
	uint32_t size; /* of the pointee, 0 if unknown */
};

enum contract_ret_kind {
	CRET_VOID,
	CRET_SCALAR,
	CRET_VOID_PTR, /* unknown scalar unless special */
	CRET_STRUCT,   /* pointer to struct: type_id */
	CRET_MEM,      /* pointer to something else: size from an argument or of the pointee */
	CRET_BAD,
};

enum contract_special {
	SPECIAL_NONE,
#define SPECIAL(sym, name) SPECIAL_##sym,
#include "contract/special.def"
#undef SPECIAL
};

#define CONTRACT_MAX_ARGS 12

struct kfunc_contract {
	const char *name;
	const struct btf_obj *btf; /* the BTF that holds the FUNC */
	uint32_t func_id;
	uint32_t proto_id;
	uint32_t flags;      /* KF_*; of the entry */
	uint32_t hooks;      /* bit per enum contract_hook it was registered for */
	uint64_t prog_types; /* bit per program type named at registration, bit 0: all of them */
	enum contract_special special; /* by name, only in vmlinux-like BTF; _impl stripped */
	uint8_t n_args;
	struct contract_arg arg[CONTRACT_MAX_ARGS];
	uint8_t ret_kind;  /* enum contract_ret_kind */
	uint8_t ret_bytes; /* CRET_SCALAR: width */
	bool ret_signed, ret_bool;
	uint32_t ret_type_id;  /* CRET_STRUCT, CRET_MEM: pointee */
	uint32_t ret_mem_size; /* CRET_MEM without size argument; 0: unknown */
	/* iterators: name of struct bpf_iter_X's X and slots */
	const char *iter_name;
	uint8_t iter_slots;
	/* R2.6: not expressible, -EINVAL wherever the call stands (dead code too); n_args is 0 */
	bool proto_bad;
	const char *bad_why; /* what makes every call fail (bad prototype, argument, return), for
				people */
	void *addr;          /* the function, in the live kernel; NULL in images */
	/* lifecycle, from flags and the doc comment; NULL where unknown */
	const char *doc; /* kernel-doc text beside the source */
};

/* Compiles one entry. `version` picks rules (KVER). Returns 0, -EINVAL (not a FUNC), -ENOMEM. */
int contract_compile(struct kfunc_contract *c, const struct btf_obj *btf, uint32_t func_id,
		     uint32_t flags, uint16_t version);

/* By name, `_impl` stripped; SPECIAL_NONE. */
enum contract_special contract_special_of(const char *name);
/* Text and names of single flag bits, for list, doc and lint; NULL: no such flag. */
const char *contract_flag_name(unsigned int bit);
const char *contract_flag_text(unsigned int bit);
const char *contract_arg_kind_name(enum contract_arg_kind kind);
/* R10.9: what a KF_ITER_* kfunc must look like; NULL: it does, otherwise what is wrong. */
const char *contract_check_iter(const struct btf_obj *btf, uint32_t func_id, uint32_t flags);
/* The suffix of a parameter name that means something at this version, or NULL. */
const char *contract_suffix(const char *param, uint16_t version);

#endif
