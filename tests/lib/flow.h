/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random programs about control flow: ladders of branches, loops of every kind, static and global
 * functions, callbacks, tail calls, early returns, exceptions, held records, over spilled and linked
 * numbers whose values differ from path to path and decide whether an access is in bounds. Maps are
 * called 100 (array), 101 (hash; 4-byte keys, 32-byte values, 4 elements), 102 (programs), 103 (ring
 * buffer); the ids of kfuncs are variables, less than 0 where there is none.
 */
#ifndef TESTS_LIB_FLOW_H
#define TESTS_LIB_FLOW_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf.h"
#include "isa/isa.h"

#define MAX       700
#define ENOUGH    420
#define SLOTS     6   /* fp-8 .. fp-48 */
#define KEY       -56 /* scratch for keys */
#define KEEP      -64 /* a record */
#define ITER      -80 /* and one more below */
#define VALUE     32
#define FUNCS     5
#define BREAKS    12
#define MAX_DEPTH 4

#ifndef BPF_JCOND
#define BPF_JCOND 0xe0
#endif
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

enum kind { NONE, NUM, VAL, VAL_OR_NULL, CTX, FRAME, RECORD, KINDS };

enum role { MAIN, SUB, GLOBAL, LOOP_CB, EACH_CB };

struct func {
	enum role role;
	enum kind arg3; /* SUB: NUM, VAL or FRAME; GLOBAL: NUM or VAL_OR_NULL */
	int start, called;
};

struct regs {
	enum kind reg[10], slot[SLOTS];
};

/* a jump out of a loop's body, or to the end of the body */
struct way {
	int jump;
	bool out;
	struct regs r;
};

struct gen {
	uint64_t seed;
	struct bpf_insn insn[MAX];
	int n, n_funcs, now, loops, held, iters;
	uint32_t wild, flags;
	bool result; /* what it ends with goes into a map value; the same in each run */
	bool more;   /* also the shapes whose results may differ from run to run */
	struct way way[BREAKS];
	int n_ways, loop_held; /* ways of the innermost loop begin at first_way */
	int first_way;
	struct func func[FUNCS];
	struct regs r;
};

static int iter_new, iter_next, iter_destroy, throw_id, preempt_disable, preempt_enable;

static uint32_t rnd(struct gen *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (uint32_t)(g->seed >> 11) % n;
}

static bool wild(struct gen *g)
{
	return rnd(g, 1000) < g->wild;
}

static int emit(struct gen *g, int code, int dst, int src, int off, int imm)
{
	if (g->n >= MAX)
		return MAX - 1;
	g->insn[g->n] = (struct bpf_insn){.code = (uint8_t)code,
					  .dst_reg = dst & 15,
					  .src_reg = src & 15,
					  .off = (int16_t)off,
					  .imm = imm};
	return g->n++;
}

static void here(struct gen *g, int jump)
{
	g->insn[jump].off = (int16_t)(g->n - jump - 1);
}

static bool full(const struct gen *g)
{
	return g->n > ENOUGH;
}

static int pick(struct gen *g, enum kind k)
{
	int start = (int)rnd(g, 10);

	for (int i = 0; i < 10; i++)
		if (g->r.reg[(start + i) % 10] == k)
			return (start + i) % 10;
	return -1;
}

static int fresh(struct gen *g)
{
	for (int i = 0; i < 12; i++) {
		int r = (int)rnd(g, 10);

		if (g->r.reg[r] <= NUM)
			return r;
	}
	return 0;
}

static void set(struct gen *g, int r, enum kind k)
{
	g->r.reg[r] = k;
}

static int small(struct gen *g)
{
	static const int list[] = {0,  1,  2,  3,  4,  7,  8,  15,  16,
				   24, 28, 31, 32, 40, -1, -4, 100, 64};

	return list[rnd(g, sizeof(list) / sizeof(list[0]))];
}

static void mov(struct gen *g, int to, int from)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
	if (from < 10)
		set(g, to, g->r.reg[from]);
}

static void clobber(struct gen *g)
{
	for (int i = 0; i < 6; i++)
		set(g, i, NONE);
}

/* what is known after two ways have met */
static void meet(struct gen *g, const struct regs *other)
{
	for (int i = 0; i < 10; i++)
		if (g->r.reg[i] != other->reg[i])
			g->r.reg[i] = NONE;
	for (int i = 0; i < SLOTS; i++)
		if (g->r.slot[i] != other->slot[i])
			g->r.slot[i] = NONE;
}

static int number(struct gen *g)
{
	int r = pick(g, NUM);

	if (r >= 0)
		return r;
	r = fresh(g);
	if (g->r.reg[r] > NUM)
		return -1;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, small(g));
	set(g, r, NUM);
	return r;
}

/* ---------------------------------------------------------------- straight pieces */

static void p_const(struct gen *g)
{
	int r = fresh(g);

	if (g->r.reg[r] > NUM)
		return;
	emit(g, (rnd(g, 3) ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_K, r, 0, 0, small(g));
	set(g, r, NUM);
}

static void p_unknown(struct gen *g)
{
	int v = pick(g, VAL), c = pick(g, CTX), r, log = (int)rnd(g, 4);
	static const int size[] = {BPF_B, BPF_H, BPF_W, BPF_DW};

	if (!g->result && rnd(g, 4) == 0) {
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
		clobber(g);
		set(g, 0, NUM);
		return;
	}
	r = fresh(g);
	if (g->r.reg[r] > NUM)
		return;
	if (v >= 0 && (c < 0 || rnd(g, 3)))
		emit(g, BPF_LDX | (log == 3 || rnd(g, 4) ? BPF_MEM : BPF_MEMSX) | size[log], r, v,
		     8 * (int)rnd(g, 4), 0);
	else if (c >= 0)
		emit(g, BPF_LDX | BPF_MEM | BPF_W, r, c, 0, 0);
	else
		return;
	set(g, r, NUM);
	if (rnd(g, 2))
		emit(g, (rnd(g, 4) ? BPF_ALU64 : BPF_ALU) | BPF_AND | BPF_K, r, 0, 0,
		     (2 << rnd(g, 6)) - 1);
}

static void p_alu(struct gen *g)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB, BPF_AND,  BPF_OR,  BPF_XOR,
				      BPF_LSH, BPF_RSH, BPF_ARSH, BPF_MUL, BPF_ADD,
				      BPF_AND, BPF_DIV, BPF_MOD};
	int d = number(g), s = number(g), class = rnd(g, 3) ? BPF_ALU64 : BPF_ALU;
	uint8_t op = ops[rnd(g, sizeof(ops))];
	int k = small(g);

	if (d < 0 || s < 0)
		return;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		k = (int)rnd(g, 32);
	if ((op == BPF_DIV || op == BPF_MOD) && !k)
		k = 5;
	if (rnd(g, 3))
		emit(g, class | op | BPF_K, d, 0, (op == BPF_DIV || op == BPF_MOD) && rnd(g, 2), k);
	else
		emit(g, class | op | BPF_X, d, s, 0, 0);
}

/* copies of a number, moved by a constant, extended */
static void p_link(struct gen *g)
{
	static const int ext[] = {0, 0, 0, 8, 16, 32};
	int s = number(g), d = fresh(g), is32 = rnd(g, 4) == 0;

	if (s < 0 || d == s || g->r.reg[d] > NUM)
		return;
	emit(g, (is32 ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X, d, s, ext[rnd(g, is32 ? 5 : 6)], 0);
	set(g, d, NUM);
	if (rnd(g, 2))
		emit(g, (rnd(g, 5) ? BPF_ALU64 : BPF_ALU) | BPF_ADD | BPF_K, rnd(g, 2) ? d : s, 0,
		     0, (int)rnd(g, 24) - 8);
}

static int slot_off(int i)
{
	return -8 * (i + 1);
}

static void p_spill(struct gen *g)
{
	int i = (int)rnd(g, SLOTS), r = rnd(g, 4) ? pick(g, NUM) : pick(g, 1 + rnd(g, CTX));

	if (r < 0)
		return;
	if (g->r.reg[r] == NUM && rnd(g, 5) == 0) { /* part of it */
		emit(g, BPF_STX | BPF_MEM | (rnd(g, 2) ? BPF_W : BPF_B), 10, r,
		     slot_off(i) + (rnd(g, 3) ? 0 : 4), 0);
		if (g->r.slot[i] != NUM)
			g->r.slot[i] = NONE;
		return;
	}
	if (rnd(g, 6) == 0) {
		emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, slot_off(i), small(g));
		g->r.slot[i] = NUM;
		return;
	}
	emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, r, slot_off(i), 0);
	g->r.slot[i] = g->r.reg[r];
}

static void p_fill(struct gen *g)
{
	int i = (int)rnd(g, SLOTS), r = fresh(g);

	if (g->r.reg[r] > NUM || (g->r.slot[i] == NONE && !wild(g)))
		return;
	if (g->r.slot[i] == NUM && rnd(g, 4) == 0) {
		emit(g, BPF_LDX | (rnd(g, 3) ? BPF_MEM : BPF_MEMSX) | (rnd(g, 3) ? BPF_W : BPF_B),
		     r, 10, slot_off(i) + (rnd(g, 4) ? 0 : 4), 0);
		set(g, r, NUM);
		return;
	}
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, slot_off(i), 0);
	set(g, r, g->r.slot[i]);
}

/* through the pointer into the caller's frame */
static void p_frame(struct gen *g)
{
	int f = pick(g, FRAME), r = number(g), off = 8 * (int)rnd(g, SLOTS);

	if (f < 0 || r < 0)
		return;
	if (rnd(g, 2)) {
		emit(g, BPF_STX | BPF_MEM | (rnd(g, 5) ? BPF_DW : BPF_W), f, r, off, 0);
		return;
	}
	r = fresh(g);
	if (g->r.reg[r] > NUM)
		return;
	emit(g, BPF_LDX | BPF_MEM | (rnd(g, 5) ? BPF_DW : BPF_W), r, f, off, 0);
	set(g, r, NUM);
}

static void p_atomic(struct gen *g)
{
	static const int ops[] = {BPF_ADD,
				  BPF_ADD | BPF_FETCH,
				  BPF_OR | BPF_FETCH,
				  BPF_XCHG,
				  BPF_CMPXCHG,
				  BPF_AND,
				  0x100 /* load acquire */,
				  0x110};
	int op = ops[rnd(g, 8)], s = number(g), i = (int)rnd(g, SLOTS), v = pick(g, VAL);
	int size = rnd(g, 3) ? BPF_DW : BPF_W;

	if (s < 0 || (op == BPF_CMPXCHG && g->r.reg[0] != NUM))
		return;
	if (v >= 0 && rnd(g, 2)) {
		if (op == 0x100)
			return;
		emit(g, BPF_STX | BPF_ATOMIC | size, v, s, 8 * (int)rnd(g, 4), op);
		return;
	}
	if (g->r.slot[i] != NUM)
		return;
	if (op == 0x100)
		emit(g, BPF_STX | BPF_ATOMIC | size, s, 10, slot_off(i), op);
	else
		emit(g, BPF_STX | BPF_ATOMIC | size, 10, s, slot_off(i), op);
}

static int guard(struct gen *g, int r, int limit)
{
	int power = 1;

	while (2 * power <= limit)
		power *= 2;
	switch (rnd(g, g->more ? 8 : 4)) {
	case 4:
		return emit(g, BPF_JMP | BPF_JSET | BPF_K, r, 0, 0, -power);
	case 5: /* says nothing about the upper half */
		return emit(g, BPF_JMP32 | BPF_JSET | BPF_K, r, 0, 0, -power);
	case 6:
		return emit(g, BPF_JMP32 | BPF_JGE | BPF_K, r, 0, 0, limit);
	case 7:
		return emit(g, (rnd(g, 2) ? BPF_JMP : BPF_JMP32) | BPF_JNE | BPF_K, r, 0, 0,
			    (int)rnd(g, (uint32_t)limit));
	case 0:
		return emit(g, BPF_JMP | BPF_JGE | BPF_K, r, 0, 0, limit);
	case 1:
		return emit(g, BPF_JMP | BPF_JGT | BPF_K, r, 0, 0, limit - 1);
	case 2:
		return emit(g, BPF_JMP32 | BPF_JGT | BPF_K, r, 0, 0, limit - 1);
	default:
		return emit(g, BPF_JMP | BPF_JGT | BPF_K, r, 0, 0, limit - 1 + (wild(g) ? 4 : 0));
	}
}

/* an access whose place a number decides; mostly with a check, of the number or of a copy of it */
static void p_access(struct gen *g)
{
	static const int size[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	int s = number(g), t = fresh(g), log = (int)rnd(g, 4), jump = -1;
	int v = pick(g, g->more && g->held && rnd(g, 2) ? RECORD : VAL);
	bool stack = v < 0 || rnd(g, 4) == 0;
	int room = stack ? 8 * SLOTS : VALUE;

	if (s < 0 || t == s || g->r.reg[t] > NUM)
		return;
	if (rnd(g, 100) >= 12 + g->wild / 10) {
		int other = number(g);

		if (rnd(g, 6) == 0 && other >= 0)
			s = other;
		jump = guard(g, s, room - (1 << log) + 1);
	}
	if (stack) {
		for (int i = 0; i < SLOTS; i++)
			if (g->r.slot[i] != NUM)
				return;
		mov(g, t, 10);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, t, 0, 0, -8 * SLOTS);
	} else {
		mov(g, t, v);
	}
	emit(g, BPF_ALU64 | BPF_ADD | BPF_X, t, s, 0, 0);
	if (rnd(g, 3))
		emit(g, BPF_LDX | BPF_MEM | size[log], t, t, 0, 0);
	else
		emit(g, BPF_ST | BPF_MEM | size[log], t, 0, 0, 3);
	set(g, t, NONE);
	if (jump >= 0)
		here(g, jump);
}

static void p_lookup(struct gen *g)
{
	emit(g, BPF_ST | BPF_MEM | BPF_W, 10, 0, KEY, (int)rnd(g, 5));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, KEY);
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 100 + (int)rnd(g, 2));
	emit(g, 0, 0, 0, 0, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	clobber(g);
	set(g, 0, VAL_OR_NULL);
	for (int i = 6; i < 10; i++)
		if (g->r.reg[i] == NONE && rnd(g, 2)) {
			mov(g, i, 0);
			break;
		}
}

static void leave(struct gen *g);

static void p_check(struct gen *g)
{
	int r = pick(g, VAL_OR_NULL), jump;

	if (r < 0)
		return;
	jump = emit(g, BPF_JMP | BPF_JNE | BPF_K, r, 0, 0, 0);
	leave(g);
	here(g, jump);
	for (int i = 0; i < 10; i++)
		if (g->r.reg[i] == VAL_OR_NULL)
			set(g, i, wild(g) || i == r ? VAL : NONE);
	for (int i = 0; i < SLOTS; i++)
		if (g->r.slot[i] == VAL_OR_NULL)
			g->r.slot[i] = NONE;
}

static void p_tail(struct gen *g)
{
	int c = pick(g, CTX);

	if (c < 0 || g->held || (g->now && !g->result))
		return;
	mov(g, 1, c);
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, 102);
	emit(g, 0, 0, 0, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, (int)rnd(g, 3));
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call);
	clobber(g);
}

static void p_abs(struct gen *g)
{
	int r = number(g);

	if (g->r.reg[6] != CTX || r < 0 || (g->now && !g->result))
		return;
	if (rnd(g, 2))
		emit(g, BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, (int)rnd(g, 8));
	else
		emit(g, BPF_LD | BPF_IND | BPF_B, 0, r, 0, 2);
	clobber(g);
	set(g, 0, NUM);
}

static void p_throw(struct gen *g)
{
	int jump, r = number(g);

	if (rnd(g, 6) || r < 0 || throw_id < 0)
		return;
	jump = emit(g, BPF_JMP | BPF_JNE | BPF_K, r, 0, 0, small(g));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, throw_id);
	here(g, jump);
	if (r == 1)
		set(g, 1, NUM);
	else
		set(g, 1, NONE);
}

/* parts of slots, written over whatever is there, and read at other sizes */
static void p_part(struct gen *g)
{
	static const int size[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	int i = (int)rnd(g, SLOTS), log = (int)rnd(g, 3), r = number(g);
	int off = slot_off(i) + (int)(rnd(g, 8) & ~((1u << log) - 1)) + (wild(g) ? 1 : 0);

	if (r < 0)
		return;
	if (rnd(g, 2)) {
		if (rnd(g, 3))
			emit(g, BPF_STX | BPF_MEM | size[log], 10, r, off, 0);
		else
			emit(g, BPF_ST | BPF_MEM | size[log], 10, 0, off, small(g));
		if (g->r.slot[i] != NUM && rnd(g, 3))
			g->r.slot[i] = NONE;
		return;
	}
	r = fresh(g);
	if (g->r.reg[r] > NUM)
		return;
	if (rnd(g, 4) == 0) /* the whole of it, whatever it is */
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, slot_off(i), 0);
	else
		emit(g, BPF_LDX | (rnd(g, 3) ? BPF_MEM : BPF_MEMSX) | size[log], r, 10, off, 0);
	set(g, r, NUM);
}

/* the same number, narrower: extended in its place, shifted there and back, its bytes swapped */
static void p_narrow(struct gen *g)
{
	static const int ext[] = {8, 16, 32}, width[] = {16, 32, 64};
	int r = number(g), k = 32 + 8 * (int)rnd(g, 4);

	if (r < 0)
		return;
	switch (rnd(g, 4)) {
	case 0:
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, r, r, ext[rnd(g, 3)], 0);
		break;
	case 1:
		emit(g, BPF_ALU | BPF_MOV | BPF_X, r, r, rnd(g, 2) ? 0 : ext[rnd(g, 2)], 0);
		break;
	case 2:
		emit(g, BPF_ALU64 | BPF_LSH | BPF_K, r, 0, 0, k);
		emit(g, BPF_ALU64 | (rnd(g, 2) ? BPF_RSH : BPF_ARSH) | BPF_K, r, 0, 0, k);
		break;
	default:
		emit(g, (rnd(g, 2) ? BPF_ALU : BPF_ALU64) | BPF_END | BPF_TO_LE, r, 0, 0,
		     width[rnd(g, 3)]);
		break;
	}
}

/* atomic operations and extending loads through a pointer into a caller's frame */
static void p_frame_atomic(struct gen *g)
{
	static const int ops[] = {BPF_ADD | BPF_FETCH, BPF_XCHG, BPF_OR, 0x100, 0x110};
	int f = pick(g, FRAME), r = number(g), op = ops[rnd(g, 5)], off = 8 * (int)rnd(g, SLOTS);

	if (f < 0 || r < 0 || r == f)
		return;
	if (rnd(g, 3) == 0)
		emit(g, BPF_LDX | BPF_MEMSX | (rnd(g, 2) ? BPF_B : BPF_W), r, f, off, 0);
	else if (op == 0x100)
		emit(g, BPF_STX | BPF_ATOMIC | BPF_DW, r, f, off, op);
	else
		emit(g, BPF_STX | BPF_ATOMIC | (rnd(g, 3) ? BPF_DW : BPF_W), f, r, off, op);
}

static int branch(struct gen *g);

/* leaves the loop, or what is left of the round */
static void p_break(struct gen *g)
{
	struct way *w = &g->way[g->n_ways];
	int jump;

	if (!g->loops || g->held != g->loop_held || g->n_ways >= BREAKS)
		return;
	jump = rnd(g, 8) ? branch(g) : emit(g, BPF_JMP | BPF_JCOND, 0, 0, 0, 0);
	if (jump < 0)
		return;
	*w = (struct way){.jump = jump, .out = rnd(g, 3), .r = g->r};
	g->n_ways++;
}

static void ways_meet(struct gen *g, bool out)
{
	for (int i = g->first_way; i < g->n_ways; i++)
		if (g->way[i].out == out) {
			here(g, g->way[i].jump);
			meet(g, &g->way[i].r);
		}
}

struct loop {
	int first_way, held;
};

static struct loop loop_begin(struct gen *g)
{
	struct loop was = {g->first_way, g->loop_held};

	g->first_way = g->n_ways;
	g->loop_held = g->held;
	g->loops++;
	return was;
}

static void loop_end(struct gen *g, struct loop was)
{
	ways_meet(g, true);
	g->n_ways = g->first_way;
	g->first_way = was.first_way;
	g->loop_held = was.held;
	g->loops--;
}

/* ---------------------------------------------------------------- pieces with bodies */

static void body(struct gen *g, int depth, int pieces);

static int branch(struct gen *g)
{
	static const uint8_t ops[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				      BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET};
	int r = number(g), s = number(g), class = rnd(g, 3) ? BPF_JMP : BPF_JMP32;

	if (r < 0)
		return -1;
	if (rnd(g, 4) == 0 && s >= 0)
		return emit(g, class | ops[rnd(g, 11)] | BPF_X, r, s, 0, 0);
	return emit(g, class | ops[rnd(g, 11)] | BPF_K, r, 0, 0, small(g));
}

static void p_if(struct gen *g, int depth)
{
	int jump = branch(g), skip;
	struct regs before = g->r, after;

	if (jump < 0)
		return;
	body(g, depth + 1, 1 + (int)rnd(g, 3));
	if (rnd(g, 2)) {
		here(g, jump);
		meet(g, &before);
		return;
	}
	skip = emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	here(g, jump);
	after = g->r;
	g->r = before;
	body(g, depth + 1, 1 + (int)rnd(g, 3));
	here(g, skip);
	meet(g, &after);
}

/* many branches in a row that leave different constants behind, in registers or in slots */
static void p_ladder(struct gen *g)
{
	int n = 2 + (int)rnd(g, rnd(g, 4) ? 4 : 10), d = fresh(g);

	if (g->r.reg[d] > NUM || number(g) < 0)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, (int)rnd(g, 28));
	set(g, d, NUM);
	for (int i = 0; i < n; i++) {
		int jump = branch(g);

		if (jump < 0)
			return;
		switch (rnd(g, 4)) {
		case 0:
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, (int)rnd(g, 34));
			break;
		case 1:
			emit(g, BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, (int)rnd(g, 5) - 1);
			break;
		case 2:
			emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, d, slot_off((int)rnd(g, SLOTS)), 0);
			break;
		default:
			emit(g, BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, 31);
			break;
		}
		here(g, jump);
	}
	for (int i = 0; i < SLOTS; i++)
		if (g->r.slot[i] != NUM)
			g->r.slot[i] = NONE;
}

/* a loop's body begins with what its end leaves behind: guesses that from a first try */
static void loop_body(struct gen *g, int depth, int keep, int pieces)
{
	struct gen *first = malloc(sizeof(*first));
	struct regs start = g->r;

	if (!first)
		return;
	for (int round = 0; round < 3; round++) {
		*first = *g;
		if (keep >= 0)
			set(first, keep, CTX); /* is left alone */
		body(first, depth + 1, pieces);
		if (keep >= 0)
			set(first, keep, NUM);
		start = g->r;
		g->r = first->r;
		meet(g, &start);
		start = g->r;
		if (round < 2)
			continue;
		first->r = start;
		*g = *first;
	}
	free(first);
	ways_meet(g, false);
}

static void p_loop(struct gen *g, int depth)
{
	int r = 6 + (int)rnd(g, 4), top;
	struct loop was;

	if (g->r.reg[r] > NUM || g->loops > 1 + g->more)
		return;
	was = loop_begin(g);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, 0);
	set(g, r, NUM);
	top = g->n;
	loop_body(g, depth, r, 1 + (int)rnd(g, 3));
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, 1 + (int)rnd(g, 3));
	emit(g, BPF_JMP | (rnd(g, 2) ? BPF_JLT : BPF_JSLT) | BPF_K, r, 0, top - g->n - 1,
	     1 + (int)rnd(g, 6));
	loop_end(g, was);
}

static void p_may_goto(struct gen *g, int depth)
{
	int top, out, r = g->result ? 6 + (int)rnd(g, 4) : -1;
	struct loop was;

	if (g->loops > 1 + g->more || (r >= 0 && g->r.reg[r] > NUM))
		return;
	was = loop_begin(g);
	if (r >= 0) { /* it ends before its time is over */
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, 0);
		set(g, r, NUM);
	}
	top = g->n;
	out = emit(g, BPF_JMP | BPF_JCOND, 0, 0, 0, 0);
	loop_body(g, depth, r, 1 + (int)rnd(g, 4));
	if (r >= 0)
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, 1);
	if (r >= 0)
		emit(g, BPF_JMP | BPF_JLT | BPF_K, r, 0, top - g->n - 1, 3 + (int)rnd(g, 20));
	else
		emit(g, BPF_JMP | BPF_JA, 0, 0, top - g->n - 1, 0);
	here(g, out);
	loop_end(g, was);
}

static void p_iter(struct gen *g, int depth)
{
	int top, out, at = ITER - 8 * g->iters, a = g->more && rnd(g, 2) ? number(g) : -1;
	struct loop was;

	if (g->loops > 2 * g->more || g->iters > 1 || iter_new < 0)
		return;
	g->iters++;
	g->held++;
	was = loop_begin(g);
	if (a >= 0)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, a, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	if (a < 0)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 4);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, iter_new);
	clobber(g);
	top = g->n;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, iter_next);
	clobber(g);
	out = emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 0);
	emit(g, BPF_LDX | BPF_MEM | BPF_W, 0, 0, 0, 0);
	set(g, 0, NUM);
	loop_body(g, depth, -1, 1 + (int)rnd(g, 4));
	emit(g, BPF_JMP | BPF_JA, 0, 0, top - g->n - 1, 0);
	here(g, out);
	loop_end(g, was);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, iter_destroy);
	clobber(g);
	g->iters--;
	g->held--;
}

static void p_record(struct gen *g, int depth)
{
	int jump, keep = 6 + (int)rnd(g, 4);

	if (g->r.reg[keep] > NUM || g->held)
		return;
	g->held++;
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 103);
	emit(g, 0, 0, 0, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, VALUE);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve);
	clobber(g);
	mov(g, keep, 0);
	set(g, keep, RECORD);
	jump = emit(g, BPF_JMP | BPF_JEQ | BPF_K, keep, 0, 0, 0);
	body(g, depth + 1, 1 + (int)rnd(g, 3));
	emit(g, BPF_STX | BPF_MEM | BPF_DW, keep, 10, 0, 0);
	g->insn[g->n - 1] = (struct bpf_insn){.code = BPF_ST | BPF_MEM | BPF_DW,
					      .dst_reg = keep & 15,
					      .off = (int16_t)(8 * rnd(g, 4))};
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, keep, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	if (!wild(g))
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
		     rnd(g, 2) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
	here(g, jump);
	clobber(g);
	/* the other way did not come by the body */
	for (int i = 0; i < 10; i++)
		set(g, i, g->r.reg[i] == CTX || g->r.reg[i] == VAL ? g->r.reg[i] : NONE);
	for (int i = 0; i < SLOTS; i++)
		g->r.slot[i] = NONE;
	g->held--;
}

static void reserve(struct gen *g, int size)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 103);
	emit(g, 0, 0, 0, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve);
}

/* a record that comes from two places, waits in a slot and goes in two ways */
static void p_joined(struct gen *g, int depth)
{
	int keep = 6 + (int)rnd(g, 4), a, none, which, done;
	struct regs before;

	if (g->r.reg[keep] > NUM || g->held)
		return;
	a = branch(g);
	if (a < 0)
		return;
	g->held++;
	reserve(g, VALUE);
	if (rnd(g, 3) == 0) /* looked at in one of the two only */
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 0);
	done = emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	here(g, a);
	reserve(g, VALUE + (rnd(g, 4) ? 0 : 8));
	here(g, done);
	clobber(g);
	set(g, keep, NONE);
	mov(g, keep, 0);
	none = emit(g, BPF_JMP | BPF_JEQ | BPF_K, keep, 0, 0, 0);
	before = g->r;
	set(g, keep, RECORD);
	if (rnd(g, 2)) {
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, keep, KEEP, 0);
		if (rnd(g, 2))
			set(g, keep, NONE);
		body(g, depth + 1, 1 + (int)rnd(g, 3));
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, KEEP, 0);
	} else {
		body(g, depth + 1, 1 + (int)rnd(g, 3));
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, keep, 0, 0);
	}
	set(g, 1, RECORD);
	set(g, keep, NONE);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	set(g, 2, NUM);
	which = emit(g, BPF_JMP | BPF_JSET | BPF_K, 2, 0, 0, 1);
	if (rnd(g, 3)) {
		g->n--;
		which = branch(g);
	}
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_submit);
	done = emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	if (which >= 0)
		here(g, which);
	if (!wild(g))
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_discard);
	here(g, done);
	here(g, none);
	clobber(g);
	meet(g, &before);
	g->held--;
}

static void p_preempt(struct gen *g, int depth)
{
	if (preempt_disable < 0 || g->held)
		return;
	g->held++;
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, preempt_disable);
	clobber(g);
	body(g, depth + 1, 1 + (int)rnd(g, 2));
	if (!wild(g))
		emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, preempt_enable);
	clobber(g);
	g->held--;
}

static void all_slots(struct gen *g)
{
	for (int i = 0; i < SLOTS; i++)
		if (g->r.slot[i] != NUM) {
			emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, slot_off(i), small(g));
			g->r.slot[i] = NUM;
		}
}

/* memory for a global function: a value, a part of the stack, a record, or nothing */
static int memory_arg(struct gen *g, int arg)
{
	int v = pick(g, g->held && rnd(g, 2) ? RECORD : VAL);

	if (v >= 0 && rnd(g, 3)) {
		if (v != arg)
			emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, v, 0, 0);
		return 0;
	}
	if (rnd(g, 6) == 0) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, arg, 0, 0, 0);
		return 0;
	}
	all_slots(g);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, -8 * SLOTS + 8 * (int)rnd(g, 3));
	return 0;
}

static void frame_arg(struct gen *g, int arg)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, -8 * SLOTS);
}

static void p_call(struct gen *g)
{
	int f = g->now + 1 + (int)rnd(g, FUNCS), c = pick(g, CTX), a, v;
	struct func *to;

	if (f >= g->n_funcs)
		return;
	to = &g->func[f];
	a = number(g);
	if (a < 0)
		return;
	if (to->role >= LOOP_CB) {
		all_slots(g);
		if (to->role == LOOP_CB) {
			if (a == 1 || g->result || !rnd(g, 2))
				emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, (int)rnd(g, 5));
			else
				emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, a, 0, 0);
		} else {
			/* each hash has an order of its own */
			emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0,
			     100 + (g->result ? 0 : (int)rnd(g, 2)));
			emit(g, 0, 0, 0, 0, 0);
		}
		to->called = 1;
		emit(g, BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, f);
		emit(g, 0, 0, 0, 0, 0);
		frame_arg(g, 3);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
		     to->role == LOOP_CB ? BPF_FUNC_loop : BPF_FUNC_for_each_map_elem);
		clobber(g);
		set(g, 0, NUM);
		return;
	}
	if (to->arg3 == VAL_OR_NULL) {
		if (c < 0 || (c >= 1 && c <= 3) || (a >= 1 && a <= 3))
			return;
		memory_arg(g, 3);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, a, 0, 0);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, c, 0, 0);
		to->called = 1;
		emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, f);
		clobber(g);
		set(g, 0, NUM);
		return;
	}
	v = to->arg3 == NUM ? a : to->arg3 == VAL ? pick(g, VAL) : 10;
	if (to->arg3 == FRAME && g->more && pick(g, FRAME) > 3 && rnd(g, 2))
		v = pick(g, FRAME); /* of the caller's caller */
	if (c < 0 || c == 2 || c == 3 || v < 0 || v == 1 || a == 1 || (v == 2 && a != 2))
		return;
	if (v == 10)
		all_slots(g);
	if (a != 2)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, a, 0, 0);
	if (v == 10)
		frame_arg(g, 3);
	else if (v != 3)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, v, 0, 0);
	if (c != 1)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, c, 0, 0);
	to->called = 1;
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, f);
	clobber(g);
	set(g, 0, NUM);
}

static void body(struct gen *g, int depth, int pieces)
{
	static void (*const straight[])(
		struct gen *) = {p_const,  p_unknown, p_alu,   p_link,  p_link,   p_spill,
				 p_spill,  p_fill,    p_fill,  p_frame, p_atomic, p_access,
				 p_access, p_lookup,  p_check, p_tail,  p_abs,    p_throw,
				 p_ladder, p_call,    p_call};
	static void (*const deep[])(struct gen *, int) = {p_if,   p_if,     p_if,
							  p_if,   p_loop,   p_may_goto,
							  p_iter, p_record, p_preempt};
	static void (*const straight_more[])(
		struct gen *) = {p_part,  p_part,  p_part,  p_narrow, p_frame_atomic,
				 p_break, p_break, p_break, p_spill,  p_fill};
	static void (*const deep_more[])(struct gen *, int) = {p_joined, p_joined, p_iter,
							       p_may_goto, p_loop};

	for (int i = 0; i < pieces && !full(g); i++) {
		if (g->more && rnd(g, 3) == 0) {
			if (depth < MAX_DEPTH && rnd(g, 3) == 0)
				deep_more[rnd(g, 5)](g, depth);
			else
				straight_more[rnd(g, 10)](g);
		} else if (depth < MAX_DEPTH && rnd(g, 3) == 0)
			deep[rnd(g, sizeof(deep) / sizeof(deep[0]))](g, depth);
		else
			straight[rnd(g, sizeof(straight) / sizeof(straight[0]))](g);
	}
}

/* returns from the function */
static void leave(struct gen *g)
{
	struct func *f = &g->func[g->now];
	int r = pick(g, NUM), v = pick(g, VAL);

	for (int i = 0; i < 10 && g->result && v >= 0; i++)
		if (g->r.reg[i] == NUM)
			emit(g, BPF_STX | BPF_ATOMIC | BPF_DW, v, i, 8 * (i & 3),
			     i & 1 ? BPF_XOR : BPF_ADD);
	if (f->role == MAIN || r < 0)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, (int)rnd(g, 2));
	else if (r)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, r, 0, 0);
	if (f->role >= LOOP_CB && !wild(g))
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0, 1);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void function(struct gen *g, int i)
{
	struct func *f = &g->func[i];

	memset(&g->r, 0, sizeof(g->r));
	g->now = i;
	g->loops = g->held = g->iters = g->n_ways = g->first_way = g->loop_held = 0;
	f->start = g->n;
	if (f->role <= GLOBAL) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
		set(g, 6, CTX);
		if (f->role == MAIN) {
			p_lookup(g);
			p_check(g);
			p_unknown(g);
		} else {
			set(g, 2, NUM);
			set(g, 3, f->arg3);
		}
	} else if (f->role == LOOP_CB) {
		set(g, 1, NUM);
		set(g, 2, FRAME);
	} else {
		set(g, 3, VAL);
		set(g, 4, FRAME);
	}
	for (int k = 1; k < 5; k++) /* live longer in one of these */
		if (g->r.reg[k] > NUM && rnd(g, 3))
			mov(g, 10 - k, k);
	body(g, 0, 3 + (int)rnd(g, i ? 8 : 14));
	leave(g);
}

static inline void generate(struct gen *g)
{
	static const uint32_t flags[] = {0, 0, BPF_F_TEST_STATE_FREQ, BPF_F_TEST_STATE_FREQ};
	static const uint32_t wilds[] = {0, 5, 30, 100};
	uint64_t seed = g->seed;
	bool result = g->result, more = g->more;

	memset(g, 0, sizeof(*g));
	g->seed = seed;
	g->result = result;
	g->more = more;
	g->flags = flags[rnd(g, 4)];
	g->wild = wilds[rnd(g, 4)];
	g->n_funcs = 1 + (int)rnd(g, FUNCS);
	for (int i = 1; i < g->n_funcs; i++) {
		static const enum kind kinds[] = {NUM, VAL, FRAME};

		g->func[i].role = SUB + (enum role)rnd(g, 4);
		g->func[i].arg3 = g->func[i].role == GLOBAL ? NUM : kinds[rnd(g, 3)];
		if (more && g->func[i].role == GLOBAL && rnd(g, 2))
			g->func[i].arg3 = VAL_OR_NULL;
	}
	function(g, 0);
	for (int i = 1; i < g->n_funcs; i++) {
		if (g->func[i].called)
			function(g, i);
		else
			g->func[i].start = -1;
	}
	for (int i = 0; i < g->n; i++) {
		struct bpf_insn *in = &g->insn[i];

		if (in->code == (BPF_JMP | BPF_CALL) && in->src_reg == BPF_PSEUDO_CALL)
			in->imm = g->func[in->imm].start - i - 1;
		if (isa_is_ldimm64(in) && in->src_reg == BPF_PSEUDO_FUNC)
			in->imm = g->func[in->imm].start - i - 1;
	}
}

/* ---------------------------------------------------------------- types of the programs */

static uint32_t func_type[FUNCS][3]; /* BTF ids: static, global, global that takes memory */

/*
 * int f(struct __sk_buff *a, int b, int c) for all functions, static and global, and with a pointer to
 * 32 bytes in c's place. Static ones are judged by their instructions, whatever they take. The size in
 * bytes.
 */
static inline uint32_t flow_btf(uint32_t raw[256])
{
	static const char names[] =
		"\0int\0__sk_buff\0a\0b\0c\0f0\0f1\0f2\0f3\0f4\0g0\0g1\0g2\0g3\0g4"
		"\0h0\0h1\0h2\0h3\0h4\0m";
	struct btf_header *h = (struct btf_header *)raw;
	uint32_t *t = raw + sizeof(*h) / 4, *start = t;

	*t++ = 1, *t++ = BTF_KIND_INT << 24, *t++ = 4, *t++ = 1 << 24 | 32; /* 1 */
	*t++ = 5, *t++ = BTF_KIND_STRUCT << 24, *t++ = 4;                   /* 2 */
	*t++ = 0, *t++ = BTF_KIND_PTR << 24, *t++ = 2;                      /* 3 */
	*t++ = 0, *t++ = BTF_KIND_FUNC_PROTO << 24 | 3, *t++ = 1;           /* 4 */
	*t++ = 15, *t++ = 3, *t++ = 17, *t++ = 1, *t++ = 19, *t++ = 1;
	*t++ = 66, *t++ = BTF_KIND_STRUCT << 24, *t++ = VALUE;    /* 5 */
	*t++ = 0, *t++ = BTF_KIND_PTR << 24, *t++ = 5;            /* 6 */
	*t++ = 0, *t++ = BTF_KIND_FUNC_PROTO << 24 | 3, *t++ = 1; /* 7 */
	*t++ = 15, *t++ = 3, *t++ = 17, *t++ = 1, *t++ = 19, *t++ = 6;
	for (uint32_t i = 0; i < 3 * FUNCS; i++) {
		*t++ = 21 + 3 * i, *t++ = BTF_KIND_FUNC << 24 | (i >= FUNCS),
		*t++ = i < 2 * FUNCS ? 4 : 7;
		func_type[i % FUNCS][i / FUNCS] = 8 + i;
	}
	*h = (struct btf_header){.magic = BTF_MAGIC,
				 .version = BTF_VERSION,
				 .hdr_len = sizeof(*h),
				 .type_len = (uint32_t)((char *)t - (char *)start),
				 .str_off = (uint32_t)((char *)t - (char *)start),
				 .str_len = sizeof(names)};
	memcpy(t, names, sizeof(names));
	return h->hdr_len + h->type_len + h->str_len;
}

static inline uint32_t func_info(const struct gen *g, uint32_t (*info)[2])
{
	uint32_t n = 0;

	for (int i = 0; i < g->n_funcs; i++)
		if (g->func[i].start >= 0) {
			info[n][0] = (uint32_t)g->func[i].start;
			info[n++][1] = func_type[i][g->func[i].arg3 == VAL_OR_NULL
							    ? 2
							    : g->func[i].role == GLOBAL || !i];
		}
	return n;
}

static inline void find_kfuncs(const struct btf_obj *kernel)
{
	iter_new = btf_find(kernel, "bpf_iter_num_new", BTF_KIND_FUNC);
	iter_next = btf_find(kernel, "bpf_iter_num_next", BTF_KIND_FUNC);
	iter_destroy = btf_find(kernel, "bpf_iter_num_destroy", BTF_KIND_FUNC);
	throw_id = btf_find(kernel, "bpf_throw", BTF_KIND_FUNC);
	preempt_disable = btf_find(kernel, "bpf_preempt_disable", BTF_KIND_FUNC);
	preempt_enable = btf_find(kernel, "bpf_preempt_enable", BTF_KIND_FUNC);
}

#endif
