/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Unpacking, by whoever is first; what a second one did meanwhile is thrown away. The text stays. */
#include "base/packed.h"

#include <stddef.h>
#include <zlib.h>

#include "base/mem.h"

static char *unpack(const struct packed_texts *p)
{
	char *text = mem_alloc(p->size);
	uLongf size = p->size;

	if (text &&
	    (uncompress((Bytef *)text, &size, p->data, p->len) != Z_OK || size != p->size)) {
		mem_free(text);
		text = NULL;
	}
	return text;
}

const char *packed_text(struct packed_texts *p, uint32_t i)
{
	char *text = atomic_load_explicit(&p->text, memory_order_acquire), *other = NULL;

	if (!text) {
		text = unpack(p);
		if (!text)
			return "";
		if (!atomic_compare_exchange_strong(&p->text, &other, text)) {
			mem_free(text);
			text = other;
		}
	}
	return text + p->at[i];
}
