#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_readme.sh BUILD: the README's first kfunc, taken from its text, built against an installed
# library and run.
set -u
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

ok() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		echo "ok      $1"
	else
		failed=$((failed + 1))
		echo "FAILED  $1"
		cat "$tmp/log"
	fi
}

# the n-th block of C
block() {
	awk -v n="$1" '/^```c$/ {k++; on = k == n; next} /^```$/ {on = 0} on' README.md
}
block 1 >"$tmp/app.c"
block 2 >"$tmp/prog.bpf.c"

DESTDIR=$tmp/root meson install -C "$build" --no-rebuild >"$tmp/log" 2>&1
ok "install into an empty root" $?
inc=$(dirname "$(find "$tmp/root" -path '*/kfunc/kfunc.h')")
lib=$(dirname "$(find "$tmp/root" -name libkfunc.so)")
bin=$(dirname "$(find "$tmp/root" -type f -name kfunc)")

san=
grep -q '__asan_init' "$lib/libkfunc.so" && san=-fsanitize=address
grep -q '__tsan_init' "$lib/libkfunc.so" && san=-fsanitize=thread
# shellcheck disable=SC2086
gcc -g -Wall -Wextra $san -I"${inc%/kfunc}" "$tmp/app.c" -o "$tmp/app" -L"$lib" -lkfunc >"$tmp/log" 2>&1 &&
	[ ! -s "$tmp/log" ]
ok "the host compiles without warnings" $?
"$bin/kfunc" btf "$tmp/app" >"$tmp/log" 2>&1
ok "kfunc btf" $?
clang-19 -g -O2 --target=bpf -I"$inc/bpf" -c "$tmp/prog.bpf.c" -o "$tmp/prog.bpf.o" >"$tmp/log" 2>&1
ok "the program compiles" $?
(cd "$tmp" && LD_LIBRARY_PATH=$lib ./app) >"$tmp/log" 2>&1
ok "the host runs it" $?
[ "$(cat "$tmp/log")" = "the program returned 42" ]
ok "with the result that the README shows" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
