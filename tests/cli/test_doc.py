#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""kfunc doc and the state of kfunc list: the live kernel's functions and what the history knows of others."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import SOURCE, has, kfunc, main, same  # noqa: E402


def one_function():
    r = kfunc("doc", "bpf_task_acquire")
    same(r.status, 0, r)
    for part in ("bpf_task_acquire() - take a reference on a task",
                 "struct task_struct *bpf_task_acquire(struct task_struct *p)",
                 "p: a pointer to a struct task_struct, trusted or protected by RCU, not NULL",
                 "or NULL: compare before use; a reference that must be released or stored",
                 "KF_ACQUIRE: returns a reference", "KF_RCU: ", "KF_RET_NULL: ", "tracing", "since Linux 6.2",
                 "Pair each success with bpf_task_release()", "Example"):
        has(r.out, part)


def words_of_arguments():
    def words(func, arg):
        row = kfunc("doc", "--json", func).rows()[0]
        return next(a for a in row["arguments"] if a["name"] == arg)["words"]

    has(words("bpf_dynptr_slice", "buffer__szk"), "bytes of buffer__opt, constant")
    has(words("bpf_dynptr_slice", "buffer__opt"), "or NULL")
    has(words("bpf_iter_num_new", "it"), "8 bytes of the stack where the call makes the iterator")
    has(words("bpf_iter_num_next", "it"), "a live iterator")
    has(words("bpf_task_release", "p"), "owned: the call releases it")
    has(words("bpf_cgroup_kptr_get", "cgrpp"), "a kptr to struct cgroup in a map value")
    has(words("bpf_obj_new_impl", "local_type_id__k"), "constant when the program is loaded")


def deprecated():
    r = kfunc("doc", "bpf_cgroup_kptr_get")
    same(r.status, 0, r)
    for part in ("deprecated: since Linux 6.2, removed in 6.4; removed from Linux in 6.4", "second release", "bpf_cgroup_acquire()"):
        has(r.out, part)
    row = kfunc("list", "--json", "bpf_cgroup_kptr_get").rows()[0]
    same((row["state"], row["since"], row["removed"]), ("deprecated", "6.2", "6.4"))
    has(row["instead"], "bpf_cgroup_acquire()")
    has(kfunc("list", "bpf_cgroup_kptr_get").out, "state: deprecated, ")
    row = kfunc("list", "--json", "bpf_cgroup_acquire").rows()[0]
    same((row["state"], row["removed"]), ("current", None))


def removed():
    r = kfunc("doc", "bpf_task_acquire_not_zero")
    same((r.status, r.out), (1, ""), r)
    has(r.err, "removed in 6.4; instead: bpf_task_acquire()")
    r = kfunc("list", "bpf_cpumask_kptr_get")
    same(r.status, 0, r)
    has(r.out, "state: removed, since Linux 6.3, removed in 6.4; instead: load the kptr")
    rows = {row["name"]: row for row in kfunc("list", "--removed", "--json").rows()}
    same(rows["bpf_cpumask_kptr_get"]["state"], "removed")
    same({row["state"] for row in rows.values()}, {"removed", "future"})
    if "bpf_task_acquire" in rows:
        raise AssertionError("bpf_task_acquire is still there")
    same(kfunc("doc", "bpf_nothing").status, 1)


def everything():
    names = [row["name"] for row in kfunc("list", "--json").rows()]
    r = kfunc("doc", "--all", "--markdown")
    same(r.status, 0, r)
    same(re.findall(r"^## (\w+)\(\)$", r.out, re.M), names)
    same(r.out.count("no documentation is known"), 0)
    same(r.out.count("```") % 2, 0)
    rows = kfunc("doc", "--all", "--json").rows()
    same([row["name"] for row in rows], names)
    for row in rows:
        for arg in row["arguments"]:
            if not arg["words"]:
                raise AssertionError(row)


def comments_name_every_parameter():
    """The comments are the source of the documentation: none describes a parameter that is not there."""
    for row in kfunc("doc", "--all", "--json").rows():
        args = {a["name"] for a in row["arguments"]}
        said = set(re.findall(r"^@(\w+):", row["doc"], re.M))
        same(said - args, set(), row["name"])


BEFORE_EXAMPLES = """
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#define NULL ((void *)0)
#undef container_of
#define container_of(p, type, member) ((type *)((char *)(p) - __builtin_offsetof(type, member)))
char _license[] SEC("license") = "GPL";
int memory_hierarchy = 4;
"""


def example_program(rows, name):
    """The text of an example, which may go on where that of another function ends, as a source file."""
    text = rows[name]["example"]
    other = re.search(r"// with the \w+ of (\w+)\(\)", text)
    if other:
        text = rows[other[1]]["example"] + "\n" + text
    if "SEC(" not in text:
        text = ('SEC("syscall")\nint example(void *ctx)\n{\n'
                "struct task_struct *task = bpf_get_current_task_btf();\n" + text + "\nreturn 0;\n}\n")
    return BEFORE_EXAMPLES + text


def examples():
    """Every example in the documentation compiles and is accepted."""
    rows = {row["name"]: row for row in kfunc("doc", "--all", "--json").rows()}
    tried = 0
    with tempfile.TemporaryDirectory() as d:
        for name in rows:
            if not rows[name]["example"]:
                continue
            has(rows[name]["example"], name)
            path = os.path.join(d, name + ".bpf.c")
            with open(path, "w", encoding="utf-8") as f:
                f.write(example_program(rows, name))
            r = kfunc("check", "--json", path)
            same(r.status, 0, f"{name}: {r}")
            same({row["verdict"] for row in r.rows()}, {"accept"}, name)
            tried += 1
    if tried < 20:
        raise AssertionError(f"only {tried} examples")


def images():
    image = os.environ.get("KFUNC_IMAGE", "/sys/kernel/btf/vmlinux")
    if not os.path.exists(image):
        return
    r = kfunc("doc", "--kernel", image, "bpf_task_acquire")
    same(r.status, 0, r)
    has(r.out, "take a reference on a task")
    r = kfunc("doc", "--kernel", image, "bpf_task_kptr_get")
    same(r.status, 1, r)
    has(r.err, "removed in 6.4")


def usage():
    same(kfunc("doc").status, 2)
    same(kfunc("doc", "--host", "/bin/true", "--kernel", "live", "x").status, 2)


main([one_function, words_of_arguments, deprecated, removed, everything, comments_name_every_parameter, examples,
      images, usage])
