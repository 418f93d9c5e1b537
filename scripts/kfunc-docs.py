#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""kfunc-docs.py names FILE.c...

Reads the kernel-doc comment in front of each __bpf_kfunc definition and prints the kfuncs' names. What
`kfunc doc` shows and deprecation warnings quote is made by packed.py, which takes scan() from here. A
definition without a comment, or whose comment names another function, is an error: docs cannot rot silently.
"""
import re
import sys

DEF = re.compile(r"^__bpf_kfunc\s+(?:[\w\s*]|\bconst\b)*?[\s*](\w+)\s*\(", re.M)
DOC = re.compile(r"/\*\*\n(.*?)\*/\s*\Z", re.S)


def scan(path):
    text = open(path, encoding="utf-8").read()
    for m in DEF.finditer(text):
        before = text[: m.start()]
        d = DOC.search(before[before.rfind("/**") :]) if "/**" in before else None
        if not d:
            sys.exit(f"{path}: {m[1]} has no kernel-doc comment")
        lines = [re.sub(r"^\s*\* ?", "", l).rstrip() for l in d[1].rstrip().split("\n")]
        if not re.match(rf"{m[1]}\(\)\s+-\s+\S", lines[0]):
            sys.exit(f"{path}: the comment before {m[1]} does not begin with '{m[1]}() - '")
        yield m[1], "\n".join(lines).strip()


def main():
    if sys.argv[1] != "names":
        sys.exit(__doc__)
    for f in sys.argv[2:]:
        for name, _ in scan(f):
            print(name)


if __name__ == "__main__":
    main()
