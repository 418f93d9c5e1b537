#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""parity.py [--missing]: writes docs/parity.md: every rule and scenario of the two specifications, and every
statement of the documentation they come from, with the tests that show it; then data/parity/errata.txt.

data/parity/*.txt name the rules and scenarios (seeds.txt the statements); behind a rule stand the scenarios that are
made of it, and a rule counts as shown when they are. Tests name what they show in their
comments: "kfunc spec R5.2, R9.3; scenarios 37-39" or "verifier spec 4.5, scenario 52". A mark in the first comment
of a file is of the whole file; any other mark belongs to the next function, program or case below it. In
tests/verifier/asm a case's first word is its scenario or rule. Nothing is counted that no test names; --missing lists what
has none and writes nothing. Marks of unknown rules, and statements that name tests which do not exist, are errors.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TOKEN = re.compile(r"\b(kfunc|verifier)\b(?:'s)?(?=[\s(]*(?:\w+\s+)?(?:spec|scenario|R\d|section))|\b(R\d+\.\d+a?)\b|"
                   r"\bscenarios?\s+(\d[\d\-,\s]*(?:\band\s+\d[\d\-,\s]*)*)", re.I)
DEFINITION = re.compile(r"^(?:[A-Za-z_][\w\s*]*?[\s*])?(?:BPF_PROG|KFUNC_TEST)?\(?\b(\w+)\b\s*[(,].*[^;]$|^case\s+(.*)$|"
                        r"^def (\w+)\(")
TITLES = {
    "kfunc": "The kfunc specification", "verifier": "The verifier specification",
}


def numbers(text):
    for part in re.findall(r"\d+(?:-\d+)?", text):
        a, _, b = part.partition("-")
        yield from range(int(a), int(b or a) + 1)


def comments(path, text):
    """(first line, comment) pairs; text files and scripts have # comments."""
    if path.endswith((".c", ".h")):
        for m in re.finditer(r"/\*.*?\*/|//[^\n]*", text, re.S):
            yield text.count("\n", 0, m.start()) + 1, text.count("\n", 0, m.end()) + 1, m[0]
    else:
        block, start = [], 0
        for n, line in enumerate(text.split("\n") + [""], 1):
            if line.startswith(("#", '"""')) or (line.strip().startswith("#")):
                start = start or n
                block.append(line)
            elif block:
                yield start, n - 1, "\n".join(block)
                block, start = [], 0


def next_case(lines, after):
    for line in lines[after: after + 25]:
        if line.startswith(("SEC(", "__expect", "#", "/*", " *", "__attribute__", "struct", "BTF_", "}", "\t")):
            continue
        m = DEFINITION.match(line)
        if m:
            return m[1] or m[2] or m[3]
    return None


def marks(path):
    """(spec, 'R1.2' or number, case or None) for everything a file says it shows."""
    text = open(path, encoding="utf-8").read()
    lines = text.split("\n")
    spec, seen_head = None, False
    for start, end, comment in comments(path, text):
        if "SPDX" in comment and comment.count("\n") == 0:
            continue
        head, seen_head = not seen_head and start < 12, True
        found = []
        for m in TOKEN.finditer(re.sub(r"\n\s*(\*|#)?\s*", " ", comment)):
            if m[1]:
                spec = m[1].lower()
            elif spec and m[2]:
                found.append((spec, m[2]))
            elif spec and m[3]:
                found += [(spec, n) for n in numbers(m[3])]
        case = None if head or not found else next_case(lines, end)
        for of, what in found:
            yield of, what, case
    if "/asm/" in path:
        for m in re.finditer(r"^case (\d+|R\d+\.\d+)\s+(.*)$", text, re.M):
            yield "verifier", int(m[1]) if m[1].isdigit() else m[1], f"{m[1]} {m[2]}"


def subjects(name):
    """key: (subject, scenarios)"""
    rows = {}
    for line in open(os.path.join(ROOT, "data/parity", name + ".txt"), encoding="utf-8"):
        key, _, words = line.rstrip().partition(" ")
        words, _, through = words.partition(" | ")
        rows[int(key) if key.isdigit() else key] = words, [int(n) for n in through.split()]
    return rows


def test_files():
    for base, dirs, names in os.walk(os.path.join(ROOT, "tests")):
        dirs.sort()
        for n in sorted(names):
            if n.endswith((".c", ".h", ".py", ".sh", ".txt")) and n != "reasons.txt":
                yield os.path.relpath(os.path.join(base, n), ROOT)


def collect(known):
    shown, bad = {}, []
    for path in test_files():
        for spec, what, case in marks(os.path.join(ROOT, path)):
            kind = "rules" if isinstance(what, str) else "scenarios"
            if what not in known[spec, kind]:
                bad.append(f"{path}: {spec} {what} is unknown")
            cases = shown.setdefault((spec, what), {}).setdefault(path, [])
            if case and case not in cases:
                cases.append(case)
    return shown, bad


def cell(tests):
    out = []
    for path, cases in tests.items():
        short = path.removeprefix("tests/")
        some = ", ".join(c.replace("|", "\\|") for c in cases[:6]) + (f" and {len(cases) - 6} more" if len(cases) > 6 else "")
        out.append(f"{short}: {some}" if cases else f"{short} (file)")
    return "; ".join(out)


def statement_tests(refs, shown, bad):
    """Tests of a statement: those of the rules and scenarios it names, and tests by name."""
    out = {}
    for ref in re.findall(r"tests/[^:]+:.*?(?= tests/| k\d| kR|$)|k\S+", refs):
        m = re.match(r"(tests/[^:]+):(.*)", ref)
        if m:
            path, case = m[1], m[2].strip()
            full = os.path.join(ROOT, path)
            if not os.path.exists(full) or case not in open(full, encoding="utf-8").read():
                bad.append(f"there is no {ref}")
            out.setdefault(path, []).append(case)
            continue
        what = int(ref[1:]) if ref[1:].isdigit() else ref[1:]
        for path, cases in shown.get(("kfunc", what), {}).items():
            out.setdefault(path, [])
            out[path] += [c for c in cases if c not in out[path]]
    return out


def main():
    known = {(s, k): subjects(f"{s}-{k}") for s in TITLES for k in ("rules", "scenarios")}
    shown, bad = collect(known)
    rows, missing, total = [], [], 0
    figures = os.path.join(ROOT, "data/parity/figures.md")
    out = ["# Parity", "",
           "What the documents and specifications state, and the tests that show it. Made by `scripts/parity.py` from",
           "the comments of the tests and `data/parity/`; *(file)* means that the head of a file names the point and no",
           "single case does. **missing** means that no test names it: it may still be implemented, or be shown by a test",
           "that does not say so.", "",
           *(["## Against a live Linux", "", open(figures, encoding="utf-8").read()] if os.path.exists(figures) else []),
           "## The kfunc documentation, both versions", "", "| statement | tests |", "|---|---|"]
    for line in open(os.path.join(ROOT, "data/parity/seeds.txt"), encoding="utf-8"):
        if line.startswith("#") or not line.strip():
            continue
        words, _, refs = line.rstrip().partition(" |")
        tests = statement_tests(refs.strip(), shown, bad)
        total += 1
        if not tests:
            missing.append(f"statement: {words}")
        out.append(f"| {words} | {cell(tests) if tests else '**missing**'} |")
    for (spec, kind), names in known.items():
        out += ["", f"## {TITLES[spec]}: {kind}", "", f"| {kind[:-1]} | about | tests |", "|---|---|---|"]
        rows = 0
        for key, (words, through) in names.items():
            tests = shown.get((spec, key), {})
            there = [str(n) for n in through if (spec, n) in shown]
            total += 1
            if tests or there:
                rows += 1
            else:
                missing.append(f"{spec} {kind[:-1]} {key}: {words}")
            text = cell(tests)
            if there:
                text += ("; " if text else "") + f"scenario{'s' if len(there) > 1 else ''} " + ", ".join(there)
            out.append(f"| {key} | {words} | {text or '**missing**'} |")
        out += ["", f"{rows} of {len(names)} are shown."]
    out += ["", "## Errata", "", "Rules that the running kernel, Linux 6.18.44, proves wrong, and what it does instead; so does libkfunc, unless the row says otherwise.", "",
            "| rule | on Linux | test |", "|---|---|---|"]
    for line in open(os.path.join(ROOT, "data/parity/errata.txt"), encoding="utf-8"):
        if not line.startswith("#"):
            rule, words, refs = line.rstrip().split(" | ")
            out.append(f"| {rule} | {words} | {cell(statement_tests(refs, shown, bad))} |")
    for b in bad:
        print(b, file=sys.stderr)
    if "--missing" in sys.argv[1:]:
        print("\n".join(missing))
        print(f"{len(missing)} of {total} have no test")
    else:
        with open(os.path.join(ROOT, "docs/parity.md"), "w", encoding="utf-8") as f:
            f.write("\n".join(out) + "\n")
    sys.exit(1 if bad else 0)


main()
