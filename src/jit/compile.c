/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Decoding for the interpreter: instructions and the verifier's facts become operations (interp.h).
 * Only what some path executes is decoded, so a helper or kfunc that cannot be called here matters
 * only if it is reached; then the program is refused with its name. A load of a 16-byte constant, a
 * map, a map's value, a variable or a function is one constant by now; arguments that the loader
 * supplies to kfuncs are filled in here (kfunc spec R2.15).
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/contract.h"
#include "jit/arena.h"
#include "jit/interp.h"
#include "runtime/ctx.h"
#include "runtime/fields.h"
#include "runtime/object.h"
#include "runtime/probe.h"
#include "verifier/record.h"

struct decoder {
	struct rt_prog *p;
	struct interp_code *code;
	uint32_t cap_kfuncs;
	const char *what;
	bool probes;
};

static int unsupported(struct decoder *d, const char *what)
{
	d->what = what;
	return -ENOTSUPP;
}

static const struct vf_insn_fact *fact_of(const struct decoder *d, uint32_t i)
{
	return &d->p->facts.insn[i];
}

static const struct interp_func *func_at(const struct decoder *d, int64_t insn)
{
	const struct vf_facts *f = &d->p->facts;
	uint32_t i;

	for (i = 0; i < f->n_subprogs; i++)
		if (f->subprog[i].start == insn)
			return &d->code->funcs[i];
	return NULL;
}

static int decode_jump(struct decoder *d, uint32_t i, int64_t delta, struct interp_op *op)
{
	uint8_t flags = fact_of(d, i)->flags;
	int64_t to = (int64_t)i + 1 + delta;

	if (to < 0 || to >= d->p->n_insns)
		return -EINVAL;
	op->target = &d->code->ops[to];
	if (op->op == ISA_MAY_GOTO)
		return 0;
	if (flags & VFI_ALWAYS)
		op->op = ISA_JA;
	else if (flags & VFI_NEVER)
		op->op = IOP_NOP;
	return 0;
}

static int decode_ldimm64(struct decoder *d, uint32_t i, struct interp_op *op)
{
	const struct bpf_insn *insn = &d->p->insns[i];
	const struct vf_insn_fact *fact = fact_of(d, i);
	struct rt_map *map = fact->map ? fact->map->obj : NULL;
	const struct interp_func *func;
	uint8_t *value;

	op->op = ISA_LDIMM64;
	switch (insn->src_reg) {
	case 0:
		op->value = (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm;
		return 0;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		op->value = (uintptr_t)map;
		return map ? 0 : -EINVAL;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		value = map && map->ops->direct_value ? map->ops->direct_value(map) : NULL;
		if (!value)
			return unsupported(d, "direct access to this map's value");
		op->value = (uintptr_t)(value + insn[1].imm);
		return 0;
	case BPF_PSEUDO_BTF_ID:
		if (!fact->imm64)
			return unsupported(d, "this kernel variable");
		op->value = fact->imm64;
		return 0;
	default:
		func = func_at(d, (int64_t)i + 1 + insn->imm);
		op->value = (uintptr_t)func;
		return func ? 0 : -EINVAL;
	}
}

/* ---- calls ---- */

static int decode_helper(struct decoder *d, uint32_t i, struct interp_op *op)
{
	uint32_t id = (uint32_t)d->p->insns[i].imm;
	rt_helper_fn fn = rt_helper(id);

	if (id == BPF_FUNC_tail_call) {
		op->op = IOP_TAIL_CALL;
		d->p->tail_calls = true;
		return 0;
	}
	if (!fn) {
		const char *name = kernel_helper_name(id);

		return unsupported(d, name ? name : "an unknown helper");
	}
	op->op = IOP_HELPER;
	op->p = (const void *)fn;
	return 0;
}

/* How a scalar of this type travels in a 64-bit register. Pointers and 64-bit numbers as they are.
 */
static uint8_t conversion(uint32_t bytes, bool is_signed, bool is_bool)
{
	if (is_bool)
		return CONV_BOOL;
	switch (bytes) {
	case 1:
		return is_signed ? CONV_S8 : CONV_U8;
	case 2:
		return is_signed ? CONV_S16 : CONV_U16;
	case 4:
		return is_signed ? CONV_S32 : CONV_U32;
	default:
		return CONV_NONE;
	}
}

static uint8_t arg_conversion(const struct kfunc_contract *c, const struct contract_arg *a)
{
	const struct btf_type *t = btf_skip_mods(c->btf, a->type_id, NULL);
	uint32_t enc;

	if (!t || !btf_is_scalar(t) || t->size >= 8)
		return CONV_NONE;
	if (btf_type_kind(t) != BTF_KIND_INT)
		return conversion(t->size, BTF_INFO_KFLAG(t->info), false);
	enc = BTF_INT_ENCODING(*(const uint32_t *)(t + 1));
	return conversion(t->size, enc & BTF_INT_SIGNED, enc & BTF_INT_BOOL);
}

static void fill(struct interp_kfunc *k, uint8_t reg, uint64_t value)
{
	k->fill_reg[k->n_fill] = reg;
	k->fill[k->n_fill++] = value;
}

/* The function that finds out what it has before it, instead of the kfunc; NULL: not needed */
static const void *function_of_cases(const struct kfunc_contract *c,
				     const struct vf_insn_fact *fact)
{
	switch (c->special) {
	case SPECIAL_OBJ_NEW:
		return fact->cases ? (const void *)rt_obj_new_of : NULL;
	case SPECIAL_PERCPU_OBJ_NEW:
		return fact->cases ? (const void *)rt_percpu_obj_new_of : NULL;
	case SPECIAL_REFCOUNT_ACQUIRE:
		return fact->cases   ? (const void *)rt_obj_acquire_of
		       : fact->imm64 ? (const void *)rt_obj_acquire_at
				     : NULL;
	default:
		return NULL;
	}
}

/* R2.15: what the parameters get that the program does not pass */
static void fill_implicit(struct interp_kfunc *k, const struct kfunc_contract *c,
			  const struct vf_insn_fact *fact, const struct rt_prog *p)
{
	const uint64_t meta = (uintptr_t)fact->fields;
	const uint64_t cases = fact->cases ? (uintptr_t)p->facts.cases[fact->cases - 1] : 0;
	const uint64_t off = cases ? cases + RT_OFFSETS : fact->imm64;
	const void *fn = function_of_cases(c, fact);
	uint32_t i;

	if (fn) {
		k->fn = (rt_helper_fn)(uintptr_t)fn;
		fill(k, 2, cases ? cases : fact->imm64);
		return;
	}
	switch (c->special) {
	case SPECIAL_OBJ_NEW:
	case SPECIAL_PERCPU_OBJ_NEW:
		fill(k, 1, fact->size);
		fill(k, 2, meta);
		break;
	case SPECIAL_OBJ_DROP:
	case SPECIAL_PERCPU_OBJ_DROP:
	case SPECIAL_REFCOUNT_ACQUIRE:
		fill(k, 2, meta);
		break;
	case SPECIAL_LIST_PUSH_FRONT:
	case SPECIAL_LIST_PUSH_BACK:
		fill(k, 3, meta);
		fill(k, 4, off);
		break;
	case SPECIAL_LIST_ADD:
	case SPECIAL_RBTREE_ADD:
		fill(k, 4, meta);
		fill(k, 5, off);
		break;
	default:
		break;
	}
	for (i = 0; i < c->n_args && i < 5; i++)
		if (c->arg[i].kind == CARG_PROG_AUX)
			fill(k, i + 1, (uintptr_t)p);
}

static int decode_kfunc(struct decoder *d, uint32_t i, struct interp_op *op)
{
	const struct vf_insn_fact *fact = fact_of(d, i);
	const struct kfunc_contract *c = fact->kfunc;
	struct interp_kfunc *k;
	bool plain;
	uint32_t n;

	if (!c)
		return -EINVAL;
	switch (c->special) {
	case SPECIAL_CAST_TO_KERN_CTX:
		if (rt_ctx_packet_type(d->p->type))
			break; /* the context is a view: the kernel's structure is made by the call */
			       /* fall through */
	case SPECIAL_RDONLY_CAST:
		op->op = ISA_MOV64_X;
		op->dst = 0;
		op->src = 1;
		return 0;
	case SPECIAL_THROW:
		op->op = IOP_THROW;
		return 0;
	default:
		break;
	}
	if (!c->addr || c->n_args > 5)
		return unsupported(d, c->name);
	k = &d->code->kfuncs[d->code->n_kfuncs];
	memset(k, 0, sizeof(*k));
	k->fn = (rt_helper_fn)(uintptr_t)c->addr;
	for (n = 0; n < c->n_args; n++)
		k->arg[n] = arg_conversion(c, &c->arg[n]);
	if (c->ret_kind == CRET_SCALAR)
		k->ret = conversion(c->ret_bytes, c->ret_signed, c->ret_bool);
	fill_implicit(k, c, fact, d->p);

	plain = !k->n_fill && k->ret == CONV_NONE;
	for (n = 0; n < 5; n++)
		plain &= k->arg[n] == CONV_NONE || k->arg[n] == CONV_U32 || k->arg[n] == CONV_S32;
	if (plain) { /* an int parameter ignores the upper half of its register */
		op->op = IOP_KFUNC_PLAIN;
		op->p = c->addr;
		return 0;
	}
	op->op = IOP_KFUNC;
	op->p = k;
	d->code->n_kfuncs++;
	return 0;
}

static int decode_call(struct decoder *d, uint32_t i, struct interp_op *op)
{
	const struct bpf_insn *insn = &d->p->insns[i];

	switch (op->op) {
	case ISA_CALL:
		return decode_helper(d, i, op);
	case ISA_CALL_KFUNC:
		return decode_kfunc(d, i, op);
	case ISA_CALL_SUB:
		op->func = func_at(d, (int64_t)i + 1 + insn->imm);
		return op->func ? 0 : -EINVAL;
	case ISA_JAX:
		return unsupported(d, "indirect jumps");
	case ISA_EXIT:
		return 0;
	default:
		return decode_jump(d, i, op->op == ISA_JA32 ? insn->imm : insn->off, op);
	}
}

/* ---- memory ---- */

static const uint16_t load_ops[2][9] = {
	{[1] = ISA_LDXB, [2] = ISA_LDXH, [4] = ISA_LDXW, [8] = ISA_LDXDW},
	{[1] = IOP_PROBE_B, [2] = IOP_PROBE_H, [4] = IOP_PROBE_W, [8] = IOP_PROBE_DW},
};

static uint32_t access_size(uint8_t code)
{
	static const uint8_t bytes[4] = {4, 2, 1, 8};

	return bytes[(code >> 3) & 3];
}

static void decode_load(struct decoder *d, uint32_t i, struct interp_op *op)
{
	const struct vf_insn_fact *fact = fact_of(d, i);
	bool probe = fact->flags & VFI_PROBE_LOAD;
	uint32_t size = access_size(d->p->insns[i].code);

	if (op->op == ISA_LDSXB || op->op == ISA_LDSXH || op->op == ISA_LDSXW) {
		if (probe)
			op->op = size == 1 ? IOP_PROBE_SB : size == 2 ? IOP_PROBE_SH : IOP_PROBE_SW;
	} else {
		/* sockets and maps are laid out as programs see them (runtime/ctx.h, rt.h) */
		if (fact->base == VFA_CTX)
			interp_ctx_load(d->p, &op->imm, &size);
		op->op = load_ops[probe][size];
	}
	d->probes |= probe;
}

static int decode_insn(struct decoder *d, uint32_t i)
{
	const struct bpf_insn *insn = &d->p->insns[i];
	const struct isa_insn *row = isa_lookup(insn);
	struct interp_op *op = &d->code->ops[i];

	if (!row || isa_check_fields(insn) != ISA_OK)
		return -EINVAL;
	op->op = row->op;
	op->dst = insn->dst_reg;
	op->src = insn->src_reg;
	op->imm = insn->imm;
	if (fact_of(d, i)->flags & VFI_ARENA || row->op == ISA_CAST_USER)
		return jit_arena_decode(d->code, insn, op);
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU64:
	case BPF_ALU:
		return 0;
	case BPF_JMP:
	case BPF_JMP32:
		return decode_call(d, i, op);
	case BPF_LDX:
		op->imm = insn->off;
		decode_load(d, i, op);
		return 0;
	case BPF_ST:
		op->value = (uint64_t)(int64_t)insn->off;
		return 0;
	case BPF_STX:
		op->imm = insn->off;
		return 0;
	default:
		return isa_is_ldimm64(insn) ? decode_ldimm64(d, i, op) : 0;
	}
}

/* ---- a whole program ---- */

static int make_funcs(struct decoder *d)
{
	const struct vf_facts *f = &d->p->facts;
	struct interp_code *code = d->code;
	uint32_t i;

	if (!f->n_subprogs)
		return -EINVAL;
	code->funcs = mem_calloc(f->n_subprogs, sizeof(*code->funcs));
	if (!code->funcs)
		return -ENOMEM;
	code->n_funcs = f->n_subprogs;
	for (i = 0; i < f->n_subprogs; i++) {
		if (f->subprog[i].start >= d->p->n_insns)
			return -EINVAL;
		code->funcs[i].prog = d->p;
		code->funcs[i].entry = &code->ops[f->subprog[i].start];
		code->funcs[i].stack = (f->subprog[i].stack + 15) & ~15u;
	}
	if (f->exception_cb >= 0 && (uint32_t)f->exception_cb < code->n_funcs)
		code->exception_cb = &code->funcs[f->exception_cb];
	return 0;
}

static int decode_all(struct decoder *d)
{
	const struct rt_prog *p = d->p;
	uint32_t i;
	int err;

	for (i = 0; i < p->n_insns; i++) {
		if (!(fact_of(d, i)->flags & VFI_SEEN)) {
			d->code->ops[i].op = IOP_TRAP;
		} else {
			err = decode_insn(d, i);
			if (err)
				return err;
		}
		if (isa_is_ldimm64(&p->insns[i]) && i + 1 < p->n_insns)
			d->code->ops[++i].op = IOP_TRAP;
	}
	return 0;
}

/* Puts a look at the registers in front of every instruction with recorded states. */
static int add_checks(struct decoder *d)
{
	const struct vf_record *rec = d->p->facts.record;
	struct interp_code *code = d->code;

	if (!rec)
		return 0;
	code->checked = mem_calloc(code->n_ops, sizeof(*code->checked));
	if (!code->checked)
		return -ENOMEM;
	for (uint32_t i = 0; i < code->n_ops; i++) {
		if (!vf_record_at(rec, i) || code->ops[i].op == IOP_TRAP)
			continue;
		code->checked[i] = code->ops[i].op;
		code->ops[i].op = IOP_CHECK;
	}
	return 0;
}

static uint32_t count_kfuncs(const struct rt_prog *p)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->n_insns; i++)
		n += p->facts.insn[i].kfunc != NULL;
	return n;
}

int interp_compile(struct rt_prog *p, const char **what)
{
	struct decoder d = {.p = p};
	int err = -ENOMEM;

	*what = NULL;
	if (!p->facts.insn || p->facts.n_insns != p->n_insns)
		return -EINVAL;
	d.code = mem_zalloc(sizeof(*d.code));
	if (!d.code)
		return -ENOMEM;
	d.code->n_ops = p->n_insns;
	d.code->ops = mem_calloc(p->n_insns, sizeof(*d.code->ops));
	d.code->kfuncs = mem_calloc(count_kfuncs(p), sizeof(*d.code->kfuncs));
	if (d.code->ops && d.code->kfuncs)
		err = make_funcs(&d);
	if (!err)
		err = jit_arena_open(p, d.code, &d.what);
	if (!err)
		err = decode_all(&d);
	if (!err)
		err = add_checks(&d);
	if (err) {
		interp_free(d.code);
		*what = d.what;
		return err;
	}
	if (d.probes)
		rt_probe_init();
	p->code = d.code;
	p->run = interp_run_prog;
	return 0;
}

void interp_free(struct interp_code *code)
{
	if (!code)
		return;
	mem_free(code->ops);
	mem_free(code->funcs);
	mem_free(code->kfuncs);
	mem_free(code->checked);
	jit_arena_close(code);
	mem_free(code);
}
