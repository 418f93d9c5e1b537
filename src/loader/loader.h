/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The loader: objects of the public API over the private libbpf, which works on the boundary of this
 * process. libbpf has no notion of who calls it, so everything that its callbacks and our
 * replacements of its functions need is in the session of the calling thread (session.c).
 */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "diag/diag.h"
#include "kernel/kernel.h"
#include "kfunc/libkfunc.h"
#include "syscall/syscall.h"
#include "verifier/verifier.h"

struct btf;

#define LOADER_MAX_OBJECT (64u << 20)
#define LOADER_MAX_LOG    (16u << 10)

struct kfunc_program {
	struct kfunc_object *obj;
	struct bpf_program *bpf; /* of obj->bpf; NULL while the object is being opened again */
	char *name, *section;
	uint32_t type;
	uint32_t extra_flags;
	bool autoload;
	bool judged; /* report, text and insns are valid */
	uint32_t insns;
	struct diag_report report;
	char *text;
	struct loader_line *lines; /* profile.c; when obj->profile */
	uint32_t n_lines;
};

struct kfunc_map {
	struct kfunc_object *obj;
	struct bpf_map *bpf; /* of obj->bpf, NULL after a check */
	char *name;
	uint32_t type, key_size, value_size, max_entries;
};

struct kfunc_object {
	char *name;
	void *elf; /* the file, with undefined symbols made weak */
	size_t elf_size;
	struct kfunc_kernel *kernel;
	uint32_t prog_flags;
	bool colour, profile;
	struct bpf_object *bpf;
	struct kfunc_program *progs;
	uint32_t n_progs;
	struct kfunc_map *maps;
	uint32_t n_maps;
	bool loaded, checked;
	char *error;
	struct strbuf warnings; /* lines */
};

struct kfunc_link {
	struct bpf_link *bpf;
	struct kfunc_kernel *kernel;
};

/* ---- elf.c: the file before libbpf sees it ---- */

/*
 * Reads a BPF object file into memory. 0, or -errno with a sentence in why: -EISDIR, -ENOEXEC, -EFBIG,
 * and what open(2) and read(2) say.
 */
int loader_read_file(const char *path, void **data, size_t *size, char *why, size_t why_size);
/* Is this a BPF object, as far as its header tells? 0 or -ENOEXEC. */
int loader_check_elf(const void *data, size_t size, char *why, size_t why_size);
/* Is its type information sound, if it has any? 0, -ENOEXEC or as btf_parse(). After the above. */
int loader_check_btf(const void *data, size_t size, char *why, size_t why_size);
/*
 * Gives undefined global symbols weak binding, so that libbpf leaves a missing kfunc or variable to
 * the verifier, which rejects only the programs that reach it. A malformed file is left as it is.
 */
void loader_weaken(void *data, size_t size);

/* ---- session.c ---- */

struct loader_session {
	struct loader_session *outer;
	struct kfunc_kernel *kernel;
	struct kfunc_object *obj;      /* NULL: no object is being loaded */
	struct kfunc_program *current; /* whose PROG_LOAD is in progress */
	struct kfunc_program *failed;  /* last one that was not loaded, though judged */
	int failed_err; /* why: of its verdict, or what kept an accepted one from loading */
	bool no_memory; /* for types or a map: nothing else is made */
	bool check;     /* collect verdicts instead of stopping at the first rejection */
	struct vf_profile profile; /* of current */
	struct strbuf log;         /* libbpf's warnings */
};

/*
 * Between these two the calling thread works on the kernel's side of obj. 0, or -ENOMEM: then the thread
 * still has the live kernel and no observer, and nothing may be verified; leave it all the same.
 */
int loader_enter(struct loader_session *s, struct kfunc_kernel *kernel, struct kfunc_object *obj);
void loader_leave(struct loader_session *s);
struct loader_session *loader_session(void);
/* The last line of the session's log that is no mere consequence, "" when empty. */
void loader_log_summary(const struct loader_session *s, char *out, size_t size);
/* libbpf's own error numbers (4000 and up) as errnos */
int loader_errno(int err);

/* ---- warnings.c ---- */

/* Notes the deprecated kfuncs that an accepted program calls. */
void loader_warn_deprecated(struct kfunc_object *obj, const struct kfunc_program *prog,
			    const struct vf_facts *facts);
/* Notes that the types of the program's object were refused, once. */
void loader_warn_types(struct kfunc_object *obj, const char *why);

/* ---- object.c ---- */

/* Gives obj->elf to libbpf and finds the programs in it. 0 or -errno. Inside a session. */
int loader_open_bpf(struct kfunc_object *obj);
void loader_close_bpf(struct kfunc_object *obj);
void loader_set_error(struct kfunc_object *obj, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* ---- refuse.c ---- */

/* Keeps a verdict that did not come from the verifier. */
void loader_refuse(struct kfunc_program *prog, enum diag_code code, int err, const char *message);
/* The same from what libbpf says: its error and its first warning. */
void loader_refuse_by_libbpf(struct kfunc_program *prog, int err, const char *why);

/* ---- types.c: the kernel's types as libbpf wants them ---- */

void loader_types_forget(const struct kfunc_kernel *kernel);

/* ---- symbols.c ---- */

/* /proc/kallsyms as a stream of only the symbols that the session's object asks for; NULL and errno. */
FILE *loader_symbols_open(void);
void loader_symbols_forget(void); /* what was read for it */

/* ---- source.c ---- */

/* Renders report with the source lines of the program that was loaded. NULL: out of memory. */
char *loader_render(const struct diag_report *report, const char *object, const char *program,
		    const struct vf_program *prog, bool colour);

/* ---- profile.c ---- */

struct loader_line; /* what the verifier did for one source line */
/* Keeps with p, by source line, what was counted while prog was verified. 0 or -ENOMEM. */
int loader_profile_keep(struct kfunc_program *p, const struct vf_profile *prof,
			const struct vf_program *prog);
void loader_profile_free(struct kfunc_program *p);

/* ---- opts.c: structs of options that grow ---- */

/*
 * Checks a caller's struct against the size that this library knows: -EINVAL when sz is too small to
 * hold itself, -E2BIG when something is set behind what is known. Then copies what both know into
 * known, whose other members become zero. opts NULL: all zero.
 */
int loader_opts_in(void *known, size_t known_size, const void *opts);
/* Copies results back: as much as the caller's struct has room for, its sz kept. */
void loader_opts_out(void *opts, const void *known, size_t known_size);

/* ---- program.c ---- */

/* Whether a program array is filled with it when the object is loaded: then it has to be, too. */
bool loader_program_in_slot(const struct kfunc_program *prog);

/* ---- libbpf/core.c ---- */

const char *loader_extern_name(const struct bpf_object *obj, int idx);
bool loader_wants_symbol(const struct bpf_object *obj, const char *name, size_t len);
const char *loader_map_name(const struct bpf_object *obj, int idx);
void loader_free_leftovers(void);
bool loader_in_slot(const struct bpf_object *obj, const struct bpf_program *prog);
const struct bpf_core_relo *loader_core_relo_at(const struct bpf_object *obj,
						const struct bpf_program *prog, size_t insn);
struct bpf_program *loader_program_of(const struct bpf_object *obj, const struct bpf_insn *insns);

/* libbpf's functions that are replaced (libbpf/core.c, libbpf/features.c) */
struct btf *loader_types_get(void);
void loader_types_put(struct btf *btf);
int32_t loader_types_find(const struct btf *btf, const char *name, uint32_t kind);
int loader_types_candidates(const struct btf *btf, const char *name, uint32_t kind, uint32_t **ids);
void *loader_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
uint32_t loader_kernel_version(void);
bool loader_has_modules(void);

#endif
