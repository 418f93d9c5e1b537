/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The newer document's forms and those of later kernels: bracketed definitions, kfunc sets, all
 * trust lists with their emission, __uninit and __opt, iterators, destructors, a filter, several
 * sets (kfunc spec R1.1, R1.2, R1.4, R1.13).
 */
#include "check.h"
#include <errno.h>
#include <stdlib.h>

struct app_conn {
	struct app_conn *peer;
	struct app_conn __rcu *parent;
	int refs;
};

struct app_conn___init {
	struct app_conn conn;
};

struct bpf_iter_app_conn {
	u64 __opaque[2];
} __attribute__((aligned(8)));

BTF_TYPE_SAFE_TRUSTED(struct app_conn)
{
	struct app_conn *peer;
};

BTF_TYPE_SAFE_RCU(struct app_conn)
{
	struct app_conn __rcu *parent;
};

BTF_TYPE_SAFE_RCU_OR_NULL(struct app_conn)
{
	struct app_conn __rcu *parent;
};

BTF_TYPE_SAFE_TRUSTED_OR_NULL(struct app_conn)
{
	struct app_conn *peer;
};

/* a set may stand before its functions */
BTF_KFUNCS_START(app_conn_ids)
BTF_ID_FLAGS(func, app_conn_alloc, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, app_conn_insert, KF_ACQUIRE | KF_RET_NULL | KF_RELEASE)
BTF_ID_FLAGS(func, app_conn_get, KF_ACQUIRE | KF_RCU | KF_RET_NULL)
BTF_ID_FLAGS(func, app_conn_put, KF_RELEASE)
BTF_ID_FLAGS(func, app_conn_weight, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, app_conn_wait, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, app_reboot, KF_DESTRUCTIVE)
BTF_KFUNCS_END(app_conn_ids)

BTF_KFUNCS_START(app_iter_ids)
BTF_ID_FLAGS(func, bpf_iter_app_conn_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_app_conn_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_app_conn_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, app_dynptr_open)
BTF_ID_FLAGS(func, app_buffer)
BTF_KFUNCS_END(app_iter_ids)

__bpf_kfunc_start_defs();

__bpf_kfunc struct app_conn___init *app_conn_alloc(void)
{
	return calloc(1, sizeof(struct app_conn___init));
}

__bpf_kfunc struct app_conn *app_conn_insert(struct app_conn___init *conn)
{
	return &conn->conn;
}

__bpf_kfunc struct app_conn *app_conn_get(struct app_conn *conn)
{
	conn->refs++;
	return conn;
}

__bpf_kfunc void app_conn_put(struct app_conn *conn)
{
	conn->refs--;
}

__bpf_kfunc int app_conn_weight(const struct app_conn *conn, const struct app_conn *other__nullable)
{
	return conn->refs + (other__nullable ? other__nullable->refs : 0);
}

__bpf_kfunc int app_conn_wait(struct app_conn *conn)
{
	return conn->refs;
}

__bpf_kfunc void app_reboot(void)
{
}

__bpf_kfunc void app_conn_drop(void *conn)
{
	app_conn_put(conn);
}

__bpf_kfunc int bpf_iter_app_conn_new(struct bpf_iter_app_conn *it, int start)
{
	it->__opaque[0] = start;
	return 0;
}

__bpf_kfunc struct app_conn *bpf_iter_app_conn_next(struct bpf_iter_app_conn *it)
{
	it->__opaque[0]++;
	return NULL;
}

__bpf_kfunc void bpf_iter_app_conn_destroy(struct bpf_iter_app_conn *it)
{
	it->__opaque[0] = 0;
}

__bpf_kfunc int app_dynptr_open(u64 flags, struct bpf_dynptr_kern *ptr__uninit)
{
	return flags || !ptr__uninit ? -EINVAL : 0;
}

__bpf_kfunc void *app_buffer(void *buffer__opt, u32 buffer__szk)
{
	return buffer__szk ? buffer__opt : NULL;
}

__bpf_kfunc_end_defs();

BTF_ID_LIST(app_dtor_ids)
BTF_ID(struct, app_conn)
BTF_ID(func, app_conn_drop)

BTF_ID_LIST_SINGLE(app_init_id, struct, app_conn___init)

/* only for programs of one type, though the hook serves several */
static int app_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	if (!btf_id_set8_contains(&app_conn_ids, kfunc_id))
		return 0;
	return prog->type == BPF_PROG_TYPE_LSM ? -EACCES : 0;
}

static const struct btf_kfunc_id_set app_conn_set = {
	.owner = THIS_MODULE,
	.set = &app_conn_ids,
	.filter = app_filter,
};

static const struct btf_kfunc_id_set app_iter_set = {
	.owner = THIS_MODULE,
	.set = &app_iter_ids,
};

static int init_app_conn(void)
{
	const struct btf_id_dtor_kfunc dtors[] = {
		{.btf_id = app_dtor_ids[0], .kfunc_btf_id = app_dtor_ids[1]},
	};
	int err;

	BTF_TYPE_EMIT(BTF_TYPE_SAFE_TRUSTED(struct app_conn));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_RCU(struct app_conn));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_RCU_OR_NULL(struct app_conn));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_TRUSTED_OR_NULL(struct app_conn));
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &app_conn_set);
	if (!err)
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &app_iter_set);
	if (!err)
		err = register_btf_id_dtor_kfuncs(dtors, 1, THIS_MODULE);
	return err;
}
late_initcall(init_app_conn);

int main(void)
{
	CHECK(app_conn_ids.cnt == 7 && app_conn_ids.flags == BTF_SET8_KFUNCS);
	CHECK(app_iter_ids.cnt == 5);
	CHECK(app_dtor_ids[0] && app_dtor_ids[1] && app_init_id[0]);
	CHECK(app_dtor_ids[0] != app_init_id[0]);
	return finish();
}
