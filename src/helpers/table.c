/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Helper numbers to functions: helpers.def as an array. */
#include "helpers/helpers.h"

static const rt_helper_fn helpers[] = {
#define HELPER(id, name) [id] = helper_##name,
#include "helpers/helpers.def"
#undef HELPER
};

/* Rows that work only once the host or the live kernel says what "current" is. */
static bool has_source(uint32_t id)
{
	const struct rt_current_ops *ops = rt_current_ops();

	switch (id) {
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf:
		return ops->task != NULL;
	case BPF_FUNC_get_current_cgroup_id:
		return ops->cgroup_id != NULL;
	default:
		return true;
	}
}

rt_helper_fn rt_helper(uint32_t id)
{
	return id < sizeof(helpers) / sizeof(helpers[0]) && has_source(id) ? helpers[id] : NULL;
}
