/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A program in execution: the chain from a virtual CPU to the engine that runs the program, for
 * helpers, kfuncs and callbacks; and what "current" means while it runs.
 */
#ifndef RUNTIME_RUN_H
#define RUNTIME_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt.h"

#define ENOTSUPP 524 /* not in <errno.h>, but user space sees it */

struct rt_run {
	struct rt_run *outer; /* the run this one interrupted on the same CPU, or NULL */
	const struct rt_prog *prog;
	void *ctx;
	void *engine; /* the interpreter's state, NULL before it has one */
	struct rt_vcpu *cpu;
	/* what the CPU said before, put back by rt_run_end() */
	const struct rt_prog *saved_prog;
	void *saved_ctx;
	uint32_t saved_tail_calls, saved_rcu, saved_preempt, saved_irq;
};

/* Enters a CPU and a read section and puts run in front of its chain; and back. */
void rt_run_begin(struct rt_run *run, const struct rt_prog *prog, void *ctx);
void rt_run_end(struct rt_run *run);
void rt_put_kept(struct rt_vcpu *cpu); /* objects_task.c: what rt_task_release() kept */

/* Whether rt_prog_run() keeps run_cnt and run_ns (BPF_ENABLE_STATS). Counts; not a boolean. */
void rt_stats_enable(bool on);

/*
 * The task that programs see as current. Without hooks it is the calling thread. A row may be NULL.
 * Set once, before programs run.
 */
struct rt_current_ops {
	void *(*task)(void); /* struct task_struct *, never NULL */
	uint64_t (*pid_tgid)(void);
	uint64_t (*uid_gid)(void);
	void (*comm)(char comm[16]);
	uint64_t (*cgroup_id)(void);
};
void rt_set_current_ops(const struct rt_current_ops *ops);
const struct rt_current_ops *rt_current_ops(void); /* never NULL; rows may be */

#endif
