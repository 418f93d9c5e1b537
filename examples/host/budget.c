/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A host with kfuncs of its own: an accountant whose pricing is a BPF program. The program may
 * charge users through app_charge() and learn their names through app_user_name(), and nothing
 * else.
 *
 *	gcc -g budget.c -o budget $(pkg-config --cflags --libs libkfunc)
 *	pahole -J budget
 *	clang -O2 -g --target=bpf -I$(pkg-config --variable=includedir libkfunc)/kfunc/bpf \
 *		-c budget.bpf.c -o budget.bpf.o
 *	./budget budget.bpf.o
 */
#include <errno.h>
#include <kfunc/kfunc.h>
#include <kfunc/libkfunc.h>
#include <stdio.h>
#include <string.h>

static struct {
	const char *name;
	s64 left;
} users[] = {{"ada", 100}, {"brian", 20}};

__bpf_kfunc_start_defs();

/* Takes amount from a user's budget; returns what is left, or an error. */
__bpf_kfunc s64 app_charge(u32 user, u32 amount)
{
	if (user >= sizeof(users) / sizeof(users[0]))
		return -ENOENT;
	if (users[user].left < amount)
		return -ENOSPC;
	return users[user].left -= amount;
}

/* name__sz: the verifier makes sure that name really has so many bytes */
__bpf_kfunc int app_user_name(u32 user, char *name, u32 name__sz)
{
	if (user >= sizeof(users) / sizeof(users[0]) || !name__sz)
		return -ENOENT;
	strncpy(name, users[user].name, name__sz - 1);
	name[name__sz - 1] = '\0';
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(app_kfuncs)
BTF_ID_FLAGS(func, app_charge)
BTF_ID_FLAGS(func, app_user_name)
BTF_KFUNCS_END(app_kfuncs)

static const struct btf_kfunc_id_set app_set = {
	.owner = THIS_MODULE,
	.set = &app_kfuncs,
};

static int app_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &app_set);
}
late_initcall(app_init);

/* ---- the rest is a small application ---- */

static void print_line(void *ctx, const char *text)
{
	(void)ctx;
	printf("  program: %s\n", text);
}

static void print_init_error(void *ctx, const struct kfunc_init_error *e)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", e->module, e->reason);
}

static int run(struct kfunc_program *prog, u32 user, u32 items)
{
	struct {
		u32 user, items;
	} order = {user, items};
	struct kfunc_run_opts opts = {.sz = sizeof(opts),
				      .ctx_in = &order,
				      .ctx_size_in = sizeof(order)};
	int err = kfunc_program__run(prog, &opts);

	if (err)
		fprintf(stderr, "run: %s\n", strerror(-err));
	else
		printf("%s orders %u: %d\n", user < 2 ? users[user].name : "nobody", items,
		       (int)opts.retval);
	return err;
}

static int load(struct kfunc_object *obj)
{
	struct kfunc_report report = {.sz = sizeof(report)};
	struct kfunc_program *prog;
	int err = kfunc_object__load(obj);

	if (!err)
		return 0;
	fprintf(stderr, "load: %s\n", kfunc_object__error(obj));
	for (prog = kfunc_object__next_program(obj, NULL); prog;
	     prog = kfunc_object__next_program(obj, prog))
		if (!kfunc_program__report(prog, &report))
			fprintf(stderr, "%s", report.text);
	return err;
}

int main(int argc, char **argv)
{
	struct kfunc_program *prog;
	struct kfunc_object *obj;
	int err;

	if (kfunc_init_errors(print_init_error, NULL))
		return 1;
	if (argc != 2) {
		fprintf(stderr, "usage: budget PROGRAM.bpf.o\n");
		return 2;
	}
	kfunc_set_printk(print_line, NULL);
	obj = kfunc_object__open_file(argv[1], NULL);
	if (!obj) {
		perror(argv[1]);
		return 2;
	}
	err = load(obj);
	prog = err ? NULL : kfunc_object__find_program(obj, "price");
	err = !prog || run(prog, 0, 2) || run(prog, 1, 2) || run(prog, 1, 1) || run(prog, 7, 1);
	kfunc_object__close(obj);
	return err;
}
