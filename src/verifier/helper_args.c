/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arguments of helpers (verifier spec 7.1, R7.1-R7.4): a table by kind says which registers are
 * accepted and which function looks closer. A wrong kind of register is EACCES.
 */
#include "verifier/helper_args.h"

#define MEM_BASES                                                                                  \
	(VF_B(STACK) | VF_B(PACKET) | VF_B(PACKET_META) | VF_B(MAP_KEY) | VF_B(MAP_VALUE) |        \
	 VF_B(MEM) | VF_B(BUF) | VF_B(BTF_ID))
#define SOCK_BASES (VF_B(SOCK_COMMON) | VF_B(SOCKET) | VF_B(TCP_SOCK) | VF_B(XDP_SOCK))

struct arg_ctx {
	struct vf_call *c;
	const struct kernel_helper_arg *a;
	uint32_t regno;
};

struct arg_rule {
	uint32_t bases; /* accepted, VF_B(); 0: SCALAR only */
	int (*check)(struct vf_env *env, const struct arg_ctx *x);
	const char *wants;
	enum diag_code code; /* 0: HELPER_ARG_MEM for memory, otherwise HELPER_ARG_TYPE */
};

static int reject_as(struct vf_env *env, const struct arg_ctx *x, enum diag_code code,
		     const char *wants)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	char have[96];

	vf_note_made(env, r, "the value is made here");
	return vf_reject(env, code, "helper %s wants %s in R%u, not %s", x->c->helper->name, wants,
			 x->regno, vf_reg_describe(env, r, have, sizeof(have)));
}

static int reject_type(struct vf_env *env, const struct arg_ctx *x, const char *wants)
{
	return reject_as(env, x, KF_HELPER_ARG_TYPE, wants);
}

static bool pkt_ok(const struct vf_env *env, const struct vf_call *c, uint8_t access)
{
	if (vf_prog_type(env) == BPF_PROG_TYPE_CGROUP_SOCKOPT)
		return true; /* the option's value is in a buffer of its own */
	if (!(c->helper->flags & HF_PKT_ARGS))
		return false;
	return access & VF_WRITE ? env->ptype->helper_pkt_write : env->ptype->helper_pkt_read;
}

static uint8_t arg_access(const struct kernel_helper_arg *a)
{
	if (a->flags & (HARGF_WRITE | HARGF_UNINIT))
		return VF_WRITE | (a->flags & HARGF_UNINIT ? 0 : VF_READ);
	return VF_READ;
}

static struct vf_mem_arg mem_arg(const struct vf_env *env, const struct arg_ctx *x, uint32_t size)
{
	struct vf_mem_arg m = {
		.size = size,
		.access = arg_access(x->a),
		.uninit = x->a->flags & HARGF_UNINIT,
		.null_ok = x->a->flags & HARGF_OR_NULL,
		.btf_ok = x->a->kind == HARG_MEM && (x->a->flags & HARGF_RDONLY),
	};

	m.pkt_ok = pkt_ok(env, x->c, m.access);
	return m;
}

/* ---------------------------------------------------------------- maps */

static const struct btf_field *async_field(const struct vf_map *m)
{
	const struct btf_fields *f = m->fields;

	for (uint32_t i = 0; f && i < f->n; i++)
		if (f->f[i].kind & (BTF_FIELD_TIMER | BTF_FIELD_WORKQUEUE))
			return &f->f[i];
	return NULL;
}

static int check_map(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	struct vf_call *c = x->c;

	if (c->map && async_field(c->map) && (c->map != r->map || c->map_uid != r->map_uid))
		return vf_reject(
			env, KF_MAP_OTHER,
			"R%u is map %.16s, but the value given before belongs to another one",
			x->regno, r->map->name);
	c->map = r->map;
	c->map_uid = r->map_uid;
	return 0;
}

/* R7.11: is the key on the stack one constant? */
static void learn_key(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	uint32_t size = x->c->map->key_size, slot, b, n = 0;
	const struct vf_frame *f;
	const struct vf_slot *s;
	int64_t off;

	if (r->base != VF_STACK || !vf_off_is_const(r) || size > 8)
		return;
	off = vf_const_off(r);
	if (off >= 0 || off < -VF_STACK_BYTES)
		return;
	slot = (uint32_t)(-off - 1) / 8;
	b = (uint32_t)(off + 8 * ((int64_t)slot + 1));
	f = env->cur->frame[r->frame];
	if (slot >= f->n_slots)
		return;
	s = &f->slot[slot];
	while (b + n < 8 && s->kind[b + n] == VF_SLOT_ZERO)
		n++;
	if (n >= size) {
		x->c->key_known = true;
		x->c->key = 0;
		return;
	}
	for (n = 0; b == 0 && n < 8 && s->kind[n] == VF_SLOT_SPILL; n++)
		;
	if (n != size || !n || !vf_reg_is_const(&s->reg))
		return;
	x->c->key_known = true;
	x->c->key = s->reg.s.t.v;
}

static bool may_elide_null(const struct vf_env *env, const struct vf_call *c)
{
	uint32_t type = c->map->type;

	return c->helper->id == BPF_FUNC_map_lookup_elem &&
	       (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) &&
	       !(c->map->flags & BPF_F_INNER_MAP) && vf_rule(env, RULE_ARRAY_LOOKUP_NONNULL);
}

static int check_map_key(struct vf_env *env, const struct arg_ctx *x)
{
	struct vf_mem_arg m;
	const struct vf_reg *r;
	int err;

	if (!x->c->map)
		return vf_reject(env, KF_KEY_NO_MAP, "R%u is a key, but the call has no map",
				 x->regno);
	if (!x->c->map->key_size)
		return vf_reject(env, KF_KEY_NO_MAP, "map %.16s has no keys", x->c->map->name);
	m = mem_arg(env, x, x->c->map->key_size);
	m.access = VF_READ;
	err = vf_check_mem_arg(env, x->regno, &m);
	if (err || !may_elide_null(env, x->c))
		return err;
	learn_key(env, x);
	r = &vf_regs(env)[x->regno];
	if (x->c->key_known && x->c->key < x->c->map->max_entries)
		return vf_mark_precise_slot(env, r->frame, (uint32_t)(-vf_const_off(r) - 1) / 8);
	return 0;
}

static int check_map_value(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_map *map = x->c->map;
	struct vf_mem_arg m;

	if ((x->a->flags & HARGF_OR_NULL) && vf_reg_is_null(&vf_regs(env)[x->regno]))
		return 0;
	if (!map)
		return vf_reject(env, KF_KEY_NO_MAP, "R%u is a value, but the call has no map",
				 x->regno);
	if (!map->value_size)
		return vf_reject(env, KF_KEY_NO_MAP, "map %.16s has no values of its own",
				 map->name);
	m = mem_arg(env, x, map->value_size);
	/* a Bloom filter's peek reads the value that it is asked about */
	if (x->a->kind == HARG_MAP_VALUE_UNINIT && map->type != BPF_MAP_TYPE_BLOOM_FILTER) {
		m.access = VF_WRITE;
		m.uninit = true;
	} else {
		m.access = VF_READ;
		m.uninit = false;
	}
	m.pkt_ok = pkt_ok(env, x->c, m.access);
	return vf_check_mem_arg(env, x->regno, &m);
}

/* ---------------------------------------------------------------- memory and sizes */

static int check_aligned(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	/* packet pointers are 2 bytes off: the header before the network header has 14 */
	uint64_t bits = (uint64_t)(int64_t)r->off + r->s.t.v +
			(r->base == VF_PACKET || r->base == VF_PACKET_META ? 2 : 0);

	if (((bits | r->s.t.m) & (x->a->size - 1)) == 0)
		return 0;
	return vf_reject(env, KF_MISALIGNED, "R%u must be aligned to %u bytes for helper %s",
			 x->regno, x->a->size, x->c->helper->name);
}

static int check_mem(struct vf_env *env, const struct arg_ctx *x)
{
	struct vf_mem_arg m;
	int err;

	if (x->a->flags & HARGF_NEXT_SIZE) {
		x->c->mem_regno = x->regno;
		return 0;
	}
	m = mem_arg(env, x, x->a->size);
	err = vf_check_mem_arg(env, x->regno, &m);
	return !err && (x->a->flags & HARGF_ALIGNED) ? check_aligned(env, x) : err;
}

static int check_size(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *s = &vf_regs(env)[x->regno];
	struct arg_ctx mem = {x->c, x->a - 1, x->regno - 1};
	struct vf_mem_arg m = mem_arg(env, &mem, 0);

	x->c->size_max = s->s.umax > INT64_MAX ? INT64_MAX : (int64_t)s->s.umax;
	return vf_check_mem_size(env, x->regno - 1, x->regno, &m, x->a->kind == HARG_SIZE_OR_ZERO);
}

static int check_const_size(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];

	if (!vf_reg_is_const(r))
		return vf_reject(env, KF_HELPER_NOT_CONST,
				 "the size in R%u of helper %s must be a constant", x->regno,
				 x->c->helper->name);
	x->c->has_const = true;
	x->c->const_value = r->s.t.v;
	return vf_mark_precise(env, x->regno);
}

static int check_const_str(struct vf_env *env, const struct arg_ctx *x)
{
	return vf_check_const_str(env, x->regno, NULL, NULL);
}

/* ---------------------------------------------------------------- typed pointers */

/* flags of BTF_ID registers that helpers take: none, TRUSTED or RCU */
static bool plain_btf(const struct vf_reg *r, uint16_t also)
{
	uint16_t f = r->flags & ~also;

	return f == 0 || f == VF_TRUSTED || f == VF_RCU;
}

static int match_kernel_type(struct vf_env *env, const struct arg_ctx *x, const char *name)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	int32_t want = name ? vf_kernel_type_id(env, name) : -ENOENT;
	int64_t off = vf_const_off(r);

	if (want > 0 && off >= 0 && off <= UINT32_MAX &&
	    btf_types_match(r->btf, r->type_id, (uint32_t)off, env->kernel->btf, (uint32_t)want,
			    false))
		return 0;
	vf_note_made(env, r, "the pointer is made here");
	return vf_reject(env, KF_HELPER_BTF_TYPE,
			 "helper %s wants a pointer to struct %s in R%u, not to %s",
			 x->c->helper->name, name ? name : "?", x->regno, vf_reg_type_name(r));
}

static int check_btf(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];

	if (x->c->helper->id == BPF_FUNC_kptr_xchg)
		return 0; /* done with its type, see check_type() */
	if (r->base == VF_SCALAR)
		return 0; /* NULL */
	if (!plain_btf(r, VF_MAYBE_NULL))
		return reject_as(env, x, KF_HELPER_ARG_TRUST, "a pointer to a valid kernel object");
	return match_kernel_type(env, x, kernel_helper_type(x->a->of_type));
}

static int check_sock_btf(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];

	if (r->base != VF_BTF_ID)
		return 0;
	if ((r->flags & ~VF_MAYBE_NULL) != 0 && (r->flags & ~VF_MAYBE_NULL) != VF_TRUSTED)
		return reject_type(env, x, "a socket");
	return match_kernel_type(env, x, "sock_common");
}

static int check_percpu(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	uint16_t f = r->flags;

	if (!(f & VF_PERCPU) || (f & ~(VF_PERCPU | VF_RCU | VF_TRUSTED)))
		return reject_as(env, x, KF_HELPER_ARG_PERCPU, "a pointer to a per-CPU variable");
	x->c->obj_btf = r->btf;
	x->c->obj_type = r->type_id;
	x->c->obj_percpu = f & VF_RCU;
	return 0;
}

static int check_ringbuf_mem(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];

	if (r->flags != VF_RINGBUF)
		return reject_type(env, x, "a record reserved in a ring buffer");
	return 0;
}

/* ---------------------------------------------------------------- objects */

static int check_lock(struct vf_env *env, const struct arg_ctx *x)
{
	if (vf_in_rbtree_less(env))
		return vf_reject(
			env, KF_LESS_CALLBACK,
			"locks cannot be touched inside the comparison of bpf_rbtree_add()");
	if (vf_regs(env)[x->regno].base == VF_BTF_ID && vf_regs(env)[x->regno].flags != VF_ALLOC)
		return reject_type(env, x, "a lock in a map value or an object of the program");
	return vf_lock_arg(env, x->regno, VF_REF_LOCK,
			   x->c->helper->id == BPF_FUNC_spin_lock ? VF_LOCK : VF_UNLOCK);
}

static int check_timer(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	const struct btf_field *f;

	if (!vf_off_is_const(r))
		return vf_reject(env, KF_FIELD_OFFSET,
				 "R%u has no constant offset in its map value", x->regno);
	f = vf_field_at(r->map->fields, BTF_FIELD_TIMER, vf_const_off(r));
	if (!f)
		return vf_reject(env, KF_FIELD_OFFSET,
				 "R%u does not point to the bpf_timer of a value of map %.16s",
				 x->regno, r->map->name);
	x->c->map = r->map;
	x->c->map_uid = r->map_uid;
	return 0;
}

static int check_func(struct vf_env *env, const struct arg_ctx *x)
{
	(void)env;
	x->c->func_regno = x->regno;
	return 0;
}

static int check_kptr_dest(struct vf_env *env, const struct arg_ctx *x)
{
	return vf_kptr_dest(env, x->regno, x->c);
}

static int check_dynptr(struct vf_env *env, const struct arg_ctx *x)
{
	enum vf_dynptr_kind kind = x->a->flags & HARGF_DYNPTR_LOCAL     ? VF_DYNPTR_LOCAL
				   : x->a->flags & HARGF_DYNPTR_RINGBUF ? VF_DYNPTR_RINGBUF
									: VF_DYNPTR_NONE;

	if (x->a->flags & HARGF_UNINIT)
		return vf_dynptr_construct(env, x->regno, kind, 0);
	return vf_dynptr_use(env, x->regno, kind, x->c);
}

static int check_nothing(struct vf_env *env, const struct arg_ctx *x)
{
	(void)env;
	(void)x;
	return 0;
}

static const struct arg_rule rules[] = {
	[HARG_SCALAR] = {VF_B(SCALAR), check_nothing, "a number"},
	[HARG_MAP] = {VF_B(CONST_MAP), check_map, "a map"},
	[HARG_MAP_KEY] = {MEM_BASES, check_map_key, "memory that holds a key"},
	[HARG_MAP_VALUE] = {MEM_BASES, check_map_value, "memory that holds a value"},
	[HARG_MAP_VALUE_UNINIT] = {MEM_BASES, check_map_value, "memory for a value"},
	[HARG_MEM] = {MEM_BASES, check_mem, "memory"},
	[HARG_SIZE] = {VF_B(SCALAR), check_size, "a size"},
	[HARG_SIZE_OR_ZERO] = {VF_B(SCALAR), check_size, "a size"},
	[HARG_CONST_ALLOC_SIZE] = {VF_B(SCALAR), check_const_size, "a constant size"},
	[HARG_CTX] = {VF_B(CTX), check_nothing, "the program's context"},
	[HARG_SPIN_LOCK] = {VF_B(MAP_VALUE) | VF_B(BTF_ID), check_lock, "a spin lock"},
	[HARG_TIMER] = {VF_B(MAP_VALUE), check_timer, "a timer in a map value"},
	[HARG_KPTR_XCHG_DEST] = {VF_B(MAP_VALUE) | VF_B(BTF_ID), check_kptr_dest,
				 "a slot for a kernel pointer"},
	[HARG_BTF_ID] = {VF_B(BTF_ID), check_btf, "a pointer to a kernel object"},
	[HARG_BTF_SOCK_COMMON] = {SOCK_BASES | VF_B(BTF_ID), check_sock_btf, "a socket"},
	[HARG_SOCK_COMMON] = {SOCK_BASES, check_nothing, "a socket"},
	[HARG_SOCKET] = {VF_B(SOCKET), check_nothing, "a full socket"},
	[HARG_PERCPU_BTF_ID] = {VF_B(BTF_ID), check_percpu, "a pointer to a per-CPU variable",
				KF_HELPER_ARG_PERCPU},
	[HARG_RINGBUF_MEM] = {VF_B(MEM), check_ringbuf_mem, "a record reserved in a ring buffer"},
	[HARG_FUNC] = {VF_B(FUNC), check_func, "a function of the program"},
	[HARG_STACK] = {VF_B(STACK), check_nothing, "a pointer to the stack"},
	[HARG_CONST_STR] = {VF_B(MAP_VALUE), check_const_str, "a constant string"},
	[HARG_DYNPTR] = {VF_B(STACK) | VF_B(CONST_DYNPTR), check_dynptr, "a dynptr"},
};

/* memory arguments: which flags a register of an accepted base may carry */
static bool mem_flags_ok(const struct kernel_helper_arg *a, const struct vf_reg *r)
{
	uint16_t f = r->flags;

	if (a->flags & HARGF_RDONLY)
		f &= ~VF_RDONLY;
	if (a->flags & HARGF_OR_NULL)
		f &= ~VF_MAYBE_NULL;
	if (a->kind == HARG_MEM)
		f &= ~VF_DYN_ANY;
	if (r->base == VF_BTF_ID)
		return f == VF_TRUSTED && a->kind == HARG_MEM && (a->flags & HARGF_RDONLY);
	return !f || (r->base == VF_MEM && f == VF_RINGBUF);
}

static bool typed_by_check(uint8_t kind)
{
	return kind == HARG_BTF_ID || kind == HARG_BTF_SOCK_COMMON || kind == HARG_PERCPU_BTF_ID ||
	       kind == HARG_KPTR_XCHG_DEST || kind == HARG_SPIN_LOCK || kind == HARG_RINGBUF_MEM;
}

static int check_type(struct vf_env *env, const struct arg_ctx *x, const struct arg_rule *rule)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	enum diag_code code = rule->code                 ? rule->code
			      : rule->bases == MEM_BASES ? KF_HELPER_ARG_MEM
							 : KF_HELPER_ARG_TYPE;

	if (!(1u << r->base & rule->bases))
		return reject_as(env, x, code, rule->wants);
	if (x->a->kind == HARG_BTF_ID && x->c->helper->id == BPF_FUNC_kptr_xchg)
		return vf_kptr_source(env, x->regno, x->c);
	if ((r->flags & VF_MAYBE_NULL) && vf_reg_is_pointer(r) && !(x->a->flags & HARGF_OR_NULL)) {
		vf_note_made(env, r, "the pointer is made here and may be NULL");
		return vf_reject(env, KF_ARG_MAYBE_NULL, "R%u of helper %s may be NULL", x->regno,
				 x->c->helper->name);
	}
	if (rule->bases == MEM_BASES) {
		if (!mem_flags_ok(x->a, r))
			return reject_as(env, x, code, rule->wants);
	} else if (!typed_by_check(x->a->kind) && vf_reg_is_pointer(r) &&
		   (r->flags & ~VF_MAYBE_NULL)) {
		return reject_type(env, x, rule->wants);
	}
	return 0;
}

/* references: the released argument, and the one that the call's result may depend on */
static int note_reference(struct vf_env *env, const struct arg_ctx *x)
{
	const struct vf_reg *r = &vf_regs(env)[x->regno];
	struct vf_call *c = x->c;

	if (x->a->flags & HARGF_RELEASE) {
		if (x->a->kind != HARG_DYNPTR && !r->ref_id && !vf_reg_is_null(r)) {
			vf_note_made(env, r, "the pointer is made here");
			return vf_reject(env, KF_REL_UNOWNED,
					 "helper %s releases R%u, which the program does not own",
					 c->helper->name, x->regno);
		}
		if (c->release_regno)
			return vf_reject(env, KF_REL_MANY, "helper %s releases two arguments",
					 c->helper->name);
		c->release_regno = x->regno;
	}
	if (!r->ref_id || !vf_reg_is_pointer(r) || x->a->kind == HARG_KPTR_XCHG_DEST)
		return 0;
	if (c->ref_id)
		return vf_reject(env, KF_HELPER_REFS,
				 "two arguments of helper %s are owned pointers", c->helper->name);
	c->ref_id = r->ref_id;
	return 0;
}

/* SOCKMAP and SOCKHASH hold sockets: their values are given as such, and never taken out */
static int want_socket(struct vf_env *env, struct arg_ctx *x, struct kernel_helper_arg *sock)
{
	uint8_t kind = x->a->kind;

	if ((kind != HARG_MAP_VALUE && kind != HARG_MAP_VALUE_UNINIT) || !x->c->map ||
	    (x->c->map->type != BPF_MAP_TYPE_SOCKMAP && x->c->map->type != BPF_MAP_TYPE_SOCKHASH))
		return 0;
	if (kind == HARG_MAP_VALUE_UNINIT || (x->a->flags & HARGF_OR_NULL))
		return vf_reject(env, KF_MAP_HELPER_MISMATCH,
				 "helper %s does not take values of map %.16s, which are sockets",
				 x->c->helper->name, x->c->map->name);
	*sock = (struct kernel_helper_arg){.kind = HARG_BTF_SOCK_COMMON};
	x->a = sock;
	return 0;
}

int vf_check_helper_arg(struct vf_env *env, struct vf_call *c, uint32_t i)
{
	struct arg_ctx x = {c, &c->helper->arg[i], i + 1};
	const struct vf_reg *r;
	struct kernel_helper_arg sock;
	const struct arg_rule *rule;
	int err = vf_check_reg_read(env, x.regno);

	if (err)
		return err;
	r = &vf_regs(env)[x.regno];
	if (x.a->kind == HARG_ANY) {
		if (!env->privileged && vf_reg_is_pointer(r))
			return vf_reject(env, KF_PTR_LEAK,
					 "R%u passes a kernel address to helper %s", x.regno,
					 c->helper->name);
		return 0;
	}
	if ((1u << r->base & (VF_B(PACKET) | VF_B(PACKET_META))) && !pkt_ok(env, c, VF_READ))
		return vf_reject(env, KF_HELPER_ARG_MEM,
				 "helper %s does not take packet bytes (R%u)", c->helper->name,
				 x.regno);
	err = want_socket(env, &x, &sock);
	if (err)
		return err;
	rule = &rules[x.a->kind];
	if (!rule->check)
		return vf_unsupported(env, "kind of helper argument");
	if (!(x.a->flags & HARGF_OR_NULL) || !vf_reg_is_null(r)) {
		err = check_type(env, &x, rule);
		if (!err && vf_reg_is_pointer(r))
			err = vf_check_arg_offset(env, x.regno, x.a->flags & HARGF_RELEASE, true,
						  x.a->kind == HARG_DYNPTR);
		if (err)
			return err;
	} else if (x.a->kind == HARG_CONST_STR || x.a->kind == HARG_FUNC) {
		return 0;
	}
	err = note_reference(env, &x);
	return err ? err : rule->check(env, &x);
}
