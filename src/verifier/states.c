/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Storing states at checkpoints and ending paths that a stored state covers (verifier spec
 * section 9, R3.22-R3.25).
 *
 * The states of a verification form a tree through ->parent; every unfinished state is an ancestor
 * of the path being explored, because exploration is depth first. What a stored state must keep to
 * cover others - the stack slots its continuations read, the values they need precisely - is marked
 * on it by its continuations. A path that is covered by a state passes that state's marks on to its
 * own ancestors.
 *
 * Loops: a path may also end at an unfinished ancestor (an iterator, may_goto or callback that has
 * converged). That ancestor's marks are not complete yet, nor are those of the states between. They
 * remember the ancestor as their loop entry, are compared with everything counted until it is
 * finished, and the path is kept as an edge: when the entry finishes, marks flow over its edges
 * until nothing changes (R9.5).
 */
#include <stddef.h>

#include "verifier/states.h"

#include "verifier/record.h"

#define MAX_EDGE_ROUNDS 64
#define LONG_HISTORY    40

uint32_t vf_live_regs(const struct vf_env *env, const struct vf_stored *st, uint32_t f)
{
	const struct vf_stored_frame *callee;
	uint32_t after, call;

	if (f == st->cur_frame)
		return env->info[st->insn].live_in;
	callee = st->marks[f + 1].frame;
	call = callee->head.callsite;
	/* the call clobbers R0-R5; a callback comes back to the call instruction itself */
	after = env->info[call + 1].live_in & ~0x3fu;
	return callee->head.in_callback ? after | env->info[call].live_in : after;
}

/* The slots of frame f in mask are read after st: marks it and the states it came from. */
static bool propagate_reads(struct vf_stored *st, uint32_t f, uint64_t mask)
{
	bool changed = false;

	for (; st && f <= st->cur_frame; st = st->path.parent) {
		mask &= ~st->marks[f].slot_read;
		if (!mask)
			break;
		st->marks[f].slot_read |= mask;
		changed = true;
		mask &= ~st->marks[f].slot_written;
	}
	return changed;
}

void vf_slot_read(struct vf_env *env, uint32_t frame, uint32_t slot)
{
	propagate_reads(env->cur->path.parent, frame,
			(1ull << slot) & ~env->cur->slot_written[frame]);
}

void vf_slot_written(struct vf_env *env, uint32_t frame, uint32_t slot)
{
	env->cur->slot_written[frame] |= 1ull << slot;
}

/* The outermost loop entry that st still waits for, or NULL when its marks are complete. */
static struct vf_stored *open_entry(struct vf_stored *st)
{
	struct vf_stored *e = st->loop_entry;

	while (e && e->loop_entry)
		e = e->loop_entry;
	if (e && !e->branches) {
		st->loop_entry = NULL;
		return NULL;
	}
	return e;
}

/* marks of the covering state reach the ancestors of the covered one */
static int pass_marks(struct vf_env *env, const struct vf_arrival *from,
		      const struct vf_stored *target)
{
	bool changed = false;
	int err;

	for (uint32_t f = 0; f <= target->cur_frame; f++)
		changed |=
			propagate_reads(from->path.parent, f,
					target->marks[f].slot_read & ~from->frame[f].slot_written);
	err = vf_precise_from(env, from, target);
	return err < 0 ? err : changed || err;
}

/* The current state as one that is covered; it borrows the history. */
static void arrive(const struct vf_env *env, struct vf_arrival *a)
{
	const struct vf_state *cur = env->cur;

	a->path = cur->path;
	a->n_frames = cur->cur_frame + 1;
	for (uint32_t f = 0; f < a->n_frames; f++) {
		const struct vf_frame *fr = cur->frame[f];
		struct vf_arrival_frame *af = &a->frame[f];

		*af = (struct vf_arrival_frame){.slot_written = cur->slot_written[f]};
		for (uint32_t i = 0; i < VF_STORED_REGS; i++)
			af->scalars |= (uint32_t)(fr->r[i].base == VF_SCALAR) << i;
		for (uint32_t i = 0; i < fr->n_slots; i++)
			af->spilled |= (uint64_t)(fr->slot[i].kind[0] == VF_SLOT_SPILL) << i;
	}
}

static void add_edge_owner(struct vf_stored *parent, struct vf_stored *entry)
{
	entry->loop_target = true;
	for (struct vf_stored *p = parent; p && p != entry; p = p->path.parent) {
		struct vf_stored *e = open_entry(p);

		if (!e || e->depth > entry->depth)
			p->loop_entry = entry;
	}
}

/* The path is covered by target, whose marks depend on the unfinished entry. */
static int add_edge(struct vf_env *env, const struct vf_arrival *from, struct vf_stored *target,
		    struct vf_stored *entry)
{
	size_t frames = from->n_frames * sizeof(from->frame[0]);
	struct vf_edge *edge = vf_mem_alloc(env, offsetof(struct vf_edge, from.frame) + frames);

	if (!edge)
		return vf_nomem(env);
	if (vf_path_rest(env, &edge->from.path, &from->path)) {
		vf_mem_free(env, edge);
		return -ENOMEM;
	}
	edge->from.n_frames = from->n_frames;
	memcpy(edge->from.frame, from->frame, frames);
	target->loop_target = true; /* keeps it from being freed */
	edge->target = target;
	edge->next = entry->edges;
	entry->edges = edge;
	add_edge_owner(from->path.parent, entry);
	return 0;
}

static void free_edges(struct vf_env *env, struct vf_stored *st)
{
	while (st->edges) {
		struct vf_edge *e = st->edges;

		st->edges = e->next;
		vf_path_leave(&e->from.path);
		vf_mem_free(env, e->from.path.hist);
		vf_mem_free(env, e);
	}
}

/* All paths from st are explored: complete the marks of its loop. */
static int close_loop(struct vf_env *env, struct vf_stored *st)
{
	struct vf_stored *outer = open_entry(st);
	int round = 0, changed;

	if (!st->edges)
		return 0;
	if (outer) { /* complete only with the outer loop */
		struct vf_edge **last = &st->edges;

		while (*last)
			last = &(*last)->next;
		*last = outer->edges;
		outer->edges = st->edges;
		st->edges = NULL;
		return 0;
	}
	do {
		changed = 0;
		for (struct vf_edge *e = st->edges; e; e = e->next) {
			int err = 0;

			if (round < MAX_EDGE_ROUNDS)
				err = pass_marks(env, &e->from, e->target);
			else
				vf_all_precise(&e->from.path);
			if (err < 0)
				return err;
			changed |= err;
		}
	} while (changed && round++ < MAX_EDGE_ROUNDS);
	free_edges(env, st);
	return 0;
}

int vf_path_done(struct vf_env *env, struct vf_stored *st)
{
	while (st) {
		struct vf_stored *parent = st->path.parent;
		int err;

		if (--st->branches)
			return 0;
		vf_leave_loop(st);
		err = close_loop(env, st);
		if (err)
			return err;
		/* with complete marks it needs neither its history nor its parent any more */
		if (!st->visit && !open_entry(st))
			vf_stored_trim(env, st);
		st = parent;
	}
	return 0;
}

/* Does recording (record.h) want every state that comes by here? */
static bool recorded(const struct vf_env *env, const struct vf_insn_info *info)
{
	return env->opts->record_states && !info->record_full;
}

static void sweep_evicted(struct vf_env *env)
{
	struct vf_stored **p = &env->evicted, *st;

	while ((st = *p)) {
		if (st->children || st->branches || st->loop_target ||
		    recorded(env, &env->info[st->insn])) {
			if (!st->branches && !st->trimmed && !st->loop_target && !open_entry(st))
				vf_stored_trim(env, st);
			p = &st->next;
			continue;
		}
		*p = st->next;
		env->n_states--;
		vf_stored_free(env, st);
	}
}

static void evict(struct vf_env *env, struct vf_stored **link)
{
	struct vf_stored *st = *link;

	*link = st->next;
	env->info[st->insn].n_stored--;
	if (env->count)
		env->count[st->insn].now--;
	st->next = env->evicted;
	env->evicted = st;
	if ((++env->n_evicted & 255) == 0)
		sweep_evicted(env);
}

static uint64_t signature(const struct vf_state *st)
{
	const struct vf_reg *r = st->frame[st->cur_frame]->r;
	uint64_t sig = 0;

	for (int i = 0; i < 10; i++)
		sig |= (uint64_t)r[i].base << (i * 5);
	return sig;
}

/* Differs only if the registers do; what is only in memory or in ids does not count. */
static uint64_t value_hash(const struct vf_state *st)
{
	const struct vf_reg *r = st->frame[st->cur_frame]->r;
	uint64_t h = 0;

	for (int i = 0; i < 10; i++)
		h = (h ^ r[i].s.t.v ^ (r[i].s.t.m << 1) ^ r[i].s.umin ^
		     ((uint64_t)r[i].s.smax << 7) ^ (uint32_t)r[i].off) *
		    0x9e3779b97f4a7c15ull;
	return h;
}

static void set_signature(struct vf_env *env, struct vf_stored *st)
{
	const struct vf_reg *r = vf_cur_frame(env)->r;
	uint32_t live = vf_live_regs(env, st, st->cur_frame);

	for (int i = 0; i < 10; i++)
		if ((live >> i & 1) && r[i].base != VF_NOT_INIT)
			st->sig_mask |= 0x1full << (i * 5);
	st->sig = signature(env->cur) & st->sig_mask;
	st->value_hash = value_hash(env->cur);
}

static void count_here(struct vf_insn_count *c)
{
	c->stored++;
	if (++c->now > c->peak)
		c->peak = c->now;
}

static void count_stored(struct vf_env *env)
{
	uint32_t here = ++env->info[env->insn_idx].n_stored;

	env->total_states++;
	if (here > env->max_states_per_insn)
		env->max_states_per_insn = here;
	if (++env->n_states > env->peak_states)
		env->peak_states = env->n_states;
	if (env->count)
		count_here(&env->count[env->insn_idx]);
	env->jumps_at_store = env->jumps;
	env->insns_at_store = env->processed;
}

/* The stored state takes the current one's place as child of its parent, and becomes its parent. */
static int store(struct vf_env *env)
{
	struct vf_state *cur = env->cur;
	struct vf_stored *st = vf_stored_new(env);

	if (!st)
		return -ENOMEM;
	st->insn = env->insn_idx;
	st->callsite = vf_cur_frame(env)->head.callsite;
	st->branches = 1;
	st->depth = st->path.parent ? st->path.parent->depth + 1 : 0;
	if (vf_enter_loop(env, st)) {
		vf_stored_free(env, st);
		return -ENOMEM;
	}
	set_signature(env, st);
	vf_path_leave(&cur->path);
	cur->path.parent = st;
	cur->path.n_hist = 0;
	st->children++;
	memset(cur->slot_written, 0, (cur->cur_frame + 1) * sizeof(cur->slot_written[0]));
	cur->n_events = 0;
	st->next = env->stored[env->insn_idx];
	env->stored[env->insn_idx] = st;
	count_stored(env);
	if (env->opts->record_states && ++env->info[st->insn].n_recorded > VF_RECORD_MAX)
		env->info[st->insn].record_full = true;
	return 0;
}

const struct vf_stored *vf_previous_visit(const struct vf_stored *from, const struct vf_state *st,
					  uint32_t insn)
{
	for (; from; from = from->path.parent)
		if (from->insn == insn && vf_same_call_chain(from, st))
			break;
	return from;
}

/* Some iterator has advanced between two visits: that is progress. */
static bool iterators_advanced(const struct vf_env *env, const struct vf_stored *old,
			       const struct vf_state *cur)
{
	for (uint32_t f = 0; f <= old->cur_frame; f++) {
		const struct vf_stored_frame *of = old->marks[f].frame;
		const struct vf_frame *cf = cur->frame[f];

		for (uint32_t i = 0; i < of->n_slots && i < cf->n_slots; i++) {
			const struct vf_slot *o = vf_stored_slot(env, of, i), *c = &cf->slot[i];

			if (o->kind[0] == VF_SLOT_ITER && c->kind[0] == VF_SLOT_ITER &&
			    o->reg.iter_depth != c->reg.iter_depth)
				return true;
		}
	}
	return false;
}

/* the iterator that the `next` call at this instruction would advance is active */
static bool iterator_active(const struct vf_state *cur)
{
	const struct vf_reg *r1 = &cur->frame[cur->cur_frame]->r[1];
	const struct vf_frame *f;
	int32_t off;

	if (r1->base != VF_STACK || !vf_reg_is_fixed(r1))
		return false;
	off = r1->off + (int32_t)r1->s.t.v;
	f = cur->frame[r1->frame];
	if (off >= 0 || (uint32_t)((-off - 1) / 8) >= f->n_slots)
		return false;
	return f->slot[(-off - 1) / 8].kind[0] == VF_SLOT_ITER &&
	       f->slot[(-off - 1) / 8].reg.iter_state == VF_ITER_ACTIVE;
}

/* An unfinished ancestor at the same instruction: 1 converged, 0 no, -errno infinite loop. */
static int check_ancestor(struct vf_env *env, const struct vf_stored *old, uint64_t hash)
{
	const struct vf_insn_info *info = &env->info[env->insn_idx];
	const struct vf_state *cur = env->cur;
	bool waits = info->is_iter_next || info->calls_callback ||
		     (info->is_may_goto && old->may_goto_depth != cur->may_goto_depth);

	if (old->marks[0].frame->head.in_async_callback &&
	    old->marks[0].frame->head.async_entry_cnt != cur->frame[0]->head.async_entry_cnt)
		return 0;
	if (waits)
		return vf_state_covers(env, old, cur, VF_RANGE_WITHIN) &&
		       (!info->is_iter_next || iterator_active(cur));
	if (old->value_hash != hash || old->may_goto_depth != cur->may_goto_depth ||
	    old->callback_rounds != cur->callback_rounds ||
	    !vf_state_covers(env, old, cur, VF_EXACT) || iterators_advanced(env, old, cur))
		return 0;
	return vf_reject(env, KF_INFINITE_LOOP,
			 "instruction %u is reached again with nothing changed", env->insn_idx);
}

/* What of a finished state counts. */
static enum vf_exactness finished_counts(struct vf_env *env, struct vf_stored *old)
{
	if (old->visit && old->visit->incomplete)
		return VF_RANGE_WITHIN;
	if (open_entry(old))
		return VF_ALL_COUNTS;
	/* states in loops are kept whole until they are looked at in time of peace */
	if (!old->trimmed)
		vf_stored_trim(env, old);
	return VF_NOT_EXACT;
}

/* The current path ends here, covered by old. */
static int prune(struct vf_env *env, struct vf_stored *old)
{
	struct vf_stored *entry = old->branches ? old : open_entry(old);
	struct vf_arrival from;
	int err;

	arrive(env, &from);
	err = pass_marks(env, &from, old);
	if (err < 0)
		return err;
	old->hits++;
	if (old->visit && old->branches)
		old->visit->incomplete = true;
	if (!entry)
		return 1;
	if (old->branches && open_entry(old))
		entry = open_entry(old);
	err = add_edge(env, &from, old, entry);
	return err ? err : 1;
}

int vf_is_visited(struct vf_env *env)
{
	const struct vf_insn_info *info = &env->info[env->insn_idx];
	bool force = info->force_checkpoint || env->cur->n_events > LONG_HISTORY ||
		     (env->prog->prog_flags & BPF_F_TEST_STATE_FREQ) || recorded(env, info);
	uint64_t jumps = env->jumps - env->jumps_at_store;
	uint64_t insns = env->processed - env->insns_at_store;
	bool add = force || (jumps >= 2 && insns >= 8);
	struct vf_stored **link = &env->stored[env->insn_idx], *old;
	uint64_t sig = *link ? signature(env->cur) : 0;
	uint64_t hash = *link ? value_hash(env->cur) : 0;
	uint32_t callsite = vf_cur_frame(env)->head.callsite;

	env->cur->insn = env->insn_idx;
	while ((old = *link)) {
		/* a state that covers nothing for long only costs; loop heads get more patience */
		uint32_t worth = info->force_checkpoint && old->branches ? 64 : 3;
		bool covered = false;

		if (old->callsite != callsite) {
			link = &old->next;
			continue;
		}
		if (old->cur_frame == env->cur->cur_frame && old->sig == (sig & old->sig_mask)) {
			if (env->count)
				env->count[env->insn_idx].compared++;
			if (old->branches) {
				int err = check_ancestor(env, old, hash);

				if (err < 0)
					return err;
				covered = err;
			} else {
				covered = vf_state_covers(env, old, env->cur,
							  finished_counts(env, old));
			}
		}
		if (covered) {
			if (env->count)
				env->count[env->insn_idx].pruned++;
			return prune(env, old);
		}
		/* in a tight loop storing a state in each round would only cost */
		if (old->branches && !force && jumps < 20 && insns < 100)
			add = false;
		if (add && ++old->misses > old->hits * worth + worth) {
			evict(env, link);
			continue;
		}
		link = &old->next;
	}
	return add ? store(env) : 0;
}

static void free_list(struct vf_env *env, struct vf_stored *st)
{
	while (st) {
		struct vf_stored *next = st->next;

		st->path.parent = NULL; /* may be gone */
		vf_stored_free(env, st);
		st = next;
	}
}

void vf_states_free(struct vf_env *env)
{
	uint32_t n = env->stored && env->info ? env->prog->n_insns : 0;

	/* edges point to other states: all of them first */
	for (uint32_t i = 0; i < n; i++)
		for (struct vf_stored *st = env->stored[i]; st; st = st->next)
			free_edges(env, st);
	for (struct vf_stored *st = env->evicted; st; st = st->next)
		free_edges(env, st);
	vf_values_free(env);
	for (uint32_t i = 0; i < n; i++) {
		free_list(env, env->stored[i]);
		env->stored[i] = NULL;
		env->info[i].n_stored = 0;
		if (env->count)
			env->count[i].now = 0;
	}
	free_list(env, env->evicted);
	env->evicted = NULL;
	vf_visits_free(env);
	env->n_states = 0;
}
