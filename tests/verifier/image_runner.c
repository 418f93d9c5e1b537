/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * image_runner IMAGE DIR [NAME]: checks the programs in DIR (.bpf.o) against the kernel image that
 * IMAGE, a file of raw BTF, makes under several releases, and compares with the expectations in
 * their source (image/image.h). Every program must have one for the first release.
 */
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <kfunc/libkfunc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const releases[] = {"6.18", "6.12", "7.2", "6.7"};
static int passed, failed;

static const struct {
	const char *name;
	int num;
} errnos[] = {
	{"EACCES", EACCES},         {"EINVAL", EINVAL}, {"EPROTO", EPROTO}, {"EFAULT", EFAULT},
	{"E2BIG", E2BIG},           {"ENOENT", ENOENT}, {"EEXIST", EEXIST}, {"ENOTSUPP", 524},
	{"EOPNOTSUPP", EOPNOTSUPP}, {"EBUSY", EBUSY},   {"ESRCH", ESRCH},
};

struct expectation {
	bool known;
	int err; /* 0: accept */
	unsigned int code;
};

static bool parse(const char *tag, const char *release, struct expectation *e)
{
	char name[16] = "", prefix[32] = "expect=";

	if (release)
		snprintf(prefix, sizeof(prefix), "expect-%s=", release);
	if (strncmp(tag, prefix, strlen(prefix)))
		return false;
	tag += strlen(prefix);
	if (!strcmp(tag, "accept"))
		return true;
	if (sscanf(tag, "%15s KF%u", name, &e->code) < 1)
		return false;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcmp(errnos[i].name, name))
			e->err = -errnos[i].num;
	return e->err;
}

static struct expectation find_expectation(const struct btf *btf, const char *name,
					   const char *release)
{
	int func = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	struct expectation e = {0};

	for (__u32 i = 1; func > 0 && i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);

		if (btf_is_decl_tag(t) && t->type == (__u32)func && !e.known)
			e.known = parse(btf__name_by_offset(btf, t->name_off), release, &e);
	}
	return e;
}

static void judge(const char *where, const char *prog, const struct expectation *e,
		  const struct kfunc_report *r)
{
	uint32_t no = e->err == -E2BIG && r->verdict == KFUNC_LIMIT ? KFUNC_LIMIT : KFUNC_REJECT;
	bool good =
		e->err ? r->verdict == no && r->err == e->err && (!e->code || e->code == r->code)
		       : r->verdict == KFUNC_ACCEPT;

	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED %s: %s: wanted %d KF%04u, got verdict %d, %d, KF%04u\n%s\n", where, prog,
	       e->err, e->code, r->verdict, r->err, r->code, r->text);
}

static void check_object(struct kfunc_kernel *kernel, bool first, const char *release,
			 const char *path)
{
	KFUNC_OPTS(kfunc_report, report);
	KFUNC_OPTS(kfunc_object_opts, opts, .kernel = kernel);
	struct btf *btf = btf__parse(path, NULL);
	struct kfunc_object *obj = kfunc_object__open_file(path, &opts);
	struct kfunc_program *prog = NULL;
	int err = obj ? kfunc_object__check(obj) : -errno;
	const char *slash = strrchr(path, '/');
	char where[256];

	snprintf(where, sizeof(where), "%.200s on %s", slash ? slash + 1 : path, release);
	if (err || !btf) {
		failed++;
		printf("FAILED %s: cannot be checked: %s\n", where, strerror(-err));
	}
	while (!err && btf && (prog = kfunc_object__next_program(obj, prog))) {
		const char *name = kfunc_program__name(prog);
		struct expectation e = find_expectation(btf, name, release);

		if (!e.known && first)
			e = find_expectation(btf, name, NULL);
		if (!e.known && !first)
			continue;
		if (!e.known || kfunc_program__report(prog, &report)) {
			failed++;
			printf("FAILED %s: %s: no expectation or no verdict\n", where, name);
			continue;
		}
		judge(where, name, &e, &report);
	}
	kfunc_object__close(obj);
	btf__free(btf);
}

static void check_dir(struct kfunc_kernel *kernel, bool first, const char *release, const char *dir,
		      const char *only)
{
	struct dirent **list;
	char path[4096];
	int n = scandir(dir, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *dot = strstr(list[i]->d_name, ".bpf.o");

		if (dot && !dot[6] &&
		    (!only || !strncmp(list[i]->d_name, only, dot - list[i]->d_name))) {
			snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
			check_object(kernel, first, release, path);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	else
		failed++;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: image_runner IMAGE DIR [NAME]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		char why[256] = "";
		KFUNC_OPTS(kfunc_image_opts, opts, .release = releases[i], .error = why,
			   .error_size = sizeof(why));
		struct kfunc_kernel *k = kfunc_kernel__open_image(argv[1], &opts);

		if (!k) {
			failed++;
			printf("FAILED: %s as %s: %s\n", argv[1], releases[i], why);
			continue;
		}
		check_dir(k, i == 0, releases[i], argv[2], argc > 3 ? argv[3] : NULL);
		kfunc_kernel__close(k);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
