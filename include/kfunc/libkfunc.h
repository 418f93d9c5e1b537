/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libkfunc: the BPF kernel-function framework outside the kernel.
 *
 * A program that embeds the library opens BPF object files, has their programs verified against a
 * kernel, and runs them in its own process. The kernel is a value: the *live* kernel of this process,
 * whose functions can be called (libkfunc's own and those the host registers through
 * <kfunc/kfunc.h>), or an *image* read from a kernel file, against which programs can only be
 * verified.
 *
 * Conventions, those of libbpf:
 * - types are opaque; a function that returns a pointer returns NULL and sets errno when it fails, a
 *   function that returns an int returns a negative errno;
 * - an object, program or map that is NULL, because it could not be opened or was not found, can be neither
 *   loaded nor run: an error; its names are "", its numbers 0;
 * - structs of options and results begin with sz, the caller's sizeof: KFUNC_OPTS() declares one.
 *   Members that are not set are zero, and zero is the default; members that the library does not
 *   know must be zero (-E2BIG otherwise);
 * - strings that are returned belong to the object and live as long as it does, unless said
 *   otherwise;
 * - nothing here prints, exits, aborts or installs signal handlers unasked. The exception that must
 *   be known: the first load of a program that reads through unchecked pointers installs a handler
 *   for SIGSEGV and SIGBUS, which acts only on faults of those reads and passes every other fault on
 *   to the handler that was there before.
 *
 * Different objects may be used by different threads at the same time; one object may not, except
 * that kfunc_program__run() and the kfunc_map__ element functions may be called concurrently.
 */
#ifndef KFUNC_LIBKFUNC_H
#define KFUNC_LIBKFUNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KFUNC_API __attribute__((visibility("default")))

/* struct kfunc_run_opts opts declared and its size set: KFUNC_OPTS(kfunc_run_opts, opts, .repeat = 10); */
#define KFUNC_OPTS(type, name, ...) struct type name = {.sz = sizeof(struct type), ##__VA_ARGS__}

#define KFUNC_MAJOR_VERSION 0
#define KFUNC_MINOR_VERSION 1

union bpf_attr;
struct kfunc_kernel;
struct kfunc_object;
struct kfunc_program;
struct kfunc_map;
struct kfunc_link;

/* ---- kernels ---- */

/*
 * The live kernel of this process. It is made on first use and exists until the process ends; do not
 * close it. NULL: ENOMEM.
 */
KFUNC_API struct kfunc_kernel *kfunc_kernel__live(void);

struct kfunc_image_opts {
	size_t sz;
	/* "6.12.48" or "6.12": for a file that does not say its release (raw BTF); NULL: from uname(2) */
	const char *release;
	/* filled with a sentence when opening fails; may be NULL */
	char *error;
	size_t error_size;
	size_t : 0;
};

/*
 * Reads a kernel from a vmlinuz, a vmlinux (ELF) or a file of raw BTF such as /sys/kernel/btf/vmlinux.
 * Its kfuncs and their flags come from the file where it has them, otherwise from the library's own
 * data for the release. Close it with kfunc_kernel__close().
 * errno: ENOENT, EACCES (open(2)), EISDIR, EINVAL (not a kernel file, malformed), EFBIG (too large),
 * EOPNOTSUPP (a compression or release that is not known), ENOMEM.
 */
KFUNC_API struct kfunc_kernel *kfunc_kernel__open_image(const char *path,
							const struct kfunc_image_opts *opts);
/* Gives up the caller's hold; objects opened against the kernel keep theirs. NULL is fine. */
KFUNC_API void kfunc_kernel__close(struct kfunc_kernel *kernel);
/* The release as uname -r would print it. */
KFUNC_API const char *kfunc_kernel__release(const struct kfunc_kernel *kernel);
KFUNC_API bool kfunc_kernel__is_live(const struct kfunc_kernel *kernel);

/* ---- the boundary ---- */

/*
 * bpf(2) in this process: commands, attributes and results are those of the system call, errors come
 * back as -errno. File descriptors in attr and in results are descriptors of this process that mean
 * something to kfunc_bpf() only; close them with close(2). Works on the live kernel.
 */
KFUNC_API long kfunc_bpf(int cmd, union bpf_attr *attr, unsigned int size);
/*
 * close(2) for such a descriptor, which takes effect at once: a link, for instance, is detached when it
 * returns. After a plain close(2) that may take until later descriptors are made.
 */
KFUNC_API int kfunc_close(int fd);

/* ---- objects ---- */

struct kfunc_object_opts {
	size_t sz;
	/* NULL: the live kernel */
	struct kfunc_kernel *kernel;
	/* name of the object; NULL: from the file's name */
	const char *name;
	/* flags (BPF_F_*) added to those of every program of the object */
	uint32_t prog_flags;
	/* texts of reports carry the escape sequences of a terminal's colours */
	bool colour;
	/* filled with a sentence when opening fails; may be NULL */
	char *error;
	size_t error_size;
	/* the verifier counts its work by source line: kfunc_program__line_stats() */
	bool profile;
	size_t : 0;
};

/*
 * Opens a BPF object file, as clang writes it, without loading anything.
 * errno: those of open(2) and read(2), EISDIR, ENOEXEC (not a BPF object), EFBIG (above 64 MiB),
 * EINVAL (malformed), ENOMEM.
 */
KFUNC_API struct kfunc_object *kfunc_object__open_file(const char *path,
						       const struct kfunc_object_opts *opts);
/* As above, from memory, which is copied. opts->name is required. */
KFUNC_API struct kfunc_object *kfunc_object__open_mem(const void *data, size_t size,
						      const struct kfunc_object_opts *opts);
/*
 * Releases programs and maps, except those that links still use. What maps hold is given back a little later,
 * by a thread of the library: destructors have not all run when this returns. NULL is fine.
 */
KFUNC_API void kfunc_object__close(struct kfunc_object *obj);
KFUNC_API const char *kfunc_object__name(const struct kfunc_object *obj);
/* The sentence that says why the last load failed, "" if none did. */
KFUNC_API const char *kfunc_object__error(const struct kfunc_object *obj);
/*
 * Warnings of load or check, a line each, "" if there are none: one for each deprecated kfunc that is
 * called, with what its documentation says, and one if the object's types were refused, which makes
 * programs fail for want of them. Valid until the next load, check or close.
 */
KFUNC_API const char *kfunc_object__warnings(const struct kfunc_object *obj);

/*
 * Creates the object's maps and loads all its programs, as libbpf does on a kernel: the first program
 * that is not accepted ends it, and its diagnostic is in kfunc_program__report(). Needs the live
 * kernel (-EOPNOTSUPP). Returns 0 or -errno: what the boundary answered, -ENOEXEC or -EINVAL for
 * what could not be prepared, -EALREADY for a second load.
 */
KFUNC_API int kfunc_object__load(struct kfunc_object *obj);

/*
 * Verifies every program by itself: whatever is wrong with one does not keep the others from being
 * judged. Nothing can be run afterwards. Works with any kernel. Programs for which
 * kfunc_program__set_autoload(false) was called are left out. Returns 0 when every program has a
 * verdict, whatever it is, or -errno (-EALREADY, -ENOMEM).
 */
KFUNC_API int kfunc_object__check(struct kfunc_object *obj);

/* ---- programs ---- */

KFUNC_API struct kfunc_program *kfunc_object__find_program(const struct kfunc_object *obj,
							   const char *name);
/* The first program after prev, NULL past the last; prev NULL: the first. In order of the file. */
KFUNC_API struct kfunc_program *kfunc_object__next_program(const struct kfunc_object *obj,
							   struct kfunc_program *prev);
KFUNC_API const char *kfunc_program__name(const struct kfunc_program *prog);
KFUNC_API const char *kfunc_program__section(const struct kfunc_program *prog);
/* BPF_PROG_TYPE_*, and its name ("tracing"); "unspec" when the section does not say */
KFUNC_API uint32_t kfunc_program__type(const struct kfunc_program *prog);
KFUNC_API const char *kfunc_program__type_name(const struct kfunc_program *prog);
/* Whether load and check consider the program; before them. 0 or -EALREADY. */
KFUNC_API int kfunc_program__set_autoload(struct kfunc_program *prog, bool autoload);
/* Flags (BPF_F_*) added to the program's; before load and check. 0 or -EALREADY. */
KFUNC_API int kfunc_program__add_flags(struct kfunc_program *prog, uint32_t flags);
/* The descriptor for kfunc_bpf(), owned by the object; -ENOENT before a successful load. */
KFUNC_API int kfunc_program__fd(const struct kfunc_program *prog);

enum kfunc_verdict {
	KFUNC_ACCEPT,
	KFUNC_REJECT,
	KFUNC_UNSUPPORTED, /* libkfunc lacks something; no judgement about the program */
	KFUNC_LIMIT,       /* the budget of the verifier was not enough */
};

struct kfunc_report {
	size_t sz;
	enum kfunc_verdict verdict;
	int err;             /* 0 or -errno that the load returned */
	unsigned int code;   /* 412 is KF0412, 0: none */
	const char *message; /* one sentence, "" when accepted */
	const char *text;    /* the whole diagnostic with source lines, "" when accepted */
	uint32_t insns;      /* of the program, after the loader's relocations */
	uint64_t processed;  /* instructions that the verifier simulated */
	uint32_t states, peak_states;
	uint32_t stack; /* bytes, deepest chain of calls */
	uint64_t verify_ns;
	uint64_t state_bytes; /* memory of all the verifier's states, at most */
	size_t : 0;
};

/* The outcome of load or check for one program. 0, or -ENOENT when it was not considered. */
KFUNC_API int kfunc_program__report(const struct kfunc_program *prog, struct kfunc_report *report);

/* What the verifier did for one line of source. Strings are valid until the object is closed. */
struct kfunc_line_stats {
	size_t sz;
	const char *file; /* as the compiler was given it; "": no line information */
	const char *text; /* the line, without what it is indented by; otherwise the instruction */
	uint32_t line;
	uint32_t insn;        /* first instruction made of it that was reached */
	uint32_t insns;       /* how many of them there are */
	uint64_t processed;   /* times that they were simulated, all together */
	uint64_t states;      /* states stored in front of them */
	uint64_t peak_states; /* those kept, at most: of each instruction, added up */
	uint64_t compared;    /* stored states that an arriving path was compared with */
	uint64_t pruned;      /* paths that ended there because a stored state covers them */
	size_t : 0;
};

/*
 * The i-th line by instructions simulated, most first, after load or check of an object that was opened
 * with opts.profile. Without line information every instruction is an entry of its own. 0, -ENOENT past
 * the last, -EINVAL and -E2BIG about stats->sz.
 */
KFUNC_API int kfunc_program__line_stats(const struct kfunc_program *prog, uint32_t i,
					struct kfunc_line_stats *stats);

/* ---- running ---- */

struct kfunc_run_opts {
	size_t sz;
	const void *ctx_in; /* the program type's context, as for BPF_PROG_TEST_RUN */
	size_t ctx_size_in;
	void *ctx_out;
	size_t ctx_size_out; /* in: room; out: bytes */
	const void *data_in; /* packet */
	size_t data_size_in;
	void *data_out;
	size_t data_size_out; /* in: room; out: bytes */
	uint32_t repeat;      /* 0: once */
	uint32_t retval;      /* out */
	uint64_t duration_ns; /* out: mean of one run */
	/*
	 * Looked at before the first round and between rounds that take long: when it is not 0 no more are begun and
	 * the call returns -EINTR, without results. A signal handler or another thread may set it. NULL: there is none.
	 */
	const volatile int *stop;
	size_t : 0;
};

/*
 * Runs a loaded program with test data, in the calling thread. 0 or -errno: -ENOENT (not loaded),
 * -EOPNOTSUPP (524: no test run for this type), -EINVAL (data do not fit the type), -ENOSPC (out
 * buffers too small, filled as far as they go).
 *
 * Where the context is an array of arguments that the program follows unchecked - typed tracepoints, which Linux
 * does not run so, and struct_ops members - the caller vouches for the objects that they point to. NULL is
 * -EINVAL unless the program looks for it.
 */
KFUNC_API int kfunc_program__run(const struct kfunc_program *prog, struct kfunc_run_opts *opts);

/*
 * Attaches a loaded program to what its section names: a tracepoint of the live kernel that the host
 * or the library raises. NULL: errno ENOENT (not loaded), ESRCH (no such hook in this process),
 * EOPNOTSUPP (a kind of hook that only a running Linux has), ENOMEM.
 */
KFUNC_API struct kfunc_link *kfunc_program__attach(const struct kfunc_program *prog);
/*
 * As above for a struct_ops map: hands the table to the host that registered its struct. errno also:
 * what the host's callbacks say; EINVAL: a member that is neither a program nor known to the host.
 */
KFUNC_API struct kfunc_link *kfunc_map__attach_struct_ops(const struct kfunc_map *map);
/*
 * Puts another table in the place of the one that a link has registered (SEC(".struct_ops.link") maps),
 * at once for all threads. -EINVAL: no such link or map, a table of another struct; -EOPNOTSUPP: the
 * host does not do that; -ENOLINK: detached; else what the host or the table's checks say.
 */
KFUNC_API int kfunc_link__update_map(struct kfunc_link *link, const struct kfunc_map *map);
/* The descriptor for kfunc_bpf(), owned by the link; for tables without a link the map's. */
KFUNC_API int kfunc_link__fd(const struct kfunc_link *link);
/* Detaches: when it returns, no new run starts. NULL is fine. 0 or -errno. */
KFUNC_API int kfunc_link__destroy(struct kfunc_link *link);

/* ---- maps ---- */

KFUNC_API struct kfunc_map *kfunc_object__find_map(const struct kfunc_object *obj,
						   const char *name);
KFUNC_API struct kfunc_map *kfunc_object__next_map(const struct kfunc_object *obj,
						   struct kfunc_map *prev);
KFUNC_API const char *kfunc_map__name(const struct kfunc_map *map);
KFUNC_API uint32_t kfunc_map__type(const struct kfunc_map *map);
KFUNC_API uint32_t kfunc_map__key_size(const struct kfunc_map *map);
KFUNC_API uint32_t kfunc_map__value_size(const struct kfunc_map *map);
KFUNC_API uint32_t kfunc_map__max_entries(const struct kfunc_map *map);
/* The descriptor for kfunc_bpf(), owned by the object; -ENOENT before a successful load. */
KFUNC_API int kfunc_map__fd(const struct kfunc_map *map);
/*
 * Elements. value holds value_size bytes, for per-CPU maps value_size rounded up to 8 for every CPU.
 * flags: BPF_ANY, BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK. 0 or -errno as bpf(2).
 */
KFUNC_API int kfunc_map__lookup(const struct kfunc_map *map, const void *key, void *value,
				uint64_t flags);
KFUNC_API int kfunc_map__update(const struct kfunc_map *map, const void *key, const void *value,
				uint64_t flags);
KFUNC_API int kfunc_map__delete(const struct kfunc_map *map, const void *key);
/* The key after key (NULL: the first); -ENOENT past the last. */
KFUNC_API int kfunc_map__next_key(const struct kfunc_map *map, const void *key, void *next);

/* ---- messages ---- */

/* Output of bpf_printk(): one line without newline. NULL: discarded, which is the default. */
typedef void (*kfunc_printk_fn)(void *ctx, const char *text);
KFUNC_API void kfunc_set_printk(kfunc_printk_fn fn, void *ctx);

/* ---- the engine ---- */

/*
 * Whether programs that are loaded from now on become machine code (the default on x86-64) or are
 * interpreted. Results are the same. 0; -EOPNOTSUPP: there is no code generator for this machine.
 */
KFUNC_API int kfunc_set_jit(bool on);
/*
 * Whether programs that are loaded from now on are listed in /tmp/perf-PID.map, where perf(1) looks for the
 * names of generated code. Off by default.
 */
KFUNC_API void kfunc_set_perf_map(bool on);

#ifdef __cplusplus
}
#endif

#endif
