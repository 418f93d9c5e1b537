/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads and copies that survive bad addresses.
 *
 * On x86-64 each is a small assembly routine with one or two instructions that may fault, and a
 * fault table of exactly those instructions. A handler for SIGSEGV and SIGBUS looks the faulting
 * instruction up: one of ours continues at its fix-up, everything else goes to the handler that was
 * there before, as if ours did not exist. So a probing load costs what a load costs, and no fault
 * of the host is ever swallowed. The handler reads only the constant table and the saved action: it
 * is safe in a signal, in any thread, on the alternate stack, and under the sanitizers, which see
 * no instrumented access (their own handlers are the previous action).
 *
 * It is installed on first use, never before (DESIGN 5). A host that installs its own handler later
 * takes ours out of the way; rt_probe_init(), called for every program load, puts it in front again
 * and chains to the newcomer. SIGSEGV must not be blocked in threads that run programs.
 *
 * Other machines read through process_vm_readv(2) on ourselves: slower, no handler.
 */
#include "runtime/probe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/rt.h"

#if defined(__x86_64__)

#include <ucontext.h>

/*
 * rt_probe_ldN(addr): value or 0.
 * probe_copy(dst, src, n): bytes not copied; either side may fault.
 * probe_copy_str(dst, src, n): like strncpy up to and with the NUL: bytes copied with the NUL, n if
 * there was none, -1 on a fault.
 */
#define PROBE_LOAD(name, insn)                                                                     \
	".p2align 4\n"                                                                             \
	".globl " #name "\n.hidden " #name "\n.type " #name ", @function\n" #name ":\n"            \
	"probe_at_" #name ": " insn " (%rdi), %eax\n"                                              \
	"ret\n"                                                                                    \
	"probe_fix_" #name ": xorl %eax, %eax\n"                                                   \
	"ret\n.size " #name ", . - " #name "\n"

/* clang-format off */
__asm__(".text\n"
	PROBE_LOAD(rt_probe_ld1, "movzbl")
	PROBE_LOAD(rt_probe_ld2, "movzwl")
	PROBE_LOAD(rt_probe_ld4, "movl")
	".p2align 4\n"
	".globl rt_probe_ld8\n.hidden rt_probe_ld8\n.type rt_probe_ld8, @function\n"
	"rt_probe_ld8:\n"
	"probe_at_rt_probe_ld8: movq (%rdi), %rax\n"
	"ret\n"
	"probe_fix_rt_probe_ld8: xorl %eax, %eax\n"
	"ret\n.size rt_probe_ld8, . - rt_probe_ld8\n"

	".p2align 4\n"
	".type probe_copy, @function\n"
	"probe_copy:\n"
	"movq %rdx, %rax\n"
	"1: cmpq $8, %rax\n"
	"jb 2f\n"
	"probe_at_ld8: movq (%rsi), %rcx\n"
	"probe_at_st8: movq %rcx, (%rdi)\n"
	"addq $8, %rsi\n"
	"addq $8, %rdi\n"
	"subq $8, %rax\n"
	"jmp 1b\n"
	"2: testq %rax, %rax\n"
	"je 3f\n"
	"probe_at_ld1: movb (%rsi), %cl\n"
	"probe_at_st1: movb %cl, (%rdi)\n"
	"incq %rsi\n"
	"incq %rdi\n"
	"decq %rax\n"
	"jmp 2b\n"
	"3: ret\n"
	/* eight bytes may fault for the last of them only: finish byte by byte */
	"probe_fix_8: jmp probe_at_ld1\n"
	"probe_fix_1: ret\n"
	".size probe_copy, . - probe_copy\n"

	".p2align 4\n"
	".type probe_copy_str, @function\n"
	"probe_copy_str:\n"
	"xorl %eax, %eax\n"
	"4: cmpq %rdx, %rax\n"
	"jae 5f\n"
	"probe_at_str: movb (%rsi,%rax), %cl\n"
	"movb %cl, (%rdi,%rax)\n"
	"incq %rax\n"
	"testb %cl, %cl\n"
	"jne 4b\n"
	"5: ret\n"
	"probe_fix_str: movq $-1, %rax\n"
	"ret\n"
	".size probe_copy_str, . - probe_copy_str\n");
/* clang-format on */

uint64_t probe_copy(void *dst, const void *src, uint64_t n) __asm__("probe_copy");
int64_t probe_copy_str(void *dst, const void *src, uint64_t n) __asm__("probe_copy_str");

#define PROBE_LABELS(X)                                                                            \
	X(probe_at_rt_probe_ld1, probe_fix_rt_probe_ld1)                                           \
	X(probe_at_rt_probe_ld2, probe_fix_rt_probe_ld2)                                           \
	X(probe_at_rt_probe_ld4, probe_fix_rt_probe_ld4)                                           \
	X(probe_at_rt_probe_ld8, probe_fix_rt_probe_ld8)                                           \
	X(probe_at_ld8, probe_fix_8)                                                               \
	X(probe_at_st8, probe_fix_8)                                                               \
	X(probe_at_ld1, probe_fix_1)                                                               \
	X(probe_at_st1, probe_fix_1)                                                               \
	X(probe_at_str, probe_fix_str)

#define DECLARE(at, fix) extern const char at[], fix[];
PROBE_LABELS(DECLARE)
#undef DECLARE

static const struct {
	const char *at, *fix;
} fault_table[] = {
#define ROW(at, fix) {at, fix},
	PROBE_LABELS(ROW)
#undef ROW
};

/*
 * What was there before us, by signal ([0] SIGSEGV, [1] SIGBUS). When a host has put its handler in
 * front of ours it may chain back to it, so going in front again takes a handler function with its
 * own memory of what it displaced; a circle cannot form. A level is written before its handler is
 * installed and never again. After the last level the host keeps the front. A host that restores
 * what it had before (test frameworks do) is met again at the level it had.
 */
#define LEVELS 4
static struct sigaction previous[LEVELS][2];
static uint32_t levels_used[2];
static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool installed;

/* Behaves as the previous action would have. A real fault under SIG_DFL or SIG_IGN happens again
 * when we return, now without a handler; a signal that was sent is sent once more. */
static void chain(const struct sigaction *prev, int sig, siginfo_t *info, void *uctx)
{
	sigset_t old;

	if (prev->sa_flags & SA_SIGINFO ||
	    (prev->sa_handler != SIG_DFL && prev->sa_handler != SIG_IGN)) {
		pthread_sigmask(SIG_BLOCK, &prev->sa_mask, &old);
		if (prev->sa_flags & SA_SIGINFO)
			prev->sa_sigaction(sig, info, uctx);
		else
			prev->sa_handler(sig);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		return;
	}
	if (info->si_code <= 0 && prev->sa_handler == SIG_IGN)
		return;
	signal(sig, SIG_DFL);
	if (info->si_code <= 0)
		raise(sig);
}

/* ranges of generated code; changed under the lock, read by handlers without it */
static struct rt_probe_range *_Atomic ranges;
static pthread_mutex_t ranges_lock = PTHREAD_MUTEX_INITIALIZER;

void rt_probe_add_range(struct rt_probe_range *r)
{
	rt_probe_init();
	pthread_mutex_lock(&ranges_lock);
	r->next = atomic_load(&ranges);
	atomic_store(&ranges, r);
	pthread_mutex_unlock(&ranges_lock);
}

void rt_probe_del_range(struct rt_probe_range *r)
{
	struct rt_probe_range *p;

	pthread_mutex_lock(&ranges_lock);
	p = atomic_load(&ranges);
	if (p == r)
		atomic_store(&ranges, r->next);
	for (; p && p->next != r; p = p->next)
		;
	if (p)
		__atomic_store_n(&p->next, r->next, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&ranges_lock);
}

/* where a fault at pc in generated code goes on, 0: not one of its loads */
static uintptr_t fix_in_ranges(uintptr_t pc)
{
	const struct rt_probe_range *r = atomic_load(&ranges);
	uint32_t lo = 0, hi;

	while (r && (pc < r->start || pc >= r->end))
		r = __atomic_load_n(&r->next, __ATOMIC_ACQUIRE);
	for (hi = r ? r->n : 0; lo < hi;) {
		uint32_t mid = (lo + hi) / 2;

		if (r->row[mid].at == pc)
			return r->row[mid].fix;
		if (r->row[mid].at < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static void handle(uint32_t level, int sig, siginfo_t *info, void *uctx)
{
	greg_t *pc = &((ucontext_t *)uctx)->uc_mcontext.gregs[REG_RIP];
	uintptr_t fix = info->si_code > 0 ? fix_in_ranges(*pc) : 0;
	size_t i;

	if (fix) {
		*pc = (greg_t)fix;
		return;
	}
	for (i = 0; info->si_code > 0 && i < sizeof(fault_table) / sizeof(fault_table[0]); i++) {
		if (*pc == (greg_t)(uintptr_t)fault_table[i].at) {
			*pc = (greg_t)(uintptr_t)fault_table[i].fix;
			return;
		}
	}
	chain(&previous[level][sig == SIGBUS], sig, info, uctx);
}

#define HANDLER(level)                                                                             \
	static void on_fault_##level(int sig, siginfo_t *info, void *uctx)                         \
	{                                                                                          \
		handle(level, sig, info, uctx);                                                    \
	}
HANDLER(0)
HANDLER(1)
HANDLER(2)
HANDLER(3)

static void (*const handlers[LEVELS])(int, siginfo_t *, void *) = {on_fault_0, on_fault_1,
								   on_fault_2, on_fault_3};

static void install(int sig)
{
	struct sigaction now, act = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
	uint32_t *used = &levels_used[sig == SIGBUS], i;

	if (sigaction(sig, NULL, &now))
		return;
	for (i = 0; i < LEVELS; i++)
		if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handlers[i])
			return;
	/* a handler that we stood in front of before: take the same place again */
	for (i = 0; i < *used; i++)
		if (previous[i][sig == SIGBUS].sa_handler == now.sa_handler)
			break;
	if (i == LEVELS)
		return;
	act.sa_sigaction = handlers[i];
	act.sa_flags |= now.sa_flags & (SA_RESTART | SA_NODEFER);
	sigemptyset(&act.sa_mask);
	if (i == *used)
		previous[(*used)++][sig == SIGBUS] = now;
	(void)sigaction(sig, &act, NULL);
}

void rt_probe_init(void)
{
	pthread_mutex_lock(&install_lock);
	install(SIGSEGV);
	install(SIGBUS);
	pthread_mutex_unlock(&install_lock);
	atomic_store_explicit(&installed, true, memory_order_release);
}

static void need_handler(void)
{
	if (__builtin_expect(!atomic_load_explicit(&installed, memory_order_acquire), 0))
		rt_probe_init();
}

static uint32_t copy_all(void *dst, const void *src, uint32_t n)
{
	need_handler();
	return probe_copy(dst, src, n);
}

static long copy_str(void *dst, const void *src, uint32_t n)
{
	need_handler();
	return probe_copy_str(dst, src, n);
}

#else /* !x86-64 */

void rt_probe_add_range(struct rt_probe_range *r)
{
	(void)r;
}

void rt_probe_del_range(struct rt_probe_range *r)
{
	(void)r;
}

void rt_probe_init(void)
{
}

/* bytes not copied */
static uint32_t transfer(void *local, const void *remote, uint32_t n, bool write)
{
	struct iovec l = {.iov_base = local, .iov_len = n};
	struct iovec r = {.iov_base = (void *)remote, .iov_len = n};
	ssize_t done = write ? process_vm_writev(getpid(), &l, 1, &r, 1, 0)
			     : process_vm_readv(getpid(), &l, 1, &r, 1, 0);

	return done < 0 ? n : n - (uint32_t)done;
}

static uint32_t copy_all(void *dst, const void *src, uint32_t n)
{
	return transfer(dst, src, n, false);
}

static long copy_str(void *dst, const void *src, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (transfer((char *)dst + i, (const char *)src + i, 1, false))
			return -1;
		if (!((char *)dst)[i])
			return i + 1;
	}
	return n;
}

#define PROBE_LOAD(bytes, type)                                                                    \
	uint64_t rt_probe_ld##bytes(uint64_t addr)                                                 \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		return transfer(&v, (const void *)addr, bytes, false) ? 0 : v;                     \
	}
PROBE_LOAD(1, uint8_t)
PROBE_LOAD(2, uint16_t)
PROBE_LOAD(4, uint32_t)
PROBE_LOAD(8, uint64_t)

#endif

int rt_probe_read(void *dst, uint64_t src, uint32_t size)
{
	if (!copy_all(dst, (const void *)(uintptr_t)src, size))
		return 0;
	memset(dst, 0, size);
	return -EFAULT;
}

long rt_probe_read_str(void *dst, uint64_t src, uint32_t size)
{
	long n;

	if (!size)
		return 0;
	n = copy_str(dst, (const void *)(uintptr_t)src, size);
	if (n < 0) {
		memset(dst, 0, size);
		return -EFAULT;
	}
	((char *)dst)[n - 1] = '\0';
	return n;
}

int rt_probe_write(uint64_t dst, const void *src, uint32_t size)
{
#if defined(__x86_64__)
	return copy_all((void *)(uintptr_t)dst, src, size) ? -EFAULT : 0;
#else
	return transfer((void *)src, (const void *)(uintptr_t)dst, size, true) ? -EFAULT : 0;
#endif
}
