#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Files that are no usable BPF object: a clear message, the right status, bounded time and memory."""
import os
import random
import resource
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import BUILD, has, kfunc, main, prog, same  # noqa: E402

DIR = tempfile.TemporaryDirectory()
SANITIZED = "san" in os.path.basename(BUILD)


def limits():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


def path(name, data=None):
    p = os.path.join(DIR.name, name)
    if data is not None:
        with open(p, "wb") as f:
            f.write(data)
    return p


def good():
    with open(prog("cli", "pair"), "rb") as f:
        return f.read()


def refused(file, why, status=2):
    r = kfunc("check", file, seconds=10, preexec_fn=limits)
    same(r.status, status, r)
    has(r.err, why, r)
    has(r.err, os.path.basename(file))
    r = kfunc("run", file, seconds=10, preexec_fn=limits)
    same(r.status, status, r)
    has(r.err, why, r)


def missing_file():
    refused(path("none.o"), "No such file")


def directory():
    refused(DIR.name, "directory")


def fifo():
    os.mkfifo(path("fifo"))
    refused(path("fifo"), "not a regular file")


def empty_file():
    refused(path("empty.o", b""), "empty")


def text_file():
    refused(path("text.o", b"hello, world\n" * 100), "no ELF file")


def a_gigabyte_of_zeros():
    p = path("zeros.o", b"")
    os.truncate(p, 1 << 30)
    refused(p, "no ELF file")


def an_object_with_a_gigabyte_behind():
    p = path("long.o", good())
    os.truncate(p, 1 << 30)
    refused(p, "64 MiB")


def other_machine():
    refused("/bin/true", "not for the BPF machine")


def truncated():
    data = good()
    for n in (1, 4, 16, 63, 64, 100, 1000, len(data) // 2, len(data) - 1):
        refused(path("cut.o", data[:n]), "ELF" if n < 64 else "cut off")


def no_btf():
    data = bytearray(good())
    for name in (b".BTF\0", b".BTF.ext\0"):
        at = data.find(name)
        if at >= 0:
            data[at : at + 4] = b".XXX"
    p = path("nobtf.o", bytes(data))
    r = kfunc("check", p, seconds=10)
    if r.status not in (1, 2):
        raise AssertionError(str(r))
    has(r.err + r.out, "BTF", r)


def broken_anywhere():
    """Flipped bytes: whatever the answer, it is an answer."""
    data = good()
    rnd = random.Random(5)
    for i in range(40 if SANITIZED else 120):
        bad = bytearray(data)
        for _ in range(rnd.choice((1, 3, 30))):
            bad[rnd.randrange(len(bad))] = rnd.randrange(256)
        p = path("flip.o", bytes(bad))
        r = kfunc("check", "--json", p, seconds=20)
        if r.status not in (0, 1, 2, 3, 4):
            keep = os.path.join(BUILD, f"flip-{i}.o")
            with open(keep, "wb") as f:
                f.write(bad)
            raise AssertionError(f"{keep}: {r}")


main([missing_file, directory, fifo, empty_file, text_file, a_gigabyte_of_zeros, an_object_with_a_gigabyte_behind,
      other_machine, truncated, no_btf, broken_anywhere])
