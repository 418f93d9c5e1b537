#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""check --stats: where the verifier's work went; and the progress of check -j on a terminal."""
import os
import pty
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import KFUNC, SOURCE, TIMES, has, kfunc, main, prog, same  # noqa: E402

WORK = prog("cli", "work")


def line_of(text):
    source = open(os.path.join(SOURCE, "tests/cli/progs/work.bpf.c"), encoding="utf-8").read().split("\n")
    return next(i for i, line in enumerate(source, 1) if text in line)


def stats(program, *more):
    r = kfunc("check", "--json", "--stats", "--prog", program, *more, WORK)
    rows = r.rows()
    same(len(rows), 1, r)
    return rows[0]


def nothing_is_lost():
    for name, verdict in (("rounds", "accept"), ("joins", "accept"), ("endless", "limit")):
        row = stats(name, "--top", "0")
        same(row["verdict"], verdict)
        same(sum(line["states"] for line in row["lines"]), row["states"], name)
        # the instruction that breaks the limit is counted and not simulated
        same(sum(line["processed"] for line in row["lines"]), row["processed"] - (verdict == "limit"), name)
        if not row["state_bytes"] > 500 * row["peak_states"]:
            raise AssertionError(f"{row['state_bytes']} bytes for {row['peak_states']} states")


def work_is_found():
    row = stats("rounds")
    worst = row["lines"][0]
    same(os.path.basename(worst["file"]), "work.bpf.c")
    assert worst["line"] in (line_of("the work"), line_of("the work") - 1), worst
    assert worst["processed"] >= 300 * worst["insns"] * 0.9, worst
    order = [line["processed"] for line in row["lines"]]
    same(order, sorted(order, reverse=True))
    same(len(stats("rounds", "--top", "2")["lines"]), 2)


def joins_are_pruned():
    row = stats("joins", "--top", "0")
    pruned, compared = (sum(line[k] for line in row["lines"]) for k in ("pruned", "compared"))
    assert 0 < pruned <= compared, row
    # without pruning: 2^8 paths
    assert row["processed"] < 200, row


def at_the_limit():
    r = kfunc("check", "--stats", "--prog", "endless", WORK)
    same(r.status, 4, r)
    has(r.out, "100.0 % of the limit")
    table = r.out.split("source\n", 1)[1].splitlines()
    assert any(f"work.bpf.c:{line_of(text)} " in table[0] for text in ("i < 10000000", "for ever")), r


def more_lines_than_shown():
    has(kfunc("check", "--stats", "--top", "1", "--prog", "joins", WORK).out, "--top 0 shows every line")
    assert "--top 0" not in kfunc("check", "--stats", "--top", "0", "--prog", "joins", WORK).out


def without_line_information():
    with tempfile.TemporaryDirectory() as tmp:
        bare = os.path.join(tmp, "bare.bpf.o")
        with open(WORK, "rb") as f:
            data = f.read()
        assert b".BTF.ext\0" in data
        with open(bare, "wb") as f:  # under another name nobody looks for it
            f.write(data.replace(b".BTF.ext\0", b".BTF.was\0"))
        row = kfunc("check", "--json", "--stats", "--prog", "rounds", bare).rows()[0]
        same(row["verdict"], "accept")
        worst = row["lines"][0]
        same((worst["file"], worst["insns"]), (None, 1))
        assert worst["text"] and worst["processed"] >= 300, worst
        has(kfunc("check", "--stats", "--prog", "rounds", bare).out, f"instruction {worst['insn']} ")


def off_by_default():
    row = kfunc("check", "--json", "--prog", "rounds", WORK).rows()[0]
    assert "lines" not in row and "state_bytes" not in row, row
    assert "source" not in kfunc("check", "--prog", "rounds", WORK).out


def a_number_out_of_range_is_named():
    for args, name in ((["-j", "0"], "--jobs"), (["-j", "257"], "--jobs"), (["--prog-flags", "x=y"], "--prog-flags"),
                       (["--top", "-1"], "--top"), (["--prog-flags", "-1"], "--prog-flags")):
        r = kfunc("check", *args, WORK)
        same(r.status, 2, r)
        has(r.err, name)


def read_to_end(master, text):
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:
            return
        if not more:
            return
        text.append(more)


def on_terminal(term, objects):
    """What check writes to a terminal as stderr, and to stdout."""
    master, slave = pty.openpty()
    p = subprocess.Popen([KFUNC, "check", "-q", "-j", "2", *objects], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=slave, env={**os.environ, "TERM": term})
    os.close(slave)
    text = []
    # while it runs: a terminal that nobody reads holds up who writes to it
    reader = threading.Thread(target=read_to_end, args=(master, text))
    reader.start()
    out = p.stdout.read()
    p.wait(60 * TIMES)
    reader.join()
    os.close(master)
    return b"".join(text).decode(), out.decode()


def progress_on_a_terminal_only():
    objects = [WORK] * 6  # a second and more: an endless loop in each
    text, out = on_terminal("xterm", objects)
    has(text, "of 6 objects")
    assert text.endswith("\r\033[K"), repr(text[-80:])
    same(out.count("limit[KF0900]"), 6)
    assert "objects" not in out and "\033[K" not in out, out
    same(on_terminal("dumb", objects)[0], "")
    same(kfunc("check", "-q", "-j", "2", *objects).err, "")


main([nothing_is_lost, work_is_found, joins_are_pruned, at_the_limit, more_lines_than_shown, without_line_information,
      off_by_default, a_number_out_of_range_is_named, progress_on_a_terminal_only])
