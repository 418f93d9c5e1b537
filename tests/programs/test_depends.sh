#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_depends.sh BUILD: whoever changes a header that a BPF program includes gets the program anew.
build=$1
passed=0 failed=0

command -v ninja >/dev/null || exit 77
[ -f "$build/build.ninja" ] || exit 77
# depends STAMP HEADER: the build knows that the program's stamp depends on the header
depends() {
	if ninja -C "$build" -t deps "$1" | grep -q "/$2\$"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1 does not depend on $2"
	fi
}
depends tests/programs_progs_core_kfuncs_bpf_c.stamp progs/local.h
depends tests/programs_progs_filters_bpf_c.stamp progs/mod.h
depends tests/hooks_progs_struct_ops_bpf_c.stamp progs/struct_ops.h
depends tests/verifier_progs_callbacks_bpf_c.stamp progs/graph.h
depends examples/host/budget.stamp vmlinux.h
echo "$passed passed, $failed failed"
[ $failed = 0 ]
