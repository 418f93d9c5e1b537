/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A host's file: finding its BTF and its sets, joining the BTF with a kernel's, and what a file
 * that is none, or half of one, or a hostile one, gets as an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kver.h"
#include "base/mem.h"
#include "contract/contract.h"
#include "contract/host.h"
#include "mkbtf.h"

static char host[512], tmp[64] = "/tmp/kfunc-test-XXXXXX";
static uint8_t *file; /* the host, whole */
static size_t file_size;
static struct mkbtf m;

static int setup(void **state)
{
	const char *build = getenv("KFUNC_BUILD");
	struct stat st;
	int fd;

	(void)state;
	snprintf(host, sizeof(host), "%s/examples/host/budget", build ? build : "build");
	fd = open(host, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) || !mkdtemp(tmp))
		return -1;
	file_size = st.st_size;
	file = malloc(file_size);
	if (!file || read(fd, file, file_size) != (ssize_t)file_size)
		return -1;
	return close(fd);
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	free(file);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", tmp);
	return system(cmd);
}

static const char *put(const char *name, const void *data, size_t size)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", tmp, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
	return path;
}

static int find(const char *path, char *why)
{
	void *data;
	size_t size;
	int err;

	why[0] = '\0';
	err = host_elf_btf(path, &data, &size, why, 200);
	if (!err) {
		assert_true(size > 24);
		mem_free(data);
	} else {
		assert_null(data);
		assert_true(*why);
	}
	return err;
}

/* ---- files that are no host ---- */

static void test_not_a_host(void **state)
{
	uint8_t small[64] = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB};
	char why[200], big[128];
	void *data;
	size_t size;
	int fd;

	(void)state;
	assert_int_equal(find("/nonexistent/file", why), -ENOENT);
	assert_int_equal(find("/tmp", why), -EISDIR);
	assert_int_equal(find("/dev/null", why), -EINVAL);
	assert_int_equal(find(put("empty", "", 0), why), -ENOEXEC);
	assert_int_equal(
		find(put("text", "#!/bin/sh\necho no\n................................", 50), why),
		-ENOEXEC);
	assert_int_equal(find(put("elf32", small, 64), why), -ENOEXEC);
	small[EI_CLASS] = ELFCLASS64;
	assert_int_equal(find(put("bare", small, 64), why), -ENOENT); /* no sections, no BTF */
	assert_string_equal(why + strlen(why) - 10, " beside it");
	snprintf(big, sizeof(big), "%s/zeros", tmp);
	fd = open(big, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	close(fd);
	assert_int_equal(find(big, why), -ENOEXEC);
	assert_int_equal(host_elf_btf("/tmp", &data, &size, NULL, 0), -EISDIR);
}

static void test_beside(void **state)
{
	uint8_t bare[64] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB};
	char why[200], elf[128];

	(void)state;
	snprintf(elf, sizeof(elf), "%s", put("app", bare, sizeof(bare)));
	put("app.btf", "some bytes that are looked at elsewhere", 40);
	assert_int_equal(find(elf, why), 0);
	put("app.btf", "", 0);
	assert_int_equal(find(elf, why), -EINVAL);
}

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"/usr/lib/libapp.so.1.2", "libapp"},
		{"app", "app"},
		{"/a/my-app.d/x y", "x_y"},
		{"/bin/.so", "_so"},
		{"/", "host"},
		{"vmlinux", "vmlinux_host"},
	};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		host_module_name(rows[i][0], name, sizeof(name));
		assert_string_equal(name, rows[i][1]);
	}
	host_module_name("/x/a_name_that_is_too_long", name, sizeof(name));
	assert_string_equal(name, "a_name_that_is_");
}

/* ---- a real one ---- */

static struct btf_obj *base(void)
{
	uint32_t cint;

	mk_init(&m, NULL);
	cint = mk_int(&m, "int", 4, BTF_INT_SIGNED);
	mk_int(&m, "unsigned int", 4, 0);
	mk_struct(&m, "task_struct", 4, 1, "pid", cint, 0);
	return mk_done(&m, NULL, "vmlinux");
}

static void test_split(void **state)
{
	struct btf_obj *b = base(), *mod;
	struct kfunc_contract c;
	char why[200];
	void *data;
	size_t size;
	int32_t id;
	int err;

	(void)state;
	assert_int_equal(host_elf_btf(host, &data, &size, why, sizeof(why)), 0);
	mod = host_split_btf(data, size, b, "budget", why, sizeof(why), &err);
	assert_non_null(mod);
	assert_ptr_equal(btf_base(mod), b);
	assert_string_equal(btf_name(mod), "budget");
	id = btf_find_own(mod, "app_user_name", BTF_KIND_FUNC);
	assert_true(id >= (int32_t)btf_end_id(b));
	assert_int_equal(contract_compile(&c, mod, id, 0, KVER(6, 18)), 0);
	assert_int_equal(c.n_args, 3);
	assert_string_equal(c.arg[2].name, "name__sz");
	assert_int_equal(c.arg[1].flags & CARGF_SIZE_NEXT, CARGF_SIZE_NEXT);
	/* what the base has is the base's: the module has no int of its own */
	assert_int_equal(btf_find_own(mod, "int", BTF_KIND_INT), -ENOENT);
	assert_int_equal(btf_find(mod, "int", BTF_KIND_INT), 1);
	btf_put(mod);
	mod = host_split_btf(data, size / 2, b, "budget", why, sizeof(why), &err);
	assert_null(mod);
	assert_int_equal(err, -EINVAL);
	for (int n = 1; n < 30; n++) { /* our own allocations; libbpf has its own */
		mem_fail_at(n);
		mod = host_split_btf(data, size, b, "budget", why, sizeof(why), &err);
		mem_fail_at(0);
		assert_true(mod || err == -ENOMEM);
		btf_put(mod);
	}
	mem_free(data);
	btf_put(b);
}

static void never(void *ctx, const struct host_id *id, const char *why)
{
	(void)ctx;
	fail_msg("%s: %s", id->name, why);
}

static void count(void *ctx, const struct host_id *id, const char *why)
{
	int *n = ctx;

	assert_true(*id->name && *why);
	(*n)++;
}

static void test_ids(void **state)
{
	struct btf_obj *b = base(), *own;
	char why[200];
	struct host_id *ids;
	uint32_t n;
	void *data;
	size_t size;
	int err, bad = 0;

	(void)state;
	assert_int_equal(host_elf_ids(host, &ids, &n, why, sizeof(why)), 0);
	assert_int_equal(n, 2);
	assert_string_equal(ids[0].name, "app_charge");
	assert_string_equal(ids[1].name, "app_user_name");
	assert_string_equal(ids[1].kind, "func");
	assert_true(ids[1].in_set && ids[1].flags == 0);
	assert_int_equal(host_elf_btf(host, &data, &size, why, sizeof(why)), 0);
	own = btf_parse(data, size, NULL, "host", NULL, 0, &err);
	mem_free(data);
	assert_int_equal(host_check_ids(own, KVER(6, 18), ids, n, never, NULL), 0);
	ids[0].flags = KF_ACQUIRE; /* returns a number */
	snprintf(ids[1].name, sizeof(ids[1].name), "app_missing");
	assert_int_equal(host_check_ids(own, KVER(6, 18), ids, n, count, &bad), 2);
	assert_int_equal(bad, 2);
	mem_free(ids);
	btf_put(own);
	btf_put(b);
	assert_int_equal(host_elf_ids("/proc/self/exe", &ids, &n, why, sizeof(why)), 0);
	mem_free(ids);
}

/* ---- hostile ones ---- */

static uint32_t rnd(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void try_all(const char *path)
{
	struct btf_obj *b = base(), *mod;
	struct host_id *ids;
	char why[200];
	uint32_t n;
	void *data;
	size_t size;
	int err;

	if (!host_elf_btf(path, &data, &size, why, sizeof(why))) {
		mod = host_split_btf(data, size, b, "x", why, sizeof(why), &err);
		assert_true(mod || err < 0);
		btf_put(mod);
		mem_free(data);
	}
	if (!host_elf_ids(path, &ids, &n, why, sizeof(why)))
		mem_free(ids);
	btf_put(b);
}

static void test_damaged(void **state)
{
	const Elf64_Ehdr *eh = (const void *)file;
	uint8_t *copy = malloc(file_size);
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 600; round++) {
		size_t at, size = file_size;

		memcpy(copy, file, file_size);
		for (int k = 0; k < 4; k++) {
			at = round % 3 == 0   ? rnd(&seed) % sizeof(*eh)
			     : round % 3 == 1 ? eh->e_shoff + rnd(&seed) % (eh->e_shnum * 64u)
					      : rnd(&seed) % file_size;
			copy[at] = rnd(&seed);
		}
		if (round % 7 == 0)
			size = rnd(&seed) % file_size;
		try_all(put("damaged", copy, size));
	}
	free(copy);
}

/* every byte of the BTF itself in turn becomes something else */
static void test_damaged_btf(void **state)
{
	struct btf_obj *b = base(), *mod;
	uint32_t seed = 7;
	char why[200];
	uint8_t *data, old;
	void *raw;
	size_t size;
	int err;

	(void)state;
	assert_int_equal(host_elf_btf(host, &raw, &size, why, sizeof(why)), 0);
	data = raw;
	for (size_t i = 0; i < size; i += 1 + (i > 24) * (rnd(&seed) % 40)) {
		old = data[i];
		data[i] = rnd(&seed);
		mod = host_split_btf(data, size, b, "x", why, sizeof(why), &err);
		assert_true(mod || err == -EINVAL || err == -E2BIG);
		btf_put(mod);
		data[i] = old;
	}
	mem_free(raw);
	btf_put(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_a_host),  cmocka_unit_test(test_beside),
		cmocka_unit_test(test_names),       cmocka_unit_test(test_split),
		cmocka_unit_test(test_ids),         cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_btf),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
