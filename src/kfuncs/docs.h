/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The comments beside the kfuncs and the types of the live kernel, made at build time. */
#ifndef KFUNCS_DOCS_H
#define KFUNCS_DOCS_H

#include "base/packed.h"

extern const char *const kfuncs_doc_names[]; /* sorted */
extern struct packed_texts kfuncs_docs;      /* in the same order */
extern const unsigned int kfuncs_n_docs;

extern struct packed_texts kfuncs_live_btf; /* one */

#endif
