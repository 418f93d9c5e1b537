#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_capabilities.sh BUILD: a program that calls a KF_DESTRUCTIVE kfunc loads for who may reboot the
# machine, and for nobody else (kfunc spec, scenario 98).
build=$1
dir=$build/tests/programs
tmp=$(mktemp) || exit 2
trap 'rm -f "$tmp"' EXIT

if ! setpriv --bounding-set +sys_boot true 2>/dev/null; then
	echo "needs a process that has CAP_SYS_BOOT"
	exit 77
fi
passed=0 failed=0
check() {
	if [ $? = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		cat "$tmp"
	fi
}
"$dir/runner" "$dir/progs" args_scalar >"$tmp" 2>&1
check "with the capability"
! setpriv --bounding-set -sys_boot "$dir/runner" "$dir/progs" args_scalar >"$tmp" 2>&1 &&
	[ "$(grep -c ^FAILED "$tmp")" = 1 ] &&
	grep -q "FAILED args_scalar.bpf.o: destructive: should be accepted: verdict 1, -13, KF0707" "$tmp"
check "without it"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
