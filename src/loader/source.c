/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A report as text, with the source lines that the boundary knows. */
#include "loader/loader.h"

char *loader_render(const struct diag_report *report, const char *object, const char *program,
		    const struct vf_program *prog, bool colour)
{
	struct diag_style style = {.colour = colour};
	struct diag_source src = {.object = object, .program = program};
	struct strbuf out = {0};

	if (prog)
		syscall_source(&src, prog);
	diag_render_text(report, &src, &style, &out);
	if (out.err) {
		strbuf_free(&out);
		return NULL;
	}
	return out.s;
}
