/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A program array belongs to one kind of program (verifier spec R8.6): the first that uses it, or
 * that is put into it, decides.
 */
#ifndef MAPS_PROG_ARRAY_H
#define MAPS_PROG_ARRAY_H

#include "runtime/rt.h"

/* 0, or -EINVAL: the array belongs to programs of another kind */
int map_prog_array_claim(struct rt_map *map, const struct rt_prog *p);

#endif
