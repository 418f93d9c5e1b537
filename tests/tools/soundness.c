/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * soundness OBJ...: loads every program of each object alone with its states recorded, runs it on several
 * inputs in the interpreter, and holds registers and stack at every checkpoint against the states that
 * the verifier relied on. A violation means that the verifier believed something that is not so.
 *
 * Inputs are those of test runs where the type has them. Types whose context is plain memory are run on
 * such memory, with real buffers behind the pointers in it, though the kernel has no test run for them.
 * Typed tracepoints get their arguments from events: a command is run while they are attached. What has
 * no such input - netfilter and LSM hooks - is counted and passed over, as is what cannot be loaded or run
 * here.
 *
 * SOUNDNESS_VERBOSE=1 names the programs that were not run, with their type.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit/interp.h"
#include "kfunc/libkfunc.h"
#include "runtime/ctx.h"
#include "runtime/events.h"
#include "runtime/rt.h"
#include "syscall/syscall.h"

#define INPUTS 12
#define SECONDS 15 /* for one program */

/* what became of one program; passed from the process that ran it */
struct outcome {
	uint32_t index; /* in its object */
	bool loaded, run, violated;
	uint64_t checks;
};

struct totals {
	unsigned long programs, run, checks, violations, late, crashes;
};

static bool verbose;

static uint64_t seed = 88172645463325252ull;

static uint8_t byte(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint8_t)(seed >> 24);
}

/* an Ethernet frame with IPv4 or IPv6 and TCP or UDP, or noise */
static size_t packet(uint8_t *p, int kind)
{
	static const uint8_t v4[] = {0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

	for (int i = 0; i < 256; i++)
		p[i] = byte();
	if (kind == 0)
		return 64 + byte() % 128;
	p[12] = kind == 2 ? 0x86 : 0x08;
	p[13] = kind == 2 ? 0xdd : 0x00;
	if (kind == 1) {
		memcpy(p + 14, v4, sizeof(v4));
		p[23] = byte() & 1 ? 6 : 17;
	} else if (kind == 2) {
		p[14] = 0x60;
		p[20] = byte() & 1 ? 6 : 17;
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
} *low;

#define POINT(type, field, to)                                          \
	do {                                                            \
		uint64_t addr_ = (uintptr_t)(to);                       \
		size_t n_ = sizeof(((type *)0)->field);                 \
		memcpy((uint8_t *)ctx + offsetof(type, field), &addr_,  \
		       n_ < sizeof(addr_) ? n_ : sizeof(addr_));        \
	} while (0)

static void point_skb(void *ctx, size_t len)
{
	struct rt_skb *skb = ctx;

	POINT(struct __sk_buff, data, low->packet);
	POINT(struct __sk_buff, data_end, low->packet + len);
	POINT(struct __sk_buff, flow_keys, &low->keys);
	POINT(struct __sk_buff, sk, low->sock);
	((struct __sk_buff *)ctx)->len = (uint32_t)len;
	/* helpers look at what stands behind the view */
	skb->pkt = (struct rt_packet){low->packet, low->packet, low->packet + len, low->packet,
				      low->packet + sizeof(low->packet)};
	skb->mac = low->packet;
	skb->net = low->packet + 14;
}

static void point_msg(void *ctx, size_t len)
{
	POINT(struct sk_msg_md, data, low->packet);
	POINT(struct sk_msg_md, data_end, low->packet + len);
	POINT(struct sk_msg_md, sk, low->sock);
	((struct sk_msg_md *)ctx)->size = (uint32_t)len;
}

static void point_reuseport(void *ctx, size_t len)
{
	POINT(struct sk_reuseport_md, data, low->packet);
	POINT(struct sk_reuseport_md, data_end, low->packet + len);
	POINT(struct sk_reuseport_md, sk, low->sock);
	POINT(struct sk_reuseport_md, migrating_sk, 0);
}

static void point_sock_ops(void *ctx, size_t len)
{
	POINT(struct bpf_sock_ops, sk, low->sock);
	POINT(struct bpf_sock_ops, skb_data, low->packet);
	POINT(struct bpf_sock_ops, skb_data_end, low->packet + len);
}

static void point_sock_addr(void *ctx, size_t len)
{
	(void)len;
	POINT(struct bpf_sock_addr, sk, low->sock);
}

static void point_sockopt(void *ctx, size_t len)
{
	POINT(struct bpf_sockopt, sk, low->sock);
	POINT(struct bpf_sockopt, optval, low->optval);
	POINT(struct bpf_sockopt, optval_end, low->optval + len);
	((struct bpf_sockopt *)ctx)->optlen = (int)len;
}

static void point_lookup(void *ctx, size_t len)
{
	(void)len;
	POINT(struct bpf_sk_lookup, sk, 0);
}

static const struct plain {
	uint32_t type;
	void (*point)(void *ctx, size_t len); /* sets the pointers in it */
} plain[] = {
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
};

static int run_plain(struct kfunc_program *prog, const struct plain *row)
{
	int err, fd = kfunc_program__fd(prog);
	struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);
	uint64_t ctx[1024];

	if (!p || !p->code) {
		if (p)
			rt_prog_put(p);
		return 0;
	}
	for (int i = 0; i < INPUTS; i++) {
		size_t len = packet(low->packet, i % 4);

		/* small numbers reach more of a program than large ones */
		memset(ctx, 0, sizeof(ctx));
		for (size_t k = 0; k < sizeof(ctx) && i; k++)
			((uint8_t *)ctx)[k] = k % 4 < 1u + i % 3 ? byte() : 0;
		for (size_t k = 0; k < sizeof(low->sock); k++)
			low->sock[k] = k % 4 ? 0 : byte();
		if (row->point)
			row->point(ctx, len);
		rt_prog_run(p, ctx);
	}
	rt_prog_put(p);
	return INPUTS;
}

/* ---------------------------------------------------------------- the others */

static int run_inputs(struct kfunc_program *prog)
{
	bool writable = kfunc_program__type(prog) == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
	int done = 0;

	for (int i = 0; i < INPUTS; i++) {
		uint8_t data[256], ctx[96] = {0};
		struct kfunc_run_opts opts = {.sz = sizeof(opts)};

		opts.data_in = data;
		opts.data_size_in = packet(data, i % 4);
		if (kfunc_program__run(prog, &opts) == 0) {
			done++;
			continue;
		}
		/* not a packet program: eight arguments, or plain memory */
		opts = (struct kfunc_run_opts){.sz = sizeof(opts), .ctx_in = ctx,
					       .ctx_size_in = sizeof(ctx)};
		for (size_t k = 0; k < sizeof(ctx) && i % 4; k++)
			ctx[k] = k % 8 < 2 ? byte() : 0;
		for (size_t k = 0; k < sizeof(ctx) && writable; k += 8) {
			uint64_t buffer = (uintptr_t)low->optval;

			memcpy(ctx + k, &buffer, sizeof(buffer));
		}
		if (kfunc_program__run(prog, &opts) == 0) {
			done++;
			continue;
		}
		opts = (struct kfunc_run_opts){.sz = sizeof(opts)};
		done += kfunc_program__run(prog, &opts) == 0;
	}
	return done;
}

/*
 * Programs at the entry or exit of functions: those that the kernel keeps for its test run get numbers, as
 * there, and any others zeroed memory.
 */
static int run_traced(struct kfunc_program *prog)
{
	const char *section = kfunc_program__section(prog), *slash = strchr(section, '/');
	bool numbers = slash && (!strncmp(slash + 1, "bpf_fentry_test", 15) ||
				 !strncmp(slash + 1, "bpf_modify_return_test", 22));
	int err, fd = kfunc_program__fd(prog);
	struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);
	uint64_t ctx[16];

	if (!p)
		return 0;
	memset(low->optval, 0, sizeof(low->optval));
	for (uint64_t i = 0; p->code && i < INPUTS; i++) {
		for (uint64_t k = 0; k < 16; k++)
			ctx[k] = numbers ? i + k : (uintptr_t)low->optval;
		rt_prog_run(p, ctx);
	}
	rt_prog_put(p);
	return INPUTS;
}

/* Arguments that are objects come from what really happens: tasks that start, execute and end. */
static int run_events(struct kfunc_program *prog)
{
	char *argv[] = {"sh", "-c", "true; (exit 3) & wait; exec true", NULL};
	struct rt_events_opts opts = {.argv = argv, .stop_fd = -1};
	struct rt_events_result res = {0};
	struct kfunc_link *link;
	int err;

	if (rt_events_declare())
		return 0;
	link = kfunc_program__attach(prog);
	if (!link)
		return 0;
	err = rt_events_run(&opts, &res);
	kfunc_link__destroy(link);
	return err ? 0 : 1;
}

static const struct plain *plain_row(uint32_t type)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].type == type)
			return &plain[i];
	return NULL;
}

static int run(struct kfunc_program *prog)
{
	const struct plain *row = plain_row(kfunc_program__type(prog));

	if (row)
		return run_plain(prog, row);
	if (strncmp(kfunc_program__section(prog), "tp_btf", 6) == 0)
		return run_events(prog);
	if (kfunc_program__type(prog) == BPF_PROG_TYPE_TRACING && run_traced(prog))
		return 1;
	return run_inputs(prog);
}

/* ---------------------------------------------------------------- objects */

static void look(const char *path, struct kfunc_program *prog, struct outcome *o)
{
	int err, fd = kfunc_program__fd(prog);
	struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);

	if (!p)
		return;
	if (p->code) {
		o->checks = p->code->checks;
		o->violated = p->code->violations != 0;
		if (o->violated)
			printf("VIOLATION %s %s: %s\n", path, kfunc_program__name(prog),
			       p->code->violation);
	}
	rt_prog_put(p);
}

/* The index-th program alone. false: there are no more. */
static bool check_program(const char *path, uint32_t index, struct outcome *o)
{
	const struct vf_options record = {.record_states = true};
	struct kfunc_program *prog = NULL, *it = NULL;
	struct kfunc_object *obj;

	syscall_set_verifier_options(&record);
	obj = kfunc_object__open_file(path, NULL);
	if (!obj)
		return false;
	*o = (struct outcome){.index = index};
	for (uint32_t i = 0; (prog = kfunc_object__next_program(obj, prog)); i++) {
		kfunc_program__set_autoload(prog, i == index);
		if (i == index)
			it = prog;
	}
	if (it && kfunc_object__load(obj)) {
		if (verbose)
			printf("not loaded: %s %s: %s\n", path, kfunc_program__name(it),
			       kfunc_object__error(obj));
	} else if (it) {
		o->loaded = true;
		o->run = run(it) > 0;
		look(path, it, o);
		if (verbose && !o->run)
			printf("not run: %s %s (%s)\n", path, kfunc_program__name(it),
			       kfunc_program__type_name(it));
	}
	kfunc_object__close(obj);
	return it;
}

static void child(const char *path, uint32_t first, int out)
{
	struct outcome o;

	/* what programs print is theirs */
	for (uint32_t i = first;; i++) {
		bool there;

		alarm(SECONDS);
		there = check_program(path, i, &o);
		fflush(stdout);
		if (!there)
			_exit(0);
		if (write(out, &o, sizeof(o)) != sizeof(o))
			_exit(2);
	}
}

/*
 * In a process of its own: a crash of one program is a result, and the object goes on behind it.
 */
static void check_apart(const char *path, struct totals *t)
{
	uint32_t first = 0;
	int status = 0;

	do {
		struct outcome o;
		int pipe_fd[2];
		pid_t pid;

		if (pipe2(pipe_fd, O_CLOEXEC))
			return;
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			child(path, first, pipe_fd[1]);
		close(pipe_fd[1]);
		while (read(pipe_fd[0], &o, sizeof(o)) == sizeof(o)) {
			first = o.index + 1;
			t->programs += o.loaded;
			t->run += o.run;
			t->checks += o.checks;
			t->violations += o.violated;
		}
		close(pipe_fd[0]);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return;
		if (WIFSIGNALED(status)) {
			bool late = WTERMSIG(status) == SIGALRM;

			printf(late ? "%s, program %u: not at its end after %d seconds\n" :
				      "SIGNAL in %s, program %u: %d\n",
			       path, first, late ? SECONDS : WTERMSIG(status));
			*(late ? &t->late : &t->crashes) += 1;
			first++;
		}
	} while (WIFSIGNALED(status));
}

int main(int argc, char **argv)
{
	struct totals t = {0};

	verbose = getenv("SOUNDNESS_VERBOSE");
	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		   0);
	if (low == MAP_FAILED)
		return 2;
	for (int i = 1; i < argc; i++)
		check_apart(argv[i], &t);
	printf("%lu programs loaded, %lu run to their end, %lu looks at their states, %lu with violations, "
	       "%lu too long, %lu ended by a signal\n",
	       t.programs, t.run, t.checks, t.violations, t.late, t.crashes);
	return t.violations != 0 || t.crashes != 0;
}
