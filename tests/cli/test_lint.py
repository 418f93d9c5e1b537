#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""kfunc lint: every finding at its line, every near miss without one; kfunc doc --host."""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import BUILD, SOURCE, has, kfunc, main, same  # noqa: E402

HERE = os.path.join(SOURCE, "tests", "cli", "hosts")
TMP = tempfile.TemporaryDirectory()
MISTAKE = re.compile(r"(\w+)\([^()]*(?:\.\.\.)?\) /\* ((?:KF\d{4} ?)+)\*/$")
WARNINGS = {"KF0840", "KF0843", "KF0844", "KF0847", "KF0848", "KF0849", "KF0852", "KF0855"}


def sanitizer():
    syms = subprocess.run(["nm", "-D", os.path.join(BUILD, "libkfunc.so")], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    return [f"-fsanitize={s}" for s, f in (("address", "__asan_init"), ("thread", "__tsan_init")) if f in syms]


def build(name, *flags, sources=(), cc="gcc", types=True):
    out = os.path.join(TMP.name, name + cc)
    files = [os.path.join(HERE, s) for s in (name + ".c", *sources)]
    subprocess.run([cc, "-g", "-w", "-I", os.path.join(SOURCE, "include"), *sanitizer(), *flags, *files, "-o", out,
                    "-L", BUILD, "-lkfunc", "-Wl,-rpath," + BUILD], check=True)
    if types:
        r = kfunc("btf", "--output", out + ".btf", out)
        if not os.path.exists(out + ".btf"):
            raise AssertionError(r)
    return out


def expected(name):
    found = []
    for n, line in enumerate(open(os.path.join(HERE, name + ".c"), encoding="utf-8"), 1):
        m = MISTAKE.search(line.rstrip())
        if m:
            found += [(m[1], code, n) for code in m[2].split()]
    return sorted(found)


def findings(elf, source):
    r = kfunc("lint", "--json", elf)
    rows = r.rows()
    for row in rows:
        same(row["severity"], "warning" if row["code"] in WARNINGS else "error", row)
        if not row["message"] or not row["help"]:
            raise AssertionError(f"no advice: {row}")
        if row["source"]:
            same(os.path.basename(row["source"]), source, row)
    same(r.status, int(any(row["severity"] == "error" for row in rows)), r)
    return sorted((row["function"], row["code"], row["line"]) for row in rows)


def every_mistake_and_no_near_miss():
    same(findings(build("lint"), "lint.c"), expected("lint"))


def with_optimisation():
    same(findings(build("lint", "-O2", "-fno-pie", "-no-pie"), "lint.c"), expected("lint"))


def copies_and_twins():
    elf = build("clone", "-O3", sources=["twin.c"])
    same(findings(elf, "clone.c"), expected("clone"))


def functions_of_other_files():
    elf = build("missing", "-shared", "-fPIC", "-Wl,--unresolved-symbols=ignore-all")
    same(findings(elf, ""), [("elsewhere", "KF0842", None)])


def marks_of_every_code():
    codes = {code for name in ("lint", "clone") for _, code, _ in expected(name)} | {"KF0842"}
    rows = {line[:6] for line in kfunc("explain").out.splitlines()}
    same({c for c in rows if "KF0840" <= c <= "KF0859"} - codes, set())


def text_form():
    r = kfunc("lint", build("lint"))
    same(r.status, 1)
    line = next(n for f, c, n in expected("lint") if c == "KF0845")
    has(r.out, "error[KF0845]: a void pointer without a size")
    has(r.out, f"lint.c:{line}  in void_pointer")
    has(r.out, f"{line} | __bpf_kfunc int void_pointer(void *mem)")
    has(r.out, "= note: mem is a void *")
    has(r.out, "= help: add a size parameter")
    has(r.out, "43 kfuncs, ")


def stripped():
    elf = build("lint")
    subprocess.run(["strip", elf], check=True)
    r = kfunc("lint", "--json", elf)
    same(r.status, 1, r)
    lost = {"KF0843", "KF0840"}  # without symbols
    want = sorted((f, c, None) for f, c, _ in expected("lint") if c not in lost)
    same(sorted((row["function"], row["code"], row["line"]) for row in r.rows()), want)
    has(kfunc("lint", elf).out, "is stripped")


def only_warnings_is_success():
    r = kfunc("lint", os.path.join(BUILD, "examples", "host", "budget"))
    same(r.status, 0, r)
    has(r.out, "2 kfuncs, 0 errors, 0 warnings")


def files_that_are_no_hosts():
    for path in ("/etc/passwd", "/nonexistent", "/tmp", "/dev/zero"):
        r = kfunc("lint", path)
        same(r.status, 2, r)
        has(r.err, path)
    elf = build("clone", "-O0", sources=["twin.c"], types=False)
    for f in glob.glob(elf + ".btf"):
        os.unlink(f)
    r = kfunc("lint", elf)
    same(r.status, 2, r)
    has(r.err, "kfunc btf")


def damaged_files():
    elf = build("lint")
    good = open(elf, "rb").read()
    for i in range(0, 64 * 40, 64):
        data = bytearray(good)
        at = (i * 2654435761) % len(data) if i > 640 else i // 10
        data[at] ^= 0xff
        open(elf, "wb").write(data)
        if kfunc("lint", elf).status not in (0, 1, 2):
            raise AssertionError(f"byte {at}")
    open(elf, "wb").write(good[: len(good) // 2])
    same(kfunc("lint", elf).status, 2)


def documentation_of_a_host():
    elf = build("lint")
    r = kfunc("doc", "--host", elf, "old_told")
    same(r.status, 0, r)
    for part in ("old_told() - returns its argument", "int old_told(int a)", "a: a number", "(any number)",
                 "a signed number of 4 bytes", "deprecated: until release 9; use fine(), which is shorter.",
                 "int b = old_told(1);"):
        has(r.out, part)
    row = kfunc("doc", "--host", elf, "--json", "old_told").rows()[0]
    same((row["state"], row["example"], row["returns"]["doc"]), ("deprecated", "int b = old_told(1);\n", "@a"))
    same(len(kfunc("doc", "--host", elf, "--json", "--all").rows()), 43)
    r = kfunc("doc", "--host", elf, "helper_of_fine")
    same(r.status, 1, r)
    r = kfunc("doc", "--host", os.path.join(BUILD, "examples", "host", "budget"), "app_charge")
    has(r.out, "app_charge() - Takes amount from a user's budget; returns what is left, or an error.")


def comments_that_are_about_something_else():
    elf = build("comments")
    for name, summary in (("behind_code", "no documentation is known"), ("behind_brackets", "no documentation is known"),
                          ("plain_name", "a summary without parentheses"),
                          ("behind_one_line", "no documentation is known"),
                          ("marked_above", "the mark has a line of its own")):
        has(kfunc("doc", "--host", elf, name).out, f"{name}() - {summary}\n")
    r = kfunc("doc", "--host", elf, "gone")
    same(r.status, 1, r)
    has(r.err, "gone() was removed from " + elf + ": in release 2; use plain_name().")


main([every_mistake_and_no_near_miss, with_optimisation, copies_and_twins, functions_of_other_files,
      marks_of_every_code, text_form, stripped, only_warnings_is_success, files_that_are_no_hosts, damaged_files,
      documentation_of_a_host, comments_that_are_about_something_else])
