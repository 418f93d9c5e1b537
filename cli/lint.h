/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* kfunc lint: the rules (lint_rules.c) and what becomes of their findings (lint.c). */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include "contract/contract.h"
#include "diag/diag.h"
#include "host.h"

struct lint;

/* One registered function; c is valid when compiled. */
struct lint_func {
	const char *name;
	uint32_t flags;
	bool compiled;
	struct kfunc_contract c;
};

struct lint {
	struct cli_host host;
	struct lint_func *funcs; /* each name once, in the order of the sets */
	uint32_t n_funcs;
	bool json;
	unsigned int errors, warnings;
	int err;
};

/* Reports one finding; func may be NULL. The message is a sentence about this case. */
void lint_report(struct lint *l, enum diag_code code, const char *func, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* whether programs or registrations fail because of it; otherwise it is a warning */
bool lint_is_error(enum diag_code code);

/* Fills l->funcs and runs every rule; -ENOMEM. */
int lint_run(struct lint *l);

#endif
