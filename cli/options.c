/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Options by table: the same rows parse the command line and print the help. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("kfunc: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void cli_put_warnings(const struct kfunc_object *obj, struct strbuf *out)
{
	const char *line = kfunc_object__warnings(obj);

	while (*line) {
		size_t n = strcspn(line, "\n");

		strbuf_printf(out, "kfunc: warning: %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("kfunc: ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\nusage: kfunc %s %s\n", cmd->name, cmd->args);
	va_end(ap);
	return CLI_USAGE;
}

bool cli_colour(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !getenv("NO_COLOR") && (!term || strcmp(term, "dumb") != 0);
}

static void print_help(const struct cli_command *cmd, const struct cli_option *o)
{
	printf("usage: kfunc %s %s\n\n%s\n", cmd->name, cmd->args, cmd->summary);
	if (cmd->text)
		printf("\n%s\n", cmd->text);
	if (o->name)
		printf("\n");
	for (; o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : "",
			 o->letter ? o->letter : ' ', o->letter ? ", " : "   ", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-26s  %s\n", left, o->help);
	}
}

static int number(const char *text, uint32_t *out)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || v > UINT32_MAX || text[0] == '-')
		return -EINVAL;
	*out = v;
	return 0;
}

static int store(const struct cli_command *cmd, const struct cli_option *o, const char *value)
{
	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->dest = true;
		return 0;
	case CLI_STRING:
		*(const char **)o->dest = value;
		return 0;
	case CLI_NUMBER:
		if (number(value, o->dest))
			return cli_usage(cmd, "--%s wants a number, not '%s'", o->name, value);
		return 0;
	case CLI_LIST: {
		struct cli_list *l = o->dest;
		const char **v = realloc(l->v, (l->n + 1) * sizeof(*v));

		if (!v) {
			cli_error("out of memory");
			return CLI_USAGE;
		}
		l->v = v;
		l->v[l->n++] = value;
		return 0;
	}
	}
	return CLI_USAGE;
}

static const struct cli_option *find(const struct cli_option *o, const char *arg,
				     const char **value)
{
	*value = NULL;
	if (arg[1] != '-') {
		for (; o->name; o++) {
			if (o->letter == arg[1] && (!arg[2] || o->arg)) {
				*value = arg[2] ? arg + 2 : NULL;
				return o;
			}
		}
		return NULL;
	}
	for (; o->name; o++) {
		size_t n = strlen(o->name);

		if (strncmp(arg + 2, o->name, n) != 0)
			continue;
		if (arg[2 + n] == '\0')
			return o;
		if (arg[2 + n] == '=' && o->arg) {
			*value = arg + 3 + n;
			return o;
		}
	}
	return NULL;
}

int cli_parse(const struct cli_command *cmd, const struct cli_option *opts, int argc, char **argv,
	      char ***rest)
{
	int i, n = 0, err;

	if (rest)
		*rest = NULL;
	for (i = 1; i < argc; i++) {
		const struct cli_option *o;
		const char *value;

		if (strcmp(argv[i], "--") == 0) {
			if (!rest)
				return -1 - cli_usage(cmd, "nothing may follow --");
			*rest = argv + i + 1;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			argv[1 + n++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(cmd, opts);
			return -1 - CLI_OK;
		}
		o = find(opts, argv[i], &value);
		if (!o)
			return -1 - cli_usage(cmd, "unknown option '%s'", argv[i]);
		if (o->arg && !value) {
			if (i + 1 == argc)
				return -1 - cli_usage(cmd, "--%s wants a value", o->name);
			value = argv[++i];
		}
		err = store(cmd, o, value);
		if (err)
			return -1 - err;
	}
	return n;
}
