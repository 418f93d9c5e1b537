/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc btf ELF: gives a host program or library the types that libkfunc reads when it registers
 * its functions. pahole makes BTF of the debug information and writes it into the file (or beside
 * it, or elsewhere); then the same code that reads it at registration joins it with the live
 * kernel's, and every function of the file's kfunc sets is checked against it. Counted are the
 * types of its own.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "btf/btf.h"
#include "cli.h"
#include "contract/host.h"
#include "kernel/kernel.h"

/* Compilation units of languages that BTF cannot express; a kfunc is a C function. */
#define SKIP "--lang_exclude=c++,c++03,c++11,c++14,rust"

/* out NULL: into the file itself */
static int run_pahole(const char *elf, const char *out)
{
	char how[4200] = "-J";
	int status;
	pid_t pid;

	if (out)
		snprintf(how, sizeof(how), "--btf_encode_detached=%s", out);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		setenv("LLVM_OBJCOPY", "objcopy", 0); /* what pahole adds the section with */
		execlp("pahole", "pahole", "--btf_gen_floats", SKIP, how, elf, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

/* The bytes of a file that holds nothing but BTF */
static int read_whole(const char *path, void **data, size_t *size)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	int err = 0;

	*data = NULL;
	if (!f)
		return -errno;
	if (fstat(fileno(f), &st) || st.st_size <= 0 || st.st_size > 256 << 20)
		err = -EINVAL;
	if (!err) {
		*size = st.st_size;
		*data = mem_alloc(*size);
		if (!*data || fread(*data, 1, *size, f) != *size)
			err = *data ? -EIO : -ENOMEM;
	}
	fclose(f);
	return err;
}

static void print_functions(const struct btf_obj *btf)
{
	for (uint32_t id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		struct strbuf b = {0};

		if (btf_type_kind(btf_type(btf, id)) != BTF_KIND_FUNC)
			continue;
		btf_print_func(btf, id, &b);
		printf("%s\n", strbuf_str(&b));
		strbuf_free(&b);
	}
}

static void print_summary(const char *elf, const struct btf_obj *btf, uint32_t kfuncs, size_t size)
{
	unsigned int funcs = 0, structs = 0;

	for (uint32_t id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		const struct btf_type *t = btf_type(btf, id);

		structs += btf_is_struct(t);
		funcs += btf_type_kind(t) == BTF_KIND_FUNC;
	}
	printf("%s: %u types, %u structs and unions, %u functions, %u kfuncs, %zu bytes\n", elf,
	       btf_end_id(btf) - btf_start_id(btf), structs, funcs, kfuncs, size);
}

static void print_problem(void *ctx, const struct host_id *id, const char *why)
{
	cli_error("%s: %s %s: %s", (const char *)ctx, id->kind, id->name, why);
}

/* Reads the types, from the file or from where they were put, and tells what is in them. */
static int examine(const char *elf, const char *out, bool list)
{
	struct kfunc_kernel *k = kernel_live();
	struct host_id *ids = NULL;
	struct btf_obj *btf = NULL;
	uint32_t n = 0, kfuncs = 0;
	char why[256] = "";
	void *data = NULL;
	size_t size = 0;
	int err, bad = 0;

	if (!k) {
		cli_error("%s", strerror(errno));
		return CLI_USAGE;
	}
	err = out ? read_whole(out, &data, &size)
		  : host_elf_btf(elf, &data, &size, why, sizeof(why));
	if (!err)
		btf = host_split_btf(data, size, k->btf, "host", why, sizeof(why), &err);
	if (!err)
		err = host_elf_ids(elf, &ids, &n, why, sizeof(why));
	mem_free(data);
	if (err) {
		cli_error("%s: %s", elf, why[0] ? why : strerror(-err));
		btf_put(btf);
		return CLI_REJECTED;
	}
	for (uint32_t i = 0; i < n; i++)
		kfuncs += ids[i].in_set;
	if (list)
		print_functions(btf);
	else
		print_summary(elf, btf, kfuncs, size);
	bad = host_check_ids(btf, k->version, ids, n, print_problem, (void *)elf);
	mem_free(ids);
	btf_put(btf);
	return bad ? CLI_REJECTED : CLI_OK;
}

/* A BPF object's types are its compiler's; pahole's would lose its maps and its kernel functions. */
static bool is_bpf_object(const char *path)
{
	FILE *f = fopen(path, "re");
	Elf64_Ehdr eh;
	bool yes;

	if (!f)
		return false;
	yes = fread(&eh, sizeof(eh), 1, f) == 1 && memcmp(eh.e_ident, ELFMAG, SELFMAG) == 0 &&
	      eh.e_machine == EM_BPF;
	fclose(f);
	return yes;
}

int cmd_btf(const struct cli_command *cmd, int argc, char **argv)
{
	bool list = false, check = false;
	const char *out = NULL;
	const struct cli_option opts[] = {
		{"output", 'o', CLI_STRING, "FILE",
		 "write the types to FILE, not into the ELF file", &out},
		{"check", 'c', CLI_FLAG, NULL, "write nothing, look at the types that are there",
		 &check},
		{"functions", 'f', CLI_FLAG, NULL, "print the functions' prototypes", &list},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, NULL);

	if (n < 0)
		return -1 - n;
	if (n != 1)
		return cli_usage(cmd, "which ELF file?");
	if (access(argv[1], check || out ? R_OK : R_OK | W_OK) != 0) {
		cli_error("%s: %s", argv[1], strerror(errno));
		return CLI_USAGE;
	}
	if (!check && is_bpf_object(argv[1])) {
		cli_error("%s: this is a BPF object; it has its types from the compiler", argv[1]);
		return CLI_USAGE;
	}
	n = check ? 0 : run_pahole(argv[1], out);
	if (n == -ENOENT) {
		cli_error("pahole is needed for this and cannot be started");
		return CLI_USAGE;
	}
	if (n) {
		cli_error("%s: pahole found no usable debug information: compile with -g (`pahole "
			  "-J` "
			  "says more)",
			  argv[1]);
		return CLI_REJECTED;
	}
	return examine(argv[1], out, list);
}
