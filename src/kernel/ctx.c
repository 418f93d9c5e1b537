/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Context and socket fields (verifier spec 11, data/ctx_access.json). The generated tables hold for
 * every byte which access sizes may begin there, so a check is one lookup, and what was measured is
 * what is stored. Contexts that are flat buffers have a row in this file.
 *
 * Left out: contexts with a BTF prototype (the verifier types their slots).
 */
#include "kernel/tables.h"

#include <errno.h>
#include <string.h>

#define MAX_TRACE_RECORD 8192
#define MAX_SYSCALL_CTX  65535 /* first offset that is refused */

/* 1, 2, 4, 8 -> 0..3; -1 for anything else */
static int size_index(uint32_t size)
{
	switch (size) {
	case 1:
		return 0;
	case 2:
		return 1;
	case 4:
		return 2;
	case 8:
		return 3;
	}
	return -1;
}

struct flat_ctx {
	uint32_t type;
	uint32_t start, end; /* an access lies in [start, end) */
	bool whole_words;    /* only 8 bytes */
	bool begin_only;     /* only its first byte must be before end */
};

static const struct flat_ctx flat[] = {
	{BPF_PROG_TYPE_KPROBE, 0, 168, false, false},
	{BPF_PROG_TYPE_TRACEPOINT, 8, MAX_TRACE_RECORD, false, true},
	{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 96, false, false},
	{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, 96, false, false},
	{BPF_PROG_TYPE_PERF_EVENT, 0, 168, true, false},
	{BPF_PROG_TYPE_PERF_EVENT, 168, 184, false, false},
	{BPF_PROG_TYPE_SYSCALL, 0, MAX_SYSCALL_CTX, false, true},
	{BPF_PROG_TYPE_LIRC_MODE2, 0, 4, false, false},
};

static bool flat_writable(const struct kfunc_kernel *k, uint32_t type)
{
	return type == BPF_PROG_TYPE_SYSCALL ||
	       (type == BPF_PROG_TYPE_KPROBE && k->version >= KVER(7, 2));
}

/* 1: this type's context is not flat */
static int flat_access(const struct kfunc_kernel *k, uint32_t type, uint32_t off, uint32_t size,
		       bool write, struct kernel_ctx_result *res)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < sizeof(flat) / sizeof(flat[0]); i++) {
		const struct flat_ctx *f = &flat[i];

		if (f->type != type)
			continue;
		found = true;
		if (off < f->start || off >= f->end)
			continue;
		if (size_index(size) < 0 || (write && !flat_writable(k, type)))
			return -EACCES;
		if (off % size && !(type == BPF_PROG_TYPE_SYSCALL && k->version >= KVER(7, 2)))
			return -EACCES;
		if ((!f->begin_only && off + size > f->end) || (f->whole_words && size != 8))
			return -EACCES;
		if (type == BPF_PROG_TYPE_LIRC_MODE2 && size != 4)
			return -EACCES;
		if (type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE && off == 0) {
			if (size != 8)
				return -EACCES;
			res->kind = CTX_TP_BUFFER;
		}
		return 0;
	}
	return found ? -EACCES : 1;
}

/* what an unprivileged cgroup program may not touch */
static bool needs_bpf(const struct kernel_prog_place *at, const struct kt_ctx_field *f, bool write)
{
	if (at->type != BPF_PROG_TYPE_CGROUP_SKB || !(at->lacks & KCAP_BPF))
		return false;
	return f->kind == CTX_PACKET || f->kind == CTX_PACKET_END ||
	       (write && !strcmp(f->name, "tstamp"));
}

int kernel_ctx_access(const struct kfunc_kernel *k, const struct kernel_prog_place *at,
		      uint32_t off, uint32_t size, bool write, bool sign_extend,
		      struct kernel_ctx_result *res)
{
	const struct kt_ctx *const *c;
	int err, idx = size_index(size);

	memset(res, 0, sizeof(*res));
	res->kind = CTX_SCALAR;
	err = flat_access(k, at->type, off, size, write, res);
	if (err <= 0)
		return err;
	for (c = k->tables->ctxs; *c; c++) {
		const struct kt_ctx_field *f;

		if (!((*c)->progs >> at->type & 1))
			continue;
		if ((*c)->attach != UINT64_MAX &&
		    !(at->attach_type < 64 && (*c)->attach >> at->attach_type & 1))
			continue;
		if (off >= (*c)->size || idx < 0)
			return -EACCES;
		f = &(*c)->fields[(*c)->at[off]];
		res->field = f->name;
		if (!((*c)->access[off] >> (idx + (write ? 4 : 0)) & 1) ||
		    (sign_extend && f->no_sign_ext) || needs_bpf(at, f, write))
			return -EACCES;
		res->kind = f->kind;
		res->btf_name = f->btf_name;
		return 0;
	}
	return -EACCES;
}

int kernel_sock_access(const struct kfunc_kernel *k, enum kernel_sock_kind kind, uint32_t off,
		       uint32_t size)
{
	const struct kt_sock *s = &kt_socks[kind];
	int idx = size_index(size);

	(void)k;
	if (idx < 0 || off >= s->size || !(s->access[off] >> idx & 1))
		return -EACCES;
	return 0;
}
