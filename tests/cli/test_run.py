#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""kfunc run: test data, packets of a capture file, commands, rejections and their exit statuses."""
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import KFUNC, SOURCE, TIMES, has, kfunc, main, prog, same  # noqa: E402

DIR = tempfile.TemporaryDirectory()
PACKETS = [bytes(12) + b"\x08\x00" + bytes(46), bytes(12) + b"\x86\xdd" + bytes(86)]


def save(name, data):
    path = os.path.join(DIR.name, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def pcap(name, order="<", packets=PACKETS, cut=0, link=1):
    data = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for p in packets:
        data += struct.pack(order + "IIII", 1, 2, len(p), len(p)) + p
    return save(name, data[: len(data) - cut])


def pcapng(name, order="<", packets=PACKETS, cut=0, link=1):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    data = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack(order + "HHI", link, 0, 65535))
    for p in packets:
        data += block(6, struct.pack(order + "IIIII", 0, 0, 1, len(p), len(p)) + p)
    return save(name, data[: len(data) - cut])


def test_data():
    r = kfunc("run", "--json", "--repeat", "7", prog("cli", "packets"))
    same(r.status, 0, r)
    rows = {row["program"]: row for row in r.rows()}
    same((rows["kind"]["schema"], rows["kind"]["retval"], rows["kind"]["runs"]), (1, 0, 7))
    same(rows["length"]["retval"], 64)
    if not rows["length"]["ns_per_run"] > 0:
        raise AssertionError(str(r))


def run_capture(program, path):
    return kfunc("run", "--json", "--prog", program, "--pcap", path, prog("cli", "packets"))


def packets_of_a_capture():
    for make in (pcap, pcapng):
        for order in "<>":
            r = run_capture("kind", make("two", order))
            same((r.status, [row["retval"] for row in r.rows()]), (0, [0x800, 0x86DD]), r)
    r = run_capture("kind", pcapng("none", packets=[]))
    same((r.status, r.out), (0, ""), r)


def bad_captures():
    for path, why in ((pcap("cut", cut=1), "cut off"), (pcapng("cutng", cut=1), "cut off"),
                      (pcap("head", packets=[], cut=1), "no capture file"), ("/bin/true", "no capture file"),
                      (save("empty", b""), "no capture file"), (DIR.name, "Is a directory"),
                      (DIR.name + "/absent", "No such file")):
        r = run_capture("kind", path)
        same(r.status, 2, f"{path} {r}")
        has(r.err, why)


def link_types():
    """Only Ethernet is given to programs that see its header; bare IP to those that do not."""
    bare = [b"\x45" + bytes(39), b"\x60" + bytes(59)]
    for make in (pcap, pcapng):
        for link in (101, 228, 229):
            path = make("bare", packets=bare, link=link)
            r = run_capture("version", path)
            same((r.status, [row["retval"] for row in r.rows()]), (0, [1, 1]), r)
            r = run_capture("kind", path)
            same((r.status, r.out), (2, ""), r)
            has(r.err, "takes EN10MB")
        for program in ("kind", "version"):
            r = run_capture(program, make("cooked", link=113))
            same((r.status, r.out), (2, ""), r)
            has(r.err, "link type is LINUX_SLL (113)")
    r = run_capture("version", pcap("notip", packets=[b"\x45" + bytes(39), b"\x15"], link=101))
    same((r.status, len(r.rows())), (2, 1), r)
    has(r.err, "a packet that is not IP")


def a_rejected_program():
    r = kfunc("run", "--prog", "leaking", prog("cli", "pair"), "--", "true")
    same(r.status, 1, r)
    has(r.err, "error[KF0412]")
    same(r.out, "")


def a_missing_program():
    r = kfunc("run", "--prog", "nobody", prog("cli", "pair"))
    same(r.status, 2, r)


def commands():
    r = kfunc("run", "--prog", "balanced", prog("cli", "pair"), "--", "sh", "-c", "exit 3")
    same(r.status, 0, r)
    has(r.out, "the command ended with status 3")
    if not re.search(r"^balanced: [1-9]\d* run", r.out, re.M):
        raise AssertionError(str(r))
    r = kfunc("run", "--prog", "balanced", prog("cli", "pair"), "--", "/no/such/command")
    same(r.status, 2, r)
    has(r.err, "/no/such/command: No such file")
    # no process is made for it that programs would see
    same(r.out, "")
    r = kfunc("run", os.path.join(SOURCE, "examples/task_acquire.bpf.c"), "--", "no-such-command")
    same((r.status, r.out), (2, ""), r)
    has(r.err, "no-such-command: No such file")


def no_test_data_for_a_hook():
    r = kfunc("run", "--prog", "balanced", prog("cli", "pair"))
    same(r.status, 2, r)
    has(r.err, "give a command after --")


def filled_program_arrays():
    """Only the program asked for runs, but what its program array holds is loaded with it."""
    r = kfunc("run", "--json", "--prog", "first", prog("cli", "slots"))
    same(r.status, 0, r)
    same([(row["program"], row["retval"]) for row in r.rows()], [("first", 2)], r)
    r = kfunc("run", "--json", "--prog", "apart", prog("cli", "slots"))
    same([(row["program"], row["retval"]) for row in r.rows()], [("apart", 3)], r)


def images_do_not_run():
    """A kernel image serves to check; run has no such option."""
    r = kfunc("run", "--kernel", "live", prog("cli", "pair"))
    same(r.status, 2, r)


def bad_kernels():
    for path in ("/no/such/file", "/bin/true", DIR.name, prog("cli", "pair")):
        for cmd in (["check", prog("cli", "pair")], ["list"]):
            r = kfunc(cmd[0], "--kernel", path, *cmd[1:])
            same(r.status, 2, f"{path} {r}")
            has(r.err, path)


def the_running_kernels_types():
    btf = "/sys/kernel/btf/vmlinux"
    if not os.path.exists(btf):
        return
    r = kfunc("check", "--json", "--kernel", btf, prog("cli", "pair"))
    same(r.status, 1, r)
    same([row["verdict"] for row in r.rows()], ["accept", "reject"], r)
    same(r.rows()[0]["kernel"], os.uname().release)
    r = kfunc("list", "--kernel", btf, "bpf_task_*")
    has(r.out, "bpf_task_from_pid")


def ended_by_a_signal():
    source = os.path.join(SOURCE, "tests", "cli", "progs", "packets.bpf.c")
    for sig in (signal.SIGINT, signal.SIGTERM):
        for delay in (0.02, 0.5):  # while it compiles, while it runs
            with tempfile.TemporaryDirectory() as tmp:
                proc = subprocess.Popen([KFUNC, "run", "--repeat", "4000000000", source],
                                        env={**os.environ, "TMPDIR": tmp}, stdout=subprocess.DEVNULL,
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
                time.sleep(delay)
                proc.send_signal(sig)
                same(proc.wait(10 * TIMES), -sig)
                same(os.listdir(tmp), [])


main([test_data, ended_by_a_signal, packets_of_a_capture, bad_captures, link_types, a_rejected_program, a_missing_program, commands,
      no_test_data_for_a_hook, filled_program_arrays, images_do_not_run, bad_kernels, the_running_kernels_types])
