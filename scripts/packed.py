#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Texts as a compressed C table (src/base/packed.h).

packed.py diag CODES.def: the explanation and the help of each row, in order.
packed.py docs FILE.c...: the kernel-doc comments of kfuncs, and their names.
packed.py btf FILE: the types of the live kernel.
"""
import re
import runpy
import sys
import zlib

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|/\*.*?\*/|([(),])|([^\s"(),/]+)', re.S)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


def plain(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES[m[1]], text)


def diag_rows(path):
    """the arguments of each DIAG(): names, or strings with their pieces joined"""
    depth, args = 0, []
    for m in TOKEN.finditer(open(path, encoding="utf-8").read()):
        if m[2] == "(":
            depth, args = depth + 1, [""]
        elif m[2] == ")":
            depth -= 1
            yield args
        elif m[2] == "," and depth:
            args.append("")
        elif depth:
            args[-1] += plain(m[1]) if m[1] is not None else m[3] or ""
    if depth:
        sys.exit(f"packed.py: {path}: an open parenthesis")


def emit(name, texts):
    at, blob = [], b""
    for t in texts:
        at.append(len(blob))
        blob += t if isinstance(t, bytes) else t.encode() + b"\0"
    if at[-1] > 65535:
        sys.exit(f"packed.py: {name}: more than 64 KiB of text")
    data = zlib.compress(blob, 9)
    print(f"static const unsigned char {name}_data[] = {{")
    for i in range(0, len(data), 20):
        print("\t" + ",".join(map(str, data[i : i + 20])) + ",")
    print("};")
    print(f"static const uint16_t {name}_at[] = {{")
    for i in range(0, len(at), 16):
        print("\t" + ",".join(map(str, at[i : i + 16])) + ",")
    print("};")
    print(f"struct packed_texts {name} = {{\n\t.data = {name}_data, .len = sizeof({name}_data), "
          f".size = {len(blob)}, .at = {name}_at,\n}};")


def main():
    mode, files = sys.argv[1], sys.argv[2:]
    print("/* made by scripts/packed.py */")
    if mode == "diag":
        print('#include "diag/internal.h"\n')
        rows = list(diag_rows(files[0]))
        if any(len(r) != 7 for r in rows):
            sys.exit("packed.py: a row without 7 arguments: " + str([r for r in rows if len(r) != 7]))
        emit("diag_texts", [t for r in rows for t in r[5:7]])
        return
    print('#include "kfuncs/docs.h"\n')
    if mode == "btf":
        emit("kfuncs_live_btf", [open(files[0], "rb").read()])
        return
    scan = runpy.run_path(sys.path[0] + "/kfunc-docs.py", run_name="docs")["scan"]
    found = sorted(k for f in files for k in scan(f))
    print("const char *const kfuncs_doc_names[] = {")
    for name, _ in found:
        print(f'\t"{name}",')
    print("};")
    print(f"const unsigned int kfuncs_n_docs = {len(found)};")
    emit("kfuncs_docs", [doc for _, doc in found])


main()
