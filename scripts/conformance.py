#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Compares `kfunc check` with what a live Linux answered for the programs of the public corpus.

The objects are made by scripts/build-corpus.sh; the answers are in tests/conformance. Objects are
checked in batches; one that crashes or hangs is found by checking its batch again one by one, and is
a result like any other. Where the machine lets this process load programs, the running kernel is asked
too, between our own runs, so that both are measured under the same conditions.

  conformance.py --kfunc build/kfunc --corpus DIR            the whole corpus, a summary
  conformance.py ... --only 'dynptr*' --diff                 some objects, every difference
  conformance.py ... --only iters --prog iter_err_too_deep   one program, with its diagnostic
  conformance.py ... --live-only                  only what the running kernel says now, against ours
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import lzma
import os
import re
import subprocess
import sys
import time

import figures
import livekernel
import scaling

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICTS = os.path.join(HERE, "..", "tests", "conformance", "verdicts-6.12.jsonl.xz")
REASONS = os.path.join(HERE, "..", "tests", "conformance", "reasons.txt")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kfunc", default="build/kfunc")
    p.add_argument("--corpus", default="corpus", help="directory with obj/*.bpf.o")
    p.add_argument("--kernel", default="/sys/kernel/btf/vmlinux")
    p.add_argument("--verdicts", default=VERDICTS)
    p.add_argument("--asker", metavar="TOOL", help="tests/kernel_corpus: ask the running kernel too")
    p.add_argument("--live-only", action="store_true", help="nothing but the comparison with the running kernel")
    p.add_argument("--live-seconds", type=float, default=400, help="for all questions to the running kernel")
    p.add_argument("--figures", metavar="FILE", help="measure memory and -j, write all figures to this file")
    p.add_argument("--out", help="write the results, one JSON document")
    p.add_argument("--only", action="append", default=[], metavar="GLOB", help="only these objects")
    p.add_argument("--prog", metavar="GLOB", help="only these programs; shows diagnostics")
    p.add_argument("--diff", action="store_true", help="print every difference")
    p.add_argument("--code", metavar="KFnnnn", help="with --diff: only differences with this code")
    p.add_argument("--unsupported", action="store_true", help="with --diff: unsupported ones too")
    p.add_argument("--slow", type=int, default=0, metavar="N", help="the N slowest programs")
    p.add_argument("-j", type=int, default=2, help="processes at a time")
    p.add_argument("--batch", type=int, default=25, help="objects for each process")
    p.add_argument("--timeout", type=float, default=30, help="seconds for an object alone")
    return p.parse_args()


def load_verdicts(path):
    with lzma.open(path, "rt") as f:
        return [json.loads(line) for line in f]


def wanted(args, verdicts):
    rows = [v for v in verdicts if os.path.exists(object_path(args, v["object"]))]
    if args.only:
        rows = [v for v in rows if any(fnmatch.fnmatch(v["object"], g) for g in args.only)]
    if args.prog:
        rows = [v for v in rows if fnmatch.fnmatch(v["prog"], args.prog)]
    return rows


def object_path(args, name):
    return os.path.join(args.corpus, "obj", name + ".bpf.o")


# ---- running ----


def run(args, objects, flags, seconds, more=()):
    """One kfunc process. Returns (lines by (object, program), how it ended)."""
    cmd = [args.kfunc, "check", "--json", "--kernel", args.kernel, *more]
    for f in flags:
        cmd += ["--prog-flags", f]
    cmd += [object_path(args, o) for o in objects]
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, check=False)
        out, err, code = p.stdout, p.stderr, p.returncode
    except subprocess.TimeoutExpired as e:
        out, err, code = e.stdout or b"", e.stderr or b"", "hang"
    rows = {}
    for line in out.decode("utf-8", "replace").splitlines():
        try:
            r = json.loads(line)
        except json.JSONDecodeError:
            continue
        name = os.path.basename(r["object"])[: -len(".bpf.o")]
        rows[(name, r["program"])] = r
    if code == "hang":
        return rows, "hang", err
    if code < 0 or code > 4:
        return rows, "crash", err
    return rows, "", err


def check_batch(args, objects, flags_of, more=()):
    flags = sorted({f for o in objects for f in flags_of.get(o, [])})
    rows, end, err = run(args, objects, flags, max(60, args.timeout * 2), more)
    if not end:
        return rows, {}, err.decode("utf-8", "replace")
    if len(objects) > 1:
        bad, text = {}, ""
        done = {o for o, _ in rows}
        # all but the object that was being checked have printed their lines
        for o in objects:
            if o in done:
                continue
            r, b, t = check_batch(args, [o], flags_of, more)
            rows.update(r)
            bad.update(b)
            text += t
        return rows, bad, text
    return rows, {objects[0]: (end, err.decode("utf-8", "replace")[-3000:])}, ""


def make_batches(args, rows):
    """Lists of objects for a process each, and the flags of their programs by object."""
    flags_of = collections.defaultdict(list)
    for v in rows:
        if v["prog_flags"]:
            flags_of[v["object"]].append(f"{v['prog']}={v['prog_flags']}")
    # a program's name with flags may stand in another object without them
    names = collections.defaultdict(set)
    for v in rows:
        names[v["prog"]].add(v["prog_flags"])
    plain, alone = [], []
    for o in sorted({v["object"] for v in rows}):
        clash = any(len(names[f.rsplit("=", 1)[0]]) > 1 for f in flags_of[o])
        (alone if clash else plain).append(o)
    size = {o: os.path.getsize(object_path(args, o)) for o in plain}
    plain.sort(key=lambda o: -size[o])
    n = max(1, -(-len(plain) // args.batch))
    batches = [plain[i::n] for i in range(n)] + [[o] for o in alone]
    return batches, flags_of


def check_all(args, rows, more=()):
    batches, flags_of = make_batches(args, rows)
    got, bad, text = {}, {}, []
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        for r, b, t in pool.map(lambda objs: check_batch(args, objs, flags_of, more), batches):
            got.update(r)
            bad.update(b)
            text.append(t)
    return got, bad, "".join(text)


def fastest(best, more):
    for key, r in more.items():
        if key in best:
            r["verify_ns"] = min(r["verify_ns"], best[key]["verify_ns"])
        best[key] = r


def check_beside_kernel(args, rows, rounds=3):
    """As check_all(), and the running kernel's answers: the two take turns, and the least of three times counts for both."""
    batches, flags_of = make_batches(args, rows)
    got, bad, text, live = {}, {}, "", {}
    end = time.monotonic() + args.live_seconds
    of = collections.defaultdict(list)
    for v in rows:
        of[v["object"]].append(v)
    for objects in batches:
        mine = [v for o in objects for v in of[o]]
        for i in range(rounds):
            r, b, t = check_batch(args, objects, flags_of)
            fastest(got, r)
            bad.update(b)
            text += t
            if i == 0 and time.monotonic() < end:
                live.update(livekernel.ask(args.asker, lambda o: object_path(args, o), mine, end - time.monotonic(), rounds))
    return got, bad, text, live


def named_programs(args, rows, live, rounds=5):
    """The programs by which speed is judged: the least of some runs, the kernel's in turn with ours."""
    out = {}
    for name, prog in figures.NAMED:
        mine = [v for v in rows if v["object"] == name and (not prog or v["prog"] == prog) and not v["live"]
                and v["stage"] == "kernel"]
        got, now = {}, {}
        for _ in range(rounds):
            r, _, _ = check_batch(args, [name], {name: [f"{v['prog']}={v['prog_flags']}" for v in mine if v["prog_flags"]]})
            fastest(got, r)
            if live:
                livekernel.merge(now, livekernel.ask(args.asker, lambda o: object_path(args, o), mine, 60))
        keys = [(v["object"], v["prog"]) for v in mine]
        if not keys or any(k not in got for k in keys):
            continue
        asked = all(k in now and now[k]["usec"] for k in keys)
        kernel = sum(now[k]["usec"] for k in keys) if asked else sum(v["usec"] for v in mine)
        out[name if not prog else f"{name}/{prog}"] = (sum(got[k]["verify_ns"] for k in keys) / 1e6, kernel / 1e3,
                                                       "in the same run" if asked else "recorded")
    return out


# ---- comparing ----


def live_verdict(v):
    return "accept" if v["live"] == 0 else "reject"


def reasons():
    """Written reasons for programs that are accepted and that the live kernel rejects."""
    known = {}  # lines "object/program: reason"
    if os.path.exists(REASONS):
        with open(REASONS) as f:
            for line in f:
                m = re.match(r"(\S+)/(\S+):\s*(.*)", line)
                if m:
                    known[(m[1], m[2])] = m[3]
    return known


def compare(rows, got, bad, why):
    res = {
        "judged": 0, "firm": 0, "agree": 0, "accept_rejected": [], "reject_accepted": [], "unsupported": [],
        "limit": [], "missing": [], "other_errno": 0, "crash": sorted(o for o in bad if bad[o][0] == "crash"),
        "hang": sorted(o for o in bad if bad[o][0] == "hang"), "both_accept": 0, "our_ns": 0, "kernel_ns": 0,
        "our_insns": 0, "kernel_insns": 0, "agree_rejected": 0,
    }
    for v in rows:
        key = (v["object"], v["prog"])
        r = got.get(key)
        firm = v["class"].startswith("agree_")
        res["firm"] += firm
        if r is None:
            if firm:
                res["missing"].append(f"{key[0]}/{key[1]}")
            continue
        res["judged"] += 1
        ours, live = r["verdict"], live_verdict(v)
        item = {"object": key[0], "prog": key[1], "class": v["class"], "live": v["live"], "errno": r["errno"],
                "code": r["code"], "message": r["message"]}
        # a budget that runs out is told apart from a mistake, and has the kernel's errno
        agrees = ours == live or (ours == "limit" and r["errno"] == v["live"])
        if firm and agrees:
            res["agree"] += 1
            res["agree_rejected"] += live == "reject"
            if live == "reject" and r["errno"] != v["live"]:
                res["other_errno"] += 1
        if v["stage"] == "kernel" and ours == "accept" and live == "reject":
            item["reason"] = why.get(key, "")
            res["accept_rejected"].append(item)
        if v["stage"] == "kernel" and ours == "reject" and live == "accept":
            res["reject_accepted"].append(item)
        if ours in ("unsupported", "limit"):
            res[ours].append(item)
        if v["stage"] == "kernel" and ours == "accept" and live == "accept":
            res["both_accept"] += 1
            res["our_ns"] += r["verify_ns"]
            res["kernel_ns"] += v.get("usec", 0) * 1000
            res["our_insns"] += r["processed"]
            res["kernel_insns"] += v.get("insns", 0)
    return res


def by(items, key):
    return collections.Counter(key(i) for i in items).most_common()


def percent(a, b):
    return f"{100.0 * a / b:.1f} %" if b else "-"


def feature(message):
    return re.sub(r"\d+", "N", message.split(":")[0])[:60]


def print_items(title, items, limit=40):
    if not items:
        return
    print(f"\n{title}:")
    for i in items[:limit]:
        tail = f"  [{i['reason']}]" if i.get("reason") else ""
        print(f"  {i['object']}/{i['prog']}  live {i['live']}  ours {i['errno']} {i['code'] or ''}  "
              f"{i['message'][:90]}{tail}")
    if len(items) > limit:
        print(f"  ... and {len(items) - limit} more")


def summary(args, res, seconds):
    fa, fr = res["accept_rejected"], res["reject_accepted"]
    firm_fa = [i for i in fa if i["class"].startswith("agree_")]
    firm_fr = [i for i in fr if i["class"].startswith("agree_")]
    firm_un = [i for i in res["unsupported"] if i["class"].startswith("agree_")]
    print(f"agreement           {res['agree']} of {res['firm']} firm verdicts ({percent(res['agree'], res['firm'])})")
    print(f"accepted, Linux rejects   {len(fa)} ({len(firm_fa)} firm), "
          f"{sum(1 for i in fa if not i['reason'])} without a written reason")
    print(f"rejected, Linux accepts   {len(fr)} ({len(firm_fr)} firm)")
    print(f"unsupported         {len(res['unsupported'])} ({len(firm_un)} firm)   limit {len(res['limit'])}   "
          f"no verdict {len(res['missing'])}   crash {len(res['crash'])}   hang {len(res['hang'])}")
    print(f"same verdict, other errno {res['other_errno']}")
    print(f"both accept {res['both_accept']}: verification {res['our_ns'] / 1e6:.1f} ms, "
          f"the kernel's {res['kernel_ns'] / 1e6:.1f} ms ({percent(res['our_ns'], res['kernel_ns'])}); "
          f"instructions {res['our_insns']}, the kernel's {res['kernel_insns']} "
          f"({percent(res['our_insns'], res['kernel_insns'])})")
    print(f"wall clock {seconds:.1f} s for {res['judged']} programs")
    if fr:
        print("rejected by code:   " + ", ".join(f"{c} {n}" for c, n in by(fr, lambda i: i["code"])[:16]))
    if res["unsupported"]:
        print("unsupported:        " + ", ".join(f"{f} {n}" for f, n in
                                                 by(res["unsupported"], lambda i: feature(i["message"]))[:24]))
    for kind in ("crash", "hang"):
        if res[kind]:
            print(f"{kind}: " + " ".join(res[kind]))
    if args.diff:
        pick = (lambda l: [i for i in l if not args.code or i["code"] == args.code])
        print_items("accepted, Linux rejects", fa if not args.code else [], 1000)
        print_items("rejected, Linux accepts", pick(fr), 1000)
        if args.unsupported:
            print_items("unsupported", pick(res["unsupported"]), 1000)
        if res["missing"]:
            print("\nno verdict:\n  " + "\n  ".join(res["missing"][:100]))
    else:
        print_items("accepted, Linux rejects", [i for i in fa if not i["reason"]], 20)


def show_one(args, rows):
    for v in rows:
        print(f"--- {v['object']}/{v['prog']}: live {v['live']}, {v.get('insns')} instructions, {v['class']}")
        sys.stdout.flush()
        cmd = [args.kfunc, "check", "--kernel", args.kernel, "--prog", v["prog"]]
        if v["prog_flags"]:
            cmd += ["--prog-flags", str(v["prog_flags"])]
        subprocess.run(cmd + [object_path(args, v["object"])], timeout=args.timeout, check=False)


def slowest(rows, got, n):
    items = []
    for v in rows:
        r = got.get((v["object"], v["prog"]))
        if r and v["stage"] == "kernel":
            items.append((r["verify_ns"] / 1e6, v.get("usec", 0) / 1e3, r["processed"], v.get("insns", 0),
                          f"{v['object']}/{v['prog']}"))
    print("\nslowest (ours ms, kernel's ms, our instructions, kernel's):")
    for i in sorted(items, reverse=True)[:n]:
        print(f"  {i[0]:9.2f} {i[1]:9.2f} {i[2]:9d} {i[3]:9d}  {i[4]}")


def show_live(rows, got, live):
    n, diffs = figures.live_answers(rows, got, live)
    print(f"\nthe running kernel, {os.uname().release}, now: {n['asked']} programs judged; same verdict {n['verdict']} "
          f"({figures.percent(n['verdict'], n['asked'])}); of {n['rejected']} that both reject, same errno {n['errno']} "
          f"({figures.percent(n['errno'], n['rejected'])}); {n['changed']} answers are not those that were recorded")
    left = sum(v["stage"] == "kernel" and (v["object"], v["prog"]) not in live for v in rows)
    if left:
        print(f"  the time for questions was over (--live-seconds): {left} programs were not asked")
    for (obj, prog), now, ours, code, message, then in diffs[:60]:
        print(f"  {obj}/{prog}: Linux {now} (recorded {then}), ours {ours} {code or ''} {message[:80]}")
    return n, diffs


def titles(args):
    """What each code is about, as `kfunc explain` lists them."""
    p = subprocess.run([args.kfunc, "explain"], stdout=subprocess.PIPE, check=False)
    lines = (re.split(r"\s{2,}", line) for line in p.stdout.decode().splitlines())
    return {words[0]: words[2] for words in lines if len(words) == 3}


def measure(args, rows, got, res, live):
    """The figures that need more runs than one; prints all and writes them."""
    stats, _, _ = check_all(args, rows, ("--stats", "--top", "1"))
    named = named_programs(args, rows, live)
    objects = sorted({object_path(args, v["object"]) for v in rows})
    scale = scaling.measure(args.kfunc, args.kernel, objects, 12)
    pairs = figures.lines(rows, got, res, live, stats, scale, named)
    if live:
        n, _ = figures.live_answers(rows, got, live)
        pairs.append(("verdicts of the running kernel now", f"{n['verdict']} of {n['asked']} the same "
                      f"({figures.percent(n['verdict'], n['asked'])}); errno of what both reject: {n['errno']} of "
                      f"{n['rejected']}"))
    print()
    figures.show(pairs)
    rest = figures.disagreements(rows, got, res, lambda i: "the kernel's limit too" if i["errno"] == i["live"] else i["message"])
    release = next((r["kernel"] for r in got.values()), args.kernel)
    figures.write(args.figures, pairs, rest, release, bool(live), os.getloadavg()[0],
                  figures.code_table(got, titles(args)))


def main():
    args = arguments()
    if not os.path.isdir(os.path.join(args.corpus, "obj")):
        sys.exit(f"there is no corpus in {args.corpus}: make it with scripts/build-corpus.sh {args.corpus}")
    if not os.access(args.kfunc, os.X_OK):
        sys.exit(f"{args.kfunc} is not there: run make first")
    rows = wanted(args, load_verdicts(args.verdicts))
    if args.prog:
        show_one(args, rows)
        return 0
    start = time.monotonic()
    live = {}
    if args.asker and livekernel.may_load(args.asker):
        got, bad, text, live = check_beside_kernel(args, rows)
    else:
        got, bad, text = check_all(args, rows)
        if args.asker:
            print("this machine does not let this process load programs into its kernel: recorded answers only")
    seconds = time.monotonic() - start
    if args.live_only:
        n, diffs = show_live(rows, got, live) if live else ({}, [])
        why = reasons()
        return 77 if not live else int(any(now and not ours and key not in why for key, now, ours, _, _, _ in diffs))
    res = compare(rows, got, bad, reasons())
    summary(args, res, seconds)
    if live:
        show_live(rows, got, live)
    if args.figures:
        measure(args, rows, got, res, live)
    if args.slow:
        slowest(rows, got, args.slow)
    if args.diff:
        for o, (end, err) in sorted(bad.items()):
            print(f"\n{end}: {o}\n{err}")
        if text.strip():
            print("\nmessages:\n" + text[:4000])
    if args.out:
        with open(args.out, "w") as f:
            json.dump({"result": res, "programs": [
                {"object": v["object"], "prog": v["prog"], "class": v["class"], "live": v["live"],
                 "ours": got.get((v["object"], v["prog"]))} for v in rows]}, f, indent=1)
    return 1 if res["crash"] or res["hang"] or any(not i["reason"] for i in res["accept_rejected"]) else 0


sys.exit(main())
