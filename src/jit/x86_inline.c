/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs and helpers that are a few instructions: a row is the function and what to emit instead of a call.
 * The function remains the definition of what happens (the interpreter calls it), and a host's kfunc of
 * the same name is another function, so it is never replaced.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

#include "kfuncs/inlined.h"

/* op dword [base + off], imm8: add is extension 0 */
static void add_mem(struct x86 *x, int base, size_t off, int8_t imm)
{
	rex(x, false, 0, base, false);
	e1(x, 0x83);
	mem(x, 0, base, (int32_t)off);
	e1(x, (uint8_t)imm);
}

/* mov reg, the virtual CPU of this thread */
static void load_cpu(struct x86 *x, int reg)
{
	e1(x, 0x64); /* fs: */
	rex(x, true, reg, 0, false);
	e1(x, 0x8b);
	e1(x, (reg & 7) << 3 | 4);
	e1(x, 0x25);
	e4(x, (uint32_t)rt_current_offset());
}

static void after_call(struct x86 *x)
{
	x->notes &= ~0x3eu; /* R1-R5 */
}

static bool emit_count(struct x86 *x, size_t off, int8_t by)
{
	load_cpu(x, TMP0);
	add_mem(x, TMP0, off, by);
	after_call(x);
	return true;
}

/* within a program the thread is in a read section already: explicit ones are only counted */
static bool rcu_lock(struct x86 *x, uint32_t i)
{
	(void)i;
	return emit_count(x, offsetof(struct rt_vcpu, rcu_depth), 1);
}

static bool rcu_unlock(struct x86 *x, uint32_t i)
{
	(void)i;
	return emit_count(x, offsetof(struct rt_vcpu, rcu_depth), -1);
}

static bool preempt_disable(struct x86 *x, uint32_t i)
{
	(void)i;
	return emit_count(x, offsetof(struct rt_vcpu, preempt_depth), 1);
}

static bool preempt_enable(struct x86 *x, uint32_t i)
{
	(void)i;
	return emit_count(x, offsetof(struct rt_vcpu, preempt_depth), -1);
}

/* op reg32, [at] and back */
static void op_mem(struct x86 *x, bool w, uint8_t op, int reg, struct x86_value at, int32_t more)
{
	at.disp += more;
	rex_at(x, w, reg, &at, false);
	e1(x, op);
	mem_at(x, reg, &at);
}

/*
 * struct { int cur, end; }: counts up unless that reaches the end. At the end the iterator is left as it
 * is: it stays at its end.
 */
static bool iter_num_next(struct x86 *x, uint32_t i)
{
	struct x86_null t = x86_null_test(x, i);
	struct x86_value it = x86_address(x, 1, 0, 0);

	if (it.base != RBP) { /* a register that the program may lose: not seen, but simple */
		x86_flush(x, 1u << 1);
		it = x86_at(RDI, 0);
	}
	x86_write(x, 0);
	op_mem(x, false, 0x8b, RAX, it, 0); /* mov eax, cur */
	grp1_imm(x, false, 0, RAX, 1);
	op_mem(x, false, 0x3b, RAX, it, 4); /* cmp eax, end */
	x86_null_jump(x, &t, 0xd, i);	    /* jge */
	op_mem(x, false, 0x89, RAX, it, 0);
	op_mem(x, true, 0x8d, RAX, it, 0); /* lea rax, cur */
	x86_null_end(x, &t);
	after_call(x);
	return true;
}

/* bpf_kptr_xchg(slot, p) */
static bool kptr_xchg(struct x86 *x, uint32_t i)
{
	struct x86_value at;

	(void)i;
	x86_flush(x, 1u << 2);
	at = x86_address(x, 1, 0, 0);
	if (at.base == RAX || at.index == RAX) {
		x86_flush(x, 1u << 1);
		at = x86_at(RDI, 0);
	}
	x86_write(x, 0);
	mov_rr(x, true, RAX, RSI);
	op_mem(x, true, 0x87, RAX, at, 0); /* xchg */
	after_call(x);
	return true;
}

static const struct {
	void *fn;
	bool (*emit)(struct x86 *x, uint32_t i);
} kfunc_rows[] = {
	{(void *)bpf_rcu_read_lock, rcu_lock},
	{(void *)bpf_rcu_read_unlock, rcu_unlock},
	{(void *)bpf_preempt_disable, preempt_disable},
	{(void *)bpf_preempt_enable, preempt_enable},
	{(void *)bpf_iter_num_next, iter_num_next},
};

bool x86_inline(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	if (op->op == IOP_HELPER && x->prog->insns[i].imm == BPF_FUNC_kptr_xchg)
		return kptr_xchg(x, i);
	if (op->op != IOP_KFUNC_PLAIN)
		return false;
	for (size_t k = 0; k < sizeof(kfunc_rows) / sizeof(kfunc_rows[0]); k++)
		if (kfunc_rows[k].fn == op->p)
			return kfunc_rows[k].emit(x, i);
	return false;
}

#endif
