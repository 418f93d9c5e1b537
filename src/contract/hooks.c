/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From program types to hooks, by version (kfunc spec 1.5, R1.12). Numbers of program types are
 * those of <linux/bpf.h>; Debian 12's lacks the newest one, which is given here.
 */
#include "contract/registry.h"

#include <linux/bpf.h>
#include <stddef.h>

#include "base/kver.h"

#define BPF_PROG_TYPE_NETFILTER 32

static const struct hook_row {
	uint8_t prog_type;
	uint8_t hook;
	uint16_t since, until;
} rows[] = {
#define HOOKROW(type, hook, since, until) {BPF_PROG_TYPE_##type, HOOK_##hook, since, until},
#include "contract/hooks.def"
#undef HOOKROW
};

static const char *const names[HOOK_COUNT] = {
	[HOOK_COMMON] = "common",
	[HOOK_XDP] = "xdp",
	[HOOK_TC] = "tc",
	[HOOK_STRUCT_OPS] = "struct_ops",
	[HOOK_TRACING] = "tracing",
	[HOOK_SYSCALL] = "syscall",
	[HOOK_FMODRET] = "fmod_ret",
	[HOOK_CGROUP] = "cgroup",
	[HOOK_SCHED_ACT] = "sched_act",
	[HOOK_SK_SKB] = "sk_skb",
	[HOOK_SOCKET_FILTER] = "socket_filter",
	[HOOK_LWT] = "lwt",
	[HOOK_NETFILTER] = "netfilter",
	[HOOK_KPROBE] = "kprobe",
};

int contract_hook_of(uint32_t prog_type, uint16_t version)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].prog_type == prog_type &&
		    kver_in(version, rows[i].since, rows[i].until))
			return rows[i].hook;
	return -1;
}

const char *contract_hook_name(enum contract_hook h)
{
	return (unsigned int)h < HOOK_COUNT ? names[h] : "none";
}
