/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Names for CO-RE relocations; apart from loader.h, whose types have names that libbpf's headers use too. */
#ifndef LOADER_RELO_H
#define LOADER_RELO_H

#include <stdbool.h>

struct bpf_core_relo;
struct bpf_object;
struct strbuf;

/* What a relocation of obj is about: "member comm of struct task_struct". false: it cannot be told. */
bool loader_relo_name(const struct bpf_object *obj, const struct bpf_core_relo *relo,
		      struct strbuf *out);

#endif
