/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * soundness OBJ...: loads every program of each object alone with its states recorded, runs it on several
 * inputs in the interpreter, and holds registers and stack at every checkpoint against the states that
 * the verifier relied on. A violation means that the verifier believed something that is not so.
 *
 * Inputs: lib/inputs.h. Typed tracepoints get their arguments from events: a command is run while they are
 * attached. What cannot be loaded or run here is counted and passed over.
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

#include "lib/inputs.h"
#include "runtime/events.h"

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

static int run(struct kfunc_program *prog)
{
	const struct inputs nobody = {0};

	return inputs_are_events(prog) ? run_events(prog) : inputs_run(prog, &nobody);
}

/* ---------------------------------------------------------------- objects */

static void look(const char *path, struct kfunc_program *prog, struct outcome *o)
{
	struct rt_prog *p = inputs_prog(prog);

	if (!p)
		return;
	o->checks = p->code->checks;
	o->violated = p->code->violations != 0;
	if (o->violated)
		printf("VIOLATION %s %s: %s\n", path, kfunc_program__name(prog),
		       p->code->violation);
	rt_prog_put(p);
}

/* The index-th program alone. false: there are no more. */
static bool check_program(const char *path, uint32_t index, struct outcome *o)
{
	const struct vf_options record = {.record_states = true};
	struct kfunc_program *it;
	struct kfunc_object *obj;

	syscall_set_verifier_options(&record);
	obj = inputs_open(path, index, &it);
	if (!obj)
		return false;
	*o = (struct outcome){.index = index};
	if (inputs_load(obj)) {
		if (verbose)
			printf("not loaded: %s %s: %s\n", path, kfunc_program__name(it),
			       kfunc_object__error(obj));
	} else {
		o->loaded = true;
		o->run = run(it) > 0;
		look(path, it, o);
		if (verbose && !o->run)
			printf("not run: %s %s (%s)\n", path, kfunc_program__name(it),
			       kfunc_program__type_name(it));
	}
	kfunc_object__close(obj);
	return true;
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

			printf(late ? "%s, program %u: not at its end after %d seconds\n"
				    : "SIGNAL in %s, program %u: %d\n",
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
	if (!inputs_init())
		return 2;
	for (int i = 1; i < argc; i++)
		check_apart(argv[i], &t);
	printf("%lu programs loaded, %lu run to their end, %lu looks at their states, %lu with "
	       "violations, "
	       "%lu too long, %lu ended by a signal\n",
	       t.programs, t.run, t.checks, t.violations, t.late, t.crashes);
	return t.violations != 0 || t.crashes != 0;
}
