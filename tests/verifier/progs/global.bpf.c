// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Global functions: what a call must pass, what the body may assume, prototypes and tags; and the depth of calls and of
 * the stack through them (verifier spec 3.2-3.4; scenarios 27, 29, 30, 33, 36-40).
 */
#include "../image/image.h"

char _license[] SEC("license") = "GPL";

#define noinline    __attribute__((noinline))
#define naked       __attribute__((naked))
#define __arg(what) __attribute__((btf_decl_tag("arg:" what)))

struct pair {
	long a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} numbers SEC(".maps");

static __attribute__((always_inline)) struct pair *pair(void)
{
	int key = 1;

	return bpf_map_lookup_elem(&pairs, &key);
}

static noinline int twice(int n)
{
	hide(n);
	return n * 2;
}

/* scenario 27: a static function, with records of functions */
SEC("socket") __expect_accept
int calls_static(struct __sk_buff *ctx)
{
	return twice(ctx->len);
}

/* ---- scenario 36 ---- */

noinline int number(long n)
{
	hide(n);
	return n + 1;
}

SEC("socket") __expect_accept
int number_is_unknown(struct __sk_buff *ctx)
{
	return number(ctx->len);
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int number_is_ctx(struct __sk_buff *ctx)
{
	return number((long)ctx);
}

SEC("socket") __expect_reject(EINVAL, KF0235)
naked int number_is_not_set(void)
{
	asm volatile("call 7; call number; exit");
}

noinline int checked(struct pair *p);
noinline int takes_typed_ctx(struct __sk_buff *ctx);

SEC("socket") __expect_reject(EACCES, KF0300)
naked int memory_is_not_set(void)
{
	asm volatile("call 7; call checked; exit");
}

SEC("socket") __expect_reject(EACCES, KF0300)
naked int ctx_is_not_set(void)
{
	asm volatile("call 7; call takes_typed_ctx; exit");
}

/* the narrow argument of a global function is a number of any width to its body */
noinline int narrow(unsigned char n)
{
	long wide = n;

	hide(wide);
	return wide;
}

SEC("socket") __expect_accept
int narrow_is_wide(struct __sk_buff *ctx)
{
	return narrow(ctx->len);
}

/* ---- scenario 37 ---- */

noinline int unchecked(struct pair *p)
{
	return p->a;
}

noinline int checked(struct pair *p)
{
	return p ? p->a + p->b : 0;
}

noinline int beyond(struct pair *p)
{
	return p ? ((volatile long *)p)[2] : 0;
}

SEC("socket") __expect_reject(EACCES, KF0303)
int body_does_not_check(struct __sk_buff *ctx)
{
	struct pair p = {ctx->len, ctx->mark};

	return unchecked(&p);
}

SEC("socket") __expect_accept
int body_checks(struct __sk_buff *ctx)
{
	struct pair p = {ctx->len, ctx->mark};

	return checked(&p);
}

SEC("socket") __expect_reject(EACCES, KF0307)
int body_reads_beyond(struct __sk_buff *ctx)
{
	struct pair p = {ctx->len, ctx->mark};

	return beyond(&p);
}

SEC("socket") __expect_accept
int pass_null(struct __sk_buff *ctx)
{
	return checked(NULL);
}

SEC("socket") __expect_accept
int pass_maybe_null(struct __sk_buff *ctx)
{
	return checked(pair());
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int pass_too_little(struct __sk_buff *ctx)
{
	int key = 1;

	return checked(bpf_map_lookup_elem(&numbers, &key));
}

SEC("socket") __expect_reject(EINVAL, KF0235)
naked int pass_half_of_a_slot(void)
{
	asm volatile("r1 = r10; r1 += -8; call checked; exit");
}

SEC("socket") __expect_accept
naked int pass_memory_never_written(void)
{
	asm volatile("r1 = r10; r1 += -16; call checked; exit");
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int pass_a_number(struct __sk_buff *ctx)
{
	return checked((void *)(long)ctx->len);
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int pass_ctx_as_memory(struct __sk_buff *ctx)
{
	return checked((void *)ctx);
}

/* ---- scenario 38 ---- */

noinline int never_null(struct pair *p __arg("nonnull"))
{
	return p->a + p->b;
}

SEC("socket") __expect_accept
int nonnull_needs_no_check(struct __sk_buff *ctx)
{
	struct pair p = {ctx->len, ctx->mark};

	return never_null(&p);
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int nonnull_gets_maybe_null(struct __sk_buff *ctx)
{
	return never_null(pair());
}

/* a hole that 7.2 closes */
SEC("socket") __expect_accept __expect_reject_on(7.2, EINVAL, KF0235)
int nonnull_gets_null(struct __sk_buff *ctx)
{
	return never_null(NULL);
}

/* ---- scenario 39; six parameters, which no compiler makes, are in tests/syscall/test_scenarios.c ---- */

noinline int takes_void(void *p)
{
	hide(p);
	return 0;
}

SEC("socket") __expect_reject(EINVAL, KF0214)
int void_pointer(struct __sk_buff *ctx)
{
	return takes_void(ctx);
}

noinline int takes_ctx(void *ctx __arg("ctx"))
{
	return ((struct __sk_buff *)ctx)->len;
}

SEC("socket") __expect_accept
int void_pointer_tagged_ctx(struct __sk_buff *ctx)
{
	return takes_ctx(ctx);
}

noinline int takes_typed_ctx(struct __sk_buff *ctx)
{
	return ctx->len;
}

SEC("socket") __expect_accept
int typed_ctx(struct __sk_buff *ctx)
{
	return takes_typed_ctx(ctx);
}

SEC("socket") __expect_reject(EINVAL, KF0235)
int typed_ctx_is_memory(struct __sk_buff *ctx)
{
	char copy[sizeof(struct __sk_buff)] = {};

	return takes_typed_ctx((void *)copy);
}

/* The kernel's struct behind the context is the context too, and takes no other tag than its own. */
noinline int takes_kernel_ctx(struct sk_buff *skb)
{
	hide(skb);
	return 0;
}

noinline int takes_trusted_kernel_ctx(struct sk_buff *skb __arg("trusted"))
{
	hide(skb);
	return 0;
}

noinline int takes_trusted_ctx(struct __sk_buff *skb __arg("trusted"))
{
	hide(skb);
	return 0;
}

SEC("tc") __expect_accept
int kernel_ctx(struct __sk_buff *ctx)
{
	return takes_kernel_ctx((void *)ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0214)
int kernel_ctx_tagged_trusted(struct __sk_buff *ctx)
{
	return takes_trusted_kernel_ctx(bpf_cast_to_kern_ctx(ctx));
}

SEC("tc") __expect_reject(EINVAL, KF0214)
int ctx_tagged_trusted(struct __sk_buff *ctx)
{
	return takes_trusted_ctx(ctx);
}

/* for users the registers have a typedef's name, which is no struct's */
struct bpf_user_pt_regs_t {
	long none;
};

noinline int takes_regs_by_wrong_name(struct bpf_user_pt_regs_t *regs __arg("ctx"))
{
	hide(regs);
	return 0;
}

SEC("kprobe") __expect_reject(EINVAL)
int struct_with_the_name_of_a_typedef(struct pt_regs *ctx)
{
	return takes_regs_by_wrong_name((void *)ctx);
}

noinline int takes_regs_untagged(struct bpf_user_pt_regs_t *regs)
{
	hide(regs);
	return 0;
}

SEC("kprobe") __expect_accept
int struct_with_the_name_of_a_typedef_untagged(struct pt_regs *ctx)
{
	return takes_regs_untagged((void *)ctx);
}

noinline int takes_pointer_to_pointer(struct pair **p)
{
	return p ? *p != NULL : 0;
}

SEC("socket") __expect_accept
int pointer_to_pointer(struct __sk_buff *ctx)
{
	struct pair *p = NULL;

	return takes_pointer_to_pointer(&p);
}

noinline struct pair *gives_pointer(struct pair *p)
{
	hide(p);
	return p;
}

SEC("socket") __expect_reject(EINVAL, KF0214)
int returned_pointer(struct __sk_buff *ctx)
{
	return gives_pointer(NULL) != NULL;
}

noinline void gives_nothing(int n)
{
	hide(n);
}

SEC("socket") __expect_reject(EINVAL, KF0214) __expect_accept_on(7.2)
int returned_nothing(struct __sk_buff *ctx)
{
	gives_nothing(1);
	return 0;
}

noinline u64 gives_u64(u64 n)
{
	hide(n);
	return n;
}

SEC("socket") __expect_accept
int returned_u64(struct __sk_buff *ctx)
{
	return gives_u64(1);
}

noinline int reads_untrusted(struct task_struct *t __arg("untrusted"))
{
	return t->pid;
}

SEC("tc") __expect_accept
int untrusted_gets_a_number(struct __sk_buff *ctx)
{
	return reads_untrusted((void *)(long)ctx->len);
}

noinline int trusts_untrusted(struct task_struct *t __arg("untrusted"))
{
	struct task_struct *own = bpf_task_acquire(t);

	if (own)
		bpf_task_release(own);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int untrusted_is_not_trusted(u64 *ctx)
{
	return trusts_untrusted((void *)ctx[0]);
}

noinline int reads_untrusted_number(long *n __arg("untrusted"))
{
	return *n;
}

SEC("tc") __expect_accept
int untrusted_number(struct __sk_buff *ctx)
{
	return reads_untrusted_number((void *)(long)ctx->len);
}

noinline int writes_untrusted_number(long *n __arg("untrusted"))
{
	*n = 1;
	return 0;
}

SEC("tc") __expect_reject(EACCES)
int untrusted_number_written(struct __sk_buff *ctx)
{
	return writes_untrusted_number((void *)(long)ctx->len);
}

noinline int untrusted_pair(struct pair *p __arg("untrusted"))
{
	return p->a;
}

SEC("tc") __expect_reject(ENOENT, KF0236)
int untrusted_struct_of_the_program(struct __sk_buff *ctx)
{
	return untrusted_pair((void *)(long)ctx->len);
}

noinline int untrusted_pointer(long **p __arg("untrusted"))
{
	return *p != NULL;
}

SEC("tc") __expect_reject(EINVAL)
int untrusted_pointer_to_pointer(struct __sk_buff *ctx)
{
	return untrusted_pointer((void *)(long)ctx->len);
}

noinline int trusted_pair(struct pair *p __arg("trusted"))
{
	return p->a;
}

SEC("tc") __expect_reject(EINVAL)
int trusted_struct_of_the_program(struct __sk_buff *ctx)
{
	struct pair p = {};

	return trusted_pair(&p);
}

noinline int both_tags(struct task_struct *t __arg("untrusted") __arg("trusted"))
{
	return t->pid;
}

/* it is trusted then, for the function and for its callers */
SEC("tp_btf/task_newtask") __expect_accept
int trusted_and_untrusted(u64 *ctx)
{
	return both_tags((void *)ctx[0]);
}

SEC("tc") __expect_reject(EACCES, KF0256)
int trusted_and_untrusted_gets_a_number(struct __sk_buff *ctx)
{
	return both_tags((void *)(long)ctx->len);
}

noinline int two_tags(long *n __arg("untrusted") __arg("nonnull"))
{
	return *n;
}

SEC("tc") __expect_reject(EINVAL)
int untrusted_and_nonnull(struct __sk_buff *ctx)
{
	return two_tags((void *)(long)ctx->len);
}

noinline int reads_trusted(struct task_struct *t __arg("trusted"))
{
	return t->pid;
}

SEC("tp_btf/task_newtask") __expect_accept
int trusted_given(u64 *ctx)
{
	return reads_trusted((void *)ctx[0]);
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0256)
int trusted_gets_moved(u64 *ctx)
{
	return reads_trusted((void *)ctx[0] + 8);
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0256)
int trusted_gets_null(u64 *ctx)
{
	return reads_trusted(NULL);
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0256)
int trusted_gets_maybe_null(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int r = reads_trusted(t);

	if (t)
		bpf_task_release(t);
	return r;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0256)
int trusted_gets_untrusted(u64 *ctx)
{
	struct task_struct *t = bpf_rdonly_cast((void *)ctx[0], bpf_core_type_id_kernel(struct task_struct));

	return reads_trusted(t);
}

SEC("tc") __expect_reject(EACCES, KF0256)
int trusted_gets_another_type(struct __sk_buff *ctx)
{
	return reads_trusted(bpf_cast_to_kern_ctx(ctx));
}

noinline int unknown_tag(struct pair *p __arg("whatever"))
{
	return p ? p->a : 0;
}

SEC("socket") __expect_reject(EOPNOTSUPP, KF0237)
int tag_is_unknown(struct __sk_buff *ctx)
{
	return unknown_tag(pair());
}

noinline int tagged_number(int n __arg("nonnull"))
{
	hide(n);
	return n;
}

SEC("socket") __expect_reject(EINVAL, KF0214)
int tag_on_a_number(struct __sk_buff *ctx)
{
	return tagged_number(1);
}

static noinline int tagged_static(struct pair *p __arg("ctx"))
{
	hide(p);
	return p != NULL;
}

SEC("socket") __expect_accept
int tag_on_a_static_function(struct __sk_buff *ctx)
{
	struct pair p = {ctx->len, ctx->mark};

	return tagged_static(&p);
}

/* ---- scenario 40 ---- */

noinline int bad_body(long n)
{
	hide(n);
	return *(volatile long *)n;
}

SEC("socket") __expect_accept
naked int bad_body_in_dead_code(void)
{
	asm volatile("r0 = 0; if r0 == 0 goto +2; r1 = 0; call bad_body; exit");
}

SEC("socket") __expect_reject(EACCES)
int bad_body_called(struct __sk_buff *ctx)
{
	return bad_body(0);
}

noinline int three_bits(long n)
{
	hide(n);
	return n & 7;
}

SEC("socket") __expect_reject(EINVAL)
naked int bounded_result_as_offset(void)
{
	asm volatile("r1 = 0; call three_bits; r1 = r10; r1 += r0; r0 = *(u8 *)(r1 - 8); exit");
}

/* ---- scenario 33 ---- */

noinline naked u64 leaks_map(void)
{
	asm volatile("r0 = %[map] ll; exit" ::[map] "i"(&pairs));
}

SEC("socket") __expect_reject(EINVAL, KF0238)
int map_from_global(struct __sk_buff *ctx)
{
	return leaks_map();
}

/* ---- scenario 29: self calls, and chains of global functions ---- */

noinline naked int calls_itself(void)
{
	asm volatile("call calls_itself; exit");
}

SEC("socket") __expect_reject(E2BIG, KF0211) __expect_reject_on(7.2, EINVAL, KF0210)
int recursion_of_a_global(struct __sk_buff *ctx)
{
	return calls_itself();
}

static noinline naked int static_calls_itself(void)
{
	asm volatile("call %[self]; exit" ::[self] "i"(static_calls_itself));
}

SEC("socket") __expect_reject(E2BIG, KF0211) __expect_reject_on(7.2, EINVAL, KF0210)
int recursion_of_a_static(struct __sk_buff *ctx)
{
	return static_calls_itself();
}

#define CHAIN(name, next)                                                                          \
	noinline naked int name(void)                                                              \
	{                                                                                          \
		asm volatile("call " #next "; exit");                                              \
	}

noinline naked int g1(void)
{
	asm volatile("r0 = 0; exit");
}

CHAIN(g2, g1)
CHAIN(g3, g2)
CHAIN(g4, g3)
CHAIN(g5, g4)
CHAIN(g6, g5)
CHAIN(g7, g6)
CHAIN(g8, g7)

SEC("socket") __expect_accept
int eight_functions(struct __sk_buff *ctx)
{
	return g7();
}

SEC("socket") __expect_reject(E2BIG, KF0211) __expect_accept_on(7.2)
int nine_functions(struct __sk_buff *ctx)
{
	return g8();
}

/* ---- scenario 30: the stack through a global function ---- */

noinline naked int uses_256(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; exit");
}

noinline naked int uses_264(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 264) = r0; exit");
}

SEC("socket") __expect_accept
naked int stack_of_512(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; call uses_256; exit");
}

SEC("socket") __expect_reject(EACCES)
naked int stack_of_520(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; call uses_264; exit");
}

SEC("kprobe") __expect_accept
naked int private_stacks(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; call uses_264; exit");
}
