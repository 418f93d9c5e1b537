/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A report as members of a JSON object: the part of a `check --json` line that does not depend on
 * who asked (DESIGN 8). Strings are escaped; nothing else is added around the members.
 */
#include "diag/diag.h"

#include <inttypes.h>

void diag_json_string(struct strbuf *out, const char *s)
{
	if (!s) {
		strbuf_puts(out, "null");
		return;
	}
	strbuf_puts(out, "\"");
	strbuf_json(out, s);
	strbuf_puts(out, "\"");
}

void diag_render_json(const struct diag_report *r, struct strbuf *out)
{
	strbuf_printf(out,
		      "\"verdict\":\"%s\",\"errno\":%d,\"code\":", diag_verdict_name(r->verdict),
		      r->err);
	if (r->code == KF_OK)
		strbuf_puts(out, "null");
	else
		strbuf_printf(out, "\"KF%04u\"", (unsigned int)r->code);
	strbuf_puts(out, ",\"message\":");
	diag_json_string(out, r->message);
}

void diag_render_json_stats(const struct diag_report *r, struct strbuf *out)
{
	strbuf_printf(out,
		      "\"processed\":%" PRIu64 ",\"states\":%u,\"peak_states\":%u,\"stack\":%u,"
		      "\"verify_ns\":%" PRIu64,
		      r->processed, r->total_states, r->peak_states, r->stack, r->verify_ns);
}
