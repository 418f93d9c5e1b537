#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# live-btf.sh OUT.btf TMPDIR "CFLAGS" VMLINUX.c KFUNC.c...
# Compiles the type unit and the kfunc sources with clang, links them, and has pahole write OUT.btf.
set -eu
out=$1; tmp=$2; cflags=$3; shift 3
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
