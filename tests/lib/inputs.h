/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs of object files, one at a time, and what to run them on: packets, contexts and arguments that
 * are the same for the same program in every process. For tools that go through whole collections.
 *
 * Inputs are those of test runs where the type has them. Types whose context is plain memory are run on
 * such memory, with real buffers behind the pointers in it, though the kernel has no test run for them.
 * Programs on functions get numbers or zeroed memory. Typed tracepoints are the caller's: their arguments
 * are objects. What has no such input - netfilter and LSM hooks - is not run.
 */
#ifndef TESTS_LIB_INPUTS_H
#define TESTS_LIB_INPUTS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "btf/btf.h"
#include "jit/interp.h"
#include "kfunc/libkfunc.h"
#include "runtime/ctx.h"
#include "runtime/rt.h"
#include "syscall/syscall.h"

#define INPUTS 12

/* What a run left: outgoing data and context, and the memory behind pointers of the context. */
struct inputs_run {
	uint64_t ret;
	struct {
		const void *at;
		size_t len;
	} left[3];
};

/* Who watches; either function may be NULL. */
struct inputs {
	void (*before)(void *arg);
	void (*after)(void *arg, const struct inputs_run *run);
	void *arg;
};

static uint64_t inputs_seed;

static inline uint8_t inputs_byte(void)
{
	inputs_seed ^= inputs_seed << 13;
	inputs_seed ^= inputs_seed >> 7;
	inputs_seed ^= inputs_seed << 17;
	return (uint8_t)(inputs_seed >> 24);
}

/* an Ethernet frame with IPv4 or IPv6 and TCP or UDP, or noise */
static inline size_t inputs_packet(uint8_t *p, int kind)
{
	static const uint8_t v4[] = {0x45, 0, 0,  60, 0, 1, 0,  0, 64, 6,
				     0,    0, 10, 0,  0, 1, 10, 0, 0,  2};

	for (int i = 0; i < 256; i++)
		p[i] = inputs_byte();
	if (kind == 0)
		return 64 + inputs_byte() % 128;
	p[12] = kind == 2 ? 0x86 : 0x08;
	p[13] = kind == 2 ? 0xdd : 0x00;
	if (kind == 1) {
		memcpy(p + 14, v4, sizeof(v4));
		p[23] = inputs_byte() & 1 ? 6 : 17;
	} else if (kind == 2) {
		p[14] = 0x60;
		p[20] = inputs_byte() & 1 ? 6 : 17;
	}
	p[46] = 0x50;
	return kind == 3 ? 14 : 128;
}

/* ---------------------------------------------------------------- contexts that are plain memory */

/* Memory that 32-bit fields can point to, and what pointers in contexts lead to. */
static struct {
	uint8_t packet[512];
	struct bpf_flow_keys keys;
	uint8_t sock[4096]; /* the view of a socket */
	uint8_t optval[4096];
} *inputs_low;

#define POINT(type, field, to)                                                                     \
	do {                                                                                       \
		uint64_t addr_ = (uintptr_t)(to);                                                  \
		size_t n_ = sizeof(((type *)0)->field);                                            \
		memcpy((uint8_t *)ctx + offsetof(type, field), &addr_,                             \
		       n_ < sizeof(addr_) ? n_ : sizeof(addr_));                                   \
	} while (0)

static inline void point_skb(void *ctx, size_t len)
{
	struct rt_skb *skb = ctx;

	POINT(struct __sk_buff, data, inputs_low->packet);
	POINT(struct __sk_buff, data_end, inputs_low->packet + len);
	POINT(struct __sk_buff, flow_keys, &inputs_low->keys);
	POINT(struct __sk_buff, sk, inputs_low->sock);
	((struct __sk_buff *)ctx)->len = (uint32_t)len;
	/* helpers look at what stands behind the view */
	skb->pkt = (struct rt_packet){inputs_low->packet, inputs_low->packet,
				      inputs_low->packet + len, inputs_low->packet,
				      inputs_low->packet + sizeof(inputs_low->packet)};
	skb->mac = inputs_low->packet;
	skb->net = inputs_low->packet + 14;
}

static inline void point_msg(void *ctx, size_t len)
{
	POINT(struct sk_msg_md, data, inputs_low->packet);
	POINT(struct sk_msg_md, data_end, inputs_low->packet + len);
	POINT(struct sk_msg_md, sk, inputs_low->sock);
	((struct sk_msg_md *)ctx)->size = (uint32_t)len;
}

static inline void point_reuseport(void *ctx, size_t len)
{
	POINT(struct sk_reuseport_md, data, inputs_low->packet);
	POINT(struct sk_reuseport_md, data_end, inputs_low->packet + len);
	POINT(struct sk_reuseport_md, sk, inputs_low->sock);
	POINT(struct sk_reuseport_md, migrating_sk, 0);
}

static inline void point_sock_ops(void *ctx, size_t len)
{
	POINT(struct bpf_sock_ops, sk, inputs_low->sock);
	POINT(struct bpf_sock_ops, skb_data, inputs_low->packet);
	POINT(struct bpf_sock_ops, skb_data_end, inputs_low->packet + len);
}

static inline void point_sock_addr(void *ctx, size_t len)
{
	(void)len;
	POINT(struct bpf_sock_addr, sk, inputs_low->sock);
}

static inline void point_sockopt(void *ctx, size_t len)
{
	POINT(struct bpf_sockopt, sk, inputs_low->sock);
	POINT(struct bpf_sockopt, optval, inputs_low->optval);
	POINT(struct bpf_sockopt, optval_end, inputs_low->optval + len);
	((struct bpf_sockopt *)ctx)->optlen = (int)len;
}

static inline void point_lookup(void *ctx, size_t len)
{
	(void)len;
	POINT(struct bpf_sk_lookup, sk, 0);
}

static inline void point_writable(void *ctx, size_t len)
{
	(void)len;
	*(uint64_t *)ctx = (uintptr_t)inputs_low->optval;
}

static const struct inputs_plain {
	uint32_t type;
	void (*point)(void *ctx, size_t len); /* sets the pointers in it */
} inputs_plain[] = {
	{BPF_PROG_TYPE_KPROBE, NULL},
	{BPF_PROG_TYPE_TRACEPOINT, NULL},
	{BPF_PROG_TYPE_PERF_EVENT, NULL},
	{BPF_PROG_TYPE_CGROUP_DEVICE, NULL},
	{BPF_PROG_TYPE_CGROUP_SYSCTL, NULL},
	{BPF_PROG_TYPE_CGROUP_SOCK, NULL},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, point_sock_addr},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, point_sockopt},
	{BPF_PROG_TYPE_SOCK_OPS, point_sock_ops},
	{BPF_PROG_TYPE_SK_MSG, point_msg},
	{BPF_PROG_TYPE_SK_SKB, point_skb},
	{BPF_PROG_TYPE_FLOW_DISSECTOR, point_skb},
	{BPF_PROG_TYPE_SK_REUSEPORT, point_reuseport},
	{BPF_PROG_TYPE_SK_LOOKUP, point_lookup},
	{BPF_PROG_TYPE_LIRC_MODE2, NULL},
	{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, point_writable},
};

/* ---------------------------------------------------------------- runs */

static inline void inputs_before(const struct inputs *in)
{
	if (in->before)
		in->before(in->arg);
}

static inline void inputs_after(const struct inputs *in, struct inputs_run *run)
{
	run->left[2].at = inputs_low;
	run->left[2].len = sizeof(*inputs_low);
	if (in->after)
		in->after(in->arg, run);
}

/* The program as it is run, referenced; NULL: it cannot be. */
static inline struct rt_prog *inputs_prog(const struct kfunc_program *prog)
{
	int err, fd = kfunc_program__fd(prog);
	struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);

	if (p && !p->code) {
		rt_prog_put(p);
		p = NULL;
	}
	return p;
}

/* Once, on a context that is what the program sees. */
static inline void inputs_direct(const struct inputs *in, struct rt_prog *p, void *ctx, size_t size)
{
	struct inputs_run run = {.left = {{ctx, size}}};

	inputs_before(in);
	run.ret = rt_prog_run(p, ctx);
	inputs_after(in, &run);
}

static inline int inputs_run_plain(struct kfunc_program *prog, const struct inputs_plain *row,
				   const struct inputs *in)
{
	struct rt_prog *p = inputs_prog(prog);
	uint64_t ctx[1024];

	if (!p)
		return 0;
	for (int i = 0; i < INPUTS; i++) {
		size_t len = inputs_packet(inputs_low->packet, i % 4);

		/* small numbers reach more of a program than large ones */
		memset(ctx, 0, sizeof(ctx));
		for (size_t k = 0; k < sizeof(ctx) && i; k++)
			((uint8_t *)ctx)[k] = k % 4 < 1u + i % 3 ? inputs_byte() : 0;
		for (size_t k = 0; k < sizeof(inputs_low->sock); k++)
			inputs_low->sock[k] = k % 4 ? 0 : inputs_byte();
		if (row->point)
			row->point(ctx, len);
		inputs_direct(in, p, ctx, sizeof(ctx));
	}
	rt_prog_put(p);
	return INPUTS;
}

static inline bool inputs_test_run(struct kfunc_program *prog, struct kfunc_run_opts *opts,
				   const struct inputs *in)
{
	struct inputs_run run = {0};

	inputs_before(in);
	if (kfunc_program__run(prog, opts))
		return false;
	run.ret = opts->retval;
	run.left[0].at = opts->data_out;
	run.left[0].len = opts->data_out ? opts->data_size_out : 0;
	run.left[1].at = opts->ctx_out ? opts->ctx_out : opts->ctx_in;
	run.left[1].len = opts->ctx_out ? opts->ctx_size_out : opts->ctx_size_in;
	inputs_after(in, &run);
	return true;
}

/* A packet where the type takes one; eight arguments or plain memory; nothing at all. */
static inline bool inputs_run_one(struct kfunc_program *prog, int i, const struct inputs *in)
{
	uint8_t data[256], ctx[96] = {0}, data_out[8192], ctx_out[256];
	struct kfunc_run_opts opts = {.sz = sizeof(opts)};

	opts.data_in = data;
	opts.data_size_in = inputs_packet(data, i % 4);
	opts.data_out = data_out;
	opts.data_size_out = sizeof(data_out);
	opts.ctx_out = ctx_out;
	opts.ctx_size_out = sizeof(ctx_out);
	if (inputs_test_run(prog, &opts, in))
		return true;
	opts = (struct kfunc_run_opts){.sz = sizeof(opts),
				       .ctx_in = ctx,
				       .ctx_size_in = sizeof(ctx)};
	for (size_t k = 0; k < sizeof(ctx) && i % 4; k++)
		ctx[k] = k % 8 < 2 ? inputs_byte() : 0;
	if (inputs_test_run(prog, &opts, in))
		return true;
	opts = (struct kfunc_run_opts){.sz = sizeof(opts)};
	return inputs_test_run(prog, &opts, in);
}

/*
 * Programs at the entry or exit of functions: those that the kernel keeps for its test run get numbers, as
 * there, and any others zeroed memory.
 */
static inline int inputs_run_traced(struct kfunc_program *prog, const struct inputs *in)
{
	const char *section = kfunc_program__section(prog), *slash = strchr(section, '/');
	bool numbers = slash && (!strncmp(slash + 1, "bpf_fentry_test", 15) ||
				 !strncmp(slash + 1, "bpf_modify_return_test", 22));
	struct rt_prog *p = inputs_prog(prog);
	uint64_t ctx[16];

	if (!p)
		return 0;
	memset(inputs_low->optval, 0, sizeof(inputs_low->optval));
	for (uint64_t i = 0; i < INPUTS; i++) {
		for (uint64_t k = 0; k < 16; k++)
			ctx[k] = numbers ? i + k : (uintptr_t)inputs_low->optval;
		inputs_direct(in, p, ctx, sizeof(ctx));
	}
	rt_prog_put(p);
	return INPUTS;
}

/* a typed tracepoint: its arguments are objects */
static inline bool inputs_are_events(const struct kfunc_program *prog)
{
	return !strncmp(kfunc_program__section(prog), "tp_btf", 6);
}

/* How often the program was run. */
static inline int inputs_run(struct kfunc_program *prog, const struct inputs *in)
{
	uint32_t type = kfunc_program__type(prog);
	int n = 0;

	for (size_t i = 0; i < sizeof(inputs_plain) / sizeof(inputs_plain[0]); i++)
		if (inputs_plain[i].type == type)
			return inputs_run_plain(prog, &inputs_plain[i], in);
	if (inputs_are_events(prog))
		return 0;
	if (type == BPF_PROG_TYPE_TRACING)
		return inputs_run_traced(prog, in);
	for (int i = 0; i < INPUTS; i++)
		n += inputs_run_one(prog, i, in);
	return n;
}

/* Before anything else, in the process that forks those that run programs. */
static inline bool inputs_init(void)
{
	inputs_seed = 88172645463325252ull;
	inputs_low = mmap(NULL, sizeof(*inputs_low), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	return inputs_low != MAP_FAILED;
}

/* ---------------------------------------------------------------- one program of an object */

/* Variables that are named for a process id and are zero. */
static inline void inputs_set_pids(const struct rt_map *map)
{
	const struct btf_type *t = btf_type(map->desc.btf, map->desc.value_type_id);
	const struct btf_var_secinfo *var = (const void *)(t + 1);
	uint8_t *values =
		map->ops->direct_value ? map->ops->direct_value((struct rt_map *)map) : NULL;
	uint64_t pid = (uint64_t)getpid(), is = 0;

	if (!values || btf_type_kind(t) != BTF_KIND_DATASEC || map->desc.flags & BPF_F_RDONLY_PROG)
		return;
	for (uint32_t i = 0; i < btf_type_vlen(t); i++) {
		const char *name = btf_type_name(map->desc.btf, var[i].type);

		if ((var[i].size != 4 && var[i].size != 8) || !strstr(name, "pid"))
			continue;
		memcpy(&is, values + var[i].offset, var[i].size);
		if (!is)
			memcpy(values + var[i].offset, &pid, var[i].size);
	}
}

/*
 * Loads an object. Programs that act for one process only, which whoever loads them names in a variable, act for
 * this one.
 */
static inline int inputs_load(struct kfunc_object *obj)
{
	struct kfunc_map *it = NULL;
	int err = kfunc_object__load(obj);

	while (!err && (it = kfunc_object__next_map(obj, it))) {
		int e, fd = kfunc_map__fd(it);
		struct rt_map *map = fd < 0 ? NULL : syscall_map_by_fd(fd, &e);

		if (map && map->desc.btf)
			inputs_set_pids(map);
		if (map)
			rt_map_put(map);
	}
	return err;
}

/* Opens the object with its index-th program alone to be loaded. NULL: no such object or program. */
static inline struct kfunc_object *inputs_open(const char *path, uint32_t index,
					       struct kfunc_program **it)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	struct kfunc_program *prog = NULL;

	*it = NULL;
	for (uint32_t i = 0; obj && (prog = kfunc_object__next_program(obj, prog)); i++) {
		kfunc_program__set_autoload(prog, i == index);
		if (i == index)
			*it = prog;
	}
	if (!*it) {
		kfunc_object__close(obj);
		return NULL;
	}
	return obj;
}

#endif
