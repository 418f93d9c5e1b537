/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Accesses to arenas by generated code, against the interpreter's: random instructions that no verifier has seen, on
 * arenas of a few pages and of a whole window, where pages are in use, given back, touched by the user or
 * were never there. Afterwards every register and every page is the same. And what single accesses give at
 * the edges, and compiled programs, by both engines. KFUNC_SEED and KFUNC_COUNT choose other programs,
 * KFUNC_OBJECTS other object files.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>
#endif

#include "base/strbuf.h"
#include "jit/jit.h"
#include "kfunc/libkfunc.h"
#include "lib/bpf.h"
#include "lib/prog.h"
#include "maps/arena.h"
#include "maps/maps.h"

#define PAGE 4096u
#define REGS 8 /* R0-R7; R9 is the context */
#define MAX  64
#define USED 7

static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

/* ---- an arena ---- */

struct playground {
	int fd;
	struct rt_map *map;
	struct map_arena_view view;
	uint8_t *user;
	uint32_t n_pages;
	uint32_t used[USED]; /* pages that are looked at; the last ones come and go */
};

static void open_arena(struct playground *g, uint32_t n_pages)
{
	int err = 0;

	g->n_pages = n_pages;
	g->fd = t_create_attr(MAP_T_ARENA, 0, 0, n_pages, BPF_F_MMAPABLE, 0, 0);
	assert_true(g->fd >= 0);
	g->map = syscall_map_by_fd(g->fd, &err);
	assert_non_null(g->map);
	g->user = g->map->ops->mmap(g->map, NULL, (size_t)n_pages * PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED, 0, &err);
	assert_non_null(g->user);
	assert_int_equal(map_arena_open(g->map, &g->view), 0);
	g->used[0] = 0;
	g->used[1] = 1;
	g->used[2] = n_pages - 1;
	g->used[3] = 3; /* given back */
	g->used[4] = 5; /* touched by the user */
	g->used[5] = 7; /* never there */
	g->used[6] = 4; /* reserved, and touched by the user */
}

static void close_arena(struct playground *g)
{
	munmap(g->user, (size_t)g->n_pages * PAGE);
	rt_map_put(g->map);
	assert_int_equal(syscall_close(g->fd), 0);
	rt_rcu_barrier();
}

static void *page(struct playground *g, uint32_t k)
{
	return g->view.base + (size_t)g->used[k] * PAGE;
}

/* the same before every run */
static void reset(struct playground *g)
{
	for (uint32_t k = 0; k < USED; k++)
		map_arena_free_pages(g->map, (uintptr_t)g->user + (size_t)g->used[k] * PAGE, 1);
	for (uint32_t k = 0; k < 4; k++)
		assert_non_null(map_arena_alloc(g->map,
						(uintptr_t)g->user + (size_t)g->used[k] * PAGE, 1,
						-1, 0));
	for (uint32_t k = 0; k < 3; k++)
		for (uint32_t i = 0; i < PAGE; i++)
			((uint8_t *)page(g, k))[i] = (uint8_t)(i * 7 + k * 31 + 1);
	map_arena_free_pages(g->map, (uintptr_t)g->user + 3 * PAGE, 1);
	memset(g->user + 5 * PAGE, 0x85, PAGE);
	assert_int_equal(map_arena_reserve(g->map, (uintptr_t)g->user + 4 * PAGE, 1), 0);
	memset(g->user + 4 * PAGE, 0x84, PAGE);
	memset(g->view.base + (size_t)g->n_pages * PAGE, 0, 8); /* behind the end */
}

/* ---- programs ---- */

struct fuzz {
	struct bpf_insn insn[MAX + 16];
	bool arena[MAX + 16]; /* as the verifier would say */
	uint32_t n;
};

static void put(struct fuzz *f, uint8_t code, int dst, int src, int off, int32_t imm)
{
	f->arena[f->n] = false;
	f->insn[f->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static void on_arena(struct fuzz *f, uint8_t code, int dst, int src, int off, int32_t imm)
{
	put(f, code, dst, src, off, imm);
	f->arena[f->n - 1] = true;
}

/* an address; at an edge, mostly */
static uint64_t address(const struct playground *g)
{
	uint64_t at = (uint64_t)g->used[rnd(USED)] * PAGE;

	switch (rnd(8)) {
	case 0:
		at += rnd(PAGE);
		break;
	case 1:
		at += rnd(PAGE / 8) * 8;
		break;
	case 2:
		at += rnd(2) ? 1ull << 32 : (uint64_t)g->n_pages * PAGE;
		at -= rnd(10);
		break;
	case 3:
		at += rnd(16);
		break;
	default:
		at += PAGE - 8 + rnd(9);
	}
	at += (uintptr_t)g->user;
	return rnd(3) ? at : at ^ (uint64_t)rnd(1000) << 32;
}

static int offset(void)
{
	static const int edges[] = {0,    0,     0,    8,     -8,     1,  -1, 7,
				    4095, -4096, 4088, 32767, -32768, 16, 100};

	return edges[rnd(sizeof(edges) / sizeof(edges[0]))];
}

static void compute(struct fuzz *f)
{
	int dst = rnd(REGS), src = rnd(REGS);
	uint8_t class = rnd(2) ? BPF_ALU : BPF_ALU64;

	switch (rnd(9)) {
	case 0:
	case 1:
		put(f, class | BPF_MOV | BPF_X, dst, src, 0, 0);
		break;
	case 2:
		put(f, class | BPF_ADD | BPF_K, dst, 0, 0, offset() + offset());
		break;
	case 3:
		put(f, class | BPF_ADD | BPF_X, dst, src, 0, 0);
		break;
	case 4:
		put(f, BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, (int32_t)rnd(4));
		break;
	case 5:
		on_arena(f, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 1, 1); /* to the kernel's view */
		break;
	case 6:
		put(f, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 1, 1 << 16); /* to the user's */
		break;
	case 7:
		on_arena(f, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0,
			 offset()); /* the lower half alone */
		break;
	default:
		put(f, BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, rnd(2) ? -8 : 0xff);
	}
}

static void atomic(struct fuzz *f, int at)
{
	static const int32_t kinds[] = {BPF_ADD,
					BPF_OR,
					BPF_AND,
					BPF_XOR,
					BPF_ADD | BPF_FETCH,
					BPF_ADD | BPF_FETCH,
					BPF_XCHG,
					BPF_CMPXCHG,
					BPF_CMPXCHG,
					BPF_OR | BPF_FETCH,
					BPF_AND | BPF_FETCH,
					BPF_XOR | BPF_FETCH};
	int32_t kind = kinds[rnd(sizeof(kinds) / sizeof(kinds[0]))];

	put(f, BPF_ALU64 | BPF_AND | BPF_K, at, 0, 0, -8); /* compilers make them aligned */
	if (rnd(2)) {
		int from = at;

		at = rnd(REGS);
		put(f, (rnd(2) ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X, at, from, 0, 0);
		if (rnd(2))
			put(f, BPF_ALU64 | BPF_ADD | BPF_K, at, 0, 0, offset() & -8);
	}
	if (kind == BPF_CMPXCHG && at != 0 && rnd(2)) /* it may find what it expects */
		on_arena(f, BPF_LDX | BPF_MEM | BPF_DW, 0, at, 0, 0);
	on_arena(f, BPF_STX | BPF_ATOMIC | (rnd(2) ? BPF_W : BPF_DW), at, rnd(REGS), offset() & -8,
		 kind);
}

static void memory(struct fuzz *f)
{
	static const uint8_t sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	uint8_t size = sizes[rnd(4)];
	int at = rnd(REGS), reg = rnd(REGS);

	switch (rnd(6)) {
	case 0:
	case 1:
		on_arena(f, BPF_LDX | (size != BPF_DW && rnd(2) ? BPF_MEMSX : BPF_MEM) | size, reg,
			 at, offset(), 0);
		break;
	case 2:
		on_arena(f, BPF_STX | BPF_MEM | size, at, reg, offset(), 0);
		break;
	case 3:
		on_arena(f, BPF_ST | BPF_MEM | size, at, 0, offset(), (int32_t)(rnd(1u << 31) * 3));
		break;
	case 4:
		if (rnd(2))
			on_arena(f, BPF_STX | BPF_ATOMIC | size, reg, at, offset(), BPF_LOAD_ACQ);
		else
			on_arena(f, BPF_STX | BPF_ATOMIC | size, at, reg, offset(), BPF_STORE_REL);
		break;
	default:
		atomic(f, at);
	}
}

static void make(struct fuzz *f, const struct playground *g)
{
	uint32_t n = 8 + rnd(MAX - 30), from = 0;

	f->n = 0;
	put(f, BPF_ALU64 | BPF_MOV | BPF_X, 9, 1, 0, 0);
	for (int k = 0; k < REGS; k++)
		put(f, BPF_LDX | BPF_MEM | BPF_DW, k, 9, 8 * k, 0);
	while (f->n < n) {
		uint64_t at = address(g);
		int reg = rnd(REGS);

		if (!rnd(5)) {
			put(f, BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, (int32_t)at);
			put(f, 0, 0, 0, 0, (int32_t)(at >> 32));
		} else if (rnd(3)) {
			memory(f);
		} else {
			compute(f);
		}
		if (!from && !rnd(8)) {
			from = f->n;
			put(f,
			    (rnd(2) ? BPF_JMP : BPF_JMP32) | (rnd(2) ? BPF_JEQ : BPF_JGT) | BPF_K,
			    rnd(REGS), 0, 0, rnd(2) ? 0 : 1000);
		} else if (from && f->n > from + 3) {
			f->insn[from].off = (int16_t)(f->n - from - 1);
			from = 0;
		}
	}
	if (from)
		f->insn[from].off = (int16_t)(f->n - from - 1);
	for (int k = 0; k < REGS; k++)
		put(f, BPF_STX | BPF_MEM | BPF_DW, 9, k, 8 * k, 0);
	put(f, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	put(f, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	assert_true(f->n <= sizeof(f->insn) / sizeof(f->insn[0]));
}

static void compile(struct rt_prog *p, struct playground *g, bool native)
{
	const char *what = NULL;

	p->maps = &g->map;
	p->n_maps = 1;
	p->facts.uses_arena = true;
	assert_int_equal(interp_compile(p, &what), 0);
	if (native) {
		assert_int_equal(jit_compile(p), 0);
		assert_non_null(p->jit);
	}
}

static struct rt_prog *program(const struct fuzz *f, struct playground *g, bool native)
{
	struct rt_prog *p = mem_zalloc(sizeof(*p));

	p->refs = 1;
	p->type = BPF_PROG_TYPE_SYSCALL;
	p->insns = mem_calloc(f->n, sizeof(*p->insns));
	memcpy(p->insns, f->insn, f->n * sizeof(*p->insns));
	p->n_insns = f->n;
	test_make_facts(p);
	for (uint32_t i = 0; i < f->n; i++)
		p->facts.insn[i].flags |= f->arena[i] ? VFI_ARENA : 0;
	compile(p, g, native);
	return p;
}

/* ---- both engines ---- */

struct outcome {
	uint64_t reg[REGS];
	uint8_t there[USED];
	uint8_t bytes[USED][PAGE];
};

static void run(struct playground *g, const struct rt_prog *p, const uint64_t in[REGS],
		struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	reset(g);
	memcpy(o->reg, in, sizeof(o->reg));
	rt_prog_run(p, o->reg);
	for (uint32_t k = 0; k < USED; k++) {
		o->there[k] = g->view.pages[g->used[k]];
		if (map_arena_touched(g->map, g->used[k] * PAGE) || k == 6)
			memcpy(o->bytes[k], page(g, k), PAGE);
	}
}

static void show(const struct fuzz *f, const uint64_t in[REGS], const struct outcome *a,
		 const struct outcome *b)
{
	struct strbuf out = {0};

	for (uint32_t i = 0; i < f->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&f->insn[i], &out);
		print_message("%4u: %s%s\n", i, strbuf_str(&out), f->arena[i] ? " (arena)" : "");
		i += isa_is_ldimm64(&f->insn[i]);
	}
	for (int k = 0; k < REGS; k++)
		print_message("%2d: %016llx: %016llx (native) %016llx%s\n", k,
			      (unsigned long long)in[k], (unsigned long long)a->reg[k],
			      (unsigned long long)b->reg[k], a->reg[k] != b->reg[k] ? " !" : "");
	strbuf_free(&out);
}

static void agree(uint32_t n_pages, uint64_t seed, int count)
{
	static struct playground g;
	static struct outcome a, b;
	static struct fuzz f;
	uint64_t in[REGS];

	open_arena(&g, n_pages);
	for (int i = 0; i < count; i++) {
		struct rt_prog *native, *plain;

		state = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
		make(&f, &g);
		native = program(&f, &g, true);
		plain = program(&f, &g, false);
		for (int round = 0; round < 3; round++) {
			for (int k = 0; k < REGS; k++)
				in[k] = rnd(5) ? address(&g) : rnd(1000);
			run(&g, native, in, &a);
			run(&g, plain, in, &b);
			if (memcmp(&a, &b, sizeof(a))) {
				show(&f, in, &a, &b);
				fail_msg("program %d, %u pages", i, n_pages);
			}
		}
		test_prog_free(native);
		test_prog_free(plain);
	}
	close_arena(&g);
}

static void both_engines_agree(void **unused)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;
	int count = c ? atoi(c) : 2000;

	(void)unused;
	agree(16, seed, count);
	agree(1u << 20, seed, count / 4);
}

/* ---- what is meant ---- */

/* R2 an address, R3 a value, R0 expected; what R0, R3 and the eight bytes there are afterwards */
static const struct {
	const char *text;
	uint64_t at; /* place in the arena, whose page 0 has the bytes 1 2 3 ... and 3 none */
	uint64_t r0, r3, bytes;
} edges[] = {
	{"r0 = *(u64 *)(r2 + 0)", 0, 0x0807060504030201, 0x8899aabbccddeeff, 0x0807060504030201},
	{"r0 = *(u32 *)(r2 - 4)", 8, 0x08070605, 0x8899aabbccddeeff, 0x100f0e0d0c0b0a09},
	{"r0 = *(u16 *)(r2 + 3)", 0, 0x0504, 0x8899aabbccddeeff, 0x0807060504030201},
	{"r0 = *(u64 *)(r2 + 0)", 3 * PAGE, 0, 0x8899aabbccddeeff, 0},
	{"r0 = *(s8 *)(r2 + 0)", 3 * PAGE, 0, 0x8899aabbccddeeff, 0},
	{"r0 = *(u64 *)(r2 + 0)", 3 * PAGE - 4, 0, 0x8899aabbccddeeff, 0}, /* half of it is there */
	{"r0 = *(u64 *)(r2 + 0)", 0ull - 4, 0, 0x8899aabbccddeeff, 0},
	{"*(u64 *)(r2 + 0) = r3", 8, 0x1111111122222222, 0x8899aabbccddeeff, 0x8899aabbccddeeff},
	{"*(u64 *)(r2 + 1) = r3", 7, 0x1111111122222222, 0x8899aabbccddeeff, 0x99aabbccddeeff08},
	{"*(u32 *)(r2 + 0) = r3", 3 * PAGE, 0x1111111122222222, 0x8899aabbccddeeff, 0},
	{"*(u32 *)(r2 + 0) = -2", 8, 0x1111111122222222, 0x8899aabbccddeeff, 0x100f0e0dfffffffe},
	{"lock *(u64 *)(r2 + 0) += r3", 3 * PAGE, 0x1111111122222222, 0x8899aabbccddeeff, 0},
	{"r3 = atomic_fetch_add((u64 *)(r2 + 0), r3)", 0, 0x1111111122222222, 0x0807060504030201,
	 0x90a0b0c0d0e0f100},
	{"w3 = atomic_fetch_add((u32 *)(r2 + 0), w3)", 0, 0x1111111122222222, 0x04030201,
	 0x08070605d0e0f100},
	/* no page: a register of 64 bits stays, one of 32 has nothing above them */
	{"r3 = atomic_fetch_add((u64 *)(r2 + 0), r3)", 3 * PAGE, 0x1111111122222222,
	 0x8899aabbccddeeff, 0},
	{"w3 = atomic_fetch_add((u32 *)(r2 + 0), w3)", 3 * PAGE, 0x1111111122222222, 0xccddeeff, 0},
	{"w3 = xchg32_32(r2 + 0, w3)", 3 * PAGE, 0x1111111122222222, 0xccddeeff, 0},
	{"w0 = cmpxchg32_32(r2 + 0, w0, w3)", 3 * PAGE, 0x22222222, 0x8899aabbccddeeff, 0},
	{"r0 = cmpxchg_64(r2 + 0, r0, r3)", 3 * PAGE, 0x1111111122222222, 0x8899aabbccddeeff, 0},
	{"r0 = cmpxchg_64(r2 + 0, r0, r3)", 0, 0x0807060504030201, 0x8899aabbccddeeff,
	 0x0807060504030201},
};

static void single_accesses(void **unused)
{
	struct playground g;
	int failed = 0;

	(void)unused;
	open_arena(&g, 16);
	for (size_t k = 0; k < 2 * sizeof(edges) / sizeof(edges[0]); k++) {
		size_t e = k / 2;
		uint64_t ctx[4] = {0x1111111122222222, 0, (uintptr_t)g.user + edges[e].at,
				   0x8899aabbccddeeff},
			 at;
		char text[256];
		struct rt_prog *prog;

		snprintf(text, sizeof(text),
			 "r9 = r1; r0 = *(u64 *)(r9 + 0); r2 = *(u64 *)(r9 + 16); r3 = *(u64 *)(r9 "
			 "+ 24); %s; "
			 "*(u64 *)(r9 + 0) = r0; *(u64 *)(r9 + 24) = r3; exit",
			 edges[e].text);
		prog = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
		prog->facts.insn[4].flags |= VFI_ARENA;
		compile(prog, &g, k & 1);
		reset(&g);
		for (int i = 0; i < 16; i++)
			g.view.base[i] = (uint8_t)(i + 1);
		rt_prog_run(prog, ctx);
		memcpy(&at, g.view.base + (edges[e].at < 16 * PAGE ? edges[e].at : 3 * PAGE), 8);
		if (edges[e].at == 3 * PAGE - 4)
			at = 0;
		if (ctx[0] != edges[e].r0 || ctx[3] != edges[e].r3 || at != edges[e].bytes) {
			print_message("%s (%s): %llx %llx %llx\n", edges[e].text,
				      k & 1 ? "native" : "interpreted", (unsigned long long)ctx[0],
				      (unsigned long long)ctx[3], (unsigned long long)at);
			failed++;
		}
		test_prog_free(prog);
	}
	close_arena(&g);
	assert_int_equal(failed, 0);
}

/* ---- pages that go away meanwhile ---- */

static struct rt_prog *stores_and_loads;
static _Atomic bool done;

static void *user_of_page(void *at)
{
	long wrong = 0;

	while (!atomic_load(&done)) {
		uint64_t ctx[2] = {(uintptr_t)at, 5};

		rt_prog_run(stores_and_loads, ctx);
		wrong += ctx[1] != 7 && ctx[1] != 0;
	}
	return (void *)wrong;
}

static void pages_go_and_come(void **unused)
{
	struct playground g;
	pthread_t id[2];
	void *wrong;

	(void)unused;
	open_arena(&g, 16);
	stores_and_loads = test_prog_raw("r6 = r1; r2 = *(u64 *)(r6 + 0); *(u64 *)(r2 + 8) = 7; "
					 "r0 = *(u64 *)(r2 + 8); *(u64 *)(r6 + 8) = r0; exit",
					 BPF_PROG_TYPE_SYSCALL);
	stores_and_loads->facts.insn[2].flags |= VFI_ARENA;
	stores_and_loads->facts.insn[3].flags |= VFI_ARENA;
	compile(stores_and_loads, &g, true);
	atomic_store(&done, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&id[i], NULL, user_of_page, g.user + PAGE), 0);
	for (int i = 0; i < 5000;
	     i++) { /* taken already: something was stored while the page went */
		(void)map_arena_alloc(g.map, (uintptr_t)g.user + PAGE, 1, -1, 0);
		map_arena_free_pages(g.map, (uintptr_t)g.user + PAGE, 1);
	}
	atomic_store(&done, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(id[i], &wrong);
		assert_null(wrong);
	}
	test_prog_free(stores_and_loads);
	close_arena(&g);
}

/* ---- compiled programs ---- */

struct result {
	bool loaded;
	int err;
	uint32_t retval;
	uint64_t globals[512];
};

/* the values of its variables; addresses, which differ, by their place in the page */
static void read_globals(struct kfunc_object *obj, struct result *r)
{
	static uint64_t value[1 << 17];
	struct kfunc_map *m = NULL;
	uint32_t key = 0, n = 0;

	while ((m = kfunc_object__next_map(obj, m))) {
		const char *name = kfunc_map__name(m);

		if ((!strstr(name, ".bss") && !strstr(name, ".data")) ||
		    t_lookup(kfunc_map__fd(m), &key, value))
			continue;
		for (uint32_t i = 0; i < 128; i++, n++)
			r->globals[n % 512] ^= value[i] >> 40 ? value[i] & (PAGE - 1) : value[i];
	}
}

static void run_one(const char *path, const char *name, bool native, struct result *r)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	struct kfunc_program *p = NULL, *it = NULL;
	KFUNC_OPTS(kfunc_run_opts, opts);
	uint64_t ctx[8] = {0};
	struct rt_prog *prog;

	memset(r, 0, sizeof(*r));
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p))) {
		kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), name));
		it = strcmp(kfunc_program__name(p), name) ? it : p;
	}
	jit_enable(native);
	r->loaded = !kfunc_object__load(obj);
	jit_enable(true);
	if (r->loaded) {
		prog = syscall_prog_by_fd(kfunc_program__fd(it), &r->err);
		assert_non_null(prog);
		assert_int_equal(prog->jit != NULL, native); /* none is left to the interpreter */
		rt_prog_put(prog);
		opts.ctx_in = ctx;
		opts.ctx_size_in = sizeof(ctx);
		r->err = kfunc_program__run(it, &opts);
		r->retval = opts.retval;
		read_globals(obj, r);
	}
	kfunc_object__close(obj);
}

static int run_object(const char *path)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	static struct result native, plain;
	struct kfunc_program *p = NULL;
	int n = 0;

	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p))) {
		const char *name = kfunc_program__name(p);

		run_one(path, name, true, &native);
		run_one(path, name, false, &plain);
		if (memcmp(&native, &plain, sizeof(native)))
			fail_msg("%s of %s: %d %u and %d %u", name, path, native.err, native.retval,
				 plain.err, plain.retval);
		n += native.loaded && !native.err;
		if (getenv("KFUNC_OBJECTS"))
			print_message("%s: %s: %s, %d, result %u\n", path, name,
				      native.loaded ? "loaded" : "not loaded", native.err,
				      native.retval);
	}
	kfunc_object__close(obj);
	return n;
}

static void compiled_programs(void **unused)
{
	const char *more = getenv("KFUNC_OBJECTS");
	char path[512];

	(void)unused;
	snprintf(path, sizeof(path), "%s/programs/progs/arena.bpf.o", getenv("KFUNC_PROGS"));
	assert_true(run_object(path) >= 6);
	while (more && *more) {
		int len = (int)strcspn(more, ":");

		snprintf(path, sizeof(path), "%.*s", len, more);
		run_object(path);
		more += len + (more[len] != 0);
	}
}

/* ---- the code ---- */

#ifdef HAVE_ZYDIS
/* what the instructions of [at, end) are called */
static void names(const struct rt_prog *p, uint32_t at, uint32_t end, struct strbuf *out)
{
	ZydisDisassembledInstruction insn;

	while (at < end) {
		assert_true(
			ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, 0,
							   p->jit->image + at, end - at, &insn)));
		strbuf_printf(out, "%s%.*s", strbuf_str(out)[0] ? " " : "",
			      (int)strcspn(insn.text, " "), insn.text);
		at += insn.info.length;
	}
	assert_int_equal(at, end);
}

static const struct {
	const char *bpf, *x86;
} rows[] = {
	{"r0 = *(u8 *)(r6 + 1)", "lea mov shr mov cmp jz movzx"},
	{"r0 = *(u32 *)(r6 + 8)", "lea test jnz mov shr mov cmp jz mov"},
	{"r0 = *(s16 *)(r6 + 8)", "lea test jnz mov shr mov cmp jz movsx"},
	{"*(u64 *)(r6 - 8) = r7", "lea test jnz mov shr mov cmp jz mov"},
	{"*(u64 *)(r6 + 0) = 5", "lea test jnz mov shr mov cmp jz mov"},
	{"lock *(u64 *)(r6 + 8) += r7", "lea test jnz mov shr mov cmp jz add lock"},
	{"w7 = atomic_fetch_add((u32 *)(r6 + 8), w7)", "lea test jnz mov shr mov cmp jz add lock"},
	{"r0 = cmpxchg_64(r6 + 0, r0, r7)", "lea test jnz mov shr mov cmp jz add lock"},
	{"r0 = addr_space_cast(r6, 1, 0)", "mov mov add test cmovnz"},
};

/* an address is not looked at more than is needed; the way out of line ends where it should */
static void code_is_as_short(void **unused)
{
	const char *slow = "push push push push push push push push push push push mov mov mov mov "
			   "and call mov "
			   "pop pop pop pop pop pop pop pop pop pop pop ret mov call jmp";
	struct playground g;
	int failed = 0;

	(void)unused;
	open_arena(&g, 16);
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct strbuf text = {0}, got = {0}, all = {0};
		struct rt_prog *p;

		strbuf_printf(&text, "%s; *(u64 *)(r10 - 8) = r0; *(u64 *)(r10 - 16) = r7; exit",
			      rows[k].bpf);
		p = test_prog_raw(strbuf_str(&text), BPF_PROG_TYPE_SYSCALL);
		p->facts.insn[0].flags |= VFI_ARENA;
		compile(p, &g, true);
		names(p, p->jit->addr[0], p->jit->addr[1], &got);
		names(p, 0, p->jit->len, &all);
		if (strcmp(strbuf_str(&got), rows[k].x86) ||
		    (strstr(rows[k].x86, "jz") && !strstr(strbuf_str(&all), slow))) {
			print_message("%s: %s: %s\n", rows[k].bpf, strbuf_str(&got),
				      strbuf_str(&all));
			failed++;
		}
		test_prog_free(p);
		strbuf_free(&all);
		strbuf_free(&got);
		strbuf_free(&text);
	}
	close_arena(&g);
	assert_int_equal(failed, 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_accesses),   cmocka_unit_test(both_engines_agree),
		cmocka_unit_test(pages_go_and_come), cmocka_unit_test(compiled_programs),
#ifdef HAVE_ZYDIS
		cmocka_unit_test(code_is_as_short),
#endif
	};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
