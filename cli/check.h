/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between the files of kfunc check. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <pthread.h>

#include "cli.h"

struct check_result {
	struct strbuf out, err;
	unsigned int count[4]; /* by enum kfunc_verdict */
	bool failed, ready;
};

struct check {
	struct kfunc_kernel *kernel;
	const char *prog;
	struct cli_list flags; /* "N" for all programs, "PROG=N" for one */
	bool json, colour, quiet, stats;
	uint32_t top; /* lines of source that stats show, 0: all */
	char **operands;
	struct check_result *results;
	unsigned int *order; /* in which operands are taken up */
	unsigned int n, next, n_ready;
	pthread_mutex_t lock;
	pthread_cond_t done;
	pthread_t orderer;
	bool ordering;
};

/* order.c: sets c->order, in another thread while this one does something else. 0 or -ENOMEM. */
int order_start(struct check *c, unsigned int jobs);
void order_end(struct check *c);

/* check_out.c: one program's result */
void check_put_json(struct strbuf *b, const struct check *c, const char *object,
		    const struct kfunc_program *p, const struct kfunc_report *r);
void check_put_text(struct strbuf *b, const struct check *c, const struct kfunc_program *p,
		    const struct kfunc_report *r);

/*
 * progress.c: a line on the terminal that stands there while work goes on. Only where stderr is a
 * terminal; erased before anything else is printed, and at the end.
 */
struct progress {
	bool on, shown;
	uint64_t last; /* when it was drawn */
};

void progress_start(struct progress *p);
void progress_show(struct progress *p, unsigned int done, unsigned int all, const char *what);
void progress_erase(struct progress *p);

#endif
