/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Printing: the host receives whole lines through one function. Programs run in RCU read sections,
 * so replacing the function waits for a grace period and no printer is ever called after it was
 * replaced.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "helpers/helpers.h"

#define LINE_MAX_LEN 1024

struct printer {
	rt_printk_fn fn;
	void *ctx;
};

static _Atomic(struct printer *) printer;

void rt_set_printk(rt_printk_fn fn, void *ctx)
{
	struct printer *p = fn ? mem_alloc(sizeof(*p)) : NULL;

	if (p) {
		p->fn = fn;
		p->ctx = ctx;
	}
	p = atomic_exchange(&printer, p);
	if (p) {
		rt_rcu_synchronize();
		mem_free(p);
	}
}

void helper_print_text(const char *text)
{
	struct printer *p = atomic_load_explicit(&printer, memory_order_acquire);
	char line[LINE_MAX_LEN];

	while (p && *text) {
		size_t n = strcspn(text, "\n");

		memcpy(line, text, n);
		line[n] = '\0';
		p->fn(p->ctx, line);
		text += n + (text[n] == '\n');
	}
}

static int64_t print(const char *fmt, uint32_t fmt_size, const uint64_t *args, uint32_t n_args)
{
	char text[LINE_MAX_LEN];
	int64_t n = helper_format(text, sizeof(text), fmt, fmt_size, args, n_args);

	if (n < 0)
		return n;
	helper_print_text(text);
	return n < LINE_MAX_LEN ? n : LINE_MAX_LEN - 1;
}

HELPER_5(trace_printk, const char *, fmt, uint32_t, fmt_size, uint64_t, a1, uint64_t, a2, uint64_t,
	 a3)
{
	const uint64_t args[] = {a1, a2, a3};

	return print(fmt, fmt_size, args, 3);
}

/* bytes of an argument array to their number, or -EINVAL */
static int64_t arg_count(const uint64_t *args, uint32_t bytes)
{
	if (bytes % 8 || bytes > HELPER_FORMAT_MAX_ARGS * 8 || (bytes && !args))
		return -EINVAL;
	return bytes / 8;
}

HELPER_4(trace_vprintk, const char *, fmt, uint32_t, fmt_size, const uint64_t *, args, uint32_t,
	 bytes)
{
	int64_t n = arg_count(args, bytes);

	return n < 0 ? n : print(fmt, fmt_size, args, n);
}

HELPER_5(snprintf, char *, buf, uint32_t, size, const char *, fmt, const uint64_t *, args, uint32_t,
	 bytes)
{
	int64_t n = arg_count(args, bytes);

	if (n >= 0)
		n = helper_format(buf, size, fmt, UINT32_MAX, args, n);
	return n < 0 ? n : n + 1;
}
