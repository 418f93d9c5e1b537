#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# build-corpus.sh OUT: makes the public test corpus, OUT/obj/*.bpf.o, out of the BPF selftests in
# Debian's Linux 6.12 source package (suite bookworm-backports). Takes some minutes and 4 GB of room
# in OUT. `make conformance CORPUS=OUT` then compares our verdicts with those of a live kernel.
#
# The sources and objects are under the GPL: they stay in OUT and are no part of this project.
#
# CLANG=clang-22 is what the published verdicts were made with; another clang may compile a program
# to other instructions.
set -eu

[ $# = 1 ] || { echo "usage: build-corpus.sh OUT" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
export CLANG=${CLANG:-clang-22}
llvm=llvm-${CLANG#clang-}
linux=linux-source-6.12
root=
[ "$(id -u)" = 0 ] || root=sudo

say() { printf 'corpus: %s\n' "$*"; }

# ---- tools ----

need="$CLANG $llvm gcc make xz-utils libelf-dev zlib1g-dev libcap-dev libssl-dev"
missing=
for p in $need; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
if [ -n "$missing" ]; then
	say "installing:$missing"
	$root apt-get update -qq
	# shellcheck disable=SC2086
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# ---- source packages, through apt with lists of its own so that the machine's are left alone ----

src=$out/src/$linux
if [ ! -d "$src/tools" ]; then
	apt=$out/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$out/dl" "$out/src"
	mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
	[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) {print $i; exit}}' /etc/apt/sources.list)
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb [signed-by=$keyring] $mirror bookworm-backports main" >"$apt/sources.list"
	chmod -R a+rX "$apt"
	opts=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root -qq)
	say "fetching $linux"
	apt-get "${opts[@]}" update
	(cd "$out/dl" && apt-get "${opts[@]}" download "$linux" linux-bpf-dev)
	for p in "$linux" linux-bpf-dev; do
		dpkg-deb -x "$(ls "$out/dl/$p"_*.deb | tail -n 1)" "$out/dl/$p"
	done
	say "unpacking"
	# what the tests' build does not need stays packed
	tar -xf "$out/dl/$linux/usr/src/$linux.tar.xz" -C "$out/src" \
		--exclude='*/drivers' --exclude='*/sound' --exclude='*/fs' --exclude='*/net' \
		--exclude='*/arch/[a-wyz]*' --exclude="$linux/kernel/[a-ac-z]*" \
		--exclude="$linux/kernel/bpf/[a-ce-z]*"
	rm -rf "${out:?}/dl/$linux" "$apt"
fi

# ---- libbpf's headers, vmlinux.h of the distribution's kernel and of the running one ----

tools=$src/tools
tests=$tools/testing/selftests/bpf
mkdir -p "$out/build/libbpf" "$out/build/bpftool" "$out/inc" "$out/inc-live" "$out/obj" "$out/log"
[ -d "$out/inst/include/bpf" ] ||
	make -s -C "$tools/lib/bpf" OUTPUT="$out/build/libbpf/" prefix= DESTDIR="$out/inst" \
		install install_headers >"$out/log/libbpf.log" 2>&1
cp "$(find "$out/dl/linux-bpf-dev" -name vmlinux.h | head -n 1)" "$out/inc/vmlinux.h"
if [ -r /sys/kernel/btf/vmlinux ]; then
	make -s -C "$tools/bpf/bpftool" OUTPUT="$out/build/bpftool/" LLVM_STRIP="llvm-strip-${CLANG#clang-}" \
		bootstrap >"$out/log/bpftool.log" 2>&1
	"$out/build/bpftool/bootstrap/bpftool" btf dump file /sys/kernel/btf/vmlinux format c >"$out/inc-live/vmlinux.h"
fi

# ---- the programs ----

sysinc=$($CLANG -v -E - </dev/null 2>&1 |
	sed -n '/<...> search starts here:/,/End of search list./{ s| \(/.*\)|-idirafter \1|p }')
flags="-g -w -O2 --target=bpfel -mcpu=v3 -mlittle-endian -std=gnu11 -fno-strict-aliasing
	-D__TARGET_ARCH_x86 -DENABLE_ATOMICS_TESTS
	-I$out/inst/include -I$tests -I$tests/progs -I$tools/include/uapi -I$tools/include $sysinc"
export out tests flags

# Types of the running kernel first, then the distribution's; each with and without the kfunc
# prototypes that newer headers declare and the programs declare again.
one() {
	local name extra='' inc def
	name=$(basename "$1" .c)
	case $name in test_l4lb_noinline | test_xdp_noinline) extra=-fno-inline ;; esac
	cd "$tests"
	for inc in "$out/inc-live" "$out/inc"; do
		for def in '' -DBPF_NO_KFUNC_PROTOTYPES; do
			# shellcheck disable=SC2086
			if $CLANG -I"$inc" $def $flags $extra -c "progs/$name.c" -o "$out/obj/$name.bpf.o" \
				2>"$out/log/$name.err"; then
				rm -f "$out/log/$name.err"
				return
			fi
		done
	done
	rm -f "$out/obj/$name.bpf.o"
}
export -f one
say "compiling"
printf '%s\n' "$tests"/progs/*.c | xargs -P "$(nproc)" -I{} bash -c 'one "$1"' _ {}
say "$(find "$out/obj" -name '*.bpf.o' | wc -l) objects, $(find "$out/log" -name '*.err' | wc -l) failed (see $out/log)"
