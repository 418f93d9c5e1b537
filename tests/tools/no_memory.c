/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * no_memory KERNEL OBJ...: opens, checks and closes each object once for every allocation that this takes,
 * with that allocation failing. KERNEL is a file with the kernel's BTF, or "live": then objects are loaded
 * as well. The first NO_MEMORY_EACH allocations (300) fail one by one; after them every step'th, such that
 * an object takes about twice as many rounds. What must hold: no program gets another verdict than without
 * failures, other than one with -ENOMEM; open and load fail with -ENOMEM; no descriptor stays open and, in a
 * build with AddressSanitizer, no memory stays behind.
 *
 * Allocations of libbpf and of libelf are not the library's own and do not fail here.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "kfunc/libkfunc.h"
#include "runtime/rt.h"
#include "syscall/syscall.h"

#define FOREVER UINT64_MAX

/* there only in a build with AddressSanitizer */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

struct seen {
	int verdict, err;
	unsigned int code;
};

static struct kfunc_kernel *kernel; /* NULL: the live one */
static const char *path;
static struct seen *plain; /* without failures, by program */
static int plain_load;
static unsigned int wrong;

static int descriptors(void)
{
	int n = 0;
	DIR *d;

	for (int i = 0; i < 3;
	     i++) { /* a program lets go of its maps after a grace period, and so on */
		syscall_sweep();
		rt_rcu_barrier();
	}
	d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void complain(uint64_t n, const char *what, const struct kfunc_program *p,
		     const char *message, long got, long wanted)
{
	if (wrong++ < 10)
		printf("%s: allocation %llu: %s %s: %ld, not %ld%s%s\n", path,
		       (unsigned long long)n, what, p ? kfunc_program__name(p) : "", got, wanted,
		       message[0] ? ": " : "", message);
}

static struct kfunc_object *open_it(uint64_t n)
{
	KFUNC_OPTS(kfunc_object_opts, opts);
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj;

	opts.kernel = kernel;
	errno = 0;
	obj = kfunc_object__open_file(path, &opts);
	if (!obj && errno != ENOMEM)
		complain(n, "open", NULL, "", errno, ENOMEM);
	while (obj && (p = kfunc_object__next_program(obj, p)))
		kfunc_program__set_autoload(p, true);
	return obj;
}

static void compare(struct kfunc_object *obj, uint64_t n)
{
	struct kfunc_program *p = NULL;

	for (int i = 0; (p = kfunc_object__next_program(obj, p)); i++) {
		struct kfunc_report r = {.sz = sizeof(r)};

		if (kfunc_program__report(p, &r)) {
			complain(n, "reports of", p, "", 0, 1);
			continue;
		}
		if (n == FOREVER)
			plain[i] = (struct seen){(int)r.verdict, r.err, r.code};
		else if (r.err == -ENOMEM && r.verdict != KFUNC_ACCEPT)
			continue;
		else if ((int)r.verdict != plain[i].verdict)
			complain(n, "verdict of", p, r.message, (long)r.verdict, plain[i].verdict);
		else if (r.err != plain[i].err)
			complain(n, "error of", p, r.message, r.err, plain[i].err);
		else if (r.code != plain[i].code)
			complain(n, "code of", p, r.message, r.code, plain[i].code);
	}
}

/* Whether the allocation was there to fail. */
static bool check(uint64_t n)
{
	struct kfunc_object *obj;
	bool pending;
	int err = 0;

	mem_fail_at(n == FOREVER ? 0 : n);
	obj = open_it(n);
	if (obj)
		err = kfunc_object__check(obj);
	pending = mem_fail_pending();
	mem_fail_at(0);
	if (obj && !err)
		compare(obj, n);
	else if (obj && err != -ENOMEM)
		complain(n, "check", NULL, kfunc_object__error(obj), err, -ENOMEM);
	kfunc_object__close(obj);
	return !pending;
}

static bool load(uint64_t n)
{
	struct kfunc_object *obj;
	bool pending;
	int err = 0;

	mem_fail_at(n == FOREVER ? 0 : n);
	obj = open_it(n);
	if (obj)
		err = kfunc_object__load(obj);
	pending = mem_fail_pending();
	mem_fail_at(0);
	if (n == FOREVER)
		plain_load = err;
	else if (obj && err != plain_load && err != -ENOMEM)
		complain(n, "load", NULL, kfunc_object__error(obj), err, -ENOMEM);
	kfunc_object__close(obj);
	return !pending;
}

/* The number of descriptors. */
static int look_behind(uint64_t n, int fds, bool memory)
{
	int now = descriptors();

	if (now != fds)
		complain(n, "descriptors", NULL, "", now, fds);
	if (memory && __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
		complain(n,
			 "memory stayed behind, of this allocation or the ones since the last look",
			 NULL, "", 1, 0);
	return now;
}

static uint64_t all(bool (*once)(uint64_t n), uint64_t each)
{
	uint64_t n, total = 1, rounds = 0, step;
	int fds;

	once(FOREVER);
	once(FOREVER); /* what is made once and kept is there now */
	fds = descriptors();
	while (once(total) && total < UINT64_MAX / 2) /* how many there are, about */
		total *= 2;
	step = total / 2 / (each ? each : 1);
	for (n = 1; once(n); n += n < each || !step ? 1 : step) {
		fds = look_behind(n, fds, ++rounds % 50 == 0);
	}
	look_behind(n, fds, true);
	return rounds;
}

static int one_object(uint64_t each)
{
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj = open_it(FOREVER);
	uint64_t checks, loads = 0;
	size_t n = 1;

	if (!obj)
		return 1;
	while ((p = kfunc_object__next_program(obj, p)))
		n++;
	kfunc_object__close(obj);
	plain = calloc(n, sizeof(*plain));
	if (!plain)
		return 1;
	checks = all(check, each);
	if (!kernel)
		loads = all(load, each);
	printf("%s: %zu programs, %llu checks and %llu loads with a failure, %u wrong\n", path,
	       n - 1, (unsigned long long)checks, (unsigned long long)loads, wrong);
	free(plain);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	const char *e = getenv("NO_MEMORY_EACH");
	uint64_t each = e ? strtoull(e, NULL, 0) : 300;
	int bad = 0;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "live") != 0) {
		kernel = kfunc_kernel__open_image(argv[1], NULL);
		if (!kernel) {
			fprintf(stderr, "cannot read %s\n", argv[1]);
			return 2;
		}
	}
	for (int i = 2; i < argc; i++) {
		int status = 0;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		path = argv[i];
		if (!pid)
			exit(one_object(each));
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 2;
		if (WIFSIGNALED(status))
			printf("%s: SIGNAL %d\n", path, WTERMSIG(status));
		else if (WEXITSTATUS(status) > 1)
			printf("%s: ended with %d\n", path, WEXITSTATUS(status));
		bad += status != 0;
	}
	printf("%d objects, %d with something wrong\n", argc - 2, bad);
	kfunc_kernel__close(kernel);
	return bad != 0;
}
