/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Fault-safe loads and copies: bad addresses of every kind, page borders, chaining, threads. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/probe.h"
#include "runtime/rt.h"

static const uint64_t bad[] = {0,
			       1,
			       4088,
			       0xffffffff81000000,
			       0xffff888000000000,
			       0x8000000000000000,
			       0x0000800000000000,
			       0xffffffffffffffff};

static uint8_t *page_before_hole(size_t *size)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *p =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
	*size = page;
	return p;
}

static void test_bad_addresses(void **state)
{
	uint8_t buf[64];
	size_t i;

	(void)state;
	rt_probe_init();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(buf, 0xff, sizeof(buf));
		assert_int_equal(rt_probe_read(buf, bad[i], 33), -EFAULT);
		assert_true(buf[0] == 0 && buf[32] == 0 && buf[33] == 0xff);
		assert_int_equal(rt_probe_read_str(buf, bad[i], 8), -EFAULT);
		assert_int_equal(rt_probe_write(bad[i], buf, 9), -EFAULT);
		assert_int_equal(rt_probe_read(buf, bad[i], 0), 0);
		assert_int_equal(rt_probe_ld1(bad[i]), 0);
		assert_int_equal(rt_probe_ld2(bad[i]), 0);
		assert_int_equal(rt_probe_ld4(bad[i]), 0);
		assert_int_equal(rt_probe_ld8(bad[i]), 0);
	}
}

static void test_page_border(void **state)
{
	uint8_t buf[64], *p;
	size_t page, n;

	(void)state;
	rt_probe_init();
	p = page_before_hole(&page);
	memset(p, 'a', page);
	for (n = 1; n < 40; n++) {
		memset(buf, 0, sizeof(buf));
		assert_int_equal(rt_probe_read(buf, (uintptr_t)p + page - n, n), 0);
		assert_true(buf[n - 1] == 'a' && buf[n] == 0);
		assert_int_equal(rt_probe_read(buf, (uintptr_t)p + page - n, n + 1), -EFAULT);
		assert_int_equal(rt_probe_write((uintptr_t)p + page - n,
						"bbbbbbbbbbbbbbbbbbbbbbbbbbbb"
						"bbbbbbbbbbbbbbbbbbbb",
						n),
				 0);
		assert_int_equal(p[page - n], 'b');
		memset(p, 'a', page);
	}
	assert_int_equal(rt_probe_read_str(buf, (uintptr_t)p + page - 3, 10), -EFAULT);
	assert_int_equal(rt_probe_read_str(buf, (uintptr_t)p + page - 3, 3), 3);
	assert_string_equal((char *)buf, "aa");
	p[page - 1] = 0;
	assert_int_equal(rt_probe_read_str(buf, (uintptr_t)p + page - 3, 10), 3);
	assert_string_equal((char *)buf, "aa");
	munmap(p, 2 * page);
}

/* A fault that is not ours reaches the host's handler, also when it came after ours. */
static sigjmp_buf back;
static volatile int host_faults;
static int *volatile nowhere = (int *)16;

static void host_handler(int sig, siginfo_t *info, void *ctx)
{
	(void)sig;
	(void)info;
	(void)ctx;
	host_faults++;
	siglongjmp(back, 1);
}

static void own_fault(int *volatile *arg)
{
	if (!sigsetjmp(back, 1))
		**arg = 1;
}

static void test_host_handler(void **state)
{
	struct sigaction act = {.sa_sigaction = host_handler, .sa_flags = SA_SIGINFO}, old;
	int i;

	(void)state;
	rt_probe_init();
	assert_int_equal(sigaction(SIGSEGV, &act, &old), 0);
	own_fault(&nowhere);
	assert_int_equal(host_faults, 1);
	for (i = 0; i < 10; i++) { /* in front again, as often as it takes */
		rt_probe_init();
		assert_int_equal(rt_probe_ld8(8), 0);
		own_fault(&nowhere);
		assert_int_equal(host_faults, i + 2);
		assert_int_equal(sigaction(SIGSEGV, &act, NULL), 0);
	}
	assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
}

static void *probe_much(void *arg)
{
	uint64_t here = (uintptr_t)arg, i;

	for (i = 0; i < 3000; i++)
		if (rt_probe_ld8(bad[i % 8]) || rt_probe_ld8(here) != 0x1122334455667788)
			return arg;
	return NULL;
}

static void test_threads(void **state)
{
	uint64_t value = 0x1122334455667788;
	pthread_t t[4];
	void *res;
	int i;

	(void)state;
	rt_probe_init();
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, probe_much, &value), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &res);
		assert_null(res);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_page_border),
		cmocka_unit_test(test_host_handler),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
