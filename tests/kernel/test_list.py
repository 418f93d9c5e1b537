#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""`kfunc list --kernel FILE` against data/kernels: flags and program types of every kernel function.

Of each release: types made here that have exactly its functions; of the running kernel: its own types. With
KFUNC_KERNELS=DIR also the images DIR/VERSION.vmlinuz, whose functions must be exactly those of the data.
"""
import json
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import SOURCE, kfunc, main, same  # noqa: E402

RUNNING = "/sys/kernel/btf/vmlinux"
VERSIONS = ("6.1", "6.12", "6.18", "7.2")
STRUCT, PTR, FUNC, PROTO, INT = 4, 2, 12, 13, 1


def data(version):
    with open(os.path.join(SOURCE, "data/kernels", version + ".json"), encoding="utf-8") as f:
        return json.load(f)["kfuncs"]


def raw_btf(names):
    """Types of a kernel that has these functions: each takes and returns a task."""
    strings, types, at = bytearray(b"\0"), bytearray(), {}

    def name(text):
        if text not in at:
            at[text] = len(strings)
            strings.extend(text.encode() + b"\0")
        return at[text]

    def add(text, kind, vlen, size_or_type, *rest):
        types.extend(struct.pack("<III", name(text) if text else 0, kind << 24 | vlen, size_or_type))
        for r in rest:
            types.extend(struct.pack("<I", r))

    add("int", INT, 0, 4, 1 << 24 | 32)                     # 1
    add("task_struct", STRUCT, 1, 4, name("pid"), 1, 0)     # 2
    add("", PTR, 0, 2)                                      # 3
    add("", PROTO, 1, 3, name("p"), 3)                      # 4
    for n in names:
        add(n, FUNC, 1, 4)
    head = struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(strings))
    return head + bytes(types) + bytes(strings)


def listed(path):
    r = kfunc("list", "--kernel", path, "--json")
    same(r.status, 0, r)
    return {row["name"]: row for row in r.rows()}


def compare(got, want, names):
    for n in names:
        same(sorted(got[n]["flags"]), sorted(want[n]["flag_names"]), n)
        same(sorted(got[n]["prog_types"]), sorted(want[n]["prog_types"]), n)


def every_release():
    for version in VERSIONS:
        # iterators and destructors must have their own prototypes to be registered
        want = {n: f for n, f in data(version).items() if not any("KF_ITER" in x for x in f["flag_names"])
                and not n.endswith("_dtor") and "KF_RELEASE" not in f["flag_names"]}
        with tempfile.NamedTemporaryFile(suffix=".btf") as f:
            f.write(raw_btf(sorted(want)))
            f.flush()
            got = listed(f.name)
        same(sorted(set(want) - set(got)), [], version)
        compare(got, want, want)


def running_kernel():
    if not os.access(RUNNING, os.R_OK):
        return
    got = listed(RUNNING)
    release = os.uname().release
    version = next((v for v in VERSIONS if release.startswith(v + ".")), None)
    if not version:
        return
    want = data(version)
    both = set(got) & set(want)
    assert len(both) > 40, sorted(both)
    compare(got, want, both)
    with open(os.path.join(SOURCE, "data/kernels/extra.json"), encoding="utf-8") as f:
        extra = f.read()
    # what it has beyond that distribution's kernel is what that one keeps in modules
    for n in set(got) - set(want):
        assert f'"{n}"' in extra, n


def images():
    directory = os.environ.get("KFUNC_KERNELS")
    for version in VERSIONS if directory else ():
        got, want = listed(os.path.join(directory, version + ".vmlinuz")), data(version)
        same(sorted(got), sorted(want), version)
        compare(got, want, want)


main([every_release, running_kernel, images])
