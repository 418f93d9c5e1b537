/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* kfunc explain [CODE...]: the words of codes.def; without a code, the list of codes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"
#include "diag/diag.h"

static const struct diag_row *row_of(const char *text)
{
	unsigned long n;
	char *end;

	if (strncasecmp(text, "KF", 2) == 0)
		text += 2;
	if (!isdigit((unsigned char)text[0]))
		return NULL;
	n = strtoul(text, &end, 10);
	return *end || n > 9999 ? NULL : diag_row(n);
}

static int list_all(void)
{
	const struct diag_row *row;
	unsigned int i;

	for (i = 0; (row = diag_row_at(i)); i++)
		printf("KF%04u  %-18s %s\n", row->num, diag_category_name(row->category),
		       row->title);
	return CLI_OK;
}

int cmd_explain(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct cli_option opts[] = {{0}};
	struct diag_style style = {.colour = cli_colour(STDOUT_FILENO)};
	int i, n = cli_parse(cmd, opts, argc, argv, NULL);

	if (n < 0)
		return -1 - n;
	if (n == 0)
		return list_all();
	for (i = 1; i <= n; i++) {
		const struct diag_row *row = row_of(argv[i]);
		struct strbuf b = {0};

		if (!row)
			return cli_usage(cmd,
					 "there is no diagnostic '%s'; kfunc explain lists all",
					 argv[i]);
		diag_render_explain(row, &style, &b);
		printf("%s%s", i > 1 ? "\n" : "", strbuf_str(&b));
		strbuf_free(&b);
	}
	return CLI_OK;
}
