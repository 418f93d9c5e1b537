/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * States being explored, and their frames: making, copying, queueing. A state is small; its frames
 * carry the registers and the stack. Frames are shared between a state and its copies until somebody
 * writes: only the top frame is copied when a state is, outer frames when vf_frame_own() is asked for
 * one.
 *
 * Both come and go by the hundred thousand, so the pool keeps what is freed, frames by the number
 * of slots they have room for.
 */
#include <stddef.h>

#include "verifier/states.h"

#define FRAME_STEP    4 /* slots */
#define FRAME_CLASSES (VF_MAX_SLOTS / FRAME_STEP + 1)
#define MAX_PENDING   8192 /* R9.1 */
#define AWAKE         8    /* queued states that are kept ready */

/* All that states consist of comes from these two, so that its peak is known (report.state_bytes). */
static void *counted(struct vf_env *env, void *p)
{
	env->state_bytes += mem_size(p);
	if (env->state_bytes > env->peak_state_bytes)
		env->peak_state_bytes = env->state_bytes;
	return p;
}

void *vf_mem_alloc(struct vf_env *env, size_t size)
{
	return counted(env, mem_zalloc(size));
}

int vf_mem_grow(struct vf_env *env, void **arr, uint32_t *cap, uint32_t need, size_t elem_size)
{
	size_t was = mem_size(*arr), room = *cap;

	if (need <= room)
		return 0;
	if (mem_grow(arr, &room, need, elem_size))
		return vf_nomem(env);
	env->state_bytes -= was;
	counted(env, *arr);
	*cap = room;
	return 0;
}

void vf_mem_free(struct vf_env *env, void *p)
{
	env->state_bytes -= mem_size(p);
	mem_free(p);
}

struct vf_pool {
	struct vf_frame *frames[FRAME_CLASSES]; /* linked through ((void **)frame)[0] */
	struct vf_state *states;
};

static struct vf_pool *pool(struct vf_env *env)
{
	if (!env->pool)
		env->pool = mem_zalloc(sizeof(*env->pool));
	return env->pool;
}

static struct vf_frame *frame_alloc(struct vf_env *env, uint32_t n_slots)
{
	uint32_t class = (n_slots + FRAME_STEP - 1) / FRAME_STEP;
	struct vf_pool *p = pool(env);
	struct vf_frame *f;

	if (!p)
		return NULL;
	f = p->frames[class];
	if (f)
		p->frames[class] = *(struct vf_frame **)f;
	else
		f = counted(env,
			    mem_alloc(sizeof(*f) + class * FRAME_STEP * sizeof(struct vf_slot)));
	if (!f)
		return NULL;
	f->cap_slots = class * FRAME_STEP;
	return f;
}

static void frame_put(struct vf_env *env, struct vf_frame *f)
{
	uint32_t class = f->cap_slots / FRAME_STEP;

	if (--f->refs)
		return;
	*(struct vf_frame **)f = env->pool->frames[class];
	env->pool->frames[class] = f;
}

static struct vf_frame *frame_copy(struct vf_env *env, const struct vf_frame *src, uint32_t room)
{
	uint32_t cap;
	struct vf_frame *f = frame_alloc(env, room > src->n_slots ? room : src->n_slots);

	if (!f)
		return NULL;
	cap = f->cap_slots;
	memcpy(f, src, sizeof(*f) + src->n_slots * sizeof(struct vf_slot));
	f->cap_slots = cap;
	f->refs = 1;
	return f;
}

static struct vf_frame *frame_own(struct vf_env *env, struct vf_state *st, uint32_t i)
{
	struct vf_frame *f = st->frame[i];

	if (f->refs == 1)
		return f;
	f = frame_copy(env, st->frame[i], 0);
	if (!f) {
		vf_nomem(env);
		return NULL;
	}
	st->frame[i]->refs--;
	st->frame[i] = f;
	return f;
}

struct vf_frame *vf_frame_own(struct vf_env *env, uint32_t frame)
{
	return frame_own(env, env->cur, frame);
}

int vf_frame_grow(struct vf_env *env, uint32_t frame, uint32_t n_slots)
{
	struct vf_frame *f = env->cur->frame[frame];

	if (n_slots <= f->n_slots)
		return 0;
	if (f->refs != 1 || n_slots > f->cap_slots) {
		struct vf_frame *bigger = frame_copy(env, f, n_slots);

		if (!bigger)
			return vf_nomem(env);
		frame_put(env, f);
		env->cur->frame[frame] = f = bigger;
	}
	memset(&f->slot[f->n_slots], 0, (n_slots - f->n_slots) * sizeof(struct vf_slot));
	f->n_slots = n_slots;
	return 0;
}

int vf_own_all(struct vf_env *env, struct vf_state *st)
{
	for (uint32_t i = 0; i <= st->cur_frame; i++)
		if (st->frame[i]->refs != 1 && !frame_own(env, st, i))
			return -ENOMEM;
	return 0;
}

struct vf_reg *vf_reg_it_next(struct vf_state *st, struct vf_reg_it *it)
{
	for (; it->frame <= st->cur_frame; it->frame++, it->i = 0) {
		struct vf_frame *f = st->frame[it->frame];

		if (it->i < VF_REGS)
			return &f->r[it->i++];
		while (it->i - VF_REGS < f->n_slots) {
			struct vf_slot *s = &f->slot[it->i++ - VF_REGS];

			if (s->kind[0] == VF_SLOT_SPILL)
				return &s->reg;
		}
	}
	return NULL;
}

static void frame_init(struct vf_frame *f, uint32_t depth, uint32_t callsite, uint32_t subprog)
{
	uint32_t cap = f->cap_slots;

	memset(f, 0, sizeof(*f));
	f->cap_slots = cap;
	f->refs = 1;
	f->head.callsite = callsite;
	f->head.subprog = subprog;
	for (int i = 0; i < VF_REGS - 1; i++)
		f->r[i].base = VF_NOT_INIT;
	vf_reg_pointer(&f->r[10], VF_STACK, 0);
	f->r[10].frame = depth;
}

struct vf_frame *vf_frame_new(struct vf_env *env, uint32_t room, uint32_t depth)
{
	struct vf_frame *f = frame_alloc(env, room);

	if (f)
		frame_init(f, depth, 0, 0);
	return f;
}

struct vf_frame *vf_frame_push(struct vf_env *env, struct vf_state *st, uint32_t callsite,
			       uint32_t subprog)
{
	uint32_t depth = st->cur_frame + 1;
	uint32_t max = vf_rule(env, RULE_FRAMES_16) ? 16 : 8;
	struct vf_frame *f;

	if (depth >= max) {
		vf_reject(env, KF_CALL_DEPTH, "this call would be frame %u of at most %u",
			  depth + 1, max);
		return NULL;
	}
	f = frame_alloc(env, 0);
	if (!f) {
		vf_nomem(env);
		return NULL;
	}
	frame_init(f, depth, callsite, subprog);
	st->frame[depth] = f;
	st->cur_frame = depth;
	/* a new frame's slots come from nowhere: nothing is read through to the parents */
	st->slot_written[depth] = ~0ull;
	return f;
}

void vf_frame_pop(struct vf_env *env, struct vf_state *st)
{
	frame_put(env, st->frame[st->cur_frame]);
	st->frame[st->cur_frame--] = NULL;
}

struct vf_state *vf_state_alloc(struct vf_env *env)
{
	struct vf_pool *p = pool(env);
	struct vf_state *st;

	if (!p)
		return NULL;
	st = p->states;
	if (st) {
		p->states = st->next;
		st->next = NULL;
		st->frame[0] = NULL;
		return st;
	}
	return vf_mem_alloc(env, sizeof(*st));
}

void vf_state_free(struct vf_env *env, struct vf_state *st)
{
	struct vf_hist *hist = st->path.hist;
	struct vf_ref *refs = st->refs;
	uint32_t cap_hist = st->path.cap_hist, cap_refs = st->cap_refs;

	for (uint32_t i = 0; i <= st->cur_frame; i++)
		if (st->frame[i])
			frame_put(env, st->frame[i]);
	vf_path_leave(&st->path);
	memset(st, 0, offsetof(struct vf_state, frame));
	/* small buffers stay with the recycled state */
	st->path.hist = hist;
	st->path.cap_hist = cap_hist;
	st->refs = refs;
	st->cap_refs = cap_refs;
	st->next = env->pool->states;
	env->pool->states = st;
}

struct vf_state *vf_state_new(struct vf_env *env)
{
	struct vf_state *st = vf_state_alloc(env);
	struct vf_frame *f = st ? frame_alloc(env, 0) : NULL;

	if (!f) {
		if (st)
			vf_state_free(env, st);
		vf_nomem(env);
		return NULL;
	}
	frame_init(f, 0, 0, env->entry_subprog);
	st->frame[0] = f;
	st->cur_frame = 0;
	st->slot_written[0] = ~0ull;
	st->in_sleepable = env->place.sleepable;
	return st;
}

static int copy_refs(struct vf_env *env, struct vf_state *st, const struct vf_state *src)
{
	if (vf_mem_grow(env, (void **)&st->refs, &st->cap_refs, src->n_refs, sizeof(*st->refs)))
		return -ENOMEM;
	if (src->n_refs)
		memcpy(st->refs, src->refs, src->n_refs * sizeof(*st->refs));
	return 0;
}

struct vf_state *vf_state_copy(struct vf_env *env, const struct vf_state *src)
{
	struct vf_state *st = vf_state_alloc(env), buffers;
	uint32_t top = src->cur_frame;

	if (!st)
		goto nomem;
	buffers.path = st->path;
	buffers.refs = st->refs;
	buffers.cap_refs = st->cap_refs;
	memcpy(st, src, offsetof(struct vf_state, frame));
	memcpy(st->frame, src->frame, (top + 1) * sizeof(st->frame[0]));
	memcpy(st->slot_written, src->slot_written, (top + 1) * sizeof(st->slot_written[0]));
	st->next = NULL;
	st->path = buffers.path;
	st->refs = buffers.refs;
	st->cap_refs = buffers.cap_refs;
	st->frame[top] = frame_copy(env, src->frame[top], 0);
	for (uint32_t i = 0; i < top; i++)
		st->frame[i]->refs++;
	if (!st->frame[top] || vf_path_copy(env, &st->path, &src->path) ||
	    copy_refs(env, st, src)) {
		vf_state_free(env, st);
		goto nomem;
	}
	return st;
nomem:
	vf_nomem(env);
	return NULL;
}

int vf_enqueue(struct vf_env *env, struct vf_state *st, uint32_t insn)
{
	size_t cap = env->cap_pending;

	if (env->n_pending >= MAX_PENDING) {
		vf_state_free(env, st);
		return vf_reject(env,
				 vf_rule(env, RULE_PENDING_E2BIG) ? KF_TOO_MANY_JUMPS_BIG
								  : KF_TOO_MANY_JUMPS,
				 "%u branches wait to be explored", env->n_pending);
	}
	if (mem_grow((void **)&env->pending, &cap, env->n_pending + 1, sizeof(*env->pending))) {
		vf_state_free(env, st);
		return vf_nomem(env);
	}
	env->cap_pending = cap;
	st->insn = insn;
	if (st->path.parent)
		st->path.parent->branches++;
	env->pending[env->n_pending++] = (struct vf_queued){.state = st};
	return 0;
}

int vf_settle_queue(struct vf_env *env)
{
	while (env->n_pending - env->n_at_rest > AWAKE) {
		uint32_t i = env->n_at_rest;
		struct vf_queued *q = &env->pending[i];

		q->at_rest = vf_state_pack(env, q->state, i ? env->pending[i - 1].at_rest : NULL);
		if (!q->at_rest)
			return -ENOMEM;
		q->state = NULL;
		env->n_at_rest++;
	}
	return 0;
}

int vf_dequeue(struct vf_env *env)
{
	struct vf_queued q;

	if (!env->n_pending)
		return -ENOENT;
	q = env->pending[--env->n_pending];
	if (q.state) {
		env->cur = q.state;
	} else {
		env->n_at_rest--;
		env->cur = vf_state_unpack(env, q.at_rest);
	}
	return env->cur ? 0 : -ENOMEM;
}

void vf_queue_free(struct vf_env *env)
{
	for (uint32_t i = 0; i < env->n_pending; i++)
		if (env->pending[i].state)
			vf_state_free(env, env->pending[i].state);
		else
			vf_stored_free(env, env->pending[i].at_rest);
	mem_free(env->pending);
}

struct vf_state *vf_push_state(struct vf_env *env, uint32_t insn)
{
	struct vf_state *st = vf_state_copy(env, env->cur);

	return st && vf_enqueue(env, st, insn) == 0 ? st : NULL;
}

/* the entry says nothing but that the instruction was there, and is no owner of linked data */
static bool is_plain(const struct vf_hist *hist, uint32_t i)
{
	return !hist[i].flags && !hist[i].precise && (!i || !(hist[i - 1].flags & VF_HIST_LINKED));
}

/* Instructions in a row become one entry. to: NULL only counts. Returns the number of entries. */
static uint32_t pack_hist(const struct vf_hist *from, uint32_t n, struct vf_hist *to)
{
	uint32_t out = 0, more;

	for (uint32_t i = 0; i < n; i += more + 1) {
		more = 0;
		if (is_plain(from, i))
			while (more < 127 && i + more + 1 < n && is_plain(from, i + more + 1) &&
			       from[i + more + 1].frame == from[i].frame &&
			       from[i + more + 1].insn == from[i].insn + more + 1)
				more++;
		if (to) {
			to[out] = from[i];
			if (more) {
				to[out].flags = VF_HIST_RUN;
				to[out].s_slot = more;
			}
		}
		out++;
	}
	return out;
}

int vf_path_rest(struct vf_env *env, struct vf_path *dst, const struct vf_path *src)
{
	uint32_t n = pack_hist(src->hist, src->n_hist, NULL);

	if (n) {
		dst->hist = vf_mem_alloc(env, n * sizeof(*dst->hist));
		if (!dst->hist)
			return vf_nomem(env);
		pack_hist(src->hist, src->n_hist, dst->hist);
	}
	dst->n_hist = dst->cap_hist = n;
	dst->parent = src->parent;
	if (dst->parent)
		dst->parent->children++;
	return 0;
}

int vf_path_copy(struct vf_env *env, struct vf_path *dst, const struct vf_path *src)
{
	if (vf_mem_grow(env, (void **)&dst->hist, &dst->cap_hist, src->n_hist, sizeof(*dst->hist)))
		return -ENOMEM;
	if (src->n_hist)
		memcpy(dst->hist, src->hist, src->n_hist * sizeof(*dst->hist));
	dst->n_hist = src->n_hist;
	dst->parent = src->parent;
	if (dst->parent)
		dst->parent->children++;
	return 0;
}

void vf_path_leave(struct vf_path *p)
{
	if (p->parent)
		p->parent->children--;
	p->parent = NULL;
}

int vf_hist_push(struct vf_env *env, uint32_t insn)
{
	struct vf_state *st = env->cur;
	struct vf_path *p = &st->path;

	if (p->n_hist == p->cap_hist &&
	    vf_mem_grow(env, (void **)&p->hist, &p->cap_hist, p->n_hist + 1, sizeof(*p->hist)))
		return -ENOMEM;
	p->hist[p->n_hist++] = (struct vf_hist){.insn = insn, .frame = st->cur_frame};
	return 0;
}

void vf_pool_free(struct vf_env *env)
{
	struct vf_pool *p = env->pool;

	if (!p)
		return;
	while (p->states) {
		struct vf_state *st = p->states;

		p->states = st->next;
		vf_mem_free(env, st->path.hist);
		vf_mem_free(env, st->refs);
		vf_mem_free(env, st);
	}
	for (int i = 0; i < FRAME_CLASSES; i++)
		while (p->frames[i]) {
			struct vf_frame *f = p->frames[i];

			p->frames[i] = *(struct vf_frame **)f;
			vf_mem_free(env, f);
		}
	mem_free(p);
	env->pool = NULL;
}
