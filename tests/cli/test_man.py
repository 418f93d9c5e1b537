#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The manual pages name every command, option and JSON member, and none that is not there."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import SOURCE, kfunc, main, prog, same  # noqa: E402

with open(os.path.join(SOURCE, "docs/man/kfunc.1.scd"), encoding="utf-8") as f:
    PAGE = f.read()
SECTIONS = dict(re.findall(r"^## kfunc (\w+)\n(.*?)(?=^#)", PAGE, re.M | re.S))
COMMANDS = re.findall(r"^  (\w+) ", kfunc("--help").out, re.M)


def plain(text):
    """Without scdoc's marks; an underscore within a word is none."""
    return re.sub(r"\*|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", text)


def options(text):
    """[("-p, " or "", "--prog", " NAME" or "")] of lines that begin with an option"""
    return sorted(re.findall(r"^ *(-\w, |)(--[\w-]+)( [\w|=\[\]]+|)(?:  .*)?$", text, re.M))


def commands():
    same(sorted(SECTIONS), sorted(COMMANDS))
    synopsis = plain(PAGE[PAGE.index("# SYNOPSIS"):PAGE.index("# DESCRIPTION")]).replace("++", "")
    for cmd in COMMANDS:
        usage = kfunc(cmd, "--help").out.splitlines()[0].removeprefix("usage: ")
        same([line for line in synopsis.splitlines() if line.startswith(f"kfunc {cmd} ")], [usage])


def options_of_commands():
    seen = 0
    for cmd in COMMANDS:
        lines = [line for line in SECTIONS[cmd].splitlines() if line.startswith("*-")]
        here, there = options(plain("\n".join(lines))), options(kfunc(cmd, "--help").out)
        same(here, there, cmd)
        same(len(here), len(lines), cmd)
        seen += len(here)
    same(seen > 20, True)


def members(value):
    if isinstance(value, list):
        return set().union(*map(members, value))
    return set(value).union(*map(members, value.values())) if isinstance(value, dict) else set()


def json_members():
    pair = prog("cli", "pair")
    for args in (["run", prog("cli", "packets")], ["run", "--prog", "first", prog("cli", "slots")],
                 ["check", "--stats", pair], ["list"], ["list", "--removed"], ["doc", "--all"]):
        names = members(kfunc(args[0], "--json", *args[1:]).rows())
        same(len(names) > 3, True, args)
        told = set(re.findall(r"\w+", plain(SECTIONS[args[0]].split("*--json*")[1])))
        same(names - told, set(), args)


def functions():
    with open(os.path.join(SOURCE, "docs/man/libkfunc.3.scd"), encoding="utf-8") as f:
        named = set(re.findall(r"\*([A-Za-z_]+)\*\(\)", f.read()))
    headers = ""
    for name in ("libkfunc.h", "kfunc.h", "hooks.h"):
        with open(os.path.join(SOURCE, "include/kfunc", name), encoding="utf-8") as f:
            headers += f.read()
    same({name for name in named if not re.search(rf"\b{name}\(", headers)}, set())
    same(len(named) > 20, True)


main([commands, options_of_commands, json_members, functions])
