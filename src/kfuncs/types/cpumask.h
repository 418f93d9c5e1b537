/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * CPU masks. A mask has room for KFUNCS_NR_CPUS ids; kfuncs look at the first n of them only, n
 * being the number of possible CPUs of this machine (kfunc spec 12.3).
 */
#ifndef KFUNCS_TYPES_CPUMASK_H
#define KFUNCS_TYPES_CPUMASK_H

#include "kfuncs/types/base.h"

#define KFUNCS_NR_CPUS 1024

struct cpumask {
	unsigned long bits[KFUNCS_NR_CPUS / 64];
};

typedef struct cpumask cpumask_t;

/* A mask that programs create: the mask comes first, so that it can be passed as one (R3.12). */
struct bpf_cpumask {
	cpumask_t cpumask;
	refcount_t usage;
};

#endif
