/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loading the types of a program: the forms of local types (kfunc spec R8.3, R8.5, R8.20). types/types.c is
 * compiled once for each; with KFUNC_DIFF_KERNEL=1 the running kernel is asked as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/bpf.h"

struct form {
	const char *name;
	int err;
};

/* R8.20: lists and trees have a lock, two nodes have a count, and there is one of each */
static const struct form together[] = {
	{"list_and_lock", 0},
	{"list_and_resilient", 0},
	{"list_without_lock", -EINVAL},
	{"tree_without_lock", -EINVAL},
	{"both_locks", -EINVAL},
	{"two_locks", -E2BIG},
	{"two_nodes_counted", 0},
	{"two_nodes_uncounted", -EINVAL},
};

/* R8.20: a list says what it contains, by the name of a struct and of a node in it */
static const struct form contents[] = {
	{"untagged", -EINVAL},
	{"contains_unknown", -ENOENT},
	{"contains_no_member", -ENOENT},
	{"contains_no_node", -EINVAL},
	{"contains_other_node", -EINVAL},
};

/* R8.3: eleven in a value; what is not aligned does not count, and must not be alone */
static const struct form counts[] = {
	{"eleven_fields", 0},
	{"twelve_fields", -E2BIG},
	{"odd_slot", 0},
	{"odd_slot_alone", -EFAULT},
	{"odd_node_alone", -EFAULT},
};

/* R8.5: what is linked somewhere may own, but not what owns in turn */
static const struct form owners[] = {
	{"owner_of_owner", 0},
	{"owner_of_owners_owner", -ELOOP},
	{"owner_of_itself", -ELOOP},
	{"owner_in_a_slot", 0},
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

static int load(const char *name, bool theirs)
{
	union bpf_attr a;
	size_t size;
	void *btf = read_btf(name, &size);
	long fd;

	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)btf;
	a.btf_size = (uint32_t)size;
	if (theirs) {
		fd = syscall(__NR_bpf, BPF_BTF_LOAD, &a, sizeof(a));
		fd = fd < 0 ? -errno : fd;
		if (fd >= 0)
			close((int)fd);
	} else {
		fd = kfunc_bpf(BPF_BTF_LOAD, &a, sizeof(a));
		if (fd >= 0)
			kfunc_close((int)fd);
	}
	free(btf);
	return fd < 0 ? (int)fd : 0;
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
			fail_msg("%s: the running kernel says %d, not %d", f[i].name, err, f[i].err);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
