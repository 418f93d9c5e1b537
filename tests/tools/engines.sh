#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# engines.sh ENGINES BUILD: the tests' own programs by both engines. Those of the verifier's tests are left out: some
# are there to show what a verifier lets through, and crash.
set -u
"$1" "$2"/jit/progs/*.bpf.o "$2"/programs/progs/*.bpf.o "$2"/cli/progs/*.bpf.o "$2"/syscall/progs/*.bpf.o >"$2/engines.txt"
status=$?
cat "$2/engines.txt"
# it did run something
[ $status -ne 0 ] || grep -q '[1-9][0-9]* equal' "$2/engines.txt" || status=1
exit $status
