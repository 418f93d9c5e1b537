/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tracepoints of the live kernel: named places that the live objects (process tree, cgroup tree) or
 * the host declare and fire, and that programs of type TRACING (raw_tp), RAW_TRACEPOINT and
 * RAW_TRACEPOINT_WRITABLE are attached to through the boundary. Firing one with nothing attached is
 * one relaxed load and a branch.
 *
 * The run-time context of such a program is the array of its arguments, 64 bits each, as in the
 * kernel. Programs run in the order of attachment, in the firing thread.
 */
#ifndef RUNTIME_TRACEPOINT_H
#define RUNTIME_TRACEPOINT_H

#include <stdbool.h>
#include <stdint.h>

#define RT_TP_MAX_ARGS 12

struct btf_obj;
struct rt_prog;
struct rt_tracepoint;
struct rt_tp_link;

/*
 * Declares a tracepoint ("task_newtask", as in the BTF typedef without its btf_trace_ prefix) with
 * the number of its arguments, and returns its handle, which stays valid for the life of the
 * process; declaring twice gives the same handle. NULL: out of memory, or another number of
 * arguments.
 */
struct rt_tracepoint *rt_tracepoint_declare(const char *name, uint32_t n_args);
/*
 * As above for a tracepoint of a module's BTF, which only programs attach to that were verified for
 * that module's. *active is kept non-zero while something is attached. A second declaration is NULL.
 */
struct rt_tracepoint *rt_tracepoint_declare_host(const char *name, uint32_t n_args,
						 const struct btf_obj *owner, uint32_t *active);
/* NULL: nobody declared it */
struct rt_tracepoint *rt_tracepoint_find(const char *name);
const char *rt_tracepoint_name(const struct rt_tracepoint *tp);

/* Whether a program is attached: lets the firing side skip building arguments. */
bool rt_tracepoint_active(const struct rt_tracepoint *tp);
/*
 * Runs every attached program with a copy of args (n_args of them). The objects behind pointers
 * stay the caller's and must live until this returns.
 */
void rt_tracepoint_fire(struct rt_tracepoint *tp, const uint64_t *args);

/*
 * Attaches: takes a reference on prog. 0; -ENOENT: no such tracepoint, or not the one that the
 * program was verified for; -EINVAL: it reads
 * past the last argument; -EEXIST: it is attached here already; -ENOMEM.
 */
int rt_tracepoint_attach(const char *name, struct rt_prog *prog, uint64_t cookie,
			 struct rt_tp_link **link);
/* Detaches and waits until no thread runs the program through this link any more. */
void rt_tracepoint_detach(struct rt_tp_link *link);
/* The cookie of the attachment that the current thread's program runs for; 0 outside. */
uint64_t rt_tracepoint_cookie(void);

#endif
