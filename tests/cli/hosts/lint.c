/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Definitions with one mistake each, and beside each what comes close and is none. Codes behind a
 * definition are what `kfunc lint` must find there, at that line; anything else is a failure of
 * test_lint.py. Never run.
 */
#include <kfunc/kfunc.h>

struct thing {
	int refs;
	void *data;
};

struct other {
	int refs;
	void *data;
};

struct lone {
	int refs;
	void *data;
};

struct plain {
	int a, b;
};

struct bpf_iter_good {
	u64 word[2];
};

struct bpf_iter_half {
	u64 word;
};

struct bpf_iter_odd {
	u32 word[3];
};

struct bpf_iter_named {
	u64 word;
};

static struct thing the_thing;
static struct other the_other;
static struct lone the_lone;
static struct plain the_plain;
static int the_int;

__bpf_kfunc_start_defs();

/* ---- marked, registered ---- */

int unmarked(int a) /* KF0840 */
{
	return a;
}

__bpf_kfunc int unregistered(int a) /* KF0843 */
{
	return a;
}

__bpf_kfunc int fine(int a)
{
	return a;
}

/* called by other code, not by programs */
int helper_of_fine(int a)
{
	return a + 1;
}

/* ---- parameters ---- */

__bpf_kfunc int suffix_unknown(int len__foo) /* KF0844 */
{
	return len__foo;
}

__bpf_kfunc int suffix_known(int len__k)
{
	return len__k;
}

__bpf_kfunc int suffix_of_pointer(int a__nullable) /* KF0844 */
{
	return a__nullable;
}

__bpf_kfunc int suffix_nullable(struct thing *t__nullable)
{
	return t__nullable ? t__nullable->refs : 0;
}

__bpf_kfunc int size_of_nothing(int a, int len__sz) /* KF0844 */
{
	return a + len__sz;
}

__bpf_kfunc int size_of_memory(void *mem, int mem__sz)
{
	return mem ? mem__sz : 0;
}

/* one underscore, or at the front, is just a name */
__bpf_kfunc int only_names(int len_foo, int __x)
{
	return len_foo + __x;
}

__bpf_kfunc int void_pointer(void *mem) /* KF0845 */
{
	return mem != NULL;
}

__bpf_kfunc int void_ignored(void *mem__ign)
{
	return mem__ign != NULL;
}

__bpf_kfunc int six(int a, int b, int c, int d, int e, int f) /* KF0853 */
{
	return a + b + c + d + e + f;
}

__bpf_kfunc int five(int a, int b, int c, int d, int e)
{
	return a + b + c + d + e;
}

__bpf_kfunc int by_value(struct plain p) /* KF0805 */
{
	return p.a;
}

__bpf_kfunc int by_pointer(struct plain *p)
{
	return p->a;
}

__bpf_kfunc int variable(int n, ...) /* KF0805 */
{
	return n;
}

/* ---- references ---- */

__bpf_kfunc int *acquire_number(void) /* KF0846 */
{
	return &the_int;
}

__bpf_kfunc void *acquire_void(void) /* KF0846 */
{
	return &the_int;
}

__bpf_kfunc struct thing *thing_create(void) /* KF0847 */
{
	return &the_thing;
}

__bpf_kfunc struct thing *thing_create_checked(void)
{
	return &the_thing;
}

__bpf_kfunc struct thing *thing_of_id(int id) /* KF0847 */
{
	return id ? &the_thing : NULL;
}

__bpf_kfunc struct thing *thing_get_rcu(struct thing *t) /* KF0847 */
{
	return t;
}

/* one more reference on what the caller has: that cannot fail */
__bpf_kfunc struct thing *thing_get(struct thing *t)
{
	t->refs++;
	return t;
}

__bpf_kfunc void thing_put(struct thing *t)
{
	t->refs--;
}

__bpf_kfunc void thing_put_two(struct thing *t, struct other *o) /* KF0848 */
{
	t->refs -= o->refs;
}

/* the second is nobody's reference: the program's context */
__bpf_kfunc void thing_put_ctx(struct thing *t, struct __sk_buff *skb)
{
	t->refs -= skb != NULL;
}

__bpf_kfunc void put_nothing(int a) /* KF0854 */
{
	the_int = a;
}

__bpf_kfunc struct other *other_create(void) /* KF0849 */
{
	return &the_other;
}

__bpf_kfunc void other_put(struct other *o)
{
	o->refs--;
}

/* never released by a kfunc, so nobody expects it in a map */
__bpf_kfunc struct lone *lone_create(void)
{
	return &the_lone;
}

/* a destructor is registered with its type, in no set */
__bpf_kfunc void thing_dtor(void *t)
{
	thing_put(t);
}

/* the live kernel has a destructor for tasks */
__bpf_kfunc struct task_struct *task_find(int pid)
{
	return (void *)(long)pid;
}

__bpf_kfunc void task_put(struct task_struct *p)
{
	the_int = p != NULL;
}

/* ---- iterators ---- */

__bpf_kfunc int bpf_iter_good_new(struct bpf_iter_good *it)
{
	it->word[0] = 0;
	return 0;
}

__bpf_kfunc int *bpf_iter_good_next(struct bpf_iter_good *it)
{
	return it->word[0]++ ? NULL : &the_int;
}

__bpf_kfunc void bpf_iter_good_destroy(struct bpf_iter_good *it)
{
	it->word[0] = 0;
}

__bpf_kfunc int bpf_iter_half_new(struct bpf_iter_half *it) /* KF0851 */
{
	it->word = 0;
	return 0;
}

__bpf_kfunc int *bpf_iter_half_next(struct bpf_iter_half *it)
{
	return it->word++ ? NULL : &the_int;
}

__bpf_kfunc int bpf_iter_odd_new(struct bpf_iter_odd *it) /* KF0850 */
{
	it->word[0] = 0;
	return 0;
}

__bpf_kfunc int iter_named_new(struct bpf_iter_named *it) /* KF0850 */
{
	it->word = 0;
	return 0;
}

/* ---- deprecation ---- */

__bpf_kfunc int old_silent(int a) /* KF0852 */
{
	return a;
}

__bpf_kfunc int old_vague(int a) /* KF0852 */
{
	return a;
}

KFUNC_DOC(old_vague, "old_vague() - nobody knows what replaces it");

/**
 * old_commented() - has its words where only readers of the source see them
 * @a: a number
 *
 * Deprecated: until the next release; use fine().
 */
__bpf_kfunc int old_commented(int a) /* KF0852 */
{
	return a;
}

/**
 * old_told() - returns its argument
 * @a: any number
 *
 * Example::
 *
 *	int b = old_told(1);
 *
 * Return: @a
 */
__bpf_kfunc int old_told(int a)
{
	return a;
}

KFUNC_DOC(old_told, "Deprecated: until release 9; use fine(),\nwhich is shorter.");

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(lint_set)
BTF_ID_FLAGS(func, unmarked)
BTF_ID_FLAGS(func, fine)
BTF_ID_FLAGS(func, suffix_unknown)
BTF_ID_FLAGS(func, suffix_known)
BTF_ID_FLAGS(func, suffix_of_pointer)
BTF_ID_FLAGS(func, suffix_nullable)
BTF_ID_FLAGS(func, size_of_nothing)
BTF_ID_FLAGS(func, size_of_memory)
BTF_ID_FLAGS(func, only_names)
BTF_ID_FLAGS(func, void_pointer)
BTF_ID_FLAGS(func, void_ignored)
BTF_ID_FLAGS(func, six)
BTF_ID_FLAGS(func, five)
BTF_ID_FLAGS(func, by_value)
BTF_ID_FLAGS(func, by_pointer)
BTF_ID_FLAGS(func, variable)
BTF_ID_FLAGS(func, acquire_number, KF_ACQUIRE)
BTF_ID_FLAGS(func, acquire_void, KF_ACQUIRE)
BTF_ID_FLAGS(func, thing_create, KF_ACQUIRE)
BTF_ID_FLAGS(func, thing_create_checked, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, thing_of_id, KF_ACQUIRE)
BTF_ID_FLAGS(func, thing_get_rcu, KF_ACQUIRE | KF_RCU)
BTF_ID_FLAGS(func, thing_get, KF_ACQUIRE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, thing_put, KF_RELEASE)
BTF_ID_FLAGS(func, thing_put_two, KF_RELEASE)
BTF_ID_FLAGS(func, thing_put_ctx, KF_RELEASE)
BTF_ID_FLAGS(func, put_nothing, KF_RELEASE)
BTF_ID_FLAGS(func, other_create, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, other_put, KF_RELEASE)
BTF_ID_FLAGS(func, lone_create, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, task_find, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, task_put, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_iter_good_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_good_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_good_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iter_half_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_half_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_odd_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, iter_named_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, old_silent, KF_DEPRECATED)
BTF_ID_FLAGS(func, old_vague, KF_DEPRECATED)
BTF_ID_FLAGS(func, old_commented, KF_DEPRECATED)
BTF_ID_FLAGS(func, old_told, KF_DEPRECATED)
BTF_KFUNCS_END(lint_set)

BTF_ID_LIST(lint_dtors)
BTF_ID(struct, thing)
BTF_ID(func, thing_dtor)

int main(void)
{
	return the_plain.a + helper_of_fine(lint_set.cnt) + lint_dtors[0];
}
