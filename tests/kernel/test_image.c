/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kernels from files: raw BTF, ELF, and ELF packed in each way; kfuncs from marked sets, from tags
 * and from lists; and files that are none of that, cut off anywhere, or lie about their sizes. The
 * files are made here: a few types and functions, a banner, one kfunc set with the code that
 * registers it.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "../btf/build.h"
#include "base/mem.h"
#include "contract/registry.h"
#include "kernel/internal.h"

static char dir[64], path[96];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/kfunc-image-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void put(const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static struct kfunc_kernel *open_put(const char *release, int *err)
{
	char why[128] = "";
	struct kfunc_kernel *k = kernel_open_image(path, release, why, sizeof(why), err);

	/* a failure says why */
	assert_true(k || *err == -ENOMEM || why[0]);
	assert_true(!k || !why[0]);
	return k;
}

static int open_err(const void *data, size_t size)
{
	struct kfunc_kernel *k;
	int err = 0;

	put(data, size);
	k = open_put("6.18", &err);
	kernel_put(k);
	return k ? 0 : err;
}

/* ---- a small kernel ---- */

struct ids {
	uint32_t task, acquire, release, from_pid, sock_destroy, other;
};

/* tags: mark kfuncs as encoders do */
static struct build *kernel_types(struct ids *id, bool tags)
{
	struct build *b = build_new();
	uint32_t i32, ptr, mask, mask_ptr, one, two, three;

	i32 = build_int(b, "int", 4, BTF_INT_SIGNED);
	mask = build_type(b, "cpumask", BTF_KIND_STRUCT, 1, 4);
	build_member(b, "bits", i32, 0);
	mask_ptr = build_ref(b, BTF_KIND_PTR, "", mask);
	id->task = build_type(b, "task_struct", BTF_KIND_STRUCT, 4, 32);
	build_member(b, "pid", i32, 0);
	build_member(b, "cpus_ptr", mask_ptr, 64);
	build_member(b, "user_cpus_ptr", mask_ptr, 128);
	build_member(b, "real_parent", id->task + 1, 192);
	ptr = build_ref(b, BTF_KIND_PTR, "", id->task);
	build_type(b, "task_struct__safe_rcu", BTF_KIND_STRUCT, 2, 16);
	build_member(b, "cpus_ptr", mask_ptr, 0);
	build_member(b, "real_parent", mask_ptr, 64); /* not its type */
	build_type(b, "task_struct__safe_trusted_or_null", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "user_cpus_ptr", mask_ptr, 0);
	one = build_type(b, "", BTF_KIND_FUNC_PROTO, 1, ptr); /* task *(task *) */
	build_param(b, "p", ptr);
	two = build_type(b, "", BTF_KIND_FUNC_PROTO, 1, 0); /* void (task *) */
	build_param(b, "p", ptr);
	three = build_type(b, "", BTF_KIND_FUNC_PROTO, 1, ptr); /* task *(int) */
	build_param(b, "pid", i32);
	id->acquire = build_type(b, "bpf_task_acquire", BTF_KIND_FUNC, 1, one);
	id->release = build_type(b, "bpf_task_release", BTF_KIND_FUNC, 1, two);
	id->from_pid = build_type(b, "bpf_task_from_pid", BTF_KIND_FUNC, 1, three);
	id->sock_destroy = build_type(b, "bpf_sock_destroy", BTF_KIND_FUNC, 1, two);
	id->other = build_type(b, "not_a_kfunc", BTF_KIND_FUNC, 1, two);
	if (tags) {
		build_tag(b, "bpf_kfunc", id->acquire, -1);
		build_tag(b, "bpf_kfunc", id->release, -1);
		build_tag(b, "bpf_kfunc", id->other, -1);
	}
	build_done(b);
	return b;
}

static int count(void *ctx, const struct kfunc_contract *c)
{
	(void)c;
	++*(int *)ctx;
	return 0;
}

static int n_kfuncs(const struct kfunc_kernel *k)
{
	int n = 0;

	assert_int_equal(registry_for_each(k->registry, count, &n), 0);
	return n;
}

/* kfunc spec R1.3: the tags of encoders name the kfuncs of an image; the verifier asks sets only */
static void raw(void **state)
{
	struct kfunc_kernel *k;
	struct build *b;
	uint32_t flags;
	struct ids id;
	int err;

	(void)state;
	b = kernel_types(&id, false);
	put(b->out, b->size);
	k = open_put("6.18.3-mine", &err);
	assert_non_null(k);
	assert_string_equal(k->release, "6.18.3-mine");
	assert_int_equal(k->version, KVER(6, 18));
	assert_false(k->live);
	assert_int_equal(n_kfuncs(k), 4); /* listed for 6.18 and in the types */
	assert_true(registry_allowed(k->registry, k->btf, id.acquire, BPF_PROG_TYPE_TRACING, NULL,
				     &flags));
	assert_int_equal(flags, KF_ACQUIRE | KF_RCU | KF_RET_NULL);
	assert_false(registry_allowed(k->registry, k->btf, id.acquire, BPF_PROG_TYPE_KPROBE, NULL,
				      &flags));
	assert_null(registry_contract(k->registry, k->btf, id.other));
	assert_non_null(registry_dtor(k->registry, k->btf, id.task));
	kernel_put(k);
	/* without being told: by its kfuncs, of which the oldest list has none */
	k = open_put(NULL, &err);
	assert_non_null(k);
	assert_int_equal(k->version, KVER(6, 12));
	kernel_put(k);
	assert_null(open_put("nonsense", &err));
	assert_int_equal(err, -EINVAL);
	free(b);

	b = kernel_types(&id, true);
	put(b->out, b->size);
	k = open_put("6.18", &err);
	assert_non_null(k);
	/* tags decide; a tagged function that no list knows cannot be judged and is left out */
	assert_int_equal(n_kfuncs(k), 2);
	assert_null(registry_contract(k->registry, k->btf, id.from_pid));
	kernel_put(k);
	free(b);
}

static void no_release(void **state)
{
	struct build *b = build_new();
	int err;

	(void)state;
	build_int(b, "int", 4, 0);
	build_done(b);
	put(b->out, b->size);
	assert_null(open_put(NULL, &err));
	assert_int_equal(err, -EOPNOTSUPP);
	free(b);
}

static void trust(void **state)
{
	struct ids id;
	struct build *b = kernel_types(&id, false);
	struct kfunc_kernel *k;
	const struct btf_member *m;
	int err;

	(void)state;
	put(b->out, b->size);
	k = open_put("6.18", &err);
	assert_non_null(k);
	m = btf_type_members(btf_type(k->btf, id.task));
	assert_int_equal(kernel_field_trust(k, k->btf, "task_struct", "cpus_ptr", m[1].type),
			 KTRUST_RCU);
	assert_int_equal(kernel_field_trust(k, k->btf, "task_struct", "user_cpus_ptr", m[2].type),
			 KTRUST_TRUSTED_OR_NULL);
	/* same name, other type; and the tables do not step in for a kernel that says it itself */
	assert_int_equal(kernel_field_trust(k, k->btf, "task_struct", "real_parent", m[3].type),
			 KTRUST_NONE);
	assert_int_equal(kernel_field_trust(k, k->btf, "task_struct", "pid", m[0].type),
			 KTRUST_NONE);
	kernel_put(k);
	free(b);
}

/* ---- ELF ---- */

#define ADDR_IDS  0xffffffff82000000ull
#define ADDR_DATA 0xffffffff82100000ull
#define ADDR_INIT 0xffffffff83000000ull

struct elf {
	uint8_t p[1 << 16];
	size_t n;
	Elf64_Shdr sh[8];
	uint32_t n_sh;
	char names[128];
	uint32_t n_names;
};

static void section(struct elf *e, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
		    const void *data, size_t size)
{
	Elf64_Shdr *sh = &e->sh[e->n_sh++];

	e->n = (e->n + 15) & ~(size_t)15;
	sh->sh_name = e->n_names;
	strcpy(e->names + e->n_names, name);
	e->n_names += strlen(name) + 1;
	sh->sh_type = type;
	sh->sh_flags = flags;
	sh->sh_addr = addr;
	sh->sh_offset = e->n;
	sh->sh_size = size;
	memcpy(e->p + e->n, data, size);
	e->n += size;
}

static void finish(struct elf *e)
{
	Elf64_Ehdr *eh = (void *)e->p;

	section(e, ".shstrtab", SHT_STRTAB, 0, 0, e->names, sizeof(e->names));
	/* the name of the table itself was added while it was copied */
	memcpy(e->p + e->sh[e->n_sh - 1].sh_offset, e->names, sizeof(e->names));
	e->n = (e->n + 15) & ~(size_t)15;
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_machine = EM_X86_64;
	eh->e_shentsize = sizeof(Elf64_Shdr);
	eh->e_shnum = e->n_sh;
	eh->e_shstrndx = e->n_sh - 1;
	eh->e_shoff = e->n;
	memcpy(e->p + e->n, e->sh, e->n_sh * sizeof(*e->sh));
	e->n += e->n_sh * sizeof(*e->sh);
}

static struct elf *vmlinux(struct ids *id, const char *banner, bool with_sets)
{
	struct build *b = kernel_types(id, false);
	struct elf *e = calloc(1, sizeof(*e));
	/* a plain list of ids, then a kfunc set with two entries */
	uint32_t ids[] = {id->task,  2, 1, id->acquire, KF_RCU | KF_ACQUIRE | 1u << 31,
			  id->other, 0, 7};
	uint64_t data[] = {0, 0, ADDR_IDS + 4, 0};   /* owner at 8, set at 16, filter at 24 */
	uint8_t init[] = {0x90, 0xbf, 6,    0, 0, 0, /* mov $6, %edi */
			  0x48, 0xc7, 0xc6, 8, 0, 0x10, 0x82,              /* mov $data+8, %rsi */
			  0xe8, 0,    0,    0, 0, 0x90,                    /* call */
			  0x48, 0xc7, 0xc6, 8, 0, 0x10, 0x82,              /* the other order */
			  0x31, 0xff, 0xe8, 0, 0, 0,    0,    0x90, 0x90}; /* xor %edi, %edi */

	e->n = sizeof(Elf64_Ehdr);
	section(e, "", SHT_NULL, 0, 0, "", 0);
	section(e, ".rodata", SHT_PROGBITS, SHF_ALLOC, 0xffffffff81000000ull, banner,
		strlen(banner) + 1);
	section(e, ".BTF", SHT_PROGBITS, SHF_ALLOC, 0, b->out, b->size);
	if (with_sets) {
		section(e, ".BTF_ids", SHT_PROGBITS, SHF_ALLOC, ADDR_IDS, ids, sizeof(ids));
		section(e, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, ADDR_DATA, data,
			sizeof(data));
		section(e, ".init.text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, ADDR_INIT, init,
			sizeof(init));
	}
	finish(e);
	free(b);
	return e;
}

static const char banner[] = "..Linux version %s (x)..Linux version 6.12.9-test (me@here) #1";

static void check_sets(const struct kfunc_kernel *k, const struct ids *id)
{
	uint32_t flags;

	assert_string_equal(k->release, "6.12.9-test");
	assert_int_equal(k->version, KVER(6, 12));
	assert_int_equal(n_kfuncs(k), 2);
	/* flags and types are the file's, not the lists': XDP (6), and common (0) */
	assert_true(registry_allowed(k->registry, k->btf, id->acquire, BPF_PROG_TYPE_XDP, NULL,
				     &flags));
	assert_int_equal(flags, KF_RCU | KF_ACQUIRE);
	assert_true(registry_allowed(k->registry, k->btf, id->other, BPF_PROG_TYPE_SK_MSG, NULL,
				     &flags));
	assert_null(registry_contract(k->registry, k->btf, id->release));
}

static void elf(void **state)
{
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	struct kfunc_kernel *k;
	int err;

	(void)state;
	put(e->p, e->n);
	/* what the file says of itself wins */
	k = open_put("7.2", &err);
	assert_non_null(k);
	check_sets(k, &id);
	kernel_put(k);
	free(e);
	e = vmlinux(&id, banner, false);
	put(e->p, e->n);
	k = open_put(NULL, &err);
	assert_non_null(k);
	assert_int_equal(n_kfuncs(k), 4); /* by release */
	kernel_put(k);
	free(e);
}

static size_t pack_gzip(uint8_t *out, size_t cap, const uint8_t *in, size_t n)
{
	z_stream z = {.next_in = (uint8_t *)in, .avail_in = n, .next_out = out, .avail_out = cap};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_xz(uint8_t *out, size_t cap, const uint8_t *in, size_t n)
{
	size_t pos = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, in, n, out, &pos, cap),
			 LZMA_OK);
	return pos;
}

static size_t pack_zstd(uint8_t *out, size_t cap, const uint8_t *in, size_t n)
{
	size_t got = ZSTD_compress(out, cap, in, n, 3);

	assert_false(ZSTD_isError(got));
	return got;
}

static size_t pack_lz4(uint8_t *out, size_t cap, const uint8_t *in, size_t n)
{
	uint32_t magic = 0x184c2102, len;

	len = LZ4_compress_default((const char *)in, (char *)out + 8, n, cap - 8);
	assert_true(len > 0);
	memcpy(out, &magic, 4);
	memcpy(out + 4, &len, 4);
	return len + 8;
}

static size_t (*const packers[])(uint8_t *, size_t, const uint8_t *, size_t) = {
	pack_gzip,
	pack_xz,
	pack_zstd,
	pack_lz4,
};

/* loader bytes, some of which look like the start of a stream, then the stream and its size */
static size_t boot_image(uint8_t *out, size_t cap, unsigned int packer, const struct elf *e)
{
	static const uint8_t decoys[] = {0x28, 0xb5, 0x2f, 0xfd, 1, 2,    3,    0xfd, '7',
					 'z',  'X',  'Z',  0,    9, 0x1f, 0x8b, 8,    0,
					 0x02, 0x21, 0x4c, 0x18, 5, 0,    0,    0};
	uint32_t size = e->n;
	size_t n = 1024;

	memset(out, 0x55, n);
	memcpy(out + 0x202, "HdrS", 4);
	memcpy(out + 600, decoys, sizeof(decoys));
	n += packers[packer](out + n, cap - n, e->p, e->n);
	memcpy(out + n, &size, 4);
	return n + 4;
}

static void packed(void **state)
{
	uint8_t *buf = malloc(1 << 17);
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	struct kfunc_kernel *k;
	unsigned int i;
	int err;

	(void)state;
	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
		put(buf, boot_image(buf, 1 << 17, i, e));
		k = open_put(NULL, &err);
		if (!k)
			fail_msg("packer %u: %d", i, err);
		check_sets(k, &id);
		kernel_put(k);
	}
	free(e);
	free(buf);
}

static void packed_cut(void **state)
{
	uint8_t *buf = malloc(1 << 17);
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	unsigned int i;
	size_t n, cut;

	(void)state;
	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
		n = boot_image(buf, 1 << 17, i, e);
		for (cut = 1; cut < n - 4; cut += 97)
			assert_int_equal(open_err(buf, cut), -EINVAL);
	}
	/* packed with what is not supported: said so */
	memset(buf, 0, 4096);
	memcpy(buf + 0x202, "HdrS", 4);
	memcpy(buf + 1024, "BZh91AY", 7);
	assert_int_equal(open_err(buf, 4096), -EOPNOTSUPP);
	free(e);
	free(buf);
}

static void elf_cut(void **state)
{
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	size_t n;

	(void)state;
	for (n = 1; n < e->n; n += 13)
		assert_int_equal(open_err(e->p, n), -EINVAL);
	free(e);
}

/* every byte of the header and of the section table replaced */
static void elf_lies(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0xff};
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	size_t i, v, table = ((Elf64_Ehdr *)e->p)->e_shoff;

	(void)state;
	for (i = 4; i < e->n; i++) {
		if (i == sizeof(Elf64_Ehdr))
			i = table;
		for (v = 0; v < sizeof(values); v++) {
			uint8_t old = e->p[i];

			e->p[i] = values[v];
			open_err(e->p, e->n);
			e->p[i] = old;
		}
	}
	assert_int_equal(open_err(e->p, e->n), 0);
	free(e);
}

static void not_kernels(void **state)
{
	char why[128];
	struct ids id;
	struct elf *e;
	struct build *b;
	int err;

	(void)state;
	assert_int_equal(open_err("", 0), -EINVAL);
	assert_int_equal(open_err("x", 1), -EINVAL);
	assert_int_equal(open_err("#!/bin/sh\nexit 0\n", 17), -EINVAL);
	e = vmlinux(&id, banner, false);
	((Elf64_Ehdr *)e->p)->e_machine = EM_BPF;
	assert_int_equal(open_err(e->p, e->n), -EINVAL);
	free(e);
	b = kernel_types(&id, false);
	assert_int_equal(open_err(b->out, b->size - 1), -EINVAL);
	assert_int_equal(open_err(b->out, b->size), 0);
	b->out[0] = 0xeb; /* the other byte order's magic */
	b->out[1] = 0x9f;
	assert_int_equal(open_err(b->out, b->size), -EINVAL);
	free(b);
	assert_null(kernel_open_image(dir, NULL, why, sizeof(why), &err));
	assert_int_equal(err, -EISDIR);
	assert_null(kernel_open_image("/nonexistent/file", NULL, why, sizeof(why), &err));
	assert_int_equal(err, -ENOENT);
	assert_null(kernel_open_image("/dev/null", NULL, NULL, 0, &err));
	assert_int_equal(err, -EINVAL);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
	assert_null(kernel_open_image(path, NULL, why, sizeof(why), &err));
	assert_int_equal(err, -EINVAL);
	unlink(path);
	put("", 0);
	assert_int_equal(truncate(path, 1L << 30), 0); /* 1 GiB of zeros: refused unread */
	assert_null(open_put(NULL, &err));
	assert_int_equal(err, -EFBIG);
	unlink(path);
}

static void no_memory(void **state)
{
	uint8_t *buf = malloc(1 << 17);
	struct ids id;
	struct elf *e = vmlinux(&id, banner, true);
	struct kfunc_kernel *k = NULL;
	uint64_t n;
	int err;

	(void)state;
	put(buf, boot_image(buf, 1 << 17, 2, e));
	for (n = 1; n < 300 && !k; n++) {
		mem_fail_at(n);
		k = open_put(NULL, &err);
		mem_fail_at(0);
		assert_true(k || err == -ENOMEM);
	}
	assert_non_null(k);
	assert_true(n > 15);
	check_sets(k, &id);
	kernel_put(k);
	free(e);
	free(buf);
}

/* the machine's own, where there is one */
static void running(void **state)
{
	struct kfunc_kernel *k;
	int err;

	(void)state;
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		skip();
	k = kernel_open_image("/sys/kernel/btf/vmlinux", NULL, NULL, 0, &err);
	assert_non_null(k);
	assert_true(k->version >= KVER(5, 0));
	assert_true(k->nr_cpus >= 1 && k->nr_cpus <= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	if (k->version >= KVER(6, 2))
		assert_true(n_kfuncs(k) > 20);
	kernel_put(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw),         cmocka_unit_test(no_release),
		cmocka_unit_test(trust),       cmocka_unit_test(elf),
		cmocka_unit_test(packed),      cmocka_unit_test(packed_cut),
		cmocka_unit_test(elf_cut),     cmocka_unit_test(elf_lies),
		cmocka_unit_test(not_kernels), cmocka_unit_test(no_memory),
		cmocka_unit_test(running),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
