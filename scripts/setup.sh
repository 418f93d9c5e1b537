#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# setup.sh [fmt|bench]: installs the packages that the build needs and are missing (Debian 12, as root or
# through sudo) and unpacks the libbpf source that is compiled into the library.
#
# LIBBPF_SRC=DIR uses a libbpf 1.5 source tree instead of fetching one.
set -eu
cd "$(dirname "$0")/.."

packages="gcc libc6-dev binutils make meson ninja-build pkg-config python3 xz-utils clang-19 dwarves
	libelf-dev libdw-dev libpcap-dev zlib1g-dev libzstd-dev liblzma-dev liblz4-dev liburcu-dev libcmocka-dev
	libzydis-dev scdoc"
[ "${1:-}" != fmt ] || packages="$packages clang-format-19"
[ "${1:-}" != bench ] || packages="$packages librte-bpf23" # a peer in make bench

libbpf=libbpf-1.5.0
libbpf_path=pool/main/libb/libbpf/libbpf_1.5.0.orig.tar.gz
libbpf_sha256=53492aff6dd47e4da04ef5e672d753b9743848bdb38e9d90eafbe190b7983c44

say() { printf 'setup: %s\n' "$*" >&2; }

missing=
for p in $packages; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
if [ -n "$missing" ]; then
	say "installing:$missing"
	root=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || { say "need root or sudo to install packages"; exit 1; }
		root=sudo
	fi
	install() {
		# shellcheck disable=SC2086
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
			$missing >.setup.log 2>&1
	}
	install || { $root apt-get update -q >>.setup.log 2>&1 && install; } || {
		cat .setup.log >&2
		say "could not install the packages"
		exit 1
	}
	rm -f .setup.log
fi

mkdir -p .deps
if [ -n "${LIBBPF_SRC:-}" ]; then
	[ -f "$LIBBPF_SRC/src/libbpf.c" ] || { say "no libbpf source in $LIBBPF_SRC"; exit 1; }
	rm -rf ".deps/$libbpf"
	ln -s "$(realpath "$LIBBPF_SRC")" ".deps/$libbpf"
elif [ ! -f ".deps/$libbpf/src/libbpf.c" ]; then
	# the mirror that this machine is set up for
	mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
	[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) {print $i; exit}}' \
		/etc/apt/sources.list 2>/dev/null || true)
	[ -n "$mirror" ] || { say "no Debian mirror in /etc/apt: set LIBBPF_SRC"; exit 1; }
	say "fetching $libbpf"
	rm -f .deps/libbpf.tar.gz
	/usr/lib/apt/apt-helper download-file "${mirror%/}/$libbpf_path" .deps/libbpf.tar.gz \
		"SHA256:$libbpf_sha256" >&2 || { say "could not fetch $libbpf: set LIBBPF_SRC"; exit 1; }
	echo "$libbpf_sha256  .deps/libbpf.tar.gz" | sha256sum -c --quiet
	tar xzf .deps/libbpf.tar.gz -C .deps
	rm -f .deps/libbpf.tar.gz
fi
