/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A service whose policy is a BPF program that can be changed while it runs: requests go to one of
 * three backends, and a table of type balance_ops says which. A tracepoint tells other programs what
 * was decided.
 *
 *	gcc -g balance.c -o balance $(pkg-config --cflags --libs libkfunc) -lpthread
 *	kfunc btf balance
 *	clang -O2 -g --target=bpf -I$(pkg-config --variable=includedir libkfunc)/kfunc/bpf \
 *		-c balance.bpf.c -o balance.bpf.o
 *	./balance balance.bpf.o
 */
#include <errno.h>
#include <kfunc/hooks.h>
#include <kfunc/libkfunc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BACKENDS 3

struct backend {
	u32 id;
	u32 load;
};

struct request {
	u32 client;
	u32 size;
};

/* What a policy may say: pick is needed, done is optional. */
struct balance_ops {
	u32 (*pick)(struct request *r, struct backend *last);
	void (*done)(struct backend *b, u32 size);
	char name[16];
};

KFUNC_TRACEPOINT(balance_routed, TP_PROTO(struct request *r, struct backend *b), TP_ARGS(r, b));

static struct backend backends[BACKENDS] = {{.id = 0, .load = 7}, {.id = 1, .load = 9}, {.id = 2}};

/* ---- the policy's table ---- */

static struct balance_ops *policy; /* read in read sections */

static int balance_init_member(const struct btf_type *t, const struct btf_member *member,
			       void *kdata, const void *udata)
{
	struct balance_ops *k = kdata;
	const struct balance_ops *u = udata;

	if (__btf_member_bit_offset(t, member) / 8 != offsetof(struct balance_ops, name))
		return 0;
	memcpy(k->name, u->name, sizeof(k->name));
	return 1;
}

static int balance_validate(void *kdata)
{
	return ((struct balance_ops *)kdata)->pick ? 0 : -EINVAL;
}

static int balance_reg(void *kdata, struct bpf_link *link)
{
	struct balance_ops *none = NULL;

	(void)link;
	return __atomic_compare_exchange_n(&policy, &none, kdata, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED)
		       ? 0
		       : -EEXIST;
}

static void balance_unreg(void *kdata, struct bpf_link *link)
{
	(void)kdata;
	(void)link;
	__atomic_store_n(&policy, NULL, __ATOMIC_RELEASE);
}

static int balance_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	(void)old_kdata;
	(void)link;
	__atomic_store_n(&policy, kdata, __ATOMIC_RELEASE);
	return 0;
}

/* never called: their parameters' names are the contract (the first request has no last backend) */
static u32 balance_ops__pick(struct request *r, struct backend *last__nullable)
{
	(void)r;
	(void)last__nullable;
	return 0;
}

static void balance_ops__done(struct backend *b, u32 size)
{
	(void)b;
	(void)size;
}

static struct balance_ops stubs = {.pick = balance_ops__pick, .done = balance_ops__done};

static struct bpf_struct_ops balance_struct_ops = {
	.init_member = balance_init_member,
	.validate = balance_validate,
	.reg = balance_reg,
	.unreg = balance_unreg,
	.update = balance_update,
	.cfi_stubs = &stubs,
	.owner = THIS_MODULE,
	.name = "balance_ops",
};

static int balance_init(void)
{
	return register_bpf_struct_ops(&balance_struct_ops, balance_ops);
}
late_initcall(balance_init);

/* ---- the service ---- */

static u32 route(struct request *r, struct backend *last)
{
	struct balance_ops *p;
	struct backend *b;
	u32 to = 0;

	kfunc_rcu_read_lock();
	p = __atomic_load_n(&policy, __ATOMIC_ACQUIRE);
	if (p)
		to = p->pick(r, last);
	b = &backends[to < BACKENDS ? to : 0];
	if (p && p->done)
		p->done(b, r->size);
	kfunc_rcu_read_unlock();
	trace_balance_routed(r, b);
	return b->id;
}

static void serve(const char *what)
{
	struct request r = {.client = 1, .size = 100};
	u32 n[BACKENDS] = {0};
	struct backend *last = NULL;

	for (int i = 0; i < 9; i++) {
		u32 to = route(&r, last);

		last = &backends[to];
		n[to]++;
	}
	printf("%-16s %u %u %u\n", what, n[0], n[1], n[2]);
}

static bool stop;
static u64 in_background;

static void *background(void *arg)
{
	struct request r = {.client = 2, .size = 1};

	(void)arg;
	for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED); in_background++)
		route(&r, &backends[0]);
	return NULL;
}

static u64 counted(struct kfunc_object *obj, u32 client)
{
	u64 v = 0;

	kfunc_map__lookup(kfunc_object__find_map(obj, "routed"), &client, &v, 0);
	return v;
}

static int run(struct kfunc_object *obj)
{
	struct kfunc_link *trace, *link;
	pthread_t t;
	int err;

	if (kfunc_object__load(obj)) {
		fprintf(stderr, "load: %s\n", kfunc_object__error(obj));
		return 1;
	}
	trace = kfunc_program__attach(kfunc_object__find_program(obj, "on_routed"));
	if (!trace || pthread_create(&t, NULL, background, NULL))
		return 1;
	serve("no policy");
	link = kfunc_map__attach_struct_ops(kfunc_object__find_map(obj, "rotate"));
	if (!link)
		return 1;
	serve(policy->name);
	err = kfunc_link__update_map(link, kfunc_object__find_map(obj, "idlest"));
	serve(policy->name);
	kfunc_link__destroy(link);
	serve("no policy");
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	printf("the tracepoint saw %llu requests here, and %s in the background\n", counted(obj, 1),
	       counted(obj, 2) == in_background ? "every one" : "not all");
	kfunc_link__destroy(trace);
	return err;
}

int main(int argc, char **argv)
{
	struct kfunc_object *obj;
	int err;

	if (kfunc_init_errors(NULL, NULL) || argc != 2) {
		fprintf(stderr, "usage: balance PROGRAM.bpf.o (after `kfunc btf balance`)\n");
		return 2;
	}
	obj = kfunc_object__open_file(argv[1], NULL);
	if (!obj) {
		perror(argv[1]);
		return 2;
	}
	err = run(obj);
	kfunc_object__close(obj);
	return err != 0;
}
