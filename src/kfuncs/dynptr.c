/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs on dynptrs (kfunc spec 12.5), on runtime/dynptr_ops.c. Left out: dynptrs of files, and
 * those that are filled from user memory.
 */
#include "kfuncs/kfuncs.h"

#include "runtime/dynptr.h"
#include "runtime/dynptr_ops.h"

__bpf_kfunc_start_defs();

/**
 * bpf_dynptr_from_skb() - see a packet through a dynptr
 * @s: the program's context
 * @flags: 0
 * @ptr__uninit: dynptr to make; read-only where programs of this type may not change packets
 *
 * Return: 0; -EINVAL for other flags, and the dynptr is then a null one.
 */
__bpf_kfunc int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)
{
	return rt_dynptr_of_packet(s, RT_DYNPTR_OF_SKB, flags, ptr__uninit);
}

/**
 * bpf_dynptr_from_skb_meta() - see the metadata in front of a packet through a dynptr
 * @skb_: the program's context
 * @flags: 0
 * @ptr__uninit: dynptr to make
 *
 * Return: 0; -EINVAL for other flags, and the dynptr is then a null one.
 */
__bpf_kfunc int bpf_dynptr_from_skb_meta(struct __sk_buff *skb_, u64 flags,
					 struct bpf_dynptr *ptr__uninit)
{
	return rt_dynptr_of_packet(skb_, RT_DYNPTR_OF_SKB_META, flags, ptr__uninit);
}

/**
 * bpf_dynptr_from_xdp() - see a frame through a dynptr
 * @x: the program's context
 * @flags: 0
 * @ptr__uninit: dynptr to make
 *
 * Return: 0; -EINVAL for other flags, and the dynptr is then a null one.
 */
__bpf_kfunc int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)
{
	return rt_dynptr_of_packet(x, RT_DYNPTR_OF_XDP, flags, ptr__uninit);
}

/**
 * bpf_dynptr_slice() - look at a part of a dynptr's memory
 * @p: dynptr to look into
 * @offset: where the part begins
 * @buffer__opt: memory of @buffer__szk bytes for data that lie in pieces, or NULL; not needed here
 * @buffer__szk: size of the part, a constant
 *
 * Example::
 *
 *	SEC("tc")
 *	int is_ipv4(struct __sk_buff *skb)
 *	{
 *		struct bpf_dynptr packet;
 *		u8 room[14], *eth;
 *
 *		if (bpf_dynptr_from_skb((void *)skb, 0, &packet))
 *			return 0;
 *		eth = bpf_dynptr_slice(&packet, 0, room, sizeof(room));
 *		return eth && eth[12] == 8 && eth[13] == 0;
 *	}
 *
 * Return: read-only address of the part; NULL when it is not inside or @p is a null dynptr.
 */
__bpf_kfunc void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt,
				   u32 buffer__szk)
{
	(void)buffer__opt;
	return rt_dynptr_slice(p, offset, buffer__szk, false);
}

/**
 * bpf_dynptr_slice_rdwr() - work on a part of a dynptr's memory
 * @p: dynptr to look into
 * @offset: where the part begins
 * @buffer__opt: memory of @buffer__szk bytes for data that lie in pieces, or NULL; not needed here
 * @buffer__szk: size of the part, a constant
 *
 * Example::
 *
 *	SEC("xdp")
 *	int clear_marks(struct xdp_md *ctx)
 *	{
 *		struct bpf_dynptr packet;
 *		u8 room[2], *p;
 *
 *		if (bpf_dynptr_from_xdp(ctx, 0, &packet))
 *			return XDP_PASS;
 *		p = bpf_dynptr_slice_rdwr(&packet, 14, room, sizeof(room));
 *		if (!p)
 *			return XDP_PASS;
 *		p[1] = 0;
 *		if (p == room) // a copy has to be written back
 *			bpf_dynptr_write(&packet, 14, room, sizeof(room), 0);
 *		return XDP_PASS;
 *	}
 *
 * Return: address of the part; NULL when it is not inside, or @p is read-only or a null dynptr.
 */
__bpf_kfunc void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer__opt,
					u32 buffer__szk)
{
	(void)buffer__opt;
	return rt_dynptr_slice(p, offset, buffer__szk, true);
}

/**
 * bpf_dynptr_adjust() - narrow a dynptr's view
 * @p: dynptr to change
 * @start: new beginning, counted from the present one
 * @end: new end, counted from the present beginning
 *
 * Return: 0; -EINVAL for a null dynptr or when @start is greater than @end; -ERANGE beyond the
 * size.
 */
__bpf_kfunc int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end)
{
	return rt_dynptr_adjust((void *)p, start, end);
}

/**
 * bpf_dynptr_is_null() - tell whether a dynptr leads nowhere
 * @p: dynptr to look at
 *
 * Return: true for one whose construction failed.
 */
__bpf_kfunc bool bpf_dynptr_is_null(const struct bpf_dynptr *p)
{
	return rt_dynptr_is_null(p);
}

/**
 * bpf_dynptr_is_rdonly() - tell whether a dynptr's memory may only be read
 * @p: dynptr to look at
 *
 * Return: true if so; false for a null dynptr.
 */
__bpf_kfunc bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p)
{
	return rt_dynptr_is_rdonly(p);
}

/**
 * bpf_dynptr_size() - size of a dynptr's view
 * @p: dynptr to look at
 *
 * Return: bytes; -EINVAL, as an unsigned number, for a null dynptr.
 */
__bpf_kfunc __u32 bpf_dynptr_size(const struct bpf_dynptr *p)
{
	const struct rt_dynptr *d = (const void *)p;

	return d->data ? rt_dynptr_size(d) : (__u32)-EINVAL;
}

/**
 * bpf_dynptr_clone() - make another dynptr on the same memory
 * @p: dynptr to copy
 * @clone__uninit: dynptr to make, with a view of its own
 *
 * Return: 0; -EINVAL for a null dynptr, and the clone is then one too.
 */
__bpf_kfunc int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)
{
	return rt_dynptr_clone(p, clone__uninit);
}

/**
 * bpf_dynptr_copy() - copy between two dynptrs
 * @dst_ptr: where to
 * @dst_off: offset there
 * @src_ptr: where from; may be the same memory
 * @src_off: offset there
 * @size: how many bytes
 *
 * Return: 0; -EINVAL for a null dynptr or a read-only @dst_ptr; -E2BIG beyond either's size.
 */
__bpf_kfunc int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr,
				u32 src_off, u32 size)
{
	return rt_dynptr_copy(dst_ptr, dst_off, src_ptr, src_off, size);
}

/**
 * bpf_dynptr_memset() - fill a part of a dynptr's memory
 * @p: dynptr to write to
 * @offset: where the part begins
 * @size: how many bytes
 * @val: what each byte becomes
 *
 * Return: 0; -EINVAL for a null or read-only dynptr; -E2BIG beyond its size.
 */
__bpf_kfunc int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val)
{
	return rt_dynptr_fill(p, offset, size, val);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_dynptr_set)
BTF_ID_FLAGS(func, bpf_dynptr_slice, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_dynptr_slice_rdwr, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_dynptr_adjust)
BTF_ID_FLAGS(func, bpf_dynptr_is_null)
BTF_ID_FLAGS(func, bpf_dynptr_is_rdonly)
BTF_ID_FLAGS(func, bpf_dynptr_size)
BTF_ID_FLAGS(func, bpf_dynptr_clone)
BTF_ID_FLAGS(func, bpf_dynptr_copy)
BTF_ID_FLAGS(func, bpf_dynptr_memset)
BTF_KFUNCS_END(kfuncs_dynptr_set)
BTF_ID_GLOBAL(kfuncs_dynptr_set)

BTF_KFUNCS_START(kfuncs_dynptr_skb_set)
BTF_ID_FLAGS(func, bpf_dynptr_from_skb, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(kfuncs_dynptr_skb_set)
BTF_ID_GLOBAL(kfuncs_dynptr_skb_set)

BTF_KFUNCS_START(kfuncs_dynptr_meta_set)
BTF_ID_FLAGS(func, bpf_dynptr_from_skb_meta, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(kfuncs_dynptr_meta_set)
BTF_ID_GLOBAL(kfuncs_dynptr_meta_set)

BTF_KFUNCS_START(kfuncs_dynptr_xdp_set)
BTF_ID_FLAGS(func, bpf_dynptr_from_xdp)
BTF_KFUNCS_END(kfuncs_dynptr_xdp_set)
BTF_ID_GLOBAL(kfuncs_dynptr_xdp_set)
