/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * States at rest. Mostly those stored for comparison with paths that come by later; those in the queue
 * that wait for long have the same form. Between stored.c (their memory), equal.c (what covers what),
 * states.c (storing and pruning), state.c (the queue), precision.c, callback.c and record.c.
 *
 * There may be a hundred thousand at once, most of which differ from their neighbours in a register
 * or two. So a frame at rest names values by number, and each distinct value exists once.
 */
#ifndef VERIFIER_STATES_H
#define VERIFIER_STATES_H

#include "verifier/vf.h"

/*
 * A register (kind: SPILL in all bytes) or a stack slot. Number 0 is what was never written: a register
 * that may not be read, a slot of invalid bytes.
 */
struct vf_value {
	struct vf_slot slot;
	uint32_t refs;
	uint32_t next; /* in its bucket or the free list */
};

#define VF_VALUE_CHUNK 8u

struct vf_values {
	struct vf_value **chunk;
	uint32_t cap_chunks;
	uint32_t n, n_used; /* numbers given out so far; in use */
	uint32_t free;      /* list, 0: empty */
	uint32_t *bucket;
	uint32_t n_buckets; /* power of two */
};

static inline const struct vf_slot *vf_value(const struct vf_env *env, uint32_t i)
{
	return &env->values->chunk[i / VF_VALUE_CHUNK][i % VF_VALUE_CHUNK].slot;
}

/* A frame at rest; states that differ in other frames only share it. */
struct vf_stored_frame {
	uint32_t refs;
	struct vf_frame_head head;
	uint32_t n_slots;
	uint32_t value[]; /* R0..R9, slots */
};

#define VF_STORED_REGS 10 /* R10 never changes */

static inline const struct vf_reg *vf_stored_reg(const struct vf_env *env,
						 const struct vf_stored_frame *f, uint32_t i)
{
	return &vf_value(env, f->value[i])->reg;
}

static inline const struct vf_slot *vf_stored_slot(const struct vf_env *env,
						   const struct vf_stored_frame *f, uint32_t i)
{
	return vf_value(env, i < f->n_slots ? f->value[VF_STORED_REGS + i] : 0);
}

/* What the continuations of a state rely upon, in one frame. Per state: frames are shared. */
struct vf_marks {
	uint64_t slot_read;    /* slots some continuation reads before writing */
	uint64_t slot_written; /* slots written whole since this state's parent */
	uint64_t slot_precise;
	uint32_t reg_precise;
	struct vf_stored_frame *frame;
};

struct vf_stored {
	/* what the search for a covering state looks at first, in one cache line */
	struct vf_stored *next; /* of the same instruction */
	uint64_t sig, sig_mask; /* register kinds a covered state must have */
	uint64_t value_hash;    /* of the top frame's registers: equal states have equal ones */
	uint32_t branches; /* unfinished continuations; 0: finished, a full pruning candidate */
	uint32_t hits, misses;
	uint32_t callsite; /* of the top frame: other callers' states are not looked at */
	uint32_t insn;     /* the one it stands before */
	uint32_t n_refs;
	/* the tree of states */
	struct vf_path path;
	uint32_t children; /* states that have this one as parent */
	uint32_t depth;    /* stored states above this one */
	/*
	 * The outermost unfinished state that a continuation of this one jumps back to. While that one
	 * is unfinished, this state's marks are incomplete.
	 */
	struct vf_stored *loop_entry;
	struct vf_edge *edges;  /* of the loops entered here */
	struct vf_visit *visit; /* of the loop this state is in, or NULL */
	uint8_t cur_frame;
	bool loop_target;
	bool trimmed; /* what no continuation asks for is gone */
	bool in_sleepable;
	uint32_t rcu_depth, preempt_depth, irq_top, n_locks, may_goto_depth, callback_rounds,
		n_events;
	struct vf_ref *refs;
	struct vf_marks marks[]; /* by frame */
};

/* What passing a covering state's marks back has to know of the state that was covered. */
struct vf_arrival_frame {
	uint64_t slot_written; /* as in struct vf_state */
	uint64_t spilled;
	uint32_t scalars; /* registers */
};

struct vf_arrival {
	struct vf_path path;
	uint32_t n_frames;
	struct vf_arrival_frame frame[VF_MAX_FRAMES];
};

/* A path that ended because target covers it, before target's marks were complete. */
struct vf_edge {
	struct vf_edge *next;
	struct vf_stored *target;
	struct vf_arrival from; /* allocated only as far as its frames go */
};

/* One loop being explored, by the calls that lead to its frame; stays for the next time. */
struct vf_visit {
	struct vf_visit *next;
	struct vf_stored
		*entry;  /* the first state in it that is not finished; NULL: not under way */
	bool incomplete; /* a path has ended at a state that is not complete */
	uint32_t loop, depth;
	uint32_t callsite[]; /* of frames 1..depth */
};

/* ---------------------------------------------------------------- stored.c */

/* The current state in its form at rest, without marks, under the current state's parent. */
struct vf_stored *vf_stored_new(struct vf_env *env); /* NULL: no memory */
void vf_stored_free(struct vf_env *env, struct vf_stored *st);
/* Forgets what nobody will ask for: the marks are complete, and nothing leads through it. */
void vf_stored_trim(struct vf_env *env, struct vf_stored *st);
void vf_values_free(struct vf_env *env);
/* A queued state to its form at rest, sharing with a near one (may be NULL), and back. NULL: no memory
 * (told); packing leaves st as it is then, unpacking always takes packed. */
struct vf_stored *vf_state_pack(struct vf_env *env, struct vf_state *st,
				const struct vf_stored *near);
struct vf_state *vf_state_unpack(struct vf_env *env, struct vf_stored *packed);

/* ---------------------------------------------------------------- state.c */

struct vf_state *vf_state_alloc(struct vf_env *env); /* no frames, buffers of an earlier use */
/* no slots but room for them, and registers but R10 unset; NULL: no memory */
struct vf_frame *vf_frame_new(struct vf_env *env, uint32_t room, uint32_t depth);
/* into dst, whose history may have room already; 0 or -ENOMEM (told) */
int vf_path_copy(struct vf_env *env, struct vf_path *dst, const struct vf_path *src);
/* the same for an empty dst that only rests: as small as possible */
int vf_path_rest(struct vf_env *env, struct vf_path *dst, const struct vf_path *src);
void vf_path_leave(struct vf_path *p); /* it has no parent then */

/* ---------------------------------------------------------------- equal.c */

enum vf_exactness {
	VF_NOT_EXACT,
	VF_ALL_COUNTS,   /* marks are not complete: whatever they say */
	VF_RANGE_WITHIN, /* and the stack is of the same kinds, as Linux wants it in loops */
	VF_EXACT
};

bool vf_state_covers(const struct vf_env *env, const struct vf_stored *old,
		     const struct vf_state *cur, enum vf_exactness how);
/* A renaming of ids: old ones to current ones and back. */
struct vf_id_map {
	uint32_t n;
	struct {
		uint32_t old, cur;
	} pair[256];
};

/* the renaming maps old to cur, and nothing else to cur; learns new pairs */
bool vf_same_id(struct vf_id_map *m, uint32_t old, uint32_t cur);
bool vf_same_call_chain(const struct vf_stored *old, const struct vf_state *cur);

/* ---------------------------------------------------------------- loops.c */

/* st is about to be stored before env->cur: sets st->visit */
int vf_enter_loop(struct vf_env *env, struct vf_stored *st);
void vf_leave_loop(struct vf_stored *st); /* st is finished */
void vf_visits_free(struct vf_env *env);

/* ---------------------------------------------------------------- states.c, precision.c */

/* registers of frame f of st that a continuation may read */
uint32_t vf_live_regs(const struct vf_env *env, const struct vf_stored *st, uint32_t f);
/* the nearest of from and its ancestors at this instruction with st's call chain, or NULL */
const struct vf_stored *vf_previous_visit(const struct vf_stored *from, const struct vf_state *st,
					  uint32_t insn);
/* what is precise in target must be so on the way that arrived there; 1 if that changed a mark */
int vf_precise_from(struct vf_env *env, const struct vf_arrival *from,
		    const struct vf_stored *target);
void vf_all_precise(const struct vf_path *path);

#endif
