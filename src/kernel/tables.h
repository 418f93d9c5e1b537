/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The generated tables (scripts/gen-tables.py from data/) and what a kernel makes of them. A row
 * carries the versions it holds for as a mask: bit i stands for the i-th of the kernel versions
 * that data/ knows. A kernel picks one bit when it is made (kt_make) and never compares versions
 * again.
 */
#ifndef KERNEL_TABLES_H
#define KERNEL_TABLES_H

#include "kernel/kernel.h"

/* ---- helpers ---- */

struct kt_helper_rule {
	uint16_t row;    /* in kt_helper_rows */
	uint16_t when;   /* enum kt_when: all must hold */
	uint16_t unless; /* ... and none of these */
	uint16_t config; /* enum kt_config: configuration it needs */
	uint8_t versions;
	uint8_t caps;   /* enum kernel_cap: all needed */
	uint8_t progs;  /* in kt_masks: bit per program type */
	uint8_t attach; /* in kt_masks: bit per attach type, all ones: any */
	uint8_t sub;    /* in kt_names: only for this struct_ops type or iterator target */
};

/* order of WHEN in gen-tables.py */
enum kt_when {
	KT_SLEEPABLE = 1 << 0,
	KT_TRAMPOLINE = 1 << 1,
	KT_RECURSION_PROTECTED = 1 << 2,
	KT_KPROBE_MULTI = 1 << 3,
	KT_UPROBE_MULTI = 1 << 4,
	KT_HOOK_LOCKED = 1 << 5,
	KT_HOOK_UNLOCKED = 1 << 6,
	KT_NOT_RELEASE = 1 << 7,
	KT_D_PATH = 1 << 8,
	KT_LSM_SLEEPABLE_HOOK = 1 << 9,
	KT_SK_STORAGE_TRACING = 1 << 10,
};

/* order of CONFIG in gen-tables.py */
enum kt_config {
	KT_KPROBE_OVERRIDE = 1 << 0,
	KT_NET = 1 << 1,
	KT_INET = 1 << 2,
	KT_XFRM = 1 << 3,
	KT_CGROUPS = 1 << 4,
	KT_SOCK_CGROUP = 1 << 5,
	KT_NET_CLASSID = 1 << 6,
	KT_SYN_COOKIES = 1 << 7,
	KT_SEG6 = 1 << 8,
};

struct kt_helper {
	const char *name;  /* NULL: number not in use */
	uint16_t first, n; /* in kt_helper_rules */
};

struct kt_name_mask {
	const char *name;
	uint8_t versions;
};

extern const uint64_t kt_masks[];
extern const char *const kt_names[]; /* the first is NULL */
extern const struct kernel_helper kt_helper_rows[];
extern const struct kt_helper_rule kt_helper_rules[];
extern const struct kt_helper kt_helpers[];
extern const uint32_t kt_n_helpers;
/* struct_ops types whose helper list replaces the common one; ends with a NULL name */
extern const struct kt_name_mask kt_special_ops[];
extern const char *const kt_d_path_functions[];

/* ---- program types ---- */

struct kt_range {
	uint8_t versions; /* 0: end of list */
	struct kernel_attach_range r;
};

enum {
	KT_PKT_READ = 1 << 0,
	KT_PKT_WRITE = 1 << 1,
	KT_HPKT_READ = 1 << 2,
	KT_HPKT_WRITE = 1 << 3,
	KT_HPKT_ANY = 1 << 4,
};

struct kt_prog {
	uint8_t type;
	uint8_t versions, sleepable;
	bool btf_ctx;
	uint8_t packet;
	const char *name, *user_ctx, *kernel_ctx;
	const uint8_t *attach; /* NULL: not checked */
	uint32_t n_attach;
	const struct kt_range *ranges;
};

extern const struct kt_prog kt_progs[];
extern const uint32_t kt_n_progs;
extern const char *const kt_attach_names[];
extern const uint32_t kt_n_attach;

/* ---- contexts ---- */

struct kt_ctx_field {
	const char *name, *btf_name;
	uint8_t kind; /* enum ctx_kind */
	bool no_sign_ext;
};

struct kt_ctx {
	uint8_t versions;
	uint64_t progs, attach;
	uint32_t size;
	/* per byte: bits 0-3 readable with sizes 1, 2, 4, 8; bits 4-7 writable */
	const uint8_t *access;
	const uint8_t *at; /* per byte: index in fields, 0: none */
	const struct kt_ctx_field *fields;
};

struct kt_sock {
	uint32_t size;
	const uint8_t *access;
};

extern const struct kt_ctx kt_ctxs[];
extern const uint32_t kt_n_ctxs;
extern const struct kt_sock kt_socks[];

/* ---- maps ---- */

struct kt_map {
	uint8_t versions;
	bool sockmap_update; /* update and delete for some program types only */
	uint64_t helpers[4]; /* bit per helper number */
	struct kernel_map_type t;
};

extern const struct kt_map kt_maps[];
extern const uint32_t kt_n_maps;

/* ---- names ---- */

struct kt_tp {
	const char *name;
	uint8_t versions;
	uint16_t null, err; /* bit per argument */
};

enum {
	KT_LSM_SLEEPABLE,
	KT_LSM_DISABLED,
	KT_LSM_UNTRUSTED,
	KT_LSM_BOOL,
	KT_LSM_LOCKED,
	KT_LSM_UNLOCKED,
	KT_LSM_SETS
};

struct kt_lsm {
	const char *name;
	uint8_t versions[KT_LSM_SETS];
};

struct kt_trust {
	const char *type, *field;
	uint8_t trust; /* enum kernel_trust */
	uint8_t versions;
};

struct kt_dtor {
	const char *type, *func;
	uint8_t versions;
};

/* sorted by name */
extern const struct kt_tp kt_tps[];
extern const uint32_t kt_n_tps;
extern const struct kt_lsm kt_lsms[];
extern const uint32_t kt_n_lsms;
extern const struct kt_trust kt_trusts[]; /* by type, then field */
extern const uint32_t kt_n_trusts;
/* these two end with a NULL name */
extern const struct kt_name_mask kt_rcu_kptrs[];
extern const struct kt_dtor kt_dtors[];

/* ---- kfuncs of distribution kernels ---- */

/* sorted by name */
struct kt_kfunc {
	const char *name;
	uint32_t flags;
	uint64_t progs; /* bit per program type it is registered for; bit 0: all */
};

struct kt_release {
	uint16_t version;
	const struct kt_kfunc *kfuncs;
	uint32_t n;
};

extern const struct kt_release kt_releases[]; /* by version: the order of the version bits */
extern const uint32_t kt_n_releases;
/* kfuncs that those releases keep in modules; functions registered for fmod_ret programs */
extern const struct kt_kfunc kt_extra_kfuncs[];
extern const uint32_t kt_n_extra_kfuncs;
extern const struct kt_kfunc kt_fmodrets[];
extern const uint32_t kt_n_fmodrets;

/* ---- what a kernel keeps ---- */

#define KT_MAX_PROG_TYPES 40
#define KT_MAX_MAP_TYPES  40
#define KT_MAX_RANGES     80
#define KT_MAX_CTXS       64

struct kernel_tables {
	uint8_t bit;                                      /* of the rows that hold */
	uint32_t nearest;                                 /* index in kt_releases */
	struct kernel_prog_type progs[KT_MAX_PROG_TYPES]; /* by number; name NULL: absent */
	struct kernel_attach_range ranges[KT_MAX_RANGES];
	const struct kt_map *maps[KT_MAX_MAP_TYPES]; /* by number */
	const struct kt_ctx *ctxs[KT_MAX_CTXS];      /* rows that hold, ended by NULL */
	uint16_t config_off;                         /* enum kt_config: known to be off */
	bool safe_types;        /* the BTF says itself which fields are trusted */
	int32_t release_member; /* of tcp_congestion_ops, -1: unknown */
};

/* index in kt_releases of the version nearest to v */
uint32_t kt_nearest(uint16_t v);
/* made for a kernel's version and BTF; mem_free() */
struct kernel_tables *kt_make(uint16_t version, const struct btf_obj *btf);
bool kt_lsm_is(const struct kfunc_kernel *k, const char *hook, int set);

#endif
