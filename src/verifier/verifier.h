/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The verifier's door: a pure function from (kernel, program, map descriptions, options) to a
 * verdict, diagnostics, and facts for the interpreter and the code generator. No globals, no I/O,
 * no clock; any number of verifications may run at once. It allocates from base/mem.h only.
 */
#ifndef VERIFIER_VERIFIER_H
#define VERIFIER_VERIFIER_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "btf/btf.h"
#include "contract/contract.h"
#include "diag/diag.h"
#include "kernel/kernel.h"

/* What the verifier knows of a map. Filled by the boundary; constant while verifying. */
struct vf_map {
	uint32_t type, key_size, value_size, max_entries, flags; /* BPF_F_* of creation */
	uint64_t map_extra;
	char name[16];
	const struct btf_obj *btf; /* of key and value, or NULL */
	uint32_t key_type_id, value_type_id;
	const struct btf_fields *fields; /* special fields of the value, or NULL */
	const struct vf_map *inner;      /* template of a map of maps */
	bool is_inner_template;
	bool frozen; /* BPF_MAP_FREEZE was done and no writer is in flight */
	bool placed; /* an arena: its user's addresses are fixed; set in the lifetime of the map */
	const void
		*const_value; /* frozen read-only single array: its value_size bytes, else NULL */
	void *obj;            /* the boundary's own object, opaque here */
};

/* How instruction operands that are file descriptors are resolved: -errno as the spec says. */
struct vf_resolver {
	int (*map_by_fd)(void *ctx, int fd, const struct vf_map **map); /* EBADF, EINVAL */
	/* a module's BTF for kfunc calls and ldimm64 kind 3: EBADF, EINVAL (not a BTF) */
	int (*btf_by_fd)(void *ctx, int fd, const struct btf_obj **btf, bool *is_module);
	void *ctx;
};

enum vf_caps {
	VF_CAP_BPF = 1 << 0,
	VF_CAP_PERFMON = 1 << 1,
	VF_CAP_NET_ADMIN = 1 << 2,
	VF_CAP_SYS_BOOT = 1 << 3, /* asked only for KF_DESTRUCTIVE */
	VF_CAP_ALL = 0xf,
};

/* A loaded program that others attach to: freplace, fentry and fexit. */
struct vf_target {
	uint32_t type, attach_type;
	/* whose rules it was verified by: of an extension those of its own target, else the above */
	uint32_t place_type, place_attach_type;
	const struct btf_obj *btf;    /* or NULL */
	const struct vf_facts *facts; /* NULL: it was not accepted */
	bool machine_code,
		traces_tracing; /* the latter: it is attached to a program of type TRACING */
};

struct vf_program {
	const struct bpf_insn *insns;
	uint32_t n_insns;
	uint32_t type, attach_type, prog_flags;
	char name[16];
	const char *licence;
	const struct btf_obj *btf; /* the program's, or NULL */
	const void *func_info, *line_info, *core_relo;
	uint32_t func_info_rec, func_info_cnt;
	uint32_t line_info_rec, line_info_cnt;
	uint32_t core_relo_rec, core_relo_cnt;
	uint32_t attach_btf_id;
	const struct btf_obj *attach_btf; /* NULL: the kernel's */
	const struct vf_target *attach_prog;
	const int32_t *fd_array; /* NULL: none */
	uint32_t fd_array_cnt;   /* length known to be readable */
	bool uses_fd_array;      /* all of its maps, whether or not an instruction names them */
};

/* What the walk did at one instruction. */
struct vf_insn_count {
	uint32_t processed; /* times it was simulated */
	uint32_t stored;    /* states stored in front of it */
	uint32_t compared;  /* stored states that arriving paths were held against */
	uint32_t pruned;    /* paths that ended here, covered by a stored state */
	uint32_t now, peak; /* states kept here, at the end and at most */
};

/* Where the work of a verification went: vf_verify() fills it in, whatever the verdict. */
struct vf_profile {
	struct vf_insn_count *insn; /* freed by vf_profile_free() */
	uint32_t n_insns;           /* 0: the walk was not reached */
};

struct vf_options {
	enum vf_caps caps;
	uint64_t max_insns; /* 0: 1,000,000 */
	/* debug: keep the states at every checkpoint, for checking a concrete run (record.h) */
	bool record_states;
	struct vf_profile *profile; /* filled in if not NULL; empty on entry */
};

/* ---- facts: what the interpreter and the code generator need ---- */

enum vf_insn_flag {
	VFI_SEEN = 1 << 0,       /* some path executed it */
	VFI_PROBE_LOAD = 1 << 1, /* R6.9: a fault gives 0 */
	VFI_ARENA = 1 << 2,
	VFI_ALWAYS = 1 << 3,       /* conditional jump that is always taken */
	VFI_NEVER = 1 << 4,        /* ... never taken */
	VFI_SLEEPABLE = 1 << 5,    /* call: every visit was in a sleepable context */
	VFI_NONSLEEPABLE = 1 << 6, /* call: some visit was not */
	VFI_PERCPU_MAP_ADDR = 1 << 7,
};

/* What a load or store of a context or socket field turned out to be, for its rewriting. */
enum vf_access_base {
	VFA_PLAIN, /* ordinary memory */
	VFA_CTX,
	VFA_SOCK, /* socket, sock_common, tcp_sock, xdp_sock views */
	VFA_BTF,
	VFA_MAP_PTR,
};

/*
 * What a call of an object's kfunc sees when that is not the same on every path: sorted by key, which
 * is the type id (obj_new), the node's offset (insertions) or the pointer's offset (refcount_acquire).
 */
struct vf_case {
	uint64_t key;
	const struct btf_fields *fields; /* obj_new */
	uint32_t size;
};

struct vf_cases {
	uint32_t n;
	struct vf_case c[];
};

struct vf_insn_fact {
	uint8_t flags;  /* enum vf_insn_flag */
	uint8_t base;   /* enum vf_access_base */
	uint16_t extra; /* arena casts, sock kind */
	/* kfunc call: its contract. ldimm64: map, subprogram or variable. Helper: map if constant */
	const struct kfunc_contract *kfunc;
	const struct vf_map *map; /* ldimm64 map, or the constant map of a helper call */
	/* obj_new: type id; insertions, refcount_acquire: offset in the object; kind 3: address */
	uint64_t imm64;
	const struct btf_fields
		*fields; /* obj_new, insertions: of the local type, if only one is seen */
	uint32_t size;   /* obj_new: bytes */
	uint32_t
		cases; /* 0: imm64, fields and size hold on every path; or index + 1 in facts.cases */
};

/* Whether callers pass what the function's BTF says, for programs that attach to it (R1.14). */
enum vf_btf_fit { VF_BTF_RELIABLE, VF_BTF_UNRELIABLE, VF_BTF_UNKNOWN };

struct vf_subprog {
	uint32_t start, end; /* instructions [start, end) */
	uint32_t stack;      /* bytes used by this function alone */
	bool is_global, is_callback, is_async_callback, is_exception_cb;
	bool has_tail_call;
	bool changes_pkt, may_sleep; /* it or what it calls */
	uint8_t btf_fit;             /* enum vf_btf_fit */
	uint32_t func_id;            /* BTF id of its FUNC, 0: none */
};

struct vf_facts {
	struct vf_insn_fact *insn; /* n_insns */
	uint32_t n_insns;
	struct vf_subprog *subprog;
	uint32_t n_subprogs;
	int32_t exception_cb; /* subprogram, -1: none */
	const struct vf_map *maps[64];
	uint32_t n_maps;
	const struct btf_obj *btfs[64]; /* modules whose kfuncs are called */
	uint32_t n_btfs;
	uint32_t max_ctx_offset; /* SYSCALL, tracepoints: bytes of context needed */
	uint32_t max_tp_access;  /* writable raw tracepoints */
	uint16_t nonnull_args; /* typed tracepoints: bits, pointers that it may follow unchecked */
	uint32_t max_rdonly_access, max_rdwr_access; /* iterator buffers */
	bool may_goto, uses_arena, changes_pkt, might_sleep, throws;
	/* one entry for each deprecated kfunc that is called */
	const struct kfunc_contract *deprecated[8];
	uint32_t n_deprecated;
	struct vf_record *record; /* options.record_states; opaque: verifier/record.h */
	struct vf_cases **cases;  /* owned */
	uint32_t n_cases;
	struct btf_fields **local_fields; /* owned: special fields of program types */
	uint32_t n_local_fields;
};

/*
 * Verifies. *facts is filled on acceptance and must be freed with vf_facts_free(); on any other
 * verdict it is empty. report is always filled. Returns report->err: 0 or -errno
 * (unsupported: -ENOTSUPP).
 */
int vf_verify(const struct kfunc_kernel *kernel, const struct vf_program *prog,
	      const struct vf_resolver *resolver, const struct vf_options *opts,
	      struct diag_report *report, struct vf_facts *facts);
void vf_facts_free(struct vf_facts *facts);
void vf_profile_free(struct vf_profile *profile);

/*
 * Special fields of a struct of a program's BTF or of a map value (kfunc spec R8.1-R8.5, R8.20).
 * *out is NULL when there are none; free with mem_free(). allowed: mask of enum btf_field_kind that
 * are looked for. Errors: -EINVAL, -E2BIG, -EEXIST, -ENOENT, -ELOOP, -ENOMEM.
 */
int vf_find_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, uint32_t type_id,
		   uint32_t allowed, struct btf_fields **out);

/*
 * Whether the structs of a program's BTF that own something keep the rules (R8.20), as loading the BTF
 * asks. 0, or an error of vf_find_fields(), with a sentence in why.
 */
int vf_check_btf_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, char *why,
			size_t size);

#endif
