/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which sub-command, and the help that lists them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const struct cli_command cli_commands[] = {
	{"run", "OBJ|FILE.bpf.c [OPTIONS] [-- COMMAND...]", "load and run programs in this process",
	 "With a command after --, its processes raise the events that the programs are attached "
	 "to;\n"
	 "without one, each program is run with test data.",
	 cmd_run},
	{"check", "OBJ|FILE.bpf.c... [OPTIONS]", "verify programs without running them",
	 "Every program is judged by itself. Exit status: 0 all accepted, 1 something rejected,\n"
	 "2 usage or I/O, 3 unsupported, 4 limit.",
	 cmd_check},
	{"list", "[NAME...] [OPTIONS]", "the kernel functions of a kernel", NULL, cmd_list},
	{"explain", "[CODE...]", "what a diagnostic code means", NULL, cmd_explain},
	{"doc", "NAME...|--all [OPTIONS]", "the documentation of kernel functions",
	 "Contract, flags, program types, lifecycle and what the comment beside the source says. "
	 "With\n"
	 "--host, of the functions that an executable or library defines.",
	 cmd_doc},
	{"btf", "ELF [OPTIONS]", "make and check the types of a host program", NULL, cmd_btf},
	{"lint", "ELF [OPTIONS]", "examine the kfuncs that an executable or library defines",
	 "The file is read, not run. Exit status: 0 nothing or only warnings, 1 errors, 2 usage or "
	 "I/O.",
	 cmd_lint},
	{"disasm", "OBJ|FILE.bpf.c [OPTIONS]",
	 "the instructions of programs, and their machine code",
	 "Of programs that the live kernel accepts, after relocation.", cmd_disasm},
	{0},
};

static void help(FILE *out)
{
	const struct cli_command *c;

	fprintf(out, "usage: kfunc COMMAND ...\n\n");
	for (c = cli_commands; c->name; c++)
		fprintf(out, "  %-8s  %s\n", c->name, c->summary);
	fprintf(out, "\n'kfunc COMMAND --help' tells more about a command.\n");
}

/*
 * A closed descriptor 0, 1 or 2 would be given to the next file that is opened, and what is printed would
 * end up there. In its place: one that cannot be read, or cannot be written, which is noticed at the end.
 */
static bool keep_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

static int dispatch(int argc, char **argv)
{
	const struct cli_command *c;

	if (argc < 2) {
		help(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("kfunc %d.%d\n", KFUNC_MAJOR_VERSION, KFUNC_MINOR_VERSION);
		return CLI_OK;
	}
	for (c = cli_commands; c->name; c++)
		if (strcmp(argv[1], c->name) == 0)
			return c->run(c, argc - 1, argv + 1);
	cli_error("there is no command '%s'; try kfunc --help", argv[1]);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	int status = keep_standard_descriptors() ? dispatch(argc, argv) : CLI_USAGE;

	if (fflush(stdout) || ferror(stdout)) {
		cli_error("the output could not be written");
		status = CLI_USAGE;
	}
	return status;
}
