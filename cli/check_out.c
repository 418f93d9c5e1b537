/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What kfunc check prints of one program: the verdict and, with --stats, where the verifier's work went. */
#include <string.h>

#include "check.h"
#include "diag/diag.h"

#define LIMIT 1000000 /* instructions that are simulated at most */

/* ---- --stats ---- */

static bool next_line(const struct check *c, const struct kfunc_program *p, uint32_t i,
		      struct kfunc_line_stats *l)
{
	*l = (struct kfunc_line_stats){.sz = sizeof(*l)};
	return (!c->top || i < c->top) && kfunc_program__line_stats(p, i, l) == 0;
}

static void json_line(struct strbuf *b, const struct kfunc_line_stats *l)
{
	strbuf_puts(b, "{\"file\":");
	diag_json_string(b, l->file[0] ? l->file : NULL);
	strbuf_printf(b, ",\"line\":%u,\"text\":", l->line);
	diag_json_string(b, l->text);
	strbuf_printf(b,
		      ",\"insn\":%u,\"insns\":%u,\"processed\":%llu,\"states\":%llu,"
		      "\"peak_states\":%llu,\"compared\":%llu,\"pruned\":%llu}",
		      l->insn, l->insns, (unsigned long long)l->processed,
		      (unsigned long long)l->states, (unsigned long long)l->peak_states,
		      (unsigned long long)l->compared, (unsigned long long)l->pruned);
}

static void json_stats(struct strbuf *b, const struct check *c, const struct kfunc_program *p,
		       const struct kfunc_report *r)
{
	struct kfunc_line_stats l;

	strbuf_printf(b, ",\"state_bytes\":%llu,\"lines\":[", (unsigned long long)r->state_bytes);
	for (uint32_t i = 0; next_line(c, p, i, &l); i++) {
		strbuf_puts(b, i ? "," : "");
		json_line(b, &l);
	}
	strbuf_puts(b, "]");
}

/* 12345678 bytes as "11.8 MiB" */
static void put_size(struct strbuf *b, uint64_t n)
{
	if (n < 10240)
		strbuf_printf(b, "%llu bytes", (unsigned long long)n);
	else if (n < 10 << 20)
		strbuf_printf(b, "%.1f KiB", n / 1024.0);
	else
		strbuf_printf(b, "%.1f MiB", n / 1048576.0);
}

/* Source text in a few columns: tabs as spaces, and no end of blanks. */
static void put_source(struct strbuf *b, const char *text)
{
	char line[64];
	size_t n = 0;

	for (; text[n] && text[n] != '\n' && n < sizeof(line) - 1; n++)
		line[n] = text[n] == '\t' ? ' ' : text[n];
	while (n && ((line[n - 1] & 0xc0) == 0x80 && text[n] && n == sizeof(line) - 1))
		n--; /* not in the middle of a character */
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\\'))
		n--;
	strbuf_add(b, line, n);
}

static void put_line(struct strbuf *b, const struct kfunc_line_stats *l, uint64_t all)
{
	const char *slash = strrchr(l->file, '/');

	strbuf_printf(b, "  %10llu %3.0f%% %8llu %8llu %10llu %8llu  ",
		      (unsigned long long)l->processed, all ? 100.0 * l->processed / all : 0.0,
		      (unsigned long long)l->states, (unsigned long long)l->peak_states,
		      (unsigned long long)l->compared, (unsigned long long)l->pruned);
	if (l->file[0])
		strbuf_printf(b, "%s:%u", slash ? slash + 1 : l->file, l->line);
	else
		strbuf_printf(b, "instruction %u", l->insn);
	strbuf_puts(b, "  ");
	put_source(b, l->text);
	strbuf_puts(b, "\n");
}

static void text_stats(struct strbuf *b, const struct check *c, const struct kfunc_program *p,
		       const struct kfunc_report *r)
{
	struct kfunc_line_stats l;
	uint32_t i;

	strbuf_printf(
		b,
		"  %llu instructions simulated, %.1f %% of the limit; %u states stored, %u at once",
		(unsigned long long)r->processed, 100.0 * r->processed / LIMIT, r->states,
		r->peak_states);
	if (r->peak_states) {
		strbuf_puts(b, ", ");
		put_size(b, r->state_bytes);
		strbuf_printf(b, " (%llu each)",
			      (unsigned long long)(r->state_bytes / r->peak_states));
	}
	strbuf_puts(b, "\n");
	for (i = 0; next_line(c, p, i, &l); i++) {
		if (i == 0)
			strbuf_printf(b, "  %15s %8s %8s %10s %8s  source\n", "simulated", "states",
				      "at once", "compared", "pruned");
		put_line(b, &l, r->processed);
	}
	l = (struct kfunc_line_stats){.sz = sizeof(l)};
	if (c->top && i == c->top && kfunc_program__line_stats(p, i, &l) == 0)
		strbuf_printf(b, "  and more; --top 0 shows every line\n");
}

/* ---- verdicts ---- */

void check_put_json(struct strbuf *b, const struct check *c, const char *object,
		    const struct kfunc_program *p, const struct kfunc_report *r)
{
	strbuf_puts(b, "{\"schema\":1,\"object\":");
	diag_json_string(b, object);
	strbuf_puts(b, ",\"program\":");
	diag_json_string(b, kfunc_program__name(p));
	strbuf_puts(b, ",\"section\":");
	diag_json_string(b, kfunc_program__section(p));
	strbuf_puts(b, ",\"prog_type\":");
	diag_json_string(b, kfunc_program__type_name(p));
	strbuf_puts(b, ",\"kernel\":");
	diag_json_string(b, kfunc_kernel__release(c->kernel));
	strbuf_printf(b, ",\"verdict\":\"%s\",\"errno\":%d,\"code\":",
		      diag_verdict_name((enum diag_verdict)r->verdict), r->err);
	if (r->code)
		strbuf_printf(b, "\"KF%04u\"", r->code);
	else
		strbuf_puts(b, "null");
	strbuf_puts(b, ",\"message\":");
	diag_json_string(b, r->message);
	strbuf_printf(b,
		      ",\"insns\":%u,\"processed\":%llu,\"states\":%u,\"peak_states\":%u,"
		      "\"stack\":%u,\"verify_ns\":%llu",
		      r->insns, (unsigned long long)r->processed, r->states, r->peak_states,
		      r->stack, (unsigned long long)r->verify_ns);
	if (c->stats)
		json_stats(b, c, p, r);
	strbuf_puts(b, "}\n");
}

void check_put_text(struct strbuf *b, const struct check *c, const struct kfunc_program *p,
		    const struct kfunc_report *r)
{
	if (r->verdict != KFUNC_ACCEPT)
		strbuf_printf(b, "%s\n", r->text);
	else if (!c->quiet)
		strbuf_printf(b, "accepted: %s (%s), %u instructions, %llu simulated in %llu us\n",
			      kfunc_program__name(p), kfunc_program__section(p), r->insns,
			      (unsigned long long)r->processed,
			      (unsigned long long)r->verify_ns / 1000);
	if (c->stats && (r->verdict != KFUNC_ACCEPT || !c->quiet))
		text_stats(b, c, p, r);
}
