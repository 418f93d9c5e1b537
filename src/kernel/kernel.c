/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel's birth and end: version, rules (rules.def), tables (tables.c) and an empty registry.
 * Everything is fixed before the kernel is shared, except its registry.
 */
#include "kernel/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "kernel/tables.h"

static const struct {
	uint16_t since, until;
} rules[RULE_COUNT] = {
#define RULE(name, since, until, text) [RULE_##name] = {since, until},
#include "kernel/rules.def"
#undef RULE
};

uint16_t kernel_parse_release(const char *release)
{
	unsigned long major, minor;
	char *end;

	if (!release || *release < '0' || *release > '9')
		return 0;
	major = strtoul(release, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return 0;
	minor = strtoul(end + 1, NULL, 10);
	if (major > 255 || minor > 255)
		return 0;
	return KVER(major, minor);
}

struct kfunc_kernel *kernel_new(const char *release, uint16_t version, struct btf_obj *btf)
{
	struct kfunc_kernel *k = mem_zalloc(sizeof(*k));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int i;

	if (!k)
		return NULL;
	atomic_init(&k->refs, 1);
	snprintf(k->release, sizeof(k->release), "%s", release);
	k->version = version;
	k->nr_cpus = cpus > 0 ? cpus : 1;
	k->btf = btf_get(btf);
	for (i = 0; i < RULE_COUNT; i++)
		k->rule[i] = kver_in(version, rules[i].since, rules[i].until);
	k->tables = kt_make(version, btf);
	k->registry = registry_new(version);
	if (!k->tables || !k->registry) {
		kernel_put(k);
		return NULL;
	}
	return k;
}

struct kfunc_kernel *kernel_get(struct kfunc_kernel *k)
{
	if (k)
		atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

void kernel_put(struct kfunc_kernel *k)
{
	if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (k->registry)
		registry_free(k->registry);
	mem_free((void *)k->tables);
	btf_put(k->btf);
	mem_free(k);
}
