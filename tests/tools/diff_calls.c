/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_calls [SEED [COUNT]]: one helper call per program, in every program type, with arguments that
 * mostly fit and sometimes do not; our verdict with the running kernel's types against the running
 * kernel's own (loaded only, nothing is attached or pinned). Prints UNSOUND for what we accept and
 * Linux rejects, STRICT for the other way round, and status 77 where loading is not permitted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "contract/registry.h"
#include "isa/isa.h"
#include "kernel/kernel.h"
#include "verifier/verifier.h"

#define MAX 96

static const struct {
	uint32_t type, attach;
	bool packet; /* direct access through data and data_end at these offsets */
	uint8_t data, end, size;
	int ret;
} places[] = {
	{BPF_PROG_TYPE_SOCKET_FILTER, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_SCHED_CLS, 0, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_SCHED_ACT, 0, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_XDP, 0, true, 0, 4, 4, 0},
	{BPF_PROG_TYPE_KPROBE, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_TRACEPOINT, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_PERF_EVENT, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_CGROUP_SKB, 0, true, 76, 80, 4, 1},
	{BPF_PROG_TYPE_CGROUP_SKB, 1, true, 76, 80, 4, 1},
	{BPF_PROG_TYPE_CGROUP_SOCK, 2, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 10, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 8, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, 21, true, 8, 16, 8, 1},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, 22, true, 8, 16, 8, 1},
	{BPF_PROG_TYPE_CGROUP_SYSCTL, 18, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_CGROUP_DEVICE, 6, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_SOCK_OPS, 3, true, 192, 200, 8, 1},
	{BPF_PROG_TYPE_SK_SKB, 4, true, 76, 80, 4, 1},
	{BPF_PROG_TYPE_SK_MSG, 7, true, 0, 8, 8, 1},
	{BPF_PROG_TYPE_SK_LOOKUP, 36, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_SK_REUSEPORT, 39, true, 0, 8, 8, 1},
	{BPF_PROG_TYPE_FLOW_DISSECTOR, 17, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_LWT_IN, 0, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_LWT_XMIT, 0, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, true, 76, 80, 4, 0},
	{BPF_PROG_TYPE_NETFILTER, 45, false, 0, 0, 0, 1},
	{BPF_PROG_TYPE_SYSCALL, 0, false, 0, 0, 0, 0},
	{BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, false, 0, 0, 0, 0},
};

static const struct {
	uint32_t type, key, value, entries, flags;
} map_kinds[] = {
	{BPF_MAP_TYPE_ARRAY, 4, 64, 4, 0},
	{BPF_MAP_TYPE_HASH, 8, 16, 4, 0},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 4, 0},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 16, 4, 0},
	{BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0},
	{BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0},
	{BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0},
	{BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4, 0},
	{BPF_MAP_TYPE_STACK_TRACE, 4, 80, 4, 0},
	{BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, 1},
	{BPF_MAP_TYPE_DEVMAP, 4, 4, 4, 0},
	{BPF_MAP_TYPE_SOCKMAP, 4, 4, 4, 0},
	{BPF_MAP_TYPE_SOCKHASH, 4, 4, 4, 0},
	{BPF_MAP_TYPE_CPUMAP, 4, 4, 4, 0},
	{BPF_MAP_TYPE_XSKMAP, 4, 4, 4, 0},
	{BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 4, 0},
	{BPF_MAP_TYPE_QUEUE, 0, 16, 4, 0},
	{BPF_MAP_TYPE_STACK, 0, 16, 4, 0},
	{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
	{BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0},
	{BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 4, 0},
	{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
	{BPF_MAP_TYPE_ARRAY, 4, 16, 4, BPF_F_RDONLY_PROG},
	{BPF_MAP_TYPE_ARRAY, 4, 16, 4, BPF_F_WRONLY_PROG},
};

#define N_PLACES (sizeof(places) / sizeof(places[0]))
#define N_MAPS   (sizeof(map_kinds) / sizeof(map_kinds[0]))

struct gen {
	uint64_t seed;
	struct bpf_insn insn[MAX];
	uint32_t n, place, helper;
	const struct kfunc_contract *kfunc; /* instead of a helper */
};

static struct kfunc_kernel *kernel;
static struct vf_map maps[N_MAPS];
static int map_fd[N_MAPS];
static int32_t raw_tp_id;
static const struct kfunc_contract *kfuncs[1024];
static uint32_t n_kfuncs;

static int add_kfunc(void *ctx, const struct kfunc_contract *c)
{
	(void)ctx;
	if (n_kfuncs < sizeof(kfuncs) / sizeof(kfuncs[0]))
		kfuncs[n_kfuncs++] = c;
	return 0;
}

static uint32_t rnd(struct gen *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (uint32_t)(g->seed >> 11) % n;
}

static void emit(struct gen *g, uint8_t code, int dst, int src, int off, int imm)
{
	g->insn[g->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static void mov_imm(struct gen *g, int dst, int imm)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void mov_reg(struct gen *g, int dst, int src)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void stack_ptr(struct gen *g, int dst, int off)
{
	mov_reg(g, dst, 10);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, off);
}

static void load_map(struct gen *g, int dst, int map)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, 100 + map);
	emit(g, 0, 0, 0, 0, 0);
}

static void leave(struct gen *g)
{
	mov_imm(g, 0, places[g->place].ret);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* offsets of real_parent, cpus_ptr, mm, group_leader in the running kernel's task_struct */
static int32_t task_member[4];

static void find_members(void)
{
	static const char *const names[4] = {"real_parent", "cpus_ptr", "mm", "group_leader"};
	int32_t id = btf_find(kernel->btf, "task_struct", BTF_KIND_STRUCT);
	const struct btf_type *t = btf_type(kernel->btf, id < 0 ? 0 : (uint32_t)id);
	const struct btf_member *m = btf_type_members(t);

	for (uint32_t i = 0; id > 0 && i < btf_type_vlen(t); i++)
		for (int k = 0; k < 4; k++)
			if (strcmp(btf_str(kernel->btf, m[i].name_off), names[k]) == 0) {
				uint32_t bits;

				task_member[k] = btf_member_bits(t, i, &bits) / 8;
			}
}

/* R6 context, R7 checked value of map 0, R8 packet with 16 bytes or an unknown number, R9 maybe NULL */
static void prologue(struct gen *g)
{
	mov_reg(g, 6, 1);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -16, 1);
	stack_ptr(g, 2, -16);
	load_map(g, 1, 1);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	mov_reg(g, 9, 0);
	if (g->kfunc) { /* R9 is a task instead: trusted, or maybe with a member walked */
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_task_btf);
		mov_reg(g, 9, 0);
		if (rnd(g, 6) == 0) {
			int32_t off = task_member[rnd(g, 4)];

			emit(g, BPF_LDX | BPF_MEM | BPF_DW, 9, 9, off, 0);
		}
	}
	stack_ptr(g, 2, -8);
	load_map(g, 1, 0);
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	mov_reg(g, 7, 0);
	emit(g, BPF_JMP | BPF_JNE | BPF_K, 7, 0, 2, 0);
	leave(g);
	if (places[g->place].packet) {
		uint8_t size = places[g->place].size == 8 ? BPF_DW : BPF_W;

		emit(g, BPF_LDX | BPF_MEM | size, 8, 6, places[g->place].data, 0);
		emit(g, BPF_LDX | BPF_MEM | size, 1, 6, places[g->place].end, 0);
		mov_reg(g, 2, 8);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, 16);
		emit(g, BPF_JMP | BPF_JLE | BPF_X, 2, 1, 2, 0);
		leave(g);
	} else {
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 7, 0, 0);
	}
}

static void any_arg(struct gen *g, int r)
{
	static const int numbers[] = {0, 1, 4, 8, 16, 64, -1, 17, 4096};

	switch (rnd(g, 12)) {
	case 0:
		mov_reg(g, r, 6);
		break;
	case 1:
		stack_ptr(g, r, -8);
		break;
	case 2:
		stack_ptr(g, r, -64);
		break;
	case 3:
	case 4:
		load_map(g, r, rnd(g, N_MAPS));
		break;
	case 5:
		mov_reg(g, r, 7);
		break;
	case 6:
		mov_reg(g, r, 8);
		break;
	case 7:
		mov_reg(g, r, 9);
		break;
	case 8: /* an unknown number, bounded */
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, 7, 8, 0);
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, r, 0, 0, 15);
		break;
	case 9:
		stack_ptr(g, r, -(int)rnd(g, 80));
		break;
	default:
		mov_imm(g, r, numbers[rnd(g, sizeof(numbers) / sizeof(numbers[0]))]);
	}
}

static void fitting_arg(struct gen *g, int r, const struct kernel_helper_arg *a)
{
	static const int sizes[] = {1, 4, 8, 16, 16, 64, 0};

	switch (a->kind) {
	case HARG_CTX:
		mov_reg(g, r, 6);
		break;
	case HARG_MAP:
		load_map(g, r, rnd(g, 3) ? (int)rnd(g, N_MAPS) : 0);
		break;
	case HARG_MAP_KEY:
	case HARG_MAP_VALUE:
	case HARG_MAP_VALUE_UNINIT:
	case HARG_MEM:
		if (rnd(g, 3) == 0)
			mov_reg(g, r, 7 + rnd(g, 2));
		else
			stack_ptr(g, r, rnd(g, 2) ? -64 : -16);
		break;
	case HARG_SIZE:
	case HARG_SIZE_OR_ZERO:
	case HARG_CONST_ALLOC_SIZE:
		mov_imm(g, r, sizes[rnd(g, 7)]);
		break;
	case HARG_ANY:
	case HARG_SCALAR:
		mov_imm(g, r, (int)rnd(g, 3));
		break;
	default:
		any_arg(g, r);
	}
}

/* what a kfunc's declaration asks for, more or less */
static void fitting_kfunc_arg(struct gen *g, int r, const struct contract_arg *a)
{
	static const int sizes[] = {1, 4, 8, 16, 64, 0};

	switch (a->kind) {
	case CARG_SCALAR:
	case CARG_SCALAR_CONST:
	case CARG_RET_SIZE:
	case CARG_IGNORED:
		mov_imm(g, r, (int)rnd(g, 3));
		break;
	case CARG_SIZE:
	case CARG_SIZE_CONST:
		mov_imm(g, r, sizes[rnd(g, 6)]);
		break;
	case CARG_DYNPTR:
	case CARG_ITER:
	case CARG_IRQ_FLAG:
		stack_ptr(g, r, -64);
		break;
	case CARG_MAP:
		load_map(g, r, rnd(g, N_MAPS));
		break;
	case CARG_PTR:
		if (a->pointee_name && strcmp(a->pointee_name, "task_struct") == 0)
			mov_reg(g, r, 9);
		else if (rnd(g, 3) == 0)
			mov_reg(g, r, 6);
		else if (rnd(g, 2))
			stack_ptr(g, r, -80);
		else
			mov_reg(g, r, rnd(g, 2) ? 7 : 9);
		break;
	default:
		any_arg(g, r);
	}
}

static void generate_kfunc(struct gen *g)
{
	const struct kfunc_contract *c = kfuncs[rnd(g, n_kfuncs)];

	g->n = 0;
	g->kfunc = c;
	g->helper = 0;
	g->place = rnd(g, N_PLACES);
	for (int tries = 0; tries < 10; tries++, g->place = rnd(g, N_PLACES)) {
		uint32_t flags;

		if (registry_allowed(kernel->registry, c->btf, c->func_id, places[g->place].type,
				     NULL, &flags))
			break;
	}
	prologue(g);
	for (int i = 0; i < 5; i++) {
		if (i < c->n_args && rnd(g, 6))
			fitting_kfunc_arg(g, i + 1, &c->arg[i]);
		else
			any_arg(g, i + 1);
	}
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int)c->func_id);
	if (rnd(g, 2)) {
		emit(g, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
		leave(g);
		if (rnd(g, 2))
			emit(g, BPF_LDX | BPF_MEM | BPF_W, 1, 0, 4 * (int)rnd(g, 3), 0);
		else
			emit(g, BPF_ST | BPF_MEM | BPF_W, 0, 0, 4 * (int)rnd(g, 3), 7);
	}
	leave(g);
}

static void generate(struct gen *g)
{
	const struct kernel_helper *h;
	struct kernel_prog_place at;

	g->n = 0;
	g->kfunc = NULL;
	if (n_kfuncs && rnd(g, 2)) {
		generate_kfunc(g);
		return;
	}
	g->place = rnd(g, N_PLACES);
	g->helper = 1 + rnd(g, 211);
	at = (struct kernel_prog_place){.type = places[g->place].type,
					.attach_type = places[g->place].attach,
					.sleepable =
						places[g->place].type == BPF_PROG_TYPE_SYSCALL};
	h = kernel_helper(kernel, g->helper, &at, NULL);
	for (int tries = 0; !h && tries < 20; tries++) { /* mostly helpers that are offered */
		g->helper = 1 + rnd(g, 211);
		h = kernel_helper(kernel, g->helper, &at, NULL);
	}
	prologue(g);
	for (int i = 0; i < 5; i++) {
		if (h && rnd(g, 6))
			fitting_arg(g, i + 1, &h->arg[i]);
		else
			any_arg(g, i + 1);
	}
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, (int)g->helper);
	if (rnd(g, 3) == 0) { /* use what came back */
		emit(g, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
		leave(g);
		if (rnd(g, 3))
			emit(g, BPF_LDX | BPF_MEM | BPF_W, 1, 0, 4 * (int)rnd(g, 3), 0);
		else
			emit(g, BPF_ST | BPF_MEM | BPF_W, 0, 0, 4 * (int)rnd(g, 3), 7);
	}
	leave(g);
}

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	(void)ctx;
	if (fd < 100 || fd >= 100 + (int)N_MAPS)
		return -EBADF;
	*map = &maps[fd - 100];
	return 0;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	(void)fd;
	(void)btf;
	(void)is_module;
	return -EBADF;
}

static uint32_t flags_of(const struct gen *g)
{
	return places[g->place].type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0;
}

static int ours(const struct gen *g, struct diag_report *rep)
{
	struct vf_program p = {.insns = g->insn,
			       .n_insns = g->n,
			       .type = places[g->place].type,
			       .attach_type = places[g->place].attach,
			       .prog_flags = flags_of(g),
			       .attach_btf_id = places[g->place].type == BPF_PROG_TYPE_TRACING
							? raw_tp_id
							: 0,
			       .licence = "GPL"};
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options opts = {.caps = VF_CAP_ALL};
	struct vf_facts facts;
	int err = vf_verify(kernel, &p, &res, &opts, rep, &facts);

	vf_facts_free(&facts);
	return err;
}

static int make_map(size_t i)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = map_kinds[i].type;
	attr.key_size = map_kinds[i].key;
	attr.value_size = map_kinds[i].value;
	attr.max_entries = map_kinds[i].entries;
	attr.map_flags = map_kinds[i].flags;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* The first program that uses such a map owns it, so every program gets a new one. */
static bool is_owned(uint32_t type)
{
	return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_CPUMAP ||
	       type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH;
}

static char kernel_log[1 << 20];

static int kernels(const struct gen *g, bool log)
{
	struct bpf_insn copy[MAX];
	union bpf_attr attr;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (size_t i = 0; i < N_MAPS; i++)
		if (is_owned(maps[i].type)) {
			close(map_fd[i]);
			map_fd[i] = make_map(i);
		}
	for (uint32_t i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == 1)
			copy[i].imm = map_fd[copy[i].imm - 100];
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = places[g->place].type;
	attr.expected_attach_type = places[g->place].attach;
	attr.prog_flags = flags_of(g);
	attr.attach_btf_id = places[g->place].type == BPF_PROG_TYPE_TRACING ? raw_tp_id : 0;
	attr.insns = (uint64_t)(uintptr_t)copy;
	attr.insn_cnt = g->n;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	if (log) {
		attr.log_buf = (uint64_t)(uintptr_t)kernel_log;
		attr.log_size = sizeof(kernel_log);
		attr.log_level = 1;
	}
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void dump(const struct gen *g, const char *kind, int a, int b, const struct diag_report *rep)
{
	struct strbuf out = {0};
	size_t len;

	printf("%s type %u attach %u helper %s(%u): ours %d kernel %d: KF%04u %s (insn %u)\n", kind,
	       places[g->place].type, places[g->place].attach,
	       g->kfunc ? g->kfunc->name : kernel_helper_name(g->helper), g->helper, a, b,
	       rep->code, rep->message, rep->insn);
	for (uint32_t i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		printf("%4u: %s\n", i, strbuf_str(&out));
		if (isa_is_ldimm64(&g->insn[i]))
			i++;
	}
	kernels(g, true);
	len = strlen(kernel_log);
	printf("...%s\n", kernel_log + (len > 600 ? len - 600 : 0));
	strbuf_free(&out);
	fflush(stdout);
}

static int make_maps(void)
{
	for (size_t i = 0; i < N_MAPS; i++) {
		maps[i] = (struct vf_map){.type = map_kinds[i].type,
					  .key_size = map_kinds[i].key,
					  .value_size = map_kinds[i].value,
					  .max_entries = map_kinds[i].entries,
					  .flags = map_kinds[i].flags};
		if (maps[i].type == BPF_MAP_TYPE_DEVMAP || maps[i].type == BPF_MAP_TYPE_DEVMAP_HASH)
			maps[i].flags |= BPF_F_RDONLY_PROG; /* as the boundary has it */
		map_fd[i] = make_map(i);
		if (map_fd[i] < 0 && i < 2)
			return -errno;
		if (map_fd[i] < 0) { /* not in this kernel: an array in its place, for both */
			maps[i] = maps[0];
			map_fd[i] = map_fd[0];
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int count = argc > 2 ? atoi(argv[2]) : 20000, accepted = 0, unsound = 0, strict = 0,
	    errs = 0;
	static struct gen g;
	char why[200];
	int err;

	if (make_maps()) {
		printf("cannot run: this process may not load BPF programs\n");
		return 77;
	}
	kernel = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, why, sizeof(why), &err);
	if (!kernel) {
		printf("cannot run: %s\n", why);
		return 77;
	}
	registry_for_each(kernel->registry, add_kfunc, NULL);
	find_members();
	raw_tp_id = btf_find(kernel->btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	for (int i = 0; i < count; i++) {
		struct diag_report rep;
		int a, b;

		g.seed = (seed + i) * 0x9e3779b97f4a7c15ull + 1;
		for (int k = 0; k < 4; k++)
			rnd(&g, 2);
		generate(&g);
		a = ours(&g, &rep);
		b = kernels(&g, false);
		accepted += b == 0;
		if (rep.verdict == DIAG_UNSUPPORTED)
			continue;
		if (a == 0 && b != 0) {
			if (unsound++ < 12)
				dump(&g, "UNSOUND", a, b, &rep);
		} else if (a != 0 && b == 0) {
			if (strict++ < 12)
				dump(&g, "STRICT", a, b, &rep);
		} else if (a != b && errs++ < 20) {
			dump(&g, "ERRNO", a, b, &rep);
		}
	}
	printf("%d programs, %d accepted by Linux, %d unsound, %d strict, %d other errno\n", count,
	       accepted, unsound, strict, errs);
	return unsound != 0;
}
