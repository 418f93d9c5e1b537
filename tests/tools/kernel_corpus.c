/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kernel_corpus SECONDS [REPEAT]: asks the running kernel about programs of object files. Each line of
 * stdin is "PATH PROGRAM FLAGS"; each answer is a JSON object a line:
 *
 *   {"program":…,"stage":"kernel|libbpf|blocked","errno":0|-N,"usec":N,"insns":N,"states":N}
 *
 * A program is loaded alone, its undefined symbols weak, and closed at once: nothing is attached or
 * pinned. usec is the kernel's own figure, the least of REPEAT loads. Programs that libbpf gives up
 * before the load, and types that this machine refuses, have no verdict. After SECONDS what is left has
 * no answer. Exit status 77: this kernel does not let us load programs at all.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "loader/loader.h"

static struct {
	const struct bpf_program *prog;
	uint32_t flags;
	int repeat;
	/* the answer */
	bool asked;
	int err;
	unsigned long usec, insns, states;
} now;

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);

/* the statistics of one load, from the log that ends with them */
static void read_log(const char *log)
{
	const char *t = strstr(log, "verification time "), *p = strstr(log, "processed ");
	const char *s = strstr(log, "total_states ");
	unsigned long usec = t ? strtoul(t + 18, NULL, 10) : 0;

	if (t && (!now.usec || usec < now.usec))
		now.usec = usec ? usec : 1;
	if (p)
		now.insns = strtoul(p + 10, NULL, 10);
	if (s)
		now.states = strtoul(s + 13, NULL, 10);
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *licence,
			 const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts)
{
	static char log[16384];
	struct bpf_prog_load_opts o;
	int fd = -1;

	if (!now.prog || insns != bpf_program__insns(now.prog) || now.asked)
		return __real_bpf_prog_load(type, name, licence, insns, n, opts);
	now.asked = true;
	o = *opts;
	o.prog_flags |= now.flags;
	o.log_level = 4;
	o.log_buf = log;
	o.log_size = sizeof(log);
	for (int i = 0; i < now.repeat; i++) {
		log[0] = '\0';
		fd = __real_bpf_prog_load(type, name, licence, insns, n, &o);
		now.err = fd < 0 ? -errno : 0;
		if (fd >= 0)
			close(fd);
		read_log(log);
	}
	/* libbpf need not go on */
	errno = ECANCELED;
	return -ECANCELED;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int ask(const void *elf, size_t size, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "corpus");
	struct bpf_object *obj = bpf_object__open_mem(elf, size, &opts);
	struct bpf_program *p;
	struct bpf_map *map;
	int err = -errno;

	if (!obj)
		return err;
	now.prog = NULL;
	bpf_object__for_each_program(p, obj)
	{
		bool it = !strcmp(bpf_program__name(p), name);

		bpf_program__set_autoload(p, it);
		if (it)
			now.prog = p;
	}
	bpf_object__for_each_map(map, obj)
	{
		bpf_map__set_pin_path(map, NULL);
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			bpf_map__set_autocreate(map, true);
	}
	now.asked = false;
	now.err = 0;
	now.usec = now.insns = now.states = 0;
	err = now.prog ? bpf_object__load(obj) : -ENOENT;
	bpf_object__close(obj);
	now.prog = NULL;
	return err;
}

static bool may_load(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = __real_bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "probe", "GPL", insns, 2, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	char path[4096], last[4096] = "", name[256], why[200];
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 60);
	void *elf = NULL;
	size_t size = 0;

	now.repeat = argc > 2 ? atoi(argv[2]) : 1;
	libbpf_set_print(quiet);
	if (!may_load())
		return 77;
	while (scanf("%4095s %255s %u", path, name, &now.flags) == 3) {
		const char *stage = "kernel";
		int err;

		if (time(NULL) >= end)
			return 3;
		if (strcmp(path, last)) {
			mem_free(elf);
			elf = NULL;
			err = loader_read_file(path, &elf, &size, why, sizeof(why));
			if (err)
				fprintf(stderr, "%s: %s\n", path, why);
			else
				loader_weaken(elf, size);
			snprintf(last, sizeof(last), "%s", path);
		}
		if (!elf)
			continue;
		err = ask(elf, size, name);
		if (!now.asked) {
			stage = "libbpf";
			now.err = err;
		} else if (now.err == -EPERM) {
			stage = "blocked";
		}
		printf("{\"path\":\"%s\",\"program\":\"%s\",\"stage\":\"%s\",\"errno\":%d,\"usec\":"
		       "%lu,"
		       "\"insns\":%lu,\"states\":%lu}\n",
		       path, name, stage, now.err, now.usec, now.insns, now.states);
		fflush(stdout);
	}
	mem_free(elf);
	return 0;
}
