#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_forms.sh BUILD: every program of forms/ compiles without a warning, with gcc and clang, and in
# all ways in which executables are built; given BTF in each of the ways that the library knows, it runs
# and finds what it registered.
build=$1
here=$(dirname "$0")/forms
root=$here/../../..
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
flags="-g -Wall -Wextra -Wshadow -Wmissing-prototypes -Wmissing-declarations -Wpedantic -Werror
	-I$root/include"

# a library with a sanitizer in it wants programs with the same, from the same compiler
compilers="gcc clang"
for s in asan=address tsan=thread; do
	if nm -D "$build/libkfunc.so" | grep -q " U __${s%=*}_init"; then
		flags="$flags -fsanitize=${s#*=}"
		compilers=gcc
	fi
done

# sanitizers bring C++ along, which BTF has no words for
export LLVM_OBJCOPY=objcopy # binutils are there, LLVM's tools may not be
pahole() {
	command pahole --lang_exclude=c++,c++03,c++11,c++14,rust "$@"
}

result() { # STATUS NAME LOG
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
		head -20 "$3"
	fi
}

compile() { # NAME CC FLAGS...
	name=$1 cc=$2
	shift 2
	# shellcheck disable=SC2086
	$cc $flags "$@" "$here/$name.c" -o "$tmp/$name" -L"$build" -lkfunc -ldl \
		-Wl,-rpath,"$build" >"$tmp/log" 2>&1
}

run() { # NAME WHAT [ARG]
	(cd "$tmp" && timeout $((60 * ${TEST_TIMES:-1})) "./$1" $3) >"$tmp/log" 2>&1
	result $? "$1 $2" "$tmp/log"
}

for cc in $compilers; do
	command -v $cc >/dev/null || continue
	for how in "-O2 -fPIE -pie" "-O0" "-O2 -fno-pie -no-pie -std=c11 -Wno-pedantic" \
		"-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections"; do
		for name in older newer refused plain; do
			# shellcheck disable=SC2086
			if compile $name $cc $how && pahole -J "$tmp/$name" >"$tmp/log" 2>&1; then
				run $name "($cc $how)"
			else
				result 1 "$name: $cc $how" "$tmp/log"
			fi
		done
	done
	# a shared library and a program, each a module
	# shellcheck disable=SC2086
	$cc $flags -O2 -fPIC -shared "$here/library.c" -o "$tmp/liblibrary.so" -L"$build" -lkfunc \
		-Wl,-z,text >"$tmp/log" 2>&1 && pahole -J "$tmp/liblibrary.so" >>"$tmp/log" 2>&1 &&
		compile user $cc -O2 && pahole -J "$tmp/user" >>"$tmp/log" 2>&1
	result $? "library and user ($cc)" "$tmp/log"
	run user "($cc)" ./liblibrary.so
done

# BTF beside the file instead of in it
compile newer gcc -O2 && pahole --btf_encode_detached="$tmp/newer.btf" "$tmp/newer" &&
	! readelf -SW "$tmp/newer" | grep -q ' \.BTF'
result $? "detached BTF" "$tmp/log"
run newer "(detached BTF)"

# stripped, with the BTF kept
compile older gcc -O2 && pahole -J "$tmp/older" && strip "$tmp/older"
run older "(stripped)"

# no BTF at all: as in the kernel no error, but kfunc_init_errors() says so, which finish() notices
rm -f "$tmp/newer.btf" "$tmp/older.btf"
compile older gcc -O2
(cd "$tmp" && ./older) >"$tmp/log" 2>&1
[ $? = 1 ] && grep -q "no .BTF section" "$tmp/log"
result $? "without BTF" "$tmp/log"

# BTF that is damaged: an error with a reason, never a crash
for damage in 24:255 30:255 60:77 200:255; do
	compile newer gcc -O2 && pahole --btf_encode_detached="$tmp/newer.btf" "$tmp/newer"
	printf "\\$(printf %o "${damage#*:}")" |
		dd of="$tmp/newer.btf" bs=1 seek="${damage%:*}" conv=notrunc 2>/dev/null
	(cd "$tmp" && ./newer) >"$tmp/log" 2>&1
	[ $? -le 1 ]
	result $? "damaged BTF at $damage" "$tmp/log"
done
head -c 100 "$tmp/newer.btf" >"$tmp/cut" && mv "$tmp/cut" "$tmp/newer.btf"
(cd "$tmp" && ./newer) >"$tmp/log" 2>&1
[ $? = 1 ] && grep -q "initcall init_app_conn.* -22" "$tmp/log"
result $? "cut BTF" "$tmp/log"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
