/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The embedding API: options that grow, errors of opening, states of an object, reports. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kfunc/libkfunc.h"
#include "loader/loader.h"

static const char *progs(const char *name)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/%s", getenv("KFUNC_PROGS"), name);
	return path;
}

static struct kfunc_object *open_pair(void)
{
	return kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), NULL);
}

static void *read_pair(size_t *size)
{
	char why[100];
	void *data;

	assert_int_equal(loader_read_file(progs("cli/progs/pair.bpf.o"), &data, size, why,
					  sizeof(why)),
			 0);
	return data;
}

static void options_grow(void **state)
{
	struct {
		struct kfunc_object_opts known;
		char more[16];
	} newer = {.known = {.sz = sizeof(newer)}};
	KFUNC_OPTS(kfunc_object_opts, opts);
	struct kfunc_object *obj;

	(void)state;
	obj = kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &newer.known);
	assert_non_null(obj);
	kfunc_object__close(obj);
	newer.more[15] = 1;
	assert_null(kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &newer.known));
	assert_int_equal(errno, E2BIG);
	opts.sz = 4;
	assert_null(kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &opts));
	assert_int_equal(errno, EINVAL);
	/* an older caller's struct ends early */
	opts.sz = offsetof(struct kfunc_object_opts, kernel);
	opts.name = (const char *)1;
	obj = kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &opts);
	assert_non_null(obj);
	assert_string_equal(kfunc_object__name(obj), "pair");
	kfunc_object__close(obj);
}

static void results_grow(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p;
	struct kfunc_report r;

	(void)state;
	assert_int_equal(kfunc_object__check(obj), 0);
	p = kfunc_object__find_program(obj, "balanced");
	memset(&r, 0xff, sizeof(r));
	r.sz = offsetof(struct kfunc_report, err);
	assert_int_equal(kfunc_program__report(p, &r), 0);
	assert_int_equal(r.verdict, KFUNC_ACCEPT);
	assert_int_equal(r.err, -1); /* behind what the caller has room for */
	assert_int_equal(r.sz, offsetof(struct kfunc_report, err));
	kfunc_object__close(obj);
}

static void from_memory(void **state)
{
	KFUNC_OPTS(kfunc_object_opts, opts, .name = "pair");
	struct kfunc_object *obj;
	size_t size;
	char *data = read_pair(&size);

	(void)state;
	assert_null(kfunc_object__open_mem(data, size, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kfunc_object__open_mem(data, 100, &opts));
	assert_int_equal(errno, ENOEXEC);
	obj = kfunc_object__open_mem(data, size, &opts);
	memset(data, 0, size); /* it was copied */
	mem_free(data);
	assert_non_null(obj);
	assert_int_equal(kfunc_object__check(obj), 0);
	kfunc_object__close(obj);
}

static void errors_have_words(void **state)
{
	char why[80];
	KFUNC_OPTS(kfunc_object_opts, opts, .error = why, .error_size = sizeof(why));

	(void)state;
	assert_null(kfunc_object__open_file("/no/such/file", &opts));
	assert_int_equal(errno, ENOENT);
	assert_true(why[0]);
	assert_null(kfunc_object__open_file("/tmp", &opts));
	assert_int_equal(errno, EISDIR);
	assert_null(kfunc_object__open_file("/bin/true", &opts));
	assert_int_equal(errno, ENOEXEC);
	assert_null(kfunc_object__open_file("/bin/true", NULL));
	assert_int_equal(errno, ENOEXEC);
}

/* The first function's prototype gets a type that does not exist; libbpf would follow it. */
static void types_are_checked_first(void **state)
{
	char why[120] = "";
	KFUNC_OPTS(kfunc_object_opts, opts, .name = "pair", .error = why,
		   .error_size = sizeof(why));
	uint32_t *w, i;
	size_t size;
	char *data = read_pair(&size), *btf;

	(void)state;
	btf = memmem(data, size, "\x9f\xeb\x01\x00", 4);
	assert_non_null(btf);
	w = (uint32_t *)(btf + ((uint32_t *)btf)[1]); /* the first type: a pointer */
	assert_int_equal(BTF_INFO_KIND(w[1]), BTF_KIND_PTR);
	w[2] = 60000;
	assert_null(kfunc_object__open_mem(data, size, &opts));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(why, "60000"));
	/* an offset that leads out of the file */
	for (i = 0; i < 2; i++) {
		((Elf64_Ehdr *)data)->e_shoff = i ? size - 8 : UINT64_MAX - 63;
		assert_null(kfunc_object__open_mem(data, size, &opts));
		assert_int_equal(errno, ENOEXEC);
	}
	mem_free(data);
}

static void one_check_per_object(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p = kfunc_object__find_program(obj, "balanced"), *q;
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_null(kfunc_object__find_program(obj, "nobody"));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(kfunc_program__report(p, &r), -ENOENT);
	assert_int_equal(kfunc_program__fd(p), -ENOENT);
	assert_null(kfunc_program__attach(p));
	assert_int_equal(errno, ENOENT);
	q = kfunc_object__next_program(obj, p);
	assert_string_equal(kfunc_program__name(q), "leaking");
	assert_null(kfunc_object__next_program(obj, q));
	assert_int_equal(kfunc_program__set_autoload(q, false), 0);
	assert_int_equal(kfunc_object__check(obj), 0);
	assert_int_equal(kfunc_program__report(p, &r), 0);
	assert_int_equal(kfunc_program__report(q, &r), -ENOENT);
	assert_int_equal(kfunc_program__set_autoload(q, true), -EALREADY);
	assert_int_equal(kfunc_program__add_flags(q, 1), -EALREADY);
	assert_int_equal(kfunc_object__check(obj), -EALREADY);
	assert_int_equal(kfunc_object__load(obj), -EALREADY);
	assert_int_equal(kfunc_program__fd(p), -ENOENT);
	kfunc_object__close(obj);
}

static void load_stops_at_a_rejection(void **state)
{
	struct kfunc_object *obj = open_pair();
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_int_equal(kfunc_object__load(obj), -EINVAL);
	assert_non_null(strstr(kfunc_object__error(obj), "leaking"));
	assert_int_equal(kfunc_program__report(kfunc_object__find_program(obj, "leaking"), &r), 0);
	assert_int_equal(r.verdict, KFUNC_REJECT);
	assert_int_equal(r.code, KF_REF_LEAK);
	assert_non_null(strstr(r.text, "error[KF0412]"));
	kfunc_object__close(obj);
}

static void load_without_the_bad_one(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p = kfunc_object__find_program(obj, "balanced");
	struct kfunc_link *link;

	(void)state;
	kfunc_program__set_autoload(kfunc_object__find_program(obj, "leaking"), false);
	assert_int_equal(kfunc_object__load(obj), 0);
	assert_string_equal(kfunc_object__error(obj), "");
	assert_true(kfunc_program__fd(p) >= 0);
	link = kfunc_program__attach(p);
	assert_non_null(link);
	assert_int_equal(kfunc_link__destroy(link), 0);
	kfunc_object__close(obj);
}

/* they load, but there is nothing here that they could be attached to */
static void places_in_other_programs(void **state)
{
	static const char *const names[] = {"at_mark", "at_function"};
	struct kfunc_object *obj;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/loader/progs/elsewhere.bpf.o", getenv("KFUNC_PROGS"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	assert_int_equal(kfunc_object__load(obj), 0);
	for (int i = 0; i < 4; i++) { /* once more, too */
		errno = 0;
		assert_null(kfunc_program__attach(kfunc_object__find_program(obj, names[i % 2])));
		assert_int_equal(errno, ENOTSUP);
	}
	kfunc_object__close(obj);
}

/* no other verdict for want of memory */
static void same_verdict(const struct kfunc_object *obj, const char *name, uint64_t n, int err,
			 unsigned int code)
{
	struct kfunc_report r = {.sz = sizeof(r)};

	assert_int_equal(kfunc_program__report(kfunc_object__find_program(obj, name), &r), 0);
	if (r.err == -ENOMEM && r.verdict != KFUNC_ACCEPT)
		return;
	if (r.verdict != (err ? KFUNC_REJECT : KFUNC_ACCEPT) || r.err != err || r.code != code)
		fail_msg("allocation %llu, %s: %d, %d, KF%04u: %s", (unsigned long long)n, name,
			 r.verdict, r.err, r.code, r.message);
}

/* what was not opened or not found is an error for what comes next, and no crash */
static void nothing_there(void **state)
{
	KFUNC_OPTS(kfunc_report, r);
	uint32_t key = 0;

	(void)state;
	assert_int_equal(kfunc_object__load(NULL), -EINVAL);
	assert_int_equal(kfunc_object__check(NULL), -EINVAL);
	assert_string_equal(kfunc_object__error(NULL), "");
	assert_null(kfunc_object__find_program(NULL, "x"));
	assert_int_equal(errno, ENOENT);
	assert_null(kfunc_object__next_program(NULL, NULL));
	assert_null(kfunc_object__find_map(NULL, "x"));
	assert_int_equal(kfunc_program__fd(NULL), -ENOENT);
	assert_true(kfunc_program__run(NULL, NULL) < 0);
	assert_null(kfunc_program__attach(NULL));
	assert_int_equal(kfunc_program__report(NULL, &r), -ENOENT);
	assert_int_equal(kfunc_map__fd(NULL), -ENOENT);
	assert_int_equal(kfunc_map__lookup(NULL, &key, &key, 0), -ENOENT);
	assert_int_equal(kfunc_link__fd(NULL), -EINVAL);
	assert_null(kfunc_object__open_file(NULL, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kfunc_kernel__open_image(NULL, NULL));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(kfunc_object__name(NULL), "");
	assert_string_equal(kfunc_object__warnings(NULL), "");
	assert_string_equal(kfunc_program__name(NULL), "");
	assert_string_equal(kfunc_program__section(NULL), "");
	assert_string_equal(kfunc_program__type_name(NULL), "unspec");
	assert_int_equal(kfunc_program__type(NULL), 0);
	assert_int_equal(kfunc_program__set_autoload(NULL, true), -EINVAL);
	assert_int_equal(kfunc_program__add_flags(NULL, 1), -EINVAL);
	assert_int_equal(kfunc_program__line_stats(NULL, 0, NULL), -ENOENT);
	assert_null(kfunc_object__next_map(NULL, NULL));
	assert_string_equal(kfunc_map__name(NULL), "");
	assert_int_equal(kfunc_map__type(NULL) + kfunc_map__key_size(NULL) +
				 kfunc_map__value_size(NULL) + kfunc_map__max_entries(NULL),
			 0);
	assert_int_equal(kfunc_link__update_map(NULL, NULL), -EINVAL);
	assert_string_equal(kfunc_kernel__release(NULL), "");
	assert_false(kfunc_kernel__is_live(NULL));
}

/* Every allocation of open and check fails once; nothing leaks (ASan) and nothing breaks. */
static void allocations_fail(void **state)
{
	uint64_t n;
	int done = 0;

	(void)state;
	kfunc_object__close(open_pair()); /* the live kernel exists */
	for (n = 1; n < 400 && done < 3; n++) {
		struct kfunc_object *obj;
		int err = 0;

		mem_fail_at(n);
		obj = open_pair();
		if (obj)
			err = kfunc_object__check(obj);
		done = mem_fail_pending() ? done + 1 : 0;
		mem_fail_at(0);
		if (!obj)
			assert_int_equal(errno, ENOMEM);
		else
			assert_true(err == 0 || err == -ENOMEM);
		if (obj && !err) {
			same_verdict(obj, "balanced", n, 0, 0);
			same_verdict(obj, "leaking", n, -EINVAL, 412);
		}
		kfunc_object__close(obj);
	}
}

/* 0 or err; whatever happens, the host's own descriptor 0 stays open and is nobody's program. */
static void load_or(int err, uint64_t n, void (*limit)(uint64_t n), bool *failed, bool *pending)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p = kfunc_object__find_program(obj, "balanced");
	int got;

	kfunc_program__set_autoload(kfunc_object__find_program(obj, "leaking"), false);
	limit(n);
	got = kfunc_object__load(obj);
	*pending = mem_fail_pending();
	limit(0);
	if (got && got != err)
		fail_msg("%llu: %d, not %d: %s", (unsigned long long)n, got, err,
			 kfunc_object__error(obj));
	assert_int_equal(got != 0, kfunc_object__error(obj)[0] != '\0' || (got && err == -ENOMEM));
	if (!got)
		assert_true(kfunc_program__fd(p) > 2);
	else
		assert_true(kfunc_program__fd(p) < 0);
	kfunc_object__close(obj);
	assert_true(fcntl(0, F_GETFD) >= 0);
	*failed = got != 0;
}

static void limit_descriptors(uint64_t n)
{
	static struct rlimit plain;
	struct rlimit few;

	if (n) {
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &plain), 0);
		few = (struct rlimit){n, plain.rlim_max};
	} else {
		few = plain;
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void allocations_of_load_fail(void **state)
{
	uint64_t n, fails = 0;
	int done = 0;
	bool failed, pending;

	(void)state;
	kfunc_object__close(open_pair());
	for (n = 1; n < 400 && done < 3; n++) {
		load_or(-ENOMEM, n, mem_fail_at, &failed, &pending);
		fails += failed; /* some are tried again, and some are not needed */
		done = pending ? done + 1 : 0;
	}
	assert_true(fails > 5);
	assert_int_equal(done, 3);
}

static void no_descriptors(void **state)
{
	bool failed, pending;
	uint64_t fails = 0;

	(void)state;
	load_or(0, 1024, limit_descriptors, &failed, &pending); /* what is made once is there now */
	for (uint64_t n = 1; n < 40; n++) {
		load_or(-EMFILE, n, limit_descriptors, &failed, &pending);
		fails += failed;
	}
	assert_true(fails > 2);
	assert_false(failed);
}

/* Without memory for it a thread keeps the live kernel: nothing may be verified then. */
static void entering_can_fail(void **state)
{
	struct kfunc_kernel *live = kfunc_kernel__live();
	struct loader_session s;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(loader_enter(&s, live, NULL), -ENOMEM);
	mem_fail_at(0);
	loader_leave(&s);
	assert_int_equal(loader_enter(&s, live, NULL), 0);
	loader_leave(&s);
}

static volatile int stop;

static void on_alarm(int sig)
{
	(void)sig;
	stop = 1;
}

/* rounds without end, until a handler of the host says so */
static void a_run_is_stopped(void **state)
{
	struct kfunc_object *obj = kfunc_object__open_file(progs("cli/progs/packets.bpf.o"), NULL);
	struct kfunc_program *p;
	char packet[64] = {0};
	KFUNC_OPTS(kfunc_run_opts, opts, .repeat = UINT32_MAX, .data_in = packet,
		   .data_size_in = sizeof(packet), .stop = &stop, .retval = 4711);

	(void)state;
	assert_non_null(obj);
	assert_int_equal(kfunc_object__load(obj), 0);
	p = kfunc_object__find_program(obj, "length");
	signal(SIGALRM, on_alarm);
	ualarm(50000, 0);
	assert_int_equal(kfunc_program__run(p, &opts), -EINTR);
	assert_int_equal(stop, 1);
	assert_int_equal(kfunc_program__run(p, &opts), -EINTR); /* not one */
	assert_int_equal(opts.retval, 4711);
	stop = 0;
	opts.repeat = 100000;
	assert_int_equal(kfunc_program__run(p, &opts), 0);
	assert_int_equal(opts.retval, sizeof(packet));
	stop = 1; /* which is of that run only */
	opts.stop = NULL;
	assert_int_equal(kfunc_program__run(p, &opts), 0);
	kfunc_object__close(obj);
	signal(SIGALRM, SIG_DFL);
}

/* libbpf goes on without them; whoever looks for the reason must find it */
static void types_that_are_refused(void **state)
{
	struct kfunc_object *obj =
		kfunc_object__open_file(progs("loader/progs/refused_types.bpf.o"), NULL);
	KFUNC_OPTS(kfunc_report, rep);
	const char *said;

	(void)state;
	assert_non_null(obj);
	assert_int_equal(kfunc_object__check(obj), 0);
	assert_int_equal(kfunc_program__report(kfunc_object__next_program(obj, NULL), &rep), 0);
	assert_int_equal(rep.verdict, KFUNC_REJECT);
	assert_int_equal(rep.err, -EINVAL);
	said = kfunc_object__warnings(obj);
	assert_non_null(strstr(
		said, "struct item: member held points to a struct that the object only declares"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	kfunc_object__close(obj);
}

/* sizes that nobody wrote are not followed into memory that is not the caller's */
static void absurd_sizes(void **state)
{
	KFUNC_OPTS(kfunc_object_opts, opts);

	(void)state;
	opts.sz = SIZE_MAX;
	assert_null(kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &opts));
	assert_int_equal(errno, E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_grow),
		cmocka_unit_test(results_grow),
		cmocka_unit_test(from_memory),
		cmocka_unit_test(errors_have_words),
		cmocka_unit_test(types_are_checked_first),
		cmocka_unit_test(one_check_per_object),
		cmocka_unit_test(load_stops_at_a_rejection),
		cmocka_unit_test(load_without_the_bad_one),
		cmocka_unit_test(places_in_other_programs),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(types_that_are_refused),
		cmocka_unit_test(absurd_sizes),
		cmocka_unit_test(allocations_fail),
		cmocka_unit_test(allocations_of_load_fail),
		cmocka_unit_test(no_descriptors),
		cmocka_unit_test(entering_can_fail),
		cmocka_unit_test(a_run_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
