#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_demo.sh BUILD: the demo checks itself, the number of its expectations included.
set -u
out=$(sh "$(dirname "$0")/../../examples/demo.sh" "$1" 2>&1)
status=$?
printf '%s\n' "$out"
sections=$(printf '%s\n' "$out" | grep -c '^== ')
if [ "$status" = 0 ] && [ "$sections" = 7 ]; then
	echo '7 passed, 0 failed'
	exit 0
fi
echo '0 passed, 1 failed'
exit 1
