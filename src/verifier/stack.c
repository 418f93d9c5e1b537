/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The stack (verifier spec R6.3-R6.8): bounds, stores and loads at fixed and at variable offsets,
 * spills and fills, and stack ranges as memory arguments of calls (R7.4). A slot keeps the kinds of
 * its eight bytes; the bytes of a register stored at the start of a slot are of kind SPILL and the
 * slot holds the register.
 *
 * Objects (dynptr, iterator, irq flag) live in slots too. Here they are only protected: reading one
 * is refused, overwriting a dynptr asks dynptr.c, overwriting another leaves ordinary bytes (kfunc
 * spec R10.2, R10.13a). Bookkeeping for pruning: vf_slot_read() for every slot of which a byte is
 * read, vf_slot_written() for slots written whole, vf_hist_stack() whenever the slot's register is
 * set from or gives its value to a register.
 */
#include "verifier/reg.h"
#include "verifier/stack.h"

/* ---------------------------------------------------------------- bounds and depth */

static int below_frame(struct vf_env *env, int64_t off, uint32_t size)
{
	return vf_reject(env, KF_STACK_OOB,
			 "%u bytes at offset %lld are outside of the frame (-512..-1)", size,
			 (long long)off);
}

/* R6.3; *min and *max: lowest first byte, and one past the highest last byte */
static int check_bounds(struct vf_env *env, const struct vf_reg *r, int32_t insn_off, uint32_t size,
			int32_t *min, int32_t *max)
{
	int64_t lo = (int64_t)r->off + insn_off, hi = lo;

	if (!r->s.t.m) {
		lo += (int64_t)r->s.t.v;
		hi = lo;
	} else {
		if (r->s.smax >= VF_MAX_VAR_OFF || r->s.smin <= -VF_MAX_VAR_OFF) {
			vf_note(env, r->made_at, "the offset is made here");
			return vf_reject(
				env, KF_PTR_UNBOUNDED,
				"the variable offset of a stack pointer has no usable bound");
		}
		lo += r->s.smin;
		hi += r->s.smax;
	}
	if (lo < -VF_STACK_BYTES || lo >= 0)
		return below_frame(env, lo, size);
	if (hi + size > 0)
		return vf_reject(env, KF_STACK_PAST_TOP,
				 "%u bytes at offset %lld reach past the top of the frame", size,
				 (long long)hi);
	*min = (int32_t)lo;
	*max = (int32_t)(hi + size);
	return 0;
}

/* R3.7, R9.3: even reading what was never written counts. The frame, if an outer one, may move. */
static inline int note_depth(struct vf_env *env, uint32_t frame, int32_t min)
{
	struct vf_frame *f = env->cur->frame[frame];
	struct vf_subprog *sp = &env->subprog[f->head.subprog];
	uint32_t reached = vf_slot_of(min) + 1;

	if (f->head.reached >= reached)
		return 0;
	if (sp->stack < reached * 8)
		sp->stack = reached * 8;
	if (frame != env->cur->cur_frame) {
		f = vf_frame_own(env, frame);
		if (!f)
			return vf_nomem(env);
	}
	f->head.reached = reached;
	return 0;
}

/* makes the slot of the lowest byte exist in a frame that may be written; NULL: reported */
static struct vf_frame *writable(struct vf_env *env, uint32_t frame, int32_t min)
{
	struct vf_frame *f = env->cur->frame[frame];
	uint32_t need = vf_slot_of(min) + 1;

	if (frame != env->cur->cur_frame) {
		f = vf_frame_own(env, frame);
		if (!f) {
			vf_nomem(env);
			return NULL;
		}
	}
	if (need > f->n_slots) {
		if (vf_frame_grow(env, frame, need)) {
			vf_nomem(env);
			return NULL;
		}
		f = env->cur->frame[frame];
	}
	return f;
}

/* ---------------------------------------------------------------- slots */

static inline bool is_spill(const struct vf_slot *s)
{
	return s->kind[0] == VF_SLOT_SPILL;
}

/* width of a spill: its SPILL bytes are the lowest ones */
static inline uint32_t spill_width(const struct vf_slot *s)
{
	uint32_t n = 1;

	while (n < 8 && s->kind[n] == VF_SLOT_SPILL)
		n++;
	return n;
}

static inline bool all_spill(const struct vf_slot *s)
{
	uint64_t k;

	memcpy(&k, s->kind, sizeof(k));
	return k == 0x0101010101010101ull * VF_SLOT_SPILL;
}

static inline bool is_object_kind(uint8_t kind)
{
	return kind == VF_SLOT_DYNPTR || kind == VF_SLOT_ITER || kind == VF_SLOT_IRQ;
}

/* what a register or object was in becomes bytes */
static void scrub(struct vf_slot *s)
{
	for (int i = 0; i < 8; i++)
		if (s->kind[i] != VF_SLOT_INVALID)
			s->kind[i] = VF_SLOT_MISC;
	vf_reg_not_init(&s->reg);
}

/* a store reaches these bytes of the frame: dynptrs decide whether they may be overwritten */
static int overwrite_objects(struct vf_env *env, uint32_t frame, int32_t min, int32_t max)
{
	uint32_t first = vf_slot_of(max - 1), last = vf_slot_of(min);
	int err = 0;

	for (uint32_t i = first; i <= last && !err; i++) {
		const struct vf_frame *f = env->cur->frame[frame];

		if (i < f->n_slots && f->slot[i].kind[0] == VF_SLOT_DYNPTR)
			err = vf_dynptr_destroy_slot(env, frame, i);
	}
	return err;
}

/* ---------------------------------------------------------------- stores at a fixed offset */

/* the register goes into the slot; bytes above it stay what they are, but no longer a spill */
static void spill(struct vf_slot *s, const struct vf_reg *r, uint32_t size)
{
	uint32_t i;

	s->reg = *r;
	for (i = 0; i < size; i++)
		s->kind[i] = VF_SLOT_SPILL;
	for (; i < 8; i++)
		if (s->kind[i] != VF_SLOT_INVALID && s->kind[i] != VF_SLOT_ZERO)
			s->kind[i] = VF_SLOT_MISC;
}

static int store_bytes(struct vf_env *env, uint32_t frame, int32_t off, uint32_t size, uint8_t kind)
{
	struct vf_slot *s = &env->cur->frame[frame]->slot[vf_slot_of(off)];
	uint32_t byte = vf_byte_of(off);

	if (is_spill(s) || is_object_kind(s->kind[0]))
		scrub(s);
	vf_reg_not_init(&s->reg);
	memset(s->kind + byte, kind, size);
	if (size == 8)
		vf_slot_written(env, frame, vf_slot_of(off));
	return 0;
}

static int store_pointer(struct vf_env *env, uint32_t frame, int32_t off,
			 const struct vf_mem_access *m, const struct vf_reg *val)
{
	uint32_t slot = vf_slot_of(off);

	if (m->size != 8 || (off & 7))
		return vf_reject(env, KF_STACK_PARTIAL_SPILL,
				 "a pointer is stored in %u bytes of the stack", m->size);
	if (val->base == VF_STACK && frame != env->cur->cur_frame)
		return vf_reject(env, KF_STACK_PTR_ESCAPE,
				 "a stack pointer is stored in the stack of a calling function");
	spill(&env->cur->frame[frame]->slot[slot], val, 8);
	vf_slot_written(env, frame, slot);
	vf_hist_stack(env, frame, slot);
	return 0;
}

static int store_fixed(struct vf_env *env, uint32_t frame, int32_t off,
		       const struct vf_mem_access *m)
{
	uint32_t slot = vf_slot_of(off);
	struct vf_reg *val = m->value_regno >= 0 ? &vf_regs(env)[m->value_regno] : NULL;
	struct vf_slot *s;
	struct vf_reg imm;
	uint8_t kind = VF_SLOT_MISC;
	int err;

	if (!writable(env, frame, off))
		return env->report->err;
	s = &env->cur->frame[frame]->slot[slot];
	if (s->kind[0] == VF_SLOT_DYNPTR) {
		err = vf_dynptr_destroy_slot(env, frame, slot);
		if (err)
			return err;
		s = &env->cur->frame[frame]->slot[slot];
	}
	if (val)
		val = &vf_regs(env)[m->value_regno]; /* the frame may have moved */
	if (val && val->base != VF_SCALAR)
		return store_pointer(env, frame, off, m, val);
	if (!(off & 7) && (val || m->has_imm)) {
		if (val) {
			bool fits = vf_reg_fits(val, m->size);

			if (fits)
				vf_reg_link_source(env, val);
			spill(s, val, m->size);
			if (!fits)
				vf_reg_unlink(&s->reg);
		} else {
			vf_reg_const(&imm, (uint64_t)(int64_t)m->imm);
			imm.made_at = env->insn_idx;
			spill(s, &imm, m->size);
		}
		if (m->size == 8)
			vf_slot_written(env, frame, slot);
		vf_hist_stack(env, frame, slot);
		return 0;
	}
	if ((val && vf_reg_is_null(val)) || (!val && m->has_imm && !m->imm)) {
		/* later loads will see a known 0 that no spill leads back to */
		err = val ? vf_mark_precise(env, (uint32_t)m->value_regno) : 0;
		if (err)
			return err;
		kind = VF_SLOT_ZERO;
	}
	return store_bytes(env, frame, off, m->size, kind);
}

/* ---------------------------------------------------------------- stores at a variable offset */

static bool zero_spill(const struct vf_slot *s)
{
	return is_spill(s) && vf_reg_is_null(&s->reg);
}

/* R6.5: each byte of the window may be the one that is written */
static int store_window(struct vf_env *env, uint32_t frame, int32_t min, int32_t max, bool zero,
			int zero_regno)
{
	bool zero_used = false;
	int err;

	if (!writable(env, frame, min))
		return env->report->err;
	err = overwrite_objects(env, frame, min, max);
	if (err)
		return err;
	for (int32_t off = min; off < max; off++) {
		struct vf_slot *s = &env->cur->frame[frame]->slot[vf_slot_of(off)];
		uint8_t *kind = &s->kind[vf_byte_of(off)];

		if (*kind == VF_SLOT_INVALID && !env->privileged)
			return vf_reject(env, KF_STACK_UNINIT,
					 "a variable store may leave stack bytes unwritten");
		if (zero && *kind == VF_SLOT_SPILL && zero_spill(s)) {
			zero_used = true;
			continue;
		}
		if (zero && *kind == VF_SLOT_ZERO) {
			zero_used = true;
			continue;
		}
		if (is_spill(s))
			scrub(s);
		*kind = VF_SLOT_MISC;
	}
	if (zero_used && zero_regno >= 0)
		return vf_mark_precise(env, (uint32_t)zero_regno);
	return 0;
}

static int store_variable(struct vf_env *env, uint32_t frame, int32_t min, int32_t max,
			  const struct vf_mem_access *m)
{
	const struct vf_reg *val = m->value_regno >= 0 ? &vf_regs(env)[m->value_regno] : NULL;
	bool zero = val ? vf_reg_is_null(val) : m->has_imm && !m->imm;

	return store_window(env, frame, min, max, zero, val ? m->value_regno : -1);
}

/* ---------------------------------------------------------------- loads */

static int unreadable(struct vf_env *env, int32_t off, uint8_t kind)
{
	if (is_object_kind(kind))
		return vf_reject(
			env, KF_STACK_OBJECT_READ,
			"stack byte %d belongs to a dynptr, an iterator or saved irq flags", off);
	if (kind == VF_SLOT_SPILL)
		return vf_reject(env, KF_STACK_PARTIAL_SPILL,
				 "stack byte %d is part of a stored pointer", off);
	return vf_reject(env, KF_STACK_UNINIT, "stack byte %d was never written", off);
}

/* R6.6 byte by byte; *zero: every byte is known to be 0; spilled scalars count as unknown */
static int read_bytes(struct vf_env *env, uint32_t frame, int32_t min, int32_t max, bool *zero,
		      bool pointers_ok)
{
	const struct vf_frame *f = env->cur->frame[frame];
	uint32_t marked = UINT32_MAX;

	*zero = true;
	for (int32_t off = min; off < max; off++) {
		uint32_t slot = vf_slot_of(off);
		uint8_t kind =
			slot < f->n_slots ? f->slot[slot].kind[vf_byte_of(off)] : VF_SLOT_INVALID;

		if (slot != marked && slot < f->n_slots) {
			vf_slot_read(env, frame, slot);
			marked = slot;
		}
		if (kind == VF_SLOT_ZERO)
			continue;
		*zero = false;
		if (kind == VF_SLOT_MISC || (kind == VF_SLOT_INVALID && env->privileged))
			continue;
		if (kind == VF_SLOT_SPILL && is_spill(&f->slot[slot]) &&
		    (f->slot[slot].reg.base == VF_SCALAR || (pointers_ok && env->privileged)))
			continue;
		return unreadable(env, off, kind);
	}
	return 0;
}

static void loaded(struct vf_env *env, const struct vf_mem_access *m, bool zero)
{
	struct vf_reg *dst = &vf_regs(env)[m->value_regno];

	if (zero) {
		vf_reg_const(dst, 0);
	} else {
		vf_reg_unknown(dst);
		dst->s = m->sign_extend ? vf_scalar_loaded_sx[m->size] : vf_scalar_loaded[m->size];
	}
	dst->made_at = env->insn_idx;
}

/* copies the slot's register to the destination of the load; both stay linked when fit */
static int fill(struct vf_env *env, uint32_t frame, uint32_t slot, const struct vf_mem_access *m,
		bool link)
{
	struct vf_slot *s = &env->cur->frame[frame]->slot[slot];
	struct vf_reg *dst;

	if (link && s->reg.base == VF_SCALAR && s->reg.s.t.m &&
	    (!s->reg.id || (s->reg.flags & VF_LINK_FLAGS))) {
		if (frame != env->cur->cur_frame && !vf_frame_own(env, frame))
			return vf_nomem(env);
		s = &env->cur->frame[frame]->slot[slot];
		vf_reg_link_source(env, &s->reg);
	}
	vf_hist_stack(env, frame, slot);
	dst = &vf_regs(env)[m->value_regno];
	*dst = s->reg;
	if (m->size == 8)
		return 0;
	if (!vf_reg_fits(dst, m->size) || m->sign_extend)
		vf_reg_unlink(dst);
	if (m->sign_extend)
		vf_scalar_cast_signed(&dst->s, m->size);
	else
		vf_scalar_cast(&dst->s, m->size);
	return vf_reg_settle(env, dst);
}

static int load_from_spill(struct vf_env *env, uint32_t frame, int32_t off,
			   const struct vf_mem_access *m)
{
	uint32_t slot = vf_slot_of(off), byte = vf_byte_of(off), width;
	const struct vf_slot *s = &env->cur->frame[frame]->slot[slot];
	bool zero;
	int err;

	if (m->size == 8 && all_spill(s)) {
		vf_slot_read(env, frame, slot);
		if (m->value_regno >= 0)
			return fill(env, frame, slot, m, true);
		if (s->reg.base != VF_SCALAR && !env->privileged)
			return vf_reject(env, KF_PTR_LEAK,
					 "an atomic operation on a stored pointer");
		return 0;
	}
	if (s->reg.base != VF_SCALAR)
		return vf_reject(env, KF_STACK_PARTIAL_SPILL,
				 "%u bytes at offset %d are part of a stored pointer", m->size,
				 off);
	vf_slot_read(env, frame, slot);
	if (m->value_regno < 0)
		return 0;
	width = spill_width(s);
	if (!byte && m->size <= width)
		return fill(env, frame, slot, m,
			    m->size == 4 && width == 4 && vf_reg_fits(&s->reg, 4));
	err = read_bytes(env, frame, off, off + (int32_t)m->size, &zero, false);
	if (err)
		return err;
	if (!zero && byte + m->size <= width && vf_reg_is_null(&s->reg)) {
		vf_hist_stack(env, frame, slot); /* the 0 is the spilled register's */
		zero = true;
	}
	loaded(env, m, zero);
	return 0;
}

static int load_fixed(struct vf_env *env, uint32_t frame, int32_t off,
		      const struct vf_mem_access *m)
{
	uint32_t slot = vf_slot_of(off);
	const struct vf_frame *f = env->cur->frame[frame];
	bool zero;
	int err;

	if (slot < f->n_slots && is_spill(&f->slot[slot]))
		return load_from_spill(env, frame, off, m);
	err = read_bytes(env, frame, off, off + (int32_t)m->size, &zero, false);
	if (!err && m->value_regno >= 0)
		loaded(env, m, zero);
	return err;
}

int vf_stack_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	bool fixed = !r->s.t.m, zero;
	uint32_t frame = r->frame;
	int32_t min, max;
	int err;

	err = check_bounds(env, r, m->off, m->size, &min, &max);
	if (!err)
		err = note_depth(env, frame, min);
	if (err)
		return err;
	if (m->access == VF_WRITE)
		return fixed ? store_fixed(env, frame, min, m)
			     : store_variable(env, frame, min, max, m);
	if (fixed)
		return load_fixed(env, frame, min, m);
	if (m->value_regno < 0)
		return vf_reject(env, KF_BAD_ATOMIC,
				 "an atomic operation on the stack at a variable offset");
	err = read_bytes(env, frame, min, max, &zero, true);
	if (!err)
		loaded(env, m, zero);
	return err;
}

/* ---------------------------------------------------------------- arguments of calls */

int vf_stack_clobber(struct vf_env *env, uint32_t frame, int32_t off, uint32_t size)
{
	int32_t end = off + (int32_t)size;
	int err;

	if (!size)
		return 0;
	if (note_depth(env, frame, off) || !writable(env, frame, off))
		return env->report->err;
	err = overwrite_objects(env, frame, off, end);
	while (!err && off < end) {
		uint32_t n = 8 - vf_byte_of(off);

		if (n > (uint32_t)(end - off))
			n = (uint32_t)(end - off);
		err = store_bytes(env, frame, off, n, VF_SLOT_MISC);
		off += (int32_t)n;
	}
	return err;
}

/* the window may have been overwritten by the callee: its content is unknown from now on */
static int clobber_window(struct vf_env *env, uint32_t frame, int32_t min, int32_t max)
{
	uint32_t first = vf_slot_of(max - 1), last = vf_slot_of(min);

	if (!writable(env, frame, min))
		return env->report->err;
	for (uint32_t i = first; i <= last; i++) {
		struct vf_slot *s = &env->cur->frame[frame]->slot[i];

		if (is_spill(s)) {
			scrub(s);
			continue;
		}
		for (uint32_t j = 0; j < 8; j++) {
			int32_t off = -8 * (int32_t)(i + 1) + (int32_t)j;

			if (off >= min && off < max &&
			    (s->kind[j] == VF_SLOT_ZERO || s->kind[j] == VF_SLOT_INVALID))
				s->kind[j] = VF_SLOT_MISC;
		}
	}
	return 0;
}

static int refuse_dynptr(struct vf_env *env, uint32_t frame, int32_t min, int32_t max)
{
	const struct vf_frame *f = env->cur->frame[frame];

	for (uint32_t i = vf_slot_of(max - 1); i <= vf_slot_of(min) && i < f->n_slots; i++)
		if (f->slot[i].kind[0] == VF_SLOT_DYNPTR)
			return vf_reject(env, KF_STACK_OBJECT_READ,
					 "the memory argument overlaps a dynptr on the stack");
	return 0;
}

int vf_stack_mem_arg(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a, bool commit)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	uint32_t frame = r->frame;
	int32_t min, max;
	bool zero;
	int err;

	if (!a->size && !a->zero_size_ok)
		return vf_reject(env, KF_ARG_MEM, "r%u: no bytes to access", regno);
	err = check_bounds(env, r, 0, a->size, &min, &max);
	if (err || !a->size)
		return err;
	err = note_depth(env, frame, min);
	if (err)
		return err;
	if (a->uninit && !r->s.t.m) {
		err = refuse_dynptr(env, frame, min, max);
		return err || !commit ? err : vf_stack_clobber(env, frame, min, a->size);
	}
	err = read_bytes(env, frame, min, max, &zero, true);
	if (err || !(a->access & VF_WRITE) || !commit)
		return err;
	return clobber_window(env, frame, min, max);
}

int vf_stack_slot_of(struct vf_env *env, uint32_t regno, uint32_t n_slots, uint32_t *frame,
		     uint32_t *slot)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int64_t off = r->off;

	if (r->base != VF_STACK)
		return vf_reject(env, KF_STACK_OBJECT_PLACE, "r%u does not point to the stack",
				 regno);
	if (r->s.t.m)
		return vf_reject(env, KF_STACK_OBJECT_PLACE,
				 "r%u points to the stack at a variable offset", regno);
	off += (int64_t)r->s.t.v;
	if (off & 7)
		return vf_reject(env, KF_STACK_OBJECT_PLACE,
				 "stack offset %lld of r%u is not a multiple of 8", (long long)off,
				 regno);
	if (!off && n_slots == 1)
		return below_frame(env, off, 8);
	if (off < -VF_STACK_BYTES || off > -8 * (int64_t)n_slots)
		return vf_reject(env, KF_STACK_OBJECT_PLACE,
				 "an object of %u bytes does not fit at stack offset %lld",
				 n_slots * 8, (long long)off);
	*frame = r->frame;
	*slot = vf_slot_of((int32_t)off);
	if (note_depth(env, *frame, (int32_t)off))
		return env->report->err;
	if (*slot >= env->cur->frame[*frame]->n_slots && !writable(env, *frame, (int32_t)off))
		return env->report->err;
	return 0;
}
