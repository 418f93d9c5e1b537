/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A map's types: that they fit its sizes and its kind, and the special fields of its value (kfunc
 * spec R8.1-R8.6). Types may be missing; with types come rules:
 *  - sizes of key and value must be those of the types;
 *  - arrays have a 32-bit integer key, or no key type at all for a global data section;
 *  - local storage has a 32-bit integer key, a trie a struct;
 *  - maps whose values are not the program's data have no types;
 *  - special fields only in the map types that the kernel's table lists, and not with the access of
 *    programs restricted.
 */
#include "maps/maps.h"
#include "verifier/verifier.h"

enum key_rule { KEY_ANY, KEY_INT_OR_SECTION, KEY_INT, KEY_STRUCT, KEY_NO_TYPES, KEY_NO_KEY };

static enum key_rule key_rule(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return KEY_INT_OR_SECTION;
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case MAP_T_CGRP_STORAGE:
		return KEY_INT;
	case BPF_MAP_TYPE_LPM_TRIE:
		return KEY_STRUCT;
	case BPF_MAP_TYPE_STACK_TRACE:
	case BPF_MAP_TYPE_CGROUP_ARRAY:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_CPUMAP:
	case BPF_MAP_TYPE_XSKMAP:
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_SOCKHASH:
	case MAP_T_ARENA:
		return KEY_NO_TYPES;
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return KEY_NO_KEY;
	default:
		return KEY_ANY;
	}
}

/* an integer of exactly 32 bits, no bitfield */
static bool is_u32(const struct btf_obj *btf, uint32_t id)
{
	const struct btf_type *t = btf_type(btf, id);
	uint32_t info;

	if (!t || btf_type_kind(t) != BTF_KIND_INT || t->size != 4)
		return false;
	memcpy(&info, t + 1, sizeof(info));
	return BTF_INT_BITS(info) == 32 && BTF_INT_OFFSET(info) == 0;
}

static int check_key(const struct rt_map *map, enum key_rule rule)
{
	const struct vf_map *d = &map->desc;
	const struct btf_type *key, *value;

	if (!d->key_type_id) {
		/* a global data section, or a kind whose keys nobody looks at */
		value = btf_type(map->btf, d->value_type_id);
		if (rule == KEY_INT_OR_SECTION)
			return d->max_entries == 1 && value &&
					       btf_type_kind(value) == BTF_KIND_DATASEC
				       ? 0
				       : -EINVAL;
		/* there is no key that a type could be for, and one is wanted (seen on 6.18.44) */
		if (rule == KEY_NO_KEY)
			return -EINVAL;
		return rule == KEY_ANY && d->key_size ? -EINVAL : 0;
	}
	if (btf_type_size(map->btf, d->key_type_id) != d->key_size)
		return -EINVAL;
	key = btf_skip_mods(map->btf, d->key_type_id, NULL);
	switch (rule) {
	case KEY_INT_OR_SECTION:
	case KEY_INT: {
		uint32_t id;

		btf_skip_mods(map->btf, d->key_type_id, &id);
		return is_u32(map->btf, id) ? 0 : -EINVAL;
	}
	case KEY_STRUCT:
		return key && btf_type_kind(key) == BTF_KIND_STRUCT ? 0 : -EINVAL;
	default:
		return 0;
	}
}

static int find_fields(struct rt_map *map, const struct kfunc_kernel *k)
{
	const struct kernel_map_type *t = kernel_map_type(k, map->desc.type);
	int err;

	err = vf_find_fields(k, map->btf, map->desc.value_type_id, UINT32_MAX, &map->fields);
	/* fields that contradict each other are no fields: programs that want them are refused (6.18.44) */
	if (err || !map->fields)
		return err == -ENOMEM ? err : 0;
	map->desc.fields = map->fields;
	if (map->desc.flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EACCES;
	return map->fields->mask & ~t->fields & ~BTF_FIELD_REFCOUNT ? -EOPNOTSUPP : 0;
}

int map_check_btf(struct rt_map *map, const struct kfunc_kernel *k)
{
	enum key_rule rule = key_rule(map->desc.type);
	int err;

	if (map->desc.type == BPF_MAP_TYPE_STRUCT_OPS)
		return 0; /* typed by the kernel's struct, not by the program's */
	err = check_key(map, rule);
	if (err)
		return err;
	if (btf_type_size(map->btf, map->desc.value_type_id) != map->desc.value_size)
		return -EINVAL;
	err = find_fields(map, k);
	return !err && rule == KEY_NO_TYPES ? -MAP_ENOTSUPP : err;
}
