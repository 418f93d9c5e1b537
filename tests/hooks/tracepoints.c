/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A host with tracepoints: what programs see of them, when they run and when not, and attaching and
 * detaching while other threads fire (kfunc spec 6.1, R1.12).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <kfunc/hooks.h>
#include <kfunc/libkfunc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct hooks_user {
	int uid;
};

struct hooks_conn {
	long long id;
	struct hooks_user *owner;
};

KFUNC_TRACEPOINT(hooks_request,
		 TP_PROTO(struct hooks_conn *c, const struct hooks_user *user__nullable, int state,
			  unsigned char b),
		 TP_ARGS(c, user__nullable, state, b));

KFUNC_TRACEPOINT(hooks_many,
		 TP_PROTO(u8 a, u16 b, u32 c, u64 d, s8 e, s16 f, s32 g, s64 h, bool i, void *j,
			  const char *k, enum bpf_cmd l),
		 TP_ARGS(a, b, c, d, e, f, g, h, i, j, k, l));

typedef void (*btf_trace_hooks_undeclared)(void *data, struct hooks_conn *c);

__bpf_kfunc_start_defs();

__bpf_kfunc int hooks_score(struct hooks_conn *c)
{
	return (int)c->id * 2;
}

__bpf_kfunc int hooks_score_user(struct hooks_user *u)
{
	return u->uid;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(hooks_kfuncs)
BTF_ID_FLAGS(func, hooks_score, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, hooks_score_user, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(hooks_kfuncs)

static const struct btf_kfunc_id_set hooks_set = {.owner = THIS_MODULE, .set = &hooks_kfuncs};

static int hooks_init(void)
{
	BTF_TYPE_EMIT(btf_trace_hooks_undeclared);
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &hooks_set);
}
late_initcall(hooks_init);

struct seen {
	u64 runs, with_user, sum_id, sum_state, last_byte, score, many;
};

static struct hooks_user user = {.uid = 7};
static struct hooks_conn conn = {.id = 100, .owner = &user};

static struct kfunc_object *load(const char *only)
{
	struct kfunc_object *obj = kfunc_object__open_file(PROGS "/tracepoints.bpf.o", NULL);
	struct kfunc_program *p = NULL;

	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p)))
		if (only && strcmp(kfunc_program__name(p), only))
			kfunc_program__set_autoload(p, false);
	if (kfunc_object__load(obj)) {
		fprintf(stderr, "%s\n", kfunc_object__error(obj));
		for (p = NULL; (p = kfunc_object__next_program(obj, p));) {
			KFUNC_OPTS(kfunc_report, r);

			if (!kfunc_program__report(p, &r))
				fprintf(stderr, "%s", r.text);
		}
		fail();
	}
	return obj;
}

static struct seen seen_by(struct kfunc_object *obj)
{
	u32 zero = 0;
	struct seen s;

	assert_int_equal(kfunc_map__lookup(kfunc_object__find_map(obj, "seen"), &zero, &s, 0), 0);
	return s;
}

static void test_registered(void **state)
{
	(void)state;
	assert_int_equal(kfunc_init_errors(NULL, NULL), 0);
	assert_int_equal(kfunc_tp_hooks_request.active, 0);
	assert_int_equal(kfunc_tp_hooks_request.nonnull, 1);
	assert_int_equal(kfunc_tp_hooks_request.n_args, 4);
	assert_int_equal(kfunc_tp_hooks_many.n_args, 12);
	assert_int_equal(kfunc_tp_hooks_many.nonnull, 0);
	/* a second time, and another with that name */
	assert_int_equal(kfunc_tracepoint_register(&kfunc_tp_hooks_request), -EEXIST);
}

static void test_refused(void **state)
{
	struct kfunc_tracepoint tp = kfunc_tp_hooks_request;

	(void)state;
	tp.name = "hooks_not_there";
	assert_int_equal(kfunc_tracepoint_register(&tp), -ENOENT);
	assert_non_null(strstr(kfunc_register_error(), "hooks_not_there"));
	tp.name = "task_newtask";
	assert_int_equal(kfunc_tracepoint_register(&tp), -EEXIST);
	tp.name = "hooks_undeclared"; /* without its function */
	assert_int_equal(kfunc_tracepoint_register(&tp), -ENOENT);
	tp.owner = NULL;
	assert_int_equal(kfunc_tracepoint_register(&tp), -EINVAL);
	tp.size--;
	assert_int_equal(kfunc_tracepoint_register(&tp), -EINVAL);
}

static void test_values(void **state)
{
	struct kfunc_object *obj = load(NULL);
	struct kfunc_link *l, *many;
	struct seen s;

	(void)state;
	trace_hooks_request(&conn, &user, -3, 250); /* nothing attached: nobody sees it */
	l = kfunc_program__attach(kfunc_object__find_program(obj, "on_request"));
	assert_non_null(l);
	assert_int_equal(kfunc_tp_hooks_request.active, 1);
	assert_int_equal(kfunc_tp_hooks_many.active, 0);
	trace_hooks_request(&conn, &user, -3, 250);
	trace_hooks_request(&conn, NULL, 1, 251);
	s = seen_by(obj);
	assert_int_equal(s.runs, 2);
	assert_int_equal(s.sum_id, 200);
	assert_int_equal(s.with_user, 7);
	assert_int_equal((s64)s.sum_state, -2);
	assert_int_equal(s.last_byte, 251);
	assert_int_equal(s.score, 400);
	/* broken promise: no program sees it */
	trace_hooks_request(NULL, &user, 1, 0);
	assert_int_equal(kfunc_tp_hooks_request.missed, 1);
	assert_int_equal(seen_by(obj).runs, 2);

	many = kfunc_program__attach(kfunc_object__find_program(obj, "on_many"));
	assert_non_null(many);
	trace_hooks_many(1, 2, 3, 4, 5, 6, 7, 8, true, (void *)10, (const char *)11,
			 (enum bpf_cmd)12);
	assert_int_equal(seen_by(obj).many,
			 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + 9 + 100 + 121 + 144);
	/* narrow arguments are zero-extended, as a kernel does it */
	trace_hooks_many(0, 0, 0, 0, -1, 0, 0, 0, false, NULL, NULL, (enum bpf_cmd)0);
	assert_int_equal(seen_by(obj).many, 5 * 255);

	assert_int_equal(kfunc_link__destroy(l), 0);
	assert_int_equal(kfunc_tp_hooks_request.active, 0);
	trace_hooks_request(&conn, &user, 1, 0);
	assert_int_equal(seen_by(obj).runs, 2);
	assert_int_equal(kfunc_link__destroy(many), 0);
	kfunc_object__close(obj);
}

static void test_boundary(void **state)
{
	struct kfunc_object *obj = load(NULL);
	union bpf_attr a;
	long fd, second;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.link_create.prog_fd = kfunc_program__fd(kfunc_object__find_program(obj, "on_request"));
	a.link_create.attach_type = BPF_TRACE_RAW_TP;
	fd = kfunc_bpf(BPF_LINK_CREATE, &a, sizeof(a));
	assert_true(fd >= 0);
	assert_int_equal(kfunc_bpf(BPF_LINK_CREATE, &a, sizeof(a)), -EEXIST);
	memset(&a, 0, sizeof(a));
	a.raw_tracepoint.prog_fd =
		kfunc_program__fd(kfunc_object__find_program(obj, "raw_request"));
	a.raw_tracepoint.name = (uintptr_t)"hooks_request";
	second = kfunc_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
	assert_true(second >= 0);
	trace_hooks_request(&conn, &user, 10, 0);
	assert_int_equal(seen_by(obj).runs, 11);
	kfunc_close((int)fd);
	trace_hooks_request(&conn, &user, 10, 0);
	assert_int_equal(seen_by(obj).runs, 21);
	assert_int_equal(kfunc_tp_hooks_request.active, 1);
	kfunc_close((int)second);
	assert_int_equal(kfunc_tp_hooks_request.active, 0);
	kfunc_object__close(obj);
}

static void test_run(void **state)
{
	struct kfunc_object *obj = load("on_request");
	struct kfunc_program *p = kfunc_object__find_program(obj, "on_request");
	u64 args[4] = {(uintptr_t)&conn, 0, 5, 6};
	KFUNC_OPTS(kfunc_run_opts, o);

	(void)state;
	o.ctx_in = args;
	o.ctx_size_in = sizeof(args);
	assert_int_equal(kfunc_program__run(p, &o), 0);
	assert_int_equal(seen_by(obj).sum_state, 5);
	args[0] = 0; /* it is followed without a look, the second one is not */
	assert_int_equal(kfunc_program__run(p, &o), -EINVAL);
	assert_int_equal(seen_by(obj).runs, 1);
	args[0] = (uintptr_t)&conn;
	o.ctx_size_in = 8; /* less than the program reads */
	assert_int_equal(kfunc_program__run(p, &o), -EINVAL);
	kfunc_object__close(obj);
}

static const struct {
	const char *name;
	int err;
	const char *word;
} bad[] = {
	{"nullable_unchecked", -EACCES, "NULL"}, {"walked", -EINVAL, ""},
	{"writes", -EACCES, "read-only"},        {"writes_object", -EACCES, ""},
	{"fifth", -EACCES, "no argument"},       {"undeclared", -EACCES, "NULL"},
};

static void test_bad(void **state)
{
	struct kfunc_object *obj = kfunc_object__open_file(PROGS "/tracepoints_bad.bpf.o", NULL);
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_non_null(obj);
	assert_int_equal(kfunc_object__check(obj), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kfunc_program *p = kfunc_object__find_program(obj, bad[i].name);

		assert_non_null(p);
		assert_int_equal(kfunc_program__report(p, &r), 0);
		if (r.verdict != KFUNC_REJECT || r.err != bad[i].err ||
		    !strstr(r.message, bad[i].word))
			fail_msg("%s: verdict %d, %d: %s", bad[i].name, r.verdict, r.err, r.text);
	}
	kfunc_object__close(obj);
}

/* ---- threads ---- */

static atomic_bool stop;
static atomic_ullong fired;

static void *firing(void *arg)
{
	struct hooks_user mine = {.uid = 1};
	struct hooks_conn c = {.id = 1, .owner = &mine};
	u64 n = 0;

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		trace_hooks_request(&c, n & 1 ? &mine : NULL, 1, (unsigned char)n);
		n++;
	}
	atomic_fetch_add(&fired, n);
	return NULL;
}

static void test_threads(void **state)
{
	struct kfunc_object *obj = load("on_request");
	struct kfunc_program *p = kfunc_object__find_program(obj, "on_request");
	struct seen before, after;
	pthread_t t[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, firing, NULL), 0);
	for (int i = 0; i < 200; i++) {
		struct kfunc_link *l = kfunc_program__attach(p);

		assert_non_null(l);
		usleep(500);
		assert_int_equal(kfunc_link__destroy(l), 0);
		/* detached means that nothing runs any more */
		before = seen_by(obj);
		usleep(200);
		after = seen_by(obj);
		assert_memory_equal(&before, &after, sizeof(before));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	after = seen_by(obj);
	assert_true(after.runs > 0);
	assert_true(after.runs <= atomic_load(&fired));
	assert_int_equal(after.runs, after.sum_id);
	assert_int_equal(after.runs, after.sum_state);
	assert_int_equal(after.runs * 2, after.score);
	kfunc_object__close(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registered), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_values),     cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_run),        cmocka_unit_test(test_bad),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
