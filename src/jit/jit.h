/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Native code for programs. The interpreter's decoded operations are the input, so both run the same
 * resolved program; where there is no generator for the machine, or it meets something it cannot
 * translate, the program stays with the interpreter.
 *
 * No memory is ever writable and executable at once.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <urcu/call-rcu.h>

#include "jit/interp.h"
#include "runtime/probe.h"

struct jit_fix {
	uint32_t at, to; /* offsets of a load that may fault and of where to go on then */
};

struct jit_code {
	uint8_t *image;
	size_t size;             /* taken for it */
	struct jit_piece *piece; /* where it is one of many; NULL: it has pages of its own */
	uint32_t len;
	uint32_t n_ops;
	uint32_t *addr;      /* offset of each instruction's code; in this allocation */
	uint32_t *func_addr; /* of each function's entry; there, too */
	uint32_t entry;      /* of code that takes struct rt_prog's run's arguments */
	struct jit_fix *fix;
	uint32_t n_fix;
	struct rt_probe_range range;
	struct rcu_head rcu;
};

bool jit_available(void);
/* For comparing the engines: programs loaded while it is off are interpreted. Default: on. */
void jit_enable(bool on);
/* Programs loaded from now on are written to /tmp/perf-PID.map. Default: off. */
void jit_set_perf_map(bool on);

/* called by generated code */
const void *jit_tail_target(uint64_t map, uint64_t index);
void jit_throw(uint64_t cookie) __attribute__((noreturn));

/* runs a function of a native program */
uint64_t jit_call(const struct interp_func *fn, const uint64_t a[5]);
/* a legacy packet load, in two registers */
struct jit_packet {
	uint64_t value, found;
};
struct jit_packet jit_ld_abs(const void *skb, int64_t off, uint64_t size);

/* live.c, for every operation; live is zero before. */
struct jit_flow {
	uint16_t *live; /* registers that are read at or after it, as a mask, and JIT_TARGET ... */
	uint16_t *use, *def; /* those that it itself reads and writes; def: and JIT_CALLS ... */
	/* JIT_STEP times the operation that it may jump to, or -1, and JIT_ENDS ... */
	int32_t *jump;
	uint32_t *back; /* the operations that jump or call backwards */
	uint32_t n_back;
};
#define JIT_ENDS    1 /* the next operation does not follow */
#define JIT_INTO    2 /* it calls a function of the program */
#define JIT_STEP    4
#define JIT_NEXT    (-JIT_STEP)
#define JIT_REGS    0x07ffu
#define JIT_TARGET  0x8000u /* something jumps there */
#define JIT_TARGETS 0x4000u /* more than one thing does */
#define JIT_LOOP    0x2000u /* from behind */
#define JIT_COPY    0x1000u /* a jump in whose place a copy of its target is (x86_flow.c) */
/* with def */
#define JIT_CALLS   0x8000u /* it may be a call */
#define JIT_SCRATCH 0x4000u /* it needs one more register (atomic and, or, xor that fetch) */
#define JIT_BUDGET  0x2000u /* it counts jumps (may_goto) */

static inline int32_t jit_target(int32_t jump)
{
	return jump >> 2;
}

void jit_liveness(const struct rt_prog *p, struct jit_flow *f);
/* a lookup in an array known at load time: where its values are; g may be NULL */
struct map_array_geometry;
bool jit_array_lookup(const struct rt_prog *p, uint32_t i, struct map_array_geometry *g);
/* the same of a hash map whose keys are one word; g may be NULL */
struct map_hash_geometry;
bool jit_hash_lookup(const struct rt_prog *p, uint32_t i, struct map_hash_geometry *g);

/* memory.c. A place where len bytes of code will run: jit->image, a multiple of JIT_ALIGN. They come there
 * with jit_put_image(), once; -ENOTSUPP: the host forbids new code. */
#define JIT_ALIGN 64u
int jit_alloc_image(struct jit_code *jit, uint32_t len);
int jit_put_image(struct jit_code *jit, const void *code, uint32_t len);
const uint8_t *jit_probable_place(void); /* somewhere near the next one */
void jit_drop_image(struct jit_code *jit);
/* The backend: fills jit; -ENOTSUPP or -ENOMEM. */
int jit_arch_compile(const struct rt_prog *p, struct jit_code *jit);

#endif
