/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The older document's forms: diagnostics switched off by hand, a set8 between START and END, a
 * wrapper that nobody declares, a size pair, a constant, a nested trusted member, initcall (kfunc spec R1.1, R1.2,
 * R1.4).
 */
#include "check.h"
#include <stdlib.h>

struct app_file {
	const cpumask_t *owner_mask;
	int users;
};

/* Wrappers have no prototype anywhere */
__diag_push();
__diag_ignore_all("-Wmissing-prototypes", "only programs call them, by their BTF");

__bpf_kfunc struct app_file *app_file_open(pid_t nr)
{
	struct app_file *f = calloc(1, sizeof(*f));

	if (f)
		f->users = nr > 0 ? nr : 1;
	return f;
}

__bpf_kfunc void app_file_close(struct app_file *f)
{
	free(f);
}

__bpf_kfunc void app_fill(void *mem, int mem__sz)
{
	for (int i = 0; i < mem__sz; i++)
		((char *)mem)[i] = 0x55;
}

__bpf_kfunc s64 app_table(u32 table__k, s32 row)
{
	return (s64)table__k + row;
}

__diag_pop();

BTF_TYPE_SAFE_NESTED(struct app_file)
{
	const cpumask_t *owner_mask;
};

BTF_SET8_START(app_file_ids)
BTF_ID_FLAGS(func, app_file_open, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, app_file_close, KF_RELEASE)
BTF_ID_FLAGS(func, app_fill)
BTF_ID_FLAGS(func, app_table, KF_DEPRECATED)
BTF_SET8_END(app_file_ids)

static const struct btf_kfunc_id_set app_file_set = {
	.owner = THIS_MODULE,
	.set = &app_file_ids,
};

static int init_app_file(void)
{
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_NESTED(struct app_file));
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &app_file_set);
}
late_initcall(init_app_file);

int main(void)
{
	CHECK(app_file_ids.cnt == 4);
	CHECK(app_file_ids.flags == 0);
	CHECK(app_file_ids.pairs[0].flags == (KF_ACQUIRE | KF_RET_NULL));
	CHECK(app_file_ids.pairs[3].flags == KF_DEPRECATED);
	for (u32 i = 0; i < app_file_ids.cnt; i++)
		CHECK(btf_id_set8_contains(&app_file_ids, app_file_ids.pairs[i].id));
	CHECK(!btf_id_set8_contains(&app_file_ids, 0));
	return finish();
}
