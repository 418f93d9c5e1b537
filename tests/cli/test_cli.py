#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The command: help, usage errors, exit statuses, verdicts of one object apart, JSON."""
import os
import shutil
import platform
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import BUILD, KFUNC, SOURCE, has, kfunc, main, prog, same  # noqa: E402

FIELDS = ["schema", "object", "program", "section", "prog_type", "kernel", "verdict", "errno", "code", "message",
          "insns", "processed", "states", "peak_states", "stack", "verify_ns"]


def help_of_every_command():
    top = kfunc("--help")
    same(top.status, 0, top)
    for cmd in ("run", "check", "list", "explain", "doc", "btf", "lint", "disasm"):
        has(top.out, cmd)
        r = kfunc(cmd, "--help")
        same(r.status, 0, r)
        has(r.out, f"usage: kfunc {cmd}")
        same(r.err, "")


def usage_errors():
    for args in ([], ["nonsense"], ["check"], ["check", "--nonsense", "x"], ["check", "--kernel"],
                 ["check", "-j", "many", "x"], ["check", "--prog-flags", "x", "y"], ["explain", "KF9999"],
                 ["run"], ["run", "a", "b"], ["list", "--prog-type", "nonsense"], ["btf"]):
        r = kfunc(*args)
        same(r.status, 2, f"{args} {r}")
        if not r.err:
            raise AssertionError(f"{args} says nothing")


def options_are_named():
    for args, name in ((["check", "--kernel", "/nope", "x"], "--kernel /nope"), (["list", "--prog-type", "no"], "--prog-type"),
                       (["run", prog("cli", "packets"), "--pcap", "/nope"], "--pcap /nope"),
                       (["check", "--jobs", "9999", "x"], "--jobs"), (["run", "--repeat", "no", "x"], "--repeat"),
                       (["disasm", "--nope", "x"], "--nope"), (["check", "--prog"], "--prog")):
        r = kfunc(*args)
        same(r.status, 2, r)
        has(r.err, name)


def disassembly():
    r = kfunc("disasm", "/bin/true")
    same(r.status, 2, r)
    r = kfunc("disasm", prog("programs", "run_kfuncs"), "--prog", "numbers")
    same(r.status, 0, r)
    has(r.out, "call kfunc")
    has(r.out, "bpf_for(i, 0, 10)")  # the source line above its instructions
    if platform.machine() == "x86_64":
        r = kfunc("disasm", prog("programs", "run_kfuncs"), "--prog", "numbers", "--jit")
        same(r.status, 0, r)
        has(r.out, "\t\t\t")


def full_disk():
    for args in (["--help"], ["--version"], ["list"], ["list", "--json"], ["explain"], ["explain", "KF0412"],
                 ["doc", "bpf_task_acquire"], ["check", "--help"],
                 ["check", "--json", prog("cli", "missing")]):
        with open("/dev/full", "w", encoding="ascii") as full:
            r = subprocess.run([KFUNC, *args], stdout=full, stderr=subprocess.PIPE, check=False)
        same(r.returncode, 2, f"{args}")
        has(r.stderr.decode(), "the output could not be written", args)


def closed_descriptors():
    # what is printed must not go to a file that the command opened in the meantime
    for args in (["explain"], ["list"], ["check", "--json", prog("cli", "missing")]):
        line = ["/bin/sh", "-c", 'exec "$@" <&- >&-', "sh", KFUNC, *args]
        r = subprocess.run(line, stderr=subprocess.PIPE, check=False)
        same(r.returncode, 2, f"{args}")
        has(r.stderr.decode(), "the output could not be written", args)


def types_of_a_bpf_object_stay():
    with tempfile.TemporaryDirectory() as tmp:
        copy = os.path.join(tmp, "copy.bpf.o")
        shutil.copy(prog("cli", "missing"), copy)
        before = open(copy, "rb").read()
        r = kfunc("btf", copy)
        same(r.status, 2, r)
        has(r.err, "BPF object")
        same(open(copy, "rb").read() == before, True)


def explain():
    r = kfunc("explain", "KF0412")
    same(r.status, 0, r)
    has(r.out, "KF0412: reference is not released on every path")
    same(kfunc("explain", "412").out, r.out)
    everything = kfunc("explain").out.splitlines()
    codes = [line[:6] for line in everything]
    same(codes, sorted(set(codes)))


def verdicts_are_apart():
    r = kfunc("check", "--json", prog("cli", "missing"))
    same(r.status, 1, r)
    v = {row["program"]: row for row in r.rows()}
    same(v["calls_it"]["verdict"], "reject", r)
    same(v["calls_it"]["code"], "KF0700")
    same(v["calls_it"]["errno"], -22)
    has(v["calls_it"]["message"], "bpf_no_such_function()")
    same(v["guards_it"]["verdict"], "accept", r)
    same(v["leaves_it"]["verdict"], "accept", r)
    same((v["nowhere"]["verdict"], v["nowhere"]["code"]), ("reject", "KF0107"), r)


def json_lines():
    r = kfunc("check", "--json", prog("cli", "pair"))
    same(r.status, 1, r)
    rows = r.rows()
    same([row["program"] for row in rows], ["balanced", "leaking"])
    for row in rows:
        same(list(row), FIELDS)
        same((row["schema"], row["section"], row["prog_type"]), (1, "tp_btf/task_newtask", "tracing"))
        same(row["object"], prog("cli", "pair"))
    good, bad = rows
    same((good["verdict"], good["errno"], good["code"], good["message"]), ("accept", 0, None, ""))
    same((bad["verdict"], bad["errno"], bad["code"]), ("reject", -22, "KF0412"))
    for name in ("insns", "processed", "states", "verify_ns"):
        if not good[name] > 0:
            raise AssertionError(f"{name} is {good[name]}")


def diagnostic_has_source_lines():
    r = kfunc("check", prog("cli", "pair"))
    same(r.status, 1, r)
    has(r.out, "error[KF0412]: reference is not released on every path")
    has(r.out, "--> pair.bpf.c:")
    has(r.out, "in leaking")
    has(r.out, "[Resource Lifetime]")
    has(r.out, "struct task_struct *held = bpf_task_acquire(task);")
    has(r.out, "kfunc explain KF0412")
    has(r.out, "accepted: balanced")
    has(r.out, "1 accepted, 1 rejected")
    if "\033" in r.out:
        raise AssertionError("colours although the output is no terminal")


def where_a_region_was_entered():
    for name, at in (("rcu_left_open", "the RCU read section begins here"),
                     ("rcu_sleepable_kfunc", "the RCU read section begins here"),
                     ("preempt_left_off", "preemption is switched off here")):
        r = kfunc("check", prog("verifier", "regions"), "--kernel", os.path.join(BUILD, "tests", "verifier", "image.btf"),
                  "--prog", name)
        same(r.status, 1, r)
        has(r.out, at)


def one_program():
    r = kfunc("check", "--prog", "balanced", "--json", prog("cli", "pair"))
    same((r.status, [row["program"] for row in r.rows()]), (0, ["balanced"]), r)
    r = kfunc("check", "--prog", "nobody", prog("cli", "pair"))
    same(r.status, 2, r)
    has(r.err, "nobody")


def many_objects_in_order():
    names = [prog("cli", n) for n in ("missing", "pair", "missing", "pair")]
    r = kfunc("check", "--json", "-j", "3", *names)
    seen = []
    for row in r.rows():
        if not seen or seen[-1] != row["object"]:
            seen.append(row["object"])
    same(seen, names)


def map_that_cannot_be():
    r = kfunc("check", "--json", prog("cli", "nomaps"))
    same(r.status, 1, r)
    row = r.rows()[0]
    same((row["verdict"], row["code"], row["errno"]), ("reject", "KF0113", -22), r)
    has(row["message"], "bad")


def what_cannot_be_prepared_has_a_reason():
    rows = kfunc("check", "--json", prog("cli", "unprepared"), prog("cli", "noops"), prog("cli", "unsized")).rows()
    v = {row["program"]: row for row in rows}
    for name, code, errno, words in (
            ("section_unknown", "KF0122", -22, 'section "nonsense/place" does not say'),
            ("no_target_program", "KF0123", -22, "freplace/some_function"),
            ("unnamed", "KF0124", -22, 'section "fentry" does not name'),
            ("unreferenced", "KF0125", -22, "no struct_ops map of the object has unreferenced"),
            ("no_function", "KF0107", -3, "no function no_such_function"),
            ("no_member", "KF0114", -22, "no counterpart of member no_such_member of struct task_struct___other"),
            ("decide", "KF0126", -3, "no operations struct no_such_ops"),
            ("submits", "KF0113", -22, "map records (ringbuf) cannot be created: its max_entries is 0")):
        same((v[name]["verdict"], v[name]["code"], v[name]["errno"]), ("reject", code, errno), v[name])
        has(v[name]["message"], words)
    same(v["fine"]["verdict"], "accept")


def source_is_compiled():
    source = os.path.join(SOURCE, "tests", "cli", "progs", "pair.bpf.c")
    r = kfunc("check", "--json", "--prog", "balanced", source)
    same((r.status, r.rows()[0]["object"]), (0, source), r)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "broken.bpf.c")
        with open(path, "w") as f:
            f.write("int x = ;\n")
        r = kfunc("check", path, env={**os.environ, "TMPDIR": d})
        same(r.status, 2, r)
        has(r.err, "broken.bpf.c:1:9: error")
        same(os.listdir(d), ["broken.bpf.c"])
    # it needs no room on a disk
    r = kfunc("check", "--prog", "balanced", source, env={**os.environ, "TMPDIR": "/dev/full"})
    same(r.status, 0, r)


def list_of_functions():
    r = kfunc("list", "bpf_task_acquire")
    same(r.status, 0, r)
    has(r.out, "bpf_task_acquire(struct task_struct *p)")
    has(r.out, "KF_ACQUIRE")
    rows = kfunc("list", "--json", "--prog-type", "tracing").rows()
    by_name = {row["name"]: row for row in rows}
    same(by_name["bpf_task_release"]["flags"], ["KF_RELEASE"])
    same(kfunc("list", "bpf_no_such_function").status, 1)


main([help_of_every_command, usage_errors, options_are_named, disassembly, full_disk, closed_descriptors,
      types_of_a_bpf_object_stay, explain, verdicts_are_apart, json_lines,
      diagnostic_has_source_lines, where_a_region_was_entered, one_program, many_objects_in_order, map_that_cannot_be,
      what_cannot_be_prepared_has_a_reason, source_is_compiled,
      list_of_functions])
