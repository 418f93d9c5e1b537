/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lookups that generated code does itself, against the interpreter's: keys that come from everywhere a key can
 * come from, asked for NULL in every way, in arrays and hash maps of several sizes. After each program the
 * results and all values of the map are compared. KFUNC_SEED and KFUNC_COUNT choose other programs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "isa/isa.h"
#include "jit/jit.h"
#include "lib/bpf.h"
#include "runtime/rt.h"

static const struct shape {
	uint32_t type, key, value, n;
} shapes[] = {
	{BPF_MAP_TYPE_ARRAY, 4, 8, 16},         {BPF_MAP_TYPE_ARRAY, 4, 4, 7},
	{BPF_MAP_TYPE_ARRAY, 4, 16, 64},        {BPF_MAP_TYPE_ARRAY, 4, 24, 33},
	{BPF_MAP_TYPE_ARRAY, 4, 64, 1},         {BPF_MAP_TYPE_HASH, 4, 8, 16},
	{BPF_MAP_TYPE_HASH, 8, 8, 16},          {BPF_MAP_TYPE_HASH, 4, 24, 300},
	{BPF_MAP_TYPE_HASH, 8, 4, 4},           {BPF_MAP_TYPE_HASH, 6, 8, 16},
	{BPF_MAP_TYPE_HASH, 12, 8, 16},         {BPF_MAP_TYPE_LRU_HASH, 4, 8, 16},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 16},  {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 7},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 33}, {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 64, 1},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 16},   {BPF_MAP_TYPE_PERCPU_HASH, 8, 24, 300},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 4},    {BPF_MAP_TYPE_PERCPU_HASH, 12, 8, 16},
};

static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

/* R6: the context, four numbers. The key at r10 - 16; R7 and R8 hold other things. */
static void put_key(struct strbuf *s, const struct shape *m, int n)
{
	const char *at = "*(u32 *)(r10 - 16)";
	uint32_t field = rnd(4) * 8;

	strbuf_puts(s, "*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0;");
	switch (rnd(9)) {
	case 0:
		strbuf_printf(s, "%s = %u;", at, rnd(m->n + 2));
		break;
	case 1:
		strbuf_printf(s, "r2 = *(u32 *)(r6 + %u); r2 &= %u; %s = r2;", field, 1 + rnd(20),
			      at);
		break;
	case 2:
		strbuf_printf(s, "r8 = *(u64 *)(r6 + %u); %s = r8;", field, at);
		break;
	case 3:
		strbuf_printf(s, "r8 = *(u32 *)(r6 + %u); if r8 > %u goto out; %s = r8;", field,
			      rnd(m->n + 3), at);
		break;
	case 4:
		strbuf_printf(s, "r3 = *(u64 *)(r6 + %u); w2 = w3; %s = r2; r4 = r3;", field, at);
		break;
	case 5:
		strbuf_printf(s, "r2 = *(u64 *)(r6 + %u); r2 >>= %u; *(u64 *)(r10 - 16) = r2;",
			      field, 50 + rnd(14));
		break;
	case 6:
		strbuf_printf(s,
			      "r7 = r10; r7 += -16; r8 = *(u8 *)(r6 + %u); *(u8 *)(r7 + 0) = r8;",
			      field);
		break;
	case 7:
		strbuf_printf(s, "w7 = %u; %s = r7; *(u32 *)(r10 - 24) = 5;", rnd(m->n + 2), at);
		break;
	default:
		strbuf_printf(s, "r8 = *(u64 *)(r6 + %u); r8 &= 3; r0 = r8; r0 += 1; %s = r0;",
			      field, at);
	}
	if (!rnd(4)) /* something may come from elsewhere */
		strbuf_printf(s, "if r9 == %u goto t%d; w9 ^= 1; t%d:", rnd(3), n, n);
}

static void look_up(struct strbuf *s, const struct shape *m, int fd, int n)
{
	const char *size = m->value == 4 ? "u32" : "u64";

	if (!rnd(8))
		strbuf_puts(s,
			    "r3 = r10; r3 += -32; *(u64 *)(r10 - 32) = 4; r7 = *(u64 *)(r3 + 0);");
	strbuf_printf(s, "r2 = r10; r2 += -16; r1 = map[fd %d]; call 1;", fd);
	switch (rnd(6)) {
	case 0:
		strbuf_printf(s, "if r0 == 0 goto n%d;", n);
		break;
	case 1:
		strbuf_printf(s, "if r0 != 0 goto h%d; w9 += 7; goto n%d; h%d:", n, n, n);
		break;
	case 2:
		strbuf_printf(s, "r7 = r0; if r7 == 0 goto n%d;", n);
		break;
	case 3:
		strbuf_puts(s, "if r0 == 0 goto same;");
		break;
	case 4:
		strbuf_printf(s, "w9 += 1; if r0 == 0 goto n%d;", n);
		break;
	default:
		strbuf_printf(s, "r0 = 1; n%d:", n);
		return;
	}
	strbuf_printf(s, "r3 = *(%s *)(r0 + 0); r3 += %u; *(%s *)(r0 + %u) = r3; w9 ^= w3;", size,
		      rnd(99), size, m->value > 8 && rnd(2) ? 8 : 0);
	if (!rnd(3))
		strbuf_puts(s, "r3 = *(u32 *)(r10 - 16); w9 += w3;");
	strbuf_printf(s, "n%d:", n);
}

static void update(struct strbuf *s, int fd)
{
	strbuf_printf(s,
		      "*(u64 *)(r10 - 96) = r9; *(u64 *)(r10 - 88) = 1; *(u64 *)(r10 - 80) = 2;"
		      "r2 = r10; r2 += -16; r3 = r10; r3 += -96; r1 = map[fd %d]; r4 = %u; call 2; "
		      "w9 += w0;",
		      fd, rnd(4) ? 0 : rnd(3));
}

static void make(struct strbuf *s, const struct shape *m, int fd)
{
	int n = 1 + (int)rnd(4);

	strbuf_reset(s);
	/* both ends can be reached */
	strbuf_puts(s, "r6 = r1; r9 = 0; r0 = 0; r7 = *(u64 *)(r6 + 0); if r7 == 99 goto out; if "
		       "r7 == 98 goto same;");
	for (int k = 0; k < n; k++) {
		if (!k || rnd(4))
			put_key(s, m, k);
		if (!rnd(4) && m->value <= 24)
			update(s, fd);
		else
			look_up(s, m, fd, k);
	}
	strbuf_puts(s, "r0 = r9; exit; out: r0 = 77; exit; same: exit");
}

/* labels, which the assembler does not know, become distances */
struct line {
	char text[120];
	uint32_t slots;
};

static uint32_t slot_of(const struct line *line, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t k = 0; k < n; k++)
		at += line[k].slots;
	return at;
}

static void assemble(const char *text, struct strbuf *out)
{
	static struct line line[400];
	struct {
		char name[8];
		uint32_t line;
	} label[32];
	uint32_t n = 0, labels = 0;

	while (*text) {
		size_t len = strcspn(text, ";:");

		if (text[len] == ':') {
			snprintf(label[labels].name, sizeof(label[0].name), "%.*s", (int)len, text);
			label[labels++].line = n;
		} else {
			snprintf(line[n].text, sizeof(line[0].text), "%.*s", (int)len, text);
			line[n].slots = strstr(line[n].text, "map[") ? 2 : 1;
			n++;
		}
		text += len + (text[len] != 0);
		text += strspn(text, " ");
	}
	strbuf_reset(out);
	for (uint32_t k = 0; k < n; k++) {
		char *to = strstr(line[k].text, "goto ");

		for (uint32_t l = 0; to && l < labels; l++)
			if (!strcmp(to + 5, label[l].name))
				snprintf(to + 5, 12, "+%u",
					 slot_of(line, label[l].line) - slot_of(line, k) - 1);
		strbuf_printf(out, "%s%s", k ? "; " : "", line[k].text);
	}
}

static int load(const char *text, bool native)
{
	struct bpf_insn *insns = NULL;
	union bpf_attr a;
	char err[200];
	uint32_t n;
	int fd;

	if (isa_asm(text, &insns, &n, err, sizeof(err)))
		fail_msg("%s: %s", err, text);
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SYSCALL;
	a.prog_flags = BPF_F_SLEEPABLE;
	a.insns = (uintptr_t)insns;
	a.insn_cnt = n;
	a.license = (uintptr_t)"GPL";
	jit_enable(native);
	fd = kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	jit_enable(true);
	mem_free(insns);
	return fd;
}

#define VALUE (64 * RT_MAX_CPUS)

struct outcome {
	uint32_t retval[3];
	uint8_t values[64][VALUE];
};

static void fill(int fd, const struct shape *m)
{
	bool array = m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	uint8_t key[16] = {0}, value[VALUE];

	while (!array && !t_next(fd, NULL, key))
		assert_int_equal(t_delete(fd, key), 0);
	memset(key, 0, sizeof(key));
	for (uint32_t k = 0; k < m->n && k < 64; k++) {
		memcpy(key, &k, 4);
		for (uint32_t b = 0; b < sizeof(value); b++)
			value[b] = (uint8_t)(k + 1 + b / m->value * 16);
		if (array || (k % 3 != 2 && k < 20))
			assert_int_equal(t_update(fd, key, value, 0), 0);
	}
}

static void run(int prog, int map, const struct shape *m, struct outcome *o)
{
	uint8_t key[16] = {0};
	struct rt_vcpu *cpu;
	uint64_t ctx[4];
	union bpf_attr a;

	memset(o, 0, sizeof(*o));
	fill(map, m);
	for (uint32_t r = 0; r < 3; r++) {
		for (uint32_t k = 0; k < 4; k++)
			ctx[k] = k == 3 ? ~0ull << r : r * 5 + k * 2;
		memset(&a, 0, sizeof(a));
		a.test.prog_fd = prog;
		a.test.ctx_in = (uintptr_t)ctx;
		a.test.ctx_size_in = sizeof(ctx);
		cpu = rt_enter_on(rt_nr_cpus() - 1 - r % rt_nr_cpus());
		assert_non_null(cpu);
		assert_int_equal(kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)), 0);
		rt_leave(cpu);
		o->retval[r] = a.test.retval;
	}
	for (uint32_t k = 0; k < 64; k++) {
		memcpy(key, &k, 4);
		(void)t_lookup(map, key, o->values[k]);
	}
}

static void same_by_both_engines(void **unused)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;
	int count = c ? atoi(c) : 150, accepted = 0;
	struct strbuf labelled = {0}, text = {0};
	static struct outcome a, b;

	(void)unused;
	for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
		const struct shape *m = &shapes[k];
		int map = t_create(m->type, m->key, m->value, m->n, 0);

		assert_true(map >= 0);
		for (int i = 0; i < count; i++) {
			int native, interpreted;

			state = (seed + i * 64 + k) * 0x9e3779b97f4a7c15ull | 1;
			make(&labelled, m, map);
			assemble(strbuf_str(&labelled), &text);
			native = load(strbuf_str(&text), true);
			interpreted = load(strbuf_str(&text), false);
			assert_int_equal(native >= 0, interpreted >= 0);
			if (native < 0)
				continue;
			accepted++;
			run(native, map, m, &a);
			run(interpreted, map, m, &b);
			if (memcmp(&a, &b, sizeof(a)))
				fail_msg("map %zu, program %d: %u %u %u and %u %u %u: %s", k, i,
					 a.retval[0], a.retval[1], a.retval[2], b.retval[0],
					 b.retval[1], b.retval[2], strbuf_str(&text));
			close(native);
			close(interpreted);
		}
		close(map);
	}
	print_message("%d programs ran\n", accepted);
	assert_true(accepted > count * 8);
	strbuf_free(&labelled);
	strbuf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_by_both_engines)};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
