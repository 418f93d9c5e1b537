#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# live-btf.sh OUT.btf OUT.S TMPDIR "CFLAGS" VMLINUX.c KFUNC.c...
# Compiles the type unit and the kfunc sources with clang, links them, and has pahole write OUT.btf;
# OUT.S embeds it.
set -eu
out=$1; asm=$2; tmp=$3; cflags=$4; shift 4
: "${CLANG:=clang}" "${PAHOLE:=pahole}"
mkdir -p "$tmp"
objs=
# every type of the first unit is wanted, used or not; of the others only what prototypes need
extra=-fno-eliminate-unused-debug-types
for src in "$@"; do
	obj=$tmp/$(basename "$src" .c).btf.o
	# shellcheck disable=SC2086
	$CLANG -std=gnu17 -O1 -g -gdwarf-4 -fPIC -fvisibility=default $extra $cflags \
		-DKFUNCS_BTF_BUILD -include kfuncs/types/base.h -c "$src" -o "$obj"
	objs="$objs $obj"
	extra=
done
# shellcheck disable=SC2086
$CLANG -shared -nostdlib -o "$tmp/vmlinux.so" $objs
rm -f "$out"
$PAHOLE --btf_gen_floats --btf_encode_detached="$out" "$tmp/vmlinux.so"
test -s "$out"
chmod 644 "$out"
path=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
cat >"$asm" <<EOF
/* $(sha256sum <"$out" | cut -c1-32) */
	.section .rodata
	.balign 8
	.globl kernel_live_btf_start, kernel_live_btf_end
	.hidden kernel_live_btf_start, kernel_live_btf_end
kernel_live_btf_start:
	.incbin "$path"
kernel_live_btf_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
EOF
