/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Helpers that stand alone: strings, memory, dynptrs, packets, time, who is current. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "helpers/helpers.h"
#include "runtime/dynptr.h"
#include "runtime/probe.h"

#define ADDR(x) ((uint64_t)(uintptr_t)(x))

static void check_strtol(const char *s, uint32_t size, uint64_t flags, int64_t ret, int64_t want)
{
	int64_t v = 99, got = (int64_t)helper_strtol(ADDR(s), size, flags, ADDR(&v), 0);

	if (got != ret || (ret > 0 && v != want))
		fail_msg("strtol(\"%s\", %lx): %ld, %ld", s, flags, got, v);
}

static void check_strtoul(const char *s, uint32_t size, uint64_t flags, int64_t ret, uint64_t want)
{
	uint64_t v = 99;
	int64_t got = (int64_t)helper_strtoul(ADDR(s), size, flags, ADDR(&v), 0);

	if (got != ret || (ret > 0 && v != want))
		fail_msg("strtoul(\"%s\", %lx): %ld, %lu", s, flags, got, v);
}

static void test_strtol(void **state)
{
	(void)state;
	check_strtol("42", 3, 0, 2, 42);
	check_strtol("42", 1, 0, 1, 4);
	check_strtol("  -42x", 7, 0, 5, -42);
	check_strtol("0x1f", 5, 0, 4, 31);
	check_strtol("0x1f", 5, 16, 4, 31);
	check_strtol("1f", 3, 16, 2, 31);
	check_strtol("0x1f", 5, 10, 1, 0);
	check_strtol("017", 4, 0, 3, 15);
	check_strtol("08", 3, 0, 1, 0);
	check_strtol("19", 3, 8, 1, 1);
	check_strtol("9223372036854775807", 20, 0, 19, INT64_MAX);
	check_strtol("9223372036854775808", 20, 0, -ERANGE, 0);
	check_strtol("-9223372036854775808", 21, 0, 20, INT64_MIN);
	check_strtol("-9223372036854775809", 21, 0, -ERANGE, 0);
	check_strtol("99999999999999999999", 21, 0, -ERANGE, 0);
	check_strtol("", 1, 0, -EINVAL, 0);
	check_strtol("x", 2, 0, -EINVAL, 0);
	check_strtol("-", 2, 0, -EINVAL, 0);
	check_strtol("1", 2, 7, -EINVAL, 0);
	check_strtol("1", 2, 0x20, -EINVAL, 0);
	check_strtol("1", 0, 0, -EINVAL, 0);
	check_strtoul("18446744073709551615", 21, 0, 20, UINT64_MAX);
	check_strtoul("18446744073709551616", 21, 0, -ERANGE, 0);
	check_strtoul("-1", 3, 0, -EINVAL, 0);
	check_strtoul("0xffffffffffffffff", 19, 0, 18, UINT64_MAX);
}

static void test_strncmp(void **state)
{
	(void)state;
	assert_int_equal(helper_strncmp(ADDR("abc"), 3, ADDR("abcd"), 0, 0), 0);
	assert_true((int64_t)helper_strncmp(ADDR("abc"), 4, ADDR("abcd"), 0, 0) < 0);
	assert_true((int64_t)helper_strncmp(ADDR("b"), 2, ADDR("a"), 0, 0) > 0);
}

static void test_probe_read(void **state)
{
	char buf[8];

	(void)state;
	rt_probe_init(); /* cmocka has put its handler in front */
	assert_int_equal(helper_probe_read_kernel(ADDR(buf), 4, ADDR("abcdef"), 0, 0), 0);
	assert_memory_equal(buf, "abcd", 4);
	assert_int_equal(helper_probe_read_user(ADDR(buf), 4, 16, 0, 0), -EFAULT);
	assert_memory_equal(buf, "\0\0\0\0", 4);
	assert_int_equal(helper_probe_read_kernel_str(ADDR(buf), 8, ADDR("hey"), 0, 0), 4);
	assert_string_equal(buf, "hey");
	assert_int_equal(helper_probe_read_user_str(ADDR(buf), 3, ADDR("hello"), 0, 0), 3);
	assert_string_equal(buf, "he");
	assert_int_equal(helper_probe_read_str(ADDR(buf), 8, ~0xfffull, 0, 0), -EFAULT);
	assert_int_equal(helper_probe_read_str(ADDR(buf), 0, ADDR("x"), 0, 0), 0);
}

static void test_dynptr(void **state)
{
	struct rt_dynptr d;
	char mem[16] = "0123456789abcde", out[8];

	(void)state;
	assert_int_equal(helper_dynptr_from_mem(ADDR(mem), 16, 1, ADDR(&d), 0), -EINVAL);
	assert_null(d.data);
	assert_int_equal(helper_dynptr_read(ADDR(out), 1, ADDR(&d), 0, 0), -EINVAL);
	assert_int_equal(helper_dynptr_from_mem(ADDR(mem), 1u << 24, 0, ADDR(&d), 0), -E2BIG);
	assert_int_equal(helper_dynptr_from_mem(ADDR(mem), 16, 0, ADDR(&d), 0), 0);
	assert_int_equal(helper_dynptr_read(ADDR(out), 4, ADDR(&d), 10, 0), 0);
	assert_memory_equal(out, "abcd", 4);
	assert_int_equal(helper_dynptr_read(ADDR(out), 4, ADDR(&d), 13, 0), -E2BIG);
	assert_int_equal(helper_dynptr_read(ADDR(out), 0, ADDR(&d), 16, 0), 0);
	assert_int_equal(helper_dynptr_read(ADDR(out), 0, ADDR(&d), 17, 0), -E2BIG);
	assert_int_equal(helper_dynptr_read(ADDR(out), 4, ADDR(&d), -1, 0), -E2BIG);
	assert_int_equal(helper_dynptr_read(ADDR(out), 4, ADDR(&d), 0, 1), -EINVAL);
	assert_int_equal(helper_dynptr_write(ADDR(&d), 2, ADDR("XY"), 2, 0), 0);
	assert_memory_equal(mem, "01XY4", 5);
	assert_int_equal(helper_dynptr_write(ADDR(&d), 15, ADDR("XY"), 2, 0), -E2BIG);
	assert_int_equal(helper_dynptr_data(ADDR(&d), 4, 12, 0, 0), ADDR(mem + 4));
	assert_int_equal(helper_dynptr_data(ADDR(&d), 4, 13, 0, 0), 0);
	d.size |= RT_DYNPTR_RDONLY;
	assert_int_equal(helper_dynptr_data(ADDR(&d), 0, 1, 0, 0), 0);
	assert_int_equal(helper_dynptr_write(ADDR(&d), 0, ADDR("X"), 1, 0), -EINVAL);
	assert_int_equal(helper_dynptr_read(ADDR(out), 1, ADDR(&d), 0, 0), 0);
}

static void test_xdp(void **state)
{
	uint8_t page[256];
	struct rt_xdp xdp = {.pkt = {page + 64, page + 64, page + 128, page, page + 192}};
	char buf[8];
	int i;

	(void)state;
	for (i = 0; i < 256; i++)
		page[i] = i;
	assert_int_equal(helper_xdp_get_buff_len(ADDR(&xdp), 0, 0, 0, 0), 64);
	assert_int_equal(helper_xdp_adjust_head(ADDR(&xdp), -65, 0, 0, 0), -EINVAL);
	assert_int_equal(helper_xdp_adjust_head(ADDR(&xdp), 51, 0, 0, 0), -EINVAL);
	assert_int_equal(helper_xdp_adjust_head(ADDR(&xdp), -8, 0, 0, 0), 0);
	assert_ptr_equal(xdp.pkt.data, page + 56);
	assert_int_equal(helper_xdp_adjust_meta(ADDR(&xdp), -6, 0, 0, 0), -EACCES);
	assert_int_equal(helper_xdp_adjust_meta(ADDR(&xdp), -8, 0, 0, 0), 0);
	assert_int_equal(helper_xdp_adjust_meta(ADDR(&xdp), 12, 0, 0, 0), -EINVAL);
	/* metadata moves with the head */
	assert_int_equal(helper_xdp_adjust_head(ADDR(&xdp), 4, 0, 0, 0), 0);
	assert_ptr_equal(xdp.pkt.data_meta, page + 52);
	assert_int_equal(page[52], 48);
	assert_int_equal(helper_xdp_adjust_tail(ADDR(&xdp), 65, 0, 0, 0), -EINVAL);
	assert_int_equal(helper_xdp_adjust_tail(ADDR(&xdp), 4, 0, 0, 0), 0);
	assert_memory_equal(page + 128, "\0\0\0\0\x84", 5);
	assert_int_equal(helper_xdp_load_bytes(ADDR(&xdp), 4, ADDR(buf), 4, 0), 0);
	assert_memory_equal(buf, "\x40\x41\x42\x43", 4);
	assert_int_equal(helper_xdp_load_bytes(ADDR(&xdp), 70, ADDR(buf), 4, 0), -EINVAL);
	assert_int_equal(helper_xdp_store_bytes(ADDR(&xdp), 0, ADDR("ab"), 2, 0), 0);
	assert_int_equal(xdp.pkt.data[1], 'b');
}

static uint16_t ones_sum(const uint8_t *p, int n)
{
	uint32_t s = 0;

	for (; n > 0; n -= 2, p += 2)
		s += (uint32_t)p[0] << 8 | p[1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void test_checksums(void **state)
{
	/* 20 bytes with a checksum at 10; changing two and four bytes keeps the sum right */
	uint8_t p[20] = {0x45, 0, 0,   0x54, 0x1c, 0x46, 0x40, 0,  0x40, 1,
			 0,    0, 172, 16,   10,   99,   172,  16, 10,   12};
	struct rt_skb skb = {.pkt = {p, p, p + 20, p, p + 20}};
	uint16_t csum = ~ones_sum(p, 20), w;
	uint32_t from, to;

	(void)state;
	p[10] = csum >> 8;
	p[11] = csum & 0xff;
	assert_int_equal(ones_sum(p, 20), 0xffff);
	memcpy(&w, p + 8, 2);
	p[8] = 0x3f;
	memcpy(&csum, p + 8, 2);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 10, w, csum, 2), 0);
	assert_int_equal(ones_sum(p, 20), 0xffff);
	memcpy(&from, p + 12, 4);
	memcpy(p + 12, "\x0a\x01\x02\x03", 4);
	memcpy(&to, p + 12, 4);
	assert_int_equal(helper_l4_csum_replace(ADDR(&skb), 10, from, to, 4 | 1 << 4), 0);
	assert_int_equal(ones_sum(p, 20), 0xffff);
	/* the same through csum_diff */
	memcpy(&from, p + 16, 4);
	memcpy(p + 16, "\xc0\xa8\xff\xfe", 4);
	memcpy(&to, p + 16, 4);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 10, 0,
						helper_csum_diff(ADDR(&from), 4, ADDR(&to), 4, 0),
						0),
			 0);
	assert_int_equal(ones_sum(p, 20), 0xffff);
	assert_int_equal(helper_csum_diff(0, 0, ADDR(p), 20, 0), 0xffff);
	assert_int_equal(helper_csum_diff(0, 0, ADDR(p), 18, 0), -EINVAL);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 19, 0, 0, 2), -EFAULT);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 11, 0, 0, 2), -EFAULT);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 10, 0, 0, 3), -EINVAL);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 10, 1, 0, 0), -EINVAL);
	assert_int_equal(helper_l3_csum_replace(ADDR(&skb), 10, 0, 0, 1 << 4), -EINVAL);
}

static void test_skb(void **state)
{
	uint8_t p[32] = "abcdefghijklmnopqrstuvwxyz";
	struct rt_skb skb = {.pkt = {p + 4, p + 4, p + 20, p, p + 32}, .mac = p, .net = p + 4};
	char buf[8];

	(void)state;
	assert_int_equal(helper_skb_load_bytes(ADDR(&skb), 0, ADDR(buf), 4, 0), 0);
	assert_memory_equal(buf, "efgh", 4);
	assert_int_equal(helper_skb_load_bytes(ADDR(&skb), 14, ADDR(buf), 4, 0), -EFAULT);
	assert_memory_equal(buf, "\0\0\0\0", 4);
	assert_int_equal(helper_skb_load_bytes_relative(ADDR(&skb), 0, ADDR(buf), 2, 0), 0);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(helper_skb_load_bytes_relative(ADDR(&skb), 0, ADDR(buf), 2, 1), 0);
	assert_memory_equal(buf, "ef", 2);
	assert_int_equal(helper_skb_load_bytes_relative(ADDR(&skb), 0, ADDR(buf), 2, 2), -EFAULT);
	assert_int_equal(helper_skb_store_bytes(ADDR(&skb), 1, ADDR("XY"), 2, 0), 0);
	assert_memory_equal(p + 4, "eXYh", 4);
	assert_int_equal(helper_skb_store_bytes(ADDR(&skb), 1, ADDR("XY"), 2, 4), -EINVAL);
	assert_int_equal(helper_skb_store_bytes(ADDR(&skb), 15, ADDR("XY"), 2, 0), -EFAULT);
	assert_int_equal(helper_skb_pull_data(ADDR(&skb), 16, 0, 0, 0), 0);
	assert_int_equal(helper_skb_pull_data(ADDR(&skb), 17, 0, 0, 0), -ENOMEM);
	assert_int_equal(helper_skb_change_tail(ADDR(&skb), 18, 1, 0, 0), -EINVAL);
	assert_int_equal(helper_skb_change_tail(ADDR(&skb), 29, 0, 0, 0), -ENOMEM);
	assert_int_equal(helper_skb_change_tail(ADDR(&skb), 18, 0, 0, 0), 0);
	assert_int_equal(skb.user.len, 18);
	assert_memory_equal(p + 19, "t\0\0w", 4);
	assert_int_equal(helper_skb_change_tail(ADDR(&skb), 4, 0, 0, 0), 0);
	assert_ptr_equal(skb.pkt.data_end, p + 8);
	assert_int_equal(helper_skb_change_head(ADDR(&skb), 5, 0, 0, 0), -ENOMEM);
	assert_int_equal(helper_skb_change_head(ADDR(&skb), 3, 0, 0, 0), 0);
	assert_memory_equal(p, "a\0\0\0e", 5);
	assert_int_equal(skb.user.len, 7);
	assert_int_equal(helper_skb_change_tail(ADDR(&skb), 2, 0, 0, 0), -EINVAL);
	assert_int_equal(helper_skb_change_type(ADDR(&skb), 4, 0, 0, 0), -EINVAL);
	assert_int_equal(helper_skb_change_type(ADDR(&skb), 3, 0, 0, 0), 0);
	assert_int_equal(skb.user.pkt_type, 3);
}

static void test_system(void **state)
{
	struct timespec ts;
	uint64_t ns, a, b;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ns = helper_ktime_get_ns(0, 0, 0, 0, 0);
	assert_true(ns >= (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
	assert_true(helper_ktime_get_boot_ns(0, 0, 0, 0, 0) >= ns);
	assert_true(helper_ktime_get_coarse_ns(0, 0, 0, 0, 0) > ns - 1000000000);
	assert_true(helper_ktime_get_tai_ns(0, 0, 0, 0, 0) > 1600000000ull * 1000000000);
	a = helper_get_prandom_u32(0, 0, 0, 0, 0);
	b = helper_get_prandom_u32(0, 0, 0, 0, 0);
	assert_true(a >> 32 == 0 && (a != b || b != helper_get_prandom_u32(0, 0, 0, 0, 0)));
	assert_int_equal(helper_get_current_pid_tgid(0, 0, 0, 0, 0),
			 (uint64_t)getpid() << 32 | syscall(SYS_gettid));
	assert_int_equal(helper_get_current_uid_gid(0, 0, 0, 0, 0),
			 (uint64_t)getgid() << 32 | getuid());
	assert_null(rt_helper(0));
	assert_null(rt_helper(25));
	assert_null(rt_helper(100000));
	assert_non_null(rt_helper(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strtol),     cmocka_unit_test(test_strncmp),
		cmocka_unit_test(test_probe_read), cmocka_unit_test(test_dynptr),
		cmocka_unit_test(test_xdp),        cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_skb),        cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
