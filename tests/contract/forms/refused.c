/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Registrations that fail, seen from a host: errno and reason, and that a failing initcall is not
 * lost.
 */
#include "check.h"
#include <errno.h>
#include <kfunc/hooks.h>
#include <string.h>

struct bpf_iter_short {
	u32 words[3]; /* no whole slots */
};

__bpf_kfunc_start_defs();

__bpf_kfunc int one(void)
{
	return 1;
}

__bpf_kfunc int bpf_iter_short_new(struct bpf_iter_short *it)
{
	return (int)it->words[0];
}

__bpf_kfunc void no_dtor(int x)
{
	(void)x;
}

__bpf_kfunc_end_defs();

/* exported by libc: an address, but no type in this file's BTF */
extern void abort(void);

BTF_SET8_START(fine)
BTF_ID_FLAGS(func, one)
BTF_SET8_END(fine)

BTF_SET8_START(bad_iter)
BTF_ID_FLAGS(func, bpf_iter_short_new, KF_ITER_NEW)
BTF_SET8_END(bad_iter)

BTF_SET8_START(no_type)
BTF_ID_FLAGS(func, abort)
BTF_SET8_END(no_type)

BTF_SET8_START(empty)
BTF_SET8_END(empty)

BTF_ID_LIST(bad_dtor)
BTF_ID(struct, bpf_iter_short)
BTF_ID(func, no_dtor)

static int add(enum bpf_prog_type type, struct btf_id_set8 *set, struct module *owner)
{
	struct btf_kfunc_id_set s = {.owner = owner, .set = set};

	return register_btf_kfunc_id_set(type, &s);
}

static int failing(void)
{
	return add(BPF_PROG_TYPE_SK_MSG, &fine, THIS_MODULE);
}
late_initcall(failing);

static int broken(void)
{
	return -ESRCH;
}
late_initcall(broken);

static int seen;

static void look(void *ctx, const struct kfunc_init_error *e)
{
	(void)ctx;
	CHECK(strstr(e->module, "refused") != NULL);
	if (!strcmp(e->initcall, "failing"))
		seen |= e->err == -EINVAL && strstr(e->reason, "type") ? 1 : 0;
	if (!strcmp(e->initcall, "broken"))
		seen |= e->err == -ESRCH && *e->reason ? 2 : 0;
}

int main(void)
{
	struct btf_id_dtor_kfunc d = {bad_dtor[0], bad_dtor[1]}, unknown = {bad_dtor[0], 0};
	static struct btf_id_set8 foreign;
	static struct bpf_struct_ops unowned = {.name = "ops"};
	static struct kfunc_tracepoint nameless = {.size = sizeof(nameless), .owner = THIS_MODULE};

	CHECK(kfunc_init_errors(look, NULL) == 2);
	CHECK(seen == 3);
	CHECK(add(BPF_PROG_TYPE_XDP, &bad_iter, THIS_MODULE) == -EINVAL);
	CHECK(strstr(kfunc_register_error(), "bpf_iter_short_new") != NULL);
	CHECK(add(BPF_PROG_TYPE_XDP, &no_type, THIS_MODULE) == -EINVAL);
	CHECK(strstr(kfunc_register_error(), "abort") != NULL);
	CHECK(add(BPF_PROG_TYPE_XDP, &empty, THIS_MODULE) == 0);
	CHECK(add(BPF_PROG_TYPE_XDP, &foreign, THIS_MODULE) == -EINVAL);
	CHECK(add(BPF_PROG_TYPE_XDP, &fine, NULL) == -EINVAL);
	CHECK(add(BPF_PROG_TYPE_XDP, &fine, THIS_MODULE) == 0);
	CHECK(add(BPF_PROG_TYPE_XDP, &fine, THIS_MODULE) == -EINVAL);
	CHECK(add(BPF_PROG_TYPE_XDP, &fine, THIS_MODULE) == 0); /* the failure dropped the first */
	CHECK(register_btf_id_dtor_kfuncs(&d, 1, THIS_MODULE) == -EINVAL);
	CHECK(register_btf_id_dtor_kfuncs(&unknown, 1, THIS_MODULE) == -EINVAL);
	CHECK(register_btf_id_dtor_kfuncs(&d, 256, THIS_MODULE) == -E2BIG);
	/* what was left out */
	CHECK(register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, NULL) == -EINVAL);
	CHECK(strstr(kfunc_register_error(), "no set") != NULL);
	CHECK(register_btf_fmodret_id_set(NULL) == -EINVAL);
	CHECK(add(BPF_PROG_TYPE_XDP, NULL, THIS_MODULE) == -EINVAL);
	CHECK(register_btf_id_dtor_kfuncs(NULL, 1, THIS_MODULE) == -EINVAL);
	CHECK(strstr(kfunc_register_error(), "no table") != NULL);
	CHECK(register_btf_id_dtor_kfuncs(&d, 1, NULL) == -EINVAL);
	CHECK(!btf_id_set8_contains(NULL, 1));
	CHECK(__register_bpf_struct_ops(NULL) == -EINVAL);
	CHECK(__register_bpf_struct_ops(&unowned) == -EINVAL);
	CHECK(strstr(kfunc_register_error(), "owner") != NULL);
	CHECK(!bpf_struct_ops_get(NULL));
	bpf_struct_ops_put(NULL);
	CHECK(kfunc_tracepoint_register(NULL) == -EINVAL);
	CHECK(kfunc_tracepoint_register(&nameless) == -EINVAL);
	return wrong != 0;
}
