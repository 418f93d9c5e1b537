/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * engines OBJ...: runs every program of each object by the interpreter and as machine code, on the same
 * inputs (lib/inputs.h), and compares all that the runs left (lib/state.h): results, outgoing data and
 * contexts, maps, ring buffers, arenas, storage, and how many objects are alive.
 *
 * Each run of all inputs happens in a process of its own, forked from the same state, so that addresses are the
 * same; clocks, random numbers and the end of grace periods are this tool's, and where that is allowed it has a
 * process namespace for itself. The interpreter runs twice, with other contents of the stack below the program and
 * another place of it. Where the two differ, the program sees what is not its own - stack that it did not write,
 * addresses on it, how far other threads have come - and nothing can be said of the code: it is named.
 *
 * A difference of the code that comes back, and a crash in either engine, is a failure.
 *
 * ENGINES_VERBOSE=1 names the programs that were not run.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <urcu/urcu-memb.h>

#include "jit/jit.h"
#include "lib/inputs.h"
#include "lib/state.h"
#include "runtime/async.h"
#include "runtime/object.h"

#define SECONDS 30 /* for one program in one engine */
#define TRIES   3

struct totals {
	unsigned long seen, loaded, run, equal, varying, different, crashed, late, translated;
};

static bool verbose;

/* ---------------------------------------------------------------- time and chance */

static __thread bool in_program; /* of the thread that runs the inputs */
static uint64_t ticks, chance;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	uint64_t ns;

	if (!in_program)
		return (int)syscall(SYS_clock_gettime, id, ts);
	/* long ago: timers that are set are due at once for the threads that wait for them */
	ns = 1000000000ull + (ticks += 1000);
	ts->tv_sec = (time_t)(ns / 1000000000);
	ts->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

ssize_t getrandom(void *buf, size_t n, unsigned int flags)
{
	(void)flags;
	for (size_t i = 0; i < n; i++) {
		chance = chance * 6364136223846793005ull + 1442695040888963407ull;
		((uint8_t *)buf)[i] = (uint8_t)(chance >> 56);
	}
	return (ssize_t)n;
}

/*
 * What waits for a grace period is done when everybody waits for it, here: a thread that did it at any time would
 * give memory back at any time.
 */
static pthread_mutex_t later_lock = PTHREAD_MUTEX_INITIALIZER;
static struct later {
	struct later *next;
	struct rcu_head *head;
	void (*fn)(struct rcu_head *head);
} *later, **later_end = &later;

void urcu_memb_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct later *l = malloc(sizeof(*l));

	if (!l)
		abort();
	*l = (struct later){.head = head, .fn = fn};
	pthread_mutex_lock(&later_lock);
	*later_end = l;
	later_end = &l->next;
	pthread_mutex_unlock(&later_lock);
}

void urcu_memb_barrier(void)
{
	struct later *l;

	urcu_memb_synchronize_rcu();
	for (;;) {
		pthread_mutex_lock(&later_lock);
		l = later;
		later = l ? l->next : NULL;
		if (!later)
			later_end = &later;
		pthread_mutex_unlock(&later_lock);
		if (!l)
			return;
		l->fn(l->head);
		free(l);
	}
}

/* ---------------------------------------------------------------- one engine */

enum engine { INTERPRETER, INTERPRETER_AGAIN, MACHINE_CODE };
static const char *const engine_names[] = {"interpreter", "interpreter, second time",
					   "machine code"};

/* what a process says of its program first */
struct head {
	bool there, loaded, native, run;
	uint32_t stack;
	char name[64], type[24];
} __attribute__((aligned(8)));

struct child {
	enum engine engine;
	FILE *out;
	int fd; /* of it */
	int runs;
	bool async;
};

static void __attribute__((noinline)) fill_stack(uint8_t byte)
{
	volatile uint8_t room[96 * 1024];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = byte;
}

static void before(void *arg)
{
	struct child *c = arg;

	fill_stack(c->engine == INTERPRETER ? 0x5a : 0xa7);
	in_program = true;
}

/*
 * Whether a thread of this process other than its first one, which asks, is running. /proc may be that of
 * another pid namespace, where the process has another number.
 */
static bool somebody_works(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *e;
	char self[24] = "";
	bool works = false;

	if (readlink("/proc/self", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	while (dir && (e = readdir(dir))) {
		char path[64], text[200] = "", *state;
		FILE *f;

		if (strcmp(e->d_name, self) == 0 || e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atoi(e->d_name));
		f = fopen(path, "re");
		if (!f)
			continue;
		state = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
		works |= state && state[1] && state[2] == 'R';
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return works;
}

/* Timers that were set are due, and work waits: until the threads that do it have nothing more. */
static void let_them_work(void)
{
	for (int quiet = 0, n = 0; quiet < 3 && n < 200; n++) {
		usleep(1000);
		quiet = somebody_works() ? 0 : quiet + 1;
	}
}

static void after(void *arg, const struct inputs_run *run)
{
	struct child *c = arg;
	uint64_t alive;

	in_program = false;
	if (c->async)
		let_them_work();
	state_put(c->out, &run->ret, sizeof(run->ret), "run %d: result", c->runs);
	for (uint32_t i = 0; i < sizeof(run->left) / sizeof(run->left[0]); i++)
		if (run->left[i].len)
			state_put(c->out, run->left[i].at, run->left[i].len, "run %d: memory %u",
				  c->runs, i);
	rt_rcu_barrier();
	state_maps(c->out, c->runs == INPUTS - 1);
	alive = rt_objs_alive();
	state_put(c->out, &alive, sizeof(alive), "run %d: objects", c->runs);
	c->runs++;
}

/* Programs have both; this takes the machine code away. */
static void interpret(struct rt_prog *p)
{
	p->run = interp_run_prog;
	for (uint32_t i = 0; i < p->code->n_funcs; i++)
		p->code->funcs[i].native = NULL;
}

/* Every program of the process: tail calls go to others. false: one has no machine code. */
static bool choose_engine(enum engine engine)
{
	union bpf_attr a = {0};
	bool native = true;

	while (!kfunc_bpf(BPF_PROG_GET_NEXT_ID, &a, sizeof(a))) {
		union bpf_attr get = {.prog_id = a.next_id};
		int fd = kfunc_bpf(BPF_PROG_GET_FD_BY_ID, &get, sizeof(get)), err = 0;
		struct rt_prog *p = fd < 0 ? NULL : syscall_prog_by_fd(fd, &err);

		native &= p && p->jit;
		if (p && p->code && engine != MACHINE_CODE)
			interpret(p);
		rt_prog_put(p);
		if (fd >= 0)
			syscall_close(fd);
		a = (union bpf_attr){.start_id = get.prog_id};
	}
	return native;
}

/* ---- typed tracepoints: their arguments are objects of this process ---- */

static uint64_t of_task(void)
{
	return (uintptr_t)rt_task_current();
}

static uint64_t of_cgroup(void)
{
	return (uintptr_t)rt_task_current()->cgroups->dfl_cgrp;
}

static uint64_t of_text(void)
{
	return (uintptr_t)"/some/path";
}

static uint64_t of_flags(void)
{
	return 0x11200;
}

static const struct {
	const char *name;
	uint64_t (*arg[3])(void);
} events[] = {
	{"task_newtask", {of_task, of_flags}},       {"sched_process_fork", {of_task, of_task}},
	{"sched_process_exit", {of_task, of_flags}}, {"cgroup_mkdir", {of_cgroup, of_text}},
	{"cgroup_rmdir", {of_cgroup, of_text}},
};

static int run_events(struct kfunc_program *prog, const struct inputs *in)
{
	const char *slash = strchr(kfunc_program__section(prog), '/');
	struct rt_prog *p = inputs_prog(prog);
	int n = 0;

	for (size_t e = 0; p && slash && e < sizeof(events) / sizeof(events[0]); e++) {
		if (strcmp(slash + 1, events[e].name))
			continue;
		for (; n < INPUTS; n++) {
			uint64_t ctx[3] = {0};

			for (int k = 0; k < 3 && events[e].arg[k]; k++)
				ctx[k] = events[e].arg[k]();
			inputs_direct(in, p, ctx, 0); /* cannot be written */
		}
	}
	rt_prog_put(p);
	return n;
}

/* ---- processes ---- */

static bool uses_async(void)
{
	union bpf_attr a = {0};
	bool async = false;

	while (!kfunc_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a))) {
		union bpf_attr get = {.map_id = a.next_id};
		int fd = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &get, sizeof(get)), err = 0;
		struct rt_map *map = fd < 0 ? NULL : syscall_map_by_fd(fd, &err);

		async |= map && map->desc.fields && map->desc.fields->mask & BTF_FIELD_ASYNC;
		if (map)
			rt_map_put(map);
		if (fd >= 0)
			syscall_close(fd);
		a = (union bpf_attr){.start_id = get.map_id};
	}
	return async;
}

static void tell(const struct child *c, const struct head *head)
{
	if (pwrite(c->fd, head, sizeof(*head), 0) != sizeof(*head))
		_exit(2);
}

static void run_child(struct child *c, const char *path, uint32_t index, struct head *head)
{
	const struct inputs in = {.before = before, .after = after, .arg = c};
	struct kfunc_program *prog;
	struct kfunc_object *obj;
	uint64_t left;
	int n;

	obj = inputs_open(path, index, &prog);
	if (!obj)
		return;
	head->there = true;
	snprintf(head->name, sizeof(head->name), "%s", kfunc_program__name(prog));
	snprintf(head->type, sizeof(head->type), "%s", kfunc_program__type_name(prog));
	tell(c, head);
	if (inputs_load(obj))
		return;
	head->loaded = true;
	head->native = choose_engine(c->engine);
	c->async = uses_async();
	n = inputs_are_events(prog) ? run_events(prog, &in) : inputs_run(prog, &in);
	head->run = n > 0;
	kfunc_object__close(obj);
	rt_rcu_barrier();
	rt_rcu_barrier();
	left = rt_objs_alive();
	state_put(c->out, &left, sizeof(left), "objects left");
}

static void __attribute__((noreturn)) child(struct child *c, const char *path, uint32_t index)
{
	/* the second time the stack is elsewhere */
	volatile uint8_t room[c->engine == INTERPRETER_AGAIN ? 8256 : 64];
	struct head head = {.stack = (uint32_t)(uintptr_t)(room + sizeof(room))};

	room[0] = 0;
	(void)room[0];
	fwrite(&head, sizeof(head), 1, c->out);
	fflush(c->out);
	run_child(c, path, index, &head);
	fflush(c->out);
	tell(c, &head);
	_exit(0);
}

struct result {
	struct head head;
	int status;
	pid_t pid;
};

/* Where each engine's process writes. They exist, empty, before any is forked: what one has must not move what
 * the next one maps. */
static int result_fd[3];

static bool open_results(void)
{
	for (int i = 0; i < 3; i++) {
		result_fd[i] = memfd_create("state", MFD_CLOEXEC);
		if (result_fd[i] < 0)
			return false;
	}
	return true;
}

/* Where processes have a namespace for us alone, the next one gets the same number as the one before. */
static bool alone;

static void ask_for_pid(void)
{
	int fd = alone ? open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (write(fd, "99", 2) != 2)
		alone = false;
	close(fd);
}

/* In a process of its own. false: this machine does not let us. */
static bool run_apart(const char *path, uint32_t index, enum engine engine, struct result *r)
{
	int fd = result_fd[engine];

	memset(r, 0, sizeof(*r));
	fflush(stdout);
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		return false;
	ask_for_pid();
	r->pid = fork();
	if (r->pid == 0) {
		struct child c = {.engine = engine, .out = fdopen(fd, "r+"), .fd = fd};

		alarm(SECONDS);
		child(&c, path, index);
	}
	return r->pid > 0 && waitpid(r->pid, &r->status, 0) == r->pid &&
	       pread(fd, &r->head, sizeof(r->head), 0) == sizeof(r->head);
}

/* ---------------------------------------------------------------- one program */

/* What an engine left; mapped, for state_same() */
static bool open_log(enum engine engine, const struct result *r, struct state_log *log)
{
	off_t size = lseek(result_fd[engine], 0, SEEK_END);
	uint8_t *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, result_fd[engine], 0);

	if (p == MAP_FAILED)
		return false;
	*log = (struct state_log){p + sizeof(r->head), p + size, (uint32_t)r->pid, r->head.stack};
	return true;
}

static void close_log(struct state_log *log)
{
	uint8_t *p = (uint8_t *)log->at - sizeof(struct head);

	munmap(p, (size_t)(log->end - p));
}

enum verdict { EQUAL, VARYING, DIFFERENT, CRASHED, LATE };

static enum verdict compare(const struct result r[3], char *what, size_t room)
{
	enum verdict v = CRASHED;
	struct state_log log[3];
	int n = 0;

	for (int i = 0; i < 3; i++) {
		bool late = WIFSIGNALED(r[i].status) && WTERMSIG(r[i].status) == SIGALRM;

		if (!r[i].status)
			continue;
		snprintf(what, room, "%s: %s %d", engine_names[i],
			 WIFSIGNALED(r[i].status) ? "signal" : "status",
			 WIFSIGNALED(r[i].status) ? WTERMSIG(r[i].status) : r[i].status);
		return late ? LATE : CRASHED;
	}
	for (; n < 3 && open_log((enum engine)n, &r[n], &log[n]); n++)
		;
	if (n < 3)
		snprintf(what, room, "no memory for what they left");
	else if (!state_same(log[0], log[1], what, room))
		v = VARYING;
	else
		v = state_same(log[0], log[2], what, room) ? EQUAL : DIFFERENT;
	while (n--)
		close_log(&log[n]);
	return v;
}

static enum verdict judge(const char *path, uint32_t index, struct result *first, char *what,
			  size_t room)
{
	enum verdict v = EQUAL;
	int different = 0;

	for (int t = 0; t < TRIES && (!t || v == VARYING || v == DIFFERENT); t++) {
		struct result r[3] = {*first};
		bool ok = true;

		for (int i = t ? 0 : 1; i < 3; i++)
			ok &= run_apart(path, index, (enum engine)i, &r[i]);
		v = ok ? compare(r, what, room) : CRASHED;
		if (v == DIFFERENT) { /* or is it only later now? */
			ok = run_apart(path, index, INTERPRETER_AGAIN, &r[INTERPRETER_AGAIN]);
			v = ok ? compare(r, what, room) : CRASHED;
		}
		first->head.native = r[MACHINE_CODE].head.native;
		different += v == DIFFERENT;
	}
	if (v == EQUAL)
		return different ? VARYING : EQUAL;
	return v == VARYING && different > 1     ? DIFFERENT
	       : v == DIFFERENT && different < 2 ? VARYING
						 : v;
}

static void count(const char *path, uint32_t index, struct result *first, struct totals *t)
{
	static const char *const words[] = {"", "not deterministic", "DIFFERENT", "CRASH",
					    "too long"};
	unsigned long *counts[] = {&t->equal, &t->varying, &t->different, &t->crashed, &t->late};
	char name[64], what[400] = "";
	enum verdict v;

	snprintf(name, sizeof(name), "%s", first->head.name);
	t->run++;
	v = judge(path, index, first, what, sizeof(what));
	t->translated += first->head.native;
	++*counts[v];
	if (v != EQUAL)
		printf("%s: %s %s: %s\n", words[v], path, name, what);
	else if (!first->head.native)
		printf("no machine code: %s %s\n", path, name);
}

/* false: the object has no more programs */
static bool check_program(const char *path, uint32_t index, struct totals *t)
{
	struct result r;
	bool there;

	if (!run_apart(path, index, INTERPRETER, &r))
		return false;
	there = r.head.there || r.status;
	t->seen += there;
	t->loaded += r.head.loaded || r.status;
	if (r.head.run || r.status) {
		count(path, index, &r, t);
		return true;
	}
	if (verbose && there)
		printf("%s: %s %s (%s)\n", r.head.loaded ? "not run" : "not loaded", path,
		       r.head.name, r.head.type);
	return there;
}

static int run_all(int n, char **objects)
{
	struct totals t = {0};

	for (int i = 0; i < n; i++)
		for (uint32_t k = 0; check_program(objects[i], k, &t); k++)
			;
	printf("%lu programs, %lu accepted and loaded, %lu run both ways (%lu as machine code): "
	       "%lu equal, "
	       "%lu not deterministic, %lu different, %lu ended by a signal, %lu too long\n",
	       t.seen, t.loaded, t.run, t.translated, t.equal, t.varying, t.different, t.crashed,
	       t.late);
	fflush(stdout);
	return t.different != 0 || t.crashed != 0;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	verbose = getenv("ENGINES_VERBOSE");
	if (!jit_available()) {
		puts("there is no code generator for this machine");
		return 77;
	}
	if (!inputs_init() || !open_results())
		return 2;
	/* programs that look at processes see only those of this tool, with the same ids every time */
	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		return run_all(argc - 1, argv + 1);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alone = !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
			!mount("proc", "/proc", "proc", 0, NULL);
		_exit(run_all(argc - 1, argv + 1));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
