/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What exists while programs run: programs, maps, virtual CPUs, typed objects. A program is always
 * entered through rt_prog_run(), which pins the thread to a virtual CPU (so per-CPU data has one
 * user at a time) and opens an RCU read section (liburcu). Sleepable programs have it too: it keeps
 * the memory they use, what they may call while asleep is the verifier's business.
 *
 * Lifetime: programs and maps are reference counted; memory that a running program may still see is
 * freed through call_rcu. Everything here is thread-safe unless it says otherwise.
 */
#ifndef RUNTIME_RT_H
#define RUNTIME_RT_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <urcu/call-rcu.h>

#include "kernel/kernel.h"
#include "verifier/verifier.h"

#define RT_MAX_CPUS 64

/* ---- virtual CPUs (vcpu.c) ---- */

struct rt_run;

struct rt_vcpu {
	uint32_t id;                /* 0 .. rt_nr_cpus()-1 */
	uint32_t depth;             /* nested entries of the owning thread */
	const struct rt_prog *prog; /* innermost running program */
	void *ctx;
	uint32_t tail_calls;
	uint32_t rcu_depth, preempt_depth, irq_depth; /* explicit regions of the program */
	struct rt_run *run; /* chain of running programs, innermost first (runtime/run.h) */
	/* references on one task that programs gave back, until the outermost ends: rt_task_release() */
	void *kept;
	uint32_t n_kept;
	int64_t objs; /* programs' own objects made on this CPU: object.c */
};

uint32_t rt_nr_cpus(void);
/* Pins the calling thread to a virtual CPU; nests. Blocks while all are taken. Never NULL. */
struct rt_vcpu *rt_enter(void);
/* As above, on this one. NULL: the thread is on another, or there is no such CPU. */
struct rt_vcpu *rt_enter_on(uint32_t id);
void rt_leave(struct rt_vcpu *cpu);
struct rt_vcpu *rt_current(void);              /* NULL outside programs */
const struct rt_vcpu *rt_vcpu_at(uint32_t id); /* to look at; NULL: there is no such CPU */
/* Where rt_current()'s variable lies from the thread pointer, the same for all threads; x86-64 only. */
long rt_current_offset(void);

/* ---- RCU (rcu.c): liburcu behind four names, so that the flavour is chosen in one place ---- */

void rt_rcu_read_lock(void); /* registers the thread on first use */
void rt_rcu_read_unlock(void);
void rt_rcu_synchronize(void);
void rt_rcu_barrier(void);
void rt_rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/* What a thread of the library's own is made with: all signals blocked but those of faults. */
void rt_block_signals(sigset_t *old);

/* One more reference, unless the last is gone. */
static inline bool rt_refs_try_get(int *refs)
{
	int old = __atomic_load_n(refs, __ATOMIC_RELAXED);

	do {
		if (old <= 0)
			return false;
	} while (!__atomic_compare_exchange_n(refs, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

/* ---- maps (maps/) ---- */

struct rt_map;

struct rt_map_ops {
	uint32_t type; /* BPF_MAP_TYPE_* */
	/* checks sizes, entries and flags (facts/map_types.json); -errno */
	int (*check)(const struct kfunc_kernel *k, const union bpf_attr *attr);
	struct rt_map *(*alloc)(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err);
	/* after the last reference and a grace period */
	void (*free)(struct rt_map *map);
	/* program side; key and value in the program's memory. lookup: address of the value, or NULL;
	 * maps of objects: the struct rt_prog * or struct rt_map * itself, valid in the read section */
	void *(*lookup)(struct rt_map *map, const void *key);
	long (*update)(struct rt_map *map, const void *key, const void *value, uint64_t flags);
	long (*del)(struct rt_map *map, const void *key);
	long (*push)(struct rt_map *map, const void *value, uint64_t flags);
	long (*pop)(struct rt_map *map, void *value);
	long (*peek)(struct rt_map *map, void *value);
	void *(*lookup_percpu)(struct rt_map *map, const void *key, uint32_t cpu);
	/* calls fn(arg, key, value) until it returns non-zero; returns elements visited or -errno */
	long (*for_each)(struct rt_map *map, long (*fn)(void *arg, void *key, void *value),
			 void *arg);
	/* user side (bpf(2)): copies whole values; per-CPU: all CPUs, each rounded up to 8 bytes.
	 * Special fields read as zero and are not overwritten. Maps of objects: update is given the
	 * address of a struct rt_prog * or rt_map * and takes its own reference; lookup gives an id. */
	int (*user_lookup)(struct rt_map *map, const void *key, void *value, uint64_t flags);
	int (*user_update)(struct rt_map *map, const void *key, const void *value, uint64_t flags);
	int (*next_key)(struct rt_map *map, const void *key, void *next); /* key NULL: first */
	int (*lookup_and_delete)(struct rt_map *map, const void *key, void *value, uint64_t flags);
	/* Copies whole buckets from *token on, at most room elements as user_lookup gives them, and takes
	 * them out if del; *token then says where to go on. 0; -ENOENT: that was the end; -ENOSPC: a
	 * bucket alone is larger than room. NULL: next_key and user_lookup will do. */
	int (*batch)(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values,
		     uint32_t room, uint32_t *n, bool del);
	/* the key of a value; an index is put into *room. Types whose values may hold timers. */
	const void *(*key_of)(struct rt_map *map, const void *value, uint64_t *room);
	/* address of the value area for ldimm64 kinds 2 and 6, or NULL */
	void *(*direct_value)(struct rt_map *map);
	/* maps the map's memory for a caller (arrays with BPF_F_MMAPABLE, ring buffers): the address as
	 * mmap(2) would choose it, or -errno in *err */
	void *(*mmap)(struct rt_map *map, void *addr, size_t len, int prot, int flags, uint64_t off,
		      int *err);
	uint32_t (*user_value_size)(const struct rt_map *map); /* bytes of user_lookup's value */
	/* the last descriptor of the map is closed: drops what could keep the map alive in a circle */
	void (*users_gone)(struct rt_map *map);
	/* an eventfd that becomes readable when there is something to consume, or -errno */
	int (*event_fd)(struct rt_map *map);
};

/* What programs and hosts' kfuncs see of a map: the live kernel's struct bpf_map (kfuncs/types/bpf.h). */
struct rt_map_seen {
	uint32_t map_type, key_size, value_size, max_entries;
	uint64_t map_extra;
	uint32_t map_flags, id;
	char name[16];
};

struct rt_map {
	struct rt_map_seen seen; /* first: the map's address is what programs have */
	struct vf_map desc;      /* what the verifier sees; desc.obj points back here */
	const struct rt_map_ops *ops;
	_Atomic uint32_t refs; /* kernel-side holders: programs, outer maps, links */
	uint32_t id;
	struct btf_obj *btf;
	struct btf_fields *fields;     /* owned */
	struct rt_map *inner_template; /* maps of maps */
	_Atomic bool frozen;
	_Atomic uint32_t writers; /* user-side writes in flight */
	struct kfunc_kernel *kernel;
	uint32_t user_flags;    /* BPF_F_RDONLY, BPF_F_WRONLY of the creating fd */
	_Atomic uint32_t users; /* descriptors */
	/* The boundary's: called once the last reference is gone, before the grace period. */
	void (*on_free)(struct rt_map *map);
	void *boundary;
	struct rcu_head rcu;
};

const struct rt_map_ops *rt_map_ops(uint32_t type); /* NULL: not supported at run time */
/* Whether the type takes these sizes, flags and this number of entries: what comes before any descriptor. */
int rt_map_check(const struct kfunc_kernel *k, const union bpf_attr *attr);
/* Creates a map as BPF_MAP_CREATE would. btf may be NULL; inner as in inner_map_fd. */
struct rt_map *rt_map_create(struct kfunc_kernel *k, const union bpf_attr *attr,
			     struct btf_obj *btf, struct rt_map *inner, int *err);
/* the part that task and cgroup storage have for helpers (runtime/storage.h) */
struct rt_storage *rt_map_storage(struct rt_map *map);
void rt_map_get(struct rt_map *map);
bool rt_map_try_get(struct rt_map *map);
void rt_map_put(struct rt_map *map);

/* Special fields of values (runtime/fields.c; kfunc spec R8.15-R8.17) */
void rt_fields_init(const struct btf_fields *f, void *value);    /* fresh memory */
void rt_fields_release(const struct btf_fields *f, void *value); /* kptr destructors, list drains */
/* ends the timers and workqueues among them: the value was taken out, its memory goes later */
void rt_fields_end_async(const struct btf_fields *f, void *value);
/* copies everything but special fields */
void rt_value_copy(const struct btf_fields *f, void *dst, const void *src, uint32_t size);
/* zeroes special fields in a copy that goes to user space */
void rt_value_hide(const struct btf_fields *f, void *copy);

/* ---- programs (prog.c) ---- */

struct interp_code;
struct jit_code;

struct rt_prog {
	_Atomic uint32_t refs;
	uint32_t id;
	uint32_t type, attach_type, flags;
	char name[16];
	uint8_t tag[8];
	bool gpl, sleepable;
	bool tail_calls;        /* it may end in another program; set by interp_compile() */
	struct bpf_insn *insns; /* as loaded, ldimm64 fds replaced by map ids in dumps */
	uint32_t n_insns;
	struct vf_facts facts;
	struct btf_obj *btf;
	uint32_t attach_btf_id;
	struct btf_obj *attach_btf;
	struct rt_prog
		*target;   /* the program that this one extends or traces, held by the boundary */
	char *attach_name; /* "task_newtask", function, struct_ops member; may be NULL */
	struct kfunc_kernel *kernel;
	struct interp_code *code;
	struct jit_code *jit;                                   /* native code, NULL: interpreted */
	uint64_t (*run)(const struct rt_prog *prog, void *ctx); /* interpreter or generated code */
	struct rt_map **maps;                                   /* held references */
	uint32_t n_maps;
	_Atomic uint64_t run_cnt, run_ns;
	/* BTF side tables as given, for OBJ_GET_INFO and source lines */
	void *func_info, *line_info;
	uint32_t func_info_rec, func_info_cnt, line_info_rec, line_info_cnt;
	uint64_t load_ns, verified_insns;
	/* The boundary's: called once the last reference is gone, before the grace period. */
	void (*on_free)(struct rt_prog *p);
	void *boundary;
	struct rcu_head rcu;
};

void rt_prog_get(struct rt_prog *p);
void rt_prog_put(struct rt_prog *p);
/* Pre-decodes insns with facts into code and sets run. -ENOMEM, or -ENOTSUPP (524): *what then names
 * what cannot be run here, a helper or a feature; it stays valid. */
int interp_compile(struct rt_prog *p, const char **what);
void interp_free(struct interp_code *code);
/* Then translates it, where that is possible: 0 or -errno, after which it is interpreted. */
int jit_compile(struct rt_prog *p);
void jit_free(struct jit_code *jit);
/* Enters, runs, leaves. ctx is the program type's run-time context. */
uint64_t rt_prog_run(const struct rt_prog *p, void *ctx);
/*
 * n times with the same context, entering and leaving now and then; the last result. stop, if there is one, is
 * looked at before the first round and then after each that takes long: 0, or -EINTR when it is not 0.
 */
int rt_prog_run_many(const struct rt_prog *p, void *ctx, uint32_t n, const volatile int *stop,
		     uint64_t *ret);
/*
 * Calls a program's callback: fn is the function pointer that a helper or kfunc was given. Inside the
 * running program, and from outside any program (then it enters and leaves by itself).
 */
uint64_t rt_callback(const void *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
		     uint64_t a5);

/* Within the running program: the callback as a C function, NULL if it must go through rt_callback(). */
typedef uint64_t (*rt_direct_fn)(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);
rt_direct_fn rt_callback_direct(const void *fn);

/* ---- fault-safe loads (probe.c) ---- */

/* Copies size bytes from an address that may be bad; 0 or -EFAULT (then dst is zeroed). */
int rt_probe_read(void *dst, uint64_t src, uint32_t size);
/* Like strncpy_from_user: bytes including NUL, or -EFAULT */
long rt_probe_read_str(void *dst, uint64_t src, uint32_t size);
int rt_probe_write(uint64_t dst, const void *src, uint32_t size);

/* ---- helpers (helpers/) ---- */

typedef uint64_t (*rt_helper_fn)(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
rt_helper_fn rt_helper(uint32_t id); /* NULL: not available at run time */
#define RT_LOOP_MAX (1u << 23)       /* rounds of bpf_loop() */
/* bpf_printk's output: one line without newline. Set by the host, default: discarded. Thread-safe. */
typedef void (*rt_printk_fn)(void *ctx, const char *text);
void rt_set_printk(rt_printk_fn fn, void *ctx);

#endif
