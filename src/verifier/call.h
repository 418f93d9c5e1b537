/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the files of helper and kfunc calls share: the scratch of one call, argument checks used by
 * both kinds of call, and the objects of regions, stack slots and graphs. Not used by other files
 * of the verifier; what they may call is in vf.h.
 */
#ifndef VERIFIER_CALL_H
#define VERIFIER_CALL_H

#include "verifier/vf.h"

/* one bit per enum vf_base, for tables */
#define VF_B(base) (1u << VF_##base)

/* kinds of fields that the program's own structs may hold */
#define VF_LOCAL_FIELDS                                                                            \
	(BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK | BTF_FIELD_GRAPH_ROOT |                    \
	 BTF_FIELD_GRAPH_NODE | BTF_FIELD_REFCOUNT)
#define VF_LOCAL_KPTRS (BTF_FIELD_KPTR_UNREF | BTF_FIELD_KPTR_REF | BTF_FIELD_KPTR_PERCPU)

/* What a call has given away about itself so far. Lives on the C stack of the call check. */
struct vf_call {
	const struct bpf_insn *insn;
	const struct kernel_helper *helper; /* helper calls */
	const struct kfunc_contract *kfunc; /* kfunc calls */
	uint32_t flags;                     /* KF_* of this call */
	/* map argument */
	const struct vf_map *map;
	uint32_t map_uid;
	const struct btf_field *map_field; /* wq, task work, timer: field of map's value */
	/* references */
	uint32_t ref_id;        /* the referenced argument's */
	uint32_t release_regno; /* argument that is released, 0: none */
	/* memory */
	uint32_t mem_regno; /* helper: memory whose size follows */
	int64_t size_max;   /* bound of the last size argument, -1: none */
	bool has_const;
	uint64_t const_value; /* __k, __szk, constant allocation size */
	bool has_ret_size, ret_rdonly;
	uint32_t ret_size;
	/* key of a lookup that is known to be inside of its array (R7.11) */
	bool key_known;
	uint64_t key;
	/* dynptr given initialised */
	enum vf_dynptr_kind dynptr_kind;
	uint32_t dynptr_id, dynptr_ref;
	/* iterator */
	uint32_t iter_frame, iter_slot;
	bool iter_rcu; /* its constructor was KF_RCU_PROTECTED */
	/* special fields: graph roots, kptr slots */
	const struct btf_field *field;
	const struct btf_obj *field_btf; /* that describes the value or object */
	/* graph roots and allocated objects */
	const struct btf_obj *obj_btf;
	uint32_t obj_type;
	uint32_t node_ref; /* of the first node argument: the one that is inserted */
	bool obj_owned;    /* refcount_acquire: argument is an owning reference */
	bool obj_percpu;
	/* casts */
	uint32_t func_regno; /* callback argument */
};

/* ---- call_args.c ---- */

/* bytes [0, size register's maximum) at regno; R7.1 "size", kfunc spec 3.6 MEM_SIZE */
int vf_check_mem_size(struct vf_env *env, uint32_t regno, uint32_t size_regno, struct vf_mem_arg *m,
		      bool zero_ok);
/* R7.1 "cstr": text in a frozen read-only value; *s and *len may be NULL */
int vf_check_const_str(struct vf_env *env, uint32_t regno, const char **s, uint32_t *len);
/* constant offset of a pointer that was checked to have one */
static inline int64_t vf_const_off(const struct vf_reg *r)
{
	return (int64_t)r->off + (int64_t)r->s.t.v;
}
static inline bool vf_off_is_const(const struct vf_reg *r)
{
	return r->s.t.m == 0;
}
/* the special field of this kind that a map value or object pointer names exactly */
const struct btf_field *vf_field_at(const struct btf_fields *f, uint32_t kinds, int64_t off);
/* facts: the map of a call when every visit saw the same one */
void vf_note_call_map(struct vf_env *env, const struct vf_map *map);
/* facts: whether the visits of a call were in sleepable contexts */
void vf_note_sleepable(struct vf_env *env);
/* a note where the value in this register was made, if that is known */
void vf_note_made(struct vf_env *env, const struct vf_reg *r, const char *what);
/* sets R0 (owned frame) as made by this instruction */
struct vf_reg *vf_ret(struct vf_env *env);
/* name of a BTF type of a register, for messages */
const char *vf_reg_type_name(const struct vf_reg *r);
int32_t vf_kernel_type_id(const struct vf_env *env, const char *name); /* struct; -ENOENT */

/* ---- refs.c ---- */

struct vf_ref *vf_ref_find(const struct vf_state *st, uint32_t id);
/* Invalidates what matches; frames without a match stay shared. */
typedef bool (*vf_reg_match_fn)(const struct vf_reg *r, uint64_t arg);
typedef void (*vf_reg_apply_fn)(const struct vf_env *env, struct vf_reg *r, uint64_t arg);
int vf_update_regs(struct vf_env *env, vf_reg_match_fn match, vf_reg_apply_fn apply, uint64_t arg);
int vf_invalidate_regs(struct vf_env *env, vf_reg_match_fn match, uint64_t arg);

/* ---- stack objects ---- */

/* Prepares slots slot, slot-1, ... (n of them) of an owned frame; NULL: reported */
struct vf_frame *vf_object_slots(struct vf_env *env, uint32_t frame, uint32_t slot, uint32_t n);
bool vf_slots_are(const struct vf_frame *f, uint32_t slot, uint32_t n, enum vf_slot_kind kind);

/* ---- context.c ---- */

int vf_rcu_lock(struct vf_env *env);
int vf_rcu_unlock(struct vf_env *env);
int vf_preempt_disable(struct vf_env *env);
int vf_preempt_enable(struct vf_env *env);
/* inside the comparison callback of rbtree_add */
bool vf_in_rbtree_less(const struct vf_env *env);

/* ---- locks.c ---- */

enum vf_lock_op { VF_LOCK, VF_UNLOCK };
int vf_lock_arg(struct vf_env *env, uint32_t regno, enum vf_ref_kind kind, enum vf_lock_op op);
/* a call that is not allowed while a lock is held; locks: it would take another one */
int vf_reject_under_lock(struct vf_env *env, const char *func, bool locks);
/* R7.9; KF_... and a note when it is not */
int vf_check_lock_held(struct vf_env *env, const struct vf_reg *r);

/* ---- irq.c ---- */

int vf_irq_save(struct vf_env *env, uint32_t regno, uint32_t irq_class);
int vf_irq_restore(struct vf_env *env, uint32_t regno, uint32_t irq_class);

/* ---- dynptr.c ---- */

uint16_t vf_dynptr_mem_flag(enum vf_dynptr_kind kind);
/* constructs at regno; ref_of: share this reference (clones), 0: acquire if the kind is owned */
int vf_dynptr_construct(struct vf_env *env, uint32_t regno, enum vf_dynptr_kind kind,
			uint32_t ref_id);
/* an initialised one; kind VF_DYNPTR_NONE: any. Fills call->dynptr_* */
int vf_dynptr_use(struct vf_env *env, uint32_t regno, enum vf_dynptr_kind kind,
		  struct vf_call *call);
/* R9.2: no dynptr made of this reference is left */
int vf_check_no_children(struct vf_env *env, uint32_t ref_id);
int vf_dynptr_release(struct vf_env *env, uint32_t regno, struct vf_call *call);

/* ---- iter.c ---- */

int vf_iter_arg(struct vf_env *env, uint32_t regno, uint32_t arg, struct vf_call *call);

/* ---- kptr.c ---- */

int vf_kptr_dest(struct vf_env *env, uint32_t regno, struct vf_call *call);
int vf_kptr_source(struct vf_env *env, uint32_t regno, struct vf_call *call);
int vf_kptr_xchg_release(struct vf_env *env, struct vf_call *call);
int vf_kptr_xchg_return(struct vf_env *env, struct vf_call *call);
int vf_kptr_get_slot(struct vf_env *env, uint32_t regno, const struct contract_arg *a);

/* ---- fields.c ---- */

/* Of a local struct: none unless a member of its own is special. As vf_find_fields(). */
int vf_local_fields(const struct kfunc_kernel *kernel, const struct btf_obj *btf, uint32_t id,
		    struct btf_fields **out);

/* ---- cases.c ---- */

/* What the current call's object is; may differ from path to path. */
int vf_note_object(struct vf_env *env, uint64_t key, const struct btf_fields *fields,
		   uint32_t size);

/* ---- graph.c ---- */

int vf_graph_root_arg(struct vf_env *env, uint32_t regno, uint32_t kind, struct vf_call *call);
int vf_graph_node_arg(struct vf_env *env, uint32_t regno, uint32_t kind, bool nonown_ok,
		      struct vf_call *call);
int vf_alloc_obj_arg(struct vf_env *env, uint32_t regno, struct vf_call *call);
int vf_refcounted_arg(struct vf_env *env, uint32_t regno, struct vf_call *call);
/* R9.8: the inserted node's reference becomes non-owning */
int vf_graph_inserted(struct vf_env *env, struct vf_call *call);
int vf_check_obj_drop(struct vf_env *env, struct vf_call *call);
int vf_obj_new_return(struct vf_env *env, struct vf_call *call);
int vf_refcount_acquire_return(struct vf_env *env, struct vf_call *call);
int vf_graph_node_return(struct vf_env *env, struct vf_call *call);
/* R7.10: non-owning references end with the lock */
int vf_end_non_owning(struct vf_env *env);

/* ---- callbacks.c: how each caller fills its callback's registers (7.7) ---- */

int vf_cb_loop(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
	       uint32_t insn);
int vf_cb_for_each(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		   uint32_t insn);
int vf_cb_find_vma(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		   uint32_t insn);
int vf_cb_user_ringbuf(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		       uint32_t insn);
int vf_cb_map_async(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		    uint32_t insn);
int vf_cb_task_work(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		    uint32_t insn);
int vf_cb_rbtree_less(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		      uint32_t insn);

/* ---- kfunc_special.c ---- */

/*
 * What a special kfunc does beyond its contract. Steps that are NULL behave as for any kfunc.
 */
struct vf_kfunc_effect {
	uint16_t lock_since; /* KVER since when it may be called under a spin lock, 0: never */
	bool no_less;        /* not inside the comparison callback of rbtree_add (EACCES) */
	int (*first)(struct vf_env *env, struct vf_call *call);  /* before the arguments */
	int (*before)(struct vf_env *env, struct vf_call *call); /* after the arguments */
	int (*ret)(struct vf_env *env, struct vf_call *call);    /* after R0-R5 were clobbered */
	enum vf_dynptr_kind dynptr;                              /* kind of a dynptr argument */
};
const struct vf_kfunc_effect *vf_kfunc_effect(enum contract_special s);

/* ---- helper_special.c ---- */

/* what a helper does beyond its prototype */
struct vf_helper_effect {
	int (*before)(struct vf_env *env, struct vf_call *call); /* after the arguments */
	int (*ret)(struct vf_env *env, struct vf_call *call);    /* after R0 was set by its kind */
};
const struct vf_helper_effect *vf_helper_effect(uint32_t id);

/* ---- kfunc_resolve.c ---- */

/* R2.12, R2.11: allowed here? Sets info->kfunc to the contract of the flags that hold. */
/* filters.c: makes env->filter_view, which lives as long as env */
int vf_filter_view(struct vf_env *env);
int vf_kfunc_visible(struct vf_env *env, struct vf_call *call);
/* a call that the loader poisoned because its target was missing */
int vf_reject_poisoned_call(struct vf_env *env, int32_t number);

#endif
