/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* When kfuncs came and went (kfunc spec 13.2), so that "no such kfunc" can say more than that. */
#include "contract/registry.h"

#include <stddef.h>
#include <string.h>

#include "base/kver.h"

static const struct contract_history rows[] = {
#define HISTORY(name, since, removed, instead) {name, since, removed, instead},
#include "contract/history.def"
#undef HISTORY
};

const struct contract_history *contract_history(const char *name)
{
	const char *flavour = strstr(name, "___");
	size_t len = flavour && flavour != name ? (size_t)(flavour - name) : strlen(name);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len))
			return &rows[i];
	return NULL;
}

const struct contract_history *contract_history_at(unsigned int i)
{
	return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}
