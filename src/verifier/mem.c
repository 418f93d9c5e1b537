/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads and stores (verifier spec section 6): one table row per kind of pointer. Here are alignment
 * (R6.1), mixing of kinds at one instruction (R6.2), the plain bounded regions of 6.4, packets
 * (R6.9, R6.10), sockets, and memory arguments of calls. The stack, the context, map values and
 * typed objects have files of their own; atomics are in atomic.c.
 */
#include <stdio.h>

#include "isa/isa.h"
#include "verifier/call.h"
#include "verifier/mem.h"
#include "verifier/stack.h"

/* ---------------------------------------------------------------- results of loads */

void vf_load_unknown(struct vf_env *env, const struct vf_mem_access *m)
{
	struct vf_reg *dst;

	if (!(m->access & VF_READ) || m->value_regno < 0)
		return;
	dst = &vf_regs(env)[m->value_regno];
	vf_reg_unknown(dst);
	if (m->size < 8)
		dst->s = m->sign_extend ? vf_scalar_loaded_sx[m->size] : vf_scalar_loaded[m->size];
	dst->made_at = env->insn_idx;
}

struct vf_reg *vf_load_pointer(struct vf_env *env, const struct vf_mem_access *m, enum vf_base base,
			       uint16_t flags)
{
	struct vf_reg *dst = &vf_regs(env)[m->value_regno];

	vf_reg_pointer(dst, base, flags);
	if (flags & VF_MAYBE_NULL)
		dst->id = vf_new_id(env);
	dst->made_at = env->insn_idx;
	return dst;
}

/* ---------------------------------------------------------------- bounds */

int vf_check_fixed(struct vf_env *env, const struct vf_reg *r, const char *what)
{
	if (vf_reg_fixed_off(r))
		return 0;
	return vf_reject(env, KF_OFFSET_NOT_FIXED, "%s is accessed at a variable offset", what);
}

static int out_of_region(struct vf_env *env, const struct vf_reg *r, int64_t at, uint32_t n,
			 uint32_t size, enum diag_code code, const char *what)
{
	vf_note(env, r->made_at, "the pointer is made here");
	return vf_reject(env, code, "%u bytes at offset %lld of %s, which has %u", n, (long long)at,
			 what, size);
}

static inline bool in_region(int64_t at, uint32_t n, uint32_t size)
{
	return at >= 0 && at + (int64_t)n <= (int64_t)size;
}

int vf_check_region(struct vf_env *env, const struct vf_reg *r, int32_t insn_off, uint32_t n,
		    uint32_t size, enum diag_code code, const char *what)
{
	int64_t a = (int64_t)r->off + insn_off, lo;

	if (vf_reg_fixed_off(r))
		return in_region(a, n, size) ? 0 : out_of_region(env, r, a, n, size, code, what);
	if (r->s.smin < 0 && (r->s.smin == INT64_MIN || a + r->s.smin < 0 ||
			      a + r->s.smin != (int32_t)(a + r->s.smin))) {
		vf_note(env, r->made_at, "the offset is added here");
		return vf_reject(
			env, KF_PTR_UNBOUNDED,
			"the offset into %s may be negative: compare it as signed, or mask it",
			what);
	}
	lo = (int64_t)(int32_t)(a + r->s.smin);
	if (!in_region(lo, n, size))
		return out_of_region(env, r, lo, n, size, code, what);
	if (r->s.umax >= VF_MAX_VAR_OFF) {
		vf_note(env, r->made_at, "the offset is added here");
		return vf_reject(env, KF_PTR_UNBOUNDED, "the offset into %s has no upper bound",
				 what);
	}
	a += (int64_t)r->s.umax;
	return in_region(a, n, size) ? 0 : out_of_region(env, r, a, n, size, code, what);
}

/* ---------------------------------------------------------------- alignment: R6.1 */

static int check_alignment(struct vf_env *env, const struct vf_reg *r,
			   const struct vf_mem_access *m)
{
	int64_t at = (int64_t)r->off + m->off;
	struct vf_tnum t;

	if (m->size == 1 || r->base == VF_ARENA)
		return 0;
	if (r->base != VF_STACK && !m->is_atomic && !env->strict_align)
		return 0;
	if (r->base == VF_PACKET || r->base == VF_PACKET_META)
		at += 2; /* an Ethernet header puts what follows on a multiple of four */
	t = vf_tnum_add(r->s.t, vf_tnum_const((uint64_t)at));
	if (vf_tnum_aligned(t, m->size))
		return 0;
	return vf_reject(env, KF_MISALIGNED, "%u bytes at offset %lld%s", m->size, (long long)at,
			 r->s.t.m ? " and a variable part" : "");
}

/* ---------------------------------------------------------------- R6.2 */

static inline bool wants_own_code(uint8_t base)
{
	return base == VF_CTX || (base >= VF_SOCKET && base <= VF_XDP_SOCK) || base == VF_BTF_ID ||
	       base == VF_ARENA;
}

static inline bool mem_or_btf(uint8_t base)
{
	return base == VF_MEM || base == VF_BTF_ID;
}

/* base and flags of the pointer before the access; loads of objects may mix levels of trust */
static int note_pointer(struct vf_env *env, uint8_t base, uint16_t flags, bool is_load)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	uint8_t before = info->access_base - 1;

	if (!info->access_base) {
		info->access_base = base + 1;
		info->access_flags = flags;
		return 0;
	}
	if (before == base && info->access_flags == flags)
		return 0;
	if (!wants_own_code(base) && !wants_own_code(before))
		return 0;
	if (is_load && mem_or_btf(base) && mem_or_btf(before) && vf_rule(env, RULE_TRUST_MIX)) {
		/* whichever it is at run time, a load that tolerates faults is right */
		vf_fact(env)->flags |= VFI_PROBE_LOAD;
		return 0;
	}
	return vf_reject(env, KF_MIXED_PTR, "another path comes here with %s, this one with %s",
			 vf_base_name(before), vf_base_name(base));
}

/* ---------------------------------------------------------------- one row per base */

/*
 * A number that a call made which returns pointers only was one, and is invalid since (kfunc spec 0.3):
 * its reference was released, or the memory's owner.
 */
static bool was_object(const struct vf_env *env, const struct vf_reg *r)
{
	const struct kfunc_contract *k;

	if (r->base == VF_SCALAR && r->gone_at && !(r->gone_at & VF_LAPSED))
		return true;
	if (r->base != VF_SCALAR || vf_reg_is_const(r) || r->made_at >= env->prog->n_insns)
		return false;
	k = env->info[r->made_at].kfunc;
	return k && (k->ret_kind == CRET_STRUCT || k->ret_kind == CRET_MEM);
}

static int refuse_base(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	char what[DIAG_TEXT];

	(void)m;
	vf_note(env, r->made_at, "r%u gets its value here", regno);
	if (r->base == VF_SCALAR && r->gone_at)
		vf_note(env, r->gone_at & ~VF_LAPSED,
			r->gone_at & VF_LAPSED
				? "what r%u pointed to may not be there any more after this"
				: "what r%u pointed to is given away here",
			regno);
	if (was_object(env, r))
		return vf_reject(env, KF_USE_AFTER_RELEASE,
				 "what r%u pointed to was released before", regno);
	if (r->base == VF_SCALAR && r->gone_at & VF_LAPSED) {
		snprintf(env->report->help, sizeof(env->report->help),
			 "get the pointer again after the call, and check it again");
		return vf_reject(env, KF_SCALAR_DEREF,
				 "r%u was a pointer, which a call has made invalid", regno);
	}
	if (r->base == VF_SCALAR && vf_reg_is_const(r) && !r->s.t.v) {
		snprintf(env->report->help, sizeof(env->report->help),
			 "compare the pointer with NULL, and use it only where it is not");
		return vf_reject(env, KF_SCALAR_DEREF, "r%u is NULL on this path", regno);
	}
	if (r->base == VF_SCALAR)
		return vf_reject(env, KF_SCALAR_DEREF, "r%u is %s on this path, not a pointer",
				 regno, vf_reg_describe(env, r, what, sizeof(what)));
	return vf_reject(env, KF_BASE_DEREF, "r%u is %s, which has no memory to access", regno,
			 vf_reg_describe(env, r, what, sizeof(what)));
}

static int rdonly(struct vf_env *env, uint32_t regno)
{
	return vf_reject(env, KF_RDONLY_WRITE, "a store through r%u, which may only be read",
			 regno);
}

static int mem_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int err;

	if ((m->access & VF_WRITE) && (r->flags & VF_RDONLY))
		return rdonly(env, regno);
	if (r->flags &
	    VF_UNTRUSTED) { /* bpf_rdonly_cast() and the like: the load tolerates faults */
		vf_fact(env)->flags |= VFI_PROBE_LOAD;
	} else {
		err = vf_check_region(env, r, m->off, m->size, r->mem_size, KF_MEM_OOB,
				      "a memory region");
		if (err)
			return err;
	}
	vf_load_unknown(env, m);
	return 0;
}

static int map_key_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int err;

	if (m->access & VF_WRITE)
		return rdonly(env, regno);
	err = vf_check_region(env, r, m->off, m->size, r->map->key_size, KF_MEM_OOB, "a map key");
	if (!err)
		vf_load_unknown(env, m);
	return err;
}

/* memory whose size is only known later: the highest byte is remembered */
static int open_ended(struct vf_env *env, const struct vf_reg *r, int32_t off, uint32_t size,
		      const char *what, uint32_t *max)
{
	int64_t at = (int64_t)r->off + off;
	int err;

	if (at < 0)
		return vf_reject(env, KF_MEM_OOB, "%u bytes at offset %lld of %s", size,
				 (long long)at, what);
	err = vf_check_fixed(env, r, what);
	if (!err && *max < at + size)
		*max = (uint32_t)(at + size);
	return err;
}

static int buf_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	bool ro = r->flags & VF_RDONLY;
	int err;

	if ((m->access & VF_WRITE) && ro)
		return rdonly(env, regno);
	err = open_ended(env, r, m->off, m->size, "an iterator's buffer",
			 ro ? &env->facts->max_rdonly_access : &env->facts->max_rdwr_access);
	if (!err)
		vf_load_unknown(env, m);
	return err;
}

static int tp_buffer_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	int err = open_ended(env, &vf_regs(env)[regno], m->off, m->size, "a tracepoint's buffer",
			     &env->facts->max_tp_access);

	if (!err)
		vf_load_unknown(env, m);
	return err;
}

#define FLOW_KEYS_SIZE 56 /* struct bpf_flow_keys */

static int flow_keys_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int64_t at = (int64_t)r->off + m->off;
	int err = vf_check_fixed(env, r, "the flow keys");

	if (err)
		return err;
	if (!in_region(at, m->size, FLOW_KEYS_SIZE))
		return out_of_region(env, r, at, m->size, FLOW_KEYS_SIZE, KF_MEM_OOB,
				     "the flow keys");
	vf_load_unknown(env, m);
	return 0;
}

static int arena_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	(void)regno;
	vf_fact(env)->flags |= VFI_ARENA;
	vf_load_unknown(env, m);
	return 0;
}

/* R6.9; memory arguments come here too */
static int check_packet(struct vf_env *env, uint32_t regno, int32_t insn_off, uint32_t size)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int64_t at = (int64_t)r->off + insn_off;

	if (r->s.smin < 0) {
		vf_note(env, r->made_at, "the offset is added here");
		return vf_reject(env, KF_PTR_UNBOUNDED,
				 "the offset into the packet may be negative");
	}
	if (r->range < 0) {
		vf_note(env, r->made_at, "the packet pointer is made here");
		return vf_reject(env, KF_PKT_PAST_END,
				 "r%u is known to lie %s the end of the packet", regno,
				 r->range == VF_RANGE_AT ? "at or past" : "past");
	}
	if (in_region(at, size, (uint32_t)r->range))
		return 0;
	vf_note(env, r->made_at, "the packet pointer is made here");
	return vf_reject(env, KF_PKT_OOB,
			 "%u bytes at offset %lld of r%u, of which %d are proven to exist", size,
			 (long long)at, regno, r->range);
}

static int packet_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	int err;

	if ((m->access & VF_WRITE) && !env->ptype->pkt_write)
		return vf_reject(env, KF_PKT_WRITE, "%s programs cannot write to the packet",
				 env->ptype->name);
	err = check_packet(env, regno, m->off, m->size);
	if (!err)
		vf_load_unknown(env, m);
	return err;
}

static int sock_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	enum kernel_sock_kind kind = (enum kernel_sock_kind)(r->base - VF_SOCKET);
	int64_t at = (int64_t)r->off + m->off;
	int err;

	if (m->access & VF_WRITE)
		return vf_reject(env, KF_RDONLY_WRITE, "a store to a socket");
	err = vf_check_fixed(env, r, "a socket");
	if (err)
		return err;
	if (at < 0 || kernel_sock_access(env->kernel, kind, (uint32_t)at, m->size))
		return vf_reject(env, KF_SOCK_ACCESS, "%u bytes at offset %lld are no field of %s",
				 m->size, (long long)at, vf_base_name(r->base));
	vf_fact(env)->base = VFA_SOCK;
	vf_fact(env)->extra = (uint16_t)kind;
	vf_load_unknown(env, m);
	return 0;
}

typedef int (*access_fn)(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);

static const access_fn access_of[VF_BASE_COUNT] = {
	[VF_NOT_INIT] = refuse_base,
	[VF_SCALAR] = refuse_base,
	[VF_CTX] = vf_ctx_access,
	[VF_STACK] = vf_stack_access,
	[VF_MAP_KEY] = map_key_access,
	[VF_MAP_VALUE] = vf_map_value_access,
	[VF_CONST_MAP] = vf_btf_access,
	[VF_MEM] = mem_access,
	[VF_BUF] = buf_access,
	[VF_BTF_ID] = vf_btf_access,
	[VF_PACKET] = packet_access,
	[VF_PACKET_META] = packet_access,
	[VF_PACKET_END] = refuse_base,
	[VF_SOCKET] = sock_access,
	[VF_SOCK_COMMON] = sock_access,
	[VF_TCP_SOCK] = sock_access,
	[VF_XDP_SOCK] = sock_access,
	[VF_FUNC] = refuse_base,
	[VF_CONST_DYNPTR] = refuse_base,
	[VF_ARENA] = arena_access,
	[VF_TP_BUFFER] = tp_buffer_access,
	[VF_FLOW_KEYS] = flow_keys_access,
};

static int refuse_null(struct vf_env *env, uint32_t regno)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	char what[DIAG_TEXT];

	vf_note(env, r->made_at, "r%u gets its value here and may be NULL", regno);
	return vf_reject(env, KF_NULL_DEREF, "r%u, %s, is used before it is compared with NULL",
			 regno, vf_reg_describe(env, r, what, sizeof(what)));
}

/* an address would become visible to the loader: only for those who may know it */
static int check_leak(struct vf_env *env, const struct vf_reg *r, const struct vf_mem_access *m)
{
	if (env->privileged || !(m->access & VF_WRITE) || m->value_regno < 0 || r->base == VF_STACK)
		return 0;
	if (vf_regs(env)[m->value_regno].base == VF_SCALAR)
		return 0;
	return vf_reject(env, KF_PTR_LEAK, "r%d holds an address and is stored in memory",
			 m->value_regno);
}

int vf_check_mem_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int err;

	if (r->flags & VF_MAYBE_NULL)
		return refuse_null(env, regno);
	err = check_alignment(env, r, m);
	if (!err)
		err = check_leak(env, r, m);
	return err ? err : access_of[r->base](env, regno, m);
}

/* ---------------------------------------------------------------- instructions */

static const uint8_t size_bytes[4] = {4, 2, 1, 8}; /* BPF_W, BPF_H, BPF_B, BPF_DW */

static inline uint32_t access_size(const struct bpf_insn *insn)
{
	return size_bytes[BPF_SIZE(insn->code) >> 3];
}

int vf_check_ldx(struct vf_env *env, const struct bpf_insn *insn)
{
	struct vf_mem_access m = {
		.off = insn->off,
		.size = access_size(insn),
		.access = VF_READ,
		.value_regno = insn->dst_reg,
		.sign_extend = BPF_MODE(insn->code) == BPF_MEMSX,
	};
	const struct vf_reg *r = &vf_regs(env)[insn->src_reg];
	uint16_t flags;
	uint8_t base;
	int err;

	if (insn->src_reg >= VF_REGS || r->base == VF_NOT_INIT)
		return vf_check_reg_read(env, insn->src_reg);
	if (insn->dst_reg >= BPF_REG_10)
		return vf_check_reg_write(env, insn->dst_reg);
	base = r->base;
	flags = r->flags;
	err = vf_check_mem_access(env, insn->src_reg, &m);
	return err ? err : note_pointer(env, base, flags, true);
}

int vf_check_store(struct vf_env *env, const struct bpf_insn *insn)
{
	struct vf_mem_access m = {
		.off = insn->off,
		.size = access_size(insn),
		.access = VF_WRITE,
		.value_regno = -1,
	};
	const struct vf_reg *regs = vf_regs(env);
	uint16_t flags;
	uint8_t base;
	int err;

	if (BPF_CLASS(insn->code) == BPF_ST) {
		m.has_imm = true;
		m.imm = insn->imm;
	} else {
		if (insn->src_reg >= VF_REGS || regs[insn->src_reg].base == VF_NOT_INIT)
			return vf_check_reg_read(env, insn->src_reg);
		m.value_regno = insn->src_reg;
	}
	if (insn->dst_reg >= VF_REGS || regs[insn->dst_reg].base == VF_NOT_INIT)
		return vf_check_reg_read(env, insn->dst_reg);
	base = regs[insn->dst_reg].base;
	flags = regs[insn->dst_reg].flags;
	err = vf_check_mem_access(env, insn->dst_reg, &m);
	return err ? err : note_pointer(env, base, flags, false);
}

/* R2.5 */
int vf_check_ld_abs(struct vf_env *env, const struct bpf_insn *insn)
{
	uint32_t type = vf_prog_type(env);
	struct vf_reg *regs = vf_regs(env);
	int err;

	if (type != BPF_PROG_TYPE_SOCKET_FILTER && type != BPF_PROG_TYPE_SCHED_CLS &&
	    type != BPF_PROG_TYPE_SCHED_ACT)
		return vf_reject(env, KF_LD_ABS_PLACE, "%s programs have no legacy packet loads",
				 env->ptype->name);
	err = vf_check_reg_read(env, BPF_REG_6);
	if (!err)
		err = vf_check_no_leaks_leaving(env, "a legacy packet load", true);
	if (err)
		return err;
	if (regs[BPF_REG_6].base != VF_CTX)
		return vf_reject(env, KF_LD_ABS_PLACE,
				 "r6 must hold the context when a legacy packet load is done");
	if (BPF_MODE(insn->code) == BPF_IND) {
		err = vf_check_reg_read(env, insn->src_reg);
		if (err)
			return err;
	}
	if (regs[BPF_REG_6].off || !vf_reg_fixed_off(&regs[BPF_REG_6]))
		return vf_reject(env, KF_CTX_MODIFIED, "r6 is not the context as it came");
	vf_clobber_caller_saved(env);
	regs[BPF_REG_0].made_at = env->insn_idx;
	/* beyond the packet's end the function returns 0 */
	if (env->cur->cur_frame) {
		vf_reg_const(&regs[BPF_REG_0], 0);
		if (!vf_queue_return(env))
			return env->report->err;
		regs = vf_regs(env);
	}
	vf_reg_unknown(&regs[BPF_REG_0]);
	regs[BPF_REG_0].made_at = env->insn_idx;
	return 0;
}

/* ---------------------------------------------------------------- memory arguments of calls */

static int arg_refused(struct vf_env *env, uint32_t regno, const char *why)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	char what[DIAG_TEXT];

	vf_note(env, r->made_at, "r%u gets its value here", regno);
	vf_reg_describe(env, r, what, sizeof(what));
	return vf_reject(env, KF_ARG_MEM, "r%u, %s, %s", regno, what, why);
}

static int mem_arg(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a, bool commit)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	bool write = a->access & VF_WRITE;
	struct vf_mem_access probe;
	uint32_t *max;

	if (vf_reg_is_null(r) && !a->size && a->zero_size_ok)
		return 0;
	if ((r->flags & VF_MAYBE_NULL) && !a->null_ok)
		return arg_refused(env, regno, "may be NULL");
	if (!a->size && !a->zero_size_ok)
		return arg_refused(env, regno, "is passed with a size of 0");
	switch (r->base) {
	case VF_STACK:
		return vf_stack_mem_arg(env, regno, a, commit);
	case VF_PACKET:
	case VF_PACKET_META:
		if (!a->pkt_ok)
			return arg_refused(env, regno, "cannot be passed here");
		if (write && !env->ptype->pkt_write)
			return vf_reject(env, KF_PKT_WRITE,
					 "%s programs cannot write to the packet",
					 env->ptype->name);
		return check_packet(env, regno, 0, a->size);
	case VF_MAP_KEY:
		if (write)
			return arg_refused(env, regno, "may only be read");
		return vf_check_region(env, r, 0, a->size, r->map->key_size, KF_MEM_OOB,
				       "a map key");
	case VF_MAP_VALUE:
		return vf_map_value_range(env, r, 0, a->size, a->access, true);
	case VF_MEM:
		if (write && (r->flags & VF_RDONLY))
			return arg_refused(env, regno, "may only be read");
		return vf_check_region(env, r, 0, a->size, r->mem_size, KF_MEM_OOB,
				       "a memory region");
	case VF_BUF:
		if (write && (r->flags & VF_RDONLY))
			return arg_refused(env, regno, "may only be read");
		max = r->flags & VF_RDONLY ? &env->facts->max_rdonly_access
					   : &env->facts->max_rdwr_access;
		return open_ended(env, r, 0, a->size, "an iterator's buffer", max);
	case VF_BTF_ID:
		if (!a->btf_ok || write)
			return arg_refused(env, regno, "cannot be passed as memory here");
		probe = (struct vf_mem_access){.size = a->size,
					       .access = VF_READ,
					       .value_regno = -1};
		return vf_btf_access(env, regno, &probe);
	case VF_CTX:
		/* only where the context is plain memory */
		if (vf_prog_type(env) != BPF_PROG_TYPE_SYSCALL)
			break;
		if (!a->size)
			return 0;
		probe = (struct vf_mem_access){.off = (int32_t)a->size - 1,
					       .size = 1,
					       .access = a->access & VF_WRITE ? VF_WRITE : VF_READ,
					       .value_regno = -1};
		return vf_ctx_access(env, regno, &probe);
	}
	return arg_refused(env, regno, "is not memory that can be passed");
}

int vf_check_mem_arg(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a)
{
	return mem_arg(env, regno, a, !a->marks_write_later);
}

int vf_mem_arg_commit(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a)
{
	if (vf_regs(env)[regno].base != VF_STACK || !a->size)
		return 0;
	return vf_stack_mem_arg(env, regno, a, true);
}

/* verifier spec R7.1, kfunc spec 3.5 */
int vf_check_arg_offset(struct vf_env *env, uint32_t regno, bool is_release, bool helper,
			bool any_ok)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	uint16_t plain;

	(void)helper;
	if (is_release && !(r->base == VF_STACK && any_ok)) {
		if (r->off || !vf_reg_fixed_off(r))
			return vf_reject(env, KF_REL_OFFSET,
					 "r%u does not point to the start of what is released",
					 regno);
	}
	switch (r->base) {
	case VF_SCALAR:
	case VF_STACK:
	case VF_PACKET:
	case VF_PACKET_META:
	case VF_MAP_KEY:
	case VF_MAP_VALUE:
	case VF_MEM:
	case VF_BUF:
	case VF_ARENA:
		return 0;
	case VF_BTF_ID:
		plain = r->flags & ~(VF_ALLOC | VF_TRUSTED | VF_RCU | VF_NON_OWN);
		if (plain)
			break;
		if (r->s.t.m)
			return vf_reject(env, KF_OFFSET_NOT_FIXED,
					 "r%u points into an object at a variable offset", regno);
		if (r->off + (int64_t)r->s.t.v < 0)
			return vf_reject(env, KF_ARG_OFFSET, "r%u points before its object", regno);
		return 0;
	case VF_CTX:
		if (any_ok)
			return 0;
		break;
	default:
		break;
	}
	if (!r->off && vf_reg_fixed_off(r))
		return 0;
	vf_note_made(env, r, "the pointer is made here");
	if (vf_reg_fixed_off(r))
		return vf_reject(env, KF_ARG_OFFSET,
				 "r%u has been moved by %d bytes from where it pointed to", regno,
				 r->off);
	return vf_reject(env, KF_ARG_OFFSET, "r%u has been moved from where it pointed to", regno);
}
