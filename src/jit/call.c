/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the dispatch loop calls: kfuncs with conversions, the target of a tail call, packet loads.
 *
 * A kfunc is an ordinary C function. Programs pass 64-bit registers, so arguments narrower than an
 * int are brought to the form that compilers expect of a caller, and results narrower than a
 * register, whose upper bits the C ABI leaves open, are extended by the declared type (kfunc
 * spec 3.1, 4).
 */
#include <string.h>

#include "jit/interp.h"
#include "runtime/ctx.h"
#include "verifier/record.h"

static uint64_t convert(uint8_t conv, uint64_t v)
{
	switch (conv) {
	case CONV_U32:
		return (uint32_t)v;
	case CONV_S32:
		return (uint64_t)(int32_t)v;
	case CONV_U16:
		return (uint16_t)v;
	case CONV_S16:
		return (uint64_t)(int16_t)v;
	case CONV_U8:
		return (uint8_t)v;
	case CONV_S8:
		return (uint64_t)(int8_t)v;
	case CONV_BOOL:
		return (uint8_t)v != 0;
	default:
		return v;
	}
}

void interp_call_kfunc(const struct interp_kfunc *k, uint64_t *r)
{
	uint64_t a[6];
	uint32_t i;

	for (i = 0; i < 5; i++)
		a[i + 1] = convert(k->arg[i], r[i + 1]);
	for (i = 0; i < k->n_fill; i++)
		a[k->fill_reg[i]] = k->fill[i];
	r[0] = convert(k->ret, k->fn(a[1], a[2], a[3], a[4], a[5]));
}

const struct rt_prog *interp_tail_target(struct interp_run *run, uint64_t map, uint64_t index)
{
	struct rt_map *array = (struct rt_map *)(uintptr_t)map;
	uint32_t i = (uint32_t)index;
	const struct rt_prog *to;

	if (i >= array->desc.max_entries || run->cpu->tail_calls >= INTERP_TAIL_CALLS)
		return NULL;
	run->cpu->tail_calls++;
	to = array->ops->lookup(array, &i);
	return to && to->code ? to : NULL;
}

/* Offsets below zero are relative to a header (classic BPF's convention). */
#define NET_BASE  (-0x100000)
#define LINK_BASE (-0x200000)

bool interp_ld_abs(const void *ctx, int64_t off, uint32_t size, uint64_t *val)
{
	const struct rt_skb *skb = ctx;
	const uint8_t *lo = skb->pkt.data, *hi = skb->pkt.data_end;
	uint32_t v32;
	uint16_t v16;

	if (off < 0) {
		lo = off >= NET_BASE ? skb->net : skb->mac;
		off -= off >= NET_BASE ? NET_BASE : LINK_BASE;
		if (off < 0 || !lo)
			return false;
	}
	if (off > hi - lo || size > (uint64_t)(hi - lo - off))
		return false;
	switch (size) {
	case 1:
		*val = lo[off];
		break;
	case 2:
		memcpy(&v16, lo + off, 2);
		*val = __builtin_bswap16(v16);
		break;
	default:
		memcpy(&v32, lo + off, 4);
		*val = __builtin_bswap32(v32);
	}
	return true;
}

void interp_check(struct interp_run *run, const struct interp_op *ip, const uint64_t *r)
{
	struct interp_code *code = run->prog->code;
	char why[sizeof(code->violation)];

	atomic_fetch_add_explicit(&code->checks, 1, memory_order_relaxed);
	if (vf_record_covers(run->prog->facts.record, (uint32_t)(ip - code->ops), r, why,
			     sizeof(why)))
		return;
	if (atomic_fetch_add(&code->violations, 1) == 0)
		memcpy(code->violation, why, sizeof(why));
}
