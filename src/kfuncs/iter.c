/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Iterators over numbers and over the bits of a memory area, and the two casts (kfunc
 * spec 10.5, 12.7, 12.8). An iterator whose constructor failed yields nothing; destroying it is
 * always right.
 */
#include "kfuncs/kfuncs.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/kern_ctx.h"
#include "runtime/probe_ptr.h"

#define NUM_MAX_RANGE  (1 << 23)
#define BITS_MAX_WORDS 511

struct bpf_iter_num_kern {
	int cur; /* last number handed out */
	int end; /* one past the last */
} __attribute__((aligned(8)));

struct bpf_iter_bits {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_iter_bits_kern {
	union {
		u64 *words; /* nr_bits > 64 */
		u64 word;
	};
	int nr_bits;
	int bit; /* last bit handed out */
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct bpf_iter_num_kern) == sizeof(struct bpf_iter_num), "");
_Static_assert(sizeof(struct bpf_iter_bits_kern) == sizeof(struct bpf_iter_bits), "");

__bpf_kfunc_start_defs();

/**
 * bpf_iter_num_new() - begin to count
 * @it: iterator on the program's stack
 * @start: first number
 * @end: number to stop before
 *
 * Return: 0; -EINVAL when @start is greater than @end; -E2BIG for more than 8388608 numbers.
 */
__bpf_kfunc int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)
{
	struct bpf_iter_num_kern *s = (void *)it;
	int err = 0;

	if (start > end)
		err = -EINVAL;
	else if ((s64)end - (s64)start > NUM_MAX_RANGE)
		err = -E2BIG;
	s->cur = err ? -1 : (int)((unsigned int)start - 1);
	s->end = err ? 0 : end;
	return err;
}

/**
 * bpf_iter_num_next() - the next number
 * @it: iterator made by bpf_iter_num_new()
 *
 * Return: address of the number, valid until the next call; NULL at the end, and ever after.
 */
__bpf_kfunc int *bpf_iter_num_next(struct bpf_iter_num *it)
{
	struct bpf_iter_num_kern *s = (void *)it;

	/* start may be INT_MIN: count without overflow */
	if ((s64)(int)((unsigned int)s->cur + 1) >= s->end) {
		s->cur = -1;
		s->end = 0;
		return NULL;
	}
	s->cur = (int)((unsigned int)s->cur + 1);
	return &s->cur;
}

/**
 * bpf_iter_num_destroy() - end counting
 * @it: iterator made by bpf_iter_num_new()
 */
__bpf_kfunc void bpf_iter_num_destroy(struct bpf_iter_num *it)
{
	memset(it, 0, sizeof(*it));
}

/**
 * bpf_iter_bits_new() - begin to walk over the set bits of a memory area
 * @it: iterator on the program's stack
 * @unsafe_ptr__ign: words to look at; any address may be given, the words are copied with fault
 * checks
 * @nr_words: how many, at most 511
 *
 * Return: 0; -EINVAL without address or words; -E2BIG for too many; -EFAULT, -ENOMEM.
 */
__bpf_kfunc int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign,
				  u32 nr_words)
{
	struct bpf_iter_bits_kern *s = (void *)it;
	u64 *words = NULL;

	memset(s, 0, sizeof(*s));
	s->bit = -1;
	if (!unsafe_ptr__ign || !nr_words)
		return -EINVAL;
	if (nr_words > BITS_MAX_WORDS)
		return -E2BIG;
	if (nr_words > 1) {
		words = mem_alloc(nr_words * sizeof(*words));
		if (!words)
			return -ENOMEM;
	}
	if (rt_probe_read(words ? words : &s->word, (u64)(unsigned long)unsafe_ptr__ign,
			  nr_words * (u32)sizeof(u64))) {
		mem_free(words);
		s->word = 0;
		return -EFAULT;
	}
	if (words)
		s->words = words;
	s->nr_bits = (int)nr_words * 64;
	return 0;
}

/**
 * bpf_iter_bits_next() - the next set bit
 * @it: iterator made by bpf_iter_bits_new()
 *
 * Return: address of the bit's number, counted from the lowest bit of the first word; NULL at the
 * end.
 */
__bpf_kfunc int *bpf_iter_bits_next(struct bpf_iter_bits *it)
{
	struct bpf_iter_bits_kern *s = (void *)it;
	const u64 *words = s->nr_bits > 64 ? s->words : &s->word;
	int bit = s->bit + 1;

	while (bit < s->nr_bits) {
		u64 rest = words[bit / 64] >> (bit % 64);

		if (rest) {
			s->bit = bit + __builtin_ctzll(rest);
			return &s->bit;
		}
		bit = (bit / 64 + 1) * 64;
	}
	s->bit = s->nr_bits;
	return NULL;
}

/**
 * bpf_iter_bits_destroy() - end a walk over bits
 * @it: iterator made by bpf_iter_bits_new()
 */
__bpf_kfunc void bpf_iter_bits_destroy(struct bpf_iter_bits *it)
{
	struct bpf_iter_bits_kern *s = (void *)it;

	if (s->nr_bits > 64)
		mem_free(s->words);
	memset(s, 0, sizeof(*s));
}

/**
 * bpf_cast_to_kern_ctx() - see a program's context as the kernel's own type
 * @obj: the context
 *
 * Return: the kernel structure behind the context (struct sk_buff for struct __sk_buff, and so on),
 * trusted and not NULL. For packets it says what was true at the time of the call; members may be
 * read again after another call.
 */
__bpf_kfunc void *bpf_cast_to_kern_ctx(void *obj)
{
	return rt_ctx_to_kern(obj);
}

/**
 * bpf_rdonly_cast() - read memory as if it had a type
 * @obj__ign: any address or number
 * @btf_id__k: id of a struct of the kernel's BTF, known when the program is loaded; 0 for bytes
 *
 * Return: the same address as an untrusted pointer to that type: every load through it is checked
 * and gives 0 where nothing can be read.
 */
__bpf_kfunc void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k)
{
	(void)btf_id__k;
	return (void *)obj__ign;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_iter_set)
BTF_ID_FLAGS(func, bpf_iter_num_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_num_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_num_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iter_bits_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_bits_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_bits_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_cast_to_kern_ctx, KF_FASTCALL)
BTF_ID_FLAGS(func, bpf_rdonly_cast, KF_FASTCALL)
BTF_KFUNCS_END(kfuncs_iter_set)
BTF_ID_GLOBAL(kfuncs_iter_set)
