# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the running kernel says of the programs of the corpus, now (tests/tools/kernel_corpus.c).

Load only: nothing is attached or pinned. Where the machine does not let this process load programs there
are no answers, and the caller says so.
"""
import json
import os
import subprocess

NOT_ALLOWED = 77  # the tool's exit status


def may_load(tool):
    if not os.access(tool, os.X_OK):
        return False
    p = subprocess.run([tool, "1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    return p.returncode == 0


def ask(tool, paths, rows, seconds, repeat=1):
    """Answers by (object, program). paths: object -> file. Programs that were never judged are not asked."""
    todo = [v for v in rows if v["stage"] == "kernel"]
    text = "".join(f"{paths(v['object'])} {v['prog']} {v['prog_flags']}\n" for v in todo)
    names = {paths(v["object"]): v["object"] for v in todo}
    try:
        p = subprocess.run([tool, str(max(1, int(seconds))), str(repeat)], input=text.encode(), check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds + 30)
        out = p.stdout
    except subprocess.TimeoutExpired as e:
        out = e.stdout or b""
    got = {}
    for line in out.decode("utf-8", "replace").splitlines():
        try:
            r = json.loads(line)
        except json.JSONDecodeError:
            continue
        got[(names[r["path"]], r["program"])] = r
    return got


def merge(best, more):
    """Keeps the least time of each program."""
    for key, r in more.items():
        old = best.get(key)
        if old and old["usec"] and (not r["usec"] or old["usec"] < r["usec"]):
            r = {**r, "usec": old["usec"]}
        best[key] = r
