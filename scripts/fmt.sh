#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# fmt.sh [--fix]: checks (or mends) the formatting of the C files.
set -eu
cd "$(dirname "$0")/.."
fmt=$(command -v clang-format-19 || command -v clang-format)
files=$(git ls-files 'src/*.[ch]' 'cli/*.[ch]' 'include/*.h' 'tests/*.[ch]' 'examples/*.[ch]' |
	grep -v -e '\.bpf\.c$' -e '^tests/[a-z]*/progs/' -e '^tests/syscall/types/') # their macros look like calls to it
# shellcheck disable=SC2086
if [ "${1:-}" = --fix ]; then
	$fmt -i $files
else
	$fmt --dry-run --Werror $files
fi
