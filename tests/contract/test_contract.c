/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Contracts from prototypes: every suffix and every deciding pointee at its first and last version
 * (kfunc spec 3.1-3.3), prototypes that no call can carry (R2.6), implicit arguments (R2.7),
 * returns (section 4), KF_KPTR_GET (R5.4), iterators (R10.9).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>

#include "base/kver.h"
#include "contract/contract.h"
#include "mkbtf.h"

static struct mkbtf m;

/* the types that every test starts with */
static struct {
	uint32_t s32, u64, u8, boolean, cvoid, pvoid, pint, plain, pplain, task, ptask, pptask;
} t;

static void begin(void)
{
	mk_init(&m, NULL);
	t.s32 = mk_int(&m, "int", 4, BTF_INT_SIGNED);
	t.u64 = mk_int(&m, "unsigned long", 8, 0);
	t.u8 = mk_int(&m, "unsigned char", 1, 0);
	t.boolean = mk_int(&m, "_Bool", 1, BTF_INT_BOOL);
	t.cvoid = mk_type(&m, NULL, BTF_KIND_CONST, 0, 0);
	t.pvoid = mk_ptr(&m, 0);
	t.pint = mk_ptr(&m, t.s32);
	t.plain = mk_struct(&m, "plain", 16, 2, "a", t.s32, 0, "b", t.u64, 8);
	t.pplain = mk_ptr(&m, t.plain);
	t.task = m.next; /* a struct with a pointer: no memory */
	mk_struct(&m, "task_struct", 16, 2, "self", t.task + 1, 0, "pid", t.s32, 8);
	t.ptask = mk_ptr(&m, t.task);
	t.pptask = mk_ptr(&m, t.ptask);
}

static struct kfunc_contract compile(struct btf_obj *b, uint32_t id, uint32_t flags,
				     uint16_t version)
{
	struct kfunc_contract c;

	assert_int_equal(contract_compile(&c, b, id, flags, version), 0);
	return c;
}

/* ---- suffixes ---- */

struct suffix_case {
	const char *param; /* name of parameter 1; parameter 0 is `void *mem` */
	bool pointer;
	uint16_t version;
	int kind, flags, flags0;
};

static const struct suffix_case suffix_cases[] = {
	{"x", false, KVER(6, 1), CARG_SCALAR, 0, 0},
	{"x__ign", false, KVER(6, 1), CARG_SCALAR, 0, 0},
	{"x__ign", false, KVER(6, 2), CARG_IGNORED, 0, 0},
	{"x__ign", true, KVER(6, 18), CARG_IGNORED, 0, 0},
	{"x__k", false, KVER(6, 1), CARG_SCALAR, 0, 0},
	{"x__k", false, KVER(6, 2), CARG_SCALAR_CONST, 0, 0},
	{"x__k", true, KVER(6, 18), CARG_PTR, CARGF_MEM_OK, 0},
	{"mem__sz", false, KVER(6, 1), CARG_SIZE, 0, CARGF_SIZE_NEXT | CARGF_MEM_OK},
	{"mem__szk", false, KVER(6, 3), CARG_SCALAR, 0, 0},
	{"mem__szk", false, KVER(6, 4), CARG_SIZE_CONST, 0,
	 CARGF_SIZE_NEXT | CARGF_SIZE_NEXT_CONST | CARGF_MEM_OK},
	{"rdonly_buf_size", false, KVER(6, 0), CARG_SCALAR, 0, 0},
	{"rdonly_buf_size", false, KVER(6, 1), CARG_RET_SIZE, CARGF_RET_RDONLY, 0},
	{"rdwr_buf_size", false, KVER(6, 18), CARG_RET_SIZE, 0, 0},
	{"my_rdwr_buf_size", false, KVER(6, 18), CARG_SCALAR, 0, 0},
	{"p__uninit", true, KVER(6, 2), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__uninit", true, KVER(6, 3), CARG_PTR, CARGF_UNINIT | CARGF_MEM_OK, 0},
	{"p__nullable", true, KVER(6, 6), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__nullable", true, KVER(6, 7), CARG_PTR, CARGF_NULLABLE | CARGF_MEM_OK, 0},
	{"p__nullable", true, KVER(7, 2), CARG_PTR, CARGF_NULLABLE | CARGF_MEM_OK, 0},
	{"__nullable", true, KVER(7, 2), CARG_PTR, CARGF_MEM_OK, 0}, /* nothing before the suffix */
	{"p__opt", true, KVER(6, 18), CARG_PTR, CARGF_MEM_OK, 0},    /* no size pair */
	{"p__alloc", true, KVER(6, 1), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__alloc", true, KVER(6, 2), CARG_ALLOC_OBJ, 0, 0},
	{"p__refcounted_kptr", true, KVER(6, 3), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__refcounted_kptr", true, KVER(6, 4), CARG_REFCOUNTED, 0, 0},
	{"p__str", true, KVER(6, 7), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__str", true, KVER(6, 8), CARG_CONST_STR, 0, 0},
	{"p__map", true, KVER(6, 18), CARG_MAP, 0, 0},
	{"p__irq_flag", true, KVER(6, 13), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__irq_flag", true, KVER(6, 14), CARG_IRQ_FLAG, 0, 0},
	{"p__prog", true, KVER(6, 15), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__prog", true, KVER(6, 16), CARG_PROG_AUX, 0, 0},
	{"p__prog", true, KVER(7, 0), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__nonown_allowed", true, KVER(7, 1), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__nonown_allowed", true, KVER(7, 2), CARG_PTR, CARGF_NONOWN_OK | CARGF_MEM_OK, 0},
	{"p__iter", true, KVER(6, 11), CARG_PTR, CARGF_MEM_OK, 0},
	{"p__iter", true, KVER(6, 12), CARG_BAD, 0, 0}, /* int * is no iterator */
};

static void test_suffixes(void **state)
{
	uint32_t f;

	(void)state;
	for (size_t i = 0; i < sizeof(suffix_cases) / sizeof(suffix_cases[0]); i++) {
		const struct suffix_case *sc = &suffix_cases[i];
		struct kfunc_contract c;
		struct btf_obj *b;

		begin();
		f = mk_func(&m, "f", 0, 2, "mem", t.pvoid, sc->param, sc->pointer ? t.pint : t.s32);
		b = mk_done(&m, NULL, "vmlinux");
		assert_non_null(b);
		c = compile(b, f, 0, sc->version);
		if (c.arg[1].kind != sc->kind || c.arg[1].flags != sc->flags ||
		    c.arg[0].flags != sc->flags0)
			fail_msg("%s at %x: kind %s flags %x, first %x", sc->param, sc->version,
				 contract_arg_kind_name(c.arg[1].kind), c.arg[1].flags,
				 c.arg[0].flags);
		btf_put(b);
	}
}

static void test_opt_buffer(void **state)
{
	static const struct {
		uint16_t version;
		int flags;
	} rows[] = {
		{KVER(6, 4), 0},
		{KVER(6, 5), CARGF_NULLABLE | CARGF_OPT},
		{KVER(6, 18), CARGF_NULLABLE | CARGF_OPT},
		{KVER(7, 0), 0},
	};
	int pair = CARGF_SIZE_NEXT | CARGF_SIZE_NEXT_CONST | CARGF_MEM_OK;
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t f;

	(void)state;
	begin();
	f = mk_func(&m, "f", 0, 2, "buffer__opt", t.pvoid, "buffer__szk", t.s32);
	b = mk_done(&m, NULL, "vmlinux");
	for (size_t i = 0; i < 4; i++) {
		c = compile(b, f, 0, rows[i].version);
		assert_int_equal(c.arg[0].flags, rows[i].flags | pair);
		assert_int_equal(c.arg[1].kind, CARG_SIZE_CONST);
	}
	btf_put(b);
}

/* A size belongs to memory: after a pointer that is no memory it is an ordinary scalar. */
static void test_size_without_memory(void **state)
{
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t f, g;

	(void)state;
	begin();
	f = mk_func(&m, "f", 0, 3, "x", t.s32, "x__sz", t.s32, "y__sz", t.pint);
	g = mk_func(&m, "g", 0, 3, "p__ign", t.pvoid, "p__sz", t.s32, "q__alloc", t.pvoid);
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, 0, KVER(6, 18));
	assert_int_equal(c.arg[1].kind, CARG_SCALAR);
	assert_int_equal(c.arg[2].kind, CARG_PTR);
	c = compile(b, g, 0, KVER(6, 18));
	assert_int_equal(c.arg[0].kind, CARG_IGNORED);
	assert_int_equal(c.arg[1].kind, CARG_SCALAR);
	assert_int_equal(c.arg[2].kind, CARG_ALLOC_OBJ);
	btf_put(b);
}

/* ---- pointees ---- */

static const struct {
	const char *name;
	uint16_t version;
	int kind;
} pointee_cases[] = {
	{"bpf_dynptr_kern", KVER(6, 10), CARG_DYNPTR},
	{"bpf_dynptr_kern", KVER(6, 11), CARG_PTR},
	{"bpf_dynptr", KVER(6, 10), CARG_PTR},
	{"bpf_dynptr", KVER(6, 11), CARG_DYNPTR},
	{"bpf_list_head", KVER(6, 1), CARG_PTR},
	{"bpf_list_head", KVER(6, 2), CARG_LIST_HEAD},
	{"bpf_list_node", KVER(6, 2), CARG_LIST_NODE},
	{"bpf_rb_root", KVER(6, 2), CARG_PTR},
	{"bpf_rb_root", KVER(6, 3), CARG_RB_ROOT},
	{"bpf_rb_node", KVER(6, 3), CARG_RB_NODE},
	{"bpf_wq", KVER(6, 9), CARG_PTR},
	{"bpf_wq", KVER(6, 10), CARG_WORKQUEUE},
	{"bpf_timer", KVER(6, 19), CARG_PTR},
	{"bpf_timer", KVER(7, 0), CARG_TIMER},
	{"bpf_task_work", KVER(6, 17), CARG_PTR},
	{"bpf_task_work", KVER(6, 18), CARG_TASK_WORK},
	{"bpf_res_spin_lock", KVER(6, 14), CARG_PTR},
	{"bpf_res_spin_lock", KVER(6, 15), CARG_RES_SPIN_LOCK},
	{"bpf_prog_aux", KVER(6, 19), CARG_PTR},
	{"bpf_prog_aux", KVER(7, 0), CARG_PROG_AUX},
};

static void test_pointees(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pointee_cases) / sizeof(pointee_cases[0]); i++) {
		struct kfunc_contract c;
		struct btf_obj *b;
		uint32_t s, f;

		begin();
		s = mk_struct(&m, pointee_cases[i].name, 16, 1, "x", t.u64, 0);
		s = mk_type(&m, NULL, BTF_KIND_CONST, 0, s);
		s = mk_ptr(&m, mk_type(&m, "alias_t", BTF_KIND_TYPEDEF, 0, s));
		f = mk_func(&m, "f", 0, 1, "p", s);
		b = mk_done(&m, NULL, "vmlinux");
		c = compile(b, f, 0, pointee_cases[i].version);
		if (c.arg[0].kind != pointee_cases[i].kind)
			fail_msg("%s at %x: %s", pointee_cases[i].name, pointee_cases[i].version,
				 contract_arg_kind_name(c.arg[0].kind));
		assert_true(c.arg[0].flags & CARGF_CONST);
		assert_string_equal(c.arg[0].pointee_name, pointee_cases[i].name);
		btf_put(b);
	}
}

/* Of two rows that match, the earlier one of the spec's table decides. */
static void test_row_order(void **state)
{
	struct kfunc_contract c;
	uint32_t s, f, g, h;
	struct btf_obj *b;

	(void)state;
	begin();
	s = mk_ptr(&m, mk_struct(&m, "bpf_list_head", 16, 1, "x", t.u64, 0));
	f = mk_func(&m, "f", 0, 1, "p__alloc", s);    /* C4 before C8 */
	g = mk_func(&m, "g", 0, 1, "p__str", s);      /* C8 before C12 */
	h = mk_func(&m, "h", 0, 1, "p__nullable", s); /* adds a flag, takes nothing away */
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, 0, KVER(6, 18));
	assert_int_equal(c.arg[0].kind, CARG_ALLOC_OBJ);
	c = compile(b, g, 0, KVER(6, 18));
	assert_int_equal(c.arg[0].kind, CARG_LIST_HEAD);
	c = compile(b, h, 0, KVER(6, 18));
	assert_int_equal(c.arg[0].kind, CARG_LIST_HEAD);
	assert_int_equal(c.arg[0].flags, CARGF_NULLABLE);
	btf_put(b);
}

/* C19-C22: what plain pointers may be */
static void test_plain_pointers(void **state)
{
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t f, cb;

	(void)state;
	begin();
	cb = mk_ptr(&m, mk_proto(&m, t.s32, 1, "x", t.s32));
	f = mk_func(&m, "f", 0, 5, "obj", t.ptask, "mem", t.pplain, "num", t.pint, "cb", cb, "bad",
		    t.pptask);
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, 0, KVER(6, 18));
	assert_int_equal(c.arg[0].flags, CARGF_STRUCT_OK);
	assert_int_equal(c.arg[0].pointee_id, t.task);
	assert_int_equal(c.arg[0].size, 16);
	assert_int_equal(c.arg[1].flags, CARGF_STRUCT_OK | CARGF_MEM_OK);
	assert_int_equal(c.arg[2].flags, CARGF_MEM_OK);
	assert_int_equal(c.arg[2].size, 4);
	assert_int_equal(c.arg[3].kind, CARG_CALLBACK);
	assert_int_equal(c.arg[4].kind, CARG_PTR);
	assert_int_equal(c.arg[4].flags, 0);
	assert_non_null(c.bad_why);
	assert_false(c.proto_bad);
	btf_put(b);
}

/* ---- prototypes ---- */

static void test_bad_prototypes(void **state)
{
	struct kfunc_contract c;
	uint32_t f[7], big, small, uni, fl;
	struct btf_obj *b;

	(void)state;
	begin();
	big = mk_struct(&m, "big", 24, 1, "x", t.u64, 0);
	small = mk_struct(&m, "small", 16, 1, "x", t.u64, 0);
	uni = mk_type(&m, "uni", BTF_KIND_UNION, 0, 8);
	fl = mk_type(&m, "float", BTF_KIND_FLOAT, 0, 4);
	f[0] = mk_func(&m, "f0", 0, 2, "x", t.s32, NULL, 0);
	f[1] = mk_func(&m, "f1", 0, 13, "a", t.s32, "b", t.s32, "c", t.s32, "d", t.s32, "e", t.s32,
		       "f", t.s32, "g", t.s32, "h", t.s32, "i", t.s32, "j", t.s32, "k", t.s32, "l",
		       t.s32, "m", t.s32);
	f[2] = mk_func(&m, "f2", 0, 1, "x", big);
	f[3] = mk_func(&m, "f3", small, 0);
	f[4] = mk_func(&m, "f4", 0, 1, "x", uni);
	f[5] = mk_func(&m, "f5", 0, 1, "x", fl);
	f[6] = mk_func(&m, "f6", 0, 1, "x", small);
	b = mk_done(&m, NULL, "vmlinux");
	assert_non_null(b);
	for (int i = 0; i < 6; i++) {
		c = compile(b, f[i], 0, KVER(6, 18));
		if (!c.proto_bad || !c.bad_why || c.n_args)
			fail_msg("prototype %d was taken", i);
	}
	c = compile(b, f[6], 0, KVER(6, 18)); /* a call fails, the prototype is fine (A4) */
	assert_false(c.proto_bad);
	assert_int_equal(c.arg[0].kind, CARG_BAD);
	assert_int_equal(contract_compile(&c, b, small, 0, KVER(6, 18)), -EINVAL);
	assert_int_equal(contract_compile(&c, b, 0, 0, KVER(6, 18)), -EINVAL);
	assert_int_equal(contract_compile(&c, b, 100000, 0, KVER(6, 18)), -EINVAL);
	btf_put(b);
}

static void test_implicit_args(void **state)
{
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t aux, f, g;

	(void)state;
	begin();
	aux = mk_ptr(&m, mk_struct(&m, "bpf_prog_aux", 8, 1, "id", t.u64, 0));
	f = mk_func(&m, "bpf_obj_new", t.pvoid, 1, "type_id__k", t.u64);
	mk_func(&m, "bpf_obj_new_impl", t.pvoid, 3, "type_id__k", t.u64, "meta", t.pvoid, "aux",
		aux);
	g = mk_func(&m, "alone", t.pvoid, 1, "type_id__k", t.u64);
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, KF_ACQUIRE | KF_RET_NULL | KF_IMPLICIT_ARGS, KVER(7, 2));
	assert_int_equal(c.special, SPECIAL_OBJ_NEW);
	assert_int_equal(c.n_args, 3);
	assert_int_equal(c.arg[0].kind, CARG_SCALAR_CONST);
	assert_int_equal(c.arg[0].flags, 0);
	assert_int_equal(c.arg[1].kind, CARG_IGNORED);
	assert_int_equal(c.arg[1].flags & CARGF_IMPLICIT, CARGF_IMPLICIT);
	assert_int_equal(c.arg[2].kind, CARG_PROG_AUX);
	assert_null(c.bad_why);
	c = compile(b, g, KF_IMPLICIT_ARGS, KVER(7, 2));
	assert_true(c.proto_bad);
	btf_put(b);
}

static void test_special_names(void **state)
{
	struct btf_obj *b, *mod;
	struct kfunc_contract c;
	uint32_t f, g;

	(void)state;
	begin();
	f = mk_func(&m, "bpf_rbtree_add_impl", 0, 0);
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, 0, KVER(6, 18));
	assert_int_equal(c.special, SPECIAL_RBTREE_ADD);
	mk_init(&m, b); /* a module's function of that name is nothing special */
	g = mk_func(&m, "bpf_rbtree_first", 0, 0);
	mod = mk_done(&m, b, "mod");
	assert_non_null(mod);
	c = compile(mod, g, 0, KVER(6, 18));
	assert_int_equal(c.special, SPECIAL_NONE);
	assert_int_equal(contract_special_of("bpf_throw"), SPECIAL_THROW);
	assert_int_equal(contract_special_of("_impl"), SPECIAL_NONE);
	assert_int_equal(contract_special_of("bpf_throws"), SPECIAL_NONE);
	btf_put(mod);
	btf_put(b);
}

/* ---- returns ---- */

static void test_returns(void **state)
{
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t f[7], fwd;

	(void)state;
	begin();
	fwd = mk_ptr(&m, mk_type(&m, "hidden", BTF_KIND_FWD, 0, 0));
	f[0] = mk_func(&m, "f0", 0, 0);
	f[1] = mk_func(&m, "f1", t.boolean, 0);
	f[2] = mk_func(&m, "f2", t.s32, 0);
	f[3] = mk_func(&m, "f3", t.pvoid, 0);
	f[4] = mk_func(&m, "f4", t.ptask, 0);
	f[5] = mk_func(&m, "f5", t.pint, 1, "rdwr_buf_size", t.s32);
	f[6] = mk_func(&m, "f6", fwd, 0);
	b = mk_done(&m, NULL, "vmlinux");
	assert_int_equal(compile(b, f[0], 0, KVER(6, 18)).ret_kind, CRET_VOID);
	c = compile(b, f[1], 0, KVER(6, 18));
	assert_int_equal(c.ret_kind, CRET_SCALAR);
	assert_true(c.ret_bool && c.ret_bytes == 1 && !c.ret_signed);
	c = compile(b, f[2], 0, KVER(6, 18));
	assert_true(!c.ret_bool && c.ret_bytes == 4 && c.ret_signed);
	assert_int_equal(compile(b, f[3], 0, KVER(6, 18)).ret_kind, CRET_VOID_PTR);
	c = compile(b, f[4], KF_ACQUIRE, KVER(6, 18));
	assert_int_equal(c.ret_kind, CRET_STRUCT);
	assert_int_equal(c.ret_type_id, t.task);
	assert_null(c.bad_why);
	c = compile(b, f[5], KF_ACQUIRE, KVER(6, 18)); /* R4.4: references are to structs */
	assert_int_equal(c.ret_kind, CRET_MEM);
	assert_int_equal(c.ret_mem_size, 4);
	assert_non_null(c.bad_why);
	c = compile(b, f[6], 0, KVER(6, 18));
	assert_int_equal(c.ret_kind, CRET_MEM);
	assert_int_equal(c.ret_mem_size, 0);
	assert_non_null(c.bad_why);
	btf_put(b);
}

static void test_kptr_get(void **state)
{
	struct kfunc_contract c;
	struct btf_obj *b;
	uint32_t f, g;

	(void)state;
	begin();
	f = mk_func(&m, "f", t.ptask, 2, "slot", t.pptask, "other", t.pptask);
	g = mk_func(&m, "g", t.ptask, 1, "slot", t.ptask);
	b = mk_done(&m, NULL, "vmlinux");
	c = compile(b, f, KF_KPTR_GET | KF_ACQUIRE | KF_RET_NULL, KVER(6, 3));
	assert_int_equal(c.arg[0].kind, CARG_KPTR_SLOT);
	assert_int_equal(c.arg[0].pointee_id, t.task);
	assert_int_equal(c.arg[1].kind, CARG_PTR);
	c = compile(b, g, KF_KPTR_GET | KF_ACQUIRE | KF_RET_NULL, KVER(6, 3));
	assert_int_equal(c.arg[0].kind, CARG_BAD);
	btf_put(b);
}

/* ---- iterators ---- */

/* Scenario 6 */
static void test_iterators(void **state)
{
	uint32_t it, odd, pit, podd, empty, pempty, plainp, f[16], next_ret;
	struct kfunc_contract c;
	struct btf_obj *b;

	(void)state;
	begin();
	it = mk_struct(&m, "bpf_iter_app", 16, 1, "x", t.u64, 0);
	odd = mk_struct(&m, "bpf_iter_odd", 12, 1, "x", t.s32, 0);
	empty = mk_struct(&m, "bpf_iter_none", 0, 0);
	pit = mk_ptr(&m, it);
	podd = mk_ptr(&m, odd);
	pempty = mk_ptr(&m, empty);
	plainp = t.pplain;
	next_ret = t.ptask;
	f[0] = mk_func(&m, "bpf_iter_app_new", t.s32, 2, "it", pit, "n", t.s32);
	f[1] = mk_func(&m, "bpf_iter_app_next", next_ret, 1, "it", pit);
	f[2] = mk_func(&m, "bpf_iter_app_destroy", 0, 1, "it", pit);
	f[3] = mk_func(&m, "bpf_iter_app_begin", t.s32, 1, "it", pit);
	f[4] = mk_func(&m, "bpf_iter_odd_new", t.s32, 1, "it", podd);
	f[5] = mk_func(&m, "bpf_iter_none_new", t.s32, 1, "it", pempty);
	f[6] = mk_func(&m, "bpf_iter_plain_new", t.s32, 1, "it", plainp);
	f[7] = mk_func(&m, "bpf_iter_app_new", t.s32, 0);
	f[8] = mk_func(&m, "bpf_iter_app_next", t.s32, 1, "it", pit);
	f[9] = mk_func(&m, "bpf_iter_app_next", next_ret, 2, "it", pit, "n", t.s32);
	f[10] = mk_func(&m, "bpf_iter_app_destroy", t.s32, 1, "it", pit);
	f[11] = mk_func(&m, "bpf_iter_app_destroy", 0, 2, "it", pit, "n", t.s32);
	f[12] = mk_func(&m, "use", 0, 1, "it__iter", pit);
	b = mk_done(&m, NULL, "vmlinux");
	assert_null(contract_check_iter(b, f[0], KF_ITER_NEW));
	assert_null(contract_check_iter(b, f[1], KF_ITER_NEXT | KF_RET_NULL));
	assert_null(contract_check_iter(b, f[2], KF_ITER_DESTROY));
	assert_null(contract_check_iter(b, f[8], 0));
	assert_non_null(contract_check_iter(b, f[0], KF_ITER_NEW | KF_ITER_NEXT));
	assert_non_null(contract_check_iter(b, f[0], KF_ITER_NEXT));
	for (int i = 3; i <= 7; i++)
		assert_non_null(contract_check_iter(b, f[i], KF_ITER_NEW));
	assert_non_null(contract_check_iter(b, f[8], KF_ITER_NEXT));
	assert_non_null(contract_check_iter(b, f[9], KF_ITER_NEXT));
	assert_non_null(contract_check_iter(b, f[10], KF_ITER_DESTROY));
	assert_non_null(contract_check_iter(b, f[11], KF_ITER_DESTROY));
	c = compile(b, f[0], KF_ITER_NEW, KVER(6, 18));
	assert_int_equal(c.arg[0].kind, CARG_ITER);
	assert_string_equal(c.iter_name, "app");
	assert_int_equal(c.iter_slots, 2);
	c = compile(b, f[12], 0, KVER(6, 12));
	assert_int_equal(c.arg[0].kind, CARG_ITER);
	assert_int_equal(c.iter_slots, 2);
	btf_put(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suffixes),
		cmocka_unit_test(test_opt_buffer),
		cmocka_unit_test(test_size_without_memory),
		cmocka_unit_test(test_pointees),
		cmocka_unit_test(test_row_order),
		cmocka_unit_test(test_plain_pointers),
		cmocka_unit_test(test_bad_prototypes),
		cmocka_unit_test(test_implicit_args),
		cmocka_unit_test(test_special_names),
		cmocka_unit_test(test_returns),
		cmocka_unit_test(test_kptr_get),
		cmocka_unit_test(test_iterators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
