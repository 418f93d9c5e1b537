/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs on strings at any address (kfunc spec 12.8, as of Linux 6.18). Strings that begin where there is
 * no memory of a kernel are -ERANGE before anything is read: the first page, addresses that are not
 * canonical, the page of vsyscall. Bytes are read with fault checks: another address that cannot be read
 * is -EFAULT, and a search that has looked at 65536 bytes without an end gives -E2BIG. Results are
 * indexes, never addresses.
 *
 * In Linux the whole lower half is -ERANGE; here programs have the memory of this process.
 */
#include "kfuncs/kfuncs.h"

#include <errno.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "runtime/probe_ptr.h"

#define STR_MAX    65536
#define FIRST_PAGE 4096
#define VSYSCALL   0xffffffffff600000ull
#define CHUNK      64

/* A string that is read as needed. */
struct reader {
	u64 addr;
	u32 at, n; /* buf holds bytes [at, at + n) */
	u8 buf[CHUNK];
};

/* How many bits of an address this machine has; the others are copies of the highest. */
static int address_bits(void)
{
	static _Atomic int bits;
	int n = bits;

#if defined(__x86_64__)
	unsigned int a, b, c, d;

	if (!n)
		n = __get_cpuid(0x80000008, &a, &b, &c, &d) ? (int)(a >> 8 & 0xff) : 48;
#endif
	if (n < 48 || n > 64)
		n = 64;
	bits = n;
	return n;
}

/* Whether no kernel has memory there. */
static bool out_of_range(const char *s)
{
	u64 addr = (u64)(unsigned long)s;
	int unused = 64 - address_bits();

	return addr < FIRST_PAGE || (addr & -4096ull) == VSYSCALL ||
	       (u64)((int64_t)(addr << unused) >> unused) != addr;
}

/* Byte i of the string: 0..255, or -errno. */
static int get(struct reader *r, u32 i)
{
	if (i >= STR_MAX)
		return -E2BIG;
	if (i < r->at || i >= r->at + r->n) {
		r->at = i;
		r->n = CHUNK;
		/* near the end of readable memory only single bytes can be had */
		if (rt_probe_read(r->buf, r->addr + i, CHUNK)) {
			r->n = 1;
			if (rt_probe_read(r->buf, r->addr + i, 1)) {
				r->n = 0;
				return -EFAULT;
			}
		}
	}
	return r->buf[i - r->at];
}

static struct reader reader_of(const char *s)
{
	return (struct reader){.addr = (u64)(unsigned long)s};
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int compare(const char *s1, const char *s2, bool ignore_case)
{
	struct reader a = reader_of(s1), b = reader_of(s2);
	u32 i;

	if (out_of_range(s1) || out_of_range(s2))
		return -ERANGE;
	for (i = 0;; i++) {
		int x = get(&a, i), y = x < 0 ? 0 : get(&b, i);

		if (x < 0 || y < 0)
			return x < 0 ? x : y;
		if (ignore_case)
			x = lower(x), y = lower(y);
		if (x != y)
			return x < y ? -1 : 1;
		if (!x)
			return 0;
	}
}

/* Index of the first c among count bytes; the end of the string counts when c is 0. */
static int find(const char *s, u64 count, int c, bool or_end)
{
	struct reader r = reader_of(s);
	u64 i;

	if (out_of_range(s))
		return -ERANGE;
	if (count == STR_MAX) /* as if there were more */
		count++;
	for (i = 0; i < count; i++) {
		int x = get(&r, (u32)i);

		if (x < 0 || x == (u8)c)
			return x < 0 ? x : (int)i;
		if (!x)
			return or_end ? (int)i : -ENOENT;
	}
	return or_end ? (int)i : -ENOENT;
}

/* Length of the part at the beginning whose bytes are (or are not) in set. */
static int span(const char *s, const char *set, bool in)
{
	struct reader r = reader_of(s), t = reader_of(set);
	u32 i, k;

	if (out_of_range(s) || out_of_range(set))
		return -ERANGE;
	for (i = 0;; i++) {
		int x = get(&r, i), y = 0;

		if (x <= 0)
			return x < 0 ? x : (int)i;
		for (k = 0; (y = get(&t, k)) > 0 && y != x; k++)
			;
		if (y < 0)
			return y;
		if ((y > 0) != in)
			return (int)i;
	}
}

/* Index of s2 in the first count bytes of s1. */
static int search(const char *s1, const char *s2, u64 count)
{
	struct reader a = reader_of(s1), b = reader_of(s2);
	u32 i, k;

	if (out_of_range(s1) || out_of_range(s2))
		return -ERANGE;
	for (i = 0; i < STR_MAX; i++) {
		for (k = 0;; k++) {
			int y = get(&b, k), x;

			if (y <= 0)
				return y < 0 ? y : (int)i;
			if (i + k >= count)
				return -ENOENT;
			x = get(&a, i + k);
			if (x < 0)
				return x;
			if (!x)
				return -ENOENT;
			if (x != y)
				break;
		}
	}
	return -E2BIG;
}

__bpf_kfunc_start_defs();

/**
 * bpf_strcmp() - compare two strings
 * @s1__ign: one string
 * @s2__ign: the other
 *
 * Return: 0 when they are equal, else -1 or 1 by the first byte that differs; -ERANGE, -EFAULT,
 * -E2BIG.
 */
__bpf_kfunc int bpf_strcmp(const char *s1__ign, const char *s2__ign)
{
	return compare(s1__ign, s2__ign, false);
}

/**
 * bpf_strcasecmp() - compare two strings, letters without their case
 * @s1__ign: one string
 * @s2__ign: the other
 *
 * Return: 0 when they are equal, else -1 or 1 by the first byte that differs; -ERANGE, -EFAULT,
 * -E2BIG.
 */
__bpf_kfunc int bpf_strcasecmp(const char *s1__ign, const char *s2__ign)
{
	return compare(s1__ign, s2__ign, true);
}

/**
 * bpf_strchr() - find a byte in a string
 * @s__ign: string to search
 * @c: byte to find; 0 finds the end
 *
 * Return: index of the first one; -ENOENT when there is none; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strchr(const char *s__ign, char c)
{
	return find(s__ign, STR_MAX + 1, c, false);
}

/**
 * bpf_strchrnul() - find a byte in a string, or its end
 * @s__ign: string to search
 * @c: byte to find
 *
 * Return: index of the first one, or of the string's end; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strchrnul(const char *s__ign, char c)
{
	return find(s__ign, STR_MAX + 1, c, true);
}

/**
 * bpf_strnchr() - find a byte at the beginning of a string
 * @s__ign: string to search
 * @count: how many bytes to look at
 * @c: byte to find; 0 finds the end
 *
 * Return: index of the first one; -ENOENT when there is none; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strnchr(const char *s__ign, size_t count, char c)
{
	return find(s__ign, count, c, false);
}

/**
 * bpf_strrchr() - find a byte in a string, from its end
 * @s__ign: string to search
 * @c: byte to find; 0 finds the end
 *
 * Return: index of the last one; -ENOENT when there is none; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strrchr(const char *s__ign, int c)
{
	struct reader r = reader_of(s__ign);
	int last = -ENOENT;
	u32 i;

	if (out_of_range(s__ign))
		return -ERANGE;
	for (i = 0;; i++) {
		int x = get(&r, i);

		if (x < 0)
			return x;
		if (x == (u8)c)
			last = (int)i;
		if (!x)
			return last;
	}
}

/**
 * bpf_strlen() - length of a string
 * @s__ign: string to measure
 *
 * Return: bytes before its end; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strlen(const char *s__ign)
{
	return find(s__ign, STR_MAX + 1, 0, true);
}

/**
 * bpf_strnlen() - length of a string, up to a limit
 * @s__ign: string to measure
 * @count: how many bytes to look at
 *
 * Return: bytes before its end, at most @count; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strnlen(const char *s__ign, size_t count)
{
	return find(s__ign, count, 0, true);
}

/**
 * bpf_strspn() - length of the part of a string that has only certain bytes
 * @s__ign: string to measure
 * @accept__ign: bytes that may be there
 *
 * Return: bytes before the first other one; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strspn(const char *s__ign, const char *accept__ign)
{
	return span(s__ign, accept__ign, true);
}

/**
 * bpf_strcspn() - length of the part of a string that has none of certain bytes
 * @s__ign: string to measure
 * @reject__ign: bytes that end it
 *
 * Return: bytes before the first of them; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strcspn(const char *s__ign, const char *reject__ign)
{
	return span(s__ign, reject__ign, false);
}

/**
 * bpf_strstr() - find a string in another
 * @s1__ign: string to search
 * @s2__ign: string to find
 *
 * Return: index where it begins; -ENOENT when it is not there; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strstr(const char *s1__ign, const char *s2__ign)
{
	return search(s1__ign, s2__ign, STR_MAX);
}

/**
 * bpf_strnstr() - find a string at the beginning of another
 * @s1__ign: string to search
 * @s2__ign: string to find
 * @len: how many bytes of @s1__ign to look at
 *
 * Return: index where it begins; -ENOENT when it is not there; -ERANGE, -EFAULT, -E2BIG.
 */
__bpf_kfunc int bpf_strnstr(const char *s1__ign, const char *s2__ign, size_t len)
{
	return search(s1__ign, s2__ign, len);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_string_set)
BTF_ID_FLAGS(func, bpf_strcmp)
BTF_ID_FLAGS(func, bpf_strcasecmp)
BTF_ID_FLAGS(func, bpf_strchr)
BTF_ID_FLAGS(func, bpf_strchrnul)
BTF_ID_FLAGS(func, bpf_strnchr)
BTF_ID_FLAGS(func, bpf_strrchr)
BTF_ID_FLAGS(func, bpf_strlen)
BTF_ID_FLAGS(func, bpf_strnlen)
BTF_ID_FLAGS(func, bpf_strspn)
BTF_ID_FLAGS(func, bpf_strcspn)
BTF_ID_FLAGS(func, bpf_strstr)
BTF_ID_FLAGS(func, bpf_strnstr)
BTF_KFUNCS_END(kfuncs_string_set)
BTF_ID_GLOBAL(kfuncs_string_set)
