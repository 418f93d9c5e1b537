# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The figures of a conformance run in words: printed, and as data/parity/figures.md, which docs/parity.md includes."""
import collections
import datetime
import os

# the programs by which speed is judged; object, program (None: all of the object)
NAMED = [
    ("pyperf600_nounroll", None), ("test_verif_scale3", None), ("strobemeta_nounroll2", None), ("bpf_iter_tasks", None),
    ("verifier_iterating_callbacks", "loop_inside_iter"),
]

# codes whose titles cover more than one kind of mistake
GENERAL = ["KF0100", "KF0111", "KF0112", "KF0201", "KF0235", "KF0500", "KF0508", "KF0509", "KF0524", "KF0533"]


def percent(a, b):
    return f"{100.0 * a / b:.1f} %" if b else "-"


def codes(got):
    """Rejections by code, most first."""
    n = collections.Counter(r["code"] for r in got.values() if r["verdict"] == "reject")
    return n.most_common(), sum(n.values())


def code_table(got, titles):
    """Markdown: every code that rejects a program of the corpus."""
    by, total = codes(got)
    out = ["", "### Rejections by code", "", "*general*: the code covers more than one kind of mistake.", "",
           "| code | what | programs | share | |", "|---|---|---|---|---|"]
    for c, n in by:
        out.append(f"| {c} | {titles.get(c, '')} | {n} | {percent(n, total)} | {'general' if c in GENERAL else ''} |")
    return out


def both_accept(rows, got, live, pick=lambda v: True):
    """Sums over what both accept: ours ns, recorded usec, live usec, our instructions, the kernel's; how many."""
    s = collections.Counter()
    for v in rows:
        key = v["object"], v["prog"]
        r, now = got.get(key), live.get(key)
        if v["stage"] != "kernel" or v["live"] or not r or r["verdict"] != "accept" or not pick(v):
            continue
        s["n"] += 1
        s["ours"] += r["verify_ns"] / 1e6
        s["recorded"] += v.get("usec", 0) / 1e3
        s["insns"] += r["processed"]
        s["kernel_insns"] += v.get("insns", 0)
        if now and not now["errno"]:
            s["live_n"] += 1
            s["live"] += now["usec"] / 1e3
            s["live_ours"] += r["verify_ns"] / 1e6
    return s


def live_answers(rows, got, live):
    """Our verdicts against what the running kernel says now: counts and the differences."""
    n, diffs = collections.Counter(), []
    for v in rows:
        key = v["object"], v["prog"]
        now, r = live.get(key), got.get(key)
        if not now or now["stage"] != "kernel" or not r:
            continue
        n["asked"] += 1
        ours = r["errno"]
        same = (ours == 0) == (now["errno"] == 0)
        n["verdict"] += same
        n["rejected"] += now["errno"] != 0 and ours != 0
        n["errno"] += now["errno"] != 0 and ours == now["errno"]
        if not same or ours != now["errno"]:
            diffs.append((key, now["errno"], ours, r["code"], r["message"], v["live"]))
        n["changed"] += now["errno"] != v["live"]
    return n, diffs


def memory(got):
    """Bytes of states, stored states at the peak, and the program with most bytes for each."""
    rows = [r for r in got.values() if r.get("peak_states")]
    b, n = sum(r["state_bytes"] for r in rows), sum(r["peak_states"] for r in rows)
    many = [r for r in rows if r["peak_states"] >= 100]
    worst = max(many, key=lambda r: r["state_bytes"] / r["peak_states"], default=None)
    return b, n, worst, len(many)


def name(r):
    return os.path.basename(r["object"]).split(".")[0] + "/" + r["program"]


def lines(rows, got, res, live, stats, scale, named):
    """(what, figure) pairs."""
    out = []
    firm_rejected = res["agree_rejected"]
    out.append(("firm verdicts that agree", f"{res['agree']} of {res['firm']} ({percent(res['agree'], res['firm'])})"))
    out.append(("agreeing rejections with the same errno",
                f"{firm_rejected - res['other_errno']} of {firm_rejected} "
                f"({percent(firm_rejected - res['other_errno'], firm_rejected)})"))
    fa, fr = res["accept_rejected"], res["reject_accepted"]
    out.append(("accepted though rejected there", f"{len(fa)}, of which firm "
                f"{sum(i['class'].startswith('agree_') for i in fa)}, without a written reason "
                f"{sum(not i['reason'] for i in fa)}"))
    out.append(("rejected though accepted there", f"{len(fr)}, of which firm "
                f"{sum(i['class'].startswith('agree_') for i in fr)}"))
    out.append(("unsupported", f"{len(res['unsupported'])} of {len(rows)} ({percent(len(res['unsupported']), len(rows))})"))
    out.append(("over a limit", str(len(res["limit"]))))
    out.append(("crash, hang, no verdict", f"{len(res['crash'])}, {len(res['hang'])}, {len(res['missing'])}"))
    s = both_accept(rows, got, live)
    out.append(("verification of what both accept", f"{s['n']} programs: {s['ours']:.0f} ms; the kernel's recorded time "
                f"{s['recorded']:.0f} ms ({percent(s['ours'], s['recorded'])})"))
    if s["live_n"]:
        out.append(("the same, the kernel's time in the same run", f"{s['live_n']} programs: {s['live_ours']:.0f} ms; the "
                    f"kernel's {s['live']:.0f} ms ({percent(s['live_ours'], s['live'])})"))
    out.append(("instructions simulated", f"{s['insns']}; the kernel's {s['kernel_insns']} "
                f"({percent(s['insns'], s['kernel_insns'])})"))
    for what, (ours, kernel, when) in named.items():
        out.append((what, f"{ours:.2f} ms; the kernel's {kernel:.2f} ms {when} ({percent(ours, kernel)})"))
    b, n, worst, many = memory(stats)
    if n:
        most = (f"; worst of the {many} programs with 100 and more: {worst['state_bytes'] / worst['peak_states']:.0f} "
                f"({name(worst)})" if worst else "")
        out.append(("memory of states", f"{b / n:.0f} bytes for each state stored at the peak ({n} states){most}"))
    if scale:
        w, u = scale["wall"], scale["undisturbed"]
        out.append(("check -j 2 against -j 1, whole corpus", f"{scale['factor']:.2f} times as fast by the clock ({w[1]:.2f} s, "
                    f"{w[2]:.2f} s); {scale['undisturbed_factor']:.2f} by the threads' own time ({u[1]:.2f} s, {u[2]:.2f} s)"))
    by, total = codes(got)
    general = [(c, k) for c, k in by if c in GENERAL]
    out.append(("codes of rejections", f"{len(by)} for {total} rejections; the most frequent: " +
                ", ".join(f"{c} {percent(k, total)}" for c, k in by[:5])))
    out.append(("the most frequent code that is general", f"{general[0][0]}, {percent(general[0][1], total)}" if general else "none"))
    return out


def disagreements(rows, got, res, limit_reason):
    """Every program without the kernel's verdict, with the reason."""
    out = []
    for i in res["accept_rejected"]:
        out.append((i, "accepted; Linux " + str(i["live"]), i.get("reason") or "**no reason written**"))
    for i in res["reject_accepted"]:
        out.append((i, f"rejected with {i['errno']} ({i['code']}); Linux accepts", i["message"]))
    for i in res["unsupported"]:
        out.append((i, f"unsupported; Linux {i['live']}", i["message"]))
    for i in res["limit"]:
        out.append((i, f"over the limit; Linux {i['live']}", limit_reason(i)))
    return [(f"{i['object']}/{i['prog']}", i["class"], what, why) for i, what, why in out]


def show(pairs):
    width = max(len(w) for w, _ in pairs)
    for what, figure in pairs:
        print(f"{what:<{width}}  {figure}")


def write(path, pairs, rest, kernel, live, load, table):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    asked = "asked in the same run, each program between our own runs" if live else "as recorded: this machine does not let us ask it"
    out = [f"Made by `make conformance` on {now}: the programs of the public corpus against kernel image `{kernel}`; the",
           f"running kernel {os.uname().release} {asked}. Load of the machine at the end: {load:.1f}.", "",
           "| what | figure |", "|---|---|"]
    out += [f"| {w} | {f} |" for w, f in pairs]
    out += ["", "### Programs without the kernel's verdict", ""]
    if rest:
        out += ["| program | class | verdicts | reason |", "|---|---|---|---|"]
        out += [f"| {p} | {c} | {w} | {why} |" for p, c, w, why in rest]
    else:
        out.append("None.")
    out += table
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
