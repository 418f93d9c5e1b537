/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * How a helper is written: HELPER_n(name, type1, arg1, ...) { body } defines helper_NAME, which has
 * the one prototype that engines call, around a body with typed parameters. The row in helpers.def
 * makes it known. Return values are 64 bits; errors are -errno.
 */
#ifndef HELPERS_HELPERS_H
#define HELPERS_HELPERS_H

#include <errno.h>
#include <stdint.h>

#include "runtime/run.h"

#define HELPER(id, name) uint64_t helper_##name(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
#include "helpers/helpers.def"
#undef HELPER

#define HELPER_ENTRY(name, call)                                                                   \
	uint64_t helper_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)         \
	{                                                                                          \
		(void)a;                                                                           \
		(void)b;                                                                           \
		(void)c;                                                                           \
		(void)d;                                                                           \
		(void)e;                                                                           \
		return (uint64_t)do_##name call;                                                   \
	}

#define HELPER_0(name)                                                                             \
	static inline int64_t do_##name(void);                                                     \
	HELPER_ENTRY(name, ())                                                                     \
	static inline int64_t do_##name(void)
#define HELPER_1(name, t1, a1)                                                                     \
	static inline int64_t do_##name(t1 a1);                                                    \
	HELPER_ENTRY(name, ((t1)(uintptr_t)a))                                                     \
	static inline int64_t do_##name(t1 a1)
#define HELPER_2(name, t1, a1, t2, a2)                                                             \
	static inline int64_t do_##name(t1 a1, t2 a2);                                             \
	HELPER_ENTRY(name, ((t1)(uintptr_t)a, (t2)(uintptr_t)b))                                   \
	static inline int64_t do_##name(t1 a1, t2 a2)
#define HELPER_3(name, t1, a1, t2, a2, t3, a3)                                                     \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3);                                      \
	HELPER_ENTRY(name, ((t1)(uintptr_t)a, (t2)(uintptr_t)b, (t3)(uintptr_t)c))                 \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3)
#define HELPER_4(name, t1, a1, t2, a2, t3, a3, t4, a4)                                             \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3, t4 a4);                               \
	HELPER_ENTRY(name,                                                                         \
		     ((t1)(uintptr_t)a, (t2)(uintptr_t)b, (t3)(uintptr_t)c, (t4)(uintptr_t)d))     \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3, t4 a4)
#define HELPER_5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                     \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);                        \
	HELPER_ENTRY(name, ((t1)(uintptr_t)a, (t2)(uintptr_t)b, (t3)(uintptr_t)c,                  \
			    (t4)(uintptr_t)d, (t5)(uintptr_t)e))                                   \
	static inline int64_t do_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)

/*
 * The kernel's format language (verifier spec R7.9) with 64-bit arguments: writes at most size
 * bytes with NUL and returns the length of the whole text without NUL, or -EINVAL: the format has
 * no NUL within fmt_size bytes, breaks a rule, or wants more than n_args arguments. size 0: buf may
 * be NULL.
 */
int64_t helper_format(char *buf, uint32_t size, const char *fmt, uint32_t fmt_size,
		      const uint64_t *args, uint32_t n_args);
#define HELPER_FORMAT_MAX_ARGS 12

/* Sends text to the host's printk function, line by line (print.c). */
void helper_print_text(const char *text);

#endif
