/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The tables against what the verifier spec says of them (sections 1.2, 7.9, 8, 10 and kfunc spec
 * 6.3): rows picked by hand, so that a slip in the generator or in the data is noticed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "contract/contract.h"
#include "kernel/internal.h"

static struct kfunc_kernel *k61, *k612, *k618, *k72;

static int make_kernels(void **state)
{
	(void)state;
	k61 = kernel_new("6.1.192", kernel_parse_release("6.1.192"), NULL);
	k612 = kernel_new("6.12.95", kernel_parse_release("6.12.95"), NULL);
	k618 = kernel_new("6.18.44-fc", kernel_parse_release("6.18.44-fc"), NULL);
	k72 = kernel_new("7.2.13", kernel_parse_release("7.2.13"), NULL);
	return k61 && k612 && k618 && k72 ? 0 : -1;
}

static int drop_kernels(void **state)
{
	(void)state;
	kernel_put(k61);
	kernel_put(k612);
	kernel_put(k618);
	kernel_put(k72);
	return 0;
}

static void releases(void **state)
{
	static const struct {
		const char *text;
		uint16_t version;
	} rows[] = {
		{"6.18.44-fc-v657", KVER(6, 18)},
		{"6.1.0-56-cloud-amd64", KVER(6, 1)},
		{"7.2", KVER(7, 2)},
		{"6", 0},
		{"", 0},
		{"x6.1", 0},
		{"6.", 0},
		{"6.x", 0},
		{"300.1", 0},
		{"6.300", 0},
		{" 6.1", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(kernel_parse_release(rows[i].text), rows[i].version);
	assert_int_equal(kernel_parse_release(NULL), 0);
}

static void rules(void **state)
{
	(void)state;
	assert_false(kernel_has(k61, RULE_RCU_KPTR));
	assert_true(kernel_has(k612, RULE_RCU_KPTR));
	assert_true(kernel_has(k61, RULE_KPTR_GET));
	assert_false(kernel_has(k618, RULE_KPTR_GET));
	assert_false(kernel_has(k618, RULE_KFUNC_TRUSTED_BY_DEFAULT));
	assert_true(kernel_has(k72, RULE_KFUNC_TRUSTED_BY_DEFAULT));
}

/* ---- program types ---- */

static void prog_types(void **state)
{
	const struct kernel_prog_type *t = kernel_prog_type(k618, BPF_PROG_TYPE_SCHED_CLS);

	(void)state;
	assert_string_equal(t->name, "sched_cls");
	assert_string_equal(t->user_ctx, "__sk_buff");
	assert_string_equal(t->kernel_ctx, "sk_buff");
	assert_int_equal(t->hook, HOOK_TC);
	assert_true(t->pkt_read && t->pkt_write && t->helper_pkt_read && !t->helper_pkt_any);
	assert_false(t->attach_type_checked || t->btf_ctx || t->sleepable_ok);
	t = kernel_prog_type(k618, BPF_PROG_TYPE_CGROUP_SKB);
	assert_true(t->pkt_read && !t->pkt_write && t->attach_type_checked);
	assert_int_equal(t->n_attach_types, 2);
	t = kernel_prog_type(k618, BPF_PROG_TYPE_CGROUP_SOCK_ADDR);
	assert_int_equal(t->n_attach_types, 17);
	t = kernel_prog_type(k618, BPF_PROG_TYPE_CGROUP_SOCKOPT);
	assert_true(t->helper_pkt_any && t->pkt_write);
	t = kernel_prog_type(k618, BPF_PROG_TYPE_SYSCALL);
	assert_true(t->sleepable_ok && t->attach_type_checked && t->n_attach_types == 1);
	assert_int_equal(t->attach_types[0], 0);
	assert_true(kernel_prog_type(k618, BPF_PROG_TYPE_TRACING)->btf_ctx);
	assert_true(kernel_prog_type(k618, BPF_PROG_TYPE_KPROBE)->sleepable_ok);
	assert_true(kernel_prog_type(k618, BPF_PROG_TYPE_LSM)->sleepable_ok);
	assert_false(kernel_prog_type(k618, BPF_PROG_TYPE_TRACEPOINT)->sleepable_ok);
	assert_true(kernel_prog_type(k72, BPF_PROG_TYPE_TRACEPOINT)->sleepable_ok);
	assert_int_equal(kernel_prog_type(k618, BPF_PROG_TYPE_SK_MSG)->hook, -1);
	assert_null(kernel_prog_type(k618, 0));
	assert_null(kernel_prog_type(k618, 33));
	assert_null(kernel_prog_type(k618, 0xffffffff));
	assert_null(kernel_prog_type(k61, BPF_PROG_TYPE_NETFILTER));
	assert_non_null(kernel_prog_type(k612, BPF_PROG_TYPE_NETFILTER));
	assert_int_equal(kernel_prog_type_by_name("xdp"), BPF_PROG_TYPE_XDP);
	assert_int_equal(kernel_prog_type_by_name("nonsense"), -1);
	assert_string_equal(kernel_attach_type_name(BPF_TRACE_FENTRY), "trace_fentry");
	assert_null(kernel_attach_type_name(1000));
}

static void ranges(void **state)
{
	static const struct {
		uint32_t type, attach;
		bool any;
		int min, max;
	} rows[] = {
		{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, false, 0, 1},
		{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, false, 0, 3},
		{BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND, false, 0, 1},
		{BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, false, 0, 1},
		{BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, false, 0, 1},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG, false, 1, 1},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME, false, 1, 1},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, false, 0, 3},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, false, 0, 1},
		{BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, false, 0, 1},
		{BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER, false, 0, 1},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, false, 0, 0},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, false, 0, 0},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, false, 0, 1},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, true, 0, 0},
		{BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, true, 0, 0},
		{BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION, false, 0, 1},
		{BPF_PROG_TYPE_KPROBE, 0, true, 0, 0},
		{BPF_PROG_TYPE_LSM, BPF_LSM_MAC, false, -4095, 0},
		{BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, false, 0, 1},
		{BPF_PROG_TYPE_STRUCT_OPS, 3, true, 0, 0},
		{BPF_PROG_TYPE_XDP, 0, true, 0, 0},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, true, 0, 0},
		{BPF_PROG_TYPE_SYSCALL, 0, true, 0, 0},
	};
	const struct kernel_attach_range *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = kernel_return_range(kernel_prog_type(k618, rows[i].type), rows[i].attach);
		if (r->any != rows[i].any ||
		    (!r->any && (r->min != rows[i].min || r->max != rows[i].max)))
			fail_msg("row %zu: any %d, %d..%d", i, r->any, r->min, r->max);
	}
	r = kernel_return_range(kernel_prog_type(k61, BPF_PROG_TYPE_LSM), BPF_LSM_MAC);
	assert_true(r->any);
}

/* ---- helpers ---- */

static const struct kernel_helper *helper(struct kfunc_kernel *k, uint32_t id, uint32_t type,
					  uint32_t attach)
{
	struct kernel_prog_place at = {.type = type, .attach_type = attach};

	return kernel_helper(k, id, &at, NULL);
}

/* verifier spec 7.9: one row of its table a row here; types given as a set */
#define T(x) (1ull << BPF_PROG_TYPE_##x)
#define TC   (T(SCHED_CLS) | T(SCHED_ACT))
#define LWT4 (T(LWT_IN) | T(LWT_OUT) | T(LWT_XMIT) | T(LWT_SEG6LOCAL))
#define TR                                                                                         \
	(T(KPROBE) | T(TRACEPOINT) | T(PERF_EVENT) | T(RAW_TRACEPOINT) |                           \
	 T(RAW_TRACEPOINT_WRITABLE) | T(TRACING) | T(SYSCALL))
#define ALL                                                                                        \
	(TC | LWT4 | TR | T(SOCKET_FILTER) | T(XDP) | T(CGROUP_SKB) | T(CGROUP_SOCK) |             \
	 T(SOCK_OPS) | T(SK_SKB) | T(CGROUP_DEVICE) | T(SK_MSG) | T(CGROUP_SOCK_ADDR) |            \
	 T(SK_REUSEPORT) | T(FLOW_DISSECTOR) | T(CGROUP_SYSCTL) | T(CGROUP_SOCKOPT) |              \
	 T(SK_LOOKUP) | T(NETFILTER))

static const struct {
	uint32_t id;
	uint64_t types;
} offered[] = {
	{BPF_FUNC_map_lookup_elem, ALL},
	{BPF_FUNC_loop, ALL},
	{BPF_FUNC_trace_printk, ALL},
	{BPF_FUNC_get_current_task_btf, ALL},
	{BPF_FUNC_probe_read_kernel, ALL},
	{BPF_FUNC_task_storage_get, ALL},
	{BPF_FUNC_ringbuf_reserve, ALL},
	{BPF_FUNC_dynptr_from_mem, ALL},
	{BPF_FUNC_tail_call, ALL},
	{BPF_FUNC_perf_event_output, ALL & ~(T(SK_REUSEPORT) | T(FLOW_DISSECTOR) | T(NETFILTER))},
	{BPF_FUNC_probe_read, TR},
	{BPF_FUNC_get_stackid, TR},
	{BPF_FUNC_csum_diff, TC | T(XDP) | LWT4},
	{BPF_FUNC_skb_load_bytes, T(SOCKET_FILTER) | TC | T(CGROUP_SKB) | LWT4 | T(SK_SKB) |
					  T(SK_REUSEPORT) | T(FLOW_DISSECTOR)},
	{BPF_FUNC_sk_lookup_tcp, TC | T(XDP) | T(CGROUP_SKB) | T(SK_SKB) | T(CGROUP_SOCK_ADDR)},
	{BPF_FUNC_sk_release,
	 TC | T(XDP) | T(CGROUP_SKB) | T(SK_SKB) | T(CGROUP_SOCK_ADDR) | T(SK_LOOKUP)},
	{BPF_FUNC_tcp_sock, TC | T(CGROUP_SKB) | T(SOCK_OPS) | T(CGROUP_SOCKOPT)},
	{BPF_FUNC_redirect, TC | T(XDP) | T(LWT_XMIT)},
	{BPF_FUNC_skb_store_bytes, TC | T(LWT_XMIT) | T(SK_SKB)},
	{BPF_FUNC_sk_assign, TC | T(SK_LOOKUP)},
	{BPF_FUNC_skb_vlan_push, TC},
	{BPF_FUNC_xdp_adjust_head, T(XDP)},
	{BPF_FUNC_redirect_map, T(XDP)},
	{BPF_FUNC_lwt_push_encap, T(LWT_IN) | T(LWT_XMIT)},
	{BPF_FUNC_lwt_seg6_action, T(LWT_SEG6LOCAL)},
	{BPF_FUNC_sk_redirect_map, T(SK_SKB)},
	{BPF_FUNC_msg_redirect_hash, T(SK_MSG)},
	{BPF_FUNC_sk_select_reuseport, T(SK_REUSEPORT)},
	{BPF_FUNC_sock_map_update, T(SOCK_OPS)},
	{BPF_FUNC_perf_prog_read_value, T(PERF_EVENT)},
	{BPF_FUNC_sysctl_get_name, T(CGROUP_SYSCTL)},
	{BPF_FUNC_sk_cgroup_id, T(CGROUP_SKB)},
	{BPF_FUNC_sys_bpf, T(SYSCALL)},
	{BPF_FUNC_override_return, T(KPROBE)},
	/* measured as refused everywhere */
	{BPF_FUNC_probe_write_user, 0},
};

static void helpers_by_type(void **state)
{
	uint32_t type;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(offered) / sizeof(offered[0]); i++) {
		for (type = 1; type < 33; type++) {
			uint32_t attach = 0;

			if (!(ALL >> type & 1))
				continue;
			if (type == BPF_PROG_TYPE_TRACING)
				attach = BPF_TRACE_RAW_TP;
			if (type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR)
				attach = BPF_CGROUP_INET4_CONNECT;
			if (!!helper(k618, offered[i].id, type, attach) !=
			    !!(offered[i].types >> type & 1))
				fail_msg("helper %s, type %u", kernel_helper_name(offered[i].id),
					 type);
		}
	}
}

static void helper_numbers(void **state)
{
	struct kernel_prog_place at = {.type = BPF_PROG_TYPE_XDP};
	bool known;

	(void)state;
	assert_null(kernel_helper(k618, 0, &at, &known));
	assert_false(known);
	assert_null(kernel_helper(k618, 5000, &at, &known));
	assert_false(known);
	assert_null(kernel_helper(k618, 0xffffffff, &at, &known));
	assert_false(known);
	assert_null(kernel_helper(k618, BPF_FUNC_skb_vlan_pop, &at, &known));
	assert_true(known);
	assert_null(kernel_helper_name(0));
	assert_string_equal(kernel_helper_name(1), "map_lookup_elem");
	at.type = 1000;
	assert_null(kernel_helper(k618, 1, &at, NULL));
}

static void helper_conditions(void **state)
{
	struct kernel_prog_place at = {.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR};

	(void)state;
	/* by attach type */
	assert_null(helper(k618, BPF_FUNC_bind, at.type, BPF_CGROUP_INET4_BIND));
	assert_non_null(helper(k618, BPF_FUNC_bind, at.type, BPF_CGROUP_INET6_CONNECT));
	assert_null(helper(k618, BPF_FUNC_set_retval, at.type, BPF_CGROUP_UDP4_RECVMSG));
	assert_non_null(helper(k618, BPF_FUNC_set_retval, at.type, BPF_CGROUP_INET4_BIND));
	/* by version */
	assert_null(helper(k61, BPF_FUNC_get_current_comm, BPF_PROG_TYPE_XDP, 0));
	assert_non_null(helper(k618, BPF_FUNC_get_current_comm, BPF_PROG_TYPE_XDP, 0));
	/* by capability */
	at = (struct kernel_prog_place){.type = BPF_PROG_TYPE_SOCKET_FILTER};
	assert_non_null(kernel_helper(k618, BPF_FUNC_trace_printk, &at, NULL));
	at.lacks = KCAP_PERFMON;
	assert_null(kernel_helper(k618, BPF_FUNC_trace_printk, &at, NULL));
	assert_non_null(kernel_helper(k618, BPF_FUNC_map_lookup_elem, &at, NULL));
	/* by kind of tracing */
	at = (struct kernel_prog_place){.type = BPF_PROG_TYPE_TRACING,
					.attach_type = BPF_TRACE_ITER};
	assert_non_null(kernel_helper(k618, BPF_FUNC_seq_write, &at, NULL));
	assert_null(kernel_helper(k618, BPF_FUNC_get_func_ret, &at, NULL));
	assert_non_null(kernel_helper(k618, BPF_FUNC_d_path, &at, NULL));
	assert_null(kernel_helper(k618, BPF_FUNC_setsockopt, &at, NULL));
	at.attach_name = "tcp";
	assert_non_null(kernel_helper(k618, BPF_FUNC_setsockopt, &at, NULL));
	at.attach_type = BPF_TRACE_FENTRY;
	at.attach_name = "vfs_read";
	assert_null(kernel_helper(k618, BPF_FUNC_seq_write, &at, NULL));
	assert_non_null(kernel_helper(k618, BPF_FUNC_get_func_ret, &at, NULL));
	assert_null(kernel_helper(k618, BPF_FUNC_d_path, &at, NULL));
	at.attach_name = "filp_close";
	assert_non_null(kernel_helper(k618, BPF_FUNC_d_path, &at, NULL));
	at.attach_name = "bpf_sk_storage_free";
	assert_null(kernel_helper(k618, BPF_FUNC_sk_storage_get, &at, NULL));
	/* LSM: sleepable hooks */
	at = (struct kernel_prog_place){.type = BPF_PROG_TYPE_LSM,
					.attach_type = BPF_LSM_MAC,
					.attach_name = "file_open"};
	assert_non_null(kernel_helper(k618, BPF_FUNC_ima_file_hash, &at, NULL));
	at.attach_name = "bpf_lsm_file_open";
	assert_non_null(kernel_helper(k618, BPF_FUNC_ima_file_hash, &at, NULL));
	at.attach_name = "task_free";
	assert_null(kernel_helper(k618, BPF_FUNC_ima_file_hash, &at, NULL));
	/* struct_ops types with a list of their own */
	at = (struct kernel_prog_place){.type = BPF_PROG_TYPE_STRUCT_OPS,
					.attach_name = "tcp_congestion_ops"};
	assert_non_null(kernel_helper(k618, BPF_FUNC_tcp_send_ack, &at, NULL));
	at.attach_name = "bpf_dummy_ops";
	assert_null(kernel_helper(k618, BPF_FUNC_tcp_send_ack, &at, NULL));
	assert_non_null(kernel_helper(k618, BPF_FUNC_map_lookup_elem, &at, NULL));
}

static void check_arg(const struct kernel_helper *h, int i, int kind, uint32_t flags)
{
	assert_int_equal(h->arg[i].kind, kind);
	assert_int_equal(h->arg[i].flags, flags);
}

static void helper_prototypes(void **state)
{
	const struct kernel_helper *h =
		helper(k618, BPF_FUNC_map_lookup_elem, BPF_PROG_TYPE_XDP, 0);

	(void)state;
	assert_string_equal(h->name, "map_lookup_elem");
	check_arg(h, 0, HARG_MAP, 0);
	check_arg(h, 1, HARG_MAP_KEY, 0);
	check_arg(h, 2, HARG_NONE, 0);
	assert_int_equal(h->ret, HRET_MAP_VALUE);
	assert_int_equal(h->flags, HF_RET_NULL | HF_PKT_ARGS);
	h = helper(k618, BPF_FUNC_probe_read_kernel_str, BPF_PROG_TYPE_KPROBE, 0);
	check_arg(h, 0, HARG_MEM, HARGF_WRITE | HARGF_UNINIT | HARGF_NEXT_SIZE);
	check_arg(h, 1, HARG_SIZE_OR_ZERO, 0);
	assert_int_equal(h->flags, HF_GPL | HF_RET_MAX_SIZE);
	assert_int_equal(h->ret_min, -4095);
	h = helper(k618, BPF_FUNC_csum_diff, BPF_PROG_TYPE_SCHED_CLS, 0);
	check_arg(h, 0, HARG_MEM, HARGF_RDONLY | HARGF_OR_NULL | HARGF_NEXT_SIZE);
	h = helper(k618, BPF_FUNC_strtol, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 3, HARG_MEM, HARGF_WRITE | HARGF_UNINIT | HARGF_FIXED_SIZE | HARGF_ALIGNED);
	assert_int_equal(h->arg[3].size, 8);
	h = helper(k618, BPF_FUNC_task_storage_get, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 1, HARG_BTF_ID, HARGF_OR_NULL);
	assert_string_equal(kernel_helper_type(h->arg[1].of_type), "task_struct");
	h = helper(k618, BPF_FUNC_kptr_xchg, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 0, HARG_KPTR_XCHG_DEST, 0);
	check_arg(h, 1, HARG_BTF_ID, HARGF_OR_NULL | HARGF_RELEASE);
	assert_null(kernel_helper_type(h->arg[1].of_type));
	assert_int_equal(h->ret, HRET_KPTR);
	assert_true(h->flags & HF_ACQUIRE);
	h = helper(k618, BPF_FUNC_sk_lookup_tcp, BPF_PROG_TYPE_XDP, 0);
	assert_int_equal(h->ret, HRET_SOCKET);
	assert_true(h->flags & HF_ACQUIRE);
	h = helper(k618, BPF_FUNC_ringbuf_reserve, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 1, HARG_CONST_ALLOC_SIZE, 0);
	assert_int_equal(h->ret, HRET_RINGBUF_MEM);
	h = helper(k618, BPF_FUNC_ringbuf_submit, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 0, HARG_RINGBUF_MEM, HARGF_RELEASE);
	assert_int_equal(h->ret, HRET_VOID);
	h = helper(k618, BPF_FUNC_ringbuf_reserve_dynptr, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 3, HARG_DYNPTR, HARGF_DYNPTR_RINGBUF | HARGF_UNINIT);
	h = helper(k618, BPF_FUNC_dynptr_read, BPF_PROG_TYPE_XDP, 0);
	assert_int_equal(h->arg[2].kind, HARG_DYNPTR);
	h = helper(k618, BPF_FUNC_get_smp_processor_id, BPF_PROG_TYPE_XDP, 0);
	assert_true(h->flags & HF_RET_MAX_CPU);
	assert_true(h->flags & HF_FASTCALL);
	h = helper(k618, BPF_FUNC_xdp_adjust_head, BPF_PROG_TYPE_XDP, 0);
	assert_true(h->flags & HF_CHANGES_PKT);
	h = helper(k618, BPF_FUNC_copy_from_user, BPF_PROG_TYPE_SYSCALL, 0);
	assert_true(h->flags & HF_MAY_SLEEP);
	h = helper(k618, BPF_FUNC_get_current_task_btf, BPF_PROG_TYPE_XDP, 0);
	assert_int_equal(h->ret, HRET_BTF_ID);
	assert_string_equal(kernel_helper_type(h->ret_type), "task_struct");
	assert_true(h->flags & HF_RET_TRUSTED);
	h = helper(k618, BPF_FUNC_loop, BPF_PROG_TYPE_XDP, 0);
	check_arg(h, 1, HARG_FUNC, 0);
	check_arg(h, 2, HARG_STACK, HARGF_OR_NULL);
	/* the context argument depends on the type */
	h = helper(k618, BPF_FUNC_get_socket_cookie, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP);
	check_arg(h, 0, HARG_BTF_SOCK_COMMON, HARGF_OR_NULL);
	h = helper(k618, BPF_FUNC_get_socket_cookie, BPF_PROG_TYPE_SCHED_CLS, 0);
	check_arg(h, 0, HARG_CTX, 0);
}

/* ---- maps ---- */

static bool map_ok(uint32_t map, uint32_t id, uint32_t type)
{
	struct kernel_prog_place at = {.type = type};

	if (type == BPF_PROG_TYPE_TRACING)
		at.attach_type = BPF_TRACE_ITER;
	return kernel_map_helper_ok(k618, map, id, &at);
}

static void map_helpers(void **state)
{
	static const struct {
		uint32_t map, helper;
		bool ok;
	} rows[] = {
		{BPF_MAP_TYPE_HASH, BPF_FUNC_map_lookup_elem, true},
		{BPF_MAP_TYPE_HASH, BPF_FUNC_tail_call, false},
		{BPF_MAP_TYPE_HASH, BPF_FUNC_map_lookup_percpu_elem, false},
		{BPF_MAP_TYPE_PERCPU_HASH, BPF_FUNC_map_lookup_percpu_elem, true},
		{BPF_MAP_TYPE_HASH, BPF_FUNC_kptr_xchg, true},
		{BPF_MAP_TYPE_PROG_ARRAY, BPF_FUNC_tail_call, true},
		{BPF_MAP_TYPE_PROG_ARRAY, BPF_FUNC_map_lookup_elem, false},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_FUNC_perf_event_output, true},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_FUNC_map_update_elem, false},
		{BPF_MAP_TYPE_RINGBUF, BPF_FUNC_ringbuf_reserve, true},
		{BPF_MAP_TYPE_RINGBUF, BPF_FUNC_user_ringbuf_drain, false},
		{BPF_MAP_TYPE_USER_RINGBUF, BPF_FUNC_user_ringbuf_drain, true},
		{BPF_MAP_TYPE_STACK_TRACE, BPF_FUNC_get_stackid, true},
		{BPF_MAP_TYPE_STACK_TRACE, BPF_FUNC_map_lookup_elem, false},
		{BPF_MAP_TYPE_DEVMAP, BPF_FUNC_redirect_map, true},
		{BPF_MAP_TYPE_CPUMAP, BPF_FUNC_map_lookup_elem, false},
		{BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_FUNC_map_lookup_elem, true},
		{BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_FUNC_map_update_elem, false},
		{BPF_MAP_TYPE_QUEUE, BPF_FUNC_map_push_elem, true},
		{BPF_MAP_TYPE_QUEUE, BPF_FUNC_map_lookup_elem, false},
		{BPF_MAP_TYPE_BLOOM_FILTER, BPF_FUNC_map_pop_elem, false},
		{BPF_MAP_TYPE_SK_STORAGE, BPF_FUNC_sk_storage_get, true},
		{BPF_MAP_TYPE_SK_STORAGE, BPF_FUNC_task_storage_get, false},
		{BPF_MAP_TYPE_TASK_STORAGE, BPF_FUNC_kptr_xchg, true},
		{BPF_MAP_TYPE_CGROUP_STORAGE, BPF_FUNC_get_local_storage, true},
		{200, BPF_FUNC_map_lookup_elem, false},
		{BPF_MAP_TYPE_HASH, 5000, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (map_ok(rows[i].map, rows[i].helper, BPF_PROG_TYPE_XDP) != rows[i].ok)
			fail_msg("map type %u, helper %u", rows[i].map, rows[i].helper);
	/* who may change socket maps */
	assert_true(map_ok(BPF_MAP_TYPE_SOCKMAP, BPF_FUNC_map_update_elem, BPF_PROG_TYPE_XDP));
	assert_true(map_ok(BPF_MAP_TYPE_SOCKMAP, BPF_FUNC_map_update_elem, BPF_PROG_TYPE_TRACING));
	assert_false(map_ok(BPF_MAP_TYPE_SOCKMAP, BPF_FUNC_map_update_elem, BPF_PROG_TYPE_KPROBE));
	assert_false(
		map_ok(BPF_MAP_TYPE_SOCKMAP, BPF_FUNC_map_update_elem, BPF_PROG_TYPE_SOCK_OPS));
	assert_true(map_ok(BPF_MAP_TYPE_SOCKMAP, BPF_FUNC_map_delete_elem, BPF_PROG_TYPE_SOCK_OPS));
}

static void map_types(void **state)
{
	const struct kernel_map_type *t = kernel_map_type(k618, BPF_MAP_TYPE_ARRAY);

	(void)state;
	assert_string_equal(t->name, "array");
	assert_true(t->sleepable && t->for_each && t->direct_value && t->mmapable && t->inner_ok);
	assert_true(t->flags & BPF_F_MMAPABLE);
	assert_false(t->flags & BPF_F_NO_PREALLOC);
	assert_true(t->fields & BTF_FIELD_SPIN_LOCK && t->fields & BTF_FIELD_KPTR_REF &&
		    t->fields & BTF_FIELD_LIST_HEAD && t->fields & BTF_FIELD_TASK_WORK);
	assert_false(kernel_map_type(k612, BPF_MAP_TYPE_ARRAY)->fields & BTF_FIELD_TASK_WORK);
	assert_false(kernel_map_type(k61, BPF_MAP_TYPE_ARRAY)->fields & BTF_FIELD_LIST_HEAD);
	t = kernel_map_type(k618, BPF_MAP_TYPE_LRU_HASH);
	assert_false(t->fields & BTF_FIELD_SPIN_LOCK);
	assert_true(t->fields & BTF_FIELD_TIMER);
	assert_false(kernel_map_type(k618, BPF_MAP_TYPE_QUEUE)->fields);
	assert_false(kernel_map_type(k618, BPF_MAP_TYPE_LPM_TRIE)->sleepable);
	assert_true(kernel_map_type(k72, BPF_MAP_TYPE_LPM_TRIE)->sleepable);
	assert_false(kernel_map_type(k618, BPF_MAP_TYPE_PROG_ARRAY)->sleepable);
	assert_true(kernel_map_type(k618, BPF_MAP_TYPE_TASK_STORAGE)->fields & BTF_FIELD_UPTR);
	assert_null(kernel_map_type(k61, BPF_MAP_TYPE_ARENA));
	assert_non_null(kernel_map_type(k612, BPF_MAP_TYPE_ARENA));
	assert_null(kernel_map_type(k618, 34)); /* instruction arrays came later */
	assert_non_null(kernel_map_type(k72, 34));
	assert_null(kernel_map_type(k618, 0));
	assert_null(kernel_map_type(k618, 0xffffffff));
	assert_string_equal(kernel_map_type_name(BPF_MAP_TYPE_RINGBUF), "ringbuf");
	assert_null(kernel_map_type_name(999));
}

/* ---- tracepoints, hooks, trust ---- */

static void typed_contexts(void **state)
{
	(void)state;
	assert_int_equal(kernel_tp_arg(k618, "kfree_skb", 3), TP_ARG_NULLABLE);
	assert_int_equal(kernel_tp_arg(k618, "kfree_skb", 0), TP_ARG_NORMAL);
	assert_int_equal(kernel_tp_arg(k618, "mr_integ_alloc", 3), TP_ARG_ERROR);
	assert_int_equal(kernel_tp_arg(k618, "signal_generate", 1), TP_ARG_NORMAL);
	assert_int_equal(kernel_tp_arg(k72, "signal_generate", 1), TP_ARG_ERROR);
	assert_int_equal(kernel_tp_arg(k618, "no_such_tracepoint", 1), TP_ARG_NORMAL);
	assert_int_equal(kernel_tp_arg(k618, "kfree_skb", 1000), TP_ARG_NORMAL);
	assert_true(kernel_lsm_untrusted(k618, "task_free"));
	assert_false(kernel_lsm_untrusted(k618, "file_open"));
	assert_true(kernel_lsm_disabled(k618, "getprocattr"));
	assert_true(kernel_lsm_sleepable(k618, "file_open"));
	assert_false(kernel_lsm_sleepable(k618, "task_free"));
	assert_false(kernel_lsm_sleepable(k618, "bdev_alloc_security")); /* only 7.2 is sure */
	assert_true(kernel_lsm_bool(k618, "inode_xattr_skipcap"));
	assert_int_equal(kernel_ops_member(k618, "tcp_congestion_ops", "get_info", false), -524);
	assert_int_equal(kernel_ops_member(k618, "tcp_congestion_ops", "init", false), 0);
	assert_int_equal(kernel_ops_member(k618, "bpf_dummy_ops", "test_2", true), -EINVAL);
	assert_int_equal(kernel_ops_member(k618, "bpf_dummy_ops", "test_sleepable", true), 0);
	assert_int_equal(kernel_ops_member(k618, "Qdisc_ops", "dump", false), -524);
	assert_true(kernel_kptr_is_rcu(k618, "task_struct"));
	assert_false(kernel_kptr_is_rcu(k61, "task_struct"));
	assert_false(kernel_kptr_is_rcu(k618, "sk_buff"));
}

static void filters(void **state)
{
	struct kernel_prog_place lsm = {.type = BPF_PROG_TYPE_LSM},
				 tp = {.type = BPF_PROG_TYPE_TRACING,
				       .attach_type = BPF_TRACE_RAW_TP},
				 iter = {.type = BPF_PROG_TYPE_TRACING,
					 .attach_type = BPF_TRACE_ITER},
				 session = {.type = BPF_PROG_TYPE_KPROBE,
					    .attach_type = BPF_TRACE_KPROBE_SESSION};

	(void)state;
	assert_true(kernel_kfunc_filter(k618, "bpf_path_d_path", &lsm));
	assert_false(kernel_kfunc_filter(k618, "bpf_path_d_path", &tp));
	assert_true(kernel_kfunc_filter(k618, "bpf_sock_destroy", &iter));
	assert_false(kernel_kfunc_filter(k618, "bpf_sock_destroy", &tp));
	assert_true(kernel_kfunc_filter(k618, "bpf_session_cookie", &session));
	assert_false(kernel_kfunc_filter(k618, "bpf_session_cookie", &tp));
	assert_true(kernel_kfunc_filter(k618, "bpf_task_acquire", &tp));
}

static void no_memory(void **state)
{
	struct kfunc_kernel *k = NULL;
	uint64_t n;

	(void)state;
	for (n = 1; n < 50 && !k; n++) {
		mem_fail_at(n);
		k = kernel_new("6.18.0", KVER(6, 18), NULL);
		mem_fail_at(0);
	}
	assert_non_null(k);
	assert_true(n > 2);
	assert_ptr_equal(kernel_get(k), k);
	kernel_put(k);
	kernel_put(k);
	kernel_put(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases),          cmocka_unit_test(rules),
		cmocka_unit_test(prog_types),        cmocka_unit_test(ranges),
		cmocka_unit_test(helpers_by_type),   cmocka_unit_test(helper_numbers),
		cmocka_unit_test(helper_conditions), cmocka_unit_test(helper_prototypes),
		cmocka_unit_test(map_helpers),       cmocka_unit_test(map_types),
		cmocka_unit_test(typed_contexts),    cmocka_unit_test(filters),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, make_kernels, drop_kernels);
}
