/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * States at rest (states.h): stored ones, and queued ones that will not be taken up soon. Values are
 * kept once each, found by hash and counted; a value that a near state has in the same place is found
 * without hashing, and a frame that is as there is shared with it.
 *
 * Stored states are kept exactly while a path may still ask; vf_stored_trim() then drops registers
 * that are dead and slots that no continuation read. What a value's history is for diagnostics
 * (made_at, gone_at) is no part of a stored state; queued ones keep it.
 */
#include <stddef.h>

#include "verifier/states.h"

#define NO_VALUE      UINT32_MAX
#define FIRST_BUCKETS 32u

/* all but made_at and gone_at */
#define REG_BYTES offsetof(struct vf_reg, made_at)

struct packer {
	struct vf_env *env;
	bool origins; /* made_at and gone_at are kept */
};

static const uint8_t whole_spill[8] = {VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL,
				       VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL, VF_SLOT_SPILL};

static struct vf_value *entry(const struct vf_values *vs, uint32_t i)
{
	return &vs->chunk[i / VF_VALUE_CHUNK][i % VF_VALUE_CHUNK];
}

/* origins: made_at and gone_at, 0 where they are not kept */
static uint32_t value_hash(const struct vf_reg *r, const uint8_t kind[8], uint64_t origins)
{
	const uint64_t k = 0x9e3779b97f4a7c15ull;
	uint64_t w[REG_BYTES / 8], a, b = origins;

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

static uint64_t origins_of(const struct vf_reg *r)
{
	return (uint64_t)r->gone_at << 32 | r->made_at;
}

static uint32_t hash_of(const struct vf_value *v)
{
	return value_hash(&v->slot.reg, v->slot.kind, origins_of(&v->slot.reg));
}

/* do the bytes of a slot say anything through its register? If not, a value's register is zero. */
static bool has_reg(const uint8_t kind[8])
{
	return kind[0] == VF_SLOT_SPILL || kind[0] >= VF_SLOT_DYNPTR;
}

static uint64_t word(const void *p, size_t i)
{
	uint64_t w;

	memcpy(&w, (const char *)p + i * 8, 8);
	return w;
}

static bool is_value(const struct packer *p, const struct vf_slot *s, const struct vf_reg *r,
		     const uint8_t kind[8])
{
	if (word(s->kind, 0) != word(kind, 0))
		return false;
	if (!has_reg(kind))
		return true;
	/* mostly different: in id or value, if at all */
	return r->id == s->reg.id && r->s.t.v == s->reg.s.t.v &&
	       origins_of(&s->reg) == (p->origins ? origins_of(r) : 0) &&
	       memcmp(&s->reg, r, REG_BYTES) == 0;
}

static void rehash(struct vf_values *vs, uint32_t *bucket, uint32_t n)
{
	for (uint32_t b = 0; b < vs->n_buckets; b++)
		for (uint32_t i = vs->bucket[b], next; i; i = next) {
			struct vf_value *v = entry(vs, i);
			uint32_t h = hash_of(v) & (n - 1);

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
static uint32_t value_get(const struct packer *p, const struct vf_reg *r, const uint8_t kind[8])
{
	struct vf_env *env = p->env;
	struct vf_values *vs = env->values;
	uint32_t hash = value_hash(r, kind, p->origins ? origins_of(r) : 0);
	uint32_t *head = &vs->bucket[hash & (vs->n_buckets - 1)], i;
	struct vf_value *v;

	for (i = *head; i; i = v->next) {
		v = entry(vs, i);
		if (is_value(p, &v->slot, r, kind)) {
			v->refs++;
			return i;
		}
	}
	if (vs->n_used >= vs->n_buckets) {
		if (more_buckets(env))
			return NO_VALUE;
		head = &vs->bucket[hash & (vs->n_buckets - 1)];
	}
	i = new_number(env);
	if (i == NO_VALUE)
		return i;
	v = entry(vs, i);
	v->slot.reg = *r;
	if (!p->origins)
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
	p = &vs->bucket[hash_of(v) & (vs->n_buckets - 1)];
	while (*p != i)
		p = &entry(vs, *p)->next;
	*p = v->next;
	v->next = vs->free;
	vs->free = i;
	vs->n_used--;
}

static uint32_t pack(const struct packer *p, const struct vf_reg *r, const uint8_t kind[8],
		     uint32_t hint)
{
	struct vf_value *v = entry(p->env->values, hint);

	if (!hint || !is_value(p, &v->slot, r, kind))
		return value_get(p, r, kind);
	v->refs++;
	return hint;
}

static uint32_t pack_reg(const struct packer *p, const struct vf_reg *r, uint32_t hint)
{
	bool origin = p->origins && (r->made_at || r->gone_at);

	return r->base == VF_NOT_INIT && !origin ? 0 : pack(p, r, whole_spill, hint);
}

static uint32_t pack_slot(const struct packer *p, const struct vf_slot *s, uint32_t hint)
{
	static const struct vf_reg none;

	if (!word(s->kind, 0))
		return 0;
	return pack(p, has_reg(s->kind) ? &s->reg : &none, s->kind, hint);
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
	return a->n_slots == b->n_slots && memcmp(&a->head, &b->head, sizeof(a->head)) == 0 &&
	       memcmp(a->value, b->value, (VF_STORED_REGS + a->n_slots) * sizeof(a->value[0])) == 0;
}

/* hint: the same frame of a near state, or NULL */
static struct vf_stored_frame *pack_frame(const struct packer *p, const struct vf_frame *f,
					  struct vf_stored_frame *hint)
{
	uint32_t known = hint ? VF_STORED_REGS + hint->n_slots : 0;
	struct vf_stored_frame *to = vf_mem_alloc(p->env, frame_bytes(f->n_slots));

	if (!to)
		return NULL;
	to->refs = 1;
	to->head = f->head;
	to->n_slots = f->n_slots;
	for (uint32_t i = 0; i < VF_STORED_REGS + f->n_slots; i++) {
		uint32_t h = i < known ? hint->value[i] : 0;

		to->value[i] = i < VF_STORED_REGS ? pack_reg(p, &f->r[i], h)
						  : pack_slot(p, &f->slot[i - VF_STORED_REGS], h);
		if (to->value[i] == NO_VALUE) {
			to->value[i] = 0;
			frame_put(p->env, to);
			return NULL;
		}
	}
	if (!hint || !same_frame(to, hint))
		return to;
	frame_put(p->env, to);
	hint->refs++;
	return hint;
}

static int fill(const struct packer *p, struct vf_stored *st, const struct vf_state *cur,
		const struct vf_stored *near)
{
	struct vf_env *env = p->env;

	st->insn = cur->insn;
	st->cur_frame = (uint8_t)cur->cur_frame;
	st->in_sleepable = cur->in_sleepable;
	st->rcu_depth = cur->rcu_depth;
	st->preempt_depth = cur->preempt_depth;
	st->irq_top = cur->irq_top;
	st->n_locks = cur->n_locks;
	st->may_goto_depth = cur->may_goto_depth;
	st->callback_rounds = cur->callback_rounds;
	st->n_events = cur->n_events;
	if (vf_path_rest(env, &st->path, &cur->path))
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
		m->frame = pack_frame(p, cur->frame[f],
				      near && f <= near->cur_frame ? near->marks[f].frame : NULL);
		if (!m->frame)
			return -ENOMEM;
	}
	return 0;
}

static struct vf_stored *pack_state(const struct packer *p, const struct vf_state *cur,
				    const struct vf_stored *near)
{
	struct vf_env *env = p->env;
	struct vf_stored *st = NULL;
	int err = env->values ? 0 : make_values(env);

	if (!err)
		st = vf_mem_alloc(env, sizeof(*st) + (cur->cur_frame + 1) * sizeof(st->marks[0]));
	if (st) {
		err = fill(p, st, cur, near);
		if (!err)
			return st;
		vf_stored_free(env, st);
	}
	vf_nomem(env);
	return NULL;
}

struct vf_stored *vf_stored_new(struct vf_env *env)
{
	return pack_state(&(struct packer){.env = env}, env->cur, env->cur->path.parent);
}

struct vf_stored *vf_state_pack(struct vf_env *env, struct vf_state *st,
				const struct vf_stored *near)
{
	struct vf_stored *packed =
		pack_state(&(struct packer){.env = env, .origins = true}, st, near);

	if (packed)
		vf_state_free(env, st);
	return packed;
}

static struct vf_frame *unpack_frame(struct vf_env *env, const struct vf_stored_frame *from,
				     uint32_t depth)
{
	struct vf_frame *f = vf_frame_new(env, from->n_slots, depth);

	if (!f)
		return NULL;
	f->head = from->head;
	f->n_slots = from->n_slots;
	for (uint32_t i = 0; i < VF_STORED_REGS; i++)
		f->r[i] = *vf_stored_reg(env, from, i);
	for (uint32_t i = 0; i < from->n_slots; i++)
		f->slot[i] = *vf_stored_slot(env, from, i);
	return f;
}

static int unpack(struct vf_env *env, struct vf_state *st, struct vf_stored *from)
{
	st->insn = from->insn;
	st->in_sleepable = from->in_sleepable;
	st->rcu_depth = from->rcu_depth;
	st->preempt_depth = from->preempt_depth;
	st->irq_top = from->irq_top;
	st->n_locks = from->n_locks;
	st->may_goto_depth = from->may_goto_depth;
	st->callback_rounds = from->callback_rounds;
	st->n_events = from->n_events;
	for (uint32_t f = 0; f <= from->cur_frame; f++) {
		st->frame[f] = unpack_frame(env, from->marks[f].frame, f);
		if (!st->frame[f])
			return vf_nomem(env);
		st->cur_frame = f;
		st->slot_written[f] = from->marks[f].slot_written;
	}
	if (vf_mem_grow(env, (void **)&st->refs, &st->cap_refs, from->n_refs, sizeof(*st->refs)))
		return -ENOMEM;
	if (from->n_refs)
		memcpy(st->refs, from->refs, from->n_refs * sizeof(*st->refs));
	st->n_refs = from->n_refs;
	return vf_path_copy(env, &st->path, &from->path);
}

struct vf_state *vf_state_unpack(struct vf_env *env, struct vf_stored *packed)
{
	struct vf_state *st = vf_state_alloc(env);

	if (!st) {
		vf_nomem(env);
	} else if (unpack(env, st, packed)) {
		vf_state_free(env, st);
		st = NULL;
	}
	vf_stored_free(env, packed);
	return st;
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
		if (keep ||
		    (i >= VF_STORED_REGS && vf_value(env, f->value[i])->kind[0] >= VF_SLOT_DYNPTR))
			continue;
		value_put(env, f->value[i]);
		f->value[i] = 0;
	}
}

void vf_stored_trim(struct vf_env *env, struct vf_stored *st)
{
	st->trimmed = true;
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
