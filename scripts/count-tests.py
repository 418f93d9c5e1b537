#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""count-tests.py TESTLOG: adds up the test cases of a Meson test run.

A cmocka program counts with its groups' totals, a script with the line "N passed, N failed" that it
prints, anything else as one case. A program that failed without saying which case counts as one.
"""
import json
import re
import sys

CMOCKA = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)", re.M)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


def cases(test):
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    n = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for kind, count in CMOCKA.findall(text):
        n[kind] += int(count)
    for ok, bad, skip in PLAIN.findall(text):
        n["PASSED"] += int(ok)
        n["FAILED"] += int(bad)
        n["SKIPPED"] += int(skip or 0)
    result = test["result"]
    if result == "SKIP":
        n["SKIPPED"] = n["SKIPPED"] or 1
    elif result in ("OK", "EXPECTEDFAIL"):
        if not sum(n.values()):
            n["PASSED"] = 1
    elif not n["FAILED"]:
        n["FAILED"] = 1
    return n["PASSED"], n["FAILED"], n["SKIPPED"]


def main():
    passed = failed = skipped = 0
    with open(sys.argv[1]) as log:
        for line in log:
            p, f, s = cases(json.loads(line))
            passed += p
            failed += f
            skipped += s
    tail = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{tail}")
    return 1 if failed or not passed else 0


sys.exit(main())
