/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What kfunc calls name (kfunc spec section 2), and calls that the loader
 * poisoned: instructions by hand, given to vf_verify() against the live kernel with a resolver of
 * our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "btf/btf.h"
#include "kernel/kernel.h"
#include "verifier/verifier.h"

static struct bpf_insn kcall(int32_t id, int16_t mod)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
				 .src_reg = BPF_PSEUDO_KFUNC_CALL,
				 .off = mod,
				 .imm = id};
}

static struct bpf_insn hcall(int32_t id)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = id};
}

static struct bpf_insn r0_zero(void)
{
	return (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K};
}

/* always taken after r0_zero(): what it jumps over is reachable on paper only */
static struct bpf_insn jump(int16_t n)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_JEQ | BPF_K, .off = n};
}

static struct bpf_insn exit_insn(void)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
}

enum { FD_MODULE = 100, FD_VMLINUX, FD_GONE, FD_MANY = 1000 };

static struct btf_obj *module, *many[80];
static struct kfunc_kernel *odd; /* image/odd.c */

enum { MODULE_FUNCS = 257 };

/* a split BTF with void f(void), as often as MODULE_FUNCS says, from id start + 1 */
static struct btf_obj *make_module(const char *name)
{
	static const char strings[] = "\0f";
	struct kfunc_kernel *k = kernel_live();
	uint32_t start = btf_end_id(k->btf);
	size_t base_str;
	struct {
		struct btf_header h;
		struct btf_type proto, func[MODULE_FUNCS];
		char str[sizeof(strings)];
	} __attribute__((packed)) raw = {
		.h = {.magic = BTF_MAGIC,
		      .version = BTF_VERSION,
		      .hdr_len = sizeof(struct btf_header)},
		.proto = {.info = BTF_KIND_FUNC_PROTO << 24},
	};
	const struct btf_header *base = btf_raw(k->btf, &base_str);
	char why[200] = "";
	struct btf_obj *b;
	int err;

	raw.h.type_len = sizeof(raw.proto) + sizeof(raw.func);
	raw.h.str_off = raw.h.type_len;
	raw.h.str_len = sizeof(strings);
	for (int i = 0; i < MODULE_FUNCS; i++)
		raw.func[i] = (struct btf_type){.name_off = base->str_len + 1,
						.info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC,
						.type = start};
	memcpy(raw.str, strings, sizeof(strings));
	b = btf_parse(&raw, sizeof(raw), k->btf, name, why, sizeof(why), &err);
	if (!b)
		fail_msg("module BTF: %s", why);
	return b;
}

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	(void)ctx;
	(void)fd;
	(void)map;
	return -EBADF;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	*is_module = fd != FD_VMLINUX;
	*btf = fd == FD_VMLINUX ? kernel_live()->btf : module;
	if (fd >= FD_MANY && fd < FD_MANY + 80)
		*btf = many[fd - FD_MANY];
	if (fd == FD_GONE)
		return -ENXIO;
	return fd >= FD_MODULE ? 0 : -EBADF;
}

struct how {
	const struct kfunc_kernel *kernel; /* NULL: live */
	enum vf_caps no_caps;
	const struct btf_obj *btf;
	const char *licence;
	const int32_t *fds;
	uint32_t n_fds, type;
};

static void check(const struct bpf_insn *insn, uint32_t n, const struct how *how, int err,
		  enum diag_code code)
{
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd};
	struct vf_options opts = {.caps = VF_CAP_ALL & ~how->no_caps};
	struct vf_program prog = {
		.insns = insn,
		.n_insns = n,
		.type = how->type ? how->type : BPF_PROG_TYPE_SCHED_CLS,
		.licence = how->licence ? how->licence : "GPL",
		.btf = how->btf,
		.fd_array = how->fds,
		.fd_array_cnt = how->n_fds,
	};
	struct diag_report report;
	struct vf_facts facts;

	vf_verify(how->kernel ? how->kernel : kernel_live(), &prog, &res, &opts, &report, &facts);
	vf_facts_free(&facts);
	if (report.err != err || report.code != code)
		fail_msg("wanted %d KF%04u, got %d KF%04u %s", err, code, report.err, report.code,
			 report.message);
}

#define CHECK(under, err, code, ...)                                                               \
	do {                                                                                       \
		const struct bpf_insn prog_[] = {__VA_ARGS__};                                     \
		const struct how how_ = under;                                                     \
		check(prog_, sizeof(prog_) / sizeof(prog_[0]), &how_, err, code);                  \
	} while (0)
#define HOW(...) ((struct how){__VA_ARGS__})

static int32_t kfunc_id(const char *name)
{
	int32_t id = btf_find(kernel_live()->btf, name, BTF_KIND_FUNC);

	assert_true(id > 0);
	return id;
}

static void good_call(void **state)
{
	int32_t lock = kfunc_id("bpf_rcu_read_lock"), unlock = kfunc_id("bpf_rcu_read_unlock");

	(void)state;
	CHECK(HOW(0), 0, KF_OK, kcall(lock, 0), kcall(unlock, 0), r0_zero(), exit_insn());
}

/* R2.1: what else than the numbers may be set in a call */
static void encoding(void **state)
{
	struct bpf_insn call = kcall(kfunc_id("bpf_rcu_read_lock"), 0);
	int32_t unlock = kfunc_id("bpf_rcu_read_unlock");

	(void)state;
	call.dst_reg = 1;
	CHECK(HOW(0), -EINVAL, KF_RESERVED_FIELD, call, kcall(unlock, 0), r0_zero(), exit_insn());
	call.dst_reg = 0;
	call.src_reg = 3;
	CHECK(HOW(0), -EINVAL, KF_RESERVED_FIELD, call, kcall(unlock, 0), r0_zero(), exit_insn());
	call.src_reg = BPF_PSEUDO_KFUNC_CALL;
	call.code = BPF_JMP32 | BPF_CALL;
	CHECK(HOW(0), -EINVAL, KF_BAD_OPCODE, call, kcall(unlock, 0), r0_zero(), exit_insn());
	/* a helper's number must not become a function's: bpf_map_lookup_elem() is 1, so is a type */
	call = hcall(1);
	call.off = 1;
	CHECK(HOW(0), -EINVAL, KF_RESERVED_FIELD, call, r0_zero(), exit_insn());
}

/* R6.5: objects are read by loaders with CAP_PERFMON; what else others may do is not judged here */
static void object_without_perfmon(void **state)
{
	struct bpf_insn cast = kcall(kfunc_id("bpf_cast_to_kern_ctx"), 0);
	struct bpf_insn load = {.code = BPF_LDX | BPF_MEM | BPF_DW};

	(void)state;
	CHECK(HOW(0), 0, KF_OK, cast, load, r0_zero(), exit_insn());
	CHECK(HOW(.no_caps = VF_CAP_PERFMON), -524, KF_UNSUPPORTED, cast, load, r0_zero(),
	      exit_insn());
}

/* Scenario 11: not for loaders without CAP_BPF */
static void unprivileged(void **state)
{
	int32_t lock = kfunc_id("bpf_rcu_read_lock"), unlock = kfunc_id("bpf_rcu_read_unlock");

	(void)state;
	CHECK(HOW(.no_caps = VF_CAP_BPF), -EPERM, KF_NEED_CAP, kcall(lock, 0), kcall(unlock, 0),
	      r0_zero(), exit_insn());
}

/* Scenario 11 */
static void licence(void **state)
{
	int32_t lock = kfunc_id("bpf_rcu_read_lock");

	(void)state;
	CHECK(HOW(.licence = "Proprietary"), -EINVAL, KF_NEED_GPL, kcall(lock, 0), r0_zero(),
	      exit_insn());
}

/* Scenarios 8, 9: in dead code as well */
static void bad_ids(void **state)
{
	int32_t no_func = btf_find(kernel_live()->btf, "task_struct", BTF_KIND_STRUCT);

	(void)state;
	CHECK(HOW(0), -EINVAL, KF_KFUNC_BAD_ID, kcall(no_func, 0), r0_zero(), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_KFUNC_BAD_ID, r0_zero(), jump(1), kcall(1 << 19, 0), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_KFUNC_BAD_ID, kcall(-5, 0), r0_zero(), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_KFUNC_BAD_ID, kcall(5, -1), r0_zero(), exit_insn());
}

/* Scenario 9 */
static void modules(void **state)
{
	static const int32_t fds[] = {0, FD_MODULE, FD_VMLINUX, 7, FD_GONE};
	int32_t f = (int32_t)btf_end_id(kernel_live()->btf) + 1;
	struct how how = {.fds = fds, .n_fds = 5};

	(void)state;
	/* exists, but belongs to no set: refused where it is reached only */
	CHECK(how, 0, KF_OK, r0_zero(), jump(1), kcall(f, 1), exit_insn());
	CHECK(how, -EACCES, KF_KFUNC_HIDDEN, kcall(f, 1), r0_zero(), exit_insn());
	CHECK(how, -EINVAL, KF_KFUNC_FD_KIND, kcall(f, 2), r0_zero(), exit_insn());
	CHECK(how, -EBADF, KF_KFUNC_FD, kcall(f, 3), r0_zero(), exit_insn());
	CHECK(how, -ENXIO, KF_MODULE_GONE, kcall(f, 4), r0_zero(), exit_insn());
	CHECK(how, -EFAULT, KF_FD_ARRAY, kcall(f, 5), r0_zero(), exit_insn());
	CHECK(HOW(0), -EPROTO, KF_KFUNC_NO_MODULE, kcall(f, 1), r0_zero(), exit_insn());
}

/* calls of different functions in dead code, so that only the pass over all instructions counts */
static void dead_calls(struct bpf_insn *p, uint32_t n)
{
	p[0] = r0_zero();
	p[1] = jump((int16_t)n);
	p[n + 2] = exit_insn();
}

/* Scenario 10 */
static void too_many(void **state)
{
	static struct bpf_insn p[400];
	static int32_t fds[81];
	int32_t f = (int32_t)btf_end_id(kernel_live()->btf) + 1;
	struct how how = {.fds = fds, .n_fds = 81};

	(void)state;
	for (uint32_t i = 0; i < 80; i++)
		fds[i + 1] = FD_MANY + (int32_t)i;
	dead_calls(p, 64);
	for (int16_t i = 0; i < 64; i++)
		p[2 + i] = kcall(f, i + 1);
	check(p, 67, &how, 0, KF_OK);
	dead_calls(p, 65);
	for (int16_t i = 0; i < 65; i++)
		p[2 + i] = kcall(f, i + 1);
	check(p, 68, &how, -E2BIG, KF_TOO_MANY_BTFS);
	/* 300 calls of one function are one */
	dead_calls(p, 300);
	for (int i = 0; i < 300; i++)
		p[2 + i] = kcall(f, 1);
	check(p, 303, &how, 0, KF_OK);
	/* the 257th different one */
	dead_calls(p, 257);
	for (int i = 0; i < 257; i++)
		p[2 + i] = kcall(f + i, 1);
	check(p, 260, &how, -E2BIG, KF_TOO_MANY_KFUNCS);
	p[258] = p[257]; /* 256, and one of them twice */
	check(p, 260, &how, 0, KF_OK);
}

/* Scenario 12 */
static void poisoned(void **state)
{
	(void)state;
	CHECK(HOW(0), -EINVAL, KF_KFUNC_ABSENT, kcall(0, 0), r0_zero(), exit_insn());
	CHECK(HOW(0), 0, KF_OK, r0_zero(), jump(1), kcall(0, 0), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_KFUNC_MISSING, hcall(2002000001), r0_zero(), exit_insn());
	CHECK(HOW(0), 0, KF_OK, r0_zero(), jump(1), hcall(2002000001), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_MAP_ABSENT, hcall(2001000001), r0_zero(), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_RELO_FAILED, hcall(0xbad2310), r0_zero(), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_HELPER_UNKNOWN, hcall(2000000000), r0_zero(), exit_insn());
	CHECK(HOW(0), -EINVAL, KF_HELPER_UNKNOWN, hcall(-1), r0_zero(), exit_insn());
}

static int32_t odd_id(const char *name)
{
	int32_t id = btf_find(odd->btf, name, BTF_KIND_FUNC);

	assert_true(id > 0);
	return id;
}

/* Scenario 41 */
static void odd_prototypes(void **state)
{
	static const struct {
		const char *name;
		int err;
		enum diag_code code;
	} rows[] = {
		{"bpf_strnlen", -EINVAL, KF_TOO_MANY_ARGS},
		{"bpf_lookup_system_key", -EINVAL, KF_ACQUIRE_RET},
		{"bpf_strlen", -EFAULT, KF_KFUNC_INTERNAL},
		{"bpf_strcmp", -EINVAL, KF_KFUNC_PROTO},
		{"bpf_strchr", -EINVAL, KF_ARG_TYPE},
		{"bpf_strstr", -EINVAL, KF_RET_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bpf_insn p[] = {r0_zero(), r0_zero(), kcall(odd_id(rows[i].name), 0),
				       r0_zero(), exit_insn()};
		struct how how = {.kernel = odd};

		p[0].dst_reg = 1;
		p[1].dst_reg = 2;
		check(p, 5, &how, rows[i].err, rows[i].code);
	}
}

/* Scenario 98 */
static void destructive(void **state)
{
	int32_t crash = odd_id("crash_kexec");

	(void)state;
	CHECK(HOW(.kernel = odd), 0, KF_OK, kcall(crash, 0), r0_zero(), exit_insn());
	CHECK(HOW(.kernel = odd, .no_caps = VF_CAP_SYS_BOOT), -EACCES, KF_NEED_SYS_BOOT,
	      kcall(crash, 0), r0_zero(), exit_insn());
}

/* struct bad { struct bpf_list_head { u64 [2]; } head; }: a list without a lock */
static struct btf_obj *bad_struct(void)
{
	static const char strings[] = "\0u64\0bpf_list_head\0bad\0head";
	struct {
		struct btf_header h;
		struct btf_type u64;
		uint32_t u64_enc;
		struct btf_type array;
		struct btf_array array_of;
		struct btf_type head;
		struct btf_member head_m;
		struct btf_type bad;
		struct btf_member bad_m;
		char str[sizeof(strings)];
	} __attribute__((packed)) raw = {
		.h = {.magic = BTF_MAGIC,
		      .version = BTF_VERSION,
		      .hdr_len = sizeof(struct btf_header)},
		.u64 = {.name_off = 1, .info = BTF_KIND_INT << 24, .size = 8},
		.u64_enc = 64,
		.array = {.info = BTF_KIND_ARRAY << 24},
		.array_of = {.type = 1, .index_type = 1, .nelems = 2},
		.head = {.name_off = 5, .info = BTF_KIND_STRUCT << 24 | 1, .size = 16},
		.head_m = {.name_off = 23, .type = 2},
		.bad = {.name_off = 19, .info = BTF_KIND_STRUCT << 24 | 1, .size = 16},
		.bad_m = {.name_off = 23, .type = 3},
	};
	char why[200] = "";
	struct btf_obj *b;
	int err;

	raw.h.type_len = (uint32_t)(offsetof(typeof(raw), str) - sizeof(raw.h));
	raw.h.str_off = raw.h.type_len;
	raw.h.str_len = sizeof(strings);
	memcpy(raw.str, strings, sizeof(strings));
	b = btf_parse(&raw, sizeof(raw), NULL, "", why, sizeof(why), &err);
	if (!b)
		fail_msg("program BTF: %s", why);
	return b;
}

static void bad_object(void **state)
{
	struct btf_obj *b = bad_struct();
	struct how how = {.kernel = odd, .btf = b};
	char why[200] = "";
	struct bpf_insn p[] = {r0_zero(), kcall(odd_id("bpf_obj_new_impl"), 0), r0_zero(),
			       exit_insn()};

	(void)state;
	p[0].dst_reg = 1;
	p[0].imm = 4;
	check(p, 4, &how, -EINVAL, KF_BAD_FIELDS);
	assert_int_equal(vf_check_btf_fields(odd, b, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "struct "));
	btf_put(b);
}

static int setup(void **state)
{
	char path[1024], why[200] = "";
	int err;

	(void)state;
	snprintf(path, sizeof(path), "%s/verifier/odd.btf", getenv("KFUNC_PROGS"));
	odd = kernel_open_image(path, "6.18", why, sizeof(why), &err);
	if (!odd)
		fail_msg("%s: %s", path, why);
	module = make_module("module");
	for (uint32_t i = 0; i < 80; i++)
		many[i] = make_module("one_of_many");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kernel_put(odd);
	btf_put(module);
	for (uint32_t i = 0; i < 80; i++)
		btf_put(many[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_call),    cmocka_unit_test(licence),
		cmocka_unit_test(encoding),     cmocka_unit_test(object_without_perfmon),
		cmocka_unit_test(unprivileged), cmocka_unit_test(bad_ids),
		cmocka_unit_test(modules),      cmocka_unit_test(too_many),
		cmocka_unit_test(poisoned),     cmocka_unit_test(odd_prototypes),
		cmocka_unit_test(destructive),  cmocka_unit_test(bad_object),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
