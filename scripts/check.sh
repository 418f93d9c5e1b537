#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# check.sh BUILD JOBS: runs all tests; the last line says how many test cases passed and failed.
# TEST_TIMES multiplies the time that each test, and each command in one, may take.
set -u
cd "$(dirname "$0")/.."
meson test -C "$1" --no-rebuild --num-processes "$2" -t "${TEST_TIMES:-1}" --print-errorlogs
exec scripts/count-tests.py "$1/meson-logs/testlog.json"
