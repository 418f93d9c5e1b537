# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""How much sooner `check -j 2` ends than `check -j 1`.

Other work on the machine takes processors away from either run, so runs alternate and the best of each
counts. Beside the clock the scheduler's own count is read: how long each thread ran or waited for
something else than a processor. What two threads would take on a machine of their own follows from it.
"""
import os
import subprocess
import time


def watch(cmd):
    """((ran, blocked) of the main thread, those of the others), in seconds"""
    start = time.monotonic()
    p = subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen, born = {}, {}
    while p.poll() is None:
        try:
            for t in os.listdir(f"/proc/{p.pid}/task"):
                with open(f"/proc/{p.pid}/task/{t}/schedstat", encoding="ascii") as f:
                    ran, queued = (int(x) / 1e9 for x in f.read().split()[:2])
                now = time.monotonic() - start
                born.setdefault(t, now - ran - queued)
                seen[t] = (ran, max(0.0, now - born[t] - ran - queued))
        except (OSError, ValueError):
            pass
        time.sleep(0.005)
    return seen.pop(str(p.pid), (0.0, 0.0)), list(seen.values())


def undisturbed(main, workers):
    """What a run takes when no other work is in the way: what the main thread does, then the busiest worker."""
    return main[0] + max((ran + blocked for ran, blocked in workers if ran > 0.1), default=0.0)


def measure(kfunc, kernel, objects, rounds):
    """The clock and the threads' own time are read in different runs: reading the latter takes time, too."""
    best = {1: None, 2: None}
    alone = {1: None, 2: None}
    for i in range(rounds):
        for j in (1, 2):
            cmd = [kfunc, "check", "-q", "--json", "-j", str(j), "--kernel", kernel, *objects]
            start = time.monotonic()
            subprocess.run(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            wall = time.monotonic() - start
            best[j] = min(wall, best[j] or wall)
            if i % 4 == 0:
                mine = undisturbed(*watch(cmd))
                alone[j] = min(mine, alone[j] or mine)
    return {"wall": best, "undisturbed": alone, "factor": best[1] / best[2],
            "undisturbed_factor": alone[1] / alone[2] if alone[2] else 0.0}
