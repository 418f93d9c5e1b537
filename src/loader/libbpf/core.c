/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libbpf's main file, compiled with some of its calls sent to the loader:
 *
 * - the kernel's types are parsed once for each kernel and shared by all objects, not once for each
 *   object, which would dominate the time of a check;
 * - a lookup of a kernel type by name uses the index of our own BTF, and so does the search for types
 *   that a relocation may mean;
 * - of the running system's symbols only those that the object asks for are read;
 * - an arena's memory is not needed to judge programs, and its address in the file is not trusted;
 * - a program that is about to be loaded is made known to the session, which wants to know more of it
 *   than the attributes of the load say;
 * - types and maps that cannot be made for want of memory are not done without, as libbpf would: the
 *   verdicts would be others;
 * - what libbpf forgets to free when it refuses a malformed relocation is remembered;
 * - an object is never made a program that loads it elsewhere, so the generator of those is left out;
 * - marks in other programs' text (USDT) are not attached to: it takes perf_event_open(), which is refused
 *   (syscall/libc_hooks.h), so the search for them is left out, too.
 *
 * The functions at the end read what libbpf knows and has no interface for.
 */
#define btf__load_vmlinux_btf  loader_types_get
#define btf__free              loader_types_put
#define btf__find_by_name_kind loader_types_find
#define bpf_prog_load          loader_prog_load
#define bpf_map_create         loader_map_create
#define btf_load_into_kernel   loader_btf_load
#define get_kernel_version     loader_kernel_version
#undef mmap
#define mmap loader_mmap

#undef fopen
#define fopen loader_fopen

#include <stdio.h>
void *loader_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
FILE *loader_fopen(const char *path, const char *mode);
FILE *loader_symbols_open(void);

#include "../../base/mem.h"
#include "hashmap.h"
struct hashmap *loader_hashmap_new(hashmap_hash_fn hash, hashmap_equal_fn equal, void *ctx);
void loader_hashmap_free(struct hashmap *map);
#define hashmap__new  loader_hashmap_new
#define hashmap__free loader_hashmap_free

/* In bpf_core_resolve_relo(), which names the object and its types so: what is not found is searched. */
#undef hashmap__find
#define hashmap__find(map, key, value) find_candidates(prog->obj, local_btf, map, key, value)
struct btf;
struct bpf_object;
struct bpf_core_cand_list;
static bool find_candidates(struct bpf_object *obj, const struct btf *local_btf,
			    struct hashmap *map, __u32 local_id, struct bpf_core_cand_list **out);

/* nothing calls bpf_object__gen_loader(), which alone would make use of these */
#include "bpf_gen_internal.h"
#define bpf_gen__init(...)                 ((void)0)
#define bpf_gen__finish(...)               (-ENOTSUP)
#define bpf_gen__free(...)                 ((void)0)
#define bpf_gen__load_btf(...)             ((void)0)
#define bpf_gen__map_create(...)           ((void)0)
#define bpf_gen__prog_load(...)            ((void)0)
#define bpf_gen__map_update_elem(...)      ((void)0)
#define bpf_gen__map_freeze(...)           ((void)0)
#define bpf_gen__record_attach_target(...) ((void)0)
#define bpf_gen__record_extern(...)        ((void)0)
#define bpf_gen__record_relo_core(...)     ((void)0)
#define bpf_gen__populate_outer_map(...)   ((void)0)

#include "libbpf_internal.h"
#define usdt_manager_new(...)         ((struct usdt_manager *)ERR_PTR(-EOPNOTSUPP))
#define usdt_manager_free(...)        ((void)0)
#define usdt_manager_attach_usdt(...) ((struct bpf_link *)ERR_PTR(-EOPNOTSUPP))

#include "libbpf.c"

#undef hashmap__find
#undef hashmap__new
#undef hashmap__free
#undef fopen

int loader_types_candidates(const struct btf *btf, const char *name, __u32 kind, __u32 **ids);
bool loader_has_modules(void);
bool loader_wants_symbol(const struct bpf_object *obj, const char *name, size_t len);

/* Candidates of CO-RE relocations, while bpf_object__relocate_core() works on them. */
static _Thread_local struct hashmap *candidates;

struct hashmap *loader_hashmap_new(hashmap_hash_fn hash, hashmap_equal_fn equal, void *ctx)
{
	struct hashmap *map = hashmap__new(hash, equal, ctx);

	candidates = IS_ERR(map) ? NULL : map;
	return map;
}

void loader_hashmap_free(struct hashmap *map)
{
	if (map == candidates)
		candidates = NULL;
	hashmap__free(map);
}

/* After a load: libbpf returns from there without cleaning up on some errors. */
void loader_free_leftovers(void)
{
	struct hashmap_entry *e;
	size_t i;

	if (!candidates)
		return;
	hashmap__for_each_entry(candidates, e, i) bpf_core_free_cands(e->pvalue);
	loader_hashmap_free(candidates);
}

/* The types of btf with these ids; takes the ids over. NULL: out of memory. */
static struct bpf_core_cand_list *list_candidates(const struct btf *btf, __u32 *ids, int n)
{
	struct bpf_core_cand_list *list = calloc(1, sizeof(*list));
	int i;

	if (list && n)
		list->cands = calloc(n, sizeof(*list->cands));
	if (list && (list->cands || !n)) {
		list->len = n;
		for (i = 0; i < n; i++)
			list->cands[i] = (struct bpf_core_cand){.btf = btf, .id = ids[i]};
	} else {
		free(list);
		list = NULL;
	}
	mem_free(ids);
	return list;
}

/* false: libbpf is to search by itself, in the types of modules too */
static bool find_candidates(struct bpf_object *obj, const struct btf *local_btf,
			    struct hashmap *map, __u32 local_id, struct bpf_core_cand_list **out)
{
	const struct btf *btf = obj->btf_vmlinux_override ?: obj->btf_vmlinux;
	const struct btf_type *t = btf__type_by_id(local_btf, local_id);
	const char *full = t ? btf__name_by_offset(local_btf, t->name_off) : NULL;
	__u32 *ids = NULL;
	char *name;
	int n;

	if (hashmap_find(map, local_id, (long *)out))
		return true;
	if (str_is_empty(full))
		return false;
	name = strndup(full, bpf_core_essential_name_len(full));
	n = name ? loader_types_candidates(btf, name, btf_kind(t), &ids) : -ENOMEM;
	free(name);
	if (n < 0 || (n == 0 && loader_has_modules()))
		return false;
	*out = list_candidates(btf, ids, n);
	if (!*out)
		return false;
	if (hashmap__add(map, local_id, *out)) {
		bpf_core_free_cands(*out);
		return false;
	}
	return true;
}

FILE *loader_fopen(const char *path, const char *mode)
{
	return strcmp(path, "/proc/kallsyms") == 0 ? loader_symbols_open() : fopen(path, mode);
}

/* Whether a symbol without a type that the object refers to is called so. */
bool loader_wants_symbol(const struct bpf_object *obj, const char *name, size_t len)
{
	int i;

	for (i = 0; i < obj->nr_extern; i++)
		if (obj->externs[i].type == EXT_KSYM &&
		    strncmp(obj->externs[i].name, name, len) == 0 && !obj->externs[i].name[len])
			return true;
	return false;
}

const char *loader_extern_name(const struct bpf_object *obj, int idx)
{
	return idx >= 0 && idx < obj->nr_extern ? obj->externs[idx].name : NULL;
}

const char *loader_map_name(const struct bpf_object *obj, int idx)
{
	return idx >= 0 && idx < obj->nr_maps ? obj->maps[idx].name : NULL;
}

/* The program whose instructions these are, NULL: none of the object's. */
struct bpf_program *loader_program_of(const struct bpf_object *obj, const struct bpf_insn *insns)
{
	size_t i;

	for (i = 0; i < obj->nr_programs; i++)
		if (obj->programs[i].insns == insns)
			return &obj->programs[i];
	return NULL;
}

/* Whether a program array of the object is to be filled with the program. */
bool loader_in_slot(const struct bpf_object *obj, const struct bpf_program *prog)
{
	size_t m;
	int i;

	for (m = 0; m < obj->nr_maps; m++) {
		const struct bpf_map *map = &obj->maps[m];

		for (i = 0; map->def.type == BPF_MAP_TYPE_PROG_ARRAY && i < map->init_slots_sz; i++)
			if (map->init_slots[i] == prog)
				return true;
	}
	return false;
}

/*
 * The relocation of the insn-th instruction of prog's own function as its object has it, NULL: none. What
 * was appended to it, functions of other sections, is not looked up.
 */
const struct bpf_core_relo *loader_core_relo_at(const struct bpf_object *obj,
						const struct bpf_program *prog, size_t insn)
{
	const struct btf_ext_info_sec *sec;
	const struct bpf_core_relo *rec;
	uint32_t i;

	if (!obj->btf_ext || !obj->btf_ext->core_relo_info.len || insn >= prog->sec_insn_cnt)
		return NULL;
	for_each_btf_ext_sec(&obj->btf_ext->core_relo_info, sec)
	{
		const char *name = btf__name_by_offset(obj->btf, sec->sec_name_off);

		if (!name || strcmp(name, prog->sec_name) != 0)
			continue;
		for_each_btf_ext_rec(&obj->btf_ext->core_relo_info, sec, i,
				     rec) if (rec->insn_off / BPF_INSN_SZ ==
					      prog->sec_insn_off + insn) return rec;
	}
	return NULL;
}
