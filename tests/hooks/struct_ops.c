/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A host with a policy interface (kfunc spec section 11): registration, which programs its members
 * take, tables with and without links, calls, replacement while other threads call, and test runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <kfunc/hooks.h>
#include <kfunc/libkfunc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENOTSUPP 524

struct hooks_item {
	int refs;
	int weight;
	struct hooks_item *next;
};

struct hooks_other {
	int a;
};

struct hooks_policy {
	int (*score)(struct hooks_item *item, struct hooks_item *best, int bonus);
	void (*note)(unsigned char kind, long long amount);
	bool (*admit)(unsigned int weight);
	int (*consume)(struct hooks_item *item);
	struct hooks_item *(*pick)(struct hooks_item *first, int want);
	struct hooks_item *(*choose)(struct hooks_item *item, int want);
	long long (*many)(char a, short b, int c, long d, unsigned int e, unsigned long f, long g,
			  int h);
	int (*slow)(int ms);
	int (*unsupported)(int x);
	int limit;
	int reserved;
	char name[16];
};

/* ---- what programs call ---- */

static struct hooks_other other;

__bpf_kfunc_start_defs();

__bpf_kfunc struct hooks_item *hooks_item_get(struct hooks_item *item)
{
	__atomic_fetch_add(&item->refs, 1, __ATOMIC_RELAXED);
	return item;
}

__bpf_kfunc struct hooks_item *hooks_item_try(struct hooks_item *item)
{
	return item->refs ? hooks_item_get(item) : NULL;
}

__bpf_kfunc void hooks_item_put(struct hooks_item *item)
{
	__atomic_fetch_sub(&item->refs, 1, __ATOMIC_RELAXED);
}

__bpf_kfunc int hooks_item_look(struct hooks_item *item)
{
	return item->refs;
}

__bpf_kfunc struct hooks_other *hooks_other_get(void)
{
	return &other;
}

__bpf_kfunc void hooks_other_put(struct hooks_other *o)
{
	o->a++;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(hooks_kfuncs)
BTF_ID_FLAGS(func, hooks_item_get, KF_ACQUIRE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, hooks_item_try, KF_ACQUIRE | KF_RET_NULL | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, hooks_item_put, KF_RELEASE)
BTF_ID_FLAGS(func, hooks_item_look, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, hooks_other_get, KF_ACQUIRE)
BTF_ID_FLAGS(func, hooks_other_put, KF_RELEASE)
BTF_KFUNCS_END(hooks_kfuncs)

static const struct btf_kfunc_id_set hooks_set = {.owner = THIS_MODULE, .set = &hooks_kfuncs};

/* ---- the table's type ---- */

static struct hooks_policy *current;
static int inits, regs, unregs, updates;
static struct bpf_link *last_link;

static int policy_init(struct btf *btf)
{
	inits += btf != NULL;
	return 0;
}

static int policy_check_member(const struct btf_type *t, const struct btf_member *member,
			       const struct bpf_prog *prog)
{
	bool slow = __btf_member_bit_offset(t, member) / 8 == offsetof(struct hooks_policy, slow);

	return prog->sleepable && !slow ? -EXDEV : 0;
}

static int policy_init_member(const struct btf_type *t, const struct btf_member *member,
			      void *kdata, const void *udata)
{
	const struct hooks_policy *u = udata;
	struct hooks_policy *k = kdata;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct hooks_policy, limit):
		k->limit = u->limit;
		return u->limit > 1000 ? -ERANGE : 1;
	case offsetof(struct hooks_policy, name):
		memcpy(k->name, u->name, sizeof(k->name));
		return 1;
	default:
		return 0;
	}
}

static int policy_reg(void *kdata, struct bpf_link *link)
{
	if (current)
		return -EEXIST;
	regs++;
	last_link = link;
	__atomic_store_n(&current, kdata, __ATOMIC_RELEASE);
	return 0;
}

static void policy_unreg(void *kdata, struct bpf_link *link)
{
	assert_ptr_equal(kdata, current);
	assert_ptr_equal(link, last_link);
	unregs++;
	__atomic_store_n(&current, NULL, __ATOMIC_RELEASE);
}

static int policy_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	assert_ptr_equal(old_kdata, current);
	assert_ptr_equal(link, last_link);
	updates++;
	__atomic_store_n(&current, kdata, __ATOMIC_RELEASE);
	return 0;
}

static int policy_validate(void *kdata)
{
	return ((struct hooks_policy *)kdata)->score ? 0 : -ENOMSG;
}

static int hooks_policy__score(struct hooks_item *item, struct hooks_item *best__nullable,
			       int bonus)
{
	(void)item;
	(void)best__nullable;
	(void)bonus;
	return 0;
}

static void hooks_policy__note(unsigned char kind, long long amount)
{
	(void)kind;
	(void)amount;
}

static bool hooks_policy__admit(unsigned int weight)
{
	(void)weight;
	return false;
}

static int hooks_policy__consume(struct hooks_item *item__ref)
{
	(void)item__ref;
	return 0;
}

static struct hooks_item *hooks_policy__pick(struct hooks_item *first__ref, int want)
{
	(void)want;
	(void)first__ref;
	return NULL;
}

static struct hooks_item *hooks_policy__choose(struct hooks_item *item, int want)
{
	(void)item;
	(void)want;
	return NULL;
}

static long long hooks_policy__many(char a, short b, int c, long d, unsigned int e, unsigned long f,
				    long g, int h)
{
	return a + b + c + d + e + f + g + h;
}

static int hooks_policy__slow(int ms)
{
	return ms;
}

static struct hooks_policy stubs = {
	.score = hooks_policy__score,
	.note = hooks_policy__note,
	.admit = hooks_policy__admit,
	.consume = hooks_policy__consume,
	.pick = hooks_policy__pick,
	.choose = hooks_policy__choose,
	.many = hooks_policy__many,
	.slow = hooks_policy__slow,
};

static struct bpf_struct_ops policy_ops = {
	.init = policy_init,
	.check_member = policy_check_member,
	.init_member = policy_init_member,
	.reg = policy_reg,
	.unreg = policy_unreg,
	.update = policy_update,
	.validate = policy_validate,
	.cfi_stubs = &stubs,
	.owner = THIS_MODULE,
	.name = "hooks_policy",
};

static int hooks_init(void)
{
	int err = register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &hooks_set);

	return err ? err : register_bpf_struct_ops(&policy_ops, hooks_policy);
}
late_initcall(hooks_init);

/* ---- types that cannot be registered (R11.1, R11.4) ---- */

struct bad_bits {
	int (*f)(int x);
	unsigned int bits : 3;
};

struct bad_anon {
	int (*f)(int x);
	union {
		int a, b;
	};
};

struct bad_ret {
	int *(*f)(int x);
};

struct bad_arg {
	int (*f)(struct bad_bits bits);
};

struct bad_mark {
	int (*f)(int x);
};

struct bad_count {
	int (*f)(int x);
};

struct bad_many {
	int (*f)(int a, int b, int c, int d, int e, int g, int h, int i, int j, int k, int l, int m,
		 int n);
};

static int bad_mark__f(int x__ref)
{
	return x__ref;
}

static int bad_count__f(int x, int y)
{
	return x + y;
}

static void *bad_stubs[4] = {(void *)bad_mark__f, (void *)bad_count__f};

static int try(struct bpf_struct_ops *o, const char *name, void *table)
{
	*o = policy_ops;
	o->name = name;
	o->cfi_stubs = table;
	o->init = NULL;
	return 0;
}

#define TRY(type, table) (try(&o, #type, table), register_bpf_struct_ops(&o, type))

static int init_fails(struct btf *btf)
{
	(void)btf;
	return -EAGAIN;
}

/* R11.1, R11.4: types that are registered, and those that are not; R11.9: verifier_ops, which could generate
 * code, are refused by name */
static void test_register(void **state)
{
	struct bpf_struct_ops o;

	(void)state;
	assert_int_equal(kfunc_init_errors(NULL, NULL), 0);
	assert_int_equal(inits, 1);
	assert_int_equal(TRY(hooks_policy, &stubs), -EEXIST);
	assert_int_equal(TRY(bad_bits, bad_stubs), -EOPNOTSUPP);
	assert_non_null(strstr(kfunc_register_error(), "bit field"));
	assert_int_equal(TRY(bad_anon, bad_stubs), -EOPNOTSUPP);
	assert_int_equal(TRY(bad_ret, bad_stubs), -EOPNOTSUPP);
	assert_int_equal(TRY(bad_arg, bad_stubs), -EOPNOTSUPP);
	assert_int_equal(TRY(bad_many, bad_stubs), -EOPNOTSUPP);
	assert_int_equal(TRY(bad_mark, bad_stubs), -EINVAL);
	assert_int_equal(TRY(bad_count, &bad_stubs[1]), -EINVAL);
	assert_int_equal(TRY(hooks_item, NULL), -EINVAL);
	try(&o, "hooks_other", bad_stubs); /* without its value struct */
	assert_int_equal(__register_bpf_struct_ops(&o), -EINVAL);
	try(&o, "hooks_not_there", bad_stubs);
	assert_int_equal(__register_bpf_struct_ops(&o), -EINVAL);
	try(&o, "hooks_item", bad_stubs);
	o.init = init_fails;
	assert_int_equal(__register_bpf_struct_ops(&o), -EINVAL);
	o.verifier_ops = (const struct bpf_verifier_ops *)&o;
	assert_int_equal(__register_bpf_struct_ops(&o), -EOPNOTSUPP);
	assert_non_null(strstr(kfunc_register_error(), "verifier_ops"));
	o.owner = NULL;
	assert_int_equal(__register_bpf_struct_ops(&o), -EINVAL);
}

/* ---- tables ---- */

static struct kfunc_object *load(void)
{
	struct kfunc_object *obj = kfunc_object__open_file(PROGS "/struct_ops.bpf.o", NULL);
	struct kfunc_program *p = NULL;
	KFUNC_OPTS(kfunc_report, r);

	assert_non_null(obj);
	if (!kfunc_object__load(obj))
		return obj;
	fprintf(stderr, "%s\n", kfunc_object__error(obj));
	while ((p = kfunc_object__next_program(obj, p)))
		if (!kfunc_program__report(p, &r))
			fprintf(stderr, "%s", r.text);
	fail();
	return NULL;
}

static struct kfunc_link *attach(struct kfunc_object *obj, const char *name)
{
	return kfunc_map__attach_struct_ops(kfunc_object__find_map(obj, name));
}

static u64 note_of(struct kfunc_object *obj, u32 kind)
{
	u64 v;

	assert_int_equal(kfunc_map__lookup(kfunc_object__find_map(obj, "notes"), &kind, &v, 0), 0);
	return v;
}

/* Scenarios 95, 96: R11.3, R11.7: what programs get and what callers get back */
static void test_calls(void **state)
{
	struct hooks_item item = {.refs = 1, .weight = 5}, best = {.refs = 1, .weight = 2};
	struct kfunc_object *obj = load();
	struct kfunc_link *l = attach(obj, "whole");
	struct hooks_policy *p = current;

	(void)state;
	assert_non_null(l);
	assert_non_null(p);
	assert_int_equal(regs, 1);
	assert_null(last_link);
	assert_int_equal(p->limit, 42);
	assert_string_equal(p->name, "whole");
	assert_null(p->unsupported);
	kfunc_rcu_read_lock();
	assert_int_equal(p->score(&item, &best, 3), 5 * 10 + 3 + 1 - 2);
	assert_int_equal(p->score(&item, NULL, -100), 5 * 10 - 100 + 1);
	assert_int_equal(p->score(NULL, NULL, 3), 0); /* no program runs */
	p->note(2, -7);
	p->note(6, 10); /* & 3 */
	assert_true(p->admit(99));
	assert_false(p->admit(100));
	item.refs++;
	assert_int_equal(p->consume(&item), 5);
	assert_int_equal(item.refs, 1);
	item.refs++;
	assert_ptr_equal(p->pick(&item, 1), &item);
	assert_int_equal(item.refs, 2);
	assert_null(p->pick(&item, 0));
	assert_int_equal(item.refs, 1);
	assert_ptr_equal(p->choose(&item, 1), &item);
	assert_int_equal(item.refs, 2); /* the caller's now */
	item.refs--;
	assert_null(p->choose(&item, 0));
	assert_int_equal(item.refs, 1);
	assert_int_equal(p->many(1, 2, 3, 4, 5, 6, 7, 8), 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64);
	/* narrow arguments are zero-extended, the seventh and eighth come from the stack */
	assert_int_equal(p->many(-1, 0, 0, 0, 0, 0, 0, 0), 255);
	assert_int_equal(p->many(0, 0, 0, 0, 0, 0, -1, -1), -7 + 8 * 0xffffffffll);
	assert_int_equal(p->slow(4), 5);
	kfunc_rcu_read_unlock();
	assert_int_equal(note_of(obj, 2), 3);
	assert_true(bpf_struct_ops_get(p));
	bpf_struct_ops_put(p);

	/* taken: the host says so */
	assert_null(attach(obj, "flat"));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(kfunc_link__destroy(l), 0);
	assert_null(current);
	assert_int_equal(unregs, 1);
	kfunc_object__close(obj);
}

static long bpf_map(int cmd, int fd, const void *key, void *value, u64 flags)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = fd;
	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	a.flags = flags;
	return kfunc_bpf(cmd, &a,
			 cmd == BPF_MAP_DELETE_ELEM ? offsetof(union bpf_attr, value) : sizeof(a));
}

struct value {
	struct bpf_struct_ops_common_value common;
	struct hooks_policy data __attribute__((aligned(64)));
};

static int create(u32 flags, u32 value_size, int like)
{
	struct bpf_map_info info;
	union bpf_attr a;
	int btf;

	memset(&info, 0, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = like;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	assert_int_equal(kfunc_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)), 0);
	memset(&a, 0, sizeof(a));
	a.btf_id = info.btf_vmlinux_id ? info.btf_vmlinux_id : info.btf_id;
	btf = kfunc_bpf(BPF_BTF_GET_FD_BY_ID, &a, sizeof(a));
	assert_true(btf >= 0);
	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_STRUCT_OPS;
	a.key_size = 4;
	a.value_size = value_size;
	a.max_entries = 1;
	a.map_flags = flags | 1u << 15;
	a.btf_vmlinux_value_type_id = info.btf_vmlinux_value_type_id;
	a.value_type_btf_obj_fd = btf;
	btf = kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	kfunc_close(a.value_type_btf_obj_fd);
	return btf;
}

static void set_fd(void *member, int fd)
{
	long v = fd;

	memcpy(member, &v, sizeof(v));
}

/* R11.10: tables as maps, and every error of writing one */
static void test_boundary(void **state)
{
	struct kfunc_object *obj = load();
	int like = kfunc_map__fd(kfunc_object__find_map(obj, "flat"));
	int score = kfunc_program__fd(kfunc_object__find_program(obj, "score"));
	int note = kfunc_program__fd(kfunc_object__find_program(obj, "note"));
	u32 zero = 0, one = 1, next;
	struct value v, out;
	union bpf_attr a;
	int fd;

	(void)state;
	assert_int_equal(create(0, sizeof(v) - 8, like), -EINVAL);
	fd = create(0, sizeof(v), like);
	assert_true(fd >= 0);
	memset(&v, 0, sizeof(v));
	set_fd(&v.data.score, score);
	assert_int_equal(bpf_map(BPF_MAP_LOOKUP_ELEM, fd, &zero, &out, 0), 0);
	assert_int_equal(out.common.state, BPF_STRUCT_OPS_STATE_INIT);
	assert_int_equal(bpf_map(BPF_MAP_LOOKUP_ELEM, fd, &one, &out, 0), -ENOENT);
	assert_int_equal(bpf_map(BPF_MAP_DELETE_ELEM, fd, &zero, NULL, 0), -ENOENT);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, BPF_NOEXIST), -EINVAL);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &one, &v, 0), -E2BIG);
	v.common.refcnt = 1;
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), -EINVAL);
	v.common.refcnt = 0;
	set_fd(&v.data.note, score); /* of another member */
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), -EINVAL);
	set_fd(&v.data.note, fd); /* no program */
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), -EINVAL);
	set_fd(&v.data.note, 9999);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), -EBADF);
	set_fd(&v.data.note, note);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), 0);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), -EBUSY);
	assert_non_null(current);
	assert_int_equal(bpf_map(BPF_MAP_LOOKUP_ELEM, fd, &zero, &out, 0), 0);
	assert_int_equal(out.common.state, BPF_STRUCT_OPS_STATE_INUSE);
	assert_int_equal(bpf_map(BPF_MAP_GET_NEXT_KEY, fd, NULL, &next, 0), 0);
	assert_int_equal(next, 0);
	/* no link for such a map */
	memset(&a, 0, sizeof(a));
	a.link_create.map_fd = fd;
	a.link_create.attach_type = BPF_STRUCT_OPS;
	assert_int_equal(kfunc_bpf(BPF_LINK_CREATE, &a, sizeof(a)), -EINVAL);
	assert_int_equal(bpf_map(BPF_MAP_DELETE_ELEM, fd, &zero, NULL, 0), 0);
	assert_null(current);
	assert_int_equal(bpf_map(BPF_MAP_DELETE_ELEM, fd, &zero, NULL, 0), -EINPROGRESS);
	kfunc_close(fd);
	/* a map for links is filled first */
	fd = create(1u << 13, sizeof(v), like);
	assert_true(fd >= 0);
	a.link_create.map_fd = fd;
	assert_int_equal(kfunc_bpf(BPF_LINK_CREATE, &a, sizeof(a)), -EINVAL);
	assert_int_equal(bpf_map(BPF_MAP_UPDATE_ELEM, fd, &zero, &v, 0), 0);
	assert_null(current);
	assert_int_equal(bpf_map(BPF_MAP_DELETE_ELEM, fd, &zero, NULL, 0), -EOPNOTSUPP);
	kfunc_close(fd);
	kfunc_object__close(obj);
}

static long link_update(int link, int map, int old, u32 flags)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.link_update.link_fd = link;
	a.link_update.new_map_fd = map;
	a.link_update.flags = flags;
	a.link_update.old_map_fd = old;
	return kfunc_bpf(BPF_LINK_UPDATE, &a, sizeof(a));
}

static u32 map_of_link(int fd)
{
	struct bpf_link_info info;
	union bpf_attr a;

	memset(&info, 0, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = fd;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	assert_int_equal(kfunc_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)), 0);
	assert_int_equal(info.type, BPF_LINK_TYPE_STRUCT_OPS);
	return info.struct_ops.map_id;
}

/* R11.10: links, their replacement, and what init_member and validate refuse */
static void test_links(void **state)
{
	struct hooks_item item = {.refs = 1, .weight = 5};
	struct kfunc_object *obj = load();
	struct kfunc_link *l = attach(obj, "flat");
	int flat, flat2, whole, fd;
	union bpf_attr a;
	u32 first;

	(void)state;
	assert_non_null(l);
	assert_non_null(last_link);
	assert_int_equal(current->score(&item, NULL, 1), 1001);
	assert_null(current->note); /* optional */
	assert_int_equal(kfunc_link__update_map(l, kfunc_object__find_map(obj, "flat2")), 0);
	assert_int_equal(updates, 1);
	assert_int_equal(current->score(&item, NULL, 1), 2001);

	fd = kfunc_link__fd(l);
	flat = kfunc_map__fd(kfunc_object__find_map(obj, "flat"));
	flat2 = kfunc_map__fd(kfunc_object__find_map(obj, "flat2"));
	whole = kfunc_map__fd(kfunc_object__find_map(obj, "whole"));
	first = map_of_link(fd);
	assert_int_equal(link_update(fd, flat, 0, 1), -EINVAL); /* no such flag */
	assert_int_equal(link_update(fd, flat, flat2, 0), -EINVAL);
	assert_int_equal(link_update(fd, flat, flat, BPF_F_REPLACE), -EPERM);
	assert_int_equal(link_update(fd, whole, 0, 0), -EINVAL); /* no map for links */
	assert_int_equal(link_update(fd, flat, flat2, BPF_F_REPLACE), 0);
	assert_int_not_equal(map_of_link(fd), first);
	assert_int_equal(current->score(&item, NULL, 1), 1001);
	policy_ops.update = NULL;
	assert_int_equal(link_update(fd, flat2, 0, 0), -EOPNOTSUPP);
	policy_ops.update = policy_update;

	memset(&a, 0, sizeof(a));
	a.link_detach.link_fd = fd;
	assert_int_equal(kfunc_bpf(BPF_LINK_DETACH, &a, sizeof(a)), 0);
	assert_null(current);
	assert_int_equal(map_of_link(fd), 0);
	assert_int_equal(link_update(fd, flat2, 0, 0), -ENOLINK);
	assert_int_equal(kfunc_link__destroy(l), 0);

	assert_null(attach(obj, "incomplete"));
	assert_int_equal(errno, ENOMSG);
	assert_null(attach(obj, "filled"));
	assert_int_equal(errno, EINVAL);
	assert_null(attach(obj, "too_much"));
	assert_int_equal(errno, ERANGE);
	assert_null(current);
	kfunc_object__close(obj);
}

/* A table outlives its object while it is linked, and nothing of it is left afterwards. */
static void test_lifetime(void **state)
{
	struct hooks_item item = {.refs = 1, .weight = 5};
	struct kfunc_object *a = load(), *b = load();
	struct kfunc_link *l = attach(a, "flat");

	(void)state;
	assert_non_null(l);
	kfunc_object__close(a);
	assert_int_equal(current->score(&item, NULL, 2), 1002);
	assert_int_equal(kfunc_link__update_map(l, kfunc_object__find_map(b, "flat2")), 0);
	assert_int_equal(current->score(&item, NULL, 2), 2002);
	kfunc_object__close(b);
	assert_int_equal(current->score(&item, NULL, 2), 2002);
	assert_int_equal(kfunc_link__destroy(l), 0);
	assert_null(current);
}

/* ---- programs that members do not take ---- */

static const struct {
	const char *name;
	int err;
	unsigned int code; /* 0: any */
} bad[] = {
	{"score", -EACCES, 303},          {"leak", -EINVAL, 412},
	{"leak_sometimes", -EINVAL, 412}, {"used_after", -EACCES, 403},
	{"reloaded", -EACCES, 311},       {"twice", -EINVAL, 404},
	{"put_borrowed", -EINVAL, 400},   {"tail", -EINVAL, 413},
	{"pick_one", -EINVAL, 254},       {"pick_other", -EINVAL, 254},
	{"pick_moved", -EACCES, 255},     {"pick_both", -EINVAL, 412},
	{"sleepy", -EXDEV, 133},          {"unsupported", -ENOTSUPP, 132},
	{"second", -EACCES, 311},         {"choose_borrowed", -EINVAL, 254},
	{"choose_moved", -EACCES, 255},   {"choose_maybe", -EINVAL, 254},
};

/* R11.2, R11.4, R11.5, R11.6, R11.8; scenarios 95, 96 */
static void test_bad(void **state)
{
	struct kfunc_object *obj = kfunc_object__open_file(PROGS "/struct_ops_bad.bpf.o", NULL);
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_non_null(obj);
	assert_int_equal(kfunc_object__check(obj), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kfunc_program *p = kfunc_object__find_program(obj, bad[i].name);

		assert_non_null(p);
		assert_int_equal(kfunc_program__report(p, &r), 0);
		if (r.verdict != KFUNC_REJECT || r.err != bad[i].err ||
		    (bad[i].code && r.code != bad[i].code))
			fail_msg("%s: verdict %d, %d, KF%04u: %s", bad[i].name, r.verdict, r.err,
				 r.code, r.text);
	}
	assert_int_equal(kfunc_program__report(kfunc_object__find_program(obj, "choose_maybe"), &r),
			 0);
	assert_non_null(strstr(r.message, "and is a pointer to hooks_item or NULL"));
	assert_non_null(strstr(r.text, "on paths of their own"));
	kfunc_object__close(obj);
}

static void test_run(void **state)
{
	struct hooks_item item = {.refs = 1, .weight = 5};
	struct kfunc_object *obj = load();
	struct kfunc_program *p = kfunc_object__find_program(obj, "score");
	u64 args[3] = {(uintptr_t)&item, 0, 7};
	KFUNC_OPTS(kfunc_run_opts, o);

	(void)state;
	o.ctx_in = args;
	o.ctx_size_in = sizeof(args);
	assert_int_equal(kfunc_program__run(p, &o), 0);
	assert_int_equal(o.retval, 58);
	args[0] = 0;
	assert_int_equal(kfunc_program__run(p, &o), -EINVAL);
	o.ctx_size_in = 16;
	assert_int_equal(kfunc_program__run(p, &o), -EINVAL);
	kfunc_object__close(obj);
}

/* ---- replacement while other threads call ---- */

static atomic_bool stop;
static atomic_ulong wrong, called, defaults;

static void *calling(void *arg)
{
	struct hooks_item item = {.refs = 1, .weight = 5};
	unsigned long n = 0, none = 0;

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct hooks_policy *p;
		int s;

		kfunc_rcu_read_lock();
		p = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
		s = p ? p->score(&item, NULL, (int)(n & 7)) : -1;
		kfunc_rcu_read_unlock();
		if (s == -1)
			none++;
		else if (s != 1000 + (int)(n & 7) && s != 2000 + (int)(n & 7))
			atomic_fetch_add(&wrong, 1);
		n++;
	}
	atomic_fetch_add(&called, n - none);
	atomic_fetch_add(&defaults, none);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t t[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, calling, NULL), 0);
	for (int round = 0; round < 10; round++) {
		struct kfunc_object *a = load(), *b = load();
		struct kfunc_link *l = attach(a, "flat");

		assert_non_null(l);
		for (int i = 0; i < 20; i++) {
			const char *name = i & 1 ? "flat" : "flat2";

			assert_int_equal(kfunc_link__update_map(
						 l, kfunc_object__find_map(i & 2 ? a : b, name)),
					 0);
			usleep(200);
		}
		/* their memory goes while the threads are still at it */
		kfunc_object__close(a);
		assert_int_equal(kfunc_link__destroy(l), 0);
		kfunc_object__close(b);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&called) > 0);
	assert_int_equal(regs, unregs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register), cmocka_unit_test(test_calls),
		cmocka_unit_test(test_boundary), cmocka_unit_test(test_links),
		cmocka_unit_test(test_lifetime), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_run),      cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
