/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A .bpf.c operand is compiled with clang, whose messages go to the user as they are. The object is written
 * to memory: no file is left behind, however the command ends, and no disk can be full. The headers for
 * BPF programs are those of the build tree that the command stands in, or the installed ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

#ifndef BPF_CLANG
#define BPF_CLANG "clang"
#endif
#ifndef BPF_INCLUDE_DIR
#define BPF_INCLUDE_DIR "/usr/local/include/kfunc/bpf"
#endif

static bool is_source(const char *path)
{
	size_t n = strlen(path);

	return n > 2 && strcmp(path + n - 2, ".c") == 0;
}

#define OPEN_FILES "/proc/self/fd/" /* and the number of the one in memory */

struct paths {
	char types[600];   /* holds vmlinux.h */
	char helpers[600]; /* holds bpf/bpf_helpers.h */
	char own[600];     /* the source's directory */
};

static void find_headers(struct paths *p, const char *source)
{
	char exe[512], *slash;
	const char *s = strrchr(source, '/');
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	snprintf(p->own, sizeof(p->own), "-I%.*s", s ? (int)(s - source) : 1, s ? source : ".");
	snprintf(p->types, sizeof(p->types), "-I%s", BPF_INCLUDE_DIR);
	snprintf(p->helpers, sizeof(p->helpers), "-I%s", BPF_INCLUDE_DIR);
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return;
	*slash = '\0';
	snprintf(p->types, sizeof(p->types), "%s/src/kfuncs/vmlinux.h", exe);
	if (access(p->types, R_OK) != 0) {
		snprintf(p->types, sizeof(p->types), "-I%s/../include/kfunc/bpf", exe);
		snprintf(p->helpers, sizeof(p->helpers), "-I%s", BPF_INCLUDE_DIR);
		return;
	}
	snprintf(p->types, sizeof(p->types), "-I%s/src/kfuncs", exe);
	snprintf(p->helpers, sizeof(p->helpers), "-I%s/src/loader/include", exe);
}

static void exec_clang(const char *source, int out)
{
	static const char *const names[] = {BPF_CLANG, "clang", NULL};
	struct paths p;
	unsigned int i;

	find_headers(&p, source);
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	for (i = 0; names[i]; i++)
		execlp(names[i], names[i], "-g", "-O2", "--target=bpf", "-mcpu=v3",
		       "-D__TARGET_ARCH_x86", p.own, p.types, p.helpers, "-c", source, "-o", "-",
		       (char *)NULL);
	fprintf(stderr, "kfunc: clang could not be started: %s\n", strerror(errno));
	_exit(127);
}

static int compile(const char *source, int out)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		exec_clang(source, out);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

char *cli_object(const char *operand, bool *temporary)
{
	char *path = NULL;
	int fd, err;

	*temporary = false;
	if (!is_source(operand))
		return strdup(operand);
	if (access(operand, R_OK) != 0) {
		cli_error("%s: %s", operand, strerror(errno));
		return NULL;
	}
	fd = memfd_create("kfunc", MFD_CLOEXEC);
	if (fd < 0) {
		cli_error("%s: no memory to compile it to: %s", operand, strerror(errno));
		return NULL;
	}
	*temporary = true;
	err = compile(operand, fd);
	if (!err && asprintf(&path, OPEN_FILES "%d", fd) >= 0)
		return path;
	if (!err)
		err = -ENOMEM;
	cli_error("%s was not compiled%s%s", operand, err == -EINVAL ? "" : ": ",
		  err == -EINVAL ? "" : strerror(-err));
	close(fd);
	return NULL;
}

void cli_object_done(char *path, bool temporary)
{
	if (path && temporary)
		close(atoi(path + strlen(OPEN_FILES)));
	free(path);
}

char *cli_object_name(const char *operand, bool temporary)
{
	const char *slash = strrchr(operand, '/'), *name = slash ? slash + 1 : operand;

	return temporary && name[0] != '.' ? strndup(name, strcspn(name, ".")) : NULL;
}
