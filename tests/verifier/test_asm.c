/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Small programs in assembly with the verdict they must get: the files in tests/verifier/asm. Each case goes
 * through vf_verify() against the live kernel's types. A case is
 *
 *	case 49 index masked with 15
 *	type socket_filter attach 0 flags 0        (optional, this is the default)
 *	licence GPL                                (optional)
 *	map A array 4 16 4 0                       (name, type, key, value, entries, flags)
 *	frozen A 03000000                          (content of its first value in hex, then frozen)
 *	inner M A                                  (A is the template of the maps in M)
 *	unplaced A                                 (an arena that nobody has mapped)
 *	reject EACCES KF0306                       (or: accept; the code is optional)
 *	kernel accept                              (or an errno: what Linux 6.18 says, where it is wrong)
 *		r0 = 0
 *		.raw 0x07 1 0 5 1                  (opcode dst src off imm)
 *		exit
 *
 * `map[A]` and `map_value[A, 4]` name a map of the case. With KFUNC_DIFF_KERNEL=1 in the environment
 * every program is also loaded into the running kernel (only loaded, nothing is attached) and its
 * answer compared: that needs the permission to load and is not part of the ordinary run. `ask` in place
 * of a verdict compares the two and expects nothing else; KFUNC_ASM names another directory of cases,
 * KFUNC_KERNEL_LOG=1 or 2 shows Linux's log of each.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isa/isa.h"
#include "kernel/kernel.h"
#include "verifier/verifier.h"
#include "base/mem.h"

#define MAX_MAPS 8
#define MAX_RAW  64

struct test_map {
	char name[16];
	struct vf_map desc, tmpl;
	uint8_t value[64];
	int inner; /* index of the template, -1: none */
	int live_fd;
	void *live_pages; /* an arena's */
};

struct test_case {
	char title[512], file[256];
	int line;
	uint32_t type, attach, flags;
	char licence[32];
	bool ask;     /* nothing is expected but what Linux answers */
	int err;      /* expected, positive; 0 accept */
	int live_err; /* the same of the running kernel */
	unsigned int code;
	struct test_map map[MAX_MAPS];
	int n_maps;
	char text[16384];
	struct {
		uint32_t at;
		struct bpf_insn insn;
	} raw[MAX_RAW];
	int n_raw;
	uint32_t n_insns;
};

static int passed, failed;
static int asked, accepted; /* by Linux, where nothing is expected */
static bool against_kernel;

static void fail(const struct test_case *c, const char *fmt, ...)
{
	va_list ap;

	failed++;
	printf("FAIL %s:%d %s: ", c->file, c->line, c->title);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static const struct {
	const char *name;
	int err;
} errnos[] = {
	{"EPERM", EPERM},   {"ENOENT", ENOENT}, {"E2BIG", E2BIG},           {"EBADF", EBADF},
	{"EACCES", EACCES}, {"EFAULT", EFAULT}, {"EBUSY", EBUSY},           {"EINVAL", EINVAL},
	{"EPROTO", EPROTO}, {"ENOTSUPP", 524},  {"EOPNOTSUPP", EOPNOTSUPP}, {"EEXIST", EEXIST},
};

static int errno_of(const char *name)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (strcmp(errnos[i].name, name) == 0)
			return errnos[i].err;
	return -1;
}

static int map_type_of(const char *name)
{
	for (uint32_t t = 1; t < 64; t++) {
		const char *n = kernel_map_type_name(t);

		if (n && strcmp(n, name) == 0)
			return t;
	}
	return -1;
}

static int map_by_fd(void *ctx, int fd, const struct vf_map **map)
{
	struct test_case *c = ctx;

	if (fd < 100 || fd >= 100 + c->n_maps)
		return -EBADF;
	*map = &c->map[fd - 100].desc;
	return 0;
}

static int btf_by_fd(void *ctx, int fd, const struct btf_obj **btf, bool *is_module)
{
	(void)ctx;
	(void)fd;
	(void)btf;
	*is_module = false;
	return -EBADF;
}

/* Appends one line of assembly, maps named, raw instructions noted. */
static void add_line(struct test_case *c, const char *line)
{
	char out[512] = "";
	const char *open = strchr(line, '['), *name = open ? open + 1 : NULL;
	unsigned int code, dst, src;
	int off, imm;

	if (sscanf(line, " .raw %i %u %u %i %i", (int *)&code, &dst, &src, &off, &imm) == 5) {
		c->raw[c->n_raw].at = c->n_insns++;
		c->raw[c->n_raw++].insn = (struct bpf_insn){
			.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
		strcat(c->text, "r0 = 0\n");
		return;
	}
	if (name && (strstr(line, "map[") || strstr(line, "map_value["))) {
		for (int i = 0; i < c->n_maps; i++) {
			size_t n = strlen(c->map[i].name);

			if (strncmp(name, c->map[i].name, n) == 0 && !isalnum(name[n]))
				snprintf(out, sizeof(out), "%.*sfd %d%s", (int)(name - line), line,
					 100 + i, name + n);
		}
	}
	if (!*out)
		snprintf(out, sizeof(out), "%s", line);
	strcat(c->text, out);
	strcat(c->text, "\n");
	if (strchr(line, '=') || strchr(line, '(') || !strchr(line, ':'))
		c->n_insns += strstr(line, " ll") || strstr(line, "map[") ||
					      strstr(line, "map_value[") || strstr(line, "= func ")
				      ? 2
				      : 1;
}

/* what the program may rely on is written first, then the map is frozen */
static void live_freeze(const struct test_map *m)
{
	union bpf_attr attr;
	uint32_t key = 0;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = m->live_fd;
	attr.key = (uint64_t)(uintptr_t)&key;
	attr.value = (uint64_t)(uintptr_t)m->value;
	syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = m->live_fd;
	syscall(SYS_bpf, BPF_MAP_FREEZE, &attr, sizeof(attr));
}

static void live_map(struct test_case *c, struct test_map *m)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = m->desc.type;
	attr.key_size = m->desc.key_size;
	attr.value_size = m->desc.value_size;
	attr.max_entries = m->desc.max_entries;
	attr.map_flags = m->desc.flags;
	if (m->inner >= 0)
		attr.inner_map_fd = c->map[m->inner].live_fd;
	m->live_fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (m->desc.frozen)
		live_freeze(m);
	if (m->desc.placed) /* its addresses are fixed by mapping it */
		m->live_pages = mmap(NULL, m->desc.max_entries * 4096ul, PROT_READ | PROT_WRITE,
				     MAP_SHARED, m->live_fd, 0);
}

static int live_load(struct test_case *c, struct bpf_insn *insns, uint32_t n)
{
	static char log[1 << 24];
	union bpf_attr attr;
	int fd;

	for (int i = 0; i < c->n_maps; i++)
		live_map(c, &c->map[i]);
	for (uint32_t i = 0; i < n; i++)
		if (isa_is_ldimm64(&insns[i]) && (insns[i].src_reg == 1 || insns[i].src_reg == 2) &&
		    insns[i].imm >= 100)
			insns[i].imm = c->map[insns[i].imm - 100].live_fd;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = c->type;
	attr.expected_attach_type = c->attach;
	attr.prog_flags = c->flags;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = n;
	attr.license = (uint64_t)(uintptr_t)c->licence;
	if (getenv("KFUNC_KERNEL_LOG")) {
		attr.log_buf = (uint64_t)(uintptr_t)log;
		attr.log_size = sizeof(log);
		attr.log_level = (uint32_t)atoi(getenv("KFUNC_KERNEL_LOG"));
	}
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		fd = -errno;
	else
		close(fd);
	if (attr.log_level)
		printf("case %s: %d\n%s\n", c->title, fd < 0 ? fd : 0, log);
	for (int i = 0; i < c->n_maps; i++) {
		if (c->map[i].live_pages)
			munmap(c->map[i].live_pages, c->map[i].desc.max_entries * 4096ul);
		if (c->map[i].live_fd >= 0)
			close(c->map[i].live_fd);
	}
	return fd < 0 ? fd : 0;
}

static void run_case(struct test_case *c)
{
	struct kfunc_kernel *k = kernel_live();
	struct vf_program prog = {.type = c->type,
				  .attach_type = c->attach,
				  .prog_flags = c->flags,
				  .licence = c->licence};
	struct vf_resolver res = {.map_by_fd = map_by_fd, .btf_by_fd = btf_by_fd, .ctx = c};
	struct vf_options opts = {.caps = VF_CAP_ALL};
	struct diag_report report;
	struct vf_facts facts;
	struct bpf_insn *insns;
	char why[200];
	uint32_t n;
	int err;

	if (isa_asm(c->text, &insns, &n, why, sizeof(why))) {
		fail(c, "cannot assemble: %s", why);
		return;
	}
	for (int i = 0; i < c->n_raw; i++)
		if (c->raw[i].at < n)
			insns[c->raw[i].at] = c->raw[i].insn;
	prog.insns = insns;
	prog.n_insns = n;
	err = vf_verify(k, &prog, &res, &opts, &report, &facts);
	if (c->ask) {
		c->err = -live_load(c, insns, n);
		asked++;
		accepted += !c->err;
	}
	if (report.verdict == DIAG_UNSUPPORTED)
		fail(c, "unsupported: %s", report.message);
	else if (err != -c->err)
		fail(c, "wanted %d, got %d KF%04u %s (insn %u)", -c->err, err, report.code,
		     report.message, report.insn);
	else if (c->code && c->code != report.code)
		fail(c, "wanted KF%04u, got KF%04u %s", c->code, report.code, report.message);
	else
		passed++;
	if (against_kernel && !c->ask) {
		int live = live_load(c, insns, n);

		if (live != -c->live_err)
			fail(c, "the running kernel answers %d", live);
	}
	vf_facts_free(&facts);
	mem_free(insns);
}

static struct test_map *find_map(struct test_case *c, const char *name)
{
	for (int i = 0; i < c->n_maps; i++)
		if (strcmp(c->map[i].name, name) == 0)
			return &c->map[i];
	return NULL;
}

static bool set_inner(struct test_case *c, const char *name, const char *of)
{
	struct test_map *m = find_map(c, name), *inner = find_map(c, of);

	if (!m || !inner)
		return false;
	m->inner = inner - c->map;
	m->tmpl = inner->desc;
	m->tmpl.is_inner_template = true;
	m->desc.inner = &m->tmpl;
	return true;
}

static bool unplace(struct test_case *c, const char *name)
{
	struct test_map *m = find_map(c, name);

	if (m)
		m->desc.placed = false;
	return m;
}

static bool freeze(struct test_case *c, const char *name, const char *hex)
{
	struct test_map *m = find_map(c, name);
	unsigned int byte;

	if (!m || m->desc.value_size > sizeof(m->value))
		return false;
	for (int i = 0; hex[2 * i] && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		m->value[i] = byte;
	m->desc.frozen = true;
	m->desc.const_value = m->value;
	return true;
}

static bool directive(struct test_case *c, const char *line)
{
	char name[16] = "", type[32], err[32], code[16], hex[64];
	unsigned int k, v, n, flags = 0;

	if (sscanf(line, "type %31s attach %u flags %i", type, &c->attach, (int *)&c->flags) >= 1) {
		c->type = kernel_prog_type_by_name(type);
		return true;
	}
	if (sscanf(line, "map %15s %31s %u %u %u %i", name, type, &k, &v, &n, (int *)&flags) >= 5) {
		struct test_map *m = &c->map[c->n_maps++];

		memset(m, 0, sizeof(*m));
		memcpy(m->name, name, sizeof(m->name));
		memcpy(m->desc.name, name, sizeof(m->desc.name));
		m->desc.type = map_type_of(type);
		m->desc.key_size = k;
		m->desc.value_size = v;
		m->desc.max_entries = n;
		m->desc.flags = flags;
		m->desc.placed = m->desc.type == BPF_MAP_TYPE_ARENA;
		m->inner = -1;
		return true;
	}
	if (sscanf(line, "inner %15s %15s", name, type) == 2)
		return set_inner(c, name, type);
	if (sscanf(line, "unplaced %15s", name) == 1)
		return unplace(c, name);
	if (sscanf(line, "frozen %15s %63s", name, hex) == 2)
		return freeze(c, name, hex);
	if (sscanf(line, "licence %31[^\n]", c->licence) == 1)
		return true;
	if (strcmp(line, "accept") == 0)
		return true;
	if (sscanf(line, "kernel %31s", err) == 1) {
		c->live_err = strcmp(err, "accept") == 0 ? 0 : errno_of(err);
		return c->live_err >= 0;
	}
	if (strcmp(line, "ask") == 0) {
		c->ask = true;
		return against_kernel;
	}
	if (sscanf(line, "reject %31s %15s", err, code) >= 1) {
		c->err = errno_of(err);
		if (sscanf(line, "reject %31s KF%u", err, &c->code) < 2)
			c->code = 0;
		c->live_err = c->err;
		return c->err > 0;
	}
	return false;
}

static void run_file(const char *dir, const char *name)
{
	static struct test_case c;
	char path[1024], line[512];
	bool open = false;
	int number = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (strncmp(line, "case ", 5) == 0) {
			if (open)
				run_case(&c);
			memset(&c, 0, sizeof(c));
			open = true;
			c.type = BPF_PROG_TYPE_SOCKET_FILTER;
			c.line = number;
			snprintf(c.title, sizeof(c.title), "%s", line + 5);
			snprintf(c.file, sizeof(c.file), "%s", name);
			strcpy(c.licence, "GPL");
		} else if (line[0] == '\t' || line[strlen(line) - 1] == ':') {
			add_line(&c, line + (line[0] == '\t'));
		} else if (!directive(&c, line)) {
			c.line = number;
			fail(&c, "unknown directive: %s", line);
		}
	}
	if (open)
		run_case(&c);
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *src = getenv("KFUNC_SOURCE");
	char dir[512];
	struct dirent **list;
	int n;

	against_kernel = getenv("KFUNC_DIFF_KERNEL") != NULL;
	snprintf(dir, sizeof(dir), "%s/tests/verifier/asm", src ? src : ".");
	if (getenv("KFUNC_ASM"))
		snprintf(dir, sizeof(dir), "%s", getenv("KFUNC_ASM"));
	n = scandir(dir, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name);

		if (len > 4 && strcmp(list[i]->d_name + len - 4, ".txt") == 0 &&
		    (argc < 2 || strstr(list[i]->d_name, argv[1])))
			run_file(dir, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (asked)
		printf("%d asked of Linux, %d accepted\n", asked, accepted);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
