/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_access [SEED [COUNT]]: random programs about memory - packets, map values, the stack, contexts,
 * kernel objects, memory arguments of helpers, pointers passed to a subprogram - judged by our
 * verifier and by the running kernel (loaded only, nothing is attached or pinned). What we accept and
 * Linux rejects is printed as UNSOUND, the other way round as STRICT. Types come from the running
 * kernel's BTF. Needs the permission to load programs; ends with status 77 where it is missing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "btf/btf.h"
#include "isa/isa.h"
#include "kernel/kernel.h"
#include "verifier/verifier.h"

#define MAX 160

enum kind { NONE, NUM, SMALL, STACK, VALUE, VALUE_OR_NULL, CTX, PKT, PKT_OK, END, META, OBJ };

struct gen {
	uint64_t seed;
	struct bpf_insn insn[MAX + 16];
	int n;
	enum kind reg[11];
	enum kind slot[8]; /* spilled at fp-8*(i+1) */
	int jump_to[MAX + 16];
	int call_at; /* call of the subprogram, 0: none */
	bool in_sub, tame;
};

struct setup {
	const char *name;
	uint32_t type, attach;
	const char *tracepoint; /* typed arguments */
	uint32_t flags;
};

static const struct setup setups[] = {
	{"xdp", BPF_PROG_TYPE_XDP, 0, NULL, 0},
	{"sched_cls", BPF_PROG_TYPE_SCHED_CLS, 0, NULL, 0},
	{"cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, 0, NULL, 0},
	{"kprobe", BPF_PROG_TYPE_KPROBE, 0, NULL, 0},
	{"raw_tp", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sched_switch", 0},
	{"xdp strict", BPF_PROG_TYPE_XDP, 0, NULL, BPF_F_STRICT_ALIGNMENT},
};

#define N_SETUPS (sizeof(setups) / sizeof(setups[0]))

static const struct setup *setup;
static struct kfunc_kernel *kernel;
static uint32_t tp_id;
static struct vf_map maps[2];
static int map_fd[2];
static int by_code[2000];

static uint32_t rnd(struct gen *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (uint32_t)(g->seed >> 11) % n;
}

/* once in n times something unlikely to be accepted; rarely in tame programs, which get further */
static bool odd(struct gen *g, uint32_t n)
{
	return rnd(g, g->tame ? 12 * n : n) == 0;
}

static void emit(struct gen *g, int code, int dst, int src, int off, int imm)
{
	g->insn[g->n++] = (struct bpf_insn){.code = (uint8_t)code,
					    .dst_reg = dst & 15,
					    .src_reg = src & 15,
					    .off = (int16_t)off,
					    .imm = imm};
}

static bool is_ptr(enum kind k)
{
	return k >= STACK;
}

static int pick(struct gen *g, uint32_t kinds)
{
	int start = (int)rnd(g, 10);

	for (int i = 0; i < 10; i++) {
		int r = (start + i) % 10;

		if (kinds >> g->reg[r] & 1)
			return r;
	}
	return -1;
}

/* a register that may be overwritten */
static int fresh(struct gen *g)
{
	for (int i = 0; i < 20; i++) {
		int r = (int)rnd(g, 10);

		if (g->reg[r] != CTX && (g->reg[r] < STACK || rnd(g, 4) == 0))
			return r;
	}
	return 0;
}

#define K(k) (1u << (k))
#define NUMS (K(NUM) | K(SMALL))
#define MEMS (K(STACK) | K(VALUE) | K(PKT_OK) | K(OBJ))
#define PKTS (K(PKT) | K(PKT_OK) | K(META))

static int size_code(int log)
{
	static const int code[] = {BPF_B, BPF_H, BPF_W, BPF_DW};

	return code[log];
}

static void act_number(struct gen *g)
{
	static const int masks[] = {7, 15, 31, 8, 16, 255, 3, 1, 12, 63};
	int r = pick(g, NUMS);

	if (r < 0) {
		r = fresh(g);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, (int)rnd(g, 40) - 8);
		g->reg[r] = SMALL;
		return;
	}
	switch (rnd(g, 6)) {
	case 0:
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, (int)rnd(g, 17) - 8);
		break;
	case 1:
		emit(g, BPF_ALU64 | BPF_MUL | BPF_K, r, 0, 0, (int)rnd(g, 6) - 1);
		break;
	case 2:
		emit(g, BPF_ALU | BPF_AND | BPF_K, r, 0, 0, masks[rnd(g, 10)]);
		break;
	default:
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, r, 0, 0, masks[rnd(g, 10)]);
		break;
	}
	g->reg[r] = SMALL;
}

static void act_copy(struct gen *g)
{
	int s = pick(g, rnd(g, 3) ? ~(K(NONE) | NUMS | K(CTX)) : ~K(NONE)), d;

	if (rnd(g, 3) == 0 && s >= 0) {
		d = fresh(g);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, d, 10, 0, 0);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, -8 * (1 + (int)rnd(g, 8)));
		g->reg[d] = STACK;
		return;
	}
	d = fresh(g);
	if (s < 0 || s == d)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0);
	g->reg[d] = g->reg[s];
}

static void act_move_pointer(struct gen *g)
{
	int p = pick(g, odd(g, 8) ? ~(K(NONE) | NUMS) : MEMS | PKTS),
	    s = pick(g, odd(g, 5) ? NUMS : K(SMALL));

	if (p < 0)
		return;
	if (rnd(g, 2) || s < 0 || s == p)
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, p, 0, 0,
		     (int)rnd(g, g->tame ? 5 : 24) - (odd(g, 4) ? 8 : 0));
	else
		emit(g, BPF_ALU64 | (odd(g, 5) ? BPF_SUB : BPF_ADD) | BPF_X, p, s, 0, 0);
}

static void act_access(struct gen *g)
{
	int p = pick(g, odd(g, 6) ? ~(K(NONE) | NUMS) : MEMS), log = (int)rnd(g, 4), v, off;

	if (p < 0)
		return;
	off = g->reg[p] == STACK ? -8 * (int)rnd(g, 3) + (int)rnd(g, 2) * (1 << log)
				 : (int)rnd(g, g->tame ? 6 : 20);
	if (g->reg[p] == OBJ)
		off = (int)rnd(g, 600) * (rnd(g, 2) ? 8 : 4);
	if (g->reg[p] == CTX)
		off = (int)rnd(g, g->tame ? 3 : 48) * 4;
	if (rnd(g, 3)) {
		v = fresh(g);
		emit(g, BPF_LDX | (rnd(g, 8) || log == 3 ? BPF_MEM : BPF_MEMSX) | size_code(log), v,
		     p, off, 0);
		g->reg[v] = NUM;
		if (v == p && rnd(g, 2))
			g->reg[v] = NONE;
	} else if (rnd(g, 3)) {
		v = pick(g, odd(g, 6) ? ~K(NONE) : NUMS);
		if (v < 0)
			return;
		emit(g, BPF_STX | BPF_MEM | size_code(is_ptr(g->reg[v]) && rnd(g, 4) ? 3 : log), p,
		     v, off, 0);
	} else if (rnd(g, 2)) {
		emit(g, BPF_ST | BPF_MEM | size_code(log), p, 0, off, (int)rnd(g, 3) - 1);
	} else {
		static const int ops[] = {BPF_ADD, BPF_ADD | BPF_FETCH, BPF_XCHG, BPF_OR,
					  BPF_CMPXCHG};

		v = pick(g, NUMS);
		if (v >= 0)
			emit(g, BPF_STX | BPF_ATOMIC | size_code(2 + (int)rnd(g, 2)), p, v,
			     off & ~7, ops[rnd(g, 5)]);
	}
}

static void act_spill(struct gen *g)
{
	int i = (int)rnd(g, 8), r;

	if (rnd(g, 2)) {
		r = pick(g, rnd(g, 2) ? ~(K(NONE) | NUMS) : ~K(NONE));
		if (r < 0)
			return;
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, r, -8 * (i + 1), 0);
		g->slot[i] = g->reg[r];
	} else if (g->slot[i] != NONE) {
		r = fresh(g);
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, -8 * (i + 1), 0);
		g->reg[r] = g->slot[i];
	}
}

static void jump(struct gen *g, int code, int dst, int src, int imm)
{
	g->jump_to[g->n] = g->n + 2 + (int)rnd(g, 8);
	emit(g, code, dst, src, 0, imm);
}

/* the usual check: some bytes from a packet pointer on lie before the end */
static void act_check(struct gen *g)
{
	int p = pick(g, PKTS), e = pick(g, K(END)), r = fresh(g);

	if (p < 0 || e < 0 || r == p || r == e)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, r, p, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, 4 + (int)rnd(g, 20));
	if (rnd(g, 2))
		jump(g, BPF_JMP | (rnd(g, 2) ? BPF_JGT : BPF_JGE) | BPF_X, r, e, 0);
	else
		jump(g, BPF_JMP | (rnd(g, 2) ? BPF_JLT : BPF_JLE) | BPF_X, e, r, 0);
	g->jump_to[g->n - 1] = MAX + 15; /* the end */
	g->reg[r] = g->reg[p];
	for (int i = 0; i < 10; i++)
		if (g->reg[i] == PKT)
			g->reg[i] = PKT_OK;
}

static void act_jump(struct gen *g)
{
	static const int ops[] = {BPF_JGT, BPF_JGE, BPF_JLT,  BPF_JLE,
				  BPF_JEQ, BPF_JNE, BPF_JSGT, BPF_JSLT};
	int a = pick(g, PKTS), b = pick(g, K(END) | K(PKT)), r;

	switch (rnd(g, 4)) {
	case 0:
		if (a < 0 || b < 0)
			return;
		if (rnd(g, 3)) /* the usual check, of a pointer that is moved on */
			emit(g, BPF_ALU64 | BPF_ADD | BPF_K, a, 0, 0, (int)rnd(g, 24));
		if (rnd(g, 2))
			jump(g, BPF_JMP | ops[rnd(g, 4)] | BPF_X, a, b, 0);
		else
			jump(g, BPF_JMP | ops[rnd(g, 4)] | BPF_X, b, a, 0);
		return;
	case 1:
		r = pick(g, K(VALUE_OR_NULL));
		if (r >= 0) {
			jump(g,
			     (odd(g, 6) ? BPF_JMP32 : BPF_JMP) | (rnd(g, 4) ? BPF_JEQ : BPF_JNE) |
				     BPF_K,
			     r, 0, 0);
			for (int i = 0; i < 10; i++)
				if (g->reg[i] == VALUE_OR_NULL)
					g->reg[i] = VALUE;
			return;
		}
		/* fall through */
	case 2:
		r = pick(g, NUMS);
		if (r >= 0)
			jump(g, BPF_JMP | ops[rnd(g, 8)] | BPF_K, r, 0, (int)rnd(g, 40) - 4);
		return;
	default:
		a = pick(g, ~K(NONE));
		b = pick(g, ~K(NONE));
		if (a >= 0 && b >= 0)
			jump(g, BPF_JMP | ops[rnd(g, 8)] | BPF_X, a, b, 0);
	}
}

static void after_call(struct gen *g)
{
	for (int i = 0; i < 6; i++)
		g->reg[i] = NONE;
}

/* puts some memory pointer, or something else now and then, into an argument register */
static void arg_mem(struct gen *g, int arg)
{
	int r = -1;

	if (rnd(g, 2)) {
		for (int i = 6; i < 10; i++)
			if (g->reg[i] != NONE && (odd(g, 2) || MEMS >> g->reg[i] & 1))
				r = i;
	}
	if (r >= 0) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, r, 0, 0);
		if (odd(g, 3))
			emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, (int)rnd(g, 10));
		return;
	}
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0,
	     g->tame ? -24 - (int)rnd(g, 5) * 8 : -(int)rnd(g, 66));
	r = -1;
	for (int i = 6; i < 10; i++)
		if (g->reg[i] == SMALL)
			r = i;
	if (r >= 0 && rnd(g, 4) == 0)
		emit(g, BPF_ALU64 | BPF_ADD | BPF_X, arg, r, 0, 0);
}

static void arg_size(struct gen *g, int arg)
{
	int r = -1;

	for (int i = 6; i < 10; i++)
		if (g->reg[i] == SMALL || (g->reg[i] == NUM && odd(g, 4)))
			r = i;
	if (r >= 0 && rnd(g, 2))
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, r, 0, 0);
	else
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, arg, 0, 0, (int)rnd(g, 20));
}

static void arg_map(struct gen *g, int which)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 100 + which);
	emit(g, 0, 0, 0, 0, 0);
}

static void call(struct gen *g, int id, enum kind result)
{
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, id);
	after_call(g);
	g->reg[0] = result;
	if (result != NONE && rnd(g, 2)) {
		int to = 6 + (int)rnd(g, 4);

		if (g->reg[to] == CTX)
			return;
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, 0, 0, 0);
		g->reg[to] = result;
	}
}

static int ctx_reg(const struct gen *g)
{
	for (int i = 6; i < 10; i++)
		if (g->reg[i] == CTX)
			return i;
	return -1;
}

static void act_helper(struct gen *g)
{
	int which = (int)rnd(g, 2), ctx = ctx_reg(g);

	switch (rnd(g, 6)) {
	case 0:
	case 1:
		arg_mem(g, 2);
		arg_map(g, which);
		call(g, BPF_FUNC_map_lookup_elem, VALUE_OR_NULL);
		break;
	case 2:
		arg_mem(g, 2);
		arg_mem(g, 3);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
		arg_map(g, which);
		call(g, BPF_FUNC_map_update_elem, NUM);
		break;
	case 3:
		if ((setup->type == BPF_PROG_TYPE_SCHED_CLS ||
		     setup->type == BPF_PROG_TYPE_CGROUP_SKB) &&
		    ctx >= 0) {
			emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, ctx, 0, 0);
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
			arg_mem(g, 3);
			arg_size(g, 4);
			call(g, BPF_FUNC_skb_load_bytes, NUM);
			break;
		}
		/* fall through */
	case 4:
		arg_mem(g, 1);
		arg_size(g, 2);
		if (setup->type == BPF_PROG_TYPE_KPROBE || setup->type == BPF_PROG_TYPE_TRACING) {
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
			call(g, BPF_FUNC_probe_read_kernel, NUM);
		} else if (setup->type != BPF_PROG_TYPE_CGROUP_SKB) {
			arg_mem(g, 3);
			arg_size(g, 4);
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 0);
			call(g, BPF_FUNC_csum_diff, NUM);
		}
		break;
	default:
		if (setup->type == BPF_PROG_TYPE_XDP && ctx >= 0 && rnd(g, 3) == 0) {
			emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, ctx, 0, 0);
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
			call(g, BPF_FUNC_xdp_adjust_head, NUM);
		} else {
			arg_mem(g, 1);
			arg_size(g, 2);
			call(g, BPF_FUNC_get_current_comm, NUM);
		}
		break;
	}
}

static void act_call(struct gen *g)
{
	if (g->in_sub || g->call_at)
		return;
	for (int i = 1; i < 3; i++) {
		int r = pick(g, ~K(NONE));

		if (r < 0)
			return;
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, i, r, 0, 0);
		g->reg[i] = g->reg[r];
	}
	g->call_at = g->n;
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
}

static void ctx_loads(struct gen *g)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	g->reg[6] = g->reg[1] = CTX;
	switch (setup->type) {
	case BPF_PROG_TYPE_XDP:
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 7, 6, 0, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 8, 6, 4, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 9, 6, rnd(g, 2) ? 8 : 12, 0);
		g->reg[9] = g->insn[g->n - 1].off == 8 ? META : NUM;
		break;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_CGROUP_SKB:
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 7, 6, 76, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 8, 6, 80, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_W, 9, 6, 0, 0);
		g->reg[9] = NUM;
		break;
	case BPF_PROG_TYPE_TRACING:
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 7, 6, 8, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 6, 16, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 9, 6, 0, 0);
		g->reg[7] = g->reg[8] = OBJ;
		g->reg[9] = NUM;
		return;
	default:
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 7, 6, 8, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 6, 16, 0);
		g->reg[7] = g->reg[8] = NUM;
		return;
	}
	g->reg[7] = PKT;
	g->reg[8] = END;
}

static void (*const acts[])(struct gen *) = {act_number,       act_number,       act_copy,
					     act_move_pointer, act_access,       act_access,
					     act_access,       act_spill,        act_jump,
					     act_jump,         act_helper,       act_helper,
					     act_call,         act_move_pointer, act_copy,
					     act_check,        act_check};

static void body(struct gen *g, int until)
{
	while (g->n < until)
		acts[rnd(g, sizeof(acts) / sizeof(acts[0]))](g);
}

static void finish(struct gen *g, int from)
{
	int end = g->n;

	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (int i = from; i < end; i++) {
		int to = g->jump_to[i];

		if (!to)
			continue;
		if (to > end)
			to = end;
		if (!g->insn[to].code && to) /* second half of a 64-bit load */
			to++;
		g->insn[i].off = (int16_t)(to - i - 1);
	}
}

static void generate(struct gen *g)
{
	uint64_t seed = g->seed;

	memset(g, 0, sizeof(*g));
	g->seed = seed;
	g->tame = rnd(g, 4);
	setup = &setups[rnd(g, N_SETUPS)];
	ctx_loads(g);
	body(g, 10 + (int)rnd(g, 40));
	finish(g, 0);
	if (!g->call_at)
		return;
	g->insn[g->call_at].imm = g->n - g->call_at - 1;
	g->in_sub = true;
	{
		enum kind a = g->reg[1], b = g->reg[2];
		int start = g->n;

		memset(g->reg, 0, sizeof(g->reg));
		memset(g->slot, 0, sizeof(g->slot));
		g->reg[1] = a ? a : NUM;
		g->reg[2] = b ? b : NUM;
		body(g, start + 3 + (int)rnd(g, 12));
		finish(g, start);
	}
}

/* ---------------------------------------------------------------- judging */

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	(void)ctx;
	if (fd < 100 || fd > 101)
		return -EBADF;
	*map = &maps[fd - 100];
	return 0;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	(void)fd;
	(void)btf;
	(void)is_module;
	return -EBADF;
}

static int ours(const struct gen *g, struct diag_report *rep)
{
	struct vf_program p = {.insns = g->insn,
			       .n_insns = (uint32_t)g->n,
			       .type = setup->type,
			       .attach_type = setup->attach,
			       .prog_flags = setup->flags,
			       .licence = "GPL",
			       .attach_btf_id = setup->tracepoint ? tp_id : 0};
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options opts = {.caps = VF_CAP_ALL};
	struct vf_facts facts;
	int err = vf_verify(kernel, &p, &res, &opts, rep, &facts);

	vf_facts_free(&facts);
	return err;
}

static char klog[1 << 22];

static int kernels(const struct gen *g, bool log)
{
	struct bpf_insn copy[MAX + 16];
	union bpf_attr attr;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (int i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == BPF_PSEUDO_MAP_FD)
			copy[i].imm = map_fd[copy[i].imm - 100];
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = setup->type;
	attr.expected_attach_type = setup->attach;
	attr.prog_flags = setup->flags;
	attr.attach_btf_id = setup->tracepoint ? tp_id : 0;
	attr.insns = (uint64_t)(uintptr_t)copy;
	attr.insn_cnt = (uint32_t)g->n;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	if (log) {
		attr.log_buf = (uint64_t)(uintptr_t)klog;
		attr.log_size = sizeof(klog);
		attr.log_level = 1;
	}
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void dump(const struct gen *g, const char *kind, int a, int b, const struct diag_report *rep)
{
	struct strbuf out = {0};

	printf("%s %s ours %d kernel %d: KF%04u %s (insn %u)\n", kind, setup->name, a, b, rep->code,
	       rep->message, rep->insn);
	for (int i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		printf("%4d: %s\n", i, strbuf_str(&out));
		if (isa_is_ldimm64(&g->insn[i]))
			i++;
	}
	if (getenv("KFUNC_KERNEL_LOG")) {
		size_t len;

		klog[0] = '\0';
		kernels(g, true);
		len = strlen(klog);
		printf("...%s\n", klog + (len > 600 ? len - 600 : 0));
	}
	strbuf_free(&out);
	fflush(stdout);
}

static int make_maps(void)
{
	static const uint32_t type[2] = {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH};

	for (int i = 0; i < 2; i++) {
		union bpf_attr attr;

		maps[i] = (struct vf_map){.type = type[i],
					  .key_size = 4,
					  .value_size = 24,
					  .max_entries = 4};
		memset(&attr, 0, sizeof(attr));
		attr.map_type = type[i];
		attr.key_size = 4;
		attr.value_size = 24;
		attr.max_entries = 4;
		map_fd[i] = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (map_fd[i] < 0)
			return -errno;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int count = argc > 2 ? atoi(argv[2]) : 20000, accepted = 0, unsound = 0, strict = 0,
	    errs = 0;
	static struct gen g;
	char why[200];
	int32_t id;
	int err;

	if (make_maps()) {
		printf("cannot run: this process may not load BPF programs\n");
		return 77;
	}
	kernel = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, why, sizeof(why), &err);
	if (!kernel) {
		printf("cannot run: %s\n", why);
		return 77;
	}
	id = btf_find(kernel->btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	tp_id = id > 0 ? (uint32_t)id : 0;
	for (int i = 0; i < count; i++) {
		struct diag_report rep;
		int a, b;

		g.seed = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15ull + 1;
		for (int k = 0; k < 4; k++)
			rnd(&g, 2);
		generate(&g);
		a = ours(&g, &rep);
		b = kernels(&g, false);
		accepted += b == 0;
		if (rep.code < 2000)
			by_code[rep.code]++;
		if (a == 0 && b != 0) {
			if (unsound++ < 5)
				dump(&g, "UNSOUND", a, b, &rep);
		} else if (a != 0 && b == 0) {
			if (strict++ < 5)
				dump(&g, "STRICT", a, b, &rep);
		} else if (a != b && errs++ < 3) {
			dump(&g, "ERRNO", a, b, &rep);
		}
	}
	for (int i = 1; getenv("KFUNC_BY_CODE") && i < 2000; i++)
		if (by_code[i])
			printf("KF%04d %d\n", i, by_code[i]);
	printf("%d programs, %d accepted by Linux, %d unsound, %d strict, %d other errno\n", count,
	       accepted, unsound, strict, errs);
	kernel_put(kernel);
	return unsound != 0;
}
