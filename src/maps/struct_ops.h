/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Maps that hold one table of a host's operations struct, for the boundary's map and link commands. */
#ifndef MAPS_STRUCT_OPS_H
#define MAPS_STRUCT_OPS_H

#include "runtime/rt.h"

struct contract_ops;

/* Gives a new map its type; until then it is a description. -ENOMEM. */
int map_struct_ops_bind(struct rt_map *map, const struct contract_ops *ops);
/*
 * Fills the table from a value whose function members are descriptors, for which prog_by_fd() gives a
 * referenced program; and registers it, unless a link will. -EINVAL: flags, holes or head not zero, a
 * member that is not zero and nobody understands, a program for another member; -EBUSY: filled
 * already; -ENOSPC: too many programs in tables; what prog_by_fd() and the host's callbacks say.
 */
int map_struct_ops_fill(struct rt_map *map, const void *value, uint64_t flags,
			struct rt_prog *(*prog_by_fd)(int fd, int *err));
/* for links: a filled table of a map with BPF_F_LINK */
bool map_struct_ops_ready(const struct rt_map *map);
const struct contract_ops *map_struct_ops_type(const struct rt_map *map);
void *map_struct_ops_table(const struct rt_map *map);

#endif
