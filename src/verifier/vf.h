/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The verifier's own header: abstract values, states, the environment of one verification, and
 * what each file offers the others. Vocabulary: kfunc spec section 0, verifier spec "Vocabulary".
 *
 * Conventions
 *  - A check returns 0 or a negative errno. The errno comes from the diagnostic: every rejection
 *    goes through vf_reject(), every gap through vf_unsupported(); nothing returns a bare -EINVAL.
 *    Allocation failure: return vf_nomem(env).
 *  - "The current state" is env->cur. Its top frame is always exclusively owned and may be written
 *    through vf_regs(env). Outer frames may be shared with queued states: write to them only after
 *    vf_frame_own(env, n). vf_for_each_reg_mut() owns all frames itself.
 *  - Registers are referred to by number in the current frame unless a frame is given.
 */
#ifndef VERIFIER_VF_H
#define VERIFIER_VF_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "verifier/verifier.h"

#define VF_MAX_FRAMES   16 /* 8 up to 7.1, see rule FRAMES_16 */
#define VF_STACK_BYTES  512
#define VF_MAX_SLOTS    (VF_STACK_BYTES / 8)
#define VF_MAX_SUBPROGS 256
#define VF_MAX_KFUNCS   256
#define VF_MAX_VAR_OFF  (1 << 29)
#define VF_REGS         11

/* ---------------------------------------------------------------- abstract values */

enum vf_base {
	VF_NOT_INIT,
	VF_SCALAR,
	VF_CTX,
	VF_STACK, /* frame: whose */
	VF_MAP_KEY,
	VF_MAP_VALUE,
	VF_CONST_MAP, /* pointer to a map object */
	VF_MEM,       /* mem_size bytes */
	VF_BUF,       /* iterator buffers, no size */
	VF_BTF_ID,
	VF_PACKET,
	VF_PACKET_META,
	VF_PACKET_END,
	VF_SOCKET,
	VF_SOCK_COMMON,
	VF_TCP_SOCK,
	VF_XDP_SOCK,
	VF_FUNC, /* subprog */
	VF_CONST_DYNPTR,
	VF_ARENA,
	VF_TP_BUFFER,
	VF_FLOW_KEYS,
	VF_BASE_COUNT
};

enum vf_flags {
	VF_MAYBE_NULL = 1 << 0,
	VF_RDONLY = 1 << 1,
	VF_UNTRUSTED = 1 << 2,
	VF_TRUSTED = 1 << 3,
	VF_RCU = 1 << 4,
	VF_USER = 1 << 5,
	VF_PERCPU = 1 << 6,
	VF_ALLOC = 1 << 7,      /* program-allocated object */
	VF_NON_OWN = 1 << 8,    /* non-owning graph reference */
	VF_RINGBUF = 1 << 9,    /* MEM from ringbuf_reserve */
	VF_DYN_LOCAL = 1 << 10, /* MEM from a dynptr of this kind */
	VF_DYN_SKB = 1 << 11,
	VF_DYN_XDP = 1 << 12,
	VF_DYN_RINGBUF = 1 << 13,
	VF_DYN_FILE = 1 << 14,
	VF_LINK_DELTA = 1 << 15, /* scalar: linked with a constant difference (R4.6) */
};

#define VF_DYN_PACKET (VF_DYN_SKB | VF_DYN_XDP)
#define VF_DYN_ANY    (VF_DYN_LOCAL | VF_DYN_PACKET | VF_DYN_RINGBUF | VF_DYN_FILE)

struct vf_tnum {
	uint64_t v, m;
};

struct vf_scalar {
	struct vf_tnum t;
	uint64_t umin, umax;
	int64_t smin, smax;
	uint32_t u32min, u32max;
	int32_t s32min, s32max;
};

/* marks in .range of packet pointers */
#define VF_RANGE_BEYOND (-1) /* pointer is known to be > end */
#define VF_RANGE_AT     (-2) /* pointer is known to be >= end */

enum vf_dynptr_kind {
	VF_DYNPTR_NONE,
	VF_DYNPTR_LOCAL,
	VF_DYNPTR_RINGBUF,
	VF_DYNPTR_SKB,
	VF_DYNPTR_XDP,
	VF_DYNPTR_SKB_META,
	VF_DYNPTR_FILE,
};

enum vf_iter_state { VF_ITER_INVALID, VF_ITER_ACTIVE, VF_ITER_DRAINED };

/*
 * One register, or the content of one spilled slot. Also describes dynptr, iterator and irq objects
 * in stack slots (kind bytes of the slot tell). 112 bytes without holes; made only by reg.c's
 * functions or by copying, so unused members are zero and memcmp() may compare two of them.
 */
struct vf_reg {
	uint8_t base;   /* enum vf_base */
	uint8_t frame;  /* STACK: frame that owns the memory */
	uint16_t flags; /* enum vf_flags */
	int32_t off;    /* fixed part of the offset */
	/*
	 * Scalar: link id (0 none). MAYBE_NULL pointer: null id. Packet pointer: identity. Map value or
	 * object with a lock: identity of the lock. Ids are unique per verification.
	 */
	uint32_t id;
	uint32_t ref_id;    /* acquired reference behind this pointer, 0: none */
	struct vf_scalar s; /* scalar: the value. Pointer: variable part of the offset */
	union {
		const struct vf_map *map;  /* CONST_MAP, MAP_KEY, MAP_VALUE */
		const struct btf_obj *btf; /* BTF_ID; iterator slots */
	};
	union {
		uint32_t map_uid;     /* CONST_MAP, MAP_*: identity of an inner map, 0: outer */
		uint32_t type_id;     /* BTF_ID; iterator slots: struct bpf_iter_X */
		uint32_t mem_size;    /* MEM */
		int32_t range;        /* PACKET, PACKET_META */
		uint32_t subprog;     /* FUNC */
		uint32_t dynptr_kind; /* CONST_DYNPTR, dynptr slots: enum vf_dynptr_kind */
		uint32_t irq_class;   /* irq slots: 0 native, 1 from a resilient lock */
	};
	uint32_t parent_id; /* slices: identity of the dynptr; dynptr slots: own identity in id */
	union {
		int32_t delta;              /* scalars with VF_LINK_DELTA */
		struct {                    /* iterator slots */
			uint8_t iter_state; /* enum vf_iter_state */
			uint8_t first_slot; /* objects of several slots: 1 in the one that holds the lowest byte */
			uint16_t iter_rcu; /* 0 none, 1 protected, 2 lost protection */
		};
	};
	uint32_t iter_depth; /* iterator slots */
	uint32_t made_at;    /* instruction that made the value, for diagnostics; never compared */
	uint32_t
		gone_at; /* a number that was a pointer: instruction that released it, as above; VF_LAPSED */
};

/* in gone_at: nothing was released, the memory may have moved or its owner is another */
#define VF_LAPSED (1u << 31)

enum vf_slot_kind {
	VF_SLOT_INVALID, /* never written */
	VF_SLOT_SPILL,
	VF_SLOT_MISC,
	VF_SLOT_ZERO,
	VF_SLOT_DYNPTR,
	VF_SLOT_ITER,
	VF_SLOT_IRQ,
};

/*
 * Slot i covers bytes [-8*(i+1), -8*i) of the frame. kind[j] describes byte -8*(i+1)+j. A SPILL of
 * width w has kind SPILL in bytes 0..w-1 (little endian: the low-order bytes).
 */
struct vf_slot {
	struct vf_reg reg;
	uint8_t kind[8];
};

struct vf_frame_head {     /* without holes: compared as a whole */
	uint32_t callsite; /* instruction of the call in the caller */
	uint32_t subprog;
	uint32_t async_entry_cnt;
	uint32_t callback_depth; /* rounds of the callback loop at this frame's current call */
	uint32_t reached;        /* slots that were accessed or lie above one that was (R9.3) */
	int32_t cb_ret_min, cb_ret_max;
	uint8_t check_cb_ret; /* exit: R0 must be within cb_ret_min..cb_ret_max */
	uint8_t in_callback, in_async_callback, in_exception_callback;
};

struct vf_frame {
	uint32_t refs; /* states that share this frame */
	struct vf_frame_head head;
	uint32_t n_slots, cap_slots;
	struct vf_reg r[VF_REGS];
	struct vf_slot slot[];
};

enum vf_ref_kind { VF_REF_PTR, VF_REF_LOCK, VF_REF_RES_LOCK, VF_REF_RES_LOCK_IRQ, VF_REF_IRQ };

struct vf_ref {
	uint8_t kind; /* enum vf_ref_kind */
	uint32_t id;
	uint32_t insn;     /* where it was acquired */
	const void *owner; /* locks: map or program BTF; with lock_id the lock's identity (R7.8) */
	uint32_t lock_id;
	uint32_t callback_frame; /* frame depth of the innermost callback when acquired */
};

/* One simulated instruction of the path since the parent state; walked backwards by precision. */
struct vf_hist {
	uint32_t insn : 20;   /* R9.1: a program has at most a million */
	uint32_t frame : 4;   /* depth at which it was executed */
	uint32_t flags : 8;   /* enum vf_hist_flags */
	uint32_t s_frame : 4; /* VF_HIST_STACK: slot accessed as a whole register */
	uint32_t s_slot : 7;
	/* registers of this frame whose values before the instruction were made precise already */
	uint32_t precise : 11;
};

enum vf_hist_flags {
	VF_HIST_STACK = 1 << 0,
	VF_HIST_LINKED = 1 << 1,   /* this entry is data: see precision.c */
	VF_HIST_RUN = 1 << 2,      /* s_slot more instructions follow this one; at rest only */
	VF_HIST_CALLBACK = 1 << 3, /* exit of a callback: R0 does not reach the caller's R0 */
};

/* The instructions since the nearest stored state. */
struct vf_path {
	struct vf_stored *parent; /* NULL: began here */
	struct vf_hist *hist;
	uint32_t n_hist, cap_hist;
};

/* A state being explored or waiting for it. Stored states have a form of their own: states.h. */
struct vf_state {
	struct vf_state *next; /* free list */
	struct vf_path path;
	uint32_t cur_frame;
	uint32_t insn; /* next instruction */
	struct vf_ref *refs;
	uint32_t n_refs, cap_refs;
	uint32_t rcu_depth, preempt_depth;
	uint32_t irq_top; /* id of the most recent irq save, 0: none */
	uint32_t n_locks; /* held spin locks of any kind */
	uint32_t may_goto_depth;
	uint32_t callback_rounds; /* callbacks entered on this path */
	uint32_t n_events; /* stack moves and arrivals at jump targets since the parent (R9.2) */
	bool in_sleepable;
	struct vf_frame *frame[VF_MAX_FRAMES];
	uint64_t slot_written[VF_MAX_FRAMES]; /* slots written whole since the parent */
};

/* ---------------------------------------------------------------- the environment */

/* where typed context arguments come from */
enum vf_ctx_source {
	VF_ATTACH_NONE,
	VF_ATTACH_RAW_TP,
	VF_ATTACH_FENTRY,
	VF_ATTACH_FEXIT,
	VF_ATTACH_FMODRET,
	VF_ATTACH_ITER,
	VF_ATTACH_LSM,
	VF_ATTACH_LSM_CGROUP,
	VF_ATTACH_STRUCT_OPS,
	VF_ATTACH_EXT,
};

struct vf_attach {
	enum vf_ctx_source source;
	const struct btf_obj *btf;
	uint32_t type_id;     /* attach_btf_id */
	uint32_t proto_id;    /* FUNC_PROTO, 0: none */
	uint32_t first_arg;   /* raw tracepoints: 1 (the hidden data pointer) */
	const char *name;     /* tracepoint, function, iterator target ("task"), hook, member */
	const char *ops_name; /* struct_ops: type name */
	uint32_t member;
	/* struct_ops: the reference that an argument came with, by parameter */
	uint32_t arg_ref[12];
	const struct vf_target *target; /* freplace, tracing of a program */
	enum vf_btf_fit fit; /* tracing of a program: whether its callers keep to the prototype */
};

/* Per instruction, made before the walk. */
struct vf_insn_info {
	uint16_t live_in;   /* registers that may be read before written, static */
	bool is_checkpoint; /* a state may be stored here */
	bool record_full;   /* VF_RECORD_MAX is reached here */
	bool force_checkpoint;
	bool is_iter_next, calls_callback, is_may_goto, is_jump_target;
	bool is_imm64_second;
	uint16_t subprog;    /* that contains it */
	uint32_t loop;       /* of its function, 0: in none (loops.c) */
	int32_t target;      /* ldimm64 kind 4 and pseudo calls: subprogram number */
	uint8_t jump_sides;  /* conditional jump: bit 0 was taken, bit 1 was not */
	uint8_t access_base; /* enum vf_base + 1 of the pointer seen here, 0: none yet (R6.2) */
	uint16_t access_flags;
	const struct vf_map *map;           /* ldimm64 map, or seen as a call's constant map */
	bool map_poisoned;                  /* the call saw different maps */
	uint32_t loop_max;                  /* bpf_loop rounds bound */
	uint32_t n_stored;                  /* states stored here */
	uint32_t n_recorded;                /* those that recording stored here, evicted ones too */
	const struct kfunc_contract *kfunc; /* resolved callee, NULL for imm 0 */
	const struct btf_obj *kfunc_btf;
	const struct btf_obj *ksym_btf;     /* ldimm64 kind 3 */
	const struct kernel_helper *helper; /* helper calls: its row, once looked up */
	uint8_t kfunc_seen;     /* 1: the program may call it, 2: may not; 0: not visited yet */
	uint8_t kfunc_ctx_args; /* bit per parameter that is the context (kfunc spec C2) */
	bool object_seen;       /* facts of the object that the call works on are set (R2.15) */
};

/* Special fields of the structs of one BTF, by type id; NULL: not asked for yet */
struct vf_type_table {
	const struct btf_obj *btf;
	struct btf_fields **fields;
	uint32_t n;
};

#define VF_MAX_TYPE_TABLES 130 /* the program's, and those of 64 maps and their inner maps */

/* One argument of a global function, from its prototype and tags (R3.18). */
enum vf_garg_kind {
	VF_GARG_SCALAR,
	VF_GARG_CTX,
	VF_GARG_MEM,
	VF_GARG_DYNPTR,
	VF_GARG_TRUSTED,
	VF_GARG_UNTRUSTED_BTF,
	VF_GARG_UNTRUSTED_MEM,
	VF_GARG_ARENA,
};

struct vf_garg {
	uint8_t kind;
	bool nonnull, nullable;
	uint32_t size;    /* MEM */
	uint32_t type_id; /* TRUSTED, UNTRUSTED_BTF: in the kernel's BTF */
};

enum vf_global_state { VF_GLOBAL_UNSEEN, VF_GLOBAL_CALLED, VF_GLOBAL_VERIFIED };

/* What only the verifier needs to know of a subprogram. */
struct vf_sub_info {
	bool may_sleep, changes_pkt; /* it or what it calls */
	bool has_ld_abs, calls_throw;
	bool is_exception_cb, returns_void;
	bool args_known; /* args below were made from the prototype */
	uint8_t n_args;
	struct vf_garg arg[5];
	uint32_t async_entries; /* as an asynchronous callback so far */
};

struct vf_env {
	const struct kfunc_kernel *kernel;
	const struct vf_program *prog;
	const struct vf_resolver *resolver;
	const struct vf_options *opts;
	struct diag_report *report;
	struct vf_facts *facts;

	const struct kernel_prog_type *ptype;
	struct kernel_prog_place place;
	struct vf_attach attach;
	bool gpl, privileged, strict_align;

	struct vf_insn_info *info;
	struct vf_subprog *subprog;
	uint32_t n_subprogs;
	struct vf_sub_info *sub;
	uint8_t global_state[VF_MAX_SUBPROGS]; /* enum vf_global_state */

	struct vf_state *cur;
	uint32_t insn_idx, prev_insn_idx; /* instruction being simulated, and the one before */
	/* stack of states to explore; what lies deep is at rest (states.h) */
	struct vf_queued *pending;
	uint32_t n_pending, n_at_rest, cap_pending;
	struct vf_stored **stored; /* lists, per instruction */
	uint32_t next_id;
	uint64_t processed, max_insns;
	uint32_t n_states, peak_states, total_states, max_states_per_insn;
	uint64_t state_bytes, peak_state_bytes; /* allocated for states and what they hold */
	struct vf_insn_count *count;            /* per instruction; NULL unless options.profile */
	/* jumps and instructions since the last stored state (R9.2) */
	uint64_t jumps, jumps_at_store, insns_at_store;
	uint32_t entry_subprog; /* main or the global function being verified */
	bool is_main_walk;

	const struct vf_map *arena;
	/* special fields of local types: of the program's BTF, and of those of its maps; see local_types.c */
	struct vf_type_table types[VF_MAX_TYPE_TABLES];
	uint32_t n_types;
	size_t cases_cap; /* of facts->cases */

	/* kfunc_resolve.c: distinct (id, module) pairs */
	uint64_t kfunc_pair[VF_MAX_KFUNCS];
	uint32_t n_kfunc_pairs;
	const struct bpf_prog *filter_view; /* filters.c: what a filter may look at */

	/* scratch of a call being checked */
	struct vf_call *call;
	struct vf_pool *pool;     /* recycled frames and states: state.c */
	struct vf_values *values; /* what the registers and slots of stored states hold: stored.c */
	struct vf_visit *visits;  /* loops.c */
	struct vf_stored *evicted; /* states that left the lists but still have children */
	uint32_t n_evicted;
};

/* ---------------------------------------------------------------- env.c */

/* code's errno is returned; the failing place is env->insn_idx. The first rejection wins. */
int vf_reject(struct vf_env *env, enum diag_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A place that explains the rejection (before vf_reject): where a value was made, taken branch ... */
void vf_note(struct vf_env *env, uint32_t insn, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int vf_unsupported(struct vf_env *env, const char *feature);
int vf_nomem(struct vf_env *env);
/* "r3", "trusted pointer to task_struct or NULL", for messages; static thread-local-free: into buf */
const char *vf_reg_describe(const struct vf_env *env, const struct vf_reg *r, char *buf,
			    size_t size);
const char *vf_base_name(enum vf_base b);

static inline uint32_t vf_new_id(struct vf_env *env)
{
	return ++env->next_id;
}

static inline bool vf_rule(const struct vf_env *env, enum kernel_rule r)
{
	return env->kernel->rule[r];
}

static inline struct vf_frame *vf_cur_frame(struct vf_env *env)
{
	return env->cur->frame[env->cur->cur_frame];
}

static inline struct vf_reg *vf_regs(struct vf_env *env)
{
	return vf_cur_frame(env)->r;
}

static inline const struct bpf_insn *vf_insn(const struct vf_env *env)
{
	return &env->prog->insns[env->insn_idx];
}

/* program type whose rules apply (freplace: the target's) */
static inline uint32_t vf_prog_type(const struct vf_env *env)
{
	return env->place.type;
}

/* ---------------------------------------------------------------- state.c */

struct vf_state *vf_state_new(struct vf_env *env); /* one empty frame 0 */
struct vf_state *vf_state_copy(struct vf_env *env, const struct vf_state *src);
void vf_state_free(struct vf_env *env, struct vf_state *st);
/* Pushes a frame on st (owned, all registers NOT_INIT but R10); NULL: no memory or too deep */
struct vf_frame *vf_frame_push(struct vf_env *env, struct vf_state *st, uint32_t callsite,
			       uint32_t subprog);
void vf_frame_pop(struct vf_env *env, struct vf_state *st);
/*
 * Memory of states, counted. Alloc zeroes and leaves telling of failure to the caller; grow is mem_grow()
 * and tells itself.
 */
void *vf_mem_alloc(struct vf_env *env, size_t size);
int vf_mem_grow(struct vf_env *env, void **arr, uint32_t *cap, uint32_t need, size_t elem_size);
void vf_mem_free(struct vf_env *env, void *p);
void vf_pool_free(struct vf_env *env);
/* appends an instruction to the current path */
int vf_hist_push(struct vf_env *env, uint32_t insn);

/* ---------------------------------------------------------------- states.c: pruning */

/*
 * Called at checkpoints. 1: the current state is covered by a stored one, its path ends. 0: go on
 * (the state may have been stored). -errno: infinite loop, no memory.
 */
int vf_is_visited(struct vf_env *env);
/* A path that began at parent has ended: its branch is done, and so may be its ancestors. */
int vf_path_done(struct vf_env *env, struct vf_stored *parent);
void vf_states_free(struct vf_env *env);

struct vf_frame *vf_frame_own(struct vf_env *env, uint32_t frame); /* NULL: no memory */
/* makes slots [0, n) exist in an owned frame; may move the frame; 0 or -ENOMEM */
int vf_frame_grow(struct vf_env *env, uint32_t frame, uint32_t n_slots);
struct vf_queued { /* exactly one is there */
	struct vf_state *state;
	struct vf_stored *at_rest;
};
/* the newest queued state becomes the current one; 0, -ENOENT: none left, -ENOMEM */
int vf_dequeue(struct vf_env *env);
/* makes queued states rest that will not be taken up soon; 0 or -ENOMEM */
int vf_settle_queue(struct vf_env *env);
void vf_queue_free(struct vf_env *env);
/* puts a state on the queue; takes it over, also on failure */
int vf_enqueue(struct vf_env *env, struct vf_state *st, uint32_t insn);
/* Queues a copy of the current state to continue at insn; NULL: no memory or too many (reported) */
struct vf_state *vf_push_state(struct vf_env *env, uint32_t insn);
/* as vf_regs(), for a queued state's top frame (owned) */
static inline struct vf_reg *vf_state_regs(struct vf_state *st)
{
	return st->frame[st->cur_frame]->r;
}

/*
 * Every register and every spilled register of all frames of a state, writable (all frames are
 * owned first). Body may be any statement; `continue`/`break` act on the inner loop of slots only.
 * Usage: struct vf_reg_it it; struct vf_reg *r; vf_for_each_reg_mut(env, st, it, r) { ... }
 */
struct vf_reg_it {
	uint32_t frame, i;
};
int vf_own_all(struct vf_env *env, struct vf_state *st);
struct vf_reg *vf_reg_it_next(struct vf_state *st, struct vf_reg_it *it);
#define vf_for_each_reg_mut(env, st, it, reg)                                                      \
	for ((it) = (struct vf_reg_it){0};                                                         \
	     vf_own_all(env, st) == 0 && ((reg) = vf_reg_it_next(st, &(it))) != NULL;)

/* liveness and precision of stack slots (states.c, precision.c) */
void vf_slot_read(struct vf_env *env, uint32_t frame, uint32_t slot);
void vf_slot_written(struct vf_env *env, uint32_t frame, uint32_t slot); /* whole 8 bytes */
/* this instruction moved a register to or from exactly this slot (spill or fill) */
void vf_hist_stack(struct vf_env *env, uint32_t frame, uint32_t slot);
/* this instruction refined linked places: items are VF_LINKED_REG/SLOT */
#define VF_LINKED_REG(frame, reg)   ((uint16_t)((frame) << 8 | (reg)))
#define VF_LINKED_SLOT(frame, slot) ((uint16_t)((frame) << 8 | 0x40 | (slot)))
int vf_hist_linked(struct vf_env *env, const uint16_t *item, uint32_t n);
/* The value of this register (or slot) influenced a decision (R9.4). */
int vf_mark_precise(struct vf_env *env, uint32_t regno);
int vf_mark_precise_slot(struct vf_env *env, uint32_t frame, uint32_t slot);

/* ---------------------------------------------------------------- reg.c: making values */

void vf_reg_not_init(struct vf_reg *r);
void vf_reg_unknown(struct vf_reg *r); /* unknown scalar */
void vf_reg_const(struct vf_reg *r, uint64_t value);
/* pointer at offset 0 without variable part; other fields cleared */
void vf_reg_pointer(struct vf_reg *r, enum vf_base base, uint16_t flags);
static inline bool vf_reg_is_const(const struct vf_reg *r)
{
	return r->base == VF_SCALAR && r->s.t.m == 0;
}
static inline bool vf_reg_is_null(const struct vf_reg *r)
{
	return vf_reg_is_const(r) && r->s.t.v == 0;
}
/* offset is one known number: off + s.t.v */
static inline bool vf_reg_is_fixed(const struct vf_reg *r)
{
	return r->s.t.m == 0;
}
/* variable part is the constant 0 */
static inline bool vf_reg_fixed_off(const struct vf_reg *r)
{
	return r->s.t.m == 0 && r->s.t.v == 0;
}
static inline bool vf_reg_is_pointer(const struct vf_reg *r)
{
	return r->base != VF_NOT_INIT && r->base != VF_SCALAR;
}
/* kfunc spec 0.3: what becomes of a register whose object is gone */
void vf_reg_invalidate(const struct vf_env *env, struct vf_reg *r);
/*
 * R4.12: the NULL or non-NULL side for every register with this null id, in state st. A pointer that
 * may be NULL and was acquired by the same call has null id == ref_id: the NULL side drops that
 * reference (one derived from an acquired object has another null id).
 */
int vf_mark_null(struct vf_env *env, struct vf_state *st, uint32_t null_id, bool is_null);

/* ---------------------------------------------------------------- scalar.c, tnum.c */

extern const struct vf_scalar vf_scalar_unknown;
void vf_scalar_const(struct vf_scalar *s, uint64_t v);
void vf_scalar_sync(struct vf_scalar *s); /* spec 4.3 */
bool vf_scalar_sane(const struct vf_scalar *s);
void vf_scalar_cast(struct vf_scalar *s, uint32_t bytes);        /* zero-extending load */
void vf_scalar_cast_signed(struct vf_scalar *s, uint32_t bytes); /* sign-extending load */
void vf_scalar_set_urange(struct vf_scalar *s, uint64_t min, uint64_t max);
void vf_scalar_set_srange(struct vf_scalar *s, int64_t min, int64_t max);
bool vf_scalar_within(const struct vf_scalar *old, const struct vf_scalar *cur); /* R9.3 */

/* ---------------------------------------------------------------- instructions */

/* alu.c: all of classes ALU and ALU64 (MOV, NEG, END, casts, pointer arithmetic) */
int vf_check_alu(struct vf_env *env, const struct bpf_insn *insn);
/* branch.c: conditional jumps: decides, refines, queues. *next: where the current path goes on */
int vf_check_cond_jump(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next);
/* mem.c: LDX, ST, STX, atomics; LD_ABS/IND */
int vf_check_ldx(struct vf_env *env, const struct bpf_insn *insn);
int vf_check_store(struct vf_env *env, const struct bpf_insn *insn); /* ST and STX, not atomic */
int vf_check_atomic(struct vf_env *env, const struct bpf_insn *insn);
int vf_check_ld_abs(struct vf_env *env, const struct bpf_insn *insn);
/* register must be initialised (EACCES) and its number valid (EINVAL) */
int vf_check_reg_read(struct vf_env *env, uint32_t regno);
int vf_check_reg_write(struct vf_env *env, uint32_t regno);

/* ---------------------------------------------------------------- memory arguments (mem.c, stack.c) */

enum vf_access { VF_READ = 1, VF_WRITE = 2 };

/*
 * May `size` bytes at register regno (+off) be accessed? For helper and kfunc memory arguments and
 * global function arguments: any memory base, maybe with variable offset. uninit: stack bytes may be
 * uninitialised and count as written afterwards (MISC). EACCES/EINVAL by rule.
 */
struct vf_mem_arg {
	uint32_t size;
	uint8_t access; /* enum vf_access bits */
	bool uninit;    /* ":out" */
	bool zero_size_ok;
	bool pkt_ok;            /* packet pointers may be passed here */
	bool btf_ok;            /* trusted kernel objects may be read */
	bool null_ok;           /* a pointer that may be NULL is fine (the argument is nullable) */
	bool marks_write_later; /* kfunc: all checks first, effects with vf_mem_arg_commit() */
};
int vf_check_mem_arg(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a);
int vf_mem_arg_commit(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a);
/* R6.3: stack pointer with constant offset, for objects: slot index of the lowest byte's slot */
int vf_stack_slot_of(struct vf_env *env, uint32_t regno, uint32_t n_slots, uint32_t *frame,
		     uint32_t *slot);
/* Writes `size` unknown bytes to a stack range as a store would (object slots: kfunc spec R10.2). */
int vf_stack_clobber(struct vf_env *env, uint32_t frame, int32_t off, uint32_t size);
/* pointer arithmetic state fit for an argument: kfunc spec 3.5, verifier spec R7.1 */
int vf_check_arg_offset(struct vf_env *env, uint32_t regno, bool is_release, bool helper,
			bool any_ok);
/* one load/store through regno; value_regno -1: immediate (imm) or none */
struct vf_mem_access {
	int32_t off;
	uint32_t size;
	uint8_t access;
	int value_regno;
	bool sign_extend, is_atomic;
	bool has_imm;
	int32_t imm;
};
int vf_check_mem_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);

/* ---------------------------------------------------------------- ctx.c, btf_access.c, map_access.c */

int vf_ctx_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);
/* struct_ops: whether a parameter's name in the stub ends in mark; and references passed at entry */
bool vf_ops_arg_marked(const struct vf_attach *at, uint32_t arg, const char *mark);
int vf_acquire_arg_refs(struct vf_env *env);
int vf_btf_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);
int vf_map_value_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);

/* map_access.c, R8.9: may the pointer in regno be stored in this kptr field? 0 or rejected */
int vf_kptr_match(struct vf_env *env, const struct btf_field *field, uint32_t regno);

/* ---------------------------------------------------------------- trust.c, context.c */

bool vf_reg_trusted(const struct vf_env *env, const struct vf_reg *r); /* R6.1 */
bool vf_in_rcu_cs(const struct vf_env *env);                           /* 0.4 */
bool vf_sleepable_context(const struct vf_env *env);                   /* 0.4 */
const char *vf_atomic_region_name(const struct vf_env *env); /* "an RCU read section", or NULL */
void vf_note_region(struct vf_env *env);                     /* where that region was entered */
/* kfunc spec R6.2: flags of a pointer walked from r through this member */
uint16_t vf_walk_flags(const struct vf_env *env, const struct vf_reg *r, const struct btf_obj *btf,
		       const struct btf_walk *w, bool *maybe_null);
int vf_rcu_region_ended(struct vf_env *env); /* R7.1, R7.10: pointers lose their protection */

/* ---------------------------------------------------------------- refs.c */

/* new reference of the current state; returns its id, 0: no memory (reported) */
uint32_t vf_ref_acquire(struct vf_env *env, enum vf_ref_kind kind);
bool vf_ref_held(const struct vf_state *st, uint32_t ref_id);
/* R9.2: drops it, invalidates every copy and everything derived */
int vf_ref_release(struct vf_env *env, uint32_t ref_id);
/* only drops it from the list (NULL branch, conversions) */
void vf_ref_drop(struct vf_state *st, uint32_t ref_id);
/* R9.4, R10.1: nothing acquired, locked or entered; what: "the program ends", "tail call" ... */
int vf_check_no_leaks(struct vf_env *env, const char *what, bool ends_program);
/* the same where a called function may be left: what it holds is its caller's then (vf_queue_return()) */
int vf_check_no_leaks_leaving(struct vf_env *env, const char *what, bool ends_program);
/* packet pointers and slices of packet dynptrs die (R7.5) */
int vf_invalidate_packets(struct vf_env *env);

/* ---------------------------------------------------------------- calls */

int vf_check_helper_call(struct vf_env *env, const struct bpf_insn *insn); /* helper_call.c */
/* kfunc_call.c; *next_insn may be redirected (bpf_throw ends the path: *path_ended) */
int vf_check_kfunc_call(struct vf_env *env, const struct bpf_insn *insn, bool *path_ended);
/* call.c: bpf-to-bpf; *next: where to go on */
int vf_check_subprog_call(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next);
int vf_check_exit(struct vf_env *env, uint32_t *next, bool *path_ended); /* exit.c */
struct vf_state *vf_queue_return(struct vf_env *env); /* call.c; NULL: env->report->err */
/* R1-R5 become unreadable after a call */
void vf_clobber_caller_saved(struct vf_env *env);
/* global_fn.c: do the registers fit the prototype? And the registers a root starts with. */
int vf_check_global_args(struct vf_env *env, uint32_t subprog);
int vf_set_entry_args(struct vf_env *env, uint32_t subprog);
int vf_check_return_value(struct vf_env *env);                 /* exit.c: R10.1 */
int vf_check_global_throw(struct vf_env *env);                 /* kfunc_special.c: R9.12 */
int vf_check_thrown_value(struct vf_env *env, uint32_t regno); /* exit.c: R9.11 */
int vf_pass_returned_reference(struct vf_env *env);            /* exit.c: before the leak check */
int vf_check_callback_refs(struct vf_env *env); /* refs.c: R9.6, at a callback's exit */
int vf_imm64_btf_var(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst);
/* The rejection made last is one of this code here (a memory check of a global function's argument). */
void vf_recode(struct vf_env *env, enum diag_code code);
/* is this the program type's context, as a pointee of an argument? (R3.18, kfunc spec C2) */
bool vf_is_ctx_type(const struct vf_env *env, const struct btf_obj *btf, uint32_t pointee_id);
bool vf_is_ctx_of(const struct kernel_prog_type *of, const struct btf_obj *btf,
		  uint32_t pointee_id);
/* global_fn.c: what calls tell about the BTF of static functions, and the main function's own */
void vf_note_static_call(struct vf_env *env, uint32_t subprog);
void vf_note_main_btf(struct vf_env *env);

/*
 * Callbacks (callback.c). set fills the callee's R1-R5 from the caller's frame and sets the return
 * range in the frame (cb_ret_min/max, check_cb_ret). Synchronous: explored as in R3.25; the call
 * check itself goes on as if no round was made. Asynchronous: R3.27.
 */
typedef int (*vf_set_callback_fn)(struct vf_env *env, const struct vf_frame *caller,
				  struct vf_frame *callee, uint32_t insn);
int vf_push_callback(struct vf_env *env, uint32_t func_regno, vf_set_callback_fn set);
int vf_push_async_callback(struct vf_env *env, uint32_t func_regno, vf_set_callback_fn set,
			   bool sleepable);

/* iterators: iter.c. Forks at next: queues the active side, makes the current one drained. */
int vf_process_iter_next(struct vf_env *env, const struct kfunc_contract *c, uint32_t regno);
/* R3.23: widen scalars of the state that is queued against the previous visit (states.c) */
int vf_widen_against_previous(struct vf_env *env, struct vf_state *queued);
int vf_widen_current(struct vf_env *env, uint32_t insn); /* at a callback's return to insn */

/* dynptr.c, graph.c, irq.c */
/* initialised dynptr on the stack or const dynptr, of any kind (global function arguments) */
int vf_check_dynptr_arg(struct vf_env *env, uint32_t regno);
int vf_dynptr_destroy_slot(struct vf_env *env, uint32_t frame,
			   uint32_t slot); /* overwritten: R10.2 */
const struct btf_fields *vf_type_fields(struct vf_env *env, const struct btf_obj *btf,
					uint32_t type_id); /* program types; NULL: none */
/* fields of what a register points to (map value or program object), NULL: none */
const struct btf_fields *vf_reg_fields(struct vf_env *env, const struct vf_reg *r);

/* ---------------------------------------------------------------- before and after the walk */

int vf_check_load(struct vf_env *env);                  /* load_check.c: R1.4-R1.15 */
int vf_resolve_attach(struct vf_env *env);              /* attach.c */
int vf_bad_target(struct vf_env *env, const char *why); /* attach.c */
int vf_attach_func_proto(struct vf_env *env, const struct btf_type *t); /* attach.c: R1.14 */
int vf_attach_to_program(struct vf_env *env);                           /* attach_prog.c */
void vf_take_target_type(struct vf_env *env); /* attach_prog.c: an extension's */
void vf_find_effects(struct vf_env *env);     /* cfg.c: of each function and what it calls */
int vf_discover(struct vf_env *env);          /* subprog.c: R3.1-R3.2, kfunc pre-pass */
int vf_check_btf_info(struct vf_env *env);    /* check_btf.c: R1.7-R1.10 */
int vf_resolve_fd_array(struct vf_env *env);  /* imm64.c: the maps of the request, 8.1 */
int vf_resolve_imm64(struct vf_env *env);     /* imm64.c: R2.3-R2.4, map compatibility */
int vf_check_cfg(struct vf_env *env);         /* cfg.c */
int vf_liveness(struct vf_env *env);          /* liveness.c */
int vf_find_loops(struct vf_env *env);        /* loops.c */
int vf_walk_all(struct vf_env *env);          /* walk.c */
int vf_check_stack_depth(struct vf_env *env); /* stack_depth.c */
int vf_finish_facts(struct vf_env *env);      /* fixups.c */
/* kfunc_resolve.c: may the program call the kfunc that is called there? (R1.11) */
int vf_kfunc_offered(struct vf_env *env, uint32_t insn, bool *offered);
int vf_check_kfunc_prepass(struct vf_env *env, uint32_t insn); /* kfunc_resolve.c: kfunc spec 2.1 */

#endif
