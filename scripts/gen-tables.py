#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Turns data/*.json into the C tables of src/kernel (declared in src/kernel/tables.h).

usage: gen-tables.py DATADIR > tables.gen.c

One row holds for a set of kernel versions, given as a bit mask over VERSIONS; a kernel picks its
version's bit once. Whatever the data says in a way this script does not know ends the build, so
that no fact is dropped in silence.
"""
import json
import os
import sys

VERSIONS = ["6.1", "6.12", "6.18", "7.2"]
ALL = (1 << len(VERSIONS)) - 1

DATA = ""
PROG = {}    # program type name -> number
ATTACH = {}  # attach type name -> number


def load(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return json.load(f)


def die(what):
    sys.exit("gen-tables.py: " + what)


def vmask(v):
    """["6.12", "6.18?"] -> bits; a doubtful version counts"""
    return sum(1 << VERSIONS.index(x.rstrip("?")) for x in v)


def vkeys(key):
    """"6.1|6.12" or "6.12,6.18" or "6.12+" or "6.1..6.18" -> bits"""
    m = 0
    for part in key.replace("|", ",").split(","):
        part = part.strip()
        if part.endswith("+"):
            m |= ALL & ~((1 << VERSIONS.index(part[:-1])) - 1)
        elif ".." in part:
            lo, hi = part.split("..")
            for i in range(VERSIONS.index(lo), VERSIONS.index(hi) + 1):
                m |= 1 << i
        else:
            m |= 1 << VERSIONS.index(part)
    return m


def cstr(s):
    return "NULL" if s is None else '"%s"' % s.replace("\\", "\\\\").replace('"', '\\"')


class Pool:
    """each thing once, by its number, which must fit in a byte"""

    def __init__(self, first):
        self.items = [first]

    def at(self, item):
        if item not in self.items:
            self.items.append(item)
        if len(self.items) > 256:
            die("too many different values for a byte")
        return self.items.index(item)


NAMES = Pool(None)
MASKS = Pool((1 << 64) - 1)


def bits(values):
    return sum(1 << v for v in set(values))


# ---------------------------------------------------------------- helpers

ARG_KINDS = {
    "any": "ANY", "scalar": "SCALAR", "map": "MAP", "map_key": "MAP_KEY",
    "map_value": "MAP_VALUE", "map_value_uninit": "MAP_VALUE_UNINIT", "size": "SIZE",
    "size_or_zero": "SIZE_OR_ZERO", "const_alloc_size": "CONST_ALLOC_SIZE", "ctx": "CTX",
    "spin_lock": "SPIN_LOCK", "timer": "TIMER", "kptr_slot": "KPTR_XCHG_DEST",
    "sock_common_btf": "BTF_SOCK_COMMON", "sock_common": "SOCK_COMMON", "socket": "SOCKET",
    "percpu_btf_id": "PERCPU_BTF_ID", "ringbuf_mem": "RINGBUF_MEM", "callback": "FUNC",
    "stack": "STACK", "const_str": "CONST_STR", "dynptr": "DYNPTR", "btf_id": "BTF_ID",
    "mem": "MEM", "mem_ro": "MEM", "mem_rw": "MEM", "mem_uninit": "MEM",
}
MEM_FLAGS = {"mem": [], "mem_ro": ["RDONLY"], "mem_rw": ["WRITE"],
             "mem_uninit": ["WRITE", "UNINIT"]}
RET_KINDS = {
    "integer": "INTEGER", "void": "VOID", "map_value": "MAP_VALUE", "socket": "SOCKET",
    "sock_common": "SOCK_COMMON", "tcp_sock": "TCP_SOCK", "ringbuf_mem": "RINGBUF_MEM",
    "mem_or_btf_id": "MEM_OR_BTF_ID", "dynptr_mem": "DYNPTR_MEM", "btf_id": "BTF_ID",
}
WHEN = ["sleepable", "trampoline", "recursion_protected", "kprobe_multi_or_session",
        "uprobe_multi_or_session", "hook_in_locked_sockopt_set", "hook_in_unlocked_sockopt_set",
        "member_is_not_release", "d_path_hooks", "lsm_sleepable_hooks_only", "sk_storage_tracing"]
CAPS = {"bpf": "KCAP_BPF", "perfmon": "KCAP_PERFMON", "net_admin": "KCAP_NET_ADMIN",
        "sys_admin": "KCAP_SYS_ADMIN"}

# kernel configuration, in the order of enum kt_config; the last are on wherever this is used
CONFIG = ["BPF_KPROBE_OVERRIDE", "NET", "INET", "XFRM", "CGROUPS", "SOCK_CGROUP_DATA",
          "CGROUP_NET_CLASSID", "SYN_COOKIES", "IPV6_SEG6_BPF"]
CONFIG_ON = ["ARCH_HAS_NON_OVERLAPPING_ADDRESS_SPACE"]

# The infrared driver's own list is not in the data (see the notes of helpers 77, 78, 92): what its
# programs are known to have from the public interface.
LIRC = ["map_lookup_elem", "map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem",
        "map_peek_elem", "ktime_get_ns", "ktime_get_boot_ns", "tail_call", "get_prandom_u32",
        "trace_printk", "rc_repeat", "rc_keydown", "rc_pointer_rel"]


def flags(prefix, names):
    return " | ".join(prefix + n for n in names) or "0"


def arg(text):
    parts = text.split(":")
    base, rest = parts[0], parts[1:]
    fl, size, btf = list(MEM_FLAGS.get(base, [])), 0, None
    if base == "btf_id":
        btf = rest.pop(0)
        btf = None if btf == "*" else btf
    if base == "dynptr":
        kind, state = rest.pop(0), rest.pop(0)
        fl += {"any": [], "local": ["DYNPTR_LOCAL"], "ringbuf": ["DYNPTR_RINGBUF"]}[kind]
        fl += {"init": [], "uninit": ["UNINIT"]}[state]
    while rest:
        m = rest.pop(0)
        if m == "fixed":
            fl.append("FIXED_SIZE")
            size = int(rest.pop(0))
        else:
            fl.append({"or_null": "OR_NULL", "release": "RELEASE", "aligned": "ALIGNED",
                       "size_next": "NEXT_SIZE", "ro": "RDONLY"}[m])
    return "{HARG_%s, %d, %s, %d}" % (ARG_KINDS[base], NAMES.at(btf), flags("HARGF_", fl), size)


def ret(text):
    parts = text.split(":")
    base, rest, btf, fl = parts[0], parts[1:], None, []
    kind = RET_KINDS[base]
    if base == "btf_id":
        btf = rest.pop(0)
        if btf == "*":
            kind, btf = "KPTR", None
    for m in rest:
        fl += {"or_null": ["RET_NULL"], "trusted": ["RET_TRUSTED"], "ro": []}[m]
    return kind, btf, fl


class Helpers:
    def __init__(self):
        self.data = load("helpers.json")
        self.rows, self.index = [], {}
        self.rules = []
        self.special_ops = {}

    def row(self, h, proto, v):
        """index of the struct kernel_helper for this helper, prototype and version"""
        if proto is None:
            var = {"args": h.get("args_hint", []), "ret": "integer", "gpl_only": True}
        else:
            found = [x for x in self.data["variants"].get(proto, []) if v in x["v"]]
            if not found:
                die("helper %s: prototype %s has no row for %s" % (h["name"], proto, v))
            var = found[0]
        fl = []
        kind, btf, more = ret(var["ret"])
        fl += more
        for key, name in (("gpl_only", "GPL"), ("pkt_access", "PKT_ARGS"),
                          ("might_sleep", "MAY_SLEEP"), ("fastcall", "FASTCALL")):
            if var.get(key):
                fl.append(name)
        if v in h.get("changes_pkt", []):
            fl.append("CHANGES_PKT")
        if h.get("acquires") is True:
            fl.append("ACQUIRE")
        if h.get("ptr_cast"):
            fl.append("PTR_CAST")
        rng = [r for r in h.get("ret_range", []) if v in r["v"]]
        lo, hi, has = 0, 0, "false"
        if rng:
            lo = rng[0]["min"]
            if rng[0]["max"] == "upper bound of the size argument":
                fl.append("RET_MAX_SIZE")
            elif rng[0]["max"] == "number of possible CPUs - 1":
                fl.append("RET_MAX_CPU")
            else:
                hi, has = int(rng[0]["max"]), "true"
        args = [arg(a) for a in var["args"]]
        extra = var.get("extra_check")
        text = '{%s, %d, %s, HRET_%s, %d, %s, {%s}, %d, %d}' % (
            cstr(h["name"]), h["id"], flags("HF_", fl), kind, NAMES.at(btf), has,
            ", ".join(args) or "{0}", lo, hi)
        if text not in self.index:
            self.index[text] = len(self.rows)
            self.rows.append(text)
        return self.index[text], extra

    def at_mask(self, rule):
        m = (1 << 64) - 1
        if "at" in rule:
            m = bits(ATTACH[a] for a in rule["at"])
        if "not_at" in rule:
            m &= ~bits(ATTACH[a] for a in rule["not_at"])
        return m

    def add_rule(self, h, allow_v, progs, sub, rule):
        by_row = {}
        for v in allow_v:
            # measured: refused for every type, so as if the helper were not there
            if v == "6.18" and "differs_in_6.18" in h:
                continue
            idx, extra = self.row(h, rule["p"], v)
            by_row.setdefault((idx, extra), []).append(v)
        for (idx, extra), vs in by_row.items():
            yes, no = [], []
            for w in rule.get("when", []) + ([extra] if extra else []):
                (no if w.startswith("!") else yes).append(WHEN.index(w.lstrip("!")))
            unknown = set(rule) - {"p", "at", "not_at", "when", "caps", "cfg", "lockdown"}
            if unknown:
                die("helper %s: rule key %s" % (h["name"], unknown))
            cfg = rule.get("cfg")
            cfg = 0 if cfg is None or cfg in CONFIG_ON else 1 << CONFIG.index(cfg)
            self.rules.append((h["id"],
                               "{%d, 0x%x, 0x%x, 0x%x, 0x%x, %s, %d, %d, %d}" % (
                idx, bits(yes), bits(no), cfg, vmask(vs),
                " | ".join(CAPS[c] for c in rule.get("caps", [])) or "0",
                MASKS.at(bits(progs)), MASKS.at(self.at_mask(rule)), NAMES.at(sub))))

    def build(self):
        for h in self.data["helpers"]:
            if "args_hint" in h:
                self.add_rule(h, VERSIONS, [PROG["lirc_mode2"]], None, {"p": None})
            for allow in h["allow"]:
                plain = [PROG[p] for p in allow["progs"] if ":" not in p]
                for rule in allow["rules"]:
                    if plain:
                        self.add_rule(h, allow["v"], plain, None, rule)
                    for p in [p for p in allow["progs"] if ":" in p]:
                        kind, sub = p.split(":")
                        if kind == "struct_ops":
                            self.special_ops[sub] = (self.special_ops.get(sub, 0) |
                                                     vmask(allow["v"]))
                        t = {"struct_ops": "struct_ops", "iter": "tracing"}[kind]
                        self.add_rule(h, allow["v"], [PROG[t]], sub, rule)
            if h["name"] in LIRC and "args_hint" not in h:
                # 'p' as socket filters have it
                rule = [r for a in h["allow"] if "socket_filter" in a["progs"]
                        for r in a["rules"]][0]
                self.add_rule(h, VERSIONS, [PROG["lirc_mode2"]], None, {"p": rule["p"]})

    def emit(self, out):
        out("const struct kernel_helper kt_helper_rows[] = {")
        for r in self.rows:
            out("\t%s," % r)
        out("};\n")
        out("const struct kt_helper_rule kt_helper_rules[] = {")
        first, n = {}, 0
        for hid, text in sorted(self.rules, key=lambda r: r[0]):
            first.setdefault(hid, [n, 0])[1] += 1
            out("\t%s," % text)
            n += 1
        out("};\n")
        names_list(out, "kt_names", NAMES.items)
        out("const uint64_t kt_masks[] = {%s};\n" % ", ".join("0x%xull" % m for m in MASKS.items))
        top = max(h["id"] for h in self.data["helpers"]) + 1
        names = {h["id"]: h["name"] for h in self.data["helpers"]}
        out("const struct kt_helper kt_helpers[] = {")
        for i in range(top):
            f = first.get(i, [0, 0])
            out("\t{%s, %d, %d}," % (cstr(names.get(i)), f[0], f[1]))
        out("};\nconst uint32_t kt_n_helpers = %d;\n" % top)
        out("const struct kt_name_mask kt_special_ops[] = {")
        for name in sorted(self.special_ops):
            out("\t{%s, 0x%x}," % (cstr(name), self.special_ops[name]))
        out("\t{NULL, 0},\n};\n")
        extra = self.data["legend"]["extra_check"]
        names_list(out, "kt_d_path_functions", extra["d_path_hooks"]["functions"])


def names_list(out, name, items):
    out("const char *const %s[] = {%s, NULL};\n" % (name, ", ".join(cstr(i) for i in items)))


# ---------------------------------------------------------------- program types

def attach_numbers(items):
    return [ATTACH[i] for i in items]


def prog_ranges(p):
    """[(vmask, attach or -1, any, min, max)]; rows for one attach type come before 'others'"""
    rows, last = [], []
    for r in p["ret"]:
        v = vmask(r["v"]) if "v" in r else ALL
        if r.get("when") == "with btf id":
            continue  # only programs of other types can name one
        if p["name"] == "struct_ops":
            rows.append((ALL, -1, 1, 0, 0))
            break
        rng = r["range"]
        free = isinstance(rng, str)
        if free and not rng.startswith("any"):
            die("program type %s: range %s" % (p["name"], rng))
        lo, hi = (0, 0) if free else rng
        at = r.get("at", "others")
        if at == "others":
            last.append((v, -1, int(free), lo, hi))
            continue
        for a in at:
            if a == "*_multi (7.2)":
                for m in ("trace_fentry_multi", "trace_fexit_multi", "trace_fsession_multi"):
                    rows.append((vmask(["7.2"]), ATTACH[m], int(free), lo, hi))
            else:
                rows.append((v, ATTACH[a], int(free), lo, hi))
    return rows + last


def sleepable_mask(s):
    if isinstance(s, bool):
        return ALL if s else 0
    if isinstance(s, str):
        return ALL
    m = 0
    for key, val in s.items():
        if val:
            m |= vkeys(key)
    # versions that are not named follow their older neighbour
    named = 0
    for key in s:
        named |= vkeys(key)
    for i in range(1, len(VERSIONS)):
        if not named >> i & 1 and m >> (i - 1) & 1:
            m |= 1 << i
    return m


def emit_programs(out, d):
    packet = {  # direct packet access: read, write; as helper memory: read, write, any helper
        None: "0", "read": "KT_PKT_READ | KT_HPKT_READ",
        "write": "KT_PKT_READ | KT_PKT_WRITE | KT_HPKT_READ | KT_HPKT_WRITE",
        "skb header option area read": "KT_PKT_READ",
        "optval buffer read+write":
            "KT_PKT_READ | KT_PKT_WRITE | KT_HPKT_READ | KT_HPKT_WRITE | KT_HPKT_ANY",
    }
    for p in d["programs"]:
        if p["attach_type_checked"] and not p["attach_types"][0].startswith("("):
            out("static const uint8_t attach_%s[] = {%s};" % (
                p["name"], ", ".join(map(str, attach_numbers(p["attach_types"])))))
        elif p["attach_type_checked"]:
            out("static const uint8_t attach_%s[] = {0};" % p["name"])
        out("static const struct kt_range ranges_%s[] = {" % p["name"])
        for r in prog_ranges(p):
            out("\t{0x%x, {%d, %s, %d, %d}}," % (r[0], r[1], "true" if r[2] else "false",
                                                 r[3], r[4]))
        out("\t{0, {0, false, 0, 0}},\n};")
    out("\nconst struct kt_prog kt_progs[] = {")
    for p in d["programs"]:
        ctx = [("" if x in ("void *",) else x) for x in (p["user_ctx"], p["kernel_ctx"])]
        v = vmask(p["v"]) if "v" in p else ALL
        if p["attach_type_checked"]:
            at = "attach_%s, sizeof(attach_%s)" % (p["name"], p["name"])
        else:
            at = "NULL, 0"
        out("\t{%d, 0x%x, 0x%x, %s, %s, %s, %s, %s, %s, ranges_%s}," % (
            p["id"], v, sleepable_mask(p["sleepable"]),
            "true" if p["btf_typed_args"] is True else "false",
            packet[p["direct_packet"]], cstr(p["name"]), cstr(ctx[0]), cstr(ctx[1]), at,
            p["name"]))
    out("};\nconst uint32_t kt_n_progs = %d;\n" % len(d["programs"]))
    out("const char *const kt_attach_names[] = {")
    for name, num in sorted(d["attach_type_ids"].items(), key=lambda x: x[1]):
        if not name.startswith("__"):
            out("\t[%d] = %s," % (num, cstr(name)))
    out("};\nconst uint32_t kt_n_attach = %d;\n" % ATTACH["__max_attach_type"])


# ---------------------------------------------------------------- contexts

CTX_KINDS = {"pkt": "PACKET", "pkt_end": "PACKET_END", "pkt_meta": "PACKET_META",
             "sock": "SOCKET", "sock_or_null": "SOCKET_OR_NULL",
             "sock_common_or_null": "SOCK_COMMON_OR_NULL", "flow_keys": "FLOW_KEYS",
             "tp_buffer": "TP_BUFFER"}
SIZES = [1, 2, 4, 8]


def spans(rule, off, size):
    """offsets and sizes of the accesses that a field rule allows"""
    if isinstance(rule, dict):
        for o, n in rule["explicit"]:
            yield off + o, n
        return
    for n in SIZES:
        for o in range(off, off + size - n + 1):
            if o % n == 0 and allowed(rule, o - off, n):
                yield o, n


def allowed(rule, rel, n):
    if rule.startswith("narrow"):
        base, _, wide = rule.partition("+wide")
        return n <= int(base[6:]) or (wide and n == int(wide))
    if rule.startswith("only"):
        base, _, wide = rule.partition("+wide")
        return n == int(base[4:]) or (wide and n == int(wide))
    if rule.startswith("start_narrow"):
        return rel == 0 and n <= int(rule[12:])
    return die("access rule " + rule)


class Grid:
    """per offset: bits 0-3 readable sizes 1,2,4,8, bits 4-7 writable ones; and the field there"""

    def __init__(self, layout, fields):
        self.size = layout["size"]
        self.access = [0] * self.size
        self.field_at = [0] * self.size
        self.fields = []
        where = {f[0]: (f[1], f[2]) for f in layout["fields"]}
        for name, rule in fields.items():
            if name.startswith("pad"):
                off, size = int(name[3:]), 2
            else:
                off, size = where[name]
            kind = rule.get("kind")
            btf = None
            if kind and kind.startswith("trusted_ptr_"):
                kind, btf = "BTF_TRUSTED", kind[12:]
            else:
                kind = CTX_KINDS[kind] if kind else "SCALAR"
            unknown = set(rule) - {"r", "w", "kind", "no_sign_ext_load"}
            if unknown:
                die("context rule key %s" % unknown)
            self.fields.append("{%s, %s, CTX_%s, %s}" % (
                cstr(name), cstr(btf), kind,
                "true" if rule.get("no_sign_ext_load") else "false"))
            for key, shift in (("r", 0), ("w", 4)):
                for o, n in spans(rule[key], off, size) if key in rule else []:
                    self.access[o] |= 1 << (SIZES.index(n) + shift)
                    self.field_at[o] = len(self.fields)

    def emit(self, out, name, named=True):
        parts = [("access", self.access)]
        if named:
            parts.append(("at", self.field_at))
            out("static const struct kt_ctx_field %s_fields[] = {" % name)
            out("\t{NULL, NULL, CTX_SCALAR, false},")
            for f in self.fields:
                out("\t%s," % f)
            out("};")
        for part, data in parts:
            out("static const uint8_t %s_%s[] = {" % (name, part))
            for i in range(0, self.size, 24):
                out("\t%s," % ", ".join(str(x) for x in data[i:i + 24]))
            out("};")


def ctx_masks(rules, checked):
    """attach mask of each rule: what the load does not check must not matter, unless rules differ"""
    masks = []
    for r in rules:
        at = r.get("at")
        prog = r["progs"][0]
        rivals = [x for x in rules if x is not r and x["progs"] == r["progs"] and
                  vmask(x["v"]) & vmask(r["v"])]
        if at is None or (not checked[prog] and not rivals):
            m = (1 << 64) - 1
        elif None in at:
            m = ((1 << 64) - 1) & ~bits(ATTACH[a] for x in rivals for a in x["at"])
        else:
            m = bits(ATTACH[a] for a in at)
        masks.append(m)
    return masks


def emit_contexts(out, programs):
    d = load("ctx_access.json")
    checked = {p["name"]: p["attach_type_checked"] for p in programs}
    rows, grids = [], {}
    for i, (r, at) in enumerate(zip(d["rules"], ctx_masks(d["rules"], checked))):
        g = Grid(d["layouts"][r["struct"]], r["fields"])
        key = (tuple(g.access), tuple(g.field_at), tuple(g.fields))
        if key not in grids:
            grids[key] = "ctx%d" % i
            g.emit(out, grids[key])
        rows.append("{0x%x, 0x%xull, 0x%xull, %d, %s_access, %s_at, %s_fields}" % (
            vmask(r["v"]), bits(PROG[p] for p in r["progs"]), at, g.size,
            *[grids[key]] * 3))
    out("\nconst struct kt_ctx kt_ctxs[] = {")
    for r in rows:
        out("\t%s," % r)
    out("};\nconst uint32_t kt_n_ctxs = %d;\n" % len(rows))
    emit_sockets(out, d)


def emit_sockets(out, d):
    s = d["socket_registers"]
    sock = {}
    for rule in ("only4", "narrow4", "start_narrow4"):
        for f in s["socket"][rule]:
            sock[f] = {"r": rule}
    # as its text says: 4 bytes at its start, or narrow inside its two bytes
    sock["dst_port"] = {"r": {"explicit": [[0, 1], [1, 1], [0, 2], [0, 4]]}}
    if not s["socket"]["dst_port"].startswith("only4 at its start, or narrow2"):
        die("dst_port of sockets")
    common = {k: v for k, v in sock.items() if k not in s["sock_common"]["except_refused"]}
    tcp = {}
    for name, _, _ in d["layouts"]["bpf_tcp_sock"]["fields"]:
        t = s["tcp_sock"]["read"]
        tcp[name] = {"r": t.get(name, t["others"])}
    for name, layout, fields in (
            ("socket", "bpf_sock", sock), ("common", "bpf_sock", common),
            ("tcp", "bpf_tcp_sock", tcp), ("xdp", "bpf_xdp_sock", {"queue_id": {"r": "only4"}})):
        Grid(d["layouts"][layout], fields).emit(out, "sock_" + name, named=False)
    out("const struct kt_sock kt_socks[] = {")
    for k, name in (("SOCKET", "socket"), ("COMMON", "common"), ("TCP", "tcp"), ("XDP", "xdp")):
        out("\t[KSOCK_%s] = {sizeof(sock_%s_access), sock_%s_access}," % (k, name, name))
    out("};\n")


# ---------------------------------------------------------------- maps

SPECIAL = {"spin_lock": ["SPIN_LOCK"], "res_spin_lock": ["RES_SPIN_LOCK"], "timer": ["TIMER"],
           "wq": ["WORKQUEUE"], "task_work": ["TASK_WORK"],
           "kptr (untrusted,ref)": ["KPTR_UNREF", "KPTR_REF"],
           "percpu_kptr,refcount": ["KPTR_PERCPU", "REFCOUNT"], "uptr": ["UPTR"],
           "list_head,rb_root": ["LIST_HEAD", "RB_ROOT"]}
GENERIC = "any helper taking a map that has no own map list"


def special_maps(d, field, v):
    s = d["special_fields"][field]
    if v not in s["v"]:
        return set()
    if isinstance(s["maps"], str):  # "as timer": the same maps, other versions
        like = {"as spin_lock": "spin_lock", "as timer": "timer",
                "as kptr": "kptr (untrusted,ref)"}[s["maps"]]
        s = d["special_fields"][like]
    maps = set(s["maps"])
    if VERSIONS.index(v) >= VERSIONS.index("6.12"):
        maps |= set(s.get("maps_since_6.12", []))
    if v == "7.2":
        maps |= set(s.get("maps_7.2", []))
    return maps


def map_flags(m, bitno, v):
    fl = m["rules"]["flags"]
    if isinstance(fl, dict):
        fl = [val for key, val in fl.items() if vkeys(key) >> VERSIONS.index(v) & 1] or \
            [list(fl.values())[0]]
        fl = fl[0]
    return bits(bitno[f.split(" ")[0]] for f in fl)


def map_since(m):
    return 0 if "since" not in m else vmask(m["helpers"][0]["v"])


def helper_bits(d, m, v, ids):
    """(allowed helper numbers, sockmap update rule applies)"""
    only = [h["only"] for h in m["helpers"] if v in h["v"]]
    if not only:
        return set(), False
    only = only[0]
    listed = {h for h, r in d["helper_to_maps"].items() if v in r["v"]}
    for_me = {h for h in listed if m["name"] in d["helper_to_maps"][h]["maps"]}
    if only == GENERIC:
        return {ids[h] for h in ids if h not in listed or h in for_me}, False
    names = {h for h in only if not h.startswith("@")}
    # both directions must agree
    names = {h for h in names if h not in listed or h in for_me}
    return {ids[h] for h in names}, "@sockmap_update" in only


def emit_maps(out, helpers):
    d = load("map_types.json")
    ids = {h["name"]: h["id"] for h in helpers["helpers"]}
    out("const struct kt_map kt_maps[] = {")
    for m in d["maps"]:
        for i, v in enumerate(VERSIONS):
            if "since" in m and not map_since(m) >> i & 1:
                continue
            fields = [f for k, fs in SPECIAL.items() if m["name"] in special_maps(d, k, v)
                      for f in fs]
            hs, sockmap = helper_bits(d, m, v, ids)
            words = ["0x%xull" % (sum(1 << (h - w * 64) for h in hs if w * 64 <= h < w * 64 + 64))
                     for w in range(4)]
            out("\t{0x%x, %s, {%s}, {%d, %s, %s, %s, %s, %s, %s, 0x%x, %s}}," % (
                1 << i, "true" if sockmap else "false", ", ".join(words), m["id"],
                cstr(m["name"]), *["true" if x else "false" for x in (
                    v in m["sleepable"], m["for_each"], m["direct_value_address"], m["mmap"],
                    m["inner_map"])],
                map_flags(m, d["flag_bits"], v), flags("BTF_FIELD_", fields)))
    out("};\n")
    out("const uint32_t kt_n_maps = sizeof(kt_maps) / sizeof(kt_maps[0]);\n")


# ---------------------------------------------------------------- tracepoints, LSM, trust

def emit_lsm(out, lsm):
    # for a version between two that were read, the careful answer: what both allow, what one forbids
    def names(key, careful_all):
        res = {}
        for vs, hooks in lsm[key].items():
            m = vkeys(vs)
            for h in hooks:
                res[h] = res.get(h, 0) | m
        i12, i18, i72 = (1 << VERSIONS.index(x) for x in ("6.12", "6.18", "7.2"))
        for h, m in res.items():
            if careful_all and m & i12 and m & i72 or not careful_all and m & (i12 | i72):
                res[h] |= i18
        return res
    sets = {
        "KT_LSM_SLEEPABLE": names("sleepable", True),
        "KT_LSM_DISABLED": names("disabled (cannot attach)", False),
        "KT_LSM_UNTRUSTED": names("untrusted args", False),
        "KT_LSM_BOOL": names("bool result 0..1", False),
        "KT_LSM_LOCKED_SOCKOPT": names("locked_sockopt", True),
        "KT_LSM_UNLOCKED_SOCKOPT": names("unlocked_sockopt", True),
    }
    hooks = sorted(set(h for s in sets.values() for h in s))
    order = list(sets)
    out("const struct kt_lsm kt_lsms[] = {")
    for h in hooks:
        out("\t{%s, {%s}}," % (cstr(h), ", ".join("0x%x" % sets[k].get(h, 0) for k in order)))
    out("};\nconst uint32_t kt_n_lsms = %d;\n" % len(hooks))


def emit_tracepoints(out, d):
    out("const struct kt_tp kt_tps[] = {")
    rows = sorted(d["tracepoints"], key=lambda t: t["tp"])
    for t in rows:
        out("\t{%s, 0x%x, 0x%x, 0x%x}," % (cstr(t["tp"]), vmask(t["v"]), bits(t.get("null", [])),
                                           bits(t.get("err", []))))
    out("};\nconst uint32_t kt_n_tps = %d;\n" % len(rows))


def emit_trust(out):
    d = load("trusted_types.json")
    kinds = {"rcu": "KTRUST_RCU", "rcu_or_null": "KTRUST_RCU_OR_NULL",
             "trusted": "KTRUST_TRUSTED", "trusted_or_null": "KTRUST_TRUSTED_OR_NULL"}
    lists = dict(d["safe_lists"])
    # 6.18 is given as the difference from 6.12 (measured)
    if "dentry.d_inode trusted_or_null as in 7.2" not in lists["6.18"]:
        die("trusted fields of 6.18")
    l618 = json.loads(json.dumps(lists["6.12"]))
    del l618["trusted"]["dentry"]
    l618["trusted_or_null"]["dentry"] = ["d_inode"]
    lists["6.18"] = l618
    rows = {}
    for v in VERSIONS:
        for kind, structs in lists[v].items():
            for s, fields in structs.items():
                for f in fields:
                    rows[s, f, kinds[kind]] = rows.get((s, f, kinds[kind]), 0) | vmask([v])
    out("const struct kt_trust kt_trusts[] = {")
    for (s, f, k), m in sorted(rows.items()):
        out("\t{%s, %s, %s, 0x%x}," % (cstr(s), cstr(f), k, m))
    out("};\nconst uint32_t kt_n_trusts = %d;\n" % len(rows))
    out("const struct kt_name_mask kt_rcu_kptrs[] = {")
    for vs, names in d["rcu_protected_kptr_types"].items():
        for n in names:
            out("\t{%s, 0x%x}," % (cstr(n), vkeys(vs)))
    out("\t{NULL, 0},\n};\n")
    out("const struct kt_dtor kt_dtors[] = {")
    for vs, pairs in d["dtor_types"].items():
        for t, f in pairs.items():
            if f != "test only":
                out("\t{%s, %s, 0x%x}," % (cstr(t), cstr(f), vkeys(vs)))
    out("\t{NULL, NULL, 0},\n};\n")


# ---------------------------------------------------------------- kfuncs by release

def emit_kfuncs(out):
    for v in VERSIONS:
        d = load("kernels/%s.json" % v)
        out("static const struct kt_kfunc kfuncs_%s[] = {" % v.replace(".", "_"))
        for name in sorted(d["kfuncs"]):
            k = d["kfuncs"][name]
            types = bits(0 if t == "UNSPEC" else PROG[t.lower()] for t in k["prog_types"])
            out("\t{%s, 0x%x, 0x%xull}," % (cstr(name), k["flags"], types))
        out("};\n")
    extra = load("kernels/extra.json")
    out("const struct kt_kfunc kt_extra_kfuncs[] = {")
    for name in sorted(extra["kfuncs"]):
        k = extra["kfuncs"][name]
        if k["since"] != VERSIONS[0]:
            die("extra kfunc %s: since %s" % (name, k["since"]))
        out("\t{%s, 0x%x, 0x%xull}," % (cstr(name), k["flags"],
                                       bits(PROG[t.lower()] for t in k["prog_types"])))
    out("};\nconst uint32_t kt_n_extra_kfuncs = %d;\n" % len(extra["kfuncs"]))
    out("const struct kt_kfunc kt_fmodrets[] = {")
    for name in sorted(extra["fmodret"]):
        out("\t{%s, 0x%x, 0}," % (cstr(name), extra["fmodret"][name]))
    out("};\nconst uint32_t kt_n_fmodrets = %d;\n" % len(extra["fmodret"]))
    out("const struct kt_release kt_releases[] = {")
    for v in VERSIONS:
        major, minor = v.split(".")
        u = v.replace(".", "_")
        out("\t{KVER(%s, %s), kfuncs_%s, sizeof(kfuncs_%s) / sizeof(kfuncs_%s[0])}," % (
            major, minor, u, u, u))
    out("};\nconst uint32_t kt_n_releases = %d;\n" % len(VERSIONS))


def main():
    global DATA
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    DATA = sys.argv[1]
    programs = load("prog_types.json")
    PROG.update({p["name"]: p["id"] for p in programs["programs"]})
    ATTACH.update(programs["attach_type_ids"])
    lines = []
    out = lines.append
    out("/* Made from data/ by scripts/gen-tables.py: change those, not this. */")
    out('#include "kernel/tables.h"\n')
    helpers = Helpers()
    helpers.build()
    helpers.emit(out)
    emit_programs(out, programs)
    emit_contexts(out, programs["programs"])
    emit_maps(out, helpers.data)
    tps = load("tracepoints.json")
    emit_tracepoints(out, tps)
    emit_lsm(out, tps["lsm"])
    emit_trust(out)
    emit_kfuncs(out)
    print("\n".join(lines))


main()
