/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc btf ELF: the types of a host program or library as libkfunc will see them. pahole makes BTF of
 * the file's debug information; the result is parsed by the same code that reads it when the host
 * registers its functions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btf/btf.h"
#include "cli.h"

static int run_pahole(const char *elf, const char *out)
{
	char encode[4200];
	int status;
	pid_t pid;

	snprintf(encode, sizeof(encode), "--btf_encode_detached=%s", out);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execlp("pahole", "pahole", "--btf_gen_floats", encode, elf, (char *)NULL);
		fprintf(stderr, "kfunc: pahole could not be started: %s\n", strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

static void *read_whole(const char *path, size_t *size)
{
	struct stat st;
	void *buf = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= 64 << 20) {
		buf = malloc(st.st_size);
		if (buf && read(fd, buf, st.st_size) != st.st_size) {
			free(buf);
			buf = NULL;
		}
		*size = st.st_size;
	}
	close(fd);
	return buf;
}

/* Parses what pahole wrote and tells what is in it. */
static int examine(const char *elf, const char *path, bool list)
{
	unsigned int funcs = 0, structs = 0;
	struct btf_obj *btf;
	char why[256] = "";
	size_t size = 0;
	uint32_t id;
	void *data = read_whole(path, &size);
	int err = 0;

	if (!data) {
		cli_error("%s: there are no types in it; compile it with -g", elf);
		return CLI_REJECTED;
	}
	btf = btf_parse(data, size, NULL, "host", why, sizeof(why), &err);
	free(data);
	if (!btf) {
		cli_error("%s: the types are not usable: %s", elf, why[0] ? why : strerror(-err));
		return CLI_REJECTED;
	}
	for (id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		const struct btf_type *t = btf_type(btf, id);
		struct strbuf b = {0};

		structs += btf_is_struct(t);
		if (btf_type_kind(t) != BTF_KIND_FUNC)
			continue;
		funcs++;
		if (!list)
			continue;
		btf_print_func(btf, id, &b);
		printf("%s\n", strbuf_str(&b));
		strbuf_free(&b);
	}
	if (!list)
		printf("%s: %u types, %u structs and unions, %u functions, %zu bytes\n", elf,
		       btf_end_id(btf) - btf_start_id(btf), structs, funcs, size);
	btf_put(btf);
	return CLI_OK;
}

int cmd_btf(const struct cli_command *cmd, int argc, char **argv)
{
	const char *out = NULL;
	char tmp[] = "/tmp/kfunc-XXXXXX";
	bool list = false;
	const struct cli_option opts[] = {
		{"output", 'o', CLI_STRING, "FILE", "keep the types in this file", &out},
		{"functions", 'f', CLI_FLAG, NULL, "print the functions' prototypes", &list},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, NULL), fd, status;

	if (n < 0)
		return -1 - n;
	if (n != 1)
		return cli_usage(cmd, "which ELF file?");
	if (access(argv[1], R_OK) != 0) {
		cli_error("%s: %s", argv[1], strerror(errno));
		return CLI_USAGE;
	}
	if (!out) {
		fd = mkstemp(tmp);
		if (fd < 0) {
			cli_error("%s: %s", tmp, strerror(errno));
			return CLI_USAGE;
		}
		close(fd);
	}
	if (run_pahole(argv[1], out ? out : tmp)) {
		cli_error("%s: pahole found no usable debug information", argv[1]);
		status = CLI_REJECTED;
	} else {
		status = examine(argv[1], out ? out : tmp, list);
	}
	if (!out)
		unlink(tmp);
	return status;
}
