/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loading the types of a program: the forms of local types (kfunc spec R8.3, R8.5, R8.20), slots and
 * the maps that hold them (R8.1, R8.2, R8.4; scenario 75). types/types.c is compiled once for each;
 * with KFUNC_DIFF_KERNEL=1 the running kernel is asked as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <kfunc/libkfunc.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kfunc/libkfunc.h>

#include "btf/btf.h"
#include "lib/bpf.h"
#include "syscall/libc_hooks.h"

struct form {
	const char *name;
	int err;
};

/* lists and trees have a lock, two nodes have a count, and there is one of each */
static const struct form together[] = {
	{"list_and_lock", 0},
	{"list_and_resilient", 0},
	{"list_without_lock", -EINVAL},
	{"tree_without_lock", -EINVAL},
	{"both_locks", -EINVAL},
	{"two_locks", -E2BIG},
	{"two_nodes_counted", 0},
	{"two_nodes_uncounted", -EINVAL},
	{"two_counts", 0},
	{"two_counts_and_node", 0},
	{"counts_of_one", 0},
	{"counts_of_two", -EINVAL},
	{"lock_of_one", 0},
	{"lock_of_one_by_one", 0},
	{"link_of_one", -EINVAL},   /* beside a node and without a count */
	{"counts_of_two_alone", 0}, /* no member is a count: nobody looks */
	{"count_below", 0},
	{"count_below_and_beside", 0},
};

/* a list says what it contains, by the name of a struct and of a node in it */
static const struct form contents[] = {
	{"untagged", -EINVAL},
	{"contains_unknown", -ENOENT},
	{"contains_no_member", -ENOENT},
	{"contains_no_node", -EINVAL},
	{"contains_other_node", -EINVAL},
};

/* eleven in a value; what is not aligned does not count, and must not be alone */
static const struct form counts[] = {
	{"eleven_fields", 0},        {"twelve_fields", -E2BIG},   {"odd_slot", 0},
	{"odd_slot_alone", -EFAULT}, {"odd_node_alone", -EFAULT},
};

/* what is linked somewhere may own, but not what owns in turn */
static const struct form owners[] = {
	{"owner_of_owner", 0},
	{"owner_of_owners_owner", -ELOOP},
	{"owner_of_itself", -ELOOP},
	{"owner_in_a_slot", 0},
};

/* an owning slot wants a destructor, and is a pointer to a struct */
static const struct form slots[] = {
	{"one_slot", 0},         {"slot_without_dtor", -ENOENT}, {"slot_seen_without_dtor", 0},
	{"slot_of_a_number", 0}, {"slot_with_two_tags", 0},      {"slot_to_const", 0},
};

/* the section .BTF of an object; *size is set */
static void *read_btf(const char *name, size_t *size)
{
	char path[1024];
	Elf_Scn *scn = NULL;
	void *out = NULL;
	size_t names;
	Elf *elf;
	int fd;

	snprintf(path, sizeof(path), "%s/syscall/types_%s.o", getenv("KFUNC_PROGS"), name);
	fd = open(path, O_RDONLY);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_getshdrstrndx(elf, &names))
		fail_msg("%s: %s", path, elf_errmsg(-1));
	while (!out && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && !strcmp(elf_strptr(elf, names, sh.sh_name), ".BTF")) {
			*size = sh.sh_size;
			out = malloc(*size);
			assert_non_null(out);
			memcpy(out, elf_getdata(scn, NULL)->d_buf, *size);
		}
	}
	elf_end(elf);
	close(fd);
	assert_non_null(out);
	return out;
}

static int bpf(int cmd, union bpf_attr *a, bool theirs)
{
	long r;

	if (!theirs)
		return (int)kfunc_bpf(cmd, a, sizeof(*a));
	r = syscall(__NR_bpf, cmd, a, sizeof(*a));
	return r < 0 ? -errno : (int)r;
}

/* a descriptor */
static int load_fd(const char *name, bool theirs)
{
	union bpf_attr a;
	size_t size;
	void *btf = read_btf(name, &size);
	int fd;

	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)btf;
	a.btf_size = (uint32_t)size;
	fd = bpf(BPF_BTF_LOAD, &a, theirs);
	free(btf);
	return fd;
}

/* 0 or an error */
static int done(int fd, bool theirs)
{
	if (fd < 0)
		return fd;
	return theirs ? close(fd) : kfunc_close(fd);
}

static int load(const char *name, bool theirs)
{
	return done(load_fd(name, theirs), theirs);
}

static void check(const struct form *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err = load(f[i].name, false);

		if (err != f[i].err)
			fail_msg("%s: %d, should be %d", f[i].name, err, f[i].err);
		if (!getenv("KFUNC_DIFF_KERNEL"))
			continue;
		err = load(f[i].name, true);
		if (err != f[i].err)
			fail_msg("%s: the running kernel says %d, not %d", f[i].name, err,
				 f[i].err);
	}
}

#define CHECK(forms) check(forms, sizeof(forms) / sizeof(forms[0]))

/* R8.20 */
static void test_together(void **state)
{
	(void)state;
	CHECK(together);
	CHECK(contents);
}

/* R8.3 */
static void test_counts(void **state)
{
	(void)state;
	CHECK(counts);
}

/* R8.5 */
static void test_owners(void **state)
{
	(void)state;
	CHECK(owners);
}

/* R8.1, R8.2, scenario 75 */
static void test_slots(void **state)
{
	(void)state;
	CHECK(slots);
}

static int create_of(const char *form, uint32_t type, uint32_t flags, bool theirs)
{
	char why[200];
	struct btf_obj *b;
	union bpf_attr a;
	size_t size;
	void *raw = read_btf(form, &size);
	int err, btf, fd;

	b = btf_parse(raw, size, NULL, "", why, sizeof(why), &err);
	assert_non_null(b);
	btf = load_fd(form, theirs);
	assert_true(btf >= 0);
	memset(&a, 0, sizeof(a));
	a.map_type = type;
	a.key_size = type == BPF_MAP_TYPE_QUEUE ? 0 : 4;
	a.value_size = (uint32_t)btf_type_size(b, (uint32_t)btf_find(b, "value", BTF_KIND_STRUCT));
	a.max_entries = 1;
	a.map_flags = flags;
	a.btf_fd = (uint32_t)btf;
	a.btf_key_type_id =
		type == BPF_MAP_TYPE_QUEUE ? 0 : (uint32_t)btf_find(b, "int", BTF_KIND_INT);
	a.btf_value_type_id = (uint32_t)btf_find(b, "value", BTF_KIND_STRUCT);
	fd = bpf(BPF_MAP_CREATE, &a, theirs);
	btf_put(b);
	free(raw);
	done(btf, theirs);
	return fd;
}

static int create(uint32_t type, uint32_t flags, bool theirs)
{
	return create_of("one_slot", type, flags, theirs);
}

/* R8.4, scenario 75: which maps hold such slots */
static void check_maps(bool theirs)
{
	static const struct {
		uint32_t type, flags;
		int err;
	} rows[] = {
		{BPF_MAP_TYPE_ARRAY, 0, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 0, 0},
		{BPF_MAP_TYPE_HASH, 0, 0},
		{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 0},
		{BPF_MAP_TYPE_LRU_HASH, 0, 0},
		{BPF_MAP_TYPE_PERCPU_HASH, 0, 0},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 0},
		{BPF_MAP_TYPE_QUEUE, 0, -EINVAL},
		{BPF_MAP_TYPE_STACK_TRACE, 0, -EOPNOTSUPP},
		{BPF_MAP_TYPE_ARRAY, BPF_F_RDONLY_PROG, -EACCES},
		{BPF_MAP_TYPE_HASH, BPF_F_WRONLY_PROG, -EACCES},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = done(create(rows[i].type, rows[i].flags, theirs), theirs);

		if (err != rows[i].err)
			fail_msg("type %u, flags %#x: %d, should be %d%s", rows[i].type,
				 rows[i].flags, err, rows[i].err, theirs ? " (kernel)" : "");
	}
}

/* R8.1: what is wrong in a map's value is found when a program wants it, the map is made */
static void check_values(bool theirs)
{
	static const char *const made[] = {"slot_with_two_tags", "slot_of_a_number",
					   "slot_seen_without_dtor", "slot_to_const"};

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		assert_int_equal(done(create_of(made[i], BPF_MAP_TYPE_ARRAY, 0, theirs), theirs),
				 0);
}

/* R8.4, scenario 75: nobody maps a slot */
static void check_mmap(bool theirs)
{
	int fd = create(BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, theirs);
	void *p;

	assert_true(fd >= 0);
	p = theirs ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0)
		   : kf_sys_mmap64(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_equal(p, MAP_FAILED);
	assert_int_equal(errno, 524);
	done(fd, theirs);
}

static void test_maps(void **state)
{
	(void)state;
	check_maps(false);
	check_mmap(false);
	check_values(false);
	if (!getenv("KFUNC_DIFF_KERNEL"))
		return;
	check_maps(true);
	check_mmap(true);
	check_values(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_owners),   cmocka_unit_test(test_slots),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
