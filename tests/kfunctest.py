# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the scripts among the tests share: running the command, and a last line with totals."""
import json
import os
import subprocess
import sys
import traceback

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
TIMES = int(os.environ.get("TEST_TIMES", "1"))  # how much longer everything may take
KFUNC = os.path.join(BUILD, "kfunc")


class Result:
    def __init__(self, proc):
        self.status = proc.returncode
        self.out = proc.stdout.decode("utf-8", "replace")
        self.err = proc.stderr.decode("utf-8", "replace")

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"status {self.status}\n--- output\n{self.out}\n--- errors\n{self.err}"


def kfunc(*args, seconds=60, **kw):
    return Result(subprocess.run([KFUNC, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, timeout=seconds * TIMES, check=False, **kw))


def prog(room, name):
    return os.path.join(BUILD, "tests", room, "progs", name + ".bpf.o")


def same(got, want, context=""):
    if got != want:
        raise AssertionError(f"got {got!r}, expected {want!r}\n{context}")


def has(text, part, context=""):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}\n{context}")


def main(cases):
    """Runs every function of `cases` and ends the process."""
    failed = 0
    for case in cases:
        try:
            case()
            print(f"ok      {case.__name__}")
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"FAILED  {case.__name__}\n{traceback.format_exc()}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
