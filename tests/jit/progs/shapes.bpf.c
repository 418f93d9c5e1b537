// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Programs of unusual shape, for both engines: deep calls with large frames, a jump table's worth of branches,
 * exceptions out of loops, callbacks and depth, tail calls of functions, atomics on maps, registers that live
 * over all of that, loads that may fault. in[] comes from ../test_shapes.c, everything ends up in out[].
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline bool more(void)
{
	asm goto("may_goto %l[stop]" : : : : stop);
	return true;
stop:
	return false;
}

struct numbers {
	__u64 in[4];
	__u64 out[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64[4]);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} counts SEC(".maps");

__u64 global[8];
__u32 words[8];

/* ---- eight functions deep, all with their own memory and values kept over calls ---- */

#define LEVEL(name, next, k)                                                                       \
	static __noinline __u64 name(__u64 a, __u64 b, __u64 c, __u64 d, __u64 e)                  \
	{                                                                                          \
		volatile __u64 own[3] = {a ^ k, b + c, d * k};                                     \
		__u64 r = next(b + k, c ^ a, d - e, e * 3, a + own[0]);                            \
                                                                                                   \
		own[1] += r;                                                                       \
		return a + own[0] * b - own[1] + (c ^ own[2]) + d + e + r;                         \
	}

static __noinline __u64 level7(__u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	volatile __u32 own[6] = {a, b, c, d, e, a ^ e};

	return (a % (b | 1)) + (c / (d | 1)) + own[5] * (__u64)own[2] + (__s64)(__s8)e;
}
LEVEL(level6, level7, 6)
LEVEL(level5, level6, 5)
LEVEL(level4, level5, 4)
LEVEL(level3, level4, 3)
LEVEL(level2, level3, 2)
LEVEL(level1, level2, 1)

SEC("syscall") int deep_calls(struct numbers *n)
{
	n->out[0] = level1(n->in[0], n->in[1], n->in[2], n->in[3], 7);
	n->out[1] = level1(n->in[3], n->in[0] >> 3, n->out[0], n->in[1], n->in[2]);
	n->out[2] = level4(n->out[0], n->out[1], 1, 2, 3);
	return 0;
}

/* ---- branches far away ---- */

static __noinline __u64 chosen(struct numbers *n, __u64 x, __u32 which)
{
	__u64 y = 1;

	switch (which) {
	case 0: x = x * 1000003 + (x >> 1); n->out[0] ^= x; y += x % 5; break;
	case 7: x = x * 1000020 + (x >> 2); n->out[1] ^= x; y += x % 8; break;
	case 14: x = x * 1000037 + (x >> 3); n->out[2] ^= x; y += x % 11; break;
	case 21: x = x * 1000054 + (x >> 4); n->out[3] ^= x; y += x % 14; break;
	case 28: x = x * 1000071 + (x >> 5); n->out[4] ^= x; y += x % 17; break;
	case 35: x = x * 1000088 + (x >> 6); n->out[5] ^= x; y += x % 20; break;
	case 42: x = x * 1000105 + (x >> 7); n->out[6] ^= x; y += x % 23; break;
	case 49: x = x * 1000122 + (x >> 8); n->out[7] ^= x; y += x % 26; break;
	case 56: x = x * 1000139 + (x >> 9); n->out[0] ^= x; y += x % 29; break;
	case 63: x = x * 1000156 + (x >> 10); n->out[1] ^= x; y += x % 32; break;
	case 70: x = x * 1000173 + (x >> 11); n->out[2] ^= x; y += x % 35; break;
	case 77: x = x * 1000190 + (x >> 12); n->out[3] ^= x; y += x % 38; break;
	case 84: x = x * 1000207 + (x >> 13); n->out[4] ^= x; y += x % 41; break;
	case 91: x = x * 1000224 + (x >> 14); n->out[5] ^= x; y += x % 44; break;
	case 98: x = x * 1000241 + (x >> 15); n->out[6] ^= x; y += x % 47; break;
	case 105: x = x * 1000258 + (x >> 16); n->out[7] ^= x; y += x % 50; break;
	case 112: x = x * 1000275 + (x >> 17); n->out[0] ^= x; y += x % 53; break;
	case 119: x = x * 1000292 + (x >> 18); n->out[1] ^= x; y += x % 56; break;
	case 126: x = x * 1000309 + (x >> 19); n->out[2] ^= x; y += x % 59; break;
	case 133: x = x * 1000326 + (x >> 20); n->out[3] ^= x; y += x % 62; break;
	case 140: x = x * 1000343 + (x >> 21); n->out[4] ^= x; y += x % 65; break;
	case 147: x = x * 1000360 + (x >> 22); n->out[5] ^= x; y += x % 68; break;
	case 154: x = x * 1000377 + (x >> 23); n->out[6] ^= x; y += x % 71; break;
	case 161: x = x * 1000394 + (x >> 24); n->out[7] ^= x; y += x % 74; break;
	case 168: x = x * 1000411 + (x >> 25); n->out[0] ^= x; y += x % 77; break;
	case 175: x = x * 1000428 + (x >> 26); n->out[1] ^= x; y += x % 80; break;
	case 182: x = x * 1000445 + (x >> 27); n->out[2] ^= x; y += x % 83; break;
	case 189: x = x * 1000462 + (x >> 28); n->out[3] ^= x; y += x % 86; break;
	case 196: x = x * 1000479 + (x >> 29); n->out[4] ^= x; y += x % 89; break;
	case 203: x = x * 1000496 + (x >> 30); n->out[5] ^= x; y += x % 92; break;
	case 210: x = x * 1000513 + (x >> 31); n->out[6] ^= x; y += x % 95; break;
	case 217: x = x * 1000530 + (x >> 1); n->out[7] ^= x; y += x % 98; break;
	case 224: x = x * 1000547 + (x >> 2); n->out[0] ^= x; y += x % 101; break;
	case 231: x = x * 1000564 + (x >> 3); n->out[1] ^= x; y += x % 104; break;
	case 238: x = x * 1000581 + (x >> 4); n->out[2] ^= x; y += x % 107; break;
	case 245: x = x * 1000598 + (x >> 5); n->out[3] ^= x; y += x % 110; break;
	case 252: x = x * 1000615 + (x >> 6); n->out[4] ^= x; y += x % 113; break;
	case 259: x = x * 1000632 + (x >> 7); n->out[5] ^= x; y += x % 116; break;
	case 266: x = x * 1000649 + (x >> 8); n->out[6] ^= x; y += x % 119; break;
	case 273: x = x * 1000666 + (x >> 9); n->out[7] ^= x; y += x % 122; break;
	case 280: x = x * 1000683 + (x >> 10); n->out[0] ^= x; y += x % 125; break;
	case 287: x = x * 1000700 + (x >> 11); n->out[1] ^= x; y += x % 128; break;
	case 294: x = x * 1000717 + (x >> 12); n->out[2] ^= x; y += x % 131; break;
	case 301: x = x * 1000734 + (x >> 13); n->out[3] ^= x; y += x % 134; break;
	case 308: x = x * 1000751 + (x >> 14); n->out[4] ^= x; y += x % 137; break;
	case 315: x = x * 1000768 + (x >> 15); n->out[5] ^= x; y += x % 140; break;
	case 322: x = x * 1000785 + (x >> 16); n->out[6] ^= x; y += x % 143; break;
	case 329: x = x * 1000802 + (x >> 17); n->out[7] ^= x; y += x % 146; break;
	case 336: x = x * 1000819 + (x >> 18); n->out[0] ^= x; y += x % 149; break;
	case 343: x = x * 1000836 + (x >> 19); n->out[1] ^= x; y += x % 152; break;
	case 350: x = x * 1000853 + (x >> 20); n->out[2] ^= x; y += x % 155; break;
	case 357: x = x * 1000870 + (x >> 21); n->out[3] ^= x; y += x % 158; break;
	case 364: x = x * 1000887 + (x >> 22); n->out[4] ^= x; y += x % 161; break;
	case 371: x = x * 1000904 + (x >> 23); n->out[5] ^= x; y += x % 164; break;
	case 378: x = x * 1000921 + (x >> 24); n->out[6] ^= x; y += x % 167; break;
	case 385: x = x * 1000938 + (x >> 25); n->out[7] ^= x; y += x % 170; break;
	case 392: x = x * 1000955 + (x >> 26); n->out[0] ^= x; y += x % 173; break;
	case 399: x = x * 1000972 + (x >> 27); n->out[1] ^= x; y += x % 176; break;
	case 406: x = x * 1000989 + (x >> 28); n->out[2] ^= x; y += x % 179; break;
	case 413: x = x * 1001006 + (x >> 29); n->out[3] ^= x; y += x % 182; break;
	case 420: x = x * 1001023 + (x >> 30); n->out[4] ^= x; y += x % 185; break;
	case 427: x = x * 1001040 + (x >> 31); n->out[5] ^= x; y += x % 188; break;
	case 434: x = x * 1001057 + (x >> 1); n->out[6] ^= x; y += x % 191; break;
	case 441: x = x * 1001074 + (x >> 2); n->out[7] ^= x; y += x % 194; break;
	case 448: x = x * 1001091 + (x >> 3); n->out[0] ^= x; y += x % 197; break;
	case 455: x = x * 1001108 + (x >> 4); n->out[1] ^= x; y += x % 200; break;
	case 462: x = x * 1001125 + (x >> 5); n->out[2] ^= x; y += x % 203; break;
	case 469: x = x * 1001142 + (x >> 6); n->out[3] ^= x; y += x % 206; break;
	case 476: x = x * 1001159 + (x >> 7); n->out[4] ^= x; y += x % 209; break;
	case 483: x = x * 1001176 + (x >> 8); n->out[5] ^= x; y += x % 212; break;
	case 490: x = x * 1001193 + (x >> 9); n->out[6] ^= x; y += x % 215; break;
	case 497: x = x * 1001210 + (x >> 10); n->out[7] ^= x; y += x % 218; break;
	case 504: x = x * 1001227 + (x >> 11); n->out[0] ^= x; y += x % 221; break;
	case 511: x = x * 1001244 + (x >> 12); n->out[1] ^= x; y += x % 224; break;
	case 518: x = x * 1001261 + (x >> 13); n->out[2] ^= x; y += x % 227; break;
	case 525: x = x * 1001278 + (x >> 14); n->out[3] ^= x; y += x % 230; break;
	case 532: x = x * 1001295 + (x >> 15); n->out[4] ^= x; y += x % 233; break;
	case 539: x = x * 1001312 + (x >> 16); n->out[5] ^= x; y += x % 236; break;
	case 546: x = x * 1001329 + (x >> 17); n->out[6] ^= x; y += x % 239; break;
	case 553: x = x * 1001346 + (x >> 18); n->out[7] ^= x; y += x % 242; break;
	case 560: x = x * 1001363 + (x >> 19); n->out[0] ^= x; y += x % 245; break;
	case 567: x = x * 1001380 + (x >> 20); n->out[1] ^= x; y += x % 248; break;
	case 574: x = x * 1001397 + (x >> 21); n->out[2] ^= x; y += x % 251; break;
	case 581: x = x * 1001414 + (x >> 22); n->out[3] ^= x; y += x % 254; break;
	case 588: x = x * 1001431 + (x >> 23); n->out[4] ^= x; y += x % 257; break;
	case 595: x = x * 1001448 + (x >> 24); n->out[5] ^= x; y += x % 260; break;
	case 602: x = x * 1001465 + (x >> 25); n->out[6] ^= x; y += x % 263; break;
	case 609: x = x * 1001482 + (x >> 26); n->out[7] ^= x; y += x % 266; break;
	case 616: x = x * 1001499 + (x >> 27); n->out[0] ^= x; y += x % 269; break;
	case 623: x = x * 1001516 + (x >> 28); n->out[1] ^= x; y += x % 272; break;
	case 630: x = x * 1001533 + (x >> 29); n->out[2] ^= x; y += x % 275; break;
	case 637: x = x * 1001550 + (x >> 30); n->out[3] ^= x; y += x % 278; break;
	case 644: x = x * 1001567 + (x >> 31); n->out[4] ^= x; y += x % 281; break;
	case 651: x = x * 1001584 + (x >> 1); n->out[5] ^= x; y += x % 284; break;
	case 658: x = x * 1001601 + (x >> 2); n->out[6] ^= x; y += x % 287; break;
	case 665: x = x * 1001618 + (x >> 3); n->out[7] ^= x; y += x % 290; break;
	case 672: x = x * 1001635 + (x >> 4); n->out[0] ^= x; y += x % 293; break;
	case 679: x = x * 1001652 + (x >> 5); n->out[1] ^= x; y += x % 296; break;
	case 686: x = x * 1001669 + (x >> 6); n->out[2] ^= x; y += x % 299; break;
	case 693: x = x * 1001686 + (x >> 7); n->out[3] ^= x; y += x % 302; break;
	case 700: x = x * 1001703 + (x >> 8); n->out[4] ^= x; y += x % 305; break;
	case 707: x = x * 1001720 + (x >> 9); n->out[5] ^= x; y += x % 308; break;
	case 714: x = x * 1001737 + (x >> 10); n->out[6] ^= x; y += x % 311; break;
	case 721: x = x * 1001754 + (x >> 11); n->out[7] ^= x; y += x % 314; break;
	case 728: x = x * 1001771 + (x >> 12); n->out[0] ^= x; y += x % 317; break;
	case 735: x = x * 1001788 + (x >> 13); n->out[1] ^= x; y += x % 320; break;
	case 742: x = x * 1001805 + (x >> 14); n->out[2] ^= x; y += x % 323; break;
	case 749: x = x * 1001822 + (x >> 15); n->out[3] ^= x; y += x % 326; break;
	case 756: x = x * 1001839 + (x >> 16); n->out[4] ^= x; y += x % 329; break;
	case 763: x = x * 1001856 + (x >> 17); n->out[5] ^= x; y += x % 332; break;
	case 770: x = x * 1001873 + (x >> 18); n->out[6] ^= x; y += x % 335; break;
	case 777: x = x * 1001890 + (x >> 19); n->out[7] ^= x; y += x % 338; break;
	case 784: x = x * 1001907 + (x >> 20); n->out[0] ^= x; y += x % 341; break;
	case 791: x = x * 1001924 + (x >> 21); n->out[1] ^= x; y += x % 344; break;
	case 798: x = x * 1001941 + (x >> 22); n->out[2] ^= x; y += x % 347; break;
	case 805: x = x * 1001958 + (x >> 23); n->out[3] ^= x; y += x % 350; break;
	case 812: x = x * 1001975 + (x >> 24); n->out[4] ^= x; y += x % 353; break;
	case 819: x = x * 1001992 + (x >> 25); n->out[5] ^= x; y += x % 356; break;
	case 826: x = x * 1002009 + (x >> 26); n->out[6] ^= x; y += x % 359; break;
	case 833: x = x * 1002026 + (x >> 27); n->out[7] ^= x; y += x % 362; break;
	case 840: x = x * 1002043 + (x >> 28); n->out[0] ^= x; y += x % 365; break;
	case 847: x = x * 1002060 + (x >> 29); n->out[1] ^= x; y += x % 368; break;
	case 854: x = x * 1002077 + (x >> 30); n->out[2] ^= x; y += x % 371; break;
	case 861: x = x * 1002094 + (x >> 31); n->out[3] ^= x; y += x % 374; break;
	case 868: x = x * 1002111 + (x >> 1); n->out[4] ^= x; y += x % 377; break;
	case 875: x = x * 1002128 + (x >> 2); n->out[5] ^= x; y += x % 380; break;
	case 882: x = x * 1002145 + (x >> 3); n->out[6] ^= x; y += x % 383; break;
	case 889: x = x * 1002162 + (x >> 4); n->out[7] ^= x; y += x % 386; break;
	case 896: x = x * 1002179 + (x >> 5); n->out[0] ^= x; y += x % 389; break;
	case 903: x = x * 1002196 + (x >> 6); n->out[1] ^= x; y += x % 392; break;
	case 910: x = x * 1002213 + (x >> 7); n->out[2] ^= x; y += x % 395; break;
	case 917: x = x * 1002230 + (x >> 8); n->out[3] ^= x; y += x % 398; break;
	case 924: x = x * 1002247 + (x >> 9); n->out[4] ^= x; y += x % 401; break;
	case 931: x = x * 1002264 + (x >> 10); n->out[5] ^= x; y += x % 404; break;
	case 938: x = x * 1002281 + (x >> 11); n->out[6] ^= x; y += x % 407; break;
	case 945: x = x * 1002298 + (x >> 12); n->out[7] ^= x; y += x % 410; break;
	case 952: x = x * 1002315 + (x >> 13); n->out[0] ^= x; y += x % 413; break;
	case 959: x = x * 1002332 + (x >> 14); n->out[1] ^= x; y += x % 416; break;
	case 966: x = x * 1002349 + (x >> 15); n->out[2] ^= x; y += x % 419; break;
	case 973: x = x * 1002366 + (x >> 16); n->out[3] ^= x; y += x % 422; break;
	case 980: x = x * 1002383 + (x >> 17); n->out[4] ^= x; y += x % 425; break;
	case 987: x = x * 1002400 + (x >> 18); n->out[5] ^= x; y += x % 428; break;
	case 994: x = x * 1002417 + (x >> 19); n->out[6] ^= x; y += x % 431; break;
	case 1001: x = x * 1002434 + (x >> 20); n->out[7] ^= x; y += x % 434; break;
	case 1008: x = x * 1002451 + (x >> 21); n->out[0] ^= x; y += x % 437; break;
	case 1015: x = x * 1002468 + (x >> 22); n->out[1] ^= x; y += x % 440; break;
	case 1022: x = x * 1002485 + (x >> 23); n->out[2] ^= x; y += x % 443; break;
	case 1029: x = x * 1002502 + (x >> 24); n->out[3] ^= x; y += x % 446; break;
	case 1036: x = x * 1002519 + (x >> 25); n->out[4] ^= x; y += x % 449; break;
	case 1043: x = x * 1002536 + (x >> 26); n->out[5] ^= x; y += x % 452; break;
	case 1050: x = x * 1002553 + (x >> 27); n->out[6] ^= x; y += x % 455; break;
	case 1057: x = x * 1002570 + (x >> 28); n->out[7] ^= x; y += x % 458; break;
	case 1064: x = x * 1002587 + (x >> 29); n->out[0] ^= x; y += x % 461; break;
	case 1071: x = x * 1002604 + (x >> 30); n->out[1] ^= x; y += x % 464; break;
	case 1078: x = x * 1002621 + (x >> 31); n->out[2] ^= x; y += x % 467; break;
	case 1085: x = x * 1002638 + (x >> 1); n->out[3] ^= x; y += x % 470; break;
	case 1092: x = x * 1002655 + (x >> 2); n->out[4] ^= x; y += x % 473; break;
	case 1099: x = x * 1002672 + (x >> 3); n->out[5] ^= x; y += x % 476; break;
	case 1106: x = x * 1002689 + (x >> 4); n->out[6] ^= x; y += x % 479; break;
	case 1113: x = x * 1002706 + (x >> 5); n->out[7] ^= x; y += x % 482; break;
	default: y = ~x;
	}
	return x ^ y;
}

SEC("syscall") int far_branches(struct numbers *n)
{
	__u64 x = n->in[0];
	int i;

	bpf_for(i, 0, 170)
		x = chosen(n, x + i, i * 7 + (n->in[1] & 3) / 3);
	n->out[7] ^= x;
	return 0;
}

/* ---- atomics ---- */

static __always_inline __u64 on_words(__u64 *p, __u32 *w, __u64 a, __u64 b)
{
	__u64 h = 0;

	h = h * 31 + __sync_fetch_and_add(p, a);
	h = h * 31 + __sync_fetch_and_or(p, b);
	h = h * 31 + __sync_fetch_and_and(p, ~a);
	h = h * 31 + __sync_fetch_and_xor(p, a * 3);
	h = h * 31 + __sync_lock_test_and_set(p, b - a);
	h = h * 31 + __sync_val_compare_and_swap(p, b - a, a + 1);
	h = h * 31 + __sync_val_compare_and_swap(p, b, a + 2);
	h = h * 31 + __sync_fetch_and_add(w, (__u32)a);
	h = h * 31 + __sync_fetch_and_or(w, (__u32)b);
	h = h * 31 + __sync_fetch_and_and(w, ~(__u32)a);
	h = h * 31 + __sync_fetch_and_xor(w, (__u32)(a >> 7));
	h = h * 31 + __sync_lock_test_and_set(w, (__u32)(b - a));
	h = h * 31 + __sync_val_compare_and_swap(w, (__u32)(b - a), (__u32)a);
	h = h * 31 + __sync_val_compare_and_swap(w, (__u32)b, 5);
	__sync_fetch_and_add(p, h);
	return h;
}

SEC("syscall") int atomics(struct numbers *n)
{
	__u64 here = n->in[2], *v, key = n->in[0] & 7;
	__u32 low = n->in[3], at = n->in[1] & 7, k;

	for (k = 0; k < 3 && more(); k++) {
		n->out[0] += on_words(&here, &low, n->in[0], n->in[1] + k);
		n->out[1] += on_words(&global[at & 7], &words[at & 7], n->in[2], n->in[3]);
		v = bpf_map_lookup_elem(&table, &at);
		if (v)
			n->out[2] ^= on_words(&v[1], (__u32 *)&v[2] + 1, here, low);
		v = bpf_map_lookup_elem(&counts, &key);
		if (v)
			n->out[3] ^= on_words(v, (__u32 *)v, low, here);
		else
			bpf_map_update_elem(&counts, &key, &here, BPF_ANY);
	}
	n->out[4] = here;
	n->out[5] = low;
	n->out[6] = global[at & 7] + words[at & 7];
	return 0;
}

/* ---- callbacks ---- */

struct sums {
	__u64 a, b, c, limit;
};

static int inner(__u64 i, struct sums *s)
{
	s->c = s->c * 7 + i;
	return s->c % 11 == 3;
}

static int outer(__u64 i, struct sums *s)
{
	__u64 before = s->a, keep = s->b ^ i;

	s->b += bpf_loop(i + 3, inner, s, 0);
	s->a = before * 3 + keep + s->c;
	return s->a % 64 == s->limit;
}

static long each(struct bpf_map *map, const __u32 *key, __u64 *value, struct sums *s)
{
	__u64 old = value[0], k = *key;

	value[0] += s->a;
	s->b += bpf_loop(k & 3, inner, s, 0) + old * k;
	return k == s->limit;
}

SEC("syscall") int callbacks(struct numbers *n)
{
	struct sums s = {n->in[0], n->in[1], n->in[2], n->in[3] & 63};
	__u64 a = n->in[0] * 5, b = n->in[1] ^ 99, c = n->in[2] >> 1, d = n->in[3] + 1;

	n->out[0] = bpf_loop(n->in[0] & 31, outer, &s, 0);
	n->out[1] = bpf_for_each_map_elem(&table, each, &s, 0);
	n->out[2] = bpf_loop(5, inner, &s, 0);
	n->out[3] = s.a;
	n->out[4] = s.b;
	n->out[5] = s.c;
	n->out[6] = a + b * c - d;
	n->out[7] = a ^ b ^ c ^ d;
	return 0;
}

/* ---- exceptions ---- */

static __noinline __u64 may_throw(__u64 v, __u64 limit)
{
	if (v > limit)
		bpf_throw(v);
	return v * 3;
}

static __noinline __u64 passes(__u64 v, __u64 limit)
{
	volatile __u64 own[8] = {v, limit};

	return may_throw(own[0] & 0xff, own[1]) + may_throw((own[0] >> 8) & 0xff, limit) + own[7];
}

static __noinline int throws_at(__u64 i, struct sums *s)
{
	if (!s)
		return 0;
	s->a += passes(s->b + i, s->limit);
	global[i & 7] += s->a;
	return s->a & 1;
}

__noinline int landing(__u64 cookie)
{
	global[0] += cookie;
	return cookie + 1000;
}

SEC("syscall") __attribute__((btf_decl_tag("exception_callback:landing")))
int thrown_from_loop(struct numbers *n)
{
	struct sums s = {n->in[0], n->in[1], n->in[2], n->in[3] & 0xff};
	__u64 a = n->in[0] + 3, b = n->in[1] * 3, i;

	n->out[0] = 1;
	for (i = 0; i <= (n->in[0] & 15) && more(); i++)
		n->out[1] += throws_at(i, &s);
	n->out[2] = s.a + a;
	n->out[3] = may_throw(s.a & 127, s.limit) + b;
	return 5;
}

SEC("syscall") int thrown_unseen(struct numbers *n)
{
	__u64 limit = n->in[3] & 0xff;
	int i;

	n->out[0] = n->in[0];
	bpf_for(i, 0, 10)
		n->out[1] += n->in[1] >> i;
	for (i = 0; i < 10 && more(); i++)
		n->out[2] += passes(n->in[0] >> i, limit);
	return 6;
}

/* ---- loads that may fault ---- */

SEC("syscall") int faults(struct numbers *n)
{
	struct task_struct *t = bpf_rdonly_cast((void *)(long)n->in[0], bpf_core_type_id_kernel(struct task_struct));
	struct task_struct *mine = bpf_get_current_task_btf();
	__u64 k, sum = 0;

	for (k = 0; k < 4 && more(); k++) {
		sum = sum * 3 + t->pid + t->prio + t->comm[2] + k + (t->mm ? 1 : 2);
		sum += t->parent->pid + (long)t->real_parent->real_parent->exit_code;
	}
	n->out[0] = sum;
	n->out[1] = mine->pid == t->pid;
	n->out[2] = (__s64)(int)t->prio;
	return 0;
}

/* ---- packets: tail calls of functions ---- */

int target(struct __sk_buff *skb);
int thrower(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} progs SEC(".maps") = {.values = {[0] = (void *)&target, [2] = (void *)&thrower}};

SEC("tc") int target(struct __sk_buff *skb)
{
	volatile __u64 own[6] = {skb->len};

	if (skb->cb[0]++ < 3)
		bpf_tail_call(skb, &progs, skb->cb[1] & 3);
	return own[0] + skb->cb[0];
}

SEC("tc") int thrower(struct __sk_buff *skb)
{
	may_throw(skb->len + skb->cb[0], 16);
	return 3;
}

static __noinline int leaves(struct __sk_buff *skb, __u32 to)
{
	volatile __u64 own[9] = {to};

	skb->cb[1] = to / 2;
	bpf_tail_call(skb, &progs, to);
	return own[0] + 50;
}

static __noinline int over(struct __sk_buff *skb, __u32 to)
{
	int a = leaves(skb, to), b;

	skb->cb[0] = 0;
	b = leaves(skb, to + (a & 1));
	return a * 1000 + b;
}

SEC("tc") int leaving(struct __sk_buff *skb)
{
	__u32 i, r = skb->len, kept = skb->len * 77;

	for (i = 0; i < 5; i++)
		r = r * 31 + over(skb, i);
	return r ^ kept;
}
