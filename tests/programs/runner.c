/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * runner DIR [NAME]: checks every program of every object (.bpf.o) in DIR against the expectation
 * that its source gives it (progs/expect.h), through the public API. With NAME only objects of that
 * name.
 */
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <kfunc/kfunc.h>
#include <kfunc/libkfunc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;

static const struct {
	const char *name;
	int num;
} errnos[] = {
	{"EPERM", EPERM},           {"ENOENT", ENOENT}, {"E2BIG", E2BIG},  {"ENOMEM", ENOMEM},
	{"EACCES", EACCES},         {"EFAULT", EFAULT}, {"EBUSY", EBUSY},  {"EINVAL", EINVAL},
	{"EOPNOTSUPP", EOPNOTSUPP}, {"EPROTO", EPROTO}, {"ENOTSUPP", 524},
};

struct expectation {
	bool known, accept, run;
	int err;
	unsigned int code; /* 0: any */
	int retval;
};

static bool parse_reject(const char *s, struct expectation *e)
{
	char name[16];

	if (sscanf(s, "%15s KF%u", name, &e->code) < 1)
		return false;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcmp(errnos[i].name, name))
			e->err = -errnos[i].num;
	return e->err != 0;
}

/* The tags on the program's function */
static struct expectation find_expectation(const struct btf *btf, const char *name)
{
	int func = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	struct expectation e = {0};

	for (__u32 i = 1; func > 0 && i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *tag = btf__name_by_offset(btf, t->name_off);

		if (!btf_is_decl_tag(t) || t->type != (__u32)func)
			continue;
		if (!strcmp(tag, "expect=accept"))
			e.known = e.accept = true;
		else if (!strncmp(tag, "expect=", 7))
			e.known = parse_reject(tag + 7, &e);
		else if (!strncmp(tag, "retval=", 7)) {
			e.run = true;
			e.retval = atoi(tag + 7);
		}
	}
	return e;
}

static void judge(const char *object, const struct expectation *e, const char *name,
		  const struct kfunc_report *r)
{
	bool good = e->known && (e->accept ? r->verdict == KFUNC_ACCEPT
					   : r->verdict == KFUNC_REJECT && r->err == e->err &&
						     (!e->code || e->code == r->code));

	if (good) {
		passed++;
		return;
	}
	failed++;
	if (!e->known)
		printf("FAILED %s: %s: no expectation\n", object, name);
	else if (e->accept)
		printf("FAILED %s: %s: should be accepted: verdict %d, %d, KF%04u\n%s\n", object,
		       name, r->verdict, r->err, r->code, r->text);
	else
		printf("FAILED %s: %s: should be %d KF%04u: verdict %d, %d, KF%04u\n%s\n", object,
		       name, e->err, e->code, r->verdict, r->err, r->code, r->text);
}

/* How many lines of text contain what */
static int count_lines(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text += strcspn(text, "\n");
		n++;
	}
	return n;
}

/* What the tags want to read in the report and in the warnings */
static void judge_words(const char *object, const struct btf *btf, const char *name,
			const char *report, const char *warnings)
{
	int func = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);

	for (__u32 i = 1; func > 0 && i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *tag = btf__name_by_offset(btf, t->name_off);
		bool good = true;

		if (!btf_is_decl_tag(t) || t->type != (__u32)func)
			continue;
		if (!strncmp(tag, "says=", 5))
			good = report && strstr(report, tag + 5);
		else if (!strncmp(tag, "warns=", 6))
			good = count_lines(warnings, tag + 6) == 1;
		else
			continue;
		if (good)
			passed++;
		else
			failed++;
		if (!good)
			printf("FAILED %s: %s: does not say '%s':\n%s%s", object, name, tag,
			       report ? report : "", warnings);
	}
}

static void check_object(const char *path, const char *object)
{
	KFUNC_OPTS(kfunc_report, report);
	struct btf *btf = btf__parse(path, NULL);
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	struct kfunc_program *prog = NULL;
	int err = obj ? kfunc_object__check(obj) : -errno;

	if (err || !btf) {
		failed++;
		printf("FAILED %s: cannot be checked: %s\n", object, strerror(-err));
	}
	while (!err && btf && (prog = kfunc_object__next_program(obj, prog))) {
		const char *name = kfunc_program__name(prog);
		struct expectation e = find_expectation(btf, name);

		if (kfunc_program__report(prog, &report)) {
			failed++;
			printf("FAILED %s: %s: no verdict\n", object, name);
		} else {
			judge(object, &e, name, &report);
			judge_words(object, btf, name, report.text, kfunc_object__warnings(obj));
		}
	}
	kfunc_object__close(obj);
	btf__free(btf);
}

static int run_once(struct kfunc_program *prog, __s32 *retval)
{
	KFUNC_OPTS(kfunc_run_opts, opts);
	__u64 ctx[8] = {0};
	__u8 packet[64];
	int err;

	/* packets: an IPv4 frame whose bytes are their own positions */
	for (unsigned int i = 0; i < sizeof(packet); i++)
		packet[i] = i == 12 ? 8 : i == 13 ? 0 : i;
	switch (kfunc_program__type(prog)) {
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_CGROUP_SKB:
		opts.data_in = packet;
		opts.data_size_in = sizeof(packet);
		break;
	default:
		opts.ctx_in = ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	err = kfunc_program__run(prog, &opts);
	*retval = (__s32)opts.retval;
	return err;
}

/* Loads an object anew and runs one of its programs. The others that can be run are loaded with it:
 * it may call them. */
static void run_program(const char *path, const struct btf *btf, const char *object,
			const char *name, int want)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	struct kfunc_program *prog = NULL;
	int err = obj ? 0 : -errno;
	__s32 retval = 0;

	while (obj && (prog = kfunc_object__next_program(obj, prog)))
		kfunc_program__set_autoload(prog,
					    find_expectation(btf, kfunc_program__name(prog)).run);
	if (!err)
		err = kfunc_object__load(obj);
	if (!err)
		err = run_once(kfunc_object__find_program(obj, name), &retval);
	if (!err && retval == want) {
		passed++;
	} else {
		failed++;
		printf("FAILED %s: %s: run: %s, returned %d, should be %d\n", object, name,
		       strerror(-err), retval, want);
	}
	kfunc_object__close(obj);
}

static void run_object(const char *path, const char *object)
{
	struct btf *btf = btf__parse(path, NULL);

	for (__u32 i = 1; btf && i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *name = btf__name_by_offset(btf, t->name_off);
		struct expectation e;

		if (!btf_is_func(t))
			continue;
		e = find_expectation(btf, name);
		if (e.run)
			run_program(path, btf, object, name, e.retval);
	}
	btf__free(btf);
}

static void print_init_error(void *ctx, const struct kfunc_init_error *e)
{
	(void)ctx;
	printf("FAILED: %s: %s\n", e->initcall ? e->initcall : e->module, e->reason);
}

int main(int argc, char **argv)
{
	struct dirent **list;
	char path[4096];
	int n;

	failed += kfunc_init_errors(print_init_error, NULL);
	n = argc > 1 ? scandir(argv[1], &list, NULL, alphasort) : -1;
	if (n < 0) {
		fprintf(stderr, "usage: runner DIR [NAME]\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		const char *dot = strstr(list[i]->d_name, ".bpf.o");

		if (dot && !dot[6] &&
		    (argc < 3 || !strncmp(list[i]->d_name, argv[2], dot - list[i]->d_name))) {
			snprintf(path, sizeof(path), "%s/%s", argv[1], list[i]->d_name);
			check_object(path, list[i]->d_name);
			run_object(path, list[i]->d_name);
		}
		free(list[i]);
	}
	free(list);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
