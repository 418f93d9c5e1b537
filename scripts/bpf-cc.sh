#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# bpf-cc.sh IN.bpf.c OUT.bpf.o STAMP CLANG FLAGS...: compiles one BPF program. STAMP.d names the headers
# that it includes, for the build.
set -eu
in=$1 out=$2 stamp=$3 clang=$4
shift 4
mkdir -p "$(dirname "$out")"
"$clang" -g -O2 --target=bpf -mcpu=v3 -D__TARGET_ARCH_x86 -std=gnu11 -Wall -Wno-unused-function \
	"$@" -c "$in" -o "$out" -MMD -MF "$stamp.d" -MT "$stamp"
touch "$stamp"
