/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The long texts of codes.def: the explanation and the help of the i-th row are the 2i-th and the next. */
#ifndef DIAG_INTERNAL_H
#define DIAG_INTERNAL_H

#include "base/packed.h"

extern struct packed_texts diag_texts;

#endif
