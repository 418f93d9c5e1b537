/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How far a long command has come, on the terminal. Nobody reads it in a log, so it goes nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define REDRAW_MS 100
#define FIRST_MS  300 /* what is over by then needs no progress */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

void progress_start(struct progress *p)
{
	const char *term = getenv("TERM");

	p->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	p->shown = false;
	p->last = now_ms() + FIRST_MS - REDRAW_MS;
}

void progress_show(struct progress *p, unsigned int done, unsigned int all, const char *what)
{
	uint64_t now;

	if (!p->on)
		return;
	now = now_ms();
	if (now < p->last + REDRAW_MS)
		return;
	p->last = now;
	p->shown = true;
	fprintf(stderr, "\r\033[K%u of %u objects, %.50s", done, all, what);
	fflush(stderr);
}

void progress_erase(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}
