#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_host_example.sh BUILD: a host with kfuncs of its own, from `kfunc btf` to a running program: what
# it prints, what it says without its types, and what `kfunc btf` says about mistakes in sets.
build=$1
src=$(dirname "$0")/../..
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

check() { # WHAT, after a command whose status counts
	if [ $? = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		head -20 "$tmp/out"
	fi
}

cat >"$tmp/want" <<EOF
  program: ada paid 27 and has 73 left
ada orders 2: 73
  program: brian cannot pay 27
brian orders 2: -28
  program: brian paid 15 and has 5 left
brian orders 1: 5
nobody orders 1: -1
EOF
host=$build/examples/host
timeout $((60 * ${TEST_TIMES:-1})) "$host/budget" "$host/budget.bpf.o" >"$tmp/out" 2>&1 && diff "$tmp/want" "$tmp/out"
check "the example's output"

# without types it says so and what to do, instead of failing later
timeout $((60 * ${TEST_TIMES:-1})) "$host/budget-without-btf" "$host/budget.bpf.o" >"$tmp/out" 2>&1
[ $? = 1 ] && grep -q "no .BTF section" "$tmp/out"
check "the example without types"

# the program does not load in a host that lacks the functions
sed 's/BTF_ID_FLAGS(func, app_charge)//' "$src/examples/host/budget.c" >"$tmp/less.c"
san= # what the library is built with
nm -D "$build/libkfunc.so" | grep -q " U __asan_init" && san=-fsanitize=address
nm -D "$build/libkfunc.so" | grep -q " U __tsan_init" && san=-fsanitize=thread
# shellcheck disable=SC2086
gcc -g $san -I"$src/include" "$tmp/less.c" -o "$tmp/less" -L"$build" -lkfunc -Wl,-rpath,"$build" &&
	"$build/kfunc" btf "$tmp/less" >"$tmp/out" 2>&1 && grep -q " 1 kfuncs" "$tmp/out"
check "kfunc btf writes types"
timeout $((60 * ${TEST_TIMES:-1})) "$tmp/less" "$host/budget.bpf.o" >"$tmp/out" 2>&1
[ $? != 0 ] && grep -q "KF0701.*\|KF0700" "$tmp/out" && grep -q app_charge "$tmp/out"
check "a function that is in no set"

"$build/kfunc" btf --check "$tmp/less" >"$tmp/out" 2>&1
check "kfunc btf --check"
"$build/kfunc" btf --functions --check "$tmp/less" >"$tmp/out" 2>&1 &&
	grep -q "^int app_user_name(u32 user, char \*name, u32 name__sz)$" "$tmp/out"
check "kfunc btf --functions"
cp "$host/budget-without-btf" "$tmp/bare"
"$build/kfunc" btf --output "$tmp/types" "$tmp/bare" >"$tmp/out" 2>&1 && [ -s "$tmp/types" ] &&
	! "$build/kfunc" btf --check "$tmp/bare" >"$tmp/out" 2>&1
check "kfunc btf --output leaves the file alone"

# mistakes, each named
cp "$build/tests/programs/runner" "$tmp/runner"
"$build/kfunc" btf --check "$tmp/runner" >"$tmp/out" 2>&1
[ $? = 1 ] && [ "$(grep -c ': func mod_' "$tmp/out")" = 5 ] &&
	grep -q "mod_void: a void pointer has no size" "$tmp/out" &&
	grep -q "mod_six: it has more than five" "$tmp/out"
check "kfunc btf names what cannot be called"
for f in /bin/true /etc/passwd /tmp /nonexistent; do
	"$build/kfunc" btf --check $f >"$tmp/out" 2>&1
	[ $? -ge 1 ] && [ $? -le 2 ] && [ -s "$tmp/out" ]
	check "kfunc btf $f"
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
