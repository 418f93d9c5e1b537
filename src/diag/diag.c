/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Filling a report. The first failure wins, so that a room may unwind through callers that report
 * their own view of the same failure without hiding its cause. The table of codes.def becomes rows
 * here; nothing in this file knows a particular code except the three that stand for verdicts.
 */
#include "diag/diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag/internal.h"

static const struct diag_row rows[] = {
#define DIAG(num, sym, err, cat, title, explanation, help) {num, err, DIAG_##cat, #sym, title},
#include "diag/codes.def"
#undef DIAG
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct diag_row *diag_row(unsigned int num)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (rows[i].num == num)
			return &rows[i];
	return NULL;
}

const struct diag_row *diag_row_at(unsigned int i)
{
	return i < N_ROWS ? &rows[i] : NULL;
}

const char *diag_explanation(const struct diag_row *row)
{
	return packed_text(&diag_texts, 2 * (row - rows));
}

const char *diag_help(const struct diag_row *row)
{
	return packed_text(&diag_texts, 2 * (row - rows) + 1);
}

const char *diag_category_name(enum diag_category c)
{
	static const char *const names[] = {
		[DIAG_REGISTER_TYPE] = "Register Type", [DIAG_MEMORY] = "Memory",
		[DIAG_LIFETIME] = "Resource Lifetime",  [DIAG_CALL_TYPE] = "Call Type",
		[DIAG_CONTEXT] = "Execution Context",   [DIAG_AVAILABILITY] = "Availability",
		[DIAG_ANNOTATION] = "Annotation",       [DIAG_LIMIT] = "Limit",
	};

	return (unsigned int)c < sizeof(names) / sizeof(names[0]) ? names[c] : "";
}

const char *diag_verdict_name(enum diag_verdict v)
{
	static const char *const names[] = {
		[DIAG_ACCEPT] = "accept",
		[DIAG_REJECT] = "reject",
		[DIAG_UNSUPPORTED] = "unsupported",
		[DIAG_LIMIT_HIT] = "limit",
	};

	return (unsigned int)v < sizeof(names) / sizeof(names[0]) ? names[v] : "";
}

void diag_init(struct diag_report *r)
{
	memset(r, 0, sizeof(*r));
}

/*
 * Running out of a budget is no judgement about the program, so those codes have a verdict of their
 * own. Limits that Linux fixes in its interface (64 maps, 512 bytes of stack) are rejections.
 */
static enum diag_verdict verdict_of(enum diag_code code)
{
	switch (code) {
	case KF_UNSUPPORTED:
		return DIAG_UNSUPPORTED;
	case KF_COMPLEXITY:
	case KF_TOO_MANY_JUMPS:
	case KF_OUT_OF_MEMORY:
		return DIAG_LIMIT_HIT;
	default:
		return DIAG_REJECT;
	}
}

int diag_vfail(struct diag_report *r, enum diag_code code, const char *fmt, va_list ap)
{
	const struct diag_row *row = diag_row(code);
	int err = row ? -row->err : -EINVAL;

	if (r->verdict != DIAG_ACCEPT)
		return r->err;
	r->verdict = verdict_of(code);
	r->code = code;
	r->err = err;
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	return err;
}

int diag_fail(struct diag_report *r, enum diag_code code, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = diag_vfail(r, code, fmt, ap);
	va_end(ap);
	return err;
}

int diag_unsupported(struct diag_report *r, const char *feature)
{
	return diag_fail(r, KF_UNSUPPORTED, "%s", feature);
}

void diag_add_note(struct diag_report *r, uint32_t insn, const char *fmt, ...)
{
	uint32_t i = r->n_notes;
	va_list ap;

	if (i == DIAG_MAX_NOTES) {
		/* the newest place matters more than the ones in the middle */
		memmove(&r->notes[1], &r->notes[2], (DIAG_MAX_NOTES - 2) * sizeof(r->notes[0]));
		i = DIAG_MAX_NOTES - 1;
	} else {
		r->n_notes++;
	}
	r->notes[i].insn = insn;
	va_start(ap, fmt);
	vsnprintf(r->notes[i].text, sizeof(r->notes[i].text), fmt, ap);
	va_end(ap);
}
