/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * When a stored state covers the current one (verifier spec R9.3, kfunc spec 0.2), member by member. Two
 * states are made alike, then changed; each row says under which of the three strengths the one still
 * covers the other. Programs that need a comparison stand in asm/pruning.txt and progs/joins.bpf.c; here
 * are also those that no program reaches alone, because other comparisons would stop it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "verifier/reg.h"
#include "verifier/states.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SLOTS  4

enum where { NOWHERE, TOP, CALLER, SLOT, KINDS, STATE, REF, TOP_HEAD, CALLER_HEAD, CURRENT_FRAME };

struct poke {
	enum where where;
	unsigned int n; /* register, slot or reference */
	size_t off, size;
	uint64_t v;
};

#define MEMBER(w, i, type, m, val)                                                                 \
	{w, i, offsetof(type, m), sizeof(((type *)0)->m), (uint64_t)(val)}
#define R(i, m, val)       MEMBER(TOP, i, struct vf_reg, m, val)
#define OUTER_R(i, m, val) MEMBER(CALLER, i, struct vf_reg, m, val)
#define S(i, m, val)       MEMBER(SLOT, i, struct vf_reg, m, val)
#define ST(m, val)         MEMBER(STATE, 0, struct vf_state, m, val)
#define RF(i, m, val)      MEMBER(REF, i, struct vf_ref, m, val)
#define HEAD(m, val)       MEMBER(TOP_HEAD, 0, struct vf_frame_head, m, val)
#define OUTER_HEAD(m, val) MEMBER(CALLER_HEAD, 0, struct vf_frame_head, m, val)
/* bytes from..7 of a slot */
#define K(i, from, kind) {KINDS, i, from, 8 - (from), kind}

struct row {
	const char *what;
	void (*make)(struct vf_state *st); /* both, after the common part */
	struct poke old[6], cur[6];
	/* N: not exact, A: all counts, R: range within, E: exact. i: nothing is precise, u: no slot is read */
	const char *covers;
};

static struct vf_map map_a, map_b;
static struct btf_obj *const btf_a = (struct btf_obj *)&map_a, *const btf_b =
								       (struct btf_obj *)&map_b;

/* ---------------------------------------------------------------- what R1 and R2 are */

static void pointer(struct vf_state *st, enum vf_base base, uint16_t flags)
{
	for (int i = 1; i <= 2; i++) {
		vf_reg_pointer(&st->frame[1]->r[i], base, flags);
		/* with a part that is not known */
		vf_reg_unknown(&st->frame[1]->r[3]);
		st->frame[1]->r[i].s = st->frame[1]->r[3].s;
	}
}

static void numbers(struct vf_state *st)
{
	for (int i = 1; i <= 2; i++)
		vf_reg_unknown(&st->frame[1]->r[i]);
}

static void memory(struct vf_state *st)
{
	pointer(st, VF_MEM, 0);
	st->frame[1]->r[1].mem_size = 8;
	st->frame[1]->r[1].parent_id = 3;
}

static void values(struct vf_state *st)
{
	pointer(st, VF_MAP_VALUE, VF_MAYBE_NULL);
	st->frame[1]->r[1].map = &map_a;
	st->frame[1]->r[1].map_uid = 1;
	st->frame[1]->r[1].id = st->frame[1]->r[2].id = 5;
}

static void keys(struct vf_state *st)
{
	pointer(st, VF_MAP_KEY, 0);
}

static void buffers(struct vf_state *st)
{
	pointer(st, VF_BUF, 0);
}

static void tp_buffers(struct vf_state *st)
{
	pointer(st, VF_TP_BUFFER, 0);
}

static void packets(struct vf_state *st)
{
	pointer(st, VF_PACKET, 0);
	st->frame[1]->r[1].range = st->frame[1]->r[2].range = 8;
	st->frame[1]->r[1].id = st->frame[1]->r[2].id = 5;
}

static void metas(struct vf_state *st)
{
	pointer(st, VF_PACKET_META, 0);
	st->frame[1]->r[1].range = 8;
}

static void arenas(struct vf_state *st)
{
	pointer(st, VF_ARENA, 0);
}

static void stacks(struct vf_state *st)
{
	pointer(st, VF_STACK, 0);
	st->frame[1]->r[1].off = -8;
}

static void objects(struct vf_state *st)
{
	pointer(st, VF_BTF_ID, VF_TRUSTED);
	st->frame[1]->r[1].btf = btf_a;
	st->frame[1]->r[1].type_id = 7;
}

/* ---------------------------------------------------------------- what the slots are */

static void spills(struct vf_state *st)
{
	for (int i = 0; i < SLOTS; i++) {
		memset(st->frame[1]->slot[i].kind, VF_SLOT_SPILL, 8);
		vf_reg_unknown(&st->frame[1]->slot[i].reg);
	}
}

static void spilled_pointers(struct vf_state *st)
{
	spills(st);
	for (int i = 0; i < SLOTS; i++)
		vf_reg_pointer(&st->frame[1]->slot[i].reg, VF_CTX, 0);
}

static void half_spills(struct vf_state *st)
{
	spills(st);
	for (int i = 0; i < SLOTS; i++)
		memset(st->frame[1]->slot[i].kind + 4, VF_SLOT_INVALID, 4);
}

static void bytes(struct vf_state *st)
{
	for (int i = 0; i < SLOTS; i++)
		memset(st->frame[1]->slot[i].kind, VF_SLOT_MISC, 8);
}

static void zeros(struct vf_state *st)
{
	for (int i = 0; i < SLOTS; i++)
		memset(st->frame[1]->slot[i].kind, VF_SLOT_ZERO, 8);
}

static void nothing(struct vf_state *st)
{
	(void)st;
}

static void iterator(struct vf_state *st)
{
	struct vf_reg *r = &st->frame[1]->slot[0].reg;

	memset(st->frame[1]->slot[0].kind, VF_SLOT_ITER, 8);
	r->btf = btf_a;
	r->type_id = 7;
	r->iter_state = VF_ITER_ACTIVE;
	r->first_slot = 1;
	r->ref_id = 11;
}

static void flags(struct vf_state *st)
{
	memset(st->frame[1]->slot[0].kind, VF_SLOT_IRQ, 8);
	st->frame[1]->slot[0].reg.id = st->frame[1]->slot[0].reg.ref_id = 12;
}

#define NONE {NOWHERE, 0, 0, 0, 0}

static const struct row rows[] = {
	/* numbers */
	{"equal numbers", numbers, {NONE}, {NONE}, "NARE"},
	{"a smaller maximum", numbers, {NONE}, {R(1, s.umax, 10)}, "NAR"},
	{"a greater maximum", numbers, {R(1, s.umax, 10)}, {NONE}, ""},
	{"a greater maximum that does not matter", numbers, {R(1, s.umax, 10)}, {NONE}, "Ni"},
	{"a smaller minimum", numbers, {R(1, s.umin, 10)}, {NONE}, ""},
	{"signed: a greater maximum", numbers, {R(1, s.smax, 10)}, {NONE}, ""},
	{"signed: a smaller minimum", numbers, {R(1, s.smin, 10)}, {NONE}, ""},
	{"32 bits: a greater maximum", numbers, {R(1, s.u32max, 10)}, {NONE}, ""},
	{"32 bits: a smaller minimum", numbers, {R(1, s.u32min, 10)}, {NONE}, ""},
	{"32 bits, signed: a greater maximum", numbers, {R(1, s.s32max, 10)}, {NONE}, ""},
	{"32 bits, signed: a smaller minimum", numbers, {R(1, s.s32min, 10)}, {NONE}, ""},
	{"fewer known bits", numbers, {R(1, s.t.m, ~7ull)}, {NONE}, ""},
	{"more known bits", numbers, {NONE}, {R(1, s.t.m, ~7ull)}, "NAR"},
	{"the same link by another name",
	 numbers,
	 {R(1, id, 5), R(2, id, 5)},
	 {R(1, id, 9), R(2, id, 9)},
	 "NARE"},
	{"a link that was not there", numbers, {NONE}, {R(1, id, 9), R(2, id, 9)}, "NAR"},
	{"a link that is gone", numbers, {R(1, id, 5), R(2, id, 5)}, {NONE}, ""},
	{"a link of which half is gone", numbers, {R(1, id, 5), R(2, id, 5)}, {R(1, id, 9)}, ""},
	{"two links for one", numbers, {R(1, id, 5), R(2, id, 5)}, {R(1, id, 8), R(2, id, 9)}, ""},
	{"one link for two", numbers, {R(1, id, 5), R(2, id, 6)}, {R(1, id, 9), R(2, id, 9)}, ""},
	{"another difference",
	 numbers,
	 {R(1, id, 5), R(1, flags, VF_LINK_DELTA), R(1, delta, 1)},
	 {R(1, id, 5), R(1, flags, VF_LINK_DELTA), R(1, delta, 2)},
	 ""},
	{"a link without difference",
	 numbers,
	 {R(1, id, 5), R(1, flags, VF_LINK_DELTA)},
	 {R(1, id, 5)},
	 ""},
	{"a difference in 32 bits",
	 numbers,
	 {R(1, id, 5), R(1, flags, VF_LINK_DELTA), R(1, delta, 1)},
	 {R(1, id, 5), R(1, flags, VF_LINK_DELTA | VF_LINK_DELTA32), R(1, delta, 1)},
	 ""},
	{"a pointer for a number", numbers, {NONE}, {R(1, base, VF_CTX)}, ""},
	{"a pointer for a number that does not matter", numbers, {NONE}, {R(1, base, VF_CTX)}, "i"},
	{"a number for nothing", numbers, {R(1, base, VF_NOT_INIT)}, {NONE}, "NA"},
	{"nothing for a number", numbers, {NONE}, {R(1, base, VF_NOT_INIT)}, ""},
	{"a caller's number",
	 numbers,
	 {OUTER_R(6, base, VF_SCALAR), OUTER_R(6, s.umax, 1)},
	 {OUTER_R(6, base, VF_SCALAR), OUTER_R(6, s.umax, 2)},
	 ""},
	/* memory */
	{"equal memory", memory, {NONE}, {NONE}, "NARE"},
	{"less memory", memory, {NONE}, {R(1, mem_size, 4)}, ""},
	{"more memory", memory, {NONE}, {R(1, mem_size, 16)}, ""},
	{"memory that may not be written", memory, {NONE}, {R(1, flags, VF_RDONLY)}, ""},
	{"memory of another dynptr", memory, {NONE}, {R(1, parent_id, 4)}, "E"},
	{"memory with a reference", memory, {NONE}, {R(1, ref_id, 4)}, ""},
	/* values and other places with a variable part */
	{"equal values", values, {NONE}, {NONE}, "NARE"},
	{"another place", values, {NONE}, {R(1, off, 8)}, ""},
	{"another map", values, {NONE}, {R(1, map, &map_b)}, ""},
	{"another inner map", values, {NONE}, {R(1, map_uid, 2)}, ""},
	{"a value without check", values, {R(1, flags, 0)}, {NONE}, ""},
	{"the same value by another name", values, {NONE}, {R(1, id, 9), R(2, id, 9)}, "NARE"},
	{"two values for one", values, {NONE}, {R(1, id, 9)}, ""},
	{"one value for two", values, {R(1, id, 9)}, {NONE}, ""},
	{"a smaller variable part", values, {NONE}, {R(1, s.umax, 10)}, "NAR"},
	{"a greater variable part", values, {R(1, s.umax, 10)}, {NONE}, ""},
	{"a key elsewhere", keys, {NONE}, {R(1, off, 8)}, ""},
	{"a key with a smaller variable part", keys, {NONE}, {R(1, s.umax, 10)}, "NAR"},
	{"a buffer elsewhere", buffers, {NONE}, {R(1, off, 8)}, ""},
	{"a buffer with a smaller variable part", buffers, {NONE}, {R(1, s.umax, 10)}, "NAR"},
	{"a tracepoint's buffer elsewhere", tp_buffers, {NONE}, {R(1, off, 8)}, ""},
	{"a tracepoint's buffer with a smaller variable part",
	 tp_buffers,
	 {NONE},
	 {R(1, s.umax, 10)},
	 "NAR"},
	/* packets */
	{"equal packets", packets, {NONE}, {NONE}, "NARE"},
	{"a packet of which more is known", packets, {NONE}, {R(1, range, 16)}, "NAR"},
	{"a packet of which less is known", packets, {NONE}, {R(1, range, 4)}, ""},
	{"both beyond the end",
	 packets,
	 {R(1, range, VF_RANGE_BEYOND)},
	 {R(1, range, VF_RANGE_BEYOND)},
	 "NARE"},
	{"one at the end", packets, {R(1, range, VF_RANGE_BEYOND)}, {R(1, range, VF_RANGE_AT)}, ""},
	{"one beyond the end",
	 packets,
	 {R(1, range, VF_RANGE_AT)},
	 {R(1, range, VF_RANGE_BEYOND)},
	 ""},
	{"no longer beyond the end", packets, {R(1, range, VF_RANGE_BEYOND)}, {NONE}, ""},
	{"beyond the end now", packets, {NONE}, {R(1, range, VF_RANGE_BEYOND)}, ""},
	{"another place in the packet", packets, {NONE}, {R(1, off, 8)}, ""},
	{"a packet pointer with flags", packets, {NONE}, {R(1, flags, VF_MAYBE_NULL)}, ""},
	{"two packets for one", packets, {NONE}, {R(1, id, 9)}, ""},
	{"a packet pointer with a smaller variable part",
	 packets,
	 {NONE},
	 {R(1, s.umax, 10)},
	 "NAR"},
	{"a packet pointer with a greater variable part", packets, {R(1, s.umax, 10)}, {NONE}, ""},
	{"metadata of which less is known", metas, {NONE}, {R(1, range, 4)}, ""},
	{"metadata of which more is known", metas, {NONE}, {R(1, range, 16)}, "NAR"},
	{"metadata for a packet", packets, {NONE}, {R(1, base, VF_PACKET_META)}, ""},
	/* other pointers */
	{"anywhere in an arena", arenas, {NONE}, {R(1, off, 8)}, "NAR"},
	{"equal stack pointers", stacks, {NONE}, {NONE}, "NARE"},
	{"another frame", stacks, {NONE}, {R(1, frame, 1)}, ""},
	{"another place in a frame", stacks, {NONE}, {R(1, off, -16)}, ""},
	{"a stack pointer with a smaller variable part", stacks, {NONE}, {R(1, s.umax, 10)}, ""},
	{"equal objects", objects, {NONE}, {NONE}, "NARE"},
	{"an object of another type", objects, {NONE}, {R(1, type_id, 8)}, ""},
	{"an object of other types", objects, {NONE}, {R(1, btf, btf_b)}, ""},
	{"an object that is not trusted", objects, {NONE}, {R(1, flags, VF_UNTRUSTED)}, ""},
	{"an object that is owned", objects, {NONE}, {R(1, ref_id, 11)}, ""},
	{"an object that is not owned", objects, {R(1, ref_id, 11)}, {NONE}, ""},
	{"an object by another name", objects, {R(1, id, 5)}, {R(1, id, 6)}, "NARE"},
	{"names for none", objects, {NONE}, {R(1, id, 5), R(1, ref_id, 5), R(1, parent_id, 5)}, ""},
	{"no names", objects, {R(1, id, 5), R(1, ref_id, 5), R(1, parent_id, 5)}, {NONE}, ""},
	{"another parent",
	 objects,
	 {R(1, parent_id, 5), R(2, parent_id, 5)},
	 {R(1, parent_id, 5), R(2, parent_id, 6)},
	 ""},
	/* slots */
	{"equal spills", spills, {NONE}, {NONE}, "NARE"},
	{"a spilled number in a smaller range", spills, {NONE}, {S(1, s.umax, 10)}, "NAR"},
	{"a spilled number in a greater range", spills, {S(1, s.umax, 10)}, {NONE}, ""},
	{"the same where it does not matter", spills, {S(1, s.umax, 10)}, {NONE}, "Ni"},
	{"the same where nothing reads it", spills, {S(1, s.umax, 10)}, {NONE}, "Nu"},
	{"a spilled pointer for a number", spills, {NONE}, {S(1, base, VF_CTX)}, ""},
	{"a spilled number for a pointer", spilled_pointers, {NONE}, {S(1, base, VF_SCALAR)}, ""},
	{"another spilled pointer", spilled_pointers, {NONE}, {S(1, off, 8)}, ""},
	{"half a spilled number in a smaller range",
	 half_spills,
	 {NONE},
	 {S(1, s.umax, 10)},
	 "NAR"},
	{"half a spilled number in a greater range", half_spills, {S(1, s.umax, 10)}, {NONE}, ""},
	{"half a spilled number for a whole one", spills, {NONE}, {K(1, 4, VF_SLOT_MISC)}, ""},
	{"bytes for a spilled number in a range",
	 spills,
	 {S(1, s.umax, 10)},
	 {K(1, 0, VF_SLOT_MISC)},
	 ""},
	{"bytes for a spilled number that may be any",
	 spills,
	 {NONE},
	 {K(1, 0, VF_SLOT_MISC)},
	 "NA"},
	{"bytes for a spilled pointer", spilled_pointers, {NONE}, {K(1, 0, VF_SLOT_MISC)}, ""},
	{"bytes and zeros for a spilled number",
	 spills,
	 {NONE},
	 {K(1, 0, VF_SLOT_MISC), K(1, 4, VF_SLOT_ZERO)},
	 ""},
	{"a spilled number for bytes", spills, {K(1, 0, VF_SLOT_MISC)}, {NONE}, "NA"},
	{"a spilled pointer for bytes", spilled_pointers, {K(1, 0, VF_SLOT_MISC)}, {NONE}, "NA"},
	{"zeros for bytes", bytes, {NONE}, {K(1, 3, VF_SLOT_ZERO)}, "NA"},
	{"what was never written for bytes", bytes, {NONE}, {K(1, 0, VF_SLOT_INVALID)}, "NA"},
	{"bytes for what was never written", nothing, {NONE}, {K(1, 0, VF_SLOT_MISC)}, "NA"},
	{"zeros for what was never written", nothing, {NONE}, {K(1, 0, VF_SLOT_ZERO)}, "NA"},
	{"an object for what was never written", nothing, {NONE}, {K(1, 0, VF_SLOT_ITER)}, ""},
	{"bytes for zeros", zeros, {NONE}, {K(1, 7, VF_SLOT_MISC)}, ""},
	{"a spilled pointer for zeros", spilled_pointers, {K(1, 0, VF_SLOT_ZERO)}, {NONE}, ""},
	{"lower than the old one reached",
	 nothing,
	 {HEAD(reached, 1)},
	 {K(1, 0, VF_SLOT_MISC)},
	 "NARE"},
	{"an object there", nothing, {HEAD(reached, 1)}, {K(1, 0, VF_SLOT_ITER)}, "NARE"},
	{"what the old one alone reached", nothing, {NONE}, {HEAD(reached, 1)}, "NA"},
	/* objects in slots */
	{"equal iterators", iterator, {NONE}, {NONE}, "NARE"},
	{"an iterator at its end", iterator, {NONE}, {S(0, iter_state, VF_ITER_DRAINED)}, ""},
	{"the same where nothing reads it",
	 iterator,
	 {NONE},
	 {S(0, iter_state, VF_ITER_DRAINED)},
	 "u"},
	{"an iterator that advanced", iterator, {NONE}, {S(0, iter_depth, 3)}, "NARE"},
	{"another kind of iterator", iterator, {NONE}, {S(0, type_id, 8)}, ""},
	{"the upper part of an iterator", iterator, {NONE}, {S(0, first_slot, 0)}, ""},
	{"an iterator that lost protection",
	 iterator,
	 {S(0, iter_rcu, 1)},
	 {S(0, iter_rcu, 2)},
	 ""},
	{"no iterator", iterator, {NONE}, {K(0, 0, VF_SLOT_MISC)}, "u"},
	{"bytes in an iterator", iterator, {NONE}, {K(0, 4, VF_SLOT_MISC)}, "u"},
	{"an iterator for bytes", iterator, {K(0, 0, VF_SLOT_MISC)}, {NONE}, "u"},
	{"an iterator with another reference", iterator, {NONE}, {S(0, ref_id, 12)}, ""},
	{"flags for an iterator", iterator, {NONE}, {K(0, 0, VF_SLOT_IRQ)}, ""},
	{"equal flags", flags, {NONE}, {NONE}, "NARE"},
	{"flags of a lock", flags, {NONE}, {S(0, irq_class, 1)}, ""},
	{"flags of another save", flags, {NONE}, {S(0, id, 11), S(0, ref_id, 11)}, ""},
	/* references: 11 a pointer, 12 a save, 13 a lock; and what else a path holds */
	{"equal references", nothing, {NONE}, {NONE}, "NARE"},
	{"by other names",
	 nothing,
	 {NONE},
	 {RF(0, id, 21), RF(1, id, 22), RF(2, id, 23), ST(irq_top, 22)},
	 "NARE"},
	{"another save is the latest", nothing, {NONE}, {ST(irq_top, 13)}, ""},
	{"one name for two references", nothing, {NONE}, {RF(1, id, 11)}, ""},
	{"another reference than the register's",
	 objects,
	 {R(1, ref_id, 11)},
	 {R(1, ref_id, 11), RF(0, id, 21)},
	 ""},
	{"a reference less", nothing, {NONE}, {ST(n_refs, 2)}, ""},
	{"a reference more", nothing, {ST(n_refs, 2)}, {NONE}, ""},
	{"a save for a pointer", nothing, {NONE}, {RF(0, kind, VF_REF_IRQ)}, ""},
	{"a pointer for a save", nothing, {NONE}, {RF(1, kind, VF_REF_PTR)}, ""},
	{"another kind of lock", nothing, {NONE}, {RF(2, kind, VF_REF_RES_LOCK_IRQ)}, ""},
	{"another map's lock", nothing, {NONE}, {RF(2, owner, &map_b)}, ""},
	{"another value's lock", values, {RF(2, lock_id, 5)}, {RF(2, lock_id, 6)}, ""},
	{"more locks", nothing, {NONE}, {ST(n_locks, 2)}, ""},
	{"an RCU section more", nothing, {NONE}, {ST(rcu_depth, 1)}, ""},
	{"an RCU section less", nothing, {ST(rcu_depth, 1)}, {NONE}, ""},
	{"preemption off once more", nothing, {NONE}, {ST(preempt_depth, 1)}, ""},
	{"preemption off once less", nothing, {ST(preempt_depth, 1)}, {NONE}, ""},
	{"where one may not sleep", nothing, {ST(in_sleepable, 1)}, {NONE}, ""},
	{"where one may sleep", nothing, {NONE}, {ST(in_sleepable, 1)}, ""},
	/* the frames */
	{"another call", nothing, {NONE}, {HEAD(callsite, 2)}, ""},
	{"another function", nothing, {NONE}, {HEAD(subprog, 2)}, ""},
	{"a callback for a function", nothing, {NONE}, {HEAD(in_callback, 1)}, ""},
	{"another function outside", nothing, {NONE}, {OUTER_HEAD(subprog, 2)}, ""},
	{"an asynchronous callback", nothing, {NONE}, {OUTER_HEAD(in_async_callback, 1)}, ""},
	{"fewer frames", nothing, {NONE}, {{CURRENT_FRAME, 0, 0, 0, 0}}, ""},
	{"more frames", nothing, {{CURRENT_FRAME, 0, 0, 0, 0}}, {NONE}, ""},
	{"more rounds", nothing, {NONE}, {HEAD(callback_depth, 1)}, "NARE"},
	{"fewer rounds", nothing, {HEAD(callback_depth, 1)}, {NONE}, ""},
};

/* ---------------------------------------------------------------- the states */

static struct vf_insn_info info[8];
static struct kfunc_kernel kernel;

static void set_up(struct vf_env *env)
{
	memset(env, 0, sizeof(*env));
	env->kernel = &kernel;
	env->info = info;
	env->privileged = true; /* others are not verified */
	env->next_id = 100;
	for (size_t i = 0; i < LEN(info); i++)
		info[i].live_in = 0x3ff;
}

static struct vf_ref reference(enum vf_ref_kind kind, uint32_t id, const void *owner)
{
	return (struct vf_ref){.kind = kind, .id = id, .owner = owner, .lock_id = owner ? 15 : 0};
}

/* two frames, slots in the upper one, three references */
static struct vf_state *alike(struct vf_env *env, void (*make)(struct vf_state *))
{
	struct vf_state *st = vf_state_new(env);

	assert_non_null(st);
	assert_non_null(vf_frame_push(env, st, 1, 1));
	env->cur = st;
	assert_int_equal(vf_frame_grow(env, 1, SLOTS), 0);
	st->frame[1]->head.reached = SLOTS;
	assert_int_equal(vf_mem_grow(env, (void **)&st->refs, &st->cap_refs, 3, sizeof(*st->refs)),
			 0);
	st->refs[0] = reference(VF_REF_PTR, 11, NULL);
	st->refs[1] = reference(VF_REF_IRQ, 12, NULL);
	st->refs[2] = reference(VF_REF_RES_LOCK, 13, &map_a);
	st->n_refs = 3;
	st->n_locks = 1;
	st->irq_top = 12;
	make(st);
	return st;
}

static void poke(struct vf_env *env, struct vf_state *st, const struct poke *p)
{
	void *at = NULL;

	switch (p->where) {
	case NOWHERE:
		return;
	case CURRENT_FRAME:
		vf_frame_pop(env, st);
		return;
	case KINDS:
		memset(st->frame[1]->slot[p->n].kind + p->off, (int)p->v, p->size);
		return;
	case TOP:
		at = &st->frame[1]->r[p->n];
		break;
	case CALLER:
		at = &st->frame[0]->r[p->n];
		break;
	case SLOT:
		at = &st->frame[1]->slot[p->n].reg;
		break;
	case STATE:
		at = st;
		break;
	case REF:
		at = &st->refs[p->n];
		break;
	case TOP_HEAD:
		at = &st->frame[1]->head;
		break;
	case CALLER_HEAD:
		at = &st->frame[0]->head;
		break;
	}
	memcpy((char *)at + p->off, &p->v, p->size); /* little endian, as the rest of it */
}

static struct vf_stored *stored(struct vf_env *env, const struct row *r)
{
	struct vf_state *st = alike(env, r->make);
	struct vf_stored *s;

	for (size_t i = 0; i < LEN(r->old); i++)
		poke(env, st, &r->old[i]);
	s = vf_stored_new(env);
	assert_non_null(s);
	for (uint32_t f = 0; f <= s->cur_frame; f++) {
		s->marks[f].reg_precise = strchr(r->covers, 'i') ? 0 : ~0u;
		s->marks[f].slot_precise = strchr(r->covers, 'i') ? 0 : ~0ull;
		s->marks[f].slot_read = strchr(r->covers, 'u') ? 0 : ~0ull;
	}
	vf_state_free(env, st);
	env->cur = NULL;
	return s;
}

static void free_all(struct vf_env *env, struct vf_stored *old, struct vf_state *cur)
{
	vf_stored_free(env, old);
	vf_state_free(env, cur);
	vf_values_free(env);
	vf_pool_free(env);
}

static bool row_holds(const struct row *r)
{
	static const struct {
		enum vf_exactness how;
		char letter;
	} strength[] = {{VF_NOT_EXACT, 'N'},
			{VF_ALL_COUNTS, 'A'},
			{VF_RANGE_WITHIN, 'R'},
			{VF_EXACT, 'E'}};
	struct vf_stored *old;
	struct vf_state *cur;
	struct vf_env env;
	bool ok = true;

	set_up(&env);
	old = stored(&env, r);
	cur = alike(&env, r->make);
	for (size_t i = 0; i < LEN(r->cur); i++)
		poke(&env, cur, &r->cur[i]);
	for (size_t i = 0; i < LEN(strength); i++) {
		bool want = strchr(r->covers, strength[i].letter);

		if (vf_state_covers(&env, old, cur, strength[i].how) == want)
			continue;
		print_error("%s: %c should%s cover\n", r->what, strength[i].letter,
			    want ? "" : " not");
		ok = false;
	}
	free_all(&env, old, cur);
	return ok;
}

static void each_row(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		wrong += !row_holds(&rows[i]);
	assert_int_equal(wrong, 0);
}

/* what is not live is not looked at, but where a state has to be the same */
static void dead_registers(void **state)
{
	static const struct row r = {"", numbers, {R(1, s.umax, 10)}, {NONE}, ""};
	struct vf_stored *old;
	struct vf_state *cur;
	struct vf_env env;

	(void)state;
	set_up(&env);
	old = stored(&env, &r);
	cur = alike(&env, numbers);
	info[0].live_in = 0x3ff & ~2u;
	assert_true(vf_state_covers(&env, old, cur, VF_NOT_EXACT));
	assert_true(vf_state_covers(&env, old, cur, VF_RANGE_WITHIN));
	assert_false(vf_state_covers(&env, old, cur, VF_EXACT));
	free_all(&env, old, cur);
}

/* more names than there is room for: not covered, and nothing is written behind the room */
static void too_many_names(void **state)
{
	static const struct row r = {"", nothing, {NONE}, {NONE}, ""};
	struct vf_stored *old;
	struct vf_state *cur;
	struct vf_env env;

	(void)state;
	set_up(&env);
	old = stored(&env, &r);
	cur = alike(&env, nothing);
	for (uint32_t n = 250; n <= 2000; n += 250) {
		old->refs = mem_realloc(old->refs, n * sizeof(*old->refs));
		assert_int_equal(vf_mem_grow(&env, (void **)&cur->refs, &cur->cap_refs, n,
					     sizeof(*cur->refs)),
				 0);
		assert_non_null(old->refs);
		for (uint32_t i = 0; i < n; i++)
			old->refs[i] = cur->refs[i] = reference(VF_REF_PTR, i + 1, NULL);
		old->n_refs = cur->n_refs = n;
		assert_int_equal(vf_state_covers(&env, old, cur, VF_NOT_EXACT), n == 250);
	}
	free_all(&env, old, cur);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(dead_registers),
		cmocka_unit_test(too_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
