/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A contract in words, for `kfunc doc`, `kfunc list` and `kfunc lint`: what a caller must pass,
 * what it gets, and where a kfunc stands in its life.
 */
#ifndef CONTRACT_WORDS_H
#define CONTRACT_WORDS_H

#include "base/strbuf.h"
#include "contract/contract.h"

/* "a pointer to a struct task_struct, trusted, not NULL": no capital, no full stop */
void contract_arg_words(const struct kfunc_contract *c, uint32_t i, struct strbuf *out);
void contract_ret_words(const struct kfunc_contract *c, struct strbuf *out);
const char *contract_ret_kind_name(enum contract_ret_kind kind);

/*
 * The paragraph of a kernel-doc text that begins with word ("Deprecated:", "Return:"), without the
 * word and as one line; false if there is none.
 */
bool contract_doc_paragraph(const char *doc, const char *word, struct strbuf *out);

enum contract_state {
	CSTATE_CURRENT,
	CSTATE_DEPRECATED, /* KF_DEPRECATED: loads with a warning */
	CSTATE_REMOVED,    /* the kernel's version no longer has it */
	CSTATE_FUTURE,     /* the kernel's version does not have it yet */
};

const char *contract_state_name(enum contract_state s); /* "current", ... */
/*
 * "since Linux 6.2; deprecated: ..." for a kfunc that exists (c) or a name of the history alone (c
 * NULL). version is the kernel's. Returns the state; adds nothing when nothing is known.
 */
enum contract_state contract_lifecycle(const struct kfunc_contract *c, const char *name,
				       uint16_t version, struct strbuf *out);

#endif
