// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Dynptrs (kfunc spec 10.1). */
#include "../image/image.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct value {
	char bytes[64];
	struct bpf_dynptr not_on_the_stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} user_ring SEC(".maps");

long sink;

static __attribute__((always_inline)) struct value *value(void)
{
	int key = 0;

	return bpf_map_lookup_elem(&values, &key);
}

/* ---- ring buffer ---- */

/* Scenario 89 */
SEC("tc") __expect_accept
int ringbuf_submitted(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_write(&p, 0, &sink, 8, 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

/* Scenario 89 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int ringbuf_leaked(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	return 0;
}

/* Scenario 89 */
SEC("tc") __expect_reject(EINVAL, KF1010)
int ringbuf_submitted_twice(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_ringbuf_discard_dynptr(&p, 0);
	return 0;
}

/* Scenario 89 */
SEC("tc") __expect_reject(EINVAL, KF1014) __expect_reject_on(7.2, EINVAL, KF1014)
int ringbuf_overwritten(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	*(volatile char *)&p = 1;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

/* Scenario 90 */
SEC("tc") __expect_reject(EACCES, KF0302)
int ringbuf_slice_after_submit(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char *data;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	data = bpf_dynptr_data(&p, 0, 8);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return data ? data[0] : 0;
}

SEC("tc") __expect_reject(EINVAL, KF1012)
int local_submitted(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

/* ---- memory ---- */

SEC("tc") __expect_accept
int local_read(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;
	char *data, buf[8];

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	bpf_dynptr_read(buf, sizeof(buf), &p, 0, 0);
	data = bpf_dynptr_data(&p, 4, 8);
	if (data)
		data[7] = buf[0];
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0303)
int slice_unchecked(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;
	char *data;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	data = bpf_dynptr_data(&p, 4, 8);
	return data[0];
}

SEC("tc") __expect_reject(EACCES, KF0307)
int slice_past_its_end(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;
	char *data;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	data = bpf_dynptr_data(&p, 4, 8);
	return data ? data[8] : 0;
}

SEC("tc") __expect_reject(EACCES, KF0509)
int from_stack_memory(struct __sk_buff *ctx)
{
	char buf[16] = {};
	struct bpf_dynptr p;

	bpf_dynptr_from_mem(buf, sizeof(buf), 0, &p);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1010)
int used_uninitialised(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[8];

	bpf_dynptr_read(buf, sizeof(buf), &p, 0, 0);
	return 0;
}

/* Scenario 91 */
SEC("tc") __expect_reject(EACCES, KF0509)
int dynptr_in_map_value(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_dynptr_from_mem(v->bytes, 64, 0, &v->not_on_the_stack);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0337)
int slot_read(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	return *(volatile int *)&p;
}

/* Scenario 91 */
SEC("tc") __expect_reject(EINVAL, KF1010)
int used_at_an_offset(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p[2];
	char buf[8];

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p[0]);
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p[1]);
	bpf_dynptr_read(buf, sizeof(buf), (void *)&p[0] + 8, 0, 0);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1010)
int overwritten_then_used(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;
	char buf[8];

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	*(volatile char *)&p = 1;
	bpf_dynptr_read(buf, sizeof(buf), &p, 0, 0);
	return 0;
}

/* R10.2: what the helper gave goes with the dynptr that it was taken from */
SEC("tc") __expect_reject(EACCES, KF0302) __expect_reject_on(7.2, EACCES, KF0302)
int data_after_overwriting(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;
	char *data;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	data = bpf_dynptr_data(&p, 4, 8);
	*(volatile char *)&p = 1;
	return data ? data[0] : 0;
}

/* R10.2: what the kfunc gave since 7.2 only */
SEC("tc") __expect_accept __expect_reject_on(7.2, EACCES, KF0302)
int slice_after_overwriting(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char *eth, buf[14];

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, buf, 14);
	*(volatile char *)&p = 1;
	return eth ? eth[13] : 0;
}

/* ---- packets ---- */

/* Scenario 90 */
SEC("tc") __expect_accept
int packet_slice(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	if (bpf_dynptr_from_skb(ctx, 0, &p))
		return 0;
	eth = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	return eth ? eth[13] : 0;
}

/* Scenario 31 */
SEC("tc") __expect_accept
int packet_slice_without_buffer(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, NULL, 14);
	return eth ? eth[13] : 0;
}

/* Scenario 31 */
SEC("tc") __expect_reject(EINVAL, KF0506)
int packet_slice_of_variable_size(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[16], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, buf, ctx->len & 15);
	return eth ? eth[0] : 0;
}

/* Scenario 90 */
SEC("tc") __expect_reject(EACCES, KF0317)
int packet_slice_written(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	if (eth)
		eth[0] = 1;
	return 0;
}

/* Scenario 90 */
SEC("tc") __expect_accept
int packet_slice_rdwr(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice_rdwr(&p, 0, buf, sizeof(buf));
	if (eth)
		eth[0] = 1;
	return 0;
}

/* Scenario 90 */
SEC("cgroup_skb/ingress") __expect_reject(EINVAL, KF0530)
int packet_slice_rdwr_in_cgroup(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice_rdwr(&p, 0, buf, sizeof(buf));
	if (eth)
		eth[0] = 1;
	return 0;
}

/* Scenario 90 */
SEC("tc") __expect_reject(EACCES, KF0302)
int packet_slice_after_change(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	bpf_skb_pull_data(ctx, 64);
	return eth ? eth[0] : 0;
}

SEC("tc") __expect_reject(EACCES, KF0302)
int packet_slice_after_write(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_skb(ctx, 0, &p);
	eth = bpf_dynptr_slice(&p, 0, buf, sizeof(buf));
	bpf_dynptr_write(&p, 0, &sink, 1, 0);
	return eth ? eth[0] : 0;
}

SEC("xdp") __expect_reject(EACCES, KF0701)
int skb_dynptr_in_xdp(struct xdp_md *ctx)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb((void *)ctx, 0, &p);
	return 0;
}

SEC("xdp") __expect_accept
int xdp_dynptr(struct xdp_md *ctx)
{
	struct bpf_dynptr p;
	char buf[14], *eth;

	bpf_dynptr_from_xdp(ctx, 0, &p);
	eth = bpf_dynptr_slice_rdwr(&p, 0, buf, sizeof(buf));
	return eth ? 1 : 2;
}

/* Scenario 32 */
SEC("tc") __expect_reject(EINVAL, KF0511)
int from_skb_of_a_number(struct __sk_buff *ctx)
{
	struct bpf_dynptr p;

	return bpf_dynptr_from_skb((void *)10, 0, &p);
}

/* ---- clones ---- */

SEC("tc") __expect_accept
int clone_read(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;
	char buf[8];

	bpf_dynptr_from_skb(ctx, 0, &p);
	bpf_dynptr_clone(&p, &q);
	bpf_dynptr_adjust(&q, 2, 10);
	return bpf_dynptr_read(buf, sizeof(buf), &q, 0, 0);
}

SEC("tc") __expect_reject(EINVAL, KF1010)
int clone_dies_with_its_parent(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;
	char buf[8];

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &q);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return bpf_dynptr_read(buf, sizeof(buf), &q, 0, 0);
}

SEC("tc") __expect_accept
int clone_submitted(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &q);
	bpf_ringbuf_submit_dynptr(&q, 0);
	return 0;
}

/* Scenario 89 */
SEC("tc") __expect_reject(EINVAL, KF1014) __expect_accept_on(7.2)
int overwritten_with_a_clone_left(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_dynptr_clone(&p, &q);
	*(volatile u64 *)&p = 0;
	bpf_ringbuf_submit_dynptr(&q, 0);
	return 0;
}

/* the frame's linear part may be another one afterwards */
SEC("xdp") __expect_reject(EACCES, KF0302)
int packet_after_pull(struct xdp_md *ctx)
{
	char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 1 > end)
		return 0;
	bpf_xdp_pull_data(ctx, 64);
	return *data & 1;
}

/* a task is not what socket buffers are */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)
int from_skb_of_a_task(u64 *ctx)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb((void *)ctx[0], 0, &p);
	return 0;
}

/* a socket buffer is what the context stands for, not what other functions want */
SEC("tc") __expect_reject(EINVAL, KF0504)
int skb_as_a_task(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_acquire(bpf_cast_to_kern_ctx(ctx));

	if (t)
		bpf_task_release(t);
	return 0;
}

/* ---- two of them ---- */

SEC("tc") __expect_accept
int ringbuf_two_submitted(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &q);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_dynptr_write(&q, 0, &sink, 8, 0);
	bpf_ringbuf_submit_dynptr(&q, 0);
	return 0;
}

/* only a clone of the same record makes up for the one that is lost */
SEC("tc") __expect_reject(EINVAL, KF1014) __expect_reject_on(7.2, EINVAL, KF1014)
int ringbuf_overwritten_beside_another(struct __sk_buff *ctx)
{
	struct bpf_dynptr p, q;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &q);
	*(volatile u64 *)&p = 0;
	bpf_ringbuf_submit_dynptr(&q, 0);
	return 0;
}

/* a helper's output is not a way to overwrite one */
SEC("tc") __expect_reject(EACCES)
int given_as_memory(struct __sk_buff *ctx)
{
	struct value *v = value();
	struct bpf_dynptr p;

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v->bytes, 64, 0, &p);
	bpf_skb_load_bytes(ctx, 0, &p, 16);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1014)
int ringbuf_overwritten_somewhere(struct __sk_buff *ctx)
{
	struct bpf_dynptr p[2];

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p[0]);
	((volatile u8 *)p)[ctx->len & 31] = 0;
	bpf_ringbuf_submit_dynptr(&p[0], 0);
	return 0;
}

/* ---- files ---- */

SEC("lsm.s/file_open") __expect_reject(EACCES, KF0701) __expect_accept_on(7.2)
int file_read(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct file *f = bpf_get_task_exe_file(t);
	struct bpf_dynptr p;
	char buf[8];

	if (!f)
		return 0;
	bpf_dynptr_from_file(f, 0, &p);
	bpf_dynptr_read(buf, sizeof(buf), &p, 0, 0);
	bpf_dynptr_file_discard(&p);
	bpf_put_file(f);
	return 0;
}

SEC("lsm.s/file_open") __expect_reject(EACCES, KF0701) __expect_reject_on(7.2, EINVAL, KF0405)
int file_put_before_its_dynptr(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct file *f = bpf_get_task_exe_file(t);
	struct bpf_dynptr p;

	if (!f)
		return 0;
	bpf_dynptr_from_file(f, 0, &p);
	bpf_put_file(f);
	bpf_dynptr_file_discard(&p);
	return 0;
}

/* ---- parameters ---- */

static long reads(struct bpf_dynptr *p, void *ctx)
{
	char buf[4];

	return bpf_dynptr_read(buf, sizeof(buf), p, 0, 0) != 0;
}

SEC("tc") __expect_accept
int parameter_read(struct __sk_buff *ctx)
{
	bpf_user_ringbuf_drain(&user_ring, reads, NULL, 0);
	return 0;
}

static long returns_two(struct bpf_dynptr *p, void *ctx)
{
	return 2;
}

SEC("tc") __expect_reject(EINVAL, KF0233)
int parameter_result(struct __sk_buff *ctx)
{
	return bpf_user_ringbuf_drain(&user_ring, returns_two, NULL, 0);
}

static long constructs(struct bpf_dynptr *p, void *ctx)
{
	struct value *v = value();

	if (v)
		bpf_dynptr_from_mem(v->bytes, 8, 0, p);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1013)
int parameter_constructed(struct __sk_buff *ctx)
{
	bpf_user_ringbuf_drain(&user_ring, constructs, NULL, 0);
	return 0;
}

/* What a callback leaves behind of its parameter differs from round to round: Linux never comes to an end. */
static long keeps_slice(struct bpf_dynptr *p, long **slice)
{
	/* long rounds, so that few of them use up the budget */
#pragma unroll
	for (int i = 0; i < 1000; i++)
		__asm__ volatile("r0 = 0" ::: "r0");
	*slice = bpf_dynptr_data(p, 0, sizeof(long));
	return 0;
}

SEC("tc") __expect_reject(E2BIG)
int parameter_slice_kept(struct __sk_buff *ctx)
{
	long *slice = NULL;

	bpf_user_ringbuf_drain(&user_ring, keeps_slice, &slice, 0);
	return slice ? *slice : 0;
}

char _license[] SEC("license") = "GPL";
