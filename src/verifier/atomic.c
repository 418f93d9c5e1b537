/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Atomic instructions (verifier spec R6.11, R6.12): read-modify-write, compare and exchange, load
 * with acquire and store with release. Each is a load and a store at the same naturally aligned
 * place, on fewer kinds of memory than ordinary ones.
 */
#include "isa/isa.h"
#include "verifier/mem.h"

/* Linux has no code for these on arenas: a fault in their loop could not be mended */
static bool is_fetch_loop(const struct bpf_insn *insn)
{
	return insn->imm == (BPF_OR | BPF_FETCH) || insn->imm == (BPF_AND | BPF_FETCH) ||
	       insn->imm == (BPF_XOR | BPF_FETCH);
}

static bool is_rmw_base(const struct vf_env *env, const struct vf_reg *r)
{
	switch (r->base) {
	case VF_CTX:
	case VF_PACKET:
	case VF_PACKET_META:
	case VF_FLOW_KEYS:
	case VF_SOCKET:
	case VF_SOCK_COMMON:
	case VF_TCP_SOCK:
	case VF_XDP_SOCK:
		return false;
	default:
		return r->base != VF_ARENA || env->arena;
	}
}

static int refuse(struct vf_env *env, uint32_t regno)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	char what[DIAG_TEXT];

	return vf_reject(env, KF_BAD_ATOMIC, "r%u is %s, on which atomic operations do not work",
			 regno, vf_reg_describe(env, r, what, sizeof(what)));
}

static int read_both(struct vf_env *env, const struct bpf_insn *insn)
{
	const struct vf_reg *regs = vf_regs(env);

	if (insn->src_reg >= VF_REGS || regs[insn->src_reg].base == VF_NOT_INIT)
		return vf_check_reg_read(env, insn->src_reg);
	if (insn->dst_reg >= VF_REGS || regs[insn->dst_reg].base == VF_NOT_INIT)
		return vf_check_reg_read(env, insn->dst_reg);
	return 0;
}

/* R6.2: the same code must do for every kind of pointer that comes here */
static int note_base(struct vf_env *env, const struct vf_reg *r)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	bool own = r->base == VF_BTF_ID || r->base == VF_ARENA;

	if (!info->access_base) {
		info->access_base = r->base + 1;
		info->access_flags = r->flags;
		return 0;
	}
	if (info->access_base == r->base + 1 && info->access_flags == r->flags)
		return 0;
	if (own || info->access_base == VF_BTF_ID + 1 || info->access_base == VF_ARENA + 1)
		return vf_reject(
			env, KF_MIXED_PTR,
			"another path comes to this atomic operation with another pointer");
	return 0;
}

static int check_rmw(struct vf_env *env, const struct bpf_insn *insn, uint32_t size)
{
	struct vf_mem_access m = {.off = insn->off,
				  .size = size,
				  .access = VF_READ,
				  .value_regno = -1,
				  .is_atomic = true};
	bool fetch = insn->imm & BPF_FETCH;
	struct vf_reg base;
	int load = -1, err;

	err = read_both(env, insn);
	if (!err && insn->imm == BPF_CMPXCHG)
		err = vf_check_reg_read(env, BPF_REG_0);
	if (err)
		return err;
	if (fetch) {
		load = insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg;
		err = vf_check_reg_write(env, (uint32_t)load);
		if (err)
			return err;
	}
	base = vf_regs(env)[insn->dst_reg];
	if (!is_rmw_base(env, &base) || (base.base == VF_ARENA && is_fetch_loop(insn)))
		return refuse(env, insn->dst_reg);
	if (base.base == VF_BTF_ID && (base.flags & VF_PERCPU))
		return refuse(env, insn->dst_reg);
	if (!env->privileged && vf_regs(env)[insn->src_reg].base != VF_SCALAR)
		return vf_reject(env, KF_PTR_LEAK,
				 "an address is the operand of an atomic operation");
	/*
	 * Read, fetch, write, in this order: an address in the register that the fetch sets is gone
	 * when the write is checked, so that such instructions are refused.
	 */
	err = vf_check_mem_access(env, insn->dst_reg, &m);
	if (!err && fetch) {
		m.value_regno = load;
		err = vf_check_mem_access(env, insn->dst_reg, &m);
		m.value_regno = -1;
	}
	m.access = VF_WRITE;
	if (!err)
		err = vf_check_mem_access(env, insn->dst_reg, &m);
	return err ? err : note_base(env, &base);
}

/* plain objects and pointers that may dangle need loads that tolerate faults */
static bool is_ordered_base(const struct vf_env *env, const struct vf_reg *r)
{
	if (r->base == VF_BTF_ID)
		return (r->flags & (VF_TRUSTED | VF_RCU | VF_ALLOC)) && !(r->flags & VF_UNTRUSTED);
	if (r->base == VF_MEM && (r->flags & VF_UNTRUSTED))
		return false;
	return is_rmw_base(env, r);
}

static int check_ordered(struct vf_env *env, const struct bpf_insn *insn, uint32_t size, bool load)
{
	uint32_t ptr = load ? insn->src_reg : insn->dst_reg;
	struct vf_mem_access m = {.off = insn->off,
				  .size = size,
				  .access = load ? VF_READ : VF_WRITE,
				  .value_regno = load ? insn->dst_reg : insn->src_reg,
				  .is_atomic = true};
	struct vf_reg base;
	int err;

	if (load) {
		err = vf_check_reg_read(env, insn->src_reg);
		if (!err)
			err = vf_check_reg_write(env, insn->dst_reg);
	} else {
		err = read_both(env, insn);
	}
	if (err)
		return err;
	base = vf_regs(env)[ptr];
	if (!is_ordered_base(env, &base))
		return refuse(env, ptr);
	err = vf_check_mem_access(env, ptr, &m);
	return err ? err : note_base(env, &base);
}

int vf_check_atomic(struct vf_env *env, const struct bpf_insn *insn)
{
	static const uint8_t bytes[4] = {4, 2, 1, 8};
	uint32_t size = bytes[BPF_SIZE(insn->code) >> 3];

	if (insn->imm == BPF_LOAD_ACQ || insn->imm == BPF_STORE_REL)
		return check_ordered(env, insn, size, insn->imm == BPF_LOAD_ACQ);
	return check_rmw(env, insn, size);
}
