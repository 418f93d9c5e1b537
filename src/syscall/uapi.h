/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Facts of the bpf(2) interface that are newer than the oldest <linux/bpf.h> we build with (6.1):
 * attribute fields, flags and numbers up to Linux 6.18. Offsets are those of the kernel's union.
 */
#ifndef SYSCALL_UAPI_H
#define SYSCALL_UAPI_H

#include <linux/bpf.h>
#include <stdint.h>

#define SYS_ENOTSUPP 524

/* commands */
#define SYS_CMD_TOKEN_CREATE 36
#define SYS_CMD_COUNT        38 /* TOKEN_CREATE, PROG_STREAM_READ_BY_FD */

/* map types */
#define SYS_MAP_CGRP_STORAGE 32
#define SYS_MAP_ARENA        33
#define SYS_MAP_INSN_ARRAY   34
#define SYS_MAP_RHASH        35

/* flags of MAP_CREATE */
#define SYS_F_LINK             (1u << 13)
#define SYS_F_PATH_FD          (1u << 14)
#define SYS_F_VTYPE_BTF_OBJ_FD (1u << 15)
#define SYS_F_TOKEN_FD         (1u << 16)
#define SYS_F_RB_OVERWRITE     (1u << 19)

/* flags of PROG_LOAD */
#define SYS_PROG_STRICT_ALIGNMENT (1u << 0)
#define SYS_PROG_SLEEPABLE        (1u << 4)
#define SYS_PROG_XDP_FRAGS        (1u << 5)
#define SYS_PROG_DEV_BOUND        (1u << 6)
#define SYS_PROG_REG_INVARIANTS   (1u << 7)

/* program and attach types */
#define SYS_PROG_NETFILTER      32
#define SYS_ATTACH_NETFILTER    45
#define SYS_ATTACH_UNIX_CONNECT 49
#define SYS_ATTACH_UNIX_LAST    53

/* The attribute as the kernel copies it: every command's fields at their places. */
union sys_attr {
	union bpf_attr b;
	struct {
		uint8_t before[72];
		int32_t value_type_btf_obj_fd;
		int32_t map_token_fd;
		uint64_t excl_prog_hash;
		uint32_t excl_prog_hash_size;
	} map;
	struct {
		uint8_t before[140];
		uint32_t log_true_size;
		int32_t prog_token_fd;
		uint32_t fd_array_cnt;
		uint64_t signature;
		uint32_t signature_size;
		int32_t keyring_id;
	} prog;
	struct {
		uint8_t before[28];
		uint32_t btf_log_true_size;
		uint32_t btf_flags;
		int32_t btf_token_fd;
	} btf;
	struct {
		uint64_t name;
		uint32_t prog_fd;
		uint32_t pad;
		uint64_t cookie;
	} raw_tp;
	uint8_t raw[168];
};

_Static_assert(sizeof(union sys_attr) == 168, "size of the attribute in 6.18");

#endif
