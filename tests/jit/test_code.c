/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Generated code as code: its pages are never writable and executable at once, and programs that
 * share them do not meet; every instruction row
 * becomes the machine instruction that is meant (where Zydis is there to read it); it is listed for
 * profilers when that is wanted; probing loads fault in many threads at once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>
#endif

#include "base/strbuf.h"
#include "jit/jit.h"
#include "lib/prog.h"
#include "runtime/probe.h"

static struct rt_prog *native(const char *text)
{
	struct rt_prog *p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	const char *what;

	assert_int_equal(interp_compile(p, &what), 0);
	assert_int_equal(jit_compile(p), 0);
	assert_non_null(p->jit);
	return p;
}

static bool prints_rights(const void *at, char rights[5])
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long lo, hi;
	char line[512];
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char r[5];

		assert_int_equal(sscanf(line, "%lx-%lx %4s", &lo, &hi, r), 3);
		assert_false(strchr(r, 'w') && strchr(r, 'x')); /* no page of the process is both */
		if ((unsigned long)at >= lo && (unsigned long)at < hi) {
			memcpy(rights, r, 5);
			found = true;
		}
	}
	fclose(f);
	return found;
}

static void never_writable_and_executable(void **state)
{
	struct rt_prog *p = native("r0 = 7; exit");
	char rights[5];

	(void)state;
	assert_true(prints_rights(p->jit->image, rights));
	assert_string_equal(rights, "r-xs");
	assert_int_equal(rt_prog_run(p, NULL), 7);
	test_prog_free(p);
}

static uint64_t result_of(const char *text)
{
	struct rt_prog *p = native(text);
	uint64_t r = rt_prog_run(p, NULL);

	test_prog_free(p);
	return r;
}

static uintptr_t own_page(const uint8_t *at)
{
	return (uintptr_t)at & ~(uintptr_t)4095;
}

/* programs share pages; what one leaves the next gets, and what others have stays as it is */
static void programs_share_pages(void **state)
{
	struct rt_prog *p[300];
	char text[40];
	uint32_t together = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = round ? round % 3 : 0; i < 300; i += round ? 3 : 1) {
			snprintf(text, sizeof(text), "r0 = %d; exit", i + 1000);
			p[i] = native(text);
		}
		for (int i = 0; i < 300; i++) {
			assert_int_equal(rt_prog_run(p[i], NULL), i + 1000);
			together +=
				i && own_page(p[i]->jit->image) == own_page(p[i - 1]->jit->image);
		}
		for (int i = (round + 1) % 3; i < 300 && round < 19; i += 3)
			test_prog_free(p[i]);
	}
	assert_true(together > 20 * 200);
	for (int i = 0; i < 300; i++)
		test_prog_free(p[i]);
}

/* after a fork each side's new code is its own */
static void forks_part(void **state)
{
	struct rt_prog *p = native("r0 = 1; exit");
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 50; i++)
			if (result_of("r0 = 2; exit") != 2)
				_exit(1);
		_exit(rt_prog_run(p, NULL) == 1 ? 0 : 2);
	}
	assert_true(pid > 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(result_of("r0 = 3; exit"), 3);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(rt_prog_run(p, NULL), 1);
	test_prog_free(p);
}

/* a host that closes all descriptors and opens its own: nothing is written into those */
static void closed_descriptors(void **state)
{
	struct rt_prog *p = native("r0 = 1; exit"), *q;
	FILE *f[40];
	const char *what;
	char byte;
	int n = 0;

	(void)state;
	for (int fd = 3; fd < 40; fd++)
		close(fd);
	while (n < 40 && (f[n] = tmpfile()))
		n++;
	assert_true(n > 30);
	q = test_prog_raw("r0 = 2; exit", BPF_PROG_TYPE_SYSCALL);
	assert_int_equal(interp_compile(q, &what), 0);
	(void)jit_compile(q); /* or it is interpreted */
	assert_int_equal(rt_prog_run(q, NULL), 2);
	assert_int_equal(rt_prog_run(p, NULL), 1);
	assert_int_equal(result_of("r0 = 3; exit"), 3);
	test_prog_free(p);
	test_prog_free(q);
	while (n--) {
		assert_int_equal(fread(&byte, 1, 1, f[n]), 0);
		fclose(f[n]);
	}
}

/* a daemon closes all after it has forked: what goes with a program is not one of its new files */
static void closed_after_fork(void **state)
{
	struct rt_prog *p = native("r0 = 1; exit");
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int max;

		for (int fd = 3; fd < 40; fd++)
			close(fd);
		do
			max = dup(1);
		while (max >= 0 && max < 39);
		test_prog_free(p);
		for (int fd = 3; fd < 40; fd++)
			if (fcntl(fd, F_GETFD) < 0)
				_exit(1);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	test_prog_free(p);
}

static void listed_for_profilers(void **state)
{
	char path[64], line[200], want[32];
	struct rt_prog *p;
	bool found = false;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	p = native("r0 = 7; exit");
	assert_int_equal(access(path, F_OK), -1); /* not unasked */
	test_prog_free(p);
	jit_set_perf_map(true);
	p = native("r0 = 8; exit");
	jit_set_perf_map(false);
	snprintf(want, sizeof(want), "%lx ", (unsigned long)(p->jit->image + p->jit->func_addr[0]));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= !strncmp(line, want, strlen(want));
	fclose(f);
	unlink(path);
	assert_true(found);
	test_prog_free(p);
}

/* ---- what rows become ---- */

#ifdef HAVE_ZYDIS
/* the machine code of one BPF instruction of a program, as text */
static void code_text(const struct rt_prog *p, uint32_t i, struct strbuf *out)
{
	uint32_t at = p->jit->addr[i], end = p->jit->addr[i + 1];

	while (at < end) {
		ZydisDisassembledInstruction insn;

		assert_true(
			ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, 0,
							   p->jit->image + at, end - at, &insn)));
		if (strbuf_str(out)[0])
			strbuf_puts(out, "; ");
		strbuf_puts(out, insn.text);
		at += insn.info.length;
	}
	assert_int_equal(at, end); /* no instruction reaches into the next one */
}

static const struct {
	const char *bpf, *x86;
} rows[] = {
	{"r0 -= r6", "sub rax, rbx"},
	{"w0 += w6", "add eax, ebx"},
	{"w0 += 5", "add eax, 0x05"},
	{"r0 *= r7", "imul rax, r13"},
	{"w0 *= 1000", "imul eax, eax, 0x3E8"},
	{"r0 |= r8", "or rax, r14"},
	{"r0 &= r9", "and rax, r15"},
	{"w0 &= 255", "movzx eax, al"},
	{"r0 ^= -1", "xor rax, 0xFFFFFFFFFFFFFFFF"},
	{"r0 s>>= 7", "sar rax, 0x07"},
	{"r0 <<= 9", "shl rax, 0x09"},
	{"w0 >>= 3", "shr eax, 0x03"},
	{"r0 = -r0", "neg rax"},
	{"r0 /= 8", "shr rax, 0x03"},
	{"r0 %= 8", "and rax, 0x07"},
	{"w0 /= 10",
	 "mov r9d, eax; mov r10d, 0xCCCCCCCD; imul r10, r9; shr r10, 0x23; mov eax, r10d"},
	{"w0 %= 7",
	 "mov r9d, eax; mov r10d, 0x24924925; imul r10, r9; shr r10, 0x20; mov r11d, r9d; "
	 "sub r11d, r10d; shr r11d, 0x01; add r11d, r10d; shr r11d, 0x02; mov r10d, r11d; "
	 "imul r10d, r10d, 0x07; mov eax, r9d; sub eax, r10d"},
	{"r0 s/= 8", "mov r9, rax; mov r10, r9; sar r10, 0x3F; shr r10, 0x3D; add r10, r9; sar "
		     "r10, 0x03; mov rax, r10"},
	{"w0 s%= 8", "mov r9d, eax; mov r10d, r9d; sar r10d, 0x1F; shr r10d, 0x1D; add r10d, r9d; "
		     "and r10d, 0xFFFFFFF8; sub r9d, r10d; mov eax, r9d"},
	{"w0 s/= -10", "mov r9d, eax; movsxd r9, r9d; mov r10d, 0xCCCCCCCD; imul r10, r9; sar r10, "
		       "0x23; mov r11, r9; "
		       "sar r11, 0x3F; sub r10, r11; neg r10d; mov eax, r10d"},
	{"w0 /= w6", "test ebx, ebx; cmovz eax, ebx; jz 0x0000000000000006; xor edx, edx; div ebx"},
	{"w0 %= w6",
	 "mov edx, eax; test ebx, ebx; jz 0x0000000000000006; xor edx, edx; div ebx; mov eax, edx"},
	{"r0 = 0", "xor eax, eax"},
	{"w0 = -w0", "neg eax"},
	{"r0 = *(u8 *)(r6 + 1)", "movzx eax, byte ptr [rbx+0x01]"},
	{"r0 = *(u16 *)(r6 + 2)", "movzx eax, word ptr [rbx+0x02]"},
	{"r0 = *(u32 *)(r7 + 4)", "mov eax, [r13+0x04]"},
	{"r0 = *(u64 *)(r8 + 8)", "mov rax, [r14+0x08]"},
	{"r0 = *(s8 *)(r6 + 1)", "movsx rax, byte ptr [rbx+0x01]"},
	{"r0 = *(s32 *)(r6 + 0)", "movsxd rax, dword ptr [rbx]"},
	{"*(u8 *)(r6 + 1) = r7", "mov [rbx+0x01], r13b"},
	{"*(u16 *)(r6 + 2) = r8", "mov [rbx+0x02], r14w"},
	{"*(u32 *)(r6 + 4) = 77", "mov dword ptr [rbx+0x04], 0x4D"},
	{"*(u64 *)(r9 + 300) = r0", "mov [r15+0x12C], rax"},
	{"lock *(u64 *)(r6 + 8) += r7", "lock add [rbx+0x08], r13"},
	{"w7 = atomic_fetch_add((u32 *)(r6 + 8), w7)", "lock xadd [rbx+0x08], r13d"},
	{"r7 = xchg_64(r6 + 0, r7)", "xchg [rbx], r13"},
	{"r0 = cmpxchg_64(r6 + 0, r0, r7)", "lock cmpxchg [rbx], r13"},
	{"r0 = bswap64 r0", "bswap rax"},
};

static void rows_become_what_is_meant(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct strbuf text = {0}, got = {0};
		struct rt_prog *p;

		strbuf_printf(&text, "%s; *(u64 *)(r10 - 8) = r0; *(u64 *)(r10 - 16) = r7; exit",
			      rows[k].bpf);
		p = native(strbuf_str(&text));
		code_text(p, 0, &got);
		if (strcasecmp(strbuf_str(&got), rows[k].x86)) {
			print_message("%s: %s instead of %s\n", rows[k].bpf, strbuf_str(&got),
				      rows[k].x86);
			failed++;
		}
		test_prog_free(p);
		strbuf_free(&got);
		strbuf_free(&text);
	}
	assert_int_equal(failed, 0);
}

/* copies and sums cost nothing until they are an address */
static void addresses_are_folded(void **state)
{
	struct rt_prog *p = native("r2 = r6; r2 += r7; r2 += 16; r0 = *(u32 *)(r2 + 4); exit");
	struct strbuf got = {0};

	(void)state;
	assert_int_equal(p->jit->addr[0], p->jit->addr[3]);
	code_text(p, 3, &got);
	assert_string_equal(strbuf_str(&got), "mov eax, [rbx+r13*1+0x14]");
	strbuf_free(&got);
	test_prog_free(p);
}

/* a number of two bytes that need not be aligned is loaded at once */
static void bytes_are_joined(void **state)
{
	struct rt_prog *p =
		native("r2 = *(u8 *)(r6 + 12); r0 = *(u8 *)(r6 + 13); w0 <<= 8; w0 |= w2; exit");
	struct strbuf got = {0};

	(void)state;
	code_text(p, 0, &got);
	assert_string_equal(strbuf_str(&got), "movzx eax, word ptr [rbx+0x0C]");
	assert_int_equal(p->jit->addr[1], p->jit->addr[4]);
	strbuf_free(&got);
	test_prog_free(p);
}

/* what an operation says about its result is not asked again */
static void flags_are_used(void **state)
{
	struct rt_prog *p = native(
		"r6 = r1; r6 += 0; w6 &= 5; r7 = r6; if r6 != 0 goto +1; r7 = 2; r0 = r7; exit");
	struct strbuf got = {0};

	(void)state;
	code_text(p, 4, &got);
	assert_null(strstr(strbuf_str(&got), "test"));
	assert_non_null(strstr(strbuf_str(&got), "jnz"));
	strbuf_free(&got);
	test_prog_free(p);
}
#endif

/* ---- faults in threads ---- */

#define ROUNDS 3000

static struct rt_prog *prober;
static uint64_t good = 0x1234;

static void *probe(void *bad)
{
	long wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t ctx = i & 1 ? (uintptr_t)&good : (uintptr_t)bad + i % 64;
		uint64_t ret = rt_prog_run(prober, &ctx);

		wrong += ret != (i & 1 ? 0x1235u : 1u);
	}
	return (void *)wrong;
}

static void faults_in_threads(void **state)
{
	const char *text = "r2 = *(u64 *)(r1 + 0); r0 = 9; r0 = *(u64 *)(r2 + 0); r0 += 1; exit";
	void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t id[4];
	const char *what;

	(void)state;
	assert_true(bad != MAP_FAILED);
	prober = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);
	prober->facts.insn[2].flags |= VFI_PROBE_LOAD;
	assert_int_equal(interp_compile(prober, &what), 0);
	assert_int_equal(jit_compile(prober), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&id[i], NULL, probe, bad), 0);
	for (int i = 0; i < 50; i++) { /* the fault table changes under them */
		struct rt_prog *p = test_prog_raw(text, BPF_PROG_TYPE_SYSCALL);

		p->facts.insn[2].flags |= VFI_PROBE_LOAD;
		assert_int_equal(interp_compile(p, &what), 0);
		assert_int_equal(jit_compile(p), 0);
		test_prog_free(p);
	}
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(id[i], &wrong);
		assert_null(wrong);
	}
	test_prog_free(prober);
	munmap(bad, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_writable_and_executable),
		cmocka_unit_test(programs_share_pages),
		cmocka_unit_test(forks_part),
		cmocka_unit_test(closed_after_fork),
		cmocka_unit_test(closed_descriptors),
		cmocka_unit_test(listed_for_profilers),
#ifdef HAVE_ZYDIS
		cmocka_unit_test(rows_become_what_is_meant),
		cmocka_unit_test(addresses_are_folded),
		cmocka_unit_test(bytes_are_joined),
		cmocka_unit_test(flags_are_used),
#endif
		cmocka_unit_test(faults_in_threads),
	};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
