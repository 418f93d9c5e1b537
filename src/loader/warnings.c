/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Warnings. Types that were refused: libbpf loads programs and maps without them, and what needs them
 * fails for reasons that do not show that. Deprecated kfuncs (KF_DEPRECATED; kfunc spec 13.1), each once per
 * object whatever the number of programs that call it, with the paragraph of its documentation that
 * says how long it will stay and what replaces it.
 */
#include <string.h>

#include "base/mem.h"
#include "contract/words.h"
#include "loader/loader.h"

void loader_warn_deprecated(struct kfunc_object *obj, const struct kfunc_program *prog,
			    const struct vf_facts *facts)
{
	uint32_t i;

	for (i = 0; facts && i < facts->n_deprecated; i++) {
		const struct kfunc_contract *k = facts->deprecated[i];
		struct strbuf line = {0};

		strbuf_printf(&line, "%s() is deprecated: ", k->name);
		if (!strstr(strbuf_str(&obj->warnings), strbuf_str(&line))) {
			if (!contract_doc_paragraph(k->doc, "Deprecated:", &line))
				strbuf_puts(&line, "its documentation names no replacement");
			strbuf_printf(&obj->warnings, "%s: %s\n", prog->name, strbuf_str(&line));
		}
		strbuf_free(&line);
	}
}

void loader_warn_types(struct kfunc_object *obj, const char *why)
{
	if (!strstr(strbuf_str(&obj->warnings), "goes without its types"))
		strbuf_printf(&obj->warnings,
			      "the object goes without its types, which were refused: %.*s\n",
			      (int)strcspn(why, "\n"), why);
}

const char *kfunc_object__warnings(const struct kfunc_object *obj)
{
	return obj ? strbuf_str(&obj->warnings) : "";
}
