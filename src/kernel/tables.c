/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Picks a version's rows out of the generated tables, once per kernel, and answers the questions
 * that are plain lookups: program types (verifier spec 1.2, 10), map types (8), tracepoints, LSM
 * hooks. A version that data/ does not know takes the rows of the nearest one; of two at the same
 * distance the older, because it offers less.
 */
#include "kernel/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "contract/contract.h"
#include "contract/registry.h"

/* 6.0, 6.1 ... 6.19, 7.0, 7.1 ... are one row of releases, whatever their numbers */
static int release_number(uint16_t v)
{
	int major = v >> 8, minor = v & 0xff;

	return (major - 6) * 20 + (minor < 20 ? minor : 19);
}

uint32_t kt_nearest(uint16_t v)
{
	uint32_t i, best = 0;

	for (i = 1; i < kt_n_releases; i++)
		if (abs(release_number(kt_releases[i].version) - release_number(v)) <
		    abs(release_number(kt_releases[best].version) - release_number(v)))
			best = i;
	return best;
}

static void pick_prog(struct kernel_tables *t, const struct kt_prog *row, uint16_t version,
		      uint32_t *n_ranges)
{
	struct kernel_prog_type *p = &t->progs[row->type];
	const struct kt_range *r;

	p->type = row->type;
	p->name = row->name;
	p->user_ctx = row->user_ctx;
	p->kernel_ctx = row->kernel_ctx;
	p->hook = contract_hook_of(row->type, version);
	p->attach_type_checked = row->attach != NULL;
	p->attach_types = row->attach;
	p->n_attach_types = row->n_attach;
	p->sleepable_ok = row->sleepable & t->bit;
	p->btf_ctx = row->btf_ctx;
	p->pkt_read = row->packet & KT_PKT_READ;
	p->pkt_write = row->packet & KT_PKT_WRITE;
	p->helper_pkt_read = row->packet & KT_HPKT_READ;
	p->helper_pkt_write = row->packet & KT_HPKT_WRITE;
	p->helper_pkt_any = row->packet & KT_HPKT_ANY;
	p->ranges = &t->ranges[*n_ranges];
	for (r = row->ranges; r->versions && *n_ranges < KT_MAX_RANGES; r++) {
		if (!(r->versions & t->bit))
			continue;
		t->ranges[(*n_ranges)++] = r->r;
		p->n_ranges++;
	}
}

static int32_t find_release_member(const struct btf_obj *btf)
{
	int32_t id = btf_find(btf, "tcp_congestion_ops", BTF_KIND_STRUCT);
	const struct btf_type *t;
	uint32_t i;

	if (id < 0)
		return -1;
	t = btf_type(btf, id);
	for (i = 0; i < btf_type_vlen(t); i++)
		if (!strcmp(btf_str(btf, btf_type_members(t)[i].name_off), "release"))
			return i;
	return -1;
}

/* Does the kernel carry its own declarations of trusted fields (struct X__safe_*)? */
static bool has_safe_types(const struct btf_obj *btf)
{
	static const char *const names[] = {"task_struct__safe_rcu", "file__safe_trusted",
					    "sk_buff__safe_rcu_or_null", "cgroup__safe_rcu"};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (btf_find(btf, names[i], BTF_KIND_STRUCT) > 0)
			return true;
	return false;
}

/*
 * Functions that are compiled into a kernel with a certain configuration only. Where the functions
 * behind helpers are in the BTF at all, the absence of one of these tells.
 */
static const struct {
	uint16_t config;
	const char *func;
} config_marks[] = {
	{KT_KPROBE_OVERRIDE, "bpf_override_return"},
	{KT_NET, "bpf_skb_event_output"},
	{KT_INET, "bpf_tcp_sock"},
	{KT_XFRM, "bpf_skb_get_xfrm_state"},
	{KT_CGROUPS, "bpf_get_current_cgroup_id"},
	{KT_SOCK_CGROUP, "bpf_skb_cgroup_id"},
	{KT_NET_CLASSID, "bpf_skb_cgroup_classid"},
	{KT_SYN_COOKIES, "bpf_tcp_raw_gen_syncookie_ipv4"},
	{KT_SEG6, "bpf_lwt_seg6_action"},
};

static const struct {
	uint32_t type;
	const char *func;
} prog_marks[] = {
	{BPF_PROG_TYPE_LIRC_MODE2, "lirc_prog_attach"},
	{BPF_PROG_TYPE_NETFILTER, "bpf_nf_link_attach"},
	{BPF_PROG_TYPE_LSM, "bpf_lsm_file_open"},
	{BPF_PROG_TYPE_FLOW_DISSECTOR, "flow_dissector_bpf_prog_attach_check"},
	{BPF_PROG_TYPE_CGROUP_SKB, "cgroup_bpf_prog_attach"},
	{BPF_PROG_TYPE_CGROUP_SOCK, "cgroup_bpf_prog_attach"},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "cgroup_bpf_prog_attach"},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, "cgroup_bpf_prog_attach"},
	{BPF_PROG_TYPE_CGROUP_SYSCTL, "cgroup_bpf_prog_attach"},
	{BPF_PROG_TYPE_CGROUP_DEVICE, "cgroup_bpf_prog_attach"},
};

static bool has_func(const struct btf_obj *btf, const char *name)
{
	return btf_find(btf, name, BTF_KIND_FUNC) > 0;
}

static void read_config(struct kernel_tables *t, const struct btf_obj *btf)
{
	unsigned int i;

	if (!btf || !has_func(btf, "bpf_ktime_get_ns") || !has_func(btf, "bpf_map_lookup_elem"))
		return;
	for (i = 0; i < sizeof(config_marks) / sizeof(config_marks[0]); i++)
		if (!has_func(btf, config_marks[i].func))
			t->config_off |= config_marks[i].config;
	for (i = 0; i < sizeof(prog_marks) / sizeof(prog_marks[0]); i++)
		if (!has_func(btf, prog_marks[i].func))
			t->progs[prog_marks[i].type].name = NULL;
}

struct kernel_tables *kt_make(uint16_t version, const struct btf_obj *btf)
{
	struct kernel_tables *t = mem_zalloc(sizeof(*t));
	uint32_t i, n = 0;

	if (!t)
		return NULL;
	t->nearest = kt_nearest(version);
	t->bit = 1u << t->nearest;
	for (i = 0; i < kt_n_progs; i++)
		if ((kt_progs[i].versions & t->bit) && kt_progs[i].type < KT_MAX_PROG_TYPES)
			pick_prog(t, &kt_progs[i], version, &n);
	for (i = 0; i < kt_n_maps; i++)
		if ((kt_maps[i].versions & t->bit) && kt_maps[i].t.type < KT_MAX_MAP_TYPES)
			t->maps[kt_maps[i].t.type] = &kt_maps[i];
	for (i = 0, n = 0; i < kt_n_ctxs && n < KT_MAX_CTXS - 1; i++)
		if (kt_ctxs[i].versions & t->bit)
			t->ctxs[n++] = &kt_ctxs[i];
	t->safe_types = btf && has_safe_types(btf);
	read_config(t, btf);
	t->release_member = btf ? find_release_member(btf) : -1;
	return t;
}

/* ---- program types ---- */

const struct kernel_prog_type *kernel_prog_type(const struct kfunc_kernel *k, uint32_t type)
{
	if (type >= KT_MAX_PROG_TYPES || !k->tables->progs[type].name)
		return NULL;
	return &k->tables->progs[type];
}

const struct kernel_attach_range *kernel_return_range(const struct kernel_prog_type *t,
						      uint32_t attach_type)
{
	static const struct kernel_attach_range anything = {-1, true, 0, 0};
	uint32_t i;

	for (i = 0; i < t->n_ranges; i++)
		if (t->ranges[i].attach == -1 || (uint32_t)t->ranges[i].attach == attach_type)
			return &t->ranges[i];
	return &anything;
}

int kernel_prog_type_by_name(const char *name)
{
	uint32_t i;

	for (i = 0; i < kt_n_progs; i++)
		if (!strcmp(kt_progs[i].name, name))
			return kt_progs[i].type;
	return -1;
}

const char *kernel_prog_type_name(uint32_t type)
{
	for (uint32_t i = 0; i < kt_n_progs; i++)
		if (kt_progs[i].type == type)
			return kt_progs[i].name;
	return NULL;
}

const char *kernel_attach_type_name(uint32_t attach_type)
{
	return attach_type < kt_n_attach ? kt_attach_names[attach_type] : NULL;
}

/* ---- map types ---- */

static const struct kt_map *map_row(const struct kfunc_kernel *k, uint32_t type)
{
	return type < KT_MAX_MAP_TYPES ? k->tables->maps[type] : NULL;
}

const struct kernel_map_type *kernel_map_type(const struct kfunc_kernel *k, uint32_t type)
{
	const struct kt_map *m = map_row(k, type);

	return m ? &m->t : NULL;
}

const char *kernel_map_type_name(uint32_t type)
{
	uint32_t i;

	for (i = 0; i < kt_n_maps; i++)
		if (kt_maps[i].t.type == type)
			return kt_maps[i].t.name;
	return NULL;
}

/* verifier spec 8.2: who may change socket maps by the generic helpers */
static bool sockmap_update_ok(uint32_t helper, const struct kernel_prog_place *at)
{
	switch (at->type) {
	case BPF_PROG_TYPE_TRACING:
		return at->attach_type == BPF_TRACE_ITER;
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SK_REUSEPORT:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
	case BPF_PROG_TYPE_SK_LOOKUP:
		return true;
	case BPF_PROG_TYPE_SOCK_OPS:
		return helper == BPF_FUNC_map_delete_elem;
	default:
		return false;
	}
}

bool kernel_map_helper_ok(const struct kfunc_kernel *k, uint32_t map_type, uint32_t helper_id,
			  const struct kernel_prog_place *at)
{
	const struct kt_map *m = map_row(k, map_type);

	if (!m || helper_id >= 256)
		return false;
	if (m->helpers[helper_id / 64] >> (helper_id % 64) & 1)
		return true;
	return m->sockmap_update && sockmap_update_ok(helper_id, at) &&
	       (helper_id == BPF_FUNC_map_update_elem || helper_id == BPF_FUNC_map_delete_elem);
}

/* ---- tracepoints and LSM hooks ---- */

static int cmp_tp(const void *name, const void *row)
{
	return strcmp(name, ((const struct kt_tp *)row)->name);
}

enum tp_arg_quality kernel_tp_arg(const struct kfunc_kernel *k, const char *tracepoint,
				  uint32_t arg)
{
	const struct kt_tp *tp = bsearch(tracepoint, kt_tps, kt_n_tps, sizeof(*kt_tps), cmp_tp);

	if (!tp || !(tp->versions & k->tables->bit) || arg >= 16)
		return TP_ARG_NORMAL;
	if (tp->err >> arg & 1)
		return TP_ARG_ERROR;
	return tp->null >> arg & 1 ? TP_ARG_NULLABLE : TP_ARG_NORMAL;
}

static int cmp_lsm(const void *name, const void *row)
{
	return strcmp(name, ((const struct kt_lsm *)row)->name);
}

bool kt_lsm_is(const struct kfunc_kernel *k, const char *hook, int set)
{
	const struct kt_lsm *h = bsearch(hook, kt_lsms, kt_n_lsms, sizeof(*kt_lsms), cmp_lsm);

	return h && h->versions[set] & k->tables->bit;
}

bool kernel_lsm_untrusted(const struct kfunc_kernel *k, const char *hook)
{
	return kt_lsm_is(k, hook, KT_LSM_UNTRUSTED);
}

bool kernel_lsm_disabled(const struct kfunc_kernel *k, const char *hook)
{
	return kt_lsm_is(k, hook, KT_LSM_DISABLED);
}

bool kernel_lsm_sleepable(const struct kfunc_kernel *k, const char *hook)
{
	return kt_lsm_is(k, hook, KT_LSM_SLEEPABLE);
}

bool kernel_lsm_bool(const struct kfunc_kernel *k, const char *hook)
{
	return kt_lsm_is(k, hook, KT_LSM_BOOL);
}
