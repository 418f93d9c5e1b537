/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * soundness OBJ...: loads every program of each object with its states recorded, runs it on several
 * inputs in the interpreter, and holds registers and stack at every checkpoint against the states that
 * the verifier relied on. A violation means that the verifier believed something that is not so.
 *
 * Programs that cannot be loaded here, or not be run on test inputs, are counted and passed over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit/interp.h"
#include "kfunc/libkfunc.h"
#include "syscall/syscall.h"

struct totals {
	unsigned long programs, run, checks, violations;
};

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

static int run_inputs(struct kfunc_program *prog)
{
	int done = 0;

	for (int i = 0; i < 12; i++) {
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
		if (kfunc_program__run(prog, &opts) == 0) {
			done++;
			continue;
		}
		opts = (struct kfunc_run_opts){.sz = sizeof(opts)};
		done += kfunc_program__run(prog, &opts) == 0;
	}
	return done;
}

static void report(const char *path, struct kfunc_program *prog, struct totals *t)
{
	int err, fd = kfunc_program__fd(prog);
	struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);

	if (!p || !p->code)
		return;
	t->checks += p->code->checks;
	t->violations += p->code->violations != 0;
	if (p->code->violations)
		printf("VIOLATION %s %s: %s\n", path, kfunc_program__name(prog), p->code->violation);
	rt_prog_put(p);
}

static void check_object(const char *path, struct totals *t)
{
	const struct vf_options record = {.record_states = true};
	struct kfunc_object *obj;
	struct kfunc_program *prog;

	syscall_set_verifier_options(&record);
	obj = kfunc_object__open_file(path, NULL);
	if (!obj)
		return;
	if (kfunc_object__load(obj) == 0) {
		for (prog = NULL; (prog = kfunc_object__next_program(obj, prog));) {
			const char *section = kfunc_program__section(prog);

			t->programs++;
			/* its arguments are kernel objects: there is nothing to make up for them */
			if (section && strncmp(section, "tp_btf", 6) == 0)
				continue;
			t->run += run_inputs(prog) > 0;
			report(path, prog, t);
		}
	}
	kfunc_object__close(obj);
}

/* in a process of its own: a crash of one object is a result, not the end */
static void check_apart(const char *path, struct totals *t)
{
	struct totals one = {0};
	int pipe_fd[2], status;
	pid_t pid;

	if (pipe(pipe_fd))
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		check_object(path, &one);
		fflush(stdout);
		if (write(pipe_fd[1], &one, sizeof(one)) != sizeof(one))
			_exit(2);
		_exit(0);
	}
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &one, sizeof(one)) == sizeof(one)) {
		t->programs += one.programs;
		t->run += one.run;
		t->checks += one.checks;
		t->violations += one.violations;
	}
	close(pipe_fd[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
		printf("SIGNAL %d in %s\n", WTERMSIG(status), path);
}

int main(int argc, char **argv)
{
	struct totals t = {0};

	for (int i = 1; i < argc; i++)
		check_apart(argv[i], &t);
	printf("%lu programs loaded, %lu run, %lu looks at their states, %lu with violations\n",
	       t.programs, t.run, t.checks, t.violations);
	return t.violations != 0;
}
