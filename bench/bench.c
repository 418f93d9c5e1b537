/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bench DIR [--json] [--quick] [--cpu N] [--only NAME]: one table of what programs cost. DIR holds the
 * objects of bench/progs. Engines: native C -O2 of the same text, our generated code, our interpreter, and
 * the running kernel's JIT through BPF_PROG_TEST_RUN where the machine lets a process load programs.
 *
 * Every number is the best of many short samples, taken in turn by the engines on one pinned CPU, so that
 * other work on the machine disturbs all of them or none. Numbers are ns per operation.
 */
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <urcu/urcu-memb.h>

#include "native.h"

#define SAMPLE_NS 100000.0

enum group { PLAIN, KFUNCS, SYSTEM };

struct row {
	enum group group;
	const char *name, *what, *object, *prog;
	double ops; /* operations in one run */
	uint32_t max_runs; /* in one sample; 0: any number */
	uint32_t (*native)(const void *data, const void *end);
	uint32_t (*aligned)(const void *data, const void *end); /* the same, see native.c */
	/* what keeps the row from its mark, by profile: half of the kernel's time, in the first group 1.15 of native */
	const char *limit;
	double ns[N_ENGINES]; /* 0: not measured */
	char note[160];
};

#define P(n, w, o)                                                                                 \
	{                                                                                          \
		.group = PLAIN, .name = #n, .what = w, .object = "rows", .prog = #n, .ops = o,     \
		.native = native_##n, .aligned = native_aligned_##n                                \
	}
#define Q(n, w, o, why)                                                                            \
	{                                                                                          \
		.group = PLAIN, .name = #n, .what = w, .object = "rows", .prog = #n, .ops = o,     \
		.native = native_##n, .aligned = native_aligned_##n, .limit = why                  \
	}
#define K(n, w, p, max)                                                                            \
	{                                                                                          \
		.group = KFUNCS, .name = n, .what = w, .object = "kfuncs", .prog = p, .ops = 1000, \
		.max_runs = max                                                                    \
	}

#define L(n, w, p, why)                                                                            \
	{                                                                                          \
		.group = KFUNCS, .name = n, .what = w, .object = "kfuncs", .prog = p, .ops = 1000, \
		.limit = why                                                                       \
	}

static struct row rows[] = {
	P(alu, "ALU loop, 1000 rounds", 1),
	P(checksum, "checksum of 1500 bytes", 1),
	P(trivial, "trivial kfunc call", 256),
	Q(array, "array lookup and increment", 256,
	  "9 instructions a round against 7: BPF code counts what native code has in one register"),
	Q(hash, "hash mix, 7/8 lookup 1/8 update", 256,
	  "the key goes through memory, the map's three constants are loaded in each lookup"),
	P(primes, "primes below 1000", 1),
	P(search, "binary search in 1024 numbers", 16),
	P(parse, "packet parse", 16),
	P(subprog, "subprogram call", 256),
	P(empty, "empty program", 1),
	K("rcu_pair", "RCU lock and unlock", "rcu_pair", 0),
	K("iter_next", "iter_num next", "iter_next", 0),
	K("iter_nested", "nested iterators, 10 in 100", "iter_nested", 0),
	K("dynptr_skb", "dynptr from skb and slice", "dynptr_skb", 0),
	L("kptr_xchg", "kptr_xchg", "kptr_xchg",
	  "the locked exchange itself, the same instruction on both sides"),
	K("obj_new_drop", "obj_new and drop", "obj_new_drop", 0),
	K("list_push_pop", "list push and pop, locked", "list_push_pop", 0),
	K("rbtree", "rbtree remove and add, locked", "rbtree_add_remove", 0),
	K("spin_pair", "spin lock and unlock", "spin_pair", 0),
	K("bpf_loop", "bpf_loop callback", "loop_callback", 0),
	K("cpumask_create", "cpumask create and release", "cpumask_create", 0),
	L("cpumask_bits", "cpumask set, test, clear", "cpumask_bits",
	  "two locked instructions with a load between them, the same on both sides"),
	K("task_acquire", "task acquire and release", "task_acquire", 0),
	K("ringbuf", "ringbuf reserve and submit", "ringbuf_submit", 60),
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* rows that are not programs run in a loop: filled by system_rows() */
static struct row extra[16];
static unsigned int n_extra;

static uint8_t packet[BENCH_PACKET];
static struct {
	const char *dir, *only;
	int cpu, rounds;
	bool json;
} opt = {.cpu = -1, .rounds = 150};

static struct {
	int (*open)(struct runner *r, const char *path, const char *prog);
	int (*load_once)(const void *obj, size_t size);
	char why[160];
} kernel;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* ---- what programs run on ---- */

static void make_frame(uint8_t *at, int i)
{
	int ihl = i % 4 == 3 ? 6 : 5;

	at[12] = i % 8 == 5 ? 0x86 : 0x08; /* some are not IPv4 */
	at[13] = 0;
	at += 14;
	at[0] = 0x40 | ihl;
	at[9] = i % 3 == 2 ? 17 : 6;
	at += ihl * 4;
	at[13] = i & 2;
}

static void make_packet(void)
{
	uint32_t x = 12345;

	for (int i = 0; i < BENCH_PACKET; i++) {
		x = x * 1103515245 + 12345;
		packet[i] = x >> 16;
	}
	for (int i = 0; i < 16; i++)
		make_frame(packet + i * 88, i);
}

/* ---- one row ---- */

static int run_native(const struct row *row, uint32_t n, uint32_t *result)
{
	static bool turn;
	uint32_t (*volatile fn)(const void *data, const void *end) = row->native;

	turn = !turn;
	if (turn && row->aligned)
		fn = row->aligned;

	for (uint32_t i = 0; i < n; i++)
		*result = fn(packet, packet + BENCH_PACKET);
	return 0;
}

struct contender {
	struct runner r;
	bool on;
	uint32_t n;
};

static int run_once(struct row *row, struct contender *c, int engine, uint32_t n, uint32_t *result)
{
	return engine == NATIVE ? run_native(row, n, result) : c->r.run(&c->r, n, result);
}

/* runs so that a sample takes about SAMPLE_NS */
static void calibrate(struct row *row, struct contender *c, int engine)
{
	uint32_t result, limit = row->max_runs ? row->max_runs : 1u << 24;
	double took = 0;

	for (c->n = 1;; c->n *= 2) {
		double start = now();

		if (c->n > limit)
			c->n = limit;
		c->on = run_once(row, c, engine, c->n, &result) == 0;
		took = now() - start;
		if (!c->on || c->n >= limit || took > SAMPLE_NS / 2)
			break;
	}
}

static void open_engines(struct row *row, struct contender c[N_ENGINES])
{
	char path[512];
	int err;

	snprintf(path, sizeof(path), "%s/%s.bpf.o", opt.dir, row->object);
	c[NATIVE].on = row->native != NULL;
	for (int e = JIT; e <= INTERP; e++) {
		err = ours_open(&c[e].r, path, row->prog, e == JIT);
		c[e].on = !err;
		if (err)
			snprintf(row->note, sizeof(row->note), "not here: %d %.120s", err, c[e].r.why);
	}
	if (row->group == PLAIN) {
		snprintf(path, sizeof(path), "%s/peer.bpf.o", opt.dir);
		c[DPDK].on = dpdk_open(&c[DPDK].r, path, row->prog) == 0;
		snprintf(path, sizeof(path), "%s/%s.bpf.o", opt.dir, row->object);
	}
	if (kernel.open) {
		err = kernel.open(&c[KERNEL].r, path, row->prog);
		c[KERNEL].on = !err;
		if (err && !row->note[0])
			snprintf(row->note, sizeof(row->note), "kernel: %d %.120s", err, c[KERNEL].r.why);
	}
}

/* the engines must agree, where a row does not depend on what ran before */
static void compare_results(struct row *row, struct contender c[N_ENGINES])
{
	uint32_t result[N_ENGINES] = {0}, first = 0;
	bool have = false;

	if (!strcmp(row->name, "array") || !strcmp(row->name, "hash"))
		return;
	for (int e = 0; e < N_ENGINES; e++) {
		if (!c[e].on || run_once(row, &c[e], e, 1, &result[e]))
			continue;
		if (have && result[e] != first)
			snprintf(row->note, sizeof(row->note), "results differ: %u and %u", first,
				 result[e]);
		first = result[e];
		have = true;
	}
}

static void keep_best(struct row *row, int engine, double ns)
{
	if (!row->ns[engine] || ns < row->ns[engine])
		row->ns[engine] = ns;
}

/* what native code costs that need not share its table: beside the row, not in it */
static void note_plain_hash(struct row *row)
{
	struct row plain = *row;
	uint32_t result, n = 400;
	double start, ns, best = 0;

	plain.native = native_plain_hash;
	plain.aligned = NULL;
	for (int i = 0; i < opt.rounds; i++) {
		start = now();
		run_native(&plain, n, &result);
		ns = (now() - start) / n / row->ops;
		if (!best || ns < best)
			best = ns;
	}
	if (!row->note[0])
		snprintf(row->note, sizeof(row->note), "native without locks and read sections: %.2f", best);
}

static void measure(struct row *row)
{
	struct contender c[N_ENGINES] = {0};

	open_engines(row, c);
	for (int e = 0; e < N_ENGINES; e++)
		c[e].r.data = packet;
	compare_results(row, c);
	for (int e = 0; e < N_ENGINES; e++)
		if (c[e].on)
			calibrate(row, &c[e], e);
	for (int i = 0; i < opt.rounds; i++) {
		for (int e = 0; e < N_ENGINES; e++) {
			uint32_t result;
			double start;

			if (!c[e].on || (e == INTERP && i % 4))
				continue;
			start = now();
			if (run_once(row, &c[e], e, c[e].n, &result)) {
				c[e].on = false;
				continue;
			}
			keep_best(row, e, (now() - start) / c[e].n / row->ops);
		}
	}
	if (row->native == native_hash)
		note_plain_hash(row);
	for (int e = JIT; e < N_ENGINES; e++)
		if (c[e].r.close)
			c[e].r.close(&c[e].r);
}

/* ---- rows about the system ---- */

static bool wanted(const char *name)
{
	return !opt.only || !strcmp(opt.only, name);
}

static struct row *add_row(const char *name, const char *what)
{
	struct row *r = &extra[n_extra++];

	r->group = SYSTEM;
	r->name = name;
	r->what = what;
	r->ops = 1;
	return r;
}

static void *read_object(const char *name, size_t *size)
{
	char path[512];
	struct stat st;
	void *p = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.bpf.o", opt.dir, name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	if (!fstat(fileno(f), &st) && (p = malloc(st.st_size)))
		*size = fread(p, 1, st.st_size, f);
	fclose(f);
	return p;
}

static void load_rows(void)
{
	struct row *r = add_row("load_small", "open, load and close a small object");
	size_t size = 0;
	void *obj = read_object("small", &size);
	double start;
	long kb;

	/* in turn, but twice: the first load after the other side's finds nothing of its own in the caches */
	for (int i = 0; obj && i < opt.rounds; i++) {
		for (int k = 0; k < 2; k++) {
			start = now();
			if (!ours_load_once(obj, size))
				keep_best(r, JIT, now() - start);
		}
		for (int k = 0; k < 2 && kernel.open; k++) {
			start = now();
			if (!kernel.load_once(obj, size))
				keep_best(r, KERNEL, now() - start);
		}
	}
	r = add_row("memory_1000", "kB resident for 1,000 small programs");
	kb = obj ? ours_memory(obj, size, 1000) : -ENOENT;
	if (kb >= 0)
		r->ns[JIT] = kb;
	else
		snprintf(r->note, sizeof(r->note), "cannot be loaded: %ld", kb);
	free(obj);
}

static void codegen_rows(void)
{
	struct row *r = add_row("codegen", "code generation, for one BPF instruction");
	uint64_t ns = 0, insns = 0;
	char path[512];
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s.bpf.o", opt.dir, i ? "rows" : "kfuncs");
		err = ours_codegen(path, opt.rounds, &ns, &insns);
	}
	if (err)
		snprintf(r->note, sizeof(r->note), "cannot be loaded: %d", err);
	else
		r->ns[JIT] = (double)ns / insns;
}

/* ---- threads ---- */

struct worker {
	struct runner *r;
	pthread_barrier_t *barrier;
	int cpu;
	uint32_t n;
	double start, end;
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct runner mine = *w->r;
	uint32_t result;

	mine.consumer = NULL; /* who started us empties the ring */
	pin(w->cpu);
	pthread_barrier_wait(w->barrier);
	w->start = now();
	mine.run(&mine, w->n, &result);
	w->end = now();
	return NULL;
}

static double run_threads(struct runner *r, int threads, uint32_t n, double ops)
{
	struct worker w[2];
	pthread_barrier_t barrier;
	pthread_t id[2];
	double start = 0, end = 0;
	int k;

	runner_drain(r);
	pthread_barrier_init(&barrier, NULL, threads);
	for (k = 0; k < threads; k++) {
		w[k] = (struct worker){.r = r, .barrier = &barrier, .cpu = k, .n = n};
		if (pthread_create(&id[k], NULL, work, &w[k]))
			exit(2);
	}
	for (k = 0; k < threads; k++)
		pthread_join(id[k], NULL);
	pthread_barrier_destroy(&barrier);
	for (k = 0; k < threads; k++) {
		if (!k || w[k].start < start)
			start = w[k].start;
		if (!k || w[k].end > end)
			end = w[k].end;
	}
	return (end - start) / n / ops;
}

static void thread_row(const char *name, const char *what, const char *object, const char *prog,
		       double ops, int threads, uint32_t n)
{
	struct contender c[N_ENGINES] = {0};
	struct row *row;

	if (!wanted(name))
		return;
	row = add_row(name, what);
	row->object = object;
	row->prog = prog;
	if (sysconf(_SC_NPROCESSORS_ONLN) < threads) {
		snprintf(row->note, sizeof(row->note), "this machine has one CPU");
		return;
	}
	open_engines(row, c);
	for (int i = 0; i < opt.rounds; i++)
		for (int e = JIT; e < N_ENGINES; e++) {
			c[e].r.data = packet;
			if (c[e].on && e != INTERP)
				keep_best(row, e, run_threads(&c[e].r, threads, n, ops));
		}
	for (int e = JIT; e < N_ENGINES; e++)
		if (c[e].r.close)
			c[e].r.close(&c[e].r);
}

static void system_rows(void)
{
	if (wanted("load_small"))
		load_rows();
	if (wanted("codegen"))
		codegen_rows();
	thread_row("hash_1_thread", "hash mix, one thread", "rows", "hash", 256, 1, 30);
	thread_row("hash_2_threads", "hash mix, two threads, each", "rows", "hash", 256, 2, 30);
	thread_row("ring_1_thread", "ring buffer, one thread", "kfuncs", "ringbuf_submit", 1000, 1, 10);
	thread_row("ring_2_threads", "ring buffer, two threads, each", "kfuncs", "ringbuf_submit", 1000, 2,
		   10);
}

/* ---- output ---- */

static double ln(double x)
{
	/* log without libm: exponent and an atanh series of the mantissa */
	double m, y, term, sum = 0;
	int e = 0;

	for (m = x; m > 1.5; m /= 2)
		e++;
	for (; m < 0.75; m *= 2)
		e--;
	y = (m - 1) / (m + 1);
	term = y;
	for (int k = 1; k < 40; k += 2, term *= y * y)
		sum += term / k;
	return 2 * sum + e * 0.693147180559945309;
}

static double power_of_e(double x)
{
	double r = 1, term = 1;

	for (int k = 1; k < 60; k++) {
		term *= x / k;
		r += term;
	}
	return r;
}

/* of engine a's time over b's, in the rows that have both */
static double geomean(enum group g, int a, int b, int *n)
{
	double sum = 0;

	*n = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].group != g || !rows[i].ns[a] || !rows[i].ns[b])
			continue;
		sum += ln(rows[i].ns[a] / rows[i].ns[b]);
		++*n;
	}
	return *n ? power_of_e(sum / *n) : 0;
}

static void print_number(double v)
{
	if (!v)
		printf(" %10s", "-");
	else
		printf(v < 100 ? " %10.2f" : " %10.0f", v);
}

static void print_ratio(double a, double b)
{
	if (a && b)
		printf(" %7.2f", a / b);
	else
		printf(" %7s", "-");
}

static bool misses(const struct row *r)
{
	if (r->group == PLAIN)
		return r->ns[JIT] > 1.15 * r->ns[NATIVE];
	return r->ns[KERNEL] && r->ns[JIT] > r->ns[KERNEL] / 2;
}

static void print_row(const struct row *r)
{
	printf("%-34s", r->what);
	for (int e = 0; e < N_ENGINES; e++)
		print_number(r->ns[e]);
	print_ratio(r->ns[JIT], r->ns[NATIVE]);
	print_ratio(r->ns[KERNEL], r->ns[NATIVE]);
	print_ratio(r->ns[JIT], r->ns[KERNEL]);
	if (r->note[0])
		printf("  %s", r->note);
	if (r->limit && misses(r))
		printf("  %s", r->limit);
	printf("\n");
}

static void print_means(enum group g)
{
	static const int pairs[3][2] = {{JIT, NATIVE}, {KERNEL, NATIVE}, {JIT, KERNEL}};

	printf("%-34s %54s", "geometric mean", "");
	for (int i = 0; i < 3; i++) {
		int n;
		double m = geomean(g, pairs[i][0], pairs[i][1], &n);

		print_ratio(m, n ? 1 : 0);
	}
	printf("\n");
}

static void print_table(void)
{
	printf("%-34s %10s %10s %10s %10s %10s %7s %7s %7s\n", "ns per operation", "native", "JIT", "interp",
	       "kernel", "dpdk", "JIT/C", "krn/C", "JIT/krn");
	for (size_t i = 0; i < N_ROWS; i++) {
		if (i && rows[i].group != rows[i - 1].group) {
			print_means(rows[i - 1].group);
			printf("\n");
		}
		print_row(&rows[i]);
	}
	print_means(KFUNCS);
	printf("\n");
	for (unsigned int i = 0; i < n_extra; i++)
		print_row(&extra[i]);
	printf("\nbest of %d samples of %.0f us on CPU %d\n", opt.rounds, SAMPLE_NS / 1000, opt.cpu);
	printf("native: the same text by the C compiler with -O2, the faster of two builds; its hash table keeps the map's\n"
	       "contract (readers without locks in a read section, writers under locks). dpdk: librte-bpf, which has no loops,\n"
	       "maps, kfuncs or functions; the ALU loop is unrolled for it.\n");
	if (!kernel.open) {
		printf("no kernel: %s\n", kernel.why);
		return;
	}
	printf("Both sides run the same objects with the same packets. The kernel's times are those of BPF_PROG_TEST_RUN, which\n"
	       "repeats programs on packets (a sample enters once); programs of type syscall are entered for each run, by a\n"
	       "system call there and a function call here. A run of a kfunc row is about 1,000 operations, in a loop that\n"
	       "both count with may_goto. Loading is everything from the object in memory to its end: types, maps,\n"
	       "verification, code.\n");
}

static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void json_row(const struct row *r, bool comma)
{
	static const char *const names[] = {"native", "jit", "interpreter", "kernel", "dpdk"};
	static const char *const groups[] = {"plain", "kfunc", "system"};

	printf("{\"name\":\"%s\",\"group\":\"%s\"", r->name, groups[r->group]);
	for (int e = 0; e < N_ENGINES; e++) {
		printf(",\"%s\":", names[e]);
		if (r->ns[e])
			printf("%.3f", r->ns[e]);
		else
			printf("null");
	}
	printf(",\"note\":");
	json_string(r->note);
	printf("}%s\n", comma ? "," : "");
}

static void print_json(void)
{
	int n;

	printf("{\"schema\":1,\"cpu\":%d,\"samples\":%d,\"rows\":[\n", opt.cpu, opt.rounds);
	for (size_t i = 0; i < N_ROWS; i++)
		json_row(&rows[i], i + 1 < N_ROWS || n_extra);
	for (unsigned int i = 0; i < n_extra; i++)
		json_row(&extra[i], i + 1 < n_extra);
	printf("],\"geomean\":{\"jit_native\":%.4f,", geomean(PLAIN, JIT, NATIVE, &n));
	printf("\"kernel_native\":%.4f,", geomean(PLAIN, KERNEL, NATIVE, &n));
	printf("\"jit_kernel\":%.4f,", geomean(PLAIN, JIT, KERNEL, &n));
	printf("\"kfunc_jit_kernel\":%.4f},\"no_kernel\":", geomean(KFUNCS, JIT, KERNEL, &n));
	json_string(kernel.why);
	printf("}\n");
}

/* ---- */

static void find_kernel(void)
{
	char path[512];
	struct runner r;
	void *so;

	snprintf(path, sizeof(path), "%s/../libbench_kernel.so", opt.dir);
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		snprintf(kernel.why, sizeof(kernel.why), "%.159s", dlerror());
		return;
	}
	kernel.open = (int (*)(struct runner *, const char *, const char *))dlsym(so, "kernel_open");
	kernel.load_once = (int (*)(const void *, size_t))dlsym(so, "kernel_load_once");
	snprintf(path, sizeof(path), "%s/rows.bpf.o", opt.dir);
	if (kernel.open && kernel.load_once && !kernel.open(&r, path, "empty")) {
		r.close(&r);
		return;
	}
	snprintf(kernel.why, sizeof(kernel.why), "it does not load programs of this process: %.100s",
		 kernel.open ? r.why : "");
	kernel.open = NULL;
}

static int usage(void)
{
	fprintf(stderr, "usage: bench DIR [--json] [--quick] [--cpu N] [--only NAME]\n");
	return 2;
}

static bool parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			opt.json = true;
		else if (!strcmp(argv[i], "--quick"))
			opt.rounds = 20;
		else if (!strcmp(argv[i], "--cpu") && i + 1 < argc)
			opt.cpu = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--only") && i + 1 < argc)
			opt.only = argv[++i];
		else if (argv[i][0] != '-' && !opt.dir)
			opt.dir = argv[i];
		else
			return false;
	}
	return opt.dir != NULL;
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv))
		return usage();
	if (opt.cpu < 0)
		opt.cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	pin(opt.cpu);
	urcu_memb_register_thread();
	make_packet();
	find_kernel();
	dpdk_find();
	for (size_t i = 0; i < N_ROWS; i++)
		if (wanted(rows[i].name))
			measure(&rows[i]);
	system_rows();
	if (opt.json)
		print_json();
	else
		print_table();
	return 0;
}
