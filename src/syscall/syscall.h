/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The boundary: bpf(2) in-process. kfunc_bpf() has bpf(2)'s commands, attributes, results and
 * errnos (returned as -errno, not through errno). This header is what the rooms below and beside it
 * (loader, command line, tests) use.
 *
 * Which kernel a command works against is a property of the calling thread: the live kernel, or the
 * one given to syscall_set_kernel(). Objects remember the kernel they were made for; a map or BTF
 * of another kernel is refused with -EINVAL.
 *
 * Descriptors are real file descriptors: dup, fork, SCM_RIGHTS and plain close(2) work on them. An
 * object goes away when its last descriptor does: at once when that is closed through
 * syscall_close() (libbpf's own closes are), otherwise when a later command creates a descriptor or
 * syscall_sweep() is called.
 */
#ifndef SYSCALL_SYSCALL_H
#define SYSCALL_SYSCALL_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "diag/diag.h"
#include "kernel/kernel.h"
#include "runtime/rt.h"
#include "verifier/verifier.h"

/* Both of the public header. */
struct kfunc_kernel *kfunc_kernel__live(void);
__attribute__((visibility("default"))) long kfunc_bpf(int cmd, union bpf_attr *attr,
						      unsigned int size);

/* ---- the calling thread's kernel ---- */

/*
 * NULL goes back to the live kernel. Takes a reference until the next call or the thread's end.
 * Returns 0 or -ENOMEM. The BTFs of its registry's modules are listed as the kernel's own.
 */
int syscall_set_kernel(struct kfunc_kernel *k);
/* Not referenced; NULL when there is no live kernel. */
struct kfunc_kernel *syscall_kernel(void);
/* Drops what the boundary remembers of a kernel (BTF ids, the file that plays its vmlinux BTF). */
void syscall_forget_kernel(struct kfunc_kernel *k);

/* ---- descriptors ---- */

/* close(2), and the object is released at once if this was its last descriptor. 0 or -errno. */
int syscall_close(int fd);
/* Releases objects whose descriptors were all closed by other means. */
void syscall_sweep(void);
/* Referenced object of a descriptor, or NULL and *err = -EBADF, -EINVAL. */
struct rt_map *syscall_map_by_fd(int fd, int *err);
struct rt_prog *syscall_prog_by_fd(int fd, int *err);

/* ---- watching program loads (kfunc check) ---- */

struct syscall_load {
	const union bpf_attr *attr; /* the kernel's copy */
	struct kfunc_kernel *kernel;
	const struct vf_program *prog; /* NULL when the attributes were refused */
	const struct vf_facts *facts;  /* NULL unless accepted */
	struct diag_report *report;    /* verdict and statistics; verify_ns is filled */
	char name[16];
};

enum {
	/* give the loader a descriptor although the program was not accepted; it cannot be run */
	SYSCALL_LOAD_KEEP_FD = 1 << 0,
	/* the verdict is all that is wanted: an accepted program is not made runnable */
	SYSCALL_LOAD_VERDICT_ONLY = 1 << 1,
};

/*
 * Called in the loading thread after the verdict of every PROG_LOAD of this thread; the result is a
 * mask of SYSCALL_LOAD_*. Called once more, with the reason in the report, when an accepted program
 * cannot be made runnable (the result then means nothing). NULL takes the observer away.
 */
typedef unsigned int (*syscall_load_observer)(void *ctx, const struct syscall_load *load);
int syscall_set_prog_load_observer(syscall_load_observer fn, void *ctx);

/* Fills in where instructions of prog come from (line records, else disassembly); keeps the names.
 */
void syscall_source(struct diag_source *src, const struct vf_program *prog);

/* Options of this thread's verifications (instruction budget, recording); NULL: defaults. */
int syscall_set_verifier_options(const struct vf_options *opts);
/* Where the next verification of this thread leaves its counts, empty; NULL: nowhere. 0 or -ENOMEM. */
int syscall_set_profile(struct vf_profile *profile);

#endif
