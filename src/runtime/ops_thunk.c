/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Thunks (kfunc spec 11): a fixed pool of entry points that are part of the library's text, so no
 * memory has to be made executable. Each says only which one it is; the number finds what to call.
 *
 * On x86-64 an entry is three instructions that lead to a common part, which spills the six argument
 * registers and hands them, with the address of the caller's stack arguments, to rt_ops_enter().
 * Elsewhere the entries are C functions of six 64-bit parameters: every ABI with that many argument
 * registers passes numbers and pointers of a shorter parameter list in the same places.
 */
#include "runtime/ops_thunk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "runtime/rt.h"

#if defined(__x86_64__) && !defined(RT_OPS_PORTABLE)
#define POOL     1024
#define REG_ARGS 6
#define MAX_ARGS RT_OPS_ARGS
#else
#define POOL     64
#define REG_ARGS 6
#define MAX_ARGS 6
#endif

static _Atomic(const struct rt_ops_call *) calls[POOL];
static bool taken[POOL];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* regs: the first six arguments, stack: those behind them. Called from the thunks only. */
__attribute__((used, visibility("hidden"))) uint64_t rt_ops_enter(uint32_t nr, const uint64_t *regs,
								  const uint64_t *stack)
{
	const struct rt_ops_call *c = atomic_load_explicit(&calls[nr], memory_order_acquire);
	uint64_t ctx[RT_OPS_ARGS], ret;

	if (!c)
		return 0; /* a table that was taken back long ago */
	for (uint32_t i = 0; i < c->n_args; i++) {
		ctx[i] = (i < REG_ARGS ? regs[i] : stack[i - REG_ARGS]) & c->mask[i];
		if (c->nonnull >> i & 1 && !ctx[i])
			return 0;
	}
	ret = rt_prog_run(c->prog, ctx);
	return c->ret_bool ? (ret & 0xff) != 0 : ret;
}

#if defined(__x86_64__) && !defined(RT_OPS_PORTABLE)

#define ENTRY_SIZE 16
_Static_assert(POOL == 1024, "as below");

__asm__(".pushsection .text\n"
	"	.balign 16\n"
	"	.type rt_ops_entries, @function\n"
	"rt_ops_entries:\n"
	"	.set rt_ops_nr, 0\n"
	"	.rept 1024\n"
	"	endbr64\n"
	"	movl $rt_ops_nr, %eax\n"
	"	jmp rt_ops_common\n"
	"	.balign 16\n"
	"	.set rt_ops_nr, rt_ops_nr + 1\n"
	"	.endr\n"
	"	.size rt_ops_entries, . - rt_ops_entries\n"
	"	.type rt_ops_common, @function\n"
	"rt_ops_common:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	subq $48, %rsp\n"
	"	movq %rdi, 0(%rsp)\n"
	"	movq %rsi, 8(%rsp)\n"
	"	movq %rdx, 16(%rsp)\n"
	"	movq %rcx, 24(%rsp)\n"
	"	movq %r8, 32(%rsp)\n"
	"	movq %r9, 40(%rsp)\n"
	"	movl %eax, %edi\n"
	"	movq %rsp, %rsi\n"
	"	leaq 16(%rbp), %rdx\n" /* past the frame pointer and the return address */
	"	call rt_ops_enter\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size rt_ops_common, . - rt_ops_common\n"
	".popsection\n");

extern char rt_ops_entries[] __attribute__((visibility("hidden")));

static void *entry(uint32_t nr)
{
	return rt_ops_entries + nr * ENTRY_SIZE;
}

static uint32_t number(const void *thunk)
{
	return (uint32_t)(((const char *)thunk - rt_ops_entries) / ENTRY_SIZE);
}

#else

typedef uint64_t (*entry_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

#define ENTRY(n)                                                                                   \
	static uint64_t entry_##n(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,      \
				  uint64_t f)                                                      \
	{                                                                                          \
		const uint64_t regs[] = {a, b, c, d, e, f};                                        \
                                                                                                   \
		return rt_ops_enter(n, regs, NULL);                                                \
	}
/* numbers in octal, so that eight rows of eight need no arithmetic */
#define ROW(M, t)                                                                                  \
	M(0##t##0) M(0##t##1) M(0##t##2) M(0##t##3) M(0##t##4) M(0##t##5) M(0##t##6) M(0##t##7)
#define ALL(M)  ROW(M, 0) ROW(M, 1) ROW(M, 2) ROW(M, 3) ROW(M, 4) ROW(M, 5) ROW(M, 6) ROW(M, 7)
#define NAME(n) entry_##n,
ALL(ENTRY)
static const entry_fn entries[POOL] = {ALL(NAME)};

static void *entry(uint32_t nr)
{
	return (void *)(uintptr_t)entries[nr];
}

static uint32_t number(const void *thunk)
{
	uint32_t nr = 0;

	while (nr < POOL && entry(nr) != thunk)
		nr++;
	return nr;
}

#endif

uint32_t rt_ops_max_args(void)
{
	return MAX_ARGS;
}

void *rt_ops_thunk_get(const struct rt_ops_call *call)
{
	void *thunk = NULL;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; !thunk && i < POOL; i++) {
		if (taken[i])
			continue;
		taken[i] = true;
		atomic_store_explicit(&calls[i], call, memory_order_release);
		thunk = entry(i);
	}
	pthread_mutex_unlock(&lock);
	return thunk;
}

void rt_ops_thunk_put(void *thunk)
{
	uint32_t nr = thunk ? number(thunk) : POOL;

	if (nr >= POOL)
		return;
	pthread_mutex_lock(&lock);
	atomic_store_explicit(&calls[nr], NULL, memory_order_release);
	taken[nr] = false;
	pthread_mutex_unlock(&lock);
}
