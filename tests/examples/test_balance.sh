#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_balance.sh BUILD: the service whose policy changes while it runs, and what it prints.
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/want" <<END
no policy        9 0 0
rotate           3 3 3
idlest           0 0 9
no policy        9 0 0
the tracepoint saw 36 requests here, and every one in the background
END
timeout $((100 * ${TEST_TIMES:-1})) "$1/examples/host/balance" "$1/examples/host/balance.bpf.o" >"$tmp/out" 2>&1
[ $? = 0 ] && diff "$tmp/want" "$tmp/out" && echo "1 passed, 0 failed" && exit 0
head -40 "$tmp/out"
echo "0 passed, 1 failed"
exit 1
