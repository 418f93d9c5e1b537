/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A kernel-doc comment in its parts. */
#ifndef CLI_DOCTEXT_H
#define CLI_DOCTEXT_H

#include "base/strbuf.h"

#define DOCTEXT_ARGS 12

struct doctext {
	struct strbuf summary; /* after "name() - ", or the first paragraph of a free comment */
	struct strbuf arg_name[DOCTEXT_ARGS], arg[DOCTEXT_ARGS];
	unsigned int n_args;
	struct strbuf body;    /* paragraphs, parted by empty lines */
	struct strbuf returns; /* one line */
	struct strbuf example; /* lines of code, without their common indentation */
};

/* text may be NULL; -ENOMEM */
int doctext_parse(struct doctext *d, const char *text);
void doctext_free(struct doctext *d);
/* what the comment says of a parameter, or NULL */
const char *doctext_arg(const struct doctext *d, const char *name);

#endif
