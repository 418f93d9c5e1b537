/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Diagnostics: what went wrong, where, why, and what to do (DESIGN 6). A code is a row of
 * codes.def and fixes the errno, so a room that rejects names the code only. The words of title,
 * explanation and help are in the table; the emitting place adds one sentence with the facts of
 * this case and the instructions that matter.
 */
#ifndef DIAG_DIAG_H
#define DIAG_DIAG_H

#include <errno.h> /* codes.def */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

enum diag_category {
	DIAG_REGISTER_TYPE,
	DIAG_MEMORY,
	DIAG_LIFETIME,
	DIAG_CALL_TYPE,
	DIAG_CONTEXT,
	DIAG_AVAILABILITY,
	DIAG_ANNOTATION,
	DIAG_LIMIT,
};

enum diag_code {
	KF_OK = 0,
#define DIAG(num, sym, err, cat, title, explanation, help) KF_##sym = num,
#include "diag/codes.def"
#undef DIAG
};

struct diag_row {
	uint16_t num; /* 412 is printed as KF0412 */
	int err;      /* positive errno */
	enum diag_category category;
	const char *symbol;
	const char *title;
};

/* NULL if there is no such code */
const struct diag_row *diag_row(unsigned int num);
/* the i-th row in order of number, NULL past the last */
const struct diag_row *diag_row_at(unsigned int i);
const char *diag_explanation(const struct diag_row *row); /* paragraphs, for `kfunc explain` */
const char *diag_help(const struct diag_row *row);
const char *diag_category_name(enum diag_category c);

#define DIAG_MAX_NOTES 12
#define DIAG_TEXT      200

/* One place in the program with what happened there. The last note is the place of failure. */
struct diag_note {
	uint32_t insn;
	char text[DIAG_TEXT];
};

enum diag_verdict {
	DIAG_ACCEPT,
	DIAG_REJECT,
	DIAG_UNSUPPORTED, /* our gap: feature names it */
	DIAG_LIMIT_HIT,   /* the budget of instructions, states or memory */
};

/* The outcome of one verification, or of a load that failed before it. Plain data, caller-owned. */
struct diag_report {
	enum diag_verdict verdict;
	enum diag_code code; /* KF_OK when accepted */
	int err;             /* 0 or -errno */
	char message[DIAG_TEXT];
	char help[DIAG_TEXT]; /* of this case; empty: the row's */
	uint32_t n_notes;
	struct diag_note notes[DIAG_MAX_NOTES];
	/* set when the failure is at an instruction */
	bool has_insn;
	uint32_t insn;
	/* statistics, also when accepted */
	uint64_t processed;                 /* instructions simulated */
	uint32_t total_states, peak_states; /* stored, stored at once */
	uint32_t max_states_per_insn;
	uint64_t state_bytes; /* memory of all states, at most */
	uint32_t stack;       /* bytes, deepest chain */
	uint64_t verify_ns;   /* filled by the caller, the verifier reads no clock */
};

const char *diag_verdict_name(enum diag_verdict v); /* "accept", ... */
void diag_init(struct diag_report *r);
/* Sets verdict, code, errno and message; returns -errno. The first call wins, later ones only return. */
int diag_fail(struct diag_report *r, enum diag_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int diag_vfail(struct diag_report *r, enum diag_code code, const char *fmt, va_list ap);
/* verdict unsupported, errno ENOTSUPP(524); feature is a short name ("arena", "freplace") */
int diag_unsupported(struct diag_report *r, const char *feature);
/* Adds a place; dropped silently when full (the first and last notes are kept). */
void diag_add_note(struct diag_report *r, uint32_t insn, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Rendering (text.c, json.c). A source gives names and lines; every pointer may be NULL.
 */
struct diag_source {
	const char *object;
	const char *program;
	/* Source position of an instruction: false if there is no line info. Strings stay valid. */
	bool (*line)(const void *ctx, uint32_t insn, const char **file, uint32_t *line,
		     uint32_t *col, const char **text);
	/* Function that contains an instruction, or NULL. */
	const char *(*func)(const void *ctx, uint32_t insn);
	/* Disassembly, used when there is no line info. */
	void (*disasm)(const void *ctx, uint32_t insn, struct strbuf *out);
	const void *ctx;
};

struct diag_style {
	bool colour;
};

void diag_render_text(const struct diag_report *r, const struct diag_source *src,
		      const struct diag_style *style, struct strbuf *out);
void diag_render_explain(const struct diag_row *row, const struct diag_style *style,
			 struct strbuf *out);
/* Members of a JSON object, without braces: verdict, errno, code, message; and the statistics. */
void diag_render_json(const struct diag_report *r, struct strbuf *out);
void diag_render_json_stats(const struct diag_report *r, struct strbuf *out);
/* a quoted and escaped JSON string, or null */
void diag_json_string(struct strbuf *out, const char *s);

#endif
