#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Every context and socket access, of every version, type and attach type, against data/.

The rules of data/ctx_access.json are evaluated here one access at a time, which is another way than
the generated tables go.
"""
import json
import os
import subprocess
import sys

build = sys.argv[1]
data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def load(name):
    with open(os.path.join(data, name), encoding="utf-8") as f:
        return json.load(f)


ctx, progs = load("ctx_access.json"), load("prog_types.json")
number = {p["name"]: p["id"] for p in progs["programs"]}
checked = {p["name"]: p["attach_type_checked"] for p in progs["programs"]}
attach = progs["attach_type_ids"]
KINDS = {None: 0, "pkt": 1, "pkt_end": 2, "pkt_meta": 3, "sock": 4, "sock_or_null": 5,
         "sock_common_or_null": 6, "flow_keys": 7, "tp_buffer": 8}
proc = subprocess.Popen([os.path.join(build, "tests/kernel/grid")], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, text=True)
passed = failed = 0


def ask(version, what, num):
    proc.stdin.write("%s %s %d\n" % (version.replace(".", " "), what, num))
    proc.stdin.flush()
    return [c.split(":") for c in proc.stdout.readline().split()]


def one(rule, start, length, off, size):
    """may an access of size at off begin in the field [start, start + length)?"""
    if rule is None or not start <= off < start + length:
        return False
    if isinstance(rule, dict):
        return [off - start, size] in rule["explicit"]
    if off % size or off + size > start + length:
        return False
    wide = None
    if "+wide" in rule:
        rule, wide = rule.split("+wide")
        if size == int(wide):
            return True
    kind = rule.rstrip("0123456789")
    n = int(rule[len(kind):])
    return {"narrow": size <= n, "only": size == n,
            "start_narrow": size <= n and off == start}[kind]


def explicit_more(rule, start, off, size):
    """explicit accesses may begin in the padding behind a field"""
    return isinstance(rule, dict) and [off - start, size] in rule["explicit"]


def expected(rule, off, size, mode):
    layout = {f[0]: f[1:] for f in ctx["layouts"][rule["struct"]]["fields"]}
    for name, f in rule["fields"].items():
        start, length = layout[name] if name in layout else (int(name[3:]), 2)
        how = f.get("w" if mode == "w" else "r")
        if one(how, start, length, off, size) or explicit_more(how, start, off, size):
            if mode == "s" and f.get("no_sign_ext_load"):
                return False
            return f.get("kind")  # None: a scalar
    return False


def compare(rule, version, prog, at):
    global passed, failed
    got = {}
    for off, text, kind, btf in ask(version, number[prog], at):
        for i, letter in enumerate(text):
            if letter != ".":
                got[int(off), (1, 2, 4, 8)[i % 4], "rsw"[i // 4]] = (int(kind), btf)
    end = ctx["layouts"][rule["struct"]]["size"] + 9 if rule else 9
    if max([o for o, _, _ in got], default=0) >= end:
        failed += 1
    for off in range(end):
        for size in (1, 2, 4, 8):
            for mode in "rsw":
                want = expected(rule, off, size, mode) if rule else False
                refused = want is False
                have = got.get((off, size, mode))
                ok = (have is None) == refused
                if ok and have and mode == "r":
                    if want and want.startswith("trusted_ptr_"):
                        ok = have == (9, want[12:])
                    else:
                        ok = have == (KINDS[want], "")
                if ok:
                    passed += 1
                else:
                    failed += 1
                    print("%s %s at %d: %s%d at %d: %s, wanted %s" % (
                        version, prog, at, mode, size, off, have, want))


def contexts():
    table = {}
    for r in ctx["rules"]:
        for v in r["v"]:
            for p in r["progs"]:
                table.setdefault((v, p), []).append(r)
    for (v, p), rules in sorted(table.items()):
        for at in [0] + sorted(attach[a] for r in rules for a in r.get("at", []) if a):
            named = [r for r in rules if at in [attach.get(a) for a in r.get("at", [])]]
            default = [r for r in rules if "at" not in r or None in r["at"]]
            if not named and not default and not checked[p]:
                default = rules
            compare((named or default or [None])[0], v, p, at)


def flat():
    """contexts that are plain memory: spot values of the data's text"""
    rows = [
        # version, type, {offset: letters of read sizes 1 2 4 8, write sizes}
        ("6.18", "kprobe", {0: "rrrr....", 1: "r.......", 2: "rr......", 160: "rrrr....",
                            167: "r.......", 168: "........"}),
        ("7.2", "kprobe", {0: "rrrrwwww"}),
        ("6.18", "tracepoint", {0: "........", 7: "........", 8: "rrrr....", 9: "r......."}),
        ("6.18", "raw_tracepoint", {0: "rrrr....", 88: "rrrr....", 92: "rrr.....",
                                    96: "........"}),
        ("6.18", "raw_tracepoint_writable", {0: "...r....", 1: "r.......", 8: "rrrr...."}),
        ("6.18", "perf_event", {0: "...r....", 4: "........", 160: "...r....",
                                168: "rrrr....", 176: "rrrr....", 184: "........"}),
        ("6.18", "syscall", {0: "rrrrwwww", 1: "r...w...", 2: "rr..ww.."}),
        ("7.2", "syscall", {1: "rrrrwwww"}),
        ("6.18", "lirc_mode2", {0: "..r.....", 4: "........"}),
        ("6.18", "tracing", {0: "........"}),
    ]
    global passed, failed
    for version, prog, offs in rows:
        got = {int(c[0]): c[1] for c in ask(version, number[prog], 0)}
        for off, want in offs.items():
            have = got.get(off, "." * 12)
            have = have[:4] + have[8:]
            if have == want:
                passed += 1
            else:
                failed += 1
                print("%s %s at %d: %s, wanted %s" % (version, prog, off, have, want))


def sockets():
    global passed, failed
    s = ctx["socket_registers"]
    sock = {f: r for r in ("only4", "narrow4", "start_narrow4") for f in s["socket"][r]}
    for kind, (layout, refused) in enumerate((("bpf_sock", []),
                                              ("bpf_sock", s["sock_common"]["except_refused"]),
                                              ("bpf_tcp_sock", []), ("bpf_xdp_sock", []))):
        got = {int(o): t for o, t in ask("6.18", "sock", kind)}
        for off in range(300):
            for i, size in enumerate((1, 2, 4, 8)):
                want = False
                for name, start, length in ctx["layouts"][layout]["fields"]:
                    if name in refused or not start <= off < start + length:
                        continue
                    if name == "dst_port":
                        want = off + size <= start + 2 and off % size == 0 or (
                            off == start and size == 4)
                    elif kind == 2:
                        rule = s["tcp_sock"]["read"].get(name, s["tcp_sock"]["read"]["others"])
                        want = one(rule, start, length, off, size)
                    else:
                        want = one("only4" if kind == 3 else sock[name], start, length, off, size)
                if (got.get(off, "....")[i] != ".") == want:
                    passed += 1
                else:
                    failed += 1
                    print("socket kind %d: %d at %d, wanted %s" % (kind, size, off, want))


contexts()
flat()
sockets()
proc.stdin.close()
print("%d accesses compared" % (passed + failed))
if failed:
    print("1 passed, %d failed" % failed)
sys.exit(failed != 0)
