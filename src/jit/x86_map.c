/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Maps that are known at load time. An element of an array (of this CPU) is at a computed address: the index is taken from
 * the register that was just stored as the key, it is compared with the number of elements unless it cannot
 * reach it, and a program's comparison of the result with NULL is this comparison, or none. A hash map with
 * keys of one word is searched in line. Other maps are called directly, without the helper that would look
 * them up.
 */
#if defined(__x86_64__)

#include "jit/x86.h"
#include "maps/maps.h"

/* mov reg, [at] */
static void load_key(struct x86 *x, bool wide, int reg, const struct x86_value *at)
{
	if (at->base == RBP && at->index < 0)
		x86_stack_read(x, at->disp, wide ? 8 : 4);
	else
		x86_stack_read(x, 0, 1); /* it may be anywhere */
	rex_at(x, wide, reg, at, false);
	e1(x, 0x8b);
	mem_at(x, reg, at);
}

/* what is known of a key that lies at an address; reg -1: it must be loaded */
struct index {
	int reg;
	bool exact, wide,
		clean; /* wide: of 8 bytes; clean: the register holds nothing above its 4 */
	uint64_t bound;
};

static struct index index_at(const struct x86 *x, const struct x86_value *key)
{
	struct index n = {.reg = -1, .bound = UINT64_MAX};

	if (!x->stored.valid || key->index >= 0 || key->base != RBP || key->disp != x->stored.off)
		return n;
	n.reg = x->stored.reg;
	n.exact = x->stored.exact;
	n.wide = x->stored.wide;
	n.bound = x->stored.bound;
	n.clean = n.bound <= UINT32_MAX;
	return n;
}

/* The result is not NULL, and here is where a program asks: the question is left out. */
static bool next_is_null_test(const struct x86 *x, uint32_t i)
{
	const struct interp_op *next = &x->code->ops[i + 1];

	return i + 2 < x->prog->n_insns && !x86_is_target(x, i + 1) && next->dst == 0 &&
	       next->imm == 0 && (next->op == ISA_JEQ_K || next->op == ISA_JNE_K);
}

static void skip_null_test(struct x86 *x, uint32_t i)
{
	const struct interp_op *next = &x->code->ops[i + 1];
	uint32_t target;

	if (!next_is_null_test(x, i))
		return;
	x->skip = 1;
	if (next->op == ISA_JEQ_K)
		return;
	target = next->target - x->code->ops;
	x86_flush(x, x->live[target]);
	if (target != i + 2)
		x86_jump_to(x, target);
}

/* reg += size for each CPU in front of this one */
static void add_cpu(struct x86 *x, int reg, uint32_t size)
{
	if (!size)
		return;
	x86_load_cpu(x, TMP0);
	load_at(x, false, TMP0, TMP0, offsetof(struct rt_vcpu, id));
	rex(x, true, TMP0, TMP0, false); /* imul r9, r9, size */
	e1(x, 0x69);
	e1(x, 0xc0 | (TMP0 & 7) << 3 | (TMP0 & 7));
	e4(x, size);
	op_rr(x, true, 0x01, TMP0, reg);
}

/* reg = where this CPU's values begin */
static void load_base(struct x86 *x, int reg, const struct map_array_geometry *g)
{
	mov_imm(x, reg, (uintptr_t)g->base);
	add_cpu(x, reg, g->cpu_size);
}

/* rax = base + reg * stride, where the result may be left as a sum */
static void element(struct x86 *x, int reg, const struct map_array_geometry *g, bool as_sum)
{
	uint32_t stride = g->stride;
	bool scaled = stride <= 8 && !(stride & (stride - 1));
	struct x86_value at = {.base = TMP2, .index = RAX};

	if (scaled && reg != RAX && as_sum) {
		load_base(x, RAX, g);
		x86_note_sum(x, reg, __builtin_ctz(stride));
		return;
	}
	load_base(x, TMP2, g);
	if (scaled) {
		at.index = reg;
		at.shift = __builtin_ctz(stride);
	} else if (!(stride & (stride - 1))) {
		if (reg != RAX)
			mov_rr(x, true, RAX, reg);
		rex(x, true, 0, RAX, false); /* shl rax, n */
		e1(x, 0xc1);
		e1(x, 0xe0);
		e1(x, __builtin_ctz(stride));
	} else {
		rex(x, true, RAX, reg, false); /* imul rax, reg, stride */
		e1(x, 0x69);
		e1(x, 0xc0 | (reg & 7));
		e4(x, stride);
	}
	if (scaled)
		lea(x, RAX, &at);
	else
		op_rr(x, true, 0x01, TMP2, RAX);
}

bool x86_array_lookup(struct x86 *x, uint32_t i)
{
	const struct vf_map *map = x->prog->facts.insn[i].map;
	struct x86_null t = {0};
	struct x86_value key;
	struct map_array_geometry g;
	struct index n;
	bool check;

	if (!jit_array_lookup(x->prog, i, &g))
		return false;
	key = x86_address(x, 2, 0, -1);
	n = index_at(x, &key);
	check = n.bound >= map->max_entries;
	if (check)
		t = x86_null_test(x, i);
	key = x86_address(x, 2, 0, 0);
	x86_write(x, 0);
	if (n.exact && !check) {
		g.base = (uint8_t *)g.base + n.bound * g.stride;
		load_base(x, RAX, &g);
	} else {
		if (n.reg < 0) {
			load_key(x, false, RAX, &key);
			n.reg = RAX;
		} else if (!n.clean) {
			mov_rr(x, false, RAX, n.reg);
			n.reg = RAX;
		}
		if (check) {
			grp1_imm(x, false, 7, n.reg, (int32_t)map->max_entries);
			x86_null_jump(x, &t, 0x3, i); /* jae */
		}
		element(x, n.reg, &g, check ? t.fused && t.on_null : true);
	}
	x->notes &= ~0x3eu; /* R1-R5 */
	if (check)
		x86_null_end(x, &t);
	else
		skip_null_test(x, i);
	return true;
}

/* ---------------------------------------------------------------- hash maps */

/* edi = the number of the bucket of the key in r8; changes rax, rcx, rdx, r9 */
static void hash_word(struct x86 *x, const struct map_hash_geometry *g)
{
	mov_imm(x, RDX, g->flip);
	op_rr(x, true, 0x31, R8, RDX);
	mov_imm(x, R9, g->factor);
	if (x->bmi2) {
		mulx(x, RCX, RDI, R9);
	} else {
		mov_rr(x, true, RAX, RDX);
		rex(x, true, 0, R9, false); /* mul r9 */
		e1(x, 0xf7);
		e1(x, 0xe0 | (R9 & 7));
		mov_rr(x, false, RDI, RAX);
		mov_rr(x, false, RCX, RDX);
	}
	op_rr(x, false, 0x31, RCX, RDI);
	grp1_imm(x, false, 4, RDI, (int32_t)g->mask);
}

/* the key into r8, zero-extended */
static void take_key(struct x86 *x, const struct x86_value *key, const struct index *n, bool wide)
{
	if (n->reg < 0 || (wide && !n->wide)) {
		load_key(x, wide, R8, key);
	} else if (n->reg != R8 || !wide) {
		mov_rr(x, wide, R8, n->reg);
	}
}

/*
 * bpf_map_lookup_elem() on a hash map with keys of one word: as hash_word.c's lookups do it, with all that is
 * known of the map as constants. What the walk needs are registers that a call may change.
 */
bool x86_hash_lookup(struct x86 *x, uint32_t i)
{
	const struct vf_map *map = x->prog->facts.insn[i].map;
	struct map_hash_geometry g;
	struct x86_value key, bucket = {.base = R9, .index = RDI, .shift = 3};
	uint32_t top, null = 0, hit;
	struct x86_null t;
	struct index n;

	if (!jit_hash_lookup(x->prog, i, &g))
		return false;
	t = x86_null_test(x, i);
	key = x86_address(x, 2, 0, -1);
	n = index_at(x, &key);
	x86_flush(x, x->out & ~1u);
	take_key(x, &key, &n, map->key_size == 8);
	x86_write(x, 0);
	hash_word(x, &g);
	mov_imm(x, R9, (uintptr_t)g.bucket);
	rex_at(x, true, RAX, &bucket, false); /* mov rax, [r9 + rdi * 8] */
	e1(x, 0x8b);
	mem_at(x, RAX, &bucket);
	top = x->len;
	op_rr(x, true, 0x85, RAX, RAX);
	if (t.fused)
		x86_null_jump(x, &t, 0x4, i);
	else
		null = jump8(x, 0x74);
	rex(x, true, R8, RAX, false); /* cmp [rax + key], r8 */
	e1(x, 0x39);
	mem(x, R8, RAX, (int32_t)g.key);
	hit = jump8(x, 0x74);
	load_at(x, true, RAX, RAX, (int32_t)g.next);
	e1(x, 0xeb);
	e1(x, (uint8_t)(top - (x->len + 1)));
	land8(x, hit);
	add_cpu(x, RAX, g.cpu_size);
	x->notes &= ~0x3eu; /* R1-R5 */
	if (x->stored.reg != RBX && x->stored.reg < R13)
		x->stored.reg = -1;
	if (t.fused && t.on_null) {
		x->value[0] = x86_at(RAX, (int32_t)g.value);
		x->notes |= 1u << 0;
		x->skip = 1;
		return true;
	}
	grp1_imm(x, true, 0, RAX, (int32_t)g.value);
	if (t.fused)
		x86_null_end(x, &t);
	else
		land8(x, null);
	return true;
}

/* the family's function for a map that is known, instead of the helper that would look it up */
const void *x86_map_function(const struct x86 *x, uint32_t i)
{
	const struct vf_map *map = x->prog->facts.insn[i].map;
	const struct rt_map *m = map ? map->obj : NULL;
	const void *fn;

	if (!m || map->is_inner_template)
		return NULL;
	switch (x->prog->insns[i].imm) {
	case BPF_FUNC_map_lookup_elem:
		fn = (const void *)map_direct_lookup(m);
		return fn ? fn : (const void *)m->ops->lookup;
	case BPF_FUNC_map_update_elem:
		fn = (const void *)map_direct_update(m);
		return fn ? fn : (const void *)m->ops->update;
	case BPF_FUNC_map_delete_elem:
		return (const void *)m->ops->del;
	default:
		return NULL;
	}
}

#endif
