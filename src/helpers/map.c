/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Map helpers: the map's family does the work. The verifier has matched helper and map type; an
 * operation that a family lacks all the same is an error of that call.
 */
#include "helpers/helpers.h"
#include "runtime/fields.h"

HELPER_2(map_lookup_elem, struct rt_map *, map, const void *, key)
{
	return map->ops->lookup ? (int64_t)(uintptr_t)map->ops->lookup(map, key) : 0;
}

HELPER_4(map_update_elem, struct rt_map *, map, const void *, key, const void *, value, uint64_t,
	 flags)
{
	return map->ops->update ? map->ops->update(map, key, value, flags) : -EOPNOTSUPP;
}

HELPER_2(map_delete_elem, struct rt_map *, map, const void *, key)
{
	return map->ops->del ? map->ops->del(map, key) : -EOPNOTSUPP;
}

HELPER_3(map_push_elem, struct rt_map *, map, const void *, value, uint64_t, flags)
{
	return map->ops->push ? map->ops->push(map, value, flags) : -EOPNOTSUPP;
}

HELPER_2(map_pop_elem, struct rt_map *, map, void *, value)
{
	return map->ops->pop ? map->ops->pop(map, value) : -EOPNOTSUPP;
}

HELPER_2(map_peek_elem, struct rt_map *, map, void *, value)
{
	return map->ops->peek ? map->ops->peek(map, value) : -EOPNOTSUPP;
}

HELPER_3(map_lookup_percpu_elem, struct rt_map *, map, const void *, key, uint32_t, cpu)
{
	if (!map->ops->lookup_percpu || cpu >= rt_nr_cpus())
		return 0;
	return (int64_t)(uintptr_t)map->ops->lookup_percpu(map, key, cpu);
}

struct each_arg {
	struct rt_map *map;
	const void *callback;
	uint64_t ctx;
};

static long each_element(void *arg, void *key, void *value)
{
	const struct each_arg *a = arg;

	return (long)rt_callback(a->callback, (uintptr_t)a->map, (uintptr_t)key, (uintptr_t)value,
				 a->ctx, 0);
}

HELPER_4(for_each_map_elem, struct rt_map *, map, const void *, callback, uint64_t, ctx, uint64_t,
	 flags)
{
	struct each_arg arg = {map, callback, ctx};

	if (flags)
		return -EINVAL;
	return map->ops->for_each ? map->ops->for_each(map, each_element, &arg) : -EOPNOTSUPP;
}

HELPER_1(spin_lock, uint32_t *, lock)
{
	rt_spin_lock(lock);
	return 0;
}

HELPER_1(spin_unlock, uint32_t *, lock)
{
	rt_spin_unlock(lock);
	return 0;
}

HELPER_2(kptr_xchg, void *, slot, void *, p)
{
	return (int64_t)(uintptr_t)rt_kptr_xchg(slot, p);
}

HELPER_2(per_cpu_ptr, void *, object, uint32_t, cpu)
{
	return cpu < rt_nr_cpus() ? (int64_t)(uintptr_t)rt_percpu_obj_cpu(object, cpu) : 0;
}

HELPER_1(this_cpu_ptr, void *, object)
{
	return (int64_t)(uintptr_t)rt_percpu_obj_cpu(object, rt_current()->id);
}
