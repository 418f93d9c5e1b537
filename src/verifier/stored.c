/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The memory of stored states (states.h). Values are kept once each, found by hash and counted; a
 * value that the parent state has in the same place is found without hashing, and a frame that is as
 * in the parent is shared with it.
 *
 * Kept exactly, dropped never while a path may still ask; vf_stored_trim() then drops registers that
 * are dead and slots that no continuation read.
 */
#include <stddef.h>

#include "verifier/states.h"

#define NO_VALUE UINT32_MAX
#define FIRST_BUCKETS 64u

/* made_at and gone_at explain, they are no part of a value */
#define REG_BYTES offsetof(struct vf_reg, made_at)

static const uint8_t whole_spill[8] = {VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL,
				       VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL};

static struct vf_value *entry(const struct vf_values *vs, uint32_t i)
{
	return &vs->chunk[i / VF_VALUE_CHUNK][i % VF_VALUE_CHUNK];
}

static uint32_t value_hash(const struct vf_reg *r, const uint8_t kind[8])
{
	const uint64_t k = 0x9e3779b97f4a7c15ull;
	uint64_t w[REG_BYTES / 8], a, b = 0;

	memcpy(w, r, sizeof(w));
	memcpy(&a, kind, 8);
	for (size_t i = 0; i + 1 < sizeof(w) / 8; i += 2) {
		a = (a ^ w[i]) * k;
		b = (b + w[i + 1]) * k;
		a ^= a >> 29;
		b ^= b >> 31;
	}
	a = (a ^ w[sizeof(w) / 8 - 1] ^ b) * k;
	return a >> 32;
}

static bool is_value(const struct vf_slot *s, const struct vf_reg *r, const uint8_t kind[8])
{
	return memcmp(&s->reg, r, REG_BYTES) == 0 && memcmp(s->kind, kind, 8) == 0;
}

static void rehash(struct vf_values *vs, uint32_t *bucket, uint32_t n)
{
	for (uint32_t b = 0; b < vs->n_buckets; b++)
		for (uint32_t i = vs->bucket[b], next; i; i = next) {
			struct vf_value *v = entry(vs, i);
			uint32_t h = value_hash(&v->slot.reg, v->slot.kind) & (n - 1);

			next = v->next;
			v->next = bucket[h];
			bucket[h] = i;
		}
}

static int more_buckets(struct vf_env *env)
{
	struct vf_values *vs = env->values;
	uint32_t n = vs->n_buckets ? vs->n_buckets * 2 : FIRST_BUCKETS;
	uint32_t *bucket = vf_mem_alloc(env, n * sizeof(*bucket));

	if (!bucket)
		return -ENOMEM;
	rehash(vs, bucket, n);
	vf_mem_free(env, vs->bucket);
	vs->bucket = bucket;
	vs->n_buckets = n;
	return 0;
}

static uint32_t new_number(struct vf_env *env)
{
	struct vf_values *vs = env->values;
	uint32_t i = vs->free, c = vs->n / VF_VALUE_CHUNK;

	if (i) {
		vs->free = entry(vs, i)->next;
		return i;
	}
	if (vs->n % VF_VALUE_CHUNK == 0) {
		struct vf_value *chunk;

		if (vf_mem_grow(env, (void **)&vs->chunk, &vs->cap_chunks, c + 1,
				sizeof(*vs->chunk)))
			return NO_VALUE;
		chunk = vf_mem_alloc(env, VF_VALUE_CHUNK * sizeof(*chunk));
		if (!chunk)
			return NO_VALUE;
		vs->chunk[c] = chunk;
		}
	return vs->n++;
}

static int make_values(struct vf_env *env)
{
	env->values = vf_mem_alloc(env, sizeof(*env->values));
	if (!env->values || new_number(env) == NO_VALUE || more_buckets(env))
		return -ENOMEM;
	return 0;
}

/* the number of this value, counted once more; NO_VALUE: no memory */
static uint32_t value_get(struct vf_env *env, const struct vf_reg *r, const uint8_t kind[8])
{
	struct vf_values *vs = env->values;
	uint32_t *head = &vs->bucket[value_hash(r, kind) & (vs->n_buckets - 1)], i;
	struct vf_value *v;

	for (i = *head; i; i = v->next) {
		v = entry(vs, i);
		if (is_value(&v->slot, r, kind)) {
			v->refs++;
			return i;
		}
	}
	if (vs->n_used >= vs->n_buckets) {
		if (more_buckets(env))
			return NO_VALUE;
		head = &vs->bucket[value_hash(r, kind) & (vs->n_buckets - 1)];
	}
	i = new_number(env);
	if (i == NO_VALUE)
		return i;
	v = entry(vs, i);
	v->slot.reg = *r;
	v->slot.reg.made_at = v->slot.reg.gone_at = 0;
	memcpy(v->slot.kind, kind, 8);
	v->refs = 1;
	v->next = *head;
	*head = i;
	vs->n_used++;
	return i;
}

static void value_put(struct vf_env *env, uint32_t i)
{
	struct vf_values *vs = env->values;
	struct vf_value *v = entry(vs, i);
	uint32_t *p;

	if (!i || --v->refs)
		return;
	p = &vs->bucket[value_hash(&v->slot.reg, v->slot.kind) & (vs->n_buckets - 1)];
	while (*p != i)
		p = &entry(vs, *p)->next;
	*p = v->next;
	v->next = vs->free;
	vs->free = i;
	vs->n_used--;
}

static uint32_t pack(struct vf_env *env, const struct vf_reg *r, const uint8_t kind[8], uint32_t hint)
{
	struct vf_value *v = entry(env->values, hint);

	if (!hint || !is_value(&v->slot, r, kind))
		return value_get(env, r, kind);
	v->refs++;
	return hint;
}

static uint32_t pack_reg(struct vf_env *env, const struct vf_reg *r, uint32_t hint)
{
	return r->base == VF_NOT_INIT ? 0 : pack(env, r, whole_spill, hint);
}

static uint32_t pack_slot(struct vf_env *env, const struct vf_slot *s, uint32_t hint)
{
	static const struct vf_reg none;
	static const uint8_t invalid[8];

	if (memcmp(s->kind, invalid, 8) == 0)
		return 0;
	/* bytes that are no object and no spill say nothing through the register */
	if (s->kind[0] != VF_SLOT_SPILL && s->kind[0] < VF_SLOT_DYNPTR)
		return pack(env, &none, s->kind, hint);
	return pack(env, &s->reg, s->kind, hint);
}

static size_t frame_bytes(uint32_t n_slots)
{
	return sizeof(struct vf_stored_frame) + (VF_STORED_REGS + n_slots) * sizeof(uint32_t);
}

static void frame_put(struct vf_env *env, struct vf_stored_frame *f)
{
	if (!f || --f->refs)
		return;
	/* at the end of it all, the values are gone already */
	for (uint32_t i = 0; env->values && i < VF_STORED_REGS + f->n_slots; i++)
		value_put(env, f->value[i]);
	vf_mem_free(env, f);
}

/* same content, and as much of it */
static bool same_frame(const struct vf_stored_frame *a, const struct vf_stored_frame *b)
{
	return a->n_slots == b->n_slots &&
	       memcmp(&a->callsite, &b->callsite, frame_bytes(a->n_slots) -
		      offsetof(struct vf_stored_frame, callsite)) == 0;
}

/* hint: the same frame of the parent state, or NULL */
static struct vf_stored_frame *pack_frame(struct vf_env *env, const struct vf_frame *f,
					  struct vf_stored_frame *hint)
{
	uint32_t known = hint ? VF_STORED_REGS + hint->n_slots : 0;
	struct vf_stored_frame *p = vf_mem_alloc(env, frame_bytes(f->n_slots));

	if (!p)
		return NULL;
	p->refs = 1;
	p->callsite = f->callsite;
	p->subprog = f->subprog;
	p->async_entry_cnt = f->async_entry_cnt;
	p->callback_depth = f->callback_depth;
	p->in_callback = f->in_callback;
	p->in_async_callback = f->in_async_callback;
	p->n_slots = f->n_slots;
	for (uint32_t i = 0; i < VF_STORED_REGS + f->n_slots; i++) {
		uint32_t h = i < known ? hint->value[i] : 0;

		p->value[i] = i < VF_STORED_REGS ? pack_reg(env, &f->r[i], h) :
						   pack_slot(env, &f->slot[i - VF_STORED_REGS], h);
		if (p->value[i] == NO_VALUE) {
			p->value[i] = 0;
			frame_put(env, p);
			return NULL;
		}
	}
	if (!hint || !same_frame(p, hint))
		return p;
	frame_put(env, p);
	hint->refs++;
	return hint;
}

static int fill(struct vf_env *env, struct vf_stored *st, const struct vf_state *cur)
{
	const struct vf_stored *parent = cur->path.parent;

	st->cur_frame = cur->cur_frame;
	st->in_sleepable = cur->in_sleepable;
	st->rcu_depth = cur->rcu_depth;
	st->preempt_depth = cur->preempt_depth;
	st->irq_top = cur->irq_top;
	st->n_locks = cur->n_locks;
	st->may_goto_depth = cur->may_goto_depth;
	st->callback_rounds = cur->callback_rounds;
	if (vf_path_copy(env, &st->path, &cur->path))
		return -ENOMEM;
	if (cur->n_refs) {
		st->refs = vf_mem_alloc(env, cur->n_refs * sizeof(*st->refs));
		if (!st->refs)
			return -ENOMEM;
		memcpy(st->refs, cur->refs, cur->n_refs * sizeof(*st->refs));
		st->n_refs = cur->n_refs;
	}
	for (uint32_t f = 0; f <= cur->cur_frame; f++) {
		struct vf_marks *m = &st->marks[f];

		m->slot_written = cur->slot_written[f];
		m->frame = pack_frame(env, cur->frame[f],
				      parent && f <= parent->cur_frame ? parent->marks[f].frame : NULL);
		if (!m->frame)
			return -ENOMEM;
	}
	return 0;
}

struct vf_stored *vf_stored_new(struct vf_env *env)
{
	const struct vf_state *cur = env->cur;
	struct vf_stored *st = NULL;
	int err = env->values ? 0 : make_values(env);

	if (!err)
		st = vf_mem_alloc(env, sizeof(*st) + (cur->cur_frame + 1) * sizeof(st->marks[0]));
	if (st) {
		err = fill(env, st, cur);
			if (!err)
			return st;
		vf_stored_free(env, st);
	}
	vf_nomem(env);
	return NULL;
}

void vf_stored_free(struct vf_env *env, struct vf_stored *st)
{
	for (uint32_t f = 0; f <= st->cur_frame; f++)
		frame_put(env, st->marks[f].frame);
	vf_path_leave(&st->path);
	vf_mem_free(env, st->path.hist);
	vf_mem_free(env, st->refs);
	vf_mem_free(env, st);
}

static void trim_frame(struct vf_env *env, struct vf_stored_frame *f, uint32_t live, uint64_t read)
{
	for (uint32_t i = 0; i < VF_STORED_REGS + f->n_slots; i++) {
		bool keep = i < VF_STORED_REGS ? live >> i & 1 : read >> (i - VF_STORED_REGS) & 1;

		/* objects in slots are compared whether read or not */
		if (keep || (i >= VF_STORED_REGS &&
			     vf_value(env, f->value[i])->kind[0] >= VF_SLOT_DYNPTR))
			continue;
		value_put(env, f->value[i]);
		f->value[i] = 0;
	}
}

void vf_stored_trim(struct vf_env *env, struct vf_stored *st)
{
	vf_mem_free(env, st->path.hist);
	st->path.hist = NULL;
	st->path.n_hist = st->path.cap_hist = 0;
	vf_path_leave(&st->path);
	for (uint32_t f = 0; f <= st->cur_frame; f++)
		if (st->marks[f].frame->refs == 1)
			trim_frame(env, st->marks[f].frame, vf_live_regs(env, st, f),
				   st->marks[f].slot_read);
}

void vf_values_free(struct vf_env *env)
{
	struct vf_values *vs = env->values;

	if (!vs)
		return;
	for (uint32_t c = 0; c * VF_VALUE_CHUNK < vs->n; c++)
		vf_mem_free(env, vs->chunk[c]);
	vf_mem_free(env, vs->chunk);
	vf_mem_free(env, vs->bucket);
	vf_mem_free(env, vs);
	env->values = NULL;
}
