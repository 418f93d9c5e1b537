/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Keeping states for a check at run time (record.h). Recording stores a state at every checkpoint, so
 * whatever way a program takes, the state of its way or one that covered it is there. Where that would be
 * too many, nothing is kept (VF_RECORD_MAX).
 */
#include "verifier/record.h"

#include <stdio.h>

#include "verifier/states.h"

enum rec_kind {
	REC_ANY,
	REC_NUMBER, /* within s */
	REC_STACK,  /* R10 + off */
	REC_NOT_NULL,
};

struct rec_value {
	uint8_t kind;
	int32_t off;
	struct vf_scalar s;
};

struct rec_slot {
	uint32_t slot;
	struct rec_value v;
};

struct rec_state {
	struct rec_state *next;
	struct rec_value r[10];
	uint32_t n_slots;
	struct rec_slot slot[];
};

struct vf_record {
	uint32_t n;
	struct rec_state *at[];
};

static struct rec_value value_of(const struct vf_reg *r, bool precise, uint32_t frame)
{
	struct rec_value v = {.kind = REC_ANY};

	if (r->base == VF_SCALAR) {
		if (precise) {
			v.kind = REC_NUMBER;
			v.s = r->s;
		}
	} else if (r->base == VF_STACK && r->frame == frame && vf_reg_is_fixed(r)) {
		v.kind = REC_STACK;
		v.off = r->off + (int32_t)r->s.t.v;
	} else if (r->base != VF_NOT_INIT && r->base != VF_ARENA &&
		   !(r->flags & (VF_MAYBE_NULL | VF_UNTRUSTED)) && r->base != VF_BTF_ID) {
		v.kind = REC_NOT_NULL;
	} else if (r->base == VF_BTF_ID && !(r->flags & VF_MAYBE_NULL) &&
		   (r->flags & (VF_TRUSTED | VF_RCU | VF_ALLOC))) {
		v.kind = REC_NOT_NULL;
	}
	return v;
}

static bool full_spill(const struct vf_slot *s)
{
	return s->kind[0] == VF_SLOT_SPILL && s->kind[7] == VF_SLOT_SPILL;
}

static int keep(struct vf_env *env, const struct vf_stored *st)
{
	struct vf_record *rec = env->facts->record;
	uint32_t f = st->cur_frame, live = vf_live_regs(env, st, f);
	const struct vf_marks *m = &st->marks[f];
	const struct vf_stored_frame *fr = m->frame;
	struct rec_state *r;

	if (env->info[st->insn].record_full)
		return 0;
	r = mem_zalloc(sizeof(*r) + fr->n_slots * sizeof(r->slot[0]));
	if (!r)
		return vf_nomem(env);
	for (int i = 0; i < 10; i++)
		if (live >> i & 1)
			r->r[i] = value_of(vf_stored_reg(env, fr, i), m->reg_precise >> i & 1, f);
	for (uint32_t i = 0; i < fr->n_slots; i++) {
		const struct vf_slot *s = vf_stored_slot(env, fr, i);
		struct rec_value v;

		if (!(m->slot_read >> i & 1) || !full_spill(s))
			continue;
		v = value_of(&s->reg, m->slot_precise >> i & 1, f);
		if (v.kind != REC_ANY)
			r->slot[r->n_slots++] = (struct rec_slot){.slot = i, .v = v};
	}
	r->next = rec->at[st->insn];
	rec->at[st->insn] = r;
	return 0;
}

static void drop(struct vf_record *rec, uint32_t insn)
{
	while (rec->at[insn]) {
		struct rec_state *st = rec->at[insn];

		rec->at[insn] = st->next;
		mem_free(st);
	}
}

int vf_record_states(struct vf_env *env)
{
	struct vf_facts *facts = env->facts;
	int err = 0;

	if (!facts->record) {
		facts->record = mem_zalloc(sizeof(*facts->record) +
					   env->prog->n_insns * sizeof(facts->record->at[0]));
		if (!facts->record)
			return vf_nomem(env);
		facts->record->n = env->prog->n_insns;
	}
	for (uint32_t i = 0; !err && i < env->prog->n_insns; i++)
		for (struct vf_stored *st = env->stored[i]; !err && st; st = st->next)
			err = keep(env, st);
	for (struct vf_stored *st = env->evicted; !err && st; st = st->next)
		err = keep(env, st);
	for (uint32_t i = 0; i < env->prog->n_insns; i++)
		if (env->info[i].record_full)
			drop(facts->record, i);
	return err;
}

bool vf_record_at(const struct vf_record *rec, uint32_t insn)
{
	return insn < rec->n && rec->at[insn];
}

static bool within(const struct vf_scalar *s, uint64_t v)
{
	return (v & ~s->t.m) == s->t.v && v >= s->umin && v <= s->umax && (int64_t)v >= s->smin &&
	       (int64_t)v <= s->smax && (uint32_t)v >= s->u32min && (uint32_t)v <= s->u32max &&
	       (int32_t)v >= s->s32min && (int32_t)v <= s->s32max;
}

static bool fits(const struct rec_value *want, uint64_t v, uint64_t fp)
{
	switch (want->kind) {
	case REC_NUMBER:
		return within(&want->s, v);
	case REC_STACK:
		return v == fp + (uint64_t)(int64_t)want->off;
	case REC_NOT_NULL:
		return v != 0;
	default:
		return true;
	}
}

static bool state_fits(const struct rec_state *st, const uint64_t regs[11], int *bad)
{
	for (int i = 0; i < 10; i++) {
		*bad = i;
		if (!fits(&st->r[i], regs[i], regs[10]))
			return false;
	}
	for (uint32_t i = 0; i < st->n_slots; i++) {
		uint64_t v;

		*bad = 16 + (int)st->slot[i].slot;
		memcpy(&v, (const void *)(uintptr_t)(regs[10] - 8 * (st->slot[i].slot + 1)), 8);
		if (!fits(&st->slot[i].v, v, regs[10]))
			return false;
	}
	return true;
}

bool vf_record_covers(const struct vf_record *rec, uint32_t insn, const uint64_t regs[11],
		      char *why, size_t why_size)
{
	int bad = 0;

	for (const struct rec_state *st = rec->at[insn]; st; st = st->next)
		if (state_fits(st, regs, &bad))
			return true;
	if (why && bad < 16)
		snprintf(why, why_size, "instruction %u: R%d is 0x%llx, which no state allows",
			 insn, bad, (unsigned long long)regs[bad]);
	else if (why)
		snprintf(why, why_size, "instruction %u: no state allows the stack at %d", insn,
			 -8 * (bad - 16 + 1));
	return false;
}

void vf_record_free(struct vf_record *rec)
{
	for (uint32_t i = 0; rec && i < rec->n; i++)
		drop(rec, i);
	mem_free(rec);
}
