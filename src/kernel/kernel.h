/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel is a value: types, kfunc sets per hook, destructors, and the tables and rules of one
 * version. The live kernel of this process and any kernel image are the same struct; nothing below
 * this header asks which of them it has, except runtime rooms, which need the live one's functions.
 *
 * Tables (helper prototypes, contexts, program types, map types, tracepoints, trusted fields) are
 * generated from data/ with the versions they hold for; a kernel picks its rows once, when it is
 * made. Rules that are not tables but behaviour are bits from rules.def with since and until.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/kver.h"
#include "btf/btf.h"

struct contract_registry;
struct kfunc_contract;

enum kernel_rule {
#define RULE(name, since, until, text) RULE_##name,
#include "kernel/rules.def"
#undef RULE
	RULE_COUNT
};

struct kfunc_kernel {
	char release[80];
	uint16_t version; /* KVER() */
	bool live;
	struct btf_obj *btf;                /* plays vmlinux */
	struct contract_registry *registry; /* kfunc sets and destructors */
	bool rule[RULE_COUNT];
	uint32_t nr_cpus; /* possible CPUs, bounds of get_smp_processor_id */
	_Atomic uint32_t refs;
	const struct kernel_tables *tables; /* rows of this version, resolved against btf */
};

/*
 * The live kernel of this process, made on first use; borrowed, it lives as long as the process.
 * NULL and errno when it cannot be made (kfuncs/live.c).
 */
struct kfunc_kernel *kernel_live(void);
/*
 * A kernel read from a vmlinuz, a vmlinux or raw BTF. release: for a file that does not tell its
 * own; NULL: the running kernel's if the file is its BTF, else the known version whose kfuncs are
 * most like the file's. The caller owns one reference. On failure NULL, a -errno in *err and a
 * sentence without newline in why (may be NULL): -ENOENT, -EISDIR, -EFBIG, -EINVAL (no kernel file,
 * malformed), -EOPNOTSUPP (compression or release unknown), -ENOMEM.
 */
struct kfunc_kernel *kernel_open_image(const char *path, const char *release, char *why,
				       size_t why_size, int *err);
struct kfunc_kernel *kernel_get(struct kfunc_kernel *k);
void kernel_put(struct kfunc_kernel *k);
static inline bool kernel_has(const struct kfunc_kernel *k, enum kernel_rule r)
{
	return k->rule[r];
}

/* ---- program types (facts/prog_types.json) ---- */

/* return range for some attach types; attach -1: any */
struct kernel_attach_range {
	int16_t attach;
	bool any; /* any scalar, or a pointer where the spec says so (verifier spec 10) */
	int32_t min, max;
};

struct kernel_prog_type {
	uint32_t type;            /* BPF_PROG_TYPE_* */
	const char *name;         /* "sched_cls" */
	const char *user_ctx;     /* "__sk_buff", or "" */
	const char *kernel_ctx;   /* "sk_buff", or "" */
	int8_t hook;              /* enum contract_hook, or -1 */
	bool attach_type_checked; /* load refuses attach types not listed */
	const uint8_t *attach_types;
	uint32_t n_attach_types;
	bool sleepable_ok;        /* may carry the sleepable flag; details by attach type in code */
	bool btf_ctx;             /* arguments come from a BTF prototype */
	bool pkt_read, pkt_write; /* direct packet access */
	bool helper_pkt_read, helper_pkt_write; /* packet pointers as helper memory (HF_PKT_ARGS) */
	bool helper_pkt_any;                    /* ... of every helper, HF_PKT_ARGS or not */
	const struct kernel_attach_range *ranges;
	uint32_t n_ranges;
};

/* NULL: this kernel has no such program type */
const struct kernel_prog_type *kernel_prog_type(const struct kfunc_kernel *k, uint32_t type);
const struct kernel_attach_range *kernel_return_range(const struct kernel_prog_type *t,
						      uint32_t attach_type);
/* "sched_cls" -> type, -1 if unknown; and back */
int kernel_prog_type_by_name(const char *name);
const char *kernel_prog_type_name(uint32_t type); /* NULL if unknown */
const char *kernel_attach_type_name(uint32_t attach_type);

/* ---- helpers (facts/helpers.json) ---- */

enum helper_arg {
	HARG_NONE,
	HARG_ANY,
	HARG_SCALAR,
	HARG_MAP,
	HARG_MAP_KEY,
	HARG_MAP_VALUE,
	HARG_MAP_VALUE_UNINIT,
	HARG_MEM, /* with a size argument after it, or fixed size */
	HARG_SIZE,
	HARG_SIZE_OR_ZERO,
	HARG_CONST_ALLOC_SIZE,
	HARG_CTX,
	HARG_SPIN_LOCK,
	HARG_TIMER,
	HARG_KPTR_XCHG_DEST,
	HARG_BTF_ID, /* of_type says which struct */
	HARG_BTF_SOCK_COMMON,
	HARG_SOCK_COMMON,
	HARG_SOCKET,
	HARG_PERCPU_BTF_ID,
	HARG_RINGBUF_MEM,
	HARG_FUNC,
	HARG_STACK,
	HARG_CONST_STR,
	HARG_DYNPTR,
};

enum helper_arg_flags {
	HARGF_OR_NULL = 1 << 0, /* NULL or a maybe-NULL pointer is fine */
	HARGF_RDONLY = 1 << 1,  /* memory is only read */
	HARGF_WRITE = 1 << 2,   /* memory is written */
	HARGF_UNINIT = 1 << 3,  /* written whole, may be uninitialised */
	HARGF_RELEASE = 1 << 4,
	HARGF_ALIGNED = 1 << 5,
	HARGF_FIXED_SIZE = 1 << 6, /* HARG_MEM: size says how many bytes */
	HARGF_DYNPTR_LOCAL = 1 << 7,
	HARGF_DYNPTR_RINGBUF = 1 << 8,
	HARGF_NEXT_SIZE = 1 << 9, /* HARG_MEM: the next argument is its size */
	/* HARG_DYNPTR: RDONLY takes constant dynptrs too, UNINIT makes one of the kind given,
	 * neither wants an initialised one of any kind. */
};

enum helper_ret {
	HRET_INTEGER,
	HRET_VOID,
	HRET_MAP_VALUE,
	HRET_SOCKET,
	HRET_SOCK_COMMON,
	HRET_TCP_SOCK,
	HRET_RINGBUF_MEM, /* memory of the constant size argument */
	HRET_MEM_OR_BTF_ID,
	HRET_DYNPTR_MEM,
	HRET_BTF_ID, /* ret_type */
	HRET_KPTR,   /* type of the field exchanged */
};

struct kernel_helper_arg {
	uint8_t kind;    /* enum helper_arg */
	uint8_t of_type; /* kernel_helper_type() */
	uint16_t flags;  /* enum helper_arg_flags */
	uint32_t size;   /* HARGF_FIXED_SIZE */
};

enum helper_flags {
	HF_GPL = 1 << 0,
	HF_PKT_ARGS = 1 << 1, /* packet pointers may be memory arguments */
	HF_MAY_SLEEP = 1 << 2,
	HF_CHANGES_PKT = 1 << 3, /* invalidates packet pointers */
	HF_RET_NULL = 1 << 4,
	HF_RET_TRUSTED = 1 << 5,
	HF_ACQUIRE = 1 << 6,
	HF_PTR_CAST = 1 << 7, /* socket casts: the result shares the argument's reference (R7.6) */
	HF_FASTCALL = 1 << 8, /* keeps R1-R5 when inlined */
	HF_RET_MAX_SIZE = 1 << 9, /* result: ret_min to the upper bound of the size argument */
	HF_RET_MAX_CPU = 1 << 10, /* result: ret_min to nr_cpus - 1 of the kernel */
};

struct kernel_helper {
	const char *name; /* "map_lookup_elem" */
	uint16_t id;
	uint16_t flags;
	uint8_t ret;      /* enum helper_ret */
	uint8_t ret_type; /* kernel_helper_type() */
	bool has_ret_range;
	struct kernel_helper_arg arg[5];
	int32_t ret_min, ret_max;
};

/* Where a program stands, for tables that depend on more than its type. */
struct kernel_prog_place {
	uint32_t type;
	uint32_t attach_type;
	bool sleepable;
	/* attach function, iterator target, struct_ops name; may be NULL */
	const char *attach_name;
	uint8_t lacks; /* enum kernel_cap: what the loader does not have; 0: everything */
};

enum kernel_cap {
	KCAP_BPF = 1 << 0,
	KCAP_PERFMON = 1 << 1,
	KCAP_NET_ADMIN = 1 << 2,
	KCAP_SYS_ADMIN = 1 << 3,
};

/* NULL: unknown number, or not offered to this kind of program; *known (may be NULL) tells which.
 */
const struct kernel_helper *kernel_helper(const struct kfunc_kernel *k, uint32_t id,
					  const struct kernel_prog_place *at, bool *known);
const char *kernel_helper_name(uint32_t id); /* NULL if unknown */
/* the name of the struct that an argument or result points to; NULL for 0, which is no particular one */
const char *kernel_helper_type(uint8_t type);

/* ---- contexts (facts/ctx_access.json) ---- */

enum ctx_kind {
	CTX_SCALAR,
	CTX_PACKET,
	CTX_PACKET_END,
	CTX_PACKET_META,
	CTX_SOCKET,
	CTX_SOCKET_OR_NULL,
	CTX_SOCK_COMMON_OR_NULL,
	CTX_FLOW_KEYS,
	CTX_TP_BUFFER,
	CTX_BTF_TRUSTED, /* btf_name */
	CTX_BTF_TRUSTED_OR_NULL,
	CTX_BUF_RDONLY_OR_NULL,
	CTX_BUF_OR_NULL,
};

struct kernel_ctx_result {
	enum ctx_kind kind;
	const char *btf_name;
	const char *field; /* for diagnostics */
};

/*
 * Is an access of size bytes at off of this program's context allowed, and what does it give? For
 * types without a BTF prototype. 0 or -EACCES. A packet pointer kind wants a plain load.
 */
int kernel_ctx_access(const struct kfunc_kernel *k, const struct kernel_prog_place *at,
		      uint32_t off, uint32_t size, bool write, bool sign_extend,
		      struct kernel_ctx_result *res);
/* As above for SOCKET, SOCK_COMMON, TCP_SOCK, XDP_SOCK registers (0..3, reads only). */
enum kernel_sock_kind { KSOCK_SOCKET, KSOCK_COMMON, KSOCK_TCP, KSOCK_XDP };
int kernel_sock_access(const struct kfunc_kernel *k, enum kernel_sock_kind kind, uint32_t off,
		       uint32_t size);

/* ---- map types (facts/map_types.json) ---- */

struct kernel_map_type {
	uint32_t type;
	const char *name;
	bool sleepable; /* sleepable programs may use it */
	bool for_each;
	bool direct_value;
	bool mmapable;
	bool inner_ok;
	uint32_t flags;  /* creation flags accepted */
	uint32_t fields; /* special fields (enum btf_field_kind) its value may hold */
};

const struct kernel_map_type *kernel_map_type(const struct kfunc_kernel *k, uint32_t type);
const char *kernel_map_type_name(uint32_t type); /* "hash", NULL if unknown */
/* May this helper take this map, in this kind of program? (verifier spec 8.2) */
bool kernel_map_helper_ok(const struct kfunc_kernel *k, uint32_t map_type, uint32_t helper_id,
			  const struct kernel_prog_place *at);

/* ---- typed contexts, trust (facts/tracepoints.json, trusted_types.json) ---- */

enum tp_arg_quality { TP_ARG_NORMAL, TP_ARG_NULLABLE, TP_ARG_ERROR };
enum tp_arg_quality kernel_tp_arg(const struct kfunc_kernel *k, const char *tracepoint,
				  uint32_t arg);
/* Hook names come without "bpf_lsm_". */
bool kernel_lsm_untrusted(const struct kfunc_kernel *k, const char *hook);
bool kernel_lsm_disabled(const struct kfunc_kernel *k, const char *hook);
bool kernel_lsm_sleepable(const struct kfunc_kernel *k, const char *hook);
bool kernel_lsm_bool(const struct kfunc_kernel *k, const char *hook);

enum kernel_trust {
	KTRUST_NONE,
	KTRUST_RCU,
	KTRUST_RCU_OR_NULL,
	KTRUST_TRUSTED,
	KTRUST_TRUSTED_OR_NULL,
	KTRUST_NESTED, /* older seed: as trusted as its parent */
};

/*
 * Filters of the kernel's own kfunc sets (kfunc spec R1.10): code, so no image shows them. May a
 * program at this place call the kfunc `name` of the kernel's BTF, as far as they are known?
 */
bool kernel_kfunc_filter(const struct kfunc_kernel *k, const char *name,
			 const struct kernel_prog_place *at);

/*
 * struct_ops (verifier spec R1.15, kfunc spec 11.2): may a program be loaded for this member of the
 * operations struct? 0, -ENOTSUPP (524): the subsystem has no use for one; -EINVAL: not a sleepable
 * one.
 */
int kernel_ops_member(const struct kfunc_kernel *k, const char *ops, const char *member,
		      bool sleepable);

/* Quality of pointer member `field` of struct `name` (kfunc spec 6.3): tables and the BTF's own
 * `struct name__safe_*` declarations. */
enum kernel_trust kernel_field_trust(const struct kfunc_kernel *k, const struct btf_obj *btf,
				     const char *name, const char *field, uint32_t field_type_id);
/* kfunc spec R8.10: a referenced kptr of this kernel type loads as an RCU pointer */
bool kernel_kptr_is_rcu(const struct kfunc_kernel *k, const char *type_name);

#endif
