/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The format language of bpf_printk and bpf_snprintf: what it accepts, refuses and prints. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helpers/helpers.h"
#include "runtime/probe.h"

static void check(const char *fmt, const char *want, uint64_t a1, uint64_t a2, uint64_t a3)
{
	const uint64_t args[] = {a1, a2, a3};
	char buf[256];
	int64_t n = helper_format(buf, sizeof(buf), fmt, strlen(fmt) + 1, args, 3);

	if (n < 0)
		fail_msg("\"%s\": %ld", fmt, n);
	assert_string_equal(buf, want);
	assert_int_equal(n, strlen(want));
}

#define ADDR(x) ((uint64_t)(uintptr_t)(x))

static void test_numbers(void **state)
{
	(void)state;
	check("plain text", "plain text", 0, 0, 0);
	check("100%%", "100%", 0, 0, 0);
	check("%d %i %u", "-1 -2 4294967293", -1, -2, -3);
	check("%d", "-1", 0xffffffff, 0, 0);
	check("%ld %lld", "4294967295 -1", 0xffffffff, -1, 0);
	check("%lu %llu", "18446744073709551615 7", -1, 7, 0);
	check("%x %X %lx", "ff FF ffffffffffffffff", 0xff, 0xff, -1);
	check("%x", "89abcdef", 0x123456789abcdef, 0, 0);
	check("[%5d] [%-5d] [%05d]", "[   42] [42   ] [00042]", 42, 42, 42);
	check("[%+d] [% d]", "[+7] [ 7]", 7, 7, 0);
	check("[%08llx]", "[000000ab]", 0xab, 0, 0);
	check("%c%c%c", "abc", 'a', 'b', 'c');
}

static void test_strings(void **state)
{
	(void)state;
	rt_probe_init(); /* cmocka has put its handler in front */
	check("%s", "hello", ADDR("hello"), 0, 0);
	check("<%8s> <%-8s>", "<      hi> <hi      >", ADDR("hi"), ADDR("hi"), 0);
	check("%s, %s!", "a, b!", ADDR("a"), ADDR("b"), 0);
	check("%pks %pus", "k u", ADDR("k"), ADDR("u"), 0);
	/* what cannot be read is empty */
	check("<%s>", "<>", 0, 0, 0);
	check("<%s>", "<>", 0xffffffff81000000, 0, 0);
}

static void test_pointers(void **state)
{
	static const uint8_t v4[] = {10, 0, 200, 1};
	static const uint8_t v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

	(void)state;
	rt_probe_init();
	check("%p", "(null)", 0, 0, 0);
	check("%px", "0000000000000000", 0, 0, 0);
	check("%px %p", "00000000deadbeef 00000000deadbeef", 0xdeadbeef, 0xdeadbeef, 0);
	check("%pK,%ps", "0000000000001000,0x1000", 0x1000, 0x1000, 0);
	check("%pS %pB", "0x10 0x20", 0x10, 0x20, 0);
	check("%pI4 %pi4", "10.0.200.1 010.000.200.001", ADDR(v4), ADDR(v4), 0);
	check("%pI6", "2001:0db8:0000:0000:0000:0000:0000:0001", ADDR(v6), 0, 0);
	check("%pi6", "20010db8000000000000000000000001", ADDR(v6), 0, 0);
	check("%pI4", "0.0.0.0", 8, 0, 0);
}

static void refuse(const char *fmt, uint32_t size, uint32_t n_args)
{
	const uint64_t args[12] = {0};
	char buf[64];

	if (helper_format(buf, sizeof(buf), fmt, size, args, n_args) != -EINVAL)
		fail_msg("accepted: %s", fmt);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"%",     "%z",    "%n",          "%f",     "%.3d",
					  "%*d",   "%h",    "%hd",         "%lld%",  "%sx",
					  "%pabc", "%pksa", "%lls",        "%ls",    "%lc",
					  "%llld", "\001",  "caf\xc3\xa9", "%99999d"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(bad[i], strlen(bad[i]) + 1, 12);
	refuse("no end", 6, 0);
	refuse("%d %d", 6, 1);
	refuse("%d", 3, 0);
}

static void test_truncation(void **state)
{
	const uint64_t arg = 123456;
	char buf[8];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(helper_format(buf, 5, "<%d>", 5, &arg, 1), 8);
	assert_memory_equal(buf, "<123\0xxx", 8);
	assert_int_equal(helper_format(NULL, 0, "<%d>", 5, &arg, 1), 8);
	assert_int_equal(helper_format(buf, 1, "abc", 4, NULL, 0), 3);
	assert_int_equal(buf[0], 0);
}

/* ---- printing ---- */

static char seen[512];

static void collect(void *ctx, const char *text)
{
	assert_ptr_equal(ctx, seen);
	strcat(seen, text);
	strcat(seen, "|");
}

static void test_printk(void **state)
{
	const uint64_t many[12] = {1, 2, 3, 4};

	(void)state;
	rt_set_printk(collect, seen);
	assert_int_equal(helper_trace_printk(ADDR("pid %d\n"), 8, 17, 0, 0), 7);
	assert_int_equal(helper_trace_printk(ADDR("two\nlines"), 10, 0, 0, 0), 9);
	assert_int_equal(helper_trace_printk(ADDR("%d %d %d %d"), 12, 1, 2, 3), -EINVAL);
	assert_int_equal(helper_trace_vprintk(ADDR("%d-%d-%d-%d"), 12, ADDR(many), 32, 0), 7);
	assert_int_equal(helper_trace_vprintk(ADDR("x"), 2, ADDR(many), 12, 0), -EINVAL);
	assert_int_equal(helper_trace_vprintk(ADDR("x"), 2, ADDR(many), 104, 0), -EINVAL);
	assert_int_equal(helper_trace_vprintk(ADDR("x"), 2, 0, 8, 0), -EINVAL);
	assert_string_equal(seen, "pid 17|two|lines|1-2-3-4|");
	rt_set_printk(NULL, NULL);
	assert_int_equal(helper_trace_printk(ADDR("lost"), 5, 0, 0, 0), 4);
	assert_string_equal(seen, "pid 17|two|lines|1-2-3-4|");
}

static void test_snprintf(void **state)
{
	const uint64_t args[2] = {5, ADDR("five")};
	char buf[16];

	(void)state;
	assert_int_equal(helper_snprintf(ADDR(buf), sizeof(buf), ADDR("%d=%s"), ADDR(args), 16), 7);
	assert_string_equal(buf, "5=five");
	assert_int_equal(helper_snprintf(ADDR(buf), 3, ADDR("%d=%s"), ADDR(args), 16), 7);
	assert_string_equal(buf, "5=");
	assert_int_equal(helper_snprintf(ADDR(buf), sizeof(buf), ADDR("%d"), ADDR(args), 7),
			 -EINVAL);
	assert_int_equal(helper_snprintf(0, 0, ADDR("%d"), ADDR(args), 8), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),    cmocka_unit_test(test_strings),
		cmocka_unit_test(test_pointers),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncation), cmocka_unit_test(test_printk),
		cmocka_unit_test(test_snprintf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
