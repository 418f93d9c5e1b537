#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# link-headers.sh LIBBPF_SRC DIR STAMP: makes libbpf's public headers reachable as DIR/bpf/*.h.
set -eu
mkdir -p "$2/bpf"
for h in bpf.h btf.h libbpf.h libbpf_common.h libbpf_legacy.h libbpf_version.h bpf_helpers.h \
	bpf_helper_defs.h bpf_tracing.h bpf_endian.h bpf_core_read.h usdt.bpf.h; do
	ln -sf "$(realpath "$1/src/$h")" "$2/bpf/$h"
done
touch "$3"
