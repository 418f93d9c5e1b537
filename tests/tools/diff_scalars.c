/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_scalars [SEED [COUNT]]: random arithmetic and one comparison on three numbers, computed with our
 * value domains and by the running kernel, whose verifier log tells what it knows after every
 * instruction and on both sides of the comparison. Every range and known bit must be the same; what
 * we know better is printed as BAD, what the kernel knows better as LOOSE. Programs are only loaded.
 * Needs the permission to load; ends with status 77 where it is missing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "isa/isa.h"
#include "verifier/scalar.h"

#define MAX   64
#define FIRST 6 /* the numbers are in r6, r7, r8 */
#define N     3

struct prog {
	uint64_t seed;
	struct bpf_insn insn[MAX];
	int n, jump; /* jump: index of the comparison */
	struct vf_scalar now[N], after[MAX], side[2][N];
	int set[MAX]; /* register that the instruction sets, -1: none */
	int known;    /* outcome of the comparison */
	uint8_t op;
};

static const struct vf_scalar_rules rules = {.mul_signed = true,
					     .mul_joined = true,
					     .wrap_both_ends = true};
static char klog[1 << 20];
static int bad, loose, compared;

static uint32_t rnd(struct prog *p, uint32_t n)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return (uint32_t)(p->seed >> 11) % n;
}

static void emit(struct prog *p, int code, int dst, int src, int off, int imm)
{
	p->set[p->n] = -1;
	p->insn[p->n++] = (struct bpf_insn){.code = (uint8_t)code,
					    .dst_reg = dst & 15,
					    .src_reg = src & 15,
					    .off = (int16_t)off,
					    .imm = imm};
}

static int immediate(struct prog *p)
{
	static const int list[] = {0,      1,          2,         3,   7,  8,  15,
				   16,     31,         63,        64,  -1, -8, 255,
				   256,    0x7fffffff, -2,        100, 4,  5,  0x55555555,
				   0xf0f0, 0xffff,     INT32_MIN, -256};

	if (rnd(p, 3) == 0)
		return (int)(p->seed >> 20);
	return list[rnd(p, sizeof(list) / sizeof(list[0]))];
}

/* the instruction just emitted has set number d */
static void done(struct prog *p, int d)
{
	if (!vf_scalar_sane(&p->now[d]))
		vf_scalar_unbound(&p->now[d]);
	p->after[p->n - 1] = p->now[d];
	p->set[p->n - 1] = d;
}

static void gen_byte_order(struct prog *p, int d)
{
	static const int widths[] = {16, 32, 64};
	int w = widths[rnd(p, 3)];

	switch (rnd(p, 3)) {
	case 0:
		emit(p, BPF_ALU64 | BPF_END, FIRST + d, 0, 0, w);
		vf_scalar_bswap(&p->now[d], (uint32_t)w);
		break;
	case 1:
		emit(p, BPF_ALU | BPF_END | BPF_TO_BE, FIRST + d, 0, 0, w);
		vf_scalar_bswap(&p->now[d], (uint32_t)w);
		break;
	default:
		emit(p, BPF_ALU | BPF_END | BPF_TO_LE, FIRST + d, 0, 0, w);
		vf_scalar_cast(&p->now[d], (uint32_t)w / 8);
	}
	done(p, d);
}

/* as in alu.c; a xor with 0 afterwards parts the copies, whose links are not followed here */
static void gen_move(struct prog *p, int d, int s, bool is32)
{
	static const int exts[] = {0, 0, 8, 16, 32};
	int off = exts[rnd(p, is32 ? 4 : 5)];
	struct vf_scalar zero, from = p->now[s];

	if (d == s)
		return;
	emit(p, (is32 ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X, FIRST + d, FIRST + s, off, 0);
	p->now[d] = from;
	if (is32 && off)
		vf_scalar_cast_signed32(&p->now[d], (uint32_t)off / 8);
	else if (off)
		vf_scalar_cast_signed(&p->now[d], (uint32_t)off / 8);
	if (is32 && (off || from.umax > UINT32_MAX))
		vf_scalar_zext32(&p->now[d]);
	done(p, d);
	vf_scalar_const(&zero, 0);
	emit(p, BPF_ALU64 | BPF_XOR | BPF_K, FIRST + d, 0, 0, 0);
	vf_scalar_alu(&p->now[d], &zero, BPF_XOR, false, false, &rules);
	done(p, d);
}

/* AND and OR of such a value are followed apart, which this tool does not */
static bool is_mask(const struct vf_scalar *s)
{
	return (s->smin == -1 && s->smax == 0) || (s->s32min == -1 && s->s32max == 0);
}

static void gen_alu(struct prog *p)
{
	static const uint8_t ops[] = {BPF_ADD, BPF_SUB,  BPF_AND, BPF_OR,  BPF_XOR, BPF_LSH,
				      BPF_RSH, BPF_ARSH, BPF_MUL, BPF_NEG, BPF_END, BPF_MOV,
				      BPF_AND, BPF_RSH,  BPF_DIV, BPF_MOD};
	uint8_t op = ops[rnd(p, sizeof(ops))];
	bool is32 = rnd(p, 3) == 0, reg = rnd(p, 2);
	int class = is32 ? BPF_ALU : BPF_ALU64, d = (int)rnd(p, N), s = (int)rnd(p, N),
	    k = immediate(p);
	struct vf_scalar right;

	if (op == BPF_END) {
		gen_byte_order(p, d);
		return;
	}
	if (op == BPF_MOV) {
		gen_move(p, d, s, is32);
		return;
	}
	if (op == BPF_NEG) {
		right = p->now[d];
		emit(p, class | BPF_NEG, FIRST + d, 0, 0, 0);
		vf_scalar_const(&p->now[d], 0);
		vf_scalar_alu(&p->now[d], &right, BPF_SUB, is32, false, &rules);
		done(p, d);
		return;
	}
	if ((op == BPF_AND || op == BPF_OR) && is_mask(&p->now[d]))
		return;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) {
		reg = reg && rnd(p, 4) == 0;
		k = (int)rnd(p, is32 ? 32 : 64);
	}
	if ((op == BPF_DIV || op == BPF_MOD) && !k)
		k = 3;
	right = p->now[s];
	if (!reg)
		vf_scalar_const(&right, (uint64_t)(int64_t)k);
	emit(p, class | op | (reg ? BPF_X : BPF_K), FIRST + d, reg ? FIRST + s : 0, 0, reg ? 0 : k);
	vf_scalar_alu(&p->now[d], &right, op, is32, false, &rules);
	done(p, d);
}

static void gen_jump(struct prog *p)
{
	static const uint8_t ops[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				      BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET};
	bool is32 = rnd(p, 3) == 0, reg = rnd(p, 2);
	int d = (int)rnd(p, N), s = (int)rnd(p, N), k = immediate(p);
	struct vf_scalar imm;

	reg = reg && d != s;
	p->op = ops[rnd(p, sizeof(ops))];
	p->jump = p->n;
	emit(p, (is32 ? BPF_JMP32 : BPF_JMP) | p->op | (reg ? BPF_X : BPF_K), FIRST + d,
	     reg ? FIRST + s : 0, 1, reg ? 0 : k);
	vf_scalar_const(&imm, (uint64_t)(int64_t)k);
	p->known = vf_scalar_decide(&p->now[d], reg ? &p->now[s] : &imm, p->op, is32, true);
	for (int side = 0; side < 2; side++) {
		struct vf_scalar *v = p->side[side], right = imm;

		memcpy(v, p->now, sizeof(p->now));
		if (p->known < 0)
			vf_scalar_refine(&v[d], reg ? &v[s] : &right, p->op, is32, side);
		for (int i = 0; i < N; i++)
			if (!vf_scalar_sane(&v[i]))
				vf_scalar_unbound(&v[i]);
	}
}

static void generate(struct prog *p)
{
	int len = 1 + (int)rnd(p, 8);

	p->n = 0;
	emit(p, BPF_LDX | BPF_MEM | BPF_W, FIRST, 1, 0, 0);
	p->now[0] = vf_scalar_loaded[4];
	emit(p, BPF_LDX | BPF_MEM | BPF_DW, FIRST + 1, 10, -8, 0);
	p->now[1] = vf_scalar_unknown;
	emit(p, BPF_LDX | BPF_MEM | BPF_B, FIRST + 2, 10, -16, 0);
	p->now[2] = vf_scalar_loaded[1];
	while (p->n < 3 + len)
		gen_alu(p);
	gen_jump(p);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	for (int i = 0; i < N; i++) /* keeps all of them alive, and in the log */
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 2, FIRST + i, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---------------------------------------------------------------- the kernel's view */

static int load(const struct prog *p)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)p->insn;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	attr.log_buf = (uint64_t)(uintptr_t)klog;
	attr.log_size = sizeof(klog);
	attr.log_level = 2;
	klog[0] = '\0';
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void assign(struct vf_scalar *s, const char *name, size_t len, uint64_t v)
{
	static const char *const names[] = {"smin",   "smax",   "umin",   "umax",
					    "smin32", "smax32", "umin32", "umax32"};
	size_t i = 0;

	while (i < 8 && (strlen(names[i]) != len || strncmp(names[i], name, len)))
		i++;
	switch (i) {
	case 0:
		s->smin = (int64_t)v;
		break;
	case 1:
		s->smax = (int64_t)v;
		break;
	case 2:
		s->umin = v;
		break;
	case 3:
		s->umax = v;
		break;
	case 4:
		s->s32min = (int32_t)v;
		break;
	case 5:
		s->s32max = (int32_t)v;
		break;
	case 6:
		s->u32min = (uint32_t)v;
		break;
	case 7:
		s->u32max = (uint32_t)v;
		break;
	}
}

/* "17", "P17", "scalar(smin=umin=3,var_off=(0x1; 0xfe))": what is not named is unbounded */
static bool parse(const char *s, struct vf_scalar *out)
{
	const char *end, *value;
	char *stop;

	*out = vf_scalar_unknown;
	if (*s == 'P')
		s++;
	if (strncmp(s, "scalar(", 7)) {
		uint64_t v = strtoull(s, &stop, 0);

		vf_scalar_const(out, v);
		return stop != s;
	}
	for (s += 7; *s && *s != ')'; s = *end == ',' ? end + 1 : end) {
		if (!strncmp(s, "var_off=(", 9)) {
			out->t.v = strtoull(s + 9, &stop, 0);
			out->t.m = strtoull(stop + 2, &stop, 0);
			end = stop + 1;
			continue;
		}
		end = s + strcspn(s, ",)");
		for (value = end; value > s && value[-1] != '=';)
			value--;
		for (const char *name = s; name < value; name += strcspn(name, "=") + 1)
			assign(out, name, strcspn(name, "="), strtoull(value, NULL, 0));
	}
	return true;
}

static void print(const char *who, const struct vf_scalar *s)
{
	printf("  %-6s t=(%" PRIx64 ",%" PRIx64 ") u=[%" PRIx64 ",%" PRIx64 "] s=[%" PRIx64
	       ",%" PRIx64 "] u32=[%x,%x] s32=[%x,%x]\n",
	       who, s->t.v, s->t.m, s->umin, s->umax, (uint64_t)s->smin, (uint64_t)s->smax,
	       s->u32min, s->u32max, (uint32_t)s->s32min, (uint32_t)s->s32max);
}

static void dump(const struct prog *p)
{
	struct strbuf out = {0};

	for (int i = 0; i <= p->jump; i++) {
		strbuf_reset(&out);
		isa_disasm(&p->insn[i], &out);
		printf("%4d: %s\n", i, strbuf_str(&out));
	}
	strbuf_free(&out);
}

/* compares number i as a line of the log shows it, if it does */
static void compare(const struct prog *p, const char *text, int i, const struct vf_scalar *ours,
		    const char *where)
{
	char tag[16];
	const char *at;
	struct vf_scalar theirs;
	bool within;

	snprintf(tag, sizeof(tag), " R%d=", FIRST + i);
	at = strstr(text, tag);
	if (!at || !parse(at + strlen(tag), &theirs))
		return;
	compared++;
	if (!memcmp(&theirs, ours, sizeof(theirs)))
		return;
	within = vf_scalar_within(ours, &theirs);
	if (within)
		loose++;
	else
		bad++;
	if (bad + loose > 10)
		return;
	printf("%s: r%d %s\n", within ? "LOOSE" : "BAD", FIRST + i, where);
	dump(p);
	print("kernel", &theirs);
	print("ours", ours);
}

static void compare_log(const struct prog *p)
{
	bool taken = false;
	int idx, from, to;

	for (char *line = strtok(klog, "\n"); line; line = strtok(NULL, "\n")) {
		const char *state = strstr(line, "; ");

		if (sscanf(line, "from %d to %d: ", &from, &to) == 2 && from == p->jump) {
			taken = true;
			for (int i = 0; i < N; i++)
				compare(p, line, i, &p->side[1][i], "where the comparison holds");
		} else if (!taken && state && sscanf(line, "%d: (", &idx) == 1 && idx <= p->jump) {
			if (idx < p->jump && p->set[idx] >= 0)
				compare(p, state, p->set[idx], &p->after[idx],
					"after an instruction");
			for (int i = 0; idx == p->jump && p->known != 1 && i < N; i++)
				compare(p, state, i, &p->side[0][i], "where it does not hold");
		}
	}
	if ((p->known < 0) == taken)
		return;
	bad++;
	printf("BAD: outcome %d, the kernel follows %s\n", p->known,
	       taken ? "both sides" : "one side");
	dump(p);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int count = argc > 2 ? atoi(argv[2]) : 20000;
	static struct prog p;

	for (int i = 0; i < count; i++) {
		int err;

		p.seed = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15ull + 1;
		for (int k = 0; k < 4; k++)
			rnd(&p, 2);
		generate(&p);
		err = load(&p);
		if (err == -EPERM) {
			printf("cannot run: this process may not load BPF programs\n");
			return 77;
		}
		if (err) {
			printf("the kernel refuses a program: %d\n", err);
			dump(&p);
			return 1;
		}
		compare_log(&p);
	}
	printf("%d programs, %d values compared, %d bad, %d loose\n", count, compared, bad, loose);
	return bad != 0;
}
