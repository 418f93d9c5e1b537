#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""kfunc run: test data, packets of a capture file, commands, rejections and their exit statuses."""
import os
import re
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kfunctest import has, kfunc, main, prog, same  # noqa: E402

DIR = tempfile.TemporaryDirectory()
PACKETS = [bytes(12) + b"\x08\x00" + bytes(46), bytes(12) + b"\x86\xdd" + bytes(86)]


def pcap(name, order="<", packets=PACKETS, cut=0):
    path = os.path.join(DIR.name, name)
    data = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for p in packets:
        data += struct.pack(order + "IIII", 1, 2, len(p), len(p)) + p
    with open(path, "wb") as f:
        f.write(data[: len(data) - cut])
    return path


def test_data():
    r = kfunc("run", "--json", "--repeat", "7", prog("cli", "packets"))
    same(r.status, 0, r)
    rows = {row["program"]: row for row in r.rows()}
    same((rows["kind"]["schema"], rows["kind"]["retval"], rows["kind"]["runs"]), (1, 0, 7))
    same(rows["length"]["retval"], 64)
    if not rows["length"]["ns_per_run"] > 0:
        raise AssertionError(str(r))


def packets_of_a_capture():
    for order in "<>":
        r = kfunc("run", "--json", "--prog", "kind", "--pcap", pcap("two.pcap", order), prog("cli", "packets"))
        same((r.status, [row["retval"] for row in r.rows()]), (0, [0x800, 0x86DD]), r)


def bad_captures():
    for path, why in ((pcap("cut.pcap", cut=1), "cut off"), ("/bin/true", "no capture file"),
                      (DIR.name + "/none", "No such file")):
        r = kfunc("run", "--prog", "kind", "--pcap", path, prog("cli", "packets"))
        same(r.status, 2, r)
        has(r.err, why)


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


main([test_data, packets_of_a_capture, bad_captures, a_rejected_program, a_missing_program, commands,
      no_test_data_for_a_hook, filled_program_arrays, images_do_not_run, bad_kernels, the_running_kernels_types])
