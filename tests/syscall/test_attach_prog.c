/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs that attach to programs (verifier spec R1.14, R3.21; scenario 117): extensions, fentry and
 * fexit, loaded as users of libbpf do. No machine that the project is built on lets anybody load
 * these kinds into its kernel (EPERM), so the verdicts are those of the specification.
 */
#include "lib/bpf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "syscall/uapi.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct bpf_object;
struct bpf_program;

/* libbpf's headers are not among the tests' include directories */
struct bpf_object *bpf_object__open(const char *path);
int bpf_object__load(struct bpf_object *obj);
void bpf_object__close(struct bpf_object *obj);
struct bpf_program *bpf_object__next_program(const struct bpf_object *obj,
					     struct bpf_program *prev);
struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj,
						     const char *name);
const char *bpf_program__name(const struct bpf_program *prog);
int bpf_program__fd(const struct bpf_program *prog);
int bpf_program__set_autoload(struct bpf_program *prog, bool autoload);
int bpf_program__set_attach_target(struct bpf_program *prog, int fd, const char *func);

struct seen {
	int err;
	enum diag_code code;
};

static unsigned int watch(void *ctx, const struct syscall_load *load)
{
	struct seen *seen = ctx;

	seen->err = load->report->err;
	seen->code = load->report->code;
	return 0;
}

/* the object with one program of it that is to be loaded */
static struct bpf_object *open_for(const char *file, const char *name, struct bpf_program **prog)
{
	struct bpf_object *obj;
	char path[1024];

	snprintf(path, sizeof(path), "%s/syscall/progs/%s.bpf.o", getenv("KFUNC_PROGS"), file);
	obj = bpf_object__open(path);
	assert_non_null(obj);
	for (struct bpf_program *p = NULL; (p = bpf_object__next_program(obj, p));)
		assert_int_equal(bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name)),
				 0);
	*prog = bpf_object__find_program_by_name(obj, name);
	if (!*prog)
		fail_msg("no program %s in %s", name, file);
	return obj;
}

/* prog goes onto func of the program target_fd; the object if it was accepted */
static struct bpf_object *attach(const char *prog, int target_fd, const char *func,
				 struct seen *seen)
{
	struct bpf_program *p;
	struct bpf_object *obj = open_for("attach_prog", prog, &p);
	int err;

	assert_int_equal(bpf_program__set_attach_target(p, target_fd, func), 0);
	memset(seen, 0, sizeof(*seen));
	assert_int_equal(syscall_set_prog_load_observer(watch, seen), 0);
	err = bpf_object__load(obj);
	syscall_set_prog_load_observer(NULL, NULL);
	assert_int_equal(err, seen->err);
	if (!err)
		return obj;
	bpf_object__close(obj);
	return NULL;
}

static int fd_in(struct bpf_object *obj, const char *prog)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, prog));
}

struct pairing {
	const char *target, *func, *prog;
	int err;
	enum diag_code code;
};

static void check(const struct pairing *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bpf_program *p;
		struct bpf_object *target = open_for("targets", rows[i].target, &p), *obj;
		struct seen seen;

		assert_int_equal(bpf_object__load(target), 0);
		obj = attach(rows[i].prog, bpf_program__fd(p), rows[i].func, &seen);
		if (seen.err != rows[i].err || seen.code != rows[i].code)
			fail_msg("%s onto %s of %s: %d KF%04d", rows[i].prog, rows[i].func,
				 rows[i].target, seen.err, seen.code);
		bpf_object__close(obj);
		bpf_object__close(target);
	}
}

#define BAD -EINVAL, KF_ATTACH_TARGET_BAD

/* scenario 117: a global function with the same prototype, by the rules of the target's type */
static void replaces(void **state)
{
	static const struct pairing rows[] = {
		{"packet", "global_len", "new_len", 0, KF_OK},
		{"packet", "global_len", "new_bytes", 0, KF_OK},
		{"packet", "global_pair", "new_pair", 0, KF_OK},
		{"packet", "packet", "quiet", 0, KF_OK},
		{"frames", "frames", "quiet_frames", 0, KF_OK},
		{"allows", "verdict", "returns_one", 0, KF_OK},
		{"packet", "global_len", "unsigned_more", 0, KF_OK},
		{"packet", "global_len", "xdp_helper", -EINVAL, KF_HELPER_HIDDEN},
		/* R3.21: arguments are those of a global function, so they may be NULL */
		{"packet", "global_pair", "new_pair_unchecked", -EACCES, KF_NULL_DEREF},
		/* what it returns its target returns */
		{"allows", "verdict", "returns_two", -EINVAL, KF_BAD_RETURN},
		{"packet", "packet", "returns_two", 0, KF_OK},
	};

	(void)state;
	check(rows, LEN(rows));
}

/* scenario 117, R1.14: count, sizes of numbers, names of structs, global on both sides */
static void prototypes(void **state)
{
	static const struct pairing rows[] = {
		{"packet", "static_len", "new_len", BAD},
		{"packet", "global_len", "quiet", BAD},
		{"packet", "global_len", "one_more", BAD},
		{"packet", "global_len", "long_more", BAD},
		{"packet", "global_len", "of_frames", BAD},
		{"packet", "global_len", "pointer_result", BAD},
		{"packet", "global_len", "long_result", 0, KF_OK}, /* any integer */
		{"packet", "global_pair", "new_couple", BAD},
		{"packet", "global_number", "new_number", BAD}, /* no struct */
		{"packet", "global_pair", "new_number", BAD},
		/* not a part of the program, and not of the one that was loaded */
		{"reads_only", "global_never", "quiet", BAD},
		{"reads_only", "global_len", "new_len", BAD},
		/* the main function of a program takes its context */
		{"without_context", "without_context", "new_without_context", BAD},
		{"throws", "on_throw", "new_callback", BAD},
		{"throws", "throws", "quiet", 0, KF_OK},
	};

	(void)state;
	check(rows, LEN(rows));
}

/* scenario 117, R1.14: what the callers of the replaced function rely on */
static void packets_change(void **state)
{
	static const struct pairing rows[] = {
		{"packet", "global_pull", "pulls", 0, KF_OK},
		{"packet", "global_pull", "quiet", 0, KF_OK},
		{"packet", "packet", "pulls", 0, KF_OK}, /* what it calls does */
		{"reads_only", "reads_only", "quiet", 0, KF_OK},
		{"reads_only", "reads_only", "pulls", BAD},
		{"reads_only", "reads_only", "pulls_below", BAD},
		{"reads_only", "reads_only", "jumps_on", BAD},
		{"packet", "packet", "jumps_on", 0, KF_OK},
		{"frames", "frames", "new_frames", BAD},
	};

	(void)state;
	check(rows, LEN(rows));
}

/* R1.14: programs attached to functions of programs, what they get to see (11.4) */
static void traces(void **state)
{
	static const struct pairing rows[] = {
		{"packet", "global_len", "enters", 0, KF_OK},
		{"packet", "global_len", "enters_len", 0, KF_OK},
		{"packet", "static_len", "enters_len", 0, KF_OK},
		{"frames", "frames", "enters_frames", 0, KF_OK},
		{"frames", "frames", "enters_len", -EACCES, KF_BTF_OOB},
		{"packet", "global_len", "enters_result", -EACCES, KF_CTX_ACCESS},
		{"packet", "global_len", "leaves_result", 0, KF_OK},
		{"packet", "global_len", "leaves_beyond", -EACCES, KF_CTX_ACCESS},
		/* pointers other than the context */
		{"packet", "global_pair", "enters_pair", -EACCES, KF_CTX_ACCESS},
		{"packet", "global_number", "enters_pair", 0, KF_OK},
		{"packet", "global_number", "follows", -EACCES, KF_SCALAR_DEREF},
		/* five numbers, where calls do not keep to the types */
		{"packet", "static_cheated", "enters_pair", 0, KF_OK},
		{"packet", "static_cheated", "enters_fourth", 0, KF_OK},
		{"packet", "static_cheated", "enters_fifth", -EACCES, KF_CTX_ACCESS},
		{"packet", "static_cheated", "leaves_fifth", 0, KF_OK},
		{"packet", "static_cheated", "follows", -EACCES, KF_SCALAR_DEREF},
		{"packet", "static_pair", "enters_pair", 0, KF_OK},
		{"packet", "static_pair", "follows", -EACCES, KF_SCALAR_DEREF},
		{"without_context", "without_context", "enters_fourth", 0, KF_OK},
		/* a callback: nobody knows, so what holds either way */
		{"packet", "each", "enters", 0, KF_OK},
		{"packet", "each", "enters_pair", 0, KF_OK},
		{"packet", "each", "leaves_result", 0, KF_OK},
		{"packet", "each", "enters_fourth", -SYS_ENOTSUPP, KF_UNSUPPORTED},
		{"packet", "each", "enters_fifth", -EACCES, KF_CTX_ACCESS},
		/* not there, or not this way */
		{"reads_only", "global_never", "enters", BAD},
		{"throws", "on_throw", "enters", BAD},
		{"packet", "global_len", "sleeps", BAD},
		{"packet", "global_len", "modifies", BAD},
	};

	(void)state;
	check(rows, LEN(rows));
}

/* R1.14: no chains: extensions of extensions, of tracing programs; tracing is one level deep */
static void chains(void **state)
{
	static const struct {
		const char *first, *second;
		int err;
	} rows[] = {
		{"new_len", "new_len", -EINVAL},  {"new_len", "enters_len", 0},
		{"new_len", "leaves_result", 0},  {"enters", "enters", 0},
		{"enters", "new_typed", -EINVAL}, {"leaves_result", "new_typed", -EINVAL},
	};
	struct bpf_object *target, *first, *second, *third;
	struct bpf_program *p;
	struct seen seen;

	(void)state;
	target = open_for("targets", "packet", &p);
	assert_int_equal(bpf_object__load(target), 0);
	for (size_t i = 0; i < LEN(rows); i++) {
		first = attach(rows[i].first, bpf_program__fd(p), "global_len", &seen);
		assert_non_null(first);
		second = attach(rows[i].second, fd_in(first, rows[i].first), rows[i].first, &seen);
		if (seen.err != rows[i].err)
			fail_msg("%s onto %s: %d KF%04d", rows[i].second, rows[i].first, seen.err,
				 seen.code);
		bpf_object__close(first); /* what is attached holds its target */
		bpf_object__close(second);
	}
	first = attach("enters", bpf_program__fd(p), "global_len", &seen);
	second = attach("enters", fd_in(first, "enters"), "enters", &seen);
	assert_int_equal(seen.err, 0);
	third = attach("enters", fd_in(second, "enters"), "enters", &seen);
	assert_null(third);
	assert_int_equal(seen.code, KF_ATTACH_TARGET_BAD);
	bpf_object__close(first);
	bpf_object__close(second);
	bpf_object__close(target);
}

/* R1.14: what is interpreted, as on a machine without a code generator, has no place to attach to */
static void interpreted(void **state)
{
	struct bpf_object *target, *obj;
	struct bpf_program *p;
	struct jit_code *jit;
	struct rt_prog *prog;
	struct seen seen;
	int err;

	(void)state;
	target = open_for("targets", "packet", &p);
	assert_int_equal(bpf_object__load(target), 0);
	prog = syscall_prog_by_fd(bpf_program__fd(p), &err);
	assert_non_null(prog);
	jit = prog->jit;
	assert_non_null(jit);
	prog->jit = NULL;
	obj = attach("quiet", bpf_program__fd(p), "packet", &seen);
	assert_null(obj);
	assert_int_equal(seen.err, -EINVAL);
	obj = attach("enters", bpf_program__fd(p), "packet", &seen);
	assert_null(obj);
	assert_int_equal(seen.err, -EINVAL);
	prog->jit = jit;
	rt_prog_put(prog);
	bpf_object__close(target);
}

/* up to 6.8 not even one level deep */
static void older(void **state)
{
	struct bpf_object *target, *first;
	struct bpf_program *p;
	struct kfunc_kernel *k;
	struct seen seen;
	char path[1024], why[200];
	int err;

	(void)state;
	snprintf(path, sizeof(path), "%s/verifier/image.btf", getenv("KFUNC_PROGS"));
	for (int newer = 0; newer < 2; newer++) {
		k = kernel_open_image(path, newer ? "6.12" : "6.7", why, sizeof(why), &err);
		if (!k)
			fail_msg("%s", why);
		assert_int_equal(syscall_set_kernel(k), 0);
		target = open_for("targets", "packet", &p);
		assert_int_equal(bpf_object__load(target), 0);
		first = attach("enters", bpf_program__fd(p), "global_len", &seen);
		assert_non_null(first);
		bpf_object__close(attach("enters", fd_in(first, "enters"), "enters", &seen));
		assert_int_equal(seen.err, newer ? 0 : -EINVAL);
		bpf_object__close(first);
		bpf_object__close(target);
		syscall_set_kernel(NULL);
		kernel_put(k);
	}
}

/* a program whose context is described by a prototype: said not to be there */
static void typed_context(void **state)
{
	static const struct pairing rows[] = {
		{"typed", "typed", "new_typed", BAD}, /* no pointer to a struct */
		{"typed", "typed", "enters_pair", 0, KF_OK},
		{"typed", "typed", "enters_result", -SYS_ENOTSUPP, KF_UNSUPPORTED},
	};

	(void)state;
	check(rows, LEN(rows));
}

static int info(int fd, struct bpf_prog_info *out)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	memset(out, 0, sizeof(*out));
	a.info.bpf_fd = fd;
	a.info.info_len = sizeof(*out);
	a.info.info = (uintptr_t)out;
	return kfunc_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));
}

/* Such programs are verified and described; nothing here runs or attaches them. */
static void not_run(void **state)
{
	struct bpf_object *target, *obj;
	struct bpf_prog_info of, on;
	struct bpf_program *p;
	struct seen seen;
	union bpf_attr a;
	int fd;

	(void)state;
	target = open_for("targets", "packet", &p);
	assert_int_equal(bpf_object__load(target), 0);
	obj = attach("quiet", bpf_program__fd(p), "packet", &seen);
	assert_non_null(obj);
	fd = fd_in(obj, "quiet");
	assert_int_equal(info(fd, &of), 0);
	assert_int_equal(info(bpf_program__fd(p), &on), 0);
	assert_int_equal(of.type, BPF_PROG_TYPE_EXT);
	assert_int_equal(of.attach_btf_obj_id, on.btf_id);
	assert_int_not_equal(of.attach_btf_id, 0);
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = fd;
	assert_true((int)kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)) < 0);
	memset(&a, 0, sizeof(a));
	a.link_create.prog_fd = fd;
	a.link_create.target_fd = bpf_program__fd(p);
	assert_int_equal((int)kfunc_bpf(BPF_LINK_CREATE, &a, sizeof(a)), -EOPNOTSUPP);
	bpf_object__close(obj);
	bpf_object__close(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces),       cmocka_unit_test(prototypes),
		cmocka_unit_test(packets_change), cmocka_unit_test(traces),
		cmocka_unit_test(chains),         cmocka_unit_test(interpreted),
		cmocka_unit_test(older),          cmocka_unit_test(typed_context),
		cmocka_unit_test(not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
