/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Dynptrs of packets (kfunc spec 12.5) in a few instructions: making one of the program's own packet, and
 * the address of a part that lies in it. Everything else, every failure too, is left to the functions of
 * runtime/dynptr_ops.c, which these are a short way of.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

#include "runtime/dynptr.h"

#define DATA     0
#define SIZE     (int32_t)offsetof(struct rt_dynptr, size)
#define OFFSET   (int32_t)offsetof(struct rt_dynptr, offset)
#define KIND(k)  ((uint32_t)(k) << 28)
#define SLOW_MAX 4

_Static_assert(offsetof(struct rt_dynptr, data) == DATA && OFFSET == SIZE + 4,
	       "as the code below writes it");

struct slow {
	uint32_t from[SLOW_MAX];
	int n;
};

/* a jump to the call, on condition cc */
static void slow_if(struct x86 *x, struct slow *s, uint8_t cc)
{
	s->from[s->n++] = jump8(x, 0x70 | cc);
}

/* where both ways meet: r0 has the result */
static void end(struct x86 *x, const struct slow *s, const void *fn, bool is_int)
{
	uint32_t done = jump8(x, 0xeb);

	for (int i = 0; i < s->n; i++)
		land8(x, s->from[i]);
	x86_call_addr(x, fn);
	if (is_int) { /* movsxd rax, eax */
		e1(x, 0x48);
		e1(x, 0x63);
		e1(x, 0xc0);
	}
	land8(x, done);
}

/* where the packet's bounds are in the context; the kind of dynptr */
struct packet {
	int32_t data, end;
	uint32_t kind;
};

static bool packet_of(const struct x86 *x, struct packet *p)
{
	bool skb = rt_ctx_is_skb(x->prog->type);
	int32_t pkt = skb ? offsetof(struct rt_skb, pkt) : offsetof(struct rt_xdp, pkt);

	p->data = pkt + (int32_t)offsetof(struct rt_packet, data);
	p->end = pkt + (int32_t)offsetof(struct rt_packet, data_end);
	p->kind = KIND(skb ? RT_DYNPTR_SKB : RT_DYNPTR_XDP);
	return skb || x->prog->type == BPF_PROG_TYPE_XDP;
}

/* op reg, [base + disp]: add 0x03, sub 0x2b */
static void op_at(struct x86 *x, bool w, uint8_t op, int reg, int base, int32_t disp)
{
	rex(x, w, reg, base, false);
	e1(x, op);
	mem(x, reg, base, disp);
}

/* (context, flags, dynptr) */
bool x86_dynptr_from_packet(struct x86 *x, const void *fn)
{
	const struct kernel_prog_type *type = kernel_prog_type(x->prog->kernel, x->prog->type);
	struct slow s = {.n = 0};
	struct packet p;

	if (!packet_of(x, &p) || !type)
		return false;
	load_at(x, true, RAX, RDI, p.end);
	op_at(x, true, 0x2b, RAX, RDI, p.data);
	op_rr(x, true, 0x85, RSI, RSI);
	slow_if(x, &s, 0x5);
	grp1_imm(x, true, 7, RAX, RT_DYNPTR_MAX_SIZE);
	slow_if(x, &s, 0x7);
	grp1_imm(x, false, 1, RAX, (int32_t)(p.kind | (type->pkt_write ? 0 : RT_DYNPTR_RDONLY)));
	store_at(x, true, RDI, RDX, DATA);
	store_at(x, true, RAX, RDX, SIZE); /* and the offset: the upper half is 0 */
	op_rr(x, false, 0x31, RAX, RAX);
	end(x, &s, fn, true);
	return true;
}

static void shift_right(struct x86 *x, int reg, uint8_t by)
{
	rex(x, false, 0, reg, false);
	e1(x, 0xc1);
	e1(x, 0xe8 | (reg & 7));
	e1(x, by);
}

/*
 * (dynptr, offset, buffer, length). The part must lie in the view, and the view's part in the packet as it
 * is now. r10 and r11: where the part begins and ends.
 */
static bool slice(struct x86 *x, const void *fn, bool write)
{
	struct slow s = {.n = 0};
	struct packet p;

	if (!packet_of(x, &p))
		return false;
	load_at(x, false, RAX, RDI, SIZE);
	mov_rr(x, false, TMP0, RAX);
	shift_right(x, TMP0, 28);
	if (!write) /* a read-only one will do */
		grp1_imm(x, false, 4, TMP0, 7);
	grp1_imm(x, false, 7, TMP0, (int32_t)(p.kind >> 28));
	slow_if(x, &s, 0x5);
	grp1_imm(x, false, 4, RAX, RT_DYNPTR_MAX_SIZE);
	mov_rr(x, false, TMP1, RSI);
	mov_rr(x, false, TMP2, RCX);
	op_rr(x, true, 0x01, TMP1, TMP2);
	op_rr(x, true, 0x39, RAX, TMP2);
	slow_if(x, &s, 0x7);
	load_at(x, false, RAX, RDI, OFFSET);
	op_rr(x, true, 0x01, RAX, TMP1);
	op_rr(x, true, 0x01, RAX, TMP2);
	load_at(x, true, TMP0, RDI, DATA);
	load_at(x, true, RAX, TMP0, p.data);
	load_at(x, true, TMP0, TMP0, p.end);
	op_rr(x, true, 0x29, RAX, TMP0);
	op_rr(x, true, 0x39, TMP0, TMP2);
	slow_if(x, &s, 0x7);
	op_rr(x, true, 0x01, TMP1, RAX);
	end(x, &s, fn, false);
	return true;
}

bool x86_dynptr_slice(struct x86 *x, const void *fn)
{
	return slice(x, fn, false);
}

bool x86_dynptr_slice_rdwr(struct x86 *x, const void *fn)
{
	return slice(x, fn, true);
}

#endif
